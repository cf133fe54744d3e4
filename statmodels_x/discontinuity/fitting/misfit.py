"""Whether a border follows its points: residuals beside it, compared with those further away."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.model import Border, carried_on, seen
from statmodels_x.discontinuity.border.points import CENTRE, LEAST_SD, PointData
from statmodels_x.discontinuity.border.sizes import nearest
from statmodels_x.discontinuity.grid.jumps import segment_of_edges

_BESIDE = 0.7  # cells
_FEWEST = 20

Misfit = tuple[int, float, float, float]


def misfits_of(data: PointData, border: Border, surface: Array) -> tuple[Misfit, ...]:
    """Compare the residuals of the points beside each segment with those of the others.

    Where the true border bends within a cell, points beside it are held against the surface of the other side. There
    is nothing to tell without noise.

    Parameters
    ----------
    data : PointData
    border : Border
    surface : ndarray of shape (cells,)
        At the nodes, scaled.

    Returns
    -------
    tuple of (segment, sd beside, sd elsewhere, z)
        Standard deviations in units of the noise, and the difference of the squares in its standard errors.
    """
    used = np.flatnonzero(data.weight > 0.0)
    if not border.cut.any() or not len(used) or data.variance <= LEAST_SD**2:
        return ()
    place = data.place[used]
    fitted = carried_on(data.lattice, border, surface, place, seen(data.lattice, border, place))
    square = data.weight[used] * (data.y[used] + CENTRE - fitted) ** 2
    found = nearest(data.lattice, border, place, np.ones(2))
    beside = found.distance < _BESIDE
    own, rest = segment_of_edges(data.lattice, border.cut)[found.edge], square[~beside]
    told = []
    for segment in np.unique(own[beside]).tolist():
        near = square[beside & (own == segment)]
        if min(len(near), len(rest)) >= _FEWEST:
            error = np.sqrt(near.var() / len(near) + rest.var() / len(rest))
            z = (near.mean() - rest.mean()) / error if error > 0.0 else 0.0
            told.append((segment, float(np.sqrt(near.mean())), float(np.sqrt(rest.mean())), float(z)))
    return tuple(told)
