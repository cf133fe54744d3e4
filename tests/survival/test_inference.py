"""Profile intervals, tests between models, residuals, influence, calibration, comparison and their pictures."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from melanoma_models import FAMILIES, fitted, melanoma
from numpy.testing import assert_allclose
from scipy import optimize, stats

import statmodels_x as smx
from statmodels_x import APGW, FlexibleSurvival, compare, ladder
from statmodels_x.core.errors import DataError, IdentificationWarning, StatmodelsXError
from statmodels_x.survival.inference.hypotheses import is_nested
from statmodels_x.survival.inference.prediction import CONTRASTS, PLAIN_KINDS, TIME_KINDS
from statmodels_x.survival.kernels.likelihood import loglik

INF = np.inf
LEVEL = stats.chi2.ppf(0.95, 1)
PAPER = {"scale": "aft", "other_scale": 1.0}


@pytest.fixture(scope="module")
def data():
    return melanoma(plain=True)


@pytest.fixture(scope="module")
def fits(data):
    return fitted(FAMILIES, data, tol=1e-14)


def fit(data, formula, **options):
    return FlexibleSurvival(f"Surv(time, status) ~ {formula}", data, **options).fit(tol=1e-14)


def held(found, k, value):
    """Best log-likelihood with one coefficient held: a search that shares nothing with the profile's."""
    arrays, others = found.sample.arrays, np.arange(len(found.params)) != k

    def loss(free):
        theta = np.full(len(others), value)
        theta[others] = free
        llf, score, _ = loglik(theta, arrays)
        return -llf, -score[others]

    # along the ridge of the normal approximation from the maximum
    covariance, params = found.covariance.to_numpy(), found.params.to_numpy()
    start = params + covariance[k] / covariance[k, k] * (value - params[k])
    scale = np.sqrt(np.diag(covariance))[others]
    best = optimize.minimize(
        lambda u: (lambda f, g: (f, g * scale))(*loss(start[others] + u * scale)),
        np.zeros(others.sum()), jac=True, method="BFGS", options={"gtol": 1e-7},
    )  # fmt: skip
    return -best.fun


# ---- profile intervals


@pytest.mark.parametrize("name", ["apgw", "weibull_ph", "power", "burr", "mixture", "promotion"])
def test_profile_intervals_invert_the_likelihood_ratio(fits, name):
    found = fits[name]
    table = found.conf_int(method="profile")
    assert list(table.columns) == ["lower", "upper"]
    assert table.index.equals(found.params.index)
    assert np.all((table["lower"] < found.params) & (found.params < table["upper"]))
    for k in range(len(table)):
        for bound in table.iloc[k]:
            if np.isfinite(bound):
                assert 2.0 * (found.llf - held(found, k, bound)) == pytest.approx(LEVEL, abs=2e-4)


def test_profile_intervals_of_other_levels(fits):
    found = fits["weibull"]
    wide, narrow = found.conf_int(0.01, "profile"), found.conf_int(0.5, "profile")
    assert np.all((wide["lower"] < narrow["lower"]) & (narrow["upper"] < wide["upper"]))
    bound = narrow.loc[("aft", "x"), "upper"]
    assert 2.0 * (found.llf - held(found, 1, bound)) == pytest.approx(stats.chi2.ppf(0.5, 1), abs=1e-4)
    # the log-likelihood of the exponential's hazard is nearly a parabola
    wald, profile = (fits["exponential"].conf_int(0.5, method) for method in ("wald", "profile"))
    assert np.all(np.abs(wald - profile).max(axis=1) < 0.05 * fits["exponential"].bse)


def test_a_profile_with_offsets_weights_and_late_entry(data):
    frame = data.assign(
        entry=np.where(data["time"] > 0.5, 0.3, 0.0), w=np.arange(284) % 3 + 1, o=0.1 * data["z"]
    )
    found = FlexibleSurvival(
        "Surv(entry, time, status) ~ x + offset(o)", frame, distribution="weibull", weights="w"
    ).fit(tol=1e-14)  # fmt: skip
    table = found.conf_int(method="profile")
    for k in range(3):
        for bound in table.iloc[k]:
            assert 2.0 * (found.llf - held(found, k, bound)) == pytest.approx(LEVEL, abs=2e-4)


