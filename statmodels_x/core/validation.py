"""Check an option, a column or an array once, with an error that names it."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError

_ROWS_SAID = re.compile(r"(?P<count>\d+) rows? \(position (?P<rows>\d+(, \d+)*)(, \.\.\.)?\)")
_LARGEST = 1e100
_MOST_JOBS = 10_000
_TIME_KINDS = {"datetime64", "datetime", "date", "timedelta64", "timedelta", "period"}


def check_choice(name: str, value: Any, choices: Sequence[str], where: str = "") -> str:
    """Return ``value`` if it is one of ``choices``.

    Raises
    ------
    DataError
        Otherwise; the message names the argument and lists the choices.
    """
    if isinstance(value, str) and value in choices:
        return value
    listed = ", ".join(f'"{choice}"' for choice in choices)
    prefix = f"{where}: " if where else ""
    raise DataError(f"{prefix}`{name}` is {value!r}; choose one of {listed}.")


def as_list(name: str, value: Any) -> list[Any]:
    """Return one text or a sequence of them as a list.

    Raises
    ------
    DataError
        If it is neither; the message names the argument.
    """
    if isinstance(value, str):
        return [value]
    try:
        return list(value)
    except TypeError:
        raise DataError(f"`{name}` is {value!r}; give a name, or a list of names.") from None


def check_number(name: str, value: Any, *, low: float, high: float, closed: bool = False) -> float:
    """Return ``value`` as a float if it lies between ``low`` and ``high``.

    Parameters
    ----------
    name : str
        The argument, for the message.
    value : object
        What the user gave.
    low, high : float
        Limits, excluded unless ``closed``.
    closed : bool
        Whether the limits themselves are allowed.

    Raises
    ------
    DataError
        If the value is not a number or lies outside.
    """
    try:
        usable = isinstance(value, Real) and not isinstance(value, bool) and not np.isnan(float(value))
    except OverflowError:
        usable = False
    if not usable:
        raise DataError(f"`{name}` is {value!r}; give a number between {low:g} and {high:g}.")
    number = float(value)
    inside = low <= number <= high if closed else low < number < high
    if not inside:
        raise DataError(f"`{name}` is {number:g}; it must lie between {low:g} and {high:g}.")
    return number


def check_count(name: str, value: Any, least: int, most: int | None = 10_000_000) -> int:
    """Return ``value`` as an int if it is a whole number within limits; else a DataError names it."""
    try:
        whole = isinstance(value, Real) and not isinstance(value, bool) and math.floor(value) == value
    except (OverflowError, ValueError):  # infinite, or no number
        whole = False
    if not whole or value < least:
        raise DataError(f"`{name}` is {value!r}; give a whole number of at least {least}.")
    if most is not None and value > most:
        raise DataError(f"`{name}` is {value!r}; give a whole number of at most {most}.")
    return int(value)


def check_flag(name: str, value: Any) -> bool:
    """Return True or False; DataError for anything else, however true it looks."""
    if not isinstance(value, bool | np.bool_):
        raise DataError(f"`{name}` is {value!r}; give True or False.")
    return bool(value)


def check_text(name: str, value: Any, such_as: str) -> str | None:
    """Return a text, or None; DataError for anything else."""
    if value is not None and not isinstance(value, str):
        raise DataError(f"`{name}` is {value!r}; give a text, such as {such_as!r}.")
    return value


def check_seed(seed: Any) -> int:
    """Return a seed; DataError unless it is a whole number of at least 0."""
    return check_count("seed", seed, 0, most=None)


def is_among(value: Any, names: Container[Any]) -> bool:
    """Whether a value is among names; what cannot be a name (a list, an array) is not."""
    try:
        hash(value)
    except TypeError:
        return False
    return value in names


def check_jobs(n_jobs: Any) -> int:
    """Return a number of workers; DataError unless it is a whole number other than 0."""
    whole = isinstance(n_jobs, int | np.integer) and not isinstance(n_jobs, bool)
    if not whole or n_jobs == 0 or abs(n_jobs) > _MOST_JOBS:
        raise DataError(f"`n_jobs` is {n_jobs!r}; give a number of workers, or -1 for all cores.")
    return int(n_jobs)


def check_alpha(alpha: Any) -> float:
    """Return the error rate of intervals; DataError unless it is a number between 0 and 1."""
    if isinstance(alpha, bool) or not isinstance(alpha, Real) or not 0.0 < float(alpha) < 1.0:
        raise DataError(
            f"`alpha` is {alpha!r}; give the error rate of the interval, between 0 and 1 (0.05: 95 %)."
        )
    return float(alpha)


def check_magnitude(values: NDArray[np.float64], name: str, where: str = "") -> None:
    """Raise a DataError if numbers are of a size whose squares and sums are none: above 1e100, or all below 1e-100."""
    sizes = np.abs(values[np.isfinite(values)])
    largest = float(sizes.max(initial=0.0))
    if largest > _LARGEST or 0.0 < largest < 1.0 / _LARGEST:
        raise DataError(
            f"{where + ': ' if where else ''}'{name}' holds values of the size {largest:.2g}; give it in another unit, "
            "in which they are nearer to 1."
        )


def column_label(values: Any, default: str) -> str:
    """Name of a pandas Series, or ``default`` for what has no name."""
    name = getattr(values, "name", None)
    return default if name is None else str(name)


def rows_text(bad: NDArray[np.bool_], most: int = 5) -> str:
    """Say how many rows are bad and where the first of them are (counted from 0)."""
    rows = np.flatnonzero(bad)
    return _rows_said(len(rows), rows, most)


def _rows_said(count: int, rows: Sequence[int] | NDArray[np.intp], most: int = 5) -> str:
    shown = ", ".join(str(row) for row in rows[:most])
    more = ", ..." if count > most else ""
    return f"{count} row{'s' if count != 1 else ''} (position {shown}{more})"


def joined_rows(messages: Sequence[str], first_rows: Sequence[int]) -> str:
    """Join messages about blocks of rows into one about all: what :func:`rows_text` says of each is added up.

    Parameters
    ----------
    messages : sequence of str
        The same fault in several blocks; others than the first one's fault are left out.
    first_rows : sequence of int
        Position among all rows at which each block starts.
    """
    head, _, tail = _split_rows(messages[0])
    count, positions = 0, []
    for message, first in zip(messages, first_rows, strict=True):
        before, found, after = _split_rows(message)
        if found is not None and (before, after) == (head, tail):
            count += int(found["count"])
            positions += [first + int(row) for row in found["rows"].split(", ")]
    if not count:
        return messages[0]
    return f"{head}{_rows_said(count, sorted(positions))}{tail}"


def _split_rows(message: str) -> tuple[str, re.Match[str] | None, str]:
    found = _ROWS_SAID.search(message)
    return (message, None, "") if found is None else (message[: found.start()], found, message[found.end() :])


def numeric_array(
    values: Any, name: str, where: str, hint: str = "convert it with pandas.to_numeric"
) -> NDArray:
    """Return a one-dimensional float array, or say why the column cannot be one.

    Raises
    ------
    DataError
        If the column holds text, dates or durations, or has more than one dimension.
    """
    prefix = f"{where}: " if where else ""
    try:
        series = pd.Series(values) if not isinstance(values, pd.Series) else values
    except (TypeError, ValueError, NotImplementedError, OverflowError) as error:
        raise DataError(f"{prefix}'{name}' is not a column of numbers ({error}).") from error
    if series.dtype.kind in "mM" or pd.api.types.infer_dtype(series, skipna=True) in _TIME_KINDS:
        raise DataError(
            f"{prefix}'{name}' holds {series.dtype}; give a number of days or years since the start, "
            "for example (end - start).dt.days."
        )
    if np.ndim(series.to_numpy()) != 1:
        raise DataError(f"{prefix}'{name}' must have one dimension.")
    if not pd.api.types.is_numeric_dtype(series.dtype):
        _refuse_text(series, name, prefix, hint)
    if series.dtype.kind == "c" or pd.api.types.infer_dtype(series, skipna=True) == "complex":
        raise DataError(f"{prefix}'{name}' holds complex numbers.")
    try:
        return series.to_numpy(dtype=float, na_value=np.nan).copy()
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{prefix}'{name}' cannot be read as numbers ({error}); {hint}.") from error


def _refuse_text(series: pd.Series, name: str, prefix: str, hint: str) -> None:
    present = series.dropna()
    text = present[[isinstance(value, str) for value in present]]
    if len(text):
        raise DataError(f"{prefix}'{name}' holds text (for example {text.iloc[0]!r}); {hint}.")
