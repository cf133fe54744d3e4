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
from numba import njit

_compile = njit(cache=True, nogil=True, error_model="numpy")

LOG_2 = math.log(2.0)
_EXP_MAX = 700.0
_FAR = 40.0
_BLOCK = 1024

RIGHT, EXACT, LEFT, INTERVAL = 0, 1, 2, 3
NO_CURE, MIXTURE, PROMOTION = 0, 1, 2


@_compile
def _expm1_ratios(x):
    """Return expm1(x)/x and its first two derivatives, smooth through 0."""
    if abs(x) < 0.7:
        # sum_n x^n/(n+1)!, differentiated term by term: the closed forms lose x^-2 digits here
        value, first, second = 0.0, 0.0, 0.0
        coefficient = 1.0
        power, power_1, power_2 = 1.0, 0.0, 0.0
        for n in range(18):
            coefficient /= n + 1.0
            value += coefficient * power
            first += coefficient * n * power_1
            second += coefficient * n * (n - 1.0) * power_2
            power_2 = power_1
            power_1 = power
            power *= x
        return value, first, second
    e, m = math.exp(x), math.expm1(x)
    return m / x, (x * e - m) / (x * x), (e * (x * x - 2.0 * x + 2.0) - 2.0) / (x * x * x)


@_compile
def _log1p_gap(r):
    """Return log(1 + r) - r/(1 + r) without cancellation for small r."""
    if r > 0.03:
        return math.log1p(r) - r / (1.0 + r)
    total, power = 0.0, r
    for m in range(2, 14):
        power *= -r
        total -= (m - 1.0) / m * power
    return total


@_compile
def baseline_terms(q, nu, shape_free, order):
    """Terms of the baseline at z = exp(q): H0 and the non-trivial part A of log h0, with derivatives.

    H0 = (k1/kappa) [(1 + z/k1)^kappa - 1] and log h = beta + alpha + q - log t + A with
    A = (kappa - 1) log(1 + z/k1), where k1 = exp(nu) = kappa + 1. ``nu`` may be infinite (Gompertz limit).

    Returns H0, H0_q, H0_nu, H0_qq, H0_qnu, H0_nunu, A, A_q, A_nu, A_qq, A_qnu, A_nunu; only the values when
    ``order`` is 0, and no derivative in nu unless ``shape_free``.
    """
    if nu == math.inf or (nu == LOG_2 and not shape_free):
        z = math.exp(q) if q < _EXP_MAX else math.inf
        if nu == LOG_2:  # kappa = 1: the Weibull, which needs no logarithm
            return z, z, 0.0, z, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        e = math.exp(z) if z < _EXP_MAX else math.inf
        m = math.expm1(z) if z < _EXP_MAX else math.inf
        return m, z * e, 0.0, z * (1.0 + z) * e, 0.0, 0.0, z, z, 0.0, z, 0.0, 0.0
    k1, kappa = math.exp(nu), math.expm1(nu)
    if q - nu < _FAR:
        r = math.exp(q - nu)
        s = r / (1.0 + r)
        length = math.log1p(r)
        gap = _log1p_gap(r)  # length - s
    else:  # z/k1 beyond every rounding
        s, length, gap = 1.0, q - nu, q - nu - 1.0
    x = kappa * length
    big_a = (kappa - 1.0) * length
    if x > _EXP_MAX:  # H is beyond the range of floats, the hazard need not be
        a_nu = k1 * gap + 2.0 * s
        return math.inf, math.inf, 0.0, 0.0, 0.0, 0.0, big_a, (kappa - 1.0) * s, a_nu, 0.0, 0.0, 0.0
    if order == 0:
        if abs(x) < 1e-300:
            return k1 * length, 0.0, 0.0, 0.0, 0.0, 0.0, big_a, 0.0, 0.0, 0.0, 0.0, 0.0
        return k1 * length * math.expm1(x) / x, 0.0, 0.0, 0.0, 0.0, 0.0, big_a, 0.0, 0.0, 0.0, 0.0, 0.0

    e = math.exp(x)
    h_q = k1 * e * s
    h_qq = h_q * (kappa * s + 1.0 - s)
    if kappa > 1.0:
        # kappa L and k1/kappa as functions of nu: no large terms cancel, so nu may go to infinity
        c, m = k1 / kappa, math.expm1(x)
        c_1 = -k1 / (kappa * kappa)
        c_2 = -c_1 * (2.0 * c - 1.0)
        x_1 = k1 * gap + s
        x_2 = k1 * (gap - s * s) - s * (1.0 - s)
        h = c * m
        h_nu = c_1 * m + c * e * x_1
        h_nunu = c_2 * m + 2.0 * c_1 * e * x_1 + c * e * (x_1 * x_1 + x_2)
        h_qnu = h_q * (x_1 + s)
    else:
        # expm1(kappa L)/kappa = L phi(kappa L): smooth through kappa = 0
        p, p_1, p_2 = _expm1_ratios(x)
        g = length * p
        g_k = length * length * p_1  # derivative in kappa at fixed L
        g_1 = -e * s + k1 * g_k
        g_2 = (
            -e * s * (k1 * length - kappa * s)
            + e * s * (1.0 - s)
            + k1 * g_k
            + k1 * (k1 * length * length * length * p_2 - length * e * s)
        )
        h = k1 * g
        h_nu = k1 * (g + g_1)
        h_nunu = k1 * (g + 2.0 * g_1 + g_2)
        h_qnu = h_q * (k1 * length + (1.0 - kappa) * s)
    a_q = (kappa - 1.0) * s
    a_qq = a_q * (1.0 - s)
    a_nu = k1 * gap + 2.0 * s
    a_qnu = k1 * s - a_qq
    a_nunu = k1 * (gap - s * s) - 2.0 * s * (1.0 - s)
    return h, h_q, h_nu, h_qq, h_qnu, h_nunu, big_a, a_q, a_nu, a_qq, a_qnu, a_nunu


