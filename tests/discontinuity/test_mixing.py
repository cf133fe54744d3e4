"""Cells that a border crosses have a variance of their own."""

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel
from statmodels_x.discontinuity.smoothing.mixing import mixing_variance
from statmodels_x.discontinuity.smoothing.smoother import JumpSetModel, Observations, SecondDifferences


def observations(rho):
    cells = smx.FreeDiscontinuity(np.random.default_rng(2).normal(size=(6, 7)), noise=1.0).sample.cells
    return ErrorModel(0.4, (rho, rho)).observations(cells), cells.scale.range


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_further_variance_is_added_to_the_covariance(rho):
    data, _ = observations(rho)
    extra = np.where(np.arange(42) % 5 == 0, np.arange(42) / 42.0, 0.0)
    found = data.noisier(extra)
    covariance = np.linalg.inv(data.matrix.toarray()) + np.diag(extra)
    np.testing.assert_allclose(
        found.matrix.toarray(), np.linalg.inv(covariance), atol=1e-7 * found.matrix.max()
    )
    assert found.log_precision == pytest.approx(-np.linalg.slogdet(covariance)[1])
    assert data.noisier(np.zeros(42)).log_precision == pytest.approx(data.log_precision)


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_an_infinite_variance_empties_a_cell(rho):
    data, _ = observations(rho)
    gone = np.arange(42) % 4 == 1
    found = data.without(gone)
    covariance = np.linalg.inv(data.matrix.toarray())[np.ix_(~gone, ~gone)]
    dense = found.matrix.toarray()
    np.testing.assert_allclose(
        dense[np.ix_(~gone, ~gone)], np.linalg.inv(covariance), atol=1e-7 * dense.max()
    )
    assert not dense[gone].any()
    assert not dense[:, gone].any()
    assert found.log_precision == pytest.approx(-np.linalg.slogdet(covariance)[1])


def test_the_variance_is_the_squared_gap_beyond_what_is_known():
    rng = np.random.default_rng(4)
    image = 1.0 * (np.arange(12) > 5) + 0.02 * rng.normal(size=(14, 12))
    image[3, 5] = 0.5  # half of it lies behind the border
    cells = smx.FreeDiscontinuity(image, noise=0.02).sample.cells
    lattice, scale = cells.lattice, cells.scale.range
    data = Observations(cells.f, np.full(lattice.n_cells, (scale / 0.02) ** 2))
    cut = (lattice.axis == 1) & (lattice.tail % 12 == 5)
    differences = SecondDifferences.of(lattice)
    variance = mixing_variance(differences, data, cut, 8.0) * scale**2
    mixed = 3 * 12 + 5
    assert variance[mixed] == pytest.approx(0.5**2, rel=0.1)
    beside = lattice.near(cut)
    assert not variance[~beside].any()
    assert np.median(variance[beside]) < 0.02**2
    plain, aware = (
        cells.scale.natural(JumpSetModel(differences, seen, cut).smooth(8.0).surface[mixed])
        for seen in (data, data.noisier(variance / scale**2))
    )
    assert abs(aware) < 0.02 < 0.1 < plain


def test_nothing_is_added_where_all_cells_lie_beside_the_jump():
    data, _ = observations(0.0)
    differences = SecondDifferences.of(smx.FreeDiscontinuity(np.eye(6, 7), noise=1.0).sample.cells.lattice)
    cut = np.ones(differences.lattice.n_edges, bool)
    assert not mixing_variance(differences, data, cut, 3.0).any()


@pytest.mark.parametrize(("border", "least"), [("cells", 0.8), ("points", 0.9)])
def test_bands_hold_the_surface_beside_a_border_that_crosses_cells(border, least):
    """Without a variance of their own they held .65 of these cells; points that see past the border need none."""
    held = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        x = rng.random((8000, 2))
        r = np.linalg.norm(x - 0.5, axis=1)
        data = pd.DataFrame(x, columns=["a", "b"]).assign(
            y=r + 0.15 * (r > 0.25) + 0.05 * rng.normal(size=8000)
        )
        fit = smx.FreeDiscontinuity("y ~ a + b", data, resolution=20).fit(border=border)
        at = np.linalg.norm(fit.domain.cell_centres() - 0.5, axis=1)
        gap = np.abs(fit.surface.ravel() - at - 0.15 * (at > 0.25)) / fit.surface_std_error.ravel()
        clear = fit.domain.lattice.near(fit.estimate.cut) & (np.abs(at - 0.25) > 0.002)
        held.append(np.mean(gap[clear] < 1.96))
        assert (fit.estimate.mixing is None) == (border == "points")
    assert np.mean(held) > least
