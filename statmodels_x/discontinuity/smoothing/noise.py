"""The standard deviation of the noise: from replicates within cells, else from the finest differences."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.domain import Cells
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.grid.recorded import believed

_FEWEST_CELLS = 20
_FEWEST_POINTS = 3
_MEDIAN_NORMAL = 0.6744897501960817


class Noise(NamedTuple):
    """Variance of an observation of weight 1, in the data's units.

    Attributes
    ----------
    variance : float
    source : {"replicates", "differences"}
        How it was found.
    least : float
        Variance below which no likelihood is asked: a normal one has no bound where most responses are alike.
    """

    variance: float
    source: str
    least: float


def noise_of(cells: Cells) -> Noise:
    """Estimate the variance of an observation of weight 1.

    Where at least 20 cells hold three points or more, the median over cells of the within-cell variance, each
    over its median under normal noise (Wilson and Hilferty 1931): robust against cells that a jump crosses.
    Else the median absolute deviation of the finest diagonal Haar coefficients. Of responses of which most are
    alike, such as rare events, the mean of squares is taken.

    Returns
    -------
    Noise

    Raises
    ------
    DataError
        If the estimate is 0.
    """
    median, mean, source = _estimates(cells)
    doubted = _doubted(cells)
    value = believed(median, mean, doubted)
    if not value > 0.0:
        raise DataError(
            f"the noise is estimated as 0 (from {source}): most of the response repeats itself or lies exactly on a "
            "simple surface. Give its standard deviation, noise=..., or lam and nu with tune=None."
        )
    return Noise(value, source, believed(0.0, mean, doubted))


def _doubted(cells: Cells) -> float:
    """Return up to what the sd of a row of weight 1 is not told by a median."""
    return cells.scale.doubted * float(cells.weight.sum() / cells.count.sum()) ** 0.5


def _estimates(cells: Cells) -> tuple[float, float, str]:
    """Variance of an observation of weight 1 by medians and by means, and from what."""
    usable = cells.count >= _FEWEST_POINTS
    if np.count_nonzero(usable) < _FEWEST_CELLS:
        ratio = _differences(cells)
        return float((np.median(ratio) / _MEDIAN_NORMAL) ** 2), float(np.mean(ratio**2)), "differences"
    df, variance = cells.count[usable] - 1.0, cells.variance[usable]
    median = weighted_median(variance / (1.0 - 2.0 / (9.0 * df)) ** 3, df)
    return median, float(np.average(variance, weights=df)), "replicates"


def weighted_median(values: NDArray[Any], weight: NDArray[Any]) -> float:
    """Return the least value that holds half of the weight below or at it."""
    order = np.argsort(values)
    share = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(share, 0.5 * share[-1])])


def _differences(cells: Cells) -> Array:
    """Diagonal Haar coefficients of each 2^d block (second differences on a line), over their variances."""
    lattice, variance = cells.lattice, np.where(cells.filled, 1.0 / np.maximum(cells.weight, 1e-300), np.nan)
    corners, signs = _blocks(lattice)
    if not len(corners):
        raise DataError("the grid is too small to estimate the noise; give its standard deviation, noise=...")
    coefficient = cells.mean[corners] @ signs
    scale = np.sqrt(variance[corners] @ signs**2)
    ratio = np.abs(coefficient / scale)[np.isfinite(scale)]
    if ratio.size < _FEWEST_CELLS // 2:
        raise DataError("too few neighbouring cells have data to estimate the noise; give it, noise=...")
    return np.asarray(ratio, float)


def _blocks(lattice: Lattice) -> tuple[NDArray[Any], Array]:
    """Cells and signs of the finest pure-detail coefficient, at every position."""
    if lattice.n_axes == 1:
        first = np.arange(lattice.n_cells - 2)
        return first[:, None] + np.arange(3), np.array([1.0, -2.0, 1.0])
    cells = np.arange(lattice.n_cells).reshape(lattice.shape)
    corner = cells[tuple(slice(0, size - 1) for size in lattice.shape)].ravel()
    offsets = np.array(list(np.ndindex((2,) * lattice.n_axes)))
    return corner[:, None] + offsets @ lattice.strides, np.asarray((-1.0) ** offsets.sum(1), float)
