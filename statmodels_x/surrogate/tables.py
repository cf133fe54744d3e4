"""The text of a result: estimates, evidence, and what to beware of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statmodels_x.core.fits.tables import Block, number, summary

if TYPE_CHECKING:
    from statmodels_x.surrogate.results import SurrogateResults

_LABELS = {
    "pte": "PTE",
    "delta": "delta",
    "pte_primary": "PTE, primary only",
    "incremental_value": "incremental value",
    "r_s": "R_S",
    "r_t": "R_T, primary only",
    "overlap": "overlap c",
}
_EFFECTS = {"survival": "survival difference", "rmst": "restricted mean"}


def summary_tables(fit: SurrogateResults, alpha: float, kind: str) -> Any:
    """Build the summary of a fit."""
    blocks = [_estimates(fit, alpha, kind), _counts(fit), _conditions(fit)]
    return summary(
        "Proportion of treatment effect explained by a surrogate", _facts(fit), blocks, _notes(fit)
    )


def _time(value: float, unit: str | None) -> str:
    return f"{value:g}" + (f" {unit}" if unit else "")


def _facts(fit: SurrogateResults) -> list[tuple[str, str]]:
    facts, asked = fit.facts, fit.question
    settings = asked.settings
    how = settings.method
    if how == "crossfit":
        how += f" ({settings.n_folds} folds, {settings.n_splits} splits)"
    left = [
        ("Outcome", asked.formula.split("~")[0].strip()),
        ("Surrogate", asked.surrogate),
        ("Effect", _EFFECTS[asked.effect]),
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


def _estimates(fit: SurrogateResults, alpha: float, kind: str) -> Block:
    table = fit.tidy(alpha, kind)
    cells = [
        [number(row[name]) for name in ("estimate", "std.error", "conf.low", "conf.high")]
        for _, row in table.iterrows()
    ]
    headings = ["estimate", "std err", f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"]
    return Block(f"Estimates ({kind} intervals)", headings, [_LABELS[term] for term in table["term"]], cells)


def _counts(fit: SurrogateResults) -> Block:
    counts = fit.diagnostics.counts
    shown = counts if fit.facts.weighted else counts.drop(index="effective subjects")
    cells = [[f"{value:.1f}".removesuffix(".0") for value in row] for row in shown.to_numpy()]
    return Block("Subjects", ["treated", "control"], list(shown.index), cells)


def _conditions(fit: SurrogateResults) -> Block:
    table = fit.diagnostics.conditions
    cells = [
        [number(row["estimate"]), number(row["std_error"]), number(row["z"], 2), row["verdict"]]
        for _, row in table.iterrows()
    ]
    return Block("Conditions for 0 <= PTE <= 1 (each >= 0)", ["estimate", "std err", "z", "verdict"],
                 list(table.index), cells)  # fmt: skip


def _notes(fit: SurrogateResults) -> list[str]:
    notes = [f"Warning: {text}" for text in fit.warnings]
    if fit.facts.dropped:
        listed = ", ".join(f"{name} ({count})" for name, count in fit.facts.dropped.items())
        notes.append(f"Rows were left out: {listed}.")
    constraint: pd.Series = fit.diagnostics.constraint
    if np.isfinite(constraint["std_error"]) and fit.question.settings.method != "full":
        notes.append(
            f"Constraint on held-out data: E_0[g] = {number(constraint['estimate'])}, to be "
            f"{number(constraint['target'])} (difference {number(constraint['difference'])}, standard error "
            f"{number(constraint['std_error'])})."
        )
    notes.append(
        "overlap c is 1 where the surrogate laws of the arms' survivors agree; PTE tends to 1 as they separate. "
        "R_S uses the same information without that dependence."
    )
    return notes
