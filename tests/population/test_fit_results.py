"""Inference, predictions, tables and pictures of a fit, against simulations, refits and theory."""

import pickle

import cvxpy as cp
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import DataWarning

pytestmark = pytest.mark.search

FORMULA = "aurelia_mixed + caudatum_mixed ~ day"
WIDE = pytest.mark.filterwarnings("ignore::statmodels_x.core.errors.IdentificationWarning")


@pytest.fixture(scope="module")
def data():
    return smx.datasets.load_paramecium()


@pytest.fixture(scope="module")
def gower(data):
    return smx.LeslieInteraction(FORMULA, data, density="leslie-gower").fit(n_starts=20)


@pytest.fixture(scope="module")
def volterra(data):
    return smx.LotkaVolterra(FORMULA, data).fit(n_starts=15)


@pytest.fixture(scope="module")
def linear(data):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return smx.LeslieInteraction(FORMULA, data, ages=2).fit(initial=20, n_starts=20)


# ---- predictions


def test_predict_has_the_rows_of_the_data(data, gower):
    shuffled = data.set_index(pd.Index([f"r{k}" for k in range(25)]))
    fit = smx.LeslieInteraction(FORMULA, shuffled, density="leslie-gower").fit(n_starts=10)
    table = fit.predict()
    assert list(table.index) == [f"r{k}" for k in range(25)]
    assert table.columns.names == ["species", "statistic"]
    assert list(table["aurelia_mixed"]) == ["estimate", "std_error", "lower", "upper"]
    np.testing.assert_allclose(table["aurelia_mixed", "estimate"], fit.fittedvalues["aurelia_mixed"])
    again = fit.predict(newdata=data[["day"]])
    np.testing.assert_allclose(again, table)


def test_predict_of_interleaved_cultures():
    data = smx.datasets.load_paramecium(shape="long").sort_values(["day", "culture"])
    fit = smx.LeslieInteraction(
        "aurelia + caudatum ~ day", data, density="leslie-gower", culture="culture"
    ).fit(n_starts=8)
    table = fit.predict()
    assert (table.index == data.index).all()
    absent = (data["culture"] == "aurelia alone").to_numpy()
    assert table.loc[absent, "caudatum"].isna().all(axis=None)
    assert table.loc[~absent, "caudatum"].notna().all(axis=None)
    ahead = fit.predict(at=[26, 30])
    assert ahead.index.names == ["culture", "day"]
    assert len(ahead) == 6
    row = fit.predict(pd.DataFrame({"day": [30], "culture": ["mixed"]}))
    np.testing.assert_allclose(row.to_numpy()[0], ahead.loc[("mixed", 30)])
    with pytest.raises(smx.core.errors.DataError, match="culture 'wild' is not in the fit"):
        fit.predict(pd.DataFrame({"day": [30], "culture": ["wild"]}))


def test_prediction_errors_are_those_of_the_delta_method(gower):
    table, cov = gower.predict(at=[10, 40]), gower.cov_params().to_numpy()
    theta = gower.params.to_numpy()

    def totals(theta, n):
        f, a, b, N = theta[:2], theta[2:4], theta[4:6], theta[6:8].copy()
        for _ in range(n):
            N = f * N / (1 + np.array([a @ N, b @ N]))
        return N

    for day in (10, 40):
        slope = np.array([(totals(theta + h, day) - totals(theta - h, day)) / 2e-7 / t
                          for t, h in zip(theta, np.diag(1e-7 * theta), strict=True)])  # fmt: skip
        expected = np.sqrt(np.diag(slope.T @ cov @ slope))
        np.testing.assert_allclose(table.loc[day].xs("std_error", level="statistic"), expected, rtol=1e-4)
    wide = gower.predict(at=[40], interval="prediction")
    sd = np.sqrt(gower.scale) * gower.sample.means[0, 0]
    reach = gower.reference.quantile(0.05) * np.hypot(wide["aurelia_mixed", "std_error"], sd)
    np.testing.assert_allclose(wide["aurelia_mixed", "upper"], wide["aurelia_mixed", "estimate"] + reach)


