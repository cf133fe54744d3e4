"""The weak string on a line: exact against enumeration, invariant, and refusing what it cannot use."""

import itertools
import time

import numpy as np
import pytest

from statmodels_x.core.errors import DataError
from statmodels_x.discontinuity.line.criteria import cross_validation, minimise, sure
from statmodels_x.discontinuity.line.data import line_data
from statmodels_x.discontinuity.line.evidence import Smoothing
from statmodels_x.discontinuity.line.kernels import recursions as line_kernels
from statmodels_x.discontinuity.line.string import (
    propose,
    string_cuts,
    string_fit,
    string_predict,
    thin,
)


def solved(x, y, w=None, *, lam, nu):
    """Points, jump set, minimiser and energy of a line, in unit scale."""
    line = line_data(x, y, w)
    cuts, energy = string_cuts(line, lam, nu)
    return line, cuts, string_fit(line, lam, cuts)[0], energy


def enumerate_energy(f, weight, stiffness, cost):
    """Least energy over all jump sets, each by a dense linear system."""
    n = len(f)
    best, best_cuts = np.inf, None
    difference = np.diff(np.eye(n), axis=0)
    for flags in itertools.product([False, True], repeat=n - 1):
        m = np.where(flags, 0.0, stiffness)
        system = np.diag(weight) + difference.T @ np.diag(m) @ difference
        u = np.linalg.lstsq(system, weight * f, rcond=None)[0]
        energy = weight @ (f - u) ** 2 + m @ np.diff(u) ** 2 + cost * sum(flags)
        if energy < best - 1e-12:
            best, best_cuts, best_u = energy, np.array(flags), u
    return best, best_cuts, best_u


@pytest.mark.parametrize("seed", range(40))
def test_dynamic_program_equals_enumeration(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 11))
    f, weight, stiffness = rng.random(n), 20.0 * rng.random(n), 20.0 * rng.random(n - 1)
    if seed % 3 == 0:
        weight[rng.random(n) < 0.3] = 0.0
        weight[0] = 1.0
    cost = 0.5 * rng.random()
    energy, _, _ = enumerate_energy(f, weight, stiffness, cost)
    cuts, found = line_kernels.cut_string(f, weight, stiffness, cost, f.min(), f.max())
    u, _ = line_kernels.fit_string(f, weight, stiffness, cuts)
    own = weight @ (f - u) ** 2 + np.where(cuts, 0.0, stiffness) @ np.diff(u) ** 2 + cost * cuts.sum()
    assert found == pytest.approx(energy, abs=1e-12)
    assert own == pytest.approx(energy, abs=1e-12)


def test_irregular_points_with_ties_equal_enumeration():
    rng = np.random.default_rng(5)
    x = np.repeat(np.array([3.0, 0.0, 7.5, 1.0, 4.0, 9.0, 10.0]), [1, 2, 1, 3, 1, 1, 2])
    y, w = rng.normal(size=len(x)) + 3.0 * (x > 3.5), rng.uniform(0.5, 2.0, len(x))
    line, found, values, least = solved(x, y, w, lam=30.0, nu=0.3)
    # by hand, with every row kept: rows of one location share their u
    points, row = np.unique(x, return_inverse=True)
    f, h = (y - y.min()) / np.ptp(y), np.diff(points) / 10.0
    weight = 30.0 * np.bincount(row, w) / w.sum()
    mean = np.bincount(row, w * f) / np.bincount(row, w)
    energy, cuts, u = enumerate_energy(mean, weight, 1.0 / h, 0.3)
    assert line.within_ss == pytest.approx(w @ (f - mean[row]) ** 2, rel=1e-12)
    assert least == pytest.approx(energy, rel=1e-12)
    np.testing.assert_array_equal(found, cuts)
    np.testing.assert_allclose(values, u, rtol=1e-10)
    assert cuts.sum() == 1


def test_kernels_in_plain_python_give_the_same():
    rng = np.random.default_rng(0)
    f, w, m = rng.random(30), rng.random(30), 5.0 * rng.random(29)
    compiled = line_kernels.cut_string(f, w, m, 0.05, 0.0, 1.0)
    plain = line_kernels.cut_string.py_func(f, w, m, 0.05, 0.0, 1.0)
    np.testing.assert_array_equal(compiled[0], plain[0])
    assert compiled[1] == pytest.approx(plain[1], rel=1e-14)
    for got, want in zip(
        line_kernels.fit_string(f, w, m, plain[0]),
        line_kernels.fit_string.py_func(f, w, m, plain[0]),
        strict=True,
    ):
        np.testing.assert_allclose(got, want, rtol=1e-13)


