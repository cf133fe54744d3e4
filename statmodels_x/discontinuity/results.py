"""Verbs: what a fitted surface can do, each a call of a function of its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError, DataWarning, MissingPackageError
from statmodels_x.core.findings import warn
from statmodels_x.core.fits.handing_out import handed_out
from statmodels_x.core.fits.hypotheses import HypothesisTest
from statmodels_x.core.fits.results import SummaryText
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha, check_choice
from statmodels_x.discontinuity.fitted import DiscontinuityFitted, SurfaceFitted
from statmodels_x.discontinuity.grid import jumps as _jumps
from statmodels_x.discontinuity.grid.boundary import in_cells
from statmodels_x.discontinuity.inference import placed, uncertainty
from statmodels_x.discontinuity.inference.resampled import BootstrapResults

if TYPE_CHECKING:
    from statmodels_x.discontinuity.inference.averaged import BorderEffect

_STATE_01 = ("formula", "specification", "control", "sample", "estimate", "keep_data")


@dataclass(frozen=True, eq=False, kw_only=True)
class FreeDiscontinuityResults(DiscontinuityFitted, SummaryText):
    """What a fitted surface (:class:`SurfaceResults`) and a fitted curve (``line.results.CurveResults``) share."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "facts" not in state:  # of version 0.1, in which this was the class of surfaces
            object.__setattr__(self, "__class__", SurfaceResults)
            state = vars(SurfaceFitted.of(*(state[name] for name in _STATE_01)))
        self.__dict__.update(state)

    def _values_at(self, points: Array) -> tuple[Array, Array]:
        raise NotImplementedError

    def _regions_at(self, points: Array) -> Array:
        raise NotImplementedError

    def _own_places(self) -> Array:
        raise NotImplementedError

    def predict(self, newdata: Any = None, alpha: float = 0.05) -> pd.DataFrame:
        """Predict the surface or curve at given covariates. Interpolation between cells never crosses a jump.

        Each place is on its own side of a border within the cells, and else on the side of the cell that it lies in.

        Parameters
        ----------
        newdata : DataFrame or array_like of shape (m, d), optional
            Covariates. The default is the observations themselves (the cells of an array).
        alpha : float
            One minus the level of the pointwise band. It takes the jump set as known; :meth:`bootstrap` includes its
            error.

        Returns
        -------
        DataFrame
            Columns ``estimate``, ``std_error``, ``lower``, ``upper`` and ``region`` (1 for the largest region of a
            surface; numbered from left to right for a curve). Outside the range of the fit they are NaN, and the
            region is 0.

        Warns
        -----
        DataWarning
            If rows lie outside that range.
        """
        check_alpha(alpha)
        points, index = (self._own_places(), None) if newdata is None else self.facts.places(newdata)
        estimate, std_error = self._values_at(points)
        lower, upper = uncertainty.normal_limits(estimate, std_error, alpha)
        region = self._regions_at(points)
        outside = np.count_nonzero(region == 0)
        if outside:
            warn(
                f"predict(): {outside} of {len(points)} rows lie outside of the range of the covariates in the fit; "
                "their prediction is missing.",
                DataWarning,
            )
        columns = {"estimate": estimate, "std_error": std_error, "lower": lower, "upper": upper}
        return pd.DataFrame({**columns, "region": region}, index=index)

    def residuals(self, kind: str = "response") -> Array:
        """Return the observations minus the surface or curve, in the order of the rows used.

        Parameters
        ----------
        kind : {"response", "standardized"}
            Residuals in the units of the data, or divided by the standard deviation of the row's error.

        Returns
        -------
        ndarray of shape (nobs,)

        Raises
        ------
        DataError
            If the result was saved without its data.
        """
        check_choice("kind", kind, ("response", "standardized"), "residuals()")
        x, y, weight = self.need_sample("residuals()").observed()
        left = y - uncertainty.expected(self, self._values_at(x)[0])
        return left if kind == "response" else left * np.sqrt(weight) / self.noise_sd  # type: ignore[attr-defined]


