"""A second stage on held-out observations: the boundary from one half, the sizes from the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.discontinuity.fitting.estimation import estimate
from statmodels_x.discontinuity.grid.domain import bin_points
from statmodels_x.discontinuity.inference.uncertainty import jump_size_table

if TYPE_CHECKING:
    from statmodels_x.discontinuity.results import FreeDiscontinuityResults


def second_stage(fit: FreeDiscontinuityResults, at: Any, alpha: float, seed: int) -> pd.DataFrame:
    """Measure sizes on held-out data; see :meth:`FreeDiscontinuityResults.second_stage`."""
    points = fit.sample.points
    if points is None:
        raise DataError(
            "second_stage() needs the scattered observations: not an array, nor a result saved without its data."
        )
    order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(3,))).permutation(len(points.y))
    first, second = np.sort(order[::2]), np.sort(order[1::2])
    cells = bin_points(points.take(first), fit.domain, fit.sample.cells.scale)
    found = estimate(cells, points.take(first), fit.specification, fit.control)
    other = bin_points(points.take(second), fit.domain, fit.sample.cells.scale)
    half = replace(fit, sample=replace(fit.sample, cells=other), estimate=found)
    return jump_size_table(half, at, alpha)
