"""Two threads, or more, for long passes of compiled code, and one for small matrices: the same numbers with any.

A pass is cut into parts by the number of rows alone, and what the parts return is put together in their order. Kernels
hold no lock of Python's, so that plain threads run them side by side; there are none where the work is one of many
pieces already: in other threads than the main one and in processes that another one began.

``parallel.each`` would do the same through joblib, whose start and hand-over take some 25 times as long, tens of
milliseconds on a busy machine: as much as a pass over a million rows, of which a fit takes several.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing import parent_process
from threading import Lock, Thread, current_thread, main_thread
from typing import Any

from statmodels_x.core.errors import DataError

PART = 65_536
"""Rows of a part: a multiple of the kernels' blocks."""

VARIABLE = "STATMODELS_X_THREADS"


def allowed() -> int:
    """Return how many threads a long pass may use.

    What the environment variable ``STATMODELS_X_THREADS`` says; without it as many as numba has, but not more than two,
    and one inside workers.
    """
    if current_thread() is not main_thread():
        return 1
    said = os.environ.get(VARIABLE, "")
    if said:
        if not said.isdecimal() or int(said) < 1:
            raise DataError(
                f"{VARIABLE} is {said!r} in the environment; give a number of threads, 1 or more."
            )
        return int(said)
    if parent_process() is not None:
        return 1
    from numba import config

    return min(2, int(config.NUMBA_NUM_THREADS))


@contextmanager
def one_for_blas() -> Iterator[None]:
    """Let numpy's and scipy's linear algebra use one thread, as long as any thread of Python's is inside.

    Thousands of factorisations of small bands are slower with two: by a fifth to a half on an idle machine, several
    times where others compute as well, because the threads wait for each other.
    """
    _BLAS.enter()
    try:
        yield
    finally:
        _BLAS.leave()


class _OneThread:
    """The limit is the process's: the first who comes sets it, and the last who goes lifts it."""

    def __init__(self) -> None:
        self._lock, self._inside = Lock(), 0
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            if not self._inside:
                self._limit = _libraries().limit(limits=1, user_api="blas")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.restore_original_limits()


_BLAS = _OneThread()


@cache
def _libraries() -> Any:
    import scipy.linalg  # noqa: F401  its own library must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def parts(n: int, size: int = PART) -> list[slice]:
    """Cut n rows into parts of a size."""
    return [slice(first, min(first + size, n)) for first in range(0, n, size)]


def in_parts(task: Callable[[slice], Any], n: int, size: int = PART) -> list[Any]:
    """Return what a task returns for each part of n rows, in order; parts run side by side.

    Parameters
    ----------
    task : callable
        It should spend its time in kernels.
    n : int
        Rows.
    size : int
        Rows of a part.
    """
    pieces = parts(n, size)
    if len(pieces) < 2 or (workers := min(allowed(), len(pieces))) < 2:
        return [task(piece) for piece in pieces]
    return _side_by_side(task, pieces, workers)


def _side_by_side(task: Callable[[slice], Any], pieces: Sequence[slice], workers: int) -> list[Any]:
    found: list[Any] = [None] * len(pieces)
    errors: list[BaseException] = []
    waiting, lock = iter(range(len(pieces))), Lock()

    def work() -> None:
        while not errors:
            with lock:
                k = next(waiting, None)
            if k is None:
                return
            try:
                found[k] = task(pieces[k])
            except BaseException as error:  # raised again by the thread that called
                errors.append(error)

    others = [Thread(target=work, daemon=True) for _ in range(workers - 1)]
    for thread in others:
        thread.start()
    work()
    for thread in others:
        thread.join()
    if errors:
        raise errors[0]
    return found
