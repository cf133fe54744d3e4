"""The stable age distribution of a species alone, with its sensitivities: compiled functions on arrays."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel


@kernel
def life_table(P, theta, species, fecundity, survival):
    """Fill the fecundities of one species, and the survivals to each class (1 for the first)."""
    k = P.ages[species]
    o = P.ages[:species].sum()
    for e in range(len(P.signs)):
        row, col = P.entries[e, 0] - o, P.entries[e, 1] - o
        if 0 <= row < k and 0 <= col < k:
            if row == 0:
                fecundity[col] = theta[P.entries[e, 2]]
            else:
                survival[row] = theta[P.entries[e, 2]]


@kernel
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


@kernel
def _net_slopes(P, species, fecundity, survival, rate, lived, d_rate):
    """Fill the derivatives of the survivorships (k, p) and, up to the divisor returned, of the growth rate."""
    k = len(fecundity)
    o = P.ages[:species].sum()
    divisor = 0.0
    for e in range(len(P.signs)):
        row, col, q = P.entries[e, 0] - o, P.entries[e, 1] - o, P.entries[e, 2]
        if min(row, col) < 0 or max(row, col) >= k:
            continue
        reached, others = 1.0, 1.0
        for j in range(k):
            reached *= survival[j]
            others *= survival[j] if j != row else 1.0
            if row == 0 and j == col:
                part = reached * rate ** (-(j + 1))
                d_rate[q] += part
                divisor += (j + 1) * fecundity[j] * part / rate
            elif 0 < row <= j:
                lived[j, q] += others
                d_rate[q] += fecundity[j] * others * rate ** (-(j + 1))
    return divisor


@kernel
def stable_shares(P, theta, species, share, slope):
    """Stable age distribution of one species alone and its derivative, by the implicit function theorem."""
    k, p = P.ages[species], len(theta)
    fecundity, survival = np.zeros(k), np.ones(k)
    life_table(P, theta, species, fecundity, survival)
    rate = stable_growth(fecundity, survival)
    share[:] = 0.0
    slope[:] = 0.0
    share[0] = 1.0
    if rate <= 0.0:
        return
    d_rate, d_total = np.zeros(p), np.zeros(p)
    divisor = _net_slopes(P, species, fecundity, survival, rate, slope, d_rate)
    lived, total = 1.0, 0.0
    for j in range(k):
        lived *= survival[j]
        power = rate ** (-j)
        share[j] = lived * power
        total += share[j]
        for q in range(p):
            slope[j, q] = slope[j, q] * power - j * share[j] / rate * d_rate[q] / divisor
            d_total[q] += slope[j, q]
    for j in range(k):
        share[j] /= total
        for q in range(p):
            slope[j, q] = (slope[j, q] - share[j] * d_total[q]) / total
