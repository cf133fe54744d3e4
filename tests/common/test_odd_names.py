"""Columns whose names are no words of a formula: with spaces, brackets, reserved words. They change no number."""

import re
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import StatmodelsXWarning

NAMES = {
    "time": "t (years)", "status": "dead?", "arm": "the arm", "age": "class", "died": "died: yes", "early": "1st",
    "seen": "was seen", "x": "my x", "z": "lambda", "y": "yield", "day": "the day", "a": "in", "b": "snow hare",
    "c": "a.b", "year": "calendar year", "x1": "x 1", "x2": "if",
}  # fmt: skip
SURV = "Surv(`t (years)`, `dead?`) ~ `the arm` + `class`"
PTE = ("Surv(`t (years)`, `died: yes`) ~ `the arm`", "Surv(`1st`, `was seen`)")
ARMS = {"at": 2.5, "landmark": 1.0, "treated": "new", "control": "old"}
WHO = {"the arm": "old", "class": 60.0}
REGISTRY = pd.DataFrame(
    {"start": [1.0, 2.0], "stop": [2.0, 4.0], "alive": [40.0, 25.0], "at_risk": [60.0, 40.0]}
)
KNOWN = [smx.Prior("ph.class", 0, 0.1), smx.Prior.survival(3, 0.3, (0.1, 0.6), who=WHO)]


def states(frame):
    events = {"ill": ("1st", "was seen"), "dead": ("t (years)", "died: yes")}
    return smx.MultiStateData.from_wide(frame, events, keep=["the arm"])


class Chosen:
    def __init__(self, frame):
        self.choice = smx.select(SURV, frame, power="~ `the arm`", keep={"ph": ["`the arm`", "class"]})

    def fit(self):
        return self.choice.best


MODELS = {
    "survival": lambda d: smx.FlexibleSurvival(SURV, d, power="~ `the arm`"),
    "counts and priors": lambda d: smx.FlexibleSurvival(
        SURV, d, "weibull", external=smx.ExternalCounts(REGISTRY, at=WHO), prior=KNOWN
    ),
    "selection": Chosen,
    "cure": lambda d: smx.FlexibleSurvival(SURV, d, "weibull", scale="aft", cure="~ 1"),
    "surrogate": lambda d: smx.SurrogatePTE(*PTE, d, **ARMS),
    "residual effect": lambda d: smx.ResidualEffect(*PTE, d, **ARMS),
    "multi-state": lambda d: smx.MultiState("~ `the arm`", states(d), "reset", "weibull", scale="ph"),
    "association": lambda d: smx.EventAssociation(*PTE, d, horizon=2.0),
    "curve": lambda d: smx.FreeDiscontinuity("yield ~ `my x`", d),
    "surface": lambda d: smx.FreeDiscontinuity("`yield` ~ `my x` + lambda", d, resolution=8),
    "leslie": lambda d: smx.LeslieInteraction("`in` + `snow hare` ~ `the day`", d, density="leslie-gower"),
    "lotka-volterra": lambda d: smx.LotkaVolterra("`in` + `snow hare` ~ `the day`", d),
    "three species": lambda d: smx.LeslieInteraction(
        "`in` + `snow hare` + `a.b` ~ `the day`", d, density="leslie-gower"
    ),
    "observed classes": lambda d: smx.ObservedLeslie(
        "`x 1` + `if` | `yield` ~ `calendar year`", d, names=("x", "y"), coupling="full"
    ),
}


def test_every_model_is_here(cases):
    assert list(MODELS) == [case.name for case in cases]


