"""Refits to data drawn from a fit: intervals and probabilities that need no linearisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.resampling import replicate
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha, check_choice, check_count
from statmodels_x.population.estimation import fit_dispersion, fitted_rows, search_once
from statmodels_x.population.families import draw
from statmodels_x.population.form import Layout
from statmodels_x.population.invariants import invariants_of, outcome_of
from statmodels_x.population.problem import GAUSSIAN, LOGNORMAL, NEGATIVE_BINOMIAL, Problem

if TYPE_CHECKING:
    from statmodels_x.population.results import InteractionResults

_EVALUATIONS, _TOL = 1000, 1e-10
_SPREAD = 0.3  # of the logarithm, for starts around the estimate

_HUGE, _ALL_BUT_HUGE = 1e300, 1e250


@dataclass(frozen=True, eq=False)
class BootstrapResults:
    """Refits of a model to data drawn from its fit.

    Attributes
    ----------
    kind : str
        ``"parametric"`` or ``"block"``.
    params : DataFrame
        One row a refit, one column a parameter.
    quantities : DataFrame
        One row a refit, one column an invariant.
    outcome : Series
        Long-run outcome of each refit; empty strings where the model has none.
    estimates : tuple of (Series, Series)
        Parameters and invariants of the fit itself.
    reasons : Series
        Parameters that the fit does not determine; they get no interval.
    """

    kind: str
    params: pd.DataFrame = field(repr=False)
    quantities: pd.DataFrame = field(repr=False)
    outcome: pd.Series = field(repr=False)
    estimates: tuple[pd.Series, pd.Series] = field(repr=False)
    reasons: pd.Series = field(repr=False)

    def __repr__(self) -> str:
        return f"BootstrapResults({self.kind}, n={len(self.params)})"

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Percentile intervals of the parameters.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        DataFrame
            ``estimate``, ``std_error``, ``lower``, ``upper``; NaN for parameters that no data of this kind determine
            or that the fit leaves undetermined, but not for those at a bound.
        """
        table = _percentiles(self.params, self.estimates[0], alpha)
        lost = [
            name
            for name, reason in self.reasons.items()
            if reason.startswith(("not identified", "not determined"))
        ]
        table.loc[lost, ["std_error", "lower", "upper"]] = np.nan
        return table

    def invariants(self, alpha: float = 0.05) -> pd.DataFrame:
        """Percentile intervals of the invariants.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        DataFrame
            ``estimate``, ``std_error``, ``lower``, ``upper``.
        """
        return _percentiles(self.quantities, self.estimates[1], alpha)

    @property
    def outcomes(self) -> pd.Series:
        """Share of the refits with each long-run outcome, the most frequent first."""
        return self.outcome.value_counts(normalize=True).rename("probability")


def _percentiles(draws: pd.DataFrame, estimate: pd.Series, alpha: float) -> pd.DataFrame:
    check_alpha(alpha)
    values = draws.to_numpy(float)
    limits = np.full((2, values.shape[1]), np.nan)
    known = ~np.isnan(values).any(axis=0)
    with np.errstate(invalid="ignore"):
        limits[:, known] = np.quantile(  # a quantile between two infinite draws is infinite
            np.clip(values[:, known], -_HUGE, _HUGE),
            [alpha / 2.0, 1.0 - alpha / 2.0],
            axis=0,
            method="median_unbiased",
        )
        limits[np.abs(limits) > _ALL_BUT_HUGE] *= np.inf
        error = np.where(np.isfinite(values).all(axis=0), values.std(axis=0, ddof=1), np.nan)
    return pd.DataFrame(
        {"estimate": estimate, "std_error": error, "lower": limits[0], "upper": limits[1]},
        index=draws.columns,
    )


