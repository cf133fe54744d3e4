"""Arms, weights, strata and clusters that are missing, thin or not what they seem."""

import numpy as np
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import (
    DataError,
    DataWarning,
    IdentificationError,
)

FORMULA, SURROGATE = "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)"


def build(frame, formula=FORMULA, surrogate=SURROGATE, at=3, landmark=1, **how):
    return smx.SurrogatePTE(formula, surrogate, frame, at=at, landmark=landmark, **how)


def test_one_arm(trial_frame):
    with pytest.raises(DataError, match="column 'arm' has the one value 1"):
        build(trial_frame[trial_frame["arm"] == 1])


def test_three_arms_need_a_choice(colon):
    with pytest.raises(DataError, match=r"'rx' has 3 arms, 'Lev', 'Lev\+5FU', 'Obs'; choose two"):
        smx.SurrogatePTE("Surv(death, status_death) ~ rx", "Surv(recur, status_recur)", colon, 5, 2)
    with pytest.raises(DataError, match="choose two"):
        smx.SurrogatePTE(
            "Surv(death, status_death) ~ rx", "Surv(recur, status_recur)", colon, 5, 2, treated="Lev"
        )


@pytest.mark.parametrize(
    ("arms", "match"),
    [
        ({"treated": 7}, "`treated` is 7"),
        ({"control": "placebo"}, "`control` is 'placebo'"),
        ({"treated": 1, "control": 1}, "two different arms"),
    ],
)
def test_arms_by_name(trial_frame, arms, match):
    with pytest.raises(DataError, match=match):
        build(trial_frame, **arms)


def test_arms_by_default(trial_frame):
    assert build(trial_frame).facts.treated == "1"
    assert build(trial_frame, treated=0).facts.control == "1"
    assert build(trial_frame, control=1).facts.treated == "0"
    named = trial_frame.assign(arm=trial_frame["arm"].map({0: "placebo", 1: "active"}))
    with pytest.raises(DataError, match=r"'active', 'placebo'; say which is the treated one by `treated`"):
        build(named)
    assert build(named, treated="active").facts.control == "placebo"
    flags = trial_frame.assign(arm=trial_frame["arm"] == 1)
    assert build(flags).facts.treated == "True"


def test_missing_arms_are_dropped_and_said(trial_frame):
    frame = trial_frame.assign(arm=trial_frame["arm"].astype(float))
    frame.loc[[3, 5], "arm"] = np.nan
    with pytest.warns(DataWarning, match=r"arm \(2\)"):
        model = build(frame)
    assert model.facts.dropped == {"arm": 2}
    assert len(model.trial) == 598


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"weights": np.full(600, -1.0)}, "`weights` is negative in 600 rows"),
        ({"weights": np.zeros(600)}, "`weights` is 0 in every row"),
        ({"weights": np.full(600, np.inf)}, "`weights` is infinite"),
        ({"weights": np.ones(5)}, "`weights` must name a column or be an array of 600"),
        ({"weights": "w"}, "`weights`: there is no column 'w'"),
        ({"propensity": np.full(600, 1.0)}, "`propensity` is not between 0 and 1"),
        ({"propensity": np.full(600, 0.5), "weights": np.ones(600)}, "not both"),
        ({"effect": "hazard"}, "effect"),
        ({"time_unit": 3}, "time_unit"),
        ({"id": np.repeat(np.arange(300), 2)}, "300 rows repeat a subject"),
        ({"trim": 0.1}, "`propensity` too"),
        ({"propensity": "~ nothing"}, "nothing"),
        ({"propensity": "~ time", "weights": np.ones(600)}, "not both"),
        ({"stopping": "never"}, "stopping"),
        ({"stopping": "~ nothing"}, "nothing"),
    ],
)
def test_weights_strata_and_id(trial_frame, how, match):
    with pytest.raises(DataError, match=match):
        build(trial_frame, **how)


@pytest.mark.parametrize(
    "strata",
    [
        lambda frame: np.where(frame.index < 5, "few", "many"),  # an arm is missing
        lambda frame: np.where(
            frame["time"] <= frame["time"][frame["status"] == 0].sort_values().iloc[70], "short", "long"
        ),
    ],
)
def test_thin_strata_by_name(trial_frame, strata):
    labels = strata(trial_frame)
    thin = "few" if "few" in labels else "short"
    model = build(trial_frame, strata=labels)
    with pytest.raises(IdentificationError, match=rf"1 of 2 are too thin \({thin}\)"):
        model.fit(thin_strata="error")
    with pytest.warns(DataWarning, match=rf"1 of 2 strata with .* \({thin}\) .* merged into one"):
        merged = model.fit(n_perturb=20)
    assert merged.params.equals(build(trial_frame).fit(n_perturb=20).params)
    with pytest.warns(DataWarning, match=rf"\({thin}\) .* left out"):
        dropped = model.fit(n_perturb=20, thin_strata="drop")
    rest = trial_frame[labels != thin]
    assert dropped.nobs == len(rest)
    assert dropped.params.equals(build(rest).fit(n_perturb=20).params)
    with pytest.raises(DataError, match="thin_strata"):
        model.fit(thin_strata="keep")


def test_survival_known_to_be_0_is_known(trial_frame):
    """A stratum in which everybody of an arm died before t has survival 0 there, and needs no merging."""
    frame = trial_frame.assign(site=trial_frame.index % 3)
    all_die = (frame["site"] == 1) & (frame["time"] > 2)
    frame.loc[all_die, ["time", "status"]] = [2.5, 1]
    frame["surrogate_status"] = frame["surrogate_status"].where(frame["surrogate_time"] <= frame["time"], 0)
    frame["surrogate_time"] = frame[["surrogate_time", "time"]].min(axis=1)
    fit = build(frame, strata="site").fit(n_perturb=20)
    assert fit.facts.strata == 3
    from lifelines import KaplanMeierFitter

    expected = 0.0
    for arm, sign in ((1, 1.0), (0, -1.0)):
        for site in (0, 2):
            rows = frame[(frame["arm"] == arm) & (frame["site"] == site)]
            share = (frame["site"] == site).mean()
            expected += sign * share * KaplanMeierFitter().fit(rows["time"], rows["status"]).predict(3.0)
    assert fit.delta == pytest.approx(expected, abs=1e-12)


def test_fifty_strata_of_twenty(trial_frame, quietly):
    centre = np.random.default_rng(1).integers(0, 40, 600)
    fit = quietly(build(trial_frame, strata=centre).fit, n_perturb=50)
    crude = build(trial_frame).fit(n_perturb=50)
    assert fit.delta == pytest.approx(crude.delta, abs=1.5 * crude.bse["delta"])
    assert fit.facts.strata > 10


def test_rows_with_weight_0_leave(trial_frame):
    weights = np.where(trial_frame.index % 10 == 0, 0.0, 1.0)
    model = build(trial_frame, weights=weights)
    assert model.facts.dropped == {"weight of 0": 60}
    assert len(model.trial) == 540


def test_missing_weights_and_clusters_are_dropped_and_said(trial_frame):
    frame = trial_frame.assign(w=1.0, site=trial_frame.index % 7)
    frame.loc[0, "w"] = np.nan
    frame["site"] = frame["site"].astype(float)
    frame.loc[[1, 2], "site"] = np.nan
    with pytest.warns(DataWarning, match=r"w \(1\), site \(2\)|site \(2\), w \(1\)"):
        model = build(frame, weights="w", cluster="site")
    assert len(model.trial) == 597
