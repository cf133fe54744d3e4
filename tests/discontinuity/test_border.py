"""Borders within the cells: evidence against dense algebra, geometry, proposals, errors of sizes."""

from dataclasses import replace

import numpy as np
import pytest

from statmodels_x.discontinuity.border.chains import chains, orientation, pieces, polyline
from statmodels_x.discontinuity.border.clusters import ClusteredPoints
from statmodels_x.discontinuity.border.model import Border, BorderModel, seen, taylor_rows
from statmodels_x.discontinuity.border.points import point_data
from statmodels_x.discontinuity.border.proposals import borders, creases, ridges
from statmodels_x.discontinuity.border.sizes import contrasts, edge_lengths, nearest
from statmodels_x.discontinuity.grid.domain import Points, Scale, point_domain
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.kernels import border as kernels
from statmodels_x.discontinuity.kernels import filters
from statmodels_x.discontinuity.kernels.banded import lower_band
from statmodels_x.discontinuity.smoothing.smoother import SecondDifferences


def random_border(lattice, seed=0):
    rng = np.random.default_rng(seed)
    return Border(rng.random(lattice.n_edges) < 0.25, rng.uniform(0.1, 0.9, lattice.n_edges))


@pytest.mark.parametrize("seed", range(3))
def test_evidence_is_that_of_the_dense_normal_model(seed, border_sample):
    data = border_sample(lambda a, b: a + 1.0 * (b > 0.5), n=120, m=5, seed=seed)
    lattice, t = data.lattice, 1.3
    border = random_border(lattice, seed)
    node = seen(lattice, border, data.place)
    design = taylor_rows(lattice, border, data.place, node)
    differences = SecondDifferences.of(lattice)
    count, label = lattice.regions(border.cut)
    level = np.diag((1.0 / np.bincount(label, minlength=count))[label])
    prior = np.exp(t) * differences.penalty(border.cut) + lattice.laplacian(border.cut)
    covariance = design @ np.linalg.inv(prior.toarray() + level) @ design.T + np.diag(1.0 / data.weight)
    deviance = np.linalg.slogdet(2.0 * np.pi * covariance)[1] + data.y @ np.linalg.solve(covariance, data.y)
    model = BorderModel(data, border)
    assert model.deviance(t) == pytest.approx(deviance, rel=1e-8)
    mean = np.linalg.solve(
        prior.toarray() + level + design.T @ (design * data.weight[:, None]),
        design.T @ (data.weight * data.y),
    )
    np.testing.assert_allclose(model.surface(t) - 0.5, mean, atol=1e-8)


def test_the_prior_is_the_smoother_s(step):
    lattice = step.lattice
    border, bandwidth = random_border(lattice), 2 * lattice.shape[1]
    soft = np.where(np.arange(lattice.n_cells) % 7 == 0, np.exp(-2.0), 1.0)
    one = np.ones(lattice.n_edges)
    rough, fixed = kernels.prior_bands(step.net, border.cut, 0.0 * soft, soft, one, bandwidth)
    other = SecondDifferences.of(lattice).softened(soft < 1.0, 2.0).penalty(border.cut)
    np.testing.assert_allclose(rough, lower_band(other, bandwidth), atol=1e-12)
    np.testing.assert_allclose(fixed, lower_band(lattice.laplacian(border.cut), bandwidth))


def test_the_best_smoothing_precision_is_a_minimum(step, found_border):
    model = found_border.search.model(found_border.best.border)
    t, value = model.best()
    assert value <= min(model.deviance(t + 1.0), model.deviance(t - 1.0))


@pytest.mark.parametrize("around", [None, 5.0, 12.0, 21.0])
def test_a_search_does_not_end_far_out_on_a_plateau(around, border_sample):
    flat = border_sample(lambda a, b: 0.0 * a)
    model = BorderModel(flat, Border.none(flat.lattice))
    t, value = model.best(around)
    assert model.deviance(14.0) == pytest.approx(model.deviance(22.0), abs=0.01)
    assert t < 12.0
    assert value < min(model.deviance(t) for t in np.arange(0.0, 22.0)) + 0.25


