"""Bad input is refused by name, with what is wrong and what to do; odd data are flagged, never silently used."""

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import (
    DataError,
    DataWarning,
    FormulaError,
    IdentificationError,
    IdentificationWarning,
)

FORMULA, SURROGATE = "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)"


def build(frame, formula=FORMULA, surrogate=SURROGATE, at=3, landmark=1, **how):
    return smx.SurrogatePTE(formula, surrogate, frame, at=at, landmark=landmark, **how)


# ---- times


@pytest.mark.parametrize(
    ("times", "match"),
    [
        ({"landmark": 4}, "`landmark` is 4, after `at` = 3"),
        ({"landmark": 0}, "landmark"),
        ({"landmark": -1}, "landmark"),
        ({"at": 0}, "at"),
        ({"at": np.nan}, "at"),
        ({"at": "three"}, "at"),
        ({"at": np.inf}, "at"),
        ({"landmark": None}, "landmark"),
    ],
)
def test_times(trial_frame, times, match):
    with pytest.raises(DataError, match=match):
        build(trial_frame, **times)


def test_nobody_at_risk_at_t(trial_frame):
    with pytest.raises(IdentificationError, match=r"at=90: nobody in the treated arm \(1\).*earlier `at`"):
        build(trial_frame, at=90).fit()


def test_all_censored_before_t(trial_frame):
    """One arm is not followed to t."""
    frame = trial_frame.copy()
    late = (frame["arm"] == 0) & (frame["time"] > 2.5)
    frame.loc[late, ["time", "status"]] = [2.5, 0]
    frame["surrogate_time"] = frame[["surrogate_time", "time"]].min(axis=1)
    with pytest.raises(IdentificationError, match=r"nobody in the control arm \(0\) is followed beyond"):
        build(frame).fit()


def test_all_dead_by_t(trial_frame):
    frame = trial_frame.assign(time=trial_frame["time"].clip(upper=2.9), status=1)
    frame["surrogate_time"] = frame[["surrogate_time", "time"]].min(axis=1)
    with pytest.raises(IdentificationError, match="all died"):
        build(frame).fit()


def test_no_death_by_t(trial_frame):
    frame = trial_frame.assign(status=trial_frame["status"].where(trial_frame["time"] > 3, 0))
    with pytest.raises(IdentificationError, match=r"no death by then in either arm.*unit"):
        build(frame).fit()


def test_days_given_years(trial_frame):
    """Times in days and a landmark in years: the message speaks of the unit."""
    days = trial_frame.assign(
        time=365 * trial_frame["time"], surrogate_time=365 * trial_frame["surrogate_time"]
    )
    with pytest.raises(IdentificationError, match=r"unit of the times \(days\)"):
        build(days, time_unit="days").fit()


def test_no_early_event_in_an_arm(trial_frame):
    frame = trial_frame.copy()
    frame.loc[frame["arm"] == 1, "surrogate_status"] = 0
    frame["surrogate_time"] = frame["surrogate_time"].where(frame["surrogate_status"] == 1, frame["time"])
    with pytest.raises(
        IdentificationError, match=r"no subject of the treated arm \(1\) had the surrogate event"
    ):
        build(frame).fit()


def test_two_early_events_are_too_few(trial_frame):
    frame = trial_frame.copy()
    early = frame.index[
        (frame["arm"] == 0) & (frame["surrogate_status"] == 1) & (frame["surrogate_time"] <= 1)
    ]
    frame.loc[early[2:], "surrogate_status"] = 0
    frame["surrogate_time"] = frame["surrogate_time"].where(frame["surrogate_status"] == 1, frame["time"])
    alive = frame.loc[early[:2], "time"] > 1
    with pytest.raises(IdentificationError, match=r"(only|no) .*control arm"):
        build(frame).fit()
    assert alive.size == 2


def test_everybody_has_the_event(trial_frame):
    frame = trial_frame.copy()
    alive = (
        (frame["arm"] == 1)
        & (frame["time"] > 1)
        & ~((frame["surrogate_status"] == 1) & (frame["surrogate_time"] < 1))
    )
    frame.loc[alive, "surrogate_time"] = np.linspace(0.2, 0.9, alive.sum())
    frame.loc[alive, "surrogate_status"] = 1
    with pytest.raises(IdentificationError, match="without the surrogate event"):
        build(frame).fit()


# ---- the surrogate


