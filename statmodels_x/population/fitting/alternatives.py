"""Other parameters that the data allow: refits with each parameter in turn held away from its estimate.

A standard error speaks for the neighbourhood of the estimate. At a bound, or where one parameter decides whether
another is felt at all, the data may allow parameters far outside of it. The refits look there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.parallel import each
from statmodels_x.core.typing import Array
from statmodels_x.population.course.courses import digits_spent
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem
from statmodels_x.population.fitting.estimation import NEEDLE, Estimate
from statmodels_x.population.fitting.identification import Identification, useful_range
from statmodels_x.population.fitting.starts import random_starts
from statmodels_x.population.sample import Sample

EXCESS = 3.0  # a quantity has no error if a refit moves it by more than so many times what the error allows
ELSEWHERE = -1
_NEAR = 0.5  # standard errors: refits that fit as well as the estimate count as so far away
_EVALUATIONS, _TOL = 200, 1e-8
_TRIES = 6
_FAR, _FRESH = 4, 3  # values all over the range, and random starts at each
_BETTER = 1e-4  # relative fall of the cost by which a refit beats the estimate
_OFF, _SPREAD = 0.02, 0.1  # starts leave the bounds by that share of the range, and others by that logarithm


@dataclass(frozen=True, eq=False)
class Alternatives:
    """Refits within the 95 % region of the parameters.

    Attributes
    ----------
    theta : ndarray of shape (m, p)
    distance : ndarray of shape (m,)
        How far off they are by their sums of squares, in standard errors.
    held : ndarray of int, shape (m,)
        The parameter that each refit holds; ``ELSEWHERE`` for the ends of other searches.
    better : ndarray of shape (p,) or None
        The best refit, if it is better than the estimate.
    """

    theta: Array
    distance: Array
    held: NDArray[np.int64]
    better: Array | None = None

    def contradicting(self, values: Array, limits: Callable[[float], tuple[float, float]]) -> int | None:
        """Parameter held in the first refit at which a quantity is farther off than its error allows, if there is one.

        Parameters
        ----------
        values : ndarray of shape (m,)
            The quantity at each refit.
        limits : callable
            Its interval for a number of standard errors.
        """
        for k, value in enumerate(values):
            low, high = limits(EXCESS * max(float(self.distance[k]), _NEAR))
            if value < low or value > high:
                return int(self.held[k])
        return None


def why_not(layout: Layout, theta: Array, held: int, own: int | None = None) -> str:
    """Say why a quantity (or parameter ``own``) has no error that a refit with another parameter held contradicts."""
    if held == ELSEWHERE:
        return "searches that ended elsewhere fit nearly as well"
    if held == own:
        return "the data allow values far outside of it"
    name = " ".join(layout.names[held])
    if theta[held] in (layout.lower[held], layout.upper[held]):
        return f"depends on {name} being at its bound {theta[held]:.4g}"
    return f"depends on {name}, which the data leave open"


def look_elsewhere(
    problem: Problem,
    layout: Layout,
    sample: Sample,
    estimate: Estimate,
    found: Identification,
    n_jobs: int = 1,
) -> Alternatives:
    """Hold each free parameter at values on both sides of its estimate, and refit the others.

    The ends of the other searches are looked at too. There is nothing to look for about an exact fit.
    """
    theta, cost = estimate.theta, estimate.cost
    if cost <= estimate.negligible or not found.variance > 0.0:
        return Alternatives(np.empty((0, len(theta))), np.empty(0), np.empty(0, np.int64))
    free = [j for j in range(len(theta)) if layout.lower[j] < layout.upper[j]]
    walks = [_Walk(problem, layout, sample, theta, cost, found, j) for j in free]
    ways = each(_Walk.points, walks, n_jobs=n_jobs, prefer="threads")
    refits = [(j, refit) for j, way in zip(free, ways, strict=True) for refit in way]
    refits += [(ELSEWHERE, _valued(problem, end, cost, found)) for end in estimate.ends]
    reach = found.reference.quantile(0.05)
    if not estimate.is_needle:  # what needles do speaks for nothing but their own precision
        refits = [(j, refit) for j, refit in refits if digits_spent(problem, refit.theta) <= NEEDLE]
    kept = [(j, refit) for j, refit in refits if refit.distance <= reach * (1.0 + 1e-9)]
    best = min((refit for _, refit in refits), key=lambda refit: refit.cost, default=None)
    return Alternatives(
        np.array([refit.theta for _, refit in kept]).reshape(-1, len(theta)),
        np.array([refit.distance for _, refit in kept]),
        np.array([j for j, _ in kept], np.int64),
        best.theta if best is not None and best.cost < (1.0 - _BETTER) * cost else None,
    )


@dataclass(frozen=True, eq=False)
class _Refit:
    theta: Array
    cost: float
    distance: float


@dataclass(frozen=True, eq=False)
class _Walk:
    """Refits with parameter ``j`` held at values on both sides of its estimate."""

    problem: Problem
    layout: Layout
    sample: Sample
    theta: Array
    cost: float
    found: Identification
    j: int

    def points(self) -> list[_Refit]:
        """Refit about the ends of the interval, or of the range where there is no interval.

        An entry of a species with classes is held at values all over its range too, for there are several valleys.
        """
        rng = np.random.default_rng([0, self.j])
        width = useful_range(self.layout, self.j)
        error = float(np.sqrt(self.found.spread[self.j, self.j]))
        step = min(self.found.reference.quantile(0.05) * error, width) if error > 0.0 else width
        lower, upper = self.layout.lower[self.j], self.layout.upper[self.j]
        near = self._side(-step, lower, rng) + self._side(step, upper, rng)
        return near + [self._refit(value, self.theta, rng, _FRESH) for value in self._far()]

    def _far(self) -> Array:
        block, *place = self.layout.keys[self.j]
        if self.j in self.found.reasons or block not in ("fecundity", "survival"):
            return np.empty(0)
        if self.layout.form.ages[place[0]] == 1:
            return np.empty(0)
        highest = max(float(self.theta[self.j]), 1.0)
        return np.clip(np.linspace(0.0, highest, _FAR), self.layout.lower[self.j], self.layout.upper[self.j])

    def _side(self, step: float, bound: float, rng: np.random.Generator) -> list[_Refit]:
        """Go a step; then go back from where the data reject it, or on from where they hardly feel it."""
        here, reach = float(self.theta[self.j]), self.found.reference.quantile(0.05)
        refits: list[_Refit] = []
        start, went_on = self.theta, False
        for _ in range(_TRIES if here != bound else 0):
            value = here + step if (here + step - bound) * step < 0.0 else bound
            refit = self._refit(value, start, rng)
            refits.append(refit)
            if refit.distance > reach:
                if went_on:
                    break
                step = (value - here) * min(0.5, 0.9 * reach / refit.distance)
            elif refit.distance > 0.5 * reach or value == bound or (len(refits) > 1 and not went_on):
                break
            else:
                start, step, went_on = refit.theta, 2.0 * step, True
        return refits

    def _refit(self, value: float, start: Array, rng: np.random.Generator, fresh: int = 0) -> _Refit:
        from statmodels_x.population.kernels.search import search

        lower, upper = np.array(self.layout.lower), np.array(self.layout.upper)
        starts = [start, _moved(start, lower, upper, rng)]
        starts += random_starts(self.layout, self.sample, fresh, [int(rng.integers(2**31))])
        lower[self.j] = upper[self.j] = value
        ends = [search(self.problem, first, lower, upper, _EVALUATIONS, _TOL) for first in starts]
        theta, cost, *_ = min(ends, key=lambda end: float(end[1]))
        return _Refit(theta, float(cost), _distance(cost, self.cost, self.found))


def _valued(problem: Problem, theta: Array, best: float, found: Identification) -> _Refit:
    from statmodels_x.population.kernels.objective import objective

    cost = float(objective(problem, theta, np.zeros(0), np.zeros((0, 0))))
    return _Refit(theta, cost, _distance(cost, best, found))


def _distance(cost: float, best: float, found: Identification) -> float:
    """Tell how many standard errors half a sum of squares is off, if it were quadratic."""
    return float(np.sqrt(max(2.0 * (cost - best) / found.variance, 0.0)))


def _moved(start: Array, lower: Array, upper: Array, rng: np.random.Generator) -> Array:
    """Start off the bounds, where a product of two parameters that are 0 has a slope again."""
    off = _OFF * np.minimum(upper - lower, 1.0) * rng.uniform(size=len(start))
    spread = np.exp(_SPREAD * rng.normal(size=len(start)))
    inside: Array = np.where(
        start <= lower, start + off, np.where(start >= upper, start - off, start * spread)
    )
    return np.clip(inside, lower, upper)
