"""Compiled baseline of the adapted power generalized Weibull: H0 and the hazard's shape, with derivatives.

Arrays in, arrays out; no names, no options. Every function here is plain Python before it is compiled:
``function.py_func``, or all of them at once with ``NUMBA_DISABLE_JIT=1``.
"""

from __future__ import annotations

import math

import numpy as np

from statmodels_x.core.compiled import kernel

LOG_2 = math.log(2.0)
EXP_MAX = 700.0
_FAR = 40.0
_SERIES_BELOW = 0.2
_SERIES = np.array(
    [1.0 / math.factorial(n + 1) for n in range(12)][::-1]
)  # of expm1(x)/x, highest power first
_GAP_BELOW = 0.03
_GAP = np.array([(-1.0) ** m * (m - 1.0) / m for m in range(2, 14)][::-1])  # of {log(1+r) - r/(1+r)}/r^2


@kernel
def _growth(x):
    """Return exp(x), and expm1(x)/x with its first two derivatives, smooth through 0."""
    if abs(x) < _SERIES_BELOW:
        # Horner's rule with derivatives: the closed forms lose x^-2 digits here
        value, first, second = 0.0, 0.0, 0.0
        for n in range(_SERIES.shape[0]):
            second = second * x + first
            first = first * x + value
            value = value * x + _SERIES[n]
        return 1.0 + x * value, value, first, 2.0 * second
    m = math.expm1(x)
    e = 1.0 + m if x > -1.0 else math.exp(x)
    inverse = 1.0 / x
    square = inverse * inverse
    return e, m * inverse, (x * e - m) * square, (e * (x * x - 2.0 * x + 2.0) - 2.0) * square * inverse


@kernel
def _log1p_and_gap(r, s):
    """Return log(1 + r), and log(1 + r) - s without cancellation, where s = r/(1 + r)."""
    if r > 1.0:
        length = math.log(1.0 + r)
        return length, length - s
    length = math.log1p(r)
    if r > _GAP_BELOW:
        return length, length - s
    total = 0.0
    for m in range(_GAP.shape[0]):
        total = total * r + _GAP[m]
    return length, total * r * r


@kernel
def shape_terms(q, nu, k1, kappa):
    """Terms of the baseline for a finite shape; ``k1`` = exp(nu) and ``kappa`` = expm1(nu) are the caller's.

    Returns what ``baseline_terms`` returns.
    """
    if q - nu < _FAR:
        r = math.exp(q - nu)
        s = r / (1.0 + r)
        length, gap = _log1p_and_gap(r, s)
    else:  # z/k1 beyond every rounding
        s, length, gap = 1.0, q - nu, q - nu - 1.0
    x = kappa * length
    rest = 1.0 - s
    a_nu = k1 * gap + 2.0 * s
    a_q = (kappa - 1.0) * s
    if x > EXP_MAX:  # H is beyond the range of floats, the hazard need not be
        return math.inf, math.inf, 0.0, 0.0, 0.0, 0.0, (kappa - 1.0) * length, a_q, a_nu, 0.0, 0.0, 0.0
    if kappa > 1.0:
        # kappa L and k1/kappa as functions of nu: no large terms cancel, so nu may go to infinity
        c, m = k1 / kappa, math.expm1(x)
        e = 1.0 + m
        c_1 = -k1 / (kappa * kappa)
        c_2 = -c_1 * (2.0 * c - 1.0)
        x_1 = k1 * gap + s
        x_2 = k1 * (gap - s * s) - s * rest
        h_q = k1 * e * s
        h = c * m
        h_nu = c_1 * m + c * e * x_1
        h_nunu = c_2 * m + 2.0 * c_1 * e * x_1 + c * e * (x_1 * x_1 + x_2)
        h_qnu = h_q * (x_1 + s)
    else:
        # expm1(kappa L)/kappa = L phi(kappa L): smooth through kappa = 0
        e, p, p_1, p_2 = _growth(x)
        k1_length, e_s = k1 * length, e * s
        h_q = k1 * e_s
        g = length * p
        g_k = k1_length * length * p_1  # k1 times the derivative in kappa at fixed L
        g_1 = g_k - e_s
        g_2 = e_s * (rest + kappa * s - 2.0 * k1_length) + g_k + k1_length * k1_length * length * p_2
        h = k1 * g
        h_nu = k1 * (g + g_1)
        h_nunu = k1 * (g + 2.0 * g_1 + g_2)
        h_qnu = h_q * (k1_length + (1.0 - kappa) * s)
    h_qq = h_q * (kappa * s + rest)
    a_qq = a_q * rest
    a_qnu = k1 * s - a_qq
    a_nunu = k1 * (gap - s * s) - 2.0 * s * rest
    return h, h_q, h_nu, h_qq, h_qnu, h_nunu, (kappa - 1.0) * length, a_q, a_nu, a_qq, a_qnu, a_nunu


@kernel
def baseline_terms(q, nu, shape_free):
    """Terms of the baseline at z = exp(q): H0 and the non-trivial part A of log h0, with derivatives.

    H0 = (k1/kappa) [(1 + z/k1)^kappa - 1] and log h = beta + alpha + q - log t + A with
    A = (kappa - 1) log(1 + z/k1), where k1 = exp(nu) = kappa + 1. ``nu`` may be infinite (Gompertz limit).

    Returns H0, H0_q, H0_nu, H0_qq, H0_qnu, H0_nunu, A, A_q, A_nu, A_qq, A_qnu, A_nunu; no derivative in nu
    for the Weibull and at the limit unless ``shape_free``.
    """
    if nu == math.inf or (nu == LOG_2 and not shape_free):
        z = math.exp(q) if q < EXP_MAX else math.inf
        if nu == LOG_2:  # kappa = 1: the Weibull, which needs no logarithm
            return z, z, 0.0, z, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        e = math.exp(z) if z < EXP_MAX else math.inf
        m = math.expm1(z) if z < EXP_MAX else math.inf
        return m, z * e, 0.0, z * (1.0 + z) * e, 0.0, 0.0, z, z, 0.0, z, 0.0, 0.0
    return shape_terms(q, nu, math.exp(nu), math.expm1(nu))
