"""Populations with stages against R's popbio, their definitions, and simulation."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x import LeslieMatrix, MatrixPopulation
from statmodels_x.core.errors import DataError, FormulaError

EXTRA = os.environ.get("STATMODELS_X_EXTRA", "")
REFERENCE = Path(EXTRA) / "data" / "acceptance" / "stage_reference.json"
NAMES = ("whale", "tortoise_med_high", "teasel")


@pytest.fixture(scope="module")
def reference():
    if not REFERENCE.is_file():
        pytest.skip("the reference numbers of stage matrices are not here: set STATMODELS_X_EXTRA")
    return json.loads(REFERENCE.read_text())


def population(entry):
    A, F = np.array(entry["A"], float), np.array(entry["F"], float)
    return MatrixPopulation(A - F, F, entry["stages"])


@pytest.mark.parametrize("name", NAMES)
def test_the_long_run_is_that_of_popbio(reference, name):
    given, known = population(reference[name]), reference[name]["popbio"]
    assert given.growth_rate == pytest.approx(known["lambda"], rel=1e-9)
    assert_allclose(given.stable_distribution, known["stable_stage"], rtol=1e-8)
    assert_allclose(given.reproductive_values, known["reproductive_value"], rtol=1e-7, atol=1e-9)
    assert_allclose(given.sensitivities(), known["sensitivities"], rtol=1e-7, atol=1e-9)
    assert_allclose(given.elasticities(), known["elasticities"], rtol=1e-7, atol=1e-9)
    assert given.elasticities().to_numpy().sum() == pytest.approx(1.0)
    bare = given.sensitivities(zeros=False).to_numpy()
    assert (bare[given.matrix == 0] == 0).all()
    assert_allclose(bare[given.matrix > 0], given.sensitivities().to_numpy()[given.matrix > 0])
    assert list(given.stable_distribution.index) == reference[name]["stages"]


@pytest.mark.parametrize("name", NAMES)
def test_the_life_of_an_individual(reference, name):
    given, known, own = population(reference[name]), reference[name]["popbio"], reference[name]["formula"]
    assert_allclose(given.fundamental_matrix(), known["fundamental_matrix"], rtol=1e-7, atol=1e-8)
    assert_allclose(
        given.fundamental_matrix(variance=True), known["fundamental_variance"], rtol=1e-6, atol=1e-7
    )
    life = given.life_expectancy()
    assert_allclose(life["mean"], known["time_to_death_mean"], rtol=1e-8)
    assert_allclose(life["variance"], known["time_to_death_var"], rtol=1e-6, atol=1e-7)
    half = given.life_expectancy("middle")["mean"]
    assert_allclose(half, own["life_expectancy_midinterval_deaths"], rtol=1e-8)
    assert given.net_reproductive_rate == pytest.approx(known["R0"], rel=1e-8)
    times = {definition: given.generation_time(definition) for definition in ("R0", "parents", "cohort")}
    assert times["R0"] == pytest.approx(known["generation_time"], rel=1e-8)
    assert times["parents"] == pytest.approx(own["T_stable_parents"], rel=1e-8)
    assert times["cohort"] == pytest.approx(own["T_cohort_parents"], rel=1e-8)
    ordered = [times["parents"], times["R0"], times["cohort"]]
    assert ordered == sorted(ordered, reverse=given.growth_rate < 1.0)
    assert given.damping_ratio == pytest.approx(own["damping_ratio"], rel=1e-7)
    assert given.convergence_time(20) == pytest.approx(own["convergence_time_to_1_20"], rel=1e-6)


def test_vital_rates_by_formula(reference):
    whale = reference["whale"]
    table = population(whale).vital_rates(whale["formulas"]["matrix"], whale["popbio"]["vital_rates"])
    assert_allclose(
        table["sensitivity"], list(whale["popbio"]["vital_sensitivities"].values()), rtol=1e-7, atol=1e-9
    )
    assert_allclose(
        table["elasticity"], list(whale["popbio"]["vital_elasticities"].values()), rtol=1e-7, atol=1e-9
    )


def test_life_table_response_experiments(reference):
    base = np.array(reference["tortoise_med_high"]["A"], float)
    given = reference["ltre_fixed_tortoise"]["popbio"]
    treated = {}
    for label in ("low", "med_low", "med_high", "high"):
        treated[label] = base.copy()
        treated[label][0] = given[f"first_row_{label}"]
    for label in ("low", "high"):
        parts = MatrixPopulation(treated[label]).ltre(base)
        assert_allclose(parts, given["contributions"][label], rtol=1e-6, atol=1e-10)
        difference = MatrixPopulation(treated[label]).growth_rate - MatrixPopulation(base).growth_rate
        assert parts.to_numpy().sum() == pytest.approx(difference, rel=0.25)  # to first order
    known = reference["ltre_random_tortoise"]
    found = MatrixPopulation.random_ltre([MatrixPopulation(m) for m in treated.values()])
    assert_allclose(found.contributions, known["contributions"], rtol=1e-6)
    assert found.first_order == pytest.approx(known["sum"], rel=1e-6)
    assert found.variance == pytest.approx(known["variance_of_lambda"], rel=1e-6)


def test_stochastic_growth_by_draws_and_by_chain(reference):
    known = reference["stochastic"]
    matrices = [np.array(m, float) for m in known["hudsonia_A"].values()]
    simulated = known["iid_equal"]
    iid = smx.stochastic_growth(matrices, steps=50_000, seed=1)
    assert iid.log_growth == pytest.approx(-0.036586, abs=4 * iid.bse)
    approximation = simulated["tuljapurkar_second_order_population_covariance"]
    assert iid.approximation == pytest.approx(approximation, rel=1e-7)
    assert_allclose(iid.sensitivities, simulated["sensitivities"], rtol=0.02, atol=1e-7)
    assert iid.elasticities.to_numpy().sum() == pytest.approx(1.0, abs=1e-9)
    chain = np.full((4, 4), 0.1) + 0.6 * np.eye(4)
    tied = smx.stochastic_growth(matrices, steps=50_000, seed=2, transition=chain)
    assert tied.log_growth == pytest.approx(-0.038384, abs=4 * max(tied.bse, 0.00026))
    assert np.isnan(tied.approximation)


def test_stochastic_sensitivities_are_derivatives():
    """The growth of the same draws with one entry moved in all environments."""
    good, bad = np.array([[0.2, 1.5], [0.5, 0.6]]), np.array([[0.1, 0.8], [0.3, 0.5]])
    found = smx.stochastic_growth([good, bad], steps=40_000, seed=3)
    for i, j in np.argwhere(good > 0):
        h = np.zeros((2, 2))
        h[i, j] = 1e-5
        up, down = (smx.stochastic_growth([good + s * h, bad + s * h], steps=40_000, seed=3) for s in (1, -1))
        slope = (up.log_growth - down.log_growth) / 2e-5
        assert found.sensitivities.iloc[i, j] == pytest.approx(slope, rel=2e-3)


@pytest.mark.parametrize(
    ("name", "start", "known"),
    [
        ("tortoise_med_high", (0, 0, 5, 5, 3, 2, 2, 1), (0.04972, 0.44348, 0.91647)),
        ("whale", (0, 2, 2, 0), (0.00038, 0.00350, 0.02005)),
    ],
)
def test_extinction_by_chance(reference, name, start, known):
    given = population(reference[name])
    exact = given.extinction_probability(start, 100)
    assert_allclose(exact[[25, 50, 100]], known, atol=6e-6)
    simulated = smx.quasi_extinction(given, start, 100, threshold=1, n=4000, demographic=True, alpha=1e-4)
    for step in (25, 50, 100):
        assert simulated.loc[step, "lower"] - 1e-9 <= exact[step] <= simulated.loc[step, "upper"]
    assert simulated["probability"].is_monotonic_increasing


def test_quasi_extinction_is_a_first_passage():
    """In a certain environment the passage is at the step of the recursion, and nobody comes back."""
    falls = MatrixPopulation([[0.0, 0.9], [0.9, 0.0]])
    risk = smx.quasi_extinction(falls, [0, 100.0], 20, threshold=50, n=10)
    totals = falls.project([0, 100.0], 20).totals["n"]
    assert_allclose(risk["probability"], (totals < 50).cummax().astype(float))


def test_many_populations_are_fast_and_right():
    rng = np.random.default_rng(1)
    A = rng.uniform(size=(20, 20)) * (rng.uniform(size=(20, 20)) < 0.3)
    A[0] += 0.1
    A /= MatrixPopulation(A).growth_rate
    starts = rng.uniform(1, 2, size=(10_000, 20))
    begin = time.process_time()
    sizes = smx.simulate_populations(A, starts, steps=1000, n=10_000, at=[0, 10, 1000])
    spent = time.process_time() - begin
    assert spent < 20.0  # of CPU, on any machine; a loop of trajectories takes a minute
    for row in (0, 77):
        path = MatrixPopulation(A).project(starts[row], 10)
        assert sizes.loc[row, 10] == pytest.approx(path.log_totals["n"].iloc[10], rel=1e-10)
    good, bad = np.array([[0.5, 2.0], [0.5, 0.0]]), np.array([[0.3, 1.0], [0.4, 0.0]])
    many = smx.simulate_populations([good, bad], [1.0, 1.0], steps=400, n=400, at=[100, 400], seed=4)
    growth = smx.stochastic_growth([good, bad], steps=50_000, seed=5)
    rate = (many[400] - many[100]) / 300
    assert rate.mean() == pytest.approx(growth.log_growth, abs=4 * (rate.std() / 20 + growth.bse))


def test_a_leslie_matrix_is_one_with_stages():
    """By whichever way: the plus group's geometric series and the fundamental matrix."""
    bird = LeslieMatrix([0.7, 1.225, 1.75], [0.2, 0.35, 0.5], plus_group=True)
    plain = MatrixPopulation(bird.U, bird.F)
    assert plain.growth_rate == bird.growth_rate
    assert plain.net_reproductive_rate == pytest.approx(bird.net_reproductive_rate, rel=1e-12)
    for definition in ("R0", "parents", "cohort"):
        assert plain.generation_time(definition) == pytest.approx(bird.generation_time(definition), rel=1e-10)
    assert plain.life_expectancy()["mean"].iloc[0] == pytest.approx(bird.life_expectancy())
    pd.testing.assert_frame_equal(plain.transients(), bird.transients())
    at_rest = LeslieMatrix([0.0, 1.0, 1.5], [0.6, 0.5])
    assert isinstance(at_rest, MatrixPopulation)


