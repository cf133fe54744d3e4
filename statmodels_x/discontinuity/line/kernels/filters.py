"""Compiled: the past and the future of every point, and what a change at one place does, without a pass over the rest.

Level and slope only (no correlated noise). The forward filter gives, for point i, the predicted mean and covariance
of the state, ``ahead[i] = (a0, a1, p00, p01, p11)``, and ``past[i]``, -2 log density of all points before it. The
backward filter gives what point i and all after it say of the state at i, whatever came before: -2 log density of
them given the state s is c - 2 h's + s'Ls, ``behind[i] = (l00, l01, l11, h0, h1, c)``. The deviance of the whole line
is then past + merge at any point, and a change at one place needs the filters of its window only.

A ``series`` is (y, variance, dx, cuts, rate, level, slope) as in ``recursions``, observations and variances
finite.
"""

from __future__ import annotations

import math

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.discontinuity.line.kernels.recursions import START_LEVEL, START_SLOPE

_LOG_2PI = math.log(2.0 * math.pi)
_BATCH = 8  # variances multiplied before a logarithm is taken: it is what a pass spends most of its time on
_TINY, _HUGE = 1e-200, 1e200


@kernel
def start():
    """Mean and covariance of the state at the first point."""
    return 0.5, 0.0, START_LEVEL, 0.0, START_SLOPE


@kernel
def cross(a0, a1, p0, p1, p2, d, q, jump, level, slope):
    """Predict mean and covariance across a gap."""
    a0 += d * a1
    p0 += d * (2.0 * p1 + d * p2) + q * d * d * d / 3.0
    p1 += d * p2 + q * d * d / 2.0
    p2 += q * d
    if jump:
        p0 += level + 0.25 * d * d * slope
        p1 += 0.5 * d * slope
        p2 += slope
    return a0, a1, p0, p1, p2


@kernel
def see(a0, a1, p0, p1, p2, y, v):
    """Condition on one observation; also its squared standardised error and the variance of the error."""
    s = p0 + v
    e = y - a0
    g0, g1 = p0 / s, p1 / s
    return a0 + g0 * e, a1 + g1 * e, p0 - p0 * g0, p1 - p0 * g1, p2 - p1 * g1, e * e / s, s


@kernel
def _back(l0, l1, l2, h0, h1, c, d, q, jump, level, slope):
    """Turn what the right end of a gap knows of its state into what it says of the state at the left end.

    With Q the covariance that enters in the gap and G = (I + QL)^-1 Q: L - LGL, h - LGh, c + log|I + QL| - h'Gh; then
    F'LF, F'h. For two states L - LGL = (L + det(L) adj(Q))/det(I + QL), without cancellation.
    """
    q0, q1, q2 = q * d * d * d / 3.0, q * d * d / 2.0, q * d
    if jump:
        q0 += level + 0.25 * d * d * slope
        q1 += 0.5 * d * slope
        q2 += slope
    m00, m01 = 1.0 + q0 * l0 + q1 * l1, q0 * l1 + q1 * l2
    m10, m11 = q1 * l0 + q2 * l1, 1.0 + q1 * l1 + q2 * l2
    det = m00 * m11 - m01 * m10
    g0, g1, g2 = (m11 * q0 - m01 * q1) / det, (m11 * q1 - m01 * q2) / det, (m00 * q2 - m10 * q1) / det
    c += math.log(det) - (h0 * h0 * g0 + 2.0 * h0 * h1 * g1 + h1 * h1 * g2)
    k0, k1 = g0 * h0 + g1 * h1, g1 * h0 + g2 * h1
    h0, h1 = h0 - l0 * k0 - l1 * k1, h1 - l1 * k0 - l2 * k1
    both = max(l0 * l2 - l1 * l1, 0.0)
    n0, n1, n2 = (l0 + both * q2) / det, (l1 - both * q1) / det, (l2 + both * q0) / det
    return n0, n1 + d * n0, n2 + 2.0 * d * n1 + d * d * n0, h0, h1 + d * h0, c