def test_compiled_and_plain_kernels_agree(step):
    border = random_border(step.lattice, 4)
    for kernel, arguments in (
        (kernels.seen_nodes, (step.net, step.place[:200], border.cut, border.share)),
        (
            kernels.moved_moments,
            (step.net, step.cloud, *step.own_moments, border.cut, border.share),
        ),
        (kernels.data_band, (step.net, *step.own_moments, border.cut, 20)),
        (
            kernels.regions,
            (step.lattice.tail, step.lattice.head, border.cut, step.lattice.n_cells),
        ),
        (filters.oriented, (*(part[:6, :6].copy() for part in step.means), 2.6, 1, 4, 0)),
    ):
        compiled, plain = kernel(*arguments), kernel.py_func(*arguments)
        both = zip(compiled, plain, strict=True) if isinstance(plain, tuple) else [(compiled, plain)]
        for got, want in both:
            np.testing.assert_allclose(got, want, atol=1e-9)


def test_points_see_the_nearest_centre_on_their_side(straight_border):
    lattice = Lattice((4, 4))
    border = straight_border(lattice, [[1.3, -1.0], [1.3, 4.0]])
    assert border.cut.sum() == 4
    np.testing.assert_allclose(border.share[border.edges], 0.3)
    places = np.array([[1.25, 2.1], [1.35, 2.1], [1.45, 0.9], [0.9, -0.4], [1.31, 3.4]])
    np.testing.assert_array_equal(seen(lattice, border, places) // 4, [1, 2, 2, 1, 2])


def test_moments_follow_what_points_see(step, straight_border):
    border = straight_border(step.lattice, [[-1.0, 2.2], [10.0, 6.4]])
    node = seen(step.lattice, border, step.cloud.place)
    design, right = kernels.moved_moments(step.net, step.cloud, *step.own_moments, border.cut, border.share)
    n = step.lattice.n_cells
    np.testing.assert_allclose(design[:, 0], np.bincount(node, step.cloud.weight, n), atol=1e-6)
    np.testing.assert_allclose(right[:, 0], np.bincount(node, step.cloud.weight * step.cloud.y, n), atol=1e-6)


@pytest.mark.parametrize(
    "line", [[[-1.0, 2.2], [10.0, 6.4]], [[2.3, -1.0], [7.7, 10.0]], [[4.4, -1.0], [4.4, 10.0]]]
)
def test_a_straight_line_has_its_length_and_no_bending(line, border_sample, straight_border):
    lattice = Lattice((10, 10))
    border = straight_border(lattice, line)
    a, b = np.array(line, float)
    inside = [
        s for s in np.linspace(0, 1, 100001) if ((a + s * (b - a) >= -0.5) & (a + s * (b - a) <= 9.5)).all()
    ]
    length = (inside[-1] - inside[0]) * np.linalg.norm(b - a)
    assert edge_lengths(lattice, border, np.ones(2)).sum() == pytest.approx(length, rel=0.06)
    assert lattice.regions(border.cut)[0] == 2
    net = border_sample(lambda a, b: a, m=10).net
    parts, ends, inner, bending = kernels.shape_of(
        net, lattice.squares, lattice.tail, lattice.axis, border.cut, border.share
    )
    assert (parts, ends) == (1, 0)
    assert inner == pytest.approx(length, abs=2.0)
    assert bending < 1e-9
    (chain,) = chains(lattice, border)
    assert len(chain.edges) == border.cut.sum()
    smooth = polyline(lattice, border, chain)
    normal = np.array([-(b - a)[1], (b - a)[0]]) / np.linalg.norm(b - a)
    assert np.abs((smooth - a) @ normal).max() < 0.15
    # seen from along the line, every tail that lies on its left is so marked
    side = (np.column_stack(np.unravel_index(lattice.tail[chain.edges], lattice.shape)) - a) @ normal
    way = border.crossings(lattice, chain.edges)
    forward = np.sign((way[-1] - way[0]) @ (b - a))
    np.testing.assert_array_equal(orientation(lattice, border, chain), np.sign(side) * forward)


def test_a_circle_is_one_closed_chain(circle_border):
    lattice = Lattice((10, 10))
    border = circle_border(lattice)
    (chain,) = chains(lattice, border)
    assert chain.closed
    assert lattice.regions(border.cut)[0] == 2
    assert (
        edge_lengths(lattice, border, np.array([1.0, 2.0])).sum()
        > edge_lengths(lattice, border, np.ones(2)).sum()
    )
    assert edge_lengths(lattice, border, np.ones(2)).sum() == pytest.approx(2 * np.pi * 3.1, rel=0.03)
    outward = nearest(lattice, border, np.array([[4.7, 4.7], [9.0, 4.7], [4.7, 0.2]]), np.ones(2))
    np.testing.assert_allclose(outward.distance, [3.1, 1.2, 1.4], atol=0.12)
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 9, (300, 2))
    found = nearest(lattice, border, places, np.ones(2))
    end = np.where(found.side < 0, lattice.tail[found.edge], lattice.head[found.edge])
    inside = np.linalg.norm(np.column_stack(np.unravel_index(end, lattice.shape)) - 4.7, axis=1) < 3.1
    clear = found.distance > 0.15
    np.testing.assert_array_equal(inside[clear], (np.linalg.norm(places - 4.7, axis=1) < 3.1)[clear])


