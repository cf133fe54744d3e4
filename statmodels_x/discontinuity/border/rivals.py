"""Is it a jump? What a ramp, a crease or a bend tells as well is taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import pinvh
from scipy.special import ndtr

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.chains import Chain
from statmodels_x.discontinuity.border.large import LargeSearch
from statmodels_x.discontinuity.border.model import Border, seen
from statmodels_x.discontinuity.border.proposals import creases
from statmodels_x.discontinuity.border.redraw import Strip, strip
from statmodels_x.discontinuity.border.roughness import Roughness, Sturdiness
from statmodels_x.discontinuity.border.search import Scored, Search
from statmodels_x.discontinuity.border.sizes import contrasts
from statmodels_x.discontinuity.grid.lattice import Index, Mask
from statmodels_x.discontinuity.kernels.banded import Factor

WIDTHS = (0.0, 0.15, 0.3, 0.5, 0.8, 1.2, 1.8, 2.6)
_WIDE = 0.35
_WIDE_IN_IMAGES = 0.8  # between two pixels a step of any width below theirs looks alike
_CLEARLY = 6.0
_LEVEL = 9.0  # more, since the border was drawn where the points make a level of it
_KNOTS = 8.0
_SHIFTS = (0.0, *np.arange(-2.4, 2.5, 0.4))
_FEWEST_EDGES = 4
_ZONES = (0, 1, 3)
_SOFT_CELLS = (1.5, 3.0, 4.5, 6.0)
_SOFT_EDGES = (3.0, 6.0, 9.0, 12.0)
_CREASE_FACTORS = (4.0, 8.0, 12.0)
_BEST_CREASE_FACTORS = (4.0, 7.0, 10.0, 14.0)
_MIDDLE_FACTOR = 7.0
_CREASES = 4
_MARGIN = 20.0
_MARGIN_IN_IMAGES = 10.0
_SHARE = 0.25
_NOTICEABLE = 5.0
_IDLE = 6.0  # sum of the squared sizes along a chain in standard errors: a jump that pays its price has more
_PIXELS_OF_A_PLACE = 8.0  # so many places of a border that noise proposes


@dataclass(frozen=True)
class Transition:
    """How wide the step across a chain is: standard deviation in cells, and gain in deviance over a sharp one."""

    width: float
    gain: float


def transition(search: Search, border: Border, chain: Chain) -> Transition:
    """Profile the width of an error-function step across a chain.

    Points beside neighbouring chains are kept: a ramp is told by a staircase of parallel lines, each of which would
    hide the others. Not those beyond a step back, which would make a wide ramp of the two.
    """
    found = _profile(search, border, chain, 4.0)
    if found is None:
        return Transition(0.0, 0.0)
    d = found.distance
    smooth = [np.ones_like(d), d, d**2]
    deviance = [found.deviance([*smooth, _step(d, width)], _KNOTS) for width in WIDTHS]
    best = int(np.argmin(deviance))
    sharp = min(one for one, width in zip(deviance, WIDTHS, strict=True) if width <= _sharpest(search))
    return Transition(WIDTHS[best], sharp - deviance[best])


def _profile(search: Search, border: Border, chain: Chain, reach: float) -> Strip | None:
    if len(chain.edges) < _FEWEST_EDGES:
        return None
    return strip(search.data, border, chain, reach, False, _same_way(search, border, chain))


def _same_way(search: Search, border: Border, chain: Chain) -> Mask | None:
    """Points of the two regions of a chain, and of those beyond towards which the surface steps on, not back."""
    from statmodels_x.discontinuity.kernels.border import regions

    lattice, data = search.lattice, search.data
    count, label = regions(lattice.tail, lattice.head, border.cut, lattice.n_cells)
    tail, head = label[lattice.tail], label[lattice.head]
    own = chain.edges[tail[chain.edges] != head[chain.edges]]
    if count < 3 or not len(own):
        return None
    mean, weight = (one.ravel() for one in data.means)
    told = border.edges[(weight[lattice.tail] * weight[lattice.head])[border.edges] > 0.0]
    steps = np.zeros((count, count))
    np.add.at(steps, (tail[told], head[told]), mean[lattice.head[told]] - mean[lattice.tail[told]])
    steps -= steps.T
    low, high = tail[own[0]], head[own[0]]
    way = np.sign(steps[low, high])
    kept = np.minimum(way * steps[high], -way * steps[low]) >= 0.0
    kept[[low, high]] = True
    return np.asarray(kept[label[seen(lattice, border, data.cloud.place)]])


def _sharpest(search: Search) -> float:
    """Width up to which a step counts as sharp, and further ones are compared with the best of these."""
    return _WIDE_IN_IMAGES if search.data.pixels else 0.0


def level_gain(search: Search, border: Border, chain: Chain) -> float:
    """Gain of a change of level on top of a change of slope, which may lie elsewhere, less its price."""
    found = _profile(search, border, chain, 5.0)
    if found is None:
        return 0.0
    steps = [_step(found.distance, width) for width in WIDTHS if width <= _sharpest(search)]
    without = jumping = np.inf
    for shift in _SHIFTS:
        bent = _bent(found, shift)
        without = min(without, found.deviance(bent, _KNOTS))
        jumping = min(jumping, *(found.deviance([*bent, step], _KNOTS) for step in steps))
    return without - jumping - found.knots(_KNOTS) - _LEVEL


def _step(d: Array, width: float) -> Array:
    """Step at 0 with an error function of some width."""
    return np.asarray(ndtr(d / width)) if width else (d > 0.0).astype(float)


def _bent(found: Strip, shift: float) -> list[Array]:
    d = found.distance - shift
    return [np.ones_like(d), np.maximum(d, 0.0), np.minimum(d, 0.0), d**2]


def without_ramps(search: Search, now: Scored) -> Scored:
    """Take away chains that are wide ramps or mere creases, the clearest first."""
    for _ in range(6):
        clear: list[tuple[float, Index]] = []
        for chain in search.chains(now.border):
            wide = transition(search, now.border, chain)
            if level_gain(search, now.border, chain) < 0.0:
                clear.append((np.inf, chain.edges))
            elif wide.width > max(_WIDE, _sharpest(search)) and wide.gain > _CLEARLY:
                clear.append((wide.gain, chain.edges))
        if not clear:
            return now
        now = _shorter(search, now, max(clear, key=lambda one: one[0])[1])
        if not now.border.cut.any():
            return now
    return now


def _shorter(search: Search, now: Scored, edges: Index) -> Scored:
    fewer = now.border.without(edges)
    if not fewer.cut.any():
        return Scored(search.none, 0.0, search.t0)
    return search.prune(search.score(fewer, around=now.t))


def _parts(search: Search, border: Border) -> list[Index]:
    """Return the whole border, and each of its segments."""
    count, label = search.lattice.segments(border.cut)
    return [border.edges, *(border.edges[label == k] for k in range(count) if count > 1)]


def without_bends(search: Search, now: Scored) -> Scored:
    """Take away segments that a surface which is softer round them, but whole, tells better."""
    return _without(search, now, lambda one: lambda edges: _softer_cost(search, one, edges) - one.cost)


def without_roughness(search: Search, now: Scored) -> Scored:
    """Take away segments of an image that a whole surface, rough in some places and smooth in others, tells better."""
    if not search.data.pixels:
        return now
    return _without(search, now, lambda one: Roughness.of(search, one).gain)


def without_frailty(search: Search, now: Scored) -> Scored:
    """Take away segments of an image that rest on a few outliers, or all if the whole border does."""
    if not search.data.pixels:
        return now
    return _without(search, now, lambda one: Sturdiness.of(search, one).gain, gate(search))


def _without(
    search: Search, now: Scored, gains: Callable[[Scored], Callable[[Index], float]], margin: float = _MARGIN_IN_IMAGES
) -> Scored:  # fmt: skip
    """Take away what gains nothing over a rival, and the whole border of an image if it does not gain clearly more.

    Segments go first: what is left of a border may be clear. Of a large image several are looked at one by one only.
    """
    in_image, in_windows = bool(search.data.pixels), isinstance(search, LargeSearch)
    while now.border.cut.any():
        gain = gains(now)
        whole, *segments = _parts(search, now.border)
        told = [gain(edges) for edges in segments]
        if not in_image:
            told, segments = [*told, gain(whole)], [*segments, whole]
        if told and min(told) < 0.0:
            now = _shorter(search, now, segments[int(np.argmin(told))])
        elif in_image and not (in_windows and segments) and gain(whole) < margin:
            now = _shorter(search, now, whole)
        else:
            return now
    return now


def _softer_cost(search: Search, now: Scored, edges: Index) -> float:
    """Cost of the best surface that is softer round some edges instead of jumping there."""
    fewer = now.border.without(edges)
    price = search.price_of(fewer)
    if isinstance(search, LargeSearch):
        if len(edges) == len(now.border.edges) and search.lattice.segments(now.border.cut)[0] > 1:
            return np.inf  # its segments are looked at one by one
        gains = [search.softer_gain(now, fewer, edges, soft) for soft, _ in _softer(search, edges)]
        return now.cost - max(gains) + price - search.price_of(now.border)
    return min(
        search.model(fewer, *soft).deviance(now.t + step) + price - search.smooth
        for soft in _softer(search, edges)
        for step in (-0.75, 0.0, 0.75)
    )


def _softer(search: Search, edges: Index) -> Iterator[tuple[Array | None, Array | None]]:
    in_image = bool(search.data.pixels)
    for steps in _ZONES:
        zone = search.lattice.near(edges, steps)
        for factor in _SOFT_CELLS:
            yield np.where(zone, np.exp(-factor), 1.0), None
    for factor in () if in_image else _SOFT_EDGES:
        soft = np.ones(search.lattice.n_edges)
        soft[edges] = np.exp(-factor)
        yield None, soft


def without_creases(search: Search, now: Scored) -> Scored:
    """Take away segments where a crease tells as much as the jump, at the price of the jump.

    Not in images: with one value a node, a surface that may crease between two nodes is one that may jump there.
    """
    lattice = search.lattice
    while now.border.cut.any() and not search.data.pixels:
        best, at = now.cost, None
        price = search.price_of(now.border)
        for edges in _parts(search, now.border):
            fewer = now.border.without(edges)
            for mask in _across(search, edges):
                for factor in _CREASE_FACTORS:
                    soft = np.ones(lattice.n_edges)
                    soft[mask] = np.exp(-factor)
                    cost = search.model(fewer, None, soft).best(now.t)[1] + price - search.smooth
                    if cost < best:
                        best, at = cost, edges
        if at is None:
            return now
        now = _shorter(search, now, at)
    return now


def _across(search: Search, edges: Index | Mask) -> tuple[Index | Mask, Mask]:
    """Edges, and all edges between the cells at their ends."""
    cells = search.lattice.near(edges)
    return edges, cells[search.lattice.tail] & cells[search.lattice.head]


def without_idle(search: Search, now: Scored) -> Scored:
    """Take away chains across which nothing jumps: they only help to draw the corner at which they end."""
    if isinstance(search, LargeSearch):
        return now
    lattice, border, model = search.lattice, now.border, search.model(now.border)
    before, behind = contrasts(lattice, border, border.crossings(lattice), border.edges)
    precision, _, right = model.bands(now.t)
    factor, rows = Factor(precision), behind - before
    size, covariance = rows @ factor.solve(right), rows @ factor.solve(rows.T)
    idle = []
    for chain in search.chains(border):
        own = np.searchsorted(border.edges, chain.edges)
        inverse = pinvh(covariance[np.ix_(own, own)], rtol=1e-6)
        if size[own] @ inverse @ size[own] < _IDLE:
            idle.append(chain.edges)
    if not idle or sum(map(len, idle)) >= len(border.edges):
        return now
    return search.settle(search.score(border.without(np.concatenate(idle)), now.t))


def best_crease(search: Search) -> float:
    """Net gain of the best surface with creases and without a jump: all proposals coarsely, the best ones closely.

    0 for large images, of which each segment is compared with a surface that is softer round it.
    """
    if isinstance(search, LargeSearch):
        return 0.0
    masks = [(mask, edges) for edges in creases(search.data) for mask in _across(search, edges)]
    coarse = sorted((_crease_cost(search, *one, (_MIDDLE_FACTOR,), False), k) for k, one in enumerate(masks))
    close = (_crease_cost(search, *masks[k], _BEST_CREASE_FACTORS, True) for _, k in coarse[:_CREASES])
    return -min(close, default=0.0)


def _crease_cost(
    search: Search, mask: Index | Mask, edges: Mask, factors: tuple[float, ...], closely: bool
) -> float:  # fmt: skip
    price = search.price.length * np.count_nonzero(edges)
    price += search.price.part * search.lattice.segments(edges)[0]
    best, t = np.inf, search.t0 + 2.0
    for factor in factors:
        soft = np.ones(search.lattice.n_edges)
        soft[mask] = np.exp(-factor)
        model = search.model(search.none, None, soft)
        best = min(best, model.best(t)[1] if closely else model.deviance(t))
    return best - search.smooth + price


def gate(search: Search) -> float:
    """Gain over no border at all: more in an image, the more places it has in which noise can look like a border.

    A pixel has no spread of its own to tell its noise by, so that a short line between a few pixels may gain by noise.
    """
    places = np.count_nonzero(search.data.weight) / _PIXELS_OF_A_PLACE
    return search.price.gate + (2.0 * max(0.0, np.log(places)) if search.data.pixels else 0.0)


def needed_gain(search: Search, crease: float) -> float:
    """Gain that a border must have: that of the gate, and clearly more than that of creases.

    A crease between the nodes is told better by a jump than by a surface that is soft there, in proportion. With one
    value in each cell a surface that is soft between two pixels can be as steep as a jump, and gains nearly as much:
    there the margin must not grow with the jump.
    """
    if crease <= _NOTICEABLE:
        return gate(search)
    margin = _MARGIN_IN_IMAGES if search.data.pixels else max(_MARGIN, _SHARE * crease)
    return max(gate(search), crease + margin)
