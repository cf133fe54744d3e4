"""The text of a fit: coefficient tables, the natural scale, and what to beware of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.formula import typed_term
from statmodels_x.core.findings import kinds
from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.results import wald_limits
from statmodels_x.core.fits.tables import p_value, statistic, summary, together
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.fitting.outside import Outside
from statmodels_x.survival.inference.effects import NOT_REACHED, Effects, is_widened_to_ph
from statmodels_x.survival.inference.hypotheses import joint_test
from statmodels_x.survival.inference.naming import uses_of
from statmodels_x.survival.inference.natural import SYMBOLS, level_terms, natural_scale
from statmodels_x.survival.inference.units import tidy
from statmodels_x.survival.specification import Specification

_TITLES = {
    "aft": "aft: log(phi)",
    "ph": "ph: log(lambda)",
    "power": "power: log(gamma)",
    "shape": "shape: log(kappa + 1)",
    "mixture": "cure: logit(cured fraction)",
    "promotion": "cure: log(theta), cured fraction exp(-theta)",
    "background": "background: log(factor)",
}


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
        "starts": f"{fit.estimate.n_best}/{fit.estimate.n_starts}",
        "ridge": max((value - fit.llf_penalised for value, _ in fit.estimate.rejected), default=np.nan),
        "note": kinds(fit.findings),
    }
    if fit.specification.background is not None:
        row["expected"] = fit.facts.expected if fit.specification.background.has_integral else np.nan
    if fit.outside is not None:
        own = fit.outside
        row |= {"counted": own.persons, "counted_events": own.deaths, "df_effective": fit.n_criterion}
        row["logLik_penalised"] = fit.llf_penalised
    return pd.DataFrame([row])


def summary_tables(
    fit: SurvivalFitted,
    alpha: float,
    effects: Effects | None = None,
    per: Mapping[str, float] | None = None,
) -> Any:
    """Build the summary of a fit."""
    table = tidy(fit, alpha, per)
    labels = _labels(table)
    factor = ["background"] if fit.specification.background_factor else []
    blocks = [
        _coefficient_block(fit, parameter, alpha, table, labels) for parameter in (*fit.design_specs, *factor)
    ]
    blocks.append(_natural_block(fit, alpha, per, labels))
    joint = _joint_block(fit)
    blocks += [joint] if joint else []
    notes = _notes(fit)
    if effects is not None:
        if len(effects.table):
            blocks.append(_effects_block(effects, fit.facts.time_unit))
            notes.append(_effects_note(fit, effects))
        notes += _pointer_notes(effects, fit.llf, fit.specification)
    return summary("Flexible survival regression", _facts(fit, effects), blocks, notes)


def _labels(table: pd.DataFrame) -> list[str]:
    """Terms, with the unit of the effect where it is not that of the data."""
    units = table["per"] if "per" in table else pd.Series(1.0, table.index)
    return [
        str(term) if unit == 1.0 else f"{term} (per {unit:g})"
        for term, unit in zip(table["term"], units, strict=True)
    ]


def _clusters(fit: SurvivalFitted) -> str:
    """Say how many clusters there are, and the degrees of freedom that they leave."""
    if not fit.facts.clusters:
        return ""
    df = np.array(fit.reference.each)
    spread = f", df {np.nanmin(df):.1f} to {np.nanmax(df):.1f}" if np.isfinite(df).any() else ""
    return f", {fit.facts.clusters} clusters{spread}"


def _joint_block(fit: SurvivalFitted) -> Block | None:
    """Test each variable that acts on several parameters: no single row does."""
    rows = []
    for name, uses in uses_of(fit).items():
        if len({use.parameter for use in uses}) > 1:
            terms = [(use.parameter, use.term) for use in uses]
            test = joint_test(fit, terms)
            rows.append((name, ", ".join(dict.fromkeys(use.parameter for use in uses)), test))
    if not rows:
        return None
    cells = [
        [on, statistic(test["statistic"]), f"{test['df']:g}", p_value(test["p.value"])]
        for _, on, test in rows
    ]
    return Block("Joint tests", ["acts on", "statistic", "df", "p"], [name for name, _, _ in rows], cells)


def _effects_block(effects: Effects, unit: str | None) -> Block:
    def interval(row: Any, prefix: str) -> str:
        if row["note"]:
            return row["note"] if not prefix else "-"
        return interval_text(*(row[f"{prefix}{name}"] for name in ("estimate", "lower", "upper")))

    table = effects.table if "note" in effects.table else effects.table.assign(note="")
    cells = [
        [row["quantity"], interval(row, ""), interval(row, "wide_"), "moves" if row["moves"] else ""]
        for _, row in table.iterrows()
    ]
    headings = ["difference of", "this model", "wider model", ""]
    title = "Effects, averaged over the rows" + (f" (times in {unit})" if unit else "")
    return Block(title, headings, list(table["effect"]), cells)


def _effects_note(fit: SurvivalFitted, effects: Effects) -> str:
    """Say at which time, and between which values, effects are taken."""
    unit = f" {fit.facts.time_unit}" if fit.facts.time_unit else ""
    text = (
        f"Effects are taken at {effects.horizon:g}{unit}, the 90 % point of the observed times rounded down; "
        f'effects(at=...) takes another time. The "mean time to {effects.horizon:g}" is the restricted mean survival '
        "time (RMST)."
    )
    if effects.between_quartiles:
        text += f" Compared between their quartiles: {', '.join(effects.between_quartiles)}."
    return text


def interval_text(value: float, low: float, high: float) -> str:
    """Write an estimate with its interval, to three significant digits of the interval's half length."""
    if np.isnan(value):
        return "-"
    shown, lower, upper = together([value, low, high], 0.5 * (high - low))
    return f"{shown} ({lower} to {upper})"


