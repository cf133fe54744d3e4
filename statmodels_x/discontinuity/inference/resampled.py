"""Resamples of a fit as the user sees them: stability of the edges, intervals for the sizes, a band."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.resampling import percentile_limits
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.fitted import SurfaceFitted
from statmodels_x.discontinuity.inference.bootstrap import Resamples
from statmodels_x.discontinuity.inference.uncertainty import bootstrap_sizes, edge_table, jump_size_table


@dataclass(frozen=True, eq=False)
class BootstrapResults:
    """Resamples of a fitted surface.

    They are made by :meth:`SurfaceResults.bootstrap() <statmodels_x.discontinuity.results.SurfaceResults.bootstrap>`.

    Attributes
    ----------
    fit : SurfaceResults
        The fit that was resampled.
    resamples : Resamples
        Errors and jump sets of the resamples. Internal.
    sizes : DataFrame
        The fit's own sizes at the places where those of the resamples were measured.
    """

    fit: SurfaceFitted = field(repr=False)
    resamples: Resamples = field(repr=False)
    sizes: pd.DataFrame = field(repr=False)

    @classmethod
    def of(cls, fit: SurfaceFitted, resamples: Resamples, places: Array) -> BootstrapResults:
        """Put them together."""
        return cls(fit, resamples, jump_size_table(fit, places, 0.05))

    def __repr__(self) -> str:
        return f"BootstrapResults(n={self.n}, places={len(self.sizes)})"

    @property
    def n(self) -> int:
        """Number of resamples."""
        return len(self.resamples.cuts)

    @property
    def n_failed(self) -> int:
        """Number of resamples that could not be fitted. It is always 0, because a failure raises an error."""
        return 0

    @cached_copy
    def jumps(self) -> pd.DataFrame:
        """The jump set of the fit with ``stability``.

        The stability of an edge is the share of resamples that find an edge there or beside it.
        """
        share = self.resamples.stability(self.fit.domain.lattice)[self.fit.estimate.cut]
        return edge_table(self.fit).assign(stability=share)

    def jump_sizes(self, alpha: float = 0.05) -> pd.DataFrame:
        """Compute jump sizes with intervals from the errors of the resamples.

        The boundary is found anew in each resample.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame
            As :meth:`SurfaceResults.jump_sizes`, and ``found``, the share of resamples with a measurable jump there.
            Standard error and limits are NaN where fewer than 19 resamples have one.
        """
        return bootstrap_sizes(self.sizes, self.resamples.size_errors, alpha)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Compute intervals of the jump sizes.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame
            The columns ``lower`` and ``upper`` of :meth:`jump_sizes`.
        """
        return self.jump_sizes(alpha)[["lower", "upper"]]

    def band(self, alpha: float = 0.05) -> tuple[Array, Array]:
        """Compute a pointwise band of the surface, from the errors of the resamples (basic bootstrap).

        Parameters
        ----------
        alpha : float
            One minus the level of the band.

        Returns
        -------
        lower, upper : ndarray, shape of the grid
            They are far apart beside a jump whose place is uncertain.
        """
        scale, surface = self.fit.scale, self.fit.estimate.surface
        low, high = percentile_limits(self.resamples.surface_errors, alpha)
        shape = self.fit.domain.shape
        return scale.natural(surface - high).reshape(shape), scale.natural(surface - low).reshape(shape)
