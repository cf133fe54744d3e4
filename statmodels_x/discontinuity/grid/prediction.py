"""The surface between the centres of the cells, without crossing a jump."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.domain import Domain
from statmodels_x.discontinuity.grid.lattice import Mask


def interpolate(
    domain: Domain, values: Array, cut: Mask, points: Array, own: NDArray[np.intp] | None = None
) -> Array:
    """Values at points: multilinear between the centres of a block of cells that no jump crosses.

    Elsewhere the value of the point's own cell is carried on linearly, with the slope towards the neighbour on
    the point's side, or, if the jump or the margin lies there, from the neighbour on the other side.

    Parameters
    ----------
    domain : Domain
    values : ndarray of shape (cells,)
    cut : ndarray of shape (edges,)
    points : ndarray of shape (m, d)
    own : ndarray of shape (m,), optional
        Cells from whose centres the values are carried on, where these are not those that the points lie in.

    Returns
    -------
    ndarray of shape (m,)
        NaN outside of the grid.
    """
    lattice = domain.lattice
    cell = domain.cell_of(points)
    own = np.maximum(cell, 0) if own is None else own
    offsets = _offsets(domain, own, points)
    side = np.where(offsets >= 0.0, 1, -1)
    result = values[own].astype(float)
    inside = np.ones(len(points), bool)
    for axis in range(lattice.n_axes):
        toward, open_toward = _neighbour(domain, cut, own, axis, side[:, axis])
        away, open_away = _neighbour(domain, cut, own, axis, -side[:, axis])
        slope = np.where(open_toward, values[toward] - values[own], 0.0)
        slope = np.where(~open_toward & open_away, values[own] - values[away], slope)
        result += np.abs(offsets[:, axis]) * slope
        inside &= open_toward
    whole, block_values = _block(domain, cut, own, side, values)
    weights = np.ones((len(points), 1))
    for axis in range(lattice.n_axes):
        part = np.abs(offsets[:, axis])[:, None]
        weights = np.concatenate([weights * (1.0 - part), weights * part], axis=1)
    result = np.where(inside & whole, (weights * block_values).sum(1), result)
    return np.where(cell < 0, np.nan, result)


def _offsets(domain: Domain, cell: NDArray[np.intp], points: Array) -> Array:
    """Distance from the centre of the cell in units of the distance to the next centre."""
    place = np.array(np.unravel_index(cell, domain.shape))
    result = np.empty(points.shape)
    for axis, centre in enumerate(domain.centres):
        gap = points[:, axis] - centre[place[axis]]
        step = np.diff(centre)
        above = step[np.minimum(place[axis], len(step) - 1)]
        below = step[np.maximum(place[axis] - 1, 0)]
        result[:, axis] = gap / np.where(gap >= 0.0, above, below)
    return result


def _neighbour(
    domain: Domain, cut: Mask, cell: NDArray[np.intp], axis: int, side: NDArray[np.int64]
) -> tuple[NDArray[np.intp], Mask]:
    """Find the neighbours on one side of an axis (a cell itself at the margin), and whether no jump lies between."""
    lattice = domain.lattice
    place = np.unravel_index(cell, domain.shape)[axis]
    there = (place + side >= 0) & (place + side < domain.shape[axis])
    other = np.where(there, cell + side * lattice.strides[axis], cell)
    edge = lattice.edge_from[axis, np.minimum(cell, other)]
    return other, there & ~cut[np.maximum(edge, 0)]


def _block(
    domain: Domain, cut: Mask, cell: NDArray[np.intp], side: NDArray[np.int64], values: Array
) -> tuple[Mask, Array]:
    """Whether no edge of the block on the point's side is cut, and the values at its corners."""
    corners = cell[:, None]
    whole = np.ones(len(cell), bool)
    for axis in range(domain.lattice.n_axes):
        moved = []
        for k in range(corners.shape[1]):
            other, is_open = _neighbour(domain, cut, corners[:, k], axis, side[:, axis])
            whole &= is_open
            moved.append(other)
        corners = np.column_stack([corners, *moved])
    for axis in range(domain.lattice.n_axes):  # the edges between corners that the walk above did not take
        bit = 1 << axis
        for k in range(corners.shape[1]):
            if not k & bit:
                whole &= _neighbour(domain, cut, corners[:, k], axis, side[:, axis])[1]
    return whole, values[corners]
