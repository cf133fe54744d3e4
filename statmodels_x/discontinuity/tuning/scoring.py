"""Jump sets scored by evidence, pruned, closed and lengthened as long as their cost falls."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statmodels_x.discontinuity.grid.extension import Corners, Path
from statmodels_x.discontinuity.grid.jumps import groups
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask
from statmodels_x.discontinuity.lifted.polish import join_empty
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import (
    LARGEST_LOG_PRECISION,
    Data,
    JumpSetModel,
    SecondDifferences,
    Smoothed,
)
from statmodels_x.discontinuity.tuning import faces, sides
from statmodels_x.discontinuity.tuning.proposals import Penalty, Proposal, without

_FAINT = (0.4, 0.6, 0.8)
_REDRAWINGS = 3
_SMALL_GROUP = 12
_ROUNDS = 4
_WORTH_EXTENDING = 15.0
_PRICE_OF_CHOICE = 2.0 * float(np.log(3.0))


class Scorer:
    """Scores jump sets on one set of observations.

    Parameters
    ----------
    lattice : Lattice
    data : Observations or SidedPoints
    is_single : bool
        Whether each cell holds one observation at most, which lies on one side of a border.
    """

    def __init__(self, lattice: Lattice, data: Data, is_single: bool = False) -> None:
        self.lattice, self.data, self.is_single = lattice, data, is_single
        self.differences = SecondDifferences.of(lattice)

    @property
    def is_costly(self) -> bool:
        """Whether one score takes more than about a tenth of a second."""
        return self.lattice.n_cells * float(self.lattice.strides.max()) ** 2 > 1e8

    @cached_property
    def corners(self) -> Corners:
        """The corners of a grid of two axes."""
        return Corners(self.lattice)

    def score(self, cut: Mask, log_precision: float | None = None, around: float | None = None) -> Smoothed:
        """Smooth around a jump set."""
        return JumpSetModel(self.differences, self.data, cut).smooth(log_precision, around)

    def prune(self, proposal: Proposal, penalty: Penalty, is_fresh: bool = False) -> Proposal:
        """Take away groups of cut edges, the smallest first, as long as the cost falls.

        ``is_fresh`` says that the proposal stands at its own smoothing precision.
        """
        cut, smoothed = proposal.cut, proposal.smoothed
        cost = proposal.cost(self.lattice, penalty)
        for _ in range(_ROUNDS):
            changed = False
            for group in self.groups(cut):
                if not cut[group].all():
                    continue
                trial = without(cut, group)
                trial_cost = self._cost(trial, (smoothed.log_precision,), penalty)
                if trial_cost < cost:
                    cut, cost, changed = trial, trial_cost, True
            if not changed:
                break
            smoothed = self.score(cut, around=smoothed.log_precision)
            cost = smoothed.deviance + penalty.price(self.lattice, cut)
            is_fresh = self.is_costly
        if is_fresh:
            return Proposal(proposal.lam, proposal.nu, cut, smoothed)
        return Proposal(proposal.lam, proposal.nu, cut, self.score(cut, around=smoothed.log_precision))

    def groups(self, cut: Mask) -> list[NDArray[np.intp]]:
        """Return groups of cut edges; in a volume all the small ones first, together."""
        found = groups(self.lattice, cut)
        small = [group for group in found if len(group) < _SMALL_GROUP] if self.lattice.n_axes == 3 else []
        return [np.concatenate(small), *found] if len(small) > 1 else found

    def refine(self, proposal: Proposal, penalty: Penalty) -> Proposal:
        """Take away faint parts of a volume's jump set and close its holes, as far as the cost falls.

        Regions with points are drawn anew. Without points, voxels that fit the other side are given over where the set
        has loose ends, or where each holds a single observation: the mean of several may be a mixture of both sides.
        """
        if not proposal.cut.any():
            return proposal
        lattice, t = self.lattice, proposal.smoothed.log_precision
        cut, cost = proposal.cut, proposal.cost(lattice, penalty)

        def better(other: Mask) -> bool:
            nonlocal cut, cost
            if not other.any() or np.array_equal(other, cut):
                return False
            trial = self._cost(other, (t,) if self.is_costly else (t, t + 3.0), penalty)
            found = trial < cost
            cut, cost = (other, trial) if found else (cut, cost)
            return found

        better(faces.closed(lattice, cut))
        for share in _FAINT:
            better(faces.closed(lattice, faces.without_faint(lattice, cut, proposal.smoothed.surface, share)))
        for _ in range(_REDRAWINGS):
            if not any([better(other) for other in self._redrawn(cut, t)]):
                break
        if cut is proposal.cut:
            return proposal
        changed = replace(proposal, cut=cut, smoothed=self.score(cut, around=t))
        return self.prune(changed, penalty, is_fresh=True)

    def _redrawn(self, cut: Mask, log_precision: float) -> list[Mask]:
        if isinstance(self.data, SidedPoints):
            return sides.redrawn(self.differences, self.data, cut, log_precision)
        if self.is_single or len(self.lattice.loose_ends(cut)):
            return [faces.exchanged(self.differences, self.data, cut, log_precision)]
        return []

    def extend(self, proposal: Proposal, smooth: Smoothed, penalty: Penalty) -> Proposal:
        """Close gaps of the jump set and lengthen it at its loose ends, as long as the cost falls.

        The convex problem leaves gaps where a border winds or fades. But noise would lengthen itself, too: what has
        little evidence of its own is left as it is, and an edge that closes nothing must pay for having been
        chosen among three. Only on grids of two axes that are not too large.
        """
        gain = smooth.deviance - proposal.cost(self.lattice, penalty)
        if self.lattice.n_axes != 2 or self.is_costly or gain < _WORTH_EXTENDING:
            return proposal
        corners, lattice = self.corners, self.lattice
        while True:
            cut, t = proposal.cut, proposal.smoothed.log_precision
            ways: dict[Path, tuple[float, tuple[float, ...]]]
            ways = {path: (_PRICE_OF_CHOICE, (t,)) for path in corners.steps(cut)}
            # between borders that are closed the surface may be much smoother
            stiffer = (t, t + 3.0, t + 6.0)
            ways |= {path: (0.0, stiffer) for path in corners.joins(cut)}
            tried = [
                (self._cost(_with(cut, path), ts, penalty) + price, path)
                for path, (price, ts) in ways.items()
            ]
            better = sorted(one for one in tried if one[0] < proposal.cost(lattice, penalty))
            if not better:
                return proposal
            every = _with(cut, tuple(edge for _, path in better for edge in path))
            price = sum(ways[path][0] for _, path in better)
            together = self._cost(every, stiffer, penalty) + price < better[0][0]
            longer = every if together else _with(cut, better[0][1])
            # nothing is known of a region without data
            longer = join_empty(lattice, longer, self.data.precision > 0.0)
            scored = replace(proposal, cut=longer, smoothed=self.score(longer, around=t))
            if scored.cost(lattice, penalty) >= proposal.cost(lattice, penalty):
                return proposal
            proposal = scored

    def _cost(self, cut: Mask, log_precisions: tuple[float, ...], penalty: Penalty) -> float:
        model = JumpSetModel(self.differences, self.data, cut)
        deviances = [model.deviance(min(t, LARGEST_LOG_PRECISION)) for t in log_precisions]
        return min(deviances) + penalty.price(self.lattice, cut)


def _with(cut: Mask, edges: Path) -> Mask:
    more = cut.copy()
    more[list(edges)] = True
    return more
