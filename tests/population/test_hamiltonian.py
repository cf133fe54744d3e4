"""Hamiltonians: the logarithm in closed form and in general, and ladder operators on Fock space."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm

from statmodels_x import Competition, ComplexPredatorPrey, LeslieMatrix, PredatorPrey
from statmodels_x.core.errors import DataError

properties = settings(derandomize=True, max_examples=60, deadline=None)
rates = st.floats(0.05, 3.0)


@given(rates, rates, st.floats(0.05, 1.0))
@properties
def test_two_classes_in_closed_form(f1, f2, s1):
    population = LeslieMatrix([f1, f2], [s1])
    found = population.hamiltonian()
    assert np.abs(expm(-1j * found.matrix) - population.matrix).max() < 1e-12 * population.matrix.max()
    assert found.residual < 1e-12
    # the textbook line through the logarithms of the eigenvalues, the second of which is negative
    d = math.sqrt(f1**2 / 4 + f2 * s1)
    plus, minus = cmath.log(f1 / 2 + d), cmath.log(f1 / 2 - d)
    line = (plus + minus) / 2 * np.eye(2) + (plus - minus) / (2 * d) * (
        population.matrix - f1 / 2 * np.eye(2)
    )
    assert_allclose(found.generator, line, atol=1e-10)
    assert not found.is_hermitian
    assert_allclose(sorted(found.energies.real), sorted([-math.pi, 0.0]), atol=1e-9)


@given(st.integers(1, 4), st.integers(0, 10_000))
@properties
def test_principal_logarithm(k, seed):
    rng = np.random.default_rng(seed)
    population = LeslieMatrix(rng.uniform(0.2, 2.0, k), rng.uniform(0.3, 0.95, k - 1))
    found = population.hamiltonian()
    assert found.residual < 1e-11
    # the principal logarithm is the only one with angles in (-pi, pi]
    angles = -found.energies.real
    assert angles.max() <= math.pi + 1e-9
    assert angles.min() > -math.pi + 1e-9
    values = np.exp(-1j * found.energies)
    apart = np.abs(values[:, None] - population.eigenvalues[None]).min(axis=1)
    assert apart.max() < 1e-9


def test_residual_of_small_systems():
    rng = np.random.default_rng(0)
    worst = 0.0
    for _ in range(60):
        k = int(rng.integers(1, 4))
        A, D = (LeslieMatrix(rng.uniform(0.2, 1.5, k), rng.uniform(0.3, 0.95, k - 1)) for _ in range(2))
        B, C = 0.1 * rng.uniform(size=(2, k, k))
        for system in (Competition(A, B, C, D), PredatorPrey(A, B, C, D), ComplexPredatorPrey(A, B)):
            worst = max(worst, system.hamiltonian().residual)
    assert worst < 1e-11


def test_complex_scalar():
    r, theta = 1.07, 0.4
    found = ComplexPredatorPrey(r * math.cos(theta), r * math.sin(theta)).hamiltonian()
    assert found.matrix[0, 0] == pytest.approx(complex(-theta, math.log(r)), abs=1e-14)
    assert ComplexPredatorPrey(math.cos(theta), math.sin(theta)).hamiltonian().is_hermitian
    # the same in two real dimensions: a turn and a gain
    real = PredatorPrey(r * math.cos(theta), r * math.sin(theta), r * math.sin(theta), r * math.cos(theta))
    assert_allclose(real.hamiltonian().generator, [[math.log(r), -theta], [theta, math.log(r)]], atol=1e-13)


def test_equal_eigenvalues():
    # the slope of the logarithm where both meet
    defective = PredatorPrey(0.7, 0.2, 0.2, 0.3).hamiltonian()
    assert defective.residual < 1e-12
    triple = Competition([[0.5, 0.2], [0.0, 0.5]], [[0.0], [0.1]], [[0.0, 0.0]], 0.5).hamiltonian()
    assert triple.residual < 1e-9


def test_evolution_between_whole_steps():
    population = LeslieMatrix([0.6, 1.1], [0.5])
    found = population.hamiltonian()
    start = np.array([3.0, 1.0])
    assert_allclose(found.evolve(start, 1), population.matrix @ start, atol=1e-12)
    half = found.evolve(start, 0.5)
    assert np.abs(half.imag).max() > 0.1  # no real motion between the steps
    assert_allclose(found.evolve(half, 0.5), population.matrix @ start, atol=1e-12)


# ---- ladder operators


@pytest.mark.parametrize("modes", [1, 2, 3])
def test_commutators(modes):
    rng = np.random.default_rng(1)
    population = LeslieMatrix(rng.uniform(0.2, 1.5, modes), rng.uniform(0.3, 0.9, modes - 1))
    ladder = population.hamiltonian().ladder(4)
    hops = {(i, j): ladder.hop(i, j).toarray() for i in range(modes) for j in range(modes)}
    for (i, j), left in hops.items():
        for (k, m), right in hops.items():
            bracket = left @ right - right @ left
            expected = (j == k) * hops[i, m] - (i == m) * hops[k, j]
            assert_allclose(bracket, expected, atol=1e-12)
    number = sum(hops[i, i] for i in range(modes))
    operator = ladder.operator.toarray()
    assert_allclose(number @ operator, operator @ number, atol=1e-12)
    assert_allclose(np.diag(number), [sum(state) for state in ladder.basis])


@given(rates, rates, st.floats(0.05, 1.0), st.lists(st.floats(0.0, 2.0), min_size=2, max_size=2))
@settings(derandomize=True, max_examples=25, deadline=None)
def test_coherent_states_follow_the_numbers(f1, f2, s1, numbers):
    ladder = LeslieMatrix([f1, f2], [s1]).hamiltonian().ladder(12)
    assert ladder.check(numbers) < 1e-12


def test_fock_space_of_two_modes_with_up_to_24_particles():
    ladder = LeslieMatrix([0.6, 1.1], [0.5]).hamiltonian().ladder(24)
    assert len(ladder.basis) == 325
    assert ladder.check([0.7, 0.4]) < 1e-12
    assert ladder.check([0.7, 0.4], steps=3) < 1e-12
    dense = expm(ladder.operator.toarray())
    state = ladder.coherent([0.7, 0.4])
    target = ladder.coherent([0.6 * 0.7 + 1.1 * 0.4, 0.5 * 0.7])
    assert np.linalg.norm(dense @ state - target) < 1e-12 * np.linalg.norm(target)


def test_ladder_of_the_complex_scalar():
    r, theta = 1.07, 0.4
    found = ComplexPredatorPrey(r * math.cos(theta), r * math.sin(theta)).hamiltonian()
    ladder = found.ladder(10)
    assert_allclose(
        1j * ladder.operator.toarray(), np.diag(complex(-theta, math.log(r)) * np.arange(11)), atol=1e-12
    )
    assert ladder.check([0.8 + 0.3j]) < 1e-12


def test_coherent_state_is_an_eigenstate_of_annihilation():
    ladder = LeslieMatrix([0.6, 1.1], [0.5]).hamiltonian().ladder(20)
    state = ladder.coherent([0.7, 0.4])
    # a_j|x> = x_j |x>: shifting the occupation of mode j
    place = {s: i for i, s in enumerate(ladder.basis)}
    for mode, x in enumerate((0.7, 0.4)):
        lowered = np.zeros_like(state)
        for s, amplitude in zip(ladder.basis, state, strict=True):
            if s[mode]:
                below = list(s)
                below[mode] -= 1
                lowered[place[tuple(below)]] += math.sqrt(s[mode]) * amplitude
        few = [i for i, s in enumerate(ladder.basis) if sum(s) < 20]
        assert_allclose(lowered[few], x * state[few], atol=1e-13)


# ---- refusals


def test_singular_steps():
    with pytest.raises(DataError, match="no logarithm"):
        LeslieMatrix([1.0, 0.5, 0.0], [0.5, 0.5]).hamiltonian()
    with pytest.raises(DataError, match="no logarithm"):
        Competition(1.0, 1.0, 1.0, 1.0).hamiltonian()


def test_too_large_a_space():
    found = PredatorPrey(*(0.1 * np.ones((3, 3)) + np.eye(3) * v for v in (0.5, 0, 0, 0.4))).hamiltonian()
    with pytest.raises(DataError, match="dimensions"):
        found.ladder(30)
    with pytest.raises(DataError, match="`most`"):
        found.ladder(0)
    with pytest.raises(DataError, match="`steps`"):
        found.ladder(2).check(np.ones(6), steps=0)
