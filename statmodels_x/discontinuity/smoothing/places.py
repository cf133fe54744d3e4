"""Places in a volume and their sides of a border that runs within the voxels.

The labels of the regions, smoothed, have a contour within the voxels. It can be moved within them, by an advance of
each voxel's own region: how far depends on the points, and is found by ``tuning/within.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.ndimage import gaussian_filter

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.boundary import nearest_cells
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask

_SMOOTHING = 1.0  # voxels
_MOST_REGIONS = 40


@dataclass(frozen=True, eq=False)
class Within:
    """Where the border runs within the voxels, near each cell.

    Attributes
    ----------
    advance : ndarray of shape (cells,)
        By how much the region of the cell is carried beyond the contour of the smoothed labels: a difference of
        smoothed labels, about as many voxels.
    step : ndarray of shape (cells,)
        Size of the jump there, scaled: by so much a point is off that is taken for the wrong side.
    """

    advance: Array = field(repr=False)
    step: Array = field(repr=False)


def advance_of(within: Within | None) -> Array | None:
    """Advance of a border within the voxels; None along the contour of the smoothed labels."""
    return None if within is None else within.advance


@dataclass(frozen=True, eq=False)
class Places:
    """Places over a grid of three axes.

    Attributes
    ----------
    lattice : Lattice
    place : ndarray of shape (n, 3)
        In cells.
    within : Within, optional
        None along the contour of the smoothed labels.
    """

    lattice: Lattice
    place: Array = field(repr=False)
    within: Within | None = None

    @cached_property
    def cell(self) -> Index:
        """Cell of each place."""
        last = np.array(self.lattice.shape) - 1
        return self._flat(np.clip(nearest_cells(self.place), 0, last))

    @cached_property
    def corners(self) -> tuple[Index, Array]:
        """The eight centres round each place, and their weights in a linear interpolation; shape (n, 8)."""
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

    def nodes(self, cut: Mask) -> tuple[Index, Array]:
        """Nearest centre on the side of each place, and how surely it is that side (infinite far away)."""
        node, sure = self.cell.copy(), np.full(len(self.place), np.inf)
        count, label = self.lattice.regions(cut)
        if not 1 < count <= _MOST_REGIONS:
            return node, sure
        corner, share = self.corners
        mixed = np.flatnonzero((label[corner] != label[corner[:, :1]]).any(1))
        corner, share, near = corner[mixed], share[mixed], label[corner[mixed]]
        value = np.full((count, mixed.size), -np.inf)
        for k in range(count):
            here = (near == k).any(1)
            smooth = smoothed((label == k).reshape(self.lattice.shape)).ravel()
            if self.within is not None:
                smooth = smooth + np.where(label == k, self.within.advance, 0.0)
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
