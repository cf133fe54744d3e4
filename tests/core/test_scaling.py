"""Centred and scaled columns: the same space, the same predictor, and the way back."""

import numpy as np
import pytest

from statmodels_x.core.rank import ColumnSums
from statmodels_x.core.scaling import ColumnMap

RNG = np.random.default_rng(5)
Z, W = RNG.normal(size=(2, 300))
ONE = np.ones(300)
LEVELS = np.eye(3)[np.arange(300) % 3]
FAR = {
    "shifted": np.column_stack([ONE, Z + 1e6, W]),
    "small": np.column_stack([ONE, Z * 1e-9, W]),
    "large and shifted": np.column_stack([ONE, W, (Z - 1e4) * 1e7]),
    "all levels": np.column_stack([LEVELS, Z + 1e6, W * 1e-4]),
    "another constant": np.column_stack([5.0 * ONE, Z - 1e5]),
    "no constant": np.column_stack([Z + 1e6, W * 1e-5]),
}


def mapped(matrix):
    return ColumnMap.of(ColumnSums.of(matrix))


def moved(matrix):
    columns = matrix.T.copy()
    mapped(matrix).move(columns)
    return columns.T


@pytest.mark.parametrize("name", FAR)
def test_the_same_predictor(name):
    matrix = FAR[name]
    found, inner = mapped(matrix), moved(matrix)
    assert found.changes
    coefficients = np.linspace(-1.0, 2.0, matrix.shape[1])
    np.testing.assert_allclose(matrix @ found.outer(coefficients), inner @ coefficients, atol=1e-7)
    np.testing.assert_allclose(found.inner(found.outer(coefficients)), coefficients, atol=1e-7)
    np.testing.assert_allclose(found.matrix @ coefficients, found.outer(coefficients), rtol=1e-9)


@pytest.mark.parametrize("name", [name for name in FAR if name != "no constant"])
def test_inner_columns_are_near_0_and_of_moderate_size(name):
    inner = moved(FAR[name])
    assert np.abs(inner.mean(axis=0)).max() < 101.0
    assert np.abs(inner).max(axis=0).min() > 1e-3
    assert np.abs(inner).max() < 1e3
    assert np.linalg.cond(inner) < 1e2


@pytest.mark.parametrize("name", FAR)
def test_covariances_and_scores_go_back_as_coefficients_do(name):
    matrix = FAR[name]
    found, inner = mapped(matrix), moved(matrix)
    k = matrix.shape[1]
    covariance = np.linalg.inv(inner.T @ inner)
    to = found.matrix
    np.testing.assert_allclose(found.outer_covariance(covariance), to @ covariance @ to.T, rtol=1e-6)
    scores = np.arange(1.0, 2 * k + 1).reshape(
        2, k
    )  # by the inner coefficients: to' times those by the outer
    np.testing.assert_allclose(found.outer_scores(scores) @ to, scores, rtol=1e-6)


def test_usual_columns_stay_as_they_are():
    matrix = np.column_stack([ONE, 60.0 + 10.0 * Z, LEVELS[:, 1:], W * 0.01])
    found = mapped(matrix)
    assert not found.changes
    np.testing.assert_array_equal(found.outer(np.arange(5.0)), np.arange(5.0))
    np.testing.assert_array_equal(moved(matrix), matrix)


def test_designs_side_by_side():
    parts = [FAR["shifted"], np.zeros((300, 0)), FAR["all levels"]]
    maps = [mapped(part) for part in parts if part.shape[1]]
    joined = ColumnMap.side_by_side(maps)
    theta = np.arange(1.0, 9.0)
    expected = np.concatenate([maps[0].outer(theta[:3]), maps[1].outer(theta[3:])])
    np.testing.assert_array_equal(joined.outer(theta), expected)
    assert len(ColumnMap.side_by_side([]).scale) == 0


def test_the_estimates_of_least_squares_do_not_depend_on_where_0_is():
    y = Z + 0.3 * W + 0.1 * RNG.normal(size=300)
    errors = []
    for matrix in (np.column_stack([ONE, Z, W]), np.column_stack([ONE, (Z + 1e10) * 1e-100, W])):
        found, inner = mapped(matrix), moved(matrix)
        information = inner.T @ inner
        errors.append(np.sqrt(np.diag(found.outer_covariance(np.linalg.inv(information)))))
        fitted = inner @ np.linalg.solve(information, inner.T @ y)
        errors[-1] = [*errors[-1][1:], fitted]
    assert errors[1][0] * 1e-100 == pytest.approx(errors[0][0], rel=1e-5)
    assert errors[1][1] == pytest.approx(errors[0][1], rel=1e-5)
    np.testing.assert_allclose(errors[1][2], errors[0][2], atol=1e-5)
