"""Systems of two species: the recursion, its closed forms, sizes beyond floats, and rules of extinction."""

import math
import pickle
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x import Competition, ComplexPredatorPrey, LeslieMatrix, PredatorPrey
from statmodels_x.core.errors import DataError
from statmodels_x.population.theory.dynamics import Parameters, stepper

properties = settings(derandomize=True, max_examples=50, deadline=None)


def random_leslie(rng, k, most=1.5):
    matrix = np.zeros((k, k))
    matrix[0] = rng.uniform(0.2, most, k)
    matrix[np.arange(1, k), np.arange(k - 1)] = rng.uniform(0.3, 0.95, k - 1)
    return matrix


def recursion(matrix, start, steps):
    for _ in range(steps):
        start = matrix @ start
    return start


def relative(found, right):
    return np.abs(found - right).max() / np.abs(right).max()


# ---- closed forms against the recursion: 4,000 random systems


@pytest.mark.parametrize("block", range(4))
def test_closed_forms_on_random_systems(block):
    rng = np.random.default_rng(block)
    n, worst = 40, dict.fromkeys(("spectral", "schur", "complex", "binomial", "sum-difference"), 0.0)

    def note(form, system, x, y, method):
        found = system.closed_form(x, y, [n], method).values[0]
        worst[form] = max(worst[form], relative(found, recursion(system.matrix, np.append(x, y), n)))

    for _ in range(200):
        k1, k2 = (int(k) for k in rng.integers(1, 6, 2))
        A, D = random_leslie(rng, k1), random_leslie(rng, k2)
        B, C = rng.uniform(0.0, 0.2, (k1, k2)), rng.uniform(0.0, 0.2, (k2, k1))
        x, y, z = rng.uniform(0.0, 5.0, k1), rng.uniform(0.0, 5.0, k2), rng.uniform(0.0, 5.0, k1)
        for kind in (Competition, PredatorPrey):
            note("spectral", kind(A, B, C, D), x, y, "auto")
            note("schur", kind(A, B, C, D), x, y, "schur")
        E = rng.uniform(0.0, 0.2, (k1, k1))
        note("complex", ComplexPredatorPrey(A, E), x, z, "auto")
        note("binomial", ComplexPredatorPrey(A, 0.2 * A + 0.05 * np.eye(k1)), x, z, "binomial")
        note("sum-difference", Competition(A, E, E, A), x, z, "sum-difference")
    assert max(worst.values()) < 1e-10, worst
    assert worst["complex"] < 1e-11
    assert worst["binomial"] < 1e-10


def test_defective_systems_have_a_closed_form():
    # one class each: the double eigenvalue 1/2 with the Jordan factor n
    defective = PredatorPrey(0.7, 0.2, 0.2, 0.3)
    x, y = 3.0, 1.0
    for n in (1, 2, 7, 60):
        found = defective.closed_form([x], [y], [n]).values[0]
        jordan = 0.5**n * (np.array([x, y]) + 2 * n * (defective.matrix - 0.5 * np.eye(2)) @ [x, y])
        assert_allclose(found, jordan, rtol=1e-10)
    # two classes, a double complex pair: A and D equal, coupled one way
    A = np.array([[0.2, 1.1], [0.6, 0.0]])
    chain = PredatorPrey(A, np.zeros((2, 2)), 0.3 * np.eye(2), A)
    found = chain.closed_form([1.0, 2.0], [0.5, 0.0], [50]).values[0]
    assert relative(found, recursion(chain.matrix, np.array([1.0, 2.0, 0.5, 0.0]), 50)) < 1e-12


def test_a_single_start_equals_exact_arithmetic():
    system = PredatorPrey([[0.5, 1.25], [0.75, 0.0]], [[0.125], [0.0]], [[0.25, 0.5]], 0.5)
    exact = [[Fraction(v) for v in row] for row in system.matrix.tolist()]
    state = [Fraction(v) for v in (4, 2, 1)]
    path = system.trajectory([4, 2], [1], 12)
    for n in range(13):
        assert_allclose(path.values[n], [float(v) for v in state], rtol=1e-14)
        state = [sum(a * b for a, b in zip(row, state, strict=True)) for row in exact]


