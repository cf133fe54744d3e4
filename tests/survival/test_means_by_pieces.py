"""Means and restricted means under a background or with a waning effect, against sums over thousands of pieces."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.core.quadrature import legendre_nodes
from statmodels_x.survival.background.sources import CurvePaths
from statmodels_x.survival.distributions.family import FAMILIES
from statmodels_x.survival.inference.all_cause import QUANTITIES, _total
from statmodels_x.survival.inference.quantities import log_rate
from statmodels_x.survival.inference.quantities import since as hazard_since
from statmodels_x.survival.inference.rows import Rows, Waning

LOG_2 = np.log(2.0)
AGES = np.array([63.7, 99.5])
CONTROL = np.array([0.0, 0.7, -0.2, 0.0, 0.0])
HORIZON = 20.0


def predictors(level: float, power: float, nu: float = LOG_2, cure: float = 0.0) -> np.ndarray:
    return np.tile([0.0, np.log(level), np.log(power), nu, cure], (len(AGES), 1))


def rows_of(eta, background=None, given=0.0, cure=0, family=None, waning=None) -> Rows:
    m = len(eta)
    nothing = (None,) * 5
    index = pd.RangeIndex(m)
    return Rows(index, eta, nothing, np.zeros(0), cure, np.full(m, given), family, background, waning=waning)


def backgrounds() -> dict:
    cells = pd.MultiIndex.from_product([range(30, 101), range(1980, 2021)], names=["age", "year"])
    frame = cells.to_frame(index=False)
    table = smx.LifeTable(frame.assign(rate=0.0004 * np.exp(0.095 * (frame["age"] - 30))), rate="rate")
    people = {"age": pd.Series(AGES), "year": pd.Series(np.full(len(AGES), 1992.3))}
    code = np.zeros(len(AGES), np.int64)
    return {
        "life table": table.match(age="age", year="year").paths(people, 1.0),
        "low": CurvePaths((smx.Rates([], [1e-4]),), code),
        "high": CurvePaths((smx.Rates([], [3.0]),), code),
        "two rates": CurvePaths((smx.Rates([4.0], [0.5, 0.02]),), code),
    }


def in_pieces(edges) -> tuple[np.ndarray, np.ndarray]:
    x, w = legendre_nodes(12)
    edges = np.unique(edges)
    span = np.diff(edges)
    return (edges[:-1, None] + span[:, None] * x).ravel(), (span[:, None] * w).ravel()


def summed(rows: Rows, horizon: float | None) -> np.ndarray:
    """Time lived after ``given``: 12 nodes in each of 1,900 pieces, fine towards the start."""
    found = []
    for k in range(len(rows.index)):
        one = rows.take(slice(k, k + 1))
        given = float(one.given[0])
        grid = given + np.geomspace(1e-9, 1e12, 2_000)
        last = horizon or grid[np.argmax(_total(grid, one.repeat(len(grid)))[0] > 60.0)]
        edges = [given + (last - given) * np.geomspace(1e-13, 1.0, 1_500), np.linspace(given, last, 400)]
        if one.background is not None:
            edges.append(np.clip(one.background.breaks(last)[0], given, last))
        if one.waning is not None:
            edges.append(np.clip([one.waning.start, one.waning.stop], given, last))
        times, weights = in_pieces(np.concatenate([*edges, [given]]))
        found.append(weights @ np.exp(-_total(times, one.repeat(len(times)))[0]))
    return np.array(found)


SHAPES = {
    "steep at 0": (predictors(0.3, 0.2), 0, None),
    "power 1/2": (predictors(5.0, 0.5), 0, None),
    "constant": (predictors(5.0, 1.0), 0, None),
    "power 3": (predictors(0.01, 3.0), 0, None),
    "power 12": (predictors(0.3, 12.0), 0, None),
    "plateau": (predictors(0.4, 1.3, nu=-0.5), 0, None),
    "burr": (predictors(0.4, 1.3, nu=0.0), 0, None),
    "cured": (predictors(0.6, 1.3, cure=0.4), 1, None),
    "lognormal": (predictors(0.7, 1.1, nu=0.0), 0, FAMILIES["lognormal"]),
}


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("given", [0.0, 2.5])
@pytest.mark.parametrize("where", ["life table", "low", "high", "two rates"])
@pytest.mark.parametrize("shape", SHAPES)
def test_means_under_a_background(shape, where, given):
    eta, cure, family = SHAPES[shape]
    rows = rows_of(eta, backgrounds()[where], given, cure, family)
    lived = summed(rows, None)
    found = QUANTITIES["mean"](np.zeros(len(AGES)), rows).estimate
    assert_allclose(found, given + lived, rtol=1e-8)


@pytest.mark.parametrize("shape", ["power 1/2", "cured"])
def test_the_gradient_of_a_mean_is_its_difference(shape):
    eta, cure, family = SHAPES[shape]
    eta = eta[:1] + 0.0
    design = tuple(np.ones((1, 1)) if j in (1, 2) else None for j in range(5))

    def at(theta) -> tuple[float, np.ndarray]:
        base = eta.copy()
        base[:, [1, 2]] -= eta[:, [1, 2]]
        path = backgrounds()["two rates"].take(np.array([0]))
        row = Rows(
            pd.RangeIndex(1), base, design, np.append(theta, 0.3), cure, np.zeros(1), family, path, True
        )
        found = QUANTITIES["mean"](np.zeros(1), row)
        return float(np.log(found.estimate[0])), found.jacobian[0]

    theta, step = eta[0, [1, 2]], 1e-5
    _, slope = at(theta)
    for j in range(2):
        moved = [at(theta + sign * step * (np.arange(2) == j))[0] for sign in (1.0, -1.0)]
        assert slope[j] == pytest.approx((moved[0] - moved[1]) / (2.0 * step), rel=1e-6)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("where", [None, "life table"])
@pytest.mark.parametrize("wanes", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_restricted_means(shape, wanes, where):
    eta, cure, family = SHAPES[shape]
    control = rows_of(eta + CONTROL, None, 0.0, cure, family)
    waning = Waning(1.0, 3.0, control) if wanes else None
    path = None if where is None else backgrounds()[where]
    rows = rows_of(eta, path, 0.0, cure, family, waning)
    found = QUANTITIES["rmst"](np.full(len(AGES), HORIZON), rows).estimate
    assert_allclose(found, summed(rows, HORIZON), rtol=1e-9)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize(("start", "stop"), [(1.0, 3.0), (0.1, 8.0), (5.0, 500.0)])
@pytest.mark.parametrize("shape", ["power 1/2", "power 3", "burr", "cured", "lognormal"])
def test_the_hazard_while_an_effect_wanes(shape, start, stop, frozen):
    eta, cure, family = SHAPES[shape]
    control = rows_of(eta + CONTROL, None, 0.0, cure, family)
    row = rows_of(eta, None, 0.0, cure, family, Waning(start, stop, control, frozen)).take(slice(0, 1))
    for last in (0.5 * (start + stop), 1.5 * stop):
        edges = np.concatenate([last * np.geomspace(1e-40, 1.0, 2_000), np.linspace(start, stop, 200), [0.0]])
        times, weights = in_pieces(np.clip(edges, 0.0, last))
        hazard = np.exp(log_rate(times, row.repeat(len(times)))[0])
        assert hazard_since(np.array([last]), row)[0][0] == pytest.approx(weights @ hazard, rel=1e-9)
