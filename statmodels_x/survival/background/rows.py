"""A source and the rows of a fit -> what the background adds to their likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.frames import check_columns
from statmodels_x.core.data.surv import EXACT, RIGHT, Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import rows_text
from statmodels_x.survival.background.reading import YEARS_PER
from statmodels_x.survival.background.sources import ColumnOfRates, Paths, Source

PREFIX = "background "
"""Before the names under which a source's columns stand among the extra columns of a frame."""

_LONGEST = 60.0


def extra_columns(source: Source | None) -> dict[str, str]:
    """Return the columns of the data that a source reads, under names of their own."""
    return {} if source is None else {PREFIX + name: column for name, column in source.columns.items()}


def values_of(columns: Mapping[str, Any], n: int) -> dict[str, Any]:
    """Return what a source reads, from the extra columns of a frame of n rows."""
    own = {name.removeprefix(PREFIX): values for name, values in columns.items() if name.startswith(PREFIX)}
    return own | {"n": n}


def years_per_unit(source: Source | None, time_unit: str | None, longest: float) -> float:
    """Return the length of the response's unit of time in years, which a life table must know.

    Raises
    ------
    DataError
        If the unit is unknown and the longest follow-up is no number of years.
    """
    if source is None or not source.needs_years:
        return 1.0
    if time_unit is not None:
        return years_in(time_unit)
    if longest < _LONGEST:
        return 1.0
    raise DataError(
        f"`background`: a life table is in years, and the unit of time of the response is not known (the longest is "
        f"{longest:g}); give FlexibleSurvival(..., time_unit=), one of {', '.join(YEARS_PER)}."
    )


def years_in(time_unit: str) -> float:
    """Return the length of a unit of time in years; DataError unless it is one of the known ones."""
    name = time_unit.strip().lower()
    for unit, length in YEARS_PER.items():
        if name in (unit, unit[:-1]):
            return length
    raise DataError(
        f"the unit of time of the response is {time_unit!r}, and years are needed here; give "
        f"FlexibleSurvival(..., time_unit=), one of {', '.join(YEARS_PER)}."
    )


def background_terms(
    source: Source, columns: Mapping[str, Any], response: Surv, per: float
) -> tuple[Array, Array]:
    """Return ``log_other`` and ``expected`` of each row; see :class:`SurvivalArrays`.

    Raises
    ------
    DataError
        If the source cannot say what the rows need, or a row's follow-up is outside a life table.
    """
    values = values_of(columns, len(response))
    within = ~np.isin(response.code, (EXACT, RIGHT))
    if isinstance(source, ColumnOfRates):
        if within.any():
            raise DataError(
                f"`background`: a column holds the rate at one time, and {rows_text(within)} hold an interval; give a "
                "life table or Rates."
            )
        rate, expected = source.checked(values)
    else:
        paths = source.paths(values, per)
        last = np.where(np.isfinite(response.upper), response.upper, response.lower)
        paths.check_follow_up(response.entry, last)
        rate = paths.rate(response.lower)
        expected = paths.cumulative(response.entry, last)
    with np.errstate(divide="ignore"):
        log_other = np.where(response.code == EXACT, np.log(rate), -np.inf)
        if within.any():
            gap = paths.cumulative(np.maximum(response.lower, response.entry), last)
            log_other = np.where(within, np.log(np.expm1(gap)), log_other)
    return log_other, expected


def paths_of(source: Source, frame: pd.DataFrame, per: float) -> Paths:
    """Return the background of new rows as a function of their time.

    Raises
    ------
    DataError
        If the source is a column of rates, which says nothing of other times, or the frame lacks a column.
    """
    if isinstance(source, ColumnOfRates):
        raise DataError(
            f"predict: the background is known at the times of the fit alone (column {source.rate!r}), so that nothing "
            'all-cause can be predicted; ask for net quantities, such as kind="net_survival", or fit with a life table.'
        )
    check_columns(frame, source.columns.values(), "predict: the background")
    values = {name: frame[column].to_numpy() for name, column in source.columns.items()}
    return source.paths(values | {"n": len(frame)}, per)
