"""Predictions, tables, tests, files and pictures of a fitted model."""

import pickle
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import statmodels_x as smx
from statmodels_x import APGW, FlexibleSurvival
from statmodels_x.core.errors import DataWarning, IdentificationWarning
from statmodels_x.core.fits.tables import together
from statmodels_x.datasets import load_lung, load_melanoma, load_veteran

INF = np.inf
PARAMETERS = ("aft", "ph", "power", "shape")

MODELS = {
    "aft": ("x + z", {"scale": "aft", "other_scale": 1.0}),
    "ph": ("x + z", {"other_scale": 1.0, "scale": "ph"}),
    "aft_power": ("x", {"scale": "aft", "other_scale": 1.0, "power": "~ x"}),
    "ph_power": ("x", {"other_scale": 1.0, "scale": "ph", "power": "~ x + z"}),
    "shape": ("x", {"scale": "aft", "other_scale": 1.0, "shape": "~ x"}),
    "both": ("x", {"scale": "aft", "other_scale": "~ 1"}),
    "both_power": ("x", {"scale": "aft", "other_scale": "~ 1", "power": "~ x"}),
    "exponential": ("x", {"scale": "aft", "distribution": "exponential"}),
    "weibull": ("x + z", {"scale": "aft", "distribution": "weibull"}),
    "loglogistic": ("x", {"distribution": "loglogistic"}),
    "burr": ("x", {"scale": "aft", "distribution": "burr12"}),
    "fixed_shape": ("x", {"scale": "aft", "other_scale": 1.0, "shape": -0.4}),
    "infinite_shape": ("x", {"scale": "aft", "other_scale": 1.0, "shape": INF}),
    "fixed_power": ("x", {"scale": "aft", "other_scale": 1.0, "power": 1.5}),
    "offset": ("x + offset(0.1 * z)", {"scale": "aft", "other_scale": 1.0}),
}
MODELS |= {
    "ph_anchored": ("x + z", {}),
    "aft_anchored": ("x", {"scale": "aft", "power": "~ x"}),
    "ph_weibull_power": ("x", {"distribution": "weibull", "power": "~ x"}),
}
TIMES = [0.3, 1.0, 4.0]


@pytest.fixture(scope="module")
def data():
    return load_melanoma().rename(columns={"treatment": "x", "age": "z"})


@pytest.fixture(scope="module")
def fits(data):
    return {
        name: FlexibleSurvival(f"Surv(time, status) ~ {formula}", data, **options).fit()
        for name, (formula, options) in MODELS.items()
    }


@pytest.fixture(scope="module")
def fit(fits):
    return fits["aft"]


@pytest.fixture
def new():
    return pd.DataFrame({"x": [0, 1, 1], "z": [0.0, -10.0, 20.0]}, index=["a", "b", "c"])


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


models = pytest.mark.parametrize("name", MODELS)


def linear_predictors(fit, name, params, new):
    """Log phi, log lambda, log gamma, log(kappa + 1) of each row, from the labels of the parameters."""
    eta = np.zeros((4, len(new)))
    for j, part in enumerate(PARAMETERS):
        if part in fit.specification.fixed:
            eta[j] = fit.specification.fixed[part]
    for (part, term), value in params.items():
        eta[PARAMETERS.index(part)] += value * (1.0 if term == "Intercept" else new[term].to_numpy())
    if name == "offset":
        eta[0] += 0.1 * new["z"].to_numpy()
    return eta


def law_of(fit, name, params, new):
    tau, beta, alpha, nu = linear_predictors(fit, name, params, new)[:, :, None]
    return APGW(np.exp(tau), np.exp(beta), np.exp(alpha), np.expm1(nu))


QUANTITIES = {
    "survival": lambda law: law.sf(TIMES),
    "cumulative_hazard": lambda law: law.cumulative_hazard(TIMES),
    "hazard": lambda law: law.hazard(TIMES),
    "density": lambda law: law.pdf(TIMES),
    "quantile": lambda law: law.ppf([0.1, 0.3, 0.45]),
    "median": lambda law: law.ppf([0.5]),
    "cure_fraction": lambda law: law.cure_fraction(),
}
AT = dict.fromkeys(("survival", "cumulative_hazard", "hazard", "density"), TIMES) | {
    "quantile": [0.1, 0.3, 0.45]
}


def numeric_errors(quantity, params, covariance):
    """Standard errors by the delta method with a numeric gradient."""
    columns = []
    for k in range(len(params)):
        step = 1e-4 * max(1.0, abs(params.iloc[k]))
        values = []
        for sign in (-2.0, -1.0, 1.0, 2.0):
            moved = params.copy()
            moved.iloc[k] += sign * step
            values.append(quantity(moved))
        columns.append((values[0] - 8.0 * values[1] + 8.0 * values[2] - values[3]) / (12.0 * step))
    gradient = np.column_stack(columns)
    return np.sqrt(np.einsum("ij,jk,ik->i", gradient, covariance.to_numpy(), gradient))


# ---- predictions


