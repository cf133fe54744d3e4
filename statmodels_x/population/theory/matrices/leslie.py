"""One age-structured population: the Leslie matrix and what follows from it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice
from statmodels_x.population.theory import perron
from statmodels_x.population.theory.entries import read_array, read_matrix
from statmodels_x.population.theory.matrices import individual
from statmodels_x.population.theory.matrices.population import CENSUSES, MatrixPopulation
from statmodels_x.population.theory.perron import Perron

_WHERE = "LeslieMatrix"


class LeslieMatrix(MatrixPopulation):
    r"""Leslie matrix of a population with age classes.

    One step takes the numbers n in k age classes to

    .. math::

        n_1' = \sum_{j=1}^k f_j n_j, \qquad n_{j+1}' = s_j n_j.

    With a plus group, in which individuals remain, :math:`n_k' = s_{k-1} n_{k-1} + s_k n_k`.

    Parameters
    ----------
    fecundity : array_like of shape (k,)
        Offspring of an individual of each class, counted in class 1 one step later. The values are nonnegative and
        not all 0.
    survival : array_like of shape (k - 1,), or (k,) with a plus group
        Probability that an individual of a class lives to be in the next class one step later. It is above 0 and at
        most 1. With ``plus_group``, the last value is the probability of remaining in the last class, which may be 0.
    plus_group : bool
        Whether the last class holds all individuals of that age or older.

    Attributes
    ----------
    fecundity, survival : ndarray
        The rates that were given.
    plus_group : bool
        Whether there is a plus group.

    Raises
    ------
    DataError
        If a value is missing, negative or infinite, if a survival probability is above 1, if a class is never
        entered, if nobody is born, or if the lengths do not match.

    Notes
    -----
    Rates are per step. Class j holds individuals in their j-th step of life. If the last classes have no offspring,
    the matrix is reducible, and their reproductive values are 0. The growth rate is the largest eigenvalue.

    References
    ----------
    Caswell (2001), *Matrix Population Models*, 2nd edition, Sinauer.

    Examples
    --------
    A passerine bird, counted after breeding, with a plus group:

    >>> bird = LeslieMatrix([0.7, 1.225, 1.75], [0.2, 0.35, 0.5], plus_group=True)
    >>> round(bird.growth_rate, 4), round(bird.net_reproductive_rate, 4)
    (1.105, 1.19)
    >>> bird.stable_distribution.round(4).tolist()
    [0.7778, 0.1408, 0.0814]
    >>> round(bird.generation_time("parents"), 4)
    1.6694
    """

    fecundity: Array
    survival: Array
    plus_group: bool

    def __init__(self, fecundity: ArrayLike, survival: ArrayLike = (), plus_group: bool = False) -> None:
        if not isinstance(plus_group, bool | np.bool_):
            raise DataError(f"{_WHERE}: `plus_group` is {plus_group!r}; give True or False.")
        self.plus_group = bool(plus_group)
        self.fecundity = read_array(fecundity, "fecundity", _WHERE, 1)
        self.survival = self._read_survival(survival)
        if not self.fecundity.any():
            raise DataError(f"{_WHERE}: `fecundity` is 0 in every class, so that nobody is born.")
        k = len(self.fecundity)
        living, births = np.zeros((k, k)), np.zeros((k, k))
        living[np.arange(1, k), np.arange(k - 1)] = self.survival[: k - 1]
        living[-1, -1] += self.survival[-1] if self.plus_group else 0.0
        births[0] = self.fecundity
        super().__init__(living, births)
        self.stages = pd.RangeIndex(1, k + 1, name="class")

    def _read_survival(self, survival: ArrayLike) -> Array:
        k = len(self.fecundity)
        wanted = k if self.plus_group else k - 1
        empty = np.ndim(survival) == 1 and np.size(survival) == 0
        values = np.zeros(0) if empty else read_array(survival, "survival", _WHERE, 1)
        if len(values) != wanted:
            how = "one for each class, the last for staying in the plus group" if self.plus_group else (
                "one less than `fecundity` (or set `plus_group=True`)"
            )  # fmt: skip
            raise DataError(
                f"{_WHERE}: `survival` has {len(values)} value(s) and `fecundity` {k}; give {wanted}: {how}."
            )
        if np.any(values > 1.0):
            worst = int(np.argmax(values > 1.0))
            raise DataError(
                f"{_WHERE}: `survival[{worst + 1}]` (counted from 1) is {values[worst]:g}; a probability is at most 1."
            )
        into = values[: k - 1]
        if np.any(into == 0.0):
            closed = int(np.argmax(into == 0.0))
            raise DataError(
                f"{_WHERE}: `survival[{closed + 1}]` (counted from 1) is 0, so that nobody enters class {closed + 2}: "
                f"its row of the matrix is 0. Give {closed + 1} class(es)."
            )
        return values

    @classmethod
    def from_array(cls, matrix: ArrayLike) -> LeslieMatrix:
        """Read a Leslie matrix from a square array.

        Parameters
        ----------
        matrix : array_like of shape (k, k)
            Array that is nonzero only in the first row, below the diagonal, and in the last diagonal entry (a plus
            group).

        Returns
        -------
        LeslieMatrix

        Raises
        ------
        DataError
            If another entry is not 0, or if a value is not allowed.

        Examples
        --------
        >>> LeslieMatrix.from_array([[0.7, 0.7], [0.35, 0.5]]).plus_group
        True
        """
        given = read_matrix(matrix, "matrix", _WHERE)
        k = len(given)
        plus = k > 1 and given[-1, -1] > 0.0
        survival = np.append(np.diag(given, -1), given[-1, -1:] if plus else [])
        rest = given.copy()
        rest[0] = 0.0
        rest[np.arange(1, k), np.arange(k - 1)] = 0.0
        if k > 1:
            rest[-1, -1] = 0.0
        if rest.any():
            row, column = (int(i) + 1 for i in np.argwhere(rest)[0])
            raise DataError(
                f"{_WHERE}: `matrix[{row}, {column}]` (counted from 1) is {rest[row - 1, column - 1]:g}; a Leslie "
                "matrix has entries in the first row, below the diagonal and in the last corner only; for other "
                "stages there is MatrixPopulation."
            )
        return cls(given[0], survival, plus)

    def __repr__(self) -> str:
        parts = f"{self.fecundity.tolist()}, {self.survival.tolist()}"
        return f"LeslieMatrix({parts}{', plus_group=True' if self.plus_group else ''})"

    def summary(self) -> Any:
        """Return a table of the long-run quantities and a table of the classes.

        Returns
        -------
        FitSummary
        """
        from statmodels_x.population.theory.matrices.summary import leslie_summary

        return leslie_summary(self)

    # ---- the matrix

    @property
    def ages(self) -> int:
        """Number of age classes."""
        return len(self.fecundity)

    @property
    def period(self) -> int:
        """Period of the reproductive classes.

        If it is above 1, births come in waves that never die out (the matrix is imprimitive).
        """
        last = int(np.flatnonzero(self.fecundity)[-1]) + 1
        return perron.period(self.matrix[:last, :last])

    @property
    def outlives_breeders(self) -> bool:
        """Whether a plus group that no longer breeds declines no faster than the breeding classes.

        In the long run only the plus group then remains.
        """
        last = int(np.flatnonzero(self.fecundity)[-1]) + 1
        if not self.plus_group or last == self.ages:
            return False
        return bool(self.survival[-1] >= perron.spectral_radius(self.matrix[:last, :last]))

    # ---- the life of an individual

    @property
    def net_reproductive_rate(self) -> float:
        """Expected number of offspring of a newborn (R0); infinite if a plus group breeds and never dies."""
        return math.inf if self._breeds_for_ever else self._mortal().net_reproductive_rate

    @property
    def _breeds_for_ever(self) -> bool:
        return self.plus_group and bool(self.survival[-1] >= 1.0 and self.fecundity[-1] > 0.0)

    def _mortal(self) -> MatrixPopulation:
        """Return the population without a plus group that never dies and does not breed: births are the same."""
        never_dies = self.plus_group and self.survival[-1] >= 1.0
        U, F = self._split()
        k = self.ages - never_dies
        return MatrixPopulation(U[:k, :k], F[:k, :k])

    def generation_time(self, definition: str = "R0") -> float:
        """Return the generation time in steps.

        Parameters
        ----------
        definition : {"R0", "parents", "cohort"}
            ``"R0"`` is log R0 / log lambda, the time in which the population grows by a factor of R0. ``"parents"``
            is the mean age of the parents of newborns in a population of stable structure. ``"cohort"`` is the mean
            age at which the members of a cohort have their offspring. An individual of class j is of age j when its
            offspring are counted. All three agree if the growth rate is 1.

        Returns
        -------
        float

        Raises
        ------
        DataError
            If there are no births in the long run (see :attr:`outlives_breeders`), except for ``"cohort"``.

        Examples
        --------
        >>> population = LeslieMatrix([0.0, 1.0, 1.5], [0.6, 0.5])
        >>> [round(population.generation_time(d), 4) for d in ("R0", "parents", "cohort")]
        [2.4261, 2.4237, 2.4286]
        """
        check_choice("definition", definition, individual.GENERATION_TIMES, "generation_time()")
        if definition != "cohort" and self.outlives_breeders:
            raise DataError(
                f"{_WHERE}: in the long run there are no births, only the old of the plus group, so that generations "
                'have no length there; take definition="cohort".'
            )
        if definition == "parents":
            return super().generation_time(definition)
        if self._breeds_for_ever:
            return math.inf
        return individual.generation_time(*self._mortal()._split(), self._perron, definition)

    def life_expectancy(self, census: str = "start") -> float:
        """Return the expected number of steps that a newborn spends in the population, the first included.

        Parameters
        ----------
        census : {"start", "middle"}
            With ``"middle"`` deaths occur in the middle of a step, which is half a step earlier.

        Returns
        -------
        float
            Infinite if the plus group never dies.
        """
        check_choice("census", census, CENSUSES, "life_expectancy()")
        if self.plus_group and self.survival[-1] >= 1.0:
            return math.inf
        return float(individual.lifetimes(self._split()[0])[0][0]) - 0.5 * (census == "middle")

    # ---- the short run

    def _settling(self) -> Perron:
        if not self.is_irreducible:
            raise DataError(
                f"{_WHERE}: the classes after {int(np.flatnonzero(self.fecundity)[-1]) + 1} have no offspring, so that "
                "the matrix is reducible and has no transient indices; leave these classes out."
            )
        if self.period > 1:
            raise DataError(
                f"{_WHERE}: births come in waves of period {self.period} for ever (the matrix is imprimitive), so that "
                "there is no settled state to compare with."
            )
        return self._perron
