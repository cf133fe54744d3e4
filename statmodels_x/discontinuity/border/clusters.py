"""Errors that groups of points share: what they add to the covariance of sizes, by leaving groups out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.model import BorderModel, seen
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.kernels.banded import Factor

_MOST_GROUPS = 100  # more clusters are put together at random, which costs the jackknife little


@dataclass(frozen=True, eq=False)
class ClusteredPoints:
    """Single observations, as the search weighs them, with their clusters.

    Attributes
    ----------
    place : ndarray of shape (n, 2)
        In cells.
    y, weight : ndarray of shape (n,)
        Scaled and centred responses, and inverse scaled variances.
    group : ndarray of shape (n,)
        Clusters, or sets of them, as 0, 1, ...
    """

    place: Array = field(repr=False)
    y: Array = field(repr=False)
    weight: Array = field(repr=False)
    group: NDArray[np.intp] = field(repr=False)

    @classmethod
    def of(
        cls, data: PointData, place: Array, y: Array, weight: Array, cluster: NDArray[np.intp]
    ) -> ClusteredPoints:
        """Give each observation its part of the weight of its place.

        Parameters
        ----------
        data : PointData
            Observations at one place may be put together there.
        place, y, weight : ndarray
            Of the single observations.
        cluster : ndarray of shape (n,)
        """
        own = data.weight
        if len(own) != len(y):
            row = np.unique(place, axis=0, return_inverse=True)[1].ravel()
            weight = weight if data.stray is None else np.where(data.stray, 0.0, weight)
            total = np.bincount(row, weight)
            own = data.weight[row] * weight / total[row]
        _, code = np.unique(cluster, return_inverse=True)
        if code.max(initial=0) >= _MOST_GROUPS:
            order = np.random.default_rng(0).permutation(int(code.max()) + 1)
            code = (order % _MOST_GROUPS)[code]
        return cls(place, y, own, code)

    def covariance(self, model: BorderModel, t: float, rows: Array) -> Array:
        """Covariance of rows of weights times the surface: errors by a jackknife over groups, and the prior's part.

        Parameters
        ----------
        model : BorderModel
        t : float
            Smoothing precision.
        rows : ndarray of shape (m, cells)
        """
        from statmodels_x.discontinuity.kernels.border import data_band, moments_at

        data, border = model.data, model.border
        precision, observed, right = model.bands(t)
        factor = Factor(precision.copy())
        solved = factor.solve(rows.T)
        node = seen(data.lattice, border, self.place)
        whole = factor.solve(right)
        order = np.argsort(self.group, kind="stable")
        count = int(self.group.max()) + 1
        ends = np.searchsorted(self.group[order], np.arange(count + 1))
        changes = np.empty((count, len(rows)))
        for k in range(count):
            own = order[ends[k] : ends[k + 1]]
            moments = moments_at(
                self.place[own], self.y[own], self.weight[own], node[own], data.lattice.n_cells, data.lattice.shape[1]
            )  # fmt: skip
            band, side = data_band(data.net, *moments, border.cut, len(precision) - 1)
            changes[k] = rows @ (Factor(precision - band).solve(right - side) - whole)
        errors = (count - 1.0) / count * changes.T @ changes
        return np.asarray(rows @ solved - solved.T @ _product(observed, solved) + errors)


def _product(band: Array, columns: Array) -> Array:
    """Symmetric matrix, given by its lower band, times columns."""
    out = band[0][:, None] * columns
    for d in range(1, len(band)):
        low = band[d][: len(columns) - d, None]
        if low.any():
            out[d:] += low * columns[:-d]
            out[:-d] += low * columns[d:]
    return out
