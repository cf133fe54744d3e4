"""The text of a fit: the model, the search, parameters, invariants, and what to beware of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.findings import kinds, texts
from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.tables import summary, together
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.inference.invariants import invariant_table
from statmodels_x.population.inference.prediction import predict
from statmodels_x.population.inference.profile import wald_intervals

_SCATTER = 1.5  # of Pearson's statistic over its degrees of freedom
_TITLES = {
    "fecundity": "Fecundity: offspring per step of an individual of each class",
    "survival": "Survival from each class to the next",
    "coupling": "Coupling: loss or gain per step for each individual of the other species",
    "crowding": "Crowding: a in 1 + a N, which divides the step",
    "saturation": "Saturation of predation, for each prey",
    "attack": "Attack: share of the prey that a predator takes when both are rare",
    "conversion": "Conversion: newborn predators for each prey taken",
    "handling": "Handling: h in 1 + h N, which divides predation",
    "gain": "Gain: share of the difference from a count by which the state is corrected",
    "rate": "Rates of change of each species alone",
    "effect": "Effect of each individual on the rates",
    "initial": "Total at the first time",
    "structure": "Share of each class in what the younger classes leave, at the first time",
}


def summary_tables(fit: InteractionFitted, alpha: float) -> Any:
    """Build the summary of a fit."""
    table = pd.concat([fit.coefficients, fit.bse, wald_intervals(fit, alpha)], axis=1)
    kinds_of = dict.fromkeys(table.index.get_level_values(0))
    blocks = [estimate_block(_TITLES[kind], table.loc[kind], alpha) for kind in kinds_of]
    blocks.append(estimate_block("Invariants", invariant_table(fit, alpha), alpha))
    return summary(_title(fit), _facts(fit), blocks, _notes(fit))


def _title(fit: InteractionFitted) -> str:
    return f"{fit.machinery.settings['model']}: {' and '.join(fit.species)}"


def _facts(fit: InteractionFitted) -> list[tuple[str, str]]:
    estimate, facts = fit.machinery.estimate, fit.machinery.facts
    shown, ranks = fit.machinery.settings, fit.ranks
    left = [
        ("Interaction", shown["interaction"]),
        ("Density", shown["density"]),
        ("Age classes", shown["ages"]),
        ("Family", shown["family"]),
        ("Initial totals", shown["initial"]),
        ("Initial structure", shown["structure"]),
        ("Step", shown["step"]),
        ("Converged", "yes" if fit.converged else "NO"),
        ("Searches at best", f"{estimate.n_best} of {estimate.n_starts}, {_n_kinds(fit)} kind(s)"),
    ]
    structural = ranks["structural"]
    right = [
        ("Counts used", f"{fit.nobs}" + (f" ({facts.n_blank} blank)" if facts.n_blank else "")),
        ("Series", f"{int(facts.present.sum())}"),
        ("Parameters", f"{fit.df_model}"),
        (
            "Structural rank",
            "not computed" if np.isnan(structural) else f"{structural:.0f} of {ranks['parameters']:.0f}",
        ),
        ("Known to half", f"{ranks['known_to_half']:.0f} directions"),
        ("Digits spent", f"{estimate.digits:.1f}" + (" (needle)" if estimate.is_needle else "")),
        ("Weighted SSE", f"{fit.wss:.4f}"),
        *((f"R2 {_label(label)}", f"{value:.3f}") for label, value in fit.rsquared.items()),
        *_dispersion(fit),
        ("Log-likelihood", f"{fit.llf:.3f}"),
        ("AICc", f"{fit.aicc:.3f}"),
    ]
    missing = len(right) - len(left)
    left += [("BIC", f"{fit.bic:.3f}")] if missing > 0 else []
    return left + [("", "")] * max(len(right) - len(left), 0) + right


def _dispersion(fit: InteractionFitted) -> list[tuple[str, str]]:
    """Say for counts how far they scatter beyond their family: 1 is what it says."""
    pearson = fit.machinery.diagnostics.pearson
    if np.isnan(pearson):
        return []
    own = [("Dispersion", f"{fit.dispersion:.4g}")] if fit.family == "negativebinomial" else []
    return [*own, ("Pearson chi2 / df", f"{pearson / max(fit.df_resid, 1):.2f}")]


def _n_kinds(fit: InteractionFitted) -> int:
    return int((fit.search["at_best"] > 0).sum())


def _label(label: Any) -> str:
    return " ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def estimate_block(title: str, table: pd.DataFrame, alpha: float) -> Block:
    """Lay out estimates, errors and limits: the first four columns of a table, labelled by its index."""
    headings = ["coef", "std err", f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"]
    cells = []
    for value, error, low, high in table.iloc[:, :4].to_numpy(float):
        half = 0.5 * (high - low)
        cells.append(together([value, error, low, high], error if np.isfinite(error) else half))
    return Block(title, headings, [str(label) for label in table.index], cells)


def _notes(fit: InteractionFitted) -> list[str]:
    notes = [f"Warning: {text}" for text in texts(f for f in fit.findings if f.category is not None)]
    if fit.outcome is not None:
        notes.append(f"Long-run outcome at the estimates: {fit.outcome}; bootstrap() gives its probability.")
    notes += _unknown(fit)
    low = fit.lowest_total
    unit = fit.machinery.facts.time_name
    notes.append(
        f"Totals are kept at 0 or more at every step, observed or not; the smallest is {low['total']:.3g} "
        f"({low['species']}, {unit} {low['time']:.10g})."
    )
    if len(fit.negative_classes):
        rows = [
            f"{r.species} class {r[2]} ({r.value:.3g} at {unit} {r.time:.10g})"
            for r in fit.negative_classes.itertuples()
        ]
        notes.append(f"Age classes that turn negative: {', '.join(rows)}.")
    notes += _scattered(fit)
    notes += _correlated(fit)
    notes += texts(f for f in fit.findings if f.category is None)
    return notes


def _scattered(fit: InteractionFitted) -> list[str]:
    ratio = fit.machinery.diagnostics.pearson / max(fit.df_resid, 1)
    if fit.family != "poisson" or not ratio > _SCATTER:
        return []
    return [
        f"The variance of the counts is {ratio:.1f} times that of a Poisson distribution, and standard errors are too "
        f'small by a factor of {np.sqrt(ratio):.1f}; use family="negativebinomial".'
    ]


def _correlated(fit: InteractionFitted) -> list[str]:
    """Name the series whose residuals follow each other more than chance would have it."""
    limit = 2.0 / np.sqrt(fit.nobs / fit.machinery.facts.present.sum())
    found = fit.autocorrelation[fit.autocorrelation > limit]
    if not len(found):
        return []
    listed = ", ".join(f"{_label(label)} ({value:.2f})" for label, value in found.items())
    return [
        f"Neighbouring residuals are correlated: {listed}. The intervals are then too narrow; "
        'bootstrap(kind="block") keeps the correlation.'
    ]


def _unknown(fit: InteractionFitted) -> list[str]:
    """Say for each reason which parameters have no standard error."""
    groups: dict[str, list[str]] = {}
    for reason in fit.machinery.identification.reasons.values():
        groups.setdefault(reason.text, []).extend(reason.concerns)
    everything = len(fit.coefficients)
    return [
        f"No standard error, {text}: {'all parameters' if len(names) == everything else ', '.join(names)}."
        for text, names in groups.items()
    ]


def glance(fit: InteractionFitted) -> pd.DataFrame:
    """See :meth:`InteractionResults.glance`."""
    row: dict[str, Any] = {
        "model": fit.machinery.settings["model"],
        "interaction": fit.machinery.settings["interaction"],
        "ages": fit.machinery.settings["ages"],
        "family": fit.machinery.settings["family"],
        "nobs": fit.nobs,
        "df": fit.df_model,
        "rank": fit.machinery.identification.rank,
        "known.half": fit.machinery.identification.practical_rank,
        "wss": fit.wss,
    }
    row |= {f"r.squared {_label(label)}": value for label, value in fit.rsquared.items()}
    row |= {
        "logLik": fit.llf,
        "AIC": fit.aic,
        "AICc": fit.aicc,
        "BIC": fit.bic,
        "starts.best": fit.machinery.estimate.n_best / fit.machinery.estimate.n_starts,
        "digits": fit.digits,
        "converged": fit.converged,
        "regular": fit.converged and fit.machinery.identification.null.shape[1] == 0,
        "note": kinds(fit.findings),
    }
    return pd.DataFrame([row])


def augment(fit: InteractionFitted) -> pd.DataFrame:
    """See :meth:`InteractionResults.augment`."""
    sample = fit.need_sample("augment()")
    table, _ = predict(fit, None, None, 0.05, "confidence")
    parts = []
    for s, name in enumerate(fit.species):
        part = pd.DataFrame(
            {sample.time_name: sample.time, "species": name, "count": sample.counts[:, s]}, sample.index
        )
        if sample.culture_name is not None:
            part.insert(0, sample.culture_name, np.array(sample.cultures, object)[sample.culture])
        part[".fitted"] = table[name, "estimate"]
        part[".se.fit"] = table[name, "std_error"]
        part[".resid"] = part["count"] - part[".fitted"]
        parts.append(part[part[".fitted"].notna()])
    return pd.concat(parts)
