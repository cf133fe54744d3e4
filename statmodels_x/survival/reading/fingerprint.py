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
_BLOCK = 8192


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
    sums = np.zeros(_WAVES + 1, complex)
    for first in range(0, len(log_times), _BLOCK):  # of the size of a cache
        part = slice(first, first + _BLOCK)
        finite = np.isfinite(log_times[part])
        values, own = log_times[part][finite], weight[part][finite]
        # e^{ik x} as powers of e^{ix}: one sine and cosine a row
        step, wave = np.exp(1j * math.pi / 3.0 * values), own.astype(complex)
        sums[0] += own.sum()
        for k in range(1, _WAVES + 1):
            wave *= step
            sums[k] += wave.sum()
    return np.concatenate([sums.real, sums.imag[1:]])
