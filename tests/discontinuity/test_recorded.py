"""Responses recorded in units, rare events, amounts that are mostly 0: their noise is told, and no jump made up."""

import numpy as np
import pandas as pd
import pytest

from statmodels_x import FreeDiscontinuity
from statmodels_x.discontinuity.grid.recorded import believed, doubted_sd, is_common, share_alike, unit_of

N = 400


def rng_of(*seed):
    return np.random.default_rng(seed)


def line(z, seed):
    return pd.DataFrame({"x": np.sort(rng_of(seed, 1).uniform(size=len(z))), "z": z})


def plane(rule, seed, n=2000):
    rng = rng_of(seed, 2)
    x, y = rng.uniform(size=(2, n))
    return pd.DataFrame({"x": x, "y": y, "z": rule(rng, x, y)})


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ([0.0, 1.0, 1.0, 0.0], 1.0),
        ([0.0, 2.0, 5.0, 9.0], 1.0),
        ([0.1, 0.2, 0.3, 0.1 + 0.2, 0.8], 0.1),
        (1000.0 + 0.25 * np.arange(40.0) ** 2, 0.25),
        (32.0 + 1.8 * np.arange(30), 1.8),
        ([3.0, 3.0], 0.0),
        ([0.0, 1.0, np.sqrt(2.0), np.pi], 0.0),
        (np.round(np.linspace(0.0, 1.0, 50) ** 1.3, 6), 0.0),  # finer than plays a part
        ([0.0, 1.0, 2.0, 4.0, 1.0, 3.0, -1e9], 1.0),
        ([*np.sqrt(np.arange(2.0, 9.0)), -1e9, 1e9], 0.0),
    ],
)
def test_the_unit_is_that_of_which_all_differences_are_multiples(values, unit):
    assert unit_of(np.asarray(values)) == pytest.approx(unit, rel=1e-6)


@pytest.mark.parametrize("n", [4, 8, 30, 3000])
def test_random_numbers_have_no_unit(n):
    assert all(unit_of(rng_of(seed, n).normal(size=n)) == 0.0 for seed in range(20))


def test_a_median_is_doubted_below_the_error_of_rounding_and_where_most_are_alike():
    rounded = np.round(rng_of(0).normal(size=300), 1)
    assert doubted_sd(rounded) == pytest.approx(0.1 / np.sqrt(12.0))
    assert doubted_sd(rng_of(0).normal(size=300)) == 0.0
    amounts = np.where(rng_of(1).uniform(size=300) < 0.6, 0.0, rng_of(2).exponential(size=300))
    assert share_alike(amounts) > 0.5
    assert doubted_sd(amounts) == np.inf
    assert believed(0.0, 3.0, np.inf) == 3.0
    assert believed(0.0, 3.0, 1.0) == 1.0
    assert believed(2.0, 3.0, 1.0) == 2.0
    assert believed(2.0, 3.0, 0.0) == 2.0


@pytest.mark.parametrize("share", [0.03, 0.1, 0.3])
def test_the_noise_of_rare_events_over_a_curve_is_theirs(share):
    z = 1.0 * (rng_of(3, int(100 * share)).uniform(size=N) < share)
    fit = FreeDiscontinuity("z ~ x", line(z, 4)).fit()
    assert fit.jumps.empty
    assert fit.noise_sd == pytest.approx(z.std(), rel=0.2)


@pytest.mark.search
@pytest.mark.parametrize("share", [0.03, 0.1])
def test_the_noise_of_rare_events_over_a_plane_is_theirs(share):
    data = plane(lambda rng, x, y: 1.0 * (rng.uniform(size=len(x)) < share), int(100 * share))
    fit = FreeDiscontinuity("z ~ x + y", data).fit()
    assert fit.jumps.empty
    assert fit.noise_sd == pytest.approx(data["z"].std(), rel=0.1)
    assert "outliers" not in str(fit.summary())


def test_the_noise_of_rare_events_in_an_image_is_theirs():
    image = 1.0 * (rng_of(5).uniform(size=(24, 24)) < 0.1)
    fit = FreeDiscontinuity(image).fit()
    assert fit.jumps.empty
    assert fit.noise_sd == pytest.approx(image.std(), rel=0.2)


@pytest.mark.parametrize("seed", range(4))
def test_a_change_of_rare_events_is_found_with_an_error_like_that_of_two_shares(seed):
    before, after = (1.0 * (rng_of(seed, k).uniform(size=N) < share) for k, share in ((6, 0.2), (7, 0.55)))
    z = np.concatenate([before, after])
    data = pd.DataFrame({"x": np.arange(2.0 * N), "z": z})
    fit = FreeDiscontinuity("z ~ x", data).fit()
    jump = fit.jumps.loc[fit.jumps["evidence"].idxmax()]
    assert jump["x"] == pytest.approx(N, abs=40)
    expected = np.sqrt(z.var() / N * 2.0)
    assert 0.5 * expected < jump["std_error"] < 4.0 * expected  # more, where the level may also bend


def test_a_few_points_off_an_exact_level_are_outliers():
    z = np.zeros(N)
    z[[40, 170, 300]] = 1.0
    fit = FreeDiscontinuity("z ~ x", line(z, 18)).fit()
    assert fit.jumps.empty
    assert "Set aside as outliers: 3 points" in str(fit.summary())


