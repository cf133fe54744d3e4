"""The arm column: which rows are treated, which are controls, which belong to other arms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.formula import Part
from statmodels_x.core.errors import DataError, FormulaError


def arm_column(part: Part, formula: str) -> str:
    """Return the one column of the right side."""
    terms = [str(term) for term in part.formula if str(term) != "1"]
    if len(terms) != 1 or len(part.variables) != 1:
        raise FormulaError(
            f"formula {formula!r}: the right side must be the one column that tells the arms apart, for example "
            "'Surv(time, status) ~ arm'; strata and weights have arguments of their own."
        )
    return part.variables[0]


def arm_codes(
    values: NDArray[Any], name: str, treated: Any, control: Any
) -> tuple[NDArray[np.int64], tuple[str, str]]:
    """Code the arms 0 (control), 1 (treated) and -1 (others)."""
    levels = _levels(values)
    for argument, label in (("treated", treated), ("control", control)):
        if label is not None and label not in levels:
            raise DataError(
                f"`{argument}` is {label!r}, but column {name!r} has the values {_listed(levels)}."
            )
    if len(levels) < 2:
        raise DataError(
            f"formula: column {name!r} has the one value {_listed(levels)}; a treated and a control arm are needed."
        )
    if treated is None and control is None and len(levels) == 2:
        if isinstance(levels[0], str):
            raise DataError(
                f"formula: column {name!r} has the arms {_listed(levels)}; say which is the treated one by `treated`."
            )
        control, treated = levels
    elif len(levels) == 2 and (treated is None or control is None):
        given = treated if treated is not None else control
        other = next(level for level in levels if level != given)
        treated, control = (treated, other) if control is None else (other, control)
    if treated is None or control is None:
        raise DataError(
            f"formula: column {name!r} has {len(levels)} arms, {_listed(levels)}; choose two of them by `treated` and "
            "`control`."
        )
    if treated == control:
        raise DataError(f"`treated` and `control` are both {treated!r}; choose two different arms.")
    codes = np.where(values == treated, 1, np.where(values == control, 0, -1)).astype(np.int64)
    return codes, (str(control), str(treated))


def check_both_arms(codes: NDArray[np.int64], labels: tuple[str, str], name: str) -> None:
    """Refuse an arm without a complete row."""
    for code, label in enumerate(labels):
        if not np.any(codes == code):
            raise DataError(f"formula: no complete row of column {name!r} has the arm {label!r}.")


def _levels(values: NDArray[Any]) -> list[Any]:
    found = pd.unique(pd.Series(values))
    try:
        return sorted(found.tolist())
    except TypeError:
        return sorted(found.tolist(), key=str)


def _listed(levels: list[Any]) -> str:
    return ", ".join(repr(level) for level in levels[:8]) + (", ..." if len(levels) > 8 else "")
