"""Limits by draws, where the delta method knows none: past the end of a species, and where errors feed back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataWarning
from statmodels_x.core.findings import Finding
from statmodels_x.core.resampling import percentile_limits
from statmodels_x.core.typing import Array
from statmodels_x.population.course.courses import course
from statmodels_x.population.course.families import draw
from statmodels_x.population.course.problem import Problem
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.inference.totals import by_culture, totals_of
from statmodels_x.population.specification import ODE

N_DRAWS = 400
_WIDEST = 4.0  # variance of a logarithm


def ended_rows(
    fit: InteractionFitted, culture: NDArray[np.int64], mean: Array, time: Array
) -> tuple[NDArray[np.bool_], dict[tuple[int, int], float]]:
    """Rows (n, S) at which a species is gone by the rule of extinction, and room for how likely that is."""
    facts = fit.machinery.facts
    if fit.machinery.problem.kind == ODE:
        return np.zeros(mean.shape, bool), {}
    later = time > facts.origin[culture]
    return (mean <= 0.0) & later[:, None] & facts.present[culture], {}


def use_draws(
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
    totals = totals_of(fit, draws, culture, time)
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


def use_paths(
    fit: InteractionFitted,
    culture: NDArray[np.int64],
    time: Array,
    columns: dict[tuple[str, str], Array],
    alpha: float,
) -> None:
    """Give limits of new counts after the last by drawn ones: with a gain, errors of the step feed back."""
    for c, rows, problem, node in by_culture(fit, culture, time):
        last = int(problem.row_node[problem.row_start[c + 1] - 1])
        far = node > last + 1  # the next count errs as all before it did
        if not far.any() or not len(draws := draw_parameters(fit)):
            continue
        paths = np.array([_path(fit, problem, c, last, theta, k) for k, theta in enumerate(draws)])
        lower, upper = percentile_limits(paths[:, node[far] - last - 1], alpha)
        for s in np.flatnonzero(problem.present[c]):
            name = fit.machinery.facts.species[s]
            columns[name, "lower"][rows[far]] = lower[:, s]
            columns[name, "upper"][rows[far]] = upper[:, s]


def _path(fit: InteractionFitted, problem: Problem, c: int, last: int, theta: Array, seed: int) -> Array:
    """Draw the counts at all nodes after the last count of a culture, each about what those before it foresee."""
    rng = np.random.default_rng([0, seed])
    known = slice(problem.row_start[c], problem.row_start[c + 1])
    n = int(problem.nodes[c]) - last - 1
    counts = np.concatenate([problem.counts[known], np.full((n, len(problem.ages)), np.nan)])
    start = np.zeros_like(problem.row_start)
    start[c + 1 :] = len(counts)
    longer = problem._replace(
        counts=counts,
        row_node=np.append(problem.row_node[known], np.arange(last + 1, last + 1 + n)),
        row_start=start,
    )
    for row in range(len(counts) - n, len(counts)):
        mean = course(longer, theta, c)[1][longer.row_node[row]]
        sd = np.sqrt(fit.scale) / problem.weights[c]
        counts[row] = np.maximum(draw(problem.family, mean, sd, problem.dispersion, rng), 0.0)
    return counts[len(counts) - n :]


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


def say_ended(
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
                f"predict(): {facts.species[s]!r}{where} has ended by {facts.time_name} {time[rows].min():.10g}{odds}: "
                "its total fell to 0, and stays there.",
                concerns=(facts.species[s],),
                category=DataWarning,
            )
        )
    return found