def test_surrogate_after_death(trial_frame):
    frame = trial_frame.copy()
    frame.loc[7, ["surrogate_time", "surrogate_status"]] = [frame.loc[7, "time"] + 1, 1]
    with pytest.raises(
        DataError, match=r"'surrogate_time' is after the end of follow-up in 1 row.*same unit"
    ):
        build(frame)
    column = frame.assign(s=frame["surrogate_time"].where(frame["surrogate_status"] == 1))
    with pytest.raises(DataError, match=r"'s' is after the end of follow-up.*set it to missing"):
        build(column, surrogate="s")


def test_surrogate_in_another_unit(trial_frame):
    frame = trial_frame.assign(surrogate_time=365 * trial_frame["surrogate_time"])
    with pytest.raises(DataError, match="same unit"):
        build(frame)


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        ("surrogate_time", -1.0, "'surrogate_time' is negative"),
        ("surrogate_status", 2, r"'surrogate_status' holds the values .*must be 0 \(not seen\)"),
        ("time", -2.0, "'time' is negative"),
        ("time", np.inf, "'time' is infinite"),
        ("status", 3, "'status' holds the values"),
    ],
)
def test_values_in_the_wrong_place(trial_frame, column, value, match):
    frame = trial_frame.astype({column: float})
    frame.loc[4, column] = value
    with pytest.raises(DataError, match=match):
        build(frame)


def test_missing_status_and_time_of_the_surrogate(trial_frame):
    frame = trial_frame.astype({"surrogate_status": float})
    row = frame.index[frame["surrogate_status"] == 1][0]
    frame.loc[row, "surrogate_status"] = np.nan
    with pytest.raises(DataError, match="'surrogate_status' is missing"):
        build(frame)
    frame.loc[row, "surrogate_status"] = 1
    frame.loc[row, "surrogate_time"] = np.nan
    with pytest.raises(DataError, match="'surrogate_time' has no finite time for an event"):
        build(frame)
    frame.loc[row, "surrogate_status"] = np.nan
    assert np.isinf(build(frame).trial.surrogate[row])


@pytest.mark.parametrize("column", ["time", "status"])
def test_missing_follow_up_drops_the_row(trial_frame, column):
    frame = trial_frame.astype({column: float})
    frame.loc[[4, 9], column] = np.nan
    with pytest.warns(DataWarning, match=r"time or status \(2\)"):
        model = build(frame)
    assert model.facts.dropped == {"time or status": 2}
    assert model.fit(n_perturb=20).params.equals(build(frame.dropna()).fit(n_perturb=20).params)


def test_progression_after_the_end_of_follow_up(trial_frame):
    """Refused by default; moved to the end or left out, and counted, if asked."""
    frame = trial_frame.astype({"surrogate_time": float})
    late = frame.index[(frame["status"] == 1) & (frame["surrogate_status"] == 0)][:3]
    frame.loc[late, "surrogate_status"] = 1
    frame.loc[late, "surrogate_time"] = frame.loc[late, "time"] + 0.2
    with pytest.raises(DataError, match="after_end"):
        build(frame)
    with pytest.warns(DataWarning, match="in 3 subjects 'surrogate_time' was dated after"):
        moved = build(frame, after_end="move")
    assert moved.facts.notes == {"moved": 3}
    assert moved.fit(n_perturb=20).params.equals(build(trial_frame).fit(n_perturb=20).params)
    dropped = build(frame, after_end="drop")
    assert dropped.facts.dropped == {"surrogate after the end of follow-up": 3}
    assert dropped.fit(n_perturb=20).params.equals(build(trial_frame.drop(late)).fit(n_perturb=20).params)
    with pytest.raises(DataError, match="after_end"):
        build(frame, after_end="keep")


def test_death_on_day_0_and_a_cut_at_t(trial_frame):
    frame = trial_frame.copy()
    frame.loc[0, ["time", "status", "surrogate_time", "surrogate_status"]] = [0.0, 1, 0.0, 0]
    fit = build(frame).fit(n_perturb=20)
    early = frame.assign(time=frame["time"].clip(lower=1e-6))
    assert fit.params.equals(build(early).fit(n_perturb=20).params)
    # censored at t is alive at t: as if all were seen a moment longer
    late = trial_frame["time"] > 3
    cut = trial_frame.assign(
        time=trial_frame["time"].clip(upper=3.0), status=trial_frame["status"].where(~late, 0)
    )
    cut["surrogate_status"] = cut["surrogate_status"].where(cut["surrogate_time"] <= 3, 0)
    cut["surrogate_time"] = cut["surrogate_time"].clip(upper=3.0)
    for effect in ("survival", "rmst"):
        found, whole = (
            build(frame, effect=effect).fit(n_perturb=20, method="full", bias_correction=False)
            for frame in (cut, trial_frame)
        )
        np.testing.assert_allclose(found.params, whole.params, rtol=1e-10)
    at_landmark = build(cut, landmark=3).fit(n_perturb=20)
    assert at_landmark.pte == pytest.approx(1.0)


