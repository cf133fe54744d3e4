"""Which columns of a design matrix say nothing of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from statmodels_x.core.errors import DataError

Array = NDArray[np.float64]

_TOLERANCE = 1e-11  # of the squared distance from the other columns, relative to the column


@dataclass(frozen=True)
class ColumnSums:
    """What decides the rank of a matrix, in a form that adds over blocks of rows.

    Attributes
    ----------
    n : int
        Rows.
    low, high, mean : ndarray of shape (k,)
        Smallest, largest and mean value of each column.
    products : ndarray of shape (k, k)
        Sums of products of the columns less their means.
    """

    n: int
    low: Array
    high: Array
    mean: Array
    products: Array

    @classmethod
    def of(cls, matrix: Array) -> ColumnSums:
        """Sum over the rows of a matrix of shape (n, k), with at least one row."""
        mean = matrix.mean(axis=0)
        centred = matrix - mean
        return cls(len(matrix), matrix.min(axis=0), matrix.max(axis=0), mean, centred.T @ centred)

    @classmethod
    def merged(cls, parts: Sequence[ColumnSums]) -> ColumnSums:
        """Add up blocks of rows (Chan, Golub and LeVeque 1983)."""
        total = parts[0]
        for part in parts[1:]:
            n = total.n + part.n
            gap = part.mean - total.mean
            total = cls(
                n,
                np.minimum(total.low, part.low),
                np.maximum(total.high, part.high),
                total.mean + gap * (part.n / n),
                total.products + part.products + np.outer(gap, gap) * (total.n * part.n / n),
            )
        return total

    def columns(self, part: slice) -> ColumnSums:
        """Return the sums of some of the columns."""
        return ColumnSums(self.n, self.low[part], self.high[part], self.mean[part], self.products[part, part])

    @property
    def is_constant(self) -> NDArray[np.bool_]:
        """Which columns have one value."""
        return self.low == self.high


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
    zero = (sums.low == 0.0) & (sums.high == 0.0)
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
