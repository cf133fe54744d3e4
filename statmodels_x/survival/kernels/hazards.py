"""Cumulative and log hazard of the population at given times and linear predictors, with their gradients."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.family import Family

_NOTHING_KNOWN = np.zeros((1, 0))


def cumulative_hazard(
    times: Array, eta: Array, cure: int, family: Family | None = None
) -> tuple[Array, Array]:
    """Return H (n,) and its gradient (n, 5) in the linear predictors eta (n, 5); 0 at time 0.

    ``family`` is one that is not a case of the built-in one.
    """
    from statmodels_x.survival.kernels.rows import cumulative_hazard_terms

    value, grad = np.empty(len(times)), np.empty((len(times), 5))
    with np.errstate(divide="ignore"):
        log_times = np.log(times)
    cumulative_hazard_terms(log_times, eta, cure, _known_terms(log_times, eta, family), value, grad)
    return value, grad


def log_hazard(times: Array, eta: Array, cure: int, family: Family | None = None) -> tuple[Array, Array]:
    """Return log h (n,) and its gradient (n, 5) in the linear predictors eta (n, 5), at positive times."""
    from statmodels_x.survival.kernels.rows import log_hazard_terms

    value, grad = np.empty(len(times)), np.empty((len(times), 5))
    with np.errstate(divide="ignore"):
        log_times = np.log(times)
    log_hazard_terms(log_times, eta, cure, _known_terms(log_times, eta, family), value, grad)
    return value, grad


def _known_terms(log_times: Array, eta: Array, family: Family | None) -> Array:
    if family is None:
        return _NOTHING_KNOWN
    return family.terms(np.exp(eta[:, 2]) * (log_times + eta[:, 0]), eta[:, 3])
