"""The posterior distribution of the surface given its jump set: its precision matrix, factorised, and draws from it."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.fitting.record import Estimate
from statmodels_x.discontinuity.grid.domain import Cells, Points
from statmodels_x.discontinuity.kernels.banded import Factor, is_factorable, lower_band
from statmodels_x.discontinuity.smoothing.mixing import unseen_border
from statmodels_x.discontinuity.smoothing.smoother import JumpSetModel, SecondDifferences


def posterior_factor(cells: Cells, points: Points | None, found: Estimate) -> Factor | None:
    """Factorise the posterior precision of the scaled surface given the jump set.

    The prior is the one behind the smoother that made the surface: second differences after evidence tuning,
    first differences for a minimiser of the energy (Wahba 1983; Nychka 1988).

    Parameters
    ----------
    cells : Cells
    points : Points or None
        Scattered observations behind the cells.
    found : Estimate

    Returns
    -------
    Factor or None
        None where the noise is not known or the grid is too large.
    """
    lattice = cells.lattice
    second_order = bool(np.isfinite(found.log_precision))
    steps = 2 if second_order or any(found.errors.rho) else 1
    bandwidth = min(steps * int(lattice.strides.max()), lattice.n_cells - 1)
    if not (found.errors.is_known and is_factorable(lattice.n_cells, bandwidth)):
        return None
    data = found.observations(cells, points)
    if second_order:
        model = JumpSetModel(SecondDifferences.of(lattice), data, found.cut)
        return model.precision_factor(found.log_precision)
    scale = data.precision.sum() / (found.lam * lattice.n_cells * lattice.spacing**2)
    ridge = sparse.diags_array(np.where(cells.filled, 0.0, 1e-9 * scale))
    return Factor(
        lower_band(scale * lattice.laplacian(found.cut) + ridge + data.seen(found.cut).matrix, bandwidth)
    )


def distribution_for_draws(cells: Cells, points: Points | None, found: Estimate) -> tuple[Array, Factor]:
    """Mean and factorised precision of the surface given its jump set, without what may lie on either side of the jump.

    Cells beside the jump may mix points from both sides. A surface that follows them has too small a jump.

    Raises
    ------
    DataError
        If the noise is not known, or the grid is too large.
    """
    if not found.errors.is_known:
        raise DataError(
            "surfaces cannot be drawn: the noise is not known; give FreeDiscontinuity(..., noise=sd)."
        )
    model = None
    if found.cut.any() and np.isfinite(found.log_precision):
        data = found.unmixed(cells, points)
        model = unseen_border(SecondDifferences.of(cells.lattice), data, found.cut)
    if model is not None:
        return model.smooth(found.log_precision).surface, model.precision_factor(found.log_precision)
    factor = posterior_factor(cells, points, found)
    if factor is None:
        raise DataError(
            f"the grid of {cells.lattice.n_cells} cells is too large to draw surfaces; give a lower `resolution`."
        )
    return found.surface, factor


def draw(surface: Array, factor: Factor, rng: np.random.Generator) -> Array:
    """Draw a surface about the posterior mean."""
    return surface + factor.half_solve(rng.standard_normal(surface.size))
