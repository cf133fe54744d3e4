"""Verbs: what a fitted curve can do, each a call of a function of its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.deprecation import old_name
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.handing_out import cached_copy, handed_out
from statmodels_x.core.fits.hypotheses import HypothesisTest
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha
from statmodels_x.discontinuity.inference.uncertainty import check_resamples
from statmodels_x.discontinuity.line import tables
from statmodels_x.discontinuity.line.fitted import CurveFitted, jump_table
from statmodels_x.discontinuity.line.record import with_locations
from statmodels_x.discontinuity.line.uncertainty import (
    CurveBootstrap,
    bootstrap_line,
    drawn_curves,
    no_jump_test,
    simultaneous_band,
)
from statmodels_x.discontinuity.results import FreeDiscontinuityResults

_STATE_01 = ("formula", "specification", "control", "sample")


@dataclass(frozen=True, eq=False, kw_only=True)
class CurveResults(CurveFitted, FreeDiscontinuityResults):
    """Results of a fitted curve with jumps. The curve is fitted to the observations themselves, without a grid.

    A result that was saved without its data predicts from a fine table of the curve.

    Attributes
    ----------
    formula : str or None
        The formula; None for an array.
    rsquared : float
        Share of the weighted variance of the observations that the curve explains.
    """

    def __repr__(self) -> str:
        what = repr(self.formula) if self.formula else "array"
        return f"CurveResults({what}, n={self.nobs}, jumps={len(self.line.jumps.size)})"

    def _values_at(self, points: Array) -> tuple[Array, Array]:
        return self.line.predict(points[:, 0])

    def _regions_at(self, points: Array) -> Array:
        x = points[:, 0]
        low, high = self.line.data.location(np.array([0.0, 1.0]))
        piece = 1 + np.searchsorted(np.sort(self.line.jumps.location), x, side="left")
        return np.where((x >= low) & (x <= high), piece, 0)

    def _own_places(self) -> Array:
        return self.need_sample("predict() without `newdata`").observed()[0]

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "facts" not in state:  # of version 0.1
            line = with_locations(state["line"])
            formula, spec, control, sample = (state[name] for name in _STATE_01)
            state = vars(CurveFitted.of(formula, spec, control, sample, line, state["keep_data"]))
        self.__dict__.update(state)

    # ---- the curve and its jumps

    @property
    def curve(self) -> Array:
        """The curve at the distinct values of the covariate, in increasing order; it needs the data."""
        self.need_sample("`curve`")
        return handed_out(self.line.fitted)

    @property
    def curve_std_error(self) -> Array:
        """Posterior standard deviation of :attr:`curve` given the jump set; it needs the data."""
        self.need_sample("`curve_std_error`")
        return handed_out(self.line.std_error)

    surface = old_name("surface", "curve")
    surface_std_error = old_name("surface_std_error", "curve_std_error")

    @cached_copy
    def jumps(self) -> pd.DataFrame:
        """The jumps, one row each.

        The column with the name of the covariate holds the place: the middle of the gap between two observations (a
        date, if the covariate holds dates). ``location_lower`` and ``location_upper`` are an interval for it.
        ``from``, ``to`` and ``size`` are the limits of the curve and their difference. ``std_error`` is its standard
        error, and ``lower`` and ``upper`` are an interval that averages over the location. ``evidence`` is by how much
        -2 log likelihood would rise without the jump.
        """
        return jump_table(self)

    @property
    def region_means(self) -> pd.DataFrame:
        """Pieces between jumps, one row each: distinct values, rows, means of curve and data."""
        return handed_out(self.pieces)

    def jump_sizes(self, at: Any, alpha: float = 0.05) -> pd.DataFrame:
        """Return the jumps nearest to given places.

        Parameters
        ----------
        at : DataFrame or array_like of shape (m,) or (m, 1)
            Places, in the units of the covariate.
        alpha : float
            One minus the confidence level of the intervals.

        Returns
        -------
        DataFrame
            The rows of :attr:`jumps` for the nearest jumps, and ``at``. They are NaN if the curve has no jump.
        """
        places, table = self.facts.places(at)[0][:, 0], jump_table(self, check_alpha(alpha))
        asked = self.facts.dated(places)
        if table.empty:
            return table.reindex(range(len(places))).assign(at=asked)
        nearest = np.abs(self.line.jumps.location - places[:, None]).argmin(1)
        return table.iloc[nearest].reset_index(drop=True).assign(at=asked)

    # ---- tables and pictures

    def summary(self, alpha: float = 0.05) -> Any:
        """Return tables of the fit, of its jumps and of the pieces between them, with the warnings.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.

        Returns
        -------
        FitSummary
        """
        return tables.summary_tables(self, check_alpha(alpha))

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return one row for each jump, with the column names of R's broom.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals, which average over the location.

        Returns
        -------
        DataFrame
            Columns ``term``, ``estimate`` (the size), ``std.error``, ``conf.low`` and ``conf.high``, then the other
            columns of :attr:`jumps`. There is no p-value, because jumps are selected for their size.
        """
        return tables.tidy_jumps(self, check_alpha(alpha))

    def glance(self) -> pd.DataFrame:
        """Return one row about the fit.

        Returns
        -------
        DataFrame
            Columns ``nobs``, ``lam``, ``nu``, ``smallest_jump``, ``jumps``, ``bends``, ``outliers``, ``sigma``,
            ``r.squared`` and ``converged``.
        """
        return tables.glance(self)

    def plot(self, kind: str = "curve", ax: Any = None, *, alpha: float | None = None) -> Any:
        """Plot the fit.

        Parameters
        ----------
        kind : {"curve", "jumps", "tuning"}
            ``"curve"`` draws the curve with its band and jumps (``"surface"`` is another name for it). ``"jumps"``
            draws the sizes with intervals. ``"tuning"`` draws the criterion of the tuning. A curve is exact and has no
            certificate.
        ax : matplotlib Axes, optional
            Axes to draw on. A new figure is made by default.
        alpha : float, optional
            One minus the level of intervals or band, not for ``"tuning"``; 0.05 by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        DataError
            If an argument does not belong to the kind.
        """
        from statmodels_x.discontinuity.line import plots

        return plots.plot(self, kind, ax, alpha=alpha)

    # ---- uncertainty

    def bootstrap(
        self, n: int = 99, kind: str = "residual", tolerance: float | None = None, seed: int = 0, n_jobs: int = 1,
        progress: bool = False,
    ) -> CurveBootstrap:  # fmt: skip
        """Refit data made of the fitted curve and new noise, with tuning, jump set and smoothing repeated.

        Parameters
        ----------
        n : int
            Number of resamples, at least 19.
        kind : {"residual", "normal"}
            Whether noise is drawn from the residuals (without outliers) or from the fitted normal model. Correlated
            noise is always drawn from the model.
        tolerance : float, optional
            Distance within which a jump counts as found again, in the units of the covariate (days, for dates). The
            default is the larger of two median gaps and one hundredth of the range.
        seed : int
            Seed of the resamples.
        n_jobs : int
            Number of processes. The results do not depend on it.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        CurveBootstrap

        Raises
        ------
        DataError
            If an argument cannot be used, or if the result was saved without its data.
        """
        check_resamples(n)
        self.need_sample("bootstrap()")
        found = bootstrap_line(
            self.line, n, kind=kind, tolerance=tolerance, seed=seed, n_jobs=n_jobs, progress=progress
        )
        return replace(found, jumps=found.jumps.assign(location=self.facts.dated(self.line.jumps.location)))

    def test_no_jump(
        self, n: int = 99, seed: int = 0, n_jobs: int = 1, progress: bool = False
    ) -> HypothesisTest:
        """Test the hypothesis that the curve has no jump.

        The null data are the continuous part of the fitted curve (without its jumps) plus noise from the fitted model.
        The whole search is repeated on each data set. A fit without jumps has the p-value 1.

        Parameters
        ----------
        n : int
            Number of simulated data sets, at least 19. The smallest p-value is 1 / (n + 1).
        seed : int
            Seed of the simulation.
        n_jobs : int
            Number of processes. The results do not depend on it.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        HypothesisTest
            ``statistic``, ``df`` (NaN, as there is none), ``p.value``, ``resamples`` and ``p.mc_se``, the Monte Carlo
            error of the p-value.

        Raises
        ------
        DataError
            If the fit was not tuned by evidence, or if the result was saved without its data.
        """
        check_resamples(n)
        if self.control.tune != "evidence":
            raise DataError('test_no_jump() needs a fit with tune="evidence".')
        self.need_sample("test_no_jump()")
        return no_jump_test(self.line, n, seed=seed, n_jobs=n_jobs, progress=progress)

    def simultaneous_band(
        self, alpha: float = 0.05, n_draws: int = 400, locations: bool = True, seed: int = 0
    ) -> tuple[Array, Array]:
        """Compute a band that contains the whole curve at once, at the distinct values of the covariate.

        The number of jumps is taken as known, and the smoothing parameters as fitted.

        Parameters
        ----------
        alpha : float
            One minus the level of the band.
        n_draws : int
            Number of curves drawn from the posterior, at least 20.
        locations : bool
            Whether the band allows for the uncertain locations of the jumps.
        seed : int
            Seed of the draws.

        Returns
        -------
        lower, upper : ndarray of shape (n,)
            Limits at the distinct values of the covariate, in the units of the data.

        Raises
        ------
        DataError
            If an argument cannot be used, or if the result was saved without its data.
        """
        self.need_sample("simultaneous_band()")
        return simultaneous_band(self.line, alpha=alpha, n_draws=n_draws, locations=locations, seed=seed)

    def draw_curves(self, newdata: Any = None, n_draws: int = 200, seed: int = 0) -> Array:
        """Draw curves from their posterior distribution, including the locations of the jumps.

        Parameters
        ----------
        newdata : DataFrame or array_like of shape (m,) or (m, 1), optional
            Places within the range of the covariate. The default is its distinct values.
        n_draws : int
            Number of curves.
        seed : int
            Seed of the draws.

        Returns
        -------
        ndarray of shape (n_draws, m)

        Raises
        ------
        DataError
            If a place is outside the range of the covariate, or if the result was saved without its data.
        """
        self.need_sample("draw_curves()")
        x = self.line.x if newdata is None else self.facts.places(newdata)[0][:, 0]
        return drawn_curves(self.line, x, n_draws, seed)
