"""One FlexibleSurvival fit for each model of the specification; what they found, with the transition named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError, StatmodelsXError
from statmodels_x.core.findings import Finding, quiet
from statmodels_x.multistate.sample import MultiStateData
from statmodels_x.multistate.specification import TRANSITION, Specification, TransitionModel, arrow
from statmodels_x.survival.kernels.likelihood import row_scores
from statmodels_x.survival.model import FlexibleSurvival
from statmodels_x.survival.results import FlexibleSurvivalResults

AUTO = "auto"
_FEW_EVENTS = 50
_LADDER = ("exponential", "weibull", "apgw")

Fits = dict[str, FlexibleSurvivalResults]


def clock_rows(data: MultiStateData, specification: Specification, model: TransitionModel) -> pd.DataFrame:
    """Return the rows of a model with ``start`` and ``stop`` on the clock of each transition.

    Raises
    ------
    DataError
        If a clock is reset and it is not known when a subject entered the state.
    """
    parts = []
    for origin, to in data.graph.transitions:
        name = arrow(origin, to)
        if name not in model.transitions:
            continue
        rows = data.of(origin, to)
        unknown = rows["entered"].isna()
        if unknown.any() and (specification.clocks[name] == "reset" or model.uses_entry):
            raise DataError(
                f"{name}: subject {rows.loc[unknown, 'id'].iloc[0]} was in {origin!r} when first seen, and when it "
                'was entered is not known: give `entered=` in from_long(), or clock="forward".'
            )
        if specification.clocks[name] == "reset":
            rows = rows.assign(start=rows["start"] - rows["entered"], stop=rows["stop"] - rows["entered"])
        parts.append(rows.assign(**{TRANSITION: name}) if len(model.transitions) > 1 else rows)
    joined = pd.concat(parts, ignore_index=True)
    if len(model.transitions) > 1:
        joined[TRANSITION] = pd.Categorical(joined[TRANSITION], list(model.transitions))
    return joined


def survival_model(
    model: TransitionModel,
    rows: pd.DataFrame,
    weights: str | None,
    time_unit: str | None,
    distribution: Any = None,
) -> FlexibleSurvival:
    """Build the FlexibleSurvival model of a transition."""
    late = (rows["start"] > 0.0).any()
    response = "Surv(start, stop, status)" if late else "Surv(stop, status)"
    return FlexibleSurvival(
        f"{response} {model.formula}",
        rows,
        model.distribution if distribution is None else distribution,
        weights=weights,
        time_unit=time_unit,
        **model.options,
    )


def fit_transitions(
    data: MultiStateData,
    specification: Specification,
    weights: str | None = None,
    how: Mapping[str, Any] | None = None,
) -> Fits:
    """Fit each model; an error names its transition.

    Raises
    ------
    StatmodelsXError
        Of the same kind as the transition's own.
    """
    fits = {}
    for model in specification.models:
        rows = clock_rows(data, specification, model)
        _check_seen(model, rows)
        try:
            with quiet():
                fits[model.label] = fit = _fit(model, rows, weights, data.time_unit, how or {})
            for variable, level, n in fit.facts.aside:  # courses need a hazard for everybody
                raise DataError(
                    f"{variable} = {level!r}: no event in {n} rows, so that it has no effect there."
                )
        except StatmodelsXError as error:
            remedy = ""
            if "event" in str(error):
                remedy = (
                    " A transition with few events takes a smaller model: transitions={"
                    f"{model.label!r}: {{'formula': '~ 1', 'distribution': 'exponential'}}}}, or stacked=True."
                )
            raise type(error)(f"{model.label}: {error}{remedy}") from error
    return fits


def _check_seen(model: TransitionModel, rows: pd.DataFrame) -> None:
    """Refuse transitions that nobody made: they have no hazard, stacked or not."""
    made = set(zip(rows.loc[rows["status"] == 1, "from"], rows.loc[rows["status"] == 1, "to"], strict=True))
    seen = {arrow(*pair) for pair in made}
    never = [name for name in model.transitions if name not in seen]
    if never:
        raise DataError(
            f"{never[0]}: nobody made this transition, so that it has no hazard: leave it out, with `transitions=` of "
            "from_wide(), or by dropping its rows for from_long(); or check the coding of the status."
        )


def _fit(
    model: TransitionModel, rows: pd.DataFrame, weights: str | None, unit: str | None, how: Mapping[str, Any]
) -> FlexibleSurvivalResults:
    if not (isinstance(model.distribution, str) and model.distribution == AUTO):
        return survival_model(model, rows, weights, unit).fit(cov_type="observed", **how)
    few = int(rows["status"].sum()) < _FEW_EVENTS
    tried = [
        survival_model(model, rows, weights, unit, family).fit(cov_type="observed", **how)
        for family in _LADDER[: 2 if few else 3]
    ]
    regular = [fit for fit in tried if fit.is_regular and fit.bse.notna().all()]
    return min(regular or tried[:1], key=lambda fit: fit.aic)


def score_rows(
    fits: Fits, data: MultiStateData, specification: Specification
) -> tuple[np.ndarray, np.ndarray]:
    """Score of each row by all of ``theta`` (0 in those of other fits), and the subject it belongs to."""
    sizes = [len(fit.coefficients) for fit in fits.values()]
    ends = np.cumsum(sizes)
    scores, subjects = [], []
    for model, end, size in zip(specification.models, ends, sizes, strict=True):
        rows = clock_rows(data, specification, model)
        sample = fits[model.label].need_sample("scores")
        own = row_scores(fits[model.label].theta, sample.arrays)
        wide = np.zeros((len(own), int(ends[-1])))
        wide[:, end - size : end] = own
        scores.append(wide)
        subjects.append(rows["id"].loc[sample.frame.data.index].to_numpy())
    return np.concatenate(scores), np.concatenate(subjects)


def said_by(fits: Fits) -> tuple[Finding, ...]:
    """Return the findings of all transitions, each with the name of its transition."""
    found = []
    for name, fit in fits.items():
        for finding in fit.findings:
            remedy = finding.remedy
            if not fit.estimate.is_regular or fit.bse.isna().any():
                smaller = "exponential" if fit.specification.is_weibull else "weibull"
                remedy = (
                    f"{remedy} Every prediction that passes this transition lacks a sure error: give it a smaller "
                    f"family, transitions={{{name!r}: {{'distribution': {smaller!r}}}}}, another clock, or "
                    'distribution="auto".'
                )
            text = f"{name}: {finding.text}"
            found.append(
                replace(finding, text=text, remedy=remedy.strip(), concerns=(name, *finding.concerns))
            )
    return tuple(found)
