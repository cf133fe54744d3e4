"""Curves are a room of their own: what they refuse, keep and hand out."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x import FreeDiscontinuity
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.discontinuity.results import FreeDiscontinuityResults, SurfaceResults


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 10, 150)
    return pd.DataFrame({"t": x, "v": np.sin(x) + 2.0 * (x > 4.0) + 0.2 * rng.normal(size=150)})


@pytest.fixture(scope="module")
def fit(data):
    return FreeDiscontinuity("v ~ t", data).fit(keep_data=False)


@pytest.mark.parametrize(
    ("of_model", "of_fit", "name"),
    [
        ({"resolution": 20}, {}, "resolution"),
        ({"levels": 200}, {}, "levels"),
        ({"jump_length": "anisotropic"}, {}, "jump_length"),
        ({}, {"tol": 0.09}, "tol"),
        ({}, {"max_iter": 1}, "max_iter"),
        ({}, {"n_jobs": 7}, "n_jobs"),
    ],
)
def test_options_of_grids_are_refused_by_name(data, of_model, of_fit, name):
    with pytest.raises(DataError, match=f"`{name}` is for grids"):
        FreeDiscontinuity("v ~ t", data, **of_model).fit(**of_fit)


def test_a_grid_over_one_covariate_is_a_surface(data):
    fit = FreeDiscontinuity("v ~ t", data, resolution=30, levels=20).fit(solver="primal-dual", n_jobs=2)
    assert isinstance(fit, SurfaceResults)
    assert fit.plot(alpha=0.2).get_xlabel() == "t"
    assert fit.surface_std_error.shape == (30,)


def test_pictures_and_their_options(fit):
    assert isinstance(fit, FreeDiscontinuityResults)
    for kind in ("curve", "surface", "jumps", "tuning"):
        assert fit.plot(kind).get_xlabel()
    for kind, options, words in (
        ("certificate", {}, "`kind`"),
        ("slices", {}, "`kind`"),
        ("tuning", {"alpha": 0.1}, "`alpha` is no option"),
    ):
        with pytest.raises(DataError, match=words):
            fit.plot(kind, **options)


def test_a_saved_curve_carries_no_row(fit, data, tmp_path):
    text = pickle.dumps(fit)
    back = pickle.loads(text)
    held = [np.asarray(a, float).ravel() for a in _arrays(back)]
    found = np.concatenate(held)
    assert not np.isin(data["v"].to_numpy(), found).any()
    inner = np.sort(data["t"].to_numpy())[1:-1]
    ends_of_intervals = back.jumps[["location_lower", "location_upper"]].to_numpy().ravel()
    assert np.isin(np.setdiff1d(inner, ends_of_intervals), found).sum() == 0
    new = pd.DataFrame({"t": np.linspace(data["t"].min(), data["t"].max(), 777)})
    np.testing.assert_allclose(back.predict(new)["estimate"], fit.predict(new)["estimate"], atol=1e-4)
    np.testing.assert_allclose(back.predict(new)["std_error"], fit.predict(new)["std_error"], rtol=0.01)
    np.testing.assert_array_equal(back.predict(new)["region"], fit.predict(new)["region"])
    assert str(back.summary(0.1)) == str(fit.summary(0.1))
    pd.testing.assert_frame_equal(back.tidy(0.01), fit.tidy(0.01))
    pd.testing.assert_frame_equal(smx.load(smx.save(fit, tmp_path / "fit")).glance(), fit.glance())
    assert back.plot().get_xlabel() == "t"
    for question in (
        lambda: back.curve,
        back.bootstrap,
        back.simultaneous_band,
        back.draw_curves,
        back.residuals,
    ):
        with pytest.raises(DataError, match="saved without them"):
            question()
    kept = pickle.loads(pickle.dumps(FreeDiscontinuity("v ~ t", data).fit(keep_data=True)))
    np.testing.assert_array_equal(kept.curve, fit.curve)


def _arrays(value, seen=None):
    """Every array that an object holds."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield value[np.isfinite(value)] if value.dtype.kind == "f" else np.zeros(0)
    elif isinstance(value, pd.DataFrame):
        yield value.select_dtypes("number").to_numpy()
    elif isinstance(value, dict):
        for one in value.values():
            yield from _arrays(one, seen)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _arrays(one, seen)
    elif hasattr(value, "__dict__"):
        yield from _arrays(vars(value), seen)


