"""Numbers of a life table: from fecundities and survivals, without any matrix."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array

GENERATION_TIMES = ("R0", "parents", "cohort")
_AT_REST = 1e-9  # of log lambda: nearer to 0, log R0 / log lambda is its limit


def survivorship(survival: Array, ages: int) -> Array:
    """Probability of a newborn to live into each class; of a plus group, to enter it."""
    return np.cumprod(np.append(1.0, survival[: ages - 1]))


def births_by_age(fecundity: Array, survival: Array, plus_group: bool, growth: float) -> tuple[float, float]:
    """Sum over ages a of offspring(a) growth^-a, and the same sum weighted with the age.

    In a plus group, entered at age k, the terms for k, k + 1, ... are geometric.
    """
    k = len(fecundity)
    ages = np.arange(1, k + 1)
    terms = fecundity * survivorship(survival, k) * growth ** -ages.astype(float)
    first, second = float(terms.sum()), float((ages * terms).sum())
    if not plus_group or terms[-1] == 0.0:
        return first, second
    stay = float(survival[-1]) / growth
    if stay >= 1.0:
        return math.inf, math.inf
    last = float(terms[-1])
    return (
        first + last * stay / (1.0 - stay),
        second + last * (k * stay / (1.0 - stay) + stay / (1.0 - stay) ** 2),
    )


def net_reproductive_rate(fecundity: Array, survival: Array, plus_group: bool) -> float:
    """Offspring of a newborn over its life."""
    return births_by_age(fecundity, survival, plus_group, 1.0)[0]


def generation_time(
    fecundity: Array, survival: Array, plus_group: bool, growth: float, definition: str
) -> float:
    """Return the generation time by one of the definitions in ``GENERATION_TIMES``."""
    births, weighted = births_by_age(fecundity, survival, plus_group, 1.0)
    cohort = weighted / births if math.isfinite(weighted) else math.inf
    if definition == "cohort":
        return cohort
    if definition == "parents":
        births, weighted = births_by_age(fecundity, survival, plus_group, growth)
        return weighted / births if math.isfinite(weighted) else math.inf
    if abs(math.log(growth)) < _AT_REST:
        return cohort
    return math.log(births) / math.log(growth)


def life_expectancy(survival: Array, ages: int, plus_group: bool) -> float:
    """Mean number of steps alive."""
    alive = survivorship(survival, ages)
    if not plus_group:
        return float(alive.sum())
    if survival[-1] >= 1.0:
        return math.inf
    return float(alive[:-1].sum() + alive[-1] / (1.0 - survival[-1]))


def damping_ratio(eigenvalues: NDArray[np.complex128]) -> float:
    """First modulus over the second, of eigenvalues in falling order."""
    sizes = np.abs(eigenvalues)
    return float(sizes[0] / sizes[1]) if len(sizes) > 1 and sizes[1] > 0.0 else math.inf
