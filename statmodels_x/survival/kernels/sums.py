"""Compiled sums over the rows: log-likelihood, score and Hessian of a sample in one pass.

Rows are taken in blocks that stay in the processor's cache. In each block the derivatives of every row in its
linear predictors are computed first, then contracted with the columns of the design: inner products, which the
BLAS does faster than any loop of ours.
"""

from __future__ import annotations

import math

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.survival.kernels.baseline import LOG_2
from statmodels_x.survival.kernels.rows import EXACT, NO_CURE, row_derivatives
from statmodels_x.survival.kernels.vectors import (
    BLOCK,
    ETA,
    EVENT,
    FIRST,
    LANES,
    LOG_T,
    SECOND,
    VALUE,
    add_sharing,
    log_odds,
    shape_rows,
    shape_steps,
    share_events,
    weibull_rows,
)

_NO_THREADS = 768
"""Products of blocks of at most so many numbers stay below the size from which OpenBLAS divides them."""


@kernel
def _predictors(first, m, theta, starts, x, offsets, eta):
    """Linear predictors of a block of rows, written to eta (5, block)."""
    for j in range(5):
        line = eta[j]
        if offsets.shape[1] > 1:
            line[:m] = offsets[j, first : first + m]
        else:
            line[:m] = offsets[j, 0]
        for a in range(starts[j], starts[j + 1]):
            for i in range(m):
                line[i] += theta[a] * x[a, i]


@kernel
def _inside(m, eta, starts, low, high):
    """Whether the estimated linear predictors of a block lie within the limits of the search."""
    for j in range(5):
        if starts[j + 1] > starts[j]:
            smallest, largest = math.inf, -math.inf
            for i in range(m):
                smallest = min(smallest, eta[j, i])
                largest = max(largest, eta[j, i])
            if not (smallest >= low[j] and largest <= high[j]):
                return False
    return True


@kernel
def _plain_rows(first, m, code, log_t, log_other, same, shape_free, w):
    """Right-censored and exact rows without late entry and cure, with one finite shape: written to the block."""
    for i in range(m):
        w[LOG_T + i] = log_t[first + i]
        w[EVENT + i] = 1.0 if code[first + i] == EXACT else 0.0
    log_odds(w, m, same[2], same[1])
    nu = w[ETA + 3 * BLOCK]
    is_weibull = nu == LOG_2 and not shape_free
    if not is_weibull:
        shape_steps(w, m, nu)
    if log_other.shape[0]:
        share_events(w, m, 0.0 if is_weibull else math.expm1(nu) - 1.0, log_other[first : first + m])
    if is_weibull:
        weibull_rows(w, m)
    else:
        shape_rows(w, m, nu)
    if log_other.shape[0]:
        add_sharing(w, m, nu, is_weibull)


@kernel
def _any_rows(
    first,
    m,
    code,
    log_lower,
    log_upper,
    log_entry,
    log_other,
    eta,
    cure,
    shape_free,
    known,
    work,
    value,
    g,
    h,
):
    """Rows of every kind, one by one."""
    g_row, h_row = np.empty(5), np.empty(15)
    for i in range(m):
        k = first + i
        upper = log_upper[k] if log_upper.shape[0] else math.inf
        entry = log_entry[k] if log_entry.shape[0] else -math.inf
        other = log_other[k] if log_other.shape[0] else -math.inf
        row = known[k if known.shape[0] > 1 else 0]
        value[i] = row_derivatives(
            code[k],
            log_lower[k],
            upper,
            entry,
            other,
            eta[:, i],
            cure,
            shape_free,
            2,
            g_row,
            h_row,
            work,
            row,
        )
        g[:, i] = g_row
        h[:, i] = h_row


@kernel
def _weigh(m, weight, value, g, h):
    """Multiply the terms of each row by its weight."""
    for i in range(m):
        value[i] *= weight[i]
    for j in range(g.shape[0]):
        for i in range(m):
            g[j, i] *= weight[i]
    for k in range(h.shape[0]):
        for i in range(m):
            h[k, i] *= weight[i]


