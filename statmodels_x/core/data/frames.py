"""What comes in as a data frame: pandas as it is, everything else through narwhals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.columns import Unreadable
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import is_among


def as_pandas(data: Any) -> pd.DataFrame:
    """Return ``data`` as a pandas frame without copying what is one already.

    Parameters
    ----------
    data : DataFrame or mapping of str to array_like
        A pandas, polars, pyarrow or other eager frame that narwhals knows, or a mapping of columns.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    DataError
        If it is none of these, has no rows, or names a column twice.
    """
    frame = data if isinstance(data, pd.DataFrame) else _convert(data)
    if not len(frame):
        raise DataError("data: the frame has no rows.")
    if frame.columns.nlevels > 1:
        raise DataError("data: the column names have several levels; give each column one name.")
    check_unique_names(frame)
    return _with_plain_floats(frame)


def _with_plain_floats(frame: pd.DataFrame) -> pd.DataFrame:
    """Widen half-precision numbers, of which pandas can make no groups and no index."""
    half = [name for name, dtype in frame.dtypes.items() if dtype == np.float16]
    return frame.astype(dict.fromkeys(half, np.float64)) if half else frame


def names_of(data: Any) -> list[Any]:
    """Return the column names of whatever comes as a frame, in memory or in partitions; none where it is no frame."""
    if isinstance(data, Mapping):
        return list(data)
    names = getattr(data, "column_names", None)  # pyarrow, whose `columns` are the values
    return list(getattr(data, "columns", ()) if names is None else names)


def check_unique_names(frame: pd.DataFrame) -> None:
    """Raise a DataError that names a column that stands more than once."""
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise DataError(f"data: the column name {str(twice[0])!r} stands more than once; rename one of them.")


def _convert(data: Any) -> pd.DataFrame:
    if isinstance(data, Mapping):
        try:
            return pd.DataFrame(dict(data))
        except (TypeError, ValueError) as error:
            raise DataError(f"data: the columns do not make a frame ({error}).") from error
    import narwhals as nw

    try:
        frame = nw.from_native(data, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        raise DataError(f"data: a column name stands more than once ({error}).") from error
    except TypeError as error:
        raise DataError(
            f"data: a {type(data).__name__} is not a data frame; give a pandas, polars or pyarrow table "
            "or a mapping of columns (collect a lazy frame first; compute a Dask one)."
        ) from error
    # column by column: narwhals' to_pandas() needs pyarrow for polars, this does not
    columns = {}
    for name in frame.columns:
        try:
            columns[name] = _column(frame[name], nw)
        except Exception as error:  # whatever the table's library says of a type that it cannot hand over
            unreadable = Unreadable(f"{type(error).__name__}: {error}")
            columns[name] = pd.Series([unreadable] * len(frame), dtype=object)
    return pd.DataFrame(columns)


def _column(series: Any, nw: Any) -> pd.Series:
    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        levels = _levels(series, nw)
        return pd.Series(pd.Categorical(series.cast(nw.String).to_list(), categories=levels))
    if series.dtype == nw.Boolean or series.dtype == nw.String:
        return pd.Series(series.to_list(), dtype=object if series.null_count() else None)
    return pd.Series(series.to_numpy())


def _levels(series: Any, nw: Any) -> list[str]:
    """Levels in their declared order where the frame library keeps one, else sorted."""
    if isinstance(series.dtype, nw.Enum):
        return [str(level) for level in series.dtype.categories]
    if series.implementation.is_pyarrow():
        native = series.to_native().unify_dictionaries()
        return [str(level) for level in native.chunk(0).dictionary.to_pylist()]
    return sorted(str(level) for level in series.drop_nulls().unique().to_list())


def label_column(frame: pd.DataFrame, name: str, what: str) -> pd.Series:
    """Return a column whose values mark groups or subjects.

    Raises
    ------
    DataError
        If there is no such column, or its values (lists, arrays, mappings) cannot be told apart.
    """
    check_columns(frame, [name], what)
    column = frame[name]
    try:
        pd.factorize(column)
    except (TypeError, ValueError, NotImplementedError) as error:
        held = type(next((value for value in column if not np.isscalar(value)), None)).__name__
        raise DataError(
            f"{what}: column {str(name)!r} holds {held} objects, which mark no groups; make numbers or text of them."
        ) from error
    return column


def check_columns(frame: pd.DataFrame, names: Iterable[str], what: str) -> None:
    """Raise a DataError that names the first of ``names`` that ``frame`` lacks, with the nearest column."""
    from difflib import get_close_matches

    for name in names:
        if is_among(name, frame.columns):
            continue
        if not isinstance(name, str | int):
            raise DataError(f"{what}: {name!r} is no name of a column.")
        known = [str(column) for column in frame.columns]
        if str(name) in known:
            raise DataError(
                f"{what}: the columns have names that are no text, such as {frame.columns[known.index(str(name))]!r}; "
                "a formula names text: data.columns = data.columns.astype(str)."
            )
        near = get_close_matches(str(name), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the columns are {', '.join(known[:12])}."
        raise DataError(f"{what}: there is no column {str(name)!r} in the data; {hint}")
