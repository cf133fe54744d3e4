"""Borders improved one move at a time, as long as evidence less price gains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.chains import Chain, chains
from statmodels_x.discontinuity.border.model import Border, BorderModel, PriorCache
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.border.proposals import Ridges
from statmodels_x.discontinuity.border.redraw import redrawn
from statmodels_x.discontinuity.grid.extension import Corners
from statmodels_x.discontinuity.grid.jumps import groups
from statmodels_x.discontinuity.grid.lattice import Index

_ROUNDS = 4
_END_PIECES = (1, 2, 4, 8, 16)
_CHOICE = 2.0 * float(np.log(3.0))  # an edge that closes nothing was chosen among three
_GAP_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
_MOST_ENDS = 16
_LONGEST_JOIN = 30
_WORTH_JOINING = 60.0
_FEW_CELLS = 4
_MOST_WORK = 5e6
_STIFFER = (0.0,)


@dataclass(frozen=True)
class Price:
    """What a border must gain in deviance: by its geometry, so that turning the grid changes little.

    Attributes
    ----------
    part : float
        For each connected segment and each region beyond the first.
    end : float
        For each loose end and each fork.
    length : float
        For each cell of length.
    bending : float
        For the sum of the squared turns.
    speck : float
        For each region of fewer than four cells: a misfit of the border's shape would be told by one.
    gate : float
        Over all.
    """

    part: float
    end: float
    gate: float
    length: float = 0.2
    bending: float = 4.0
    speck: float = 30.0


PRICES = {
    "strict": Price(6.0, 4.0, 14.0),
    "balanced": Price(3.0, 2.5, 8.0),
    "sensitive": Price(1.0, 1.0, 4.0),
}


@dataclass(frozen=True, eq=False)
class Scored:
    """A border with its cost, the deviance and price beyond the surface without one, and smoothing precision."""

    border: Border = field(repr=False)
    cost: float
    t: float


class Search:
    """Moves of a border on one set of points.

    Parameters
    ----------
    data : PointData
    price : Price
    ridges : Ridges
        Along which far ends are joined.
    """

    def __init__(self, data: PointData, price: Price, ridges: Ridges) -> None:
        self.data, self.price, self.ridges = data, price, ridges
        self.lattice = data.lattice
        self.cache = PriorCache()
        self.none = Border.none(self.lattice)
        self.t0, self.smooth = self.model(self.none).best()

    @property
    def is_costly(self) -> bool:
        """Whether one score takes so long that the many small moves are left out."""
        return self.lattice.n_cells * float(self.lattice.strides.max()) ** 2 > _MOST_WORK

    @cached_property
    def corners(self) -> Corners:
        """The corners of the grid with the edges that join them."""
        return Corners(self.lattice)

    def model(
        self, border: Border, soft_cell: Array | None = None, soft_edge: Array | None = None
    ) -> BorderModel:
        """Model of a border."""
        return BorderModel(self.data, border, self.cache, soft_cell, soft_edge)

    def price_of(self, border: Border) -> float:
        """Price of a border."""
        from statmodels_x.discontinuity.kernels.border import regions, shape_of

        lattice, price = self.lattice, self.price
        parts, ends, length, bending = shape_of(
            self.data.net, lattice.squares, lattice.tail, lattice.axis, border.cut, border.share
        )
        count, label = regions(lattice.tail, lattice.head, border.cut, lattice.n_cells)
        specks = np.count_nonzero(np.bincount(label) < _FEW_CELLS)
        value = price.part * (parts + count - 1) + price.end * ends + price.length * length
        return float(value + price.bending * bending + price.speck * specks)

    def score(self, border: Border, t: float | None = None, around: float | None = None) -> Scored:
        """Score a border, at a smoothing precision or at its own best."""
        model = self.model(border)
        t, value = (t, model.deviance(t)) if t is not None else model.best(around)
        return Scored(border, value - self.smooth + self.price_of(border), t)

    def settle(self, now: Scored) -> Scored:
        """Let the smoothing precision find its best again."""
        again = self.score(now.border, around=now.t)
        return again if again.cost < now.cost else now

    def _better(self, now: Scored, borders: Iterable[Border]) -> Scored:
        """Take each border that costs less than the last one taken, at one smoothing precision."""
        for border in borders:
            trial = self.score(border, now.t)
            if trial.cost < now.cost - 1e-9:
                now = trial
        return now

    # ---- fewer edges

    def prune(self, now: Scored) -> Scored:
        """Take away groups between two regions, segments, chains and their ends, the smallest first."""
        for _ in range(_ROUNDS):
            before = now
            for edges in self._prunable(now.border):
                if not now.border.cut[edges].all() or len(edges) == len(now.border.edges):
                    continue
                fewer = now.border.without(edges)
                # what is left may want a rougher surface
                for t in (now.t, now.t - 1.5) if len(edges) > 6 else (now.t,):
                    trial = self.score(fewer, t)
                    if trial.cost < now.cost - 1e-9:
                        now = trial
                        break
            if now is before:
                return now
            now = self.settle(now)
        return now

    def _prunable(self, border: Border) -> list[Index]:
        lattice = self.lattice
        count, label = lattice.segments(border.cut)
        parts = groups(lattice, border.cut) + [border.edges[label == k] for k in range(count)]
        for chain in chains(lattice, border):
            parts.append(chain.edges)
            if not chain.closed:
                for k in _END_PIECES:
                    if k < len(chain.edges):
                        parts += [chain.edges[:k], chain.edges[-k:]]
        return sorted(parts, key=len)

    # ---- more edges

    def extend(self, now: Scored, most: int = 40) -> Scored:
        """Lengthen the border at its loose ends and close its gaps, the best way first."""
        for _ in range(most):
            ways = [(path, _CHOICE) for path in self.corners.steps(now.border.cut)]
            ways += [(path, 0.0) for path in self.corners.joins(now.border.cut)]
            tried = [
                (one.cost + price, one)
                for path, price in ways
                for one in self._longer(now, path, price == 0.0)
            ]
            if not tried:
                return now
            cost, best = min(tried, key=lambda pair: pair[0])
            if cost >= now.cost:
                return now
            now = best
        return now

    def _longer(self, now: Scored, path: tuple[int, ...], joins: bool) -> Iterable[Scored]:
        shares = _GAP_SHARES if joins and len(path) == 1 else (0.5,)
        for share in shares:
            for t in (
                (now.t, now.t + 3.0) if joins else (now.t,)
            ):  # a closed border lets the surface be smoother
                yield self.score(now.border.plus(np.array(path), share), t)

    def join_far(self, now: Scored) -> Scored:
        """Join loose ends to one another or to the margin along the ridges, and redraw what comes of it."""
        for _ in range(6):
            loose = self.lattice.loose_ends(now.border.cut)
            if not 0 < len(loose) <= _MOST_ENDS:
                return now
            found = [self._joined(now, path) for path in self._paths(now.border, loose)]
            best = min(found, key=lambda one: one.cost, default=now)
            if best.cost >= now.cost - 1e-6:
                return now
            now = best
        return now

    def _joined(self, now: Scored, path: Index) -> Scored:
        border = now.border.plus(path, self.ridges.share[path])
        # between borders that are closed the surface may be much smoother
        one = min(
            (self.score(border, min(now.t + step, 22.0)) for step in _STIFFER), key=lambda one: one.cost
        )
        if one.cost < now.cost + _WORTH_JOINING:
            one = self.redraw(self.redraw(one, 1.0), 0.4)
        return one

    def _paths(self, border: Border, loose: Index) -> Iterable[Index]:
        """Shortest paths over uncut edges from each loose end to its three nearest goals."""
        outside = len(self.lattice.squares)
        ends = np.where(self.corners.ends < 0, outside, self.corners.ends)
        toll = 1.0 / (0.4 + self.ridges.strength) + 0.05
        free = np.flatnonzero(~border.cut)
        tail, head = ends[free].astype(np.int32).T  # older versions of scipy take no other integers
        graph = csr_array((toll[free], (tail, head)), (outside + 1, outside + 1))
        between = {tuple(sorted(pair)): edge for edge, pair in zip(free, ends[free].tolist(), strict=True)}
        distance, before = dijkstra(graph, directed=False, indices=loose, return_predecessors=True)
        for k, start in enumerate(loose):
            goals = sorted([*loose[k + 1 :].tolist(), outside], key=lambda goal: distance[k, goal])[:3]
            for goal in goals:
                path: list[int] = []
                at = goal
                while at != start and before[k, at] >= 0 and len(path) <= _LONGEST_JOIN:
                    path.append(int(between[tuple(sorted((int(at), int(before[k, at]))))]))
                    at = before[k, at]
                if at == start and path:
                    yield np.array(path)

    # ---- other places

    def redraw(self, now: Scored, apart: float) -> Scored:
        """Draw each chain anew through the points along it; ``apart`` cells on either side do not shape the sides."""
        for chain in chains(self.lattice, now.border):
            if now.border.cut[chain.edges].all():
                border = redrawn(self.data, now.border, chain, apart)
                now = now if border is None else self._better(now, [border])
        return now

    def slide(self, now: Scored, step: float) -> Scored:
        """Move single crossings."""
        for edge in now.border.edges:
            for way in (-step, step):
                share = now.border.share[edge] + way
                if 0.02 <= share <= 0.98:
                    moved = self._better(now, [now.border.plus(np.array([edge]), share)])
                    if moved is not now:
                        now = moved
                        break
        return now

    def flip(self, now: Scored) -> Scored:
        """Move single cells beside the border to its other side."""
        lattice = self.lattice
        for cell in np.unique(np.concatenate([lattice.tail[now.border.cut], lattice.head[now.border.cut]])):
            edges = np.flatnonzero((lattice.tail == cell) | (lattice.head == cell))
            if not now.border.cut[edges].any():
                continue
            cut, share = now.border.cut.copy(), now.border.share.copy()
            cut[edges] ^= True
            share[edges] = np.where(lattice.tail[edges] == cell, 0.2, 0.8)
            if cut.any():
                now = self._better(now, [Border(cut, share)])
        return now

    # ---- all together

    def refine(self, now: Scored) -> Scored:
        """Redraw, prune, join and extend until nothing gains."""
        for k in range(_ROUNDS + 1):
            before = now.cost
            now = self.prune(self.redraw(now, 1.0 if k < 2 else 0.4))
            if k > 0 and now.cost < -10.0:
                now = self.extend(self.join_far(now))
            now = self.settle(now)
            if k > 1 and before - now.cost < 1.0:
                break
        return self.prune(now)

    def finish(self, now: Scored) -> Scored:
        """Slide crossings and flip cells, with the other moves between; on a large grid only redraw."""
        if self.is_costly:
            return self.settle(self.prune(self.redraw(now, 0.3)))
        for k in range(_ROUNDS):
            before = now.cost
            for _ in range(2):
                now = self.slide(now, 0.25 if k == 0 else 0.12)
            if k < 2:
                now = self.prune(self.redraw(self.flip(now), 0.3))
            if now.cost < -10.0:
                now = self.extend(self.join_far(now) if k == 0 else now, 4)
            now = self.settle(now)
            if before - now.cost < 2.0:
                break
        return now

    def chains(self, border: Border) -> list[Chain]:
        """Chains of a border."""
        return chains(self.lattice, border)
