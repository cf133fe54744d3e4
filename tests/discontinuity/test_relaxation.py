"""The lifted solver against interior points, its lower bound, and its two recoveries of a surface."""

import cvxpy as cp
import numpy as np
import pytest

from statmodels_x.core import threads
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.kernels import lifted as kernels
from statmodels_x.discontinuity.lifted import relaxation
from statmodels_x.discontinuity.lifted.reference import solve_exactly
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem, half_level, newton_steps, solve


def problem(shape, levels, lam, nu, isotropic, seed=3):
    rng = np.random.default_rng(seed)
    f = np.zeros(shape)
    f[tuple(slice(size // 2, None) for size in shape)] = 0.6
    slope = np.add.reduce(np.meshgrid(*(0.1 * np.arange(m) / m for m in shape), indexing="ij"))
    weight = rng.uniform(0.5, 1.5, int(np.prod(shape)))
    f = (f + slope + 0.15 + 0.04 * rng.normal(size=shape)).ravel()
    return LiftedProblem(Lattice(shape), f, weight / weight.mean(), lam, nu, levels, isotropic)


CASES = [
    ((12,), 8, 60.0, 0.05),
    ((6, 7), 8, 50.0, 0.02),
    ((7, 5), 10, 20.0, 0.05),
    ((4, 3, 4), 6, 40.0, 0.05),
]


def all_pairs(p, unlike):
    """The problem with the constraint on every pair of labels, a slope field and label costs, in full."""
    lattice, n_labels = p.lattice, p.levels
    cost = cp.Variable((lattice.n_cells, n_labels))
    slopes = [cp.Variable((lattice.n_cells, n_labels)) for _ in range(lattice.n_axes)]
    rho = p.lam * p.weight[:, None] * (p.labels - p.f[:, None]) ** 2
    constraints = [cost >= p.curvature * sum(cp.square(s) for s in slopes) - rho]
    gradient = [0] * (n_labels + 1)
    for k in range(n_labels):
        gradient[k] = gradient[k] - cost[:, k]
        gradient[k + 1] = gradient[k + 1] + cost[:, k]
        for axis, slope in enumerate(slopes):
            along = lattice.axis == axis
            tail, head = lattice.tail[along], lattice.head[along]
            out = np.zeros((lattice.n_cells, len(tail)))
            out[tail, np.arange(len(tail))] -= 1.0
            out[head, np.arange(len(tail))] += 1.0
            gradient[k] = gradient[k] + out @ slope[tail, k]
    for first in range(n_labels):
        for last in range(first, n_labels):
            sums = [cp.sum(s[:, first : last + 1], axis=1) for s in slopes]
            if unlike == "box":
                constraints += [cp.abs(s) <= p.nu / p.lattice.spacing for s in sums]
            else:
                constraints.append(cp.norm(cp.vstack(sums), 2, axis=0) <= p.nu / p.lattice.spacing)
    inner = [cp.sum(cp.minimum(gradient[k], 0)) for k in range(1, n_labels)]
    whole = cp.Problem(cp.Maximize(cp.sum(gradient[0]) + sum(inner)), constraints)
    return whole.solve(solver=cp.CLARABEL)


@pytest.mark.parametrize(("shape", "levels", "lam", "nu"), CASES)
@pytest.mark.parametrize("isotropic", [True, False])
def test_objective_and_thresholds_are_those_of_interior_points(shape, levels, lam, nu, isotropic):
    p = problem(shape, levels, lam, nu, isotropic)
    exact = solve_exactly(p)
    found = solve(p, tol=2e-7, max_iter=60000, dtype=np.float64)
    assert exact.converged
    assert abs(found.lower_bound / exact.lower_bound - 1.0) < 1e-6
    assert found.lower_bound <= exact.lower_bound * (1.0 + 1e-7)
    assert np.abs(found.thresholds - exact.thresholds).max() < 1e-5
    np.testing.assert_allclose(found.surface, exact.surface, atol=1e-5)


@pytest.mark.parametrize(("shape", "levels", "lam", "nu"), [((10,), 6, 60.0, 0.05), ((5, 4), 6, 50.0, 0.02)])
def test_the_box_is_the_constraint_on_all_pairs_of_labels(shape, levels, lam, nu):
    p = problem(shape, levels, lam, nu, False)
    assert solve_exactly(p).lower_bound == pytest.approx(all_pairs(p, "box"), rel=1e-6)


def test_the_ball_lies_inside_the_constraint_on_all_pairs_and_is_close():
    p = problem((5, 4), 6, 50.0, 0.02, True)
    ball, pairs = solve_exactly(p).lower_bound, all_pairs(p, "ball")
    assert ball <= pairs * (1.0 + 1e-7)
    assert ball > 0.97 * pairs


@pytest.mark.parametrize("isotropic", [True, False])
def test_the_lower_bound_is_never_above_the_optimum(isotropic):
    p = problem((6, 7), 8, 50.0, 0.02, isotropic)
    optimum = solve_exactly(p).lower_bound
    history = solve(p, tol=1e-7, max_iter=3000, dtype=np.float32).history
    assert len(history) > 5
    assert (history[:, 1] <= optimum * (1.0 + 1e-6)).all()
    rng = np.random.default_rng(0)
    lattice = p.lattice
    for size in (0.1, 1.0, 10.0):  # any potential gives a bound
        potential = size * rng.normal(size=(lattice.n_axes, lattice.n_cells * (p.levels + 1)))
        value = kernels.lower_bound(
            potential, p.f, p.lam * p.weight, p.labels, np.array(lattice.shape), lattice.strides, p.levels + 1, 0,
            p.curvature, p.radius, isotropic,
        )  # fmt: skip
        assert value <= optimum


def test_a_lifted_binary_surface_costs_what_the_energy_says():
    """The minimum over v is no larger than the energy of a two-valued surface on the labels."""
    p = problem((6, 6), 9, 50.0, 0.02, False)
    h = p.lattice.spacing
    u = p.labels[np.clip(np.round(p.f * 8).astype(int), 0, 8)]
    u = np.where(u > 0.45, p.labels[6], p.labels[2])
    squares = p.lattice.differences(u) ** 2 / h**2
    energy = p.lam * p.weight @ (u - p.f) ** 2 + np.minimum(squares, p.nu / h).sum()
    assert solve_exactly(p).lower_bound <= energy + 1e-9


def test_float32_agrees_with_float64():
    p = problem((10, 11), 12, 50.0, 0.02, True)
    single, double = (solve(p, 1e-5, 5000, kind) for kind in (np.float32, np.float64))
    assert single.lower_bound == pytest.approx(double.lower_bound, rel=1e-5)
    np.testing.assert_allclose(single.surface, double.surface, atol=1e-4)


@pytest.mark.parametrize("curvature", [0.02, 1.0, 16.0, 400.0])
def test_projection_on_the_parabola_is_the_nearest_point(curvature):
    rng = np.random.default_rng(1)
    r0, y = rng.uniform(0.0, 4.0, 40), rng.normal(0.0, 3.0, 40)
    size, height = r0**2, y.copy()
    root, factor = np.empty(40), np.empty(40)
    kernels.project_parabola(size, height, root, factor, curvature, newton_steps(curvature, 4.0))
    grid = np.linspace(0.0, 4.2, 400001)
    for k in range(40):
        inside = y[k] >= curvature * r0[k] ** 2
        nearest = (
            r0[k] if inside else grid[((grid - r0[k]) ** 2 + (curvature * grid**2 - y[k]) ** 2).argmin()]
        )
        assert factor[k] * r0[k] == pytest.approx(nearest, abs=2e-5)
        assert height[k] == pytest.approx(y[k] if inside else curvature * (factor[k] * r0[k]) ** 2, abs=1e-9)


def test_kernels_are_plain_python_too():
    p = problem((3, 3), 5, 50.0, 0.02, True)
    potential = np.random.default_rng(0).normal(size=(2, 54))
    grid = np.array([3, 3]), p.lattice.strides, 6, 0
    arguments = (potential, p.f, p.weight, p.labels, *grid, 0.3, 0.2, True)
    assert kernels.lower_bound.py_func(*arguments) == pytest.approx(
        kernels.lower_bound(*arguments), rel=1e-12
    )


@pytest.mark.parametrize("levels", [5, 16])
def test_a_constant_comes_back_without_the_bias_of_half_a_label(levels):
    p = LiftedProblem(Lattice((6, 6)), np.full(36, 0.5), np.ones(36), 50.0, 0.05, levels, True)
    np.testing.assert_allclose(solve(p, 1e-5, 5000).surface, 0.5, atol=2e-3)


def test_half_level_of_a_step_is_its_label():
    labels = np.linspace(0.0, 1.0, 5)
    steps = (np.arange(6) <= np.arange(5)[:, None]).astype(float)  # falls after label k
    np.testing.assert_allclose(half_level(steps, labels), labels)


def test_flat_regions_without_data_do_no_harm():
    p = problem((8, 8), 8, 50.0, 0.02, True)
    weight = p.weight.copy()
    weight[::3] = 0.0
    q = LiftedProblem(p.lattice, p.f, weight, p.lam, p.nu, p.levels, True)
    exact, found = solve_exactly(q), solve(q, 1e-6, 20000, np.float64)
    assert found.lower_bound == pytest.approx(exact.lower_bound, rel=1e-5)


def test_an_interrupted_solution_says_so():
    found = solve(problem((8, 8), 8, 50.0, 0.02, True), tol=1e-9, max_iter=60)
    assert not found.converged
    assert found.n_iter == 60
    assert found.residual > 1e-9


@pytest.mark.parametrize("isotropic", [True, False])
def test_two_threads_give_the_numbers_of_one_and_of_a_pass_that_is_not_divided(monkeypatch, isotropic):
    p = problem((24, 17), 11, 50.0, 0.02, isotropic)
    whole = solve(p, max_iter=150, fixed_iterations=True)
    monkeypatch.setattr(relaxation, "_LONG", 0)
    monkeypatch.setattr(relaxation, "_PART", 500)
    used = []
    allowed = threads.allowed
    monkeypatch.setattr(threads, "allowed", lambda: used.append(allowed()) or used[-1])
    divided = {}
    for many in ("1", "2"):
        monkeypatch.setenv(threads.VARIABLE, many)
        divided[many] = solve(p, max_iter=150, fixed_iterations=True)
    assert set(used) == {1, 2}
    assert divided["1"].residual == divided["2"].residual
    for found in divided.values():
        assert found.residual == pytest.approx(whole.residual, rel=1e-12)
        np.testing.assert_array_equal(found.thresholds, whole.thresholds)
        assert found.lower_bound == whole.lower_bound
