"""Points of a volume on their sides of a border: sides, evidence against a dense normal, regions drawn anew, fits."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

import statmodels_x as smx
from statmodels_x import FreeDiscontinuity
from statmodels_x.discontinuity.grid.boundary import _value_at_zero
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.inference.bootstrap import draw_data
from statmodels_x.discontinuity.smoothing.places import Within
from statmodels_x.discontinuity.smoothing.sided import _UNSURE_OF_PLACE, SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import (
    CENTRE,
    JumpSetModel,
    Observations,
    SecondDifferences,
)
from statmodels_x.discontinuity.tuning.sides import Misfit, misfit_of, redrawn
from statmodels_x.discontinuity.tuning.within import dissolved, placed, solid


def centres(m):
    return np.stack(np.meshgrid(*[np.arange(m)] * 3, indexing="ij"), -1).reshape(-1, 3).astype(float)


def cut_of(lattice, side):
    return side[lattice.tail] != side[lattice.head]


def points_of(m, n, surface, sd, seed=0):
    """Points over m^3 voxels, in units of voxels."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(-0.5, m - 0.5, (n, 3))
    y = surface(place) + sd * rng.normal(size=n)
    lattice = Lattice((m, m, m))
    cell = np.ravel_multi_index(np.rint(place).astype(int).T, lattice.shape)
    count = np.bincount(cell, minlength=m**3)
    mean = np.bincount(cell, y, m**3) / np.maximum(count, 1)
    means = Observations(np.where(count > 0, mean, CENTRE), count / sd**2)
    return SidedPoints(lattice, means, place, y, np.full(n, 1.0 / sd**2))


def in_ball(x, m, radius):
    return np.linalg.norm(x - 0.5 * (m - 1), axis=1) < radius


@pytest.mark.parametrize("radius", [2.2, 3.0, 4.5])
def test_smoothing_keeps_the_volume_of_a_ball(radius):
    m = 13
    inside = in_ball(centres(m), m, radius)
    anywhere = np.random.default_rng(0).uniform(-0.5, m - 0.5, (60_000, 3))
    data = SidedPoints(
        Lattice((m,) * 3), Observations(inside * 1.0, np.ones(m**3)), anywhere, anywhere[:, 0], anywhere[:, 0]
    )
    node, _ = data.nodes(cut_of(data.lattice, inside))
    assert inside[node].mean() * m**3 == pytest.approx(inside.sum(), rel=0.04)


def test_a_point_is_compared_with_a_centre_on_its_side():
    m = 10

    def side(x):
        return x[:, 2] > 3.0 + 0.3 * x[:, 0] + 0.1 * x[:, 1]

    data = points_of(m, 4000, lambda x: 0.0 * x[:, 0], 1.0)
    label = side(centres(m))
    node, sure = data.nodes(cut_of(data.lattice, label))
    true = side(data.place)
    crossed = label[data.cell] != true
    assert crossed.sum() > 50
    assert (label[node] == true)[crossed].mean() > 0.6
    assert (label[node] == true).mean() > 0.985
    assert (label[node] == true)[sure > 0.5].mean() > 0.999
    same, far = data.nodes(np.zeros(data.lattice.n_edges, bool))
    np.testing.assert_array_equal(same, data.cell)
    assert np.isinf(far).all()


@pytest.mark.parametrize("advance", [None, 0.3])
def test_evidence_is_that_of_a_dense_normal(advance):
    m, t = 4, 1.3
    data = points_of(m, 150, lambda x: 0.1 * x[:, 0] + 0.5 * (x[:, 2] > 1.5), 0.3, seed=4)
    lattice = data.lattice
    above = centres(m)[:, 2] > 1.5
    cut = cut_of(lattice, above)
    before, variance = data.nodes(cut)[0], 1.0 / data.weight
    if advance is not None:
        within = Within(np.where(above, advance, -advance), np.full(m**3, 0.5))
        data = replace(data, within=within)
        assert np.count_nonzero(data.nodes(cut)[0] != before) > 5
        variance = variance + norm.cdf(-data.nodes(cut)[1] / _UNSURE_OF_PLACE) * 0.5**2
    node, _ = data.nodes(cut)
    design = np.zeros((150, m**3))
    edges = {(a, b): k for k, (a, b) in enumerate(zip(lattice.tail, lattice.head, strict=True))}
    for i, v in enumerate(node):
        design[i, v] += 1.0
        for axis in range(3):
            step = lattice.strides[axis]
            open_ = [
                (a, b) for a, b in ((v - step, v), (v, v + step)) if (a, b) in edges and not cut[edges[a, b]]
            ]
            for a, b in open_:
                part = (data.place[i, axis] - centres(m)[v, axis]) / len(open_)
                design[i, b] += part
                design[i, a] -= part
    differences = SecondDifferences.of(lattice)
    _, label = lattice.regions(cut)
    precision = np.exp(t) * differences.penalty(cut).toarray() + lattice.laplacian(cut).toarray()
    precision += np.diag((1.0 / np.bincount(label))[label])
    covariance = design @ np.linalg.inv(precision) @ design.T + np.diag(variance)
    expected = -2.0 * multivariate_normal(np.zeros(150), covariance).logpdf(data.y - CENTRE)
    model = JumpSetModel(differences, data, cut)
    assert model.deviance(t) == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(data.values(cut, model.surface(t)), design @ model.surface(t), atol=1e-12)


