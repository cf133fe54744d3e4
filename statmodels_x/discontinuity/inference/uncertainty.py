"""Bands for the surface, intervals for jump sizes, and the test of no jump."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.boundary import from_cells, in_cells
from statmodels_x.discontinuity.inference.posterior import posterior_factor
from statmodels_x.discontinuity.inference.sizes import JumpSizes, jump_sizes

if TYPE_CHECKING:
    from statmodels_x.discontinuity.results import FreeDiscontinuityResults


def surface_std_error(fit: FreeDiscontinuityResults) -> Array:
    """Posterior standard deviation of the surface given the jump set, in the data's units; shape (cells,).

    The prior is the one behind the smoother that made the surface: second differences after evidence tuning,
    first differences for a minimiser of the energy (Wahba 1983; Nychka 1988). Such bands hold on average over
    the surface; the error of the jump set is not in them.
    """
    cells = fit.sample.cells
    factor = posterior_factor(cells, fit.estimate)
    if factor is None:
        return np.full(cells.lattice.n_cells, np.nan)
    return np.sqrt(factor.inverse_diagonal()) * cells.scale.range


def sizes_of(fit: FreeDiscontinuityResults, places: Array) -> JumpSizes:
    """Limits on both sides of the boundary nearest to places (in cells), in scaled units."""
    found, cells = fit.estimate, fit.sample.cells
    return jump_sizes(cells.lattice, found.errors.observations(cells), found.cut, places, found.log_precision)


def jump_size_table(fit: FreeDiscontinuityResults, at: Any, alpha: float) -> pd.DataFrame:
    """Sizes with intervals at given places; see :meth:`FreeDiscontinuityResults.jump_sizes`."""
    found = sizes_of(fit, in_cells(fit.domain, fit.points_of(at)[0]))
    scale = fit.sample.cells.scale
    table = pd.DataFrame(from_cells(fit.domain, found.place), columns=list(fit.domain.names))
    size, std_error = found.size * scale.range, found.std_error * scale.range
    lower, upper = surface_band(size, std_error, alpha)
    return table.assign(
        **{
            "from": scale.natural(found.before),
            "to": scale.natural(found.behind),
            "size": size,
            "std_error": std_error,
            "lower": lower,
            "upper": upper,
        }
    )


def edge_limits(fit: FreeDiscontinuityResults) -> tuple[Array, Array, Array]:
    """Limits at the middles of the cut edges with the standard errors of their differences, in the data's units."""
    edges = np.flatnonzero(fit.estimate.cut)
    if not edges.size or not fit.estimate.errors.is_known:
        return (np.full(edges.size, np.nan),) * 3
    found = sizes_of(fit, in_cells(fit.domain, fit.domain.edge_midpoints()[edges]))
    scale = fit.sample.cells.scale
    return scale.natural(found.before), scale.natural(found.behind), found.std_error * scale.range


def gain_test(gain: float, null: Array) -> pd.Series:
    """Monte-Carlo test: the share of null gains that reach the observed one, itself counted."""
    beyond = int(np.count_nonzero(null >= gain)) if np.isfinite(gain) else len(null)
    p = (1 + beyond) / (1 + len(null))
    return pd.Series({"statistic": gain, "p.value": p, "resamples": len(null),
                      "p.mc_se": float(np.sqrt(p * (1.0 - p) / (1 + len(null))))})  # fmt: skip


def error_quantiles(errors: Array, alpha: float) -> Array:
    """Lower and upper quantile of resampled errors such that a new one falls between them as often as it should.

    Of n exchangeable errors the r-th smallest has the expected level r / (n + 1) (Weibull's plotting position);
    levels beyond the smallest are cut off there.
    """
    return np.quantile(errors, [alpha / 2.0, 1.0 - alpha / 2.0], axis=0, method="weibull")


def bootstrap_sizes(table: pd.DataFrame, error: Array, alpha: float) -> pd.DataFrame:
    """Intervals that turn the resampled errors of the sizes round the estimates (basic bootstrap)."""
    result = table.drop(columns=["std_error", "lower", "upper"])
    known = np.isfinite(error)
    enough = known.sum(0) >= 20
    bounds = np.full((2, error.shape[1]), np.nan)
    spread = np.full(error.shape[1], np.nan)
    for k in np.flatnonzero(enough):
        own = error[known[:, k], k]
        bounds[:, k] = error_quantiles(own, alpha)
        spread[k] = own.std(ddof=1)
    result.insert(result.columns.get_loc("size") + 1, "std_error", spread)
    result.insert(result.columns.get_loc("size") + 2, "lower", table["size"].to_numpy() - bounds[1])
    result.insert(result.columns.get_loc("size") + 3, "upper", table["size"].to_numpy() - bounds[0])
    return result.assign(found=known.mean(0))


def surface_band(surface: Array, std_error: Array, alpha: float) -> tuple[Array, Array]:
    """Pointwise normal band."""
    reach = NORMAL.quantile(alpha) * std_error
    return surface - reach, surface + reach


def check_resamples(n: int) -> None:
    """Refuse too few resamples for a quantile."""
    if n < 19:
        raise DataError(f"`n` is {n}; give at least 19 resamples (99 or more for an interval).")
