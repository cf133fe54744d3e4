"""Form and sample in, the best of many searches out, with the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.errors import ConvergenceError
from statmodels_x.core.parallel import each
from statmodels_x.core.typing import Array
from statmodels_x.population.course.build import build_problem
from statmodels_x.population.course.courses import digits_spent, fitted_rows, lowest_total, refine_flow
from statmodels_x.population.course.families import best_dispersion
from statmodels_x.population.course.layout import build_layout
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem, has_gain, row_culture
from statmodels_x.population.fitting.gains import GAIN_STARTS, Feedback, gain_path
from statmodels_x.population.fitting.mapped import mapped_starts
from statmodels_x.population.fitting.searching import End, distinct, search_once
from statmodels_x.population.fitting.shooting import shooting
from statmodels_x.population.fitting.starts import carry_over, jittered, ladder, random_starts
from statmodels_x.population.sample import Sample
from statmodels_x.population.specification import GAUSSIAN, LOGNORMAL, NEGATIVE_BINOMIAL, ODE, Form, Options

_ROUGH, _FINE = (300, 100), (30_000, 1_000)  # evaluations; those of an ODE are dear
_POLISH = (3_000, 400)
_ROUGH_TOL, _FINE_TOL = 1e-9, 1e-14
_CONVERGED = 1e-5  # what the model may still promise, relative to the sum of squares
_POSITIVE = 1e-6  # a total may fall this far below 0, relative to its series
_EXACT = 1e-9  # of the sum of squared counts
_KEPT = 4  # distinct ends that a rung of the ladder hands on, and that are polished
_LOOKED_AT = 100  # distinct ends among which regular ones are looked for, should the lowest be needles
_REMEMBERED = 20  # distinct ends that an estimate keeps
_ON_A_RUNG = (
    12  # random starts; their number does not depend on n_starts, so that more starts are never worse
)
NEEDLE = 5.0  # digits of its parameters beyond which a course supports no prediction
REACHED = 0.5  # log-likelihood within which a search has reached the best


@dataclass(frozen=True, eq=False)
class Estimate:
    """The best regular end of all searches; a needle only where there is none, or it was asked for.

    Attributes
    ----------
    theta : ndarray of shape (p,)
    cost : float
        Half the sum of squared residuals, with the penalties.
    left : float
        What the quadratic model still promises within the bounds, relative to the cost.
    values : ndarray
        Costs at which the searches ended.
    kinds : tuple of str
        What kind of start each search had.
    n_evaluations : int
    negligible : float
        Cost below which a fit is exact.
    rungs : tuple of (str, float)
        Simpler models fitted on the way, with their costs.
    ends : ndarray of shape (m, p)
        Where the searches with the lowest costs ended, alike ends left out.
    end_costs : ndarray of shape (m,)
    end_kinds : tuple of str
        Kinds of the searches that reached each of these ends.
    digits : float
        Digits of the parameters that the course spends.
    tolerance : float
        Share by which a cost within ``REACHED`` of the best log-likelihood may lie above it.
    per_log : float
        Log-likelihood lost for each unit by which the logarithm of the cost rises; 0 where costs are log-likelihoods.
    feedback : Feedback or None
        The best fit with an innovation gain that the search came by.
    """

    theta: Array
    cost: float
    left: float
    values: Array
    n_evaluations: int
    negligible: float
    rungs: tuple[tuple[str, float], ...] = ()
    ends: Array = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    kinds: tuple[str, ...] = ()
    end_costs: Array = field(default_factory=lambda: np.empty(0), repr=False)
    end_kinds: tuple[str, ...] = ()
    digits: float = -np.inf
    tolerance: float = 0.01
    per_log: float = 0.0
    feedback: Feedback | None = None

    @property
    def converged(self) -> bool:
        """Whether the end is stationary within the bounds."""
        return self.left * min(self.cost / self.negligible, 1.0) <= _CONVERGED

    @property
    def is_needle(self) -> bool:
        """Whether the course spends more digits than any prediction could rest on."""
        return self.digits > NEEDLE

    @property
    def n_starts(self) -> int:
        """Number of searches."""
        return len(self.values)

    def units(self, cost: float) -> float:
        """Log-likelihood of an end less that of the estimate."""
        if self.per_log == 0.0:
            return float(self.cost - cost)
        return float(self.per_log * np.log(self.cost / cost)) if cost > 0.0 else np.inf

    @property
    def at_best(self) -> NDArray[np.bool_]:
        """Which searches ended at the estimate, within half a unit of log-likelihood."""
        level = max(self.cost, self.negligible)
        return np.abs(self.values - self.cost) <= self.tolerance * level

    @property
    def n_best(self) -> int:
        """Number of searches that ended at the estimate."""
        return int(np.sum(self.at_best))

    def table(self) -> pd.DataFrame:
        """One row per kind of start: searches, the lowest sum of squares, and how many ended at the estimate."""
        kinds = self.kinds or ("all",) * len(self.values)  # version 0.1 did not tell them apart
        frame = pd.DataFrame({"kind": kinds, "best": 2.0 * self.values, "at_best": self.at_best, "starts": 1})
        groups = frame.groupby("kind", sort=False)
        return groups.agg({"starts": "sum", "best": "min", "at_best": "sum"})


def estimate(
    form: Form,
    sample: Sample,
    family: str,
    weights: Array,
    options: Options,
    ridge: tuple[Mapping[Any, float], float] | None = None,
) -> tuple[Layout, Problem, Estimate]:
    """Fit a form to a sample.

    Parameters
    ----------
    form : Form
    sample : Sample
    family : str
    weights : ndarray of shape (C, 2)
    options : Options
    ridge : tuple of (mapping, float), optional
        Targets by parameter key, and the weight of the squared distance from them.

    Returns
    -------
    layout : Layout
    problem : Problem
    estimate : Estimate

    Raises
    ------
    ConvergenceError
        If no start gave a finite course.
    """
    pool: list[tuple[Layout, list[Array]]] = []
    rungs = []
    for step, rung in enumerate(ladder(form) if options.warm_starts else []):
        layout, problem = _prepare(rung, sample, family, weights, options, ridge)
        starts = _carried(pool, layout, [options.seed, step]) + random_starts(
            layout, sample, _ON_A_RUNG, [options.seed, step, 0]
        )
        ends = _search_all(problem, layout, starts, options)
        pool.append((layout, [end[0] for end in distinct(ends, _KEPT)]))
        rungs.append((str(rung), min(end[1] for end in ends)))
    layout, problem = _prepare(form, sample, family, weights, options, ridge, strict=True)
    kinds, starts, feedback = _all_starts(layout, problem, sample, pool, options)
    ends = _search_all(problem, layout, starts, options)
    problem, best, values = _finish(problem, layout, ends, options.allow_unstable)
    if problem.family == NEGATIVE_BINOMIAL:
        problem, best = fit_dispersion(problem, layout, best)
        values = values / np.min(values) * best[1]  # searches were made under the Poisson distribution
    found = Estimate(
        *best[:3],
        values,
        sum(end[3] for end in ends) + best[3],
        _EXACT * max(1.0, 0.5 * float(np.nansum((problem.counts * weights[row_culture(problem)]) ** 2))),
        tuple(rungs),
        kinds=tuple(kinds),
        digits=digits_spent(problem, best[0]),
        tolerance=reached(problem, best[1], REACHED),
        per_log=0.5 * problem_size(problem) if problem.family in (GAUSSIAN, LOGNORMAL) else 0.0,
        feedback=feedback,
    )
    return layout, problem, replace(found, **_remembered(ends, values, kinds, layout, found.tolerance))


def problem_size(problem: Problem) -> int:
    """Count the observed counts."""
    return int(np.sum(~np.isnan(problem.counts)))


def reached(problem: Problem, cost: float, units: float) -> float:
    """Share by which a cost lies above another that is some units of log-likelihood better."""
    if problem.family in (GAUSSIAN, LOGNORMAL):
        return float(np.expm1(2.0 * units / max(problem_size(problem), 1)))
    return units / max(cost, 1e-300)


def _carried(pool: Sequence[tuple[Layout, list[Array]]], layout: Layout, seed: Sequence[int]) -> list[Array]:
    carried = [carry_over(theta, simple, layout) for simple, ends in pool[-4:] for theta in ends]
    return jittered(carried, layout, [*seed, 1])


def _all_starts(
    layout: Layout,
    problem: Problem,
    sample: Sample,
    pool: Sequence[tuple[Layout, list[Array]]],
    options: Options,
) -> tuple[list[str], list[Array], Feedback | None]:
    """Collect starts of all kinds with their names, and what the path of gains came by."""
    seed = [options.seed, 1000]
    found = [("simpler models", start) for start in _carried(pool, layout, seed)]
    found += [("random", s) for s in random_starts(layout, sample, options.n_starts, [*seed, 0])]
    if has_gain(problem):
        return [kind for kind, _ in found], [start for _, start in found], None
    search = partial(search_once, tol=_ROUGH_TOL)
    firsts = random_starts(layout, sample, GAIN_STARTS, [*seed, 0])
    along, feedback = gain_path(problem, layout, firsts, partial(search, most=_ROUGH[problem.kind]))
    found += [("gain path", start) for start in along]
    if layout.form.interaction == "predation" and max(layout.form.ages) == 1:
        found += [("shooting", start) for start in shooting(problem, layout, sample, firsts, search)]
        found += mapped_starts(problem, layout, sample)
    return [kind for kind, _ in found], [start for _, start in found], feedback


def _prepare(
    form: Form,
    sample: Sample,
    family: str,
    weights: Array,
    options: Options,
    ridge: Any,
    strict: bool = False,
) -> tuple[Layout, Problem]:
    given = not isinstance(options.structure, str)  # shares of all classes say nothing of fewer classes
    structure = options.structure if strict or not given else "free"
    layout = build_layout(form, sample, options.initial, structure, options.bounds, strict, options.gain)
    problem = build_problem(layout, sample, family, weights)
    if ridge is not None:
        targets, weight = ridge
        for j, key in enumerate(layout.keys):
            if key in targets:
                problem.ridge[j], problem.ridge_target[j] = weight, targets[key]
    return layout, problem


def _search_all(problem: Problem, layout: Layout, starts: Sequence[Array], options: Options) -> list[End]:
    search = partial(search_once, problem, layout, most=_ROUGH[problem.kind], tol=_ROUGH_TOL)
    ends = list(each(search, starts, n_jobs=options.n_jobs, progress=options.progress, prefer="threads"))
    if not any(np.isfinite(end[1]) for end in ends):
        raise ConvergenceError(
            "no start gave a finite course: check the counts for outliers and the `bounds` for contradictions."
        )
    return ends


def _remembered(
    ends: Sequence[End], values: Array, kinds: Sequence[str], layout: Layout, tolerance: float
) -> dict[str, Any]:
    """Keep the ends with the lowest costs that differ by a twentieth of the range or of the value of some parameter."""
    width = np.minimum(np.array(layout.upper) - np.array(layout.lower), 1.0)
    kept: list[int] = []
    for k in map(int, np.argsort(values, kind="stable")[: 8 * _REMEMBERED]):
        theta = ends[k][0]
        size = 0.05 * np.minimum(width, np.abs(theta) + 1e-12)
        if np.isfinite(values[k]) and all(np.any(np.abs(theta - ends[other][0]) > size) for other in kept):
            kept.append(k)
    kept = kept[:_REMEMBERED]
    by = [
        sorted({kinds[int(j)] for j in np.flatnonzero(np.abs(values - values[k]) <= tolerance * values[k])})
        for k in kept
    ]
    return {
        "ends": np.array([ends[k][0] for k in kept]).reshape(-1, len(layout.names)),
        "end_costs": values[kept],
        "end_kinds": tuple(", ".join(names) for names in by),
    }


def _finish(
    problem: Problem, layout: Layout, ends: Sequence[End], allow_unstable: bool
) -> tuple[Problem, End, Array]:
    """Polish the best ends, then the best regular one until it is stationary and no total is negative.

    Also return the costs at which all searches ended, those of the polished ones after that.
    """
    values = np.array([end[1] for end in ends])
    polished: list[tuple[End, bool]] = []
    candidates = distinct(ends, _LOOKED_AT)
    likely = [end for end in candidates if allow_unstable or digits_spent(problem, end[0]) <= NEEDLE]
    chosen = {id(end) for end in (*candidates[:_KEPT], *likely[:_KEPT])}
    for end in (end for end in candidates if id(end) in chosen):
        # a coarse flow may have ends of its own
        fine = refine_flow(problem, end[0]) if problem.kind == ODE else problem
        found = search_once(fine, layout, end[0], _POLISH[problem.kind], _ROUGH_TOL)
        values[values == end[1]] = found[1]
        polished.append((found, allow_unstable or digits_spent(fine, found[0]) <= NEEDLE))
    polished.sort(key=lambda pair: (not pair[1], pair[0][1]))
    # a regular end may turn out to lead to a needle when it is followed to its very end
    for first, _ in polished:
        last = refine_flow(problem, first[0]) if problem.kind == ODE else problem
        best = search_once(last, layout, first[0], _FINE[problem.kind], _FINE_TOL)
        if allow_unstable or digits_spent(last, best[0]) <= NEEDLE:
            break
    else:
        first = polished[0][0]
        last = refine_flow(problem, first[0]) if problem.kind == ODE else problem
        best = search_once(last, layout, first[0], _FINE[problem.kind], _FINE_TOL)
    problem = last
    for _ in range(4):
        if lowest_total(problem, best[0])[0] >= -_POSITIVE:
            break
        problem = problem._replace(penalty=100.0 * problem.penalty)
        best = search_once(problem, layout, best[0], _FINE[problem.kind], _FINE_TOL)
    values[values == first[1]] = best[1]
    return problem, best, values


def improve(problem: Problem, layout: Layout, found: Estimate, theta: Array) -> tuple[Problem, Estimate]:
    """Go on from parameters that fit better than the end of all searches."""
    end = search_once(problem, layout, theta, _FINE[problem.kind], _FINE_TOL)
    problem, best, _ = _finish(problem, layout, [end], True)
    if problem.family == NEGATIVE_BINOMIAL:
        problem, best = fit_dispersion(problem, layout, best)
    return problem, replace(
        found,
        theta=best[0],
        cost=best[1],
        left=best[2],
        values=np.append(found.values, best[1]),
        kinds=(*found.kinds, "held parameters"),
        n_evaluations=found.n_evaluations + best[3],
        digits=digits_spent(problem, best[0]),
    )


def fit_dispersion(problem: Problem, layout: Layout, best: End) -> tuple[Problem, End]:
    """Alternate between the dispersion of a negative binomial and the course until neither moves."""
    for _ in range(50):
        mean, _ = fitted_rows(problem, best[0])
        seen = ~np.isnan(problem.counts) & ~np.isnan(mean)
        dispersion = best_dispersion(problem.counts[seen], mean[seen])
        if abs(dispersion - problem.dispersion) <= 1e-7 * (1e-6 + dispersion):
            break
        problem = problem._replace(dispersion=dispersion)
        best = search_once(problem, layout, best[0], _FINE[problem.kind], _FINE_TOL)
    return problem, best