def _pointer_notes(effects: Effects, own: float, model: Specification) -> list[str]:
    notes = []
    table = effects.pointers
    if "parameter" not in table:  # of a file of an earlier snapshot
        table = table.assign(parameter="power", note="")
    for _, row in table[table["holm"] < 0.05].iterrows():
        term = typed_term(model.parts[model.scale], row["term"])
        notes.append(
            f"{row['term']} may act on the {row['parameter']}, too: score test {row['statistic']:.1f} on {row['df']:g} "
            f'df, p {row["p.value"]:.2g} (Holm {row["holm"]:.2g}); try {row["parameter"]}="~ {term}".'
        )
    lost = table[table["note"] != ""]
    if len(lost):
        listed = ", ".join(f"{row['term']} on the {row['parameter']}" for _, row in lost.iterrows())
        notes.append(f"Score tests that these data cannot give: {listed}.")
    if effects.table["wide_estimate"].notna().any():
        form = "proportional hazards" if is_widened_to_ph(model) else "this model"
        notes.append(
            f"Wider model: {form}, with the covariate on the power, too, so that its hazard ratio may change over time."
        )
    if effects.table["moves"].any():
        notes[-1] += " An effect marked 'moves' depends on the form of the model: report both columns."
    scale, value = effects.other_scale
    if not np.isnan(value):
        notes.append(
            f'The model with scale="{scale}" and as many parameters has a log-likelihood of {value:.3f}, this one of '
            f"{own:.3f}. Effects of the two can differ much even if these differ little: compare their effects()."
        )
    return notes


def _facts(fit: SurvivalFitted, effects: Effects | None = None) -> list[tuple[str, str]]:
    facts, found = fit.facts, fit.estimate
    response = fit.formula.split("~")[0].strip()
    family = fit.specification.family
    fixed = ", ".join(
        _fixed_value(fit.specification, name, value)
        for name, value in fit.specification.fixed.items()
        if name != "shape" or family.has_shape
    )
    left = [
        ("Response", response),
        ("Distribution", fit.specification.distribution),
        (
            "Covariates on",
            ", ".join(name for name, part in fit.specification.parts.items() if part.variables) or "none",
        ),
        ("Fixed", fixed or "none"),
        ("Covariance", _covariance(fit)),
        ("Converged", "yes" if fit.converged else f"NO ({found.optimum.status})"),
        ("Starts at best", f"{found.n_best} of {found.n_starts}"),
    ]
    own = fit.outside if fit.outside and fit.outside.counts else None
    each = f"{fit.n_events} ({fit.n_events / max(fit.df_model, 1):.1f} per parameter)"
    penalised = f" (penalised {fit.llf_penalised:.4f})" if fit.specification.prior else ""
    right = [
        (
            "Observations",
            f"{fit.nobs:,}, {own.persons:,.10g} of them counted"
            if own
            else f"{facts.used}" + (f" (weight {facts.weight:g})" if facts.weight != facts.used else ""),
        ),
        ("Events", f"{fit.n_events:,}, {own.deaths:,.10g} of them counted" if own else each),
        ("Dropped rows", str(facts.rows - facts.used)),
        ("Log-likelihood", f"{fit.llf:.4f}" + penalised),
        ("AIC", f"{fit.aic:.3f}"),
        ("BIC", f"{fit.bic:.3f}"),
        ("Longest follow-up", f"{facts.last_time:.4g}" + (f" {facts.time_unit}" if facts.time_unit else "")),
    ]
    if effects is not None and effects.median is not None:
        shown, unit = interval_text(*effects.median), f" {facts.time_unit}" if facts.time_unit else ""
        left.append(("Median, all rows", NOT_REACHED if shown == "-" else shown + unit))
    return left + right


