"""What a fit estimates, and how far its lifted problem was solved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from statmodels_x.core.errors import ConvergenceWarning
from statmodels_x.core.findings import Finding
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.domain import Cells, Points
from statmodels_x.discontinuity.grid.lattice import Mask
from statmodels_x.discontinuity.lifted.polish import Polished
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem, Relaxation, solve
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel
from statmodels_x.discontinuity.smoothing.places import Within
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import Data
from statmodels_x.discontinuity.specification import Control, Specification

Pairs = list[tuple[float, float]]


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

    @property
    def gap(self) -> float:
        """(energy - lower bound) / energy. Negative where the continuous surface beats every labelled one."""
        return (self.energy - self.lower_bound) / self.energy

    def findings(self, tol: float) -> tuple[Finding, ...]:
        """Return what is to be known of it."""
        if self.converged:
            return ()
        text = (
            f"the lifted problem stopped after {self.n_iter} iterations with a fixed-point residual of "
            f"{self.residual:.1e} (asked for: {tol:.1e}) and a gap of {self.gap:.1e} between the energy and its "
            "lower bound, relative to the energy;"
        )
        return (Finding("not_converged", text, "raise max_iter.", ("surface",), ConvergenceWarning),)


@dataclass(frozen=True)
class Estimate:
    """An estimated surface, in scaled units.

    Attributes
    ----------
    surface : ndarray of shape (cells,)
    cut : ndarray of shape (edges,)
        Edges on which it jumps.
    lam, nu : float
    errors : ErrorModel
        Its variance is NaN if it was not needed and cannot be had.
    noise_source : str
    certificate : Certificate
    tuning : object or None
        The record of the tuning.
    log_precision : float
        Of the second-order smoother; NaN for a surface that minimises the energy itself.
    mixing : ndarray of shape (cells,), optional
        Variance of cells that the border crosses, beyond that of their errors; None for none.
    placed : Placed, optional
        The border within the cells, for scattered points over two covariates.
    n_set_aside : int
        Observations of a volume set aside as outliers; those over two covariates are counted in ``placed``.
    sided : bool
        Whether scattered points over three covariates were each compared with the surface on their own side.
    within : Within, optional
        Where the border of such points runs within the voxels; None along the contour of the smoothed labels.
    """

    surface: Array = field(repr=False)
    cut: Mask = field(repr=False)
    lam: float
    nu: float
    errors: ErrorModel
    noise_source: str
    certificate: Certificate
    tuning: Any = field(repr=False, default=None)
    log_precision: float = float("nan")
    mixing: Array | None = field(repr=False, default=None)
    placed: Any = field(repr=False, default=None)
    n_set_aside: int = 0
    sided: bool = False
    within: Within | None = None

    def observations(self, cells: Cells, points: Points | None) -> Data:
        """Return what the surface was compared with, scaled: points, or cell means with what their mixing adds."""
        if self.sided and points is not None:
            return SidedPoints.of(cells, points, self.errors.variance, self.within)
        data = self.errors.observations(cells)
        return data if self.mixing is None else data.noisier(self.mixing)

    def unmixed(self, cells: Cells, points: Points | None) -> Data:
        """Return the same without what mixing adds."""
        return replace(self, mixing=None).observations(cells, points)


def lifted_problem(cells: Cells, spec: Specification, lam: float, nu: float) -> LiftedProblem:
    """Build the problem of a fit at given weights."""
    return LiftedProblem(cells.lattice, cells.f, cells.relative_weight, lam, nu, spec.levels, spec.isotropic)


def solve_lifted(problem: LiftedProblem, control: Control) -> Relaxation:
    """Solve by the solver that was asked for."""
    if control.solver == "cvxpy":
        from statmodels_x.discontinuity.lifted.reference import solve_exactly

        return solve_exactly(problem)
    return solve(problem, control.tol, control.max_iter)


def certificate(problem: LiftedProblem, relaxed: Relaxation, polished: Polished) -> Certificate:
    """Facts about the solution of a lifted problem, on the unit domain."""
    unit = problem.lattice.spacing**problem.lattice.n_axes
    history = relaxed.history.copy()
    history[:, 1] *= unit
    bound, residual = relaxed.lower_bound * unit, relaxed.residual
    return Certificate(bound, polished.energy, residual, relaxed.n_iter, relaxed.converged, history)
