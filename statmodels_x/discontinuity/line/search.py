"""Search for the jump set of best evidence on a line: proposals, then single changes until none helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from statmodels_x.discontinuity.line.bends import hardened, softened
from statmodels_x.discontinuity.line.data import LineData, stray_points
from statmodels_x.discontinuity.line.evidence import Cuts, Shape
from statmodels_x.discontinuity.line.local import local
from statmodels_x.discontinuity.line.runs import with_runs
from statmodels_x.discontinuity.line.scoring import Rules, Scored, allowed, by_score, flipped, score

_SETTLED = (5, 2)  # with few points, and with many
_ROUNDS = 10
_LONGEST_RUN = 5  # least pieces
FEW_POINTS = (
    2000  # up to these more starts are refined, and every end is tried for the way back, not the winner alone
)
_NEAR = 10.0  # how much worse a way back may look before it is refined


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found: the best shape, the best without a jump, and every proposal before refinement."""

    winner: Scored
    no_jump: Scored
    proposals: list[Scored]


def search(
    line: LineData, proposals: Sequence[Cuts], slopes: Sequence[float], rules: Rules, best: int = 3
) -> Found:
    """Score all proposals under each prior of the slope, refine the best few, and keep the winner.

    Parameters
    ----------
    line : LineData
        The points.
    proposals : sequence of ndarray of bool
        Jump sets; the first is "no jump".
    slopes : sequence of float
        Prior variances of a change of slope at a jump.
    rules : Rules
        Noise, costs and the least length of a piece.
    best : int
        Number of proposals to refine, for each prior, beside "no jump".

    Returns
    -------
    Found
    """
    strays = frozenset(map(int, stray_points(line)[0]))
    asides = [frozenset(), strays] if strays else [strays]
    none = min(_scored(line, proposals[0], asides, slopes[0], rules), key=by_score)
    if line.n > FEW_POINTS:
        asides = [none.shape.outliers]
    bent = _soften_until_done(line, _outlying(line, none, rules), rules)
    winner = bent
    table = [none] * len(proposals)
    for k, slope in enumerate(slopes):
        zero, bent_zero = (
            replace(one, smoothing=replace(one.smoothing, slope=slope)) for one in (none, bent)
        )
        ways = [_scored(line, cuts, asides, slope, rules) for cuts in proposals[1:]]
        scored = [zero, *(min(one, key=by_score) for one in ways)]
        table = scored if k == 0 else [min(pair, key=by_score) for pair in zip(table, scored, strict=True)]
        chosen = [zero, bent_zero]
        for way in zip(*ways, strict=True):
            chosen += sorted(way, key=by_score)[:best]
        chosen += _with_runs(line, chosen[1:], rules)
        refined = [refine(line, one, rules) for one in chosen]
        distinct = {
            (one.shape.cuts.tobytes(), one.shape.bends, one.shape.outliers): one for one in refined
        }.values()
        leading = sorted(distinct, key=by_score)[: _SETTLED[line.n > FEW_POINTS]]
        winner = min([winner, *(settle(line, one, rules) for one in leading)], key=by_score)
    winner = way_back(line, winner, rules)
    no_jump = bent if winner.shape.cuts.any() else winner
    return Found(winner, no_jump, table)


def _scored(
    line: LineData, cuts: Cuts, asides: Sequence[frozenset[int]], slope: float, rules: Rules
) -> list[Scored]:
    """Score a jump set with each of some sets of outliers; set aside one by one, many strays hide each other."""
    return [score(line, Shape(cuts, (), aside), slope, rules) for aside in asides]


def _with_runs(line: LineData, starts: Sequence[Scored], rules: Rules) -> list[Scored]:
    """Short runs off the curve added to two starts: the one without a jump and the best with jumps."""
    found = []
    for one in starts[:2]:
        shape = with_runs(line, one.shape, one.smoothing, rules, _LONGEST_RUN * rules.min_points)
        if shape.cuts.sum() > one.shape.cuts.sum():
            found.append(score(line, shape, one.smoothing.slope, rules, one.smoothing))
    return found


def settle(line: LineData, begin: Scored, rules: Rules) -> Scored:
    """Offer each jump a bend in its place and descend again by single jumps, until neither helps."""
    current = _soften_and_refine(line, begin, rules)
    return way_back(line, current, rules) if line.n <= FEW_POINTS else current


def _soften_and_refine(line: LineData, begin: Scored, rules: Rules) -> Scored:
    current = begin
    for _ in range(_ROUNDS):
        softer = softened(line, current, rules)
        if softer is current:
            break
        current = refine(line, softer, rules)
    return current


def way_back(line: LineData, settled: Scored, rules: Rules) -> Scored:
    """Let bends give way to the jumps they may have swallowed.

    This comes after the search has settled: as one more option on the way down it leads to worse ends.
    """
    current = settled
    if rules.noise.kind == "correlated":
        return current
    for _ in range(_ROUNDS):
        best = current
        for k in range(len(current.shape.bends)):
            harder = hardened(line, current, k, rules)
            if harder is None or harder.score > current.score + _NEAR:
                continue
            best = min(best, refine(line, harder, rules), key=by_score)
        if not best.score < current.score - 1e-6:
            break
        current = min(best, _soften_and_refine(line, best, rules), key=by_score)
    return current


def refine(line: LineData, begin: Scored, rules: Rules) -> Scored:
    """Remove, add and move single jumps and outliers, the parameters refitted in between."""
    current = begin
    for _ in range(20):
        shape = _add_and_remove(line, current, rules)
        if shape.cuts.any():
            shape = local(line, shape, current.smoothing).moved(rules.min_points)
        if np.array_equal(shape.cuts, current.shape.cuts) and shape.outliers == current.shape.outliers:
            break
        new = score(line, shape, current.smoothing.slope, rules, current.smoothing)
        if new.score >= current.score - 1e-6:
            break
        current = new
    return current


def _add_and_remove(line: LineData, current: Scored, rules: Rules) -> Shape:
    shape = current.shape
    for _ in range(line.n):
        cuts, outliers = shape.cuts, shape.outliers
        jump, outlier = local(line, shape, current.smoothing).changes()
        jump += np.where(cuts, -rules.cost, rules.cost)
        jump[~cuts & ~allowed(cuts, rules.min_points)] = np.inf
        outlier += rules.outlier_cost
        outlier[list(outliers)] -= 2.0 * rules.outlier_cost
        gap, point = int(np.argmin(jump)), int(np.argmin(outlier))
        if not min(jump[gap], outlier[point]) < -1e-6:
            break
        if jump[gap] <= outlier[point]:
            shape = replace(shape, cuts=flipped(cuts, gap))
        else:
            shape = replace(shape, outliers=outliers ^ {point})
    return shape


def _outlying(line: LineData, begin: Scored, rules: Rules) -> Scored:
    """Mark outliers and nothing else."""
    return refine(line, begin, replace(rules, min_points=line.n))


def _soften_until_done(line: LineData, begin: Scored, rules: Rules) -> Scored:
    current = begin
    for _ in range(_ROUNDS):
        softer = softened(line, current, rules)
        if softer is current:
            break
        current = softer
    return current
