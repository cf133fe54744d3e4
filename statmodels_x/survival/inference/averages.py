"""Quantities of a population of covariate rows: of its mean survival curve, not means of everybody's numbers.

The hazard, the quantiles and the odds of a population are those of the mean of its members' survival curves. Rows that
are alike are computed once, and several populations at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.survival.inference.all_cause import QUANTITIES
from statmodels_x.survival.inference.quantities import (
    Quantity,
    as_odds,
    bounds_of,
    edge_of_mean,
    identity,
    on_cloglog,
    on_log,
    reach_of,
    within,
)
from statmodels_x.survival.inference.rows import Rows, distinct

_BLOCK = 40_000  # points computed at once
_STEPS = 100
_LEAST_LOG_TIME = -700.0  # times below are 0 to a float
_CLOSE = 1e-12


@dataclass(frozen=True)
class Populations:
    """Several populations of the same kinds of rows.

    Attributes
    ----------
    rows : Rows
        Distinct rows, u of them.
    shares : ndarray of shape (w, u)
        What part each row has in each population; sums to 1.
    """

    rows: Rows
    shares: Array

    def at(self, theta: Array) -> Populations:
        """Return the same populations under other coefficients."""
        return replace(self, rows=self.rows.at(theta))

    def one(self, k: int) -> Populations:
        """Return one of them, with the rows that have a part in it."""
        inside = self.shares[k] > 0.0
        return Populations(self.rows.take(inside), self.shares[k : k + 1, inside])


def populations(rows: Rows, weights: Array, n_worlds: int) -> Populations:
    """Put worlds of equally many people together, one below the other, and leave out repeated rows.

    Parameters
    ----------
    rows : Rows
        ``n_worlds`` times as many as there are weights.
    weights : ndarray of shape (m,)
    n_worlds : int
    """
    matrices = [matrix for matrix in rows.matrices if matrix is not None]
    other = [] if rows.background is None else [rows.background.columns()]
    if rows.waning is not None:
        control = rows.waning.control
        other += [control.base, *(matrix for matrix in control.matrices if matrix is not None)]
    everything = np.column_stack([rows.base, *matrices, rows.given, *other])
    first, which = distinct(everything)
    share = np.tile(weights / weights.sum(), n_worlds)
    world = np.repeat(np.arange(n_worlds), len(weights))
    cells = np.asarray(np.bincount(world * len(first) + which, share, n_worlds * len(first)), float)
    return Populations(rows.take(first), cells.reshape(n_worlds, len(first)))


def _means(kind: str, points: Array, people: Populations) -> tuple[Array, Array]:
    """Mean natural value (w, k) and its gradient (w, k, p), in blocks of rows."""
    k, p = len(points), len(people.rows.theta)
    value, slope = np.zeros((len(people.shares), k)), np.zeros((len(people.shares), k, p))
    step = max(1, _BLOCK // k)
    for start in range(0, people.shares.shape[1], step):
        part = slice(start, start + step)
        rows, share = people.rows.take(part), people.shares[:, part]
        found = QUANTITIES[kind](np.tile(points, len(rows.index)), rows.repeat(k))
        own = found.estimate.reshape(-1, k)
        value += _sum(share, own)
        jacobian = found.natural_jacobian.reshape(len(own), k * p)
        slope += _sum(share, jacobian).reshape(-1, k, p)
    return value, slope


def _sum(share: Array, values: Array) -> Array:
    """Sum with shares, where a share of 0 leaves out what is infinite or missing."""
    if np.isfinite(values).all():
        return np.asarray(share @ values)
    with np.errstate(invalid="ignore"):
        parts = np.where(share[:, :, None] > 0.0, share[:, :, None] * values[None], 0.0)
        return np.asarray(parts.sum(axis=1))


def _flat(value: Array, slope: Array) -> tuple[Array, Array]:
    return value.ravel(), slope.reshape(-1, slope.shape[-1])


def _cumulative(points: Array, people: Populations, kind: str = "survival") -> tuple[Array, Array]:
    """Minus the logarithm of a mean probability, and its gradient."""
    value, slope = _flat(*_means(kind, points, people))
    with np.errstate(divide="ignore", invalid="ignore"):
        cumulative = -np.log(np.minimum(value, 1.0))  # a mean of ones may round to more than 1
        return cumulative, np.where(value[:, None] > 0.0, -slope / value[:, None], 0.0)


def _survival(points: Array, people: Populations) -> Quantity:
    return on_cloglog(*_cumulative(points, people))


def _cure_fraction(points: Array, people: Populations) -> Quantity:
    return on_cloglog(*_cumulative(points, people, "cure_fraction"))


def _cumulative_hazard(points: Array, people: Populations) -> Quantity:
    return on_log(*_cumulative(points, people))


def _odds(points: Array, people: Populations) -> Quantity:
    return as_odds(*_cumulative(points, people))


def _density(points: Array, people: Populations) -> Quantity:
    return on_log(*_flat(*_means("density", points, people)))


def _hazard(points: Array, people: Populations) -> Quantity:
    """Hazard of the mean curve: everybody's, weighted by who is left."""
    density, density_slope = _flat(*_means("density", points, people))
    alive, alive_slope = _flat(*_means("survival", points, people))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = density / alive
        slope = density_slope / alive[:, None] - (value / alive)[:, None] * alive_slope
    return on_log(value, slope)


