"""The text of a residual-effect fit."""

from __future__ import annotations

from typing import Any

import pandas as pd

from statmodels_x.core.fits.tables import summary
from statmodels_x.surrogate.residual.fitted import ResidualFitted
from statmodels_x.surrogate.tables import EFFECTS, estimate_block, title_of_estimates

_LABELS = {
    "r_s": "R_S",
    "delta": "delta",
    "delta_s": "residual effect",
    "delta_t": "residual, primary",
    "r_t": "R_T, primary only",
    "incremental_value": "incremental value",
}


def residual_summary(fit: ResidualFitted, estimates: pd.DataFrame, alpha: float, method: str) -> Any:
    """Build the summary of a fit with its tidy estimates."""
    unit = f" {fit.facts.time_unit}" if fit.facts.time_unit else ""
    facts = [
        ("Outcome", fit.formula.split("~")[0].strip()),
        ("Surrogate", f"{fit.surrogate} ({fit.kind})"),
        ("Effect", EFFECTS[fit.effect]),
        ("Times t, t0", f"{fit.at:g}, {fit.landmark:g}{unit}"),
        ("Treated", fit.facts.treated),
        ("Control", fit.facts.control),
        ("Subjects", f"{fit.facts.used} ({fit.facts.rows - fit.facts.used} dropped)"),
        ("Smoother", fit.smoother),
    ]
    block = estimate_block(estimates, _LABELS, alpha, title_of_estimates(alpha, method))
    notes = [f"Warning: {finding}" if finding.category else str(finding) for finding in fit.findings]
    return summary("Residual treatment effect", facts, [block], notes)


def residual_glance(fit: ResidualFitted) -> pd.DataFrame:
    """One row about a fit."""
    return pd.DataFrame(
        {
            "at": [fit.at],
            "landmark": [fit.landmark],
            "effect": [fit.effect],
            "method": [fit.smoother],
            "nobs": [fit.nobs],
            "deaths": [sum(fit.facts.deaths.values())],
            "r.s": [fit.params["r_s"]],
            "delta": [fit.params["delta"]],
            "defined": [fit.is_defined],
            "note": [fit.warnings[0] if fit.warnings else ""],
        }
    )