def test_grid_energy_is_that_of_the_edge_form():
    rng = np.random.default_rng(2)
    n, lam, nu = 10, 40.0, 0.05
    f = (np.arange(n) > 4) * 0.5 + 0.1 * rng.random(n)
    count = rng.integers(0, 3, n).astype(float)
    stiffness = np.full(n - 1, float(n**2))
    cuts, energy = line_kernels.cut_string(f, lam * count, stiffness, nu * n, f.min(), f.max())
    u = line_kernels.fit_string(f, lam * count, stiffness, cuts)[0]
    edge_form = lam * count @ (u - f) ** 2 + np.minimum(np.diff(u) ** 2 * n**2, nu * n).sum()
    assert energy == pytest.approx(edge_form, rel=1e-12)
    assert energy == pytest.approx(
        enumerate_energy(f, lam * count, np.full(n - 1, n**2.0), nu * n)[0], rel=1e-12
    )
    assert not line_kernels._above(1.0, 0.5, 0.0, 1.0, 0.5, 1.0, 0.0, 1.0)
    assert cuts.dtype == bool


def test_smoother_diagonal_is_the_derivative():
    rng = np.random.default_rng(3)
    line = line_data(rng.random(12), rng.random(12), rng.uniform(0.5, 2.0, 12))
    cuts = np.zeros(11, bool)
    cuts[4] = True
    u, leverage = string_fit(line, 50.0, cuts)
    weight = 50.0 * line.weight / line.weight.sum()
    difference = np.diff(np.eye(12), axis=0)
    matrix = np.diag(weight) + difference.T @ np.diag(np.where(cuts, 0.0, 1.0 / line.dx)) @ difference
    np.testing.assert_allclose(leverage, np.diag(np.linalg.solve(matrix, np.diag(weight))), rtol=1e-10)
    np.testing.assert_allclose(u, np.linalg.solve(matrix, weight * line.y), rtol=1e-10)


def test_units_of_x_and_y_do_not_matter():
    rng = np.random.default_rng(4)
    x, y = rng.random(200), rng.normal(size=200)
    y[x > 0.6] += 4.0
    line, cuts, u, energy = solved(x, y, lam=100.0, nu=0.05)
    line2, cuts2, u2, energy2 = solved(-3.0 + 50.0 * x, 7.0 - 2.0 * y, lam=100.0, nu=0.05)
    np.testing.assert_array_equal(cuts, cuts2)
    assert cuts.any()
    np.testing.assert_allclose(line2.response(u2), 7.0 - 2.0 * line.response(u), rtol=1e-9)
    np.testing.assert_allclose(line2.location(line2.middle), -3.0 + 50.0 * line.location(line.middle))
    assert energy2 == pytest.approx(energy, rel=1e-10)


@pytest.mark.parametrize(("factor", "jumps"), [(0.95, 0), (1.05, 1)])
def test_smallest_jump_is_where_the_energy_begins_to_cut(factor, jumps):
    x = np.linspace(0.0, 1.0, 1001)
    lam, nu = 1000.0, 0.5
    smallest = np.sqrt(2.0 * nu / np.sqrt(lam))
    y = factor * smallest * (x > 0.5) * 1.0
    y[[0, -1]] = [0.0, 1.0]  # sets the range to 1; the end point pulls the string only near the end
    y[-1] = y[-2]
    cuts, _ = line_kernels.cut_string(y, np.full(1001, lam / 1001), np.full(1000, 1000.0), nu, 0.0, 1.0)
    assert cuts.sum() == jumps


def test_thinning_keeps_the_stronger_border():
    cuts = np.zeros(30, bool)
    cuts[[10, 12, 20]] = True
    strength = np.zeros(30)
    strength[[10, 12, 20]] = [1.0, 3.0, 1.0]
    np.testing.assert_array_equal(np.flatnonzero(thin(cuts, strength, 5)), [12, 20])
    assert thin(cuts, strength, 1).sum() == 3


def test_proposals_begin_with_no_jump_and_do_not_repeat():
    rng = np.random.default_rng(6)
    line = line_data(np.arange(100.0), rng.normal(size=100) + 5.0 * (np.arange(100) > 40))
    found = propose(line, 0.01, 5)
    assert not found[0].cuts.any()
    assert len({one.cuts.tobytes() for one in found}) == len(found)
    assert any(one.cuts[40] for one in found)


def test_five_thousand_points_take_a_fraction_of_a_second():
    rng = np.random.default_rng(7)
    line = line_data(rng.random(5000), rng.normal(size=5000))
    string_cuts(line, 100.0, 0.1)
    start = time.process_time()
    string_cuts(line, 100.0, 0.1)
    assert time.process_time() - start < 0.5


