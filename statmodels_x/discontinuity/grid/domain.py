"""Scattered points or a regular array -> cells of a grid: means, weights, units.

Each cell carries the (weighted) mean of its points and their total weight; an empty cell carries none, and says
nothing. All computation is in scaled units: responses on [0, 1], the domain's longest side 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.grid.recorded import doubted_sd

Index = NDArray[np.intp]

_POINTS_PER_CELL = 20.0
_FINE = {2: (12.0, 20), 3: (4.0, 14)}  # fewer points a cell, up to so many cells along each axis
_PLANE = 2
_FEWEST_POINTS_PER_CELL = 6.0
_FEWEST_ON_A_PLANE = 8
_MOST_ALONG = {2: 100, 3: 30}  # by default: beyond, a fit takes minutes, and more cells have to be asked for
_OUTLYING = 0.5  # how far beyond the central 98 % of the cell means a scale reaches, in their ranges


@dataclass(frozen=True)
class Domain:
    """The grid in the covariates' own units.

    Attributes
    ----------
    names : tuple of str
        Covariates, one for each axis.
    breaks : tuple of ndarray
        Boundaries of the cells along each axis.
    """

    names: tuple[str, ...]
    breaks: tuple[Array, ...] = field(repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells along each axis."""
        return tuple(len(b) - 1 for b in self.breaks)

    @cached_property
    def lattice(self) -> Lattice:
        """The cells as a graph."""
        return Lattice(self.shape)

    @cached_property
    def centres(self) -> tuple[Array, ...]:
        """Middles of the cells along each axis."""
        return tuple(0.5 * (b[1:] + b[:-1]) for b in self.breaks)

    @property
    def widths(self) -> Array:
        """Side of a cell along each axis."""
        return np.array([(b[-1] - b[0]) / (len(b) - 1) for b in self.breaks])

    def cell_of(self, points: Array) -> Index:
        """Flat index of the cell that holds each point; -1 outside of the grid.

        Parameters
        ----------
        points : ndarray of shape (m, d)
        """
        cell = np.zeros(len(points), int)
        outside = np.zeros(len(points), bool)
        for axis, (breaks, size) in enumerate(zip(self.breaks, self.shape, strict=True)):
            x = points[:, axis]
            place = np.clip(np.searchsorted(breaks, x, side="right") - 1, 0, size - 1)
            cell = cell * size + place
            outside |= ~((x >= breaks[0]) & (x <= breaks[-1]))
        return np.where(outside, -1, cell)

    def cell_centres(self) -> Array:
        """Centre of every cell, in the flat order; shape (cells, d)."""
        return np.stack([m.ravel() for m in np.meshgrid(*self.centres, indexing="ij")], axis=1)

    def edge_midpoints(self) -> Array:
        """Middle of the face between the two cells of every edge; shape (edges, d)."""
        lattice = self.lattice
        points = self.cell_centres()[lattice.tail]
        place = np.array(np.unravel_index(lattice.tail, self.shape))
        for axis, breaks in enumerate(self.breaks):
            along = lattice.axis == axis
            points[along, axis] = breaks[place[axis, along] + 1]
        return points

    def face_sizes(self) -> Array:
        """Length (area, in three dimensions) of a face across each axis; 1 on a line."""
        widths = self.widths
        return np.array([np.prod(np.delete(widths, axis)) for axis in range(len(widths))])


@dataclass(frozen=True)
class Scale:
    """Units of the response: y = low + range * scaled; see ``doubted_sd``."""

    low: float
    range: float
    doubted: float = 0.0

    def scaled(self, y: Array) -> Array:
        """Bring responses to scaled units."""
        return (y - self.low) / self.range

    def natural(self, scaled: Array) -> Array:
        """Bring scaled responses to the data's units."""
        return self.low + self.range * scaled


@dataclass(frozen=True)
class Points:
    """Scattered observations: covariates (n, d), responses and weights (n,)."""

    x: Array = field(repr=False)
    y: Array = field(repr=False)
    weight: Array = field(repr=False)

    def take(self, rows: NDArray) -> Points:
        """Return some of the points."""
        return Points(self.x[rows], self.y[rows], self.weight[rows])


