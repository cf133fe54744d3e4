"""Compiled terms of right-censored and exact rows, a block at a time: the likelihood's fast path.

A block is one flat array of ``LANES`` lanes of ``BLOCK`` values. Because the distance between lanes is a constant,
the compiler knows that they do not overlap and turns the arithmetic into vector instructions. Exponentials and
logarithms are our own (see :mod:`.elementary`), since it cannot do so with those of a library.
"""

from __future__ import annotations

import math

from statmodels_x.core.compiled import inlined, kernel
from statmodels_x.survival.kernels.baseline import EXP_MAX
from statmodels_x.survival.kernels.elementary import exponential, exponential_less_one, log_one_plus

BLOCK = 256
# What the lanes hold: linear predictors (5), log time, whether the row is exact, gamma, lambda, q = log z, the three
# transcendental steps, the row's log-likelihood, its derivatives in the linear predictors (5) and second ones (15), and
# where events are shared with a background, what that adds to the log-likelihood and to the second derivatives
ETA, LOG_T, EVENT, GAMMA, SCALE, Q, RATIO, LENGTH, EXPM1 = (k * BLOCK for k in (0, 5, 6, 7, 8, 9, 10, 11, 12))
VALUE, FIRST, SECOND, SHARED, BEND, LANES = 13 * BLOCK, 14 * BLOCK, 19 * BLOCK, 34 * BLOCK, 35 * BLOCK, 36
_TAU, _BETA, _ALPHA, _NU = (FIRST + k * BLOCK for k in range(4))
_TAU_TAU, _TAU_BETA, _TAU_ALPHA, _TAU_NU = (SECOND + k * BLOCK for k in range(4))
_BETA_BETA, _BETA_ALPHA, _BETA_NU = (SECOND + k * BLOCK for k in (5, 6, 7))
_ALPHA_ALPHA, _ALPHA_NU, _NU_NU = (SECOND + k * BLOCK for k in (9, 10, 12))

_SERIES_BELOW = 0.2  # as in the baseline's terms for single rows
_GAP_BELOW = 0.03
_C0, _C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10, _C11 = (
    1.0 / math.factorial(n + 1) for n in range(12)
)
_D2, _D3, _D4, _D5, _D6, _D7, _D8, _D9, _D10, _D11, _D12, _D13 = ((m - 1.0) / m for m in range(2, 14))


@kernel
def log_odds(w, m, same_power, same_scale):
    """Fill the lanes gamma, lambda and q = gamma (log t + log phi)."""
    if same_power:
        w[GAMMA : GAMMA + m] = math.exp(w[ETA + 2 * BLOCK])
    else:
        for i in range(m):
            w[GAMMA + i] = exponential(w[ETA + 2 * BLOCK + i])
    if same_scale:
        w[SCALE : SCALE + m] = math.exp(w[ETA + BLOCK])
    else:
        for i in range(m):
            w[SCALE + i] = exponential(w[ETA + BLOCK + i])
    for i in range(m):
        w[Q + i] = w[GAMMA + i] * (w[LOG_T + i] + w[ETA + i])


@kernel
def weibull_rows(w, m):
    """Terms of a Weibull (kappa = 1, fixed): one exponential a row."""
    for i in range(m):
        w[EXPM1 + i] = exponential(w[Q + i])
    for i in range(m):
        q, d, power = w[Q + i], w[EVENT + i], w[GAMMA + i]
        hazard = w[SCALE + i] * w[EXPM1 + i]
        slope = d - hazard
        bend = slope - hazard * q
        w[VALUE + i] = d * (w[ETA + BLOCK + i] + w[ETA + 2 * BLOCK + i] + q - w[LOG_T + i]) - hazard
        w[_TAU + i] = slope * power
        w[_BETA + i] = slope
        w[_ALPHA + i] = d + slope * q
        w[_TAU_TAU + i] = -hazard * power * power
        w[_TAU_BETA + i] = -hazard * power
        w[_TAU_ALPHA + i] = bend * power
        w[_BETA_BETA + i] = -hazard
        w[_BETA_ALPHA + i] = -hazard * q
        w[_ALPHA_ALPHA + i] = bend * q


@kernel
def shape_steps(w, m, nu):
    """Fill the lanes of the transcendental steps of the family with one finite shape for all rows."""
    kappa = math.expm1(nu)
    for i in range(m):
        w[RATIO + i] = exponential(min(w[Q + i] - nu, EXP_MAX))
    for i in range(m):
        w[LENGTH + i] = log_one_plus(w[RATIO + i])
    for i in range(m):
        w[EXPM1 + i] = exponential_less_one(kappa * w[LENGTH + i])


