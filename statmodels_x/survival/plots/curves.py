"""Predicted curves, with Kaplan-Meier curves and what else a figure of a trial needs."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x import plotting
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_flag, is_among, numeric_array
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.all_cause import BACKGROUND_KINDS
from statmodels_x.survival.inference.natural import levels_of
from statmodels_x.survival.inference.prediction import (
    ALL_CONTRASTS,
    PLAIN_KINDS,
    TIME_KINDS,
    Options,
    predict,
)
from statmodels_x.survival.plots.averaged import Curves, averages, is_average, thinned
from statmodels_x.survival.plots.overlays import (
    WITH_KAPLAN_MEIER,
    Data,
    check_groups,
    draw_at_risk,
    draw_kaplan_meier,
    draw_pohar_perme,
    draw_population,
    is_left_out,
    observed_curves,
)

_BACKGROUND_CURVES = tuple(kind for kind in BACKGROUND_KINDS if kind not in PLAIN_KINDS)
CURVES = (
    *TIME_KINDS,
    "quantile",
    *_BACKGROUND_CURVES,
    *(kind for kind in ALL_CONTRASTS if kind.rpartition("_")[0] not in PLAIN_KINDS),
)
_LABELS = {
    "survival": "Survival probability",
    "cumulative_hazard": "Cumulative hazard",
    "hazard": "Hazard",
    "density": "Density",
    "odds": "Odds of the event",
    "rmst": "Restricted mean time",
    "quantile": "Time",
    "net_survival": "Net survival probability",
    "net_hazard": "Net hazard",
    "net_rmst": "Net restricted mean time",
    "crude_disease": "Probability of death from the disease",
    "crude_other": "Probability of death from other causes",
    "life_years_lost": "Time lost to the disease",
    "expected_survival": "Expected survival probability",
}
_ESTIMATORS = {"kaplan_meier": "Kaplan-Meier", "pohar_perme": "Pohar Perme"}
_ALL_CAUSE = ("survival", "cumulative_hazard", "hazard", "density", "rmst")
_PROBABILITIES = ("survival", "net_survival", "expected_survival")
_PER_TIME = ("hazard", "density", "hazard_difference", "net_hazard", "net_hazard_difference")
_IN_TIME = tuple(
    base + how for base in ("rmst", "quantile", "net_rmst", "life_years_lost") for how in ("", "_difference")
)
_FROM_ZERO = (*WITH_KAPLAN_MEIER, "net_survival", "expected_survival")


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
    asked = None if at is None else np.sort(numeric_array(np.atleast_1d(np.asarray(at)), "at", "plot()"))
    options = Options(alpha, simultaneous=simultaneous)
    if is_average(fit, kind, newdata):
        if reference is not None:
            raise DataError(
                f'plot: kind="{kind}" of a model with a background compares means over the patients, `by` a covariate; '
                "a `reference` needs `newdata`, too."
            )
        times = thinned(fit, kind, _averaged_grid(fit, kind, by)) if asked is None else asked
        curves = averages(fit, kind, by, times, options)
    else:
        curves = _predicted(fit, kind, by, newdata, asked, reference, options)
        times = curves.times
    wanted = observed_curves(fit, kind, by, newdata, shown)
    if by is not None and (wanted or shown.at_risk):
        check_groups(fit, by, curves.levels, "at_risk" if shown.at_risk else wanted)
    ax = plotting.get_axes(ax)
    held = (
        [name for name in fit.facts.typical if name != by]
        if wanted and not is_average(fit, kind, newdata)
        else []
    )
    title = curves.title if shown.model else _title_of_data(wanted, by)
    if held and shown.model and newdata is None:
        _warn_of_all(held)
    drawn: list[tuple[bool, bool]] = []
    for k, (label, table) in enumerate(zip(curves.labels, curves.tables, strict=True)):
        if wanted:
            draw = draw_pohar_perme if wanted == "pohar_perme" else partial(draw_kaplan_meier, kind=kind)
            own = None if shown.model else label if by is not None else "all"
            drawn.append(
                draw(ax, fit, group=(by, curves.levels[k]), k=k, shown=shown, alpha=alpha, label=own)
            )
        if shown.model:
            lower, upper = table["lower"].to_numpy(), table["upper"].to_numpy()
            plotting.curve(ax, times, table["estimate"].to_numpy(), lower, upper, label, k)
    population = draw_population(ax, fit, kind, by, newdata, curves, times) if shown.model else None
    _scale_axes(ax, kind)
    band = f"{100 * (1 - alpha):g} % band of the model" if shown.model else None
    plotting.finish(ax, *axis_labels(fit, kind), title, _handles(wanted, drawn, population, band, alpha))
    if kind in ALL_CONTRASTS:  # its band may lie anywhere
        plotting.legend_at_top(ax, title=title)
    if shown.at_risk:
        draw_at_risk(ax, fit, by, curves.levels, curves.labels)
    return ax


def _handles(
    wanted: str, drawn: list[tuple[bool, bool]], population: str | None, band: str | None, alpha: float
) -> list[Any]:
    """Explain, where anything of the data or of a population is drawn, what that is and what is the model's."""
    if not drawn and not population:
        return []
    limits, marked = (any(column) for column in zip(*drawn, strict=True)) if drawn else (False, False)
    said = f"{100 * (1 - alpha):g} % interval" if limits else None
    name = f"{_ESTIMATORS[wanted]} (data)" if drawn and band else ""
    return plotting.data_handles(said, marked, name, population, band)


