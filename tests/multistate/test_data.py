"""The container: what it makes of frames, and what it refuses, by name."""

import numpy as np
import pandas as pd
import polars
import pytest

import statmodels_x as smx
from statmodels_x.errors import DataError, DataWarning, IdentificationWarning

EVENTS = {"ill": ("t_ill", "ill"), "dead": ("t", "died")}
LONG = pd.DataFrame(
    [
        (1, "a", "b", 0.0, 1.0, 1), (1, "a", "c", 0.0, 1.0, 0), (1, "b", "c", 1.0, 3.0, 1),
        (2, "a", "b", 0.0, 2.0, 0), (2, "a", "c", 0.0, 2.0, 1),
        (3, "a", "b", 0.5, 4.0, 0), (3, "a", "c", 0.5, 4.0, 0),
    ],
    columns=["id", "from", "to", "start", "stop", "status"],
)  # fmt: skip


def people(**changes):
    frame = pd.DataFrame(
        {"t_ill": [1.0, 2.0, 4.0, 0.5], "ill": [1, 0, 0, 1], "t": [3.0, 2.0, 4.0, 2.5], "died": [1, 1, 0, 0]}
    )
    return frame.assign(**changes)


def read(frame, **options):
    return smx.MultiStateData.from_wide(frame, EVENTS, **options)


def test_rows_of_each_subject():
    data = read(people(x=[5, 6, 7, 8]))
    assert data.rows[["id", "from", "to", "entered", "start", "stop", "status", "x"]].to_numpy().tolist() == [
        [0, "event_free", "ill", 0.0, 0.0, 1.0, 1, 5],
        [0, "event_free", "dead", 0.0, 0.0, 1.0, 0, 5],
        [0, "ill", "dead", 1.0, 1.0, 3.0, 1, 5],
        [1, "event_free", "ill", 0.0, 0.0, 2.0, 0, 6],
        [1, "event_free", "dead", 0.0, 0.0, 2.0, 1, 6],
        [2, "event_free", "ill", 0.0, 0.0, 4.0, 0, 7],
        [2, "event_free", "dead", 0.0, 0.0, 4.0, 0, 7],
        [3, "event_free", "ill", 0.0, 0.0, 0.5, 1, 8],
        [3, "event_free", "dead", 0.0, 0.0, 0.5, 0, 8],
        [3, "ill", "dead", 0.5, 0.5, 2.5, 0, 8],
    ]
    assert data.counts()["time"].tolist() == [7.5, 7.5, 4.0]
    assert "4 subjects, 3 states" in repr(data)
    assert "event_free -> ill" in repr(data)


def test_late_entry_leaves_no_row_in_the_state_that_was_left():
    data = read(people(seen=[1.5, 0.0, 1.0, 0.2]), entry="seen")
    first = data.rows[data.rows["id"] == 0]
    assert first[["from", "entered", "start", "stop"]].to_numpy().tolist() == [["ill", 1.0, 1.5, 3.0]]
    assert data.of("event_free", "ill")["start"].tolist() == [0.0, 1.0, 0.2]


def test_ties_are_named_and_never_dropped():
    tied = people(t_ill=[3.0, 2.0, 4.0, 0.5])
    with pytest.raises(DataError, match=r"very time of death.*1 row \(position 0\).*half_unit.*death"):
        read(tied)
    early = read(tied, ties="half_unit", unit=0.2)
    assert early.rows.query("id == 0")["stop"].tolist() == [2.9, 2.9, 3.0]
    dead = read(tied, ties="death")
    assert dead.rows.query("id == 0")[["to", "status"]].to_numpy().tolist() == [["ill", 0], ["dead", 1]]


def test_tied_intermediate_states_keep_their_order():
    frame = pd.DataFrame({"a": [2.0], "sa": [1], "b": [2.0], "sb": [1], "t": [2.0], "d": [1]})
    states = {"a": ("a", "sa"), "b": ("b", "sb"), "dead": ("t", "d")}
    data = smx.MultiStateData.from_wide(frame, states, ties="half_unit", unit=1.0)
    moves = data.rows[data.rows["status"] == 1]
    assert moves[["to", "stop"]].to_numpy().tolist() == [["a", 1.0], ["b", 1.5], ["dead", 2.0]]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"t_ill": [3.5, 2.0, 4.0, 0.5]}, "after the final one"),
        ({"ill": [np.nan, 0, 0, 1]}, "'ill' is missing"),
        ({"ill": [2, 0, 0, 1]}, r"'ill' holds the values 0, 1, 2; it must be 0 \(not entered\)"),
        ({"t": [np.inf, 2.0, 4.0, 2.5]}, "'t' is infinite"),
        ({"t_ill": [0.0, 2.0, 4.0, 0.5]}, "'t_ill' is 0"),
        ({"t_ill": [1.0, 1.0, 4.0, 0.5]}, "shorter time"),
        ({"t_ill": [1.0, 2.0, 4.5, 0.5]}, "follow-up of the final one"),
    ],
)
def test_events_that_contradict_each_other(changes, says):
    with pytest.raises(DataError, match=says) as caught:
        read(people(**changes))
    assert "position" in str(caught.value) or "ill == 2" in str(caught.value)