def test_linear_forecasts_end_at_zero_and_say_so(linear):
    """The rule of extinction of the trajectories: nothing below 0, and the other species goes on alone."""
    with pytest.warns(DataWarning, match=r"has ended by day \d+") as caught:
        table = linear.predict(at=range(26, 60))
    assert caught[0].filename == __file__
    totals = table.xs("estimate", axis=1, level=1)
    assert (totals >= 0).all(axis=None)
    gone = totals == 0
    assert gone.any(axis=None)
    assert (gone.cummax() == gone).all(axis=None)
    first = linear.initial_classes.groupby("species", sort=False)["members"].apply(np.array)
    with_rule = linear.system().trajectory(*first, steps=59, extinction="total").totals
    np.testing.assert_allclose(totals, with_rule.iloc[26:], rtol=1e-9, atol=1e-9)


# ---- inference


def test_intervals_keep_within_the_bounds(gower, linear):
    for fit in (gower, linear):
        limits = fit.conf_int()
        known = limits.notna().all(axis=1)
        assert (limits["lower"][known] <= fit.params[known] * (1 + 1e-12)).all()
        assert (limits["upper"][known] >= fit.params[known] * (1 - 1e-12)).all()
        assert (limits["lower"][known] >= 0).all()
        assert (limits[known].index.isin(fit.reasons.index)).sum() == 0
        assert fit.bse[fit.reasons.index].isna().all()


def test_profile_intervals_hold_at_their_limits(gower):
    """At a limit, a refit by another route has lost exactly what the F distribution allows."""
    from scipy import stats

    limits = gower.conf_int(method="profile")
    name = ("crowding", "caudatum_mixed_on_caudatum_mixed")
    value = limits.loc[name, "upper"]
    held = smx.LeslieInteraction(FORMULA, smx.datasets.load_paramecium(), density="leslie-gower").fit(
        n_starts=30, bounds={name: (value, value)}
    )
    expected = 1 + stats.f.ppf(0.95, 1, 42) / 42
    assert held.wss / gower.wss == pytest.approx(expected, rel=1e-3)
    table = gower.profile(name, n=7)
    assert table["deviance"].min() >= -1e-6
    assert table["value"].is_monotonic_increasing
    wald = gower.conf_int()
    assert (limits["upper"] - limits["lower"]).loc[name] > 0.3 * (wald["upper"] - wald["lower"]).loc[name]


def test_invariantsof_competition(gower):
    table = gower.invariants()
    p = gower.params
    K = (p["fecundity", "aurelia_mixed"] - 1) / p["crowding", "aurelia_mixed_on_aurelia_mixed"]
    assert table.loc["K_aurelia_mixed", "estimate"] == pytest.approx(K)
    # the error of log K by hand
    cov = gower.cov_params()
    names = [("fecundity", "aurelia_mixed"), ("crowding", "aurelia_mixed_on_aurelia_mixed")]
    slope = np.array([1 / p[names[1]], -K / p[names[1]]])
    expected = np.sqrt(slope @ cov.loc[names, names].to_numpy() @ slope)
    assert table.loc["K_aurelia_mixed", "std_error"] == pytest.approx(expected, rel=1e-5)
    assert table.loc["K_aurelia_mixed", "upper"] == pytest.approx(
        K * np.exp(gower.reference.quantile(0.05) * expected / K), rel=1e-5
    )
    # the theory of the same system, by its own code
    x, y = "aurelia_mixed", "caudatum_mixed"
    a = [[p["crowding", f"{j}_on_{i}"] for j in (x, y)] for i in (x, y)]
    system = smx.Competition(
        [[p["fecundity", x]]], [[0]], [[0]], [[p["fecundity", y]]], density=a, names=(x, y)
    )
    known = system.outcome()
    assert gower.outcome == known.outcome == "coexistence"
    np.testing.assert_allclose(table.loc[[f"K_{x}", f"K_{y}"], "estimate"], known.capacity)
    np.testing.assert_allclose(table.loc[[f"alpha_{y}_on_{x}", f"alpha_{x}_on_{y}"], "estimate"], known.alpha)
    np.testing.assert_allclose(table.loc[[f"invasion_{x}", f"invasion_{y}"], "estimate"], known.invasion)


