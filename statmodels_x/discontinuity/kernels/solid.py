"""The oriented step filter of a volume: how much a step through each voxel adds to a local polynomial."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.discontinuity.kernels.background import background


@kernel
def _ball(weight, i, j, k, radius, basis, w, v, at):
    """Voxels with data round one: polynomials of their offsets, kernel weights, variances; returns their number."""
    nx, ny, nz = weight.shape
    reach = int(np.ceil(radius))
    n = 0
    for a in range(max(-reach, -i), min(reach, nx - 1 - i) + 1):
        for b in range(max(-reach, -j), min(reach, ny - 1 - j) + 1):
            for c in range(max(-reach, -k), min(reach, nz - 1 - k) + 1):
                r = (a * a + b * b + c * c) / (radius * radius)
                one = weight[i + a, j + b, k + c]
                if r >= 1.0 or one <= 0.0:
                    continue
                basis[n, 0], basis[n, 1], basis[n, 2], basis[n, 3] = 1.0, a, b, c
                basis[n, 4], basis[n, 5], basis[n, 6] = a * a, b * b, c * c
                basis[n, 7], basis[n, 8], basis[n, 9] = a * b, a * c, b * c
                w[n] = one * (1.0 - r)
                v[n] = 1.0 / one
                at[n] = ((i + a) * ny + j + b) * nz + k + c
                n += 1
    return n


@kernel
def _statistic(x, inverse, w, v, residual, z):
    """t-statistic of one more column of a weighted regression, with the variance of the errors."""
    n, p = x.shape
    moment = np.zeros(p)
    for i in range(n):
        for q in range(p):
            moment[q] += x[i, q] * w[i] * z[i]
    fit = inverse @ moment
    size, spread, along = 0.0, 0.0, 0.0
    for i in range(n):
        own = z[i]
        for q in range(p):
            own -= x[i, q] * fit[q]
        own *= w[i]
        size += own * residual[i]
        spread += own * own * v[i]
        along += own * z[i]
    if along <= 1e-6 * w[0] or spread <= 0.0:
        return 0.0
    return size / np.sqrt(spread)


@kernel
def steps(f, weight, radius, order, normals):
    """t-statistics of a step through every centre, one for each normal; shape (normals, nx, ny, nz).

    The background is a polynomial of the given order in a ball, kernel-weighted least squares; the variance is that of
    the errors of the means, 1 / weight. A step is the signed distance cut off within the voxel's own reach.
    """
    nx, ny, nz = f.shape
    count = normals.shape[0]
    out = np.zeros((count, nx, ny, nz))
    p = 1 if order == 0 else 4 if order == 1 else 10
    most = (2 * int(np.ceil(radius)) + 1) ** 3
    basis, w, v, at = np.empty((most, 10)), np.empty(most), np.empty(most), np.empty(most, np.int64)
    flat, z = f.ravel(), np.empty(most)
    width = np.abs(normals).sum(1)
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                n = _ball(weight, i, j, k, radius, basis, w, v, at)
                if n < p + 6:
                    continue
                x, _, inverse, residual = background(basis, w, flat[at[:n]], n, p)
                for m in range(count):
                    for q in range(n):
                        d = (
                            normals[m, 0] * basis[q, 1]
                            + normals[m, 1] * basis[q, 2]
                            + normals[m, 2] * basis[q, 3]
                        )
                        z[q] = 2.0 * min(max(d / width[m], -0.5), 0.5)
                    out[m, i, j, k] = _statistic(x, inverse, w, v, residual, z)
    return out