def test_step_is_the_recursion():
    rng = np.random.default_rng(5)
    A, D = random_leslie(rng, 3), random_leslie(rng, 2)
    B, C = rng.uniform(size=(3, 2)), rng.uniform(size=(2, 3))
    x, y = rng.uniform(size=3), rng.uniform(size=2)
    new_x, new_y = PredatorPrey(A, B, C, D).step(x, y)
    assert_allclose(new_x, A @ x - B @ y)
    assert_allclose(new_y, D @ y + C @ x)
    new_x, new_y = Competition(A, B, C, D).step(x, y)
    assert_allclose(new_y, D @ y - C @ x)
    z = (A + 1j * np.eye(3)) @ (x + 1j * x[::-1])
    new_x, new_y = ComplexPredatorPrey(A, np.eye(3)).step(x, x[::-1])
    assert_allclose(new_x + 1j * new_y, z)
    free = Parameters(A, B, C, D, predation=True, density=np.zeros((2, 2)))
    assert_allclose(stepper(free)(np.append(x, y), 0), np.append(*PredatorPrey(A, B, C, D).step(x, y)))


@given(st.floats(0.3, 2.0), st.floats(0.0, 2.0), st.integers(0, 60))
@properties
def test_complex_scalar_is_a_turn_and_a_gain(a, b, n):
    system = ComplexPredatorPrey(a, b)
    found = system.closed_form([1.0], [0.0], [n]).values[0]
    z = complex(a, b) ** n
    assert_allclose(found, [z.real, z.imag], rtol=1e-9, atol=1e-10 * abs(z))


def test_prey_reaches_zero_after_a_quarter_turn():
    for theta in (0.05, 0.2, 0.7, 1.3):
        turning = ComplexPredatorPrey(1.1 * math.cos(theta), 1.1 * math.sin(theta))
        assert turning.oscillation_period == pytest.approx(2 * math.pi / theta)
        first = turning.trajectory([1.0], [0.0], 60).first_step_below_zero("prey")
        assert first == math.ceil(math.pi / 2 / theta)


# ---- sizes


@pytest.mark.parametrize("kind", [Competition, PredatorPrey])
def test_five_thousand_steps_do_not_overflow(kind):
    rng = np.random.default_rng(2)
    system = kind(random_leslie(rng, 3), 0.05 * np.ones((3, 3)), 0.1 * np.ones((3, 3)), random_leslie(rng, 3))
    path = system.trajectory([1, 2, 3], [1, 1, 1], 5000)
    assert path.exponents[-1] > 1100  # beyond any float
    assert np.isfinite(path.scaled).all()
    assert np.isinf(path.values[-1]).any()
    assert np.isfinite(path.to_frame()["log_abundance"]).all()
    growth = abs(system.growth_factor().exact)
    assert path.log_scale[-1] / 5000 == pytest.approx(math.log(growth), rel=1e-2)
    leap = system.closed_form([1, 2, 3], [1, 1, 1], [5000])
    scaled = leap.scaled[0] * 2.0 ** (leap.exponents[0] - path.exponents[-1])
    assert_allclose(scaled, path.scaled[-1], atol=1e-9)


def test_decay_does_not_underflow():
    path = Competition(0.2, 0.01, 0.01, 0.1).trajectory([1.0], [0.5], 2000)
    assert path.values[-1, 0] == 0.0
    rate = float(np.linalg.eigvalsh([[0.2, -0.01], [-0.01, 0.1]]).max())
    assert path.log_totals["x"].iloc[-1] == pytest.approx(2000 * math.log(rate), rel=1e-3)


