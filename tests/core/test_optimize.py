"""The maximiser finds maxima, and never calls something else one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from statmodels_x.core.optimize import Optimum, maximise

SEEDS = st.integers(0, 2**32 - 1)


# ---- functions with exact derivatives


def quadratic(seed=0, size=4):
    """Return a concave quadratic and its maximum."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size, size))
    curvature, slope = root @ root.T + np.eye(size), rng.normal(size=size)

    def objective(theta):
        gradient = slope - curvature @ theta
        return float(slope @ theta - 0.5 * theta @ curvature @ theta), gradient, -curvature

    return objective, np.linalg.solve(curvature, slope)


def banana(theta):
    """Rosenbrock's valley upside down: a curved ridge, not concave everywhere, maximum 0 at (1, 1)."""
    x, y = theta
    value = -(100 * (y - x * x) ** 2 + (1 - x) ** 2)
    gradient = np.array([400 * x * (y - x * x) + 2 * (1 - x), -200 * (y - x * x)])
    hessian = np.array([[-1200 * x * x + 400 * y - 2, 400 * x], [400 * x, -200.0]])
    return value, gradient, hessian


def two_hills(theta):
    """Maxima 1/4 at (-1, 0) and (1, 0), a saddle at the origin."""
    x, y = theta
    return x * x / 2 - x**4 / 4 - y * y / 2, np.array([x - x**3, -y]), np.diag([1 - 3 * x * x, -1.0])


def logistic(seed=0, n=80, size=4):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, size - 1))])
    y = rng.uniform(size=n) < 1 / (1 + np.exp(-X @ np.linspace(-1, 1, size)))

    def objective(theta):
        eta = X @ theta
        mean = 1 / (1 + np.exp(-eta))
        value = float(y @ eta - np.logaddexp(0, eta).sum())
        return value, X.T @ (y - mean), -(X.T * (mean * (1 - mean))) @ X

    return objective


def walled(peak, wall=1.0):
    """A hill at ``peak`` behind a wall: outside of the domain from ``wall`` on."""

    def objective(theta):
        x = theta[0]
        if x >= wall:
            return -np.inf, np.full(1, np.nan), np.full((1, 1), np.nan)
        return -((x - peak) ** 2), np.array([-2 * (x - peak)]), np.array([[-2.0]])

    return objective


def test_the_derivatives_of_these_functions_are_right():
    for objective, size in [(quadratic()[0], 4), (banana, 2), (two_hills, 2), (logistic(), 4)]:
        theta, step = np.linspace(-0.4, 0.7, size), 1e-6
        _, gradient, hessian = objective(theta)
        for i, unit in enumerate(np.eye(size)):
            up, down = objective(theta + step * unit), objective(theta - step * unit)
            np.testing.assert_allclose((up[0] - down[0]) / (2 * step), gradient[i], rtol=1e-6, atol=1e-6)
            np.testing.assert_allclose((up[1] - down[1]) / (2 * step), hessian[i], rtol=1e-6, atol=1e-6)


# ---- maxima


def test_quadratic_in_one_step():
    objective, peak = quadratic()
    found = maximise(objective, np.zeros(4), radius=100.0)
    assert found.status == "converged"
    assert found.converged
    assert found.iterations == 2, "one evaluation at the start and one at the maximum"
    np.testing.assert_allclose(found.theta, peak, rtol=1e-10)


def test_one_step_that_uses_up_the_iterations_is_still_proved():
    objective, peak = quadratic()
    found = maximise(objective, np.zeros(4), radius=100.0, max_iter=2)
    np.testing.assert_allclose(found.theta, peak, rtol=1e-10)
    assert found.status == "converged"


def test_start_at_the_maximum_stays_there():
    objective, peak = quadratic()
    found = maximise(objective, peak)
    assert found.converged
    np.testing.assert_array_equal(found.theta, peak)


def test_small_first_radius_still_arrives():
    objective, peak = quadratic()
    found = maximise(objective, np.full(4, 30.0), radius=0.01)
    assert found.converged
    np.testing.assert_allclose(found.theta, peak, atol=1e-6)


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 0.0), (3.0, -3.0), (-2.0, 4.0)])
def test_curved_ridge(start):
    found = maximise(banana, np.array(start))
    assert found.status == "converged"
    np.testing.assert_allclose(found.theta, [1, 1], atol=1e-4)
    assert found.value == pytest.approx(0, abs=1e-9)


