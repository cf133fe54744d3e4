"""Values with derivatives, and row spaces, in a finite field: arithmetic without rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# A jet is an int64 array (..., 1 + n_params) modulo PRIME: a value, then its derivatives
Jet = NDArray[np.int64]

PRIME = 2**31 - 1  # the sum of two products still fits into 63 bits


def product(a: Jet, b: Jet) -> Jet:
    """Product of jets, elementwise."""
    out = (a[..., :1] * b + b[..., :1] * a) % PRIME
    out[..., 0] = a[..., 0] * b[..., 0] % PRIME
    return out


def reciprocal(a: Jet) -> Jet:
    """1/a of a single jet with a value that is not 0."""
    inverse = pow(int(a[0]), PRIME - 2, PRIME)
    out = (-(inverse * inverse % PRIME) * a) % PRIME
    out[0] = inverse
    return out


def apply(matrix: Jet, vector: Jet) -> Jet:
    """Matrix times vector."""
    return product(matrix, vector[None]).sum(axis=1) % PRIME


class RowSpace:
    """Rows in echelon form modulo the prime; its length is their rank."""

    def __init__(self) -> None:
        self._rows: list[Jet] = []
        self._pivots: list[int] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row: Jet) -> bool:
        return not self._remainder(row).any()

    def _remainder(self, row: Jet) -> Jet:
        for known, pivot in zip(self._rows, self._pivots, strict=True):
            if row[pivot]:
                row = (row - row[pivot] * known) % PRIME
        return row

    def add(self, row: Jet) -> None:
        """Take a row in; one that depends on the others changes nothing."""
        rest = self._remainder(row)
        nonzero = np.flatnonzero(rest)
        if len(nonzero):
            pivot = int(nonzero[0])
            self._rows.append(rest * pow(int(rest[pivot]), PRIME - 2, PRIME) % PRIME)
            self._pivots.append(pivot)
