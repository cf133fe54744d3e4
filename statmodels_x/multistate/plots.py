"""Results -> matplotlib axes: stacked shares, curves with bands, and the states with their counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from statmodels_x import plotting
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_flag, numeric_array
from statmodels_x.multistate.fitted import MultiStateFitted
from statmodels_x.multistate.inference.pictured import (
    WITH_SHARES,
    WITH_STATE,
    Curve,
    Pictured,
    pictured,
    shares,
)
from statmodels_x.multistate.specification import arrow

KINDS = ("occupancy", "incidence", "survival", "event_free", "stay", "hazard", "diagram")
_LABELS = {
    "occupancy": "State probability",
    "incidence": "Probability of having entered the state",
    "survival": "Survival probability",
    "event_free": "Event-free probability",
    "stay": "Expected time in the state",
    "hazard": "Hazard",
}


_DATA = "Aalen-Johansen (data)"
_SHADES = (0.85, 0.3)
"""How opaque the first and the last state are: shares are told apart in greyscale, too."""


def plot(
    fit: MultiStateFitted,
    kind: str,
    newdata: Any,
    at: ArrayLike | None,
    state: str | None,
    compared: bool | None,
    alpha: float,
    ax: Any,
) -> Any:
    """Draw a picture of a fit; see :meth:`MultiStateResults.plot`."""
    check_choice("kind", kind, KINDS, "plot()")
    _check_arguments(kind, newdata, at, state, compared)
    if kind == "diagram":
        return _diagram(fit, plotting.get_axes(ax))
    times = _grid(fit, kind, newdata) if at is None else _times(at)
    shown = pictured(fit, kind, newdata, times, state, compared, alpha)
    ax = plotting.get_axes(ax)
    return _stacked(fit, kind, shown, ax) if kind == "occupancy" else _curves(fit, kind, shown, alpha, ax)


def _times(at: ArrayLike) -> Array:
    times = np.unique(numeric_array(np.atleast_1d(np.asarray(at)), "at", "plot()"))
    if len(times) < 2:
        raise DataError("plot: `at` holds the times of a curve; give at least two different ones.")
    return times


def _check_arguments(kind: str, newdata: Any, at: Any, state: Any, compared: bool | None) -> None:
    """Refuse arguments that the kind of picture has no use for."""
    if state is not None and kind not in WITH_STATE:
        raise DataError(f'plot: `state` belongs to kind="incidence", "stay" and "hazard", not to "{kind}".')
    if compared is not None and check_flag("aalen_johansen", compared) and kind not in WITH_SHARES:
        raise DataError(f'plot: `aalen_johansen` does not belong to kind="{kind}".')
    if kind == "diagram" and (newdata is not None or at is not None):
        raise DataError('plot: kind="diagram" shows counts; `newdata` and `at` do not belong to it.')


def _grid(fit: MultiStateFitted, kind: str, newdata: Any) -> Array:
    """Space times to the end of follow-up; fewer where each is an average over many subjects."""
    end = fit.facts.last_time
    few = newdata is None and bool(fit.covariates)
    size = (21 if kind == "stay" else 61) if few and kind != "hazard" else 121
    return np.linspace(0.01 * end if kind == "hazard" else 0.0, end, size)


def _stacked(fit: MultiStateFitted, kind: str, shown: Pictured, ax: Any) -> Any:
    table, data = shown.curves[0].table, shown.curves[0].data
    wide = table.pivot(index="time", columns="state", values="estimate")[list(fit.states)]
    times, tops = wide.index.to_numpy(), wide.to_numpy().cumsum(axis=1)
    low = np.zeros(len(times))
    for k, (name, shade) in enumerate(zip(fit.states, np.linspace(*_SHADES, len(fit.states)), strict=True)):
        colour = plotting.COLOURS[k % len(plotting.COLOURS)]
        ax.fill_between(times, low, tops[:, k], color=colour, alpha=shade, linewidth=0, label=name)
        low = tops[:, k]
    if data is not None:
        observed = shares(fit, data)
        steps = observed[list(fit.states)].to_numpy().cumsum(axis=1)
        for k in range(len(fit.states) - 1):
            label = _DATA if k == 0 else None
            ax.step(observed["time"], steps[:, k], where="post", color="black", linewidth=1.0, label=label)
    ax.set_ylim(0.0, 1.0)
    ax.set_xlim(0.0, times.max())
    plotting.finish(ax, _time_label(fit), _LABELS[kind])
    _entitle(ax, shown.title)
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


def _curves(fit: MultiStateFitted, kind: str, shown: Pictured, alpha: float, ax: Any) -> Any:
    compared = False
    for k, one in enumerate(shown.curves):
        if one.data is not None:
            compared |= _draw_shares(ax, fit, kind, one, k)
        table = one.table
        lower, upper = table["lower"].to_numpy(), table["upper"].to_numpy()
        plotting.curve(ax, table["time"].to_numpy(), table["estimate"].to_numpy(), lower, upper, one.label, k)
    ax.set_xlim(left=0.0)
    ax.set_ylim(bottom=0.0)
    if kind in WITH_SHARES:
        ax.set_ylim(0.0, 1.02)
    data = (
        plotting.data_handles(None, False, _DATA, band=f"{100 * (1 - alpha):g} % band of the model")
        if compared
        else ()
    )
    plotting.finish(ax, _time_label(fit, kind), _value_label(fit, kind), shown.legend, data)
    _entitle(ax, shown.title)
    return ax


def _entitle(ax: Any, title: str | None) -> None:
    if title is not None:
        ax.set_title(title, fontsize="medium")


def _draw_shares(ax: Any, fit: MultiStateFitted, kind: str, one: Curve, k: int) -> bool:
    """Draw the Aalen-Johansen counterpart of a curve, where a state's share is what the kind is about."""
    assert one.data is not None
    observed, graph = shares(fit, one.data), fit.specification.graph
    if kind == "event_free":
        values = observed[graph.start]
    elif kind == "survival":
        values = observed[list(graph.transient)].sum(axis=1)
    else:
        name = str(one.table["state"].iloc[0])
        if name not in graph.absorbing:
            return False
        values = observed[name]
    plotting.step_curve(ax, observed["time"].to_numpy(), values.to_numpy(), None, k)
    return True


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
