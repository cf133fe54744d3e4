"""Bands for the surface, intervals for jump sizes, and the test of no jump."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.hypotheses import HypothesisTest, hypothesis_test
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.resampling import percentile_limits
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.fitted import SurfaceFitted, keeps
from statmodels_x.discontinuity.grid import jumps as tables
from statmodels_x.discontinuity.grid.boundary import from_cells, in_cells
from statmodels_x.discontinuity.grid.lattice import Index, Mask
from statmodels_x.discontinuity.grid.prediction import interpolate
from statmodels_x.discontinuity.inference import placed
from statmodels_x.discontinuity.inference.posterior import posterior_factor
from statmodels_x.discontinuity.inference.sizes import JumpSizes, jump_sizes
from statmodels_x.discontinuity.smoothing.places import Places

_FEWEST_RESAMPLES = 19


def natural_surface(fit: SurfaceFitted) -> Array:
    """Return the surface at the centres of the cells, in the data's units; shape (cells,)."""
    return fit.scale.natural(fit.estimate.surface)


def cell_values(fit: SurfaceFitted) -> Array:
    """Return the surface as cells show it: at their centres, or its averages over pixels that are averages."""
    natural = natural_surface(fit)
    return placed.pixel_values(fit, natural) if placed.is_placed(fit) else natural


def expected(fit: Any, values: Array) -> Array:
    """Of an image read as averages, the fitted averages over the pixels with data; else the values given."""
    is_image = isinstance(fit, SurfaceFitted) and placed.is_placed(fit) and placed.pixels_of(fit)
    return cell_values(fit)[fit.need_sample("residuals()").cells.filled] if is_image else values


@keeps
def surface_std_error(fit: SurfaceFitted) -> Array:
    """Posterior standard deviation of the surface given the jump set, in the data's units; shape (cells,).

    The prior is the one behind the smoother that made the surface: second differences after evidence tuning,
    first differences for a minimiser of the energy (Wahba 1983; Nychka 1988). Such bands hold on average over
    the surface; the error of the jump set is not in them.
    """
    if placed.is_placed(fit):
        return np.sqrt(placed.surface_variance(fit)) * fit.scale.range
    sample = fit.need_sample("surface_std_error")
    cells = sample.cells
    factor = posterior_factor(cells, sample.points, fit.estimate)
    if factor is None:
        return np.full(cells.lattice.n_cells, np.nan)
    return np.sqrt(factor.inverse_diagonal()) * cells.scale.range


@keeps
def edge_sizes(fit: SurfaceFitted) -> JumpSizes:
    """Limits at the cut edges (their middles or crossings), in the data's units; NaN where they cannot be had."""
    if placed.is_placed(fit):
        return placed.edge_limits(fit)
    edges = np.flatnonzero(fit.estimate.cut)
    middle = in_cells(fit.domain, fit.domain.edge_midpoints()[edges])
    if not edges.size or not fit.estimate.errors.is_known:
        missing = np.full(edges.size, np.nan)
        return JumpSizes(middle, np.full(middle.shape, np.nan), missing, missing, np.diag(missing))
    return sizes_of(fit, middle)


@keeps
def edge_table(fit: SurfaceFitted) -> pd.DataFrame:
    """One row for each cut edge; see ``SurfaceResults.jumps``."""
    found = edge_sizes(fit)
    surface, cut = natural_surface(fit), fit.estimate.cut
    place = placed.edge_places(fit) if placed.is_placed(fit) else None
    return tables.edge_table(fit.domain, surface, cut, found.before, found.behind, found.std_error, place)


@keeps
def boundary_table(fit: SurfaceFitted) -> pd.DataFrame:
    """One row for each connected segment; see ``SurfaceResults.boundaries``."""
    jumps, cells = edge_table(fit), fit.need_sample("boundaries").cells
    observed = tables.observed_edges(cells.lattice, fit.estimate.cut, cells.filled.ravel())
    if placed.is_placed(fit):
        return placed.boundary_rows(fit, edge_sizes(fit), jumps, observed)
    table = tables.segment_table(jumps, fit.domain.names, observed)
    told = tables.told_edges(jumps["segment"].to_numpy(), observed)
    return table.assign(std_error=_mean_errors(jumps, edge_sizes(fit).covariance, told))


def _mean_errors(jumps: pd.DataFrame, covariance: Array, told: Mask) -> Array:
    """Return the standard error of each segment's mean absolute size, over the edges where sizes can be had."""
    sign = np.sign(jumps["size"].to_numpy())
    errors = []
    for rows in jumps.groupby("segment").indices.values():
        own = rows[told[rows] & np.isfinite(np.diag(covariance)[rows])]
        block = covariance[np.ix_(own, own)] * np.outer(sign[own], sign[own])
        errors.append(np.sqrt(block.mean()) if own.size else np.nan)
    return np.array(errors, float)


@keeps
def region_table(fit: SurfaceFitted) -> pd.DataFrame:
    """One row for each region; see ``SurfaceResults.region_means``."""
    sample = fit.need_sample("region_means")
    cells, points = sample.cells, sample.points
    labels = tables.region_labels(fit.domain, fit.estimate.cut)
    table = tables.region_table(labels, natural_surface(fit), cells.count, cells.mean, cells.weight)
    if points is None or sample.reach or not (placed.is_placed(fit) or fit.estimate.sided):
        return table
    # a point beside the border is in the region of its own side, not in that of its cell
    region = regions_at(fit, points.x)
    fitted = values_at(fit, points.x)[0]
    count, total, response, surface = (
        np.bincount(region, value, len(table) + 1)[1:]
        for value in (np.ones(len(region)), points.weight, points.weight * points.y, points.weight * fitted)
    )
    told = total > 0.0
    mean = np.divide(response, total, out=np.full(len(total), np.nan), where=told)
    surface_mean = np.divide(surface, total, out=table["surface_mean"].to_numpy(copy=True), where=told)
    return table.assign(points=count.astype(int), surface_mean=surface_mean, data_mean=mean)


