"""A second stage on held-out observations: the boundary from one half, the sizes from the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.threads import one_for_blas
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.fitted import SurfaceFitted
from statmodels_x.discontinuity.fitting.estimation import estimate
from statmodels_x.discontinuity.grid.domain import bin_points
from statmodels_x.discontinuity.inference.uncertainty import jump_size_table


@one_for_blas()
def second_stage(fit: SurfaceFitted, places: Array, alpha: float, seed: int) -> pd.DataFrame:
    """Measure sizes on held-out data; see ``SurfaceResults.second_stage``."""
    sample = fit.need_sample("second_stage()")
    if sample.points is None:
        raise DataError("second_stage() needs scattered observations, not an array.")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(3,)))
    rows = _halves(len(sample.points.y), sample.cluster, rng)
    halves = [sample.points.take(own) for own in rows]
    first, second = (bin_points(half, fit.domain, fit.scale) for half in halves)
    found = estimate(first, halves[0], fit.specification, fit.control)
    cluster = None if sample.cluster is None else sample.cluster[rows[1]]
    measured = replace(sample, cells=second, points=halves[1], cluster=cluster)
    other = replace(fit, sample=measured, estimate=found, kept={})
    return jump_size_table(other, places, alpha)


def _halves(n: int, cluster: NDArray[np.intp] | None, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Divide the rows at random, clusters as a whole."""
    if cluster is None:
        order = rng.permutation(n)
        return [np.sort(order[start::2]) for start in (0, 1)]
    side = rng.permutation(int(cluster.max()) + 1) % 2
    return [np.flatnonzero(side[cluster] == k) for k in (0, 1)]
