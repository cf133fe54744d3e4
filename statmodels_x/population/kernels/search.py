"""Bounded Levenberg-Marquardt, compiled whole: a search from one start is a single call that holds no lock.

numba's cache follows the time stamp of this file alone: after a change in a module that it calls, delete __pycache__.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.population.kernels.objective import objective

_LARGEST = 1e14
_NEGLIGIBLE = 1e-12  # damping for the decrement, relative to the curvature


@kernel
def _solve(A, b, n):
    """Solve the leading n equations of a positive definite system in place; False if it is not one."""
    for j in range(n):
        pivot = A[j, j]
        for q in range(j):
            pivot -= A[j, q] * A[j, q]
        if not pivot > 0.0:
            return False
        pivot = np.sqrt(pivot)
        A[j, j] = pivot
        for i in range(j + 1, n):
            part = A[i, j]
            for q in range(j):
                part -= A[i, q] * A[j, q]
            A[i, j] = part / pivot
    for i in range(n):
        for q in range(i):
            b[i] -= A[i, q] * b[q]
        b[i] /= A[i, i]
    for i in range(n - 1, -1, -1):
        for q in range(i + 1, n):
            b[i] -= A[q, i] * b[q]
        b[i] /= A[i, i]
    return True


@kernel
def _fill(H, g, d, held, damping, scale, free, A, b):
    """Write the damped equations of the free parameters; return how many there are."""
    count = 0
    for j in range(len(g)):
        if not held[j]:
            free[count] = j
            count += 1
    for a in range(count):
        i = free[a]
        b[a] = -g[i]
        for j in range(len(g)):
            if held[j]:
                b[a] -= H[i, j] * d[j]
        for c in range(a + 1):
            A[a, c] = H[i, free[c]]
        A[a, a] += damping * scale[i]
    return count


@kernel
def box_step(x, g, H, damping, scale, lower, upper, d):
    """Minimise the damped quadratic model within the bounds, adding bounds to the active set; False if it fails."""
    p = len(x)
    free, held, A, b = np.empty(p, np.int64), np.zeros(p, np.bool_), np.empty((p, p)), np.empty(p)
    for j in range(p):
        held[j] = lower[j] == upper[j] or (x[j] <= lower[j] and g[j] > 0) or (x[j] >= upper[j] and g[j] < 0)
        d[j] = 0.0
    for _ in range(p + 1):
        count = _fill(H, g, d, held, damping, scale, free, A, b)
        if not _solve(A, b, count):
            return False
        crossed = False
        for a in range(count):
            i = free[a]
            d[i] = min(max(b[a], lower[i] - x[i]), upper[i] - x[i])
            if d[i] != b[a]:
                held[i], crossed = True, True
        if not crossed:
            return True
    return True


@kernel
def _promise(g, H, d):
    """Fall of the quadratic model along a step."""
    value = 0.0
    for i in range(len(d)):
        value -= d[i] * g[i]
        for j in range(len(d)):
            value -= 0.5 * d[i] * H[i, j] * d[j]
    return value


@kernel
def decrement(x, g, H, lower, upper):
    """Return what the undamped model still promises within the bounds: 0 at a stationary point."""
    scale, d = np.empty(len(x)), np.empty(len(x))
    for j in range(len(x)):
        scale[j] = H[j, j] + 1e-300
    damping = _NEGLIGIBLE
    while not box_step(x, g, H, damping, scale, lower, upper, d):
        damping *= 100.0
        if damping > 1.0:
            return np.inf
    return max(_promise(g, H, d), 0.0)


@kernel
def search(P, start, lower, upper, max_iter, tol):
    """Descend from one start.

    Parameters
    ----------
    P : Problem
    start, lower, upper : ndarray of shape (p,)
    max_iter : int
        Evaluations at most.
    tol : float
        The search ends where the quadratic model promises less than this, relative to the cost.

    Returns
    -------
    x : ndarray of shape (p,)
    value : float
        Half the sum of squares; infinite if the start has none.
    left : float
        What the model still promises, relative to the cost: 0 at a stationary point.
    n_evaluations : int
    """
    p = len(start)
    x = np.minimum(np.maximum(start, lower), upper)
    g, H = np.zeros(p), np.zeros((p, p))
    value = objective(P, x, g, H)
    if not np.isfinite(value):
        return x, np.inf, np.inf, 1
    damping, growth = 1e-3, 2.0
    none, no_matrix = np.zeros(0), np.zeros((0, 0))
    scale, d, tried = np.zeros(p), np.zeros(p), np.zeros(p)
    n = 1
    while n < max_iter:
        for j in range(p):
            scale[j] = max(H[j, j], 0.1 * scale[j], 1e-300)
        solved = box_step(x, g, H, damping, scale, lower, upper, d)
        promised = _promise(g, H, d) if solved else np.inf
        if solved and promised <= tol * value and damping <= 1e-2:
            break
        fall = -1.0
        if solved:
            for j in range(p):
                tried[j] = min(max(x[j] + d[j], lower[j]), upper[j])
            there = objective(P, tried, none, no_matrix)
            n += 1
            fall = value - there if np.isfinite(there) else -1.0
        if fall > 1e-4 * promised and fall > 0.0:
            ratio = fall / promised
            x[:] = tried
            value = objective(P, x, g, H)
            damping = max(damping * max(1.0 / 3.0, 1.0 - (2.0 * ratio - 1.0) ** 3), 1e-15)
            growth = 2.0
        else:
            damping *= growth
            growth = min(2.0 * growth, 64.0)
            if damping > _LARGEST:
                break
    return x, value, decrement(x, g, H, lower, upper) / max(value, 1e-300), n
