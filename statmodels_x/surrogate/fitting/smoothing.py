"""Where the surrogate times lie: bins over (0, landmark], and the kernel that smooths over them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.surrogate.fitting.sorting import SortedTrial

FEW_VALUES = 12
_LEAST_BINS, _MOST_BINS = 61, 513
_BINS_PER_BANDWIDTH = 4.0
_LEAST_PER_BIN = 5


@dataclass(frozen=True)
class Smoother:
    """Bins of early surrogate times and a matrix that spreads the mass of each bin over all.

    The bins are equidistant in rank (0 to 1) among the early events of both arms, so that a monotone change of
    the time scale changes nothing, and every bandwidth reaches about as many events.

    Attributes
    ----------
    points : ndarray of shape (m,)
        Surrogate times at the bins, where densities and g are evaluated.
    spread : ndarray of shape (m, m) or None
        Row j: how the mass at point j is spread; rows sum to 1. None: no smoothing.
    bandwidth : float
        Standard deviation of the kernel, in ranks; 0 without smoothing.
    values, places : ndarray of shape (k,)
        Surrogate times in order and their place among the bins.
    """

    points: Array = field(repr=False)
    spread: Array | None = field(repr=False)
    bandwidth: float
    values: Array = field(repr=False)
    places: Array = field(repr=False)

    def smooth(self, masses: Array) -> Array:
        """Spread masses of shape (..., m) over the bins; their sum stays."""
        return masses if self.spread is None else masses @ self.spread

    def locate(self, times: Array) -> tuple[NDArray[np.int64], Array]:
        """Return the bin to the left of each time and the share of the bin to the right."""
        place = np.interp(times, self.values, self.places)
        if self.spread is None:
            return np.rint(place).astype(np.int64), np.zeros(len(times))
        left = np.clip(place.astype(np.int64), 0, len(self.points) - 2)
        return left, np.clip(place - left, 0.0, 1.0)


def build_smoother(sample: SortedTrial, landmark: float, bandwidth: float | None) -> Smoother:
    """Choose bins and bandwidth from the early surrogate times of both arms.

    Few distinct values (scheduled visits) are bins of their own, neighbours pooled until each holds
    subjects of both arms; otherwise a normal kernel over ranks, reflected at both ends.
    """
    trial = sample.trial
    early = trial.early(landmark)
    times, weights = trial.surrogate[early], trial.weight[early]
    values = np.unique(times)
    if bandwidth is None and len(values) <= FEW_VALUES:
        return _pooled(times, trial.arm[early], values)
    width = rule_of_thumb(weights) if bandwidth is None else bandwidth
    wanted = np.ceil(_BINS_PER_BANDWIDTH / width) + 1.0
    m = int(np.clip(wanted, _LEAST_BINS, _MOST_BINS))
    grid = np.linspace(0.0, 1.0, m)
    known, ranks = _ranks(times, weights, values, landmark)
    points = np.interp(grid, ranks, known)
    return Smoother(points, reflected_kernel(grid, width), float(width), known, ranks * (m - 1))


def rule_of_thumb(weights: Array) -> float:
    """Half a normal-reference bandwidth more: 1.5 x 1.06 sd n^-0.26 for ranks, whose sd is 1/sqrt(12).

    n is the effective number of early events. The order undersmooths, as root-n inference asks; the factor of
    1.5 had the smaller error in the simulation study.
    """
    n = weights.sum() ** 2 / np.sum(weights**2)
    return float(1.5 * 1.06 / np.sqrt(12.0) * n**-0.26)


def _ranks(times: Array, weights: Array, values: Array, landmark: float) -> tuple[Array, Array]:
    """Weighted mid-ranks of the distinct values, from 0 at time 0 to 1 at the landmark."""
    mass = np.bincount(np.searchsorted(values, times), weights, len(values))
    ranks = (np.cumsum(mass) - 0.5 * mass) / mass.sum()
    inner = (values > 0.0) & (values < landmark)
    return (
        np.concatenate([[0.0], values[inner], [landmark]]),
        np.concatenate([[0.0], ranks[inner], [1.0]]),
    )


def reflected_kernel(points: Array, width: float) -> Array:
    """Evaluate a normal kernel between equidistant points, its tails folded back at both ends; rows sum to 1."""
    last = points[-1]
    gaps = points[:, None] - points[None, :]
    sums = points[:, None] + points[None, :]
    density = np.zeros_like(gaps)
    for shift in (gaps, sums, 2.0 * last - sums):
        density += np.exp(-0.5 * (shift / width) ** 2)
    # the two end points stand for half a cell
    density[:, [0, -1]] *= 0.5
    return np.asarray(density / density.sum(axis=1, keepdims=True))


def _pooled(times: Array, arms: NDArray[np.int64], values: Array) -> Smoother:
    counts = np.array([[np.sum((times == value) & (arms == k)) for k in (0, 1)] for value in values])
    bin_of = np.zeros(len(values), np.int64)
    held, current = np.zeros(2), 0
    for j, count in enumerate(counts):
        if j and np.all(held >= _LEAST_PER_BIN) and np.all(counts[j:].sum(axis=0) >= _LEAST_PER_BIN):
            current, held = current + 1, np.zeros(2)
        bin_of[j] = current
        held = held + count
    weights = counts.sum(axis=1)
    points = [np.average(values[bin_of == b], weights=weights[bin_of == b]) for b in range(current + 1)]
    return Smoother(np.array(points), None, 0.0, values, bin_of.astype(float))
