"""Which columns of a design matrix say nothing of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array

_TOLERANCE = 1e-11  # of the squared distance from the other columns, relative to the column
_NOTHING = 1e-6  # weight of a column in a combination, all in units of their spreads
_ROUNDING = 4.0 * np.finfo(float).eps
_CHUNK = 16_384
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
    scale : ndarray of shape (k,)
        The size of each column's deviations from its mean, a power of 2; 0 for a column of one value.
    products : ndarray of shape (k, k)
        Sums of products of these deviations in units of the scales, which neither overflow nor vanish.
    """

    n: int
    value: Array
    mean: Array
    scale: Array
    products: Array

    @classmethod
    def of(cls, matrix: Array) -> ColumnSums:
        """Sum over the rows of a matrix of shape (n, k), with at least one row."""
        return cls.merged([cls._of_few(part) for part in _chunks(matrix)])

    @classmethod
    def _of_few(cls, rows: Array) -> ColumnSums:
        """Sum over rows that fit into the processor's cache."""
        columns = np.array(rows.T, order="C")  # a copy, which is changed below
        low, high = columns.min(axis=1), columns.max(axis=1)
        varies = high > low
        half = np.where(varies, np.maximum(0.5 * high - 0.5 * low, np.finfo(float).tiny), 0.0)
        middle, scale = np.where(varies, low + half, low), power_of_two(half)
        if not varies.any():
            return cls(len(rows), low, middle, scale, np.zeros((len(low), len(low))))
        unit = np.where(varies, scale, 1.0)
        # from the middle, in units of the scale: exact for columns far from 0
        columns -= middle[:, None]
        columns /= unit[:, None]
        mean = columns.mean(axis=1)
        products = columns @ columns.T - len(rows) * np.outer(mean, mean)
        return cls(len(rows), np.where(varies, np.nan, low), middle + unit * mean, scale, products)

    @classmethod
    def merged(cls, parts: Sequence[ColumnSums]) -> ColumnSums:
        """Add up blocks of rows (Chan, Golub and LeVeque 1983)."""
        total = parts[0]
        for part in parts[1:]:
            total = total._plus(part)
        return total

    def _plus(self, part: ColumnSums) -> ColumnSums:
        n = self.n + part.n
        gap = 0.5 * part.mean - 0.5 * self.mean
        scale = np.maximum(np.maximum(self.scale, part.scale), power_of_two(np.abs(gap)))
        unit = np.where(scale > 0.0, scale, 1.0)
        step = 2.0 * (gap / unit)
        ours, theirs = self.scale / unit, part.scale / unit
        products = self.products * np.outer(ours, ours) + part.products * np.outer(theirs, theirs)
        return ColumnSums(
            n,
            np.where(self.value == part.value, self.value, np.nan),
            self.mean + 2.0 * gap * (part.n / n),
            scale,
            products + np.outer(step, step) * (self.n * part.n / n),
        )

    def columns(self, part: slice) -> ColumnSums:
        """Return the sums of some of the columns."""
        return ColumnSums(
            self.n, self.value[part], self.mean[part], self.scale[part], self.products[part, part]
        )

    @property
    def is_constant(self) -> NDArray[np.bool_]:
        """Which columns have one value."""
        return ~np.isnan(self.value)

    @property
    def spread(self) -> Array:
        """Standard deviation of each column in units of its scale."""
        return np.sqrt(np.diag(self.products) / self.n)


def power_of_two(size: Array) -> Array:
    """Return the power of 2 at or below each size; 0 where it is 0."""
    mantissa, exponent = np.frexp(size)
    return np.where(mantissa > 0.0, np.ldexp(1.0, np.maximum(exponent - 1, -1022)), 0.0)


def _chunks(matrix: Array) -> Iterator[Array]:
    for first in range(0, len(matrix), _CHUNK):  # no copy of the whole matrix
        yield matrix[first : first + _CHUNK]


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
    constants = np.flatnonzero(sums.is_constant)
    if len(constants) > 1:
        return int(constants[1]), (int(constants[0]),)
    dependencies = _constant_combinations(sums)
    if not len(constants):  # one combination may be the constant that the design has no column for
        dependencies = _with_mean_zero(dependencies, sums)
    if not len(dependencies):
        return None
    weights, column = dependencies[0]
    others = [int(k) for k in np.flatnonzero(np.abs(weights) > _NOTHING) if k != column]
    return column, tuple(others) or tuple(int(k) for k in constants)


