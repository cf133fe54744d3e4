"""The geometry of a boundary: its smoothed contour, its two sides, and the limits of a surface on either."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.domain import Domain
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask, links

_RADIUS = 2.0  # cells
_LEAST_SPREAD = 0.05  # squared cells
_CARRIED = 0.6  # cells by which a border is carried on at most
_SMOOTHING = 1.0
_SLOPE = 2.0 / np.sqrt(2.0 * np.pi) / _SMOOTHING  # of smoothed sides, at their contour
_WINDOW = 6
_FEWEST_EDGES = 3
_BEYOND = 1.5  # cells by which the contour may leave the cut edges; past their end it goes on without a jump


@dataclass(frozen=True)
class Limits:
    """Weights of the cells in the limits of a surface from both sides, at a point of the boundary.

    Attributes
    ----------
    place : ndarray of shape (d,)
        On the smoothed contour, in cells (the centre of the first cell is 0).
    before, behind : ndarray of shape (cells,)
        The limit from a side is the sum of these times the surface.
    normal : ndarray of shape (d,)
        From the middle of the cells used before to that of those used behind.
    """

    place: Array
    before: Array = field(repr=False)
    behind: Array = field(repr=False)
    normal: Array = field(repr=False)


def in_cells(domain: Domain, x: Array) -> Array:
    """Coordinates in units of cells, the centre of the first cell being 0."""
    start = np.array([breaks[0] for breaks in domain.breaks])
    return (x - start) / domain.widths - 0.5


def nearest_cells(place: Array) -> NDArray[np.int64]:
    """Round coordinates in cells; half-way between two cells to the higher one, in which such a point is counted."""
    below = np.floor(place)
    return np.asarray(below.astype(np.int64) + (place - below >= 0.5))


def from_cells(domain: Domain, place: Array) -> Array:
    """Inverse of :func:`in_cells`."""
    start = np.array([breaks[0] for breaks in domain.breaks])
    return (place + 0.5) * domain.widths + start


def limits(lattice: Lattice, cut: Mask, place: Array, advance: Array | None = None) -> Limits | None:
    """Find the point of the boundary nearest to a place, and how the surface is carried on to it from both sides.

    The two sides are the cells of a window nearer to one end of the nearest cut edge. Their labels, smoothed by a
    Gaussian of one cell, have a zero contour that is less ragged than the edges. The limit from a side is the
    value on the contour of a linear surface, fitted by kernel-weighted least squares to the cells of that side
    within two cells of the point.

    Parameters
    ----------
    lattice : Lattice
    cut : ndarray of shape (edges,)
    place : ndarray of shape (d,)
        In cells.
    advance : ndarray of shape (cells,), optional
        Cells by which the region of each is carried beyond the contour, near that cell.

    Returns
    -------
    Limits or None
        None if there is no boundary, or fewer than three connected edges of it, or too few cells on a side.
        "Behind" is the side further along the axis of the nearest edge.
    """
    edge = nearest_edge(lattice, cut, place)
    if edge < 0:
        return None
    window, corner = _window(lattice, edge)
    side = _sides(lattice, cut, window, edge)
    if side is None:
        return None
    smooth = gaussian_filter(side, _SMOOTHING, mode="nearest")
    if advance is not None:
        smooth += _SLOPE * side * advance.reshape(lattice.shape)[window]
    contour = _contour(smooth)
    contour = contour[_gap(contour + corner, edge_middles(lattice, cut)) <= _BEYOND]
    if not len(contour):
        return None
    at = contour[np.linalg.norm(contour - (place - corner), axis=1).argmin()]
    offset = np.argwhere(np.ones(side.shape, bool)) - at
    distance = np.linalg.norm(offset, axis=1)
    cells = np.arange(lattice.n_cells).reshape(lattice.shape)[window].ravel()
    weights, middles = [], []
    for sign in (-1.0, 1.0):
        kernel = 1.0 - (distance / _RADIUS) ** 2
        used = (side.ravel() == sign) & (kernel > 0.0)
        if advance is not None and _is_one_layer(offset[used], kernel[used]):
            kernel = 1.0 - (distance / (_RADIUS + _CARRIED)) ** 2
            used = (side.ravel() == sign) & (kernel > 0.0)
        if np.count_nonzero(used) < lattice.n_axes + 1:
            return None
        weights.append(np.zeros(lattice.n_cells))
        weights[-1][cells[used]] = _value_at_zero(offset[used], kernel[used])
        middles.append(offset[used].mean(0))
    return Limits(at + corner, weights[0], weights[1], middles[1] - middles[0])


def _is_one_layer(x: Array, weight: Array) -> bool:
    """Whether places differ so little along some way that they say next to nothing of the slope there."""
    if not len(x):
        return True
    away = x - np.average(x, axis=0, weights=weight)
    return float(np.linalg.eigvalsh((away * weight[:, None]).T @ away / weight.sum())[0]) < _LEAST_SPREAD


def _value_at_zero(x: Array, weight: Array) -> Array:
    """Return the weights of responses at x in the value at 0 of a weighted linear fit.

    Along a way in which the places do not differ the fit is level.
    """
    share = weight / weight.sum()
    middle = share @ x
    weighted = ((x - middle) * weight[:, None]).T
    slopes = np.linalg.pinv(weighted @ (x - middle), rcond=1e-9, hermitian=True) @ weighted
    return np.asarray(share - middle @ slopes)


def nearest_edge(lattice: Lattice, cut: Mask, place: Array) -> int:
    """Index of the cut edge whose middle is nearest; -1 if there is none."""
    edges = np.flatnonzero(cut)
    if not edges.size:
        return -1
    return int(edges[np.linalg.norm(edge_middles(lattice, cut) - place, axis=1).argmin()])


def edge_middles(lattice: Lattice, cut: Mask) -> Array:
    """Middles of the cut edges, in cells."""
    edges = np.flatnonzero(cut)
    middle = np.array(np.unravel_index(lattice.tail[edges], lattice.shape), float).T
    middle[np.arange(edges.size), lattice.axis[edges]] += 0.5
    return middle


def _gap(points: Array, others: Array) -> Array:
    """Distance of each point from the nearest of the others."""
    return np.asarray(KDTree(others).query(points)[0]) if len(points) else np.zeros(0)


def _window(lattice: Lattice, edge: int) -> tuple[tuple[slice, ...], Array]:
    """Cells round an edge, and the corner of the window."""
    centre = np.unravel_index(lattice.tail[edge], lattice.shape)
    low = [max(0, int(c) - _WINDOW) for c in centre]
    window = tuple(slice(a, int(c) + _WINDOW + 2) for a, c in zip(low, centre, strict=True))
    return window, np.array(low, float)


def _sides(lattice: Lattice, cut: Mask, window: tuple[slice, ...], edge: int) -> Array | None:
    """-1 and 1 on the cells of the window that are nearer to one end of an edge, on paths that no jump crosses.

    Gaps and ends of the jump set do little harm that way. None if the edge stands all but alone.
    """
    _, label = lattice.segments(cut)
    if lattice.n_axes > 1 and np.count_nonzero(label == label[np.flatnonzero(cut) == edge]) < _FEWEST_EDGES:
        return None
    cells = np.arange(lattice.n_cells).reshape(lattice.shape)[window]
    position = np.full(lattice.n_cells, -1)
    position[cells.ravel()] = np.arange(cells.size)
    kept = ~cut & (position[lattice.tail] >= 0) & (position[lattice.head] >= 0)
    # scipy < 1.15 wants short integers
    tail, head = (position[ends[kept]].astype(np.int32) for ends in (lattice.tail, lattice.head))
    graph = links(tail, head, (cells.size, cells.size))
    ends = position[[lattice.tail[edge], lattice.head[edge]]]
    distance = dijkstra(graph, directed=False, indices=ends, unweighted=True)
    reached = np.isfinite(distance).any(0)
    nearer = np.zeros(cells.size)
    first, second = np.where(np.isinf(distance), 1e9, distance)[:, reached]
    nearer[reached] = np.sign(first - second)
    return nearer.reshape(cells.shape)


def _contour(smooth: Array) -> Array:
    """Points at which a field changes sign between neighbouring cells, by linear interpolation."""
    points = []
    for axis in range(smooth.ndim):
        a = np.take(smooth, np.arange(smooth.shape[axis] - 1), axis)
        b = np.take(smooth, np.arange(1, smooth.shape[axis]), axis)
        crossing = np.argwhere((a * b <= 0.0) & (a != b)).astype(float)
        place = tuple(crossing.astype(int).T)
        crossing[:, axis] += a[place] / (a[place] - b[place])
        points.append(crossing)
    return np.vstack(points)
