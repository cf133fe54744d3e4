"""Volumes: step filters that see past slopes, faces without holes, outliers set aside, and the whole fit."""

import numpy as np
import pandas as pd
import pytest

from statmodels_x import FreeDiscontinuity
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.grid.ridges import EdgeRidges
from statmodels_x.discontinuity.kernels import solid
from statmodels_x.discontinuity.smoothing.smoother import Observations, SecondDifferences
from statmodels_x.discontinuity.tuning import faces, steps


def places(m):
    return (np.stack(np.meshgrid(*[np.arange(m)] * 3, indexing="ij"), -1).reshape(-1, 3) + 0.5) / m


def above(x):
    """Side of a tilted plane."""
    return x[:, 2] > 0.35 + 0.3 * x[:, 0] + 0.1 * x[:, 1]


def on_slope(x, size, sd, seed=0):
    noise = sd * np.random.default_rng(seed).normal(size=len(x))
    return x @ [1.0, -0.6, 0.4] + size * above(x) + noise


def cut_of(lattice, side):
    return side[lattice.tail] != side[lattice.head]


def test_compiled_and_plain_filters_agree():
    rng = np.random.default_rng(1)
    f, weight = rng.normal(size=(4, 4, 5)), rng.integers(0, 3, (4, 4, 5)).astype(float)
    got = solid.steps(f, weight, 2.6, 1, steps.normals()[:5])
    np.testing.assert_allclose(got, solid.steps.py_func(f, weight, 2.6, 1, steps.normals()[:5]), atol=1e-9)


@pytest.mark.parametrize("order", [1, 2])
def test_a_filter_sees_a_step_and_no_slope(order):
    m, x = 10, places(10)
    lattice, precision = Lattice((m, m, m)), np.full(m**3, 1e4)
    slope = x @ [1.0, -0.6, 0.4] + (0.3 * x[:, 0] ** 2 if order == 2 else 0.0)
    flat = steps.ridges(lattice, Observations(slope, precision), 3.6, order)
    assert flat.strength.max() < 1e-3
    found = steps.ridges(lattice, Observations(slope + 0.1 * above(x), precision), 3.6, order)
    best = np.argsort(-found.strength)[:60]
    at = (found.place[best] + 0.5) / m
    assert np.median(np.abs(at[:, 2] - (0.35 + 0.3 * at[:, 0] + 0.1 * at[:, 1]))) < 0.3 / m
    true = np.array([-0.3, -0.1, 1.0]) / np.linalg.norm([-0.3, -0.1, 1.0])
    assert np.median(found.normal[best] @ true) > 0.9


def test_faces_are_drawn_without_holes():
    m = 10
    lattice = Lattice((m, m, m))
    x = places(m)
    true = cut_of(lattice, above(x))
    normal = np.array([-0.3, -0.1, 1.0]) / np.linalg.norm([-0.3, -0.1, 1.0])
    middle = 0.5 * (m * (x[lattice.tail] + x[lattice.head]) - 1.0)
    height = m * (0.35 + 0.3 * x[:, 0] + 0.1 * x[:, 1]) - 0.5
    middle[:, 2] = 0.5 * (height[lattice.tail] + height[lattice.head])
    few = true & (np.random.default_rng(0).random(lattice.n_edges) < 0.6)
    every = np.ones(lattice.n_edges)
    found = EdgeRidges(every, 0.5 * every, middle, np.tile(normal, (lattice.n_edges, 1)))
    cut = steps.drawn(lattice, found, few, 0.5)
    assert lattice.regions(cut)[0] == 2
    assert not lattice.loose_ends(cut).size
    assert np.count_nonzero(cut ^ true) < 0.3 * true.sum()


@pytest.mark.parametrize("missing", [1, 4])
def test_holes_of_a_few_faces_are_closed(missing):
    m = 10
    lattice = Lattice((m, m, m))
    whole = cut_of(lattice, places(m)[:, 2] > 0.5)
    at = np.flatnonzero(whole).reshape(m, m)
    k = int(np.sqrt(missing))
    holed = whole.copy()
    holed[at[4 : 4 + k, 4 : 4 + k].ravel()] = False
    np.testing.assert_array_equal(faces.closed(lattice, holed), whole)
    spur = whole.copy()
    spur[lattice.edge_from[0, 3 * 100 + 3 * 10 + 8]] = True
    np.testing.assert_array_equal(faces.mended(lattice, spur), whole)


