"""Profiles where totals leave the ages open: several valleys, all of which a profile must see."""

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx

SURVIVAL = ("survival", "x_1")

pytestmark = [
    pytest.mark.search,
    pytest.mark.filterwarnings("ignore::statmodels_x.core.errors.IdentificationWarning"),
]


@pytest.fixture(scope="module")
def data():
    """Totals of two Leslie-Gower competitors with two classes each, with 5 % errors; survival of x is 0.6."""
    A, D = np.array([[0.5, 2.0], [0.6, 0]]), np.array([[0.8, 1.2], [0.7, 0]])
    crowding, x, y, rows = np.array([[0.0016, 0.001], [0.0012, 0.003]]), [8.0, 0], [6.0, 0], []
    for _ in range(30):
        N = np.array([np.sum(x), np.sum(y)])
        rows.append(N)
        x, y = A @ x / (1 + crowding[0] @ N), D @ y / (1 + crowding[1] @ N)
    rng = np.random.default_rng(3)
    noise = np.column_stack([rng.normal(0, 0.05, 30), rng.normal(0, 0.05, 30)])
    return pd.DataFrame(rows * np.exp(noise), columns=["x", "y"]).assign(t=range(30))


def model(data):
    return smx.LeslieInteraction("x + y ~ t", data, ages=2, density="leslie-gower", family="lognormal")


@pytest.fixture(scope="module")
def fit(data):
    return model(data).fit(n_starts=40)


@pytest.mark.parametrize("value", [0.3, 0.6, 0.9])
def test_profile_is_as_high_as_a_whole_refit(data, fit, value):
    """In the valley of the estimate alone, 0.6 and 0.9 would seem to be rejected with deviances of 8 and 20."""
    held = model(data).fit(n_starts=40, bounds={SURVIVAL: (value, value)})
    table = fit.profile(SURVIVAL, values=[value])
    assert table["llf"].iloc[0] >= held.llf - 1e-3
    assert table["deviance"].iloc[0] < 6


def test_interval_holds_all_valleys(fit):
    from statmodels_x.population.inference.profile import Profile

    profile = Profile(fit, fit.params.index.get_loc(SURVIVAL))
    level = profile.level(0.05)
    assert profile.limit(1, level, 0.2) == 1.0  # 1 is not rejected, whatever lies between
    assert 0.05 < profile.limit(-1, level, 0.2) < fit.params[SURVIVAL]


def test_profile_is_the_same_every_time(fit):
    one, two = fit.profile(SURVIVAL, values=[0.2, 0.7]), fit.profile(SURVIVAL, values=[0.2, 0.7])
    pd.testing.assert_frame_equal(one, two, rtol=0, atol=0)


@pytest.mark.parametrize("family", ["poisson", "gaussian"])
def test_the_deviance_is_twice_the_fall_of_the_likelihood_of_a_refit(family):
    rng = np.random.default_rng(8)
    counts = [10.0]
    for _ in range(14):
        counts.append(counts[-1] * 1.8 / (1.0 + 0.008 * counts[-1]))
    seen = rng.poisson(counts) if family == "poisson" else counts + rng.normal(0.0, 1.0, 15)
    one = smx.LotkaVolterra("x ~ t", pd.DataFrame({"x": seen, "t": range(15)}), family=family, weights=None)
    fit = one.fit(n_starts=3)
    rate = ("rate", "x")
    value = float(fit.params[rate]) + 0.7 * float(fit.bse[rate])
    held = one.fit(n_starts=3, bounds={rate: (value, value)})
    found = fit.profile(rate, values=[value]).iloc[0]
    assert found["deviance"] == pytest.approx(2.0 * (fit.llf - held.llf), rel=1e-4)
    assert 0.1 < found["deviance"] < 2.0
