"""Sizes of the jump at the crossings, with what the border's own place adds to their errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import KDTree

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.chains import Pieces, chains, pieces
from statmodels_x.discontinuity.border.clusters import ClusteredPoints
from statmodels_x.discontinuity.border.model import Border, BorderModel, taylor_rows
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.border.redraw import courses, drawn_course, moved
from statmodels_x.discontinuity.grid.lattice import Index, Lattice

_DRAWS = 16
_APART = 0.4


def contrasts(lattice: Lattice, border: Border, places: Array, edges: Index) -> tuple[Array, Array]:
    """Rows of the limits at places from the tails and the heads of cut edges."""
    return (
        taylor_rows(lattice, border, places, lattice.tail[edges]),
        taylor_rows(lattice, border, places, lattice.head[edges]),
    )


def limits(
    data: PointData,
    border: Border,
    t: float,
    places: Array,
    edges: Index,
    clustered: ClusteredPoints | None = None,
) -> tuple[Array, Array, Array]:
    """Limits before and behind at places beside given cut edges, and the covariance of the sizes.

    Their errors are those of the surface given the border (with errors that clusters share, if they are given), and
    the spread of the sizes over borders drawn from
    the evidence along their courses.
    """
    model = BorderModel(data, border)
    before, behind = contrasts(data.lattice, border, places, edges)
    surface = model.surface(t)
    size = behind - before
    given = (
        size @ model.posterior(t).solve(size.T) if clustered is None else clustered.covariance(model, t, size)
    )
    return before @ surface, behind @ surface, given + _spread(data, border, t, edges)


def _spread(data: PointData, border: Border, t: float, edges: Index) -> Array:
    """Covariance of the sizes between drawn borders, each edge's at the nearest crossing of the same way across."""
    lattice = data.lattice
    cuts = border.edges
    normal = dict(zip(cuts.tolist(), normals(lattice, border), strict=True))
    own = np.array([normal[int(edge)] for edge in edges]).reshape(-1, 2)
    at = border.crossings(lattice, edges)
    drawn = []
    for other in drawn_borders(data, border, seed=0):
        if not other.cut.any():
            continue
        crossings = other.crossings(lattice)
        before, behind = contrasts(lattice, other, crossings, other.edges)
        size = (behind - before) @ BorderModel(data, other).surface(t)
        nearest = KDTree(crossings).query(at)[1]
        way = np.sign((normals(lattice, other)[nearest] * own).sum(1))
        drawn.append(np.where(way == 0.0, 1.0, way) * size[nearest])
    return (
        np.atleast_2d(np.cov(np.array(drawn), rowvar=False))
        if len(drawn) > 2
        else np.zeros((len(edges),) * 2)
    )


def drawn_borders(data: PointData, border: Border, seed: int) -> Iterator[Border]:
    """Borders about a border, each chain's course drawn from its costs."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(5,)))
    found = [(chain, courses(data, border, chain, _APART)) for chain in chains(data.lattice, border)]
    for _ in range(_DRAWS):
        other = border
        for chain, cost in found:
            if cost is not None:
                other = moved(data, other, chain, cost, drawn_course(cost, rng))
        yield other


def normals(lattice: Lattice, border: Border) -> Array:
    """Return the unit normal of the border at each crossing, from tail to head; shape (cut edges, 2)."""
    found = pieces(lattice, border)
    way = found.stop - found.start
    normal = np.column_stack([-way[:, 1], way[:, 0]])
    axis = lattice.axis[found.edge]
    normal *= np.where(normal[np.arange(len(axis)), axis] < 0.0, -1.0, 1.0)[:, None]
    total = np.zeros((len(border.edges), 2))
    np.add.at(total, np.searchsorted(border.edges, found.edge), normal)
    size = np.linalg.norm(total, axis=1)
    plain = (lattice.axis[border.edges][:, None] == np.arange(2)).astype(float)
    return np.where(size[:, None] > 1e-9, total / np.maximum(size, 1e-9)[:, None], plain)


def edge_lengths(lattice: Lattice, border: Border, widths: Array) -> Array:
    """Length of the border's pieces at each cut edge, in the covariates' units."""
    found = pieces(lattice, border)
    size = np.linalg.norm((found.stop - found.start) * widths, axis=1)
    return np.asarray(np.bincount(found.edge, size, lattice.n_edges), float)[border.edges]


@dataclass(frozen=True, eq=False)
class Nearest:
    """Of places: distance to the border, its nearest point, edge, and on which side: -1 for that of the edge's tail."""

    distance: Array
    point: Array = field(repr=False)
    edge: Index = field(repr=False)
    side: Array = field(repr=False)


def nearest(lattice: Lattice, border: Border, places: Array, widths: Array) -> Nearest:
    """Find the nearest points of a border; distances in the covariates' units, points in cells."""
    from statmodels_x.discontinuity.kernels.strip import nearest_pieces

    found: Pieces = pieces(lattice, border)
    way = found.stop - found.start
    axis = lattice.axis[found.edge]
    # whether the edge's tail, below its crossing along its axis, lies to the left of the piece
    left = np.where(np.where(axis == 0, way[:, 1], -way[:, 0]) < 0.0, -1.0, 1.0)
    places = np.ascontiguousarray(places, float)
    distance, foot, piece, side = nearest_pieces(places, found.start, way, np.asarray(widths, float), left)
    edge = found.edge[piece] if len(found.edge) else piece
    return Nearest(distance, foot, edge, side)
