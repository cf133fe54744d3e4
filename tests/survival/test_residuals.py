"""Residuals and influence of rows, and their pictures."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from melanoma_models import FAMILIES, fitted, melanoma
from numpy.testing import assert_allclose
from scipy import stats

from statmodels_x import APGW, FlexibleSurvival
from statmodels_x.core.errors import DataError, IdentificationWarning, StatmodelsXError

INF = np.inf

models = pytest.mark.parametrize("name", FAMILIES)


@pytest.fixture(scope="module")
def data():
    return melanoma(plain=True)


@pytest.fixture(scope="module")
def fits(data):
    return fitted(FAMILIES, data, tol=1e-14)


def fit(data, formula, **options):
    return FlexibleSurvival(f"Surv(time, status) ~ {formula}", data, **options).fit(tol=1e-14)


@models
def test_residuals_of_right_censored_times(fits, data, name):
    found = fits[name]
    time, event = data["time"].to_numpy(), data["status"].to_numpy()
    snell = found.residuals("cox-snell")
    h = np.array([
        found.predict(data.iloc[[k]], kind="cumulative_hazard", at=time[k])["estimate"].iloc[0]
        for k in range(0, 284, 29)
    ])  # fmt: skip
    assert_allclose(snell.iloc[::29], h, rtol=1e-9)
    assert snell.index.equals(data.index)
    martingale = found.residuals("martingale")
    assert_allclose(martingale, event - snell, rtol=1e-12)
    deviance = found.residuals("deviance")
    with np.errstate(divide="ignore"):
        inside = martingale + event * np.where(event == 1, np.log(snell), 0.0)
    assert_allclose(deviance, np.sign(martingale) * np.sqrt(np.maximum(-2.0 * inside, 0.0)), rtol=1e-9)
    for kind in ("cox-snell", "martingale", "deviance", "quantile"):
        assert found.residuals(kind).name == kind


# log lambda with an intercept multiplies H, and so does log phi where H is a power of time
SUMS = {"weibull", "exponential", "ph", "weibull_ph", "burr", "burr_ph", "both", "promotion"}


@models
def test_martingale_residuals_sum_to_zero_where_h_has_a_factor(fits, name):
    found = fits[name]
    total = found.residuals("martingale").sum()
    if name in SUMS:
        assert total == pytest.approx(0.0, abs=1e-4)
        assert found.residuals("cox-snell").sum() == pytest.approx(196.0, abs=1e-4)
        x = found.sample.frame.data["x"].to_numpy()
        main = {"both": "aft", "burr": "aft"}.get(name)
        if main is None:  # and in each arm, where the covariate multiplies H too
            assert (found.residuals("martingale") * x).sum() == pytest.approx(0.0, abs=1e-4)
    else:
        assert abs(total) > 1e-3  # nothing in these models multiplies H


@models
def test_scores_sum_to_zero(fits, name):
    found = fits[name]
    scores = found.residuals("score")
    assert scores.shape == (284, len(found.params))
    assert scores.columns.equals(found.params.index)
    assert_allclose(scores.sum() * found.bse, 0.0, atol=1e-6)
    beta = found.residuals("dfbeta")
    assert_allclose(beta, scores.to_numpy() @ found.covariance.to_numpy(), rtol=1e-6, atol=1e-12)
    assert_allclose(found.residuals("dfbetas"), beta / found.bse, rtol=1e-12)


@pytest.mark.parametrize("name", ["weibull", "apgw", "promotion"])
def test_dfbeta_against_leaving_a_row_out(fits, data, name):
    found = fits[name]
    formula, options = FAMILIES[name]
    beta = found.residuals("dfbetas")
    rows = [*np.argsort(-np.abs(beta).max(axis=1).to_numpy())[:3], 10, 150]
    for row in rows:
        without = fit(data.drop(index=data.index[row]), formula, **options)
        change = (found.params - without.params) / found.bse
        assert_allclose(beta.iloc[row], change, atol=0.05 + 0.15 * np.abs(change).max())


def test_dfbeta_of_an_unidentified_fit_is_missing(data):
    with pytest.warns(IdentificationWarning):
        ridge = FlexibleSurvival("Surv(time, status) ~ x", data, shape=1.0, other_scale="~ 1").fit()
    assert ridge.residuals("dfbeta").isna().all().all()
    assert np.isfinite(ridge.residuals("score")).all().all()


def true_sample(kind, n=2500):
    rng = np.random.default_rng(8)
    x = rng.integers(0, 2, n)
    law = APGW(np.exp(0.5 * x), 1.0, 1.3, 0.5)
    event = law.rvs(seed=rng)
    if kind == "mixture":
        event = np.where(rng.random(n) < 0.3, INF, APGW(np.exp(0.5 * x), 1.0, 1.3, 1.0).rvs(seed=rng))
    entry = np.where(rng.random(n) < 0.4, rng.uniform(0.0, 0.5, n), 0.0) if kind == "late" else np.zeros(n)
    end = entry + rng.uniform(0.2, 4.0, n)
    frame = pd.DataFrame(
        {"x": x, "entry": entry, "time": np.minimum(event, end), "status": (event <= end) * 1}
    )
    if kind == "interval":
        cut = np.ceil(event / 0.3) * 0.3
        seen = event <= end
        return frame.assign(left=np.where(seen, cut - 0.3, end), right=np.where(seen, cut, INF))
    return frame[event > entry].reset_index(drop=True)


@pytest.mark.parametrize("kind", ["right", "late", "interval", "mixture"])
def test_quantile_residuals_are_normal_under_the_truth(kind):
    frame = true_sample(kind)
    formula = {
        "late": "Surv(entry, time, status) ~ x", "interval": 'Surv(left, right, type="interval2") ~ x'
    }.get(kind, "Surv(time, status) ~ x")  # fmt: skip
    options = {"distribution": "weibull", "cure": "~ 1"} if kind == "mixture" else {}
    found = FlexibleSurvival(formula, frame, **options).fit()
    values = found.residuals("quantile", seed=4)
    assert np.isfinite(values).all()
    assert stats.kstest(values, "norm").pvalue > 0.01
    x = frame["x"].to_numpy()
    assert stats.ks_2samp(values[x == 0], values[x == 1]).pvalue > 0.01
    pd.testing.assert_series_equal(values, found.residuals(seed=4))
    exact = frame["status"].to_numpy() == 1 if kind != "interval" else np.zeros(len(frame), bool)
    other = found.residuals("quantile", seed=5)
    assert np.array_equal(values[exact], other[exact])  # nothing is open there
    assert not np.any(values[~exact] == other[~exact])


def test_quantile_residuals_show_a_wrong_model():
    frame = true_sample("right")
    wrong = FlexibleSurvival("Surv(time, status) ~ x", frame, distribution="exponential").fit()
    assert stats.kstest(wrong.residuals(), "norm").pvalue < 0.01


def test_residuals_that_need_exact_times():
    found = FlexibleSurvival('Surv(left, right, type="interval2") ~ x', true_sample("interval", 300),
                             distribution="weibull").fit()  # fmt: skip
    for kind in ("cox-snell", "martingale", "deviance"):
        with pytest.raises(DataError, match='kind="quantile" for intervals'):
            found.residuals(kind)
    with pytest.raises(DataError, match="Kaplan-Meier"):
        found.calibration()
    with pytest.raises(StatmodelsXError, match="`kind`"):
        found.residuals("pearson")


@pytest.mark.parametrize("name", ["apgw", "mixture"])
@pytest.mark.parametrize("kind", ["quantile", "cox-snell", "martingale", "deviance"])
def test_pictures_of_residuals(fits, name, kind):
    ax = fits[name].plot_residuals(kind)
    assert isinstance(ax, plt.Axes)
    labels = {
        "quantile": ("Standard normal quantile", "Quantile residual"),
        "cox-snell": ("Cox-Snell residual", "Nelson-Aalen cumulative hazard"),
    }
    assert (ax.get_xlabel(), ax.get_ylabel()) == labels.get(kind, ("Time", f"{kind.capitalize()} residual"))
    assert ax.lines
    ax.figure.canvas.draw()
    if kind in ("martingale", "deviance"):
        assert sum(len(line.get_xdata()) for line in ax.lines[:2]) == 284
        assert fits[name].plot_residuals(kind, against="x").get_xlabel() == "x"
        with pytest.raises(DataError, match="`against` is 'colour'"):
            fits[name].plot_residuals(kind, against="colour")


def test_pictures_of_residuals_show_the_residuals(fits):
    _, given = plt.subplots()
    ax = fits["apgw"].plot_residuals(seed=3, ax=given)
    assert ax is given
    assert_allclose(ax.lines[0].get_ydata(), np.sort(fits["apgw"].residuals(seed=3)))
    with pytest.raises(StatmodelsXError, match="`kind`"):
        fits["apgw"].plot_residuals("schoenfeld")
