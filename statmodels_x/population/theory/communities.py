"""Where species that compete or eat each other in a row come to rest, and who is left: from rates and effects alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from statmodels_x.core.typing import Array

_SINGULAR = 1e12  # condition number beyond which effects have no equilibrium


def of_competition(
    rates: Array, at_rest: float, crowding: Array, species: tuple[str, ...]
) -> dict[str, float]:
    """Carrying capacities, competition coefficients, and growth when rare with the others at rest.

    ``rates`` are growth factors (``at_rest`` 1, and crowding divides) or rates (``at_rest`` 0, and it subtracts). Three
    species or more have also an equilibrium of all, and the rate at which deviations from it grow.
    """
    own, excess = np.diag(crowding), np.maximum(rates - at_rest, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        K = np.where(excess > 0.0, excess / own, 0.0)
        alpha = crowding / own[:, None]
    n = len(species)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    values = {f"K_{name}": float(K[i]) for i, name in enumerate(species)}
    values |= {f"alpha_{species[j]}_on_{species[i]}": float(alpha[i, j]) for i, j in pairs}
    for i, name in enumerate(species):
        others = [j for j in range(n) if j != i]
        N = _resident(others, rates, at_rest, crowding, K)
        with np.errstate(invalid="ignore"):  # what has no effect has none at an infinite size
            pressure = float(np.sum(np.where(crowding[i] > 0.0, crowding[i] * N, 0.0)))
        rare = rates[i] / (1.0 + pressure) if at_rest == 1.0 else rates[i] - pressure
        values[f"invasion_{name}"] = float(rare)
    return values if n == 2 else values | _rest_of_all(rates, at_rest, crowding, species)


def _resident(others: list[int], rates: Array, at_rest: float, crowding: Array, K: Array) -> Array:
    """Sizes of the others where they rest without a species; NaN if there is no such point, or more than one."""
    N = np.zeros(len(rates))
    if len(others) == 1:
        N[others] = K[others]
        return N
    cut = np.ix_(others, others)
    found = list(resting_points(rates[others], at_rest, crowding[cut]))
    N[others] = found[0] if len(found) == 1 else np.nan
    return N


def _rest_of_all(rates: Array, at_rest: float, crowding: Array, species: tuple[str, ...]) -> dict[str, float]:
    N = equilibrium(rates - at_rest, crowding)
    name = "return_rate" if at_rest == 1.0 else "deviation_rate"
    largest = np.nan if N is None else _leading(rates, at_rest, crowding, N)
    sizes = np.full(len(species), np.nan) if N is None else N
    return {f"equilibrium_{x}": float(size) for x, size in zip(species, sizes, strict=True)} | {name: largest}


def equilibrium(excess: Array, crowding: Array) -> Array | None:
    """Sizes at which nobody grows; None unless all of them are positive."""
    if not np.linalg.cond(crowding) < _SINGULAR:
        return None
    N = np.asarray(np.linalg.solve(crowding, excess), float)
    return N if np.all(N > 0.0) else None


def _leading(rates: Array, at_rest: float, crowding: Array, N: Array) -> float:
    """Rate (a flow) or factor a step (a recursion) by which the slowest deviation from a point of rest grows."""
    if at_rest == 1.0:
        return float(np.abs(np.linalg.eigvals(np.eye(len(N)) - (N / rates)[:, None] * crowding)).max())
    return float(np.linalg.eigvals(-N[:, None] * crowding).real.max())


def resting_points(rates: Array, at_rest: float, crowding: Array) -> Iterator[Array]:
    """Go through the points of rest that are stable and that no absent species can enter."""
    n = len(rates)
    for size in range(n + 1):
        for members in combinations(range(n), size):
            here = list(members)
            N, part = np.zeros(n), crowding[np.ix_(here, here)]
            if here:
                rest = equilibrium(rates[here] - at_rest, part)
                if rest is None or not _leading(rates[here], at_rest, part, rest) < at_rest:
                    continue
                N[here] = rest
            enters = rates - at_rest - crowding @ N > 0.0
            if not np.delete(enters, here).any():
                yield N
    for i in np.flatnonzero((np.diag(crowding) <= 0.0) & (rates > at_rest)):
        # without a limit of its own it grows for ever, beside those whom it does not touch
        apart = [j for j in range(n) if j != i and crowding[j, i] == 0.0]
        for there in resting_points(rates[apart], at_rest, crowding[np.ix_(apart, apart)]):
            pressed = crowding[i, apart] > 0.0
            if rates[i] - at_rest > float(np.sum(crowding[i, apart][pressed] * there[pressed])):
                N = np.zeros(n)
                N[apart], N[i] = there, np.inf
                yield N


def of_chain(rates: Array, effects: Array, limited: bool, species: tuple[str, ...]) -> dict[str, float]:
    """Capacity of the first, the equilibrium of all and its small oscillations, of (log N)' = rates + effects N."""
    own = -float(effects[0, 0])
    values = {f"K_{species[0]}": float(rates[0] / own) if own > 0.0 else np.inf} if limited else {}
    N = equilibrium(rates, -effects)
    names = [f"equilibrium_{name}" for name in species]
    if N is None:
        return values | dict.fromkeys([*names, "deviation_rate", "small_oscillation_period"], np.nan)
    eigenvalues = np.linalg.eigvals(N[:, None] * effects)
    turning = eigenvalues[np.abs(eigenvalues.imag) > 0.0]
    turn = abs(float(turning[np.argmax(turning.real)].imag)) if len(turning) else 0.0
    return values | dict(zip(names, map(float, N), strict=True)) | {
        "deviation_rate": float(eigenvalues.real.max()),
        "small_oscillation_period": 2.0 * np.pi / turn if turn > 0.0 else np.inf,
    }  # fmt: skip