@dataclass(frozen=True)
class Cells:
    """What the data say of each cell, in the data's units.

    Attributes
    ----------
    domain : Domain
    mean : ndarray of shape (cells,)
        Weighted mean of the responses; 0 in an empty cell.
    weight : ndarray of shape (cells,)
        Sum of the weights; 0 for an empty cell.
    count : ndarray of shape (cells,)
        Number of points.
    variance : ndarray of shape (cells,)
        Within-cell variance of a point of weight 1, about the slope that the cells on both sides show; NaN
        where a cell has fewer than two points.
    scale : Scale
    """

    domain: Domain
    mean: Array = field(repr=False)
    weight: Array = field(repr=False)
    count: NDArray[Any] = field(repr=False)
    variance: Array = field(repr=False)
    scale: Scale

    @property
    def lattice(self) -> Lattice:
        """The cells as a graph."""
        return self.domain.lattice

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Cells with data."""
        return self.weight > 0.0

    @cached_property
    def f(self) -> Array:
        """Scaled means; one half in an empty cell."""
        return np.where(self.filled, self.scale.scaled(self.mean), 0.5)

    @cached_property
    def relative_weight(self) -> Array:
        """Weights over their mean, empty cells included."""
        return self.weight / self.weight.mean()


def default_resolution(n: int, d: int, distinct: list[int]) -> tuple[int, ...]:
    """About 20 points a cell, the same number of cells along every axis, no more than distinct values.

    Over two axes about 12 points a cell up to 20 cells along each, over three about 4 up to 14: of the same points a
    finer grid finds more of a border, and follows its bends, at a time that only matters on large grids. Over two axes
    eight cells along each, as long as six points come to a cell: on fewer a border has no shape. At most 100 along
    each of two axes, and 30 of three.
    """
    side = min(max(4, int((n / _POINTS_PER_CELL) ** (1.0 / d) + 1e-9)), _MOST_ALONG.get(d, n))
    if d in _FINE:
        points, most = _FINE[d]
        side = max(side, min(most, int((n / points) ** (1.0 / d) + 1e-9)))
    if d == _PLANE:
        side = max(side, min(_FEWEST_ON_A_PLANE, int((n / _FEWEST_POINTS_PER_CELL) ** 0.5 + 1e-9)))
    return tuple(min(side, known) for known in distinct)


def point_domain(x: Array, names: tuple[str, ...], shape: tuple[int, ...]) -> Domain:
    """Grid over the range of the points."""
    lows, highs = x.min(0), x.max(0)
    return Domain(names, tuple(np.linspace(a, b, m + 1) for a, b, m in zip(lows, highs, shape, strict=True)))


def bin_points(points: Points, domain: Domain, scale: Scale | None = None) -> Cells:
    """Average points over the cells of a grid.

    Parameters
    ----------
    points : Points
        All inside the grid.
    domain : Domain
    scale : Scale, optional
        By default the range of the cell means.

    Returns
    -------
    Cells
    """
    cell = domain.cell_of(points.x)
    n = domain.lattice.n_cells
    count: NDArray[Any] = np.bincount(cell, minlength=n)
    weight: Array = np.asarray(np.bincount(cell, points.weight, n), float)
    centre = float(np.mean(points.y))  # keeps the sums of squares from cancelling
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(cell, points.weight * (points.y - centre), n) / weight
        trend = _trend(points, domain, cell, mean, weight)
        spread = np.bincount(cell, points.weight * (points.y - centre - mean[cell] - trend) ** 2, n)
        variance = np.where(count > 1, spread / (count - 1), np.nan)
    mean = np.where(weight > 0.0, mean + centre, 0.0)
    found = robust_scale(mean[weight > 0.0], doubted_sd(points.y)) if scale is None else scale
    return Cells(domain, mean, weight, count, variance, found)


def _trend(points: Points, domain: Domain, cell: Index, mean: Array, weight: Array) -> Array:
    """Follow the surface between each point and the centre of its cell's points, by central differences."""
    lattice, n = domain.lattice, domain.lattice.n_cells
    place = np.unravel_index(np.arange(n), domain.shape)
    trend = np.zeros(len(points.y))
    for axis, width in enumerate(domain.widths):
        inner = (place[axis] > 0) & (place[axis] < domain.shape[axis] - 1)
        step = lattice.strides[axis]
        slope = np.zeros(n)
        cells = np.flatnonzero(inner)
        slope[cells] = (mean[cells + step] - mean[cells - step]) / (2.0 * width)
        centre = np.bincount(cell, points.weight * points.x[:, axis], n) / weight
        trend += np.nan_to_num(slope)[cell] * (points.x[:, axis] - centre[cell])
    return trend


def array_cells(values: Array, weight: Array, domain: Domain) -> Cells:
    """Cells of a regular array; NaN marks an empty cell."""
    flat, weight = values.ravel(), weight.ravel()
    known = np.isfinite(flat) & (weight > 0.0)
    mean, weight = np.where(known, flat, 0.0), np.where(known, weight, 0.0)
    none = np.full(flat.size, np.nan)
    return Cells(
        domain, mean, weight, known.astype(np.int64), none, robust_scale(flat[known], doubted_sd(flat[known]))
    )


def robust_scale(means: Array, doubted: float = 0.0) -> Scale:
    """Range of the cell means, without what lies far beyond the central 98 per cent of them."""
    low, high = float(means.min()), float(means.max())
    if not high > low:
        raise DataError("the response is constant over the cells of the grid; there is no surface to fit.")
    q_low, q_high = np.quantile(means, [0.01, 0.99])
    if q_high > q_low:
        reach = _OUTLYING * (q_high - q_low)
        low, high = max(low, float(q_low - reach)), min(high, float(q_high + reach))
    return Scale(low, high - low, doubted)
