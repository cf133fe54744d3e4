"""Evidence for a jump set on a line: an integrated Wiener process seen through noise, jumps integrated out.

Between jumps the curve is an integrated Wiener process of rate q (its posterior mean is a cubic smoothing
spline); at a jump its level, and in one variant also its slope, receives an independent normal change. The
marginal likelihood of the data is then a Kalman filter, linear in the number of points, and one
pass of the smoother tells, exactly, what each single jump added or removed would do to it.

A curve that is smooth but steep in places would buy jumps under one rate for the whole line; stretches of a
higher rate ("bends") give it an honest alternative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData, neighbour_distances

Cuts = NDArray[np.bool_]

# prior variance of a change of level (the response spans 1) and of slope (the line spans 1)
LEVEL_VARIANCE, SLOPE_VARIANCE = 0.25, 100.0
# bounds of the logarithms of the rate and of the variance of the noise
LOG_RATE = (-14.0, 30.0)
LOG_VARIANCE = (-30.0, 3.0)


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
    distance = neighbour_distances(line)
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
    from statmodels_x.discontinuity.line.kernels.recursions import minus_two_loglik

    between = minus_two_loglik(*kernel_arguments(line, shape, smoothing))
    return float(between) + repeats_deviance(line, smoothing)


def repeats_deviance(line: LineData, smoothing: Smoothing) -> float:
    """Return what rows that repeat a point add to the deviance: they say something of the noise alone."""
    if not line.within_df:
        return 0.0
    s = smoothing.variance
    return float(line.within_df * np.log(2.0 * np.pi * s) + line.within_ss / s)


def bending(line: LineData, shape: Shape, smoothing: Smoothing) -> Array:
    """How fast the deviance would fall if the rate rose in one gap alone: its derivative, exactly, sign reversed.

    With score r and information N at the right end of a gap d and Q = [[d^3/3, d^2/2], [d^2/2, d]]: r'Q r - tr(Q N).
    """
    from statmodels_x.discontinuity.line.kernels.recursions import smooth

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
    from statmodels_x.discontinuity.line.kernels.recursions import smooth

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
