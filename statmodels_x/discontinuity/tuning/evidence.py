"""Tuning by evidence: jump sets proposed by the convex problem, scored by marginal likelihood, and pruned.

One pair (lam, nu) cannot both find the jumps and smooth between them. Here the lifted problem only proposes jump
sets, at several smoothing lengths and thresholds; the second-order smoother scores each one with the surface
integrated out, takes away what does not pay for itself, and gives the surface.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.extension import Corners, Path
from statmodels_x.discontinuity.grid.jumps import groups
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask
from statmodels_x.discontinuity.lifted.polish import join_empty, polish
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem, Relaxation, solve
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import (
    LARGEST_LOG_PRECISION,
    Data,
    JumpSetModel,
    SecondDifferences,
    Smoothed,
)

REACHES = (3.0, 5.5, 10.0)  # smoothing lengths in cells
# sizes of the smallest jump to be cut, in standard deviations of a cell, by the number of axes: a long border is seen
# at a smaller size than a single edge, a surface at a smaller one than a line
SIZES = {
    1: (5.0, 7.0, 10.0, 14.0, 20.0, 28.0),
    2: (2.2, 3.0, 3.8, 4.9, 6.3, 8.2, 12.0, 18.0, 26.0),
    3: (2.0,),  # the step filters propose, too; small solid parts are what they do not see
}
# edges of the smallest segment kept in either copy of a proposal: among the many voxels of a volume one of pure noise
# stands out far enough to be cut out by its six faces
_SMALLEST_SEGMENTS = {1: (1, 5), 2: (1, 5), 3: (7, 11)}
_MOST_CUT = 0.15
_PROPOSAL_TOL = 3e-3
_PROPOSAL_ITERATIONS = 2000
_PRUNED = {1: 6, 2: 6, 3: 3}
_EXTENDED = 3
_FAINT = (0.4, 0.6, 0.8)
_REDRAWINGS = 3
_SMALL_GROUP = 12
_WORTH_REFINING = 0.6  # of the best gain
_ROUNDS = 4


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
# steps from the jump set, factor by which the surface is softer there and by which it is stiffer elsewhere (logarithms)
_SOFT = tuple((steps, factor, 0.0) for steps in (0, 1) for factor in (1.5, 3.0, 4.5))
_SOFT_IN_VOLUMES = (
    (0, 3.0, 0.0), (0, 4.5, 1.5), (1, 1.5, 0.0), (1, 1.5, 0.75), (1, 3.0, 1.5), (1, 4.5, 2.25),
)  # fmt: skip
_STEEP_MARGIN = 6.0
_STEEP_SHARE = 0.5
_WORTH_EXTENDING = 15.0
_PRICE_OF_CHOICE = 2.0 * float(np.log(3.0))


@dataclass(frozen=True)
class Proposal:
    """A jump set with the pair of weights that proposed it, and its score."""

    lam: float
    nu: float
    cut: Mask = field(repr=False)
    smoothed: Smoothed

    def cost(self, lattice: Lattice, penalty: Penalty) -> float:
        """Deviance plus what its parts cost."""
        return self.smoothed.deviance + penalty.price(lattice, self.cut)


@dataclass(frozen=True)
class EvidenceTuning:
    """The record of the tuning.

    Attributes
    ----------
    table : DataFrame
        One row per pair of weights: ``lam``, ``nu``, ``edges`` and ``segments`` of the proposed jump set, and its
        ``gain``, the deviance of the surface without jumps minus its own (NaN if it cut too much).
    gain : float
        Of the best jump set after it has paid its price, chosen or not; minus infinity if none is left.
    smooth : Smoothed
        The surface without jumps.
    errors : ErrorModel, optional
        Of the surface without jumps, where it is not that of the fit.
    """

    table: pd.DataFrame = field(repr=False)
    gain: float
    smooth: Smoothed = field(repr=False)
    errors: ErrorModel | None = field(repr=False, default=None)


def pairs(
    lattice: Lattice, data: Data, lam: float | None = None, nu: float | None = None
) -> list[tuple[float, float]]:
    """Pairs of weights to propose from; what is given stays fixed."""
    h = lattice.spacing
    found = []
    for reach in REACHES if lattice.n_axes < 3 else REACHES[1:2]:
        for size in SIZES[lattice.n_axes]:
            # a step of this size costs as much to smooth over `reach` cells as to cut
            cut = (size * data.typical_sd) ** 2 / (2.0 * reach * h)
            found.append((1.0 / (reach * h) ** 2 if lam is None else lam, cut if nu is None else nu))
    return list(dict.fromkeys(found))


def propose(problem: LiftedProblem) -> list[Mask]:
    """Jump set of one lifted problem, and a copy without its small segments."""
    return cuts_of(problem, solve(problem, _PROPOSAL_TOL, _PROPOSAL_ITERATIONS, np.float32))


def cuts_of(problem: LiftedProblem, relaxed: Relaxation) -> list[Mask]:
    """Return the same from a solved problem."""
    lattice = problem.lattice
    cut = join_empty(lattice, polish(problem, relaxed.surface).cut, problem.weight > 0.0)
    _, label = lattice.segments(cut)
    size = np.bincount(label)[label] if label.size else label
    return [_without(cut, np.flatnonzero(cut)[size < least]) for least in _SMALLEST_SEGMENTS[lattice.n_axes]]


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
            for group in self._groups(cut):
                if not cut[group].all():
                    continue
                trial = _without(cut, group)
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

    def _groups(self, cut: Mask) -> list[NDArray[np.intp]]:
        """Return groups of cut edges; in a volume all the small ones first, together."""
        found = groups(self.lattice, cut)
        small = [group for group in found if len(group) < _SMALL_GROUP] if self.lattice.n_axes == 3 else []
        return [np.concatenate(small), *found] if len(small) > 1 else found

    def refine(self, proposal: Proposal, penalty: Penalty) -> Proposal:
        """Take away faint parts of a volume's jump set and close its holes, as far as the cost falls.

        Regions with points are drawn anew. Without points, voxels that fit the other side are given over where the set
        has loose ends, or where each holds a single observation: the mean of several may be a mixture of both sides.
        """
        from statmodels_x.discontinuity.tuning import faces

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
        from statmodels_x.discontinuity.tuning import faces, sides

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

    def without_steep(self, proposal: Proposal, penalty: Penalty) -> Proposal:
        """Take away what is better told as a steep, bending stretch of a smooth surface than as a jump.

        The smoother is made softer round the jump set, by several factors and widths, with all of it cut,
        without one of its segments, and without any; what a soft surface tells better without, by a margin, is
        no jump. The worst part goes first, then the rest is looked at again. In a volume, whose borders have many
        faces, a part must gain half of its price over the soft surface instead.
        """
        while proposal.cut.any():
            edges, (count, label) = np.flatnonzero(proposal.cut), self.lattice.segments(proposal.cut)
            parts = [edges] + [edges[label == k] for k in range(count) if count > 1]
            trials = [proposal.cut, *(_without(proposal.cut, part) for part in parts)]
            best = np.array([np.inf] * len(trials))
            best[0] = proposal.smoothed.deviance
            t = proposal.smoothed.log_precision
            for soft, stiffer in self._softened(edges):
                scores = [JumpSetModel(soft, self.data, cut).deviance(min(t + stiffer, LARGEST_LOG_PRECISION))
                          for cut in trials]  # fmt: skip
                best = np.minimum(best, scores)
            best += self._margins(trials, penalty)
            worst = int(best.argmin())
            if worst == 0:
                return proposal
            cut = trials[worst]
            scored = self.score(cut, around=proposal.smoothed.log_precision)
            proposal = Proposal(proposal.lam, proposal.nu, cut, scored)
        return proposal

    def told_by_means(self, proposal: Proposal, penalty: Penalty) -> Proposal:
        """Take away what in a volume does not pay for itself by the voxels' means, too.

        Within a voxel a border lies where the labels round it put it. A second border some voxels away can move it,
        and gain by the points there without any jump of its own; the means know nothing of that.
        """
        if not isinstance(self.data, SidedPoints) or not proposal.cut.any():
            return proposal
        means, t, cut = self.data.means, proposal.smoothed.log_precision, proposal.cut

        def cost(one: Mask) -> float:
            return JumpSetModel(self.differences, means, one).deviance(t) + penalty.price(self.lattice, one)

        while cut.any():
            edges, (count, label) = np.flatnonzero(cut), self.lattice.segments(cut)
            parts = [edges[label == k] for k in range(count)] + self._groups(cut)
            fewer = [_without(cut, part) for part in parts]
            costs = [cost(one) for one in fewer]
            worst = int(np.argmin(costs))
            if costs[worst] >= cost(cut):
                break
            cut = fewer[worst]
        if cut is proposal.cut:
            return proposal
        return replace(proposal, cut=cut, smoothed=self.score(cut, around=t))

    def _margins(self, trials: list[Mask], penalty: Penalty) -> Array:
        """Return what each jump set is charged beside a soft surface; the first is the whole one."""
        if self.lattice.n_axes < 3:
            return np.array([0.0] + [_STEEP_MARGIN] * (len(trials) - 1))
        return _STEEP_SHARE * np.array([penalty.price(self.lattice, cut) for cut in trials])

    def _softened(self, edges: NDArray[np.intp]) -> Iterator[tuple[SecondDifferences, float]]:
        """Yield softer smoothers, and by how much they are stiffer elsewhere."""
        for steps, factor, stiffer in _SOFT_IN_VOLUMES if self.lattice.n_axes == 3 else _SOFT:
            yield self.differences.softened(self.lattice.near(edges, steps), factor), stiffer


def _with(cut: Mask, edges: Path) -> Mask:
    more = cut.copy()
    more[list(edges)] = True
    return more


def _without(cut: Mask, edges: NDArray[np.intp]) -> Mask:
    fewer = cut.copy()
    fewer[edges] = False
    return fewer


@dataclass(frozen=True)
class Proposed:
    """What one pair of weights proposed: its jump set, and a copy without small segments."""

    lam: float
    nu: float
    cuts: list[Mask] = field(repr=False)


def choose(
    scorer: Scorer, proposed: list[Proposed], penalty: Penalty, filtered: Sequence[Mask] = ()
) -> tuple[Proposal, EvidenceTuning]:
    """Score the proposed jump sets, prune the best, and weigh them against no jump at all.

    Parameters
    ----------
    scorer : Scorer
    proposed : list of Proposed
    penalty : Penalty
    filtered : sequence of ndarray of shape (edges,)
        Jump sets that step filters proposed.

    Returns
    -------
    chosen : Proposal
        With an empty jump set where no proposal gains more than the gate.
    tuning : EvidenceTuning
    """
    lattice = scorer.lattice
    none = np.zeros(lattice.n_edges, bool)
    smooth = scorer.score(none)

    def cost(proposal: Proposal) -> float:
        return proposal.cost(lattice, penalty)

    scored, table = _score_all(scorer, proposed, filtered, smooth)
    ranked = _lowest(_pruned(scorer, scored, smooth, penalty), _EXTENDED, cost)
    widest = max(proposed, key=lambda one: (one.nu, one.lam))  # reported where there is no jump
    chosen, gain = Proposal(widest.lam, widest.nu, none, smooth), -np.inf
    for proposal in _lowest(_whole(scorer, ranked, smooth, penalty), _EXTENDED, cost):
        if smooth.deviance - proposal.cost(lattice, penalty) <= gain:
            break  # what is steep only takes away from it
        pruned = scorer.told_by_means(scorer.without_steep(proposal, penalty), penalty)
        own = smooth.deviance - pruned.cost(lattice, penalty)
        if pruned.cut.any() and own > gain:
            gain = own
            chosen = pruned if gain > penalty.gate else chosen
    return chosen, EvidenceTuning(table, gain, smooth)


def _pruned(scorer: Scorer, scored: list[Proposal], smooth: Smoothed, penalty: Penalty) -> Iterator[Proposal]:
    """Prune the best; in a volume, where that takes long, only what may still be the best."""
    lattice, best = scorer.lattice, 0.0
    for proposal in _lowest(scored, _PRUNED[lattice.n_axes], lambda one: one.cost(lattice, penalty)):
        if lattice.n_axes == 3 and smooth.deviance - proposal.smoothed.deviance <= best:
            continue
        pruned = scorer.prune(proposal, penalty)
        best = max(best, smooth.deviance - pruned.cost(lattice, penalty))
        yield pruned


def _whole(scorer: Scorer, ranked: list[Proposal], smooth: Smoothed, penalty: Penalty) -> Iterator[Proposal]:
    """Close and lengthen borders; in a volume only of what is not far behind the best."""
    lattice, best = scorer.lattice, 0.0
    for proposal in ranked:
        if lattice.n_axes != 3:
            yield scorer.prune(scorer.extend(proposal, smooth, penalty), penalty)
        elif smooth.deviance - proposal.cost(lattice, penalty) >= _WORTH_REFINING * best:
            refined = scorer.refine(proposal, penalty)
            best = max(best, smooth.deviance - refined.cost(lattice, penalty))
            yield refined


def _lowest(proposals: Iterable[Proposal], most: int, cost: Callable[[Proposal], float]) -> list[Proposal]:
    """Proposals of lowest cost, each jump set once."""
    different = {np.packbits(proposal.cut).tobytes(): proposal for proposal in proposals}
    return sorted(different.values(), key=cost)[:most]


def _score_all(
    scorer: Scorer, proposed: list[Proposed], filtered: Sequence[Mask], smooth: Smoothed
) -> tuple[list[Proposal], pd.DataFrame]:
    """Score every different jump set once; tabulate what each pair of weights proposed.

    What filters proposed has no weights of its own: the middle pair stands for them.

    On a large grid all are scored at one smoothing precision first, and only the best are looked at closely.
    """
    t = smooth.log_precision if scorer.is_costly else None
    seen: dict[bytes, Proposal] = {}

    def gain_of(cut: Mask, lam: float, nu: float) -> float:
        if not cut.any() or cut.mean() > _MOST_CUT:
            return np.nan if cut.any() else 0.0
        key = np.packbits(cut).tobytes()
        if key not in seen:
            seen[key] = Proposal(lam, nu, cut, scorer.score(cut, t, smooth.log_precision))
        return smooth.deviance - seen[key].smoothed.deviance

    rows = []
    for one in proposed:
        gains = [gain_of(cut, one.lam, one.nu) for cut in one.cuts]
        edges, segments = int(one.cuts[0].sum()), scorer.lattice.segments(one.cuts[0])[0]
        rows.append((one.lam, one.nu, edges, segments, np.fmax.reduce(gains)))
    middle = proposed[len(proposed) // 2]
    for cut in filtered:
        gain_of(cut, middle.lam, middle.nu)
    table = pd.DataFrame(rows, columns=["lam", "nu", "edges", "segments", "gain"])
    return list(seen.values()), table
