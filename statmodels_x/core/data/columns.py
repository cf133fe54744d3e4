"""One column -> numbers, truth values or categories; what is none of these is refused by name."""

from __future__ import annotations

import datetime
import decimal
import numbers
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError

_EXACT_AS_FLOAT = 2.0**53  # whole numbers up to here are floats without loss
_WHOLE = np.iinfo(np.int64)
_TIMES = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64, pd.Period)
_TIME_REMEDY = (
    "give a number of days or years since a start, such as (date - start).dt.days; text if each is a group"
)
_SHOWN = 12


class Unreadable:
    """Stands in a column of the user's table that could not be read: an error only for who uses it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"<unreadable: {self.reason}>"


def plain_column(series: pd.Series) -> pd.Series:
    """Return a column as formulas can compute with it.

    Numbers of any type become int64 or float64, truth values bool; text stays text. A categorical keeps the order
    of its levels but loses those that no row has: they would be columns of zeros.

    Raises
    ------
    DataError
        For dates, durations, complex numbers and objects, with the name of the column and what to do.
    """
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return series.cat.remove_unused_categories()
    if isinstance(dtype, pd.IntervalDtype):
        return series.astype("category")
    if isinstance(dtype, pd.SparseDtype):
        return plain_column(series.sparse.to_dense())
    if dtype.kind in "mM" or isinstance(dtype, pd.PeriodDtype) or _is_arrow_time(dtype):
        raise DataError(f"column {str(series.name)!r} holds dates or durations ({dtype}); {_TIME_REMEDY}.")
    if dtype.kind == "c":
        raise DataError(
            f"column {str(series.name)!r} holds complex numbers; give their parts as two columns."
        )
    if dtype == np.dtype(bool):
        return series
    if pd.api.types.is_bool_dtype(dtype):
        return series.astype(object if series.isna().any() else bool)
    if pd.api.types.is_numeric_dtype(dtype):
        return _numeric(series)
    if isinstance(dtype, pd.StringDtype) or str(dtype) in ("string[pyarrow]", "large_string[pyarrow]"):
        return series.astype(object)
    return _object_column(
        series if dtype.kind == "O" and isinstance(dtype, np.dtype) else series.astype(object)
    )


def _is_arrow_time(dtype: Any) -> bool:
    arrow = getattr(dtype, "pyarrow_dtype", None)
    return arrow is not None and any(word in str(arrow) for word in ("date", "time", "duration"))


def _numeric(series: pd.Series) -> pd.Series:
    if series.dtype in (np.dtype(np.float64), np.dtype(np.int64)):
        return series
    if series.dtype.kind in "iu":
        complete = not series.isna().any()
        if complete and (not len(series) or series.max() <= _WHOLE.max):
            return series.astype(np.int64)
        if (
            not complete
            and series.notna().any()
            and max(abs(series.max()), abs(series.min())) > _EXACT_AS_FLOAT
        ):
            return series.astype(object)  # a float would make one level of two
    try:
        values = series.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"column {str(series.name)!r} cannot be read as numbers ({error}).") from error
    return pd.Series(values, index=series.index, name=series.name)


def _object_column(series: pd.Series) -> pd.Series:
    missing = series.isna().to_numpy()
    present = series.to_numpy()[~missing]
    kinds = set(map(type, present))
    if all(issubclass(kind, str) for kind in kinds):
        return series
    if all(issubclass(kind, bool | np.bool_) for kind in kinds):
        return series if missing.any() else series.astype(bool)
    if all(_is_number(kind) for kind in kinds):
        return _numbers_of_objects(series, present, missing)
    if kinds == {pd.Interval}:
        return series.astype("category")
    for kind in kinds:
        if not issubclass(kind, str) and not _is_number(kind):
            raise _refusal(series, kind, present)
    return series  # text and numbers: levels, or numbers that were read as text


def _is_number(kind: type) -> bool:
    if issubclass(kind, np.timedelta64):  # numpy counts it among the whole numbers
        return False
    return issubclass(kind, numbers.Real | decimal.Decimal | np.bool_)


def _numbers_of_objects(series: pd.Series, present: NDArray[Any], missing: NDArray[np.bool_]) -> pd.Series:
    try:
        numeric = np.array([float(value) for value in present])
    except (OverflowError, ValueError) as error:
        raise DataError(f"column {str(series.name)!r} holds a number that is too large ({error}).") from error
    whole = all(isinstance(value, numbers.Integral | np.bool_) for value in present)
    inexact = whole and bool(np.any(np.abs(numeric) > _EXACT_AS_FLOAT))
    if inexact and missing.any():
        return series
    if whole and not missing.any() and np.all(np.abs(numeric) < float(_WHOLE.max)):
        return pd.Series(
            [int(value) for value in present], index=series.index, name=series.name, dtype=np.int64
        )
    values = np.full(len(series), np.nan)
    values[~missing] = numeric
    return pd.Series(values, index=series.index, name=series.name)


def _refusal(series: pd.Series, kind: type, present: NDArray[Any]) -> DataError:
    name = str(series.name)
    if issubclass(kind, _TIMES):
        return DataError(f"column {name!r} holds dates or durations ({kind.__name__}); {_TIME_REMEDY}.")
    if issubclass(kind, complex | np.complexfloating):
        return DataError(f"column {name!r} holds complex numbers; give their parts as two columns.")
    if issubclass(kind, bytes):
        return DataError(f"column {name!r} holds bytes; make text of them with .str.decode('utf-8').")
    if issubclass(kind, Unreadable):
        reason = next(value.reason for value in present if isinstance(value, Unreadable))
        return DataError(f"column {name!r} cannot be read: {reason}.")
    return DataError(
        f"column {name!r} holds {kind.__name__} objects, which are no covariate; make numbers or text of them."
    )


def column_kind(series: pd.Series) -> str:
    """Say how a plain column enters: ``"ordered"``, ``"category"``, ``"text"``, ``"bool"`` or ``"number"``."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return "ordered" if series.cat.ordered else "category"
    return {"O": "text", "b": "bool"}.get(series.dtype.kind, "number")


