"""Maximum of the (restricted) likelihood over the two standard deviations and the correlation between trials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import minimize

from statmodels_x.core.errors import ConvergenceError
from statmodels_x.core.typing import Array
from statmodels_x.surrogate.trial_level.data import Effects

EDGE = 1e-6
_STARTS = (0.0, 0.8, -0.8)
_NEWTON_STEPS = 30
LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True)
class Criterion:
    """The likelihood of some trials as a function of the between-trial parameters.

    Attributes
    ----------
    effects : Effects
    is_restricted, has_mean : bool
    """

    effects: Effects
    is_restricted: bool = True
    has_mean: bool = True

    @property
    def scale(self) -> Array:
        """Spread of the effects: the unit of the two standard deviations in the search."""
        pairs = ((self.effects.s, self.effects.se_s), (self.effects.t, self.effects.se_t))
        return np.array([*(np.sqrt(np.var(x, ddof=1) + np.mean(se**2)) for x, se in pairs), 1.0])

    @property
    def constant(self) -> float:
        """What a likelihood has beside what is maximised."""
        less = 2 if self.is_restricted and self.has_mean else 0
        return -0.5 * (2 * len(self.effects) - less) * LOG_2PI

    def at(self, theta: Array) -> Array:
        """Log-likelihood, gradient by a, b and c, means and covariance at (sd, sd, correlation)."""
        from statmodels_x.surrogate.trial_level.kernels import evaluate

        out = np.empty(9)
        x, y, rho = (float(value) for value in theta)
        evaluate(x * x, y * y, rho * x * y, *self.effects.arrays, self.is_restricted, self.has_mean, out)
        return out

    def many(self, points: Array) -> Array:
        """Evaluate :meth:`at` at many points, a row each."""
        from statmodels_x.surrogate.trial_level.kernels import evaluate_many

        out = np.empty((len(points), 9))
        evaluate_many(
            np.ascontiguousarray(points), *self.effects.arrays, self.is_restricted, self.has_mean, out
        )
        return out

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """Negative log-likelihood and its gradient by (sd, sd, correlation)."""
        found = self.at(theta)
        x, y, rho = theta
        by_a, by_b, by_c = found[1:4]
        gradient = np.array([2 * x * by_a + rho * y * by_c, 2 * y * by_b + rho * x * by_c, x * y * by_c])
        return -found[0], -gradient


@dataclass(frozen=True)
class Optimum:
    """Between-trial parameters at the maximum.

    Attributes
    ----------
    theta : ndarray of shape (3,)
        Standard deviations of the effects on surrogate and outcome, and their correlation.
    value : float
        Log-likelihood without its constant.
    mean, mean_cov : ndarray
        Mean effects and their covariance given theta.
    """

    theta: Array
    value: float
    mean: Array = field(repr=False)
    mean_cov: Array = field(repr=False)

    @property
    def slope(self) -> float:
        """Slope of the outcome effect on the surrogate effect; NaN where the latter does not vary."""
        x, y, rho = self.theta
        return float(rho * y / x) if x > 0.0 else np.nan

    @property
    def residual_variance(self) -> float:
        """Variance of the outcome effect given the surrogate effect."""
        _, y, rho = self.theta
        return float(max(0.0, (1.0 - rho * rho)) * y * y)


def maximise(criterion: Criterion, start: Array | None = None) -> Optimum:
    """Find the maximum: bounded quasi-Newton from several starts, Newton within the active bounds.

    Raises
    ------
    ConvergenceError
        If no start led to a finite likelihood.
    """
    scale = criterion.scale
    effects = criterion.effects
    spread = [np.sqrt(max(np.var(x, ddof=1) - np.mean(e**2), 0.05 * np.var(x, ddof=1)))
              for x, e in ((effects.s, effects.se_s), (effects.t, effects.se_t))]  # fmt: skip
    starts = [np.array([*spread, rho]) for rho in _STARTS] if start is None else [start]
    best: Any = None
    for theta in starts:
        found = _search(criterion, theta / scale, scale)
        if np.isfinite(found.fun) and (best is None or found.fun < best.fun - 1e-12):
            best = found
    if best is None:
        raise ConvergenceError("trial level: no start led to a finite likelihood; are standard errors right?")
    theta = _polish(criterion, best.x * scale, scale)
    return at_optimum(criterion, theta)


def at_optimum(criterion: Criterion, theta: Array) -> Optimum:
    """Put the values at a maximum together; what lies at a bound is put on it."""
    theta = theta.copy()
    theta[:2] = np.where(theta[:2] < EDGE * criterion.scale[:2], 0.0, theta[:2])
    if 0.0 in theta[:2]:
        theta[2] = 0.0
    if abs(theta[2]) > 1.0 - EDGE:
        theta[2] = np.sign(theta[2])
    found = criterion.at(theta)
    cov = np.array([[found[6], found[7]], [found[7], found[8]]])
    return Optimum(theta, float(found[0]), found[4:6].copy(), cov)


def _search(criterion: Criterion, start: Array, scale: Array, fixed: float | None = None) -> Any:
    low, high = ([0.0, 0.0, -1.0], [np.inf, np.inf, 1.0]) if fixed is None else ([0.0, 0.0], [np.inf, np.inf])

    def objective(x: Array) -> tuple[float, Array]:
        theta = x * scale if fixed is None else np.append(x * scale[:2], fixed)
        value, gradient = criterion.value_and_gradient(theta)
        return value, (gradient * scale)[: len(x)]

    bounds = list(zip(low, high, strict=True))
    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500}
    return minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)


def _polish(criterion: Criterion, theta: Array, scale: Array) -> Array:
    """Newton's method over what is not at a bound; the start where it does not improve on it."""
    free = np.array([theta[0] > EDGE * scale[0], theta[1] > EDGE * scale[1], abs(theta[2]) < 1.0 - EDGE])
    if not free[:2].all():
        free[2] = False
    best, best_gradient = theta, np.inf
    current = theta.copy()
    for _ in range(_NEWTON_STEPS):
        _, gradient = criterion.value_and_gradient(current)
        size = np.abs(gradient * scale)[free].max(initial=0.0)
        if size >= best_gradient:
            break
        best, best_gradient = current.copy(), size
        if size < 1e-11 or not free.any():
            break
        matrix = hessian(criterion, current, scale)[np.ix_(free, free)]
        step = np.zeros(3)
        step[free] = np.linalg.lstsq(matrix, gradient[free], rcond=None)[0]
        current = current - step
        if np.any(current[:2] < 0.0) or abs(current[2]) > 1.0:
            break
    return best


def hessian(criterion: Criterion, theta: Array, scale: Array) -> Array:
    """Second derivatives of the negative log-likelihood, by differences of the gradient."""
    matrix = np.empty((3, 3))
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-5 * scale[k]
        up, down = (criterion.value_and_gradient(theta + sign * step)[1] for sign in (1.0, -1.0))
        matrix[k] = (up - down) / (2.0 * step[k])
    return 0.5 * (matrix + matrix.T)


def profile(criterion: Criterion, rho: float, start: Array) -> tuple[float, Array]:
    """Maximise over the two standard deviations with the correlation held; return the value and where it is."""
    scale = criterion.scale
    found = _search(criterion, start[:2] / scale[:2], scale, fixed=float(rho))
    return -float(found.fun), np.append(found.x * scale[:2], rho)
