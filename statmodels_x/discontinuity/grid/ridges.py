"""Ridges of oriented filters on a grid of any number of axes, and their edges linked above two thresholds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import map_coordinates

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask

_REACH = 0.75  # cells


@dataclass(frozen=True, eq=False)
class EdgeRidges:
    """Where the size of a filter falls off along the normal on both sides.

    Attributes
    ----------
    strength : ndarray of shape (edges,)
        0 where there is no ridge.
    share : ndarray of shape (edges,)
        Of the way from tail to head at which the ridge crosses.
    place, normal : ndarray of shape (edges, axes)
        That place in cells, and the unit normal towards the higher side.
    """

    strength: Array = field(repr=False)
    share: Array = field(repr=False)
    place: Array = field(repr=False)
    normal: Array = field(repr=False)


def ridges_of(lattice: Lattice, filtered: Array, ways: Array) -> EdgeRidges:
    """Find the ridges of a filter with a field for each of several directions.

    Parameters
    ----------
    lattice : Lattice
    filtered : ndarray of shape (ways, ...)
    ways : ndarray of shape (ways, axes)
        Unit normals.

    Returns
    -------
    EdgeRidges
    """
    ends = filtered.reshape(len(ways), -1)
    both = ends[:, lattice.tail] + ends[:, lattice.head]
    best = np.abs(both).argmax(0)
    every = np.arange(lattice.n_edges)
    sign = np.sign(both[best, every])
    normal = ways[best]
    forward = np.sign(normal[every, lattice.axis])
    tail = np.column_stack(np.unravel_index(lattice.tail, lattice.shape)).astype(float)
    along = (lattice.axis[:, None] == np.arange(lattice.n_axes)).astype(float)

    def slope(at: Array) -> Array:
        two = (_value(filtered, best, at + _REACH * normal), _value(filtered, best, at - _REACH * normal))
        return sign * (two[0] - two[1]) * forward

    rising, falling = slope(tail), slope(tail + along)
    is_ridge = (rising > 0.0) & (falling <= 0.0)
    share = np.where(is_ridge, rising / np.where(is_ridge, rising - falling, 1.0), 0.5)
    top = np.maximum(sign * ends[best, lattice.tail], sign * ends[best, lattice.head])
    strength = np.where(is_ridge, np.maximum(top, 0.0), 0.0)
    return EdgeRidges(strength, share, tail + share[:, None] * along, sign[:, None] * normal)


def _value(filtered: Array, way: Array, at: Array) -> Array:
    """Interpolate the field of one direction between centres, the nearest value outside."""
    return np.asarray(map_coordinates(filtered, np.column_stack([way, at]).T, order=1, mode="nearest"))


def linked(lattice: Lattice, strength: Array, low: float, high: float, fewest: int) -> Mask:
    """Edges above a low threshold in connected groups of some size with one above a high threshold."""
    cut = strength >= low
    if not cut.any():
        return cut
    count, label = lattice.segments(cut)
    edges = np.flatnonzero(cut)
    top = np.zeros(count)
    np.maximum.at(top, label, strength[edges])
    few = np.bincount(label, minlength=count) < fewest
    cut[edges[(top[label] < high) | few[label]]] = False
    return cut
