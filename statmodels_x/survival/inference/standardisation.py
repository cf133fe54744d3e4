"""Predictions averaged over a population (g-formula)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.data.columns import by_row
from statmodels_x.core.data.frames import check_columns
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, numeric_array
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.prediction import (
    Options,
    covariate_rows,
    intervals,
    points,
    prediction_data,
)
from statmodels_x.survival.inference.quantities import QUANTITIES, Quantity, Rows, average, difference, ratio

STANDARDISED = ("survival", "rmst", "cure_fraction")


def standardise(
    fit: SurvivalFitted,
    kind: str = "survival",
    at: ArrayLike | None = None,
    by: str | None = None,
    levels: Any = None,
    over: Any = None,
    weights: ArrayLike | None = None,
    contrast: str | None = None,
    options: Options = Options(),  # noqa: B008 - frozen
) -> pd.DataFrame:
    """Average predictions over covariates; see :meth:`FlexibleSurvivalResults.standardise`."""
    check_choice("kind", kind, STANDARDISED, "standardise()")
    population = prediction_data(fit, over)
    share = _population_weights(fit, over, weights, population)
    times, column = points(kind, at)
    values: list[Any] = [None] if by is None else _levels(fit, population, by, levels)
    worlds = [
        population if by is None else population.assign(**{by: _like(population[by], v)}) for v in values
    ]
    wide = [covariate_rows(fit, world, None).repeat(len(times)) for world in worlds]
    grid = np.tile(times, len(population))
    if contrast is not None:
        check_choice("contrast", contrast, ("difference", "ratio"), "standardise()")
        if len(values) < 2:
            raise DataError("standardise: a contrast needs `by`, a covariate with at least two levels.")

    def mean_of(rows: Rows, theta: Array) -> Quantity:
        return average(QUANTITIES[kind](grid, rows.at(theta)), share, kind, times)

    frames = []
    for k, value in enumerate(values):
        if contrast is not None and k == 0:
            continue

        def quantity(theta: Array, k: int = k) -> Quantity:
            mean = mean_of(wide[k], theta)
            if contrast is None:
                return mean
            first = mean_of(wide[0], theta)
            return difference(mean, first) if contrast == "difference" else ratio(mean, first)

        frame = intervals(fit, quantity, options, len(times))
        if column:
            frame.insert(0, column, times)
        if by is not None:
            label = (
                value
                if contrast is None
                else f"{value} {'-' if contrast == 'difference' else '/'} {values[0]}"
            )
            frame.insert(0, by, [label] * len(frame))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _population_weights(
    fit: SurvivalFitted, over: Any, weights: ArrayLike | None, population: pd.DataFrame
) -> Array:
    m = len(population)
    if weights is None:
        own = fit.sample.arrays.weight if over is None and fit.sample is not None else np.zeros(0)
        return own if len(own) == m else np.ones(m)
    if isinstance(weights, pd.Series):
        weights = by_row(weights, population.index, "weights")
    values = numeric_array(weights, "weights", "standardise()")
    if len(values) != m or not np.all(values >= 0.0) or not values.sum() > 0.0:
        raise DataError(f"standardise: `weights` must be {m} numbers, none negative and not all 0.")
    return values


def _levels(fit: SurvivalFitted, population: pd.DataFrame, by: str, levels: Any) -> list[Any]:
    check_columns(population, [by], "standardise(): by")
    if by not in fit.facts.levels:
        raise DataError(f"standardise: `by` is {by!r}, which is no covariate of this model.")
    return list(fit.facts.levels[by] if levels is None else levels)


def _like(column: pd.Series, value: Any) -> Any:
    """Make a constant column of the same kind: a category must stay one."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Categorical([value] * len(column), categories=column.cat.categories)
    return value