def _covariance(fit: SurvivalFitted) -> str:
    return "penalised information" if fit.specification.prior else fit.cov_type + _clusters(fit)


def _fixed_value(specification: Specification, name: str, value: float) -> str:
    if name == "shape" and not specification.family.is_compiled:
        return f"shape = {specification.family.to_natural(value):g}"
    if name == specification.anchored:
        return (
            f"{SYMBOLS[name]} = 1/{1.0 / np.exp(value):.4g}"
            if name == "aft"
            else f"lambda = {np.exp(value):.4g}"
        )
    return f"{SYMBOLS[name]} = {np.exp(value) - (name == 'shape'):g}"


def _anchor_note(fit: SurvivalFitted) -> list[str]:
    """Say where the anchored scale is fixed."""
    name, unit = fit.specification.anchored, fit.facts.time_unit
    if not name:
        return []
    middle = f"{fit.specification.anchor_time:.4g}{' ' + unit if unit else ''}"
    if name == "aft":
        return [
            f"phi is fixed at 1/({middle}), the inverse of the median event time, so that the model does not depend "
            "on the unit of time."
        ]
    value = np.exp(fit.specification.fixed[name])
    if fit.specification.cure_kind != "none":
        how = "so that half of the uncured have had the event"
    else:
        how = "the Nelson-Aalen estimate"
    return [f"lambda is fixed at {value:.4g}, {how} at the median event time, {middle}."]


def _coefficient_block(
    fit: SurvivalFitted, parameter: str, alpha: float, table: pd.DataFrame, labels: list[str]
) -> Block:
    low, high = f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"
    own, cells = [], []
    for label, (_, row) in zip(labels, table.iterrows(), strict=True):
        if row["parameter"] != parameter:
            continue
        error = row["std.error"]
        value, shown, lower, upper = together(
            [row["estimate"], error, row["conf.low"], row["conf.high"]], error
        )
        own.append(label)
        cells.append([value, shown, statistic(row["statistic"]), p_value(row["p.value"]), lower, upper])
    if parameter == fit.specification.scale:
        for name, level, _ in fit.facts.aside:
            own.append(f"{name}[{level}], no event")
            cells.append(["-inf", "nan", "nan", "nan", "nan", "nan"])
    letter = fit.reference.letter
    headings = ["coef", "std err", letter, f"P>|{letter}|", low, high]
    return Block(_title(fit.specification, parameter), headings, own, cells)


def _natural_block(
    fit: SurvivalFitted, alpha: float, per: Mapping[str, float] | None, terms: list[str]
) -> Block:
    table = natural_scale(fit, alpha, per)
    low, high = f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"
    labels = [f"{parameter} {term}" for (parameter, _), term in zip(table.index, terms, strict=True)]
    cells = [
        [row["quantity"], *_natural_numbers(row["estimate"], row["lower"], row["upper"])]
        for _, row in table.iterrows()
    ]
    return Block("Natural scale", ["quantity", "estimate", low, high], labels, cells)


def _natural_numbers(value: float, low: float, high: float) -> list[str]:
    """Format a ratio: where its limits are far apart each number has digits of its own."""
    if low > 0.0 and high > 10.0 * low:
        return [together([one], abs(one))[0] for one in (value, low, high)]
    return together([value, low, high], 0.5 * (high - low))


def _notes(fit: SurvivalFitted) -> list[str]:
    notes = [f"Warning: {text}" for text in fit.warnings]
    notes += [*_reference_note(fit), *_sign_note(fit), *_anchor_note(fit)]
    unit = fit.facts.time_unit
    if fit.specification.depends_on_time_unit:
        one = _singular(unit) if unit else f"unit of {fit.facts.time_name}"
        notes.append(
            f"phi is fixed at 1 per {one}: this model depends on the unit of time, and another unit gives another fit."
        )
    if fit.facts.dropped:
        listed = ", ".join(f"{name} ({count})" for name, count in fit.facts.dropped.items())
        notes.append(f"Rows were dropped for missing values or weights of 0: {listed}.")
    usual = ("exact", "right-censored")
    special = [f"{name}: {count}" for name, count in fit.facts.counts.items() if count and name not in usual]
    if special:
        notes.append(f"Rows with {', '.join(special)}.")
    return [*notes, *_background_note(fit), *_count_note(fit), *_prior_note(fit), *_cure_note(fit)]


