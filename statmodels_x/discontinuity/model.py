"""The public model class: formula and data, or an array, and options, checked; ``fit()``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from statmodels_x.core.data.model_frame import counts_text
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import announce, warn
from statmodels_x.core.interruption import shielded
from statmodels_x.core.threads import one_for_blas
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

    The fitted surface u minimises the Mumford-Shah energy :math:`\lambda \int (f - u)^2 + \int |\nabla u|^2 + \nu\,
    \mathcal{H}^{d-1}(S_u)`, where f are the data. It is smooth except on a jump set :math:`S_u`, and surface and jump
    set are found together. See :doc:`/guide/discontinuity`.

    Parameters
    ----------
    formula_or_array : str or array_like
        A formula or an array. A formula such as ``"y ~ x1 + x2"`` is for scattered observations in ``data``, with one
        to three numeric covariates. The covariate of a curve may be a column of dates, and results then give dates.
        An array has one to three axes: a signal, an image or a volume, whose elements are the cells of the grid. NaN
        marks an element without data. An xarray ``DataArray`` keeps its names and coordinates.
    data : DataFrame, optional
        One row per observation, with a formula only. A pandas, polars or pyarrow table, or a mapping of columns. The
        rows of a Dask data frame stay in their partitions, and enter as averages over parts of a cell.
    resolution : int or sequence of int, optional
        Number of cells along each covariate, into which scattered observations are averaged. The default is the same
        number along each covariate. Over two covariates there are about 12 observations per cell up to 20 x 20 cells,
        over three about 4 up to 14 x 14 x 14 cells, and beyond about 20. There are at most 100 cells along each of two
        covariates, or 30 along each of three. Cells may be empty. A curve (one covariate) has no cells, and does not
        take ``resolution``, ``levels`` and ``jump_length``.
    lam, nu : float, optional
        Weight of the data, and cost of a jump of unit length (area), for responses scaled to [0, 1] and a domain
        whose longest side is 1. What is not given is tuned.
    levels : int
        Number of values of the response into which the convex problem is lifted. The fitted surface itself is
        continuous.
    jump_length : {"isotropic", "anisotropic"}
        How the lifted problem measures the jump set: by its Euclidean length (which is a relaxation), or by the sum
        of its projections on the axes (which is exact).
    weights : str or array_like, optional
        Inverse variances of the observations, up to a factor. For an array they have the same shape.
    noise : {"iid", "correlated"} or float
        Whether the errors are independent, or correlated between neighbouring cells. A number is the known standard
        deviation of independent errors, in the units of the data.
    cluster : str or array_like, optional
        Groups of scattered observations over two covariates whose errors may be dependent. The standard errors of
        jump sizes allow for them by a jackknife over the groups, and :meth:`SurfaceResults.border_effect` uses them
        by default. The border itself is found as if the errors were independent.

    Raises
    ------
    FormulaError
        If the formula cannot be read.
    DataError
        If a column, an array or an option cannot be used. The message names it and says what to do.

    Warns
    -----
    DataWarning
        If rows are dropped because values are missing.

    References
    ----------
    Gunsilius and Van Dijcke (2023), arXiv:2309.14630. Pock, Cremers, Bischof and Chambolle (2009), ICCV, 1133-1140.

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
        """Fit the surface or curve, and find its jumps.

        Parameters
        ----------
        tune : {"evidence", "sure", "cv", None}
            How ``lam`` and ``nu`` are chosen, if they are not given. ``"evidence"`` finds candidate jump sets by the
            convex problem, and scores and prunes them by the marginal likelihood of a second-order smoother, which
            also gives the surface. ``"sure"`` minimises an unbiased estimate of the prediction error; this is the
            published rule, which is good for prediction, but may report many false jumps. ``"cv"`` uses
            cross-validation. ``None`` needs both to be given.
        solver : {"auto", "primal-dual", "exact", "cvxpy"}
            ``"primal-dual"`` solves the lifted problem on a grid. ``"cvxpy"`` solves small lifted problems to
            optimality by an interior point method. ``"exact"`` is for one covariate and uses the observations
            themselves. ``"auto"`` is ``"exact"`` for one covariate, and ``"primal-dual"`` otherwise.
        tol : float
            Fixed-point residual at which the primal-dual solver stops, if its lower bound and jump set are stable too.
            Only for grids.
        max_iter : int
            Largest number of iterations of the primal-dual solver. Only for grids.
        n_jobs : int
            Number of processes or threads. The result does not depend on it. Only for grids.
        seed : int
            Seed of random directions and folds.
        progress : bool
            Whether to show a progress bar.
        sensitivity : {"strict", "balanced", "sensitive"}
            How readily the evidence rule reports jumps. It sets by how much a jump set must lower -2 log likelihood
            for each of its parts and in total: 6 and 10, 3 and 4, or 0 and 2. It is not an error rate. A slope that is
            steep over no more than about three cells counts as a jump on the grid, whatever the setting.
        keep_data : bool
            Whether a saved or pickled result carries the data.
        border : {"auto", "points", "cells"}
            Where a border may run, with ``tune="evidence"``. ``"points"`` places it within the cells, by the evidence
            of the single observations (pixels) on either side. ``"cells"`` places it along the sides of cells, by the
            means of the cells. ``"auto"`` is ``"points"`` over two covariates, for scattered observations over three,
            and in images if the errors are independent, and ``"cells"`` otherwise. Over three covariates ``"points"``
            divides the points of a voxel between the two sides; the jump set itself consists of faces.
        pixels : {"auto", "points", "averages"}
            What a pixel of an image is: the value at its centre, or the average over its square. A border divides a
            square into two shares. ``"auto"`` chooses the reading under which the border has more evidence.

        Returns
        -------
        SurfaceResults or CurveResults
            A curve for one covariate, unless the solver is one of grids.

        Raises
        ------
        DataError
            If an option cannot be used, or does not go with the model.

        Warns
        -----
        ConvergenceWarning
            If the lifted problem was not solved to ``tol`` within ``max_iter`` iterations, or if the search for the
            smoothing parameters of a curve did not converge.
        IdentificationWarning
            If the data cannot tell correlated errors from a rough surface. Standard errors are then NaN.
        """
        cells = self.sample.cells
        how = control(
            self.specification, cells.lattice.n_axes, tune, sensitivity, solver, tol, max_iter, n_jobs, seed, progress,
            border, pixels,
        )  # fmt: skip
        make = self._curve if _is_curve(how, cells.lattice.n_axes) else self._surface
        with shielded(), one_for_blas():  # once, around thousands of short kernels and small factorisations
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
            cells, kept, n_set_aside = without_outliers(sample.cells, sample.points)
            sample = replace(sample, cells=cells) if sample.points is None else sample.taking(cells, kept)
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
