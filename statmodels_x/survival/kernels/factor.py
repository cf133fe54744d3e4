"""A free factor on the background: its part of the log-likelihood's derivatives, and what each death is due to.

The factor's logarithm is the last coefficient. It touches events and the background's integral alone, so that it is a
second short pass beside the sums over all rows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit

from statmodels_x.core.data.surv import EXACT, RIGHT
from statmodels_x.core.typing import Array
from statmodels_x.survival.kernels.hazards import log_hazard
from statmodels_x.survival.kernels.likelihood import SurvivalArrays

_SMALL = 1e-5


def with_factor(arrays: SurvivalArrays, log_factor: float) -> SurvivalArrays:
    """Return the arrays with the background multiplied, and no coefficient for that."""
    other, within = arrays.log_other, _within(arrays)
    with np.errstate(divide="ignore", over="ignore"):
        grown = np.where(
            within, np.log(np.expm1(np.exp(log_factor) * np.log1p(np.exp(other)))), other + log_factor
        )
    expected = np.exp(log_factor) * arrays.expected
    return replace(arrays, log_other=grown, expected=expected, has_factor=False)


def factor_derivatives(theta: Array, log_factor: float, arrays: SurvivalArrays) -> tuple[Array, Array, Array]:
    """Differentiate each row's log-likelihood by the factor's logarithm.

    Parameters
    ----------
    theta : ndarray of shape (p,)
        The coefficients of the model.
    log_factor : float
    arrays : SurvivalArrays
        With the background as it was given.

    Returns
    -------
    first, second : ndarray of shape (n,)
    cross : ndarray of shape (n, 5)
        With the five linear predictors.
    """
    grown = with_factor(arrays, log_factor)
    share, slope = excess_share(theta, grown)
    within = _within(arrays)
    with np.errstate(over="ignore"):
        amount = np.where(within, np.exp(log_factor) * np.log1p(np.exp(arrays.log_other)), 0.0)
    small = np.maximum(amount, _SMALL)
    whole = np.where(amount > _SMALL, small / -np.expm1(-small), 1.0 + 0.5 * amount)
    bend = np.where(amount > _SMALL, whole - small**2 * np.exp(-small) / np.expm1(-small) ** 2, 0.5 * amount)
    own, own_bend = np.where(within, whole, 1.0), np.where(within, bend, 0.0)
    rest, both = 1.0 - share, share * (1.0 - share)
    first = rest * own - grown.expected
    second = rest * own_bend + both * own**2 - grown.expected
    return first, second, -(both * own)[:, None] * slope


def excess_share(theta: Array, arrays: SurvivalArrays) -> tuple[Array, Array]:
    """Probability that each row's event is due to the excess, 1 for rows without one, and the gradient of its logit.

    Returns
    -------
    share : ndarray of shape (n,)
    slope : ndarray of shape (n, 5)
        In the five linear predictors.
    """
    from statmodels_x.survival.kernels.rows import row_terms

    share, slope = np.ones(arrays.n), np.zeros((arrays.n, 5))
    rows = np.flatnonzero((arrays.code != RIGHT) & (arrays.log_other > -np.inf))
    if not len(rows):
        return share, slope
    part = arrays.take(rows)
    eta = np.ascontiguousarray(part.linear_predictors(theta).T)
    signal, grad = np.empty(part.n), np.empty((part.n, 5))
    exact = part.code == EXACT
    if exact.any():
        times = np.exp(part.log_lower[exact])
        signal[exact], grad[exact] = log_hazard(times, eta[exact], part.cure, part.family)
    if not exact.all():
        # entry at the left end turns the probability of the interval into one given survival to it
        open_ = part.take(np.flatnonzero(~exact))
        known = open_.known_terms(theta)
        value, slopes = np.empty(open_.n), np.empty((open_.n, 5))
        known = known if open_.family is None else known[:, [0, 1, 0]]
        row_terms(
            np.ascontiguousarray(eta[~exact]), open_.code, open_.log_lower, open_.log_upper, open_.log_lower,
            np.zeros(0), open_.cure, True, known, value, slopes,
        )  # fmt: skip
        signal[~exact], grad[~exact] = value, slopes
    share[rows] = expit(signal - part.log_other)
    slope[rows] = grad
    return share, slope


def _within(arrays: SurvivalArrays) -> Array:
    return (arrays.code != EXACT) & (arrays.code != RIGHT)
