"""One engine for every prediction: newdata and times in, a tidy frame with errors and intervals out.

Intervals are made on a scale without bounds (log cumulative hazard, log hazard, log time) by the delta method, or
by drawing coefficients from their estimated distribution; see ``quantities`` for what can be predicted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.data.columns import labelled, paired
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.resampling import generator
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import (
    check_choice,
    check_count,
    numeric_array,
    rows_text,
)
from statmodels_x.survival.background.rows import paths_of, years_in, years_per_unit
from statmodels_x.survival.distributions.parameters import CURE_KINDS, PARAMETERS
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.all_cause import BACKGROUND_KINDS, NEEDS_PATHS, QUANTITIES
from statmodels_x.survival.inference.limits import (
    Options,
    Wane,
    draw_inner,
    errors_of,
    intervals,
    refuse_average,
)
from statmodels_x.survival.inference.quantities import Quantity, difference, ratio
from statmodels_x.survival.inference.rows import Rows, Waning

TIME_KINDS = ("survival", "cumulative_hazard", "hazard", "density", "odds", "rmst")
PLAIN_KINDS = ("median", "mean", "cure_fraction")
_CONTRASTED = ("survival", "cumulative_hazard", "hazard", "odds", "rmst", "quantile", *PLAIN_KINDS)
_HOW = ("difference", "ratio")
CONTRASTS = tuple(f"{kind}_{how}" for kind in _CONTRASTED for how in _HOW)
KINDS = (*TIME_KINDS, "quantile", *PLAIN_KINDS, *CONTRASTS, "link")
"""Kinds of every fit; one with a background has more."""

_NOT_WANING = ("mean", "cure_fraction", "link", "expected_survival")
_DISCOUNTED = ("rmst", "net_rmst", "life_years_lost")
ALL_CONTRASTS = (*CONTRASTS, *(f"{kind}_{how}" for kind in BACKGROUND_KINDS for how in _HOW))
_ALL_KINDS = (*KINDS, *BACKGROUND_KINDS, *ALL_CONTRASTS[len(CONTRASTS) :])
_FROM_ZERO = (
    *("survival", "cumulative_hazard", "odds"),
    *("net_survival", "expected_survival", "relative_survival"),
)


def predict(
    fit: SurvivalFitted,
    newdata: Any,
    kind: str = "survival",
    at: ArrayLike | None = None,
    reference: Any = None,
    given: Any = None,
    options: Options = Options(),  # noqa: B008 - frozen
) -> pd.DataFrame:
    """Predict; see :meth:`FlexibleSurvivalResults.predict`."""
    check_choice("kind", kind, _ALL_KINDS, "predict()")
    if options.missing == "nan" and newdata is not None:
        complete = _complete(fit, newdata)
        if not complete.all():
            return _around_missing(fit, as_pandas(newdata), complete, kind, at, reference, given, options)
    if reference is not None and kind not in ALL_CONTRASTS and options.wane is None:
        raise DataError(f'predict: `reference` belongs to differences and ratios, not to kind="{kind}".')
    base, _, how = kind.rpartition("_") if kind in ALL_CONTRASTS else (kind, "", "")
    rows = rows_for(fit, base, newdata, given, options.discount)
    if kind == "link":
        refuse_average(kind, options)
        return _link_frame(fit, rows, options.alpha)
    values, column = points(base, at)
    grid = np.tile(values, len(rows.index))

    def quantity_of(one: SurvivalFitted) -> Callable[[Array], Quantity]:
        own = (
            rows
            if one is fit
            else rows_for(one, base, prediction_data(fit, newdata), given, options.discount)
        )
        other = _reference_rows(one, reference, own, kind) if how or options.wane else None
        if options.wane is not None and other is not None:
            own = with_waning(one, own, other, base, options.wane)
        return _quantity(base, grid, own, other if how else None, how)

    labels = {"row": rows.index.repeat(len(values))} | ({column: grid} if column else {})
    if options.draws:
        return _drawn(fit, quantity_of(fit), labels, options)
    frame = intervals(fit, quantity_of, options, len(values), base)
    for place, (name, label) in enumerate(labels.items()):
        frame.insert(place, name, label)
    return _with_remarks(fit, frame, rows, kind)


def _with_remarks(fit: SurvivalFitted, frame: pd.DataFrame, rows: Rows, kind: str) -> pd.DataFrame:
    """Say which predictions lie beyond the data, or beyond a life table."""
    if "time" in frame:
        grid = frame["time"].to_numpy()
        frame["extrapolated"] = grid > fit.facts.last_time
        if rows.background is not None:
            frame["background_held"] = rows.background.repeat(len(frame) // len(rows.index)).held(grid)
    if kind in ("median", "quantile"):
        frame["note"] = not_reached(fit, frame["estimate"])
    return frame


def with_waning(fit: SurvivalFitted, rows: Rows, control: Rows, kind: str, wane: Wane) -> Rows:
    """Return rows whose effect is lost to that of the control's.

    Warns
    -----
    DataWarning
        If the effect begins to be lost before the last event of the data, which then say something else.
    """
    if kind in _NOT_WANING:
        raise DataError(
            f'predict: `wane` has no kind="{kind}"; use survival, hazards, restricted means or quantiles.'
        )
    start, stop, frozen = wane
    if start < fit.facts.last_event:
        warn(
            f"predict: the effect wanes from {start:g} on, before the last event of the data "
            f"({fit.facts.last_event:g}), which were fitted without it",
            DataWarning,
        )
    return replace(rows, waning=Waning(start, stop, control, frozen))


def _drawn(
    fit: SurvivalFitted, quantity: Callable[[Array], Quantity], labels: dict[str, Any], options: Options
) -> pd.DataFrame:
    """Return the prediction under each of some drawn coefficients, the same ones for all rows, times and kinds."""
    draws = draw_inner(fit, options.draws, options.seed)
    size = len(labels["row"])
    wide = {name: np.tile(np.asarray(values), len(draws)) for name, values in labels.items()}
    values = np.concatenate([quantity(draw).estimate for draw in draws])
    return pd.DataFrame({"draw": np.repeat(np.arange(len(draws)), size), **wide, "value": values})


def rows_for(fit: SurvivalFitted, kind: str, newdata: Any, given: Any = None, discount: float = 0.0) -> Rows:
    """Build the rows that a kind of prediction needs, with the background where it does.

    Raises
    ------
    DataError
        If the kind is one of a background that the fit has not, or the background is not known for new rows.
    """
    source = fit.specification.background
    if source is None and kind in BACKGROUND_KINDS:
        raise DataError(
            f'predict: kind="{kind}" belongs to a model with a background, FlexibleSurvival(..., background=...).'
        )
    data = prediction_data(fit, newdata)
    rows = covariate_rows(fit, data, given)
    if discount:
        rows = replace(rows, discount=_continuous(fit, kind, discount))
    if source is None or kind not in NEEDS_PATHS:
        return rows
    per = years_per_unit(source, fit.facts.time_unit, fit.facts.last_time)
    return replace(rows, background=paths_of(source, data, per))


def _continuous(fit: SurvivalFitted, kind: str, discount: float) -> float:
    """Return a yearly discount as a continuous rate per unit of time."""
    if kind not in _DISCOUNTED:
        raise DataError(
            f'predict: `discount` belongs to time lived, {", ".join(_DISCOUNTED)}; kind="{kind}" has none.'
        )
    if not fit.facts.time_unit:
        raise DataError(
            "predict: `discount` is a rate per year, and the unit of time of this model is not known; give "
            'FlexibleSurvival(..., time_unit="years").'
        )
    return math.log1p(discount) * years_in(fit.facts.time_unit)


def _quantity(
    base: str, grid: Array, rows: Rows, reference: Rows | None, how: str
) -> Callable[[Array], Quantity]:
    """Return a prediction as a function of the coefficients: of rows, or of rows against others."""
    k = len(grid) // max(len(rows.index), 1)
    wide, other = rows.repeat(k), None if reference is None else reference.repeat(k)

    def quantity(theta: Array) -> Quantity:
        first = QUANTITIES[base](grid, wide.at(theta))
        if other is None:
            return first
        second = QUANTITIES[base](grid, other.at(theta))
        return difference(first, second) if how == "difference" else ratio(first, second)

    return quantity


def not_reached(fit: SurvivalFitted, times: pd.Series) -> list[str]:
    """Say of quantiles which of them the curve reaches only beyond the last event, or never."""
    return [
        "" if np.isnan(time) or time <= fit.facts.last_event else "not reached" for time in times.to_numpy()
    ]


def _complete(fit: SurvivalFitted, newdata: Any) -> NDArray[np.bool_]:
    """Whether each row has every covariate."""
    data = as_pandas(newdata)
    used = {name for spec in fit.design_specs.values() for name in spec.part.variables}
    present = [name for name in used if name in data.columns]
    return data[present].notna().to_numpy().all(axis=1) & ~_without_events(fit, data)


def _without_events(fit: SurvivalFitted, data: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows have a level in which no event was seen."""
    found = np.zeros(len(data), bool)
    for name, level, _ in fit.facts.aside:
        if name in data.columns:
            found |= (data[name] == level).fillna(False).to_numpy(bool)
    return found


