"""Borders improved one move at a time, as long as evidence less price gains."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.chains import Chain, chains
from statmodels_x.discontinuity.border.local import Neighbourhood
from statmodels_x.discontinuity.border.model import Border, BorderModel, Price, PriorCache
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.border.proposals import Ridges
from statmodels_x.discontinuity.border.redraw import redrawn
from statmodels_x.discontinuity.border.reshaping import Course, course_of
from statmodels_x.discontinuity.border.rounding import carried_on
from statmodels_x.discontinuity.grid.extension import Corners
from statmodels_x.discontinuity.grid.jumps import groups
from statmodels_x.discontinuity.grid.lattice import Index
from statmodels_x.discontinuity.smoothing.smoother import ALIKE

Moves = tuple[tuple[float, float], ...]

_ROUNDS = 4
_END_PIECES = (1, 2, 4, 8, 16)
_CHOICE = 2.0 * float(np.log(3.0))  # an edge that closes nothing was chosen among three
_GAP_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
_MOST_ENDS = 16
_MOST_WAYS = 6  # of joining them that are drawn anew
_LONGEST_JOIN = 30
_WORTH_JOINING, _WORTH_ROUNDING = 60.0, 150.0
_FEW_CELLS = 4
_WORTH_MORE = 10.0  # gain beyond which loose ends are joined far away where that takes long
_MOST_WORK = 5e6
_ROUNDING = 0.1  # deviance by which a score near by may be off before its covariances are found anew
_STIFF = 15.0  # smoothing precision beyond which rounding would decide between covariances
_STIFFER, _STIFFEST = (0.0, 3.0, 6.0), 22.0
COARSE = ((6.0, 0.6),)  # stretches moved across: widths in vertices, steps in cells
_FINER: tuple[Moves, ...] = (((6.0, 0.6),), ((6.0, 0.3), (3.0, 0.3)))
_IRONS = (2.0, 5.0, 12.0)  # vertices over which a chain is smoothed
_FAR_OFF = 30.0  # cost beyond that of the border at hand at which no other smoothing precision is tried


@dataclass(frozen=True, eq=False)
class Scored:
    """A border with its cost, the deviance and price beyond the surface without one, and smoothing precision."""

    border: Border = field(repr=False)
    cost: float
    t: float


class Trials:
    """Borders that differ little from the one at hand, scored at its smoothing precision.

    Parameters
    ----------
    search : Search
    now : Scored
        The border at hand.
    steps : int
        Cells beside the cut edges that changes may touch; beyond, scores take longer.
    edges : ndarray of int, optional
        The cut edges beside which changes are likely; all by default.
    """

    def __init__(self, search: Search, now: Scored, steps: int, edges: Index | None = None) -> None:
        self._search, self.now, self.data = search, now, search.data
        around = now.border.edges if edges is None else edges
        self._near = search.lattice.near(around, steps)
        self._price = search.price_of(now.border)
        self._known: Neighbourhood | None = None

    def score(self, border: Border) -> Scored:
        """Score a border."""
        if not self._search.has_neighbourhoods:
            return self._search.score(border, self.now.t)
        if self._known is None:
            # what a change gains between surfaces so stiff that all are alike is told by the least stiff of them
            model, t = self._search.model(self.now.border), min(self.now.t, _STIFF)
            self._known = Neighbourhood(model, t, self._near)
        change = self._known.deviance_change(border, self._search.levels(border))
        if not np.isfinite(change):
            return self._search.score(border, self.now.t)
        price = self._search.price_of(border) - self._price
        return Scored(border, self.now.cost + change + price, self.now.t)

    def take(self, scored: Scored) -> bool:
        """Take a border as the one at hand, unless it costs more once all of it is counted."""
        known = self._known
        if known is not None and scored.t == self.now.t:
            # where the surface is stiff the rounding of a score near by can be worth more than any move
            told, scored = scored, self._search.score(scored.border, scored.t)
            is_better = scored.cost < self.now.cost - 1e-9
            if abs(told.cost - scored.cost) > _ROUNDING or not is_better:
                self._known = None
            if not is_better:
                return False
            if self._known is not None and not known.move_to(
                scored.border, self._search.levels(scored.border)
            ):
                self._known = None
        else:
            self._known = None
        self._price = self._search.price_of(scored.border)
        self.now = scored
        return True


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
        self._in_vain: set[bytes] = set()  # borders whose loose ends were not joined
        self.t0, self.smooth = self.model(self.none).best()

    @property
    def is_costly(self) -> bool:
        """Whether one score takes so long that the many small moves are left out."""
        return self.lattice.n_cells * float(self.lattice.strides.max()) ** 2 > _MOST_WORK

    @property
    def moves_stretches(self) -> bool:
        """Whether courses are proposed and shifted by parts of a cell, which pixels at their middles do not show."""
        return not self.is_costly and self.data.pixels != "points"

    @property
    def has_neighbourhoods(self) -> bool:
        """Whether small changes are scored by the nodes that they touch."""
        return True

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

    def levels(self, border: Border) -> Array:
        """Weight of each cell in the mean level of its region."""
        from statmodels_x.discontinuity.kernels.border import regions

        count, label = regions(self.lattice.tail, self.lattice.head, border.cut, self.lattice.n_cells)
        return np.asarray((1.0 / np.bincount(label, minlength=count))[label])

    def score(self, border: Border, t: float | None = None, around: float | None = None) -> Scored:
        """Score a border, at a smoothing precision or at its own best."""
        model = self.model(border)
        t, value = (t, model.deviance(t)) if t is not None else model.best(around)
        return Scored(border, value - self.smooth + self.price_of(border), t)

    def settle(self, now: Scored) -> Scored:
        """Let the smoothing precision find its best again."""
        again = self.score(now.border, around=now.t)
        return again if again.cost < now.cost + ALIKE else now  # the stiffest of a plateau is no better

    def _better(self, now: Scored, borders: Iterable[Border]) -> Scored:
        """Take each border that costs less than the last one taken, at one smoothing precision."""
        for border in borders:
            trial = self.score(border, now.t)
            if trial.cost < now.cost - 1e-9:
                now = trial
        return now

    # ---- fewer edges

    def weed(self, now: Scored) -> Scored:
        """Take away all segments at once of which each gains less than its price."""
        count, label = self.lattice.segments(now.border.cut)
        if count < 2:
            return now
        trials, gone = Trials(self, now, 2), []
        for k in range(count):
            edges = now.border.edges[label == k]
            fewer = trials.score(now.border.without(edges))
            if fewer.cost < now.cost:
                gone.append(edges)
        if not gone or len(gone) == count:
            return now
        fewer = self.score(now.border.without(np.concatenate(gone)), now.t)
        return fewer if fewer.cost < now.cost else now

    def prune(self, now: Scored, beside: Index | None = None) -> Scored:
        """Take away groups between two regions, segments, chains and their ends, the smallest first.

        With ``beside`` only what comes within two cells of these edges.
        """
        now = self.weed(now) if beside is None else now
        for _ in range(_ROUNDS):
            parts = self._prunable(now.border, beside)
            trials = Trials(self, now, 2, None if beside is None or not parts else np.concatenate(parts))
            for edges in parts:
                if trials.now.border.cut[edges].all() and len(edges) < len(trials.now.border.edges):
                    fewer = self._without(trials, edges)
                    if fewer.cost < trials.now.cost - 1e-9:
                        trials.take(fewer)
            if trials.now is now:
                return now
            now = self.settle(trials.now)
        return now

    def _without(self, trials: Trials, edges: Index) -> Scored:
        fewer = trials.score(trials.now.border.without(edges))
        excess = fewer.cost - trials.now.cost
        if len(edges) <= 6 or excess < 0.0 or excess > _FAR_OFF:
            return fewer
        return self.score(fewer.border, fewer.t - 1.5)  # what is left may want a rougher surface

    def _prunable(self, border: Border, beside: Index | None) -> list[Index]:
        lattice = self.lattice
        count, label = lattice.segments(border.cut)
        parts = groups(lattice, border.cut) + [border.edges[label == k] for k in range(count)]
        for chain in chains(lattice, border):
            parts.append(chain.edges)
            if not chain.closed:
                for k in _END_PIECES:
                    if k < len(chain.edges):
                        parts += [chain.edges[:k], chain.edges[-k:]]
        if beside is not None:
            near = lattice.near(beside, 2)
            parts = [edges for edges in parts if near[lattice.tail[edges]].any()]
        # a group is often a chain, and a segment
        distinct = {np.sort(edges).tobytes(): edges for edges in parts}
        return sorted(distinct.values(), key=len)

    # ---- more edges

    def extend(self, now: Scored, most: int = 40) -> Scored:
        """Lengthen the border at its loose ends and close its gaps, the best way first."""
        for _ in range(most):
            trials = self._at_ends(now)
            if trials is None:
                return now
            ways = [(path, _CHOICE) for path in self.corners.steps(now.border.cut)]
            ways += [(path, 0.0) for path in self.corners.joins(now.border.cut)]
            tried = [
                (one.cost + price, one)
                for path, price in ways
                for one in self._longer(trials, path, price == 0.0)
            ]
            if not tried:
                return now
            cost, best = min(tried, key=lambda pair: pair[0])
            whole = self.score(best.border, best.t)  # what is told near by can be a rounding error
            if cost - best.cost + whole.cost >= now.cost:
                return now
            now = whole
        return now

    def _at_ends(self, now: Scored) -> Trials | None:
        loose = self.lattice.loose_ends(now.border.cut)
        if not len(loose):
            return None
        edges = np.unique(self.lattice.squares[loose])
        return Trials(self, now, 4, edges[now.border.cut[edges]])

    def _longer(self, trials: Trials, path: tuple[int, ...], joins: bool) -> Iterable[Scored]:
        shares = _GAP_SHARES if joins and len(path) == 1 else (0.5,)
        for share in shares:
            longer = trials.score(trials.now.border.plus(np.array(path), share))
            yield longer
            if joins and longer.cost < trials.now.cost + _FAR_OFF:
                yield self.score(
                    longer.border, longer.t + 3.0
                )  # a closed border lets the surface be smoother

    def join_far(self, now: Scored) -> Scored:
        """Join loose ends to one another or to the margin along the ridges, and redraw what comes of it."""
        for _ in range(6):
            loose = self.lattice.loose_ends(now.border.cut)
            if not 0 < len(loose) <= _MOST_ENDS or now.border.key in self._in_vain:
                return now
            paths = {tuple(np.sort(path)): path for path in self._paths(now.border, loose)}.values()
            ways = [(now.border.plus(path, self.ridges.share[path]), path) for path in paths]
            best = next(iter(self._drawn_ways(now, ways, self._joined, _WORTH_JOINING)), now)
            if best.cost >= now.cost - 1e-6 and not self.is_costly:
                # the directions of the ends are rough: what is drawn from them is judged when it is drawn anew
                ways = list(carried_on(self.data, now.border))
                best = next(iter(self._drawn_ways(now, ways, self._rounded, _WORTH_ROUNDING)), now)
            if best.cost >= now.cost - 1e-6:
                self._in_vain.add(now.border.key)
                return now
            now = best
        return now

    def _drawn_ways(
        self, now: Scored, ways: Iterable[tuple[Border, Index]], drawn: Callable[[Scored, Index], Scored], worth: float
    ) -> list[Scored]:  # fmt: skip
        """Draw the longer borders anew that begin best, each with its new edges; the best first."""
        begun = sorted(
            ((self._smoothest(border, now.t), new) for border, new in ways), key=lambda pair: pair[0].cost
        )
        worthy = [pair for pair in begun if pair[0].cost < now.cost + worth][:_MOST_WAYS]
        found = [drawn(*pair) for pair in worthy] + [one for one, _ in begun[len(worthy) :]]
        return sorted(found, key=lambda one: one.cost)

    def _joined(self, one: Scored, new: Index) -> Scored:
        one = self.redraw(self.redraw(one, 1.0, new), 0.4, new)
        # between borders that are closed the surface may be much smoother
        return min(one, self._smoothest(one.border, one.t), key=lambda two: two.cost)

    def _rounded(self, one: Scored, new: Index) -> Scored:
        return self.settle(self.prune(self.redraw(self.redraw(one, 1.0, new), 0.4), new))

    def _smoothest(self, border: Border, t: float) -> Scored:
        found = [self.score(border, min(t + step, _STIFFEST)) for step in _STIFFER]
        return min(found, key=lambda one: one.cost)

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

    def redraw(self, now: Scored, apart: float, beside: Index | None = None) -> Scored:
        """Draw each chain anew through the points along it; ``apart`` cells on either side do not shape the sides.

        With ``beside`` only the chains within two cells of these edges.
        """
        for chain in self._chains_near(now.border, beside):
            if now.border.cut[chain.edges].all():
                border = redrawn(self.data, now.border, chain, apart)
                now = now if border is None else self._better(now, [border])
        return now

    def reshape(self, now: Scored, moves: Moves, beside: Index | None = None) -> Scored:
        """Smooth each chain, or those near some edges, and move stretches of it across, the coarsest moves first."""
        if not self.moves_stretches:
            return now
        for chain in self._chains_near(now.border, beside):
            course = course_of(self.data, now.border, chain)
            if course is not None:
                trials = Trials(self, now, 3, chain.edges)
                for sd in _IRONS:
                    course = _redrawn_as(trials, course, course.ironed(sd)) or course
                for width, step in moves:
                    for centre in np.arange(0.0, len(course.line), max(1.0, 0.5 * width)):
                        course = _shifted(trials, course, float(centre), width, step)
                now = trials.now
        return now

    def _chains_near(self, border: Border, edges: Index | None) -> list[Chain]:
        """Return the chains within two cells of some edges, or all."""
        found = chains(self.lattice, border)
        if edges is None:
            return found
        near = self.lattice.near(edges, 2)
        return [one for one in found if near[self.lattice.tail[one.edges]].any()]

    def slide(self, now: Scored, step: float) -> Scored:
        """Move single crossings."""
        trials = Trials(self, now, 2)
        for edge in now.border.edges:
            for way in (-step, step):
                share = trials.now.border.share[edge] + way
                if 0.02 <= share <= 0.98 and _taken(trials, trials.now.border.plus(np.array([edge]), share)):
                    break
        return trials.now

    def flip(self, now: Scored) -> Scored:
        """Move single cells beside the border to its other side."""
        lattice, trials = self.lattice, Trials(self, now, 3)
        for cell in np.unique(np.concatenate([lattice.tail[now.border.cut], lattice.head[now.border.cut]])):
            edges = np.flatnonzero((lattice.tail == cell) | (lattice.head == cell))
            border = trials.now.border
            if not border.cut[edges].any():
                continue
            cut, share = border.cut.copy(), border.share.copy()
            cut[edges] ^= True
            share[edges] = np.where(lattice.tail[edges] == cell, 0.2, 0.8)
            if cut.any():
                _taken(trials, Border(cut, share))
        return trials.now

    # ---- all together

    def refine(self, now: Scored) -> Scored:
        """Redraw, prune, join and extend until nothing gains."""
        for k in range(_ROUNDS + 1):
            before = now.cost
            now = self.redraw(now, 1.0 if k < 2 else 0.4)
            if k < len(_FINER):
                now = self.settle(self.reshape(now, _FINER[k]))
            now = self.prune(now)
            if k > 0 and now.cost < (-_WORTH_MORE if self.is_costly else 0.0):
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
                now = self.prune(self.redraw(self.reshape(self.flip(now), _FINER[k]), 0.3))
            if now.cost < 0.0:
                now = self.extend(self.join_far(now) if k == 0 else now, 4)
            now = self.settle(now)
            if before - now.cost < 2.0:
                break
        return now

    def chains(self, border: Border) -> list[Chain]:
        """Chains of a border."""
        return chains(self.lattice, border)


def _shifted(trials: Trials, course: Course, centre: float, width: float, step: float) -> Course:
    """Shift a stretch to the side that gains, if one does."""
    for by in (step, -step):
        other = _redrawn_as(trials, course, course.shifted(centre, width, by))
        if other is not None:
            return other
    return course


def _redrawn_as(trials: Trials, course: Course, line: Array) -> Course | None:
    """Put another line in the place of a course if that gains."""
    border, other = course.drawn(trials.data, trials.now.border, line)
    return other if border.cut.any() and _taken(trials, border) else None


def _taken(trials: Trials, border: Border) -> bool:
    """Take a border if it costs less than the one at hand."""
    trial = trials.score(border)
    return trial.cost < trials.now.cost - 1e-9 and trials.take(trial)
