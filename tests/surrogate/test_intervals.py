"""Intervals of ratios, robust spreads, bands and errors, against what they are known to be."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from statmodels_x.surrogate.fitting import spread
from statmodels_x.surrogate.inference import intervals


def test_fieller_holds_what_it_should(rng):
    """Its ends are where the test of N = r D turns."""
    shape = np.array([[0.02, 0.008], [0.008, 0.01]])
    for n, d in ((0.5, 0.6), (-0.2, 0.9), (0.3, -0.7)):
        low, high = intervals.fieller(n, d, shape, 1.96)
        assert low < n / d < high

        def z(r, n=n, d=d):
            return (n - r * d) / np.sqrt(shape[0, 0] - 2 * r * shape[0, 1] + r * r * shape[1, 1])

        assert abs(z(low)) == pytest.approx(1.96, abs=1e-9)
        assert abs(z(high)) == pytest.approx(1.96, abs=1e-9)
    assert intervals.fieller(0.5, 0.1, shape, 1.96) == (-np.inf, np.inf)


def test_beale_takes_out_the_bias():
    """A ratio of normal means: the bias of order 1/n goes, Fieller covers."""
    rng = np.random.default_rng(4)
    n, d = 0.6, 1.0
    shape = np.array([[0.05, 0.02], [0.02, 0.05]])
    draws = rng.multivariate_normal([n, d], shape, size=200_000)
    plain = draws[:, 0] / draws[:, 1]
    beale = spread.beale_ratio(draws[:, 0], draws[:, 1], shape)
    error = plain.std() / np.sqrt(len(plain))
    assert np.mean(plain) - n / d > 10 * error
    assert abs(np.mean(beale) - n / d) < abs(np.mean(plain) - n / d) / 3
    assert np.sqrt(np.mean((beale - 0.6) ** 2)) < np.sqrt(np.mean((plain - 0.6) ** 2))
    inside = [
        low <= 0.6 <= high for low, high in (intervals.fieller(*row, shape, 1.96) for row in draws[:4000])
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


def test_beale_of_equal_parts_is_1():
    shape = np.full((2, 2), 0.3)
    assert spread.beale_ratio(np.array(0.2), np.array(0.2), shape) == 1.0


def test_mad_and_robust_covariance(rng):
    draws = rng.multivariate_normal([0, 0], [[2.0, 0.8], [0.8, 1.0]], size=50_000)
    assert spread.mad_scale(draws[:, 0]) == pytest.approx(np.sqrt(2), rel=0.02)
    assert_allclose(spread.robust_covariance(*draws.T), np.cov(draws.T), rtol=0.01)
    draws[:50] *= 1e6
    assert_allclose(spread.robust_covariance(*draws.T), [[2.0, 0.8], [0.8, 1.0]], rtol=0.2)


def test_simultaneous_bands_are_wider_than_pointwise(rng):
    draws = rng.normal(size=(4000, 10))
    errors = np.array([spread.mad_scale(column) for column in draws.T])
    factor = intervals.simultaneous_factor(np.zeros(10), draws, errors, 0.05)
    assert factor == pytest.approx(stats.norm.ppf((1 + 0.95**0.1) / 2), abs=0.08)
    assert intervals.one_sided_factor(draws, errors, 0.05) == pytest.approx(
        stats.norm.ppf(0.95**0.1), abs=0.08
    )
    assert np.isnan(intervals.simultaneous_factor(np.zeros(2), draws[:, :2], np.zeros(2), 0.05))


def test_error_of_delta_is_greenwoods(fitted, trial_frame):
    """The perturbed standard error of a difference of Kaplan-Meier estimates is the analytic one."""
    from lifelines import KaplanMeierFitter

    variance = 0.0
    for arm in (0, 1):
        rows = trial_frame[trial_frame["arm"] == arm]
        table = KaplanMeierFitter().fit(rows["time"], rows["status"]).event_table
        table = table[(table.index <= 3) & (table["observed"] > 0)]
        survival = (1 - table["observed"] / table["at_risk"]).prod()
        hazard = (table["observed"] / (table["at_risk"] * (table["at_risk"] - table["observed"]))).sum()
        variance += survival**2 * hazard
    assert fitted.bse["delta"] == pytest.approx(np.sqrt(variance), rel=0.12)
