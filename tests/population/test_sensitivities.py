"""The recursions against plain Python and an independent integrator; their sensitivities against complex steps."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from statmodels_x.datasets import load_paramecium
from statmodels_x.population.course.build import build_problem, check_weights
from statmodels_x.population.course.courses import course, refine_flow
from statmodels_x.population.course.invariants import block_matrix
from statmodels_x.population.course.layout import build_layout
from statmodels_x.population.kernels import objective
from statmodels_x.population.sample import read_sample
from statmodels_x.population.specification import Form

SIZES = {"fecundity": 0.5, "survival": 0.6, "coupling": 0.02, "crowding": 0.003, "saturation": 0.002, "rate": 0.4,
         "effect": 0.002, "initial": 5.0, "structure": 0.4}  # fmt: skip
LESLIE = [
    (Form(0, "competition", (1, 1)), "free"),
    (Form(0, "competition", (3, 2), "full"), "free"),
    (Form(0, "competition", (4, 4), "diagonal"), "stable"),
    (Form(0, "predation", (2, 2), "scalar"), "free"),
    (Form(0, "complex", (3, 3), "diagonal"), "free"),
    (Form(0, "competition", (1, 1), "scalar", "leslie-gower"), "free"),
    (Form(0, "competition", (3, 2), "scalar", "leslie-gower"), "stable"),
    (Form(0, "predation", (2, 2), "diagonal", "leslie-gower"), "free"),
    (Form(0, "predation", (3, 2), "full", "leslie-gower"), "free"),
]
FLOWS = [Form(1, "competition"), Form(1, "predation")]


def made(form, structure="free", family="gaussian", seed=1, long=False):
    data = load_paramecium(shape="long") if long else load_paramecium()
    names = "aurelia + caudatum" if long else "aurelia_mixed + caudatum_mixed"
    sample = read_sample(f"{names} ~ day", data, "culture" if long else None, None)
    layout = build_layout(form, sample, structure=structure)
    problem = build_problem(layout, sample, family, check_weights("mean", family, sample))
    draw = np.random.default_rng(seed).uniform(0.8, 1.2, len(layout.names))
    return layout, problem, np.array([SIZES[block] for block, _ in layout.names]) * draw


def plain_course(layout, theta, n, structure="free"):
    """Totals by matrix products in plain numpy, for complex parameters too."""
    k = layout.form.ages
    value = dict(zip(layout.keys, theta, strict=True))
    m = sum(k)
    groups = np.zeros((3, m, m), dtype=theta.dtype)
    for (row, col, q, g), sign in zip(layout.entries, layout.signs, strict=True):
        groups[g, row, col] += sign * theta[q]
    w = np.zeros(m, dtype=theta.dtype)
    for s, offset in ((0, 0), (1, k[0])):
        left = value["initial", 0, s]
        for j in range(k[s]):
            share = 1.0 if j == k[s] - 1 else value["structure", 0, s, j]
            w[offset + j] = left * share
            left = left * (1.0 - share)
    out = np.empty((n, 2), dtype=theta.dtype)
    a = {g: (theta[q] if q >= 0 else 0.0) for g, q in enumerate(layout.density)}
    for step in range(n):
        out[step] = w[: k[0]].sum(), w[k[0] :].sum()
        x, y = out[step]
        divisors = 1 + a[0] * x + a[1] * y, 1 + a[2] * x + a[3] * y, 1 + a[4] * x
        w = sum(groups[g] @ w / divisors[g] for g in range(3))
    return out


@pytest.mark.parametrize(("form", "structure"), [case for case in LESLIE if case[1] == "free"])
def test_course_and_complex_step(form, structure):
    layout, problem, theta = made(form, structure)
    problem = problem._replace(nodes=np.array([12]))  # before any total turns negative
    _, N, dN = course(problem, theta, 0, slopes=True)
    first = int(np.argmax((N < 0).any(axis=1))) if (N < 0).any() else len(N)
    assert first > 3
    np.testing.assert_allclose(N[:first], plain_course(layout, theta, first), rtol=1e-12)
    for q in range(len(theta)):
        moved = theta.astype(complex)
        moved[q] += 1e-30j
        slope = plain_course(layout, moved, first).imag / 1e-30
        np.testing.assert_allclose(dN[:first, :, q], slope, rtol=1e-10, atol=1e-10 * np.abs(slope).max())


def test_linear_course_is_a_matrix_power():
    layout, problem, theta = made(Form(0, "competition", (3, 3), "diagonal"))
    states, N, _ = course(problem, theta, 0)
    matrix = block_matrix(layout, theta)
    np.testing.assert_allclose(states[25], np.linalg.matrix_power(matrix, 25) @ states[0], rtol=1e-9)
    np.testing.assert_allclose(N[25], [states[25, :3].sum(), states[25, 3:].sum()], rtol=1e-12)


@pytest.mark.parametrize("form", FLOWS)
def test_flow_against_an_adaptive_integrator(form):
    layout, problem, theta = made(form)
    problem = refine_flow(problem, theta)
    _, N, _ = course(problem, theta, 0)
    key = dict(zip(layout.keys, theta, strict=True))
    sign = 1.0 if form.interaction == "predation" else -1.0

    def rates(_, n):
        x = key["rate", 0] - key.get(("effect", 0, 0), 0.0) * n[0] - key["effect", 0, 1] * n[1]
        y = -sign * key["rate", 1] + sign * key["effect", 1, 0] * n[0] - key.get(("effect", 1, 1), 0.0) * n[1]
        return [n[0] * x, n[1] * y]

    times = np.append(0.0, np.arange(2.0, 26.0))
    found = solve_ivp(
        rates, (0, 25), [key["initial", 0, 0], key["initial", 0, 1]], "DOP853", times, rtol=1e-12, atol=1e-12
    )
    error = np.abs(N - found.y.T) / problem.level
    assert error.max() < 1e-5


@pytest.mark.parametrize("form", FLOWS)
def test_flow_sensitivities_by_differences(form):
    _, problem, theta = made(form)
    problem = problem._replace(substep=0.05)
    _, _, dN = course(problem, theta, 0, slopes=True)
    for q in range(len(theta)):
        h = 1e-5 * theta[q]
        up, down = theta.copy(), theta.copy()
        up[q] += h
        down[q] -= h
        slope = (course(problem, up, 0)[1] - course(problem, down, 0)[1]) / (2 * h)
        np.testing.assert_allclose(dN[:, :, q], slope, atol=1e-6 * np.abs(slope).max())


@pytest.mark.parametrize(("form", "structure"), LESLIE)
@pytest.mark.parametrize("family", ["gaussian", "lognormal", "poisson"])
def test_gradient_of_the_objective(form, structure, family):
    """Gradients agree with differences, penalties included."""
    _, problem, theta = made(form, structure, family)
    p = len(theta)
    problem.ridge[:3], problem.ridge_target[:3] = 0.3, 0.2
    g, H = np.zeros(p), np.zeros((p, p))
    objective.objective(problem, theta, g, H)
    none, no_matrix = np.zeros(0), np.zeros((0, 0))
    for q in range(p):
        h = 1e-5 * theta[q]
        up, down = theta.copy(), theta.copy()
        up[q] += h
        down[q] -= h
        slope = (
            objective.objective(problem, up, none, no_matrix)
            - objective.objective(problem, down, none, no_matrix)
        ) / (2 * h)
        assert g[q] == pytest.approx(slope, rel=2e-4, abs=1e-5 * np.abs(g * theta).max() / theta[q])


def test_several_cultures_share_parameters_and_absent_species_stay_absent():
    _, problem, theta = made(Form(0, "competition", (2, 2), "scalar", "leslie-gower"), long=True)
    for c in range(2):
        _, N, dN = course(problem, theta, c, slopes=True)
        assert np.all(N[:, 1 - c] == 0.0)
        assert np.all(dN[:, 1 - c] == 0.0)


def test_compiled_functions_equal_their_plain_twins():
    _, problem, theta = made(Form(0, "predation", (2, 2), "full", "leslie-gower"))
    none, no_matrix = np.zeros(0), np.zeros((0, 0))
    compiled = objective.objective(problem, theta, none, no_matrix)
    assert objective.objective.py_func(problem, theta, none, no_matrix) == pytest.approx(compiled, rel=1e-12)
