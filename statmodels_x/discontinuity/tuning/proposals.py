"""Jump sets with their prices and scores: what a proposal is, and what it must gain."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.smoothing.places import Within
from statmodels_x.discontinuity.smoothing.smoother import Smoothed


@dataclass(frozen=True)
class Penalty:
    """What a jump set must gain in deviance.

    Attributes
    ----------
    part : float
        For each connected segment, and for each region beyond the first that it cuts off.
    end : float
        For each loose end and each fork: borders close or run to the margin sooner than not, and cells that a border
        crosses invite branches. In a volume twice for each step of an open surface's rim: a bend has more ways to
        be cut.
    edge : float
        For each edge.
    gate : float
        Over all.
    """

    part: float
    end: float
    edge: float
    gate: float

    def price(self, lattice: Lattice, cut: Mask) -> float:
        """Return the price of a jump set."""
        parts = lattice.segments(cut)[0] + lattice.regions(cut)[0] - 1
        ends = max(lattice.n_axes - 1, 1) * len(lattice.loose_ends(cut))
        return self.part * parts + self.end * ends + self.edge * float(np.count_nonzero(cut))


# chosen so that smooth surfaces are rarely cut; benchmarks/discontinuity_simulation.py counts how often
PENALTIES = {
    "strict": Penalty(6.0, 2.0, 0.3, 10.0),
    "balanced": Penalty(3.0, 1.0, 0.15, 4.0),
    "sensitive": Penalty(0.0, 0.0, 0.0, 2.0),
}


@dataclass(frozen=True)
class Proposal:
    """A jump set with the pair of weights that proposed it, and its score.

    Attributes
    ----------
    lam, nu : float
    cut : ndarray of shape (edges,)
    smoothed : Smoothed
    within : Within, optional
        Where a volume's border runs within the voxels; None along the contour of the smoothed labels.
    """

    lam: float
    nu: float
    cut: Mask = field(repr=False)
    smoothed: Smoothed
    within: Within | None = None

    def cost(self, lattice: Lattice, penalty: Penalty) -> float:
        """Deviance plus what its parts cost."""
        return self.smoothed.deviance + penalty.price(lattice, self.cut)


@dataclass(frozen=True)
class Proposed:
    """What one pair of weights proposed: its jump set, and a copy without small segments."""

    lam: float
    nu: float
    cuts: list[Mask] = field(repr=False)


def without(cut: Mask, edges: Index) -> Mask:
    """Return a jump set without some of its edges."""
    fewer = cut.copy()
    fewer[edges] = False
    return fewer
