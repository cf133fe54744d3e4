"""Hamiltonians of linear populations: the logarithm of a step, and its form in ladder operators."""

from __future__ import annotations

import cmath
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.validation import check_count

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Complex = NDArray[np.complex128]

_SINGULAR = 1e-14  # smallest over largest singular value
_WORST_CONDITION = 1e6
_LARGEST_SPACE = 20_000
_ACCURATE = 1e-6


@dataclass(frozen=True, eq=False)
class Hamiltonian:
    r"""Hamiltonian H of a linear step L, with which one step is :math:`L = e^{-iH}`.

    Attributes
    ----------
    step : ndarray of shape (m, m)
        The step L, real or complex.
    generator : ndarray of complex, shape (m, m)
        Principal logarithm G = log L.

    Notes
    -----
    H = i G is Hermitian only if L is unitary, which it is not for a population that grows or declines. The
    eigenvalues of H are :math:`-\theta_j + i \log r_j`, where :math:`\theta_j` is the angle and :math:`r_j` the
    growth factor of the mode :math:`r_j e^{i\theta_j}`.

    The same step acts on many particles. With ladder operators :math:`[a_i, a_j^\dagger] = \delta_{ij}` and
    :math:`\hat G = \sum_{ij} G_{ij} a_i^\dagger a_j`, the operator :math:`e^{\hat G}` takes the (unnormalised)
    coherent state of the numbers x to that of L x, and :math:`\hat H = i\hat G` is the second-quantised Hamiltonian.

    Examples
    --------
    >>> from statmodels_x import LeslieMatrix
    >>> found = LeslieMatrix([0.6, 1.1], [0.5]).hamiltonian()
    >>> found.residual < 1e-12, found.is_hermitian
    (True, False)
    """

    step: NDArray
    generator: Complex

    @property
    def matrix(self) -> Complex:
        """The matrix H = i log L."""
        return 1j * self.generator

    @property
    def energies(self) -> Complex:
        """Eigenvalues of H: minus the angle of each mode, plus i times the logarithm of its growth factor."""
        return np.linalg.eigvals(self.matrix).astype(np.complex128)

    @property
    def is_hermitian(self) -> bool:
        """Whether H is Hermitian, so that a step preserves the length of the state vector."""
        return bool(np.allclose(self.matrix, self.matrix.conj().T, atol=1e-12))

    @cached_copy
    def residual(self) -> float:
        """Largest difference between exp(-i H) and the step, relative to the largest entry of the step."""
        from scipy.linalg import expm

        return float(np.abs(expm(self.generator) - self.step).max() / np.abs(self.step).max())

    def evolve(self, state: ArrayLike, time: float) -> Complex:
        """Return exp(-i H t) applied to a state.

        The time need not be a whole number. Between whole steps the numbers are complex in general, and a population
        has no real motion there.

        Parameters
        ----------
        state : array_like of shape (m,)
            Numbers at time 0.
        time : float
            The time t, in steps.

        Returns
        -------
        ndarray of complex, shape (m,)
        """
        from scipy.linalg import expm

        return np.asarray(expm(self.generator * time) @ np.asarray(state))

    def ladder(self, most: int = 12) -> LadderOperators:
        """Return the Hamiltonian in ladder operators, on states with a bounded number of particles.

        Parameters
        ----------
        most : int
            Largest number of particles in all modes together.

        Returns
        -------
        LadderOperators

        Raises
        ------
        DataError
            If the space has more than 20,000 dimensions.
        """
        modes = len(self.generator)
        size = comb(check_count("most", most, 1) + modes, modes)
        if size > _LARGEST_SPACE:
            raise DataError(
                f"ladder(): {modes} modes with up to {most} particles span {size} dimensions; at most "
                f"{_LARGEST_SPACE} are allowed. Give a smaller `most`."
            )
        return LadderOperators(self.step, self.generator, most)