def bootstrap(
    fit: InteractionResults,
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
    if kind == "block" and fit.problem.family not in (GAUSSIAN, LOGNORMAL):
        raise DataError(
            f'bootstrap(): kind="block" needs residuals with a common variance, not family="{fit.family}".'
        )
    make = partial(draw_counts, fit.problem, fit.estimate.theta, fit.identification.variance)
    if kind == "block":
        make = partial(
            draw_blocks, fit.problem, fit.estimate.theta, _inflation(fit), _block_length(fit, block)
        )
    task = partial(_refit, fit.problem, fit.layout, fit.estimate.theta, fit.species, make, n_starts)
    found = replicate(task, n, seed=seed, n_jobs=n_jobs, progress=progress, prefer="threads")
    params = pd.DataFrame([theta for theta, _ in found], columns=fit.params.index)
    quantities = pd.DataFrame([values for _, values in found])
    outcome = pd.Series([outcome_of(values, fit.species) or "" for _, values in found], name="outcome")
    here = pd.Series(invariants_of(fit.layout, fit.problem, fit.estimate.theta, fit.species))
    return BootstrapResults(kind, params, quantities, outcome, (fit.params, here), fit.reasons)


def _refit(
    problem: Problem,
    layout: Layout,
    theta: Array,
    species: tuple[str, str],
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
    """Draw counts from the fitted law, missing where the data are."""
    mean, _ = fitted_rows(problem, theta)
    culture = np.repeat(np.arange(len(problem.nodes)), np.diff(problem.row_start))
    sd = np.sqrt(variance) / problem.weights[culture]
    counts = draw(problem.family, np.nan_to_num(mean), sd, problem.dispersion, rng)
    return np.where(np.isnan(problem.counts) | np.isnan(mean), np.nan, counts)


def draw_blocks(
    problem: Problem, theta: Array, inflation: float, length: int, rng: np.random.Generator
) -> Array:
    """Add circular blocks of residuals to the fitted totals, the same blocks for both species."""
    mean, _ = fitted_rows(problem, theta)
    with np.errstate(all="ignore"):
        resid = problem.counts - mean if problem.family == GAUSSIAN else np.log(problem.counts / mean)
    resid = inflation * (resid - _column_means(resid, problem))
    counts = np.full_like(problem.counts, np.nan)
    for c in range(len(problem.nodes)):
        rows = np.arange(problem.row_start[c], problem.row_start[c + 1])
        first = rng.integers(0, len(rows), size=-(-len(rows) // length))
        chosen = (first[:, None] + np.arange(length)).ravel()[: len(rows)] % len(rows)
        for s in range(2):
            drawn = resid[rows[chosen], s]
            pool = resid[rows, s][~np.isnan(resid[rows, s])]
            if len(pool):  # a blank in a block takes a residual of the series at random
                drawn = np.where(np.isnan(drawn), rng.choice(pool, len(rows)), drawn)
            plus = mean[rows, s] + drawn if problem.family == GAUSSIAN else mean[rows, s] * np.exp(drawn)
            counts[rows, s] = np.where(np.isnan(problem.counts[rows, s]), np.nan, plus)
    return counts


def _column_means(resid: Array, problem: Problem) -> Array:
    means = np.zeros_like(resid)
    for c in range(len(problem.nodes)):
        rows = slice(problem.row_start[c], problem.row_start[c + 1])
        for s in range(2):
            if not np.isnan(resid[rows, s]).all():
                means[rows, s] = np.nanmean(resid[rows, s])
    return means


def _inflation(fit: InteractionResults) -> float:
    """Factor that makes up for the degrees of freedom that the residuals have lost."""
    return float(np.sqrt(fit.nobs / max(fit.df_resid, 1)))


def _block_length(fit: InteractionResults, block: int | None) -> int:
    shortest = int(np.diff(fit.problem.row_start).min())
    if block is None:
        return int(np.ceil(shortest ** (1.0 / 3.0)))
    if check_count("block", block, 1) > shortest:
        raise DataError(
            f"bootstrap(): `block` is {block}, longer than the shortest series of {shortest} rows."
        )
    return int(block)


def simulate(fit: InteractionResults, n: int, seed: int) -> list[pd.DataFrame]:
    """See :meth:`InteractionResults.simulate`."""
    from statmodels_x.population.assembly import row_order

    check_count("seed", seed, 0)
    sample, order = fit.sample, row_order(fit.sample)
    frames = []
    for k in range(n):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,)))
        counts = np.empty_like(sample.counts)
        counts[order] = draw_counts(fit.problem, fit.estimate.theta, fit.identification.variance, rng)
        columns: dict[str, Any] = {sample.time_name: sample.time}
        columns |= {name: np.maximum(counts[:, s], 0.0) for s, name in enumerate(fit.species)}
        frame = pd.DataFrame(columns, sample.index)
        if sample.culture_name is not None:
            frame.insert(0, sample.culture_name, np.array(sample.cultures, object)[sample.culture])
        frames.append(frame)
    return frames
