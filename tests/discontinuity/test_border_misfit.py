"""Points beside a border that fit worse than others: a square whose corners lie within the cells of a coarse grid."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.discontinuity.border.sizes import edge_lengths, limits
from statmodels_x.discontinuity.fitting import misfit
from statmodels_x.discontinuity.grid.jumps import observed_edges, told_edges
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.inference import placed

TEXT = "try a finer `resolution`"


def fitted(inside, resolution, seed=0, step=0.25):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(size=(2, 3000))
    z = 0.3 * x + step * inside(x, y) + 0.05 * rng.normal(size=3000)
    return smx.FreeDiscontinuity(
        "z ~ x + y", pd.DataFrame({"x": x, "y": y, "z": z}), resolution=resolution
    ).fit()


def square(x, y):
    u, v = (x - 0.5) * 0.94 + (y - 0.5) * 0.34, (y - 0.5) * 0.94 - (x - 0.5) * 0.34
    return (np.abs(u) < 0.25) & (np.abs(v) < 0.25)


def line(x, y):
    return y > 0.3 + 0.3 * x


def told(fit):
    return " ".join(fit.summary().as_text().split())


def mean_with_all_points(fit):
    data, border = placed.points_of(fit, "a test"), placed.border_of(fit)
    before, behind, _ = limits(
        data, border, fit.estimate.log_precision, border.crossings(data.lattice), border.edges
    )
    length = edge_lengths(data.lattice, border, fit.domain.widths)
    return fit.scale.range * np.average(np.abs(behind - before), weights=length)


def test_points_beside_corners_within_cells_are_left_out():
    fit = fitted(square, 8)
    assert TEXT not in told(fit)
    (out,) = fit.estimate.placed.left_out
    assert out.segment == 1
    assert 0 < out.n < 1000
    assert f"leaves out {out.n} points within {out.reach:g} cells of boundary 1" in told(fit)
    largest = fit.boundaries.iloc[0]
    assert abs(largest["mean_size"] - 0.25) < 2.5 * largest["std_error"]
    assert mean_with_all_points(fit) < 0.25 - 2.5 * largest["std_error"]
    assert fit.estimate.placed.misfits[0][3] < 1.5


def test_sizes_predictions_and_copies_agree_on_what_is_left_out():
    fit = fitted(square, 10)
    at = pd.DataFrame({"x": [0.26], "y": [0.5]})
    size = fit.jump_sizes(at)
    for copy in (pickle.loads(pickle.dumps(fit)), fit):
        pd.testing.assert_frame_equal(copy.boundaries, fit.boundaries)
        assert told(copy) == told(fit)
    edge = size[["x", "y"]].to_numpy()[0]
    out = np.array([-1.0, 0.36]) / np.hypot(1.0, 0.36)
    beside = pd.DataFrame(edge + np.outer([0.005, -0.005], out), columns=["x", "y"])
    values = np.asarray(fit.predict(beside), float).reshape(2, -1)[:, 0]
    assert abs(abs(values[1] - values[0]) - abs(size["size"][0])) < 0.02


@pytest.mark.parametrize("seed", [1, 2])
def test_a_straight_line_is_not(seed):
    fit = fitted(line, 10, seed)
    assert len(fit.jumps)
    assert TEXT not in told(fit)


def test_nothing_is_told_without_noise_or_border():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(size=(2, 1500))
    data = pd.DataFrame({"x": x, "y": y, "z": 0.3 * x + line(x, y)})
    assert smx.FreeDiscontinuity("z ~ x + y", data).fit().estimate.placed.misfits == ()
    assert fitted(line, 10, step=0.0).estimate.placed.misfits == ()


def test_sizes_are_those_beside_which_there_are_points():
    lattice = Lattice((4, 3))
    across = lattice.axis == 0
    cut = across & (lattice.tail // 3 == 1)  # between the second and the third row of cells
    filled = np.ones((4, 3), bool)
    filled[2:, 2] = False
    filled[2, 1] = False
    observed = observed_edges(lattice, cut, filled.ravel())
    assert observed.tolist() == [True, True, False]  # the second has its neighbours' points
    assert told_edges(np.array([1, 1, 2]), observed).tolist() == [True, True, True]
    assert told_edges(np.array([1, 1, 1]), observed).tolist() == [True, True, False]


def test_a_border_through_empty_cells_is_named():
    rng = np.random.default_rng(3)
    x, y = rng.uniform(size=(2, 4000))
    kept = ~((x > 0.5) & (np.abs(y - 0.5) < 0.28))
    x, y = x[kept], y[kept]
    data = pd.DataFrame({"x": x, "y": y, "z": 1.0 * (y > 0.5) + 0.1 * rng.normal(size=len(x))})
    fit = smx.FreeDiscontinuity("z ~ x + y", data).fit()
    share = fit.boundaries["observed"].iloc[0]
    assert 0.4 < share < 0.65
    assert f"{100 * (1 - share):.0f} % of the length of boundary 1 has no observations" in told(fit)
    largest = fit.boundaries.iloc[0]
    assert abs(largest["mean_size"] - 1.0) < 3.0 * largest["std_error"]
    assert largest["std_error"] < 0.02


@pytest.mark.parametrize("size", [0.0, 0.5])
def test_independent_errors_are_not_alike(size):
    fit = fitted(line, None, 4, step=size)
    assert -0.15 < fit.estimate.placed.alike < 0.03
    assert "neighbouring points are correlated" not in told(fit)


@pytest.mark.parametrize("kind", ["errors", "detail"])
def test_neighbours_that_are_alike_are_told(kind):
    rng = np.random.default_rng(5)
    n = 2000
    place = rng.uniform(size=(n, 2))
    if kind == "errors":
        far = np.linalg.norm(place[:, None] - place, axis=2)
        shared = np.linalg.cholesky(np.exp(-far / 0.03) + 1e-9 * np.eye(n)) @ rng.normal(size=n)
        z = 0.3 * place[:, 0] + 0.1 * shared + 0.05 * rng.normal(size=n)
    else:
        z = np.sin(60.0 * place[:, 0]) + 0.1 * rng.normal(size=n)
    fit = smx.FreeDiscontinuity("z ~ x + y", pd.DataFrame({"x": place[:, 0], "y": place[:, 1], "z": z})).fit()
    assert fit.estimate.placed.alike > 0.15
    assert f"neighbouring points are correlated ({fit.estimate.placed.alike:.2f})" in told(fit)


def test_nothing_is_drawn_across_which_nothing_jumps():
    """Rows of a raster, and a square whose corners lie within cells: a branch from a corner draws it better."""
    along = (np.arange(60) + 0.5) / 60.0
    x, y = (one.ravel() for one in np.meshgrid(along, along, indexing="ij"))
    z = 0.3 * x + 0.5 * square(x, y) + 0.05 * np.random.default_rng(3).normal(size=len(x))
    fit = smx.FreeDiscontinuity("z ~ x + y", pd.DataFrame({"x": x, "y": y, "z": z})).fit()
    assert fit.jumps["size"].abs().min() > 0.4
    assert fit.jumps["std_error"].max() < 0.02
    assert fit.boundaries["length"].sum() == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("axes", ["xy", "xyw"])
def test_points_are_counted_on_their_own_side(axes):
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.uniform(size=(2500, len(axes))), columns=list(axes))
    above = data["y"] > 0.53
    data["z"] = 1.0 * above + 0.1 * rng.normal(size=len(data))
    fit = smx.FreeDiscontinuity("z ~ " + " + ".join(axes), data).fit()
    table = fit.region_means.sort_values("data_mean")
    assert len(table) == 2
    assert table["points"].sum() == len(data)
    assert abs(table["points"].iloc[1] - above.sum()) <= 8
    np.testing.assert_allclose(table["data_mean"], data["z"].groupby(above).mean(), atol=0.01)
    np.testing.assert_allclose(table["surface_mean"], table["data_mean"], atol=0.02)


@pytest.mark.parametrize("seed", [0, 2])
def test_nothing_is_left_out_where_the_rest_says_less_than_no_jump(seed):
    rng = np.random.default_rng(seed)
    u, row = rng.uniform(-320.0, 320.0, 1700), rng.integers(0, 36, 1700)
    v = -100.0 + row * 200.0 / 36.0 + rng.normal(0.0, 0.3, 1700)
    # doses on strips far narrower than a cell
    dose = np.array([0.0, 39.0, 50.0, 99.0, 124.0, 65.0])[(row // 2 * 7) % 6]
    c, s = np.cos(0.35), np.sin(0.35)
    frame = pd.DataFrame({"x": c * u - s * v, "y": s * u + c * v, "z": dose})
    fit = smx.FreeDiscontinuity("z ~ x + y", frame).fit()
    data, border, found = placed.points_of(fit, "a test"), placed.border_of(fit), fit.estimate
    without = misfit._loss_without_jump(data, found.log_precision)
    assert not found.placed.left_out or misfit._loss(data, border, found.surface) <= misfit._WORSE * without
    assert "not independent" in told(fit)
    assert "noise=" not in told(fit)  # which needs data in every cell
