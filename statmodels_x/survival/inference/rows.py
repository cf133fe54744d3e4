"""Covariate rows as a model sees them, with what else befalls them: a background, waning, discounting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.family import Family


@dataclass(frozen=True)
class Waning:
    """An effect that is lost in time: the log hazard goes from that of the rows to that of others.

    Attributes
    ----------
    start, stop : float
        Until when it lasts, and when it is lost; in between the weight of the rows' log hazard falls linearly.
    control : Rows
        The rows that it is lost to.
    frozen : bool
        Whether the log hazard ratio of ``start`` is what shrinks, and not that of each time.
    """

    start: float
    stop: float
    control: Rows
    frozen: bool = False

    def share(self, times: Array) -> Array:
        """Weight of the rows' own log hazard."""
        if self.stop == self.start:
            return np.where(times <= self.start, 1.0, 0.0)
        return np.clip((self.stop - times) / (self.stop - self.start), 0.0, 1.0)


@dataclass(frozen=True)
class Rows:
    """Covariate rows as the model sees them.

    Attributes
    ----------
    index : Index
        Labels of the rows.
    base : ndarray of shape (m, 5)
        Offsets and fixed values of the linear predictors.
    matrices : tuple of five (ndarray of shape (m, k) or None)
        The columns that multiply each parameter's coefficients; None where it is fixed.
    theta : ndarray of shape (p,)
        Coefficients.
    cure : int
        0 none, 1 mixture, 2 promotion time.
    given : ndarray of shape (m,)
        Time already survived; 0 for none.
    family : Family, optional
        A family that is not a case of the built-in one.
    background : Paths, optional
        What kills besides, row by row; quantities of the model alone do not use it.
    has_factor : bool
        Whether the last coefficient is the logarithm of a factor on it.
    discount : float
        Continuous rate per unit of time at which time lived is discounted, in restricted means.
    waning : Waning, optional
        How the effect of what tells the rows from others is lost.
    """

    index: pd.Index
    base: Array
    matrices: tuple[Array | None, ...]
    theta: Array
    cure: int
    given: Array
    family: Family | None = None
    background: Any = None
    has_factor: bool = False
    discount: float = 0.0
    waning: Waning | None = None

    @property
    def log_factor(self) -> float:
        """Logarithm of the factor on the background."""
        return float(self.theta[-1]) if self.has_factor else 0.0

    @property
    def eta(self) -> Array:
        """Linear predictors, shape (m, 5)."""
        eta, position = self.base.copy(), 0
        for j, matrix in enumerate(self.matrices):
            if matrix is not None:
                eta[:, j] += matrix @ self.theta[position : position + matrix.shape[1]]
                position += matrix.shape[1]
        return eta

    def at(self, theta: Array) -> Rows:
        """Return the same rows under other coefficients."""
        return replace(self, theta=theta, waning=self._waning(lambda control: control.at(theta)))

    def _waning(self, of: Callable[[Rows], Rows]) -> Waning | None:
        return None if self.waning is None else replace(self.waning, control=of(self.waning.control))

    def settled(self) -> Rows:
        """Return rows with their linear predictors as they are, which carry no columns: cheap to repeat."""
        nothing = (None,) * len(self.matrices)
        return replace(
            self,
            base=self.eta,
            matrices=nothing,
            waning=self._waning(lambda control: control.settled()),
        )

    def repeat(self, k: int) -> Rows:
        """Return each row k times in turn."""
        return replace(
            self,
            index=self.index.repeat(k),
            base=np.repeat(self.base, k, axis=0),
            matrices=tuple(None if m is None else np.repeat(m, k, axis=0) for m in self.matrices),
            given=np.repeat(self.given, k),
            background=None if self.background is None else self.background.repeat(k),
            waning=self._waning(lambda control: control.repeat(k)),
        )

    def take(self, which: Any) -> Rows:
        """Return some of the rows."""
        return replace(
            self,
            index=self.index[which],
            base=self.base[which],
            matrices=tuple(None if m is None else m[which] for m in self.matrices),
            given=self.given[which],
            background=None if self.background is None else self.background.take(which),
            waning=self._waning(lambda control: control.take(which)),
        )

    def jacobian(self, grad: Array) -> Array:
        """Chain a gradient in the linear predictors to one in the coefficients (m, p).

        Parameters
        ----------
        grad : ndarray of shape (m, 5)
            With waning (m, 10), the control's linear predictors after the rows' own; with a factor on the background
            one column more, unless the quantity does not depend on it.
        """
        found, width = self._chained(grad[:, :5]), 5
        if self.waning is not None and grad.shape[1] >= 10:
            found, width = found + self.waning.control._chained(grad[:, 5:10]), 10
        if self.has_factor:
            rest = grad[:, width:] if grad.shape[1] > width else np.zeros((len(grad), 1))
            found = np.hstack([found, rest])
        return found

    def _chained(self, grad: Array) -> Array:
        with np.errstate(invalid="ignore"):  # a gradient beyond the range of floats times a column of 0
            parts = [
                matrix * grad[:, j : j + 1] for j, matrix in enumerate(self.matrices) if matrix is not None
            ]
        return np.hstack(parts) if parts else np.zeros((len(grad), 0))


def distinct(columns: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the rows that differ.

    Parameters
    ----------
    columns : ndarray of shape (m, k)

    Returns
    -------
    first : int array (u,)
        One row of each kind.
    which : int array (m,)
        The kind of each row: ``columns[first][which]`` are the columns.
    """
    varying = columns[:, (columns != columns[:1]).any(axis=0)]
    key = np.zeros(len(columns))
    for j, column in enumerate(varying.T):  # a number that tells rows apart sorts faster than the rows
        key += np.sqrt(j + 2.0) * column
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    if not np.array_equal(varying[first][which], varying):  # the numbers of two kinds may agree
        _, first, which = np.unique(columns, axis=0, return_index=True, return_inverse=True)
    return first, which.ravel()