def test_a_profile_of_a_single_parameter(data):
    found = fit(data, "1", distribution="exponential")
    table = found.conf_int(method="profile").iloc[0]
    events, total = data["status"].sum(), data["time"].sum()

    def llf(eta):
        return events * eta - np.exp(eta) * total

    for bound in table:
        assert 2.0 * (found.llf - llf(bound)) == pytest.approx(LEVEL, abs=1e-4)


def test_the_profile_of_a_contrast_does_not_depend_on_the_coding(data):
    first = fit(data, "x", distribution="weibull").conf_int(method="profile").loc[("ph", "x")]
    other = fit(data.assign(x=1 - data["x"]), "x", distribution="weibull").conf_int(method="profile")
    assert_allclose(first.to_numpy(), -other.loc[("ph", "x")].to_numpy()[::-1], atol=1e-5)


def test_profiles_need_a_regular_maximum_and_the_data(data, tmp_path):
    with pytest.warns(IdentificationWarning):
        ridge = FlexibleSurvival("Surv(time, status) ~ x", data, shape=1.0, other_scale="~ 1").fit()
    with pytest.raises(DataError, match="regular maximum"):
        ridge.conf_int(method="profile")
    loaded = smx.load(smx.save(fit(data, "x", distribution="weibull"), tmp_path / "fit"))
    for call in (lambda: loaded.conf_int(method="profile"), loaded.residuals, loaded.calibration,
                 loaded.plot_residuals):  # fmt: skip
        with pytest.raises(DataError, match="keep_data=True"):
            call()
    with pytest.raises(StatmodelsXError, match="`method`"):
        loaded.conf_int(method="bootstrap")


# ---- tests between models


def test_the_likelihood_ratio(fits, data):
    small, large = fit(data, "x", **PAPER), fits["apgw"]
    test = small.lr_test(large)
    assert test["statistic"] == pytest.approx(2.0 * (large.llf - small.llf), rel=1e-12)
    assert test["df"] == 1
    assert test["p.value"] == pytest.approx(stats.chi2.sf(test["statistic"], 1), rel=1e-12)
    assert test.index.tolist() == ["statistic", "df", "p.value"]
    both = fit(data, "1", **PAPER).lr_test(large)
    assert both["df"] == 2
    assert both["p.value"] == pytest.approx(stats.chi2.sf(both["statistic"], 2), rel=1e-12)


NESTED = {
    ("weibull", "apgw"): True,
    ("exponential", "weibull"): True,
    ("exponential", "apgw"): True,
    ("weibull_ph", "ph"): True,
    ("loglogistic", "burr"): True,
    ("loglogistic", "both"): True,
    ("burr", "both"): True,
    ("apgw", "weibull"): False,
    ("apgw", "apgw"): False,
    ("weibull", "burr"): False,
    ("burr", "weibull"): False,
    ("loglogistic", "weibull"): False,
    ("weibull_ph", "apgw"): False,
    ("burr_ph", "both"): False,
    ("gompertz_shape", "apgw"): False,  # kappa = infinity is no interior point
    ("mixture", "promotion"): False,
    ("weibull", "mixture"): False,
}


@pytest.mark.parametrize(("small", "large"), NESTED)
def test_which_models_are_nested(fits, small, large):
    assert is_nested(fits[small], fits[large]) == NESTED[small, large]
    if NESTED[small, large]:
        assert fits[large].llf >= fits[small].llf - 1e-7
        test = fits[small].lr_test(fits[large])
        assert 0.0 <= test["p.value"] <= 1.0
    else:
        with pytest.raises(DataError, match="not nested"):
            fits[small].lr_test(fits[large])


