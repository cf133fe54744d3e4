"""Form and sample in, the best of many searches out, with the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from statmodels_x.core.errors import ConvergenceError
from statmodels_x.core.parallel import each
from statmodels_x.core.typing import Array
from statmodels_x.population.course.build import build_problem
from statmodels_x.population.course.courses import fitted_rows, lowest_total, refine_flow
from statmodels_x.population.course.families import best_dispersion
from statmodels_x.population.course.layout import build_layout
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem, row_culture
from statmodels_x.population.fitting.starts import carry_over, jittered, ladder, random_starts
from statmodels_x.population.sample import Sample
from statmodels_x.population.specification import NEGATIVE_BINOMIAL, ODE, Form, Options

SAME = 0.01  # a search has reached the best if its sum of squares is within this share of it
_ROUGH, _FINE = (300, 100), 30_000  # evaluations; those of an ODE are dear
_ROUGH_TOL, _FINE_TOL = 1e-9, 1e-14
_CONVERGED = 1e-5  # what the model may still promise, relative to the sum of squares
_POSITIVE = 1e-6  # a total may fall this far below 0, relative to its series
_EXACT = 1e-9  # of the sum of squared counts
_KEPT = 4  # distinct ends that a rung of the ladder hands on
_REMEMBERED = 20  # distinct ends that an estimate keeps


@dataclass(frozen=True, eq=False)
class Estimate:
    """The best end of all searches.

    Attributes
    ----------
    theta : ndarray of shape (p,)
    cost : float
        Half the sum of squared residuals, with the penalties.
    left : float
        What the quadratic model still promises within the bounds, relative to the cost.
    values : ndarray
        Costs at which the searches ended.
    n_evaluations : int
    negligible : float
        Cost below which a fit is exact.
    rungs : tuple of (str, float)
        Simpler models fitted on the way, with their costs.
    ends : ndarray of shape (m, p)
        Where the searches with the lowest costs ended, alike ends left out.
    """

    theta: Array
    cost: float
    left: float
    values: Array
    n_evaluations: int
    negligible: float
    rungs: tuple[tuple[str, float], ...] = ()
    ends: Array = field(default_factory=lambda: np.empty((0, 0)), repr=False)

    @property
    def converged(self) -> bool:
        """Whether the end is stationary within the bounds."""
        return self.left * min(self.cost / self.negligible, 1.0) <= _CONVERGED

    @property
    def n_starts(self) -> int:
        """Number of searches."""
        return len(self.values)

    @property
    def n_best(self) -> int:
        """Searches that ended within 1 % of the best."""
        return int(np.sum(self.values <= (1.0 + SAME) * max(self.cost, self.negligible)))


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
    rng = np.random.default_rng(options.seed)
    pool: list[tuple[Layout, list[Array]]] = []
    rungs = []
    for rung in ladder(form) if options.warm_starts else []:
        layout, problem = _prepare(rung, sample, family, weights, options, ridge)
        starts = _starts(layout, sample, pool, max(4, options.n_starts // 3), rng)
        ends = _search_all(problem, layout, starts, options)
        pool.append((layout, [end[0] for end in distinct(ends, _KEPT)]))
        rungs.append((str(rung), min(end[1] for end in ends)))
    layout, problem = _prepare(form, sample, family, weights, options, ridge, strict=True)
    starts = _starts(layout, sample, pool, options.n_starts, rng)
    ends = _search_all(problem, layout, starts, options)
    problem, best, values = _finish(problem, layout, ends)
    if problem.family == NEGATIVE_BINOMIAL:
        problem, best = fit_dispersion(problem, layout, best)
        values = values / np.min(values) * best[1]  # searches were made under the Poisson distribution
    n = sum(end[3] for end in ends) + best[3]
    negligible = _EXACT * max(
        1.0, 0.5 * float(np.nansum((problem.counts * weights[row_culture(problem)]) ** 2))
    )
    lowest = _remembered(ends, layout)
    return layout, problem, Estimate(best[0], best[1], best[2], values, n, negligible, tuple(rungs), lowest)


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
    layout = build_layout(form, sample, options.initial, structure, options.bounds, strict)
    problem = build_problem(layout, sample, family, weights)
    if ridge is not None:
        targets, weight = ridge
        for j, key in enumerate(layout.keys):
            if key in targets:
                problem.ridge[j], problem.ridge_target[j] = weight, targets[key]
    return layout, problem


def _starts(
    layout: Layout,
    sample: Sample,
    pool: Sequence[tuple[Layout, list[Array]]],
    n: int,
    rng: np.random.Generator,
) -> list[Array]:
    carried = [carry_over(theta, simple, layout) for simple, ends in pool[-4:] for theta in ends]
    return jittered(carried, layout, rng) + random_starts(layout, sample, n, rng)


End = tuple[Array, float, float, int]


def _search_all(problem: Problem, layout: Layout, starts: Sequence[Array], options: Options) -> list[End]:
    search = partial(search_once, problem, layout, most=_ROUGH[problem.kind], tol=_ROUGH_TOL)
    ends = list(each(search, starts, n_jobs=options.n_jobs, progress=options.progress, prefer="threads"))
    if not any(np.isfinite(end[1]) for end in ends):
        raise ConvergenceError(
            "no start gave a finite course: check the counts for outliers and the `bounds` for contradictions."
        )
    return ends


def search_once(problem: Problem, layout: Layout, start: Array, most: int, tol: float) -> End:
    """One search within a layout's bounds."""
    from statmodels_x.population.kernels.search import search

    found: End = search(problem, start, np.array(layout.lower), np.array(layout.upper), most, tol)
    return found


