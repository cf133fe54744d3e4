"""Columns beside times and arms: weights, groups, subjects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_magnitude, numeric_array, rows_text


def subject_weights(
    columns: Mapping[str, NDArray[Any]], codes: NDArray[np.int64]
) -> tuple[Array, str | None]:
    """Return the weights of all rows and where they come from."""
    if "weights" in columns and "propensity" in columns:
        raise DataError("give `weights` or `propensity`, not both.")
    if "propensity" in columns:
        score = numeric_array(columns["propensity"], "propensity", "SurrogatePTE()")
        bad = (codes >= 0) & ~((score > 0.0) & (score < 1.0))
        if bad.any():
            raise DataError(
                f"`propensity` is not between 0 and 1 in {rows_text(bad)}; give the probability of the treated arm."
            )
        with np.errstate(divide="ignore"):
            return np.where(codes == 1, 1.0 / score, 1.0 / (1.0 - score)), "propensity"
    if "weights" not in columns:
        return np.ones(len(codes)), None
    values = numeric_array(columns["weights"], "weights", "SurrogatePTE()")
    for bad, what in ((values < 0.0, "negative"), (~np.isfinite(values), "infinite")):
        if bad.any():
            raise DataError(f"`weights` is {what} in {rows_text(bad)}; weights are numbers of 0 or more.")
    check_magnitude(values, "weights", "SurrogatePTE()")
    if not np.any(values > 0.0):
        raise DataError("`weights` is 0 in every row; give a positive weight to the rows to be used.")
    return values, "weights"


def check_id(values: NDArray[Any] | None, keep: NDArray[np.bool_]) -> None:
    """Refuse rows that repeat a subject."""
    if values is None:
        return
    series = pd.Series(values)[keep]
    twice = series[series.duplicated()]
    if len(twice):
        raise DataError(
            f"`id`: {len(twice)} rows repeat a subject (for example {twice.iloc[0]!r}); give one row per subject, with "
            "both of its times."
        )


def group_codes(
    values: NDArray[Any] | None, keep: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Code groups from 0 in order of appearance; return codes and labels."""
    if values is None:
        return np.zeros(int(keep.sum()), np.int64), ("all",)
    codes, labels = pd.factorize(pd.Series(values)[keep], sort=False)
    return codes.astype(np.int64), tuple(map(str, labels))


def trimmed(weight: Array, trim: float) -> tuple[Array, int]:
    """Hold inverse probabilities at those of ``trim`` and 1 - ``trim``; count what was held."""
    if trim == 0.0:
        return weight, 0
    low, high = 1.0 / (1.0 - trim), 1.0 / trim
    held = np.clip(weight, low, high)
    return held, int(np.count_nonzero((weight <= low) | (weight >= high)))
