"""Resampling where the border is placed within the cells: points about drawn surfaces, fitted like the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.resampling import replicate
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.fit import find_border, gain_reaching
from statmodels_x.discontinuity.border.model import PRICES, Border, Price
from statmodels_x.discontinuity.border.points import CENTRE
from statmodels_x.discontinuity.border.sizes import contrasts, nearest
from statmodels_x.discontinuity.fitted import SurfaceFitted
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask
from statmodels_x.discontinuity.inference import placed
from statmodels_x.discontinuity.inference.placed import PointSampler
from statmodels_x.discontinuity.specification import Control


@dataclass(frozen=True)
class Resamples:
    """What came of the resamples.

    Attributes
    ----------
    surface_errors : ndarray of shape (n, cells)
        Estimated minus true surface, scaled.
    cuts : ndarray of bool, shape (n, edges)
    size_errors : ndarray of shape (n, places)
        Estimated minus true jump size at the places that were asked for, in the data's units; NaN where no jump
        was found.
    """

    surface_errors: Array = field(repr=False)
    cuts: NDArray[np.bool_] = field(repr=False)
    size_errors: Array = field(repr=False)

    def stability(self, lattice: Lattice) -> Array:
        """Share of the resamples in which each edge, or one that shares a cell or a 2 x 2 block with it, is cut."""
        return np.mean([_widen(lattice, cut) for cut in self.cuts], axis=0)


def _widen(lattice: Lattice, cut: Mask) -> Mask:
    """Edges that touch a cell at the end of a cut edge."""
    cell = lattice.near(cut)
    return cell[lattice.tail] | cell[lattice.head]


def resample(fit: SurfaceFitted, control: Control, n: int, places: Array) -> Resamples:
    """Draw surfaces given the border and points about them, and find the border of each anew."""
    data, border = placed.points_of(fit, "bootstrap()"), placed.border_of(fit)
    task = partial(
        _one,
        sampler=PointSampler.of(data, border, fit.estimate.log_precision),
        border=border,
        price=PRICES[fit.control.sensitivity],
        places=places,
        size_range=fit.scale.range,
    )
    results = replicate(task, n, seed=control.seed, n_jobs=control.n_jobs, progress=control.progress)
    return Resamples(*(np.array(part) for part in zip(*results, strict=True)))


def _one(
    rng: np.random.Generator,
    sampler: PointSampler,
    border: Border,
    price: Price,
    places: Array,
    size_range: float,
) -> tuple[Array, Mask, Array]:
    drawn, truth = sampler.draw(border, rng)
    found = find_border(drawn, price)
    other = found.best.border
    surface = found.search.model(other).surface(found.best.t) - CENTRE
    errors = np.full(len(places), np.nan)
    if other.cut.any() and border.cut.any():
        true, way = _sizes(drawn.lattice, border, places, truth)
        size, other_way = _sizes(drawn.lattice, other, places, surface)
        errors = (np.where((way * other_way).sum(1) >= 0.0, 1.0, -1.0) * size - true) * size_range
    return surface - truth, other.cut, errors


def _sizes(lattice: Lattice, border: Border, places: Array, surface: Array) -> tuple[Array, Array]:
    """Sizes at the points of a border nearest to places, and the way across."""
    found = nearest(lattice, border, places, np.ones(2))
    before, behind = contrasts(lattice, border, found.point, found.edge)
    # from the side of the tail to that of the head, as seen along the normal through the place's own cell
    return (behind - before) @ surface, placed.way_across(lattice, border, found.edge)


def null_gains(fit: SurfaceFitted, control: Control, n: int) -> tuple[float, Array]:
    """First gain of the data, and of points about surfaces drawn without a border.

    The statistic is the gain of the best proposal of the filters once redrawn and pruned, if the border is then found
    to be one; a border that creases, ramps or bends tell as well counts for nothing. For drawn data that is looked at
    only where the gain reaches the data's, and the gain itself only where a proposal comes near.
    """
    tuning, data = fit.estimate.tuning, placed.points_of(fit, "test_no_jump()")
    observed = tuning.first_gain if fit.estimate.cut.any() else -np.inf
    none = Border.none(data.lattice)
    task = partial(
        _null_gain,
        sampler=PointSampler.of(data, none, tuning.smooth.log_precision),
        none=none,
        price=PRICES[fit.control.sensitivity],
        observed=observed,
    )
    null = replicate(task, n, seed=control.seed, n_jobs=control.n_jobs, progress=control.progress)
    return observed, np.array(null)


def _null_gain(
    rng: np.random.Generator, sampler: PointSampler, none: Border, price: Price, observed: float
) -> float:  # fmt: skip
    if not np.isfinite(observed):
        return observed
    drawn, _ = sampler.draw(none, rng)
    gain = gain_reaching(drawn, price, observed)
    if gain < observed:
        return gain
    return gain if find_border(drawn, price).best.border.cut.any() else -np.inf
