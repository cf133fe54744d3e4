"""Rubin's rules: against their formulas, statsmodels, and a simulation with values missing at random."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import DataError


def _data(rng, n=150):
    x = rng.normal(size=n)
    z = 0.6 * x + rng.normal(size=n)
    time = (rng.standard_exponential(n) / np.exp(0.5 * x + 0.5 * z)) ** 0.8
    stop = rng.exponential(3.0, n)
    return pd.DataFrame({"x": x, "z": z, "time": np.minimum(time, stop), "died": (time <= stop).astype(int)})


@pytest.fixture(scope="module")
def fits():
    rng = np.random.default_rng(5)
    data = _data(rng)
    missing = rng.random(len(data)) < 0.3
    found = []
    for _ in range(6):
        z = np.where(missing, 0.6 * data["x"] + rng.normal(size=len(data)), data["z"])
        found.append(smx.FlexibleSurvival("Surv(time, died) ~ x + z", data.assign(z=z), "weibull").fit())
    return found


def test_formulas(fits):
    pooled = smx.pool(fits)
    estimates = np.array([fit.params for fit in fits])
    variances = np.array([np.diag(fit.cov_params()) for fit in fits])
    within, between = variances.mean(axis=0), estimates.var(axis=0, ddof=1)
    total = within + 7.0 / 6.0 * between
    assert_allclose(pooled.params, estimates.mean(axis=0))
    assert_allclose(pooled.bse, np.sqrt(total))
    share = 7.0 / 6.0 * between / total
    complete = 150 - 4
    old, seen = 5.0 / share**2, (complete + 1) / (complete + 3) * complete * (1 - share)
    assert_allclose(pooled.df, old * seen / (old + seen))
    assert pooled.missing_information["ph", "z"] > pooled.missing_information["power", "Intercept"]


def test_errors_are_those_of_statsmodels(fits):
    """The pooled covariance of statsmodels' MI, for the same estimates and covariances."""
    from statsmodels.imputation.mice import MICE

    class Analysed(MICE):
        def __init__(self, parts):
            self.results_list = parts

    class Part:
        def __init__(self, fit):
            self._results = self
            self.params, self._cov, self.scale = fit.params.to_numpy(), fit.cov_params().to_numpy(), 1.0

        def cov_params(self):
            return self._cov

    mice = Analysed([Part(fit) for fit in fits])
    mice.model_class, mice.exog_names, mice.endog_names = None, list("abcd"), "time"
    found = mice.combine()
    pooled = smx.pool(fits)
    assert_allclose(found.params, pooled.params)
    assert_allclose(np.asarray(found.cov_params()), pooled.cov_params())


def test_one_hypothesis_is_the_table_up_to_its_degrees(fits):
    pooled = smx.pool(fits)
    test = pooled.wald_test("ph.z = 0")
    assert test["statistic"] == pytest.approx(pooled.tvalues["ph", "z"] ** 2, rel=1e-9)
    assert pooled.wald_test("ph.z = 0, ph.x = 0")["p.value"] < 0.05


def test_identical_fits_are_one_fit(fits):
    pooled = smx.pool([fits[0]] * 3)
    assert_allclose(pooled.bse, fits[0].bse, rtol=1e-12)
    assert np.all(pooled.missing_information < 0.05)


def test_intervals_cover_where_values_are_missing():
    """Imputed from the true conditional distribution with the event: intervals of 95 % cover about 95 %."""
    covered, sets = 0, 40
    for seed in range(sets):
        rng = np.random.default_rng(seed)
        n = 120
        x = rng.normal(size=n)
        y = 0.5 * x + rng.normal(size=n)
        missing = rng.random(n) < 0.4
        slope, error = 0.5 / 1.25, np.sqrt(1.0 / 1.25)  # of x given y
        parts = []
        for _ in range(5):
            filled = np.where(missing, slope * y + error * rng.normal(size=n), x)
            data = pd.DataFrame({"x": filled, "t": np.exp(y), "d": 1})
            parts.append(smx.FlexibleSurvival("Surv(t, d) ~ x", data, "lognormal", scale="aft").fit())
        limits = smx.pool(parts).conf_int().loc[("aft", "x")]
        covered += limits["lower"] < -0.5 < limits["upper"]
    assert 0.85 <= covered / sets <= 1.0


def test_other_families_are_pooled(fits):
    counts = smx.datasets.load_paramecium()
    model = smx.LeslieInteraction("aurelia_mixed + caudatum_mixed ~ day", counts, density="leslie-gower")
    parts = [model.fit(n_starts=2, seed=seed) for seed in (0, 1)]
    assert list(smx.pool(parts).params.index) == list(parts[0].params.index)


def test_bad_input_is_named(fits):
    with pytest.raises(DataError, match="at least two"):
        smx.pool(fits[:1])
    with pytest.raises(DataError, match="argument 2 is a int"):
        smx.pool([fits[0], 3])
    other = smx.FlexibleSurvival("Surv(time, died) ~ x", _data(np.random.default_rng(1)), "weibull").fit()
    with pytest.raises(DataError, match="fit 2 has other parameters"):
        smx.pool([fits[0], other])


def test_prints_and_keeps(fits, tmp_path):
    pooled = smx.pool(fits)
    assert "Imputations" in str(pooled)
    smx.save(pooled, tmp_path / "pooled.smx")
    pd.testing.assert_frame_equal(smx.load(tmp_path / "pooled.smx").tidy(), pooled.tidy())
