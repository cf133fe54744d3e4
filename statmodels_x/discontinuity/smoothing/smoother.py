"""Second-order smoothing between the jumps, and the marginal likelihood of a jump set.

Given the cut edges, the scaled surface has a normal prior with precision K = e^t P + Q + E: P penalises second
differences (along each axis, and mixed over each 2 x 2 block with weight 2) that no cut edge interrupts, Q first
differences across edges that are not cut, with unit precision, and E the mean level of each region. The data add
the precision W. What is left when the surface is integrated out scores the jump set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import sparse
from scipy.linalg import pinvh

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.kernels.banded import Factor, lower_band

CENTRE = 0.5
LARGEST_LOG_PRECISION = 22.0  # beyond, a surface is flat to all digits that a factorisation keeps
LEAST_LOG_PRECISION = -6.0
_STEP = 1.5
FLAT = 0.1  # bend of the deviance over a step below which a walk has ended on a plateau
ALIKE = 0.2  # deviance by which surfaces on a plateau may differ


@dataclass(frozen=True)
class SecondDifferences:
    """All second differences of a grid with the edges that each of them uses.

    Attributes
    ----------
    lattice : Lattice
    rows : sparse array of shape (differences, cells)
    edges : ndarray of shape (differences, 4)
        Edges that must not be cut (a repeated pair for a difference along one axis).
    """

    lattice: Lattice
    rows: sparse.csr_array = field(repr=False)
    edges: Index = field(repr=False)

    @classmethod
    def of(cls, lattice: Lattice) -> SecondDifferences:
        """Build them for a grid."""
        parts, edges = [], []
        cells = np.arange(lattice.n_cells).reshape(lattice.shape)
        for axis, size in enumerate(lattice.shape):
            first = np.take(cells, np.arange(size - 2), axis).ravel() if size > 2 else np.zeros(0, int)
            step = lattice.strides[axis]
            parts.append((np.column_stack([first, first + step, first + 2 * step]), [1.0, -2.0, 1.0]))
            pair = lattice.edge_from[axis, first], lattice.edge_from[axis, first + step]
            edges.append(np.column_stack(pair * 2))
        for a in range(lattice.n_axes):
            for b in range(a + 1, lattice.n_axes):
                corner, s, t = lattice.block_corners(a, b), lattice.strides[a], lattice.strides[b]
                columns = np.column_stack([corner, corner + s, corner + t, corner + s + t])
                parts.append((columns, np.sqrt(2.0) * np.array([1.0, -1.0, -1.0, 1.0])))
        edges.append(lattice.squares)
        matrices = []
        for columns, values in parts:
            ends = np.arange(len(columns) + 1) * columns.shape[1]
            entries = (np.tile(values, len(columns)), columns.ravel(), ends)
            matrices.append(sparse.csr_array(entries, (len(columns), lattice.n_cells)))
        return cls(lattice, sparse.vstack(matrices, format="csr"), np.vstack(edges))

    def penalty(self, cut: Mask) -> sparse.csr_array:
        """P: the squared differences that no cut edge interrupts."""
        kept = self.rows[~cut[self.edges].any(1)]
        return kept.T @ kept

    def softened(self, cells: Mask, log_factor: float) -> SecondDifferences:
        """Penalise by exp(-log_factor) the squares of differences that touch the given cells."""
        touched = (abs(self.rows) @ cells.astype(float)) > 0.0
        factor = np.where(touched, np.exp(-0.5 * log_factor), 1.0)
        return SecondDifferences(self.lattice, (sparse.diags_array(factor) @ self.rows).tocsr(), self.edges)


@dataclass(frozen=True)
class Seen:
    """The normal equations of the data given a jump set.

    Attributes
    ----------
    matrix : sparse array of shape (cells, cells)
        Precision of the surface from the data alone.
    right : ndarray of shape (cells,)
        Right-hand side, for a surface centred at one half.
    constant : float
        What -2 log likelihood has beside the determinants and what the posterior mean explains.
    """

    matrix: sparse.csr_array = field(repr=False)
    right: Array = field(repr=False)
    constant: float


class Data(Protocol):
    """What a surface is compared with: cell means, or points."""

    @property
    def f(self) -> Array:
        """Cell means."""

    @property
    def precision(self) -> Array:
        """Inverse variances of the cell means; 0 for an empty cell."""

    @property
    def typical_sd(self) -> float:
        """Standard deviation of the cell with the median precision."""

    def seen(self, cut: Mask) -> Seen:
        """Return the normal equations given a jump set."""

    def clear_of(self, lattice: Lattice, cut: Mask) -> Data:
        """Return the data without those that may lie on either side of the jump set."""


@dataclass(frozen=True)
class Observations:
    """Scaled cell means with the precision of their errors.

    Attributes
    ----------
    f : ndarray of shape (cells,)
    precision : ndarray of shape (cells,)
        Inverse variances; 0 for an empty cell.
    correlated : sparse array of shape (cells, cells), optional
        Precision matrix of the errors where they are correlated; empty rows for empty cells.
    log_determinant : float, optional
        Of the precision matrix of the cells with data; needed where they are correlated.
    """

    f: Array = field(repr=False)
    precision: Array = field(repr=False)
    correlated: sparse.csr_array | None = field(repr=False, default=None)
    log_determinant: float | None = None

    @cached_property
    def log_precision(self) -> float:
        """Logarithm of the determinant of the precision matrix of the cells with data."""
        if self.log_determinant is not None:
            return self.log_determinant
        return float(np.log(self.precision[self.precision > 0.0]).sum())

    @cached_property
    def typical_sd(self) -> float:
        """Standard deviation of the cell with the median precision."""
        return float(1.0 / np.sqrt(np.median(self.precision[self.precision > 0.0])))

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The precision matrix W of the errors."""
        return sparse.diags_array(self.precision).tocsr() if self.correlated is None else self.correlated

    def seen(self, cut: Mask) -> Seen:
        """Return the normal equations, which are those of the cell means whatever the jump set."""
        centred = self.f - CENTRE
        right = self.matrix @ centred
        n = np.count_nonzero(self.precision)
        return Seen(self.matrix, right, float(right @ centred) - self.log_precision + n * np.log(2.0 * np.pi))

    def clear_of(self, lattice: Lattice, cut: Mask) -> Observations:
        """Return the observations as if the cells beside the jump were empty: their means may be mixtures."""
        return self.without(lattice.near(cut))

    def without(self, cells: Mask) -> Observations:
        """Return the observations as if the given cells were empty."""
        return self.noisier(np.where(cells, np.inf, 0.0))

    def noisier(self, variance: Array) -> Observations:
        """Return the observations with errors of further, independent variances; infinite ones empty a cell.

        Parameters
        ----------
        variance : ndarray of shape (cells,)
        """
        filled = self.precision > 0.0
        precision = np.zeros(self.f.size)
        precision[filled] = 1.0 / (1.0 / self.precision[filled] + variance[filled])
        if self.correlated is None:
            return Observations(self.f, precision)
        changed = np.flatnonzero(variance > 0.0)
        columns = self.correlated[:, changed].tocsc()
        inner = self.correlated[changed][:, changed] + sparse.diags_array(1.0 / variance[changed])
        solved = sparse.linalg.splu(inner.tocsc())
        left = self.correlated - columns @ sparse.csc_array(
            solved.solve(columns.T.toarray())
        )  # Woodbury's identity
        left.data[np.abs(left.data) < 1e-9 * precision.max()] = 0.0
        left.eliminate_zeros()
        finite = np.isfinite(variance[changed])
        determinant = np.log(np.abs(solved.U.diagonal())).sum() + np.log(variance[changed][finite]).sum()
        return Observations(self.f, precision, left.tocsr(), self.log_precision - float(determinant))


