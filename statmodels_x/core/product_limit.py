"""The Kaplan-Meier curve of weighted, right-censored times with late entry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

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
    times, events, at_risk = _counted(time, event, weight, entry)
    share = np.divide(events, at_risk, out=np.zeros(len(times)), where=events > 0.0)
    survival = np.cumprod(1.0 - np.minimum(share, 1.0))
    return np.concatenate([[0.0], times]), np.concatenate([[1.0], survival])


def product_limit_interval(
    time: Array,
    event: NDArray[np.bool_],
    weight: Array | None = None,
    entry: Array | None = None,
    alpha: float = 0.05,
) -> tuple[Array, Array]:
    """Limits of the curve of :func:`product_limit` at its times, by Greenwood's variance of log(-log S).

    Parameters
    ----------
    time, event, weight, entry : ndarray of shape (n,)
        As there; weights count rows.
    alpha : float
        Error rate of the interval at each time.

    Returns
    -------
    lower, upper : ndarray of shape (m,)
        1 before the first event, NaN once nobody is left.
    """
    times, events, at_risk = _counted(time, event, weight, entry)
    share = np.divide(events, at_risk, out=np.zeros(len(times)), where=events > 0.0)
    left = at_risk - events
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(np.divide(share, left, out=np.zeros(len(times)), where=events > 0.0))
        log_survival = np.cumsum(np.log1p(-np.minimum(share, 1.0)))
        reach = ndtri(1.0 - alpha / 2.0) * np.sqrt(variance) / -log_survival
        lower, upper = np.exp(log_survival * np.exp(reach)), np.exp(log_survival * np.exp(-reach))
    known = np.isfinite(log_survival) & np.isfinite(reach)
    before = log_survival == 0.0
    limits = [np.where(before, 1.0, np.where(known, limit, np.nan)) for limit in (lower, upper)]
    return np.concatenate([[1.0], limits[0]]), np.concatenate([[1.0], limits[1]])


def number_at_risk(at: Array, time: Array, weight: Array | None = None, entry: Array | None = None) -> Array:
    """Count those under observation just before each time: entered, and neither gone nor seen with an event yet."""
    counts = np.ones(len(time)) if weight is None else np.asarray(weight, float)
    began = np.zeros(len(time)) if entry is None else entry
    inside = (time >= at[:, None]) & ((began < at[:, None]) | (began == 0.0))
    return inside @ counts


def _counted(
    time: Array, event: NDArray[np.bool_], weight: Array | None, entry: Array | None
) -> tuple[Array, Array, Array]:
    """Distinct times, and the events and those at risk at each."""
    counts = np.ones(len(time)) if weight is None else np.asarray(weight, float)
    times, place = np.unique(time, return_inverse=True)
    events: Array = np.bincount(place, counts * event, len(times)).astype(float)
    leaving = np.bincount(place, counts, len(times))
    at_risk: Array = leaving[::-1].cumsum()[::-1]
    if entry is not None:
        order = np.argsort(entry, kind="stable")
        entered = np.concatenate([[0.0], np.cumsum(counts[order])])
        at_risk -= entered[-1] - entered[np.searchsorted(entry[order], times, side="left")]
    return times, events, at_risk


def at_times(curve: tuple[Array, Array], at: Array) -> Array:
    """Read a curve off: its value from the last of its times on that is not after ``at``."""
    times, survival = curve
    return survival[np.searchsorted(times, at, side="right") - 1]