def test_scaling_changes_no_digit():
    rng = np.random.default_rng(4)
    system = PredatorPrey(random_leslie(rng, 3), 0.1 * np.eye(3), 0.2 * np.eye(3), random_leslie(rng, 3))
    state = np.arange(1.0, 7.0)
    path = system.trajectory(state[:3], state[3:], 60)
    for n in range(61):
        assert np.array_equal(path.values[n], state)
        state = system.matrix @ state


def test_extreme_rates():
    path = Competition(1e140, 0.0, 0.0, 1e-140).trajectory([1e-100], [1e100], 50)
    assert path.log_totals["x"].iloc[-1] == pytest.approx(math.log(10) * (140 * 50 - 100))


# ---- tables


def test_tables_of_a_trajectory():
    system = Competition([[0.5, 1.0], [0.5, 0.0]], [[0.1], [0.0]], [[0.1, 0.2]], 1.1, names=("ant", "bee"))
    path = system.trajectory([4, 2], [3], 5)
    frame = path.to_frame()
    assert list(frame.columns) == ["step", "species", "class", "abundance", "log_abundance"]
    assert len(frame) == 6 * 3
    by_species = frame.groupby(["step", "species"])["abundance"].sum().unstack()
    assert_allclose(by_species, path.totals[["ant", "bee"]])
    assert path.totals.index.name == "step"
    assert path.totals.loc[0].to_dict() == {"ant": 6.0, "bee": 3.0}
    assert_allclose(np.exp(path.log_totals), path.totals)
    single = LeslieMatrix([0.0, 6.0], [0.5]).project([10, 0], 3)
    assert list(single.to_frame()["species"].unique()) == ["n"]


def test_closed_form_at_given_steps():
    system = PredatorPrey(1.1, 0.3, 0.2, 0.8)
    whole = system.closed_form([10], [5], 20)
    some = system.closed_form([10], [5], [0, 3, 20])
    assert list(some.steps) == [0, 3, 20]
    assert_allclose(some.values, whole.values[[0, 3, 20]])
    assert_allclose(whole.values, system.trajectory([10], [5], 20).values, atol=1e-12)


# ---- extinction


def test_total_rule_removes_for_good():
    system = PredatorPrey(1.1, 0.3, 0.2, 0.8)
    free = system.trajectory([10], [5], 20)
    first = free.first_step_below_zero("prey")
    removed = system.trajectory([10], [5], 20, extinction="total")
    assert removed.extinct == {"prey": first}
    assert (removed.totals["prey"].iloc[first:] == 0.0).all()
    assert (removed.totals["predator"] > 0.0).all()
    left = removed.totals["predator"].iloc[first:]
    assert_allclose(left.iloc[1:].to_numpy() / left.iloc[:-1].to_numpy(), 0.8)
    pd.testing.assert_frame_equal(free.totals.iloc[:first], removed.totals.iloc[:first])


def test_total_rule_leaves_negative_classes():
    # a class below 0 is no extinction as long as the species' total is positive
    system = Competition([[0.9, 0.9], [0.9, 0.0]], [[0.0], [1.0]], [[0.0, 0.0]], 1.0)
    path = system.trajectory([10.0, 0.0], [1.0], 1, extinction="total")
    assert not path.extinct
    other = system.trajectory([1.0, 0.0], [1.0], 1, extinction="total")
    assert other.values[1].min() < 0.0 < other.totals.loc[1, "x"]
    assert not other.extinct


def test_a_species_that_is_never_there():
    path = Competition(1.2, 0.1, 0.1, 1.1).trajectory([5], [0], 4, extinction="total")
    assert path.extinct == {"y": 0}
    assert_allclose(path.totals["x"], 5 * 1.2 ** np.arange(5))
    # predators of a linear model are born of prey even if there were none
    born = PredatorPrey(1.1, 0.3, 0.2, 0.8).trajectory([5], [0], 3, extinction="total")
    assert not born.extinct
    assert born.totals.loc[1, "predator"] == pytest.approx(1.0)


# ---- objects


