"""Bends: stretches where a curve may turn sharply without a jump, offered in the place of jumps and taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import Bend, Shape, Smoothing, bending
from statmodels_x.discontinuity.line.local import local
from statmodels_x.discontinuity.line.scoring import (
    Rules,
    Scored,
    allowed,
    bent,
    flipped,
    score,
    total_cost,
    without_bend,
)

# how far, as a variance in unit scale, a bend may carry the curve beyond what the rest of the line does; beyond the
# last a "bend" is free to swing by several ranges of the response, and so is a pulse, two jumps, for the price of one
_STRENGTHS = (0.1, 1.0, 10.0)
_STRONGEST = _STRENGTHS[-1]
_NARROWEST = 6
_ADJUSTMENTS, _WORTHWHILE = 4, 0.2
_REACH = 2  # jumps to either side that a window around a jump may swallow
_MANY_POINTS = 20_000
_MOST, _SLACK = (
    (12, 4),
    (30.0, 10.0),
)  # how many are refitted, and how much worse they may look: few and many points
_AROUND, _MOST_JUMPS = 3, 3  # of a window, when jumps are tried in the place of a bend

Quick = Callable[[Sequence[Bend]], Array]


def softened(line: LineData, current: Scored, rules: Rules) -> Scored:
    """Put a bend where the data ask for one or where a jump stands, adjust or drop one, if that lowers the score."""
    smoothing = current.smoothing
    best = current
    for one in (*_dropped_or_adjusted(line, current, rules), *_new(line, current, rules)):
        new = score(line, one, smoothing.slope, rules, smoothing)
        if new.score < best.score - 1e-6:
            best = new
    return best


def hardened(line: LineData, current: Scored, k: int, rules: Rules) -> Scored | None:
    """Take out the k-th bend and put up to three jumps into its window, one by one, each moved to where it is best.

    None where fewer than two can be put; a single one is what removing the bend and adding a jump find already.
    """
    bend, shape, smoothing = current.shape.bends[k], without_bend(current.shape, k), current.smoothing
    low, high = max(bend.first - _AROUND, 0), min(bend.last + _AROUND, line.n - 1)
    best = None
    for count in range(_MOST_JUMPS):
        jump = local(line, shape, smoothing).changes()[0]
        jump[shape.cuts | ~allowed(shape.cuts, rules.min_points)] = np.inf
        jump[:low] = np.inf
        jump[high:] = np.inf
        gap = int(np.argmin(jump))
        if not np.isfinite(jump[gap]):
            break
        shape = replace(shape, cuts=flipped(shape.cuts, gap))
        shape = local(line, shape, smoothing).moved(rules.min_points)
        if count > 0:
            new = score(line, shape, smoothing.slope, rules, smoothing)
            best = new if best is None or new.score < best.score else best
    return best


def _dropped_or_adjusted(line: LineData, current: Scored, rules: Rules) -> list[Shape]:
    shape, options = current.shape, []
    for k, bend in enumerate(shape.bends):
        rest = without_bend(shape, k)
        quick = _quick(line, rest, current.smoothing, rules)
        options += [rest, bent(rest, _adjusted(bend, line.n, quick)[0])]
    return options


def _new(line: LineData, current: Scored, rules: Rules) -> list[Shape]:
    """Of each family of windows the best bend, the best few of them, if they are near enough to be worth a refit."""
    shape = current.shape
    quick = _quick(line, shape, current.smoothing, rules)
    families = [_steepest_windows(bending(line, shape, current.smoothing)), *_windows_at_jumps(shape, line.n)]
    found = sorted((_best(windows, line.n, quick) for windows in families if windows), key=lambda one: one[1])
    many = int(line.n > _MANY_POINTS)
    near = [bend for bend, value in found if value < current.score + _SLACK[many]]
    return [bent(shape, bend) for bend in near[: _MOST[many]]]


def _quick(line: LineData, shape: Shape, smoothing: Smoothing, rules: Rules) -> Quick:
    """Scores of bends at the given parameters or at a lower rate, which a bend often sets free."""
    at = [local(line, shape, replace(smoothing, rate=factor * smoothing.rate)) for factor in (1.0, 0.01)]
    before = np.concatenate([[0], np.cumsum(shape.cuts)])
    cost = total_cost(shape, rules) + rules.bend_cost

    def quick(bends: Sequence[Bend]) -> Array:
        swallowed = np.array([before[one.last] - before[one.first] for one in bends])
        return cost - rules.cost * swallowed + np.minimum(at[0].bent(bends), at[1].bent(bends))

    return quick


def _best(windows: list[tuple[int, int]], n: int, quick: Quick) -> tuple[Bend, float]:
    """Bend of the best quick score: first its window, then its strength, then small changes of both."""
    bends = [Bend(first, last, _STRENGTHS[1]) for first, last in windows]
    found = bends[int(np.argmin(quick(bends)))]
    bends = [replace(found, strength=strength) for strength in _STRENGTHS]
    return _adjusted(bends[int(np.argmin(quick(bends)))], n, quick)


def _adjusted(bend: Bend, n: int, quick: Quick) -> tuple[Bend, float]:
    """Move the ends of a bend by quarters of its width, or change its strength, while the quick score falls."""
    value = float(quick([bend])[0])
    for _ in range(_ADJUSTMENTS):
        options = _neighbours(bend, n)
        values = quick(options)
        k = int(np.argmin(values))
        if not values[k] < value - _WORTHWHILE:
            break
        bend, value = options[k], float(values[k])
    return bend, value


def _neighbours(bend: Bend, n: int) -> list[Bend]:
    first, last, strength = bend.first, bend.last, bend.strength
    step = max((last - first) // 4, 2)
    ends = [(first - step, last), (first + step, last), (first, last - step), (first, last + step)]
    usable = [(a, b) for a, b in ends if a >= 0 and b < n and b - a >= _NARROWEST]
    moved = [Bend(a, b, strength) for a, b in usable]
    strengths = (min(3.0 * strength, _STRONGEST), strength / 3.0)
    return [*moved, *(Bend(first, last, one) for one in strengths)]


def _widths(n: int) -> list[int]:
    found, width = [], _NARROWEST
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


def _windows_at_jumps(shape: Shape, n: int) -> list[list[tuple[int, int]]]:
    """Around every jump windows of dyadic widths, centred and shifted by a quarter, not far beyond its second next."""
    gaps = np.flatnonzero(shape.cuts)
    ends = np.concatenate([np.zeros(_REACH, int), gaps, np.full(_REACH, n - 1)])
    found = []
    for k, gap in enumerate(gaps):
        low, high = ends[k] - _NARROWEST, ends[k + 2 * _REACH] + _NARROWEST
        windows = _windows(n, int(gap))
        found.append([(a, b) for a, b in windows if b - a <= 2 * _NARROWEST or (a >= low and b <= high)])
    return found


def _windows(n: int, gap: int) -> list[tuple[int, int]]:
    found = []
    for width in _widths(n):
        for shift in (-width // 4, 0, width // 4):
            first = max(gap - width // 2 + shift, 0)
            found.append((first, min(first + width, n - 1)))
    return found
