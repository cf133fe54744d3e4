"""Options, numbers and columns are checked once, and what is wrong with them is said by name."""

import datetime as dt
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statmodels_x.core import errors
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import (
    as_list,
    check_choice,
    check_count,
    check_magnitude,
    check_number,
    column_label,
    numeric_array,
    rows_text,
)


def refusal(function, *args, **kwargs) -> str:
    with pytest.raises(DataError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


# ---- the tree of errors


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.FormulaError, ValueError),
        (errors.DataError, ValueError),
        (errors.IdentificationError, ValueError),
        (errors.ConvergenceError, RuntimeError),
    ],
)
def test_every_error_is_caught_by_the_base_and_by_its_builtin(error, builtin):
    assert issubclass(error, errors.StatmodelsXError)
    assert issubclass(error, builtin)


@pytest.mark.parametrize("name", ["DataWarning", "ConvergenceWarning", "IdentificationWarning"])
def test_every_warning_can_be_filtered_as_one(name):
    warning = getattr(errors, name)
    assert issubclass(warning, errors.StatmodelsXWarning)
    assert issubclass(warning, UserWarning)


# ---- choices and numbers


def test_choice_is_returned():
    assert check_choice("link", "log", ["log", "logit"]) == "log"


@pytest.mark.parametrize("value", ["Log", "", None, 3, ["log"], np.array(["log", "logit"]), ("log",), b"log"])
def test_wrong_choice_names_the_argument_and_lists_the_choices(value):
    text = refusal(check_choice, "link", value, ["log", "logit"], "fit()")
    assert text.startswith("fit(): `link`")
    assert '"log", "logit"' in text


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.float64(0.5), Fraction(1, 2)])
def test_number_inside_is_returned_as_float(value):
    found = check_number("level", value, low=0, high=1)
    assert type(found) is float
    assert found == 0.5


@pytest.mark.parametrize("value", [0, 1, -0.1, 1.1, np.inf, -np.inf])
def test_number_outside_is_refused_with_the_limits(value):
    text = refusal(check_number, "level", value, low=0, high=1)
    assert "`level`" in text
    assert "between 0 and 1" in text


@pytest.mark.parametrize("value", [0, 1, 0.0, np.int64(1)])
def test_closed_limits_are_allowed(value):
    assert check_number("level", value, low=0, high=1, closed=True) == value


@pytest.mark.parametrize(
    "value",
    [
        np.nan,
        None,
        pd.NA,
        pd.NaT,
        "0.5",
        True,
        False,
        np.True_,
        [0.5],
        np.array(0.5),
        0.5j,
        dt.date(2020, 1, 1),
    ],
)
def test_what_is_no_number_is_refused(value):
    assert "`level`" in refusal(check_number, "level", value, low=0, high=1, closed=True)


def test_integer_beyond_the_floats_is_refused_by_name():
    assert "`level`" in refusal(check_number, "level", 10**400, low=0, high=1)


@given(
    st.one_of(st.integers(), st.floats(), st.text(), st.none(), st.booleans(), st.fractions(), st.decimals())
)
@settings(deadline=None, max_examples=50)
def test_check_number_returns_an_inside_float_or_a_data_error(value):
    try:
        found = check_number("level", value, low=-3, high=8)
    except DataError as error:
        found, refused = None, str(error)
    if found is None:
        assert "`level`" in refused
    else:
        assert -3 < found < 8
        assert found == float(value)


# ---- labels and rows


@pytest.mark.parametrize(
    ("values", "label"),
    [
        ([1, 2], "time"),
        (np.ones(2), "time"),
        (pd.Series([1]), "time"),
        (pd.Series([1], name="days"), "days"),
        (pd.Series([1], name=3), "3"),
        (pd.Series([1], name=("a", "b")), "('a', 'b')"),
    ],
)
def test_label_is_the_name_of_a_series(values, label):
    assert column_label(values, "time") == label


def test_rows_are_counted_and_the_first_are_named():
    assert rows_text(np.array([False, True])) == "1 row (position 1)"
    assert rows_text(np.array([True, False, True])) == "2 rows (position 0, 2)"
    assert rows_text(np.ones(7, bool)) == "7 rows (position 0, 1, 2, 3, 4, ...)"
    assert rows_text(np.ones(5, bool)).endswith("4)")


# ---- columns of numbers


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        (1.0, 2.0),
        range(1, 3),
        np.array([1, 2], dtype=np.uint8),
        pd.Series([1, 2], index=[7, 7]),
        pd.array([1, 2], dtype="Int64"),
        pd.Series([1, 2], dtype=object),
        pd.Series([1, 2], dtype="int64[pyarrow]"),
        pd.Categorical([1, 2]),
        [Fraction(1), Fraction(2)],
    ],
)
def test_numbers_come_back_as_a_new_float_array(values):
    found = numeric_array(values, "x", "f()")
    assert isinstance(found, np.ndarray)
    assert found.dtype == float
    np.testing.assert_array_equal(found, [1.0, 2.0])


