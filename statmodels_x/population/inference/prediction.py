"""Totals at data rows and at other times, with errors and intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import DataError
from statmodels_x.core.findings import Finding
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, numeric_array, rows_text
from statmodels_x.population.course.problem import has_gain
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.fitting.alternatives import why_not
from statmodels_x.population.inference.draws import ended_rows, say_ended, use_draws, use_paths
from statmodels_x.population.inference.totals import totals_at, totals_of
from statmodels_x.population.sample import Facts
from statmodels_x.population.specification import GAUSSIAN, LOGNORMAL

STATISTICS = ("estimate", "std_error", "lower", "upper")


def predict(
    fit: InteractionFitted, newdata: Any, at: Any, alpha: float, interval: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """See :meth:`InteractionResults.predict`; also return what there is to say of the totals."""
    check_choice("interval", interval, ("confidence", "prediction"), "predict()")
    quantile, facts = fit.reference.quantile(alpha), fit.machinery.facts
    culture, time, index = _read_rows(fit, newdata, at)
    mean, slope = totals_at(fit, culture, time)
    errors, findings = _contradicted(fit, culture, time, mean, slope)
    columns = {}
    for s, name in enumerate(facts.species):
        error = errors[:, s]
        spread = error if interval == "confidence" else np.hypot(error, noise_sd(fit, culture, mean)[:, s])
        lower, upper = _interval(fit, mean[:, s], quantile * spread)
        for key, values in zip(STATISTICS, (mean[:, s], error, lower, upper), strict=True):
            columns[name, key] = values
    if fit.machinery.estimate.is_needle:
        findings.append(_of_needle(fit))
    ended, chance = ended_rows(fit, culture, mean, time)
    if ended.any():
        use_draws(fit, culture, time, ended, columns, alpha, chance)
    if interval == "prediction" and has_gain(fit.machinery.problem):
        use_paths(fit, culture, time, columns, alpha)
    table = pd.DataFrame(columns, index=index)
    table.columns = pd.MultiIndex.from_tuples(list(columns), names=["species", "statistic"])
    if newdata is not None or at is not None:
        findings += say_ended(fit, culture, time, ended, chance)
    return table, findings


def _read_rows(fit: InteractionFitted, newdata: Any, at: Any) -> tuple[NDArray[np.int64], Array, pd.Index]:
    """Culture, time and label of the totals that are asked for."""
    if newdata is not None and at is not None:
        raise DataError("predict(): give `newdata` or `at`, not both.")
    if has_gain(fit.machinery.problem):
        fit.need_sample("predict() of a fit with a gain")  # it goes on from the counts
    if newdata is not None:
        return _read_newdata(fit.machinery.facts, newdata)
    if at is not None:
        return _times_of_all(fit.machinery.facts, at)
    sample = fit.need_sample("predict() without `newdata` or `at`")
    return sample.culture, sample.time, sample.index


def _contradicted(
    fit: InteractionFitted, culture: NDArray[np.int64], time: Array, mean: Array, slope: Array
) -> tuple[Array, list[Finding]]:
    """Compute standard errors of totals (n, S); NaN, with the reason, where a refit contradicts them."""
    m = fit.machinery
    error = np.column_stack([_errors(fit, slope[:, s]) for s in range(slope.shape[1])])
    others = totals_of(fit, m.alternatives.theta, culture, time)
    reasons: dict[str, tuple[str, float]] = {}
    for i, s in np.argwhere(error > 0.0):
        center, one = mean[i : i + 1, s], error[i, s]

        def limits(t: float, center: Array = center, one: float = one) -> tuple[float, float]:
            low, high = _interval(fit, center, np.array([t * one]))
            return float(low[0]), float(high[0])

        held = m.alternatives.contradicting(others[:, i, s], limits)
        if held is not None:
            error[i, s] = np.nan
            reason = why_not(m.layout, m.estimate.theta, held)
            reasons.setdefault(reason, (m.facts.species[s], time[i]))
    return error, [
        Finding(
            "contradicted",
            f"predict(): the total of {name!r} has no standard error at {m.facts.time_name} {first:.10g} and perhaps "
            f"at others: {reason}.",
            "bootstrap() shows what else fits.",
            concerns=(name,),
        )
        for reason, (name, first) in reasons.items()
    ]


def _errors(fit: InteractionFitted, slope: Array) -> Array:
    found = fit.machinery.identification
    return np.array([found.standard_error(row) if np.all(np.isfinite(row)) else np.nan for row in slope])


def noise_sd(fit: InteractionFitted, culture: NDArray[np.int64], mean: Array) -> Array:
    """Return the standard deviation of a count about its total, by the family."""
    problem, variance = fit.machinery.problem, fit.machinery.identification.variance
    if problem.family == GAUSSIAN:
        return np.sqrt(variance) / problem.weights[culture]
    mu = np.maximum(mean, 0.0)
    if problem.family == LOGNORMAL:
        return mu * np.sqrt(variance)
    return np.sqrt(mu * (1.0 + problem.dispersion * mu))


def _interval(fit: InteractionFitted, mean: Array, reach: Array) -> tuple[Array, Array]:
    """Return limits: symmetric for Gaussian counts, not below 0 unless the estimate is; on the log scale for others."""
    with np.errstate(all="ignore"):
        if fit.machinery.problem.family == GAUSSIAN:
            return np.where(mean >= 0.0, np.maximum(mean - reach, 0.0), mean - reach), mean + reach
        factor = np.exp(reach / mean)
        return mean / factor, mean * factor


def _of_needle(fit: InteractionFitted) -> Finding:
    return Finding(
        "needle",
        f"predict(): totals have no standard error: the course depends on {fit.digits:.1f} digits of its "
        "parameters, which is too many for a prediction.",
    )


def _read_newdata(facts: Facts, newdata: Any) -> tuple[NDArray[np.int64], Array, pd.Index]:
    frame = as_pandas(newdata)
    check_columns(frame, [facts.time_name], "predict()")
    time = numeric_array(frame[facts.time_name], facts.time_name, "predict()")
    bad = ~np.isfinite(time)
    if bad.any():
        raise DataError(f"predict(): '{facts.time_name}' is missing or infinite in {rows_text(bad)}.")
    if facts.culture_name is None:
        return np.zeros(len(frame), np.int64), time, frame.index
    check_columns(frame, [facts.culture_name], "predict()")
    codes = pd.Index(facts.cultures).get_indexer(frame[facts.culture_name])
    if np.any(codes < 0):
        label = frame[facts.culture_name].iloc[int(np.argmax(codes < 0))]
        raise DataError(
            f"predict(): culture {label!r} is not in the fit; the cultures are {', '.join(map(str, facts.cultures))}."
        )
    return codes.astype(np.int64), time, frame.index


def _times_of_all(facts: Facts, at: Any) -> tuple[NDArray[np.int64], Array, pd.Index]:
    time = numeric_array(np.atleast_1d(at), "at", "predict()")
    if not len(time) or not np.all(np.isfinite(time)):
        raise DataError("predict(): `at` must hold finite times.")
    n = len(facts.cultures)
    if facts.culture_name is None:
        return np.zeros(len(time), np.int64), time, pd.Index(time, name=facts.time_name)
    index = pd.MultiIndex.from_product([facts.cultures, time], names=[facts.culture_name, facts.time_name])
    return np.repeat(np.arange(n), len(time)), np.tile(time, n), index
