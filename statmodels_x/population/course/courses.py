"""The course of the totals at given parameters: states, totals and their derivatives, from the compiled recursion."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.population.course.problem import Problem

_ODE_ERROR = 1e-6


def course(problem: Problem, theta: Array, c: int, slopes: bool = False) -> tuple[Array, Array, Array]:
    """Compute states (nodes, m), totals (nodes, S) and, if asked for, derivatives (nodes, S, p) of a culture."""
    from statmodels_x.population.kernels.recursion import totals

    n, m, n_species = int(problem.nodes[c]), int(problem.ages.sum()), len(problem.ages)
    states, N = np.empty((n, m)), np.empty((n, n_species))
    dN = np.empty((n if slopes else 0, n_species, len(theta)))
    totals(problem, theta, c, states, N, dN)
    return states, N, dN


def fitted_rows(problem: Problem, theta: Array, slopes: bool = False) -> tuple[Array, Array]:
    """Totals at the rows of the problem (N, S) and their derivatives (N, S, p), NaN where a species is absent."""
    mean = np.full(problem.counts.shape, np.nan)
    slope = np.full((*problem.counts.shape, len(theta)) if slopes else (0, 0, 0), np.nan)
    for c in range(len(problem.nodes)):
        _, N, dN = course(problem, theta, c, slopes)
        rows = np.arange(problem.row_start[c], problem.row_start[c + 1])
        for s in np.flatnonzero(problem.present[c]):
            mean[rows, s] = N[problem.row_node[rows], s]
            if slopes:
                slope[rows, s] = dN[problem.row_node[rows], s]
    return mean, slope


def lowest_total(problem: Problem, theta: Array) -> tuple[float, int, int, int]:
    """Smallest total relative to its series, with culture, node and species."""
    lowest = (np.inf, 0, 0, 0)
    for c in range(len(problem.nodes)):
        N = course(problem, theta, c)[1] / problem.level[c]
        N[:, ~problem.present[c]] = np.inf
        n, s = np.unravel_index(int(np.argmin(N)), N.shape)
        lowest = min(lowest, (float(N[n, s]), c, int(n), int(s)))
    return lowest


def refine_flow(problem: Problem, theta: Array) -> Problem:
    """Halve the Runge-Kutta step until the course no longer changes."""
    for _ in range(8):
        finer = problem._replace(substep=0.5 * problem.substep)
        change = 0.0
        for c in range(len(problem.nodes)):
            rough, fine = course(problem, theta, c)[1], course(finer, theta, c)[1]
            change = max(change, float(np.max(np.abs(rough - fine) / problem.level[c])))
        if change < 15.0 * _ODE_ERROR:  # the error of the rule is of order 4: a fifteenth of the change
            return problem
        problem = finer
    return problem


def digits_spent(problem: Problem, theta: Array) -> float:
    """Digits of the parameters that the course spends: how much a relative change grows, against a series' mean.

    The decimal logarithm of the largest change of a total, over the mean of its series, for a relative change of a
    parameter. A course that sits on an unstable equilibrium spends a digit for each factor of ten that it leaves by.
    """
    largest = 0.0
    for c in range(len(problem.nodes)):
        with np.errstate(all="ignore"):
            slope = np.abs(course(problem, theta, c, slopes=True)[2] * theta) / problem.level[c][:, None]
        largest = max(largest, float(np.max(slope[:, problem.present[c]], initial=0.0)))
    return float(np.log10(largest)) if largest > 0.0 else -np.inf
