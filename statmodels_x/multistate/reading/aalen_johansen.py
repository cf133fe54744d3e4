"""Aalen-Johansen: shares of the states without a model, from counts at each event time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from statmodels_x.core.typing import Array
from statmodels_x.multistate.specification import Graph


def aalen_johansen(rows: pd.DataFrame, graph: Graph, weight: Array | None = None) -> pd.DataFrame:
    """Product of (identity + increments of the Nelson-Aalen hazards) over the event times.

    Parameters
    ----------
    rows : DataFrame
        Of the container.
    graph : Graph
    weight : ndarray of shape (rows,), optional

    Returns
    -------
    DataFrame
        ``time`` and a column for each state; time 0 first, where all are in the start state.
    """
    weights = np.ones(len(rows)) if weight is None else weight
    place = {state: k for k, state in enumerate(graph.states)}
    start, stop, status = (rows[name].to_numpy() for name in ("start", "stop", "status"))
    event = (status == 1) & (weights > 0.0)
    times = np.unique(stop[event])
    increments = np.zeros((len(times), len(place), len(place)))
    for origin, to in graph.transitions:
        mine = ((rows["from"] == origin) & (rows["to"] == to)).to_numpy()
        at_risk = _at_risk(start[mine], stop[mine], weights[mine], times)
        here = mine & event
        happened = np.bincount(np.searchsorted(times, stop[here]), weights[here], len(times))
        with np.errstate(divide="ignore", invalid="ignore"):
            hazard = np.where(happened > 0.0, happened / at_risk, 0.0)
        increments[:, place[origin], place[to]] = hazard
        increments[:, place[origin], place[origin]] -= hazard
    shares = np.zeros((len(times) + 1, len(place)))
    shares[0, place[graph.start]] = 1.0
    for k, step in enumerate(increments):
        shares[k + 1] = shares[k] + shares[k] @ step
    frame = pd.DataFrame(shares, columns=list(graph.states))
    frame.insert(0, "time", np.concatenate([[0.0], times]))
    return frame


def _at_risk(start: Array, stop: Array, weight: Array, times: Array) -> Array:
    """Weight of the stays with start < t <= stop."""

    def before(edge: Array) -> Array:
        order = np.argsort(edge, kind="stable")
        summed = np.concatenate([[0.0], np.cumsum(weight[order])])
        found: Array = summed[np.searchsorted(edge[order], times, side="left")]
        return found

    return before(start) - before(stop)
