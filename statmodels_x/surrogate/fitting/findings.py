"""What a reader of an estimate must know, found once."""

from __future__ import annotations

from statmodels_x.core.findings import Finding
from statmodels_x.surrogate.fitting.diagnostics import FEW_EARLY, FEW_LOCAL, WEAK_OVERLAP, Diagnostics
from statmodels_x.surrogate.fitting.proportions import Inference
from statmodels_x.surrogate.sample import TrialFacts

FEW_CLUSTERS = 20


def undefined(found: Inference) -> Finding:
    """Say that there is no effect to explain."""
    return Finding(
        "undefined",
        f"the effect on the primary outcome cannot be told from 0 (delta {found.delta[0]:.4g}, standard error "
        f"{found.delta_error:.4g}): there is no effect to explain, so PTE and the other proportions are undefined "
        "and shown as nan.",
    )


def find(found: Inference, evidence: Diagnostics, facts: TrialFacts) -> tuple[Finding, ...]:
    """Say what a reader of the estimate must know."""
    return (*_of_effect(found, facts), *_of_events(evidence), *_of_clusters(facts))


def _of_effect(found: Inference, facts: TrialFacts) -> list[Finding]:
    notes = []
    delta = found.delta[0]
    if not found.is_defined:
        notes.append(undefined(found))
    elif delta < 0.0:
        notes.append(
            Finding(
                "negative_effect",
                f"delta is negative ({delta:.4g}): the arm {facts.treated} does worse than {facts.control}.",
                "PTE is not symmetric in the arms; swap `treated` and `control` to explain a benefit.",
            )
        )
    amount = found.others["overlap"][0]
    if amount > WEAK_OVERLAP:
        notes.append(
            Finding(
                "weak_overlap",
                f"weak overlap (c = {amount:.2f}, 1 if the arms' surrogate laws agree): PTE tends to 1 as the laws "
                "separate, even for a useless surrogate;",
                "read R_S beside it.",
                ("pte",),
            )
        )
    return notes


def _of_events(evidence: Diagnostics) -> list[Finding]:
    early = evidence.counts.loc["early events"]
    notes = [
        Finding(
            "few_events", f"only {early[arm]:g} early surrogate events in the {arm} arm: g is poorly known."
        )
        for arm in ("treated", "control")
        if early[arm] < FEW_EARLY
    ]
    if evidence.least_local_treated < FEW_LOCAL and early["treated"] >= FEW_EARLY:
        notes.append(
            Finding(
                "thin_support",
                "where the control's early events lie there are places with only "
                f"{evidence.least_local_treated:.1f} treated events within reach of the kernel: little supports "
                "the density ratio there.",
            )
        )
    return notes


def _of_clusters(facts: TrialFacts) -> list[Finding]:
    if facts.clusters is None or facts.clusters >= FEW_CLUSTERS:
        return []
    return [
        Finding(
            "few_clusters",
            f"there are only {facts.clusters} clusters: standard errors from so few are unreliable, mostly too "
            "small.",
        )
    ]
