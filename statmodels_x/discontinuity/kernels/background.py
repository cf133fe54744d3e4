"""The local polynomial to which the step filters of surfaces and of volumes add a step."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel

_RIDGE = 1e-9


@kernel
def background(basis, w, y, n, p):
    """Weighted regression of y on the first p columns of the first n rows: columns, weighted, inverse, residuals."""
    x = basis[:n, :p].copy()
    weighted = x * w[:n].reshape(n, 1)
    gram = weighted.T @ x
    for q in range(p):
        gram[q, q] += _RIDGE * gram[0, 0]
    inverse = np.linalg.inv(gram)
    return x, weighted, inverse, y - x @ (inverse @ (weighted.T @ y))
