"""Scattered points over three covariates, each compared with the surface on its own side of a jump set.

The mean of a voxel that the border crosses is a mixture of both sides. The points in it are not: the labels of the
regions, smoothed, have a contour within the voxels, and each point is taken for a value of the surface at the nearest
centre on its side of that contour, carried on to the point by the slopes there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.special import ndtr

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.boundary import in_cells
from statmodels_x.discontinuity.grid.domain import Cells, Points
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.smoothing.places import Places, Within
from statmodels_x.discontinuity.smoothing.smoother import CENTRE, Observations, Seen

# differences of smoothed labels, about as many voxels
_UNSURE = 0.3  # points that may lie on either side
_UNSURE_OF_PLACE = 0.1  # standard deviation of the place of a border within the voxels


@dataclass(frozen=True, eq=False)
class SidedPoints:
    """Points over a grid of three axes.

    Attributes
    ----------
    lattice : Lattice
    means : Observations
        Of the cells.
    place : ndarray of shape (n, 3)
        In cells.
    y : ndarray of shape (n,)
        Scaled responses.
    weight : ndarray of shape (n,)
        Inverse variances of the scaled responses; 0 for points left out.
    within : Within, optional
        Where the border runs within the voxels; None along the contour of the smoothed labels.
    """

    lattice: Lattice
    means: Observations
    place: Array = field(repr=False)
    y: Array = field(repr=False)
    weight: Array = field(repr=False)
    within: Within | None = None

    @property
    def f(self) -> Array:
        """Cell means."""
        return self.means.f

    @property
    def precision(self) -> Array:
        """Inverse variances of the cell means."""
        return self.means.precision

    @property
    def typical_sd(self) -> float:
        """Standard deviation of the cell with the median precision."""
        return self.means.typical_sd

    @cached_property
    def places(self) -> Places:
        """Where the points are, and on which side of a border."""
        return Places(self.lattice, self.place, self.within)

    @property
    def cell(self) -> Index:
        """Cell of each point."""
        return self.places.cell

    def _weights(self, node: Index, sure: Array) -> Array:
        """Inverse variances, of points that may be on the wrong side with what that adds."""
        if self.within is None:
            return self.weight
        wrong = ndtr(-sure / _UNSURE_OF_PLACE) * self.within.step[node] ** 2
        return np.asarray(self.weight / (1.0 + self.weight * wrong))

    def seen(self, cut: Mask) -> Seen:
        """Return the normal equations of the points, each at a centre on its own side."""
        n = self.lattice.n_cells
        node, sure = self.nodes(cut)
        weight = self._weights(node, sure)
        basis, y = self._basis(node), self.y - CENTRE
        weighted = [weight * column for column in basis]
        blocks = [[np.bincount(node, a * b, n) for b in basis] for a in weighted]
        moments = sparse.block_array(
            [[sparse.diags_array(one) for one in row] for row in blocks], format="csr"
        )
        stencils = sparse.vstack([sparse.eye_array(n), *self._slopes(cut)], format="csr")
        right = stencils.T @ np.concatenate([np.bincount(node, a * y, n) for a in weighted])
        matrix = (stencils.T @ (moments @ stencils)).tocsr()
        used = weight[weight > 0.0]
        constant = used.size * np.log(2.0 * np.pi) - np.log(used).sum()
        return Seen(matrix, right, float(weight @ y**2 + constant))

    def values(self, cut: Mask, surface: Array) -> Array:
        """Return what a surface is at the points, each on its own side."""
        node = self.nodes(cut)[0]
        slopes = [slope @ surface for slope in self._slopes(cut)]
        return np.asarray(
            sum(b * one[node] for b, one in zip(self._basis(node), [surface, *slopes], strict=True))
        )

    def _basis(self, node: Index) -> list[Array]:
        """1, and the way of each point from its centre along each axis."""
        at = np.column_stack(np.unravel_index(node, self.lattice.shape))
        return [np.ones(len(node)), *(self.place - at).T]

    def _slopes(self, cut: Mask) -> list[sparse.csr_array]:
        """Central differences along each axis, one-sided at cut edges, 0 where both are cut."""
        lattice, found = self.lattice, []
        for axis in range(lattice.n_axes):
            kept = ~cut & (lattice.axis == axis)
            both = abs(lattice.incidence[kept]).T
            count = np.asarray(both.sum(1)).ravel()
            found.append(
                (sparse.diags_array(1.0 / np.maximum(count, 1.0)) @ both @ lattice.incidence[kept]).tocsr()
            )
        return found

    def nodes(self, cut: Mask) -> tuple[Index, Array]:
        """Centre with which each point is compared, and how surely the point is on its side (infinite far away)."""
        return self.places.nodes(cut)

    @classmethod
    def of(cls, cells: Cells, points: Points, variance: float, within: Within | None = None) -> SidedPoints:
        """Build them from points in the data's units and the variance of a point of weight 1."""
        scale = cells.scale
        precision = scale.range**2 / variance
        means = Observations(cells.f, cells.weight * precision)
        place = in_cells(cells.domain, points.x)
        return cls(cells.lattice, means, place, scale.scaled(points.y), points.weight * precision, within)

    def clear_of(self, lattice: Lattice, cut: Mask) -> SidedPoints:
        """Return the points without those that may lie on either side."""
        sure = self.nodes(cut)[1] > _UNSURE
        weight = np.where(sure, self.weight, 0.0)
        total: Array = np.asarray(np.bincount(self.cell, weight, self.lattice.n_cells), float)
        return replace(self, means=Observations(self.f, total), weight=weight)
