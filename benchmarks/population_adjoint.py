"""The gradient of a sum of squares by the adjoint recursion: its cost does not grow with the number of parameters.

For methods that use gradients alone, such as gradient descent; the searches of this package use the sensitivities,
which give the Gauss-Newton matrix too.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.population.kernels.objective import FLOOR, residual
from statmodels_x.population.kernels.recursion import advance, initial_state


@kernel
def _forth(P, theta, states, N, inverse):
    """Fill states (nodes, m), totals (nodes, 2) and reciprocals of the density terms (nodes, 3) from a start."""
    first, m = P.ages[0], states.shape[1]
    entries, signs, density = P.entries, P.signs, P.density
    for n in range(len(N)):
        N[n] = 0.0
        for i in range(m):
            N[n, 0 if i < first else 1] += states[n, i]
        if n + 1 < len(N):
            advance(entries, signs, density, P.exponential, theta, states[n], N[n], inverse[n], states[n + 1])


@kernel
def _pull(P, c, N, weight):
    """Fill the derivatives of the objective in the totals of one culture; return its value."""
    value, family, dispersion = 0.0, P.family, P.dispersion
    counts, row_node, weights, level, here = P.counts, P.row_node, P.weights[c], P.level[c], P.present[c]
    weight[:] = 0.0
    for row in range(P.row_start[c], P.row_start[c + 1]):
        n = row_node[row]
        for s in range(2):
            y = counts[row, s]
            if here[s] and not np.isnan(y):
                r, slope = residual(family, dispersion, y, N[n, s], weights[s], FLOOR * level[s])
                value += 0.5 * r * r
                weight[n, s] += r * slope
    for n in range(len(N)):
        for s in range(2):
            if N[n, s] < 0.0:
                size = P.penalty / level[s] ** 2
                value += 0.5 * size * N[n, s] ** 2
                weight[n, s] += size * N[n, s]
    return value


@kernel
def _back(P, theta, states, N, inverse, weight, after, g):
    """Carry the adjoint state from the last node to the first, adding to the gradient."""
    first, m = P.ages[0], states.shape[1]
    entries, signs, density = P.entries, P.signs, P.density
    before, by_group = np.zeros(m), np.zeros(3)
    after[:] = 0.0
    for n in range(len(N) - 1, -1, -1):
        for i in range(m):
            before[i] = weight[n, 0 if i < first else 1]
        by_group[:] = 0.0
        for e in range(len(signs) if n + 1 < len(N) else 0):
            row, col, q, group = entries[e, 0], entries[e, 1], entries[e, 2], entries[e, 3]
            size = signs[e] * inverse[n, group] * after[row]
            pull = size * theta[q]
            g[q] += size * states[n, col]
            before[col] += pull
            by_group[group] += pull * states[n, col]
        for place in range(5):
            q, s = density[place], place % 2
            if q >= 0 and N[n, s] > 0.0:
                pull = -by_group[place // 2] * inverse[n, place // 2]
                g[q] += pull * N[n, s]
                for i in range(first * s, first if s == 0 else m):
                    before[i] += pull * theta[q]
        after[:] = before


@kernel
def gradient(P, theta, g):
    """Objective of a recursion, and its gradient into ``g``.

    Parameters
    ----------
    P : Problem
        Of a Leslie form.
    theta : ndarray of shape (p,)
    g : ndarray of shape (p,)

    Returns
    -------
    float
    """
    m, longest, value, p = P.ages[0] + P.ages[1], P.nodes.max(), 0.0, len(theta)
    states, N, weight = np.empty((longest, m)), np.empty((longest, 2)), np.empty((longest, 2))
    inverse, J, after = np.empty((longest, 3)), np.empty((m, p)), np.zeros(m)
    for j in range(p):
        gap = theta[j] - P.ridge_target[j]
        g[j] = P.ridge[j] * gap
        value += 0.5 * P.ridge[j] * gap * gap
    for c in range(len(P.nodes)):
        n = P.nodes[c]
        initial_state(P, theta, c, states[0], J)
        _forth(P, theta, states[:n], N[:n], inverse)
        value += _pull(P, c, N[:n], weight)
        _back(P, theta, states[:n], N[:n], inverse, weight, after, g)
        for i in range(m):
            for q in range(p):
                g[q] += after[i] * J[i, q]
    return value
