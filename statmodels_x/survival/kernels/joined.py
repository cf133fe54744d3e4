"""Two samples under one model as one: rows of a frame, and those of counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from statmodels_x.core.data.surv import EXACT
from statmodels_x.core.typing import Array
from statmodels_x.survival.kernels.likelihood import SurvivalArrays


def joined(one: SurvivalArrays, two: SurvivalArrays) -> SurvivalArrays:
    """Return a sample with the rows of another below it, under the same model."""
    same = one.offsets.shape[1] == 1 and np.array_equal(one.offsets, two.offsets)
    wide = [np.broadcast_to(part.offsets, (5, part.n)) for part in (one, two)]
    return replace(
        one,
        code=np.concatenate([one.code, two.code]),
        log_lower=np.concatenate([one.log_lower, two.log_lower]),
        log_upper=np.concatenate([_upper(one), _upper(two)]),
        log_entry=_both(one, two, "log_entry", -np.inf),
        weight=_both(one, two, "weight", 1.0),
        matrix=np.hstack([one.matrix.T, two.matrix.T]).T,
        offsets=one.offsets if same else np.hstack(wide),
        log_other=_both(one, two, "log_other", -np.inf),
        expected=_both(one, two, "expected", 0.0),
    )


def _both(one: SurvivalArrays, two: SurvivalArrays, name: str, absent: float) -> Array:
    """Put the values of two samples together: those of one that has none are all the same."""
    values = [(getattr(part, name), part.n) for part in (one, two)]
    if not any(len(own) for own, _ in values):
        return np.zeros(0)
    return np.concatenate([own if len(own) else np.full(n, absent) for own, n in values])


def _upper(arrays: SurvivalArrays) -> Array:
    if len(arrays.log_upper):
        return arrays.log_upper
    return np.where(arrays.code == EXACT, arrays.log_lower, np.inf)
