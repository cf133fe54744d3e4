"""Residual effects against slow definitions, lifelines, and known truth."""

import joblib
import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

import statmodels_x as smx
from statmodels_x.core.errors import ConvergenceError, DataError, IdentificationError, IdentificationWarning
from statmodels_x.surrogate.planning.simulate import PROCESSES
from statmodels_x.surrogate.residual.estimation import cox_slope, normal_reference

FORMULA, SURROGATE = "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)"


@pytest.mark.parametrize("name", ["A illness-death", "B strong surrogate", "D weak surrogate"])
@pytest.mark.parametrize("effect", ["survival", "rmst"])
def test_large_sample_finds_the_truth(name, effect, quietly):
    setting = PROCESSES[name]
    truth = setting.process.true_values(setting.at, setting.landmark, effect)
    frame = setting.process.simulate(2500, seed=3)
    model = smx.ResidualEffect(FORMULA, SURROGATE, frame, setting.at, setting.landmark, effect=effect)
    fit = quietly(model.fit, n_perturb=20)
    for quantity in ("delta", "r_s", "r_t"):
        assert abs(fit.params[quantity] - truth[quantity]) < 4 * fit.bse[quantity] + 0.015, quantity


def test_same_information_as_r_s_of_pte(model_of, quietly):
    frame = PROCESSES["A illness-death"].process.simulate(2500, seed=4)
    pte = model_of(frame).fit(method="full", bias_correction=False, n_perturb=20)
    fit = quietly(smx.ResidualEffect(FORMULA, SURROGATE, frame, 3, 1).fit, n_perturb=20)
    assert fit.delta == pytest.approx(pte.delta, abs=1e-3)
    assert fit.r_t == pytest.approx(pte.r_t, abs=2e-3)
    assert fit.r_s == pytest.approx(pte.r_s, abs=0.03)


def test_step_curves_give_restricted_means(trial_frame):
    """Inverse censoring weights just before death give the area under the Kaplan-Meier curve, exactly."""
    fit = smx.ResidualEffect(FORMULA, SURROGATE, trial_frame, 3, 1, effect="rmst").fit(n_perturb=20)
    areas = []
    for arm in (0, 1):
        rows = trial_frame[trial_frame["arm"] == arm]
        curve = KaplanMeierFitter().fit(rows["time"], rows["status"])
        areas.append(restricted_mean_survival_time(curve, t=3.0))
    assert fit.delta == pytest.approx(areas[1] - areas[0], abs=1e-10)


def test_grid_tends_to_the_exact_integral(trial_frame):
    model = smx.ResidualEffect(FORMULA, SURROGATE, trial_frame, 3, 1, effect="rmst")
    exact = model.fit(n_perturb=20).delta_s
    errors = [abs(model.fit(n_grid=m, n_perturb=20).delta_s - exact) for m in (10, 1000)]
    assert errors[1] < errors[0] / 5
    assert errors[1] < 1e-4


def test_kernel_prediction_by_hand(trial_frame):
    """R_S for survival, written from its definition with loops."""
    t, t0 = 3.0, 1.0
    frame = trial_frame.sort_values("time")
    arms = [frame[frame["arm"] == k] for k in (0, 1)]

    def censoring(rows, u):
        value = 1.0
        for moment in rows.loc[(rows["status"] == 0) & (rows["time"] <= u), "time"]:
            value *= 1.0 - 1.0 / (rows["time"] >= moment).sum()
        return value

    def early(rows):
        return rows[(rows["time"] > t0) & (rows["surrogate_status"] == 1) & (rows["surrogate_time"] < t0)]

    control, treated = early(arms[0]), early(arms[1])
    width = normal_reference(np.log(treated["surrogate_time"])) * len(treated) ** -0.11
    total = 0.0
    for s in control["surrogate_time"]:
        kernel = np.exp(-0.5 * ((np.log(treated["surrogate_time"]) - np.log(s)) / width) ** 2)
        hazard = sum(
            kernel[i] / kernel[treated["time"] >= treated["time"][i]].sum()
            for i in treated.index[(treated["status"] == 1) & (treated["time"] <= t)]
        )
        total += np.exp(-hazard)
    g0 = [censoring(arms[0], u) for u in (t0, t)]
    g1 = [censoring(arms[1], u) for u in (t0, t)]
    n0, n1 = len(arms[0]), len(arms[1])
    late = [rows[(rows["time"] > t0) & ~((rows["surrogate_status"] == 1) & (rows["surrogate_time"] <= t0))]
            for rows in arms]  # fmt: skip
    forward = ((late[1]["time"] > t).sum() / g1[1]) / (len(late[1]) / g1[0])
    mu = [(rows["time"] > t).sum() / (n * g[1]) for rows, n, g in zip(arms, (n0, n1), (g0, g1), strict=True)]
    delta_s = (total + len(late[0]) * forward) / (n0 * g0[0]) - mu[0]
    fit = smx.ResidualEffect(FORMULA, SURROGATE, trial_frame, t, t0).fit(n_perturb=20)
    assert fit.delta == pytest.approx(mu[1] - mu[0], abs=1e-12)
    assert fit.delta_s == pytest.approx(delta_s, abs=1e-12)


