"""The results class of a grid of times: the state with thin verbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from statmodels_x.core.deprecation import settle
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.handing_out import handed_out
from statmodels_x.core.fits.results import SummaryText
from statmodels_x.core.validation import check_choice
from statmodels_x.surrogate.landmarks import plots
from statmodels_x.surrogate.landmarks.estimation import earliest_landmark, grid_frame
from statmodels_x.surrogate.landmarks.fitted import GridFitted
from statmodels_x.surrogate.landmarks.tables import grid_summary


@dataclass(frozen=True, eq=False, kw_only=True)
class LandmarkGrid(GridFitted, SummaryText):
    """PTE and its relatives at pairs of times, from common perturbations."""

    def __repr__(self) -> str:
        return f"LandmarkGrid({len(self.pairs)} pairs, {len(self.refusals)} refused)"

    @property
    def refused(self) -> pd.DataFrame:
        """``at``, ``landmark`` and ``reason`` of the pairs at which the data say nothing."""
        return handed_out(self.refusals)

    def frame(
        self,
        quantity: str = "pte",
        alpha: float = 0.05,
        method: str = "simultaneous",
        kind: str | None = None,
    ) -> pd.DataFrame:
        """Estimates with bands, one row per pair of times.

        Parameters
        ----------
        quantity : str
            A name of :attr:`SurrogateResults.params`.
        alpha : float
        method : {"simultaneous", "quantile", "normal", "fieller"}
            Bands that hold at all pairs at once (estimate and a multiple of the standard error), or
            intervals of each pair on its own.
        kind : str, optional
            Old name of ``method``.

        Returns
        -------
        DataFrame
            ``at``, ``landmark``, ``estimate``, ``std_error``, ``lower``, ``upper``, ``delta``, ``overlap`` and
            ``is_defined``: whether the effect at t differs from 0, without which proportions are NaN.
        """
        return grid_frame(self, quantity, alpha, settle("method", method, "kind", kind))

    def earliest_landmark(self, share: float, alpha: float = 0.05) -> pd.DataFrame:
        """Find the earliest landmark that explains at least a share of the effect, for each time t.

        Parameters
        ----------
        share : float
            Between 0 and 1.
        alpha : float
            Error rate of the claim: the lower bounds hold for all landmarks of one time t at once, so that it is
            no matter that the earliest is picked.

        Returns
        -------
        DataFrame
            ``at``; ``by_estimate``, the earliest landmark of the grid whose estimate reaches the share;
            ``by_confidence``, the earliest whose lower bound does. NaN where none does. A later landmark need not
            explain more: look at the whole curve.
        """
        return earliest_landmark(self, share, alpha)

    def plot(
        self, kind: str = "curves", ax: Any = None, quantity: str = "pte", alpha: float | None = None
    ) -> Any:
        """Draw the grid.

        Parameters
        ----------
        kind : {"curves", "surface"}
            A curve over the landmark for each time t with its simultaneous band; or filled contours over both
            times.
        ax : matplotlib Axes, optional
        quantity : str
            A name of :attr:`SurrogateResults.params`.
        alpha : float, optional
            Error rate of the bands of the curves; 0.05 by default.

        Returns
        -------
        matplotlib.axes.Axes
        """
        check_choice("kind", kind, ("curves", "surface"), "plot()")
        table = self.frame(quantity, 0.05 if alpha is None else alpha)
        if kind == "curves":
            return plots.plot_curves(self, table, quantity, ax)
        if alpha is not None:
            raise DataError('plot: `alpha` belongs to kind="curves"; a surface has no bands.')
        return plots.plot_surface(self, table, quantity, ax)

    def summary(self, alpha: float = 0.05) -> Any:
        """Table of PTE over the grid with simultaneous bands.

        Parameters
        ----------
        alpha : float
            Error rate of the bands.

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        return grid_summary(self, alpha)
