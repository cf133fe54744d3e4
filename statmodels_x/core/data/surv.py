"""The censored response as one value object: right, left, interval and counting-process times."""

from __future__ import annotations

import ast
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.data.columns import by_row
from statmodels_x.core.data.events import check_event_times, event_status, refuse
from statmodels_x.core.data.safety import syntax_tree
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice, column_label, numeric_array, rows_text

RIGHT, EXACT, LEFT, INTERVAL = 0, 1, 2, 3

SurvType = Literal["right", "left", "counting", "interval2"]
_TYPES = ("right", "left", "counting", "interval2")
_ZERO_REMEDY = (
    "a time of 0 has no logarithm: drop these rows, or replace 0 by half of the finest step of the record "
    "(0.5 for whole numbers, 0.05 for one decimal)"
)


class Surv:
    """Survival times with censoring and late entry.

    Inside a formula it is the response: ``"Surv(time, status) ~ x"``.

    Parameters
    ----------
    time : array_like
        Time to the event or to censoring in ``Surv(time, status)``. It is the entry time in ``Surv(entry, exit,
        status)``, and the left end in ``Surv(left, right, type="interval2")``.
    time2 : array_like, optional
        The status in the form with two arguments, the exit time in the counting form, and the right end in the
        interval form.
    status : array_like, optional
        1 or True if the event was observed, 0 or False if the time is censored. Without a status every time is an
        event.
    type : {"right", "left", "counting", "interval2"}, optional
        The type of the response. By default two arguments mean ``"right"`` and three mean ``"counting"``. With
        ``"left"`` a status of 0 means that the event happened before ``time``. With ``"interval2"`` the event lies
        in (left, right]. Equal ends are an exact time. A missing or zero left end is left censoring, and a missing
        or infinite right end is right censoring.
    entry : array_like, optional
        Times of late entry for the types that have no entry argument, such as interval censoring with left
        truncation.

    Attributes
    ----------
    entry : ndarray of shape (n,)
        Time at which each subject came under observation; 0 for observation from the start.
    lower, upper : ndarray of shape (n,)
        The event lies in (lower, upper]. The two are equal if the time was observed exactly. ``upper`` is infinite
        if the time is right-censored.
    code : ndarray of int8, shape (n,)
        0 right-censored, 1 exact, 2 left-censored, 3 interval-censored, as in R's ``Surv``.
    type : str
        The type of the response.
    time_name : str
        Name of the column that holds the time, for labels and messages.

    Raises
    ------
    DataError
        If a time is missing, negative, zero, infinite or text, a status is not 0, 1, True or False, an entry time is
        not before the exit time, or the ends of an interval are in the wrong order. The message names the column and
        the rows, counted from 0.

    Examples
    --------
    >>> Surv([5, 8, 3], [1, 0, 1])
    Surv(n=3, events=2, type='right')
    >>> Surv([2, None, 4], [3, 1, None], type="interval2").code
    array([3, 2, 0], dtype=int8)
    """

    __slots__ = ("code", "entry", "lower", "time_name", "type", "upper")

    def __init__(
        self,
        time: ArrayLike,
        time2: ArrayLike | None = None,
        status: ArrayLike | None = None,
        *,
        type: SurvType | None = None,
        entry: ArrayLike | None = None,
    ) -> None:
        if type is None:
            type = "counting" if time2 is not None and status is not None else "right"
        self.type: str = check_choice("type", type, _TYPES, "Surv()")
        time2, status, entry = (
            _beside(time, value, name)
            for value, name in ((time2, "time2"), (status, "status"), (entry, "entry"))
        )
        if type == "interval2":
            if status is not None:
                raise DataError(
                    'Surv(): type="interval2" takes two times and no status; the ends say it all.'
                )
            self._from_interval(time, time2)
        elif type == "counting":
            if time2 is None or status is None:
                raise DataError('Surv(): type="counting" needs three columns: Surv(entry, exit, status).')
            if entry is not None:
                raise DataError("Surv(): the entry time is given twice, as first argument and as `entry`.")
            self._from_time(time2, status, "right")
            entry = time
        else:
            if time2 is not None and status is not None:
                raise DataError(f'Surv(): type="{type}" takes a time and a status, but two times were given.')
            self._from_time(time, status if time2 is None else time2, type)
        self._set_entry(entry)

    def _from_time(self, time: ArrayLike, status: ArrayLike | None, kind: str) -> None:
        self.time_name = column_label(time, "time")
        values = numeric_array(time, self.time_name, "Surv()")
        check_event_times(
            values,
            self.time_name,
            "Surv()",
            missing="drop these rows or find their times",
            infinite="give the last time at which the subject was seen",
            negative="times are measured from 0: correct or drop the rows",
            zero=_ZERO_REMEDY,
        )
        event = np.ones(len(values), bool) if status is None else _status_array(status, len(values))
        if kind == "right":
            self.lower, self.upper = values.copy(), np.where(event, values, np.inf)
            self.code = np.where(event, EXACT, RIGHT).astype(np.int8)
        else:
            self.lower, self.upper = np.where(event, values, 0.0), values.copy()
            self.code = np.where(event, EXACT, LEFT).astype(np.int8)

    def _from_interval(self, left: ArrayLike, right: ArrayLike | None) -> None:
        if right is None:
            raise DataError('Surv(): type="interval2" needs two columns, the ends of each interval.')
        names = column_label(left, "left"), column_label(right, "right")
        self.time_name = names[1]
        low = numeric_array(left, names[0], "Surv()")
        high = numeric_array(right, names[1], "Surv()")
        if len(low) != len(high):
            raise DataError(f"Surv(): '{names[0]}' has {len(low)} values and '{names[1]}' has {len(high)}.")
        unknown = np.isnan(low) & np.isnan(high)
        if unknown.any():
            raise DataError(
                f"Surv(): both ends of the interval are missing in {rows_text(unknown)}; drop these rows."
            )
        low = np.where(np.isnan(low) | (low == -np.inf), 0.0, low)
        high = np.where(np.isnan(high), np.inf, high)
        refuse(low < 0, f"Surv(): '{names[0]}' is negative", "times are measured from 0")
        refuse(~np.isfinite(low), f"Surv(): '{names[0]}' is infinite", "give the last time without the event")
        refuse(high <= 0, f"Surv(): '{names[1]}' is not positive", _ZERO_REMEDY)
        refuse(low > high, f"Surv(): '{names[0]}' is after '{names[1]}'", "swap or correct the two ends")
        self.lower, self.upper = low, high
        self.code = np.select(
            [low == high, np.isinf(high), low == 0], [EXACT, RIGHT, LEFT], default=INTERVAL
        ).astype(np.int8)
        refuse(
            (self.code == RIGHT) & (low == 0),
            "Surv(): the interval is (0, infinity), which says nothing,",
            "drop these rows",
        )

    def _set_entry(self, entry: ArrayLike | None) -> None:
        if entry is None:
            self.entry = np.broadcast_to(0.0, (len(self.lower),))  # one number, whatever the length
            return
        name = column_label(entry, "entry")
        self.entry = numeric_array(entry, name, "Surv()").copy()  # the column stays the caller's
        if len(self.entry) != len(self.lower):
            raise DataError(f"Surv(): '{name}' has {len(self.entry)} values for {len(self.lower)} times.")
        refuse(np.isnan(self.entry), f"Surv(): '{name}' is missing", "use 0 for subjects seen from the start")
        refuse(self.entry < 0, f"Surv(): '{name}' is negative", "entry times are measured from 0")
        last = np.where(np.isfinite(self.upper), self.upper, self.lower)
        refuse(
            self.entry >= last,
            f"Surv(): entry '{name}' is not before exit '{self.time_name}'",
            "a subject must be at risk for some time: drop the rows, or separate equal times by half of the "
            "finest step of the record (0.5 for whole numbers, 0.05 for one decimal)",
        )
        # what happened before entry was not observed: the interval that is informative starts at entry
        self.lower = np.maximum(self.lower, self.entry)
        late = (self.code == LEFT) & (self.entry > 0)
        self.code = np.where(late, INTERVAL, self.code).astype(np.int8)

    def __len__(self) -> int:
        return len(self.lower)

    def __getitem__(self, rows: Any) -> Surv:
        part = object.__new__(Surv)
        part.type, part.time_name = self.type, self.time_name
        if isinstance(rows, np.ndarray) and rows.dtype == bool and len(rows) == len(self) and rows.all():
            rows = slice(None)  # all of them: no copy
        for name in ("entry", "lower", "upper", "code"):
            setattr(part, name, np.atleast_1d(getattr(self, name)[rows]))
        return part

    def __repr__(self) -> str:
        return f"Surv(n={len(self)}, events={self.n_events}, type={self.type!r})"

    @property
    def n_events(self) -> int:
        """Number of rows in which the event is known to have happened: exact, left-censored or interval-censored."""
        return int(np.count_nonzero(self.code != RIGHT))

    @property
    def time(self) -> NDArray[np.float64]:
        """The last finite time of each row: the event, the censoring time, or the right end of the interval."""
        return np.where(np.isfinite(self.upper), self.upper, self.lower)

    @property
    def has_entry(self) -> bool:
        """Whether any subject entered late."""
        return bool(np.any(self.entry > 0))

    @property
    def is_right_censored(self) -> bool:
        """Whether every row is an exact or a right-censored time."""
        return bool(np.all(self.code <= EXACT))

    def counts(self) -> dict[str, int]:
        """Count the rows of each type of observation.

        Returns
        -------
        dict of str to int
            The keys are ``"exact"``, ``"right-censored"``, ``"left-censored"``, ``"interval-censored"`` and ``"late
            entry"``.
        """
        codes = {
            "exact": EXACT,
            "right-censored": RIGHT,
            "left-censored": LEFT,
            "interval-censored": INTERVAL,
        }
        found = {name: int(np.count_nonzero(self.code == code)) for name, code in codes.items()}
        found["late entry"] = int(np.count_nonzero(self.entry > 0))
        return found


