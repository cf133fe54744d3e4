"""Life-table response experiments: which entries make growth rates differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.population.theory.entries import read_matrix
from statmodels_x.population.theory.perron import perron, spectral_radius


@dataclass(frozen=True, eq=False)
class RandomLTRE:
    """First-order decomposition of the variance of the growth rate over several matrices.

    It is made by :meth:`MatrixPopulation.random_ltre() <statmodels_x.MatrixPopulation.random_ltre>`.

    Attributes
    ----------
    contributions : DataFrame
        cov(a_ij, a_kl) s_ij s_kl for each pair of entries that vary, labelled (to, from). The covariances are divided
        by the number of matrices, and the sensitivities are those of the mean matrix.
    first_order : float
        Sum of the contributions.
    variance : float
        Variance of the growth rates themselves, divided by the number of matrices. ``first_order`` approximates it.
    """

    contributions: pd.DataFrame
    first_order: float
    variance: float


def fixed(matrix: Array, reference: Array) -> Array:
    """Contributions of each entry to the difference of the growth rates."""
    vectors = perron(0.5 * (matrix + reference))
    return (matrix - reference) * np.outer(vectors.left, vectors.right)


def random(populations: Sequence[Any]) -> RandomLTRE:
    """See :meth:`MatrixPopulation.random_ltre`."""
    where = "random_ltre()"
    if not isinstance(populations, Sequence) or len(populations) < 2:
        raise DataError(f"{where}: give two matrices or more.")
    stack = np.array(
        [read_matrix(np.asarray(m), f"populations[{i}]", where) for i, m in enumerate(populations)]
    )
    named = getattr(populations[0], "stages", pd.RangeIndex(1, stack.shape[1] + 1))
    mean = stack.mean(axis=0)
    vectors = perron(mean)
    flat = (stack - mean).reshape(len(stack), -1)
    vary = np.flatnonzero(flat.any(axis=0))
    slope = np.outer(vectors.left, vectors.right).ravel()[vary]
    table = flat[:, vary].T @ flat[:, vary] / len(stack) * np.outer(slope, slope)
    k = stack.shape[1]
    labels = pd.MultiIndex.from_tuples([(named[q // k], named[q % k]) for q in vary], names=["to", "from"])
    rates = np.array([spectral_radius(m) for m in stack])
    return RandomLTRE(pd.DataFrame(table, labels, labels), float(table.sum()), float(rates.var()))
