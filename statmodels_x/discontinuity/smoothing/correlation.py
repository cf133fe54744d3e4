"""Errors that are correlated between neighbouring cells: rho^|steps| along each axis, separable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import sparse
from scipy.linalg import toeplitz
from scipy.optimize import minimize

from statmodels_x.core.errors import DataError
from statmodels_x.core.findings import Finding
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.domain import Cells
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask
from statmodels_x.discontinuity.smoothing.smoother import JumpSetModel, Observations, SecondDifferences

_LARGEST_RHO = 0.95
_LEAST_SHARE = 0.5
_CLEARLY = 6.0  # deviance; the largest of a chi-squared variable in seventy


@dataclass(frozen=True)
class ErrorModel:
    """Covariance of the errors of the cell means.

    Attributes
    ----------
    variance : float
        Of an observation of weight 1, in the data's units.
    rho : tuple of float
        Correlation of neighbouring cells along each axis; all 0 for independent errors.
    told_apart : bool
        False where the data cannot tell these errors from a rough surface.
    """

    variance: float
    rho: tuple[float, ...]
    told_apart: bool = True

    @property
    def is_known(self) -> bool:
        """Whether standard errors can be had."""
        return self.told_apart and bool(np.isfinite(self.variance))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what is to be known of the noise."""
        if self.told_apart:
            return ()
        text = (
            "the data cannot tell correlated errors from a rough surface: the noise and all standard errors are "
            "missing."
        )
        remedy = "Give the standard deviation of independent errors, noise=sd, or more data per cell."
        return (Finding("noise_not_identified", text, remedy, ("noise_sd",)),)

    def observations(self, cells: Cells) -> Observations:
        """Cell means in scaled units with the precision of their errors."""
        precision = cells.weight * cells.scale.range**2 / self.variance
        if not any(self.rho):
            return Observations(cells.f, precision)
        inverse = sparse.eye_array(1)
        for rho, size in zip(self.rho, cells.domain.shape, strict=True):
            inverse = sparse.kron(inverse, _inverse_correlation(rho, size))
        root = sparse.diags_array(np.sqrt(precision))
        determinant = float(np.log(precision).sum()) - _log_correlation(self.rho, cells.lattice)
        return Observations(cells.f, precision, (root @ inverse @ root).tocsr(), determinant)

    def correlate(self, values: Array, shape: tuple[int, ...]) -> Array:
        """Multiply by the correlation matrix."""
        result = values.reshape(shape)
        for axis, rho in enumerate(self.rho):
            matrix = toeplitz(rho ** np.arange(shape[axis]))
            result = np.moveaxis(np.tensordot(matrix, result, (1, axis)), 0, axis)
        return result.ravel()

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw standardised errors of all cells."""
        result = rng.standard_normal(shape)
        for axis, rho in enumerate(self.rho):
            root = np.linalg.cholesky(toeplitz(rho ** np.arange(shape[axis])))
            result = np.moveaxis(np.tensordot(root, result, (1, axis)), 0, axis)
        return result.ravel()


def _inverse_correlation(rho: float, size: int) -> sparse.sparray:
    middle = np.full(size, 1.0 + rho**2)
    middle[[0, -1]] = 1.0
    side = np.full(size - 1, -rho)
    return sparse.diags_array([side, middle, side], offsets=[-1, 0, 1]) / (1.0 - rho**2)


def _log_correlation(rho: tuple[float, ...], lattice: Lattice) -> float:
    size = np.array(lattice.shape)
    return float((lattice.n_cells / size * (size - 1) * np.log1p(-(np.array(rho) ** 2))).sum())


def fit_errors(cells: Cells, cut: Mask, start: ErrorModel) -> ErrorModel:
    """Maximum likelihood of the variance and the correlations, given a jump set, with the surface integrated out.

    Parameters
    ----------
    cells : Cells
        None of them empty.
    cut : ndarray of shape (edges,)
    start : ErrorModel

    Returns
    -------
    ErrorModel
        Its variance is not less than half of that at the start: correlation hides part of the errors from the
        differences that gave it. ``told_apart`` is False if that least variance is all but as likely.

    Raises
    ------
    DataError
        If a cell is empty.
    """
    if not cells.filled.all():
        raise DataError(
            f'noise="correlated" needs data in every cell; {np.count_nonzero(~cells.filled)} cells are empty. '
            "Give a lower `resolution`, or fill the missing elements of the array."
        )
    differences = SecondDifferences.of(cells.lattice)
    d = cells.lattice.n_axes
    first = JumpSetModel(differences, start.observations(cells), cut).smooth().log_precision

    least = float(np.log(_LEAST_SHARE))

    def model(z: Array) -> ErrorModel:
        rho = tuple(_LARGEST_RHO / (1.0 + np.exp(-z[1 : 1 + d])))
        return ErrorModel(start.variance * float(np.exp(z[0])), rho)

    def deviance(z: Array) -> float:
        if not least <= z[0] < 8.0 or np.abs(z[1 : 1 + d]).max() > 8.0 or not -6.0 < z[-1] < 22.0:
            return 1e30
        return JumpSetModel(differences, model(z).observations(cells), cut).deviance(z[-1])

    rho = np.clip(start.rho, 0.1, 0.9)
    options = {"xatol": 0.02, "fatol": 0.05, "maxfev": 60 * (d + 2)}
    lowest = partial(minimize, method="Nelder-Mead", options=options)
    # a rough surface and correlated errors can stand for one another: begin from both sides
    ends = []
    for larger, r, smoother in ((0.0, rho, 0.0), (1.5, np.maximum(rho, 0.5), 6.0)):
        begin = np.concatenate([[larger], np.log(r / (_LARGEST_RHO - r)), [first + smoother]])
        ends.append(lowest(deviance, begin))
    best = min(ends, key=lambda end: end.fun)
    rough = lowest(lambda z: deviance(np.append(least, z)), best.x[1:])
    return replace(model(best.x), told_apart=bool(rough.fun - best.fun > _CLEARLY))
