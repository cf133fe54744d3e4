"""Arrays and start values in, the best regular maximum out, with the evidence for it.

The likelihood of the four-parameter family has ridges, and with both scales it has several modes. Degenerate
ends never win against a regular maximum, but the user is told when they are higher.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from statmodels_x.core.errors import ConvergenceError
from statmodels_x.core.findings import Finding
from statmodels_x.core.optimize import Optimum
from statmodels_x.core.typing import Array
from statmodels_x.survival.fitting.findings import Names, higher_ridge, is_degenerate
from statmodels_x.survival.fitting.identification import examine, ridges
from statmodels_x.survival.fitting.starts import (
    SAME_MODE,
    Weibull,
    climb,
    distinct_best,
    ladder,
    preliminary_weibull,
    random_starts,
    rough_climbs,
    with_limits,
)
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, SurvivalRows

_SUBSAMPLE = 5000
_RANDOM_BOTH = 20
_REPORTED = 1e-3
_CLEARLY_HIGHER = 1.92  # half the 95 % quantile of chi-squared with one degree of freedom
_PROPER_LIMITS = {"weibull", "null", "kappa_inf", "kappa_minus_one", "cure_zero", "kappa_zero"}


@dataclass(frozen=True)
class Estimate:
    """The chosen maximum.

    Attributes
    ----------
    optimum : Optimum
    findings : tuple of Finding
        What is not determined there; empty for a regular fit.
    n_starts : int
        How many searches were made.
    n_best : int
        How many of them ended at the chosen value.
    rejected : tuple of (float, Finding)
        Degenerate ends with a higher log-likelihood than the chosen maximum.
    """

    optimum: Optimum
    findings: tuple[Finding, ...]
    n_starts: int
    n_best: int
    rejected: tuple[tuple[float, Finding], ...]
    n_random: int = 0
    """How many of the searches began at random."""

    @property
    def said(self) -> tuple[Finding, ...]:
        """All that a user must know of the search: the findings, and each kind of higher ridge once."""
        highest: dict[str, tuple[float, Finding]] = {}
        for value, ridge in self.rejected:
            if value > highest.get(ridge.kind, (-np.inf, ridge))[0]:
                highest[ridge.kind] = value, ridge
        here = "the best regular maximum" if self.is_regular else "another end of the search"
        above = (higher_ridge(value, here, ridge) for value, ridge in highest.values())
        return (*self.findings, *above)

    @property
    def is_regular(self) -> bool:
        """Whether the fit is a proved maximum that no ridge passes through."""
        return self.optimum.converged and not is_degenerate(self.findings)


def estimate(
    arrays: SurvivalRows,
    scale: str,
    *,
    names: Names | None = None,
    start: Array | None = None,
    n_starts: int | None = None,
    tol: float = 1e-10,
    max_iter: int = 200,
    seed: int = 0,
) -> Estimate:
    """Maximise the log-likelihood.

    Parameters
    ----------
    arrays : SurvivalRows
        Its limits are replaced by limits found from a preliminary Weibull.
    scale : {"aft", "ph"}
        The scale that carries the main regression.
    names : Names, optional
        Of the coefficients, for what is found; by default their positions.
    start : ndarray of shape (p,), optional
        A first start value to try besides the ladder's.
    n_starts : int, optional
        Random starts after the ladder: by default 20 where both scales and both shapes are free, else 0.
    tol : float
        Newton decrement at which the final search ends.
    max_iter : int
        Evaluations of the final search.
    seed : int
        Of the random starts, and of the subsample on which large data sets are explored.

    Returns
    -------
    Estimate

    Raises
    ------
    ConvergenceError
        If no start gave a finite log-likelihood.
    """
    rng = np.random.default_rng(seed)
    primary = 0 if scale == "aft" else 1
    n_random = (_RANDOM_BOTH if all(arrays.free[:4]) else 0) if n_starts is None else n_starts
    if arrays.n > 4 * _SUBSAMPLE:
        sample = arrays.take(np.sort(rng.choice(arrays.n, _SUBSAMPLE, replace=False)))
    else:
        sample = arrays if isinstance(arrays, SurvivalArrays) else arrays.take(np.arange(arrays.n))
    weibull, sample = preliminary_weibull(sample, primary)
    found = _explore(sample, weibull, start, n_random, rng)
    n_tried = len(found)
    arrays = with_limits(arrays, weibull.power)
    if sample.n < arrays.n:
        ends = [optimum.theta for optimum in distinct_best(found, 2 if n_random else 1)]
        found = rough_climbs(arrays, iter(ends if start is None else [start, *ends]))
    chosen = _choose(found, arrays, names or Names.numbers(arrays.slices), n_tried, tol, max_iter)
    return replace(chosen, n_random=n_random)


def _explore(
    sample: SurvivalArrays, weibull: Weibull, start: Array | None, n_random: int, rng: np.random.Generator
) -> list[Optimum]:
    first = [] if start is None else [np.asarray(start, float)]
    found = rough_climbs(sample, iter([*first, *ladder(sample, weibull)]))
    return found + rough_climbs(sample, random_starts(sample, weibull, found, n_random, rng))


def _choose(
    found: list[Optimum], arrays: SurvivalRows, names: Names, n_tried: int, tol: float, max_iter: int
) -> Estimate:
    """Finish the distinct ends from the highest down until one is a regular maximum."""
    ends = distinct_best(found)
    if not ends:
        raise ConvergenceError(
            "no start value gave a finite likelihood: check the times for outliers, and pass start= to fit()."
        )
    transform = ends[0].transform  # of the same rows
    degenerate: list[tuple[Optimum, tuple[Finding, ...]]] = []
    for end in ends:
        named = tuple(ridges(end, arrays, names))
        if named:
            degenerate.append((end, named))
            continue
        optimum = climb(arrays, end.theta, transform, tol, max_iter, end)
        findings = examine(optimum, arrays, names)
        if not is_degenerate(findings) and not _is_minor(optimum, degenerate):
            return _report(optimum, findings, degenerate, found, n_tried)
        degenerate.append((optimum, findings))
    degenerate = [item for item in degenerate if is_degenerate(item[1])]
    end, findings = _least_bad(degenerate)
    optimum = climb(arrays, end.theta, transform, tol, max_iter, end)
    finished = examine(optimum, arrays, names)
    if {one.kind for one in finished} != {one.kind for one in findings}:
        optimum, finished = end, findings  # the way up leads from this ridge to a worse one
    return _report(optimum, finished, degenerate, found, n_tried)


def _is_minor(optimum: Optimum, degenerate: list[tuple[Optimum, tuple[Finding, ...]]]) -> bool:
    """Whether a maximum lies clearly below a proper limit of the family, such as a Weibull or kappa = -1.

    Then the likelihood is largest at that limit, and the maximum is a minor mode. A ridge without a proper limit,
    such as a guarantee time, does not count.
    """
    limits = (end.value for end, findings in degenerate if {f.kind for f in findings} & _PROPER_LIMITS)
    return max(limits, default=-np.inf) > optimum.value + _CLEARLY_HIGHER


def _report(
    optimum: Optimum,
    findings: tuple[Finding, ...],
    degenerate: list[tuple[Optimum, tuple[Finding, ...]]],
    found: list[Optimum],
    n_tried: int,
) -> Estimate:
    above = tuple(
        (other.value, next(f for f in fs if is_degenerate([f])))
        for other, fs in degenerate
        if other.value > optimum.value + _REPORTED
    )
    n_best = sum(abs(end.value - optimum.value) < SAME_MODE for end in found)
    return Estimate(optimum, findings, n_tried, n_best, above)


def _least_bad(degenerate: list[tuple[Optimum, tuple[Finding, ...]]]) -> tuple[Optimum, tuple[Finding, ...]]:
    """Take the highest end on a ridge with a proper limit; one without end or name only if there is no other."""

    def rank(item: tuple[Optimum, tuple[Finding, ...]]) -> tuple[int, float]:
        kinds = {one.kind for one in item[1]}
        worst = 2 if "not_converged" in kinds else 1 if kinds & {"guarantee", "power_zero"} else 0
        return worst, -item[0].value

    return min(degenerate, key=rank)