@models
@pytest.mark.parametrize("kind", QUANTITIES)
def test_predictions_and_their_errors(fits, new, name, kind):
    fit = fits[name]

    def quantity(params):
        return np.asarray(QUANTITIES[kind](law_of(fit, name, params, new))).ravel()

    table = fit.predict(new, kind=kind, at=AT.get(kind))
    expected = quantity(fit.params)
    assert len(table) == len(expected)
    assert_allclose(table["estimate"], expected, rtol=1e-10, atol=1e-300)
    finite = np.isfinite(expected)
    if kind == "cure_fraction" and not np.any(expected > 0.0):
        assert np.all(table["estimate"] == 0.0)
        return  # there is nothing to differentiate
    errors = numeric_errors(quantity, fit.params, fit.covariance)
    assert finite.any()
    assert_allclose(table["std_error"][finite], errors[finite], rtol=2e-6, atol=1e-12)
    inside = table[finite]
    strict = inside["std_error"] > 0.0
    assert np.all(inside["lower"] <= inside["estimate"])
    assert np.all(inside["estimate"] <= inside["upper"])
    assert np.all((inside["lower"] < inside["upper"]) == strict)
    assert strict.all() or (kind == "cure_fraction" and name == "fixed_shape")  # lambda and kappa are fixed
    assert np.all(inside["lower"] >= 0.0)
    if kind in ("survival", "cure_fraction"):
        assert np.all(inside["upper"] <= 1.0)


@models
def test_hazard_ratios_and_their_errors(fits, new, name):
    fit = fits[name]
    base = pd.DataFrame({"x": [0], "z": [5.0]})

    def quantity(params):
        ours, theirs = (law_of(fit, name, params, rows).hazard(TIMES) for rows in (new, base))
        return (ours / theirs).ravel()

    table = fit.predict(new, kind="hazard_ratio", at=TIMES, reference=base)
    assert_allclose(table["estimate"], quantity(fit.params), rtol=1e-9)
    errors = numeric_errors(quantity, fit.params, fit.covariance)
    assert_allclose(table["std_error"], errors, rtol=1e-5, atol=1e-10)
    paired = fit.predict(new, kind="hazard_ratio", at=TIMES, reference=pd.concat([base] * 3))
    assert_allclose(table["estimate"], paired["estimate"])


@models
def test_links_and_their_errors(fits, new, name):
    fit = fits[name]
    table = fit.predict(new, kind="link")
    eta = linear_predictors(fit, name, fit.params, new)
    parts = [part for part in PARAMETERS if part not in fit.specification.fixed]
    assert table["parameter"].unique().tolist() == parts
    for part in parts:
        rows = table[table["parameter"] == part]
        j = PARAMETERS.index(part)
        assert_allclose(rows["estimate"], eta[j], rtol=1e-10)
        errors = numeric_errors(
            lambda params, j=j: linear_predictors(fit, name, params, new)[j], fit.params, fit.covariance
        )
        assert_allclose(rows["std_error"], errors, rtol=1e-7)
        assert_allclose(rows["upper"] - rows["estimate"], stats.norm.ppf(0.975) * rows["std_error"])


def test_a_row_against_itself_has_hazard_ratio_one(fit, new):
    table = fit.predict(new, kind="hazard_ratio", at=TIMES, reference=new)
    assert_allclose(table[["estimate", "lower", "upper"]], 1.0, rtol=1e-12)
    assert_allclose(table["std_error"], 0.0, atol=1e-12)


def test_the_hazard_ratio_of_proportional_hazards_is_constant(fits, new):
    table = fits["ph"].predict(
        pd.DataFrame({"x": [1], "z": [0.0]}),
        kind="hazard_ratio",
        at=[0.1, 1.0, 9.0],
        reference=new.loc[["a"]],
    )
    value, error = fits["ph"].params["ph", "x"], fits["ph"].bse["ph", "x"]
    assert_allclose(table["estimate"], np.exp(value), rtol=1e-12)
    assert_allclose(table["lower"], np.exp(value - stats.norm.ppf(0.975) * error), rtol=1e-10)
    assert_allclose(table["upper"], np.exp(value + stats.norm.ppf(0.975) * error), rtol=1e-10)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.5])
def test_intervals_are_made_on_the_log_cumulative_hazard_scale(fit, new, alpha):
    table = fit.predict(new, at=TIMES, alpha=alpha)
    s, error = table["estimate"], table["std_error"]
    working = error / (s * -np.log(s))  # of log(-log s)
    reach = stats.norm.ppf(1.0 - alpha / 2.0) * working
    assert_allclose(table["lower"], s ** np.exp(reach), rtol=1e-9)
    assert_allclose(table["upper"], s ** np.exp(-reach), rtol=1e-9)
    hazard = fit.predict(new, kind="hazard", at=TIMES, alpha=alpha)
    reach = stats.norm.ppf(1.0 - alpha / 2.0) * hazard["std_error"] / hazard["estimate"]
    assert_allclose(hazard["upper"], hazard["estimate"] * np.exp(reach), rtol=1e-9)


@models
def test_at_time_zero_survival_is_certain(fits, new, name):
    table = fits[name].predict(new, at=[0.0, 1.0])
    start = table[table["time"] == 0.0]
    assert np.all(start[["estimate", "lower", "upper"]] == 1.0)
    assert np.all(start["std_error"] == 0.0)
    start = fits[name].predict(new, kind="cumulative_hazard", at=0.0)
    assert np.all(start[["estimate", "lower", "upper", "std_error"]] == 0.0)


@models
@pytest.mark.parametrize("kind", ["survival", "cumulative_hazard", "hazard", "density"])
def test_far_beyond_the_data(fits, new, name, kind):
    # no warning (they are errors here), no NaN where the limit is known
    table = fits[name].predict(new, kind=kind, at=[1e-12, 100.0, 1e4, 1e8])
    assert not table["estimate"].isna().any()
    if kind == "survival":
        assert table["estimate"].between(0.0, 1.0).all()
        assert not table[["std_error", "lower", "upper"]].isna().any().any()