@dataclass(frozen=True, eq=False, kw_only=True)
class SurfaceResults(SurfaceFitted, FreeDiscontinuityResults):
    """Results of a fitted surface or volume, and its jumps."""

    def without_data(self) -> Self:
        """Return the same fit without a row of the user's data: what is saved unless ``keep_data=True``."""
        if self.sample is None:
            return self
        return replace(self, sample=None, kept=uncertainty.kept_values(self))

    def __repr__(self) -> str:
        what = repr(self.formula) if self.formula else "array"
        edges = int(np.count_nonzero(self.estimate.cut))
        return f"SurfaceResults({what}, n={self.nobs}, jump edges={edges})"

    def _values_at(self, points: Array) -> tuple[Array, Array]:
        return uncertainty.values_at(self, points)

    def _regions_at(self, points: Array) -> Array:
        return uncertainty.regions_at(self, points)

    def _own_places(self) -> Array:
        if self.facts.design is None:
            return self.domain.cell_centres()
        return self.need_sample("predict() without `newdata`").observed()[0]

    # ---- the surface

    @property
    def surface(self) -> Array:
        """The surface at the centres of the cells (averages over pixels that are read so), in the units of the data."""
        return handed_out(uncertainty.cell_values(self).reshape(self.domain.shape))

    @property
    def surface_std_error(self) -> Array:
        """Posterior standard deviation of the surface at each cell given the jump set, in the units of the data.

        It is Bayesian, under the smoother that gave the surface. If the jump set is right, a band of two standard
        deviations contains the surface at about 95 % of the cells, on average over the cells. Cells that the border
        crosses have a variance of their own. It is NaN if the noise is not known.
        """
        return handed_out(uncertainty.surface_std_error(self).reshape(self.domain.shape))

    @property
    def rsquared(self) -> float:
        """Share of the weighted variance of the cell means that the surface explains."""
        return uncertainty.r_squared(self)

    def to_xarray(self) -> Any:
        """Return the surface as an xarray DataArray with the covariates as coordinates (it needs xarray)."""
        try:
            from xarray import DataArray
        except ImportError as error:
            raise MissingPackageError("to_xarray() needs the package xarray: pip install xarray.") from error
        coordinates = dict(zip(self.domain.names, self.domain.centres, strict=True))
        return DataArray(self.surface.copy(), coordinates, self.domain.names, name=self.facts.response)

    # ---- the jump set

    @property
    def jumps(self) -> pd.DataFrame:
        """The jump set, with one row for each edge between two cells.

        The columns with the names of the covariates hold the place where the edge is crossed (its middle, for a border
        along the sides of cells). ``across`` is the covariate along which the surface jumps there. ``from``, ``to``
        and ``size`` are the limits of the surface on both sides and their difference, with ``std_error`` (see
        :meth:`jump_sizes`); where these cannot be computed, they are the values in the two cells, and the error is
        NaN. ``stability`` is NaN here and comes from :meth:`bootstrap`. ``length`` is that of the border at the edge
        (in volumes, the area of the face), and ``segment`` is the connected part of the jump set to which the edge
        belongs.
        """
        return handed_out(uncertainty.edge_table(self))

    @property
    def boundaries(self) -> pd.DataFrame:
        """Connected parts of the jump set, with edges, length, mean and largest absolute size, and extent.

        Sizes are those where observations are close on both sides, a share ``observed`` of the length (without any,
        extrapolated). In the mean of a border within the cells, sizes of both signs cancel. ``std_error`` is its own.
        """
        return handed_out(uncertainty.boundary_table(self))

    def segments(self) -> NDArray[np.intp]:
        """Label the regions into which the jump set divides the domain.

        Returns
        -------
        ndarray of int, shape of the grid
            1 for the largest region. A jump that ends inside the domain does not divide it.
        """
        return _jumps.region_labels(self.domain, self.estimate.cut)

    @property
    def region_means(self) -> pd.DataFrame:
        """Regions, one row each: cells, points on its side, means of the surface and of the data with their weights."""
        return handed_out(uncertainty.region_table(self))

    def signed_distance(self, newdata: Any = None) -> pd.DataFrame:
        """Compute the distance of places from the border, for a border that is placed within the cells.

        Parameters
        ----------
        newdata : DataFrame or array_like of shape (m, 2), optional
            Places. The default is the observations.

        Returns
        -------
        DataFrame
            ``distance`` is in the units of the covariates, which both count alike. It is positive on the side where
            the surface is higher at the nearest point of the border, and NaN if there is no border. ``segment`` is the
            nearest boundary.

        Raises
        ------
        DataError
            If the border runs along the sides of cells.
        """
        points, index = (self._own_places(), None) if newdata is None else self.facts.places(newdata)
        found = placed.signed_distance(self, points)
        return found if index is None else found.set_index(index)

    # ---- tables

    def summary(self, alpha: float = 0.05) -> Any:
        """Return tables of the fit, of the connected parts of the jump set and of the regions, with the warnings.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals of the boundaries' mean sizes.

        Returns
        -------
        FitSummary
        """
        from statmodels_x.discontinuity.tables import summary_tables

        return summary_tables(self, check_alpha(alpha))

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return one row for each boundary, with the column names of R's broom.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals, which take the boundary as known.

        Returns
        -------
        DataFrame
            Columns ``term``, ``estimate`` (the mean absolute size), ``std.error``, ``conf.low`` and ``conf.high``,
            then the other columns of :attr:`boundaries`. There is no p-value, because boundaries are selected for
            their size.
        """
        from statmodels_x.discontinuity.tables import tidy_boundaries

        return tidy_boundaries(self, check_alpha(alpha))

    def glance(self) -> pd.DataFrame:
        """Return one row about the fit: counts, tuning, jumps and regions, noise, R2 and convergence."""
        from statmodels_x.discontinuity.tables import glance

        return glance(self)

    # ---- pictures

    def plot(
        self, kind: str = "surface", ax: Any = None, *, axis: int | str | None = None, at: float | None = None,
        n: int | None = None, boundary: int | None = None, alpha: float | None = None,
    ) -> Any:  # fmt: skip
        """Plot the fit.

        Parameters
        ----------
        kind : {"surface", "slices", "jumps", "tuning", "certificate"}
            ``"surface"`` draws the surface with its jumps (with a band in one dimension; one slice of a volume).
            ``"slices"`` draws several slices of a volume. ``"jumps"`` draws the sizes along a boundary with intervals.
            ``"tuning"`` draws the criterion of the tuning. ``"certificate"`` draws the convergence of the lower bound
            and of the residual.
        ax : matplotlib Axes, optional
            Axes to draw on. A new figure is made by default.
        axis : int or str, optional
            Axis across which to cut a volume, for ``"surface"`` and ``"slices"``. The default is the first.
        at : float, optional
            Where to cut a volume, for ``"surface"``. The default is the middle.
        n : int, optional
            Number of slices, for ``"slices"``. The default is 4.
        boundary : int, optional
            Number of one of :attr:`boundaries`, for ``"jumps"``. The default is 1.
        alpha : float, optional
            One minus the level of intervals or band, for ``"jumps"`` and for ``"surface"`` of one dimension; 0.05 by
            default.

        Returns
        -------
        matplotlib.axes.Axes
            An array of them for ``"slices"``.

        Raises
        ------
        DataError
            If an argument does not belong to the kind.
        """
        from statmodels_x.discontinuity import plots

        return plots.plot(self, kind, ax, axis=axis, at=at, n=n, boundary=boundary, alpha=alpha)

    # ---- uncertainty

    def jump_sizes(self, at: Any, alpha: float = 0.05) -> pd.DataFrame:
        """Estimate the size of the jump at the points of the boundary nearest to given places.

        The surface is smoothed without the cells beside the jump, which may hold points from both sides, and
        extrapolated to the boundary from both sides. The standard errors include the error of this, but not that of
        the boundary; see :meth:`bootstrap`.

        Parameters
        ----------
        at : DataFrame or array_like of shape (m, d)
            Places, in the units of the covariates.
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame
            The points of the boundary under the covariates' names, ``from``, ``to``, ``size``, ``std_error``,
            ``lower`` and ``upper``. They are NaN where the boundary has fewer than three connected edges, or where
            every cell with data lies beside it. The sign is that of moving along the axis of the nearest edge.
        """
        self.need_noise("jump_sizes()")
        return uncertainty.jump_size_table(self, self.facts.places(at)[0], check_alpha(alpha))

    def bootstrap(
        self, n: int = 99, at: Any = None, seed: int = 0, n_jobs: int = 1, progress: bool = False
    ) -> BootstrapResults:
        """Refit data drawn about surfaces that are drawn from the posterior given the jump set.

        The errors of these fits include noise, smoothing, tuning parameters and the place of the boundary. They do not
        include jumps that the fit has missed.

        Parameters
        ----------
        n : int
            Number of resamples, at least 19. An interval from n resamples misses at least as often as in 2 of n + 1.
        at : DataFrame or array_like of shape (m, d), optional
            Places at which to measure jump sizes. The default is the middles of the edges found.
        seed, n_jobs, progress
            Seed, number of processes (the results do not depend on it), and whether to show a progress bar.

        Returns
        -------
        BootstrapResults
        """
        from statmodels_x.discontinuity.inference.bootstrap import resample

        uncertainty.check_resamples(n)
        self.need_noise("bootstrap()")
        places = self._edge_places() if at is None else self.facts.places(at)[0]
        control = replace(self.control, seed=seed, n_jobs=n_jobs, progress=progress)
        drawn = resample(self, control, n, in_cells(self.domain, places))
        return BootstrapResults.of(self, drawn, places)

    def _edge_places(self) -> Array:
        return uncertainty.edge_table(self)[list(self.domain.names)].to_numpy()

    def test_no_jump(
        self, n: int = 99, seed: int = 0, n_jobs: int = 1, progress: bool = False
    ) -> HypothesisTest:
        """Test the hypothesis that the surface has no jump.

        The statistic is the gain in deviance of the best jump set over the smooth surface. Its null distribution is
        that of data drawn about the fitted smooth surface. Rejection means that no surface of this smoothness explains
        the data. A steep slope narrower than about three cells counts as a jump on this grid.

        Parameters
        ----------
        n : int
            Number of resamples, at least 19. The smallest p-value is 1 / (n + 1).
        seed, n_jobs, progress
            Seed, number of processes (the results do not depend on it), and whether to show a progress bar.

        Returns
        -------
        HypothesisTest
            ``statistic`` (minus infinity where no jump is even proposed), ``df`` (NaN, as there is none), ``p.value``,
            ``resamples`` and ``p.mc_se``, its Monte Carlo error.

        Raises
        ------
        DataError
            If the fit was not tuned by evidence.
        """
        from statmodels_x.discontinuity.inference.bootstrap import null_gains

        uncertainty.check_resamples(n)
        if self.control.tune != "evidence":
            raise DataError('test_no_jump() needs a fit with tune="evidence".')
        control = replace(self.control, seed=seed, n_jobs=n_jobs, progress=progress)
        return uncertainty.gain_test(*null_gains(self, control, n))

    def second_stage(self, at: Any, alpha: float = 0.05, seed: int = 0) -> pd.DataFrame:
        """Measure jump sizes on a random half of the observations, at the boundary that the other half finds.

        Parameters
        ----------
        at : DataFrame or array_like of shape (m, d)
            Places, in the units of the covariates.
        alpha : float
            One minus the confidence level.
        seed : int
            Seed of the split.

        Returns
        -------
        DataFrame
            As :meth:`jump_sizes`. The selection of the boundary cannot bias the sizes upward, but its error still
            shifts them, and half of the data make the intervals wider.

        Raises
        ------
        DataError
            If the data are an array, or if the result was saved without its data.
        """
        from statmodels_x.discontinuity.inference.held_out import second_stage

        return second_stage(self, self.facts.places(at)[0], check_alpha(alpha), seed)

    def border_effect(
        self, data: Any = None, border: Any = None, *, covariates: Any = None, absorb: Any = None,
        cluster: Any = None, bandwidth: float | None = None, donut: float | None = None, degree: int = 1,
        trend: int = 3, folds: int = 5, seed: int = 0,
    ) -> BorderEffect:  # fmt: skip
        """Estimate the average effect along a border, found or given, with standard errors that allow for clusters.

        The effect is estimated by least squares with a line in the distance on either side, from the observations
        within the bandwidth. Each fold of the observations is measured at the border that the other folds find,
        because a jump is too large where it was found, and one that is not found is not measured as 0. The fit itself
        need not have found a border.

        Parameters
        ----------
        data : DataFrame, optional
            Data of the fit, if columns are named below.
        border : array_like of shape (m, 2), list of them, array_like of sides, or str, optional
            Vertices of a known line in order (its positive side is on the left of the way), or the side (0 or 1) of
            each row, or the column of sides. It must have been chosen without looking at the response. By default it
            is found.
        covariates : str, list of str, DataFrame or array_like, optional
            Numeric columns that shift the level alike on both sides, before a border is looked for and in the fit.
        absorb : str, list of str or array_like, optional
            Factors whose effects are partialled out in the same way.
        cluster : str or array_like, optional
            Groups with common errors, which are not divided between folds. The errors are then CR2 with
            Satterthwaite's degrees of freedom, and HC2 without groups.
        bandwidth : float, optional
            In the units of the covariates, which both count alike. By default it is chosen for the difference of the
            sides' curvatures, and is at most a quarter of the shorter side of the domain.
        donut : float, optional
            Observations nearer to the border are left out, as they may lie on its other side. The default is two
            standard deviations of the place of a found border (a jackknife over the folds), at most one cell, and 0
            for a given one.
        degree : int
            Degree of the polynomial in the distance on either side, 0 to 2.
        trend : int
            Degree of a polynomial in the two covariates that both sides share, 0 to 5; 0 for none.
        folds, seed : int
            Number of folds, and seed of the division into folds.

        Returns
        -------
        BorderEffect

        Raises
        ------
        DataError
            If no border is found, a side has fewer than 10 observations, a covariate or the groups tell the sides
            apart, one cluster determines the effect, or the result was saved without its data.

        Warns
        -----
        DataWarning
            If no border is found without some of the folds, which are then left out.
        """
        from statmodels_x.discontinuity.inference import border_effect as effects

        options = effects.EffectOptions.of(bandwidth, donut, degree, trend, folds, seed)
        return effects.border_effect(self, data, border, covariates, absorb, cluster, options)