@pytest.mark.parametrize("keep", [False, True])
def test_a_saved_surface_carries_no_row_unless_asked(keep):
    image = 1.0 * (np.arange(12)[:, None] > 5) + 0.1 * np.random.default_rng(0).normal(size=(12, 12))
    fit = FreeDiscontinuity(image).fit(keep_data=keep)
    back = pickle.loads(pickle.dumps(fit))
    found = np.concatenate([np.asarray(a, float).ravel() for a in _arrays(back)])
    assert np.isin(image, found).all() == keep
    assert np.isin(image, found).any() == keep


def test_what_is_handed_out_cannot_change_the_fit(fit, disk_fit, data):
    before = fit.predict(data), disk_fit.predict(disk_fit.domain.cell_centres())
    for table in (fit.jumps, disk_fit.jumps, disk_fit.boundaries, fit.region_means, disk_fit.region_means):
        table[table.columns[0]] = 0
        del table[table.columns[1]]
    for array in (fit.curve, fit.curve_std_error, disk_fit.surface, disk_fit.surface_std_error):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7.0
    pd.testing.assert_frame_equal(fit.predict(data), before[0])
    pd.testing.assert_frame_equal(disk_fit.predict(disk_fit.domain.cell_centres()), before[1])
    assert (fit.jumps["size"] != 0.0).all()
    assert (disk_fit.jumps["east"] != 0.0).any()


def test_old_names_of_a_curve_work_for_a_while(fit):
    with pytest.warns(DeprecationWarning, match="`curve`"):
        np.testing.assert_array_equal(fit.surface, fit.curve)


def test_bands_and_draws_are_offered(fit, data):
    lower, upper = fit.simultaneous_band(n_draws=100)
    assert ((lower < fit.curve) & (fit.curve < upper)).all()
    draws = fit.draw_curves(pd.DataFrame({"t": [1.0, 8.0]}), n_draws=300, seed=1)
    assert draws.shape == (300, 2)
    at = fit.predict(pd.DataFrame({"t": [1.0, 8.0]}))
    np.testing.assert_allclose(draws.mean(0), at["estimate"], atol=0.05)
    with pytest.raises(DataError, match="outside of the range"):
        fit.draw_curves([[99.0]])
    sizes = fit.jump_sizes([[3.0]], alpha=0.5)
    assert sizes["lower"].item() > fit.jumps["lower"].iloc[0]


def test_bootstrap_and_test_need_enough_resamples(fit):
    with pytest.raises(DataError, match="at least 19"):
        fit.bootstrap(5)
    with pytest.raises(DataError, match="at least 19"):
        fit.test_no_jump(5)
    test = fit.test_no_jump(19, seed=1)
    assert test["p.value"] == pytest.approx(0.05)
    assert test["resamples"] == 19
    again = fit.bootstrap(19, seed=2)
    assert again.jumps["stability"].item() > 0.8


def test_warnings_name_the_line_of_the_user(fit):
    with pytest.warns(DataWarning, match="outside") as caught:
        fit.predict(pd.DataFrame({"t": [99.0]}))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("far", [50.0, 1e6, -1e9])
def test_a_value_far_out_does_not_set_the_scale(far):
    t = np.arange(300.0)
    v = 1.0 * (t > 150) + np.random.default_rng(2).normal(0, 0.1, 300)
    v[40] = far
    fit = FreeDiscontinuity("v ~ t", pd.DataFrame({"t": t, "v": v})).fit()
    assert fit.jumps["t"].tolist() == [150.5]
    assert fit.jumps["size"].item() == pytest.approx(1.0, abs=0.05)
    assert fit.noise_sd == pytest.approx(0.1, rel=0.1)