def levels_of(series: pd.Series) -> tuple[Any, ...]:
    """Return the values of a plain column: in the order of a categorical, else as they appear."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return tuple(series.cat.categories.tolist())
    return tuple(pd.unique(series.dropna()).tolist())


def in_order(values: Iterable[Any]) -> list[Any]:
    """Sort levels; where they do not compare (text and numbers), by their type and text."""
    listed = list(values)
    try:
        return sorted(listed)
    except TypeError:
        return sorted(listed, key=lambda value: (type(value).__name__, str(value)))


def level_codes(series: pd.Series, levels: Sequence[Any]) -> NDArray[np.intp]:
    """Return the position of each value among the levels, by equality: True, 1 and 1.0 are the same; -1 for none.

    Missing values have none.
    """
    place = {level: k for k, level in enumerate(levels)}
    codes, values = pd.factorize(series, use_na_sentinel=True)
    found = [place.get(value, -1) for value in (values.tolist() if hasattr(values, "tolist") else values)]
    return np.append(np.array(found, dtype=np.intp), -1)[codes]


def as_in_fit(series: pd.Series, kind: str | None, levels: tuple[Any, ...] | None) -> pd.Series:
    """Return a plain column of new data as the fit had it: the same type, and the same objects as levels.

    Raises
    ------
    DataError
        That names the column, for a level that the fit did not see, and for text where it read numbers.
    """
    if levels is not None:
        return _with_levels(series, kind, levels)
    if kind in ("number", "bool") and isinstance(series.dtype, pd.CategoricalDtype):
        series = plain_column(series.astype(object))
    if kind in ("number", "bool") and series.dtype.kind not in "biuf" and len(series):
        raise DataError(
            f"newdata: column {str(series.name)!r} holds {series.iloc[0]!r}; the fit read numbers from it."
        )
    if kind == "bool" and series.dtype != bool and series.isin([0, 1]).all():
        return series.astype(bool)
    return series


def _with_levels(series: pd.Series, kind: str | None, levels: tuple[Any, ...]) -> pd.Series:
    codes = level_codes(series, levels)
    if (codes < 0).any():
        raise DataError(
            f"newdata: column {str(series.name)!r} has the level {series.iloc[int(np.argmax(codes < 0))]!r}, "
            f"which the fit did not see; the known levels are {listed_levels(levels)}."
        )
    if kind in ("category", "ordered"):
        values = pd.Categorical.from_codes(codes, categories=pd.Index(levels), ordered=kind == "ordered")
        return pd.Series(values, index=series.index, name=series.name)
    known = pd.Series(list(levels), dtype=object)
    known = known if kind == "text" else known.infer_objects()
    return pd.Series(known.to_numpy()[codes], index=series.index, name=series.name)


def listed_levels(levels: Sequence[Any]) -> str:
    """List levels for a message, the first dozen of many."""
    shown = ", ".join(map(repr, levels[:_SHOWN]))
    return shown if len(levels) <= _SHOWN else f"{shown}, ... ({len(levels)} in all)"


def labelled(value: Any, index: pd.Index, argument: str) -> Any:
    """Return a Series of one value a row in the order of the labels of ``index``; anything else as it is.

    Raises
    ------
    DataError
        As :func:`by_row`.
    """
    many = isinstance(value, pd.Series) and len(value) == len(index) > 1
    return by_row(value, index, argument) if many else value


def paired(frame: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """Return rows that stand beside those of ``index``: by their labels if these are the same, each once.

    A frame with labels of its own goes by position: it holds rows to compare with, which need no name.
    """
    if frame.index.equals(index) or not (frame.index.is_unique and index.is_unique):
        return frame
    place = frame.index.get_indexer(index)
    return frame if len(frame) != len(index) or (place < 0).any() else frame.iloc[place]


def by_row(value: Any, index: pd.Index, argument: str, each: str = "one for each row") -> NDArray[Any]:
    """Return one value for each row of the data: a Series goes by its labels, everything else by position.

    Parameters
    ----------
    value : array_like of shape (n,)
    index : Index of length n
        Labels of the data's rows.
    argument, each : str
        For the messages: the argument, and what its values belong to.

    Raises
    ------
    DataError
        If the length differs, or the labels of a Series are not those of the data, each once.
    """
    try:
        fits = np.shape(value) == (len(index),)
    except ValueError:
        fits = False
    if not fits:
        raise DataError(f"`{argument}` must name a column or be an array of {len(index)} values, {each}.")
    if not isinstance(value, pd.Series):
        return np.asarray(value)
    if value.index.equals(index):
        return value.to_numpy()
    place = value.index.get_indexer(index) if value.index.is_unique and index.is_unique else np.array([-1])
    if (place < 0).any():
        raise DataError(
            f"`{argument}` is a Series with other labels than the data's, or with labels that stand twice; give it "
            f"their index, or its values alone, {argument}.to_numpy(), to take them by position."
        )
    return value.to_numpy()[place]
