"""Whole courses along ridges, stretches of a chain moved together, and what other proposals have whole."""

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.discontinuity.border.chains import chains
from statmodels_x.discontinuity.border.model import PRICES
from statmodels_x.discontinuity.border.proposals import Ridges, borders
from statmodels_x.discontinuity.border.reshaping import Course, course_of
from statmodels_x.discontinuity.border.search import Search
from statmodels_x.discontinuity.border.tracing import traced
from statmodels_x.discontinuity.grid.extension import Corners
from statmodels_x.discontinuity.grid.lattice import Lattice

BALANCED = PRICES["balanced"]


def _ridges(border, strength=4.0):
    return Ridges(np.where(border.cut, strength, 0.0), border.share)


def test_a_ring_of_strong_edges_is_traced_round(circle_border):
    lattice = Lattice((10, 10))
    whole = circle_border(lattice)
    gap = chains(lattice, whole)[0].edges[:2]
    courses = list(traced(Corners(lattice), _ridges(whole.without(gap))))
    closed = [one for one in courses if not len(lattice.loose_ends(one.cut))]
    assert len(closed) == len(courses)  # no course ends inside
    assert any(
        (one.cut & whole.cut).sum() >= whole.cut.sum() - 2 and one.cut.sum() <= whole.cut.sum() + 2
        for one in courses
    )


def test_a_course_from_margin_to_margin_has_no_forks(straight_border):
    lattice = Lattice((10, 10))
    whole = straight_border(lattice, [[-1.0, 2.7], [10.0, 7.6]])
    spur = straight_border(lattice, [[4.3, 6.0], [4.3, 7.6]])
    forked = whole.plus(spur.edges, spur.share[spur.edges])
    courses = list(traced(Corners(lattice), _ridges(forked)))
    assert any((one.cut & whole.cut).sum() >= whole.cut.sum() - 4 for one in courses)
    for one in courses:
        assert (one.cut[lattice.squares].sum(1) % 2 == 0).all()


def test_nothing_is_traced_where_no_edge_is_strong():
    lattice = Lattice((6, 6))
    assert not list(
        traced(Corners(lattice), Ridges(np.full(lattice.n_edges, 1.0), np.full(lattice.n_edges, 0.5)))
    )


def test_a_stretch_moves_as_its_vertices_are_near():
    line = np.column_stack([np.arange(20.0), np.zeros(20)])
    moved = Course(np.arange(4), line, False).shifted(10.0, 6.0, 0.5)
    np.testing.assert_allclose(moved[:, 0], line[:, 0])
    assert moved[10, 1] == pytest.approx(0.5)
    assert np.abs(moved[[0, -1], 1]).max() < 0.05
    angle = np.linspace(0.0, 2.0 * np.pi, 41)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    ring[-1] = ring[0]
    turned = Course(np.arange(4), ring, True).shifted(0.0, 6.0, 0.1)
    np.testing.assert_allclose(turned[0], turned[-1])
    np.testing.assert_allclose(
        turned[3], turned[-4] * [1.0, -1.0], atol=1e-12
    )  # alike on both sides of the seam
    assert np.linalg.norm(turned[0]) == pytest.approx(0.9)


def test_reshaping_brings_a_border_back_that_redrawing_does_not(border_sample, circle_border):
    def surface(a, b):
        return 0.2 * np.sin(6.0 * a) * b + 0.12 * (np.hypot(a - 0.52, b - 0.52) < 0.31)

    data = border_sample(surface, n=4000, m=10, sd=0.05)
    search = Search(data, BALANCED, borders(data).strongest)
    true = search.score(circle_border(data.lattice), around=search.t0)
    (chain,) = chains(data.lattice, true.border)
    course = course_of(data, true.border, chain)
    far = course.line.copy()
    for centre, by in ((0.0, 0.5), (9.0, -0.5), (18.0, 0.5)):
        far = Course(course.edges, far, True).shifted(centre, 6.0, by)
    start = search.score(course.drawn(data, true.border, far)[0], around=search.t0)
    assert start.cost > true.cost + 100.0
    now = start
    for moves in (((6.0, 0.6),), ((6.0, 0.3), (3.0, 0.3))):
        now = search.settle(search.reshape(now, moves))
    assert now.cost == pytest.approx(search.score(now.border, now.t).cost, abs=1e-6)
    assert now.cost < true.cost + 50.0
    assert now.cost < search.redraw(search.redraw(start, 1.0), 0.4).cost - 10.0


def _fit(jump, surface, size, n=5000, side=15, seed=1):
    rng = np.random.default_rng([seed, 3])
    x, y = rng.uniform(size=(2, n))
    z = surface(x, y) + size * jump(x, y) + 0.05 * rng.normal(size=n)
    return smx.FreeDiscontinuity("z ~ x + y", pd.DataFrame({"x": x, "y": y, "z": z}), resolution=side).fit()


def _missed(fit, course):
    gaps = np.linalg.norm((fit.jumps[["x", "y"]].to_numpy()[:, None] - course) / fit.domain.widths, axis=2)
    return (gaps.min(0) > 1.5).mean(), (gaps.min(1) > 2.0).sum()


def _ring(radius):
    angle = np.linspace(0.0, 2.0 * np.pi, 300)
    return 0.5 + radius * np.column_stack([np.cos(angle), np.sin(angle)])


def _radius(x, y):
    return np.hypot(x - 0.5, y - 0.5)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_disk_on_a_wave_is_found_whole(seed):
    fit = _fit(
        lambda x, y: 1.0 * (_radius(x, y) > 0.25), lambda x, y: 0.2 * np.sin(6.0 * x) * y, 0.053, seed=seed
    )
    missed, false = _missed(fit, _ring(0.25))
    assert missed < 0.1
    assert false == 0


def test_both_borders_of_a_ring_are_found():
    fit = _fit(
        lambda x, y: 1.0 * ((_radius(x, y) > 0.17) & (_radius(x, y) < 0.36)),
        lambda x, y: 0.3 * x,
        0.2,
        seed=0,
    )
    missed, false = _missed(fit, np.vstack([_ring(0.17), _ring(0.36)]))
    assert missed == 0.0
    assert false == 0
    assert fit.segments().max() == 3
