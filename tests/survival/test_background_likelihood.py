"""The likelihood with a background: its definition, its derivatives, its digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from statmodels_x.core.data.surv import Surv
from statmodels_x.survival.distributions.family import FAMILIES
from statmodels_x.survival.kernels.hazards import cumulative_hazard, log_hazard
from statmodels_x.survival.kernels.likelihood import loglik, row_scores, sample_arrays, with_factor

N = 60


def sample(kind, entry, cure, family, shape):
    """A sample of every kind of row with a background, and its integrals before and within each row's end."""
    rng = np.random.default_rng(1)
    time = rng.uniform(0.4, 1.5, N)
    start = rng.uniform(0.0, 0.35, N) if entry else None
    if kind == "right":
        response = Surv(time, rng.random(N) < 0.6, entry=start)
    else:
        upper = np.where(rng.random(N) < 0.3, np.inf, time + rng.uniform(0.1, 0.6, N))
        upper = np.where(rng.random(N) < 0.2, time, upper)
        lower = np.where((rng.random(N) < 0.3) & np.isfinite(upper), 0.0, time)
        lower = np.where(lower == upper, time, lower)
        response = Surv(lower, upper, type="interval2", entry=start)
    x = np.column_stack([np.ones(N), rng.normal(size=N)])
    designs = (None, x, x, np.ones((N, 1)) if shape is None else None, x if cure else None)
    offsets = (0.2, 0.0, 0.0, 0.0 if shape is None else shape, 0.0)
    wide = np.full(5, np.inf)
    arrays = sample_arrays(response, rng.uniform(0.5, 2.0, N), designs, offsets, -wide, wide, cure, family)
    rate, before, within = rng.uniform(0.01, 0.5, N), rng.uniform(0.1, 0.5, N), rng.uniform(0.01, 0.5, N)
    other = np.select(
        [response.code == 1, response.code == 0], [np.log(rate), -np.inf], np.log(np.expm1(within))
    )
    other[rng.random(N) < 0.1] = -np.inf
    within = np.where((response.code >= 2) & np.isfinite(other), within, 0.0)
    return response, replace(arrays, log_other=other, expected=before + within), before, within


KINDS = [(kind, entry, cure, None, shape)
         for kind in ("right", "interval") for entry in (False, True) for cure in (0, 1, 2)
         for shape in (None, np.log(2.0), np.log(1.4), np.log(3.0))]  # fmt: skip

KINDS += [("interval", True, cure, FAMILIES["lognormal"], 0.0) for cure in (0, 1, 2)]


def compare_with_differences(theta, arrays, score, hessian):
    step = 1e-5 * np.eye(len(theta))
    differences = [(loglik(theta + e, arrays), loglik(theta - e, arrays)) for e in step]
    slopes = np.array([(up[0] - down[0]) / 2e-5 for up, down in differences])
    bends = np.array([(up[1] - down[1]) / 2e-5 for up, down in differences])
    assert_allclose(score, slopes, atol=1e-7 * max(1.0, np.abs(score).max()))
    assert_allclose(hessian, bends, atol=1e-7 * max(1.0, np.abs(hessian).max()))
    assert_allclose(row_scores(theta, arrays).sum(axis=0), score, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("kind", "entry", "cure", "family", "shape"), KINDS)
def test_likelihood_is_its_definition_and_its_derivatives_are_differences(kind, entry, cure, family, shape):
    response, arrays, before, within = sample(kind, entry, cure, family, shape)
    p = arrays.n_parameters
    theta = 0.3 * np.random.default_rng(2).normal(size=p)
    value, score, hessian = loglik(theta, arrays)

    eta = arrays.linear_predictors(theta).T
    lower, finite = response.lower, np.isfinite(response.upper)

    def net(times):
        return cumulative_hazard(np.asarray(times, float), eta, cure, family)[0]

    hazard = np.exp(log_hazard(np.maximum(lower, 1e-9), eta, cure, family)[0])
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        exact = np.log(hazard + np.exp(np.where(response.code == 1, arrays.log_other, -np.inf)))
    ends = net(np.where(finite, response.upper, 1.0))
    rows = -net(lower) - before + np.where(response.code == 1, exact, 0.0)
    between = np.exp(-net(lower)) - np.exp(-ends - within)
    rows = np.where(response.code >= 2, np.log(np.where(response.code >= 2, between, 1.0)) - before, rows)
    if entry:
        rows += net(response.entry)
    assert value == pytest.approx(arrays.weight @ rows, rel=1e-12)

    compare_with_differences(theta, arrays, score, hessian)


@pytest.mark.parametrize(("kind", "entry", "cure", "family", "shape"), KINDS[::3])
def test_derivatives_in_a_free_factor_are_differences(kind, entry, cure, family, shape):
    arrays = replace(sample(kind, entry, cure, family, shape)[1], has_factor=True)
    p = arrays.n_parameters
    theta = np.append(0.3 * np.random.default_rng(2).normal(size=p - 1), 0.4)
    value, score, hessian = loglik(theta, arrays)
    at_1 = loglik(theta[:-1], replace(with_factor(arrays, 0.4)))[0]
    assert value == pytest.approx(at_1, rel=1e-13)
    compare_with_differences(theta, arrays, score, hessian)


def test_interval_keeps_its_digits_on_a_plateau():
    """Deaths within an interval late on a plateau, where survival of the model no longer moves."""
    response = Surv([12.0], [13.0], type="interval2")
    one = np.ones((1, 1))
    wide = np.full(5, np.inf)
    arrays = sample_arrays(
        response, None, (None, one, one, None, one), (0.0, 0.0, 0.0, np.log(2.0), 0.0), -wide, wide, 1
    )
    arrays = replace(arrays, log_other=np.array([np.log(np.expm1(1e-18))]), expected=np.array([1e-18]))
    theta = np.array([1.0, 0.5, 0.3])  # H of about 2.7 t^1.65: nobody uncured is left
    assert loglik(theta, arrays)[0] == pytest.approx(np.log(1e-18) - np.log1p(np.exp(-0.3)), rel=1e-12)
