"""The public door where the border is placed within the cells: tables, prediction, distances, resampling, options."""

import pickle

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import DataError
from statmodels_x.discontinuity.inference import placed

LINE = (0.3, 0.4)


def points(surface=lambda x, y: 0.3 * x, size=0.3, n=4000, sd=0.1, seed=0, line=LINE):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(size=(2, n))
    z = surface(x, y) + size * (y > line[0] + line[1] * x) + sd * rng.normal(size=n)
    return pd.DataFrame({"x": x, "y": y, "z": z})


@pytest.fixture(scope="module")
def data():
    return points()


@pytest.fixture(scope="module")
def fit(data):
    return smx.FreeDiscontinuity("z ~ x + y", data).fit()


def test_the_border_has_its_length_place_and_size(fit):
    assert len(fit.boundaries) == 1
    row = fit.boundaries.iloc[0]
    assert row["length"] == pytest.approx(np.hypot(1.0, LINE[1]), rel=0.02)
    assert abs(row["mean_size"] - 0.3) < 3.0 * row["std_error"] < 0.03
    jumps = fit.jumps
    np.testing.assert_allclose(jumps["y"], LINE[0] + LINE[1] * jumps["x"], atol=0.02)
    assert jumps["length"].sum() == pytest.approx(row["length"])
    assert np.mean((jumps["size"].abs() - 0.3).abs() < 1.96 * jumps["std_error"]) > 0.8
    assert fit.segments().max() == 2
    tidy = fit.tidy().iloc[0]
    assert tidy["conf.low"] < 0.3 < tidy["conf.high"]
    assert "within the cells" in str(fit.summary())
    assert "no such certificate" in " ".join(str(fit.summary()).split())


