"""A ridge toward life tables: targets for fecundities and survivals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_number
from statmodels_x.population.sample import Sample
from statmodels_x.population.specification import Form


def read_ridge(
    life_table: Mapping[str, Any] | None, ridge: float, form: Form, sample: Sample
) -> tuple[tuple[dict[Any, float], float] | None, str]:
    """Return targets by parameter key with their weight, and a sentence for the summary; None and "" without."""
    weight = check_number("ridge", ridge, low=0.0, high=1e12, closed=True)
    if life_table is None and weight == 0.0:
        return None, ""
    if life_table is None or weight == 0.0:
        raise DataError("fit(): a ridge needs both, `ridge` above 0 and a `life_table` to shrink toward.")
    if not isinstance(life_table, Mapping) or not life_table:
        raise DataError("fit(): `life_table` must map species to (fecundity, survival).")
    targets: dict[Any, float] = {}
    for name, table in life_table.items():
        if name not in sample.species:
            raise DataError(
                f"fit(): `life_table` names {name!r}; the species are {', '.join(sample.species)}."
            )
        s = 0 if form.interaction == "complex" else sample.species.index(name)
        fecundity, survival = _entries(table, name, form.ages[s])
        targets |= {("fecundity", s, j): float(value) for j, value in enumerate(fecundity)}
        targets |= {("survival", s, j): float(value) for j, value in enumerate(survival)}
    text = (
        f"Ridge of weight {weight:g} toward the life table of {' and '.join(map(str, life_table))}: estimates, "
        "standard errors and intervals are those of a penalised fit, and lean on the table where the data say little."
    )
    return (targets, weight), text


def _entries(table: Any, name: str, k: int) -> tuple[Any, Any]:
    pair = (table.fecundity, table.survival) if hasattr(table, "fecundity") else table
    try:
        fecundity, survival = (np.atleast_1d(np.asarray(part, float)) for part in pair)
    except (TypeError, ValueError):
        raise DataError(f"fit(): `life_table` of {name!r} must be (fecundity, survival).") from None
    if len(fecundity) != k or len(survival) != k - 1:
        raise DataError(
            f"fit(): `life_table` of {name!r} has {len(fecundity)} fecundities and {len(survival)} survivals; "
            f"{k} age classes need {k} and {k - 1}."
        )
    if not (np.all(np.isfinite(fecundity)) and np.all(fecundity >= 0.0)):
        raise DataError(f"fit(): `life_table` of {name!r} has a fecundity that is negative or not finite.")
    if not np.all((survival >= 0.0) & (survival <= 1.0)):
        bad = survival[~((survival >= 0.0) & (survival <= 1.0))][0]
        raise DataError(
            f"fit(): `life_table` of {name!r} has the survival {bad:g}; survivals lie between 0 and 1."
        )
    return fecundity, survival
