"""Hazards, cumulative hazards and means of the population at given linear predictors, with their gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from statmodels_x.core.threads import in_parts
from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.family import Family

_NOTHING_KNOWN = np.zeros((1, 0))
_NOBODY_YET, _NO_GRADIENT = np.zeros(0), np.zeros((0, 5))
_BLOCK = 2_000_000  # nodes whose terms of a user's family are held at once
_MEAN_NODES = 400
_LOG_2 = math.log(2.0)
_TABLE_FROM, _TABLE_MOST, _TABLE_TOL = 300, 256, 1e-13


def cumulative_hazard(
    times: Array, eta: Array, cure: int, family: Family | None = None
) -> tuple[Array, Array]:
    """Return H (n,) and its gradient (n, 5) in the linear predictors eta (n, 5); 0 at time 0.

    ``family`` is one that is not a case of the built-in one.
    """
    from statmodels_x.survival.kernels.rows import cumulative_hazard_terms

    value, grad = np.empty(len(times)), np.empty((len(times), 5))
    with np.errstate(divide="ignore"):
        log_times = np.log(times)
    cumulative_hazard_terms(log_times, eta, cure, _known_terms(log_times, eta, family), value, grad)
    return value, grad


def log_hazard(times: Array, eta: Array, cure: int, family: Family | None = None) -> tuple[Array, Array]:
    """Return log h (n,) and its gradient (n, 5) in the linear predictors eta (n, 5), at positive times."""
    from statmodels_x.survival.kernels.rows import log_hazard_terms

    value, grad = np.empty(len(times)), np.empty((len(times), 5))
    with np.errstate(divide="ignore"):
        log_times = np.log(times)
    log_hazard_terms(log_times, eta, cure, _known_terms(log_times, eta, family), value, grad)
    return value, grad


def _known_terms(log_times: Array, eta: Array, family: Family | None) -> Array:
    if family is None:
        return _NOTHING_KNOWN
    return family.terms(np.exp(eta[:, 2]) * (log_times + eta[:, 0]), eta[:, 3])


def restricted_mean(
    horizon: Array,
    given: Array,
    eta: Array,
    cure: int,
    shape_free: bool,
    rule: tuple[Array, Array],
    family: Family | None = None,
    rate: float = 0.0,
) -> tuple[Array, Array]:
    """Integrate S(t)/S(given) from ``given`` to each row's horizon.

    Parameters
    ----------
    horizon, given : ndarray of shape (m,)
    eta : ndarray of shape (m, 5)
    cure : int
    shape_free : bool
        Whether the slope in the shape is needed.
    rule : tuple of two ndarrays of shape (k,)
        Nodes in (0, 1) and weights.
    family : Family, optional
        One that is not a case of the built-in one.
    rate : float
        At which time is discounted, to time 0.

    Returns
    -------
    value : ndarray of shape (m,)
    slope : ndarray of shape (m, 5)
        In the linear predictors.
    """
    if family is not None:
        return _by_table_or_blocks(horizon, given, eta, cure, shape_free, rule, family, rate)
    return _restricted_mean(horizon, given, eta, cure, shape_free, rule, None, rate)


def _restricted_mean(
    horizon: Array, given: Array, eta: Array, cure: int, shape_free: bool, rule: tuple[Array, Array],
    family: Family | None, rate: float,
) -> tuple[Array, Array]:  # fmt: skip
    from statmodels_x.survival.kernels.lifetimes import restricted_means

    m, (node, weight) = len(eta), rule
    start, start_grad = _start(given, eta, cure, family)
    value, slope = np.empty(m), np.empty((m, 5))
    known = _NOTHING_KNOWN
    if family is not None:
        times = given[:, None] + np.maximum(horizon - given, 0.0)[:, None] * node
        with np.errstate(divide="ignore"):
            q = np.exp(eta[:, 2])[:, None] * (np.log(times) + eta[:, :1])
        known = family.first_terms(q.ravel(), np.repeat(eta[:, 3], len(node)))
    eta, log_node = np.ascontiguousarray(eta), np.log(node)

    def part(rows: slice) -> None:
        terms = known if family is None else known[rows.start * len(node) : rows.stop * len(node)]
        restricted_means(
            horizon[rows], given[rows], rate, node, log_node, weight, eta[rows], cure, shape_free, start[rows],
            start_grad[rows], terms, value[rows], slope[rows],
        )  # fmt: skip

    in_parts(part, m)
    return value, slope


def _start(given: Array, eta: Array, cure: int, family: Family | None) -> tuple[Array, Array]:
    """H at the time already survived and its gradient; empty where nobody has survived any."""
    if not np.any(given):
        return _NOBODY_YET, _NO_GRADIENT
    return cumulative_hazard(given, eta, cure, family)


def _by_table_or_blocks(
    horizon: Array, given: Array, eta: Array, cure: int, shape_free: bool, rule: tuple[Array, Array],
    family: Family, rate: float,
) -> tuple[Array, Array]:  # fmt: skip
    """Integrate under a user's family, whose terms are dear: once for a table where rows differ in one number."""

    def part(rows: slice | Array) -> tuple[Array, Array]:
        return _restricted_mean(horizon[rows], given[rows], eta[rows], cure, shape_free, rule, family, rate)

    everything = np.column_stack([eta, horizon, given])
    varying = np.flatnonzero((everything != everything[:1]).any(axis=0))
    if len(varying) == 1 and varying[0] < 5 and len(eta) > _TABLE_FROM:
        j = int(varying[0])

        def at(points: Array) -> Array:
            moved = np.repeat(eta[:1], len(points), axis=0)
            moved[:, j] = points
            same = np.zeros(len(points), int)
            value, slope = _restricted_mean(
                horizon[same], given[same], moved, cure, shape_free, rule, family, rate
            )
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.column_stack([np.log(value), slope / value[:, None]])

        found = tabulated(at, eta[:, j])
        if found is not None:
            value = np.exp(found[:, 0])
            return value, found[:, 1:] * value[:, None]
    size = max(1, _BLOCK // len(rule[0]))
    parts = [part(slice(first, first + size)) for first in range(0, len(eta), size)]
    return np.concatenate([value for value, _ in parts]), np.concatenate([slope for _, slope in parts])


def tabulated(function: Callable[[Array], Array], points: Array) -> Array | None:
    """Evaluate smooth functions of one number at many points, by polynomials through few.

    Parameters
    ----------
    function : callable
        Points (k,) -> values (k, columns).
    points : ndarray of shape (m,)

    Returns
    -------
    ndarray of shape (m, columns), or None
        None where the functions are not so smooth that polynomials reach rounding.
    """
    low, high = float(points.min()), float(points.max())
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    k = 16
    while k <= _TABLE_MOST:
        angle = np.pi * (np.arange(k) + 0.5) / k
        values = function(middle + half * np.cos(angle))
        if not np.isfinite(values).all():
            return None
        coefficients = 2.0 / k * np.cos(np.outer(np.arange(k), angle)) @ values
        coefficients[0] *= 0.5
        size = np.maximum(np.abs(coefficients).max(axis=0), 1.0)
        if np.all(np.abs(coefficients[-3:]) < _TABLE_TOL * size):
            return np.asarray(np.polynomial.chebyshev.chebval((points - middle) / half, coefficients).T)
        k *= 2
    return None


def mean_time(
    given: Array, eta: Array, exists: NDArray[np.bool_], shape_free: bool, family: Family | None = None
) -> tuple[Array, Array]:
    """Mean time, given survival to ``given``, without a cured fraction.

    Parameters
    ----------
    given : ndarray of shape (m,)
    eta : ndarray of shape (m, 5)
    exists : ndarray of shape (m,)
        Whether the mean is finite.
    shape_free : bool
        Whether the slope in the shape is needed.
    family : Family, optional

    Returns
    -------
    value : ndarray of shape (m,)
        Infinite where it does not exist.
    slope : ndarray of shape (m, 5)
        NaN there.
    """
    value, slope = np.full(len(eta), np.inf), np.full((len(eta), 5), np.nan)
    weibull = exists & (given == 0.0) & (eta[:, 3] == _LOG_2)
    if family is None and not shape_free and weibull.any():
        value[weibull], slope[weibull] = _weibull_mean(eta[weibull])
        exists = exists & ~weibull
    if not exists.any():
        return value, slope
    if family is not None:
        value[exists], slope[exists] = _mean_of_family(given[exists], eta[exists], family)
        return value, slope
    from statmodels_x.survival.kernels.lifetimes import means

    start, start_grad = _start(given, eta, 0, None)
    eta = np.ascontiguousarray(eta)

    def part(rows: slice) -> None:
        means(
            eta[rows],
            given[rows],
            exists[rows],
            shape_free,
            start[rows],
            start_grad[rows],
            value[rows],
            slope[rows],
        )

    in_parts(part, len(eta))
    return value, slope


def _weibull_mean(eta: Array) -> tuple[Array, Array]:
    """E T = Gamma(1 + r) lambda^-r/phi with r = 1/gamma."""
    tau, beta, alpha, *_ = eta.T
    r = np.exp(-alpha)
    with np.errstate(over="ignore"):
        value = np.exp(gammaln(1.0 + r) - beta * r - tau)
    relative = np.column_stack([-np.ones(len(r)), -r, r * (beta - digamma(1.0 + r)), *np.zeros((2, len(r)))])
    with np.errstate(over="ignore", invalid="ignore"):  # an infinite mean times 0
        return value, np.where(relative == 0.0, 0.0, value[:, None] * relative)


def _mean_of_family(given: Array, eta: Array, family: Family) -> tuple[Array, Array]:
    """E T as an integral over a standard exponential e on the log scale: T = t(e), dt = -dH/h."""
    r = np.exp(-eta[:, 2])
    top = np.log(800.0 + 30.0 * (1.0 + r))
    points = -60.0 + (top + 60.0)[:, None] * np.linspace(0.0, 1.0, _MEAN_NODES)
    weights = np.exp(points - np.exp(points)) * ((top + 60.0) / (_MEAN_NODES - 1))[:, None]
    wide, k = np.repeat(eta, _MEAN_NODES, axis=0), _MEAN_NODES
    start, start_grad = (np.repeat(part, k, axis=0) for part in cumulative_hazard(given, eta, 0, family))
    level = start + np.exp(points).ravel()
    with np.errstate(over="ignore"):
        log_z = family.log_z_at(level * np.exp(-wide[:, 1]), wide[:, 3])
        times = np.exp(log_z * np.exp(-wide[:, 2]) - wide[:, 0])
    # a heavy tail passes the range of floats where its weight has left it long before
    times = np.clip(times, 1e-300, 1e300)
    _, grad = cumulative_hazard(times, wide, 0, family)
    log_h, _ = log_hazard(times, wide, 0, family)
    with np.errstate(over="ignore", invalid="ignore"):
        change = -(grad - start_grad) * np.exp(-log_h)[:, None]
        slope = (weights[:, :, None] * change.reshape(*points.shape, 5)).sum(axis=1)
        return (weights * times.reshape(points.shape)).sum(axis=1), slope
