"""Is there enough to estimate from? Refusals and warnings, each with its reason and a remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.core.validation import check_number
from statmodels_x.surrogate.diagnostics import FEW_EARLY, FEW_LOCAL, WEAK_OVERLAP, Diagnostics
from statmodels_x.surrogate.quantities import Inference
from statmodels_x.surrogate.sample import Trial, TrialFacts

LEAST_EARLY = 3
FEW_CLUSTERS = 20


def check_times(at: Any, landmark: Any) -> tuple[float, float]:
    """Return ``at`` and ``landmark`` as numbers; DataError unless 0 < landmark <= at."""
    at = check_number("at", at, low=0.0, high=np.inf)
    landmark = check_number("landmark", landmark, low=0.0, high=np.inf)
    if landmark > at:
        raise DataError(
            f"`landmark` is {landmark:g}, after `at` = {at:g}; the surrogate must be read before the outcome: give a "
            "landmark of at most `at`."
        )
    return at, landmark


def check_support(trial: Trial, facts: TrialFacts, at: float, landmark: float) -> None:
    """Refuse pairs of times at which the data say nothing.

    Raises
    ------
    IdentificationError
        Nobody at risk after ``at``, no death by it, or too few early events, with the arm and the remedy.
    """
    unit = f" {facts.time_unit}" if facts.time_unit else ""
    for code, label in ((1, f"treated arm ({facts.treated})"), (0, f"control arm ({facts.control})")):
        inside = trial.arm == code
        for stratum in range(facts.strata):
            group = inside & (trial.stratum == stratum)
            where = label if facts.strata == 1 else f"{label}, stratum {stratum + 1} of {facts.strata}"
            _check_at_risk(trial, group, where, at, unit)
        _check_early(trial, inside, label, landmark, unit)
    if not np.any(trial.died & (trial.time <= at)):
        raise IdentificationError(
            f"at={at:g}: there is no death by then in either arm (follow-up is up to {facts.last_time:g}{unit}); "
            "are `at` and `landmark` in the unit of the times?"
        )


def _check_at_risk(trial: Trial, group: NDArray[np.bool_], where: str, at: float, unit: str) -> None:
    if not group.any():
        raise IdentificationError(
            f"there is nobody in the {where}; every stratum needs both arms: merge strata."
        )
    if np.any(trial.time[group] > at):
        return
    last = trial.time[group].max()
    by_death = "; all died" if np.all(trial.died[group]) else ""
    raise IdentificationError(
        f"at={at:g}: nobody in the {where} is followed beyond that time (the last time is {last:g}{unit}{by_death}); "
        "choose an earlier `at`."
    )


def _check_early(trial: Trial, inside: NDArray[np.bool_], label: str, landmark: float, unit: str) -> None:
    early = trial.early(landmark)
    n_early = int(np.count_nonzero(inside & early))
    n_late = int(np.count_nonzero(inside & ~early & (trial.time > landmark)))
    if n_early < LEAST_EARLY:
        few = "no subject" if n_early == 0 else f"only {n_early} subject{'s' if n_early > 1 else ''}"
        raise IdentificationError(
            f"landmark={landmark:g}: {few} of the {label} had the surrogate event by then and stayed in follow-up; "
            f"at least {LEAST_EARLY} are needed: choose a later landmark, and check that it is in the unit of the "
            f"times{f' ({unit.strip()})' if unit else ''}."
        )
    if n_late < LEAST_EARLY:
        raise IdentificationError(
            f"landmark={landmark:g}: only {n_late} of the {label} are followed beyond then without the surrogate "
            "event; choose an earlier landmark."
        )


def check_jobs(n_jobs: Any) -> int:
    """Return a number of workers; DataError unless it is a whole number other than 0."""
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int | np.integer) or n_jobs == 0:
        raise DataError(f"`n_jobs` is {n_jobs!r}; give a number of workers, or -1 for all cores.")
    return int(n_jobs)


def undefined_note(found: Inference) -> str:
    """Say that there is no effect to explain."""
    return (
        f"the effect on the primary outcome cannot be told from 0 (delta {found.delta[0]:.4g}, standard error "
        f"{found.delta_error:.4g}): there is no effect to explain, so PTE and the other proportions are undefined "
        "and shown as nan."
    )


def findings(found: Inference, evidence: Diagnostics, facts: TrialFacts) -> tuple[str, ...]:
    """Say what a reader of the estimate must know."""
    notes = []
    delta = found.delta[0]
    if not found.is_defined:
        notes.append(undefined_note(found))
    elif delta < 0.0:
        notes.append(
            f"delta is negative ({delta:.4g}): the arm {facts.treated} does worse than {facts.control}. PTE is not "
            "symmetric in the arms; swap `treated` and `control` to explain a benefit."
        )
    amount = found.others["overlap"][0]
    if amount > WEAK_OVERLAP:
        notes.append(
            f"weak overlap (c = {amount:.2f}, 1 if the arms' surrogate laws agree): PTE tends to 1 as the laws "
            "separate, even for a useless surrogate; read R_S beside it."
        )
    early = evidence.counts.loc["early events"]
    notes += [
        f"only {early[arm]:g} early surrogate events in the {arm} arm: g is poorly known."
        for arm in ("treated", "control")
        if early[arm] < FEW_EARLY
    ]
    if evidence.least_local_treated < FEW_LOCAL and early["treated"] >= FEW_EARLY:
        notes.append(
            f"where the control's early events lie there are places with only {evidence.least_local_treated:.1f} "
            "treated events within reach of the kernel: little supports the density ratio there."
        )
    if facts.clusters is not None and facts.clusters < FEW_CLUSTERS:
        notes.append(
            f"there are only {facts.clusters} clusters: standard errors from so few are unreliable, mostly too small."
        )
    return tuple(notes)