@given(SEEDS)
@settings(deadline=None, max_examples=15)
def test_logistic_likelihood_against_scipy(seed):
    objective = logistic(seed)
    found = maximise(objective, np.zeros(4))
    other = minimize(lambda t: -objective(t)[0], np.zeros(4), jac=lambda t: -objective(t)[1], method="BFGS")
    assert found.status == "converged"
    assert found.value >= -other.fun - 1e-9
    np.testing.assert_allclose(found.theta, other.x, atol=1e-3)
    assert np.abs(found.gradient).max() < 1e-3


@pytest.mark.parametrize("start", [(1e-3, 2.0), (-1e-3, 2.0), (0.3, -4.0), (0.5, 0.0)])
def test_climbs_out_of_the_region_of_a_saddle(start):
    assert two_hills(np.array(start))[2][0, 0] > 0, "the start is where the function is not concave"
    found = maximise(two_hills, np.array(start))
    assert found.status == "converged"
    np.testing.assert_allclose(found.theta, [np.sign(start[0]), 0], atol=1e-5)


def test_no_parameters():
    found = maximise(lambda theta: (3.0, np.zeros(0), np.zeros((0, 0))), np.zeros(0))
    assert found.converged
    assert found.value == 3.0


# ---- what is no proved maximum


def test_flat_direction():
    direction = np.array([1.0, 1.0])

    def ridge(theta):
        gap = theta.sum() - 1
        return -0.5 * gap**2, -gap * direction, -np.outer(direction, direction)

    found = maximise(ridge, np.array([3.0, 5.0]))
    assert found.status == "flat"
    assert not found.converged
    assert found.theta.sum() == pytest.approx(1)
    assert abs(found.eigenvalues[0]) < 1e-10
    np.testing.assert_allclose(np.abs(found.eigenvectors[:, 0]), np.sqrt(0.5), rtol=1e-6)


def test_constant_function_is_flat():
    assert maximise(lambda theta: (0.0, np.zeros(2), np.zeros((2, 2))), np.ones(2)).status == "flat"


def test_nearly_flat_direction_is_not_a_proof():
    def objective(theta):
        scale = np.array([1.0, 1e-13])
        return float(-0.5 * scale @ theta**2), -scale * theta, -np.diag(scale)

    assert maximise(objective, np.ones(2)).status == "flat"


@pytest.mark.parametrize("start", [(0.0, 0.0), (0.0, 2.0)])
def test_saddle(start):
    found = maximise(two_hills, np.array(start))
    assert found.status == "saddle"
    assert not found.converged
    np.testing.assert_allclose(found.theta, 0, atol=1e-5)
    assert found.eigenvalues[0] < 0


def test_minimum_is_no_maximum():
    assert maximise(lambda t: (float(t @ t), 2 * t, 2 * np.eye(2)), np.zeros(2)).status == "saddle"


@pytest.mark.parametrize("peak", [1.5, 3.0, 50.0])
@pytest.mark.parametrize("start", [0.0, -20.0, 0.999])
def test_wall_of_the_domain_stalls(peak, start):
    found = maximise(walled(peak), np.array([start]))
    assert found.status == "stalled"
    assert not found.converged
    assert np.isfinite(found.value)
    assert 0.99 < found.theta[0] < 1
    assert found.decrement > 0.1, "what a quadratic model would still gain is not hidden"


def test_slope_into_a_wall_stalls():
    def objective(theta):
        if theta[0] >= 1:
            return -np.inf, np.zeros(1), np.zeros((1, 1))
        return float(theta[0]), np.ones(1), np.zeros((1, 1))

    assert maximise(objective, np.zeros(1)).status == "stalled"


@pytest.mark.parametrize("kind", ["value", "gradient", "hessian"])
def test_nan_beyond_a_point_is_a_wall_too(kind):
    def objective(theta):
        value, gradient, hessian = walled(3.0, wall=np.inf)(theta)
        if theta[0] < 1:
            return value, gradient, hessian
        nan = {"value": (np.nan, gradient, hessian), "gradient": (value, gradient * np.nan, hessian)}
        return nan.get(kind, (value, gradient, hessian * np.nan))

    found = maximise(objective, np.zeros(1))
    assert found.status == "stalled"
    assert found.theta[0] < 1


def test_hill_inside_the_wall_is_found():
    found = maximise(walled(0.5), np.array([-3.0]), radius=10.0)
    assert found.converged
    assert found.theta[0] == pytest.approx(0.5)