def test_times_that_differ_by_rounding_are_tied():
    """33 months as a share of a year, and by the days of both: the same time, which is no event after death."""
    rounded = people(t_ill=[3.0 * (1 + 1e-15), 2.0, 4.0 * (1 - 1e-15), 0.5])
    with pytest.raises(DataError, match=r"very time of death.*1 row \(position 0\)"):
        read(rounded)
    assert read(rounded, ties="death").counts()["events"].tolist() == [1, 2, 0]


def test_a_trial_of_the_other_room():
    """One container, read by either: from the frame, and as the surrogate's model has checked it."""
    process = smx.IllnessDeathTrial(smx.IllnessDeath(1.0, 0.1, 0.55), smx.IllnessDeath(0.5, 0.08, 0.45), 0.12)
    frame = process.simulate(n=150, seed=2)
    model = smx.SurrogatePTE(
        "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)", frame, at=3, landmark=1,
        treated=1, control=0,
    )  # fmt: skip
    one, other = smx.MultiStateData.from_trial(model.trial), smx.MultiStateData.from_trial(frame)
    columns = ["id", "from", "to", "entered", "start", "stop", "status", "arm"]
    pd.testing.assert_frame_equal(one.rows[columns], other.rows[columns])
    composite = frame.assign(
        surrogate_status=frame["surrogate_status"].where(frame["status"] == 0, 1),
        surrogate_time=frame["surrogate_time"].where(frame["surrogate_status"] == 1, frame["time"]),
    )
    again = smx.SurrogatePTE(
        "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)", composite, at=3, landmark=1,
        treated=1, control=0,
    )  # fmt: skip
    pd.testing.assert_frame_equal(
        smx.MultiStateData.from_trial(again.trial).rows[columns], other.rows[columns]
    )
    with pytest.raises(DataError, match="very time of death"):
        smx.MultiStateData.from_trial(composite)


def test_a_surrogate_that_was_watched_for_less_time():
    frame = pd.DataFrame({"arm": [0, 1] * 40, "time": np.linspace(2, 4, 80), "status": 1})
    frame = frame.assign(surrogate_time=frame["time"] - 1.9, surrogate_status=[1, 1, 1, 0] * 20)
    model = smx.SurrogatePTE(
        "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)", frame, at=3, landmark=1.5,
        treated=1, control=0,
    )  # fmt: skip
    with pytest.raises(DataError, match=r"\(progressed\) was watched for a shorter time.*20 rows"):
        smx.MultiStateData.from_trial(model.trial)


def test_two_final_states_are_named():
    frame = people(t_relapse=[1.0, 1.0, 4.0, 0.5], relapsed=[1, 1, 0, 0]).drop(columns=["t_ill", "ill"])
    states = {"relapse": ("t_relapse", "relapsed"), "dead": ("t", "died")}
    ways = ["event_free -> relapse", "event_free -> dead"]
    with pytest.raises(
        DataError, match=r"final states 'relapse' and 'dead' is reached in 2 rows.*one lead to"
    ):
        smx.MultiStateData.from_wide(frame, states, transitions=ways)


def test_graphs():
    with pytest.raises(DataError, match="ill -> back -> ill is a cycle"):
        smx.MultiStateData.from_wide(
            people(),
            {**EVENTS, "back": ("t_ill", "ill")},
            transitions=["event_free->ill", "ill->back", "back->ill"],
        )
    with pytest.raises(DataError, match="'sick' is no state"):
        read(people(), transitions=["event_free -> sick"])
    with pytest.raises(DataError, match=r"the step from 'event_free' to 'dead' is no transition.*add it"):
        read(people(), transitions=["event_free -> ill", "ill -> dead"])


