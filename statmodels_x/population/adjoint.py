"""The gradient of a sum of squares by the adjoint recursion: its cost does not grow with the number of parameters.

For methods that use gradients alone, such as gradient descent; the searches of this package use the sensitivities,
which give the Gauss-Newton matrix too.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from statmodels_x.population.kernels import advance, divisors, initial_state
from statmodels_x.population.objective import FLOOR, residual

_JIT = {"cache": True, "nogil": True, "error_model": "numpy"}


@njit(**_JIT)
def trajectory(P, theta, c, states, N):
    """Fill the states (nodes, m) and totals (nodes, 2) of a recursion."""
    m, first = states.shape[1], P.ages[0]
    J, inverse = np.empty((m, len(theta))), np.ones(3)
    initial_state(P, theta, c, states[0], J)
    for n in range(P.nodes[c]):
        N[n] = 0.0
        for i in range(m):
            N[n, 0 if i < first else 1] += states[n, i]
        if n + 1 < P.nodes[c]:
            advance(P, theta, states[n], N[n], inverse, states[n + 1])
    return J


@njit(**_JIT)
def _pull(P, c, N, weight):
    """Fill the derivatives of the objective in the totals of one culture; return its value."""
    value = 0.0
    weight[:] = 0.0
    for row in range(P.row_start[c], P.row_start[c + 1]):
        n = P.row_node[row]
        for s in range(2):
            y = P.counts[row, s]
            if not np.isnan(y) and P.present[c, s]:
                r, slope = residual(
                    P.family, P.dispersion, y, N[n, s], P.weights[c, s], FLOOR * P.level[c, s]
                )
                value += 0.5 * r * r
                weight[n, s] += r * slope
    for n in range(P.nodes[c]):
        for s in range(2):
            if N[n, s] < 0.0:
                size = P.penalty / P.level[c, s] ** 2
                value += 0.5 * size * N[n, s] ** 2
                weight[n, s] += size * N[n, s]
    return value


@njit(**_JIT)
def _back(P, theta, w, N, after, before, inverse, by_group, g):
    """Carry the adjoint state over one step from ``after`` to ``before``, adding to the gradient."""
    divisors(P, theta, N, inverse)
    by_group[:] = 0.0
    for e in range(len(P.signs)):
        row, col, q, group = P.entries[e]
        size = P.signs[e] * inverse[group] * after[row]
        g[q] += size * w[col]
        before[col] += size * theta[q]
        by_group[group] += size * theta[q] * w[col]
    for group in range(3):
        for s in range(2):
            q = P.density[2 * group + s] if group < 2 else (P.density[4] if s == 0 else -1)
            if q >= 0 and N[s] > 0.0:
                pull = -by_group[group] * inverse[group]
                g[q] += pull * N[s]
                for i in range(len(before)):
                    if (i < P.ages[0]) == (s == 0):
                        before[i] += pull * theta[q]


@njit(**_JIT)
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
    m, longest, value = P.ages[0] + P.ages[1], P.nodes.max(), 0.0
    states, N, weight = np.empty((longest, m)), np.empty((longest, 2)), np.empty((longest, 2))
    after, before, inverse, by_group = np.zeros(m), np.zeros(m), np.ones(3), np.zeros(3)
    for j in range(len(theta)):
        gap = theta[j] - P.ridge_target[j]
        g[j] = P.ridge[j] * gap
        value += 0.5 * P.ridge[j] * gap * gap
    for c in range(len(P.nodes)):
        J = trajectory(P, theta, c, states, N)
        value += _pull(P, c, N, weight)
        after[:] = 0.0
        for n in range(P.nodes[c] - 1, -1, -1):
            for i in range(m):
                before[i] = weight[n, 0 if i < P.ages[0] else 1]
            if n + 1 < P.nodes[c]:
                _back(P, theta, states[n], N[n], after, before, inverse, by_group, g)
            for i in range(m):
                after[i] = before[i]
        for i in range(m):
            for q in range(len(theta)):
                g[q] += after[i] * J[i, q]
    return value
