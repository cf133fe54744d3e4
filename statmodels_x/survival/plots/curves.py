"""Predicted curves, with Kaplan-Meier curves and what else a figure of a trial needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x import plotting
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.product_limit import at_times, number_at_risk
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_flag, is_among, numeric_array
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.prediction import CONTRASTS, PLAIN_KINDS, TIME_KINDS, Options, predict
from statmodels_x.survival.inference.residuals import kaplan_meier_curve, kaplan_meier_limits
from statmodels_x.survival.reading.facts import are_counts

_MOST_MARKS = 500
CURVES = (
    *TIME_KINDS,
    "quantile",
    *(kind for kind in CONTRASTS if kind.rpartition("_")[0] not in PLAIN_KINDS),
)
_LABELS = {
    "survival": "Survival probability",
    "cumulative_hazard": "Cumulative hazard",
    "hazard": "Hazard",
    "density": "Density",
    "odds": "Odds of the event",
    "rmst": "Restricted mean time",
    "quantile": "Time",
}
_WITH_KAPLAN_MEIER = ("survival", "cumulative_hazard")
_PER_TIME = ("hazard", "density", "hazard_difference")
_IN_TIME = ("rmst", "quantile", "rmst_difference", "quantile_difference")


@dataclass(frozen=True)
class Data:
    """What a picture shows of the data, beside the curves.

    Attributes
    ----------
    kaplan_meier : bool or None
        Whether to draw Kaplan-Meier curves with their limits; None for where they belong.
    censored : bool or None
        Whether to mark censored times on them; None for where there are not too many.
    at_risk : bool
        Whether numbers at risk stand under the time axis.
    """

    kaplan_meier: bool | None = None
    censored: bool | None = None
    at_risk: bool = False


def plot_curves(
    fit: SurvivalFitted,
    kind: str,
    by: str | None,
    newdata: Any,
    at: ArrayLike | None,
    reference: Any,
    alpha: float,
    simultaneous: bool,
    shown: Data,
    ax: Any,
) -> Any:
    """Draw predicted curves; see :meth:`FlexibleSurvivalResults.plot`."""
    _check_arguments(kind, reference, shown)
    rows, labels, title = _curves(fit, by, newdata)
    if kind in CONTRASTS:
        rows, labels, reference, title = _against_reference(rows, labels, reference, by, title)
    times = (
        _grid(fit, kind, rows, reference)
        if at is None
        else np.sort(numeric_array(np.atleast_1d(np.asarray(at)), "at", "plot()"))
    )
    wanted = _wants_kaplan_meier(fit, kind, by, newdata) if shown.kaplan_meier is None else shown.kaplan_meier
    levels = [None] * len(rows) if by is None else rows[by].tolist()
    if by is not None and (wanted or shown.at_risk):
        _check_groups(fit, by, levels, "at_risk" if shown.at_risk else "kaplan_meier")
    ax = plotting.get_axes(ax)
    options = Options(alpha, simultaneous=simultaneous)
    drawn: list[tuple[bool, bool]] = []
    for k, label in enumerate(labels):
        if wanted:
            drawn.append(_draw_kaplan_meier(ax, fit, kind, (by, levels[k]), k, shown.censored, alpha))
        table = predict(fit, rows.iloc[[k]], kind, times, reference, None, options)
        lower, upper = table["lower"].to_numpy(), table["upper"].to_numpy()
        plotting.curve(ax, times, table["estimate"].to_numpy(), lower, upper, label, k)
    _scale_axes(ax, kind)
    handles = []
    if drawn:
        limits, marked = (any(column) for column in zip(*drawn, strict=True))
        handles = plotting.data_handles(f"{100 * (1 - alpha):g} % interval" if limits else None, marked)
    plotting.finish(ax, *axis_labels(fit, kind), title, handles)
    if kind in CONTRASTS:  # its band may lie anywhere
        plotting.legend_at_top(ax, title=title)
    if shown.at_risk:
        _draw_at_risk(ax, fit, by, levels, labels)
    return ax


def _check_arguments(kind: str, reference: Any, shown: Data) -> None:
    """Refuse arguments that the kind of picture has no use for."""
    if reference is not None and kind not in CONTRASTS:
        raise DataError(f'plot: `reference` belongs to differences and ratios, not to kind="{kind}".')
    for name in ("kaplan_meier", "censored", "at_risk"):
        if getattr(shown, name) is not None:
            check_flag(name, getattr(shown, name))
    if kind in _WITH_KAPLAN_MEIER:
        return
    for name in ("kaplan_meier", "censored"):
        if getattr(shown, name):
            raise DataError(
                f'plot: `{name}` belongs to kind="survival" and "cumulative_hazard", not to "{kind}".'
            )
    if shown.at_risk and kind.startswith("quantile"):
        raise DataError(f'plot: `at_risk` belongs to curves over time, not to kind="{kind}".')


def _scale_axes(ax: Any, kind: str) -> None:
    if kind == "survival":
        ax.set_ylim(0.0, 1.02)
    elif kind.endswith("_ratio"):
        ax.axhline(1.0, color="0.4", linewidth=0.8, linestyle=":")
        ax.set_yscale("log")
        plotting.plain_log_ticks(ax.yaxis)
    elif kind.endswith("_difference"):
        ax.axhline(0.0, color="0.4", linewidth=0.8, linestyle=":")
    else:
        ax.set_ylim(bottom=0.0)
    ax.set_xlim(left=0.0)


def axis_labels(fit: SurvivalFitted, kind: str) -> tuple[str, str]:
    """Name the axes of a kind of curve, with their units."""
    unit, name = fit.facts.time_unit, fit.facts.time_name.capitalize()
    base, _, how = kind.rpartition("_") if kind in CONTRASTS else (kind, "", "")
    text = _LABELS[base] + (f" {how}" if how else "")
    if unit and kind in _PER_TIME:
        text += f" per {unit.removesuffix('s')}"
    elif unit and kind in _IN_TIME:
        text += f" ({unit})"
    if base == "quantile":
        return "Probability of the event", text
    return f"{name} ({unit})" if unit and unit.lower() != name.lower() else name, text


def _grid(fit: SurvivalFitted, kind: str, rows: pd.DataFrame, reference: Any) -> Any:
    """Space times to the end of follow-up, or probabilities of the event that all curves reach by then."""
    end = fit.facts.last_time
    if kind.startswith("quantile"):
        shown = rows if reference is None else pd.concat([rows, as_pandas(reference)])
        left = predict(fit, shown, "survival", end)["estimate"].max()
        return np.linspace(0.01, max(min(0.99, 1.0 - left), 0.02), 99)
    start = 0.0 if kind in _WITH_KAPLAN_MEIER else 0.01 * end
    return np.linspace(start, end, 200)


def _curves(fit: SurvivalFitted, by: str | None, newdata: Any) -> tuple[pd.DataFrame, list[str], str | None]:
    """Covariate rows to draw, their labels, and the title of the legend."""
    typical = dict(fit.facts.typical)
    if newdata is not None:
        if by is not None:
            raise DataError("plot: give `by` or `newdata`, not both.")
        frame = as_pandas(newdata)
        return frame, [str(label) for label in frame.index], None
    if by is None:
        frame = pd.DataFrame({name: [value] for name, value in typical.items()}, index=[0])
        return frame, ["model" if not typical else _others(typical)], None
    if not is_among(by, typical):
        known = ", ".join(typical) or "none"
        raise DataError(
            f"plot: `by` is {by!r}, which is no covariate of this model; the covariates are: {known}."
        )
    levels = fit.facts.levels[by]
    others = {name: value for name, value in typical.items() if name != by}
    frame = pd.DataFrame({by: list(levels)}).assign(**others)
    return frame, [_text(level) for level in levels], by + (f"\n(at {_others(others)})" if others else "")


def _others(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {_text(value)}" for name, value in values.items())


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _against_reference(
    rows: pd.DataFrame, labels: list[str], reference: Any, by: str | None, title: str | None
) -> tuple[pd.DataFrame, list[str], Any, str | None]:
    if reference is not None:
        return rows, labels, reference, title
    if len(rows) < 2:
        raise DataError("plot: a comparison needs `by`, two rows of `newdata`, or a `reference`.")
    return rows.iloc[1:], [f"{label} vs {labels[0]}" for label in labels[1:]], rows.iloc[[0]], title


def _wants_kaplan_meier(fit: SurvivalFitted, kind: str, by: str | None, newdata: Any) -> bool:
    if newdata is not None or kind not in _WITH_KAPLAN_MEIER or fit.sample is None:
        return False
    others = set(fit.facts.typical) - {by}
    few = by is None or len(set(fit.sample.frame.data[by])) == len(fit.facts.levels[by])
    return not others and few and fit.sample.response.is_right_censored


def _rows_of(fit: SurvivalFitted, by: str | None, level: Any, what: str) -> tuple[Surv, Array | None]:
    """Return the response and the weights of the patients of a curve."""
    sample = fit.need_sample(what)
    inside = np.ones(len(sample.response), bool)
    if by is not None:
        inside = (sample.frame.data[by] == level).to_numpy()
    weight = sample.own.weight
    return sample.response[inside], weight[inside] if len(weight) else None


def _draw_kaplan_meier(
    ax: Any,
    fit: SurvivalFitted,
    kind: str,
    group: tuple[str | None, Any],
    k: int,
    censored: bool | None,
    alpha: float,
) -> tuple[bool, bool]:
    """Draw the curve of a group; return whether it has limits, for weights that count rows, and marks."""
    if fit.sample is None or not fit.sample.response.is_right_censored:
        raise DataError("plot: a Kaplan-Meier curve needs the data of the fit, exact or right-censored.")
    response, weight = _rows_of(fit, *group, "a Kaplan-Meier curve")
    times, values = kaplan_meier_curve(response, weight)
    limits: list[Array] = []
    if weight is None or are_counts(weight):
        limits = list(kaplan_meier_limits(response, weight, alpha))
    gone = np.unique(response.time[response.code != 1])
    marked = len(gone) > 0 and (len(gone) <= _MOST_MARKS if censored is None else censored)
    marks = at_times((times, values), gone)
    if kind != "survival":
        with np.errstate(divide="ignore"):
            values, marks, *limits = (-np.log(one) for one in (values, marks, *limits))
    plotting.step_curve(ax, times, values, None, k, *limits)
    if marked:
        plotting.censoring_marks(ax, gone, marks, k)
    return bool(limits), marked


def _check_groups(fit: SurvivalFitted, by: str, levels: list[Any], what: str) -> None:
    """Refuse curves at single values of a covariate with many: their patients are few or none."""
    data = fit.need_sample(what.replace("_", " ")).frame.data[by]
    if not data.isin(levels).all():
        raise DataError(
            f"plot: `{what}` needs groups of patients, and {by!r} has many values; cut it into a column of groups, or "
            "leave that out."
        )


def _draw_at_risk(ax: Any, fit: SurvivalFitted, by: str | None, levels: list[Any], labels: list[str]) -> None:
    groups = [_rows_of(fit, by, level, "numbers at risk") for level in levels]
    if by is None:
        groups, labels = groups[:1], ["all"]
    if not all(response.is_right_censored for response, _ in groups):
        raise DataError("plot: numbers at risk need exact or right-censored times.")

    def counts(ticks: Array) -> list[Array]:
        return [
            number_at_risk(ticks, one.time, weight, one.entry if one.has_entry else None)
            for one, weight in groups
        ]

    plotting.numbers_at_risk(ax, counts, labels)
