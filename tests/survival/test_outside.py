"""What a background asks of the doors around a fit: selection, ladder, scikit-learn, residuals, frozen waning."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import trapezoid

import statmodels_x as smx
from statmodels_x.errors import DataError, FormulaError
from statmodels_x.survival.inference.all_cause import QUANTITIES
from statmodels_x.survival.inference.limits import wane_of
from statmodels_x.survival.inference.prediction import rows_for, with_waning
from statmodels_x.survival.ladder import ladder_forms

AGES = pd.DataFrame({"age": np.arange(30, 101)}).assign(
    rate=lambda d: 0.0006 * np.exp(0.09 * (d["age"] - 30))
)
TABLE = smx.LifeTable(AGES, year=None, rate="rate")
MATCH = TABLE.match(age="old")
FORMULA = "Surv(t, d) ~ x + z"
WANE = (9.0, 11.0)


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 500
    data = pd.DataFrame({"x": rng.integers(0, 2, n), "z": rng.normal(size=n), "old": rng.uniform(40, 90, n)})
    disease = (rng.standard_exponential(n) / (0.1 * np.exp(-0.8 * data["x"]))) ** (1.0 / 1.3)
    other = np.log1p(rng.standard_exponential(n) * 0.09 / (0.0006 * np.exp(0.09 * (data["old"] - 30)))) / 0.09
    end = rng.uniform(3.0, 9.0, n)
    time = np.minimum(np.minimum(disease, other), end)
    return data.assign(t=time, d=(time < end).astype(int), of_disease=(disease < other).astype(int))


@pytest.fixture(scope="module")
def fit(patients):
    return smx.FlexibleSurvival(
        "Surv(t, d) ~ x", patients, "weibull", power="~ x", background=MATCH, time_unit="years"
    ).fit()


def test_probability_that_a_death_is_of_the_disease(fit, patients):
    """h_e / (h_e + b) at each death, missing without one; on average as many as died of it."""
    found = fit.residuals("p_excess")
    died = patients["d"] == 1
    assert found.isna().equals(~died)
    some = patients[died].head(5)
    own = [
        fit.predict(some.iloc[[k]], kind="net_hazard", at=[t])["estimate"].iloc[0]
        for k, t in enumerate(some["t"])
    ]
    total = [
        fit.predict(some.iloc[[k]], kind="hazard", at=[t])["estimate"].iloc[0]
        for k, t in enumerate(some["t"])
    ]
    assert_allclose(found[died].head(5), np.divide(own, total), rtol=1e-9)
    assert found.sum() == pytest.approx(patients.loc[died, "of_disease"].sum(), rel=0.1)
    plain = smx.FlexibleSurvival("Surv(t, d) ~ x", patients, "weibull").fit()
    with pytest.raises(DataError, match="belongs to a model with a background"):
        plain.residuals("p_excess")


def test_probability_of_the_disease_with_a_factor_and_intervals(patients):
    half = smx.LifeTable(AGES.assign(rate=0.5 * AGES["rate"]), year=None, rate="rate").match(age="old")
    free = smx.FlexibleSurvival(
        "Surv(t, d) ~ x", patients, "weibull", background=half, background_factor="~ 1"
    ).fit()
    own = free.predict(patients.head(1), kind="hazard", at=[3.0])["estimate"].iloc[0]
    died = patients[patients["d"] == 1].head(1)
    time = died["t"].iloc[0]
    net, own = (
        free.predict(died, kind=kind, at=[time])["estimate"].iloc[0] for kind in ("net_hazard", "hazard")
    )
    assert free.residuals("p_excess")[died.index[0]] == pytest.approx(net / own, rel=1e-9)
    wide = patients.assign(low=patients["t"], high=np.where(patients["d"] == 1, patients["t"] + 1e-4, np.inf))
    intervals = smx.FlexibleSurvival(
        "Surv(low, high, type='interval2') ~ x", wide, "weibull", background=MATCH
    ).fit()
    exact = smx.FlexibleSurvival("Surv(t, d) ~ x", patients, "weibull", background=MATCH).fit()
    assert_allclose(intervals.residuals("p_excess"), exact.residuals("p_excess"), atol=1e-3)


def test_profile_of_a_factor_is_that_of_the_likelihood(patients):
    free = smx.FlexibleSurvival(
        "Surv(t, d) ~ x", patients, "weibull", background=MATCH, background_factor="~ 1"
    ).fit()
    low, high = free.conf_int(method="profile").loc[("background", "Intercept")]
    for log_factor in (low, high):
        scaled = smx.LifeTable(AGES.assign(rate=np.exp(log_factor) * AGES["rate"]), year=None, rate="rate")
        held = smx.FlexibleSurvival("Surv(t, d) ~ x", patients, "weibull", background=scaled.match(age="old"))
        assert 2.0 * (free.llf - held.fit().llf) == pytest.approx(3.841, abs=1e-3)


def control_and_treated(patients):
    one = patients.head(2)
    return one.assign(x=0), one.assign(x=1)


def test_a_frozen_ratio_shrinks(fit, patients):
    """Between the times the log hazard ratio is that of the first time, shrunk; survival is the hazard's integral."""
    control, treated = control_and_treated(patients)
    options = {"kind": "net_hazard", "reference": control, "wane": WANE, "wane_from": "frozen"}
    times = np.array([5.0, 9.0, 9.5, 10.5, 11.0, 15.0])
    waned = fit.predict(treated, at=times, **options)["estimate"].to_numpy().reshape(2, -1)
    one, two = (fit.predict(who, kind="net_hazard", at=times)["estimate"].to_numpy().reshape(2, -1)
                for who in (treated, control))  # fmt: skip
    frozen = np.log(one[:, 1] / two[:, 1])
    assert_allclose(np.log(waned[:, :2]), np.log(one[:, :2]), rtol=1e-12)
    share = np.array([0.75, 0.25, 0.0, 0.0])
    assert_allclose(np.log(waned[:, 2:]), np.log(two[:, 2:]) + share * frozen[:, None], rtol=1e-10)
    fine = 15.0 * np.linspace(1e-4, 1.0, 8_001) ** 3
    first = {"reference": control.head(1), "wane": WANE, "wane_from": "frozen"}
    rate = fit.predict(treated.head(1), kind="net_hazard", at=fine, **first)["estimate"].to_numpy()
    alive = fit.predict(treated.head(1), kind="net_survival", at=[15.0], **first)["estimate"].iloc[0]
    assert -np.log(alive) == pytest.approx(trapezoid(rate, fine), rel=1e-5)


