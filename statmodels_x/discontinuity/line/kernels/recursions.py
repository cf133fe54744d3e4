"""Compiled recursions along a line: the weak string by dynamic programming, and a Kalman filter and smoother.

Arrays in, arrays out; no names, no options. Points are sorted and distinct; gap i lies between points i and i + 1.

Every function here is plain Python before it is compiled: ``function.py_func``, or all of them at once with
``NUMBA_DISABLE_JIT=1``.
"""

from __future__ import annotations

import math

import numpy as np

from statmodels_x.core.compiled import kernel

# ---------------------------------------------------------------- the weak string (first order)


@kernel
def cut_string(f, weight, stiffness, cost, low, high):
    """Cuts that minimise sum w (f - u)^2 + sum over uncut gaps m (du)^2 + cost (number of cuts), exactly.

    The energy of the string up to point r as a function of its end u_r is the least of parabolas
    a (u - m)^2 + e, one for each place where its last piece may have begun. A parabola is dropped for good when
    its minimum lies more than one cut above the least (cutting here is then better), or when it lies above the
    best one on all of [low, high], which holds the data and therefore every minimiser. Both rules are exact;
    the worst case is quadratic in the number of points.

    Returns the cuts (one flag a gap) and the least energy.
    """
    n = f.size
    least = np.empty(n + 1)
    least[0] = -cost
    start_of = np.zeros(n + 1, np.int64)
    a, m, e = np.empty(n), np.empty(n), np.empty(n)
    start = np.empty(n, np.int64)
    alive = 0
    for r in range(n):
        best = alive
        for j in range(alive):
            passed = a[j] * stiffness[r - 1] / (a[j] + stiffness[r - 1])
            total = passed + weight[r]
            if total > 0.0:
                gap = m[j] - f[r]
                e[j] += passed * weight[r] / total * gap * gap
                m[j] = (passed * m[j] + weight[r] * f[r]) / total
            a[j] = total
            if best == alive or e[j] < e[best]:
                best = j
        a[alive], m[alive], e[alive], start[alive] = weight[r], f[r], least[r] + cost, r
        if e[alive] < e[best]:
            best = alive
        alive += 1
        least[r + 1] = e[best]
        start_of[r + 1] = start[best]
        a_b, m_b, e_b = a[best], m[best], e[best]
        kept = 0
        for j in range(alive):
            if j != best and (e[j] > e_b + cost or _above(a[j], m[j], e[j], a_b, m_b, e_b, low, high)):
                continue
            a[kept], m[kept], e[kept], start[kept] = a[j], m[j], e[j], start[j]
            kept += 1
        alive = kept
    cuts = np.zeros(n - 1, np.bool_)
    r = n
    while r > 0:
        r = start_of[r]
        if r > 0:
            cuts[r - 1] = True
    return cuts, least[n]


@kernel
def _above(a, m, e, a_b, m_b, e_b, low, high):
    """Whether the first parabola lies on or above the second everywhere in [low, high]."""
    if a * (low - m) ** 2 + e < a_b * (low - m_b) ** 2 + e_b:
        return False
    if a * (high - m) ** 2 + e < a_b * (high - m_b) ** 2 + e_b:
        return False
    if a <= a_b:  # their difference is concave: its least value is at an end
        return True
    u = (a * m - a_b * m_b) / (a - a_b)
    if u <= low or u >= high:
        return True
    return a * (u - m) ** 2 + e >= a_b * (u - m_b) ** 2 + e_b


@kernel
def fit_string(f, weight, stiffness, cuts):
    """Minimiser of sum w (f - u)^2 + sum over uncut gaps m (du)^2, and the diagonal of its smoother matrix.

    Returns u and du_i/df_i.
    """
    n = f.size
    a, m, u, leverage = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        passed, mean = 0.0, 0.0
        if i > 0 and not cuts[i - 1]:
            passed = a[i - 1] * stiffness[i - 1] / (a[i - 1] + stiffness[i - 1])
            mean = m[i - 1]
        a[i] = passed + weight[i]
        m[i] = (passed * mean + weight[i] * f[i]) / a[i] if a[i] > 0.0 else f[i]
    from_right = 0.0  # precision of what the points to the right say of u_i
    for i in range(n - 1, -1, -1):
        if i == n - 1 or cuts[i]:
            u[i] = m[i]
            from_right = 0.0
        else:
            u[i] = (a[i] * m[i] + stiffness[i] * u[i + 1]) / (a[i] + stiffness[i])
            right = from_right + weight[i + 1]
            from_right = right * stiffness[i] / (right + stiffness[i])
        total = a[i] + from_right
        leverage[i] = weight[i] / total if total > 0.0 else 0.0
    return u, leverage


