"""Vector exponentials and logarithms beside those of the mathematical library."""

from __future__ import annotations

import math

import numpy as np
import pytest

from statmodels_x.core.compiled import kernel
from statmodels_x.survival.kernels import elementary


@kernel
def _exponentials(x, found):
    for i in range(len(x)):
        found[i] = elementary.exponential(x[i])


@kernel
def _rises(x, found):
    for i in range(len(x)):
        found[i] = elementary.exponential_less_one(x[i])


@kernel
def _logarithms(x, found):
    for i in range(len(x)):
        found[i] = elementary.log_one_plus(x[i])


def values(function, x):
    found = np.empty(len(x))
    function(np.asarray(x, float), found)
    return found


def units(found, expected):
    """Differences in units in the last place."""
    return np.abs(found - expected) / np.spacing(np.abs(expected))


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    return np.concatenate(
        [size * rng.normal(size=300) for size in (1e-300, 1e-17, 1e-5, 0.1, 1.0, 30.0, 200.0)]
    )


def test_they_are_the_librarys_to_two_units_in_the_last_place(points):
    exact = {  # an exponent of 64 bits of fraction, rounded
        _exponentials: (np.exp, points),
        _rises: (np.expm1, points),
        _logarithms: (np.log1p, np.concatenate([np.abs(points), np.exp(np.linspace(-700.0, 700.0, 500))])),
    }
    for function, (reference, x) in exact.items():
        expected = reference(x.astype(np.longdouble)).astype(float)
        assert units(values(function, x), expected).max() <= 2.0, reference


def test_the_ends_of_the_range():
    ends = [-math.inf, -1000.0, -0.0, 0.0, 1000.0, math.inf]
    np.testing.assert_array_equal(values(_exponentials, ends), [0.0, 0.0, 1.0, 1.0, math.inf, math.inf])
    np.testing.assert_array_equal(values(_rises, ends), [-1.0, -1.0, 0.0, 0.0, math.inf, math.inf])
    np.testing.assert_array_equal(values(_logarithms, [0.0, 5e-324]), [0.0, 5e-324])
    for function in (_exponentials, _rises, _logarithms):
        assert np.isnan(values(function, [math.nan])).all()
