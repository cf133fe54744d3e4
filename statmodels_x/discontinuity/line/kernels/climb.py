"""Compiled: rate and noise of a line at the maximum of the marginal likelihood, given where it jumps and bends.

A ``problem`` is (y, weight, more, dx, cuts, extra, level, slope, known, df, ss, least): ``more`` is what an outlier's
variance has on top, ``extra`` what a bend adds to the rate of its gaps, ``known`` the variance of the noise
(negative: to be found), ``df`` and ``ss`` degrees of freedom and sum of squares within repeated points, ``least`` the
log of the least variance. Parameters are z0 = log rate and z1 = log variance.
"""

from __future__ import annotations

import math

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.discontinuity.line.evidence import LOG_RATE, LOG_VARIANCE
from statmodels_x.discontinuity.line.kernels.filters import cross, see, start

_LOG_2PI = math.log(2.0 * math.pi)
_IDLE = -13.5  # a rate below this plays no part
_WIDE, _NARROW = 0.25, 0.1  # arms of the stencil
_LONGEST = 1.5
_MOST_STEPS, _MOST_CALLS = 10, 800
_TINY, _HUGE = 1e-200, 1e200


@kernel
def value(z0, z1, problem):
    """-2 log likelihood at log parameters; outside of the bounds that at the bound and a fine."""
    y, weight, more, dx, cuts, extra, level, slope, known, df, ss, least = problem
    inside0 = min(max(z0, LOG_RATE[0]), LOG_RATE[1])
    inside1 = min(max(z1, least), LOG_VARIANCE[1])
    fine = abs(z0 - inside0)
    q = math.exp(inside0)
    variance = known
    if known <= 0.0:
        fine += abs(z1 - inside1)
        variance = math.exp(inside1)
    a0, a1, p0, p1, p2 = start()
    total, product, held = 0.0, 1.0, 0
    for i in range(y.size):
        if i > 0:
            a0, a1, p0, p1, p2 = cross(
                a0, a1, p0, p1, p2, dx[i - 1], q + extra[i - 1], cuts[i - 1], level, slope
            )
        a0, a1, p0, p1, p2, e, s = see(a0, a1, p0, p1, p2, y[i], variance / weight[i] + more[i])
        total += e
        product *= s
        held += 1
        if held == 8 or not _TINY < product < _HUGE:  # one logarithm for eight variances
            total += math.log(product)
            product, held = 1.0, 0
    total += math.log(product) + y.size * _LOG_2PI
    if df > 0:
        total += df * (_LOG_2PI + math.log(variance)) + ss / variance
    if not math.isfinite(total):
        return 1e300
    return total + 10.0 * fine


@kernel
def _stencil(z0, z1, f, h, problem):
    """Gradient and Hessian by differences; at its bound the rate from one side, a known variance not at all."""
    up = value(z0 + h, z1, problem)
    down = value(z0 - h, z1, problem)
    g0, h00 = (up - down) / (2.0 * h), (up + down - 2.0 * f) / (h * h)
    if z0 <= _IDLE:
        g0 = (up - f) / h
    if problem[8] > 0.0:
        return g0, 0.0, h00, 0.0, 1.0, 2
    right = value(z0, z1 + h, problem)
    left = value(z0, z1 - h, problem)
    corner = value(z0 + h, z1 + h, problem)
    g1, h11 = (right - left) / (2.0 * h), (right + left - 2.0 * f) / (h * h)
    return g0, g1, h00, (corner - up - right + f) / (h * h), h11, 5


@kernel
def _step(g0, g1, h00, h01, h11, tol):
    """Newton's step where the function is convex; elsewhere along the axes of the Hessian by their |curvature|."""
    det = h00 * h11 - h01 * h01
    if h00 > 0.01 * tol and det > 1e-6 * abs(h00 * h11):
        return -(h11 * g0 - h01 * g1) / det, -(h00 * g1 - h01 * g0) / det
    mean, half = 0.5 * (h00 + h11), 0.5 * (h00 - h11)
    radius = math.sqrt(half * half + h01 * h01)
    angle = 0.5 * math.atan2(h01, half) if radius > 0.0 else 0.0
    c, s = math.cos(angle), math.sin(angle)
    along = -(c * g0 + s * g1) / max(abs(mean + radius), 0.1)
    across = -(c * g1 - s * g0) / max(abs(mean - radius), 0.1)
    return c * along - s * across, s * along + c * across