def test_composite_endpoints_are_taken_apart(trial_frame):
    """Progression-free survival counts deaths; they are no progressions, for PTE and for the process."""
    dies = (trial_frame["surrogate_status"] == 0) & (trial_frame["status"] == 1)
    composite = trial_frame.assign(surrogate_status=trial_frame["surrogate_status"].where(~dies, 1))
    plain, fit = (build(frame).fit(n_perturb=20) for frame in (trial_frame, composite))
    assert fit.params.equals(plain.params)
    assert fit.facts.surrogate_events == plain.facts.surrogate_events
    assert f"{dies.sum()} surrogate events are dated on the day of death" in " ".join(
        str(fit.summary()).split()
    )
    assert fit.fitted_process().true_values(3, 1) == plain.fitted_process().true_values(3, 1)


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        (None, FormulaError, "surrogate"),
        ("", FormulaError, "surrogate"),
        ("Surv(a, b) ~ c", FormulaError, "surrogate"),
        ("Surv(progress, surrogate_status)", DataError, "no column 'progress'"),
        ("surrogate_time + surrogate_status", FormulaError, "surrogate"),
        ("__import__('os')", FormulaError, "import"),
        ("arm", None, None),
    ],
)
def test_surrogate_text(trial_frame, text, error, match):
    if error is None:
        return
    with pytest.raises(error, match=match):
        build(trial_frame, surrogate=text)


@pytest.mark.parametrize(
    ("formula", "match"),
    [
        ("Surv(time, status) ~ arm + surrogate_status", "one column that tells the arms apart"),
        ("Surv(time, status) ~ 1", "one column"),
        ("time ~ arm", "must be one Surv"),
        ("Surv(surrogate_time, time, status) ~ arm", "late entry"),
        ("Surv(time, status)", "formula"),
    ],
)
def test_formula(trial_frame, formula, match):
    frame = trial_frame.assign(surrogate_time=trial_frame["time"] / 2)
    with pytest.raises((FormulaError, DataError), match=match):
        build(frame, formula=formula)


# ---- weights and others


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"method": "twofold"}, "`method` is 'twofold'; choose one of"),
        ({"n_perturb": 5}, "n_perturb"),
        ({"n_perturb": 50.5}, "n_perturb"),
        ({"seed": -1}, "seed"),
        ({"seed": "a"}, "seed"),
        ({"n_folds": 1}, "n_folds"),
        ({"n_folds": 1000}, "n_folds"),
        ({"n_splits": 0}, "n_splits"),
        ({"bandwidth": 0}, "bandwidth"),
        ({"bandwidth": 2}, "bandwidth"),
        ({"bias_correction": "yes"}, "bias_correction"),
        ({"bias_correction": True, "method": "split"}, "split"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"n_jobs": 1.5}, "n_jobs"),
    ],
)
def test_arguments_of_fit(trial_frame, how, match):
    with pytest.raises(DataError, match=match):
        build(trial_frame).fit(**how)


# ---- odd data that are no errors


@pytest.fixture
def no_effect(trial_frame):
    """Arms at random."""
    return trial_frame.assign(arm=np.random.default_rng(3).permutation(trial_frame["arm"].to_numpy()))


def test_no_effect_to_explain(no_effect):
    with pytest.warns(IdentificationWarning, match="cannot be told from 0.*no effect to explain"):
        fit = build(no_effect).fit(n_perturb=100)
    assert not fit.is_defined
    for name in ("pte", "pte_primary", "incremental_value", "r_s", "r_t"):
        assert np.isnan(fit.params[name])
        assert np.isnan(fit.bse[name])
    for kind in ("quantile", "normal"):
        assert fit.conf_int(method=kind).loc["pte"].isna().all()
    assert fit.conf_int(method="fieller").loc["pte"].tolist() == [-np.inf, np.inf]
    assert np.isfinite(fit.delta)
    assert np.isfinite(fit.conf_int().loc["delta"]).all()
    assert np.isfinite(fit.raw_ratio)
    assert "-inf" in str(fit.summary(method="fieller"))
    assert "nan" in str(fit.summary())
    assert not fit.glance()["defined"].iloc[0]


def test_negative_effect_asks_for_a_swap(trial_frame):
    with pytest.warns(IdentificationWarning, match="delta is negative.*swap"):
        fit = build(trial_frame, treated=0).fit(n_perturb=100)
    assert fit.delta < 0
    assert np.isfinite(fit.pte)


