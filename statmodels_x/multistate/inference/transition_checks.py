"""Residuals and follow-up of each transition, through its own fit."""

from __future__ import annotations

import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice
from statmodels_x.multistate.fitted import MultiStateFitted
from statmodels_x.multistate.fitting.estimation import clock_rows
from statmodels_x.multistate.specification import TRANSITION, TransitionModel, arrow
from statmodels_x.survival.results import FlexibleSurvivalResults


def residuals(fit: MultiStateFitted, kind: str, transition: str | None, seed: int) -> pd.DataFrame:
    """Residuals of the rows at risk; see :meth:`MultiStateResults.residuals`."""
    data, parts = fit.need_sample("residuals"), []
    for model in _models(fit, transition):
        rows = clock_rows(data, fit.specification, model)
        own = fit.fits[model.label].residuals(kind, seed)
        rows = rows.loc[own.index]
        names = [arrow(*pair) for pair in zip(rows["from"], rows["to"], strict=True)]
        if isinstance(own, pd.Series):
            table = own.rename("residual").to_frame()
        else:
            table = own.set_axis([" ".join((model.label, *map(str, label))) for label in own.columns], axis=1)
        table.insert(0, "transition", names)
        table.insert(1, "id", rows["id"].to_numpy())
        parts.append(table)
    joined = pd.concat(parts, ignore_index=True).fillna(dict.fromkeys(_numbers(parts), 0.0))
    return (
        joined
        if transition is None
        else joined[joined["transition"] == _named(fit, transition)].reset_index(drop=True)
    )


def _numbers(parts: list[pd.DataFrame]) -> list[str]:
    """Columns of coefficients, which rows of other fits do not have: their scores are 0."""
    if len(parts) == 1 or "residual" in parts[0]:
        return []
    return [name for part in parts for name in part.columns[2:]]


def follow_up(fit: MultiStateFitted, transition: str | None, by: str | None) -> pd.DataFrame:
    """Describe the end of follow-up of each transition; see :meth:`MultiStateResults.follow_up`."""
    tables = []
    for model in _models(fit, transition):
        part = fit.fits[model.label]
        if len(model.transitions) == 1:
            table = part.follow_up(by).reset_index(names=by) if by is not None else part.follow_up()
            tables.append(table.assign(transition=model.label))
        else:
            tables.append(_of_stacked(part, model, by))
    joined = pd.concat(tables, ignore_index=True)
    first = ["transition", *([by] if by is not None else [])]
    joined = joined[[*first, *(name for name in joined.columns if name not in first)]]
    return (
        joined
        if transition is None
        else joined[joined["transition"] == _named(fit, transition)].reset_index(drop=True)
    )


def _of_stacked(part: FlexibleSurvivalResults, model: TransitionModel, by: str | None) -> pd.DataFrame:
    if by is not None:
        raise DataError(
            f"follow_up: {', '.join(model.transitions)} are fitted together, where groups are the transitions; "
            "leave `by` out."
        )
    if TRANSITION not in model.variables:
        raise DataError(
            f"follow_up: {', '.join(model.transitions)} are fitted together without {TRANSITION!r} in a formula, "
            "as one kind of event; fits['stacked'].follow_up() describes it."
        )
    return part.follow_up(TRANSITION).reset_index(names="transition").astype({"transition": str})


def _models(fit: MultiStateFitted, transition: str | None) -> list[TransitionModel]:
    if transition is None:
        return list(fit.specification.models)
    return [fit.specification.model_of(_named(fit, transition))]


def _named(fit: MultiStateFitted, transition: str) -> str:
    spaced = (
        " -> ".join(part.strip() for part in transition.split("->"))
        if isinstance(transition, str)
        else transition
    )
    return check_choice("transition", spaced, fit.transitions, "MultiStateResults")
