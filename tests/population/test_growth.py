"""Growth factors: exact, and the error of the first order in the coupling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statmodels_x import Competition, PredatorPrey


def random_leslie(rng, k, most):
    matrix = np.zeros((k, k))
    matrix[0] = rng.uniform(0.2, most, k)
    matrix[np.arange(1, k), np.arange(k - 1)] = rng.uniform(0.3, 0.95, k - 1)
    return matrix


# coupling strengths, and median relative errors of first and zeroth order that are to be reached
BANDS = {
    (1e-3, 1e-2): (4e-9, 4e-5),
    (1e-2, 3e-2): (2.4e-6, 1e-3),
    (3e-2, 1e-1): (2.4e-4, 1e-2),
    (0.1, 0.2): (1.3e-2, 8e-2),
}


def test_errors_on_random_systems():
    rng = np.random.default_rng(1)
    rows = []
    for _ in range(1500):
        A, D = random_leslie(rng, 4, 1.5), random_leslie(rng, 4, 0.4)
        strength = 10.0 ** rng.uniform(-3.0, -0.7)
        B, C = strength * rng.uniform(size=(2, 4, 4))
        pair = [kind(A, B, C, D).growth_factor() for kind in (Competition, PredatorPrey)]
        zeroth = [abs(found.zeroth_order - found.exact) / abs(found.exact) for found in pair]
        rows.append([(strength, f.relative_error, z, f.valid) for f, z in zip(pair, zeroth, strict=True)])
    strength, first, zeroth, valid = np.moveaxis(np.array(rows), 2, 0)  # one row a draw, one column a kind
    for (low, high), medians in BANDS.items():
        inside = (strength[:, 0] >= low) & (strength[:, 0] < high)
        for errors, median in zip((first, zeroth), medians, strict=True):
            draws = rng.choice(errors[inside], (200, inside.sum()))  # the pair of a draw stays together
            lowest = np.quantile(np.median(draws, axis=(1, 2)), 0.01)
            # no worse than stated, up to the chance of this sample
            assert lowest <= median, (low, high, np.median(errors[inside]), lowest)
    assert first[valid == 1].max() < 0.15
    assert first[(valid == 1) & (strength < 0.01)].max() < 2e-3
    assert np.median(first[valid == 0]) > 0.02


@pytest.mark.parametrize("kind", [Competition, PredatorPrey])
def test_the_error_is_of_fourth_order_in_the_coupling(kind):
    rng = np.random.default_rng(2)
    A, D = random_leslie(rng, 3, 1.5), random_leslie(rng, 3, 0.3)
    B, C = rng.uniform(size=(2, 3, 3))
    errors = [kind(A, e * B, e * C, D).growth_factor().relative_error for e in (0.02, 0.01)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4.0, abs=0.2)


@given(st.floats(0.5, 2.0), st.floats(0.05, 0.9), st.floats(1e-4, 1.0))
@settings(derandomize=True, max_examples=80, deadline=None)
def test_one_class_each(a, share, coupling):
    d, b, c = share * a, coupling * a, 0.5 * coupling * a
    for kind, sign in ((Competition, 1.0), (PredatorPrey, -1.0)):
        found = kind(a, b, c, d).growth_factor()
        under = (a - d) ** 2 / 4 + sign * b * c
        exact = (a + d) / 2 + np.sqrt(complex(under))
        assert abs(found.exact - exact) < 1e-9 * a
        assert found.first_order == pytest.approx(a + sign * b * c / (a - d))
        # the quarter of the gap is where the expansion ceases to converge, and a predator's eigenvalue turns complex
        assert found.valid == (b * c / (a - d) ** 2 < 0.25)
        if kind is PredatorPrey and abs(under) > 1e-9:
            assert isinstance(found.exact, float) == found.valid


def test_the_faster_species_leads():
    found = Competition(0.8, 0.01, 0.02, 1.3, names=("slow", "fast")).growth_factor()
    assert (found.leader, found.zeroth_order, found.valid) == ("fast", 1.3, True)
    assert found.first_order == pytest.approx(1.3 + 0.01 * 0.02 / 0.5)
    assert "0.00" in found.reason


def test_no_leader():
    found = Competition(1.1, 0.1, 0.1, 1.1).growth_factor()
    assert not found.valid
    assert np.isnan(found.first_order)
    assert "none leads" in found.reason
    assert found.exact == pytest.approx(1.2)


def test_a_leader_without_a_single_structure():
    found = Competition(1.2 * np.eye(2), [[0.1], [0.1]], [[0.1, 0.1]], 0.8).growth_factor()
    assert not found.valid
    assert "not a simple eigenvalue" in found.reason
    assert found.exact > 1.2


def test_most_random_predators_and_prey_turn():
    rng = np.random.default_rng(0)
    turning = 0
    for _ in range(1000):
        A, D = random_leslie(rng, 3, 1.5), random_leslie(rng, 3, 1.5)
        B, C = rng.uniform(0.0, 0.3, (2, 3, 3))
        turning += isinstance(PredatorPrey(A, B, C, D).growth_factor().exact, complex)
    assert turning / 1000 == pytest.approx(0.92, abs=4 * np.sqrt(0.92 * 0.08 / 1000))
