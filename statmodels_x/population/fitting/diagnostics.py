"""What a fit does to its data: shares of variance, totals near 0, negative classes, correlated residuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.typing import Array
from statmodels_x.population.course.build import in_user_order
from statmodels_x.population.course.courses import course, fitted_rows, lowest_total
from statmodels_x.population.course.problem import Problem, class_places
from statmodels_x.population.sample import Facts, Sample
from statmodels_x.population.specification import NEGATIVE_BINOMIAL, ODE, POISSON

_NEGATIVE = 1e-6


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Summaries that a fit keeps without its data; see the attributes of the results."""

    wss: float
    rsquared: pd.Series
    rsquared_pooled: float
    lowest_total: dict[str, Any]
    negative_classes: pd.DataFrame
    autocorrelation: pd.Series
    pearson: float = np.nan


def diagnose(sample: Sample, problem: Problem, theta: Array) -> Diagnostics:
    """Summarise a fit to a sample."""
    facts = sample.facts
    resid = sample.counts - in_user_order(sample, fitted_rows(problem, theta)[0])
    seen = ~np.isnan(resid)
    y = sample.counts[seen]
    pooled = 1.0 - np.sum(resid[seen] ** 2) / np.sum((y - y.mean()) ** 2)
    relative = resid / sample.means[sample.culture]
    return Diagnostics(
        wss=float(np.nansum(relative**2)),
        rsquared=facts.by_series(_shares(sample, resid), "rsquared"),
        rsquared_pooled=float(pooled),
        lowest_total=_lowest(facts, problem, theta),
        negative_classes=_negative_classes(facts, problem, theta),
        autocorrelation=facts.by_series(_correlations(sample, relative), "autocorrelation"),
        pearson=_pearson(problem, resid, sample.counts - resid),
    )


def node_times(facts: Facts, problem: Problem, c: int) -> Array:
    """Return the times of the nodes of a culture, while the problem has its rows."""
    start, n = problem.node_start[c], int(problem.nodes[c])
    times: Array = facts.origin[c] + np.append(0.0, np.cumsum(problem.durations[start : start + n - 1]))
    return times


def _pearson(problem: Problem, resid: Array, mean: Array) -> float:
    """Sum of squared residuals over the variance of a count by its family; NaN for continuous families."""
    if problem.family not in (POISSON, NEGATIVE_BINOMIAL):
        return np.nan
    mu = np.maximum(mean, 1e-12)
    return float(np.nansum(resid**2 / (mu * (1.0 + problem.dispersion * mu))))


def _shares(sample: Sample, resid: Array) -> Array:
    values = []
    for c, s in np.argwhere(sample.present):
        rows = sample.culture == c
        y, r = sample.counts[rows, s], resid[rows, s]
        with np.errstate(divide="ignore", invalid="ignore"):
            values.append(1.0 - np.nansum(r**2) / np.nansum((y - np.nanmean(y)) ** 2))
    return np.array(values)


def _lowest(facts: Facts, problem: Problem, theta: Array) -> dict[str, Any]:
    _, c, n, s = lowest_total(problem, theta)
    return {
        "species": facts.species[s],
        "culture": facts.cultures[c],
        "time": float(node_times(facts, problem, c)[n]),
        "total": float(course(problem, theta, c)[1][n, s]),
    }


def _negative_classes(facts: Facts, problem: Problem, theta: Array) -> pd.DataFrame:
    rows = []
    for c in range(len(problem.nodes)) if problem.kind != ODE else ():
        states, _, _ = course(problem, theta, c)
        times = node_times(facts, problem, c)
        for values, (s, j) in zip(states.T, class_places(problem.ages), strict=True):
            n = int(np.argmin(values))
            if values[n] < -_NEGATIVE * problem.level[c, s]:
                rows.append((facts.species[s], j + 1, facts.cultures[c], float(times[n]), float(values[n])))
    return pd.DataFrame(rows, columns=["species", "class", "culture", "time", "value"])


def _correlations(sample: Sample, relative: Array) -> Array:
    values = []
    for c, s in np.argwhere(sample.present):
        rows = np.flatnonzero(sample.culture == c)
        r, t = relative[rows, s], sample.time[rows]
        seen = ~np.isnan(r)
        r, t = r[seen], t[seen]
        close = np.diff(t) <= 1.5 * np.median(np.diff(t)) if len(t) > 1 else np.zeros(0, bool)
        total = float(np.sum(r**2))
        values.append(float(np.sum((r[1:] * r[:-1])[close]) / total) if close.any() and total > 0 else np.nan)
    return np.array(values)
