"""Smoothing parameters of a line at the maximum of the marginal likelihood, for a given shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import (
    LEVEL_VARIANCE,
    LOG_RATE,
    LOG_VARIANCE,
    Noise,
    Shape,
    Smoothing,
    deviance,
    difference_variance,
)

_LONGEST_REACH = 0.1
_EXACT = 1e-3  # a tolerance below this is for the search without derivatives
_FREE = {"known": 1, "iid": 2, "correlated": 4}


def _bounds(line: LineData, noise: Noise) -> Array:
    shortest = np.log(0.25 * np.median(line.dx))
    longest = max(np.log(_LONGEST_REACH), shortest + 2.0)
    limits = [LOG_RATE, (_least(line), LOG_VARIANCE[1]), LOG_VARIANCE, (shortest, longest)]
    return np.array(limits[: _FREE[noise.kind]])


def _least(line: LineData) -> float:
    """Log of the least variance of the noise."""
    return max(LOG_VARIANCE[0], float(np.log(max(line.least, 1e-300))))


def _at(z: Array, noise: Noise, slope: float) -> Smoothing:
    e = [float(value) for value in np.exp(z)]
    if noise.kind == "known":
        return Smoothing(e[0], noise.sd**2, 0.0, 1.0, slope)
    if noise.kind == "iid":
        return Smoothing(e[0], e[1], 0.0, 1.0, slope)
    return Smoothing(e[0], e[1], e[2], e[3], slope)


def _vector(smoothing: Smoothing, noise: Noise) -> Array:
    values = [smoothing.rate, smoothing.variance, smoothing.tau, smoothing.reach]
    return np.log(values[: _FREE[noise.kind]])


def _starts(line: LineData, noise: Noise) -> list[list[float]]:
    variance = noise.sd**2 if noise.kind == "known" else max(difference_variance(line), 1e-12)
    return [[rate, float(np.log(variance))] for rate in np.arange(-4.0, 21.0, 4.0)]


def _correlated_starts(line: LineData) -> list[list[float]]:
    variance = np.log(max(difference_variance(line), 1e-12))
    gap = np.log(np.median(line.dx))
    return [
        [rate, variance + white, variance + 1.0, gap + reach]
        for rate in np.arange(-4.0, 21.0, 8.0)
        for reach in (0.0, 1.2, 2.5)
        for white in (-3.0, 0.0)
    ]


def fit_smoothing(
    line: LineData,
    shape: Shape,
    noise: Noise,
    slope: float,
    start: Smoothing | None = None,
    tol: float = 0.02,
) -> Smoothing:
    """Maximise the marginal likelihood over the rate and the noise for a given jump set.

    Parameters
    ----------
    line : LineData
        The points.
    shape : Shape
        Jumps and bends.
    noise : Noise
        What is known of the noise.
    slope : float
        Prior variance of a change of slope at a jump; 0 keeps the slope.
    start : Smoothing, optional
        Where to start; a coarse grid otherwise.
    tol : float
        Accuracy of -2 log likelihood.

    Returns
    -------
    Smoothing
        With its ``deviance``.
    """
    if noise.kind == "correlated":
        return _fit_correlated(line, shape, noise, slope, start, tol)
    from statmodels_x.discontinuity.line.kernels.climb import climb, simplex, value

    more = np.zeros(line.n)
    more[list(shape.outliers)] = LEVEL_VARIANCE
    known = noise.sd**2 if noise.kind == "known" else -1.0
    problem = (
        line.y, line.weight, more, line.dx, shape.cuts, shape.rate(line, 0.0), LEVEL_VARIANCE, float(slope), known,
        float(line.within_df), line.within_ss, _least(line),
    )  # fmt: skip
    arrived, step = False, 1.5
    if start is None:
        z = min(_starts(line, noise), key=lambda one: value(*one, problem))
    else:
        z, step = [np.log(start.rate), np.log(start.variance)], 0.4
    limits = LOG_RATE, (_least(line), LOG_VARIANCE[1])
    z0, z1 = (float(np.clip(one, *ends)) for one, ends in zip(z, limits, strict=True))
    if start is not None and tol > _EXACT:
        z0, z1, _, _, arrived = climb(z0, z1, tol, problem)
    if not arrived:
        z0, z1, _, _ = simplex(z0, z1, step, tol, problem)
    rate, variance = np.exp(np.clip(z0, *limits[0])), np.exp(np.clip(z1, *limits[1]))
    if noise.kind == "known":
        variance = known
    least = value(np.log(rate), np.log(variance), problem)
    return Smoothing(float(rate), float(variance), 0.0, 1.0, slope, float(least))


def _fit_correlated(
    line: LineData, shape: Shape, noise: Noise, slope: float, start: Smoothing | None, tol: float
) -> Smoothing:
    from scipy.optimize import minimize

    bounds = _bounds(line, noise)

    def value(z: Array) -> float:
        inside = np.clip(z, bounds[:, 0], bounds[:, 1])
        found = deviance(line, shape, _at(inside, noise, slope))
        return found + 10.0 * float(np.abs(z - inside).sum()) if np.isfinite(found) else 1e300

    if start is None:
        z0, step = min((np.array(z) for z in _correlated_starts(line)), key=value), 1.5
    else:
        z0, step = _vector(start, noise), 0.4
    z0 = np.clip(z0, bounds[:, 0], bounds[:, 1])
    # `largest_gradient` checks where a search without derivatives ends
    simplex = np.vstack([z0, z0 + step * np.diag(np.where(z0 + step > bounds[:, 1], -1.0, 1.0))])
    options: dict[str, Any] = {"initial_simplex": simplex, "fatol": tol, "xatol": 5.0 * tol, "maxfev": 800}
    best = minimize(value, z0, method="Nelder-Mead", options=options)
    found = _at(np.clip(best.x, bounds[:, 0], bounds[:, 1]), noise, slope)
    return replace(found, deviance=deviance(line, shape, found))


def largest_gradient(line: LineData, shape: Shape, noise: Noise, smoothing: Smoothing) -> float:
    """Largest derivative of the deviance at a log parameter that is not held by its bound."""
    bounds, z = _bounds(line, noise), _vector(smoothing, noise)
    largest, h = 0.0, 1e-3
    for k in range(len(z)):
        step = h * np.eye(len(z))[k]
        up, down = (
            deviance(line, shape, _at(z + sign * step, noise, smoothing.slope)) for sign in (1.0, -1.0)
        )
        slope = (up - down) / (2.0 * h)
        held = z[k] - bounds[k, 0] < 0.05 if slope > 0 else bounds[k, 1] - z[k] < 0.05
        largest = max(largest, 0.0 if held else abs(slope))
    return largest
