"""Moves of a border within the cells: redrawn, carried on, weeded, scored near by; and the whole search."""

from dataclasses import replace

import numpy as np
import pytest

from statmodels_x.discontinuity.border import redraw
from statmodels_x.discontinuity.border.chains import chains, polyline
from statmodels_x.discontinuity.border.fit import find_border, gain_reaching
from statmodels_x.discontinuity.border.local import Neighbourhood
from statmodels_x.discontinuity.border.model import PRICES, Border, seen
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.border.proposals import borders
from statmodels_x.discontinuity.border.rounding import carried_on
from statmodels_x.discontinuity.border.search import Search
from statmodels_x.discontinuity.border.sizes import limits
from statmodels_x.discontinuity.grid.lattice import Lattice

BALANCED = PRICES["balanced"]


def test_redrawing_moves_a_border_onto_the_step(step, straight_border):
    lattice = step.lattice
    wrong = straight_border(lattice, [[-1.0, 2.7], [10.0, 7.6]])
    (chain,) = chains(lattice, wrong)
    search = Search(step, BALANCED, borders(step).strongest)
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


def test_a_small_circle_does_not_shrink_when_it_is_smoothed(circle_border):
    lattice = Lattice((10, 10))
    border = circle_border(lattice, 2.2)
    line = polyline(lattice, border, chains(lattice, border)[0])
    radius = np.linalg.norm(line - 4.7, axis=1)
    assert radius.mean() == pytest.approx(2.2, abs=0.1)
    assert radius.min() > 2.0


@pytest.mark.parametrize("missing", [4, 10])
def test_an_open_circle_is_carried_on(missing, border_sample, circle_border):
    data = border_sample(lambda a, b: 0.0 * a)
    whole = circle_border(data.lattice)
    gap = chains(data.lattice, whole)[0].edges[:missing]
    closed, new = next(carried_on(data, whole.without(gap)))
    assert len(new) > 0
    assert [one.closed for one in chains(data.lattice, closed)] == [True]
    radius = np.linalg.norm(closed.crossings(data.lattice) - 4.7, axis=1)
    np.testing.assert_allclose(radius, 3.1, atol=0.05)
    assert not list(carried_on(data, whole))


def test_a_line_is_carried_on_to_the_margin(border_sample, straight_border):
    data = border_sample(lambda a, b: 0.0 * a)
    whole = straight_border(data.lattice, [[-1.0, 2.7], [10.0, 7.6]])
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


def test_the_cost_at_the_end_of_a_search_is_that_of_its_border(border_sample, straight_border):
    def square(a, b):
        u, v = (
            np.cos(0.35) * (a - 0.5) + np.sin(0.35) * (b - 0.5),
            np.cos(0.35) * (b - 0.5) - np.sin(0.35) * (a - 0.5),
        )
        return 0.3 * a + 0.053 * ((np.abs(u) < 0.25) & (np.abs(v) < 0.25))

    data = border_sample(square, n=5000, m=15, sd=0.05)
    search = Search(data, BALANCED, borders(data).strongest)
    corner = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * 3.75
    turned = 7.0 + corner @ np.array([[np.cos(0.35), np.sin(0.35)], [-np.sin(0.35), np.cos(0.35)]])
    now = search.score(straight_border(data.lattice, turned), 14.5)
    for move in (search.flip, search.prune, lambda one: search.slide(one, 0.25), search.finish):
        now = move(now)
        assert search.score(now.border, now.t).cost == pytest.approx(now.cost, abs=1e-4)


