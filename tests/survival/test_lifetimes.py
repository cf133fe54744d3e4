"""Restricted and unrestricted means: against plain sums over many nodes, closed forms and repeated rows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import digamma, gamma

import statmodels_x as smx
from statmodels_x.core.quadrature import cube_root_nodes
from statmodels_x.survival.distributions.family import FAMILIES
from statmodels_x.survival.inference.rows import distinct
from statmodels_x.survival.kernels.hazards import (
    cumulative_hazard,
    mean_time,
    restricted_mean,
    tabulated,
)

SHAPES = {
    "free": None,
    "weibull": math.log(2.0),
    "next to weibull": math.log(2.0) + 1e-6,
    "burr": 0.0,
    "next to burr": 1e-7,
    "gompertz": math.inf,
    "large": 9.0,
    "plateau": -0.5,
}


def predictors(m: int, shape: float | None, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    eta = np.column_stack([rng.normal(0.0, s, m) for s in (0.5, 0.5, 0.4, 0.7, 1.0)])
    eta[:, 3] = eta[:, 3] if shape is None else shape
    return eta


def by_hand(horizon, given, eta, cure, family, rate):
    """The integral with repeated rows, in numpy alone."""
    node, weight = cube_root_nodes(96)
    span = np.maximum(horizon - given, 0.0)
    times = given[:, None] + span[:, None] * node
    wide, start = np.repeat(eta, 96, axis=0), np.repeat(given, 96)
    h, grad = cumulative_hazard(times.ravel(), wide, cure, family)
    h0, grad0 = cumulative_hazard(start, wide, cure, family)
    alive = np.exp(-(h - h0).reshape(times.shape) - rate * times) * span[:, None] * weight
    slopes = np.where(alive[:, :, None] > 0.0, (grad - grad0).reshape(*times.shape, 5), 0.0)
    slope = -(alive[:, :, None] * slopes).sum(axis=1)
    return alive.sum(axis=1), slope


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("cure", [0, 1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_restricted_means_of_odd_shapes(shape, cure, late):
    m = 60
    rng = np.random.default_rng(1)
    eta = predictors(m, SHAPES[shape])
    given = rng.uniform(0.0, 2.0, m) if late else np.zeros(m)
    horizon = rng.uniform(0.5, 4.0, m)
    found = restricted_mean(horizon, given, eta, cure, True, cube_root_nodes(96), None, 0.03)
    expected = by_hand(horizon, given, eta, cure, None, 0.03)
    for one, two in zip(found, expected, strict=True):
        assert_allclose(one, two, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["lognormal", "gengamma"])
def test_restricted_means_of_families_from_a_table_and_without(name):
    family, rule = FAMILIES[name], cube_root_nodes(96)
    eta = predictors(700, 0.4)
    eta[:, 1:] = eta[0, 1:]
    horizon, given = np.full(700, 3.0), np.zeros(700)
    table = restricted_mean(horizon, given, eta, 0, True, rule, family)
    direct = [
        restricted_mean(horizon[:9], given[:9], eta[k : k + 9], 0, True, rule, family)
        for k in range(0, 693, 99)
    ]
    for k, (value, slope) in zip(range(0, 693, 99), direct, strict=True):
        assert_allclose(table[0][k : k + 9], value, rtol=1e-10)
        assert_allclose(table[1][k : k + 9], slope, rtol=1e-9, atol=1e-10)
    # numpy's derivatives are numerical ones in log z
    expected = by_hand(horizon[:9], given[:9], eta[:9], 0, family, 0.0)
    assert_allclose(direct[0][0], expected[0], rtol=1e-10)
    assert_allclose(direct[0][1], expected[1], rtol=1e-8, atol=1e-10)


def test_a_table_is_refused_where_a_function_is_not_smooth():
    points = np.random.default_rng(0).uniform(-1.0, 1.0, 500)
    assert tabulated(lambda x: np.abs(x)[:, None], points) is None
    assert_allclose(tabulated(lambda x: np.exp(x)[:, None], points)[:, 0], np.exp(points), rtol=1e-12)


def log_mean(eta: np.ndarray) -> tuple[float, float]:
    """Log mean and its slope in alpha by 11,000 nodes, on the log scale throughout."""
    tau, beta, alpha, nu = eta[:4]
    kappa, k1 = math.expm1(nu), math.exp(nu)
    v = np.arange(-45.0, 25.0, 1.0 / 160.0)
    level = np.exp(v - beta)
    length = np.log1p(kappa * level / k1) / kappa if kappa else level / k1
    with np.errstate(over="ignore"):
        log_z = nu + np.where(length > 500.0, length, np.log(np.expm1(np.minimum(length, 600.0))))
    part = v - np.exp(v) + log_z * math.exp(-alpha) - tau
    share = np.exp(part - part.max())
    slope = -(share * log_z * math.exp(-alpha)).sum() / share.sum()
    return part.max() + math.log(share.sum() / 160.0), slope


@pytest.mark.parametrize(("low", "high"), [(0.01, 2.0), (1e-8, 1e-2), (0.0, 0.0), (0.0, 6.0)])
def test_means_of_light_and_heavy_tails(low, high):
    rng = np.random.default_rng(5)
    m = 150
    eta = np.column_stack(
        [rng.normal(size=m), rng.normal(0.4, 0.6, m), rng.normal(0.2, 0.6, m), rng.uniform(low, high, m)]
    )
    eta = np.column_stack([eta, np.zeros(m)])
    eta = eta[np.exp(-eta[:, 2]) < 0.9 * np.exp(eta[:, 1])]  # a finite mean at kappa = 0, too
    value, slope = mean_time(np.zeros(len(eta)), eta, np.ones(len(eta), bool), True)
    expected = np.array([log_mean(row) for row in eta])
    assert_allclose(np.log(value), expected[:, 0], rtol=1e-9, atol=1e-9)
    assert_allclose(slope[:, 2] / value, expected[:, 1], rtol=2e-9)


def test_a_weibull_mean_is_in_closed_form():
    eta = predictors(50, math.log(2.0))
    value, slope = mean_time(np.zeros(50), eta, np.ones(50, bool), False)
    r = np.exp(-eta[:, 2])
    assert_allclose(value, gamma(1.0 + r) * np.exp(-eta[:, 1] * r - eta[:, 0]), rtol=1e-12)
    assert_allclose(slope[:, 2], value * r * (eta[:, 1] - digamma(1.0 + r)), rtol=1e-12)
    by_nodes = mean_time(np.zeros(50), eta, np.ones(50, bool), True)
    assert_allclose(by_nodes[0], value, rtol=1e-10)
    assert_allclose(by_nodes[1][:, :3], slope[:, :3], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("late", [False, True])
def test_slopes_of_a_mean_are_its_differences(late):
    eta = predictors(20, None)
    eta[:, 3] = np.abs(eta[:, 3]) + 0.1
    given, exists = np.full(20, 0.7 if late else 0.0), np.ones(20, bool)
    value, slope = mean_time(given, eta, exists, True)
    for j in range(4):
        step = np.zeros(5)
        step[j] = 1e-4
        ends = [mean_time(given, eta + k * step, exists, True)[0] for k in (-2, -1, 1, 2)]
        numeric = (ends[0] - 8.0 * ends[1] + 8.0 * ends[2] - ends[3]) / 12e-4
        assert_allclose(slope[:, j], numeric, rtol=1e-7, atol=1e-9 * np.abs(value).max())


def test_distinct_rows():
    rng = np.random.default_rng(2)
    kinds = rng.normal(size=(7, 3))
    drawn = rng.integers(0, 7, 400)
    columns = np.column_stack([kinds[drawn], np.full(400, np.inf)])
    first, which = distinct(columns)
    assert len(first) == 7
    assert np.array_equal(columns[first][which], columns)
    # sqrt(2) a + sqrt(3) b: the same number of different rows
    clash = np.array([[np.sqrt(3.0), 0.0], [0.0, np.sqrt(2.0)], [1.0, 1.0]])
    first, which = distinct(clash)
    assert len(first) == 3
    assert np.array_equal(clash[first][which], clash)


def test_many_rows_in_two_threads_are_the_rows_alone(monkeypatch):
    n = 140_000
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)})
    data["time"] = rng.exponential(np.exp(0.3 * data["x"]))
    data["status"] = 1
    small = data.iloc[:2000]
    fit = smx.FlexibleSurvival("Surv(time, status) ~ x", small, power="~ z").fit()
    found = {}
    for many in ("1", "2"):
        monkeypatch.setenv("STATMODELS_X_THREADS", many)
        found[many] = [fit.predict(data, "mean"), fit.standardise("rmst", at=2.0, over=data)]
    for one, two in zip(found["1"], found["2"], strict=True):
        pd.testing.assert_frame_equal(one, two, check_exact=True)
    alone = fit.predict(data.iloc[[0, 70_000, n - 1]], "mean")
    assert_allclose(found["2"][0].iloc[[0, 70_000, n - 1], 1:], alone.iloc[:, 1:], rtol=1e-12)