def test_names_of_states():
    with pytest.raises(DataError, match="'a -> b' holds an arrow"):
        smx.MultiStateData.from_wide(people(), {"a -> b": EVENTS["ill"], "dead": EVENTS["dead"]})
    with pytest.raises(DataError, match="'dead' stands more than once"):
        read(people(), start="dead")


def test_long_rows():
    data = smx.MultiStateData.from_long(LONG)
    assert data.transitions == ("a -> b", "a -> c", "b -> c")
    assert data.rows["entered"].tolist() == [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    coded = LONG.assign(**{name: LONG[name].map({"a": 1, "b": 2, "c": 3}) for name in ("from", "to")})
    names = {1: "well", 2: "ill", 3: "dead"}
    assert smx.MultiStateData.from_long(coded, names=names).states == ("well", "ill", "dead")


def test_split_stays_keep_their_entry():
    split = pd.DataFrame([(1, "b", "c", 1.0, 2.0, 0), (1, "b", "c", 2.0, 3.0, 1)], columns=LONG.columns)
    data = smx.MultiStateData.from_long(pd.concat([LONG[LONG["id"] != 1], LONG[:2], split]))
    assert data.of("b", "c")["entered"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (LONG.drop(index=1), r"competing transition is missing \(a -> c for 1\)"),
        (pd.concat([LONG, LONG[4:5].assign(status=0)]), "two rows for the same transition"),
        (LONG.assign(status=[1, 1, 1, 0, 1, 0, 0]), "more than one event"),
        (LONG.assign(start=[0.0, 0.0, 0.5, 0.0, 0.0, 0.5, 0.5]), "overlap"),
        (LONG.assign(start=[0.0, 0.0, 1.5, 0.0, 0.0, 0.5, 0.5]), "does not begin when the last one ended"),
        (LONG.assign(status=[0, 1, 1, 0, 1, 0, 0]), "not in the state that the last one led to"),
        (LONG.assign(start=[0.0, 0.0, 3.0, 0.0, 0.0, 0.5, 0.5]), "'start' is not before 'stop'"),
        (LONG.assign(status=[0.5, 0, 1, 0, 1, 0, 0]), "'status' holds the values 0, 0.5, 1"),
        (LONG.drop(columns="to"), "'to'"),
    ],
)
def test_long_rows_that_are_wrong(rows, says):
    with pytest.raises(DataError, match=says):
        smx.MultiStateData.from_long(rows)


def test_a_reset_clock_needs_the_time_of_entry():
    late = pd.concat([LONG, pd.DataFrame([(9, "b", "c", 2.0, 3.0, 1)], columns=LONG.columns)])
    data = smx.MultiStateData.from_long(late)
    with pytest.raises(DataError, match=r"subject 9 was in 'b' when first seen.*entered="):
        smx.MultiState("~ 1", data, "reset", "exponential", scale="ph").fit()
    with pytest.warns(IdentificationWarning, match="for 1 parameter, "):
        smx.MultiState("~ 1", data, "forward", "exponential", scale="ph").fit()


def test_competing_events():
    frame = pd.DataFrame({"t": [1.0, 2.0, 3.0, 4.0], "e": [0, 2, 1, 2], "x": [1, 2, 3, 4]})
    data = smx.MultiStateData.competing(frame, "t", "e")
    assert data.transitions == ("event_free -> 1", "event_free -> 2")
    assert data.counts()["events"].tolist() == [1, 2]
    assert data.rows.columns[-1] == "x"
    with pytest.raises(DataError, match="nobody is censored"):
        smx.MultiStateData.competing(frame.assign(e="relapse"), "t", "e")


def test_missing_covariates_take_the_whole_subject():
    frame = people(x=[1.0, np.nan, 3.0, 4.0])
    with pytest.warns(DataWarning, match="1 of 4 subjects were dropped; missing values: x 1"):
        model = smx.MultiState("~ x", read(frame), distribution="exponential", scale="ph")
    assert model.data.n == 3


def test_kinds_of_frames():
    ours = read(people(x=list("abca")))
    theirs = read(polars.from_pandas(people(x=list("abca"))))
    pd.testing.assert_frame_equal(ours.rows, theirs.rows, check_dtype=False)
    frame = people()
    before = frame.copy()
    read(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_names_that_rows_have_themselves():
    with pytest.raises(DataError, match="'start' is a column that the rows"):
        read(people(start=1), keep=["start"])
    with pytest.raises(DataError, match="'status' is part of the response"):
        smx.MultiState("~ status", read(people()))
