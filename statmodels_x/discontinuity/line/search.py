"""Search for the jump set of best evidence on a line: proposals, then single changes until none helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import (
    Bend,
    Cuts,
    Noise,
    Shape,
    Smoothing,
    bending,
    deviance,
    fit_smoothing,
    single_changes,
)

# how far, as a variance in unit scale, a bend may carry the curve beyond what the rest of the line does
_STRENGTHS = (0.1, 1.0, 10.0)
_NARROWEST_BEND = 6
_SETTLED = 2
_ADJUSTMENTS, _WORTHWHILE = 4, 0.2


@dataclass(frozen=True)
class Rules:
    """What a search may do.

    ``cost``, ``bend_cost``, ``outlier_cost``: of a jump, a bend and an outlier, on the scale of -2 log
    likelihood; ``min_points``: least number of points in a piece.
    """

    noise: Noise
    cost: float
    bend_cost: float
    outlier_cost: float
    min_points: int


@dataclass(frozen=True, eq=False)
class Scored:
    """A shape, its smoothing parameters and its score: deviance + costs. Lower is better."""

    shape: Shape
    smoothing: Smoothing
    score: float


def total_cost(shape: Shape, rules: Rules) -> float:
    """Cost of the jumps, outliers and bends of a shape."""
    jumps, bends, outliers = float(shape.cuts.sum()), len(shape.bends), len(shape.outliers)
    return rules.cost * jumps + rules.bend_cost * bends + rules.outlier_cost * outliers


def score(line: LineData, shape: Shape, slope: float, rules: Rules, start: Smoothing | None = None) -> Scored:
    """Score one shape at the best parameters."""
    smoothing = fit_smoothing(line, shape, rules.noise, slope, start)
    return Scored(shape, smoothing, smoothing.deviance + total_cost(shape, rules))


def allowed(cuts: Cuts, min_points: int) -> Cuts:
    """Gaps where a new jump would leave at least ``min_points`` points in both pieces it makes."""
    gaps = np.arange(len(cuts))
    ends = np.concatenate([[-1], np.flatnonzero(cuts), [len(cuts)]])
    piece = np.searchsorted(ends, gaps, side="left")  # ends[piece - 1] < gap <= ends[piece]
    return (gaps - ends[piece - 1] >= min_points) & (ends[piece] - gaps >= min_points)


def neighbourhood(cuts: Cuts, gap: int, min_points: int) -> Cuts:
    """Gaps to which the jump at ``gap`` may move while the other jumps stay."""
    without = cuts.copy()
    without[gap] = False
    others = np.flatnonzero(without)
    place = int(np.searchsorted(others, gap))
    free = allowed(without, min_points)
    if place > 0:
        free[: others[place - 1] + 1] = False
    if place < len(others):
        free[others[place] :] = False
    free[gap] = True
    return free


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
    none = score(line, Shape(proposals[0]), slopes[0], rules)
    bent = _bend_until_done(line, _outlying(line, none, rules), rules)
    winner = bent
    table = [none] * len(proposals)
    for k, slope in enumerate(slopes):
        zero, bent_zero = (
            replace(one, smoothing=replace(one.smoothing, slope=slope)) for one in (none, bent)
        )
        scored = [zero, *(score(line, Shape(cuts), slope, rules) for cuts in proposals[1:])]
        table = scored if k == 0 else [min(pair, key=_score) for pair in zip(table, scored, strict=True)]
        chosen = [zero, bent_zero, *sorted(scored[1:], key=_score)[:best]]
        refined = [_refine(line, one, rules) for one in chosen]
        distinct = {
            (one.shape.cuts.tobytes(), one.shape.bends, one.shape.outliers): one for one in refined
        }.values()
        leading = sorted(distinct, key=_score)[:_SETTLED]
        winner = min([winner, *(_settle(line, one, rules) for one in leading)], key=_score)
    no_jump = bent if winner.shape.cuts.any() else winner
    return Found(winner, no_jump, table)


def _score(one: Scored) -> float:
    return one.score


def _settle(line: LineData, begin: Scored, rules: Rules) -> Scored:
    """Offer each jump a bend in its place and descend again by single jumps, until neither helps."""
    current = begin
    for _ in range(10):
        softer = _bend(line, current, rules)
        if softer is current:
            break
        current = _refine(line, softer, rules)
    return current


def _refine(line: LineData, begin: Scored, rules: Rules) -> Scored:
    """Remove, add and move single jumps and outliers, the parameters refitted in between."""
    current = begin
    for _ in range(20):
        shape = _add_and_remove(line, current, rules)
        shape = _move(line, shape, current.smoothing, rules)
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
        jump, outlier = single_changes(line, shape, current.smoothing)
        jump += np.where(cuts, -rules.cost, rules.cost)
        jump[~cuts & ~allowed(cuts, rules.min_points)] = np.inf
        outlier += rules.outlier_cost
        outlier[list(outliers)] -= 2.0 * rules.outlier_cost
        gap, point = int(np.argmin(jump)), int(np.argmin(outlier))
        if not min(jump[gap], outlier[point]) < -1e-6:
            break
        if jump[gap] <= outlier[point]:
            shape = replace(shape, cuts=_flipped(cuts, gap))
        else:
            shape = replace(shape, outliers=outliers ^ {point})
    return shape


def _flipped(cuts: Cuts, *gaps: int) -> Cuts:
    new = cuts.copy()
    new[list(gaps)] = ~new[list(gaps)]
    return new


def _move(line: LineData, shape: Shape, smoothing: Smoothing, rules: Rules) -> Shape:
    for gap in map(int, np.flatnonzero(shape.cuts)):
        without = replace(shape, cuts=_flipped(shape.cuts, gap))
        change = single_changes(line, without, smoothing)[0]
        free = neighbourhood(shape.cuts, gap, rules.min_points)
        best = int(np.argmin(np.where(free, change, np.inf)))
        if change[best] < change[gap] - 1e-9:
            shape = replace(shape, cuts=_flipped(shape.cuts, gap, best))
    return shape


def _outlying(line: LineData, begin: Scored, rules: Rules) -> Scored:
    """Mark outliers and nothing else."""
    return _refine(line, begin, replace(rules, min_points=line.n))


def _bend_until_done(line: LineData, begin: Scored, rules: Rules) -> Scored:
    current = begin
    for _ in range(10):
        softer = _bend(line, current, rules)
        if softer is current:
            break
        current = softer
    return current


def _bend(line: LineData, current: Scored, rules: Rules) -> Scored:
    """Put a bend where the data ask for one or where a jump stands, adjust or drop one, if that lowers the score."""
    shape, smoothing = current.shape, current.smoothing
    others = [replace(shape, bends=shape.bends[:k] + shape.bends[k + 1 :]) for k in range(len(shape.bends))]
    steepest = _steepest_windows(bending(line, shape, smoothing))
    at_jumps = (_windows(line.n, int(gap)) for gap in np.flatnonzero(shape.cuts))
    bent = [_best_bend(line, current, windows, rules) for windows in (steepest, *at_jumps) if windows]
    adjusted = [
        _adjusted(line, rest, bend, smoothing, rules) for rest, bend in zip(others, shape.bends, strict=True)
    ]
    best = current
    for one in (*others, *bent, *adjusted):
        new = score(line, one, smoothing.slope, rules, smoothing)
        if new.score < best.score - 1e-6:
            best = new
    return best


def _quick(line: LineData, shape: Shape, smoothing: Smoothing, rules: Rules) -> float:
    """Score at the given parameters or at a lower rate, which a bend often sets free."""
    rates = (replace(smoothing, rate=factor * smoothing.rate) for factor in (1.0, 0.01))
    return total_cost(shape, rules) + min(deviance(line, shape, one) for one in rates)


def _best_bend(line: LineData, current: Scored, windows: list[tuple[int, int]], rules: Rules) -> Shape:
    """Bend of the best quick score: first its window, then its strength, then small changes of both."""

    def quick(bend: Bend) -> float:
        return _quick(line, _bent(current.shape, bend), current.smoothing, rules)

    window = min(windows, key=lambda one: quick(Bend(one[0], one[1], _STRENGTHS[1])))
    bend = min((Bend(window[0], window[1], strength) for strength in _STRENGTHS), key=quick)
    return _adjusted(line, current.shape, bend, current.smoothing, rules)


def _adjusted(line: LineData, shape: Shape, bend: Bend, smoothing: Smoothing, rules: Rules) -> Shape:
    """Move the ends of a bend by quarters of its width, or change its strength, while the quick score falls."""
    best = _bent(shape, bend)
    value = _quick(line, best, smoothing, rules)
    for _ in range(_ADJUSTMENTS):
        options = [_bent(shape, one) for one in _neighbours(bend, line.n)]
        values = [_quick(line, one, smoothing, rules) for one in options]
        k = int(np.argmin(values))
        if not values[k] < value - _WORTHWHILE:
            break
        best, value, bend = options[k], values[k], options[k].bends[-1]
    return best


def _neighbours(bend: Bend, n: int) -> list[Bend]:
    first, last, strength = bend.first, bend.last, bend.strength
    step = max((last - first) // 4, 2)
    ends = [(first - step, last), (first + step, last), (first, last - step), (first, last + step)]
    usable = [(a, b) for a, b in ends if a >= 0 and b < n and b - a >= _NARROWEST_BEND]
    moved = [Bend(a, b, strength) for a, b in usable]
    return [*moved, Bend(first, last, 3.0 * strength), Bend(first, last, strength / 3.0)]


def _widths(n: int) -> list[int]:
    found, width = [], _NARROWEST_BEND
    while width <= (n - 1) // 2:
        found.append(width)
        width *= 2
    return found


def _steepest_windows(gain: Array) -> list[tuple[int, int]]:
    """Of each dyadic width, the window over which the data ask most for a higher rate."""
    total = np.concatenate([[0.0], np.cumsum(gain)])
    windows = []
    for width in _widths(len(gain) + 1):
        first = int(np.argmax(total[width:] - total[:-width]))
        windows.append((first, first + width))
    return windows


def _windows(n: int, gap: int) -> list[tuple[int, int]]:
    """Windows of dyadic widths around a gap, centred and shifted by a quarter of their width to either side."""
    found = []
    for width in _widths(n):
        for shift in (-width // 4, 0, width // 4):
            first = max(gap - width // 2 + shift, 0)
            found.append((first, min(first + width, n - 1)))
    return found


def _bent(shape: Shape, bend: Bend) -> Shape:
    cuts = shape.cuts.copy()
    cuts[bend.first : bend.last] = False
    return replace(shape, cuts=cuts, bends=(*shape.bends, bend))