def test_quantiles_beyond_the_cure_fraction(fits):
    new = pd.DataFrame({"x": [0, 1], "z": 0.0})
    cured = fits["ph"].predict(new, kind="cure_fraction")
    assert np.all(cured["estimate"] > 0.05)
    table = fits["ph"].predict(new, kind="quantile", at=[0.2, 0.999])
    assert_allclose(table["probability"], [0.2, 0.999, 0.2, 0.999])
    assert np.isfinite(table["estimate"]).tolist() == [True, False, True, False]
    assert table["estimate"][1] == INF
    assert table["std_error"].isna().tolist() == [False, True, False, True]


def test_quantiles_undo_survival(fit, new):
    times = fit.predict(new, kind="quantile", at=[0.1, 0.4])
    for label, time, p in zip(times["row"], times["estimate"], times["probability"], strict=True):
        back = fit.predict(new.loc[[label]], at=time)["estimate"].iloc[0]
        assert back == pytest.approx(1.0 - p, rel=1e-10)
    median = fit.predict(new, kind="median")
    half = fit.predict(new, kind="quantile", at=0.5)
    assert_allclose(median[["estimate", "std_error"]], half[["estimate", "std_error"]])


def test_shape_of_the_table(fit, new):
    table = fit.predict(new, at=[1.0, 2.0])
    assert list(table.columns) == ["row", "time", "estimate", "std_error", "lower", "upper", "extrapolated"]
    assert table["row"].tolist() == ["a", "a", "b", "b", "c", "c"]
    assert table["time"].tolist() == [1.0, 2.0] * 3
    assert list(fit.predict(new, kind="median").columns) == [
        "row",
        "estimate",
        "std_error",
        "lower",
        "upper",
        "note",
    ]
    assert fit.predict(new, kind="cure_fraction")["row"].tolist() == ["a", "b", "c"]
    link = fit.predict(new, kind="link")
    assert list(link.columns) == ["row", "parameter", "estimate", "std_error", "lower", "upper"]


def test_training_rows_by_default(data):
    labelled = data.set_index(pd.Index(range(1000, 1284)))
    fit = FlexibleSurvival("Surv(time, status) ~ x", labelled).fit()
    table = fit.predict(at=1.0)
    assert table["row"].tolist() == list(labelled.index)
    again = fit.predict(labelled, at=1.0)
    pd.testing.assert_frame_equal(table, again)


def test_training_rows_are_those_that_were_used():
    with pytest.warns(smx.core.errors.DataWarning, match="14 of 228"):
        fit = FlexibleSurvival("Surv(time, status) ~ wt_loss", load_lung()).fit()
    table = fit.predict(at=100.0)
    assert len(table) == 214
    assert fit.facts.dropped == {"wt_loss": 14}
    assert "wt_loss (14)" in " ".join(str(fit.summary()).split())


def test_without_covariates_there_is_one_prediction(data):
    fit = FlexibleSurvival("Surv(time, status) ~ 1", data).fit()
    assert len(fit.predict(at=[1.0, 2.0])) == 2
    assert len(fit.predict(data.head(3), at=[1.0, 2.0])) == 6


def test_new_data_may_hold_more_columns_in_another_order(fit, new):
    other = new.assign(extra="text")[["extra", "z", "x"]]
    pd.testing.assert_frame_equal(fit.predict(new, at=1.0), fit.predict(other, at=1.0))
    as_mapping = fit.predict({"z": [0.0], "x": [1]}, at=1.0)
    assert len(as_mapping) == 1


def test_transforms_keep_the_state_of_the_fit(data):
    fit = FlexibleSurvival("Surv(time, status) ~ poly(z, 2)", data).fit()
    whole = fit.predict(data, at=2.0)["estimate"].to_numpy()
    some = fit.predict(data.iloc[[5, 100]], at=2.0)["estimate"].to_numpy()
    assert_allclose(some, whole[[5, 100]], rtol=1e-10)


def test_factors_in_predictions():
    data = load_veteran()
    fit = FlexibleSurvival("Surv(time, status) ~ celltype * karno", data).fit()
    one = fit.predict(pd.DataFrame({"celltype": ["large"], "karno": [60]}), kind="median")
    three = fit.predict(
        pd.DataFrame({"celltype": ["adeno", "large", "squamous"], "karno": 60}), kind="median"
    )
    assert one["estimate"].iloc[0] == pytest.approx(three["estimate"].iloc[1])


def test_unidentified_parameters_have_no_error_only_where_they_matter(data):
    with pytest.warns(IdentificationWarning, match="Weibull"):
        fit = FlexibleSurvival(
            "Surv(time, status) ~ x", data, shape=1.0, other_scale="~ 1", scale="aft"
        ).fit()
    assert not fit.is_regular
    assert fit.warnings
    errors = fit.bse
    assert np.isnan(errors["aft", "Intercept"])
    assert np.isnan(errors["ph", "Intercept"])
    assert np.isfinite(errors["aft", "x"])
    assert np.isfinite(errors["power", "Intercept"])
    one = FlexibleSurvival("Surv(time, status) ~ x", data, distribution="weibull", scale="aft").fit()
    assert fit.llf == pytest.approx(one.llf, abs=1e-6)
    new = pd.DataFrame({"x": [0, 1]})
    ratio = fit.predict(new.iloc[[1]], kind="hazard_ratio", at=1.0, reference=new.iloc[[0]])
    known = one.predict(new.iloc[[1]], kind="hazard_ratio", at=1.0, reference=new.iloc[[0]])
    assert_allclose(ratio["estimate"], known["estimate"], rtol=1e-4)
    assert fit.predict(new, at=1.0)["std_error"].isna().all()
    assert np.all(fit.predict(new, at=0.0)["std_error"] == 0.0)
    assert np.isnan(fit.wald_test("aft.Intercept = 0")["p.value"])
    assert np.isfinite(fit.wald_test("aft.x = 0")["p.value"])
    assert "nan" in str(fit.summary())