def outcome_of(values: dict[str, float], species: tuple[str, ...]) -> str | None:
    """Name the outcome of two competitors by mutual invasion, or by the margin; None where there is no rule."""
    if len(species) != 2:
        return None
    x, y = species
    if f"invasion_{x}" in values:
        lives = values[f"K_{x}"] > 0.0, values[f"K_{y}"] > 0.0
        if lives[0] != lives[1]:
            return f"only {x if lives[0] else y} can live"
        left = by_invasion(values, 1.0 if f"growth_{x}" in values else 0.0, species)
        return {x: f"{x} excludes {y}", y: f"{y} excludes {x}", "extinction": "both die out"}.get(left, left)
    margins = [value for name, value in values.items() if name.startswith("margin")]
    if len(margins) == 1 and np.isfinite(margins[0]):
        return f"{x} excludes {y}" if margins[0] > 0 else f"{y} excludes {x}"
    return None


def by_invasion(values: dict[str, float], at_rest: float, species: tuple[str, ...]) -> str:
    """Classify two competitors: who can live alone, and who comes in where the other is at its capacity."""
    lives = [name for name in species if values[f"K_{name}"] > 0.0]
    enters = [name for name in species if values[f"invasion_{name}"] > at_rest]
    if len(lives) < 2:
        return lives[0] if lives else "extinction"
    return {0: "founder control", 2: "coexistence"}.get(len(enters)) or enters[0]


def who_is_left(rates: Array, at_rest: float, crowding: Array, species: tuple[str, ...]) -> str:
    """Say who is left of many competitors, by the stable points of rest that nobody else can enter."""
    ends = [
        " and ".join(name for name, size in zip(species, N, strict=True) if size > 0.0) or "nobody"
        for N in resting_points(rates, at_rest, crowding)
    ]
    if not ends:
        return "no point of rest is stable"
    if ends == [" and ".join(species)]:
        return "coexistence"
    return f"{ends[0]} left" if len(ends) == 1 else f"founder control: {' or '.join(ends)} left"
