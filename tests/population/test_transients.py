"""Transient indices against brute force over powers of the matrix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from statmodels_x import LeslieMatrix
from statmodels_x.core.errors import DataError

properties = settings(derandomize=True, max_examples=40, deadline=None)


@st.composite
def cases(draw):
    k = draw(st.integers(2, 6))
    f = draw(st.lists(st.floats(0.05, 3.0), min_size=k, max_size=k))
    s = draw(st.lists(st.floats(0.1, 0.95), min_size=k - 1, max_size=k - 1))
    start = draw(st.lists(st.floats(0.1, 10.0), min_size=k, max_size=k))
    return LeslieMatrix(f, s), np.array(start)


def totals(population, start, steps=1500):
    """Standardised totals, one row a step from 0 on."""
    scaled = population.matrix / population.growth_rate
    now, rows = np.atleast_2d(np.asarray(start, float).T / np.sum(start, axis=0)).T, []
    for _ in range(steps + 1):
        rows.append(now.sum(axis=0))
        now = scaled @ now
    return np.array(rows)


@given(cases())
@properties
def test_bounds(case):
    population, _ = case
    rows = totals(population, np.eye(population.ages))
    table = population.transients()
    value = table["value"]
    assert value["first_step_amplification"] == pytest.approx(rows[1].max(), rel=1e-10)
    assert value["first_step_attenuation"] == pytest.approx(rows[1].min(), rel=1e-10)
    assert value["max_amplification"] == pytest.approx(rows[1:].max(), rel=1e-9)
    assert value["max_attenuation"] == pytest.approx(rows[1:].min(), rel=1e-9)
    assert value["inertia_upper"] == pytest.approx(rows[-1].max(), rel=1e-9)
    assert value["inertia_lower"] == pytest.approx(rows[-1].min(), rel=1e-9)
    assert population.reactivity() == value["first_step_amplification"]
    assert population.inertia() == value["inertia_upper"]
    for name, sign in (("max_amplification", 1.0), ("max_attenuation", -1.0)):
        step = table.loc[name, "step"]
        if np.isfinite(step):
            best = (sign * rows).max(axis=1)[int(step)]
            assert best == pytest.approx((sign * rows[1:]).max(), rel=1e-9)


@given(cases())
@properties
def test_of_one_start(case):
    population, start = case
    rows = totals(population, start)[:, 0]
    value = population.transients(start)["value"]
    assert value["first_step"] == pytest.approx(rows[1], rel=1e-10)
    assert value["max_amplification"] == pytest.approx(rows[1:].max(), rel=1e-9)
    assert value["max_attenuation"] == pytest.approx(rows[1:].min(), rel=1e-9)
    assert value["inertia"] == pytest.approx(rows[-1], rel=1e-9)
    assert population.inertia(start) == value["inertia"]


@given(cases())
@properties
def test_kreiss_bounds_are_sound_and_are_their_definition(case):
    population, _ = case
    rows = totals(population, np.eye(population.ages))
    value = population.transients()["value"]
    # never beyond what the powers (the 0-th too) attain
    assert value["kreiss_upper"] <= max(rows.max(), 1.0) * (1 + 1e-9)
    assert value["kreiss_lower"] >= min(rows.min(), 1.0) * (1 - 1e-9)
    scaled, identity = population.matrix / population.growth_rate, np.eye(population.ages)
    for z in 1.0 + np.geomspace(1e-4, 1e3, 200):
        sums = (z - 1.0) * np.linalg.inv(z * identity - scaled).sum(axis=0)
        assert sums.max() <= value["kreiss_upper"] * (1 + 1e-8)
        assert sums.min() >= value["kreiss_lower"] * (1 - 1e-8)
    # the supremum over the whole complex plane outside the unit disc is the one over the real line
    for z in 1.05 * np.exp(1j * np.linspace(0.0, np.pi, 9)):
        norm = np.abs((abs(z) - 1.0) * np.linalg.inv(z * identity - scaled)).sum(axis=0).max()
        assert norm <= value["kreiss_upper"] * (1 + 1e-8)


def test_a_stable_start_has_no_transients():
    population = LeslieMatrix([0.3, 1.5, 0.8], [0.7, 0.5])
    table = population.transients(population.stable_distribution)
    assert_allclose(table["value"], 1.0, atol=1e-12)
    assert np.isinf(table.loc["max_amplification", "step"])


def test_size_of_the_start_does_not_matter():
    population = LeslieMatrix([0.3, 1.5, 0.8], [0.7, 0.5])
    few, many = population.transients([1, 2, 3]), population.transients([1e9, 2e9, 3e9])
    assert_allclose(few, many, rtol=1e-12)


def test_slow_convergence_is_followed_to_its_end():
    slow = LeslieMatrix([5e-3, 0.0, 1.0], [1.0, 1.0])  # nearly waves of three
    table = slow.transients([1.0, 0.0, 0.0])
    rows = totals(slow, [1.0, 0.0, 0.0], 20_000)[:, 0]
    assert table.loc["max_amplification", "value"] == pytest.approx(rows[1:].max(), rel=1e-9)
    assert table.loc["max_attenuation", "value"] == pytest.approx(rows[1:].min(), rel=1e-9)


def test_too_slow_to_follow_is_said():
    nearly = LeslieMatrix([1e-7, 0.0, 1.0], [1.0, 1.0])
    with pytest.raises(DataError, match="has not settled"):
        nearly.transients()
