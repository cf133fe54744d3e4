"""A fitted surface: its values, its jumps, prediction and tables; thin methods over functions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.fits.results import SummaryText
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid import jumps as _jumps
from statmodels_x.discontinuity.grid.domain import Domain
from statmodels_x.discontinuity.grid.prediction import interpolate
from statmodels_x.discontinuity.sample import Sample
from statmodels_x.discontinuity.specification import Control, Specification

if TYPE_CHECKING:
    from statmodels_x.discontinuity.fitting.estimation import Estimate
    from statmodels_x.discontinuity.inference.resampled import BootstrapResults

_NOT_TOLD_APART = (
    "the data cannot tell correlated errors from a rough surface: the noise and all standard errors are missing. "
    "Give the standard deviation of independent errors, noise=sd, or more data a cell."
)


@dataclass(frozen=True, eq=False)
class FreeDiscontinuityResults(SummaryText):
    """A fitted :class:`FreeDiscontinuity`.

    Attributes
    ----------
    formula : str or None
        None for an array.
    specification : Specification
    control : Control
    sample : Sample
        Cells, and the observations unless the result was pickled without them.
    estimate : Estimate
        The surface in scaled units, with the evidence of convergence and of the tuning.
    """

    formula: str | None
    specification: Specification = field(repr=False)
    control: Control = field(repr=False)
    sample: Sample = field(repr=False)
    estimate: Estimate = field(repr=False)
    keep_data: bool = field(repr=False, default=False)

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name in self.__dataclass_fields__}
        return state if self.keep_data else {**state, "sample": replace(self.sample, points=None)}

    def __repr__(self) -> str:
        what = repr(self.formula) if self.formula else "array"
        return f"FreeDiscontinuityResults({what}, n={self.nobs}, jump edges={len(self.jumps)})"

    @property
    def domain(self) -> Domain:
        """The grid in the covariates' units."""
        return self.sample.cells.domain

    @property
    def nobs(self) -> int:
        """Number of observations (of elements with data, for an array)."""
        return self.sample.n_used

    @property
    def lam(self) -> float:
        """Weight of the data, for responses scaled to [0, 1] and a domain whose longest side is 1."""
        return self.estimate.lam

    @property
    def nu(self) -> float:
        """Cost of a jump of unit area, on the same scales."""
        return self.estimate.nu

    @property
    def smallest_jump(self) -> float:
        """Smallest difference between neighbouring cells that counts as a jump at this nu, in the data's units."""
        return float(np.sqrt(self.nu * self.domain.lattice.spacing)) * self.sample.cells.scale.range

    @property
    def converged(self) -> bool:
        """Whether the lifted problem was solved to the tolerance."""
        return self.estimate.certificate.converged

    @property
    def noise_sd(self) -> float:
        """Standard deviation of an observation of weight 1, in the data's units."""
        errors = self.estimate.errors
        return float(np.sqrt(errors.variance)) if errors.is_known else float("nan")

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know before using the result."""
        apart = () if self.estimate.errors.told_apart else (_NOT_TOLD_APART,)
        found = self.estimate.certificate
        if found.converged:
            return apart
        if found.n_iter == 0:
            return ("the search for the smoothing parameters of the curve did not converge.",)
        return (
            *apart,
            f"the lifted problem stopped after {found.n_iter} iterations with a fixed-point residual of "
            f"{found.residual:.1e} (asked for: {self.control.tol:.1e}) and a gap of {self.gap:.1e} between the "
            "energy and its lower bound, relative to the energy; raise max_iter.",
        )

    @property
    def gap(self) -> float:
        """(energy - lower bound) / energy. Negative where the continuous surface beats every labelled one."""
        found = self.estimate.certificate
        return (found.energy - found.lower_bound) / found.energy

    # ---- the surface

    @cached_property
    def surface(self) -> Array:
        """The surface at the centres of the cells, in the data's units; shape of the grid."""
        return self.sample.cells.scale.natural(self.estimate.surface).reshape(self.domain.shape)

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
            from statmodels_x.core.errors import MissingPackageError

            raise MissingPackageError("to_xarray() needs the package xarray: pip install xarray.") from error
        coordinates = dict(zip(self.domain.names, self.domain.centres, strict=True))
        return DataArray(self.surface, coordinates, self.domain.names, name=self.sample.response)

    @cached_property
    def surface_std_error(self) -> Array:
        """Standard deviation of the surface at each cell given the jump set, in the data's units.

        Bayesian, under the smoother that made the surface: a band of two of them holds the surface at about 95 %
        of the cells, on average over the cells, if the jump set is right. Cells that the border crosses have a
        variance of their own. NaN where the noise is not known.
        """
        from statmodels_x.discontinuity.inference.uncertainty import surface_std_error

        return surface_std_error(self).reshape(self.domain.shape)

    def predict(self, newdata: Any = None, alpha: float = 0.05) -> pd.DataFrame:
        """Surface at new covariates, interpolated between cells without crossing a jump.

        Parameters
        ----------
        newdata : DataFrame or array_like of shape (m, d), optional
            Covariates; the observations themselves (the cells of an array) by default.
        alpha : float
            Error rate of the pointwise band, which takes the jump set as known (see
            :attr:`surface_std_error`); :meth:`bootstrap` counts its error too.

        Returns
        -------
        DataFrame
            ``estimate``, ``std_error``, ``lower``, ``upper`` and ``region`` (as in :meth:`segments`); NaN and 0
            outside of the grid.

        Warns
        -----
        DataWarning
            If rows lie outside of the grid.
        """
        from statmodels_x.discontinuity.inference.uncertainty import surface_band

        points, index = self.points_of(newdata)
        estimate, std_error = self._values_at(points)
        cell = self.domain.cell_of(points)
        outside = cell < 0
        lower, upper = surface_band(estimate, std_error, alpha)
        region = np.where(outside, 0, self.segments().ravel()[np.maximum(cell, 0)])
        if outside.any():
            warnings.warn(
                f"predict(): {np.count_nonzero(outside)} of {len(points)} rows lie outside of the range of the "
                "covariates in the fit; their prediction is missing.",
                DataWarning,
                stacklevel=2,
            )
        columns = {
            "estimate": estimate,
            "std_error": std_error,
            "lower": lower,
            "upper": upper,
            "region": region,
        }
        return pd.DataFrame(columns, index=index)

    def _values_at(self, points: Array) -> tuple[Array, Array]:
        """Surface and its standard error; NaN outside of the grid."""
        cell = self.domain.cell_of(points)
        estimate = interpolate(self.domain, self.surface.ravel(), self.estimate.cut, points)
        return estimate, np.where(cell < 0, np.nan, self.surface_std_error.ravel()[np.maximum(cell, 0)])

    def points_of(self, newdata: Any) -> tuple[Array, pd.Index | None]:
        """Covariates of ``newdata`` as an array, in the order of the axes."""
        d = len(self.domain.names)
        if newdata is None:
            if self.sample.design is None:
                return self.domain.cell_centres(), None
            if self.sample.points is None:
                raise DataError("predict(): the result was saved without its data; give `newdata`.")
            return self.sample.points.x, None
        if isinstance(newdata, np.ndarray | list | tuple):
            points = np.asarray(newdata, float)
            if points.ndim == 1:
                points = points[:, None] if d == 1 else points[None, :]
            if points.ndim != 2 or points.shape[1] != d:
                raise DataError(
                    f"newdata has the shape {points.shape}; give one column for each of {self.domain.names}."
                )
            return points, None
        frame = as_pandas(newdata)
        if self.sample.design is None:
            missing = [name for name in self.domain.names if name not in frame.columns]
            if missing:
                raise DataError(
                    f"newdata: there is no column {missing[0]!r}; the axes are {self.domain.names}."
                )
            return frame[list(self.domain.names)].to_numpy(float), frame.index
        matrix, _ = self.sample.design.rebuild(frame)
        kept = [k for k, name in enumerate(self.sample.design.names) if name != "Intercept"]
        return matrix[:, kept], frame.index

    # ---- the jump set

    @cached_property
    def jumps(self) -> pd.DataFrame:
        """The jump set, one row for each edge between two cells.

        The coordinates of the middle of the edge under the covariates' names; ``across``, the covariate along
        which the surface jumps there; ``from``, ``to`` and ``size``, the limits of the surface on both sides of
        the boundary and their difference, with ``std_error`` (see :meth:`jump_sizes`; where these cannot be had,
        the values in the two cells and NaN); ``stability``, which only resamples can tell (NaN here, see
        :meth:`bootstrap`); ``length`` of the edge (area of the face); and ``segment``, the
        connected part of the jump set to which it belongs.
        """
        from statmodels_x.discontinuity.inference.uncertainty import edge_limits

        return _jumps.edge_table(self.domain, self.surface.ravel(), self.estimate.cut, *edge_limits(self))

    @cached_property
    def boundaries(self) -> pd.DataFrame:
        """Connected parts of the jump set: edges, length, mean and largest absolute size, and extent."""
        return _jumps.segment_table(self.jumps, self.domain.names)

    def segments(self) -> NDArray[np.intp]:
        """Label the regions into which the jump set divides the domain.

        Returns
        -------
        ndarray of int, shape of the grid
            1 for the largest region. A jump that ends inside the domain does not divide it.
        """
        return _jumps.region_labels(self.domain, self.estimate.cut)

    @cached_property
    def region_means(self) -> pd.DataFrame:
        """One row for each region: cells, points, mean of the surface and weighted mean of the data."""
        cells = self.sample.cells
        return _jumps.region_table(
            self.segments(), self.surface.ravel(), cells.count, cells.mean, cells.weight
        )

    # ---- tables

    def summary(self) -> Any:
        """Summary tables: the fit, the connected parts of the jump set, the regions, and what to beware of."""
        from statmodels_x.discontinuity.tables import summary_tables

        return summary_tables(self)

    def tidy(self) -> pd.DataFrame:
        """One row for each edge of the jump set; see :attr:`jumps`."""
        return self.jumps.copy()

    def glance(self) -> pd.DataFrame:
        """One row that describes the fit."""
        found = self.estimate
        row = {
            "nobs": self.nobs,
            "cells": self.domain.lattice.n_cells,
            "lam": self.lam,
            "nu": self.nu,
            "smallest_jump": self.smallest_jump,
            "jump_edges": int(found.cut.sum()),
            "boundaries": len(self.boundaries),
            "regions": int(self.segments().max()),
            "sigma": self.noise_sd,
            "r.squared": self.rsquared,
            "energy": found.certificate.energy,
            "lower_bound": found.certificate.lower_bound,
            "residual": found.certificate.residual,
            "iterations": found.certificate.n_iter,
            "converged": self.converged,
        }
        return pd.DataFrame([row])

    @cached_property
    def rsquared(self) -> float:
        """Share of the weighted variance of the cell means that the surface accounts for."""
        cells = self.sample.cells
        centre = np.average(cells.mean, weights=cells.weight)
        residual = cells.weight @ (cells.mean - self.surface.ravel()) ** 2
        return float(1.0 - residual / (cells.weight @ (cells.mean - centre) ** 2))

    # ---- pictures

    def plot(self, kind: str = "surface", ax: Any = None, **options: Any) -> Any:
        """Draw the fit.

        Parameters
        ----------
        kind : {"surface", "slices", "jumps", "tuning", "certificate"}
            The surface with its jumps (a curve with its band in one dimension, one slice in three); several
            slices; sizes along a boundary with intervals; the criterion of the tuning; the convergence of the
            lower bound and of the residual.
        ax : matplotlib Axes, optional
        **options
            ``axis`` and ``at`` of a slice through a volume, or ``axis`` and ``n`` of several; ``boundary`` (a
            number of :attr:`boundaries`) and ``alpha`` for ``"jumps"``; ``alpha`` for a curve.

        Returns
        -------
        matplotlib Axes
            An array of them for ``"slices"``.
        """
        from statmodels_x.discontinuity import plots

        return plots.plot(self, kind, ax, **options)

    # ---- uncertainty

    def jump_sizes(self, at: Any, alpha: float = 0.05) -> pd.DataFrame:
        """Sizes of the jump at the points of the boundary nearest to given places, with intervals.

        A cell beside the jump may mix points from both sides. The surface is therefore smoothed without these
        cells and carried on to the smoothed boundary from either side by its own prior. The standard
        error is the posterior one of the difference, given the boundary. In simulations nominal 95 % intervals
        covered 92 to 99 % for jumps of half the response's standard deviation and more, but only 63 to 89 % for
        a quarter of it, where the boundary itself is found poorly. :meth:`bootstrap` finds the
        boundary anew in each resample, and :meth:`second_stage` measures on held-out data.

        Parameters
        ----------
        at : DataFrame or array_like of shape (m, d)
            Places, in the covariates' units.
        alpha : float

        Returns
        -------
        DataFrame
            One row a place: the point on the boundary under the covariates' names, the limits ``from`` and ``to``,
            ``size`` (positive if the surface rises along the axis across which the nearest edge lies),
            ``std_error``, ``lower`` and ``upper``. NaN where there is no boundary of three connected edges, or
            where a side has too few cells.

        Raises
        ------
        DataError
            If the noise is not known.
        """
        self._need_noise("jump_sizes()")
        from statmodels_x.discontinuity.inference.uncertainty import jump_size_table

        return jump_size_table(self, at, alpha)

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
        from statmodels_x.discontinuity.grid.boundary import in_cells
        from statmodels_x.discontinuity.inference.bootstrap import resample
        from statmodels_x.discontinuity.inference.resampled import BootstrapResults
        from statmodels_x.discontinuity.inference.uncertainty import check_resamples

        check_resamples(n)
        self._need_noise("bootstrap()")
        edges = self.jumps[list(self.domain.names)].to_numpy()
        places = edges if at is None else self.points_of(at)[0]
        control = replace(self.control, seed=seed, n_jobs=n_jobs, progress=progress)
        drawn = resample(
            self.sample.cells, self.estimate, self.specification, control, n, in_cells(self.domain, places)
        )
        return BootstrapResults(self, drawn, places)

    def test_no_jump(self, n: int = 99, seed: int = 0, n_jobs: int = 1, progress: bool = False) -> pd.Series:
        """Test the hypothesis that the surface has no jump.

        The statistic is the gain in deviance of the best jump set over the smooth surface. Its null law is that of
        data drawn about the fitted smooth surface. Rejection means that no surface of this smoothness
        explains the data; a steep slope narrower than about three cells is a jump to this grid.

        Parameters
        ----------
        n : int
            Resamples; the smallest p-value is 1 / (n + 1).
        seed, n_jobs : int
        progress : bool

        Returns
        -------
        Series
            ``statistic``, ``p.value``, ``resamples``, ``p.mc_se``.

        Raises
        ------
        DataError
            If the fit was not tuned by evidence.
        """
        from statmodels_x.discontinuity.inference.bootstrap import null_gains
        from statmodels_x.discontinuity.inference.uncertainty import check_resamples, gain_test

        check_resamples(n)
        if self.control.tune != "evidence":
            raise DataError('test_no_jump() needs a fit with tune="evidence".')
        control = replace(self.control, seed=seed, n_jobs=n_jobs, progress=progress)
        null = null_gains(self.sample.cells, self.estimate, self.specification, control, n)
        return gain_test(self.estimate.tuning.gain, null)

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

        return second_stage(self, at, alpha, seed)

    def _need_noise(self, where: str) -> None:
        if not self.estimate.errors.is_known:
            raise DataError(f"{where}: the noise is not known; give FreeDiscontinuity(..., noise=sd).")