# ---- tables and tests


@models
def test_tidy_and_conf_int(fits, name):
    fit = fits[name]
    p = len(fit.params)
    table = fit.tidy()
    assert list(table.columns) == ["parameter", "term", "estimate", "std.error", "statistic", "p.value",
                                   "conf.low", "conf.high"]  # fmt: skip
    assert len(table) == fit.df_model == p
    assert list(zip(table["parameter"], table["term"], strict=True)) == fit.params.index.tolist()
    assert_allclose(table["std.error"], np.sqrt(np.diag(fit.cov_params())))
    assert_allclose(table["statistic"], table["estimate"] / table["std.error"])
    assert_allclose(table["p.value"], 2.0 * stats.norm.sf(np.abs(table["statistic"])))
    assert_allclose(table["conf.low"], table["estimate"] - stats.norm.ppf(0.975) * table["std.error"])
    wide, narrow = fit.conf_int(0.01), fit.conf_int(0.5)
    assert wide.shape == (p, 2)
    assert np.all(wide["lower"] < narrow["lower"])
    assert np.all(narrow["upper"] < wide["upper"])
    assert wide.index.equals(fit.params.index)
    covariance = fit.cov_params()
    assert covariance.shape == (p, p)
    assert_allclose(covariance, covariance.T, rtol=1e-9)
    assert np.linalg.eigvalsh(covariance.to_numpy()).min() > 0.0
    covariance.iloc[0, 0] = 99.0  # a copy
    assert fit.covariance.iloc[0, 0] != 99.0
    assert fit.df_resid == fit.nobs - p


@models
def test_glance(fits, name):
    fit = fits[name]
    row = fit.glance()
    assert list(row.columns) == ["distribution", "scale", "nobs", "events", "df", "logLik", "AIC", "AICc",
                                 "BIC", "converged", "regular", "starts", "ridge", "note"]  # fmt: skip
    assert len(row) == 1
    row = row.iloc[0]
    p = len(fit.params)
    assert (row["nobs"], row["events"], row["df"]) == (284, 196, p)
    assert row["logLik"] == fit.llf
    assert row["AIC"] == pytest.approx(-2.0 * fit.llf + 2.0 * p)
    assert row["BIC"] == pytest.approx(-2.0 * fit.llf + np.log(284) * p)
    assert row["AICc"] == pytest.approx(row["AIC"] + 2.0 * p * (p + 1) / (284 - p - 1))
    assert row["converged"]
    assert row["regular"]
    assert row["note"] == ""
    assert row["scale"] == (
        "both" if "both" in name or name == "burr" else name[:2] if name[:2] == "ph" else "aft"
    )


@models
def test_wald_test_of_one_parameter_is_the_square_of_z(fits, name):
    fit = fits[name]
    for k, (parameter, term) in enumerate(fit.params.index):
        test = fit.wald_test(f"{parameter}.{term} = 0")
        assert test["statistic"] == pytest.approx(fit.tvalues.iloc[k] ** 2, rel=1e-9)
        assert test["p.value"] == pytest.approx(fit.pvalues.iloc[k], rel=1e-7, abs=1e-300)
        assert test["df"] == 1


def test_wald_test_of_several_parameters(fits):
    fit = fits["ph_power"]
    test = fit.wald_test("ph.x = 0, power.x = 0.1")
    rows = np.zeros((2, len(fit.params)))
    rows[0, fit.params.index.get_loc(("ph", "x"))] = 1.0
    rows[1, fit.params.index.get_loc(("power", "x"))] = 1.0
    distance = rows @ fit.params.to_numpy() - [0.0, 0.1]
    expected = distance @ np.linalg.inv(rows @ fit.covariance.to_numpy() @ rows.T) @ distance
    assert test["statistic"] == pytest.approx(expected, rel=1e-9)
    assert test["p.value"] == pytest.approx(stats.chi2.sf(expected, 2), rel=1e-9)
    same = fit.wald_test(rows, [0.0, 0.1])
    assert same["statistic"] == pytest.approx(expected, rel=1e-9)
    contrast = fit.wald_test("ph.x - 2 * power.x = 0")
    row = rows[0] - 2.0 * rows[1]
    z = row @ fit.params.to_numpy() / np.sqrt(row @ fit.covariance.to_numpy() @ row)
    assert contrast["statistic"] == pytest.approx(z**2, rel=1e-9)


def test_wald_test_of_terms():
    fit = FlexibleSurvival(
        "Surv(time, status) ~ celltype + karno", load_veteran(), power="~ karno", scale="aft", other_scale=1.0
    ).fit()
    table = fit.wald_test_terms()
    assert table.index.tolist() == [("aft", "celltype"), ("aft", "karno"), ("power", "karno")]
    assert list(table.columns) == ["statistic", "df", "p.value"]
    assert table["df"].tolist() == [3, 1, 1]
    for part in ("aft", "power"):
        assert table.loc[(part, "karno"), "statistic"] == pytest.approx(fit.tvalues[part, "karno"] ** 2)
    levels = [
        k for k, (part, term) in enumerate(fit.params.index) if part == "aft" and term.startswith("celltype")
    ]
    block = fit.params.iloc[levels].to_numpy()
    covariance = fit.covariance.to_numpy()[np.ix_(levels, levels)]
    expected = block @ np.linalg.solve(covariance, block)
    assert table.loc[("aft", "celltype"), "statistic"] == pytest.approx(expected, rel=1e-8)
    assert table["p.value"].iloc[0] == pytest.approx(stats.chi2.sf(expected, 3), rel=1e-8)


