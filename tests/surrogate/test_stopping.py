"""Progression looked for during less time than survival, and weights from estimated probabilities."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.surrogate.planning.simulate import PROCESSES

PROCESS = PROCESSES["A illness-death"].process
TRUTH = PROCESS.true_values(3, 1)
RMST_TRUTH = PROCESS.true_values(3, 1, "rmst")


def stopped(n, rate, seed, by_arm=False, covariate=False):
    """A trial in which looking for progression ends at an exponential time."""
    frame = PROCESS.simulate(n, seed=seed)
    rng = np.random.default_rng(seed + 100)
    frame["x"] = rng.normal(size=len(frame))
    rates = rate * np.where(by_arm & (frame["arm"] == 1), 2.5, 1.0) * np.exp(covariate * frame["x"])
    stop = rng.exponential(1.0, len(frame)) / rates
    late = frame["surrogate_time"] > stop
    frame["surrogate_status"] = np.where(late, 0, frame["surrogate_status"])
    frame["surrogate_time"] = np.minimum(frame["surrogate_time"], stop)
    return frame


@pytest.mark.parametrize("by_arm", [False, True])
@pytest.mark.parametrize(("effect", "truth"), [("survival", TRUTH), ("rmst", RMST_TRUTH)])
def test_stopping_is_weighted_for(model_of, quietly, effect, truth, by_arm):
    frame = stopped(30_000, 0.4, 3, by_arm)
    how = {"n_perturb": 20, "n_splits": 1}
    fit = quietly(model_of(frame, effect=effect).fit, **how)
    ignoring = quietly(model_of(frame, effect=effect, stopping="ignore").fit, **how)
    assert fit.pte == pytest.approx(truth["pte"], abs=0.04)
    assert fit.r_s == pytest.approx(truth["r_s"], abs=0.04)
    # what comes of taking them as without the event: wrong in opposite directions, by the arm that stops earlier
    assert abs(ignoring.pte - truth["pte"]) > 2 * abs(fit.pte - truth["pte"])
    assert fit.diagnostics.pte_if_ignored == pytest.approx(ignoring.pte, abs=0.01)


def test_what_is_said_of_stopping(model_of):
    frame = stopped(1000, 0.4, 5)
    model = model_of(frame)
    with pytest.warns(smx.errors.DataWarning, match="followed for a shorter time than survival"):
        fit = model.fit(n_perturb=20)
    unknown = (frame["time"] > 1) & (frame["surrogate_status"] == 0) & (frame["surrogate_time"] < 1)
    counted = fit.diagnostics.counts.loc["surrogate unknown"]
    assert counted.tolist() == [(unknown & (frame["arm"] == arm)).sum() for arm in (1, 0)]
    assert f"PTE would be {fit.diagnostics.pte_if_ignored:.3f}" in " ".join(str(fit.summary()).split())
    ignored = model_of(frame, stopping="ignore")
    with pytest.warns(smx.errors.DataWarning, match='stopping="arm" weights for it'):
        ignored.fit(n_perturb=20)


def test_few_known_are_said(model_of, quietly):
    fit = quietly(model_of(stopped(300, 6.0, 5)).fit, n_perturb=20)
    assert "few_known" in [finding.kind for finding in fit.findings]
    counts = fit.diagnostics.counts
    assert (counts.loc["effective known"] < counts.loc["at risk after landmark"] / 4).any()


def test_stopping_after_the_landmark_changes_nothing(trial_frame, model_of, fitted):
    late = (trial_frame["surrogate_time"] > 1.5) & (trial_frame["time"] > 1.5)
    frame = trial_frame.assign(
        surrogate_status=trial_frame["surrogate_status"].where(~late, 0),
        surrogate_time=trial_frame["surrogate_time"].where(~late, 1.5),
    )
    fit = model_of(frame).fit(n_perturb=200)
    assert_allclose(fit.params, fitted.params, rtol=1e-12)
    assert fit.findings == fitted.findings


def test_nobody_watched_to_the_landmark_is_refused(trial_frame, model_of):
    late = trial_frame["surrogate_time"] > 0.6
    frame = trial_frame.assign(
        surrogate_status=trial_frame["surrogate_status"].where(~late, 0),
        surrogate_time=trial_frame["surrogate_time"].where(~late, 0.6),
    )
    frame = frame[(frame["surrogate_status"] == 0) | (frame["arm"] == 0)]
    with pytest.raises(smx.errors.IdentificationError, match=r"landmark=1: "):
        model_of(frame).fit(n_perturb=20)


def known_weights(frame, design=None):
    """Weights of a frame's subjects, and who stopped."""
    from statmodels_x.surrogate.fitting.stopping import plan_stopping
    from statmodels_x.surrogate.sample import Trial

    seen = frame["surrogate_status"] == 1
    ended = ~seen & (frame["surrogate_time"] < frame["time"])
    trial = Trial(
        time=frame["time"].to_numpy(),
        died=(frame["status"] == 1).to_numpy(),
        surrogate=np.where(seen, frame["surrogate_time"], np.inf),
        arm=frame["arm"].to_numpy(),
        stratum=np.zeros(len(frame), np.int64),
        weight=np.ones(len(frame)),
        watched=np.where(ended, frame["surrogate_time"], np.inf),
        stop_design=design,
    )
    return plan_stopping(trial, 1.0).factors(trial.weight), ended, trial


