"""Effects over many trials: reference values, closed forms, invariances, edges, predictions."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.core.errors import DataError, DataWarning, FormulaError, IdentificationWarning
from statmodels_x.surrogate.trial_level.data import Effects
from statmodels_x.surrogate.trial_level.estimation import Criterion, maximise
from statmodels_x.surrogate.trial_level.integration import integrate
from statmodels_x.surrogate.trial_level.intervals import correlation_interval, squared

FORMULA = "log(hr_os) ~ log(hr_pfs)"
LIMITS = (("lower_os", "upper_os"), ("lower_pfs", "upper_pfs"))


def quiet_fit(model, method="reml"):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
        return model.fit(method)


def model_of(table, correlation=0.5, **how):
    return smx.TrialLevelSurrogacy(
        FORMULA, table, limits=LIMITS, correlation=correlation, trial="trial", **how
    )


@pytest.fixture(scope="module")
def melanoma():
    return smx.datasets.load_melanoma_trials()


@pytest.fixture(scope="module")
def fitted(melanoma):
    return model_of(melanoma).fit()


@pytest.fixture(scope="module")
def reference_trials(extra):
    folder = extra / "data" / "acceptance"
    sets = {name: pd.read_csv(folder / f"trials_{file}.csv") for name, file in
            (("crc13", "colorectal"), ("mel", "melanoma"), ("uro", "urothelial"), ("hiv", "hiv_cd4"))}  # fmt: skip
    sets["crc10"], sets["crc9"] = sets["crc13"][:10], sets["crc13"][1:10]
    return sets, json.loads((folder / "trial_level_reference.json").read_text())


def reference_model(sets, name, correlation):
    if name == "hiv":
        return smx.TrialLevelSurrogacy(
            "loghr ~ cd4", sets["hiv"], std_error=("se_loghr", "se_cd4"), correlation=correlation, trial="trial",
            benefit=("lower", "higher"),
        )  # fmt: skip
    return model_of(sets[name], correlation)


def test_estimates_of_another_package(reference_trials):
    """36 fits of mixmeta in R, parameters and log-likelihoods."""
    sets, numbers = reference_trials
    for row in numbers["mixmeta"]:
        fit = quiet_fit(reference_model(sets, row["set"], row["within_correlation"]), row["method"])
        # its restricted likelihood holds half of log|X'X|
        likelihood = fit.llf + (np.log(fit.nobs) if row["method"] == "reml" else 0.0)
        scale = max(1.0, abs(row["mean_surrogate"]))
        assert likelihood == pytest.approx(row["loglik"], abs=1e-6)
        for name in ("mean_surrogate", "mean_outcome", "sd_surrogate", "sd_outcome", "slope", "intercept"):
            assert fit.params[name] == pytest.approx(row[name], abs=2e-6 * scale), (row["set"], name)
        assert fit.r_squared == pytest.approx(row["r_squared"], abs=2e-6)
        assert fit.params["residual_sd"] ** 2 == pytest.approx(row["residual_variance"], abs=2e-6)


def test_weighted_regressions_of_r(reference_trials):
    sets, numbers = reference_trials
    for row in numbers["weighted_regression"]:
        fit = quiet_fit(reference_model(sets, row["set"], 0.5))
        table = sets[row["set"]]
        weights = (
            None if row["weights"] != "patients" else (table["n_treated"] + table["n_control"]).to_numpy()
        )
        found = fit.weighted_regression(weights)
        for name in ("intercept", "slope", "se_intercept", "se_slope"):
            assert found[name] == pytest.approx(row[name], abs=2e-6)
        assert found["r_squared_of_estimates"] == pytest.approx(row["r_squared"], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "w", "r2", "limits", "line"),
    [
        ("crc10", 0.5, 1.0, (0.494, 1.0), (-0.0027, 0.066, 0.6685, 0.192)),
        ("crc9", 0.5, 1.0, (0.0, 1.0), (-0.012, None, 0.618, 0.445)),
        ("crc13", 0.5, 1.0, (0.817, 1.0), (0.0078, 0.036, 0.6830, 0.109)),
        ("mel", 0.5, 0.8510, (0.151, 1.0), (-0.0629, 0.082, 0.5595, 0.170)),
        ("uro", 0.5, 0.8497, (0.363, 1.0), (-0.0090, 0.036, 0.5639, 0.127)),
        ("hiv", -0.25, 0.9781, (0.244, 1.0), (0.1160, 0.076, -0.00929, 0.0034)),
    ],
)
def test_profile_and_line(reference_trials, name, w, r2, limits, line):
    fit = quiet_fit(reference_model(reference_trials[0], name, w))
    assert fit.r_squared == pytest.approx(r2, abs=5e-5)
    assert_allclose(fit.conf_int().loc["r_squared"], limits, atol=6e-4)
    found = [fit.params["intercept"], fit.bse["intercept"], fit.params["slope"], fit.bse["slope"]]
    for value, expected in zip(found, line, strict=True):
        if expected is not None:
            assert value == pytest.approx(expected, abs=6e-4 if abs(expected) > 0.01 else 6e-5)


def test_threshold_effects(reference_trials):
    """Thresholds as ratios, over the within-trial correlation."""
    sets, _ = reference_trials
    expected = {"mel": [0.584, 0.508, 0.418, 0.315], "uro": [0.670, 0.637, 0.590, 0.525]}
    for name, ratios in expected.items():
        table = quiet_fit(reference_model(sets, name, 0.5)).sensitivity()
        assert_allclose(np.exp(table["threshold"]), ratios, atol=2e-3)
    assert quiet_fit(reference_model(sets, "crc13", 0.5)).threshold_effect()["ratio"] == pytest.approx(
        0.736, abs=1e-3
    )
    assert np.isnan(quiet_fit(reference_model(sets, "crc9", 0.5)).threshold_effect()["estimate"])
    assert np.isnan(quiet_fit(reference_model(sets, "hiv", -0.25)).threshold_effect()["estimate"])


def test_leaving_out(reference_trials):
    sets, _ = reference_trials
    urothelial = quiet_fit(reference_model(sets, "uro", 0.5)).leave_one_out()
    assert urothelial["inside"].sum() == 25
    assert urothelial.loc[urothelial["r_squared"].idxmin(), "trial"] == "Loehrer"
    assert urothelial["r_squared"].min() == pytest.approx(0.774, abs=1e-3)
    melanoma = quiet_fit(reference_model(sets, "mel", 0.5)).leave_one_out()
    assert melanoma["inside"].all()
    assert melanoma.loc[melanoma["r_squared"].idxmin(), "trial"] == "Chapman"


def test_later_trials_lie_inside(reference_trials):
    """Three later colorectal trials, predicted from ten."""
    sets, _ = reference_trials
    later = sets["crc13"][10:]
    se = {a: (np.log(later[f"upper_{a}"]) - np.log(later[f"lower_{a}"])) / 3.919928 for a in ("pfs", "os")}
    fit = quiet_fit(reference_model(sets, "crc10", 0.5))
    table = fit.predict(later, "estimate", std_error=se["pfs"], outcome_std_error=se["os"], exponentiate=True)
    assert later["hr_os"].between(table["lower"], table["upper"]).all()
    assert_allclose(table[["lower", "upper"]], [[0.72, 1.71], [0.72, 1.57], [0.73, 1.97]], atol=0.03)


# ---- closed forms and invariances


def simulated(seed, n=12, common=False):
    rng = np.random.default_rng(seed)
    true = rng.multivariate_normal([-0.25, -0.12], [[0.05, 0.025], [0.025, 0.025]], size=n)
    se = np.full((n, 2), 0.12) if common else 0.12 * np.exp(rng.normal(0, 0.3, (n, 2)))
    noise = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=n)
    values = true + se * noise
    return Effects(values[:, 0], values[:, 1], se[:, 0], se[:, 1], np.full(n, 0.5), tuple(map(str, range(n))))


@pytest.mark.parametrize("seed", range(12))
def test_closed_form_where_all_errors_are_equal(seed):
    """Psi = sum of max(lambda - 1, 0) u u' over the generalised eigenvectors of the sample covariance against V."""
    from scipy.linalg import eigh

    effects = simulated(seed, common=True)
    v = 0.12**2 * np.array([[1.0, 0.5], [0.5, 1.0]])
    values, vectors = eigh(np.cov(effects.s, effects.t), v)
    u = v @ vectors
    psi = sum(max(value - 1.0, 0.0) * np.outer(u[:, k], u[:, k]) for k, value in enumerate(values))
    x, y, rho = maximise(Criterion(effects)).theta
    assert_allclose([x * x, rho * x * y, y * y], [psi[0, 0], psi[0, 1], psi[1, 1]], atol=2e-7)
    if (values > 1.0).sum() == 1:
        assert abs(rho) == 1.0


