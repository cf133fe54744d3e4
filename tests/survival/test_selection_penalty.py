"""The penalty of a selection: derivatives, sizes, score statistic, path."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from selection_trials import AFT, RIGHT, SURV, trial

import statmodels_x as smx
from statmodels_x.survival.fitted import sample_names
from statmodels_x.survival.sample import read
from statmodels_x.survival.selection.groups import candidates_of
from statmodels_x.survival.selection.path import Penalty, follow
from statmodels_x.survival.selection.search import Question, smallest_model
from statmodels_x.survival.selection.stepwise import ScoreTest
from statmodels_x.survival.specification import specify


@pytest.fixture(scope="module")
def data():
    return trial()


def question_of(data, formula, keep=None, lam=None, joint=False, **options):
    sample = read(data, specify(formula, **options))
    candidates = candidates_of(sample.specification, sample.design_specs, keep, joint)
    question = Question(
        sample.arrays, candidates, sample_names(sample), sample.specification.scale, "best", lam
    )
    return smallest_model(question)


@pytest.fixture(scope="module")
def space_and_penalty(data):
    question, start = question_of(data, f"{SURV} ~ x0 + x1 + arm", power="~ bs(x0, 4) + x4", **AFT)
    space = question.space()
    full = space.fit(space.everything, start)
    return space, Penalty.of(space), np.linalg.solve(space.transform, full.theta), full


@pytest.mark.parametrize("epsilon", [5.0, 0.3, 0.05])
def test_derivatives_of_the_penalty(space_and_penalty, epsilon):
    _, penalty, u, _ = space_and_penalty
    slope, majoriser = penalty.derivatives(u, epsilon, majorise=True)
    step = 1e-6
    numeric = [
        (penalty.value(u + step * e, epsilon) - penalty.value(u - step * e, epsilon)) / (2.0 * step)
        for e in np.eye(len(u))
    ]
    assert_allclose(slope, numeric, atol=1e-6 * max(1.0, np.abs(slope).max()))
    rows = [
        (penalty.derivatives(u + step * e, epsilon)[0] - penalty.derivatives(u - step * e, epsilon)[0])
        / (2.0 * step)
        for e in np.eye(len(u))
    ]
    values, vectors = np.linalg.eigh(0.5 * (np.array(rows) + np.array(rows).T))
    absolute = (vectors * np.abs(values)) @ vectors.T
    _, curvature = penalty.derivatives(u, epsilon)
    assert_allclose(curvature, absolute, atol=1e-5 * np.abs(absolute).max())
    rng = np.random.default_rng(0)
    for _ in range(200):  # the majoriser touches at u, and is nowhere below
        there = u + rng.normal(size=len(u)) * rng.choice([0.01, 0.3, 3.0])
        quadratic = (
            penalty.value(u, epsilon) + slope @ (there - u) + 0.5 * (there - u) @ majoriser @ (there - u)
        )
        assert penalty.value(there, epsilon) <= quadratic + 1e-9


def test_a_size_is_the_spread_of_the_contribution(space_and_penalty):
    space, penalty, u, full = space_and_penalty
    for k, size in zip(space.free, np.sqrt(penalty.q(u)), strict=True):
        columns = list(space.candidates.groups[k].columns)
        contribution = space.rows.matrix[:, columns] @ full.theta[columns]
        assert_allclose(size, contribution.std(), rtol=1e-8)


def test_a_narrow_corner_counts_coefficients(space_and_penalty):
    space, penalty, u, _ = space_and_penalty
    counted = sum(space.candidates.groups[k].size for k in space.free)
    assert_allclose(penalty.value(u, 1e-8), 0.5 * space.lam * counted, rtol=1e-6)


def test_the_score_statistic_is_that_of_the_public_test(data):
    small = smx.FlexibleSurvival(f"{SURV} ~ x1", data, **AFT).fit()
    expected = small.score_test(smx.FlexibleSurvival(f"{SURV} ~ x1 + arm", data, **AFT))
    question, start = question_of(data, f"{SURV} ~ x1 + arm", **AFT)
    space = question.space()
    fit = space.fit(space.smallest | {0}, start)
    _, score, information = space.derivatives(fit.theta)
    test = ScoreTest(score, information, space.candidates.columns(fit.chosen))
    assert_allclose(
        test.statistic(np.array(space.candidates.groups[1].columns)), expected["statistic"], rtol=1e-5
    )


def test_the_path_ends_at_zeros_and_at_the_refit(data):
    question, start = question_of(data, f"{SURV} ~ {RIGHT}", power=f"~ {RIGHT}", **AFT)
    space = question.space()
    full = space.fit(space.everything, start)
    path = follow(space, full.theta)
    last = path.sizes[-1]
    assert not path.undecided
    assert last[last > 1e-3].min() / max(last[last <= 1e-3].max(), 1e-12) > 1e4
    refit = space.fit(path.chosen, path.theta)
    assert_allclose(path.theta, refit.theta, atol=1e-5)
    assert follow(space, full.theta, steps=60).chosen == path.chosen