def test_odd_names(case, fit, numbers, tmp_path):
    frame = case.frame().rename(columns=NAMES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        odd = MODELS[case.name](frame).fit(**case.fit)
        assert_allclose(numbers(odd), numbers(fit), rtol=1e-12)
        said = odd.summary().as_text()
        again = smx.load(smx.save(odd, tmp_path / "fit.smx"))
        if hasattr(odd, "plot"):
            odd.plot(**{"kind": "diagram"} if case.name == "multi-state" else {})
    plt.close("all")
    assert again.summary().as_text() == said
    assert not re.search("_quoted", said)


def test_trial_level(tmp_path):
    rng = np.random.default_rng(0)
    s = rng.normal(-0.3, 0.2, 20)
    plain = pd.DataFrame({"s": s, "t": 0.8 * s + rng.normal(0.0, 0.25, 20), "se_s": 0.08, "se_t": 0.1})
    odd = plain.rename(columns={"s": "lambda", "t": "log os"}).assign(**{"hr pfs": np.exp(plain["s"])})

    def fitted(formula, frame):
        return smx.TrialLevelSurrogacy(formula, frame, ("se_t", "se_s"), correlation=0.3).fit()

    first = fitted("t ~ s", plain)
    new = pd.DataFrame({"s": [-0.5, 0.1], "lambda": [-0.5, 0.1], "hr pfs": np.exp([-0.5, 0.1])})
    for formula in ("`log os` ~ lambda", "`log os` ~ log(`hr pfs`)"):
        fit = fitted(formula, odd)
        assert_allclose(fit.params, first.params, rtol=1e-6)
        assert "surrogacy: `log os` on " in fit.summary().as_text()
        again = smx.load(smx.save(fit, tmp_path / "fit.smx"))
        assert_allclose(again.predict(new)["estimate"], first.predict(new)["estimate"], rtol=1e-6)
        assert "`" not in fit.plot().get_xlabel().replace("`hr pfs`", "")
    plt.close("all")


def test_what_is_suggested_can_be_typed():
    rng = np.random.default_rng(3)
    n = 300
    arm = rng.integers(0, 2, n)
    frame = pd.DataFrame({"t": rng.weibull(np.where(arm == 1, 3.0, 1.0), n), "d": 1, "the arm": arm})
    said = " ".join(smx.FlexibleSurvival("Surv(t, d) ~ `the arm`", frame).fit().summary().as_text().split())
    assert 'try power="~ `the arm`"' in said


def test_units_of_odd_columns(cases):
    wide = next(case.frame() for case in cases if case.name == "multi-state").rename(columns=NAMES)
    wide.attrs["units"] = {"1st": "months", "t (years)": "months"}
    data = states(wide)
    assert data.time_unit == "months"
    long = pd.DataFrame(
        {"who": [1, 2], "a": "alive", "b": "dead", "in": 0.0, "the end": [1.0, 2.0], "was seen": 1}
    )
    long.attrs["units"] = {"the end": "weeks"}
    told = smx.MultiStateData.from_long(long, "who", "a", "b", "in", "the end", "was seen")
    assert told.time_unit == "weeks"


@pytest.mark.parametrize(
    "formula",
    ["log(yield) ~ x", "log(`yield`) ~ x", "np.exp(`class`) ~ x", "x ~ I(class * 2)", "Surv(x, lambda) ~ x"],
)
def test_reserved_words_within_expressions(formula):
    frame = pd.DataFrame({"yield": [1.0, 2.0], "x": [1.0, 2.0], "class": [1.0, 2.0], "lambda": 1})
    with pytest.raises(smx.errors.FormulaError, match=r"reserved word of Python.*data\.rename\(columns="):
        smx.FlexibleSurvival(formula, frame).fit()


def test_the_word_is_named_only_where_it_is_the_fault():
    frame = pd.DataFrame({"class": [1.0, 2.0], "x": 1.0, "my x": 1.0})
    with pytest.raises(smx.errors.FormulaError) as caught:
        smx.FreeDiscontinuity("x ~ class + my x", frame)
    assert "reserved" not in str(caught.value)


def test_names_that_cannot_be_told_from_the_constant():
    frame = pd.DataFrame(
        {"t": [1.0, 2.0, 3.0, 4.0], "1": [0.1, 0.5, 0.2, 0.9], "Intercept": [0.3, 0.1, 0.2, 0.5]}
    )
    for formula, word in (("Surv(t) ~ `1`", "named `1`"), ("Surv(t) ~ Intercept", "called 'Intercept'")):
        with pytest.raises(smx.errors.FormulaError, match=word):
            smx.FlexibleSurvival(formula, frame, "weibull").fit()


def test_names_that_are_numbers():
    frame = pd.DataFrame({"t": [1.0, 2.0, 3.0, 4.0], 2019: [0.1, 0.5, 0.2, 0.9]})
    with pytest.raises(smx.errors.DataError, match=r"no text, such as 2019; .*astype\(str\)"):
        smx.FlexibleSurvival("Surv(t) ~ `2019`", frame, "weibull").fit()


def test_columns_of_an_array_in_a_frame():
    rng = np.random.default_rng(0)
    x, time = rng.normal(size=(60, 3)), rng.exponential(size=60)
    y = np.column_stack([time, np.ones(60)])
    plain = smx.FlexibleSurvivalRegressor(distribution="weibull").fit(x, y).predict(x)
    framed = smx.FlexibleSurvivalRegressor(distribution="weibull").fit(pd.DataFrame(x), y)
    assert_allclose(framed.predict(pd.DataFrame(x)), plain, rtol=1e-12)
    assert len(framed.results_.params) == 5  # none is taken for the constant
