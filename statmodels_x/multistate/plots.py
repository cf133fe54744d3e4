"""Results -> matplotlib axes: stacked shares, curves with bands, and the states with their counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x import plotting
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_flag
from statmodels_x.multistate.fitted import MultiStateFitted
from statmodels_x.multistate.inference.prediction import Options, predict
from statmodels_x.multistate.reading.aalen_johansen import aalen_johansen as shares_of
from statmodels_x.multistate.specification import TRANSITION, arrow

KINDS = ("occupancy", "incidence", "survival", "event_free", "stay", "hazard", "diagram")
_LABELS = {
    "occupancy": "Share of the state",
    "incidence": "Ever entered",
    "survival": "Survival probability",
    "event_free": "Share without any event",
    "stay": "Expected time in the state",
    "hazard": "Hazard",
}
_WITH_STATE = ("incidence", "stay", "hazard")
_WITH_SHARES = ("occupancy", "incidence", "survival", "event_free")
_FEW = 12


def plot(
    fit: MultiStateFitted,
    kind: str,
    newdata: Any,
    at: ArrayLike | None,
    state: str | None,
    aalen_johansen: bool | None,
    alpha: float,
    ax: Any,
) -> Any:
    """Draw a picture of a fit; see :meth:`MultiStateResults.plot`."""
    check_choice("kind", kind, KINDS, "plot()")
    _check_arguments(kind, newdata, at, state, aalen_johansen)
    if kind == "diagram":
        return _diagram(fit, plotting.get_axes(ax))
    rows = _rows(fit, newdata)
    times = _grid(fit, kind) if at is None else np.sort(np.atleast_1d(np.asarray(at, float)))
    wanted = kind in _WITH_SHARES and (_can_compare(fit, rows) if aalen_johansen is None else aalen_johansen)
    if kind == "occupancy":
        if len(rows) > 1:
            raise DataError(
                'plot: kind="occupancy" is for one row of covariates; draw each on axes of its own.'
            )
        return _stacked(fit, rows, times, wanted, plotting.get_axes(ax))
    return _curves(fit, kind, rows, times, state, wanted, alpha, plotting.get_axes(ax))


def _check_arguments(kind: str, newdata: Any, at: Any, state: Any, aalen_johansen: bool | None) -> None:
    """Refuse arguments that the kind of picture has no use for."""
    if state is not None and kind not in _WITH_STATE:
        raise DataError(f'plot: `state` belongs to kind="incidence", "stay" and "hazard", not to "{kind}".')
    if (
        aalen_johansen is not None
        and check_flag("aalen_johansen", aalen_johansen)
        and kind not in _WITH_SHARES
    ):
        raise DataError(f'plot: `aalen_johansen` does not belong to kind="{kind}".')
    if kind == "diagram" and (newdata is not None or at is not None):
        raise DataError('plot: kind="diagram" shows counts; `newdata` and `at` do not belong to it.')


def _rows(fit: MultiStateFitted, newdata: Any) -> pd.DataFrame:
    names = [name for name in fit.specification.variables if name not in ("entered", TRANSITION)]
    if newdata is not None:
        return as_pandas(newdata)
    if names:
        raise DataError(f"plot: give `newdata`, a frame with the covariates {', '.join(names)}.")
    return pd.DataFrame(index=pd.RangeIndex(1))


def _grid(fit: MultiStateFitted, kind: str) -> Array:
    end = fit.facts.last_time
    return np.linspace(0.01 * end if kind == "hazard" else 0.0, end, 121)


def _covariates(fit: MultiStateFitted) -> list[str]:
    return [name for name in fit.specification.variables if name not in ("entered", TRANSITION)]


def _can_compare(fit: MultiStateFitted, rows: pd.DataFrame) -> bool:
    """Whether there are data whose covariates equal each row's."""
    if fit.sample is None:
        return False
    return all(fit.sample.rows[name].nunique() <= _FEW for name in _covariates(fit)) and all(
        len(_like(fit, rows.iloc[[i]])) for i in range(len(rows))
    )


