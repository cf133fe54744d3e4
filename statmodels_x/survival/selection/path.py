r"""The smooth information criterion over groups, followed as its corner sharpens.

.. math:: F_\varepsilon = -\ell + \frac\lambda2 \sum_g d_g\, \frac{q_g}{q_g + \varepsilon^2}

with q the variance of a group's contribution to its linear predictor. As epsilon falls to 0 each group counts fully
or not at all, and F is half the information criterion.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from statmodels_x.core.typing import Array
from statmodels_x.survival.selection.space import Chosen, Space

_FIRST, _LAST, _STEPS = 10.0, 1e-4, 30
_LIKELIHOOD_FLOOR, _PENALTY_FLOOR = 1e-8, 1e-10
_ARMIJO, _HALVINGS, _NEWTON_STEPS = 1e-4, 40, 60
_DONE = 1e-9
_IN = 1e-3  # standard deviations of the linear predictor
_UNDECIDED = (1e-5, 1e-2)


@dataclass(frozen=True)
class Path:
    """Where the criterion led.

    Attributes
    ----------
    epsilon : ndarray of shape (steps,)
    sizes : ndarray of shape (steps, groups)
        Standard deviation of each group's contribution to its linear predictor.
    chosen : frozenset of int
        Groups that are in at the end.
    undecided : tuple of int
        Groups of which the end does not tell.
    theta : ndarray of shape (p,)
        Coefficients at the end.
    """

    epsilon: Array = field(repr=False)
    sizes: Array = field(repr=False)
    chosen: Chosen
    undecided: tuple[int, ...]
    theta: Array = field(repr=False)


def follow(space: Space, start: Array, steps: int = _STEPS, pinned: tuple[int, ...] = ()) -> Path:
    """Follow the minimum from a wide epsilon to a narrow one.

    Parameters
    ----------
    space : Space
    start : ndarray of shape (p,)
        Coefficients of the full fit.
    steps : int
    pinned : tuple of int
        Coefficients that stay where they are, at a limit of the family.
    """
    penalty = Penalty.of(space)
    epsilon: Array = np.geomspace(_FIRST, _LAST, steps)
    u: Array = np.asarray(np.linalg.solve(space.transform, start), float)
    active = space.candidates.columns(space.everything)
    outside = np.setdiff1d(np.arange(len(u)), active)
    u[outside] = 0.0
    active = np.setdiff1d(active, np.array(pinned, int))
    sizes = []
    for width in map(float, epsilon):
        u = _minimum(space, penalty, u, width, active)
        sizes.append(np.sqrt(penalty.q(u)))
    last = sizes[-1]
    chosen = {k for k, size in zip(space.free, last, strict=True) if size > _IN}
    closed = space.candidates.closed(space.smallest | chosen)
    undecided = tuple(
        k for k, size in zip(space.free, last, strict=True) if _UNDECIDED[0] < size < _UNDECIDED[1]
    )
    return Path(epsilon, np.array(sizes), closed, undecided, space.transform @ u)


@dataclass(frozen=True)
class Penalty:
    """The penalty in whitened coordinates, where q is a sum of squares.

    Attributes
    ----------
    member : ndarray of shape (groups, p)
        1 where a coordinate belongs to a penalised group.
    half_price : float
        lam/2.
    """

    member: Array
    half_price: float

    @classmethod
    def of(cls, space: Space) -> Penalty:
        """Take the groups that are chosen or not."""
        member = np.zeros((len(space.free), len(space.transform)))
        for row, k in zip(member, space.free, strict=True):
            row[list(space.candidates.groups[k].columns)] = 1.0
        return cls(member, 0.5 * space.lam)

    def q(self, u: Array) -> Array:
        """Variance of each group's contribution."""
        return np.asarray(self.member @ (u * u))

    def value(self, u: Array, epsilon: float) -> float:
        """Half the price of the groups, each counted by how far it is in."""
        q = self.q(u)
        return float(self.half_price * np.sum(self.member.sum(axis=1) * q / (q + epsilon**2)))

    def derivatives(self, u: Array, epsilon: float, majorise: bool = False) -> tuple[Array, Array]:
        """Gradient, and the Hessian with absolute eigenvalues (or the majoriser's: phi is concave in q)."""
        q, size = self.q(u), self.member.sum(axis=1)
        first = size * epsilon**2 / (q + epsilon**2) ** 2
        second = -2.0 * size * epsilon**2 / (q + epsilon**2) ** 3
        each = 2.0 * first @ self.member
        curvature = np.diag(each)
        if not majorise:  # within a group: 2 f1 I + 4 f2 b b', whose eigenvalue along b may be negative
            along = (np.abs(2.0 * first + 4.0 * second * q) - 2.0 * first) / np.where(q > 0.0, q, 1.0)
            curvature += (self.member.T * along) @ self.member * np.outer(u, u)
        return self.half_price * each * u, self.half_price * curvature


def _minimum(space: Space, penalty: Penalty, u: Array, epsilon: float, active: NDArray[np.intp]) -> Array:
    """Newton's method with absolute eigenvalues and halving; the majoriser where a step finds nothing lower."""
    value, score, information = space.derivatives(space.transform @ u)
    here = -value + penalty.value(u, epsilon)
    for _ in range(_NEWTON_STEPS):
        likelihood = _absolute(information[np.ix_(active, active)])
        for majorise in (False, True):
            slope, curvature = penalty.derivatives(u, epsilon, majorise)
            gradient = (slope - score)[active]
            step = -_solve(likelihood + curvature[np.ix_(active, active)], gradient)
            decrement = -float(gradient @ step)
            if decrement < 2.0 * _DONE:
                return u
            found = _halved(space, penalty, u, epsilon, active, step, here, decrement)
            if found is not None:
                break
        else:
            return u
        u, here, score, information = found
    return u


def _halved(
    space: Space,
    penalty: Penalty,
    u: Array,
    epsilon: float,
    active: NDArray[np.intp],
    step: Array,
    here: float,
    decrement: float,
) -> tuple[Array, float, Array, Array] | None:
    """Return the first point along a step that is lower enough, with its derivatives."""
    length = 1.0
    for _ in range(_HALVINGS):
        there = u.copy()
        there[active] += length * step
        with np.errstate(over="ignore", invalid="ignore"):
            value, score, information = space.derivatives(space.transform @ there)
        criterion = -value + penalty.value(there, epsilon)
        usable = np.isfinite(value + score.sum() + information.sum())
        if usable and criterion <= here - _ARMIJO * length * decrement:
            return there, criterion, score, information
        length *= 0.5
    return None


def _absolute(information: Array) -> Array:
    values, vectors = np.linalg.eigh(information)
    size = np.abs(values)
    size = np.maximum(size, _LIKELIHOOD_FLOOR * max(size.max(initial=0.0), 1.0))
    return np.asarray((vectors * size) @ vectors.T)


def _solve(matrix: Array, right: Array) -> Array:
    """Solve a positive definite system whose entries span many orders, scaled by its diagonal."""
    size = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled = matrix / np.outer(size, size)
    scaled += _PENALTY_FLOOR * np.eye(len(size))
    try:
        return np.asarray(cho_solve(cho_factor(scaled), right / size) / size)
    except LinAlgError:
        values, vectors = np.linalg.eigh(scaled)
        values = np.maximum(np.abs(values), _PENALTY_FLOOR)
        return np.asarray(vectors @ ((vectors.T @ (right / size)) / values) / size)