@_compile
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


@_compile
def _uncured(log_t, eta, shape_free, order, g, h):
    """H of the uncured; its derivatives in the first four predictors are written to g and h."""
    gamma = math.exp(eta[2])
    q = gamma * (log_t + eta[0])
    h0, h_q, h_nu, h_qq, h_qnu, h_nunu, _, _, _, _, _, _ = baseline_terms(q, eta[3], shape_free, order)
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


@_compile
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


@_compile
def _add_cumulative(sign, log_t, eta, cure, shape_free, order, grad, hess, work):
    """Add sign * (derivatives of the population H) to grad (5) and hess (15); return H, unsigned."""
    g, h = work[0, :5], work[0, 5:]  # scratch: an allocation in each row would cost more than the logarithms
    cumulative = _uncured(log_t, eta, shape_free, order, g, h)
    if cure == NO_CURE:
        for a in range(4):
            grad[a] += sign * g[a]
        if order > 1:
            for k in range(14):
                hess[k] += sign * h[k]
        return cumulative
    return _add_cured(sign, cumulative, eta[4], cure, order, g, h, grad, hess)


@_compile
def _add_exact(log_t, eta, cure, shape_free, order, grad, hess, work):
    """Add the derivatives of the log density to grad and hess; return it. One evaluation of the baseline."""
    alpha, nu = eta[2], eta[3]
    gamma = math.exp(alpha)
    q = gamma * (log_t + eta[0])
    h, h_q, h_nu, h_qq, h_qnu, h_nunu, a, a_q, a_nu, a_qq, a_qnu, a_nunu = baseline_terms(
        q, nu, shape_free, order
    )
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
        return total + eta[4] - _add_cumulative(-1.0, log_t, eta, cure, shape_free, order, grad, hess, work)
    p = 1.0 / (1.0 + math.exp(-eta[4]))  # log(1 - p) + log f
    grad[4] -= p
    hess[14] -= p * (1.0 - p)
    return total - math.log1p(math.exp(eta[4]))


