"""One step of two species with age classes that depends on their density: the step of the fits, on given numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array


class Parameters(NamedTuple):
    """What a step needs to know.

    Attributes
    ----------
    A, B, C, D : ndarray
        Nonnegative blocks.
    predation : bool
        Whether y gains C x; else it loses it.
    density : ndarray of shape (2, 2) or None
        ``[[a_xx, a_xy], [a_yx, a_yy]]``; None for the linear system.
    """

    A: Array
    B: Array
    C: Array
    D: Array
    predation: bool
    density: Array | None = None


def stepper(params: Parameters) -> Callable[[Array, int], Array]:
    r"""Make the step of a density-dependent system.

    Parameters
    ----------
    params : Parameters

    Returns
    -------
    callable
        (numbers divided by a power of two, its exponent) -> numbers one step later, divided by the same.

    Notes
    -----
    With the totals :math:`N_x, N_y`, the steps are for competition

    .. math::

        x' = \frac{A x - B y}{1 + a_{xx} N_x + a_{xy} N_y}, \qquad
        y' = \frac{D y - C x}{1 + a_{yx} N_x + a_{yy} N_y},

    and for predation

    .. math::

        x' = \frac{A x - B y}{1 + a_{xx} N_x}, \qquad y' = \frac{D y}{1 + a_{yy} N_y} + \frac{C x}{1 + a_{yx} N_x}.

    A total below 0 has no effect on the density terms.
    """
    from statmodels_x.population.kernels.recursion import advance

    k = len(params.A)
    entries, signs, values = _entries(params)
    (a_xx, a_xy), (a_yx, a_yy) = np.zeros((2, 2)) if params.density is None else params.density
    limits = np.array([a_xx, 0.0, 0.0, a_yy, a_yx] if params.predation else [a_xx, a_xy, a_yx, a_yy, 0.0])
    places = len(values) + np.arange(5)

    def step(state: Array, exponent: int) -> Array:
        scaled = limits * 2.0 ** min(exponent, 1000)  # coefficients per unit of the scaled numbers
        N = np.array([state[:k].sum(), state[k:].sum()])
        out = np.empty(len(state))
        advance(entries, signs, places, False, np.concatenate([values, scaled]), state, N, np.empty(3), out)
        return out

    return step


def _entries(params: Parameters) -> tuple[NDArray[np.int64], Array, Array]:
    """List the entries of the blocks with their divisors, as the recursion takes them."""
    k = len(params.A)
    gain = (1.0, 2) if params.predation else (-1.0, 1)
    blocks = (
        (params.A, 0, 0, 1.0, 0),
        (params.B, 0, k, -1.0, 0),
        (params.C, k, 0, *gain),
        (params.D, k, k, 1.0, 1),
    )
    rows: list[tuple[int, int, int, int]] = []
    signs: list[float] = []
    values: list[float] = []
    for block, top, left, sign, group in blocks:
        for i, j in np.argwhere(block != 0.0):
            rows.append((top + int(i), left + int(j), len(values), group))
            signs.append(sign)
            values.append(float(block[i, j]))
    return np.array(rows, np.int64).reshape(-1, 4), np.array(signs), np.array(values)
