"""From a value with its gradient to an estimate with limits, on a scale that respects the bounds of the quantity."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from statmodels_x.core.typing import Array
from statmodels_x.multistate.inference.paths import Values


@dataclass(frozen=True)
class Scaled:
    """A quantity with the scale on which its intervals are made.

    Attributes
    ----------
    values : Values
    scale : str
        ``"logit"`` (within 0 and ``width``), ``"cloglog"`` (log(-log) of a survival probability), ``"log"`` or
        ``"plain"``.
    width : ndarray or float
    """

    values: Values
    scale: str
    width: Array | float = field(default=1.0)

    def difference(self, other: Scaled) -> Scaled:
        """Return the difference to another."""
        return Scaled(self.values.combined(other.values, -1.0), "plain")

    def ratio(self, other: Scaled) -> Scaled:
        """Return the ratio to another."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value = self.values.value / other.values.value
            gradient = None
            if self.values.gradient is not None and other.values.gradient is not None:
                below = other.values.value[:, None]
                gradient = (self.values.gradient - value[:, None] * other.values.gradient) / below
        return Scaled(Values(value, gradient), "log")

    def frame(self, covariance: Array, critical: float) -> pd.DataFrame:
        """Estimate, standard error and limits by the delta method."""
        value, gradient = self.values.value, self.values.gradient
        assert gradient is not None
        error = standard_error(gradient, covariance)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            lower, upper = self._limits(value, error, critical)
        sure = error == 0.0
        lower, upper = np.where(sure, value, lower), np.where(sure, value, upper)
        return pd.DataFrame({"estimate": value, "std_error": error, "lower": lower, "upper": upper})

    def _limits(self, value: Array, error: Array, critical: float) -> tuple[Array, Array]:
        if self.scale == "logit":
            share = np.clip(value / self.width, 0.0, 1.0)
            reach = critical * error / (self.width * share * (1.0 - share))
            return self.width * expit(logit(share) - reach), self.width * expit(logit(share) + reach)
        if self.scale == "cloglog":
            cumulative = -np.log(np.clip(value, 0.0, 1.0))
            reach = critical * error / (value * cumulative)
            return np.exp(-cumulative * np.exp(reach)), np.exp(-cumulative * np.exp(-reach))
        if self.scale == "log":
            reach = critical * error / value
            return value * np.exp(-reach), value * np.exp(reach)
        return value - critical * error, value + critical * error


def standard_error(gradient: Array, covariance: Array) -> Array:
    """Errors by the delta method; NaN only where a parameter without a variance matters."""
    unknown = np.isnan(np.diag(covariance))
    usable = np.where(np.isnan(covariance), 0.0, covariance)
    with np.errstate(invalid="ignore"):
        variance = np.einsum("ij,ij->i", gradient @ usable, gradient)
    touched = (gradient[:, unknown] != 0.0).any(axis=1)
    return np.sqrt(np.where(touched, np.nan, np.maximum(variance, 0.0)))
