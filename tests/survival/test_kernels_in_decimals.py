"""The compiled likelihood of one row against the same in decimals, with as many digits as it takes."""

import numpy as np
import pytest
from decimal_likelihood import (
    EXACT,
    INTERVAL,
    LEFT,
    MIXTURE,
    PROMOTION,
    RIGHT,
    SHAPES,
    decimal_derivatives,
    one_row,
)
from numpy.testing import assert_allclose, assert_array_equal

from statmodels_x.survival.kernels.likelihood import loglik

INF = np.inf

cured = pytest.mark.parametrize("cure", [MIXTURE, PROMOTION], ids=["mixture", "promotion"])

FIXED = {"zero": 0.0, "one": np.log(2.0), "two": np.log(3.0), "infinite": INF}

# kind, (left, right, entry) relative to the scale 1/phi
OBSERVATIONS = {
    "exact": (EXACT, 1.7, None, None),
    "exact_early": (EXACT, 0.004, None, None),
    "exact_late_entry": (EXACT, 1.7, None, 0.6),
    "right": (RIGHT, 1.3, None, None),
    "right_late_entry": (RIGHT, 1.3, None, 1.2),
    "left": (LEFT, None, 0.8, None),
    "interval": (INTERVAL, 0.5, 1.4, None),
    "interval_narrow": (INTERVAL, 0.5, 0.505, None),
    "interval_late_entry": (INTERVAL, 0.5, 1.4, 0.2),
}

POINTS = {"gentle": (0.3, -0.4, 0.2), "steep": (-0.2, 0.7, 0.9), "shallow": (0.1, 0.2, -0.8)}


def compare_with_decimal(kind, lower, upper, entry, eta, arrays, digits=110):
    value, gradient, hessian = decimal_derivatives(kind, eta, lower, upper, entry, digits, arrays.cure)
    free = np.flatnonzero(arrays.free)
    theta = np.asarray((*eta, 0.0))[free]
    found, score, second = loglik(theta, arrays)
    assert_allclose(found, value, rtol=1e-11, atol=1e-13)
    # every entry has its own digits: a small derivative next to a large one must be right too
    assert_allclose(score, gradient[free], rtol=2e-9, atol=1e-14)
    assert_allclose(second, hessian[np.ix_(free, free)], rtol=1e-7, atol=1e-12)
    assert_array_equal(second, second.T)


