"""What a fit says whatever its age classes, with errors and intervals by the delta method."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.typing import Array
from statmodels_x.population.course.invariants import invariants_of
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.fitting.alternatives import why_not
from statmodels_x.population.fitting.limits import log_limits, root_limits

_DIFFERENCE = 1e-6
_NEAR = 2.0  # units of log-likelihood within which another end fits as well
_FEEDBACK = (
    10.0  # units that a fit with a gain must gain for periods of a course left alone to be unsupported
)
_MARGIN, _FACTOR = 1.9, 1e3  # intervals wider than that (of -1 to 1, or from end to end) say nothing


def gradients(fit: InteractionFitted) -> dict[str, Array]:
    """Differentiate the invariants in the parameters by differences within the bounds."""
    m = fit.machinery
    table: dict[str, Array] = {}
    theta = m.estimate.theta
    for j in range(len(theta)):
        h = _DIFFERENCE * m.identification.scale[j]
        high, low = theta.copy(), theta.copy()
        high[j], low[j] = min(theta[j] + h, m.layout.upper[j]), max(theta[j] - h, m.layout.lower[j])
        if high[j] == low[j]:
            continue
        above = invariants_of(m.layout, m.problem, high, fit.species)
        below = invariants_of(m.layout, m.problem, low, fit.species)
        for name in above:
            with np.errstate(invalid="ignore"):
                slope = (above[name] - below[name]) / (high[j] - low[j])
            table.setdefault(name, np.zeros(len(theta)))[j] = slope
    return table


def invariant_table(fit: InteractionFitted, alpha: float) -> pd.DataFrame:
    """Invariants with standard errors and intervals by the delta method, and why one has none."""
    m, found, others = fit.machinery, fit.machinery.identification, fit.machinery.alternatives
    values = invariants_of(m.layout, m.problem, m.estimate.theta, fit.species)
    slopes, reach = gradients(fit), fit.reference.quantile(alpha)
    elsewhere = pd.DataFrame(
        [invariants_of(m.layout, m.problem, other, fit.species) for other in others.theta],
        columns=list(values),
    )
    rows: list[tuple[Any, ...]] = []
    for name, value in values.items():
        error = found.standard_error(slopes[name]) if np.isfinite(value) else np.nan
        note = _note(name, value, error)
        if not note:
            held = others.contradicting(elsewhere[name].to_numpy(float), partial(_limits, name, value, error))
            note = "" if held is None else why_not(m.layout, m.estimate.theta, held)
        lower, upper = _limits(name, value, np.nan if note else error, reach)
        if np.isinf(upper):
            note = "no upper limit: the data do not exclude that there is no oscillation"
        other = _otherwise(fit, name, lower, upper)
        if other:
            lower, upper, note = np.nan, np.nan, other
            value = np.nan if name.endswith("period") else value
        rows.append((value, np.nan if note else error, lower, upper, note))
    return pd.DataFrame(
        rows,
        index=pd.Index(list(values), name="quantity"),
        columns=["estimate", "std_error", "lower", "upper", "note"],
    )


def _otherwise(fit: InteractionFitted, name: str, lower: float, upper: float) -> str:
    """Say why a quantity is not supported: a needle, another end that fits as well, or errors that feed back."""
    m = fit.machinery
    if m.estimate.is_needle:
        return f"not supported: the course depends on {m.estimate.digits:.1f} digits of its parameters"
    path = m.estimate.feedback
    if name.endswith("period") and path is not None and path.cost > 0.0:
        better = m.estimate.units(path.cost)
        if better > _FEEDBACK:
            return f"not supported: process errors fit better, by {better:.0f} units of log-likelihood"
    if m.ends is None or not len(m.ends) or not np.isfinite(lower):
        return ""
    near = m.ends.loc[m.ends["llf"] >= -_NEAR, name].to_numpy(float)[1:]
    outside = near[(near < lower) | (near > upper)]
    return f"another end of the search that fits as well has {outside[0]:.3g}" if len(outside) else ""


def _limits(name: str, value: float, error: float, reach: float) -> tuple[float, float]:
    if not np.isfinite(error):
        return np.nan, np.nan
    if name.startswith(("invasion", "deviation")):  # may be of either sign
        return value - reach * error, value + reach * error
    if name.startswith("margin"):
        return margin_limits(value, reach * error)
    if name.endswith("period"):
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
    if name.endswith("period"):
        return ""
    useless = (
        upper - lower > _MARGIN if name.startswith("margin") else lower > 0.0 and upper > _FACTOR * lower
    )
    return "not determined: the data allow almost any value" if useless else ""