def unit_of_time(data: Any, time_name: str, expression: str) -> str | None:
    """Find the unit of the time column by the frame's own account, ``data.attrs["units"]``.

    Parameters
    ----------
    data : DataFrame
    time_name : str
    expression : str
        How the response was written: None is returned if it computes with the time column.

    Returns
    -------
    str or None
    """
    quoted: dict[str, str] = {}
    call = syntax_tree(expression, expression, quoted).body
    bare = [quoted.get(part.id, part.id) for part in getattr(call, "args", []) if isinstance(part, ast.Name)]
    return column_unit(data, time_name) if time_name in bare else None


def column_unit(data: Any, name: str) -> str | None:
    """Return the unit of a column by the frame's own account; None if it gives none."""
    units = data.attrs.get("units")
    return units.get(name) if isinstance(units, dict) else None


def _beside(time: Any, value: Any, name: str) -> Any:
    """Return a Series in the order of the labels of the times, where both have labels."""
    if not (isinstance(time, pd.Series) and isinstance(value, pd.Series)) or len(value) != len(time):
        return value
    if value.index.equals(time.index):
        return value
    try:
        return pd.Series(by_row(value, time.index, name), name=value.name)
    except DataError as error:
        raise DataError(f"Surv(): {error}") from None


def _status_array(status: ArrayLike, n: int) -> NDArray[np.bool_]:
    name = column_label(status, "status")
    values = event_status(status, name, "Surv()", word="dead")
    if len(values) != n:
        raise DataError(f"Surv(): '{name}' has {len(values)} values for {n} times.")
    refuse(np.isnan(values), f"Surv(): '{name}' is missing", "drop these rows or find what happened to them")
    return values == 1.0
