"""Predictions averaged over a population (g-formula)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.data.columns import by_row, in_order, level_codes, listed_levels, plain_column
from statmodels_x.core.data.frames import check_columns
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import as_list, check_choice, is_among, numeric_array, rows_text
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.averages import (
    AVERAGED,
    OF_BACKGROUND,
    Populations,
    naturally,
    populations,
)
from statmodels_x.survival.inference.limits import Wane
from statmodels_x.survival.inference.natural import levels_of
from statmodels_x.survival.inference.prediction import (
    ALL_CONTRASTS,
    CONTRASTS,
    Options,
    intervals,
    not_reached,
    points,
    prediction_data,
    rows_for,
    with_waning,
)
from statmodels_x.survival.inference.quantities import Quantity, difference, ratio

STANDARDISED = (*AVERAGED, *CONTRASTS)
"""Kinds of every fit; one with a background has more."""

_ALL = {**AVERAGED, **OF_BACKGROUND}
_OF_AVERAGES = tuple(f"relative_survival_{how}" for how in ("difference", "ratio"))
_ROUNDING = 1e-9


def standardise(
    fit: SurvivalFitted,
    kind: str = "survival",
    at: ArrayLike | None = None,
    by: str | Sequence[str] | None = None,
    levels: Any = None,
    over: Any = None,
    weights: ArrayLike | Mapping[Any, Mapping[Any, float]] | None = None,
    contrast: str | None = None,
    given: ArrayLike | None = None,
    options: Options = Options(),  # noqa: B008 - frozen
) -> pd.DataFrame:
    """Average predictions over covariates; see :meth:`FlexibleSurvivalResults.standardise`."""
    kinds = (*STANDARDISED, *OF_BACKGROUND, *ALL_CONTRASTS, *_OF_AVERAGES)
    check_choice("kind", kind, kinds, "standardise()")
    kind, contrast = _kind_and_contrast(kind, contrast)
    if kind in OF_BACKGROUND and fit.specification.background is None:
        raise DataError(
            f'standardise: kind="{kind}" belongs to a model with a background, FlexibleSurvival(..., background=...).'
        )
    population = prediction_data(fit, over)
    share = _population_weights(fit, over, weights, population)
    names = [] if by is None else as_list("by", by)
    values, worlds = _worlds(fit, population, names, levels)
    if contrast is not None and len(values) < 2:
        raise DataError("standardise: a contrast needs `by`, a covariate with at least two levels.")
    if options.wane is not None and len(values) < 2:
        raise DataError("standardise: `wane` needs `by`: the effect is lost to the first of its levels.")
    table = averaged(
        fit,
        kind,
        at,
        lambda one: people_of(one, worlds, share, given, kind, options.discount, options.wane),
        contrast,
        options,
    )
    shown = values if contrast is None else values[1:]
    k = len(table) // len(shown)
    for place, name in enumerate(names):
        labels = [_contrast_label(value[place], values[0][place], contrast) for value in shown]
        table.insert(place, name, [label for label in labels for _ in range(k)])
    return table


def averaged(
    fit: SurvivalFitted,
    kind: str,
    at: ArrayLike | None,
    people: Callable[[SurvivalFitted], Populations],
    contrast: str | None = None,
    options: Options = Options(),  # noqa: B008 - frozen
) -> pd.DataFrame:
    """Average over worlds, which are computed in one pass; with a contrast each but the first against the first."""
    times, column = points(kind, at)
    k = len(times)

    def quantity_of(one: SurvivalFitted) -> Callable[[Array], Quantity]:
        own = people(one)

        def quantity(theta: Array) -> Quantity:
            found = _ALL[kind](times, own.at(theta))
            if contrast is None:
                return found
            others = naturally(found, slice(k, None))
            first = naturally(found, np.tile(np.arange(k), len(own.shares) - 1))
            return difference(others, first) if contrast == "difference" else ratio(others, first)

        return quantity

    frame = intervals(fit, quantity_of, options, k, kind)
    if column:
        frame.insert(0, column, np.tile(times, len(frame) // k))
    if kind in ("median", "quantile") and contrast is None:
        frame["note"] = not_reached(fit, frame["estimate"])
    return frame


def people_of(
    fit: SurvivalFitted,
    worlds: Sequence[pd.DataFrame],
    share: Array,
    given: ArrayLike | None = None,
    kind: str = "survival",
    discount: float = 0.0,
    wane: Wane | None = None,
) -> Populations:
    """Put the same people under different covariates, a frame for each world, into the columns of a fit.

    With the background, where the kind needs one.
    """
    m = len(share)
    known = None if given is None else np.atleast_1d(np.asarray(given))
    if known is not None and len(known) not in (1, m):
        raise DataError(
            f"standardise: `given` has {len(known)} values; give one, or one for each of {m} people."
        )
    everybody = worlds[0] if len(worlds) == 1 else pd.concat(worlds, ignore_index=True)
    survived = np.tile(known, len(worlds)) if known is not None and len(known) > 1 else known
    # relative survival, a ratio of averages, is that of no row
    of_row = "survival" if kind == "relative_survival" else kind
    rows = rows_for(fit, of_row, everybody, survived, discount)
    if wane is not None:  # to what the first world is
        rows = with_waning(fit, rows, rows.take(np.tile(np.arange(m), len(worlds))), kind, wane)
    return populations(rows, share, len(worlds))


def _kind_and_contrast(kind: str, contrast: str | None) -> tuple[str, str | None]:
    """Read ``"hazard_ratio"`` as the ratio of hazards."""
    if contrast is not None:
        check_choice("contrast", contrast, ("difference", "ratio"), "standardise()")
    if kind not in (*ALL_CONTRASTS, *_OF_AVERAGES):
        return kind, contrast
    base, _, how = kind.rpartition("_")
    if contrast not in (None, how):
        raise DataError(f'standardise: kind="{kind}" is a {how}, and `contrast` says "{contrast}".')
    return base, how


def _population_weights(
    fit: SurvivalFitted,
    over: Any,
    weights: ArrayLike | Mapping[Any, Mapping[Any, float]] | None,
    population: pd.DataFrame,
) -> Array:
    m = len(population)
    if weights is None:
        own = fit.sample.own.weight if over is None and fit.sample is not None else np.zeros(0)
        return own if len(own) == m else np.ones(m)
    if isinstance(weights, Mapping):
        return _standard_shares(fit, over, weights, population)
    if isinstance(weights, pd.Series):
        weights = by_row(weights, population.index, "weights")
    values = numeric_array(weights, "weights", "standardise()")
    if len(values) != m or not np.all(values >= 0.0) or not values.sum() > 0.0:
        raise DataError(f"standardise: `weights` must be {m} numbers, none negative and not all 0.")
    return values


def _standard_shares(
    fit: SurvivalFitted, over: Any, weights: Mapping[Any, Mapping[Any, float]], population: pd.DataFrame
) -> Array:
    """Read {"column of groups": {group: weight}} as weights of the rows of a population."""
    if len(weights) != 1 or not isinstance(next(iter(weights.values())), Mapping):
        raise DataError(
            'standardise: `weights` of a standard population are {"column of groups": {group: weight, ...}}.'
        )
    (name, standard), *_ = weights.items()
    if not is_among(name, population.columns):
        where = "`over`" if over is not None else "this model, which keeps its own alone; give over=data"
        raise DataError(f"standardise: `weights` goes by {name!r}, which is no column of {where}.")
    own = _population_weights(fit, over, None, population)
    return standard_weights(population[name], standard, own, "standardise")


def standard_weights(column: pd.Series, standard: Mapping[Any, float], own: Array, where: str) -> Array:
    """Weigh rows so that their groups have the shares of a standard population.

    Each row counts with its group's share in the standard over the group's share in the rows.

    Parameters
    ----------
    column : Series of shape (n,)
        The group of each row.
    standard : mapping of group to number
        Weights of the groups; divided by their sum.
    own : ndarray of shape (n,)
        What each row counts without them.
    where : str
        Who asks, for messages.

    Raises
    ------
    DataError
        For groups without a weight, weights without rows, and weights that are none, by name.

    Warns
    -----
    DataWarning
        If the weights sum to neither 1 nor 100, 1,000 or the like: one may be missing or mistyped.
    """
    plain = plain_column(column)
    name, groups = column.name, list(standard)
    values = numeric_array(np.array(list(standard.values()), object), "weights", f"{where}()")
    wrong = [group for group, value in zip(groups, values, strict=True) if not 0.0 <= value < np.inf]
    if wrong or not values.sum() > 0.0:
        said = f"{listed_levels(wrong)} are negative, missing or infinite" if wrong else "all are 0"
        raise DataError(f"{where}: of the weights by {name!r}, {said}.")
    code = level_codes(plain, groups)
    if plain.isna().any():
        raise DataError(
            f"{where}: {name!r} is missing in {rows_text(plain.isna().to_numpy())}; weights go by it."
        )
    if (code < 0).any():
        unknown = listed_levels(in_order(set(plain[code < 0].tolist())))
        raise DataError(
            f"{where}: `weights` has no weight for {unknown} of {name!r}; it has one for {listed_levels(groups)}."
        )
    size = np.bincount(code, own, len(groups))
    absent = [group for group, n, value in zip(groups, size, values, strict=True) if n == 0.0 and value > 0.0]
    if absent:
        raise DataError(
            f"{where}: nobody is in {listed_levels(absent)} of {name!r}, which the weights count; merge groups, or "
            "leave these out."
        )
    total = float(values.sum())
    if abs(np.log10(total) - np.round(np.log10(total))) > _ROUNDING:
        warn(f"{where}: the weights by {name!r} sum to {total:g}; they were divided by it", DataWarning)
    return np.asarray(own * (values / total / np.maximum(size, np.finfo(float).tiny))[code] * own.sum())


def _worlds(
    fit: SurvivalFitted, population: pd.DataFrame, names: list[str], levels: Any
) -> tuple[list[tuple[Any, ...]], list[pd.DataFrame]]:
    """Return the combinations of levels, and the population under each."""
    own = [_levels(fit, population, name, _own_levels(levels, name, names)) for name in names]
    values = list(product(*own))
    worlds = [
        population.assign(
            **{name: like(population[name], v) for name, v in zip(names, combination, strict=True)}
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
    if isinstance(levels, Mapping):
        return levels.get(name)
    if levels is None or len(names) == 1:
        return levels
    raise DataError("standardise: with several variables `levels` is a mapping of each to its values.")


def _levels(fit: SurvivalFitted, population: pd.DataFrame, by: str, levels: Any) -> list[Any]:
    check_columns(population, [by], "standardise(): by")
    if by not in fit.facts.levels:
        raise DataError(f"standardise: `by` is {by!r}, which is no covariate of this model.")
    found = levels_of(fit, by) if levels is None else list(levels)
    if not found:
        raise DataError(f"standardise: `levels` of {by!r} is empty.")
    return found


def like(column: pd.Series, value: Any) -> Any:
    """Make a constant column of the same kind: a category must stay one."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Categorical([value] * len(column), categories=column.cat.categories)
    return value
