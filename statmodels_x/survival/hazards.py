"""Cumulative and log hazard of the population at given times and linear predictors, with their gradients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NOTHING_KNOWN = np.zeros((1, 0))


def cumulative_hazard(times: Array, eta: Array, cure: int) -> tuple[Array, Array]:
    """Return H (n,) and its gradient (n, 5) in the linear predictors eta (n, 5); 0 at time 0."""
    from statmodels_x.survival.kernels.rows import cumulative_hazard_terms

    value, grad = np.empty(len(times)), np.empty((len(times), 5))
    with np.errstate(divide="ignore"):
        log_times = np.log(times)
    cumulative_hazard_terms(log_times, eta, cure, _NOTHING_KNOWN, value, grad)
    return value, grad


def log_hazard(times: Array, eta: Array, cure: int) -> tuple[Array, Array]:
    """Return log h (n,) and its gradient (n, 5) in the linear predictors eta (n, 5), at positive times."""
    from statmodels_x.survival.kernels.rows import log_hazard_terms

    value, grad = np.empty(len(times)), np.empty((len(times), 5))
    log_hazard_terms(np.log(times), eta, cure, _NOTHING_KNOWN, value, grad)
    return value, grad
