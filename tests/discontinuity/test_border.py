"""Borders within the cells: evidence against dense algebra, geometry, proposals, moves, rivals, sizes."""

from dataclasses import replace

import numpy as np
import pytest

from statmodels_x.discontinuity.border import redraw, rivals
from statmodels_x.discontinuity.border.chains import chains, orientation, pieces, polyline
from statmodels_x.discontinuity.border.clusters import ClusteredPoints
from statmodels_x.discontinuity.border.fit import find_border, gain_reaching
from statmodels_x.discontinuity.border.local import Neighbourhood
from statmodels_x.discontinuity.border.model import Border, BorderModel, seen, taylor_rows
from statmodels_x.discontinuity.border.points import errors_of, point_data, without_company
from statmodels_x.discontinuity.border.proposals import borders, creases, ridges
from statmodels_x.discontinuity.border.rounding import carried_on
from statmodels_x.discontinuity.border.search import PRICES, Search
from statmodels_x.discontinuity.border.sizes import contrasts, edge_lengths, limits, nearest
from statmodels_x.discontinuity.grid.domain import Points, Scale, bin_points, point_domain
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.kernels import border as kernels
from statmodels_x.discontinuity.kernels import filters
from statmodels_x.discontinuity.kernels.banded import lower_band
from statmodels_x.discontinuity.smoothing.smoother import SecondDifferences

BALANCED = PRICES["balanced"]


def straight(lattice, line):
    """Border of a polyline in cells."""
    from statmodels_x.discontinuity.border.points import net_of

    cut, share = kernels.draw_line(net_of(lattice), np.array(line, float), lattice.n_edges)
    return Border(cut, share)


def sample(f, n=2000, m=10, sd=0.1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(n, 2))
    points = Points(x, f(*x.T) + sd * rng.normal(size=n), np.ones(n))
    domain = point_domain(x, ("a", "b"), (m, m))
    return point_data(points, domain, bin_points(points, domain).scale)


@pytest.fixture(scope="module")
def step():
    """A step of 0.5 across a slanted line on a plane."""
    return sample(lambda a, b: 0.5 * (b > 0.3 + 0.35 * a) + 0.3 * a)


@pytest.fixture(scope="module")
def found(step):
    return find_border(step, BALANCED)


# ---- the model


def random_border(lattice, seed=0):
    rng = np.random.default_rng(seed)
    return Border(rng.random(lattice.n_edges) < 0.25, rng.uniform(0.1, 0.9, lattice.n_edges))


@pytest.mark.parametrize("seed", range(3))
def test_evidence_is_that_of_the_dense_normal_model(seed):
    data = sample(lambda a, b: a + 1.0 * (b > 0.5), n=120, m=5, seed=seed)
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


def test_the_best_smoothing_precision_is_a_minimum(step, found):
    model = found.search.model(found.best.border)
    t, value = model.best()
    assert value <= min(model.deviance(t + 1.0), model.deviance(t - 1.0))


@pytest.mark.parametrize("around", [None, 5.0, 12.0, 21.0])
def test_a_search_does_not_end_far_out_on_a_plateau(around):
    flat = sample(lambda a, b: 0.0 * a)
    model = BorderModel(flat, Border.none(flat.lattice))
    t, value = model.best(around)
    assert model.deviance(14.0) == pytest.approx(model.deviance(22.0), abs=0.01)
    assert t < 12.0
    assert value < min(model.deviance(t) for t in np.arange(0.0, 22.0)) + 0.25


def test_compiled_and_plain_kernels_agree(step):
    border = random_border(step.lattice, 4)
    for kernel, arguments in (
        (kernels.seen_nodes, (step.net, step.place[:200], border.cut, border.share)),
        (kernels.moved_moments, (step.net, step.cloud, *step.own_moments, border.cut, border.share)),
        (kernels.data_band, (step.net, *step.own_moments, border.cut, 20)),
        (kernels.regions, (step.lattice.tail, step.lattice.head, border.cut, step.lattice.n_cells)),
        (filters.oriented, (*(part[:6, :6].copy() for part in step.means), 2.6, 1, 4, 0)),
    ):
        compiled, plain = kernel(*arguments), kernel.py_func(*arguments)
        both = zip(compiled, plain, strict=True) if isinstance(plain, tuple) else [(compiled, plain)]
        for got, want in both:
            np.testing.assert_allclose(got, want, atol=1e-9)


# ---- geometry


