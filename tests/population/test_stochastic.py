"""Growth in a random environment: exact cases, an independent product of matrices, and the small-noise formula."""

import numpy as np
import pytest

from statmodels_x import LeslieMatrix, MatrixPopulation, quasi_extinction, stochastic_growth
from statmodels_x.core.errors import DataError

GOOD, BAD = LeslieMatrix([0.5, 2.0], [0.5]), LeslieMatrix([0.3, 1.0], [0.4])


def test_one_class_is_the_mean_logarithm():
    found = stochastic_growth([[[1.4]], [[0.8]]], prob=[3, 1], steps=40_000, seed=2)
    exact = 0.75 * np.log(1.4) + 0.25 * np.log(0.8)
    assert abs(found.log_growth - exact) < 4 * found.bse
    mean, variance = 1.25, 0.75 * 0.25 * 0.6**2
    assert found.log_growth_of_mean == pytest.approx(np.log(mean))
    assert found.approximation == pytest.approx(np.log(mean) - variance / (2 * mean**2))


def test_against_an_independent_product():
    found = stochastic_growth([GOOD, BAD], steps=30_000, seed=3)
    rng, logs, state = np.random.default_rng(99), 0.0, np.ones(2)
    for _ in range(30_000):
        state = (GOOD if rng.uniform() < 0.5 else BAD).matrix @ state
        logs += np.log(state.sum())
        state /= state.sum()
    assert abs(found.log_growth - logs / 30_000) < 4 * np.sqrt(2) * found.bse
    assert found.log_growth < found.log_growth_of_mean
    assert 0.0 < found.bse < 0.01


def test_error_bars_cover():
    truth = 0.5 * (np.log(1.3) + np.log(0.9))
    zs = []
    for seed in range(60):
        found = stochastic_growth([[[1.3]], [[0.9]]], steps=2_000, burn_in=0, seed=seed)
        zs.append((found.log_growth - truth) / found.bse)
    assert np.std(zs) == pytest.approx(1.0, abs=0.3)


def test_approximation_for_small_noise():
    mean = np.array([[0.4, 1.5], [0.5, 0.0]])
    errors = []
    for size in (0.2, 0.1):
        shift = size * np.array([[0.3, 1.0], [0.3, 0.0]])
        stack = [mean + shift, mean - shift]
        found = stochastic_growth(stack, steps=40_000, seed=0)
        assert abs(found.approximation - found.log_growth) < 4 * found.bse + 0.2 * size**2
        errors.append(found.log_growth_of_mean - found.approximation)
    assert errors[0] / errors[1] == pytest.approx(4.0)


def test_same_environment_is_the_growth_rate():
    found = stochastic_growth([GOOD, GOOD], steps=1000, seed=0)
    assert found.log_growth == pytest.approx(np.log(GOOD.growth_rate), abs=1e-12)
    assert found.bse < 1e-12


def test_seeds():
    first, again, other = (stochastic_growth([GOOD, BAD], steps=2000, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first.log_growth != other.log_growth


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (([],), "list of matrices"),
        (("good",), "list of matrices"),
        (([GOOD, [[1.0]]],), "give one shape"),
        (([GOOD, BAD], [0.5]), "one probability for each of 2"),
        (([GOOD, BAD], [0.5, -0.5]), "`prob[2]`"),
        (([GOOD, BAD], [0, 0]), "not all of them 0"),
        (([GOOD, BAD], None, 10), "`steps`"),
        (([[[0.0, 1.0], [0.5, 0.0]]],), "not primitive"),
        (([[[1.0, 1.0], [-0.5, 0.0]]],), "matrices[0]"),
    ],
)
def test_bad_input(arguments, part):
    with pytest.raises(DataError) as caught:
        stochastic_growth(*arguments)
    assert part in str(caught.value)


def test_a_year_that_kills_everybody():
    with pytest.raises(DataError, match="nobody is left"):
        stochastic_growth([GOOD, [[0.0, 0.0], [0.0, 0.0]]], steps=1000)


def test_the_share_of_extinct_populations_has_wilsons_interval():
    from statsmodels.stats.proportion import proportion_confint

    few = MatrixPopulation([[0.3, 0.0], [0.4, 0.0]], [[0.0, 1.0], [0.0, 0.0]])
    found = quasi_extinction(few, [3, 5], steps=6, n=40, demographic=True, alpha=0.1, seed=2)
    counts = (found["probability"] * 40).round()
    assert 0 < counts.iloc[-1] < 40
    low, high = proportion_confint(counts, 40, alpha=0.1, method="wilson")
    np.testing.assert_allclose(found["lower"], low, atol=1e-12)
    np.testing.assert_allclose(found["upper"], high, atol=1e-12)
