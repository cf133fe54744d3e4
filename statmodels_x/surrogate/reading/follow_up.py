"""Follow-up of survival: a missing time drops its row, and a death on day 0 is a death."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.data.events import check_event_times, event_status
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import column_label, numeric_array


@dataclass(frozen=True)
class FollowUp:
    """Time to death or censoring; NaN where time or status is missing.

    Attributes
    ----------
    time : ndarray of shape (n,)
    died : ndarray of bool, shape (n,)
    time_name, status_name : str
    """

    time: Array = field(repr=False)
    died: NDArray[np.bool_] = field(repr=False)
    time_name: str
    status_name: str

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, rows: Any) -> FollowUp:
        return FollowUp(self.time[rows], self.died[rows], self.time_name, self.status_name)


def read_follow_up(time: Any, status: Any = None, *more: Any, **options: Any) -> FollowUp:
    """``Surv(time, status)`` of a trial: right-censored, from the start.

    Raises
    ------
    DataError
        If a time is negative, infinite or text, a status is neither 0 nor 1, or more was asked.
    """
    if more or options:
        raise DataError(
            "formula: the surrogate methods need times to death or right censoring from the start, "
            "Surv(time, status); left or interval censoring and late entry are not supported."
        )
    name = column_label(time, "time")
    times = numeric_array(time, name, "Surv()")
    remedy = "give the time from 0 at which the subject died or was last seen"
    check_event_times(times, name, "Surv()", negative=remedy, infinite=remedy)
    if status is None:
        return FollowUp(times, np.ones(len(times), bool), name, "status")
    status_name = column_label(status, "status")
    event = event_status(status, status_name, "Surv()", word="dead")
    if len(event) != len(times):
        raise DataError(f"Surv(): '{status_name}' has {len(event)} values for {len(times)} times.")
    return FollowUp(np.where(np.isnan(event), np.nan, times), event == 1.0, name, status_name)