def test_gradient(rng):
    criterion = Criterion(simulated(3))
    for theta in rng.uniform([0.05, 0.05, -0.9], [0.4, 0.4, 0.9], (20, 3)):
        _, gradient = criterion.value_and_gradient(theta)
        for k in range(3):
            step = np.zeros(3)
            step[k] = 1e-6
            up, down = (criterion.value_and_gradient(theta + s * step)[0] for s in (1, -1))
            assert gradient[k] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_invariances(seed):
    """Units, common signs and the exchange of the two axes leave R2 and its interval as they are."""
    one = simulated(seed)
    others = [
        Effects(5.0 * one.s, one.t, 5.0 * one.se_s, one.se_t, one.w, one.labels),
        Effects(-one.s, -one.t, one.se_s, one.se_t, one.w, one.labels),
        Effects(one.t, one.s, one.se_t, one.se_s, one.w, one.labels),
        Effects(-one.s, one.t, one.se_s, one.se_t, -one.w, one.labels),
    ]
    criterion = Criterion(one)
    optimum = maximise(criterion)
    limits = squared(correlation_interval(criterion, optimum))
    for other in others:
        found = maximise(Criterion(other))
        assert found.theta[2] ** 2 == pytest.approx(optimum.theta[2] ** 2, abs=1e-8)
        assert_allclose(squared(correlation_interval(Criterion(other), found)), limits, atol=2e-5)


