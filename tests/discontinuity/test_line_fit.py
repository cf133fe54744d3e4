"""The door: real data, units, options, bad input, uncertainty of the whole fit."""

import pickle

import numpy as np
import pytest
from statsmodels.datasets import nile
from statsmodels.regression.linear_model import OLS

from statmodels_x.core.errors import DataError
from statmodels_x.discontinuity.line.data import line_data
from statmodels_x.discontinuity.line.fit import fit_line
from statmodels_x.discontinuity.line.string import string_cuts, string_fit
from statmodels_x.discontinuity.line.uncertainty import bootstrap_line, no_jump_test, simultaneous_band


def weak_string(x, y, lam, nu):
    """Jump set and minimiser of the weak-string energy, in the data's units."""
    line = line_data(x, y)
    cuts = string_cuts(line, lam, nu)[0]
    return cuts, line.response(string_fit(line, lam, cuts)[0])


pytestmark = pytest.mark.search


def truth(x):
    return np.sin(6.0 * x) + 1.0 * (x > 0.4) - 0.8 * (x > 0.75)


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(11)
    x = rng.random(250)
    return x, truth(x) + 0.15 * rng.standard_normal(250)


@pytest.fixture(scope="module")
def fit(points):
    return fit_line(*points)


@pytest.fixture(scope="module")
def flow():
    data = nile.load_pandas().data
    return data["year"].to_numpy(), data["volume"].to_numpy()


@pytest.mark.parametrize("sensitivity", ["strict", "balanced", "sensitive"])
def test_the_nile_fell_after_1898(flow, sensitivity):
    found = fit_line(*flow, sensitivity=sensitivity)
    jumps = found.jumps
    assert jumps.location == pytest.approx([1898.5])
    assert jumps.location_lower[0] <= 1898.0 <= jumps.location_upper[0]
    # the classical change of the mean, 1097.75 before and 849.97 after
    assert jumps.size_lower[0] < 849.97 - 1097.75 < jumps.size_upper[0]
    assert jumps.upper[0] < 0.0
    assert found.converged


def test_the_nile_s_smooth_part_is_straight_and_then_least_squares_gives_the_same(flow):
    year, volume = flow
    found = fit_line(year, volume)
    design = np.column_stack([np.ones(100), year - 1871.0, year > 1898.5])
    ols = OLS(volume, design).fit()
    assert found.jumps.size[0] == pytest.approx(ols.params[2], rel=2e-3)
    # level, slope and step are integrated out of the likelihood, which so counts their degrees of freedom
    assert found.sigma**2 == pytest.approx(ols.ssr / 97.0, rel=1e-3)
    assert found.jumps.std_error[0] == pytest.approx(ols.bse[2], rel=1e-3)


def test_the_nile_under_correlated_noise(flow):
    iid, correlated = fit_line(*flow), fit_line(*flow, noise="correlated")
    assert correlated.jumps.location == pytest.approx([1898.5])
    assert correlated.jumps.std_error[0] > iid.jumps.std_error[0]
    assert 0.0 < correlated.reach < 5.0


def test_jumps_are_found_where_they_are(fit):
    jumps = fit.jumps
    assert len(jumps.gap) == 2
    np.testing.assert_array_less(jumps.location_lower, [0.4, 0.75])
    np.testing.assert_array_less([0.4, 0.75], jumps.location_upper)
    np.testing.assert_array_less(jumps.size_lower, [1.0, -0.8])
    np.testing.assert_array_less([1.0, -0.8], jumps.size_upper)
    np.testing.assert_allclose(jumps.after - jumps.before, jumps.size)
    np.testing.assert_allclose(jumps.location, 0.5 * (fit.x[jumps.gap] + fit.x[jumps.gap + 1]))
    assert fit.sigma == pytest.approx(0.15, rel=0.15)
    assert np.all(jumps.evidence > np.log(250))
    assert fit.score < fit.score_no_jump
    assert fit.converged
    assert 0.0 < fit.smallest_jump < 0.8


def test_units_and_order_do_not_matter(points, fit):
    x, y = points
    order = np.random.default_rng(0).permutation(250)
    other = fit_line(1e3 + 1e4 * x[order], 5.0 - 0.01 * y[order])
    np.testing.assert_array_equal(other.jumps.gap, fit.jumps.gap)
    np.testing.assert_allclose(other.jumps.size, -0.01 * fit.jumps.size, rtol=1e-3)
    np.testing.assert_allclose(other.fitted, 5.0 - 0.01 * fit.fitted, rtol=1e-4)
    np.testing.assert_allclose(other.std_error, 0.01 * fit.std_error, rtol=1e-3)
    np.testing.assert_allclose(other.jumps.location, 1e3 + 1e4 * fit.jumps.location)
    assert other.sigma == pytest.approx(0.01 * fit.sigma, rel=1e-4)
    # the white noise of y on the new scale is the same number of standard deviations: lam and nu do not change
    assert other.lam == pytest.approx(fit.lam)
    assert other.nu == pytest.approx(fit.nu, rel=1e-6)


