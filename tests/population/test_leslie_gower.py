"""Density-dependent systems: their step, the closed form of one species, and where competition ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from statmodels_x import Competition, LeslieMatrix, PredatorPrey
from statmodels_x.core.errors import DataError

properties = settings(derandomize=True, max_examples=60, deadline=None)
ZERO = [[0.0]]


def test_steps_by_hand():
    rng = np.random.default_rng(0)
    A, D = (LeslieMatrix(rng.uniform(0.5, 2, 2), rng.uniform(0.3, 0.9, 1)).matrix for _ in range(2))
    B, C = 0.1 * rng.uniform(size=(2, 2, 2))
    x, y = rng.uniform(1, 9, 2), rng.uniform(1, 9, 2)
    X, Y = x.sum(), y.sum()
    new_x, new_y = Competition(A, B, C, D, density=[[0.01, 0.02], [0.03, 0.04]]).step(x, y)
    assert_allclose(new_x, (A @ x - B @ y) / (1 + 0.01 * X + 0.02 * Y))
    assert_allclose(new_y, (D @ y - C @ x) / (1 + 0.03 * X + 0.04 * Y))
    new_x, new_y = PredatorPrey(A, B, C, D, density=(0.01, 0.02), saturation=0.3).step(x, y)
    assert_allclose(new_x, (A @ x - B @ y) / (1 + 0.01 * X))
    assert_allclose(new_y, D @ y / (1 + 0.02 * Y) + C @ x / (1 + 0.3 * X))


@given(st.floats(1.05, 3.0), st.floats(1e-4, 1.0), st.floats(1e-3, 1e3), st.integers(1, 60))
@properties
def test_one_species_is_beverton_holt(growth, own, start, n):
    path = Competition(growth, ZERO, ZERO, 1.1, density=[[own, 0.3], [0.3, 0.3]]).trajectory(
        [start], [0.0], n
    )
    capacity = (growth - 1.0) / own
    assert path.totals["x"].iloc[-1] == pytest.approx(
        capacity / (1.0 + (capacity / start - 1.0) * growth ** -float(n)), rel=1e-10
    )


def test_without_density_it_is_the_linear_system():
    rng = np.random.default_rng(1)
    A, D = (LeslieMatrix(rng.uniform(0.5, 2, 3), rng.uniform(0.3, 0.9, 2)) for _ in range(2))
    B, C = 0.02 * rng.uniform(size=(2, 3, 3))
    for linear, crowded in (
        (Competition(A, B, C, D), Competition(A, B, C, D, density=np.zeros((2, 2)))),
        (PredatorPrey(A, B, C, D), PredatorPrey(A, B, C, D, density=(0, 0))),
    ):
        paths = [s.trajectory([5, 5, 5], [1, 1, 1], 8, extinction="none").values for s in (linear, crowded)]
        assert_allclose(*paths, rtol=1e-12)


def test_structure_stays_with_the_leslie_matrix():
    # a common denominator: shares follow A alone, totals the scalar map in the long run
    A, D = LeslieMatrix([0.5, 2.0], [0.6]), LeslieMatrix([0.4, 1.8, 0.5], [0.7, 0.3])
    zero = np.zeros((2, 3))
    system = Competition(A, zero, zero.T, D, density=[[2e-3, 1e-3], [1e-3, 3e-3]])
    path = system.trajectory([10, 0], [0, 5, 5], 400)
    free = A.project([10, 0], 30).values
    shares = path.values[30, :2] / path.values[30, :2].sum()
    assert_allclose(shares, free[30] / free[30].sum(), rtol=1e-10)
    end = system.outcome()
    assert end.outcome == "coexistence"
    assert_allclose(path.totals.iloc[-1], end.equilibrium, rtol=1e-8)
    assert_allclose(path.values[-1, :2] / path.totals.iloc[-1, 0], A.stable_distribution, rtol=1e-8)


def test_outcomes_against_simulation():
    rng = np.random.default_rng(2)
    seen = set()
    for _ in range(80):
        rates = rng.uniform(0.5, 2.5, 2)
        density = rng.uniform(0.2, 2.0, (2, 2)) * 1e-2
        system = Competition(rates[0], ZERO, ZERO, rates[1], density=density, names=("ant", "bee"))
        found = system.outcome()
        if min(abs(i - 1.0) for i in (*found.invasion, *rates)) < 0.05:
            continue  # too slow to see
        seen.add(found.outcome)
        ends = []
        for start in ([1e-2, 50.0], [50.0, 1e-2]):
            last = system.trajectory([start[0]], [start[1]], 400).log_totals.iloc[-1]
            ends.append(tuple(np.flatnonzero(np.exp(last.to_numpy()) > 1e-3)))
        right = {
            "coexistence": [(0, 1)] * 2, "ant": [(0,)] * 2, "bee": [(1,)] * 2,
            "founder control": [(1,), (0,)], "extinction": [()] * 2,
        }  # fmt: skip
        assert ends == right[found.outcome], (rates, density, found)
    assert seen == {"coexistence", "ant", "bee", "founder control", "extinction"}


def test_lotka_volterra_numbers():
    found = Competition(2.0, ZERO, ZERO, 1.5, density=[[0.002, 0.004], [0.001, 0.0025]]).outcome()
    assert found.capacity == (500.0, 200.0)
    assert found.alpha == (2.0, 0.4)
    assert found.invasion == (pytest.approx(2.0 / 1.8), pytest.approx(1.0))
    # the weights alone decide: x enters if K_x > alpha_xy K_y
    for a_xy in (0.003, 0.007):
        enters = Competition(2.0, ZERO, ZERO, 1.5, density=[[0.002, a_xy], [0.001, 0.0025]]).outcome()
        assert (enters.invasion[0] > 1.0) == (enters.capacity[0] > enters.alpha[0] * enters.capacity[1])


def test_without_limits():
    found = Competition(1.2, ZERO, ZERO, 1.1, density=[[0.0, 0.1], [0.0, 0.1]]).outcome()
    assert found.capacity == (np.inf, pytest.approx(1.0))
    assert np.isinf(found.alpha[0])
    assert found.outcome == "coexistence"
    assert np.isnan(found.equilibrium).all()


def test_predators_and_prey_can_live_together():
    # self-limited prey and a saturating predator: the linear system dies, this one settles
    linear = PredatorPrey(1.6, 0.5, 0.5, 0.7)
    assert linear.trajectory([10], [2], 200, extinction="total").extinct
    crowded = PredatorPrey(1.6, 0.02, 0.1, 0.7, density=(0.005, 0.0))
    path = crowded.trajectory([10], [2], 400)
    assert not path.extinct
    prey, predator = path.totals.iloc[-1]
    assert predator == pytest.approx(0.1 * prey / 0.3, rel=1e-6)  # y = 0.7 y + 0.1 x
    assert_allclose(crowded.step([prey], [predator]), [[prey], [predator]], rtol=1e-6)


def test_removal_is_the_default_and_can_be_switched_off():
    system = PredatorPrey(1.1, 0.5, 0.5, 0.9, density=(0.001, 0.001))
    assert "prey" in system.trajectory([10], [10], 60).extinct
    assert (system.trajectory([10], [10], 6, extinction="none").totals["prey"] < 0.0).any()


def test_huge_and_tiny_numbers():
    system = Competition(2.0, ZERO, ZERO, 1.5, density=[[1e-3, 0.0], [0.0, 1e-3]])
    path = system.trajectory([1e140], [1e-140], 2000)
    assert_allclose(path.totals.iloc[-1], [1000.0, 500.0], rtol=1e-9)
    free = Competition(2.0, ZERO, ZERO, 1.5, density=[[0.0, 0.0], [0.0, 0.0]]).trajectory([1.0], [1.0], 3000)
    assert free.log_totals["x"].iloc[-1] == pytest.approx(3000 * np.log(2.0))


def test_outcome_is_refused():
    with pytest.raises(DataError, match="is linear"):
        Competition(1.1, ZERO, ZERO, 1.1).outcome()
    with pytest.raises(DataError, match="set B and C to 0"):
        Competition(1.1, 0.1, 0.1, 1.1, density=np.ones((2, 2))).outcome()