@pytest.mark.parametrize(
    ("rates", "crowding", "expected"),
    [
        ([2.0, 2.0], [[1, 0.5], [0.5, 1]], "coexistence"),
        ([2.0, 2.0], [[1, 2], [2, 1]], "founder control"),
        ([2.0, 2.0], [[1, 0.5], [2, 1]], "x excludes y"),
        ([2.0, 2.0], [[1, 2], [0.5, 1]], "y excludes x"),
        ([2.0, 0.9], [[1, 2], [0.5, 1]], "only x can live"),
        ([0.8, 0.9], [[1, 2], [0.5, 1]], "both die out"),
        ([2.0, 2.0], [[1, 0.0], [0.5, 0.0]], "coexistence"),
    ],
)
def test_outcomes_by_mutual_invasion(rates, crowding, expected):
    """Also where a species has no limit of its own, and against long simulations of the map."""
    from statmodels_x.population.theory.communities import of_competition, outcome_of

    values = {"growth_x": rates[0], "growth_y": rates[1]} | of_competition(
        np.array(rates), 1.0, np.array(crowding, float), ("x", "y")
    )
    assert outcome_of(values, ("x", "y")) == expected
    ends = []
    for start in ([1e-3, 0.3], [0.3, 1e-3]):
        n = np.array(start)
        for _ in range(400):
            n = np.array(rates) * n / (1 + np.array(crowding) @ n)
        ends.append(tuple(n > 1e-6))
    if expected == "coexistence":
        assert ends == [(True, True)] * 2
    elif expected == "founder control":
        assert ends == [(False, True), (True, False)]
    else:
        alive = {"x excludes y": (True, False), "y excludes x": (False, True), "only x can live": (True, False),
                 "both die out": (False, False)}[expected]  # fmt: skip
        assert ends == [alive] * 2


def test_invariants_of_a_linear_system_are_those_of_its_theory(linear):
    k = 2
    from statmodels_x.population.course.invariants import block_matrix

    M = block_matrix(linear.machinery.layout, linear.machinery.estimate.theta)
    system = smx.Competition(M[:k, :k], -M[:k, k:], -M[k:, :k], M[k:, k:])
    table = linear.invariants()
    assert table.loc["growth_joint", "estimate"] == pytest.approx(np.abs(np.linalg.eigvals(M)).max())
    alone = smx.LeslieMatrix(
        linear.params["fecundity"].iloc[:2].to_numpy(), linear.params["survival"].iloc[:1].to_numpy()
    )
    assert table.loc["growth_aurelia_mixed", "estimate"] == pytest.approx(alone.growth_rate)
    from statmodels_x.population.course.courses import course

    start = course(linear.machinery.problem, linear.machinery.estimate.theta, 0)[0][0]
    margin = table.loc["margin", "estimate"]
    if np.isfinite(margin):
        verdict = system.last_species_standing(start[:k], start[k:])
        assert (margin > 0) == (verdict.margin > 0)


@WIDE
@pytest.mark.parametrize(
    ("options", "how"),
    [
        ({"ages": 2, "coupling": "diagonal"}, {"initial": 20}),
        ({"ages": 2, "density": "leslie-gower"}, {}),
        ({"interaction": "predation", "ages": 2}, {"initial": 20}),
        ({"interaction": "predation", "density": "leslie-gower"}, {}),
        ({"interaction": "complex", "ages": 2}, {"initial": 20}),
    ],
)
def test_the_system_of_the_theory_has_the_fitted_course(data, options, how):
    bounds = {"survival": (0.05, 1)} if options.get("ages") else None
    fit = smx.LeslieInteraction(FORMULA, data, **options).fit(n_starts=4, bounds=bounds, **how)
    classes = fit.initial_classes
    start = [classes.loc[classes["species"] == name, "members"].to_numpy() for name in fit.species]
    totals = fit.system().trajectory(*start, 25).totals
    expected = fit.predict(at=range(26)).xs("estimate", axis=1, level=1)
    np.testing.assert_allclose(totals.to_numpy(), expected.to_numpy(), rtol=1e-7, atol=1e-6)


