"""Loops over joblib, with a bar of progress and results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from functools import partial
from typing import Any, TypeVar

from statmodels_x.core.interruption import shielded
from statmodels_x.core.validation import check_jobs

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(
    task: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    n_jobs: int = 1,
    progress: bool = False,
    prefer: str | None = None,
) -> Iterator[Result]:
    """Call ``task`` on every item.

    Parameters
    ----------
    task : callable
        It must be picklable for processes.
    items : iterable
    n_jobs : int
        Workers, through joblib: ``joblib.parallel_config`` moves the work to another backend.
    progress : bool
        Show a bar.
    prefer : {"threads", "processes"}, optional
        What joblib should use unless told otherwise; threads suit compiled work that holds no lock.

    Returns
    -------
    iterator
        Results in the order of the items, as they come; closing it early leaves the rest undone.
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    check_jobs(n_jobs)
    listed: Any = items if isinstance(items, Sized) else list(items)
    call = delayed(partial(_shielded, task))
    results = Parallel(n_jobs=n_jobs, prefer=prefer, return_as="generator")(call(item) for item in listed)
    yield from tqdm(results, total=len(listed), disable=not progress)


def _shielded(task: Callable[[Item], Result], item: Item) -> Result:
    with shielded():  # once, and not for each kernel
        return task(item)
