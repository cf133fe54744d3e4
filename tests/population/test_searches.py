"""What an end of a search is worth: needles, nested starts, gains, the form that cannot turn negative, one species."""

import warnings

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.population.course.build import build_problem, check_weights
from statmodels_x.population.course.courses import course, digits_spent
from statmodels_x.population.course.layout import build_layout
from statmodels_x.population.fitting.starts import random_starts
from statmodels_x.population.kernels import objective
from statmodels_x.population.sample import read_sample
from statmodels_x.population.specification import Form

# Gause's Didinium and Paramecium (1934), by the day
DIDINIUM = pd.DataFrame(
    {
        "day": range(1, 18),
        "prey": [2.9, 7.6, 15.2, 25.1, 55.4, 27.1, 9.6, 2.4, 0.5, 1.3, 5.3, 15.2, 27.5, 18.2, 0, 0, 0],
        "pred": [0, 0, 0, 4.8, 6.9, 31, 27.9, 15.8, 11.7, 4.1, 0, 0, 3.1, 28.6, 37, 18.6, 9.3],
    }
)
# weekly totals of prey and predatory mites (Huffaker 1958)
MITES = pd.DataFrame(
    {
        "week": range(1, 61),
        "prey": [
            51, 153, 210, 111, 101, 124, 195, 202, 151, 106, 200, 314, 384, 392, 483, 559, 561, 631, 715, 699, 748, 733,
            974, 788, 629, 325, 247, 268, 253, 266, 375, 577, 466, 336, 196, 209, 266, 266, 786, 817, 786, 1251, 905,
            594, 383, 277, 274, 124, 173, 316, 352, 607, 726, 558, 498, 360, 246, 77, 119, 77,
        ],
        "pred": [
            np.nan, np.nan, 1.15, 2.4, 1.875, 0.9, 2.45, 0.775, 0.375, 0.7, 0.125, 0.45, 0.075, 0.125, 0.2, 0.6, 1.375,
            1.825, 2.8, 4.55, 4.425, 6.45, 9.425, 14.75, 16.05, 10.4, 5.525, 4.175, 4.425, 2.35, 5.15, 9.375, 11.05,
            13.525, 5.55, 5.925, 1.525, 1.125, 2.55, 4.375, 10.675, 15.675, 20.025, 14.525, 13.275, 8.15, 7.9, 5.7, 2.9,
            2.45, 2.05, 2.45, 14.65, 14.725, 10.425, 12.575, 6.15, 2.9, 1.025, 0.7,
        ],
    }
)  # fmt: skip


