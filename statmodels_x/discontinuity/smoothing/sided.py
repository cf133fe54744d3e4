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
from scipy.ndimage import gaussian_filter

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.boundary import in_cells
from statmodels_x.discontinuity.grid.domain import Cells, Points
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.smoothing.smoother import CENTRE, Observations, Seen

_SMOOTHING = 1.0  # voxels
_MOST_REGIONS = 40
_UNSURE = 0.3  # difference of smoothed labels, about as many voxels


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
    """

    lattice: Lattice
    means: Observations
    place: Array = field(repr=False)
    y: Array = field(repr=False)
    weight: Array = field(repr=False)

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
    def cell(self) -> Index:
        """Cell of each point."""
        last = np.array(self.lattice.shape) - 1
        return self._flat(np.clip(np.rint(self.place).astype(np.intp), 0, last))

    @cached_property
    def _corners(self) -> tuple[Index, Array]:
        """The eight centres round each point, and their weights in a linear interpolation; shape (n, 8)."""
        last = np.array(self.lattice.shape) - 1
        inside = np.clip(self.place, 0.0, last)
        low = np.minimum(inside.astype(np.intp), np.maximum(last - 1, 0))
        part = inside - low
        corner, share = [], []
        for step in np.ndindex((2,) * self.lattice.n_axes):
            way = np.array(step)
            corner.append(self._flat(np.minimum(low + way, last)))
            share.append(np.where(way == 1, part, 1.0 - part).prod(1))
        return np.column_stack(corner), np.column_stack(share)

    def _flat(self, index: Index) -> Index:
        return np.asarray(index @ self.lattice.strides, np.intp)

    @cached_property
    def constant(self) -> float:
        """What -2 log likelihood has beside what depends on the jump set."""
        used = self.weight > 0.0
        return float(np.count_nonzero(used) * np.log(2.0 * np.pi) - np.log(self.weight[used]).sum())

    def seen(self, cut: Mask) -> Seen:
        """Return the normal equations of the points, each at a centre on its own side."""
        n, node = self.lattice.n_cells, self.nodes(cut)[0]
        basis, y = self._basis(node), self.y - CENTRE
        weighted = [self.weight * column for column in basis]
        blocks = [[np.bincount(node, a * b, n) for b in basis] for a in weighted]
        moments = sparse.block_array(
            [[sparse.diags_array(one) for one in row] for row in blocks], format="csr"
        )
        stencils = sparse.vstack([sparse.eye_array(n), *self._slopes(cut)], format="csr")
        right = stencils.T @ np.concatenate([np.bincount(node, a * y, n) for a in weighted])
        matrix = (stencils.T @ (moments @ stencils)).tocsr()
        return Seen(matrix, right, float(self.weight @ y**2) + self.constant)

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
        node, sure = self.cell.copy(), np.full(len(self.y), np.inf)
        count, label = self.lattice.regions(cut)
        if not 1 < count <= _MOST_REGIONS:
            return node, sure
        corner, share = self._corners
        mixed = np.flatnonzero((label[corner] != label[corner[:, :1]]).any(1))
        corner, share, near = corner[mixed], share[mixed], label[corner[mixed]]
        value = np.full((count, mixed.size), -np.inf)
        for k in range(count):
            here = (near == k).any(1)
            smooth = smoothed((label == k).reshape(self.lattice.shape)).ravel()
            value[k, here] = (share[here] * smooth[corner[here]]).sum(1)
        side = value.argmax(0)
        two = np.partition(value, count - 2, axis=0)[-2:]
        sure[mixed] = two[1] - two[0]
        at = np.stack(np.unravel_index(corner, self.lattice.shape), -1)
        gap = ((at - self.place[mixed, None]) ** 2).sum(2)
        nearest = np.where(near == side[:, None], gap, np.inf).argmin(1)
        other = label[node[mixed]] != side
        node[mixed[other]] = corner[np.arange(mixed.size), nearest][other]
        return node, sure

    @classmethod
    def of(cls, cells: Cells, points: Points, variance: float) -> SidedPoints:
        """Build them from points in the data's units and the variance of a point of weight 1."""
        scale = cells.scale
        precision = scale.range**2 / variance
        means = Observations(cells.f, cells.weight * precision)
        place = in_cells(cells.domain, points.x)
        return cls(cells.lattice, means, place, scale.scaled(points.y), points.weight * precision)

    def clear_of(self, lattice: Lattice, cut: Mask) -> SidedPoints:
        """Return the points without those that may lie on either side."""
        sure = self.nodes(cut)[1] > _UNSURE
        weight = np.where(sure, self.weight, 0.0)
        total: Array = np.asarray(np.bincount(self.cell, weight, self.lattice.n_cells), float)
        return replace(self, means=Observations(self.f, total), weight=weight)


def smoothed(inside: Mask) -> Array:
    """Smooth the label of a region: above 0 inside, below 0 outside, its contour round as many voxels as the label.

    A Gaussian moves a round border inwards by its variance times the mean curvature. Smoothing what the first pass left
    over (Tukey's twicing) takes most of that away, a level chosen by the volume the rest.
    """
    whole = inside.astype(float)
    once = gaussian_filter(whole, _SMOOTHING, mode="nearest")
    twice = once + gaussian_filter(whole - once, _SMOOTHING, mode="nearest")
    parts = _parts(twice).ravel()
    rank = parts.size - round(parts.size * whole.mean())
    return np.asarray(twice - np.partition(parts, [rank - 1, rank])[rank - 1 : rank + 1].mean())


def _parts(values: Array) -> Array:
    """Values at the 27 parts of each voxel, interpolated along one axis after the other."""
    for axis in range(values.ndim):
        padded = np.pad(values, [(1, 1) if a == axis else (0, 0) for a in range(values.ndim)], mode="edge")
        size = values.shape[axis]
        before, behind = (np.take(padded, np.arange(k, k + size), axis) for k in (0, 2))
        values = np.stack([(2.0 * values + before) / 3.0, values, (2.0 * values + behind) / 3.0], axis + 1)
        shape = list(values.shape)
        shape[axis : axis + 2] = [3 * size]
        values = values.reshape(shape)
    return values
