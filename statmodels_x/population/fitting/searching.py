"""One search from one start, and which of many ends are distinct."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem

End = tuple[Array, float, float, int]


def search_once(problem: Problem, layout: Layout, start: Array, most: int, tol: float) -> End:
    """One search within a layout's bounds."""
    from statmodels_x.population.kernels.search import search

    found: End = search(problem, start, np.array(layout.lower), np.array(layout.upper), most, tol)
    return found


def distinct(ends: Sequence[End], most: int) -> list[End]:
    """Keep the best ends that differ by more than a thousandth in cost."""
    kept: list[End] = []
    for end in sorted(ends, key=lambda found: found[1]):
        if np.isfinite(end[1]) and all(abs(end[1] - other[1]) > 1e-3 * other[1] for other in kept):
            kept.append(end)
        if len(kept) == most:
            break
    return kept