def test_weak_overlap_warns():
    from statmodels_x.surrogate.planning.simulate import IllnessDeath, IllnessDeathTrial

    distributions = [IllnessDeath(1 / m, d, d) for m, d in ((0.3, 0.45), (5.0, 0.25))]
    frame = IllnessDeathTrial(*distributions, 0.08).simulate(600, seed=1)
    with pytest.warns(IdentificationWarning, match="overlap weakly"):
        fit = build(frame).fit(n_perturb=50)
    assert fit.overlap > 2


def test_few_early_events_are_said(trial_frame):
    frame = trial_frame.copy()
    early = frame.index[
        (frame["arm"] == 1)
        & (frame["surrogate_status"] == 1)
        & (frame["surrogate_time"] <= 1)
        & (frame["time"] > 1)
    ]
    frame.loc[early[6:], "surrogate_status"] = 0
    frame["surrogate_time"] = frame["surrogate_time"].where(frame["surrogate_status"] == 1, frame["time"])
    with pytest.warns(IdentificationWarning) as caught:
        fit = build(frame).fit(n_perturb=50)
    said = " ".join(str(warning.message) for warning in caught)
    assert "only 6 early surrogate events in the treated arm" in said
    assert "overlap weakly" in said
    assert np.isfinite(fit.params[["delta", "overlap"]]).all()


def test_copies_of_subjects_are_noticed(trial_frame):
    twice = pd.concat([trial_frame, trial_frame], ignore_index=True)
    with pytest.warns(DataWarning, match="stand in the data once"):
        build(twice)


@pytest.mark.parametrize("step", [0.25, 0.05, 1.0])
def test_heavy_ties(trial_frame, step):
    """Times to the quarter, or the whole unit: bins, no zero bandwidth, a finite estimate near the fine one."""
    frame = trial_frame.copy()
    frame["time"] = np.ceil(frame["time"] / step) * step
    frame["surrogate_time"] = np.minimum(np.ceil(frame["surrogate_time"] / step) * step, frame["time"])
    seen = frame["surrogate_status"] == 1
    at_end = seen & (frame["surrogate_time"] >= frame["time"])
    frame.loc[at_end, "surrogate_status"] = 0
    fit = build(frame).fit(n_perturb=100)
    assert (fit.diagnostics.bandwidth == 0.0) == (step != 0.05)
    assert np.isfinite(fit.params).all()
    assert np.isfinite(fit.bse).all()
    fine = build(trial_frame).fit(n_perturb=100)
    # rounding up to whole units moves deaths across the landmark: then only the order of size is left
    assert fit.pte == pytest.approx(fine.pte, abs={0.05: 0.06, 0.25: 0.15, 1.0: 0.6}[step])


def test_all_early_events_at_one_time(trial_frame):
    frame = trial_frame.copy()
    early = (frame["surrogate_status"] == 1) & (frame["surrogate_time"] <= 1) & (frame["time"] > 1)
    frame.loc[early, "surrogate_time"] = 0.5
    fit = build(frame).fit(n_perturb=50)
    assert fit.diagnostics.n_points == 1
    assert np.isfinite(fit.params).all()


def test_other_frames(trial_frame):
    """polars and plain mappings are as good as pandas."""
    import polars as pl

    one = build(trial_frame).fit(n_perturb=20)
    for frame in (pl.DataFrame(trial_frame.to_dict("list")), trial_frame.to_dict("list")):
        assert build(frame).fit(n_perturb=20).pte == one.pte


def test_not_a_frame():
    with pytest.raises(DataError, match="data"):
        build([1, 2, 3])


@pytest.mark.parametrize("method", ["split", "crossfit", "full"])
def test_clusters_too_few_to_leave_one_part_out(method):
    rng = np.random.default_rng(0)
    n = 100
    arm = np.arange(n) % 2
    death, early, end = rng.exponential(2.0 + arm), rng.exponential(1.0 + arm), rng.uniform(1, 6, n)
    time = np.minimum(death, end)
    data = pd.DataFrame(
        {
            "t": time,
            "d": death <= end,
            "e": np.minimum(early, time),
            "s": early < time,
            "arm": arm,
            "one": 1,
            "two": arm,
        }
    )

    def fit(cluster):
        model = smx.SurrogatePTE(
            "Surv(t, d) ~ arm", "Surv(e, s)", data, at=2.0, landmark=0.8, cluster=cluster
        )
        return model.fit(method=method, n_perturb=20)

    with pytest.raises(smx.errors.IdentificationError, match="one cluster"):
        fit("one")
    if method != "full":
        with pytest.raises(smx.errors.IdentificationError, match="too few clusters"):
            fit("two")
