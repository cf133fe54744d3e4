"""The regions of a volume drawn anew: each voxel by what its points say and by what the voxels round it are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, maximum_filter

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.smoothing.places import smoothed
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import JumpSetModel, SecondDifferences

MOST_REGIONS = 5
_FEWEST_POINTS = 12
_LARGEST = 16.0  # what one point may say at most, in deviance
_SURE = 0.8  # difference of smoothed labels, about as many voxels
# deviance against which a border gives way by a voxel, and voxels over which points are put together
_WAYS = ((32.0, 1.2), (32.0, 0.7), (16.0, 0.7))
SOFTER = ((16.0, 0.7), (8.0, 0.4))


@dataclass(frozen=True, eq=False)
class Misfit:
    """How badly each point fits the surface of each region.

    Attributes
    ----------
    label : ndarray of shape (cells,)
        Region of each cell.
    kept : ndarray of shape (regions,)
        Labels of the regions whose surfaces were fitted.
    loss : ndarray of shape (regions, n)
        Deviance of each point, above that from the best of these surfaces.
    surface : ndarray of shape (regions, cells)
        Each of them carried on past its border.
    """

    label: Index = field(repr=False)
    kept: Index
    loss: Array = field(repr=False)
    surface: Array = field(repr=False)

    def by_cell(self, data: SidedPoints) -> Array:
        """Sum over the points of each cell; shape (regions, cells)."""
        return np.array([np.bincount(data.cell, one, data.lattice.n_cells) for one in self.loss])


def redrawn(differences: SecondDifferences, data: SidedPoints, cut: Mask, log_precision: float) -> list[Mask]:
    """Draw the regions anew beside their borders, in several ways.

    The surface of each region is carried on past its border by its own prior. A voxel goes to the region whose surface
    its points fit best, where what is gained exceeds what the smoothness of the border costs.

    Parameters
    ----------
    differences : SecondDifferences
    data : SidedPoints
    cut : ndarray of shape (edges,)
    log_precision : float
        Of the smoother.

    Returns
    -------
    list of ndarray of shape (edges,)
        None where there is a single region, or too many.
    """
    count = differences.lattice.regions(cut)[0]
    if not 1 < count <= MOST_REGIONS:
        return []
    return drawn_by(misfit_of(differences, data, cut, log_precision), data, cut, _WAYS)


def drawn_by(misfit: Misfit, data: SidedPoints, cut: Mask, ways: Sequence[tuple[float, float]]) -> list[Mask]:
    """Draw the regions anew by what their points say, in ways of stiffness and of width."""
    lattice = data.lattice
    inside = [(misfit.label == k).reshape(lattice.shape) for k in misfit.kept]
    near = np.array([maximum_filter(one, 3).ravel() for one in inside])
    shapes = np.array([smoothed(one).ravel() for one in inside])
    loss, found = misfit.by_cell(data), []
    for stiffness, around in ways:
        price = np.where(near, said(loss, lattice, around) - stiffness * shapes, np.inf)
        found.append(cut_between(lattice, cut, misfit.label, misfit.kept[price.argmin(0)]))
    return found


def said(loss: Array, lattice: Lattice, around: float) -> Array:
    """Put together what the points of each cell and of those round it say against each region."""
    return np.array(
        [gaussian_filter(one.reshape(lattice.shape), around, mode="nearest").ravel() for one in loss]
    )


def cut_between(lattice: Lattice, cut: Mask, before: Index, label: Index) -> Mask:
    """Cut between voxels of different labels, and within a region where it was cut and nothing has changed."""
    tail, head = lattice.tail, lattice.head
    same = (before[tail] == label[tail]) & (before[head] == label[head])
    return (label[tail] != label[head]) | (cut & same)


def misfit_of(
    differences: SecondDifferences,
    data: SidedPoints,
    cut: Mask,
    log_precision: float,
    kept: Index | None = None,
) -> Misfit:
    """Fit a surface to each region (or to those that are kept) by the points that are surely on its side."""
    lattice = differences.lattice
    count, label = lattice.regions(cut)
    kept = np.arange(count) if kept is None else kept
    node, sure = data.nodes(cut)
    side = np.where(sure > _SURE, label[node], -1)
    none = np.zeros_like(cut)
    loss, surfaces = np.zeros((len(kept), len(data.y))), np.zeros((len(kept), lattice.n_cells))
    for k, region in enumerate(kept):
        own = replace(data, within=None, weight=np.where(side == region, data.weight, 0.0))
        if np.count_nonzero(own.weight) < _FEWEST_POINTS:
            loss[k] = _LARGEST
            continue
        surfaces[k] = JumpSetModel(differences, own, none).surface(log_precision)
        expected = map_coordinates(surfaces[k].reshape(lattice.shape), data.place.T, order=1, mode="nearest")
        loss[k] = data.weight * (data.y - expected) ** 2
    return Misfit(label, kept, np.minimum(loss - loss.min(0), _LARGEST), surfaces)
