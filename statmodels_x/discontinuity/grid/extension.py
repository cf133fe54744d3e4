"""Where a jump set in the plane ends loosely, and the ways in which it could go on or close.

Cut edges are thought of as steps between corners, the corners being the 2 x 2 blocks of cells. A corner with an odd
number of cut edges is a loose end; the margin of the grid is none.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from statmodels_x.discontinuity.grid.lattice import Lattice, Mask

_MARGIN = -1
_LONGEST = 3

Path = tuple[int, ...]


class Corners:
    """The corners of a grid of two axes with the edges that join them.

    Parameters
    ----------
    lattice : Lattice
        Of two axes.

    Attributes
    ----------
    ends : ndarray of shape (edges, 2)
        The corners at either end of each edge; -1 for the margin.
    """

    def __init__(self, lattice: Lattice) -> None:
        self.lattice, self.edges = lattice, lattice.squares
        self.ends = np.full((lattice.n_edges, 2), _MARGIN)
        for corner, edges in enumerate(self.edges):
            for edge in edges:
                self.ends[edge, int(self.ends[edge, 0] != _MARGIN)] = corner

    def beyond(self, edge: int, corner: int) -> int:
        """Return the corner at the other end of an edge; -1 for the margin."""
        first, second = self.ends[edge]
        return int(second if first == corner else first)

    def steps(self, cut: Mask) -> set[Path]:
        """Single edges by which a loose end could go on."""
        return {
            (int(edge),)
            for corner in self.lattice.loose_ends(cut)
            for edge in self.edges[corner]
            if not cut[edge]
        }

    def joins(self, cut: Mask) -> set[Path]:
        """Paths of at most three uncut edges from a loose end to another or to the margin."""
        ends = set(self.lattice.loose_ends(cut).tolist())
        return {
            tuple(sorted(path)) for corner in ends for path in self._paths(cut, corner, ends - {corner}, ())
        }

    def _paths(self, cut: Mask, corner: int, goals: set[int], path: Path) -> Iterator[Path]:
        for edge in self.edges[corner].tolist():
            if cut[edge] or edge in path:
                continue
            after = self.beyond(edge, corner)
            longer = (*path, edge)
            if after == _MARGIN or after in goals:
                yield longer
            elif len(longer) < _LONGEST:
                yield from self._paths(cut, after, goals, longer)
