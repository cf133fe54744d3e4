"""Is there enough to estimate from? Refusals, each with its reason and a remedy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import IdentificationError
from statmodels_x.surrogate.sample import Trial, TrialFacts

LEAST_EARLY = 3


def check_support(trial: Trial, facts: TrialFacts, at: float, landmark: float) -> None:
    """Refuse pairs of times at which the data say nothing.

    Raises
    ------
    IdentificationError
        Nobody at risk after ``at``, no death by it, or too few early events, with the arm and the remedy.
    """
    if facts.clusters == 1:
        raise IdentificationError(
            "`cluster`: all rows used belong to one cluster, so that the spread between clusters is unknown."
        )
    unit = f" {facts.time_unit}" if facts.time_unit else ""
    for code, label in ((1, f"treated arm ({facts.treated})"), (0, f"control arm ({facts.control})")):
        inside = trial.arm == code
        _check_at_risk(trial, inside, label, at, unit)
        _check_early(trial, inside, label, landmark, unit)
        _check_watched(trial, inside, label, at, landmark)
    if not np.any(trial.died & (trial.time <= at)):
        raise IdentificationError(
            f"at={at:g}: there is no death by then in either arm (follow-up is up to {facts.last_time:g}{unit}); "
            "are `at` and `landmark` in the unit of the times?"
        )


def _check_at_risk(trial: Trial, group: NDArray[np.bool_], where: str, at: float, unit: str) -> None:
    if not group.any():
        raise IdentificationError(f"there is nobody in the {where}.")
    if np.any(trial.alive(at)[group]):
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
    n_late = int(np.count_nonzero(inside & ~early & trial.alive(landmark)))
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


def _check_watched(trial: Trial, inside: NDArray[np.bool_], label: str, at: float, landmark: float) -> None:
    if np.any(inside & trial.alive(at) & trial.known(landmark)):
        return
    raise IdentificationError(
        f"landmark={landmark:g}: nobody in the {label} is followed for the surrogate event up to then and for "
        f"survival beyond at={at:g}; choose an earlier landmark."
    )
