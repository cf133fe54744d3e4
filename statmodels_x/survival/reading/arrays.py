"""Rows of a frame -> response, weights and arrays for the likelihood."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from statmodels_x.core.data.design import Design
from statmodels_x.core.data.model_frame import ModelFrame
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import numeric_array, rows_text
from statmodels_x.survival.distributions.parameters import CURE_KINDS, PARAMETERS
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, sample_arrays
from statmodels_x.survival.specification import Specification

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


def _offset(offset: Array) -> float | Array:
    return offset if np.any(offset) else 0.0
