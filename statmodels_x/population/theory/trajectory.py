"""A path of numbers over time that cannot overflow: its size is carried as a power of two, without rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.typing import Array


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Numbers in each class of each species at increasing steps.

    Attributes
    ----------
    steps : ndarray of int, shape (n,)
        The steps.
    scaled : ndarray of shape (n, m)
        Numbers divided by ``2**exponents``. The largest modulus of a row lies between 1/2 and 1 (or all are 0).
    exponents : ndarray of int, shape (n,)
        Exponents of the powers of two, which keep large numbers from overflowing.
    names : tuple of str
        Names of the species.
    ages : tuple of int
        Number of classes of each species. The columns of ``scaled`` are the classes in this order.
    extinct : dict of str to int
        Species that were removed because their total fell to 0, and the step from which on they are gone. It is empty
        unless species are removed.
    """

    steps: NDArray[np.int64]
    scaled: Array
    exponents: NDArray[np.int64]
    names: tuple[str, ...]
    ages: tuple[int, ...]
    extinct: dict[str, int]

    @property
    def log_scale(self) -> Array:
        """Natural logarithm of the factor by which ``scaled`` was divided."""
        return self.exponents * np.log(2.0)

    @property
    def values(self) -> Array:
        """Numbers in each class, one row per step; infinite where a float cannot hold them."""
        return _unscaled(self.scaled, self.exponents)

    @property
    def scaled_totals(self) -> Array:
        """Totals of the species divided by ``2**exponents``, one column per species."""
        edges = np.cumsum((0, *self.ages))[:-1]
        return np.add.reduceat(self.scaled, edges, axis=1)

    @property
    def totals(self) -> pd.DataFrame:
        """Totals, one row per step and one column per species; infinite where a float cannot hold them."""
        return self._by_step(_unscaled(self.scaled_totals, self.exponents))

    @property
    def log_totals(self) -> pd.DataFrame:
        """Natural logarithms of the totals, finite at any size; NaN where a total is negative."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._by_step(np.log(self.scaled_totals) + self.log_scale[:, None])

    def _by_step(self, values: Array) -> pd.DataFrame:
        return pd.DataFrame(values, index=pd.Index(self.steps, name="step"), columns=list(self.names))

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy table.

        Returns
        -------
        DataFrame
            One row per step, species and class, with the columns ``step``, ``species``, ``class``, ``abundance``
            (infinite where a float cannot hold it) and ``log_abundance`` (of the modulus).
        """
        species = np.repeat(self.names, self.ages)
        classes = np.concatenate([np.arange(1, k + 1) for k in self.ages])
        n, m = self.scaled.shape
        with np.errstate(divide="ignore"):
            logs = np.log(np.abs(self.scaled)) + self.log_scale[:, None]
        return pd.DataFrame(
            {
                "step": np.repeat(self.steps, m),
                "species": np.tile(species, n),
                "class": np.tile(classes, n),
                "abundance": self.values.ravel(),
                "log_abundance": logs.ravel(),
            }
        )

    def first_step_below_zero(self, species: str) -> int | None:
        """Return the first step at which the total of a species is 0 or negative; None if there is none.

        Parameters
        ----------
        species : str
            Name of the species.

        Returns
        -------
        int or None
        """
        column = self.scaled_totals[:, self.names.index(species)]
        low = np.flatnonzero(column <= 0.0)
        return int(self.steps[low[0]]) if len(low) else None

    def plot(self, kind: str = "time", log: bool = False, ax: Any = None) -> Any:
        """Plot totals over time, or one species against the other.

        Parameters
        ----------
        kind : {"time", "phase"}
            ``"time"`` draws the totals over time, ``"phase"`` one species against the other.
        log : bool
            Whether numbers are drawn on a logarithmic scale.
        ax : matplotlib Axes, optional
            Axes to draw on. A new figure is made by default.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from statmodels_x.population.theory.plots import plot_totals

        return plot_totals(self.totals, self.extinct, kind, log, ax)


def _unscaled(scaled: Array, exponents: NDArray[np.int64]) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(scaled, np.clip(exponents, -4000, 4000)[:, None])


def split_scale(state: NDArray) -> tuple[NDArray, int]:
    """Write a real or complex state as a vector of moderate size and the power of two that it was divided by."""
    exponent = int(np.frexp(np.abs(state).max())[1])
    if exponent == 0:
        return state, 0
    # in two halves, as the power itself may be out of range
    half = exponent // 2
    return state * 2.0**-half * 2.0 ** (half - exponent), exponent


def run(
    step: Callable[[Array, int], tuple[Array, int]],
    start: Array,
    steps: int,
    names: tuple[str, ...],
    ages: tuple[int, ...],
    remove: bool = False,
) -> Trajectory:
    """Repeat a step.

    Parameters
    ----------
    step : callable
        (scaled state, exponent) -> (scaled state, exponent).
    start : ndarray
    steps : int
    names, ages : tuple
    remove : bool
        Whether a species whose total has fallen to 0 or below is set to 0 for good.
    """
    if remove:
        from statmodels_x.population.kernels.recursion import remove_ended
    scaled, exponents = np.empty((steps + 1, len(start))), np.empty(steps + 1, np.int64)
    state, exponent = split_scale(start)
    edges = np.cumsum((0, *ages))
    gone, may_end, ended = np.zeros(len(ages), bool), np.ones(len(ages), bool), np.full(len(ages), -1)
    for n in range(steps + 1):
        if n:
            state, exponent = step(state, exponent)
        if remove and n:
            state = state.copy()
            remove_ended(edges, may_end, state, np.add.reduceat(state, edges[:-1]), gone)
            ended[gone & (ended < 0)] = n
        scaled[n], exponents[n] = state, exponent
    for s in np.flatnonzero(ended == 1):
        if not start[
            edges[s] : edges[s + 1]
        ].any():  # one that is not there at first may still be born of the other
            ended[s] = 0
    extinct = {name: int(n) for name, n in zip(names, ended, strict=True) if n >= 0}
    return Trajectory(np.arange(steps + 1), scaled, exponents, names, ages, extinct)


def linear_trajectory(
    matrix: Array,
    start: Array,
    steps: int,
    names: tuple[str, ...],
    ages: tuple[int, ...],
    remove: bool = False,
) -> Trajectory:
    """Path of a linear system; see :func:`run`."""

    def step(state: Array, exponent: int) -> tuple[Array, int]:
        scaled, more = split_scale(matrix @ state)
        return scaled, exponent + more

    return run(step, start, steps, names, ages, remove)
