"""From points to a border: proposals, search, rivals; and the gain for the test of no jump."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from statmodels_x.discontinuity.border import rivals
from statmodels_x.discontinuity.border.large import LargeSearch, search_of
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.border.proposals import borders
from statmodels_x.discontinuity.border.search import Price, Scored, Search

_REDRAWN = 6
_REFINED = 2
_NEAR = 15.0  # cost beyond that of the best refined border at which finishing another is worth while


@dataclass(frozen=True, eq=False)
class Found:
    """What came of a search.

    Attributes
    ----------
    best : Scored
        The border that is reported; empty, with a cost of 0, where none gains enough.
    first_gain : float
        Net gain of the filters' best proposal once redrawn and pruned; minus infinity without proposals.
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


def begin(data: PointData, price: Price) -> tuple[Search, list[Scored]]:
    """Score the proposals of the filters, redraw and prune the best; lowest cost first."""
    proposed, ridges = borders(data)
    search = search_of(data, price, ridges)
    return search, _first(search, proposed)


def _first(search: Search, proposed: Sequence[Border]) -> list[Scored]:
    scored = [first_scored(search, one) for one in proposed if one.cut.any()]
    scored.sort(key=lambda one: one.cost)
    most = _REFINED if search.is_costly else _REDRAWN
    drawn = _different([search.redraw(one, 1.0) for one in scored[:most]])
    first = [search.prune(one) for one in drawn]
    return sorted(_different(first), key=lambda one: one.cost)


def first_scored(search: Search, one: Border) -> Scored:
    """Score a proposal."""
    return (
        search.first_score(one)
        if isinstance(search, LargeSearch)
        else search.score(one, around=search.t0 + 1.0)
    )


def _different(scored: list[Scored]) -> list[Scored]:
    return list({one.border.key: one for one in scored}.values())


def gain_reaching(data: PointData, price: Price, level: float) -> float:
    """First gain of a set of points; a smaller number, and less work, where every proposal is far below a level.

    Redrawing and pruning seldom double what a proposal gains before it has paid its price.
    """
    proposed, ridges = borders(data)
    search = search_of(data, price, ridges)
    raw = max(
        (search.smooth - search.model(one).deviance(search.t0 + 1.0) for one in proposed), default=-np.inf
    )
    return raw if raw < 0.5 * level else first_gain(_first(search, proposed))


def more_telling(every: Sequence[PointData], price: Price) -> int:
    """Which reading of the same pixels gains most by the best proposal, drawn anew once; the first without any."""
    costs = []
    for data in every:
        proposed, ridges = borders(data)
        search = search_of(data, price, ridges)
        scored = [first_scored(search, one) for one in proposed]
        best = min(scored, key=lambda one: one.cost, default=None)
        # deviances of the surfaces without a border are the same under all readings
        costs.append(np.inf if best is None else search.redraw(best, 1.0).cost)
    return int(np.argmin(costs))


def first_gain(first: list[Scored]) -> float:
    """Net gain before the search proper."""
    return -first[0].cost if first else -np.inf


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
    search, first = begin(data, price)
    own = first_gain(first)
    if more:
        first = sorted(_different([*first, *_first(search, more)]), key=lambda one: one.cost)
    none = Scored(search.none, 0.0, search.t0)
    most = 1 if search.is_costly else _REFINED
    refined = sorted((search.refine(one) for one in first[:most]), key=lambda one: one.cost)
    gain = -refined[0].cost if refined else -np.inf
    crease = rivals.best_crease(search) if gain > price.gate else 0.0
    needed = rivals.needed_gain(search, crease)
    near = [one for one in refined if -one.cost > price.gate and one.cost < refined[0].cost + _NEAR]
    proved = [_proved(search, one) for one in near]
    best = min((one for one in proved if one.border.cut.any()), key=lambda one: one.cost, default=none)
    best = best if -best.cost > needed else none
    return Found(best, own, gain, crease, (search.t0, search.smooth), search)


def _proved(search: Search, now: Scored) -> Scored:
    """Finish a border, and take away what its rivals tell as well."""
    for step in (
        rivals.without_creases,
        lambda search, one: search.finish(one),
        rivals.without_creases,
        rivals.without_ramps,
        rivals.without_bends,
    ):
        if not now.border.cut.any():
            return now
        now = step(search, now)
    return now
