"""Averages over a population: of predictions, of survival curves, and their differences."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from melanoma_models import fitted, melanoma
from numpy.testing import assert_allclose
from predicted import LEVELS, MODELS, TIMES, at_of, has_answer, numeric_errors

from statmodels_x import FlexibleSurvival
from statmodels_x.core.errors import DataError, StatmodelsXError

models = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(scope="module")
def data():
    return melanoma(plain=True)


@pytest.fixture(scope="module")
def fits(data):
    return fitted(MODELS, data)


@pytest.fixture
def new():
    return pd.DataFrame({"x": [0, 1, 1], "z": [0.0, -10.0, 20.0]}, index=["a", "b", "c"])


def moved_errors(fit, function):
    return numeric_errors(
        lambda params: function(replace(fit, coefficients=params)), fit.params, fit.covariance
    )


@models
@pytest.mark.parametrize("kind", ["survival", "rmst", "cure_fraction"])
def test_standardised_predictions_are_means(fits, data, name, kind):
    fit, at = fits[name], None if at_of(kind) is None else TIMES[:2]
    if not has_answer(fit, kind):
        assert np.all(fit.standardise(kind, by="x")["estimate"] == 0.0)
        return
    population = data.head(6)
    share = np.random.default_rng(2).uniform(0.0, 2.0, 6)
    k = 1 if at is None else len(at)

    def means(found, level, weights):
        table = found.predict(population.assign(x=level), kind=kind, at=at)
        return np.average(table["estimate"].to_numpy().reshape(6, k), axis=0, weights=weights)

    for weights in (None, share):
        options = {"by": "x", "at": at, "over": population, "weights": weights}
        table = fit.standardise(kind, **options)
        assert_allclose(table["estimate"], np.r_[means(fit, 0, weights), means(fit, 1, weights)], rtol=1e-10)
        assert table["x"].tolist() == [0] * k + [1] * k
        if weights is not None:
            errors = moved_errors(fit, lambda f: np.r_[means(f, 0, share), means(f, 1, share)])
            assert_allclose(table["std_error"], errors, rtol=1e-5, atol=1e-10)
        for contrast in ("difference", "ratio"):

            def compare(found, contrast=contrast, weights=weights):
                first, second = means(found, 0, weights), means(found, 1, weights)
                return second - first if contrast == "difference" else second / first

            gap = fit.standardise(kind, contrast=contrast, **options)
            assert_allclose(gap["estimate"], compare(fit), rtol=1e-9, atol=1e-13)
            if weights is None:
                assert_allclose(gap["std_error"], moved_errors(fit, compare), rtol=1e-5, atol=1e-10)
    assert np.all((table["lower"] < table["estimate"]) & (table["estimate"] < table["upper"]))
    assert np.all(table["lower"] > 0.0)
    if kind != "rmst":
        assert np.all(table["upper"] < 1.0)


CURVES = ("cumulative_hazard", "hazard", "density", "odds", "quantile", "median")


def of_the_mean_curve(fit, kind, population, share, given):
    """What a kind is for the mean of everybody's survival curves, point by point."""
    m = len(population)

    def curve(name, times):
        table = fit.predict(population, name, at=times, given=given)["estimate"].to_numpy()
        return np.average(table.reshape(m, -1), axis=0, weights=share)

    if kind in ("quantile", "median"):  # Newton's steps: a secant search takes ten times as long
        levels, times = (
            LEVELS[:2] if kind == "quantile" else np.array([0.5]),
            np.full(2 - (kind == "median"), 1.0),
        )
        for _ in range(100):
            gap = np.array([curve("survival", [t])[0] for t in times]) - 1.0 + levels
            if np.abs(gap).max() < 1e-13:
                break
            density = np.array([curve("density", [t])[0] for t in times])
            times = times * np.exp(np.clip(gap / (times * density), -0.5, 0.5))
        return times
    alive, density = curve("survival", TIMES), curve("density", TIMES)
    return {
        "cumulative_hazard": -np.log(alive),
        "hazard": density / alive,
        "density": density,
        "odds": (1.0 - alive) / alive,
    }[kind]


