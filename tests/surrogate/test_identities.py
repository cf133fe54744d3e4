"""What must hold exactly, whatever the data."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from statmodels_x.surrogate.fitting.proportions import column

METHODS = ("crossfit", "full", "split")
HOW = {"n_perturb": 40, "seed": 3}


def exact(fit, other, rtol=1e-9):
    """Same estimates, errors and intervals."""
    assert_allclose(fit.params, other.params, rtol=rtol)
    assert_allclose(fit.bse, other.bse, rtol=rtol)
    for kind in ("quantile", "normal", "fieller"):
        assert_allclose(fit.conf_int(method=kind), other.conf_int(method=kind), rtol=rtol)


@pytest.mark.parametrize("effect", ["survival", "rmst"])
@pytest.mark.parametrize("method", METHODS)
def test_landmark_at_t_explains_all(trial_frame, model_of, method, effect):
    fit = model_of(trial_frame, at=3, landmark=3, effect=effect).fit(method=method, **HOW)
    assert fit.pte == pytest.approx(1.0, abs=1e-12)
    assert fit.r_s == pytest.approx(1.0, abs=1e-12)
    assert fit.pte_primary == pytest.approx(1.0, abs=1e-12)
    assert fit.bse["pte"] == 0.0
    assert_allclose(fit.conf_int().loc["pte"], 1.0, atol=1e-10)


@pytest.mark.parametrize("effect", ["survival", "rmst"])
def test_identity_of_pte_and_r_s(trial_frame, model_of, effect):
    """(1 - PTE) E_0[L] = (1 - R_S) mu_0(t0), in the sample as in truth."""
    fit = model_of(trial_frame, effect=effect).fit(method="full", bias_correction=False, **HOW)
    values = fit.sums.point.values[0]
    left = (1.0 - fit.pte) * column(values, "mean_ratio")
    assert left == pytest.approx((1.0 - fit.r_s) * column(values, "early_control"), abs=1e-13)
    assert fit.pte == pytest.approx(fit.raw_ratio, rel=1e-14)


@pytest.mark.parametrize("method", ["full"])
def test_constraint_holds_in_the_sample(trial_frame, model_of, method):
    constraint = model_of(trial_frame).fit(method=method, **HOW).diagnostics.constraint
    assert constraint["difference"] == pytest.approx(0.0, abs=1e-13)


def test_constraint_nearly_holds_on_held_out_data(fitted):
    constraint = fitted.diagnostics.constraint
    assert abs(constraint["difference"]) < 4.0 * constraint["std_error"] + 0.005


@pytest.mark.parametrize("effect", ["survival", "rmst"])
@pytest.mark.parametrize("method", METHODS)
def test_unit_of_time(trial_frame, model_of, method, effect):
    """Years or days: the same proportions, standard errors and intervals."""
    days = trial_frame.assign(
        time=365.25 * trial_frame["time"], surrogate_time=365.25 * trial_frame["surrogate_time"]
    )
    years = model_of(trial_frame, effect=effect).fit(method=method, **HOW)
    other = model_of(days, at=3 * 365.25, landmark=365.25, effect=effect).fit(method=method, **HOW)
    ratio = 365.25 if effect == "rmst" else 1.0
    scale = pd.Series({name: ratio if name == "delta" else 1.0 for name in years.params.index})
    assert_allclose(other.params / scale, years.params, rtol=1e-9)
    assert_allclose(other.bse / scale, years.bse, rtol=1e-9)
    limits = years.conf_int().mul(scale, axis=0)
    assert_allclose(other.conf_int(), limits, rtol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_monotone_change_of_the_time_scale(trial_frame, model_of, method):
    """Smoothing goes by ranks: any monotone change of time leaves everything as it is."""

    def change(x):
        return np.expm1(0.7 * x) + np.sqrt(x)

    changed = trial_frame.assign(
        time=change(trial_frame["time"]), surrogate_time=change(trial_frame["surrogate_time"])
    )
    one = model_of(trial_frame).fit(method=method, **HOW)
    other = model_of(changed, at=change(3.0), landmark=change(1.0)).fit(method=method, **HOW)
    exact(one, other)


@pytest.mark.parametrize("method", METHODS)
def test_coding_of_what_was_not_seen(trial_frame, model_of, method):
    """Missing, infinite, the end of follow-up, or a status of 0: all say that the event was not seen."""
    import statmodels_x as smx

    seen = trial_frame["surrogate_status"] == 1
    one = model_of(trial_frame).fit(method=method, **HOW)
    for code in (np.nan, np.inf, trial_frame["time"]):
        frame = trial_frame.assign(s=trial_frame["surrogate_time"].where(seen, code))
        model = smx.SurrogatePTE("Surv(time, status) ~ arm", "s", frame, at=3, landmark=1)
        exact(one, model.fit(method=method, **HOW), rtol=1e-14)
    missing = trial_frame.assign(surrogate_time=trial_frame["surrogate_time"].where(seen))
    exact(one, model_of(missing).fit(method=method, **HOW), rtol=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_late_enters(trial_frame, model_of, method):
    """What happens after t, and surrogate events after the landmark, are of no account."""
    frame = trial_frame.copy()
    one = model_of(frame).fit(method=method, **HOW)
    late = frame["time"] > 3.0
    order = frame.loc[late, "time"].rank(method="first")
    frame.loc[late, "time"] = 3.0 + order  # same order, other times
    frame.loc[late, "status"] = 1 - frame.loc[late, "status"]
    surrogate_late = (frame["surrogate_time"] > 1.0) & (frame["surrogate_status"] == 1)
    frame.loc[surrogate_late, ["surrogate_time", "surrogate_status"]] = (
        frame.loc[surrogate_late, ["time", "status"]].assign(status=0).to_numpy()
    )
    frame["surrogate_time"] = frame["surrogate_time"].where(frame["surrogate_status"] == 1, frame["time"])
    # within ties and order of rows nothing changes either, up to the order in which perturbations are drawn
    other = model_of(frame).fit(method=method, **HOW)
    assert_allclose(one.params, other.params, rtol=1e-12)


def test_surrogate_of_the_dead_by_the_landmark_is_irrelevant(trial_frame, model_of):
    frame = trial_frame.copy()
    gone = frame["time"] <= 1.0
    frame.loc[gone, "surrogate_status"] = 0
    frame.loc[gone, "surrogate_time"] = frame.loc[gone, "time"]
    exact(model_of(trial_frame).fit(**HOW), model_of(frame).fit(**HOW), rtol=1e-14)


def test_rows_may_come_in_any_order(trial_frame, model_of):
    shuffled = trial_frame.sample(frac=1.0, random_state=1)
    exact(model_of(trial_frame).fit(**HOW), model_of(shuffled).fit(**HOW), rtol=1e-14)


def test_weights_count_relatively(trial_frame, model_of):
    """Weights of 2 for all, or 2 in one arm, are weights of 1."""
    one = model_of(trial_frame).fit(**HOW)
    for weights in (np.full(600, 2.0), np.where(trial_frame["arm"] == 1, 2.0, 1.0)):
        other = model_of(trial_frame, weights=weights).fit(**HOW)
        assert_allclose(other.delta, one.delta, rtol=1e-12)
        assert_allclose(other.pte, one.pte, atol=0.01)  # pooled ranks shift a little between the arms
    exact(one, model_of(trial_frame, weights=np.full(600, 1.0)).fit(**HOW), rtol=1e-14)


def test_weights_repeat_rows(trial_frame, model_of):
    """Whole weights give the estimate of the repeated rows."""
    weights = np.random.default_rng(0).integers(1, 4, 600)
    repeated = trial_frame.loc[trial_frame.index.repeat(weights)].reset_index(drop=True)
    one = model_of(trial_frame, weights=weights).fit(
        method="full", bandwidth=0.1, bias_correction=False, **HOW
    )
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = model_of(repeated)
    other = model.fit(method="full", bandwidth=0.1, bias_correction=False, **HOW)
    assert_allclose(one.params, other.params, rtol=1e-10)


def test_propensity_is_its_weights(trial_frame, model_of):
    p = np.random.default_rng(0).uniform(0.3, 0.7, 600)
    weights = np.where(trial_frame["arm"] == 1, 1.0 / p, 1.0 / (1.0 - p))
    exact(
        model_of(trial_frame, propensity=p).fit(**HOW),
        model_of(trial_frame, weights=weights).fit(**HOW),
        1e-12,
    )


def test_one_stratum_is_none(trial_frame, model_of):
    exact(model_of(trial_frame).fit(**HOW), model_of(trial_frame, strata=np.ones(600)).fit(**HOW), rtol=1e-14)


def test_clusters_of_one_estimate_the_same(trial_frame, model_of):
    one = model_of(trial_frame).fit(method="full", **HOW)
    other = model_of(trial_frame, cluster=np.arange(600)).fit(method="full", bias_correction=False, **HOW)
    assert other.raw_ratio == pytest.approx(one.raw_ratio, rel=1e-12)


def test_clusters_of_copies_restore_the_error(trial_frame, model_of, quietly):
    """Each subject four times: the error halves, unless the copies are clustered."""
    four = pd.concat([trial_frame.assign(subject=np.arange(600))] * 4, ignore_index=True)
    how = {"method": "full", "n_perturb": 400, "bandwidth": 0.15}
    one = model_of(trial_frame).fit(**how).bse["delta"]
    naive = quietly(model_of, four).fit(**how).bse["delta"]
    clustered = quietly(model_of, four, cluster="subject").fit(**how).bse["delta"]
    assert naive / one == pytest.approx(0.5, abs=0.06)
    assert clustered / one == pytest.approx(1.0, abs=0.12)


def test_strata_adjust_for_a_confounder(model_of, quietly):
    """Sicker patients in the treated arm: stratifying or weighting recovers the effect, the crude one misses."""
    from statmodels_x.surrogate.planning.simulate import IllnessDeath, IllnessDeathTrial

    mild = IllnessDeathTrial(IllnessDeath(1.0, 0.10, 0.55), IllnessDeath(0.5, 0.08, 0.45), 0.08)
    severe = IllnessDeathTrial(IllnessDeath(2.0, 0.30, 1.1), IllnessDeath(1.2, 0.2, 0.9), 0.08)
    parts = [mild.simulate((30_000, 10_000), 1).assign(z=0), severe.simulate((10_000, 30_000), 2).assign(z=1)]
    frame = pd.concat(parts, ignore_index=True)
    frame["p"] = frame["z"].map({0: 0.25, 1: 0.75})
    truth = np.mean([process.true_values(3, 1)["delta"] for process in (mild, severe)])
    how = {"n_perturb": 20, "method": "full"}
    stratified = model_of(frame, strata="z").fit(**how)
    weighted = model_of(frame, propensity="p").fit(**how)
    crude = quietly(model_of(frame).fit, **how)
    assert crude.delta < truth - 0.1
    assert stratified.delta == pytest.approx(truth, abs=0.012)
    assert weighted.delta == pytest.approx(truth, abs=0.012)
    assert stratified.pte == pytest.approx(weighted.pte, abs=0.05)