@dataclass(frozen=True)
class Smoothed:
    """A surface given its jump set.

    Attributes
    ----------
    surface : ndarray of shape (cells,)
        Posterior mean, scaled.
    log_precision : float
        The estimated t.
    deviance : float
        -2 log marginal likelihood of the cell means.
    """

    surface: Array = field(repr=False)
    log_precision: float
    deviance: float


class JumpSetModel:
    """The normal model of the cell means for one jump set.

    Parameters
    ----------
    differences : SecondDifferences
    data : Observations or SidedPoints
    cut : ndarray of shape (edges,)
    """

    def __init__(self, differences: SecondDifferences, data: Data, cut: Mask) -> None:
        lattice = differences.lattice
        self.data = data
        seen = data.seen(cut)
        entries = seen.matrix.tocoo()
        reach = int(np.abs(entries.row - entries.col).max(initial=0))
        self.bandwidth = min(max(2 * int(lattice.strides.max()), reach), lattice.n_cells - 1)
        count, label = lattice.regions(cut)
        level = (1.0 / np.bincount(label, minlength=count))[label]
        self._penalty = differences.penalty(cut)
        self._fixed = lattice.laplacian(cut) + sparse.diags_array(level)
        self._weight = seen.matrix
        self._right, self._constant = seen.right, seen.constant

    def precision_factor(self, log_precision: float) -> Factor:
        """Cholesky factor of K + W, the posterior precision."""
        return self._factor(np.exp(log_precision) * self._penalty + self._fixed + self._weight)

    def _factor(self, matrix: sparse.sparray) -> Factor:
        return Factor(lower_band(matrix, self.bandwidth))

    def deviance(self, log_precision: float) -> float:
        """-2 log marginal likelihood at a smoothing precision."""
        return self._at(log_precision)[0]

    def _at(self, log_precision: float) -> tuple[float, Array]:
        posterior = self.precision_factor(log_precision)
        mean = posterior.solve(self._right)
        return self._value(posterior, mean, log_precision), mean + CENTRE

    def _value(self, posterior: Factor, mean: Array, log_precision: float) -> float:
        prior = self._factor(np.exp(log_precision) * self._penalty + self._fixed)
        return posterior.logdet() - prior.logdet() + self._constant - float(self._right @ mean)

    def with_regressors(self, sets: Sequence[Array], log_precision: float) -> Array:
        """-2 log marginal likelihood with regressors added to the surface, at their best coefficients.

        Parameters
        ----------
        sets : sequence of ndarray of shape (cells, k)
            Of regressors, each looked at alone.
        log_precision : float

        Returns
        -------
        ndarray of shape (sets,)
        """
        posterior = self.precision_factor(log_precision)
        mean = posterior.solve(self._right)
        left = self._right - self._weight @ mean
        explained = []
        for one in sets:
            seen = self._weight @ one
            white = posterior.whitened(seen)
            gram, right = one.T @ seen - white.T @ white, one.T @ left
            explained.append(float(right @ pinvh(gram) @ right))
        return self._value(posterior, mean, log_precision) - np.array(explained)

    def surface(self, log_precision: float) -> Array:
        """Posterior mean at a smoothing precision."""
        return self.precision_factor(log_precision).solve(self._right) + CENTRE

    def smooth(self, log_precision: float | None = None, around: float | None = None) -> Smoothed:
        """Estimate the smoothing precision (unless given) and the surface.

        Parameters
        ----------
        log_precision : float, optional
            Fixed t.
        around : float, optional
            A value near which the search begins.
        """
        if log_precision is None:
            log_precision = self._best(around)
        value, surface = self._at(log_precision)
        return Smoothed(surface, log_precision, value)

    def _best(self, around: float | None) -> float:
        """Walk downhill from a value, and from the usual one too where that walk ends on a plateau.

        Stiff surfaces are all alike, and where a walk begins among them, rounding alone says which way is down.
        """
        usual = float(np.log(np.median(self.data.precision[self.data.precision > 0.0])) + 1.0)
        found, value, bend = downhill(self.deviance, usual if around is None else around)
        if around is not None and bend < FLAT:
            other, lower, _ = downhill(self.deviance, usual)
            found = other if lower < value else found
        return found


