"""Numbers far from 0, and in units far from 1: the same criterion, and mapped the same results; in every room."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import StatmodelsXWarning

pytestmark = pytest.mark.filterwarnings("ignore::statmodels_x.errors.StatmodelsXWarning")
N = 120
MOVES = [(0.0, 1e-200), (0.0, 1e200), (1e10, 1.0), (-1e10, 1e-100)]


def trial():
    rng = np.random.default_rng(12)
    arm, z = np.arange(N) % 2, rng.normal(size=N)
    death = rng.exponential(np.exp(0.5 * arm + 0.3 * z))
    early, end = rng.exponential(np.exp(0.4 * arm - 0.3 * z)), rng.uniform(2.0, 6.0, N)
    time = np.minimum(death, end)
    columns = {"t": time, "d": (death <= end).astype(int), "e": np.minimum(early, time), "arm": arm, "z": z}
    return pd.DataFrame(columns | {"s": (early < time).astype(int)})


def moved(frame, shift, factor, name="z"):
    return frame.assign(**{name: (frame[name] + shift) * factor})


# ---- multistate


def states(frame, cov_type=None, **options):
    data = smx.MultiStateData.from_wide(frame, {"ill": ("e", "s"), "dead": ("t", "d")}, keep=["z"])
    return smx.MultiState("~ z", data, "reset", "weibull", **options).fit(cov_type=cov_type)


@pytest.mark.parametrize(("shift", "factor"), MOVES)
@pytest.mark.parametrize("cov_type", [None, "cluster"])
def test_multistate(shift, factor, cov_type):
    near, far = states(trial(), cov_type), states(moved(trial(), shift, factor), cov_type)
    assert far.llf == pytest.approx(near.llf, abs=1e-4)
    slopes = [label for label in near.params.index if label[-1] == "z"]
    assert_allclose(far.params[slopes] * factor, near.params[slopes], rtol=1e-4)
    assert_allclose(far.bse[slopes] * factor, near.bse[slopes], rtol=1e-4)
    new = pd.DataFrame({"z": [-1.0, 0.5]})
    for kind in ("occupancy", "stay", "occupancy_difference"):
        more = {"at": [1.0, 3.0], "reference": None}
        one, two = (
            fit.predict(d, kind, **more | ({"reference": d[:1]} if "diff" in kind else {}))
            for fit, d in ((near, new), (far, moved(new, shift, factor)))
        )
        assert_allclose(two["estimate"], one["estimate"], atol=1e-5)
        assert_allclose(two["std_error"], one["std_error"], rtol=1e-3, atol=1e-7)
    drawn = [
        fit.predict(d, at=[1.0], method="simulation", n_draws=400, seed=1)["std_error"]
        for fit, d in ((near, new), (far, moved(new, shift, factor)))
    ]
    assert_allclose(*drawn, rtol=0.25)


def test_anything_derived_from_a_multistate_fit():
    def at(where):
        return lambda fit: fit.predict(where, at=[1.0], start="ill")["estimate"].iloc[0]

    new = pd.DataFrame({"z": [0.5]})
    near, far = states(trial()), states(moved(trial(), 1e10, 1e-100))
    one, two = near.derive(at(new)), far.derive(at(moved(new, 1e10, 1e-100)))
    assert_allclose(two, one, atol=1e-5)


# ---- tests of hypotheses: of all results with a likelihood


def both(formula, shift, factor):
    frames = trial(), moved(trial(), shift, factor)
    return [smx.FlexibleSurvival(formula, frame, "weibull").fit() for frame in frames]


@pytest.mark.parametrize(("shift", "factor"), MOVES)
def test_wald_tests(shift, factor):
    frame = trial()
    near, far = both("Surv(t, d) ~ z + arm", shift, factor)
    for text in ("ph.z = 0", "ph.z = 0, ph.arm = 0"):
        one, two = near.wald_test(text), far.wald_test(text)
        assert_allclose(two["statistic"], one["statistic"], rtol=1e-4)
        assert_allclose(two["p.value"], one["p.value"], rtol=1e-3)
    size = 0.3 / factor
    matrix = np.eye(4)[[1]]
    assert_allclose(
        far.wald_test(matrix, [size])["statistic"], near.wald_test(matrix, [0.3])["statistic"], rtol=1e-4
    )
    near, far = states(frame), states(moved(frame, shift, factor))
    text = "`event_free -> ill.ph.z` = 0, `event_free -> dead.ph.z` = 0"
    assert_allclose(far.wald_test(text)["statistic"], near.wald_test(text)["statistic"], rtol=1e-4)


@pytest.mark.parametrize(
    ("factor", "variance"), [(1e-200, np.inf), (1e200, 0.0), (1e-150, 1e300), (1e150, 1e-300)]
)
def test_a_covariance_beyond_the_range_of_numbers_is_said(factor, variance):
    near, far = both("Surv(t, d) ~ z", 0.0, factor)
    label = ("ph", "z")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", StatmodelsXWarning)
        found = far.cov_params()
    if variance in (0.0, np.inf):
        assert found.loc[label, label] == variance
        assert "cov_params: the variance of ('ph', 'z') is beyond" in str(said[0].message)
    else:
        assert not said
        assert_allclose(found.loc[label, label] / variance, near.covariance.loc[label, label], rtol=1e-4)
    pair = label, ("ph", "Intercept")
    assert_allclose(found.loc[pair] * factor, near.covariance.loc[pair], rtol=1e-3)
    assert_allclose(far.bse[label] * factor, near.bse[label], rtol=1e-4)


# ---- discontinuity: places


def places():
    rng = np.random.default_rng(3)
    x, z = rng.uniform(0.0, 2.0, (2, 150))
    return pd.DataFrame({"x": x, "z": z, "y": np.sin(x) + (x > 1.1) * 1.5 + 0.1 * rng.normal(size=150)})


@pytest.mark.parametrize(("shift", "factor"), MOVES)
@pytest.mark.parametrize("terms", ["x", "x + z"])
def test_places(terms, shift, factor):
    how = {"lam": 0.1, "nu": 0.5, "resolution": 5} if terms == "x + z" else {}
    new = pd.DataFrame({"x": [0.3, 0.9, 1.5], "z": [0.4, 1.0, 1.7]})
    found = []
    for frame, where in (
        (places(), new),
        (moved(places(), shift, factor, "x"), moved(new, shift, factor, "x")),
    ):
        fit = smx.FreeDiscontinuity(f"y ~ {terms}", frame, **how).fit(tune=None if how else "evidence")
        found.append((fit.noise_sd, len(fit.jumps), fit.predict(where).to_numpy(float)))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-5)
    assert found[1][1] == found[0][1]
    assert_allclose(found[1][2], found[0][2], rtol=1e-4)


@pytest.mark.parametrize(("shift", "factor"), [(1e10, 1.0), (-1e10, 1e-90)])
def test_responses(shift, factor):
    new = pd.DataFrame({"x": [0.3, 0.9, 1.5]})
    near, far = (
        smx.FreeDiscontinuity("y ~ x", d).fit() for d in (places(), moved(places(), shift, factor, "y"))
    )
    assert far.noise_sd / factor == pytest.approx(near.noise_sd, rel=1e-4)
    one, two = (fit.predict(new).iloc[:, 0].to_numpy(float) for fit in (near, far))
    assert_allclose(two / factor - shift, one, atol=1e-4)


# ---- population: times


def species(n=17):
    rng = np.random.default_rng(5)
    a, b = [10.0], [7.0]
    for _ in range(n - 1):
        shared = 1.0 + 0.01 * a[-1] + 0.006 * b[-1]
        a.append(2.1 * a[-1] / shared), b.append(1.8 * b[-1] / (1.0 + 0.012 * b[-1] + 0.003 * a[-1]))
    noise = np.exp(0.03 * rng.normal(size=(2, n)))
    return pd.DataFrame({"day": np.arange(n), "a": np.array(a) * noise[0], "b": np.array(b) * noise[1]})


@pytest.mark.parametrize(("shift", "factor"), [(1e10, 1.0), (-1e10, 1e-90), (0.0, 1e90)])
@pytest.mark.parametrize("model", [smx.LotkaVolterra, smx.LeslieInteraction])
def test_times_of_counts(model, shift, factor):
    new = pd.DataFrame({"day": [2.0, 5.0, 20.0]})
    found = []
    for frame, days in (
        (species(), new),
        (moved(species(), shift, factor, "day"), moved(new, shift, factor, "day")),
    ):
        fit = model("a + b ~ day", frame).fit(n_starts=2)
        found.append((fit.llf, fit.predict(days).xs("estimate", axis=1, level="statistic").to_numpy(float)))
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-4)
    assert_allclose(found[1][1], found[0][1], rtol=1e-3)


# ---- surrogate: covariates of propensities and of stopping times, markers, effects of trials


def compared(fit):
    return fit.tidy()[["estimate", "std.error"]].to_numpy(float)


def watched_for_less():
    rng, frame = np.random.default_rng(9), trial()
    gone = (frame["s"] == 0) & (rng.uniform(size=N) < 0.4)
    return frame.assign(e=np.where(gone, frame["e"] * rng.uniform(0.2, 0.9, N), frame["e"]))


SURROGATES = {
    "propensity": (
        trial,
        lambda d: smx.SurrogatePTE("Surv(t, d) ~ arm", "Surv(e, s)", d, 2.0, 0.8, propensity="~ z"),
    ),
    "stopping": (
        watched_for_less,
        lambda d: smx.SurrogatePTE("Surv(t, d) ~ arm", "Surv(e, s)", d, 2.0, 0.8, stopping="~ z"),
    ),
    "marker": (trial, lambda d: smx.ResidualEffect("Surv(t, d) ~ arm", "z", d, 2.0, 0.8, kind="marker")),
}
HOW = {"propensity": [{}], "stopping": [{}], "marker": [{}, {"scale": "normal"}, {"smoother": "cox"}]}


@pytest.mark.parametrize(("shift", "factor"), MOVES)
@pytest.mark.parametrize("name", SURROGATES)
def test_covariates_of_surrogates(name, shift, factor):
    frame, model = SURROGATES[name]
    for how in HOW[name]:
        near, far = (model(d).fit(n_perturb=20, **how) for d in (frame(), moved(frame(), shift, factor)))
        assert_allclose(compared(far), compared(near), rtol=1e-4, atol=1e-6)


def test_a_bandwidth_is_in_units_of_the_marker():
    make, how = SURROGATES["marker"][1], {"n_perturb": 20}
    one = make(trial()).fit(bandwidth=0.7, **how)
    assert_allclose(
        compared(make(moved(trial(), 0.0, 1e200)).fit(bandwidth=0.7e200, **how)), compared(one), rtol=1e-8
    )
    assert not np.allclose(compared(make(trial()).fit(bandwidth=0.2, **how)), compared(one))


@pytest.mark.parametrize("factor", [1e-90, 1e90])
def test_effects_of_trials(factor):
    rng = np.random.default_rng(4)
    s = rng.normal(size=20)
    table = pd.DataFrame({"s": s, "t": 0.7 * s + 0.2 * rng.normal(size=20), "a": 0.1, "b": 0.1})
    near, far = (
        smx.TrialLevelSurrogacy("t ~ s", d, std_error=["a", "b"], correlation=0.0).fit()
        for d in (table, table.assign(s=s * factor, b=0.1 * factor))
    )
    assert far.r_squared == pytest.approx(near.r_squared, rel=1e-5)


BEYOND = {
    "s": lambda d: smx.TrialLevelSurrogacy("t ~ s", d, std_error=["e", "e"], correlation=0.0),
    "day": lambda d: smx.LotkaVolterra("a + b ~ day", d),
    "y": lambda d: smx.FreeDiscontinuity("y ~ x", d),
}


@pytest.mark.parametrize("name", BEYOND)
@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_units_whose_squares_are_no_numbers_are_refused_by_name(name, factor):
    frame = {"s": trial().assign(s=trial()["z"]), "day": species(), "y": places()}[name]
    with pytest.raises(smx.errors.DataError, match=rf"'{name}' holds values of the size .* in another unit"):
        BEYOND[name](moved(frame, 0.0, factor, name))