def test_a_frozen_ratio_is_the_fitted_one_of_proportional_hazards(fit, patients):
    control, treated = control_and_treated(patients)
    ph = smx.FlexibleSurvival(
        "Surv(t, d) ~ x", patients, "weibull", background=MATCH, time_unit="years"
    ).fit()

    def gains(of):
        return [of.predict(treated, kind="rmst_difference", at=[20.0], reference=control, wane=WANE, wane_from=how)
                for how in ("fitted", "frozen")]  # fmt: skip

    one, two = gains(ph)
    pd.testing.assert_frame_equal(one, two, rtol=1e-9)
    one, two = gains(fit)
    assert not np.allclose(one["estimate"], two["estimate"], rtol=1e-6)


@pytest.mark.parametrize("kind", ["survival", "hazard", "rmst", "quantile", "crude_disease"])
def test_gradients_of_a_frozen_ratio_are_differences(fit, patients, kind):
    control, treated = control_and_treated(patients)
    wane = wane_of(WANE, "frozen")
    rows = with_waning(fit, rows_for(fit, kind, treated), rows_for(fit, kind, control), kind, wane)
    points = np.array([0.9, 0.97]) if kind == "quantile" else np.array([9.5, 14.0])
    of, step = QUANTITIES[kind], 1e-5 * np.eye(len(fit.theta))
    slopes = [
        (of(points, rows.at(fit.theta + e)).value - of(points, rows.at(fit.theta - e)).value) / 2e-5
        for e in step
    ]
    assert_allclose(of(points, rows).jacobian, np.array(slopes).T, rtol=2e-5, atol=1e-7)


def test_standardised_gain_under_a_frozen_ratio(fit, patients):
    few = patients.head(40)
    options = {"kind": "rmst", "at": [20.0], "by": "x", "contrast": "difference", "over": few, "wane": WANE}
    control, treated = few.assign(x=0), few.assign(x=1)
    own = fit.predict(treated, kind="rmst", at=[20.0], reference=control, wane=WANE, wane_from="frozen")[
        "estimate"
    ]
    other = fit.predict(control, kind="rmst", at=[20.0])["estimate"]
    found = fit.standardise(**options, wane_from="frozen")["estimate"].iloc[0]
    assert found == pytest.approx((own - other).mean(), rel=1e-9)


