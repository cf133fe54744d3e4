"""Predictions averaged over families: Akaike's weights, Buckland's errors, and what cannot be averaged."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import statmodels_x as smx
from statmodels_x import FlexibleSurvival
from statmodels_x.core.errors import DataError

FORMULA = "Surv(time, status) ~ treatment + karno"
NEW = pd.DataFrame({"treatment": ["standard", "test"], "karno": [40, 80]})


@pytest.fixture(scope="module")
def data():
    return smx.datasets.load_veteran()


@pytest.fixture(scope="module")
def fit(data):
    return FlexibleSurvival(FORMULA, data).fit()


@pytest.fixture(scope="module")
def families(fit, data):
    at = {"other_scale": float(np.exp(fit.specification.fixed["aft"]))}
    return [fit, *(FlexibleSurvival(FORMULA, data, shape=shape, **at).fit() for shape in (1.0, 0.0, np.inf))]


def akaike(fits):
    criteria = np.array([one.aic for one in fits])
    weights = np.exp(-0.5 * (criteria - criteria.min()))
    return weights / weights.sum()


def test_an_average_over_families_by_hand(fit, families):
    weights = akaike(families)
    table = fit.predict(NEW, "survival", at=[50, 2000], average=True)
    assert_allclose(sorted(table.attrs["weights"].values()), np.sort(weights), rtol=1e-5)
    own = [one.predict(NEW, "survival", at=[50, 2000]) for one in families]
    values = np.array([np.log(-np.log(one["estimate"])) for one in own])
    errors = np.array(
        [(np.log(-np.log(one["lower"])) - np.log(-np.log(one["upper"]))) / 2 / 1.959964 for one in own]
    )
    mean = weights @ values
    error = weights @ np.sqrt(errors**2 + (values - mean) ** 2)
    assert_allclose(table["estimate"], np.exp(-np.exp(mean)), rtol=1e-5)
    assert_allclose(table["lower"], np.exp(-np.exp(mean + stats.norm.isf(0.025) * error)), rtol=1e-4)
    assert_allclose(table["upper"], np.exp(-np.exp(mean - stats.norm.isf(0.025) * error)), rtol=1e-4)
    assert np.all(table["upper"] - table["lower"] > 0.0)


def test_fits_that_are_given(fit, families):
    given = fit.predict(NEW, "median_ratio", reference=NEW.iloc[:1], average=families)
    usual = fit.predict(NEW, "median_ratio", reference=NEW.iloc[:1], average=True)
    assert_allclose(given["estimate"], usual["estimate"], rtol=1e-6)
    alone = fit.predict(NEW, "rmst", at=100, average=[fit])
    plain = fit.predict(NEW, "rmst", at=100)
    assert_allclose(alone[["estimate", "lower", "upper"]], plain[["estimate", "lower", "upper"]])
    assert plain.attrs == {}
    everybody = fit.predict(at=100, average=families)
    assert len(everybody) == 137


def test_populations_and_effects(fit, families):
    weights = akaike(families)
    table = fit.standardise("survival", at=[100], by="treatment", contrast="difference", average=True)
    own = [one.standardise("survival", at=[100], by="treatment", contrast="difference") for one in families]
    assert table["estimate"].iloc[0] == pytest.approx(
        weights @ [one["estimate"].iloc[0] for one in own], rel=1e-5
    )
    effects, plain = fit.effects(["treatment"], at=100, average=True), fit.effects(["treatment"], at=100)
    assert effects["estimate"].iloc[0] == pytest.approx(table["estimate"].iloc[0], rel=1e-9)
    assert effects["wide_estimate"].tolist() == plain["wide_estimate"].tolist()
    assert plain["estimate"].iloc[0] != effects["estimate"].iloc[0]


def test_a_weibull_is_averaged_with_anchored_families(data, fit):
    weibull = FlexibleSurvival(FORMULA, data, "weibull").fit()
    attrs = weibull.predict(NEW, at=100, average=True).attrs["weights"]
    assert_allclose(
        sorted(attrs.values()), sorted(fit.predict(NEW, at=100, average=True).attrs["weights"].values())
    )
    clustered = FlexibleSurvival(FORMULA, data, cluster="age").fit()
    assert np.isfinite(clustered.predict(NEW, at=100, average=True)["std_error"]).all()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"kind": "link"}, 'kind="link" is not on one scale'),
        ({"kind": "cure_fraction"}, 'kind="cure_fraction" is not on one scale'),
        ({"at": 1.0, "method": "simulation"}, "pointwise intervals"),
        ({"at": 1.0, "simultaneous": True}, "pointwise intervals"),
    ],
)
def test_what_cannot_be_averaged(fit, options, text):
    with pytest.raises(DataError, match=text):
        fit.predict(NEW, average=True, **options)


def test_averages_over_what_does_not_belong(fit, data):
    with pytest.raises(DataError, match="`average` is 'families'; give True, or a list"):
        fit.predict(NEW, at=1.0, average="families")
    other = FlexibleSurvival(FORMULA, data.head(100)).fit()
    with pytest.raises(DataError, match="average: the fits differ in"):
        fit.predict(NEW, at=1.0, average=[fit, other])
    normal = FlexibleSurvival(FORMULA, data, "lognormal").fit()
    with pytest.raises(DataError, match="no families to average over"):
        normal.predict(NEW, at=1.0, average=True)