def test_lotka_volterra_has_no_matrices(volterra):
    with pytest.raises(smx.core.errors.DataError, match="continuous time"):
        volterra.system()


@WIDE
def test_structural_rank_takes_the_intervals_away(data):
    fit = smx.LeslieInteraction(FORMULA, data, density="leslie-gower", ages=2).fit(n_starts=15)
    assert (fit.machinery.structural.n_params, fit.machinery.structural.rank) == (14, 12)
    lost = fit.reasons[fit.reasons.str.startswith("not identified")]
    assert {name for name, _ in lost.index} == {"fecundity", "survival", "structure"}
    assert fit.bse["crowding"].notna().all()
    assert fit.invariants().loc["K_aurelia_mixed", "std_error"] > 0
    assert fit.predict().notna().all(axis=None)


def test_bootstrap(gower):
    one, two = gower.bootstrap(40, seed=5), gower.bootstrap(40, seed=5, n_jobs=2)
    pd.testing.assert_frame_equal(one.params, two.params, rtol=0, atol=0)
    assert one.outcomes.sum() == pytest.approx(1)
    table = one.invariants()
    delta = gower.invariants()
    ratio = table["std_error"] / delta["std_error"]
    assert ratio["K_aurelia_mixed"] == pytest.approx(1, abs=0.5)
    blocks = gower.bootstrap(20, kind="block", block=3, seed=1)
    assert (blocks.conf_int()["lower"] <= blocks.conf_int()["upper"]).all()
    # a block bootstrap leaves blanks blank and resamples the residuals themselves
    from statmodels_x.population.inference.bootstrap import draw_blocks

    counts = draw_blocks(
        gower.machinery.problem, gower.machinery.estimate.theta, 1.0, 5, np.random.default_rng(0)
    )
    drawn = counts - gower.fittedvalues.to_numpy()
    pool = gower.resid.to_numpy() - gower.resid.to_numpy().mean(axis=0)
    assert np.isin(drawn[:, 0].round(6), pool[:, 0].round(6)).all()


def test_simulated_data_have_the_law_of_the_fit(gower):
    frames = gower.simulate(400, seed=2)
    late = np.array([frame["aurelia_mixed"].iloc[-5:].to_numpy() for frame in frames])
    sd = np.sqrt(gower.scale) * gower.sample.means[0, 0]
    np.testing.assert_allclose(
        late.mean(axis=0), gower.fittedvalues["aurelia_mixed"].iloc[-5:], atol=4 * sd / 20
    )
    np.testing.assert_allclose(late.std(axis=0), sd, rtol=0.2)
    pd.testing.assert_frame_equal(gower.simulate(2, seed=2)[1], frames[1])


def test_autocorrelation(gower, data):
    r = gower.resid["aurelia_mixed"].to_numpy()
    close = np.diff(data["day"]) == 1
    expected = (r[1:] * r[:-1])[close].sum() / (r**2).sum()
    assert gower.autocorrelation["aurelia_mixed"] == pytest.approx(expected)


# ---- files, tables, pictures


def test_files(gower, tmp_path):
    path = smx.save(gower, tmp_path / "fit.smx")
    assert path.stat().st_size < 60_000
    again = smx.load(path)
    pd.testing.assert_frame_equal(again.predict(at=[30]), gower.predict(at=[30]))
    assert str(again.summary()) == str(gower.summary())
    assert len(pickle.dumps(gower)) < 60_000