@_compile
def _add_log_hazard(log_t, eta, cure, grad):
    """Add the gradient of the population log hazard to grad; return the log hazard."""
    if cure != NO_CURE:  # log h* = log f* + H*
        no_hess, work = np.zeros(15), np.zeros((4, 20))
        density = _add_exact(log_t, eta, cure, True, 1, grad, no_hess, work)
        return density + _add_cumulative(1.0, log_t, eta, cure, True, 1, grad, no_hess, work)
    gamma = math.exp(eta[2])
    q = gamma * (log_t + eta[0])
    _, _, _, _, _, _, a, a_q, a_nu, _, _, _ = baseline_terms(q, eta[3], True, 1)
    grad[0] += (1.0 + a_q) * gamma
    grad[1] += 1.0
    grad[2] += 1.0 + (1.0 + a_q) * q
    grad[3] += a_nu
    return eta[1] + eta[2] + q - log_t + a


@_compile
def _interval(log_l, log_u, eta, shape_free, order, g, h, work):
    """Return log{S(l) - S(u)} of the uncured; write its derivatives to g and h. log_l is -inf for l = 0."""
    work[1:3] = 0.0
    low_g, low_h, gap_g, gap_h = work[1, :5], work[1, 5:], work[2, :5], work[2, 5:]
    low = 0.0
    if log_l > -math.inf:
        low = _add_cumulative(1.0, log_l, eta, NO_CURE, shape_free, order, low_g, low_h, work)
    gap = _add_cumulative(1.0, log_u, eta, NO_CURE, shape_free, order, gap_g, gap_h, work) - low
    if not gap > 0.0:
        return -math.inf
    if order > 0:
        weight = 1.0 / math.expm1(gap) if gap < _EXP_MAX else 0.0
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


@_compile
def _add_interval(log_l, log_u, eta, cure, shape_free, order, grad, hess, work):
    """Add the derivatives of log{S*(l) - S*(u)} of the population to grad and hess; return it.

    With a cured fraction the difference is taken among the uncured, B = log{S(l) - S(u)}: near the plateau that of
    the population would be lost. Mixture: log(1 - p) + B. Promotion time: with D = theta exp(B),
    log S*(l) + log(1 - exp(-D)).
    """
    g, h = work[3, :5], work[3, 5:]
    base = _interval(log_l, log_u, eta, shape_free, order, g, h, work)
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
    weight = d / math.expm1(d) if 0.0 < d < _EXP_MAX else (1.0 if d == 0.0 else 0.0)
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
        alive = _add_cumulative(-1.0, log_l, eta, cure, shape_free, order, grad, hess, work)
    # log(1 - exp(-D)) is log D to all digits where D has lost its own
    return (math.log(-math.expm1(-d)) if d > 1e-300 else eta[4] + base) - alive


@_compile
def _row(code, log_lower, log_upper, log_entry, eta, cure, shape_free, order, g, h, work):
    """Log-likelihood of one row; its derivatives in the five linear predictors are written to g and h."""
    g[:] = 0.0
    h[:] = 0.0
    if code == EXACT:
        total = _add_exact(log_lower, eta, cure, shape_free, order, g, h, work)
    elif code == RIGHT:
        total = -_add_cumulative(-1.0, log_lower, eta, cure, shape_free, order, g, h, work)
    else:
        total = _add_interval(log_lower, log_upper, eta, cure, shape_free, order, g, h, work)
    if log_entry > -math.inf:
        total += _add_cumulative(1.0, log_entry, eta, cure, shape_free, order, g, h, work)
    return total


@_compile
def _linear(i, theta, starts, matrix, offsets, eta):
    """Linear predictors of row i, written to eta (5)."""
    k = i if offsets.shape[1] > 1 else 0
    for j in range(5):
        total = offsets[j, k]
        for a in range(starts[j], starts[j + 1]):
            total += matrix[i, a] * theta[a]
        eta[j] = total


@_compile
def _inside(eta, starts, low, high):
    """Whether the estimated linear predictors of a row lie within the limits of the search."""
    inside = True
    for j in range(5):
        if starts[j + 1] > starts[j]:
            inside = inside and low[j] <= eta[j] <= high[j]
    return inside


@_compile
def _accumulate(w, g, h, x, part_of, score, hessian):
    """Add one row's weighted score, and the upper triangle of its Hessian."""
    p = x.shape[0]
    for a in range(p):
        i = part_of[a]
        score[a] += w * g[i] * x[a]
        row = 4 * i - i * (i - 1) // 2  # where (i, i) stands in the packed triangle, less i
        for b in range(a, p):
            hessian[a, b] += w * h[row + part_of[b]] * x[a] * x[b]


