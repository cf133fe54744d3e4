"""The rank of a design, from all rows at once or added up over blocks of them."""

import numpy as np
import pytest

from statmodels_x.core.errors import DataError
from statmodels_x.core.rank import ColumnSums, check_full_rank, dependent_column

NAMES = ("Intercept", "a", "b", "c")


def design(seed: int = 0, n: int = 500) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([np.ones(n), rng.normal(2000.0, 1.0, n), rng.normal(size=n), rng.uniform(size=n)])


@pytest.mark.parametrize("cuts", [[], [1], [250], [3, 4, 499]])
def test_blocks_add_up_to_the_whole(cuts):
    matrix = design()
    merged = ColumnSums.merged([ColumnSums.of(block) for block in np.split(matrix, cuts)])
    centred = matrix - matrix.mean(axis=0)
    assert merged.n == len(matrix)
    np.testing.assert_allclose(merged.mean, matrix.mean(axis=0), rtol=1e-14)
    products = merged.products * np.outer(merged.scale, merged.scale)
    np.testing.assert_allclose(products, centred.T @ centred, rtol=1e-10, atol=1e-8)
    assert merged.is_constant.tolist() == [True, False, False, False]
    assert merged.value[0] == 1.0


def test_a_column_that_is_constant_in_each_block_is_not_constant():
    blocks = [np.column_stack([np.ones(5), np.full(5, value)]) for value in (1.0, 2.0)]
    merged = ColumnSums.merged([ColumnSums.of(block) for block in blocks])
    assert merged.is_constant.tolist() == [True, False]
    assert dependent_column(merged) is None


@pytest.mark.parametrize("as_blocks", [False, True])
def test_the_culprit_is_named(as_blocks):
    def refuse(matrix, words):
        sums = ColumnSums.merged([ColumnSums.of(block) for block in np.array_split(matrix, 7)])
        with pytest.raises(DataError, match=words):
            check_full_rank(sums if as_blocks else matrix, NAMES, "formula")

    matrix = design()
    check_full_rank(ColumnSums.of(matrix) if as_blocks else matrix, NAMES, "formula")
    refuse(matrix * [1, 1, 0, 1], "the column 'b' is 0 in every row")
    refuse(np.column_stack([matrix[:, :3], np.full(500, 0.1)]), "the column 'c' is constant")
    matrix[:, 3] = matrix[:, 1] - 2.0 * matrix[:, 2] + 5.0
    refuse(matrix, r"the column '[abc]' is a linear combination of '[abc]', '[abc]'")


def test_columns_of_a_part():
    sums = ColumnSums.of(design())
    part = sums.columns(slice(1, 3))
    assert dependent_column(part) is None
    np.testing.assert_array_equal(part.products, sums.products[1:3, 1:3])


def columns(seed: int = 3, n: int = 400) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return np.ones(n), rng.normal(size=n), rng.normal(size=n), np.eye(3)[rng.integers(0, 3, n)]


@pytest.mark.parametrize("shift", [0.0, 1e5, 1e10, -1e13])
@pytest.mark.parametrize("factor", [1.0, 1e-200, 1e200, 1e-300])
def test_nothing_but_collinearity_is_said_of_columns_far_from_0(shift, factor):
    one, z, w, indicators = columns()
    moved = (z + shift) * factor
    for first in (one, indicators):
        assert dependent_column(np.column_stack([first, moved, w])) is None
    assert (
        dependent_column(np.column_stack([one, w, moved, (2.0 * z + shift) * factor + 0.0 * w])) is not None
    )


def test_indicators_of_all_levels_are_a_constant_of_their_own():
    one, z, _, indicators = columns()
    assert dependent_column(np.column_stack([indicators, z + 1e10])) is None
    assert dependent_column(np.column_stack([one, indicators])) is not None
    assert dependent_column(np.column_stack([indicators, z, indicators[:, 0] - z]))[0] in (0, 3, 4)
    other = np.eye(2)[np.arange(len(z)) % 2]
    assert dependent_column(np.column_stack([indicators, other])) is not None


def test_what_rounding_leaves_of_a_difference_is_no_information():
    one, z, w, _ = columns()
    for shift in (1e10, 1e12, 1e13):
        assert dependent_column(np.column_stack([one, w, z, z + shift])) is not None
    assert dependent_column(np.column_stack([one, z + 1e10, z + 1e-4 * w])) is None


@pytest.mark.parametrize("cuts", [[1], [100, 350]])
def test_blocks_of_far_columns_add_up(cuts):
    one, z, w, _ = columns()
    matrix = np.column_stack([one, (z + 1e10) * 1e-200, w * 1e200])
    merged = ColumnSums.merged([ColumnSums.of(block) for block in np.split(matrix, cuts)])
    whole = ColumnSums.of(matrix)
    np.testing.assert_allclose(
        merged.spread * merged.scale, whole.spread * whole.scale, rtol=1e-6
    )  # eps * 1e10
    np.testing.assert_allclose(whole.spread[1] * whole.scale[1] / 1e-200, z.std(), rtol=1e-5)
    assert dependent_column(merged) is None


def test_columns_that_overflow_when_they_are_added_up():
    _, z, w, _ = columns()
    matrix = np.column_stack([np.clip(z, -1, 1) * 1.7e308, w])
    assert np.isfinite(ColumnSums.of(matrix).products).all()
    assert dependent_column(matrix) is None


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("n_columns", [1, 3])
def test_the_matrix_is_not_changed(order, n_columns):
    matrix = np.array(np.random.default_rng(1).normal(5.0, 1.0, (50, n_columns)), order=order)
    before = matrix.copy()
    ColumnSums.of(matrix)
    np.testing.assert_array_equal(matrix, before)
