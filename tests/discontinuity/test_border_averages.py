"""Small changes of a border between pixels that are averages, scored by the nodes that they touch."""

import numpy as np
import pytest

import statmodels_x as smx
from statmodels_x.discontinuity.border.local import Neighbourhood
from statmodels_x.discontinuity.border.model import PRICES
from statmodels_x.discontinuity.border.pixels import pixel_data
from statmodels_x.discontinuity.border.proposals import borders
from statmodels_x.discontinuity.border.search import Search

N = 18


@pytest.fixture(scope="module")
def search():
    rng = np.random.default_rng(4)
    at = np.indices((N, N)) - 0.5 * N
    image = 1.0 * (np.hypot(*at) < 5.4) + 0.02 * at[0] + 0.1 * rng.normal(size=(N, N))
    image[rng.uniform(size=image.shape) < 0.08] = np.nan
    data = pixel_data(smx.FreeDiscontinuity(image).sample.cells, 0.1**2, "averages")
    return Search(data, PRICES["balanced"], borders(data).strongest)


@pytest.fixture(scope="module")
def found(search):
    proposed = borders(search.data).borders
    best = min((search.score(one) for one in proposed), key=lambda one: one.cost)
    return search.redraw(best, 1.0).border


def changes(lattice, border):
    """Crossings moved, edges taken away, and cells that go over to the other side; single ones and pairs."""
    rng = np.random.default_rng(1)
    for edge in border.edges:
        yield border.plus(np.array([edge]), rng.uniform(0.05, 0.95))
        yield border.without(np.array([edge]))
        yield border.without(border.edges[border.edges >= edge][:3])
    beside = np.flatnonzero(lattice.near(border.cut))
    for cell in beside[::3]:
        edges = np.flatnonzero((lattice.tail == cell) | (lattice.head == cell))
        cut, share = border.cut.copy(), border.share.copy()
        cut[edges] ^= True
        share[edges] = rng.uniform(0.1, 0.9, len(edges))
        yield type(border)(cut, share)


@pytest.mark.parametrize("t", [2.0, 7.0])
def test_the_change_of_the_deviance_is_that_of_two_whole_models(search, found, t):
    lattice = search.lattice
    base = search.model(found).deviance(t)
    near = Neighbourhood(search.model(found), t, np.ones(lattice.n_cells, bool))
    compared = 0
    for other in changes(lattice, found):
        levels = search.levels(other)
        change, left_out = near.deviance_change(other, levels), near.change(other, levels)[1]
        if np.isfinite(change):  # a region that comes or goes changes the levels of more nodes than these
            compared += 1
            exact = search.model(other).deviance(t) - base
            assert change == pytest.approx(exact, abs=1e-5 if left_out < 1e-9 else 0.05)
    assert compared > 60


def test_changes_follow_one_another(search, found):
    lattice, now = search.lattice, found
    near = Neighbourhood(search.model(now), 4.0, np.ones(lattice.n_cells, bool))
    moved = 0
    for edge in found.edges[::4]:
        other = now.plus(np.array([edge]), 0.9 - 0.8 * now.share[edge])
        expected = search.model(other).deviance(4.0) - search.model(now).deviance(4.0)
        assert near.deviance_change(other, search.levels(other)) == pytest.approx(expected, abs=1e-5)
        if near.move_to(other, search.levels(other)):
            now, moved = other, moved + 1
    assert moved > 5
