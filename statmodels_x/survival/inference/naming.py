"""What the exponential of a coefficient may be called: by where else in the model its variable acts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statmodels_x.survival.distributions.apgw import APGW
from statmodels_x.survival.fitted import SurvivalFitted

NAMELESS = "-"
"""For a column whose exponential has no meaning by itself: see predict() with a reference."""


@dataclass(frozen=True)
class Use:
    """One appearance of a variable: in a term of a parameter."""

    parameter: str
    term: str
    is_interaction: bool
    is_plain: bool


def uses_of(fit: SurvivalFitted) -> dict[str, list[Use]]:
    """List where each variable of a model acts."""
    found: dict[str, list[Use]] = {}
    for parameter, term, variables, _, _ in fit.terms:
        for name in variables:
            plain = term == name or (term.startswith(("C(", "C (")) and len(variables) == 1)
            found.setdefault(name, []).append(Use(parameter, term, len(variables) > 1, plain))
    return found


def ratio_name(fit: SurvivalFitted, parameter: str, column: str) -> str:
    """Name the exponential of a coefficient (of minus it, for times); ``"-"`` where it has no name.

    Parameters
    ----------
    fit : SurvivalFitted
    parameter, column : str
        A label of the coefficients that is no level of the parameter.
    """
    place = fit.design_specs[parameter].names.index(column)
    variables = next(own for part, _, own, a, b in fit.terms if part == parameter and a <= place < b)
    if len(variables) != 1:
        return NAMELESS
    uses = uses_of(fit)[variables[0]]
    own = [use for use in uses if use.parameter == parameter]
    if any(not use.is_interaction and not use.is_plain for use in own) or sum(u.is_plain for u in own) != 1:
        return NAMELESS
    name = _name(fit, parameter, {use.parameter for use in uses} - {parameter})
    if fit.specification.background is not None:
        name = _of_excess(name)
    at_zero = any(use.is_interaction for use in own) and name != NAMELESS
    return name + (" where the other of its interaction is 0" if at_zero else "")


def _name(fit: SurvivalFitted, parameter: str, elsewhere: set[str]) -> str:
    """Apply the rules: a parameter, and the other parameters on which the variable acts."""
    cure = fit.specification.cure_kind
    if parameter == "shape":
        added = " + 1" if fit.specification.family.shape_link == "log1p" else ""
        symbol = "kappa" if fit.specification.family.is_compiled else "shape"
        return f"ratio of {symbol}{added}"
    if parameter == "power":
        return "ratio of gamma"
    if parameter == "cure":
        if cure == "mixture":
            return "odds ratio of cure"
        return "ratio of theta" if elsewhere else "hazard ratio"
    if cure == "promotion":
        return NAMELESS if elsewhere - {"cure"} else _PROMOTION[parameter, bool(elsewhere)]
    if not elsewhere:
        uncured = " of the uncured" if cure == "mixture" and parameter == "ph" else ""
        return _SCALES[parameter] + uncured
    if elsewhere == {"cure"}:
        return f"{_SCALES[parameter]} of the uncured"
    if elsewhere == {"power"} and cure == "none":
        return _at_the_anchor(fit, parameter)
    return NAMELESS


def _of_excess(name: str) -> str:
    """Say of what hazard a ratio is where there is a background."""
    name = name.replace("hazard ratio", "excess hazard ratio").replace("time ratio", "excess time ratio")
    return name.replace("cumulative hazards", "cumulative excess hazards").replace(
        "ratio of cure", "ratio of net cure"
    )


_SCALES = {"aft": "time ratio", "ph": "hazard ratio"}
_PROMOTION = {
    ("aft", False): "time ratio",
    ("aft", True): "time ratio of the promotion time",
    ("ph", False): "hazard ratio of the promotion time",
    ("ph", True): "hazard ratio of the promotion time",
}


def _at_the_anchor(fit: SurvivalFitted, parameter: str) -> str:
    """Say where a ratio holds whose variable acts on the power, too: where z = (phi t)^gamma is 1."""
    fixed = fit.specification.fixed
    if parameter == "ph":
        if "aft" in fixed:
            return f"ratio of cumulative hazards at {np.exp(-fixed['aft']):.3g}"
        return "ratio of cumulative hazards at 1/phi"
    if "ph" in fixed and fit.specification.own_family is None:
        nu = fixed["shape"] if "shape" in fixed else _constant(fit, "shape")
        if nu is not None:
            survival = float(APGW(1.0, np.exp(fixed["ph"]), 1.0, np.expm1(nu)).sf(1.0))
            return f"time ratio at survival {survival:.2g}"
    return "time ratio where (phi t)^gamma = 1"


def _constant(fit: SurvivalFitted, parameter: str) -> float | None:
    values = fit.coefficients[parameter]
    return float(values.iloc[0]) if list(values.index) == ["Intercept"] else None