def _title_of_data(wanted: str, by: str | None) -> str:
    """Title of a legend of curves of the data alone."""
    return _ESTIMATORS[wanted] if by is None else f"{by}\n({_ESTIMATORS[wanted]})"


def _warn_of_all(held: list[str]) -> None:
    warn(
        f"plot: the curves of the model hold {', '.join(held)} at one value, while the step curves are of all patients "
        "of a group. Compare them with standardise(), or fit without these covariates.",
        DataWarning,
    )


def _predicted(
    fit: SurvivalFitted,
    kind: str,
    by: str | None,
    newdata: Any,
    asked: Array | None,
    reference: Any,
    options: Options,
) -> Curves:
    """Predict a curve for each row of new data, or each value of a covariate with the others held."""
    rows, labels, title = _curves(fit, by, newdata)
    if kind in ALL_CONTRASTS:
        rows, labels, reference, title = _against_reference(rows, labels, reference, by, title)
    levels = [None] * len(rows) if by is None else rows[by].tolist()
    times = _grid(fit, kind, rows, reference) if asked is None else asked
    tables = [predict(fit, rows.iloc[[k]], kind, times, reference, None, options) for k in range(len(rows))]
    return Curves(times, tables, labels, title, levels)


def _check_arguments(kind: str, reference: Any, shown: Data) -> None:
    """Refuse arguments that the kind of picture has no use for."""
    if reference is not None and kind not in ALL_CONTRASTS:
        raise DataError(f'plot: `reference` belongs to differences and ratios, not to kind="{kind}".')
    for name in ("kaplan_meier", "pohar_perme", "censored", "at_risk"):
        if getattr(shown, name) is not None:
            check_flag(name, getattr(shown, name))
    if shown.pohar_perme and kind != "net_survival":
        raise DataError(f'plot: `pohar_perme` belongs to kind="net_survival", not to "{kind}".')
    if not shown.model and (kind not in (*WITH_KAPLAN_MEIER, "net_survival") or is_left_out(kind, shown)):
        raise DataError(
            'plot: model=False leaves nothing to draw here; it belongs to kind="survival", "cumulative_hazard" and '
            '"net_survival" with curves of the data.'
        )
    if kind in WITH_KAPLAN_MEIER:
        return
    for name in ("kaplan_meier", "censored"):
        if getattr(shown, name):
            other = (
                "; `pohar_perme` draws what the data say of net survival" if kind == "net_survival" else ""
            )
            raise DataError(
                f'plot: `{name}` belongs to kind="survival" and "cumulative_hazard", not to "{kind}"{other}.'
            )
    if shown.at_risk and kind.startswith("quantile"):
        raise DataError(f'plot: `at_risk` belongs to curves over time, not to kind="{kind}".')


def _scale_axes(ax: Any, kind: str) -> None:
    if kind in _PROBABILITIES:
        ax.set_ylim(0.0, max(1.02, min(ax.get_ylim()[1], 1.3) if kind == "net_survival" else 1.02))
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
    base, _, how = kind.rpartition("_") if kind in ALL_CONTRASTS else (kind, "", "")
    text = _LABELS[base] + (f" {how}" if how else "")
    if base in _ALL_CAUSE and fit.specification.background is not None:
        text += ", all causes"
    if unit and kind in _PER_TIME:
        text += f" per {unit.removesuffix('s')}"
    elif unit and kind in _IN_TIME:
        text += f" ({unit})"
    if base == "quantile":
        return "Probability of the event", text
    return f"{name} ({unit})" if unit and unit.lower() != name.lower() else name, text


def _grid(fit: SurvivalFitted, kind: str, rows: pd.DataFrame, reference: Any) -> Array:
    """Space times to the end of follow-up, or probabilities of the event that all curves reach by then."""
    if not kind.startswith("quantile"):
        return _times(fit, kind)
    shown = rows if reference is None else pd.concat([rows, as_pandas(reference)])
    return _probabilities(predict(fit, shown, "survival", fit.facts.last_time)["estimate"].max())


def _averaged_grid(fit: SurvivalFitted, kind: str, by: str | None) -> Array:
    """Return the same for means over the patients."""
    if not kind.startswith("quantile"):
        return _times(fit, kind)
    end = averages(fit, "survival", by, np.array([fit.facts.last_time]), Options())
    return _probabilities(max(table["estimate"].max() for table in end.tables))


def _times(fit: SurvivalFitted, kind: str) -> Array:
    end = fit.facts.last_time
    return np.linspace(0.0 if kind in _FROM_ZERO else 0.01 * end, end, 200)


def _probabilities(left: float) -> Array:
    return np.linspace(0.01, max(min(0.99, 1.0 - left), 0.02), 99)


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
    levels = levels_of(fit, by)
    others = {name: value for name, value in typical.items() if name != by}
    frame = pd.DataFrame({by: levels}).assign(**others)
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
