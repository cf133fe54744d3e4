"""Values that stay on Dask's workers, and functions of them whose errors come back as our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import MissingPackageError, StatmodelsXError
from statmodels_x.core.validation import joined_rows

_AT_ONCE = 8  # results that one task combines


@dataclass(frozen=True)
class Failure:
    """An error of ours on a worker, as a value: raised on the client, it carries no traceback of Dask's."""

    error: type[StatmodelsXError]
    message: str


@dataclass(frozen=True)
class Blocks:
    """Values that stay on the workers, one for each partition; a lost one is computed again from its source."""

    _values: tuple[Any, ...] = field(repr=False)
    _first_rows: tuple[int, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self._values)

    def keep(self, which: Sequence[bool]) -> Blocks:
        """Return some of the values."""
        kept = [
            pair
            for pair, keep in zip(zip(self._values, self._first_rows, strict=True), which, strict=True)
            if keep
        ]
        return Blocks(tuple(value for value, _ in kept), tuple(first for _, first in kept))

    def mapped(self, function: Callable[..., Any], *arguments: Any) -> Blocks:
        """Return what a function makes of every value, kept on the workers instead of it."""
        dask = import_dask()
        delayed_call = dask.delayed(call, pure=False)
        tasks = [delayed_call(function, arguments, value) for value in self._values]
        return Blocks(tuple(dask.persist(*tasks)), self._first_rows)

    def each(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Return ``function(*arguments, value)`` for every value, in the order of the partitions."""
        return self.each_with(function, [arguments] * len(self))

    def reduced(
        self, function: Callable[..., Any], combine: Callable[[list[Any]], Any], *arguments: Any
    ) -> Any:
        """Return ``combine`` of ``function(*arguments, value)`` of every value, a few at a time where they are.

        No place holds the results of all partitions at once.

        Parameters
        ----------
        function, combine : callable
            ``combine`` takes a list of results, in the order of the partitions, and returns one like them.
        *arguments : object
        """
        dask = import_dask()
        delayed_call, together = dask.delayed(call, pure=False), dask.delayed(_combined, pure=False)
        found = [delayed_call(function, arguments, value) for value in self._values]
        while len(found) > 1:
            found = [together(combine, found[k : k + _AT_ONCE]) for k in range(0, len(found), _AT_ONCE)]
        (result,) = dask.compute(*found)
        raise_first([result], self._first_rows[:1])
        return result

    def each_with(self, function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return ``function(*arguments[k], value)`` for the k-th value."""
        dask = import_dask()
        delayed_call = dask.delayed(call, pure=False)
        tasks = [
            delayed_call(function, own, value) for own, value in zip(arguments, self._values, strict=True)
        ]
        found = list(dask.compute(*tasks))
        raise_first(found, self._first_rows)
        return found


def import_dask() -> Any:
    """Import Dask, or say how to install it."""
    try:
        import dask
    except ImportError as error:
        raise MissingPackageError(
            "a Dask data frame needs the package dask: pip install 'statmodels_x[dask]'."
        ) from error
    return dask


def call(function: Callable[..., Any], arguments: tuple[Any, ...], value: Any) -> Any:
    """Return ``function(*arguments, value)``, or an error of ours as a Failure; a Failure as it is."""
    if failed(value):
        return value
    try:
        return function(*arguments, value)
    except StatmodelsXError as error:
        return Failure(type(error), str(error))


def _combined(combine: Callable[[list[Any]], Any], parts: list[Any]) -> Any:
    failures = [part for part in parts if failed(part)]
    return failures[0] if failures else call(combine, (), parts)


def raise_first(found: Iterable[Any], first_rows: Sequence[int]) -> None:
    """Raise the first failure, its rows counted over all partitions that failed in the same way."""
    failures = [(value, first) for value, first in zip(found, first_rows, strict=True) if failed(value)]
    if failures:
        messages = [failure.message for failure, _ in failures]
        raise failures[0][0].error(joined_rows(messages, [first for _, first in failures])) from None


def failed(value: Any) -> bool:
    """Whether a value is a Failure."""
    return isinstance(value, Failure)


def positions(sizes: NDArray[np.intp], rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Split sorted positions among all rows into positions within blocks of the given sizes."""
    ends = np.cumsum(sizes)
    cuts = np.searchsorted(rows, ends)
    firsts = np.concatenate([[0], cuts[:-1]])
    starts = ends - sizes
    return [rows[a:b] - start for a, b, start in zip(firsts, cuts, starts, strict=True)]
