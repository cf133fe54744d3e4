"""One column at a time: numbers of any type, levels by equality, what is refused by name, values by label."""

import datetime as dt
import decimal
import fractions
import threading
import uuid
import warnings

import numpy as np
import pandas as pd
import pytest

from statmodels_x.core.data.columns import by_row, level_codes, plain_column
from statmodels_x.core.data.formula import split_formula
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import build_frame
from statmodels_x.core.errors import DataError, FormulaError, StatmodelsXError

N = 30
X = np.random.default_rng(2).normal(size=N)


def design(side, **columns):
    response, part = split_formula(f"y ~ {side}")
    return build_frame(pd.DataFrame({"y": X, **columns}), response, {"rate": part}).designs["rate"]


def refusal(call, kind=DataError) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


# ---- numbers of any type


def arrow_decimals():
    pa = pytest.importorskip("pyarrow")
    return pd.Series(
        pd.array([decimal.Decimal(k) / 4 for k in range(N)], dtype=pd.ArrowDtype(pa.decimal128(8, 2)))
    )


NUMBERS = {
    "decimal": lambda: [decimal.Decimal(k) / 4 for k in range(N)],
    "fraction": lambda: [fractions.Fraction(k, 4) for k in range(N)],
    "float16": lambda: np.arange(N, dtype=np.float16) / 4,
    "float32": lambda: np.arange(N, dtype=np.float32) / 4,
    "longdouble": lambda: np.arange(N, dtype=np.longdouble) / 4,
    "numpy scalars": lambda: pd.Series([np.float32(k) / 4 for k in range(N)], dtype=object),
    "mixed": lambda: pd.Series([k / 4 if k % 2 else decimal.Decimal(k) / 4 for k in range(N)], dtype=object),
    "sparse": lambda: pd.arrays.SparseArray(np.arange(N) / 4),
    "arrow decimals": arrow_decimals,
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_are_numbers(kind):
    found = design("x", x=NUMBERS[kind]())
    assert found.names == ("Intercept", "x")
    np.testing.assert_array_equal(found.matrix[:, 1], np.arange(N) / 4)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_decimals_of_other_tables_are_numbers(library):
    table = pytest.importorskip(library)
    columns = {"y": X.tolist(), "x": [decimal.Decimal(k) / 4 for k in range(N)]}
    frame = table.DataFrame(columns) if library == "polars" else table.table(columns)
    response, part = split_formula("y ~ x")
    found = build_frame(as_pandas(frame), response, {"rate": part}).designs["rate"]
    np.testing.assert_array_equal(found.matrix[:, 1], np.arange(N) / 4)


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_hole_in_a_column_of_numbers_drops_the_row(kind):
    values = pd.Series(NUMBERS[kind]()).astype(object)
    values[4] = None
    response, part = split_formula("y ~ x")
    model = build_frame(pd.DataFrame({"y": X, "x": values}), response, {"rate": part})
    assert model.dropped == {"x": 1}
    np.testing.assert_array_equal(model.designs["rate"].matrix[:, 1], np.delete(np.arange(N) / 4, 4))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "Int8", "UInt8", "uint8[pyarrow]"])
@pytest.mark.parametrize(
    "side", "I(x * x)|I(x - 100)|I(x**9)|np.power(x, 9)|np.square(x)|poly(x, 3, raw=True)".split("|")
)
def test_whole_numbers_do_not_wrap_round(dtype, side):
    x = pd.Series(np.arange(N) * 4)
    found = design(side, x=x.astype(dtype)).matrix
    np.testing.assert_array_equal(found, design(side, x=x.astype(float)).matrix)


def test_truth_values_are_added_up():
    a, b = np.arange(N) % 2 == 0, np.arange(N) % 3 == 0
    np.testing.assert_array_equal(design("I(a + b)", a=a, b=b).matrix[:, 1], a.astype(int) + b)
    np.testing.assert_array_equal(design("I(1 - a)", a=a).matrix[:, 1], 1 - a.astype(int))
    np.testing.assert_array_equal(design("I((a & b) * 2)", a=a, b=b).matrix[:, 1], 2 * (a & b))


def test_large_whole_numbers_are_levels_of_their_own():
    ids = pd.Series([2**60, 2**60 + 1, 5] * 10)
    for values in (ids, ids.astype("Int64"), ids.astype(object)):
        assert len(design("C(x)", x=values).names) == 3
    with_hole = ids.astype("Int64").where(np.arange(N) != 4)
    response, part = split_formula("y ~ C(x)")
    assert (
        len(build_frame(pd.DataFrame({"y": X, "x": with_hole}), response, {"r": part}).designs["r"].names)
        == 3
    )


