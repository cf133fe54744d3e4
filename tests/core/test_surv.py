"""The censored response: what it accepts, how it is coded, and what it says about what it refuses."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statmodels_x.core.data.surv import EXACT, INTERVAL, LEFT, RIGHT, Surv
from statmodels_x.core.errors import DataError, StatmodelsXError

INF = np.inf


def refusal(*args, **kwargs) -> str:
    """Return the message with which ``Surv`` refuses, in one sentence about one thing."""
    with pytest.raises(DataError) as caught:
        Surv(*args, **kwargs)
    text = str(caught.value)
    assert text.startswith("Surv():")
    assert text.count("Surv():") == 1, "the message is nested in itself"
    return text


def check(surv, *, entry, lower, upper, code):
    np.testing.assert_array_equal(surv.entry, entry)
    np.testing.assert_array_equal(surv.lower, lower)
    np.testing.assert_array_equal(surv.upper, upper)
    np.testing.assert_array_equal(surv.code, code)
    assert surv.code.dtype == np.int8


# ---- the four forms


def test_codes_are_those_of_r():
    assert (RIGHT, EXACT, LEFT, INTERVAL) == (0, 1, 2, 3)


def test_right_censoring():
    surv = Surv([5, 8, 3], [1, 0, 1])
    check(surv, entry=[0, 0, 0], lower=[5, 8, 3], upper=[5, INF, 3], code=[1, 0, 1])
    assert surv.type == "right"
    np.testing.assert_array_equal(surv.time, [5, 8, 3])
    assert surv.n_events == 2
    assert surv.is_right_censored
    assert not surv.has_entry


@pytest.mark.parametrize(
    "status",
    [
        [True, False],
        [1.0, 0.0],
        np.array([1, 0], np.uint8),
        pd.Series([True, False]),
        pd.array([True, False], dtype="boolean"),
        pd.array([1, 0], dtype="Int64"),
        pd.Series([True, False], dtype=object),
        pd.Categorical([1, 0]),
    ],
)
def test_status_may_be_any_kind_of_zero_and_one(status):
    check(Surv([2, 3], status), entry=[0, 0], lower=[2, 3], upper=[2, INF], code=[1, 0])
    check(Surv([2, 3], status=status), entry=[0, 0], lower=[2, 3], upper=[2, INF], code=[1, 0])


def test_without_a_status_every_time_is_an_event():
    check(Surv([2, 3]), entry=[0, 0], lower=[2, 3], upper=[2, 3], code=[1, 1])


def test_left_censoring():
    surv = Surv([2, 3], [0, 1], type="left")
    check(surv, entry=[0, 0], lower=[0, 3], upper=[2, 3], code=[2, 1])
    assert not surv.is_right_censored
    assert surv.n_events == 2, "a left-censored event is known to have happened"


def test_counting_process():
    surv = Surv([0, 1, 2.5], [4, 5, 6], [1, 0, 1])
    check(surv, entry=[0, 1, 2.5], lower=[4, 5, 6], upper=[4, INF, 6], code=[1, 0, 1])
    assert surv.type == "counting"
    assert surv.has_entry


def test_entry_argument_is_the_same_as_the_counting_form():
    one, two = Surv([1, 0], [4, 5], [1, 0]), Surv([4, 5], [1, 0], entry=[1, 0])
    for name in ("entry", "lower", "upper", "code"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_intervals_with_every_kind_of_end():
    left = [2, 3, np.nan, 0, None, -INF, 4, 5, 0]
    right = [6, 3, 4, 4, 7, 8, np.nan, INF, 0.5]
    surv = Surv(left, right, type="interval2")
    check(
        surv,
        entry=np.zeros(9),
        lower=[2, 3, 0, 0, 0, 0, 4, 5, 0],
        upper=[6, 3, 4, 4, 7, 8, INF, INF, 0.5],
        code=[3, 1, 2, 2, 2, 2, 0, 0, 2],
    )
    np.testing.assert_array_equal(surv.time, [6, 3, 4, 4, 7, 8, 4, 5, 0.5])
    assert surv.n_events == 7


def test_intervals_of_nullable_columns():
    surv = Surv(pd.array([1, None], dtype="Int64"), pd.array([None, 2.5], dtype="Float64"), type="interval2")
    check(surv, entry=[0, 0], lower=[1, 0], upper=[INF, 2.5], code=[0, 2])


def test_intervals_with_late_entry_start_at_entry():
    surv = Surv([None, 3, 2, 2, 5], [4, 4, None, 6, 5], type="interval2", entry=[1, 1, 1, 3, 2])
    check(surv, entry=[1, 1, 1, 3, 2], lower=[1, 3, 2, 3, 5], upper=[4, 4, INF, 6, 5], code=[3, 3, 0, 3, 1])


def test_left_censoring_with_late_entry_is_an_interval():
    surv = Surv([3, 2, 4], [0, 1, 0], type="left", entry=[1, 0.5, 0])
    check(surv, entry=[1, 0.5, 0], lower=[1, 2, 0], upper=[3, 2, 4], code=[3, 1, 2])


def test_counts_name_every_kind():
    surv = Surv([None, 3, 2, 5, 0], [4, 4, None, 5, 2], type="interval2", entry=[0, 1, 1, 0, 0])
    assert surv.counts() == {
        "exact": 1,
        "right-censored": 1,
        "left-censored": 2,
        "interval-censored": 1,
        "late entry": 2,
    }


def test_times_are_copies():
    time = np.array([2.0, 3.0])
    surv = Surv(time, [1, 1])
    time[0] = 99.0
    assert surv.lower[0] == surv.upper[0] == 2.0


def test_no_rows_make_an_empty_response():
    assert len(Surv([], [])) == 0


def test_repr_says_size_events_and_type():
    assert repr(Surv([5, 8, 3], [1, 0, 1])) == "Surv(n=3, events=2, type='right')"


# ---- names


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (([1, 2], [1, 0]), "time"),
        ((pd.Series([1, 2], name="days"), [1, 0]), "days"),
        ((pd.Series([0, 1], name="start"), pd.Series([2, 3], name="stop"), [1, 0]), "stop"),
    ],
)
def test_time_name(arguments, name):
    assert Surv(*arguments).time_name == name


def test_time_name_of_intervals_is_the_right_end():
    assert (
        Surv(pd.Series([1], name="seen"), pd.Series([2], name="gone"), type="interval2").time_name == "gone"
    )


# ---- slicing


MIXED = Surv([None, 3, 2, 5], [4, 4, None, 5], type="interval2", entry=[0, 1, 1, 0])


@pytest.mark.parametrize(
    "rows",
    [
        slice(1, 3),
        slice(None, None, -1),
        [2, 0],
        np.array([True, False, False, True]),
        np.array([3]),
        slice(0, 0),
    ],
)
def test_slicing_keeps_rows_together(rows):
    part = MIXED[rows]
    assert isinstance(part, Surv)
    assert (part.type, part.time_name) == (MIXED.type, MIXED.time_name)
    check(
        part, entry=MIXED.entry[rows], lower=MIXED.lower[rows], upper=MIXED.upper[rows], code=MIXED.code[rows]
    )
    assert len(part) == len(MIXED.code[rows])


def test_one_row_is_a_response_of_length_one():
    part = MIXED[2]
    assert len(part) == 1
    assert part.counts()["right-censored"] == 1


# ---- bad times: the message names the column, the rows and what to do


@pytest.mark.parametrize(
    ("bad", "fault", "remedy"),
    [
        (-2.0, "negative", "measured from 0"),
        (0.0, "is 0", "half of the finest step"),
        (np.nan, "missing", "drop these rows"),
        (None, "missing", "drop these rows"),
        (pd.NA, "missing", "drop these rows"),
        (INF, "infinite", "last time"),
        (-INF, "infinite", "last time"),
        ("12", "holds text (for example '12')", "pandas.to_numeric"),
        ("", "holds text", "pandas.to_numeric"),
    ],
)
@pytest.mark.parametrize("form", ["right", "left", "counting"])
def test_bad_time(bad, fault, remedy, form):
    time = pd.Series([1, 2, bad], name="days")
    text = refusal([0, 0, 0], time, [1, 0, 1]) if form == "counting" else refusal(time, [1, 0, 1], type=form)
    assert "'days'" in text
    assert fault in text
    assert remedy in text
    assert "text" in fault or "1 row (position 2)" in text


@pytest.mark.parametrize(
    "times",
    [
        pd.to_datetime(["2020-01-01", "2021-01-01"]),
        pd.to_timedelta([1, 2], unit="D"),
        np.array(["2020-01-01", "2021-01-01"], "M8[D]"),
        np.array([1, 2], "m8[D]"),
        pd.Series([dt.date(2020, 1, 1), dt.date(2021, 1, 1)], dtype=object),
        pd.Series([dt.timedelta(1), dt.timedelta(2)], dtype=object),
    ],
)
@pytest.mark.parametrize("form", ["right", "counting", "entry", "interval2"])
def test_dates_and_durations(times, form):
    column = pd.Series(times, name="admitted")
    arguments = {
        "right": ((column, [1, 0]), {}),
        "counting": (([0, 0], column, [1, 0]), {}),
        "entry": ((column, [1e30, 1e30], [1, 0]), {}),
        "interval2": ((column, [1e30, 1e30]), {"type": "interval2"}),
    }
    positional, named = arguments[form]
    text = refusal(*positional, **named)
    assert "'admitted'" in text
    assert "number of days" in text


# ---- bad status


@pytest.mark.parametrize("bad", [2, -1, 0.5, INF])
def test_status_value_out_of_range(bad):
    text = refusal([1, 2, 3], pd.Series([0, 1, bad], name="vital"))
    assert "'vital'" in text
    assert f"{bad:g}" in text
    assert "0 (censored) or 1 (event)" in text
    assert "vital == 2" in text


def test_status_of_one_and_two_is_refused_and_not_guessed():
    assert "1, 2" in refusal([1, 2], [1, 2])


@pytest.mark.parametrize("bad", [np.nan, None, pd.NA])
def test_status_missing(bad):
    text = refusal([1, 2, 3], pd.Series([0, bad, 1], name="vital"))
    assert "'vital' is missing in 1 row (position 1)" in text
    assert "find what happened" in text


@pytest.mark.parametrize("status", [["dead", "alive"], ["1", "0"], pd.Categorical(["dead", "alive"])])
def test_status_as_text(status):
    text = refusal([1, 2], pd.Series(status, name="vital"))
    assert "'vital' holds text" in text
    assert "comparison such as vital ==" in text
    assert "to_numeric" not in text


# ---- lengths and forms


@pytest.mark.parametrize(
    ("arguments", "named", "words"),
    [
        (([1, 2], [1]), {}, ("'status' has 1 values for 2 times",)),
        (([1, 2], [1, 0, 1]), {}, ("'status' has 3 values for 2 times",)),
        (([0, 0], [3, 4, 5], [1, 1, 1]), {}, ("'entry' has 2 values for 3 times",)),
        (([0, 0], [3, 4], [1]), {}, ("'status' has 1 values for 2 times",)),
        (([1, 2], [1, 1]), {"entry": [0]}, ("'entry' has 1 values for 2 times",)),
        (([1, 2], [3]), {"type": "interval2"}, ("'left' has 2", "'right' has 1")),
        (([1],), {"type": "interval2"}, ("two columns",)),
        (([1], [2], [1]), {"type": "interval2"}, ("no status",)),
        (([1], [2]), {"type": "counting"}, ("Surv(entry, exit, status)",)),
        (([1], [2], [1]), {"entry": [0]}, ("given twice",)),
        (([1], [2], [1]), {"type": "right"}, ("two times",)),
        (([1], [2], [1]), {"type": "left"}, ("two times",)),
        (([1], [1]), {"type": "interval"}, ("`type`", '"interval2"')),
        (([1], [1]), {"type": 3}, ("`type`", '"right"')),
        (([1], [1]), {"type": ["right"]}, ("`type`", '"right"')),
    ],
)
def test_wrong_lengths_and_forms(arguments, named, words):
    text = refusal(*arguments, **named)
    for word in words:
        assert word in text


# ---- bad entry


@pytest.mark.parametrize(
    ("bad", "fault", "remedy"),
    [
        (5.0, "not before exit 'stop'", "at risk for some time"),
        (4.0, "not before exit 'stop'", "separate equal times"),
        (INF, "not before exit 'stop'", "drop the rows"),
        (-1.0, "negative", "measured from 0"),
        (np.nan, "missing", "use 0"),
        (None, "missing", "use 0"),
        ("a", "holds text", "pandas.to_numeric"),
    ],
)
@pytest.mark.parametrize("counting", [True, False])
def test_bad_entry(bad, fault, remedy, counting):
    start, stop = pd.Series([0, bad], name="start"), pd.Series([3, 4], name="stop")
    text = refusal(start, stop, [1, 0]) if counting else refusal(stop, [1, 0], entry=start)
    assert "'start'" in text
    assert fault in text
    assert remedy in text
    assert "text" in fault or "1 row (position 1)" in text


@pytest.mark.parametrize(("left", "right", "entry"), [(2, 4, 4), (2, None, 2), (None, 4, 5), (3, 3, 3)])
def test_entry_after_the_last_observation_of_an_interval(left, right, entry):
    text = refusal([left], pd.Series([right], name="to", dtype=float), type="interval2", entry=[entry])
    assert "'entry'" in text
    assert "'to'" in text


# ---- bad intervals


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (5, 3, ("'from' is after 'to'", "swap")),
        (np.nan, np.nan, ("both ends", "missing", "drop")),
        (None, None, ("both ends", "missing", "drop")),
        (0, INF, ("says nothing", "drop")),
        (None, INF, ("says nothing", "drop")),
        (0, None, ("says nothing", "drop")),
        (-1, 3, ("'from' is negative", "from 0")),
        (INF, INF, ("'from' is infinite", "last time")),
        (INF, None, ("'from' is infinite", "last time")),
        (0, 0, ("'to' is not positive", "half of the finest step")),
        (None, -2, ("'to' is not positive",)),
        (1, -INF, ("'to' is not positive",)),
    ],
)
def test_bad_interval(left, right, words):
    low = pd.Series([1, left], name="from", dtype=float)
    high = pd.Series([2, right], name="to", dtype=float)
    text = refusal(low, high, type="interval2")
    assert "1 row (position 1)" in text
    for word in words:
        assert word in text


@pytest.mark.parametrize("side", ["from", "to"])
def test_text_in_an_interval(side):
    ends = {"from": pd.Series([1.0], name="from"), "to": pd.Series([2.0], name="to")}
    ends[side] = pd.Series(["1"], name=side)
    assert f"'{side}' holds text" in refusal(ends["from"], ends["to"], type="interval2")


# ---- nothing else comes out


@pytest.mark.parametrize(
    "time",
    [
        np.ones((2, 2)),
        pd.DataFrame({"a": [1.0, 2.0]}),
        {1.0, 2.0},
        np.zeros(2, dtype=[("a", float)]),
        [[1, 2], [3]],
        [1j, 2],
        np.array([1j, 2]),
        [10**400, 1],
        [object(), 1],
        pd.period_range("2020", periods=2, freq="D"),
        pd.interval_range(0, 2),
        pd.MultiIndex.from_tuples([(1, 2), (3, 4)]),
    ],
)
@pytest.mark.parametrize("place", ["time", "status", "entry"])
def test_odd_containers_are_data_errors(time, place):
    arguments = {"time": [3.0, 4.0], "status": [1, 0], "entry": [0, 0], place: time}
    with pytest.raises(DataError):
        Surv(arguments["time"], status=arguments["status"], entry=arguments["entry"])


ODD = [None, np.nan, pd.NA, pd.NaT, INF, "", "1", "dead", b"1", 10**400, 1j, object(), decimal.Decimal("1.5")]
DATES = [dt.date(2020, 1, 1), dt.datetime(2020, 1, 1), dt.timedelta(1), np.datetime64("2020-01-01", "D")]
scalars = st.one_of(
    st.integers(-3, 9),
    st.floats(),
    st.booleans(),
    st.sampled_from([*ODD, *DATES, np.float32(2), (1,), [2]]),
)


def as_objects(values):
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = value
    return array


containers = st.sampled_from(
    [
        list,
        tuple,
        as_objects,
        lambda v: pd.Series(as_objects(v), name="col", dtype=object),
        lambda v: pd.Series(as_objects(v), index=[0] * len(v), dtype=object),
        lambda v: as_objects(v)[:, None],
    ]
)
odd_columns = st.builds(lambda make, values: make(values), containers, st.lists(scalars, max_size=3))
good_columns = st.lists(st.floats(0.1, 50), min_size=2, max_size=2)
columns = st.one_of(st.none(), good_columns, odd_columns, scalars)


@given(
    time=columns,
    time2=columns,
    status=columns,
    entry=columns,
    form=st.sampled_from([None, "right", "left", "counting", "interval2"]),
)
@settings(deadline=None, max_examples=200)
def test_any_input_gives_a_consistent_response_or_an_error_of_the_package(time, time2, status, entry, form):
    try:
        surv = Surv(time, time2, status, type=form, entry=entry)
    except StatmodelsXError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert "Surv()" in refused
        return
    assert len(surv.entry) == len(surv.lower) == len(surv.upper) == len(surv.code)
    last = surv.time
    assert np.isfinite(surv.lower).all()
    assert (last > 0).all()
    assert (surv.entry >= 0).all()
    assert (surv.entry < last).all()
    assert (surv.entry <= surv.lower).all()
    np.testing.assert_array_equal(surv.code == EXACT, surv.lower == surv.upper)
    np.testing.assert_array_equal(surv.code == RIGHT, np.isinf(surv.upper))
    np.testing.assert_array_equal(surv.code == LEFT, (surv.lower == 0) & np.isfinite(surv.upper))
    assert sum(surv.counts()[kind] for kind in surv.counts() if kind != "late entry") == len(surv)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 4), st.booleans()).map(
            lambda r: (r[0], r[0] + r[1], r[2])
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(deadline=None, max_examples=60)
def test_good_counting_data_are_always_accepted(rows):
    entry, stop, event = map(list, zip(*rows, strict=True))
    surv = Surv(entry, stop, event)
    assert surv.counts()["exact"] == sum(event)
    assert surv.counts()["late entry"] == sum(value > 0 for value in entry)
    np.testing.assert_array_equal(surv.time, stop)
