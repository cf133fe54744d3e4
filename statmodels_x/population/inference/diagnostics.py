"""State of a fit -> residuals, classes at the start, the system of the theory, and the likelihood-ratio test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.hypotheses import HypothesisTest, hypothesis_test
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice
from statmodels_x.population.course.build import in_user_order
from statmodels_x.population.course.courses import course, fitted_rows
from statmodels_x.population.course.invariants import block_matrix
from statmodels_x.population.course.problem import class_places
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.fitting.identification import sensitivities
from statmodels_x.population.inference.prediction import noise_sd
from statmodels_x.population.specification import ODE, Form
from statmodels_x.population.theory.matrices.leslie import LeslieMatrix
from statmodels_x.population.theory.systems import Competition, ComplexPredatorPrey, PredatorPrey

RESIDUALS = ("response", "pearson", "deviance")


def fitted_totals(fit: InteractionFitted) -> pd.DataFrame:
    """See :attr:`InteractionResults.fittedvalues`."""
    sample = fit.need_sample("fittedvalues")
    return pd.DataFrame(fitted_both(fit)[:, : len(fit.species)], sample.index, list(fit.species))


def fitted_both(fit: InteractionFitted) -> Array:
    """Fitted totals of both columns of the problem, in the user's order."""
    return in_user_order(
        fit.need_sample("residuals()"), fitted_rows(fit.machinery.problem, fit.machinery.estimate.theta)[0]
    )


def residuals(fit: InteractionFitted, kind: str) -> pd.DataFrame:
    """See :meth:`InteractionResults.residuals`."""
    check_choice("kind", kind, RESIDUALS, "residuals()")
    sample = fit.need_sample("residuals()")
    fitted = fitted_totals(fit)
    if kind == "deviance":
        return pd.DataFrame(
            in_user_order(sample, _deviances(fit))[:, : len(fit.species)], sample.index, list(fit.species)
        )
    plain = pd.DataFrame(sample.counts[:, : len(fit.species)], sample.index, list(fit.species)) - fitted
    if kind == "response":
        return plain
    with np.errstate(all="ignore"):
        return plain / noise_sd(fit, sample.culture, fitted_both(fit))[:, : len(fit.species)]


def _deviances(fit: InteractionFitted) -> Array:
    problem, theta = fit.machinery.problem, fit.machinery.estimate.theta
    out = np.full(problem.counts.shape, np.nan)
    seen = ~np.isnan(problem.counts) & ~np.isnan(fitted_rows(problem, theta)[0])
    out[seen] = -sensitivities(problem, theta)[0] / np.sqrt(fit.scale)
    return out


def initial_classes(fit: InteractionFitted) -> pd.DataFrame:
    """See :attr:`InteractionResults.initial_classes`."""
    m = fit.machinery
    rows, facts = [], m.facts
    start = m.problem._replace(nodes=np.ones_like(m.problem.nodes))
    for c, label in enumerate(facts.cultures):
        state = course(start, m.estimate.theta, c)[0][0]
        for value, (s, j) in zip(state, class_places(m.problem.ages), strict=True):
            if facts.present[c, s]:
                rows.append((label, facts.species[s], j + 1, float(value)))
    table = pd.DataFrame(rows, columns=["culture", "species", "class", "members"])
    return table if facts.culture_name is not None else table.drop(columns="culture")


def system_of(fit: InteractionFitted) -> Any:
    """See :meth:`InteractionResults.system`."""
    layout, theta, form = fit.machinery.layout, fit.machinery.estimate.theta, fit.machinery.form
    if form.interaction == "single" and form.kind != ODE and form.density is None:
        k = form.ages[0]
        return LeslieMatrix.from_array(np.abs(block_matrix(layout, theta))[:k, :k])
    if form.density in ("saturating", "ricker") or len(fit.species) != 2:
        raise DataError("system(): the theory has no system of this form; use predict().")
    if form.kind == ODE:
        raise DataError("system(): Lotka-Volterra runs in continuous time and has no matrices.")
    k, names = form.ages[0], (fit.species[0], fit.species[1])
    blocks = np.abs(block_matrix(layout, theta))
    A, B, C, D = blocks[:k, :k], blocks[:k, k:], blocks[k:, :k], blocks[k:, k:]
    if form.interaction == "complex":
        return ComplexPredatorPrey(A, B, names=names)
    crowding = np.array([theta[q] if q >= 0 else 0.0 for q in layout.density])
    if form.interaction == "competition":
        density = crowding[:4].reshape(2, 2) if form.density else None
        return Competition(A, B, C, D, density=density, names=names)
    if form.density is None:
        return PredatorPrey(A, B, C, D, names=names)
    return PredatorPrey(A, B, C, D, density=crowding[[0, 3]], saturation=float(crowding[4]), names=names)


def likelihood_ratio(smaller: InteractionFitted, larger: InteractionFitted) -> HypothesisTest:
    """See :meth:`InteractionResults.lr_test`."""
    counts, others = (fit.need_sample("lr_test()").counts for fit in (smaller, larger))
    same = counts.shape == others.shape and np.array_equal(counts, others, equal_nan=True)
    if not same or smaller.family != larger.family:
        raise DataError("lr_test: the models must be fitted to the same counts with the same family.")
    free, more = _free(smaller), _free(larger)
    at_bound = _one_more(smaller.machinery.form, larger.machinery.form) and len(more) == len(free) + 1
    if not at_bound and (smaller.machinery.form != larger.machinery.form or not free < more):
        raise DataError(
            "lr_test: the smaller model must be of the same form with parameters held by bounds or by "
            'initial="observed"; fewer classes or a simpler coupling lie on the boundary of the larger model, where '
            "the chi-squared distribution does not hold."
        )
    statistic, df = max(2.0 * (larger.llf - smaller.llf), 0.0), len(more) - len(free)
    name = "likelihood ratio" + (", one-sided" if at_bound else "")
    half = 0.5 if at_bound else 1.0  # at the bound 0 half of the samples have nothing to gain
    if larger.reference.is_normal:
        return hypothesis_test(statistic, df, half * float(stats.chi2.sf(statistic, df)), name)
    below = larger.reference.df  # the F distribution of a ratio of sums of squares, as in profile intervals
    _, p_value = larger.reference.joint(float(below * np.expm1(statistic / larger.nobs)), df)
    return hypothesis_test(statistic, df, half * p_value, name, df_denom=below)


def _one_more(small: Form, large: Form) -> bool:
    """Whether a form of predation in continuous time has just one of the limits that another lacks."""
    added = (large.limited - small.limited) + (large.saturating - small.saturating)
    inside = small.limited <= large.limited and small.saturating <= large.saturating
    return (
        inside and added == 1 and replace(small, limited=large.limited, saturating=large.saturating) == large
    )


def _free(fit: InteractionFitted) -> set[tuple[str, str]]:
    layout = fit.machinery.layout
    return {
        name for name, low, high in zip(layout.names, layout.lower, layout.upper, strict=True) if low < high
    }