def test_arms_are_names_without_means(melanoma):
    """Without means it does not matter which arm of a trial is called the new one."""
    swapped = melanoma.copy()
    rows = swapped.index[::3]
    for name in ("pfs", "os"):
        turned = 1.0 / swapped.loc[rows, [f"hr_{name}", f"upper_{name}", f"lower_{name}"]].to_numpy()
        swapped.loc[rows, [f"hr_{name}", f"lower_{name}", f"upper_{name}"]] = turned
    one, other = (quiet_fit(model_of(table, mean_zero=True)) for table in (melanoma, swapped))
    assert other.r_squared == pytest.approx(one.r_squared, abs=1e-7)
    assert other.params["slope"] == pytest.approx(one.params["slope"], abs=1e-7)
    assert one.params["intercept"] == 0.0


def test_order_and_labels_of_rows(melanoma, fitted):
    shuffled = quiet_fit(model_of(melanoma.sample(frac=1.0, random_state=3)))
    assert_allclose(shuffled.params, fitted.params, atol=1e-8)


def test_the_integral_has_converged(monkeypatch, fitted):
    """Twice the nodes move the threshold by less than a thousandth of itself."""
    from statmodels_x.surrogate.trial_level import inference, integration

    coarse, _ = inference.threshold(fitted, integrate(fitted.criterion, fitted.optimum), 0.05)
    monkeypatch.setattr(integration, "NODES", (56, 90))
    fine, _ = inference.threshold(fitted, integrate(fitted.criterion, fitted.optimum), 0.05)
    assert coarse == pytest.approx(fine, rel=1e-3)


def test_the_mixture_by_sampling(fitted):
    """Draws from the grid: prediction limits are their quantiles."""
    mixture = fitted.mixture()
    rng = np.random.default_rng(2)
    mean, sd = mixture.normals(-0.5, (0.1, 0.2, 0.5))
    rows = rng.choice(len(mean), size=200_000, p=mixture.weight)
    draws = rng.normal(mean[rows], sd[rows])
    for share in (0.025, 0.5, 0.975):
        assert mixture.quantile(share, -0.5, (0.1, 0.2, 0.5)) == pytest.approx(
            np.quantile(draws, share), abs=0.01
        )


# ---- shape of use


