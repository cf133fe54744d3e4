"""Long lines: search among means of blocks of points, then place what was found, and what blocks hide, among the points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import Bend, Shape, Smoothing, kernel_arguments
from statmodels_x.discontinuity.line.local import local
from statmodels_x.discontinuity.line.scoring import Rules, Scored, by_score, score
from statmodels_x.discontinuity.line.search import Found, refine, settle, way_back

_BLOCKS = 4000
_FEW_POINTS = 6000  # no blocks of two: what they hide costs more than they save
_SWEEPS = 3
_WIDEST_RUN, _NEXT_RUN = 3, 1.25  # in blocks; from one length of runs to the next
_MOST_RUNS = 20_000


def block_length(line: LineData, rules: Rules) -> int:
    """Points in a block; 1 where the search is among the points themselves."""
    if line.n <= _FEW_POINTS or rules.noise.kind == "correlated":
        return 1
    return -(-line.n // _BLOCKS)


def blocks_of(line: LineData, length: int) -> LineData:
    """Means of consecutive points, as points of their own.

    The spread within a block is left out: a trend or a jump inside of it is no noise.
    """
    label = np.arange(line.n) // length
    weight = np.bincount(label, line.weight)
    return replace(
        line,
        x=np.bincount(label, line.weight * line.x) / weight,
        y=np.bincount(label, line.weight * line.y) / weight,
        weight=weight,
        within_df=0,
        within_ss=0.0,
    )


def among_points(
    line: LineData, length: int, coarse: Found, variance: float, slopes: Sequence[float], rules: Rules
) -> Found:
    """Carry what a search among blocks found over to the points, and go on from there.

    Parameters
    ----------
    line : LineData
        The points.
    length : int
        Points in a block.
    coarse : Found
        What was found among the blocks.
    variance : float
        Of the noise of a point, roughly.
    slopes : sequence of float
        Prior variances of a change of slope at a jump.
    rules : Rules
    """
    shape = _carried(coarse.winner.shape, line.n, length)
    best = None
    for slope in slopes:
        begin = replace(coarse.winner.smoothing, variance=variance, slope=slope)
        moved = shape
        for _ in range(_SWEEPS):
            moved = local(line, moved, begin).moved(rules.min_points)
        for one in _distinct(moved, with_runs(line, moved, begin, rules, _WIDEST_RUN * length)):
            placed = local(line, one, begin).moved(rules.min_points)
            found = refine(line, score(line, placed, slope, rules, begin), rules)
            best = found if best is None else min(best, found, key=by_score)
    assert best is not None
    best = way_back(line, settle(line, best, rules), rules)
    none = score(
        line,
        _carried(coarse.no_jump.shape, line.n, length),
        0.0,
        rules,
        replace(coarse.no_jump.smoothing, variance=variance),
    )
    return Found(min(best, none, key=by_score), none, coarse.proposals)


def _distinct(first: Shape, second: Shape) -> list[Shape]:
    return [first] if np.array_equal(first.cuts, second.cuts) else [first, second]


def _carried(shape: Shape, n: int, length: int) -> Shape:
    """Jumps at the ends of their blocks; an outlying block is none of points."""
    cuts = np.zeros(n - 1, bool)
    cuts[np.minimum((np.flatnonzero(shape.cuts) + 1) * length - 1, n - 2)] = True
    bends = tuple(
        Bend(one.first * length, min(one.last * length, n - 1), one.strength) for one in shape.bends
    )
    for one in bends:
        cuts[one.first : one.last] = False
    return Shape(cuts, bends)


def with_runs(line: LineData, shape: Shape, smoothing: Smoothing, rules: Rules, longest: int) -> Shape:
    """Both ends of short runs off the smooth as jumps: single jumps never pay for them, and blocks smear them.

    A run of points counts whose mean residual would pay for two jumps, and that is a local best of its length.
    """
    from statmodels_x.discontinuity.line.kernels import smooth

    curve = smooth(*kernel_arguments(line, shape, smoothing))[0][:, 0]
    off = np.concatenate([[0.0], np.cumsum(line.weight * (line.y - curve))])
    weight = np.concatenate([[0.0], np.cumsum(line.weight)])
    found: list[NDArray[np.float64]] = []
    length = rules.min_points
    while length <= longest + rules.min_points and length < line.n:
        gain = (off[length:] - off[:-length]) ** 2 / (weight[length:] - weight[:-length]) / smoothing.variance
        first = _peaks(gain, 2.0 * rules.cost)
        found.append(np.column_stack([gain[first], first, first + length]))
        length = max(length + 1, int(length * _NEXT_RUN))
    runs = np.concatenate(found) if found else np.empty((0, 3))
    return _placed(shape, runs[np.argsort(-runs[:, 0], kind="stable")][:_MOST_RUNS], line.n, rules.min_points)


def _peaks(gain: Array, least: float) -> NDArray[np.int64]:
    padded = np.concatenate([[-1.0], gain, [-1.0]])
    return np.flatnonzero((gain > least) & (gain >= padded[:-2]) & (gain >= padded[2:]))


def _placed(shape: Shape, runs: Array, n: int, min_points: int) -> Shape:
    """Add the runs, the strongest first, where none of the jumps so far is near and there is no bend."""
    cuts = shape.cuts.copy()
    for first, end in runs[:, 1:].astype(int):
        if not cuts[max(first - min_points, 0) : min(end + min_points, n - 1)].any():
            cuts[[edge - 1 for edge in (first, end) if 0 < edge < n]] = True
    for one in shape.bends:
        cuts[one.first : one.last] = False
    return replace(shape, cuts=cuts)
