"""Which of the four parameters are estimated, on which covariates, and which are fixed where."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from statmodels_x.core.data.formula import Part, Response, right_side, split_formula
from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.core.findings import warn
from statmodels_x.core.validation import check_choice
from statmodels_x.survival.background.prior import AnyPrior, priors_of
from statmodels_x.survival.background.sources import Source, has_factor, source_of
from statmodels_x.survival.distributions.family import FAMILIES, Family

SCALES = ("aft", "ph")

ANCHOR = "anchor"
"""The value of `other_scale` that fixes it at the middle of the events."""


class Default(str):
    """The value of an argument that was not given, so that it contradicts no distribution."""

    __slots__ = ()


SCALE = Default("ph")
"""The scale of the covariates unless the distribution or the user says otherwise."""

_POWERS = (1e-3, 1e3)  # fixed powers beyond make a step of every curve
_DEFAULTS: Mapping[str, Any] = {"scale": SCALE, "other_scale": ANCHOR, "power": "~ 1", "shape": "~ 1"}
_WEIBULL = math.log(2.0)  # log(kappa + 1) of the Weibull


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
    anchored : str
        Parameter that is fixed at the middle of the events; its value is known once the data are. Empty for none.
    anchor_time : float
        The median event time; NaN before the data are read.
    background : TableMatch, CurvesOfRates or ColumnOfRates, optional
        What kills besides: then the model is one of the excess hazard.
    background_factor : bool
        Whether a factor on the background is estimated.
    prior : tuple of Prior or SurvivalPrior
        What is known of the coefficients besides: then the fit is penalised.
    """

    formula: str
    family: Family
    scale: str
    response: Response
    parts: Mapping[str, Part]
    fixed: Mapping[str, float]
    cure_kind: str = "none"
    anchored: str = ""
    anchor_time: float = math.nan
    background: Source | None = None
    background_factor: bool = False
    prior: tuple[AnyPrior, ...] = ()

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
    def label(self) -> str:
        """The model in one line: the formula, and every other part that is not the default's."""
        said = [self.formula]
        if self.family.name != "apgw":
            said.append(self.family.name)
        if self.scale != SCALE:
            said.append(f"scale {self.scale}")
        for name, part in self.parts.items():
            if name != self.scale and (part.variables or name in ("aft", "ph", "cure")):
                said.append(f"{self.cure_kind if name == 'cure' else name} ~ {part.text}")
        preset = self.family.fixed
        for name, value in self.fixed.items():
            if name not in ("aft", "ph") and name not in preset and self.family.is_compiled:
                natural = math.expm1(value) if name == "shape" else math.exp(value)
                said.append(f"{name} = {natural:g}")
            elif name in ("aft", "ph") and not self.anchored and "other_scale" not in preset:
                said.append(f"other scale = {math.exp(value):g}")
        if self.background is not None:
            said.append(
                f"{'free factor on the ' if self.background_factor else ''}background {self.background!r}"
            )
        if self.prior:
            said.append(f"{len(self.prior)} prior{'s' if len(self.prior) > 1 else ''}")
        return "; ".join(said)

    @property
    def is_weibull(self) -> bool:
        """Whether the baseline is a Weibull's."""
        return self.family.is_compiled and self.fixed.get("shape") == _WEIBULL

    @property
    def has_free_other_scale(self) -> bool:
        """Whether the value of the fixed scale is a mere choice of the intercept's meaning: a Weibull has one scale.

        With covariates on the power that holds for lambda only where phi has an intercept that takes it up.
        """
        power = self.parts.get("power")
        return self.is_weibull and not self.has_both_scales and (power is None or not power.variables)

    @property
    def depends_on_time_unit(self) -> bool:
        """Whether another unit of time gives another model: phi is fixed by a number, and no Weibull hides it."""
        return "aft" not in self.parts and self.anchored != "aft" and not self.has_free_other_scale

    def with_anchor(self, value: float, time: float) -> Specification:
        """Return the model with the anchored parameter's value (on the log scale) and the median event time."""
        return replace(self, fixed={**self.fixed, self.anchored: value}, anchor_time=time)


