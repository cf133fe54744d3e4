"""Profile likelihood of a coefficient, or of a linear predictor at given covariates, and the labelled intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit

from statmodels_x.core.errors import ConvergenceError, DataError
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.optimize import Optimum
from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.parameters import PARAMETERS
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.fitting.starts import climb, orthogonal_transform
from statmodels_x.survival.inference.prediction import covariate_rows
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, with_factor

_TOL = 1e-9
_WIDEST = 60.0
_MAX_ITER = 200


@dataclass
class Profile:
    """The likelihood maximised over everything but one linear combination of one parameter's coefficients.

    Parameters
    ----------
    arrays : SurvivalArrays
        The model at its maximum.
    theta : ndarray of shape (p,)
        The maximum.
    llf : float
        Its log-likelihood.
    parameter : int
        Position of the parameter in ``PARAMETERS``; the one after the last is a factor on the background.
    direction : ndarray of shape (k,)
        The combination: a unit vector for a coefficient, a covariate row for a linear predictor.
    """

    arrays: SurvivalArrays
    theta: Array
    llf: float
    parameter: int
    direction: Array

    def __post_init__(self) -> None:
        self.pivot = int(np.argmax(np.abs(self.direction)))
        self.solved: dict[float, Optimum] = {}
        if self.parameter == len(PARAMETERS):
            self.part = slice(len(self.theta) - 1, len(self.theta))
        else:
            self.part = self.arrays.slices[self.parameter]
            self._into_the_offset()
        self.estimate = float(self.direction @ self.theta[self.part])
        self.near: dict[float, Array] = {self.estimate: self._drop(self.theta)}

    def _into_the_offset(self) -> None:
        # delta_pivot = (value - sum of the others)/direction_pivot: the pivot's column goes into the offset
        design = self.arrays.matrix[:, self.part]
        self.column = design[:, self.pivot] / self.direction[self.pivot]
        reduced = np.delete(design - np.outer(self.column, self.direction), self.pivot, axis=1)
        designs = list(self.arrays.designs)
        designs[self.parameter] = reduced if reduced.shape[1] else None
        self.designs = tuple(designs)

    def _held(self, value: float) -> SurvivalArrays:
        """Return the model with the combination held at a value."""
        if self.parameter == len(PARAMETERS):
            return with_factor(self.arrays, value)
        offsets: list[float | Array] = [row if row.size > 1 else float(row[0]) for row in self.arrays.offsets]
        offsets[self.parameter] = offsets[self.parameter] + value * self.column
        return self.arrays.with_model(self.designs, tuple(offsets))

    def _drop(self, theta: Array) -> Array:
        return np.delete(theta, self.part.start + self.pivot)

    def at(self, value: float) -> Optimum:
        """Maximise with the combination held at a value, from the nearest point already solved."""
        if value in self.solved:  # again from another start it could end elsewhere
            return self.solved[value]
        held = self._held(value)
        start = self.near[min(self.near, key=lambda known: abs(known - value))]
        if not len(start):
            start = np.zeros(0)
        optimum = climb(held, start, orthogonal_transform(held), _TOL, _MAX_ITER)
        if np.isfinite(optimum.value):
            self.near[value] = optimum.theta
        self.solved[value] = optimum
        return optimum

    def signed_root(self, value: float, level: float) -> float:
        """Distance of the profile from its level: positive inside the interval."""
        return level - 2.0 * (self.llf - self.at(value).value)

    def limit(self, side: float, scale: float, level: float) -> float:
        """Find where the profile has fallen to its level on one side; infinite if it never does.

        Parameters
        ----------
        side : float
            -1 or 1.
        scale : float
            A first guess of the distance, such as the Wald interval's.
        level : float
            Quantile of the chi-squared distribution with one degree of freedom.
        """
        inner, step = self.estimate, scale if np.isfinite(scale) and scale > 0.0 else 1.0
        while True:
            outer = inner + side * step
            if self.signed_root(outer, level) < 0.0:
                break
            inner, step = outer, 1.6 * step
            if abs(outer - self.estimate) > _WIDEST:
                return side * np.inf
        root = brentq(
            lambda value: self.signed_root(value, level), min(inner, outer), max(inner, outer), xtol=1e-6
        )
        return float(root)


def profile_interval(profile: Profile, error: float, alpha: float) -> tuple[float, float]:
    """Likelihood-ratio interval of the combination.

    Raises
    ------
    ConvergenceError
        If the profile rises above the fit: the fit was no maximum.
    """
    level = NORMAL.quantile(alpha) ** 2  # the quantile of chi-squared with one degree of freedom
    scale = error * np.sqrt(level)
    limits = profile.limit(-1.0, scale, level), profile.limit(1.0, scale, level)
    best = max(profile.llf, *(profile.at(value).value for value in list(profile.near)[:4]))
    if best > profile.llf + 1e-3:
        raise ConvergenceError(
            f"the profile likelihood finds a higher maximum ({best:.4f} against {profile.llf:.4f}): refit with "
            "more starts (n_starts=40)."
        )
    return limits


def profile_conf_int(fit: SurvivalFitted, alpha: float) -> pd.DataFrame:
    """Profile every coefficient in turn."""
    arrays = fit.need_sample("a profile interval").arrays
    _check_regular(fit)
    errors = fit.bse.to_numpy()
    directions = np.eye(arrays.n_parameters) if fit.inner is None else fit.inner.columns.matrix
    limits = []
    p = arrays.n_parameters
    factor = [slice(p - 1, p)] if arrays.has_factor else []
    for j, part in enumerate([*arrays.slices, *factor]):
        for k in range(part.start, part.stop):
            direction = directions[k, part]
            unit = float(np.abs(direction).max())  # of a coefficient, where its column has another unit
            profile = Profile(arrays, fit.theta, fit.llf, j, direction / unit)
            low, high = profile_interval(profile, errors[k] / unit, alpha)
            limits.append((low * unit, high * unit))
    return pd.DataFrame(limits, index=fit.coefficients.index, columns=["lower", "upper"])


def profile_cure_fraction(fit: SurvivalFitted, newdata: Any, alpha: float) -> pd.DataFrame:
    """Profile the cure predictor at each covariate row and map it to the cured fraction."""
    kind = fit.specification.cure_kind
    if kind == "none":
        raise DataError(
            "profile_cure_fraction: the model has no `cure` part; see conf_int(method='profile')."
        )
    arrays = fit.need_sample("a profile interval").arrays
    _check_regular(fit)
    rows = covariate_rows(fit, newdata)
    j = PARAMETERS.index("cure")
    matrix, theta = rows.matrices[j], fit.theta
    covariance = fit.theta_covariance[arrays.slices[j], arrays.slices[j]]
    found = []
    for x, offset in zip(np.asarray(matrix), rows.base[:, j], strict=True):
        profile = Profile(arrays, theta, fit.llf, j, x)
        low, high = profile_interval(profile, float(np.sqrt(x @ covariance @ x)), alpha)
        found.append([profile.estimate + offset, low + offset, high + offset])
    values = np.array(found)
    with np.errstate(over="ignore"):
        fractions = expit(values) if kind == "mixture" else np.exp(-np.exp(values[:, [0, 2, 1]]))
    frame = pd.DataFrame(fractions, columns=["estimate", "lower", "upper"])
    frame.insert(0, "row", rows.index)
    return frame


def _check_regular(fit: SurvivalFitted) -> None:
    if fit.specification.prior:
        raise DataError(
            "profile intervals invert likelihood-ratio tests, which a penalised fit does not have; take "
            'conf_int(method="wald"), or fit without `prior`.'
        )
    if not fit.is_regular:
        raise DataError("profile intervals need a regular maximum; see `warnings` for what this fit lacks.")
