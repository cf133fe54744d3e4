"""Replicated work with random streams that do not depend on how it is spread over processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def replicate(
    task: Callable[[np.random.Generator], Any],
    n: int,
    *,
    seed: int = 0,
    n_jobs: int = 1,
    first: int = 0,
    progress: bool = False,
    prefer: str | None = None,
) -> list[Any]:
    """Call ``task`` with the generators of replicates ``first`` to ``first + n - 1`` of a seeded study.

    Parameters
    ----------
    task : callable
        Generator -> result. It must be picklable when ``n_jobs`` is not 1.
    n : int
        Number of replicates.
    seed : int
        Of the study: replicate k draws from the k-th child of ``SeedSequence(seed)``, whatever ``n_jobs``.
    n_jobs : int
        Processes, through joblib: ``joblib.parallel_config`` moves the work to another backend.
    first : int
        Number of the first replicate, so that a long study can be made in chunks.
    progress : bool
        Show a bar.
    prefer : {"threads", "processes"}, optional
        What joblib should use unless told otherwise; threads suit compiled work that holds no lock.

    Returns
    -------
    list
        In the order of the replicates.
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    streams = [np.random.SeedSequence(seed, spawn_key=(first + k,)) for k in range(n)]
    calls = (delayed(_call)(task, stream) for stream in streams)
    results = Parallel(n_jobs=n_jobs, return_as="generator", prefer=prefer)(calls)
    return list(tqdm(results, total=n, disable=not progress))


def _call(task: Callable[[np.random.Generator], Any], stream: np.random.SeedSequence) -> Any:
    return task(np.random.default_rng(stream))