def test_weights_by_hand():
    """The product-limit distribution of the stopping time, with ties among stops."""
    from lifelines import KaplanMeierFitter

    frame = stopped(300, 0.6, 8)
    ended = (frame["surrogate_status"] == 0) & (frame["surrogate_time"] < frame["time"])
    frame.loc[ended, "surrogate_time"] = np.ceil(frame.loc[ended, "surrogate_time"] * 20) / 20
    frame = frame[(frame["surrogate_time"] < frame["time"]) | ~ended]
    factors, ended, trial = known_weights(frame)
    needed, known = np.minimum(trial.surrogate, 1.0), trial.known(1.0)
    for arm in (0, 1):
        rows = (frame["arm"] == arm).to_numpy()
        curve = KaplanMeierFitter().fit(frame["surrogate_time"][rows], ended[rows])
        expected = [curve.predict(needed[i] - 1e-9) for i in np.flatnonzero(rows & known)]
        assert_allclose(1.0 / factors[rows & known], expected, rtol=1e-10)
    assert np.all(factors[~known] == 0.0)


def test_weights_of_a_covariate_by_hand():
    """The proportional-hazards distribution of the stopping time."""
    from lifelines import CoxPHFitter

    frame = stopped(300, 0.6, 8, covariate=True)
    factors, ended, trial = known_weights(frame, frame[["x"]].to_numpy())
    needed, known = np.minimum(trial.surrogate, 1.0), trial.known(1.0)
    for arm in (0, 1):
        rows = (frame["arm"] == arm).to_numpy()
        table = frame[rows].assign(stop=ended[rows].astype(int))[["surrogate_time", "stop", "x"]]
        cox = CoxPHFitter().fit(table, "surrogate_time", "stop")
        for i in np.flatnonzero(rows & known)[:30]:
            steps = cox.baseline_cumulative_hazard_.iloc[:, 0]
            base = steps[steps.index < needed[i]].iloc[-1] if (steps.index < needed[i]).any() else 0.0
            centred = np.exp(cox.params_["x"] * (frame["x"].iloc[i] - table["x"].mean()))
            assert 1.0 / factors[i] == pytest.approx(np.exp(-base * centred), rel=1e-4)


def test_stopping_that_depends_on_a_covariate(model_of, quietly):
    """Sick patients progress earlier and are lost to imaging earlier: the covariate takes the bias out."""
    rng = np.random.default_rng(1)
    healthy, sick = (
        PROCESS,
        smx.IllnessDeathTrial(smx.IllnessDeath(3.0, 0.10, 0.55), smx.IllnessDeath(1.5, 0.08, 0.45), 0.08),
    )
    import pandas as pd

    frame = pd.concat(
        [healthy.simulate(20_000, seed=1).assign(z=0.0), sick.simulate(20_000, seed=2).assign(z=1.0)],
        ignore_index=True,
    )
    how = {"n_perturb": 20, "n_splits": 1}
    truth = quietly(model_of(frame).fit, **how).pte
    stop = rng.exponential(1.0, len(frame)) / np.where(frame["z"] == 1, 1.5, 0.1)
    late = frame["surrogate_time"] > stop
    frame["surrogate_status"] = np.where(late, 0, frame["surrogate_status"])
    frame["surrogate_time"] = np.minimum(frame["surrogate_time"], stop)
    by_arm = quietly(model_of(frame).fit, **how).pte
    by_covariate = quietly(model_of(frame, stopping="~ z").fit, **how).pte
    assert by_covariate == pytest.approx(truth, abs=0.025)
    assert abs(by_arm - truth) > 2 * abs(by_covariate - truth)


