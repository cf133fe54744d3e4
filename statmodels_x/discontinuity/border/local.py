"""Small changes of a border scored by the nodes that they touch, at one smoothing precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import blas

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.model import Border, BorderModel
from statmodels_x.discontinuity.grid.lattice import Index, Mask
from statmodels_x.discontinuity.kernels.banded import Factor

if TYPE_CHECKING:
    from statmodels_x.discontinuity.kernels.local import Change

_LARGEST = (
    0.75  # nodes of a change, for a factorisation of n operations in units of their cube root: beyond, anew
)
_LEFT_OUT = 0.05  # of the levels of regions, for one change
_KEPT_OUT = 1e-9  # and for one that others follow: what is left out would add up
_COLUMNS = 48  # of an inverse found together


class Neighbourhood:
    """Covariances of the nodes near a border, under the prior and given the points, at one smoothing precision.

    Parameters
    ----------
    model : BorderModel
        Of the border from which changes begin.
    t : float
        Smoothing precision.
    near : ndarray of bool, shape (cells,)
        Nodes whose covariances are found.
    """

    def __init__(self, model: BorderModel, t: float, near: Mask) -> None:
        self.data, self.border, self.factor = model.data, model.border, float(np.exp(t))
        self.level, self.moments = model.level, model.moments
        prior, posterior, mean = model.factors(t)
        nodes = np.flatnonzero(near)
        width, n = posterior.band.shape
        self._most = int(_LARGEST * (n * float(width) ** 2) ** (1.0 / 3.0))
        self._position = np.full(near.size, -1)
        self._position[nodes] = np.arange(nodes.size)
        self._prior, self._posterior = _Covariance(prior, nodes), _Covariance(posterior, nodes)
        self._mean = mean[nodes]

    def change(self, border: Border, level: Array) -> tuple[Change, float]:
        """Find what changes towards another border with given weights in its regions' levels."""
        from statmodels_x.discontinuity.kernels.local import change_of
        from statmodels_x.discontinuity.kernels.pixels import change_of_averages

        lattice, own = self.data.lattice, self.border
        if self.data.averages:
            return change_of_averages(
                self.data.net, *(one.ravel() for one in self.data.means), lattice.tail, lattice.axis, own.cut,
                own.share, border.cut, border.share, self.level, level, self._most,
            )  # fmt: skip
        return change_of(
            self.data.net, self.data.cloud, *self.moments, lattice.tail, lattice.axis, own.cut, own.share,
            border.cut, border.share, self.level, level, self._most,
        )  # fmt: skip

    def deviance_change(self, border: Border, level: Array) -> float:
        """By how much the deviance changes; NaN where that takes more than the nodes near."""
        from statmodels_x.discontinuity.kernels.local import deviance_change

        change, left_out = self.change(border, level)
        if left_out > _LEFT_OUT:
            return float("nan")
        at = self._position[change.nodes]
        if (at < 0).any():
            return float("nan")
        blocks = self._posterior.block(at), self._prior.block(at)
        return float(deviance_change(change, *blocks, self._mean[at], self.factor))

    def move_to(self, border: Border, level: Array) -> bool:
        """Take another border as the one from which changes begin; False where that takes more than the nodes near.

        A cell that goes over to another region changes the weights of all cells in the levels of both.
        """
        from statmodels_x.discontinuity.kernels.border import moved_moments

        change, left_out = self.change(border, level)
        at = self._position[change.nodes]
        if left_out > _KEPT_OUT or (at < 0).any():
            return False
        penalty = self.factor * change.rough + change.fixed
        total = change.data + penalty
        gain, right = _middle(self._posterior.block(at), total), change.right
        now = self._mean[at] + self._posterior.block(at) @ right
        self._mean = self._mean + self._posterior.rows(at).T @ (right - gain @ now)
        self._prior.subtract(at, _middle(self._prior.block(at), penalty))
        self._posterior.subtract(at, gain)
        self.border, self.level = border, level
        if not self.data.averages:
            self.moments = moved_moments(
                self.data.net, self.data.cloud, *self.data.own_moments, border.cut, border.share
            )
        return True


class _Covariance:
    """Entries of an inverse among some nodes."""

    def __init__(self, factor: Factor, nodes: Index) -> None:
        from statmodels_x.discontinuity.kernels.local import half_inverse

        half = half_inverse(np.ascontiguousarray(factor.band.T), nodes)
        self._entries = _square_of(half, nodes)

    def block(self, at: Index) -> Array:
        return self._entries[np.ix_(at, at)]

    def rows(self, at: Index) -> Array:
        return self._entries[at]

    def subtract(self, at: Index, middle: Array) -> None:
        """Take columns middle rows off in place."""
        rows = self.rows(at)
        # the transpose of a symmetric matrix in C order is itself in Fortran's order
        blas.dgemm(-1.0, rows.T @ middle, rows, 1.0, self._entries.T, overwrite_c=1)


def _square_of(half: Array, nodes: Index) -> Array:
    """Return half' half, whose columns are nothing before their nodes, which ascend."""
    k = nodes.size
    total = np.zeros((k, k))
    for first in range(0, k, _COLUMNS):
        # all entries beside the later of two nodes are summed from its own row on
        last = min(first + _COLUMNS, k)
        block = half[nodes[first] :, first:last].T @ half[nodes[first] :, :last]
        total[first:last, :last] = block
        total[:last, first:last] = block.T
    return total


def _middle(block: Array, change: Array) -> Array:
    """Woodbury's middle: change (1 + covariance change)^-1."""
    inner = np.eye(len(block)) + block @ change
    return np.asarray(np.linalg.solve(inner.T, change.T).T)
