"""Which of the four parameters are estimated, on which covariates, and which are fixed where."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from statmodels_x.core.data.formula import Part, Response, right_side, split_formula
from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.core.validation import check_choice
from statmodels_x.survival.distributions.family import FAMILIES, Family

SCALES = ("aft", "ph")

_DEFAULTS: Mapping[str, Any] = {"scale": "aft", "other_scale": None, "power": "~ 1", "shape": "~ 1"}


@dataclass(frozen=True)
class Specification:
    """A model before it meets data.

    Attributes
    ----------
    formula : str
        As the user wrote it.
    family : Family
    scale : str
        Parameter that the formula's right side drives, ``"aft"`` or ``"ph"``.
    response : Response
    parts : dict of str to Part
        Terms of each estimated parameter, in the order aft, ph, power, shape, cure.
    fixed : dict of str to float
        Value of each other parameter on the log scale (log phi, log lambda, log gamma, log(kappa + 1)).
    cure_kind : str
        ``"none"``, ``"mixture"`` or ``"promotion"``.
    """

    formula: str
    family: Family
    scale: str
    response: Response
    parts: Mapping[str, Part]
    fixed: Mapping[str, float]
    cure_kind: str = "none"

    def where(self, parameter: str) -> str:
        """Say which formula a parameter's terms stand in, for messages."""
        return "formula" if parameter == self.scale else f"the {parameter} part"

    @property
    def distribution(self) -> str:
        """Name of the family."""
        return self.family.name

    @property
    def own_family(self) -> Family | None:
        """The family, unless it is a case of the built-in one, whose likelihood is compiled."""
        return None if self.family.is_compiled else self.family

    @property
    def has_both_scales(self) -> bool:
        """Whether log phi and log lambda are both estimated."""
        return "aft" in self.parts and "ph" in self.parts

    @property
    def depends_on_time_unit(self) -> bool:
        """Whether another unit of time gives another model: phi is fixed and no Weibull hides it."""
        is_weibull = self.family.is_compiled and self.fixed.get("shape") == math.log(2.0)
        return "aft" not in self.parts and not is_weibull


def specify(
    formula: str,
    distribution: str | Family = "apgw",
    scale: str = "aft",
    other_scale: str | None = None,
    power: str | float = "~ 1",
    shape: str | float = "~ 1",
    cure: str | None = None,
    cure_kind: str = "mixture",
) -> Specification:
    """Resolve the arguments of a model.

    Raises
    ------
    DataError
        If an option is unknown or contradicts the distribution.
    FormulaError
        If a formula cannot be used.
    """
    family = (
        distribution
        if isinstance(distribution, Family)
        else FAMILIES[check_choice("distribution", distribution, tuple(FAMILIES))]
    )
    given = {"scale": scale, "other_scale": other_scale, "power": power, "shape": shape}
    options = _apply_preset(family, given)
    scale = check_choice("scale", options["scale"], SCALES)
    other = SCALES[1 - SCALES.index(scale)]
    response, main = split_formula(formula)
    found: dict[str, Part | float] = {
        scale: main,
        other: 0.0
        if options["other_scale"] is None
        else _formula_part(options["other_scale"], "other_scale"),
        "power": _part_or_value(options["power"], "power", _log_power),
        "shape": _shape(options["shape"], family),
    }
    check_choice("cure_kind", cure_kind, ("mixture", "promotion"))
    if cure is not None:
        found["cure"] = _cure_part(cure, found["shape"], family)
    order = ("aft", "ph", "power", "shape", "cure")
    return Specification(
        formula,
        family,
        scale,
        response,
        {name: value for name in order if isinstance(value := found.get(name), Part)},
        {name: value for name in order if isinstance(value := found.get(name), float)},
        "none" if cure is None else cure_kind,
    )


def _apply_preset(family: Family, given: Mapping[str, Any]) -> dict[str, Any]:
    options = dict(given)
    for name, value in family.fixed.items():
        asked = given[name]
        is_default = type(asked) is type(_DEFAULTS[name]) and asked == _DEFAULTS[name]
        agrees = asked == value and not isinstance(asked, bool)
        frees_scale = name == "other_scale" and value is not None and isinstance(asked, str)
        if not (is_default or agrees or frees_scale):
            raise DataError(
                f'`{name}={asked!r}` contradicts distribution="{family.name}", which fixes {name}={value!r}; '
                f'leave one of the two out (distribution="apgw" takes every value).'
            )
        if not frees_scale:
            options[name] = value
    return options


def _formula_part(value: Any, argument: str) -> Part:
    if not isinstance(value, str):
        raise DataError(f"`{argument}` is {value!r}; give None (fixed at 1) or a formula such as '~ 1'.")
    return right_side(value, argument)


def _cure_part(cure: Any, shape: Part | float, family: Family) -> Part:
    if not isinstance(cure, str):
        raise DataError(f"`cure` is {cure!r}; give None or a formula such as '~ 1' or '~ treatment'.")
    if family.is_compiled and isinstance(shape, float) and shape < 0.0:
        raise DataError(
            "`cure` needs a proper distribution for the uncured, but `shape` fixes kappa below 0, which has a cured "
            "fraction of its own; fix the shape at 0 or above."
        )
    if not family.is_compiled and isinstance(shape, float) and family.plateau(np.array([shape]))[0].any():
        raise DataError(
            f"`cure` needs a proper distribution for the uncured, but the cumulative hazard of {family.name!r} is "
            "bounded: it has a cured fraction of its own; leave `cure` out."
        )
    return right_side(cure, "cure")


def _part_or_value(value: Any, argument: str, to_working: Callable[[float], float]) -> Part | float:
    if isinstance(value, str):
        return right_side(value, argument)
    if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(float(value)):
        raise FormulaError(f"`{argument}` is {value!r}; give a formula such as '~ x', or a number to fix it.")
    return to_working(float(value))


def _log_power(gamma: float) -> float:
    if not 0.0 < gamma < math.inf:
        raise DataError(f"`power` is {gamma:g}; gamma must be positive and finite.")
    return math.log(gamma)


def _shape(value: Any, family: Family) -> Part | float:
    if not family.has_shape:
        if value != _DEFAULTS["shape"]:
            raise DataError(
                f"`shape` is {value!r}, but the family {family.name!r} has no shape; leave it out."
            )
        return 0.0

    def to_working(shape: float) -> float:
        if family.is_compiled and shape <= -1.0:
            raise DataError(f"`shape` is {shape:g}; kappa must be above -1 (infinity is the Gompertz limit).")
        low, high = family.shape_limits
        if not low <= shape <= high:
            raise DataError(
                f"`shape` is {shape:g}; for {family.name!r} it must lie from {low:g} to {high:g}."
            )
        return family.to_working(shape)

    return _part_or_value(value, "shape", to_working)