def test_no_terms_to_test(data):
    assert len(FlexibleSurvival("Surv(time, status) ~ 1", data).fit().wald_test_terms()) == 0


def test_natural_params(fits):
    table = fits["aft_power"].natural_params
    params, limits = fits["aft_power"].params, fits["aft_power"].conf_int()
    assert table.index.equals(params.index)
    assert table["quantity"].tolist() == [
        "phi",
        "time ratio at survival 0.61",
        "gamma",
        "ratio of gamma",
        "kappa",
    ]
    assert table.loc[("aft", "Intercept"), "estimate"] == pytest.approx(np.exp(params["aft", "Intercept"]))
    assert table.loc[("aft", "x"), "estimate"] == pytest.approx(np.exp(-params["aft", "x"]))
    assert table.loc[("aft", "x"), "lower"] == pytest.approx(np.exp(-limits.loc[("aft", "x"), "upper"]))
    assert table.loc[("shape", "Intercept"), "estimate"] == pytest.approx(np.expm1(params["shape"].iloc[0]))
    assert np.all(table["lower"] < table["estimate"])
    assert np.all(table["estimate"] < table["upper"])
    ratio = fits["ph"].natural_params.loc[("ph", "x")]
    assert ratio["quantity"] == "hazard ratio"
    assert ratio["estimate"] == pytest.approx(np.exp(fits["ph"].params["ph", "x"]))


def test_the_time_ratio_is_the_ratio_of_quantiles(fits):
    table = fits["aft"].predict(pd.DataFrame({"x": [0, 1], "z": 0.0}), kind="quantile", at=0.3)
    ratio = fits["aft"].natural_params.loc[("aft", "x"), "estimate"]
    assert table["estimate"][1] / table["estimate"][0] == pytest.approx(ratio, rel=1e-10)


def test_a_single_covariate_without_intercept_is_no_level(data):
    # exp(coefficient) is a ratio there, not gamma itself
    fit = FlexibleSurvival("Surv(time, status) ~ x", data, power="~ 0 + x").fit()
    assert fit.natural_params.loc[("power", "x"), "quantity"] == "ratio of gamma"


def test_sample_params(fit):
    draws = fit.sample_params(20_000, seed=1)
    assert draws.shape == (20_000, len(fit.params))
    assert draws.columns.equals(fit.params.index)
    scatter = (draws.mean() - fit.params) / fit.bse
    assert np.all(np.abs(scatter) < 5.0 / np.sqrt(20_000))
    gap = (draws.cov() - fit.covariance) / np.outer(fit.bse, fit.bse)
    assert np.abs(gap).max().max() < 0.05
    pd.testing.assert_frame_equal(draws, fit.sample_params(20_000, seed=1))


# ---- covariances


def hand_scores(data, params):
    """Score of each row of the accelerated failure time model on x, by central differences of its distribution."""

    def rows(theta):
        law = APGW(np.exp(theta[0] + theta[1] * data["x"]), 1.0, np.exp(theta[2]), np.expm1(theta[3]))
        return np.where(data["status"] == 1, law.logpdf(data["time"]), law.logsf(data["time"]))

    columns = []
    for k in range(4):
        e = 1e-3 * np.eye(4)[k]
        columns.append(
            (rows(params - 2 * e) - 8 * rows(params - e) + 8 * rows(params + e) - rows(params + 2 * e))
            / 12e-3
        )
    return np.column_stack(columns)


