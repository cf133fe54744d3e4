"""Jump sets of a volume proposed by oriented step filters, which see past slopes and bends."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask
from statmodels_x.discontinuity.grid.ridges import EdgeRidges, linked, ridges_of
from statmodels_x.discontinuity.smoothing.smoother import Data
from statmodels_x.discontinuity.tuning.faces import mended

# radius in voxels and order of the background: low orders have more power, high ones see past slopes
STEPS = ((2.6, 0), (2.6, 1), (3.6, 1), (3.6, 2))
_THRESHOLDS = ((2.6, 4.2), (3.2, 5.0), (4.5, 7.0), (7.0, 10.0), (12.0, 16.0))
_FEWEST_FACES = 7
_MOST_CUT = 0.15
_NEAR, _WIDTH, _BEYOND = 2.5, 1.0, 1.5  # voxels
_SUPPORT = 0.5  # share of the low threshold


def normals() -> Array:
    """Directions of half a sphere: to the faces, edges and corners of a cube, and between these."""
    ways = [
        way
        for way in product(range(-2, 3), repeat=3)
        if way > (0, 0, 0) and np.gcd.reduce(way) == 1 and sum(map(abs, way)) <= 4
    ]
    found = np.array(ways, float)
    return found / np.linalg.norm(found, axis=1)[:, None]


def ridges(lattice: Lattice, data: Data, radius: float, order: int) -> EdgeRidges:
    """Find the ridges of a filter."""
    from statmodels_x.discontinuity.kernels.solid import steps

    ways, shape = normals(), lattice.shape
    return ridges_of(
        lattice, steps(data.f.reshape(shape), data.precision.reshape(shape), radius, order, ways), ways
    )


def drawn(lattice: Lattice, found: EdgeRidges, edges: Mask, support: float) -> Mask:
    """Cut the edges across which the signed distance from the planes of nearby ridges changes its sign.

    The distance is a function of the centres, so the faces drawn have no holes where it is known.
    """
    every = np.column_stack(np.unravel_index(np.arange(lattice.n_cells), lattice.shape)).astype(float)
    place, normal = found.place[edges], found.normal[edges]
    pairs = cKDTree(every).sparse_distance_matrix(cKDTree(place), _NEAR, output_type="coo_matrix")
    weight = np.exp(-0.5 * (pairs.data / _WIDTH) ** 2) * found.strength[edges][pairs.col]
    offset = ((every[pairs.row] - place[pairs.col]) * normal[pairs.col]).sum(1)
    total = np.bincount(pairs.row, weight, lattice.n_cells)
    distance = np.bincount(pairs.row, weight * offset, lattice.n_cells) / np.maximum(total, 1e-12)
    known = (total > support) & (np.abs(distance) < _BEYOND)
    a, b = lattice.tail, lattice.head
    return known[a] & known[b] & ((distance[a] > 0.0) != (distance[b] > 0.0))


def proposed_by_steps(lattice: Lattice, data: Data) -> list[Mask]:
    """Jump sets at several scales and thresholds, each once."""
    found: dict[bytes, Mask] = {}
    for radius, order in STEPS:
        one = ridges(lattice, data, radius, order)
        for low, high in _THRESHOLDS:
            edges = linked(lattice, one.strength, low, high, _FEWEST_FACES)
            cut = mended(lattice, drawn(lattice, one, edges, _SUPPORT * low)) if edges.any() else edges
            if cut.any() and cut.mean() < _MOST_CUT:
                found.setdefault(np.packbits(cut).tobytes(), cut)
    return list(found.values())
