"""Stein's unbiased estimate of the prediction error of the lifted solution.

Base and perturbed solution start cold and make the same number of iterations: a warm start, or a base that has
gone further, biases the divergence. All pairs of weights share their random directions.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.domain import Cells
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem, solve
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel

_EPSILON = 0.02
_DRAWS = 3
_TOL = 1e-3
_MOST_ITERATIONS = 3000


def directions(n_cells: int, seed: int, draws: int = _DRAWS) -> Array:
    """Draw standard normal directions of perturbation, shape (draws, cells)."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,))).standard_normal(
        (draws, n_cells)
    )


def estimate(problem: LiftedProblem, errors: ErrorModel, cells: Cells, around: Array) -> tuple[float, float]:
    """SURE of one lifted problem, per cell with data, in scaled units.

    Parameters
    ----------
    problem : LiftedProblem
    errors : ErrorModel
    cells : Cells
    around : ndarray of shape (draws, cells)

    Returns
    -------
    value, std_error : float
        The standard error is over the random directions.
    """
    filled = cells.filled
    sd = np.zeros(filled.size)
    sd[filled] = np.sqrt(errors.variance / cells.weight[filled]) / cells.scale.range
    base = solve(problem, _TOL, _MOST_ITERATIONS, np.float32)
    n = np.count_nonzero(filled)
    loss = float(((problem.f - base.surface)[filled] ** 2 - sd[filled] ** 2).sum())
    traces = []
    for b in around:
        moved = replace(problem, f=problem.f + _EPSILON * b * filled)
        other = solve(moved, _TOL, base.n_iter, np.float32, fixed_iterations=True)
        covariance_b = sd * errors.correlate(sd * b, problem.lattice.shape) if any(errors.rho) else sd**2 * b
        traces.append(float(covariance_b @ (other.surface - base.surface)) / _EPSILON)
    spread = float(np.std(traces, ddof=1) / np.sqrt(len(traces))) if len(traces) > 1 else np.nan
    return (loss + 2.0 * float(np.mean(traces))) / n, 2.0 * spread / n
