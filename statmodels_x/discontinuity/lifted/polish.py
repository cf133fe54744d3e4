"""Descent on the unlifted energy from a lifted solution: fix the jump set, smooth, find the jump set again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.special import expit

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask
from statmodels_x.discontinuity.kernels import banded
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem

_RIDGE = 1e-9
_HEATS = (0.5, 2.0, 8.0)
_COLDEST = 0.02
_COOLING_STEPS = 25


@dataclass(frozen=True)
class Polished:
    """Where the descent ended.

    Attributes
    ----------
    surface : ndarray of shape (cells,)
    cut : ndarray of shape (edges,)
        Edges on which the surface jumps.
    energy : float
        Edge-wise energy on the unit domain.
    history : tuple of float
        Energy at each step; it never rises.
    """

    surface: Array = field(repr=False)
    cut: Mask = field(repr=False)
    energy: float
    history: tuple[float, ...] = field(repr=False)


def edge_energy(problem: LiftedProblem, surface: Array) -> float:
    """Sum lam w (u - f)^2 + sum over edges min(|du|^2 / h^2, nu / h), times h^d."""
    h = problem.lattice.spacing
    fidelity = problem.lam * float(problem.weight @ (surface - problem.f) ** 2)
    squares = problem.lattice.differences(surface) ** 2 / h**2
    return (fidelity + float(np.minimum(squares, problem.nu / h).sum())) * h**problem.lattice.n_axes


def polish(problem: LiftedProblem, surface: Array, max_steps: int = 30) -> Polished:
    """Descend from a surface.

    Both steps minimise the edge-wise energy over one block, the surface or the jump set, so it never rises.

    Parameters
    ----------
    problem : LiftedProblem
    surface : ndarray of shape (cells,)
        Start, in scaled units.
    max_steps : int

    Returns
    -------
    Polished
    """
    lattice = problem.lattice
    cut = np.abs(lattice.differences(surface)) >= problem.jump
    best: Polished | None = None
    for _ in range(max_steps):
        surface = smooth(problem, join_empty(lattice, cut, problem.weight > 0.0), surface)
        energy = edge_energy(problem, surface)
        found = np.abs(lattice.differences(surface)) >= problem.jump
        if best is not None and energy >= best.energy:
            break  # a region without data leaves its surface open, and rounding
        history = (*best.history, energy) if best is not None else (energy,)
        best = Polished(surface, found, energy, history)
        if np.array_equal(found, cut):
            break
        cut = found
    assert best is not None
    return best


def polish_best(problem: LiftedProblem, surface: Array) -> Polished:
    """Descend from a surface, and from what mean-field annealing makes of it; keep the lowest energy.

    Where the lifted solution is fractional its half level is no good minimiser. Annealing gives each edge a strength
    between 0 and 1, sharpened as the temperature falls (Geiger and Girosi 1991); several temperatures to begin
    with are tried.

    Parameters
    ----------
    problem : LiftedProblem
    surface : ndarray of shape (cells,)

    Returns
    -------
    Polished
    """
    starts = [surface, *(_anneal(problem, surface, heat) for heat in _HEATS)]
    return min((polish(problem, start) for start in starts), key=lambda found: found.energy)


def _anneal(problem: LiftedProblem, surface: Array, heat: float) -> Array:
    """Minimise the energy with soft edges at falling temperatures, in units of the cost of an edge."""
    lattice, h = problem.lattice, problem.lattice.spacing
    fidelity = problem.lam * problem.weight
    diagonal = sparse.diags_array(fidelity + _RIDGE * problem.lam * (problem.weight == 0.0))
    for temperature in np.geomspace(heat, _COLDEST, _COOLING_STEPS):
        gain = 1.0 - lattice.differences(surface) ** 2 / (problem.nu * h)
        strength = expit(gain / temperature)
        stiffness = lattice.incidence.T @ sparse.diags_array(strength / h**2) @ lattice.incidence
        surface = banded.solve(
            (stiffness + diagonal).tocsr(), fidelity * problem.f, int(lattice.strides.max()), surface
        )
    return surface


def smooth(problem: LiftedProblem, cut: Mask, start: Array | None = None) -> Array:
    """Minimise the energy over surfaces for a given jump set (a sparse linear system)."""
    lattice = problem.lattice
    fidelity = problem.lam * problem.weight
    ridge = _RIDGE * problem.lam * (problem.weight == 0.0)
    matrix = lattice.laplacian(cut) / lattice.spacing**2 + sparse.diags_array(fidelity + ridge)
    centre = float(np.average(problem.f, weights=problem.weight))  # what a cell tends to that nothing reaches
    start = None if start is None else start - centre
    return centre + banded.solve(matrix, fidelity * (problem.f - centre), int(lattice.strides.max()), start)


def join_empty(lattice: Lattice, cut: Mask, filled: Mask) -> Mask:
    """Join regions without data to the neighbour with which they share most edges: nothing else says what they are."""
    count, label = lattice.regions(cut)
    while True:
        has_data = np.zeros(count, bool)
        has_data[label[filled]] = True
        edges = np.flatnonzero(cut & ~(has_data[label[lattice.tail]] & has_data[label[lattice.head]]))
        ends = np.column_stack([label[lattice.tail[edges]], label[lattice.head[edges]]])
        edges, ends = edges[ends[:, 0] != ends[:, 1]], ends[ends[:, 0] != ends[:, 1]]
        if not edges.size:
            return cut
        one = ends[0][~has_data[ends[0]]][0]
        touching = (ends == one).any(1)
        other = np.bincount(ends[touching].sum(1) - one).argmax()
        join = edges[touching & (ends == other).any(1)]
        cut = cut.copy()
        cut[join] = False
        count, label = lattice.regions(cut)
