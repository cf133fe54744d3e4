"""What the exponential of a coefficient may be called, and that predictions say the same."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x import FlexibleSurvival
from statmodels_x.core.errors import StatmodelsXWarning

FORMULA = "Surv(time, status) ~ treatment"


@pytest.fixture(scope="module")
def data():
    return smx.datasets.load_melanoma()


def quietly(formula, frame, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        return FlexibleSurvival(formula, frame, **options).fit(tol=1e-14)


RULES = {
    ("treatment", ""): {("ph", "treatment"): "hazard ratio"},
    ("treatment", "aft"): {("aft", "treatment"): "time ratio"},
    ("treatment", "power"): {
        ("ph", "treatment"): "ratio of cumulative hazards at 0.551",
        ("power", "treatment"): "ratio of gamma",
    },
    ("treatment", "both"): {("ph", "treatment"): "-", ("aft", "treatment"): "-"},
    ("treatment", "mixture"): {
        ("ph", "treatment"): "hazard ratio of the uncured",
        ("cure", "treatment"): "odds ratio of cure",
    },
    ("treatment", "promotion"): {("cure", "treatment"): "hazard ratio"},
    ("age + I(age**2)", ""): {("ph", "age"): "-", ("ph", "I(age ** 2)"): "-"},
    ("treatment * sex", ""): {
        ("ph", "treatment"): "hazard ratio where the other of its interaction is 0",
        ("ph", "treatment:sex"): "-",
    },
}

OPTIONS = {
    "": {},
    "aft": {"scale": "aft"},
    "power": {"power": "~ treatment"},
    "both": {"other_scale": "~ treatment"},
    "mixture": {"distribution": "weibull", "cure": "~ treatment"},
    "promotion": {"distribution": "weibull", "cure": "~ treatment", "cure_kind": "promotion"},
}


@pytest.mark.parametrize(("terms", "form"), RULES)
def test_names_of_ratios(data, terms, form):
    right = "1" if form == "promotion" else terms
    fit = quietly(f"Surv(time, status) ~ {right}", data, **OPTIONS[form])
    for label, name in RULES[terms, form].items():
        row = fit.natural_params.loc[label]
        assert row["quantity"] == name
        assert np.isnan(row["estimate"]) == (name == "-")


def test_a_name_says_what_predict_says(data):
    one, zero = pd.DataFrame({"treatment": [1]}), pd.DataFrame({"treatment": [0]})
    fit = quietly(FORMULA, data, power="~ treatment")
    at = np.exp(-fit.specification.fixed["aft"])
    ratio = fit.predict(one, "cumulative_hazard_ratio", at=at, reference=zero)["estimate"].iloc[0]
    assert fit.natural_params.loc[("ph", "treatment"), "estimate"] == pytest.approx(ratio, rel=1e-8)
    slow = quietly(FORMULA, data, scale="aft", power="~ treatment")
    name = slow.natural_params.loc[("aft", "treatment"), "quantity"]
    survival = slow.predict(zero, "survival", at=np.exp(-slow.params["aft", "Intercept"]))["estimate"].iloc[0]
    assert name == f"time ratio at survival {survival:.2g}"
    quantile = slow.predict(one, "quantile_ratio", at=1.0 - survival, reference=zero)["estimate"].iloc[0]
    assert slow.natural_params.loc[("aft", "treatment"), "estimate"] == pytest.approx(quantile, rel=1e-8)


def test_effects(data):
    fit = FlexibleSurvival(FORMULA, data).fit()
    table = fit.effects()
    assert table["quantity"].tolist() == ["survival at 7.5", "mean time to 7.5", "median"]
    direct = fit.standardise("survival", at=[7.5], by="treatment", contrast="difference").iloc[0]
    assert_allclose(
        table.loc[0, ["estimate", "lower", "upper"]].astype(float),
        direct[["estimate", "lower", "upper"]].astype(float),
    )
    wide = FlexibleSurvival(FORMULA, data, power="~ treatment").fit()
    direct = wide.standardise("rmst", at=[7.5], by="treatment", contrast="difference").iloc[0]
    assert table.loc[1, "wide_estimate"] == pytest.approx(direct["estimate"], rel=1e-6)
    forced = FlexibleSurvival(FORMULA, data, scale="aft").fit()
    assert forced.effects()["moves"].iloc[:2].all()  # one plateau for both arms hides what Kaplan-Meier shows
    text = forced.summary().as_text()
    assert "moves" in text
    assert "depends on the form of the model" in " ".join(text.split())
    assert "Effects" not in forced.summary(effects=False).as_text()


def test_the_summary_names_the_unit_of_its_effects_and_the_wider_model(data):
    fit = FlexibleSurvival(FORMULA, data, scale="aft", time_unit="months").fit()
    text = " ".join(fit.summary().as_text().split())
    assert "Effects, averaged over the rows (times in months)" in text
    assert "Wider model: proportional hazards, with the covariate on the power, too, so that" in text
    bare = data.copy()
    bare.attrs.clear()
    text = " ".join(FlexibleSurvival(FORMULA, bare).fit().summary().as_text().split())
    assert "Effects, averaged over the rows" in text
    assert "(times in" not in text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cured = FlexibleSurvival(FORMULA, data, scale="aft", distribution="loglogistic", cure="~ 1").fit()
    assert "Wider model: this model, with the covariate on the power, too, so that" in " ".join(
        cured.summary().as_text().split()
    )