def _around_missing(
    fit: SurvivalFitted,
    data: pd.DataFrame,
    complete: NDArray[np.bool_],
    kind: str,
    at: ArrayLike | None,
    reference: Any,
    given: Any,
    options: Options,
) -> pd.DataFrame:
    """Predict for the complete rows, and put rows of NaN where the others stand."""
    m = len(data)
    given = labelled(given, data.index, "given")
    if given is not None and np.size(given) == m:
        given = np.asarray(given)[complete]
    if reference is not None and len(as_pandas(reference)) == m and m > 1:
        reference = paired(as_pandas(reference), data.index)[complete]
    rows = np.flatnonzero(complete)
    if not len(rows):
        raise DataError("predict: every row misses a covariate.")
    table = predict(fit, data[complete], kind, at, reference, given, options)
    k = len(table) // len(rows)
    place = np.full(m, 0)
    place[rows] = np.arange(len(rows))
    if kind == "link":  # parameter by parameter
        wide = table.iloc[(np.arange(k)[:, None] * len(rows) + place).ravel()].reset_index(drop=True)
        labels, empty = np.tile(data.index, k), np.tile(~complete, k)
    else:
        wide = table.iloc[(place[:, None] * k + np.arange(k)).ravel()].reset_index(drop=True)
        labels, empty = data.index.repeat(k), np.repeat(~complete, k)
    wide["row"] = labels
    wide.loc[empty, ["estimate", "std_error", "lower", "upper"]] = np.nan
    if "note" in wide:
        wide.loc[empty, "note"] = ""
    return wide


