"""The Kaplan-Meier curve of weighted, right-censored times with late entry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array


def product_limit(
    time: Array, event: NDArray[np.bool_], weight: Array | None = None, entry: Array | None = None
) -> tuple[Array, Array]:
    """Estimate a survival curve.

    Parameters
    ----------
    time : ndarray of shape (n,)
    event : ndarray of bool, shape (n,)
    weight, entry : ndarray of shape (n,), optional
        A subject is at risk after its entry.

    Returns
    -------
    times : ndarray of shape (m,)
        0 and the distinct times.
    survival : ndarray of shape (m,)
        From each time on.
    """
    counts = np.ones(len(time)) if weight is None else np.asarray(weight, float)
    times, place = np.unique(time, return_inverse=True)
    events = np.bincount(place, counts * event, len(times))
    leaving = np.bincount(place, counts, len(times))
    at_risk = leaving[::-1].cumsum()[::-1]
    if entry is not None:
        order = np.argsort(entry, kind="stable")
        entered = np.concatenate([[0.0], np.cumsum(counts[order])])
        at_risk -= entered[-1] - entered[np.searchsorted(entry[order], times, side="left")]
    share = np.divide(events, at_risk, out=np.zeros(len(times)), where=events > 0.0)
    survival = np.cumprod(1.0 - np.minimum(share, 1.0))
    return np.concatenate([[0.0], times]), np.concatenate([[1.0], survival])


def at_times(curve: tuple[Array, Array], at: Array) -> Array:
    """Read a curve off: its value from the last of its times on that is not after ``at``."""
    times, survival = curve
    return survival[np.searchsorted(times, at, side="right") - 1]
