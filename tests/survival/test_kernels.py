"""The compiled likelihood and its derivatives against formulas that share nothing with it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from decimal_likelihood import (
    EXACT,
    INTERVAL,
    LEFT,
    MIXTURE,
    NONE,
    PROMOTION,
    RIGHT,
    SHAPES,
    WIDE,
    decimal_derivatives,
    one_row,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from plain_likelihood import central, complex_loglik, complex_step_gradient, plain_loglik
from scipy.special import expit

from statmodels_x import APGW, Surv
from statmodels_x.survival.kernels.baseline import baseline_terms
from statmodels_x.survival.kernels.hazards import cumulative_hazard, log_hazard
from statmodels_x.survival.kernels.likelihood import loglik, row_scores, sample_arrays

INF = np.inf
CURES = {"no_cure": NONE, "mixture": MIXTURE, "promotion": PROMOTION}
cures = pytest.mark.parametrize("cure", CURES.values(), ids=CURES.keys())
cured = pytest.mark.parametrize("cure", [MIXTURE, PROMOTION], ids=["mixture", "promotion"])


# ---- many rows: values through APGW, gradients by the complex step


def random_sample(
    rng, n, *, late=True, weighted=True, offsets=True, nu_fixed=None, kinds=(0, 1, 2, 3), cure=NONE
):
    """Rows of every kind with two covariates, and different designs for each parameter."""
    kind = rng.choice(kinds, n)
    lower = rng.exponential(1.0, n) + 0.1
    upper = np.select([kind == EXACT, kind == RIGHT], [lower, INF], default=lower + rng.exponential(0.8, n))
    lower = np.where(kind == LEFT, 0.0, lower)
    last = np.where(np.isfinite(upper), upper, lower)
    entry = np.where(rng.random(n) < 0.4, 0.5 * np.where(lower > 0, lower, last), 0.0) * late
    response = Surv(lower, upper, type="interval2", entry=entry)
    x = np.column_stack([np.ones(n), rng.standard_normal(n), rng.integers(0, 2, n)])
    designs = [x, x[:, :2], x[:, [0, 2]], x[:, :2]]
    shifts = [0.3 * rng.standard_normal(n) if offsets else 0.0 for _ in range(4)]
    if nu_fixed is not None:
        designs[3], shifts[3] = None, nu_fixed
    weight = rng.choice([0.0, 0.5, 1.0, 3.0], n) if weighted else None
    if cure:
        designs.append(x)
        shifts.append(0.3 * rng.standard_normal(n) if offsets else 0.0)
    return sample_arrays(response, weight, tuple(designs), tuple(shifts), -WIDE, WIDE, cure), response


def random_theta(rng, arrays, nu):
    theta = 0.3 * rng.standard_normal(arrays.n_parameters)
    if arrays.free[3]:
        part = arrays.slices[3]
        theta[part.start] = nu
        theta[part.start + 1 :] *= 0.2
    return theta


BRANCHES = {
    "near_minus_one": (np.log(0.05), None),
    "negative": (np.log(0.6), None),
    "zero": (0.0, None),
    "between": (np.log(1.3), None),
    "one": (np.log(2.0), None),
    "two": (np.log(3.0), None),
    "thousand": (np.log(1001.0), None),
    "million": (np.log(1e6), None),
    "fixed_zero": (None, 0.0),
    "fixed_one": (None, np.log(2.0)),
    "fixed_two": (None, np.log(3.0)),
    "fixed_infinite": (None, INF),
}
branches = pytest.mark.parametrize(("nu", "fixed"), BRANCHES.values(), ids=BRANCHES.keys())


def make(nu, fixed, seed, cure=NONE):
    rng = np.random.default_rng(seed)
    offsets = fixed is None
    arrays, response = random_sample(rng, 60, nu_fixed=fixed, offsets=offsets, cure=cure)
    return arrays, response, random_theta(rng, arrays, nu)


@cures
@branches
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_value_against_the_distribution(nu, fixed, seed, cure):
    arrays, response, theta = make(nu, fixed, seed, cure)
    assert_allclose(loglik(theta, arrays)[0], plain_loglik(theta, arrays, response), rtol=1e-9)
    assert_allclose(loglik(theta, arrays)[0], complex_loglik(theta, arrays, response).real, rtol=1e-9)


@cures
@branches
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_score_against_the_complex_step(nu, fixed, seed, cure):
    arrays, response, theta = make(nu, fixed, seed, cure)
    expected = complex_step_gradient(theta, arrays, response)
    assert_allclose(loglik(theta, arrays)[1], expected, rtol=1e-7, atol=1e-8)


@cures
@branches
def test_derivatives_against_central_differences(nu, fixed, cure):
    arrays, response, theta = make(nu, fixed, 4, cure)
    _, score, hessian = loglik(theta, arrays)
    size = max(1.0, np.abs(score).max())
    assert_allclose(score, central(lambda x: loglik(x, arrays)[0], theta), rtol=1e-6, atol=1e-8 * size)
    size = max(1.0, np.abs(hessian).max())
    assert_allclose(hessian, central(lambda x: loglik(x, arrays)[1], theta), rtol=1e-6, atol=1e-8 * size)
    independent = central(lambda x: complex_step_gradient(x, arrays, response), theta)
    assert_allclose(hessian, independent, rtol=1e-6, atol=1e-8 * size)


@given(seed=st.integers(0, 10_000), nu=st.floats(-3.0, 9.0), cure=st.sampled_from([NONE, MIXTURE, PROMOTION]))
@settings(max_examples=120, deadline=None)
def test_score_at_random_points(seed, nu, cure):
    rng = np.random.default_rng(seed)
    arrays, response = random_sample(rng, 25, cure=cure)
    theta = random_theta(rng, arrays, nu)
    tau, beta, alpha, shape, _ = arrays.linear_predictors(theta)
    law = APGW(np.exp(tau), np.exp(beta), np.exp(alpha), np.expm1(shape))
    # the independent formula would overflow; it also takes every row at time 1
    assume(law.cumulative_hazard(np.maximum(response.time, 1.0)).max() < 1e100)
    assert_allclose(loglik(theta, arrays)[0], plain_loglik(theta, arrays, response), rtol=1e-8)
    expected = complex_step_gradient(theta, arrays, response)
    assert_allclose(loglik(theta, arrays)[1], expected, rtol=1e-7, atol=1e-8)


@cures
@pytest.mark.parametrize("kinds", [(0, 1), (1, 3), (1, 2), (3,), (2,), (1,)])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_kind_of_sample(kinds, late, weighted, cure):
    rng = np.random.default_rng(7)
    if kinds == (2,) and late:
        pytest.skip("left censoring after a late entry is interval censoring")
    arrays, response = random_sample(
        rng, 40, late=late, weighted=weighted, offsets=False, kinds=kinds, cure=cure
    )
    assert (len(arrays.weight) == 40) == weighted
    theta = random_theta(rng, arrays, 0.4)
    assert_allclose(loglik(theta, arrays)[0], plain_loglik(theta, arrays, response), rtol=1e-10)
    expected = complex_step_gradient(theta, arrays, response)
    assert_allclose(loglik(theta, arrays)[1], expected, rtol=1e-8, atol=1e-10)


@cures
def test_more_rows_than_one_block(cure):
    # sums are made in blocks: the parts must add up to the whole
    rng = np.random.default_rng(9)
    arrays, response = random_sample(rng, 2500, cure=cure)
    theta = random_theta(rng, arrays, 0.4)
    value, score, hessian = loglik(theta, arrays)
    assert_allclose(value, plain_loglik(theta, arrays, response), rtol=1e-10)
    parts = [loglik(theta, arrays.take(np.arange(a, b))) for a, b in ((0, 700), (700, 1800), (1800, 2500))]
    assert_allclose(value, sum(part[0] for part in parts), rtol=1e-12)
    assert_allclose(score, sum(part[1] for part in parts), rtol=1e-10)
    assert_allclose(hessian, sum(part[2] for part in parts), rtol=1e-10)


@cures
@branches
def test_row_scores_sum_to_the_score(nu, fixed, cure):
    arrays, _, theta = make(nu, fixed, 5, cure)
    rows = row_scores(theta, arrays)
    assert rows.shape == (arrays.n, arrays.n_parameters)
    score = loglik(theta, arrays)[1]
    assert_allclose(rows.sum(axis=0), score, rtol=1e-10, atol=1e-10 * np.abs(rows).sum())
    assert_array_equal(rows[arrays.weight == 0.0], 0.0)
    one = arrays.take(np.array([17]))
    assert_allclose(rows[17], loglik(theta, one)[1], rtol=1e-12, atol=1e-14)


@cures
def test_weights_are_repeated_rows(cure):
    rng = np.random.default_rng(3)
    plain, response = random_sample(rng, 30, weighted=False, cure=cure)
    weight = rng.integers(0, 4, 30).astype(float)
    weighted = sample_arrays(response, weight, plain.designs, tuple(plain.offsets), -WIDE, WIDE, cure)
    repeated = plain.take(np.repeat(np.arange(30), weight.astype(int)))
    theta = random_theta(rng, plain, 0.2)
    for a, b in zip(loglik(theta, weighted), loglik(theta, repeated), strict=True):
        assert_allclose(a, b, rtol=1e-11, atol=1e-11)


@cures
def test_offsets_are_known_shifts_of_the_linear_predictors(cure):
    rng = np.random.default_rng(5)
    arrays, response = random_sample(rng, 30, offsets=False, cure=cure)
    theta = random_theta(rng, arrays, 0.2)
    shift = np.array([0.3, -0.2, 0.1, 0.25, -0.6 if cure else 0.0])
    shifted = sample_arrays(response, arrays.weight, arrays.designs, tuple(shift), -WIDE, WIDE, cure)
    moved = theta.copy()
    for part, amount, free in zip(arrays.slices, shift, arrays.free, strict=True):
        if free:
            moved[part.start] += amount
    for a, b in zip(loglik(theta, shifted), loglik(moved, arrays), strict=True):
        assert_allclose(a, b, rtol=1e-11, atol=1e-11)


# ---- limits and overflow


@cures
def test_outside_the_limits_the_value_is_minus_infinity(cure):
    arrays, _ = random_sample(np.random.default_rng(1), 10)
    size = 5 if cure else 4
    designs = (np.ones((10, 1)),) * size
    narrow = sample_arrays(
        Surv(np.ones(10), np.ones(10)), None, designs, (0.0,) * size, -np.ones(size), np.ones(size), cure
    )
    assert np.isfinite(loglik(np.full(size, 0.5), narrow)[0])
    for k in range(size):
        for sign in (-1.0, 1.0):
            theta = np.zeros(size)
            theta[k] = 1.01 * sign
            assert loglik(theta, narrow)[0] == -INF
    assert np.isfinite(loglik(np.zeros(arrays.n_parameters), arrays)[0])


@given(
    tau=st.floats(-60.0, 60.0), beta=st.floats(-60.0, 60.0), alpha=st.floats(-5.0, 4.0),
    nu=st.floats(-9.0, 12.0), kind=st.sampled_from([RIGHT, EXACT, LEFT, INTERVAL]),
    scale=st.floats(-10.0, 10.0), c=st.floats(-12.0, 12.0), cure=st.sampled_from([NONE, MIXTURE, PROMOTION]),
)  # fmt: skip
@settings(max_examples=500, deadline=None)
def test_the_value_is_never_nan_nor_plus_infinity(tau, beta, alpha, nu, kind, scale, c, cure):
    t = 10.0**scale
    lower, upper = (t, None) if kind in (EXACT, RIGHT) else (t, 2.0 * t) if kind == INTERVAL else (None, t)
    theta = np.array([tau, beta, alpha, nu, c])[: 5 if cure else 4]
    value, _, _ = loglik(theta, one_row(kind, lower, upper, None, cure=cure))
    assert not np.isnan(value)
    assert value < INF
    if kind != EXACT:
        assert value <= 0.0


@given(
    tau=st.floats(-9.0, 9.0), beta=st.floats(-9.0, 9.0), alpha=st.floats(-1.0, 3.0), nu=st.floats(0.0, 12.0),
    kind=st.sampled_from([RIGHT, EXACT, LEFT, INTERVAL]), c=st.floats(-12.0, 12.0),
    cure=st.sampled_from([NONE, MIXTURE, PROMOTION]), gompertz=st.booleans(),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_a_finite_value_has_finite_derivatives(tau, beta, alpha, nu, kind, c, cure, gompertz):
    # H may be infinite where the likelihood is not: at the right end of an interval, on a plateau
    lower, upper = (2.0, None) if kind in (EXACT, RIGHT) else (2.0, 3.0) if kind == INTERVAL else (None, 2.0)
    arrays = one_row(kind, lower, upper, None, nu_fixed=INF if gompertz else None, cure=cure)
    theta = np.array([tau, beta, alpha] + [nu] * (not gompertz) + [c] * (cure > 0))
    value, score, hessian = loglik(theta, arrays)
    if value > -1e100:
        assert np.isfinite(score).all()
        assert np.isfinite(hessian).all()


@given(beta=st.floats(-3.0, 3.0), alpha=st.floats(-1.0, 1.5), nu=st.floats(-2.0, 3.0), t=st.floats(0.05, 5.0))
@settings(max_examples=50, deadline=None)
def test_overflow_is_minus_infinity_and_not_a_plateau(beta, alpha, nu, t):
    # ever larger phi: the log-likelihood of a censored time only falls
    arrays = one_row(RIGHT, t, None, None)
    values = [loglik(np.array([tau, beta, alpha, nu]), arrays)[0] for tau in (0.0, 5.0, 50.0, 500.0)]
    # down to the plateau of a defective distribution, which is reached to the last digit
    assert all(b <= a or b == pytest.approx(a, rel=1e-14) for a, b in pairwise(values))


# ---- the terms that predictions use


@cures
@pytest.mark.parametrize("nu", SHAPES.values(), ids=SHAPES.keys())
def test_terms_of_predictions(nu, cure):
    eta = np.array([[0.3, -0.4, 0.2, nu, -0.6]])
    times = np.array([0.9])
    value, grad = cumulative_hazard(times, eta, cure)
    expected, gradient, _ = decimal_derivatives(RIGHT, eta[0], 0.9, None, None, cure=cure)
    assert_allclose(value[0], -expected, rtol=1e-12)
    assert_allclose(grad[0], -gradient, rtol=1e-9)
    value, grad = log_hazard(times, eta, cure)
    both, both_gradient, _ = decimal_derivatives(EXACT, eta[0], 0.9, None, None, cure=cure)
    assert_allclose(value[0], both - expected, rtol=1e-11)
    assert_allclose(grad[0], both_gradient - gradient, rtol=1e-9, atol=1e-12)


@cures
def test_cumulative_hazard_terms_at_time_zero(cure):
    value, grad = cumulative_hazard(np.array([0.0, 1.0]), np.zeros((2, 5)), cure)
    assert value[0] == 0.0
    assert_array_equal(grad[0], 0.0)
    # S = 1/2 for the uncured at t = 1
    assert value[1] == pytest.approx([np.log(2.0), -np.log(0.75), 0.5][cure])


@cured
def test_the_population_hazard_of_predictions_ends_at_its_plateau(cure):
    # H of the population is -log p far out, and its only slope is the one in c
    for nu in (0.0, np.log(1.4), np.log(2.0), INF):
        eta = np.array([[0.3, 1.5, 0.2, nu, -0.6]])
        value, grad = cumulative_hazard(np.array([1e40]), eta, cure)
        p = expit(-0.6) if cure == MIXTURE else np.exp(-np.exp(-0.6))
        assert value[0] == pytest.approx(-np.log(p), rel=1e-12)
        slope = -expit(0.6) if cure == MIXTURE else np.exp(-0.6)
        assert_allclose(grad[0], [0.0, 0.0, 0.0, 0.0, slope], rtol=1e-9, atol=1e-9)


# ---- the plain Python twin


@given(q=st.floats(-30.0, 6.0), nu=st.floats(-6.0, 12.0))
@settings(max_examples=200, deadline=None)
def test_baseline_terms_in_plain_python(q, nu):
    compiled = baseline_terms(q, nu, True)
    try:
        plain = baseline_terms.py_func(q, nu, True)
    except OverflowError:  # plain Python raises where compiled code returns infinity
        assert not np.isfinite(compiled).all()
        return
    assert_allclose(compiled, plain, rtol=1e-12)


_TWIN = """
import itertools, json, sys
import numpy as np
from statmodels_x import Surv
from statmodels_x.survival.kernels.likelihood import loglik, row_scores, sample_arrays

