"""Net survival as the data show it, without a model of the excess: the estimator of Pohar Perme and others (2012).

Whoever is still observed at a time t stands for all who were alike and have died of other causes since, and counts with
w(t) = exp(B(t)), one over the population's survival. Between changes of who is at risk, the hazard of other causes
under these weights, sum(w b) / sum(w), is the derivative of log sum(w), so that its integral needs no quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from statmodels_x.core.typing import Array
from statmodels_x.survival.background.sources import Paths


@dataclass(frozen=True)
class NetCurve:
    """Net survival at its times, with the variance of its logarithm; right-continuous.

    Attributes
    ----------
    times : ndarray of shape (m,)
        From 0 on: the distinct times, and those that were asked for besides.
    survival : ndarray of shape (m,)
        Not above 1 in expectation; in a sample it may be, and it rises where nobody dies.
    variance : ndarray of shape (m,)
        Of log survival.
    at_risk, events : ndarray of shape (m,)
        Just before each time, and so far.
    """

    times: Array
    survival: Array
    variance: Array
    at_risk: Array
    events: Array

    def limits(self, alpha: float) -> tuple[Array, Array]:
        """Limits of an interval at each time, normal for log survival."""
        with np.errstate(over="ignore", invalid="ignore"):
            factor = np.exp(ndtri(1.0 - alpha / 2.0) * np.sqrt(self.variance))
            return self.survival / factor, np.where(self.survival > 0.0, self.survival * factor, np.nan)


def pohar_perme(
    time: Array,
    event: NDArray[np.bool_],
    paths: Paths,
    weight: Array | None = None,
    entry: Array | None = None,
    at: Array | None = None,
    log_factor: float = 0.0,
    squared: Array | None = None,
) -> NetCurve:
    """Estimate net survival.

    Parameters
    ----------
    time : ndarray of shape (n,)
    event : ndarray of bool, shape (n,)
    paths : Paths
        The background of each row, from its time 0 on.
    weight : ndarray of shape (n,), optional
    entry : ndarray of shape (n,), optional
        A row is at risk after its entry; the others who entered late stand for those who died before they could.
    at : ndarray, optional
        Further times at which the curve is wanted, none of them after the last of ``time``.
    log_factor : float
        Logarithm of a factor on the background.
    squared : ndarray of shape (n,), optional
        What the variance counts in place of the weights: their squares where they are those of a sample, themselves
        (the default) where they count rows.

    Returns
    -------
    NetCurve
    """
    order = np.argsort(time, kind="stable")
    time, event, paths = time[order], event[order], paths.take(order)
    began = np.zeros(len(time)) if entry is None else entry[order]
    log_weight = np.zeros(len(time)) if weight is None else np.log(weight[order])
    log_squared = log_weight if squared is None else np.log(squared[order])
    wanted = np.unique(np.concatenate([[0.0], time, [] if at is None else at]))
    grid = np.unique(np.concatenate([wanted, began]))
    other = np.zeros(len(time))  # integral of each row's background so far
    log_survival, variance = np.zeros(len(grid)), np.zeros(len(grid))
    at_risk, events = np.zeros(len(grid)), np.zeros(len(grid))
    first = np.searchsorted(time, grid, side="left")
    for k in range(1, len(grid)):
        left = slice(int(first[k]), None)  # times from this one on
        inside = began[left] <= grid[k - 1]
        before = np.where(inside, log_weight[left] + other[left], -np.inf)
        m = len(time) - int(first[k])
        steps = paths.take(left).cumulative(np.full(m, grid[k - 1]), np.full(m, grid[k]))
        other[left] += np.exp(log_factor) * steps
        now = np.where(inside, log_weight[left] + other[left], -np.inf)
        dying = inside & event[left] & (time[left] == grid[k])
        log_survival[k], variance[k] = _step(before, now, dying, log_squared[left] + 2.0 * other[left])
        at_risk[k] = np.exp(log_weight[left])[inside].sum()
        events[k] = np.exp(log_weight[left])[dying].sum()
    at_risk[0] = np.exp(log_weight)[began == 0.0].sum()
    kept = np.isin(grid, wanted)
    with np.errstate(invalid="ignore"):
        survival, spread = np.exp(np.cumsum(log_survival)), np.cumsum(variance)
    return NetCurve(grid[kept], survival[kept], spread[kept], at_risk[kept], np.cumsum(events)[kept])


def _step(before: Array, now: Array, dying: NDArray[np.bool_], squared: Array) -> tuple[float, float]:
    """Logarithm of the factor by which net survival changes up to a time, and what its variance grows by."""
    total = _log_sum(now)
    if np.isneginf(total):  # nobody is under observation
        return 0.0, 0.0
    others = total - _log_sum(before)
    if not dying.any():
        return others, 0.0
    share = min(np.exp(_log_sum(now[dying]) - total), 1.0)
    with np.errstate(divide="ignore"):
        return others + float(np.log1p(-share)), float(np.exp(_log_sum(squared[dying]) - 2.0 * total))


def _log_sum(values: Array) -> float:
    """Logarithm of a sum of exponentials; minus infinity for none."""
    largest = values.max(initial=-np.inf)
    return float(largest + np.log(np.exp(values - largest).sum())) if np.isfinite(largest) else -np.inf
