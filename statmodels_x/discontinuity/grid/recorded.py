"""Responses recorded in units, such as counts, rare events and rounded measurements: how large their errors are.

A median of squares is 0 where most responses are alike, and a normal likelihood has no bound there: it fits the
majority exactly and takes the others for outliers. An error of rounding to multiples of u has the variance u²/12
(Sheppard 1898, Proceedings of the London Mathematical Society 29); below that a median is not believed, and the mean
of squares is.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Mask

_FINEST = 1e-4  # of the range: finer units play no part
_EQUAL = 1e-9  # of the range
_WHOLE = 1e-3  # of a unit
_COMMON = 0.01  # of the values
_ABSURD = 1e3  # median absolute deviations


def unit_of(y: Array) -> float:
    """Return the largest unit of which all differences of some values are multiples.

    Parameters
    ----------
    y : ndarray of shape (n,)

    Returns
    -------
    float
        0 if there is none coarser than 1/10,000 of the range, leaving out what is absurdly far from the others.
    """
    values = np.unique(_not_far_out(y))
    span = float(values[-1] - values[0]) if values.size else 0.0
    if not 0.0 < span < np.inf:
        return 0.0
    gaps = np.diff(values) / span
    gaps = gaps[gaps > _EQUAL]
    if gaps.min() < _FINEST:
        return 0.0
    unit = 1.0
    for gap in np.unique(gaps):
        unit = _common(unit, float(gap))
        if unit < _FINEST:
            return 0.0
    steps = (values - values[0]) / span * round(1.0 / unit)
    return span / round(1.0 / unit) if np.abs(steps - np.round(steps)).max() < _WHOLE else 0.0


def _not_far_out(y: Array) -> Array:
    off = np.abs(y - np.median(y)) if len(y) else y
    usual = float(np.median(off)) if len(y) else 0.0
    return y[off <= _ABSURD * usual] if usual > 0.0 else y


def _common(a: float, b: float) -> float:
    """Greatest common measure of two lengths, by Euclid's algorithm."""
    while b > 0.1 * _FINEST:
        a, b = b, a - b * np.floor(a / b + _WHOLE)
    return a


def share_alike(y: Array) -> float:
    """Return the share of some values that are the most common one."""
    return float(np.unique(y, return_counts=True)[1].max()) / len(y) if len(y) else 0.0


def is_common(y: Array) -> Mask:
    """Tell the values that more than one in a hundred take, and at least three: they are no outliers anywhere."""
    _, which, count = np.unique(y, return_inverse=True, return_counts=True)
    return np.asarray(count > max(2.0, _COMMON * len(y)))[which.ravel()]


def doubted_sd(y: Array) -> float:
    """Return the standard deviation below which a median of squares is not believed.

    It is that of rounding where responses are recorded in units. Where they are not, and yet most are alike, as with
    amounts that are mostly 0, it is infinite. Else it is 0.
    """
    unit = unit_of(y)
    return unit / 12.0**0.5 if unit > 0.0 else float("inf") if share_alike(y) > 0.5 else 0.0


def believed(median: float, mean: float, doubted: float) -> float:
    """Variance by a median of squares; where that is not believed, by their mean.

    Parameters
    ----------
    median, mean : float
        Two estimates of the variance.
    doubted : float
        Standard deviation below which the first is not believed, and up to which the second takes its place.
    """
    return max(median, min(mean, doubted**2))