@_compile
def loglik_sums(
    theta, starts, matrix, offsets, code, log_lower, log_upper, log_entry, weight, low, high, cure, shape_free
):
    """Log-likelihood, score and Hessian in one pass over the rows, without temporary arrays of their length.

    Parameters
    ----------
    theta : float array (p,)
    starts : int64 array (6,)
        The columns starts[j]:starts[j + 1] of ``matrix`` belong to linear predictor j; none where it is fixed.
    matrix : float array (n, p)
    offsets : float array (5, n) or (5, 1)
    code : int8 array (n,)
        0 right-censored, 1 exact, 2 left-censored, 3 interval-censored.
    log_lower : float array (n,)
    log_upper, log_entry, weight : float arrays (n,) or (0,)
        Empty where no row needs them.
    low, high : float arrays (5,)
        Limits of the search.
    cure : int
        0 none, 1 mixture, 2 promotion time.
    shape_free : bool
        Whether derivatives in nu are needed; without them nu = log 2 is a fast Weibull.

    Returns
    -------
    value : float
        -inf outside the limits.
    score : float array (p,)
    hessian : float array (p, p)
    """
    n, p = matrix.shape
    total, score, hessian = 0.0, np.zeros(p), np.zeros((p, p))
    part_of = np.empty(p, np.int64)
    for j in range(5):
        part_of[starts[j] : starts[j + 1]] = j
    eta, g, h, work = np.empty(5), np.empty(5), np.empty(15), np.zeros((4, 20))
    for first in range(0, n, _BLOCK):
        # sums of blocks, then the sum of these: rounding stays near that of a pairwise sum
        block_total, block_score, block_hessian = 0.0, np.zeros(p), np.zeros((p, p))
        for i in range(first, min(first + _BLOCK, n)):
            _linear(i, theta, starts, matrix, offsets, eta)
            if not _inside(eta, starts, low, high):
                return -math.inf, score, hessian
            upper = log_upper[i] if log_upper.shape[0] else math.inf
            entry = log_entry[i] if log_entry.shape[0] else -math.inf
            value = _row(code[i], log_lower[i], upper, entry, eta, cure, shape_free, 2, g, h, work)
            w = weight[i] if weight.shape[0] else 1.0
            block_total += w * value
            _accumulate(w, g, h, matrix[i], part_of, block_score, block_hessian)
        total += block_total
        score += block_score
        hessian += block_hessian
    for a in range(p):
        for b in range(a):
            hessian[a, b] = hessian[b, a]
    return total, score, hessian


@_compile
def row_terms(
    theta, starts, matrix, offsets, code, log_lower, log_upper, log_entry, cure, shape_free, value, grad
):
    """Unweighted log-likelihood (n,) of each row and its gradient (n, 5) in the linear predictors."""
    eta, h, work = np.empty(5), np.empty(15), np.zeros((4, 20))
    for i in range(matrix.shape[0]):
        _linear(i, theta, starts, matrix, offsets, eta)
        upper = log_upper[i] if log_upper.shape[0] else math.inf
        entry = log_entry[i] if log_entry.shape[0] else -math.inf
        value[i] = _row(code[i], log_lower[i], upper, entry, eta, cure, shape_free, 1, grad[i], h, work)


@_compile
def cumulative_hazard_terms(log_t, eta, cure, value, grad):
    """Compute the population H (n,) and its gradient (n, 5) in the linear predictors eta (n, 5); 0 at log_t = -inf."""
    no_hess, work = np.zeros(15), np.zeros((4, 20))
    for i in range(log_t.shape[0]):
        grad[i, :] = 0.0
        value[i] = 0.0
        if log_t[i] > -math.inf:
            value[i] = _add_cumulative(1.0, log_t[i], eta[i], cure, True, 1, grad[i], no_hess, work)


@_compile
def log_hazard_terms(log_t, eta, cure, value, grad):
    """Compute the population log h (n,) and its gradient (n, 5) in the linear predictors eta (n, 5)."""
    for i in range(log_t.shape[0]):
        grad[i, :] = 0.0
        value[i] = _add_log_hazard(log_t[i], eta[i], cure, grad[i])