@pytest.mark.parametrize("apart", [0.25, 0.5])
def test_points_half_way_between_nodes_are_scored_alike_near_by_and_from_scratch(apart, straight_border):
    """Rows of a raster often lie on the sides and the middles of the cells."""
    lattice = Lattice((10, 10))
    along = np.arange(-0.5, 9.5 + 1e-9, apart)
    place = np.stack(np.meshgrid(along, along, indexing="ij"), axis=-1).reshape(-1, 2)
    rng = np.random.default_rng(0)
    y = (
        0.05 * place[:, 0]
        - 0.4
        + 0.3 * (place[:, 1] > 0.35 * place[:, 0] + 2.6)
        + 0.05 * rng.normal(size=len(place))
    )
    weight = np.full(len(y), 400.0)
    data = PointData(lattice, place, y, weight, 1 / 400.0, np.ones(lattice.n_cells))
    own = np.floor(np.clip(place, 0.0, 9.0) + 0.5).astype(int) @ [10, 1]
    np.testing.assert_array_equal(data.cell, own)
    np.testing.assert_array_equal(data.cell, seen(lattice, Border.none(lattice), place))
    search = Search(data, BALANCED, borders(data).strongest)
    border = straight_border(lattice, [[-1.0, 2.25], [10.0, 6.1]])
    far = np.abs(place[:, 1] - 2.6 - 0.35 * place[:, 0]) > 2.5
    np.testing.assert_array_equal(seen(lattice, border, place)[far], own[far])
    now = search.score(border, 4.0)
    near = Neighbourhood(search.model(border), 4.0, np.ones(lattice.n_cells, bool))
    compared = 0
    for edge in border.edges:
        other = (
            border.plus(np.array([edge]), 0.98 - 0.96 * border.share[edge])
            if edge % 2
            else border.without(edge)
        )
        change = near.deviance_change(other, search.levels(other))
        if np.isfinite(change):
            compared += 1
            expected = search.model(other).deviance(4.0) - search.model(border).deviance(4.0)
            assert change == pytest.approx(expected, abs=1e-6)
    assert compared > 5
    for move in (search.refine, search.finish):
        now = move(now)
        assert search.score(now.border, now.t).cost == pytest.approx(now.cost, abs=1e-4)


def test_every_move_keeps_or_lowers_the_cost(step):
    search = Search(step, BALANCED, borders(step).strongest)
    start = search.score(borders(step).borders[0], around=search.t0)
    moves = (search.prune, search.extend, search.join_far, search.flip, lambda now: search.slide(now, 0.2))
    for move in moves:
        assert move(start).cost <= start.cost + 1e-9


def test_what_no_evidence_holds_is_weeded(step, found_border):
    search, border = found_border.search, found_border.best.border
    lattice = step.lattice
    away = np.flatnonzero(~lattice.near(border.cut, 2)[lattice.tail] & (lattice.axis == 0))[:1]
    block = lattice.squares[(lattice.squares == away[0]).any(1)][0]
    more = search.score(border.plus(np.unique([away[0], *block[:3]]), 0.5), found_border.best.t)
    weeded = search.weed(more)
    assert weeded.cost < more.cost
    assert np.array_equal(weeded.border.cut, border.cut)


@pytest.mark.parametrize("t", [2.0, 6.0])
def test_a_small_change_is_scored_by_the_nodes_that_it_touches(step, found_border, t):
    lattice, border = step.lattice, found_border.best.border
    search, edges = found_border.search, border.edges
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


def test_a_change_beyond_the_nodes_at_hand_is_left_to_a_new_score(step, found_border):
    border = found_border.best.border
    near = Neighbourhood(found_border.search.model(border), 4.0, step.lattice.near(border.edges[:1]))
    other = border.without(border.edges[-2:])
    assert np.isnan(near.deviance_change(other, found_border.search.levels(other)))


def test_the_step_is_found_whole(step, found_border):
    border, lattice = found_border.best.border, step.lattice
    assert lattice.regions(border.cut)[0] == 2
    at = border.crossings(lattice)
    assert np.abs((at[:, 1] + 0.5) / 10 - (0.3 + 0.35 * (at[:, 0] + 0.5) / 10)).max() < 0.03
    assert found_border.gain > found_border.crease
    before, behind, covariance = limits(step, border, found_border.best.t, at, border.edges)
    error = np.sqrt(np.diag(covariance))
    way = np.where(lattice.axis[border.edges] == 1, 1.0, -1.0)  # up along b, down along a: the line rises
    assert np.mean(np.abs(way * (behind - before)) < 0.7) > 0.9
    assert (error > 0.0).all()


def test_a_gain_far_below_a_level_is_not_searched(step):
    whole = find_border(step, BALANCED).first_gain
    assert gain_reaching(step, BALANCED, 1.0) == pytest.approx(whole)
    assert gain_reaching(step, BALANCED, 1e6) < 5e5


def test_a_large_grid_leaves_the_small_moves_out(step, found_border, monkeypatch):
    from statmodels_x.discontinuity.border import search

    monkeypatch.setattr(search, "_MOST_WORK", 0.0)
    quick = find_border(step, BALANCED)
    assert step.lattice.regions(quick.best.border.cut)[0] == 2
    assert quick.best.cost < 0.7 * found_border.best.cost
