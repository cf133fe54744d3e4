"""Times and statuses of events as columns: the checks, and their words, that every reader of such columns shares."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import numeric_array, rows_text

_TOLERANCE = 1e-9  # times that were computed in two ways, in days and by dates, are the same all the same


def refuse(bad: NDArray[np.bool_], what: str, remedy: str) -> None:
    """Raise a DataError that names rows, what is wrong with them, and what to do.

    Raises
    ------
    DataError
        If any row is bad.
    """
    if bad.any():
        raise DataError(f"{what} in {rows_text(bad)}; {remedy}.")


def check_event_times(values: Array, name: str, where: str, **remedies: str) -> None:
    """Refuse times that a reader cannot use.

    Parameters
    ----------
    values : ndarray
    name : str
        Of the column.
    where : str
        Who reads it, at the head of the message.
    **remedies : str
        What to do about times that are ``missing``, ``infinite``, ``negative`` or ``zero``; kinds that are not named
        are allowed.

    Raises
    ------
    DataError
        With the rows.
    """
    kinds = {
        "missing": (np.isnan(values), "missing"),
        "infinite": (np.isinf(values), "infinite"),
        "negative": (values < 0.0, "negative"),
        "zero": (values == 0.0, "0"),
    }
    for kind, (bad, word) in kinds.items():
        if kind in remedies:
            refuse(bad, f"{where}: '{name}' is {word}", remedies[kind])


def event_status(status: Any, name: str, where: str, unseen: str = "censored", word: str = "yes") -> Array:
    """Read a column of 0 and 1; missing values stay.

    Parameters
    ----------
    status : array_like
    name, where : str
        Of the column, and who reads it.
    unseen : str
        What 0 stands for.
    word : str
        What a column of text might hold where the event was seen.

    Returns
    -------
    ndarray
        0, 1 or NaN.

    Raises
    ------
    DataError
        If the column holds anything else.
    """
    values = numeric_array(status, name, where, hint=f"give a comparison such as {name} == {word!r}")
    known = values[~np.isnan(values)]
    if not np.isin(known, (0.0, 1.0)).all():
        seen = ", ".join(f"{value:g}" for value in np.unique(known)[:6])
        raise DataError(
            f"{where}: '{name}' holds the values {seen}; it must be 0 ({unseen}) or 1 (event). "
            f"Give a comparison that is true where the event was seen, such as {name} == 2."
        )
    return values


def comes_after(event: Array, end: Array) -> NDArray[np.bool_]:
    """Say which events are dated after an end, by more than rounding; what was not seen (infinite, missing) is not."""
    return np.isfinite(event) & (event > end * (1.0 + _TOLERANCE))


def comes_at(event: Array, end: Array) -> NDArray[np.bool_]:
    """Say which events are dated at an end, but for rounding."""
    return np.isfinite(event) & (event >= end * (1.0 - _TOLERANCE)) & ~comes_after(event, end)


def ends_before(watched: Array, end: Array) -> NDArray[np.bool_]:
    """Say whose watch ended before an end, by more than rounding."""
    return np.asarray(watched < end * (1.0 - _TOLERANCE))