@kernel
def shape_rows(w, m, nu):
    """Terms of the family with one finite shape for all rows, and their derivatives in it, after the steps."""
    k1, kappa = math.exp(nu), math.expm1(nu)
    if kappa > 1.0:
        _rows_above_weibull(w, m, nu, k1, kappa)
    else:
        _rows_below_weibull(w, m, nu, k1, kappa)


@inlined
def _step(value, first, half_second, x, c):
    """One step of Horner's rule for a polynomial with its first and half its second derivative."""
    return value * x + c, first * x + value, half_second * x + first


@inlined
def _series(x):
    """Return expm1(x)/x with its first and half its second derivative for small x, without a loop."""
    value, first, half = _step(_C11, 0.0, 0.0, x, _C10)
    value, first, half = _step(value, first, half, x, _C9)
    value, first, half = _step(value, first, half, x, _C8)
    value, first, half = _step(value, first, half, x, _C7)
    value, first, half = _step(value, first, half, x, _C6)
    value, first, half = _step(value, first, half, x, _C5)
    value, first, half = _step(value, first, half, x, _C4)
    value, first, half = _step(value, first, half, x, _C3)
    value, first, half = _step(value, first, half, x, _C2)
    value, first, half = _step(value, first, half, x, _C1)
    value, first, half = _step(value, first, half, x, _C0)
    return value, first, half


@inlined
def _odds_and_gap(r, length, log_ratio):
    """Return s = r/(1 + r), L = log(1 + r) and L - s without cancellation or overflow."""
    s = r / (1.0 + r)
    length = log_ratio if log_ratio > EXP_MAX else length
    low = _D2 - r * (_D3 - r * (_D4 - r * (_D5 - r * (_D6 - r * _D7))))
    power = r * r * r * r * r * r
    total = low + power * (_D8 - r * (_D9 - r * (_D10 - r * (_D11 - r * (_D12 - r * _D13)))))
    return s, length, total * r * r if r < _GAP_BELOW else length - s


@kernel
def share_events(w, m, factor, log_other):
    """Share each event between the model and a background: the lane of events becomes the model's probability.

    ``factor`` (kappa - 1, or 0 for the Weibull) times the lane of lengths is the shape's part of the log hazard.
    Derivatives that are linear in the event are then those of log(h + b); what is not is kept in two lanes.
    """
    for i in range(m):
        log_h = w[ETA + BLOCK + i] + w[ETA + 2 * BLOCK + i] + w[Q + i] - w[LOG_T + i]
        if factor != 0.0:
            log_h += factor * w[LENGTH + i]
        gap, d = log_h - log_other[i], w[EVENT + i]
        if d == 0.0 or gap == math.inf:
            w[SHARED + i] = 0.0
            w[BEND + i] = 0.0
            continue
        small = math.exp(-abs(gap))
        share = 1.0 / (1.0 + small) if gap > 0.0 else small / (1.0 + small)
        w[EVENT + i] = share
        w[BEND + i] = small / ((1.0 + small) * (1.0 + small))
        w[SHARED + i] = max(log_h, log_other[i]) + math.log1p(small) - share * log_h


@kernel
def add_sharing(w, m, nu, is_weibull):
    """Add what the sharing of events adds: to the log-likelihood, and bend g g' with g the slopes of log h."""
    k1, kappa = math.exp(nu), math.expm1(nu)
    for i in range(m):
        w[VALUE + i] += w[SHARED + i]
        bend = w[BEND + i]
        if bend == 0.0:
            continue
        a_q, a_nu = 0.0, 0.0
        if not is_weibull:
            s, _, gap = _odds_and_gap(w[RATIO + i], w[LENGTH + i], w[Q + i] - nu)
            a_q, a_nu = (kappa - 1.0) * s, k1 * gap + 2.0 * s
        tau, alpha = w[GAMMA + i] * (1.0 + a_q), 1.0 + (1.0 + a_q) * w[Q + i]
        w[_TAU_TAU + i] += bend * tau * tau
        w[_TAU_BETA + i] += bend * tau
        w[_TAU_ALPHA + i] += bend * tau * alpha
        w[_BETA_BETA + i] += bend
        w[_BETA_ALPHA + i] += bend * alpha
        w[_ALPHA_ALPHA + i] += bend * alpha * alpha
        if not is_weibull:
            w[_TAU_NU + i] += bend * tau * a_nu
            w[_BETA_NU + i] += bend * a_nu
            w[_ALPHA_NU + i] += bend * alpha * a_nu
            w[_NU_NU + i] += bend * a_nu * a_nu