def test_amounts_that_are_mostly_0_have_noise_over_curves_and_planes():
    rng = rng_of(8)
    z = np.where(rng.uniform(size=N) < 0.8, 0.0, rng.exponential(size=N))
    assert FreeDiscontinuity("z ~ x", line(z, 9)).fit().noise_sd > 0.3 * z.std()
    data = plane(
        lambda rng, x, y: np.where(rng.uniform(size=len(x)) < 0.8, 0.0, rng.exponential(size=len(x))), 10
    )
    fit = FreeDiscontinuity("z ~ x + y", data).fit()
    assert fit.noise_sd == pytest.approx(data["z"].std(), rel=0.15)
    assert "outliers" not in str(fit.summary())


@pytest.mark.parametrize("rows", [6, 200])
def test_rows_at_few_places_tell_their_noise_themselves(rows):
    rng = rng_of(19, rows)
    x, y = (one.ravel().repeat(rows) for one in np.mgrid[:6, :6].astype(float))
    z = 0.03 * (x - 2.0) ** 2 + 0.02 * x * y + rng.normal(size=len(x))
    data = pd.DataFrame({"x": x, "y": y, "z": z, "event": 1.0 * (rng.uniform(size=len(x)) < 0.05)})
    for name in ("z", "event"):
        within = data.groupby(["x", "y"])[name].var().mean() ** 0.5
        assert FreeDiscontinuity(f"{name} ~ x + y", data).fit().noise_sd == pytest.approx(within, rel=1e-3)


def test_events_at_places_with_many_rows_are_all_counted():
    rng = rng_of(20)
    x, y = (one.ravel().repeat(30) for one in np.mgrid[:8, :8].astype(float))
    data = pd.DataFrame({"x": x, "y": y, "z": 1.0 * (rng.uniform(size=len(x)) < 0.03)})
    fit = FreeDiscontinuity("z ~ x + y", data).fit()
    assert "outliers" not in str(fit.summary())
    assert fit.jumps.empty
    assert fit.region_means["surface_mean"].iloc[0] == pytest.approx(data["z"].mean(), abs=0.003)
    assert is_common(data["z"].to_numpy()).all()
    assert not is_common(rng.normal(size=500)).any()


def test_rows_that_share_an_error_are_told():
    rng = rng_of(21)
    x, y = (one.ravel().repeat(20) for one in np.mgrid[:9, :9].astype(float))
    single = 0.1 * x + rng.normal(size=len(x))
    data = pd.DataFrame({"x": x, "y": y, "z": single, "shared": single + rng.normal(size=81).repeat(20)})
    told = {name: str(FreeDiscontinuity(f"{name} ~ x + y", data).fit().summary()) for name in ("z", "shared")}
    assert "share an error" not in " ".join(told["z"].split())
    assert "share an error" in " ".join(told["shared"].split())


def test_rounding_is_part_of_the_noise():
    rng = rng_of(11)
    x = np.sort(rng.uniform(size=N))
    z = np.round(4.0 * x + 0.3 * rng.normal(size=N))
    fit = FreeDiscontinuity("z ~ x", pd.DataFrame({"x": x, "z": z})).fit()
    assert fit.noise_sd == pytest.approx(np.std(z - 4.0 * x), rel=0.15)


def test_steps_of_a_rounded_slope_are_said_to_be_possible():
    rng = rng_of(12)
    x = np.sort(rng.uniform(size=N))
    z = np.round(3.0 * x + 0.1 * rng.normal(size=N))
    data = pd.DataFrame({"x": x, "z": z})
    fit = FreeDiscontinuity("z ~ x", data).fit()
    assert len(fit.jumps)
    text = " ".join(str(fit.summary()).split())
    assert "The responses are multiples of 1" in text
    exact = FreeDiscontinuity("z ~ x", data.assign(z=3.0 * (x > 0.5) + 0.1 * rng.normal(size=N))).fit()
    assert "multiples" not in str(exact.summary())


def test_responses_of_which_most_are_alike_are_said_to_be_far_from_normal():
    z = np.concatenate([rng_of(13).uniform(size=N) < 0.02, rng_of(14).uniform(size=N) < 0.4]) * 1.0
    fit = FreeDiscontinuity("z ~ x", pd.DataFrame({"x": np.arange(2.0 * N), "z": z})).fit()
    assert len(fit.jumps)
    assert "% of the responses are alike" in " ".join(str(fit.summary()).split())


def test_a_step_without_noise_stays_exact():
    x = np.sort(rng_of(15).uniform(size=N))
    fit = FreeDiscontinuity("z ~ x", pd.DataFrame({"x": x, "z": 1.0 * (x > 0.52)})).fit()
    assert len(fit.jumps) == 1
    assert fit.jumps["std_error"].iloc[0] < 1e-3
    data = plane(lambda rng, x, y: 1.0 * (x + 0.2 * y > 0.52), 16, 600)
    fit = FreeDiscontinuity("z ~ x + y", data).fit()
    assert fit.segments().max() == 2
    assert fit.noise_sd < 0.01
    image = np.zeros((14, 14))
    image[4:9, 5:12] = 1.0
    fit = FreeDiscontinuity(image).fit()
    assert fit.segments().max() == 2
    assert fit.boundaries["mean_size"].iloc[0] == pytest.approx(1.0, abs=0.05)


def test_the_noise_of_rare_events_in_a_volume_is_theirs():
    rng = rng_of(17)
    x = rng.uniform(size=(3000, 3))
    data = pd.DataFrame(x, columns=list("abc")).assign(z=1.0 * (rng.uniform(size=3000) < 0.05))
    fit = FreeDiscontinuity("z ~ a + b + c", data, resolution=8).fit()
    assert fit.jumps.empty
    assert fit.noise_sd == pytest.approx(data["z"].std(), rel=0.15)
