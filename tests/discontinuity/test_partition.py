"""Two regions by minimal cuts: the cut of least cost, and steps that are weak beside each cell."""

from itertools import product

import numpy as np
import pytest

from statmodels_x import FreeDiscontinuity
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.grid.partition import least_cut, two_regions

M = 30
X, Y = np.mgrid[:M, :M]
DISK = np.hypot(X - 13.6, Y - 15.2) < 8.0


def value(lattice, gain, price, label):
    return gain[label].sum() - price * (label[lattice.tail] != label[lattice.head]).sum()


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2), (12,)])
@pytest.mark.parametrize("price", [0.0, 0.5, 2.0])
def test_the_cut_is_the_best_of_all(shape, price):
    lattice = Lattice(shape)
    for seed in range(5):
        gain = np.random.default_rng([seed, len(shape)]).normal(size=lattice.n_cells).round(2)
        found = value(lattice, gain, price, least_cut(lattice, gain, price))
        every = (np.array(label) for label in product([False, True], repeat=lattice.n_cells))
        assert found == pytest.approx(max(value(lattice, gain, price, label) for label in every), abs=1e-9)


@pytest.mark.parametrize("back", [0.0 * X, 0.02 * X + 0.01 * Y])
def test_a_disk_of_one_and_a_half_standard_deviations_is_divided_off(back):
    rng = np.random.default_rng(1)
    mean = back + 1.5 * DISK + rng.normal(size=(M, M))
    labels = two_regions(Lattice((M, M)), mean, np.ones((M, M)))
    wrong = [min((label != DISK.ravel()).mean(), (label == DISK.ravel()).mean()) for label in labels]
    assert min(wrong) < 0.05


def test_missing_cells_count_for_nothing():
    rng = np.random.default_rng(2)
    mean, weight = 3.0 * DISK + rng.normal(size=(M, M)), np.ones((M, M))
    weight[rng.uniform(size=(M, M)) < 0.2] = 0.0
    lattice = Lattice((M, M))
    first = two_regions(lattice, mean, weight)
    again = two_regions(lattice, np.where(weight > 0.0, mean, 1e3), weight)
    assert len(first) == len(again)
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))


def test_a_grid_without_anything_on_it_is_not_divided():
    assert two_regions(Lattice((6, 6)), np.zeros((6, 6)), np.ones((6, 6))) == []


@pytest.mark.search
@pytest.mark.parametrize("seed", range(2))
def test_an_image_of_a_disk_that_no_pixel_shows_has_one_border(seed):
    rng = np.random.default_rng(seed)
    fit = FreeDiscontinuity(0.02 * X / M + 0.5 * DISK + 0.27 * rng.normal(size=(M, M))).fit(pixels="points")
    assert fit.segments().max() == 2
    row = fit.boundaries.iloc[0]
    assert abs(row["mean_size"] - 0.5) < 4.0 * row["std_error"]
    assert row["length"] == pytest.approx(2.0 * np.pi * 8.0, rel=0.25)
    assert (fit.segments().ravel()[DISK.ravel()] == fit.segments()[14, 15]).mean() > 0.9