def test_names_and_tables(fitted):
    assert fitted.params.index.tolist() == [
        "mean_surrogate", "mean_outcome", "sd_surrogate", "sd_outcome", "correlation", "intercept", "slope",
        "residual_sd",
    ]  # fmt: skip
    assert fitted.tidy()["term"].tolist() == ["r_squared", *fitted.params.index]
    assert fitted.glance().loc[0, "nobs"] == 14
    assert fitted.conf_int(alpha=0.5).loc["r_squared", "lower"] > fitted.conf_int().loc["r_squared", "lower"]
    assert repr(fitted) == "TrialLevelResults(r_squared=0.8510, trials=14, method='reml')"
    text = str(fitted.summary())
    for part in ("R2 between trials", "If the within-trial correlation were", "0.85", "Chapman", "Threshold effect",
                 "Left out one by one, 14 of 14", "The interval of R2 reaches 1"):  # fmt: skip
        assert part in " ".join(text.split())
    assert "<table" in fitted._repr_html_()
    assert r"\begin{table}" in fitted.summary().as_latex()
    handed = fitted.params
    handed["slope"] = 9.0
    assert fitted.params["slope"] < 1.0


def test_files(fitted, tmp_path):
    for again in (pickle.loads(pickle.dumps(fitted)), smx.load(smx.save(fitted, tmp_path / "fit"))):
        assert again.params.equals(fitted.params)
        assert str(again.summary()) == str(fitted.summary())


def test_bootstrap_interval(fitted):
    limits = fitted.conf_int(method="bootstrap", n=40, seed=1).loc["r_squared"]
    assert 0.0 <= limits["lower"] < limits["upper"] <= 1.0
    again = fitted.conf_int(method="bootstrap", n=40, seed=1, n_jobs=2).loc["r_squared"]
    assert again.equals(limits)


def test_predictions(fitted, melanoma):
    new = pd.DataFrame({"hr_pfs": [0.5, 0.8, 1.0]}, index=["a", "b", "c"])
    true, estimated = fitted.predict(new), fitted.predict(new, std_error=0.2)
    assert true.index.tolist() == ["a", "b", "c"]
    assert (estimated["upper"] - estimated["lower"] > true["upper"] - true["lower"]).all()
    observed = fitted.predict(new, "estimate", std_error=0.2, outcome_std_error=0.2)
    assert (observed["std_error"] > true["std_error"]).all()
    assert_allclose(np.exp(true["lower"]), fitted.predict(new, exponentiate=True)["lower"])
    threshold = fitted.threshold_effect()
    at = fitted.predict(pd.DataFrame({"hr_pfs": [threshold["ratio"]]}))
    assert at["upper"].iloc[0] == pytest.approx(0.0, abs=1e-6)
    # none so far out as can be believed for an estimate of that error: its threshold is beyond the range
    wide = fitted.threshold_effect(std_error=0.1)
    assert np.isnan(wide["estimate"]) or wide["estimate"] < threshold["estimate"]
    assert fitted.predict().index.tolist() == melanoma["trial"].tolist()
    with pytest.raises(DataError, match="outcome_std_error"):
        fitted.predict(new, "estimate")
    with pytest.raises(DataError, match="hr_pfs"):
        fitted.predict(pd.DataFrame({"x": [1.0]}))


def test_ranges_of_the_correlation(melanoma, fitted):
    fit = quiet_fit(model_of(melanoma, correlation=(0.3, 0.7)))
    assert fit.r_squared == pytest.approx(fitted.r_squared, abs=1e-9)
    low, high = fit.conf_int().loc["r_squared"]
    assert low < fitted.conf_int().loc["r_squared", "lower"]
    assert high == 1.0
    ends = [quiet_fit(model_of(melanoma, correlation=w)).threshold_effect()["estimate"] for w in (0.3, 0.7)]
    assert min(ends) < fit.threshold_effect()["estimate"] < max(ends)
    column = quiet_fit(model_of(melanoma.assign(w=0.5), correlation="w"))
    assert_allclose(column.params, fitted.params, atol=1e-10)


def test_clusters_are_left_out_together(melanoma):
    table = melanoma.assign(paper=melanoma["trial"].str.replace(r"ODay.", "ODay", regex=True))
    found = quiet_fit(model_of(table, cluster="paper")).leave_one_out()
    assert found["left_out"].nunique() == 12
    assert (found["left_out"] == "ODayA, ODayB, ODayC").sum() == 3


@pytest.mark.parametrize("kind", ["bubble", "leave_one_out", "sensitivity", "profile"])
def test_pictures(fitted, kind):
    ax = fitted.plot(kind)
    assert ax.get_legend_handles_labels()[1]
    with pytest.raises(DataError, match="kind"):
        fitted.plot("pie")


