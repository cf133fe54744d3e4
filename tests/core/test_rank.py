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
    np.testing.assert_allclose(merged.products, centred.T @ centred, rtol=1e-10, atol=1e-8)
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
