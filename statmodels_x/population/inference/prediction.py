"""Totals at data rows and at other times, with errors and intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import Finding
from statmodels_x.core.resampling import percentile_limits
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, numeric_array, rows_text
from statmodels_x.population.course.courses import course
from statmodels_x.population.course.problem import Problem
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.fitting.alternatives import why_not
from statmodels_x.population.sample import Facts
from statmodels_x.population.specification import GAUSSIAN, LOGNORMAL, ODE

_GRID = 1e-6
FARTHEST = 100_000  # steps
N_DRAWS = 400  # of the parameters, where a species has ended
_WIDEST = 4.0  # variance of a logarithm
STATISTICS = ("estimate", "std_error", "lower", "upper")


def predict(
    fit: InteractionFitted, newdata: Any, at: Any, alpha: float, interval: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """See :meth:`InteractionResults.predict`; also return what there is to say of the totals."""
    check_choice("interval", interval, ("confidence", "prediction"), "predict()")
    quantile = fit.reference.quantile(alpha)
    if newdata is not None and at is not None:
        raise DataError("predict(): give `newdata` or `at`, not both.")
    facts = fit.machinery.facts
    if newdata is not None:
        culture, time, index = _read_newdata(facts, newdata)
    elif at is not None:
        culture, time, index = _times_of_all(facts, at)
    else:
        sample = fit.need_sample("predict() without `newdata` or `at`")
        culture, time, index = sample.culture, sample.time, sample.index
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
    ended, chance = _ended(fit, culture, mean, time)
    if ended.any():
        _use_draws(fit, culture, time, ended, columns, alpha, chance)
    table = pd.DataFrame(columns, index=index)
    table.columns = pd.MultiIndex.from_tuples(list(columns), names=["species", "statistic"])
    if newdata is not None or at is not None:
        findings += _say_ended(fit, culture, time, ended, chance)
    return table, findings


def totals_at(fit: InteractionFitted, culture: NDArray[np.int64], time: Array) -> tuple[Array, Array]:
    """Totals (n, 2) at times of given cultures, and their derivatives (n, 2, p); NaN where a species is absent."""
    theta, present = fit.machinery.estimate.theta, fit.machinery.problem.present
    mean, slope = np.full((len(time), 2), np.nan), np.full((len(time), 2, len(theta)), np.nan)
    for c, rows, problem, node in _by_culture(fit, culture, time):
        with np.errstate(all="ignore"):
            _, N, dN = course(problem, theta, c, slopes=True)
        for s in np.flatnonzero(present[c]):
            mean[rows, s], slope[rows, s] = N[node, s], dN[node, s]
    return mean, slope


def _by_culture(
    fit: InteractionFitted, culture: NDArray[np.int64], time: Array
) -> Iterator[tuple[int, NDArray[np.int64], Problem, NDArray[np.int64]]]:
    """Go through the cultures: number, rows, the problem with nodes at all their times, and the nodes of the rows."""
    for c in map(int, np.unique(culture)):
        rows = np.flatnonzero(culture == c)
        yield (c, rows, *_extended(fit, c, time[rows]))


def _contradicted(
    fit: InteractionFitted, culture: NDArray[np.int64], time: Array, mean: Array, slope: Array
) -> tuple[Array, list[Finding]]:
    """Compute standard errors of totals (n, 2); NaN, with the reason, where a refit contradicts them."""
    m = fit.machinery
    error = np.column_stack([_errors(fit, slope[:, s]) for s in range(2)])
    others = _totals_elsewhere(fit, culture, time)
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
            f"predict(): the total of {name!r} has no standard error at {m.facts.time_name} {first:g} and perhaps "
            f"at others: {reason}.",
            "bootstrap() shows what else fits.",
            concerns=(name,),
        )
        for reason, (name, first) in reasons.items()
    ]


def _totals_elsewhere(fit: InteractionFitted, culture: NDArray[np.int64], time: Array) -> Array:
    """Totals (refits, n, 2) at the refits that the data allow."""
    refits = fit.machinery.alternatives.theta
    totals = np.full((len(refits), len(time), 2), np.nan)
    for c, rows, problem, node in _by_culture(fit, culture, time):
        for k, theta in enumerate(refits):
            with np.errstate(all="ignore"):
                totals[k, rows] = course(problem, theta, c)[1][node]
    return totals


def _extended(fit: InteractionFitted, c: int, time: Array) -> tuple[Problem, NDArray[np.int64]]:
    """Return the problem with nodes at all the times of one culture, and the node of each of them."""
    facts, problem = fit.machinery.facts, fit.machinery.problem
    since = time - facts.origin[c]
    if np.any(since < -_GRID * np.maximum(1.0, np.abs(time))):
        raise DataError(
            f"predict(): {facts.time_name} {time.min():g} lies before the first time, {facts.origin[c]:g}; the "
            "model runs forward only."
        )
    start = np.zeros_like(problem.node_start)
    nodes = problem.nodes.copy()
    if problem.kind == ODE:
        known, node = np.unique(np.append(0.0, np.maximum(since, 0.0)), return_inverse=True)
        nodes[c] = len(known)
        durations = np.append(np.diff(known), 0.0)
        return problem._replace(nodes=nodes, node_start=start, durations=durations), node[1:]
    steps = since / facts.step
    if steps.max(initial=0.0) > FARTHEST:
        raise DataError(f"predict(): {facts.time_name} {time.max():g} is more than {FARTHEST} steps away.")
    off = np.abs(steps - np.round(steps)) > 1e-4
    if off.any():
        raise DataError(
            f"predict(): {facts.time_name} {time[off][0]:g} is no whole number of steps of {facts.step:g} after "
            f"{facts.origin[c]:g}; a matrix model has no values between its steps."
        )
    node = np.round(steps).astype(np.int64)
    nodes[c] = node.max(initial=0) + 1
    return problem._replace(nodes=nodes, node_start=start), node


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
        f"predict(): totals have no standard error: the course spends {fit.digits:.1f} digits of its "
        "parameters, and no prediction rests on that many.",
    )


def _ended(
    fit: InteractionFitted, culture: NDArray[np.int64], mean: Array, time: Array
) -> tuple[NDArray[np.bool_], dict[tuple[int, int], float]]:
    """Rows (n, 2) at which a species is gone by the rule of extinction, and room for how likely that is."""
    facts = fit.machinery.facts
    if fit.machinery.problem.kind == ODE:
        return np.zeros(mean.shape, bool), {}
    later = time > facts.origin[culture]
    return (mean <= 0.0) & later[:, None] & facts.present[culture], {}


def _use_draws(
    fit: InteractionFitted,
    culture: NDArray[np.int64],
    time: Array,
    ended: NDArray[np.bool_],
    columns: dict[tuple[str, str], Array],
    alpha: float,
    chance: dict[tuple[int, int], float],
) -> None:
    """Give limits by draws of the parameters where a species is gone: the delta method knows no way back from 0."""
    draws = draw_parameters(fit)
    totals = np.full((len(draws), len(time), 2), np.nan)
    for c, rows, problem, node in _by_culture(fit, culture, time):
        for k, theta in enumerate(draws):
            with np.errstate(all="ignore"):
                totals[k, rows] = course(problem, theta, c)[1][node]
    for s, name in enumerate(fit.machinery.facts.species):
        rows = np.flatnonzero(ended[:, s])
        columns[name, "std_error"][rows] = np.nan
        lower, upper = np.full((2, len(rows)), np.nan)
        if len(draws) and len(rows):
            lower, upper = percentile_limits(totals[:, rows, s], alpha)
        columns[name, "lower"][rows], columns[name, "upper"][rows] = lower, upper
        for c in np.unique(culture[rows]):
            last = rows[culture[rows] == c][np.argmax(time[rows[culture[rows] == c]])]
            chance[int(c), s] = float(np.mean(totals[:, last, s] <= 0.0)) if len(draws) else np.nan


def draw_parameters(fit: InteractionFitted, n: int = N_DRAWS, seed: int = 0) -> Array:
    """Draw parameters about the estimates: normal on the log scale where they are positive, within the bounds."""
    m, theta = fit.machinery, fit.machinery.estimate.theta
    spread = m.identification.spread
    if not np.all(np.isfinite(spread)):
        return np.empty((0, len(theta)))
    size = np.where(theta > 0.0, theta, 1.0)
    values, vectors = np.linalg.eigh(spread / np.outer(size, size))
    root = vectors * np.sqrt(np.clip(values, 0.0, _WIDEST))
    z = np.random.default_rng(seed).normal(size=(n, len(theta))) @ root.T
    drawn = np.where(theta > 0.0, theta * np.exp(z), theta)
    return np.clip(drawn, m.layout.lower, m.layout.upper)


def _say_ended(
    fit: InteractionFitted,
    culture: NDArray[np.int64],
    time: Array,
    ended: NDArray[np.bool_],
    chance: dict[tuple[int, int], float],
) -> list[Finding]:
    """Say from when on a species is gone."""
    found: list[Finding] = []
    facts = fit.machinery.facts
    for (c, s), share in chance.items():
        rows = (culture == c) & ended[:, s]
        where = f" of culture {facts.cultures[c]!r}" if facts.culture_name else ""
        odds = f", as in {100 * share:.0f} % of draws about the estimates" if np.isfinite(share) else ""
        found.append(
            Finding(
                "ended",
                f"predict(): {facts.species[s]!r}{where} has ended by {facts.time_name} {time[rows].min():g}{odds}: "
                "its total fell to 0, and stays there.",
                concerns=(facts.species[s],),
                category=DataWarning,
            )
        )
    return found


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
