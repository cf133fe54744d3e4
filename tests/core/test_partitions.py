"""Rows in partitions: their positions, their messages and their failures, without a model."""

import numpy as np
import pandas as pd
import pytest

from statmodels_x.core.data.formula import right_side, split_formula
from statmodels_x.core.data.partitions import Computed, is_dask_frame, partitioned_frame
from statmodels_x.core.data.safety import called_names
from statmodels_x.core.data.workers import positions
from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.core.validation import joined_rows, rows_text

dd = pytest.importorskip("dask.dataframe")


def test_positions_within_blocks():
    rows = np.array([0, 2, 3, 7, 9])
    found = positions(np.array([3, 0, 4, 3]), rows)
    assert [part.tolist() for part in found] == [[0, 2], [], [0], [0, 2]]


@pytest.mark.parametrize("bad", [[4], [0, 9], [0, 1, 2, 3, 4, 5, 6, 7, 8], [9]])
@pytest.mark.parametrize("cut", [1, 4, 6])
def test_messages_of_blocks_join_to_that_of_all_rows(bad, cut):
    rows = np.isin(np.arange(10), bad)
    blocks = [(block, first) for block, first in ((rows[:cut], 0), (rows[cut:], cut)) if block.any()]
    messages = [f"'x' is bad in {rows_text(block)}; mend it (or 2 rows)." for block, _ in blocks]
    joined = joined_rows(messages, [first for _, first in blocks])
    assert joined == f"'x' is bad in {rows_text(rows)}; mend it (or 2 rows)."


def test_another_fault_is_not_joined():
    assert joined_rows(["no rows here", "bad in 2 rows (position 0, 1)."], [0, 5]) == "no rows here"
    first = "'x' is bad in 1 row (position 3)."
    assert joined_rows([first, "'y' is bad in 1 row (position 0)."], [10, 20]) == first.replace("3", "13")


def test_called_names():
    assert called_names("np.log(bs(x, df=3)) + C(`my bs(y)`)") == {"bs", "C", "np"}


def frame(data: pd.DataFrame, formula: str, partitions: int = 3, **columns):
    response, part = split_formula(formula)
    return partitioned_frame(
        dd.from_pandas(data, npartitions=partitions), response, {"mean": part}, columns, {}
    )


def total(block) -> float:
    return float(block.designs["mean"].matrix.sum())


def refuse_large(block) -> int:
    bad = block.response[0] > 7
    if bad.any():
        raise DataError(f"y is large in {rows_text(bad)}.")
    return len(bad)


def test_designs_of_all_partitions_have_the_columns_of_all_levels():
    data = pd.DataFrame({"y": range(9), "g": list("aaabbbccd"), "w": [1.0] * 9})
    found = frame(data, "y ~ g", weights="w")
    assert found.specs["mean"].names == ("Intercept", "g[T.b]", "g[T.c]", "g[T.d]")
    assert (found.n_rows, found.n_kept, dict(found.dropped)) == (9, 9, {})
    blocks = found.persist(total)
    assert sum(blocks.each(float)) == 9 + 6  # an intercept in each row, an indicator where g is not a


def test_failures_on_workers_are_ours_and_count_rows_over_all_partitions():
    data = pd.DataFrame({"y": range(9), "x": np.arange(9.0) ** 2})
    blocks = frame(data, "y ~ x").persist(refuse_large)
    with pytest.raises(DataError, match=r"y is large in 1 row \(position 8\)\.$") as caught:
        blocks.each(int)
    assert all("site-packages" not in str(entry.path) for entry in caught.traceback[1:])
    data.loc[[2, 8], "x"] = -1.0
    with pytest.raises(
        DataError, match=r"'np.log\(x\)' is not a finite number in 3 rows \(position 0, 2, 8\)"
    ):
        frame(data, "y ~ np.log(x)").persist(total).each(float)


def test_stateful_transforms_are_refused_in_any_place():
    data = pd.DataFrame({"y": range(9), "x": np.arange(9.0)})
    for formula in ("y ~ bs(x, df=4)", "y ~ np.exp(scale(x))", "y ~ offset(center(x))", "center(y) ~ x"):
        with pytest.raises(FormulaError, match="needs all rows at once"):
            frame(data, formula)
    assert right_side("~ x", "power").variables == ("x",)


def test_only_frames_of_dask_count_as_such():
    series = dd.from_pandas(pd.Series([1, 2], name="x"), npartitions=1)
    assert is_dask_frame(series.to_frame())
    assert not is_dask_frame(series)
    assert not is_dask_frame({"x": [1]})


def listed(block) -> list:
    return block.response[0].tolist()


def flattened(parts: list) -> list:
    return [value for part in parts for value in part]


@pytest.mark.parametrize("partitions", [1, 3, 20])
def test_results_are_combined_a_few_at_a_time_in_the_order_of_the_partitions(partitions):
    data = pd.DataFrame({"y": np.arange(40.0), "x": np.arange(40.0) ** 2})
    blocks = frame(data, "y ~ x", partitions).persist(lambda block: block)
    assert blocks.reduced(listed, flattened) == list(range(40))


def test_a_failure_is_not_combined():
    data = pd.DataFrame({"y": range(40), "x": np.arange(40.0) ** 2})
    with pytest.raises(DataError, match="y is large"):
        frame(data, "y ~ x", 20).persist(lambda block: block).reduced(refuse_large, sum)


def doubled(times: int, data: pd.DataFrame) -> dict:
    return {"double": times * data["z"].to_numpy()}


def double_of(block) -> list:
    return block.columns["double"].tolist()


def test_columns_are_computed_of_each_partition():
    data = pd.DataFrame({"y": np.arange(9.0), "x": np.arange(9.0) ** 2, "z": np.arange(9.0), "w": 1.0})
    response, part = split_formula("y ~ x")
    computed = Computed(("z",), doubled, (3,))
    source = dd.from_pandas(data, npartitions=3)
    found = partitioned_frame(source, response, {"mean": part}, {}, {}, computed)
    assert flattened(found.persist(double_of).each(list)) == (3.0 * np.arange(9.0)).tolist()
