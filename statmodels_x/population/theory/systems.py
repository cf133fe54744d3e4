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
        Prey without predators.
    B : array_like of shape (k1, k2)
        Prey of each class that a predator of each class takes in a step.
    C : array_like of shape (k2, k1)
        Predators of each class that come of a prey of each class.
    D : LeslieMatrix or array_like of shape (k2, k2)
        Predators without prey.
    density : array_like of shape (2,), optional
        Self-limitation a_xx and a_yy, per individual: the Leslie-Gower member. Both may be 0.
    saturation : float
        c in C x / (1 + c N_x), per prey; 0 is conversion in proportion. Needs ``density``.
    names : tuple of str
        Prey and predator.

    Raises
    ------
    DataError
        If a value is missing, negative or infinite, or shapes do not go together; the argument is named.

    Notes
    -----
    All entries are nonnegative. With ``density``, :math:`N_x, N_y` the totals,

    .. math::

        x' = \frac{A x - B y}{1 + a_{xx} N_x}, \qquad y' = \frac{D y}{1 + a_{yy} N_y} + \frac{C x}{1 + c N_x}.

    The linear system nearly always has a complex leading eigenvalue, and then turns a species negative: see
    :meth:`last_species_standing` and ``extinction`` of :meth:`trajectory`.

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
    r"""Two competitors with age classes: x' = A x - B y, y' = D y - C x.

    Parameters
    ----------
    A : LeslieMatrix or array_like of shape (k1, k1)
        Species x alone.
    B : array_like of shape (k1, k2)
        What an individual of y takes from x.
    C : array_like of shape (k2, k1)
        What an individual of x takes from y.
    D : LeslieMatrix or array_like of shape (k2, k2)
        Species y alone.
    density : array_like of shape (2, 2), optional
        [[a_xx, a_xy], [a_yx, a_yy]], per individual: the Leslie-Gower member.
    names : tuple of str

    Raises
    ------
    DataError
        If a value is missing, negative or infinite, or shapes do not go together; the argument is named.

    Notes
    -----
    All entries are nonnegative. With ``density`` the steps of x and y are divided by
    :math:`1 + a_{xx} N_x + a_{xy} N_y` and :math:`1 + a_{yx} N_x + a_{yy} N_y`, N the totals; with B = C = 0 and one
    class each this is the competition of Leslie and Gower, the discrete Lotka-Volterra model.

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
        """The nonnegative matrix [[A, B], [C, D]], which the theorem is about."""
        return np.abs(self.matrix)

    def last_species_standing(self, x0: ArrayLike, y0: ArrayLike) -> LastSpeciesStanding:
        """Say which species remains, by the reproductive values of the start.

        Parameters
        ----------
        x0, y0 : array_like
            Numbers in each class at the start.

        Returns
        -------
        LastSpeciesStanding

        Raises
        ------
        IdentificationError
            If the theorem does not hold (reducible or imprimitive coupling) or the start is a tie; with the reason.
        DataError
            If the system depends on density, or a value of the start is not allowed.
        """
        self._only_linear("last_species_standing()", "use outcome()")
        return last_species.last_species_standing(self.weights, self.ages, self._state(x0, y0), self.names)

    def outcome(self) -> Outcome:
        """Say where Leslie-Gower competition without linear coupling (B = C = 0) ends: see :class:`Outcome`.

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
    r"""Predator and prey that are alike, as one complex population z = x + i y with z' = (A + i B) z.

    Parameters
    ----------
    A : LeslieMatrix or array_like of shape (k, k)
        Each species alone.
    B : array_like of shape (k, k)
        What a predator takes from the prey, and a prey gives to the predators.
    names : tuple of str

    Raises
    ------
    DataError
        If a value is missing, negative or infinite, or shapes do not go together; the argument is named.

    Notes
    -----
    This is :class:`PredatorPrey` with D = A and C = B. For one class the factor is :math:`r e^{i\theta}`: a turn and a
    gain, so that from a start with prey alone the prey reaches 0 after :math:`\pi/(2\theta)` steps.

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
        """A + i B."""
        return self.A + 1j * self.B

    def hamiltonian(self) -> Hamiltonian:
        """Return the Hamiltonian of z' = (A + i B) z; see :class:`Hamiltonian`.

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
