"""Powers of a matrix applied to a vector, in closed form and without overflow.

Every function returns rows for the wanted steps, of moderate size, with the powers of two that they were divided by.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.population.theory.trajectory import split_scale

Steps = NDArray[np.int64]
Scaled = tuple[NDArray, Steps]

_WORST_CONDITION = 1e5  # of the eigenvectors; beyond it the matrix counts as defective
_WORST_CANCELLATION = 1e-9
_COMMUTE = 1e-12


def power(matrix: NDArray, start: NDArray, steps: Steps, method: str = "auto") -> Scaled:
    """Return ``matrix**n @ start`` for each n, by eigenvectors where they can be trusted, else by Schur's form."""
    if method != "schur":
        values, vectors = np.linalg.eig(matrix)
        if method == "spectral" or np.linalg.cond(vectors) < _WORST_CONDITION:
            return _spectral(values, vectors, start, steps, np.isrealobj(matrix))
    return _schur(matrix, start, steps)


def _spectral(values: NDArray, vectors: NDArray, start: NDArray, steps: Steps, real: bool) -> Scaled:
    r"""Return :math:`\sum_j \lambda_j^n c_j r_j`, with the largest modulus taken out of the powers."""
    shares = np.linalg.solve(vectors, start.astype(complex))
    largest = float(np.abs(values).max())
    if largest == 0.0:
        return _rows([start if n == 0 else 0.0 * start for n in steps])
    ratios = values / largest
    rows, exponents = [], []
    for n in steps:
        row = vectors @ (shares * ratios ** int(n))
        bits = int(n) * math.log2(largest)
        whole = math.floor(bits)
        rows.append(row * 2.0 ** (bits - whole))
        exponents.append(whole)
    return _rows([row.real for row in rows] if real and np.isrealobj(start) else rows, exponents)


def _schur(matrix: NDArray, start: NDArray, steps: Steps) -> Scaled:
    """Return powers by repeated squaring of the triangular factor, which holds for defective matrices too."""
    from scipy.linalg import schur

    triangle, unitary = schur(matrix, output="complex")
    inside = unitary.conj().T @ start
    rows, exponents = [], []
    for n in steps:
        square, square_exponent = split_scale(triangle)
        row, exponent = inside, 0
        left = int(n)
        while left:
            if left & 1:
                row, more = split_scale(square @ row)
                exponent += more + square_exponent
            square, more = split_scale(square @ square)
            square_exponent = 2 * square_exponent + more
            left >>= 1
        rows.append(unitary @ row)
        exponents.append(exponent)
    real = np.isrealobj(start) and np.isrealobj(matrix)
    return _rows([row.real for row in rows] if real else rows, exponents)


def _rows(rows: list[NDArray], exponents: list[int] | None = None) -> Scaled:
    before = [0] * len(rows) if exponents is None else exponents
    pairs = [split_scale(row) for row in rows]
    return np.array([row for row, _ in pairs]), np.array(
        [more + b for (_, more), b in zip(pairs, before, strict=True)], dtype=np.int64
    )


def binomial(A: Array, B: Array, start: NDArray, steps: Steps) -> Scaled:
    r"""Return :math:`\sum_j \binom{n}{j} i^j A^{n-j} B^j z_0`, which holds if A B = B A.

    Raises
    ------
    DataError
        If the matrices do not commute, or so much cancels in the sum that its result means little.
    """
    apart = float(np.abs(A @ B - B @ A).max())
    if apart > _COMMUTE * float(np.abs(A).max() * np.abs(B).max()):
        raise DataError(
            f"closed_form(): the binomial form needs A B = B A; they differ by {apart:.3g}. Use the method 'spectral'."
        )
    rows, exponents = [], []
    for n in map(int, steps):
        row, exponent, cancelled = _binomial_sum(A, B, start, n)
        if cancelled > _WORST_CANCELLATION:
            raise DataError(
                f"closed_form(): at step {n} the terms of the binomial form cancel to a relative error of about "
                f"{cancelled:.0e}. Use the method 'spectral'."
            )
        rows.append(row)
        exponents.append(exponent)
    return _rows(rows, exponents)


def _binomial_sum(A: Array, B: Array, start: NDArray, n: int) -> tuple[NDArray, int, float]:
    powers_b, total_b = [start.astype(complex)], [0]
    for _ in range(n):
        row, more = split_scale(B @ powers_b[-1])
        powers_b.append(row)
        total_b.append(total_b[-1] + more)
    # Horner's scheme over the powers of A: the sum is ((c_0) A + c_1) A + ... with c_j = binom(n, j) i^j B^j z_0
    row, exponent = np.zeros_like(powers_b[0]), 0
    size, size_exponent = np.zeros(len(start)), 0
    for j in range(n + 1):
        weight, bits = math.frexp(1.0) if j == 0 else _scaled_integer(math.comb(n, j))
        term = weight * (1j**j) * powers_b[j]
        row, exponent = _add(A @ row, exponent, term, bits + total_b[j])
        size, size_exponent = _add(A @ size, size_exponent, np.abs(term), bits + total_b[j])
    lost = float(np.abs(size).max()) / max(float(np.abs(row).max()), 1e-300)
    shift = min(size_exponent - exponent, 1000)
    return row, exponent, float(np.finfo(float).eps * math.ldexp(lost, shift))


def _scaled_integer(value: int) -> tuple[float, int]:
    bits = value.bit_length()
    return (value / (1 << bits), bits) if bits < 1000 else ((value >> (bits - 60)) / (1 << 60), bits)


def _add(a: NDArray, a_exponent: int, b: NDArray, b_exponent: int) -> tuple[NDArray, int]:
    top = max(a_exponent if a.any() else b_exponent, b_exponent if b.any() else a_exponent)
    total = a * 2.0 ** max(a_exponent - top, -1070) + b * 2.0 ** max(b_exponent - top, -1070)
    row, more = split_scale(total)
    return row, top + more


def sum_difference(A: Array, B: Array, x: Array, y: Array, steps: Steps) -> Scaled:
    """Return the path of symmetric competition: A - B carries the sum of the species, A + B their difference."""
    sums, sum_exponents = power(A - B, x + y, steps)
    gaps, gap_exponents = power(A + B, x - y, steps)
    rows, exponents = [], []
    for s, s_exp, g, g_exp in zip(sums, sum_exponents, gaps, gap_exponents, strict=True):
        row, exponent = _add(np.append(s, s), int(s_exp) - 1, np.append(g, -g), int(g_exp) - 1)
        rows.append(row)
        exponents.append(exponent)
    return _rows(rows, exponents)
