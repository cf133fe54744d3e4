"""What must not pass without a word: other rows, few events, few clusters, limits of the family, doubtful winners."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x import FlexibleSurvival
from statmodels_x.core.errors import DataError, IdentificationWarning, StatmodelsXWarning
from statmodels_x.core.fits.inference import corrected_sandwich
from statmodels_x.survival.kernels.likelihood import loglik, row_scores
from statmodels_x.survival.reading.fingerprint import are_same, fingerprint

FORMULA = "Surv(time, status) ~ treatment"


@pytest.fixture(scope="module")
def data():
    return smx.datasets.load_melanoma()


def quietly(formula, frame, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        return FlexibleSurvival(formula, frame, **options).fit(tol=1e-14)


# ---- the same rows


def test_a_fingerprint_is_free_of_order_and_rounding_and_of_nothing_else(data):
    def of(frame):
        return fingerprint(FlexibleSurvival(FORMULA, frame).to_arrays())

    base, rng = of(data), np.random.default_rng(0)
    assert len(base) == 160
    assert are_same(base, of(data.sample(frac=1.0, random_state=1)))
    assert are_same(base, of(data.assign(time=data["time"] * (1.0 + 2e-16 * rng.integers(-2, 3, len(data))))))
    assert not are_same(base, of(data.assign(time=12.0 * data["time"])))
    one_time, one_status = data.copy(), data.copy()
    one_time.loc[5, "time"] *= 1.01
    one_status.loc[5, "status"] = 1 - one_status.loc[5, "status"]
    assert not are_same(base, of(one_time))
    assert not are_same(base, of(one_status))
    order = rng.permutation(len(data))
    halves = data.iloc[order[:142]], data.iloc[order[142:]]
    assert not are_same(of(halves[0]), of(halves[1]))


def test_fits_in_other_units_and_of_other_rows_are_not_compared(data):
    months = FlexibleSurvival(FORMULA, data.assign(time=12.0 * data["time"]), "weibull").fit()
    years = FlexibleSurvival(FORMULA, data).fit()
    with pytest.raises(DataError, match=r"differ in their times \(another unit, or other rows\)"):
        months.lr_test(years)
    with pytest.raises(DataError, match="differ in their times"):
        smx.compare(months, years)
    with pytest.raises(DataError, match="another unit of time"):
        months.score_test(FlexibleSurvival(FORMULA, data, "weibull", power="~ treatment"))


# ---- few events


@pytest.mark.parametrize(("terms", "kind"), [(4, "few_events"), (8, "few_events"), (20, "overfitted")])
def test_events_per_parameter(terms, kind):
    rng = np.random.default_rng(5)
    n = 60
    frame = pd.DataFrame(rng.normal(size=(n, terms)), columns=[f"x{k}" for k in range(terms)])
    t, c = np.exp(0.7 * frame["x0"]) * rng.weibull(1.2, n), rng.exponential(1.2, n)
    frame["t"], frame["s"] = np.minimum(t, c), (t <= c).astype(int)
    fit = quietly("Surv(t, s) ~ " + " + ".join(f"x{k}" for k in range(terms)), frame, distribution="weibull")
    found = {finding.kind: finding for finding in fit.findings}
    assert f"{fit.n_events / fit.df_model:.1f} each" in found[kind].text
    assert (found[kind].category is None) == (fit.n_events >= 5 * fit.df_model)
    assert fit.is_regular == (kind != "overfitted")
    assert f"({fit.n_events / fit.df_model:.1f} per parameter)" in fit.summary().as_text()


# ---- clusters


def clustered(n_clusters, size, seed=1):
    rng = np.random.default_rng([seed, n_clusters, size])
    g = np.repeat(np.arange(n_clusters), size)
    n = len(g)
    between, within = (g % 2).astype(float), rng.binomial(1, 0.5, n).astype(float)
    t = rng.weibull(1.4, n) * np.exp(0.5 * between + 0.5 * within + 0.4 * rng.normal(size=n_clusters)[g])
    c = rng.uniform(0.5, 4.0, n)
    return pd.DataFrame(
        {"t": np.minimum(t, c), "s": (t <= c) * 1, "between": between, "within": within, "g": g}
    )


def test_the_correction_for_few_clusters_by_hand():
    frame = clustered(12, 25, seed=3)
    fit = quietly("Surv(t, s) ~ between + within", frame, cluster="g", distribution="weibull")
    arrays, theta, ids = fit.sample.arrays, fit.theta, frame["g"].to_numpy()
    groups = [np.flatnonzero(ids == g) for g in range(12)]
    p = len(theta)
    bread = np.linalg.inv(-loglik(theta, arrays)[2])
    scores = np.array([row_scores(theta, arrays)[rows].sum(axis=0) for rows in groups])
    informations = np.array([-loglik(theta, arrays.take(rows))[2] for rows in groups])
    root = np.linalg.cholesky(bread)
    adjust = []
    for information in informations:
        w, u = np.linalg.eigh(np.eye(p) - root.T @ information @ root)
        adjust.append(np.linalg.inv(root).T @ (u * w**-0.5) @ u.T @ root.T)
    moved = np.array([a @ s for a, s in zip(adjust, scores, strict=True)])
    assert_allclose(fit.covariance, bread @ (moved.T @ moved) @ bread, rtol=1e-8)
    for j in range(p):
        b = [bread[j] @ a for a in adjust]
        gamma = np.array(
            [[-b[g] @ informations[g] @ bread @ informations[h] @ b[h] for h in range(12)] for g in range(12)]
        )
        gamma += np.diag([b[g] @ informations[g] @ b[g] for g in range(12)])
        df = np.trace(gamma) ** 2 / np.sum(gamma * gamma.T)
        assert fit.reference.each[j] == pytest.approx(max(df, 1.0), rel=1e-8)
    from scipy import stats

    reach = stats.t.isf(0.025, fit.reference.each) * fit.bse
    assert_allclose(fit.conf_int()["upper"], fit.params + reach)
    assert_allclose(fit.pvalues, 2.0 * stats.t.sf(np.abs(fit.tvalues), fit.reference.each))
    test = fit.wald_test("ph.within = 0")
    assert test["p.value"] == pytest.approx(fit.pvalues["ph", "within"], rel=1e-9)
    text = fit.summary(effects=False).as_text()
    assert "12 clusters, df" in text
    assert "P>|t|" in text
    uncorrected = FlexibleSurvival("Surv(t, s) ~ between + within", frame, "weibull", cluster="g").fit(
        "cluster_cr0"
    )
    assert uncorrected.reference.is_normal
    assert_allclose(uncorrected.covariance, bread @ (scores.T @ scores) @ bread, rtol=1e-6)


def test_one_cluster_and_few():
    frame = clustered(3, 50)
    with pytest.raises(DataError, match="there is one cluster"):
        FlexibleSurvival("Surv(t, s) ~ within", frame.assign(g=1), cluster="g").fit()
    few = quietly("Surv(t, s) ~ within", frame, cluster="g", distribution="weibull")
    assert any(
        finding.kind == "few_clusters" and "degrees of freedom" in finding.text for finding in few.findings
    )


def test_a_direction_that_one_cluster_determines_has_no_error():
    bread = np.diag([0.5, 1.0])
    informations = np.array([np.diag([1.0, 1.0]), np.diag([1.0, 0.0])])
    scores = np.array([[1.0, 0.0], [-1.0, 0.0]])
    _, _, lost = corrected_sandwich(bread, scores, informations, np.eye(2))
    assert lost.tolist() == [False, True]


@pytest.mark.parametrize(("n_clusters", "size"), [(5, 40), (12, 25)])
def test_coverage_with_few_clusters(n_clusters, size):
    inside = []
    for seed in range(300):
        fit = quietly(
            "Surv(t, s) ~ between + within", clustered(n_clusters, size, seed + 100), cluster="g", scale="aft"
        )
        limits = fit.conf_int().loc["aft"]
        inside.append(
            [(limits.loc[v, "lower"] < -0.5 < limits.loc[v, "upper"]) for v in ("between", "within")]
        )
    assert np.all(np.abs(np.mean(inside, axis=0) - 0.9575) < 0.0275 + 0.013)


# ---- frequency weights


@pytest.mark.parametrize("cov_type", ["robust", "observed"])
def test_frequency_weights_stand_for_rows_in_the_sandwich(data, cov_type):
    weight = np.random.default_rng(4).integers(1, 5, len(data))
    weighted = FlexibleSurvival(FORMULA, data.assign(w=weight), weights="w").fit(cov_type)
    repeated = FlexibleSurvival(FORMULA, data.loc[data.index.repeat(weight)]).fit(cov_type)
    assert_allclose(weighted.bse, repeated.bse, rtol=1e-5)


# ---- limits


def censored_weibull(seed, n=200, cut=0.25):
    r = np.random.default_rng(seed)
    x, z = r.normal(size=n), r.integers(0, 2, n)
    t = np.exp(0.5 * x + 0.3 * z) * r.weibull(1.3, n)
    c = r.uniform(0.0, 2.0 * np.quantile(t, cut), n)
    return pd.DataFrame({"x": x, "z": z, "t": np.minimum(t, c), "s": (t <= c) * 1})


@pytest.mark.parametrize(
    ("seed", "value", "same"),
    [
        (7, "kappa = infinity and no cured fraction", {"shape": float("inf")}),
        (13, "no cured fraction and kappa = infinity", {"shape": float("inf")}),
        (25, "kappa = 0 and no cured fraction", {"shape": 0.0}),
    ],
)
def test_a_limit_of_a_limit_is_fitted(seed, value, same):
    r = np.random.default_rng(seed)
    x = r.integers(0, 2, 120)
    t = r.weibull(1.3, 120) * np.exp(0.5 * x)
    t = np.where(r.random(120) < 0.3, np.inf, t)
    c = r.uniform(0.3, 0.8, 120)
    frame = pd.DataFrame({"x": x, "t": np.minimum(t, c), "s": (t <= c) * 1})
    fit = quietly("Surv(t, s) ~ x", frame, cure="~ 1")
    assert fit.limit.value == value
    assert fit.bse.notna().all()
    member = quietly("Surv(t, s) ~ x", frame, **same)
    assert fit.llf == pytest.approx(member.llf, abs=1e-6)
    assert_allclose(fit.bse, member.bse, rtol=1e-4)


def test_at_a_limit_the_limiting_member_is_fitted():
    paper = {"scale": "aft", "other_scale": 1.0}
    for seed in range(20):
        frame = censored_weibull(seed)
        fit = quietly("Surv(t, s) ~ x + z", frame, **paper)
        if fit.limit is not None:
            break
    assert fit.limit.kind == "kappa_inf"
    fixed = quietly("Surv(t, s) ~ x + z", frame, shape=float("inf"), **paper)
    weibull = quietly("Surv(t, s) ~ x + z", frame, shape=1.0, **paper)
    assert fit.llf == pytest.approx(fixed.llf, abs=1e-8)
    assert fit.df_model == fixed.df_model == 4
    assert_allclose(fit.bse, fixed.bse, rtol=1e-5)
    assert abs(fit.limit.ridge_llf - fit.llf) < 1e-3
    assert fit.limit.weibull_ratio == pytest.approx(2.0 * (fixed.llf - weibull.llf), abs=1e-5)
    at_bound = quietly("Surv(t, s) ~ x + z", frame, shape=fit.limit.kappa_low, **paper)
    assert 2.0 * (fixed.llf - at_bound.llf) == pytest.approx(3.8415, abs=0.1)
    assert "the model with kappa = infinity" in fit.warnings[0]
    assert fit.glance()["note"].iloc[0].startswith("at_limit")
    with pytest.raises(DataError, match="limit of the family, kappa = infinity"):
        fit.score_test(FlexibleSurvival("Surv(t, s) ~ x + z", frame, power="~ x", **paper))
    again = smx.load(smx.save(fit, _path()))
    assert again.limit == fit.limit


def _path():
    from pathlib import Path
    from tempfile import mkdtemp

    return Path(mkdtemp()) / "fit.smx"


def test_kappa_minus_one_is_a_promotion_time_model():
    rng = np.random.default_rng(11)
    n = 800
    x = rng.integers(0, 2, n)
    theta = np.exp(0.3 - 0.5 * x)
    u = rng.uniform(size=n)
    with np.errstate(invalid="ignore"):
        f = -np.log(u) / theta  # S = exp(-theta F), F log-logistic
        event = np.where(f < 1.0, (f / np.maximum(1.0 - f, 1e-12)) ** (1.0 / 3.0), np.inf)
    end = rng.uniform(3.0, 6.0, n)
    frame = pd.DataFrame({"t": np.minimum(event, end), "s": (event <= end) * 1, "x": x})
    both = {"other_scale": "~ 1"}
    fit = quietly("Surv(t, s) ~ x", frame, **both)
    promotion = quietly(
        "Surv(t, s) ~ 1", frame, distribution="loglogistic", cure="~ x", cure_kind="promotion"
    )
    assert fit.llf >= promotion.llf - 1e-2
    if fit.limit is not None:
        assert fit.limit.kind == "kappa_minus_one"
        assert fit.llf == pytest.approx(promotion.llf, abs=1e-6)
        assert_allclose(fit.params["cure"], promotion.params["cure"], atol=1e-5)
        assert fit.natural_params.loc[("cure", "x"), "quantity"] == "hazard ratio"


# ---- starts, names, rankings


def test_a_family_finds_a_start_on_very_wide_intervals():
    q = np.random.default_rng(8)
    m = 400
    log = q.normal(2.5, 0.6, m)
    low, high = np.exp(log - q.exponential(8, m)), np.exp(log + q.exponential(8, m))
    u = q.uniform(size=m)
    low[u < 0.2], high[u > 0.8] = 0.0, np.inf
    fit = quietly(
        'Surv(low, high, type="interval2") ~ 1',
        pd.DataFrame({"low": low, "high": high}),
        distribution="lognormal",
    )
    assert fit.is_regular
    assert fit.llf == pytest.approx(-52.3707144, abs=1e-5)


def test_names_and_columns_of_a_comparison(data):
    fits = [
        FlexibleSurvival(FORMULA, data, **options).fit()
        for options in ({}, {"power": "~ treatment"}, {"scale": "aft"})
    ]
    table = smx.compare(*fits)
    assert len(set(table.index)) == 3
    assert f"{FORMULA}; power ~ treatment" in table.index
    assert set(table["starts"]) <= {"4/4", "5/5"}
    assert "ridge" in table


def test_a_doubtful_maximum_is_not_crowned():
    veteran = smx.datasets.load_veteran()
    formula = "Surv(time, status) ~ treatment + celltype + karno"
    x = "~ treatment + celltype + karno"
    sound = quietly(formula, veteran)
    doubtful = quietly(formula, veteran, power=x, shape=x)
    assert doubtful.doubts
    table = smx.compare(doubtful, sound, names=["doubtful", "sound"])
    assert table.index[0] == "sound"
    assert table.loc["sound", "delta_AIC"] == 0.0
    assert any(doubt in table.loc["doubtful", "note"] for doubt in doubtful.doubts)


# ---- predictions


def test_a_row_without_a_covariate_is_nan_on_request(data):
    fit = FlexibleSurvival(FORMULA, data).fit()
    new = pd.DataFrame({"treatment": [0.0, np.nan, 1.0]}, index=["a", "b", "c"])
    with pytest.raises(DataError, match="missing in 1 row"):
        fit.predict(new, at=[1.0, 2.0])
    table = fit.predict(new, at=[1.0, 2.0], missing="nan")
    whole = fit.predict(new.drop(index="b"), at=[1.0, 2.0])
    assert table["row"].tolist() == ["a", "a", "b", "b", "c", "c"]
    assert table.loc[[2, 3], "estimate"].isna().all()
    assert_allclose(table.loc[[0, 1, 4, 5], "estimate"], whole["estimate"])


def test_standardise_over_several_variables(data):
    fit = FlexibleSurvival("Surv(time, status) ~ treatment + sex", data).fit()
    table = fit.standardise(at=[1.0], by=["treatment", "sex"])
    assert table[["treatment", "sex"]].to_numpy().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    new = pd.DataFrame({"treatment": [0, 0, 1, 1], "sex": [0, 1, 0, 1]})
    assert_allclose(table["estimate"], fit.predict(new, at=1.0)["estimate"])


def test_a_coded_number_is_held_at_a_value_it_has(data):
    fit = FlexibleSurvival("Surv(time, status) ~ treatment + C(sex)", data).fit()
    assert fit.facts.typical["sex"] in (0, 1)
    fit.plot("survival", by="treatment")


# ---- names of ratios, and effects


def test_a_variable_on_two_parameters_is_tested_jointly(data):
    fit = FlexibleSurvival(FORMULA, data, power="~ treatment").fit()
    test = fit.wald_test("ph.treatment = 0, power.treatment = 0")
    block = fit.summary(effects=False).as_text()
    assert "Joint tests" in block
    assert f"{test['statistic']:.2f}" in block


def test_weakness_says_what_it_does_not_touch():
    frame = censored_weibull(3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for seed in range(12):
            FlexibleSurvival("Surv(t, s) ~ x + z", censored_weibull(seed), scale="aft", other_scale=1.0).fit()
    weak = [str(w.message) for w in caught if "Weakly" in str(w.message)]
    assert weak
    for text in weak:
        concerned, _, said = text.partition("the data say little")
        assert "survival within follow-up" in said
        untouched = said.split("unreliable; ")[1]
        for name in ("x", "z"):  # either among the weak, or among what is not affected
            whole = "coefficients of covariates" in untouched
            assert (f"aft {name}" in concerned) != (whole or f"aft {name}" in untouched)
    assert issubclass(caught[0].category, IdentificationWarning)
    assert len(frame) == 200


def test_few_starts_are_run_again_before_the_ranking_doubts(data, monkeypatch):
    from dataclasses import replace

    from statmodels_x.survival import ladder, model

    fit = FlexibleSurvival(FORMULA, data, other_scale="~ 1").fit()
    assert fit.estimate.n_random == 20
    assert not [one for one in fit.findings if one.kind == "few_starts"]
    asked = []
    original = model.FlexibleSurvival.fit

    def lonely(self, **options):
        asked.append(options.get("n_starts"))
        found = original(self, **options)
        few = replace(found.estimate, n_best=1) if options.get("n_starts") is None else found.estimate
        return type(found).of(self._sample, few, "observed")

    monkeypatch.setattr(model.FlexibleSurvival, "fit", lonely)
    once = FlexibleSurvival(FORMULA, data, other_scale="~ 1").fit()
    (said,) = (str(one) for one in once.findings if one.kind == "few_starts")
    assert said == (
        f"1 of {fit.estimate.n_starts} searches ended at this maximum: another may be higher. Run 40 more starts: "
        "fit(n_starts=60)."
    )
    assert once.is_regular
    assert any("starts" in text for text in once.doubts)
    asked.clear()
    again = ladder._fit_form(FORMULA, data, {"other_scale": "~ 1"})
    assert asked == [None, 60]
    assert again.doubts == ()


def test_an_anchor_is_part_of_the_sample(data):
    from dataclasses import replace

    small, large = (
        FlexibleSurvival("Surv(time, status) ~ 1", data).fit(),
        FlexibleSurvival(FORMULA, data).fit(),
    )
    assert small.lr_test(large)["df"] == 1
    twice = data.assign(time=(data["time"] * (1.0 / 365.25)) * 365.25)  # the same times up to rounding
    assert FlexibleSurvival(FORMULA, twice).fit().specification.fixed["aft"] == pytest.approx(
        small.specification.fixed["aft"], abs=1e-12
    )
    rounded = FlexibleSurvival("Surv(time, status) ~ 1", twice).fit()
    moved = replace(
        rounded,
        specification=replace(
            rounded.specification,
            fixed={**rounded.specification.fixed, "aft": rounded.specification.fixed["aft"] + 2e-15},
        ),
    )
    assert moved.lr_test(large)["df"] == 1
    elsewhere = replace(
        large,
        specification=replace(large.specification, anchor_time=0.7),
        facts=replace(large.facts, fingerprint=()),
    )
    with pytest.raises(DataError, match=r"differ in their anchors \(median event times 0.55.* and 0.7\)"):
        small.lr_test(elsewhere)
    with pytest.raises(DataError, match="differ in their anchors"):
        smx.compare(small, elsewhere)


# ---- curves that are steps


@pytest.mark.parametrize("power", [1e-3, 300.0])
@pytest.mark.parametrize("distribution", ["weibull", "lognormal", "apgw"])
def test_curves_that_are_steps_have_predictions(power, distribution):
    """Their times underflow, their hazards overflow; warnings are errors here."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=40)
    frame = pd.DataFrame({"time": rng.exponential(np.exp(0.3 * x)), "status": 1, "x": x, "g": x > 0.0})
    fit = quietly("Surv(time, status) ~ x + g", frame, distribution=distribution, power=power)
    for at in ([0.5, 1.0], [1e-30, 1e30]):
        for kind in ("survival", "hazard", "density", "rmst"):
            fit.predict(frame, kind, at=at, given=0.4)
    for kind in ("mean", "median"):
        fit.predict(frame, kind)
    assert (fit.predict(frame, "quantile", at=[0.1, 0.9])["estimate"] >= 0.0).all()
    fit.standardise("median", by="g")
    for kind in ("cox-snell", "deviance", "quantile"):
        assert not fit.residuals(kind).isna().any()


@pytest.mark.parametrize("power", [1e-4, 1001, 1e30])
def test_powers_beyond_any_curve_are_refused(data, power):
    with pytest.raises(DataError, match=r"`power` is .*; gamma must lie from 0.001 to 1000"):
        FlexibleSurvival(FORMULA, data, power=power)
    with pytest.raises(DataError, match="`power` is inf"):
        FlexibleSurvival(FORMULA, data, power=10**400)  # no float holds it
