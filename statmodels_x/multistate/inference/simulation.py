"""Paths through the states, drawn from the fitted hazards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.multistate.inference.intensities import Intensities, inverse
from statmodels_x.multistate.inference.paths import From
from statmodels_x.multistate.specification import Graph
from statmodels_x.survival.kernels.hazards import cumulative_hazard


def simulate(
    hazards: Intensities, origin: From, n: int, rng: np.random.Generator, until: float
) -> pd.DataFrame:
    """Draw n paths for each row; see :meth:`MultiStateResults.simulate`.

    The times of all transitions out of a state are drawn independently, and the smallest is taken: that gives paths of
    the right distribution, whether or not such times exist. The k-th paths of all rows share their random numbers.
    """
    graph, m = hazards.graph, len(hazards.index)
    places = np.repeat(np.arange(m), n)
    code = {state: k for k, state in enumerate(graph.states)}
    state = np.full(m * n, code[origin.state])
    entered, begin = np.repeat(origin.entered, n), np.repeat(origin.given, n)
    parts = []
    for name in ordered(graph):
        draws = {to: rng.standard_exponential(n) for to in graph.out_of(name)}
        here = np.flatnonzero((state == code[name]) & (begin < until))
        if not draws or not len(here):
            continue
        leave, to = np.full(len(here), np.inf), np.full(len(here), -1)
        for target, exponential in draws.items():
            time = _time(
                hazards, (name, target), places[here], entered[here], begin[here], exponential[here % n]
            )
            first = time < leave
            leave[first], to[first] = time[first], code[target]
        to[leave > until] = -1
        stop = np.minimum(leave, until)
        parts.append((here, np.full(len(here), code[name]), to, begin[here], stop))
        moves = to >= 0
        state[here[moves]] = to[moves]
        entered[here[moves]] = begin[here[moves]] = leave[moves]
    return _frame(parts, graph, hazards.index, n)


def _time(
    hazards: Intensities,
    pair: tuple[str, str],
    places: NDArray[np.intp],
    entered: Array,
    begin: Array,
    exponential: Array,
) -> Array:
    """Time of a transition, on the clock of the trial."""
    intensity = hazards.of[pair]
    rows = intensity.rows(places, entered, with_gradient=False)
    known = begin - entered if intensity.is_reset else begin
    amount = exponential
    if np.any(known > 0.0):
        amount = amount + cumulative_hazard(known, rows.eta, rows.cure, rows.family)[0]
    time = inverse(intensity, rows, amount)
    return np.maximum(entered + time if intensity.is_reset else time, begin)


def ordered(graph: Graph) -> list[str]:
    """States so that each stands before those it leads to."""
    found: list[str] = []
    waiting = list(graph.states)
    while waiting:
        ready = [
            s for s in waiting if not any(to == s and origin in waiting for origin, to in graph.transitions)
        ]
        found += ready
        waiting = [state for state in waiting if state not in ready]
    return found


def _frame(parts: list[Any], graph: Graph, index: pd.Index, n: int) -> pd.DataFrame:
    path, origin, to, start, stop = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((start, path))
    path = path[order]
    return pd.DataFrame(
        {
            "row": index.take(path // n),
            "path": path % n,
            "from": pd.Categorical.from_codes(origin[order], list(graph.states)),
            "to": pd.Categorical.from_codes(to[order], list(graph.states)),
            "start": start[order],
            "stop": stop[order],
        }
    )
