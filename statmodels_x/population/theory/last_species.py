"""Last species standing: which of two competitors remains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statmodels_x.core.errors import IdentificationError
from statmodels_x.core.typing import Array
from statmodels_x.population.theory.perron import is_irreducible, period, perron, spectral_radius
from statmodels_x.population.theory.trajectory import linear_trajectory, split_scale

_TIE = 1e-12
_MOST_STEPS = 100_000
_BEYOND = 20  # steps
_WHERE = "last_species_standing()"


@dataclass(frozen=True)
class LastSpeciesStanding:
    """The winner of a linear competition, and how it wins.

    It is made by :meth:`Competition.last_species_standing() <statmodels_x.Competition.last_species_standing>`.

    Attributes
    ----------
    winner : str
        Species that remains.
    loser : str
        Species that dies out: all of its classes become negative.
    margin : float
        p.x0 - q.y0 with the reproductive values (p, q), which sum to 1 over all classes. Its sign decides the winner.
    relative_margin : float
        The margin divided by p.x0 + q.y0, between -1 and 1.
    growth_factor : float
        Long-run growth factor per step.
    time_to_extinction : int
        First step from which on the loser's total is never positive again.
    settled : int
        First step at which no class of the loser is positive and no class of the winner is negative. No later step
        can change this, so it proves the outcome.
    first_to_zero : str
        Species whose total is the first to fall to 0. If it is not the loser, the winner returns from a negative
        total.
    left_by_removal : tuple of str
        Species that are left if a species is removed when its total is 0 or below. As a rule this is the winner, but
        it can be the loser or none.
    """

    winner: str
    loser: str
    margin: float
    relative_margin: float
    growth_factor: float
    time_to_extinction: int
    settled: int
    first_to_zero: str
    left_by_removal: tuple[str, ...]


def last_species_standing(
    weights: Array, sizes: tuple[int, ...], start: Array, names: tuple[str, ...]
) -> LastSpeciesStanding:
    r"""Apply the theorem, and follow the numbers until they prove its verdict.

    Parameters
    ----------
    weights : ndarray
        The matrix [[A, B], [C, D]] of the competition x' = A x - B y, y' = D y - C x.
    sizes : tuple of int
        Classes of each species.
    start : ndarray
    names : tuple of str

    Raises
    ------
    IdentificationError
        If the theorem does not hold, or the start is too close to a tie to call; with the reason.

    Notes
    -----
    With S = diag(I, -I), the system is M = S N S for the nonnegative N, and :math:`S w_n = N^n S w_0`. If N is
    primitive with the growth factor :math:`\rho`, left vector (p; q) and right vector (u; v), all positive,

    .. math::

        w_n = \rho^n\, \frac{p^\top x_0 - q^\top y_0}{p^\top u + q^\top v}\, (u; -v) + O(|\lambda_2|^n n^m).

    As soon as S w is nonnegative it stays so, since N is nonnegative.
    """
    _check_theorem(weights, sizes)
    vectors = perron(weights)
    values = vectors.left / vectors.left.sum()
    k = sizes[0]
    for_x, for_y = float(values[:k] @ start[:k]), float(values[k:] @ start[k:])
    margin, total = for_x - for_y, for_x + for_y
    if abs(margin) <= _TIE * total:
        raise IdentificationError(
            f"{_WHERE}: the reproductive values of the two species at the start are equal ({for_x:.6g}), so that "
            "rounding would decide; both species coexist from exactly such a start, and from no other."
        )
    winner = 0 if margin > 0.0 else 1
    signs = np.repeat([1.0, -1.0], sizes) * (1.0 if winner == 0 else -1.0)
    extinction, settled, first = _follow(weights, k, signs * start, winner)
    return LastSpeciesStanding(
        names[winner],
        names[1 - winner],
        margin,
        margin / total,
        vectors.root,
        extinction,
        settled,
        names[first],
        _left(weights, sizes, start, names, settled),
    )


def _left(
    weights: Array, sizes: tuple[int, ...], start: Array, names: tuple[str, ...], settled: int
) -> tuple[str, ...]:
    """Follow the species under the rule of extinction, some way beyond the proof of the other outcome."""
    signs = np.repeat([1.0, -1.0], sizes)
    path = linear_trajectory(
        np.outer(signs, signs) * weights, start, settled + _BEYOND, names, sizes, remove=True
    )
    return tuple(name for name in names if name not in path.extinct)


def _check_theorem(weights: Array, sizes: tuple[int, ...]) -> None:
    if len(sizes) != 2:
        raise IdentificationError(
            f"{_WHERE}: the theorem is for two species, not {len(sizes)}: with more, no choice of signs makes every "
            "coupling nonnegative, and the leading vector may split one against two or turn round. Simulate instead."
        )
    k = sizes[0]
    if not weights[:k, k:].any() and not weights[k:, :k].any():
        rates = spectral_radius(weights[:k, :k]), spectral_radius(weights[k:, k:])
        raise IdentificationError(
            f"{_WHERE}: the species do not interact (B = C = 0), so that neither removes the other; alone they grow by "
            f"{rates[0]:.6g} and {rates[1]:.6g} a step."
        )
    if not is_irreducible(weights):
        raise IdentificationError(
            f"{_WHERE}: the matrix [[A, B], [C, D]] is reducible: some class has no effect on some other, however long "
            "one waits, so that the reproductive values need not be positive. Look for zeros in B, C or the last "
            "fecundities, or simulate."
        )
    waves = period(weights)
    if waves > 1:
        raise IdentificationError(
            f"{_WHERE}: the matrix [[A, B], [C, D]] is imprimitive: waves of period {waves} never die away, and the "
            "leading term does not decide the signs. Simulate instead."
        )


def _follow(weights: Array, k: int, state: Array, winner: int) -> tuple[int, int, int]:
    """Step numbers whose sign is turned so that positive means the winner, until all are."""
    own = slice(0, k) if winner == 0 else slice(k, None)
    other = slice(k, None) if winner == 0 else slice(0, k)
    extinction = 0
    first: int | None = None
    for step in range(_MOST_STEPS + 1):
        if -state[other].sum() > 0.0:
            extinction = step + 1
        elif first is None:
            first = 1 - winner
        if first is None and state[own].sum() <= 0.0:
            first = winner
        if state.min() >= 0.0:
            return extinction, step, 1 - winner if first is None else first
        state, _ = split_scale(weights @ state)
    raise IdentificationError(
        f"{_WHERE}: after {_MOST_STEPS} steps both species still have members: the start is too close to a tie, or the "
        "second eigenvalue to the first, to see the end."
    )
