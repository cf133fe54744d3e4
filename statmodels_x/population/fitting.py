"""A search's end -> a results object with its inference and its warnings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.errors import ConvergenceWarning, IdentificationError
from statmodels_x.core.findings import Finding, announce
from statmodels_x.core.fits.reference import Reference
from statmodels_x.core.validation import check_count
from statmodels_x.population.alternatives import look_elsewhere
from statmodels_x.population.estimation import (
    Estimate,
    Options,
    check_initial,
    estimate,
    fitted_rows,
    improve,
)
from statmodels_x.population.families import log_likelihood
from statmodels_x.population.form import Form, Layout
from statmodels_x.population.identification import identify
from statmodels_x.population.intervals import doubtful
from statmodels_x.population.layout import build_layout
from statmodels_x.population.problem import LESLIE, Problem
from statmodels_x.population.results import InteractionResults
from statmodels_x.population.sample import Sample

_FEW = 0.05  # share of the starts at the best below which a better optimum is likely to be missed
_IMPROVEMENTS = 5
_STOPPED = "the search stopped"


def fit_form(
    form: Form,
    sample: Sample,
    family: str,
    weights: NDArray[np.float64],
    options: Options,
    settings: dict[str, str],
    ridge: Any = None,
) -> InteractionResults:
    """Fit a form and put the results together.

    Raises
    ------
    IdentificationError
        If there are more parameters than counts and nothing holds the rest.
    """
    check_initial(options.initial)
    check_count("n_starts", options.n_starts, 1)
    check_count("seed", options.seed, 0)
    layout = build_layout(form, sample, options.initial, options.structure, options.bounds)
    free = int(np.sum(np.array(layout.upper) > np.array(layout.lower)))
    if free >= sample.n_observed and ridge is None:
        raise IdentificationError(
            f"{free} parameters for {sample.n_observed} counts: use fewer `ages`, a simpler `coupling`, "
            'initial="observed", or a ridge toward a life table.'
        )
    layout, problem, found = estimate(form, sample, family, weights, options, ridge)
    results = assemble(form, sample, layout, problem, found, settings, options.n_jobs)
    announce(results.findings)
    return results


def assemble(
    form: Form,
    sample: Sample,
    layout: Layout,
    problem: Problem,
    found: Estimate,
    settings: dict[str, str],
    n_jobs: int = 1,
) -> InteractionResults:
    """Compute what is known at the end of a search, which refits with parameters held may still improve."""
    structural = structural_of(form, sample, layout)
    for _ in range(_IMPROVEMENTS):
        identification = identify(problem, layout, found.theta, structural)
        others = look_elsewhere(problem, layout, sample, found, identification, n_jobs)
        if others.better is None:
            break
        problem, found = improve(problem, layout, found, others.better)
    doubts = doubtful(layout, found.theta, identification, others)
    identification = identification.without(doubts)
    index = pd.MultiIndex.from_tuples(layout.names, names=["parameter", "term"])
    mean, _ = fitted_rows(problem, found.theta)
    seen = ~np.isnan(problem.counts) & ~np.isnan(mean)
    culture = np.repeat(np.arange(len(problem.nodes)), np.diff(problem.row_start))
    llf = log_likelihood(
        problem.family, problem.counts[seen], mean[seen], problem.weights[culture][seen], problem.dispersion
    )
    notes: list[Finding] = []
    if not found.converged:
        notes.append(
            Finding(
                "not_converged",
                f"{_STOPPED} where a fall of {100 * found.left:.2g} % of the sum of squares still seems possible; "
                "raise n_starts, or use a smaller model.",
                category=ConvergenceWarning,
            )
        )
    if found.n_best < max(1, _FEW * found.n_starts):
        notes.append(
            Finding(
                "few_starts",
                f"only {found.n_best} of {found.n_starts} starts came within 1 % of the best fit: a better one may exist; "
                "raise n_starts.",
            )
        )
    if structural is not None and structural.deficit > 0:
        notes.append(
            Finding(
                "structural",
                f"totals determine only {structural.rank} of the {structural.n_params} parameters of this model "
                f"(deficit {structural.deficit}): use a simpler `coupling` or "
                "`structure`, or rely on invariants() and predict() alone.",
            )
        )
    if doubts:
        names = ", ".join(" ".join(layout.names[j]) for j in doubts)
        notes.append(
            Finding(
                "doubtful",
                f"no standard error for {names}: refits with another parameter held lie far outside of it; use "
                'conf_int(method="profile").',
            )
        )
    return InteractionResults(
        coefficients=pd.Series(found.theta, index, name="estimate"),
        covariance=pd.DataFrame(identification.covariance, index, index),
        llf=llf,
        nobs=int(seen.sum()),
        converged=found.converged,
        form=form,
        sample=sample,
        layout=layout,
        problem=problem,
        estimate=found,
        identification=identification,
        alternatives=others,
        structural=structural,
        settings=settings,
        findings=tuple(notes),
        reference=Reference(identification.df_resid),
    )


def structural_of(form: Form, sample: Sample, layout: Layout) -> Any:
    """Exact rank of the form; None for an ODE, bounds that fix parameters, and cultures other than alone and mixed."""
    from statmodels_x.population.structural import structural_rank

    fixed = bool(np.any(np.array(layout.lower) == np.array(layout.upper)))
    rows = sorted(map(tuple, sample.present.tolist()))
    alone = rows == [(False, True), (True, False), (True, True)] and form.interaction != "complex"
    if form.kind != LESLIE or fixed or not (alone or rows == [(True, True)]):
        return None
    totals_free = bool(np.any(layout.initial >= 0))
    shares_free = bool(np.any(layout.shares >= 0))
    if layout.structure == 1:
        initial = "stable"
    elif shares_free or max(form.ages) == 1:
        initial = "free"
    else:
        initial = "totals"
    if not totals_free:
        if shares_free or layout.structure == 1:
            return None
        initial = "given"
    return structural_rank(form.interaction, form.ages, form.coupling, form.density, initial, alone=alone)
