"""Holes in the faces of a volume's jump set, closed."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask

_MOST = 0.6  # share of a face's blocks that end or fork, from which on the face is wrong
_ROUNDS = 4
_MOST_ENDS = 60  # a larger rim is that of an open surface, not of a hole
_MOST_TRIED = 300


def mended(lattice: Lattice, cut: Mask) -> Mask:
    """Close holes of single faces and take away single spurs: faces most of whose own blocks end or fork."""
    cut = cut.copy()
    blocks = np.bincount(lattice.squares.ravel(), minlength=lattice.n_edges)
    for _ in range(_ROUNDS):
        wrong = _odd_blocks(lattice, cut) > _MOST * blocks
        if not wrong.any():
            break
        cut[wrong] = ~cut[wrong]
    return cut


def closed(lattice: Lattice, cut: Mask) -> Mask:
    """Close holes of a few faces: cut the face at a rim after which mending leaves the fewest loose ends."""
    cut = mended(lattice, cut)
    ends = len(lattice.loose_ends(cut))
    while 0 < ends <= _MOST_ENDS:
        at_rim = np.flatnonzero((_odd_blocks(lattice, cut) >= 2) & ~cut)[:_MOST_TRIED]
        trials = [mended(lattice, _with(cut, edge)) for edge in at_rim]
        left = [len(lattice.loose_ends(trial)) for trial in trials]
        if not left or min(left) >= ends:
            break
        ends = min(left)
        cut = trials[left.index(ends)]
    return cut


def _with(cut: Mask, edge: int) -> Mask:
    more = cut.copy()
    more[edge] = True
    return more


def _odd_blocks(lattice: Lattice, cut: Mask) -> Array:
    """Count the 2 x 2 blocks of each edge at which cut edges end or fork."""
    odd = cut[lattice.squares].sum(1) % 2
    return np.bincount(lattice.squares.ravel(), np.repeat(odd, 4), lattice.n_edges)
