"""The public model class: formula and data, or an array, and options, checked; ``fit()``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from statmodels_x.core.data.model_frame import counts_text
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import announce, warn
from statmodels_x.core.interruption import shielded
from statmodels_x.discontinuity.sample import Sample, read_array, read_formula
from statmodels_x.discontinuity.specification import (
    LEVELS,
    MAX_ITER,
    TOL,
    Control,
    Specification,
    control,
    refuse_for_curves,
    specify,
)

if TYPE_CHECKING:
    from statmodels_x.discontinuity.line.results import CurveResults
    from statmodels_x.discontinuity.results import SurfaceResults


class FreeDiscontinuity:
    r"""Regression curves and surfaces with jumps at unknown places, over one, two or three covariates.

    The surface minimises the Mumford-Shah energy
    :math:`\lambda \int (f - u)^2 + \int |\nabla u|^2 + \nu\, \mathcal{H}^{d-1}(S_u)`: it is smooth except on a
    jump set :math:`S_u` that is found together with it.

    Parameters
    ----------
    formula_or_array : str or array_like
        ``"y ~ x1 + x2"`` for scattered observations in ``data`` (one to three numeric covariates; the one of a curve
        may be a column of dates, which come back as dates), or an array
        with one to three axes: a signal, image or volume whose elements are the cells of the grid. NaN marks
        an element without data. An xarray ``DataArray`` keeps its names and coordinates.
    data : DataFrame, optional
        pandas, polars, pyarrow, or a mapping of columns; with a formula only. The rows of a Dask frame stay in their
        partitions and enter as their averages over parts of a cell.
    resolution : int or sequence of int, optional
        Cells along each covariate into which scattered observations are averaged; by default the same number
        along each, with about 20 observations per cell, and at most 100 along each of two covariates, 30 of three.
        Cells may be without observations. A curve (one covariate) has no cells: it refuses this, ``levels`` and
        ``jump_length``.
    lam, nu : float, optional
        Weight of the data and cost of a jump of unit area, for responses scaled to [0, 1] and a domain whose
        longest side is 1. What is not given is tuned.
    levels : int
        Values of the response into which the convex problem is lifted. The surface itself is continuous.
    jump_length : {"isotropic", "anisotropic"}
        How the lifted problem measures the jump set: by its Euclidean length (a relaxation), or by the sum of
        its projections on the axes (exactly).
    weights : str or array_like, optional
        Inverse variances of the observations up to a factor; for an array, of the same shape.
    cluster : str or array_like, optional
        Groups of scattered observations over two covariates whose errors may be dependent: the standard errors of
        the sizes of jumps allow for them (a jackknife over the groups), and :meth:`SurfaceResults.border_effect`
        takes them by default. The border is found as if the errors were independent.
    noise : {"iid", "correlated"} or float
        Whether the errors are independent, or correlated between neighbouring cells; or the known standard
        deviation of independent errors, in the data's units.

    Raises
    ------
    FormulaError
        If the formula cannot be read.
    DataError
        If a column, an array or an option cannot be used. The message names it and the remedy.

    Warns
    -----
    DataWarning
        If rows are dropped because values are missing.

    References
    ----------
    Gunsilius and Van Dijcke (2023), arXiv:2309.14630. Pock, Cremers, Bischof and Chambolle (2009), ICCV,
    1133-1140.

    Examples
    --------
    >>> import numpy as np
    >>> import statmodels_x as smx
    >>> rng = np.random.default_rng(1)
    >>> x = (np.arange(24) + 0.5) / 24
    >>> step = np.where(x[:, None] + 0.3 * x > 0.6, 1.0, 0.0)
    >>> fit = smx.FreeDiscontinuity(step + 0.1 * rng.normal(size=step.shape), lam=30, nu=0.1).fit(tune=None)
    >>> bool(abs(fit.jumps["size"].abs().mean() - 1.0) < 0.05)
    True
    """

    def __init__(
        self,
        formula_or_array: str | ArrayLike,
        data: Any = None,
        resolution: Any = None,
        lam: float | None = None,
        nu: float | None = None,
        levels: int = LEVELS,
        jump_length: str = "isotropic",
        weights: str | ArrayLike | None = None,
        noise: str | float = "iid",
        cluster: str | ArrayLike | None = None,
    ) -> None:
        self.specification: Specification = specify(lam, nu, levels, jump_length, noise)
        self.sample: Sample = _read(formula_or_array, data, resolution, weights, cluster)
        self._resolution = resolution
        self.formula = formula_or_array if isinstance(formula_or_array, str) else None
        missing = {name: count for name, count in self.sample.dropped.items() if name != "weight of 0"}
        if missing and self.formula is not None:
            warn(
                f"{self.sample.n_rows - self.sample.n_used} of {self.sample.n_rows} rows were dropped; missing "
                f"values: {counts_text(missing)}",
                DataWarning,
            )

    def fit(
        self,
        tune: str | None = "evidence",
        solver: str = "auto",
        tol: float = TOL,
        max_iter: int = MAX_ITER,
        n_jobs: int = 1,
        seed: int = 0,
        progress: bool = False,
        sensitivity: str = "balanced",
        keep_data: bool = False,
        border: str = "auto",
        pixels: str = "auto",
    ) -> SurfaceResults | CurveResults:
        """Find the surface and its jumps.

        Parameters
        ----------
        tune : {"evidence", "sure", "cv", None}
            How what is not given of ``lam`` and ``nu`` is chosen. ``"evidence"`` finds jump sets with the convex
            problem and scores and prunes them by the marginal likelihood of a second-order smoother, which
            also gives the surface; ``"sure"`` minimises an unbiased estimate of the prediction error (the
            published rule: good for prediction, but it may report many false jumps); ``"cv"`` cross-validates.
            None needs both given.
        solver : {"auto", "primal-dual", "exact", "cvxpy"}
            ``"cvxpy"`` solves small lifted problems to optimality by interior points; ``"exact"`` is for one
            covariate, where ``"auto"`` uses it on the observations themselves.
        tol : float
            Of surfaces, as ``max_iter`` and ``n_jobs``: fixed-point residual at which the primal-dual solver stops,
            if its lower bound and jump set are stable too.
        max_iter : int
        n_jobs : int
            Processes or threads; the result does not depend on it.
        seed : int
            Of random directions and folds.
        progress : bool
            Show a bar.
        sensitivity : {"strict", "balanced", "sensitive"}
            How readily the evidence rule reports jumps: what a jump set must gain in -2 log likelihood for each of
            its parts and over all (6 and 10, 3 and 4, 0 and 2). No error rate: a slope that is steep over no more
            than about three cells is a jump to the grid, whatever the setting.
        keep_data : bool
            Whether a saved or pickled result carries the data.
        border : {"auto", "points", "cells"}
            With evidence: where a border may run. ``"points"`` places it within the cells, by the evidence of the
            single observations (pixels) on either side; ``"cells"`` along the sides of cells, by their means.
            ``"auto"`` takes the points over two covariates and in images, if their errors are independent, else the
            cells.
        pixels : {"auto", "points", "averages"}
            Of an image: what a pixel is, the value at its middle, or the average over its square, in which a border
            leaves a share on either side. ``"auto"`` takes the reading under which the border gains more.

        Returns
        -------
        SurfaceResults or CurveResults
            A curve for one covariate, unless the solver is one of grids.

        Warns
        -----
        ConvergenceWarning
            If the lifted problem was not solved to ``tol`` within ``max_iter`` iterations.
        IdentificationWarning
            If the data cannot tell correlated errors from a rough surface; standard errors are NaN then.
        """
        cells = self.sample.cells
        how = control(
            self.specification, cells.lattice.n_axes, tune, sensitivity, solver, tol, max_iter, n_jobs, seed, progress,
            border, pixels,
        )  # fmt: skip
        make = self._curve if _is_curve(how, cells.lattice.n_axes) else self._surface
        with shielded():  # once, around thousands of short kernels
            results = make(how, keep_data)
        announce(results.findings)
        return results

    def _curve(self, how: Control, keep_data: bool) -> CurveResults:
        from statmodels_x.discontinuity.line.results import CurveResults

        if self.sample.cluster is not None:
            raise DataError(
                "fit(): `cluster` is for surfaces over two covariates; a curve has no such errors."
            )
        refuse_for_curves(self.specification, how, self._resolution)
        return CurveResults.fit(self.formula, self.specification, how, self.sample, keep_data)

    def _surface(self, how: Control, keep_data: bool) -> SurfaceResults:
        from statmodels_x.discontinuity.fitting.estimation import estimate, is_on_points
        from statmodels_x.discontinuity.fitting.on_points import beside_the_border, smoothed_beside
        from statmodels_x.discontinuity.fitting.set_aside import without_outliers
        from statmodels_x.discontinuity.results import SurfaceResults

        if self.sample.dates is not None:
            raise DataError(
                f"fit(): the covariate '{self.sample.dates.name}' holds dates, which a grid does not take; leave "
                "`solver` out for a curve, or give days as numbers."
            )
        sample = self.sample
        if sample.cluster is not None and not is_on_points(
            sample.cells, sample.points, self.specification, how
        ):
            raise DataError(
                "fit(): `cluster` is for borders placed by scattered observations over two covariates; leave it out, "
                "or fit with border='points'."
            )
        n_set_aside = 0
        if sample.cells.lattice.n_axes == 3 and how.tune == "evidence":
            cells, n_set_aside = without_outliers(sample.cells, sample.points)
            sample = replace(sample, cells=cells)
        found = estimate(sample.cells, sample.points, self.specification, how)
        found = replace(found, n_set_aside=n_set_aside) if n_set_aside else found
        if sample.reach and sample.points is not None and found.placed is not None and found.cut.any():
            beside = beside_the_border(sample.points, sample.cells, found.placed.border, sample.reach)
            sample = replace(sample, points=beside)
            found = smoothed_beside(found, beside, sample.cells, self.specification)
        return SurfaceResults.of(self.formula, self.specification, how, sample, found, keep_data)

    def __repr__(self) -> str:
        what = repr(self.formula) if self.formula else "array"
        shape = " x ".join(map(str, self.sample.cells.domain.shape))
        return f"FreeDiscontinuity({what}, n={self.sample.n_used}, grid={shape})"


def _is_curve(how: Control, n_axes: int) -> bool:
    return n_axes == 1 and how.solver in ("auto", "exact")


def _read(formula_or_array: Any, data: Any, resolution: Any, weights: Any, cluster: Any) -> Sample:
    if isinstance(formula_or_array, str):
        if data is None:
            raise DataError("FreeDiscontinuity(): a formula needs `data`.")
        return read_formula(formula_or_array, data, resolution, weights, cluster)
    if data is not None:
        raise DataError(
            "FreeDiscontinuity(): an array and `data` are both given; give a formula with data, or an array."
        )
    if resolution is not None:
        raise DataError(
            "FreeDiscontinuity(): `resolution` is for scattered data; the cells of an array are given."
        )
    if cluster is not None:
        raise DataError("FreeDiscontinuity(): `cluster` is for scattered observations; an array has none.")
    if isinstance(weights, str):
        raise DataError("FreeDiscontinuity(): `weights` must be an array of the shape of the array.")
    return read_array(formula_or_array, weights)
