"""What the rows show by themselves: net survival, and whether follow-up was long enough to speak of a plateau."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.data.columns import in_order, levels_of, plain_column
from statmodels_x.core.data.formula import split_formula
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import build_frame, counts_text
from statmodels_x.core.data.partitions import is_dask_frame
from statmodels_x.core.data.surv import EXACT, Surv, unit_of_time
from statmodels_x.core.errors import DataError, DataWarning, FormulaError
from statmodels_x.core.findings import warn
from statmodels_x.core.product_limit import product_limit
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import as_list, check_alpha, is_among, numeric_array
from statmodels_x.survival.background.pohar_perme import NetCurve, pohar_perme
from statmodels_x.survival.background.rows import extra_columns, paths_of, values_of, years_per_unit
from statmodels_x.survival.background.sources import ColumnOfRates, Paths, Source, source_of
from statmodels_x.survival.distributions.parameters import FACTOR
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.residuals import kaplan_meier_curve
from statmodels_x.survival.inference.standardisation import standard_weights
from statmodels_x.survival.reading.arrays import (
    ZERO_WEIGHT,
    checked_weights,
    rows_with_weight,
    survival_response,
)
from statmodels_x.survival.reading.facts import PLATEAU_LEVEL, are_counts, plateau_alpha

_MOST_LEVELS = 30


def follow_up(fit: SurvivalFitted, by: str | None) -> pd.DataFrame:
    """Describe the end of follow-up; see :meth:`FlexibleSurvivalResults.follow_up`."""
    if fit.specification.background is not None:
        raise DataError(
            "follow_up: with a background deaths go on beyond a net plateau, which counts of them cannot judge; see "
            'the net cure fraction under longer and shorter follow-up, and at predict(kind="crude_other").'
        )
    sample = fit.need_sample("follow_up")
    response, data, weight = sample.response, sample.frame.data, sample.own.weight
    if not response.is_right_censored:
        raise DataError("follow_up: needs exact or right-censored times.")
    if by is None:
        return pd.DataFrame([_describe(response, weight)])
    if not is_among(by, data.columns):
        raise DataError(f"follow_up: `by` is {by!r}, which is no column of this model.")
    rows = {}
    for level in in_order(data[by].unique().tolist()):
        inside = (data[by] == level).to_numpy()
        rows[level] = _describe(response[inside], weight[inside] if len(weight) else weight)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(by)


def _describe(response: Surv, weight: NDArray[np.float64]) -> dict[str, float | bool]:
    counts = weight if len(weight) else np.ones(len(response))
    event, time = response.code == EXACT, response.time
    last_event = float(time[event].max()) if event.any() else np.nan
    alpha = plateau_alpha(response, weight)
    _, survival = kaplan_meier_curve(response, weight if len(weight) else None)
    return {
        "n": float(counts.sum()),
        "events": float(counts[event].sum()),
        "last_event": last_event,
        "last_time": float(time.max()),
        "median_follow_up": _median_follow_up(response, weight),
        "at_risk_after": float(counts[time > last_event].sum()),
        "kaplan_meier_end": float(survival[-1]),
        "alpha": alpha,
        "sufficient": bool(alpha < PLATEAU_LEVEL),
    }


def _median_follow_up(response: Surv, weight: Array) -> float:
    """Median of the Kaplan-Meier curve of the time to censoring; NaN where fewer than half were censored by its end."""
    entry = response.entry if response.has_entry else None
    censored = response.code != EXACT
    times, left = product_limit(response.time, censored, weight if len(weight) else None, entry)
    reached = np.flatnonzero(left <= 0.5 + 1e-12)
    return float(times[reached[0]]) if len(reached) else np.nan


def net_survival(
    formula: str,
    data: Any,
    background: Any,
    at: ArrayLike | None = None,
    weights: Any = None,
    alpha: float = 0.05,
    time_unit: str | None = None,
) -> pd.DataFrame:
    """Net survival by the nonparametric estimator of Pohar Perme, Stare and Esteve.

    Net survival is the proportion that would be alive if the disease were the only cause of death. It is estimated
    from deaths of any cause and the mortality of the population, as the Kaplan-Meier estimator estimates survival.
    The results agree with ``rs.surv()`` in R's relsurv, whose default is the product of the same factors.

    Parameters
    ----------
    formula : str
        ``"Surv(time, status) ~ 1"`` for one curve, or columns of groups after ``~``, such as ``~ sex + stage``, for
        one curve for each combination of their values. Times are exact or right-censored. Late entry is allowed.
    data : DataFrame
        A data frame in memory.
    background : TableMatch, Rates or mapping
        As in :class:`FlexibleSurvival`. A column of rates cannot be used, because it says nothing about other times.
    at : array_like, optional
        Times at which the curves are given. The default is every distinct time.
    weights : str, array_like or mapping, optional
        Whole numbers count repeated rows. Other numbers are weights of a sample. A mapping such as ``{"age group":
        {"15-44": 7, "45-54": 12, ...}}`` gives the weights of a standard population, as in
        :meth:`FlexibleSurvivalResults.standardise`. Each curve is then standardised to that population.
    alpha : float
        Significance level of the intervals. The default gives 95 % confidence intervals.
    time_unit : {"years", "months", "weeks", "days"}, optional
        Unit of the times, which a life table needs. The default is the unit in ``data.attrs["units"]``, or years if
        no one was followed for 60 units.

    Returns
    -------
    DataFrame
        The columns of the groups, ``time``, ``at_risk`` (just before the time), ``events`` (up to the time),
        ``estimate``, ``std_error``, ``lower`` and ``upper``. The estimate is NaN after the last time of a group. In
        a sample the estimate can increase and can exceed 1.

    Raises
    ------
    FormulaError, DataError
        If a column or the background cannot be used, or the follow-up of a row leaves the life table.

    Warns
    -----
    DataWarning
        If rows are dropped because of missing values.

    References
    ----------
    Pohar Perme, Stare and Esteve (2012), On estimation in relative survival, Biometrics 68, 113-120.

    Examples
    --------
    >>> import numpy as np
    >>> import statmodels_x as smx
    >>> rates = smx.datasets.load_us_mortality()
    >>> table = smx.LifeTable(rates, rate="rate", by="sex", extend="hold")
    >>> colon = smx.datasets.load_colon()
    >>> colon["gender"] = np.where(colon["sex"] == 1, "male", "female")
    >>> colon["randomised"] = 1986.5
    >>> matched = table.match(age="age", year="randomised", sex="gender")
    >>> net = smx.net_survival("Surv(time_death, status_death) ~ rx", colon, matched,
    ...                        at=[365.25 * 5], time_unit="days")
    >>> net.drop(columns=["time", "events"]).round(3)
            rx  at_risk  estimate  std_error  lower  upper
    0      Lev    164.0     0.598      0.032  0.538  0.664
    1  Lev+5FU    187.0     0.715      0.031  0.657  0.779
    2      Obs    160.0     0.589      0.032  0.530  0.654
    """
    check_alpha(alpha)
    if is_dask_frame(data):
        raise DataError(
            "net_survival: rows in memory are needed; give frame.compute(), or a sample of the rows."
        )
    source = _source_of_paths(source_of(background))
    frame, (response_part, groups) = as_pandas(data), split_formula(formula)
    by = _group_names(groups.text, groups.variables)
    standard = isinstance(weights, Mapping)
    columns = {"weights": None if standard else weights} | extra_columns(source)
    if standard:
        columns["standard"] = _one_column(weights)
    rows = build_frame(frame, response_part, {"groups": groups}, columns, {"Surv": Surv})
    rows, counts = rows_with_weight(rows, checked_weights(rows))
    missing = {name: count for name, count in rows.dropped.items() if name != ZERO_WEIGHT}
    if missing:
        warn(
            f"{rows.n_dropped} of {rows.n_rows} rows were dropped; missing values: {counts_text(missing)}",
            DataWarning,
        )
    response = survival_response(rows)
    unit = time_unit or unit_of_time(frame, response.time_name, response_part.expressions[0])
    paths: Any = source.paths(
        values_of(rows.columns, len(response)), years_per_unit(source, unit, float(response.time.max()))
    )
    whole = None
    if standard:
        name, wanted = next(iter(weights.items()))
        whole = (pd.Series(rows.columns["standard"], name=name), wanted)
    return _curves(rows.data, by, response, paths, counts, at, alpha, standard=whole)


def net_survival_of(fit: SurvivalFitted, by: Any, at: ArrayLike | None, alpha: float) -> pd.DataFrame:
    """Estimate net survival of the rows of a fit; see :meth:`FlexibleSurvivalResults.net_survival`."""
    check_alpha(alpha)
    if fit.specification.background is None:
        raise DataError(
            "net_survival: this model has no background; give FlexibleSurvival(..., background=...) one, or use "
            "smx.net_survival()."
        )
    sample = fit.need_sample("net_survival()")
    data = sample.frame.data
    names = [] if by is None else as_list("by", by)
    for name in names:
        if not is_among(name, data.columns):
            raise DataError(
                f"net_survival: `by` is {name!r}, which is no column of this model; use smx.net_survival()."
            )
    weight = fit.need_sample("net_survival()").own.weight
    response, paths = fit.need_sample("net_survival()").response, _paths_of_rows(fit)
    return _curves(
        data, names, response, paths, weight if len(weight) else None, at, alpha, log_factor=_log_factor(fit)
    )


def net_curve(fit: SurvivalFitted, inside: NDArray[np.bool_]) -> NetCurve:
    """Net survival of some of the rows of a fit, by Pohar Perme."""
    sample = fit.need_sample("net survival without a model")
    weight = sample.own.weight
    own = weight[inside] if len(weight) else None
    return _curve(sample.response[inside], _paths_of_rows(fit).take(inside), own, log_factor=_log_factor(fit))


def knows_paths(fit: SurvivalFitted) -> bool:
    """Whether the background of a fit is known at every time, and not at those of the rows alone."""
    source = fit.specification.background
    return source is not None and not isinstance(source, ColumnOfRates)


def _paths_of_rows(fit: SurvivalFitted) -> Paths:
    sample, source = fit.need_sample("net_survival()"), _source_of_paths(fit.specification.background)
    per = years_per_unit(source, fit.facts.time_unit, fit.facts.last_time)
    return paths_of(source, sample.frame.data, per)


def _log_factor(fit: SurvivalFitted) -> float:
    return float(fit.coefficients[FACTOR]) if fit.specification.background_factor else 0.0


def _source_of_paths(source: Source | None) -> Any:
    if source is None or isinstance(source, ColumnOfRates):
        raise DataError(
            "net_survival: `background` must be known at every time until a row's last: a life table, "
            f"table.match(...), or Rates; given was {source!r}."
        )
    return source


def _group_names(text: str, variables: Sequence[str]) -> list[str]:
    """Read the right side of a formula as columns of groups, in their order."""
    terms = [term.strip().strip("`") for term in text.split("+")]
    names = [term for term in terms if term != "1"]
    if set(names) != set(variables):
        raise FormulaError(
            f"net_survival: the right side of the formula is {text!r}; give columns of groups, such as ~ sex + stage, "
            "or ~ 1."
        )
    return names


def _one_column(weights: Mapping[Any, Any]) -> Any:
    if len(weights) != 1 or not isinstance(next(iter(weights.values())), Mapping):
        raise DataError(
            'net_survival: `weights` of a standard population are {"column of groups": {group: weight, ...}}.'
        )
    return next(iter(weights))


def _curves(
    data: pd.DataFrame,
    by: Sequence[str],
    response: Surv,
    paths: Any,
    weight: Array | None,
    at: ArrayLike | None,
    alpha: float,
    log_factor: float = 0.0,
    standard: tuple[pd.Series, Mapping[Any, Any]] | None = None,
) -> pd.DataFrame:
    """Put the curves of all groups into one table."""
    if not response.is_right_censored:
        raise DataError("net_survival: the estimator needs exact or right-censored times.")
    paths.check_follow_up(
        np.zeros(len(response)), response.time
    )  # those who entered late count from time 0 on
    points = None if at is None else _points(at)
    frames = []
    for levels, inside in _groups(data, by):
        own = None if weight is None else weight[inside]
        curve = _curve(response[inside], paths.take(inside), own, points, log_factor, standard, inside)
        frame = _table(curve, points, alpha)
        for place, (name, level) in enumerate(zip(by, levels, strict=True)):
            frame.insert(place, name, [level] * len(frame))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _points(at: ArrayLike) -> Array:
    points = numeric_array(np.atleast_1d(np.asarray(at)), "at", "net_survival()")
    if not len(points) or not np.all(np.isfinite(points) & (points >= 0.0)):
        raise DataError("net_survival: `at` holds times that are missing, negative or infinite, or none.")
    return points


def _groups(data: pd.DataFrame, by: Sequence[str]) -> list[tuple[tuple[Any, ...], NDArray[np.bool_]]]:
    """Rows of each combination of levels that has any."""
    columns = [plain_column(data[name]) for name in by]
    levels = [
        list(levels_of(column))
        if isinstance(column.dtype, pd.CategoricalDtype)
        else in_order(levels_of(column))
        for column in columns
    ]
    for name, found in zip(by, levels, strict=True):
        if len(found) > _MOST_LEVELS:
            raise DataError(
                f"net_survival: {name!r} has {len(found)} values; cut it into a column of groups."
            )
    found = []
    for combination in product(*levels):
        inside = np.ones(len(data), bool)
        for column, level in zip(columns, combination, strict=True):
            inside &= (column == level).to_numpy(bool)
        if inside.any():
            found.append((combination, inside))
    return found


def _curve(
    response: Surv,
    paths: Any,
    weight: Array | None,
    at: Array | None = None,
    log_factor: float = 0.0,
    standard: tuple[pd.Series, Mapping[Any, Any]] | None = None,
    inside: Any = None,
) -> NetCurve:
    """Estimate a curve; rows are ``inside`` those that the column of a standard population has."""
    time, entry = response.time, response.entry if response.has_entry else None
    squared = weight if weight is None or are_counts(weight) else weight**2
    if standard is not None:
        column, wanted = standard
        own = np.ones(len(time)) if weight is None else weight
        part = standard_weights(column[inside], wanted, own, "net_survival") / own
        weight, squared = own * part, (own if squared is None else squared) * part**2
    points = None if at is None else at[at <= time.max()]
    return pohar_perme(time, response.code == EXACT, paths, weight, entry, points, log_factor, squared)


def _table(curve: NetCurve, at: Array | None, alpha: float) -> pd.DataFrame:
    lower, upper = curve.limits(alpha)
    frame = pd.DataFrame(
        {
            "time": curve.times, "at_risk": curve.at_risk, "events": curve.events, "estimate": curve.survival,
            "std_error": curve.survival * np.sqrt(curve.variance), "lower": lower, "upper": upper,
        }
    )  # fmt: skip
    if at is None:
        return frame
    place = np.searchsorted(curve.times, at)
    beyond = place == len(curve.times)
    found = frame.iloc[np.where(beyond, -1, place)].reset_index(drop=True)
    found["time"] = at
    found.loc[beyond, "at_risk"] = 0.0
    found.loc[beyond, ["estimate", "std_error", "lower", "upper"]] = np.nan
    return found
