"""The average effect along a border: its points found and its effect measured on different observations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.threads import one_for_blas
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_count, check_number
from statmodels_x.discontinuity.border.fit import find_border
from statmodels_x.discontinuity.border.model import PRICES, Border, BorderModel, Price
from statmodels_x.discontinuity.border.points import CENTRE, PointData, point_data
from statmodels_x.discontinuity.border.sides import Line, between_sides
from statmodels_x.discontinuity.fitted import SurfaceFitted
from statmodels_x.discontinuity.grid.domain import Points
from statmodels_x.discontinuity.inference.averaged import BorderEffect
from statmodels_x.discontinuity.inference.level_shifts import Extras, level_of, read_extras, read_sides
from statmodels_x.discontinuity.inference.local_jump import JumpData, choose_bandwidth, estimate_jump

Finder = Callable[[PointData, Price], tuple[Border, float]]
_WIDEST = 0.25  # of the shorter side of the domain
_NARROWEST, _ENOUGH = 1.5, 20.0  # beyond the donut: sides of a square that holds so many observations
_FARTHEST = 1e100
_PILOT = 0.4  # of that side: where curvatures are measured
_DONUT = 2.0  # standard deviations of a found border's place
_WIDEST_DONUT = 1.0  # cells


@dataclass(frozen=True)
class EffectOptions:
    """How the effect is measured, checked."""

    bandwidth: float | None
    donut: float | None
    degree: int
    trend: int
    folds: int
    seed: int

    @classmethod
    def of(cls, bandwidth: Any, donut: Any, degree: Any, trend: Any, folds: Any, seed: Any) -> EffectOptions:
        """Check them; a DataError names the one that cannot be used."""
        width = None if bandwidth is None else check_number("bandwidth", bandwidth, low=0.0, high=np.inf)
        hole = None if donut is None else check_number("donut", donut, low=0.0, high=_FARTHEST, closed=True)
        if width is not None and hole is not None and hole >= width:
            raise DataError(f"border_effect(): `donut` {hole:g} leaves nothing of `bandwidth` {width:g}.")
        return cls(
            width, hole, check_count("degree", degree, 0, 2), check_count("trend", trend, 0, 5),
            check_count("folds", folds, 2, 100), check_count("seed", seed, 0, most=None),
        )  # fmt: skip


@one_for_blas()
def border_effect(
    fit: SurfaceFitted, data: Any, border: Any, covariates: Any, absorb: Any, cluster: Any, options: EffectOptions
) -> BorderEffect:  # fmt: skip
    """Measure the average effect; see ``SurfaceResults.border_effect``."""
    sample = fit.need_sample("border_effect()")
    if sample.points is None or sample.points.x.shape[1] != 2:
        raise DataError("border_effect() needs scattered observations over two covariates.")
    extras = read_extras(fit, data, covariates, absorb, cluster)
    points = sample.points
    if border is not None:
        distance, lengths, folds = *_given(fit, points, data, border), 0
        place_sd = 0.0
    else:
        if fit.estimate.placed is None:
            raise DataError(
                "border_effect(): this fit does not place its border within the cells, so that it cannot be found on "
                "parts of the data; fit with tune='evidence' and independent errors, or give `border`."
            )
        distance, lengths, place_sd = cross_fitted(fit, points, extras, options)
        folds = options.folds
    known = np.isfinite(distance)
    jumps = JumpData(
        distance, points.x, points.y, points.weight, extras.covariates, extras.names, extras.groups, extras.cluster
    ).take(known)  # fmt: skip
    donut = options.donut
    if donut is None:
        donut = min(_DONUT * place_sd, _WIDEST_DONUT * float(fit.domain.widths.mean()))
    bandwidth = bandwidth_of(fit, jumps, donut, options)
    found = estimate_jump(jumps.near(bandwidth, donut), options.degree, options.trend)
    return BorderEffect(
        found.estimate, found.std_error, found.reference, found.n_sides, found.n_clusters, bandwidth, donut,
        float(np.mean(lengths)), folds, len(lengths) if folds else 0,
    )  # fmt: skip


def _given(fit: SurfaceFitted, points: Points, data: Any, border: Any) -> tuple[Array, list[float]]:
    """Signed distance of the points from a border that is given by its vertices, or by the side of each point."""
    if isinstance(border, str) or _is_column(border):
        return between_sides(points.x, read_sides(fit, data, border)), [float("nan")]
    line = Line.of_vertices(border)
    return line.signed_distance(points.x), [line.length]


def _is_column(border: Any) -> bool:
    several = isinstance(border, list | tuple) and any(np.ndim(one) for one in border)
    return not several and np.ndim(border) == 1


def bandwidth_of(fit: SurfaceFitted, data: JumpData, donut: float, options: EffectOptions) -> float:
    """Bandwidth as given, or chosen between limits set by the domain and the number of observations."""
    if options.bandwidth is not None:
        if donut >= options.bandwidth:
            raise DataError(
                f"border_effect(): observations nearer than {donut:.4g} are left out, which is beyond `bandwidth` "
                f"{options.bandwidth:.4g}; give a wider one, or a smaller `donut`."
            )
        return options.bandwidth
    extents = [float(breaks[-1] - breaks[0]) for breaks in fit.domain.breaks]
    extent = min(extents)
    least = donut + _NARROWEST * max(extents) * float(np.sqrt(_ENOUGH / fit.nobs))
    most = max(_WIDEST * extent, least)
    return choose_bandwidth(data, options.trend, least, most, max(_PILOT * extent, most))


def most_evident(data: PointData, price: Price) -> tuple[Border, float]:
    """Return the border that the search of a fit finds, and its smoothing precision."""
    best = find_border(data, price).best
    return best.border, best.t


def cross_fitted(
    fit: SurfaceFitted, points: Points, extras: Extras, options: EffectOptions, find: Finder = most_evident
) -> tuple[Array, list[float], float]:
    """Signed distance of each point from the border that the other folds find, and what is known of the borders.

    Points of one cluster are in one fold. NaN for the points of a fold for which the others find no border.

    Returns
    -------
    distance : ndarray of shape (n,)
    lengths : list of float
    place_sd : float
        Standard deviation of the border's place, across it, by the jackknife over the folds.
    """
    rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(15,)))
    fold = _folds(len(points.y), extras.cluster, options.folds, rng)
    lines = [line_of(fit, points, extras, fold != k, find) for k in range(options.folds)]
    lengths = [line.length for line in lines if line is not None]
    if not lengths:
        raise DataError(
            f"border_effect(): no jump was found outside of any of the {options.folds} folds of the data, so that "
            "there is no border to measure at; give `border`, or fit with sensitivity='sensitive'."
        )
    if len(lengths) < options.folds:
        warn(
            f"border_effect(): in {options.folds - len(lengths)} of {options.folds} folds the other observations show "
            "no jump, and what lies in these folds is left out; a border so weak is doubtful.",
            DataWarning,
        )
    each = np.array(
        [np.full(len(points.y), np.nan) if line is None else line.signed_distance(points.x) for line in lines]
    )
    distance = each[fold, np.arange(len(fold))]
    return distance, lengths, _place_sd(each, fit.domain.widths.mean())


def _place_sd(each: Array, cell: float) -> float:
    """Jackknife over the folds' borders, at points within two cells of all of them."""
    found = each[np.isfinite(each).any(1)]
    near = found[:, np.all(np.abs(found) < 2.0 * cell, axis=0)]
    if len(found) < 2 or not near.size:
        return float(cell)
    return float(np.sqrt(np.mean((len(found) - 1.0) * near.var(axis=0))))


def _folds(n: int, cluster: NDArray[np.intp] | None, folds: int, rng: np.random.Generator) -> NDArray[Any]:
    if cluster is None:
        return rng.permutation(n) % folds
    _, code = np.unique(cluster, return_inverse=True)
    count = int(code.max()) + 1
    if count < folds:
        raise DataError(
            f"border_effect(): `cluster` has {count} groups, and a group goes into one of {folds} `folds` as a whole; "
            f"give at most {count} folds."
        )
    return (rng.permutation(count) % folds)[code]


def line_of(
    fit: SurfaceFitted, points: Points, extras: Extras, rows: NDArray[np.bool_], find: Finder = most_evident
) -> Line | None:
    """Return the border that some of the points show, once what shifts their level is taken off."""
    spec = fit.specification
    known = spec.noise_sd if spec.noise == "known" else None
    level = level_of(fit, points, extras, rows)
    part = Points(points.x[rows], points.y[rows] - level, points.weight[rows])
    data = point_data(part, fit.domain, fit.scale, known)
    border, t = find(data, PRICES[fit.control.sensitivity])
    if not border.cut.any():
        return None
    return Line.of_border(fit.domain, border, BorderModel(data, border).surface(t) - CENTRE)
