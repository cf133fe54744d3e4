"""The unit of an effect: coefficients per 10 years instead of per year."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.results import coefficient_table
from statmodels_x.core.typing import Array
from statmodels_x.survival.fitted import SurvivalFitted

_SCALED = ["estimate", "std.error", "conf.low", "conf.high"]


def checked_units(fit: SurvivalFitted, per: Mapping[str, float] | None) -> dict[str, float]:
    """Return the units of covariates; DataError where one is no number, or no numeric covariate of the model."""
    if per is None:
        return {}
    if not isinstance(per, Mapping):
        raise DataError(f"`per` is {per!r}; give a mapping of covariates to units, such as {{'age': 10}}.")
    known = {name for _, _, variables, _, _ in fit.terms for name in variables}
    for name, unit in per.items():
        if name not in known:
            raise DataError(f"per: {name!r} is no covariate of this model.")
        if isinstance(unit, bool) or not isinstance(unit, Real) or not math.isfinite(unit) or unit == 0.0:
            raise DataError(f"per: the unit of {name!r} is {unit!r}; give a number, such as 10.")
        kinds = {
            spec.kinds.get(name, "number")
            for spec in fit.design_specs.values()
            if name in spec.part.variables
        }
        if kinds != {"number"} or any(name in spec.levels for spec in fit.design_specs.values()):
            raise DataError(f"per: {name!r} is a category, whose effects have no unit.")
    return {name: float(unit) for name, unit in per.items()}


def multipliers(fit: SurvivalFitted, per: Mapping[str, float] | None) -> Array:
    """Return what each coefficient is multiplied with, for an effect per unit of its covariates.

    Raises
    ------
    DataError
        If a covariate enters through a function, whose coefficients belong to no unit of it.
    """
    units, found, first = checked_units(fit, per), np.ones(len(fit.coefficients)), 0
    offsets = {}
    for parameter, spec in fit.design_specs.items():
        offsets[parameter] = first
        first += len(spec.names)
    for parameter, term, variables, a, b in fit.terms:
        for name in units.keys() & set(variables):
            if name not in term.split(":"):
                raise DataError(
                    f"per: {name!r} enters as {term!r}, whose coefficients have no unit of {name!r}; effects(per=...) "
                    "and predict() compare at values."
                )
            found[offsets[parameter] + a : offsets[parameter] + b] *= units[name]
    return found


def tidy(fit: SurvivalFitted, alpha: float = 0.05, per: Mapping[str, float] | None = None) -> pd.DataFrame:
    """One row per parameter; see :meth:`FlexibleSurvivalResults.tidy`."""
    table = coefficient_table(fit, alpha)
    if per is None:
        return table
    factor = multipliers(fit, per)
    scaled: dict[str, Any] = {name: table[name] * factor for name in _SCALED}
    low, high = scaled["conf.low"], scaled["conf.high"]
    scaled["conf.low"], scaled["conf.high"] = np.minimum(low, high), np.maximum(low, high)
    scaled["std.error"] = scaled["std.error"].abs()
    scaled["statistic"] = table["statistic"] * np.sign(factor)
    return table.assign(**scaled, per=factor)
