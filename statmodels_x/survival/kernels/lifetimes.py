"""Compiled integrals over time: restricted and unrestricted means with their gradients, row by row.

Arrays in, arrays out. No row is repeated for its nodes: a row's value and its five slopes are sums that stay in
registers, so that a hundred thousand rows need no more memory than their results.
"""

from __future__ import annotations

import math

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.survival.kernels.baseline import EXP_MAX, LOG_2
from statmodels_x.survival.kernels.rows import NO_CURE, _add_cumulative

_NOBODY = 745.0  # exp(-745) is 0
_SMALL = 0.2  # as in the baseline's terms
_SERIES = np.array([(n + 1.0) / math.factorial(n + 2) for n in range(11)][::-1])
_LEFT = 42.0  # exp(-42) is below rounding
_NEGLIGIBLE = 1e-21
_FINEST = 6
STEP = 0.25
"""Distance of the nodes of a mean on the log scale; what the trapezoidal rule leaves is then below 1e-12."""


@kernel
def _slope_of_growth(x, rise):
    """Slope of expm1(x)/x, given expm1(x)."""
    if abs(x) >= _SMALL:
        return (x * (1.0 + rise) - rise) / (x * x)
    total = 0.0
    for n in range(_SERIES.shape[0]):
        total = total * x + _SERIES[n]
    return total


@kernel
def _shape_slope(nu_is_large, c, k1, kappa, length, x, rise, s):
    """Slope of H0 = k1 expm1(kappa L)/kappa in nu at a fixed q; x = kappa L, rise = expm1(x), c = H0."""
    if nu_is_large:  # no large terms cancel, so that kappa may go to infinity
        gain = k1 / kappa
        return -gain / kappa * rise + gain * (1.0 + rise) * (k1 * (length - s) + s)
    return c + k1 * (k1 * length * length * _slope_of_growth(x, rise) - (1.0 + rise) * s)


@kernel
def _at_odds(q, nu, k1, kappa, shape_free):
    """H0 at log z = q and its derivatives in q and nu, for any shape; the last is 0 unless it is free."""
    if nu == math.inf or (nu == LOG_2 and not shape_free):
        z = math.exp(q)
        if nu == LOG_2:
            return z, z, 0.0
        rise = math.expm1(z)
        return rise, z * (1.0 + rise), 0.0
    if q - nu > EXP_MAX:
        length, s = q - nu, 1.0
    else:
        r = math.exp(q - nu)
        length, s = math.log1p(r), r / (1.0 + r)
    x = kappa * length
    rise = math.expm1(x)
    h = k1 * (rise / kappa if abs(kappa) > 1e-9 else length * (1.0 + 0.5 * x))
    slope = _shape_slope(kappa > 1.0, h, k1, kappa, length, x, rise, s) if shape_free else 0.0
    return h, k1 * (1.0 + rise) * s, slope


@kernel
def _at_level(c, nu, k1, kappa, shape_free):
    """Log z at which H0 reaches c, and the derivatives of H0 in q and nu there."""
    if nu == math.inf:
        z = math.log1p(c)
        return math.log(z), z * (1.0 + c), 0.0
    if nu == LOG_2 and not shape_free:
        return math.log(c), c, 0.0
    rise = kappa * c / k1
    x = math.log1p(rise)
    length = x / kappa if abs(rise) > 1e-7 else c / k1 * (1.0 - 0.5 * rise)
    s = -math.expm1(-length)
    q = nu + (length if length > EXP_MAX else math.log(math.expm1(length)))
    slope = _shape_slope(kappa > 1.0, c, k1, kappa, length, x, rise, s) if shape_free else 0.0
    return q, k1 * (1.0 + rise) * s, slope


@kernel
def _plain_node(log_t, eta, scale, power, k1, kappa, shape_free, terms):
    """Write H and its slopes, without a cured fraction and a baseline of the user's."""
    q = power * (log_t + eta[0])
    h, h_q, h_nu = _at_odds(q, eta[3], k1, kappa, shape_free)
    terms[0] = scale * h
    terms[1] = scale * h_q * power
    terms[2] = scale * h
    terms[3] = scale * h_q * q
    terms[4] = scale * h_nu
    terms[5] = 0.0


