"""What a fit does where nobody looked: totals near 0, negative age classes, residuals that follow each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statmodels_x.population.estimation import course, lowest_total
from statmodels_x.population.problem import ODE, Problem

if TYPE_CHECKING:
    from statmodels_x.population.results import InteractionResults

_NEGATIVE = 1e-6


def node_times(fit: InteractionResults, problem: Problem, c: int) -> Any:
    """Return the times of the nodes of a culture."""
    start, n = problem.node_start[c], int(problem.nodes[c])
    return fit.sample.origin[c] + np.append(0.0, np.cumsum(problem.durations[start : start + n - 1]))


def lowest(fit: InteractionResults) -> dict[str, Any]:
    """See :attr:`InteractionResults.lowest_total`."""
    _, c, n, s = lowest_total(fit.problem, fit.estimate.theta)
    total = course(fit.problem, fit.estimate.theta, c)[1][n, s]
    return {
        "species": fit.species[s],
        "culture": fit.sample.cultures[c],
        "time": float(node_times(fit, fit.problem, c)[n]),
        "total": float(total),
    }


def negative_classes(fit: InteractionResults) -> pd.DataFrame:
    """See :attr:`InteractionResults.negative_classes`."""
    rows = []
    first = fit.layout.form.ages[0]
    for c in range(len(fit.problem.nodes)) if fit.problem.kind != ODE else ():
        states, _, _ = course(fit.problem, fit.estimate.theta, c)
        times = node_times(fit, fit.problem, c)
        for j in range(states.shape[1]):
            s = int(j >= first)
            n = int(np.argmin(states[:, j]))
            if states[n, j] < -_NEGATIVE * fit.problem.level[c, s]:
                label = (j if s == 0 else j - first) + 1
                rows.append(
                    (fit.species[s], label, fit.sample.cultures[c], float(times[n]), float(states[n, j]))
                )
    return pd.DataFrame(rows, columns=["species", "class", "culture", "time", "value"])


def autocorrelation(fit: InteractionResults) -> pd.Series:
    """See :attr:`InteractionResults.autocorrelation`."""
    sample = fit.sample
    resid = fit.resid.to_numpy() / sample.means[sample.culture]
    values, labels = [], []
    for c, s in zip(*np.nonzero(sample.present), strict=True):
        rows = np.flatnonzero(sample.culture == c)
        r, t = resid[rows, s], sample.time[rows]
        seen = ~np.isnan(r)
        r, t = r[seen], t[seen]
        close = np.diff(t) <= 1.5 * np.median(np.diff(t)) if len(t) > 1 else np.zeros(0, bool)
        total = float(np.sum(r**2))
        values.append(float(np.sum((r[1:] * r[:-1])[close]) / total) if close.any() and total > 0 else np.nan)
        labels.append((sample.cultures[c], fit.species[s]))
    if sample.culture_name is None:
        return pd.Series(values, [name for _, name in labels], name="autocorrelation")
    index = pd.MultiIndex.from_tuples(labels, names=[sample.culture_name, "species"])
    return pd.Series(values, index, name="autocorrelation")