def test_points_that_may_lie_on_either_side_are_left_out():
    data = points_of(8, 1500, lambda x: x[:, 0], 0.5)
    cut = cut_of(data.lattice, centres(8)[:, 1] > 3.5)
    clear = data.clear_of(data.lattice, cut)
    gap = np.abs(data.place[:, 1] - 3.5)
    assert (clear.weight[gap < 0.1] == 0.0).all()
    assert (clear.weight[gap > 0.6] > 0.0).all()


def test_regions_are_drawn_anew_by_their_points():
    m = 12
    data = points_of(m, 5000, lambda x: 0.3 + 0.4 * in_ball(x, m, 3.6), 0.08, seed=2)
    true = in_ball(centres(m), m, 3.6)
    shifted = in_ball(centres(m) - [1.0, 0.0, 0.0], m, 3.6)
    differences = SecondDifferences.of(data.lattice)
    before = np.count_nonzero(true != shifted)
    found = redrawn(differences, data, cut_of(data.lattice, shifted), 5.0)
    assert len(found) == 3
    left = []
    for cut in found:
        count, label = data.lattice.regions(cut)
        assert count == 2
        left.append(np.count_nonzero((label != label[0]) != true))
    assert min(left) < 0.7 * before
    assert redrawn(differences, data, np.zeros(data.lattice.n_edges, bool), 5.0) == []


def scattered(m, surface, seed, sd=0.05):
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(2 * m**3, 3))
    return pd.DataFrame(x, columns=list("abc")).assign(y=surface(x) + sd * rng.normal(size=len(x)))


def test_a_ball_is_found_at_its_size():
    size = 4.0 * 0.05 / np.sqrt(2.0)  # four standard deviations of a voxel

    def surface(x):
        return 0.3 * x[:, 0] + size * (np.linalg.norm(x - 0.5, axis=1) < 0.33)

    model = FreeDiscontinuity("y ~ a + b + c", scattered(12, surface, 3), resolution=12)
    fit = model.fit()
    inside = np.linalg.norm(fit.domain.cell_centres() - 0.5, axis=1) < 0.33
    labels = fit.segments().ravel()
    assert labels.max() == 2
    assert np.count_nonzero((labels == 2) != inside) < 0.15 * inside.sum()
    assert fit.boundaries["mean_size"].item() == pytest.approx(size, rel=0.12)
    assert fit.estimate.sided
    cells = model.fit(border="cells")
    assert not cells.estimate.sided
    assert fit.estimate.tuning.gain > 1.3 * cells.estimate.tuning.gain


def test_a_steep_bump_is_no_ball():
    def surface(x):
        return 0.5 * np.exp(-((x - 0.45) ** 2).sum(1) / 0.045)

    assert FreeDiscontinuity("y ~ a + b + c", scattered(12, surface, 911), resolution=12).fit().jumps.empty


def test_data_are_drawn_about_the_surface_on_each_side():
    model = FreeDiscontinuity("y ~ a + b + c", scattered(8, lambda x: 1.0 * (x[:, 2] > 0.5), 5), resolution=8)
    fit = model.fit()
    found, sample = fit.estimate, fit.sample
    assert found.cut.any()
    exact = replace(found, errors=replace(found.errors, variance=1e-20))
    cells, points = draw_data(sample.cells, sample.points, exact, found.surface, np.random.default_rng(0))
    above = points.x[:, 2] > 0.5
    assert np.abs(points.y - above)[np.abs(points.x[:, 2] - 0.5) > 0.1].max() < 0.2
    assert cells.count.sum() == len(points.y)
    np.testing.assert_array_equal(points.x, sample.points.x)