def _rmst(points: Array, people: Populations) -> Quantity:
    value, slope = _flat(*_means("rmst", points, people))
    low, span = _bounds(points, people)
    return within(value - low, slope, low, span)


def _bounds(points: Array, people: Populations) -> tuple[Array, Array]:
    """Bounds of a mean restricted time, averaged."""
    k = len(points)
    found = bounds_of(np.tile(points, len(people.rows.index)), people.rows.repeat(k))
    low, span = ((people.shares @ part.reshape(-1, k)).ravel() for part in found)
    return low, span


def _mean(points: Array, people: Populations) -> Quantity:
    found = on_log(*_flat(*_means("mean", points, people)))
    family = people.rows.family
    unknown = family is not None and not family.has_mean
    edge = None if people.rows.background is not None or unknown else edge_of_mean(people.rows)
    if edge is None:
        return found
    nearest = np.argmin(np.where(people.shares > 0.0, edge[0], np.inf), axis=1)  # infinite where anybody's is
    return replace(found, edge=(edge[0][nearest], edge[1][nearest]))


def _quantile(probabilities: Array, people: Populations) -> Quantity:
    """Log time at which the mean curve has fallen so far, with the gradient from S(t) = constant."""
    logs, slopes = [], []
    for k in range(len(people.shares)):
        own = people.one(k)
        log_times = _log_times(probabilities, own)
        reached = np.isfinite(log_times)
        times = np.exp(np.where(reached, log_times, 0.0))
        _, alive = _flat(*_means("survival", times, own))
        density, _ = _flat(*_means("density", times, own))
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = alive / (times * density)[:, None]
        slope[~reached] = np.nan
        logs.append(log_times)
        slopes.append(slope)
    if (
        people.rows.background is not None or people.rows.waning is not None
    ):  # the cured fraction says nothing of it
        return Quantity(np.concatenate(logs), np.vstack(slopes), np.exp, np.exp)
    cured = _cure_fraction(np.array([np.nan]), people)
    again = np.repeat(np.arange(len(people.shares)), len(probabilities))
    left = naturally(cured, again)
    edge = reach_of(left, np.tile(probabilities, len(people.shares)))
    return Quantity(np.concatenate(logs), np.vstack(slopes), np.exp, np.exp, edge=edge)


