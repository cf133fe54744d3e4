"""Small changes of the faces of a volume's jump set: holes closed, faint parts taken away, voxels given over."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.smoothing.mixing import unseen_border
from statmodels_x.discontinuity.smoothing.smoother import Data, SecondDifferences

_MOST = 0.6  # share of a face's blocks that end or fork, from which on the face is wrong
_ROUNDS = 4
_MOST_ENDS = 60  # a larger rim is that of an open surface, not of a hole
_MOST_TRIED = 300
_AROUND = 2.0  # voxels
_CLEARLY = 6.0  # deviance


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


def _odd_blocks(lattice: Lattice, cut: Mask) -> Index:
    """Count the 2 x 2 blocks of each edge at which cut edges end or fork."""
    odd = cut[lattice.squares].sum(1) % 2
    return np.bincount(lattice.squares.ravel(), np.repeat(odd, 4), lattice.n_edges).astype(int)


def exchanged(differences: SecondDifferences, data: Data, cut: Mask, log_precision: float) -> Mask:
    """Give voxels to the other side: those that fit it better than all voxels across their own cut faces do."""
    lattice = differences.lattice
    unseen = unseen_border(differences, data, cut)
    if unseen is None:
        return cut
    gain = _misfit(lattice, cut, data, unseen.smooth(log_precision).surface)
    edges = np.flatnonzero(cut)
    tail, head = lattice.tail[edges], lattice.head[edges]
    rival = np.zeros(lattice.n_cells)
    np.maximum.at(rival, tail, gain[head])
    np.maximum.at(rival, head, gain[tail])
    moved = (gain > _CLEARLY) & (gain > rival)
    return mended(lattice, cut ^ (moved[lattice.tail] != moved[lattice.head]))


def _misfit(lattice: Lattice, cut: Mask, data: Data, surface: Array) -> Array:
    """How much better a voxel beside the border fits the surface of the other side, in deviance; 0 elsewhere.

    ``surface`` has not seen the voxels beside the border. That of the other side is carried on from there, by the
    slope behind the cut face where it can be had.
    """
    edges = np.flatnonzero(cut)
    total, count = np.zeros(lattice.n_cells), np.zeros(lattice.n_cells)
    axis = lattice.axis[edges]
    place = np.array(np.unravel_index(np.arange(lattice.n_cells), lattice.shape))
    size = np.array(lattice.shape)[axis]
    for here, there, way in ((lattice.tail, lattice.head, 1), (lattice.head, lattice.tail, -1)):
        near, far = here[edges], there[edges]
        inner = (place[axis, far] + way >= 0) & (place[axis, far] + way < size)
        further = np.where(inner, far + way * lattice.strides[axis], far)
        behind = lattice.edge_from[axis, far if way == 1 else further]
        inner &= ~cut[behind]
        value = np.where(inner, 2.0 * surface[far] - surface[further], surface[far])
        total += np.bincount(near, value, lattice.n_cells)
        count += np.bincount(near, minlength=lattice.n_cells)
    other = total / np.maximum(count, 1.0)
    return np.where(count > 0.0, data.precision * ((data.f - surface) ** 2 - (data.f - other) ** 2), 0.0)


def without_faint(lattice: Lattice, cut: Mask, surface: Array, share: float) -> Mask:
    """Take away faces round which the surface jumps by less than a share of what it does at half of the faces."""
    edges = np.flatnonzero(cut)
    middle = np.column_stack(np.unravel_index(lattice.tail[edges], lattice.shape)).astype(float)
    middle += 0.5 * (lattice.axis[edges, None] == np.arange(lattice.n_axes))
    tree = cKDTree(middle)
    near = tree.sparse_distance_matrix(tree, _AROUND, output_type="coo_matrix")
    jump = np.abs(lattice.differences(surface))[edges]
    around = np.bincount(near.row, jump[near.col], edges.size) / np.bincount(near.row, minlength=edges.size)
    fewer = cut.copy()
    fewer[edges[around < share * np.median(around)]] = False
    return mended(lattice, fewer)
