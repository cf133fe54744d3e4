"""Ctrl-C while machine code runs: it waits for the end of the kernel, and is KeyboardInterrupt then.

A signal that comes while a kernel runs is handled by the first Python that runs after it. That is numba's own, in the
middle of making objects of the results: a SystemError, or the end of the process.
"""

from __future__ import annotations

from _signal import getsignal  # type: ignore[import-not-found]  # the wrappers of `signal` are ten times as slow
from _signal import signal as set_handler
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGINT
from threading import get_ident, main_thread
from typing import Any

_MAIN = main_thread().ident


class _Gate:
    """A handler that hands a signal on at once, or at the end of the kernel that runs; a second one does not wait."""

    def __init__(self) -> None:
        self.running = False
        self.waiting: list[Any] = []
        self.before: Any = None

    def __call__(self, *found: Any) -> None:
        if self.running and not self.waiting:
            self.waiting.append(found)
        else:
            self.before(*found)


_GATE = _Gate()


@contextmanager
def shielded() -> Iterator[None]:
    """Let Ctrl-C wait for the end of a kernel that runs within; around many short kernels it costs least."""
    handler = getsignal(SIGINT) if get_ident() == _MAIN else None
    if handler is _GATE or not callable(handler):  # signals are handled by the main thread; some are ignored
        yield
        return
    _GATE.before = handler
    set_handler(SIGINT, _GATE)
    try:
        yield
    finally:
        if getsignal(SIGINT) is _GATE:
            set_handler(SIGINT, handler)


def run(kernel: Any, arguments: tuple[Any, ...]) -> Any:
    """Call a kernel that no signal may stop before its results are objects."""
    if get_ident() != _MAIN:
        return kernel(*arguments)
    if getsignal(SIGINT) is not _GATE:
        if not callable(getsignal(SIGINT)):
            return kernel(*arguments)
        with shielded():
            return run(kernel, arguments)
    _GATE.running = True
    try:
        return kernel(*arguments)
    finally:
        _GATE.running = False
        if _GATE.waiting:
            _GATE.before(*_GATE.waiting.pop())
