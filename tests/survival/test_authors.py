"""The fits that the authors of the family published."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtri

from statmodels_x import APGW, FlexibleSurvival
from statmodels_x.core.errors import StatmodelsXWarning


def quietly(formula, frame, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        return FlexibleSurvival(formula, frame, **options).fit(tol=1e-14)


PARTS = {"b": "ph", "a": "power", "n": "shape"}


def told_by_the_authors(extra):
    path = extra / "data" / "acceptance" / "apgw_authors.json"
    if not path.exists():
        pytest.skip("the authors' results are not at hand")
    return json.loads(path.read_text())


def agrees(fit, told, estimates, errors):
    for name, (estimate, error) in ((k, v) for k, v in told.items() if k[:2] in ("b_", "a_", "n_")):
        label = PARTS[name[0]], name[2:]
        assert fit.params[label] == pytest.approx(estimate, abs=estimates)
        assert fit.bse[label] == pytest.approx(error, rel=errors)


@pytest.mark.parametrize("formula", ["Surv(time, deceased) ~ 1", "Surv(time, deceased) ~ tx + age"])
def test_the_authors_published_fits(extra, formula):
    told = told_by_the_authors(extra)["testdata"]
    frame = pd.read_csv(extra / "data" / "acceptance" / told["file"])
    fit = quietly(formula, frame, other_scale=1.0)
    assert fit.llf == pytest.approx(told[formula]["loglik"], abs=6e-5)  # the last digit printed
    if "AIC" in told[formula]:
        assert fit.aic == pytest.approx(told[formula]["AIC"], abs=1e-4)
        assert fit.bic == pytest.approx(told[formula]["BIC"], abs=1e-4)
    agrees(fit, told[formula], 1e-5, 1e-3)


def uniforms_of_r(seed, n):
    """The first uniform numbers of R after set.seed: a Mersenne twister filled by a congruential generator."""
    state, key = seed, np.empty(625, np.uint32)
    for k in range(-50, 625):
        state = (69069 * state + 1) % 2**32
        if k >= 0:
            key[k] = state
    twister = np.random.MT19937(0)
    twister.state = {**twister.state, "state": {"key": key[1:], "pos": 624}}
    return twister.random_raw(n) * 2.3283064365386963e-10


def test_uniforms_of_r():
    assert_allclose(uniforms_of_r(123, 3), [0.2875775201, 0.7883051354, 0.4089769218], atol=1e-10)


@pytest.mark.parametrize("covariates", ["x + t", "t"])
def test_the_authors_simulation_of_a_hundred_thousand(extra, covariates):
    told = told_by_the_authors(extra)["simulated_1e5"][f"Surv ~ {covariates}"]
    n = 100_000
    u = uniforms_of_r(123, 4 * n)
    high, low = u[: 2 * n].reshape(-1, 2).T  # rnorm inverts the distribution at two uniforms
    x = ndtri((np.floor(2**27 * high) + low) / 2**27)
    t = (u[2 * n : 3 * n] >= 0.5).astype(float)
    time = APGW(1.0, np.exp(-2.3 + x + t), np.exp(-0.01), np.expm1(0.7)).isf(u[3 * n :])
    frame = pd.DataFrame({"x": x, "t": t, "time": np.minimum(time, 100.0), "s": time <= 100.0})
    agrees(quietly(f"Surv(time, s) ~ {covariates}", frame, other_scale=1.0), told, 1e-5, 3e-3)
