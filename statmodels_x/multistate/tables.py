"""The text of a fit: counts, the coefficients of every transition, and what to beware of."""

from __future__ import annotations

from typing import Any

import pandas as pd

from statmodels_x.core.findings import kinds
from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.results import coefficient_table
from statmodels_x.core.fits.tables import number, p_value, statistic, summary, together
from statmodels_x.multistate.fitted import MultiStateFitted
from statmodels_x.multistate.specification import arrow


def glance(fit: MultiStateFitted) -> pd.DataFrame:
    """One row of facts about a fit; see :meth:`MultiStateResults.glance`."""
    row = {
        "states": len(fit.states),
        "transitions": len(fit.transitions),
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


def summary_tables(fit: MultiStateFitted, alpha: float) -> Any:
    """Build the summary of a fit."""
    blocks = [_counts_block(fit), *(_coefficient_block(fit, name, alpha) for name in fit.fits)]
    return summary("Multi-state model", _facts(fit), blocks, [*fit.warnings, *_beware(fit)])


def _facts(fit: MultiStateFitted) -> list[tuple[str, str]]:
    facts = fit.facts
    left = [
        ("States", ", ".join(fit.states)),
        ("Formula", fit.formula),
        ("Covariance", fit.cov_type),
        ("Converged", "yes" if fit.converged else "NO"),
        ("Time", facts.time_unit or "as given"),
    ]
    right = [
        ("Subjects", str(fit.nobs)),
        ("Events", str(fit.n_events)),
        ("Dropped subjects", str(facts.dropped.get("subjects", 0))),
        ("Log-likelihood", f"{fit.llf:.4f}"),
        ("AIC", f"{fit.aic:.3f}"),
    ]
    return [*left, *right]


def _counts_block(fit: MultiStateFitted) -> Block:
    table = fit.facts.counts
    cells = []
    for name, at_risk, events, time in table.itertuples(index=False):
        part = fit.fits[fit.specification.model_of(name).label]
        scale = part.specification.distribution
        cells.append([fit.specification.clocks[name], scale, str(at_risk), str(events), number(time, 1)])
    return Block(
        "Transitions",
        ["clock", "distribution", "at risk", "events", "time at risk"],
        table["transition"].tolist(),
        cells,
    )


def _coefficient_block(fit: MultiStateFitted, name: str, alpha: float) -> Block:
    table = coefficient_table(fit, alpha)
    table = table[table["transition"] == name]
    labels = [
        f"{parameter}: {term}" for parameter, term in zip(table["parameter"], table["term"], strict=True)
    ]
    cells = []
    for b, se, z, p, low, high in table[
        ["estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high"]
    ].itertuples(index=False):
        value, error, lower, upper = together([b, se, low, high], se)
        cells.append([value, error, statistic(z), p_value(p), lower, upper])
    tail = 100.0 * alpha / 2.0
    headings = ["coef", "std err", "z", "P>|z|", f"[{tail / 100:g}", f"{1 - tail / 100:g}]"]
    part = fit.fits[name]
    return Block(f"{name} (log-likelihood {part.llf:.4f})", headings, labels, cells)


def _beware(fit: MultiStateFitted) -> list[str]:
    """Say what the coefficients of the transitions do not mean."""
    specification = fit.specification
    graph = specification.graph
    terms = {name: specification.model_of(name).variables for name in graph.names}
    found = []
    if any(terms.values()):
        found.append(
            "An effect on the hazard of a transition is not an effect on the probability of a state, which depends on "
            "all transitions: see predict() with occupancy_difference or stay_difference."
        )
    later = [arrow(*pair) for pair in graph.transitions if pair[0] != graph.start and terms[arrow(*pair)]]
    if later:
        found.append(
            f"Effects on {', '.join(later)} compare the subjects who reached that state. They reached it after the "
            "start (in a trial after randomisation)."
        )
    return found
