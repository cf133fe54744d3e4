"""Design matrices: their values and names, which rows are used, and the same columns again from new data."""

import contextlib
import datetime as dt
import pickle
import warnings

import formulaic
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from statmodels_x.core.data.design import Design, DesignSpec
from statmodels_x.core.data.formula import right_side, split_formula
from statmodels_x.core.data.model_frame import ModelFrame, build_frame
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError, DataWarning, FormulaError, StatmodelsXError


def frame(n=30, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "time": rng.exponential(size=n) + 0.1,
            "status": rng.integers(0, 2, n),
            "age": rng.normal(60, 8, n),
            "dose": rng.uniform(1, 3, n),
            "arm": np.resize(["b", "a", "c"], n),
            "stage": np.resize([3, 1, 2, 1], n),
            "male": rng.uniform(size=n) < 0.5,
            "wt loss (kg)": rng.normal(size=n),
        }
    )


def build(side, data=None, *, columns=None, response="Surv(time, status)", **others) -> ModelFrame:
    response, part = split_formula(f"{response} ~ {side}")
    parts = {"rate": part} | {name: right_side(text, name) for name, text in others.items()}
    return build_frame(frame() if data is None else data, response, parts, columns, {"Surv": Surv})


def design(side, data=None, **kwargs) -> Design:
    return build(side, data, **kwargs).designs["rate"]


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


# ---- the same columns again


STATEFUL = ["poly(age, 3)", "bs(age, df=5)", "cr(age, df=4)", "cc(age, df=4)", "center(age)", "scale(age)"]