def covariate_rows(fit: SurvivalFitted, newdata: Any, given: Any = None, inner: bool = True) -> Rows:
    """Build the linear predictors' columns for new rows; the training rows for None.

    With ``inner`` they are the columns that belong to ``fit.theta``, else those that belong to ``fit.params``.
    """
    data = prediction_data(fit, newdata)
    if fit.facts.aside:
        _refuse_without_events(fit, data)
    base = np.zeros((len(data), 5))
    matrices: list[Array | None] = []
    first = 0
    for j, parameter in enumerate(PARAMETERS):
        spec = fit.design_specs.get(parameter)
        if spec is None:
            base[:, j] = fit.specification.fixed.get(parameter, 0.0)
            matrices.append(None)
            continue
        matrix, base[:, j] = spec.rebuild(data)
        if inner and fit.inner is not None:
            matrix = fit.inner.columns.inside(matrix, slice(first, first + matrix.shape[1]))
        first += matrix.shape[1]
        matrices.append(matrix)
    cure = CURE_KINDS.index(fit.specification.cure_kind)
    return Rows(
        data.index,
        base,
        tuple(matrices),
        fit.theta if inner else fit.coefficients.to_numpy(),
        cure,
        _survived(labelled(given, data.index, "given"), len(data)),
        fit.specification.own_family,
        has_factor=fit.specification.background_factor,
    )


def _refuse_without_events(fit: SurvivalFitted, data: pd.DataFrame) -> None:
    for name, level, _ in fit.facts.aside:
        rows = (
            (data[name] == level).fillna(False).to_numpy(bool) if name in data.columns else np.zeros(0, bool)
        )
        if rows.any():
            raise DataError(
                f"newdata: {name!r} is {level!r} in {rows_text(rows)}, where the fit saw no event: its hazard is "
                'estimated as 0, without an error. Leave these rows out; predict(missing="nan") does.'
            )