def test_the_mirror_image_has_mirrored_jumps(points, fit):
    x, y = points
    other = fit_line(1.0 - x, y)
    np.testing.assert_allclose(1.0 - other.jumps.location[::-1], fit.jumps.location, atol=1e-9)
    np.testing.assert_allclose(-other.jumps.size[::-1], fit.jumps.size, rtol=5e-3)
    np.testing.assert_allclose(other.fitted[::-1], fit.fitted, atol=2e-3)


def test_repeated_rows_act_like_weights(points):
    x, y = points
    twice = fit_line(np.tile(x, 2), np.tile(y, 2), noise=0.15)
    heavy = fit_line(x, y, np.full(250, 2.0), noise=0.15)
    np.testing.assert_array_equal(twice.jumps.gap, heavy.jumps.gap)
    np.testing.assert_allclose(twice.fitted, heavy.fitted, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(twice.std_error, heavy.std_error, rtol=1e-6)


def test_replicates_tell_the_noise():
    rng = np.random.default_rng(12)
    x = np.repeat(np.arange(40.0), 10)
    y = 3.0 * (x > 19.0) + rng.standard_normal(400)
    found = fit_line(x, y)
    assert found.jumps.location == pytest.approx([19.5])
    assert found.sigma == pytest.approx(1.0, rel=0.1)
    assert found.jumps.std_error[0] < 1.0


def test_prediction_agrees_at_the_points_and_steps_at_the_jump(fit):
    value, error = fit.predict(fit.x)
    np.testing.assert_allclose(value, fit.fitted, atol=1e-9)
    np.testing.assert_allclose(error, fit.std_error, atol=1e-9)
    place = fit.jumps.location[0]
    value, error = fit.predict([place - 1e-9, place + 1e-9, -0.5, 1.5])
    assert value[1] - value[0] == pytest.approx(fit.jumps.size[0], abs=1e-5)
    assert np.isnan(value[2:]).all()
    assert np.isnan(error[2:]).all()


@pytest.mark.parametrize("tune", ["sure", "cv"])
def test_tuning_for_prediction(points, tune):
    x, y = points
    found = fit_line(x, y, tune=tune, seed=3)
    again = fit_line(x, y, tune=tune, seed=3)
    assert (found.lam, found.nu) == (again.lam, again.nu)
    np.testing.assert_allclose(found.fitted, weak_string(x, y, found.lam, found.nu)[1])
    assert np.mean((found.fitted - truth(found.x)) ** 2) < 0.15**2 / 4.0
    assert found.tuning.criterion[found.tuning.best] == found.tuning.criterion.min()
    value, _ = found.predict(found.x)
    np.testing.assert_allclose(value, found.fitted)


def test_given_parameters_are_used(points):
    x, y = points
    found = fit_line(x, y, lam=300.0, nu=0.3)
    cuts, values = weak_string(x, y, 300.0, 0.3)
    assert (found.lam, found.nu, found.tuning) == (300.0, 0.3, None)
    np.testing.assert_allclose(found.fitted, values)
    np.testing.assert_array_equal(found.jumps.gap, np.flatnonzero(cuts))
    assert fit_line(x, y, lam=300.0, tune="sure").lam == pytest.approx(300.0)
    assert fit_line(x, y, nu=0.3, tune="cv").nu == 0.3
    assert set(fit_line(x, y, lam=300.0).tuning.lam[1:]) == {300.0}


def test_known_noise_is_kept(points):
    found = fit_line(*points, noise=0.15)
    assert found.sigma == pytest.approx(0.15)
    assert len(found.jumps.gap) == 2


def test_a_kink_at_the_jump_is_seen():
    rng = np.random.default_rng(13)
    x = np.sort(rng.random(400))
    y = 1.0 * x + (x > 0.5) * (0.5 - 12.0 * (x - 0.5)) + 0.1 * rng.standard_normal(400)
    found = fit_line(x, y)
    assert found.smoothing.slope > 0.0
    assert found.jumps.location == pytest.approx([0.5], abs=0.02)
    assert found.jumps.size_lower[0] < 0.5 < found.jumps.size_upper[0]
    assert fit_line(x, y, slope="keep").smoothing.slope == 0.0


def test_smooth_data_have_no_jump_and_a_few_outliers_make_none():
    rng = np.random.default_rng(14)
    x = np.sort(rng.random(300))
    y = np.sin(6.0 * x) + 0.1 * rng.standard_normal(300)
    y[[50, 150, 250]] += 2.0
    found = fit_line(x, y)
    assert len(found.jumps.gap) == 0
    np.testing.assert_array_equal(found.outliers, [50, 150, 250])
    assert found.sigma == pytest.approx(0.1, rel=0.15)
    assert found.jumps.size.shape == (0,)
    assert no_jump_test(found).pvalue == 1.0
    assert found.score == pytest.approx(found.score_no_jump, abs=0.05)


def test_bootstrap_sees_stable_jumps_and_repeats(fit):
    one = bootstrap_line(fit, 8, seed=5)
    few, again = (bootstrap_line(fit, 3, seed=6, kind="normal") for _ in range(2))
    np.testing.assert_array_equal(few.sizes, again.sizes)
    np.testing.assert_array_equal(few.curves, again.curves)
    assert few.jumps["size_std_error"].notna().all()
    assert np.all(one.stability >= 0.9)
    np.testing.assert_allclose(one.jumps["size_std_error"], fit.jumps.std_error, rtol=0.8)
    np.testing.assert_allclose(np.median(one.curves.std(0, ddof=1) / fit.std_error), 1.0, atol=0.4)
    assert one.n_jumps.shape == (one.n,) == (8,)
    assert one.n_failed == 0
    assert "n=8" in repr(one)
    limits = one.conf_int(0.5)
    assert ((limits["lower"] <= np.median(one.sizes, 0)) & (np.median(one.sizes, 0) <= limits["upper"])).all()
    assert (one.conf_int(0.1)["lower"] <= limits["lower"]).all()
    np.testing.assert_array_equal(one.band(0.2)[0] <= one.band(0.2)[1], True)


def test_no_jump_is_rejected_when_there_are_two(fit):
    test = no_jump_test(fit, 19, seed=1)
    assert test.pvalue == pytest.approx(0.05)
    assert test["statistic"] == pytest.approx(fit.score_no_jump - fit.score)
    assert test["statistic"] > 4.0 * np.log(250)


def test_simultaneous_band_is_wider_and_holds_the_curve(fit):
    lower, upper = simultaneous_band(fit, n_draws=200, seed=0)
    assert np.mean(upper - lower) > np.mean(fit.upper - fit.lower)
    assert np.mean((lower <= truth(fit.x)) & (truth(fit.x) <= upper)) > 0.98
    # beside the jump the band holds both sides
    near = fit.jumps.gap[0] + np.array([0, 1])
    assert np.all((upper - lower)[near] > np.median(upper - lower))


def test_fits_pickle(fit):
    copy = pickle.loads(pickle.dumps(fit))
    np.testing.assert_array_equal(copy.fitted, fit.fitted)
    np.testing.assert_array_equal(copy.predict([0.3])[0], fit.predict([0.3])[0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tune": "aic"}, "`tune`"),
        ({"tune": None}, "needs both `lam` and `nu`"),
        ({"tune": None, "lam": 3.0}, "needs both `lam` and `nu`"),
        ({"lam": -3.0}, "`lam`"),
        ({"nu": 0.0}, "`nu`"),
        ({"noise": "white"}, "`noise`"),
        ({"noise": -1.0}, "`noise`"),
        ({"sensitivity": "lax"}, "`sensitivity`"),
        ({"sensitivity": -1.0}, "`sensitivity`"),
        ({"slope": "jump"}, "`slope`"),
        ({"min_points": 0}, "`min_points`"),
        ({"alpha": 1.0}, "`alpha`"),
        ({"seed": -1}, "`seed`"),
    ],
)
def test_bad_options_are_named(points, options, words):
    with pytest.raises(DataError, match=words):
        fit_line(*points, **options)


def test_bad_data_are_named(points):
    with pytest.raises(DataError, match="at least 8"):
        fit_line(np.arange(7.0), np.arange(7.0) ** 2)
    with pytest.raises(DataError, match="estimate of the noise is 0"):
        fit_line(np.arange(20.0), 3.0 * np.arange(20.0))
    with pytest.raises(DataError, match="`y` has missing"):
        fit_line(np.arange(20.0), np.full(20, np.nan))


def test_bad_resampling_is_named(points, fit):
    with pytest.raises(DataError, match="`kind`"):
        bootstrap_line(fit, kind="wild")
    with pytest.raises(DataError, match="`n`"):
        bootstrap_line(fit, 1)
    with pytest.raises(DataError, match="tune="):
        no_jump_test(fit_line(*points, lam=300.0, nu=0.3))
    with pytest.raises(DataError, match="`alpha`"):
        simultaneous_band(fit, alpha=2.0)