@kernel
def merge(a, extra0, extra1, extra2, b):
    """-2 log density of a point and all after it, given the past: state ``a`` (its covariance raised), future ``b``."""
    a0, a1, p0, p1, p2 = a[0], a[1], a[2] + extra0, a[3] + extra1, a[4] + extra2
    l0, l1, l2, h0, h1, c = b[0], b[1], b[2], b[3], b[4], b[5]
    m00, m01 = 1.0 + p0 * l0 + p1 * l1, p0 * l1 + p1 * l2
    m10, m11 = p1 * l0 + p2 * l1, 1.0 + p1 * l1 + p2 * l2
    det = m00 * m11 - m01 * m10
    if not det > 0.0:
        return math.inf
    u0, u1 = h0 - l0 * a0 - l1 * a1, h1 - l1 * a0 - l2 * a1
    g0, g1, g2 = (m11 * p0 - m01 * p1) / det, (m11 * p1 - m01 * p2) / det, (m00 * p2 - m10 * p1) / det
    return (
        c
        + math.log(det)
        + (l0 * a0 * a0 + 2.0 * l1 * a0 * a1 + l2 * a1 * a1 - 2.0 * (h0 * a0 + h1 * a1))
        - (u0 * u0 * g0 + 2.0 * u0 * u1 * g1 + u1 * u1 * g2)
    )


@kernel
def forward(series, ahead, past, first, last):
    """Fill rows first + 1 to last of the past; row ``first`` is given."""
    y, v, dx, cuts, rate, level, slope = series
    a = ahead[first]
    a0, a1, p0, p1, p2, total = a[0], a[1], a[2], a[3], a[4], past[first]
    for i in range(first, last):
        a0, a1, p0, p1, p2, e, s = see(a0, a1, p0, p1, p2, y[i], v[i])
        total += e + math.log(s) + _LOG_2PI
        a0, a1, p0, p1, p2 = cross(a0, a1, p0, p1, p2, dx[i], rate[i], cuts[i], level, slope)
        a = ahead[i + 1]
        a[0], a[1], a[2], a[3], a[4] = a0, a1, p0, p1, p2
        past[i + 1] = total


@kernel
def backward(series, behind, last, first):
    """Fill rows last - 1 to first of the future; row ``last`` is given."""
    y, v, dx, cuts, rate, level, slope = series
    b = behind[last]
    l0, l1, l2, h0, h1, c = b[0], b[1], b[2], b[3], b[4], b[5]
    for i in range(last - 1, first - 1, -1):
        l0, l1, l2, h0, h1, c = _back(l0, l1, l2, h0, h1, c, dx[i], rate[i], cuts[i], level, slope)
        w = 1.0 / v[i]
        l0 += w
        h0 += y[i] * w
        c += y[i] * y[i] * w + math.log(v[i]) + _LOG_2PI
        b = behind[i]
        b[0], b[1], b[2], b[3], b[4], b[5] = l0, l1, l2, h0, h1, c


@kernel
def both_ways(series, ahead, past, behind):
    """Fill the past and the future of every point; return the deviance."""
    y, v = series[0], series[1]
    n = y.size
    ahead[0, 0], ahead[0, 1], ahead[0, 2], ahead[0, 3], ahead[0, 4] = start()
    past[0] = 0.0
    forward(series, ahead, past, 0, n - 1)
    w, end = 1.0 / v[n - 1], behind[n - 1]
    end[0], end[1], end[2], end[3], end[4] = w, 0.0, 0.0, y[n - 1] * w, 0.0
    end[5] = y[n - 1] * y[n - 1] * w + math.log(v[n - 1]) + _LOG_2PI
    backward(series, behind, n - 1, 0)
    return merge(ahead[0], 0.0, 0.0, 0.0, behind[0])


@kernel
def all_changes(series, outlying, ahead, past, behind, deviance, jump, outlier):
    """Change of the deviance by each single jump and outlier, added where absent and removed where present."""
    y, v, dx, cuts, _, level, slope = series
    for g in range(y.size - 1):
        d = dx[g]
        sign = -1.0 if cuts[g] else 1.0
        w0, w1, w2 = sign * (level + 0.25 * d * d * slope), sign * 0.5 * d * slope, sign * slope
        jump[g] = past[g + 1] + merge(ahead[g + 1], w0, w1, w2, behind[g + 1]) - deviance
    b = np.empty(6)
    for i in range(y.size):
        other = v[i] - level if outlying[i] else v[i] + level
        more = 1.0 / other - 1.0 / v[i]
        for k in range(6):
            b[k] = behind[i, k]
        b[0] += more
        b[3] += more * y[i]
        b[5] += more * y[i] * y[i] + math.log(other / v[i])
        outlier[i] = past[i] + merge(ahead[i], 0.0, 0.0, 0.0, b) - deviance


