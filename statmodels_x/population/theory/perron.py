"""Nonnegative matrices: connectedness, periods, and the growth rate with its two vectors."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array

_DOUBLE = 1e-7  # relative distance; rounding parts a double eigenvalue by the root of the machine precision


@dataclass(frozen=True, eq=False)
class Perron:
    """Largest eigenvalue of a nonnegative matrix with its vectors.

    Attributes
    ----------
    root : float
    right : ndarray
        Sums to 1.
    left : ndarray
        Scaled so that ``left @ right`` is 1.
    """

    root: float
    right: Array
    left: Array


def is_irreducible(matrix: Array) -> bool:
    """Whether every class can be reached from every class."""
    from scipy.sparse.csgraph import connected_components

    pattern = np.asarray(matrix) > 0.0
    if len(pattern) == 1:
        return bool(pattern[0, 0])
    return int(connected_components(pattern, connection="strong", return_labels=False)) == 1


def period(matrix: Array) -> int:
    """Greatest common divisor of the lengths of all cycles of an irreducible matrix; 1 is aperiodic."""
    sends = [np.flatnonzero(column) for column in (np.asarray(matrix) > 0.0).T]
    level = {0: 0}
    queue = deque([0])
    common = 0
    while queue:
        here = queue.popleft()
        for there in map(int, sends[here]):
            if there not in level:
                level[there] = level[here] + 1
                queue.append(there)
            common = gcd(common, level[here] + 1 - level[there])
    return common


def is_primitive(matrix: Array) -> bool:
    """Whether some power of the matrix has no zero."""
    return is_irreducible(matrix) and period(matrix) == 1


def ordered_eigenvalues(matrix: Array) -> NDArray[np.complex128]:
    """Return all eigenvalues by falling modulus; of equal moduli, the largest real, then imaginary part first."""
    values = np.linalg.eigvals(matrix).astype(complex)
    sizes = np.abs(values)
    ranks = (sizes / max(float(sizes.max()), 1e-300)).round(12)  # rounding must not part a pair
    return values[np.lexsort((-values.imag, -values.real, -ranks))]


def spectral_radius(matrix: Array) -> float:
    """Largest modulus of the eigenvalues."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def perron(matrix: Array) -> Perron:
    """Return the largest eigenvalue of a nonnegative matrix, and its vectors.

    Raises
    ------
    DataError
        If that eigenvalue is 0, or not a simple one: then there is no single pair of vectors.
    """
    from scipy.linalg import eig

    values, left, right = eig(matrix, left=True, right=True)
    top = int(np.argmax(values.real))
    root = float(values[top].real)
    left_unit, right_unit = (_nonnegative(vectors[:, top]) for vectors in (left, right))
    overlap = float(left_unit @ right_unit)
    if root <= 0.0 or (_may_be_double(values, top) and not is_irreducible(matrix)):
        raise DataError(
            f"the largest eigenvalue ({root:g}) of the matrix is not a simple positive one, so that the population "
            "has no single stable structure; take classes out that do not reproduce."
        )
    total = right_unit.sum()
    return Perron(root, right_unit / total, left_unit * (total / overlap))


def _may_be_double(values: NDArray[np.complex128], top: int) -> bool:
    """Whether another eigenvalue is as good as equal: only in a reducible matrix is the largest a double one."""
    others = np.delete(values, top)
    return bool(len(others) and np.abs(others - values[top]).min() <= _DOUBLE * abs(values[top]))


def _nonnegative(vector: NDArray[np.complex128]) -> Array:
    """Turn an eigenvector that is nonnegative but for a complex factor and rounding into a unit vector."""
    turned = vector / vector[np.argmax(np.abs(vector))]
    clean = np.maximum(turned.real, 0.0)
    return clean / np.linalg.norm(clean)
