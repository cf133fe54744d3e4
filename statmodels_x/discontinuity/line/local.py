"""What single changes of a shape do to its deviance, exactly and at the cost of what they touch.

Independent errors have two filters, past and future, that meet at any point (:class:`TwoFilters`); errors with a
correlated part have passes over the whole line (:class:`WholeLine`). Both answer the same questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import (
    LEVEL_VARIANCE,
    Bend,
    Shape,
    Smoothing,
    deviance,
    kernel_arguments,
    repeats_deviance,
    single_changes,
)
from statmodels_x.discontinuity.line.scoring import bent, flipped, neighbourhood


def local(line: LineData, shape: Shape, smoothing: Smoothing) -> TwoFilters | WholeLine:
    """Prepare the questions about a shape."""
    return WholeLine(line, shape, smoothing) if smoothing.tau > 0.0 else TwoFilters(line, shape, smoothing)


class TwoFilters:
    """Past and future of every point under one shape and its parameters."""

    def __init__(
        self, line: LineData, shape: Shape, smoothing: Smoothing, level_variance: float = LEVEL_VARIANCE
    ) -> None:
        from statmodels_x.discontinuity.line.kernels.filters import both_ways

        self.line, self.shape, self.smoothing = line, shape, smoothing
        y, variance, dx, cuts, rate, _, _, level, slope = kernel_arguments(
            line, shape, smoothing, level_variance
        )
        self._series = (y, variance, dx, cuts.copy(), rate, level, slope)
        self._ahead, self._past, self._behind = _filters(line.n)
        self.deviance = both_ways(self._series, self._ahead, self._past, self._behind)

    def changes(self) -> tuple[Array, Array]:
        """Change of the deviance by each single jump and outlier; see ``single_changes``."""
        from statmodels_x.discontinuity.line.kernels.filters import all_changes

        jump, outlier = np.empty(self.line.n - 1), np.empty(self.line.n)
        flags = np.zeros(self.line.n, bool)
        flags[list(self.shape.outliers)] = True
        all_changes(self._series, flags, self._ahead, self._past, self._behind, self.deviance, jump, outlier)
        return jump, outlier

    def bent(self, bends: Sequence[Bend]) -> Array:
        """Deviance with one more bend, in the place of the jumps of its window, for each of some."""
        from statmodels_x.discontinuity.line.kernels.filters import with_bends

        first, last = (np.array(ends) for ends in zip(*((one.first, one.last) for one in bends), strict=True))
        extra = (
            3.0 * np.array([one.strength for one in bends]) / (self.line.x[last] - self.line.x[first]) ** 3
        )
        found: Array = with_bends(self._series, self._ahead, self._past, self._behind, first, last, extra)
        return found + repeats_deviance(self.line, self.smoothing)

    def moved(self, min_points: int) -> Shape:
        """Each jump at its best gap between its neighbours, from left to right."""
        from statmodels_x.discontinuity.line.kernels.filters import sweep

        series = (*self._series[:3], self.shape.cuts.copy(), *self._series[4:])
        ahead, past = self._ahead.copy(), self._past.copy()
        n_moved = sweep(series, ahead, past, self._behind, *_filters(self.line.n), min_points)
        return replace(self.shape, cuts=series[3]) if n_moved else self.shape

    def lifted(self, gap: int) -> tuple[int, int, Array, Array, Array]:
        """Without the jump at a gap: the points between its neighbours, first and last, and their filters."""
        from statmodels_x.discontinuity.line.kernels.filters import lift_out

        gaps = np.flatnonzero(self.shape.cuts)
        k = int(np.searchsorted(gaps, gap))
        low = int(gaps[k - 1]) + 1 if k > 0 else 0
        high = int(gaps[k + 1]) if k + 1 < len(gaps) else self.line.n - 1
        free = _filters(self.line.n)
        lift_out(self._series, self._ahead, self._past, self._behind, gap, low, high, *free)
        return low, high, *free

    def said_without(self, gap: int, gaps: NDArray[np.int64]) -> tuple[Array, Array]:
        """Score and information of the data about a change in other gaps, the jump at ``gap`` taken out."""
        from statmodels_x.discontinuity.line.kernels.filters import said_of_a_change

        low, high, ahead, _, behind = self.lifted(gap)
        score, info = np.empty((high - low + 1, 2)), np.empty((high - low + 1, 3))
        said_of_a_change(ahead, behind, low, high, score, info)
        return score[gaps + 1 - low], info[gaps + 1 - low]

    def moving(self, gap: int, gaps: NDArray[np.int64]) -> Array:
        """Deviance with the jump at ``gap`` in other gaps between its neighbours, up to a constant."""
        from statmodels_x.discontinuity.line.kernels.filters import jumps_at

        _, _, *free = self.lifted(gap)
        found: Array = jumps_at(self._series, *free, gaps)
        return found


class WholeLine:
    """The same questions, each answered by a pass over the whole line."""

    def __init__(
        self, line: LineData, shape: Shape, smoothing: Smoothing, level_variance: float = LEVEL_VARIANCE
    ) -> None:
        self.line, self.shape, self.smoothing = line, shape, smoothing
        self._level_variance = level_variance

    def changes(self) -> tuple[Array, Array]:
        """Change of the deviance by each single jump and outlier; see ``single_changes``."""
        return single_changes(self.line, self.shape, self.smoothing)

    def bent(self, bends: Sequence[Bend]) -> Array:
        """Deviance with one more bend, in the place of the jumps of its window, for each of some."""
        return np.array([deviance(self.line, bent(self.shape, one), self.smoothing) for one in bends])

    def moved(self, min_points: int) -> Shape:
        """Each jump at its best gap between its neighbours, from left to right."""
        shape = self.shape
        for gap in map(int, np.flatnonzero(shape.cuts)):
            without = replace(shape, cuts=flipped(shape.cuts, gap))
            change = single_changes(self.line, without, self.smoothing)[0]
            free = neighbourhood(shape.cuts, gap, min_points)
            best = int(np.argmin(np.where(free, change, np.inf)))
            if change[best] < change[gap] - 1e-9:
                shape = replace(shape, cuts=flipped(shape.cuts, gap, best))
        return shape

    def said_without(self, gap: int, gaps: NDArray[np.int64]) -> tuple[Array, Array]:
        """Score and information of the data about a change in other gaps, the jump at ``gap`` taken out."""
        from statmodels_x.discontinuity.line.kernels.recursions import smooth

        without = replace(self.shape, cuts=flipped(self.shape.cuts, gap))
        arguments = kernel_arguments(self.line, without, self.smoothing, self._level_variance)
        _, _, score, info, _ = smooth(*arguments)
        return score[gaps + 1], info[gaps + 1]

    def moving(self, gap: int, gaps: NDArray[np.int64]) -> Array:
        """Deviance with the jump at ``gap`` in other gaps between its neighbours, up to a constant."""
        without = replace(self.shape, cuts=flipped(self.shape.cuts, gap))
        return single_changes(self.line, without, self.smoothing)[0][gaps]


def _filters(n: int) -> tuple[Array, Array, Array]:
    return np.empty((n, 5)), np.empty(n), np.empty((n, 6))