@pytest.mark.parametrize("nu", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("observation", OBSERVATIONS.values(), ids=OBSERVATIONS.keys())
@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
def test_one_row_with_a_free_shape(point, observation, nu):
    kind, lower, upper, entry = observation
    compare_with_decimal(kind, lower, upper, entry, (*point, nu), one_row(kind, lower, upper, entry))


@pytest.mark.parametrize("nu", FIXED.values(), ids=FIXED.keys())
@pytest.mark.parametrize("observation", OBSERVATIONS.values(), ids=OBSERVATIONS.keys())
@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
def test_one_row_with_a_fixed_shape(point, observation, nu):
    kind, lower, upper, entry = observation
    compare_with_decimal(
        kind, lower, upper, entry, (*point, nu), one_row(kind, lower, upper, entry, nu_fixed=nu)
    )


@cured
@pytest.mark.parametrize("nu", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("observation", OBSERVATIONS.values(), ids=OBSERVATIONS.keys())
def test_one_row_with_a_cured_fraction(observation, nu, cure):
    kind, lower, upper, entry = observation
    arrays = one_row(kind, lower, upper, entry, cure=cure)
    compare_with_decimal(kind, lower, upper, entry, (*POINTS["gentle"], nu, -0.7), arrays)


@cured
@pytest.mark.parametrize("nu", FIXED.values(), ids=FIXED.keys())
@pytest.mark.parametrize("observation", OBSERVATIONS.values(), ids=OBSERVATIONS.keys())
def test_one_row_with_a_fixed_shape_and_a_cured_fraction(observation, nu, cure):
    kind, lower, upper, entry = observation
    arrays = one_row(kind, lower, upper, entry, nu_fixed=nu, cure=cure)
    compare_with_decimal(kind, lower, upper, entry, (*POINTS["steep"], nu, 0.4), arrays)


@cured
@pytest.mark.parametrize("c", [-12.0, -5.0, 2.0, 5.0, 12.0])
@pytest.mark.parametrize("observation", OBSERVATIONS.values(), ids=OBSERVATIONS.keys())
def test_extreme_cured_fractions(observation, c, cure):
    kind, lower, upper, entry = observation
    for nu in (np.log(0.55), 0.0, np.log(1.4), np.log(8.0)):
        eta = (*POINTS["shallow"], nu, c)
        compare_with_decimal(kind, lower, upper, entry, eta, one_row(kind, lower, upper, entry, cure=cure))
    eta = (*POINTS["shallow"], np.log(2.0), c)
    arrays = one_row(kind, lower, upper, entry, nu_fixed=np.log(2.0), cure=cure)
    compare_with_decimal(kind, lower, upper, entry, eta, arrays)


@cured
@pytest.mark.parametrize("c", [-12.0, 0.4, 12.0])
@pytest.mark.parametrize("t", [1e-30, 1e-12, 1e-6])
def test_tiny_times_with_a_cured_fraction(t, c, cure):
    for nu in (np.log(0.3), 0.0, np.log(30.0)):
        eta = (0.3, -0.4, 0.2, nu, c)
        compare_with_decimal(EXACT, t, None, None, eta, one_row(EXACT, t, None, None, cure=cure), digits=160)
        compare_with_decimal(LEFT, None, t, None, eta, one_row(LEFT, None, t, None, cure=cure), digits=160)
        compare_with_decimal(RIGHT, t, None, None, eta, one_row(RIGHT, t, None, None, cure=cure), digits=160)


@cured
@pytest.mark.parametrize("c", [-12.0, 0.4, 12.0])
@pytest.mark.parametrize("t", [1e2, 1e4, 1e9, 1e25])
def test_huge_times_with_a_cured_fraction(t, c, cure):
    # the plateau of the population, where no event is left: the density ends, the survival does not
    for nu in (np.log(0.3), 0.0, np.log(1.5)):
        eta = (0.3, -0.4, 0.2, nu, c)
        compare_with_decimal(RIGHT, t, None, None, eta, one_row(RIGHT, t, None, None, cure=cure))
        compare_with_decimal(EXACT, t, None, None, eta, one_row(EXACT, t, None, None, cure=cure))


@cured
@pytest.mark.parametrize("late", [(0.9, 1.6), (3.0, 3.6), (4.0, 9.0)])
def test_late_intervals_with_a_cured_fraction(late, cure):
    # S(l) - S(u) is far below the plateau: it must not be lost in the difference of two survivals
    lower, upper = late
    eta = (0.9, 0.5, 0.4, np.log(2.2), -0.3)
    compare_with_decimal(INTERVAL, lower, upper, None, eta, one_row(INTERVAL, lower, upper, None, cure=cure))
    eta = (*eta[:3], np.log(2.0), 0.8)
    arrays = one_row(INTERVAL, lower, upper, None, nu_fixed=np.log(2.0), cure=cure)
    compare_with_decimal(INTERVAL, lower, upper, None, eta, arrays)


@cured
@pytest.mark.parametrize("observation", OBSERVATIONS.values(), ids=OBSERVATIONS.keys())
def test_without_the_cured_the_likelihood_is_that_of_the_uncured(observation, cure):
    kind, lower, upper, entry = observation
    theta = np.array([*POINTS["gentle"], np.log(1.4)])
    known = loglik(theta, one_row(kind, lower, upper, entry))
    # logit p = -40; for the promotion time H is theta F, with H itself where theta runs to 0
    if cure == MIXTURE:
        found = loglik(np.r_[theta, -40.0], one_row(kind, lower, upper, entry, cure=cure))
        for a, b in zip(found, known, strict=True):
            assert_allclose(a if np.ndim(a) == 0 else a[(slice(4),) * np.ndim(a)], b, rtol=1e-9, atol=1e-13)
    else:
        small = np.r_[theta[0], theta[1] - 25.0, theta[2:], 25.0]
        found = loglik(small, one_row(kind, lower, upper, entry, cure=cure))
        assert_allclose(found[0], known[0], rtol=1e-7)
        assert_allclose(found[1][:4], known[1], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("nu", [np.log(0.3), 0.0, np.log(2.0), np.log(30.0)])
@pytest.mark.parametrize("t", [1e-30, 1e-12, 1e-6])
def test_tiny_times(t, nu):
    eta = (0.3, -0.4, 0.2, nu)
    compare_with_decimal(EXACT, t, None, None, eta, one_row(EXACT, t, None, None), digits=220)
    compare_with_decimal(LEFT, None, t, None, eta, one_row(LEFT, None, t, None), digits=220)


@pytest.mark.parametrize("nu", [np.log(0.3), -1e-9, 0.0, np.log(1.5)])
@pytest.mark.parametrize("t", [1e4, 1e9, 1e25])
def test_huge_times(t, nu):
    eta = (0.3, -0.4, 0.2, nu)
    compare_with_decimal(RIGHT, t, None, None, eta, one_row(RIGHT, t, None, None))
    compare_with_decimal(EXACT, t, None, None, eta, one_row(EXACT, t, None, None))


@pytest.mark.parametrize("gap", [0.69, 0.71])
@pytest.mark.parametrize("nu", [np.log(1.7), np.log(0.4)])
def test_both_sides_of_the_switch_of_the_series(nu, gap):
    # kappa L crosses 0.7 in absolute value, where a series gives way to the closed form
    kappa = np.expm1(nu)
    r = np.expm1(gap / abs(kappa))
    t = float((r * np.exp(nu)) ** (1.0 / np.exp(0.2)) / np.exp(0.3))
    compare_with_decimal(EXACT, t, None, None, (0.3, -0.4, 0.2, nu), one_row(EXACT, t, None, None))


@pytest.mark.parametrize("r", [0.029, 0.031])
@pytest.mark.parametrize("nu", [np.log(1.7), np.log(40.0), np.log(1e5)])
def test_both_sides_of_the_switch_of_the_gap(nu, r):
    t = float((r * np.exp(nu)) ** (1.0 / np.exp(-0.9)) / np.exp(0.3))
    if r * np.exp(nu) < 500.0:
        eta = (0.3, -0.4, -0.9, nu)
        compare_with_decimal(RIGHT, t, None, None, eta, one_row(RIGHT, t, None, None))
