"""Predictions averaged over a population (g-formula)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
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
from statmodels_x.survival.inference.all_cause import BACKGROUND_KINDS, QUANTITIES
from statmodels_x.survival.inference.prediction import (
    Options,
    intervals,
    points,
    prediction_data,
    rows_for,
)
from statmodels_x.survival.inference.quantities import Quantity, Rows, average, difference, ratio

STANDARDISED = (
    "survival",
    "rmst",
    "cure_fraction",
    *(kind for kind in BACKGROUND_KINDS if kind != "net_hazard"),
)


def standardise(
    fit: SurvivalFitted,
    kind: str = "survival",
    at: ArrayLike | None = None,
    by: str | Sequence[str] | None = None,
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
    names = [] if by is None else [by] if isinstance(by, str) else list(by)
    values, worlds = _worlds(fit, population, names, levels)
    wide = [rows_for(fit, kind, world).repeat(len(times)) for world in worlds]
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
        for place, name in enumerate(names):
            label = _contrast_label(value[place], values[0][place], contrast)
            frame.insert(place, name, [label] * len(frame))
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


def _worlds(
    fit: SurvivalFitted, population: pd.DataFrame, names: list[str], levels: Any
) -> tuple[list[tuple[Any, ...]], list[pd.DataFrame]]:
    """Return the combinations of levels, and the population under each."""
    own = [_levels(fit, population, name, _own_levels(levels, name, names)) for name in names]
    values = list(product(*own))
    worlds = [
        population.assign(
            **{name: _like(population[name], v) for name, v in zip(names, combination, strict=True)}
        )
        for combination in values
    ]
    return values, worlds


def _contrast_label(level: Any, first: Any, contrast: str | None) -> Any:
    if contrast is None or level == first:
        return level
    return f"{level} {'-' if contrast == 'difference' else '/'} {first}"


def _own_levels(levels: Any, name: str, names: list[str]) -> Any:
    """Return the levels asked for one of the variables: a mapping by name where there are several."""
    if levels is None or len(names) == 1:
        return levels
    if not isinstance(levels, Mapping):
        raise DataError("standardise: with several variables `levels` is a mapping of each to its values.")
    return levels.get(name)


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
