"""Which columns of a design matrix say nothing of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array

_TOLERANCE = 1e-11  # of the squared distance from the other columns, relative to the column
_CHUNK = 65_536
_GLANCE = 1_000


@dataclass(frozen=True)
class ColumnSums:
    """What decides the rank of a matrix, in a form that adds over blocks of rows.

    Attributes
    ----------
    n : int
        Rows.
    value, mean : ndarray of shape (k,)
        The value of a column that has the same in all rows, else NaN; the mean of each column.
    products : ndarray of shape (k, k)
        Sums of products of the columns less their means.
    """

    n: int
    value: Array
    mean: Array
    products: Array

    @classmethod
    def of(cls, matrix: Array) -> ColumnSums:
        """Sum over the rows of a matrix of shape (n, k), with at least one row."""
        mean = matrix.mean(axis=0)
        products = np.zeros((len(mean), len(mean)))
        for first in range(0, len(matrix), _CHUNK):  # no copy of the whole matrix
            part = matrix[first : first + _CHUNK] - mean
            products += part.T @ part
        return cls(len(matrix), np.where(constant_columns(matrix), matrix[0], np.nan), mean, products)

    @classmethod
    def merged(cls, parts: Sequence[ColumnSums]) -> ColumnSums:
        """Add up blocks of rows (Chan, Golub and LeVeque 1983)."""
        total = parts[0]
        for part in parts[1:]:
            n = total.n + part.n
            gap = part.mean - total.mean
            total = cls(
                n,
                np.where(total.value == part.value, total.value, np.nan),
                total.mean + gap * (part.n / n),
                total.products + part.products + np.outer(gap, gap) * (total.n * part.n / n),
            )
        return total

    def columns(self, part: slice) -> ColumnSums:
        """Return the sums of some of the columns."""
        return ColumnSums(self.n, self.value[part], self.mean[part], self.products[part, part])

    @property
    def is_constant(self) -> NDArray[np.bool_]:
        """Which columns have one value."""
        return ~np.isnan(self.value)


def check_full_rank(matrix: Array | ColumnSums, names: tuple[str, ...], where: str) -> None:
    """Raise a DataError that names a constant or collinear column.

    Parameters
    ----------
    matrix : ndarray of shape (n, k), or its ColumnSums
    names : tuple of str
    where : str
        The parameter's formula, for the message.
    """
    sums = matrix if isinstance(matrix, ColumnSums) else ColumnSums.of(matrix)
    zero = sums.value == 0.0
    if zero.any():
        raise DataError(
            f"{where}: the column {names[int(np.argmax(zero))]!r} is 0 in every row; take it out."
        )
    constant = np.flatnonzero(sums.is_constant)
    if len(constant) > 1:
        name = next(names[k] for k in constant if names[k] != "Intercept")
        raise DataError(f"{where}: the column {name!r} is constant, as is the intercept; take it out.")
    culprit = dependent_column(sums)
    if culprit is None:
        return
    column, others = culprit
    listed = ", ".join(repr(names[k]) for k in others[:6])
    spline = any(name.startswith(("cr(", "cc(")) for name in names)
    raise DataError(
        f"{where}: the column {names[column]!r} is a linear combination of {listed}; take one of them out"
        + (", or give cr() and cc() the argument constraints='center'." if spline else ".")
    )


def dependent_column(matrix: Array | ColumnSums) -> tuple[int, tuple[int, ...]] | None:
    """Find a column that others determine.

    Returns
    -------
    tuple of (int, tuple of int) or None
        The column and those that make it up; None if the rank is full.
    """
    sums = matrix if isinstance(matrix, ColumnSums) else ColumnSums.of(matrix)
    # the columns centred where a constant is among them, and of unit length: the Gram matrix is then a
    # correlation matrix, whose pivots are squared distances
    is_constant = sums.is_constant
    kept_mean = np.where(is_constant.any() & ~is_constant, 0.0, sums.mean)
    gram = sums.products / sums.n + np.outer(kept_mean, kept_mean)
    size = np.sqrt(np.diag(gram))
    size = np.where(size > 0.0, size, 1.0)
    gram = gram / np.outer(size, size)
    _, pivots, rank, _ = lapack.dpstrf(gram, tol=_TOLERANCE)
    if rank == len(gram):
        return None
    order = pivots - 1
    kept, column = order[:rank], int(order[rank])
    weights = np.linalg.lstsq(gram[np.ix_(kept, kept)], gram[kept, column], rcond=None)[0]
    others = tuple(int(k) for k, w in zip(kept, weights, strict=True) if abs(w) > 1e-6)
    return column, others or tuple(int(k) for k in np.flatnonzero(is_constant))


def constant_columns(matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which columns hold one value in all rows, shape (k,)."""
    constant = (matrix[:_GLANCE] == matrix[:1]).all(axis=0)
    for k in np.flatnonzero(constant):
        constant[k] = bool((matrix[:, k] == matrix[0, k]).all())
    return constant
