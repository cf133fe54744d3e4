"""Rows of a frame -> response, weights and arrays for the likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from statmodels_x.core.data.design import Design
from statmodels_x.core.data.model_frame import ModelFrame
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.scaling import ColumnMap
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_magnitude, numeric_array, rows_text
from statmodels_x.survival.background.rows import background_terms
from statmodels_x.survival.distributions.parameters import CURE_KINDS, PARAMETERS
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, SurvivalRows, sample_arrays
from statmodels_x.survival.reading.anchor import anchor
from statmodels_x.survival.specification import Specification

Rows = TypeVar("Rows", bound=SurvivalRows)

ZERO_WEIGHT = "weight of 0"
"""The reason under which rows without weight are counted as dropped."""

NO_WEIGHT = "`weights` is 0 in every row; give a positive weight to the rows to be used."


def survival_response(frame: ModelFrame) -> Surv:
    """Return the response of a frame, which must be one Surv."""
    if len(frame.response) != 1 or not isinstance(frame.response[0], Surv):
        raise DataError("formula: the response must be one Surv(...), for example Surv(time, status) ~ x.")
    return frame.response[0]


def checked_weights(frame: ModelFrame) -> Array | None:
    """Return the weights of a frame, if it has any, as numbers that are neither negative nor infinite."""
    if "weights" not in frame.columns:
        return None
    values = numeric_array(frame.columns["weights"], "weights", "FlexibleSurvival()")
    for bad, what in ((values < 0.0, "negative"), (~np.isfinite(values), "infinite")):
        if bad.any():
            raise DataError(
                f"`weights` is {what} in {rows_text(bad)}; case weights count observations: 0 or more."
            )
    check_magnitude(values, "weights", "FlexibleSurvival()")
    return values


def rows_with_weight(frame: ModelFrame, weights: Array | None) -> tuple[ModelFrame, Array | None]:
    """Leave out rows of weight 0: they say nothing, and must not count as events, levels or observations.

    Raises
    ------
    DataError
        If no row has a weight.
    """
    if weights is None or np.all(weights > 0.0):
        return frame, weights
    if not np.any(weights > 0.0):
        raise DataError(NO_WEIGHT)
    return frame.take(weights > 0.0, ZERO_WEIGHT), weights[weights > 0.0]


def model_arrays(
    specification: Specification, designs: Mapping[str, Design], response: Surv, weights: Array | None
) -> SurvivalArrays:
    """Put rows and model together as arrays for the likelihood, without limits of search."""
    fixed = specification.fixed
    offsets = tuple(
        _offset(designs[name].offset) if name in designs else fixed.get(name, 0.0) for name in PARAMETERS
    )
    matrices = tuple(designs[name].matrix if name in designs else None for name in PARAMETERS)
    wide = np.full(5, np.inf)
    cure = CURE_KINDS.index(specification.cure_kind)
    family = specification.own_family
    return sample_arrays(response, weights, matrices, offsets, -wide, wide, cure, family)


def with_background(
    arrays: SurvivalArrays,
    specification: Specification,
    columns: Mapping[str, Any],
    response: Surv,
    per: float,
) -> SurvivalArrays:
    """Add the background of each row, if the model has one; ``per`` is the length of the unit of time in years."""
    if specification.background is None:
        return arrays
    log_other, expected = background_terms(specification.background, columns, response, per)
    factor = specification.background_factor
    return replace(arrays, log_other=log_other, expected=expected, has_factor=factor)


def anchored(specification: Specification, arrays: Rows) -> tuple[Specification, Rows]:
    """Fix the anchored parameter of a model, if it has one, at the middle of the events of its rows."""
    if not specification.anchored:
        return specification, arrays
    name = specification.anchored
    value, time = anchor(arrays.each, name, specification.cure_kind != "none")
    sources: dict[str, str | float] = {own: own for own in PARAMETERS} | {name: value}
    return specification.with_anchor(value, time), arrays.rearranged(*positions_of(sources, specification))


def positions_of(
    sources: Mapping[str, str | float], specification: Specification
) -> tuple[tuple[int | float, ...], int]:
    """Return where each parameter comes from, by position, and the code of the cure part."""
    places = tuple(
        source if isinstance(source, float) else PARAMETERS.index(source)
        for source in (sources[name] for name in PARAMETERS)
    )
    return places, CURE_KINDS.index(specification.cure_kind)


def moved_columns(
    columns: ColumnMap | None, sources: Mapping[str, str | float], slices: Sequence[slice]
) -> ColumnMap | None:
    """Return the map of the columns of a rearranged model."""
    if columns is None:
        return None
    parts = (
        slices[PARAMETERS.index(source)] for name in PARAMETERS if isinstance(source := sources[name], str)
    )
    others = range(slices[-1].stop, len(columns.scale))  # a factor on the background
    moved = columns.take([*(k for part in parts for k in range(part.start, part.stop)), *others])
    return moved if moved.changes else None


def scores_of_repeated(scores: Array, weight: Array) -> Array:
    """Return scores with the sum of squares of the rows that frequency weights stand for: w u u', not w u (w u)'."""
    return scores / np.sqrt(weight)[:, None] if len(weight) else scores


def _offset(offset: Array) -> float | Array:
    return offset if np.any(offset) else 0.0