def test_points_see_the_nearest_centre_on_their_side():
    lattice = Lattice((4, 4))
    border = straight(lattice, [[1.3, -1.0], [1.3, 4.0]])
    assert border.cut.sum() == 4
    np.testing.assert_allclose(border.share[border.edges], 0.3)
    places = np.array([[1.25, 2.1], [1.35, 2.1], [1.45, 0.9], [0.9, -0.4], [1.31, 3.4]])
    np.testing.assert_array_equal(seen(lattice, border, places) // 4, [1, 2, 2, 1, 2])


def test_moments_follow_what_points_see(step):
    border = straight(step.lattice, [[-1.0, 2.2], [10.0, 6.4]])
    node = seen(step.lattice, border, step.cloud.place)
    design, right = kernels.moved_moments(step.net, step.cloud, *step.own_moments, border.cut, border.share)
    n = step.lattice.n_cells
    np.testing.assert_allclose(design[:, 0], np.bincount(node, step.cloud.weight, n), atol=1e-6)
    np.testing.assert_allclose(right[:, 0], np.bincount(node, step.cloud.weight * step.cloud.y, n), atol=1e-6)


@pytest.mark.parametrize(
    "line", [[[-1.0, 2.2], [10.0, 6.4]], [[2.3, -1.0], [7.7, 10.0]], [[4.4, -1.0], [4.4, 10.0]]]
)
def test_a_straight_line_has_its_length_and_no_bending(line):
    lattice = Lattice((10, 10))
    border = straight(lattice, line)
    a, b = np.array(line, float)
    inside = [
        s for s in np.linspace(0, 1, 100001) if ((a + s * (b - a) >= -0.5) & (a + s * (b - a) <= 9.5)).all()
    ]
    length = (inside[-1] - inside[0]) * np.linalg.norm(b - a)
    assert edge_lengths(lattice, border, np.ones(2)).sum() == pytest.approx(length, rel=0.06)
    assert lattice.regions(border.cut)[0] == 2
    net = sample(lambda a, b: a, m=10).net
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


def circle(lattice, radius=3.1, centre=4.7):
    angle = np.linspace(0.0, 2.0 * np.pi, 60)
    return straight(lattice, centre + radius * np.column_stack([np.cos(angle), np.sin(angle)]))


def test_a_circle_is_one_closed_chain():
    lattice = Lattice((10, 10))
    border = circle(lattice)
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


# ---- the points


def test_outliers_have_no_company_but_small_regions_do():
    rng = np.random.default_rng(1)
    place = rng.uniform(0, 20, (4000, 2))
    y = 0.05 * rng.normal(size=4000)
    y[[5, 100, 2000]] += 1.0
    spot = np.linalg.norm(place - 7.0, axis=1) < 0.8
    y[spot] += 1.0
    aside = without_company(place, y)
    assert aside[[5, 100, 2000]].all()
    assert not aside[spot].any()
    assert aside.sum() == 3
    assert not without_company(place, np.zeros(4000)).any()


def test_a_variance_that_changes_is_followed_and_one_that_does_not_is_not():
    rng = np.random.default_rng(2)
    lattice = Lattice((17, 17))
    place = rng.uniform(-0.5, 16.5, (6000, 2))
    sd = 0.02 + 0.2 * (place[:, 0] + 0.5) / 17
    one = np.ones(6000)
    for y, changes in ((sd * rng.normal(size=6000), True), (0.1 * rng.normal(size=6000), False)):
        variance, factor = errors_of(place, y, one, lattice)
        assert (factor != 1.0).any() == changes
        if changes:
            ratio = np.sqrt(variance * factor.reshape(17, 17).mean(1)) / (
                0.02 + 0.2 * (np.arange(17) + 0.5) / 17
            )
            assert np.abs(np.log(ratio))[1:].max() < 0.35
        else:
            assert variance == pytest.approx(0.01, rel=0.07)


def test_the_variance_does_not_see_a_step_nor_a_slope():
    data = sample(lambda a, b: 3.0 * a + 2.0 * (b > 0.52), n=4000, m=14)
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(4000, 2))
    points = Points(x, 3.0 * x[:, 0] + 2.0 * (x[:, 1] > 0.52) + 0.1 * rng.normal(size=4000), np.ones(4000))
    domain, scale = point_domain(x, ("a", "b"), (14, 14)), Scale(0.0, 1.0)
    own = point_data(points, domain, scale)
    assert np.sqrt(own.variance) == pytest.approx(0.1, rel=0.05)
    assert point_data(points, domain, scale, noise_sd=0.3).variance == pytest.approx(0.09)
    border = straight(data.lattice, [[-1.0, 6.78], [15.0, 6.78]])
    assert np.sqrt(own.away_variance(border.cut)) == pytest.approx(0.1, rel=0.03)
    halved = own.with_variance(own.variance / 2.0)
    np.testing.assert_allclose(halved.weight, 2.0 * own.weight)