@kernel
def restricted_means(
    horizon, given, rate, node, log_node, weight, eta, cure, shape_free, start, start_grad, known,
    value, slope,
):  # fmt: skip
    """Integral of S(t)/S(given) from ``given`` to each row's horizon, and its gradient in the linear predictors.

    Parameters
    ----------
    horizon, given : float arrays (m,)
    rate : float
        At which time is discounted, to time 0.
    node, log_node, weight : float arrays (k,)
        Of a rule on (0, 1).
    eta : float array (m, 5)
    cure : int
    shape_free : bool
        Whether the slope in nu is needed.
    start : float array (m,) or (0,)
        H at ``given``, and its gradient (m, 5); empty where nobody has survived any time.
    known : float array (m k, 12) or (1, 0)
        Terms of a user's baseline at the nodes.
    value : float array (m,)
    slope : float array (m, 5)
        Written.
    """
    no_hess, work = np.zeros(15), np.zeros((5, 20))
    terms = np.zeros(6)  # H and its slopes at a node
    k_nodes = node.shape[0]
    for i in range(horizon.shape[0]):
        span = max(horizon[i] - given[i], 0.0)
        scale, power, k1, kappa = (
            math.exp(eta[i, 1]),
            math.exp(eta[i, 2]),
            math.exp(eta[i, 3]),
            math.expm1(eta[i, 3]),
        )
        log_span = math.log(span) if span > 0.0 else -math.inf
        total, s0, s1, s2, s3, s4 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(k_nodes if span > 0.0 else 0):
            t = given[i] + span * node[k]
            log_t = math.log(t) if given[i] > 0.0 else log_span + log_node[k]
            if cure == NO_CURE and known.shape[1] == 0:
                _plain_node(log_t, eta[i], scale, power, k1, kappa, shape_free, terms)
            else:
                row = known[i * k_nodes + k if known.shape[0] > 1 else 0]
                terms[1:] = 0.0
                terms[0] = _add_cumulative(
                    1.0, log_t, eta[i], cure, shape_free, 1, terms[1:], no_hess, work, row
                )
            h = terms[0] - (start[i] if start.shape[0] else 0.0)
            if not h < _NOBODY:  # times rise: nobody is left
                break
            alive = math.exp(-h - rate * t) * weight[k] * span
            total += alive
            s0 -= alive * terms[1]
            s1 -= alive * terms[2]
            s2 -= alive * terms[3]
            s3 -= alive * terms[4]
            s4 -= alive * terms[5]
        value[i] = total
        slope[i, 0], slope[i, 1], slope[i, 2], slope[i, 3], slope[i, 4] = s0, s1, s2, s3, s4
        if start.shape[0]:
            slope[i] += total * start_grad[i]


@kernel
def _refinement(r, kappa, scale, k1):
    """How often the step of a mean is halved: a heavy tail makes a narrow peak on the log scale of H."""
    curve = 1.0 + r
    if 0.0 < kappa < 1.0:
        a = kappa / (k1 * scale)
        b = 1.0 - a - r / (k1 * scale)
        peak = (
            2.0 / (b + math.sqrt(b * b + 4.0 * a))
            if b > 0.0
            else (math.sqrt(b * b + 4.0 * a) - b) / (2.0 * a)
        )
        x = a * peak
        curve = max(curve, 1.0 + r / kappa * (x / (1.0 + x)) ** 1.5)  # between its power and its bend
    level = 0
    while level < _FINEST and STEP * math.sqrt(curve) > 0.4 * 2.0**level:
        level += 1
    return level


@kernel
def means(eta, given, exists, shape_free, start, start_grad, value, slope):
    """Mean time, given survival to ``given``, and its gradient: an integral over H, which is exponential.

    The trapezoidal rule in v = log H since ``given``, as far as the integrand counts: time grows as a power of H at
    most, or as exp(H/lambda), where the mean exists.

    Parameters
    ----------
    eta : float array (m, 5)
    given : float array (m,)
    exists : bool array (m,)
    shape_free : bool
    start, start_grad : float arrays (m,), (m, 5) or empty
        H at ``given`` and its gradient.
    value, slope : float arrays (m,), (m, 5)
        Written where the mean exists.
    """
    for i in range(eta.shape[0]):
        if not exists[i]:
            continue
        tau, scale, power, nu = eta[i, 0], math.exp(eta[i, 1]), math.exp(eta[i, 2]), eta[i, 3]
        k1, kappa, r = math.exp(nu), math.expm1(nu), 1.0 / power
        late = given[i] > 0.0
        step = STEP / 2.0 ** _refinement(r, kappa, scale, k1)
        first = start[i] if late else 0.0
        total, s_tau, s_beta, s_alpha, s_nu = 0.0, 0.0, 0.0, 0.0, 0.0
        v = -_LEFT if late else -_LEFT / (1.0 + r)
        while v < EXP_MAX:
            e = math.exp(v)
            c = (first + e) / scale
            q, h_q, h_nu = _at_level(c, nu, k1, kappa, shape_free)
            log_t = q * r - tau
            part = step * math.exp(v - e + log_t)
            inverse = r / (scale * h_q)  # 1/(t h)
            total += part
            if late:
                s_tau -= part * (1.0 - start_grad[i, 0] * inverse)
                s_beta -= part * (first + e - start_grad[i, 1]) * inverse
                s_alpha -= part * (q * r - start_grad[i, 2] * inverse)
                s_nu -= part * (scale * h_nu - start_grad[i, 3]) * inverse
            else:
                s_tau -= part
                s_beta -= part * e * inverse
                s_alpha -= part * q * r
                s_nu -= part * scale * h_nu * inverse
            if e > 1.0 and part < _NEGLIGIBLE * total:
                break
            v += step
        value[i] = total
        slope[i, 0], slope[i, 1], slope[i, 2], slope[i, 3], slope[i, 4] = s_tau, s_beta, s_alpha, s_nu, 0.0
