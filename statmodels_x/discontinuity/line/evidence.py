"""Evidence for a jump set on a line: an integrated Wiener process seen through noise, jumps integrated out.

Between jumps the curve is an integrated Wiener process of rate q (its posterior mean is a cubic smoothing
spline); at a jump its level, and in one variant also its slope, receives an independent normal change. The
marginal likelihood of the data is then a Kalman filter, linear in the number of points, and one
pass of the smoother tells, exactly, what each single jump added or removed would do to it.

A curve that is smooth but steep in places would buy jumps under one rate for the whole line; stretches of a
higher rate ("bends") give it an honest alternative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData

Cuts = NDArray[np.bool_]

# prior variance of a change of level (the response spans 1) and of slope (the line spans 1)
LEVEL_VARIANCE, SLOPE_VARIANCE = 0.25, 100.0
_LOG_RATE = (-14.0, 30.0)
_LOG_VARIANCE = (-30.0, 3.0)
_LONGEST_REACH = 0.1
_FREE = {"known": 1, "iid": 2, "correlated": 4}


@dataclass(frozen=True)
class Noise:
    """What is known of the noise: ``kind`` "iid", "known" (then ``sd``, scaled) or "correlated"."""

    kind: str
    sd: float = np.nan


@dataclass(frozen=True)
class Bend:
    """Gaps ``first`` to ``last - 1``, where the curve moves by ``strength`` (a variance) more than elsewhere."""

    first: int
    last: int
    strength: float


@dataclass(frozen=True, eq=False)
class Shape:
    """Where the curve may jump (one flag a gap), where it may bend sharply, and which points are outliers."""

    cuts: Cuts
    bends: tuple[Bend, ...] = ()
    outliers: frozenset[int] = frozenset()

    def rate(self, line: LineData, rate: float) -> Array:
        """Rate of the integrated Wiener process in every gap."""
        rates = np.full(line.n - 1, rate)
        for bend in self.bends:
            width = line.x[bend.last] - line.x[bend.first]
            rates[bend.first : bend.last] += 3.0 * bend.strength / width**3
        return rates

    def variance(self, line: LineData, variance: float) -> Array:
        """White-noise variance of every point; an outlier has that of a change of level on top."""
        found = variance / line.weight
        found[list(self.outliers)] += LEVEL_VARIANCE
        return found


@dataclass(frozen=True)
class Smoothing:
    """Parameters of the state-space model, in unit scale.

    ``rate`` of the integrated Wiener process; ``variance`` of the white noise of a point of weight 1;
    ``tau`` and ``reach``: variance and range of the correlated noise, covariance tau exp(-|x - x'|/reach);
    ``slope``: prior variance of a change of slope at a jump (0: the slope is kept); ``deviance``: -2 log
    likelihood at the maximum.
    """

    rate: float
    variance: float
    tau: float
    reach: float
    slope: float
    deviance: float = np.nan


def difference_variance(line: LineData) -> float:
    """Noise variance from each point's distance to the straight line through its neighbours, by the median.

    A jump touches two of these distances, a smooth curve moves them little (Gasser, Sroka and Jennen-Steinmetz
    1986, Biometrika 73); replicates at one location are used where they make up most of the data.
    """
    if line.within_df > line.n:
        return line.within_ss / line.within_df
    if line.n < 3:
        return np.nan
    x, y, w = line.x, line.y, line.weight
    share = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    distance = y[1:-1] - (1.0 - share) * y[:-2] - share * y[2:]
    distance /= np.sqrt(1.0 / w[1:-1] + (1.0 - share) ** 2 / w[:-2] + share**2 / w[2:])
    variance = float((np.median(np.abs(distance)) / 0.6744897501960817) ** 2)
    return variance if variance > 1e-20 else float(np.mean(distance**2))


def kernel_arguments(
    line: LineData, shape: Shape, smoothing: Smoothing, level_variance: float = LEVEL_VARIANCE
) -> tuple:
    """Observations and model in the order of the kernels."""
    s = smoothing
    variance, rate = shape.variance(line, s.variance), shape.rate(line, s.rate)
    return line.y, variance, line.dx, shape.cuts, rate, s.tau, s.reach, level_variance, s.slope


def deviance(line: LineData, shape: Shape, smoothing: Smoothing) -> float:
    """-2 log marginal likelihood of all rows, jump sizes integrated out."""
    from statmodels_x.discontinuity.line.kernels import minus_two_loglik

    s = smoothing
    between = minus_two_loglik(*kernel_arguments(line, shape, smoothing))
    if line.within_df:
        between += line.within_df * np.log(2.0 * np.pi * s.variance) + line.within_ss / s.variance
    return float(between)


def _bounds(line: LineData, noise: Noise) -> Array:
    shortest = np.log(0.25 * np.median(line.dx))
    longest = max(np.log(_LONGEST_REACH), shortest + 2.0)
    limits = [_LOG_RATE, _LOG_VARIANCE, _LOG_VARIANCE, (shortest, longest)]
    return np.array(limits[: _FREE[noise.kind]])


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
    variance = np.log(max(difference_variance(line), 1e-12))
    rates = np.arange(-4.0, 21.0, 4.0)
    if noise.kind == "known":
        return [[rate] for rate in rates]
    if noise.kind == "iid":
        return [[rate, variance] for rate in rates]
    gap = np.log(np.median(line.dx))
    return [
        [rate, variance + white, variance + 1.0, gap + reach]
        for rate in rates[::2]
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
    from scipy.optimize import minimize

    bounds = _bounds(line, noise)

    def value(z: Array) -> float:
        inside = np.clip(z, bounds[:, 0], bounds[:, 1])
        found = deviance(line, shape, _at(inside, noise, slope))
        return found + 10.0 * float(np.abs(z - inside).sum()) if np.isfinite(found) else 1e300

    if start is None:
        z0, step = min((np.array(z) for z in _starts(line, noise)), key=value), 1.5
    else:
        z0, step = _vector(start, noise), 0.4
    z0 = np.clip(z0, bounds[:, 0], bounds[:, 1])
    # so cheap that a search without derivatives is as good; `largest_gradient` checks where it ends
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


def bending(line: LineData, shape: Shape, smoothing: Smoothing) -> Array:
    """How fast the deviance would fall if the rate rose in one gap alone: its derivative, exactly, sign reversed.

    With score r and information N at the right end of a gap d and Q = [[d^3/3, d^2/2], [d^2/2, d]]: r'Q r - tr(Q N).
    """
    from statmodels_x.discontinuity.line.kernels import smooth

    d = line.dx
    _, _, r, info, _ = smooth(*kernel_arguments(line, shape, smoothing))
    r, info = r[1:], info[1:]
    return (
        d**3 / 3.0 * (r[:, 0] ** 2 - info[:, 0])
        + d**2 * (r[:, 0] * r[:, 1] - info[:, 1])
        + d * (r[:, 1] ** 2 - info[:, 2])
    )


def single_changes(line: LineData, shape: Shape, smoothing: Smoothing) -> tuple[Array, Array]:
    """Change of the deviance if one gap, or one point, alone changed: added where absent, removed where present.

    Returns
    -------
    jumps : ndarray of shape (n - 1,)
        For a jump in each gap.
    outliers : ndarray of shape (n,)
        For each point as an outlier.

    Notes
    -----
    Exact for fixed parameters: with score r and information N of a change at the gap, and its prior variance W,
    adding a jump changes the deviance by log|I + W N| - r'(I + W N)^-1 W r, removing one by
    log|I - W N| + r'(I - W N)^-1 W r; so too for the error of a point.
    """
    from statmodels_x.discontinuity.line.kernels import smooth

    s, cuts = smoothing, shape.cuts
    _, _, r, info, error = smooth(*kernel_arguments(line, shape, smoothing))
    r, info = r[1:], info[1:]
    sign = np.where(cuts, -1.0, 1.0)
    w00 = LEVEL_VARIANCE + 0.25 * line.dx**2 * s.slope
    w01, w11 = 0.5 * line.dx * s.slope, s.slope
    m00 = 1.0 + sign * (w00 * info[:, 0] + w01 * info[:, 1])
    m01 = sign * (w00 * info[:, 1] + w01 * info[:, 2])
    m10 = sign * (w01 * info[:, 0] + w11 * info[:, 1])
    m11 = 1.0 + sign * (w01 * info[:, 1] + w11 * info[:, 2])
    det = np.maximum(m00 * m11 - m01 * m10, 1e-300)
    s0, s1 = w00 * r[:, 0] + w01 * r[:, 1], w01 * r[:, 0] + w11 * r[:, 1]
    quadratic = (r[:, 0] * (m11 * s0 - m01 * s1) + r[:, 1] * (m00 * s1 - m10 * s0)) / det
    flags = np.zeros(line.n, bool)
    flags[list(shape.outliers)] = True
    side = np.where(flags, -1.0, 1.0)
    scale = np.maximum(1.0 + side * LEVEL_VARIANCE * error[:, 1], 1e-300)
    return np.log(det) - sign * quadratic, np.log(scale) - side * LEVEL_VARIANCE * error[:, 0] ** 2 / scale
