"""Precision of PTE at planned sizes, by simulation from a process with known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.deprecation import settle
from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.core.findings import quiet
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.resampling import replicate
from statmodels_x.core.validation import (
    check_alpha,
    check_choice,
    check_count,
    check_jobs,
    check_number,
    check_seed,
)
from statmodels_x.surrogate.fitting.perturbation import build_plan, perturb, point_estimate, sort_for
from statmodels_x.surrogate.fitting.proportions import infer
from statmodels_x.surrogate.fitting.support import check_support
from statmodels_x.surrogate.inference.intervals import interval as limits_of
from statmodels_x.surrogate.inference.selection import proportion_given_shown
from statmodels_x.surrogate.planning.simulate import IllnessDeathTrial
from statmodels_x.surrogate.sample import Trial, TrialFacts
from statmodels_x.surrogate.specification import (
    EFFECTS,
    INTERVALS,
    METHODS,
    Question,
    Settings,
    check_times,
)


def surrogate_power(
    process: IllnessDeathTrial,
    n: int | Sequence[int],
    at: float,
    landmark: float,
    effect: str = "survival",
    method: str = "crossfit",
    at_least: float = 0.5,
    alpha: float = 0.05,
    interval: str = "fieller",
    n_repeats: int = 200,
    n_perturb: int = 200,
    seed: int = 0,
    n_jobs: int = 1,
    progress: bool = False,
    kind: str | None = None,
) -> pd.DataFrame:
    """Simulate how precisely trials of planned sizes would estimate the PTE.

    Parameters
    ----------
    process : IllnessDeathTrial
        Distributions of both arms and of censoring. They are either planned, or fitted to a trial by
        :meth:`SurrogateResults.fitted_process`.
    n : int or sequence of int
        Number of patients in each arm, at least 20.
    at, landmark : float
        Time t of the outcome and landmark t0.
    effect : {"survival", "rmst"}
        The primary effect, as in :class:`~statmodels_x.SurrogatePTE`.
    method : {"crossfit", "full", "split"}
        Estimation method, as in :meth:`SurrogatePTE.fit`.
    at_least : float
        Share of the effect that the lower limit of the interval should exceed, between 0 and 1.
    alpha : float
        One minus the confidence level of the intervals.
    interval : {"fieller", "normal", "quantile"}
        Kind of the intervals, as in :meth:`SurrogateResults.conf_int`.
    n_repeats : int
        Number of simulated trials of each size.
    n_perturb : int
        Number of perturbed samples in each simulated trial, at least 20.
    seed : int
        Seed of the simulation.
    n_jobs : int
        Number of processes. The results do not depend on it.
    progress : bool
        Whether to show a progress bar.
    kind : str, optional
        Deprecated name of ``interval``.

    Returns
    -------
    DataFrame
        One row per size, with the following columns.

        - ``n_per_arm``: the size.
        - ``pte``: the true value.
        - ``defined``: share of trials whose effect differs from 0 at the 5 % level. This is the power of the test
          of the effect itself. The next columns are over these trials.
        - ``bias``, ``median_bias``: mean and median of the estimate minus the true value.
        - ``median_bias_given_shown``: the same median for :attr:`SurrogateResults.pte_given_shown`.
        - ``empirical_se``, ``mean_se``: standard deviation of the estimates, and mean of their standard errors.
        - ``median_width``: median width of the interval.
        - ``coverage``, ``coverage_mc_se``: coverage of the interval, and its Monte Carlo standard error.
        - ``power``, ``power_mc_se``: share of *all* trials that show the effect and whose lower limit exceeds
          ``at_least``, and its Monte Carlo standard error.
        - ``refused``: share of trials with too few events to be estimated at all.

    Raises
    ------
    DataError
        If an argument cannot be used.

    Examples
    --------
    >>> from statmodels_x import surrogate_power
    >>> from statmodels_x.surrogate.planning.simulate import PROCESSES
    >>> process = PROCESSES["B strong surrogate"].process
    >>> table = surrogate_power(process, n=[300], at=3, landmark=1.5, n_repeats=10, n_perturb=50)
    >>> table.columns[:3].tolist()
    ['n_per_arm', 'pte', 'defined']
    """
    if not isinstance(process, IllnessDeathTrial):
        raise DataError(
            "`process` must be an IllnessDeathTrial; fit.fitted_process() makes one from a trial."
        )
    at, landmark = check_times(at, landmark)
    check_choice("effect", effect, EFFECTS, "surrogate_power()")
    check_choice("method", method, METHODS, "surrogate_power()")
    interval = check_choice(
        "interval", settle("interval", interval, "kind", kind), INTERVALS, "surrogate_power()"
    )
    check_number("at_least", at_least, low=0.0, high=1.0, closed=True)
    check_alpha(alpha)
    n_repeats, n_perturb = check_count("n_repeats", n_repeats, 2), check_count("n_perturb", n_perturb, 20)
    seed, n_jobs = check_seed(seed), check_jobs(n_jobs)
    sizes = [check_count("n", size, 20) for size in np.atleast_1d(np.asarray(n, object))]
    settings = Settings(method, is_corrected=method != "split")
    asked = Question("", "", at, landmark, effect, settings, n_perturb, seed)
    truth = process.true_values(at, landmark, effect)["pte"]
    rows = []
    for size in sizes:
        task = partial(_one_trial, process=process, n=size, asked=asked, alpha=alpha, interval=interval)
        trials = replicate(task, n_repeats, seed=seed, n_jobs=n_jobs, progress=progress)
        rows.append({"n_per_arm": size, "pte": truth, **_summarise(trials, truth, at_least)})
    return pd.DataFrame(rows)


def _one_trial(
    rng: np.random.Generator, process: IllnessDeathTrial, n: int, asked: Question, alpha: float, interval: str
) -> dict[str, float] | None:
    """Simulate and analyse one trial; None where it holds too little to be analysed."""
    trial, seed = process.draw(n, rng), int(rng.integers(2**31))
    try:
        check_support(trial, _facts(trial), asked.at, asked.landmark)
    except IdentificationError:
        return None
    settings = replace(asked.settings, seed=seed)
    with quiet():
        sample = sort_for(trial, settings)
        plan = build_plan(sample, settings, asked.at, asked.landmark, asked.effect == "rmst")
        replicates = perturb([plan], asked.n_perturb, seed)[0]
        found = infer(point_estimate(plan), replicates, settings.corrects)
    low, high = limits_of(found, "pte", alpha, interval)
    claim = low if abs(found.statistic("delta")) > NORMAL.quantile(alpha) else -np.inf
    value, error = found.estimate("pte")[0], found.standard_error("pte")
    given = proportion_given_shown(found)
    return {"pte": value, "se": error, "low": low, "high": high, "claim": claim, "given": given}


def _facts(trial: Trial) -> TrialFacts:
    none = {"treated": 0, "control": 0}
    return TrialFacts(
        len(trial), len(trial), {}, "treated", "control", none, none, none, float(trial.time.max()), "time",
        "surrogate", None, None, 1, None,
    )  # fmt: skip


def _summarise(trials: Sequence[Any], truth: float, at_least: float) -> dict[str, float]:
    rows = [trial for trial in trials if trial is not None]
    table = pd.DataFrame(rows, columns=["pte", "se", "low", "high", "claim", "given"], dtype=float)
    known = table[np.isfinite(table["pte"])]
    m, k = len(trials), max(len(known), 1)
    covered = float(((known["low"] <= truth) & (truth <= known["high"])).mean()) if len(known) else np.nan
    power = float((known["claim"] > at_least).sum() / m)
    return {
        "defined": len(known) / m,
        "bias": float(known["pte"].mean() - truth),
        "median_bias": float(known["pte"].median() - truth),
        "median_bias_given_shown": float(known["given"].median() - truth),
        "empirical_se": float(known["pte"].std()),
        "mean_se": float(known["se"].mean()),
        "median_width": float((known["high"] - known["low"]).median()),
        "coverage": covered,
        "coverage_mc_se": float(np.sqrt(covered * (1.0 - covered) / k)),
        "power": power,
        "power_mc_se": float(np.sqrt(power * (1.0 - power) / m)),
        "refused": 1.0 - len(table) / m,
    }
