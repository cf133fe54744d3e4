"""Compiled per-row terms of the adapted power generalized Weibull: hazards, likelihood, derivatives.

Arrays in, arrays out; no names, no options. Each row has five linear predictors

    tau = log(phi)   beta = log(lambda)   alpha = log(gamma)   nu = log(kappa + 1)   c (cure)

and q = log z = gamma (log t + tau). Derivatives are stored in that order; second derivatives as the upper
triangle by rows: (tau tau), (tau beta), (tau alpha), (tau nu), (tau c), (beta beta), ..., (c c).

Every function here is plain Python before it is compiled: ``function.py_func``, or all of them at once with
``NUMBA_DISABLE_JIT=1``.
"""

from __future__ import annotations

import math

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.survival.kernels.baseline import EXP_MAX, baseline_terms

RIGHT, EXACT, LEFT, INTERVAL = 0, 1, 2, 3
NO_CURE, MIXTURE, PROMOTION = 0, 1, 2
LOWER, UPPER, ENTRY = 0, 1, 2
"""Where the known terms of a user's baseline stand for the left end, the right end and the entry of a row."""


@kernel
def _terms(q, nu, shape_free, known):
    """Terms of the baseline: those of a user's family where they are ``known`` (12), else the built-in family's."""
    if known.shape[0]:
        k = known
        return k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7], k[8], k[9], k[10], k[11]
    return baseline_terms(q, nu, shape_free)


@kernel
def _cured_terms(cumulative, c, cure):
    """Return -log S* of the population as a function F of the uncured H and the cure predictor c.

    Mixture: S* = p + (1 - p) exp(-H) with p = 1/(1 + exp(-c)). Promotion time: S* = exp{-theta (1 - exp(-H))}
    with theta = exp(c). Returns F, F_H, F_c, F_HH, F_Hc, F_cc.
    """
    a, dead = math.exp(-cumulative), -math.expm1(-cumulative)
    if cure == PROMOTION:
        theta = math.exp(c)
        f = theta * dead
        return f, theta * a, f, -theta * a, theta * a, f
    p = 1.0 / (1.0 + math.exp(-c))
    q = 1.0 / (1.0 + math.exp(c))
    alive = p + q * a
    w = q * a / alive  # probability of being uncured, given survival
    f_c = -p * q * dead / alive
    return -math.log1p(-q * dead), w, f_c, -w * (1.0 - w), w * (f_c - p), f_c * (1.0 - 2.0 * p + f_c)


@kernel
def _uncured(log_t, eta, shape_free, order, g, h, known):
    """H of the uncured; its derivatives in the first four predictors are written to g and h."""
    gamma = math.exp(eta[2])
    q = gamma * (log_t + eta[0])
    h0, h_q, h_nu, h_qq, h_qnu, h_nunu, _, _, _, _, _, _ = _terms(q, eta[3], shape_free, known)
    scale = math.exp(eta[1])
    if order > 0:
        g[0] = scale * h_q * gamma
        g[1] = scale * h0
        g[2] = scale * h_q * q
        g[3] = scale * h_nu
    if order > 1:
        curve, slope = scale * h_qq, scale * h_q
        h[0] = curve * gamma * gamma
        h[1] = slope * gamma
        h[2] = (curve * q + slope) * gamma
        h[3] = scale * h_qnu * gamma
        h[5] = g[1]
        h[6] = g[2]
        h[7] = g[3]
        h[9] = (curve * q + slope) * q
        h[10] = scale * h_qnu * q
        h[12] = scale * h_nunu
    return scale * h0


