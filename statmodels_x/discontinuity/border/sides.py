"""A border as straight pieces in the covariates' units, and how far on which side of it points lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.chains import chains, orientation, pieces
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.border.sizes import contrasts, edge_lengths
from statmodels_x.discontinuity.grid.boundary import from_cells
from statmodels_x.discontinuity.grid.domain import Domain

_NEAREST = 1.0  # points beside a border, in units of the root of all


@dataclass(frozen=True, eq=False)
class Line:
    """Straight pieces with sides.

    Attributes
    ----------
    start, stop : ndarray of shape (m, 2)
    sign : ndarray of shape (m,)
        1 where the positive side lies to the left of the way from start to stop, -1 where to the right.
    """

    start: Array = field(repr=False)
    stop: Array = field(repr=False)
    sign: Array = field(repr=False)

    @classmethod
    def of_vertices(cls, vertices: Any) -> Line:
        """Read a polyline, or several, as a user gives them; the positive side lies to the left of the way.

        Raises
        ------
        DataError
            If it is no array of two finite columns with at least two different points.
        """
        several = isinstance(vertices, list | tuple) and len(vertices) > 0 and np.ndim(vertices[0]) == 2
        found = [_checked_vertices(one) for one in (vertices if several else [vertices])]
        start, stop = np.vstack([one[:-1] for one in found]), np.vstack([one[1:] for one in found])
        kept = np.any(start != stop, axis=1)
        return cls(start[kept], stop[kept], np.ones(np.count_nonzero(kept)))

    @classmethod
    def of_border(cls, domain: Domain, border: Border, surface: Array) -> Line:
        """Pieces of a found border, the side of each chain on which the surface is higher on average positive."""
        lattice = domain.lattice
        before, behind = contrasts(lattice, border, border.crossings(lattice), border.edges)
        size = ((behind - before) @ surface) * edge_lengths(lattice, border, domain.widths)
        higher = np.zeros(lattice.n_edges)  # 1: the head's side is the higher one
        for chain in chains(lattice, border):
            turned = orientation(lattice, border, chain)
            higher[chain.edges] = turned * (
                np.sign(turned @ size[np.searchsorted(border.edges, chain.edges)]) or 1.0
            )
        found = pieces(lattice, border)
        start, stop = from_cells(domain, found.start), from_cells(domain, found.stop)
        way = stop - start
        to_tail = -np.eye(2)[lattice.axis[found.edge]]
        tail_left = np.sign(way[:, 0] * to_tail[:, 1] - way[:, 1] * to_tail[:, 0])
        sign = -np.where(tail_left == 0.0, 1.0, tail_left) * higher[found.edge]
        kept = np.linalg.norm(way, axis=1) > 1e-9 * domain.widths.min()
        return cls(start[kept], stop[kept], sign[kept])

    @property
    def length(self) -> float:
        """Length in the covariates' units, both counted alike."""
        return float(np.linalg.norm(self.stop - self.start, axis=1).sum())

    def signed_distance(self, x: Array) -> Array:
        """Distance of points from the nearest piece, positive on the positive side.

        Returns
        -------
        ndarray of shape (n,)
            NaN for a point whose nearest point is an end of the border: it lies beyond it, on neither side.
        """
        loose = self._loose_ends()
        best, sharp = np.full(len(x), np.inf), np.zeros(len(x))
        signed, beyond = np.zeros(len(x)), np.zeros(len(x), bool)
        for k, (start, stop) in enumerate(zip(self.start, self.stop, strict=True)):
            way, offset = stop - start, x - start
            along = offset @ way / (way @ way)
            share = np.clip(along, 0.0, 1.0)
            distance = np.linalg.norm(offset - share[:, None] * way, axis=1)
            across = (way[0] * offset[:, 1] - way[1] * offset[:, 0]) / np.linalg.norm(way)
            # at a corner two pieces are equally near: the one that the point lies more squarely off tells the side
            tie = 1e-9 * (1.0 + distance)
            closer = (distance < best - tie) | ((distance < best + tie) & (np.abs(across) > sharp))
            best[closer], sharp[closer] = distance[closer], np.abs(across)[closer]
            signed[closer] = np.where(across * self.sign[k] >= 0.0, distance, -distance)[closer]
            past = (along < 0.0) & loose[k, 0] | (along > 1.0) & loose[k, 1]
            beyond[closer] = past[closer]
        return np.where(beyond, np.nan, signed)

    def _loose_ends(self) -> Array:
        """Whether each piece's start and stop belong to no other piece; shape (m, 2)."""
        ends = np.vstack([self.start, self.stop])
        unit = np.ptp(ends, axis=0).max() * 1e-9
        _, label, count = np.unique(np.rint(ends / unit), axis=0, return_inverse=True, return_counts=True)
        return (count[label.ravel()] == 1).reshape(2, -1).T


def between_sides(x: Array, positive: NDArray[np.bool_]) -> Array:
    """Signed distance of points from a border of which only the points' sides are known.

    The distance from the nearest point of the other side, less half of what the nearest such pairs are apart: the
    border runs somewhere between.
    """
    away = np.empty(len(x))
    for side in (False, True):
        away[positive == side] = KDTree(x[positive != side]).query(x[positive == side])[0]
    nearest = np.sort(away)[: max(2, round(_NEAREST * np.sqrt(len(x))))]
    half = 0.5 * float(np.median(nearest))
    distance = np.maximum(away - half, 1e-3 * half)  # a point has a side, however near
    return np.where(positive, distance, -distance)


def _checked_vertices(vertices: Any) -> Array:
    try:
        found = np.asarray(vertices, float)
    except (TypeError, ValueError) as error:
        raise DataError(f"`border` holds what is no number: {error}.") from error
    if found.ndim != 2 or found.shape[1] != 2 or not np.isfinite(found).all():
        raise DataError(
            f"`border` has the shape {found.shape}; give the vertices of a polyline in order, one finite row with "
            "two coordinates each, or a list of such arrays."
        )
    if not np.any(found[1:] != found[:-1]):
        raise DataError("`border` has no two different vertices; a line needs two points.")
    return found
