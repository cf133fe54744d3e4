"""An image as points: one at the middle of each pixel with data, a sample there or the average over the pixel."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.points import CENTRE, PointData, without_company
from statmodels_x.discontinuity.grid.domain import Cells
from statmodels_x.discontinuity.grid.lattice import Mask

_AROUND = 8  # neighbours of a pixel


def pixel_data(cells: Cells, variance: float, reading: str, least: float = 0.0) -> PointData:
    """Pixels as the search sees them.

    Parameters
    ----------
    cells : Cells
        Of two axes.
    variance : float
        Of a pixel of weight 1, in the data's units.
    reading : {"points", "averages"}
    least : float
        What that variance cannot be less than.

    Returns
    -------
    PointData
        Pixels without company at their own height, and outside of the range of their neighbours, have a weight of 0.
    """
    lattice, rows = cells.lattice, np.flatnonzero(cells.filled)
    place = np.column_stack(np.unravel_index(rows, lattice.shape)).astype(float)
    y = cells.f[rows] - CENTRE
    scaled = variance / cells.scale.range**2
    weight = np.where(_outlying(place, y), 0.0, cells.weight[rows] / scaled)
    one = np.ones(lattice.n_cells)
    return PointData(lattice, place, y, weight, scaled, one, reading, least=least / cells.scale.range**2)


def _outlying(place: Array, y: Array) -> Mask:
    """Pixels with too few neighbours at their own height, and not between their neighbours, as a border mixes them."""
    lonely = without_company(place, y)
    if lonely.any():
        near = y[KDTree(place).query(place[lonely], _AROUND + 1)[1][:, 1:]]
        own = y[lonely]
        lonely[lonely] = (own > near.max(1)) | (own < near.min(1))
    return lonely
