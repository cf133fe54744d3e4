"""Two regions with a smooth surface each, by minimal cuts: they see a weak step that no filter of a few cells does.

The labels of the cells and the surfaces of the two regions are found in turn, each given the other, as in Chan and Vese
(2001, IEEE Transactions on Image Processing 10); given the surfaces, the labels of least cost are a minimal cut (Greig,
Porteous and Seheult 1989, Journal of the Royal Statistical Society B 51).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask

_STARTS = (1.5, 3.0)  # sd in cells of the average whose sign begins
_ORDERS = (0, 2)  # of the polynomial that it is about
_WIDTHS = (4.0, 8.0)  # sd in cells of the averages that are the surfaces
_PRICES = (2.0, 4.0)  # of an edge, in deviance
_ROUNDS = 5
_MOST = 1e3  # deviance of a cell: more says no more
_FINE = 100.0  # whole numbers to a unit of deviance
_ELSEWHERE = 1e-6  # weight of the other region, where a region has no cell nearby


def two_regions(lattice: Lattice, mean: Array, weight: Array) -> list[Mask]:
    """Divide the cells of a grid in two, from several starts.

    Parameters
    ----------
    lattice : Lattice
    mean, weight : ndarray of the shape of the grid
        Means and inverse variances of the cells; 0 for an empty one.

    Returns
    -------
    list of ndarray of bool, shape (cells,)
        Different ones, of which each has cells on both sides.
    """
    found: dict[bytes, Mask] = {}
    for start in _starts(mean, weight):
        for width in _WIDTHS:
            for price in _PRICES:
                label = _settled(lattice, mean, weight, start, width, price)
                if label.any() and not label.all():
                    found.setdefault(np.packbits(label ^ label.flat[0]).tobytes(), label.ravel())
    return list(found.values())


def _starts(mean: Array, weight: Array) -> Iterator[Mask]:
    """Sides of a polynomial on which averages lie."""
    axes = np.meshgrid(*(np.linspace(-1.0, 1.0, size) for size in mean.shape), indexing="ij")
    root = np.sqrt(weight.ravel())
    for order in _ORDERS:
        squares = [a * b for k, a in enumerate(axes) for b in axes[k:]] if order == 2 else []
        basis = np.stack([np.ones_like(mean), *(axes if order else []), *squares], -1).reshape(mean.size, -1)
        coefficient = np.linalg.lstsq(basis * root[:, None], mean.ravel() * root, rcond=None)[0]
        rest = mean - (basis @ coefficient).reshape(mean.shape)
        for width in _STARTS:
            yield _average(rest, weight, width) > 0.0


def _settled(lattice: Lattice, mean: Array, weight: Array, label: Mask, width: float, price: float) -> Mask:
    for _ in range(_ROUNDS):
        if label.all() or not label.any():
            break
        low, high = (
            (mean - _average(mean, weight * (own + _ELSEWHERE), width)) ** 2 for own in (~label, label)
        )
        new = least_cut(lattice, (weight * (low - high)).ravel(), price).reshape(mean.shape)
        if np.array_equal(new, label):
            break
        label = new
    return label


def _average(values: Array, weight: Array, width: float) -> Array:
    total = gaussian_filter(weight, width, mode="constant")
    average: Array = gaussian_filter(weight * values, width, mode="constant") / np.maximum(total, 1e-300)
    return average


def least_cut(lattice: Lattice, gain: Array, price: float) -> Mask:
    """Label the cells so that the gain of those labelled, less the price of the edges between labels, is largest.

    Parameters
    ----------
    lattice : Lattice
    gain : ndarray of shape (cells,)
    price : float
        Of an edge between a cell that is labelled and one that is not.
    """
    n = lattice.n_cells
    cells, source, sink = np.arange(n), n, n + 1
    known = np.round(_FINE * np.clip(gain, -_MOST, _MOST)).astype(np.int32)
    edge = np.full(lattice.n_edges, round(_FINE * price), np.int32)
    tail = np.concatenate([np.where(known < 0, source, cells), lattice.tail, lattice.head])
    head = np.concatenate([np.where(known < 0, cells, sink), lattice.head, lattice.tail])
    capacity = np.concatenate([np.abs(known), edge, edge])
    graph = csr_matrix((capacity, (tail, head)), shape=(n + 2, n + 2))
    left = graph - maximum_flow(graph, source, sink).flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    labelled = np.ones(n + 2, bool)
    labelled[breadth_first_order(left, source, return_predecessors=False)] = False
    return labelled[:n]
