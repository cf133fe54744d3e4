"""What tells samples apart without keeping a row: sums of waves of log time, free of the order of the rows.

A hash of bytes would tell ``time / 365.25`` from ``time * (1 / 365.25)``, and counts would not tell months from years.
"""

from __future__ import annotations

import math

import numpy as np

from statmodels_x.core.data.surv import EXACT, INTERVAL, LEFT, RIGHT
from statmodels_x.core.typing import Array
from statmodels_x.survival.kernels.likelihood import SurvivalArrays

_WAVES = 6
_TOLERANCE = 1e-9


def fingerprint(arrays: SurvivalArrays) -> Array:
    """Return 160 numbers that add up over blocks of rows.

    For each kind of observation its weight, and for its left ends, right ends and entries the weight of those that
    are finite, with the sums of w cos(k pi/3 log t) and w sin(k pi/3 log t), k = 1, ..., 6.
    """
    weight = arrays.weight if len(arrays.weight) else np.ones(arrays.n)
    found = []
    for code in (RIGHT, EXACT, LEFT, INTERVAL):
        inside = arrays.code == code
        found.append(np.array([weight[inside].sum()]))
        for log_times in (arrays.log_lower, arrays.log_upper, arrays.log_entry):
            empty = not len(log_times)
            found.append(
                _waves(log_times if empty else log_times[inside], np.zeros(0) if empty else weight[inside])
            )
    return np.concatenate(found)


def are_same(one: Array, other: Array) -> bool:
    """Whether two samples are the same up to rounding."""
    n = float(np.abs(one).max(initial=0.0))
    return len(one) == len(other) and bool(np.all(np.abs(one - other) <= _TOLERANCE * (n + 1.0)))


def _waves(log_times: Array, weight: Array) -> Array:
    finite = np.isfinite(log_times)
    values, own = log_times[finite], weight[finite]
    # e^{ik x} as powers of e^{ix}: one sine and cosine a row
    step = np.exp(1j * math.pi / 3.0 * values)
    wave, sums = own.astype(complex), [complex(own.sum())]
    for _ in range(_WAVES):
        wave = wave * step
        sums.append(complex(wave.sum()))
    return np.array([sums[0].real, *(s.real for s in sums[1:]), *(s.imag for s in sums[1:])])
