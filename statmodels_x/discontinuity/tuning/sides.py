"""The regions of a volume drawn anew: each voxel by what its points say and by what the voxels round it are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, maximum_filter

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.smoothing.sided import SidedPoints, smoothed
from statmodels_x.discontinuity.smoothing.smoother import JumpSetModel, SecondDifferences

_MOST_REGIONS = 5
_FEWEST_POINTS = 12
_LARGEST = 16.0  # what one point may say at most, in deviance
_SURE = 0.8  # difference of smoothed labels, about as many voxels
# deviance against which a border gives way by a voxel, and voxels over which points are put together
_WAYS = ((32.0, 1.2), (32.0, 0.7), (16.0, 0.7))


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
    lattice = differences.lattice
    count, label = lattice.regions(cut)
    if not 1 < count <= _MOST_REGIONS:
        return []
    misfit = _misfits(differences, data, cut, log_precision)
    inside = [(label == k).reshape(lattice.shape) for k in range(count)]
    near = np.array([maximum_filter(one, 3).ravel() for one in inside])
    shapes = np.array([smoothed(one).ravel() for one in inside])
    found = []
    for stiffness, around in _WAYS:
        said = [gaussian_filter(one.reshape(lattice.shape), around, mode="nearest").ravel() for one in misfit]
        price = np.where(near, np.array(said) - stiffness * shapes, np.inf)
        found.append(cut_between(lattice, cut, label, price.argmin(0)))
    return found


def cut_between(lattice: Lattice, cut: Mask, before: Index, label: Index) -> Mask:
    """Cut between voxels of different labels, and within a region where it was cut and nothing has changed."""
    tail, head = lattice.tail, lattice.head
    same = (before[tail] == label[tail]) & (before[head] == label[head])
    return (label[tail] != label[head]) | (cut & same)


def _misfits(differences: SecondDifferences, data: SidedPoints, cut: Mask, log_precision: float) -> Array:
    """Deviance of each voxel's points from the surface of each region, above that from the best; (regions, cells)."""
    lattice = differences.lattice
    count, label = lattice.regions(cut)
    node, sure = data.nodes(cut)
    side = np.where(sure > _SURE, label[node], -1)
    none = np.zeros_like(cut)
    loss = np.full((count, len(data.y)), 0.0)
    for k in range(count):
        own = replace(data, weight=np.where(side == k, data.weight, 0.0))
        if np.count_nonzero(own.weight) < _FEWEST_POINTS:
            loss[k] = _LARGEST
            continue
        surface = JumpSetModel(differences, own, none).surface(log_precision).reshape(lattice.shape)
        expected = map_coordinates(surface, data.place.T, order=1, mode="nearest")
        loss[k] = data.weight * (data.y - expected) ** 2
    loss = np.minimum(loss - loss.min(0), _LARGEST)
    return np.array([np.bincount(data.cell, one, lattice.n_cells) for one in loss])
