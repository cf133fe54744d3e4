"""Trial and question -> results: the estimate, its replicates, the evidence."""

from __future__ import annotations

from statmodels_x.surrogate.checks import check_support, findings
from statmodels_x.surrogate.diagnostics import diagnose
from statmodels_x.surrogate.perturbation import build_plan, perturb, point_estimate, sort_for
from statmodels_x.surrogate.quantities import PARAMS, infer
from statmodels_x.surrogate.results import Question, SurrogateResults
from statmodels_x.surrogate.sample import Trial, TrialFacts


def fit_question(
    question: Question,
    trial: Trial,
    facts: TrialFacts,
    is_corrected: bool,
    n_jobs: int,
    progress: bool,
    keep_data: bool,
) -> SurrogateResults:
    """Estimate PTE at one pair of times.

    Raises
    ------
    IdentificationError
        If the data do not hold enough at these times.
    """
    check_support(trial, facts, question.at, question.landmark)
    settings = question.settings
    plan = build_plan(
        sort_for(trial, settings), settings, question.at, question.landmark, question.effect == "rmst"
    )
    replicates = perturb([plan], question.n_perturb, question.seed, n_jobs, progress)[0]
    point = point_estimate(plan)
    found = infer(point, replicates, is_corrected)
    evidence = diagnose(plan, point, replicates)
    return SurrogateResults(
        names=PARAMS,
        inference=found,
        question=question,
        point=point,
        replicates=replicates,
        points=plan.smoother.points,
        facts=facts,
        diagnostics=evidence,
        warnings=findings(found, evidence, facts),
        sample=trial,
        keep_data=keep_data,
    )
