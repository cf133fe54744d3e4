"""Numba kernels of the lifted problem: one over-relaxed primal step, one dual step, one lower bound.

Notation (cells i, axes a, labels k = 0..L-1 at t_k = k / (L-1), thresholds k = 0..L):

    v[i, k]      1 where the surface reaches label k; v[., 0] = 1 and v[., L] = 0 are constants
    slope[i,a,k] spatial part of the dual field at label k, on the edge from cell i to the next along axis a
    cost[i, k]   its label part: cost >= c |slope|^2 - weight (t_k - f)^2
    bound[i,a,k] the potential whose differences are the slopes: slope_k = bound_{k+1} - bound_k, |bound| <= radius
    mu[i, a, k]  multiplier of that equation

The saddle function is sum slope (v[next] - v) + cost (v_{k+1} - v_k) + mu (slope - diff bound). Edges that leave
the grid have a zero difference, so their fields stay 0. Scalars come in the precision of the arrays: one kernel
serves float32 and float64.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc"}}


@njit(**_OPTIONS)
def primal_step(v, v_bar, mu, mu_bar, slope, cost, bound, shape, strides, step_v, step_mu, relax):
    """Move v and mu against their gradients; return the squared changes of v and of mu."""
    n, d, n_labels = slope.shape
    one = relax / relax
    two = one + one
    zero = one - one
    gradient = np.empty(n_labels, v.dtype)
    change_v = 0.0
    change_mu = 0.0
    for i in range(n):
        _gradient(gradient, slope, cost, shape, strides, i)
        partial = zero
        for k in range(1, n_labels):
            old = v[i, k]
            new = min(max(old - step_v * gradient[k], zero), one)
            v[i, k] = old + relax * (new - old)
            v_bar[i, k] = two * new - old
            partial += (new - old) * (new - old)
        change_v += partial
        partial = zero
        for a in range(d):
            for k in range(n_labels):
                gap = step_mu * (slope[i, a, k] - bound[i, a, k + 1] + bound[i, a, k])
                old = mu[i, a, k]
                mu[i, a, k] = old - relax * gap
                mu_bar[i, a, k] = old - two * gap
                partial += gap * gap
        change_mu += partial
    return change_v, change_mu


@njit(**_OPTIONS)
def _gradient(gradient, slope, cost, shape, strides, i):
    """Put the gradient of the saddle function in v at cell i into ``gradient``."""
    n_labels = cost.shape[1]
    for k in range(1, n_labels):
        gradient[k] = cost[i, k - 1] - cost[i, k]
    for a in range(slope.shape[1]):
        place = (i // strides[a]) % shape[a]
        if place > 0:
            j = i - strides[a]
            for k in range(1, n_labels):
                gradient[k] += slope[j, a, k]
        if place + 1 < shape[a]:
            for k in range(1, n_labels):
                gradient[k] -= slope[i, a, k]


@njit(**_OPTIONS)
def dual_step(
    v_bar, mu_bar, slope, cost, bound, f, weight, labels, shape, strides, c, radius, step_p, step_q, relax,
    n_newton, isotropic,
):  # fmt: skip
    """Move the dual fields along their gradients and project them; return their squared changes."""
    n, d, n_labels = slope.shape
    one = relax / relax
    trial = np.empty((d, n_labels + 1), v_bar.dtype)
    size = np.empty(n_labels + 1, v_bar.dtype)
    root = np.empty(n_labels, v_bar.dtype)
    linear = np.empty(n_labels, v_bar.dtype)
    height = np.empty(n_labels, v_bar.dtype)
    change_p = 0.0
    change_q = 0.0
    for i in range(n):
        fi = f[i]
        wi = weight[i]
        for k in range(n_labels):
            size[k] = one - one
            rho = wi * (labels[k] - fi) * (labels[k] - fi)
            height[k] = cost[i, k] + step_p * (v_bar[i, k + 1] - v_bar[i, k]) + rho
        for a in range(d):
            inside = (i // strides[a]) % shape[a] + 1 < shape[a]
            j = i + strides[a] if inside else i
            for k in range(n_labels):
                x = slope[i, a, k] + step_p * (v_bar[j, k] - v_bar[i, k] + mu_bar[i, a, k])
                trial[a, k] = x
                size[k] += x * x
        _project_parabola(size, height, root, linear, c, n_newton)
        partial = one - one
        for k in range(n_labels):
            rho = wi * (labels[k] - fi) * (labels[k] - fi)
            move = height[k] - rho - cost[i, k]
            cost[i, k] += relax * move
            partial += move * move
        for a in range(d):
            for k in range(n_labels):
                move = trial[a, k] * linear[k] - slope[i, a, k]
                slope[i, a, k] += relax * move
                partial += move * move
        change_p += partial
        change_q += _move_bound(bound, mu_bar, trial, size, i, radius, step_q, relax, isotropic)
    return change_p, change_q


@njit(**_OPTIONS)
def _project_parabola(size, height, root, linear, c, n_newton):
    """Project (slope, height) onto height >= c |slope|^2, for one cell and all labels.

    The new length is the largest root r of 2 c^2 r^3 + (1 - 2 c y) r - r0 = 0 with r0 = |slope|, y = height. Newton's
    method from r0 falls monotonely to it; ``n_newton`` steps are enough for the largest r0 (see
    ``relaxation.newton_steps``). ``size`` holds r0 squared; ``linear`` receives the factor r / r0 and ``height``
    its new value.
    """
    n_labels = len(root)
    one = c / c
    two = one + one
    tiny = one / (two * two * two * two * two) ** 16  # keeps 0 / 0 away; about 1e-24
    a3 = two * c * c
    for k in range(n_labels):
        linear[k] = one - two * c * height[k]
        root[k] = np.sqrt(size[k])
    for _ in range(n_newton):
        for k in range(n_labels):
            square = root[k] * root[k]
            root[k] = (two * a3 * square * root[k] + np.sqrt(size[k])) / (
                (two + one) * a3 * square + linear[k] + tiny
            )
    for k in range(n_labels):
        outside = height[k] < c * size[k]
        scale = root[k] / (np.sqrt(size[k]) + tiny)
        linear[k] = scale if outside else one
        height[k] = c * root[k] * root[k] if outside else height[k]


@njit(**_OPTIONS)
def _move_bound(bound, mu_bar, trial, size, i, radius, step_q, relax, isotropic):
    """Move the potential of one cell and project it to its ball or box; return its squared change."""
    d, n_labels = bound.shape[1], bound.shape[2] - 1
    one = relax / relax
    zero = one - one
    two = one + one
    tiny = one / (two * two * two * two * two) ** 16
    for k in range(n_labels + 1):
        size[k] = zero
    for a in range(d):
        trial[a, 0] = bound[i, a, 0] + step_q * mu_bar[i, a, 0]
        trial[a, n_labels] = bound[i, a, n_labels] - step_q * mu_bar[i, a, n_labels - 1]
        for k in range(1, n_labels):
            trial[a, k] = bound[i, a, k] + step_q * (mu_bar[i, a, k] - mu_bar[i, a, k - 1])
        for k in range(n_labels + 1):
            size[k] += trial[a, k] * trial[a, k]
    partial = zero
    for a in range(d):
        for k in range(n_labels + 1):
            length = np.sqrt(size[k]) if isotropic else abs(trial[a, k])
            move = trial[a, k] * min(one, radius / (length + tiny)) - bound[i, a, k]
            bound[i, a, k] += relax * move
            partial += move * move
    return partial


@njit(**_OPTIONS)
def lower_bound(bound, f, weight, labels, shape, strides, c, radius, isotropic):
    """Value of the dual problem at ``bound`` projected to its ball: a lower bound of the lifted minimum.

    With slopes = diff bound, the best label costs can be maximised out: each cell contributes the least over
    labels m of rho_m - c |bound_{m+1} - bound_m|^2 + (divergence of bound_{m+1} - bound_0).
    """
    n, d, n_labels = bound.shape[0], bound.shape[1], bound.shape[2] - 1
    shrink = np.ones((d, n_labels + 1))
    value = np.zeros((n, n_labels))
    for i in range(n):
        _shrink(shrink, bound, i, radius, isotropic)
        for m in range(n_labels):
            value[i, m] += weight[i] * (labels[m] - f[i]) ** 2
        for a in range(d):
            if (i // strides[a]) % shape[a] + 1 == shape[a]:
                continue
            j = i + strides[a]
            first = shrink[a, 0] * bound[i, a, 0]
            before = first
            for m in range(n_labels):
                here = shrink[a, m + 1] * bound[i, a, m + 1]
                value[i, m] -= c * (here - before) ** 2 + (here - first)
                value[j, m] += here - first
                before = here
    total = 0.0
    for i in range(n):
        total += value[i].min()
    return total


@njit(**_OPTIONS)
def _shrink(shrink, bound, i, radius, isotropic):
    """Put the factors that bring the potential of one cell into its ball or box into ``shrink``."""
    d, n_thresholds = shrink.shape
    for k in range(n_thresholds):
        square = 0.0
        for a in range(d):
            square += float(bound[i, a, k]) ** 2
        for a in range(d):
            length = np.sqrt(square) if isotropic else abs(float(bound[i, a, k]))
            shrink[a, k] = min(1.0, radius / (length + 1e-300))


@njit(cache=True, nogil=True, error_model="numpy")
def band_inverse_diagonal(factor):
    """Diagonal of (L L')^-1 for a banded Cholesky factor (Takahashi, Fagan and Chin 1973).

    ``factor[j, k]`` is L[j + k, j]. The entries of the inverse within the band follow from the last column to the
    first: Z[i, j] = delta_ij / L_jj^2 - sum_k L[k, j] / L_jj Z[k, i].
    """
    n, width = factor.shape
    inverse = np.zeros((n, width))  # inverse[j, k] = Z[j + k, j]
    for j in range(n - 1, -1, -1):
        last = min(n - 1, j + width - 1)
        pivot = factor[j, 0]
        for i in range(last, j, -1):
            total = 0.0
            for k in range(j + 1, last + 1):
                z = inverse[i, k - i] if k >= i else inverse[k, i - k]
                total -= factor[j, k - j] * z
            inverse[j, i - j] = total / pivot
        total = 1.0 / pivot
        for k in range(j + 1, last + 1):
            total -= factor[j, k - j] * inverse[j, k - j]
        inverse[j, 0] = total / pivot
    return inverse[:, 0].copy()
