"""Scattered points as the search for borders sees them: in cells, scaled, weighted, with outliers set aside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.spatial import KDTree

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.boundary import in_cells, nearest_cells
from statmodels_x.discontinuity.grid.domain import Domain, Points, Scale
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask
from statmodels_x.discontinuity.grid.recorded import believed, is_common
from statmodels_x.discontinuity.kernels.border import Cloud, Net
from statmodels_x.discontinuity.smoothing.noise import weighted_median
from statmodels_x.discontinuity.smoothing.ties import put_together, weights_of_places

CENTRE = 0.5
LEAST_SD = (
    1e-3  # of the response's range: an interpolation error, which makes noise-free data an ordinary case
)
_NEIGHBOURS = 16
_COMPANIONS = 3
_FAR = 5.0
_FEW = 0.01
_FEWEST_FOR_PLANE = 7
_FEWEST_CELLS = 20
_FIELD_WIDTH = 7  # cells of the window in which a variance that changes is averaged
_PLANE_NEIGHBOURS = 10


@dataclass(frozen=True, eq=False)
class PointData:
    """Points over a grid of two axes.

    Attributes
    ----------
    lattice : Lattice
    place : ndarray of shape (n, 2)
        In cells; the centre of cell (i, j) is (i, j).
    y : ndarray of shape (n,)
        Scaled and centred responses.
    weight : ndarray of shape (n,)
        Inverse variances of the scaled responses; 0 for points set aside.
    variance : float
        Of a point of weight 1, scaled: the median over cells where it changes.
    factor : ndarray of shape (cells,)
        By what the variance of a cell exceeds that; all 1 where it does not change.
    pixels : str
        Of an image: ``"points"`` where each response is the value at its place, ``"averages"`` where it is the average
        over its cell; empty for scattered points.
    stray : ndarray of shape (rows,), optional
        Rows that were left out of the mean of their place, where rows at one place were put together.
    least : float
        What the variance of a point of weight 1 cannot be less than, scaled.
    within : bool
        Whether the variance is that of rows within their places, which no surface enters.
    shared : bool
        Whether rows at one place are taken to share an error, so that the variance is that of a place.
    """

    lattice: Lattice
    place: Array = field(repr=False)
    y: Array = field(repr=False)
    weight: Array = field(repr=False)
    variance: float
    factor: Array = field(repr=False)
    pixels: str = ""
    stray: Mask | None = field(repr=False, default=None)
    least: float = 0.0
    within: bool = False
    shared: bool = False

    @property
    def averages(self) -> bool:
        """Whether each response is the average over its cell."""
        return self.pixels == "averages"

    @cached_property
    def cell(self) -> NDArray[np.int64]:
        """Cell of each point."""
        return cells_of(self.place, self.lattice)

    @cached_property
    def net(self) -> Net:
        """Edges by the cell that they leave."""
        return net_of(self.lattice)

    @cached_property
    def cloud(self) -> Cloud:
        """Points sorted by the block of four centres in which they lie."""
        nx, ny = self.lattice.shape
        corner = np.floor(self.place).astype(np.int64) + 1
        block = np.clip(corner[:, 0], 0, nx) * (ny + 1) + np.clip(corner[:, 1], 0, ny)
        order = np.argsort(block, kind="stable")
        start = np.searchsorted(block[order], np.arange((nx + 1) * (ny + 1) + 1))
        return Cloud(self.place[order], self.y[order], self.weight[order], self.cell[order], start)

    @cached_property
    def own_moments(self) -> tuple[Array, Array]:
        """Moments with each point at its own cell."""
        from statmodels_x.discontinuity.kernels.border import own_moments

        return own_moments(self.cloud, self.lattice.n_cells, self.lattice.shape[1])

    @cached_property
    def means(self) -> tuple[Array, Array]:
        """Weighted mean and total weight of each cell; shape of the grid."""
        n = self.lattice.n_cells
        total = np.asarray(np.bincount(self.cell, self.weight, n), float)
        mean = np.bincount(self.cell, self.weight * self.y, n) / np.where(total > 0.0, total, 1.0)
        return mean.reshape(self.lattice.shape), total.reshape(self.lattice.shape)

    @cached_property
    def constant(self) -> float:
        """What -2 log likelihood has beside what depends on the border."""
        used = self.weight > 0.0
        w = self.weight[used]
        return float(w @ self.y[used] ** 2 - np.log(w).sum() + w.size * np.log(2.0 * np.pi))

    def away_variance(self, cut: Mask) -> float:
        """Variance from all cells that no border touches: surer than the median, which also a border's cells enter."""
        if self.within:
            return self.variance
        used = self.weight > 0.0
        relative = self.weight[used] * self.variance
        value, df = plane_variances(self.place[used], self.y[used], relative, self.lattice)
        df[self.lattice.near(cut)] = 0.0
        if np.count_nonzero(df) < _FEWEST_CELLS or self.variance <= LEAST_SD**2:
            return self.variance
        return float(np.average(value, weights=df))

    def with_variance(self, variance: float) -> PointData:
        """Return the same points at another variance, or at the least that it can be."""
        variance = max(variance, self.least)
        return replace(self, variance=variance, weight=self.weight * (self.variance / variance))

    @property
    def n_set_aside(self) -> int:
        """Points, and rows at one place with others, set aside as outliers."""
        stray = 0 if self.stray is None else int(np.count_nonzero(self.stray))
        return int(np.count_nonzero(self.weight == 0.0)) + stray


