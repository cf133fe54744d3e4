"""Calibration: what the Kaplan-Meier curve shows beside what the model says of the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.columns import in_order
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.product_limit import at_times
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha, check_count, check_number, is_among
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.prediction import predict
from statmodels_x.survival.inference.residuals import kaplan_meier_curve, kaplan_meier_limits
from statmodels_x.survival.inference.scores import outcomes
from statmodels_x.survival.inference.standardisation import standardise


def over_time(fit: SurvivalFitted, by: str | None) -> pd.DataFrame:
    """Compare the curves at every event time; see :meth:`FlexibleSurvivalResults.calibration`."""
    data, response, weight = _sample(fit)
    frames = []
    for level, inside in _levels(data, by):
        part, own = response[inside], None if weight is None else weight[inside]
        curve = kaplan_meier_curve(part, own)
        times = np.unique(part.time[part.code == 1])
        fitted = standardise(fit, "survival", at=times, over=data[inside], weights=own)
        frame = pd.DataFrame({"time": times, "kaplan_meier": at_times(curve, times)})
        frame["fitted"] = fitted["estimate"].to_numpy()
        frame["lower"], frame["upper"] = fitted["lower"].to_numpy(), fitted["upper"].to_numpy()
        frame["difference"] = frame["kaplan_meier"] - frame["fitted"]
        if by is not None:
            frame.insert(0, by, [level] * len(frame))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def in_groups(
    fit: SurvivalFitted, at: float, by: str | None, groups: int, newdata: Any, alpha: float
) -> pd.DataFrame:
    """Compare them at one time in groups; see :meth:`FlexibleSurvivalResults.calibration`."""
    check_alpha(alpha)
    horizon = check_number("at", at, low=0.0, high=np.inf)
    data, response, weight = _sample(fit) if newdata is None else (*outcomes(fit, newdata), None)
    predicted = predict(fit, data, "survival", horizon)["estimate"].to_numpy()
    cut = check_count("groups", groups, 1)
    parts = _by_prediction(predicted, cut) if by is None else _levels(data, by)
    rows = []
    for level, inside in parts:
        own = None if weight is None else weight[inside]
        row = {"group" if by is None else by: level, "n": int(inside.sum())}
        row |= {"predicted": float(np.average(predicted[inside], weights=own))}
        rows.append(row | _observed(response[inside], own, horizon, alpha))
    return pd.DataFrame(rows)


def _observed(response: Surv, weight: Array | None, horizon: float, alpha: float) -> dict[str, float]:
    """Read Kaplan-Meier off at the horizon; NaN where it ends before."""
    curve, limits = kaplan_meier_curve(response, weight), kaplan_meier_limits(response, weight, alpha)
    ended = horizon > curve[0][-1] and curve[1][-1] > 0.0
    times = np.array([horizon])
    values = [float(at_times((curve[0], one), times)[0]) for one in (curve[1], *limits)]
    events = int(np.count_nonzero((response.code == 1) & (response.time <= horizon)))
    found = [np.nan] * 3 if ended else values
    return dict(zip(("events", "kaplan_meier", "lower", "upper"), (events, *found), strict=True))


def _by_prediction(predicted: Array, groups: int) -> list[tuple[Any, Any]]:
    """Cut rows into groups of about equal size by their prediction; equal predictions stay together."""
    edges = np.unique(np.quantile(predicted, np.arange(1, groups) / groups))
    place = np.searchsorted(edges, predicted, side="right")
    return [(k + 1, place == one) for k, one in enumerate(np.unique(place))]


def _levels(data: pd.DataFrame, by: str | None) -> list[tuple[Any, Any]]:
    if by is None:
        return [(None, np.ones(len(data), bool))]
    if not is_among(by, data.columns):
        raise DataError(f"calibration: `by` is {by!r}, which is no column of this model.")
    column, seen = data[by], data[by].unique().tolist()
    categories = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else in_order(seen)
    return [(level, (column == level).to_numpy()) for level in categories if level in seen]


def _sample(fit: SurvivalFitted) -> tuple[pd.DataFrame, Surv, Array | None]:
    sample = fit.need_sample("calibration")
    if not sample.response.is_right_censored:
        raise DataError("calibration: a Kaplan-Meier curve needs exact or right-censored times.")
    weight = sample.own.weight
    return sample.frame.data, sample.response, weight if len(weight) else None
