"""Levels without events: their hazard is estimated as 0, so that their rows say no more, and the rest is fitted.

The coefficient of such a level runs to minus infinity. In the limit its rows have survival 1 and log-likelihood 0: what
remains is the fit of the other rows, without the level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.columns import by_row, in_order
from statmodels_x.core.data.formula import Part, right_side, written
from statmodels_x.core.data.model_frame import ModelFrame
from statmodels_x.core.data.safety import column_names
from statmodels_x.core.data.surv import RIGHT, Surv
from statmodels_x.survival.reading.facts import coded_columns, is_number
from statmodels_x.survival.specification import SCALES, Specification

Aside = tuple[str, Any, int]
"""A variable, its level without events, and the number of its rows."""


@dataclass(frozen=True)
class Reduced:
    """What is left to fit.

    Attributes
    ----------
    aside : tuple of Aside
    keep : ndarray of shape (n,)
        Which rows of the user's frame.
    specification : Specification
        The model without the terms of variables that have a single level left.
    """

    aside: tuple[Aside, ...]
    keep: np.ndarray[Any, np.dtype[np.bool_]]
    specification: Specification


def without_eventless(
    data: pd.DataFrame, specification: Specification, rows: ModelFrame, response: Surv
) -> Reduced | None:
    """Take out the rows of levels without events; None where there is no such level, or it cannot be taken out."""
    found = _levels_without_events(specification, rows, response)
    if not found:
        return None
    keep = np.ones(len(data), bool)
    for name, level, _ in found:
        keep &= ~(data[name] == level).fillna(False).to_numpy(bool)
    single = {name for name, _, _ in found if data.loc[keep, name].dropna().nunique() < 2}
    model = _without(specification, single)
    return None if model is None else Reduced(tuple(found), keep, model)


def rows_of(name: str, value: Any, data: pd.DataFrame, keep: Any) -> Any:
    """Return the part of an extra column that belongs to some rows; a column of the frame is named, not given."""
    if value is None or isinstance(value, str):
        return value
    return np.asarray(by_row(value, data.index, name))[keep]


def _levels_without_events(specification: Specification, rows: ModelFrame, response: Surv) -> list[Aside]:
    coded = coded_columns(part.text for part in specification.parts.values())
    event, found = response.code != RIGHT, []
    for name in dict.fromkeys(_main_effects(specification)):
        column = rows.data[name]
        levels = in_order(column.unique().tolist())
        if is_number(column) and name not in coded and len(levels) != 2:
            continue
        own = [(level, (column == level).to_numpy()) for level in levels]
        empty = [(name, level, int(inside.sum())) for level, inside in own if not event[inside].any()]
        found += empty if len(empty) < len(levels) else []
    return found


def _main_effects(specification: Specification) -> list[str]:
    """Names that stand alone in a term of a scale, where a level can have a hazard of 0."""
    found = []
    for parameter in SCALES:
        part = specification.parts.get(parameter)
        for term in part.formula if part is not None else ():
            names = set().union(*(_names(factor) for factor in term.factors))
            expression = str(term)
            if len(names) == 1 and len(term.factors) == 1:
                (name,) = names
                if expression in (name, f"`{name}`") or expression.startswith("C("):
                    found.append(name)
    return found


def _names(factor: Any) -> set[str]:
    expression = str(factor.expr)
    if factor.eval_method.value == "lookup":
        return {expression}
    return set() if factor.eval_method.value == "literal" else column_names(expression, expression)


def _without(specification: Specification, single: set[str]) -> Specification | None:
    """Return the model without some variables; None where an interaction would lose more than them."""
    if not single:
        return specification
    parts: dict[str, Part] = {}
    for parameter, part in specification.parts.items():
        reduced = _part_without(part, single)
        if reduced is None:
            return None
        parts[parameter] = reduced
    main = parts[specification.scale]
    formula = f"{specification.formula.split('~')[0].strip()} ~ {main.text}"
    return replace(specification, parts=_ordered(parts, specification.parts), formula=formula)


def _ordered(parts: Mapping[str, Part], like: Mapping[str, Part]) -> dict[str, Part]:
    return {name: parts[name] for name in like}


def _part_without(part: Part, single: set[str]) -> Part | None:
    terms = [
        (written(term.factors), [(written([f]), _names(f)) for f in term.factors]) for term in part.formula
    ]
    if not any(names & single for _, factors in terms for _, names in factors):
        return part
    kept = [text for text, factors in terms if not any(names & single for _, names in factors)]
    for _, factors in terms:
        rest = [text for text, names in factors if not names & single]
        if 0 < len(rest) < len(factors) and ":".join(rest) not in kept:
            return None
    intercept = "1" in kept
    left = [text for text in kept if text != "1"] + ([f"offset({part.offset})"] if part.offset else [])
    text = " + ".join([*([] if intercept and left else ["1" if intercept else "0"]), *left])
    return right_side(f"~ {text}", "formula")