# ---- proposals


@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_filter_sees_a_step_where_it_is(order):
    data = sample(lambda a, b: 1.0 * (a > 0.43), n=4000, m=14, sd=0.05)
    one = ridges(data, 3.6, order, filters.STEP)
    lattice = data.lattice
    best = np.argsort(-one.strength)[:14]
    assert (lattice.axis[best] == 0).all()
    at = np.unravel_index(lattice.tail[best], lattice.shape)[0] + one.share[best]
    assert np.median(at) == pytest.approx(0.43 * 14 - 0.5, abs=0.3)


def test_a_second_order_filter_does_not_see_curvature():
    data = sample(lambda a, b: (a - 0.4) ** 2 + a * b, n=4000, m=14, sd=0.03)
    assert ridges(data, 3.6, 2, filters.STEP).strength.max() < 4.5
    assert ridges(data, 3.6, 0, filters.STEP).strength.max() > 8.0


def test_creases_are_proposed():
    data = sample(lambda a, b: 2.0 * np.abs(a - 0.5), n=4000, m=14, sd=0.05)
    assert creases(data)
    assert borders(data)[0]


# ---- moves


def test_redrawing_moves_a_border_onto_the_step(step):
    lattice = step.lattice
    wrong = straight(lattice, [[-1.0, 2.7], [10.0, 7.6]])
    (chain,) = chains(lattice, wrong)
    search = Search(step, BALANCED, borders(step)[1])
    now = search.score(wrong, around=search.t0)
    better = search.redraw(search.redraw(now, 1.0), 0.4)
    assert better.cost < now.cost - 50.0
    at = better.border.crossings(lattice)
    m = 10
    off = (at[:, 1] + 0.5) / m - (0.3 + 0.35 * (at[:, 0] + 0.5) / m)
    assert np.abs(off).max() * m < 0.5
    costs = redraw.courses(step, wrong, chain, 1.0)
    best = redraw.best_course(costs)
    drawn = np.mean([redraw.drawn_course(costs, np.random.default_rng(k)) for k in range(200)], axis=0)
    assert np.abs(drawn - best).max() < 0.4


def test_a_small_circle_does_not_shrink_when_it_is_smoothed():
    lattice = Lattice((10, 10))
    border = circle(lattice, 2.2)
    line = polyline(lattice, border, chains(lattice, border)[0])
    radius = np.linalg.norm(line - 4.7, axis=1)
    assert radius.mean() == pytest.approx(2.2, abs=0.1)
    assert radius.min() > 2.0


@pytest.mark.parametrize("missing", [4, 10])
def test_an_open_circle_is_carried_on(missing):
    data = sample(lambda a, b: 0.0 * a)
    whole = circle(data.lattice)
    gap = chains(data.lattice, whole)[0].edges[:missing]
    closed, new = next(carried_on(data, whole.without(gap)))
    assert len(new) > 0
    assert [one.closed for one in chains(data.lattice, closed)] == [True]
    radius = np.linalg.norm(closed.crossings(data.lattice) - 4.7, axis=1)
    np.testing.assert_allclose(radius, 3.1, atol=0.05)
    assert not list(carried_on(data, whole))


def test_a_line_is_carried_on_to_the_margin():
    data = sample(lambda a, b: 0.0 * a)
    whole = straight(data.lattice, [[-1.0, 2.7], [10.0, 7.6]])
    short = whole.without(chains(data.lattice, whole)[0].edges[-3:])
    ((border, new),) = carried_on(data, short)
    assert border.cut[new].all()
    np.testing.assert_array_equal(border.cut, whole.cut)
    np.testing.assert_allclose(border.share[new], whole.share[new], atol=1e-6)
    assert not list(carried_on(data, whole))


