"""The public door for surfaces and volumes: jumps found, none invented, units, symmetries, tables, pictures."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x import FreeDiscontinuity
from statmodels_x.core.errors import ConvergenceWarning, DataError, DataWarning, MissingPackageError

pytestmark = pytest.mark.search

GIVEN = {"lam": 30.0, "nu": 0.05}


def step_image(m=16, size=1.0, sd=0.1, seed=0):
    x = (np.arange(m) + 0.5) / m
    truth = size * (x[:, None] + 0.3 * x > 0.6) + 0.5 * x
    return truth, truth + sd * np.random.default_rng(seed).normal(size=(m, m))


def true_edges(fit):
    """Edges whose cells lie on different sides of the circle of the disk data."""
    east, north = fit.domain.cell_centres().T
    inside = np.hypot(east / 10 - 0.5, (north - 5) / 3 - 0.5) < 0.25
    lattice = fit.domain.lattice
    return inside[lattice.tail] != inside[lattice.head]


# ---- what is found


def near_share(lattice, wanted, given):
    """Share of the wanted edges with a given one at one of their two cells: a mixed cell may go to either side."""
    cell = np.zeros(lattice.n_cells, bool)
    cell[lattice.tail[given]] = cell[lattice.head[given]] = True
    return np.mean((cell[lattice.tail] | cell[lattice.head])[wanted])


def test_the_circle_is_found_and_its_size_is_covered(disk_fit):
    true = true_edges(disk_fit)
    found = disk_fit.estimate.cut
    assert near_share(disk_fit.domain.lattice, true, found) >= 0.9
    assert near_share(disk_fit.domain.lattice, found, true) >= 0.9
    assert len(disk_fit.boundaries) == 1
    assert disk_fit.converged
    angle = np.linspace(0.0, 2 * np.pi, 9)[:-1]
    at = np.column_stack([10 * (0.5 + 0.25 * np.cos(angle)), 5 + 3 * (0.5 + 0.25 * np.sin(angle))])
    sizes = disk_fit.jump_sizes(at)
    covered = (sizes["lower"].abs() - 15) * (sizes["upper"].abs() - 15) <= 0
    assert covered.sum() >= 6
    outward = np.sign(sizes["size"])
    assert sizes["size"].abs().median() == pytest.approx(15, abs=4)
    assert {-1.0, 1.0} == set(outward)


def test_region_means_and_labels(disk_fit):
    labels = disk_fit.segments()
    assert labels.shape == disk_fit.domain.shape
    table = disk_fit.region_means
    assert list(table.index) == list(range(1, labels.max() + 1))
    assert table["points"].sum() == disk_fit.nobs == 4000
    fitted = disk_fit.predict()
    inside = fitted.loc[fitted["region"] == 1, "estimate"]
    assert table.loc[1, "surface_mean"] == pytest.approx(inside.mean())
    if labels.max() > 1:
        assert table.loc[1, "surface_mean"] > table.loc[2, "surface_mean"] + 10


@pytest.mark.parametrize("surface", ["cone", "wave", "plane"])
def test_no_jump_is_found_in_a_smooth_surface(surface):
    rng = np.random.default_rng(5)
    x = rng.random((3000, 2))
    f = {
        "cone": np.hypot(x[:, 0] - 0.5, x[:, 1] - 0.5),
        "wave": 0.3 * np.sin(4 * x[:, 0]) * np.cos(3 * x[:, 1]),
        "plane": x @ [0.3, 0.2],
    }[surface]
    data = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": f + 0.05 * rng.normal(size=3000)})
    fit = FreeDiscontinuity("y ~ a + b", data).fit(sensitivity="strict")
    assert fit.jumps.empty
    assert "No jump was found" in str(fit.summary())
    assert len(fit.region_means) == 1
    assert fit.boundaries.empty


def test_a_steep_slope_of_several_cells_is_no_jump():
    m = 26
    x = (np.arange(m) + 0.5) / m
    image = (
        0.3 * np.tanh((x[:, None] - 0.5) / 0.12)
        + 0 * x
        + 0.012 * np.random.default_rng(1).normal(size=(m, m))
    )
    fit = FreeDiscontinuity(image, noise=0.012).fit(pixels="points")
    assert fit.jumps.empty


def test_a_jump_in_a_volume_is_found():
    x = (np.arange(9) + 0.5) / 9
    r = np.sqrt(sum((c - 0.5) ** 2 for c in np.meshgrid(x, x, x, indexing="ij")))
    image = r + 0.5 * (r > 0.3) + 0.04 * np.random.default_rng(0).normal(size=r.shape)
    fit = FreeDiscontinuity(image).fit()
    lattice = fit.domain.lattice
    inside = (r <= 0.3).ravel()
    true = inside[lattice.tail] != inside[lattice.head]
    assert np.count_nonzero(fit.estimate.cut ^ true) <= 0.1 * true.sum()
    assert len(fit.plot("slices", n=3)) == 3
    assert fit.segments().max() == 2


def test_correlated_errors_are_estimated():
    from statmodels_x.discontinuity.smoothing.correlation import ErrorModel

    m = 24
    x = (np.arange(m) + 0.5) / m
    truth = np.where(x[:, None] + 0.3 * x > 0.6, 1.0, 0.0) + 0.5 * x
    errors = ErrorModel(1.0, (0.5, 0.5)).draw((m, m), np.random.default_rng(4)).reshape(m, m)
    fit = FreeDiscontinuity(truth + 0.15 * errors, noise="correlated").fit()
    assert 0.1 < fit.noise_sd < 0.22
    assert all(0.2 < rho < 0.8 for rho in fit.estimate.errors.rho)
    assert 15 < len(fit.jumps) < 60


@pytest.mark.parametrize("tune", ["sure", "cv"])
def test_other_rules_tune_prediction(tune):
    truth, image = step_image(12)
    fit = FreeDiscontinuity(image, nu=0.1).fit(tune=tune)
    assert fit.nu == 0.1
    table = fit.estimate.tuning.table
    assert table["value"].min() == table.loc[table["lam"] == fit.lam, "value"].iloc[0]
    assert np.mean((fit.surface - truth) ** 2) < 0.8 * np.mean((image - truth) ** 2)
    assert fit.plot("tuning").get_ylabel()


def test_cvxpy_solves_the_same_problem():
    _, image = step_image(8)
    first = FreeDiscontinuity(image, **GIVEN, levels=8).fit(solver="cvxpy")
    second = FreeDiscontinuity(image, **GIVEN, levels=8).fit(tol=1e-6)
    assert first.estimate.certificate.lower_bound == pytest.approx(
        second.estimate.certificate.lower_bound, rel=1e-5
    )
    np.testing.assert_allclose(first.surface, second.surface, atol=1e-6)


# ---- symmetries


def test_units_of_everything_do_not_matter(disk_data):
    data = disk_data(1500, seed=2)
    moved = pd.DataFrame(
        {"east": 3.0 - 0 + 7 * data["east"], "north": 1e4 * data["north"], "y": 1e-3 * data["y"] - 40}
    )
    one, two = (FreeDiscontinuity("y ~ east + north", frame).fit() for frame in (data, moved))
    assert np.array_equal(one.estimate.cut, two.estimate.cut)
    np.testing.assert_allclose(two.surface, 1e-3 * one.surface - 40, rtol=1e-6)
    assert two.lam == pytest.approx(one.lam)
    assert two.noise_sd == pytest.approx(1e-3 * one.noise_sd)
    np.testing.assert_allclose(two.jumps["size"], 1e-3 * one.jumps["size"], rtol=1e-4)


def test_explained_variance_is_about_the_mean():
    """A level that all values share explains nothing."""
    _, image = step_image(12)
    fit = FreeDiscontinuity(40.0 + image, **GIVEN).fit()
    left = np.sum((40.0 + image - fit.surface) ** 2)
    assert fit.rsquared == pytest.approx(1.0 - left / np.sum((image - image.mean()) ** 2), rel=1e-9)
    assert fit.rsquared < 0.99


def test_order_and_direction_of_the_axes_do_not_matter():
    _, image = step_image(14)
    plain = FreeDiscontinuity(image, **GIVEN).fit()
    turned = FreeDiscontinuity(image.T, **GIVEN).fit()
    np.testing.assert_allclose(turned.surface.T, plain.surface, atol=1e-6)
    # the lifted problem couples the forward edges of a cell and the upper threshold of a label, so a flip is a
    # slightly different relaxation: the surfaces may differ, but by less than a third of the noise
    for axis in (0, 1):
        fit = FreeDiscontinuity(np.flip(image, axis), **GIVEN).fit()
        assert np.sqrt(np.mean((np.flip(fit.surface, axis) - plain.surface) ** 2)) < 0.033
    down = FreeDiscontinuity(-image, **GIVEN).fit()
    assert np.sqrt(np.mean((down.surface + plain.surface) ** 2)) < 0.033


def test_weights_count_repeated_rows(disk_data):
    data = disk_data(1200, seed=3)
    weight = np.random.default_rng(0).integers(1, 3, len(data))
    repeated = data.loc[data.index.repeat(weight)]
    one = FreeDiscontinuity("y ~ east + north", data, weights=weight, resolution=8, **GIVEN).fit()
    two = FreeDiscontinuity("y ~ east + north", repeated, resolution=8, **GIVEN).fit()
    np.testing.assert_allclose(one.surface, two.surface, rtol=1e-5)


def test_the_same_numbers_whatever_the_number_of_jobs(disk):
    one = FreeDiscontinuity("y ~ east + north", disk.iloc[:1500], resolution=8).fit(n_jobs=1)
    two = FreeDiscontinuity("y ~ east + north", disk.iloc[:1500], resolution=8).fit(n_jobs=2)
    assert np.array_equal(one.surface, two.surface)


# ---- empty cells


def test_cells_without_data_are_filled_from_their_neighbours():
    truth, image = step_image(14)
    holes = image.copy()
    holes[3:5, 9:12] = np.nan
    holes[-1] = np.nan  # an empty margin
    fit = FreeDiscontinuity(holes, **GIVEN).fit()
    assert np.isfinite(fit.surface).all()
    assert fit.nobs == np.isfinite(holes).sum()
    assert np.abs(fit.surface - truth)[3:5, 9:12].max() < 0.3
    whole = FreeDiscontinuity(image, **GIVEN).fit()
    assert (fit.surface_std_error > whole.surface_std_error)[3:5, 9:12].all()
    masked = FreeDiscontinuity(np.ma.masked_invalid(holes), **GIVEN).fit()
    np.testing.assert_array_equal(fit.surface, masked.surface)


# ---- prediction and tables


def test_prediction_does_not_cross_the_jump():
    _, image = step_image(16, sd=0.01)
    fit = FreeDiscontinuity(image, **GIVEN).fit()
    at = fit.predict(fit.domain.cell_centres())
    np.testing.assert_allclose(at["estimate"], fit.surface.ravel())
    fine = np.array([[r, 8.0] for r in np.linspace(0, 15, 301)])
    values = fit.predict(fine)["estimate"].to_numpy()
    assert np.abs(np.diff(values)).max() > 0.7  # one jump, not a ramp
    assert np.count_nonzero(np.abs(np.diff(values)) > 0.1) == 1
    with pytest.warns(DataWarning, match="1 of 2 rows"):
        outside = fit.predict(pd.DataFrame({"row": [3, 99], "column": [3, 3]}, index=["in", "out"]))
    assert np.isnan(outside.loc["out", "estimate"])
    assert outside.loc["out", "region"] == 0
    assert list(outside.columns) == ["estimate", "std_error", "lower", "upper", "region"]


def test_interpolation_is_exact_for_a_plane():
    from statmodels_x.discontinuity.grid.domain import Domain
    from statmodels_x.discontinuity.grid.prediction import interpolate

    domain = Domain(("a", "b", "c"), tuple(np.linspace(0, 2, m + 1) for m in (4, 5, 6)))
    centres = domain.cell_centres()
    plane = centres @ [1.0, -2.0, 0.5] + 3.0
    points = np.random.default_rng(0).uniform(0, 2, (200, 3))
    none = np.zeros(domain.lattice.n_edges, bool)
    np.testing.assert_allclose(interpolate(domain, plane, none, points), points @ [1.0, -2.0, 0.5] + 3.0)
    # and on either side of a cut through the middle of the first axis
    cut = (domain.lattice.axis == 0) & (np.isin(np.unravel_index(domain.lattice.tail, domain.shape)[0], [1]))
    stepped = plane + 5.0 * (centres[:, 0] > 1)
    found = interpolate(domain, stepped, cut, points)
    np.testing.assert_allclose(found, points @ [1.0, -2.0, 0.5] + 3.0 + 5.0 * (points[:, 0] >= 1))


def test_tables_agree_with_each_other(disk_fit):
    jumps, boundaries = disk_fit.jumps, disk_fit.boundaries
    assert list(jumps.columns) == [
        "east",
        "north",
        "across",
        "from",
        "to",
        "size",
        "std_error",
        "stability",
        "length",
        "segment",
    ]
    np.testing.assert_allclose(jumps["size"], jumps["to"] - jumps["from"])
    assert boundaries["edges"].sum() == len(jumps) == disk_fit.estimate.cut.sum()
    assert boundaries["length"].sum() == pytest.approx(jumps["length"].sum())
    glance = disk_fit.glance().iloc[0]
    assert glance["jump_edges"] == len(jumps)
    assert 0.9 < glance["r.squared"] <= 1.0
    tidy = disk_fit.tidy(0.1)
    assert list(tidy.columns[:5]) == ["term", "estimate", "std.error", "conf.low", "conf.high"]
    assert len(tidy) == len(boundaries)
    np.testing.assert_allclose(tidy["estimate"], boundaries["mean_size"])
    np.testing.assert_allclose((tidy["conf.high"] - tidy["conf.low"]) / (2 * 1.6448536), tidy["std.error"])
    text = str(disk_fit.summary())
    for part in ("4000", "18 x 18", "evidence", "boundary 1", "region 1"):
        assert part in text
    assert disk_fit.summary().as_html()
    assert disk_fit.summary().as_latex()


def test_pickles_are_small_and_keep_what_they_need(disk_fit, disk, tmp_path):
    text = pickle.dumps(disk_fit)
    assert len(text) < 150_000
    back = pickle.loads(text)
    np.testing.assert_array_equal(back.surface, disk_fit.surface)
    pd.testing.assert_frame_equal(back.jumps, disk_fit.jumps)
    pd.testing.assert_frame_equal(back.predict(disk.head()), disk_fit.predict(disk.head()))
    for question in (back.predict, back.residuals, back.bootstrap, back.test_no_jump):
        with pytest.raises(DataError, match="saved without them"):
            question()
    for table in ("boundaries", "region_means"):
        pd.testing.assert_frame_equal(getattr(back, table), getattr(disk_fit, table))
    assert str(back.summary()) == str(disk_fit.summary())
    pd.testing.assert_frame_equal(back.glance(), disk_fit.glance())
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(back)).jumps, back.jumps)
    path = smx.save(disk_fit, tmp_path / "fit")
    assert smx.load(path).nu == disk_fit.nu


def test_xarray_in_and_out(disk_fit):
    try:
        import xarray
    except ImportError:
        with pytest.raises(MissingPackageError, match="xarray"):
            disk_fit.to_xarray()
        return
    array = disk_fit.to_xarray()
    assert isinstance(array, xarray.DataArray)
    assert array.dims == ("east", "north")


def test_a_labelled_array_keeps_its_coordinates():
    class Labelled:
        def __init__(self, values, coords):
            self.values, self.dims, self.coords = values, tuple(coords), coords
            self.shape = values.shape

        def __array__(self, dtype=None, copy=None):
            return self.values

    _, image = step_image(10)
    array = Labelled(image, {"lat": 40 + 0.5 * np.arange(10), "lon": 7 + 0.1 * np.arange(10)})
    fit = FreeDiscontinuity(array, **GIVEN).fit()
    assert fit.domain.names == ("lat", "lon")
    np.testing.assert_allclose(fit.domain.centres[0], 40 + 0.5 * np.arange(10))
    array.coords["lat"] = array.coords["lat"] ** 2
    with pytest.raises(DataError, match="lat"):
        FreeDiscontinuity(array)


def test_frames_of_other_kinds(disk):
    import polars

    some = disk.iloc[:1000]
    one = FreeDiscontinuity("y ~ east + north", some, resolution=8, **GIVEN).fit()
    two = FreeDiscontinuity("y ~ east + north", polars.from_pandas(some), resolution=8, **GIVEN).fit()
    np.testing.assert_array_equal(one.surface, two.surface)


@pytest.mark.parametrize("kind", ["surface", "jumps", "tuning", "certificate"])
def test_pictures(disk_fit, kind):
    ax = disk_fit.plot(kind)
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    import matplotlib.pyplot as plt

    plt.close("all")


# ---- one covariate


def test_a_line_is_fitted_to_the_observations_themselves():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"x": rng.uniform(0, 10, 300)})
    data["y"] = np.sin(data["x"]) + 2.0 * (data["x"] > 4.0) + 0.2 * rng.normal(size=300)
    fit = FreeDiscontinuity("y ~ x", data).fit()
    assert len(fit.jumps) == 1
    jump = fit.jumps.iloc[0]
    assert jump["x"] == pytest.approx(4.0, abs=0.1)
    assert jump["lower"] < 2.0 < jump["upper"]
    assert fit.curve.shape == fit.curve_std_error.shape == (300,)
    assert "jump 1" in str(fit.summary())
    assert repr(fit) == "CurveResults('y ~ x', n=300, jumps=1)"
    assert fit.tidy()["term"].tolist() == ["jump 1"]
    assert fit.glance()["jumps"].item() == 1
    assert fit.region_means["points"].sum() == 300
    np.testing.assert_allclose(fit.residuals(), data["y"] - fit.predict(data)["estimate"])
    assert fit.residuals("standardized").std() == pytest.approx(1.0, abs=0.15)
    band = fit.predict(pd.DataFrame({"x": [1.0, 8.0]}))
    assert (band["lower"] < np.sin([1.0, 8.0]) + np.array([0.0, 2.0])).all()
    assert (band["upper"] > np.sin([1.0, 8.0]) + np.array([0.0, 2.0])).all()
    assert fit.jump_sizes([[3.0]])["size"].iloc[0] == jump["size"]
    binned = FreeDiscontinuity("y ~ x", data, resolution=60).fit(solver="primal-dual")
    assert len(binned.jumps) == 1
    assert binned.jumps["x"].iloc[0] == pytest.approx(4.0, abs=0.2)
    assert fit.plot().get_xlabel() == "x"


# ---- no convergence


def test_an_unsolved_problem_is_returned_and_marked():
    _, image = step_image(14)
    with pytest.warns(ConvergenceWarning, match="raise max_iter"):
        fit = FreeDiscontinuity(image, **GIVEN).fit(max_iter=20)
    assert not fit.converged
    assert "Converged:" in str(fit.summary())
    assert "NO" in str(fit.summary())
    assert np.isfinite(fit.gap)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert FreeDiscontinuity(image, **GIVEN).fit().converged


def test_sizes_are_missing_where_every_cell_lies_beside_a_jump():
    image = np.add.outer(np.arange(8) % 2, np.arange(8) % 2) + 0.01 * np.random.default_rng(0).normal(
        size=(8, 8)
    )
    fit = FreeDiscontinuity(image, lam=1e4, nu=1e-3, noise=0.01).fit(tune=None)
    assert fit.estimate.cut.all()
    assert fit.jumps["std_error"].isna().all()
    np.testing.assert_allclose(fit.jumps["size"].abs(), 1.0, atol=0.1)
    assert fit.jump_sizes([[3.5, 3.0]])["size"].isna().all()
