"""Numba kernels of the lifted problem: one over-relaxed primal step, one dual step, one lower bound.

Notation (cells i, axes a, labels k = 0..L-1 at t_k = k / (L-1), thresholds k = 0..L):

    v[i, k]      1 where the surface reaches label k; v[., 0] = 1 and v[., L] = 0 are constants
    slope[a,i,k] spatial part of the dual field at label k, on the edge from cell i to the next along axis a
    cost[i, k]   its label part: cost >= c |slope|^2 - rho, rho = weight (t_k - f)^2
    bound[a,i,k] the potential whose differences are the slopes: slope_k = bound_{k+1} - bound_k, |bound| <= radius
    mu[a, i, k]  multiplier of that equation

The saddle function is sum slope (v[next] - v) + cost (v_{k+1} - v_k) + mu (slope - diff bound). Edges that leave
the grid have a zero difference, so their fields stay 0. Scalars come in the precision of the arrays: one kernel
serves float32 and float64.

Every field lies flat in memory with L + 1 places a cell, so that all steps are loops over long runs of it, as
processors like them. Label fields have no place L: there they are kept at 0. A margin of zeros before the first cell
and behind the last stands for neighbours outside of the grid.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel

_RUN = 1024


@kernel
def run_cells(width):
    """Cells that a step takes at a time."""
    return max(1, _RUN // width)


@kernel
def steps(
    count, v, v_bar, mu, mu_bar, slope, cost, bound, rho, shape, strides, width, margin, step_v, step_mu, c, radius,
    step_p, step_q, relax, n_newton, isotropic,
):  # fmt: skip
    """Take primal and dual steps of all cells in turn; return the squared changes of the last ones."""
    end = (v.size - 2 * margin) // width
    change_v, change_mu, change_p, change_q = 0.0, 0.0, 0.0, 0.0
    for _ in range(count):
        change_v, change_mu = primal_step(
            0, end, v, v_bar, mu, mu_bar, slope, cost, bound, strides, width, margin, step_v, step_mu, relax,
        )  # fmt: skip
        change_p, change_q = dual_step(
            0, end, v_bar, mu_bar, slope, cost, bound, rho, shape, strides, width, margin, c, radius, step_p, step_q,
            relax, n_newton, isotropic,
        )  # fmt: skip
    return change_v, change_mu, change_p, change_q


@kernel
def primal_step(
    begin, end, v, v_bar, mu, mu_bar, slope, cost, bound, strides, width, margin, step_v, step_mu, relax,
):  # fmt: skip
    """Move v and mu of the cells from begin to end against their gradients; return their squared changes."""
    cells = run_cells(width)
    gradient = np.empty(cells * width, v.dtype)
    change_v = 0.0
    change_mu = 0.0
    for first in range(begin, end, cells):
        start = margin + first * width
        stop = margin + min(end, first + cells) * width
        change_v += _primal_run(gradient, v, v_bar, slope, cost, strides, width, step_v, relax, start, stop)
        for a in range(len(strides)):
            change_mu += _multiplier_run(
                gradient, mu[a], mu_bar[a], slope[a], bound[a], width, step_mu, relax, start, stop
            )
    return change_v, change_mu


@kernel
def _primal_run(gradient, v, v_bar, slope, cost, strides, width, step_v, relax, start, stop):
    one = relax / relax
    zero = one - one
    m = stop - start
    before, here = cost[start - 1 : stop - 1], cost[start:stop]
    for q in range(m):
        gradient[q] = before[q] - here[q]
    for a in range(len(strides)):
        back = strides[a] * width
        own, behind = slope[a, start:stop], slope[a, start - back : stop - back]
        for q in range(m):
            gradient[q] += behind[q] - own[q]
    old, bar = v[start:stop], v_bar[start:stop]
    for q in range(m):
        gradient[q] = min(max(old[q] - step_v * gradient[q], zero), one)
    for q in range(0, m, width):
        gradient[q] = one
        gradient[q + width - 1] = zero
    total = zero
    for q in range(m):
        move = gradient[q] - old[q]
        bar[q] = gradient[q] + move
        old[q] += relax * move
        total += move * move
    return total


@kernel
def _multiplier_run(gap, mu, mu_bar, slope, bound, width, step_mu, relax, start, stop):
    m = stop - start
    own, here, above = slope[start:stop], bound[start:stop], bound[start + 1 : stop + 1]
    old, bar = mu[start:stop], mu_bar[start:stop]
    zero = relax - relax
    for q in range(m):
        gap[q] = step_mu * (own[q] - above[q] + here[q])
    for q in range(width - 1, m, width):
        gap[q] = zero
    total = zero
    for q in range(m):
        bar[q] = old[q] - gap[q] - gap[q]
        old[q] -= relax * gap[q]
        total += gap[q] * gap[q]
    return total


@kernel
def dual_step(
    begin, end, v_bar, mu_bar, slope, cost, bound, rho, shape, strides, width, margin, c, radius, step_p, step_q, relax,
    n_newton, isotropic,
):  # fmt: skip
    """Move the dual fields of the cells from begin to end and project them; return their squared changes."""
    d = len(strides)
    cells = run_cells(width)
    trial = np.empty((d, cells * width), v_bar.dtype)
    size = np.empty(cells * width, v_bar.dtype)
    root = np.empty(cells * width, v_bar.dtype)
    linear = np.empty(cells * width, v_bar.dtype)
    height = np.empty(cells * width, v_bar.dtype)
    change_p = 0.0
    change_q = 0.0
    for first in range(begin, end, cells):
        last = min(end, first + cells)
        start, stop = margin + first * width, margin + last * width
        m = stop - start
        _field_run(trial, size, height, v_bar, mu_bar, slope, cost, rho, strides, width, step_p, start, stop)
        for a in range(d):
            _close_edges(trial[a], size, first, last, shape[a], strides[a], width)
        for a in range(d):
            for q in range(m):
                size[q] += trial[a, q] * trial[a, q]
        project_parabola(size[:m], height[:m], root[:m], linear[:m], c, n_newton)
        change_p += _accept_run(trial, linear, height, slope, cost, rho, relax, start, stop)
        change_q += _bound_run(
            trial, size, linear, bound, mu_bar, radius, step_q, relax, isotropic, start, stop
        )
    return change_p, change_q


@kernel
def _field_run(trial, size, height, v_bar, mu_bar, slope, cost, rho, strides, width, step_p, start, stop):
    m = stop - start
    zero = step_p - step_p
    here, above = v_bar[start:stop], v_bar[start + 1 : stop + 1]
    old, data = cost[start:stop], rho[start:stop]
    for q in range(m):
        size[q] = zero
        height[q] = old[q] + step_p * (above[q] - here[q]) + data[q]
    for q in range(width - 1, m, width):
        height[q] = zero
    for a in range(len(strides)):
        on = strides[a] * width
        ahead = v_bar[start + on : stop + on]
        own, multiplier = slope[a, start:stop], mu_bar[a, start:stop]
        for q in range(m):
            trial[a, q] = own[q] + step_p * (ahead[q] - here[q] + multiplier[q])


@kernel
def _close_edges(trial, size, first, last, shape, stride, width):
    """Put 0 where an edge leaves the grid, and in the places behind the last label."""
    zero = size[0] - size[0]
    for i in range(first, last):
        q = (i - first) * width
        trial[q + width - 1] = zero
        if (i // stride) % shape + 1 == shape:
            trial[q : q + width] = zero


@kernel
def _accept_run(trial, linear, height, slope, cost, rho, relax, start, stop):
    total = relax - relax
    old, data = cost[start:stop], rho[start:stop]
    for q in range(stop - start):
        move = height[q] - data[q] - old[q]
        old[q] += relax * move
        total += move * move
    for a in range(len(slope)):
        own = slope[a, start:stop]
        for q in range(stop - start):
            move = trial[a, q] * linear[q] - own[q]
            own[q] += relax * move
            total += move * move
    return total


@kernel
def project_parabola(size, height, root, linear, c, n_newton):
    """Project (slope, height) onto height >= c |slope|^2, for a run of places.

    The new length is the largest root r of 2 c^2 r^3 + (1 - 2 c y) r - r0 = 0 with r0 = |slope|, y = height. Newton's
    method from r0 falls monotonely to it; ``n_newton`` steps are enough for the largest r0 (see
    ``relaxation.newton_steps``). ``size`` holds r0 squared and receives r0; ``linear`` receives the factor r / r0
    and ``height`` its new value.
    """
    one = c / c
    two = one + one
    tiny = one / (two * two * two * two * two) ** 16  # keeps 0 / 0 away; about 1e-24
    a3 = two * c * c
    for q in range(len(root)):
        linear[q] = one - two * c * height[q]
        size[q] = np.sqrt(size[q])
        root[q] = size[q]
    for _ in range(n_newton):
        for q in range(len(root)):
            square = a3 * root[q] * root[q]
            root[q] = (two * square * root[q] + size[q]) / ((two + one) * square + linear[q] + tiny)
    for q in range(len(root)):
        outside = height[q] < c * size[q] * size[q]
        linear[q] = root[q] / (size[q] + tiny) if outside else one
        height[q] = c * root[q] * root[q] if outside else height[q]


@kernel
def _bound_run(trial, size, factor, bound, mu_bar, radius, step_q, relax, isotropic, start, stop):
    """Move a run of the potential and project it to its ball or box; return its squared change."""
    m = stop - start
    one = relax / relax
    tiny = one / ((one + one) ** 5) ** 16
    total = one - one
    for q in range(m):
        size[q] = one - one
    for a in range(len(bound)):
        own, here, below = bound[a, start:stop], mu_bar[a, start:stop], mu_bar[a, start - 1 : stop - 1]
        for q in range(m):
            trial[a, q] = own[q] + step_q * (here[q] - below[q])
            size[q] += trial[a, q] * trial[a, q]
    for q in range(m):
        factor[q] = min(one, radius / (np.sqrt(size[q]) + tiny))
    for a in range(len(bound)):
        own = bound[a, start:stop]
        if not isotropic:
            for q in range(m):
                factor[q] = min(one, radius / (abs(trial[a, q]) + tiny))
        for q in range(m):
            move = trial[a, q] * factor[q] - own[q]
            own[q] += relax * move
            total += move * move
    return total


@kernel
def lower_bound(bound, f, weight, labels, shape, strides, width, margin, c, radius, isotropic):
    """Value of the dual problem at ``bound`` projected to its ball: a lower bound of the lifted minimum.

    With slopes = diff bound, the best label costs can be maximised out: each cell contributes the least over
    labels m of rho_m - c |bound_{m+1} - bound_m|^2 + (divergence of bound_{m+1} - bound_0).
    """
    n, d, n_labels = len(f), len(bound), len(labels)
    shrink = np.ones((d, n_labels + 1))
    value = np.zeros((n, n_labels))
    for i in range(n):
        start = margin + i * width
        _shrink(shrink, bound[:, start : start + width], radius, isotropic)
        for m in range(n_labels):
            value[i, m] += weight[i] * (labels[m] - f[i]) ** 2
        for a in range(d):
            if (i // strides[a]) % shape[a] + 1 == shape[a]:
                continue
            j = i + strides[a]
            first = shrink[a, 0] * bound[a, start]
            before = first
            for m in range(n_labels):
                here = shrink[a, m + 1] * bound[a, start + m + 1]
                value[i, m] -= c * (here - before) ** 2 + (here - first)
                value[j, m] += here - first
                before = here
    total = 0.0
    for i in range(n):
        total += value[i].min()
    return total


@kernel
def _shrink(shrink, bound, radius, isotropic):
    """Put the factors that bring the potential of one cell into its ball or box into ``shrink``."""
    d, n_thresholds = shrink.shape
    for k in range(n_thresholds):
        square = 0.0
        for a in range(d):
            square += float(bound[a, k]) ** 2
        for a in range(d):
            length = np.sqrt(square) if isotropic else abs(float(bound[a, k]))
            shrink[a, k] = min(1.0, radius / (length + 1e-300))


@kernel
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
