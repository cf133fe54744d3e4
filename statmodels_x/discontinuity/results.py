"""A fitted surface: its values, its jumps, prediction and tables; thin methods over functions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.frames import as_pandas
from statmodels_x.core.results import SummaryText
from statmodels_x.discontinuity import jumps as _jumps
from statmodels_x.discontinuity.grid import Domain
from statmodels_x.discontinuity.prediction import interpolate
from statmodels_x.discontinuity.sample import Sample
from statmodels_x.discontinuity.specification import Control, Specification

if TYPE_CHECKING:
    from statmodels_x.discontinuity.estimation import Estimate

Array = NDArray[np.float64]


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
        return float(np.sqrt(self.estimate.noise_variance))

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know before using the result."""
        found = self.estimate.certificate
        if found.converged:
            return ()
        return (
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

            raise MissingPackageError("to_xarray() needs the package xarray.") from error
        coordinates = dict(zip(self.domain.names, self.domain.centres, strict=True))
        return DataArray(self.surface, coordinates, self.domain.names, name=self.sample.response)

    def predict(self, newdata: Any = None) -> pd.DataFrame:
        """Surface at new covariates, interpolated between cells without crossing a jump.

        Parameters
        ----------
        newdata : DataFrame or array_like of shape (m, d), optional
            Covariates; the observations themselves (the cells of an array) by default.

        Returns
        -------
        DataFrame
            ``estimate`` and ``region`` (as in :meth:`segments`); NaN and 0 outside of the grid.

        Warns
        -----
        DataWarning
            If rows lie outside of the grid.
        """
        points, index = self._points(newdata)
        estimate = interpolate(self.domain, self.surface.ravel(), self.estimate.cut, points)
        cell = self.domain.cell_of(points)
        region = np.where(cell >= 0, self.segments().ravel()[np.maximum(cell, 0)], 0)
        outside = np.count_nonzero(cell < 0)
        if outside:
            warnings.warn(
                f"predict(): {outside} of {len(points)} rows lie outside of the range of the covariates in the "
                "fit; their prediction is missing.",
                DataWarning,
                stacklevel=2,
            )
        return pd.DataFrame({"estimate": estimate, "region": region}, index=index)

    def _points(self, newdata: Any) -> tuple[Array, pd.Index | None]:
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
                raise DataError(f"newdata has the shape {points.shape}; give one column for each of {self.domain.names}.")
            return points, None
        frame = as_pandas(newdata)
        if self.sample.design is None:
            missing = [name for name in self.domain.names if name not in frame.columns]
            if missing:
                raise DataError(f"newdata: there is no column {missing[0]!r}; the axes are {self.domain.names}.")
            return frame[list(self.domain.names)].to_numpy(float), frame.index
        matrix, _ = self.sample.design.rebuild(frame)
        kept = [k for k, name in enumerate(self.sample.design.names) if name != "Intercept"]
        return matrix[:, kept], frame.index

    # ---- the jump set

    @cached_property
    def jumps(self) -> pd.DataFrame:
        """The jump set, one row for each edge between two cells.

        The coordinates of the middle of the edge under the covariates' names, ``across`` (the covariate along
        which the surface jumps there), ``from``, ``to`` and ``size`` in the data's units, ``length`` of the edge
        (area of the face), and ``segment``, the connected part of the jump set to which it belongs.
        """
        return _jumps.edge_table(self.domain, self.surface.ravel(), self.estimate.cut)

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
        return _jumps.region_table(self.segments(), self.surface.ravel(), cells.count, cells.mean, cells.weight)

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
        kind : {"surface", "jumps", "certificate"}
            The surface with its jumps (a curve in one dimension, slices in three); sizes along the boundary;
            the convergence of the lower bound and of the residual.
        ax : matplotlib Axes, optional
        **options
            ``axis`` and ``at`` of a slice through a volume; ``boundary`` (a number of :attr:`boundaries`) for
            ``"jumps"``.

        Returns
        -------
        matplotlib Axes
        """
        from statmodels_x.discontinuity import plots

        return plots.plot(self, kind, ax, **options)

    def jump_sizes(self, at: ArrayLike) -> pd.DataFrame:
        """Size of the jump at the edges of the jump set nearest to given places."""
        raise NotImplementedError
