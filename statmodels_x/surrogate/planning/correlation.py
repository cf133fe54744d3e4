"""Correlation of two estimated effects within a trial, from a process."""

from __future__ import annotations

import numpy as np

from statmodels_x.surrogate.fitting.influence import effect
from statmodels_x.surrogate.sample import Trial


def effect_correlation(trial: Trial, kind: str, at: float, is_composite: bool) -> float:
    """Correlation of the estimated effects on surrogate and survival in one (large) trial."""
    seen = np.isfinite(trial.surrogate)
    time = np.where(seen, trial.surrogate, trial.time)
    event = seen | (trial.died & is_composite)
    _, of_surrogate = effect(kind, time, event, trial.arm, at)
    _, of_outcome = effect(kind, trial.time, trial.died, trial.arm, at)
    product = float(of_surrogate @ of_outcome)
    return product / float(np.sqrt((of_surrogate @ of_surrogate) * (of_outcome @ of_outcome)))
