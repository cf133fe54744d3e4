"""From patients to trials: effects on two endpoints with their correlation, and the relation between them."""

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import DataError, DataWarning


def quiet_fit(model, method="reml"):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
        return model.fit(method)


def composite(colon):
    time = colon[["recur", "death"]].min(axis=1)
    event = ((colon["status_recur"] == 1) | (colon["status_death"] == 1)).astype(int)
    return colon.assign(dfs=time, dfs_event=event, trial="moertel")


OUTCOME, SURROGATE = "Surv(death, status_death) ~ rx", "Surv(dfs, dfs_event)"

ARMS = {"treated": "Lev+5FU", "control": "Obs"}


@pytest.mark.parametrize(
    ("at", "surrogate", "outcome", "correlation"),
    [(3, (0.30788, 0.08339), (0.08433, 0.06249), 0.819), (5, (0.62809, 0.15439), (0.30518, 0.12822), 0.884)],
)
def test_restricted_means_of_the_colon_trial(colon, at, surrogate, outcome, correlation):
    row = smx.trial_effects(OUTCOME, SURROGATE, composite(colon), "trial", "rmst", at, **ARMS).iloc[0]
    assert row["effect_surrogate"] == pytest.approx(surrogate[0], abs=1e-5)
    assert row["std_error_surrogate"] == pytest.approx(surrogate[1], abs=1e-5)
    assert row["effect_outcome"] == pytest.approx(outcome[0], abs=1e-5)
    assert row["std_error_outcome"] == pytest.approx(outcome[1], abs=1e-5)
    assert row["correlation"] == pytest.approx(correlation, abs=1e-3)


def test_hazard_ratios_of_the_colon_trial(colon):
    """Beside Cox models: -.4766 (.1130) and -.3728 (.1188), correlation of their influence values .918."""
    row = smx.trial_effects(OUTCOME, SURROGATE, composite(colon), "trial", **ARMS).iloc[0]
    assert row["effect_surrogate"] == pytest.approx(-0.4766, abs=0.005)
    assert row["std_error_surrogate"] == pytest.approx(0.1130, abs=0.001)
    assert row["effect_outcome"] == pytest.approx(-0.3728, abs=0.005)
    assert row["std_error_outcome"] == pytest.approx(0.1188, abs=0.001)
    assert row["correlation"] == pytest.approx(0.918, abs=0.003)
    assert row["hr_outcome"] == pytest.approx(np.exp(row["effect_outcome"]))


def test_influence_values_by_leaving_out(rng):
    """An influence value is what the estimate changes by, when a subject counts a little more."""
    from statmodels_x.surrogate.fitting.influence import effect

    n = 120
    time, arm = rng.exponential(size=n), rng.integers(0, 2, n)
    event = rng.random(n) < 0.7
    for kind in ("rmst", "survival"):
        value, influence = effect(kind, time, event, arm, 1.0)
        for i in range(0, n, 17):
            keep = np.arange(n) != i
            less, _ = effect(kind, time[keep], event[keep], arm[keep], 1.0)
            assert value - less == pytest.approx(influence[i], abs=0.003)


def test_trials_too_small_are_listed(colon):
    frame = composite(colon).assign(trial=np.where(colon.index < 20, "small", "large"))
    with pytest.warns(DataWarning, match="small: "):
        table = smx.trial_effects(OUTCOME, SURROGATE, frame, "trial", **ARMS)
    assert table["trial"].tolist() == ["large"]
    assert list(table.attrs["left_out"]) == ["small"]
    with pytest.raises(smx.errors.IdentificationError, match="no trial is large enough"):
        smx.trial_effects(OUTCOME, SURROGATE, frame[:20], "trial", **ARMS)
    with pytest.raises(DataError, match="`at`"):
        smx.trial_effects(OUTCOME, SURROGATE, frame, "trial", "rmst", **ARMS)


def test_from_patients_to_the_relation():
    """Simulated trials of one kind of process: the two steps run one after the other."""
    rng = np.random.default_rng(4)
    parts = []
    for k in range(8):
        ratio = float(np.exp(rng.normal(-0.4, 0.35)))
        arms = smx.IllnessDeath(1.0, 0.1, 0.6), smx.IllnessDeath(ratio, 0.1, 0.6)
        parts.append(smx.IllnessDeathTrial(*arms, censoring=0.05).simulate(250, seed=k).assign(trial=f"t{k}"))
    frame = pd.concat(parts, ignore_index=True)
    frame["pfs"] = frame[["surrogate_time", "time"]].min(axis=1)
    frame["event"] = ((frame["surrogate_status"] == 1) | (frame["status"] == 1)).astype(int)
    table = smx.trial_effects("Surv(time, status) ~ arm", "Surv(pfs, event)", frame, "trial")
    fit = quiet_fit(
        smx.TrialLevelSurrogacy(
            "effect_outcome ~ effect_surrogate", table, correlation="correlation", trial="trial",
            std_error=("std_error_outcome", "std_error_surrogate"),
        )
    )  # fmt: skip
    assert fit.nobs == 8
    assert 0.0 < fit.params["slope"] < 1.2


def test_correlation_of_a_process():
    """The correlation of the two estimates follows from how long people live after progression."""
    short = smx.IllnessDeathTrial(smx.IllnessDeath(1, 0.02, 3), smx.IllnessDeath(1, 0.02, 3), 0.01)
    long = smx.IllnessDeathTrial(smx.IllnessDeath(1, 0.05, 0.2), smx.IllnessDeath(1, 0.05, 0.2), 0.01)
    assert short.effect_correlation(n=5000) == pytest.approx(0.95, abs=0.02)
    assert long.effect_correlation(n=5000) == pytest.approx(0.20, abs=0.05)
    assert long.effect_correlation(n=5000, composite=False) < long.effect_correlation(n=5000)
    assert -1 < long.effect_correlation("rmst", at=3, n=2000) < 1
    with pytest.raises(DataError, match="`at`"):
        long.effect_correlation("rmst")
