"""Replicates of sums -> PTE and its relatives with bias correction, standard errors and intervals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.inference import normal_quantile
from statmodels_x.surrogate import intervals
from statmodels_x.surrogate.estimation import QUANTITIES, Batch

Array = NDArray[np.float64]

PARAMS = ("pte", "delta", "pte_primary", "incremental_value", "r_s", "r_t", "overlap")
RATIOS = ("pte", "pte_primary", "incremental_value", "r_s", "r_t")
KINDS = ("quantile", "normal", "fieller")
_INDEX = {name: k for k, name in enumerate(QUANTITIES)}
DELTA_LEVEL = 0.05


def column(values: Array, name: str) -> Array:
    """Pick a quantity from an array whose last axis is ``QUANTITIES``."""
    return np.asarray(values[..., _INDEX[name]])


def numerators(values: Array) -> dict[str, Array]:
    """What each ratio puts over Delta."""
    delta = column(values, "delta")
    explained, primary = column(values, "explained"), column(values, "primary")
    return {
        "pte": explained,
        "pte_primary": primary,
        "incremental_value": explained - primary,
        "r_s": delta - column(values, "residual"),
        "r_t": delta - column(values, "residual_primary"),
    }


def overlap(values: Array) -> Array:
    """c = E_0[L] mu_1(t0)/mu_0(t0)^2: 1 where the surrogate laws of the arms' survivors agree."""
    return column(values, "mean_ratio") * column(values, "early_treated") / column(values, "early_control") ** 2


@dataclass(frozen=True)
class Inference:
    """One pair of times: estimates, replicates, and the intervals that they give.

    Attributes
    ----------
    point : Batch
        Of one.
    replicates : Batch
        Of the perturbed samples.
    is_corrected : bool
        Whether ratios are freed of their bias of order 1/n.
    """

    point: Batch = field(repr=False)
    replicates: Batch = field(repr=False)
    is_corrected: bool

    @property
    def delta(self) -> float:
        """Effect on the primary outcome."""
        return float(column(self.point.values[0], "delta"))

    @property
    def delta_error(self) -> float:
        """Its standard error."""
        return float(np.std(column(self.replicates.values, "delta"), ddof=1))

    @property
    def is_defined(self) -> bool:
        """Whether Delta differs from 0 at the level of 5 %: else there is no effect to explain."""
        return abs(self.delta) > normal_quantile(DELTA_LEVEL) * self.delta_error

    def covariance(self, name: str) -> Array:
        """Covariance of a ratio's numerator and Delta."""
        values = self.replicates.values
        return intervals.robust_covariance(numerators(values)[name], column(values, "delta"))

    def ratio(self, name: str) -> tuple[float, Array]:
        """Estimate of a ratio and its replicates, whether Delta differs from 0 or not."""
        if name == "pte" and np.isfinite(self.point.split_ratio[0]):
            return float(self.point.split_ratio[0]), self.replicates.split_ratio
        found = []
        shape = self.covariance(name) if self.is_corrected else np.zeros((2, 2))
        for values in (self.point.values, self.replicates.values):
            found.append(intervals.beale_ratio(numerators(values)[name], column(values, "delta"), shape))
        return float(found[0][0]), found[1]

    def estimate(self, name: str) -> tuple[float, Array]:
        """Estimate of any of ``PARAMS`` and its replicates; a ratio is NaN where it is not defined."""
        if name in RATIOS:
            value, replicates = self.ratio(name)
            return (value, replicates) if self.is_defined else (np.nan, np.full(len(replicates), np.nan))
        pick = overlap if name == "overlap" else lambda values: column(values, name)
        return float(pick(self.point.values[0])), np.asarray(pick(self.replicates.values))

    def standard_error(self, name: str) -> float:
        """Spread of the replicates: their MAD for ratios and overlap, their standard deviation for Delta."""
        if name == "delta":
            return self.delta_error
        _, replicates = self.estimate(name)
        return intervals.mad_scale(replicates) if np.isfinite(replicates).all() else np.nan

    def interval(self, name: str, alpha: float, kind: str) -> tuple[float, float]:
        """Confidence interval; Fieller's for ratios is unbounded where Delta cannot be told from 0."""
        value, replicates = self.estimate(name)
        if kind == "fieller" and name in RATIOS:
            return self._fieller(name, alpha)
        if not np.isfinite(value):
            return np.nan, np.nan
        if kind == "quantile":
            return intervals.quantile_interval(replicates, alpha)
        reach = normal_quantile(alpha) * self.standard_error(name)
        return value - reach, value + reach

    def _fieller(self, name: str, alpha: float) -> tuple[float, float]:
        numerator = float(numerators(self.point.values[0])[name])
        return intervals.fieller(numerator, self.delta, self.covariance(name), normal_quantile(alpha))
