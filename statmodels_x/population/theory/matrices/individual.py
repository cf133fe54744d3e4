"""The life of an individual, from transitions U and offspring F: times in stages, R0, generations, chance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.population.theory.perron import Perron, spectral_radius

GENERATION_TIMES = ("R0", "parents", "cohort")
_AT_REST = 1e-9  # of log lambda: nearer to 0, log R0 / log lambda is its limit
_IMMORTAL = 1e-12


def damping_ratio(eigenvalues: NDArray[np.complex128]) -> float:
    """First modulus over the second, of eigenvalues in falling order."""
    sizes = np.abs(eigenvalues)
    return float(sizes[0] / sizes[1]) if len(sizes) > 1 and sizes[1] > 0.0 else math.inf


def fundamental(U: Array) -> Array:
    """Return the expected steps in each stage by the stage now, (I - U)^-1."""
    if spectral_radius(U) >= 1.0 - _IMMORTAL:
        raise DataError("some stage never dies (a survival of 1), so that the time spent in it is infinite.")
    return np.asarray(np.linalg.inv(np.eye(len(U)) - U))


def time_variance(N: Array) -> Array:
    """Variance over individuals of the steps in each stage."""
    return (2.0 * np.diag(np.diag(N)) - np.eye(len(N))) @ N - N * N


def lifetimes(U: Array) -> tuple[Array, Array]:
    """Mean and variance of the steps alive, the present one counted, by the stage now."""
    N = fundamental(U)
    ones = np.ones(len(U))
    mean = ones @ N
    return mean, ones @ (2.0 * N @ N - N) - mean**2


def generation_time(U: Array, F: Array, vectors: Perron, definition: str) -> float:
    """Return the generation time by one of the definitions in ``GENERATION_TIMES``."""
    if definition == "parents":
        births = float(vectors.left @ F @ vectors.right)
        return vectors.root / births if births > 0.0 else math.inf  # left and right are scaled to 1
    N = fundamental(U)
    newborns = F @ N
    R0 = spectral_radius(newborns)
    if R0 <= 0.0:
        raise DataError("generation_time(): nobody is born, so that generations have no length.")
    if definition == "R0" and abs(math.log(vectors.root)) >= _AT_REST:
        return math.log(R0) / math.log(vectors.root)
    values, right = np.linalg.eig(newborns)
    b = np.abs(right[:, np.argmax(values.real)].real)
    values, left = np.linalg.eig(newborns.T)
    c = np.abs(left[:, np.argmax(values.real)].real)
    return float(c @ F @ N @ N @ b / (c @ newborns @ b))


def extinction(U: Array, F: Array, start: Array, steps: int) -> Array:
    """Probability that nobody is left by each step, by iterating the generating function."""
    q, out = np.zeros(len(U)), np.empty(steps + 1)
    dies = 1.0 - U.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        for step in range(steps + 1):
            terms = np.where(start > 0.0, start * np.log(q), 0.0)
            out[step] = np.exp(terms.sum())
            q = np.clip((dies + U.T @ q) * np.exp(F.T @ (q - 1.0)), 0.0, 1.0)
    return out