@kernel
def _add_cured(sign, cumulative, c, cure, order, g, h, grad, hess):
    """Add sign * (derivatives of F(H, c)) given those of the uncured H in g and h, which are scratch; return F."""
    f, f_h, f_c, f_hh, f_hc, f_cc = _cured_terms(cumulative, c, cure)
    if f_h == 0.0:  # on the plateau, where the H of the uncured and its slopes may be infinite
        g[:4] = 0.0
        h[:14] = 0.0
    if order > 0:
        for a in range(4):
            grad[a] += sign * f_h * g[a]
        grad[4] += sign * f_c
    if order > 1:
        k = 0
        for a in range(4):
            for b in range(a, 4):
                hess[k] += sign * (f_h * h[k] + f_hh * g[a] * g[b])
                k += 1
            hess[k] += sign * f_hc * g[a]
            k += 1
        hess[14] += sign * f_cc
    return f


@kernel
def _add_cumulative(sign, log_t, eta, cure, shape_free, order, grad, hess, work, known):
    """Add sign * (derivatives of the population H) to grad (5) and hess (15); return H, unsigned."""
    g, h = work[0, :5], work[0, 5:]  # scratch: an allocation in each row would cost more than the logarithms
    cumulative = _uncured(log_t, eta, shape_free, order, g, h, known)
    if cure == NO_CURE:
        for a in range(4):
            grad[a] += sign * g[a]
        if order > 1:
            for k in range(14):
                hess[k] += sign * h[k]
        return cumulative
    return _add_cured(sign, cumulative, eta[4], cure, order, g, h, grad, hess)


@kernel
def _add_exact(log_t, eta, cure, shape_free, order, grad, hess, work, known):
    """Add the derivatives of the log density to grad and hess; return it. One evaluation of the baseline."""
    alpha, nu = eta[2], eta[3]
    gamma = math.exp(alpha)
    q = gamma * (log_t + eta[0])
    h, h_q, h_nu, h_qq, h_qnu, h_nunu, a, a_q, a_nu, a_qq, a_qnu, a_nunu = _terms(q, nu, shape_free, known)
    scale = math.exp(eta[1])
    if order > 0:
        slope = 1.0 + a_q - scale * h_q
        grad[0] += slope * gamma
        grad[1] += 1.0 - scale * h
        grad[2] += 1.0 + slope * q
        grad[3] += a_nu - scale * h_nu
        if order > 1:
            curve = a_qq - scale * h_qq
            mixed = a_qnu - scale * h_qnu
            hess[0] += curve * gamma * gamma
            hess[1] -= scale * h_q * gamma
            hess[2] += (curve * q + slope) * gamma
            hess[3] += mixed * gamma
            hess[5] -= scale * h
            hess[6] -= scale * h_q * q
            hess[7] -= scale * h_nu
            hess[9] += (curve * q + slope) * q
            hess[10] += mixed * q
            hess[12] += a_nunu - scale * h_nunu
    total = eta[1] + alpha + q - log_t + a - scale * h
    if cure == NO_CURE:
        return total
    if cure == PROMOTION:  # log theta + log f - theta F
        grad[4] += 1.0
        return (
            total
            + eta[4]
            - _add_cumulative(-1.0, log_t, eta, cure, shape_free, order, grad, hess, work, known)
        )
    p = 1.0 / (1.0 + math.exp(-eta[4]))  # log(1 - p) + log f
    grad[4] -= p
    hess[14] -= p * (1.0 - p)
    return total - math.log1p(math.exp(eta[4]))


@kernel
def _add_log_hazard(log_t, eta, cure, grad, known):
    """Add the gradient of the population log hazard to grad; return the log hazard."""
    if cure != NO_CURE:  # log h* = log f* + H*
        no_hess, work = np.zeros(15), np.zeros((5, 20))
        density = _add_exact(log_t, eta, cure, True, 1, grad, no_hess, work, known)
        return density + _add_cumulative(1.0, log_t, eta, cure, True, 1, grad, no_hess, work, known)
    gamma = math.exp(eta[2])
    q = gamma * (log_t + eta[0])
    _, _, _, _, _, _, a, a_q, a_nu, _, _, _ = _terms(q, eta[3], True, known)
    grad[0] += (1.0 + a_q) * gamma
    grad[1] += 1.0
    grad[2] += 1.0 + (1.0 + a_q) * q
    grad[3] += a_nu
    return eta[1] + eta[2] + q - log_t + a


