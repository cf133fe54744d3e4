"""Where the surrogate times lie: bins over (0, landmark], and the kernel that smooths over them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statmodels_x.surrogate.sample import SortedTrial

Array = NDArray[np.float64]

FEW_VALUES = 12
_LEAST_BINS, _MOST_BINS = 61, 513
_BINS_PER_BANDWIDTH = 4.0
_LEAST_PER_BIN = 5


@dataclass(frozen=True)
class Smoother:
    """Bins of early surrogate times and a matrix that spreads the mass of each bin over all.

    Attributes
    ----------
    points : ndarray of shape (m,)
        Surrogate times at which densities and g are evaluated.
    spread : ndarray of shape (m, m) or None
        Row j: how the mass at point j is spread; rows sum to 1. None: no smoothing.
    bandwidth : float
        Standard deviation of the kernel; 0 without smoothing.
    """

    points: Array = field(repr=False)
    spread: Array | None = field(repr=False)
    bandwidth: float

    def smooth(self, masses: Array) -> Array:
        """Spread masses of shape (..., m) over the bins; their sum stays."""
        return masses if self.spread is None else masses @ self.spread

    def locate(self, times: Array) -> tuple[NDArray[np.int64], Array]:
        """Return the bin to the left of each time and the share of the bin to the right."""
        left = np.clip(np.searchsorted(self.points, times, side="right") - 1, 0, len(self.points) - 2)
        low, high = self.points[left], self.points[left + 1]
        return left, np.clip((times - low) / (high - low), 0.0, 1.0)


@dataclass(frozen=True)
class Pooled(Smoother):
    """Bins for surrogate times with few distinct values: each value in one bin, nothing spread.

    Attributes
    ----------
    bin_of : ndarray of shape (k,)
        Bin of each distinct value.
    values : ndarray of shape (k,)
        The distinct values.
    """

    bin_of: NDArray[np.int64] = field(repr=False)
    values: Array = field(repr=False)

    def locate(self, times: Array) -> tuple[NDArray[np.int64], Array]:
        """Return the bin of each time; the bin to the right takes no share."""
        found = np.clip(np.searchsorted(self.values, times), 0, len(self.values) - 1)
        return self.bin_of[found], np.zeros(len(times))


def build_smoother(sample: SortedTrial, landmark: float, bandwidth: float | None) -> Smoother:
    """Choose bins and bandwidth from the early surrogate times of both arms.

    Few distinct values (scheduled visits) are bins of their own, neighbours pooled until each holds
    subjects of both arms; otherwise a normal kernel, reflected at 0 and at the landmark.
    """
    trial = sample.trial
    early = trial.early(landmark)
    times, arms = trial.surrogate[early], trial.arm[early]
    values = np.unique(times)
    if bandwidth is None and len(values) <= FEW_VALUES:
        return _pooled(times, arms, values)
    width = rule_of_thumb(times, trial.weight[early]) if bandwidth is None else bandwidth
    wanted = np.ceil(_BINS_PER_BANDWIDTH * landmark / width) + 1.0
    points = np.linspace(0.0, landmark, int(np.clip(wanted, _LEAST_BINS, _MOST_BINS)))
    return Smoother(points, reflected_kernel(points, width), float(width))


def rule_of_thumb(times: Array, weights: Array) -> float:
    """1.06 min(sd, IQR/1.349) n^-0.26, with n the effective number of subjects."""
    n = weights.sum() ** 2 / np.sum(weights**2)
    mean = np.average(times, weights=weights)
    spread = np.sqrt(np.average((times - mean) ** 2, weights=weights) * n / max(n - 1.0, 1.0))
    order = np.argsort(times, kind="stable")
    ranks = (np.cumsum(weights[order]) - 0.5 * weights[order]) / weights.sum()
    low, high = np.interp([0.25, 0.75], ranks, times[order])
    if high > low:
        spread = min(spread, (high - low) / 1.349)
    return float(1.06 * spread * n**-0.26)


def reflected_kernel(points: Array, width: float) -> Array:
    """Normal kernel between equidistant points, its tails folded back at both ends; rows sum to 1."""
    last = points[-1]
    gaps = points[:, None] - points[None, :]
    sums = points[:, None] + points[None, :]
    density = sum(np.exp(-0.5 * (shift / width) ** 2) for shift in (gaps, sums, 2.0 * last - sums))
    # the two end points stand for half a cell
    density[:, [0, -1]] *= 0.5
    return np.asarray(density / density.sum(axis=1, keepdims=True))


def _pooled(times: Array, arms: NDArray[np.int64], values: Array) -> Pooled:
    counts = np.array([[np.sum((times == value) & (arms == k)) for k in (0, 1)] for value in values])
    bin_of = np.zeros(len(values), np.int64)
    held, current = np.zeros(2), 0
    for j, count in enumerate(counts):
        if j and np.all(held >= _LEAST_PER_BIN) and np.all(counts[j:].sum(axis=0) >= _LEAST_PER_BIN):
            current, held = current + 1, np.zeros(2)
        bin_of[j] = current
        held = held + count
    weights = counts.sum(axis=1)
    points = np.array([np.average(values[bin_of == b], weights=weights[bin_of == b]) for b in range(current + 1)])
    return Pooled(points, None, 0.0, bin_of, values)
