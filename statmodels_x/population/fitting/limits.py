"""Limits that keep within the bounds of the parameters, and which errors a refit contradicts."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.findings import Finding
from statmodels_x.core.typing import Array
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.fitting.alternatives import Alternatives, why_not
from statmodels_x.population.fitting.identification import Identification, no_error


def doubtful(layout: Layout, theta: Array, found: Identification, others: Alternatives) -> dict[int, Finding]:
    """Parameters whose standard error a refit contradicts, and why."""
    reasons = {}
    for j, error in enumerate(np.sqrt(np.diag(found.covariance))):
        if not error > 0.0:
            continue

        def limits(errors: float, j: int = j, error: float = float(error)) -> tuple[float, float]:
            return parameter_limits(layout, j, float(theta[j]), errors * error)

        held = others.contradicting(others.theta[:, j], limits)
        if held is not None:
            reasons[j] = no_error(layout, j, "contradicted", why_not(layout, theta, held, j))
    return reasons


def parameter_limits(layout: Layout, j: int, value: float, reach: float) -> tuple[float, float]:
    """Interval by the kind of parameter ``j``; NaN if ``reach`` (a number of standard errors, times the error) is.

    What cannot be 0 in a living population (initial totals, rates, the fecundity of a single class) has its interval
    on the log scale, shares and survivals theirs on the logit scale unless a bound is within reach, where it is cut.
    Limits of a species by itself are on the log scale unless 0 is within reach. Those and all else that may be 0 are
    on the scale of the square root, with 0 as the lower limit where it is within reach.
    """
    if not np.isfinite(reach):
        return np.nan, np.nan
    block, *place = layout.keys[j]
    if block in ("survival", "structure"):
        return _unit(value, reach)
    living = block in ("initial", "rate") or (block == "fecundity" and layout.form.ages[place[0]] == 1)
    own = block in ("crowding", "effect") and place[0] == place[1]
    if living or (own and reach < value):
        return log_limits(value, reach, layout.upper[j])
    return root_limits(value, reach, layout.upper[j])


def log_limits(value: float, reach: float, upper: float = np.inf) -> tuple[float, float]:
    """Limits of a positive quantity that are symmetric in its logarithm."""
    factor = np.exp(min(reach / value, 700.0))
    with np.errstate(over="ignore"):  # no limit at all
        return float(value / factor), float(max(min(value * factor, upper), value))


def root_limits(value: float, reach: float, upper: float = np.inf) -> tuple[float, float]:
    """Limits of a quantity of 0 or more that are symmetric in its square root, unless 0 is within reach.

    From there on the lower limit is 0, and the upper one grows in proportion to ``reach``.
    """
    if reach >= value:
        return 0.0, float(min(0.75 * value + 1.5 * reach, upper))
    root, half = np.sqrt(value), 0.5 * reach / np.sqrt(value)
    return float((root - half) ** 2), float(max(min((root + half) ** 2, upper), value))


def _unit(value: float, reach: float) -> tuple[float, float]:
    if reach >= min(value, 1.0 - value):
        return max(value - reach, 0.0), min(value + reach, 1.0)
    centre, spread = np.log(value / (1.0 - value)), reach / (value * (1.0 - value))
    low, high = 1.0 / (1.0 + np.exp(-(centre - spread))), 1.0 / (1.0 + np.exp(-(centre + spread)))
    return float(low), float(high)
