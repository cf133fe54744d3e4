"""Open chains carried on round: the smooth curve from one loose end to the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.chains import Chain, blocks_of_edges, chains
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.grid.lattice import Index

_FEWEST_EDGES = 6
_AT_ENDS = 10  # crossings that tell the direction of an end
_MOST_TURN = 1.6 * np.pi
_VERTICES = 24


def closed_round(data: PointData, border: Border) -> Iterator[tuple[Border, Index]]:
    """Close each chain with two loose ends by the curve that leaves both in their directions; and what edges are new.

    Along a ridge the shortest way between the ends of an arc is its chord, which cuts off what a round shape has there.
    """
    from statmodels_x.discontinuity.kernels.border import draw_line

    inside = blocks_of_edges(data.lattice) == 2
    for chain in chains(data.lattice, border):
        if chain.closed or len(chain.edges) < _FEWEST_EDGES or not inside[chain.edges[[0, -1]]].all():
            continue
        line = _closed_line(data, border, chain)
        if line is None:
            continue
        cut, share = draw_line(data.net, line, data.lattice.n_edges)
        rest = border.without(chain.edges)
        whole = Border(rest.cut | cut, np.where(cut, share, rest.share))
        new = np.flatnonzero(whole.cut & ~border.cut)
        if len(new):
            yield whole, new


def _closed_line(data: PointData, border: Border, chain: Chain) -> Array | None:
    line = border.crossings(data.lattice, chain.edges)
    arc = _arc(line[-1], _leaving(line), line[0], -_leaving(line[::-1]))
    return None if arc is None else np.vstack([line, arc[1:]])


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
