"""A border, its price and its evidence: the second-order smoother, observed by points that see past the border."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.points import CENTRE, PointData, net_of
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.kernels.banded import Factor
from statmodels_x.discontinuity.smoothing.smoother import (
    ALIKE,
    FLAT,
    LARGEST_LOG_PRECISION,
    LEAST_LOG_PRECISION,
    downhill,
)


@dataclass(frozen=True, eq=False)
class Border:
    """Cut edges, and where on each the border crosses.

    Attributes
    ----------
    cut : ndarray of bool, shape (edges,)
    share : ndarray of shape (edges,)
        Of the way from tail to head; of no matter where the edge is not cut.
    """

    cut: Mask = field(repr=False)
    share: Array = field(repr=False)

    @classmethod
    def none(cls, lattice: Lattice) -> Border:
        """No border."""
        return cls(np.zeros(lattice.n_edges, bool), np.full(lattice.n_edges, 0.5))

    @property
    def edges(self) -> Index:
        """Numbers of the cut edges."""
        return np.flatnonzero(self.cut)

    @cached_property
    def key(self) -> bytes:
        """Short name of the cut edges."""
        return np.packbits(self.cut).tobytes()

    def without(self, edges: Index) -> Border:
        """Take edges away."""
        cut = self.cut.copy()
        cut[edges] = False
        return Border(cut, self.share)

    def plus(self, edges: Index, share: Array | float) -> Border:
        """Add edges."""
        cut, places = self.cut.copy(), self.share.copy()
        cut[edges], places[edges] = True, share
        return Border(cut, places)

    def crossings(self, lattice: Lattice, edges: Index | None = None) -> Array:
        """Points at which the border crosses edges (all cut ones by default), in cells."""
        edges = self.edges if edges is None else edges
        point = np.column_stack(np.unravel_index(lattice.tail[edges], lattice.shape)).astype(float)
        point[np.arange(len(edges)), lattice.axis[edges]] += self.share[edges]
        return point


@dataclass(frozen=True)
class Price:
    """What a border must gain in deviance: by its geometry, so that turning the grid changes little.

    Attributes
    ----------
    part : float
        For each connected segment and each region beyond the first.
    end : float
        For each loose end and each fork.
    length : float
        For each cell of length.
    bending : float
        For the sum of the squared turns.
    speck : float
        For each region of fewer than four cells: a misfit of the border's shape would be told by one.
    gate : float
        Over all.
    """

    part: float
    end: float
    gate: float
    length: float = 0.2
    bending: float = 4.0
    speck: float = 30.0


PRICES = {
    "strict": Price(6.0, 4.0, 14.0),
    "balanced": Price(3.0, 2.5, 8.0),
    "sensitive": Price(1.0, 1.0, 4.0),
}


class PriorCache:
    """Log-determinants of priors, which depend on the cut edges and on t, not on the crossings."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, float], float] = {}

    def get(self, key: bytes, t: float, band: Array) -> float:
        """Return the log-determinant, factorising the band unless it is known."""
        name = (key, round(t, 6))
        if name not in self._known:
            self._known[name] = Factor(band).logdet()
        return self._known[name]


