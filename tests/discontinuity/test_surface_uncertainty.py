"""Resampling of surfaces: seeds, stability, intervals, the test of no jump, the second stage; SURE's divergence."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from statmodels_x import FreeDiscontinuity
from statmodels_x.core.errors import DataError, IdentificationWarning
from statmodels_x.core.resampling import percentile_limits
from statmodels_x.discontinuity.fitting.record import lifted_problem
from statmodels_x.discontinuity.inference.posterior import draw, posterior_factor
from statmodels_x.discontinuity.inference.uncertainty import gain_test
from statmodels_x.discontinuity.lifted.relaxation import solve
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel
from statmodels_x.discontinuity.tuning import sure

pytestmark = pytest.mark.search


@pytest.fixture(scope="module")
def image():
    x = (np.arange(12) + 0.5) / 12
    step = 1.0 * (x[:, None] > 0.5) + 0.3 * x
    return step + 0.1 * np.random.default_rng(0).normal(size=(12, 12))


@pytest.fixture(scope="module")
def fit(image):
    return FreeDiscontinuity(image, noise=0.1).fit(pixels="points")  # resamples are read once


def test_the_bootstrap_finds_the_boundary_again(fit):
    at = np.array([[5.5, 4.0], [5.5, 8.0]])
    one = fit.bootstrap(20, at=at, seed=3)
    assert (one.jumps["stability"] > 0.9).all()
    sizes = one.jump_sizes()
    assert (sizes["found"] == 1.0).all()
    assert ((sizes["lower"] < sizes["size"]) & (sizes["size"] < sizes["upper"])).all()
    ratio = sizes["std_error"].to_numpy() / fit.jump_sizes(at)["std_error"].to_numpy()
    assert ((ratio > 0.5) & (ratio < 2.0)).all()
    pd.testing.assert_frame_equal(one.conf_int(), sizes[["lower", "upper"]])
    assert repr(one) == "BootstrapResults(n=20, places=2)"
    assert (one.n, one.n_failed) == (20, 0)
    lower, upper = one.band()
    assert lower.shape == fit.surface.shape
    assert (upper >= lower).all()
    again = fit.bootstrap(20, at=at, seed=3, n_jobs=2)
    pd.testing.assert_frame_equal(sizes, again.jump_sizes())


def test_a_clear_jump_is_significant(fit):
    test = fit.test_no_jump(19, seed=1)
    assert test["p.value"] == pytest.approx(0.05)
    assert test["resamples"] == 19


def test_the_p_value_counts_the_data_themselves():
    null = np.array([-np.inf, 1.0, 2.0, 3.0])
    assert gain_test(2.0, null)["p.value"] == pytest.approx(3 / 5)
    assert gain_test(9.0, null)["p.value"] == pytest.approx(1 / 5)
    assert gain_test(-np.inf, null)["p.value"] == 1.0  # no jump set at all is no evidence


def test_the_second_stage_measures_on_the_other_half(disk, disk_fit):
    angle = np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False)
    at = np.column_stack([5.0 + 2.5 * np.cos(angle), 6.5 + 2.5 * np.sin(angle)])
    half = disk_fit.second_stage(at, seed=1)
    whole = disk_fit.jump_sizes(at)
    assert half["std_error"].mean() > whole["std_error"].mean()
    assert list(half.columns) == list(whole.columns)
    pd.testing.assert_frame_equal(half, disk_fit.second_stage(at, seed=1))
    assert not half["size"].equals(disk_fit.second_stage(at, seed=2)["size"])


def test_a_place_past_the_end_of_a_boundary_is_answered_at_its_end():
    from statmodels_x.discontinuity.grid.boundary import limits
    from statmodels_x.discontinuity.grid.lattice import Lattice

    lattice = Lattice((16, 16))
    cut = np.zeros(lattice.n_edges, bool)
    cut[lattice.edge_from[0, 7 * 16 + np.arange(8)]] = True  # between rows 7 and 8, in columns 0 to 7
    found = limits(lattice, cut, np.array([7.5, 13.0]))
    assert found.place[0] == pytest.approx(7.5)
    assert 7.0 <= found.place[1] <= 8.5


def test_no_size_where_every_cell_lies_beside_a_jump():
    stripes = (np.arange(8)[:, None] + 1) // 2 % 2 + 0.05 * np.random.default_rng(0).normal(size=(8, 8))
    torn = FreeDiscontinuity(stripes, lam=1000.0, nu=1.0, noise=0.05).fit(tune=None)
    assert len(torn.jumps) == 4 * 8
    assert torn.jump_sizes([[2.5, 4.0]])["std_error"].isna().all()
    assert torn.jumps["std_error"].isna().all()
    assert torn.jumps["size"].notna().all()


@pytest.mark.parametrize(("jump", "nu"), [(0.0, 0.5), (0.4, 0.03)])
def test_sure_estimates_the_prediction_error(jump, nu):
    """Mean over noise of SURE minus the true error: 0 within three Monte-Carlo standard errors, and those small."""
    x = (np.arange(8) + 0.5) / 8
    truth = 0.3 + 0.2 * np.add.outer(x, x) + jump * (x[:, None] > 0.5)
    gaps, losses, errors = [], [], ErrorModel(0.05**2, (0.0, 0.0))
    for seed in range(60):
        image = truth + 0.05 * np.random.default_rng(seed).normal(size=(8, 8))
        model = FreeDiscontinuity(image, lam=60, nu=nu, levels=16)
        cells = model.sample.cells
        problem = lifted_problem(cells, model.specification, 60.0, nu)
        value, _ = sure.estimate(problem, errors, cells, sure.directions(64, seed, 3))
        surface = solve(problem, 1e-3, 3000, np.float32).surface
        losses.append(np.mean((surface - cells.scale.scaled(truth.ravel())) ** 2))
        gaps.append(value - losses[-1])
    error = np.std(gaps, ddof=1) / np.sqrt(len(gaps))
    assert abs(np.mean(gaps)) < 3.0 * error
    assert error < 0.2 * np.mean(losses)


def test_the_divergence_does_not_depend_on_how_far_the_solver_went():
    """Base and perturbed solutions start cold and make the same number of iterations."""
    image = 0.6 * (np.arange(6)[:, None] > 2) + 0.2 + 0.05 * np.random.default_rng(0).normal(size=(6, 6))
    model = FreeDiscontinuity(image, lam=60, nu=0.05, levels=12)
    problem = lifted_problem(model.sample.cells, model.specification, 60.0, 0.05)
    b = sure.directions(36, 0, 1)[0]
    moved = replace(problem, f=problem.f + sure._EPSILON * b)
    traces = []
    for tol in (1e-3, 1e-6):
        base = solve(problem, tol, 20000, np.float64)
        other = solve(moved, tol, base.n_iter, np.float64, fixed_iterations=True)
        traces.append(b @ (other.surface - base.surface) / sure._EPSILON)
    assert traces[0] == pytest.approx(traces[1], abs=0.2)


def test_error_quantiles_hold_a_new_error_as_often_as_they_say():
    rng = np.random.default_rng(0)
    for n, level in ((39, 0.95), (99, 0.95), (19, 0.90)):
        errors = rng.normal(size=(n, 20000))
        low, high = percentile_limits(errors, 1.0 - level)
        new = rng.normal(size=20000)
        held = np.mean((low <= new) & (new <= high))
        assert held == pytest.approx(level, abs=4.0 * np.sqrt(level * (1.0 - level) / 20000))


def test_posterior_draws_have_the_posterior_moments(fit):
    """Mean and standard deviation at each cell, within Monte-Carlo error."""
    cells, found = fit.sample.cells, fit.estimate
    factor = posterior_factor(cells, None, found)
    rng = np.random.default_rng(0)
    draws = np.array([draw(found.surface, factor, rng) for _ in range(2000)])
    spread = fit.surface_std_error.ravel() / cells.scale.range
    assert np.abs((draws.mean(0) - found.surface) / spread).max() < 5.0 / np.sqrt(2000)
    np.testing.assert_allclose(draws.std(0), spread, rtol=0.1)


@pytest.mark.parametrize("tune", [None, "evidence"])
def test_bands_of_correlated_errors(tune):
    """Posterior precision of both priors against the dense inverse."""
    x = (np.arange(9) + 0.5) / 9
    image = 1.0 * (x[:, None] > 0.5) + 0.05 * np.random.default_rng(3).normal(size=(9, 9))
    fit = FreeDiscontinuity(image, lam=50, nu=0.05, noise="correlated").fit(tune=tune)
    assert any(fit.estimate.errors.rho)
    assert np.isfinite(fit.surface_std_error).all() == fit.estimate.errors.told_apart


def test_the_way_a_boundary_is_crossed_is_the_same_in_every_resample():
    """On the diagonal the nearest edge lies along either axis; the size must not change its sign with it."""
    x = (np.arange(14) + 0.5) / 14
    step = 1.0 * (x[:, None] > x[None, :] + 0.02)
    image = step + 0.1 * np.random.default_rng(2).normal(size=step.shape)
    drawn = (
        FreeDiscontinuity(image, noise=0.1)
        .fit(pixels="points")
        .bootstrap(19, at=[[6.5, 6.5], [4.5, 4.5], [9.0, 9.0]], seed=1)
    )
    assert np.nanmax(np.abs(drawn.resamples.size_errors)) < 0.6
    assert (drawn.jump_sizes()["std_error"] < 0.2).all()


def test_errors_that_cannot_be_told_from_a_rough_surface_are_named():
    x = (np.arange(20) + 0.5) / 20
    e = np.random.default_rng(1).normal(size=(21, 21))
    e = (e[1:, 1:] + e[:-1, 1:] + e[1:, :-1] + e[:-1, :-1]) / 2.0  # no geometric correlation
    image = 0.3 * np.outer(np.sin(6 * x), np.cos(5 * x)) + 0.05 * e
    with pytest.warns(IdentificationWarning, match="cannot tell correlated errors"):
        fit = FreeDiscontinuity(image, noise="correlated").fit()
    assert np.isnan(fit.noise_sd)
    assert np.isnan(fit.surface_std_error).all()
    assert "cannot tell correlated errors" in str(fit.summary())
    with pytest.raises(DataError, match="noise=sd"):
        fit.bootstrap(20)
    with pytest.raises(DataError, match="noise=sd"):
        fit.test_no_jump(19)
