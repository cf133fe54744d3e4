"""A Dask frame -> the few numbers of each person that the methods need.

Each partition is read, checked and reduced where it is: times, arm, weights, groups and covariates of the propensity
and of the stopping time. These come to the client, and everything after it is as for rows in memory. The rest of the
frame, and the frame as a whole, are in no place.

What the estimates are made of adds up over partitions (people at risk and events at each distinct time, masses in bins
of surrogate time), but only when the times of all are known: with continuous times the distinct ones are as many as
the people, and the weights of the perturbations belong to people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.formula import Response, split_formula
from statmodels_x.core.data.model_frame import ModelFrame
from statmodels_x.core.data.partitions import Computed, partitioned_frame
from statmodels_x.core.data.surv import unit_of_time
from statmodels_x.surrogate.reading.events import SurrogateTimes, evaluate_surrogate
from statmodels_x.surrogate.reading.follow_up import FollowUp
from statmodels_x.surrogate.reading.rows import FUNCTIONS, TrialRows, check_any_time, rows_of
from statmodels_x.surrogate.specification import Choice


@dataclass(frozen=True)
class Labels:
    """A column of text as the positions of its values among the distinct ones."""

    codes: NDArray[np.int32] = field(repr=False)
    levels: NDArray[Any]

    def values(self, shared: dict[Any, Any]) -> NDArray[Any]:
        """Return the column; equal values are one object over all partitions."""
        return np.array([shared.setdefault(level, level) for level in self.levels], object)[self.codes]


def read_partitions(choice: Choice, data: Any, response: Response, arm_name: str) -> TrialRows:
    """Read a Dask frame, partition by partition.

    Raises
    ------
    FormulaError, DataError
        As for rows in memory; and for covariates whose transforms need all rows at once, and arguments that are not
        columns.
    """
    surrogate = evaluate_surrogate(choice, data._meta)
    variables = split_formula(f"{choice.surrogate} ~ 1")[0].variables
    computed = Computed(tuple(variables), surrogate_times, (choice,))
    beside = {**choice.columns, "arm": arm_name}
    frame = partitioned_frame(data, response, choice.parts, beside, FUNCTIONS, computed)
    parts = frame.persist(read_block, surrogate).each(as_it_is)
    rows = _joined(parts)
    check_any_time(rows.survival)
    unit = unit_of_time(data._meta, rows.survival.time_name, response.expressions[0])
    return replace(rows, n_rows=frame.n_rows, dropped=dict(frame.dropped), time_unit=unit)


def _joined(parts: Sequence[TrialRows]) -> TrialRows:
    first = parts[0]

    def stacked(of: Any) -> NDArray[Any]:
        return np.concatenate([of(part) for part in parts])

    survival, surrogate = first.survival, first.surrogate
    return replace(
        first,
        survival=FollowUp(
            stacked(lambda part: part.survival.time),
            stacked(lambda part: part.survival.died),
            survival.time_name,
            survival.status_name,
        ),
        surrogate=replace(
            surrogate,
            seen=stacked(lambda part: part.surrogate.seen),
            until=stacked(lambda part: part.surrogate.until),
        ),
        columns={name: _column([part.columns[name] for part in parts]) for name in first.columns},
        designs={name: stacked(lambda part, name=name: part.designs[name]) for name in first.designs},
    )


def _column(parts: Sequence[Any]) -> NDArray[Any]:
    shared: dict[Any, Any] = {}
    return np.concatenate([part.values(shared) if isinstance(part, Labels) else part for part in parts])


# what runs on the workers


def surrogate_times(choice: Choice, data: pd.DataFrame) -> Mapping[str, NDArray[Any]]:
    """Evaluate the surrogate on the rows of one partition."""
    times = evaluate_surrogate(choice, data)
    return {"seen": times.seen, "until": times.until}


def read_block(surrogate: SurrogateTimes, frame: ModelFrame) -> TrialRows:
    """Keep what a trial needs of one partition; text as codes."""
    rows = rows_of(frame, surrogate)
    return replace(rows, columns={name: _coded(values) for name, values in rows.columns.items()})


def _coded(values: NDArray[Any]) -> Any:
    if values.dtype != object:
        return values
    codes, levels = pd.factorize(values)
    return Labels(codes.astype(np.int32), np.asarray(levels, object))


def as_it_is(rows: TrialRows) -> TrialRows:
    """Send the rows of one partition to the client."""
    return rows
