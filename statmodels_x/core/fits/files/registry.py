"""Which classes of the package a file may hold: what is not listed here is never looked up."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from statmodels_x.core.errors import DataError

_MODULES: dict[str, str] = {
    # core
    "core.data.design": "DesignSpec",
    "core.data.formula": "Part Response",
    "core.findings": "Finding",
    "core.fits.reference": "Reference",
    "core.optimize": "Optimum",
    # multistate
    "multistate.fitted": "Facts",
    "multistate.results": "MultiStateResults",
    "multistate.sample": "MultiStateData",
    "multistate.specification": "Graph Specification TransitionModel",
}
"""Module below ``statmodels_x`` -> its classes that results hold."""


def name_of(cls: type) -> str | None:
    """Return the name under which a file holds objects of a class; None for a class that it may not hold."""
    package, _, module = cls.__module__.partition(".")
    listed = package == "statmodels_x" and cls.__qualname__ in _MODULES.get(module, "").split()
    return f"{module}:{cls.__qualname__}" if listed else None


def class_of(name: str) -> Any:
    """Return the class of a name; DataError unless it is listed."""
    module, _, wanted = name.partition(":") if isinstance(name, str) else ("", "", "")
    if wanted not in _MODULES.get(module, "").split():
        raise DataError(f"load: the file holds {name!r}, which is no class that a result may hold.")
    return getattr(import_module(f"statmodels_x.{module}"), wanted)