def net_of(lattice: Lattice) -> Net:
    """Edges of a grid by the cell that they leave."""
    down, across = (table.reshape(lattice.shape).astype(np.int64) for table in lattice.edge_from)
    return Net(down, across)


def cells_of(place: Array, lattice: Lattice) -> NDArray[np.int64]:
    """Flat index of the cell of each place, the outermost for places outside."""
    nx, ny = lattice.shape
    near = nearest_cells(place)
    return np.clip(near[:, 0], 0, nx - 1) * ny + np.clip(near[:, 1], 0, ny - 1)


def point_data(points: Points, domain: Domain, scale: Scale, noise_sd: float | None = None) -> PointData:
    """Bring points to cells and scaled units, set outliers aside, and estimate the variance of their errors.

    Parameters
    ----------
    points : Points
    domain : Domain
        Of two axes.
    scale : Scale
    noise_sd : float, optional
        Known standard deviation of a point of weight 1, in the data's units.

    Returns
    -------
    PointData
    """
    lattice = domain.lattice
    ties = put_together(in_cells(domain, points.x), scale.scaled(points.y) - CENTRE, points.weight)
    place, y, relative = ties.place, ties.y, ties.weight
    lonely = without_company(place, y)
    factor, within = np.ones(lattice.n_cells), False
    if np.isfinite(ties.inner) and noise_sd is None:
        relative = weights_of_places(relative, ties.inner, errors_of(place, y, np.ones(len(y)), lattice)[0])
    if noise_sd is not None:
        variance = (noise_sd / scale.range) ** 2
    else:
        kept, doubted = ~lonely, scale.doubted / scale.range * float(np.median(points.weight)) ** 0.5
        variance, factor = errors_of(place[kept], y[kept], relative[kept], lattice, doubted)
        # independent rows, most of them at a place with others, tell their variance without any surface
        within = relative is ties.weight and len(points.y) > 2 * len(y) and bool((factor == 1.0).all())
        variance = ties.inner if within else variance
    variance = max(variance, LEAST_SD**2)
    weight = relative / (variance * factor[cells_of(place, lattice)])
    return PointData(
        lattice,
        place,
        y,
        np.where(lonely, 0.0, weight),
        variance,
        factor,
        stray=ties.stray,
        least=LEAST_SD**2,
        within=within,
        shared=relative is not ties.weight,
    )


def without_company(place: Array, y: Array) -> Mask:
    """Points with too few neighbours at their own height: outliers, but no points of a small or thin region.

    A point keeps its place if three of its sixteen nearest neighbours lie within five standard deviations of it;
    the deviation is the median over points of that of the neighbours. Where most neighbourhoods hold one value and
    little else, as with rare events, that says nothing of the others: they are outliers only if they are few.
    """
    if len(y) <= 2 * _NEIGHBOURS:
        return np.zeros(len(y), bool)
    near = KDTree(place).query(place, _NEIGHBOURS + 1)[1]
    around = y[near[:, 1:]]
    own = np.abs(around - np.median(around, axis=1)[:, None])
    spread = 1.4826 * np.median(own, axis=1)
    sd = float(np.median(spread[spread > 0.0])) if (spread > 0.0).any() else 0.0
    if sd == 0.0:
        return np.zeros(len(y), bool)
    lonely = np.count_nonzero(np.abs(around - y[:, None]) < _FAR * sd, axis=1) < _COMPANIONS
    lonely &= ~is_common(y)
    alike = 2 * np.count_nonzero(spread > 0.0) < len(y)
    return lonely & (not alike or lonely.mean() <= _FEW)