def hand_information(data, params, weight):
    columns = []
    for k in range(4):
        e = 1e-3 * np.eye(4)[k]
        ends = [(weight[:, None] * hand_scores(data, params + s * e)).sum(axis=0) for s in (-2, -1, 1, 2)]
        columns.append(-(ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / 12e-3)
    return np.column_stack(columns)


@pytest.mark.parametrize("weighted", [False, True])
def test_covariances_by_hand(data, weighted):
    rng = np.random.default_rng(6)
    weight = rng.uniform(0.2, 3.0, len(data)) if weighted else np.ones(len(data))
    group = rng.integers(0, 25, len(data))
    frame = data.assign(w=weight, centre=group)
    model = FlexibleSurvival(
        "Surv(time, status) ~ x",
        frame,
        cluster="centre",
        weights="w" if weighted else None,
        scale="aft",
        other_scale=1.0,
    )
    fits = {kind: model.fit(cov_type=kind) for kind in ("observed", "robust", "cluster_cr0")}
    params = fits["observed"].params.to_numpy()
    bread = np.linalg.inv(hand_information(frame, params, weight))
    scores = weight[:, None] * hand_scores(frame, params)
    summed = pd.DataFrame(scores).groupby(group).sum().to_numpy()
    assert_allclose(fits["observed"].covariance, bread, rtol=1e-5, atol=1e-8)
    assert_allclose(fits["robust"].covariance, bread @ scores.T @ scores @ bread, rtol=1e-5, atol=1e-8)
    assert_allclose(fits["cluster_cr0"].covariance, bread @ summed.T @ summed @ bread, rtol=1e-5, atol=1e-8)
    for kind, found in fits.items():
        assert found.cov_type == kind
        assert found.llf == fits["observed"].llf
    assert model.fit().cov_type == "cluster"


def test_default_covariances(data):
    def kind(**options):
        return FlexibleSurvival("Surv(time, status) ~ x", data, **options).fit().cov_type

    assert kind() == "observed"
    assert kind(weights=np.full(284, 2.0)) == "observed"
    assert kind(weights=np.full(284, 1.5)) == "robust"
    assert kind(cluster=np.arange(284) // 2) == "cluster"
    assert kind(cluster=np.arange(284) // 2, weights=np.full(284, 1.5)) == "cluster"


def test_robust_errors_ignore_the_size_of_the_weights(data):
    weight = np.random.default_rng(1).uniform(0.5, 2.0, 284)
    a, b = (FlexibleSurvival("Surv(time, status) ~ x", data, weights=c * weight).fit() for c in (1.0, 3.3))
    assert_allclose(a.params, b.params, rtol=1e-5, atol=1e-5)
    assert_allclose(a.bse, b.bse, rtol=1e-4)
    assert a.nobs == b.nobs == 284


def test_every_row_its_own_cluster_is_robust(data):
    model = FlexibleSurvival("Surv(time, status) ~ x", data, cluster=[f"patient {k}" for k in range(284)])
    plain, robust = model.fit("cluster_cr0").covariance, model.fit("robust").covariance
    assert_allclose(plain, robust, rtol=1e-10)
    assert_allclose(
        model.fit().bse, model.fit("robust").bse, rtol=0.03
    )  # with 284 clusters the correction is small


# ---- files


@models
def test_pickle_is_small_and_predicts_the_same(fits, new, name):
    fit = fits[name]
    fit.summary()  # its effects go along
    stored = pickle.dumps(fit)
    assert len(stored) < 30_000
    again = pickle.loads(stored)
    assert again.sample is None
    pd.testing.assert_series_equal(again.params, fit.params)
    pd.testing.assert_frame_equal(again.predict(new, at=TIMES), fit.predict(new, at=TIMES))
    assert str(again.summary()) == str(fit.summary())
    pd.testing.assert_frame_equal(again.glance(), fit.glance())


def test_pickle_does_not_grow_with_the_data(data):
    sizes = []
    for copies in (1, 10):
        frame = pd.concat([data] * copies, ignore_index=True)
        sizes.append(len(pickle.dumps(FlexibleSurvival("Surv(time, status) ~ x", frame).fit())))
    assert sizes[1] < sizes[0] + 500


def test_data_kept_on_request(data):
    fit = FlexibleSurvival("Surv(time, status) ~ x", data).fit(keep_data=True)
    again = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_frame_equal(again.predict(at=1.0), fit.predict(at=1.0))


def test_save_and_load(fit, new, tmp_path):
    path = smx.save(fit, tmp_path / "melanoma.fit")
    assert path == tmp_path / "melanoma.fit"
    assert [p.name for p in tmp_path.iterdir()] == ["melanoma.fit"]
    again = smx.load(path)
    assert type(again) is type(fit)
    pd.testing.assert_frame_equal(again.predict(new, kind="median"), fit.predict(new, kind="median"))


def test_results_do_not_change_after_the_fit(fit):
    with pytest.raises(AttributeError):
        fit.llf = 0.0


# ---- summary


@models
def test_summary_holds_the_numbers(fits, name):
    fit = fits[name]
    text = str(fit.summary())
    for k, (_, term) in enumerate(fit.params.index):
        assert term in text
        error = fit.bse.iloc[k]
        for value in together([fit.params.iloc[k], error], error):
            assert value in text
    for value in (f"{fit.llf:.4f}", f"{fit.aic:.3f}", f"{fit.bic:.3f}"):
        assert value in text
    facts = ["Response", "Distribution", "Covariates on", "Fixed", "Covariance", "Converged", "Starts at best",
             "Observations", "Events", "Dropped rows", "Log-likelihood", "AIC", "BIC", "Longest follow-up"]  # fmt: skip
    for fact in facts:
        assert f"{fact}:" in text, fact
    lines = {line.strip() for line in text.splitlines()}
    assert any(line.endswith("284") and "Observations:" in line for line in lines)
    assert any("196 (" in line and "Events:" in line for line in lines)
    assert any(
        line.endswith("9.643 years") or "years" in line for line in lines if "Longest follow-up:" in line
    )
    for part in fit.specification.parts:
        assert {"aft": "log(phi)", "ph": "log(lambda)", "power": "log(gamma)", "shape": "log(kappa + 1)"}[
            part
        ] in text
    widths = {len(line) for line in text.splitlines() if set(line) == {"="}}
    assert len(widths) == 1
    assert max(len(line) for line in text.splitlines()) == widths.pop()


def test_summary_says_what_is_fixed_and_unusual(fits, data):
    assert "phi = 1" in str(fits["ph"].summary())
    assert "lambda = 1" in str(fits["aft"].summary())
    assert "gamma = 1" in str(fits["exponential"].summary())
    assert "kappa = inf" in str(fits["infinite_shape"].summary())
    frame = data.assign(left=data["time"] * 0.9, right=np.where(data["status"] == 1, data["time"], INF))
    fit = FlexibleSurvival(
        'Surv(left, right, type="interval2") ~ x', frame, scale="aft", other_scale=1.0
    ).fit()
    assert "interval-censored: 196" in str(fit.summary())


def test_summary_warns_of_the_cure_fraction(fits):
    text = " ".join(str(fits["aft"].summary()).split())
    assert "kappa < 0" in text
    assert "cure_fraction" in text
    last = load_melanoma().query("status == 1")["time"].max()
    assert f"last event at {last:.4g} years" in text
    assert "values without any cured fraction" not in text
    doubtful = " ".join(str(fits["both"].summary()).split())
    assert "The interval of kappa includes values without any cured fraction" in doubtful
    assert "kappa < 0" not in str(fits["weibull"].summary())


def test_summary_of_weights(data):
    fit = FlexibleSurvival("Surv(time, status) ~ x", data, weights=np.full(284, 2.0)).fit()
    assert "284 (weight 568)" in str(fit.summary())
    assert fit.nobs == 568


def test_summary_with_another_alpha(fit):
    text = str(fit.summary(alpha=0.1))
    assert "[0.05" in text
    assert "0.95]" in text
    limit, error = fit.conf_int(0.1).loc[("aft", "x"), "lower"], fit.bse["aft", "x"]
    assert together([limit], error)[0] in text


@models
def test_summary_in_other_formats(fits, name):
    summary = fits[name].summary()
    html, latex, csv = summary.as_html(), summary.as_latex(), summary.as_csv()
    for text in (html, latex.replace("$-$", "-"), csv):
        assert f"{fits[name].llf:.4f}" in text
    assert html.count("<table") == 1
    assert html.count("<tbody") == len(summary.blocks) + 1
    assert fits[name]._repr_html_() == html
    assert "\\begin{tabular}" in latex
    assert str(fits[name]) == summary.as_text()


# ---- other frames


def test_polars_and_other_frames_give_the_same_fit(data):
    pl = pytest.importorskip("polars")
    pa = pytest.importorskip("pyarrow")
    frame = data.assign(arm=np.where(data["x"] == 1, "ifn", "control"))
    base = FlexibleSurvival("Surv(time, status) ~ arm + z", frame).fit()
    columns = {name: frame[name].to_numpy() for name in frame.columns}
    native = (pl.DataFrame(columns), pa.table(columns), {name: list(v) for name, v in columns.items()})
    for other in native:
        found = FlexibleSurvival("Surv(time, status) ~ arm + z", other).fit()
        assert found.llf == base.llf
        assert found.params.equals(base.params)
    new = pl.DataFrame({"arm": ["ifn", "control"], "z": [0.0, 1.0]})
    table = base.predict(new, at=1.0)
    assert_allclose(table["estimate"], base.predict(new.to_pandas(), at=1.0)["estimate"])


def test_polars_categories(data):
    pl = pytest.importorskip("polars")
    arm = np.where(data["x"] == 1, "ifn", "control")
    frame = pl.DataFrame({"time": data["time"].to_numpy(), "status": data["status"].to_numpy(), "arm": arm})
    frame = frame.with_columns(pl.col("arm").cast(pl.Enum(["ifn", "control"])))
    fit = FlexibleSurvival("Surv(time, status) ~ arm", frame, scale="aft", other_scale=1.0).fit()
    assert fit.params.index[1] == ("aft", "arm[T.control]")
    assert fit.llf == pytest.approx(-367.9974, abs=1e-4)


def test_nullable_columns(data):
    frame = data.convert_dtypes()
    fit = FlexibleSurvival("Surv(time, status) ~ x", frame, scale="aft", other_scale=1.0).fit()
    assert fit.llf == pytest.approx(-367.9974, abs=1e-4)


# ---- comparison


def test_compare(fits):
    table = smx.compare(fits["aft"], fits["ph"], fits["weibull"], names=["AFT", "PH", "Weibull"])
    assert table.index.tolist() == sorted(table.index, key=lambda label: table.loc[label, "AIC"])
    assert table["delta_AIC"].iloc[0] == 0.0
    assert_allclose(table["delta_AIC"], table["AIC"] - table["AIC"].min())
    assert set(table["df"]) == {4, 5}


# ---- pictures

KINDS = {
    "survival": "Survival probability",
    "cumulative_hazard": "Cumulative hazard",
    "hazard": "Hazard per year",
    "density": "Density per year",
    "hazard_ratio": "Hazard ratio",
}


def curves(ax):
    """Fitted curves, without steps and reference lines."""
    return [
        line for line in ax.lines
        if len(line.get_xdata()) >= 100 and line.get_drawstyle() == "default" and line.get_marker() == "None"
    ]  # fmt: skip


def steps(ax):
    """Kaplan-Meier curves, without their limits."""
    return [
        line for line in ax.lines if line.get_drawstyle().startswith("steps") and line.get_linewidth() >= 0.8
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["aft", "ph_power", "infinite_shape", "both"])
def test_plots(fits, name, kind):
    ax = fits[name].plot(kind, by="x")
    assert isinstance(ax, plt.Axes)
    assert ax.get_xlabel() == "Time (years)"
    assert ax.get_ylabel() == KINDS[kind]
    assert len(curves(ax)) == (1 if kind == "hazard_ratio" else 2)
    assert len(ax.collections) == len(curves(ax))  # a band for each
    assert ax.get_legend() is not None
    ax.figure.canvas.draw()


def test_curves_are_the_predictions(fits):
    ax = fits["aft"].plot(by="x", at=[1.0, 2.0, 5.0])
    z = load_melanoma()["age"].mean()
    for k, line in enumerate(
        [line for line in ax.lines if line.get_drawstyle() == "default" and line.get_marker() == "None"]
    ):
        table = fits["aft"].predict(pd.DataFrame({"x": [k], "z": z}), at=[1.0, 2.0, 5.0])
        assert_allclose(line.get_xdata(), [1.0, 2.0, 5.0])
        assert_allclose(line.get_ydata(), table["estimate"])


def test_kaplan_meier_where_the_only_covariate_is_drawn(fits):
    from lifelines import KaplanMeierFitter

    data = load_melanoma()
    ax = fits["aft_power"].plot(by="x")
    found = steps(ax)
    assert len(found) == 2
    for level, line in enumerate(found):
        arm = data[data["treatment"] == level]
        expected = KaplanMeierFitter().fit(arm["time"], arm["status"]).survival_function_
        assert_allclose(line.get_xdata(), expected.index)
        assert_allclose(line.get_ydata(), expected.iloc[:, 0])
    assert "Kaplan-Meier (data)" in [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(steps(fits["aft_power"].plot("cumulative_hazard", by="x"))) == 2
    assert not steps(fits["aft_power"].plot("hazard", by="x"))
    assert not steps(fits["aft_power"].plot(by="x", kaplan_meier=False))


def test_no_kaplan_meier_where_other_covariates_are_held(fits):
    ax = fits["aft"].plot(by="x")
    assert not steps(ax)
    title = ax.get_legend().get_title().get_text()
    assert title.startswith("x")
    assert "z =" in title
    with pytest.warns(DataWarning, match="hold z at one value"):
        assert len(steps(fits["aft"].plot(by="x", kaplan_meier=True))) == 2


def test_kaplan_meier_without_covariates(data):
    fit = FlexibleSurvival("Surv(time, status) ~ 1", data).fit()
    assert len(steps(fit.plot())) == 1


@pytest.mark.parametrize("weight", [2.0, 1.5])
def test_kaplan_meier_of_weighted_data(data, weight):
    fit = FlexibleSurvival("Surv(time, status) ~ x", data, weights=np.full(284, weight)).fit()
    assert len(steps(fit.plot(by="x"))) == 2


def test_kaplan_meier_with_late_entry(data):
    frame = data.assign(entry=np.minimum(0.02, 0.5 * data["time"]))
    fit = FlexibleSurvival("Surv(entry, time, status) ~ x", frame).fit()
    assert len(steps(fit.plot(by="x"))) == 2


def test_plots_of_new_data(fits, new):
    ax = fits["aft"].plot(newdata=new)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c"]
    ratio = fits["aft"].plot("hazard_ratio", newdata=new)
    assert [text.get_text() for text in ratio.get_legend().get_texts()] == ["b vs a", "c vs a"]
    assert ratio.get_yscale() == "log"
    against = fits["aft"].plot("hazard_ratio", newdata=new, reference=new.iloc[[0]])
    assert len(curves(against)) == 3


def test_plots_into_given_axes(fits):
    _, axes = plt.subplots(1, 2)
    assert fits["aft"].plot("hazard", by="x", ax=axes[1]) is axes[1]
    assert not axes[0].lines
    assert len(plt.get_fignums()) == 1


def test_plots_of_a_numeric_and_a_text_covariate():
    fit = FlexibleSurvival("Surv(time, status) ~ celltype + karno", load_veteran()).fit()
    ax = fit.plot(by="celltype")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["adeno", "large", "smallcell", "squamous"]
    assert ax.get_xlabel() == "Time (days)"
    ax = fit.plot("hazard", by="karno")
    quartiles = load_veteran()["karno"].quantile([0.25, 0.5, 0.75])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [f"{q:.3g}" for q in quartiles]


def test_plots_of_a_loaded_result(fits):
    again = pickle.loads(pickle.dumps(fits["aft_power"]))
    ax = again.plot(by="x")
    assert len(curves(ax)) == 2
    assert not steps(ax)


def test_plots_of_an_unidentified_fit_have_no_band(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = FlexibleSurvival("Surv(time, status) ~ x", data, shape=1.0, other_scale="~ 1").fit()
    ax = fit.plot(by="x", at=np.linspace(0.5, 5.0, 120))
    assert len(curves(ax)) == 2
    assert not ax.collections


def test_later_changes_of_the_frame_do_not_reach_a_fit():
    rng = np.random.default_rng(0)
    n = 300
    data = pd.DataFrame(
        {"x": rng.normal(size=n), "k": rng.integers(0, 5, n), "late": rng.uniform(0.0, 0.1, n)}
    )
    data["time"] = 0.2 + rng.exponential(size=n)
    data["status"] = 1
    fit = smx.FlexibleSurvival("Surv(late, time, status) ~ x + k", data, distribution="weibull").fit()
    before = [fit.predict(at=1.0), fit.residuals("martingale")]
    for name in data.columns:
        data.loc[:, name] = 3 if name in ("k", "status") else 3.0
    after = [fit.predict(at=1.0), fit.residuals("martingale")]
    pd.testing.assert_frame_equal(before[0], after[0])
    pd.testing.assert_series_equal(before[1], after[1])


# ---- what a summary says of itself


def test_summary_names_reference_levels_and_the_sign_of_the_accelerated_scale(data):
    text = data.assign(arm=np.where(data["x"] == 1, "new drug", "standard"))
    ph = " ".join(str(FlexibleSurvival("Surv(time, status) ~ arm", text).fit().summary()).split())
    assert "Reference level: arm = new drug." in ph  # the first of the alphabet
    assert "exp(-coef)" not in ph
    told = FlexibleSurvival("Surv(time, status) ~ C(arm, Treatment('standard'))", text, scale="aft").fit()
    aft = " ".join(str(told.summary()).split())
    assert "Reference level: arm = standard." in aft
    assert "A time ratio is exp(-coef)" in aft
    coefficient = told.params.loc["aft"].iloc[-1]
    assert_allclose(told.natural_params.loc["aft", "estimate"].iloc[-1], np.exp(-coefficient))
    none = FlexibleSurvival("Surv(time, status) ~ 1", text, scale="aft").fit()
    assert "exp(-coef)" not in str(none.summary())


def test_summary_says_when_and_between_what_effects_are(fits):
    text = " ".join(str(fits["aft"].summary()).split())
    horizon = fits["aft"].effects()["quantity"].iloc[0].removeprefix("survival at ")
    assert f"Effects are taken at {horizon} years, the 90 % point of the observed times" in text
    assert f'The "mean time to {horizon}" is the restricted mean survival time (RMST).' in text
    assert "Compared between their quartiles: z." in text
    assert "Compared between their quartiles" not in str(fits["aft"].summary(per={"z": 1.0}))
