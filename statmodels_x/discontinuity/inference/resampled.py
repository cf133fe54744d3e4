"""Resamples of a fit as the user sees them: stability of the edges, intervals for the sizes, a band."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.inference.bootstrap import Resamples
from statmodels_x.discontinuity.inference.uncertainty import bootstrap_sizes, error_quantiles, jump_size_table

if TYPE_CHECKING:
    from statmodels_x.discontinuity.results import FreeDiscontinuityResults


@dataclass(frozen=True, eq=False)
class BootstrapResults:
    """Resamples of a fit.

    Attributes
    ----------
    fit : FreeDiscontinuityResults
    resamples : Resamples
    places : ndarray of shape (m, d)
        Where jump sizes were measured.
    """

    fit: FreeDiscontinuityResults = field(repr=False)
    resamples: Resamples = field(repr=False)
    places: Array = field(repr=False)

    @cached_property
    def jumps(self) -> pd.DataFrame:
        """The jump set of the fit with ``stability``: the share of resamples that find an edge there or beside."""
        fit = self.fit
        share = self.resamples.stability(fit.domain.lattice)[fit.estimate.cut]
        return fit.jumps.assign(stability=share)

    def jump_sizes(self, alpha: float = 0.05) -> pd.DataFrame:
        """Sizes with intervals from the resampled errors, the boundary being found anew in each.

        Returns
        -------
        DataFrame
            As :meth:`FreeDiscontinuityResults.jump_sizes`, and ``found``, the share of resamples with a
            measurable jump there. NaN where fewer than 20 resamples have one.
        """
        table = jump_size_table(self.fit, self.places, alpha)
        return bootstrap_sizes(table, self.resamples.size_errors, alpha)

    def band(self, alpha: float = 0.05) -> tuple[Array, Array]:
        """Pointwise band of the surface: the resampled errors turned round the estimate.

        Returns
        -------
        lower, upper : ndarray, shape of the grid
            Wide beside a jump whose place is not sure.
        """
        scale, surface = self.fit.sample.cells.scale, self.fit.estimate.surface
        low, high = error_quantiles(self.resamples.surface_errors, alpha)
        shape = self.fit.domain.shape
        return scale.natural(surface - high).reshape(shape), scale.natural(surface - low).reshape(shape)