def fitted(model, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(**how)


@pytest.fixture(scope="module")
def mites():
    model = smx.LeslieInteraction("prey + pred ~ week", MITES, "predation", density="leslie-gower")
    return {(n, seed): fitted(model, n_starts=n, seed=seed) for n, seed in ((5, 3), (12, 8))}


def test_the_doubt_about_an_oscillating_series_is_said(mites):
    """From every seed the same regular end, needles named and not chosen, and no period."""
    for fit in mites.values():
        assert fit.wss == pytest.approx(46.619, abs=2e-3)
        assert fit.digits < 5.0
        assert (fit.search["at_best"] > 0).sum() >= 2
        kinds = {finding.kind for finding in fit.findings}
        assert {"needles", "feedback"} <= kinds
        assert fit.ends["digits"].iloc[0] < 5.0
        assert (fit.ends["digits"] > 5.0).any()
        assert np.isnan(fit.invariants().loc["period", "estimate"])
        assert "Digits spent" in str(fit.summary())


def test_a_needle_that_was_asked_for_has_no_errors(mites):
    model = smx.LeslieInteraction("prey + pred ~ week", MITES, "predation", density="leslie-gower")
    fit = fitted(model, n_starts=2, allow_unstable=True)
    assert fit.wss < next(iter(mites.values())).wss - 5
    assert fit.digits > 5.0
    assert fit.bse.isna().all()
    assert "needle" in {finding.kind for finding in fit.findings}
    table = fit.invariants()
    assert table[["std_error", "lower", "upper"]].isna().all(axis=None)
    assert np.isnan(table.loc["period", "estimate"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ahead = fit.predict(at=[30, 62])
    assert ahead.xs("std_error", axis=1, level=1).isna().all(axis=None)


def test_digits_are_what_rounding_costs(mites):
    """A relative change of 1e-d moves a course that spends d digits by about a mean."""
    fit = next(iter(mites.values()))
    problem, theta = fit.machinery.problem, fit.machinery.estimate.theta
    digits = digits_spent(problem, theta)
    N = course(problem, theta, 0)[1] / problem.level[0]
    largest = 0.0
    for q in range(len(theta)):
        moved = theta.copy()
        moved[q] *= 1.0 + 1e-4 * 10.0**-digits
        largest = max(largest, np.abs(course(problem, moved, 0)[1] / problem.level[0] - N).max())
    assert largest == pytest.approx(1e-4, rel=0.05)


def test_more_starts_are_the_same_ones_and_some_besides():
    data = smx.datasets.load_paramecium()
    sample = read_sample("aurelia_mixed + caudatum_mixed ~ day", data, None, None)
    layout = build_layout(Form(0, "competition", (2, 2)), sample)
    few, many = random_starts(layout, sample, 4, [0, 1]), random_starts(layout, sample, 9, [0, 1])
    np.testing.assert_array_equal(few, many[:4])
    model = smx.LeslieInteraction("prey + pred ~ day", DIDINIUM, "predation", density="saturating")
    costs = [fitted(model, n_starts=n).machinery.estimate for n in (2, 8)]
    assert costs[1].cost <= costs[0].cost * (1 + 1e-9)
    random = [[v for v, kind in zip(e.values, e.kinds, strict=True) if kind == "random"][:2] for e in costs]
    np.testing.assert_allclose(random[0], random[1], rtol=0.02)


def test_the_positive_form_agrees_from_every_seed():
    model = smx.LeslieInteraction("prey + pred ~ day", DIDINIUM, "predation", density="saturating")
    for seed in (0, 1, 2):
        fit = fitted(model, n_starts=10, seed=seed)
        assert fit.wss == pytest.approx(3.1412, abs=1e-3)
        assert fit.digits < 1.5
        assert (fit.search["at_best"] > 0).all()
    assert (fit.fittedvalues > 0).all(axis=None)
    ahead = fit.predict(at=range(18, 40))
    assert (ahead.xs("estimate", axis=1, level=1) >= 0).all(axis=None)
    with pytest.raises(DataError, match="no system"):
        fit.system()


@pytest.mark.parametrize(
    ("form", "gain"),
    [
        (Form(0, "predation", (1, 1), density="saturating"), 0.0),
        (Form(0, "predation", (3, 2), density="saturating"), 0.0),
        (Form(0, "predation", (2, 2), density="leslie-gower"), "free"),
        (Form(0, "competition", (1, 1), density="leslie-gower"), 0.4),
        (Form(0, "single", (2, 1), density="ricker"), 0.0),
        (Form(0, "single", (1, 1), density="leslie-gower"), "free"),
        (Form(1, "predation", limited=True, saturating=True), 0.0),
        (Form(1, "predation", saturating=True), "free"),
        (Form(1, "single"), 0.3),
    ],
)
def test_sensitivities_of_the_new_forms(form, gain):
    data = smx.datasets.load_paramecium()
    names = "aurelia_mixed" if form.interaction == "single" else "aurelia_mixed + caudatum_mixed"
    sample = read_sample(f"{names} ~ day", data, None, None)
    layout = build_layout(form, sample, gain=gain)
    problem = build_problem(layout, sample, "gaussian", check_weights("mean", "gaussian", sample))
    size = {"fecundity": 1.3, "survival": 0.6, "structure": 0.4, "crowding": 0.002, "attack": 0.004,
            "saturation": 0.002, "conversion": 0.3, "rate": 0.5, "effect": 0.002, "handling": 0.003,
            "initial": 8.0, "gain": 0.35, "coupling": 0.02}  # fmt: skip
    theta = np.array([size[block] for block, _ in layout.names])
    theta *= np.random.default_rng(2).uniform(0.8, 1.2, len(theta))
    g, H = np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
    objective.objective(problem, theta, g, H)
    none, no_matrix = np.zeros(0), np.zeros((0, 0))
    for q in range(len(theta)):
        h = 1e-6 * theta[q]
        up, down = theta.copy(), theta.copy()
        up[q], down[q] = up[q] + h, down[q] - h
        rise = objective.objective(problem, up, none, no_matrix) - objective.objective(
            problem, down, none, no_matrix
        )
        assert g[q] == pytest.approx(rise / (2 * h), rel=2e-4, abs=1e-6 * np.abs(g * theta).max() / theta[q])


def test_a_gain_of_one_starts_every_step_at_the_last_count():
    data = smx.datasets.load_paramecium()
    fit = smx.LeslieInteraction("aurelia ~ day", data, density="beverton-holt").fit(gain=1.0, n_starts=4)
    f, a = fit.params["fecundity", "aurelia"], fit.params["crowding", "aurelia_on_aurelia"]
    y, t = data["aurelia"].to_numpy(float), data["day"].to_numpy()
    for n in range(1, len(t)):
        expected = y[n - 1]
        for _ in range(int(t[n] - t[n - 1])):
            expected = f * expected / (1 + a * expected)
        assert fit.fittedvalues["aurelia"].iloc[n] == pytest.approx(expected, rel=1e-9)
    free = fitted(
        smx.LeslieInteraction("aurelia ~ day", data, density="beverton-holt"), gain="free", n_starts=4
    )
    assert free.llf >= fit.llf - 1e-6
    assert 0.0 <= free.params["gain", "counts"] <= 1.0
    with pytest.raises(DataError, match="gain"):
        smx.LeslieInteraction("aurelia ~ day", data).fit(gain=1.5)


def test_which_interaction_the_didinium_series_supports():
    """Lotka-Volterra, a limited prey, and both limits: sums of squares known from an independent implementation."""
    fits = {}
    for limited, saturating, wss in ((False, False, 5.0612), (True, False, 3.4316), (True, True, 2.7746)):
        model = smx.LotkaVolterra(
            "prey + pred ~ day", DIDINIUM, "predation", limited=limited, saturating=saturating
        )
        fits[limited, saturating] = fitted(model, n_starts=4)
        assert fits[limited, saturating].wss == pytest.approx(wss, abs=2e-4)
    both = fits[True, True]
    np.testing.assert_allclose(both.params["rate"], [1.6274, 0.7725], rtol=2e-3)
    table = both.invariants()["estimate"]
    assert table["K_prey"] == pytest.approx(1.6274 / 0.023366, rel=5e-3)
    assert table["half_saturation"] == pytest.approx(1 / 0.013511, rel=5e-3)
    test = fits[False, False].lr_test(fits[True, False])
    assert test.name == "likelihood ratio, one-sided"
    assert test["p.value"] < 0.002
    aicc = {key: fit.aicc for key, fit in fits.items()}
    assert min(aicc, key=aicc.get) == (True, True)
    with pytest.raises(DataError, match="predation"):
        smx.LotkaVolterra("prey + pred ~ day", DIDINIUM, limited=True)


def test_one_species_logistic_and_beverton_holt_are_one_curve():
    data = smx.datasets.load_paramecium()
    for name, wss, r, K, N0 in (
        ("aurelia", 0.17172, 0.7628, 543.5, 2.48),
        ("caudatum", 0.16262, 0.9319, 200.3, 0.283),
    ):
        flow = smx.LotkaVolterra(f"{name} ~ day", data).fit(n_starts=5)
        step = smx.LeslieInteraction(f"{name} ~ day", data, density="beverton-holt").fit(n_starts=5)
        assert step.wss == pytest.approx(wss, abs=1e-5)
        assert flow.wss == pytest.approx(step.wss, rel=1e-5)
        assert flow.params["rate", name] == pytest.approx(r, abs=1e-4)
        assert np.log(step.params["fecundity", name]) == pytest.approx(r, abs=1e-3)
        for fit in (flow, step):
            assert fit.invariants().loc[f"K_{name}", "estimate"] == pytest.approx(K, abs=0.06)
            assert fit.params["initial", name] == pytest.approx(N0, abs=5e-3)
            assert list(fit.fittedvalues.columns) == [name]
            assert fit.predict(at=[30]).shape == (1, 4)
            assert fit.bootstrap(3).invariants().shape[1] == 4
            assert fit.outcome is None
    ricker = smx.LeslieInteraction("aurelia ~ day", data, density="ricker").fit(n_starts=5)
    assert ricker.wss == pytest.approx(0.15791, abs=1e-5)
    assert ricker.invariants().loc["K_aurelia", "estimate"] == pytest.approx(542.5, abs=0.05)
    assert smx.compare(flow, step, names=["logistic", "step"]).shape[0] == 2


@pytest.mark.parametrize("family", ["poisson", "negativebinomial"])
def test_families_of_counts_want_counts(family):
    hare = smx.datasets.load_hare_lynx()
    with pytest.raises(DataError, match=r"(?s)'hare' is .*whole numbers"):
        smx.LotkaVolterra("hare + lynx ~ year", hare, "predation", family=family)
    data = smx.datasets.load_paramecium()
    fit = smx.LeslieInteraction("aurelia ~ day", data, density="beverton-holt", family=family).fit(n_starts=4)
    text = str(fit.summary())
    assert "Pearson chi2 / df" in text
    assert ("variance of the counts" in text) == (family == "poisson")


def test_what_has_ended_has_limits_by_draws():
    model = smx.LeslieInteraction("prey + pred ~ day", DIDINIUM[:10], "predation", density="leslie-gower")
    fit = fitted(model, n_starts=10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=".*has ended.*")
        with pytest.raises(DataWarning, match=r"'prey' has ended by day 11, as in \d+ % of draws"):
            fit.predict(at=range(11, 16))
        warnings.simplefilter("ignore")
        table = fit.predict(at=range(11, 16))
    assert (table["prey", "estimate"] == 0).all()
    assert table["prey", "std_error"].isna().all()
    assert (table["prey", "lower"] == 0).all()
    assert (table["prey", "upper"] > 1.0).all()
    assert (table.xs("estimate", axis=1, level=1) >= 0).all(axis=None)
    whole = smx.LeslieInteraction("prey + pred ~ day", DIDINIUM, "predation", density="leslie-gower")
    errors = smx.forecast_errors({"LG": whole}, 10, horizon=5, fit={"n_starts": 10})
    assert errors.loc[("LG", "prey"), ["ended", "ended_wrongly", "missed"]].tolist() == [1, 1, 0]
    assert errors.loc[("last value", "prey"), "missed"] == 1
    np.testing.assert_allclose(errors.loc["LG", "rmse"], [16.4, 21.0], atol=0.1)
    np.testing.assert_allclose(errors.loc["last value", "rmse"], [15.4, 18.5], atol=0.1)
    assert (errors.loc["LG", "warned"] >= 1).all()


def test_removal_in_the_theorem_is_named():
    """Removing species at 0 nearly always leaves the winner; where it does not, the result says who is left."""
    rng = np.random.default_rng(0)
    left = []
    for _ in range(400):
        A, D = (np.array([rng.uniform(0, 2, 2), [rng.uniform(0.2, 0.95), 0]]) for _ in range(2))
        system = smx.Competition(A, rng.uniform(0, 0.3, (2, 2)), rng.uniform(0, 0.3, (2, 2)), D)
        x, y = rng.uniform(1, 10, 2), rng.uniform(1, 10, 2)
        end = system.last_species_standing(x, y)
        path = system.trajectory(x, y, steps=end.settled + 20, extinction="total")
        assert end.left_by_removal == tuple(name for name in "xy" if name not in path.extinct)
        left.append(end.left_by_removal == (end.winner,))
    assert np.mean(left) > 0.98