def test_nesting_inside_a_part(data):
    base = fit(data, "x", distribution="weibull")
    assert is_nested(base, fit(data, "x + z", distribution="weibull"))
    assert not is_nested(base, fit(data, "z", distribution="weibull", power="~ z"))
    assert is_nested(base, fit(data, "x", distribution="weibull", power="~ z"))
    offset = fit(data, "x + offset(0.1 * z)", distribution="weibull")
    assert not is_nested(base, fit(data, "x + sex + offset(0.1 * z)", distribution="weibull"))
    assert is_nested(offset, fit(data, "x + sex + offset(0.1 * z)", distribution="weibull"))
    cured = {"distribution": "weibull", "cure_kind": "promotion"}
    assert is_nested(fit(data, "1", cure="~ 1", **cured), fit(data, "1", cure="~ x", **cured))
    # gamma = 1 is not to be had without an intercept
    assert not is_nested(fit(data, "x", power=1.0, shape=1.0), fit(data, "x", power="~ 0 + x", shape=1.0))


def test_tests_refuse_other_rows_and_ridges(fits, data):
    with pytest.raises(DataError, match="differ in their rows"):
        fit(data.head(250), "x", distribution="weibull").lr_test(fits["weibull"])
    with pytest.warns(IdentificationWarning):
        ridge = FlexibleSurvival("Surv(time, status) ~ x", data, shape=1.0, other_scale="~ 1").fit()
    with pytest.raises(DataError, match="ridge"):
        fit(data, "x", distribution="weibull").lr_test(ridge)


def test_the_score_test_by_hand(data):
    # exponential against a covariate: score sum x (d - H), information by the 2 by 2 determinant
    small = fit(data, "1", distribution="exponential")
    test = small.score_test(FlexibleSurvival("Surv(time, status) ~ x", data, distribution="exponential"))
    h = np.exp(small.params.iloc[0]) * data["time"]
    score = np.sum(data["x"] * (data["status"] - h))
    information = np.sum(data["x"] ** 2 * h) - np.sum(data["x"] * h) ** 2 / h.sum()
    assert test["statistic"] == pytest.approx(score**2 / information, rel=1e-6)
    assert test["df"] == 1
    assert test["p.value"] == pytest.approx(stats.chi2.sf(test["statistic"], 1))


def sample(n, seed, effect=0.0):
    rng = np.random.default_rng(seed)
    x, z = rng.integers(0, 2, n), rng.standard_normal(n)
    event = APGW(np.exp(0.3 * x + effect * z), 1.0, 1.4, 1.0).rvs(seed=rng)
    end = rng.uniform(0.5, 4.0, n)
    return pd.DataFrame({"time": np.minimum(event, end), "status": (event <= end) * 1, "x": x, "z": z})


@pytest.mark.parametrize("options", [{"distribution": "weibull"}, {"distribution": "loglogistic"},
                                     {"distribution": "weibull", "scale": "ph"}])  # fmt: skip
def test_three_tests_agree_in_large_samples(options):
    frame = sample(6000, 3, effect=0.03)
    small, large = fit(frame, "x", **options), fit(frame, "x + z", **options)
    ratio = small.lr_test(large)["statistic"]
    score = small.score_test(FlexibleSurvival("Surv(time, status) ~ x + z", frame, **options))["statistic"]
    wald = large.tvalues[large.specification.scale, "z"] ** 2
    assert ratio > 1.0
    assert_allclose([score, wald], ratio, rtol=0.05)


def test_score_tests_of_a_fixed_value(data):
    # the exponential's power, fixed at 1, becomes an intercept: Bartlett's test of it by hand
    small = fit(data, "1", distribution="exponential")
    test = small.score_test(FlexibleSurvival("Surv(time, status) ~ 1", data, distribution="weibull"))
    assert test["df"] == 1
    log_z = np.log(data["time"]) + small.params.iloc[0]
    h = np.exp(log_z)
    score = np.sum(data["status"] * (1.0 + log_z) - h * log_z)
    # second derivatives in (tau, alpha) at alpha = 0
    a, b = np.sum(h), np.sum(h * (1.0 + log_z) - data["status"])
    c = np.sum(h * log_z * (1.0 + log_z) - data["status"] * log_z)
    assert test["statistic"] == pytest.approx(score**2 / (c - b**2 / a), rel=1e-5)


