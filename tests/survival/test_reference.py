"""Estimates against numbers from independent implementations."""

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from statmodels_x import FlexibleSurvival
from statmodels_x.core.errors import ConvergenceWarning, IdentificationWarning
from statmodels_x.datasets import load_melanoma, load_veteran

pytestmark = pytest.mark.search

INF = float("inf")
ORDER = {"p": "aft", "l": "ph", "g": "power", "k": "shape"}
DAYS_PER_MONTH = 30.4375


def paper_model(formula, data, **options):
    """A model in the form of the paper: covariates on phi unless told otherwise, the other scale at 1."""
    distribution = options.get("distribution", "apgw")
    form = {} if distribution == "loglogistic" else {"scale": "aft"}
    if distribution == "apgw":
        form["other_scale"] = 1.0
    return FlexibleSurvival(formula, data, **{**form, **options})


def fit_quietly(model, **how):
    """Fit, and return the warnings as a list beside the results."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = model.fit(**how)
    return fit, caught


# ---- numbers that are public


@pytest.mark.parametrize(
    ("options", "llf"),
    [
        ({}, -367.9974),
        ({"scale": "ph"}, -368.8029),
        ({"other_scale": "~ 1"}, -365.4926),
        ({"power": "~ treatment"}, -367.9156),
        ({"scale": "ph", "power": "~ treatment"}, -367.6584),
    ],
)
def test_log_likelihoods_of_the_melanoma_trial(options, llf):
    fit = paper_model("Surv(time, status) ~ treatment", load_melanoma(), **options).fit()
    assert fit.llf == pytest.approx(llf, abs=1e-4)
    assert fit.converged
    assert fit.is_regular
    assert fit.nobs == 284
    assert fit.n_events == 196
    p = 4 + len(options) - ("scale" in options)
    assert fit.df_model == p
    assert fit.aic == pytest.approx(-2.0 * llf + 2.0 * p, abs=2e-4)
    assert fit.bic == pytest.approx(-2.0 * llf + np.log(284) * p, abs=2e-4)


@pytest.mark.parametrize(
    ("options", "llf"),
    [
        ({"distribution": "weibull"}, -414.7291),
        ({"distribution": "loglogistic"}, -395.8165),
        ({"distribution": "burr12"}, -369.6053),
        ({}, -372.1987),
        ({"power": "~ TRT"}, -372.0762),
        ({"scale": "ph"}, -373.2132),
        ({"scale": "ph", "power": "~ TRT"}, -372.1199),
        ({"other_scale": "~ 1"}, -369.4353),
        ({"scale": "ph", "other_scale": "~ 1"}, -369.8675),
        ({"other_scale": "~ TRT"}, -368.6669),
        ({"other_scale": "~ 1", "power": "~ TRT"}, -368.4169),
    ],
)
def test_table_of_fits_of_all_285_rows(extra, options, llf):
    data = pd.read_csv(extra / "data" / "e1684_smcure.csv")
    fit = paper_model("Surv(FAILTIME, FAILCENS) ~ TRT", data, **options).fit()
    assert fit.llf == pytest.approx(llf, abs=1e-4)
    assert fit.is_regular


@pytest.mark.parametrize(
    ("formula", "options", "llf"),
    [
        ("treatment", {}, -309.6894),
        ("treatment", {"scale": "ph"}, -309.4935),
        ("treatment", {"scale": "ph", "power": "~ treatment"}, -308.4831),
        ("celltype", {}, -296.9147),
        ("celltype", {"power": "~ celltype"}, -292.7785),
        ("celltype", {"power": "~ celltype", "distribution": "weibull"}, -292.7894),
    ],
)
def test_log_likelihoods_of_the_veterans_trial(formula, options, llf):
    data = load_veteran().assign(time=lambda d: d["time"] / DAYS_PER_MONTH)
    fit = paper_model(f"Surv(time, status) ~ {formula}", data, **options).fit()
    assert fit.llf == pytest.approx(llf, abs=1e-4)
    if options.get("distribution") == "weibull":
        assert fit.aic == pytest.approx(601.58, abs=0.005)


# ---- estimates and standard errors


def options_of(key, covariate):
    """The arguments of a model form such as ``both:(pg)``, whose letters carry the covariate."""
    form, letters = key.split(":")
    letters = letters.strip("()").replace("null", "")
    terms = {name: f"~ {covariate}" if letter in letters else "~ 1" for letter, name in ORDER.items()}
    scale = {"noLam": "aft", "noPhi": "ph"}.get(
        form, "ph" if "l" in letters and "p" not in letters else "aft"
    )
    other = {"aft": "ph", "ph": "aft"}[scale]
    return terms[scale], {
        "scale": scale,
        "other_scale": terms[other] if form == "both" else 1.0,
        "power": terms["power"],
        "shape": terms["shape"],
    }


SPECIAL = {"Weibull k=1": 1.0, "loglog/Burr k=0": 0.0, "k=2": 2.0, "Gompertz-type k=inf": INF}


def options_of_special(key, covariate):
    """The arguments of a model form such as ``k=2|PH lam+gam``."""
    shape, form = key.split("|")
    scale = "ph" if "lam" in form else "aft"
    return f"~ {covariate}", {
        "scale": scale,
        "other_scale": "~ 1" if form.startswith("both") else 1.0,
        "power": f"~ {covariate}" if "gam" in form else "~ 1",
        "shape": SPECIAL[shape],
    }


COMPLETE = ["both:(null)", "both:(p)", "both:(l)", "both:(pg)", "both:(lg)", "noLam:(null)", "noLam:(p)",
            "noLam:(pg)", "noPhi:(null)", "noPhi:(l)", "noPhi:(lg)"]  # fmt: skip


def test_every_complete_fit_of_the_reference_is_used(reference):
    found = {key for key, value in reference["e1684_complete_284"].items() if isinstance(value, dict)}
    assert set(COMPLETE) <= found
    assert {key for key in found if ":" in key} <= set(COMPLETE)


@pytest.mark.parametrize("key", COMPLETE)
def test_estimates_and_standard_errors_of_the_melanoma_trial(reference, key):
    expected = reference["e1684_complete_284"][key]
    main, options = options_of(key, "treatment")
    fit = paper_model(f"Surv(time, status) {main}", load_melanoma(), **options).fit()
    assert fit.llf == pytest.approx(expected["ll"], abs=1e-6)
    assert fit.aic == pytest.approx(expected["aic"], abs=1e-5)
    assert fit.bic == pytest.approx(expected["bic"], abs=1e-5)
    assert_allclose(fit.params, expected["th"], atol=1e-3)
    assert_allclose(fit.bse, expected["se"], atol=1e-3)


# ---- every model form on three data sets


def datasets(extra, name):
    if name == "e1684":
        data = pd.read_csv(extra / "data" / "e1684_smcure.csv")
        return data.rename(columns={"FAILTIME": "time", "FAILCENS": "status", "TRT": "x"})
    data = pd.read_csv(extra / "data" / "veteran.csv")
    data = data.assign(time=data["time"] / DAYS_PER_MONTH)
    if name == "veteran_trt":
        return data.assign(x=data["trt"] - 1)
    levels = ["squamous", "smallcell", "adeno", "large"]
    return data.assign(x=pd.Categorical(data["celltype"], categories=levels))


def grid():
    """The model forms of the reference, or a placeholder where it is not at hand."""
    folder = os.environ.get("STATMODELS_X_EXTRA")
    if not folder:
        return [pytest.param("", "", id="no_reference")]
    path = Path(folder) / "reference" / "survival_reference.json"
    models = {name: d["models"] for name, d in json.loads(path.read_text())["datasets"].items()}
    assert all(len(found) == 55 for found in models.values())
    return [pytest.param(name, key, id=f"{name}-{key}") for name, found in models.items() for key in found]


@pytest.mark.parametrize(("name", "key"), grid())
def test_every_model_form(extra, reference, name, key):
    entry = reference["datasets"][name]["models"][key]
    special = "|" in key
    main, options = (options_of_special if special else options_of)(key, "x")
    model = paper_model(f"Surv(time, status) {main}", datasets(extra, name), **options)
    fit, caught = fit_quietly(model)
    assert fit.df_model == entry["npar"] or (fit.limit is not None and fit.df_model < entry["npar"])

    if special:  # the reference may lie on a ridge here, where its own search stopped short
        assert fit.llf >= entry["ll"] - 1e-3
    elif entry["conv_optima"]:
        assert fit.llf >= max(entry["conv_optima"]) - 1e-3
    # else the reference found no regular maximum either

    kinds = [finding.kind for finding in fit.estimate.findings]
    kinds += [finding.kind for finding in fit.findings if finding.kind == "overfitted"]
    told = [w for w in caught if issubclass(w.category, IdentificationWarning | ConvergenceWarning)]
    assert [str(w.message) for w in told] == [str(f) for f in fit.findings if f.category is not None]
    if fit.is_regular:
        assert np.isfinite(fit.bse).all()
        assert set(kinds) <= {"weak"}
        one_mode_reference = not special and bool(entry["conv_optima"]) and not fit.estimate.rejected
        if one_mode_reference and len(entry["conv_optima"]) == 1:
            assert fit.llf == pytest.approx(entry["conv_optima"][0], abs=1e-3)
    else:
        assert kinds
        assert told
        concerned = {name for f in fit.estimate.findings if f.kind != "weak" for name in f.concerns}
        if "not_converged" not in kinds:
            assert concerned
            lost = {".".join(label) for label in fit.params.index[fit.bse.isna()]}
            assert concerned & lost
        if fit.estimate.optimum.status not in ("converged", "flat"):
            assert fit.bse.isna().all()


@pytest.mark.parametrize("name", ["e1684", "veteran_trt", "veteran_cell"])
@pytest.mark.parametrize("form", ["AFT phi", "AFT phi+gam", "PH lam", "PH lam+gam"])
@pytest.mark.parametrize("special", SPECIAL)
def test_estimates_of_the_special_cases(extra, reference, name, form, special):
    entry = reference["datasets"][name]["models"][f"{special}|{form}"]
    main, options = options_of_special(f"{special}|{form}", "x")
    fit = paper_model(f"Surv(time, status) {main}", datasets(extra, name), **options).fit()
    assert fit.llf == pytest.approx(entry["ll"], abs=1e-5)
    assert_allclose(fit.params, entry["th"], atol=2e-3)
    assert_allclose(fit.bse, entry["se"], atol=2e-3)


# ---- an implementation in R

ORACLE_FORMS = {
    "null_phi": (None, {}),
    "null_lam": (None, {"scale": "ph"}),
    "null_both": (None, {"other_scale": "~ 1"}),
    "AFT": ("x", {}),
    "PH": ("x", {"scale": "ph"}),
    "AFT_MPR": ("x", {"power": "x"}),
    "PH_MPR": ("x", {"scale": "ph", "power": "x"}),
}
ORACLE_DATA = {
    "e84trt": "treatment",
    "e84full": "treatment + sex + age",
    "vetdays_karnostd": "trt + cell + karno",
    "vetmonths_karnostd": "trt + cell + karno",
}


def oracle_data(which):
    if which.startswith("e84"):
        return load_melanoma()
    data = load_veteran()
    unit = DAYS_PER_MONTH if "months" in which else 1.0
    return data.assign(
        time=data["time"] / unit,
        trt=1.0 + (data["treatment"] == "test"),  # coded 1 and 2 there
        cell=pd.Categorical(data["celltype"], categories=["squamous", "smallcell", "adeno", "large"]),
        karno=(data["karno"] - data["karno"].mean()) / data["karno"].std(),
    )


def test_every_fit_of_the_oracle_is_used(oracle):
    used = {f"{which}_{form}" for which in ORACLE_DATA for form in ORACLE_FORMS}
    assert set(oracle["fits"]) == used


@pytest.mark.parametrize("form", ORACLE_FORMS)
@pytest.mark.parametrize("which", ORACLE_DATA)
def test_against_the_implementation_in_r(oracle, which, form):
    expected = oracle["fits"][f"{which}_{form}"]
    covariates, options = ORACLE_FORMS[form]
    terms = ORACLE_DATA[which] if covariates else "1"
    options = {name: f"~ {terms}" if value == "x" else value for name, value in options.items()}
    fit, _ = fit_quietly(paper_model(f"Surv(time, status) ~ {terms}", oracle_data(which), **options))
    assert fit.df_model == expected["npar"]
    # R's search stops a little short in places; ours may not
    assert fit.llf >= expected["loglik"] - 1e-6
    assert fit.llf == pytest.approx(expected["loglik"], abs=2e-4)
    assert fit.is_regular
    estimates, errors = np.array(list(expected["est"].values())), np.array(list(expected["se"].values()))
    if expected["maxgrad"] < 1e-4:
        assert_allclose(fit.params.to_numpy(), estimates, atol=1e-3)
        assert_allclose(fit.bse.to_numpy(), errors, rtol=1e-2)
    # where R's gradient is not zero, its estimates are near ours in standard errors
    assert np.all(np.abs(fit.params.to_numpy() - estimates) < 0.05 * errors)
