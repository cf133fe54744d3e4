"""What a fit says whatever its age classes: growth, damping, margin, carrying capacities, competition, outcome."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import root

from statmodels_x.core.typing import Array
from statmodels_x.population.alternatives import Alternatives, why_not
from statmodels_x.population.form import Layout
from statmodels_x.population.identification import Identification
from statmodels_x.population.intervals import log_limits, root_limits
from statmodels_x.population.perron import is_primitive, perron, spectral_radius
from statmodels_x.population.problem import ODE, Problem

_DIFFERENCE = 1e-6
_MARGIN, _FACTOR = 1.9, 1e3  # intervals wider than that (of -1 to 1, or from end to end) say nothing


def block_matrix(layout: Layout, theta: Array) -> Array:
    """Signed block matrix of a Leslie form, without its density part."""
    m = sum(layout.form.ages)
    matrix = np.zeros((m, m))
    for (row, col, q, _), sign in zip(layout.entries, layout.signs, strict=True):
        matrix[row, col] += sign * theta[q]
    return matrix


def invariants_of(
    layout: Layout, problem: Problem, theta: Array, species: tuple[str, str]
) -> dict[str, float]:
    """Compute all invariants of a form at given parameters.

    Returns
    -------
    dict
        Name to value; NaN where one does not exist at these parameters.
    """
    if layout.form.kind == ODE:
        return _of_flow(layout, theta, species)
    k = layout.form.ages[0]
    matrix = block_matrix(layout, theta)
    growth = [spectral_radius(matrix[:k, :k]), spectral_radius(matrix[k:, k:])]
    if layout.form.interaction == "complex":
        values = {"growth_alone": growth[0]}
    else:
        values = {f"growth_{name}": growth[s] for s, name in enumerate(species)}
    if layout.form.density is None:
        return values | _of_linear(layout, problem, theta, matrix)
    if layout.form.interaction == "competition":
        crowding = theta[layout.density[:4]].reshape(2, 2)
        return values | _of_competition(np.array(growth), 1.0, crowding, species)
    return values | _of_predation(layout, problem, theta, growth[0], species)


def _of_competition(
    rates: Array, at_rest: float, crowding: Array, species: tuple[str, str]
) -> dict[str, float]:
    """Carrying capacities, competition coefficients, and growth when rare with the other at its capacity.

    ``rates`` are growth factors (``at_rest`` 1, and crowding divides) or rates (``at_rest`` 0, and it subtracts).
    """
    own, cross = np.diag(crowding), np.array([crowding[0, 1], crowding[1, 0]])
    excess = np.maximum(rates - at_rest, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        K = np.where(excess > 0.0, excess / own, 0.0)
        alpha = cross / own
        pressure = np.where(cross > 0.0, cross * K[::-1], 0.0)
        rare = rates / (1.0 + pressure) if at_rest == 1.0 else rates - pressure
    x, y = species
    return {
        f"K_{x}": float(K[0]),
        f"K_{y}": float(K[1]),
        f"alpha_{y}_on_{x}": float(alpha[0]),
        f"alpha_{x}_on_{y}": float(alpha[1]),
        f"invasion_{x}": float(rare[0]),
        f"invasion_{y}": float(rare[1]),
    }


def _of_flow(layout: Layout, theta: Array, species: tuple[str, str]) -> dict[str, float]:
    rates = theta[layout.rates]
    if layout.form.interaction == "competition":
        return _of_competition(rates, 0.0, theta[layout.effects], species)
    x, y = species
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            f"equilibrium_{x}": float(rates[1] / theta[layout.effects[1, 0]]),
            f"equilibrium_{y}": float(rates[0] / theta[layout.effects[0, 1]]),
            "period": float(2.0 * np.pi / np.sqrt(rates[0] * rates[1])),
        }


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


def _step(problem: Problem) -> float:
    return float(problem.durations[0])


def winner_margin(layout: Layout, problem: Problem, theta: Array, c: int) -> float:
    """Lead of the first species in reproductive value, (p.x0 - q.y0)/(p.x0 + q.y0); NaN if no rule applies."""
    from statmodels_x.population.estimation import course

    weights = np.abs(block_matrix(layout, theta))
    if not is_primitive(weights):
        return np.nan
    state = course(problem._replace(nodes=np.ones_like(problem.nodes)), theta, c)[0][0]
    value = perron(weights).left * state
    k = layout.form.ages[0]
    return float((value[:k].sum() - value[k:].sum()) / value.sum())


def _of_predation(
    layout: Layout, problem: Problem, theta: Array, growth: float, species: tuple[str, str]
) -> dict[str, float]:
    x, y = species
    with np.errstate(divide="ignore"):
        values = {f"K_{x}": float((growth - 1.0) / theta[layout.density[0]])}
    values |= dict.fromkeys((f"equilibrium_{x}", f"equilibrium_{y}", "return_rate", "period"), np.nan)
    m, k = sum(layout.form.ages), layout.form.ages[0]
    mean = np.repeat(problem.level.mean(axis=0) / np.array(layout.form.ages), layout.form.ages)
    found = root(lambda w: density_step(layout, theta, w) - w, mean, tol=1e-13)
    totals = np.array([found.x[:k].sum(), found.x[k:].sum()])
    if not found.success or np.any(totals <= 1e-9 * mean.sum()):
        return values
    jacobian = np.empty((m, m))
    for j in range(m):
        h = 1e-6 * mean.sum() * np.eye(m)[j]
        jacobian[:, j] = (
            density_step(layout, theta, found.x + h) - density_step(layout, theta, found.x - h)
        ) / (2e-6 * mean.sum())
    leading = np.linalg.eigvals(jacobian)
    leading = leading[np.argmax(np.abs(leading))]
    angle = abs(np.angle(leading))
    values[f"equilibrium_{x}"], values[f"equilibrium_{y}"] = map(float, totals)
    values["return_rate"] = float(abs(leading))
    values["period"] = float(2.0 * np.pi / angle) * _step(problem) if angle > 1e-9 else np.inf
    return values


def density_step(layout: Layout, theta: Array, w: Array) -> Array:
    """One step of a density-dependent form, in plain Python."""
    k = layout.form.ages[0]
    N = np.maximum([w[:k].sum(), w[k:].sum()], 0.0)
    divisor = np.ones(3)
    for place, q in enumerate(layout.density):
        if q >= 0:
            g, s = (place // 2, place % 2) if place < 4 else (2, 0)
            divisor[g] += theta[q] * N[s]
    out = np.zeros(len(w))
    for (row, col, q, g), sign in zip(layout.entries, layout.signs, strict=True):
        out[row] += sign * theta[q] * w[col] / divisor[g]
    return out


def outcome_of(values: dict[str, float], species: tuple[str, str]) -> str | None:
    """Name the long-run outcome of competition by mutual invasion, or by the margin; None where there is no rule."""
    x, y = species
    if f"invasion_{x}" in values:
        lives = values[f"K_{x}"] > 0.0, values[f"K_{y}"] > 0.0
        if not all(lives):
            return "both die out" if not any(lives) else f"only {x if lives[0] else y} can live"
        rest = 1.0 if f"growth_{x}" in values else 0.0
        enters = values[f"invasion_{x}"] > rest, values[f"invasion_{y}"] > rest
        return {(True, False): f"{x} excludes {y}", (False, True): f"{y} excludes {x}",
                (True, True): "coexistence", (False, False): "founder control"}[enters]  # fmt: skip
    margins = [value for name, value in values.items() if name.startswith("margin")]
    if len(margins) == 1 and np.isfinite(margins[0]):
        return f"{x} excludes {y}" if margins[0] > 0 else f"{y} excludes {x}"
    return None


def gradients(
    layout: Layout, problem: Problem, theta: Array, species: tuple[str, str], found: Identification
) -> dict[str, Array]:
    """Differentiate the invariants in the parameters by differences within the bounds."""
    table: dict[str, Array] = {}
    for j in range(len(theta)):
        h = _DIFFERENCE * found.scale[j]
        high, low = theta.copy(), theta.copy()
        high[j], low[j] = min(theta[j] + h, layout.upper[j]), max(theta[j] - h, layout.lower[j])
        if high[j] == low[j]:
            continue
        above = invariants_of(layout, problem, high, species)
        below = invariants_of(layout, problem, low, species)
        for name in above:
            with np.errstate(invalid="ignore"):
                table.setdefault(name, np.zeros(len(theta)))[j] = (above[name] - below[name]) / (
                    high[j] - low[j]
                )
    return table


def invariant_table(
    layout: Layout,
    problem: Problem,
    theta: Array,
    species: tuple[str, str],
    found: Identification,
    others: Alternatives,
    alpha: float,
) -> pd.DataFrame:
    """Invariants with standard errors and intervals by the delta method, and why one has none."""
    values = invariants_of(layout, problem, theta, species)
    slopes = gradients(layout, problem, theta, species, found)
    elsewhere = pd.DataFrame(
        [invariants_of(layout, problem, other, species) for other in others.theta], columns=list(values)
    )
    reach = found.quantile(alpha)
    rows: list[tuple[Any, ...]] = []
    for name, value in values.items():
        error = found.standard_error(slopes[name]) if np.isfinite(value) else np.nan
        note = _note(name, value, error)
        if not note:
            held = others.contradicting(elsewhere[name].to_numpy(float), partial(_limits, name, value, error))
            note = "" if held is None else why_not(layout, theta, held)
        lower, upper = _limits(name, value, np.nan if note else error, reach)
        if np.isinf(upper):
            note = "no upper limit: the data do not exclude that there is no oscillation"
        rows.append((value, np.nan if note else error, lower, upper, note))
    return pd.DataFrame(
        rows,
        index=pd.Index(list(values), name="quantity"),
        columns=["estimate", "std_error", "lower", "upper", "note"],
    )


def _limits(name: str, value: float, error: float, reach: float) -> tuple[float, float]:
    if not np.isfinite(error):
        return np.nan, np.nan
    if name.startswith("invasion"):  # may be of either sign
        return value - reach * error, value + reach * error
    if name.startswith("margin"):
        return margin_limits(value, reach * error)
    if name == "period":
        return period_limits(value, reach * error)
    if value <= 0.0 or name.startswith("alpha"):  # may be 0
        return root_limits(value, reach * error)
    return log_limits(value, reach * error)


def margin_limits(value: float, reach: float) -> tuple[float, float]:
    """Limits of a margin between -1 and 1: all that its inverse hyperbolic tangent or its inverse allow.

    A margin goes with the inverse of the couplings, so that a small one has a small error whatever is true; on the
    scale of its inverse the error does not depend on the estimate, but that scale cannot tell whether 0 is passed.
    """
    sign, size = (-1.0 if value < 0.0 else 1.0), min(abs(value), 1.0 - 1e-12)
    centre, spread = np.arctanh(size), reach / (1.0 - size**2)
    lower, upper = float(np.tanh(centre - spread)), float(np.tanh(centre + spread))
    inverse = 1.0 / max(size, 1e-12)
    spread = reach * inverse**2
    lower = min(lower, 1.0 / (inverse + spread))
    upper = max(upper, 1.0 / max(inverse - spread, 1.0))
    return (lower, upper) if sign > 0.0 else (-upper, -lower)


def period_limits(value: float, reach: float) -> tuple[float, float]:
    """Limits of a period by those of its squared frequency; no upper limit where that may be 0 (no oscillation).

    The squared frequency is a smooth function of the parameters also where oscillation begins, the period is not.
    """
    square = (2.0 * np.pi / value) ** 2
    spread = 2.0 * square / value * reach
    upper = 2.0 * np.pi / np.sqrt(square - spread) if square > spread else np.inf
    return float(2.0 * np.pi / np.sqrt(square + spread)), float(upper)


def _note(name: str, value: float, error: float) -> str:
    if np.isinf(value):
        return "infinite: a parameter it is divided by is 0"
    if np.isnan(value):
        return "does not exist at these parameters"
    if not error > 0.0:
        return "not identified"
    lower, upper = _limits(name, value, error, 2.0)
    if name == "period":
        return ""
    useless = (
        upper - lower > _MARGIN if name.startswith("margin") else lower > 0.0 and upper > _FACTOR * lower
    )
    return "not determined: the data allow almost any value" if useless else ""
