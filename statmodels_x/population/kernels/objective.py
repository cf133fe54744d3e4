"""Residuals of all families, the sum of their squares, its gradient and Gauss-Newton matrix: compiled functions."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.population.kernels.recursion import totals

FLOOR = 1e-6  # of a series' level: below it a mean is continued by a straight line


@kernel
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


@kernel
def _add(g, H, row, slope, r):
    for i in range(len(g)):
        step = slope * row[i]
        if step != 0.0:
            g[i] += step * r
            for j in range(i + 1):
                H[i, j] += step * slope * row[j]


@kernel
def _add_counts(P, c, N, dN, g, H):
    """Residuals of the observed counts of one culture."""
    value = 0.0
    for row in range(P.row_start[c], P.row_start[c + 1]):
        n = P.row_node[row]
        for s in range(N.shape[1]):
            y = P.counts[row, s]
            if np.isnan(y) or not P.present[c, s]:
                continue
            floor = FLOOR * P.level[c, s]
            r, slope = residual(P.family, P.dispersion, y, N[n, s], P.weights[c, s], floor)
            value += 0.5 * r * r
            if len(g) > 0:
                _add(g, H, dN[n, s], slope, r)
    return value


@kernel
def _add_negative(P, c, N, dN, g, H):
    """Squares of the negative totals of one culture at every node, observed or not."""
    value = 0.0
    for n in range(P.nodes[c]):
        for s in range(N.shape[1]):
            if N[n, s] < 0.0:
                weight = np.sqrt(P.penalty) / P.level[c, s]
                value += 0.5 * (weight * N[n, s]) ** 2
                if len(g) > 0:
                    _add(g, H, dN[n, s], weight, weight * N[n, s])
    return value


@kernel
def _add_gap(P, c, N, dN, theta, g, H, row):
    """Squares of the gaps between the end of one segment of a course and the start of the next."""
    value, after, last = 0.0, P.follows[c], P.nodes[c] - 1
    for s in range(N.shape[1]):
        q = P.initial[after, s]
        if P.present[c, s] and q >= 0:
            weight = np.sqrt(P.stiffness) / P.level[c, s]
            r = weight * (N[last, s] - theta[q])
            value += 0.5 * r * r
            if len(g) > 0:
                row[:] = dN[last, s]
                row[q] -= 1.0
                _add(g, H, row, weight, r)
    return value


@kernel
def _add_ridge(P, theta, g, H):
    value = 0.0
    for j in range(len(theta)):
        gap = theta[j] - P.ridge_target[j]
        value += 0.5 * P.ridge[j] * gap * gap
        if len(g) > 0:
            g[j] += P.ridge[j] * gap
            H[j, j] += P.ridge[j]
    return value


@kernel
def objective(P, theta, g, H):
    """Half the sum of squared residuals with the penalties; infinite where the course is not finite.

    The gradient and the Gauss-Newton matrix are put into ``g`` and ``H`` unless these are empty.
    """
    longest, n_species = P.nodes.max(), len(P.ages)
    states, N = np.empty((longest, P.ages.sum())), np.empty((longest, n_species))
    dN = np.empty((longest if len(g) > 0 else 0, n_species, len(theta)))
    row = np.empty(len(theta))
    g[:] = 0.0
    H[:] = 0.0
    value = _add_ridge(P, theta, g, H)
    for c in range(len(P.nodes)):
        totals(P, theta, c, states, N, dN)
        value += _add_counts(P, c, N, dN, g, H) + _add_negative(P, c, N, dN, g, H)
        if P.follows[c] >= 0:
            value += _add_gap(P, c, N, dN, theta, g, H, row)
    for i in range(len(g)):
        for j in range(i):
            H[j, i] = H[i, j]
    return value if np.isfinite(value) else np.inf
