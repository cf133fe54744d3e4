"""A form and a sample in, everything that a fit knows out: the record that its state carries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from statmodels_x.core.errors import IdentificationError
from statmodels_x.core.findings import Finding
from statmodels_x.core.typing import Array
from statmodels_x.population.course.layout import build_layout
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem, has_gain, without_rows
from statmodels_x.population.fitting.alternatives import Alternatives, look_elsewhere
from statmodels_x.population.fitting.diagnostics import Diagnostics, diagnose
from statmodels_x.population.fitting.estimation import Estimate, estimate, improve
from statmodels_x.population.fitting.evidence import competing_ends, search_findings
from statmodels_x.population.fitting.identification import Identification, identify
from statmodels_x.population.fitting.limits import doubtful
from statmodels_x.population.fitting.structural import StructuralRank, structural_rank
from statmodels_x.population.sample import Facts, Sample
from statmodels_x.population.specification import LESLIE, Form, Options

_IMPROVEMENTS = 5


@dataclass(frozen=True, eq=False)
class Machinery:
    """What stands behind a fit: internal, and read by the functions of this room alone.

    Attributes
    ----------
    form : Form
    facts : Facts
        What is kept of the sample without its rows.
    layout : Layout
        Where the parameters stand in the recursion.
    problem : Problem
        The model on its data as arrays.
    estimate : Estimate
        How the optimum was found.
    identification : Identification
        What the data determine.
    alternatives : Alternatives
        Refits within the 95 % region that hold each parameter in turn: errors that they contradict are not given.
    structural : StructuralRank or None
        Exact rank of the model by itself; None where it has not been computed.
    diagnostics : Diagnostics
    settings : dict
        What the summary says of the model and the fit.
    ends : DataFrame
        Distinct ends of the searches that compete with the estimate.
    """

    form: Form
    facts: Facts
    layout: Layout
    problem: Problem
    estimate: Estimate
    identification: Identification
    alternatives: Alternatives
    structural: StructuralRank | None
    diagnostics: Diagnostics
    settings: dict[str, str]
    ends: pd.DataFrame | None = None

    def without_rows(self) -> Self:
        """Return the same without counts and times."""
        return replace(self, problem=without_rows(self.problem))


def fit_form(
    form: Form,
    sample: Sample,
    family: str,
    weights: Array,
    options: Options,
    settings: dict[str, str],
    ridge: Any = None,
) -> tuple[Machinery, tuple[Finding, ...]]:
    """Fit a form; also return what there is to say of it.

    Raises
    ------
    IdentificationError
        If there are more parameters than counts and nothing holds the rest.
    """
    layout = build_layout(form, sample, options.initial, options.structure, options.bounds, gain=options.gain)
    free = int(np.sum(np.array(layout.upper) > np.array(layout.lower)))
    if free >= sample.n_observed and ridge is None:
        raise IdentificationError(
            f"{free} parameters for {sample.n_observed} counts: use fewer `ages`, a simpler `coupling`, "
            'initial="observed", or a ridge toward a life table.'
        )
    layout, problem, found = estimate(form, sample, family, weights, options, ridge)
    structural = structural_of(form, sample, layout)
    for _ in range(_IMPROVEMENTS):  # refits with parameters held may still find something better
        identification = identify(problem, layout, found.theta, structural)
        others = look_elsewhere(problem, layout, sample, found, identification, options.n_jobs)
        if others.better is None:
            break
        improved = improve(problem, layout, found, others.better)
        if improved[1].is_needle and not (found.is_needle or options.allow_unstable):
            break
        problem, found = improved
    doubts = doubtful(layout, found.theta, identification, others)
    ends = competing_ends(problem, layout, found, sample.species)
    if found.is_needle:
        identification, doubts = identification.unstable(layout, found.digits), {}
    machinery = Machinery(
        form,
        sample.facts,
        layout,
        problem,
        found,
        identification.without(doubts),
        others,
        structural,
        diagnose(sample, problem, found.theta),
        settings,
        ends,
    )
    findings = [*search_findings(problem, layout, found, ends, sample.species)]
    findings += _findings(structural, doubts)
    if "ridge" in settings:
        findings.append(Finding("penalised", settings["ridge"], category=None))
    return machinery, tuple(findings)


def _findings(structural: StructuralRank | None, doubts: dict[int, Finding]) -> list[Finding]:
    findings = []
    if structural is not None and structural.deficit > 0:
        findings.append(
            Finding(
                "structural",
                f"totals determine only {structural.rank} of the {structural.n_params} parameters of this model "
                f"(deficit {structural.deficit}).",
                "Use a simpler `coupling` or `structure`, or rely on invariants() and predict() alone.",
            )
        )
    if doubts:
        names = tuple(name for doubt in doubts.values() for name in doubt.concerns)
        findings.append(
            Finding(
                "doubtful",
                f"no standard error for {', '.join(names)}: refits with another parameter held lie far outside of it.",
                'Use conf_int(method="profile").',
                concerns=names,
            )
        )
    return findings


def structural_of(form: Form, sample: Sample, layout: Layout) -> StructuralRank | None:
    """Exact rank of the form; None for an ODE, bounds that fix parameters, and cultures other than alone and mixed."""
    fixed = bool(np.any(np.array(layout.lower) == np.array(layout.upper)))
    rows = sorted(map(tuple, sample.present.tolist()))
    n = len(sample.species)
    each = sorted(tuple(s == i for s in range(n)) for i in range(n))
    mixed = (True,) * n
    alone = n > 1 and rows == sorted([*each, mixed]) and form.interaction != "complex"
    if form.density in ("saturating", "ricker") or has_gain(layout):
        return None
    single = form.interaction == "single" and len(rows) == 1
    if form.kind != LESLIE or fixed or not (single or alone or rows == [mixed]):
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
    ages = form.ages[:1] if single else form.ages
    return structural_rank(form.interaction, ages, form.coupling, form.density, initial, alone=alone)
