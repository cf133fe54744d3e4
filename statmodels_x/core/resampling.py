"""Replicated work with random streams that do not depend on how it is spread over processes, and its quantiles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from statmodels_x.core.parallel import each
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha, check_seed


def generator(seed: int | np.random.Generator) -> np.random.Generator:
    """Return the generator of a seed, or the generator given; DataError for what is neither."""
    return seed if isinstance(seed, np.random.Generator) else np.random.default_rng(check_seed(seed))


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
    first : int
        Number of the first replicate, so that a long study can be made in chunks.
    n_jobs, progress, prefer
        See :func:`statmodels_x.core.parallel.each`.

    Returns
    -------
    list
        In the order of the replicates.
    """
    check_seed(seed)
    streams = [np.random.SeedSequence(seed, spawn_key=(first + k,)) for k in range(n)]
    return list(each(partial(_call, task), streams, n_jobs=n_jobs, progress=progress, prefer=prefer))


def percentile_limits(draws: Array, alpha: float) -> tuple[Array, Array]:
    """Limits that cut alpha/2 of the draws off at either end, the same rule for every bootstrap.

    Parameters
    ----------
    draws : ndarray of shape (n, ...)
        Infinite draws count as such; where one is NaN, so are the limits.
    alpha : float

    Returns
    -------
    lower, upper : ndarray
        Quantiles (n + 1) alpha/2 and (n + 1)(1 - alpha/2) of the ordered draws, interpolated ("weibull"): the outermost
        draws where there are too few.
    """
    tail = check_alpha(alpha) / 2.0
    ordered = np.sort(np.asarray(draws, float), axis=0)
    limits = tuple(_between(ordered, (len(ordered) + 1) * share - 1.0) for share in (tail, 1.0 - tail))
    return limits[0], limits[1]


def _between(ordered: Array, position: float) -> Array:
    position = min(max(position, 0.0), len(ordered) - 1.0)
    low = int(position)
    a, b = ordered[low], ordered[min(low + 1, len(ordered) - 1)]
    with np.errstate(invalid="ignore"):
        inner = a + (position - low) * (b - a)
    value = (
        np.where((a == b) | np.isinf(a), a, inner) if position > low else a
    )  # nothing lies between infinities
    return np.where(np.isnan(ordered[-1]), np.nan, value)


def _call(task: Callable[[np.random.Generator], Any], stream: np.random.SeedSequence) -> Any:
    return task(np.random.default_rng(stream))
