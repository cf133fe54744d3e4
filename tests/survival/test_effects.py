"""Effects of covariates and their units: what a summary shows, and with how many digits."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x import FlexibleSurvival
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.tables import together

VETERAN = smx.datasets.load_veteran()
NUMBERS = ["estimate", "lower", "upper"]


@pytest.fixture(scope="module")
def fit():
    return FlexibleSurvival("Surv(time, status) ~ treatment + celltype + karno", VETERAN).fit()


def test_levels_and_quartiles(fit):
    table = fit.effects(at=250.0)
    low, high = np.quantile(VETERAN["karno"], [0.25, 0.75], method="nearest")
    names = ["treatment: test - standard", "celltype: smallcell - adeno", f"karno: {high:g} - {low:g}"]
    assert set(names) <= set(table["effect"])
    assert table["effect"].nunique() == 5
    for name, by, levels in (
        (names[1], "celltype", ["adeno", "smallcell"]),
        (names[2], "karno", [low, high]),
    ):
        for quantity, kind, at in (("survival at 250", "survival", [250.0]), ("median", "median", None)):
            direct = fit.standardise(kind, at=at, by=by, levels=levels, contrast="difference").iloc[0]
            row = table[(table["effect"] == name) & (table["quantity"] == quantity)].iloc[0]
            assert_allclose(row[NUMBERS].astype(float), direct[NUMBERS].astype(float), rtol=1e-9)
    assert (table["note"] == "").all()


def test_an_effect_per_unit_is_everybodys(fit):
    table = fit.effects(["karno"], at=250.0, per={"karno": 10})
    assert table["effect"].tolist() == ["karno: +10"] * 3
    more = VETERAN.assign(karno=VETERAN["karno"] + 10)
    for k, (kind, at) in enumerate((("survival", 250.0), ("rmst", 250.0), ("median", None))):
        gap = fit.standardise(kind, at=at, over=more)["estimate"] - fit.standardise(kind, at=at)["estimate"]
        assert table["estimate"].iloc[k] == pytest.approx(gap.iloc[0], rel=1e-9)


def test_units_of_coefficients_and_ratios():
    fit = FlexibleSurvival("Surv(time, status) ~ karno * treatment", VETERAN, power="~ karno").fit()
    plain, tens = fit.tidy(), fit.tidy(per={"karno": -10})
    other = (
        FlexibleSurvival(
            "Surv(time, status) ~ karno * treatment",
            VETERAN.assign(karno=VETERAN["karno"] / -10),
            power="~ karno",
        )
        .fit()
        .tidy()
    )
    touched = [name.startswith("karno") for name in plain["term"]]
    assert tens["per"].tolist() == [-10.0 if is_karno else 1.0 for is_karno in touched]
    for name in ("estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high"):
        assert_allclose(tens[name], other[name], rtol=1e-5, atol=1e-7)
    assert "per" not in plain
    text = fit.summary(per={"karno": 10}, effects=False).as_text()
    assert "karno (per 10)" in text
    alone = FlexibleSurvival("Surv(time, status) ~ karno", VETERAN).fit()
    ratio = np.exp(10.0 * alone.params["ph", "karno"])
    text = alone.summary(per={"karno": 10}, effects=False).as_text()
    line = next(line for line in text.splitlines() if line.startswith("ph karno (per 10)"))
    assert float(line.split()[-3]) == pytest.approx(ratio, abs=6e-4)


@pytest.mark.parametrize(
    ("per", "text"),
    [
        ({"size": 10}, "'size' is no covariate"),
        ({"karno": 0}, "the unit of 'karno' is 0"),
        ({"karno": "ten"}, "the unit of 'karno' is 'ten'"),
        ({"treatment": 2}, "'treatment' is a category"),
        ({"age": 10}, r"'age' enters as 'bs\(age, df=4\)', whose coefficients have no unit"),
        (["karno"], "give a mapping"),
    ],
)
def test_units_that_cannot_be(per, text):
    fit = FlexibleSurvival("Surv(time, status) ~ karno + treatment + bs(age, df=4)", VETERAN).fit()
    with pytest.raises(DataError, match=text):
        fit.tidy(per=per)


def test_effects_of_what_is_not_there(fit):
    with pytest.raises(DataError, match="'size' is no covariate of this model; it has treatment"):
        fit.effects(["size"])


def test_a_ratio_never_prints_as_one():
    days = VETERAN.assign(days=VETERAN["karno"] * 365.25)
    fit = FlexibleSurvival("Surv(time, status) ~ days", days).fit()
    text = fit.summary(effects=False).as_text()
    ratio = fit.natural_params.loc[("ph", "days")]
    line = next(line for line in text.splitlines() if line.startswith("ph days"))
    shown = [float(value) for value in line.split()[-3:]]
    assert_allclose(np.array(shown) - 1.0, ratio[NUMBERS].astype(float) - 1.0, rtol=0.01)
    assert "1.0000 " not in line


@pytest.mark.parametrize(
    ("values", "spread", "shown"),
    [
        ([1.0000342, 1.0000101, 1.0000583], 2.41e-5, ["1.0000342", "1.0000101", "1.0000583"]),
        ([157.353, 108.831, 227.507], 59.3, ["157.4", "108.8", "227.5"]),
        ([-0.3607, -0.6416, -0.0798], 0.1433, ["-0.361", "-0.642", "-0.080"]),
        ([np.nan, np.nan, np.inf], np.nan, ["nan", "nan", "inf"]),
        ([0.0, 0.0, 0.0], 0.0, ["0.00", "0.00", "0.00"]),
        ([1.5, 1.2, 5e7], 2.5e7, ["2", "1", "5e+07"]),
        ([0.004, 0.001, 90.0], 45.0, ["0.004", "0.001", "90.0"]),
    ],
)
def test_numbers_that_stand_together(values, spread, shown):
    assert together(values, spread) == shown


def test_a_median_beyond_the_last_event_is_not_reached():
    data = smx.datasets.load_melanoma()
    early = data[data["treatment"] == 0].assign(arm=0)
    late = early.assign(arm=1, status=np.where(np.arange(len(early)) % 3 == 0, early["status"], 0))
    fit = FlexibleSurvival("Surv(time, status) ~ arm", pd.concat([early, late])).fit()
    table = fit.predict(pd.DataFrame({"arm": [0, 1]}), "median")
    assert table["note"].tolist() == ["", "not reached"]
    effects = fit.effects()
    row = effects[effects["quantity"] == "median"].iloc[0]
    assert row["note"] == "not reached"
    assert np.isnan(row[NUMBERS].astype(float)).all()
    assert "not reached" in fit.summary().as_text()
    half = FlexibleSurvival("Surv(time, status) ~ 1", late).fit()
    assert any(
        "Median, all rows:" in line and "not reached" in line
        for line in half.summary().as_text().splitlines()
    )
    known = FlexibleSurvival("Surv(time, status) ~ 1", early).fit()
    assert any(
        "Median, all rows:" in line and "years" in line for line in known.summary().as_text().splitlines()
    )


def test_score_tests_that_cannot_be_had_say_so(monkeypatch):
    data = smx.datasets.load_melanoma()
    fit = FlexibleSurvival("Surv(time, status) ~ treatment", data, scale="aft", other_scale=1.0).fit()
    assert float(fit.params["shape"].iloc[0]) < 0.0
    from statmodels_x.survival.inference.effects import _pointers

    table = _pointers(fit, fit.sample)
    assert table["parameter"].tolist() == ["power", "shape"]
    for parameter, statistic in zip(table["parameter"], table["statistic"], strict=True):
        larger = FlexibleSurvival(
            "Surv(time, status) ~ treatment", data, scale="aft", other_scale=1.0, **{parameter: "~ treatment"}
        )
        test = fit.score_test(larger)
        assert statistic == pytest.approx(test["statistic"], rel=1e-8)
    monkeypatch.setattr("statmodels_x.survival.inference.effects._LEAST_LEFT", 1.0)  # more than there can be
    lost = _pointers(fit, fit.sample)
    assert lost["statistic"].isna().tolist() == [False, True]
    assert lost["note"].str.startswith("not testable here").tolist() == [False, True]
    assert lost["holm"].iloc[0] == lost["p.value"].iloc[0]  # what is not tested is not counted
    again = FlexibleSurvival("Surv(time, status) ~ treatment", data, scale="aft", other_scale=1.0).fit()
    text = " ".join(again.summary().as_text().split())
    assert "Score tests that these data cannot give: treatment on the shape." in text


def test_score_tests_do_not_depend_on_the_origin_of_a_covariate():
    """A column far from its mean is nearly the intercept of the power: that is no lack of information on its effect."""
    from statmodels_x.survival.inference.effects import _pointers

    formula, found = "Surv(time, status) ~ age + C(celltype)", {}
    for shift in (0.0, 300.0):
        data = VETERAN.assign(age=VETERAN["age"] + shift)
        fit = FlexibleSurvival(formula, data).fit()
        found[shift] = _pointers(fit, fit.sample)
        for term in ("age", "C(celltype)"):
            test = fit.score_test(FlexibleSurvival(formula, data, power=f"~ {term}"))
            row = found[shift].set_index(["term", "parameter"]).loc[(term, "power")]
            assert row["statistic"] == pytest.approx(test["statistic"], rel=1e-5)
    assert (found[0.0]["note"] == "").all()
    assert_allclose(found[0.0]["statistic"], found[300.0]["statistic"], rtol=1e-4)


def test_differences_are_from_the_reference_that_the_formula_names():
    data = smx.datasets.load_colon()
    fit = smx.FlexibleSurvival("Surv(time_death, status_death) ~ C(rx, Treatment('Lev+5FU'))", data).fit()
    named = ["Lev - Lev+5FU", "Obs - Lev+5FU"]
    assert fit.standardise("survival", at=2000, by="rx", contrast="difference")["rx"].tolist() == named
    assert list(dict.fromkeys(fit.effects()["effect"])) == [f"rx: {one}" for one in named]
    plain = smx.FlexibleSurvival("Surv(time_death, status_death) ~ rx", data).fit()
    assert plain.effects()["effect"].iloc[0] == "rx: Lev+5FU - Lev"
