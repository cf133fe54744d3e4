"""Profiles of invariants: the model refitted with a function of its parameters held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from statmodels_x.core.typing import Array
from statmodels_x.population.course.invariants import invariants_of
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.inference.profile import check_no_better

_STIFF = 1e4  # weight of the squared distance from the held value, in squared standard errors
_STEPS = 40
_TOL = 2e-4  # of the error variance: what the squared distance may still fall by
_DIFFERENCE = 1e-6
_WIDTH = 0.2  # first step on the scale where no standard error is known
_DOUBLINGS = 12
_MISSED = 0.1  # a refit that falls short of the held value by this share of the way cannot reach it
_HALVINGS, _FINE = 12, 5e-3  # precision of the distance at a limit


@dataclass(frozen=True)
class Scale:
    """A scale on which an invariant has no bounds that matter, and the way back."""

    there: Callable[[float], float]
    back: Callable[[float], float]


_PLAIN = Scale(float, float)
_LOG = Scale(lambda x: float(np.log(x)), lambda u: float(np.exp(u)))
_ROOT = Scale(lambda x: float(np.sqrt(x)), lambda u: float(max(u, 0.0) ** 2))
_SIGNED = Scale(lambda x: float(np.arctanh(x)), lambda u: float(np.tanh(u)))


def scale_of(name: str) -> Scale:
    """Choose the scale by the kind of invariant."""
    if name.startswith(("invasion", "deviation")):
        return _PLAIN
    if name.startswith("margin"):
        return _SIGNED
    return _ROOT if name.startswith("alpha") else _LOG


@dataclass(eq=False)
class InvariantProfile:
    """Refits with one invariant held by a stiff penalty, each started from the nearest ones known."""

    fit: InteractionFitted
    name: str
    width: float
    known: list[tuple[float, Array, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fit.need_sample("a profile")
        self.machinery = self.fit.machinery
        self.lower, self.upper = np.array(self.machinery.layout.lower), np.array(self.machinery.layout.upper)
        self.scale = scale_of(self.name)
        theta = self.machinery.estimate.theta
        self.estimate = self.value(theta)
        self.known.append((self.estimate, theta, self.machinery.estimate.cost))
        values = np.array([self.value(theta) for theta in self.machinery.alternatives.theta])
        self.elsewhere = np.where(np.isfinite(values), values, np.inf)
        self.stiffness = _STIFF * self.machinery.identification.variance / self.width**2

    def value(self, theta: Array) -> float:
        """Invariant on its scale; NaN where it does not exist."""
        with np.errstate(all="ignore"):
            values = invariants_of(self.machinery.layout, self.machinery.problem, theta, self.fit.species)
            return self.scale.there(values[self.name])

    def slope(self, theta: Array) -> Array:
        """Differentiate it by differences to the side where there is room."""
        here, out = self.value(theta), np.zeros(len(theta))
        for j, size in enumerate(self.machinery.identification.scale):
            h = _DIFFERENCE * size if theta[j] + _DIFFERENCE * size <= self.upper[j] else -_DIFFERENCE * size
            moved = theta.copy()
            moved[j] += h
            if self.lower[j] < self.upper[j]:
                out[j] = (self.value(moved) - here) / h
        return np.nan_to_num(out, posinf=0.0, neginf=0.0)

    def refit(self, held: float, widely: bool = False) -> tuple[float, float]:
        """Refit with the invariant near a value; return where it is exactly, and how many standard errors off.

        ``widely`` starts from other parameters that the data allow too.
        """
        starts = [min(self.known, key=lambda point: abs(point[0] - held))[1]]
        if widely and len(self.elsewhere):
            starts.append(self.machinery.alternatives.theta[int(np.argmin(np.abs(self.elsewhere - held)))])
        _, theta, cost = min((self._descend(start, held) for start in starts), key=lambda end: end[0])
        here = self.value(theta)
        self.known.append((here, theta, cost))
        rise = 2.0 * (cost - self.machinery.estimate.cost) / self.machinery.identification.variance
        return here, float(np.sqrt(max(rise, 0.0)))

    def _descend(self, start: Array, held: float) -> tuple[float, Array, float]:
        """Levenberg-Marquardt on the sum of squares with the penalty, within the bounds."""
        from statmodels_x.population.kernels.objective import objective
        from statmodels_x.population.kernels.search import box_step

        p = len(start)
        g, H, d = np.zeros(p), np.zeros((p, p)), np.zeros(p)
        nothing, no_matrix = np.zeros(0), np.zeros((0, 0))
        theta, damping = start.copy(), 1e-3
        cost = objective(self.machinery.problem, theta, g, H)
        total = cost + self._penalty(theta, held)
        for _ in range(_STEPS):
            slope = self.slope(theta)
            pull = g + self.stiffness * (self.value(theta) - held) * slope
            bend = H + self.stiffness * np.outer(slope, slope)
            if not box_step(theta, pull, bend, damping, np.diag(bend) + 1e-300, self.lower, self.upper, d):
                damping *= 10.0
                continue
            promised = -float(pull @ d + 0.5 * d @ bend @ d)
            if promised <= _TOL * self.machinery.identification.variance:
                break
            tried = np.clip(theta + d, self.lower, self.upper)
            there = objective(self.machinery.problem, tried, nothing, no_matrix) + self._penalty(tried, held)
            if there < total:
                theta, total = tried, there
                cost = objective(self.machinery.problem, theta, g, H)
                damping = max(damping / 5.0, 1e-12)
            else:
                damping *= 5.0
            if damping > 1e10:
                break
        return total, theta, cost

    def _penalty(self, theta: Array, held: float) -> float:
        miss = self.value(theta) - held
        return 0.5 * self.stiffness * miss**2 if np.isfinite(miss) else np.inf

    def limit(self, side: int, reach: float) -> float:
        """Farthest value on one side that the data allow; where none is rejected, the farthest that is possible."""
        inner, step, low = self.estimate, reach * self.width, 0.0
        for _ in range(_DOUBLINGS):
            outer = inner + side * step
            here, off = self.refit(outer, widely=True)
            if off > reach:
                return self.scale.back(self._between(inner, low, here, off, reach))
            if abs(here - outer) > _MISSED * step:
                return self.scale.back(here)
            inner, low, step = here, off, 2.0 * step
        return self.scale.back(side * np.inf)

    def _between(self, inner: float, low: float, outer: float, high: float, reach: float) -> float:
        """Find where the distance is ``reach`` by false position, for the distance is nearly linear."""
        for _ in range(_HALVINGS):
            share = float(np.clip((reach - low) / (high - low), 0.1, 0.9))
            here, off = self.refit(inner + share * (outer - inner))
            if abs(off - reach) <= _FINE * reach:
                return here
            if off > reach:
                outer, high = here, off
            else:
                inner, low = here, off
        return inner + (outer - inner) * (reach - low) / (high - low)


def profile_limits(fit: InteractionFitted, table: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Put profile limits into a table of invariants; a limit that is no rejection is the farthest possible value.

    Raises
    ------
    ConvergenceError
        If a profile finds a better fit.
    """
    out = table.copy()
    reach = fit.reference.quantile(alpha)
    for name, value in table["estimate"].items():
        scale = scale_of(str(name))
        with np.errstate(all="ignore"):
            if not np.isfinite(scale.there(float(value))):
                continue
        profile = InvariantProfile(fit, str(name), _first_width(table.loc[name], scale))
        out.loc[name, ["lower", "upper"]] = [profile.limit(side, reach) for side in (-1, 1)]
        out.loc[name, "note"] = ""
        value, _, cost = min(profile.known, key=lambda point: point[2])
        check_no_better(fit, str(name), scale.back(value), cost)
    return out


def _first_width(row: pd.Series, scale: Scale) -> float:
    """Take the standard error on the scale, where it is known and not too wide."""
    error, value = float(row["std_error"]), float(row["estimate"])
    if not error > 0.0:
        return _WIDTH
    h = 1e-6 * max(abs(value), 1e-6)
    slope = (scale.there(value + h) - scale.there(value)) / h
    return float(np.clip(error * slope, 1e-3 * _WIDTH, 5.0 * _WIDTH))
