"""Estimates on the natural scale, under names that are true of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from statmodels_x.survival.distributions.family import Family
from statmodels_x.survival.distributions.parameters import FACTOR
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.naming import NAMELESS, ratio_name
from statmodels_x.survival.inference.units import tidy

SYMBOLS = {"aft": "phi", "ph": "lambda", "power": "gamma", "shape": "kappa"}


def natural_scale(
    fit: SurvivalFitted, alpha: float = 0.05, per: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Estimates on the natural scale with intervals mapped from the working scale.

    Each covariate's row has the name that is true of it (:func:`~statmodels_x.survival.inference.naming.ratio_name`);
    where the exponential of a coefficient has no meaning by itself the name is ``"-"`` and there is no number.
    """
    table = tidy(fit, alpha, per)
    rows: list[tuple[Any, ...]] = []
    net = "net " if fit.specification.background is not None else ""
    labels: list[tuple[str, str]] = fit.coefficients.index.to_list()
    for (parameter, term), value, (low, high) in zip(
        labels, table["estimate"], table[["conf.low", "conf.high"]].to_numpy(), strict=True
    ):
        if (parameter, term) == FACTOR:
            rows.append(("factor on the background", *np.exp([value, low, high])))
            continue
        is_level = term in level_terms(fit, parameter)
        kind = fit.specification.cure_kind if parameter == "cure" else parameter
        if parameter == "shape" and not fit.specification.family.is_compiled:
            rows.append(_own_shape_row(fit.specification.family, is_level, value, low, high))
        elif is_level:
            name, *numbers = _level_row(kind, value, low, high)
            rows.append((f"{net}{name}" if parameter == "cure" else name, *numbers))
        else:
            rows.append(_ratio_row(ratio_name(fit, parameter, term), parameter, value, low, high))
    return pd.DataFrame(
        rows, index=fit.coefficients.index, columns=["quantity", "estimate", "lower", "upper"]
    )


def level_terms(fit: SurvivalFitted, parameter: str) -> set[str]:
    """Columns whose coefficient is a level of the parameter: the intercept, or the groups where there is none."""
    spec = fit.design_specs[parameter]
    if "Intercept" in spec.names:
        return {"Intercept"}
    levels: set[str] = set()
    for part in spec.model_spec.structure:
        factors = [factor for term in part.scoped_terms for factor in term.factors]
        if len(factors) == 1 and not factors[0].reduced:
            kind = spec.model_spec.encoder_state[factors[0].factor.expr][0]
            levels.update(str(name) for name in part.columns if kind.value == "categorical")
    return levels


def reference_level(fit: SurvivalFitted, parameter: str, term: str) -> str | None:
    """Level that a treatment-coded column is compared with; None for a column of another kind."""
    model_spec = fit.design_specs[parameter].model_spec
    for part in model_spec.structure:
        factors = [factor for scoped in part.scoped_terms for factor in scoped.factors]
        if term not in part.columns or len(factors) != 1:
            continue
        expression = factors[0].factor.expr
        levels = model_spec.encoder_state[expression][1].get("categories", ())
        names = {f"{expression}[T.{level}]": str(level) for level in levels}
        left = [level for name, level in names.items() if name not in part.columns]
        if term in names and len(left) == 1:
            return left[0]
    return None


def _level_row(parameter: str, value: float, low: float, high: float) -> tuple[Any, ...]:
    with np.errstate(over="ignore"):
        if parameter == "mixture":
            return ("cured fraction", *expit([value, low, high]))
        if parameter == "promotion":
            return ("cured fraction", *np.exp(-np.exp([value, high, low])))
        shift = 1.0 if parameter == "shape" else 0.0
        return (SYMBOLS[parameter], *(np.exp(x) - shift for x in (value, low, high)))


def _ratio_row(name: str, parameter: str, value: float, low: float, high: float) -> tuple[Any, ...]:
    if name == NAMELESS:
        return (name, np.nan, np.nan, np.nan)
    with np.errstate(over="ignore"):
        if parameter == "aft":
            return (name, np.exp(-value), np.exp(-high), np.exp(-low))
        return (name, np.exp(value), np.exp(low), np.exp(high))


def _own_shape_row(family: Family, is_level: bool, value: float, low: float, high: float) -> tuple[Any, ...]:
    """Return the shape of a family that is not a case of the built-in one."""
    if is_level or family.shape_link == "identity":
        name = "shape" if is_level else "difference of shape"
        return (name, *(float(family.to_natural(x)) for x in (value, low, high)))
    added = " + 1" if family.shape_link == "log1p" else ""
    return (f"ratio of shape{added}", np.exp(value), np.exp(low), np.exp(high))