def errors_of(
    place: Array, y: Array, weight: Array, lattice: Lattice, doubted: float = 0.0
) -> tuple[float, Array]:
    """Variance of a point of weight 1, and the factor by which each cell's exceeds it.

    From the residuals about a plane within each cell; each variance is divided by its median under normal errors
    (Wilson and Hilferty 1931), so that a median over cells is not spoiled by those that a border crosses. ``doubted``
    is the standard deviation up to which that median is not believed.
    """
    value, df = plane_variances(place, y, weight, lattice)
    usable = df > 0.0
    if np.count_nonzero(usable) < _FEWEST_CELLS:
        return _from_neighbours(place, y, weight, doubted), np.ones(lattice.n_cells)
    at_median = value[usable] / (1.0 - 2.0 / (9.0 * df[usable])) ** 3
    median = weighted_median(at_median, df[usable])
    variance = believed(median, float(np.average(value[usable], weights=df[usable])), doubted)
    return variance, _changing(value, df, variance, lattice)


def plane_variances(place: Array, y: Array, weight: Array, lattice: Lattice) -> tuple[Array, Array]:
    """Residual variance about a plane within each cell of seven points or more, and its degrees of freedom."""
    cell, n = cells_of(place, lattice), lattice.n_cells
    nodes = np.column_stack(np.unravel_index(cell, lattice.shape))
    x = np.column_stack([np.ones(len(y)), place - nodes])
    gram, right = np.zeros((n, 3, 3)), np.zeros((n, 3))
    for a in range(3):
        right[:, a] = np.bincount(cell, weight * x[:, a] * y, n)
        for b in range(3):
            gram[:, a, b] = np.bincount(cell, weight * x[:, a] * x[:, b], n)
    count = np.bincount(cell, minlength=n)
    enough = count >= _FEWEST_FOR_PLANE
    coefficient = np.zeros((n, 3))
    ridge = 1e-9 * np.eye(3) * gram[enough, :1, :1]
    coefficient[enough] = np.linalg.solve(gram[enough] + ridge, right[enough][..., None])[..., 0]
    residual = y - (x * coefficient[cell]).sum(1)
    df = np.where(enough, count - 3.0, 0.0)
    return np.bincount(cell, weight * residual**2, n) / np.maximum(df, 1.0), df


def _from_neighbours(place: Array, y: Array, weight: Array, doubted: float) -> float:
    """Variance from the residual of each point about the plane of its nearest neighbours."""
    k = min(_PLANE_NEIGHBOURS, len(y) - 1)
    if k < 4:
        return 0.0
    near = KDTree(place).query(place, k + 1)[1][:, 1:]
    x = np.concatenate([np.ones((*near.shape, 1)), place[near] - place[:, None]], axis=2)
    hat = np.linalg.pinv(x)[:, 0]  # weights of the neighbours in the plane's value at the point
    residual = (y - (hat * y[near]).sum(1)) / np.sqrt(1.0 + (hat**2).sum(1))
    square = residual**2 * weight
    return believed(1.4826**2 * float(np.median(square)), float(np.mean(square)), doubted)


def _changing(value: Array, df: Array, variance: float, lattice: Lattice) -> Array:
    """Factor of each cell's variance: that of its neighbourhood where the likelihood of the cells asks for it."""
    one = np.ones(lattice.n_cells)
    if variance <= 0.0:
        return one
    ratio = np.where(df > 0.0, value / variance, 1.0).reshape(lattice.shape)
    around = median_filter(ratio, _FIELD_WIDTH, mode="nearest").ravel()
    around = np.maximum(around / np.median(around), 1e-3)
    capped = np.minimum(
        ratio.ravel(), 4.0 * np.maximum(around, 1.0)
    )  # a border's cells say little of the errors
    gain = float(df @ (capped - np.log(around) - capped / around))
    parameters = lattice.n_cells / (0.5 * _FIELD_WIDTH**2)
    return around if gain > 10.0 + 6.0 * parameters else one