def test_the_array_is_a_copy():
    source = np.array([1.0, 2.0])
    numeric_array(source, "x", "f()")[0] = 9.0
    assert source[0] == 1.0


@pytest.mark.parametrize(
    "values",
    [
        [1.0, None],
        [1.0, np.nan],
        [1, pd.NA],
        pd.array([1, None], dtype="Int64"),
        pd.Series([1, None], dtype=object),
    ],
)
def test_missing_values_become_nan(values):
    found = numeric_array(values, "x", "f()")
    assert found[0] == 1.0
    assert np.isnan(found[1])


@pytest.mark.parametrize(
    "values", [["1", "2"], [1, "a"], pd.array(["1"], dtype="string"), pd.Categorical(["a"])]
)
def test_text_is_refused_once_with_an_example_and_a_remedy(values):
    text = refusal(numeric_array, values, "age", "f()")
    assert "'age' holds text" in text
    assert "pandas.to_numeric" in text
    assert text.count("f():") == 1, "the message is nested in itself"
    assert text.count("pandas.to_numeric") == 1


def test_the_hint_can_be_chosen():
    text = refusal(numeric_array, ["dead"], "status", "f()", hint="give a comparison")
    assert "give a comparison" in text
    assert "to_numeric" not in text


DAY = dt.datetime(2020, 1, 1)


@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["2020-01-01"]),
        pd.to_datetime(["2020-01-01"], utc=True),
        np.array(["2020-01-01"], "M8[D]"),
        pd.to_timedelta([1], unit="D"),
        np.array([1], "m8[h]"),
        [DAY],
        [dt.timedelta(1)],
        pd.Series([DAY], dtype=object),
        pd.Series([DAY.date(), None], dtype=object),
        pd.Series([dt.timedelta(1)], dtype=object),
        pd.period_range("2020", periods=2, freq="D"),
        pd.Series([DAY.date()], dtype="date32[pyarrow]"),
    ],
)
def test_dates_and_durations_are_refused_with_the_subtraction_as_remedy(values):
    text = refusal(numeric_array, values, "start", "f()")
    assert "'start'" in text
    assert "number of days" in text
    assert "to_numeric" not in text, "pandas.to_numeric does not help with dates"


@pytest.mark.parametrize(
    "values",
    [
        np.ones((2, 2)),
        pd.DataFrame({"a": [1.0]}),
        [[1, 2], [3, 4]],
        [[1, 2], [3]],
        {1.0, 2.0},
        np.zeros(2, dtype=[("a", float)]),
        pd.MultiIndex.from_tuples([(1, 2)]),
        [10**400],
        [1j, 2],
        np.array([1 + 0j]),
        [object()],
        pd.interval_range(0, 2),
    ],
)
def test_what_cannot_be_a_column_of_numbers_is_a_data_error_with_the_name(values):
    assert "'dose'" in refusal(numeric_array, values, "dose", "f()")


@pytest.mark.parametrize("value", [10**30, 10**400, 1e300])
def test_counts_have_an_upper_limit_and_seeds_have_none(value):
    with pytest.raises(DataError, match=r"`n` is .*at most"):
        check_count("n", value, 1)
    assert check_count("seed", value, 0, most=None) == int(value)


@pytest.mark.parametrize("value", [np.inf, np.nan, "3", None, [3], np.ones(2), 2.5, True, 1j])
def test_what_is_no_count(value):
    with pytest.raises(DataError, match="`n` is"):
        check_count("n", value, 1)


@pytest.mark.parametrize("values", [[1e155, 0.0], [1.0, -1e200], [1e-200, 0.0], [1e-120, -1e-130]])
def test_numbers_without_squares_are_refused_by_name(values):
    with pytest.raises(DataError, match="room: 'y' holds values of the size"):
        check_magnitude(np.array(values), "y", "room")


@pytest.mark.parametrize("values", [[0.0, 0.0], [1e99], [1e-99, 1e-300], [np.nan, np.inf, 1.0], []])
def test_numbers_with_squares_are_let_through(values):
    check_magnitude(np.array(values), "y")


def test_names_alone_and_in_lists():
    assert as_list("keep", "arm") == ["arm"]
    assert as_list("keep", ("arm", "age")) == ["arm", "age"]
    for value in (True, 1.5, None, object(), np.array(1.0)):
        with pytest.raises(DataError, match=r"`keep` is .*; give a name, or a list of names"):
            as_list("keep", value)
