"""Profile intervals of the correlation between trials and of its square, and Wald errors of means and line."""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha
from statmodels_x.surrogate.trial_level.estimation import EDGE, Criterion, Optimum, hessian, profile


def correlation_interval(criterion: Criterion, optimum: Optimum, alpha: float = 0.05) -> tuple[float, float]:
    """Profile interval of the correlation; an end that the profile does not leave is -1 or 1."""
    if 0.0 in optimum.theta[:2]:
        return -1.0, 1.0
    cut = optimum.value - 0.5 * stats.chi2.isf(check_alpha(alpha), 1)
    return _end(criterion, optimum, cut, -1.0), _end(criterion, optimum, cut, 1.0)


def _end(criterion: Criterion, optimum: Optimum, cut: float, edge: float) -> float:
    middle = float(optimum.theta[2])
    if edge == middle:
        return edge
    places: dict[float, Array] = {}

    def above(rho: float) -> float:
        # from where the nearest value was found: the maximum moves little
        near = min(places, key=lambda x: abs(x - rho)) if places else None
        value, theta = profile(criterion, rho, optimum.theta if near is None else places[near])
        places[rho] = theta
        return value - cut

    # walk outwards: a profile with a second hill is left at the first descent below the cut
    reach = middle
    for rho in middle + (edge - middle) * np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 1.0]):
        if above(float(rho)) < 0.0:
            return float(brentq(above, reach, float(rho), xtol=1e-7))
        reach = float(rho)
    return edge


def squared(interval: tuple[float, float]) -> tuple[float, float]:
    """Interval of the square: its lower limit is 0 where the interval holds 0."""
    low, high = interval
    squares = low * low, high * high
    return (0.0 if low <= 0.0 <= high else min(squares)), max(squares)


def line_covariance(criterion: Criterion, optimum: Optimum) -> Array:
    """Covariance of (mean_surrogate, mean_outcome, intercept, slope) by the delta method; NaN without a slope.

    A correlation at its edge is held there: its derivative is 0 times infinity.
    """
    x, y, rho = optimum.theta
    if x == 0.0 or y == 0.0:
        full = np.full((4, 4), np.nan)
        full[:2, :2] = optimum.mean_cov
        return full
    free = np.array([True, True, abs(rho) < 1.0 - EDGE])
    information = hessian(criterion, optimum.theta, criterion.scale)[np.ix_(free, free)]
    spread = np.zeros((3, 3))
    spread[np.ix_(free, free)] = np.linalg.pinv(information)
    joint = np.zeros((5, 5))
    joint[:2, :2], joint[2:, 2:] = optimum.mean_cov, spread
    by_theta = np.array([-rho * y / x**2, rho / x, y / x])
    mean_s = optimum.mean[0]
    jacobian = np.zeros((4, 5))
    jacobian[0, 0] = jacobian[1, 1] = 1.0
    if criterion.has_mean:
        jacobian[2] = np.array([-optimum.slope, 1.0, *(-mean_s * by_theta)])
    jacobian[3, 2:] = by_theta
    return np.asarray(jacobian @ joint @ jacobian.T)
