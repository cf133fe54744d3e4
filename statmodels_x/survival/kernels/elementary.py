"""Exponentials and logarithms that the compiler turns into vector instructions.

A call of the mathematical library in a loop is made value by value. These are polynomials after a reduction of the
argument (Cody and Waite 1980), without a branch, and so take a quarter of the time; their errors are below two units
in the last place. They use additions, multiplications and divisions alone, whose results are the same on every
processor.
"""

from __future__ import annotations

import math

import numpy as np

from statmodels_x.core.compiled import inlined

_LOG_2 = float.fromhex("0x1.62e42fefa3000p-1")  # log 2 to 41 bits: its multiples below 2^11 are exact
_LOG_2_REST = 2.8235290563031577e-13
_PER_LOG_2 = 1.0 / math.log(2.0)
_WHOLE = 6755399441055744.0
"""1.5 * 2^52: what is added to it is rounded to a whole number, which stands in its last bits."""
_WHOLE_BITS = 0x4338000000000000
_ONE = 0x3FF0000000000000
_ROOT_HALF = 0x3FE6A09E00000000
"""Bits of a number just below the square root of 1/2."""
_FRACTION = 0x000FFFFFFFFFFFFF
_LARGEST = 709.0
_SMALLEST = -708.0

_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11, _E12, _E13 = (
    1.0 / math.factorial(k) for k in range(2, 14)
)
_L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10 = (2.0 / (2.0 * k + 1.0) for k in range(1, 11))


@inlined
def _reduced(x):
    """Return expm1(r) and 2^k with x = k log 2 + r, |r| at most (log 2)/2, for x within the range of floats."""
    shifted = x * _PER_LOG_2 + _WHOLE
    k = shifted - _WHOLE
    r = (x - k * _LOG_2) - k * _LOG_2_REST
    high = _E8 + r * (_E9 + r * (_E10 + r * (_E11 + r * (_E12 + r * _E13))))
    rest = _E2 + r * (_E3 + r * (_E4 + r * (_E5 + r * (_E6 + r * (_E7 + r * high)))))
    bits = (np.float64(shifted).view(np.int64) << 52) + np.int64(_ONE)
    return r + r * r * rest, np.int64(bits).view(np.float64)


@inlined
def exponential(x):
    """Return exp(x); infinite above 709 and 0 below -708."""
    rise, power = _reduced(min(max(x, _SMALLEST), _LARGEST))
    value = power + power * rise
    value = math.inf if x > _LARGEST else value
    return 0.0 if x < _SMALLEST else value


@inlined
def exponential_less_one(x):
    """Return exp(x) - 1 without cancellation; infinite above 709."""
    rise, power = _reduced(min(max(x, _SMALLEST), _LARGEST))
    value = power * rise + (power - 1.0)
    return math.inf if x > _LARGEST else value


@inlined
def log_one_plus(x):
    """Return log(1 + x) without cancellation, for a finite x of 0 or more."""
    u = 1.0 + x
    lost = (1.0 - (u - x)) if x >= 1.0 else (x - (u - 1.0))  # by the rounding of u
    bits = np.float64(u).view(np.int64) + np.int64(_ONE - _ROOT_HALF)
    # u = 2^k (1 + f), 1 + f between the root of 1/2 and that of 2
    k = np.int64((bits >> 52) + np.int64(_WHOLE_BITS - 1023)).view(np.float64) - _WHOLE
    f = np.int64((bits & np.int64(_FRACTION)) + np.int64(_ROOT_HALF)).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    high = _L6 + z * (_L7 + z * (_L8 + z * (_L9 + z * _L10)))
    series = z * (_L1 + z * (_L2 + z * (_L3 + z * (_L4 + z * (_L5 + z * high)))))
    half = 0.5 * f * f
    # log(1 + f) = f - f^2/2 + s (f^2/2 + series), of which f is exact
    return k * _LOG_2 - ((half - (s * (half + series) + (k * _LOG_2_REST + lost / u))) - f)