@pytest.mark.parametrize("kind", ["float16", "decimal", "fraction"])
def test_numbers_of_any_type_can_be_groups(kind):
    values = pd.Series(NUMBERS[kind]())[:3].tolist() * 10
    column = np.array(values, dtype=np.float16) if kind == "float16" else values
    found = design("C(x)", x=column)
    assert found.names == ("Intercept", "C(x)[T.0.25]", "C(x)[T.0.5]")
    new = found.spec.rebuild(pd.DataFrame({"x": [0.5, 0.0]}))[0]
    np.testing.assert_array_equal(new, [[1, 0, 1], [1, 0, 0]])


# ---- intervals, and what is refused by name


@pytest.mark.parametrize("form", ["category", "object", "interval"])
def test_intervals_are_levels(form):
    cut = pd.cut(pd.Series(X), 3)
    column = {
        "category": cut,
        "object": pd.Series(list(cut), dtype=object),
        "interval": cut.astype("interval"),
    }[form]
    found = design("x", x=column)
    assert len(found.names) == 3
    np.testing.assert_array_equal(
        found.matrix[:, 1:].sum(axis=0), cut.value_counts(sort=False).to_numpy()[1:]
    )
    np.testing.assert_array_equal(found.spec.rebuild(pd.DataFrame({"x": column[:4]}))[0], found.matrix[:4])
    assert "'x'" in refusal(lambda: found.spec.rebuild(pd.DataFrame({"x": [0.5]})))


