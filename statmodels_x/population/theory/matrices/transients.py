"""What a population does before it settles: indices of a primitive matrix, free of its growth and of its size.

Definitions of Stott, Townley and Hodgson (2011), Ecology Letters 14, 959-970: the matrix is divided by its growth
rate, initial vectors sum to 1, and sizes are totals. Without an initial vector an index is its bound over all of
them, which a population in a single class attains.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.population.theory.perron import Perron, is_irreducible, period

_SETTLED = 1e-13
_MOST_STEPS = 50_000
_GRID = 400


def extremes(matrix: Array, vectors: Perron, start: Array) -> tuple[float, float, float, float]:
    """Largest and smallest standardised total over all later steps, and the steps at which they occur.

    Parameters
    ----------
    matrix : ndarray of shape (k, k)
        Primitive.
    vectors : Perron
    start : ndarray of shape (k, m)
        One initial vector a column; the extremes are over all columns.

    Returns
    -------
    tuple of (largest, its step, smallest, its step)
        A step of infinity says that the extreme is only approached.
    """
    scaled = matrix / vectors.root
    limit = inertia(vectors, start)
    largest, smallest = float(limit.max()), float(limit.min())
    up = down = np.inf
    # only the distance from the limit is stepped, cleared of what would not decay, so that rounding cannot pile up
    apart = start - np.outer(vectors.right, limit)
    for step in range(1, _MOST_STEPS + 1):
        apart = scaled @ apart
        apart -= np.outer(vectors.right, vectors.left @ apart)
        totals = limit + apart.sum(axis=0)
        if totals.max() > largest * (1.0 + _SETTLED):
            largest, up = float(totals.max()), float(step)
        if totals.min() < smallest * (1.0 - _SETTLED):
            smallest, down = float(totals.min()), float(step)
        if np.abs(apart).sum() < _SETTLED * smallest:
            return largest, up, smallest, down
    raise DataError(
        f"the population has not settled after {_MOST_STEPS} steps (damping ratio close to 1), so that its largest and "
        "smallest sizes are not known."
    )


def index_table(matrix: Array, vectors: Perron, start: Array, given: bool) -> pd.DataFrame:
    """Return all indices of one start, or their bounds over all starts; see :meth:`MatrixPopulation.transients`."""
    first, last = first_step(matrix, vectors, start), inertia(vectors, start)
    largest, up, smallest, down = extremes(matrix, vectors, start)
    rows = [("max_amplification", largest, up), ("max_attenuation", smallest, down)]
    if given:
        rows = [("first_step", float(first[0]), 1.0), *rows, ("inertia", float(last[0]), np.inf)]
    else:
        upper, lower = kreiss_bounds(matrix, vectors)
        rows = [
            ("first_step_amplification", float(first.max()), 1.0),
            ("first_step_attenuation", float(first.min()), 1.0),
            *rows,
            ("inertia_upper", float(last.max()), np.inf),
            ("inertia_lower", float(last.min()), np.inf),
            ("kreiss_upper", upper, np.nan),
            ("kreiss_lower", lower, np.nan),
        ]
    names, values, steps = zip(*rows, strict=True)
    return pd.DataFrame({"value": values, "step": steps}, index=list(names))


def inertia(vectors: Perron, start: Array) -> Array:
    """Total in the long run over the total of a population that began with the stable structure."""
    return np.asarray(vectors.left @ start)


def first_step(matrix: Array, vectors: Perron, start: Array) -> Array:
    """Total after one step: reactivity where it is above 1, first-step attenuation below."""
    return np.asarray((matrix @ start).sum(axis=0) / vectors.root)


def kreiss_bounds(matrix: Array, vectors: Perron) -> tuple[float, float]:
    r"""Kreiss bounds: an amplification that some start exceeds, an attenuation that some start falls below.

    Notes
    -----
    For a nonnegative matrix the supremum of :math:`(|z|-1)\,\lVert (zI-\hat A)^{-1}\rVert_1` over \|z\| > 1 is
    attained on the real line, and there :math:`(z-1)(zI-\hat A)^{-1} = (z-1)\sum_t z^{-t-1}\hat A^t` is an average of
    the powers, which is why no bound lies outside what the powers attain (the power 0 among them).
    """
    from scipy.optimize import minimize_scalar

    scaled, identity = matrix / vectors.root, np.eye(len(matrix))

    def column_sums(u: float) -> Array:  # z = 1/u; (z - 1)(z I - A)^-1 = (1 - u)(I - u A)^-1
        return np.asarray((1.0 - u) * np.linalg.solve((identity - u * scaled).T, np.ones(len(matrix))))

    grid = np.linspace(0.0, 1.0, _GRID + 1)[:-1]
    values = np.array([column_sums(u) for u in grid])
    found = []
    for sign, sums in ((-1.0, values.max(axis=1)), (1.0, values.min(axis=1))):
        best = int(np.argmin(sign * sums))
        low, high = grid[max(best - 1, 0)], grid[best + 1] if best + 1 < _GRID else 1.0 - 1e-9
        pick = np.max if sign < 0.0 else np.min
        polished = minimize_scalar(
            lambda u, s=sign, p=pick: s * float(p(column_sums(u))), bounds=(low, high), method="bounded",
            options={"xatol": 1e-12},
        )  # fmt: skip
        ends = vectors.left.max() if sign < 0.0 else vectors.left.min()  # the limit as z falls to 1
        found.append(sign * min(float(polished.fun), sign * float(sums[best]), sign * float(ends)))
    return found[0], found[1]


def check_settles(matrix: Array, where: str) -> None:
    """Refuse a matrix whose population does not settle into one structure from every start."""
    if not is_irreducible(matrix):
        raise DataError(
            f"{where}: some stages have no descendants in some others (the matrix is reducible), so that there are "
            "no transient indices; leave stages out that do not reproduce."
        )
    waves = period(matrix)
    if waves > 1:
        raise DataError(
            f"{where}: births come in waves of period {waves} for ever (the matrix is imprimitive), so that there "
            "is no settled state to compare with."
        )
