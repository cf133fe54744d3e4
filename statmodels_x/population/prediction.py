"""Totals at data rows and at other times, with errors and intervals."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import DataError, DataWarning, IdentificationWarning
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, numeric_array, rows_text
from statmodels_x.population.alternatives import why_not
from statmodels_x.population.estimation import course
from statmodels_x.population.problem import GAUSSIAN, LOGNORMAL, ODE, Problem

if TYPE_CHECKING:
    from statmodels_x.population.results import InteractionResults

_GRID = 1e-6
_FARTHEST = 100_000  # steps
STATISTICS = ("estimate", "std_error", "lower", "upper")


def predict(fit: InteractionResults, newdata: Any, at: Any, alpha: float, interval: str) -> pd.DataFrame:
    """See :meth:`InteractionResults.predict`."""
    check_choice("interval", interval, ("confidence", "prediction"), "predict()")
    quantile = fit.identification.quantile(alpha)
    if newdata is not None and at is not None:
        raise DataError("predict(): give `newdata` or `at`, not both.")
    sample = fit.sample
    if newdata is not None:
        culture, time, index = _read_newdata(fit, newdata)
    elif at is not None:
        culture, time, index = _times_of_all(fit, at)
    else:
        culture, time, index = sample.culture, sample.time, sample.index
    mean, slope = totals_at(fit, culture, time)
    errors = _contradicted(fit, culture, time, mean, slope)
    columns = {}
    for s, name in enumerate(sample.species):
        error = errors[:, s]
        spread = error if interval == "confidence" else np.hypot(error, noise_sd(fit, culture, mean)[:, s])
        reach = quantile * spread
        lower, upper = _interval(fit, mean[:, s], reach)
        for key, values in zip(STATISTICS, (mean[:, s], error, lower, upper), strict=True):
            columns[name, key] = values
    table = pd.DataFrame(columns, index=index)
    table.columns = pd.MultiIndex.from_tuples(list(columns), names=["species", "statistic"])
    _warn_of_negative(fit, mean, time, newdata is not None or at is not None)
    return table


def totals_at(fit: InteractionResults, culture: NDArray[np.int64], time: Array) -> tuple[Array, Array]:
    """Totals (n, 2) at times of given cultures, and their derivatives (n, 2, p); NaN where a species is absent."""
    theta = fit.estimate.theta
    mean, slope = np.full((len(time), 2), np.nan), np.full((len(time), 2, len(theta)), np.nan)
    for c in np.unique(culture):
        rows = np.flatnonzero(culture == c)
        problem, node = _extended(fit, int(c), time[rows])
        with np.errstate(all="ignore"):
            _, N, dN = course(problem, theta, int(c), slopes=True)
        for s in np.flatnonzero(fit.problem.present[c]):
            mean[rows, s], slope[rows, s] = N[node, s], dN[node, s]
    return mean, slope


def _contradicted(
    fit: InteractionResults, culture: NDArray[np.int64], time: Array, mean: Array, slope: Array
) -> Array:
    """Compute standard errors of totals (n, 2); NaN, with a warning, where a refit that the data allow lies far off."""
    error = np.column_stack([_errors(fit, slope[:, s]) for s in range(2)])
    others = _totals_elsewhere(fit, culture, time)
    reasons: dict[str, tuple[str, float]] = {}
    for i, s in np.argwhere(error > 0.0):
        center, one = mean[i : i + 1, s], error[i, s]

        def limits(t: float, center: Array = center, one: float = one) -> tuple[float, float]:
            low, high = _interval(fit, center, np.array([t * one]))
            return float(low[0]), float(high[0])

        held = fit.alternatives.contradicting(others[:, i, s], limits)
        if held is not None:
            error[i, s] = np.nan
            reasons.setdefault(
                why_not(fit.layout, fit.estimate.theta, held), (fit.sample.species[s], time[i])
            )
    for reason, (name, first) in reasons.items():
        warnings.warn(
            f"predict(): the total of {name!r} has no standard error at {fit.sample.time_name} {first:g} and perhaps "
            f"at others: {reason}. bootstrap() shows what else fits.",
            IdentificationWarning,
            stacklevel=5,
        )
    return error


def _totals_elsewhere(fit: InteractionResults, culture: NDArray[np.int64], time: Array) -> Array:
    """Totals (refits, n, 2) at the refits that the data allow."""
    totals = np.full((len(fit.alternatives.theta), len(time), 2), np.nan)
    for c in np.unique(culture):
        rows = np.flatnonzero(culture == c)
        problem, node = _extended(fit, int(c), time[rows])
        for k, theta in enumerate(fit.alternatives.theta):
            with np.errstate(all="ignore"):
                totals[k, rows] = course(problem, theta, int(c))[1][node]
    return totals


def _extended(fit: InteractionResults, c: int, time: Array) -> tuple[Problem, NDArray[np.int64]]:
    """Return the problem with nodes at all the times of one culture, and the node of each of them."""
    sample = fit.sample
    since = time - sample.origin[c]
    if np.any(since < -_GRID * np.maximum(1.0, np.abs(time))):
        raise DataError(
            f"predict(): {sample.time_name} {time.min():g} lies before the first time, {sample.origin[c]:g}; the "
            "model runs forward only."
        )
    problem = fit.problem
    start = np.zeros_like(problem.node_start)
    nodes = problem.nodes.copy()
    if problem.kind == ODE:
        known, node = np.unique(np.append(0.0, np.maximum(since, 0.0)), return_inverse=True)
        nodes[c] = len(known)
        return problem._replace(
            nodes=nodes, node_start=start, durations=np.append(np.diff(known), 0.0)
        ), node[1:]
    steps = since / sample.step
    off = np.abs(steps - np.round(steps)) > 1e-4
    if off.any():
        raise DataError(
            f"predict(): {sample.time_name} {time[off][0]:g} is no whole number of steps of {sample.step:g} after "
            f"{sample.origin[c]:g}; a matrix model has no values between its steps."
        )
    node = np.round(steps).astype(np.int64)
    if node.max(initial=0) > _FARTHEST:
        raise DataError(f"predict(): {sample.time_name} {time.max():g} is more than {_FARTHEST} steps away.")
    nodes[c] = node.max(initial=0) + 1
    return problem._replace(nodes=nodes, node_start=start), node


def _errors(fit: InteractionResults, slope: Array) -> Array:
    found = fit.identification
    return np.array([found.standard_error(row) if np.all(np.isfinite(row)) else np.nan for row in slope])


def noise_sd(fit: InteractionResults, culture: NDArray[np.int64], mean: Array) -> Array:
    """Return the standard deviation of a count about its total, by the family."""
    problem, variance = fit.problem, fit.identification.variance
    if problem.family == GAUSSIAN:
        return np.sqrt(variance) / problem.weights[culture]
    mu = np.maximum(mean, 0.0)
    if problem.family == LOGNORMAL:
        return mu * np.sqrt(variance)
    return np.sqrt(mu * (1.0 + problem.dispersion * mu))


def _interval(fit: InteractionResults, mean: Array, reach: Array) -> tuple[Array, Array]:
    """Symmetric for the Gaussian law, and not below 0 unless the estimate is; on the log scale for the others."""
    with np.errstate(all="ignore"):
        if fit.problem.family == GAUSSIAN:
            return np.where(mean >= 0.0, np.maximum(mean - reach, 0.0), mean - reach), mean + reach
        factor = np.exp(reach / mean)
        return mean / factor, mean * factor


def _warn_of_negative(fit: InteractionResults, mean: Array, time: Array, is_new: bool) -> None:
    level = fit.problem.level.max(axis=0)
    for s, name in enumerate(fit.sample.species):
        bad = mean[:, s] < -1e-6 * level[s]
        if is_new and bad.any():
            warnings.warn(
                f"predict(): the total of {name!r} is negative from {fit.sample.time_name} {time[bad].min():g} on: the "
                "linear recursion has left the range in which it means anything.",
                DataWarning,
                stacklevel=4,
            )


def _read_newdata(fit: InteractionResults, newdata: Any) -> tuple[NDArray[np.int64], Array, pd.Index]:
    sample, frame = fit.sample, as_pandas(newdata)
    check_columns(frame, [sample.time_name], "predict()")
    time = numeric_array(frame[sample.time_name], sample.time_name, "predict()")
    bad = ~np.isfinite(time)
    if bad.any():
        raise DataError(f"predict(): '{sample.time_name}' is missing or infinite in {rows_text(bad)}.")
    if sample.culture_name is None:
        return np.zeros(len(frame), np.int64), time, frame.index
    check_columns(frame, [sample.culture_name], "predict()")
    codes = pd.Index(sample.cultures).get_indexer(frame[sample.culture_name])
    if np.any(codes < 0):
        label = frame[sample.culture_name].iloc[int(np.argmax(codes < 0))]
        raise DataError(
            f"predict(): culture {label!r} is not in the fit; the cultures are {', '.join(map(str, sample.cultures))}."
        )
    return codes.astype(np.int64), time, frame.index


def _times_of_all(fit: InteractionResults, at: Any) -> tuple[NDArray[np.int64], Array, pd.Index]:
    sample = fit.sample
    time = numeric_array(np.atleast_1d(at), "at", "predict()")
    if not len(time) or not np.all(np.isfinite(time)):
        raise DataError("predict(): `at` must hold finite times.")
    n = len(sample.cultures)
    if sample.culture_name is None:
        return np.zeros(len(time), np.int64), time, pd.Index(time, name=sample.time_name)
    index = pd.MultiIndex.from_product([sample.cultures, time], names=[sample.culture_name, sample.time_name])
    return np.repeat(np.arange(n), len(time)), np.tile(time, n), index