@pytest.mark.parametrize("seed", [0, 4])
def test_a_second_border_that_only_moves_the_first_is_not_kept(seed):
    """The plane lies within a layer of voxels; a sheet elsewhere would move its contour."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(size=(3, 1500))
    y = 0.3 * v[0] + 0.5 * (v[1] > 0.52) + 0.1 * rng.normal(size=1500)
    fit = FreeDiscontinuity(
        "y ~ a + b + c", pd.DataFrame({"a": v[0], "b": v[1], "c": v[2], "y": y}), resolution=8
    ).fit()
    assert fit.segments().max() == 2
    assert len(fit.boundaries) == 1
    assert abs(fit.boundaries["mean_size"].iloc[0] - 0.5) < 0.05


def test_a_border_is_placed_within_a_layer_by_its_points():
    """A plane in the middle of a layer, drawn along one side of it; where nothing is known it stays."""
    m = 10
    data = points_of(m, 2000, lambda x: 0.2 + 0.5 * (x[:, 1] > 4.9), 0.1, seed=6)
    cut = cut_of(data.lattice, centres(m)[:, 1] > 4.5)
    true = data.place[:, 1] > 4.9

    def wrong(points):
        _, label = data.lattice.regions(cut)
        return np.count_nonzero((label[points.nodes(cut)[0]] == label[-1]) != true)

    misfit = misfit_of(SecondDifferences.of(data.lattice), data, cut, 5.0)
    moved = replace(data, within=placed(data, cut, misfit))
    assert wrong(data) > 50
    assert wrong(moved) < 0.25 * wrong(data)
    beside = np.abs(centres(m)[:, 1] - 4.5) < 1.0
    assert np.median(moved.within.step[beside]) == pytest.approx(0.5, abs=0.05)
    silent = Misfit(misfit.label, misfit.kept, np.zeros_like(misfit.loss), misfit.surface)
    np.testing.assert_allclose(placed(data, cut, silent).advance, 0.0, atol=1e-12)


def test_thin_regions_are_given_to_their_neighbours():
    m = 8
    lattice = points_of(m, 10, lambda x: x[:, 0], 1.0).lattice
    z = centres(m)[:, 1]
    label = np.where(z < 3, 0, np.where(z < 4, 1, 2))
    cut = label[lattice.tail] != label[lattice.head]
    kept = solid(lattice, cut)
    assert kept.tolist() == [0, 2]
    misfit = Misfit(label, kept, np.zeros((2, 10)), np.zeros((2, m**3)))
    for better in (0, 1):
        said = np.ones((2, m**3))
        said[better] = 0.0
        got = dissolved(lattice, misfit, said)
        np.testing.assert_array_equal(got, cut_of(lattice, z > (3.5 if better == 0 else 2.5)))


@pytest.mark.parametrize(("offset", "size"), [(0.5, 4.2), (0.25, 0.7)])
def test_a_strong_plane_within_a_layer_is_one_sheet(offset, size, tmp_path):
    """Sixty and ten standard deviations of a voxel; points near the plane are predicted by their own side of it."""
    m = 10
    height = 0.5 + offset / m

    def surface(x):
        return 0.3 * x[:, 0] + size * (x[:, 1] > height)

    data = scattered(m, surface, 31, sd=0.1)
    fit = FreeDiscontinuity("y ~ a + b + c", data, resolution=m).fit()
    assert fit.segments().max() == 2
    assert len(fit.boundaries) == 1
    assert fit.boundaries["length"].item() < 1.2
    assert fit.boundaries["mean_size"].item() == pytest.approx(size, rel=0.03)
    at = fit.jump_sizes([[0.3, 0.5, 0.4], [0.6, 0.6, 0.5], [0.5, 0.5, 0.7]])
    assert np.abs(at["b"] - height).max() < 0.02  # a fifth of a voxel
    assert at["size"].abs().mean() == pytest.approx(size, rel=0.05)
    rng = np.random.default_rng(1)
    near = rng.uniform(0.05, 0.95, (400, 3))
    near[:, 1] = height + rng.choice([-1.0, 1.0], 400) * rng.uniform(0.015, 0.05, 400)
    found = fit.predict(near)
    assert np.mean(np.abs(found["estimate"] - surface(near)) < 0.5 * size) > 0.97
    upper = found["region"] == fit.predict([[0.5, 0.95, 0.5]])["region"].item()
    assert np.mean(upper == (near[:, 1] > height)) > 0.97
    smx.save(fit, tmp_path / "fit.smx")
    pd.testing.assert_frame_equal(smx.load(tmp_path / "fit.smx").predict(near), found)


def test_a_limit_from_a_single_layer_is_its_level():
    """Cells of one layer say nothing of the slope across it: the surface is level there, not half of its value."""
    x = np.array([[1.0, float(a), float(b)] for a in (-1, 0, 1) for b in (-1, 0, 1)])
    weight = 1.0 - 0.1 * np.abs(x[:, 1])
    assert _value_at_zero(x, weight) @ np.full(9, 3.0) == pytest.approx(3.0)
    assert _value_at_zero(x, weight) @ (3.0 + 0.5 * x[:, 1]) == pytest.approx(3.0)
    both = np.vstack([x, x + np.array([1.0, 0.0, 0.0])])
    assert _value_at_zero(both, np.ones(18)) @ (3.0 + 0.5 * both[:, 0]) == pytest.approx(3.0)