@keeps
def r_squared(fit: SurfaceFitted) -> float:
    """Share of the weighted variance of the cell means that the surface accounts for."""
    cells = fit.need_sample("rsquared").cells
    centre = np.average(cells.mean, weights=cells.weight)
    residual = cells.weight @ (cells.mean - cell_values(fit)) ** 2
    return float(1.0 - residual / (cells.weight @ (cells.mean - centre) ** 2))


def kept_values(fit: SurfaceFitted) -> dict[str, Any]:
    """Return what a result that is saved without its data still tells."""
    functions = [surface_std_error, edge_sizes, edge_table, boundary_table, region_table, r_squared]
    functions += [placed.near_covariance] if placed.is_placed(fit) else []
    return {function.__name__: function(fit) for function in functions}


def sizes_of(fit: SurfaceFitted, places: Array) -> JumpSizes:
    """Limits on both sides of the boundary nearest to places (in cells), in the data's units."""
    if placed.is_placed(fit):
        return placed.sizes_near(fit, places)
    found, sample = fit.estimate, fit.need_sample("the size of a jump at another place")
    cells = sample.cells
    data = found.unmixed(cells, sample.points)
    return jump_sizes(cells.lattice, data, found.cut, places, found.log_precision).natural(cells.scale)


def jump_size_table(fit: SurfaceFitted, places: Array, alpha: float) -> pd.DataFrame:
    """Sizes with intervals at given places (m, d); see ``SurfaceResults.jump_sizes``."""
    found = sizes_of(fit, in_cells(fit.domain, places))
    table = pd.DataFrame(from_cells(fit.domain, found.place), columns=list(fit.domain.names))
    lower, upper = normal_limits(found.size, found.std_error, alpha)
    sides = {"from": found.before, "to": found.behind}
    return table.assign(**sides, size=found.size, std_error=found.std_error, lower=lower, upper=upper)


def values_at(fit: SurfaceFitted, points: Array) -> tuple[Array, Array]:
    """Surface and its standard error at points; NaN outside of the grid."""
    if placed.is_placed(fit):
        return placed.values(fit, points, natural_surface(fit), surface_std_error(fit))
    outside, node = fit.domain.cell_of(points) < 0, nodes_of(fit, points)
    estimate = interpolate(fit.domain, natural_surface(fit), fit.estimate.cut, points, node)
    return estimate, np.where(outside, np.nan, surface_std_error(fit)[node])


def regions_at(fit: SurfaceFitted, points: Array) -> Array:
    """Return the number of the region of each point; 0 outside of the grid."""
    if placed.is_placed(fit):
        return placed.regions(fit, points)
    labels = tables.region_labels(fit.domain, fit.estimate.cut).ravel()
    return np.where(fit.domain.cell_of(points) < 0, 0, labels[nodes_of(fit, points)])


def nodes_of(fit: SurfaceFitted, points: Array) -> Index:
    """Cell on whose side of the border each point is: its own, or in a volume of points the nearest on its side."""
    found = fit.estimate
    if not found.sided:
        return np.maximum(fit.domain.cell_of(points), 0)
    places = Places(fit.domain.lattice, in_cells(fit.domain, points), found.within)
    return places.nodes(found.cut)[0]


def gain_test(gain: float, null: Array) -> HypothesisTest:
    """Monte-Carlo test: the share of null gains that reach the observed one, itself counted."""
    beyond = int(np.count_nonzero(null >= gain)) if np.isfinite(gain) else len(null)
    return simulated_test(gain, (1 + beyond) / (1 + len(null)), len(null))


def simulated_test(statistic: float, p: float, n: int) -> HypothesisTest:
    """Return the result of a test whose null distribution was simulated."""
    error = float(np.sqrt(p * (1.0 - p) / (1 + n)))
    return hypothesis_test(
        statistic, float("nan"), p, "No jump (simulated)", **{"resamples": n, "p.mc_se": error}
    )


def bootstrap_sizes(table: pd.DataFrame, error: Array, alpha: float) -> pd.DataFrame:
    """Intervals that turn the resampled errors of the sizes round the estimates (basic bootstrap)."""
    known = np.isfinite(error)
    bounds = np.full((2, error.shape[1]), np.nan)
    spread = np.full(error.shape[1], np.nan)
    for k in np.flatnonzero(known.sum(0) >= _FEWEST_RESAMPLES):
        own = error[known[:, k], k]
        bounds[:, k] = percentile_limits(own, alpha)
        spread[k] = own.std(ddof=1)
    lower, upper = table["size"].to_numpy() - bounds[::-1]
    return table.assign(std_error=spread, lower=lower, upper=upper, found=known.mean(0))


def normal_limits(value: Array, std_error: Array, alpha: float) -> tuple[Array, Array]:
    """Pointwise normal limits."""
    reach = NORMAL.quantile(alpha) * std_error
    return value - reach, value + reach


def check_resamples(n: Any) -> None:
    """Refuse too few resamples for a quantile."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < _FEWEST_RESAMPLES:
        raise DataError(
            f"`n` is {n}; give at least {_FEWEST_RESAMPLES} resamples (99 or more for an interval)."
        )
