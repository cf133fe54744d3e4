"""The models of a search -> frames, and the text of its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from statmodels_x.core.findings import kinds
from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.results import wald_limits
from statmodels_x.core.fits.tables import FitSummary as Summary
from statmodels_x.core.fits.tables import number, statistic, summary
from statmodels_x.core.validation import check_alpha
from statmodels_x.survival.selection.fitted import SelectionFitted
from statmodels_x.survival.selection.groups import Candidates
from statmodels_x.survival.selection.path import Path
from statmodels_x.survival.selection.space import Space, Submodel

SHOWN_SETS = 10
NOT_DISTINGUISHED = 2.0


def candidate_table(
    candidates: Candidates, best: Submodel, neighbours: Mapping[int, Submodel]
) -> pd.DataFrame:
    """One row for each parameter and term: whether it is in, and what putting it in or out would change."""
    rows = []
    for k, group in enumerate(candidates.groups):
        change = neighbours[k].criterion - best.criterion if k in neighbours else np.nan
        for (parameter, term), (_, own) in zip(group.members, group.blocks, strict=True):
            rows.append((parameter, term, len(own), k in best.chosen, group.kept, change))
    return pd.DataFrame(rows, columns=["parameter", "term", "df", "selected", "kept", "change"])


def set_table(space: Space, parameters: Sequence[str], most: int = SHOWN_SETS) -> pd.DataFrame:
    """List the best sets that were seen, with their terms by parameter."""
    ranked = sorted(
        (fit for fit in space.fits.values() if np.isfinite(fit.criterion)), key=lambda fit: fit.criterion
    )[:most]
    rows = []
    for fit in ranked:
        row = {
            "criterion": fit.criterion,
            "delta": fit.criterion - ranked[0].criterion,
            "logLik": fit.value,
            "df": len(space.candidates.columns(fit.chosen)),
        }
        rows.append(
            row
            | {name: " + ".join(terms_of(space.candidates, fit.chosen, name)) or "1" for name in parameters}
        )
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="rank"))


def terms_of(candidates: Candidates, chosen: frozenset[int], parameter: str) -> list[str]:
    """Terms of one parameter in a set."""
    members = (member for k in sorted(chosen) for member in candidates.groups[k].members)
    return [term for own, term in members if own == parameter]


def path_table(space: Space, path: Path | None) -> pd.DataFrame:
    """One row for each step of the path and each candidate."""
    columns = ["epsilon", "parameter", "term", "size"]
    if path is None:
        return pd.DataFrame({name: [] for name in columns})
    rows = [
        (epsilon, parameter, term, size)
        for epsilon, sizes in zip(path.epsilon, path.sizes, strict=True)
        for k, size in zip(space.free, sizes, strict=True)
        for parameter, term in space.candidates.groups[k].members
    ]
    return pd.DataFrame(rows, columns=columns)


def summary_tables(choice: SelectionFitted, alpha: float, call: str) -> Summary:
    """Build the summary of a search."""
    check_alpha(alpha)
    best = choice.best
    title = f"Which covariates act on which parameter, {best.selection.label}"
    blocks = [_candidate_block(choice), _set_block(choice), _estimate_block(choice, alpha)]
    if len(choice.frames["dropped"]):
        blocks.append(_dropped_block(choice))
    return summary(title, _facts(choice), blocks, [f"The chosen model: {call}.", *_notes(choice)])


def glance(choice: SelectionFitted) -> pd.DataFrame:
    """One row of facts; see :meth:`SelectionResults.glance`."""
    best, facts = choice.best, choice.facts
    row = {
        "nobs": choice.nobs,
        "events": best.n_events,
        "candidates": best.selection.candidates,
        "selected": best.selection.selected,
        "kept": best.selection.kept,
        "criterion": facts.criterion,
        "value": facts.value,
        "logLik": best.llf,
        "df": best.df_model,
        "models": facts.n_models,
        "method": facts.method,
        "note": kinds(choice.findings),
    }
    return pd.DataFrame([row])


def _facts(choice: SelectionFitted) -> list[tuple[str, str]]:
    facts, best = choice.facts, choice.best
    ends = {way: f"{value:.3f}" for way, value in facts.ends.items()}
    left = [
        ("Response", best.formula.partition("~")[0].strip()),
        ("Candidates", f"{best.selection.candidates} ({facts.coefficients} coefficients)"),
        (
            "Selected",
            f"{best.selection.selected}" + (f" + {best.selection.kept} kept" if best.selection.kept else ""),
        ),
        ("Fits of models", str(facts.n_models)),
        ("Found by", " and ".join(facts.found_by)),
    ]
    right = [
        ("Observations", str(choice.nobs)),
        ("Events", f"{best.n_events} ({best.n_events / max(facts.coefficients, 1):.1f} a coefficient)"),
        ("Rows left out", str(facts.n_rows - facts.n_used)),
        (f"{facts.criterion}, price {facts.lam:.3f}", f"{facts.value:.3f}"),
        ("Ends", ", ".join(f"{way} {value}" for way, value in ends.items())),
    ]
    return left + right


def _candidate_block(choice: SelectionFitted) -> Block:
    table = choice.frames["candidates"]
    cells = [
        [
            f"{row['df']}",
            "kept" if row["kept"] else "selected" if row["selected"] else "",
            "-" if np.isnan(row["change"]) else statistic(row["change"]),
        ]
        for _, row in table.iterrows()
    ]
    labels = [f"{row['parameter']} {row['term']}" for _, row in table.iterrows()]
    return Block("Candidates", ["df", "", f"{choice.facts.criterion} if changed"], labels, cells)


def _set_block(choice: SelectionFitted) -> Block:
    table = choice.frames["table"]
    parameters = list(table.columns[4:])
    cells = [
        [statistic(row["delta"]), f"{row['df']}", *(_short(row[name]) for name in parameters)]
        for _, row in table.iterrows()
    ]
    return Block(
        "The best sets seen", ["difference", "df", *parameters], [str(k) for k in table.index], cells
    )


def _short(terms: str, most: int = 44) -> str:
    return terms if len(terms) <= most else f"{terms[: most - 4]} ..."


def _estimate_block(choice: SelectionFitted, alpha: float) -> Block:
    fit = choice.best if choice.holdout is None else choice.holdout
    limits = wald_limits(fit, alpha)
    cells = [
        [number(estimate), number(error), number(low), number(high)]
        for estimate, error, low, high in zip(
            fit.coefficients, fit.bse, limits["lower"], limits["upper"], strict=True
        )
    ]
    title = (
        "Estimates on the rows searched, not adjusted for the selection"
        if choice.holdout is None
        else f"Estimates on {fit.nobs} rows held out of the search"
    )
    headings = ["coef", "std err", f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"]
    return Block(title, headings, [" ".join(map(str, label)) for label in fit.coefficients.index], cells)


def _dropped_block(choice: SelectionFitted) -> Block:
    table = choice.frames["dropped"]
    cells = [[str(row["missing"]), str(row["regained"])] for _, row in table.iterrows()]
    return Block("What complete rows cost", ["missing", "rows regained without it"], list(table.index), cells)


def _notes(choice: SelectionFitted) -> list[str]:
    close = int((choice.frames["table"]["delta"] < NOT_DISTINGUISHED).sum()) - 1
    notes = [str(finding) for finding in choice.findings]
    if close > 0:
        others = f"{close} other set{'s are' if close > 1 else ' is'}"
        notes.append(
            f"{others} within {NOT_DISTINGUISHED:g} of the best and cannot be distinguished from it."
        )
    notes.append(choice.best.selection.finding().text)
    return notes
