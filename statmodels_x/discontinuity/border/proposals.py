"""Where a border may be: ridges of oriented step filters, turned into cut edges with their crossings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.grid.lattice import Mask
from statmodels_x.discontinuity.grid.partition import two_regions
from statmodels_x.discontinuity.grid.ridges import linked, ridges_of

# radius in cells and order of the background: low orders have more power, high ones see past slopes
STEPS = ((2.6, 0), (3.6, 0), (2.6, 1), (3.6, 2), (5.1, 2))
COURSES = ((3.6, 2), (2.6, 1), (5.1, 2))  # along the ridges of which whole courses are looked for
CREASES = ((3.6, 1), (5.1, 1), (5.1, 2), (7.1, 2))
_DIRECTIONS = 12
_THRESHOLDS = ((2.0, 3.5), (2.6, 4.2), (3.2, 5.0), (4.5, 7.0), (7.0, 10.0), (12.0, 16.0), (20.0, 25.0))
_CREASE_THRESHOLDS = ((2.0, 3.5), (3.0, 5.0), (4.5, 7.0), (7.0, 10.0))
_SHARES = (0.015, 0.03, 0.06)  # of the edges, for data so precise that every absolute threshold is exceeded
_FEWEST_EDGES = 3
_MOST_CUT = 0.2


@dataclass(frozen=True, eq=False)
class Ridges:
    """Strength of a filter's ridge at each edge (0 where there is none), and where it crosses."""

    strength: Array = field(repr=False)
    share: Array = field(repr=False)


@dataclass(frozen=True, eq=False)
class Proposed:
    """Borders along the ridges, the ridges of the filters that see past a slope, and the strongest of second order."""

    borders: list[Border] = field(repr=False)
    ridges: list[Ridges] = field(repr=False)
    strongest: Ridges = field(repr=False)


def ridges(data: PointData, radius: float, order: int, kind: int) -> Ridges:
    """Find the ridges of a filter: where its size falls off along the normal on both sides."""
    from statmodels_x.discontinuity.kernels.filters import oriented

    mean, weight = data.means
    angle = np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    ways = np.column_stack([np.cos(angle), np.sin(angle)])
    found = ridges_of(data.lattice, oriented(mean, weight, radius, order, _DIRECTIONS, kind), ways)
    return Ridges(found.strength, np.clip(found.share, 0.05, 0.95))


def _thresholds(
    strength: Array, absolute: tuple[tuple[float, float], ...], least: float
) -> list[tuple[float, float]]:
    top = np.sort(strength)[::-1]
    relative = [float(top[int(share * top.size)]) for share in _SHARES]
    return [*absolute, *((0.6 * high, high) for high in relative if high > least)]


def borders(data: PointData) -> Proposed:
    """Propose borders at several scales and thresholds; also the strongest ridge of second order at each edge."""
    found: dict[bytes, Border] = {}
    sloping: dict[tuple[float, int], Ridges] = {}
    strongest = np.zeros(data.lattice.n_edges)
    at = np.full(data.lattice.n_edges, 0.5)
    for radius, order in STEPS:
        one = ridges(data, radius, order, 0)
        if (radius, order) in COURSES:
            sloping[radius, order] = one
        if order == 2:
            at = np.where(one.strength > strongest, one.share, at)
            strongest = np.maximum(strongest, one.strength)
        for low, high in _thresholds(one.strength, _THRESHOLDS, 12.0):
            border = Border(linked(data.lattice, one.strength, low, high, _FEWEST_EDGES), one.share)
            if border.cut.any() and border.cut.mean() < _MOST_CUT:
                found.setdefault(border.key, border)
    return Proposed(list(found.values()), [sloping[one] for one in COURSES], Ridges(strongest, at))


def partitions(data: PointData) -> list[Border]:
    """Propose borders between two regions, half-way across their edges."""
    lattice, half = data.lattice, np.full(data.lattice.n_edges, 0.5)
    labels = two_regions(lattice, *data.means)
    return [Border(label[lattice.tail] != label[lattice.head], half) for label in labels]


def creases(data: PointData) -> list[Mask]:
    """Edges that a crease may cross, in which the surface is continuous and its slope is not."""
    found: dict[bytes, Mask] = {}
    for radius, order in CREASES:
        one = ridges(data, radius, order, 1)
        for low, high in _thresholds(one.strength, _CREASE_THRESHOLDS, 0.0):
            edges = linked(data.lattice, one.strength, low, high, _FEWEST_EDGES)
            if edges.any() and edges.mean() < _MOST_CUT:
                found.setdefault(np.packbits(edges).tobytes(), edges)
    return list(found.values())
