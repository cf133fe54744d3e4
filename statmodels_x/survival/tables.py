"""The text of a fit: coefficient tables, the natural scale, and what to beware of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from statmodels_x.core.findings import kinds
from statmodels_x.core.fits.results import coefficient_table, wald_limits
from statmodels_x.core.fits.tables import Block, number, p_value, summary
from statmodels_x.survival.distributions.family import Family
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.specification import Specification

_TITLES = {
    "aft": "aft: log(phi)",
    "ph": "ph: log(lambda)",
    "power": "power: log(gamma)",
    "shape": "shape: log(kappa + 1)",
    "mixture": "cure: logit(cured fraction)",
    "promotion": "cure: log(theta), cured fraction exp(-theta)",
}
_SYMBOLS = {"aft": "phi", "ph": "lambda", "power": "gamma", "shape": "kappa"}


def natural_scale(fit: SurvivalFitted, alpha: float = 0.05) -> pd.DataFrame:
    """Estimates on the natural scale with intervals mapped from the working scale.

    Covariates of the aft part are given as time ratios exp(-coefficient) (times are that many times as long),
    those of the ph part as hazard ratios exp(coefficient), those of the shapes as ratios.
    """
    limits = wald_limits(fit, alpha)
    rows = []
    labels: list[tuple[str, str]] = fit.coefficients.index.to_list()
    for (parameter, term), value, (low, high) in zip(
        labels, fit.coefficients, limits.to_numpy(), strict=True
    ):
        is_level = term in _level_terms(fit, parameter)
        kind = fit.specification.cure_kind if parameter == "cure" else parameter
        if parameter == "shape" and not fit.specification.family.is_compiled:
            rows.append(_own_shape_row(fit.specification.family, is_level, value, low, high))
        else:
            rows.append(_natural_row(kind, is_level, value, low, high))
    return pd.DataFrame(
        rows, index=fit.coefficients.index, columns=["quantity", "estimate", "lower", "upper"]
    )


def _level_terms(fit: SurvivalFitted, parameter: str) -> set[str]:
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


def _natural_row(parameter: str, is_level: bool, value: float, low: float, high: float) -> tuple[Any, ...]:
    with np.errstate(over="ignore"):
        if is_level and parameter == "mixture":
            return ("cured fraction", *expit([value, low, high]))
        if is_level and parameter == "promotion":
            return ("cured fraction", *np.exp(-np.exp([value, high, low])))
        if is_level:
            shift = 1.0 if parameter == "shape" else 0.0
            return (_SYMBOLS[parameter], *(np.exp(x) - shift for x in (value, low, high)))
        if parameter == "aft":
            return ("time ratio", np.exp(-value), np.exp(-high), np.exp(-low))
        name = {
            "ph": "hazard ratio",
            "power": "ratio of gamma",
            "shape": "ratio of kappa + 1",
            "mixture": "odds ratio of cure",
            "promotion": "ratio of theta",
        }[parameter]
        return (name, np.exp(value), np.exp(low), np.exp(high))


def _own_shape_row(family: Family, is_level: bool, value: float, low: float, high: float) -> tuple[Any, ...]:
    """Return the shape of a family that is not a case of the built-in one."""
    if is_level or family.shape_link == "identity":
        name = "shape" if is_level else "difference of shape"
        return (name, *(float(family.to_natural(x)) for x in (value, low, high)))
    added = " + 1" if family.shape_link == "log1p" else ""
    return (f"ratio of shape{added}", np.exp(value), np.exp(low), np.exp(high))


def glance(fit: SurvivalFitted) -> pd.DataFrame:
    """One row of facts about a fit; see :meth:`FlexibleSurvivalResults.glance`."""
    row = {
        "distribution": fit.specification.distribution,
        "scale": "both" if fit.specification.has_both_scales else fit.specification.scale,
        "nobs": fit.nobs,
        "events": fit.n_events,
        "df": fit.df_model,
        "logLik": fit.llf,
        "AIC": fit.aic,
        "AICc": fit.aicc,
        "BIC": fit.bic,
        "converged": fit.converged,
        "regular": fit.is_regular,
        "note": kinds(fit.findings),
    }
    return pd.DataFrame([row])


def summary_tables(fit: SurvivalFitted, alpha: float) -> Any:
    """Build the summary of a fit."""
    blocks = [_coefficient_block(fit, parameter, alpha) for parameter in fit.design_specs]
    blocks.append(_natural_block(fit, alpha))
    return summary("Flexible survival regression", _facts(fit), blocks, _notes(fit))


def _facts(fit: SurvivalFitted) -> list[tuple[str, str]]:
    facts, found = fit.facts, fit.estimate
    response = fit.formula.split("~")[0].strip()
    family = fit.specification.family
    fixed = ", ".join(
        f"{_SYMBOLS[name]} = {np.exp(value) - (name == 'shape'):g}"
        if name != "shape" or family.is_compiled
        else f"shape = {family.to_natural(value):g}"
        for name, value in fit.specification.fixed.items()
        if name != "shape" or family.has_shape
    )
    left = [
        ("Response", response),
        ("Distribution", fit.specification.distribution),
        ("Covariates on", f"{fit.specification.scale} scale"),
        ("Fixed", fixed or "none"),
        ("Covariance", fit.cov_type),
        ("Converged", "yes" if fit.converged else f"NO ({found.optimum.status})"),
        ("Starts at best", f"{found.n_best} of {found.n_starts}"),
    ]
    right = [
        (
            "Observations",
            f"{facts.used}" + (f" (weight {facts.weight:g})" if facts.weight != facts.used else ""),
        ),
        ("Events", str(fit.n_events)),
        ("Dropped rows", str(facts.rows - facts.used)),
        ("Log-likelihood", f"{fit.llf:.4f}"),
        ("AIC", f"{fit.aic:.3f}"),
        ("BIC", f"{fit.bic:.3f}"),
        ("Follow-up", f"{facts.last_time:.4g}" + (f" {facts.time_unit}" if facts.time_unit else "")),
    ]
    return left + right


def _coefficient_block(fit: SurvivalFitted, parameter: str, alpha: float) -> Block:
    table = coefficient_table(fit, alpha)
    table = table[table["parameter"] == parameter]
    low, high = f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"
    cells = [
        [
            number(row["estimate"]),
            number(row["std.error"]),
            number(row["statistic"], 3),
            p_value(row["p.value"]),
            number(row["conf.low"]),
            number(row["conf.high"]),
        ]
        for _, row in table.iterrows()
    ]
    headings = ["coef", "std err", "z", "P>|z|", low, high]
    title = _title(fit.specification, parameter)
    return Block(title, headings, [str(term) for term in table["term"]], cells)


def _natural_block(fit: SurvivalFitted, alpha: float) -> Block:
    table = natural_scale(fit, alpha)
    low, high = f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"
    labels = [f"{parameter} {term}" for parameter, term in table.index]
    cells = [
        [row["quantity"], number(row["estimate"]), number(row["lower"]), number(row["upper"])]
        for _, row in table.iterrows()
    ]
    return Block("Natural scale", ["quantity", "estimate", low, high], labels, cells)


def _notes(fit: SurvivalFitted) -> list[str]:
    notes = [f"Warning: {text}" for text in fit.warnings]
    unit = fit.facts.time_unit
    if fit.specification.depends_on_time_unit:
        notes.append(
            f"phi is fixed at 1 per {_singular(unit) if unit else 'unit of ' + fit.facts.time_name}: the unit of "
            "time is part of this model, and another unit gives another fit."
        )
    if fit.facts.dropped:
        listed = ", ".join(f"{name} ({count})" for name, count in fit.facts.dropped.items())
        notes.append(f"Rows were dropped for missing values or weights of 0: {listed}.")
    usual = ("exact", "right-censored")
    special = [f"{name}: {count}" for name, count in fit.facts.counts.items() if count and name not in usual]
    if special:
        notes.append(f"Rows with {', '.join(special)}.")
    notes += _cure_note(fit)
    return notes


def _title(specification: Specification, parameter: str) -> str:
    if parameter == "shape" and not specification.family.is_compiled:
        links = {"identity": "shape", "log": "shape: log(shape)", "log1p": "shape: log(shape + 1)"}
        return links[specification.family.shape_link]
    return _TITLES[specification.cure_kind if parameter == "cure" else parameter]


def _singular(unit: str) -> str:
    return unit[:-1] if unit.endswith("s") else unit


def _cure_note(fit: SurvivalFitted) -> list[str]:
    """Say that a constant shape below 0 implies a cured fraction, which rests on the end of follow-up."""
    spec = fit.design_specs.get("shape")
    if spec is None or len(spec.names) != 1 or "cure" in fit.design_specs or fit.specification.own_family:
        return []
    kappa = float(np.expm1(fit.coefficients["shape"].iloc[0]))
    if kappa >= 0.0:
        return []
    upper = float(wald_limits(fit).loc["shape", "upper"].iloc[0])
    doubt = "" if upper < 0.0 else " The interval of kappa includes values without any cured fraction."
    unit = f" {fit.facts.time_unit}" if fit.facts.time_unit else ""
    return [
        "kappa < 0: the fitted survival curve ends in a plateau, a cured fraction "
        f"(predict(kind='cure_fraction')). It extrapolates beyond the last event at {fit.facts.last_event:.4g}"
        f"{unit}; compare models before reporting it.{doubt}"
    ]
