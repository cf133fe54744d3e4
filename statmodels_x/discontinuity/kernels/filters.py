"""Oriented filters: how much a step, or a crease, through each cell adds to a local polynomial."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.discontinuity.kernels.background import background

STEP, CREASE = 0, 1


@kernel
def _disk(weight, i, j, radius, basis, w, v, at):
    """Cells with data round one: polynomials of their offsets, kernel weights, variances; returns their number."""
    nx, ny = weight.shape
    reach = int(np.ceil(radius))
    n = 0
    for a in range(max(-reach, -i), min(reach, nx - 1 - i) + 1):
        for b in range(max(-reach, -j), min(reach, ny - 1 - j) + 1):
            r = (a * a + b * b) / (radius * radius)
            if r < 1.0 and weight[i + a, j + b] > 0.0:
                basis[n, 0], basis[n, 1], basis[n, 2] = 1.0, a, b
                basis[n, 3], basis[n, 4], basis[n, 5] = a * a, a * b, b * b
                w[n] = weight[i + a, j + b] * (1.0 - r)
                v[n] = 1.0 / weight[i + a, j + b]
                at[n] = (i + a) * ny + j + b
                n += 1
    return n


@kernel
def _shape(basis, c, s, kind, z):
    """Fill in a unit step, or crease, along the normal (c, s)."""
    for q in range(z.size):
        d = c * basis[q, 1] + s * basis[q, 2]
        z[q] = abs(d) if kind == 1 else 2.0 * min(max(d / (abs(c) + abs(s)), -0.5), 0.5)


@kernel
def oriented(f, weight, radius, order, directions, kind):
    """t-statistics of a step (or of a crease) through every centre, for normals at even angles in [0, pi).

    The background is a polynomial of the given order in a disk, kernel-weighted least squares; the variance is that
    of the errors of the cell means, 1 / weight. A step is the signed distance cut off within the cell's own reach.
    """
    nx, ny = f.shape
    out = np.zeros((directions, nx, ny))
    p = 1 if order == 0 else 3 if order == 1 else 6
    most = (2 * int(np.ceil(radius)) + 1) ** 2
    basis, w, v, at = np.empty((most, 6)), np.empty(most), np.empty(most), np.empty(most, np.int64)
    flat = f.ravel()
    for i in range(nx):
        for j in range(ny):
            n = _disk(weight, i, j, radius, basis, w, v, at)
            if n < p + 4:
                continue
            x, weighted, inverse, residual = background(basis, w, flat[at[:n]], n, p)
            z = np.empty(n)
            for k in range(directions):
                _shape(basis, np.cos(np.pi * k / directions), np.sin(np.pi * k / directions), kind, z)
                own = w[:n] * (z - x @ (inverse @ (weighted.T @ z)))
                spread = (own**2 * v[:n]).sum()
                if (own * z).sum() > 1e-6 * w[0] and spread > 0.0:
                    out[k, i, j] = (own * residual).sum() / np.sqrt(spread)
    return out
