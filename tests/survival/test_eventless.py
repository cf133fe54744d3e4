"""Levels in which no event was seen: named, and the rest fitted as in the limit of the likelihood."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x import FlexibleSurvival
from statmodels_x.core.errors import DataError, IdentificationWarning, StatmodelsXWarning
from statmodels_x.survival.kernels.likelihood import loglik

SAID = "no event in 65 rows"


@pytest.fixture(scope="module")
def data():
    frame, rng = smx.datasets.load_melanoma(), np.random.default_rng(0)
    group = rng.choice(list("abcd"), len(frame))
    status = np.where(group == "a", 0, frame["status"])
    return frame.assign(
        g=group, status=status, w=rng.integers(1, 4, len(frame)), h=(group == "a").astype(int)
    )


def fitted(formula, frame, text=SAID, **options):
    with pytest.warns(IdentificationWarning, match=text):
        return FlexibleSurvival(formula, frame, **options).fit(tol=1e-12)


FORMS = {
    "ph": {},
    "aft": {"scale": "aft"},
    "aft, in years": {"scale": "aft", "other_scale": 1.0},
    "power": {"power": "~ g"},
    "weights": {"weights": "w"},
    "lognormal": {"distribution": "lognormal"},
    "mixture": {"distribution": "weibull", "cure": "~ 1"},
}


@pytest.mark.parametrize("form", FORMS)
def test_the_fit_is_the_limit_of_the_likelihood(data, form):
    fit = fitted("Surv(time, status) ~ g + age", data, **FORMS[form])
    options, anchored = dict(FORMS[form]), fit.specification.anchored
    if anchored:  # the row that is added moves the anchor
        options["other_scale"] = float(np.exp(fit.specification.fixed[anchored]))
    formula = "Surv(time, status) ~ C(g, Treatment('b')) + age"
    one_event = data[data["g"] == "a"].head(1).assign(status=1)
    model = FlexibleSurvival(formula, pd.concat([data, one_event]), **options)
    arrays, main = model.to_arrays(), model.specification.scale
    names = [
        (p, t.replace("C(g, Treatment('b'))", "g"))
        for p, d in model._sample.design_specs.items()
        for t in d.names
    ]
    at = np.array([fit.params.get(name, -40.0 if name == (main, "g[T.a]") else 0.0) for name in names])
    whole = arrays.take(np.arange(arrays.n - 1))
    assert loglik(at, whole)[0] == pytest.approx(fit.llf, abs=1e-8)
    assert ("ph" if main == "ph" else "aft", "g[T.a]") not in fit.params
    assert fit.is_regular
    assert fit.bse.notna().all()


def test_reference_r():
    """R: survreg(Surv(time, status) ~ relevel(factor(g), "b"), dist = "weibull")."""
    frame, rng = smx.datasets.load_melanoma(), np.random.default_rng(0)
    group = rng.choice(list("abcd"), len(frame))
    frame = frame.assign(g=group, status=np.where(group == "a", 0, frame["status"]))
    fit = fitted("Surv(time, status) ~ g", frame, distribution="weibull", scale="aft")
    assert fit.llf == pytest.approx(-313.194938713, abs=2e-7)
    assert_allclose(-fit.params["aft"], [1.2150681, 0.1914705, 0.1929817], atol=2e-6)


def test_counts_and_comparisons_are_of_all_rows(data):
    fit = fitted("Surv(time, status) ~ g", data)
    one = FlexibleSurvival("Surv(time, status) ~ 1", data).fit()
    assert fit.nobs == one.nobs == 284
    assert fit.df_model == one.df_model + 3
    test = one.lr_test(fit)
    assert test["df"] == 3
    assert test["p.value"] < 1e-6
    assert smx.compare(one, fit).index[0] == fit.label
    (finding,) = (found for found in fit.findings if found.kind == "no_events")
    assert finding.concerns == ("g",)
    text = fit.summary().as_text()
    assert "g[a], no event" in text
    assert "-inf" in text


def test_a_reference_without_events_and_one_that_leaves_a_single_level(data):
    fit = fitted("Surv(time, status) ~ g", data)
    assert [term for _, term in fit.params.index[:3]] == ["Intercept", "g[T.c]", "g[T.d]"]
    for name in ("h", "C(h)"):
        single = fitted(f"Surv(time, status) ~ {name} + age", data, "h = 1: " + SAID, power=f"~ {name}")
        rest = FlexibleSurvival("Surv(time, status) ~ age", data[data["h"] == 0]).fit()
        assert_allclose(single.params, rest.params, rtol=1e-6)
        assert single.formula == "Surv(time, status) ~ age"
        assert single.df_model == rest.df_model + 2
    crossed = fitted("Surv(time, status) ~ h * age", data, "h = 1")
    assert crossed.params.index.to_list()[:2] == [("ph", "Intercept"), ("ph", "age")]


def test_extra_columns_follow_their_rows(data):
    grouped = data.assign(site=np.arange(284) // 4)
    named = fitted("Surv(time, status) ~ g", grouped, cluster="site", weights="w")
    arrays = fitted("Surv(time, status) ~ g", data, cluster=grouped["site"], weights=data["w"].to_numpy())
    assert_allclose(named.bse, arrays.bse)
    gaps = data.assign(age=data["age"].where(np.arange(284) % 50 != 0))
    with pytest.warns(StatmodelsXWarning) as caught:
        FlexibleSurvival("Surv(time, status) ~ g + age", gaps).fit()
    said = [str(one.message) for one in caught]
    assert sum("rows were dropped" in text for text in said) == 1


def test_predictions_name_the_level(data):
    fit = fitted("Surv(time, status) ~ g", data)
    new = pd.DataFrame({"g": ["a", "b"]})
    with pytest.raises(
        DataError, match=r"'g' is 'a' in 1 row .*, where the fit saw no event: its hazard is estimated as 0"
    ):
        fit.predict(new, at=1.0)
    table = fit.predict(new, at=1.0, missing="nan")
    assert table["estimate"].isna().tolist() == [True, False]
    assert fit.standardise(at=1.0, by="g")["g"].tolist() == ["b", "c", "d"]
    h = fitted("Surv(time, status) ~ h", data)
    with pytest.raises(DataError, match="'h' is 1"):
        h.predict(pd.DataFrame({"h": [1]}), at=1.0)


def test_files_know_the_level(data, tmp_path):
    fit = fitted("Surv(time, status) ~ g", data)
    smx.save(fit, tmp_path / "fit.smx")
    back = smx.load(tmp_path / "fit.smx")
    assert back.facts.aside == fit.facts.aside
    assert back.df_model == fit.df_model
    assert back.summary().as_text() == fit.summary().as_text()