def test_offsets_that_pass_no_point_are_settled_by_the_middle():
    cost = np.full((5, len(redraw._OFFSETS)), 9.0)
    cost[:, 10:21] = 1.0  # from -.6 to .4 there is nothing between
    found = redraw.Courses(np.zeros((5, 2)), cost, False)
    noise = 1e-13 * np.random.default_rng(0).normal(size=cost.shape)
    for one in (found, replace(found, cost=cost + noise)):
        assert redraw.best_course(one) == pytest.approx(-0.1)


def test_a_disk_in_a_cone_is_a_level_though_the_cone_bends_elsewhere():
    data = sample(lambda a, b: (r := np.hypot(a - 0.5, b - 0.5)) + 0.1 * (r > 0.25), n=5000, m=15, sd=0.05)
    search = Search(data, BALANCED, borders(data)[1])
    whole = circle(data.lattice, 3.75, 7.0)
    half = whole.without(chains(data.lattice, whole)[0].edges[:12])
    (chain,) = chains(data.lattice, half)
    assert rivals.level_gain(search, half, chain) > 50.0
    flat = sample(lambda a, b: np.hypot(a - 0.5, b - 0.5), n=5000, m=15, sd=0.05)
    assert rivals.level_gain(Search(flat, BALANCED, borders(flat)[1]), half, chain) < 0.0


def test_a_ring_is_no_ramp_though_the_surface_steps_back():
    data = sample(
        lambda a, b: 0.06 * (np.abs(np.hypot(a - 0.5, b - 0.5) - 0.27) < 0.1), n=5000, m=15, sd=0.05
    )
    search = Search(data, BALANCED, borders(data)[1])
    inner, outer = (circle(data.lattice, 15 * radius, 7.0) for radius in (0.17, 0.37))
    both = Border(inner.cut | outer.cut, np.where(inner.cut, inner.share, outer.share))
    for chain in chains(data.lattice, both):
        assert rivals.transition(search, both, chain).width < 0.3
    now = search.score(both, around=search.t0)
    assert rivals.without_ramps(search, now).border.key == both.key


def test_the_cost_at_the_end_of_a_search_is_that_of_its_border():
    def square(a, b):
        u, v = (
            np.cos(0.35) * (a - 0.5) + np.sin(0.35) * (b - 0.5),
            np.cos(0.35) * (b - 0.5) - np.sin(0.35) * (a - 0.5),
        )
        return 0.3 * a + 0.053 * ((np.abs(u) < 0.25) & (np.abs(v) < 0.25))

    data = sample(square, n=5000, m=15, sd=0.05)
    search = Search(data, BALANCED, borders(data)[1])
    corner = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * 3.75
    turned = 7.0 + corner @ np.array([[np.cos(0.35), np.sin(0.35)], [-np.sin(0.35), np.cos(0.35)]])
    now = search.score(straight(data.lattice, turned), 14.5)
    for move in (search.flip, search.prune, lambda one: search.slide(one, 0.25), search.finish):
        now = move(now)
        assert search.score(now.border, now.t).cost == pytest.approx(now.cost, abs=1e-4)


def test_every_move_keeps_or_lowers_the_cost(step):
    search = Search(step, BALANCED, borders(step)[1])
    start = search.score(borders(step)[0][0], around=search.t0)
    moves = (search.prune, search.extend, search.join_far, search.flip, lambda now: search.slide(now, 0.2))
    for move in moves:
        assert move(start).cost <= start.cost + 1e-9


# ---- the whole


def test_the_step_is_found_whole(step, found):
    border, lattice = found.best.border, step.lattice
    assert lattice.regions(border.cut)[0] == 2
    at = border.crossings(lattice)
    assert np.abs((at[:, 1] + 0.5) / 10 - (0.3 + 0.35 * (at[:, 0] + 0.5) / 10)).max() < 0.03
    assert found.gain > found.crease
    before, behind, covariance = limits(step, border, found.best.t, at, border.edges)
    error = np.sqrt(np.diag(covariance))
    way = np.where(lattice.axis[border.edges] == 1, 1.0, -1.0)  # up along b, down along a: the line rises
    assert np.mean(np.abs(way * (behind - before)) < 0.7) > 0.9
    assert (error > 0.0).all()


@pytest.mark.parametrize(
    "surface",
    [
        lambda a, b: np.hypot(a - 0.5, b - 0.5),
        lambda a, b: 0.2 * np.sin(6 * a) * b,
        lambda a, b: 0.3 * np.tanh((a - 0.5) / 0.1),
        lambda a, b: 0.5 * np.abs(a - 0.5),
    ],
)
def test_smooth_steep_and_creased_surfaces_have_no_border(surface):
    found = find_border(sample(surface, n=5000, m=15, sd=0.05, seed=7), BALANCED)
    assert not found.best.border.cut.any()
    assert found.best.cost == 0.0