@kernel
def climb(z0, z1, tol, problem):
    """Quadratic steps from a start; returns z0, z1, value, passes and whether they arrived."""
    f, calls, h = value(z0, z1, problem), 1, _WIDE
    for _ in range(_MOST_STEPS):
        g0, g1, h00, h01, h11, more = _stencil(z0, z1, f, h, problem)
        calls += more
        idle = g0 > -tol if z0 <= _IDLE else abs(g0) < 0.25 * tol and abs(h00) < tol
        if idle:  # the rate plays no part: the noise alone
            s0, s1 = 0.0, -g1 / max(abs(h11), 0.1)
        else:
            s0, s1 = _step(g0, g1, h00, h01, h11, tol)
        promised = -0.5 * (g0 * s0 + g1 * s1)
        if promised < 0.5 * tol:
            return z0, z1, f, calls, True
        big = max(abs(s0), abs(s1))
        part = min(1.0, _LONGEST / big)
        new = value(z0 + part * s0, z1 + part * s1, problem)
        calls += 1
        for _ in range(3):
            if new < f or promised < 0.5:
                break
            part *= 0.25
            new = value(z0 + part * s0, z1 + part * s1, problem)
            calls += 1
        if not new < f:
            return z0, z1, f, calls, promised < 0.5
        gained = f - new
        z0, z1, f = z0 + part * s0, z1 + part * s1, new
        if gained < tol and part == 1.0:
            return z0, z1, f, calls, True
        h = _NARROW if big < 0.3 else _WIDE
    return z0, z1, f, calls, False


@kernel
def _sorted(places, values):
    """Sort the corners of a simplex by their values, in place."""
    for i in range(1, values.size):
        for j in range(i, 0, -1):
            if values[j] < values[j - 1]:
                values[j], values[j - 1] = values[j - 1], values[j]
                for m in range(2):
                    places[j, m], places[j - 1, m] = places[j - 1, m], places[j, m]


@kernel
def _toward(places, values, c0, c1, share, problem):
    """Replace the worst corner by centre + share (centre - worst) and return its value."""
    k = values.size - 1
    places[k, 0] = c0 + share * (c0 - places[k, 0])
    places[k, 1] = c1 + share * (c1 - places[k, 1])
    return value(places[k, 0], places[k, 1], problem)


@kernel
def _spread(places, values):
    wide = 0.0
    for k in range(1, values.size):
        wide = max(wide, abs(places[k, 0] - places[0, 0]), abs(places[k, 1] - places[0, 1]))
    return wide


@kernel
def _reflected(places, values, problem):
    """One step of Nelder and Mead on a sorted simplex, but for shrinking; returns passes and whether to shrink."""
    k = values.size - 1
    c0, c1 = np.mean(places[:k, 0]), np.mean(places[:k, 1])
    w0, w1, worst = places[k, 0], places[k, 1], values[k]
    new = _toward(places, values, c0, c1, 1.0, problem)
    r0, r1 = places[k, 0], places[k, 1]
    if new < values[0]:
        places[k, 0], places[k, 1] = w0, w1
        far = _toward(places, values, c0, c1, 2.0, problem)
        values[k] = min(far, new)
        if far >= new:
            places[k, 0], places[k, 1] = r0, r1
        return 2, False
    if new < values[k - 1]:
        values[k] = new
        return 1, False
    if new >= worst:
        places[k, 0], places[k, 1] = w0, w1
    near = _toward(places, values, c0, c1, -0.5, problem)
    values[k] = near
    if near < min(new, worst):
        return 2, False
    places[k, 0], places[k, 1], values[k] = w0, w1, worst
    return 2, True


@kernel
def simplex(z0, z1, step, tol, problem):
    """Search without derivatives, after Nelder and Mead (1965); returns z0, z1, value and passes."""
    dim = 1 if problem[8] > 0.0 else 2
    places, values = np.empty((dim + 1, 2)), np.empty(dim + 1)
    for k in range(dim + 1):
        places[k, 0], places[k, 1] = z0, z1
        if k > 0:
            high = LOG_RATE[1] if k == 1 else LOG_VARIANCE[1]
            places[k, k - 1] += -step if places[k, k - 1] + step > high else step
        values[k] = value(places[k, 0], places[k, 1], problem)
    calls = dim + 1
    while calls < _MOST_CALLS:
        _sorted(places, values)
        if values[dim] - values[0] <= tol and _spread(places, values) <= 5.0 * tol:
            break
        more, shrink = _reflected(places, values, problem)
        calls += more
        if shrink:
            for k in range(1, dim + 1):
                for m in range(2):
                    places[k, m] = 0.5 * (places[0, m] + places[k, m])
                values[k] = value(places[k, 0], places[k, 1], problem)
            calls += dim
    _sorted(places, values)
    return places[0, 0], places[0, 1], values[0], calls