class BorderModel:
    """The normal model of the points for one border.

    Parameters
    ----------
    data : PointData
    border : Border
    cache : PriorCache, optional
    soft_cell, soft_edge : ndarray, optional
        Factors on the penalty of second differences that touch a cell or an edge; 1 by default.
    """

    def __init__(
        self, data: PointData, border: Border, cache: PriorCache | None = None, soft_cell: Array | None = None,
        soft_edge: Array | None = None,
    ) -> None:  # fmt: skip
        from statmodels_x.discontinuity.kernels import border as kernels

        self.data, self.border = data, border
        lattice, cut = data.lattice, border.cut
        soft = [] if soft_cell is None else [soft_cell.tobytes()]
        soft += [] if soft_edge is None else [b"e", soft_edge.tobytes()]
        self._key = b"".join([border.key, *soft])
        self._cache = PriorCache() if cache is None else cache
        reach = 2 * lattice.shape[1] + (2 if data.averages else 0)
        bandwidth = min(reach, lattice.n_cells - 1)
        count, self.region = kernels.regions(lattice.tail, lattice.head, cut, lattice.n_cells)
        self.level = (1.0 / np.bincount(self.region, minlength=count))[self.region]
        self.moments = kernels.moved_moments(data.net, data.cloud, *data.own_moments, cut, border.share)
        mixed = self._mixed(self.moments) if data.averages else None
        self._weight, self._right = kernels.data_band(data.net, *self.moments, cut, bandwidth)
        if mixed is not None:
            add_mixed(data, *mixed, self._weight, self._right)
        self._rough, self._fixed = kernels.prior_bands(
            data.net,
            cut,
            self.level,
            np.ones(lattice.n_cells) if soft_cell is None else soft_cell,
            np.ones(lattice.n_edges) if soft_edge is None else soft_edge,
            bandwidth,
        )

    def _mixed(self, moments: tuple[Array, Array]) -> tuple[Index, Array]:
        """Pixels that the border crosses, with their rows; they are taken out of the moments."""
        from statmodels_x.discontinuity.kernels.pixels import mixed_pixels

        lattice, border = self.data.lattice, self.border
        cells, rows = mixed_pixels(self.data.net, lattice.tail, lattice.axis, border.cut, border.share)
        for one in moments:
            one[cells] = 0.0
        return cells, rows

    def posterior(self, t: float) -> Factor:
        """Cholesky factor of the posterior precision at a smoothing precision."""
        return Factor(np.exp(t) * self._rough + self._fixed + self._weight)

    def bands(self, t: float) -> tuple[Array, Array, Array]:
        """Bands of the posterior precision and of what the points add to it, and the right-hand side."""
        return np.exp(t) * self._rough + self._fixed + self._weight, self._weight, self._right

    def factors(self, t: float) -> tuple[Factor, Factor, Array]:
        """Cholesky factors of the precision before and given the points, and the mean given them, centred."""
        posterior = self.posterior(t)
        return Factor(np.exp(t) * self._rough + self._fixed), posterior, posterior.solve(self._right)

    def _at(self, t: float) -> tuple[float, Array, Factor]:
        prior = np.exp(t) * self._rough + self._fixed
        posterior = Factor(prior + self._weight)
        mean = posterior.solve(self._right)
        value = posterior.logdet() - self._cache.get(self._key, t, prior) - self._right @ mean
        return float(value) + self.data.constant, mean, posterior

    def deviance(self, t: float) -> float:
        """-2 log marginal likelihood at a smoothing precision."""
        return self._at(min(max(t, LEAST_LOG_PRECISION), LARGEST_LOG_PRECISION))[0]

    def best(self, around: float | None = None) -> tuple[float, float]:
        """Smoothing precision of lowest deviance, and that deviance.

        Downhill in steps from a value, and from the usual one too where that walk ends among surfaces so stiff that
        all are alike; then a parabola. Where all are alike the least stiff one is taken.
        """
        t, value, bend = self._walk(self.start if around is None else around)
        if around is not None and bend < FLAT:
            other = self._walk(self.start)
            t, value = other[:2] if other[1] < value + ALIKE else (t, value)
        return t, value

    def _walk(self, start: float) -> tuple[float, float, float]:
        t, value, bend = downhill(self.deviance, start, foot=True)
        if bend < FLAT:
            return t, value, bend
        t = float(np.clip(t, LEAST_LOG_PRECISION, LARGEST_LOG_PRECISION))
        return t, self.deviance(t), bend

    @property
    def start(self) -> float:
        """Where to begin the search for t: the weight of a typical cell."""
        total = self.data.means[1].ravel()
        return float(np.log(np.median(total[total > 0.0])) + 1.0)

    def surface(self, t: float) -> Array:
        """Posterior mean at the nodes, scaled; shape (cells,)."""
        return self._at(t)[1] + CENTRE


