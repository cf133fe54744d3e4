"""Intervals of the parameters: Wald's, and by profiles, the model refitted with one parameter held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from statmodels_x.core.errors import ConvergenceError, DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha, check_count, numeric_array
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.fitting.limits import parameter_limits
from statmodels_x.population.fitting.starts import random_starts
from statmodels_x.population.specification import GAUSSIAN, LESLIE, LOGNORMAL

_EVALUATIONS, _TOL = 2000, 1e-12
_ROUGH = 300, 1e-8
_BETTER = 1e-4  # relative fall of the cost by which a profile beats the fit
_STARTS = 8  # afresh for each value: ages that totals leave open have several valleys
_LOOKS = 6  # values beyond a limit of a survival or share at which another valley is looked for


@dataclass
class Profile:
    """Refits with parameter ``j`` held, each started from the nearest ones known, and afresh."""

    fit: InteractionFitted
    j: int

    def __post_init__(self) -> None:
        self.machinery, self.sample = self.fit.machinery, self.fit.need_sample("a profile")
        theta = self.machinery.estimate.theta
        self.estimate = float(theta[self.j])
        self.lower, self.upper = np.array(self.machinery.layout.lower), np.array(self.machinery.layout.upper)
        self.rng = np.random.default_rng(0)
        self.n_starts = _STARTS if self.machinery.problem.kind == LESLIE else 0
        self.known: dict[float, tuple[Array, float]] = {self.estimate: (theta, self.machinery.estimate.cost)}

    def cost(self, value: float) -> float:
        """Half the sum of squares with the parameter held at a value."""
        from statmodels_x.population.kernels.search import search

        if value in self.known:
            return self.known[value][1]
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[self.j] = upper[self.j] = value
        near = sorted(self.known, key=lambda other: abs(other - value))[:2]
        starts = [self.known[other][0] for other in dict.fromkeys([*near, self.estimate])]
        starts += random_starts(
            self.machinery.layout, self.sample, self.n_starts, [int(self.rng.integers(2**31))]
        )
        ends = [search(self.machinery.problem, start, lower, upper, *_ROUGH) for start in starts]
        first = min(ends, key=lambda end: end[1])
        best = search(self.machinery.problem, first[0], lower, upper, _EVALUATIONS, _TOL)
        self.known[value] = (best[0], float(best[1]))
        return float(best[1])

    def deviance(self, value: float) -> float:
        """Twice the fall of the log-likelihood: the error variance at its maximum for each value, a dispersion held."""
        here, best = self.cost(value), self.machinery.estimate.cost
        if self.machinery.problem.family in (GAUSSIAN, LOGNORMAL):
            return float(self.fit.nobs * np.log(here / best))
        return 2.0 * (here - best)

    def level(self, alpha: float) -> float:
        """Deviance at the limits of an interval: by the F distribution where the error variance is estimated."""
        size, reference = self.fit.reference.quantile(alpha) ** 2, self.fit.reference
        return size if reference.is_normal else float(self.fit.nobs * np.log1p(size / reference.df))

    def limit(self, side: int, level: float, width: float) -> float:
        """Farthest value on one side at which the deviance reaches the level; the bound if it never does."""
        bound = float(self.upper[self.j] if side > 0 else self.lower[self.j])
        inner, step = self.estimate, width
        while inner != bound:
            outer = inner + side * step
            if (outer - bound) * side >= 0.0:
                outer = bound
            if self.deviance(outer) > level:
                other = self._other_valley(outer, bound, level)
                if other is not None:
                    inner, step = other, 0.5 * abs(bound - other)
                    continue
                low, high = sorted((inner, outer))
                return float(
                    brentq(lambda value: self.deviance(value) - level, low, high, rtol=1e-5, xtol=1e-12)
                )
            inner, step = outer, 2.0 * step
        return bound

    def _other_valley(self, value: float, bound: float, level: float) -> float | None:
        """Farthest of some values between a rejected one and the bound that is not rejected."""
        if self.fit.coefficients.index[self.j][0] not in ("survival", "structure"):
            return None
        for other in np.linspace(bound, value, _LOOKS, endpoint=False):
            if self.deviance(float(other)) <= level:
                return float(other)
        return None


def wald_intervals(fit: InteractionFitted, alpha: float) -> pd.DataFrame:
    """Wald intervals of all parameters."""
    reach = fit.reference.quantile(alpha) * fit.bse.to_numpy()
    limits = [
        parameter_limits(fit.machinery.layout, j, value, width)
        for j, (value, width) in enumerate(zip(fit.coefficients.to_numpy(), reach, strict=True))
    ]
    return pd.DataFrame(limits, fit.coefficients.index, ["lower", "upper"])


def profile_conf_int(fit: InteractionFitted, alpha: float) -> pd.DataFrame:
    """Profile intervals of all parameters; a limit equal to a bound is one that the data do not give.

    Raises
    ------
    ConvergenceError
        If a profile finds a better fit.
    """
    check_alpha(alpha)
    limits = np.full((len(fit.coefficients), 2), np.nan)
    for j in range(len(fit.coefficients)):
        if fit.machinery.layout.lower[j] == fit.machinery.layout.upper[j]:
            continue
        profile = Profile(fit, j)
        level = profile.level(alpha)
        width = first_width(fit, j)
        limits[j] = [profile.limit(side, level, width) for side in (-1, 1)]
        value, (_, cost) = min(profile.known.items(), key=lambda item: item[1][1])
        check_no_better(fit, " ".join(map(str, fit.coefficients.index[j])), value, cost)
    return pd.DataFrame(limits, fit.coefficients.index, ["lower", "upper"])


def first_width(fit: InteractionFitted, j: int) -> float:
    """First step of a search for a limit: the standard error where it is known."""
    spread = float(np.sqrt(fit.machinery.identification.spread[j, j]))
    scale = fit.machinery.identification.scale[j]
    return spread if 0.0 < spread < 10.0 * scale else 0.25 * scale


def check_no_better(fit: InteractionFitted, name: str, value: float, cost: float) -> None:
    """Raise if a refit with a parameter or invariant held is better than the fit."""
    best = fit.machinery.estimate.cost
    if cost < (1.0 - _BETTER) * best:
        raise ConvergenceError(
            f"the profile of {name} finds a better fit at {value:.4g} (sum of squares lower by "
            f"{100 * (1 - cost / best):.2g} %): refit with more starts."
        )


def profile_table(
    fit: InteractionFitted, parameter: tuple[str, str], values: ArrayLike | None, n: int
) -> pd.DataFrame:
    """See :meth:`InteractionResults.profile`."""
    if parameter not in fit.coefficients.index:
        raise DataError(
            f"profile(): {parameter!r} is no parameter; they are {', '.join(map(str, fit.coefficients.index[:12]))}."
        )
    j = int(fit.coefficients.index.get_loc(parameter))
    profile = Profile(fit, j)
    if values is None:
        grid = _grid(profile, check_count("n", n, 3))
    else:
        grid = numeric_array(np.atleast_1d(values), "values", "profile()")
        if np.any((grid < profile.lower[j]) | (grid > profile.upper[j])):
            raise DataError(
                f"profile(): `values` must lie between the bounds {profile.lower[j]:g} and {profile.upper[j]:g}."
            )
    order = np.argsort(np.abs(grid - profile.estimate))
    deviance = np.empty(len(grid))
    for k in order:
        deviance[k] = profile.deviance(float(grid[k]))
    return pd.DataFrame({"value": grid, "llf": fit.llf - 0.5 * deviance, "deviance": deviance})


def _grid(profile: Profile, n: int) -> Array:
    level, width = 1.5 * profile.level(0.05), first_width(profile.fit, profile.j)
    low, high = (profile.limit(side, level, width) for side in (-1, 1))
    return np.linspace(low, high, n)