rng = np.random.default_rng(12)
n = 12
lower = rng.exponential(1.0, n) + 0.1
upper = np.array([lower, np.full(n, np.inf), lower + 0.5, lower + 0.7])[np.arange(n) % 4, np.arange(n)]
lower = np.where(np.arange(n) % 4 == 2, 0.0, lower)
response = Surv(lower, upper, type="interval2", entry=0.3 * lower)
x = np.column_stack([np.ones(n), rng.standard_normal(n)])
out = []
for nu, cure in itertools.product((-0.7, 0.0, 0.3, np.log(2.0), 1.1, 6.9, np.inf), (0, 1, 2)):
    for free in (True, False):
        if free and np.isinf(nu):
            continue
        designs = (x, x[:, :1], x, x[:, :1] if free else None, x if cure else None)
        arrays = sample_arrays(
            response, rng.integers(0, 3, n) * 1.0, designs, (0.0, 0.0, 0.0, 0.0 if free else nu, 0.0),
            np.full(5, -1e3), np.full(5, 1e3), cure,
        )
        theta = np.array([0.1, 0.2, -0.3, 0.1, 0.05] + [nu] * free + [-0.8, 0.3] * (cure > 0))
        value, score, hessian = loglik(theta, arrays)
        out.append([value, score.tolist(), hessian.tolist(), row_scores(theta, arrays).tolist()])