@models
@pytest.mark.parametrize("kind", CURVES)
@pytest.mark.parametrize("given", [None, 0.3], ids=["from_0", "given"])
def test_standardised_curves_are_those_of_the_mean_survival(fits, data, name, kind, given):
    fit, population = fits[name], data.head(5)
    share = np.array([0.1, 2.0, 1.0, 0.0, 0.6])
    at = {"quantile": LEVELS[:2], "median": None}.get(kind, TIMES)

    def both(found):
        worlds = (population.assign(x=level) for level in (0, 1))
        return np.concatenate([of_the_mean_curve(found, kind, world, share, given) for world in worlds])

    table = fit.standardise(kind, at=at, by="x", over=population, weights=share, given=given)
    assert_allclose(table["estimate"], both(fit), rtol=1e-9)
    if (
        name in ("power", "mixture") and given is None
    ):  # the gradients of all kinds of models are tested above
        assert_allclose(table["std_error"], moved_errors(fit, both), rtol=1e-5)
    assert np.all((table["lower"] < table["estimate"]) & (table["estimate"] < table["upper"]))
    ratio = fit.standardise(
        f"{kind}_ratio" if kind != "density" else kind, at=at, by="x", over=population, weights=share,
        given=given, contrast="ratio",
    )  # fmt: skip
    first, second = np.split(table["estimate"].to_numpy(), 2)
    assert_allclose(ratio["estimate"], second / first, rtol=1e-9)


def test_a_population_that_never_falls_so_far(data):
    fit = FlexibleSurvival("Surv(time, status) ~ x", data).fit()
    left = fit.standardise("cure_fraction")["estimate"].iloc[0]
    table = fit.standardise("quantile", at=[0.5, 1.0 - left + 0.01])
    assert np.isfinite(table["estimate"].iloc[0])
    assert table["note"].tolist() == ["", "not reached"]
    assert np.isinf(table["estimate"].iloc[1])
    assert np.isinf(table["upper"].iloc[1])
    with pytest.raises(DataError, match="`contrast` says"):
        fit.standardise("hazard_ratio", at=1.0, by="x", contrast="difference")
    with pytest.raises(DataError, match="`given` has 2 values"):
        fit.standardise(at=1.0, given=[0.1, 0.2])


def test_means_that_may_be_infinite_have_no_upper_limit(data):
    """Where the interval of kappa holds values without a mean, delta method and simulation agree that there is none."""
    rng = np.random.default_rng(4)
    t, c = rng.weibull(1.2, 80) * (1.0 + 0.5 * rng.exponential(size=80)), rng.uniform(0.5, 4.0, 80)
    frame = pd.DataFrame({"t": np.minimum(t, c), "s": (t <= c).astype(int)})
    fit = FlexibleSurvival("Surv(t, s) ~ 1", frame).fit()
    low = np.expm1(fit.conf_int().loc[("shape", "Intercept"), "lower"])
    assert low < 0.0 < np.expm1(fit.params["shape", "Intercept"])
    for method in ("delta", "simulation"):
        row = fit.predict(kind="mean", method=method).iloc[0]
        assert np.isfinite(row["estimate"])
        assert np.isinf(row["upper"])
        assert np.isinf(fit.standardise("mean", method=method)["upper"].iloc[0])
    plateau = FlexibleSurvival("Surv(time, status) ~ x", data).fit()
    assert (plateau.conf_int().loc[("shape", "Intercept")] < 0.0).all()
    for method in ("delta", "simulation"):
        table = plateau.predict(data.head(1), "mean", method=method, n_draws=200)
        assert np.isinf(table[["estimate", "lower", "upper"]]).all(axis=None)
    assert np.isfinite(fit.predict(kind="quantile", at=0.3)["upper"].iloc[0])


def test_missing_covariates_in_every_kind(fits, new):
    fit, gap = fits["burr"], new.assign(x=[0.0, np.nan, 1.0])
    for kind, at in (("survival", TIMES), ("median", None), ("link", None)):
        table = fit.predict(gap, kind, at=at, missing="nan")
        full = fit.predict(new.loc[["a", "c"]], kind, at=at)
        assert table[table["row"] == "b"]["estimate"].isna().all()
        kept = table[table["row"] != "b"].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, full)
    with pytest.raises(DataError, match="'x' is missing"):
        fit.predict(gap, "median")


