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
        """Surface or curve at new covariates; between cells it never crosses a jump.

        Parameters
        ----------
        newdata : DataFrame or array_like of shape (m, d), optional
            Covariates; the observations themselves (the cells of an array) by default.
        alpha : float
            Error rate of the pointwise band, which takes the jump set as known; :meth:`bootstrap` counts its error
            too.

        Returns
        -------
        DataFrame
            ``estimate``, ``std_error``, ``lower``, ``upper`` and ``region`` (1 for the largest region of a surface,
            from left to right for a curve); NaN and 0 outside of the range of the fit.

        Warns
        -----
        DataWarning
            If rows lie outside of that range.
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
        """Observations minus the surface or curve, in the order of the rows used.

        Parameters
        ----------
        kind : {"response", "standardized"}
            In the data's units, or over the standard deviation of the row's error.

        Returns
        -------
        ndarray of shape (nobs,)

        Raises
        ------
        DataError
            For a result saved without its data.
        """
        check_choice("kind", kind, ("response", "standardized"), "residuals()")
        x, y, weight = self.need_sample("residuals()").observed()
        left = y - uncertainty.expected(self, self._values_at(x)[0])
        return left if kind == "response" else left * np.sqrt(weight) / self.noise_sd  # type: ignore[attr-defined]


@dataclass(frozen=True, eq=False, kw_only=True)
class SurfaceResults(SurfaceFitted, FreeDiscontinuityResults):
    """A fitted surface or volume, and its jumps.

    Attributes
    ----------
    formula : str or None
        None for an array.
    specification : Specification
    control : Control
    facts : Facts
        Units and counts of the sample; no row of it.
    estimate : Estimate
        The surface in scaled units, with the evidence of convergence and of the tuning.
    sample : Sample or None
        Cells and observations; None in a result that was saved without them.
    """

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
        """The surface at the centres of the cells (averages over pixels that are some), in the data's units."""
        return handed_out(uncertainty.cell_values(self).reshape(self.domain.shape))

    @property
    def surface_std_error(self) -> Array:
        """Standard deviation of the surface at each cell given the jump set, in the data's units.

        Bayesian, under the smoother that made the surface: a band of two of them holds the surface at about 95 %
        of the cells, on average over the cells, if the jump set is right. Cells that the border crosses have a
        variance of their own. NaN where the noise is not known.
        """
        return handed_out(uncertainty.surface_std_error(self).reshape(self.domain.shape))

    @property
    def rsquared(self) -> float:
        """Share of the weighted variance of the cell means that the surface accounts for."""
        return uncertainty.r_squared(self)

    def to_xarray(self) -> Any:
        """Return the surface as an xarray DataArray with the covariates as coordinates.

        Raises
        ------
        MissingPackageError
            If xarray is not installed.
        """
        try:
            from xarray import DataArray
        except ImportError as error:
            raise MissingPackageError("to_xarray() needs the package xarray: pip install xarray.") from error
        coordinates = dict(zip(self.domain.names, self.domain.centres, strict=True))
        return DataArray(self.surface.copy(), coordinates, self.domain.names, name=self.facts.response)

    # ---- the jump set

    @property
    def jumps(self) -> pd.DataFrame:
        """The jump set, one row for each edge between two cells.

        Where it is crossed (its middle, for a border along sides of cells) under the covariates' names; ``across``,
        the covariate along which the surface jumps there; ``from``, ``to`` and ``size``, the limits of the surface on
        both sides and their difference, with ``std_error`` (see :meth:`jump_sizes`; where these cannot be had, the
        values in the two cells and NaN); ``stability``, which only resamples can tell (NaN here, see
        :meth:`bootstrap`); ``length`` of the border at it (area of the face); and ``segment``, the connected part of
        the jump set to which it belongs.
        """
        return handed_out(uncertainty.edge_table(self))

    @property
    def boundaries(self) -> pd.DataFrame:
        """Connected parts of the jump set: edges, length, mean and largest absolute size, extent.

        ``std_error`` is that of the mean size, given the boundary.
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
        """One row for each region: cells, points, mean of the surface and weighted mean of the data."""
        return handed_out(uncertainty.region_table(self))

    def signed_distance(self, newdata: Any = None) -> pd.DataFrame:
        """Distance of places from the border, where it is placed within the cells.

        Parameters
        ----------
        newdata : DataFrame or array_like of shape (m, 2), optional
            The observations by default.

        Returns
        -------
        DataFrame
            ``distance``, in the covariates' units (both count alike), positive on the side where the surface is
            higher at the nearest point of the border, NaN if there is no border; ``segment``, the boundary it is
            nearest to.

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
        """Summary tables: the fit, the connected parts of the jump set, the regions, and what to beware of.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals of the boundaries' mean sizes.
        """
        from statmodels_x.discontinuity.tables import summary_tables

        return summary_tables(self, check_alpha(alpha))

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """One row for each boundary, with the column names of R's broom.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals, which take the boundary as known.

        Returns
        -------
        DataFrame
            ``term``, ``estimate`` (the mean absolute size), ``std.error``, ``conf.low``, ``conf.high``, then the
            other columns of :attr:`boundaries`. There is no p-value: a boundary is reported because it stands out.
        """
        from statmodels_x.discontinuity.tables import tidy_boundaries

        return tidy_boundaries(self, check_alpha(alpha))

    def glance(self) -> pd.DataFrame:
        """One row that describes the fit."""
        from statmodels_x.discontinuity.tables import glance

        return glance(self)

    # ---- pictures

    def plot(
        self, kind: str = "surface", ax: Any = None, *, axis: int | str | None = None, at: float | None = None,
        n: int | None = None, boundary: int | None = None, alpha: float | None = None,
    ) -> Any:  # fmt: skip
        """Draw the fit.

        Parameters
        ----------
        kind : {"surface", "slices", "jumps", "tuning", "certificate"}
            The surface with its jumps (with its band in one dimension, one slice in three); several slices; sizes
            along a boundary with intervals; the criterion of the tuning; the convergence of the lower bound and of
            the residual.
        ax : matplotlib Axes, optional
        axis : int or str, optional
            Across which axis to cut a volume: ``"surface"``, ``"slices"``; the first by default.
        at : float, optional
            Where to cut it: ``"surface"``; in the middle by default.
        n : int, optional
            Number of slices: ``"slices"``; 4 by default.
        boundary : int, optional
            Number of one of :attr:`boundaries`: ``"jumps"``; 1 by default.
        alpha : float, optional
            Error rate of the intervals or band: ``"jumps"``, ``"surface"`` of one dimension; .05 by default.

        Returns
        -------
        matplotlib Axes
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
        """Sizes of the jump at the points of the boundary nearest to given places.

        The surface is smoothed without the cells beside the jump, which may hold points from both sides, and
        carried on to the boundary from both sides. The errors of that are counted, those of the boundary are
        not: see :meth:`bootstrap`.

        Parameters
        ----------
        at : DataFrame or array_like of shape (m, d)
        alpha : float

        Returns
        -------
        DataFrame
            The points of the boundary under the covariates' names, ``from``, ``to``, ``size``, ``std_error``,
            ``lower``, ``upper``; NaN where the boundary has fewer than three connected edges, or every cell with
            data lies beside it. The sign is that of walking along the axis of the nearest edge.
        """
        self.need_noise("jump_sizes()")
        return uncertainty.jump_size_table(self, self.facts.places(at)[0], check_alpha(alpha))

    def bootstrap(
        self, n: int = 99, at: Any = None, seed: int = 0, n_jobs: int = 1, progress: bool = False
    ) -> BootstrapResults:
        """Draw surfaces from their posterior given the jump set, data about each, and fit these like the data.

        What a fit gets wrong in a resample, it may get wrong in the data: noise, smoothing, its parameters and the
        place of the boundary are all in these errors. Jumps that the fit missed are not.

        Parameters
        ----------
        n : int
            Resamples. With n of them no interval can miss less often than in 2 of n + 1.
        at : DataFrame or array_like of shape (m, d), optional
            Places at which to measure jump sizes; the middles of the found edges by default.
        seed, n_jobs : int
        progress : bool

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

        The statistic is the gain in deviance of the best jump set over the smooth surface. Its null distribution
        is that of data drawn about the fitted smooth surface. Rejection means that no surface of this smoothness
        explains the data; a steep slope narrower than about three cells is a jump to this grid.

        Parameters
        ----------
        n : int
            Resamples; the smallest p-value is 1 / (n + 1).
        seed, n_jobs : int
        progress : bool

        Returns
        -------
        HypothesisTest
            ``statistic``, ``df`` (none: NaN), ``p.value``, ``resamples``, ``p.mc_se``.

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
        """Sizes of the jump measured on a random half of the observations, at the boundary that the other finds.

        Parameters
        ----------
        at : DataFrame or array_like of shape (m, d)
        alpha : float
        seed : int
            Of the split.

        Returns
        -------
        DataFrame
            As :meth:`jump_sizes`: selection of the boundary cannot flatter the sizes, but its error still shifts
            them, and half of the data make the intervals wider.

        Raises
        ------
        DataError
            For an array, or a result saved without its data.
        """
        from statmodels_x.discontinuity.inference.held_out import second_stage

        return second_stage(self, self.facts.places(at)[0], check_alpha(alpha), seed)

    def border_effect(
        self, data: Any = None, border: Any = None, *, covariates: Any = None, absorb: Any = None,
        cluster: Any = None, bandwidth: float | None = None, donut: float | None = None, degree: int = 1,
        trend: int = 3, folds: int = 5, seed: int = 0,
    ) -> BorderEffect:  # fmt: skip
        """Average effect along a border, found or given, with errors that clusters may share.

        Least squares with a line in the distance on either side, among the observations within the bandwidth. Each
        fold of the observations is measured at the border that the others show: where it was found, a jump is too
        large, and none is not measured as 0. A fit that found no border may be asked too.

        Parameters
        ----------
        data : DataFrame, optional
            That of the fit, if columns are named below.
        border : array_like of shape (m, 2), list of them, array_like of sides, or str, optional
            Vertices of a known line in order, its positive side to the left of the way; or the side (0 or 1) of each
            row, or its column. It must have been chosen without looking at the response. By default it is found.
        covariates : str, list of str, DataFrame or array_like, optional
            Numeric columns that shift the level on both sides alike: before a border is looked for, and in the fit.
        absorb : str, list of str or array_like, optional
            Factors whose effects are partialled out likewise.
        cluster : str or array_like, optional
            Groups with errors in common, never divided between folds: CR2 and Satterthwaite's degrees of freedom.
            Without it, HC2.
        bandwidth : float, optional
            In the covariates' units, both counted alike; chosen by default for the difference of the sides'
            curvatures, at most a quarter of the shorter side of the domain.
        donut : float, optional
            Observations nearer to the border are left out, as they may lie on its other side; by default two standard
            deviations of a found border's place (jackknife over the folds), 0 for a given one.
        degree : int
            Of the polynomial in the distance on either side, 0 to 2.
        trend : int
            Degree of a polynomial in the two covariates that both sides share; 0 for none.
        folds : int
        seed : int
            Of the folds.

        Returns
        -------
        BorderEffect

        Raises
        ------
        DataError
            If no border is found; a side has fewer than 10 observations; a covariate or the groups tell the sides
            apart; one cluster determines the effect; or the result was saved without its data.

        Warns
        -----
        DataWarning
            If no border is found without some of the folds, which are then left out.
        """
        from statmodels_x.discontinuity.inference import border_effect as effects

        options = effects.EffectOptions.of(bandwidth, donut, degree, trend, folds, seed)
        return effects.border_effect(self, data, border, covariates, absorb, cluster, options)