# ---- edges and bad input


def test_edge_is_said(reference_trials):
    with pytest.warns(IdentificationWarning, match="at the edge"):
        fit = reference_model(reference_trials[0], "crc13", 0.5).fit()
    assert fit.r_squared == 1.0


def test_no_heterogeneity_is_said():
    """Parts of one trial: their effects differ by estimation error alone."""
    rng = np.random.default_rng(7)
    noise = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=12) * 0.2
    table = pd.DataFrame({"t": -0.2 + 0.5 * noise[:, 1], "s": -0.3 + 0.5 * noise[:, 0], "e": 0.2})
    with pytest.warns(IdentificationWarning, match="are not trials"):
        fit = smx.TrialLevelSurrogacy("t ~ s", table, std_error=("e", "e"), correlation=0.9).fit()
    assert fit.weighted_regression()["r_squared_of_estimates"] > 0.7  # what it would be taken for
    assert np.isnan(fit.r_squared)
    assert fit.conf_int().loc["r_squared"].tolist() == [0.0, 1.0]
    assert "do not differ" in fit.threshold_effect()["reason"]
    with pytest.raises(DataError, match="do not differ"):
        fit.predict()
    assert "nan" in str(fit.summary())
    fit.plot()


def test_trials_that_are_all_alike():
    table = pd.DataFrame({"t": [-0.1] * 6, "s": [-0.2] * 6, "e": [0.1] * 6})
    fit = quiet_fit(smx.TrialLevelSurrogacy("t ~ s", table, std_error=("e", "e"), correlation=0.5))
    assert np.isnan(fit.r_squared)
    assert fit.params[["sd_surrogate", "sd_outcome"]].tolist() == [0.0, 0.0]


def test_few_trials_are_said(melanoma):
    with pytest.raises(DataError, match="at least 5"):
        model_of(melanoma[:4])
    kinds = [finding.kind for finding in quiet_fit(model_of(melanoma[:7])).findings]
    assert "few_trials" in kinds


def test_a_typing_error_is_found(melanoma):
    wrong = melanoma.copy()
    wrong.loc[3, "lower_os"] = 0.025
    with pytest.warns(DataWarning, match="Hauschild"):
        model_of(wrong).fit()


@pytest.mark.parametrize(
    ("how", "error", "match"),
    [
        ({"correlation": None}, DataError, "must be given"),
        ({"correlation": 1.0}, DataError, "between -1 and 1"),
        ({"correlation": "rho"}, DataError, "rho"),
        ({"correlation": (0.7, 0.3)}, DataError, "lower end first"),
        ({"limits": None}, DataError, "`std_error`"),
        (
            {"limits": (("upper_os", "lower_os"), ("lower_pfs", "upper_pfs"))},
            DataError,
            "no limits of a ratio",
        ),
        ({"limits": None, "std_error": ("trial", "hr_pfs")}, DataError, "trial"),
        ({"formula": "hr_os ~ hr_pfs + n_treated"}, FormulaError, "one effect on each side"),
        ({"formula": "log(hr_os) ~ log(nothing)"}, DataError, "nothing"),
        ({"formula": "log(hr_os - 1) ~ log(hr_pfs)"}, DataError, "not a finite number"),
        ({"benefit": "more"}, DataError, "benefit"),
        ({"trial": "n_control"}, DataError, "two rows"),
    ],
)
def test_bad_input(melanoma, how, error, match):
    given = {"formula": FORMULA, "limits": LIMITS, "correlation": 0.5, "trial": "trial", **how}
    with pytest.raises(error, match=match):
        smx.TrialLevelSurrogacy(data=melanoma, **given)


def test_missing_values_and_other_frames(melanoma, fitted):
    polars = pytest.importorskip("polars")
    table = melanoma.copy()
    table.loc[14] = table.loc[0]
    table.loc[14, ["trial", "hr_os"]] = ["new", np.nan]
    with pytest.warns(DataWarning, match="left out: new"):
        model = model_of(table)
    assert_allclose(model.fit().params, fitted.params, atol=1e-9)
    assert_allclose(model_of(polars.from_pandas(melanoma)).fit().params, fitted.params, atol=1e-9)