# ------------------------------------------- integrated Wiener process, seen through noise (second order)
#
# State: level, slope, and a stationary noise with covariance tau exp(-|x - x'|/reach). Over a gap d the level
# and slope are those of an integrated Wiener process of rate q (one value a gap); at a jump the level changes by
# delta and the slope by epsilon in the middle of the gap, with variances `level` and `slope`. Observation i adds
# white noise of variance v_i (infinite: nothing was observed there). The start is level ~ N(0.5, START_LEVEL),
# slope ~ N(0, START_SLOPE).

START_LEVEL, START_SLOPE = 100.0, 1.0e4


@kernel
def jump_variance(d, level, slope):
    """Covariance of what a jump in the middle of a gap d adds to the level and slope at its right end."""
    return level + 0.25 * d * d * slope, 0.5 * d * slope, slope


@kernel
def _step(a, p, d, jump, q, tau, reach, level, slope):
    """Predict mean a and covariance p (00, 01, 11, 02, 12, 22) across a gap, in place."""
    keep = math.exp(-d / reach) if tau > 0.0 else 0.0
    a[0] += d * a[1]
    a[2] *= keep
    p[0] += d * (2.0 * p[1] + d * p[2]) + q * d * d * d / 3.0
    p[1] += d * p[2] + q * d * d / 2.0
    p[2] += q * d
    p[3] = keep * (p[3] + d * p[4])
    p[4] *= keep
    p[5] = keep * keep * p[5] + tau * (1.0 - keep * keep)
    if jump:
        w00, w01, w11 = jump_variance(d, level, slope)
        p[0] += w00
        p[1] += w01
        p[2] += w11


@kernel
def _start(a, p, tau):
    a[0], a[1], a[2] = 0.5, 0.0, 0.0
    p[0], p[1], p[2], p[3], p[4], p[5] = START_LEVEL, 0.0, START_SLOPE, 0.0, 0.0, tau


@kernel
def _observe(a, p, y, variance):
    """Condition mean and covariance on one observation, in place; return its error and the variance of that."""
    c0, c1, c2 = p[0] + p[3], p[1] + p[4], p[3] + p[5]
    s = c0 + c2 + variance
    v = y - a[0] - a[2]
    g = v / s
    a[0] += c0 * g
    a[1] += c1 * g
    a[2] += c2 * g
    p[0] -= c0 * c0 / s
    p[1] -= c0 * c1 / s
    p[2] -= c1 * c1 / s
    p[3] -= c0 * c2 / s
    p[4] -= c1 * c2 / s
    p[5] -= c2 * c2 / s
    return v, s


@kernel
def minus_two_loglik(y, variance, dx, cuts, rate, tau, reach, level, slope):
    """-2 log density of y under the state-space model, jump sizes integrated out."""
    a, p = np.empty(3), np.empty(6)
    _start(a, p, tau)
    total = 0.0
    for i in range(y.size):
        if i > 0:
            _step(a, p, dx[i - 1], cuts[i - 1], rate[i - 1], tau, reach, level, slope)
        if variance[i] != math.inf:
            v, s = _observe(a, p, y[i], variance[i])
            total += math.log(2.0 * math.pi * s) + v * v / s
    return total


@kernel
def _back_over_gap(score, info, d, keep):
    """Bring score and information from the right end of a gap to its left: score := F' score, info := F' info F."""
    score[1] += d * score[0]
    score[2] *= keep
    for k in range(3):
        info[k, 1] += d * info[k, 0]
        info[k, 2] *= keep
    for k in range(3):
        info[1, k] += d * info[0, k]
        info[2, k] *= keep


@kernel
def _back_over_observation(score, info, cov, v, s, work):
    """Add an observation, H = (1, 0, 1), C = I - K H': score := H v/s + C' score, info := H H'/s + C' info C.

    Return the score and information of the data about an error of this observation.
    """
    g0, g1, g2 = (cov[0, 0] + cov[0, 2]) / s, (cov[1, 0] + cov[1, 2]) / s, (cov[2, 0] + cov[2, 2]) / s
    add = v / s - (g0 * score[0] + g1 * score[1] + g2 * score[2])
    about = 1.0 / s
    for k in range(3):
        gk = g0 if k == 0 else (g1 if k == 1 else g2)
        about += gk * (info[k, 0] * g0 + info[k, 1] * g1 + info[k, 2] * g2)
    score[0] += add
    score[2] += add
    for k in range(3):
        inner = info[k, 0] * g0 + info[k, 1] * g1 + info[k, 2] * g2
        work[k, 0], work[k, 1], work[k, 2] = info[k, 0] - inner, info[k, 1], info[k, 2] - inner
    for k in range(3):
        inner = g0 * work[0, k] + g1 * work[1, k] + g2 * work[2, k]
        info[0, k], info[1, k], info[2, k] = work[0, k] - inner, work[1, k], work[2, k] - inner
    info[0, 0] += 1.0 / s
    info[0, 2] += 1.0 / s
    info[2, 0] += 1.0 / s
    info[2, 2] += 1.0 / s
    return add, about