def add_mixed(data: PointData, cells: Index, rows: Array, band: Array, side: Array) -> None:
    """Add what crossed pixels say to the band and the right-hand side of the others."""
    from statmodels_x.discontinuity.kernels.pixels import add_pixels

    mean, weight = (one.ravel() for one in data.means)
    add_pixels(cells, rows, mean, weight, data.lattice.shape[1], band, side)


def pixel_means(lattice: Lattice, border: Border, surface: Array) -> Array:
    """Averages over the pixels of a surface at the nodes; shape (cells,)."""
    from statmodels_x.discontinuity.kernels.pixels import mixed_pixels

    cells, rows = mixed_pixels(net_of(lattice), lattice.tail, lattice.axis, border.cut, border.share)
    out = surface.copy()
    ny = lattice.shape[1]
    around = cells[:, None] + np.add.outer(np.array([-ny, 0, ny]), np.array([-1, 0, 1])).ravel()
    # a row has no weight beyond the margin
    out[cells] = (rows.reshape(-1, 9) * surface[np.clip(around, 0, lattice.n_cells - 1)]).sum(1)
    return out


def taylor_rows(lattice: Lattice, border: Border, places: Array, nodes: Index) -> Array:
    """Weights of the nodes in the surface carried on from given nodes to places; shape (m, cells)."""
    from statmodels_x.discontinuity.kernels.border import stencil

    index, weight = np.empty(5, np.int64), np.empty((5, 3))
    out = np.zeros((len(nodes), lattice.n_cells))
    net = net_of(lattice)
    offset = places - np.column_stack(np.unravel_index(nodes, lattice.shape))
    for k, node in enumerate(nodes):
        stencil(net, int(node), border.cut, index, weight)
        used = index >= 0
        np.add.at(out[k], index[used], (weight @ np.array([1.0, *offset[k]]))[used])
    return out


def seen(lattice: Lattice, border: Border, places: Array) -> Index:
    """Node that each place sees past the border."""
    from statmodels_x.discontinuity.kernels.border import seen_nodes

    near = within_reach(lattice, places)  # the kernel trusts its places
    return np.asarray(seen_nodes(net_of(lattice), near, border.cut, border.share))


def within_reach(lattice: Lattice, places: Array) -> Array:
    """Return places with those outside of the grid, or nowhere, moved to its edge."""
    return np.clip(np.nan_to_num(places, nan=0.0), -0.5, np.array(lattice.shape) - 0.5)


def carried_on(lattice: Lattice, border: Border, surface: Array, places: Array, nodes: Index) -> Array:
    """Return a surface carried on from nodes to places by the slopes there."""
    offset = places - np.column_stack(np.unravel_index(nodes, lattice.shape))
    return np.asarray(surface[nodes] + (offset * _slopes(lattice, border, surface)[nodes]).sum(1))


def _slopes(lattice: Lattice, border: Border, surface: Array) -> Array:
    """Slopes at every node; shape (cells, 2)."""
    at = np.column_stack(np.unravel_index(np.arange(lattice.n_cells), lattice.shape)).astype(float)
    slopes = np.zeros((lattice.n_cells, 2))
    cut = np.append(border.cut, True)  # no edge at the margin: nothing beyond
    for axis in range(2):
        step = lattice.strides[axis]
        after = lattice.edge_from[axis]
        inner = at[:, axis] > 0
        before = np.where(inner, after[np.maximum(np.arange(lattice.n_cells) - step, 0)], -1)
        forward, backward = ~cut[after], ~cut[before]
        nodes = np.arange(lattice.n_cells)
        up = surface[np.minimum(nodes + step, lattice.n_cells - 1)] - surface
        down = surface - surface[np.maximum(nodes - step, 0)]
        both = forward & backward
        slopes[:, axis] = np.where(
            both, 0.5 * (up + down), np.where(forward, up, np.where(backward, down, 0.0))
        )
    return slopes