def test_the_population_is_the_sample_by_default(fits, data):
    fit = fits["weibull_ph"]
    table = fit.standardise(at=TIMES)
    rows = fit.predict(at=TIMES)["estimate"].to_numpy().reshape(284, 3)
    assert_allclose(table["estimate"], rows.mean(axis=0), rtol=1e-10)
    assert list(table.columns) == ["time", "estimate", "std_error", "lower", "upper"]
    pd.testing.assert_frame_equal(fit.standardise(at=TIMES, over=data), table)
    only = fit.standardise(at=TIMES, by="x", levels=[1])
    whole = fit.standardise(at=TIMES, by="x")
    assert_allclose(only["estimate"], whole.loc[whole["x"] == 1, "estimate"])


def test_the_population_has_the_weights_of_the_fit(data):
    weight = np.random.default_rng(3).integers(1, 4, 284)
    fit = FlexibleSurvival("Surv(time, status) ~ x + z", data, distribution="weibull", weights=weight).fit()
    rows = fit.predict(at=2.0)["estimate"].to_numpy()
    found = fit.standardise(at=2.0)["estimate"].iloc[0]
    assert found == pytest.approx(np.average(rows, weights=weight), rel=1e-10)
    assert fit.standardise(at=2.0, weights=np.ones(284))["estimate"].iloc[0] == pytest.approx(rows.mean())


def test_standardised_factors_and_labels(data):
    groups = pd.Categorical(np.array(["low", "mid", "high"])[np.arange(284) % 3], ["low", "mid", "high"])
    fit = FlexibleSurvival(
        "Surv(time, status) ~ g + z", data.assign(g=groups), distribution="weibull"
    ).fit()  # fmt: skip
    table = fit.standardise(at=2.0, by="g")
    assert table["g"].tolist() == ["low", "mid", "high"]
    gap = fit.standardise(at=2.0, by="g", contrast="difference")
    assert gap["g"].tolist() == ["mid - low", "high - low"]
    assert_allclose(gap["estimate"], table["estimate"][1:] - table["estimate"][0], rtol=1e-9)
    ratio = fit.standardise(at=2.0, by="g", contrast="ratio", levels=["high", "low"])
    assert ratio["g"].tolist() == ["low / high"]


def test_standardised_bands(fits):
    fit, at = fits["mixture"], np.linspace(0.5, 9.0, 8)
    point = fit.standardise(at=at, by="x")
    band = fit.standardise(at=at, by="x", simultaneous=True)
    assert np.all(band["upper"] > point["upper"])
    drawn = fit.standardise(at=at[:3], by="x", method="simulation", n_draws=300, seed=1)
    again = fit.standardise(at=at[:3], by="x", method="simulation", n_draws=300, seed=1)
    pd.testing.assert_frame_equal(drawn, again)
    error = point.loc[point["time"].isin(at[:3]), "std_error"]
    assert_allclose(drawn["std_error"], error, rtol=0.3)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"kind": "link", "at": 1.0}, "`kind`"),
        ({"at": None}, "needs `at`"),
        ({"at": 1.0, "by": "sex"}, "no column 'sex'"),
        ({"at": 1.0, "by": "status"}, "`by` is 'status', which is no covariate"),
        ({"at": 1.0, "by": "colour"}, "colour"),
        ({"at": 1.0, "contrast": "difference"}, "a contrast needs `by`"),
        ({"at": 1.0, "by": "x", "levels": [1], "contrast": "ratio"}, "at least two levels"),
        ({"at": 1.0, "by": "x", "contrast": "odds"}, "`contrast`"),
        ({"at": 1.0, "weights": [1.0, 2.0]}, "`weights` must be 284 numbers"),
        ({"at": 1.0, "weights": np.zeros(284)}, "not all 0"),
        ({"at": 1.0, "weights": -np.ones(284)}, "none negative"),
    ],
)
def test_arguments_of_standardise(fits, options, text):
    with pytest.raises(StatmodelsXError) as caught:
        fits["burr"].standardise(**options)
    assert text in str(caught.value)
