"""Where the scale that is not estimated is fixed: at the middle of the events.

A scale fixed at 1 per unit makes the unit of time part of the model, and with much censoring leaves all data where
the shape says nothing. The middle of the events has neither fault. It is a function of the rows alone, so that models
of the same rows share it, and all of it adds up over blocks of rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from statmodels_x.core.data.surv import EXACT, RIGHT
from statmodels_x.core.typing import Array
from statmodels_x.survival.kernels.likelihood import SurvivalArrays

Each = Callable[..., list[Any]]

_GRID = 1000
_POINTS = 8
_MOST = 20_000
_TIE = 1e-12


def anchor(each: Each, scale: str, has_cure: bool) -> tuple[float, float]:
    """Return the logarithm of the value at which a scale is fixed, and the median event time.

    Parameters
    ----------
    each : callable
        ``each(function, *given)`` returns ``function(*given, arrays)`` for every block of rows.
    scale : {"aft", "ph"}
        The one that is fixed: log phi at minus the log of the median event time, or log lambda at the log of the
        Nelson-Aalen estimate there.
    has_cure : bool
        Whether a part of the model says who is cured: half of the others have had the event in the middle of the
        events, whatever the whole population's cumulative hazard.
    """
    middle = median_event(each)
    if scale == "aft":
        return -math.log(middle), middle
    return math.log(math.log(2.0) if has_cure else nelson_aalen(each, middle)), middle


def median_event(each: Each) -> float:
    """Weighted median of the event times: half-way between the two middle ones where it falls between them.

    The time of an event within an interval is the geometric mean of its ends, and half the right end from 0.
    """
    low, high, half, before = _bracket(each)
    found = each(_between, low, high)
    times, weights = _sorted(
        np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])
    )
    first, second = _places(before + np.cumsum(weights), half)
    return 0.5 * float(times[first] + times[min(second, len(times) - 1)])


def _bracket(each: Each) -> tuple[float, float, float, float]:
    """Return two times with the median between them, few enough events apart to be sorted.

    Returns
    -------
    low, high : float
        The median lies above the first, or at the second at most.
    half : float
        Half the weight of all events.
    before : float
        The weight of the events up to ``low``.
    """
    weights, counts, samples = zip(*each(_first_look), strict=True)
    half, grid = 0.5 * float(sum(weights)), np.unique(np.concatenate(samples))
    low, high, before = 0.0, math.inf, 0.0
    inside, enough = grid, _MOST * len(grid) / max(sum(counts), 1)
    while len(inside) > enough:
        points = inside[:: -(-len(inside) // _POINTS)]
        below: Array = np.sum(each(_weight_up_to, points), axis=0)
        first, last = _places(below, half)
        if first:
            low, before = float(points[first - 1]), float(below[first - 1])
        if last < len(points):
            high = float(points[last])
        if not first and last == len(points):  # half the weight lies at or before all of these points: a tie
            break
        inside = grid[(grid > low) & (grid < high)]
    return low, high, half, before


def _places(sums: Array, half: float) -> tuple[int, int]:
    """Where rising sums reach a half, and where they pass it."""
    reached, passed = half * (1.0 - _TIE), half * (1.0 + _TIE)
    return int(np.searchsorted(sums, reached)), int(np.searchsorted(sums, passed, side="right"))


def nelson_aalen(each: Each, time: float) -> float:
    """Nelson-Aalen estimate of the cumulative hazard at a time, with risk sets from the entry.

    Beyond 20,000 distinct event times they are grouped, each group under the mean of its ends' risk sets.
    """
    times = np.unique(np.concatenate([found for found, _ in each(_between, 0.0, time)]))
    edges = times
    if len(times) > _MOST:  # evenly spread over the sorted times
        edges = times[np.rint(np.linspace(0.0, len(times) - 1.0, _MOST)).astype(int)]
    events = np.diff(np.sum(each(_weight_up_to, edges), axis=0), prepend=0.0)
    risk = np.sum(each(_at_risk, edges), axis=0)
    if len(times) > _MOST:
        risk[1:] = 0.5 * (risk[1:] + risk[:-1])
    return float(np.sum(events / risk))


def event_times(arrays: SurvivalArrays) -> tuple[Array, Array]:
    """Return the times of the events and their weights."""
    rows = arrays.code != RIGHT
    log_times = arrays.log_lower[rows]
    if len(arrays.log_upper):
        high, inside = arrays.log_upper[rows], arrays.code[rows] != EXACT
        middle = np.where(np.isfinite(log_times), 0.5 * (log_times + high), high - math.log(2.0))
        log_times = np.where(inside, middle, log_times)
    return np.exp(log_times), arrays.weight[rows] if len(arrays.weight) else np.ones(len(log_times))


def _sorted(times: Array, weights: Array) -> tuple[Array, Array]:
    order = np.argsort(times, kind="stable")
    return times[order], weights[order]


def _first_look(arrays: SurvivalArrays) -> tuple[float, int, Array]:
    """Return the weight of the events, their number, and some of their times, between which others are looked for."""
    times, weights = event_times(arrays)
    return float(weights.sum()), len(times), times[:: -(-len(times) // _GRID) or 1]


def _between(low: float, high: float, arrays: SurvivalArrays) -> tuple[Array, Array]:
    times, weights = event_times(arrays)
    inside = (times > low) & (times <= high)
    return times[inside], weights[inside]


def _weight_up_to(points: Array, arrays: SurvivalArrays) -> Array:
    """Weight of the events up to each of some points."""
    times, weights = event_times(arrays)
    if len(points) > _POINTS:
        return _mass(points, times, weights, side="left")
    return np.array(
        [weights @ (times <= point) for point in points]
    )  # few comparisons cost less than a search


def _at_risk(points: Array, arrays: SurvivalArrays) -> Array:
    """Weight of the rows under observation just before each of some sorted points."""
    weights = arrays.weight if len(arrays.weight) else np.ones(arrays.n)
    ends = np.exp(arrays.log_lower)
    ends[arrays.code != RIGHT] = event_times(arrays)[0]
    come = (
        _mass(points, np.exp(arrays.log_entry), weights, "right") if len(arrays.log_entry) else weights.sum()
    )
    return np.asarray(come - _mass(points, ends, weights, "right"))


def _mass(points: Array, values: Array, weights: Array, side: Any) -> Array:
    """Weight of the values up to each point; below it with ``side="right"``."""
    first = np.searchsorted(points, values, side=side)
    return np.cumsum(np.bincount(first, weights, len(points) + 1)[: len(points)])
