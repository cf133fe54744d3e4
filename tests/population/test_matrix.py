"""The Leslie matrix against published examples, closed forms, and its own definition."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x import LeslieMatrix
from statmodels_x.core.errors import DataError
from statmodels_x.population.theory.perron import is_irreducible, is_primitive, period, perron

# Keyfitz and Caswell (2005), example 7.2: women of the United States in 1966, in classes of 5 years
USA = LeslieMatrix(
    [0.0, 0.00102, 0.08515, 0.30574, 0.40002, 0.28061, 0.1526, 0.0642, 0.01483, 0.00089],
    [0.9967, 0.99837, 0.9978, 0.99672, 0.99607, 0.99472, 0.9924, 0.98867, 0.98274],
)
# a generic passerine, counted after breeding (shipped with the program ULM)
BIRD = LeslieMatrix([0.7, 1.225, 1.75], [0.2, 0.35, 0.5], plus_group=True)
# Bernardelli (1941): a beetle that breeds in its third year and dies, in waves of three years
BEETLE = LeslieMatrix([0.0, 0.0, 6.0], [1 / 2, 1 / 3])
# Caswell (2001), example 5.1: killer whales; stages, not ages, but the algebra is the same
ORCA = np.array(
    [
        [0.0, 0.0043, 0.1132, 0.0],
        [0.9775, 0.9111, 0.0, 0.0],
        [0.0, 0.0736, 0.9534, 0.0],
        [0.0, 0.0, 0.0452, 0.9804],
    ]
)


@st.composite
def leslie(draw, plus=None, smallest=1):
    k = draw(st.integers(smallest, 6))
    with_plus = draw(st.booleans()) if plus is None else plus
    f = draw(st.lists(st.floats(0.05, 3.0), min_size=k, max_size=k))
    n = k if with_plus else k - 1
    s = draw(st.lists(st.floats(0.1, 0.95), min_size=n, max_size=n))
    return LeslieMatrix(f, s, plus_group=with_plus)


properties = settings(derandomize=True, max_examples=40, deadline=None)

# ---- published examples; digits of matpopmod 0.1.1, which agree with the books' where they print them


def test_united_states_1966():
    assert USA.growth_rate == pytest.approx(1.049753043520218, rel=1e-12)
    assert USA.net_reproductive_rate == pytest.approx(1.2890030052841313, rel=1e-12)
    assert USA.damping_ratio == pytest.approx(1.301368527570405, rel=1e-10)
    assert USA.generation_time() == pytest.approx(5.228490781304165, rel=1e-11)
    assert USA.generation_time("parents") == pytest.approx(5.187036545241124, rel=1e-11)
    assert USA.generation_time("cohort") == pytest.approx(5.270351769121162, rel=1e-11)
    assert USA.life_expectancy() == pytest.approx(9.82116240107675, rel=1e-12)
    assert_allclose(
        USA.stable_distribution,
        [0.1251958232, 0.1188686022, 0.1130502523, 0.1074553129, 0.1020267196,
         0.0968092022, 0.0917340037, 0.0867221351, 0.0816759464, 0.0764620023],
        atol=1e-10,
    )  # fmt: skip
    values = np.array(
        [1.5398940894, 1.6218606472, 1.7037595867, 1.6610591600, 1.2770835238,
         0.72749292946, 0.33333826243, 0.11581521309, 0.022976495580, 0.0013055506226]
    )  # fmt: skip
    assert_allclose(USA.reproductive_values, values / values[0], rtol=1e-9)


def test_passerine_with_a_plus_group():
    assert BIRD.growth_rate == pytest.approx(1.1049752469181024, rel=1e-13)
    assert BIRD.net_reproductive_rate == pytest.approx(1.19, rel=1e-14)
    assert BIRD.damping_ratio == pytest.approx(11.628288536206878, rel=1e-9)
    times = [BIRD.generation_time(d) for d in ("R0", "parents", "cohort")]
    assert_allclose(times, [1.742618660928268, 1.669407961699505, 1.823529411764706], rtol=1e-12)
    assert BIRD.life_expectancy() == pytest.approx(1.34, rel=1e-13)
    assert_allclose(BIRD.stable_distribution, [7 / 9, 0.140777412, 0.0814448102], atol=1e-9)


def test_counts_before_and_after_breeding_are_the_same_population():
    before = LeslieMatrix([0.7, 0.7], [0.35, 0.5], plus_group=True)
    assert before.growth_rate == pytest.approx(BIRD.growth_rate, rel=1e-13)
    assert before.net_reproductive_rate == pytest.approx(BIRD.net_reproductive_rate, rel=1e-13)
    for definition in ("R0", "parents", "cohort"):
        assert before.generation_time(definition) == pytest.approx(BIRD.generation_time(definition))


def test_killer_whales():
    found = perron(ORCA)
    assert found.root == pytest.approx(1.0254413255303465, rel=1e-13)
    stable = [0.0369718683, 0.3160712112, 0.3229096768, 0.3240472437]
    assert_allclose(found.right, stable, atol=1e-10)
    assert_allclose(found.left, [1.1416316408, 1.1976227754, 1.7938690159, 0.0], atol=1e-9)
    assert not is_irreducible(ORCA)  # females past breeding leave nothing
    assert is_primitive(ORCA[:3, :3])


def test_beetle_in_waves_of_three_years():
    assert BEETLE.growth_rate == pytest.approx(1.0, abs=1e-14)
    assert (BEETLE.period, BEETLE.is_irreducible, BEETLE.is_primitive) == (3, True, False)
    assert BEETLE.damping_ratio == pytest.approx(1.0, abs=1e-12)
    path = BEETLE.project([60.0, 0.0, 0.0], 6).totals["n"]
    assert_allclose(path, [60, 30, 10, 60, 30, 10, 60], rtol=1e-14)
    with pytest.raises(DataError, match="period 3"):
        BEETLE.transients()


def test_popbio_imprimitive_example():
    example = LeslieMatrix([0.0, 0.0, 2.0], [0.3, 0.6])
    assert example.growth_rate == pytest.approx((2 * 0.3 * 0.6) ** (1 / 3), rel=1e-13)
    assert example.period == 3


# ---- closed forms


@given(leslie())
@properties
def test_euler_lotka_and_eigenvectors(population):
    lam, w, v = population.growth_rate, population.stable_distribution, population.reproductive_values
    assert_allclose(population.matrix @ w, lam * w, rtol=1e-10, atol=1e-13)
    assert_allclose(v @ population.matrix, lam * v, rtol=1e-9, atol=1e-12)
    assert w.sum() == pytest.approx(1.0)
    assert v.iloc[0] == 1.0
    f, s, k = population.fecundity, population.survival, population.ages
    alive = np.cumprod(np.append(1.0, s[: k - 1]))
    tail = 1.0 / (1.0 - s[-1] / lam) if population.plus_group and k else 1.0
    weights = alive * lam ** -np.arange(1.0, k + 1)
    weights[-1] *= tail
    assert f @ weights == pytest.approx(1.0, rel=1e-9)


@given(leslie())
@properties
def test_life_table_numbers_follow_a_cohort(population):
    births, weighted, years = 0.0, 0.0, 0.0
    alive = np.eye(population.ages)[0]
    for age in range(1, 700):
        born = population.fecundity @ alive
        births, weighted, years = births + born, weighted + age * born, years + alive.sum()
        alive = population.matrix @ alive
        alive[0] -= born
    assert population.net_reproductive_rate == pytest.approx(births, rel=1e-9)
    assert population.generation_time("cohort") == pytest.approx(weighted / births, rel=1e-9)
    assert population.life_expectancy() == pytest.approx(years, rel=1e-9)


@given(leslie())
@properties
def test_sensitivities_are_derivatives(population):
    slopes = population.sensitivities().to_numpy()
    h = 1e-6
    for i, j in np.ndindex(*slopes.shape):
        up, down = (population.matrix.copy() for _ in range(2))
        up[i, j] += h
        down[i, j] -= h
        rates = [np.linalg.eigvals(m).real.max() for m in (up, down)]
        assert slopes[i, j] == pytest.approx((rates[0] - rates[1]) / (2 * h), rel=1e-4, abs=1e-6)
    assert population.elasticities().to_numpy().sum() == pytest.approx(1.0)


@given(leslie(plus=False))
@properties
def test_mean_age_of_parents_by_its_definition(population):
    lam, k = population.growth_rate, population.ages
    parents = population.fecundity * population.stable_distribution.to_numpy()
    assert population.generation_time("parents") == pytest.approx(
        parents @ np.arange(1, k + 1) / parents.sum(), rel=1e-9
    )
    if abs(lam - 1.0) > 1e-3:
        grown = lam ** population.generation_time("R0")
        assert grown == pytest.approx(population.net_reproductive_rate, rel=1e-9)


def test_generation_times_agree_at_rest():
    rest = LeslieMatrix([0.0, 1.0, 1.0], [0.8, 0.25])
    assert rest.growth_rate == pytest.approx(1.0, abs=1e-14)
    times = [rest.generation_time(d) for d in ("R0", "parents", "cohort")]
    assert_allclose(times, 2.2, rtol=1e-9)
    near = LeslieMatrix([0.0, 1.0 + 1e-6, 1.0], [0.8, 0.25])
    assert near.generation_time("R0") == pytest.approx(2.2, abs=1e-5)


@given(leslie(smallest=2))
@properties
def test_growth_rate_is_what_a_long_projection_shows(population):
    path = population.project(np.ones(population.ages), 1500)
    logs = path.log_totals["n"]
    assert (logs.iloc[-1] - logs.iloc[-201]) / 200 == pytest.approx(
        np.log(population.growth_rate), rel=1e-6, abs=1e-9
    )


def test_one_class():
    clone = LeslieMatrix([1.3])
    assert (clone.growth_rate, clone.ages, clone.damping_ratio) == (1.3, 1, np.inf)
    assert LeslieMatrix([0.4], [0.8], plus_group=True).growth_rate == pytest.approx(1.2)


def test_classes_past_breeding():
    old = LeslieMatrix([0.5, 1.5, 0.0, 0.0], [0.6, 0.5, 0.4])
    assert not old.is_irreducible
    assert old.period == 1
    assert old.growth_rate == pytest.approx(LeslieMatrix([0.5, 1.5], [0.6]).growth_rate)
    assert_allclose(old.reproductive_values.iloc[2:], 0.0, atol=1e-15)
    assert (old.stable_distribution > 0.0).all()
    with pytest.raises(DataError, match="classes after 2 have no offspring"):
        old.inertia()


def test_a_plus_group_that_outlives_the_breeders():
    # the breeders die out faster than the old: the largest eigenvalue is the survival of the old
    relict = LeslieMatrix([0.1, 0.1, 0.0], [0.5, 0.5, 0.98], plus_group=True)
    assert relict.growth_rate == pytest.approx(0.98)
    assert_allclose(relict.stable_distribution, [0.0, 0.0, 1.0], atol=1e-12)
    assert relict.outlives_breeders
    assert not BIRD.outlives_breeders
    with pytest.raises(DataError, match="no births"):
        relict.generation_time()
    assert relict.generation_time("cohort") == pytest.approx(0.2 / 0.15)
    immortal = LeslieMatrix([0.0, 0.1], [0.5, 1.0], plus_group=True)
    assert immortal.net_reproductive_rate == immortal.life_expectancy() == np.inf
    assert immortal.generation_time() == np.inf
    assert np.isfinite(immortal.generation_time("parents"))


def test_double_growth_rates_are_refused():
    for matrix in (np.diag([1.2, 1.2]), [[1.2, 0.0], [0.3, 1.2]], np.zeros((2, 2))):
        with pytest.raises(DataError, match="not a simple positive one"):
            perron(np.asarray(matrix))
    with pytest.raises(DataError, match="not a simple positive one"):
        LeslieMatrix([0.8, 0.0], [0.5, 0.8], plus_group=True).sensitivities()


def test_primitivity_against_powers():
    rng = np.random.default_rng(0)
    for _ in range(300):
        k = int(rng.integers(1, 6))
        matrix = (rng.uniform(size=(k, k)) < rng.uniform(0.2, 0.8)).astype(float)
        reach = np.linalg.matrix_power(np.eye(k) + matrix, k) if k > 1 else matrix
        assert is_irreducible(matrix) == bool((reach > 0.0).all())
        wielandt = np.linalg.matrix_power(matrix, (k - 1) ** 2 + 1)
        assert is_primitive(matrix) == bool((wielandt > 0.0).all())


def test_period_of_cycles():
    for k in range(1, 7):
        assert period(np.roll(np.eye(k), 1, axis=0)) == k
    assert period(LeslieMatrix([0, 1, 0, 1.0], [1, 1, 1]).matrix) == 2


# ---- as an object


def test_reads_and_shows_arrays():
    frame = pd.DataFrame(BIRD.matrix)
    again = LeslieMatrix.from_array(frame)
    assert again.plus_group
    assert_allclose(again.survival, BIRD.survival)
    assert eval(repr(BIRD)).growth_rate == BIRD.growth_rate
    assert np.array_equal(np.asarray(BIRD), BIRD.matrix)
    assert LeslieMatrix(pd.Series([0.5, 2.0]), np.array([0.5])).ages == 2
    assert LeslieMatrix.from_array([[1.2]]).plus_group is False


def test_pickles_and_saves(tmp_path):
    rate = USA.growth_rate
    again = pickle.loads(pickle.dumps(USA))
    assert again.growth_rate == rate
    loaded = smx.load(smx.save(USA, tmp_path / "usa.smx"))
    assert loaded.growth_rate == rate
    assert np.array_equal(loaded.matrix, USA.matrix)


def test_arrays_cannot_be_changed():
    for array in (BIRD.matrix, BIRD.fecundity, BIRD.survival):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9.0


def test_summary():
    text = str(BIRD.summary())
    for part in (
        "3 (the last a plus group)",
        "1.1050",
        "1.1900",
        "1.7426",
        "1.6694",
        "1.8235",
        "class 3",
        "0.7778",
    ):
        assert part in text
    assert "waves of period 3" in str(BEETLE.summary())
    assert "no offspring (reducible)" in str(LeslieMatrix([0.5, 1.5, 0.0], [0.6, 0.5]).summary())
    assert "outlive the breeders" in str(
        LeslieMatrix([0.1, 0.1, 0], [0.5, 0.5, 0.98], plus_group=True).summary()
    )
    assert "class 1" in LeslieMatrix([0.4], [0.8], plus_group=True).summary().as_html()


def test_extreme_rates_keep_their_vectors():
    wide = LeslieMatrix([0.0] * 5 + [1e12], [1e-3] * 5)
    assert wide.growth_rate == pytest.approx(1e-3 ** (5 / 6) * 1e2, rel=1e-12)
    assert (wide.reproductive_values > 0.0).all()
    assert_allclose(
        wide.matrix @ wide.stable_distribution, wide.growth_rate * wide.stable_distribution, rtol=1e-9
    )


# ---- refusals


@pytest.mark.parametrize(
    ("fecundity", "survival", "plus", "parts"),
    [
        ([1.0, 2.0], [1.2], False, ("`survival[1]`", "1.2", "at most 1")),
        ([1.0, 2.0], [-0.2], False, ("`survival[1]`", "-0.2", "negative")),
        ([1.0, -2.0], [0.2], False, ("`fecundity[2]`", "-2", "negative")),
        ([1.0, np.nan], [0.2], False, ("`fecundity[2]`", "nan", "finite")),
        ([1.0, np.inf], [0.2], False, ("`fecundity[2]`", "inf", "finite")),
        ([1.0, None], [0.2], False, ("`fecundity[2]`", "nan")),
        ([0.0, 0.0], [0.2], False, ("`fecundity`", "nobody is born")),
        ([1.0, 2.0, 3.0], [0.5, 0.0], False, ("`survival[2]`", "nobody enters class 3", "Give 2 class")),
        ([1.0, 2.0], [0.5, 0.5], False, ("`survival` has 2", "plus_group=True")),
        ([1.0, 2.0], [0.5], True, ("`survival` has 1", "give 2")),
        ([1.0, 2.0], [], False, ("`survival` has 0",)),
        ([], [], False, ("`fecundity`", "give a list")),
        ([[1.0, 2.0]], [0.5], False, ("`fecundity`", "shape")),
        (["1", "2"], [0.5], False, ("`fecundity`", "real numbers")),
        ([1.0, 2j], [0.5], False, ("`fecundity`", "real numbers")),
        ([1.0, 10**400], [0.5], False, ("`fecundity`",)),
        ([1.0, 1e200], [0.5], False, ("`fecundity[2]`", "below")),
        ([1.0, 2.0], "half", False, ("`survival`",)),
        ([1.0, 2.0], [0.5], "yes", ("`plus_group`", "True or False")),
        ([1.0, [2.0]], [0.5], False, ("`fecundity`",)),
    ],
)
def test_bad_rates(fecundity, survival, plus, parts):
    with pytest.raises(DataError) as caught:
        LeslieMatrix(fecundity, survival, plus)
    assert all(part in str(caught.value) for part in ("LeslieMatrix", *parts)), str(caught.value)


def test_large_integers_do_not_wrap():
    assert LeslieMatrix(np.array([2**62, 2**62]), [0.5]).growth_rate >= 2.0**62


@pytest.mark.parametrize(
    ("matrix", "part"),
    [
        ([[1.0, 1.0], [0.5, 0.2], [0.1, 0.1]], "shape"),
        ([[1.0, 1.0, 1.0], [0.5, 0.0, 0.0], [0.3, 0.5, 0.0]], "`matrix[3, 1]`"),
        ([[1.0, 1.0, 1.0], [0.5, 0.1, 0.0], [0.0, 0.5, 0.0]], "`matrix[2, 2]`"),
        ([[1.0, 1.0], [1.5, 0.0]], "at most 1"),
    ],
)
def test_bad_arrays(matrix, part):
    with pytest.raises(DataError) as caught:
        LeslieMatrix.from_array(matrix)
    assert part in str(caught.value)


def test_bad_arguments_of_methods():
    with pytest.raises(DataError, match="definition"):
        BIRD.generation_time("mean")
    with pytest.raises(DataError, match="3 age classes"):
        BIRD.project([1.0, 2.0], 3)
    for steps in (-1, 2.5, True, 10**9, None):
        with pytest.raises(DataError, match="steps"):
            BIRD.project([1.0, 2.0, 3.0], steps)
    with pytest.raises(DataError, match="0 in every class"):
        BIRD.reactivity([0.0, 0.0, 0.0])
