"""Borders of large images scored in windows: what a change does to the evidence is told by the pixels round it."""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from itertools import pairwise

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.border.points import PointData, net_of
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.kernels.banded import Factor
from statmodels_x.discontinuity.smoothing.smoother import downhill

Box = tuple[int, int, int, int]

_BLOCK = 16
_MARGIN = 7
_REMEMBERED = 24
_MOST_BLOCKS = 24
_FEW = 6
_TILE = 32
_FACTORS = (0.45, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3)
_CLEARLY = 6.0


@lru_cache(maxsize=512)
def _lattice(shape: tuple[int, int]) -> Lattice:
    return Lattice(shape)


class Windows:
    """Deviances of borders that differ from known ones in a few places.

    Parameters
    ----------
    data : PointData
        Of an image.
    """

    def __init__(self, data: PointData) -> None:
        self.data = data
        self._known: deque[tuple[Border, float, float]] = deque(maxlen=_REMEMBERED)
        self._at = np.column_stack(np.unravel_index(data.lattice.tail, data.lattice.shape))

    def remember(self, border: Border, t: float, deviance: float) -> None:
        """Take a deviance as known."""
        self._known.append((border, t, deviance))

    def deviance(self, border: Border, t: float) -> float | None:
        """Deviance of a border from that of the most similar one that is known; None where too much differs."""
        nearest = self._nearest(border, t)
        if nearest is None:
            return None
        own, value, differing = nearest
        blocks = self._blocks(differing)
        if len(differing) and not blocks:
            return None
        for edges in blocks:
            box = self._box(edges)
            after = Border(own.cut.copy(), own.share.copy())
            after.cut[edges], after.share[edges] = border.cut[edges], border.share[edges]
            value += self.within(box, after, t) - self.within(box, own, t)
            own = after
        self.remember(border, t, value)
        return value

    def _nearest(self, border: Border, t: float) -> tuple[Border, float, Index] | None:
        """Known border with the fewest differing edges, its deviance, and these; the first from the last with few."""
        best = None
        for own, s, value in reversed(self._known):
            if s != t:
                continue
            edges = np.flatnonzero(_differs(own, border))
            if best is None or len(edges) < len(best[2]):
                best = own, value, edges
            if len(best[2]) <= _FEW:
                break
        return best

    def _blocks(self, edges: Index) -> list[Index]:
        """Edges in groups that lie together; none where there are too many."""
        if not len(edges):
            return []
        at = self._at[edges]
        if np.ptp(at, axis=0).max() < _BLOCK:
            return [edges]
        key = (at // _BLOCK) @ np.array([1 << 16, 1])
        every = [edges[key == one] for one in np.unique(key)]
        return every if len(every) <= _MOST_BLOCKS else []

    def _box(self, edges: Index) -> Box:
        nx, ny = self.data.lattice.shape
        low, high = self._at[edges].min(0) - _MARGIN, self._at[edges].max(0) + _MARGIN + 2
        return max(int(low[0]), 0), min(int(high[0]), nx), max(int(low[1]), 0), min(int(high[1]), ny)

    def around(self, edges: Index) -> Box:
        """Window round edges."""
        return self._box(edges)

    def within(self, box: Box, border: Border, t: float, soft_cell: Array | None = None) -> float:
        """Deviance of the pixels of a window alone, up to what does not depend on the border."""
        from statmodels_x.discontinuity.kernels import border as kernels
        from statmodels_x.discontinuity.kernels.pixels import add_pixels, mixed_pixels

        x0, x1, y0, y1 = box
        lattice = _lattice((x1 - x0, y1 - y0))
        mine = lattice.edge_from.reshape(2, *lattice.shape)
        theirs = self.data.lattice.edge_from.reshape(2, *self.data.lattice.shape)[:, x0:x1, y0:y1]
        inside = mine >= 0
        cut, share = np.zeros(lattice.n_edges, bool), np.full(lattice.n_edges, 0.5)
        cut[mine[inside]], share[mine[inside]] = border.cut[theirs[inside]], border.share[theirs[inside]]
        net, n, ny = net_of(lattice), lattice.n_cells, lattice.shape[1]
        count, label = kernels.regions(lattice.tail, lattice.head, cut, n)
        level = (1.0 / np.bincount(label, minlength=count))[label]
        soft = np.ones(n) if soft_cell is None else soft_cell.reshape(self.data.lattice.shape)[x0:x1, y0:y1]
        width = min(2 * ny + 2, n - 1)
        rough, fixed = kernels.prior_bands(net, cut, level, soft.ravel(), np.ones(lattice.n_edges), width)
        mean, weight = (np.ascontiguousarray(one[x0:x1, y0:y1]).ravel() for one in self.data.means)
        own, right = np.zeros_like(rough), weight * mean
        own[0] = weight
        if self.data.averages:
            cells, rows = mixed_pixels(net, lattice.tail, lattice.axis, cut, share)
            own[0, cells] = right[cells] = 0.0
            add_pixels(cells, rows, mean, weight, ny, own, right)
        prior = np.exp(t) * rough + fixed
        posterior = Factor(prior + own)
        return posterior.logdet() - Factor(prior).logdet() - float(right @ posterior.solve(right))


def _differs(one: Border, other: Border) -> Mask:
    return (one.cut != other.cut) | (other.cut & (one.share != other.share))


def likelier_variance(data: PointData, border: Border, t: float) -> tuple[PointData, bool]:
    """Give the pixels the variance that the evidence asks for, if it does so clearly; and whether it does.

    Fine texture looks like noise to the differences of neighbours. The evidence is that of tiles, each by itself.
    """
    tried = [
        (*_over_tiles(data.with_variance(data.variance * factor), border, t), factor) for factor in _FACTORS
    ]
    best = min(tried)
    known = tried[_FACTORS.index(1.0)]
    if known[0] - best[0] < _CLEARLY:
        return data, False
    return data.with_variance(data.variance * best[2]), True


def _over_tiles(data: PointData, border: Border, start: float) -> tuple[float, float]:
    """Lowest deviance of the tiles over the smoothing precision, and where it is."""
    windows, (nx, ny) = Windows(data), data.lattice.shape
    tiles = [(*rows, *columns) for rows in _parts(nx) for columns in _parts(ny)]

    def deviance(t: float) -> float:
        return sum(windows.within(tile, border, t) for tile in tiles) + data.constant

    t, value, _ = downhill(deviance, start)
    return value, t


def _parts(size: int) -> list[tuple[int, int]]:
    at = np.linspace(0, size, max(1, round(size / _TILE)) + 1).round().astype(int)
    return [(int(a), int(b)) for a, b in pairwise(at)]
