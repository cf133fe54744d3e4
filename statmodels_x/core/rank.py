"""Which columns of a design matrix say nothing of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from statmodels_x.core.errors import DataError

_TOLERANCE = 1e-11  # of the squared distance from the other columns, relative to the column
_CHUNK = 65_536
_GLANCE = 1_000


def check_full_rank(matrix: NDArray[np.float64], names: tuple[str, ...], where: str) -> None:
    """Raise a DataError that names a constant or collinear column.

    Parameters
    ----------
    matrix : ndarray of shape (n, k)
    names : tuple of str
    where : str
        The parameter's formula, for the message.
    """
    constant = constant_columns(matrix)
    zero = constant & (matrix[:1] == 0.0).all(axis=0)
    if zero.any():
        raise DataError(
            f"{where}: the column {names[int(np.argmax(zero))]!r} is 0 in every row; take it out."
        )
    if np.count_nonzero(constant) > 1:
        name = next(names[k] for k in np.flatnonzero(constant) if names[k] != "Intercept")
        raise DataError(f"{where}: the column {name!r} is constant, as is the intercept; take it out.")
    culprit = dependent_column(matrix)
    if culprit is None:
        return
    column, others = culprit
    listed = ", ".join(repr(names[k]) for k in others[:6])
    spline = any(name.startswith(("cr(", "cc(")) for name in names)
    raise DataError(
        f"{where}: the column {names[column]!r} is a linear combination of {listed}; take one of them out"
        + (", or give cr() and cc() the argument constraints='center'." if spline else ".")
    )


def dependent_column(matrix: NDArray[np.float64]) -> tuple[int, tuple[int, ...]] | None:
    """Find a column that others determine.

    Returns
    -------
    tuple of (int, tuple of int) or None
        The column and those that make it up; None if the rank is full.
    """
    # the columns centred where a constant is among them, and of unit length: the Gram matrix is then a
    # correlation matrix, whose pivots are squared distances
    columns = np.arange(matrix.shape[1])
    is_constant = constant_columns(matrix)
    centre = matrix.mean(axis=0) * (is_constant.any() & ~is_constant)
    gram = np.zeros((len(columns), len(columns)))
    for first in range(0, len(matrix), _CHUNK):  # no copy of the whole matrix
        part = matrix[first : first + _CHUNK] - centre
        gram += part.T @ part
    size = np.sqrt(np.diag(gram))
    size = np.where(size > 0.0, size, 1.0)
    _, pivots, rank, _ = lapack.dpstrf(gram / np.outer(size, size), tol=_TOLERANCE)
    if rank == len(columns):
        return None
    order = pivots - 1
    kept, column = order[:rank], int(order[rank])
    scaled = (matrix - centre) / size
    weights = np.linalg.lstsq(scaled[:, kept], scaled[:, column], rcond=None)[0]
    others = tuple(int(k) for k, w in zip(kept, weights, strict=True) if abs(w) > 1e-6)
    return column, others or tuple(int(k) for k in np.flatnonzero(is_constant))


def constant_columns(matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which columns hold one value in all rows, shape (k,)."""
    constant = (matrix[:_GLANCE] == matrix[:1]).all(axis=0)
    for k in np.flatnonzero(constant):
        constant[k] = bool((matrix[:, k] == matrix[0, k]).all())
    return constant
