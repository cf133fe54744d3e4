"""Search for the pair of weights that minimises a criterion: a coarse grid, then a pattern search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from statmodels_x.discontinuity.grid.lattice import Lattice

REACHES = (1.0, 2.0, 4.0, 8.0)  # smoothing lengths in cells
THRESHOLDS = (1.0, 2.0, 3.5, 5.5, 9.0)  # smallest jumps in standard deviations of a cell
_ROUNDS = 2


@dataclass(frozen=True)
class CriterionTuning:
    """The record of a search.

    Attributes
    ----------
    name : str
    table : DataFrame
        One row per pair: ``lam``, ``nu``, ``value`` of the criterion and its Monte-Carlo or fold
        ``std_error``.
    """

    name: str
    table: pd.DataFrame = field(repr=False)


Criterion = Callable[[list[tuple[float, float]]], list[tuple[float, float]]]


def minimise(
    name: str, criterion: Criterion, lattice: Lattice, sd: float, lam: float | None, nu: float | None
) -> tuple[float, float, CriterionTuning]:
    """Minimise over what is not given.

    Parameters
    ----------
    name : str
    criterion : callable
        List of pairs (lam, nu) -> list of (value, standard error).
    lattice : Lattice
    sd : float
        Standard deviation of a cell.
    lam, nu : float or None

    Returns
    -------
    lam, nu : float
    tuning : CriterionTuning
    """
    h = lattice.spacing
    lams = [1.0 / (reach * h) ** 2 for reach in REACHES] if lam is None else [lam]
    nus = [(k * sd) ** 2 / h for k in THRESHOLDS] if nu is None else [nu]
    seen: dict[tuple[float, float], tuple[float, float]] = {}

    def look(pairs: list[tuple[float, float]]) -> None:
        fresh = [pair for pair in dict.fromkeys(pairs) if pair not in seen]
        seen.update(zip(fresh, criterion(fresh), strict=True) if fresh else ())

    look([(a, b) for a in lams for b in nus])
    step = 2.0
    for _ in range(_ROUNDS):
        a, b = min(seen, key=lambda pair: seen[pair][0])
        along = [(a * step**s, b) for s in (-1, 1) if lam is None] + [
            (a, b * step**s) for s in (-1, 1) if nu is None
        ]
        look(along)
        step = np.sqrt(step)
    best = min(seen, key=lambda pair: seen[pair][0])
    rows = [(*pair, *value) for pair, value in seen.items()]
    table = pd.DataFrame(rows, columns=["lam", "nu", "value", "std_error"]).sort_values(["lam", "nu"])
    return best[0], best[1], CriterionTuning(name, table.reset_index(drop=True))
