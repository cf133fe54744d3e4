"""One step of two species with age classes, as a pure function of numbers and parameters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from statmodels_x.population.entries import Array


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


def step(state: Array, params: Parameters) -> Array:
    r"""Return the numbers one step later.

    Parameters
    ----------
    state : ndarray
        Classes of x, then of y.
    params : Parameters

    Returns
    -------
    ndarray

    Notes
    -----
    With the totals :math:`N_x, N_y`, the steps are for competition

    .. math::

        x' = \frac{A x - B y}{1 + a_{xx} N_x + a_{xy} N_y}, \qquad
        y' = \frac{D y - C x}{1 + a_{yx} N_x + a_{yy} N_y},

    and for predation

    .. math::

        x' = \frac{A x - B y}{1 + a_{xx} N_x}, \qquad y' = \frac{D y}{1 + a_{yy} N_y} + \frac{C x}{1 + a_{yx} N_x}.
    """
    k = len(params.A)
    x, y = state[:k], state[k:]
    own_x, own_y = params.A @ x - params.B @ y, params.D @ y
    taken = params.C @ x
    if params.density is None:
        return np.concatenate([own_x, own_y + taken if params.predation else own_y - taken])
    (a_xx, a_xy), (a_yx, a_yy) = params.density
    n_x, n_y = x.sum(), y.sum()
    if params.predation:
        return np.concatenate(
            [own_x / (1.0 + a_xx * n_x), own_y / (1.0 + a_yy * n_y) + taken / (1.0 + a_yx * n_x)]
        )
    return np.concatenate(
        [own_x / (1.0 + a_xx * n_x + a_xy * n_y), (own_y - taken) / (1.0 + a_yx * n_x + a_yy * n_y)]
    )