@pytest.mark.parametrize("size", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("place", [0.52, 0.55])
def test_a_step_off_the_grid_is_one_line_of_its_size(size, place):
    fit = smx.FreeDiscontinuity("z ~ x + y", points(lambda x, y: size * (x > place), 0.0)).fit()
    row = fit.boundaries.iloc[0]
    assert len(fit.boundaries) == 1
    assert 18 <= len(fit.jumps) <= 22  # 18 rows, and wiggles round a node
    assert fit.segments().max() == 2
    assert row["mean_size"] == pytest.approx(size, rel=0.03)
    assert row["std_error"] < size / 5.0
    assert row["length"] == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(("n", "cells", "radius"), [(1500, 8, 2.2), (20000, 10, 2.8)])
def test_a_disk_of_few_cells_is_a_disk(n, cells, radius):
    rng = np.random.default_rng(1)
    x, y = rng.uniform(size=(2, n))
    inside = np.hypot(x - 0.5, y - 0.5) < radius / cells
    data = pd.DataFrame({"x": x, "y": y, "z": 0.3 * inside + 0.1 * rng.normal(size=n)})
    found = smx.FreeDiscontinuity("z ~ x + y", data, resolution=cells).fit().boundaries
    assert len(found) == 1
    row = found.iloc[0]
    assert row["length"] * cells == pytest.approx(2.0 * np.pi * radius, rel=0.05)
    assert row["mean_size"] == pytest.approx(0.3, rel=0.05)


def test_prediction_knows_the_side(fit, data):
    truth = 0.3 * data["x"] + 0.3 * (data["y"] > LINE[0] + LINE[1] * data["x"])
    found = fit.predict(data)
    assert np.sqrt(np.mean((found["estimate"] - truth) ** 2)) < 0.02
    near = (data["y"] - LINE[0] - LINE[1] * data["x"]).abs().between(0.01, 0.05)
    held = (found["lower"] < truth) & (truth < found["upper"])
    assert held[near].mean() > 0.85
    beside = fit.predict(pd.DataFrame({"x": [0.5, 0.5], "y": [0.49, 0.51]}))
    assert beside["estimate"].diff().iloc[1] == pytest.approx(0.3, abs=0.05)
    assert beside["region"].nunique() == 2
    away = fit.predict(fit.domain.cell_centres())["estimate"].to_numpy().reshape(fit.domain.shape)
    far = ~fit.domain.lattice.near(fit.estimate.cut, 1).reshape(fit.domain.shape)
    np.testing.assert_allclose(away[far], fit.surface[far])


def test_distances_have_the_sign_of_the_higher_side(fit, data):
    found = fit.signed_distance(data)
    truth = (data["y"] - LINE[0] - LINE[1] * data["x"]) / np.hypot(1.0, LINE[1])
    inner = data["x"].between(0.2, 0.8) & data["y"].between(0.2, 0.8)
    np.testing.assert_allclose(found["distance"][inner], truth[inner], atol=0.02)
    assert (found["segment"] == 1).all()
    cells = smx.FreeDiscontinuity("z ~ x + y", data.head(1000), resolution=7, lam=30.0, nu=0.05).fit()
    with pytest.raises(DataError, match="sides of cells"):
        cells.signed_distance(data)


def test_a_fit_goes_through_a_file(fit, data, tmp_path):
    drawn = (
        smx.FreeDiscontinuity("z ~ x + y", points(n=400), resolution=5).fit().bootstrap(19, at=[[0.5, 0.5]])
    )
    back, again = (smx.load(smx.save(one, tmp_path / name)) for one, name in ((fit, "fit"), (drawn, "drawn")))
    pd.testing.assert_frame_equal(back.predict(data), fit.predict(data))
    pd.testing.assert_frame_equal(back.signed_distance(data), fit.signed_distance(data))
    assert str(back.summary()) == str(fit.summary())
    pd.testing.assert_frame_equal(again.jump_sizes(), drawn.jump_sizes())


def test_a_saved_fit_tells_the_same_without_a_row(fit, data):
    text = pickle.dumps(fit)
    assert len(text) < 150_000
    back = pickle.loads(text)
    pd.testing.assert_frame_equal(back.predict(data), fit.predict(data))
    pd.testing.assert_frame_equal(back.jumps, fit.jumps)
    pd.testing.assert_frame_equal(back.signed_distance(data), fit.signed_distance(data))
    assert str(back.summary()) == str(fit.summary())
    for question in (lambda: back.jump_sizes([[0.5, 0.5]]), lambda: back.bootstrap(19), back.test_no_jump):
        with pytest.raises(DataError, match="saved without them"):
            question()


def test_sizes_where_asked_and_on_the_other_half(fit):
    at = [[0.2, 0.4], [0.8, 0.6]]
    sizes, half = fit.jump_sizes(at), fit.second_stage(at, seed=1)
    assert ((sizes["lower"].abs() - 0.3) * (sizes["upper"].abs() - 0.3) <= 0.0).all()
    np.testing.assert_allclose(sizes["y"], LINE[0] + LINE[1] * sizes["x"], atol=0.02)
    assert (half["std_error"] > sizes["std_error"]).all()
    np.testing.assert_allclose(half["size"].abs(), 0.3, atol=0.05)


def test_resamples_find_it_again_and_the_test_rejects():
    fit = smx.FreeDiscontinuity("z ~ x + y", points(n=800)).fit()
    drawn = fit.bootstrap(20, at=[[0.2, 0.4], [0.8, 0.6]], seed=1)
    assert drawn.jumps["stability"].min() > 0.9
    sizes = drawn.jump_sizes()
    assert (sizes["found"] == 1.0).all()
    assert (sizes["std_error"] < 0.03).all()
    lower, upper = drawn.band()
    assert (lower <= upper).all()
    test = fit.test_no_jump(19, seed=1)
    assert test["p.value"] == pytest.approx(0.05)
    assert test.equals(fit.test_no_jump(19, seed=1, n_jobs=2))


def test_no_border_no_evidence():
    flat = smx.FreeDiscontinuity("z ~ x + y", points(size=0.0, n=3000)).fit()
    assert flat.jumps.empty
    assert flat.boundaries.empty
    assert flat.tidy().empty
    assert flat.test_no_jump(19)["p.value"] == 1.0
    assert flat.signed_distance([[0.5, 0.5]])["distance"].isna().all()
    assert "No jump was found" in str(flat.summary())


def test_pictures(fit):
    for kind in ("surface", "jumps", "tuning", "certificate"):
        assert fit.plot(kind).get_xlabel()
    with pytest.raises(DataError, match="`axis` is no option"):
        fit.plot("surface", axis=1)
    with pytest.raises(DataError, match="`alpha` is no option"):
        fit.plot("tuning", alpha=0.1)


# ---- errors as they are


@pytest.mark.parametrize(
    "noise",
    [
        lambda r, x: (0.02 + 0.2 * x) * r.normal(size=x.size),
        lambda r, x: 0.05 * r.standard_t(3, size=x.size),
        lambda r, x: 0.05 * r.normal(size=x.size) + (r.uniform(size=x.size) < 0.005) * 0.75,
    ],
)
def test_unequal_and_heavy_errors_make_no_jump(noise):
    for seed in range(3):
        rng = np.random.default_rng(1000 + seed)
        x, y = rng.uniform(size=(2, 4000))
        frame = pd.DataFrame({"x": x, "y": y, "z": 0.3 * x + 0.2 * y + noise(rng, x)})
        assert smx.FreeDiscontinuity("z ~ x + y", frame).fit().jumps.empty


def test_what_was_done_with_the_errors_is_said():
    rng = np.random.default_rng(3)
    frame = points(size=1.0, sd=0.0)
    frame["z"] += (0.02 + 0.2 * frame["x"]) * rng.normal(size=len(frame))
    frame.loc[[7, 70, 700], "z"] += 30.0
    fit = smx.FreeDiscontinuity("z ~ x + y", frame).fit()
    text = " ".join(str(fit.summary()).split())
    assert "Set aside as outliers: 3 observations" in text
    assert "The noise changes over the domain" in text
    data = placed.points_of(fit, "a test")
    factor = data.factor.reshape(data.lattice.shape)
    assert factor[:4].mean() < 0.4 * factor[-4:].mean()
    assert fit.segments().max() == 2


def test_no_noise_at_all():
    fit = smx.FreeDiscontinuity("z ~ x + y", points(lambda x, y: 1.0 * (x > 0.52), 0.0, sd=0.0)).fit()
    assert fit.boundaries["mean_size"].iloc[0] == pytest.approx(1.0, rel=0.01)
    assert len(fit.boundaries) == 1
    assert fit.segments().max() == 2


@pytest.mark.parametrize("n", [200, 300, 500])
def test_small_samples_choose_a_grid_that_they_can_carry(n):
    fit = smx.FreeDiscontinuity("z ~ x + y", points(lambda x, y: 1.0 * (x > 0.5), 0.0, n=n)).fit()
    assert 5 <= fit.domain.shape[0] <= 8
    assert fit.boundaries["mean_size"].iloc[0] == pytest.approx(1.0, abs=0.12)
    assert fit.segments().max() == 2


def test_weights_are_inverse_variances():
    frame = points()
    weight = np.random.default_rng(4).integers(1, 3, len(frame))
    repeated = frame.loc[frame.index.repeat(weight)]
    one = smx.FreeDiscontinuity("z ~ x + y", frame, weights=weight, noise=0.1, resolution=10).fit()
    two = smx.FreeDiscontinuity("z ~ x + y", repeated, noise=0.1, resolution=10).fit()
    np.testing.assert_array_equal(one.estimate.cut, two.estimate.cut)
    np.testing.assert_allclose(one.surface, two.surface, atol=1e-6)


def test_rows_at_one_place_with_one_error_count_once():
    flat = points(lambda x, y: 0.0 * x, 0.0, n=800)
    again = pd.concat([flat] * 5, ignore_index=True)
    one, five = (smx.FreeDiscontinuity("z ~ x + y", frame, resolution=8).fit() for frame in (flat, again))
    assert five.jumps.empty
    np.testing.assert_allclose(five.surface_std_error, one.surface_std_error, rtol=1e-6)
    rng = np.random.default_rng(5)
    apart = again.assign(z=again["z"] - again["z"] + 0.1 * rng.normal(size=len(again)))
    independent = smx.FreeDiscontinuity("z ~ x + y", apart, resolution=8).fit()
    assert independent.noise_sd == pytest.approx(0.1, rel=0.1)


# ---- options


def test_the_border_of_the_cells_is_an_option(data):
    old = smx.FreeDiscontinuity("z ~ x + y", data).fit(border="cells")
    assert "along sides of cells" in str(old.summary())
    assert old.estimate.placed is None


@pytest.mark.parametrize("border", ["points", "lines"])
def test_a_border_that_cannot_be_is_named(border):
    volume = np.add.outer(np.add.outer(np.arange(5.0), np.arange(5.0) % 3), np.arange(5.0))
    words = "scattered" if border == "points" else "`border`"
    with pytest.raises(DataError, match=words):
        smx.FreeDiscontinuity(volume, noise=0.1).fit(border=border)


def clustered(seed=0, n=120, each=30, sd=0.15):
    """Villages: the errors of the points of one have much in common."""
    rng = np.random.default_rng(seed)
    village = np.repeat(np.arange(n), each)
    centre = rng.uniform(size=(n, 2))
    x, y = np.clip(centre[village] + 0.03 * rng.normal(size=(n * each, 2)), 0.0, 1.0).T
    z = 0.8 * (y > LINE[0] + LINE[1] * x) + sd * rng.normal(size=n)[village] + 0.1 * rng.normal(size=n * each)
    return pd.DataFrame({"x": x, "y": y, "z": z, "village": village})


def test_clusters_widen_the_intervals_of_sizes():
    rows = clustered()
    alone = smx.FreeDiscontinuity("z ~ x + y", rows).fit()
    shared = smx.FreeDiscontinuity("z ~ x + y", rows, cluster="village").fit()
    np.testing.assert_array_equal(alone.estimate.cut, shared.estimate.cut)
    own, with_clusters = alone.boundaries.iloc[0], shared.boundaries.iloc[0]
    assert with_clusters["mean_size"] == own["mean_size"]
    assert with_clusters["std_error"] > 1.5 * own["std_error"]
    assert "120 clusters" in " ".join(str(shared.summary()).split())
    series = smx.FreeDiscontinuity(
        "z ~ x + y", rows, cluster=rows["village"].sample(frac=1.0, random_state=1)
    ).fit()
    assert series.boundaries.iloc[0]["std_error"] == with_clusters["std_error"]
    assert np.isfinite(shared.second_stage([[0.5, 0.5]])["std_error"]).all()
    assert shared.border_effect(border=[[0.0, 0.3], [1.0, 0.7]]).n_clusters > 20
    with pytest.raises(DataError, match="clusters"):
        shared.bootstrap(n=19)


def test_clusters_of_one_point_say_what_the_model_says():
    rows = points(n=1500)
    alone = smx.FreeDiscontinuity("z ~ x + y", rows, resolution=9).fit()
    each = smx.FreeDiscontinuity("z ~ x + y", rows, resolution=9, cluster=np.arange(1500)).fit()
    ratio = each.boundaries["std_error"] / alone.boundaries["std_error"]
    assert 0.8 < ratio.iloc[0] < 1.25


def test_where_clusters_cannot_count_they_are_refused():
    rows = clustered(n=20)
    with pytest.raises(DataError, match="cluster"):
        smx.FreeDiscontinuity("z ~ x", rows, cluster="village").fit()
    with pytest.raises(DataError, match="cluster"):
        smx.FreeDiscontinuity("z ~ x + y", rows, cluster="village").fit(border="cells")
    with pytest.raises(DataError, match="cluster"):
        smx.FreeDiscontinuity(np.eye(8), cluster="village")
    with pytest.raises(DataError, match="one group"):
        smx.FreeDiscontinuity("z ~ x + y", rows.assign(village=1), cluster="village")