def test_sure_is_unbiased_for_the_risk():
    rng = np.random.default_rng(8)
    n, sd, repeats = 150, 0.2, 150
    x = np.sort(rng.random(n))
    truth = np.sin(4.0 * x) + 1.0 * (x > 0.5)
    base = line_data(x, truth)
    scaled_sd = sd / base.y_range
    noise = Smoothing(1.0, scaled_sd**2, 0.0, 1.0, 0.0)
    gaps = []
    for k in range(repeats):
        line = base.with_response(base.y + scaled_sd * rng.standard_normal(n))
        criterion = sure(line, noise, seed=k)
        cuts = string_cuts(line, 300.0, 0.3)[0]
        risk = np.mean((string_fit(line, 300.0, cuts)[0] - base.y) ** 2)
        gaps.append(criterion(300.0, 0.3) - risk)
    # the finite step leaves a bias: allow 3 standard errors and a tenth of the noise's share
    assert abs(np.mean(gaps)) < 3.0 * np.std(gaps) / np.sqrt(repeats) + 0.02 * scaled_sd**2


def test_sure_divergence_for_correlated_noise():
    # one piece, nothing cut: the estimate is linear and the covariance term is tr(S Cov)
    rng = np.random.default_rng(9)
    line = line_data(rng.random(60), rng.random(60))
    noise = Smoothing(1.0, 0.01, 0.02, 0.05, 0.0)
    weight = 200.0 / 60.0
    difference = np.diff(np.eye(60), axis=0)
    matrix = weight * np.eye(60) + difference.T @ np.diag(1.0 / line.dx) @ difference
    smoother = weight * np.linalg.inv(matrix)
    cov = 0.01 * np.eye(60) + 0.02 * np.exp(-np.abs(line.x[:, None] - line.x) / 0.05)
    u = smoother @ line.y
    exact = np.mean((line.y - u) ** 2) - 0.03 + 2.0 * np.trace(smoother @ cov) / 60.0
    draws = [sure(line, noise, seed=k)(200.0, 50.0) for k in range(300)]
    assert np.mean(draws) == pytest.approx(exact, abs=4.0 * np.std(draws) / np.sqrt(300))
    b = rng.standard_normal(60)
    product = line_kernels.exponential_product(b, line.dx, 0.05)
    np.testing.assert_allclose(product, np.exp(-np.abs(line.x[:, None] - line.x) / 0.05) @ b, rtol=1e-10)


def test_cross_validation_error_is_that_of_held_out_points():
    rng = np.random.default_rng(10)
    line = line_data(rng.random(40), rng.random(40))
    # with lam tiny and no cut the string is a constant, the mean of the points that are kept
    value = cross_validation(line, seed=0)(1e-9, 10.0)
    assert value == pytest.approx(np.var(line.y), rel=0.2)
    surface = minimise(line, cross_validation(line, seed=0), 0.1)
    assert surface.criterion[surface.best] == surface.criterion.min()
    for lam, nu in ((10.0, 1.0), (30.0, 0.1), (100.0, 10.0)):
        assert surface.criterion.min() <= cross_validation(line, seed=0)(lam, nu)


def test_prediction_between_points():
    line = line_data([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 5.0, 4.0])
    cuts = np.array([False, True, False])
    at = np.array([0.5, 1.4, 1.6, 2.5]) / 3.0
    np.testing.assert_allclose(
        string_predict(line, np.array([0.0, 1.0, 5.0, 4.0]), cuts, at), [0.5, 1.0, 5.0, 4.5]
    )


@pytest.mark.parametrize(
    ("x", "y", "weights", "words"),
    [
        ([1.0, 2.0, np.nan], [1.0, 2.0, 3.0], None, "`x` has missing or infinite values in 1 row"),
        ([1.0, 2.0, 3.0], [1.0, np.inf, 3.0], None, "`y` has missing or infinite"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], None, "`x` has 2 rows and `y` has 3"),
        ([1.0, 1.0], [1.0, 2.0], None, "`x` takes 1 distinct"),
        ([1.0, 2.0], [3.0, 3.0], None, "`y` is constant"),
        ([1.0, 2.0], [1.0, 3.0], [1.0, 0.0], "`weights` must be positive"),
        ([1.0, 2.0], [1.0, 3.0], [1.0], "`weights` has 1"),
        (["a", "b"], [1.0, 3.0], None, "'x' holds text"),
    ],
)
def test_bad_points_are_named(x, y, weights, words):
    with pytest.raises(DataError, match=words):
        line_data(x, y, weights)
