"""Cure fits under changes that must not matter: rows' order, repeated rows, units, codings, scales, offsets."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from statmodels_x import FlexibleSurvival
from statmodels_x.datasets import load_melanoma

pytestmark = pytest.mark.search

ARM = {"cure": "~ treatment"}

kinds = pytest.mark.parametrize("kind", ["mixture", "promotion"])

SIMPLE = "Surv(time, status) ~ 1"


@pytest.fixture(scope="module")
def data():
    frame = load_melanoma()
    frame.attrs = {}
    return frame


def fit(data, formula=SIMPLE, **options):
    # two searches end within the same decrement of the maximum, not at the same point: make it small
    return FlexibleSurvival(formula, data, **{"scale": "aft", **options}).fit(tol=1e-15)


def assert_same_fit(a, b):
    assert a.llf == pytest.approx(b.llf, abs=1e-8)
    assert_allclose(a.params, b.params, rtol=1e-6, atol=1e-6)
    assert_allclose(a.bse, b.bse, rtol=1e-6, atol=1e-6)


@kinds
def test_order_of_rows(data, kind):
    options = {"distribution": "loglogistic", "cure_kind": kind, **ARM}
    assert_same_fit(fit(data, **options), fit(data.sample(frac=1.0, random_state=5), **options))


@kinds
def test_whole_weights_are_repeated_rows(data, kind):
    options = {"distribution": "weibull", "cure_kind": kind, **ARM}
    weight = np.random.default_rng(4).integers(1, 4, len(data))
    weighted = fit(data.assign(w=weight), weights="w", **options)
    assert_same_fit(weighted, fit(data.loc[data.index.repeat(weight)].reset_index(drop=True), **options))


@kinds
def test_unit_of_time(data, kind):
    options = {"distribution": "loglogistic", "cure_kind": kind, **ARM}
    base, other = fit(data, **options), fit(data.assign(time=365.25 * data["time"]), **options)
    assert other.llf == pytest.approx(base.llf - base.n_events * np.log(365.25), abs=1e-6)
    shift = pd.Series(0.0, base.params.index)
    shift["aft", "Intercept"] = -np.log(365.25)
    assert_allclose(other.params, base.params + shift, rtol=1e-5, atol=1e-5)
    assert_allclose(other.bse, base.bse, rtol=1e-5)


@kinds
def test_coding_of_the_arms(data, kind):
    options = {"distribution": "weibull", "cure_kind": kind, **ARM}
    base = fit(data, **options)
    swapped = fit(data.assign(treatment=1 - data["treatment"]), **options)
    assert swapped.llf == pytest.approx(base.llf, abs=1e-8)
    assert_allclose(swapped.params["cure", "treatment"], -base.params["cure", "treatment"], atol=1e-6)


@kinds
def test_the_two_scales_of_a_weibull_are_one(data, kind):
    options = {"distribution": "weibull", "cure_kind": kind, **ARM}
    assert fit(data, **options).llf == pytest.approx(fit(data, scale="ph", **options).llf, abs=1e-7)


@kinds
def test_an_offset_of_the_cure_part(data, kind):
    base = fit(data, distribution="weibull", cure_kind=kind, **ARM)
    known = base.params["cure", "treatment"]
    held = fit(
        data.assign(o=known * data["treatment"]), distribution="weibull", cure_kind=kind, cure="~ offset(o)"
    )
    assert held.llf == pytest.approx(base.llf, abs=1e-8)
    assert_allclose(held.params, base.params.drop(("cure", "treatment")), rtol=1e-5, atol=1e-5)