def test_the_scale_of_ordinary_data_is_their_range():
    from statmodels_x.discontinuity.line.data import line_data

    y = np.random.default_rng(0).normal(size=200)
    line = line_data(np.arange(200.0), y)
    assert line.y_start == y.min()
    assert line.y_range == np.ptp(y)


@pytest.mark.parametrize("when", [pd.timedelta_range("1D", periods=30), pd.period_range("2020", periods=30)])
def test_a_covariate_of_durations_is_named(when):
    with pytest.raises(DataError, match="'t' holds dates or times"):
        FreeDiscontinuity("v ~ t", pd.DataFrame({"t": when, "v": np.arange(30.0)}))


# ---- an axis of dates


@pytest.fixture(scope="module")
def days():
    rng = np.random.default_rng(0)
    day = pd.date_range("2020-01-01", periods=200, freq="D")
    return pd.DataFrame({"day": day, "v": 1.0 * (np.arange(200) > 119.5) + 0.1 * rng.normal(size=200)})


@pytest.fixture(scope="module")
def dated(days):
    return FreeDiscontinuity("v ~ day", days).fit(keep_data=True)


def test_jumps_over_dates_are_dates(days, dated):
    count = (days["day"] - days["day"].min()).dt.days
    number = FreeDiscontinuity("v ~ n", days.assign(n=count.astype(float))).fit()
    jump = dated.jumps.iloc[0]
    assert jump["day"] == pd.Timestamp("2020-04-29 12:00")
    assert jump["location_lower"] == pd.Timestamp("2020-04-29")
    assert jump["location_upper"] == pd.Timestamp("2020-04-30")
    pd.testing.assert_frame_equal(dated.jumps.iloc[:, 3:], number.jumps.iloc[:, 3:])
    np.testing.assert_array_equal(dated.predict(days)["estimate"], number.predict()["estimate"])
    assert "2020-04-29 to 2020-04-30" in str(dated.summary())
    assert dated.tidy()["day"][0] == jump["day"]
    assert dated.jump_sizes([pd.Timestamp("2020-02-01")])["at"][0] == pd.Timestamp("2020-02-01")
    assert dated.bootstrap(19).jumps["location"][0] == jump["day"]
    assert dated.draw_curves(days.head(3), n_draws=2).shape == (2, 3)


def test_kinds_of_dates(days, dated):
    rng = np.random.default_rng(1)
    zoned = days.assign(day=days["day"].dt.tz_localize("Europe/Dublin"))
    found = FreeDiscontinuity("v ~ day", zoned).fit()
    assert found.jumps["day"][0] == pd.Timestamp("2020-04-29 12:00", tz="Europe/Dublin")
    for frame in (
        days.assign(day=days["day"].dt.date),
        days.iloc[rng.permutation(200)],
        days.assign(day=days["day"].astype("datetime64[s]")),
    ):
        assert FreeDiscontinuity("v ~ day", frame).fit().jumps["day"][0] == dated.jumps["day"][0]
    with pytest.warns(DataWarning, match=r"day \(1\)"):
        short = FreeDiscontinuity("v ~ day", days.assign(day=days["day"].where(days.index != 5)))
    assert short.fit().nobs == 199


def test_minutes_are_shown_as_such(days):
    fit = FreeDiscontinuity(
        "v ~ t", days.assign(t=pd.date_range("2020-01-01", periods=200, freq="min"))
    ).fit()
    assert fit.jumps["t"][0] == pd.Timestamp("2020-01-01 01:59:30")
    assert "2020-01-01 01:59 to 2020-01-01 02:00" in str(fit.summary())


def test_a_curve_over_dates_is_drawn_over_dates(dated):
    from matplotlib.dates import AutoDateLocator, num2date

    for kind in ("curve", "jumps"):
        ax = dated.plot(kind)
        assert isinstance(ax.xaxis.get_major_locator(), AutoDateLocator)
        low, high = map(num2date, ax.get_xlim())
        assert low.replace(tzinfo=None) < dated.jumps["day"][0] < high.replace(tzinfo=None)


