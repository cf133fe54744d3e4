"""A model on its data as plain arrays: what the compiled functions work on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.population.specification import ODE

Index = NDArray[np.int64]

FREE, STABLE = 0, 1


class Problem(NamedTuple):
    """Arrays of one model on one data set; ``p`` parameters, ``C`` cultures, ``N`` rows sorted by culture and time.

    Attributes
    ----------
    kind : int
        ``LESLIE`` (a step of the recursion between nodes) or ``ODE`` (Lotka-Volterra between nodes).
    ages : ndarray of int, shape (S,)
        Classes of each of S species; 1 for an ODE. One species alone has a second place that no culture fills.
    entries : ndarray of int, shape (E, 4)
        Entries of the block matrix: row, column, parameter, and which divisor of the density part it has.
    signs : ndarray of shape (E,)
        1 or -1 before each entry.
    density : ndarray of int, shape (S * S + 1,)
        Parameters a_xx, a_xy, ..., a_yy and c of the density part; -1 for one that the model lacks.
    rates, rate_signs : ndarray of shape (S,)
        For an ODE: the parameter that is each species' rate alone, and its sign.
    effects, effect_signs : ndarray of shape (S, S)
        For an ODE: the parameter of the effect of the column's species on the row's, and its sign; -1 for none.
    initial : ndarray of int, shape (C, S)
        Parameter of the total at the first node; -1 where the total is given.
    initial_value : ndarray of shape (C, S)
        Totals that are given.
    structure : int
        ``FREE`` (shares, free or given) or ``STABLE`` (the stable age distribution of the species alone).
    shares : ndarray of int, shape (C, S, K)
        Parameter of each share in what the younger classes leave; -1 where it is given.
    share_value : ndarray of shape (C, S, K)
        Shares that are given.
    present : ndarray of bool, shape (C, S)
        Whether the culture has the species at all.
    nodes : ndarray of int, shape (C,)
        Number of nodes of each culture.
    node_start : ndarray of int, shape (C,)
        Where each culture's nodes stand in ``durations``.
    durations : ndarray of float
        Time from each node to the next (ODE).
    substep : float
        Longest Runge-Kutta step (ODE).
    row_start : ndarray of int, shape (C + 1,)
        Where each culture's rows stand.
    row_node : ndarray of int, shape (N,)
        Node of each row within its culture.
    counts : ndarray of shape (N, S)
        Observed totals; NaN where not observed.
    weights : ndarray of shape (C, S)
        Weight of a residual.
    level : ndarray of shape (C, S)
        Size of each series, for the floor of a mean and for the penalty on negative totals.
    family, dispersion : int, float
        Distribution of the counts; the variance of a negative binomial is mean + dispersion * mean^2.
    penalty : float
        Weight of squared negative totals, relative to ``level``.
    ridge, ridge_target : ndarray of shape (p,)
        Weight and target of a quadratic penalty on each parameter.
    removal : ndarray of int, shape (C, S)
        Node from which on a species is removed once its total is 0 or below: the one after its last positive count.
    exponential : bool
        Whether density acts as exp(-a N) instead of 1/(1 + a N).
    capture : ndarray of int, shape (3,)
        Parameters of predation that cannot turn prey negative (attack, saturation, conversion); -1 for none.
    handling : int
        For an ODE: parameter h of predation divided by 1 + h prey; -1 for none.
    gain, gain_value : int, float
        Parameter that is the share of the way from a total to its count that the state is corrected by; -1 where it is
        given.
    follows : ndarray of int, shape (C,)
        Where the cultures are segments of a course: the segment that goes on from the end of each, or -1.
    stiffness : float
        Weight of the squared gaps between segments, relative to ``level``.
    """

    kind: int
    ages: Index
    entries: Index
    signs: Array
    density: Index
    rates: Index
    rate_signs: Array
    effects: Index
    effect_signs: Array
    initial: Index
    initial_value: Array
    structure: int
    shares: Index
    share_value: Array
    present: NDArray[np.bool_]
    nodes: Index
    node_start: Index
    durations: Array
    substep: float
    row_start: Index
    row_node: Index
    counts: Array
    weights: Array
    level: Array
    family: int
    dispersion: float
    penalty: float
    ridge: Array
    ridge_target: Array
    # what version 0.1 did not have stands last
    removal: Index = np.zeros((0, 2), np.int64)
    exponential: bool = False
    capture: Index = np.full(3, -1)
    handling: int = -1
    gain: int = -1
    gain_value: float = 0.0
    follows: Index = np.full(1, -1)
    stiffness: float = 0.0


def has_gain(model: Any) -> bool:
    """Whether by a problem or layout the counts correct the course: each total is foreseen from those before it."""
    return bool(model.gain >= 0 or model.gain_value > 0.0)


def row_culture(problem: Problem) -> Index:
    """Culture of each row."""
    return np.repeat(np.arange(len(problem.nodes)), np.diff(problem.row_start))


def class_places(ages: Index) -> list[tuple[int, int]]:
    """Species and class (from 0) of each element of the state."""
    return [(s, j) for s, k in enumerate(ages) for j in range(k)]


def without_rows(problem: Problem) -> Problem:
    """Return the problem without counts and times of its rows: its course can still be run on."""
    if problem.kind == ODE:
        problem = on_a_grid(problem, 200)
    return problem._replace(
        counts=np.zeros((0, len(problem.ages))),
        row_node=np.zeros(0, np.int64),
        row_start=np.zeros_like(problem.row_start),
        durations=problem.durations if problem.kind == ODE else problem.durations[:1],
    )


def on_a_grid(problem: Problem, intervals: int) -> Problem:
    """Return the problem of a flow with nodes at even distances from the first time of each culture to the last."""
    n = len(problem.nodes)
    starts = zip(problem.node_start, problem.nodes, strict=True)
    spans = np.array([problem.durations[first : first + nodes - 1].sum() for first, nodes in starts])
    return problem._replace(
        nodes=np.full(n, intervals + 1),
        node_start=np.arange(n) * (intervals + 1),
        durations=np.repeat(spans / intervals, intervals + 1),
    )
