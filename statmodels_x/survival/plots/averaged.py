"""Curves of a model with a background: means over its patients, since no typical patient has a typical background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.columns import in_order
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import is_among
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.all_cause import NEEDS_PATHS
from statmodels_x.survival.inference.natural import levels_of
from statmodels_x.survival.inference.prediction import ALL_CONTRASTS, Options
from statmodels_x.survival.inference.standardisation import standardise

_MOST_LEVELS = 12
_BY_QUADRATURE = ("rmst", "crude_disease", "crude_other", "life_years_lost")
_MOST_POINTS, _FEWEST = 400_000, 25


@dataclass(frozen=True)
class Curves:
    """What is drawn: a table of estimates with limits for each curve.

    Attributes
    ----------
    times : ndarray
        Times, or probabilities, of all tables.
    tables : list of DataFrame
    labels : list of str
    title : str or None
        Of the legend.
    levels : list
        The value of ``by`` of each curve; None without.
    """

    times: Array
    tables: list[pd.DataFrame]
    labels: list[str]
    title: str | None
    levels: list[Any]


def is_average(fit: SurvivalFitted, kind: str, newdata: Any) -> bool:
    """Whether a picture is one of averages over the patients: of all causes, and no rows are given."""
    base = kind.rpartition("_")[0] if kind in ALL_CONTRASTS else kind
    return newdata is None and fit.specification.background is not None and base in NEEDS_PATHS


def thinned(fit: SurvivalFitted, kind: str, times: Array) -> Array:
    """Return fewer times where there are many patients, or each time is an integral."""
    base = kind.rpartition("_")[0] if kind in ALL_CONTRASTS else kind
    cost = fit.facts.used * (20 if base in _BY_QUADRATURE else 1)
    wanted = int(np.clip(_MOST_POINTS / cost, _FEWEST, len(times)))
    return times[np.unique(np.linspace(0, len(times) - 1, wanted).round().astype(int))]


def averages(fit: SurvivalFitted, kind: str, by: str | None, times: Array, options: Options) -> Curves:
    """Average a quantity over the patients: over those of each group, or over all where groups are compared."""
    data = fit.need_sample("a picture of all causes without `newdata`").frame.data
    if by is None:
        if kind in ALL_CONTRASTS:
            raise DataError("plot: a comparison needs `by`, or two rows of `newdata`.")
        table = standardise(fit, kind, times, options=options)
        return Curves(times, [table], ["model, mean over patients"], None, [None])
    if not is_among(by, data.columns):
        raise DataError(
            f"plot: `by` is {by!r}, which is no column of this model; its columns are: "
            f"{', '.join(map(str, data.columns))}."
        )
    levels = _levels(fit, data[by], by)
    if kind in ALL_CONTRASTS or not data[by].isin(levels).all():
        return _as_if(fit, kind, by, levels, times, options)
    return _of_groups(fit, kind, by, levels, times, options)


def expected(fit: SurvivalFitted, by: str | None, levels: list[Any], times: Array) -> list[pd.DataFrame]:
    """Mean expected survival of the patients of each curve."""
    if by is None:
        return [standardise(fit, "expected_survival", times)]
    return _of_groups(fit, "expected_survival", by, levels, times, Options()).tables


def _levels(fit: SurvivalFitted, column: pd.Series, by: str) -> list[Any]:
    if by in fit.facts.levels:
        return levels_of(fit, by)
    found = in_order(column.unique().tolist())
    if len(found) > _MOST_LEVELS:
        raise DataError(
            f"plot: `by` is {by!r}, which has {len(found)} values; cut it into a column of groups."
        )
    return found


def _of_groups(
    fit: SurvivalFitted, kind: str, by: str, levels: list[Any], times: Array, options: Options
) -> Curves:
    sample = fit.need_sample()
    column, weight = sample.frame.data[by], sample.own.weight
    tables = []
    for level in levels:
        inside = (column == level).to_numpy()
        own = weight[inside] if len(weight) else None
        part = sample.frame.data[inside]
        tables.append(standardise(fit, kind, times, over=part, weights=own, options=options))
    return Curves(times, tables, [str(level) for level in levels], f"{by}\n(means over its patients)", levels)


def _as_if(
    fit: SurvivalFitted, kind: str, by: str, levels: list[Any], times: Array, options: Options
) -> Curves:
    """Average over everybody, as if each level were theirs."""
    if by not in fit.facts.typical:
        raise DataError(f"plot: {by!r} is no covariate of this model, so that its levels cannot be compared.")
    if kind in ALL_CONTRASTS and len(levels) < 2:
        raise DataError(f"plot: {by!r} has one level, and a comparison needs two.")
    table = standardise(fit, kind, times, by, levels, options=options)
    k = len(times)
    tables = [table.iloc[start : start + k] for start in range(0, len(table), k)]
    labels = [_text(one[by].iloc[0]) for one in tables]
    return Curves(times, tables, labels, f"{by}\n(means over all patients)", levels)


def _text(level: Any) -> str:
    return f"{level:.3g}" if isinstance(level, float) else str(level)
