"""Refits to data drawn from a fit: intervals and probabilities that need no linearisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.handing_out import handed_out
from statmodels_x.core.resampling import percentile_limits, replicate
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_count, check_seed
from statmodels_x.population.course.build import in_user_order
from statmodels_x.population.course.courses import course, fitted_rows
from statmodels_x.population.course.families import draw
from statmodels_x.population.course.invariants import invariants_of, outcome_at
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem, has_gain, row_culture
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.fitting.estimation import fit_dispersion, search_once
from statmodels_x.population.specification import GAUSSIAN, LOGNORMAL, NEGATIVE_BINOMIAL

_EVALUATIONS, _TOL = 1000, 1e-10
_SPREAD = 0.3  # of the logarithm, for starts around the estimate


class Refits(NamedTuple):
    """One row per refit: parameters, invariants and outcome."""

    params: pd.DataFrame
    quantities: pd.DataFrame
    outcome: pd.Series


@dataclass(frozen=True, eq=False)
class BootstrapResults:
    """Refits of a model to data drawn from its fit.

    Attributes
    ----------
    kind : str
        ``"parametric"`` or ``"block"``.
    refits : Refits
        The tables behind :attr:`params`, :attr:`quantities` and :attr:`outcome`. Internal.
    estimates : tuple of (Series, Series)
        Parameters and invariants of the fit itself.
    undetermined : tuple
        Labels of the parameters that the fit does not determine. They get no interval.
    """

    kind: str
    refits: Refits = field(repr=False)
    estimates: tuple[pd.Series, pd.Series] = field(repr=False)
    undetermined: tuple[tuple[str, str], ...] = field(repr=False)

    @property
    def n(self) -> int:
        """Number of refits."""
        return len(self.refits.params)

    @property
    def params(self) -> pd.DataFrame:
        """Parameters of the refits, with one row per refit and one column per parameter."""
        return handed_out(self.refits.params)

    @property
    def quantities(self) -> pd.DataFrame:
        """Invariants of the refits, with one row per refit and one column per invariant."""
        return handed_out(self.refits.quantities)

    @property
    def outcome(self) -> pd.Series:
        """Long-run outcome of each refit; empty strings where the model has none."""
        return handed_out(self.refits.outcome)

    def __repr__(self) -> str:
        return f"BootstrapResults({self.kind}, n={self.n})"

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Compute percentile intervals of the parameters.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame
            Columns ``estimate``, ``std_error``, ``lower`` and ``upper``. Standard error and limits are NaN for
            parameters that the fit does not determine. Parameters at a bound have them.
        """
        table = _percentiles(self.refits.params, self.estimates[0], alpha)
        table.loc[list(self.undetermined), ["std_error", "lower", "upper"]] = np.nan
        return table

    def invariants(self, alpha: float = 0.05) -> pd.DataFrame:
        """Compute percentile intervals of the invariants.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame
            Columns ``estimate``, ``std_error``, ``lower`` and ``upper``.
        """
        return _percentiles(self.refits.quantities, self.estimates[1], alpha)

    @property
    def outcomes(self) -> pd.Series:
        """Share of the refits with each long-run outcome, the most frequent first."""
        return self.refits.outcome.value_counts(normalize=True).rename("probability")


def _percentiles(draws: pd.DataFrame, estimate: pd.Series, alpha: float) -> pd.DataFrame:
    values = draws.to_numpy(float)
    lower, upper = percentile_limits(values, alpha)
    with np.errstate(invalid="ignore"):
        error = np.where(np.isfinite(values).all(axis=0), values.std(axis=0, ddof=1), np.nan)
    return pd.DataFrame(
        {"estimate": estimate, "std_error": error, "lower": lower, "upper": upper}, index=draws.columns
    )


def bootstrap(
    fit: InteractionFitted,
    n: int,
    kind: str,
    block: int | None,
    n_starts: int,
    seed: int,
    n_jobs: int,
    progress: bool,
) -> BootstrapResults:
    """See :meth:`InteractionResults.bootstrap`."""
    check_choice("kind", kind, ("parametric", "block"), "bootstrap()")
    check_count("n", n, 2)
    check_count("n_starts", n_starts, 0)
    fit.need_sample("bootstrap()")
    m, theta = fit.machinery, fit.machinery.estimate.theta
    if kind == "parametric":
        make = partial(draw_counts, m.problem, theta, fit.scale)
    elif m.problem.family in (GAUSSIAN, LOGNORMAL):
        make = partial(draw_blocks, m.problem, theta, _inflation(fit), _block_length(fit, block))
    else:
        raise DataError(
            f'bootstrap(): kind="block" needs residuals with a common variance, not family="{fit.family}".'
        )
    task = partial(_refit, m.problem, m.layout, theta, fit.species, make, n_starts)
    found = replicate(task, n, seed=seed, n_jobs=n_jobs, progress=progress, prefer="threads")
    params = pd.DataFrame([theta for theta, _ in found], columns=fit.coefficients.index)
    quantities = pd.DataFrame([values for _, values in found])
    ends = [outcome_at(m.layout, at, values, fit.species) or "" for at, values in found]
    outcome = pd.Series(ends, name="outcome")
    here = pd.Series(invariants_of(m.layout, m.problem, theta, fit.species))
    lost = tuple(
        m.layout.names[j]
        for j, reason in m.identification.reasons.items()
        if reason.kind in ("not_identified", "not_determined")
    )
    return BootstrapResults(kind, Refits(params, quantities, outcome), (fit.params, here), lost)