@kernel
def _interval(log_l, log_u, eta, shape_free, order, g, h, work, known):
    """Return log{S(l) - S(u)} of the uncured; write its derivatives to g and h. log_l is -inf for l = 0."""
    work[1:3] = 0.0
    low_g, low_h, gap_g, gap_h = work[1, :5], work[1, 5:], work[2, :5], work[2, 5:]
    low = 0.0
    if log_l > -math.inf:
        low = _add_cumulative(1.0, log_l, eta, NO_CURE, shape_free, order, low_g, low_h, work, known[LOWER])
    high = _add_cumulative(1.0, log_u, eta, NO_CURE, shape_free, order, gap_g, gap_h, work, known[UPPER])
    gap = high - low
    if not gap > 0.0:
        return -math.inf
    if order > 0:
        weight = 1.0 / math.expm1(gap) if gap < EXP_MAX else 0.0
        if weight == 0.0:  # nobody is left at the right end, where H and its slopes may be infinite
            gap_g[:] = low_g
            gap_h[:] = low_h
        for i in range(5):
            gap_g[i] -= low_g[i]
            g[i] = weight * gap_g[i] - low_g[i]
        k = 0
        for i in range(5):
            for j in range(i, 5):
                bend = weight * (gap_h[k] - low_h[k]) - weight * (1.0 + weight) * gap_g[i] * gap_g[j]
                h[k] = bend - low_h[k]
                k += 1
    return -low + math.log(-math.expm1(-gap))


@kernel
def _add_interval(log_l, log_u, eta, cure, shape_free, order, grad, hess, work, known):
    """Add the derivatives of log{S*(l) - S*(u)} of the population to grad and hess; return it.

    With a cured fraction the difference is taken among the uncured, B = log{S(l) - S(u)}: near the plateau that of
    the population would be lost. Mixture: log(1 - p) + B. Promotion time: with D = theta exp(B),
    log S*(l) + log(1 - exp(-D)).
    """
    g, h = work[3, :5], work[3, 5:]
    base = _interval(log_l, log_u, eta, shape_free, order, g, h, work, known)
    if base == -math.inf:
        return base
    if cure != PROMOTION:
        grad[:] += g
        hess[:] += h
        if cure == NO_CURE:
            return base
        p = 1.0 / (1.0 + math.exp(-eta[4]))
        grad[4] -= p
        hess[14] -= p * (1.0 - p)
        return base - math.log1p(math.exp(eta[4]))
    d = math.exp(eta[4] + base)
    weight = d / math.expm1(d) if 0.0 < d < EXP_MAX else (1.0 if d == 0.0 else 0.0)
    bend = weight * (1.0 - d - weight)
    g[4] += 1.0
    k = 0
    for i in range(5):
        grad[i] += weight * g[i]
        for j in range(i, 5):
            hess[k] += weight * h[k] + bend * g[i] * g[j]
            k += 1
    alive = 0.0
    if log_l > -math.inf:
        alive = _add_cumulative(-1.0, log_l, eta, cure, shape_free, order, grad, hess, work, known[LOWER])
    # log(1 - exp(-D)) is log D to all digits where D has lost its own
    return (math.log(-math.expm1(-d)) if d > 1e-300 else eta[4] + base) - alive


@kernel
def _add_other_way(total, log_other, log_lower, eta, cure, shape_free, order, g, h, work, known):
    """Return log(exp(total) + exp(log_other) S(l)), with the derivatives in g and h turned into its own.

    There are two ways to the event: that of the model, and the background's, which needs survival of the first.
    """
    work[4] = 0.0
    other_g, other_h = work[4, :5], work[4, 5:]
    other = log_other
    if log_lower > -math.inf:
        other -= _add_cumulative(
            -1.0, log_lower, eta, cure, shape_free, order, other_g, other_h, work, known[LOWER]
        )
    gap = total - other
    share = 1.0 / (1.0 + math.exp(-gap))  # probability that the event is the model's
    rest = 1.0 / (1.0 + math.exp(gap))
    if rest == 0.0:  # the background's terms, which may be infinite, do not count
        return total
    if share == 0.0:
        g[:] = other_g
        h[:] = other_h
        return other
    k = 0
    for i in range(5):
        for j in range(i, 5):
            bend = share * rest * (g[i] - other_g[i]) * (g[j] - other_g[j])
            h[k] = share * h[k] + rest * other_h[k] + bend
            k += 1
    for i in range(5):
        g[i] = share * g[i] + rest * other_g[i]
    return other - math.log(rest) if gap < 0.0 else total - math.log(share)