def constant_combination(sums: ColumnSums) -> Array | None:
    """Find the combination of columns that is 1 in every row; None if there is none.

    Returns
    -------
    ndarray of shape (k,) or None
    """
    constants = np.flatnonzero(sums.is_constant & (sums.value != 0.0))
    unit = np.zeros(len(sums.mean))
    if len(constants):
        unit[constants[0]] = 1.0 / sums.value[constants[0]]
        return unit
    for weights, _ in _constant_combinations(sums):
        combination, value = _in_own_units(weights, sums)
        if value != 0.0:
            unit = combination / value
            simple = np.round(unit, 6)  # indicators add up to 1 exactly
            return np.where(np.abs(unit - simple) < 1e-8, simple, unit)
    return None


Dependency = tuple[Array, int]
"""Weights of all columns, in units of their spreads, that give a constant; the column that the others make up."""


def _constant_combinations(sums: ColumnSums) -> list[Dependency]:
    """Find combinations of varying columns that do not vary, one for each column that the others determine."""
    varying = np.flatnonzero(~sums.is_constant)
    if not len(varying):
        return []
    # columns centred and of unit length: their Gram matrix is a correlation matrix, whose pivots are squared
    # distances
    size = sums.spread[varying]
    gram = sums.products[np.ix_(varying, varying)] / sums.n / np.outer(size, size)
    noise = np.minimum(_ROUNDING * np.abs(sums.mean[varying] / sums.scale[varying]) / size, 0.1) ** 2
    factor, pivots, rank, _ = lapack.dpstrf(gram, tol=_TOLERANCE)
    order, distance = pivots - 1, np.diag(factor) ** 2
    while (
        rank > 1 and distance[rank - 1] < 4.0 * noise.max()
    ):  # what rounding of values far from 0 has left over
        weights = _weights(gram, order[: rank - 1], int(order[rank - 1]))
        if distance[rank - 1] > weights**2 @ noise:
            break
        rank -= 1
    found = []
    for column in order[rank:]:
        weights = np.zeros(len(sums.mean))
        weights[varying] = _weights(gram, order[:rank], int(column))
        found.append((weights, int(varying[column])))
    return found


def _weights(gram: Array, kept: NDArray[np.intp], column: int) -> Array:
    """Return the weights with which a column less those that make it up is a constant."""
    weights = np.zeros(len(gram))
    weights[kept] = -np.linalg.lstsq(gram[np.ix_(kept, kept)], gram[kept, column], rcond=None)[0]
    weights[np.abs(weights) < _NOTHING] = 0.0  # rounding, which a column far from 0 would make much of
    weights[column] = 1.0
    return weights


def _in_own_units(weights: Array, sums: ColumnSums) -> tuple[Array, float]:
    """Return a combination in the columns' units, and the constant that it is; 0 up to rounding is 0."""
    size = np.where(sums.is_constant, 1.0, sums.spread * sums.scale)
    combination = np.where(weights == 0.0, 0.0, weights / size)
    parts = weights * (sums.mean / size)
    value = float(parts.sum())
    return combination, value if abs(value) > 1e-6 * float(np.abs(parts).sum()) else 0.0


def _with_mean_zero(dependencies: list[Dependency], sums: ColumnSums) -> list[Dependency]:
    """Return the combinations that are 0, not only constant; of two other constants one makes up the other."""
    values = [_in_own_units(weights, sums)[1] for weights, _ in dependencies]
    first = next((k for k, value in enumerate(values) if value != 0.0), None)
    if first is None:
        return dependencies
    unit = dependencies[first][0] / values[first]
    others = [k for k in range(len(values)) if k != first]
    return [(dependencies[k][0] - values[k] * unit, dependencies[k][1]) for k in others]


def constant_columns(matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which columns hold one value in all rows, shape (k,)."""
    constant = (matrix[:_GLANCE] == matrix[:1]).all(axis=0)
    for k in np.flatnonzero(constant):
        constant[k] = bool((matrix[:, k] == matrix[0, k]).all())
    return constant
