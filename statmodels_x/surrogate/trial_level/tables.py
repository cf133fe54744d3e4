"""The text of a trial-level fit: R2 and what is behind it, sensitivity, and what hangs on single trials."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.tables import number, p_value, summary
from statmodels_x.surrogate.trial_level.fitted import TrialLevelFitted
from statmodels_x.surrogate.trial_level.inference import heterogeneity, influence

_LABELS = {
    "r_squared": "R2 between trials",
    "mean_surrogate": "mean effect, surrogate",
    "mean_outcome": "mean effect, outcome",
    "sd_surrogate": "sd of effects, surrogate",
    "sd_outcome": "sd of effects, outcome",
    "correlation": "correlation between trials",
    "intercept": "intercept",
    "slope": "slope",
    "residual_sd": "residual sd",
}


def summary_tables(
    fit: TrialLevelFitted,
    estimates: pd.DataFrame,
    threshold: pd.Series,
    sensitivity: pd.DataFrame,
    left_out: pd.DataFrame,
    alpha: float,
) -> Any:
    """Build the summary."""
    blocks = [_estimates(estimates, alpha), _sensitivity(fit, sensitivity, alpha)]
    title = f"Trial-level surrogacy: {fit.table.outcome} on {fit.table.surrogate}"
    return summary(title, _facts(fit), blocks, _notes(fit, threshold, left_out, alpha))


def effect_text(value: float, is_log: bool) -> str:
    """Show an effect, and its ratio if it is a logarithm."""
    return f"{value:.3f} (ratio {np.exp(value):.3f})" if is_log else f"{value:.4g}"


def _facts(fit: TrialLevelFitted) -> list[tuple[str, str]]:
    s, is_log = fit.effects.s, fit.table.is_log[0]
    low, high = (np.exp(s.min()), np.exp(s.max())) if is_log else (s.min(), s.max())
    given = fit.table.correlation
    w = (
        given
        if isinstance(given, str)
        else f"{given[0]:g} to {given[1]:g}"
        if np.ndim(given)
        else f"{given:g}"
    )
    found = heterogeneity(fit)
    surrogate, outcome = fit.benefit
    return [
        ("Trials", str(fit.nobs)),
        ("Within-trial correlation", w),
        ("Surrogate effects", f"{low:.3g} to {high:.3g}" + (" (ratio)" if is_log else "")),
        ("Heterogeneity Q", f"{found['statistic']:.1f} on {found['df']:g} df, p {p_value(found['p.value'])}"),
        ("Method", "REML" if fit.method == "reml" else "ML"),
        ("Log-likelihood", f"{fit.llf:.3f}"),
        ("Benefit", surrogate if surrogate == outcome else f"{surrogate} (surrogate), {outcome} (outcome)"),
        ("I2, surrogate and outcome", f"{found['I2.surrogate']:.2f}, {found['I2.outcome']:.2f}"),
    ]


def _estimates(table: pd.DataFrame, alpha: float) -> Block:
    kinds = {"r_squared": "profile", "correlation": "profile"}
    cells = []
    for _, row in table.iterrows():
        limits = [number(row[name]) if np.isfinite(row[name]) else "" for name in ("conf.low", "conf.high")]
        kind = kinds.get(row["term"], "Wald" if np.isfinite(row["conf.low"]) else "")
        cells.append([number(row["estimate"]), *limits, kind])
    headings = ["estimate", f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]", "interval"]
    return Block("Between trials", headings, [_LABELS[term] for term in table["term"]], cells)


def _sensitivity(fit: TrialLevelFitted, table: pd.DataFrame, alpha: float) -> Block:
    def shown(row: pd.Series) -> str:
        if np.isnan(row["threshold"]):
            return "none"
        return number(float(np.exp(row["threshold"])) if fit.table.is_log[0] else row["threshold"])

    cells = [
        [
            number(row["r_squared"]),
            number(row["lower"]),
            number(row["upper"]),
            number(row["slope"]),
            shown(row),
        ]
        for _, row in table.iterrows()
    ]
    headings = ["R2", f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]", "slope", "threshold"]
    labels = [f"{w:g}" for w in table["correlation"]]
    return Block("If the within-trial correlation were", headings, labels, cells)


def _notes(fit: TrialLevelFitted, threshold: pd.Series, left_out: pd.DataFrame, alpha: float) -> list[str]:
    notes = [f"Warning: {finding}" if finding.category else str(finding) for finding in fit.findings]
    notes += [f"Trials were dropped for missing values: {count}." for count in fit.table.dropped.values()]
    if np.isnan(threshold["estimate"]):
        notes.append(f"There is no threshold effect: {threshold['reason']}.")
    else:
        beyond = "" if threshold["observed"] else " It lies outside the effects that were observed."
        text = effect_text(threshold["estimate"], fit.table.is_log[0])
        notes.append(
            f"Threshold effect: an effect on the surrogate of {text} or better predicts a benefit on the outcome in a "
            f"new trial (integrated, flat priors).{beyond}"
        )
    notes += _of_left_out(fit, left_out, alpha)
    if fit.r_squared == 1.0 or (np.isfinite(fit.r_squared) and fit.correlation_limits[0.05][1] == 1.0):
        low = estimates_low(fit)
        notes.append(f"The interval of R2 reaches 1; these trials cannot distinguish {low:.2f} from 1.")
    notes.append(
        "R2 measures association between trials, not causation. It is low where the trials are similar, even if the "
        "line is the same."
    )
    return notes


def estimates_low(fit: TrialLevelFitted) -> float:
    """Lower 95 % limit of R2."""
    low, high = fit.correlation_limits[0.05]
    return 0.0 if low <= 0.0 <= high else min(low * low, high * high)


def _of_left_out(fit: TrialLevelFitted, table: pd.DataFrame, alpha: float) -> list[str]:
    known = table[table["error"].notna()]
    if known.empty:
        return []
    inside, n = int(known["inside"].astype(bool).sum()), len(known)
    spread = float(((known["outcome"] - known["outcome"].mean()) ** 2).sum())
    explained = 1.0 - float((known["error"] ** 2).sum()) / spread if spread > 0.0 else np.nan
    label, value, (low, high) = influence(fit, table, alpha)
    return [
        f"Left out one by one, {inside} of {n} outcome effects lie inside their prediction intervals; the predictions "
        f"explain {explained:.2f} of the variance of the estimates.",
        f"R2 is lowest without {label}: {number(value)}, interval {number(low)} to {number(high)}.",
    ]