def test_summary_says_what_matters(gower, linear, volterra):
    for fit in (gower, linear, volterra):
        text = str(fit.summary())
        for part in (
            "Weighted SSE",
            "R2 aurelia_mixed",
            "Converged",
            "Searches at best",
            "Totals are kept at 0",
            "Invariants",
        ):
            assert part in text
        assert max(map(len, text.splitlines())) < 100
        for form in ("as_html", "as_latex", "as_csv", "as_markdown"):
            assert "aurelia" in getattr(fit.summary(), form)()
    text = str(linear.summary())
    assert "Structural rank" in text
    assert "free up to 20" in text
    assert ("Age classes that turn negative" in text) == (len(linear.negative_classes) > 0)


def test_tables(gower):
    tidy = gower.tidy()
    assert list(tidy.columns[:4]) == ["parameter", "term", "estimate", "std.error"]
    np.testing.assert_array_equal(tidy[["conf.low", "conf.high"]], gower.conf_int())
    glance = gower.glance().iloc[0]
    assert glance["df"] == 8
    assert glance["wss"] == pytest.approx(gower.wss)
    assert glance["AIC"] == pytest.approx(-2 * gower.llf + 2 * 9)
    rows = gower.augment()
    assert len(rows) == 50
    np.testing.assert_allclose(rows[".resid"], rows["count"] - rows[".fitted"])


def test_likelihood_ratio(data, gower, linear):
    from scipy import stats

    held = smx.LeslieInteraction(FORMULA, data, density="leslie-gower").fit(initial="observed", n_starts=15)
    test = held.lr_test(gower)
    assert test["df"] == 2
    assert test["statistic"] == pytest.approx(50 * np.log(held.wss / gower.wss))
    df = gower.df_resid
    assert test["p.value"] == pytest.approx(stats.f.sf((held.wss / gower.wss - 1.0) * df / 2, 2, df))
    with pytest.raises(smx.core.errors.DataError, match="does not hold"):
        gower.lr_test(linear)


def test_compare(gower, volterra, linear):
    table = smx.compare(gower, volterra, linear, names=["LG", "LV", "linear"])
    assert table.index[0] in ("LG", "LV")
    assert table.loc["LG", "AICc"] - table.loc["LV", "AICc"] == pytest.approx(
        50 * np.log(0.90847 / 0.89962), abs=0.01
    )


@pytest.mark.parametrize("kind", ["course", "phase", "residuals", "classes"])
def test_plots(gower, volterra, linear, kind):
    for fit in (gower, volterra, linear):
        ax = fit.plot(kind)
        assert ax.get_xlabel()
        assert ax.get_ylabel()
        plt.close(ax.figure)
    ax = gower.plot(until=40, interval="prediction")
    assert max(ax.lines[0].get_xdata()) == 40
    plt.close("all")


# ---- forecasts and observed classes


@WIDE
def test_hold_out(data):
    """Linear recursions extrapolate badly, density-dependent models about as well as the last value."""
    models = {
        "linear": smx.LeslieInteraction(FORMULA, data, ages=2),
        "Leslie-Gower": smx.LeslieInteraction(FORMULA, data, density="leslie-gower"),
        "Lotka-Volterra": smx.LotkaVolterra(FORMULA, data),
    }
    table = smx.forecast_errors(
        models, 17, fit={"linear": {"initial": 20, "n_starts": 15}, "Leslie-Gower": {"n_starts": 15}}
    )
    np.testing.assert_allclose(table.loc["last value", "rmse"], [23.6, 13.4], atol=0.1)
    assert table.loc[("linear", "aurelia_mixed"), "rmse"] > 100
    assert (table.loc[["Leslie-Gower", "Lotka-Volterra"], "rmse"] < 30).all()
    assert (table["n"] == 8).all()
    detail = smx.forecast_errors(
        {"a": models["Leslie-Gower"]}, [17, 20], horizon=2, fit={"n_starts": 5}, detail=True
    )
    assert set(detail["origin"]) == {17.0, 20.0}
    assert len(detail) == 2 * 2 * 2 * 2


