"""Starts along a path of innovation gains: from courses that the counts correct at every step to courses left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from statmodels_x.core.typing import Array
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem
from statmodels_x.population.fitting.searching import distinct

GAIN_STARTS = 12  # random starts where each step begins at the last count
_GAINS = (0.8, 0.6, 0.45, 0.34, 0.25, 0.18, 0.13, 0.09, 0.06, 0.04, 0.02, 0.01)
_CARRIED = 3  # distinct ends that are followed
_DIRECT = 2  # of which a search without gain starts at every step


@dataclass(frozen=True, eq=False)
class Feedback:
    """The best fit with a gain.

    Attributes
    ----------
    gain : float
    theta : ndarray of shape (p,)
    cost : float
    """

    gain: float
    theta: Array
    cost: float


def gain_path(
    problem: Problem, layout: Layout, starts: Sequence[Array], search: Callable[..., Any]
) -> tuple[list[Array], Feedback | None]:
    """Fit with the gain 1, and follow the distinct ends down.

    Parameters
    ----------
    problem : Problem
    layout : Layout
    starts : sequence of ndarray
    search : callable
        Takes a problem, a layout and a start.

    Returns
    -------
    starts : list of ndarray
        Where a search without gain should begin.
    feedback : Feedback or None
        The best fit on the way.
    """
    ends = distinct([search(problem._replace(gain_value=1.0), layout, start) for start in starts], _CARRIED)
    direct, best = [end[0] for end in ends[:_DIRECT]], None
    for gain in (1.0, *_GAINS):
        held = problem._replace(gain_value=gain)
        if gain < 1.0:
            ends = distinct([search(held, layout, end[0]) for end in ends], _CARRIED)
            direct += [end[0] for end in ends[:_DIRECT]]
        if ends and (best is None or ends[0][1] < best.cost):
            best = Feedback(gain, ends[0][0], float(ends[0][1]))
    return direct, best