@kernel
def _rows_below_weibull(w, m, nu, k1, kappa):
    """Write the derivatives for kappa of at most 1: expm1(kappa L)/kappa, smooth through kappa = 0."""
    for i in range(m):
        s, length, gap = _odds_and_gap(w[RATIO + i], w[LENGTH + i], w[Q + i] - nu)
        rest = 1.0 - s
        x = kappa * length
        rise = w[EXPM1 + i]
        e = 1.0 + rise
        # both forms are computed, since a choice between values costs less than a branch
        value, first, half_second = _series(x)
        small = abs(x) < _SERIES_BELOW
        inverse = 1.0 / x
        square = inverse * inverse
        p = value if small else rise * inverse
        p_1 = first if small else (x * e - rise) * square
        p_2 = 2.0 * half_second if small else (e * (x * x - 2.0 * x + 2.0) - 2.0) * square * inverse
        k1_length, e_s = k1 * length, e * s
        h_q = k1 * e_s
        g = length * p
        g_k = k1_length * length * p_1
        g_1 = g_k - e_s
        g_2 = e_s * (rest + kappa * s - 2.0 * k1_length) + g_k + k1_length * k1_length * length * p_2
        h_qnu = h_q * (k1_length + (1.0 - kappa) * s)
        _write(
            w, i, k1, kappa, s, length, gap, k1 * g, h_q, k1 * (g + g_1), h_qnu, k1 * (g + 2.0 * g_1 + g_2)
        )


@kernel
def _rows_above_weibull(w, m, nu, k1, kappa):
    """Write the derivatives for kappa above 1: no large terms cancel, so that kappa may go to infinity."""
    c = k1 / kappa
    c_1 = -k1 / (kappa * kappa)
    c_2 = -c_1 * (2.0 * c - 1.0)
    for i in range(m):
        s, length, gap = _odds_and_gap(w[RATIO + i], w[LENGTH + i], w[Q + i] - nu)
        rise = w[EXPM1 + i]
        e = 1.0 + rise
        x_1 = k1 * gap + s
        x_2 = k1 * (gap - s * s) - s * (1.0 - s)
        h_q = k1 * e * s
        h_nunu = c_2 * rise + 2.0 * c_1 * e * x_1 + c * e * (x_1 * x_1 + x_2)
        _write(
            w, i, k1, kappa, s, length, gap, c * rise, h_q, c_1 * rise + c * e * x_1, h_q * (x_1 + s), h_nunu
        )


@inlined
def _write(w, i, k1, kappa, s, length, gap, h, h_q, h_nu, h_qnu, h_nunu):
    """Write a row's log-likelihood and its derivatives, given those of H0."""
    rest, q, d = 1.0 - s, w[Q + i], w[EVENT + i]
    power, factor = w[GAMMA + i], w[SCALE + i]
    a_q = (kappa - 1.0) * s
    a_qq = a_q * rest
    slope = d + d * a_q - factor * h_q
    curve = d * a_qq - factor * h_q * (kappa * s + rest)
    mixed = d * (k1 * s - a_qq) - factor * h_qnu
    bend = curve * q + slope
    w[VALUE + i] = (
        d * (w[ETA + BLOCK + i] + w[ETA + 2 * BLOCK + i] + q - w[LOG_T + i] + (kappa - 1.0) * length)
        - factor * h
    )
    w[_TAU + i] = slope * power
    w[_BETA + i] = d - factor * h
    w[_ALPHA + i] = d + slope * q
    w[_NU + i] = d * (k1 * gap + 2.0 * s) - factor * h_nu
    w[_TAU_TAU + i] = curve * power * power
    w[_TAU_BETA + i] = -factor * h_q * power
    w[_TAU_ALPHA + i] = bend * power
    w[_TAU_NU + i] = mixed * power
    w[_BETA_BETA + i] = -factor * h
    w[_BETA_ALPHA + i] = -factor * h_q * q
    w[_BETA_NU + i] = -factor * h_nu
    w[_ALPHA_ALPHA + i] = bend * q
    w[_ALPHA_NU + i] = mixed * q
    w[_NU_NU + i] = d * (k1 * (gap - s * s) - 2.0 * s * rest) - factor * h_nunu
