"""The curve and its jumps given the jump set: posterior of the state-space model at its fitted parameters.

Sizes of jumps have a flat prior here (the normal prior of the evidence would shrink them a little). "Given the
location" holds the jump at its gap; "location averaged" lets it lie in every gap up to its neighbours, weighted by
likelihood times width of the gap, which is the posterior under a location uniform in x, the other jumps and the
parameters held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import Shape, Smoothing
from statmodels_x.discontinuity.line.local import TwoFilters, WholeLine
from statmodels_x.discontinuity.line.scoring import neighbourhood

FLAT = 100.0
_NEGLIGIBLE = 1e-10


@dataclass(frozen=True, eq=False)
class Posterior:
    """In unit scale: curve, its standard deviation and slope at the points asked for; the jumps' two sides."""

    mean: Array
    sd: Array
    slope: Array
    before: Array
    after: Array
    size_sd: Array


@dataclass(frozen=True, eq=False)
class Chain:
    """Points of the data, the two sides of every jump and new points, in one sequence."""

    y: Array
    variance: Array
    dx: Array
    cuts: NDArray[np.bool_]
    rate: Array
    data: NDArray[np.int64]
    new: NDArray[np.int64]
    before: NDArray[np.int64]

    def arguments(self, smoothing: Smoothing) -> tuple:
        """In the order of the kernels, after the observations and variances."""
        s = smoothing
        return self.dx, self.cuts, self.rate, s.tau, s.reach, FLAT, s.slope


def chain(line: LineData, shape: Shape, smoothing: Smoothing, at: Array) -> Chain:
    """Put data, new points and the sides of the jumps in order; what is not data is not observed.

    A new point in the middle of a gap with a jump belongs to the left side.
    """
    middle = line.middle[shape.cuts]
    x = np.concatenate([line.x, at, middle, middle])
    kind = np.repeat([0, 1, 2, 3], [line.n, len(at), len(middle), len(middle)])
    order = np.lexsort((kind, x))
    place = np.empty(len(x), np.int64)
    place[order] = np.arange(len(x))
    y = np.concatenate([line.y, np.zeros(len(x) - line.n)])[order]
    seen = shape.variance(line, smoothing.variance)
    variance = np.concatenate([seen, np.full(len(x) - line.n, np.inf)])[order]
    sorted_x = x[order]
    before = place[line.n + len(at) : line.n + len(at) + len(middle)]
    cuts = np.zeros(len(x) - 1, bool)
    cuts[before] = True
    center = 0.5 * (sorted_x[1:] + sorted_x[:-1])
    gap = np.clip(np.searchsorted(line.x, center, side="right") - 1, 0, line.n - 2)
    return Chain(
        y=y,
        variance=variance,
        dx=np.diff(sorted_x),
        cuts=cuts,
        rate=shape.rate(line, smoothing.rate)[gap],
        data=place[: line.n],
        new=place[line.n : line.n + len(at)],
        before=before,
    )


def posterior(line: LineData, shape: Shape, smoothing: Smoothing, at: Array) -> Posterior:
    """Posterior of the curve at scaled locations ``at``, and of the two sides of every jump."""
    from statmodels_x.discontinuity.line.kernels.recursions import smooth

    seq = chain(line, shape, smoothing, at)
    mean, var, _, info, _ = smooth(seq.y, seq.variance, *seq.arguments(smoothing))
    after = seq.before + 1
    size_variance = FLAT - FLAT**2 * info[after, 0]
    return Posterior(
        mean=mean[seq.new, 0],
        sd=np.sqrt(np.maximum(var[seq.new, 0], 0.0)),
        slope=mean[seq.new, 1],
        before=mean[seq.before, 0],
        after=mean[after, 0],
        size_sd=np.sqrt(np.maximum(size_variance, 0.0)),
    )


def draw_curves(
    line: LineData, shape: Shape, smoothing: Smoothing, at: Array, n_draws: int, seed: int, *, locations: bool
) -> Array:
    """Draw curves from the posterior at scaled locations ``at``.

    Parameters
    ----------
    line, shape, smoothing : LineData, Shape, Smoothing
        The fit.
    at : ndarray
        Scaled locations.
    n_draws : int
        Number of curves.
    seed : int
        Of the draws.
    locations : bool
        Draw the location of each jump too, from its posterior given the others.

    Returns
    -------
    ndarray of shape (n_draws, len(at))

    References
    ----------
    Durbin and Koopman (2002), Biometrika 89, 603-616 (simulation smoother).
    """
    from statmodels_x.discontinuity.line.kernels.recursions import START_LEVEL, START_SLOPE, simulate, smooth

    rng = np.random.default_rng(seed)
    where = location_posteriors(line, shape, smoothing) if locations else []
    curves = np.empty((n_draws, len(at)))
    seq = chain(line, shape, smoothing, at)
    start_x = min(0.0, float(at.min(initial=0.0)))
    x = np.concatenate([[start_x], start_x + np.cumsum(seq.dx)])
    for k in range(n_draws):
        if where:
            seq = chain(line, _moved(shape, where, rng), smoothing, at)
            x = np.concatenate([[start_x], start_x + np.cumsum(seq.dx)])
        state = simulate(rng.standard_normal((len(seq.y), 5)), *seq.arguments(smoothing))
        level, slope = rng.standard_normal(2) * np.sqrt([START_LEVEL, START_SLOPE])
        curve = state[:, 0] + level + slope * (x - start_x)
        noise = np.where(np.isinf(seq.variance), 0.0, seq.variance)
        fake = curve + state[:, 2] + np.sqrt(noise) * rng.standard_normal(len(curve))
        # the smoother is affine in the data, and its constant is the prior mean 0.5
        mean = smooth(seq.y - fake + 0.5, seq.variance, *seq.arguments(smoothing))[0]
        curves[k] = (curve + mean[:, 0] - 0.5)[seq.new]
    return curves