def test_a_ramp_is_told_from_a_step():
    for width, is_wide in ((0.002, False), (0.08, True)):
        data = sample(lambda a, b, w=width: np.tanh((a - 0.5) / w), n=5000, m=14, sd=0.1)
        search = Search(data, BALANCED, borders(data)[1])
        border = straight(data.lattice, [[6.5, -1.0], [6.5, 15.0]])
        (chain,) = chains(data.lattice, border)
        wide = rivals.transition(search, border, chain)
        assert (wide.width > 0.35 and wide.gain > 6.0) == is_wide


def test_a_gain_far_below_a_level_is_not_searched(step):
    whole = find_border(step, BALANCED).first_gain
    assert gain_reaching(step, BALANCED, 1.0) == pytest.approx(whole)
    assert gain_reaching(step, BALANCED, 1e6) < 5e5


def test_a_large_grid_leaves_the_small_moves_out(step, found, monkeypatch):
    from statmodels_x.discontinuity.border import search

    monkeypatch.setattr(search, "_MOST_WORK", 0.0)
    quick = find_border(step, BALANCED)
    assert step.lattice.regions(quick.best.border.cut)[0] == 2
    assert quick.best.cost < 0.7 * found.best.cost


@pytest.mark.parametrize("t", [2.0, 6.0])
def test_a_small_change_is_scored_by_the_nodes_that_it_touches(step, found, t):
    lattice, border = step.lattice, found.best.border
    search, edges = found.search, border.edges
    base = search.model(border).deviance(t)
    near = Neighbourhood(search.model(border), t, lattice.near(border.cut, 3))
    others = [
        border.plus(edges[3:4], 0.5 * border.share[edges[3]] + 0.2),
        border.without(edges[:1]),
        border.plus(np.flatnonzero(~border.cut & lattice.near(border.cut)[lattice.tail])[:2], 0.3),
    ]
    compared = 0
    for other in others:
        change = near.deviance_change(other, search.levels(other))
        if np.isfinite(change):  # the levels of regions change with more nodes than these
            compared += 1
            assert change == pytest.approx(search.model(other).deviance(t) - base, abs=1e-6)
    assert compared >= 2
    first = others[0]
    assert near.move_to(first, search.levels(first))
    second = first.plus(edges[5:6], 0.9 - 0.8 * first.share[edges[5]])
    expected = search.model(second).deviance(t) - search.model(first).deviance(t)
    assert near.deviance_change(second, search.levels(second)) == pytest.approx(expected, abs=1e-6)


def test_a_change_beyond_the_nodes_at_hand_is_left_to_a_new_score(step, found):
    border = found.best.border
    near = Neighbourhood(found.search.model(border), 4.0, step.lattice.near(border.edges[:1]))
    other = border.without(border.edges[-2:])
    assert np.isnan(near.deviance_change(other, found.search.levels(other)))


def test_what_no_evidence_holds_is_weeded(step, found):
    search, border = found.search, found.best.border
    lattice = step.lattice
    away = np.flatnonzero(~lattice.near(border.cut, 2)[lattice.tail] & (lattice.axis == 0))[:1]
    block = lattice.squares[(lattice.squares == away[0]).any(1)][0]
    more = search.score(border.plus(np.unique([away[0], *block[:3]]), 0.5), found.best.t)
    weeded = search.weed(more)
    assert weeded.cost < more.cost
    assert np.array_equal(weeded.border.cut, border.cut)


def test_the_jackknife_over_groups_has_the_variance_of_their_errors():
    rng = np.random.default_rng(3)
    n, groups, m, t = 900, 60, 8, 5.0
    group = np.repeat(np.arange(groups), n // groups)
    x = np.clip(rng.uniform(size=(groups, 2))[group] + 0.04 * rng.normal(size=(n, 2)), 0.0, 1.0)
    domain = point_domain(x, ("a", "b"), (m, m))
    first = Points(x, rng.normal(size=n), np.ones(n))
    data = point_data(first, domain, Scale(0.0, 1.0), 0.1)
    border = straight(data.lattice, [[3.4, -1.0], [3.6, 9.0]])
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
