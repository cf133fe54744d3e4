"""A long frame with one row per cell -> the grid of a life table, with every mistake named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.columns import in_order, level_codes, levels_of, plain_column
from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, numeric_array, rows_text

YEARS_PER = {"years": 1.0, "months": 1.0 / 12.0, "weeks": 7.0 / 365.25, "days": 1.0 / 365.25}
"""Length of each unit of time in years."""

_HIGHEST = 4.5  # deaths per person and year: the oldest die at rates of 1, in small populations at up to 4
_OLD, _OLD_RATE = 90.0, 0.003
_LOWER_END = re.compile(r"^\s*<?\s*(\d+(?:\.\d+)?)")
_WHERE = "LifeTable()"


@dataclass(frozen=True)
class Grid:
    """The cells of a life table; see the attributes of ``LifeTable``."""

    ages: Array
    years: Array
    strata: Mapping[str, tuple[Any, ...]]
    rates: Array


def grid_of(
    data: Any,
    age: str,
    year: str | None,
    values: Mapping[str, str | None],
    by: Sequence[str],
    unit: str,
) -> Grid:
    """Put the rows of a frame into a grid.

    Parameters
    ----------
    data : DataFrame
    age, year : str
        Columns of the lower ends of the cells.
    values : mapping of "rate", "q" and "p" to str or None
        Exactly one names a column.
    by : sequence of str
        Columns of the strata.
    unit : str
        Unit of time of the rates.
    """
    check_choice("unit", unit, tuple(YEARS_PER), _WHERE)
    given = {kind: column for kind, column in values.items() if column is not None}
    if len(given) != 1:
        raise DataError(
            f"{_WHERE}: give exactly one of `rate`, `q` (probability of death within the year) and `p` (of surviving "
            f"it); given were {', '.join(given) or 'none'}."
        )
    (kind, column), *_ = given.items()
    if kind != "rate" and unit != "years":
        raise DataError(f"{_WHERE}: `{kind}` is a probability for a year; leave `unit` out.")
    frame = as_pandas(data)
    check_columns(frame, [age, *([year] if year else []), column, *by], _WHERE)
    at = {"age": _lower_ends(frame[age], age)} | ({"year": _lower_ends(frame[year], year)} if year else {})
    edges = {name: np.unique(found) for name, found in at.items()}
    codes = [np.searchsorted(edges[name], found) for name, found in at.items()]
    levels, strata_codes = _strata(frame, by)
    shape = [*(len(found) for found in levels.values()), *(len(found) for found in edges.values())]
    cells = np.ravel_multi_index(tuple([*strata_codes, *codes]), tuple(shape)) if shape else np.zeros(0, int)
    _check_cells(cells, shape, {**levels, **edges})
    numbers = _rates(numeric_array(frame[column], column, _WHERE), kind, column, at["age"])
    flat = np.empty(int(np.prod(shape)))
    flat[cells] = numbers / YEARS_PER[unit]
    rates = flat.reshape(-1, len(edges["age"]), len(edges["year"]) if year else 1)
    _check_unit(rates, edges["age"], kind, unit)
    return Grid(edges["age"], edges.get("year", np.zeros(0)), levels, rates)


def decimal_years(values: Any, name: str) -> Array:
    """Return calendar years with their fractions, from numbers or dates; NaN where missing."""
    series = pd.Series(values)
    if series.dtype.kind == "M" or pd.api.types.infer_dtype(series, skipna=True) in ("date", "datetime"):
        days = pd.DatetimeIndex(pd.to_datetime(series))
        length = np.where(days.is_leap_year, 366.0, 365.0)
        return np.asarray(days.year + (days.day_of_year - 1.0 + days.hour / 24.0) / length, float)
    return numeric_array(series, name, "", hint="give years such as 1998.5, or dates")


def _strata(frame: pd.DataFrame, by: Sequence[str]) -> tuple[dict[str, tuple[Any, ...]], list[Any]]:
    levels, codes = {}, []
    for name in by:
        column = plain_column(frame[name])
        if column.isna().any():
            raise DataError(f"{_WHERE}: column {name!r} is missing in {rows_text(column.isna().to_numpy())}.")
        levels[name] = tuple(in_order(levels_of(column)))
        codes.append(level_codes(column, levels[name]))
    return levels, codes


def _lower_ends(series: pd.Series, name: str) -> Array:
    """Read lower ends of cells from numbers, or from texts such as "5-9" and "110+"."""
    if series.dtype.kind in "iuf":
        ends = series.to_numpy(float)
    else:
        found = [_LOWER_END.match(str(value)) for value in series]
        ends = np.array([np.nan if match is None else float(match[1]) for match in found])
        below = [str(value).strip().startswith("<") for value in series]
        ends = np.where(below, 0.0, ends)
    bad = ~np.isfinite(ends) | (ends < 0.0)
    if bad.any():
        value = series.iloc[int(np.argmax(bad))]
        raise DataError(
            f"{_WHERE}: column {name!r} holds {value!r} in {rows_text(bad)}; give the lower end of each cell, as a "
            'number or as a text such as "5-9" or "110+".'
        )
    return ends


def _check_cells(cells: NDArray[Any], shape: Sequence[int], axes: Mapping[str, Any]) -> None:
    """Raise a DataError that names the first cell that stands twice or not at all."""
    count = np.bincount(cells, minlength=int(np.prod(shape)))
    for wrong, what in ((count > 1, "stand twice"), (count == 0, "are missing")):
        if wrong.any():
            place = np.unravel_index(int(np.argmax(wrong)), tuple(shape))
            cell = ", ".join(
                f"{name} {axis[k]:g}" if isinstance(axis[k], float) else f"{name} {axis[k]!r}"
                for (name, axis), k in zip(axes.items(), place, strict=True)
            )
            raise DataError(
                f"{_WHERE}: {int(wrong.sum())} cells {what}, the first at {cell}; the frame needs one row for each "
                "combination of strata, age and year (name the columns of all strata in `by`)."
            )


def _rates(values: Array, kind: str, column: str, ages: Array) -> Array:
    """Rates from rates or probabilities, checked."""
    bad = ~np.isfinite(values) | (values < 0.0)
    if bad.any():
        raise DataError(f"{_WHERE}: column {column!r} is missing, negative or infinite in {rows_text(bad)}.")
    if kind == "rate":
        return values
    if (values > 1.0).any():
        raise DataError(
            f"{_WHERE}: `{kind}` holds {values.max():g} in {rows_text(values > 1.0)}: no probability; are these "
            "rates, or numbers per 1,000 or 100,000?"
        )
    alive = 1.0 - values if kind == "q" else values
    closing = (alive == 0.0) & (ages == ages.max())
    if (alive == 0.0).any() and not closing[alive == 0.0].all():
        raise DataError(f"{_WHERE}: nobody survives the year in {rows_text(alive == 0.0)} of {column!r}.")
    if closing.any():
        if closing.all():
            raise DataError(f"{_WHERE}: nobody survives the year in any row of {column!r}.")
        second = ages[ages < ages.max()].max()
        raise DataError(
            f"{_WHERE}: `{kind}` says that nobody survives age {ages.max():g}, which closes a table and is no rate; "
            f"leave these rows out: the age before it, {second:g}, is then the last."
        )
    return -np.log(alive) if kind == "p" else -np.log1p(-values)


def _check_unit(rates: Array, ages: Array, kind: str, unit: str) -> None:
    """Refuse rates of another unit, and warn of probabilities given as rates."""
    highest = float(rates.max())
    if highest > _HIGHEST:
        remedy = "divide numbers per 1,000 or 100,000" if unit == "years" else f'is `unit` really "{unit}"?'
        raise DataError(f"{_WHERE}: the highest rate is {highest:.3g} deaths per person and year; {remedy}.")
    old = rates[:, ages >= _OLD]
    if unit == "years" and old.size and float(old.max()) < _OLD_RATE:
        raise DataError(
            f"{_WHERE}: above age {_OLD:g} the highest rate is {old.max():.2g} per year, as if a daily rate; give "
            'unit="days" (R\'s survexp tables are per day).'
        )
    last = rates[:, -1]
    if kind == "rate" and np.all(last == 1.0) and float(rates[:, :-1].max(initial=0.0)) < 1.0:
        warn(
            f"{_WHERE}: the rate is exactly 1 at the last age and below 1 before, as probabilities of death (qx) "
            "are; if the column holds these, give it as `q`.",
            DataWarning,
        )