def downhill(
    deviance: Callable[[float], float], start: float, foot: bool = False
) -> tuple[float, float, float]:
    """Walk downhill in steps, then fit a parabola through the lowest three: its end, the lowest value, its bend.

    With ``foot`` a walk that ends on a plateau goes back to the least stiff of its steps where all is alike: farther
    out rounding decides between surfaces, and the processor decides the rounding.
    """
    low, high = LEAST_LOG_PRECISION, LARGEST_LOG_PRECISION
    start = float(np.clip(start, low + _STEP, high - _STEP))
    seen: dict[int, float] = {}

    def at(k: int) -> float:
        if k not in seen:
            seen[k] = deviance(start + _STEP * k)
        return seen[k]

    k = 0
    direction = 1 if at(1) < at(0) else -1
    while low < start + _STEP * (k + direction) < high and at(k + direction) < at(k):
        k += direction
    bend = at(k - 1) - 2.0 * at(k) + at(k + 1)
    if foot and bend < FLAT:
        first = min(step for step, value in seen.items() if value < seen[k] + ALIKE)
        return start + _STEP * first, seen[first], bend
    shift = 0.5 * (at(k - 1) - at(k + 1)) / bend if bend > 0.0 else 0.0
    return float(start + _STEP * (k + np.clip(shift, -1.0, 1.0))), at(k), bend