@dataclass(frozen=True, eq=False)
class LocationPosterior:
    """Of one jump: gaps it may lie in, their probabilities, and its size in each (mean, standard deviation)."""

    gap: int
    gaps: NDArray[np.int64]
    probability: Array
    size: Array
    size_sd: Array

    def size_interval(self, alpha: float) -> tuple[float, float]:
        """Equal-tailed interval of the mixture of normals."""
        return self._quantile(alpha / 2.0), self._quantile(1.0 - alpha / 2.0)

    def _quantile(self, p: float) -> float:
        reach = 12.0 * float(self.size_sd.max())
        low, high = float(self.size.min()) - reach, float(self.size.max()) + reach
        return float(
            brentq(
                lambda s: float(self.probability @ stats.norm.cdf((s - self.size) / self.size_sd)) - p,
                low,
                high,
                xtol=1e-12,
            )
        )

    def location_set(self, line: LineData, alpha: float) -> NDArray[np.int64]:
        """Return the densest gaps that together hold 1 - alpha."""
        order = np.argsort(-self.probability / line.dx[self.gaps], kind="stable")
        needed = int(np.searchsorted(np.cumsum(self.probability[order]), 1.0 - alpha)) + 1
        return self.gaps[order[:needed]]

    def location_interval(self, line: LineData, alpha: float) -> tuple[float, float]:
        """Return the outer ends of the densest gaps that together hold 1 - alpha, in unit scale."""
        chosen = self.location_set(line, alpha)
        return float(line.x[chosen.min()]), float(line.x[chosen.max() + 1])


def location_posteriors(
    line: LineData, shape: Shape, smoothing: Smoothing, min_points: int = 1
) -> list[LocationPosterior]:
    """Posterior of each jump's gap and size, the other jumps held."""
    kind = WholeLine if smoothing.tau > 0.0 else TwoFilters
    questions = kind(line, shape, smoothing), kind(line, shape, smoothing, FLAT)
    return [_location_posterior(*questions, int(gap), min_points) for gap in np.flatnonzero(shape.cuts)]


def _location_posterior(
    asked: TwoFilters | WholeLine, flat: TwoFilters | WholeLine, gap: int, min_points: int
) -> LocationPosterior:
    line = asked.line
    gaps = np.flatnonzero(neighbourhood(asked.shape.cuts, gap, min_points))
    log_p = -0.5 * asked.moving(gap, gaps) + np.log(line.dx[gaps])
    p = np.exp(log_p - log_p.max())
    kept = p > _NEGLIGIBLE * p.max()
    gaps, p = gaps[kept], p[kept] / p[kept].sum()
    size, sd = _size(*flat.said_without(gap, gaps), line.dx[gaps], asked.smoothing.slope)
    return LocationPosterior(gap, gaps, p, size, sd)


def _size(r: Array, info: Array, dx: Array, slope: float) -> tuple[Array, Array]:
    """Posterior of a change of level in the middle of a gap, prior variance FLAT, change of slope integrated out."""
    # a change (delta, epsilon) in the middle reaches the right end as (delta + dx epsilon/2, epsilon)
    n00, n01 = info[:, 0], 0.5 * dx * info[:, 0] + info[:, 1]
    n11 = 0.25 * dx**2 * info[:, 0] + dx * info[:, 1] + info[:, 2]
    s0, s1 = r[:, 0], 0.5 * dx * r[:, 0] + r[:, 1]
    share = slope * n01 / (1.0 + slope * n11)  # zero when the slope is kept
    precision = 1.0 / FLAT + n00 - share * n01
    return (s0 - share * s1) / precision, np.sqrt(1.0 / precision)


def _moved(shape: Shape, where: list[LocationPosterior], rng: np.random.Generator) -> Shape:
    cuts = np.zeros_like(shape.cuts)
    for one in where:
        cuts[rng.choice(one.gaps, p=one.probability)] = True
    return replace(shape, cuts=cuts)
