"""Open chains carried on: round, from one loose end to the other, or straight to the margin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.chains import blocks_of_edges, chains
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.border.redraw import replaced
from statmodels_x.discontinuity.grid.lattice import Index, Mask

_Drawn = tuple[
    Index, Array, Mask
]  # edges of an open chain, its crossings, and which of its two ends are loose
_FEWEST_EDGES = 6
_AT_ENDS = 10  # crossings that tell the direction of an end
_MOST_TURN = 1.6 * np.pi
_VERTICES = 24
_NEAR_MARGIN = 6.0


def carried_on(data: PointData, border: Border) -> Iterator[tuple[Border, Index]]:
    """Yield borders with one open chain carried on, each with its new edges.

    Along a ridge the shortest way between the ends of an arc is its chord, which cuts off what a round shape has there,
    and where the surface is steep the ridge leaves a straight border before the margin does.
    """
    inside, margin = blocks_of_edges(data.lattice) == 2, np.array(data.lattice.shape) - 0.5
    open_ = [
        one for one in chains(data.lattice, border) if not one.closed and len(one.edges) >= _FEWEST_EDGES
    ]
    drawn = [
        (one.edges, border.crossings(data.lattice, one.edges), inside[one.edges[[0, -1]]]) for one in open_
    ]
    for old, line in (*_closed(drawn), *_to_margin(drawn, margin)):
        whole = replaced(data, border, old, line)
        new = np.flatnonzero(whole.cut & ~border.cut)
        if len(new):
            yield whole, new


def _closed(drawn: Sequence[_Drawn]) -> Iterator[tuple[Index, Array]]:
    """Chains with two loose ends, closed by the curve that leaves both in their directions."""
    for edges, line, loose in drawn:
        arc = _arc(line[-1], _leaving(line), line[0], -_leaving(line[::-1])) if loose.all() else None
        if arc is not None:
            yield edges, np.vstack([line, arc[1:]])


def _to_margin(drawn: Sequence[_Drawn], margin: Array) -> Iterator[tuple[Index, Array]]:
    """Straight lines from loose ends to a margin that is not far."""
    for edges, line, loose in drawn:
        for way, is_loose in ((line, loose[-1]), (line[::-1], loose[0])):
            ahead = _leaving(way)
            gap = _distance_along(way[-1], ahead, margin)
            if is_loose and gap < _NEAR_MARGIN:
                yield edges[:0], np.vstack([way[-1] + 1e-6 * ahead, way[-1] + (gap + 1.0) * ahead])


def _distance_along(start: Array, ahead: Array, margin: Array) -> float:
    """Distance to the margin in a direction."""
    moves = np.abs(ahead) > 1e-9
    ends = np.where(ahead > 0.0, margin, -0.5)
    return float(((ends - start)[moves] / ahead[moves]).min())


def _leaving(line: Array) -> Array:
    """Direction at the end of a curve that turns evenly: from the directions of its last chords."""
    last = line[-_AT_ENDS:]
    at = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(last, axis=0), axis=1))])
    chord = last[2:] - last[:-2]
    angle = np.unwrap(np.arctan2(chord[:, 1], chord[:, 0]))
    ahead = np.polyfit(0.5 * (at[2:] + at[:-2]) - at[-1], angle, 1)[1]
    return np.array([np.cos(ahead), np.sin(ahead)])


def _unit(way: Array) -> Array:
    return way / max(float(np.linalg.norm(way)), 1e-12)


def _arc(start: Array, leaving: Array, stop: Array, arriving: Array) -> Array | None:
    """Cubic from a point in a direction to another in a direction; of a circle's directions nearly the circle."""
    chord = stop - start
    length, way = float(np.linalg.norm(chord)), _unit(chord)
    turn = sum(float(np.arccos(np.clip(one @ way, -1.0, 1.0))) for one in (leaving, arriving))
    if length < 1e-9 or turn > _MOST_TURN:
        return None
    handle = length / 3.0 if turn < 1e-3 else length * (2.0 / 3.0) * np.tan(turn / 4.0) / np.sin(turn / 2.0)
    u = np.linspace(0.0, 1.0, _VERTICES)[:, None]
    first, last = start + handle * leaving, stop - handle * arriving
    return np.asarray(
        (1.0 - u) ** 3 * start
        + 3.0 * u * (1.0 - u) ** 2 * first
        + 3.0 * u**2 * (1.0 - u) * last
        + u**3 * stop
    )