def _reference_note(fit: SurvivalFitted) -> list[str]:
    """Name the level that each category is compared with: of text it is the first of the alphabet.

    From names alone: a loaded result prints its summary without the formula library.
    """
    found: dict[str, str] = {}
    for parameter, _, variables, first, last in fit.terms:
        columns = fit.design_specs[parameter].names[first:last]
        told = [column.rsplit("[T.", 1)[1][:-1] for column in columns if "[T." in column]
        if len(variables) == 1 and variables[0] not in found and told and len(told) == len(columns):
            left = [str(level) for level in fit.facts.levels.get(variables[0], ()) if str(level) not in told]
            found |= {variables[0]: left[0]} if len(left) == 1 else {}
    if not found:
        return []
    listed = ", ".join(f"{name} = {level}" for name, level in found.items())
    return [f"Reference level{'s' if len(found) > 1 else ''}: {listed}."]


def _sign_note(fit: SurvivalFitted) -> list[str]:
    """Say how a coefficient of the accelerated scale becomes a time ratio: R's programs have the other sign."""
    spec = fit.design_specs.get("aft")
    if spec is None or not set(spec.names) - level_terms(fit, "aft"):
        return []
    return [
        "Coefficients of covariates on aft are on log(phi), the speed of time: above 0 they shorten times. A time "
        "ratio is exp(-coef). R's survreg and flexsurvreg have the opposite sign."
    ]


def _count_note(fit: SurvivalFitted) -> list[str]:
    """Say what the counts are, and their part of the log-likelihood."""
    own = fit.outside
    if own is None or not own.counts:
        return []
    unit = f" {fit.facts.time_unit}" if fit.facts.time_unit else ""
    expected = f", {own.expected:,.1f} expected from the background" if own.expected else ""
    text = (
        f"{own.counts} external count{'s' if own.counts > 1 else ''}, {own.first:g} to {own.last:g}{unit}: "
        f"{own.deaths:,.10g} events among {own.persons:,.10g} at risk{expected}. They are {own.llf_counts:.4f} of the "
        f"log-likelihood, the rows {own.llf_trial:.4f}, without the binomial constant ({own.constant:.4f}); BIC counts "
        f"rows and persons at risk.{_agreement(own)}"
    )
    return [text]


def _agreement(own: Outside) -> str:
    if not own.df:
        return ""
    return f" Score test that rows and counts agree: {own.statistic:.2f} on {own.df} df, p {p_value(own.p_value)}."


def _prior_note(fit: SurvivalFitted) -> list[str]:
    """Say what a penalised fit is, and list the priors."""
    if not fit.specification.prior:
        return []
    listed = "; ".join(prior.text for prior in fit.specification.prior)
    return [
        f"Penalised by priors ({listed}): estimates are the mode of likelihood times priors, standard errors are from "
        "the information of both, and p-values and intervals hold the priors as well as the data. AIC and BIC count "
        f"{fit.n_criterion:.2f} parameters, the part of {fit.df_model} that the data determine."
    ]


def _background_note(fit: SurvivalFitted) -> list[str]:
    """Say what the coefficients of a model with a background are, and what its log-likelihood can be compared with."""
    source, facts = fit.specification.background, fit.facts
    if source is None:
        return []
    text = "The coefficients act on the excess hazard; predictions without a further word are all-cause."
    if source.has_integral:
        events = f"{facts.events:,} events, {facts.expected:.1f} expected from the background"
        return [f"{events} ({source!r}). {text}"]
    return [
        f"{text} The log-likelihood stands without the integral of the background, which is not known: compare it with "
        "fits of the same background alone."
    ]


def _title(specification: Specification, parameter: str) -> str:
    if parameter == "shape" and not specification.family.is_compiled:
        links = {"identity": "shape", "log": "shape: log(shape)", "log1p": "shape: log(shape + 1)"}
        return links[specification.family.shape_link]
    return _TITLES[specification.cure_kind if parameter == "cure" else parameter]


def _singular(unit: str) -> str:
    return unit[:-1] if unit.endswith("s") else unit


def _seen_to(fit: SurvivalFitted) -> str:
    counted = fit.outside.last if fit.outside else 0.0
    if counted > fit.facts.last_event:
        return f"the last count at {counted:.4g}"
    return f"the last event at {fit.facts.last_event:.4g}"


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
        f"(predict(kind='cure_fraction')). It extrapolates beyond {_seen_to(fit)}{unit}; compare models "
        f"before reporting it.{doubt}"
    ]