def distinct(ends: Sequence[End], most: int) -> list[End]:
    """Keep the best ends that differ by more than a thousandth in cost."""
    kept: list[End] = []
    for end in sorted(ends, key=lambda found: found[1]):
        if np.isfinite(end[1]) and all(abs(end[1] - other[1]) > 1e-3 * other[1] for other in kept):
            kept.append(end)
        if len(kept) == most:
            break
    return kept


def _remembered(ends: Sequence[End], layout: Layout) -> Array:
    """Keep the ends with the lowest costs that differ by a twentieth of the range or of the value of some parameter."""
    width = np.minimum(np.array(layout.upper) - np.array(layout.lower), 1.0)
    kept: list[Array] = []
    for theta, cost, *_ in sorted(ends, key=lambda end: end[1])[: 4 * _REMEMBERED]:
        size = 0.05 * np.minimum(width, np.abs(theta) + 1e-12)
        if np.isfinite(cost) and all(np.any(np.abs(theta - other) > size) for other in kept):
            kept.append(theta)
    return np.array(kept[:_REMEMBERED]).reshape(-1, len(layout.names))


def _finish(problem: Problem, layout: Layout, ends: Sequence[End]) -> tuple[Problem, End, Array]:
    """Polish the best ends, then the best of them until it is stationary and no total is negative.

    Also return the costs at which all searches ended, those of the polished ones after that.
    """
    values = np.array([end[1] for end in ends])
    polished = []
    for end in distinct(ends, _KEPT):  # a coarse flow may have ends that a fine one has not
        fine = refine_flow(problem, end[0]) if problem.kind == ODE else problem
        found = search_once(fine, layout, end[0], 10 * _ROUGH[problem.kind], _ROUGH_TOL)
        values[values == end[1]] = found[1]
        polished.append(found)
    first = min(polished, key=lambda end: end[1])
    if problem.kind == ODE:
        problem = refine_flow(problem, first[0])
    best = search_once(problem, layout, first[0], _FINE, _FINE_TOL)
    for _ in range(4):
        if lowest_total(problem, best[0])[0] >= -_POSITIVE:
            break
        problem = problem._replace(penalty=100.0 * problem.penalty)
        best = search_once(problem, layout, best[0], _FINE, _FINE_TOL)
    values[values == first[1]] = best[1]
    return problem, best, values


def improve(problem: Problem, layout: Layout, found: Estimate, theta: Array) -> tuple[Problem, Estimate]:
    """Go on from parameters that fit better than the end of all searches."""
    problem, best, _ = _finish(problem, layout, [search_once(problem, layout, theta, _FINE, _FINE_TOL)])
    if problem.family == NEGATIVE_BINOMIAL:
        problem, best = fit_dispersion(problem, layout, best)
    values, n = np.append(found.values, best[1]), found.n_evaluations + best[3]
    return problem, replace(found, theta=best[0], cost=best[1], left=best[2], values=values, n_evaluations=n)


def fit_dispersion(problem: Problem, layout: Layout, best: End) -> tuple[Problem, End]:
    """Alternate between the dispersion of a negative binomial and the course until neither moves."""
    for _ in range(50):
        mean, _ = fitted_rows(problem, best[0])
        seen = ~np.isnan(problem.counts) & ~np.isnan(mean)
        dispersion = best_dispersion(problem.counts[seen], mean[seen])
        if abs(dispersion - problem.dispersion) <= 1e-7 * (1e-6 + dispersion):
            break
        problem = problem._replace(dispersion=dispersion)
        best = search_once(problem, layout, best[0], _FINE, _FINE_TOL)
    return problem, best
