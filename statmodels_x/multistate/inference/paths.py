r"""Probabilities of ways through the states, by nested Gauss-Legendre integration, with exact gradients.

A way r -> s -> ... has as many integrals as steps, over the times at which they are made. Hazards may be infinite at 0
of their clock, forward or reset, so that an integrand is singular at both ends: nodes are spread by a polynomial whose
slope vanishes there. The gradient is the same integral with the logarithmic derivatives of its factors added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.quadrature import cube_root_nodes, spread_nodes
from statmodels_x.core.typing import Array
from statmodels_x.multistate.inference.intensities import Intensities, Places, Stay

DEEPEST = 3
"""Steps of a way that integration follows; beyond, simulate."""
_NODES = {1: 64, 2: 40, 3: 28}
_AREA_NODES = 48
_LOST = 40.0
_MOST = 400_000  # nodes at a time


@dataclass(frozen=True)
class From:
    """Where courses start: for each of m rows.

    Attributes
    ----------
    state : str
    given : ndarray of shape (m,)
        Time at which the subject is known to be in the state.
    entered : ndarray of shape (m,)
        When it was entered.
    """

    state: str
    given: Array
    entered: Array


@dataclass(frozen=True)
class Values:
    """A quantity and its gradient.

    Attributes
    ----------
    value : ndarray of shape (n,)
    gradient : ndarray of shape (n, p), or None
    """

    value: Array
    gradient: Array | None = field(repr=False, default=None)

    def __add__(self, other: Values) -> Values:
        return self.combined(other, 1.0)

    def combined(self, other: Values, factor: float) -> Values:
        """Return this plus a factor times another."""
        together = None
        if self.gradient is not None and other.gradient is not None:
            together = self.gradient + factor * other.gradient
        return Values(self.value + factor * other.value, together)

    def times(self, factor: float | Array) -> Values:
        """Return a multiple of this."""
        if self.gradient is None:
            return Values(self.value * factor)
        each = factor if np.ndim(factor) == 0 else np.asarray(factor)[:, None]
        return Values(self.value * factor, self.gradient * each)

    def from_whole(self, whole: float | Array) -> Values:
        """Return a constant minus this."""
        return Values(whole - self.value, None if self.gradient is None else -self.gradient)

    def summed(self, weights: Array) -> Values:
        """Sum of each run of values with weights, shape (n, k) for n * k values."""
        n, k = weights.shape
        total = (self.value.reshape(n, k) * weights).sum(axis=1)
        if self.gradient is None:
            return Values(total)
        return Values(total, np.einsum("nk,nkp->np", weights, self.gradient.reshape(n, k, -1)))


def way(
    hazards: Intensities, states: Sequence[str], origin: From, places: Places, times: Array, remain: bool
) -> Values:
    """Probability of the ways through ``states`` until given times.

    Parameters
    ----------
    hazards : Intensities
    states : sequence of str
        From the state of ``origin`` to the last one entered.
    origin : From
    places : ndarray of int, shape (n,)
        Row of covariates for each time.
    times : ndarray of shape (n,)
    remain : bool
        Whether the subject must still be in the last state at the time, or may have left it.
    """
    depth = len(states) - 1
    if depth > DEEPEST:
        raise DataError(
            f"predict: the way {' -> '.join(states)} has {depth} steps; integration follows {DEEPEST}. Draw paths "
            "with simulate() instead."
        )
    size = max(1, _MOST // (_NODES[depth] ** depth if depth else 1))
    if len(times) > size:
        parts = [
            way(hazards, states, origin, places[k : k + size], times[k : k + size], remain)
            for k in range(0, len(times), size)
        ]
        return _joined(parts)
    begin, entered = origin.given[places], origin.entered[places]
    safe = np.maximum(times, begin)
    value, gradient = hazards.blank(len(times))
    stay = Stay(places, entered, begin, safe, safe - entered)
    return _step(hazards, states, stay, safe, value, gradient, remain, _NODES.get(depth, 1))


def _step(
    hazards: Intensities,
    states: Sequence[str],
    stay: Stay,
    until: Array,
    log: Array,
    slope: Array | None,
    remain: bool,
    nodes: int,
) -> Values:
    """Integrate over the time at which the first state of the way is left, given the logarithm so far."""
    if len(states) == 1:
        if remain:
            hazards.add_survival(states[0], stay, log, slope)
        value = np.exp(log)
        if slope is None:
            return Values(value)
        with np.errstate(invalid="ignore"):
            return Values(value, np.where(value[:, None] > 0.0, value[:, None] * slope, 0.0))
    below, above, weight = spread_nodes(nodes)
    n, k = len(until), len(weight)
    last = np.minimum(until, _end_of_stays(hazards, states[0], stay, until))
    span = last - stay.begin
    places, entered = np.repeat(stay.places, k), np.repeat(stay.entered, k)
    since = (span[:, None] * below).ravel()
    left = np.repeat(stay.begin, k) + since
    behind = np.repeat(stay.begin - stay.entered, k)
    here = Stay(places, entered, np.repeat(stay.begin, k), left, behind + since)
    value = np.repeat(log, k)
    gradient = None if slope is None else np.repeat(slope, k, axis=0)
    with np.errstate(invalid="ignore"):  # a span of 0: its weight is 0
        hazards.add_survival(states[0], here, value, gradient)
        hazards.add_log_hazard((states[0], states[1]), here, value, gradient)
    empty = np.repeat(span <= 0.0, k)
    value[empty] = -np.inf
    if gradient is not None:
        gradient[empty] = 0.0
    beyond = (span[:, None] * above + (until - last)[:, None]).ravel()
    until_wide = np.repeat(until, k)
    following = Stay(places, left, left, until_wide, beyond)
    found = _step(hazards, states[1:], following, until_wide, value, gradient, remain, nodes)
    return found.summed(span[:, None] * np.broadcast_to(weight, (n, k)))


def _end_of_stays(hazards: Intensities, state: str, stay: Stay, until: Array) -> Array:
    """Time by which a state is left but for exp(-40): nodes beyond it would be lost to what happens before.

    Looked for among the powers of 1.5 below the span; infinite where the state is not left so soon.
    """
    span = (until - stay.begin)[:, None] * 1.5 ** -np.arange(1.0, 24.0)
    log, _ = hazards.blank(span.size)
    k = span.shape[1]
    behind = np.repeat(stay.begin - stay.entered, k)
    begin = np.repeat(stay.begin, k)
    far = Stay(
        np.repeat(stay.places, k),
        np.repeat(stay.entered, k),
        begin,
        begin + span.ravel(),
        behind + span.ravel(),
    )
    hazards.add_survival(state, far, log, None)
    gone = log.reshape(span.shape) < -_LOST
    ends = np.where(gone, span, np.inf).min(axis=1)
    return np.asarray(stay.begin + ends)


def _joined(parts: Sequence[Values]) -> Values:
    gradients = [part.gradient for part in parts]
    together = None if gradients[0] is None else np.concatenate([g for g in gradients if g is not None])
    return Values(np.concatenate([part.value for part in parts]), together)


def occupancy(hazards: Intensities, origin: From, places: Places, times: Array) -> dict[str, Values]:
    """Share of each state at given times; a single final state has what the others leave."""
    return _shares(
        hazards, origin, lambda states, remain: way(hazards, states, origin, places, times, remain)
    )


def _shares(
    hazards: Intensities, origin: From, of: Callable[[Sequence[str], bool], Values]
) -> dict[str, Values]:
    graph = hazards.graph
    finals = [state for state in graph.absorbing if graph.paths(origin.state, state)]
    found: dict[str, Values] = {}
    nowhere = of((origin.state,), True).times(0.0)
    for state in graph.states:
        if state in graph.transient or len(finals) > 1:
            found[state] = _total(
                [of(states, True) for states in graph.paths(origin.state, state)] or [nowhere]
            )
    if len(finals) == 1:
        rest = _total([found[state] for state in graph.transient])
        found |= {state: nowhere for state in graph.absorbing} | {finals[0]: rest.from_whole(1.0)}
    return {state: found[state] for state in graph.states}


def entered_by(hazards: Intensities, origin: From, places: Places, times: Array, state: str) -> Values | None:
    """Probability of having entered a state by given times; None for the state of origin and unreachable ones."""
    ways = hazards.graph.paths(origin.state, state)
    if state == origin.state or not ways:
        return None
    if state in hazards.graph.absorbing:
        return occupancy(hazards, origin, places, times)[state]
    return _total([way(hazards, states, origin, places, times, False) for states in ways])


def _total(parts: Sequence[Values]) -> Values:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def stays(
    hazards: Intensities, origin: From, places: Places, times: Array, discount: float
) -> tuple[dict[str, Values], Array]:
    """Integrate the shares: expected time in each state until given times, and the (discounted) time in all."""
    begin = origin.given[places]
    until = np.maximum(times, begin)
    start = Stay(places, origin.entered[places], begin, until, until - origin.entered[places])
    # what happens early, and what is left long after the start state: a far horizon would hide it from the nodes
    middle = np.minimum(until, _end_of_stays(hazards, origin.state, start, until))
    total = _area(hazards, origin, places, begin, middle, discount)
    late = middle < until
    if late.any():
        rest = _area(hazards, origin, places, middle, until, discount)
        total = {state: values + rest[state] for state, values in total.items()}
    span = until - begin
    whole = np.exp(-discount * begin) * (span if discount == 0.0 else -np.expm1(-discount * span) / discount)
    return total, whole


def _area(
    hazards: Intensities, origin: From, places: Places, low: Array, high: Array, discount: float
) -> dict[str, Values]:
    """Integrate the shares between two times, with nodes in the cube root of the time since the first."""
    nodes, weight = cube_root_nodes(_AREA_NODES)
    span = high - low
    points = low[:, None] + span[:, None] * nodes
    weights = span[:, None] * weight * np.exp(-discount * points)
    shares = occupancy(hazards, origin, np.repeat(places, len(nodes)), points.ravel())
    return {state: share.summed(weights) for state, share in shares.items()}
