"""Sizes of jumps as limits of a surface that has not seen the cells beside the jump.

A cell beside the jump may hold points from both sides, and its mean then lies between them. The surface is
therefore smoothed without these cells, and carried on to the boundary by its own prior; what that costs is in its
posterior variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.boundary import limits
from statmodels_x.discontinuity.grid.domain import Scale
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask
from statmodels_x.discontinuity.smoothing.mixing import unseen_border
from statmodels_x.discontinuity.smoothing.places import advance_of
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import Data, SecondDifferences


@dataclass(frozen=True)
class JumpSizes:
    """Limits from both sides at points of the boundary, in scaled units; NaN where they cannot be had.

    They cannot be had without three connected edges, or where every cell with data lies beside a jump.

    Attributes
    ----------
    place : ndarray of shape (m, d)
        Points of the smoothed contour in cells; the places asked for where there is none.
    normal : ndarray of shape (m, d)
        Points from before to behind.
    before, behind : ndarray of shape (m,)
        The two limits.
    covariance : ndarray of shape (m, m)
        Posterior covariance of their differences given the boundary.
    """

    place: Array
    normal: Array
    before: Array
    behind: Array
    covariance: Array

    @property
    def std_error(self) -> Array:
        """Posterior standard deviation of the sizes given the boundary."""
        return np.sqrt(np.diag(self.covariance))

    def natural(self, scale: Scale) -> JumpSizes:
        """Return the same in the units of the data."""
        before, behind = scale.natural(self.before), scale.natural(self.behind)
        return JumpSizes(self.place, self.normal, before, behind, self.covariance * scale.range**2)

    @property
    def size(self) -> Array:
        """Behind minus before."""
        return self.behind - self.before


def jump_sizes(
    lattice: Lattice, data: Data, cut: Mask, places: Array, log_precision: float = float("nan")
) -> JumpSizes:
    """Estimate the sizes of the jump at the points of the boundary nearest to given places.

    Parameters
    ----------
    lattice : Lattice
    data : Observations or SidedPoints
    cut : ndarray of shape (edges,)
    places : ndarray of shape (m, d)
        In cells.
    log_precision : float
        Of the second-order smoother; NaN estimates it.

    Returns
    -------
    JumpSizes
    """
    advance = advance_of(data.within if isinstance(data, SidedPoints) else None)
    found = [limits(lattice, cut, place, advance) for place in places]
    known = np.array([one is not None for one in found], bool)
    values = np.full((2, len(places)), np.nan)
    covariance = np.full((len(places), len(places)), np.nan)
    at = places.astype(float).copy()
    normal = np.full(at.shape, np.nan)
    model = unseen_border(SecondDifferences.of(lattice), data, cut) if known.any() else None
    if model is not None:
        smoothed = model.smooth(None if np.isnan(log_precision) else log_precision)
        before = np.array([one.before for one in found if one is not None])
        behind = np.array([one.behind for one in found if one is not None])
        contrast = behind - before
        covariance[np.ix_(known, known)] = contrast @ model.precision_factor(smoothed.log_precision).solve(
            contrast.T
        )
        values[:, known] = before @ smoothed.surface, behind @ smoothed.surface
        at[known] = [one.place for one in found if one is not None]
        normal[known] = [one.normal for one in found if one is not None]
    return JumpSizes(at, normal, values[0], values[1], covariance)
