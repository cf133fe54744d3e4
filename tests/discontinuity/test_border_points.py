"""Points as the search for borders sees them: outliers, rows at one place, variances."""

import numpy as np
import pytest

from statmodels_x.discontinuity.border.points import errors_of, point_data, without_company
from statmodels_x.discontinuity.grid.domain import Points, Scale, point_domain
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.smoothing.ties import put_together


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


def test_the_variance_does_not_see_a_step_nor_a_slope(border_sample, straight_border):
    data = border_sample(lambda a, b: 3.0 * a + 2.0 * (b > 0.52), n=4000, m=14)
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(4000, 2))
    points = Points(x, 3.0 * x[:, 0] + 2.0 * (x[:, 1] > 0.52) + 0.1 * rng.normal(size=4000), np.ones(4000))
    domain, scale = point_domain(x, ("a", "b"), (14, 14)), Scale(0.0, 1.0)
    own = point_data(points, domain, scale)
    assert np.sqrt(own.variance) == pytest.approx(0.1, rel=0.05)
    assert point_data(points, domain, scale, noise_sd=0.3).variance == pytest.approx(0.09)
    border = straight_border(data.lattice, [[-1.0, 6.78], [15.0, 6.78]])
    assert np.sqrt(own.away_variance(border.cut)) == pytest.approx(0.1, rel=0.03)
    halved = own.with_variance(own.variance / 2.0)
    np.testing.assert_allclose(halved.weight, 2.0 * own.weight)


def tied(seed, places=300, rows=5, sd=0.1):
    """Rows at shared places over a step."""
    rng = np.random.default_rng(seed)
    x = np.repeat(rng.uniform(size=(places, 2)), rows, axis=0)
    return x, 0.5 * (x[:, 1] > 0.5) + sd * rng.normal(size=len(x))


@pytest.mark.parametrize("size", [1.2, 3.0, 100.0])
def test_a_stray_row_leaves_its_place_as_the_other_rows_have_it(size):
    x, y = tied(0)
    y[702] += size
    found = put_together(x, y, np.ones(len(y)))
    np.testing.assert_array_equal(np.flatnonzero(found.stray), [702])
    kept = np.arange(len(y)) != 702
    other = put_together(x[kept], y[kept], np.ones(kept.sum()))
    np.testing.assert_allclose(found.y, other.y)
    assert found.weight.sum() == other.weight.sum() == 1499.0
    assert found.inner == pytest.approx(other.inner)
    assert found.inner == pytest.approx(0.01, rel=0.1)


def test_rows_of_noisy_parts_and_of_pairs_are_no_stray_rows():
    rng = np.random.default_rng(1)
    x, _ = tied(1)
    noisy = (0.02 + 0.5 * x[:, 0]) * rng.normal(size=len(x))
    assert put_together(x, noisy, np.ones(len(x))).stray.sum() <= 3
    x, y = tied(2, 600, 2)
    y[100] += 3.0
    assert not put_together(x, y, np.ones(len(x))).stray.any()