def _like(fit: MultiStateFitted, row: pd.DataFrame) -> pd.DataFrame:
    data = fit.need_sample("an Aalen-Johansen estimate").rows
    same = np.ones(len(data), bool)
    for name in _covariates(fit):
        same &= (data[name] == row[name].iloc[0]).to_numpy()
    return data[same]


def _shares(fit: MultiStateFitted, row: pd.DataFrame) -> pd.DataFrame:
    found = _like(fit, row)
    if not len(found):
        raise DataError(
            "plot: no subject has the covariates of a row of `newdata`: give aalen_johansen=False."
        )
    weighted = fit.facts.weighted
    weight = None if weighted is None else found[weighted].to_numpy(float)
    return shares_of(found, fit.specification.graph, weight)


def _stacked(fit: MultiStateFitted, rows: pd.DataFrame, times: Array, wanted: bool, ax: Any) -> Any:
    table = predict(fit, rows, "occupancy", times)
    wide = table.pivot(index="time", columns="state", values="estimate")[list(fit.states)]
    tops = wide.to_numpy().cumsum(axis=1)
    shares = _shares(fit, rows) if wanted else None
    low = np.zeros(len(times))
    for k, name in enumerate(fit.states):
        colour = plotting.COLOURS[k % len(plotting.COLOURS)]
        ax.fill_between(times, low, tops[:, k], color=colour, alpha=0.5, linewidth=0, label=name)
        low = tops[:, k]
    if shares is not None:
        steps = shares[list(fit.states)].to_numpy().cumsum(axis=1)
        for k in range(len(fit.states) - 1):
            label = "Aalen-Johansen" if k == 0 else None
            ax.step(shares["time"], steps[:, k], where="post", color="black", linewidth=1.0, label=label)
    ax.set_ylim(0.0, 1.0)
    ax.set_xlim(0.0, times.max())
    plotting.finish(ax, _time_label(fit), _LABELS["occupancy"])
    handles, labels = ax.get_legend_handles_labels()
    order = [*range(len(fit.states))][::-1] + list(range(len(fit.states), len(labels)))
    ax.legend(
        [handles[k] for k in order],
        [labels[k] for k in order],
        frameon=False,
        loc="upper left",
        bbox_to_anchor=(1, 1),
    )
    return ax


def _curves(
    fit: MultiStateFitted,
    kind: str,
    rows: pd.DataFrame,
    times: Array,
    state: str | None,
    wanted: bool,
    alpha: float,
    ax: Any,
) -> Any:
    table = predict(fit, rows, kind, times, None, Options(alpha=alpha))
    column = next((name for name in ("state", "transition") if name in table), None)
    if column is not None:
        table = _one_state(table, column, state, len(rows))
    drawn = [column] if column is not None and len(rows) == 1 else ["row"]
    for k, (label, part) in enumerate(table.groupby(drawn[0], sort=False, observed=True)):
        row = rows if drawn[0] != "row" else rows.iloc[[k]]
        name = (
            None
            if len(rows) == 1 and column is None
            else _row_label(rows, k)
            if drawn[0] == "row"
            else str(label)
        )
        if wanted:
            _draw_shares(ax, fit, kind, row, part, column, k)
        lower, upper = part["lower"].to_numpy(), part["upper"].to_numpy()
        plotting.curve(ax, part["time"].to_numpy(), part["estimate"].to_numpy(), lower, upper, name, k)
    ax.set_xlim(left=0.0)
    ax.set_ylim(bottom=0.0)
    if kind in _WITH_SHARES:
        ax.set_ylim(0.0, 1.02)
    title = state if column is not None and len(rows) > 1 else None
    return plotting.finish(ax, _time_label(fit, kind), _value_label(fit, kind), title)


def _one_state(table: pd.DataFrame, column: str, state: str | None, m: int) -> pd.DataFrame:
    names = list(dict.fromkeys(table[column]))
    if state is None:
        if m > 1:
            raise DataError(f"plot: several rows need `state`, the one to draw among {', '.join(names)}.")
        return table
    check_choice("state", state, names, "plot()")
    return table[table[column] == state]


