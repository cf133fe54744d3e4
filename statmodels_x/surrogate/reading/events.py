"""The surrogate: when its event was seen, or until when it was looked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.events import check_event_times, event_status, refuse
from statmodels_x.core.data.formula import evaluate, split_formula
from statmodels_x.core.data.frames import check_columns
from statmodels_x.core.data.illness_death import IllnessDeathTimes
from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import column_label, numeric_array, rows_text
from statmodels_x.surrogate.reading.follow_up import FollowUp
from statmodels_x.surrogate.specification import Choice


@dataclass(frozen=True)
class SurrogateTimes:
    """What is known of the surrogate event: when it was seen, or until when it was looked for."""

    seen: Array = field(repr=False)
    until: Array = field(repr=False)
    name: str
    has_status: bool

    def __len__(self) -> int:
        return len(self.seen)


def read_surrogate(time: Any, status: Any = None) -> SurrogateTimes:
    """``Surv(time, status)`` of the surrogate: unlike for survival, a missing time means "not seen".

    Raises
    ------
    DataError
        If a time is negative or text, an event has no time, or a status is neither 0 nor 1.
    """
    name = column_label(time, "surrogate")
    times = numeric_array(time, name, "surrogate")
    check_event_times(times, name, "surrogate", negative="times are measured from 0")
    if status is None:
        seen = np.where(np.isnan(times), np.inf, times)
        return SurrogateTimes(seen, np.full(len(seen), np.inf), name, False)
    status_name = column_label(status, "status")
    event = event_status(status, status_name, "surrogate", unseen="not seen")
    if len(event) != len(times):
        raise DataError(f"surrogate: '{status_name}' has {len(event)} values for {len(times)} times.")
    refuse(
        np.isnan(event) & ~np.isnan(times),
        f"surrogate: '{status_name}' is missing",
        f"give 1 where '{name}' is the time of the event and 0 where it was not seen",
    )
    happened = event == 1.0
    refuse(
        happened & ~np.isfinite(times),
        f"surrogate: '{name}' has no finite time for an event",
        f"give the time, or set '{status_name}' to 0 if the event was not seen",
    )
    until = np.where(happened | np.isnan(times), np.inf, times)
    return SurrogateTimes(np.where(happened, times, np.inf), until, name, True)


def read_marker(values: Any) -> SurrogateTimes:
    """Read a marker measured at the landmark; missing where it was not measured."""
    name = column_label(values, "surrogate")
    numbers = numeric_array(values, name, "surrogate")
    refuse(
        np.isinf(numbers), f"surrogate: '{name}' is infinite", "leave it missing where it was not measured"
    )
    seen = np.where(np.isnan(numbers), np.inf, numbers)
    return SurrogateTimes(seen, np.full(len(seen), np.inf), name, True)


def evaluate_surrogate(choice: Choice, frame: pd.DataFrame) -> SurrogateTimes:
    """Evaluate the surrogate's formula on the frame."""
    text = choice.surrogate
    if not isinstance(text, str) or not text.strip() or "~" in text:
        raise FormulaError(
            f"`surrogate` is {text!r}; give text such as 'Surv(pfs_time, progressed)', or the name of a column of "
            "times that is missing where the event was not seen."
        )
    response, _ = split_formula(f"{text} ~ 1")
    if len(response.expressions) != 1:
        raise FormulaError(f"`surrogate` is {text!r}; give one Surv(...) or one column.")
    check_columns(frame, response.variables, "`surrogate`")
    columns = frame[list(response.variables)]
    value = evaluate(response.expressions[0], columns, {"Surv": read_surrogate}, {})
    if not isinstance(value, SurrogateTimes):
        value = read_marker(value) if choice.is_marker else read_surrogate(value)
    elif choice.is_marker:
        raise FormulaError(f"`surrogate` is {text!r}; a marker is one column of numbers, not Surv(...).")
    if len(value) != len(frame):
        raise FormulaError(f"`surrogate` {text!r} does not give one value for each row.")
    return value


@dataclass(frozen=True)
class Settled:
    """Surrogate times that agree with follow-up.

    Attributes
    ----------
    seen : ndarray of shape (n,)
        Time of the surrogate event, infinite where it was not seen.
    watched : ndarray of shape (n,) or None
        Until when it was looked for, infinite where it was all along; None if it was for everybody.
    lost : ndarray of bool, shape (n,)
        Rows to be left out.
    notes : dict of str to int
        Rows that were moved or recoded.
    """

    seen: Array = field(repr=False)
    watched: Array | None = field(repr=False)
    lost: NDArray[np.bool_] = field(repr=False)
    notes: dict[str, int]


def settle(
    choice: Choice,
    surrogate: SurrogateTimes,
    survival: FollowUp,
    keep: NDArray[np.bool_],
) -> Settled:
    """Check surrogate times against follow-up; what is coded at its end counts as not seen.

    Raises
    ------
    DataError
        If an event is dated after the end of follow-up, unless the user said what to do then.
    """
    seen, until = surrogate.seen, surrogate.until
    nobody = np.zeros(len(seen), bool)
    if choice.is_marker:
        return Settled(seen, None, nobody, {})
    time, died = np.where(keep, survival.time, np.inf), survival.died & keep
    given = IllnessDeathTimes(time, died, seen, watched=until)
    after = given.after_end & keep
    if after.any() and choice.after_end == "error":
        _refuse_late(seen, time, after, keep, surrogate.name)
    moved = after if choice.after_end == "move" else nobody
    # at death it was no earlier event: of a composite such as progression-free survival it is the death itself
    composite = given.at_death & surrogate.has_status
    seen = np.where((moved & died) | composite, np.inf, np.where(moved, time, seen))
    if not surrogate.has_status:
        seen = np.where(seen >= time, np.inf, seen)
    early_end = replace(given, surrogate=seen).not_watched & keep
    watched = None
    if early_end.any() and choice.stopping != "ignore":
        watched = np.where(early_end, until, np.inf)
    notes = {"moved": int(moved.sum()), "composite": int(composite.sum())}
    if choice.stopping == "ignore":
        notes["stopped"] = int(early_end.sum())
    return Settled(seen, watched, after & ~moved, {name: n for name, n in notes.items() if n})


def _refuse_late(
    seen: Array, time: Array, after: NDArray[np.bool_], keep: NDArray[np.bool_], name: str
) -> None:
    row = np.flatnonzero(after)[0]
    raise DataError(
        f"surrogate: '{name}' is after the end of follow-up in {rows_text(after[keep])} of the rows used "
        f"(for example {seen[row]:g} after {time[row]:g}): nothing can be seen after death or "
        "censoring. Where such a time stands for 'not seen', set it to missing; otherwise check that both "
        'times are in the same unit. after_end="move" takes such events to be at the end of follow-up, "drop" leaves '
        "the rows out."
    )
