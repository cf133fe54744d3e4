"""What all systems of two species share."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_count
from statmodels_x.population.theory import growth
from statmodels_x.population.theory.closed_form import Scaled, power
from statmodels_x.population.theory.dynamics import Parameters, stepper
from statmodels_x.population.theory.entries import read_matrix, read_state, read_steps
from statmodels_x.population.theory.growth import GrowthFactor
from statmodels_x.population.theory.hamiltonian import Hamiltonian, hamiltonian
from statmodels_x.population.theory.perron import ordered_eigenvalues
from statmodels_x.population.theory.trajectory import Trajectory, linear_trajectory, run, split_scale

METHODS = ("auto", "spectral", "schur", "binomial", "sum-difference")
POLICIES = ("none", "total")


class TwoSpecies:
    """Two species whose numbers in age classes follow a linear or Leslie-Gower step.

    Attributes
    ----------
    A, B, C, D : ndarray
        Blocks of the step, all nonnegative.
    density : ndarray of shape (2, 2) or None
        Density coefficients; None for a linear system.
    names : tuple of str
        Names of the species.
    ages : tuple of int
        Number of classes of each species.
    """

    _predation: bool

    def __init__(
        self, blocks: tuple[Array, Array, Array, Array], density: Array | None, names: tuple[str, str]
    ) -> None:
        where = type(self).__name__
        self.A, self.B, self.C, self.D = blocks
        self.density = density
        named = isinstance(names, tuple | list) and len(names) == 2 and all(isinstance(n, str) for n in names)
        if not named or names[0] == names[1]:
            raise DataError(f"{where}: `names` is {names!r}; give two different names.")
        self.names = (names[0], names[1])
        self.ages = (len(self.A), len(self.D))

    def __repr__(self) -> str:
        kind = "linear" if self.density is None else "Leslie-Gower"
        classes = f"{self.ages[0]} + {self.ages[1]} classes"
        return f"<{type(self).__name__}: {self.names[0]} and {self.names[1]}, {classes}, {kind}>"

    @property
    def _params(self) -> Parameters:
        return Parameters(self.A, self.B, self.C, self.D, self._predation, self.density)

    @cached_copy
    def matrix(self) -> Array:
        """Matrix of the linear step: [[A, -B], [C, D]] for predation, [[A, -B], [-C, D]] for competition."""
        lower = self.C if self._predation else -self.C
        return np.block([[self.A, -self.B], [lower, self.D]])

    @cached_copy
    def eigenvalues(self) -> NDArray[np.complex128]:
        """Eigenvalues of the linear step, by decreasing modulus."""
        return ordered_eigenvalues(self.matrix)

    @property
    def oscillation_period(self) -> float:
        """Period of the leading mode of the linear step, in steps; infinite if it does not oscillate."""
        angle = abs(float(np.angle(self.eigenvalues[0])))
        return 2.0 * math.pi / angle if angle > 1e-12 else math.inf

    # ---- over time

    def _state(self, x0: ArrayLike, y0: ArrayLike) -> Array:
        where = type(self).__name__
        state = np.concatenate(
            [read_state(x0, "x0", where, self.ages[0]), read_state(y0, "y0", where, self.ages[1])]
        )
        if not state.any():
            raise DataError(f"{where}: `x0` and `y0` are 0 in every class; nobody is there.")
        return state

    def step(self, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """Return the numbers of both species one step later, without any rule of extinction.

        Parameters
        ----------
        x, y : array_like of shape (k1,) and (k2,)
            Numbers in each class. They must be finite, and may be negative.

        Returns
        -------
        x, y : ndarray of shape (k1,) and (k2,)
            Numbers one step later.
        """
        where, k = type(self).__name__, self.ages[0]
        state = np.concatenate([_any_sign(x, "x", where, k), _any_sign(y, "y", where, self.ages[1])])
        new = self.matrix @ state if self.density is None else stepper(self._params)(state, 0)
        return new[:k], new[k:]

    def trajectory(
        self, x0: ArrayLike, y0: ArrayLike, steps: int, extinction: str | None = None
    ) -> Trajectory:
        """Compute the numbers of both species step by step.

        Parameters
        ----------
        x0, y0 : array_like of shape (k1,) and (k2,)
            Nonnegative numbers in each class at the start.
        steps : int
            Number of steps.
        extinction : {"none", "total"}, optional
            ``"total"`` removes a species for good when its total is 0 or below after a step; single classes may be
            negative for a while. ``"none"`` continues through negative numbers, as the theory of linear systems
            needs. The default is ``"none"`` for a linear system, and ``"total"`` for a density-dependent one, which
            has no meaning for negative totals.

        Returns
        -------
        Trajectory
            Its numbers are stored with a separate exponent, so that they do not overflow after any number of steps.
        """
        start, n = self._state(x0, y0), read_steps(steps)
        policy = ("none" if self.density is None else "total") if extinction is None else extinction
        remove = check_choice("extinction", policy, POLICIES, "trajectory()") == "total"
        if self.density is None:
            return linear_trajectory(self.matrix, start, n, self.names, self.ages, remove)
        later = stepper(self._params)

        def step(state: Array, exponent: int) -> tuple[Array, int]:
            new, more = split_scale(later(state, exponent))
            return new, exponent + more

        return run(step, start, n, self.names, self.ages, remove)

    def closed_form(self, x0: ArrayLike, y0: ArrayLike, steps: Any, method: str = "auto") -> Trajectory:
        """Compute the numbers at given steps by a closed form, without the steps between them.

        Parameters
        ----------
        x0, y0 : array_like of shape (k1,) and (k2,)
            Nonnegative numbers in each class at the start.
        steps : int or sequence of int
            A number of steps, or increasing step numbers.
        method : {"auto", "spectral", "schur", "binomial", "sum-difference"}
            ``"spectral"`` uses eigenvectors. ``"schur"`` uses powers of the triangular Schur factor, which exist for
            defective matrices too. ``"auto"`` uses the first unless the eigenvectors are nearly dependent.
            ``"binomial"`` is the binomial sum of a complex system with A B = B A. ``"sum-difference"`` is for
            symmetric competition, with A = D and B = C.

        Returns
        -------
        Trajectory

        Raises
        ------
        DataError
            If the system is density-dependent, or if the form does not hold for it.
        """
        self._only_linear("closed_form()", "use trajectory()")
        check_choice("method", method, METHODS, "closed_form()")
        wanted = _step_numbers(steps)
        rows, exponents = self._closed_form(self._state(x0, y0), wanted, method)
        return Trajectory(wanted, rows, exponents, self.names, self.ages, {})

    def _closed_form(self, start: Array, steps: NDArray[np.int64], method: str) -> Scaled:
        if method in ("binomial", "sum-difference"):
            owner = "ComplexPredatorPrey" if method == "binomial" else "Competition"
            raise DataError(f"closed_form(): the method {method!r} is for {owner} only.")
        return power(self.matrix, start, steps, method)

    def _only_linear(self, what: str, instead: str) -> None:
        if self.density is not None:
            raise DataError(f"{what} is for linear systems; this one depends on density. Instead, {instead}.")

    # ---- growth, and the Hamiltonian

    def growth_factor(self) -> GrowthFactor:
        """Return the growth factor of the linear step, exactly and to first order in the coupling.

        Returns
        -------
        GrowthFactor
            It says whether the approximation is valid. For a density-dependent system it is the growth factor at low
            numbers.
        """
        return growth.growth_factor(self.matrix, self._params, self.names)

    def hamiltonian(self) -> Hamiltonian:
        """Return the Hamiltonian H = i log M of the linear step M.

        Returns
        -------
        Hamiltonian

        Raises
        ------
        DataError
            If M is singular, or if the system depends on density.
        """
        self._only_linear("hamiltonian()", "set `density` to None")
        return hamiltonian(self.matrix, type(self).__name__)

    def last_species_standing(self, x0: ArrayLike, y0: ArrayLike) -> Any:
        """Raise an error: the theorem of the last species standing is about competition.

        Parameters
        ----------
        x0, y0 : array_like
            Not used.

        Raises
        ------
        IdentificationError
            Always.
        """
        raise IdentificationError(
            "last_species_standing(): the theorem is about competition. A predator gains from its prey, so that no "
            "choice of signs makes the system nonnegative, and its leading eigenvalue is complex as a rule "
            f"(here {self.eigenvalues[0]:.4g}): look at trajectory(..., extinction='total')."
        )

    def plot_eigenvalues(self, ax: Any = None) -> Any:
        """Plot the eigenvalues of the linear step in the complex plane, with the unit circle.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on. A new figure is made by default.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from statmodels_x.population.theory.plots import plot_eigenvalues

        return plot_eigenvalues(self.eigenvalues, ax)