REFUSED = {
    "dates": ([dt.date(2020, 1, 1 + k % 28) for k in range(N)], "dates or durations"),
    "datetimes": (pd.date_range("2020", periods=N), "dates or durations"),
    "with a zone": (pd.date_range("2020", periods=N, tz="UTC"), "dates or durations"),
    "timestamps": (pd.Series(list(pd.date_range("2020", periods=N)), dtype=object), "dates or durations"),
    "durations": (pd.to_timedelta(range(N), "D"), "dates or durations"),
    "numpy durations": (
        pd.Series([np.timedelta64(k, "D") for k in range(N)], dtype=object),
        "dates or durations",
    ),
    "times of day": ([dt.time(1 + k % 3) for k in range(N)], "dates or durations"),
    "periods": (pd.period_range("2020", periods=N, freq="D"), "dates or durations"),
    "complex": (X + 1j, "complex"),
    "complex objects": (pd.Series([1j] * N, dtype=object), "complex"),
    "complex64": (X.astype(np.complex64), "complex"),
    "bytes": ([b"a", b"b"] * 15, "decode"),
    "tuples": (pd.Series([(1, 2)] * N), "tuple objects"),
    "lists": (pd.Series([[1]] * N), "list objects"),
    "sets": (pd.Series([{1}] * N), "set objects"),
    "anything": (pd.Series([object()] * N), "object objects"),
    "uuids": (pd.Series([uuid.UUID(int=k) for k in range(N)]), "UUID objects"),
    "numbers beyond floats": (pd.Series(np.array([10**400] * N, dtype=object), dtype=object), "too large"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("side", ["odd", "C(odd)", "I(odd)", "offset(odd)"])
def test_what_is_no_covariate_is_refused_by_name(kind, side):
    values, words = REFUSED[kind]
    text = refusal(lambda: design(side, odd=values))
    assert "'odd'" in text
    assert words in text


@pytest.mark.parametrize("kind", REFUSED)
def test_what_nobody_uses_is_no_error(kind):
    assert design("x", x=X, odd=REFUSED[kind][0]).names == ("Intercept", "x")


def test_unused_columns_of_other_tables_are_not_read():
    pa = pytest.importorskip("pyarrow")
    cut = pd.cut(pd.Series(X), 3)
    table = pa.Table.from_pandas(pd.DataFrame({"y": X, "x": X, "cut": cut}))
    table = table.append_column("nested", pa.array([{"a": [1]}] * N))
    table = table.append_column("when", pa.array([dt.timedelta(seconds=k) for k in range(N)]))
    frame = as_pandas(table)
    response, part = split_formula("y ~ x")
    assert build_frame(frame, response, {"rate": part}).designs["rate"].names == ("Intercept", "x")
    for name in ("nested", "when"):
        response, part = split_formula(f"y ~ {name}")
        text = refusal(lambda part=part, response=response: build_frame(frame, response, {"rate": part}))
        assert f"'{name}'" in text


def test_columns_of_several_levels_are_refused():
    frame = pd.DataFrame(np.ones((3, 2)), columns=pd.MultiIndex.from_product([["a"], ["b", "c"]]))
    assert "several levels" in refusal(lambda: as_pandas(frame))


# ---- names with a meaning of their own


@pytest.mark.parametrize(
    "side", ["np.exp(`x`)", "exp10(`e`)", "I(`x` + `xx`)", "log(`g` + 9)", "C(`C1` > 0)", "I(`é` * 2)"]
)
def test_needless_quotes_change_nothing(side):
    columns = {name: X for name in ("x", "e", "xx", "g", "C1", "é")}
    plain = design(side.replace("`", ""), **columns)
    quoted = design(side, **columns)
    np.testing.assert_array_equal(quoted.matrix, plain.matrix)
    assert quoted.names == plain.names


@pytest.mark.parametrize("name", ["True", "None", "np", "C", "log", "I", "contr", "Surv", "exp10", "_rows"])
def test_a_column_with_the_name_of_something_else_is_a_column(name):
    found = design(f"`{name}`", **{name: X})
    np.testing.assert_array_equal(found.matrix[:, 1], X)
    np.testing.assert_array_equal(found.spec.rebuild(pd.DataFrame({name: X[:3]}))[0], found.matrix[:3])


@pytest.mark.parametrize(
    ("name", "side"),
    [("True", "log(`True`)"), ("None", "np.exp(`None`)"), ("np", "np.exp(np)"), ("np", "np.clip(np, 0, 1)"),
     ("log", "log(log)"), ("C", "C(C)"), ("False", "I(`False` + 1)")],
)  # fmt: skip
def test_a_name_with_two_meanings_in_one_expression_is_refused(name, side):
    assert name in refusal(lambda: design(side, **{name: X}), FormulaError)


@pytest.mark.parametrize(
    ("name", "side"), [("np", "exp(np)"), ("log", "np.exp(log)"), ("exp", "log(exp**2)")]
)
def test_a_name_with_one_meaning_in_an_expression_is_that(name, side):
    expected = np.log(X**2) if name == "exp" else np.exp(X)
    np.testing.assert_allclose(design(side, **{name: X}).matrix[:, 1], expected)


def test_a_response_may_bear_the_name_of_a_function_of_the_terms():
    frame = pd.DataFrame({"exp": X, "x": X})
    response, part = split_formula("exp ~ exp(x)")
    np.testing.assert_allclose(
        build_frame(frame, response, {"rate": part}).designs["rate"].matrix[:, 1], np.exp(X)
    )


# ---- levels


LEVELS = {
    "bool": [True, False],
    "int": [1, 0],
    "float": [1.0, 0.0],
    "bool object": pd.Series([True, False], dtype=object),
    "nullable": pd.Series([True, False], dtype="boolean"),
    "category of numbers": pd.Series(pd.Categorical([1, 0])),
    "category of truth values": pd.Series(pd.Categorical([True, False])),
    "decimal": [decimal.Decimal(1), decimal.Decimal(0)],
}


@pytest.mark.parametrize("then", ["bool", "int", "float", "category of numbers", "category of truth values"])
@pytest.mark.parametrize("now", LEVELS)
@pytest.mark.parametrize("side", ["C(g)", "C(`g`)", "C(data=g)", "C(g, contr.sum)", "C(g):x", "g"])
def test_equal_values_are_the_same_level(then, now, side):
    g = pd.concat([pd.Series(LEVELS[then])] * (N // 2), ignore_index=True)
    found = design(side, g=g, x=X)
    new = pd.DataFrame({"g": pd.Series(LEVELS[now]).reset_index(drop=True), "x": X[:2]})
    np.testing.assert_array_equal(found.spec.rebuild(new)[0], found.matrix[:2])


@pytest.mark.parametrize("value", ["1", "True", 2, 0.5, 1 + 1e-12])
def test_what_is_not_equal_is_no_level(value):
    found = design("C(g)", g=np.resize([True, False], N))
    text = refusal(lambda: found.spec.rebuild(pd.DataFrame({"g": [value]})))
    assert "'g'" in text
    assert repr(value) in text


COMPUTED = {
    "C(h * 2)": {"h": [7]},
    "C(I(h))": {"h": [7]},
    "C(h % 5)": {"h": [4]},
    "C(np.where(h > 1, 1, h))": {"h": [-3]},
    "C(np.round(h / 3))": {"h": [90]},
    "I(a + b)": {"a": ["u"], "b": ["v"]},
    "C(a + b)": {"a": ["u"], "b": ["v"]},
    "h:C(h * 2)": {"h": [7]},
    "C(h * 2, contr.sum)": {"h": [7]},
    "C(h * 2, levels=[0, 2, 4])": {"h": [7]},
}


def computed(side):
    a = np.resize(["u", "w"], N)
    return design(side, h=np.arange(N) % 3, a=a, b=np.where(a == "u", "u", "v"))


@pytest.mark.parametrize("side", COMPUTED)
@pytest.mark.parametrize("in_thread", [False, True])
@pytest.mark.parametrize("filters", ["ignore", "error", "always"])
def test_an_unseen_level_of_a_computed_category_is_refused(side, in_thread, filters):
    found, raised = computed(side), []

    def work():
        try:
            found.spec.rebuild(pd.DataFrame({"h": [1], "a": ["u"], "b": ["u"], **COMPUTED[side]}))
        except DataError as error:
            raised.append(str(error))

    with warnings.catch_warnings():
        warnings.simplefilter(filters)
        if in_thread:
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        else:
            work()
    assert len(raised) == 1
    assert "level" in raised[0]


@pytest.mark.parametrize("side", COMPUTED)
def test_the_seen_levels_of_a_computed_category_are_built(side):
    found = computed(side)
    a = np.resize(["u", "w"], N)
    data = pd.DataFrame({"h": np.arange(N) % 3, "a": a, "b": np.where(a == "u", "u", "v")})
    np.testing.assert_array_equal(found.spec.rebuild(data[5:9])[0], found.matrix[5:9])


@pytest.mark.parametrize("side", ["C(g, levels=['a', 'b'])", "C(np.where(x > 0, x, np.nan))"])
def test_a_row_without_a_level_is_refused_in_the_fit(side):
    text = refusal(lambda: design(side, g=np.resize(["a", "b", "c"], N), x=X), StatmodelsXError)
    assert side in text


def test_comparisons_of_ordered_levels_are_those_of_the_fit():
    sizes = ["low", "middle", "high"]
    column = pd.Series(pd.Categorical(np.resize(sizes, N), categories=sizes, ordered=True))
    found = design("I(size > 'low')", size=column)
    new = pd.DataFrame({"size": pd.Categorical(["high", "low"], categories=sorted(sizes), ordered=True)})
    np.testing.assert_array_equal(found.spec.rebuild(new)[0], [[1, 1], [1, 0]])


def test_text_for_numbers_names_the_column():
    found = design("x", x=X)
    assert "'x'" in refusal(lambda: found.spec.rebuild(pd.DataFrame({"x": ["1.5"]})))
    assert "'x'" in refusal(lambda: found.spec.rebuild(pd.DataFrame({"x": [dt.date(2020, 1, 1)]})))


def test_codes_of_levels():
    codes = level_codes(pd.Series(["b", None, "a", "z"]), ("a", "b"))
    assert codes.tolist() == [1, -1, 0, -1]
    assert level_codes(pd.Series([1.0, True, 0], dtype=object), (False, True)).tolist() == [1, 1, 0]
    assert level_codes(pd.Series([], dtype=object), ("a",)).tolist() == []


def test_plain_columns_are_not_copied():
    for values in (X, np.arange(N), np.resize(["a", "b"], N).astype(object), X > 0):
        series = pd.Series(values, dtype=values.dtype)
        assert np.shares_memory(plain_column(series).to_numpy(), series.to_numpy())


# ---- one value for each row


INDEX = pd.Index(["c", "a", "b"])


@pytest.mark.parametrize(
    "value",
    [
        [1.0, 2.0, 3.0],
        (1.0, 2.0, 3.0),
        np.array([1.0, 2.0, 3.0]),
        pd.Series([1.0, 2.0, 3.0], index=INDEX),
        pd.Series([3.0, 1.0, 2.0], index=["b", "c", "a"]),
        pd.Index([1.0, 2.0, 3.0]),
    ],
    ids=["list", "tuple", "array", "same labels", "labels in another order", "index"],
)
def test_a_series_goes_by_its_labels_and_an_array_by_position(value):
    np.testing.assert_array_equal(by_row(value, INDEX, "weights"), [1.0, 2.0, 3.0])


def test_a_polars_series_goes_by_position():
    polars = pytest.importorskip("polars")
    np.testing.assert_array_equal(by_row(polars.Series([1.0, 2.0, 3.0]), INDEX, "weights"), [1.0, 2.0, 3.0])


@pytest.mark.parametrize("labels", [[0, 1, 2], ["a", "b", "d"], ["a", "a", "b"], [("a",), ("b",), ("c",)]])
def test_other_labels_are_refused(labels):
    text = refusal(lambda: by_row(pd.Series([1.0, 2.0, 3.0], index=labels), INDEX, "weights"))
    assert "`weights`" in text
    assert "to_numpy()" in text


def test_labels_that_stand_twice():
    twice = pd.Index(["a", "a", "b"])
    np.testing.assert_array_equal(by_row(pd.Series([1, 2, 3], index=twice), twice, "cluster"), [1, 2, 3])
    refusal(lambda: by_row(pd.Series([1, 2, 3], index=["a", "b", "a"]), twice, "cluster"))


@pytest.mark.parametrize(
    "value", [[1.0], 3.0, np.ones((3, 1)), [[1], [1, 2], [3]], {}, pd.DataFrame({"a": [1, 2, 3]})]
)
def test_one_value_for_each_row(value):
    assert "3 values" in refusal(lambda: by_row(value, INDEX, "strata"))