def test_function_without_a_maximum_does_not_converge():
    found = maximise(lambda t: (float(t[0]), np.ones(1), np.zeros((1, 1))), np.zeros(1), max_iter=50)
    assert found.status == "iteration limit"


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_iteration_limit(limit):
    calls = []

    def counted(theta):
        calls.append(theta)
        return banana(theta)

    found = maximise(counted, np.array([-1.2, 1.0]), max_iter=limit)
    assert found.status == "iteration limit"
    assert not found.converged
    assert len(calls) == found.iterations == limit


@pytest.mark.parametrize("start", [2.0, np.nan, np.inf])
def test_bad_start(start):
    found = maximise(walled(0.0), np.array([start]))
    assert found.status == "bad start"
    assert not found.converged
    assert found.value == -np.inf
    assert found.decrement == np.inf
    np.testing.assert_array_equal(found.theta, [start])


# ---- the report


def test_report_belongs_to_the_point():
    objective = logistic()
    transform = np.diag([0.5, 2.0, 1.0, 3.0])
    found = maximise(objective, np.zeros(4), transform)
    value, gradient, hessian = objective(found.theta)
    assert isinstance(found, Optimum)
    assert found.value == value
    np.testing.assert_array_equal(found.gradient, gradient)
    np.testing.assert_array_equal(found.information, -hessian)
    inner = transform.T @ found.information @ transform
    np.testing.assert_allclose(found.eigenvalues, np.linalg.eigvalsh(inner), rtol=1e-9)
    rebuilt = (found.eigenvectors * found.eigenvalues) @ found.eigenvectors.T
    np.testing.assert_allclose(rebuilt, inner, atol=1e-9)


@given(SEEDS)
@settings(deadline=None, max_examples=25)
def test_decrement_is_the_remaining_gain_of_a_quadratic(seed):
    objective, peak = quadratic(seed)
    start = np.random.default_rng(seed + 1).normal(size=4)
    found = maximise(objective, start, max_iter=1)
    assert found.decrement == pytest.approx(objective(peak)[0] - found.value, rel=1e-8)


@given(SEEDS)
@settings(deadline=None, max_examples=15)
def test_optimum_does_not_depend_on_the_transform(seed):
    rng = np.random.default_rng(seed)
    transform = np.linalg.qr(rng.normal(size=(4, 4)))[0] * rng.uniform(0.2, 5, size=4)
    objective = logistic(3)
    plain, turned = maximise(objective, np.zeros(4)), maximise(objective, np.zeros(4), transform)
    assert plain.status == turned.status == "converged"
    np.testing.assert_allclose(turned.theta, plain.theta, atol=1e-4)
    assert turned.value == pytest.approx(plain.value, abs=1e-9)
    np.testing.assert_array_equal(turned.transform, transform)


@given(SEEDS)
@settings(deadline=None, max_examples=40)
def test_random_landscapes_never_go_down_and_never_claim_too_much(seed):
    """Sums of waves in a bowl: many maxima, minima and saddles; what is called converged is a local maximum."""
    rng = np.random.default_rng(seed)
    waves, heights = rng.normal(size=(5, 3)) * 2, rng.normal(size=5)

    def objective(theta):
        phase = waves @ theta
        value = float(heights @ np.sin(phase) - 0.1 * theta @ theta)
        gradient = waves.T @ (heights * np.cos(phase)) - 0.2 * theta
        return value, gradient, -(waves.T * (heights * np.sin(phase))) @ waves - 0.2 * np.eye(3)

    start = rng.normal(size=3) * 2
    found = maximise(objective, start)
    assert found.value >= objective(start)[0]
    assert found.status == "converged", "a smooth function with a maximum"
    around = found.theta + 0.01 * rng.normal(size=(20, 3))
    assert max(objective(theta)[0] for theta in around) <= found.value + 1e-9


def test_the_start_is_not_changed_and_may_be_integer():
    start = np.array([-1, 1])
    assert maximise(banana, start).converged
    np.testing.assert_array_equal(start, [-1, 1])


def test_a_known_start_is_not_evaluated_again():
    calls = []

    def objective(theta):
        calls.append(theta.copy())
        return -float(np.cosh(theta).sum()), -np.sinh(theta), -np.diag(np.cosh(theta))

    rough = maximise(objective, np.array([1.5, -0.7]), tol=1e-2)
    n = len(calls)
    on = maximise(objective, rough.theta, rough.transform, known=rough)
    again = maximise(objective, rough.theta, rough.transform)
    assert on.iterations == again.iterations
    assert len(calls) - n == 2 * on.iterations - 1
    np.testing.assert_allclose(on.theta, again.theta, rtol=0.0, atol=1e-14)