def test_the_score_test_of_a_model_that_is_true_already(data):
    # the added column is orthogonal to every residual: a copy of a fitted combination has no score
    small = fit(data, "x", distribution="exponential", scale="aft")
    h = small.residuals("martingale")
    z = data["z"] - np.polyval(np.polyfit(h, data["z"], 1), h)
    z = z - h * (z @ h) / (h @ h)
    larger = FlexibleSurvival(
        "Surv(time, status) ~ x + z", data.assign(z=z), distribution="exponential", scale="aft"
    )
    assert small.score_test(larger)["statistic"] == pytest.approx(0.0, abs=1e-6)
    found = larger.fit(tol=1e-14)
    assert small.lr_test(found)["statistic"] == pytest.approx(0.0, abs=1e-6)
    assert found.params["aft", "z"] == pytest.approx(0.0, abs=1e-5)


def test_score_tests_refuse_models_that_are_not_larger(data):
    small = fit(data, "x", distribution="weibull")
    with pytest.raises(DataError, match="not larger"):
        small.score_test(FlexibleSurvival("Surv(time, status) ~ x", data, distribution="weibull"))
    with pytest.raises(DataError, match="other rows"):
        small.score_test(FlexibleSurvival("Surv(time, status) ~ x + z", data.head(200)))
    with pytest.raises(DataError, match="not nested"):
        small.score_test(FlexibleSurvival("Surv(time, status) ~ z", data, power="~ z"))


def test_scale_tests(data):
    rng = np.random.default_rng(5)
    x = rng.integers(0, 2, 2500)
    # proportional hazards with a kappa far from the Weibull's
    event = APGW(1.0, np.exp(-0.8 * x), 2.0, 0.0).rvs(seed=rng)
    end = rng.uniform(0.5, 9.0, 2500)
    frame = pd.DataFrame({"time": np.minimum(event, end), "status": (event <= end) * 1, "x": x})
    found = fit(frame, "x", other_scale="~ x", shape=0.0)
    table = found.scale_tests()
    assert table.index.tolist() == ["ph", "aft"]
    assert list(table.columns) == ["statistic", "df", "p.value", "valid", "note"]
    for hypothesis, tested in (("ph", "aft"), ("aft", "ph")):
        row = table.loc[hypothesis]
        assert row["statistic"] == pytest.approx(found.tvalues[tested, "x"] ** 2, rel=1e-8)
        assert row["p.value"] == pytest.approx(stats.chi2.sf(row["statistic"], 1), rel=1e-8)
    assert table["valid"].all()
    assert table.loc["ph", "p.value"] > 0.01
    assert table.loc["aft", "p.value"] < 0.001
    weibull = fit(data, "x", distribution="weibull")
    with pytest.raises(DataError, match="other_scale='~ x'"):
        weibull.scale_tests()


def test_scale_tests_mean_nothing_at_the_weibull(data):
    with pytest.warns(IdentificationWarning):
        ridge = FlexibleSurvival("Surv(time, status) ~ x", data, shape=1.0, other_scale="~ x").fit()
    table = ridge.scale_tests()
    assert not table["valid"].any()
    assert (table["note"] != "").all()


# ---- calibration


@pytest.mark.parametrize("by", [None, "x"])
@pytest.mark.parametrize("late", [False, True])
def test_calibration(data, by, late):
    from lifelines import KaplanMeierFitter

    frame = data.assign(entry=np.where((data["time"] > 1.0) & (data["z"] > 0.0), 0.5, 0.0))
    formula = "Surv(entry, time, status) ~ x" if late else "Surv(time, status) ~ x"
    found = FlexibleSurvival(formula, frame).fit()
    table = found.calibration(by)
    columns = ["time", "kaplan_meier", "fitted", "lower", "upper", "difference"]
    assert list(table.columns) == ([by] if by else []) + columns
    for level in (0, 1) if by else (None,):
        part = frame if by is None else frame[frame["x"] == level]
        rows = table if by is None else table[table["x"] == level]
        curve = KaplanMeierFitter().fit(part["time"], part["status"], entry=part["entry"] if late else None)
        times = np.unique(part.loc[part["status"] == 1, "time"])
        assert_allclose(rows["time"], times)
        assert_allclose(rows["kaplan_meier"], curve.survival_function_at_times(times), rtol=1e-12)
        fitted = found.standardise(at=times, over=part)
        assert_allclose(rows[["fitted", "lower", "upper"]], fitted[["estimate", "lower", "upper"]])
        assert_allclose(rows["difference"], rows["kaplan_meier"] - rows["fitted"])
    assert np.abs(table["difference"]).max() < 0.15
    with pytest.raises(DataError, match="`by` is 'colour'"):
        found.calibration("colour")