@pytest.mark.parametrize("keep", [False, True])
def test_a_curve_over_dates_is_kept_in_files(days, keep, tmp_path):
    fit = FreeDiscontinuity("v ~ day", days).fit(keep_data=keep)
    smx.save(fit, tmp_path / "fit.smx")
    for old in (smx.load(tmp_path / "fit.smx"), pickle.loads(pickle.dumps(fit))):
        pd.testing.assert_frame_equal(old.jumps, fit.jumps)
        assert old.predict(days.head())["estimate"].to_numpy() == pytest.approx(
            fit.predict(days.head())["estimate"].to_numpy(), abs=1e-6
        )


def test_what_is_no_date_is_refused(days, dated):
    for other in ([1.0, 2.0], days.assign(day=np.arange(200.0))):
        with pytest.raises(DataError, match="'day' was a column of dates in the fit"):
            dated.predict(other)
    with pytest.raises(DataError, match="no column 'day'"):
        dated.predict(days[["v"]])
    with pytest.raises(DataError, match="'day' have a time zone, those of the fit none"):
        dated.predict(days.assign(day=days["day"].dt.tz_localize("UTC")))
    with pytest.raises(DataError, match=r"'day' mixes dates with other values, in 1 row \(position 199\)"):
        FreeDiscontinuity("v ~ day", days.assign(day=[*days["day"][:-1], 7]))
    for formula in ("v ~ log(day)", "v ~ day + w"):
        with pytest.raises(DataError, match="'day' holds dates or times"):
            FreeDiscontinuity(formula, days.assign(w=days.index * 1.0))
    with pytest.raises(DataError, match="'day' holds dates, which a grid does not take"):
        FreeDiscontinuity("v ~ day", days).fit(solver="primal-dual")


def test_dates_are_refused_where_the_fit_has_numbers(days):
    fit = FreeDiscontinuity("v ~ day", days.assign(day=np.arange(200.0))).fit()
    with pytest.raises(DataError, match="day"):
        fit.predict(days)


def test_a_curve_with_bends_and_outliers_is_kept_in_files(tmp_path):
    rng = np.random.default_rng(0)
    x = np.linspace(0.0, 1.0, 300)
    y = np.tanh((x - 0.5) / 0.004) + 0.05 * rng.normal(size=300)
    y[40] += 3.0
    fit = FreeDiscontinuity("y ~ x", pd.DataFrame({"x": x, "y": y})).fit(keep_data=True)
    assert len(fit.line.bends)
    assert list(fit.line.outliers) == [40]
    smx.save(fit, tmp_path / "fit.smx")
    old = smx.load(tmp_path / "fit.smx")
    assert old.line.shape.bends == fit.line.shape.bends
    np.testing.assert_array_equal(old.curve, fit.curve)


def test_places_are_told_apart_far_from_zero():
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(size=200))
    y = (x > 0.5) + 0.1 * rng.normal(size=200)
    near = smx.FreeDiscontinuity("y ~ x", pd.DataFrame({"x": x, "y": y})).fit().jumps.iloc[0]
    far = smx.FreeDiscontinuity("y ~ x", pd.DataFrame({"x": 4.5e6 + x, "y": y})).fit()
    shown = next(line for line in far.summary().as_text().splitlines() if line.startswith("jump 1"))
    place, low, _, high = shown.split()[2:6]
    told = np.array([float(place), float(low), float(high)]) - 4.5e6
    assert_allclose(told, near[["x", "location_lower", "location_upper"]].astype(float), atol=1e-3)


def test_no_pair_is_shown_where_no_jump_was_best():
    frame = pd.DataFrame({"x": np.repeat(np.arange(10.0), 2), "y": np.random.default_rng(1).normal(size=20)})
    fit = smx.FreeDiscontinuity("y ~ x", frame).fit()
    assert len(fit.jumps) == 0
    assert "nan" not in fit.summary().as_text()
