"""How kernels are compiled: one set of options, one cache and one rule of interruption for all of them.

Imported by kernel modules only, which are themselves imported where they are first needed: numba takes half a
second.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from pathlib import Path
from typing import Any

import numpy as np
from numba import config, njit
from numba.core import event
from numba.core.caching import FunctionCache
from numba.core.registry import CPUDispatcher

from statmodels_x.core.interruption import run

_PACKAGE = Path(__file__).resolve().parents[1]
_IMPORT = re.compile(rb"^\s*(?:from|import) statmodels_x\.([\w.]+)(?: import ([\w, ]+))?", re.MULTILINE)
_OPTIONS = {"nopython": True, "nogil": True, "error_model": "numpy"}


def kernel(function: Callable[..., Any]) -> Any:
    """Decorator of a kernel: compiled when first called, kept on disk, free of Python's lock, divisions as numpy's.

    Never ``fastmath``: a likelihood must tell infinite and missing values from numbers. Where no folder can be written,
    the machine code is kept for the process alone.
    """  # noqa: D401
    if config.DISABLE_JIT:
        return _interpreted(function)
    compiled = _Kernel(function, targetoptions=dict(_OPTIONS))
    with suppress(RuntimeError, OSError):  # no folder for it
        compiled._cache = _Cache(function)
    return compiled


def _interpreted(function: Callable[..., Any]) -> Any:
    """Return a kernel that Python runs, as silent as machine code about divisions by 0 and overflows."""

    @wraps(function)
    def plain(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)

    plain.py_func = function  # type: ignore[attr-defined]
    return plain


inlined = njit(inline="always", nogil=True, error_model="numpy")
"""Decorator of a function that is copied into the kernels that call it, where a call would keep a loop from vectors."""


class _Kernel(CPUDispatcher):
    """A kernel that Ctrl-C stops between two lines of Python, and nowhere else."""

    def __call__(self, *arguments: Any) -> Any:
        return run(super().__call__, arguments)


class _Notice(event.Listener):
    """Say once in a process that a kernel is compiled: a first fit is silent for long otherwise.

    numba tells of a compilation after it has looked for kept machine code, so that nothing is said where there is some.
    """

    is_said = False

    def on_start(self, event: Any) -> None:
        compiled = event.data["dispatcher"]
        if self.is_said or not isinstance(compiled, _Kernel):
            return
        self.is_said = True
        kept = (
            "the code is kept for later sessions"
            if isinstance(compiled._cache, _Cache)
            else "in each session"
        )
        logging.getLogger("statmodels_x").warning(
            "statmodels_x: compiling, which may take half a minute (%s).", kept
        )

    def on_end(self, event: Any) -> None:
        pass


event.register("numba:compile", _Notice())


class _Cache(FunctionCache):
    """Machine code on disk that is never mixed: it counts for the kernels' sources as they are, all together.

    numba's own cache looks at the file of one kernel, and one kernel holds the machine code of those it calls.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        file = self._cache_file
        file._source_stamp = (file._source_stamp, sources())

    def load_overload(self, signature: Any, target: Any) -> Any:
        try:
            return super().load_overload(signature, target)
        except Exception:  # a file that was cut off
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        with suppress(OSError):  # a full disk
            super().save_overload(signature, data)


@cache
def sources(package: Path = _PACKAGE) -> str:
    """Return a hash of all kernel modules and of what they import from the package."""
    content = {path.relative_to(package): path.read_bytes() for path in sorted(package.rglob("*.py"))}
    waiting = [path for path, text in content.items() if b"statmodels_x.core.compiled" in text]
    found = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [used for used in _used(content[path]) if used in content]
    total = hashlib.sha256()
    for path in sorted(found):
        total.update(str(path).encode() + b"\0" + content[path] + b"\0")
    return total.hexdigest()


def _used(text: bytes) -> list[Path]:
    modules = []
    for module, names in _IMPORT.findall(text):
        stem = module.decode().replace(".", "/")
        modules.append(Path(f"{stem}.py"))
        modules += [Path(f"{stem}/{name.strip()}.py") for name in names.decode().split(",") if name.strip()]
    return modules
