"""Whole courses along a filter's ridges: from margin to margin, and round.

Where the surface is curved the ridges fork, and their edges above a threshold are a thicket, from which pruning seldom
gets back to the one course that the points tell. The cheapest course through strong edges has no forks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.border.proposals import Ridges
from statmodels_x.discontinuity.grid.extension import Corners
from statmodels_x.discontinuity.grid.lattice import Index

_STARTS = 8
_APART = 3.0  # cells between two edges through which courses go
_STRONG = 1.5
_ROUND = 4.0  # cells across the least course that goes round


def traced(corners: Corners, found: Ridges) -> Iterator[Border]:
    """Yield the cheapest courses through a filter's strongest edges."""
    ways = _Ways(corners, 1.0 / (0.2 + found.strength**2 / 3.0) + 0.02)
    at = Border(found.strength > 0.0, found.share).crossings(corners.lattice, np.arange(found.share.size))
    starts = _starts(found.strength, at)
    courses = [ways.across(edge) for edge in starts]
    for one, other in combinations(starts, 2):
        if np.linalg.norm(at[one] - at[other]) >= _ROUND:
            courses += ways.round(one, other)
    share = np.where(found.strength > 0.0, found.share, 0.5)
    for course in courses:
        if course is not None:
            cut = np.zeros(share.size, bool)
            cut[course] = True
            yield Border(cut, share)


def _starts(strength: Array, at: Array) -> list[int]:
    """Choose the strongest edges, some cells apart."""
    chosen: list[int] = []
    for edge in np.argsort(-strength, kind="stable"):
        if strength[edge] < _STRONG or len(chosen) == _STARTS:
            break
        if not chosen or np.linalg.norm(at[chosen] - at[edge], axis=1).min() >= _APART:
            chosen.append(int(edge))
    return chosen


class _Ways:
    """The corners of a grid, and the outside as one more, joined by edges with tolls."""

    def __init__(self, corners: Corners, toll: Array) -> None:
        self._outside = len(corners.edges)
        self._ends = np.where(corners.ends < 0, self._outside, corners.ends)
        low, high = self._ends.min(1), self._ends.max(1)
        order = np.lexsort((toll, high, low))
        first = np.ones(order.size, bool)  # of two edges between the same corners the cheaper one
        first[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
        self._edges = order[first & (low[order] != high[order])]
        self._edge = {(int(low[e]), int(high[e])): int(e) for e in self._edges}
        self._toll = toll

    def across(self, edge: int) -> list[int] | None:
        """Find a course from margin to margin through an edge."""
        start, stop = (int(end) for end in self._ends[edge])
        if stop == self._outside:
            start, stop = stop, start
        first = self._path(stop, self._outside, {start} - {self._outside})
        if first is None or start == self._outside:
            return None if first is None else [edge, *first]
        second = self._path(start, self._outside, self._met(first))
        return None if second is None else [edge, *first, *second]

    def round(self, one: int, other: int) -> Iterator[list[int] | None]:
        """Find the two courses that go round through two edges."""
        a, b = (int(end) for end in self._ends[one])
        c, d = (int(end) for end in self._ends[other])
        if self._outside in (a, b, c, d) or len({a, b, c, d}) < 4:
            return
        for near, far in ((c, d), (d, c)):
            first = self._path(a, near, {b, far, self._outside})
            second = None if first is None else self._path(b, far, {*self._met(first), self._outside})
            yield None if first is None or second is None else [one, other, *first, *second]

    def _met(self, path: Iterable[int]) -> set[int]:
        return set(self._ends[list(path)].ravel().tolist()) - {self._outside}

    def _path(self, start: int, goal: int, closed: set[int]) -> list[int] | None:
        """Find the edges of the cheapest path that meets no closed corner."""
        is_open = np.ones(self._outside + 1, bool)
        is_open[list(closed)] = False
        edges: Index = self._edges[is_open[self._ends[self._edges]].all(1)]
        tail, head = self._ends[edges].astype(np.int32).T  # older versions of scipy take no other integers
        graph = csr_array((self._toll[edges], (tail, head)), (is_open.size, is_open.size))
        before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)[1]
        path, at = [], goal
        while at != start:
            previous = int(before[at])
            if previous < 0:
                return None
            path.append(self._edge[min(at, previous), max(at, previous)])
            at = previous
        return path