def read_blocks(
    A: Any, B: Any, C: Any, D: Any, where: str, predation: bool
) -> tuple[Array, Array, Array, Array]:
    """Check the four blocks of a step."""
    own_x, own_y = read_matrix(A, "A", where), read_matrix(D, "D", where)
    k1, k2 = len(own_x), len(own_y)
    rule = "B has a row for each class of A and a column for each of D, C the other way round."
    out = read_matrix(B, "B", where, (k1, k2), rule)
    back = read_matrix(C, "C", where, (k2, k1), rule)
    entering = own_y + back.sum(axis=1)[:, None] if predation else own_y
    for name, rows in (("A", own_x), ("D", entering)):
        empty = ~rows.any(axis=1)
        if empty.any():
            row = int(np.argmax(empty)) + 1
            also = " and of `C`" if predation and name == "D" else ""
            raise DataError(
                f"{where}: row {row} of `{name}`{also} is 0 throughout, so that nobody enters this class; leave it out."
            )
    return own_x, out, back, own_y


def _any_sign(value: ArrayLike, name: str, where: str, k: int) -> Array:
    try:
        state = np.atleast_1d(np.asarray(value, dtype=float))
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{where}: `{name}` cannot be read as numbers ({error}).") from error
    if state.shape != (k,) or not np.all(np.isfinite(state)):
        raise DataError(f"{where}: `{name}` must hold {k} finite number(s), one for each age class.")
    return state


def _step_numbers(steps: Any) -> NDArray[np.int64]:
    if np.ndim(steps) == 0:
        return np.arange(read_steps(steps) + 1)
    wanted = [check_count("steps", step, 0) for step in steps]
    if not wanted or any(b <= a for a, b in pairwise(wanted)) or wanted[-1] > 2**62:
        raise DataError("closed_form(): `steps` must be a number, or increasing whole numbers.")
    return np.array(wanted, dtype=np.int64)
