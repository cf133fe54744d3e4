"""What is told from a border within the cells: ramps, creases, bends, levels."""

import numpy as np
import pytest

from statmodels_x.discontinuity.border import rivals
from statmodels_x.discontinuity.border.chains import chains
from statmodels_x.discontinuity.border.fit import find_border
from statmodels_x.discontinuity.border.model import PRICES, Border
from statmodels_x.discontinuity.border.proposals import borders
from statmodels_x.discontinuity.border.search import Search

BALANCED = PRICES["balanced"]


def test_a_disk_in_a_cone_is_a_level_though_the_cone_bends_elsewhere(border_sample, circle_border):
    data = border_sample(
        lambda a, b: (r := np.hypot(a - 0.5, b - 0.5)) + 0.1 * (r > 0.25), n=5000, m=15, sd=0.05
    )
    search = Search(data, BALANCED, borders(data).strongest)
    whole = circle_border(data.lattice, 3.75, 7.0)
    half = whole.without(chains(data.lattice, whole)[0].edges[:12])
    (chain,) = chains(data.lattice, half)
    assert rivals.level_gain(search, half, chain) > 50.0
    flat = border_sample(lambda a, b: np.hypot(a - 0.5, b - 0.5), n=5000, m=15, sd=0.05)
    assert rivals.level_gain(Search(flat, BALANCED, borders(flat).strongest), half, chain) < 0.0


def test_a_ring_is_no_ramp_though_the_surface_steps_back(border_sample, circle_border):
    data = border_sample(
        lambda a, b: 0.06 * (np.abs(np.hypot(a - 0.5, b - 0.5) - 0.27) < 0.1), n=5000, m=15, sd=0.05
    )
    search = Search(data, BALANCED, borders(data).strongest)
    inner, outer = (circle_border(data.lattice, 15 * radius, 7.0) for radius in (0.17, 0.37))
    both = Border(inner.cut | outer.cut, np.where(inner.cut, inner.share, outer.share))
    for chain in chains(data.lattice, both):
        assert rivals.transition(search, both, chain).width < 0.3
    now = search.score(both, around=search.t0)
    assert rivals.without_ramps(search, now).border.key == both.key


def test_a_ramp_is_told_from_a_step(border_sample, straight_border):
    for width, is_wide in ((0.002, False), (0.08, True)):
        data = border_sample(lambda a, b, w=width: np.tanh((a - 0.5) / w), n=5000, m=14, sd=0.1)
        search = Search(data, BALANCED, borders(data).strongest)
        border = straight_border(data.lattice, [[6.5, -1.0], [6.5, 15.0]])
        (chain,) = chains(data.lattice, border)
        wide = rivals.transition(search, border, chain)
        assert (wide.width > 0.35 and wide.gain > 6.0) == is_wide


@pytest.mark.parametrize(
    "surface",
    [
        lambda a, b: np.hypot(a - 0.5, b - 0.5),
        lambda a, b: 0.2 * np.sin(6 * a) * b,
        lambda a, b: 0.3 * np.tanh((a - 0.5) / 0.1),
        lambda a, b: 0.5 * np.abs(a - 0.5),
    ],
)
def test_smooth_steep_and_creased_surfaces_have_no_border(surface, border_sample):
    found = find_border(border_sample(surface, n=5000, m=15, sd=0.05, seed=7), BALANCED)
    assert not found.best.border.cut.any()
    assert found.best.cost == 0.0
