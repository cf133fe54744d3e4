"""Small lifted problems solved to optimality by an interior-point method (cvxpy with Clarabel)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from statmodels_x.core.errors import ConvergenceError, DataError
from statmodels_x.discontinuity.grid.lattice import links
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem, Relaxation, half_level

_MOST_UNKNOWNS = 60_000


def solve_exactly(problem: LiftedProblem) -> Relaxation:
    """Solve the dual of a lifted problem.

    Each cell contributes the least over labels m of rho_m - c |q_{m+1} - q_m|^2 + div(q_{m+1} - q_0), which is
    concave in the potential q; the multipliers of the labels are the masses v_m - v_{m+1}.

    Parameters
    ----------
    problem : LiftedProblem

    Returns
    -------
    Relaxation

    Raises
    ------
    DataError
        If the problem is too large for this method.
    ConvergenceError
        If the interior-point method fails.
    """
    import cvxpy as cp

    lattice, levels = problem.lattice, problem.levels
    if lattice.n_edges * (levels + 1) > _MOST_UNKNOWNS:
        raise DataError(
            f'fit(): solver="cvxpy" is for small problems; {lattice.n_cells} cells x {levels} labels are too many. '
            'Use solver="primal-dual", which reports a lower bound, or a lower resolution.'
        )
    potential = cp.Variable((lattice.n_edges, levels + 1))
    steps = potential[:, 1:] - potential[:, :-1]
    outgoing = links(lattice.tail, np.arange(lattice.n_edges), (lattice.n_cells, lattice.n_edges))
    divergence = lattice.incidence.T @ (potential[:, 1:] - potential[:, :1] @ np.ones((1, levels)))
    rho = problem.lam * problem.weight[:, None] * (problem.labels - problem.f[:, None]) ** 2
    least = cp.Variable((lattice.n_cells, 1))
    labels = (
        least @ np.ones((1, levels)) + problem.curvature * (outgoing @ cp.square(steps)) - divergence <= rho
    )
    whole = cp.Problem(cp.Maximize(cp.sum(least)), [labels, *_inside(problem, potential, outgoing, cp)])
    status, n_iter = _solved(whole, cp)
    if status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        raise ConvergenceError(f"the interior-point method ended as {status!r}.")
    mass = np.maximum(np.asarray(labels.dual_value), 0.0)
    mass /= mass.sum(1, keepdims=True)
    thresholds = np.zeros((lattice.n_cells, levels + 1))
    thresholds[:, :-1] = np.cumsum(mass[:, ::-1], axis=1)[:, ::-1]
    value = float(whole.value)
    surface, history = half_level(thresholds, problem.labels), np.array([[n_iter, value, np.nan, 1.0]])
    return Relaxation(surface, thresholds, value, 0.0, n_iter, status == cp.OPTIMAL, history)


def _inside(problem: LiftedProblem, potential: Any, outgoing: sparse.csr_array, cp: Any) -> list[Any]:
    """Constrain the ball of the edges that leave each cell, or the box of each edge."""
    if not problem.isotropic:
        return [cp.abs(potential) <= problem.radius]
    square = outgoing @ cp.square(potential)
    kept = np.flatnonzero(outgoing.sum(1))
    return [square[kept] <= problem.radius**2]


def _solved(whole: Any, cp: Any) -> tuple[str, int]:
    """Solve without the solver's warning of Python: an inexact end is a status, and `converged` of the fit."""
    data, chain, inverse = whole.get_problem_data(cp.CLARABEL, solver_opts={})
    try:
        solution = chain.invert(chain.solve_via_data(whole, data, False, False, {}), inverse)
        whole.unpack(solution)
    except (
        cp.error.SolverError,
        ValueError,
    ) as error:  # there is no place for what a failed solver hands over
        raise ConvergenceError(f"the interior-point method failed ({error}).") from error
    return str(solution.status), int(solution.attr.get("num_iters") or 0)
