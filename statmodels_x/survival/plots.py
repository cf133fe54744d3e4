"""Results -> matplotlib axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x import plotting
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice, check_flag, is_among, numeric_array
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.prediction import CONTRASTS, PLAIN_KINDS, TIME_KINDS, Options, predict
from statmodels_x.survival.inference.residuals import kaplan_meier_curve

_CURVES = (
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


def plot(
    fit: SurvivalFitted,
    kind: str,
    by: str | None,
    newdata: Any,
    at: ArrayLike | None,
    reference: Any,
    alpha: float,
    kaplan_meier: bool | None,
    simultaneous: bool,
    ax: Any,
) -> Any:
    """Draw predicted curves; see :meth:`FlexibleSurvivalResults.plot`."""
    check_choice("kind", kind, _CURVES, "plot()")
    _check_arguments(kind, reference, kaplan_meier)
    rows, labels, title = _curves(fit, by, newdata)
    times = (
        _grid(fit, kind)
        if at is None
        else np.sort(numeric_array(np.atleast_1d(np.asarray(at)), "at", "plot()"))
    )
    if kind in CONTRASTS:
        rows, labels, reference, title = _against_reference(rows, labels, reference, by, title)
    wanted = _wants_kaplan_meier(fit, kind, by, newdata) if kaplan_meier is None else kaplan_meier
    ax = plotting.get_axes(ax)
    options = Options(alpha, simultaneous=simultaneous)
    for k, label in enumerate(labels):
        if wanted:
            _draw_kaplan_meier(ax, fit, kind, by, None if by is None else rows[by].iloc[k], k)
        table = predict(fit, rows.iloc[[k]], kind, times, reference, None, options)
        lower, upper = table["lower"].to_numpy(), table["upper"].to_numpy()
        plotting.curve(ax, times, table["estimate"].to_numpy(), lower, upper, label, k)
    _scale_axes(ax, kind)
    return plotting.finish(ax, *_axis_labels(fit, kind), title)


def _check_arguments(kind: str, reference: Any, kaplan_meier: bool | None) -> None:
    """Refuse arguments that the kind of picture has no use for."""
    if reference is not None and kind not in CONTRASTS:
        raise DataError(f'plot: `reference` belongs to differences and ratios, not to kind="{kind}".')
    if (
        kaplan_meier is not None
        and check_flag("kaplan_meier", kaplan_meier)
        and kind not in _WITH_KAPLAN_MEIER
    ):
        raise DataError(
            f'plot: `kaplan_meier` belongs to kind="survival" and "cumulative_hazard", not to "{kind}".'
        )


def _scale_axes(ax: Any, kind: str) -> None:
    if kind == "survival":
        ax.set_ylim(0.0, 1.02)
    elif kind.endswith("_ratio"):
        ax.axhline(1.0, color="0.4", linewidth=0.8, linestyle=":")
        ax.set_yscale("log")
        _plain_log_ticks(ax)
    elif kind.endswith("_difference"):
        ax.axhline(0.0, color="0.4", linewidth=0.8, linestyle=":")
    else:
        ax.set_ylim(bottom=0.0)
    ax.set_xlim(left=0.0)


def _axis_labels(fit: SurvivalFitted, kind: str) -> tuple[str, str]:
    unit, name = fit.facts.time_unit, fit.facts.time_name.capitalize()
    base, _, how = kind.rpartition("_") if kind in CONTRASTS else (kind, "", "")
    text = _LABELS[base] + (f" {how}" if how else "")
    if unit and kind in _PER_TIME:
        text += f" per {unit.removesuffix('s')}"
    elif unit and kind in _IN_TIME:
        text += f" ({unit})"
    if base == "quantile":
        return "Probability of the event", text
    return f"{name} ({unit})" if unit else name, text


def _grid(fit: SurvivalFitted, kind: str) -> Any:
    if kind.startswith("quantile"):
        return np.linspace(0.01, 0.99, 99)
    end = fit.facts.last_time
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


def _draw_kaplan_meier(ax: Any, fit: SurvivalFitted, kind: str, by: str | None, level: Any, k: int) -> None:
    if fit.sample is None or not fit.sample.response.is_right_censored:
        raise DataError("plot: a Kaplan-Meier curve needs the data of the fit, exact or right-censored.")
    inside = np.ones(len(fit.sample.response), bool)
    if by is not None:
        inside = (fit.sample.frame.data[by] == level).to_numpy()
    response, weight = fit.sample.response[inside], fit.sample.arrays.weight
    times, values = kaplan_meier_curve(response, weight[inside] if len(weight) else None)
    with np.errstate(divide="ignore"):
        heights = values if kind == "survival" else -np.log(values)
    plotting.step_curve(ax, times, heights, "Kaplan-Meier" if k == 0 else None, k)


def _plain_log_ticks(ax: Any) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    ax.yaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def plot_residuals(fit: SurvivalFitted, kind: str, against: str | None, seed: int, ax: Any) -> Any:
    """Draw residuals; see :meth:`FlexibleSurvivalResults.plot_residuals`."""
    from statmodels_x.survival.inference.residuals import residuals

    check_choice("kind", kind, ("quantile", "cox-snell", "martingale", "deviance"), "plot_residuals()")
    if against is not None and kind in ("quantile", "cox-snell"):
        raise DataError(
            f'plot_residuals: `against` belongs to martingale and deviance residuals, not to "{kind}".'
        )
    values = np.asarray(residuals(fit, kind, seed), dtype=float)
    ax = plotting.get_axes(ax)
    if kind == "quantile":
        from scipy.special import ndtri

        expected = ndtri((np.arange(len(values)) + 0.5) / len(values))
        ax.plot(expected, np.sort(values), "o", markersize=3, color=plotting.COLOURS[0])
        ax.plot(expected, expected, color="0.4", linewidth=0.8)
        return plotting.finish(ax, "Standard normal quantile", "Quantile residual")
    if kind == "cox-snell":
        return _plot_cox_snell(ax, fit, values)
    return _plot_against(ax, fit, kind, values, against)


def _plot_cox_snell(ax: Any, fit: SurvivalFitted, values: Any) -> Any:
    from lifelines import NelsonAalenFitter

    event = fit.need_sample().response.code == 1
    table = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(values, event).cumulative_hazard_
    ax.step(table.index, table.iloc[:, 0], where="post", color=plotting.COLOURS[0])
    end = float(values.max())
    ax.plot([0.0, end], [0.0, end], color="0.4", linewidth=0.8)
    return plotting.finish(ax, "Cox-Snell residual", "Nelson-Aalen cumulative hazard")


def _plot_against(ax: Any, fit: SurvivalFitted, kind: str, values: Any, against: str | None) -> Any:
    sample = fit.need_sample()
    data = sample.frame.data
    if against is not None and against not in data.columns:
        raise DataError(f"plot_residuals: `against` is {against!r}, which is no column of this model.")
    x = sample.response.time if against is None else data[against]
    seen = sample.response.code == 1
    for inside, mark, label in ((seen, "o", "event"), (~seen, "x", "censored")):
        ax.plot(np.asarray(x)[inside], values[inside], mark, markersize=4, label=label, alpha=0.8)
    ax.axhline(0.0, color="0.4", linewidth=0.8)
    return plotting.finish(ax, against or _axis_labels(fit, "survival")[0], f"{kind.capitalize()} residual")
