"""What a fit says whatever its age classes: growth, damping, margin, equilibria, periods; competition is next door."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.optimize import root

from statmodels_x.core.typing import Array
from statmodels_x.population.course.courses import course
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem, on_a_grid
from statmodels_x.population.specification import ODE
from statmodels_x.population.theory.communities import of_chain, of_competition, outcome_of, who_is_left
from statmodels_x.population.theory.perron import is_primitive, perron, spectral_radius

_FINE_GRID = 400  # intervals of the time of a flow, in which its maxima are looked for


def block_matrix(layout: Layout, theta: Array) -> Array:
    """Signed block matrix of a Leslie form, without its density part."""
    m = sum(layout.form.ages)
    matrix = np.zeros((m, m))
    for (row, col, q, _), sign in zip(layout.entries, layout.signs, strict=True):
        matrix[row, col] += sign * theta[q]
    return matrix


def invariants_of(
    layout: Layout, problem: Problem, theta: Array, species: tuple[str, ...]
) -> dict[str, float]:
    """Compute all invariants of a form at given parameters.

    Returns
    -------
    dict
        Name to value; NaN where one does not exist at these parameters.
    """
    if layout.form.interaction == "single":
        return _of_one(layout, theta, species[0])
    if layout.form.kind == ODE:
        return _of_flow(layout, problem, theta, species)
    matrix = block_matrix(layout, theta)
    growth = _growth_alone(layout, matrix)
    if layout.form.interaction == "complex":
        values = {"growth_alone": growth[0]}
    else:
        values = {f"growth_{name}": growth[s] for s, name in enumerate(species)}
    if layout.form.density is None:
        return values | _of_linear(layout, problem, theta, matrix)
    if layout.form.interaction == "competition":
        return values | of_competition(*_competition(layout, theta), species)
    return values | _of_predation(layout, problem, theta, growth[0], species)


def _growth_alone(layout: Layout, matrix: Array) -> list[float]:
    edges = np.cumsum((0, *layout.form.ages))
    return [spectral_radius(matrix[a:b, a:b]) for a, b in pairwise(edges)]


def _competition(layout: Layout, theta: Array) -> tuple[Array, float, Array]:
    """Rates, what they are at rest, and the effects of all species on each other."""
    if layout.form.kind == ODE:
        return theta[layout.rates], 0.0, theta[layout.effects]
    growth = np.array(_growth_alone(layout, block_matrix(layout, theta)))
    return growth, 1.0, theta[layout.density[:-1]].reshape(len(growth), -1)


def outcome_at(
    layout: Layout, theta: Array, values: dict[str, float], species: tuple[str, ...]
) -> str | None:
    """Name the long-run outcome at parameters, whose invariants are ``values``; None where there is no rule."""
    if len(species) > 2 and layout.form.interaction == "competition":
        return who_is_left(*_competition(layout, theta), species)
    return outcome_of(values, species)


def _of_one(layout: Layout, theta: Array, name: str) -> dict[str, float]:
    """Growth of a species alone, and the size at which it rests."""
    if layout.form.kind == ODE:
        growth, own = float(theta[layout.rates[0]]), float(theta[layout.effects[0, 0]])
        return {f"rate_{name}": growth, f"K_{name}": growth / own if own > 0.0 else np.inf}
    growth = _growth_alone(layout, block_matrix(layout, theta))[0]
    if layout.form.density is None:
        return {f"growth_{name}": growth}
    own = float(theta[layout.density[0]])
    excess = np.log(growth) if layout.form.density == "ricker" else growth - 1.0
    K = 0.0 if growth <= 1.0 else float(excess) / own if own > 0.0 else np.inf
    return {f"growth_{name}": growth, f"K_{name}": K}


def _of_flow(layout: Layout, problem: Problem, theta: Array, species: tuple[str, ...]) -> dict[str, float]:
    rates = theta[layout.rates]
    if layout.form.interaction == "competition":
        alone = {f"rate_{name}": float(rate) for name, rate in zip(species, rates, strict=True)}
        found = of_competition(*_competition(layout, theta), species)
        return found if len(species) == 2 else alone | found
    if len(species) > 2:
        signed = np.where(layout.effects >= 0, layout.effect_signs * theta[layout.effects], 0.0)
        found = of_chain(layout.rate_signs * rates, signed, layout.form.limited, species)
        return found | {"period": course_period(problem, theta)}
    return _of_flow_predation(layout, theta, species) | {"period": course_period(problem, theta)}


def _of_flow_predation(layout: Layout, theta: Array, species: tuple[str, ...]) -> dict[str, float]:
    """Equilibrium and small oscillations of (log x)' = r - k x - a y/(1 + h x), (log y)' = b x/(1 + h x) - m."""
    form, (r, m) = layout.form, theta[layout.rates]
    a, b = theta[layout.effects[0, 1]], theta[layout.effects[1, 0]]
    k = theta[layout.effects[0, 0]] if form.limited else 0.0
    h = theta[layout.handling] if form.saturating else 0.0
    x, y = species
    values = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        if form.limited:
            values[f"K_{x}"] = float(np.divide(r, k))
        if form.saturating:
            values["handling_time"] = float(np.divide(h, a))
            values["half_saturation"] = float(np.divide(1.0, h))
        prey = float(m / (b - h * m)) if b > h * m else np.nan
        crowd = 1.0 + h * prey
        predators = float((r - k * prey) * crowd / a)
        if not predators > 0.0:
            prey = predators = np.nan
        values |= {f"equilibrium_{x}": prey, f"equilibrium_{y}": predators}
        # derivatives of the two rates in the logarithms of x and y
        jacobian = np.array(
            [
                [-k * prey + a * predators * h * prey / crowd**2, -a * predators / crowd],
                [b * prey / crowd**2, 0.0],
            ]
        )
    if not np.all(np.isfinite(jacobian)):
        return (
            values
            | ({"deviation_rate": np.nan} if form.limited or form.saturating else {})
            | {"small_oscillation_period": np.nan}
        )
    leading = np.linalg.eigvals(jacobian)
    leading = leading[np.argmax(leading.real)]
    turn = abs(float(leading.imag))
    if form.limited or form.saturating:
        values["deviation_rate"] = float(leading.real)
    return values | {"small_oscillation_period": 2.0 * np.pi / turn if turn > 0.0 else np.inf}


def _of_linear(layout: Layout, problem: Problem, theta: Array, matrix: Array) -> dict[str, float]:
    size = np.sort(np.abs(np.linalg.eigvals(matrix)))[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {"growth_joint": float(size[0])}
        if layout.form.interaction != "competition":
            leading = np.linalg.eigvals(matrix)
            leading = leading[np.argmax(np.abs(leading))]
            angle = abs(np.angle(leading))
            values["period"] = float(2.0 * np.pi / angle) * _step(problem) if angle > 1e-9 else np.inf
            return values
        values["damping_ratio"] = float(size[0] / size[1])
    for c in np.flatnonzero(problem.present.all(axis=1)):
        suffix = "" if len(problem.nodes) == 1 else f"_{c + 1}"
        values[f"margin{suffix}"] = winner_margin(layout, problem, theta, int(c))
    return values


def course_period(problem: Problem, theta: Array) -> float:
    """Mean distance between the maxima of the first species along the course; NaN before a full cycle is over."""
    c = int(np.argmax(problem.present.all(axis=1)))
    alone = problem._replace(gain=-1, gain_value=0.0)
    if problem.kind == ODE:
        alone = on_a_grid(alone, _FINE_GRID)
        step = float(alone.durations[alone.node_start[c]])
    else:
        step = _step(problem)
    with np.errstate(all="ignore"):
        x = course(alone, theta, c)[1][:, 0]
    inner = x[1:-1]
    tops = np.flatnonzero((inner > x[:-2]) & (inner >= x[2:]))
    if len(tops) < 2:
        return np.nan
    bend = x[tops] - 2.0 * x[tops + 1] + x[tops + 2]
    place = tops + 1 - 0.5 * (x[tops + 2] - x[tops]) / bend
    return float((place[-1] - place[0]) / (len(tops) - 1)) * step


def _step(problem: Problem) -> float:
    return float(problem.durations[0])


def winner_margin(layout: Layout, problem: Problem, theta: Array, c: int) -> float:
    """Lead of the first species in reproductive value, (p.x0 - q.y0)/(p.x0 + q.y0); NaN if no rule applies."""
    weights = np.abs(block_matrix(layout, theta))
    if not is_primitive(weights):
        return np.nan
    state = course(problem._replace(nodes=np.ones_like(problem.nodes)), theta, c)[0][0]
    value = perron(weights).left * state
    k = layout.form.ages[0]
    return float((value[:k].sum() - value[k:].sum()) / value.sum())


def _of_predation(
    layout: Layout, problem: Problem, theta: Array, growth: float, species: tuple[str, ...]
) -> dict[str, float]:
    x, y = species
    own = theta[layout.density[0]]
    values = {f"K_{x}": 0.0 if growth <= 1.0 else float((growth - 1.0) / own) if own > 0.0 else np.inf}
    values |= dict.fromkeys(
        (f"equilibrium_{x}", f"equilibrium_{y}", "return_rate", "small_oscillation_period"), np.nan
    )
    values["period"] = course_period(problem, theta)
    m, k = sum(layout.form.ages), layout.form.ages[0]
    mean = np.repeat(problem.level.mean(axis=0) / np.array(layout.form.ages), layout.form.ages)
    found = root(lambda w: density_step(problem, theta, w) - w, mean, tol=1e-13)
    totals = np.array([found.x[:k].sum(), found.x[k:].sum()])
    if not found.success or np.any(totals <= 1e-9 * mean.sum()):
        return values
    jacobian = np.empty((m, m))
    for j in range(m):
        h = 1e-6 * mean.sum() * np.eye(m)[j]
        jacobian[:, j] = (
            density_step(problem, theta, found.x + h) - density_step(problem, theta, found.x - h)
        ) / (2e-6 * mean.sum())
    leading = np.linalg.eigvals(jacobian)
    leading = leading[np.argmax(np.abs(leading))]
    angle = abs(np.angle(leading))
    values[f"equilibrium_{x}"], values[f"equilibrium_{y}"] = map(float, totals)
    values["return_rate"] = float(abs(leading))
    values["small_oscillation_period"] = (
        float(2.0 * np.pi / angle) * _step(problem) if angle > 1e-9 else np.inf
    )
    return values


def density_step(problem: Problem, theta: Array, w: Array) -> Array:
    """One step of a density-dependent form."""
    from statmodels_x.population.kernels.recursion import advance, capture_prey

    k = problem.ages[0]
    out, inverse = np.empty(len(w)), np.empty(3)
    N = np.array([w[:k].sum(), w[k:].sum()])
    advance(problem.entries, problem.signs, problem.density, problem.exponential, theta, w, N, inverse, out)
    if problem.capture[0] >= 0:
        nothing = np.zeros((0, 0))
        capture_prey(int(k), problem.capture, theta, N, nothing, np.zeros(0), out, nothing, False)
    return out