@kernel
def _covariance(p, cov):
    """Write the six distinct entries into a symmetric matrix."""
    cov[0, 0], cov[0, 1], cov[0, 2] = p[0], p[1], p[3]
    cov[1, 0], cov[1, 1], cov[1, 2] = p[1], p[2], p[4]
    cov[2, 0], cov[2, 1], cov[2, 2] = p[3], p[4], p[5]


@kernel
def _smoothed_covariance(cov, info, j, k):
    """Entry (j, k) of cov - cov info cov."""
    down = 0.0
    for m in range(3):
        for l in range(3):  # noqa: E741
            down += cov[j, m] * info[m, l] * cov[l, k]
    return cov[j, k] - down


@kernel
def smooth(y, variance, dx, cuts, rate, tau, reach, level, slope):
    """Posterior of level and slope at every point, and what the data say of a change at every gap.

    Returns
    -------
    mean : (n, 3)
        Posterior means of level, slope and correlated noise.
    var : (n, 3)
        Posterior variances of level and slope, and their covariance.
    r, about : (n, 2), (n, 3)
        Score and information (00, 01, 11) of the data about a change of level and slope that enters just before
        point i, under the model with the given cuts (de Jong and Penzer 1998). Row 0 has no meaning.
    error : (n, 2)
        Score and information about an error of observation i beyond its noise.
    """
    n = y.size
    at, pt = np.empty((n, 3)), np.empty((n, 6))
    vt, st = np.zeros(n), np.full(n, math.inf)
    a, p = np.empty(3), np.empty(6)
    _start(a, p, tau)
    for i in range(n):
        if i > 0:
            _step(a, p, dx[i - 1], cuts[i - 1], rate[i - 1], tau, reach, level, slope)
        at[i], pt[i] = a, p
        if variance[i] != math.inf:
            vt[i], st[i] = _observe(a, p, y[i], variance[i])
    mean, var = np.empty((n, 3)), np.empty((n, 3))
    r, about, error = np.empty((n, 2)), np.empty((n, 3)), np.zeros((n, 2))
    score, info = np.zeros(3), np.zeros((3, 3))
    cov, work = np.empty((3, 3)), np.empty((3, 3))
    for i in range(n - 1, -1, -1):
        if i < n - 1:
            _back_over_gap(score, info, dx[i], math.exp(-dx[i] / reach) if tau > 0.0 else 0.0)
        _covariance(pt[i], cov)
        if st[i] != math.inf:
            error[i, 0], error[i, 1] = _back_over_observation(score, info, cov, vt[i], st[i], work)
        r[i, 0], r[i, 1] = score[0], score[1]
        about[i, 0], about[i, 1], about[i, 2] = info[0, 0], info[0, 1], info[1, 1]
        for k in range(3):
            mean[i, k] = at[i, k] + cov[k, 0] * score[0] + cov[k, 1] * score[1] + cov[k, 2] * score[2]
        var[i, 0] = _smoothed_covariance(cov, info, 0, 0)
        var[i, 1] = _smoothed_covariance(cov, info, 1, 1)
        var[i, 2] = _smoothed_covariance(cov, info, 0, 1)
    return mean, var, r, about, error


@kernel
def simulate(normal, dx, cuts, rate, tau, reach, level, slope):
    """Draw level, slope and correlated noise from the model, started at level 0.5 and slope 0.

    ``normal``: independent standard normal numbers, shape (n, 5).
    """
    state = np.empty((normal.shape[0], 3))
    a0, a1, a2 = 0.5, 0.0, math.sqrt(tau) * normal[0, 2]
    state[0, 0], state[0, 1], state[0, 2] = a0, a1, a2
    for i in range(1, normal.shape[0]):
        d, q = dx[i - 1], rate[i - 1]
        keep = math.exp(-d / reach) if tau > 0.0 else 0.0
        step = math.sqrt(q * d) * normal[i, 0]  # change of slope; given it, the level moves by d step/2 + ...
        a0 += d * a1 + 0.5 * d * step + math.sqrt(q * d * d * d / 12.0) * normal[i, 1]
        a1 += step
        a2 = keep * a2 + math.sqrt(tau * (1.0 - keep * keep)) * normal[i, 2]
        if cuts[i - 1]:
            bend = math.sqrt(slope) * normal[i, 4]
            a0 += math.sqrt(level) * normal[i, 3] + 0.5 * d * bend
            a1 += bend
        state[i, 0], state[i, 1], state[i, 2] = a0, a1, a2
    return state


@kernel
def exponential_product(b, dx, reach):
    """Product of the matrix exp(-|x_i - x_j|/reach) with a vector, in linear time."""
    n = b.size
    out = np.empty(n)
    carried = 0.0
    for i in range(n):
        if i > 0:
            carried = math.exp(-dx[i - 1] / reach) * (carried + b[i - 1])
        out[i] = b[i] + carried
    carried = 0.0
    for i in range(n - 2, -1, -1):
        carried = math.exp(-dx[i] / reach) * (carried + b[i + 1])
        out[i] += carried
    return out
