"""One population with stages: a projection matrix and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_count
from statmodels_x.population.theory import perron
from statmodels_x.population.theory.entries import read_matrix, read_stages, read_state, read_steps
from statmodels_x.population.theory.hamiltonian import Hamiltonian, hamiltonian
from statmodels_x.population.theory.matrices import individual, ltre, transients
from statmodels_x.population.theory.matrices.ltre import RandomLTRE
from statmodels_x.population.theory.matrices.vital_rates import vital_rate_table
from statmodels_x.population.theory.perron import Perron
from statmodels_x.population.theory.trajectory import Trajectory, linear_trajectory

_LIVES = 1e-9  # by which the survival of a stage may pass 1 through rounding
CENSUSES = ("start", "middle")


class MatrixPopulation:
    """Population with stages of any kind (ages, sizes, life states) and a projection matrix.

    One step takes the numbers n in k stages to :math:`n' = A n`, where :math:`A = U + F`. U holds the transitions of
    surviving individuals, and F their offspring.

    Parameters
    ----------
    matrix_or_U : array_like or DataFrame of shape (k, k)
        Matrix from the stages of the columns to those of the rows. It is the whole matrix A, or U if ``F`` is given.
    F : array_like or DataFrame of shape (k, k), optional
        Offspring. Results about the life of an individual (R0, generation times, life expectancy, extinction by
        demographic chance) need it, because a matrix alone does not tell which entries are births.
    stages : sequence of str, optional
        Names of the stages. The default is the column names of the data frame, or else numbers from 1.

    Raises
    ------
    DataError
        If a value is missing, negative or infinite, or if a column of U sums to more than 1.

    References
    ----------
    Caswell (2001), *Matrix Population Models*, 2nd edition, Sinauer.

    Examples
    --------
    Killer whales (Caswell 2001, example 5.1): yearlings, juveniles, mature and post-reproductive females.

    >>> import numpy as np
    >>> stages = ["yearling", "juvenile", "mature", "post"]
    >>> U = np.array([[0, 0, 0, 0], [0.9775, 0.9111, 0, 0], [0, 0.0736, 0.9534, 0], [0, 0, 0.0452, 0.9804]])
    >>> F = np.zeros((4, 4))
    >>> F[0] = [0, 0.0043, 0.1132, 0]
    >>> whale = MatrixPopulation(U, F, stages)
    >>> round(whale.growth_rate, 7)
    1.0254413
    >>> round(whale.net_reproductive_rate, 4), round(whale.generation_time("parents"), 4)
    (2.0131, 23.692)
    """

    stages: pd.Index
    matrix: Array

    def __init__(self, matrix_or_U: Any, F: Any = None, stages: Sequence[str] | None = None) -> None:
        where = type(self).__name__
        name = "matrix" if F is None else "U"
        whole = read_matrix(matrix_or_U, name, where)
        self._U: Array | None = None
        self._F: Array | None = None
        if F is not None:
            births = read_matrix(F, "F", where, whole.shape)
            leaving = whole.sum(axis=0)
            if np.any(leaving > 1.0 + _LIVES):
                worst = int(np.argmax(leaving))
                raise DataError(
                    f"{where}: column {worst + 1} of `U` sums to {leaving[worst]:g}: more leave the stage alive than "
                    "were in it; put offspring into `F`."
                )
            self._U, self._F = whole, births
            whole = whole + births
        if not whole.any():
            raise DataError(f"{where}: the matrix is 0 throughout.")
        whole.setflags(write=False)
        self.matrix = whole
        self.stages = read_stages(stages, matrix_or_U, len(whole), where)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.stages)} stages, growth rate {self.growth_rate:.4g}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.matrix, dtype=dtype)

    def summary(self) -> Any:
        """Return a table of the long-run quantities and a table of the stages.

        Returns
        -------
        FitSummary
        """
        from statmodels_x.population.theory.matrices.summary import matrix_summary

        return matrix_summary(self)

    @property
    def U(self) -> pd.DataFrame:  # noqa: N802 - as in the books
        """Transitions of surviving individuals; raises DataError if only the whole matrix was given."""
        return self._table(self._split()[0])

    @property
    def F(self) -> pd.DataFrame:  # noqa: N802
        """Offspring of each stage; raises DataError if only the whole matrix was given."""
        return self._table(self._split()[1])

    @property
    def has_births(self) -> bool:
        """Whether births and transitions are known separately (``F`` was given)."""
        return self._F is not None

    def _split(self) -> tuple[Array, Array]:
        if self._U is None or self._F is None:
            raise DataError(
                f"{type(self).__name__}: this needs births apart from survival, which the matrix does not tell; give "
                "MatrixPopulation(U, F)."
            )
        return self._U, self._F

    # ---- the matrix

    @property
    def is_irreducible(self) -> bool:
        """Whether individuals of every stage have descendants in every stage."""
        return perron.is_irreducible(self.matrix)

    @property
    def is_primitive(self) -> bool:
        """Whether the population converges to a stable structure with all stages, from any start."""
        return perron.is_primitive(self.matrix)

    @cached_copy
    def _perron(self) -> Perron:
        return perron.perron(self.matrix)

    def _series(self, values: Array, name: str) -> pd.Series:
        return pd.Series(values, self.stages, name=name)

    def _table(self, values: Array) -> pd.DataFrame:
        return pd.DataFrame(values, self.stages.rename("to"), self.stages.rename("from"))

    # ---- the long run

    @property
    def growth_rate(self) -> float:
        """Long-run growth factor per step (lambda), the largest eigenvalue."""
        return self._perron.root

    @cached_copy
    def eigenvalues(self) -> np.ndarray[Any, np.dtype[np.complex128]]:
        """All eigenvalues: the growth rate first, then by decreasing modulus."""
        return perron.ordered_eigenvalues(self.matrix)

    @property
    def stable_distribution(self) -> pd.Series:
        """Stable stage distribution: the shares of the stages that a step does not change. They sum to 1."""
        return self._series(self._perron.right, "stable_distribution")

    @property
    def reproductive_values(self) -> pd.Series:
        """Reproductive values: long-run contribution of an individual, relative to the first stage that has any."""
        left = self._perron.left
        first = left[0] if left[0] > 0.0 else left[left > 0.0][0]
        return self._series(left / first, "reproductive_value")

    @property
    def damping_ratio(self) -> float:
        """Growth rate over the second modulus of an eigenvalue: 1 if oscillations persist, infinite for one stage."""
        return individual.damping_ratio(self.eigenvalues)

    def convergence_time(self, factor: float = 20.0) -> float:
        """Return the number of steps in which the second mode falls to 1/``factor`` of the leading one.

        Parameters
        ----------
        factor : float
            Ratio by which the second mode falls, relative to the first. The time is infinite if it does not fall.
        """
        ratio = self.damping_ratio
        return math.log(factor) / math.log(ratio) if ratio > 1.0 else math.inf

    def sensitivities(self, zeros: bool = True) -> pd.DataFrame:
        """Return the derivative of the growth rate with respect to each entry of the matrix.

        Parameters
        ----------
        zeros : bool
            Whether entries of the matrix that are 0 have a sensitivity too. Otherwise theirs is 0.

        Returns
        -------
        DataFrame of shape (k, k)
            Labelled by the stages: to (rows) and from (columns).
        """
        values = np.outer(self._perron.left, self._perron.right)
        return self._table(values if zeros else np.where(self.matrix > 0.0, values, 0.0))

    def elasticities(self) -> pd.DataFrame:
        """Return the relative change of the growth rate per relative change of each entry; they sum to 1.

        Returns
        -------
        DataFrame of shape (k, k)
            Labelled by the stages: to (rows) and from (columns).
        """
        return self._table(self.matrix * np.outer(self._perron.left, self._perron.right) / self._perron.root)

    def vital_rates(self, formulas: Any, values: Mapping[str, float]) -> pd.DataFrame:
        """Return the sensitivity of the growth rate to the vital rates of which the entries are made.

        Parameters
        ----------
        formulas : array_like or DataFrame of shape (k, k)
            Numbers, or texts such as ``"s2*(1 - g2)"`` of names, numbers, ``+ - * / **``, ``exp``, ``log`` and
            ``sqrt``.
        values : mapping of str to float
            Value of each vital rate.

        Returns
        -------
        DataFrame
            One row per rate, with the columns ``value``, ``sensitivity`` and ``elasticity`` (which need not sum to
            1).

        Raises
        ------
        FormulaError, DataError
            If a formula cannot be read, or if the formulas do not give this matrix.
        """
        slopes = np.outer(self._perron.left, self._perron.right)
        return vital_rate_table(self.matrix, slopes, self._perron.root, formulas, values)

    def ltre(self, reference: MatrixPopulation | ArrayLike) -> pd.DataFrame:
        """Decompose the difference in growth rate from a reference (life table response experiment, fixed LTRE).

        Parameters
        ----------
        reference : MatrixPopulation or array_like of shape (k, k)
            Population to compare with.

        Returns
        -------
        DataFrame
            Contributions (a_ij - ref_ij) s_ij of the entries, with the sensitivities at the mean of both matrices.
            Their sum is approximately the difference of the growth rates.
        """
        other = read_matrix(np.asarray(reference), "reference", "ltre()", self.matrix.shape)
        return self._table(ltre.fixed(self.matrix, other))

    @staticmethod
    def random_ltre(populations: Sequence[Any]) -> RandomLTRE:
        """Decompose the variance of the growth rate over matrices of equal weight (random LTRE).

        Parameters
        ----------
        populations : sequence of MatrixPopulation or array_like
            Two matrices or more, of one shape.

        Returns
        -------
        RandomLTRE
        """
        return ltre.random(populations)

    # ---- the life of an individual

    def fundamental_matrix(self, variance: bool = False) -> pd.DataFrame:
        """Return the expected steps in each stage (row) by the present stage (column), the present step included.

        Parameters
        ----------
        variance : bool
            Whether to return the variance over individuals instead of the expectation.

        Returns
        -------
        DataFrame of shape (k, k)
            Labelled by the stages: to (rows) and from (columns).
        """
        N = individual.fundamental(self._split()[0])
        return self._table(individual.time_variance(N) if variance else N)

    def life_expectancy(self, census: str = "start") -> Any:
        """Return mean and variance of the time to death by stage.

        Parameters
        ----------
        census : {"start", "middle"}
            ``"start"`` counts the steps alive, the present one included, as at a census after a birth pulse.
            ``"middle"`` takes deaths to occur in the middle of a step, which is half a step less. At a census before
            a birth pulse, newborns are nearly one step old.

        Returns
        -------
        DataFrame
            Columns ``mean`` and ``variance``, in steps.
        """
        check_choice("census", census, CENSUSES, "life_expectancy()")
        mean, variance = individual.lifetimes(self._split()[0])
        return pd.DataFrame(
            {"mean": mean - 0.5 * (census == "middle"), "variance": variance}, index=self.stages
        )

    @property
    def net_reproductive_rate(self) -> float:
        """Growth factor per generation (R0), the largest eigenvalue of F times the fundamental matrix."""
        U, F = self._split()
        return perron.spectral_radius(F @ individual.fundamental(U))

    def generation_time(self, definition: str = "R0") -> float:
        """Return the generation time in steps.

        Parameters
        ----------
        definition : {"R0", "parents", "cohort"}
            ``"R0"`` is log R0 / log lambda, the time in which the population grows by a factor of R0 (as in popbio);
            if the growth rate is 1, it is the limit, which is that of the cohort. ``"parents"`` is the mean age of
            the parents of newborns in a population of stable structure. ``"cohort"`` is the mean age at which a
            cohort of newborns has its offspring. Individuals that breed in their first step are of age 1.
        """
        check_choice("definition", definition, individual.GENERATION_TIMES, "generation_time()")
        return individual.generation_time(*self._split(), self._perron, definition)

    def extinction_probability(self, initial: ArrayLike, steps: int) -> pd.Series:
        """Return the exact probability that nobody is left by each step, from demographic chance alone.

        Individuals live, move and breed independently: their transitions follow U, and their offspring are Poisson
        with means F.

        Parameters
        ----------
        initial : array_like of shape (k,)
            Whole numbers of individuals at the start.
        steps : int
            Number of steps.

        Returns
        -------
        Series
            Probability by step, from 0 to ``steps``.
        """
        U, F = self._split()
        start = read_state(initial, "initial", "extinction_probability()", len(self.matrix), self.stages)
        n = check_count("steps", steps, 1)
        values = individual.extinction(U, F, start, n)
        return pd.Series(values, pd.RangeIndex(n + 1, name="step"), name="probability")

    # ---- the short run

    def reactivity(self, initial: ArrayLike | None = None) -> float:
        """Return the growth in the first step divided by the growth rate.

        Parameters
        ----------
        initial : array_like of shape (k,), optional
            Numbers at the start. Without it, the largest value over all starts is returned.
        """
        return float(transients.first_step(self.matrix, self._settling(), self._start(initial)).max())

    def inertia(self, initial: ArrayLike | None = None) -> float:
        """Return the long-run size divided by that of a population of the same size with stable structure.

        Parameters
        ----------
        initial : array_like of shape (k,), optional
            Numbers at the start. Without it, the largest value over all starts is returned.
        """
        return float(transients.inertia(self._settling(), self._start(initial)).max())

    def transients(self, initial: ArrayLike | None = None) -> pd.DataFrame:
        """Return indices of transient dynamics, relative to size and long-run growth.

        Values are totals relative to a population that starts with the same size and the stable structure. The
        largest and the smallest are over all steps from 1 on, including the long run.

        Parameters
        ----------
        initial : array_like of shape (k,), optional
            Numbers at the start, of which only the shares matter. Without it, bounds over all starts are returned.

        Returns
        -------
        DataFrame
            Columns value and step (infinite if the value is approached in the long run). With ``initial``, the rows
            are first_step, max_amplification, max_attenuation and inertia. Without, they are first_step_amplification
            (reactivity), first_step_attenuation, max_amplification, max_attenuation, inertia_upper, inertia_lower,
            kreiss_upper and kreiss_lower. The Kreiss bounds hold for some start, and their step is NaN.

        Raises
        ------
        DataError
            If the matrix is not primitive, so that there is no stable state to compare with.

        References
        ----------
        Stott, Townley and Hodgson (2011), Ecology Letters 14, 959-970. Townley and Hodgson (2008), Journal of Applied
        Ecology 45, 1836-1839 (Kreiss bounds).

        Examples
        --------
        >>> MatrixPopulation([[0.5, 2.0], [0.3, 0.6]]).transients().round(4)
                                   value  step
        first_step_amplification  1.9605   1.0
        first_step_attenuation    0.6032   1.0
        max_amplification         1.9605   1.0
        max_attenuation           0.6032   1.0
        inertia_upper             1.8205   inf
        inertia_lower             0.6610   inf
        kreiss_upper              1.8205   NaN
        kreiss_lower              0.6610   NaN
        """
        return transients.index_table(
            self.matrix, self._settling(), self._start(initial), initial is not None
        )

    def _settling(self) -> Perron:
        transients.check_settles(self.matrix, type(self).__name__)
        return self._perron

    def _start(self, initial: ArrayLike | None) -> Array:
        where = type(self).__name__
        if initial is None:
            return np.eye(len(self.matrix))
        start = read_state(initial, "initial", where, len(self.matrix), self.stages)
        if not start.any():
            raise DataError(f"{where}: `initial` is 0 in every class.")
        return (start / start.sum())[:, None]

    # ---- over time

    def hamiltonian(self) -> Hamiltonian:
        """Return the Hamiltonian H = i log A, with which one step is A = exp(-i H).

        Returns
        -------
        Hamiltonian

        Raises
        ------
        DataError
            If the matrix is singular, as when the last class has no offspring. It then has no Hamiltonian.
        """
        return hamiltonian(self.matrix, type(self).__name__)

    def project(self, initial: ArrayLike, steps: int) -> Trajectory:
        """Return the numbers at steps 0 to ``steps``.

        Parameters
        ----------
        initial : array_like of shape (k,)
            Numbers at the start (step 0).
        steps : int

        Returns
        -------
        Trajectory

        Examples
        --------
        >>> MatrixPopulation([[0.0, 6.0], [0.5, 0.0]]).project([10.0, 0.0], 3).totals["n"].tolist()
        [10.0, 5.0, 30.0, 15.0]
        """
        start = read_state(initial, "initial", type(self).__name__, len(self.matrix), self.stages)
        return linear_trajectory(self.matrix, start, read_steps(steps), ("n",), (len(self.matrix),))

    def without(self, stages: Sequence[Any]) -> Self | MatrixPopulation:
        """Return the population without some stages, such as those that no longer breed.

        Parameters
        ----------
        stages : sequence
            Names of the stages to leave out.
        """
        unknown = [stage for stage in stages if stage not in self.stages]
        if unknown:
            raise DataError(
                f"without(): {unknown[0]!r} is no stage; they are {', '.join(map(str, self.stages))}."
            )
        kept = ~self.stages.isin(list(stages))
        cut = np.ix_(kept, kept)
        if self._U is None or self._F is None:
            return MatrixPopulation(self.matrix[cut], stages=list(self.stages[kept]))
        return MatrixPopulation(self._U[cut], self._F[cut], list(self.stages[kept]))
