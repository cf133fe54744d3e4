"""New data are built as the fit's own rows were, and what differs is named."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from designs import build, design, frame
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from statmodels_x.core.data.design import DesignSpec
from statmodels_x.core.errors import DataError, DataWarning, StatmodelsXError


def refusal(call, error=DataError) -> str:
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


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
