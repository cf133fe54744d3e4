"""The cells of a regular grid as a graph: edges, differences, connected regions and groups of cut edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.ndimage import binary_dilation
from scipy.sparse.csgraph import connected_components

from statmodels_x.core.typing import Array

Mask = NDArray[np.bool_]
Index = NDArray[np.intp]


def links(rows: NDArray[Any], columns: NDArray[Any], shape: tuple[int, int]) -> sparse.csr_array:
    """Return a matrix with 1 in each pair of a row and a column."""
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape)


@dataclass(frozen=True)
class Lattice:
    """A grid of cells, flattened in C order, with the edges between neighbours.

    Attributes
    ----------
    shape : tuple of int
        Cells along each axis.
    """

    shape: tuple[int, ...]

    @cached_property
    def n_cells(self) -> int:
        """Number of cells."""
        return math.prod(self.shape)

    @property
    def n_axes(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.tail)

    @property
    def spacing(self) -> float:
        """Side of a cell where the longest side of the grid is 1."""
        return 1.0 / max(self.shape)

    @cached_property
    def strides(self) -> NDArray[np.int64]:
        """Distance of neighbours along each axis in the flattened order."""
        return np.array([int(np.prod(self.shape[a + 1 :])) for a in range(self.n_axes)], np.int64)

    @cached_property
    def _ends(self) -> tuple[Index, Index, Index]:
        cells = np.arange(self.n_cells).reshape(self.shape)
        tails, heads, axes = [], [], []
        for axis, size in enumerate(self.shape):
            tail = np.take(cells, np.arange(size - 1), axis).ravel()
            tails.append(tail)
            heads.append(tail + self.strides[axis])
            axes.append(np.full(tail.size, axis))
        return np.concatenate(tails), np.concatenate(heads), np.concatenate(axes)

    @property
    def tail(self) -> Index:
        """First cell of each edge."""
        return self._ends[0]

    @property
    def head(self) -> Index:
        """Second cell of each edge, one step along the edge's axis."""
        return self._ends[1]

    @property
    def axis(self) -> Index:
        """Axis of each edge."""
        return self._ends[2]

    @cached_property
    def edge_from(self) -> Index:
        """Edge that leaves each cell along each axis, -1 at the margin; shape (d, cells)."""
        table = np.full((self.n_axes, self.n_cells), -1)
        table[self.axis, self.tail] = np.arange(self.n_edges)
        return table

    def differences(self, surface: Array) -> Array:
        """Return head minus tail for each edge."""
        flat = surface.ravel()
        return flat[self.head] - flat[self.tail]

    @cached_property
    def incidence(self) -> sparse.csr_array:
        """The matrix of :meth:`differences`, shape (edges, cells)."""
        rows = np.tile(np.arange(self.n_edges), 2)
        values = np.repeat([-1.0, 1.0], self.n_edges)
        return sparse.csr_array(
            (values, (rows, np.concatenate([self.tail, self.head]))), (self.n_edges, self.n_cells)
        )

    def laplacian(self, cut: Mask) -> sparse.csr_array:
        """Laplacian of the graph without the cut edges."""
        kept = self.incidence[~cut]
        return kept.T @ kept

    def regions(self, cut: Mask) -> tuple[int, Index]:
        """Count and label the connected regions that remain without the cut edges."""
        kept = ~cut
        graph = links(self.tail[kept], self.head[kept], (self.n_cells, self.n_cells))
        count, label = connected_components(graph, directed=False)
        return int(count), label

    @cached_property
    def squares(self) -> Index:
        """The four edges round each 2 x 2 block of cells, for every pair of axes; shape (blocks, 4)."""
        blocks = []
        for a in range(self.n_axes):
            for b in range(a + 1, self.n_axes):
                corner = self.block_corners(a, b)
                first, second = ([corner, corner + self.strides[other]] for other in (b, a))
                blocks.append(np.column_stack([*self.edge_from[a, first], *self.edge_from[b, second]]))
        return np.vstack(blocks) if blocks else np.zeros((0, 4), int)

    def block_corners(self, a: int, b: int) -> Index:
        """First cell of each 2 x 2 block along axes a and b."""
        cells = np.arange(self.n_cells).reshape(self.shape)
        inner = np.take(np.take(cells, np.arange(self.shape[a] - 1), a), np.arange(self.shape[b] - 1), b)
        return inner.ravel()

    def near(self, edges: Index | Mask, steps: int = 0) -> Mask:
        """Cells at the ends of edges, and those within some steps (also diagonal) of them."""
        ends = np.zeros(self.shape, bool)
        ends.ravel()[self.tail[edges]] = True
        ends.ravel()[self.head[edges]] = True
        if steps:
            ends = binary_dilation(ends, np.ones((3,) * self.n_axes), steps)
        return ends.ravel()

    def loose_ends(self, cut: Mask) -> Index:
        """Return the 2 x 2 blocks at which cut edges end or fork: those with an odd number of them."""
        return np.flatnonzero(cut[self.squares].sum(1) % 2)

    def segments(self, cut: Mask) -> tuple[int, Index]:
        """Count and label the connected groups of cut edges (linked where they share a 2 x 2 block).

        Returns
        -------
        count : int
        label : ndarray of shape (cut edges,)
        """
        edges = np.flatnonzero(cut)
        position = np.full(self.n_edges, -1)
        position[edges] = np.arange(edges.size)
        meeting = self.squares[cut[self.squares].sum(1) > 1]
        members = position[meeting]
        # each one with the last of its block: what is linked with that is linked among itself
        last, one = np.repeat(members.max(1, initial=-1), 4), members.ravel()
        inside = one >= 0
        touch = links(last[inside], one[inside], (edges.size, edges.size))
        count, label = connected_components(touch, directed=False) if edges.size else (0, edges)
        return int(count), label