# ---- tables of models


def test_compare(fits, data):
    small = {name: fits[name] for name in ("exponential", "weibull", "apgw", "ph")}
    table = compare(*small.values(), names=list(small))
    assert list(table.columns) == ["logLik", "df", "AIC", "delta_AIC", "AICc", "BIC", "regular", "note",
                                   "versus", "LR", "p.value", "starts", "ridge"]  # fmt: skip
    assert table["AIC"].is_monotonic_increasing
    for name, found in small.items():
        p = len(found.params)
        assert table.loc[name, "AICc"] == pytest.approx(found.aic + 2.0 * p * (p + 1) / (284 - p - 1))
        assert table.loc[name, "logLik"] == found.llf
    assert table["delta_AIC"].min() == 0.0
    assert table.loc["weibull", "versus"] == "exponential"
    assert table.loc["apgw", "versus"] == "weibull"  # the largest that is nested
    for large, nested in (("weibull", "exponential"), ("apgw", "weibull")):
        test = fits[nested].lr_test(fits[large])
        assert table.loc[large, "LR"] == pytest.approx(test["statistic"])
        assert table.loc[large, "p.value"] == pytest.approx(test["p.value"])
    assert table.loc["exponential", "versus"] == ""
    assert np.isnan(table.loc["exponential", "LR"])


def test_compare_puts_ridges_last(fits, data):
    with pytest.warns(IdentificationWarning):
        ridge = FlexibleSurvival("Surv(time, status) ~ x + z", data, shape=1.0, other_scale="~ 1").fit()
    table = compare(ridge, fits["exponential"], fits["weibull"], names=["ridge", "exponential", "weibull"])
    assert ridge.aic < fits["exponential"].aic
    assert table.index.tolist() == ["weibull", "exponential", "ridge"]
    assert np.isnan(table.loc["ridge", "delta_AIC"])
    assert table.loc["ridge", "note"] == "weibull"
    assert table.loc["ridge", "versus"] == ""
    assert not table.loc["ridge", "regular"]


def test_compare_needs_the_same_rows(fits, data):
    other = fit(data.head(200), "x", distribution="weibull")
    with pytest.raises(DataError, match="differ in their rows"):
        compare(fits["weibull"], other)
    changed = data.copy()
    changed.loc[0, "status"] = 1 - changed.loc[0, "status"]
    with pytest.raises(DataError, match="differ in their rows"):
        compare(fits["weibull"], fit(changed, "x", distribution="weibull"))
    with pytest.raises(DataError, match="at least two"):
        compare(fits["weibull"])
    with pytest.raises(DataError, match="1 names for 2 fits"):
        compare(fits["weibull"], fits["apgw"], names=["a"])


@pytest.fixture(scope="module")
def grid(data):
    return ladder("Surv(time, status) ~ x", data)


def test_the_ladder(grid, data):
    assert len(grid) == 28
    assert {"exponential", "weibull", "loglogistic + power", "burr12, ph", "aft + power + shape",
            "both, ph + shape", "both, aft + ph + power"} <= set(grid.index)  # fmt: skip
    ranked = grid[grid["regular"]]
    assert ranked["AIC"].is_monotonic_increasing
    assert ranked["delta_AIC"].iloc[0] == 0.0
    last = grid[~grid["regular"]]
    assert grid.index.tolist() == [*ranked.index, *last.index]
    assert last["delta_AIC"].isna().all()
    assert (last["note"] != "").all()
    single = {
        "weibull": {"distribution": "weibull"},
        "aft": {"scale": "aft"},
        "ph + power": {"power": "~ x"},
        "burr12, aft": {"distribution": "burr12", "scale": "aft"},
        "both, aft + power": {"scale": "aft", "other_scale": "~ 1", "power": "~ x"},
    }
    for name, options in single.items():
        assert grid.loc[name, "logLik"] == pytest.approx(fit(data, "x", **options).llf, abs=1e-6)
    # a model never ends below one that it holds
    for larger, smaller in pairwise(["aft + power + shape", "aft + power", "aft", "weibull", "exponential"]):
        if grid.loc[larger, "regular"]:
            assert grid.loc[larger, "logLik"] >= grid.loc[smaller, "logLik"] - 1e-6