@dataclass(frozen=True, eq=False)
class LadderOperators:
    """A quadratic Hamiltonian on the states with a bounded number of particles.

    It is made by :meth:`Hamiltonian.ladder`.

    Attributes
    ----------
    step : ndarray of shape (m, m)
        The linear step.
    generator : ndarray of shape (m, m)
        Its logarithm.
    most : int
        Largest number of particles in all modes together. The Hamiltonian conserves the number of particles, so the
        bound loses nothing: the states with up to ``most`` particles are a space of their own.
    """

    step: NDArray
    generator: Complex
    most: int

    @cached_copy
    def basis(self) -> list[tuple[int, ...]]:
        """Number of particles in each mode, one tuple for each basis state."""
        modes = range(len(self.generator))
        return [
            tuple(chosen.count(mode) for mode in modes)
            for total in range(self.most + 1)
            for chosen in combinations_with_replacement(modes, total)
        ]

    def hop(self, i: int, j: int) -> csr_matrix:
        """Return the operator that moves a particle from mode j to mode i (creation in i, annihilation in j).

        Parameters
        ----------
        i, j : int
            Modes, counted from 0.

        Returns
        -------
        scipy.sparse.csr_matrix
        """
        from scipy.sparse import csr_matrix

        place = {state: spot for spot, state in enumerate(self.basis)}
        rows, columns, values = [], [], []
        for column, state in enumerate(self.basis):
            if state[j] == 0:
                continue
            moved = list(state)
            moved[j] -= 1
            moved[i] += 1
            rows.append(place[tuple(moved)])
            columns.append(column)
            values.append(np.sqrt(state[j] * moved[i]))
        n = len(self.basis)
        return csr_matrix((values, (rows, columns)), shape=(n, n))

    @cached_copy
    def operator(self) -> csr_matrix:
        """Sum of the generator's entries (i, j) times ``hop(i, j)``; its exponential is one step."""
        modes = len(self.generator)
        terms = [self.generator[i, j] * self.hop(i, j) for i in range(modes) for j in range(modes)]
        return sum(terms[1:], terms[0])

    def coherent(self, numbers: ArrayLike) -> NDArray:
        """Return the unnormalised coherent state of given numbers, cut off at ``most`` particles.

        Parameters
        ----------
        numbers : array_like of shape (m,)
            The number in each mode.

        Returns
        -------
        ndarray
            One entry for each basis state.
        """
        x = np.asarray(numbers)
        factors = [[1.0 + 0.0 * value] for value in x]
        for own, value in zip(factors, x, strict=True):
            for n in range(1, self.most + 1):
                own.append(own[-1] * value / np.sqrt(n))
        return np.array([np.prod([own[n] for own, n in zip(factors, s, strict=True)]) for s in self.basis])

    def check(self, numbers: ArrayLike, steps: int = 1) -> float:
        """Return how far the evolved coherent state is from the coherent state of the evolved numbers.

        Parameters
        ----------
        numbers : array_like of shape (m,)
            The number in each mode at the start.
        steps : int
            Number of steps.

        Returns
        -------
        float
            Length of the difference, relative to the length of the second state.
        """
        from scipy.sparse.linalg import expm_multiply

        x = np.asarray(numbers)
        state = self.coherent(x).astype(complex)
        for _ in range(check_count("steps", steps, 1)):
            state = expm_multiply(self.operator, state, traceA=self.operator.trace())
            x = self.step @ x
        target = self.coherent(x)
        return float(np.linalg.norm(state - target) / np.linalg.norm(target))


def hamiltonian(step: NDArray, where: str) -> Hamiltonian:
    """Take the logarithm of a linear step.

    Raises
    ------
    DataError
        If the step is singular: it has no logarithm.
    IdentificationError
        If no accurate logarithm was found.
    """
    sizes = np.linalg.svd(step, compute_uv=False)
    if sizes[-1] <= _SINGULAR * sizes[0]:
        raise DataError(
            f"{where}: the step is singular (some combination of classes leaves no trace, as when the last class has "
            "no offspring), so that it has no logarithm and no Hamiltonian."
        )
    generator = _log_two(step) if len(step) == 2 else _log(step)
    found = Hamiltonian(step, generator)
    if found.residual > _ACCURATE:
        raise IdentificationError(
            f"{where}: the step is too close to a singular or defective one for its logarithm (exp(log L) misses L by "
            f"{found.residual:.0e})."
        )
    return found


def _log_two(step: NDArray) -> Complex:
    r"""Return the principal logarithm of a 2 by 2 matrix in closed form.

    With half the trace h and :math:`d = \sqrt{h^2 - \det}`, the eigenvalues are h + d and h - d, and the logarithm is
    the line through their logarithms; where they meet, its slope is 1/h.
    """
    (a, b), (c, e) = step.astype(complex)
    half = (a + e) / 2.0
    d = cmath.sqrt(((a - e) / 2.0) ** 2 + b * c)
    upper, lower = half + d, half - d
    determinant = a * e - b * c
    if abs(upper) < abs(lower):  # the smaller one without cancellation
        upper = determinant / lower
    else:
        lower = determinant / upper
    log_upper, log_lower = _log_of(upper), _log_of(lower)
    mean = (log_upper + log_lower) / 2.0
    slope = (log_upper - log_lower) / (2.0 * d) if abs(d) > 1e-7 * abs(half) else 1.0 / half
    return np.asarray(mean * np.eye(2) + slope * (step - half * np.eye(2)))


def _log_of(value: complex) -> complex:
    """Return the principal logarithm, with the angle pi for every negative number (one with -0 i too)."""
    return (
        complex(cmath.log(abs(value)).real, cmath.pi) if value.imag == 0.0 > value.real else cmath.log(value)
    )


def _log(step: NDArray) -> Complex:
    # eigenvalues of a real step come real or in exact pairs, so that none is on the wrong side of the cut
    values, vectors = np.linalg.eig(step)
    if np.linalg.cond(vectors) < _WORST_CONDITION:
        logs = [_log_of(complex(value)) for value in values]
        return np.asarray(vectors @ np.diag(logs) @ np.linalg.inv(vectors))
    from scipy.linalg import logm

    return np.asarray(logm(step.astype(complex)), dtype=complex)