@kernel
def row_derivatives(
    code, log_lower, log_upper, log_entry, log_other, eta, cure, shape_free, order, g, h, work, known
):
    """Log-likelihood of one row; its derivatives in the five linear predictors are written to g (5) and h (15).

    ``log_upper`` is infinite where there is none, ``log_entry`` minus infinity; ``log_other`` is the logarithm of the
    background hazard at an exact event, or of expm1 of its integral over an interval, minus infinity where there is
    none; ``work`` (5, 20) is scratch, and ``known`` (3, 12) or (3, 0) holds the terms of a user's baseline at the left
    end, the right end and the entry.
    """
    g[:] = 0.0
    h[:] = 0.0
    if code == EXACT:
        total = _add_exact(log_lower, eta, cure, shape_free, order, g, h, work, known[LOWER])
    elif code == RIGHT:
        total = -_add_cumulative(-1.0, log_lower, eta, cure, shape_free, order, g, h, work, known[LOWER])
    else:
        total = _add_interval(log_lower, log_upper, eta, cure, shape_free, order, g, h, work, known)
    if code != RIGHT and log_other > -math.inf:
        total = _add_other_way(total, log_other, log_lower, eta, cure, shape_free, order, g, h, work, known)
    if log_entry > -math.inf:
        total += _add_cumulative(1.0, log_entry, eta, cure, shape_free, order, g, h, work, known[ENTRY])
    return total


@kernel
def row_terms(eta, code, log_lower, log_upper, log_entry, log_other, cure, shape_free, known, value, grad):
    """Unweighted log-likelihood (n,) of each row and its gradient (n, 5) in the linear predictors eta (n, 5)."""
    h, work = np.empty(15), np.zeros((5, 20))
    for i in range(eta.shape[0]):
        upper = log_upper[i] if log_upper.shape[0] else math.inf
        entry = log_entry[i] if log_entry.shape[0] else -math.inf
        other = log_other[i] if log_other.shape[0] else -math.inf
        row = known[i if known.shape[0] > 1 else 0]
        value[i] = row_derivatives(
            code[i], log_lower[i], upper, entry, other, eta[i], cure, shape_free, 1, grad[i], h, work, row
        )


@kernel
def cumulative_hazard_terms(log_t, eta, cure, known, value, grad):
    """Compute the population H (n,) and its gradient (n, 5) in the linear predictors eta (n, 5); 0 at log_t = -inf.

    ``known`` (n, 12) holds the terms of a user's baseline, or is (1, 0).
    """
    no_hess, work = np.zeros(15), np.zeros((5, 20))
    for i in range(log_t.shape[0]):
        grad[i, :] = 0.0
        value[i] = 0.0
        if log_t[i] > -math.inf:
            row = known[i if known.shape[0] > 1 else 0]
            value[i] = _add_cumulative(1.0, log_t[i], eta[i], cure, True, 1, grad[i], no_hess, work, row)


@kernel
def log_hazard_terms(log_t, eta, cure, known, value, grad):
    """Compute the population log h (n,) and its gradient (n, 5) in the linear predictors eta (n, 5).

    ``known`` (n, 12) holds the terms of a user's baseline, or is (1, 0).
    """
    for i in range(log_t.shape[0]):
        grad[i, :] = 0.0
        row = known[i if known.shape[0] > 1 else 0]
        value[i] = _add_log_hazard(log_t[i], eta[i], cure, grad[i], row)
