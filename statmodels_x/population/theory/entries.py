"""What a user gave as a matrix or a vector -> arrays of floats, or an error that names it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.columns import by_row
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_count

_LARGEST = 1e150  # products of two such numbers are still finite
MOST_STEPS = 10_000_000  # more would fill the memory before it told anybody anything


def read_array(value: Any, name: str, where: str, ndim: int) -> Array:
    """Return ``value`` as a fresh array of finite, nonnegative floats with ``ndim`` dimensions.

    Raises
    ------
    DataError
        If it is ragged, empty, text, complex, too large for a float, missing, infinite or negative.
    """
    given = _plain_array(value, name, where)
    if given.ndim < ndim and given.size == 1:
        given = given.reshape((1,) * ndim)
    if given.ndim != ndim or given.size == 0:
        shape = "a square table" if ndim == 2 else "a list"
        raise DataError(f"{where}: `{name}` has the shape {given.shape}; give {shape} of numbers.")
    _refuse(~np.isfinite(given), given, name, where, "give finite numbers")
    _refuse(np.abs(given) > _LARGEST, given, name, where, f"give numbers below {_LARGEST:g}")
    _refuse(given < 0.0, given, name, where, "it must not be negative")
    given.setflags(write=False)
    return given


def _plain_array(value: Any, name: str, where: str) -> Array:
    try:
        given = np.asarray(value)
        text = given.dtype.kind in "SUmMc" or any(isinstance(v, str | complex) for v in given.flat)
        if not text:
            return np.array(given, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{where}: `{name}` cannot be read as numbers ({error}).") from error
    raise DataError(f"{where}: `{name}` holds {given.dtype} values; give real numbers.")


def _refuse(bad: NDArray[np.bool_], values: Array, name: str, where: str, remedy: str) -> None:
    if bad.any():
        spot = tuple(int(i) for i in np.argwhere(bad)[0])
        place = ", ".join(str(i + 1) for i in spot)
        raise DataError(f"{where}: `{name}[{place}]` (counted from 1) is {values[spot]:g}; {remedy}.")


def read_matrix(
    value: Any, name: str, where: str, shape: tuple[int, int] | None = None, remedy: str = ""
) -> Array:
    """Return a nonnegative matrix; square unless ``shape`` says otherwise."""
    matrix = read_array(value, name, where, 2)
    wanted = shape or (len(matrix), len(matrix))
    if matrix.shape != wanted:
        hint = f" {remedy}" if remedy else ""
        raise DataError(f"{where}: `{name}` has the shape {matrix.shape}; it must be {wanted}.{hint}")
    return matrix


def read_state(value: Any, name: str, where: str, k: int, stages: pd.Index | None = None) -> Array:
    """Return the initial numbers in ``k`` age classes; a Series with labels of its own goes by those of the stages."""
    if stages is not None and isinstance(value, pd.Series) and not isinstance(value.index, pd.RangeIndex):
        value = by_row(value, stages, name, "one for each stage")
    state = read_array(value, name, where, 1)
    if len(state) != k:
        raise DataError(f"{where}: `{name}` has {len(state)} value(s); give one for each of {k} age classes.")
    return state


def read_steps(value: Any, name: str = "steps") -> int:
    """Return a number of steps."""
    steps = check_count(name, value, 0)
    if steps > MOST_STEPS:
        raise DataError(f"`{name}` is {steps}; give at most {MOST_STEPS}.")
    return steps


def read_stages(stages: Sequence[str] | None, given: Any, k: int, where: str) -> pd.Index:
    """Return the names of ``k`` stages: as given, as the frame of the matrix has them, or numbers from 1."""
    if stages is None:
        if isinstance(given, pd.DataFrame):
            if list(given.index) != list(given.columns) and not isinstance(given.index, pd.RangeIndex):
                raise DataError(
                    f"{where}: the frame's rows and columns must name the same stages in the same order."
                )
            return pd.Index(given.columns, name="stage")
        return pd.RangeIndex(1, k + 1, name="stage")
    names = pd.Index(list(stages), name="stage")
    if len(names) != k or not names.is_unique:
        raise DataError(f"{where}: `stages` must give {k} different names.")
    return names
