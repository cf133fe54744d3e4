"""Restricted likelihood of the bivariate random-effects model, compiled: arrays in, numbers out.

Trial i has estimates (s, t) with within-trial covariance V_i = [[p, r], [r, q]]; between trials the true effects have
covariance Psi = [[a, c], [c, b]] around a mean mu. With W_i = (V_i + Psi)^-1 and C = (sum W_i)^-1 the estimate of mu is
C sum W_i y_i, and up to constants

    l = -1/2 [ -sum log|W_i| + sum r_i' W_i r_i + log|sum W_i| ]

without the last term for maximum likelihood; with ``has_mean`` false mu is 0.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel

LOG_LIKELIHOOD, GRAD_A, GRAD_B, GRAD_C, MEAN_S, MEAN_T, VAR_S, VAR_ST, VAR_T = range(9)
"""Places in what :func:`evaluate` fills: the gradient is by a, b and c."""


@kernel
def evaluate(a, b, c, s, t, p, q, r, is_restricted, has_mean, out):
    """Fill ``out`` with log-likelihood, gradient, means and their covariance."""
    n = s.shape[0]
    w11, w12, w22, y1, y2, logs = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        v11, v22, v12 = p[i] + a, q[i] + b, r[i] + c
        det = v11 * v22 - v12 * v12
        i11, i22, i12 = v22 / det, v11 / det, -v12 / det
        logs += np.log(det)
        w11 += i11
        w12 += i12
        w22 += i22
        y1 += i11 * s[i] + i12 * t[i]
        y2 += i12 * s[i] + i22 * t[i]
    c11, c12, c22, m1, m2, total = 0.0, 0.0, 0.0, 0.0, 0.0, 1.0
    if has_mean:
        total = w11 * w22 - w12 * w12
        c11, c12, c22 = w22 / total, -w12 / total, w11 / total
        m1, m2 = c11 * y1 + c12 * y2, c12 * y1 + c22 * y2
    quadratic, ga, gb, gc = 0.0, 0.0, 0.0, 0.0
    extra = has_mean and is_restricted
    for i in range(n):
        v11, v22, v12 = p[i] + a, q[i] + b, r[i] + c
        det = v11 * v22 - v12 * v12
        i11, i22, i12 = v22 / det, v11 / det, -v12 / det
        r1, r2 = s[i] - m1, t[i] - m2
        u1, u2 = i11 * r1 + i12 * r2, i12 * r1 + i22 * r2
        quadratic += r1 * u1 + r2 * u2
        ga += u1 * u1 - i11
        gb += u2 * u2 - i22
        gc += 2.0 * (u1 * u2 - i12)
        if extra:
            # of -log|sum W|: tr(C W dPsi W), with the rows of W as vectors
            ga += i11 * (c11 * i11 + c12 * i12) + i12 * (c12 * i11 + c22 * i12)
            gb += i12 * (c11 * i12 + c12 * i22) + i22 * (c12 * i12 + c22 * i22)
            gc += 2.0 * (i11 * (c11 * i12 + c12 * i22) + i12 * (c12 * i12 + c22 * i22))
    value = logs + quadratic
    if extra:
        value += np.log(total)
    out[0] = -0.5 * value
    out[1], out[2], out[3] = 0.5 * ga, 0.5 * gb, 0.5 * gc
    out[4], out[5], out[6], out[7], out[8] = m1, m2, c11, c12, c22


@kernel
def evaluate_many(points, s, t, p, q, r, is_restricted, has_mean, out):
    """Evaluate at many (sd_surrogate, sd_outcome, correlation); ``out`` has a row of 9 for each."""
    for k in range(points.shape[0]):
        x, y, rho = points[k, 0], points[k, 1], points[k, 2]
        evaluate(x * x, y * y, rho * x * y, s, t, p, q, r, is_restricted, has_mean, out[k])
