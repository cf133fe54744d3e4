"""What a frozen result hands out: copies of tables and read-only views of arrays, so that nobody can edit it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

import numpy as np
import pandas as pd

Value = TypeVar("Value")


def handed_out(value: Value) -> Value:
    """Return a copy of a pandas object or dict, a read-only view of an array, anything else as it is."""
    found: Any = value
    if isinstance(value, pd.DataFrame):
        found = value.copy()
        found.index, found.columns = value.index.view(), value.columns.view()
    elif isinstance(value, pd.Series):
        found = value.copy()
        found.index = value.index.view()
    elif isinstance(value, np.ndarray):
        found = value.view()
        found.flags.writeable = False
    elif isinstance(value, dict):
        found = dict(value)
    return found


class cached_copy(Generic[Value]):  # noqa: N801 - used like property
    """A cached property that hands out a copy each time (see :func:`handed_out`)."""

    def __init__(self, function: Callable[[Any], Value]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.slot = f"_cached_{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> cached_copy[Value]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        if instance is None:
            return self
        kept = instance.__dict__
        if self.slot not in kept:
            kept[self.slot] = self.function(instance)
        return handed_out(kept[self.slot])
