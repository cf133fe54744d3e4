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
    """A fitted curve with jumps; no grid stands between it and the observations.

    Attributes
    ----------
    formula : str or None
        None for an array.
    specification : Specification
    control : Control
    facts : Facts
        Units and counts of the sample; no row of it.
    line : LineFit
        The exact fit with its own account of the jumps.
    rsquared : float
        Share of the weighted variance of the observations that the curve accounts for.
    sample : Sample or None
        Observations; None in a result that was saved without them. Such a result predicts from a fine table of
        the curve.
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
        """The curve at the distinct values of the covariate, in order; it needs the data."""
        self.need_sample("`curve`")
        return handed_out(self.line.fitted)

    @property
    def curve_std_error(self) -> Array:
        """Standard deviation of the curve there given the jump set."""
        self.need_sample("`curve_std_error`")
        return handed_out(self.line.std_error)

    surface = old_name("surface", "curve")
    surface_std_error = old_name("surface_std_error", "curve_std_error")

    @cached_copy
    def jumps(self) -> pd.DataFrame:
        """The jumps, one row each.

        The middle of the gap under the covariate's name (a date, if it is one of dates) with an interval for the
        location (``location_lower``, ``location_upper``); ``from``, ``to`` and ``size`` with its ``std_error`` and an
        interval (``lower``, ``upper``) that averages over the location; ``evidence``, what -2 log likelihood would
        lose without it.
        """
        return jump_table(self)

    @property
    def region_means(self) -> pd.DataFrame:
        """One row for each piece between jumps, from left to right: distinct values, rows, means of curve and data."""
        return handed_out(self.pieces)

    def jump_sizes(self, at: Any, alpha: float = 0.05) -> pd.DataFrame:
        """Sizes of the jumps nearest to given places: rows of :attr:`jumps`, with ``at``."""
        places, table = self.facts.places(at)[0][:, 0], jump_table(self, check_alpha(alpha))
        asked = self.facts.dated(places)
        if table.empty:
            return table.reindex(range(len(places))).assign(at=asked)
        nearest = np.abs(self.line.jumps.location - places[:, None]).argmin(1)
        return table.iloc[nearest].reset_index(drop=True).assign(at=asked)

    # ---- tables and pictures

    def summary(self, alpha: float = 0.05) -> Any:
        """Summary tables: the fit, its jumps, the pieces between them, and what to beware of."""
        return tables.summary_tables(self, check_alpha(alpha))

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """One row for each jump, with the column names of R's broom.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals, which average over the location.

        Returns
        -------
        DataFrame
            ``term``, ``estimate`` (the size), ``std.error``, ``conf.low``, ``conf.high``, then the other columns of
            :attr:`jumps`. There is no p-value: a jump is reported because it stands out.
        """
        return tables.tidy_jumps(self, check_alpha(alpha))

    def glance(self) -> pd.DataFrame:
        """One row that describes the fit."""
        return tables.glance(self)

    def plot(self, kind: str = "curve", ax: Any = None, *, alpha: float | None = None) -> Any:
        """Draw the fit.

        Parameters
        ----------
        kind : {"curve", "jumps", "tuning"}
            The curve with its band and jumps (also under the name ``"surface"``); the sizes with intervals; the
            criterion of the tuning. A curve is exact and has no certificate.
        ax : matplotlib Axes, optional
        alpha : float, optional
            Error rate of the intervals or band, not for ``"tuning"``; .05 by default.

        Returns
        -------
        matplotlib Axes

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
        """Refit data made from the fitted curve and new noise: tuning, jump set and smoothing, all over again.

        Parameters
        ----------
        n : int
            Resamples, 19 at least.
        kind : {"residual", "normal"}
            Noise drawn from the residuals (outliers left out) or from the fitted normal model. Correlated noise is
            always drawn from the model.
        tolerance : float, optional
            Distance within which a jump counts as found again (days, over dates); by default the larger of two median
            gaps and one hundredth of the line.
        seed, n_jobs : int
        progress : bool

        Returns
        -------
        CurveBootstrap
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

        The null data are the continuous part of the fitted curve (its jumps taken out) plus noise from the fitted
        model; the whole search is repeated on each. A fit without jumps has p-value 1.

        Parameters
        ----------
        n : int
            Resamples, 19 at least.
        seed, n_jobs : int
        progress : bool

        Returns
        -------
        HypothesisTest
            ``statistic``, ``df`` (none: NaN), ``p.value``, ``resamples``, ``p.mc_se``.
        """
        check_resamples(n)
        if self.control.tune != "evidence":
            raise DataError('test_no_jump() needs a fit with tune="evidence".')
        self.need_sample("test_no_jump()")
        return no_jump_test(self.line, n, seed=seed, n_jobs=n_jobs, progress=progress)

    def simultaneous_band(
        self, alpha: float = 0.05, n_draws: int = 400, locations: bool = True, seed: int = 0
    ) -> tuple[Array, Array]:
        """Band that holds the whole curve at once, at the distinct values of the covariate.

        Parameters
        ----------
        alpha : float
        n_draws : int
            Curves drawn from the posterior.
        locations : bool
            Allow for the locations of the jumps.
        seed : int

        Returns
        -------
        lower, upper : ndarray
            The number of jumps is taken as known, and the smoothing parameters as fitted.
        """
        self.need_sample("simultaneous_band()")
        return simultaneous_band(self.line, alpha=alpha, n_draws=n_draws, locations=locations, seed=seed)

    def draw_curves(self, newdata: Any = None, n_draws: int = 200, seed: int = 0) -> Array:
        """Draw curves from their posterior, the location of each jump too.

        Parameters
        ----------
        newdata : DataFrame or array_like, optional
            Where; the distinct values of the covariate by default.
        n_draws : int
        seed : int

        Returns
        -------
        ndarray of shape (n_draws, m)
        """
        self.need_sample("draw_curves()")
        x = self.line.x if newdata is None else self.facts.places(newdata)[0][:, 0]
        return drawn_curves(self.line, x, n_draws, seed)