def specify(
    formula: str,
    distribution: str | Family = "apgw",
    scale: str = SCALE,
    other_scale: str | float | None = ANCHOR,
    power: str | float = "~ 1",
    shape: str | float = "~ 1",
    cure: str | None = None,
    cure_kind: str = "mixture",
    background: Any = None,
    background_factor: str | None = None,
    prior: Any = None,
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
    if other_scale is None:
        other_scale = 1.0
        warn("`other_scale=None` is now written other_scale=1.0.", DeprecationWarning)
    given = {"scale": scale, "other_scale": other_scale, "power": power, "shape": shape}
    options = _apply_preset(family, given)
    scale = str(check_choice("scale", options["scale"], SCALES))
    other = SCALES[1 - SCALES.index(scale)]
    response, main = split_formula(formula)
    found: dict[str, Part | float] = {
        scale: main,
        other: _other_scale(options["other_scale"]),
        "power": _part_or_value(options["power"], "power", _log_power),
        "shape": _shape(options["shape"], family),
    }
    check_choice("cure_kind", cure_kind, ("mixture", "promotion"))
    if cure is not None:
        found["cure"] = _cure_part(cure, found["shape"], family)
    order = ("aft", "ph", "power", "shape", "cure")
    specification = Specification(
        formula,
        family,
        scale,
        response,
        {name: value for name in order if isinstance(value := found.get(name), Part)},
        {name: value for name in order if isinstance(value := found.get(name), float)},
        "none" if cure is None else cure_kind,
        background=(source := source_of(background)),
        background_factor=has_factor(source, background_factor),
        prior=priors_of(prior),
    )
    if options["other_scale"] == ANCHOR and not specification.has_free_other_scale:
        return replace(specification, anchored=other)
    return specification


def _apply_preset(family: Family, given: Mapping[str, Any]) -> dict[str, Any]:
    options = dict(given)
    for name, value in family.fixed.items():
        asked = given[name]
        is_default = type(asked) is type(_DEFAULTS[name]) and asked == _DEFAULTS[name]
        is_plain = asked is None or isinstance(asked, str | Real)  # an array has no truth value
        agrees = is_plain and asked == value and not isinstance(asked, bool)
        frees_scale = name == "other_scale" and (
            (_is_formula(value) and _is_formula(asked)) or (value == ANCHOR and isinstance(asked, Real))
        )
        if not (is_default or agrees or frees_scale):
            raise DataError(
                f'`{name}={asked!r}` contradicts distribution="{family.name}", which fixes {name}={value!r}; '
                f'leave one of the two out (distribution="apgw" takes every value).'
            )
        if not frees_scale:
            options[name] = value
    return options


def _is_formula(value: Any) -> bool:
    return isinstance(value, str) and value != ANCHOR


def _other_scale(value: Any) -> Part | float:
    if isinstance(value, str) and value == ANCHOR:
        return 0.0  # until the data are read
    if _is_formula(value):
        return right_side(value, "other_scale")
    if isinstance(value, bool) or not isinstance(value, Real) or not 0.0 < float(value) < math.inf:
        raise DataError(
            f'`other_scale` is {value!r}; give "anchor" (fixed at the middle of the events), a positive number that '
            "fixes it (1.0: one per unit of time), or a formula such as '~ 1'."
        )
    return math.log(float(value))


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
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    except OverflowError:
        number = math.inf
    if math.isnan(number):
        raise FormulaError(f"`{argument}` is {value!r}; give a formula such as '~ x', or a number to fix it.")
    return to_working(number)


def _log_power(gamma: float) -> float:
    if not 0.0 < gamma < math.inf:
        raise DataError(f"`power` is {gamma:g}; gamma must be positive and finite.")
    low, high = _POWERS
    if not low <= gamma <= high:
        raise DataError(
            f"`power` is {gamma:g}; gamma must lie from {low:g} to {high:g}: beyond, all times are one, or none."
        )
    return math.log(gamma)


def _shape(value: Any, family: Family) -> Part | float:
    if not family.has_shape:
        if not isinstance(value, str | Real) or value != _DEFAULTS["shape"]:
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