FEW = {"weibull": {"distribution": "weibull"}, "aft": {"scale": "aft"}, "ph": {}}


@pytest.fixture
def _few_models(monkeypatch):
    monkeypatch.setattr("statmodels_x.survival.ladder.ladder_forms", lambda right_side: FEW)


@pytest.mark.usefixtures("_few_models")
def test_the_ladder_in_two_processes(grid, data):
    two = ladder("Surv(time, status) ~ x", data, n_jobs=2)
    pd.testing.assert_frame_equal(two, ladder("Surv(time, status) ~ x", data))
    assert_allclose(two["logLik"], grid.loc[two.index, "logLik"], rtol=1e-12)


@pytest.mark.usefixtures("_few_models")
def test_the_ladder_passes_weights_on():
    frame, weight = sample(300, 4), np.arange(300) % 3 + 1.0
    table = ladder("Surv(time, status) ~ x", frame, weights=weight)
    for name, options in FEW.items():
        found = fit(frame, "x", weights=weight, **options)
        assert table.loc[name, "logLik"] == pytest.approx(found.llf, abs=1e-6)
    double = ladder("Surv(time, status) ~ x", frame, weights=2.0 * weight)
    assert_allclose(double["logLik"], 2.0 * table.loc[double.index, "logLik"], rtol=1e-7)


# ---- pictures


CURVES = [*TIME_KINDS, "quantile", *(k for k in CONTRASTS if k.rpartition("_")[0] not in PLAIN_KINDS)]


@pytest.mark.parametrize("name", ["weibull_ph", "mixture"])
@pytest.mark.parametrize("kind", CURVES)
def test_pictures_of_every_curve(fits, name, kind):
    ax = fits[name].plot(kind, by="x")
    assert isinstance(ax, plt.Axes)
    assert ax.get_xlabel() == ("Probability of the event" if kind.startswith("quantile") else "Time")
    words = {
        "survival": "Survival probability", "odds": "Odds of the event", "rmst": "Restricted mean time",
        "quantile": "Time", "cumulative_hazard": "Cumulative hazard", "hazard": "Hazard", "density": "Density",
    }  # fmt: skip
    name, _, how = kind.rpartition("_") if kind in CONTRASTS else (kind, "", "")
    assert ax.get_ylabel() == f"{words[name]} {how}".strip()
    fitted = [
        line for line in ax.lines
        if len(line.get_xdata()) > 50 and line.get_drawstyle() == "default" and line.get_marker() == "None"
    ]  # fmt: skip
    assert len(fitted) == (1 if how else 2)
    assert ax.get_legend() is not None
    assert ax.get_yscale() == ("log" if how == "ratio" else "linear")
    ax.figure.canvas.draw()


@pytest.mark.parametrize("kind", [*PLAIN_KINDS, "link", "median_ratio", "cure_fraction_difference"])
def test_what_is_no_curve(fits, kind):
    with pytest.raises(StatmodelsXError, match="`kind`"):
        fits["mixture"].plot(kind, by="x")


def test_simultaneous_bands_in_pictures(fits):
    point, band = (fits["weibull_ph"].plot(by="x", simultaneous=wide) for wide in (False, True))

    def height(ax):
        return sum(np.ptp(path.vertices[:, 1]) for c in ax.collections for path in c.get_paths())

    spans = [np.abs(np.diff(ax.collections[0].get_paths()[0].vertices[:, 1])).sum() for ax in (point, band)]
    assert spans[1] > spans[0] or height(band) >= height(point)
