"""What can be predicted at times: each kind as values with labels, from the probabilities of ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.multistate.inference.intensities import Intensities, Places, Stay
from statmodels_x.multistate.inference.paths import From, Values, entered_by, occupancy, stays, way
from statmodels_x.multistate.inference.scales import Scaled
from statmodels_x.multistate.specification import arrow

Labels = dict[str, str]


@dataclass(frozen=True)
class Asked:
    """What is asked for, beside the kind.

    Attributes
    ----------
    origin : From
    places : ndarray of int, shape (n,)
        Row of covariates of each time.
    times : ndarray of shape (n,)
    discount : float
    worth : dict of str to float
        Weight of each state.
    """

    origin: From
    places: Places
    times: Array
    discount: float = 0.0
    worth: Mapping[str, float] | None = None


Kind = Callable[[Intensities, Asked], list[tuple[Labels, Scaled]]]


def _occupancy(hazards: Intensities, asked: Asked) -> list[tuple[Labels, Scaled]]:
    shares = occupancy(hazards, asked.origin, asked.places, asked.times)
    return [({"state": state}, Scaled(values, "logit")) for state, values in shares.items()]


def _transition(hazards: Intensities, asked: Asked) -> list[tuple[Labels, Scaled]]:
    found = []
    for state in hazards.graph.transient:
        shares = occupancy(hazards, replace(asked.origin, state=state), asked.places, asked.times)
        found += [({"from": state, "to": to}, Scaled(values, "logit")) for to, values in shares.items()]
    return found


def _survival(hazards: Intensities, asked: Asked) -> list[tuple[Labels, Scaled]]:
    graph, shares = hazards.graph, occupancy(hazards, asked.origin, asked.places, asked.times)
    alive = [values for state, values in shares.items() if state in graph.transient]
    total = alive[0]
    for part in alive[1:]:
        total = total + part
    return [({}, Scaled(total, "cloglog"))]


def _event_free(hazards: Intensities, asked: Asked) -> list[tuple[Labels, Scaled]]:
    state = asked.origin.state
    free = way(hazards, (state,), asked.origin, asked.places, asked.times, remain=True)
    return [({}, Scaled(free, "cloglog"))]


def _incidence(hazards: Intensities, asked: Asked) -> list[tuple[Labels, Scaled]]:
    found: list[tuple[Labels, Scaled]] = []
    for state in hazards.graph.states:
        values = entered_by(hazards, asked.origin, asked.places, asked.times, state)
        if values is not None:
            found.append(({"state": state}, Scaled(values, "logit")))
    return found


def _stay(hazards: Intensities, asked: Asked) -> list[tuple[Labels, Scaled]]:
    found, whole = stays(hazards, asked.origin, asked.places, asked.times, asked.discount)
    return [({"state": state}, Scaled(values, "logit", whole)) for state, values in found.items()]


def _value(hazards: Intensities, asked: Asked) -> list[tuple[Labels, Scaled]]:
    found, _ = stays(hazards, asked.origin, asked.places, asked.times, asked.discount)
    assert asked.worth is not None
    total: Values | None = None
    for state, weight in asked.worth.items():
        part = found[state].times(weight)
        total = part if total is None else total + part
    assert total is not None
    return [({}, Scaled(total, "plain"))]


def _hazard(hazards: Intensities, asked: Asked) -> list[tuple[Labels, Scaled]]:
    """Hazards at times on the clock of each transition."""
    found: list[tuple[Labels, Scaled]] = []
    entered = asked.origin.entered[asked.places]
    for pair in hazards.graph.transitions:
        log, slope = hazards.blank(len(asked.times))
        stay = Stay(asked.places, entered, entered, asked.times, asked.times)
        hazards.add_log_hazard(pair, stay, log, slope)
        value = np.exp(log)
        gradient = None if slope is None else value[:, None] * slope
        found.append(({"transition": arrow(*pair)}, Scaled(Values(value, gradient), "log")))
    return found


TIME_KINDS: Mapping[str, Kind] = {
    "occupancy": _occupancy,
    "transition": _transition,
    "survival": _survival,
    "event_free": _event_free,
    "incidence": _incidence,
    "stay": _stay,
    "value": _value,
    "hazard": _hazard,
}
CONTRASTED = ("occupancy", "survival", "event_free", "incidence", "stay", "value", "hazard")
CONTRASTS = tuple(f"{kind}_{how}" for kind in CONTRASTED for how in ("difference", "ratio"))


def contrast(kind: Kind, how: str, hazards: tuple[Intensities, Intensities], asked: Asked) -> Any:
    """Compare each row with its reference."""
    pairs = zip(kind(hazards[0], asked), kind(hazards[1], asked), strict=True)
    return [
        (labels, first.difference(second) if how == "difference" else first.ratio(second))
        for (labels, first), (_, second) in pairs
    ]


def checked_worth(graph_states: tuple[str, ...], values: Any) -> dict[str, float]:
    """Check the weights of the states."""
    if not isinstance(values, Mapping) or not values:
        raise DataError(
            'predict: kind="value" needs `values`, the worth of a unit of time in each state that counts, such as '
            "values={'event_free': 0.8, 'progressed': 0.6}."
        )
    for state, weight in values.items():
        if state not in graph_states:
            raise DataError(f"predict: `values` names {state!r}; the states are {', '.join(graph_states)}.")
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not np.isfinite(weight):
            raise DataError(f"predict: the worth of {state!r} is {weight!r}; give a number.")
    return {state: float(weight) for state, weight in values.items()}
