"""Results: intervals, tables, pictures, seeds, files."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import statmodels_x as smx
from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.surrogate.planning.simulate import PROCESSES

NAMES = ["pte", "delta", "pte_primary", "incremental_value", "r_s", "r_t", "overlap"]


# ---- the shape of results


def test_names_and_shapes(fitted):
    assert fitted.params.index.tolist() == NAMES
    assert fitted.bse.index.tolist() == NAMES
    for name in NAMES:
        assert getattr(fitted, name) == fitted.params[name]
    assert fitted.incremental_value == pytest.approx(fitted.pte - fitted.pte_primary, abs=1e-12)
    for kind in ("quantile", "normal", "fieller"):
        limits = fitted.conf_int(method=kind)
        assert limits.columns.tolist() == ["lower", "upper"]
        assert (limits["lower"] < fitted.params).all()
        assert (fitted.params < limits["upper"]).all()
        narrower = fitted.conf_int(alpha=0.5, method=kind)
        assert (narrower["lower"] > limits["lower"]).all()
    normal = fitted.conf_int(method="normal")
    assert_allclose(normal["upper"] - fitted.params, 1.959964 * fitted.bse, rtol=1e-6)
    assert fitted.nobs == 600
    covariance = fitted.cov_params()
    assert_allclose(np.sqrt(np.diag(covariance)), fitted.bse, rtol=0.35)
    assert np.linalg.eigvalsh(covariance).min() > -1e-12
    assert fitted.pvalues["delta"] < 0.001
    assert repr(fitted).startswith("SurrogateResults(pte=")


@pytest.mark.parametrize("how", [{"method": "profile"}, {"alpha": 0}, {"alpha": 1.5}, {"alpha": "5%"}])
def test_bad_intervals(fitted, how):
    with pytest.raises(DataError, match=next(iter(how))):
        fitted.conf_int(**how)


@pytest.mark.parametrize("method", ["fieller", "normal"])
def test_p_values_and_intervals_are_one_system(fitted, method):
    """P-values turn at the level at which the interval of the same kind reaches the null value."""
    table = fitted.tidy(method=method).set_index("term")
    assert_allclose(table["p.value"], 2 * stats.norm.sf(np.abs(table["statistic"])))
    for name, row in table.iterrows():
        limits = fitted.conf_int(alpha=float(row["p.value"]), method=method).loc[name]
        assert np.abs(limits - float(name == "overlap")).min() == pytest.approx(0.0, abs=1e-8)
    assert fitted.tidy(method="quantile")["p.value"].isna().all()


def test_p_values_of_the_colon_trial_agree_with_its_intervals(colon_fit):
    """Survival to the landmark alone: an interval from -.36 to .65 and a p-value below .05 cannot both be."""
    table = colon_fit.tidy()
    excludes = (table["conf.low"] > 0) | (table["conf.high"] < 0)
    proportions = table["term"] != "overlap"
    assert ((table["p.value"] < 0.05) == excludes)[proportions].all()


def test_tidy_and_glance(fitted):
    table = fitted.tidy()
    assert table.columns.tolist() == [
        "term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high",
    ]  # fmt: skip
    assert table["term"].tolist() == NAMES
    row = fitted.glance().iloc[0]
    assert (row["nobs"], row["method"], row["defined"]) == (600, "crossfit", True)


def test_transformation(fitted):
    table = fitted.transformation
    assert table["stratum"].tolist()[-1] == "no event"
    assert table["surrogate_time"].iloc[:-1].is_monotonic_increasing
    assert (table["lower"] < table["estimate"]).all()
    assert np.isnan(table["surrogate_time"].iloc[-1])
    wide = fitted.transformation_bands(simultaneous=True)
    assert (wide["upper"] > table["upper"]).all()
    setting = PROCESSES["A illness-death"]
    truth = setting.process.true_values(3, 1)["g2"]
    last = table.iloc[-1]
    assert abs(last["estimate"] - truth) < 4 * last["std_error"]


def test_transformation_covers_the_truth(model_of):
    from statmodels_x.surrogate.planning.truth import true_transformation

    setting = PROCESSES["A illness-death"]
    fit = model_of(setting.process.simulate(5000, seed=2)).fit(n_perturb=200, n_splits=1)
    table = fit.transformation_bands(simultaneous=True).iloc[:-1]
    s = table["surrogate_time"].to_numpy()
    truth = true_transformation((setting.process.control, setting.process.treated), 3.0, 1.0, s, np.zeros(0))
    assert np.mean((table["lower"] <= truth) & (truth <= table["upper"])) > 0.97
    assert np.max(np.abs(table["estimate"] - truth)) < 0.12


def test_diagnostics(fitted, trial_frame):
    counts = fitted.diagnostics.counts
    arm = trial_frame["arm"] == 1
    early = (
        (trial_frame["surrogate_status"] == 1)
        & (trial_frame["surrogate_time"] <= 1)
        & (trial_frame["time"] > 1)
    )
    assert counts.loc["subjects"].tolist() == [300, 300]
    assert counts.loc["early events"].tolist() == [(early & arm).sum(), (early & ~arm).sum()]
    assert counts.loc["at risk after t", "treated"] == ((trial_frame["time"] > 3) & arm).sum()
    assert counts.loc["effective subjects"].tolist() == [300, 300]
    conditions = fitted.diagnostics.conditions
    assert set(conditions["verdict"]) <= {"holds", "not clear", "fails"}
    assert conditions.loc["forecast gain", "estimate"] > 0
    assert fitted.diagnostics.least_local_treated > 5
    assert 0 < fitted.diagnostics.bandwidth < 0.3
    assert fitted.warnings == ()


def test_share_test(fitted):
    found = fitted.share_test(0.0)
    assert found["p.value"] < 0.01
    assert fitted.share_test(1.0)["p.value"] > 0.5
    # the one-sided test turns at the end of Fieller's interval
    limit = fitted.conf_int(alpha=0.1, method="fieller").loc["pte", "lower"]
    assert fitted.share_test(float(limit))["p.value"] == pytest.approx(0.05, abs=1e-6)
    with pytest.raises(DataError, match="share"):
        fitted.share_test(2)


HARM = smx.IllnessDeathTrial(smx.IllnessDeath(0.5, 0.08, 0.45), smx.IllnessDeath(1.0, 0.10, 0.55), 0.08)
"""The treatment shortens survival; true PTE .539."""
NO_EFFECT = smx.IllnessDeathTrial(
    smx.IllnessDeath(1.0, 0.10, 0.55), smx.IllnessDeath(0.4, 0.10, 1.3604911692814547), 0.08
)
"""Progression is delayed, survival at 3 is the same."""


def test_claims_where_the_treatment_harms(model_of, quietly):
    """The sign of the effect belongs to the test of a share and to the conditions."""
    fit = quietly(model_of(HARM.simulate(1000, seed=3)).fit)
    assert fit.share_test(0.3)["p.value"] == pytest.approx(0.0002, abs=1e-4)
    assert fit.share_test(0.9)["p.value"] == pytest.approx(0.9998, abs=1e-4)
    assert fit.diagnostics.conditions["verdict"].eq("holds").all()
    # with an effect that is sure, the test of a share is again that of Fieller's lower limit
    limit = fit.conf_int(alpha=0.1).loc["pte", "lower"]
    assert fit.share_test(float(limit))["p.value"] == pytest.approx(0.05, abs=1e-6)


def test_no_claim_without_an_effect(model_of, quietly):
    """Gain in progression and none in survival: more than half is claimed about as often as an effect is."""
    assert NO_EFFECT.true_values(3, 1)["delta"] == pytest.approx(0.0, abs=1e-9)
    tests = [
        quietly(model_of(NO_EFFECT.simulate(400, seed=seed)).fit, n_perturb=100, n_splits=1).share_test(0.5)
        for seed in range(40)
    ]
    assert sum(found["p.share"] < 0.05 for found in tests) > 15  # what a test without the effect would claim
    assert sum(found["p.value"] < 0.05 for found in tests) <= 6  # 5 % of 40, and three standard errors


def test_earliest_landmark_needs_the_effect_at_its_own_level(model_of, quietly):
    fit = quietly(model_of(PROCESSES["B strong surrogate"].process.simulate(200, seed=7), landmark=1.5).fit)
    grid = fit.landmark_grid([3.0], [2.5])
    z = abs(fit.tvalues["delta"])
    level = 2 * stats.norm.sf(z)
    assert level < 0.05
    assert grid.earliest_landmark(0.1, alpha=1.5 * level)["by_confidence"].tolist() == [2.5]
    assert np.isnan(grid.earliest_landmark(0.1, alpha=level / 3)["by_confidence"].iloc[0])


def test_summary(fitted, trial_frame, model_of):
    text = str(fitted.summary())
    for part in ("PTE", "R_S", "imbalance", "crossfit (5 folds, 3 splits)", "Conditions", "Constraint"):
        assert part in text
    assert "<table" in fitted._repr_html_()
    assert r"\begin{table}" in fitted.summary().as_latex()
    fit = model_of(trial_frame, weights=np.ones(600), time_unit="years").fit(n_perturb=20, method="full")
    text = str(fit.summary(alpha=0.1, method="normal"))
    for part in ("3 years", "0.9 intervals: normal", "[0.05", "effective subjects", "weights"):
        assert part in text


# ---- seeds, workers, files


def test_seeds_and_workers(trial_frame, model_of):
    model = model_of(trial_frame)
    one = model.fit(n_perturb=60, seed=5)
    for again in (model.fit(n_perturb=60, seed=5), model.fit(n_perturb=60, seed=5, n_jobs=2)):
        assert one.params.equals(again.params)
        assert one.bse.equals(again.bse)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert one.bse.equals(model.fit(n_perturb=60, seed=5, n_jobs=2).bse)
    other = model.fit(n_perturb=60, seed=6)
    assert other.pte != one.pte
    assert other.pte == pytest.approx(one.pte, abs=0.03)


def test_more_perturbations_go_on_from_fewer(trial_frame, model_of):
    model = model_of(trial_frame)
    few, many = (model.fit(n_perturb=n).sums.replicates.values for n in (30, 90))
    assert_allclose(few, many[:30], rtol=1e-12)


def test_memory_does_not_grow_with_perturbations(model_of):
    """Weights are drawn replicate by replicate and reduced at once."""
    import tracemalloc

    model = model_of(PROCESSES["A illness-death"].process.simulate(20_000, seed=1))
    peaks = []
    for n_perturb in (25, 100):
        model.fit(n_perturb=n_perturb, method="full")
        tracemalloc.start()
        model.fit(n_perturb=n_perturb, method="full")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.15 * peaks[0]
    assert peaks[1] < 40_000 * 200  # a weight matrix of 100 replicates alone would be 32 MB


def test_progress(trial_frame, model_of, capsys):
    model_of(trial_frame).fit(n_perturb=50, progress=True)
    assert "2/2" in capsys.readouterr().err


def test_files(fitted, trial_frame, model_of, tmp_path):
    again = smx.load(smx.save(fitted, tmp_path / "fit"))
    assert again.params.equals(fitted.params)
    assert again.conf_int(method="fieller").equals(fitted.conf_int(method="fieller"))
    assert str(again.summary()) == str(fitted.summary())
    again.plot()
    for call in (again.landmark_grid, again.need_sample, lambda: again.plot("survival")):
        with pytest.raises(DataError, match="keep_data=True"):
            call()
    kept = pickle.loads(pickle.dumps(model_of(trial_frame).fit(n_perturb=20, keep_data=True)))
    assert len(kept.need_sample()) == 600
    assert len(pickle.dumps(fitted)) < 400_000


def test_files_of_the_other_results(grid, trial_frame, quietly, tmp_path):
    formula, surrogate = "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)"
    residual = quietly(smx.ResidualEffect(formula, surrogate, trial_frame, 3, 1).fit, n_perturb=20)
    association = smx.EventAssociation(formula, surrogate, trial_frame).fit(n_perturb=20)
    for fit in (grid, residual, association):
        again = smx.load(smx.save(fit, tmp_path / "fit"))
        assert str(again.summary()) == str(fit.summary())


def test_results_are_frozen(fitted):
    with pytest.raises(AttributeError):
        fitted.sums = np.zeros(3)


# ---- the grid of landmarks


@pytest.fixture(scope="module")
def grid(fitted):
    return fitted.landmark_grid([2.0, 3.0], [0.5, 1.0, 2.0, 2.5], n_perturb=100)


def test_grid(grid, fitted, trial_frame, model_of):
    table = grid.frame()
    assert table[["at", "landmark"]].to_numpy().tolist() == [
        [2, 0.5], [2, 1], [2, 2], [3, 0.5], [3, 1], [3, 2], [3, 2.5],
    ]  # fmt: skip
    alone = model_of(trial_frame, at=3, landmark=2).fit(n_perturb=100)
    row = table.iloc[5]
    assert row["estimate"] == pytest.approx(alone.pte, rel=1e-12)
    assert row["std_error"] == pytest.approx(alone.bse["pte"], rel=1e-12)
    assert row["lower"] < alone.conf_int(method="normal").loc["pte", "lower"]
    for kind in ("normal", "quantile", "fieller"):
        limits = grid.frame("pte", method=kind).iloc[5][["lower", "upper"]]
        assert_allclose(limits.to_numpy(float), alone.conf_int(method=kind).loc["pte"], rtol=1e-9)
    ends = table[table["at"] == table["landmark"]]
    assert_allclose(ends[["estimate", "lower", "upper"]], 1.0, atol=1e-9)
    assert grid.frame("delta")["estimate"].iloc[0] == pytest.approx(grid.frame()["delta"].iloc[0])


def test_earliest_landmark(grid):
    table = grid.earliest_landmark(0.0)
    assert table["at"].tolist() == [2, 3]
    assert table["by_estimate"].tolist() == [0.5, 0.5]
    assert (table["by_confidence"] >= table["by_estimate"]).all()
    sure = grid.earliest_landmark(0.99)
    assert sure["by_confidence"].tolist()[0] == 2.0  # only t0 = t explains all for certain
    assert np.isnan(sure["by_confidence"].tolist()[1])
    values = grid.frame()
    for share in (0.3, 0.6):
        for row in grid.earliest_landmark(share).itertuples():
            reached = values[(values["at"] == row.at) & (values["estimate"] >= share)]
            assert row.by_estimate == reached["landmark"].min()


def test_grid_refuses_by_pair(fitted):
    grid = fitted.landmark_grid([3.0, 70.0], [0.001, 1.0], n_perturb=20)
    assert grid.pairs == ((3.0, 1.0),)
    assert grid.refused[["at", "landmark"]].to_numpy().tolist() == [[3, 0.001], [70, 0.001], [70, 1]]
    assert "at=70" in grid.refused["reason"].iloc[2]
    assert "at=70" in str(grid.summary())
    with pytest.raises(IdentificationError, match="no pair"):
        fitted.landmark_grid([70.0], [1.0])
    for how in (
        {"ats": "x"},
        {"landmarks": [-1.0]},
        {"landmarks": []},
        {"ats": 1, "landmarks": 2},
        {"n_perturb": 3},
    ):
        with pytest.raises(DataError, match=r"ats|landmark|n_perturb"):
            fitted.landmark_grid(**how)
    for how in ({"quantity": "p"}, {"method": "band"}, {"alpha": 2}):
        with pytest.raises(DataError, match=next(iter(how))):
            grid.frame(**how)


def test_grid_by_default_and_summary(fitted):
    grid = fitted.landmark_grid(n_perturb=20)
    assert [pair[0] for pair in grid.pairs] == [3.0] * 8
    text = str(grid.summary())
    assert "t = 3, t0 = 1.5" in text
    assert "LandmarkGrid(8 pairs" in repr(grid)


# ---- pictures


def test_transformation_picture(fitted):
    ax = fitted.plot()
    assert ax.get_xlabel() == "Time of the surrogate event"
    labels = ax.get_legend_handles_labels()[1]
    assert labels[0].startswith("event by the landmark")
    assert any("surrogate events" in label for label in labels)
    fitted.plot(ax=ax, simultaneous=True, alpha=0.1)


def test_survival_picture(fitted, trial_frame, model_of):
    ax = fitted.plot("survival")
    assert ax.get_ylabel() == "Survival probability"
    assert len(ax.get_lines()) >= 3
    model_of(trial_frame, effect="rmst", weights=np.linspace(0.5, 2, 600)).fit(n_perturb=20).plot("survival")
    with pytest.raises(DataError, match="kind"):
        fitted.plot("pie")


def test_grid_pictures(grid, fitted):
    ax = grid.plot()
    assert ax.get_legend_handles_labels()[1] == ["t = 2", "t = 3"]
    ax = grid.plot("surface", quantity="r_s")
    assert ax.get_ylabel() == "Time $t$ of the outcome"
    with pytest.raises(DataError, match="surface"):
        fitted.landmark_grid([3.0], [1.0], n_perturb=20).plot("surface")
    with pytest.raises(DataError, match="quantity"):
        grid.plot(quantity="x")


def test_no_curve_without_effect(trial_frame, model_of, quietly):
    frame = trial_frame.assign(arm=np.random.default_rng(3).permutation(trial_frame["arm"].to_numpy()))
    fit = quietly(model_of(frame).fit, n_perturb=20)
    with pytest.raises(DataError, match="no PTE to draw"):
        fit.landmark_grid([3.0], [1.0, 2.0], n_perturb=20).plot()


def test_picture_of_few_visits(trial_frame, model_of):
    frame = trial_frame.copy()
    seen = frame["surrogate_status"] == 1
    visit = np.ceil(frame["surrogate_time"] * 4) / 4
    keep = seen & (visit < frame["time"])
    frame["surrogate_status"] = keep.astype(int)
    frame["surrogate_time"] = visit.where(keep, frame["time"])
    fit = model_of(frame).fit(n_perturb=30)
    assert fit.diagnostics.n_points == 4
    fit.plot()


# ---- planning


def test_power():
    setting = PROCESSES["B strong surrogate"]
    table = smx.surrogate_power(
        setting.process, n=[150, 600], at=3, landmark=1.5, n_repeats=40, n_perturb=60, at_least=0.5
    )
    assert table["n_per_arm"].tolist() == [150, 600]
    assert table["pte"].iloc[0] == pytest.approx(0.9092, abs=1e-4)
    assert table["median_width"].iloc[1] < table["median_width"].iloc[0]
    assert table["power"].iloc[1] > table["power"].iloc[0]
    assert table["defined"].iloc[1] >= table["defined"].iloc[0]
    assert (table["coverage"] > 0.8).all()
    again = smx.surrogate_power(setting.process, 150, at=3, landmark=1.5, n_repeats=40, n_perturb=60)
    assert again.iloc[0].equals(table.iloc[0])


def test_power_of_a_fitted_process(fitted):
    table = fitted.power([200], n_repeats=6, n_perturb=20)
    assert 0.2 < table["pte"].iloc[0] < 1.0
    process = fitted.fitted_process(n_pieces=3)
    assert process.true_values(3, 1)["delta"] == pytest.approx(fitted.delta, abs=0.06)


def test_power_counts_refused_trials():
    setting = PROCESSES["A illness-death"]
    table = smx.surrogate_power(setting.process, 20, at=12, landmark=1, n_repeats=20, n_perturb=20)
    assert table["refused"].iloc[0] > 0.3


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"n": 3}, "`n`"),
        ({"at": 0.5}, "landmark"),
        ({"interval": "x"}, "interval"),
        ({"method": "x"}, "method"),
        ({"effect": "x"}, "effect"),
        ({"at_least": 2}, "at_least"),
        ({"alpha": 2}, "alpha"),
        ({"n_repeats": 1}, "n_repeats"),
        ({"process": 1}, "process"),
    ],
)
def test_bad_plans(how, match):
    plan = {"process": PROCESSES["A illness-death"].process, "n": 100, "at": 3, "landmark": 1, **how}
    with pytest.raises(DataError, match=match):
        smx.surrogate_power(**plan)


# ---- one shape of use


def test_old_names_still_answer(fitted):
    new = fitted.conf_int(method="normal")
    for call in (
        lambda: fitted.conf_int(kind="normal"),
        lambda: (
            fitted.tidy(kind="normal")[["conf.low", "conf.high"]]
            .set_axis(new.columns, axis=1)
            .set_axis(NAMES)
        ),
    ):
        with pytest.warns(DeprecationWarning, match="`kind` is now called `method`") as caught:
            assert call().equals(new)
        assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="method"):
        assert "intervals: normal" in str(fitted.summary(kind="normal"))


def test_what_is_handed_out_is_a_copy(fitted, grid):
    before = str(fitted.summary()), str(grid.summary())
    series = fitted.params, fitted.bse, fitted.diagnostics.constraint
    frames = (
        fitted.diagnostics.counts,
        fitted.diagnostics.conditions,
        fitted.transformation,
        fitted.cov_params(),
    )
    for table in series:
        table.iloc[:] = 9.0
    for table in (*frames, grid.refused):
        for k in np.flatnonzero([pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]):
            table.iloc[:, k] = table.iloc[:, k] * 0
    assert (str(fitted.summary()), str(grid.summary())) == before
    assert fitted.pte != 9.0


def test_pictures_refuse_what_is_not_theirs(fitted, grid):
    with pytest.raises(DataError, match="simultaneous"):
        fitted.plot("survival", simultaneous=True)
    with pytest.raises(DataError, match="alpha"):
        grid.plot("surface", alpha=0.1)
    with pytest.raises(TypeError, match="colour"):
        fitted.plot(colour="red")


def test_findings_are_values_with_the_users_line(trial_frame, model_of):
    frame = trial_frame.assign(arm=np.random.default_rng(3).permutation(trial_frame["arm"].to_numpy()))
    model = model_of(frame)
    with pytest.warns(smx.errors.IdentificationWarning, match="cannot be told from 0") as caught:
        fit = model.fit(n_perturb=20)
    assert caught[0].filename == __file__
    assert [finding.kind for finding in fit.findings] == ["undefined"]
    assert fit.warnings == (str(caught[0].message),)


def test_no_row_of_the_data_in_a_saved_result(trial_frame, model_of):
    kept = pickle.loads(pickle.dumps(model_of(trial_frame).fit(n_perturb=20)))
    data = set(trial_frame["time"]) | set(trial_frame["surrogate_time"])
    assert kept.sample is None
    assert not data & set(kept.sums.points)
