"""The text of a result: estimates, evidence, and what to beware of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.model_frame import counts_text
from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.tables import number, statistic, summary, together
from statmodels_x.surrogate.fitted import SurrogateFitted
from statmodels_x.surrogate.inference.selection import proportion_given_shown

_LABELS = {
    "pte": "PTE",
    "delta": "delta",
    "pte_primary": "PTE, primary only",
    "incremental_value": "incremental value",
    "r_s": "R_S",
    "r_t": "R_T, primary only",
    "overlap": "imbalance (1: none)",
}
METHODS = {"fieller": "Fieller", "normal": "normal", "quantile": "quantiles of perturbations"}
SURE_EFFECT = 4.0
EFFECTS = {"survival": "survival difference", "rmst": "restricted mean"}


def pte_summary(fit: SurrogateFitted, estimates: pd.DataFrame, alpha: float, method: str) -> Any:
    """Build the summary of a fit with its tidy estimates."""
    block = estimate_block(estimates, _LABELS, alpha, title_of_estimates(alpha, method))
    title = "Proportion of treatment effect explained by a surrogate"
    return summary(title, _facts(fit), [block, _counts(fit), _conditions(fit)], _notes(fit))


def _time(value: float, unit: str | None) -> str:
    return f"{value:g}" + (f" {unit}" if unit else "")


def _facts(fit: SurrogateFitted) -> list[tuple[str, str]]:
    facts, asked = fit.facts, fit.question
    settings = asked.settings
    how = settings.method
    if how == "crossfit":
        how += f" ({settings.n_folds} folds, {settings.n_splits} splits)"
    left = [
        ("Outcome", asked.formula.split("~")[0].strip()),
        ("Surrogate", asked.surrogate),
        ("Effect", EFFECTS[asked.effect]),
        ("Time t", _time(asked.at, facts.time_unit)),
        ("Landmark t0", _time(asked.landmark, facts.time_unit)),
        ("Method", how),
    ]
    right = [
        ("Treated", facts.treated),
        ("Control", facts.control),
        ("Subjects", str(facts.used)),
        ("Dropped rows", str(facts.rows - facts.used)),
        ("Perturbations", str(asked.n_perturb)),
        ("Weights", facts.weighted or "none"),
    ]
    if facts.strata > 1 or facts.clusters is not None:
        left.append(("Strata", str(facts.strata)))
        right.append(("Clusters", "none" if facts.clusters is None else str(facts.clusters)))
    return left + right


def estimate_block(estimates: pd.DataFrame, labels: Mapping[str, str], alpha: float, title: str) -> Block:
    """Build the table of estimates from a tidy frame."""
    cells = [
        together([row[name] for name in ("estimate", "std.error", "conf.low", "conf.high")], row["std.error"])
        for _, row in estimates.iterrows()
    ]
    headings = ["estimate", "std err", f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"]
    return Block(title, headings, [labels[term] for term in estimates["term"]], cells)


def title_of_estimates(alpha: float, method: str) -> str:
    """Say what the intervals beside the estimates are."""
    return f"Estimates ({1 - alpha:.4g} intervals: {METHODS[method]})"


def _counts(fit: SurrogateFitted) -> Block:
    counts = fit.evidence.counts
    shown = counts if fit.facts.weighted else counts.drop(index="effective subjects")
    cells = [[f"{value:.1f}".removesuffix(".0") for value in row] for row in shown.to_numpy()]
    return Block("Subjects", ["treated", "control"], list(shown.index), cells)


def _conditions(fit: SurrogateFitted) -> Block:
    table = fit.evidence.conditions
    cells = [
        [
            *together([row["estimate"], row["std_error"]], row["std_error"]),
            statistic(row["z"]),
            row["verdict"],
        ]
        for _, row in table.iterrows()
    ]
    title = "Conditions for 0 <= PTE <= 1 (each >= 0, in the direction of the effect)"
    return Block(title, ["estimate", "std err", "z", "verdict"], list(table.index), cells)


def _notes(fit: SurrogateFitted) -> list[str]:
    notes = [f"Warning: {finding}" if finding.category else str(finding) for finding in fit.findings]
    if fit.is_defined and abs(fit.tvalues["delta"]) < SURE_EFFECT:
        notes.append(
            f"PTE is reported only if the effect differs from 0; here it does by {abs(fit.tvalues['delta']):.1f} "
            "standard errors. In trials so close to the margin PTE is too small on average. The estimate that allows "
            f"for this is {number(proportion_given_shown(fit.inference))} (`pte_given_shown`): report both."
        )
    if fit.is_defined and fit.inference.is_corrected:
        notes.append(
            "PTE and the other ratios are corrected for bias with variances from the perturbations, so that they move "
            f"a little with n_perturb and seed. Without the correction PTE is {number(fit.raw_ratio)} (`raw_ratio`)."
        )
    if "not clear" in fit.evidence.conditions["verdict"].to_numpy():
        notes.append(
            '"not clear": these data do not tell whether the condition holds, and so whether the true PTE lies '
            "between 0 and 1. The estimate and its interval do not rest on it."
        )
    if fit.facts.dropped:
        notes.append(f"Rows were left out: {counts_text(fit.facts.dropped)}.")
    constraint: pd.Series = fit.evidence.constraint
    if np.isfinite(constraint["std_error"]) and fit.question.settings.method != "full":
        notes.append(
            f"Constraint on held-out data: E_0[g] = {number(constraint['estimate'])}, and should be "
            f"{number(constraint['target'])} (difference {number(constraint['difference'])}, standard error "
            f"{number(constraint['std_error'])})."
        )
    notes.append(
        "The imbalance is 1 if the survivors of both arms have the same distribution of surrogate times. PTE tends to "
        "1 as the distributions separate. R_S uses the same information, and does not depend on the imbalance."
    )
    return notes


def pte_glance(fit: SurrogateFitted) -> pd.DataFrame:
    """One row about a fit."""
    asked, early, params = fit.question, fit.evidence.counts.loc["early events"], fit.params
    return pd.DataFrame(
        {
            "at": [asked.at],
            "landmark": [asked.landmark],
            "effect": [asked.effect],
            "method": [asked.settings.method],
            "nobs": [fit.nobs],
            "deaths": [sum(fit.facts.deaths.values())],
            "early.treated": [int(early["treated"])],
            "early.control": [int(early["control"])],
            "pte": [params["pte"]],
            "delta": [params["delta"]],
            "overlap": [params["overlap"]],
            "n.perturb": [asked.n_perturb],
            "defined": [fit.is_defined],
            "note": [fit.warnings[0] if fit.warnings else ""],
        }
    )
