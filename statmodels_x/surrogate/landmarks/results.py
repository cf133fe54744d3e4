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
    """PTE and related quantities over a grid of outcome times and landmarks.

    It is made by :meth:`SurrogateResults.landmark_grid()
    <statmodels_x.surrogate.results.SurrogateResults.landmark_grid>`. All pairs of times use the same perturbed
    samples, so that bands can hold over the whole grid.
    """

    def __repr__(self) -> str:
        return f"LandmarkGrid({len(self.pairs)} pairs, {len(self.refusals)} refused)"

    @property
    def refused(self) -> pd.DataFrame:
        """Pairs of times that could not be estimated: columns ``at``, ``landmark`` and ``reason``."""
        return handed_out(self.refusals)

    def frame(
        self,
        quantity: str = "pte",
        alpha: float = 0.05,
        method: str = "simultaneous",
        kind: str | None = None,
    ) -> pd.DataFrame:
        """Return the estimates of one quantity with bands, one row per pair of times.

        Parameters
        ----------
        quantity : str
            Name of the quantity, as in ``SurrogateResults.params``.
        alpha : float
            One minus the confidence level.
        method : {"simultaneous", "quantile", "normal", "fieller"}
            ``"simultaneous"`` gives bands that hold at all pairs at once: the estimate plus or minus a multiple
            of its standard error. The others give an interval for each pair by itself, as in
            :meth:`SurrogateResults.conf_int`.
        kind : str, optional
            Deprecated name of ``method``.

        Returns
        -------
        DataFrame
            Columns ``at``, ``landmark``, ``estimate``, ``std_error``, ``lower``, ``upper``, ``delta``,
            ``overlap`` and ``is_defined``. The last one says whether the effect at t differs from 0; where it
            does not, proportions are NaN.

        Raises
        ------
        DataError
            If an argument is not allowed.
        """
        return grid_frame(self, quantity, alpha, settle("method", method, "kind", kind))

    def earliest_landmark(self, share: float, alpha: float = 0.05) -> pd.DataFrame:
        """Find the earliest landmark at which the surrogate explains at least a given share of the effect.

        The search is made for each outcome time t on its own. A later landmark need not explain more than an
        earlier one, so look at the whole curve as well.

        Parameters
        ----------
        share : float
            The share, between 0 and 1.
        alpha : float
            Error rate of the claim. The lower bounds hold for all landmarks of one time t at once, so that
            picking the earliest landmark does not spoil them.

        Returns
        -------
        DataFrame
            One row per time, with the columns ``at``, ``by_estimate`` (the earliest landmark of the grid whose
            estimate reaches the share) and ``by_confidence`` (the earliest whose lower bound does). The value is
            NaN where no landmark does.

        Raises
        ------
        DataError
            If ``share`` is not between 0 and 1.
        """
        return earliest_landmark(self, share, alpha)

    def plot(
        self, kind: str = "curves", ax: Any = None, quantity: str = "pte", alpha: float | None = None
    ) -> Any:
        """Plot a quantity over the grid.

        Parameters
        ----------
        kind : {"curves", "surface"}
            ``"curves"`` draws a curve over the landmark for each time t, with its simultaneous band.
            ``"surface"`` draws filled contours over both times.
        ax : matplotlib Axes, optional
            Axes to draw on. A new figure is made by default.
        quantity : str
            Name of the quantity, as in ``SurrogateResults.params``.
        alpha : float, optional
            One minus the confidence level of the bands of the curves; 0.05 by default. Only for
            ``kind="curves"``.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        DataError
            If an argument is not allowed or does not belong to the kind.
        """
        check_choice("kind", kind, ("curves", "surface"), "plot()")
        table = self.frame(quantity, 0.05 if alpha is None else alpha)
        if kind == "curves":
            return plots.plot_curves(self, table, quantity, ax)
        if alpha is not None:
            raise DataError('plot: `alpha` belongs to kind="curves"; a surface has no bands.')
        return plots.plot_surface(self, table, quantity, ax)

    def summary(self, alpha: float = 0.05) -> Any:
        """Return a table of the PTE over the grid with simultaneous bands.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the bands.

        Returns
        -------
        FitSummary
        """
        return grid_summary(self, alpha)
