"""Rows at one place put together: stray ones set aside, means, and weights that tell independent errors from shared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Mask
from statmodels_x.discontinuity.grid.recorded import is_common

_SHARED = 0.9  # distinct places over rows, below which rows at one place are put together
_TOO_MUCH, _SURELY = 0.5, 2.5  # excess over what independent rows make, and in standard errors
_FEWEST_ROWS = 3
_NEIGHBOURS = 8
_FAR = 5.0


class Ties(NamedTuple):
    """Places with the means of their rows.

    Attributes
    ----------
    place, y, weight : ndarray
        Of the places; of the single rows where few of them share a place.
    inner : float
        Variance of a row of weight 1 within places; NaN where nothing was put together.
    stray : ndarray of shape (rows,)
        Rows that were left out of the mean of their place.
    """

    place: Array
    y: Array
    weight: Array
    inner: float
    stray: Mask


def put_together(place: Array, y: Array, weight: Array) -> Ties:
    """Average the rows at each place, without those that lie far from the others there."""
    stray = np.zeros(len(y), bool)
    places, row = np.unique(place, axis=0, return_inverse=True)
    if len(places) > _SHARED * len(y):
        return Ties(place, y, weight, float("nan"), stray)
    row = row.ravel()
    stray = stray_rows(places, row, y)
    weight = np.where(stray, 0.0, weight)
    total = np.asarray(np.bincount(row, weight), float)
    mean = np.bincount(row, weight * y) / total
    inner = float(weight @ (y - mean[row]) ** 2) / max(int(np.count_nonzero(~stray)) - len(places), 1)
    return Ties(places, mean, total, inner, stray)


def stray_rows(places: Array, row: NDArray[np.intp], y: Array) -> Mask:
    """Rows that differ from all others at their place by more than five standard deviations of rows thereabouts.

    Rows at one place have one mean, whatever the border: where three or more say what it is, one that is far off is an
    outlier. The standard deviation is the median over the nearest places of what their rows say, so that a noisy part
    of the domain does not lose its rows. A value that is common elsewhere is none, such as an event among few.
    """
    order = np.lexsort((y, row))
    count = np.bincount(row, minlength=len(places))
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    middle = 0.5 * (y[order][first + (count - 1) // 2] + y[order][first + count // 2])
    off = np.abs(y - middle[row])
    # two rows lie evenly about their middle: half of their distance, times sqrt(2), is a normal deviation
    own = np.bincount(row, off, len(places)) / np.maximum(count - 1, 1) / np.sqrt(2.0 / np.pi)
    several = np.flatnonzero(count > 1)
    if several.size <= _NEIGHBOURS:
        return np.zeros(len(y), bool)
    near = several[KDTree(places[several]).query(places, _NEIGHBOURS)[1]]
    sd = np.median(own[near], axis=1)[row]
    gap = np.full(len(y), np.inf)  # to the nearest other row at the place
    steps = np.where(np.diff(row[order]) == 0, np.diff(y[order]), np.inf)
    gap[order] = np.minimum(np.append(steps, np.inf), np.append(np.inf, steps))
    far = (off > _FAR * sd) & (gap > _FAR * sd) & (sd > 0.0)
    far &= ~is_common(y)
    return far & (count[row] >= _FEWEST_ROWS) & (2 * np.bincount(row, far, len(places)) < count)[row]


def weights_of_places(total: Array, inner: float, between: float) -> Array:
    """Weights of places: of independent rows, ``total`` itself, unless means differ by more, as by a shared error.

    Parameters
    ----------
    total : ndarray
        Weight of the rows at each place.
    inner : float
        Variance of a row of weight 1 within places.
    between : float
        Variance of the mean of a place.
    """
    expected = inner * float(np.mean(1.0 / total))
    # a variance by a median of m squares has a relative error of some sqrt(5.4 / m)
    if between <= (1.0 + max(_TOO_MUCH, _SURELY * (5.4 / len(total)) ** 0.5)) * expected:
        return total
    return np.asarray(between / (between - expected + inner / total))
