r"""Gauss-Legendre rules for integrands that may be infinite, or infinitely steep, at the ends of their interval.

A Weibull hazard of power p below 1 behaves like :math:`t^{p-1}` at 0 of its clock. A rule that knows smooth functions
alone is then off in the third digit. Nodes that approach the end as a power of the distance, by a map whose slope is 0
there, take the singularity away.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from statmodels_x.core.typing import Array

_LEAST = 6  # nodes of a piece, however short
_FLAT = 5.0  # power of the distance to either end with which nodes approach it


@lru_cache(64)
def legendre_nodes(n: int) -> tuple[Array, Array]:
    """Nodes in (0, 1) and weights for smooth integrands."""
    x, w = np.polynomial.legendre.leggauss(n)
    return _fixed(0.5 * (x + 1.0)), _fixed(0.5 * w)


@lru_cache(8)
def cube_root_nodes(n: int) -> tuple[Array, Array]:
    """Nodes in (0, 1) and weights for integrands that are smooth in the cube root of the distance to 0."""
    x, w = legendre_nodes(n)
    return _fixed(x**3), _fixed(3.0 * w * x * x)


def cut_cube_root_nodes(low: Array, high: Array, breaks: Array, n: int) -> tuple[Array, Array]:
    """Nodes and weights of many intervals for integrands that jump at breaks, and are smooth in the cube root between.

    Parameters
    ----------
    low, high : ndarray of shape (m,)
    breaks : ndarray of shape (m, k)
        Where the integrand of each interval jumps, in any order; those outside do not count.
    n : int
        Nodes of a whole interval without breaks; pieces have them in proportion, and a few more.

    Returns
    -------
    nodes, weights : ndarray of shape (m, number of nodes)
        Nodes do not fall from left to right; pieces that an interval has not got have weights of 0 at its end.
    """
    span = np.maximum(high - low, 0.0)
    where = np.cbrt((breaks - low[:, None]) / np.where(span > 0.0, span, 1.0)[:, None])
    inside = (breaks > low[:, None]) & (breaks < high[:, None])
    ends = np.sort(np.where(inside, where, 1.0), axis=1)
    edges = np.column_stack([np.zeros(len(span)), ends, np.ones(len(span))])
    nodes, weights = [], []
    for left, width in zip(edges[:, :-1].T, np.diff(edges).T, strict=True):
        widest = width.max(initial=0.0)
        if widest > 0.0 or not len(span):
            x, w = legendre_nodes(n if widest == 1.0 else _LEAST + int(np.ceil(n * widest)))
            place = left[:, None] + width[:, None] * x
            nodes.append(low[:, None] + span[:, None] * place**3)
            weights.append(span[:, None] * width[:, None] * 3.0 * w * place**2)
    return np.hstack(nodes), np.hstack(weights)


@lru_cache(8)
def spread_nodes(n: int) -> tuple[Array, Array, Array]:
    """Nodes in (0, 1), one minus them without cancellation, and weights; the slope of the map is 0 at both ends."""
    from scipy.special import beta, betainc

    x, w = legendre_nodes(n)
    y = 1.0 - x
    slope = (x * y) ** (_FLAT - 1.0) / beta(_FLAT, _FLAT)
    return _fixed(betainc(_FLAT, _FLAT, x)), _fixed(betainc(_FLAT, _FLAT, y)), _fixed(w * slope)


def spread_over(low: float, high: float, breaks: Array, n: int) -> tuple[Array, Array]:
    """Nodes and weights over (low, high), with a rule of its own that holds at both ends in each piece between breaks.

    Parameters
    ----------
    low, high : float
    breaks : ndarray
        Where the integrand jumps; those outside do not count.
    n : int
        Nodes in each piece.

    Returns
    -------
    nodes, weights : ndarray
    """
    inside = breaks[(breaks > low) & (breaks < high)]
    edges = np.concatenate([[low], inside, [high]])
    below, _, weights = spread_nodes(n)
    span = np.diff(edges)
    return (edges[:-1, None] + span[:, None] * below).ravel(), (span[:, None] * weights).ravel()


def _fixed(array: Array) -> Array:
    """Make an array read-only that a cache hands out to many."""
    array.setflags(write=False)
    return array
