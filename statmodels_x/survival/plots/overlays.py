"""What the data show beside predicted curves: Kaplan-Meier, net survival without a model, numbers at risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from statmodels_x import plotting
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.product_limit import at_times, number_at_risk
from statmodels_x.core.typing import Array
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.observed import knows_paths, net_curve
from statmodels_x.survival.inference.residuals import kaplan_meier_curve, kaplan_meier_limits
from statmodels_x.survival.plots.averaged import Curves, expected, is_average
from statmodels_x.survival.reading.facts import are_counts

_MOST_MARKS = 500
_MOST_ROWS = 10_000  # of net survival without a model, whose time grows with their square
WITH_KAPLAN_MEIER = ("survival", "cumulative_hazard")


@dataclass(frozen=True)
class Data:
    """What a picture shows of the data, beside the curves.

    Attributes
    ----------
    kaplan_meier : bool or None
        Whether to draw Kaplan-Meier curves with their limits; None for where they belong.
    pohar_perme : bool or None
        Whether to draw net survival without a model; None for where it belongs.
    censored : bool or None
        Whether to mark censored times on them; None for where there are not too many.
    at_risk : bool
        Whether numbers at risk stand under the time axis.
    model : bool
        Whether the model's curves are drawn; without them what is drawn of the data stands alone.
    """

    kaplan_meier: bool | None = None
    pohar_perme: bool | None = None
    censored: bool | None = None
    at_risk: bool = False
    model: bool = True


def observed_curves(fit: SurvivalFitted, kind: str, by: str | None, newdata: Any, shown: Data) -> str:
    """Say which curve of the data estimates what is drawn: ``"kaplan_meier"``, ``"pohar_perme"``, or none."""
    name = "pohar_perme" if kind == "net_survival" else "kaplan_meier"
    asked = getattr(shown, name)
    if asked is None:
        asked = not shown.model or _belongs(fit, kind, by, newdata)
    return name if asked else ""


def is_left_out(kind: str, shown: Data) -> bool:
    """Whether the curve of the data is turned off."""
    return (shown.pohar_perme if kind == "net_survival" else shown.kaplan_meier) is False


def _belongs(fit: SurvivalFitted, kind: str, by: str | None, newdata: Any) -> bool:
    """Whether the curves are those of groups of patients, of whom the data have a curve of the same thing."""
    if newdata is not None or kind not in (*WITH_KAPLAN_MEIER, "net_survival") or fit.sample is None:
        return False
    if not fit.sample.response.is_right_censored:
        return False
    if is_average(fit, kind, newdata):  # of the patients of each group, whatever their covariates
        return by is None or by not in fit.facts.levels or _has_few_values(fit, by)
    if kind == "net_survival" and (fit.facts.used > _MOST_ROWS or not knows_paths(fit)):
        return False
    return not set(fit.facts.typical) - {by} and (by is None or _has_few_values(fit, by))


def _has_few_values(fit: SurvivalFitted, by: str) -> bool:
    return len(set(fit.need_sample().frame.data[by])) == len(fit.facts.levels[by])


def draw_population(
    ax: Any, fit: SurvivalFitted, kind: str, by: str | None, newdata: Any, curves: Curves, times: Array
) -> str | None:
    """Draw the expected survival of the patients of each curve, dotted, beside mean survival; return its name."""
    if kind != "survival" or not is_average(fit, kind, newdata):
        return None
    groups = by is None or bool(fit.need_sample().frame.data[by].isin(curves.levels).all())
    tables = expected(fit, by if groups else None, curves.levels, times)
    for k, table in enumerate(tables):
        colour = plotting.COLOURS[k % len(plotting.COLOURS)] if len(tables) > 1 else "0.25"
        ax.plot(times, table["estimate"], color=colour, **plotting.POPULATION)
    return "their population (expected)"


def _rows_of(fit: SurvivalFitted, by: str | None, level: Any, what: str) -> tuple[Surv, Array | None]:
    """Return the response and the weights of the patients of a curve."""
    sample = fit.need_sample(what)
    inside = np.ones(len(sample.response), bool)
    if by is not None:
        inside = (sample.frame.data[by] == level).to_numpy()
    weight = sample.own.weight
    return sample.response[inside], weight[inside] if len(weight) else None


def draw_kaplan_meier(
    ax: Any,
    fit: SurvivalFitted,
    kind: str,
    group: tuple[str | None, Any],
    k: int,
    shown: Data,
    alpha: float,
    label: str | None = None,
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
    marked = len(gone) > 0 and (len(gone) <= _MOST_MARKS if shown.censored is None else shown.censored)
    marks = at_times((times, values), gone)
    if kind != "survival":
        with np.errstate(divide="ignore"):
            values, marks, *limits = (-np.log(one) for one in (values, marks, *limits))
    lower, upper = limits or (None, None)
    plotting.step_curve(ax, times, values, label, k, lower, upper, alone=not shown.model)
    if marked:
        plotting.censoring_marks(ax, gone, marks, k)
    return bool(limits), marked


def draw_pohar_perme(
    ax: Any,
    fit: SurvivalFitted,
    group: tuple[str | None, Any],
    k: int,
    shown: Data,
    alpha: float,
    label: str | None = None,
) -> tuple[bool, bool]:
    """Draw net survival of a group without a model; return whether it has limits, and marks."""
    sample, (by, level) = fit.need_sample("net survival without a model"), group
    inside = np.ones(len(sample.response), bool)
    if by is not None:
        inside = (sample.frame.data[by] == level).to_numpy()
    curve = net_curve(fit, inside)
    lower, upper = curve.limits(alpha)
    plotting.step_curve(ax, curve.times, curve.survival, label, k, lower, upper, alone=not shown.model)
    return True, False


def check_groups(fit: SurvivalFitted, by: str, levels: list[Any], what: str) -> None:
    """Refuse curves at single values of a covariate with many: their patients are few or none."""
    data = fit.need_sample(what.replace("_", " ")).frame.data[by]
    if not data.isin(levels).all():
        raise DataError(
            f"plot: `{what}` needs groups of patients, and {by!r} has many values; cut it into a column of groups, or "
            "leave that out."
        )


def draw_at_risk(ax: Any, fit: SurvivalFitted, by: str | None, levels: list[Any], labels: list[str]) -> None:
    """Write the numbers at risk of the patients of each curve under the time axis."""
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
