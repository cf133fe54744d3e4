"""What a sample must have before a likelihood is worth maximising."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from statmodels_x.core.data.surv import EXACT, INTERVAL, LEFT, RIGHT
from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.core.typing import Array
from statmodels_x.survival.specification import Specification

_ZERO = 1e-9
_GLANCE = 5_000


class NoEventsError(DataError):
    """A coefficient would run to infinity: no event speaks against it."""


def check_events(n: int, n_events: int, n_parameters: int) -> None:
    """Raise a DataError if there is no event, or fewer rows than parameters."""
    if n < max(2, n_parameters):
        raise DataError(
            f"data: {n} row{'s' if n != 1 else ''} cannot determine {n_parameters} parameters; use a simpler "
            "model or more data."
        )
    if n_events == 0:
        raise DataError(
            f"Surv(): no event in {n} rows: every time is censored, so no hazard can be estimated. "
            "Check the coding of the status (1 is an event), and the weights."
        )


def check_terms(names: tuple[str, ...], where: str) -> None:
    """Raise a DataError if a parameter has no column."""
    if not names:
        raise DataError(f"{where}: there is no term; write '~ 1', or fix the parameter by a number.")


def check_separation(design: Array, names: tuple[str, ...], code: NDArray[np.int8], where: str) -> None:
    """Raise a NoEventsError if a coefficient would run to infinity.

    That happens when some combination of covariates is 0 in every row with an event and has one sign among
    the censored rows, as for an arm without events: the hazard of that arm is estimated as 0.

    Parameters
    ----------
    design : ndarray of shape (n, k)
    names : tuple of str
    code : ndarray of shape (n,)
        Kind of observation.
    where : str
        The parameter's formula, for the message.
    """
    check_separation_of(lambda function, *given: [function(*given, design, code)], names, where)


def check_separation_of(each: Callable[..., list[Any]], names: tuple[str, ...], where: str) -> None:
    """Check a design in blocks of rows; see :func:`check_separation`.

    Parameters
    ----------
    each : callable
        ``each(function, *given)`` returns ``function(*given, design, code)`` for every block.
    names : tuple of str
    where : str
    """
    null = np.zeros((0, 0))
    for most in (_GLANCE, None):
        grams, counts = zip(*each(_gram_of_events, most), strict=True)
        null = _null_space(np.sum(grams, axis=0), sum(counts))
        if not null.shape[1]:  # more events only rule out more directions
            return
    directions = np.unique(np.vstack(each(_pushes, null)), axis=0)
    if not len(directions):
        return
    found = linprog(
        directions.sum(axis=0), A_ub=directions, b_ub=np.zeros(len(directions)), bounds=(-1.0, 1.0)
    )
    if found.status != 0 or found.fun > -_ZERO:
        return
    direction = null @ found.x
    concerned = [repr(names[k]) for k in np.flatnonzero(np.abs(direction) > _ZERO * np.abs(direction).max())]
    raise NoEventsError(
        f"{where}: no event where {' and '.join(concerned)} would tell rows apart (an arm or a level without "
        "events): its coefficient runs to infinity. Merge that level with another, or leave it out."
    )


def _gram_of_events(most: int | None, design: Array, code: NDArray[np.int8]) -> tuple[Array, int]:
    seen = design[np.flatnonzero((code == EXACT) | (code == INTERVAL))[:most]]
    return seen.T @ seen, len(seen)


def _pushes(null: Array, design: Array, code: NDArray[np.int8]) -> Array:
    """Distinct moves of the censored rows along directions that no event resists; down counts as positive."""
    down, up = design[code == RIGHT] @ null, design[code == LEFT] @ null
    return np.unique(np.vstack([down, -up]).round(10), axis=0)


def _null_space(gram: Array, n: int) -> Array:
    """Orthonormal directions d with matrix @ d = 0, from the Gram matrix of a matrix with n rows."""
    size = np.sqrt(np.diag(gram) / max(n, 1))
    scale = np.where(size > 0.0, size, 1.0)
    values, vectors = np.linalg.eigh(gram / np.outer(scale, scale) / max(n, 1))
    return np.asarray(vectors[:, values < 1e-12] / scale[:, None])


def check_excess(specification: Specification, events: float, expected: float) -> None:
    """Raise an IdentificationError unless there are more events than a background alone would bring."""
    if specification.background is not None and events <= expected:
        raise IdentificationError(
            f"`background`: {events:g} events against {expected:.1f} expected from the background: no excess hazard "
            "can be estimated. Is the background that of these rows, and in their unit of time?"
        )