@kernel
def _add_products(starts, x, g, h, scaled, products, score, hessian):
    """Add the block's score and the upper triangle of its Hessian.

    The places behind the last row hold 0 in ``g`` and ``h``; ``scaled`` (p + 1, block) and ``products`` (p * (p + 1),)
    are scratch. The columns of a predictor are multiplied with all that belongs to them at once: one product of two
    matrices reads each column once, where inner products would read it p times.
    """
    packed = 0  # where (j, k) stands in the packed triangle
    for j in range(5):
        own = x[starts[j] : starts[j + 1]]
        n_own, n = own.shape[0], 0
        for k in range(j, 5):
            for b in range(starts[k], starts[k + 1] if n_own else starts[k]):
                for i in range(BLOCK):
                    scaled[n, i] = x[b, i] * h[packed, i]
                n += 1
            packed += 1
        if n_own:
            scaled[n] = g[j]
            _multiply(own, scaled[: n + 1], products)
            for a in range(n_own):
                row = starts[j] + a
                for b in range(n):
                    hessian[row, starts[j] + b] += products[a * (n + 1) + b]
                score[row] += products[a * (n + 1) + n]


@kernel
def _multiply(left, right, products):
    """Write left @ right.T to ``products``, in pieces that the BLAS does not divide among threads of its own."""
    n, m = left.shape[0], right.shape[0]
    most = max(1, _NO_THREADS // m)
    for first in range(0, n, most):
        last = min(n, first + most)
        np.dot(left[first:last], right.T, products[first * m : last * m].reshape(last - first, m))


@kernel
def loglik_sums(
    begin, end, theta, starts, columns, offsets, same, code, log_lower, log_upper, log_entry, log_other, weight, low,
    high, cure, shape_free, known,
):  # fmt: skip
    """Log-likelihood, score and Hessian in one pass over some rows, without temporary arrays of their length.

    Parameters
    ----------
    begin, end : int
        The rows begin:end are summed.
    theta : float array (p,)
    starts : int64 array (6,)
        The rows starts[j]:starts[j + 1] of ``columns`` belong to linear predictor j; none where it is fixed.
    columns : float array (p, n)
        The design matrix, transposed: each covariate's values stand together.
    offsets : float array (5, n) or (5, 1)
    same : bool array (5,)
        Linear predictors that have one value in all rows.
    code : int8 array (n,)
        0 right-censored, 1 exact, 2 left-censored, 3 interval-censored.
    log_lower : float array (n,)
    log_upper, log_entry, log_other, weight : float arrays (n,) or (0,)
        Empty where no row needs them; ``log_other`` is the background's part of an event, as for a row.
    low, high : float arrays (5,)
        Limits of the search.
    cure : int
        0 none, 1 mixture, 2 promotion time.
    shape_free : bool
        Whether derivatives in nu are needed; without them nu = log 2 is a fast Weibull.
    known : float array (n, 3, 12) or (1, 3, 0)
        Terms of a user's baseline at the left end, the right end and the entry of each row.

    Returns
    -------
    value : float
        -inf outside the limits.
    score : float array (p,)
    hessian : float array (p, p)
    """
    p = columns.shape[0]
    total, score, hessian = 0.0, np.zeros(p), np.zeros((p, p))
    w, x, work = np.zeros(LANES * BLOCK), np.zeros((p, BLOCK)), np.zeros((5, 20))
    scaled, products = np.zeros((p + 1, BLOCK)), np.zeros(p * (p + 1))
    eta, g = w[ETA : ETA + 5 * BLOCK].reshape(5, BLOCK), w[FIRST : FIRST + 5 * BLOCK].reshape(5, BLOCK)
    h, value = w[SECOND : SECOND + 15 * BLOCK].reshape(15, BLOCK), w[VALUE : VALUE + BLOCK]
    nothing_special = not (log_upper.shape[0] or log_entry.shape[0] or known.shape[2])
    plain = cure == NO_CURE and nothing_special and same[3] and offsets[3, 0] != math.inf
    for first in range(begin, end, BLOCK):
        # sums of blocks, then the sum of these: rounding stays near that of a pairwise sum
        m = min(BLOCK, end - first)
        for a in range(p):  # a copy, so that the products below find the columns in the cache
            x[a, :m] = columns[a, first : first + m]
        _predictors(first, m, theta, starts, x, offsets, eta)
        if not _inside(m, eta, starts, low, high):
            return -math.inf, score, hessian
        if plain:
            _plain_rows(first, m, code, log_lower, log_other, same, shape_free, w)
        else:
            _any_rows(
                first, m, code, log_lower, log_upper, log_entry, log_other, eta, cure, shape_free, known, work,
                value, g, h,
            )  # fmt: skip
        if weight.shape[0]:
            _weigh(m, weight[first : first + m], value, g, h)
        total += value[:m].sum()
        if m < BLOCK:
            g[:, m:] = 0.0
            h[:, m:] = 0.0
        _add_products(starts, x, g, h, scaled, products, score, hessian)
    for a in range(p):
        for b in range(a):
            hessian[a, b] = hessian[b, a]
    return total, score, hessian
