"""One row per subject, a time and a status for each state -> stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.events import (
    check_event_times,
    comes_after,
    comes_at,
    ends_before,
    event_status,
    refuse,
)
from statmodels_x.core.data.frames import check_columns
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_number, numeric_array
from statmodels_x.multistate.specification import Graph

TIES = ("refuse", "half_unit", "death")
_WHERE = "MultiStateData"
FROM_ZERO = {
    "negative": "times are measured from 0: correct the rows",
    "zero": "nobody is watched for no time: drop the rows, or give half of the finest step of the record (0.5 for "
    "whole numbers)",
}
"""Remedies for times of states that are not above 0."""


@dataclass(frozen=True)
class Stays:
    """Stays in states, one row each.

    Attributes
    ----------
    row : ndarray of int
        Row of the user's frame.
    origin, to : ndarray of object
        State, and where it was left for; None where it was not.
    entered, start, stop : ndarray
    """

    row: NDArray[np.int64]
    origin: NDArray[Any]
    to: NDArray[Any]
    entered: Array
    start: Array
    stop: Array


def wide_graph(states: Mapping[str, Any], start: str, transitions: Any) -> Graph:
    """Build the graph: by default every state can lead to every later one, in the order given."""
    if not isinstance(states, Mapping) or not states:
        raise DataError(
            '`states` must map states to (time, status) columns, such as {"dead": ("time", "died")}.'
        )
    names = [start, *(str(name) for name in states)]
    pairs = transitions
    if transitions is None:
        pairs = [(one, two) for k, one in enumerate(names) for two in names[k + 1 :]]
    return Graph.of(names, pairs, start)


def read_columns(frame: pd.DataFrame, states: Mapping[str, Any]) -> tuple[Array, NDArray[np.bool_]]:
    """Read the times and statuses of all states, shape (n, states)."""
    times, seen = [], []
    for state, columns in states.items():
        if isinstance(columns, str) or not isinstance(columns, Sequence) or len(columns) != 2:
            raise DataError(f"states[{state!r}] is {columns!r}; give a pair of columns, (time, status).")
        check_columns(frame, columns, "data")
        time = numeric_array(frame[columns[0]], columns[0], _WHERE)
        remedy = "give the time at which the state was entered, or until which the subject was watched"
        check_event_times(time, columns[0], _WHERE, missing=remedy, infinite=remedy, **FROM_ZERO)
        status = event_status(frame[columns[1]], columns[1], _WHERE, unseen="not entered")
        _refuse(
            np.isnan(status),
            f"'{columns[1]}' is missing",
            f"whether {state!r} was reached must be known: find out, or drop the rows",
        )
        times.append(time)
        seen.append(status == 1.0)
    return np.stack(times, 1), np.stack(seen, 1)


def follow(
    graph: Graph,
    names: Sequence[str],
    times: Array,
    seen: NDArray[np.bool_],
    entry: Array,
    ties: str,
    unit: float | None,
) -> Stays:
    """Follow each subject through its states.

    Raises
    ------
    DataError
        If events contradict the transitions, follow-up differs between states, or events are tied.
    """
    check_choice("ties", ties, TIES, "MultiStateData")
    absorbing = np.isin(names, graph.absorbing)
    end = times.max(axis=1)
    dead = np.where(seen & absorbing, times, np.inf).min(axis=1)
    many = (seen & absorbing).sum(axis=1) > 1
    finals = " and ".join(repr(name) for name in np.array(names, dtype=object)[absorbing])
    _refuse(
        many,
        f"more than one of the final states {finals} is reached",
        "let one lead to the other in `transitions`, or end the follow-up of all states at the first",
    )
    late = (seen & comes_after(times, dead[:, None])).any(axis=1)
    _refuse(late, "a state is entered after the final one", "correct the times, or the statuses")
    end = np.where(np.isfinite(dead), dead, end)
    times = np.where(seen & comes_at(times, end[:, None]), end[:, None], times)  # but for rounding the same
    short = (~seen & ends_before(times, end[:, None]) & ~absorbing).any(axis=1)
    _refuse(
        short,
        f"a state ({', '.join(np.array(names)[~absorbing])}) was watched for a shorter time than others",
        "whether it was entered afterwards is not known: end the follow-up of all states there",
    )
    gone = (~seen & absorbing & ends_before(times, end[:, None])).any(axis=1) & ~np.isfinite(dead)
    _refuse(
        gone,
        "a state is entered after the follow-up of the final one has ended",
        "whether the subject lived on is known up to the later time: end the follow-up of all states there",
    )
    times, seen = _untied(names, times, seen, end, absorbing, ties, unit)
    return _walk(graph, names, np.where(seen, times, np.inf), end, entry)


def _untied(
    names: Sequence[str],
    times: Array,
    seen: NDArray[np.bool_],
    end: Array,
    absorbing: NDArray[np.bool_],
    ties: str,
    unit: float | None,
) -> tuple[Array, NDArray[np.bool_]]:
    """Part a state that is entered at the end of follow-up, or together with another, from what it is tied to."""
    times, seen = times.copy(), seen.copy()
    tied = np.zeros(len(times), bool)
    half = 0.5 * (
        _recording_unit(times) if unit is None else check_number("unit", unit, low=0.0, high=np.inf)
    )
    for k in np.flatnonzero(~absorbing)[::-1]:
        for _ in names:  # what stands later in the list keeps its place, and may have been moved itself
            later = (seen & (times == times[:, k : k + 1]) & (np.arange(len(names)) > k)).any(axis=1)
            at = seen[:, k] & ((times[:, k] == end) | later)
            tied |= at
            if ties == "death":
                seen[:, k] &= ~at
            else:
                times[at, k] -= half
    if ties == "refuse":
        _refuse(
            tied,
            "a state is entered at the very time of death, of another state or of censoring, and left after no time",
            'give ties="half_unit" (entered half a recording unit earlier) or ties="death" (the earlier state is '
            "left out)",
        )
    _refuse(
        np.any(seen & (times <= 0.0), axis=1),
        "half a unit before the event is not after 0",
        "give a smaller `unit`",
    )
    return times, seen


def _recording_unit(times: Array) -> float:
    """Return the smallest difference between times."""
    gaps = np.diff(np.unique(times))
    gaps = gaps[gaps > 1e-9 * times.max()]
    return float(gaps.min()) if len(gaps) else float(times.min())


def _walk(graph: Graph, names: Sequence[str], event: Array, end: Array, entry: Array) -> Stays:
    n = len(event)
    labels = np.array(names, dtype=object)
    order = np.argsort(event, axis=1, kind="stable")
    state = np.full(n, graph.start, dtype=object)
    entered, going = np.zeros(n), np.ones(n, bool)
    parts: list[tuple[Any, ...]] = []
    for j in range(len(names) + 1):
        time = event[np.arange(n), order[:, j]] if j < len(names) else np.full(n, np.inf)
        moves = going & np.isfinite(time)
        to = labels[order[:, min(j, len(names) - 1)]].copy()
        to[~moves] = None
        _check_moves(graph, state, to, moves)
        stop = np.where(moves, time, end)
        rows = np.flatnonzero(going & (stop > entry) & (stop > entered))
        start = np.maximum(entered, entry)
        parts.append((rows, state[rows], to[rows], entered[rows], start[rows], stop[rows]))
        state, entered = np.where(moves, to, state), np.where(moves, time, entered)
        going = moves & ~np.isin(state, graph.absorbing)
    row, origin, ends, entered, start, stop = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((start, row))
    return Stays(row[order], origin[order], ends[order], entered[order], start[order], stop[order])


def _check_moves(graph: Graph, state: NDArray[Any], to: NDArray[Any], moves: NDArray[np.bool_]) -> None:
    for origin in graph.states:
        for target in graph.states:
            if target not in graph.out_of(origin):
                bad = moves & (state == origin) & (to == target)
                _refuse(
                    bad, f"the step from {origin!r} to {target!r} is no transition", "add it to `transitions`"
                )


def _refuse(bad: Any, what: str, remedy: str) -> None:
    refuse(np.asarray(bad), f"{_WHERE}: {what}", remedy)
