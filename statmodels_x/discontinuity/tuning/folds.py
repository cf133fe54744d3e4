"""Cross-validation: fit on part of the observations, predict the rest of their cells."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from statmodels_x.discontinuity.grid.domain import Cells, Points, bin_points
from statmodels_x.discontinuity.lifted.polish import polish
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem, solve

_FOLDS = 5
_TOL = 1e-3
_MOST_ITERATIONS = 3000


def split(cells: Cells, points: Points | None, seed: int) -> list[tuple[Cells, Cells]]:
    """Training and test cells of each fold: observations are split at random, or the cells of an array.

    Parameters
    ----------
    cells : Cells
    points : Points or None
    seed : int

    Returns
    -------
    list of (Cells, Cells)
        On the scale of all.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    if points is not None:
        fold = rng.permutation(len(points.y)) % _FOLDS
        binned = partial(bin_points, domain=cells.domain, scale=cells.scale)
        return [(binned(points.take(fold != k)), binned(points.take(fold == k))) for k in range(_FOLDS)]
    fold = rng.permutation(cells.lattice.n_cells) % _FOLDS
    return [(_part(cells, fold != k), _part(cells, fold == k)) for k in range(_FOLDS)]


def _part(cells: Cells, kept: NDArray[np.bool_]) -> Cells:
    return replace(cells, weight=np.where(kept, cells.weight, 0.0), count=np.where(kept, cells.count, 0))


def validate(problems: list[tuple[LiftedProblem, Cells]]) -> tuple[float, float]:
    """Weighted mean squared error of the polished surfaces over the folds, and its standard error over folds."""
    errors, weights = [], []
    for problem, test in problems:
        surface = polish(problem, solve(problem, _TOL, _MOST_ITERATIONS, np.float32).surface).surface
        weights.append(test.weight.sum())
        errors.append(float(test.weight @ (test.f - surface) ** 2) / weights[-1])
    return float(np.average(errors, weights=weights)), float(np.std(errors, ddof=1) / np.sqrt(len(errors)))
