"""Covariates far from 0, or in units far from their spread: the same fit, mapped."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import DataError, IdentificationWarning

N = 240
MODELS = {
    "weibull": ("Surv(t, s) ~ z + w", {"distribution": "weibull"}),
    "all levels": ("Surv(t, s) ~ 0 + g + z", {"distribution": "weibull"}),
    "on two parameters": ("Surv(t, s) ~ z + w", {"scale": "ph", "power": "~ z"}),
    "cure": ("Surv(t, s) ~ w", {"distribution": "weibull", "cure": "~ z"}),
    "robust": ("Surv(t, s) ~ z", {"distribution": "weibull", "weights": "half"}),
}
PLACES = [(1e7, 1.0), (1e10, 1.0), (-1e10, 1e-100), (0.0, 1e-200), (0.0, 1e200), (1e5, 1e-9)]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    z, w = rng.normal(size=(2, N))
    cured = rng.uniform(size=N) < 0.3
    time = rng.exponential(np.exp(0.4 * z))
    censored = np.where(cured, 8.0, np.minimum(time, 8.0))
    return pd.DataFrame(
        {
            "z": z,
            "w": w,
            "g": np.resize(list("abc"), N),
            "t": censored,
            "s": (~cured & (time < 8.0)).astype(int),
            "half": np.resize([0.5, 1.5, 1.0], N),
        }
    )


def moved(data, shift, factor):
    return data.assign(z=(data["z"] + shift) * factor)


def fitted(data, name):
    formula, options = MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", smx.errors.FollowUpWarning)
        return smx.FlexibleSurvival(formula, data, **options).fit()


def slopes(fit):
    return [label for label in fit.params.index if label[1] == "z"]


@pytest.mark.parametrize(("shift", "factor"), PLACES)
@pytest.mark.parametrize("name", MODELS)
def test_the_same_likelihood_and_mapped_the_same_estimates_and_errors(data, name, shift, factor):
    far = moved(data, shift, factor)
    plain, fit = fitted(data, name), fitted(far, name)
    z = slopes(plain)
    assert fit.converged
    assert fit.llf == pytest.approx(
        plain.llf, abs=1e-4
    )  # the data themselves are rounded at 1e-16 of the shift
    np.testing.assert_allclose(fit.params[z] * factor, plain.params[z], rtol=1e-5)
    np.testing.assert_allclose(fit.bse[z] * factor, plain.bse[z], rtol=1e-5)
    np.testing.assert_allclose(fit.pvalues[z], plain.pvalues[z], rtol=1e-4)
    one, two = (f.predict(d[:4], "survival", at=[1.0, 3.0]) for f, d in ((plain, data), (fit, far)))
    np.testing.assert_allclose(two["estimate"], one["estimate"], rtol=1e-5)
    np.testing.assert_allclose(two["std_error"], one["std_error"], rtol=1e-4)


@pytest.mark.parametrize("name", ["weibull", "all levels", "on two parameters"])
def test_what_is_computed_from_rows_is_mapped_too(data, name):
    shift, factor = 1e6, 1e-3
    far = moved(data, shift, factor)
    plain, fit = fitted(data, name), fitted(far, name)
    z = slopes(plain)
    for kind in ("cox-snell", "martingale", "deviance"):
        np.testing.assert_allclose(fit.residuals(kind), plain.residuals(kind), atol=1e-6)
    np.testing.assert_allclose(fit.residuals("dfbetas")[z], plain.residuals("dfbetas")[z], atol=1e-6)
    score, expected = fit.residuals("score"), plain.residuals("score")
    constant = [
        label for label in score.columns if label[0] == z[0][0] and label[1] != "z" and label[1] != "w"
    ]
    by_chain = expected[z[:1]].to_numpy()[:, 0] + shift * expected[constant].sum(axis=1)
    np.testing.assert_allclose(score[z[0]], by_chain * factor, rtol=1e-6, atol=1e-4)
    one, two = (f.conf_int(method="profile").loc[z] for f in (plain, fit))
    np.testing.assert_allclose(two * factor, one, atol=1e-5)
    draws = fit.sample_params(2000, seed=1)[z].to_numpy() * factor
    np.testing.assert_allclose(draws.std(axis=0), plain.bse[z], rtol=0.1)


def test_a_start_is_given_in_the_columns_own_units_and_by_label(data):
    far = moved(data, 1e6, 1e-3)
    fit = fitted(far, "weibull")
    formula, options = MODELS["weibull"]
    model = smx.FlexibleSurvival(formula, far, **options)
    again = model.fit(start=fit.params[::-1])
    assert again.llf == pytest.approx(fit.llf, abs=1e-8)
    with pytest.raises(DataError, match="`start` is a Series with other labels"):
        model.fit(start=pd.Series(fit.params.to_numpy()))
    assert model.fit(start=fit.params.to_numpy()).llf == pytest.approx(fit.llf, abs=1e-8)


@pytest.mark.parametrize(("shift", "factor"), PLACES)
def test_tests_of_terms_do_not_depend_on_units(data, shift, factor):
    plain, fit = fitted(data, "weibull"), fitted(moved(data, shift, factor), "weibull")
    for one, two in ((plain.wald_test_terms(), fit.wald_test_terms()),):
        np.testing.assert_allclose(two["statistic"], one["statistic"], rtol=1e-4)
        np.testing.assert_allclose(two["p.value"], one["p.value"], rtol=1e-3)


def test_a_score_test_and_a_pickled_fit(data):
    far = moved(data, 1e8, 1.0)
    formula, options = MODELS["weibull"]
    small = smx.FlexibleSurvival("Surv(t, s) ~ w", far, **options).fit()
    small_plain = smx.FlexibleSurvival("Surv(t, s) ~ w", data, **options).fit()
    larger, larger_plain = (smx.FlexibleSurvival(formula, d, **options) for d in (far, data))
    assert small.score_test(larger)["statistic"] == pytest.approx(
        small_plain.score_test(larger_plain)["statistic"], rel=1e-6
    )
    fit = larger.fit()
    loaded = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_frame_equal(loaded.predict(far[:3], "mean"), fit.predict(far[:3], "mean"))
    pd.testing.assert_series_equal(loaded.bse, fit.bse)


def test_the_partitions_of_a_dask_frame(data):
    dd = pytest.importorskip("dask.dataframe")
    far = moved(data, 1e10, 1e-50)
    formula, options = MODELS["weibull"]
    whole = smx.FlexibleSurvival(formula, far, **options).fit()
    parts = smx.FlexibleSurvival(formula, dd.from_pandas(far, npartitions=3), **options).fit()
    assert parts.llf == pytest.approx(whole.llf, abs=1e-6)
    np.testing.assert_allclose(parts.params, whole.params, rtol=1e-6)
    np.testing.assert_allclose(parts.bse, whole.bse, rtol=1e-5)
    robust = [m.fit(cov_type="robust").bse for m in (
        smx.FlexibleSurvival(formula, far, **options),
        smx.FlexibleSurvival(formula, dd.from_pandas(far, npartitions=3), **options),
    )]  # fmt: skip
    np.testing.assert_allclose(robust[1], robust[0], rtol=1e-5)


def test_usual_covariates_are_not_touched(data):
    fit = fitted(data.assign(z=60.0 + 10.0 * data["z"]), "weibull")
    assert fit.inner is None


@pytest.mark.parametrize("other", ["z + 1e10", "2.0 * z", "z - 1e12"])
def test_a_shifted_copy_is_said_to_be_collinear(data, other):
    far = data.assign(copy=data.eval(other))
    with pytest.raises(DataError, match="is a linear combination of"):
        smx.FlexibleSurvival("Surv(t, s) ~ z + w + copy", far)


def test_separation_is_said_only_where_it_is(data):
    far = moved(data, 1e10, 1.0)
    assert smx.FlexibleSurvival("Surv(t, s) ~ z + g", far, "weibull").fit().converged
    without = far.assign(arm=np.where(np.arange(N) < 30, 1e10 + 1.0, 1e10), s=far["s"] * (np.arange(N) >= 30))
    with pytest.warns(IdentificationWarning, match="arm = 10000000001.0: no event in 30 rows"):
        found = smx.FlexibleSurvival("Surv(t, s) ~ z + arm", without, "weibull").fit()
    assert found.params.index.to_list() == [("ph", "Intercept"), ("ph", "z"), ("power", "Intercept")]
