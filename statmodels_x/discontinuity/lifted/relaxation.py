"""The lifted convex problem: primal-dual solver with a lower bound and a fixed-point residual as certificate.

The energy, for responses f in [0, 1] on cells of side h with weights w, is

    E(u) = sum_i lam w_i (u_i - f_i)^2 + sum over edges min(|du|^2 / h^2, nu / h),

times h^d. Lifting (Alberti, Bouchitte and Dal Maso 2003; Pock, Cremers, Bischof and Chambolle 2009) makes it
convex in v = 1{u >= t}. Writing the dual field as differences of a potential turns the constraint on all pairs
of labels into one ball (isotropic) or one box (anisotropic) for each threshold: work and memory are linear in
the number of labels. The box equals the full constraint; the ball lies inside it, and gives the same energy on
surfaces but may be weaker in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.interruption import shielded
from statmodels_x.core.threads import in_parts
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask

_CHECK_EVERY = 50
_RELAX = 1.8
_PART = 40_000
"""Places of a part of a long pass (places: cells times labels)."""

_LONG = 300_000
"""Places from which on a pass is long; the start of a thread, and its first reading of the arrays, cost a tenth of a
millisecond, and a shorter pass takes few of them."""


@dataclass(frozen=True)
class LiftedProblem:
    """One lifted problem in scaled units.

    Attributes
    ----------
    lattice : Lattice
    f : ndarray of shape (cells,)
        Responses, scaled so that the labels span [0, 1]; any number in empty cells.
    weight : ndarray of shape (cells,)
        Fidelity of each cell relative to the mean; 0 for an empty cell.
    lam, nu : float
        Fidelity and cost of a jump of unit length, the domain's longest side being 1.
    levels : int
        Number of labels.
    isotropic : bool
        Ball or box.
    """

    lattice: Lattice
    f: Array = field(repr=False)
    weight: Array = field(repr=False)
    lam: float
    nu: float
    levels: int
    isotropic: bool

    @property
    def labels(self) -> Array:
        """Values that the lifted surface may take."""
        return np.linspace(0.0, 1.0, self.levels)

    @property
    def curvature(self) -> float:
        """The constant c of the parabola."""
        return (0.5 * self.lattice.spacing * (self.levels - 1)) ** 2

    @property
    def radius(self) -> float:
        """Largest potential."""
        return 0.5 * self.nu / self.lattice.spacing

    @property
    def jump(self) -> float:
        """Smallest difference between neighbours that counts as a jump, sqrt(nu h)."""
        return float(np.sqrt(self.nu * self.lattice.spacing))


@dataclass(frozen=True)
class Relaxation:
    """A solved (or interrupted) lifted problem.

    Attributes
    ----------
    surface : ndarray of shape (cells,)
        The half level of v.
    thresholds : ndarray of shape (cells, levels + 1)
        v itself.
    lower_bound : float
        The dual value, in units of cells: the lifted minimum is not below it.
    residual : float
        Fixed-point residual: the larger of the primal and the dual optimality residual, root mean square.
    n_iter : int
    converged : bool
    history : ndarray of shape (checks, 4)
        Iteration, lower bound, residual, agreement of the jump set with the check before.
    """

    surface: Array = field(repr=False)
    thresholds: Array = field(repr=False)
    lower_bound: float
    residual: float
    n_iter: int
    converged: bool
    history: Array = field(repr=False)


def newton_steps(curvature: float, largest: float) -> int:
    """Newton steps that project a slope of the ``largest`` size onto the parabola.

    Far from the root each step takes off a third, near it the error squares: six steps finish.
    """
    cubic = max(1.0, 2.0 * curvature**2 * largest**2)
    return 6 + int(np.ceil(np.log(cubic) / (3.0 * np.log(1.5))))


def _part(n_cells: int, width: int) -> int:
    """Return how many cells a thread takes at a time: whole runs of the kernels, so that their sums stay the same."""
    from statmodels_x.discontinuity.kernels import lifted as kernels

    if n_cells * width < _LONG:
        return n_cells
    run = kernels.run_cells(width)
    return max(1, _PART // (run * width)) * run


class _State:
    """The iterates, in one precision and in the layout of the kernels."""

    def __init__(self, problem: LiftedProblem, dtype: type, balance: float) -> None:
        lattice, n_labels = problem.lattice, problem.levels
        d, labels = lattice.n_axes, problem.labels
        self.dtype = dtype
        self.shape, self.strides = np.array(lattice.shape, np.int64), lattice.strides
        self.width = n_labels + 1
        self.margin = int(lattice.strides.max()) * self.width + 1
        self.n = lattice.n_cells
        self.part = _part(self.n, self.width)
        self._run = slice(self.margin, self.margin + lattice.n_cells * self.width)
        self.v, self.cost, self.rho = self._zeros(), self._zeros(), self._zeros()
        self.mu, self.mu_bar, self.slope, self.bound = (self._zeros(d) for _ in range(4))
        middle = 0.5 * (labels[1:] + labels[:-1])
        start = np.where(problem.weight > 0.0, problem.f, 0.5)[:, None]
        v = self.cells(self.v)
        v[:, 0] = 1.0
        v[:, 1:-1] = np.clip((start - middle) * (n_labels - 1) / 2.0 + 0.5, 0.0, 1.0)
        self.v_bar = self.v.copy()
        weight = problem.lam * problem.weight
        self.cells(self.rho)[:, :-1] = weight[:, None] * (labels - problem.f[:, None]) ** 2
        self.data = problem.f, weight, labels
        self.c, self.radius = dtype(problem.curvature), dtype(problem.radius)
        self.isotropic = problem.isotropic
        self.relax = dtype(_RELAX)
        # Pock and Chambolle (2011): inverse row and column sums of the operator, shifted by the balance
        self.step_p, self.step_q = dtype(balance / 3.0), dtype(balance / 2.0)
        self.step_v, self.step_mu = dtype(1.0 / (balance * (2 * d + 2))), dtype(1.0 / (3.0 * balance))
        self.n_newton = newton_steps(problem.curvature, 2.0 * problem.radius + 2.0)

    def _zeros(self, *axes: int) -> NDArray[Any]:
        return np.zeros((*axes, self._run.stop + self.margin), self.dtype)

    def cells(self, values: NDArray[Any]) -> NDArray[Any]:
        """View a field as an array of shape (cells, levels + 1)."""
        return values[self._run].reshape(-1, self.width)

    def advance(self, count: int) -> tuple[float, float]:
        """Iterate; return the last primal and dual residual (root mean square).

        A step writes the fields of its own cells only and reads the others' as they were before it, so that cells may
        be divided among threads.
        """
        if self.part == self.n:  # in one call, which takes as long as a sweep of a small grid
            change_v, change_mu, change_p, change_q = self._steps(count)
        else:
            for _ in range(count):
                change_v, change_mu = np.sum(in_parts(self._primal, self.n, self.part), axis=0)
                change_p, change_q = np.sum(in_parts(self._dual, self.n, self.part), axis=0)
        size = self.v.size - 2 * self.margin
        v, mu, p, q = (float(step) ** 2 for step in (self.step_v, self.step_mu, self.step_p, self.step_q))
        primal = np.sqrt((change_v / v + change_mu / mu) / size)
        dual = np.sqrt((change_p / p + change_q / q) / size)
        return float(primal), float(dual)

    def _steps(self, count: int) -> tuple[float, float, float, float]:
        from statmodels_x.discontinuity.kernels import lifted as kernels

        return kernels.steps(
            count, self.v, self.v_bar, self.mu, self.mu_bar, self.slope, self.cost, self.bound, self.rho,
            self.shape, self.strides, self.width, self.margin, self.step_v, self.step_mu,
            self.c, self.radius, self.step_p, self.step_q, self.relax, self.n_newton, self.isotropic,
        )  # fmt: skip

    def _primal(self, cells: slice) -> tuple[float, float]:
        from statmodels_x.discontinuity.kernels import lifted as kernels

        return kernels.primal_step(
            cells.start, cells.stop, self.v, self.v_bar, self.mu, self.mu_bar, self.slope, self.cost, self.bound,
            self.strides, self.width, self.margin, self.step_v, self.step_mu, self.relax,
        )  # fmt: skip

    def _dual(self, cells: slice) -> tuple[float, float]:
        from statmodels_x.discontinuity.kernels import lifted as kernels

        return kernels.dual_step(
            cells.start, cells.stop, self.v_bar, self.mu_bar, self.slope, self.cost, self.bound, self.rho,
            self.shape, self.strides, self.width, self.margin,
            self.c, self.radius, self.step_p, self.step_q, self.relax, self.n_newton, self.isotropic,
        )  # fmt: skip

    def thresholds(self) -> Array:
        """v, feasible and falling in the label."""
        v, v_bar = self.cells(self.v), self.cells(self.v_bar)
        plain = (v + (1 - self.relax) * v_bar) / (2 - self.relax)  # undo the over-relaxation
        return np.minimum.accumulate(np.clip(plain.astype(float), 0.0, 1.0), axis=1)

    def lower_bound(self) -> float:
        from statmodels_x.discontinuity.kernels import lifted as kernels

        layout = self.shape, self.strides, self.width, self.margin
        c, radius = float(self.c), float(self.radius)
        return float(kernels.lower_bound(self.bound, *self.data, *layout, c, radius, self.isotropic))


def half_level(thresholds: Array, labels: Array) -> Array:
    """Surface of a lifted solution: where v falls through 1/2, interpolated between labels.

    A v that steps from 1 to 0 after label k gives exactly t_k.
    """
    last = thresholds.shape[1] - 2
    k = np.clip((thresholds > 0.5).sum(1) - 1, 0, last)  # v[k] > 1/2 >= v[k + 1]
    rows = np.arange(len(thresholds))
    above, below = thresholds[rows, k], thresholds[rows, k + 1]
    part = (above - 0.5) / np.maximum(above - below, 1e-12) - 0.5
    return np.clip((k + part) / last, labels[0], labels[-1])


@shielded()
def solve(
    problem: LiftedProblem,
    tol: float = 1e-4,
    max_iter: int = 20000,
    dtype: type | None = None,
    fixed_iterations: bool = False,
) -> Relaxation:
    """Solve a lifted problem.

    Parameters
    ----------
    problem : LiftedProblem
    tol : float
        The residual at which to stop, provided the lower bound moved by less than ``tol`` (relative) and the
        jump set agreed by .98 (Jaccard) over the last 100 iterations.
    max_iter : int
    dtype : type, optional
        numpy.float32 or numpy.float64; by default the former, which is as good down to a residual of 1e-6.
    fixed_iterations : bool
        Make all ``max_iter`` iterations without a check on the way.

    Returns
    -------
    Relaxation
    """
    if dtype is None:
        dtype = np.float32 if tol >= 1e-6 else np.float64
    state = _State(problem, dtype, _balance(problem))
    history: list[tuple[float, float, float, float]] = []
    cuts: list[Mask] = []
    converged = False
    primal = dual = np.inf
    n_iter = 0
    while n_iter < max_iter and not converged:
        count = min(_CHECK_EVERY, max_iter - n_iter)
        primal, dual = state.advance(count)
        n_iter += count
        if fixed_iterations:
            continue
        surface = half_level(state.thresholds(), problem.labels)
        cuts = [*cuts[-2:], np.abs(problem.lattice.differences(surface)) >= problem.jump]
        bound = state.lower_bound()
        history.append((n_iter, bound, max(primal / (1.0 + problem.radius), dual), _jaccard(cuts)))
        converged = _has_converged(history, tol)
    thresholds, residual = state.thresholds(), max(primal / (1.0 + problem.radius), dual)
    surface, checks = half_level(thresholds, problem.labels), np.array(history).reshape(-1, 4)
    return Relaxation(surface, thresholds, state.lower_bound(), residual, n_iter, converged, checks)


def _has_converged(history: list[tuple[float, float, float, float]], tol: float) -> bool:
    if len(history) < 3:
        return False
    _, bound, residual, agreement = history[-1]
    steady = abs(bound - history[-3][1]) <= tol * max(abs(bound), 1e-300)
    return residual <= tol and steady and agreement >= 0.98


def _jaccard(cuts: list[Mask]) -> float:
    """Share of edges that the oldest and the newest jump set have in common."""
    either = np.count_nonzero(cuts[0] | cuts[-1])
    return np.count_nonzero(cuts[0] & cuts[-1]) / either if either else 1.0


def _balance(problem: LiftedProblem) -> float:
    """Weight of dual against primal steps: the fields grow with the radius, v does not (found by trial)."""
    return 0.9 * float(np.sqrt(problem.radius))