def test_accepts_what_users_have():
    frame = pd.DataFrame([[0.5, 1.0], [0.5, 0.0]])
    system = Competition(LeslieMatrix([0.5, 1.0], [0.5]), 0.1 * np.eye(2), [[1, 0], [0, 1]], frame)
    assert_allclose(system.A, system.D)
    assert system.ages == (2, 2)
    assert "2 + 2 classes, linear" in repr(system)
    assert_allclose(system.trajectory(pd.Series([1, 2]), (1, 1), 1).values[0], [1, 2, 1, 1])


@pytest.mark.parametrize(
    "system",
    [
        PredatorPrey(1.1, 0.3, 0.2, 0.8, density=(0.01, 0.02), saturation=0.1),
        Competition(1.1, 0.1, 0.1, 1.2),
        ComplexPredatorPrey([[0.5, 1.0], [0.5, 0.0]], 0.1 * np.eye(2)),
    ],
    ids=lambda s: type(s).__name__,
)
def test_pickles(system, tmp_path):
    k = system.ages[0]
    before = system.trajectory(np.ones(k), np.ones(k), 5)
    system.eigenvalues  # noqa: B018  cached
    again = pickle.loads(pickle.dumps(system))
    assert_allclose(again.trajectory(np.ones(k), np.ones(k), 5).values, before.values)
    assert_allclose(pickle.loads(pickle.dumps(before)).values, before.values)
    assert again.names == system.names
    loaded = smx.load(smx.save(system, tmp_path / "system.smx"))
    assert_allclose(loaded.trajectory(np.ones(k), np.ones(k), 5).values, before.values)


def test_eigenvalues_are_ordered():
    values = PredatorPrey(1.1, 0.3, 0.2, 0.8).eigenvalues
    assert values[0] == np.conj(values[1])
    assert values[0].imag > 0.0
    assert Competition(1.1, 0.0, 0.0, 0.8).oscillation_period == math.inf


# ---- refusals

TWO, ONE = [[0.5, 1.0], [0.5, 0.0]], [[1.1]]


@pytest.mark.parametrize(
    ("build", "parts"),
    [
        (lambda: Competition(TWO, np.ones((2, 2)), np.ones((1, 2)), ONE), ("`B`", "(2, 2)", "(2, 1)")),
        (lambda: Competition(TWO, np.ones((2, 1)), np.ones((2, 1)), ONE), ("`C`", "(1, 2)")),
        (lambda: Competition([[1.0, 2.0]], 0, 0, ONE), ("`A`", "(1, 2)")),
        (lambda: Competition(TWO, -np.ones((2, 1)), np.ones((1, 2)), ONE), ("`B[1, 1]`", "negative")),
        (lambda: Competition(TWO, np.full((2, 1), np.nan), np.ones((1, 2)), ONE), ("`B[1, 1]`", "finite")),
        (lambda: PredatorPrey(ONE, ONE, ONE, [[np.inf]]), ("`D[1, 1]`", "finite")),
        (
            lambda: PredatorPrey([[1.0, 1.0], [0.0, 0.0]], np.ones((2, 1)), np.ones((1, 2)), ONE),
            ("row 2 of `A`",),
        ),
        (lambda: PredatorPrey(ONE, 0, 0, 0), ("row 1 of `D` and of `C`", "nobody enters")),
        (lambda: Competition(ONE, 1, 1, 0), ("row 1 of `D`", "nobody enters")),
        (lambda: PredatorPrey("fast", 1, 1, 1), ("`A`", "real numbers")),
        (lambda: PredatorPrey([[1.0, 2.0], [3.0]], 1, 1, 1), ("`A`",)),
        (lambda: PredatorPrey(10**400, 1, 1, 1), ("`A`",)),
        (lambda: PredatorPrey(None, 1, 1, 1), ("`A[1, 1]`", "nan")),
        (lambda: PredatorPrey(ONE, ONE, ONE, ONE, density=(1, 2, 3)), ("`density`", "a_xx")),
        (lambda: PredatorPrey(ONE, ONE, ONE, ONE, density=(1, -2)), ("`density[2]`", "negative")),
        (lambda: PredatorPrey(ONE, ONE, ONE, ONE, saturation=0.1), ("`saturation`", "density=(0, 0)")),
        (lambda: PredatorPrey(ONE, ONE, ONE, ONE, density=(0, 0), saturation=-1), ("`saturation[1]`",)),
        (lambda: Competition(ONE, ONE, ONE, ONE, density=(0.1, 0.2)), ("`density`",)),
        (lambda: Competition(ONE, ONE, ONE, ONE, names=("a", "a")), ("`names`", "different")),
        (lambda: Competition(ONE, ONE, ONE, ONE, names="ab"), ("`names`",)),
        (lambda: ComplexPredatorPrey(TWO, ONE), ("`B`", "(2, 2)")),
    ],
)
def test_bad_systems(build, parts):
    with pytest.raises(DataError) as caught:
        build()
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_bad_starts_and_steps():
    system = PredatorPrey(TWO, np.ones((2, 1)) / 9, np.ones((1, 2)) / 9, ONE)
    with pytest.raises(DataError, match="`x0` has 1 value"):
        system.trajectory([1.0], [1.0], 3)
    with pytest.raises(DataError, match=r"`y0\[1\]`"):
        system.trajectory([1.0, 1.0], [-1.0], 3)
    with pytest.raises(DataError, match="nobody is there"):
        system.trajectory([0.0, 0.0], [0.0], 3)
    with pytest.raises(DataError, match="extinction"):
        system.trajectory([1.0, 1.0], [1.0], 3, extinction="classes")
    with pytest.raises(DataError, match="steps"):
        system.trajectory([1.0, 1.0], [1.0], 3.5)
    for steps in ([], [3, 2], [1, 1], [0.5], [-1]):
        with pytest.raises(DataError, match="steps"):
            system.closed_form([1.0, 1.0], [1.0], steps)
    with pytest.raises(DataError, match="`x` must hold 2"):
        system.step([1.0, np.nan], [1.0])


