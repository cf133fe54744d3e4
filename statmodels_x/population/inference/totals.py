"""Totals at any times, of the estimates or of other parameters: the one loop over cultures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.population.course.courses import course
from statmodels_x.population.course.problem import Problem
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.specification import ODE

_GRID = 1e-6
FARTHEST = 100_000  # steps


def totals_at(fit: InteractionFitted, culture: NDArray[np.int64], time: Array) -> tuple[Array, Array]:
    """Totals (n, S) at times of given cultures, and their derivatives (n, S, p); NaN where a species is absent."""
    theta, present = fit.machinery.estimate.theta, fit.machinery.problem.present
    shape = (len(time), present.shape[1])
    mean, slope = np.full(shape, np.nan), np.full((*shape, len(theta)), np.nan)
    for c, rows, problem, node in by_culture(fit, culture, time):
        with np.errstate(all="ignore"):
            _, N, dN = course(problem, theta, c, slopes=True)
        for s in np.flatnonzero(present[c]):
            mean[rows, s], slope[rows, s] = N[node, s], dN[node, s]
    return mean, slope


def by_culture(
    fit: InteractionFitted, culture: NDArray[np.int64], time: Array
) -> Iterator[tuple[int, NDArray[np.int64], Problem, NDArray[np.int64]]]:
    """Go through the cultures: number, rows, the problem with nodes at all their times, and the nodes of the rows."""
    for c in map(int, np.unique(culture)):
        rows = np.flatnonzero(culture == c)
        yield (c, rows, *_extended(fit, c, time[rows]))


def totals_of(fit: InteractionFitted, thetas: Array, culture: NDArray[np.int64], time: Array) -> Array:
    """Totals (m, n, S) at each of m parameters."""
    totals = np.full((len(thetas), len(time), len(fit.machinery.problem.ages)), np.nan)
    for c, rows, problem, node in by_culture(fit, culture, time):
        for k, theta in enumerate(thetas):
            with np.errstate(all="ignore"):
                totals[k, rows] = course(problem, theta, c)[1][node]
    return totals


def _extended(fit: InteractionFitted, c: int, time: Array) -> tuple[Problem, NDArray[np.int64]]:
    """Return the problem with nodes at all the times of one culture, and the node of each of them."""
    facts, problem = fit.machinery.facts, fit.machinery.problem
    since = time - facts.origin[c]
    if np.any(since < -_GRID * np.maximum(1.0, np.abs(time))):
        raise DataError(
            f"predict(): {facts.time_name} {time.min():.10g} lies before the first time, {facts.origin[c]:.10g}; the "
            "model runs forward only."
        )
    start = np.zeros_like(problem.node_start)
    nodes = problem.nodes.copy()
    if problem.kind == ODE:
        known, node = np.unique(np.append(0.0, np.maximum(since, 0.0)), return_inverse=True)
        nodes[c] = len(known)
        durations = np.append(np.diff(known), 0.0)
        return problem._replace(nodes=nodes, node_start=start, durations=durations), node[1:]
    steps = since / facts.step
    if steps.max(initial=0.0) > FARTHEST:
        raise DataError(f"predict(): {facts.time_name} {time.max():g} is more than {FARTHEST} steps away.")
    off = np.abs(steps - np.round(steps)) > 1e-4
    if off.any():
        raise DataError(
            f"predict(): {facts.time_name} {time[off][0]:.10g} is no whole number of steps of {facts.step:g} after "
            f"{facts.origin[c]:.10g}; a matrix model has no values between its steps."
        )
    node = np.round(steps).astype(np.int64)
    nodes[c] = node.max(initial=0) + 1
    return problem._replace(nodes=nodes, node_start=start), node