def test_cox_slope_of_lifelines(rng):
    n = 200
    z = rng.normal(size=n)
    time = rng.exponential(np.exp(-0.7 * z))
    died = rng.random(n) < 0.7
    order = np.argsort(time)
    fit = CoxPHFitter().fit(pd.DataFrame({"t": time, "d": died, "z": z}), "t", "d")
    slope = cox_slope(time[order], died[order], z[order], np.ones(n))
    assert slope == pytest.approx(fit.params_["z"], abs=1e-4)  # lifelines stops there


def test_a_cox_model_without_a_maximum_is_an_error_of_ours():
    z = np.arange(30.0)[::-1]
    with pytest.raises(ConvergenceError, match="no maximum that was found"):
        cox_slope(np.arange(1.0, 31.0), np.ones(30, bool), z, np.ones(30))


def test_cox_slope_weights_are_copies(rng):
    n = 60
    z, time, died = rng.normal(size=n), np.sort(rng.exponential(size=n)), rng.random(n) < 0.7
    weights = rng.integers(1, 4, n)
    copies = np.repeat(np.arange(n), weights)
    one = cox_slope(time, died, z, weights.astype(float))
    other = cox_slope(time[copies], died[copies], z[copies], np.ones(len(copies)))
    assert one == pytest.approx(other, abs=1e-9)


def test_same_numbers_whatever_n_jobs(trial_frame):
    model = smx.ResidualEffect(FORMULA, SURROGATE, trial_frame, 3, 1)
    one = model.fit(n_perturb=20)
    with joblib.parallel_config(backend="threading"):
        two = model.fit(n_perturb=20, n_jobs=2)
    assert one.bse.equals(two.bse)
    assert not one.bse.equals(model.fit(n_perturb=20, seed=1).bse)


def test_summary_and_tables(trial_frame):
    fit = smx.ResidualEffect(FORMULA, SURROGATE, trial_frame, 3, 1, time_unit="years").fit(n_perturb=40)
    text = str(fit.summary())
    for part in ("Residual treatment effect", "R_S", "3, 1 years", "kernel"):
        assert part in text
    assert fit.tidy()["term"].tolist() == list(fit.names)
    assert fit.glance()["nobs"].iloc[0] == 600
    assert fit.conf_int(method="fieller").loc["r_s", "lower"] < fit.r_s
    assert r"R\_S" in fit.summary().as_latex()


def test_undefined_where_there_is_no_effect(quietly):
    frame = PROCESSES["A illness-death"].process.simulate(150, seed=2)
    frame["arm"] = np.random.default_rng(0).integers(0, 2, 300)
    model = smx.ResidualEffect(FORMULA, SURROGATE, frame, 3, 1)
    with pytest.warns(IdentificationWarning, match="no effect to explain"):
        fit = model.fit(n_perturb=40)
    assert np.isnan(fit.r_s)
    assert np.isnan(fit.bse["r_t"])
    assert np.isfinite(fit.delta_s)


def test_bad_input(trial_frame, marker_example):
    def build(**how):
        return smx.ResidualEffect(FORMULA, SURROGATE, trial_frame, **{"at": 3, "landmark": 1, **how})

    for how, match in (
        ({"effect": "hazard"}, "effect"),
        ({"kind": "time"}, "kind"),
        ({"landmark": 4}, "landmark"),
    ):
        with pytest.raises(DataError, match=match):
            build(**how)
    for how, match in (
        ({"smoother": "spline"}, "smoother"),
        ({"curves": "smooth"}, "curves"),
        ({"scale": "sqrt"}, "scale"),
        ({"n_grid": 1}, "n_grid"),
        ({"bandwidth": 0}, "bandwidth"),
        ({"n_perturb": 2}, "n_perturb"),
        ({"n_jobs": 0}, "n_jobs"),
    ):
        with pytest.raises(DataError, match=match):
            build().fit(**how)
    with pytest.raises(IdentificationError, match="at=60"):
        build(at=60).fit()
    marker = smx.ResidualEffect("Surv(x, delta) ~ trt", "s", marker_example, 3, 1, kind="marker")
    with pytest.raises(DataError, match="logarithm"):
        smx.ResidualEffect(
            "Surv(x, delta) ~ trt", "s", marker_example.assign(s=-marker_example["s"]), 3, 1, kind="marker"
        ).fit(scale="log")
    with pytest.raises(IdentificationError, match="followed beyond"):
        smx.ResidualEffect("Surv(x, delta) ~ trt", "s", marker_example, 99, 1, kind="marker").fit()
    few = marker_example.assign(s=marker_example["s"].where(marker_example["trt"] == 1))
    with pytest.raises(IdentificationError, match="fewer than 3"):
        smx.ResidualEffect("Surv(x, delta) ~ trt", "s", few, 3, 1, kind="marker").fit()
    assert "ResidualEffect" in repr(marker)


def test_predictions_out_of_reach_are_said(marker_example):
    frame = marker_example.copy()
    rows = frame.index[(frame["trt"] == 0) & frame["s"].notna() & (frame["x"] > 1)][:2]
    frame.loc[rows, "s"] = 1e4
    model = smx.ResidualEffect("Surv(x, delta) ~ trt", "s", frame, 3, 1, kind="marker")
    with pytest.warns(IdentificationWarning, match="2 control subjects"):
        model.fit(n_perturb=20)
