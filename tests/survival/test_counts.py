"""Counts of an external cohort as terms of the likelihood: the grouped binomial, repeated rows, published numbers."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binom

import statmodels_x as smx
from statmodels_x.errors import DataError, DataWarning, IdentificationWarning
from statmodels_x.survival.kernels.likelihood import loglik

# the counts of this page were made up, and most models say so; that they do has a test of its own
pytestmark = pytest.mark.filterwarnings("ignore:Rows and external counts contradict each other")

COUNTS = pd.DataFrame(
    {
        "from": [0.0, 3.0, 4.0, 4.0, 6.0],
        "to": [2.0, 4.0, 6.0, 6.5, 11.0],
        "r": [61.0, 36.0, 35.0, 30.0, 22.0],
        "n": [90.0, 52.0, 40.0, 30.0, 25.0],
        "x": [0, 0, 1, 1, 0],
        "sex": ["f", "m", "m", "f", "m"],
    }
)
CURVES = {
    "sex": {"f": smx.Rates([2.0, 5.0], [0.01, 0.02, 0.04]), "m": smx.Rates([2.0, 5.0], [0.20, 0.15, 0.10])}
}
MODELS = {
    "weibull": {"distribution": "weibull"},
    "power": {"other_scale": 2.0, "power": "~ x"},
    "mixture": {"distribution": "weibull", "cure": "~ x"},
    "promotion": {"cure": "~ 1", "shape": 1.0, "cure_kind": "promotion"},
    "lognormal": {"distribution": "lognormal"},
    "lognormal, mixture": {"distribution": "lognormal", "cure": "~ 1"},
    "background": {"distribution": "weibull", "background": CURVES},
    "background, mixture": {"distribution": "weibull", "cure": "~ 1", "background": CURVES},
    "free factor": {"distribution": "weibull", "background": CURVES, "background_factor": "~ 1"},
}


def counts(frame: pd.DataFrame = COUNTS, **options) -> smx.ExternalCounts:
    return smx.ExternalCounts(frame, start="from", stop="to", alive="r", at_risk="n", **options)


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 150
    x = rng.integers(0, 2, n)
    time = (rng.standard_exponential(n) / (0.3 * np.exp(-0.5 * x))) ** (1.0 / 1.2)
    end = rng.uniform(1.0, 4.0, n)
    sex = np.where(rng.random(n) < 0.5, "f", "m")
    time = np.minimum(time, rng.standard_exponential(n) / np.where(sex == "m", 0.2, 0.02))
    return pd.DataFrame({"t": np.minimum(time, end), "d": (time < end) * 1, "x": x, "sex": sex})


def model(trial, external=None, **options) -> smx.FlexibleSurvival:
    given = {"external": counts() if external is None else external, "time_unit": "years"} | options
    return smx.FlexibleSurvival("Surv(t, d) ~ x", trial, **given)


def as_rows(trial: pd.DataFrame, frame: pd.DataFrame = COUNTS, repeat: bool = False) -> pd.DataFrame:
    """The trial and its counts as one frame of intervals with late entry and weights: an independent way in."""
    own = trial.assign(low=trial["t"], high=np.where(trial["d"] == 1, trial["t"], np.inf), e=0.0, w=1.0)
    parts = [own]
    for _, row in frame.iterrows():
        for low, high, weight in (
            (row["to"], np.inf, row["r"]),
            (row["from"], row["to"], row["n"] - row["r"]),
        ):
            if weight:
                parts.append(pd.DataFrame({"low": [low], "high": [high], "e": row["from"], "w": weight,
                                           "x": row["x"], "sex": row["sex"]}))  # fmt: skip
    rows = pd.concat(parts, ignore_index=True)
    return rows.loc[rows.index.repeat(rows["w"].astype(int))].reset_index(drop=True) if repeat else rows


INTERVALS = "Surv(low, high, type='interval2', entry=e) ~ x"


@pytest.mark.parametrize("name", MODELS)
def test_counts_are_the_grouped_binomial_of_predicted_survival(trial, name):
    fit = model(trial, **MODELS[name]).fit()
    expected = []
    for k, row in COUNTS.iterrows():
        at = [time for time in (row["from"], row["to"]) if time > 0.0]
        alive = fit.predict(COUNTS.iloc[[k]], at=at)["estimate"].to_numpy()
        share = alive[-1] / (alive[0] if len(alive) == 2 else 1.0)
        expected.append(binom.logpmf(row["r"], row["n"], share))
    parts = fit.llf_parts
    assert parts["counts"] + parts["constant"] == pytest.approx(np.sum(expected), rel=1e-10)
    assert parts["trial"] + parts["counts"] == pytest.approx(fit.llf, rel=1e-14)


@pytest.mark.parametrize("name", MODELS)
def test_derivatives_are_differences(trial, name):
    made = model(trial, **MODELS[name])
    fit = made.fit()
    arrays = fit.sample.arrays
    theta = fit.theta + 0.1 * np.random.default_rng(1).normal(size=len(fit.theta))
    _, score, hessian = loglik(theta, arrays)
    steps = 1e-5 * np.eye(len(theta))
    up, down = ([loglik(theta + sign * step, arrays) for step in steps] for sign in (1.0, -1.0))
    slopes = [(a[0] - b[0]) / 2e-5 for a, b in zip(up, down, strict=True)]
    bends = [(a[1] - b[1]) / 2e-5 for a, b in zip(up, down, strict=True)]
    assert_allclose(score, slopes, rtol=1e-6, atol=1e-6 * np.abs(score).max())
    assert_allclose(hessian, bends, rtol=1e-6, atol=1e-6 * np.abs(hessian).max())


@pytest.mark.parametrize("name", MODELS)
def test_the_fit_is_that_of_weighted_rows(trial, name):
    fit = model(trial, other_scale=MODELS[name].get("other_scale", 1.0), **{
        k: v for k, v in MODELS[name].items() if k != "other_scale"}).fit()  # fmt: skip
    other = {"other_scale": 1.0} | MODELS[name]
    rows = smx.FlexibleSurvival(INTERVALS, as_rows(trial), weights="w", time_unit="years", **other).fit()
    assert fit.llf == pytest.approx(rows.llf, rel=1e-9)
    assert_allclose(fit.params, rows.params, rtol=1e-4, atol=1e-5)
    assert_allclose(fit.bse, rows.bse, rtol=1e-4)
    assert (fit.nobs, fit.n_events) == (rows.nobs, rows.n_events)
    assert fit.bic == pytest.approx(rows.bic, rel=1e-9)


@pytest.mark.parametrize("cov_type", ["robust", "cluster_cr0"])
def test_sandwiches_count_persons(trial, cov_type):
    """No sandwich over counts: w persons bring w u u', not (w u)(w u)'."""
    clusters = np.arange(len(trial)) // 3
    rows = as_rows(trial, repeat=True)
    labels = np.r_[clusters, 10_000 + np.arange(len(rows) - len(trial))]
    given = {"cluster": clusters} if cov_type != "robust" else {}
    long = smx.FlexibleSurvival(INTERVALS, rows, "weibull", **({"cluster": labels} if given else {}))
    fit = model(trial, distribution="weibull", **given).fit(cov_type)
    assert_allclose(fit.bse, long.fit(cov_type).bse, rtol=1e-5)


def test_default_covariance_with_clusters_has_no_correction(trial):
    made = model(trial, distribution="weibull", cluster=np.arange(len(trial)) // 3)
    assert made.fit().cov_type == "cluster_cr0"
    with pytest.raises(DataError, match="cluster_cr0"):
        made.fit("cluster")


def test_frequency_weights_of_the_trial_stay_frequencies(trial):
    weight = np.random.default_rng(2).integers(1, 4, len(trial))
    whole = model(trial.assign(w=weight), distribution="weibull", weights="w").fit("robust")
    repeated = model(trial.loc[trial.index.repeat(weight)], distribution="weibull").fit("robust")
    assert_allclose(whole.bse, repeated.bse, rtol=1e-6)
    assert whole.nobs == repeated.nobs


def test_books_are_kept_apart(trial):
    fit = model(trial).fit()
    assert fit.nobs == len(trial) + COUNTS["n"].sum()
    assert fit.n_events == trial["d"].sum() + (COUNTS["n"] - COUNTS["r"]).sum()
    assert fit.facts.used == len(trial)
    assert fit.facts.events == trial["d"].sum()
    row = fit.glance().iloc[0]
    assert (row["counted"], row["counted_events"]) == (237, 53)
    text = " ".join(str(fit.summary()).split())
    for said in (
        "387, 237 of them counted",
        "53 of them counted",
        "5 external counts, 0 to 11 years",
        "binomial constant",
    ):
        assert said in text
    assert "237 persons counted" in fit.label
    assert len(fit.residuals("score")) == len(fit.residuals("cox-snell")) == len(trial)


def test_anchor_is_where_it_is_without_counts(trial):
    plain = smx.FlexibleSurvival("Surv(t, d) ~ x", trial)
    assert model(trial).specification.fixed == plain.specification.fixed


def test_fits_with_other_counts_are_not_compared(trial):
    fit, plain = model(trial, shape=1.0).fit(), smx.FlexibleSurvival("Surv(t, d) ~ x", trial, shape=1.0).fit()
    other = model(trial, counts(COUNTS.assign(r=COUNTS["r"] - 1)), shape=1.0).fit()
    for one in (plain, other):
        with pytest.raises(DataError, match="external counts"):
            smx.compare(fit, one)
    smaller = smx.FlexibleSurvival("Surv(t, d) ~ 1", trial, shape=1.0, external=counts()).fit()
    test = smaller.lr_test(fit)
    assert test["statistic"] == pytest.approx(2.0 * (fit.llf - smaller.llf))
    assert len(smx.compare(fit, smaller)) == 2


def test_score_test_and_profile_hold_the_counts(trial):
    fit = model(trial, distribution="weibull").fit()
    score = fit.score_test(model(trial, distribution="weibull", power="~ x"))
    ratio = fit.lr_test(model(trial, distribution="weibull", power="~ x").fit())
    assert score["statistic"] == pytest.approx(ratio["statistic"], rel=0.25)
    assert_allclose(fit.conf_int(method="profile"), fit.conf_int(), atol=0.1)
    others = counts(COUNTS.assign(r=COUNTS["r"] - 1))
    for options in ({"external": others}, {"background": CURVES}):
        with pytest.raises(DataError, match="other weights or counts, or another background"):
            fit.score_test(model(trial, **{"distribution": "weibull", "power": "~ x"} | options))


def test_effects_and_averages_refit_with_the_counts(trial):
    fit = model(trial).fit()
    wide = model(trial, power="~ x").fit()
    table = fit.effects(["x"])
    own = wide.standardise("survival", at=[fit._usual_effects.horizon], by="x", contrast="difference")
    assert table["wide_estimate"].iloc[0] == pytest.approx(own["estimate"].iloc[0], rel=1e-6)
    assert fit.predict(trial.head(1), at=[2.0], average=True).attrs["weights"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"r": [95.0, 36, 35, 30, 22]},
            r"more are alive \('r'\) than were at risk \('n'\) in 1 row \(position 0\)",
        ),
        ({"n": [90.0, 52, 40, 0, 25], "r": [61.0, 40, 25, 0, 12]}, r"no one is at risk.*position 3"),
        ({"n": [90.0, 52, 40, -3, 25]}, r"no one is at risk.*position 3"),
        ({"to": [2.0, 3.0, 6, 6.5, 11]}, r"'to' is not after 'from' in 1 row \(position 1\)"),
        ({"from": [-1.0, 3, 4, 4, 6]}, "'from' is negative"),
        ({"r": [-1.0, 40, 25, 30, 12]}, "'r' is negative"),
        ({"r": [np.nan, 40, 25, 30, 12]}, r"'r' is missing or infinite in 1 row \(position 0\)"),
        ({"to": [2.0, 4, 6, 6.5, np.inf]}, r"'to' is missing or infinite.*position 4"),
        ({"n": list("abcde")}, "'n'"),
    ],
)
def test_bad_counts_are_named(changed, says):
    with pytest.raises(DataError, match=says):
        counts(COUNTS.assign(**changed))


def test_bad_arguments_are_named(trial):
    with pytest.raises(DataError, match="'alive'"):
        smx.ExternalCounts(COUNTS, start="from", stop="to", at_risk="n")
    with pytest.raises(DataError, match="no rows"):
        counts(COUNTS.head(0))
    with pytest.raises(DataError, match="`start` is 3"):
        smx.ExternalCounts(COUNTS, start=3)
    with pytest.raises(DataError, match="stands in `at` as well"):
        counts(at={"x": 1})
    with pytest.raises(DataError, match="`at` is"):
        counts(at="x")
    with pytest.raises(DataError, match="one value for all"):
        counts(COUNTS.drop(columns="x"), at={"x": [0, 1]})
    with pytest.raises(DataError, match=r"`external` is a DataFrame.*ExternalCounts"):
        model(trial, COUNTS)
    with pytest.raises(DataError, match=r"`external`: the counts have no 'x'.*at=\{'x': value\}"):
        model(trial, counts(COUNTS.drop(columns="x")))
    with pytest.raises(DataError, match=r"`external`: column 'x' is missing in 1 row \(position 3\)"):
        model(trial, counts(COUNTS.assign(x=[0, 0, 1, None, 0])))
    with pytest.raises(DataError, match=r"`external`: .*sex.*'q'"):
        smx.FlexibleSurvival("Surv(t, d) ~ sex", trial, external=counts(COUNTS.assign(sex="q")))
    with pytest.raises(DataError, match="`external`: the counts have no 'sex'"):
        model(trial, counts(COUNTS.drop(columns="sex")), background=CURVES)
    with pytest.raises(DataError, match=r"`external`: 'sex' is missing in 1 row \(position 2\)"):
        model(trial, counts(COUNTS.assign(sex=["f", "m", None, "f", "m"])), background=CURVES)
    with pytest.raises(DataError, match="`external`: the background is known at the times of the fit alone"):
        model(trial.assign(b=0.01), background="b")


def test_counts_outside_a_life_table_are_named(trial):
    cells = pd.MultiIndex.from_product([range(40, 70), ["f", "m"]], names=["age", "sex"]).to_frame(
        index=False
    )
    table = smx.LifeTable(cells.assign(rate=0.01), year=None, rate="rate", by="sex")
    patients, own = trial.assign(age=50.0), COUNTS.assign(age=[50.0, 50, 50, 50, 62])
    given = {"background": table.match(age="age", sex="sex"), "distribution": "weibull"}
    with pytest.raises(DataError, match=r"`external`: .*age.*1 row \(position 4\)"):
        model(patients, counts(own), **given)
    fit = model(patients, counts(own.assign(age=50.0)), **given).fit()
    assert fit.outside.expected == pytest.approx(0.01 * (own["n"] * (own["to"] - own["from"])).sum())


def test_dask_frames_are_refused_by_name(trial):
    frame = pytest.importorskip("dask.dataframe").from_pandas(trial, npartitions=2)
    with pytest.raises(DataError, match=r"`external` needs rows in memory"):
        model(frame)
    with pytest.raises(DataError, match="counts are few"):
        counts(pytest.importorskip("dask.dataframe").from_pandas(COUNTS, npartitions=1))


def test_odd_counts(trial):
    """All alive, all dead, one count, fractions, and a cohort that outweighs the trial by far."""
    plain = smx.FlexibleSurvival("Surv(t, d) ~ x", trial, "weibull", other_scale=1.0).fit()

    def fitted(**columns):
        frame = pd.DataFrame({"from": [2.0], "to": [8.0], "n": [30.0], "x": [0]} | columns)
        return model(trial, counts(frame), distribution="weibull", other_scale=1.0).fit()

    control = pd.DataFrame({"x": [0]})
    alive, dead = (fitted(r=[r]).predict(control, at=[8.0])["estimate"].iloc[0] for r in (30.0, 0.0))
    assert dead < plain.predict(control, at=[8.0])["estimate"].iloc[0] < alive
    part = fitted(r=[7.5], n=[10.25])
    assert part.nobs == len(trial) + 10
    assert part.cov_type == "observed"
    many = fitted(r=[100_000.0], n=[1_000_000.0])
    two, eight = many.predict(control, at=[2.0, 8.0])["estimate"]
    assert eight / two == pytest.approx(0.1, rel=1e-3)
    treated = int(trial["d"][trial["x"] == 1].sum())  # of whom the counts say nothing
    assert plain.bse["ph", "x"] > many.bse["ph", "x"] > treated**-0.5
    said = str(many.summary())
    assert "1,000,150, 1,000,000 of them counted" in said
    assert many.converged


def test_rows_and_counts_that_contradict_each_other_are_named(trial):
    """A registry in which a tenth dies where half do; one that agrees has a test that says so."""
    control = pd.DataFrame({"from": [0.5, 1.0], "to": [1.0, 2.0], "n": [400.0, 380.0], "x": 0})
    with pytest.warns(DataWarning, match=r"contradict each other under this model \(score test .* on 2 df"):
        fit = model(trial, counts(control.assign(r=[390.0, 372.0])), distribution="weibull").fit()
    assert fit.is_regular
    assert "contradict" in str(fit.summary())
    plain = smx.FlexibleSurvival("Surv(t, d) ~ x", trial, "weibull").fit()
    alive = plain.predict(control.head(1), at=[0.5, 1.0, 2.0])["estimate"].to_numpy()
    agreeing = control.assign(n=[40.0, 30.0], r=[40.0, 30.0] * alive[1:] / alive[:-1])
    fit = model(trial, counts(agreeing), distribution="weibull").fit()
    assert "Score test that rows and counts agree: 0.0" in " ".join(str(fit.summary()).split())
    assert_allclose(fit.params, plain.params, atol=1e-4)


def test_agreement_is_the_test_of_common_coefficients(trial):
    """Against the likelihood ratio of one control hazard for both, and one for each."""
    own = smx.FlexibleSurvival("Surv(t, d) ~ x", trial, "weibull", time_unit="years").fit()
    at = np.arange(0.5, 4.0)
    alive = own.predict(pd.DataFrame({"x": [0]}), at=at)["estimate"].to_numpy()
    share, n = alive[1:] / alive[:-1], 200.0
    r = np.round(n * share + np.array([1.5, 1.0, 0.2]) * np.sqrt(n * share * (1.0 - share)))
    control = pd.DataFrame({"from": at[:-1], "to": at[1:], "n": n, "r": r, "x": 0, "sex": "f"})
    joint = model(trial, counts(control), distribution="weibull").fit()
    rows = as_rows(trial, control)
    alone = smx.FlexibleSurvival(
        INTERVALS.replace("~ x", "~ 1"), rows[rows["d"].isna()], "weibull", weights="w", time_unit="years"
    ).fit()
    ratio = 2.0 * (own.llf + alone.llf - joint.llf)
    assert joint.outside.df == 2
    assert joint.outside.statistic == pytest.approx(ratio, rel=0.4)


def test_counts_in_another_unit_are_asked_about(trial):
    days = COUNTS.assign(**{"from": COUNTS["from"] * 365 + 100, "to": COUNTS["to"] * 365 + 100})
    with pytest.warns(DataWarning, match=r"times 100 to 4115, .* same unit"):
        model(trial, counts(days))


def test_rows_that_are_dropped_are_those_of_the_frame(trial):
    data = trial.assign(x=trial["x"].astype(float))
    data.loc[data.index[:3], "x"] = np.nan
    with pytest.warns(DataWarning, match="3 of 150 rows were dropped"):
        model(data)


def test_few_events_are_those_of_the_trial_where_counts_say_nothing(trial):
    """A registry of controls does not make a treatment effect of seven events a sure one."""
    small = trial.sort_values("t").head(8).assign(x=[0, 1] * 4)
    control = counts(COUNTS.drop(columns="x").assign(n=COUNTS["n"] * 100, r=COUNTS["r"] * 100), at={"x": 0})
    with pytest.warns(IdentificationWarning, match="events? for"):
        fit = smx.FlexibleSurvival("Surv(t, d) ~ x", small, "weibull", power="~ x", external=control).fit()
    assert any(finding.kind in ("few_events", "overfitted") for finding in fit.findings)


def test_an_arm_without_events_that_is_counted(trial):
    """The counts hold a coefficient that the trial alone would send to infinity; otherwise it is refused by name."""
    none = trial.assign(d=np.where(trial["x"] == 1, 0, trial["d"]))
    fit = model(none, distribution="weibull").fit()
    assert np.isfinite(fit.params["ph", "x"])
    assert fit.bse["ph", "x"] < 1.0
    with pytest.raises(DataError, match="no event"):
        model(none, counts(COUNTS.drop(columns="x"), at={"x": 0}), distribution="weibull")


@pytest.mark.parametrize("keep", [False, True])
def test_files_and_pickles(trial, tmp_path, keep):
    fit = model(trial, **MODELS["background"]).fit(keep_data=keep)
    smx.save(fit, tmp_path / "fit.smx")
    again = [smx.load(tmp_path / "fit.smx"), pickle.loads(pickle.dumps(fit))]
    for one in again:
        assert one.llf == fit.llf
        pd.testing.assert_series_equal(one.llf_parts, fit.llf_parts)
        assert str(one.summary(effects=False)) == str(fit.summary(effects=False))
        assert not fit.differs_from(one)
        assert (one.sample is not None) == keep
        if keep:
            assert repr(one.sample.external) == repr(fit.sample.external)
            assert one.residuals("martingale").equals(fit.residuals("martingale"))


def test_ladder_takes_counts(trial):
    table = smx.ladder("Surv(t, d) ~ x", trial, external=counts(), background=CURVES)
    assert len(table) > 20
    fit = model(trial, distribution="weibull", background=CURVES).fit()
    assert table.loc["weibull", "logLik"] == pytest.approx(fit.llf, rel=1e-8)


def test_repr_and_order_of_rows(trial):
    assert repr(counts()) == "ExternalCounts(5 counts, 237 persons, 53 deaths, times 0 to 11)"
    one = model(trial).fit()
    two = model(trial, counts(COUNTS.iloc[::-1])).fit()
    assert one.llf == pytest.approx(two.llf, rel=1e-10)
    assert not one.differs_from(two)
    assert re.search(r"times 3 to 4\)$", repr(counts(COUNTS.iloc[[1]])))


CETUX = {
    "both": ({"other_scale": "~ 1"}, -1018.011),
    "ph": ({"other_scale": 1.0}, -1026.033),
    "aft": ({"scale": "aft", "other_scale": 1.0}, -1027.933),
    "gengamma": ({"distribution": "gengamma"}, -1025.274),
}


@pytest.fixture(scope="module")
def cetuximab(extra):
    folder = extra / "data" / "acceptance"
    return tuple(
        pd.read_csv(folder / name) for name in ("cetux.csv", "cetux_counts.csv", "cetux_background.csv")
    )


def registry(frame) -> smx.ExternalCounts:
    return smx.ExternalCounts(frame, start="start", stop="stop", alive="r", at_risk="n")


@pytest.mark.parametrize("name", CETUX)
def test_control_arm_with_a_registry(cetuximab, name):
    """Numbers of an independent prototype of the cetuximab trial's control arm with counts of a cancer registry."""
    data, frame, _ = cetuximab
    options, llf = CETUX[name]
    control = data[data["treat"] == "Control"]
    fit = smx.FlexibleSurvival("Surv(years, d) ~ 1", control, external=registry(frame), **options).fit()
    assert fit.llf == pytest.approx(llf, abs=1e-3)
    assert fit.llf_parts["constant"] == pytest.approx(664.620, abs=1e-3)
    assert (fit.nobs, fit.facts.events, round(fit.outside.deaths)) == (2_347, 125, 223)
    if name == "both":
        assert fit.outside.statistic == pytest.approx(28.9, abs=0.1)  # as the guide says
        mean = fit.predict(kind="rmst", at=[5, 20, 40])["estimate"]
        assert_allclose(mean, [3.01, 5.58, 6.29], atol=6e-3)


