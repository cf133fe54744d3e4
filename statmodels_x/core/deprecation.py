"""Old names that users may have met: they work for a while, and say what to write instead."""

from __future__ import annotations

from typing import Any, TypeVar

from statmodels_x.core.findings import warn

Value = TypeVar("Value")


def settle(new: str, value: Value, old: str, old_value: Value | None) -> Value:
    """Return the value of a renamed argument, with a DeprecationWarning if it came under its old name."""
    if old_value is None:
        return value
    warn(f"`{old}` is now called `{new}`; the old name goes with the next version.", DeprecationWarning)
    return old_value


def old_name(old: str, new: str) -> Any:
    """Return a property that answers under an old name of an attribute or method."""

    def get(self: Any) -> Any:
        warn(f"`{old}` is now called `{new}`; the old name goes with the next version.", DeprecationWarning)
        return getattr(self, new)

    return property(get, doc=f"Old name of ``{new}``.")
