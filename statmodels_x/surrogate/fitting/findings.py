"""What a reader of an estimate must know, found once."""

from __future__ import annotations

from collections.abc import Iterator

from statmodels_x.core.errors import DataWarning
from statmodels_x.core.findings import Finding
from statmodels_x.surrogate.fitting.diagnostics import FEW_EARLY, FEW_LOCAL, WEAK_OVERLAP, Diagnostics
from statmodels_x.surrogate.fitting.proportions import Inference
from statmodels_x.surrogate.fitting.strata import Thin
from statmodels_x.surrogate.sample import TrialFacts

FEW_CLUSTERS = 20
LEAST_EFFECTIVE = 0.5
LEAST_KNOWN = 0.25


def undefined(found: Inference) -> Finding:
    """Say that there is no effect to explain."""
    return Finding(
        "undefined",
        f"the effect on the primary outcome cannot be told from 0 (delta {found.delta[0]:.4g}, standard error "
        f"{found.delta_error:.4g}): there is no effect to explain, so PTE and the other proportions are undefined "
        "and shown as nan.",
    )


def find(
    found: Inference, evidence: Diagnostics, facts: TrialFacts, thin: Thin | None
) -> tuple[Finding, ...]:
    """Say what a reader of the estimate must know."""
    return (
        *_of_effect(found, facts),
        *_of_events(evidence),
        *_of_weights(evidence),
        *_of_stopping(evidence, facts),
        *_of_rows(facts, thin),
    )


def _of_effect(found: Inference, facts: TrialFacts) -> Iterator[Finding]:
    delta = found.delta[0]
    if not found.is_defined:
        yield undefined(found)
    elif delta < 0.0:
        yield Finding(
            "negative_effect",
            f"delta is negative ({delta:.4g}): the arm {facts.treated} does worse than {facts.control}.",
            "PTE is not symmetric in the arms; swap `treated` and `control` to explain a benefit.",
        )
    amount = found.others["overlap"][0]
    if amount > WEAK_OVERLAP:
        yield Finding(
            "weak_overlap",
            f"the surrogate times of the arms overlap weakly (imbalance {amount:.2f}, 1 if they have one "
            "distribution): PTE tends to 1 as they separate, even for a useless surrogate;",
            "read R_S beside it.",
            ("pte",),
        )


def _of_events(evidence: Diagnostics) -> Iterator[Finding]:
    early = evidence.counts.loc["early events"]
    for arm in ("treated", "control"):
        if early[arm] < FEW_EARLY:
            yield Finding(
                "few_events",
                f"only {early[arm]:g} early surrogate events in the {arm} arm: g is poorly known.",
            )
    if evidence.least_local_treated < FEW_LOCAL and early["treated"] >= FEW_EARLY:
        yield Finding(
            "thin_support",
            "where the control's early events lie there are places with only "
            f"{evidence.least_local_treated:.1f} treated events within reach of the kernel: little supports "
            "the density ratio there.",
        )


def _of_weights(evidence: Diagnostics) -> Iterator[Finding]:
    for arm in ("treated", "control"):
        subjects, effective = (evidence.counts.loc[row, arm] for row in ("subjects", "effective subjects"))
        if effective < LEAST_EFFECTIVE * subjects:
            yield Finding(
                "few_effective",
                f"the weights leave {effective:.0f} effective of {subjects:.0f} subjects in the {arm} arm (one "
                f"holds {evidence.largest_weight[arm]:.0%} of its weight): the estimate depends on few subjects.",
                "Hold propensities away from 0 and 1 (`trim=0.05`), or look at what makes them extreme.",
            )


def _of_stopping(evidence: Diagnostics, facts: TrialFacts) -> Iterator[Finding]:
    if "stopped" in facts.notes:
        yield Finding(
            "stopping_ignored",
            f"in {facts.notes['stopped']} subjects '{facts.surrogate_name}' was followed for a shorter time than "
            "survival; they count as free of the event after that time, which makes the surrogate look worse.",
            'stopping="arm" weights for it.',
            ("pte",),
            DataWarning,
        )
        return
    if "surrogate unknown" not in evidence.counts.index:
        return
    unknown = evidence.counts.loc["surrogate unknown"]
    for arm in ("treated", "control"):
        known, alive = (
            evidence.counts.loc[row, arm] for row in ("effective known", "at risk after landmark")
        )
        if known < LEAST_KNOWN * alive:
            yield Finding(
                "few_known",
                f"of {alive:.0f} {arm} subjects alive after the landmark, those with a known surrogate carry the "
                f"information of {known:.0f}: the estimate depends on few subjects.",
                "Choose an earlier landmark.",
            )
    change = "" if evidence.pte_if_ignored is None else (
        f" If they counted as free of the event, PTE would be {evidence.pte_if_ignored:.3f} (before the correction "
        "of the ratio)."
    )  # fmt: skip
    yield Finding(
        "stopping_weighted",
        f"'{facts.surrogate_name}' was followed for a shorter time than survival: of {unknown['treated']:.0f} "
        f"treated and {unknown['control']:.0f} control subjects alive after the landmark it is not known whether "
        f"they had the event. The others represent them, weighted by the distribution of the stopping time in each "
        f"arm.{change}",
        "Stopping must not depend on later events; give covariates on which it depends by `stopping`.",
        ("pte",),
        DataWarning,
    )


def _of_rows(facts: TrialFacts, thin: Thin | None) -> Iterator[Finding]:
    if facts.clusters is not None and facts.clusters < FEW_CLUSTERS:
        yield Finding(
            "few_clusters",
            f"there are only {facts.clusters} clusters: standard errors from so few are unreliable, mostly too "
            "small.",
        )
    if thin is not None:
        done = "merged into one" if thin.how == "merge" else "left out"
        yield Finding(
            "thin_strata",
            f"{len(thin.labels)} of {thin.of} strata with {thin.subjects} subjects ({thin.listed}) are too thin to "
            f"know survival of both arms to the times asked; they were {done}.",
            category=DataWarning,
        )
    if "composite" in facts.notes:
        yield Finding(
            "composite",
            f"{facts.notes['composite']} surrogate events are dated on the day of death (in composite endpoints such "
            "as progression-free survival every death is coded so). They count as deaths without the event.",
            category=None,
        )
    if "trimmed" in facts.notes:
        yield Finding(
            "trimmed",
            f"{facts.notes['trimmed']} propensities were held at the limit of `trim`.",
            category=None,
        )
