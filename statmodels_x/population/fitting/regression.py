"""One step regressed on the one before within bounds: a convex problem, its solution with a certificate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import ConvergenceError, IdentificationError
from statmodels_x.core.typing import Array
from statmodels_x.population.course.parameters import Layout

_CERTIFIED = 1e-6


@dataclass(frozen=True, eq=False)
class Regression:
    """A solution.

    Attributes
    ----------
    theta : ndarray of shape (p,)
    covariance : ndarray of shape (p, p)
        Of least squares without bounds, NaN for entries at a bound.
    resid : ndarray of shape (pairs * classes,)
        Weighted.
    free : ndarray of bool, shape (p,)
        Entries that are not at a bound.
    certificate : float
        Largest violation of the optimality conditions, relative to the gradient at 0.
    """

    theta: Array
    covariance: Array
    resid: Array
    free: NDArray[np.bool_]
    certificate: float


def regress(layout: Layout, before: Array, after: Array, weights: Array) -> Regression:
    """Regress the classes after a step on those before it.

    Raises
    ------
    IdentificationError
        If there are no more pairs than the fullest row of the matrix needs.
    ConvergenceError
        If the solver's answer does not pass the optimality conditions.
    """
    design, response = _regression(layout, before, after, weights)
    p = len(layout.names)
    if len(response) <= p or np.linalg.matrix_rank(design) < p:
        raise IdentificationError(
            f"{len(before)} pairs of consecutive times do not determine {p} entries: count longer, or use a simpler "
            "`coupling`."
        )
    lower, upper = np.array(layout.lower), np.array(layout.upper)
    theta = _solve(design, response, lower, upper)
    gap = optimality_gap(design, response, theta, lower, upper)
    if gap > _CERTIFIED:
        raise ConvergenceError(
            f"the minimum is not certified (optimality conditions off by {gap:.1e}); rescale the counts."
        )
    free = (theta > lower) & (theta < upper)
    resid = response - design @ theta
    covariance = np.full((p, p), np.nan)
    block = float(resid @ resid) / (len(response) - int(free.sum())) * np.linalg.inv(design.T @ design)
    covariance[np.ix_(free, free)] = block[np.ix_(free, free)]
    return Regression(theta, covariance, resid, free, gap)


def _regression(layout: Layout, before: Array, after: Array, weights: Array) -> tuple[Array, Array]:
    """Stack the weighted regressions of all classes: a row for each pair and class."""
    n, m = before.shape
    design = np.zeros((n, m, len(layout.names)))
    for (row, col, q, _), sign in zip(layout.entries, layout.signs, strict=True):
        design[:, row, q] += sign * before[:, col]
    return (design * weights[:, None]).reshape(n * m, -1), (after * weights).ravel()


def _solve(design: Array, response: Array, lower: Array, upper: Array) -> Array:
    """Least squares within bounds by active sets, so that entries at a bound are there exactly."""
    from scipy.optimize import lsq_linear

    scale = np.linalg.norm(design, axis=0)
    found = lsq_linear(design / scale, response, (lower * scale, upper * scale), method="bvls", tol=1e-15)
    theta = np.clip(found.x / scale, lower, upper)
    return np.where(found.active_mask < 0, lower, np.where(found.active_mask > 0, upper, theta))


def optimality_gap(design: Array, response: Array, theta: Array, lower: Array, upper: Array) -> float:
    """Largest violation of the optimality conditions, relative to the gradient at 0."""
    scale = np.linalg.norm(design, axis=0)
    gradient = design.T @ (design @ theta - response) / scale
    size = np.max(np.abs(design.T @ response / scale))
    wrong = np.abs(gradient)
    wrong[(theta <= lower) & (gradient > 0.0)] = 0.0
    wrong[(theta >= upper) & (gradient < 0.0)] = 0.0
    return float(np.max(wrong) / size)
