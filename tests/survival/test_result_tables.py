"""Tables, tests, covariances and summaries of a fit."""

import numpy as np
import pandas as pd
import pytest
from melanoma_models import MODELS, fitted, melanoma
from numpy.testing import assert_allclose
from scipy import stats

from statmodels_x import APGW, FlexibleSurvival
from statmodels_x.core.fits.tables import together
from statmodels_x.datasets import load_melanoma, load_veteran

INF = np.inf


@pytest.fixture(scope="module")
def data():
    return melanoma()


@pytest.fixture(scope="module")
def fits(data):
    return fitted(MODELS, data)


@pytest.fixture(scope="module")
def fit(fits):
    return fits["aft"]


models = pytest.mark.parametrize("name", MODELS)


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