import numba
print(json.dumps([bool(numba.config.DISABLE_JIT), out]))
"""


def test_the_compiled_likelihood_equals_its_plain_python_twin():
    def run(**environment):
        done = subprocess.run(
            [sys.executable, "-c", _TWIN],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    disabled, plain = run(NUMBA_DISABLE_JIT="1")
    also_disabled, compiled = run(NUMBA_DISABLE_JIT="0")
    assert disabled
    assert not also_disabled
    assert len(plain) == len(compiled) == 39
    for a, b in zip(compiled, plain, strict=True):
        for x, y in zip(a, b, strict=True):
            assert_allclose(x, y, rtol=1e-11, atol=1e-12)


# ---- blocks of rows against single rows


@pytest.mark.parametrize("nu", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("spread", [0.0, 1.0, 12.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_blocks_agree_with_single_rows(nu, spread, weighted):
    # 1,300 rows: two full blocks and a part of a third
    n = 1300
    rng = np.random.default_rng(4)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    times = np.exp(spread * rng.normal(size=n))
    response = Surv(times, rng.uniform(size=n) < 0.6)
    weight = rng.uniform(0.2, 2.0, n) if weighted else None
    shape_free = np.isfinite(nu)
    designs = (x, x[:, :2], x[:, :2], np.ones((n, 1)) if shape_free else None)
    arrays = sample_arrays(response, weight, designs, (0.0, 0.0, 0.0, 0.0 if shape_free else nu), -WIDE, WIDE)
    theta = np.r_[0.2, 0.1, -0.3, -0.4, 0.2, 0.1, 0.05, [nu] if shape_free else []]
    in_blocks = loglik(theta, arrays)
    # entry at time 0 changes nothing but the way of computing
    one_by_one = loglik(theta, replace(arrays, log_entry=np.full(n, -INF)))
    size = np.abs(one_by_one[2]).max() if np.isfinite(one_by_one[2]).all() else 1.0
    assert_allclose(in_blocks[0], one_by_one[0], rtol=1e-13)
    if np.isfinite(one_by_one[0]) and np.isfinite(one_by_one[2]).all():
        assert_allclose(in_blocks[1], one_by_one[1], rtol=1e-10, atol=1e-12 * np.abs(one_by_one[1]).max())
        assert_allclose(in_blocks[2], one_by_one[2], rtol=1e-10, atol=1e-12 * size)
    else:
        assert not (np.isfinite(in_blocks[0]) and np.isfinite(in_blocks[2]).all())
