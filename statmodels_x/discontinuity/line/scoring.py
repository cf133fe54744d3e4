"""What a search may do and how a shape is judged: costs, scores, and where a jump may stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import Bend, Cuts, Noise, Shape, Smoothing
from statmodels_x.discontinuity.line.parameters import fit_smoothing


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


def by_score(one: Scored) -> float:
    """Key of a comparison."""
    return one.score


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


def flipped(cuts: Cuts, *gaps: int) -> Cuts:
    """Jumps added at gaps where there are none, and removed where there are."""
    new = cuts.copy()
    new[list(gaps)] = ~new[list(gaps)]
    return new


def bent(shape: Shape, bend: Bend) -> Shape:
    """Put a bend in the place of the jumps of its window."""
    cuts = shape.cuts.copy()
    cuts[bend.first : bend.last] = False
    return Shape(cuts, (*shape.bends, bend), shape.outliers)


def without_bend(shape: Shape, k: int) -> Shape:
    """Take out the k-th bend."""
    return Shape(shape.cuts, shape.bends[:k] + shape.bends[k + 1 :], shape.outliers)