def test_bad_waning_is_named(fit, patients):
    control, treated = control_and_treated(patients)
    with pytest.raises(DataError, match=r'`wane_from` is "?.?half'):
        fit.predict(treated, kind="rmst", at=[9.0], reference=control, wane=WANE, wane_from="half")
    with pytest.raises(DataError, match="`wane_from` belongs to `wane`"):
        fit.predict(treated, kind="rmst", at=[9.0], wane_from="frozen")


def test_ladder_with_a_background(patients, monkeypatch):
    """All rungs have the same background, and its constant: here some, and all of them in test_ladder_takes_counts."""
    forms = {name: form for name, form in ladder_forms("x").items() if "distribution" in form}
    monkeypatch.setattr("statmodels_x.survival.ladder.ladder_forms", lambda _: forms)
    table = smx.ladder("Surv(t, d) ~ x", patients, background=MATCH, time_unit="years")
    fit = smx.FlexibleSurvival(
        "Surv(t, d) ~ x", patients, "weibull", background=MATCH, time_unit="years"
    ).fit()
    assert table.loc["weibull", "logLik"] == pytest.approx(fit.llf, rel=1e-9)
    plain = smx.FlexibleSurvival("Surv(t, d) ~ x", patients, "weibull", time_unit="years").fit()
    with pytest.raises(DataError, match="their background"):
        smx.compare(fit, plain)


def test_selection_with_a_background(patients):
    rng = np.random.default_rng(7)
    data = patients.assign(noise=rng.normal(size=len(patients)))
    used = data[["t", "d", "x", "z", "noise", "old"]]
    choice = smx.select("Surv(t, d) ~ .", used, "weibull", background=MATCH, time_unit="years")
    assert choice.best.formula == "Surv(t, d) ~ x"  # nor is the age of the life table a candidate
    again = smx.FlexibleSurvival("Surv(t, d) ~ x", used, "weibull", background=MATCH, time_unit="years").fit()
    assert choice.best.llf == pytest.approx(again.llf, rel=1e-9)
    assert "background" in choice.arguments
    missing = used.assign(old=np.where(np.arange(len(used)) < 7, np.nan, used["old"]))
    with pytest.warns(smx.errors.DataWarning, match="old"):
        fewer = smx.select("Surv(t, d) ~ .", missing, "weibull", background=MATCH, time_unit="years")
    assert fewer.best.facts.used == len(used) - 7
    assert choice.stability(n=3).n_failed == 0
    with pytest.raises(TypeError, match="background_factor"):
        smx.select("Surv(t, d) ~ x", used, background=MATCH, background_factor="~ 1")


def test_scikit_learn_class_with_a_background(patients):
    X, y = patients[["x", "z", "old"]], patients[["t", "d"]]
    model = smx.FlexibleSurvivalRegressor(distribution="weibull", background=MATCH).fit(X, y)
    own = smx.FlexibleSurvival("Surv(t, d) ~ x + z", patients, "weibull", background=MATCH).fit()
    assert model.results_.llf == pytest.approx(own.llf, rel=1e-9)
    alive = own.predict(patients.head(3), at=[2.0, 5.0])["estimate"].to_numpy().reshape(3, 2)
    assert_allclose(model.predict_survival(X.head(3), [2.0, 5.0]), alive, rtol=1e-6)
    with pytest.raises(DataError, match="external"):
        model.set_params(external=None)
    with pytest.raises((DataError, FormulaError), match="old"):
        smx.FlexibleSurvivalRegressor(background=MATCH).fit(X[["x", "z"]], y)


def test_score_test_of_a_weibull_whose_larger_model_is_anchored(patients):
    """Covariates on the power anchor the other scale: the same Weibull there has another intercept."""
    for scale in ("ph", "aft"):
        small = smx.FlexibleSurvival("Surv(t, d) ~ x", patients, "weibull", scale=scale).fit()
        larger = smx.FlexibleSurvival("Surv(t, d) ~ x", patients, "weibull", scale=scale, power="~ x")
        ratio = small.lr_test(larger.fit())
        assert small.score_test(larger)["statistic"] == pytest.approx(ratio["statistic"], rel=0.3, abs=0.3)
    fixed = smx.FlexibleSurvival("Surv(t, d) ~ x", patients, other_scale=3.0).fit()
    with pytest.raises(DataError, match="other scale"):
        fixed.score_test(smx.FlexibleSurvival("Surv(t, d) ~ x", patients, other_scale=1.0, power="~ x"))