def test_frames_name_stages_and_zeros_are_kept():
    frame = pd.DataFrame([[0, 1.2], [0.5, 0.8]], ["young", "old"], ["young", "old"])
    given = MatrixPopulation(frame)
    assert list(given.stages) == ["young", "old"]
    assert list(given.elasticities().columns) == ["young", "old"]
    assert "young" in str(given.summary())
    cut = given.without(["young"])
    assert list(cut.stages) == ["old"]
    assert cut.growth_rate == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: MatrixPopulation([[0.5, -1.0], [0.2, 0.1]]), ["matrix[1, 2]", "negative"]),
        (lambda: MatrixPopulation([[0.6, 0.0], [0.6, 0.9]], np.zeros((2, 2))), ["column 1", "1.2", "`F`"]),
        (lambda: MatrixPopulation([[0.5, 1.0], [0.2, 0.1]], stages=["a", "a"]), ["`stages`", "different"]),
        (
            lambda: MatrixPopulation([[0.5, 1.0], [0.2, 0.1]]).net_reproductive_rate,
            ["births", "MatrixPopulation(U, F)"],
        ),
        (lambda: MatrixPopulation([[0.5, 1.0], [0.2, 0.1]]).generation_time(), ["births"]),
        (lambda: MatrixPopulation([[0.5, 1.0], [0.2, 0.1]]).ltre(np.eye(3)), ["reference", "(3, 3)"]),
        (lambda: MatrixPopulation(np.zeros((2, 2))), ["0 throughout"]),
        (lambda: smx.quasi_extinction([[[0.5]], [[0.6]]], [3], 5, demographic=True), ["demographic", "U, F"]),
        (
            lambda: smx.quasi_extinction(MatrixPopulation([[0.5]], [[0.4]]), [2.5], 5, demographic=True),
            ["whole"],
        ),
        (
            lambda: smx.simulate_populations([[[0.5]], [[0.6]]], [3.0], 5, transition=[[1, 1], [0, 1]]),
            ["rows", "sum"],
        ),
        (lambda: smx.stochastic_growth([[[0.5]]], prob=[1], transition=[[1]]), ["not both"]),
    ],
)
def test_errors_name_what_is_wrong(call, words):
    with pytest.raises(DataError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("text", ["__import__('os')", "a.b", "a(1)", "a if a else 1", "[a]", "'a'", "a +"])
def test_formulas_are_arithmetic_only(text):
    given = MatrixPopulation([[0.5, 1.0], [0.2, 0.1]])
    with pytest.raises(FormulaError):
        given.vital_rates([[text, "1"], ["0.2", "0.1"]], {"a": 0.5})
    with pytest.raises(DataError, match=r"entry \[1, 1\]"):
        given.vital_rates([["2*a", "1"], ["0.2", "0.1"]], {"a": 0.5})
