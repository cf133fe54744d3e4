"""Checks of what a formula reads, in memory or in the partitions of a Dask frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.model_frame import ModelFrame
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_count, check_magnitude, numeric_array, rows_text
from statmodels_x.discontinuity.grid.domain import Points, default_resolution

_MOST_AXES = 3
FEWEST_CELLS = 4


def refuse_axes(d: int) -> None:
    """Refuse four or more dimensions."""
    if d > _MOST_AXES:
        raise DataError(
            f"there are {d} covariates; free discontinuity regression is for one to {_MOST_AXES}: the number of "
            "cells grows as a power of the dimension, and most would be empty. Choose the covariates over "
            "which jumps are looked for, and adjust the response for the others first."
        )


@dataclass(frozen=True)
class Rows:
    """What is kept of a frame.

    Attributes
    ----------
    names : tuple of str
        Covariates.
    points : Points
    kept : ndarray of bool
        Which of the frame's rows these are.
    dropped : dict of str to int
        Rows left out, by reason.
    """

    names: tuple[str, ...]
    points: Points
    kept: NDArray[np.bool_]
    dropped: Mapping[str, int]


def read_rows(frame: ModelFrame, label: str) -> Rows:
    """Check the columns of a frame, and keep the rows with a response and a weight.

    Raises
    ------
    DataError
        With the name of the column that cannot be used.
    """
    names, x = covariates_of(frame)
    refuse_axes(len(names))
    if len(frame.response) != 1:
        raise DataError("formula: give one response.")
    y = numeric_array(frame.response[0], label, "formula")
    weight = checked_weights(frame.columns.get("weights"), len(y))
    keep = ~np.isnan(y) & (weight > 0.0)
    dropped = dict(frame.dropped)
    for why, rows in ((label, np.isnan(y)), ("weight of 0", weight == 0.0)):
        if rows.any():
            dropped[why] = int(rows.sum())
    for column, what in ((y, label), *((x[:, k], name) for k, name in enumerate(names))):
        bad = np.isinf(column) | np.isnan(column) & (column is not y)
        if bad.any():
            raise DataError(f"'{what}' is not finite in {rows_text(bad)}; drop or correct these rows.")
    check_magnitude(y, label, "formula")
    return Rows(names, Points(x[keep], y[keep], weight[keep]), keep, dropped)


def no_row(label: str) -> DataError:
    """Return the error of a frame without a usable row."""
    return DataError(f"no row has both a response '{label}' and a positive weight.")


def covariates_of(frame: ModelFrame) -> tuple[tuple[str, ...], Array]:
    """Names and values of the covariates; refuse what is not one numeric column each."""
    design = frame.designs["covariates"]
    for name in design.spec.part.variables:
        column = frame.data[name]
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            raise DataError(
                f"formula: '{name}' holds {column.dtype} values and is no numeric covariate; the surface lies over "
                "continuous covariates, such as 'y ~ longitude + latitude'. Fit a category's groups one by one."
            )
    for term, part in design.spec.model_spec.term_slices.items():
        if str(term) != "1" and (part.stop - part.start != 1 or len(term.factors) != 1):
            raise DataError(
                f"formula: the term '{term}' is not one numeric covariate; name the covariates only."
            )
    kept = [k for k, name in enumerate(design.names) if name != "Intercept"]
    if not kept:
        raise DataError("formula: there is no covariate; write for example 'y ~ longitude + latitude'.")
    return tuple(design.names[k] for k in kept), design.matrix[:, kept]


def refuse_dates(table: pd.DataFrame, names: Iterable[str]) -> None:
    """Refuse dates where a place on an axis is a number."""
    for name in names:
        kind = table[name].dtype if name in table.columns else None
        if kind is not None and (kind.kind in "mM" or isinstance(kind, pd.PeriodDtype)):
            raise DataError(
                f"formula: the covariate '{name}' holds dates or times, which only the covariate of a curve may, "
                "as datetime64; elsewhere a place on an axis is a number. Give one, "
                f"such as (data['{name}'] - data['{name}'].min()) / pd.Timedelta(days=1)."
            )


def checked_weights(values: Any, n: int) -> Array:
    """Inverse variances of the rows; ones if none are given."""
    if values is None:
        return np.ones(n)
    weight = numeric_array(values, "weights", "FreeDiscontinuity()")
    for bad, what in ((weight < 0.0, "negative"), (~np.isfinite(weight), "not finite")):
        if bad.any():
            raise DataError(
                f"`weights` is {what} in {rows_text(bad)}; give inverse variances up to a factor."
            )
    check_magnitude(weight, "weights", "FreeDiscontinuity()")
    return weight


def grid_shape(
    names: Sequence[str], n: int, distinct: Sequence[int], span: tuple[float, float], resolution: Any
) -> tuple[int, ...]:
    """Return the cells along each axis, for n rows with so many distinct values and responses of such a span.

    Raises
    ------
    DataError
        If a surface has nothing to stand on, or ``resolution`` asks for more than the rows can carry.
    """
    d = len(names)
    for name, known in zip(names, distinct, strict=True):
        if known < FEWEST_CELLS:
            raise DataError(
                f"the covariate '{name}' has {known} distinct value{'s' if known > 1 else ''}; a surface needs at "
                f"least {FEWEST_CELLS}. Take it out of the formula."
            )
    if span[0] == span[1]:
        raise DataError(f"the response is constant ({span[0]:g} in every row); there is no surface to fit.")
    shape = (
        default_resolution(n, d, list(distinct)) if resolution is None else checked_resolution(resolution, d)
    )
    for name, size, known in zip(names, shape, distinct, strict=True):
        if size > known:
            raise DataError(
                f"`resolution` asks for {size} cells along '{name}', which has only {known} distinct values; "
                f"give at most {known} there, or the cells between are empty."
            )
    if n < np.prod(shape):
        most = max(FEWEST_CELLS, int((n / 5) ** (1.0 / d)))
        raise DataError(
            f"there are {n} points for {int(np.prod(shape))} cells ({' x '.join(map(str, shape))}); "
            f"give a lower `resolution`, such as {most}, or more points."
        )
    return shape


def checked_resolution(resolution: Any, d: int) -> tuple[int, ...]:
    """Cells along each axis from what the user gave."""
    many = (
        np.ndim(resolution) > 0
        if isinstance(resolution, np.ndarray)
        else isinstance(resolution, tuple | list)
    )
    given = list(resolution) if many else [resolution] * d
    if len(given) != d:
        raise DataError(
            f"`resolution` has {len(given)} numbers for {d} covariates; give one, or one for each."
        )
    return tuple(check_count("resolution", size, FEWEST_CELLS) for size in given)
