"""Tuning by evidence: jump sets proposed by the convex problem, scored by marginal likelihood, and pruned.

One pair (lam, nu) cannot both find the jumps and smooth between them. Here the lifted problem only proposes jump
sets, at several smoothing lengths and thresholds; the second-order smoother scores each one with the surface
integrated out, takes away what does not pay for itself, and gives the surface.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from statmodels_x.discontinuity.grid.lattice import Lattice, Mask
from statmodels_x.discontinuity.lifted.polish import join_empty, polish
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem, Relaxation, solve
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import Data, Smoothed
from statmodels_x.discontinuity.tuning.doubts import told_by_means, without_steep
from statmodels_x.discontinuity.tuning.proposals import Penalty, Proposal, Proposed, without
from statmodels_x.discontinuity.tuning.rivals import without_folds_and_ramps
from statmodels_x.discontinuity.tuning.scoring import Scorer
from statmodels_x.discontinuity.tuning.within import best_settled

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
_WORTH_REFINING = 0.6  # of the best gain
_MANY_TIMES = 10.0


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
    return [without(cut, np.flatnonzero(cut)[size < least]) for least in _SMALLEST_SEGMENTS[lattice.n_axes]]


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
        pruned = told_by_means(scorer, without_steep(scorer, proposal, penalty), penalty)
        own = smooth.deviance - pruned.cost(lattice, penalty)
        if pruned.cut.any() and own > gain:
            gain = own
            chosen = pruned if gain > penalty.gate else chosen
    return best_settled(scorer, chosen, scored, penalty), EvidenceTuning(table, gain, smooth)


def choose_placed(
    scorer: Scorer, proposed: list[Proposed], penalty: Penalty, filtered: Sequence[Mask] = ()
) -> tuple[Proposal, EvidenceTuning]:
    """Choose as :func:`choose`; in a volume also by the means of the voxels, and beside folds and ramps.

    A strong border within a layer of voxels leaves many points on the wrong side of every border along their faces, so
    that each costs more than a smooth surface. The means of the layer lie between the sides, and show a jump. They are
    asked where the points choose nothing.
    """
    chosen, tuning = choose(scorer, proposed, penalty, filtered)
    if not chosen.cut.any() and isinstance(scorer.data, SidedPoints):
        means = Scorer(scorer.lattice, scorer.data.means, scorer.is_single)
        shown, _ = choose(means, proposed, penalty, filtered)
        chosen, gain = _told_by_points(scorer, shown, penalty, tuning.smooth)
        tuning = replace(tuning, gain=max(gain, tuning.gain))
    told = without_folds_and_ramps(scorer, chosen, penalty, tuning.smooth)
    none_left = chosen.cut.any() and not told.cut.any()
    return told, replace(tuning, gain=-np.inf) if none_left else tuning


def _told_by_points(
    scorer: Scorer, shown: Proposal, penalty: Penalty, smooth: Smoothed
) -> tuple[Proposal, float]:
    """Place what the means of the voxels show by the points, and return it with its gain.

    It is taken if it gains many times its price: of ramps, which are told by this freedom, sheets gained three and six
    times their price, of strong planes a hundred times.
    """
    lattice, none = scorer.lattice, replace(shown, cut=np.zeros_like(shown.cut), smoothed=smooth)
    if not shown.cut.any():
        return none, -np.inf
    scored = scorer.score(shown.cut, around=shown.smoothed.log_precision)
    placed = best_settled(scorer, replace(shown, smoothed=scored), [], penalty)
    gain = smooth.deviance - placed.cost(lattice, penalty)
    if gain <= max(penalty.gate, _MANY_TIMES * penalty.price(lattice, placed.cut)):
        return none, -np.inf
    return placed, gain


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
