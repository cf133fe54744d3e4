"""Two species with age classes: predator and prey, or competitors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.typing import Array
from statmodels_x.population.theory import last_species, leslie_gower
from statmodels_x.population.theory.closed_form import Scaled, binomial, power, sum_difference
from statmodels_x.population.theory.entries import read_array
from statmodels_x.population.theory.hamiltonian import Hamiltonian, hamiltonian
from statmodels_x.population.theory.last_species import LastSpeciesStanding
from statmodels_x.population.theory.leslie_gower import Outcome
from statmodels_x.population.theory.two_species import TwoSpecies, read_blocks


class PredatorPrey(TwoSpecies):
    r"""Prey x and predator y, each with age classes: x' = A x - B y, y' = D y + C x.

    Parameters
    ----------
    A : LeslieMatrix or array_like of shape (k1, k1)
        Step of the prey without predators.
    B : array_like of shape (k1, k2)
        Number of prey of each class that a predator of each class takes in a step.
    C : array_like of shape (k2, k1)
        Number of predators of each class that a prey of each class leads to.
    D : LeslieMatrix or array_like of shape (k2, k2)
        Step of the predator without prey.
    density : array_like of shape (2,), optional
        Self-limitation a_xx and a_yy per individual, for the density-dependent (Leslie-Gower) form. Both may be 0.
    saturation : float
        The constant c in C x / (1 + c N_x), per prey. With 0 the conversion is proportional to the prey. It needs
        ``density``.
    names : tuple of str
        Names of prey and predator.

    Raises
    ------
    DataError
        If a value is missing, negative or infinite, or if shapes do not match. The message names the argument.

    Notes
    -----
    All entries are nonnegative. With ``density`` and the totals :math:`N_x, N_y` the step is

    .. math::

        x' = \frac{A x - B y}{1 + a_{xx} N_x}, \qquad y' = \frac{D y}{1 + a_{yy} N_y} + \frac{C x}{1 + c N_x}.

    The linear system nearly always has a complex leading eigenvalue, and one of its species then becomes negative.
    See :meth:`last_species_standing`, and ``extinction`` of :meth:`trajectory`.

    Examples
    --------
    >>> lynx = PredatorPrey(A=1.1, B=0.3, C=0.2, D=0.8)
    >>> lynx.step([10.0], [5.0])
    (array([9.5]), array([6.]))
    >>> round(lynx.oscillation_period, 2)
    31.25
    >>> path = lynx.trajectory([10.0], [5.0], steps=12)
    >>> path.first_step_below_zero("prey")
    8
    """

    _predation = True

    def __init__(
        self,
        A: Any,
        B: ArrayLike,
        C: ArrayLike,
        D: Any,
        density: ArrayLike | None = None,
        saturation: float = 0.0,
        names: tuple[str, str] = ("prey", "predator"),
    ) -> None:
        table = None
        if density is not None:
            own = read_array(density, "density", "PredatorPrey", 1)
            if len(own) != 2:
                raise DataError("PredatorPrey: `density` must hold two numbers, a_xx and a_yy.")
            c = float(read_array([saturation], "saturation", "PredatorPrey", 1)[0])
            table = np.array([[own[0], 0.0], [c, own[1]]])
        elif saturation != 0.0:
            raise DataError(
                "PredatorPrey: `saturation` needs `density`; give density=(0, 0) for no other limit."
            )
        super().__init__(read_blocks(A, B, C, D, "PredatorPrey", predation=True), table, names)


class Competition(TwoSpecies):
    """Two competitors with age classes: x' = A x - B y, y' = D y - C x.

    Parameters
    ----------
    A : LeslieMatrix or array_like of shape (k1, k1)
        Step of species x alone.
    B : array_like of shape (k1, k2)
        What an individual of each class of y takes from each class of x in a step.
    C : array_like of shape (k2, k1)
        What an individual of each class of x takes from each class of y in a step.
    D : LeslieMatrix or array_like of shape (k2, k2)
        Step of species y alone.
    density : array_like of shape (2, 2), optional
        Density coefficients [[a_xx, a_xy], [a_yx, a_yy]] per individual, for the Leslie-Gower form.
    names : tuple of str
        Names of the species.

    Raises
    ------
    DataError
        If a value is missing, negative or infinite, or if shapes do not match. The message names the argument.

    Notes
    -----
    All entries are nonnegative. With ``density`` the steps of x and y are divided by :math:`1 + a_{xx} N_x + a_{xy}
    N_y` and :math:`1 + a_{yx} N_x + a_{yy} N_y`, where N are the totals. With B = C = 0 and one class each this is
    the competition model of Leslie and Gower, the discrete form of the Lotka-Volterra model.

    Examples
    --------
    >>> rivals = Competition([[0.4, 1.1], [0.6, 0.0]], 0.1 * np.eye(2), 0.2 * np.eye(2), [[0.5, 0.8], [0.7, 0.0]])
    >>> end = rivals.last_species_standing([6.0, 2.0], [3.0, 4.0])
    >>> end.winner, end.time_to_extinction
    ('x', 5)
    """

    _predation = False

    def __init__(
        self,
        A: Any,
        B: ArrayLike,
        C: ArrayLike,
        D: Any,
        density: ArrayLike | None = None,
        names: tuple[str, str] = ("x", "y"),
    ) -> None:
        table = None
        if density is not None:
            table = read_array(density, "density", "Competition", 2)
            if table.shape != (2, 2):
                raise DataError("Competition: `density` must be [[a_xx, a_xy], [a_yx, a_yy]].")
        super().__init__(read_blocks(A, B, C, D, "Competition", predation=False), table, names)

    @cached_copy
    def weights(self) -> Array:
        """The nonnegative matrix [[A, B], [C, D]], on which the theorem of the last species rests."""
        return np.abs(self.matrix)

    def last_species_standing(self, x0: ArrayLike, y0: ArrayLike) -> LastSpeciesStanding:
        """Determine which species remains, from the reproductive values at the start.

        Parameters
        ----------
        x0, y0 : array_like of shape (k1,) and (k2,)
            Nonnegative numbers in each class at the start.

        Returns
        -------
        LastSpeciesStanding

        Raises
        ------
        IdentificationError
            If the theorem does not hold (the coupling is reducible or imprimitive), or if the start is a tie. The
            message gives the reason.
        DataError
            If the system depends on density, or if a value of the start is not allowed.
        """
        self._only_linear("last_species_standing()", "use outcome()")
        return last_species.last_species_standing(self.weights, self.ages, self._state(x0, y0), self.names)

    def outcome(self) -> Outcome:
        """Determine the long-run outcome of Leslie-Gower competition without linear coupling (B = C = 0).

        Returns
        -------
        Outcome

        Raises
        ------
        DataError
            If the system is linear, or if B or C is not 0.

        Examples
        --------
        >>> zero = [[0.0]]
        >>> Competition(1.9, zero, zero, 1.7, density=[[0.002, 0.003], [0.003, 0.0035]]).outcome().outcome
        'x'
        """
        return leslie_gower.outcome(self._params, self.names)

    def _closed_form(self, start: Array, steps: NDArray[np.int64], method: str) -> Scaled:
        if method != "sum-difference":
            return super()._closed_form(start, steps, method)
        same = self.ages[0] == self.ages[1] and np.array_equal(self.A, self.D)
        if not same or not np.array_equal(self.B, self.C):
            raise DataError("closed_form(): the sum and difference form needs A = D and B = C.")
        k = self.ages[0]
        return sum_difference(self.A, self.B, start[:k], start[k:], steps)


class ComplexPredatorPrey(TwoSpecies):
    r"""Predator and prey with equal dynamics, as one complex population z = x + i y with z' = (A + i B) z.

    Parameters
    ----------
    A : LeslieMatrix or array_like of shape (k, k)
        Step of each species alone.
    B : array_like of shape (k, k)
        What a predator takes from the prey, and what a prey adds to the predators.
    names : tuple of str
        Names of prey and predator.

    Raises
    ------
    DataError
        If a value is missing, negative or infinite, or if shapes do not match. The message names the argument.

    Notes
    -----
    This is :class:`PredatorPrey` with D = A and C = B. With one class, z is multiplied by :math:`r e^{i\theta}` in
    each step, which is a rotation and a growth. If there are only prey at the start, the prey therefore reaches 0
    after :math:`\pi/(2\theta)` steps.

    Examples
    --------
    >>> turning = ComplexPredatorPrey(1.02, 0.3)
    >>> turning.trajectory([1.0], [0.0], steps=12).first_step_below_zero("prey")
    6
    """

    _predation = True

    def __init__(self, A: Any, B: ArrayLike, names: tuple[str, str] = ("prey", "predator")) -> None:
        super().__init__(read_blocks(A, B, B, A, "ComplexPredatorPrey", predation=True), None, names)

    @cached_copy
    def complex_matrix(self) -> NDArray[np.complex128]:
        """The complex matrix A + i B of one step."""
        return self.A + 1j * self.B

    def hamiltonian(self) -> Hamiltonian:
        """Return the Hamiltonian of z' = (A + i B) z; see :class:`Hamiltonian`.

        Returns
        -------
        Hamiltonian

        Examples
        --------
        For one class it is -theta + i log r:

        >>> found = ComplexPredatorPrey(1.02, 0.3).hamiltonian()
        >>> found.matrix.round(4)
        array([[-0.2861+0.0613j]])
        """
        return hamiltonian(self.complex_matrix, "ComplexPredatorPrey")

    def _closed_form(self, start: Array, steps: NDArray[np.int64], method: str) -> Scaled:
        k = self.ages[0]
        z = start[:k] + 1j * start[k:]
        if method == "binomial":
            rows, exponents = binomial(self.A, self.B, z, steps)
        elif method == "sum-difference":
            return super()._closed_form(start, steps, method)
        else:
            rows, exponents = power(self.complex_matrix, z, steps, method)
        return np.concatenate([rows.real, rows.imag], axis=1), exponents
