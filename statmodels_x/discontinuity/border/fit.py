"""From points to a border: proposals, search, rivals; and the gain for the test of no jump."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from statmodels_x.discontinuity.border import rivals
from statmodels_x.discontinuity.border.large import LargeSearch, search_of
from statmodels_x.discontinuity.border.model import Border, Price
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.border.proposals import Proposed, Ridges, borders, partitions
from statmodels_x.discontinuity.border.search import COARSE, Scored, Search
from statmodels_x.discontinuity.border.tracing import traced

_REDRAWN = 6
_REFINED = 2
_ADDED, _FEWEST_ADDED = 8, 4
_WORTH_ADDING = 10.0  # the best of several tries
_UNITED = 4
_WORTH_UNITING = 3.0
_COURSES_DRAWN, _COURSES_RESHAPED = 8, 2  # of each filter
_FAR_BELOW = 15.0
_NEAR = 15.0  # cost beyond that of the best refined border at which finishing another is worth while


@dataclass(frozen=True, eq=False)
class Found:
    """What came of a search.

    Attributes
    ----------
    best : Scored
        The border that is reported; empty, with a cost of 0, where none gains enough.
    first_gain : float
        Net gain of the best proposal of :func:`begin`; minus infinity without proposals.
    gain : float
        Net gain of the best border after the search, reported or not.
    crease : float
        Net gain of the best surface with creases instead of jumps.
    smooth : tuple of float
        Smoothing precision and deviance of the surface without a border.
    search : Search
    """

    best: Scored
    first_gain: float
    gain: float
    crease: float
    smooth: tuple[float, float]
    search: Search = field(repr=False)


def begin(data: PointData, price: Price) -> tuple[Search, list[Scored], list[Ridges]]:
    """Score the filters' proposals and the courses along one filter's ridges; also the ridges of the others.

    The lowest cost comes first. That is what the test of no jump looks at: the further courses take as long again.
    """
    proposed = borders(data)
    search = search_of(data, price, proposed.strongest)
    return search, _own_first(search, proposed), proposed.ridges[1:]


def _own_first(search: Search, proposed: Proposed) -> list[Scored]:
    own = _drawn_courses(search, proposed.ridges[:1])
    return _ranked([*_first(search, proposed.borders), *_reshaped(search, own)])


def _first(search: Search, proposed: Sequence[Border], most: int = _REDRAWN) -> list[Scored]:
    scored = [first_scored(search, one) for one in proposed if one.cut.any()]
    scored.sort(key=lambda one: one.cost)
    most = _REFINED if search.is_costly else most
    drawn = _different([search.redraw(one, 1.0) for one in scored[:most]])
    return _ranked([search.prune(one) for one in drawn])


def _drawn_courses(search: Search, ridges: Sequence[Ridges]) -> list[Scored]:
    """Score the whole courses along ridges, and redraw the best; none where a score takes long."""
    if not search.moves_stretches:
        return []
    courses = {one.key: one for found in ridges for one in traced(search.corners, found)}
    t = search.t0 + 1.0
    scored = sorted((search.score(one, t) for one in courses.values()), key=lambda one: one.cost)
    drawn = [search.redraw(one, 1.0) for one in scored[: _COURSES_DRAWN * len(ridges)]]
    return _ranked(drawn)[: _COURSES_RESHAPED * len(ridges)]


def _reshaped(search: Search, drawn: Sequence[Scored]) -> list[Scored]:
    """Reshape coarsely, and prune."""
    shaped = [search.settle(search.reshape(search.settle(one), COARSE)) for one in drawn]
    return [search.prune(one) for one in shaped]


def first_scored(search: Search, one: Border) -> Scored:
    """Score a proposal."""
    return (
        search.first_score(one)
        if isinstance(search, LargeSearch)
        else search.score(one, around=search.t0 + 1.0)
    )


def _different(scored: list[Scored]) -> list[Scored]:
    return list({one.border.key: one for one in scored}.values())


def _ranked(scored: list[Scored]) -> list[Scored]:
    return sorted(_different(scored), key=lambda one: one.cost)


def gain_reaching(data: PointData, price: Price, level: float) -> float:
    """First gain of a set of points; a smaller number, and less work, where every proposal is far below a level.

    Redrawing and pruning seldom double what a proposal gains before it has paid its price, and reshaping seldom adds
    more than half of the level and a little to what a course gains.
    """
    proposed = borders(data)
    search = search_of(data, price, proposed.strongest)
    raw = [search.smooth - search.model(one).deviance(search.t0 + 1.0) for one in proposed.borders]
    if max(raw, default=-np.inf) >= 0.5 * level:
        return first_gain(_own_first(search, proposed))
    drawn = _drawn_courses(search, proposed.ridges[:1])
    near = [one for one in drawn if -one.cost >= 0.5 * level - _FAR_BELOW]
    return max(first_gain(_reshaped(search, near)), max(raw, default=-np.inf))


def more_telling(every: Sequence[PointData], price: Price) -> int:
    """Which reading of the same pixels gains most by the best proposal, drawn anew once; the first without any."""
    costs = []
    for data in every:
        proposed = borders(data)
        search = search_of(data, price, proposed.strongest)
        scored = [first_scored(search, one) for one in proposed.borders]
        best = min(scored, key=lambda one: one.cost, default=None)
        # deviances of the surfaces without a border are the same under all readings
        costs.append(np.inf if best is None else search.redraw(best, 1.0).cost)
    return int(np.argmin(costs))


def first_gain(first: Sequence[Scored]) -> float:
    """Net gain before the search proper."""
    return max((-one.cost for one in first), default=-np.inf)


def find_border(data: PointData, price: Price, more: Sequence[Border] = ()) -> Found:
    """Find the border of a set of points, or none.

    Parameters
    ----------
    data : PointData
    price : Price
    more : sequence of Border
        Proposals from elsewhere.

    Returns
    -------
    Found
    """
    search, first, ridges = begin(data, price)
    own = first_gain(first)
    further = [*_reshaped(search, _drawn_courses(search, ridges)), *_first(search, more, _REFINED)]
    # of an image a region is found that is weak beside each pixel; over scattered points its rivals tell it as well
    regions = _first(search, partitions(data), _REFINED) if data.pixels and not search.is_costly else []
    first = _ranked([*first, *further, *regions])
    none = Scored(search.none, 0.0, search.t0)
    most = 1 if search.is_costly else _REFINED
    refined = sorted((search.refine(one) for one in first[:most]), key=lambda one: one.cost)
    if refined:
        best = _with_more(search, refined[0], first)  # stays the one of least cost
        refined[0] = united(search, best, [*refined[1:], *first[:_UNITED]])
    gain = -refined[0].cost if refined else -np.inf
    gate = rivals.gate(search)
    crease = rivals.best_crease(search) if gain > gate else 0.0
    needed = rivals.needed_gain(search, crease)
    near = [one for one in refined if -one.cost > gate and one.cost < refined[0].cost + _NEAR]
    proved = [_proved(search, one) for one in near]
    best = min((one for one in proved if one.border.cut.any()), key=lambda one: one.cost, default=none)
    best = best if -best.cost > needed else none
    return Found(best, own, gain, crease, (search.t0, search.smooth), search)


def _with_more(search: Search, now: Scored, others: Sequence[Scored]) -> Scored:
    """Add what other proposals have far from a border: of two borders a proposal often has but one whole."""
    if not search.moves_stretches or -now.cost < search.price.gate:
        return now
    before = now
    for other in others[:_ADDED]:
        beside = search.lattice.near(now.border.edges, 1)
        edges = other.border.edges
        edges = edges[~(beside[search.lattice.tail[edges]] | beside[search.lattice.head[edges]])]
        if len(edges) < _FEWEST_ADDED:
            continue
        one = search.score(now.border.plus(edges, other.border.share[edges]), around=now.t)
        one = search.settle(search.reshape(search.redraw(one, 1.0, edges), COARSE, edges))
        one = search.prune(one)
        now = one if one.cost < now.cost - _WORTH_ADDING else now
    return now if now is before else search.refine(now)


def united(search: Search, now: Scored, others: Sequence[Scored]) -> Scored:
    """Put the borders of an image that was searched from several proposals together where that gains.

    A search adds to a border at its loose ends and far away from it. A border that branches off from one is found, if
    at all, from another proposal.
    """
    if not search.data.pixels or search.is_costly or -now.cost < rivals.gate(search):
        return now
    for other in others:
        new = other.border.edges[~now.border.cut[other.border.edges]]
        if len(new) < _FEWEST_ADDED:
            continue
        both = search.score(now.border.plus(new, other.border.share[new]), around=now.t)
        both = search.prune(both)
        if both.cost < now.cost - _WORTH_UNITING:
            both = search.refine(both)
            now = both if both.cost < now.cost else now
    return now


def _proved(search: Search, now: Scored) -> Scored:
    """Finish a border, and take away what its rivals tell as well."""
    for step in (
        rivals.without_creases,
        rivals.without_idle,
        lambda search, one: search.finish(one),
        rivals.without_idle,
        rivals.without_creases,
        rivals.without_ramps,
        rivals.without_bends,
        rivals.without_roughness,
        rivals.without_frailty,
    ):
        if not now.border.cut.any():
            return now
        now = step(search, now)
    return now
