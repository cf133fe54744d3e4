"""Sparse positive definite systems on a grid: banded Cholesky where it is cheap, else conjugate gradients."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError
from scipy.linalg.lapack import dpbtrf, dpbtrs, dtbtrs

from statmodels_x.core.typing import Array

_MOST_WORK = 1e8  # floating-point operations of a factorisation before conjugate gradients are cheaper


class Factor:
    """Cholesky factor of a sparse matrix in its own order, kept as a band.

    Parameters
    ----------
    band : ndarray of shape (bandwidth + 1, n)
        Lower band of a positive definite matrix in LAPACK's order; overwritten.
    """

    def __init__(self, band: Array) -> None:
        # LAPACK itself: a search factorises thousands of small bands, and scipy's own checks come on top of each
        self.band, info = dpbtrf(band, lower=1, overwrite_ab=1)
        if info:
            raise LinAlgError(f"the leading minor of order {info} is not positive definite")

    def logdet(self) -> float:
        """Logarithm of the determinant of the matrix."""
        return 2.0 * float(np.log(self.band[0]).sum())

    def solve(self, right: Array) -> Array:
        """Solve for one or more right-hand sides."""
        return dpbtrs(self.band, right, lower=1)[0]

    def inverse_diagonal(self) -> Array:
        """Diagonal of the inverse matrix, from the entries of the inverse within the band."""
        from statmodels_x.discontinuity.kernels.lifted import band_inverse_diagonal

        return band_inverse_diagonal(np.ascontiguousarray(self.band.T))

    def half_solve(self, right: Array) -> Array:
        """Solve L' x = right: standard normal draws become draws with this precision matrix."""
        return self._triangular(right, "T")

    def whitened(self, right: Array) -> Array:
        """Solve L x = right: the products of the columns are those of the inverse matrix."""
        return self._triangular(right, "N")

    def _triangular(self, right: Array, transposed: str) -> Array:
        return dtbtrs(self.band, np.asfortranarray(right), uplo="L", trans=transposed)[0]


def lower_band(matrix: sparse.sparray, bandwidth: int) -> Array:
    """Lower band of a sparse matrix in LAPACK's order."""
    entries = matrix.tocoo()
    below = entries.row >= entries.col
    row, column, value = entries.row[below], entries.col[below], entries.data[below]
    band = np.zeros((bandwidth + 1, matrix.shape[0]), order="F")
    band[row - column, column] = value  # each entry once: sums and products of sparse arrays keep them so
    return band


def is_cheap(n: int, bandwidth: int) -> bool:
    """Whether a banded factorisation is affordable."""
    return n * float(bandwidth) ** 2 <= _MOST_WORK


def is_factorable(n: int, bandwidth: int) -> bool:
    """Whether a factorisation is possible at all in a laptop's memory and a minute or so."""
    return n * float(bandwidth + 1) <= 2e8 and n * float(bandwidth) ** 2 <= 3e11


def solve(matrix: sparse.sparray, right: Array, bandwidth: int, start: Array | None = None) -> Array:
    """Solve one symmetric positive definite system.

    Parameters
    ----------
    matrix : sparse array of shape (n, n)
    right : ndarray of shape (n,)
    bandwidth : int
    start : ndarray of shape (n,), optional
        For the iteration, where the band is too wide.

    Returns
    -------
    ndarray of shape (n,)
    """
    if is_cheap(matrix.shape[0], bandwidth):
        return Factor(lower_band(matrix, bandwidth)).solve(right)
    inverse_diagonal = 1.0 / matrix.diagonal()
    preconditioner = sparse.linalg.LinearOperator(matrix.shape, matvec=lambda x: inverse_diagonal * x)
    found, _ = sparse.linalg.cg(matrix, right, x0=start, rtol=1e-10, maxiter=20000, M=preconditioner)
    return found