def test_closed_forms_that_do_not_hold_are_refused():
    rng = np.random.default_rng(0)
    A, B = random_leslie(rng, 2), rng.uniform(size=(2, 2))
    with pytest.raises(DataError, match="needs A B = B A"):
        ComplexPredatorPrey(A, B).closed_form([1, 1], [1, 1], 3, "binomial")
    with pytest.raises(DataError, match="cancel"):
        ComplexPredatorPrey(1.0, 1.0).closed_form([1], [1], [200], "binomial")
    with pytest.raises(DataError, match="A = D and B = C"):
        Competition(A, B, B, random_leslie(rng, 2)).closed_form([1, 1], [1, 1], 3, "sum-difference")
    with pytest.raises(DataError, match="is for Competition only"):
        PredatorPrey(A, B, B, A).closed_form([1, 1], [1, 1], 3, "sum-difference")
    with pytest.raises(DataError, match="is for ComplexPredatorPrey only"):
        PredatorPrey(A, B, B, A).closed_form([1, 1], [1, 1], 3, "binomial")
    with pytest.raises(DataError, match="`method`"):
        PredatorPrey(A, B, B, A).closed_form([1, 1], [1, 1], 3, "magic")
    crowded = Competition(1.1, 0.0, 0.0, 1.2, density=np.ones((2, 2)))
    for call in (lambda: crowded.closed_form([1], [1], 3), crowded.hamiltonian):
        with pytest.raises(DataError, match="depends on density"):
            call()


def test_a_population_without_offspring_is_gone_after_a_step():
    """The power of a matrix of zeros: the start itself, and then nothing."""
    from statmodels_x.population.theory.closed_form import power

    values, exponents = power(np.zeros((2, 2)), np.array([3.0, 5.0]), [0, 1, 4])
    np.testing.assert_array_equal(values[0] * 2.0 ** exponents[0], [3.0, 5.0])
    np.testing.assert_array_equal(values[1:], 0.0)