def test_faint_faces_go_and_voxels_change_sides():
    m = 9
    lattice, x = Lattice((m, m, m)), places(9)
    side = x[:, 2] > 0.5
    whole, surface = cut_of(lattice, side), 1.0 * side
    more = whole | cut_of(lattice, x[:, 0] > 0.8)
    fewer = faces.without_faint(lattice, more, surface, 0.5)
    assert fewer[whole].all()
    left = np.flatnonzero(fewer & ~whole)
    assert 0 < left.size < 0.5 * np.count_nonzero(more & ~whole)
    assert (
        np.abs(x[lattice.tail[left], 2] - 0.5).max() * m <= 2.0
    )  # beside the true faces they share these' jumps
    wrong = side.copy()
    wrong[lattice.head[np.flatnonzero(whole)[40]]] = False
    data = Observations(surface, np.full(m**3, 100.0))
    given = faces.exchanged(SecondDifferences.of(lattice), data, cut_of(lattice, wrong), 5.0)
    np.testing.assert_array_equal(given, whole)


@pytest.mark.parametrize("scattered", [False, True])
def test_a_step_on_a_slope_is_found_whole(scattered):
    m, sd = 10, 0.1
    x = np.random.default_rng(3).uniform(size=(2 * m**3, 3)) if scattered else places(m)
    size = 4.0 * sd / np.sqrt(2.0 if scattered else 1.0)  # four standard deviations of a voxel
    y = on_slope(x, size, sd)
    data = pd.DataFrame(x, columns=list("abc")).assign(y=y)
    model = FreeDiscontinuity("y ~ a + b + c", data, resolution=m) if scattered else y.reshape(m, m, m)
    fit = (model if scattered else FreeDiscontinuity(model)).fit()
    lattice = fit.domain.lattice
    assert lattice.regions(fit.estimate.cut)[0] == 2
    near = lattice.near(cut_of(lattice, above(places(m))), 1)
    assert near[lattice.tail[fit.estimate.cut]].all()
    (row,) = fit.boundaries.to_dict("records")
    assert row["mean_size"] == pytest.approx(size, rel=0.1)


def test_a_slope_alone_is_not_cut():
    fit = FreeDiscontinuity(on_slope(places(9), 0.0, 0.1).reshape(9, 9, 9)).fit()
    assert fit.jumps.empty


def test_an_outlier_is_no_box_of_faces():
    x = places(9)
    y = on_slope(x, 0.0, 0.1)
    y[400] += 3.0
    fit = FreeDiscontinuity(y.reshape(9, 9, 9)).fit()
    assert fit.jumps.empty
    assert "Set aside as outliers: 1 observation." in str(fit.summary())
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.uniform(size=(1500, 3)), columns=list("abc"))
    frame["y"] = on_slope(frame.to_numpy(), 0.0, 0.1)
    frame.loc[77, "y"] += 3.0
    fit = FreeDiscontinuity("y ~ a + b + c", frame, resolution=9).fit()
    assert fit.jumps.empty
    assert fit.nobs == 1499


@pytest.mark.parametrize("place", [0.4, 0.53])
@pytest.mark.parametrize("n", [1000, 8000])
def test_a_strong_plane_is_found_by_default_however_many_points_a_voxel_holds(n, place):
    """Within a layer of voxels many points are on the wrong side of any border along faces."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.uniform(size=(n, 3)), columns=list("abc"))
    data["y"] = 1.0 * (data["b"] > place) + 0.1 * rng.normal(size=n)
    resolution = {1000: None, 8000: 8}[n]
    fit = FreeDiscontinuity("y ~ a + b + c", data, resolution=resolution).fit()
    assert fit.segments().max() == 2
    row = fit.boundaries.iloc[0]
    assert abs(row["mean_size"] - 1.0) < 4.0 * row["std_error"] < 0.2
    assert row["length"] == pytest.approx(1.0, abs=0.1)