@pytest.mark.parametrize("side", [*STATEFUL, "arm:center(dose)", "C(stage, contr.sum) * scale(age)"])
@pytest.mark.parametrize("rows", [[0], [7, 3], [5, 5, 5]])
def test_a_few_rows_are_built_as_in_the_fit(side, rows):
    data = frame()
    found = design(side, data)
    matrix, offset = found.spec.rebuild(data.iloc[rows])
    np.testing.assert_allclose(matrix, found.matrix[rows], rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(offset, np.zeros(len(rows)))


TERMS = [
    "age",
    "arm",
    "C(stage)",
    "male",
    "np.log(dose)",
    "poly(dose, 2)",
    "scale(age)",
    "arm:age",
    "offset(dose)",
]


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(12, 40),
    terms=st.lists(st.sampled_from(TERMS), unique=True, max_size=5),
    intercept=st.booleans(),
    holes=st.sets(st.integers(0, 7), max_size=4),
)
@settings(deadline=None, max_examples=50)
def test_rebuilding_the_training_rows_gives_the_training_matrix(seed, n, terms, intercept, holes):
    data = frame(n, seed)
    for hole in holes:
        data.iloc[hole, data.columns.get_loc(["age", "dose", "wt loss (kg)"][hole % 3])] = np.nan
    model = build(" + ".join(["1" if intercept else "0 + male", *terms]), data)
    found = model.designs["rate"]
    assert found.matrix.shape == (len(model.data), len(found.names))
    matrix, offset = found.spec.rebuild(model.data)
    np.testing.assert_allclose(matrix, found.matrix, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(offset, found.offset, rtol=1e-10, atol=1e-12)
    order = np.random.default_rng(seed).permutation(len(model.data))[:5]
    matrix, offset = found.spec.rebuild(data.loc[model.data.index[order]])
    np.testing.assert_allclose(matrix, found.matrix[order], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(offset, found.offset[order], rtol=1e-10, atol=1e-12)


def test_new_data_need_no_response_and_no_other_columns():
    found = design("arm + age")
    matrix, _ = found.spec.rebuild(pd.DataFrame({"age": [50.0], "arm": ["c"]}))
    np.testing.assert_array_equal(matrix, [[1, 0, 1, 50]])


def test_new_categories_may_come_in_another_order():
    found = design("arm")
    new = pd.DataFrame({"arm": pd.Categorical(["c", "b"], categories=["q", "c", "b", "a"])})
    np.testing.assert_array_equal(found.spec.rebuild(new)[0], [[1, 0, 1], [1, 1, 0]])


@pytest.mark.parametrize(
    ("side", "column", "value"),
    [
        ("arm", "arm", "new"),
        ("C(arm)", "arm", "new"),
        ("C(stage)", "stage", 9),
        ("C(stage, contr.sum)", "stage", 9),
        ("age:arm", "arm", "new"),
        ("C(`arm`)", "arm", "new"),
    ],
)
def test_unseen_level_is_refused_by_column(side, column, value):
    data = frame()
    new = data.iloc[:3].assign(**{column: value})
    text = refusal(lambda: design(side, data).spec.rebuild(new))
    assert f"'{column}'" in text
    assert repr(value) in text
    for known in set(data[column]):
        assert str(known) in text


@pytest.mark.parametrize(
    "side", ["C(`the stage`)", "C(I(`the stage`))", "C(data=`the stage`)", "C(`the stage` + 0)"]
)
def test_unseen_level_of_a_wrapped_column_is_an_error_that_shows_it(side):
    data = frame().rename(columns={"stage": "the stage"})
    text = refusal(
        lambda: design(side, data).spec.rebuild(data.iloc[:3].assign(**{"the stage": 9})), StatmodelsXError
    )
    assert "the stage" in text
    assert "9" in text


def test_missing_column_in_new_data_is_named_with_the_nearest():
    new = frame().rename(columns={"age": "ages"})
    text = refusal(lambda: design("age").spec.rebuild(new))
    assert "newdata" in text
    assert "'age'" in text
    assert "did you mean 'ages'" in text


@pytest.mark.parametrize(("column", "value"), [("age", np.nan), ("arm", None), ("age", pd.NA)])
def test_missing_value_in_new_data_is_named(column, value):
    new = frame().iloc[:4].astype({column: object})
    new.iloc[2, new.columns.get_loc(column)] = value
    text = refusal(lambda: design("age + arm").spec.rebuild(new))
    assert f"'{column}'" in text
    assert "1 row (position 2)" in text


@pytest.mark.parametrize(
    ("side", "new"), [("age", {"age": ["60"]}), ("stage", {"stage": ["x"]}), ("male", {"male": ["True"]})]
)
def test_text_for_a_number_in_new_data_names_the_column(side, new):
    text = refusal(lambda: design(side).spec.rebuild(pd.DataFrame(new)), StatmodelsXError)
    assert side in text


@pytest.mark.parametrize("side", ["age", "arm", "bs(age, df=4)", "1"])
def test_new_data_without_rows_are_refused_or_give_no_rows(side):
    found = design(side)
    try:
        matrix, offset = found.spec.rebuild(frame().iloc[:0])
    except StatmodelsXError:
        return
    assert matrix.shape == (0, len(found.names))
    assert offset.shape == (0,)


R_BS = [
    -3.45372025552, 0, 0.115251206284, 0, 0.507938416059, 0, 0.615760795702, -0.11924846204, -0.0160801301873, 0,
    0.262018886893, 1.57746055227, 0, 0, 0.00696911112151, -6.15140229234, 0, 0, 0, 5.69319020212,
]  # fmt: skip
R_NS = [
    0, 0, 0.565243910725, 0, 0.195310169411, 0, -0.0452952706941, -1.29550398412, -0.557466505983, 0, 0.302033927437,
    0.628851507491, 0.362156336572, 0, -0.19621537708, 1.66665247663,
]  # fmt: skip


def test_beyond_its_boundary_knots_a_spline_goes_on_as_in_r():
    """Reference: predict(bs(x, df = 5), new), predict(ns(x, df = 4), new) of R's splines, x = (1:20)^1.5."""
    new = pd.DataFrame({"age": [-10.0, 1.0, 30.0, 120.0]})
    fit = frame(20).assign(age=np.arange(1.0, 21.0) ** 1.5)
    known = {
        "bs(age, df=5)": R_BS,
        "ns(age, df=4)": R_NS,
    }
    for side, expected in known.items():
        spec = design(f"0 + {side}", fit).spec
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            matrix, _ = spec.rebuild(new)
        assert_allclose(matrix, np.reshape(expected, (-1, 4)).T, atol=1e-9)
        said = [str(one.message) for one in caught]
        assert len(said) == (side[0] == "b")
        for one in caught:
            assert one.category is DataWarning
            assert one.filename == __file__
            assert (
                "column 'age': 2 of 4 values lie beyond the boundary knots of bs(), 1 and 89.4427" in said[0]
            )
    with pytest.raises(StatmodelsXError, match="knots of ns"):
        design("ns(age, knots=[500])", fit)
    refused = design("bs(age, df=5, extrapolation='raise')", fit).spec
    with pytest.raises(StatmodelsXError, match=r"bs\(age, df=5, extrapolation='raise'\)"):
        refused.rebuild(new)


def test_rebuilding_does_not_change_the_new_data():
    new = frame().iloc[:5]
    before = new.copy()
    design("scale(age) + arm + offset(center(dose))").spec.rebuild(new)
    pd.testing.assert_frame_equal(new, before)


@pytest.mark.parametrize("side", ["age + arm", "bs(age, df=8) * arm + poly(dose, 3) + offset(center(dose))"])
def test_specification_is_small_when_pickled_and_builds_the_same(side):
    data = frame(3000)
    found = design(side, data)
    stored = pickle.dumps(found.spec)
    assert len(stored) < 20_000, "the specification holds data"
    back = pickle.loads(stored)
    assert isinstance(back, DesignSpec)
    assert back.names == found.names
    new = frame(12, seed=5).assign(age=data["age"].iloc[:12].to_numpy())
    for one, two in zip(back.rebuild(new), found.spec.rebuild(new), strict=True):
        np.testing.assert_array_equal(one, two)
    assert len(pickle.dumps(back)) < 20_000, "rebuilding has filled it with data"
