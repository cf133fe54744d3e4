"""Parts of a jump set that are told as well without it: steep stretches, and what only moves another border."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import (
    LARGEST_LOG_PRECISION,
    JumpSetModel,
    SecondDifferences,
)
from statmodels_x.discontinuity.tuning.proposals import Penalty, Proposal, without
from statmodels_x.discontinuity.tuning.scoring import Scorer

# steps from the jump set, factor by which the surface is softer there and by which it is stiffer elsewhere (logarithms)
_SOFT = tuple((steps, factor, 0.0) for steps in (0, 1) for factor in (1.5, 3.0, 4.5))
_SOFT_IN_VOLUMES = (
    (0, 3.0, 0.0), (0, 4.5, 1.5), (1, 1.5, 0.0), (1, 1.5, 0.75), (1, 3.0, 1.5), (1, 4.5, 2.25),
)  # fmt: skip
_STEEP_MARGIN = 6.0
_STEEP_SHARE = 0.5

Parts = Callable[[Mask], list[Index]]
Costs = Callable[[Proposal, list[Mask]], Array]


def segments_of(lattice: Lattice, cut: Mask) -> list[Index]:
    """List the edges of each connected segment."""
    edges, (count, label) = np.flatnonzero(cut), lattice.segments(cut)
    return [edges[label == k] for k in range(count)]


def weeded(scorer: Scorer, proposal: Proposal, parts: Parts, costs: Costs) -> Proposal:
    """Take away parts of a jump set, the one first without which the cost is lowest, then look at the rest again."""
    while proposal.cut.any():
        trials = [proposal.cut, *(without(proposal.cut, part) for part in parts(proposal.cut))]
        worst = int(costs(proposal, trials).argmin())
        if worst == 0:
            break
        scored = scorer.score(trials[worst], around=proposal.smoothed.log_precision)
        proposal = replace(proposal, cut=trials[worst], smoothed=scored)
    return proposal


def without_steep(scorer: Scorer, proposal: Proposal, penalty: Penalty) -> Proposal:
    """Take away what is better told as a steep, bending stretch of a smooth surface than as a jump.

    The smoother is made softer round the jump set, by several factors and widths, with all of it cut,
    without one of its segments, and without any; what a soft surface tells better without, by a margin, is
    no jump. The worst part goes first, then the rest is looked at again. In a volume, whose borders have many
    faces, a part must gain half of its price over the soft surface instead.
    """
    lattice = scorer.lattice

    def parts(cut: Mask) -> list[Index]:
        found = segments_of(lattice, cut)
        return [np.flatnonzero(cut), *(found if len(found) > 1 else [])]

    def costs(whole: Proposal, trials: list[Mask]) -> Array:
        best = np.array([np.inf] * len(trials))
        best[0] = whole.smoothed.deviance
        t = whole.smoothed.log_precision
        for soft, stiffer in _softened(scorer, whole.cut):
            scores = [
                JumpSetModel(soft, scorer.data, cut).deviance(min(t + stiffer, LARGEST_LOG_PRECISION))
                for cut in trials
            ]
            best = np.minimum(best, scores)
        return best + _margins(lattice, trials, penalty)

    return weeded(scorer, proposal, parts, costs)


def told_by_means(scorer: Scorer, proposal: Proposal, penalty: Penalty) -> Proposal:
    """Take away what in a volume does not pay for itself by the voxels' means, too.

    Within a voxel a border lies where the labels round it put it. A second border some voxels away can move it,
    and gain by the points there without any jump of its own; the means know nothing of that.
    """
    data = scorer.data
    if not isinstance(data, SidedPoints):
        return proposal

    def parts(cut: Mask) -> list[Index]:
        return segments_of(scorer.lattice, cut) + scorer.groups(cut)

    def costs(whole: Proposal, trials: list[Mask]) -> Array:
        t = whole.smoothed.log_precision
        models = [JumpSetModel(scorer.differences, data.means, cut) for cut in trials]
        prices = [penalty.price(scorer.lattice, cut) for cut in trials]
        return np.array([model.deviance(t) for model in models]) + prices

    return weeded(scorer, proposal, parts, costs)


def _margins(lattice: Lattice, trials: list[Mask], penalty: Penalty) -> Array:
    """Return what each jump set is charged beside a soft surface; the first is the whole one."""
    if lattice.n_axes < 3:
        return np.array([0.0] + [_STEEP_MARGIN] * (len(trials) - 1))
    return _STEEP_SHARE * np.array([penalty.price(lattice, cut) for cut in trials])


def _softened(scorer: Scorer, cut: Mask) -> Iterator[tuple[SecondDifferences, float]]:
    """Yield softer smoothers, and by how much they are stiffer elsewhere."""
    for steps, factor, stiffer in _SOFT_IN_VOLUMES if scorer.lattice.n_axes == 3 else _SOFT:
        yield scorer.differences.softened(scorer.lattice.near(cut, steps), factor), stiffer