def _draw_shares(
    ax: Any,
    fit: MultiStateFitted,
    kind: str,
    row: pd.DataFrame,
    part: pd.DataFrame,
    column: str | None,
    k: int,
) -> None:
    """Draw the Aalen-Johansen counterpart of a curve, where a state's share is what the kind is about."""
    shares, graph = _shares(fit, row), fit.specification.graph
    if kind == "event_free":
        values = shares[graph.start]
    elif kind == "survival":
        values = shares[list(graph.transient)].sum(axis=1)
    else:
        name = str(part[column].iloc[0])
        if name not in graph.absorbing:
            return
        values = shares[name]
    plotting.step_curve(ax, shares["time"].to_numpy(), values.to_numpy(), None, k)


def _row_label(rows: pd.DataFrame, k: int) -> str:
    varying = [name for name in rows.columns if rows[name].nunique() > 1]
    if not varying:
        return str(rows.index[k])
    if len(varying) == 1:
        return str(rows[varying[0]].iloc[k])
    return ", ".join(f"{name} {rows[name].iloc[k]}" for name in varying)


def _time_label(fit: MultiStateFitted, kind: str = "occupancy") -> str:
    unit = fit.facts.time_unit
    what = "Horizon" if kind == "stay" else "Time on the transition's clock" if kind == "hazard" else "Time"
    return f"{what} ({unit})" if unit else what


def _value_label(fit: MultiStateFitted, kind: str) -> str:
    unit = fit.facts.time_unit
    if unit and kind == "stay":
        return f"{_LABELS[kind]} ({unit})"
    if unit and kind == "hazard":
        return f"{_LABELS[kind]} per {unit.removesuffix('s')}"
    return _LABELS[kind]


def _diagram(fit: MultiStateFitted, ax: Any) -> Any:
    """Draw the states from left to right by their distance from the start, final ones lowest."""
    graph, counts = fit.specification.graph, fit.facts.counts.set_index("transition")
    depth = {
        state: max((len(p) for p in graph.paths(graph.start, state)), default=1) - 1 for state in graph.states
    }
    last = max(depth.values())
    column = {state: last if state in graph.absorbing else depth[state] for state in graph.states}
    places: dict[str, tuple[float, float]] = {}
    for step in range(last + 1):
        here = [state for state in graph.states if column[state] == step]
        for k, state in enumerate(here):
            lift = 0.55 if 0 < step < last else 0.0
            places[state] = (float(step), lift + 0.5 * (len(here) - 1) - k)
    boxes = {}
    for state, (x, y) in places.items():
        frame = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": plotting.COLOURS[0]}
        text = ax.text(x, y, state, ha="center", va="center", fontsize=11, zorder=3, bbox=frame)
        boxes[state] = text.get_bbox_patch()
    for origin, to in graph.transitions:
        count = str(int(counts.loc[arrow(origin, to), "events"]))
        _arrow(ax, (places[origin], places[to]), (boxes[origin], boxes[to]), count)
    heights = [y for _, y in places.values()]
    ax.set_xlim(-0.4, last + 0.4)
    ax.set_ylim(min(heights) - 0.5, max(heights) + 0.5)
    ax.axis("off")
    return ax


def _arrow(
    ax: Any, ends: tuple[tuple[float, float], tuple[float, float]], boxes: tuple[Any, Any], text: str
) -> None:
    (x, y), (to_x, to_y) = ends
    look = {"arrowstyle": "-|>", "patchA": boxes[0], "patchB": boxes[1], "shrinkA": 2, "shrinkB": 2}
    ax.annotate("", xy=(to_x, to_y), xytext=(x, y), arrowprops={**look, "color": "0.3", "linewidth": 1.3})
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    ax.text(0.5 * (x + to_x), 0.5 * (y + to_y), text, ha="center", va="center", fontsize=9, bbox=box)
