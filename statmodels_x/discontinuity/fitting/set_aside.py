"""Isolated outliers of a volume, set aside before its jumps are looked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statmodels_x.discontinuity.border.points import without_company
from statmodels_x.discontinuity.grid.boundary import in_cells
from statmodels_x.discontinuity.grid.domain import Cells, Points, bin_points
from statmodels_x.discontinuity.grid.lattice import Mask


def without_outliers(cells: Cells, points: Points | None) -> tuple[Cells, Mask, int]:
    """Return the cells as they are without observations that no neighbour resembles, and how many these are.

    Parameters
    ----------
    cells : Cells
        Of three axes.
    points : Points or None
        The observations in the cells; None for an array, whose elements are the cells.

    Returns
    -------
    cells : Cells
        At the same scale.
    kept : ndarray of bool
        Which of the points, or of the cells of an array, are left.
    n_set_aside : int
    """
    if points is None:
        known = np.flatnonzero(cells.filled)
        place = np.column_stack(np.unravel_index(known, cells.domain.shape)).astype(float)
        aside = known[without_company(place, cells.mean[known])]
        if not aside.size:
            return cells, np.ones(len(cells.mean), bool), 0
        kept = np.ones(len(cells.mean), bool)
        kept[aside] = False
        mean, weight = np.where(kept, cells.mean, 0.0), np.where(kept, cells.weight, 0.0)
        return (
            replace(cells, mean=mean, weight=weight, count=np.where(kept, cells.count, 0)),
            kept,
            aside.size,
        )
    lonely = without_company(in_cells(cells.domain, points.x), points.y)
    if not lonely.any():
        return cells, ~lonely, 0
    return bin_points(points.take(~lonely), cells.domain, cells.scale), ~lonely, int(lonely.sum())
