"""Options of a search, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice, check_count, check_number
from statmodels_x.survival.selection.search import METHODS


@dataclass(frozen=True)
class Rules:
    """Checked options of the search."""

    criterion: str
    lam: float | None
    method: str
    by_events: bool


def rules_of(criterion: Any, method: Any, joint: Any, n: Any, holdout: Any, seed: Any) -> Rules:
    """Check the options.

    Raises
    ------
    DataError
        That names the first that cannot be used.
    """
    check_choice("method", method, METHODS, "select()")
    check_choice("n", n, ("nobs", "events"), "select()")
    check_count("seed", seed, 0, most=None)
    if not isinstance(joint, bool | np.bool_):
        raise DataError(f"select(): `joint` is {joint!r}; give True or False.")
    if holdout is not None:
        check_number("holdout", holdout, low=0.0, high=1.0)
    if isinstance(criterion, str) and criterion.lower() in ("bic", "aic"):
        name = criterion.upper()
        if name == "AIC":
            return Rules(name, 2.0, method, False)
        return Rules("BIC by events" if n == "events" else name, None, method, n == "events")
    number = isinstance(criterion, Real) and not isinstance(criterion, bool)
    if not number or not 0.0 < float(criterion) < math.inf:
        raise DataError(
            f'select(): `criterion` is {criterion!r}; give "bic", "aic", or a positive number, the price of a '
            "coefficient (2 is the AIC's)."
        )
    return Rules(f"price {float(criterion):g}", float(criterion), method, n == "events")