@pytest.mark.parametrize(
    ("options", "llf", "effect", "mean", "gains"),
    [
        ({"other_scale": 1.0}, -1228.4745, (-0.2821, 0.1338), 5.405,
         {(): (1.530, 0.088, 2.972), "discount": 1.117, 6: 1.182, 20: 1.443}),
        ({"other_scale": "~ 1"}, -1222.7676, (-0.2584, 0.1338), 5.506,
         {(): (1.401, -0.039, 2.842), "discount": 1.025, 6: 1.069, 20: 1.314}),
    ],
)  # fmt: skip
def test_gain_beyond_the_trial_with_registry_and_population(cetuximab, options, llf, effect, mean, gains):
    """Without the constant -sum B, which is that of trial (11.8) and counts (56.4) together."""
    data, frame, mortality = cetuximab
    rates = smx.Rates(mortality["time"][1:], mortality["hazard"])
    fit = smx.FlexibleSurvival(
        "Surv(years, d) ~ treat",
        data,
        external=registry(frame),
        background=rates,
        time_unit="years",
        **options,
    ).fit()
    assert fit.llf + fit.facts.expected + fit.outside.expected == pytest.approx(llf, abs=1e-3)
    assert fit.facts.expected == pytest.approx(11.8, abs=0.05)
    if options["other_scale"] == "~ 1":
        assert fit.outside.statistic == pytest.approx(13.9, abs=0.1)  # as the guide says
    label = ("ph", "treat[T.Control]")
    assert (-fit.params[label], fit.bse[label]) == pytest.approx(effect, abs=1e-4)
    control, treated = pd.DataFrame({"treat": ["Control"]}), pd.DataFrame({"treat": ["Cetuximab"]})
    assert fit.predict(control, kind="rmst", at=[20])["estimate"].iloc[0] == pytest.approx(mean, abs=1e-3)
    for how, number in gains.items():
        given = {} if how == () else {"discount": 0.035} if how == "discount" else {"wane": (5.525, how)}
        gain = fit.predict(treated, kind="rmst_difference", at=[20], reference=control, **given).iloc[0]
        found = gain[["estimate", "lower", "upper"]].to_numpy(float)
        assert_allclose(found if how == () else found[0], number, atol=1.1e-3)
