"""Predictions averaged over subjects, as they are or with one covariate set to each of its levels (g-formula)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.data.columns import in_order
from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice
from statmodels_x.multistate.fitted import MultiStateFitted
from statmodels_x.multistate.inference.intensities import Intensities, intensities
from statmodels_x.multistate.inference.paths import Values
from statmodels_x.multistate.inference.prediction import (
    Options,
    checked_times,
    frames_of,
    interleaved,
    starting_point,
)
from statmodels_x.multistate.inference.quantities import TIME_KINDS, Asked, Labels, checked_worth
from statmodels_x.multistate.inference.scales import Scaled

STANDARDISED = ("occupancy", "survival", "event_free", "incidence", "stay", "value")
_CHUNK = 4000  # rows times times of one step
_MANY = 12

Quantities = list[tuple[Labels, Scaled]]


@dataclass(frozen=True)
class World:
    """A population whose predictions are averaged: distinct rows of covariates and their shares, in chunks."""

    parts: list[tuple[Intensities, Asked, Array]] = field(repr=False)

    def mean(self, kind: str, theta: Array | None) -> Quantities:
        """Average over the rows, at each time."""
        total: Quantities = []
        for hazards, asked, share in self.parts:
            found = TIME_KINDS[kind](hazards if theta is None else hazards.under(theta), asked)
            part = [(labels, _weighted(scaled, share)) for labels, scaled in found]
            total = part if not total else [_sum(one, other) for one, other in zip(total, part, strict=True)]
        return total


def _weighted(scaled: Scaled, share: Array) -> Scaled:
    """Sum over rows, of which each has all times in turn."""
    values, m = scaled.values, len(share)
    gradient = values.gradient
    value = share @ values.value.reshape(m, -1)
    if gradient is not None:
        gradient = np.tensordot(share, gradient.reshape(m, len(value), -1), axes=1)
    width = scaled.width if np.ndim(scaled.width) == 0 else np.asarray(scaled.width)[: len(value)]
    return Scaled(Values(value, gradient), scaled.scale, width)


def _sum(one: tuple[Labels, Scaled], other: tuple[Labels, Scaled]) -> tuple[Labels, Scaled]:
    labels, first = one
    return labels, Scaled(first.values + other[1].values, first.scale, first.width)


def standardise(
    fit: MultiStateFitted,
    kind: str,
    at: ArrayLike | None,
    by: str | None,
    levels: Sequence[Any] | None,
    over: Any,
    contrast: str | None,
    options: Options,
) -> pd.DataFrame:
    """Average predictions over covariates; see :meth:`MultiStateResults.standardise`."""
    check_choice("kind", kind, STANDARDISED, "standardise()")
    _check_arguments(kind, by, levels, contrast, options)
    population = _population(fit, over)
    times = checked_times(kind, at)
    wanted = [None] if by is None else _levels(fit, population, by, levels)
    if contrast is not None and len(wanted) < 2:
        raise DataError("standardise: a contrast needs `by`, a covariate with at least two levels.")
    worlds = [
        _world(fit, population if by is None else population.assign(**{by: level}), kind, times, options)
        for level in wanted
    ]
    frames = []
    for k, level in enumerate(wanted):
        if contrast is not None and k == 0:
            continue

        def quantities(theta: Array | None = None, k: int = k) -> Quantities:
            own = worlds[k].mean(kind, theta)
            if contrast is None:
                return own
            first = worlds[0].mean(kind, theta)
            pairs = zip(own, first, strict=True)
            return [
                (labels, one.difference(other) if contrast == "difference" else one.ratio(other))
                for (labels, one), (_, other) in pairs
            ]

        parts = frames_of(fit, quantities, options)
        for part in parts:
            if by is not None:
                word = {"difference": "-", "ratio": "/"}.get(str(contrast))
                part.insert(
                    0, by, [level if contrast is None else f"{level} {word} {wanted[0]}"] * len(times)
                )
            part.insert(int(by is not None), "time", times)
            part["extrapolated"] = times > fit.facts.last_time
        frames.append(interleaved(parts))
    return pd.concat(frames, ignore_index=True)


def _check_arguments(kind: str, by: Any, levels: Any, contrast: Any, options: Options) -> None:
    if levels is not None and by is None:
        raise DataError("standardise: `levels` are the values of `by`; give both.")
    if contrast is not None:
        check_choice("contrast", contrast, ("difference", "ratio"), "standardise()")
    if options.values is not None and kind != "value":
        raise DataError(f'standardise: `values` belongs to kind="value", not to "{kind}".')
    if options.discount and kind not in ("stay", "value"):
        raise DataError(f'standardise: `discount` belongs to kind="stay" and "value", not to "{kind}".')


def _population(fit: MultiStateFitted, over: Any) -> pd.DataFrame:
    """Distinct rows of covariates, with their share in the column ``_share``."""
    names = list(fit.covariates)
    if over is None:
        data = fit.need_sample("standardise without `over`").rows.drop_duplicates("id")
    else:
        data = as_pandas(over)
        check_columns(data, names, "standardise(): over")
        lost = data[names].isna().any(axis=1)
        if lost.any() or not len(data):
            raise DataError(
                f"standardise: {int(lost.sum())} of {len(data)} rows of `over` miss a covariate; drop them."
            )
    weight = np.ones(len(data))
    if over is None and fit.facts.weighted is not None:
        weight = data[fit.facts.weighted].to_numpy(float)
    return data[names].assign(_share=weight / weight.sum())


def _levels(
    fit: MultiStateFitted, population: pd.DataFrame, by: str, levels: Sequence[Any] | None
) -> list[Any]:
    if by not in fit.covariates:
        raise DataError(
            f"standardise: `by` is {by!r}; the covariates are {', '.join(fit.covariates) or 'none'}."
        )
    if levels is not None:
        return list(levels)
    column = population[by]
    if isinstance(column.dtype, pd.CategoricalDtype):
        found = [level for level in column.cat.categories if (column == level).any()]
    else:
        found = in_order(column.unique().tolist())
    if len(found) > _MANY:
        raise DataError(f"standardise: {by!r} has {len(found)} values; say which by `levels`.")
    return list(found)


def _world(
    fit: MultiStateFitted, population: pd.DataFrame, kind: str, times: Array, options: Options
) -> World:
    names = list(fit.covariates)
    if names:
        distinct = population.groupby(names, observed=True, sort=False, as_index=False)["_share"].sum()
    else:
        distinct = pd.DataFrame({"_share": [1.0]})
    worth = checked_worth(fit.states, options.values) if kind == "value" else None
    k, parts = len(times), []
    size = max(1, _CHUNK // k)
    for first in range(0, len(distinct), size):
        rows = distinct.iloc[first : first + size]
        hazards = intensities(fit, rows if names else None)
        m = len(rows)
        origin = starting_point(fit, kind, options, rows.index)
        if np.any(times < origin.given[0]):
            raise DataError("standardise: `at` holds times before `given`.")
        asked = Asked(origin, np.repeat(np.arange(m), k), np.tile(times, m), options.discount, worth)
        parts.append((hazards, asked, rows["_share"].to_numpy()))
    return World(parts)
