"""Rows of the kind that R's mstate makes -> checked rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.events import check_event_times, event_status, refuse
from statmodels_x.core.data.frames import check_columns, label_column
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import numeric_array, rows_text
from statmodels_x.multistate.specification import Graph, arrow

_WHERE = "MultiStateData"


def long_rows(
    frame: pd.DataFrame, columns: Mapping[str, str], names: Mapping[Any, str] | None
) -> pd.DataFrame:
    """Read the columns that the model needs, under their own names, in the order of the frame."""
    check_columns(frame, columns.values(), "data")
    found: dict[str, Any] = {"id": label_column(frame, columns["id"], "data").to_numpy()}
    if pd.isna(found["id"]).any():
        raise DataError(f"MultiStateData: '{columns['id']}' is missing in {rows_text(pd.isna(found['id']))}.")
    for key in ("from", "to"):
        found[key] = _labels(frame[columns[key]], columns[key], names)
    for key in ("start", "stop", *(["entered"] if "entered" in columns else [])):
        found[key] = numeric_array(frame[columns[key]], columns[key], _WHERE)
        unknown = {} if key == "entered" else {"missing": "drop or correct the rows"}
        check_event_times(
            found[key],
            columns[key],
            _WHERE,
            infinite="drop or correct the rows",
            negative="times are measured from 0",
            **unknown,
        )
    found["status"] = event_status(
        frame[columns["status"]], columns["status"], _WHERE, unseen="did not happen"
    )
    _refuse(np.isnan(found["status"]), f"'{columns['status']}' is missing", "drop or correct the rows")
    rows = pd.DataFrame(found)
    _refuse(
        (rows["start"] >= rows["stop"]).to_numpy(),
        f"'{columns['start']}' is not before '{columns['stop']}'",
        "a stay of no time has no row: part tied times by half of the finest step of the record (0.5 for whole "
        "numbers)",
    )
    return rows.assign(status=rows["status"].astype(int))


def _labels(series: pd.Series, name: str, names: Mapping[Any, str] | None) -> NDArray[Any]:
    if series.isna().any():
        raise DataError(f"MultiStateData: '{name}' is missing in {rows_text(series.isna().to_numpy())}.")
    if names is None:
        return series.astype(str).to_numpy(object)
    known = {str(key): str(value) for key, value in names.items()}
    labels = series.astype(str).map(known)
    if labels.isna().any():
        unknown = series[labels.isna()].iloc[0]
        raise DataError(f"MultiStateData: '{name}' holds {unknown!r}, which `names` does not name.")
    return labels.to_numpy(object)


def long_graph(rows: pd.DataFrame, names: Mapping[Any, str] | None, start: str | None) -> Graph:
    """Return the graph of the transitions that have rows; the start is the state that no transition leads to."""
    pairs = list(dict.fromkeys(zip(rows["from"], rows["to"], strict=True)))
    seen = list(dict.fromkeys(state for pair in pairs for state in pair))
    states = [str(name) for name in names.values() if str(name) in seen] if names else seen
    order = {state: k for k, state in enumerate(states)}
    pairs.sort(key=lambda pair: (order[pair[0]], order[pair[1]]))
    if start is None:
        first = [state for state in states if state not in {to for _, to in pairs}]
        if len(first) > 1:
            raise DataError(
                f"MultiStateData: no transition leads to {' or '.join(first)}; say which is the first with `first=`."
            )
        start = first[0] if first else states[0]
    return Graph.of(states, pairs, start)


def checked_stays(rows: pd.DataFrame, graph: Graph) -> pd.DataFrame:
    """Check that each stay has a row for each way out of its state, and add when the state was entered.

    Raises
    ------
    DataError
        If competitors are missing or doubled, stays overlap, or do not go on where the last event led.
    """
    keys = ["id", "from", "start", "stop"]
    doubled = rows.duplicated([*keys, "to"], keep=False).to_numpy()
    _refuse(
        doubled,
        "a stay has two rows for the same transition",
        "keep one: each way out of a state has one row",
    )
    wanted = rows["from"].map({state: len(graph.out_of(state)) for state in graph.states})
    groups = rows.groupby(keys, sort=False, observed=True)
    few = (groups["to"].transform("size") < wanted).to_numpy()
    if few.any():
        at = rows[few].iloc[0]
        there = rows[(rows[keys] == at[keys]).all(axis=1)]["to"].tolist()
        lost = [arrow(at["from"], to) for to in graph.out_of(at["from"]) if to not in there]
        _refuse(
            few,
            f"the row of a competing transition is missing ({lost[0]} for {at['id']})",
            "each stay needs a row for each way out of its state (status 0 for what did not happen): hazards would "
            "be too high without",
        )
    many = (groups["status"].transform("sum") > 1).to_numpy()
    _refuse(many, "a stay ends with more than one event", "at most one of its rows has status 1")
    return _with_entry(rows, graph)


def _with_entry(rows: pd.DataFrame, graph: Graph) -> pd.DataFrame:
    rows = rows.assign(_row=np.arange(len(rows)))
    ends = rows[rows["status"] == 1].set_index(["id", "from", "start"])["to"]
    stays = rows.drop_duplicates(["id", "from", "start"]).sort_values(["id", "start"], kind="stable")
    target = stays.set_index(["id", "from", "start"]).index
    stays = stays.assign(_to=ends.reindex(target).to_numpy())
    before = stays[["id", "from", "stop", "_to"]].shift()
    same = (before["id"] == stays["id"]).to_numpy()
    overlap = same & (before["stop"] > stays["start"]).to_numpy()
    _refuse_at(stays, overlap, "stays overlap", "a subject is in one state at a time")
    gone, led = before["_to"].notna().to_numpy(), before["_to"].to_numpy()
    expected = np.where(gone, led, before["from"])
    astray = same & (expected != stays["from"].to_numpy())
    _refuse_at(stays, astray, "a stay is not in the state that the last one led to", "correct the rows")
    gap = same & gone & (before["stop"] != stays["start"]).to_numpy()
    _refuse_at(stays, gap, "a stay does not begin when the last one ended", "correct the times")
    if "entered" not in stays:
        at_start = (stays["from"] == graph.start).to_numpy()
        fresh = ~same | gone
        known = np.where(fresh, np.where(same, stays["start"], np.where(at_start, 0.0, np.nan)), np.nan)
        known = np.where(~same & (stays["start"] == 0.0), 0.0, known)
        run = np.cumsum(fresh)
        stays = stays.assign(entered=pd.Series(known, stays.index).groupby(run).transform("first"))
        late = fresh & np.isnan(known)
        stays.loc[pd.Series(run, stays.index).isin(run[late]), "entered"] = np.nan
    entered = stays.set_index(["id", "from", "start"])["entered"]
    values = entered.reindex(rows.set_index(["id", "from", "start"]).index).to_numpy()
    return rows.assign(entered=values).drop(columns="_row")


def _refuse_at(stays: pd.DataFrame, bad: NDArray[np.bool_], what: str, remedy: str) -> None:
    if bad.any():
        rows = stays["_row"].to_numpy()
        marked = np.zeros(int(rows.max()) + 1, bool)
        marked[rows[bad]] = True
        _refuse(marked, what, remedy)


def _refuse(bad: NDArray[np.bool_], what: str, remedy: str) -> None:
    refuse(bad, f"{_WHERE}: {what}", remedy)
