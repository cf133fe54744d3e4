"""Columns of a design near 0 and of size 1, and the exact way back: what a fit computes with inside.

A covariate far from 0, or in a unit far from its spread, costs a likelihood its digits: products of its values
cancel, overflow or vanish. A fit therefore works in columns ``(x - centre) / scale``. Where a combination of columns
is 1 in every row (an intercept, or the indicators of all levels) these are another basis of the same space; where
there is none, columns are only scaled. Scales are powers of 2, so that dividing by them rounds nothing. Columns that
are near 0 and of moderate size stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from statmodels_x.core.rank import ColumnSums, constant_combination, power_of_two
from statmodels_x.core.typing import Array

_FAR = 100.0  # standard deviations between a column's mean and 0 that cost two digits
_SIZES = (2.0**-10, 2.0**10)


@dataclass(frozen=True)
class ColumnMap:
    """From coefficients of centred and scaled columns to those of the columns themselves, and back.

    Attributes
    ----------
    centre, scale : ndarray of shape (k,)
        The inner columns are ``(x - centre) / scale``.
    unit : ndarray of shape (k, k)
        Row j: the combination of columns that is 1 in every row, for the columns that are centred; else 0.
    """

    centre: Array = field(repr=False)
    scale: Array = field(repr=False)
    unit: Array = field(repr=False)

    @classmethod
    def of(cls, sums: ColumnSums) -> ColumnMap:
        """Choose centres and scales by the sums over all rows of a design."""
        spread = sums.spread * sums.scale
        far = ~sums.is_constant & (np.abs(sums.mean) > _FAR * spread)
        unit = constant_combination(sums) if far.any() else None
        centre = np.zeros(len(far))
        if unit is not None:
            far &= unit == 0.0
            centre[far] = sums.mean[far]
        size = np.where(far & (unit is not None), spread, np.maximum(spread, np.abs(sums.mean)))
        moderate = ((size >= _SIZES[0]) & (size <= _SIZES[1])) | (size == 0.0)
        scale = np.where(moderate, 1.0, power_of_two(size))
        return cls(centre, scale, np.outer(centre != 0.0, np.zeros(len(far)) if unit is None else unit))

    @classmethod
    def side_by_side(cls, maps: Sequence[ColumnMap]) -> ColumnMap:
        """Join the maps of several designs whose columns stand side by side."""
        sizes = np.cumsum([0, *(len(one.scale) for one in maps)])
        unit = np.zeros((sizes[-1], sizes[-1]))
        for one, a, b in zip(maps, sizes[:-1], sizes[1:], strict=True):
            unit[a:b, a:b] = one.unit
        centre, scale = ([getattr(one, name) for one in maps] for name in ("centre", "scale"))
        return cls(np.concatenate([np.zeros(0), *centre]), np.concatenate([np.zeros(0), *scale]), unit)

    @classmethod
    def plain(cls, k: int) -> ColumnMap:
        """Return the map that leaves k columns, or coefficients without a column, as they are."""
        return cls(np.zeros(k), np.ones(k), np.zeros((k, k)))

    @property
    def changes(self) -> bool:
        """Whether any column is changed."""
        return bool(np.any(self.centre != 0.0) or np.any(self.scale != 1.0))

    def take(self, positions: Sequence[int] | Array) -> ColumnMap:
        """Return the map of some of the columns; with a column goes the combination that it is centred by."""
        kept = np.asarray(positions, int)
        return ColumnMap(self.centre[kept], self.scale[kept], self.unit[np.ix_(kept, kept)])

    def inside(self, matrix: Array, part: slice = slice(None)) -> Array:
        """Return rows of (some of) the columns as rows of the inner ones."""
        return (matrix - self.centre[part]) / self.scale[part]

    def move(self, columns: Array) -> None:
        """Centre and scale columns in place; shape (k, n), one column of the design a row."""
        for k in np.flatnonzero((self.centre != 0.0) | (self.scale != 1.0)):
            columns[k] -= self.centre[k]
            columns[k] /= self.scale[k]

    def inner(self, coefficients: Array) -> Array:
        """Coefficients of the inner columns from those of the columns."""
        return self.scale * (coefficients + self.unit.T @ (self.centre * coefficients))

    def outer(self, inner: Array) -> Array:
        """Coefficients of the columns from those of the inner columns; shape (k,) or (k, m), one set a column."""
        own = (inner.T / self.scale).T
        return own - self.unit.T @ (own.T * self.centre).T

    @property
    def matrix(self) -> Array:
        """The matrix that :meth:`outer` multiplies by."""
        return self.outer(np.eye(len(self.scale)))

    def outer_errors(self, covariance: Array) -> Array:
        """Return the standard errors of the coefficients: squares of large scales would overflow."""
        rows = self.matrix
        size = np.abs(rows).max(axis=1)
        rows = rows / size[:, None]
        return np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, covariance, rows), 0.0)) * size

    def outer_covariance(self, inner: Array) -> Array:
        """Return the covariance of the coefficients from that of the inner ones.

        Infinite where the square of a unit overflows; :meth:`outer_errors` does not.
        """
        rows = self.matrix
        with np.errstate(over="ignore", under="ignore"):
            covariance = rows @ inner @ rows.T
            return 0.5 * covariance + 0.5 * covariance.T

    def outer_scores(self, inner: Array) -> Array:
        """Return the derivatives by the coefficients from those by the inner ones, along the last axis."""
        own = inner * self.scale
        return own + (inner @ (self.unit.T * self.scale[:, None])) * self.centre if self.changes else own


def far_columns(sums: Sequence[ColumnSums], others: int = 0) -> ColumnMap | None:
    """Return the map of designs whose columns stand side by side; None if it would change nothing.

    ``others`` coefficients without a column come last.
    """
    columns = ColumnMap.side_by_side([*(ColumnMap.of(one) for one in sums), ColumnMap.plain(others)])
    return columns if columns.changes else None


@dataclass(frozen=True)
class Inner:
    """What a fit found in centred and scaled columns, where a prediction loses no digits either.

    Attributes
    ----------
    columns : ColumnMap
    theta : ndarray of shape (p,)
        Coefficients of the inner columns.
    covariance : ndarray of shape (p, p)
    """

    columns: ColumnMap
    theta: Array = field(repr=False)
    covariance: Array = field(repr=False)

    def errors(self) -> Array:
        """Return the standard errors of the coefficients of the columns themselves; NaN where there is none."""
        unknown = np.isnan(np.diag(self.covariance))
        errors = self.columns.outer_errors(np.where(np.isnan(self.covariance), 0.0, self.covariance))
        touched = (self.columns.matrix[:, unknown] != 0.0).any(axis=1)
        return np.where(touched | (errors == 0.0), np.nan, errors)
