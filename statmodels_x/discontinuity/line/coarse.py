"""Long lines: search among means of blocks of points, then place among the points what was found and what they hid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import Bend, Shape
from statmodels_x.discontinuity.line.local import local
from statmodels_x.discontinuity.line.runs import with_runs
from statmodels_x.discontinuity.line.scoring import Rules, by_score, score
from statmodels_x.discontinuity.line.search import Found, refine, settle, way_back

_BLOCKS = 4000
_FEW_POINTS = 6000  # no blocks of two: what they hide costs more than they save
_SWEEPS = 3
_WIDEST_RUN = 3  # blocks


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
    weight: Array = np.bincount(label, line.weight).astype(float)
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
