"""Cells and options in, an estimated surface with its jump set and the evidence for both out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.discontinuity.grid import Cells
from statmodels_x.discontinuity.lattice import Mask
from statmodels_x.discontinuity.noise import noise_variance
from statmodels_x.discontinuity.polish import Polished, polish
from statmodels_x.discontinuity.relaxation import LiftedProblem, Relaxation, solve
from statmodels_x.discontinuity.smoother import Observations
from statmodels_x.discontinuity.specification import Control, Specification

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Certificate:
    """How far the lifted problem was solved.

    Attributes
    ----------
    lower_bound, energy : float
        Lower bound of the lifted problem, and energy of the polished surface, both on the unit domain. The
        lifted problem has a finite number of labels, so the polished energy may lie below the bound.
    residual : float
    n_iter : int
    converged : bool
    history : ndarray of shape (checks, 4)
        Iteration, lower bound, residual, agreement of the jump set.
    """

    lower_bound: float
    energy: float
    residual: float
    n_iter: int
    converged: bool
    history: Array = field(repr=False)


@dataclass(frozen=True)
class Estimate:
    """An estimated surface, in scaled units.

    Attributes
    ----------
    surface : ndarray of shape (cells,)
    cut : ndarray of shape (edges,)
        Edges on which it jumps.
    lam, nu : float
    noise_variance : float
        Of an observation of weight 1, in the data's units; NaN if it was not needed and cannot be had.
    noise_source : str
    certificate : Certificate
    tuning : object or None
        The record of the tuning.
    log_precision : float
        Of the second-order smoother; NaN for a surface that minimises the energy itself.
    """

    surface: Array = field(repr=False)
    cut: Mask = field(repr=False)
    lam: float
    nu: float
    noise_variance: float
    noise_source: str
    certificate: Certificate
    tuning: Any = field(repr=False, default=None)
    log_precision: float = float("nan")


def lifted_problem(cells: Cells, spec: Specification, lam: float, nu: float) -> LiftedProblem:
    """The problem of a fit at given weights."""
    return LiftedProblem(
        cells.lattice, cells.f, cells.relative_weight, lam, nu, spec.levels, spec.isotropic
    )


def solve_lifted(problem: LiftedProblem, control: Control) -> Relaxation:
    """Solve by the solver that was asked for."""
    if control.solver == "cvxpy":
        from statmodels_x.discontinuity.reference import solve_exactly

        return solve_exactly(problem)
    return solve(problem, control.tol, control.max_iter)


def certificate(problem: LiftedProblem, relaxed: Relaxation, polished: Polished) -> Certificate:
    """Facts about the solution of a lifted problem, on the unit domain."""
    unit = problem.lattice.spacing**problem.lattice.n_axes
    history = relaxed.history.copy()
    history[:, 1] *= unit
    return Certificate(
        relaxed.lower_bound * unit,
        polished.energy,
        relaxed.residual,
        relaxed.n_iter,
        relaxed.converged,
        history,
    )


def find_noise(cells: Cells, spec: Specification) -> tuple[float, str]:
    """Variance of an observation of weight 1 and where it comes from."""
    if spec.noise == "known":
        return spec.noise_sd**2, "given"
    return noise_variance(cells)


def estimate(cells: Cells, spec: Specification, control: Control) -> Estimate:
    """Estimate the surface and its jump set.

    Parameters
    ----------
    cells : Cells
    spec : Specification
    control : Control

    Returns
    -------
    Estimate
    """
    if control.tune == "evidence":
        return _by_evidence(cells, spec, control)
    return _given(cells, spec, control)


def _given(cells: Cells, spec: Specification, control: Control) -> Estimate:
    """Both weights are given: one lifted problem."""
    assert spec.lam is not None
    assert spec.nu is not None
    problem = lifted_problem(cells, spec, spec.lam, spec.nu)
    relaxed = solve_lifted(problem, control)
    polished = polish(problem, relaxed.surface)
    try:
        variance, source = find_noise(cells, spec)
    except ValueError:
        variance, source = np.nan, "unknown"
    return Estimate(
        polished.surface, polished.cut, spec.lam, spec.nu, variance, source,
        certificate(problem, relaxed, polished),
    )  # fmt: skip


def _by_evidence(cells: Cells, spec: Specification, control: Control) -> Estimate:
    """Propose jump sets at many pairs of weights, choose by evidence, and certify the pair that proposed it."""
    from statmodels_x.discontinuity.evidence import PENALTIES, Proposed, Scorer, choose, pairs, propose

    variance, source = find_noise(cells, spec)
    scorer = Scorer(cells.lattice, observations(cells, variance))
    weights = pairs(cells.lattice, scorer.data, spec.lam, spec.nu)
    problems = [lifted_problem(cells, spec, lam, nu) for lam, nu in weights]
    cuts = parallel(propose, problems, control)
    proposed = [Proposed(lam, nu, cut) for (lam, nu), cut in zip(weights, cuts, strict=True)]
    chosen, tuning = choose(scorer, proposed, PENALTIES[control.strictness])
    problem = lifted_problem(cells, spec, chosen.lam, chosen.nu)
    relaxed = solve_lifted(problem, control)
    return Estimate(
        chosen.smoothed.surface, chosen.cut, chosen.lam, chosen.nu, variance, source,
        certificate(problem, relaxed, polish(problem, relaxed.surface)), tuning, chosen.smoothed.log_precision,
    )  # fmt: skip


def observations(cells: Cells, variance: float) -> Observations:
    """Cell means in scaled units with their precisions."""
    return Observations(cells.f, cells.weight * cells.scale.range**2 / variance)


def parallel(task: Callable[[Any], Any], items: Sequence[Any], control: Control) -> list[Any]:
    """Call a task on every item, in threads: the kernels release the interpreter's lock."""
    from joblib import Parallel, delayed
    from tqdm import tqdm

    results = Parallel(n_jobs=control.n_jobs, prefer="threads", return_as="generator")(
        delayed(task)(item) for item in items
    )
    return list(tqdm(results, total=len(items), disable=not control.progress))