def _survived(given: Any, m: int) -> Array:
    if given is None:
        return np.zeros(m)
    values = numeric_array(np.atleast_1d(np.asarray(given)), "given", "predict()")
    if len(values) not in (1, m):
        raise DataError(f"predict: `given` has {len(values)} values; give one, or one for each of {m} rows.")
    if not np.all((values >= 0.0) & np.isfinite(values)):
        raise DataError("predict: `given` is the time already survived: finite and not negative.")
    return np.broadcast_to(values, (m,)).copy()


def prediction_data(fit: SurvivalFitted, newdata: Any) -> pd.DataFrame:
    """Return the rows to predict for: new data, or those of the fit."""
    variables = {name for spec in fit.design_specs.values() for name in spec.part.variables}
    if newdata is not None:
        return as_pandas(newdata)
    if not variables and fit.specification.background is None:
        return pd.DataFrame(index=pd.RangeIndex(1))
    data: pd.DataFrame = fit.need_sample("a prediction without `newdata`").frame.data
    return data


def points(kind: str, at: ArrayLike | None) -> tuple[Array, str | None]:
    """Check times or probabilities; return them and the name of their column."""
    if kind in PLAIN_KINDS:
        return np.array([np.nan]), None
    if at is None:
        what = (
            "probabilities, such as at=[0.25, 0.5]" if kind == "quantile" else "times, such as at=[1, 2, 5]"
        )
        raise DataError(f'predict: kind="{kind}" needs `at`: {what}.')
    points = numeric_array(np.atleast_1d(np.asarray(at)), "at", "predict()")
    if not len(points) or np.isnan(points).any():
        raise DataError("predict: `at` is empty or holds missing values.")
    if kind == "quantile":
        if np.any((points <= 0.0) | (points >= 1.0)):
            raise DataError("predict: `at` holds a probability outside 0 and 1.")
        return points, "probability"
    from_zero = kind in _FROM_ZERO
    if np.any(points < 0.0 if from_zero else points <= 0.0) or np.isinf(points).any():
        raise DataError(
            f"predict: `at` holds times that are {'negative' if from_zero else 'not positive'} or infinite; "
            f'kind="{kind}" is defined for finite times {"from" if from_zero else "above"} 0.'
        )
    return points, "time"


def _reference_rows(fit: SurvivalFitted, reference: Any, rows: Rows, kind: str) -> Rows:
    if reference is None:
        raise DataError(
            f'predict: kind="{kind}" needs `reference`, a frame with the covariates to compare with.'
        )
    m, frame = len(rows.index), as_pandas(reference)
    if len(frame) not in (1, m):
        raise DataError(f"predict: `reference` has {len(frame)} rows; give one, or {m} as in newdata.")
    frame = frame.iloc[np.zeros(m, int)] if len(frame) < m else paired(frame, rows.index)
    # the background is that of the row: two arms differ in their treatment, not in their age
    own = covariate_rows(fit, frame, rows.given)
    return replace(own, background=rows.background, discount=rows.discount)


def _link_frame(fit: SurvivalFitted, rows: Rows, alpha: float) -> pd.DataFrame:
    frames = []
    eta = rows.eta
    for j, parameter in enumerate(PARAMETERS):
        if rows.matrices[j] is None:
            continue
        grad = np.zeros(eta.shape)
        grad[:, j] = 1.0
        jacobian = rows.jacobian(grad)
        error = errors_of(jacobian, fit.theta_covariance)
        critical = fit.reference.along(jacobian, np.sqrt(np.abs(np.diag(fit.theta_covariance)))).quantile(
            alpha
        )
        value = eta[:, j]
        columns = {"row": rows.index, "parameter": parameter, "estimate": value, "std_error": error}
        limits = {"lower": value - critical * error, "upper": value + critical * error}
        frames.append(pd.DataFrame({**columns, **limits}))
    return pd.concat(frames, ignore_index=True)


def simulate(fit: SurvivalFitted, newdata: Any, n: int, given: Any, seed: Any) -> pd.DataFrame:
    """Draw times; see :meth:`FlexibleSurvivalResults.simulate`."""
    check_count("n", n, 1)
    rows = rows_for(fit, "quantile", newdata, given)
    wide = rows.repeat(n)
    probability = generator(seed).uniform(size=len(wide.index))
    times = QUANTITIES["quantile"](probability, wide).estimate
    return pd.DataFrame({"row": wide.index, "draw": np.tile(np.arange(n), len(rows.index)), "time": times})
