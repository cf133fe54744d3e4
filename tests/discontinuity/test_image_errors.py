"""Images with heavy-tailed errors and with borders that branch: what rests on a few pixels, what is put together."""

from dataclasses import replace

import numpy as np
import pytest

import statmodels_x as smx
from statmodels_x.discontinuity.border import rivals
from statmodels_x.discontinuity.border.fit import united
from statmodels_x.discontinuity.border.large import search_of
from statmodels_x.discontinuity.border.model import PRICES, Border, net_of
from statmodels_x.discontinuity.border.pixels import pixel_data
from statmodels_x.discontinuity.border.proposals import borders
from statmodels_x.discontinuity.border.roughness import Sturdiness
from statmodels_x.discontinuity.kernels import border as kernels


def searched(image, sd):
    data = pixel_data(smx.FreeDiscontinuity(image).sample.cells, sd**2, "points")
    return search_of(data, PRICES["balanced"], borders(data).strongest)


def line(search, start, end):
    lattice = search.lattice
    cut, share = kernels.draw_line(net_of(lattice), np.array([start, end], float), lattice.n_edges)
    return Border(cut, share)


def together(one, other):
    return Border(one.cut | other.cut, np.where(one.cut, one.share, other.share))


def around(search, pixels):
    inside = np.zeros(search.lattice.shape, bool)
    inside[tuple(np.transpose(pixels))] = True
    inside = inside.ravel()
    cut = inside[search.lattice.tail] != inside[search.lattice.head]
    return Border(cut, np.full(cut.size, 0.5))


@pytest.mark.parametrize("n", [24, 42])  # as a whole, and in windows
@pytest.mark.parametrize(
    ("heights", "is_region"), [((0.75, 0.5, 0.45, 0.4), False), ((1.0, 1.05, 0.95, 1.0), True)]
)
def test_pixels_of_different_heights_are_outliers_and_alike_ones_a_region(n, heights, is_region):
    pixels = [(5, 8), (5, 9), (6, 8), (6, 9)]
    image = 0.1 * np.random.default_rng(5).normal(size=(42, 42))[:n, :n]  # the same noise beside the pixels
    for place, height in zip(pixels, heights, strict=True):
        image[place] = height
    search = searched(image, 0.1)
    now = search.score(around(search, pixels), around=search.t0)
    assert -now.cost > rivals.gate(search) + 10.0  # as if there were no outliers
    assert rivals.without_frailty(search, now).border.cut.any() == is_region


def test_a_step_needs_no_pixel_to_be_exact():
    image = 0.4 * (np.indices((24, 24))[0] > 11) + 0.1 * np.random.default_rng(5).normal(size=(24, 24))
    search = searched(image, 0.1)
    now = search.score(line(search, [11.5, -2.0], [11.5, 26.0]), around=search.t0)
    assert Sturdiness.of(search, now).gain(now.border.edges) == pytest.approx(-now.cost, rel=0.05)


def test_heavy_tails_on_a_bump_are_no_border():
    x, y = (np.indices((24, 24)) + 0.5) / 24
    bump = np.exp(-((x - 0.5) ** 2 + (y - 0.4) ** 2) / (2.0 * 0.14**2))
    bump = (bump - bump.min()) / np.ptp(bump)
    errors = 0.1 / np.sqrt(3.0) * np.random.default_rng(302).standard_t(3, bump.shape)
    assert smx.FreeDiscontinuity(bump + errors).fit().jumps.empty


def test_a_branch_that_another_search_found_is_joined():
    at = np.indices((24, 24))
    clean = 1.0 * (at[0] > 11) + 0.8 * ((at[0] <= 11) & (at[1] > 13))
    search = searched(clean + 0.15 * np.random.default_rng(3).normal(size=clean.shape), 0.15)
    main, branch = line(search, [11.5, -2.0], [11.5, 26.0]), line(search, [-2.0, 13.5], [11.4, 13.5])
    now, other = (search.score(one, around=search.t0) for one in (main, branch))
    found = united(search, now, [other])
    assert found.cost < min(now.cost, other.cost) - 50.0
    assert search.lattice.segments(found.border.cut)[0] == 1
    assert found.border.cut[together(main, branch).cut].mean() > 0.9
    # a border that gains too little is left as it is
    little = replace(now, cost=-0.5 * rivals.gate(search))
    assert united(search, little, [other]) is little


def test_pixels_that_a_sharp_border_mixes_are_no_outliers():
    n, fine = 20, 16
    at = (np.arange(n * fine) + 0.5) / fine - 0.5
    inside = np.hypot(at[:, None] - 10.2, at - 9.1) < 4.3
    clean = inside.reshape(n, fine, n, fine).mean((1, 3))
    image = clean + 0.02 * np.random.default_rng(1).normal(size=clean.shape)
    assert pixel_data(smx.FreeDiscontinuity(image).sample.cells, 0.02**2, "averages").n_set_aside == 0
    image[3, 15] = 0.5  # beyond all of its neighbours
    image[10, 9] = 1.5
    assert pixel_data(smx.FreeDiscontinuity(image).sample.cells, 0.02**2, "averages").n_set_aside == 2