def test_the_residual_effect_is_weighted_too(quietly):
    frame = stopped(6000, 0.5, 9)
    formula, surrogate = "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)"
    full = smx.ResidualEffect(formula, surrogate, PROCESS.simulate(6000, seed=9), at=3, landmark=1)
    fit = quietly(smx.ResidualEffect(formula, surrogate, frame, at=3, landmark=1).fit, n_perturb=20)
    assert fit.r_s == pytest.approx(quietly(full.fit, n_perturb=20).r_s, abs=0.05)
    assert "stopping_weighted" in [finding.kind for finding in fit.findings]


def test_the_process_is_fitted_to_what_was_seen(model_of, quietly):
    frame = stopped(20_000, 0.8, 4)
    process = quietly(model_of(frame).fit, n_perturb=20).fitted_process(n_pieces=1)
    assert process.control.progression.values[0] == pytest.approx(1.0, rel=0.03)
    assert process.treated.death_after.values[0] == pytest.approx(0.45, rel=0.05)


# ---- weights


@pytest.fixture(scope="module")
def confounded():
    """Sicker patients are in the treated arm more often."""
    import pandas as pd

    rng = np.random.default_rng(12)
    sick = smx.IllnessDeathTrial(smx.IllnessDeath(2.0, 0.20, 0.9), smx.IllnessDeath(1.0, 0.16, 0.75), 0.08)
    parts = [PROCESS.simulate((900, 300), seed=3).assign(z=0), sick.simulate((300, 900), seed=4).assign(z=1)]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(noise=rng.normal(size=len(frame)))


def test_propensities_estimated_inside(confounded, model_of):
    """The estimate is that of the weights it comes from; its standard error is smaller than with known weights."""
    fit = model_of(confounded, propensity="~ C(z)").fit(n_perturb=300)
    p = confounded.groupby("z")["arm"].transform("mean")
    known = model_of(confounded, propensity=p.to_numpy()).fit(n_perturb=300)
    assert_allclose(fit.params, known.params, rtol=0.01)
    assert fit.bse["delta"] < 0.97 * known.bse["delta"]
    # a stratum's own curves and weights of strata adjust for the same
    stratified = model_of(confounded, strata="z").fit(n_perturb=300)
    assert fit.delta == pytest.approx(stratified.delta, abs=0.3 * stratified.bse["delta"])
    assert "propensity (estimated)" in str(fit.summary())
    with_noise = model_of(confounded, propensity="~ C(z) + noise").fit(n_perturb=50)
    assert with_noise.delta == pytest.approx(fit.delta, abs=0.02)


def test_extreme_weights_by_name(trial_frame, model_of, quietly):
    frame = trial_frame.assign(p=0.5)
    frame.loc[400, "p"] = 1e-4
    texts = quietly(model_of(frame, propensity="p").fit, n_perturb=20).warnings
    assert any("the weights leave 1 effective of 300 subjects in the treated arm" in text for text in texts)
    held = model_of(frame, propensity="p", trim=0.05).fit(n_perturb=20)
    effective = held.diagnostics.counts.loc["effective subjects", "treated"]
    assert effective == pytest.approx((299 * 2 + 20) ** 2 / (299 * 4 + 400))
    assert held.facts.notes == {"trimmed": 1}
    assert "1 propensities were held" in str(held.summary())


def test_covariates_that_tell_the_arms_apart(trial_frame, model_of):
    frame = trial_frame.assign(z=trial_frame["arm"] + 0.1 * np.random.default_rng(1).normal(size=600))
    with pytest.raises(smx.errors.IdentificationError, match="tell the arms apart"):
        model_of(frame, propensity="~ z")
