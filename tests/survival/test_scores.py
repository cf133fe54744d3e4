"""Scores through scikit-survival, and the scikit-learn estimator."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import DataError, MissingPackageError


@pytest.fixture(scope="module")
def data():
    return smx.datasets.load_melanoma()


@pytest.fixture(scope="module")
def outcome(data):
    pairs = list(zip(data["status"] == 1, data["time"], strict=True))
    return np.array(pairs, dtype=[("event", "?"), ("time", "f8")])


def test_scores_without_the_package_say_what_to_install(data, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sksurv", None)
    fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
    for call in (fit.concordance, lambda: fit.brier_score(1.0)):
        with pytest.raises(MissingPackageError, match="pip install scikit-survival"):
            call()


def test_the_extra_that_the_message_names_is_declared():
    project = Path(__file__).parents[2] / "pyproject.toml"
    extras = tomllib.loads(project.read_text())["project"]["optional-dependencies"]
    assert any(line.startswith("scikit-survival") for line in extras["scores"])


def test_concordance_is_that_of_lifelines(data):
    pytest.importorskip("sksurv", reason="scikit-survival is an optional peer")
    from lifelines.utils import concordance_index

    fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment + age", data).fit()
    survival = fit.predict(at=fit.facts.last_event)["estimate"]
    expected = concordance_index(data["time"], survival, data["status"])
    assert fit.concordance() == pytest.approx(expected, abs=2e-3)  # they differ in the handling of ties


@pytest.mark.parametrize("seed", [1, 2])
def test_concordance_with_ties_is_that_of_lifelines(seed, monkeypatch):
    from lifelines.utils import concordance_index

    from statmodels_x.survival import sklearn

    rng = np.random.default_rng(seed)
    time, died, risk = (
        rng.integers(1, 9, 200).astype(float),
        rng.uniform(size=200) < 0.6,
        rng.integers(0, 5, 200) + 0.0,
    )
    expected = concordance_index(time, -risk, died)
    assert sklearn._concordance(time, died, risk) == pytest.approx(expected, abs=1e-12)
    monkeypatch.setattr(sklearn, "_PAIRS", 1000)
    assert sklearn._concordance(time, died, risk) == pytest.approx(expected, abs=1e-12)
    with pytest.raises(DataError, match="nobody outlives a death"):
        sklearn._concordance(time, np.zeros(200, bool), risk)


def test_scores_of_other_patients_are_those_of_r():
    """R 4.2.2: concordance() of survival 3.5.3, Score() of riskRegression with marginal weights."""
    pytest.importorskip("sksurv", reason="scikit-survival is an optional peer")
    colon = smx.datasets.load_colon().assign(years=lambda d: d["time_death"] / 365.25)
    others = colon.iloc[1::2].query("years < 6.5")
    fit = smx.FlexibleSurvival("Surv(years, status_death) ~ rx + age", colon.iloc[::2]).fit()
    for one in (fit, fit.without_data()):
        assert one.concordance(others) == pytest.approx(0.52707397, abs=1e-7)
        scores = one.brier_score([3.0, 6.0], others)["brier_score"]
        np.testing.assert_allclose(scores, [0.25359981, 0.25524393], atol=1e-6)


def test_brier_score_of_uncensored_data_is_the_mean_square():
    pytest.importorskip("sksurv", reason="scikit-survival is an optional peer")
    time = smx.APGW(gamma=1.3).rvs(200, seed=1)
    data = pd.DataFrame({"time": time, "status": 1, "x": np.arange(200) % 2})
    fit = smx.FlexibleSurvival("Surv(time, status) ~ x", data, distribution="weibull").fit()
    survival = fit.predict(at=0.8)["estimate"].to_numpy()
    expected = np.mean(((time > 0.8) - survival) ** 2)
    assert fit.brier_score(0.8)["brier_score"].iloc[0] == pytest.approx(expected, abs=1e-9)


def test_regressor_fits_the_same_model(data, outcome):
    covariates = data[["treatment", "age"]]
    model = smx.FlexibleSurvivalRegressor(scale="ph").fit(covariates, outcome)
    fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment + age", data, scale="ph").fit()
    assert model.results_.llf == pytest.approx(fit.llf, abs=1e-8)
    expected = fit.predict(at=fit.facts.last_event, kind="cumulative_hazard")["estimate"]
    np.testing.assert_allclose(model.predict(covariates), expected, rtol=1e-8)
    survival = model.predict_survival(covariates.head(3), [1.0, 2.0])
    np.testing.assert_allclose(
        survival.ravel(), fit.predict(data.head(3), at=[1.0, 2.0])["estimate"], rtol=1e-8
    )


def test_regressor_reads_arrays_and_two_columns(data, outcome):
    values = data[["treatment", "age"]].to_numpy()
    first = smx.FlexibleSurvivalRegressor().fit(values, outcome)
    second = smx.FlexibleSurvivalRegressor().fit(values, data[["time", "status"]].to_numpy())
    assert first.results_.llf == second.results_.llf
    assert list(first.feature_names_in_) == ["x0", "x1"]
    assert 0.5 < first.score(values, outcome) < 0.7


def test_regressor_parameters():
    model = smx.FlexibleSurvivalRegressor(shape=1.0)
    assert model.get_params()["shape"] == 1.0
    assert model.set_params(scale="aft") is model
    assert repr(model) == "FlexibleSurvivalRegressor(scale='aft', shape=1.0)"
    with pytest.raises(DataError, match="no parameter 'gamma'"):
        model.set_params(gamma=2)
    with pytest.raises(DataError, match="not fitted"):
        model.predict(np.ones((2, 2)))


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (np.ones(3), np.ones((3, 2)), "two dimensions"),
        (np.ones((3, 1)), np.ones(3), "two columns"),
        (np.ones((3, 1)), np.ones((2, 2)), "2 rows"),
        (np.ones((3, 1)), np.zeros(3, dtype=[("a", "f8"), ("b", "f8")]), "boolean field"),
    ],
)
def test_regressor_refuses_odd_input(X, y, said):
    with pytest.raises(DataError, match=said):
        smx.FlexibleSurvivalRegressor().fit(X, y)


def test_regressor_in_scikit_learn(data, outcome):
    sklearn = pytest.importorskip("sklearn", reason="scikit-learn is an optional peer")
    from sklearn.model_selection import GridSearchCV

    search = GridSearchCV(smx.FlexibleSurvivalRegressor(), {"scale": ["aft", "ph"]}, cv=2)
    search.fit(data[["treatment", "age"]], outcome)
    assert search.best_params_["scale"] in ("aft", "ph")
    assert sklearn.base.clone(search.best_estimator_).get_params() == search.best_estimator_.get_params()