def _log_times(probabilities: Array, people: Populations) -> Array:
    """Solve for the log times of one population; infinite where its curve never falls so far.

    Everybody's own times are a bracket. Log H against log t is nearly a line, so that Newton's steps end soon; one that
    leaves the bracket is replaced by its middle.
    """
    k, target = len(probabilities), -np.log1p(-probabilities)
    wide = people.rows.repeat(k)
    with np.errstate(divide="ignore"):
        own = QUANTITIES["quantile"](np.tile(probabilities, len(people.rows.index)), wide).value.reshape(
            -1, k
        )
    own = np.maximum(own, _LEAST_LOG_TIME)
    low, high = own.min(axis=0), own.max(axis=0)
    left, _ = _means("cure_fraction", np.array([np.nan]), people)
    never = np.isinf(high) & (left[0, 0] >= 1.0 - probabilities)
    at = np.where(np.isinf(high), low, 0.5 * (low + high))
    low, high, at = (np.where(never, 0.0, values) for values in (low, high, at))
    for _ in range(_STEPS):
        times = np.exp(at)
        cumulative, _ = _cumulative(times, people)
        density, _ = _means("density", times, people)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            gap = np.log(cumulative) - np.log(target)
            step = -gap * cumulative * np.exp(-cumulative) / (times * density.ravel())
        low, high = np.where(gap < 0.0, at, low), np.where(gap > 0.0, at, high)
        new = np.where(np.isfinite(step), at + np.clip(step, -5.0, 5.0), np.inf)
        middle = np.where(np.isinf(high), at + 1.0, 0.5 * (low + high))
        new = np.where((new >= low) & (new <= high) & np.isfinite(new), new, middle)
        done = never | (np.abs(gap) < _CLOSE) | (np.abs(new - at) < _CLOSE)
        at = np.where(done, at, new)
        if done.all():
            break
    return np.where(never, np.inf, at)


def _median(_: Array, people: Populations) -> Quantity:
    return _quantile(np.array([0.5]), people)


def _net(of: Callable[[Array, Populations], Quantity]) -> Callable[[Array, Populations], Quantity]:
    """Return the quantity of a population that dies of the disease alone."""
    return lambda points, people: of(points, replace(people, rows=replace(people.rows, background=None)))


def _expected_survival(points: Array, people: Populations) -> Quantity:
    return on_cloglog(*_cumulative(points, people, "expected_survival"))


def _relative_survival(points: Array, people: Populations) -> Quantity:
    """Mean survival over mean survival of the population: who is old counts less and less."""
    alive, alive_slope = _cumulative(points, people)
    alone, alone_slope = _cumulative(points, people, "expected_survival")
    with np.errstate(invalid="ignore"):
        return on_cloglog(np.maximum(alive - alone, 0.0), alive_slope - alone_slope)


def _crude(kind: str) -> Callable[[Array, Populations], Quantity]:
    """Return a mean probability of death from one of the causes."""

    def mean(points: Array, people: Populations) -> Quantity:
        value, slope = _flat(*_means(kind, points, people))
        return within(value, slope, np.zeros(len(value)), np.ones(len(value)))

    return mean


def _life_years_lost(points: Array, people: Populations) -> Quantity:
    value, slope = _flat(*_means("life_years_lost", points, people))
    return within(value, slope, np.zeros(len(value)), _bounds(points, people)[1])


AVERAGED: Mapping[str, Callable[[Array, Populations], Quantity]] = {
    "survival": _survival,
    "cumulative_hazard": _cumulative_hazard,
    "hazard": _hazard,
    "density": _density,
    "odds": _odds,
    "rmst": _rmst,
    "quantile": _quantile,
    "median": _median,
    "mean": _mean,
    "cure_fraction": _cure_fraction,
}
OF_BACKGROUND: Mapping[str, Callable[[Array, Populations], Quantity]] = {
    "net_survival": _net(_survival),
    "net_hazard": _net(_hazard),
    "net_rmst": _net(_rmst),
    "crude_disease": _crude("crude_disease"),
    "crude_other": _crude("crude_other"),
    "life_years_lost": _life_years_lost,
    "expected_survival": _expected_survival,
    "relative_survival": _relative_survival,
}


def naturally(quantity: Quantity, which: Any) -> Quantity:
    """Return some of the values of a quantity on their natural scale, to be compared with others."""
    return Quantity(quantity.estimate[which], quantity.natural_jacobian[which], identity, np.ones_like)
