"""What a trial's frame holds, as arrays of complete rows: the same record for rows in memory and in partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.data.formula import Response
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import ModelFrame, build_frame
from statmodels_x.core.data.surv import unit_of_time
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.surrogate.reading.events import SurrogateTimes, evaluate_surrogate
from statmodels_x.surrogate.reading.follow_up import FollowUp, read_follow_up
from statmodels_x.surrogate.specification import Choice

FUNCTIONS = {"Surv": read_follow_up}


@dataclass(frozen=True)
class TrialRows:
    """What was read of a trial, before it is known which rows are used.

    Attributes
    ----------
    survival : FollowUp
    surrogate : SurrogateTimes
    columns : mapping of str to ndarray
        Arm, weights, groups and subjects by the name of their argument.
    designs : mapping of str to ndarray
        Matrices of covariates, of the propensity and of the stopping time.
    n_rows : int
        Rows given.
    dropped : mapping of str to int
        Missing values by column.
    time_unit : str or None
        What the frame itself says.
    """

    survival: FollowUp
    surrogate: SurrogateTimes
    columns: Mapping[str, NDArray[Any]] = field(repr=False)
    designs: Mapping[str, Array] = field(repr=False)
    n_rows: int
    dropped: Mapping[str, int]
    time_unit: str | None = None


def read_memory(choice: Choice, data: Any, response: Response, arm_name: str) -> TrialRows:
    """Read a frame in memory.

    Raises
    ------
    FormulaError, DataError
        With the column or argument that cannot be used.
    """
    frame = as_pandas(data)
    surrogate = evaluate_surrogate(choice, frame)
    beside = {**choice.columns, "arm": arm_name, "seen": surrogate.seen, "until": surrogate.until}
    rows = rows_of(build_frame(frame, response, choice.parts, beside, FUNCTIONS), surrogate)
    check_any_time(rows.survival)
    unit = unit_of_time(frame, rows.survival.time_name, response.expressions[0])
    return replace(rows, time_unit=unit)


def rows_of(built: ModelFrame, surrogate: SurrogateTimes) -> TrialRows:
    """Take what a trial needs out of a frame that has the surrogate's times among its columns."""
    columns = dict(built.columns)
    seen, until = (np.asarray(columns.pop(name), float) for name in ("seen", "until"))
    return TrialRows(
        survival_of(built),
        replace(surrogate, seen=seen, until=until),
        columns,
        {name: design.matrix for name, design in built.designs.items()},
        built.n_rows,
        built.dropped,
    )


def survival_of(built: ModelFrame) -> FollowUp:
    """Return the follow-up on the left side of the formula, and refuse another left side."""
    if len(built.response) != 1 or not isinstance(built.response[0], FollowUp):
        raise DataError("formula: the response must be one Surv(...), for example Surv(time, status) ~ arm.")
    return built.response[0]


def check_any_time(survival: FollowUp) -> None:
    """Refuse follow-up that is missing in every row."""
    if not np.isfinite(survival.time).any():
        raise DataError(
            f"Surv(): '{survival.time_name}' or '{survival.status_name}' is missing in every row; give the times of "
            "follow-up."
        )
