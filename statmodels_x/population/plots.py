"""Pictures of a fit: courses with counts and bands, phase plane, residuals, age classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from statmodels_x import plotting
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice, check_number
from statmodels_x.population.course.courses import course
from statmodels_x.population.course.problem import class_places
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.fitting.diagnostics import node_times
from statmodels_x.population.inference.diagnostics import residuals
from statmodels_x.population.inference.prediction import predict
from statmodels_x.population.inference.totals import FARTHEST
from statmodels_x.population.specification import ODE

_MARKS = ("o", "s", "^", "D", "v", "P")
_POINTS = 200


def plot(
    fit: InteractionFitted,
    kind: str,
    until: float | None,
    alpha: float,
    interval: str,
    culture: Any,
    ax: Any,
) -> Any:
    """See :meth:`InteractionResults.plot`."""
    check_choice("kind", kind, ("course", "phase", "residuals", "classes"), "plot()")
    fit.need_sample("plot()")
    c = _culture(fit, culture)
    last = _last_time(fit, c, until)
    if kind == "course":
        return _plot_course(fit, c, last, alpha, interval, plotting.get_axes(ax))
    if kind == "phase":
        return _plot_phase(fit, c, last, plotting.get_axes(ax))
    if kind == "residuals":
        return _plot_residuals(fit, c, plotting.get_axes(ax))
    return _plot_classes(fit, c, plotting.get_axes(ax))


def _culture(fit: InteractionFitted, culture: Any) -> int:
    labels = list(fit.machinery.facts.cultures)
    if fit.machinery.facts.culture_name is None:
        return 0
    if culture not in labels:
        raise DataError(f"plot(): `culture` is {culture!r}; choose one of {', '.join(map(repr, labels))}.")
    return labels.index(culture)


def _last_time(fit: InteractionFitted, c: int, until: float | None) -> float:
    if until is None:
        return float(fit.machinery.facts.last[c])
    first, step = float(fit.machinery.facts.origin[c]), fit.machinery.facts.step
    return check_number("until", until, low=first, high=first + step * FARTHEST)


def time_grid(fit: InteractionFitted, c: int, last: float) -> Any:
    """Return the times at which a course is drawn: the steps of a recursion, a fine grid of a flow."""
    first, step = fit.machinery.facts.origin[c], fit.machinery.facts.step
    if fit.machinery.problem.kind == ODE:
        return np.linspace(first, last, _POINTS)
    return first + step * np.arange(int(np.floor((last - first) / step + 1e-6)) + 1)


def _time_label(fit: InteractionFitted) -> str:
    name, unit = fit.machinery.facts.time_name, fit.machinery.facts.time_unit
    label = name[:1].upper() + name[1:]
    return f"{label} ({unit})" if unit and unit.rstrip("s") != name.rstrip("s") else label


def _finish(fit: InteractionFitted, ax: Any, ylabel: str) -> Any:
    """Label axes over time; no fractions of a year or a day where the times have none."""
    if np.all(fit.sample.time == np.round(fit.sample.time)):
        plotting.whole_ticks(ax.xaxis)
    return plotting.finish(ax, _time_label(fit), ylabel)


def _with_unit(fit: InteractionFitted, label: str) -> str:
    return f"{label} ({fit.machinery.facts.count_unit})" if fit.machinery.facts.count_unit else label


def _counts() -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none", marker="o", markersize=4, color="0.4", label="counts (data)")


def _title(fit: InteractionFitted, c: int, ax: Any) -> None:
    if fit.machinery.facts.culture_name is not None:
        ax.set_title(str(fit.machinery.facts.cultures[c]), loc="left")


def _table(fit: InteractionFitted, c: int, times: Any, alpha: float, interval: str) -> Any:
    import pandas as pd

    new = pd.DataFrame({fit.machinery.facts.time_name: times})
    if fit.machinery.facts.culture_name is not None:
        new[fit.machinery.facts.culture_name] = [fit.machinery.facts.cultures[c]] * len(times)
    return predict(fit, new, None, alpha, interval)[0]  # what has ended is seen in the picture


def _plot_course(fit: InteractionFitted, c: int, last: float, alpha: float, interval: str, ax: Any) -> Any:
    times = time_grid(fit, c, last)
    table = _table(fit, c, times, alpha, interval)
    rows = fit.sample.culture == c
    for s, name in enumerate(fit.species):
        if not fit.machinery.problem.present[c, s]:
            continue
        band = table[name]
        plotting.curve(
            ax,
            times,
            band["estimate"].to_numpy(),
            band["lower"].to_numpy(),
            band["upper"].to_numpy(),
            name,
            s,
        )
        ax.plot(
            fit.sample.time[rows], fit.sample.counts[rows, s], _MARKS[s], color=plotting.COLOURS[s], markersize=4,
            markerfacecolor="white" if s else None,
        )  # fmt: skip
    end = fit.sample.time[rows].max()
    if last > end:
        ax.axvline(end, color="0.5", linewidth=0.8, linestyle=":")
        ax.annotate("forecast", (end, 1.0), xycoords=("data", "axes fraction"), xytext=(4, 2),
                    textcoords="offset points",
                    va="bottom", fontsize="small", color="0.35")  # fmt: skip
    observed = fit.sample.counts[rows][:, fit.machinery.problem.present[c]]
    top = 1.15 * max(np.nanmax(observed), np.nanmax(table.xs("estimate", axis=1, level=1).to_numpy()))
    bottom = min(0.0, 1.05 * float(np.nanmin(table.xs("estimate", axis=1, level=1).to_numpy())))
    ax.set_ylim(bottom, top)
    _finish(fit, ax, _with_unit(fit, "Total"))
    plotting.legend_at_top(ax, more=[_counts()])
    _title(fit, c, ax)
    return ax


def _plot_phase(fit: InteractionFitted, c: int, last: float, ax: Any) -> Any:
    if len(fit.species) != 2 or not fit.machinery.problem.present[c].all():
        raise DataError('plot(): kind="phase" needs a culture of two species.')
    times = time_grid(fit, c, last)
    table = _table(fit, c, times, 0.05, "confidence")
    x, y = (table[name, "estimate"] for name in fit.species)
    rows = fit.sample.culture == c
    ax.plot(x, y, color=plotting.COLOURS[0], linewidth=1.9, label="fit")
    ax.plot(
        *fit.sample.counts[rows].T, "o", markersize=4, color=plotting.COLOURS[1], alpha=0.8, label="counts"
    )
    ax.plot(
        x.iloc[:1],
        y.iloc[:1],
        "D",
        color=plotting.COLOURS[0],
        markersize=6,
        label=f"{fit.machinery.facts.time_name} {times[0]:.10g}",
    )
    _title(fit, c, ax)
    return plotting.finish(ax, _with_unit(fit, fit.species[0]), _with_unit(fit, fit.species[1]))


def _plot_residuals(fit: InteractionFitted, c: int, ax: Any) -> Any:
    rows = fit.sample.culture == c
    values = residuals(fit, "pearson").to_numpy()
    for s, name in enumerate(fit.species):
        if fit.machinery.problem.present[c, s]:
            ax.plot(
                fit.sample.time[rows], values[rows, s], marker=_MARKS[s], markersize=4, linewidth=0.8, label=name,
                **plotting.style(s),
            )  # fmt: skip
    ax.axhline(0.0, color="0.4", linewidth=0.8)
    _finish(fit, ax, "Residual (standard deviations)")
    plotting.legend_at_top(ax)
    _title(fit, c, ax)
    return ax


def _plot_classes(fit: InteractionFitted, c: int, ax: Any) -> Any:
    states, _, _ = course(fit.machinery.problem, fit.machinery.estimate.theta, c)
    times = node_times(fit.machinery.facts, fit.machinery.problem, c)
    for values, (s, label) in zip(states.T, class_places(fit.machinery.problem.ages), strict=True):
        if fit.machinery.problem.present[c, s]:
            ax.plot(times, values, marker=_MARKS[s], markersize=3, color=plotting.COLOURS[s],
                    linestyle=plotting.DASHES[label % 5], label=f"{fit.species[s]}, class {label + 1}")  # fmt: skip
    ax.axhline(0.0, color="0.4", linewidth=0.8)
    _title(fit, c, ax)
    ax = _finish(fit, ax, _with_unit(fit, "Members of the class"))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize="small")
    return ax
