"""Design matrices: their values and names, which rows are used, and the same columns again from new data."""

import contextlib
import datetime as dt

import formulaic
import numpy as np
import pandas as pd
import pytest
from designs import build, design, frame

from statmodels_x.core.errors import DataError, FormulaError, StatmodelsXError


def refusal(call, error=DataError) -> str:
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


# ---- names and values


def test_hand_built_matrix():
    data = frame()
    found = design("age + arm", data)
    assert found.names == ("Intercept", "age", "arm[T.b]", "arm[T.c]")
    expected = np.column_stack([np.ones(30), data["age"], data["arm"] == "b", data["arm"] == "c"])
    np.testing.assert_array_equal(found.matrix, expected)
    np.testing.assert_array_equal(found.offset, np.zeros(30))
    assert found.matrix.dtype == float
    assert found.matrix.flags.c_contiguous


@pytest.mark.parametrize(
    "side",
    [
        "1",
        "age - 1",
        "0 + arm",
        "age * arm",
        "(age + dose + male)**2",
        "C(stage)",
        "C(stage, contr.sum):age",
        "C(arm, Treatment('b'))",
        "C(arm, contr.helmert) + dose",
        "bs(age, df=5)",
        "cr(age, df=4)",
        "poly(age, 3) + np.log(dose)",
        "center(age):arm + scale(dose)",
        "I(age**2) + {dose + 1}",
        "`wt loss (kg)` + male",
    ],
)
def test_matrix_is_that_of_formulaic(side):
    data = frame()
    found = design(side, data)
    expected = formulaic.model_matrix(side, data)
    assert found.names == tuple(expected.columns)
    np.testing.assert_allclose(found.matrix, expected.to_numpy(dtype=float), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("side", ["0", "-1", "0 + offset(dose)"])
def test_no_terms_make_a_matrix_without_columns(side):
    data = frame()
    found = design(side, data)
    assert found.matrix.shape == (30, 0)
    assert found.names == ()
    matrix, offset = found.spec.rebuild(data.iloc[:4])
    assert matrix.shape == (4, 0)
    np.testing.assert_allclose(offset, found.offset[:4])


def test_every_part_has_its_own_matrix():
    model = build("age", shape="~ arm", cure="~ 1")
    assert {name: part.names for name, part in model.designs.items()} == {
        "rate": ("Intercept", "age"),
        "shape": ("Intercept", "arm[T.b]", "arm[T.c]"),
        "cure": ("Intercept",),
    }


def test_response_is_on_the_same_rows():
    data = frame()
    data.loc[[2, 5], "age"] = np.nan
    model = build("age", data)
    kept = data.drop(index=[2, 5])
    np.testing.assert_array_equal(model.response[0].time, kept["time"])
    np.testing.assert_array_equal(model.designs["rate"].matrix[:, 1], kept["age"])


# ---- offsets


def test_offsets_are_summed():
    data = frame()
    found = design("age + offset(np.log(dose)) + offset(`wt loss (kg)`)", data)
    assert found.names == ("Intercept", "age")
    np.testing.assert_allclose(found.offset, np.log(data["dose"]) + data["wt loss (kg)"])


def test_offset_of_a_constant_is_one_value_for_each_row():
    np.testing.assert_array_equal(design("age + offset(2)").offset, np.full(30, 2.0))


def test_offset_has_a_state():
    data = frame()
    found = design("offset(center(age))", data)
    np.testing.assert_allclose(found.offset, data["age"] - data["age"].mean())
    np.testing.assert_allclose(found.spec.rebuild(data.iloc[:1])[1], found.offset[:1])


def test_offset_that_is_no_number_is_refused():
    data = frame()
    data.loc[3, "dose"] = -1.0
    text = refusal(lambda: design("offset(log(dose))", data))
    assert "log(dose)" in text
    assert "1 row (position 3)" in text


# ---- rows


def test_incomplete_rows_are_dropped_jointly_and_counted_by_column():
    data = frame()
    data.loc[[1, 2], "age"] = np.nan
    data.loc[[2, 7], "dose"] = np.nan
    data.loc[9, "arm"] = None
    data["w"] = 1.0
    data.loc[[9, 11, 12], "w"] = np.nan
    model = build("age", data, shape="~ dose + offset(dose)", cure="~ arm", columns={"weights": "w"})
    assert model.dropped == {"age": 2, "dose": 2, "arm": 1, "w": 3}
    assert model.n_rows == 30
    assert model.n_dropped == 6
    gone = [1, 2, 7, 9, 11, 12]
    assert model.data.index.tolist() == [row for row in range(30) if row not in gone]
    assert {len(part.matrix) for part in model.designs.values()} == {24}
    assert {len(part.offset) for part in model.designs.values()} == {24}
    assert len(model.columns["weights"]) == len(model.response[0]) == 24


def test_missing_values_of_unused_columns_do_not_matter():
    data = frame().assign(unused=np.nan)
    assert build("age", data).n_dropped == 0


def test_index_and_attributes_are_kept():
    data = frame()
    data.index = [f"patient {i // 2}" for i in range(30)]
    data.attrs["unit"] = "years"
    data.iloc[4, data.columns.get_loc("age")] = np.nan
    before = data.copy()
    model = build("age + bs(dose, df=4)", data)
    assert model.data.index.tolist() == [name for i, name in enumerate(before.index) if i != 4]
    assert model.data.attrs == {"unit": "years"}
    assert set(model.data.columns) == {"age", "dose", "time", "status"}
    pd.testing.assert_frame_equal(data, before)


def test_all_rows_missing():
    data = frame().assign(age=np.nan)
    assert "age (30)" in refusal(lambda: build("age", data))


def test_all_rows_missing_between_two_columns():
    data = frame()
    data.loc[:14, "age"] = np.nan
    data.loc[15:, "dose"] = np.nan
    text = refusal(lambda: build("age + dose", data))
    assert "no row is complete" in text
    assert "age (15), dose (15)" in text


# ---- categories


def test_order_of_categories_is_kept_and_the_unused_are_dropped():
    data = frame()
    data["arm"] = pd.Categorical(data["arm"], categories=["z", "c", "b", "a"])
    found = design("arm", data)
    assert found.names == ("Intercept", "arm[T.b]", "arm[T.a]")
    assert set(found.spec.levels["arm"]) == {"a", "b", "c"}


def test_levels_that_only_dropped_rows_have_are_dropped():
    data = frame()
    data["arm"] = pd.Categorical(data["arm"], categories=["c", "b", "a"])
    data.loc[data["arm"] == "c", "age"] = np.nan
    model = build("arm + age", data)
    assert model.designs["rate"].names == ("Intercept", "arm[T.a]", "age")
    assert set(model.designs["rate"].spec.levels["arm"]) == {"a", "b"}
    assert model.data["arm"].cat.categories.tolist() == ["b", "a"]


@pytest.mark.parametrize("side", ["arm", "C(arm)", "C(arm, contr.sum)", "arm:age", "I(arm)", "C(arm):male"])
def test_levels_of_text_are_remembered(side):
    assert set(design(side).spec.levels["arm"]) == {"a", "b", "c"}


def test_levels_of_numbers_are_remembered_where_they_are_groups():
    assert set(design("C(stage)").spec.levels["stage"]) == {1, 2, 3}
    assert "stage" not in design("stage").spec.levels


# ---- kinds of columns


@pytest.mark.parametrize(
    ("column", "dtype", "names"),
    [
        ("stage", "Int64", ("v",)),
        ("stage", "int64[pyarrow]", ("v",)),
        ("age", "Float64", ("v",)),
        ("age", "double[pyarrow]", ("v",)),
        ("male", "boolean", ("v",)),
        ("male", "bool[pyarrow]", ("v",)),
        ("arm", "string", ("v[T.b]", "v[T.c]")),
        ("arm", "string[pyarrow]", ("v[T.b]", "v[T.c]")),
        ("arm", "category", ("v[T.b]", "v[T.c]")),
    ],
)
@pytest.mark.parametrize("hole", [False, True])
def test_nullable_types_are_as_plain_ones(column, dtype, names, hole):
    data = frame()
    data["v"] = data[column].astype(dtype)
    if hole:
        data.loc[4, "v"] = pd.NA
    model = build("v", data)
    kept = data.drop(index=[4]) if hole else data
    plain = frame().loc[kept.index].rename(columns={column: "v"})
    found = model.designs["rate"]
    assert found.names == ("Intercept", *names)
    assert model.dropped == ({"v": 1} if hole else {})
    np.testing.assert_array_equal(found.matrix, formulaic.model_matrix("v", plain).to_numpy(float))
    np.testing.assert_array_equal(found.spec.rebuild(kept)[0], found.matrix)


@pytest.mark.parametrize("dtype", [object, "string"])
def test_many_numbers_as_text_are_refused(dtype):
    data = frame()
    data["age"] = data["age"].round(2).astype(str).astype(dtype)
    text = refusal(lambda: build("age", data))
    assert "'age'" in text
    assert "pandas.to_numeric" in text


def test_few_numbers_as_text_are_groups():
    data = frame().assign(arm=np.resize(["1", "2", "3"], 30))
    assert design("arm", data).names == ("Intercept", "arm[T.2]", "arm[T.3]")


@pytest.mark.parametrize("values", [[1.5, 2.0], [1, 2, 3, 4.5, None], [True, False], [True, False, None]])
def test_numbers_in_an_object_column_are_not_groups_by_accident(values):
    """A column of numbers with None has dtype object; it means what the plain column means, or it is refused."""
    data = frame()
    data["v"] = pd.Series(np.resize(np.array(values, dtype=object), 30), dtype=object)
    try:
        found = design("v", data)
    except DataError as error:
        message = str(error)
    else:
        assert found.names == ("Intercept", "v")
        message = "'v'"
    assert "'v'" in message
    assert "as text" not in message


@pytest.mark.parametrize(
    "values",
    [
        pd.date_range("2020", periods=30),
        pd.Series([dt.timedelta(days=k) for k in range(30)]),
        pd.period_range("2020", periods=30, freq="D"),
        np.full(30, 1j),
        [[1]] * 30,
        [{"a": 1}] * 30,
        [b"x"] * 15 + [1] * 15,
    ],
    ids=["date", "duration", "period", "complex", "list", "dict", "bytes"],
)
def test_odd_columns_give_an_error_of_the_package_or_a_finite_matrix(values):
    data = frame()
    data["odd"] = pd.Series(values)
    try:
        found = design("age + odd", data)
    except StatmodelsXError as error:
        message = str(error)
    else:
        assert np.isfinite(found.matrix).all()
        message = "odd"
    assert "odd" in message


# ---- what cannot be computed


@pytest.mark.parametrize(
    ("side", "term"),
    [
        ("log(`wt loss (kg)`)", "log(`wt loss (kg)`)"),
        ("np.sqrt(`wt loss (kg)`):arm", "np.sqrt(`wt loss (kg)`):arm"),
        ("I(1 / (age - age))", "I(1 / (age - age))"),
        ("np.exp(age * 1000)", "np.exp(age * 1000)"),
    ],
)
def test_a_term_that_is_not_finite_is_named(side, term):
    text = refusal(lambda: design(f"age + {side}"))
    assert term in text
    assert "position" in text


@pytest.mark.parametrize(
    "side",
    [
        "log(arm)",
        "bs(age, df=1)",
        "C(arm, Treatment('q'))",
        "C(arm, levels=['a'])",
        "poly(arm, 2)",
        "C(arm, 1)",
    ],
)
def test_a_term_that_cannot_be_built_is_shown(side):
    text = refusal(lambda: design(side), StatmodelsXError)
    assert side in text


def test_infinite_column_is_refused_by_name():
    data = frame()
    data.loc[3, "age"] = np.inf
    text = refusal(lambda: design("age", data))
    assert "'age'" in text
    assert "position 3" in text


@pytest.mark.parametrize("side", ["1", "I(3)", "np.maximum(1, 2)"])
def test_response_must_have_one_value_for_each_row(side):
    assert "one value for each row" in refusal(lambda: build("age", response=side), FormulaError)


@pytest.mark.parametrize("side", ["cs(time, df=4)", "I([1, 2, 3])", "poly(time, 2)", "C(arm, 'a')"])
def test_response_of_an_odd_shape_is_no_crash(side):
    with contextlib.suppress(StatmodelsXError):
        build("age", response=side)


# ---- columns that are not there


@pytest.mark.parametrize(
    ("call", "name", "near"),
    [
        (lambda: build("agee"), "agee", "age"),
        (lambda: build("log(dos)"), "dos", "dose"),
        (lambda: build("offset(doses)"), "doses", "dose"),
        (lambda: build("`wt loss kg`"), "wt loss kg", "wt loss (kg)"),
        (lambda: build("age", response="Surv(tme, status)"), "tme", "time"),
        (lambda: build("age", shape="~ stages"), "stages", "stage"),
        (lambda: build("age", columns={"weights": "Dose"}), "Dose", "dose"),
    ],
)
def test_unknown_column_names_the_nearest(call, name, near):
    text = refusal(call)
    assert f"'{name}'" in text
    assert f"did you mean '{near}'" in text


def test_unknown_column_says_in_which_part():
    assert "shape" in refusal(lambda: build("age", shape="~ nothing"))


# ---- extra columns


@pytest.mark.parametrize("kind", ["name", "array", "list", "series in another order"])
def test_weights_by_name_or_array(kind):
    data = frame()
    data.loc[3, "age"] = np.nan
    weights = {
        "name": "dose",
        "array": data["dose"].to_numpy(),
        "list": data["dose"].tolist(),
        "series in another order": data["dose"][::-1],
    }
    found = build("age", data, columns={"weights": weights[kind]}).columns["weights"]
    np.testing.assert_array_equal(found, data["dose"].drop(index=3))


def test_absent_extra_column_is_absent():
    assert build("age", columns={"weights": None}).columns == {}


@pytest.mark.parametrize(
    "value", [[1.0, 2.0], np.ones(31), np.ones((30, 1)), 3.0, np.ones((30, 2)), [[1], [1, 2]], {}]
)
def test_weights_of_a_wrong_shape(value):
    text = refusal(lambda: build("age", columns={"weights": value}))
    assert "`weights`" in text
    assert "30 values" in text


def test_missing_weights_drop_the_row_and_are_counted_by_argument():
    weights = np.ones(30)
    weights[6] = np.nan
    model = build("age", columns={"weights": weights})
    assert model.dropped == {"weights": 1}
    assert 6 not in model.data.index