@kernel
def _with_bend(series, ahead, past, behind, first, last, extra):
    """Deviance with no jump in gaps ``first`` to ``last - 1`` and the rate there raised by ``extra``."""
    y, v, dx, _, rate, level, slope = series
    a = ahead[first]
    a0, a1, p0, p1, p2, total = a[0], a[1], a[2], a[3], a[4], past[first]
    product, held = 1.0, 0
    for i in range(first, last):
        a0, a1, p0, p1, p2, e, s = see(a0, a1, p0, p1, p2, y[i], v[i])
        total += e
        product *= s
        held += 1
        if held == _BATCH or not _TINY < product < _HUGE:
            total += math.log(product)
            product, held = 1.0, 0
        a0, a1, p0, p1, p2 = cross(a0, a1, p0, p1, p2, dx[i], rate[i] + extra, False, level, slope)
    a = np.array([a0, a1, p0, p1, p2])
    total += math.log(product) + (last - first) * _LOG_2PI
    return total + merge(a, 0.0, 0.0, 0.0, behind[last])


@kernel
def with_bends(series, ahead, past, behind, first, last, extra):
    """Deviance with each of some bends, one at a time."""
    found = np.empty(first.size)
    for k in range(first.size):
        found[k] = _with_bend(series, ahead, past, behind, first[k], last[k], extra[k])
    return found


@kernel
def lift_out(series, ahead, past, behind, gap, low, high, free_ahead, free_past, free_behind):
    """Past and future of points ``low`` to ``high`` as if there were no jump at ``gap`` between them."""
    cuts = series[3]
    was = cuts[gap]
    cuts[gap] = False
    free_ahead[low : gap + 1] = ahead[low : gap + 1]
    free_past[low : gap + 1] = past[low : gap + 1]
    forward(series, free_ahead, free_past, gap, high)
    free_behind[gap + 1 : high + 1] = behind[gap + 1 : high + 1]
    backward(series, free_behind, gap + 1, low)
    cuts[gap] = was


@kernel
def jump_at(series, ahead, past, behind, gap):
    """Deviance with a jump put into ``gap``."""
    d, level, slope = series[2][gap], series[5], series[6]
    raised = merge(ahead[gap + 1], level + 0.25 * d * d * slope, 0.5 * d * slope, slope, behind[gap + 1])
    return past[gap + 1] + raised


@kernel
def jumps_at(series, ahead, past, behind, gaps):
    """Deviance with a jump put into each of some gaps."""
    found = np.empty(gaps.size)
    for k in range(gaps.size):
        found[k] = jump_at(series, ahead, past, behind, gaps[k])
    return found


@kernel
def sweep(series, ahead, past, behind, free_ahead, free_past, free_behind, min_points):
    """Move each jump to its best gap between its neighbours, from left to right; changes cuts, returns how many moved.

    The past is brought up to date as the sweep goes; the future to the right of it still holds.
    """
    cuts = series[3]
    n, moved, previous, done = cuts.size + 1, 0, -1, 0
    gaps = np.flatnonzero(cuts)
    for k in range(gaps.size):
        gap = gaps[k]
        following = gaps[k + 1] if k + 1 < gaps.size else n - 1
        forward(series, ahead, past, done, gap)
        lift_out(
            series, ahead, past, behind, gap, previous + 1, following, free_ahead, free_past, free_behind
        )
        best, here = gap, jump_at(series, free_ahead, free_past, free_behind, gap)
        least = here - 1e-9
        for j in range(previous + min_points, following - min_points + 1):
            if 0 <= j < n - 1:
                value = jump_at(series, free_ahead, free_past, free_behind, j)
                if value < least:
                    best, least = j, value
        cuts[gap] = False
        cuts[best] = True
        moved += best != gap
        done, previous = min(best, gap), best
    return moved


@kernel
def said_of_a_change(ahead, behind, low, high, score, info):
    """Score and information of the data about a change of level and slope that enters before points low to high."""
    for i in range(low, high + 1):
        a, b = ahead[i], behind[i]
        p0, p1, p2, l0, l1, l2 = a[2], a[3], a[4], b[0], b[1], b[2]
        u0, u1 = b[3] - l0 * a[0] - l1 * a[1], b[4] - l1 * a[0] - l2 * a[1]
        m00, m01 = 1.0 + l0 * p0 + l1 * p1, l0 * p1 + l1 * p2
        m10, m11 = l1 * p0 + l2 * p1, 1.0 + l1 * p1 + l2 * p2
        det = m00 * m11 - m01 * m10
        score[i - low, 0], score[i - low, 1] = (m11 * u0 - m01 * u1) / det, (m00 * u1 - m10 * u0) / det
        both = max(l0 * l2 - l1 * l1, 0.0)
        info[i - low, 0] = (l0 + both * p2) / det
        info[i - low, 1] = (l1 - both * p1) / det
        info[i - low, 2] = (l2 + both * p0) / det