def test_pieces_meet_and_end_in_the_block():
    lattice = Lattice((6, 6))
    border = Border.none(lattice).plus(lattice.edge_from[0, [2 * 6 + 2]], 0.4)
    found = pieces(lattice, border)
    np.testing.assert_allclose(found.start, [[2.4, 2.0]] * 2)
    np.testing.assert_allclose(sorted(found.stop.tolist()), [[2.5, 1.5], [2.5, 2.5]])


@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_filter_sees_a_step_where_it_is(order, border_sample):
    data = border_sample(lambda a, b: 1.0 * (a > 0.43), n=4000, m=14, sd=0.05)
    one = ridges(data, 3.6, order, filters.STEP)
    lattice = data.lattice
    best = np.argsort(-one.strength)[:14]
    assert (lattice.axis[best] == 0).all()
    at = np.unravel_index(lattice.tail[best], lattice.shape)[0] + one.share[best]
    assert np.median(at) == pytest.approx(0.43 * 14 - 0.5, abs=0.3)


def test_a_second_order_filter_does_not_see_curvature(border_sample):
    data = border_sample(lambda a, b: (a - 0.4) ** 2 + a * b, n=4000, m=14, sd=0.03)
    assert ridges(data, 3.6, 2, filters.STEP).strength.max() < 4.5
    assert ridges(data, 3.6, 0, filters.STEP).strength.max() > 8.0


def test_creases_are_proposed(border_sample):
    data = border_sample(lambda a, b: 2.0 * np.abs(a - 0.5), n=4000, m=14, sd=0.05)
    assert creases(data)
    assert borders(data).borders


def test_the_jackknife_over_groups_has_the_variance_of_their_errors(straight_border):
    rng = np.random.default_rng(3)
    n, groups, m, t = 900, 60, 8, 5.0
    group = np.repeat(np.arange(groups), n // groups)
    x = np.clip(rng.uniform(size=(groups, 2))[group] + 0.04 * rng.normal(size=(n, 2)), 0.0, 1.0)
    domain = point_domain(x, ("a", "b"), (m, m))
    first = Points(x, rng.normal(size=n), np.ones(n))
    data = point_data(first, domain, Scale(0.0, 1.0), 0.1)
    border = straight_border(data.lattice, [[3.4, -1.0], [3.6, 9.0]])
    before, behind = contrasts(data.lattice, border, border.crossings(data.lattice), border.edges)
    row = (behind - before).mean(0)[None]
    found, said = [], []
    for _ in range(80):
        y = 0.3 * rng.normal(size=groups)[group] + 0.1 * rng.normal(size=n)
        drawn = replace(data, y=y)
        model = BorderModel(drawn, border)
        found.append(float((row @ model.surface(t)).item()))
        clustered = ClusteredPoints.of(drawn, drawn.place, y, np.ones(n), group)
        said.append(float(clustered.covariance(model, t, row).item()))
        prior = float((row @ model.posterior(t).solve(row.T)).item())
    assert 0.7 < np.sqrt(np.mean(said)) / np.std(found) < 1.5
    assert np.mean(said) > 2.0 * prior
