"""A border as curves: its chains of edges in order, smoothed polylines, and pieces for lengths and pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.ndimage import gaussian_filter1d

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.grid.lattice import Index, Lattice

_SMOOTHING = 1.2  # vertices
_SPACING = 0.75  # cells
_BEYOND = 1.5
_PAD = 4


@dataclass(frozen=True)
class Chain:
    """Edges in order along the border, between loose ends, junctions or the margin; or round and round."""

    edges: Index = field(repr=False)
    closed: bool


def chains(lattice: Lattice, border: Border) -> list[Chain]:
    """Order the cut edges: two are linked where they alone meet in a block of four cells."""
    inside = border.cut[lattice.squares]
    links: dict[int, list[int]] = {int(edge): [] for edge in border.edges}
    for block in np.flatnonzero(inside.sum(1) == 2):
        a, b = (int(edge) for edge in lattice.squares[block][inside[block]])
        links[a].append(b)
        links[b].append(a)
    seen: set[int] = set()
    found = []
    for first in sorted(links, key=lambda edge: len(links[edge])):
        if first in seen:
            continue
        order = [first]
        seen.add(first)
        while True:
            further = [edge for edge in links[order[-1]] if edge not in seen]
            if not further:
                break
            order.append(further[0])
            seen.add(further[0])
        closed = len(order) > 3 and first in links[order[-1]]
        found.append(Chain(np.array(order), closed))
    return found


def polyline(lattice: Lattice, border: Border, chain: Chain) -> Array | None:
    """Smoothed curve of a chain with even spacing, carried on past the margin where the chain ends there.

    Returns
    -------
    ndarray of shape (m, 2) or None
        None for less than two cells' length.
    """
    line = border.crossings(lattice, chain.edges)
    if chain.closed:
        line = smoothed(line, _SMOOTHING, "wrap")
        line = np.vstack([line, line[:1]])
    else:
        if len(line) > _PAD:
            head = 2.0 * line[0] - line[1 : _PAD + 1][::-1]
            tail = 2.0 * line[-1] - line[-_PAD - 1 : -1][::-1]
            line = smoothed(np.vstack([head, line, tail]), _SMOOTHING, "reflect")[_PAD:-_PAD]
        line = _carried_on(lattice, chain, line)
    at = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    kept = np.concatenate([[True], np.diff(at) > 1e-9])
    line, at = line[kept], at[kept]
    if at[-1] < 2.0:
        return None
    even = np.linspace(0.0, at[-1], max(3, round(at[-1] / _SPACING) + 1))
    return np.column_stack([np.interp(even, at, line[:, k]) for k in (0, 1)])


def smoothed(line: Array, sd: float, mode: Literal["wrap", "reflect"]) -> Array:
    """Smooth a curve; what that takes off its bends, by which a small circle would shrink, is smoothed and put back."""
    once = gaussian_filter1d(line, sd, axis=0, mode=mode)
    return np.asarray(once + gaussian_filter1d(line - once, sd, axis=0, mode=mode))


def _carried_on(lattice: Lattice, chain: Chain, line: Array) -> Array:
    blocks = blocks_of_edges(lattice)
    last = len(line) - 1
    for end, inner in ((0, min(3, last)), (-1, max(last - 3, 0))):
        if blocks[chain.edges[end]] == 2:  # an edge inside the grid: the border ends there
            continue
        way = line[end] - line[inner]
        size = float(np.linalg.norm(way))
        if size < 1e-9:
            continue
        beyond = (line[end] + _BEYOND * way / size)[None]
        line = np.vstack([beyond, line]) if end == 0 else np.vstack([line, beyond])
    return line


def blocks_of_edges(lattice: Lattice) -> Index:
    """Count the blocks of four cells at each edge: two inside, one at the margin."""
    return np.bincount(lattice.squares.ravel(), minlength=lattice.n_edges)


@dataclass(frozen=True, eq=False)
class Pieces:
    """The border as straight pieces, each from the crossing of an edge to where the pieces of a block meet.

    Attributes
    ----------
    edge : ndarray of shape (m,)
    start, stop : ndarray of shape (m, 2)
        In cells.
    """

    edge: Index
    start: Array
    stop: Array


def pieces(lattice: Lattice, border: Border) -> Pieces:
    """Cut the border into pieces."""
    edge, stop = [], []
    inside = border.cut[lattice.squares]
    corner = np.column_stack(np.unravel_index(lattice.block_corners(0, 1), lattice.shape))
    for block in np.flatnonzero(inside.any(1)):
        own = lattice.squares[block][inside[block]]
        points = border.crossings(lattice, own)
        meet = points.mean(0) if len(own) > 1 else corner[block] + 0.5
        edge += own.tolist()
        stop += [meet] * len(own)
    outer = border.edges[blocks_of_edges(lattice)[border.edges] == 1]
    for one, point in zip(outer, border.crossings(lattice, outer), strict=True):
        across = 1 - lattice.axis[one]
        end = point.copy()
        end[across] += -0.5 if point[across] == 0.0 else 0.5
        edge.append(int(one))
        stop.append(end)
    edges = np.array(edge, int)
    return Pieces(edges, border.crossings(lattice, edges), np.array(stop, float).reshape(-1, 2))


def orientation(lattice: Lattice, border: Border, chain: Chain) -> Array:
    """Sign of each edge of a chain: 1 where its tail lies to the left of the way along the chain, else -1."""
    points = border.crossings(lattice, chain.edges)
    if len(points) == 1:
        return np.ones(1)
    along = np.gradient(points, axis=0)
    if chain.closed:
        along[0], along[-1] = points[1] - points[-1], points[0] - points[-2]
    axis = lattice.axis[chain.edges]
    to_tail = np.where(axis[:, None] == np.arange(2), -1.0, 0.0)
    side = along[:, 0] * to_tail[:, 1] - along[:, 1] * to_tail[:, 0]
    # where the way runs along the edge itself the neighbours decide
    weak = np.abs(side) < 1e-9
    return np.where(weak, 1.0, np.sign(side))