def _refit(
    problem: Problem,
    layout: Layout,
    theta: Array,
    species: tuple[str, ...],
    make: Callable[[np.random.Generator], Array],
    n_starts: int,
    rng: np.random.Generator,
) -> tuple[Array, dict[str, float]]:
    again = problem._replace(counts=make(rng))
    starts = [theta] + [theta * np.exp(_SPREAD * rng.normal(size=len(theta))) for _ in range(n_starts)]
    ends = [search_once(again, layout, start, _EVALUATIONS, _TOL) for start in starts]
    best = min(ends, key=lambda end: end[1])
    if problem.family == NEGATIVE_BINOMIAL:
        again, best = fit_dispersion(again, layout, best)
    return best[0], invariants_of(layout, again, best[0], species)


def draw_counts(problem: Problem, theta: Array, variance: float, rng: np.random.Generator) -> Array:
    """Draw counts from the fitted distribution, missing where the data are."""
    sd = np.sqrt(variance) / problem.weights[row_culture(problem)]

    def about(rows: slice, mean: Array) -> Array:
        return draw(problem.family, np.nan_to_num(mean), sd[rows], problem.dispersion, rng)

    return draw_about(problem, theta, about)


def draw_about(problem: Problem, theta: Array, about: Callable[[slice, Array], Array]) -> Array:
    """Draw counts about the totals of rows; one after another where each total is foreseen from the counts before."""
    missing = np.isnan(problem.counts) | ~problem.present[row_culture(problem)]
    if not has_gain(problem):
        return np.where(missing, np.nan, about(slice(None), fitted_rows(problem, theta)[0]))
    counts = np.full_like(problem.counts, np.nan)
    again = problem._replace(counts=counts)
    for row, c in enumerate(row_culture(problem)):
        mean = course(again, theta, int(c))[1][[problem.row_node[row]]]
        here = slice(row, row + 1)
        counts[here] = np.where(missing[here], np.nan, np.maximum(about(here, mean), 0.0))
    return counts


def draw_blocks(
    problem: Problem, theta: Array, inflation: float, length: int, rng: np.random.Generator
) -> Array:
    """Add circular blocks of residuals to the fitted totals, the same blocks for all species."""
    mean, _ = fitted_rows(problem, theta)
    with np.errstate(all="ignore"):
        resid = problem.counts - mean if problem.family == GAUSSIAN else np.log(problem.counts / mean)
    resid = inflation * (resid - _column_means(resid, problem))
    blocks = np.zeros_like(resid)
    for c in range(len(problem.nodes)):
        rows = np.arange(problem.row_start[c], problem.row_start[c + 1])
        first = rng.integers(0, len(rows), size=-(-len(rows) // length))
        chosen = (first[:, None] + np.arange(length)).ravel()[: len(rows)] % len(rows)
        for s in range(len(problem.ages)):
            drawn = resid[rows[chosen], s]
            pool = resid[rows, s][~np.isnan(resid[rows, s])]
            if len(pool):  # a blank in a block takes a residual of the series at random
                drawn = np.where(np.isnan(drawn), rng.choice(pool, len(rows)), drawn)
            blocks[rows, s] = drawn

    def about(rows: slice, mean: Array) -> Array:
        return mean + blocks[rows] if problem.family == GAUSSIAN else mean * np.exp(blocks[rows])

    return draw_about(problem, theta, about)


def _column_means(resid: Array, problem: Problem) -> Array:
    means = np.zeros_like(resid)
    for c in range(len(problem.nodes)):
        rows = slice(problem.row_start[c], problem.row_start[c + 1])
        for s in range(len(problem.ages)):
            if not np.isnan(resid[rows, s]).all():
                means[rows, s] = np.nanmean(resid[rows, s])
    return means


def _inflation(fit: InteractionFitted) -> float:
    """Factor that makes up for the degrees of freedom that the residuals have lost."""
    return float(np.sqrt(fit.nobs / max(fit.df_resid, 1)))


def _block_length(fit: InteractionFitted, block: int | None) -> int:
    shortest = int(np.diff(fit.machinery.problem.row_start).min())
    if block is None:
        return int(np.ceil(shortest ** (1.0 / 3.0)))
    if check_count("block", block, 1) > shortest:
        raise DataError(
            f"bootstrap(): `block` is {block}, longer than the shortest series of {shortest} rows."
        )
    return int(block)


def simulate(fit: InteractionFitted, n: int, seed: int) -> list[pd.DataFrame]:
    """See :meth:`InteractionResults.simulate`."""
    check_seed(seed)
    sample, problem = fit.need_sample("simulate()"), fit.machinery.problem
    frames = []
    for k in range(n):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,)))
        counts = in_user_order(sample, draw_counts(problem, fit.machinery.estimate.theta, fit.scale, rng))
        columns: dict[str, Any] = {sample.time_name: sample.time}
        columns |= {name: np.maximum(counts[:, s], 0.0) for s, name in enumerate(fit.species)}
        frame = pd.DataFrame(columns, sample.index)
        if sample.culture_name is not None:
            frame.insert(0, sample.culture_name, np.array(sample.cultures, object)[sample.culture])
        frames.append(frame)
    return frames