def class_counts(n=40, noise=0.01, seed=4):
    rng = np.random.default_rng(seed)
    M = np.array([[0.2, 1.1, -0.05, 0.0], [0.55, 0, 0, -0.05], [-0.02, 0, 0.3, 1.0], [0, -0.02, 0.6, 0]])
    w = [np.array([80.0, 50.0, 30.0, 20.0])]
    for _ in range(n - 1):
        w.append(np.maximum(M @ w[-1] * (1 + noise * rng.normal(size=4)), 0.1))
    return pd.DataFrame(w, columns=["x1", "x2", "y1", "y2"]).assign(t=range(n)), M


@pytest.mark.parametrize("coupling", ["scalar", "diagonal", "full"])
def test_observed_classes_reach_the_global_minimum(coupling):
    data, _ = class_counts(14, 0.05)
    model = smx.ObservedLeslie("x1 + x2 | y1 + y2 ~ t", data, coupling=coupling)
    fit = model.fit()
    from statmodels_x.population.course.parameters import Layout
    from statmodels_x.population.course.terms import add_matrices
    from statmodels_x.population.fitting.regression import _regression

    layout = Layout(model.form)
    add_matrices(layout, ("x", "y"), np.full(2, np.inf), np.ones(2), strongest=np.inf)
    design, response = _regression(layout, model.before, model.after, model.weights)
    theta, upper = cp.Variable(design.shape[1]), np.array(layout.upper)
    bounds = [
        theta >= np.array(layout.lower),
        *(theta[j] <= upper[j] for j in np.flatnonzero(np.isfinite(upper))),
    ]
    other = cp.Problem(cp.Minimize(cp.sum_squares(design @ theta - response)), bounds)
    other.solve(solver=cp.CLARABEL, tol_gap_abs=1e-13, tol_gap_rel=1e-13, tol_feas=1e-13)
    assert fit.ssr == pytest.approx(other.value, rel=1e-9)
    np.testing.assert_allclose(fit.params, theta.value, atol=1e-5)
    assert fit.certificate < 1e-12


def test_a_class_that_never_changes():
    """One row of the regression is exact, which leaves an interior-point method without a scale for its tolerance."""
    counts = [9.8, 18.1, 31.6, 45.3, 61.4, 76.0, 76.6, 84.2]
    fit = smx.ObservedLeslie("a | b ~ day", pd.DataFrame({"a": counts, "b": 1.0, "day": range(8)})).fit()
    assert fit.certificate < 1e-12
    assert fit.params[("fecundity", "b")] == pytest.approx(1.0, abs=1e-12)
    before, after = np.array(counts[:-1]), np.array(counts[1:])
    assert fit.params[("fecundity", "a")] == pytest.approx(before @ after / (before @ before), rel=1e-9)
    assert np.isnan(fit.rsquared["b"])


def test_observed_classes_recover_the_matrix():
    data, M = class_counts(12, 0.0)
    exact = smx.ObservedLeslie("x1 + x2 | y1 + y2 ~ t", data).fit()
    np.testing.assert_allclose(exact.matrix, M, atol=1e-6)
    data, M = class_counts(40, 0.02)
    fit = smx.ObservedLeslie("x1 + x2 | y1 + y2 ~ t", data).fit()
    truth = {
        ("fecundity", "x_1"): 0.2,
        ("fecundity", "x_2"): 1.1,
        ("survival", "x_1"): 0.55,
        ("fecundity", "y_1"): 0.3,
        ("fecundity", "y_2"): 1.0,
        ("survival", "y_1"): 0.6,
        ("coupling", "y_on_x"): 0.05,
        ("coupling", "x_on_y"): 0.02,
    }
    assert fit.bse.notna().sum() >= 6
    for name, value in truth.items():
        assert not abs(fit.params[name] - value) > 4 * fit.bse[name], name
    limits = fit.conf_int(0.001)
    assert limits.loc[("survival", "x_1"), "lower"] < 0.55 < limits.loc[("survival", "x_1"), "upper"]
    assert "Global minimum" in str(fit.summary())
    gap = data[data["t"] != 7]
    assert smx.ObservedLeslie("x1 + x2 | y1 + y2 ~ t", gap).before.shape[0] == 37
