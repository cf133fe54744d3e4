"""Sizes of jumps at places of the boundary: a smoothed contour, and a line fitted on each of its sides."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from statmodels_x.discontinuity.grid import Domain
from statmodels_x.discontinuity.lattice import Lattice, Mask

Array = NDArray[np.float64]

BANDWIDTH = 5.0  # cells
DONUT = 1.0  # cells on each side of the contour whose points may lie on the other side of the true boundary
_SMOOTHING = 1.0
_WINDOW = 7
_FEWEST_EDGES = 3


@dataclass(frozen=True)
class Data:
    """Observations for the fits on both sides: places in cells (the centre of the first cell is 0), y and weight."""

    place: Array = field(repr=False)
    y: Array = field(repr=False)
    weight: Array = field(repr=False)


@dataclass(frozen=True)
class JumpSize:
    """Size of the jump at one place.

    Attributes
    ----------
    place : ndarray of shape (d,)
        Where on the smoothed contour, in cells.
    size, std_error : float
        NaN if there is no boundary within reach, or too few observations on a side.
    n_low, n_high : int
        Observations used on either side.
    """

    place: Array
    size: float
    std_error: float
    n_low: int
    n_high: int


def in_cells(domain: Domain, x: Array) -> Array:
    """Coordinates in units of cells, the centre of the first cell being 0."""
    start = np.array([breaks[0] for breaks in domain.breaks])
    return (x - start) / domain.widths - 0.5


def from_cells(domain: Domain, place: Array) -> Array:
    """Inverse of :func:`in_cells`."""
    start = np.array([breaks[0] for breaks in domain.breaks])
    return (place + 0.5) * domain.widths + start


def jump_size(
    lattice: Lattice, cut: Mask, data: Data, place: Array, bandwidth: float = BANDWIDTH
) -> JumpSize:
    """Estimate the size of the jump at the point of the boundary nearest to a place.

    The two sides are the cells of a window nearer to one end of the nearest cut edge. Their labels, smoothed by a
    Gaussian of one cell, have a zero contour that is less ragged than the edges. On each side a linear surface is
    fitted to the observations by kernel-weighted least squares, leaving out those within a cell of the
    contour; the size is the difference of the two at the contour, and its standard error allows for
    unequal variances (HC2). The error of the boundary itself is not counted.

    Parameters
    ----------
    lattice : Lattice
    cut : ndarray of shape (edges,)
    data : Data
    place : ndarray of shape (d,)
        In cells.
    bandwidth : float
        Radius of the kernel in cells.

    Returns
    -------
    JumpSize
        Positive if the surface is higher on the side that lies further along the axis of the nearest edge.
    """
    none = JumpSize(place, np.nan, np.nan, 0, 0)
    edge = nearest_edge(lattice, cut, place)
    if edge < 0:
        return none
    window, corner = _window(lattice, edge)
    side = _sides(lattice, cut, window, edge)
    if side is None:
        return none
    smooth = gaussian_filter(side, _SMOOTHING, mode="nearest")
    contour = _contour(smooth)
    if not len(contour):
        return none
    local = place - corner
    at = contour[np.linalg.norm(contour - local, axis=1).argmin()]
    near = np.linalg.norm(data.place - corner - at, axis=1) < bandwidth
    points = data.place[near] - corner
    own = map_coordinates(smooth, points.T, order=1, mode="nearest")
    piece = map_coordinates(side, points.T, order=0, mode="nearest")
    distance = cKDTree(contour).query(points)[0]
    kernel = np.maximum(1.0 - (np.linalg.norm(points - at, axis=1) / bandwidth) ** 2, 0.0) * data.weight[near]
    value, variance, count = [], [], []
    for sign in (-1.0, 1.0):
        used = (sign * own > 0.0) & (sign * piece > 0.0) & (distance > DONUT) & (kernel > 0.0)
        count.append(int(np.count_nonzero(used)))
        v, s2 = _intercept(points[used] - at, data.y[near][used], kernel[used])
        value.append(v)
        variance.append(s2)
    return JumpSize(
        at + corner, value[1] - value[0], float(np.sqrt(variance[0] + variance[1])), count[0], count[1]
    )


def nearest_edge(lattice: Lattice, cut: Mask, place: Array) -> int:
    """Index of the cut edge whose middle is nearest; -1 if there is none."""
    edges = np.flatnonzero(cut)
    if not edges.size:
        return -1
    middle = np.array(np.unravel_index(lattice.tail[edges], lattice.shape), float).T
    middle[np.arange(edges.size), lattice.axis[edges]] += 0.5
    return int(edges[np.linalg.norm(middle - place, axis=1).argmin()])


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
    graph = csr_array(
        (np.ones(np.count_nonzero(kept)), (position[lattice.tail[kept]], position[lattice.head[kept]])),
        (cells.size, cells.size),
    )
    ends = position[[lattice.tail[edge], lattice.head[edge]]]
    distance = dijkstra(graph, directed=False, indices=ends, unweighted=True)
    reached = np.isfinite(distance).any(0)
    nearer = np.zeros(cells.size)
    nearer[reached] = np.sign(
        np.where(np.isinf(distance[0, reached]), 1e9, distance[0, reached])
        - np.where(np.isinf(distance[1, reached]), 1e9, distance[1, reached])
    )
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


def _intercept(x: Array, y: Array, weight: Array) -> tuple[float, float]:
    """Value at 0 of a weighted linear fit, and its HC2 variance."""
    n, d = x.shape
    if n < d + 3:
        return np.nan, np.nan
    design = np.column_stack([np.ones(n), x])
    inverse = np.linalg.pinv((design * weight[:, None]).T @ design, hermitian=True)
    influence = (inverse @ (design * weight[:, None]).T)[0]  # of each response on the value at 0
    coefficient = inverse @ (design * weight[:, None]).T @ y
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design) * weight
    residual = y - design @ coefficient
    return float(coefficient[0]), float(influence**2 @ (residual**2 / np.maximum(1.0 - leverage, 1e-3)))
