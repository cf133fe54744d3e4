"""Starts by multiple shooting: the course in segments with starts of their own, whose gaps are closed by and by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem
from statmodels_x.population.sample import Sample

_LENGTHS = (5, 6, 8, 10)  # nodes of a segment, by turns
_LADDER = (1e-2, 1e-1, 1.0, 10.0, 1e2, 1e3, 1e4, 1e6, 1e8)  # weights of the squared gaps
_EVALUATIONS = 40
_SHORTEST = 12  # nodes of a series below which there is nothing to cut


def shooting(
    problem: Problem, layout: Layout, sample: Sample, starts: Sequence[Array], search: Callable[..., Any]
) -> list[Array]:
    """Close the gaps from each start, and return the parameters with the totals at the first time.

    Single classes only. Segments begin at the smoothed counts. Small gaps are left: these are starts and no fits.
    """
    if problem.nodes.max() < _SHORTEST:
        return []
    found = []
    for number, start in enumerate(starts):
        cut, longer, extra = _segments(problem, layout, sample, _LENGTHS[number % len(_LENGTHS)])
        theta = np.concatenate([start, extra])
        for weight in _LADDER:
            theta = search(cut._replace(stiffness=weight), longer, theta, most=_EVALUATIONS)[0]
        found.append(theta[: len(start)])
    return found


def _segments(problem: Problem, layout: Layout, sample: Sample, length: int) -> tuple[Problem, Layout, Array]:
    """Pose the segments as cultures with totals of their own at their first nodes."""
    cuts = [(c, first) for c in range(len(problem.nodes)) for first in _cuts(int(problem.nodes[c]), length)]
    p = len(layout.names)
    n_species = len(problem.ages)
    initial, value = np.full((len(cuts), n_species), -1), np.zeros((len(cuts), n_species))
    follows, nodes, node_start = (
        np.full(len(cuts), -1),
        np.zeros(len(cuts), np.int64),
        np.zeros(len(cuts), np.int64),
    )
    row_start, row_node = np.zeros(len(cuts) + 1, np.int64), problem.row_node.copy()
    extra: list[float] = []
    smooth = [_smoothed(problem, c) for c in range(len(problem.nodes))]
    for k, (c, first) in enumerate(cuts):
        goes_on = k + 1 < len(cuts) and cuts[k + 1][0] == c
        last = cuts[k + 1][1] if goes_on else int(problem.nodes[c]) - 1
        follows[k], nodes[k] = (k + 1 if goes_on else -1), last - first + 1
        node_start[k] = problem.node_start[c] + first
        rows = np.arange(problem.row_start[c], problem.row_start[c + 1])
        inside = rows[(problem.row_node[rows] >= first) & ((problem.row_node[rows] < last) | (not goes_on))]
        row_node[inside] -= first
        row_start[k + 1] = row_start[k] + len(inside)
        for s in range(n_species):
            initial[k, s], value[k, s] = problem.initial[c, s], problem.initial_value[c, s]
            if first > 0 and problem.present[c, s]:
                initial[k, s] = p + len(extra)
                extra.append(max(smooth[c][first, s], 1e-3 * problem.level[c, s]))
    culture = np.array([c for c, _ in cuts])
    cut = problem._replace(
        nodes=nodes, node_start=node_start, row_start=row_start, row_node=row_node, initial=initial,
        initial_value=value, shares=problem.shares[culture], share_value=problem.share_value[culture],
        present=problem.present[culture], weights=problem.weights[culture], level=problem.level[culture],
        removal=np.full((len(cuts), n_species), np.iinfo(np.int64).max), follows=follows,
        ridge=np.append(problem.ridge, np.zeros(len(extra))),
        ridge_target=np.append(problem.ridge_target, np.zeros(len(extra))),
    )  # fmt: skip
    highest = 10.0 * float(np.nanmax(sample.counts))
    tiny = [1e-8 * highest] * len(extra)
    longer = replace(layout, lower=layout.lower + tiny, upper=layout.upper + [highest] * len(extra))
    return cut, longer, np.array(extra)


def _cuts(nodes: int, length: int) -> range:
    return range(0, max(nodes - length // 2, 1), length)


def _smoothed(problem: Problem, c: int) -> Array:
    """Return counts at every node: interpolated, and averaged over three neighbours."""
    rows = np.arange(problem.row_start[c], problem.row_start[c + 1])
    node, out = np.arange(problem.nodes[c]), np.zeros((int(problem.nodes[c]), len(problem.ages)))
    for s in range(len(problem.ages)):
        y = problem.counts[rows, s]
        seen = ~np.isnan(y)
        if seen.any():
            full = np.interp(node, problem.row_node[rows][seen], y[seen])
            padded = np.concatenate([full[:1], full, full[-1:]])
            out[:, s] = (padded[:-2] + 2.0 * full + padded[2:]) / 4.0
    return out
