"""Last species standing: the verdict against simulation, its proof's pieces, and where it must refuse."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from statmodels_x import Competition, ComplexPredatorPrey, LeslieMatrix, PredatorPrey
from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.population.theory.last_species import last_species_standing
from statmodels_x.population.theory.perron import perron

properties = settings(derandomize=True, max_examples=60, deadline=None)


def random_leslie(rng, k):
    matrix = np.zeros((k, k))
    matrix[0] = rng.uniform(0.2, 1.5, k)
    matrix[np.arange(1, k), np.arange(k - 1)] = rng.uniform(0.3, 0.95, k - 1)
    return matrix


def random_case(rng, same=True):
    k1, k2 = (int(k) for k in rng.integers(1, 6, 2))
    k2 = k1 if same else k2
    blocks = (
        random_leslie(rng, k1), 0.1 * rng.uniform(size=(k1, k2)),
        0.1 * rng.uniform(size=(k2, k1)), random_leslie(rng, k2),
    )  # fmt: skip
    return blocks, rng.uniform(0.0, 5.0, k1), rng.uniform(0.0, 5.0, k2)


def simulated_winner(blocks, x, y, steps=3000):
    """The species left when every class of the other has turned negative, by bare arithmetic."""
    A, B, C, D = blocks
    for _ in range(steps):
        x, y = A @ x - B @ y, D @ y - C @ x
        size = max(np.abs(x).max(), np.abs(y).max())
        x, y = x / size, y / size
        if x.max() < 0.0 or y.max() < 0.0:
            return "x" if y.max() < 0.0 else "y"
    return None


def test_verdict_on_4000_random_systems():
    rng = np.random.default_rng(7)
    right = decided = 0
    for i in range(4000):
        blocks, x, y = random_case(rng, same=i % 2 == 0)
        simulated = simulated_winner(blocks, x, y)
        decided += simulated is not None
        right += simulated == Competition(*blocks).last_species_standing(x, y).winner
    assert (decided, right) == (4000, 4000)


def test_removing_species_at_0_keeps_the_winner():
    rng = np.random.default_rng(8)
    for _ in range(300):
        blocks, x, y = random_case(rng)
        system = Competition(*blocks)
        end = system.last_species_standing(x, y)
        path = system.trajectory(x, y, end.settled + 1, extinction="total")
        assert path.extinct
        first = min(path.extinct, key=path.extinct.get)
        assert first == end.first_to_zero
        free = system.trajectory(x, y, end.settled + 5)
        loser = free.totals[end.loser]
        assert (loser.iloc[end.time_to_extinction :] <= 0.0).all()
        assert end.time_to_extinction == 0 or loser.iloc[end.time_to_extinction - 1] > 0.0
        k = len(x)
        signs = np.repeat([1.0, -1.0], [k, k]) * (1.0 if end.winner == "x" else -1.0)
        assert (free.scaled[end.settled :] * signs >= 0.0).all()
        assert end.settled == 0 or (free.scaled[end.settled - 1] * signs < 0.0).any()


def test_leading_term():
    rng = np.random.default_rng(9)
    for _ in range(50):
        blocks, x, y = random_case(rng, same=False)
        system = Competition(*blocks)
        end, found = system.last_species_standing(x, y), perron(system.weights)
        k, n = len(x), 400
        u, v = found.right[:k], found.right[k:]
        p, q = found.left[:k], found.left[k:]
        share = (p @ x - q @ y) / (p @ u + q @ v)
        path = system.closed_form(x, y, [n])
        leading = share * np.append(u, -v) * 2.0 ** (n * np.log2(found.root) - path.exponents[0])
        gap = np.sort(np.abs(system.eigenvalues))[-2] / found.root
        assert_allclose(path.scaled[0], leading, atol=1e-9 + 1e3 * gap**n)
        assert end.growth_factor == pytest.approx(found.root)
        assert np.sign(end.margin) == np.sign(share)
        assert end.relative_margin == pytest.approx((p @ x - q @ y) / (p @ x + q @ y))


def test_signs_turn_competition_into_a_nonnegative_system():
    rng = np.random.default_rng(3)
    blocks, _, _ = random_case(rng, same=False)
    system = Competition(*blocks)
    S = np.diag(np.repeat([1.0, -1.0], system.ages))
    assert np.array_equal(system.matrix, S @ system.weights @ S)


@given(
    st.floats(0.1, 3.0), st.floats(0.1, 3.0), st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.floats(0.1, 10.0)
)
@properties
def test_one_class_each_in_closed_form(a, d, b, c, ratio):
    # the left vector of [[a, b], [c, d]] is (c, rho - a), so that x wins if c x0 > (rho - a) y0
    rho = (a + d) / 2 + np.sqrt((a - d) ** 2 / 4 + b * c)
    margin = c * ratio - (rho - a)
    assume(abs(margin) > 1e-6)
    end = Competition(a, b, c, d).last_species_standing([ratio], [1.0])
    assert end.winner == ("x" if margin > 0.0 else "y")
    assert end.margin == pytest.approx(margin / (c + rho - a), rel=1e-7, abs=1e-10)


@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
@properties
def test_size_does_not_matter_and_names_can_be_exchanged(seed, size):
    blocks, x, y = random_case(np.random.default_rng(seed), same=False)
    A, B, C, D = blocks
    one = Competition(*blocks).last_species_standing(x, y)
    big = Competition(*blocks).last_species_standing(size * x, size * y)
    other = Competition(D, C, B, A, names=("y", "x")).last_species_standing(y, x)
    assert one.winner == big.winner == other.winner
    assert big.margin == pytest.approx(size * one.margin, rel=1e-9)
    assert other.relative_margin == pytest.approx(-one.relative_margin, rel=1e-7, abs=1e-12)
    assert (one.settled, one.time_to_extinction) == (other.settled, other.time_to_extinction)


def test_the_start_decides_and_not_the_growth_alone():
    slow, fast = LeslieMatrix([0.4, 0.8], [0.5]), LeslieMatrix([0.6, 1.2], [0.5])
    system = Competition(slow, 0.1 * np.eye(2), 0.1 * np.eye(2), fast, names=("slow", "fast"))
    assert system.last_species_standing([1, 1], [1, 1]).winner == "fast"
    assert system.last_species_standing([20, 20], [1, 1]).winner == "slow"


# ---- refusals


def test_without_interaction():
    system = Competition([[0.5, 1.0], [0.5, 0.0]], np.zeros((2, 1)), np.zeros((1, 2)), 1.1)
    with pytest.raises(IdentificationError, match=r"B = C = 0.*1 and 1\.1"):
        system.last_species_standing([1, 1], [1])


def test_one_sided_competition_is_reducible():
    with pytest.raises(IdentificationError, match="reducible"):
        Competition(1.2, 0.1, 0.0, 1.1).last_species_standing([1], [1])


def test_waves_are_imprimitive():
    A = LeslieMatrix([0.0, 2.0], [0.5])
    system = Competition(A, [[0.0, 0.2], [0.0, 0.0]], [[0.0, 0.2], [0.0, 0.0]], A)
    with pytest.raises(IdentificationError, match="imprimitive: waves of period 2"):
        system.last_species_standing([1, 1], [2, 1])


def test_predators_are_no_competitors():
    for system in (PredatorPrey(1.1, 0.3, 0.2, 0.8), ComplexPredatorPrey(1.1, 0.3)):
        with pytest.raises(IdentificationError, match="about competition"):
            system.last_species_standing([1], [1])


def test_three_species():
    with pytest.raises(IdentificationError, match="two species, not 3"):
        last_species_standing(np.ones((3, 3)), (1, 1, 1), np.ones(3), ("x", "y", "z"))


def test_three_species_have_no_rule_of_signs():
    # what the refusal says: with three competitors the leading eigenvalue may be complex
    rng = np.random.default_rng(0)
    turning = 0
    for _ in range(300):
        matrix = -0.3 * rng.uniform(size=(6, 6))
        for i in range(3):
            matrix[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = random_leslie(rng, 2)
        values = np.linalg.eigvals(matrix)
        turning += abs(values[np.argmax(np.abs(values))].imag) > 1e-9
    assert turning > 0


def test_density_dependence():
    crowded = Competition(1.1, 0.1, 0.1, 1.2, density=np.ones((2, 2)))
    with pytest.raises(DataError, match="use outcome"):
        crowded.last_species_standing([1], [1])


def test_a_tie_is_not_called():
    A = [[0.5, 1.0], [0.5, 0.0]]
    even = Competition(A, 0.1 * np.eye(2), 0.1 * np.eye(2), A)
    with pytest.raises(IdentificationError, match="are equal"):
        even.last_species_standing([3, 1], [3, 1])
    assert even.last_species_standing([3 * (1 + 1e-9), 1], [3, 1]).winner == "x"


def test_bad_start():
    with pytest.raises(DataError, match="`y0`"):
        Competition(1.1, 0.1, 0.1, 1.2).last_species_standing([1], [1, 2])
