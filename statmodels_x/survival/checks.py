"""What a sample must have before a likelihood is worth maximising."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from statmodels_x.core.errors import DataError
from statmodels_x.core.surv import EXACT, INTERVAL, LEFT, RIGHT, Surv

Array = NDArray[np.float64]

_ZERO = 1e-9
_GLANCE = 5_000


def check_events(response: Surv, n_parameters: int) -> None:
    """Raise a DataError if there is no event, or fewer rows than parameters."""
    n = len(response)
    if n < max(2, n_parameters):
        raise DataError(
            f"data: {n} row{'s' if n != 1 else ''} cannot determine {n_parameters} parameters; use a simpler "
            "model or more data."
        )
    if response.n_events == 0:
        raise DataError(
            f"Surv(): no event in {n} rows: every time is censored, so no hazard can be estimated. "
            "Check the coding of the status (1 is an event), and the weights."
        )


def check_separation(design: Array, names: tuple[str, ...], response: Surv, where: str) -> None:
    """Raise a DataError if a coefficient would run to infinity.

    That happens when some combination of covariates is 0 in every row with an event and has one sign among
    the censored rows, as for an arm without events: the hazard of that arm is estimated as 0.

    Parameters
    ----------
    design : ndarray of shape (n, k)
    names : tuple of str
    response : Surv
    where : str
        The parameter's formula, for the message.
    """
    seen = np.flatnonzero((response.code == EXACT) | (response.code == INTERVAL))
    if not _null_space(design[seen[:_GLANCE]]).shape[1]:  # more events only rule out more directions
        return
    null = _null_space(design[seen])
    if not null.shape[1]:
        return
    pushes_down = design[response.code == RIGHT] @ null
    pushes_up = design[response.code == LEFT] @ null
    directions = np.unique(np.vstack([pushes_down, -pushes_up]).round(10), axis=0)
    if not len(directions):
        return
    found = linprog(
        directions.sum(axis=0), A_ub=directions, b_ub=np.zeros(len(directions)), bounds=(-1.0, 1.0)
    )
    if found.status != 0 or found.fun > -_ZERO:
        return
    direction = null @ found.x
    concerned = [repr(names[k]) for k in np.flatnonzero(np.abs(direction) > _ZERO * np.abs(direction).max())]
    raise DataError(
        f"{where}: no event where {' and '.join(concerned)} would tell rows apart (an arm or a level without "
        "events): its coefficient runs to infinity. Merge that level with another, or leave it out."
    )


def _null_space(matrix: Array) -> Array:
    """Orthonormal directions d with matrix @ d = 0."""
    size = np.sqrt(np.mean(matrix**2, axis=0)) if len(matrix) else np.zeros(matrix.shape[1])
    scale = np.where(size > 0.0, size, 1.0)
    gram = (matrix / scale).T @ (matrix / scale) / max(len(matrix), 1)
    values, vectors = np.linalg.eigh(gram)
    return np.asarray(vectors[:, values < 1e-12] / scale[:, None])
