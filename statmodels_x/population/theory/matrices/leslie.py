"""One age-structured population: the Leslie matrix and what follows from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice
from statmodels_x.population.theory import perron
from statmodels_x.population.theory.entries import read_array, read_matrix, read_state, read_steps
from statmodels_x.population.theory.hamiltonian import Hamiltonian, hamiltonian
from statmodels_x.population.theory.matrices import life_table, transients
from statmodels_x.population.theory.perron import Perron
from statmodels_x.population.theory.trajectory import Trajectory, linear_trajectory

_WHERE = "LeslieMatrix"


class LeslieMatrix:
    r"""Leslie matrix of a population with age classes.

    One step takes the numbers n in k age classes to

    .. math::

        n_1' = \sum_{j=1}^k f_j n_j, \qquad n_{j+1}' = s_j n_j,

    and with a plus group, in which individuals stay, :math:`n_k' = s_{k-1} n_{k-1} + s_k n_k`.

    Parameters
    ----------
    fecundity : array_like of shape (k,)
        Offspring, counted in class 1 one step later, for each individual of a class. Not negative, not all 0.
    survival : array_like of shape (k - 1,), or (k,) with a plus group
        Probability that an individual of a class lives to be in the next, one step later: above 0, at most 1.
        With ``plus_group``, the last value is that of staying in the last class.
    plus_group : bool
        Whether the last class holds everybody of that age or older.

    Attributes
    ----------
    fecundity, survival : ndarray
    plus_group : bool

    Raises
    ------
    DataError
        If a value is missing, negative or infinite, a survival above 1, a class never entered, nobody born, or the
        lengths do not go together.

    Notes
    -----
    Rates are factors per step. Class j holds individuals in their j-th step of life. Where the last classes have no
    offspring the matrix is reducible, with reproductive values of 0 there; the growth rate is the largest eigenvalue.

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
            Nonzero only in the first row, below the diagonal, and in the last diagonal entry (a plus group).

        Raises
        ------
        DataError
            If another entry is not 0, or a value is not allowed.

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
                "matrix has entries in the first row, below the diagonal and in the last corner only."
            )
        return cls(given[0], survival, plus)

    def __repr__(self) -> str:
        parts = f"{self.fecundity.tolist()}, {self.survival.tolist()}"
        return f"LeslieMatrix({parts}{', plus_group=True' if self.plus_group else ''})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.matrix, dtype=dtype)

    def summary(self) -> Any:
        """Return the numbers of the long run, and a table of the classes.

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        from statmodels_x.population.theory.matrices.leslie_summary import leslie_summary

        return leslie_summary(self)

    # ---- the matrix

    @property
    def ages(self) -> int:
        """Number of age classes."""
        return len(self.fecundity)

    @cached_copy
    def matrix(self) -> Array:
        """Projection matrix: entry (i, j) is what an individual of class j contributes to class i."""
        whole = self._survivors()
        whole[0] += self.fecundity
        whole.setflags(write=False)
        return whole

    def _survivors(self) -> Array:
        k = self.ages
        matrix = np.zeros((k, k))
        matrix[np.arange(1, k), np.arange(k - 1)] = self.survival[: k - 1]
        if self.plus_group:
            matrix[-1, -1] = self.survival[-1]
        return matrix

    @property
    def is_irreducible(self) -> bool:
        """Whether individuals of every class have descendants in every class."""
        return perron.is_irreducible(self.matrix)

    @property
    def period(self) -> int:
        """Period of the reproductive classes; above 1, waves of births go on for ever (imprimitive)."""
        last = int(np.flatnonzero(self.fecundity)[-1]) + 1
        return perron.period(self.matrix[:last, :last])

    @property
    def is_primitive(self) -> bool:
        """Whether the population settles into its stable structure with all classes, from any start."""
        return perron.is_primitive(self.matrix)

    @property
    def outlives_breeders(self) -> bool:
        """Whether a plus group past breeding declines more slowly than the breeders, so that only it remains."""
        last = int(np.flatnonzero(self.fecundity)[-1]) + 1
        if not self.plus_group or last == self.ages:
            return False
        return bool(self.survival[-1] >= perron.spectral_radius(self.matrix[:last, :last]))

    @cached_copy
    def _perron(self) -> Perron:
        return perron.perron(self.matrix)

    @cached_copy
    def _classes(self) -> pd.Index:
        return pd.RangeIndex(1, self.ages + 1, name="class")

    # ---- the long run

    @property
    def growth_rate(self) -> float:
        """Growth factor per step in the long run (lambda), the largest eigenvalue."""
        return self._perron.root

    @cached_copy
    def eigenvalues(self) -> np.ndarray[Any, np.dtype[np.complex128]]:
        """All eigenvalues, the growth rate first, then by falling modulus."""
        return perron.ordered_eigenvalues(self.matrix)

    @property
    def stable_distribution(self) -> pd.Series:
        """Shares of the classes that a step leaves as they are; they sum to 1."""
        return pd.Series(self._perron.right, self._classes, name="stable_distribution")

    @property
    def reproductive_values(self) -> pd.Series:
        """Contribution of an individual of each class to the population in the long run; class 1 has 1."""
        left = self._perron.left
        return pd.Series(left / left[0], self._classes, name="reproductive_value")

    @property
    def damping_ratio(self) -> float:
        """Growth rate over the next modulus of an eigenvalue: 1 if waves go on, infinite for one class."""
        return life_table.damping_ratio(self.eigenvalues)

    def sensitivities(self) -> pd.DataFrame:
        """Return the derivative of the growth rate by each entry of the matrix, entries that are 0 included."""
        return self._table(np.outer(self._perron.left, self._perron.right))

    def elasticities(self) -> pd.DataFrame:
        """Return the relative change of the growth rate for a small relative change of an entry; they sum to 1."""
        return self._table(self.matrix * np.outer(self._perron.left, self._perron.right) / self._perron.root)

    def _table(self, values: Array) -> pd.DataFrame:
        return pd.DataFrame(values, self._classes.rename("to"), self._classes.rename("from"))

    # ---- the life of an individual

    @property
    def net_reproductive_rate(self) -> float:
        """Offspring of a newborn over its life (R0); infinite if a plus group breeds and never dies."""
        return life_table.net_reproductive_rate(self.fecundity, self.survival, self.plus_group)

    def generation_time(self, definition: str = "R0") -> float:
        """Return the generation time in steps.

        Parameters
        ----------
        definition : {"R0", "parents", "cohort"}
            ``"R0"``: the time in which the population grows by a factor of R0, log R0 / log lambda; ``"parents"``:
            mean age of the parents of newborns in a population of stable structure; ``"cohort"``: mean age at which
            the members of a cohort have their offspring. An individual of class j is of age j when its offspring
            are counted. All three agree where the growth rate is 1.

        Raises
        ------
        DataError
            If in the long run there are no births: see :attr:`outlives_breeders`.

        Examples
        --------
        >>> population = LeslieMatrix([0.0, 1.0, 1.5], [0.6, 0.5])
        >>> [round(population.generation_time(d), 4) for d in ("R0", "parents", "cohort")]
        [2.4261, 2.4237, 2.4286]
        """
        check_choice("definition", definition, life_table.GENERATION_TIMES, "generation_time()")
        if definition != "cohort" and self.outlives_breeders:
            raise DataError(
                f"{_WHERE}: in the long run there are no births, only the old of the plus group, so that generations "
                'have no length there; take definition="cohort".'
            )
        return life_table.generation_time(
            self.fecundity, self.survival, self.plus_group, self.growth_rate, definition
        )

    def life_expectancy(self) -> float:
        """Return the mean number of steps that a newborn spends in the population, the first included."""
        return life_table.life_expectancy(self.survival, self.ages, self.plus_group)

    # ---- the short run

    def reactivity(self, initial: ArrayLike | None = None) -> float:
        """Return the growth in the first step over the growth rate, or its largest value over all starts."""
        return float(transients.first_step(self.matrix, self._settling(), self._start(initial)).max())

    def inertia(self, initial: ArrayLike | None = None) -> float:
        """Return the size in the long run over that of a start with stable structure, or its largest value."""
        return float(transients.inertia(self._settling(), self._start(initial)).max())

    def transients(self, initial: ArrayLike | None = None) -> pd.DataFrame:
        """Return indices of transient dynamics, with the effects of size and of long-run growth taken out.

        Parameters
        ----------
        initial : array_like of shape (k,), optional
            Numbers at the start; only their shares matter. Without it, bounds over all starts.

        Returns
        -------
        DataFrame
            Columns value and step (infinite: approached in the long run). With ``initial``: first_step,
            max_amplification, max_attenuation, inertia. Without: first_step_amplification (reactivity),
            first_step_attenuation, max_amplification, max_attenuation, inertia_upper, inertia_lower, kreiss_upper
            and kreiss_lower (which hold for some start; their step is NaN).

        Raises
        ------
        DataError
            If the matrix is not primitive: there is no settled state to compare with.

        Notes
        -----
        Values are totals relative to a population that began with the same size and the stable structure. The
        largest and smallest are over all steps from 1 on, the long run included.

        References
        ----------
        Stott, Townley and Hodgson (2011), Ecology Letters 14, 959-970. Townley and Hodgson (2008), Journal of Applied
        Ecology 45, 1836-1839 (Kreiss bounds).

        Examples
        --------
        >>> bird = LeslieMatrix([0.7, 1.225, 1.75], [0.2, 0.35, 0.5], plus_group=True)
        >>> bird.transients().round(4)
                                   value  step
        first_step_amplification  2.0362   1.0
        first_step_attenuation    0.8145   1.0
        max_amplification         2.2278   inf
        max_attenuation           0.7702   inf
        inertia_upper             2.2278   inf
        inertia_lower             0.7702   inf
        kreiss_upper              2.2278   NaN
        kreiss_lower              0.7702   NaN
        """
        vectors, start = self._settling(), self._start(initial)
        first = transients.first_step(self.matrix, vectors, start)
        last = transients.inertia(vectors, start)
        largest, up, smallest, down = transients.extremes(self.matrix, vectors, start)
        rows = [("max_amplification", largest, up), ("max_attenuation", smallest, down)]
        if initial is not None:
            rows = [("first_step", float(first[0]), 1.0), *rows, ("inertia", float(last[0]), np.inf)]
        else:
            upper, lower = transients.kreiss_bounds(self.matrix, vectors)
            rows = [
                ("first_step_amplification", float(first.max()), 1.0),
                ("first_step_attenuation", float(first.min()), 1.0),
                *rows,
                ("inertia_upper", float(last.max()), np.inf),
                ("inertia_lower", float(last.min()), np.inf),
                ("kreiss_upper", upper, np.nan),
                ("kreiss_lower", lower, np.nan),
            ]
        names, values, steps = zip(*rows, strict=True)
        return pd.DataFrame({"value": values, "step": steps}, index=list(names))

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

    def _start(self, initial: ArrayLike | None) -> Array:
        if initial is None:
            return np.eye(self.ages)
        start = read_state(initial, "initial", _WHERE, self.ages)
        if not start.any():
            raise DataError(f"{_WHERE}: `initial` is 0 in every class.")
        return (start / start.sum())[:, None]

    # ---- over time

    def hamiltonian(self) -> Hamiltonian:
        """Return the Hamiltonian H = i log L, by which one step is L = exp(-i H).

        Raises
        ------
        DataError
            If the matrix is singular, as when the last class has no offspring: then there is none.
        """
        return hamiltonian(self.matrix, _WHERE)

    def project(self, initial: ArrayLike, steps: int) -> Trajectory:
        """Return the numbers at steps 0 to ``steps``.

        Parameters
        ----------
        initial : array_like of shape (k,)
        steps : int

        Returns
        -------
        Trajectory

        Examples
        --------
        >>> LeslieMatrix([0.0, 6.0], [0.5]).project([10.0, 0.0], 3).totals["n"].tolist()
        [10.0, 5.0, 30.0, 15.0]
        """
        start = read_state(initial, "initial", _WHERE, self.ages)
        return linear_trajectory(self.matrix, start, read_steps(steps), ("n",), (self.ages,))
