"""The recursions and the Lotka-Volterra flow with exact sensitivities: arrays in, arrays out.

``totals`` gives the course of both species with its derivatives, ``objective`` what a search needs. Each compiled function's ``py_func`` is its plain Python twin.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_FLOOR = 1e-6  # of a series' level: below it a mean is continued by a straight line
_JIT = {"cache": True, "nogil": True, "error_model": "numpy"}


@njit(**_JIT)
def life_table(P, theta, species, fecundity, survival):
    """Fill the fecundities of one species, and the survivals to each class (1 for the first)."""
    k = P.ages[species]
    o = 0 if species == 0 else P.ages[0]
    for e in range(len(P.signs)):
        row, col = P.entries[e, 0] - o, P.entries[e, 1] - o
        if 0 <= row < k and 0 <= col < k:
            if row == 0:
                fecundity[col] = theta[P.entries[e, 2]]
            else:
                survival[row] = theta[P.entries[e, 2]]


@njit(**_JIT)
def stable_growth(fecundity, survival):
    """Largest root of Euler and Lotka's equation, sum_j f_j l_j rate^-(j+1) = 1; 0 if there is no fecundity.

    The left side is falling and convex in the rate, so that Newton's way from the left of the root is safe.
    """
    k = len(fecundity)
    net = np.empty(k)
    lived, rate = 1.0, 0.0
    for j in range(k):
        lived *= survival[j]
        net[j] = fecundity[j] * lived
        rate = max(rate, net[j] ** (1.0 / (j + 1)))
    for _ in range(100):
        if rate == 0.0:
            break
        value, slope, power = -1.0, 0.0, 1.0
        for j in range(k):
            power /= rate
            value += net[j] * power
            slope -= (j + 1) * net[j] * power / rate
        change = value / slope
        rate -= change
        if abs(change) < 1e-15 * rate:
            break
    return rate


@njit(**_JIT)
def _stable_shares(P, theta, species, share, slope):
    """Stable age distribution of one species alone and its derivative."""
    k, p = P.ages[species], len(theta)
    o = 0 if species == 0 else P.ages[0]
    fecundity, survival = np.zeros(k), np.ones(k)
    life_table(P, theta, species, fecundity, survival)
    rate = stable_growth(fecundity, survival)
    for j in range(k):
        share[j] = 1.0 if j == 0 else 0.0
        for q in range(p):
            slope[j, q] = 0.0
    if rate <= 0.0:
        return
    d_rate, d_total = np.zeros(p), np.zeros(p)
    by_rate, total = 0.0, 0.0
    for e in range(len(P.signs)):  # slope holds the derivatives of the survivorships l_j at first
        row, col, q = P.entries[e, 0] - o, P.entries[e, 1] - o, P.entries[e, 2]
        if row < 0 or row >= k or col < 0 or col >= k:
            continue
        lived, others = 1.0, 1.0
        for j in range(k):
            lived *= survival[j]
            if j != row:
                others *= survival[j]
            if row == 0 and j == col:
                part = lived * rate ** (-(j + 1))
                d_rate[q] += part
                by_rate += (j + 1) * fecundity[j] * part / rate
            elif 0 < row <= j:
                slope[j, q] += others
                d_rate[q] += fecundity[j] * others * rate ** (-(j + 1))
    lived = 1.0
    for j in range(k):
        lived *= survival[j]
        power = rate ** (-j)
        share[j] = lived * power
        total += share[j]
        for q in range(p):
            slope[j, q] = slope[j, q] * power - j * share[j] / rate * d_rate[q] / by_rate
            d_total[q] += slope[j, q]
    for j in range(k):
        share[j] /= total
        for q in range(p):
            slope[j, q] = (slope[j, q] - share[j] * d_total[q]) / total


@njit(**_JIT)
def initial_state(P, theta, c, w, J):
    """Age classes of both species at the first node of culture ``c``, and their derivatives."""
    p = len(theta)
    w[:] = 0.0
    J[:] = 0.0
    left_slope = np.zeros(p)
    share, slope = np.zeros(max(P.ages[0], P.ages[1])), np.zeros((max(P.ages[0], P.ages[1]), p))
    for s in range(2):
        if not P.present[c, s]:
            continue
        o, k, q = (0 if s == 0 else P.ages[0]), P.ages[s], P.initial[c, s]
        total = P.initial_value[c, s] if q < 0 else theta[q]
        if P.structure == 1:
            _stable_shares(P, theta, s, share, slope)
        else:
            left = 1.0
            left_slope[:] = 0.0
            for j in range(k):
                u = P.shares[c, s, j] if j < k - 1 else -2
                value = 1.0 if j == k - 1 else (P.share_value[c, s, j] if u < 0 else theta[u])
                share[j] = left * value
                slope[j] = left_slope * value
                left_slope *= 1.0 - value
                if u >= 0:
                    slope[j, u] += left
                    left_slope[u] -= left
                left *= 1.0 - value
        for j in range(k):
            w[o + j] = total * share[j]
            J[o + j] = total * slope[j]
            if q >= 0:
                J[o + j, q] += share[j]


@njit(**_JIT)
def _divisors(P, theta, N, inverse):
    """Reciprocals of the three density terms; a negative total has no effect."""
    inverse[:] = 1.0
    for g in range(2):
        for s in range(2):
            q = P.density[2 * g + s]
            if q >= 0 and N[s] > 0.0:
                inverse[g] += theta[q] * N[s]
    if P.density[4] >= 0 and N[0] > 0.0:
        inverse[2] += theta[P.density[4]] * N[0]
    for g in range(3):
        inverse[g] = 1.0 / inverse[g]


@njit(**_JIT)
def _advance(P, theta, w, N, inverse, out):
    """One step of the recursion without derivatives."""
    _divisors(P, theta, N, inverse)
    out[:] = 0.0
    for e in range(len(P.signs)):
        row, col, q, g = P.entries[e]
        out[row] += P.signs[e] * inverse[g] * theta[q] * w[col]


@njit(**_JIT)
def _advance_both(P, theta, w, J, N, dN, inverse, by_group, slope, out, dout):
    """One step of the recursion with the derivatives of the state."""
    p = len(theta)
    _divisors(P, theta, N, inverse)
    out[:] = 0.0
    dout[:] = 0.0
    by_group[:] = 0.0
    for e in range(len(P.signs)):
        row, col, q, g = P.entries[e]
        size = P.signs[e] * inverse[g]
        coefficient = size * theta[q]
        out[row] += coefficient * w[col]
        by_group[g, row] += coefficient * w[col]
        for j in range(p):
            dout[row, j] += coefficient * J[col, j]
        dout[row, q] += size * w[col]
    for g in range(3):
        slope[:] = 0.0
        found = False
        for s in range(2):
            q = P.density[2 * g + s] if g < 2 else (P.density[4] if s == 0 else -1)
            if q >= 0 and N[s] > 0.0:
                found = True
                for j in range(p):
                    slope[j] += theta[q] * dN[s, j]
                slope[q] += N[s]
        if found:
            for row in range(len(out)):
                factor = by_group[g, row] * inverse[g]
                if factor != 0.0:
                    for j in range(p):
                        dout[row, j] -= factor * slope[j]


@njit(**_JIT)
def _flow_rates(P, theta, c, u, S, f, dS, with_slopes):
    """Time derivatives of the log densities of Lotka-Volterra, and of their sensitivities."""
    p = len(theta)
    for i in range(2):
        f[i] = 0.0
        if with_slopes:
            for q in range(p):
                dS[i, q] = 0.0
        if not P.present[c, i]:
            continue
        if P.rates[i] >= 0:
            f[i] = P.rate_signs[i] * theta[P.rates[i]]
            if with_slopes:
                dS[i, P.rates[i]] += P.rate_signs[i]
        for j in range(2):
            a = P.effects[i, j]
            if a < 0 or not P.present[c, j]:
                continue
            N = np.exp(u[j])
            effect = P.effect_signs[i, j] * theta[a] * N
            f[i] += effect
            if with_slopes:
                for q in range(p):
                    dS[i, q] += effect * S[j, q]
                dS[i, a] += P.effect_signs[i, j] * N


@njit(**_JIT)
def _flow(P, theta, c, duration, u, S, f, dS, stage, work, with_slopes):
    """Integrate over one interval by the classical Runge-Kutta rule on log densities."""
    n = max(1, int(np.ceil(duration / P.substep - 1e-9)))
    h = duration / n
    for _ in range(n):
        for r in range(4):
            reach = 0.0 if r == 0 else (h if r == 3 else 0.5 * h)
            for i in range(2):
                stage[i] = u[i] + (reach * f[r - 1, i] if r > 0 else 0.0)
                if with_slopes:
                    for q in range(len(theta)):
                        work[i, q] = S[i, q] + (reach * dS[r - 1, i, q] if r > 0 else 0.0)
            _flow_rates(P, theta, c, stage, work, f[r], dS[r], with_slopes)
        for i in range(2):
            u[i] += h / 6.0 * (f[0, i] + 2.0 * f[1, i] + 2.0 * f[2, i] + f[3, i])
            if with_slopes:
                for q in range(len(theta)):
                    S[i, q] += h / 6.0 * (dS[0, i, q] + 2.0 * dS[1, i, q] + 2.0 * dS[2, i, q] + dS[3, i, q])


@njit(**_JIT)
def totals(P, theta, c, states, N, dN):
    """Course of culture ``c``: fill states (nodes, m), totals (nodes, 2) and their derivatives (nodes, 2, p).

    Derivatives are skipped where ``dN`` has no rows.
    """
    p, m, wanted = len(theta), P.ages[0] + P.ages[1], len(dN) > 0
    w, out = np.zeros(m), np.zeros(m)
    J, dout = np.zeros((m, p)), np.zeros((m, p))
    inverse, by_group, slope = np.ones(3), np.zeros((3, m)), np.zeros(p)
    f, dS, stage, work = np.zeros((4, 2)), np.zeros((4, 2, p)), np.zeros(2), np.zeros((2, p))
    initial_state(P, theta, c, w, J)
    if P.kind == 1:
        for i in range(2):
            if P.present[c, i]:
                J[i] /= w[i]
                w[i] = np.log(w[i])
    for n in range(P.nodes[c]):
        if P.kind == 1:
            for i in range(2):
                N[n, i] = np.exp(w[i]) if P.present[c, i] else 0.0
                if wanted:
                    dN[n, i] = N[n, i] * J[i]
            states[n] = N[n]
        else:
            N[n] = 0.0
            if wanted:
                dN[n] = 0.0
            for i in range(m):
                s = 0 if i < P.ages[0] else 1
                N[n, s] += w[i]
                if wanted:
                    dN[n, s] += J[i]
            states[n] = w
        if n == P.nodes[c] - 1:
            break
        if P.kind == 1:
            _flow(P, theta, c, P.durations[P.node_start[c] + n], w, J, f, dS, stage, work, wanted)
        elif wanted:
            _advance_both(P, theta, w, J, N[n], dN[n], inverse, by_group, slope, out, dout)
            w, out = out, w
            J, dout = dout, J
        else:
            _advance(P, theta, w, N[n], inverse, out)
            w, out = out, w


@njit(**_JIT)
def residual(family, dispersion, y, mean, weight, floor):
    """Signed square root of a term of the deviance (Gaussian: the weighted residual) and its derivative in the mean.

    Half the sum of squares is, up to a constant, minus the log-likelihood of the family.
    """
    if family == 0:
        return weight * (mean - y), weight
    mu = max(mean, floor)
    if family == 1:
        value, slope = np.log(mu) - np.log(y), 1.0 / mu
        value, slope = weight * value, weight * slope
    else:
        if family == 2 or dispersion <= 0.0:
            half = mu - y + (y * np.log(y / mu) if y > 0.0 else 0.0)
            gradient, curvature = 1.0 - y / mu, 1.0 / mu
        else:
            size = 1.0 / dispersion
            half = (y * np.log(y / mu) if y > 0.0 else 0.0) - (y + size) * np.log((y + size) / (mu + size))
            gradient = (mu - y) / (mu * (1.0 + dispersion * mu))
            curvature = 1.0 / (mu * (1.0 + dispersion * mu))
        if abs(mu - y) < 1e-5 * mu:
            slope = np.sqrt(curvature)
            value = slope * (mu - y)
        else:
            value = np.sqrt(2.0 * max(half, 0.0)) * np.sign(mu - y)
            slope = gradient / value
    if mean < floor:
        value += slope * (mean - floor)
    return value, slope


@njit(**_JIT)
def objective(P, theta, g, H):
    """Half the sum of squared residuals with the penalties; infinite where the course is not finite.

    The gradient and the Gauss-Newton matrix are put into ``g`` and ``H`` unless these are empty.
    """
    p, wanted = len(theta), len(g) > 0
    m = P.ages[0] + P.ages[1]
    longest = P.nodes.max()
    states, N = np.empty((longest, m)), np.empty((longest, 2))
    dN = np.empty((longest if wanted else 0, 2, p))
    value = 0.0
    g[:] = 0.0
    H[:] = 0.0
    for c in range(len(P.nodes)):
        totals(P, theta, c, states, N, dN)
        for row in range(P.row_start[c], P.row_start[c + 1]):
            n = P.row_node[row]
            for s in range(2):
                y = P.counts[row, s]
                if np.isnan(y) or not P.present[c, s]:
                    continue
                floor = _FLOOR * P.level[c, s]
                r, slope = residual(P.family, P.dispersion, y, N[n, s], P.weights[c, s], floor)
                value += 0.5 * r * r
                if wanted:
                    _add(g, H, dN[n, s], slope, r)
        for n in range(P.nodes[c]):
            for s in range(2):
                if N[n, s] < 0.0 and P.penalty > 0.0:
                    weight = np.sqrt(P.penalty) / P.level[c, s]
                    value += 0.5 * (weight * N[n, s]) ** 2
                    if wanted:
                        _add(g, H, dN[n, s], weight, weight * N[n, s])
    for j in range(p):
        if P.ridge[j] > 0.0:
            gap = theta[j] - P.ridge_target[j]
            value += 0.5 * P.ridge[j] * gap * gap
            if wanted:
                g[j] += P.ridge[j] * gap
                H[j, j] += P.ridge[j]
    for i in range(len(g)):
        for j in range(i):
            H[j, i] = H[i, j]
    return value if np.isfinite(value) else np.inf


@njit(**_JIT)
def _add(g, H, row, slope, r):
    for i in range(len(g)):
        step = slope * row[i]
        if step != 0.0:
            g[i] += step * r
            for j in range(i + 1):
                H[i, j] += step * slope * row[j]
