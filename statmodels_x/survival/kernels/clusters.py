"""Scores and informations of groups of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, loglik


def cluster_sums(theta: Array, arrays: SurvivalArrays, codes: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return the score (G, p) and the information (G, p, p) of each cluster; ``codes`` number them from 0."""
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    free = arrays.with_limits(np.full(5, -np.inf), np.full(5, np.inf))
    found = [loglik(theta, free.take(rows)) for rows in np.split(order, cuts)]
    return np.array([score for _, score, _ in found]), np.array([-hessian for _, _, hessian in found])
