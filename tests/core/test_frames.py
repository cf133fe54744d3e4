"""Frames of every kind become the same pandas frame, and what is no frame is refused."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statmodels_x.core.data.columns import plain_column
from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import DataError

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

COLUMNS = {
    "count": [3, 1, 2],
    "dose": [0.5, 1.5, -2.0],
    "male": [True, False, True],
    "centre": ["b", "a", "b"],
    "day": [dt.datetime(2020, 1, day) for day in (1, 2, 3)],
}
WITH_NULLS = {
    "count": [3, None, 2],
    "dose": [0.5, None, -2.0],
    "male": [True, None, False],
    "centre": ["b", None, "a"],
}


def refusal(data) -> str:
    with pytest.raises(DataError) as caught:
        as_pandas(data)
    return str(caught.value)


# ---- pandas passes through


def test_pandas_is_the_same_object():
    frame = pd.DataFrame(COLUMNS, index=[5, 5, 7])
    frame.attrs["source"] = "trial"
    before = frame.copy()
    assert as_pandas(frame) is frame
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == {"source": "trial"}


# ---- other frames and mappings


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table, dict], ids=["polars", "pyarrow", "dict"])
def test_other_frames_equal_pandas(make):
    pd.testing.assert_frame_equal(as_pandas(make(COLUMNS)), pd.DataFrame(COLUMNS), check_dtype=False)


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table], ids=["polars", "pyarrow"])
def test_types_are_those_of_pandas(make):
    found = as_pandas(make(COLUMNS)).dtypes
    assert found["count"] == np.int64
    assert found["dose"] == np.float64
    assert found["male"] == np.bool_
    assert found["centre"].kind == "O"
    assert found["day"].kind == "M"


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table], ids=["polars", "pyarrow"])
def test_nulls_are_missing_values(make):
    found, expected = as_pandas(make(WITH_NULLS)), pd.DataFrame(WITH_NULLS)
    np.testing.assert_array_equal(found.isna(), expected.isna())
    for name in WITH_NULLS:
        assert found[name].dropna().tolist() == expected[name].dropna().tolist()
    assert found["count"].dtype == found["dose"].dtype == float


def test_nan_and_null_of_polars_are_both_missing():
    assert as_pandas(pl.DataFrame({"x": [np.nan, None, 1.0]}))["x"].isna().tolist() == [True, True, False]


def test_chunks_of_pyarrow_are_joined():
    table = pa.concat_tables([pa.table({"x": [1], "s": ["a"]}), pa.table({"x": [2], "s": ["b"]})])
    pd.testing.assert_frame_equal(as_pandas(table), pd.DataFrame({"x": [1, 2], "s": ["a", "b"]}))


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(allow_nan=False)),
            st.one_of(st.none(), st.integers(-(2**31), 2**31)),
            st.one_of(st.none(), st.sampled_from("abc")),
            st.one_of(st.none(), st.booleans()),
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(deadline=None, max_examples=40)
def test_random_columns_survive_the_conversion(rows):
    columns = {name: list(values) for name, values in zip("fisb", zip(*rows, strict=True), strict=True)}
    kinds = {"f": (pl.Float64, pa.float64()), "i": (pl.Int64, pa.int64())}
    kinds |= {"s": (pl.String, pa.string()), "b": (pl.Boolean, pa.bool_())}
    polars = pl.DataFrame({name: pl.Series(columns[name], dtype=kinds[name][0]) for name in columns})
    arrow = pa.table({name: pa.array(columns[name], type=kinds[name][1]) for name in columns})
    for frame in (as_pandas(polars), as_pandas(arrow)):
        for name, values in columns.items():
            got = [None if pd.isna(value) else value for value in frame[name].tolist()]
            assert got == values


# ---- categories


def test_categorical_of_polars_is_categorical():
    frame = pl.DataFrame({"c": pl.Series(["b", "a", None, "b"], dtype=pl.Categorical)})
    found = as_pandas(frame)["c"]
    assert isinstance(found.dtype, pd.CategoricalDtype)
    assert set(found.cat.categories) == {"a", "b"}
    assert [None if pd.isna(value) else value for value in found] == ["b", "a", None, "b"]


def test_categorical_of_polars_knows_only_its_own_values():
    pl.DataFrame({"other": pl.Series(["q", "w"], dtype=pl.Categorical)})  # polars keeps one list for all
    found = plain_column(as_pandas(pl.DataFrame({"c": pl.Series(["b", "a"], dtype=pl.Categorical)}))["c"])
    assert set(found.cat.categories) == {"a", "b"}


def test_enum_of_polars_keeps_the_order_of_its_levels():
    levels = ["placebo", "low", "high"]
    frame = pl.DataFrame({"arm": pl.Series(["high", "placebo", "low", None], dtype=pl.Enum(levels))})
    found = as_pandas(frame)["arm"]
    assert [level for level in found.cat.categories if level in levels] == levels
    assert found.isna().tolist() == [False, False, False, True]


def test_dictionary_of_pyarrow_keeps_the_order_of_its_levels():
    source = pd.DataFrame(
        {"arm": pd.Categorical(["low", "high", None], categories=["placebo", "low", "high"])}
    )
    found = plain_column(as_pandas(pa.Table.from_pandas(source))["arm"])
    assert found.cat.categories.tolist() == ["low", "high"]
    assert found.isna().tolist() == [False, False, True]


# ---- mappings


def test_mapping_of_mixed_columns():
    found = as_pandas(
        {"a": [1, 2], "b": np.array([0.5, 1.5]), "c": pd.Series(["x", "y"]), "d": (True, False)}
    )
    expected = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": ["x", "y"], "d": [True, False]})
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    "mapping",
    [
        {"a": [1, 2], "b": [1]},
        {"a": 1},
        {"a": None},
        {"a": np.ones((2, 2))},
        {"a": {1, 2}},
        {"a": pd.DataFrame({"b": [1]})},
    ],
)
def test_mapping_that_makes_no_frame(mapping):
    assert "do not make a frame" in refusal(mapping)


# ---- what is refused


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        "patients.csv",
        [1, 2],
        [{"a": 1}],
        np.ones((2, 2)),
        np.zeros(2, dtype=[("a", float)]),
        pd.Series([1], name="a"),
        pl.Series("a", [1]),
        pa.chunked_array([[1]]),
        pd.DataFrame,
        pl.LazyFrame({"a": [1]}),
        pd.DataFrame({"a": [1], "g": [1]}).groupby("g"),
    ],
    ids=lambda data: type(data).__name__,
)
def test_no_eager_frame(data):
    text = refusal(data)
    assert type(data).__name__ in text
    assert "collect a lazy frame first" in text


@pytest.mark.parametrize(
    "data",
    [pd.DataFrame({"a": []}), pd.DataFrame(), pl.DataFrame({"a": []}), pa.table({"a": []}), {"a": []}, {}],
)
def test_no_rows(data):
    assert "no rows" in refusal(data)


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]),
        pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "b", "a"]),
    ],
    ids=["pandas", "pyarrow"],
)
def test_a_name_that_stands_twice(data):
    text = refusal(data)
    assert "'a'" in text


@pytest.mark.parametrize(
    "data", [pl.DataFrame({"s": [{"a": 1}]}), pa.table({"s": [{"a": 1}]})], ids=["polars", "pyarrow"]
)
def test_a_column_of_records_is_refused_or_kept_but_does_not_crash(data):
    try:
        assert len(as_pandas(data)) == 1
    except DataError as error:
        text = str(error)
        assert "'s'" in text


# ---- names of columns


FRAME = pd.DataFrame({"age": [1], "treatment": [1], "ph.ecog": [1]})


def test_known_columns_pass():
    check_columns(FRAME, ["age", "ph.ecog"], "formula")
    check_columns(FRAME, [], "formula")


@pytest.mark.parametrize(
    ("name", "near"), [("treatmnt", "treatment"), ("ph_ecog", "ph.ecog"), ("agee", "age")]
)
def test_unknown_column_names_the_nearest(name, near):
    with pytest.raises(DataError, match=f"formula: there is no column '{name}'.*did you mean '{near}'"):
        check_columns(FRAME, ["age", name], "formula")


def test_unknown_column_far_from_all_lists_them():
    with pytest.raises(DataError, match=r"'zzz' in the data; the columns are age, treatment, ph\.ecog"):
        check_columns(FRAME, ["zzz"], "formula")


# ---- plain columns


@pytest.mark.parametrize(
    ("series", "values", "dtype"),
    [
        (pd.Series([1, 2], dtype="Int64"), [1, 2], np.int64),
        (pd.Series([1, None], dtype="Int64"), [1.0, np.nan], float),
        (pd.Series([1.5, None], dtype="Float64"), [1.5, np.nan], float),
        (pd.Series([True, False], dtype="boolean"), [True, False], bool),
        (pd.Series([1.5, None], dtype="float[pyarrow]"), [1.5, np.nan], float),
        (pd.Series([1, None], dtype="int64[pyarrow]"), [1.0, np.nan], float),
        (pd.Series([True, False], dtype="bool[pyarrow]"), [True, False], bool),
        (pd.Series([1, 2]), [1, 2], np.int64),
        (pd.Series([True, False]), [True, False], bool),
    ],
)
def test_nullable_numbers_become_plain(series, values, dtype):
    found = plain_column(series)
    assert isinstance(found.dtype, np.dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.to_numpy(), values)


@pytest.mark.parametrize("dtype", ["string", "string[pyarrow]", object])
def test_text_becomes_object(dtype):
    found = plain_column(pd.Series(["a", None], dtype=dtype))
    assert found.dtype == object
    assert found[0] == "a"
    assert pd.isna(found[1])


def test_categories_keep_their_order_and_lose_the_unused():
    found = plain_column(pd.Series(pd.Categorical(["a", "c"], categories=["z", "c", "b", "a"], ordered=True)))
    assert found.cat.categories.tolist() == ["c", "a"]
    assert found.cat.ordered


def test_plain_column_leaves_its_source_alone():
    source = pd.Series(pd.Categorical(["a"], categories=["b", "a"]), index=[7], name="arm")
    found = plain_column(source)
    assert source.cat.categories.tolist() == ["b", "a"]
    assert found.name == "arm"
    assert found.index.tolist() == [7]


def test_half_precision_is_widened_at_the_door():
    frame = pd.DataFrame({"x": np.array([1.0, 0.1, 2.5], np.float16), "n": [1, 2, 3]}, index=["a", "b", "c"])
    frame.attrs["units"] = {"x": "years"}
    found = as_pandas(frame)
    assert found["x"].dtype == np.float64
    np.testing.assert_array_equal(found["x"], frame["x"].astype(float))
    assert found.attrs == frame.attrs
    assert frame["x"].dtype == np.float16
    assert as_pandas(found) is found


@pytest.mark.parametrize("name", [[], {}, np.zeros(2)])
def test_what_cannot_name_a_column(name):
    with pytest.raises(DataError, match="is no name of a column"):
        check_columns(pd.DataFrame({"x": [1.0]}), [name], "`weights`")
