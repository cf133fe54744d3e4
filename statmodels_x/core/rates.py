"""A hazard that is constant between breaks: drawn from in simulations, and the mortality of a population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import numeric_array


@dataclass(frozen=True)
class Rates:
    """A hazard that is piecewise constant in time.

    Parameters
    ----------
    breaks : array_like of shape (k - 1,)
        Times at which the hazard changes, in increasing order. It is empty for a constant hazard.
    values : array_like of shape (k,)
        Events per unit of time in each piece. The last value holds for all later times.

    Raises
    ------
    DataError
        If a rate is negative or not finite, or the breaks are not positive and increasing.

    Examples
    --------
    >>> from statmodels_x import Rates
    >>> Rates([5.0, 10.0], [0.01, 0.02, 0.03]).cumulative([2.0, 6.0, 12.0]).round(3).tolist()
    [0.02, 0.07, 0.21]
    """

    breaks: Array
    values: Array

    def __post_init__(self) -> None:
        breaks, values = (
            numeric_array(np.atleast_1d(np.asarray(given)), name, "Rates()")
            for name, given in (("breaks", self.breaks), ("values", self.values))
        )
        if not len(values) or not np.isfinite(values).all() or np.any(values < 0.0):
            raise DataError(f"Rates(): `values` holds {values.tolist()}; give finite rates of 0 or more.")
        steps = np.diff(np.concatenate([[0.0], breaks]))
        if len(values) != len(breaks) + 1 or not np.isfinite(breaks).all() or np.any(steps <= 0.0):
            raise DataError(
                f"Rates(): {len(values)} values need {len(values) - 1} increasing breaks above 0, "
                f"not {breaks.tolist()}."
            )
        for name, array in (("breaks", breaks), ("values", values)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rates):
            return NotImplemented
        return np.array_equal(self.breaks, other.breaks) and np.array_equal(self.values, other.values)

    def __hash__(self) -> int:
        return hash((self.breaks.tobytes(), self.values.tobytes()))

    def at(self, time: ArrayLike) -> Array:
        """Hazard at the given times.

        At a break the hazard is that of the piece that begins there.

        Parameters
        ----------
        time : array_like
            Times of at least 0.

        Returns
        -------
        ndarray of the shape of ``time``
        """
        return np.asarray(self.values[np.searchsorted(self.breaks, np.asarray(time, float), side="right")])

    def cumulative(self, time: ArrayLike) -> Array:
        """Cumulative hazard at the given times.

        Parameters
        ----------
        time : array_like
            Times of at least 0.

        Returns
        -------
        ndarray of the shape of ``time``
        """
        edges = np.concatenate([[0.0], self.breaks])
        starts = np.concatenate([[0.0], np.cumsum(self.values[:-1] * np.diff(edges))])
        times = np.asarray(time, float)
        piece = np.searchsorted(self.breaks, times, side="right")
        return np.asarray(starts[piece] + (times - edges[piece]) * self.values[piece])

    def invert(self, amount: Array) -> Array:
        """Return the times at which the cumulative hazard reaches given amounts.

        Parameters
        ----------
        amount : array_like
            Values of the cumulative hazard.

        Returns
        -------
        ndarray of the shape of ``amount``
            Infinite for an amount that the cumulative hazard never reaches.
        """
        edges = np.concatenate([[0.0], self.breaks])
        starts = self.cumulative(edges)
        piece = np.searchsorted(starts, amount, side="right") - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(edges[piece] + (amount - starts[piece]) / self.values[piece])


def as_rates(value: Any, name: str) -> Rates:
    """Return a hazard given as a number, or as it is; DataError names the argument."""
    if isinstance(value, Rates):
        return value
    try:
        return Rates(np.zeros(0), np.atleast_1d(np.asarray(value, float)))
    except (DataError, TypeError, ValueError) as error:
        raise DataError(f"`{name}`: {error}") from error
