"""A formula with a frame, or an array, -> checked observations and what summaries say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.columns import by_row
from statmodels_x.core.data.design import DesignSpec
from statmodels_x.core.data.formula import Part, split_formula, unquoted
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import ModelFrame, build_frame
from statmodels_x.core.data.partitions import is_dask_frame
from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_magnitude, rows_text
from statmodels_x.discontinuity.grid.dates import DateAxis, as_dates
from statmodels_x.discontinuity.grid.domain import (
    Cells,
    Domain,
    Points,
    Scale,
    array_cells,
    bin_points,
    point_domain,
)
from statmodels_x.discontinuity.grid.recorded import share_alike, unit_of
from statmodels_x.discontinuity.partitioned.reading import read_partitions
from statmodels_x.discontinuity.reading.checks import (
    FEWEST_CELLS,
    checked_weights,
    grid_shape,
    no_row,
    read_rows,
    refuse_axes,
    refuse_dates,
)


@dataclass(frozen=True)
class Facts:
    """What a fit keeps of its sample when it is saved: units and counts, no row.

    Attributes
    ----------
    domain : Domain
    scale : Scale
    design : DesignSpec or None
        How to build the covariates from new data; None for an array.
    response : str
        What the surface is a surface of.
    n_rows, n_used : int
        Rows (elements of the array) given, and used.
    n_empty : int
        Cells without data.
    dropped : dict of str to int
    dates : DateAxis or None
        How the covariate counts its days, if it is one of dates.
    n_clusters : int
        0 without clusters.
    alike : float
        Share of the responses that take the most common value.
    rounded : float
        Unit in which the responses are recorded, if they take more than two values; else 0.
    """

    domain: Domain
    scale: Scale
    design: DesignSpec | None = field(repr=False)
    response: str
    n_rows: int
    n_used: int
    n_empty: int
    dropped: Mapping[str, int]
    dates: DateAxis | None = None
    n_clusters: int = 0
    alike: float = 0.0
    rounded: float = 0.0

    def dated(self, x: Array) -> Any:
        """Places on the axis of a curve as the user knows them: dates, if it is an axis of dates."""
        return x if self.dates is None else self.dates.dates(x)

    def places(self, newdata: Any) -> tuple[Array, pd.Index | None]:
        """Read covariates as an array, in the order of the axes, with the index of their frame.

        Raises
        ------
        DataError
            If a column is missing, or an array has the wrong shape.
        """
        names = self.domain.names
        if self.dates is not None:
            return self._days(newdata)
        if isinstance(newdata, np.ndarray | list | tuple):
            try:
                points = np.asarray(newdata, float)
            except (TypeError, ValueError) as error:
                raise DataError(f"newdata cannot be read as numbers ({error}).") from error
            if points.ndim == 1:
                points = points[:, None] if len(names) == 1 else points[None, :]
            if points.ndim != 2 or points.shape[1] != len(names):
                raise DataError(f"newdata has the shape {points.shape}; give one column for each of {names}.")
            return points, None
        frame = as_pandas(newdata)
        if self.design is None:
            missing = [name for name in names if name not in frame.columns]
            if missing:
                raise DataError(f"newdata: there is no column {missing[0]!r}; the axes are {names}.")
            return frame[list(names)].to_numpy(float), frame.index
        matrix, _ = self.design.rebuild(frame)
        kept = [k for k, name in enumerate(self.design.names) if name != "Intercept"]
        return matrix[:, kept], frame.index

    def _days(self, newdata: Any) -> tuple[Array, pd.Index | None]:
        assert self.dates is not None
        name = self.dates.name
        if isinstance(newdata, np.ndarray | list | tuple | pd.Series | pd.DatetimeIndex):
            values = np.ravel(newdata) if isinstance(newdata, np.ndarray) else newdata
            return self.dates.days(values, "newdata")[:, None], None
        frame = as_pandas(newdata)
        if name not in frame.columns:
            raise DataError(f"newdata: there is no column '{name}'.")
        return self.dates.days(frame[name], "newdata")[:, None], frame.index


@dataclass(frozen=True)
class Sample:
    """The observations of a fit.

    Attributes
    ----------
    cells : Cells
    points : Points or None
        The scattered observations; None for an array.
    design : DesignSpec or None
        How to build the covariates from new data; None for an array.
    response : str
        What the surface is a surface of.
    n_rows : int
        Rows (elements of the array) given.
    dropped : dict of str to int
    dates : DateAxis or None
        How the covariate counts its days, if it is one of dates.
    rows : ndarray of int or None
        Which of the rows given each scattered observation is.
    reach : float
        How far from a scattered observation that is an average its rows may lie, in cells; 0 for rows themselves.
    cluster : ndarray of int or None
        Groups of the scattered observations whose errors may be dependent.
    """

    cells: Cells
    points: Points | None = field(repr=False)
    design: DesignSpec | None = field(repr=False)
    response: str
    n_rows: int
    dropped: Mapping[str, int]
    dates: DateAxis | None = None
    rows: NDArray[np.intp] | None = field(repr=False, default=None)
    reach: float = 0.0
    cluster: NDArray[np.intp] | None = field(repr=False, default=None)

    def need_rows(self, what: str) -> None:
        """Refuse what draws rows again, if they are in the partitions of a Dask frame."""
        if self.reach:
            raise DataError(
                f"{what} draws rows again, and those of a Dask frame entered as averages; fit a sample of them, "
                "rows.sample(frac=0.01).compute()."
            )

    @property
    def n_used(self) -> int:
        """Rows used."""
        return int(self.cells.count.sum())

    @property
    def facts(self) -> Facts:
        """What a saved fit keeps of it."""
        cells, design, response = self.cells, self.design, self.response
        empty = int(np.count_nonzero(~cells.filled))
        responses = self.observed()[1]
        unit = unit_of(responses)
        return Facts(
            cells.domain,
            cells.scale,
            design,
            response,
            self.n_rows,
            self.n_used,
            empty,
            self.dropped,
            self.dates,
            0 if self.cluster is None else len(np.unique(self.cluster)),
            share_alike(responses),
            unit if np.ptp(responses) > 1.5 * unit else 0.0,
        )

    def taking(self, cells: Cells, kept: NDArray[np.bool_]) -> Sample:
        """Return the sample with some of its scattered observations, which make up the given cells."""
        assert self.points is not None
        rows = None if self.rows is None else self.rows[kept]
        cluster = None if self.cluster is None else self.cluster[kept]
        return replace(self, cells=cells, points=self.points.take(kept), rows=rows, cluster=cluster)

    def observed(self) -> tuple[Array, Array, Array]:
        """Return covariates, responses and weights, one row per observation (an element with data of an array)."""
        if self.points is not None:
            return self.points.x, self.points.y, self.points.weight
        cells = self.cells
        return cells.domain.cell_centres()[cells.filled], cells.mean[cells.filled], cells.weight[cells.filled]


def read_formula(formula: str, data: Any, resolution: Any, weights: Any, cluster: Any = None) -> Sample:
    """Read scattered observations.

    Raises
    ------
    FormulaError, DataError
        With the name of the column or argument that cannot be used.
    """
    response, part = split_formula(formula)
    if part.offset is not None:
        raise FormulaError(f"formula {formula!r}: offset() is not used here; subtract it from the response.")
    label = unquoted(response.expressions[0])
    if is_dask_frame(data):
        cells, points, spec, n_rows, dropped, reach = read_partitions(
            data, response, part, label, resolution, weights
        )
        return Sample(cells, points, spec, label, n_rows, dropped, reach=reach)
    table, dates = _read_dates(as_pandas(data), part)
    refuse_dates(table, part.variables)
    frame = build_frame(
        table, response, {"covariates": part},
        {"weights": weights, "cluster": cluster, "rows": np.arange(len(table))},
    )  # fmt: skip
    found = read_rows(frame, label)
    x, y = found.points.x, found.points.y
    if not len(y):
        raise no_row(label)
    distinct = [len(np.unique(column)) for column in x.T]
    shape = grid_shape(found.names, len(y), distinct, (float(y.min()), float(y.max())), resolution)
    cells = bin_points(found.points, point_domain(x, found.names, shape))
    spec, rows = frame.designs["covariates"].spec, frame.columns["rows"][found.kept]
    groups = _clusters(frame, found.kept)
    return Sample(cells, found.points, spec, label, frame.n_rows, found.dropped, dates, rows, cluster=groups)


def _clusters(frame: ModelFrame, keep: NDArray[np.bool_]) -> NDArray[np.intp] | None:
    if "cluster" not in frame.columns:
        return None
    codes = np.asarray(pd.factorize(frame.columns["cluster"][keep])[0])
    if codes.max() < 1:
        raise DataError(
            "`cluster` holds one group in all rows used; errors shared by all of them cannot be told."
        )
    return codes


def _read_dates(table: pd.DataFrame, part: Part) -> tuple[pd.DataFrame, DateAxis | None]:
    """Count the days of the one covariate of a curve, if it is a column of dates."""
    name = part.variables[0] if part.variables else ""
    plain = {str(term).strip("`") for term in part.formula} <= {"1", name}
    if len(part.variables) != 1 or name not in table.columns or not plain:
        return table, None
    column = as_dates(table[name], name, "formula")
    if column is None or column.isna().all():
        return table, None
    axis = DateAxis.of(column.rename(name))
    return table.assign(**{name: axis.days(column, "formula")}), axis


def read_array(values: Any, weights: Any) -> Sample:
    """Read a regular array; NaN (or a masked element) is a cell without data.

    Raises
    ------
    DataError
        If it is not numeric, has an infinite element, more than three axes, or one that is too short.
    """
    names, breaks = _array_axes(values)
    weight = None if weights is None else _plain_array(_in_place(weights, values), "weights")
    array = _plain_array(values, "the array")
    refuse_axes(array.ndim)
    if array.ndim == 0 or min(array.shape) < FEWEST_CELLS:
        raise DataError(
            f"the array has the shape {array.shape}; each axis needs at least {FEWEST_CELLS} elements."
        )
    if np.isinf(array).any():
        raise DataError(
            f"the array is infinite in {rows_text(np.isinf(array.ravel()))}; mark missing cells by NaN."
        )
    check_magnitude(array, "the array")
    if weight is None:
        weight = np.ones(array.shape)
    if weight.shape != array.shape:
        raise DataError(f"`weights` has the shape {weight.shape}, the array {array.shape}; they must agree.")
    weight = checked_weights(weight.ravel(), array.size).reshape(array.shape)
    known = ~np.isnan(array) & (weight > 0.0)
    if np.count_nonzero(known) < 2**array.ndim:
        raise DataError(
            f"the array has {np.count_nonzero(known)} elements with data; there is no surface to fit."
        )
    if np.ptp(array[known]) == 0.0:
        raise DataError(
            f"the response is constant ({array[known][0]:g} everywhere); there is no surface to fit."
        )
    names = names or _default_names(array.ndim)
    domain = Domain(names, breaks or tuple(np.arange(size + 1) - 0.5 for size in array.shape))
    missing = {"missing": int(np.count_nonzero(~known))} if not known.all() else {}
    return Sample(array_cells(array, weight, domain), None, None, "array", array.size, missing)


def _in_place(weights: Any, values: Any) -> Any:
    """Return weights that carry labels in the order of the labels of the array, where that has some, too."""
    if isinstance(weights, pd.Series | pd.DataFrame) and type(weights) is type(values):
        return _by_labels(weights, values)
    dims, own = getattr(values, "dims", None), getattr(weights, "dims", None)
    if dims is None or own is None or set(map(str, dims)) != set(map(str, own)):
        return weights
    turned = weights.transpose(*dims)
    for name in dims:
        if name in values.coords and name in turned.coords and not _equal(values, turned, name):
            raise DataError(
                f"`weights` has other coordinates along '{name}' than the array; select them first."
            )
    return turned


def _equal(values: Any, weights: Any, name: Any) -> bool:
    return np.array_equal(np.asarray(values.coords[name]), np.asarray(weights.coords[name]))


def _by_labels(weights: Any, values: Any) -> Any:
    if np.shape(weights) != np.shape(values):
        return weights  # refused by its shape
    for axis, index in enumerate(values.axes):
        own = weights.axes[axis]
        order = by_row(pd.Series(np.arange(len(own)), own), index, "weights", "one for each element")
        weights = weights.take(order, axis=axis)
    return weights


def _default_names(d: int) -> tuple[str, ...]:
    return {1: ("position",), 2: ("row", "column")}.get(d, tuple(f"axis_{k}" for k in range(d)))


def _plain_array(values: Any, name: str) -> Array:
    masked = np.ma.is_masked(values)
    array = np.asarray(values.filled(np.nan) if masked and values.dtype.kind == "f" else values)
    if masked and array.dtype.kind in "iu":
        array = np.where(np.ma.getmaskarray(values), np.nan, array)
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name} holds {array.dtype}, not numbers.")
    return array.astype(float)


def _array_axes(values: Any) -> tuple[tuple[str, ...] | None, tuple[Array, ...] | None]:
    """Names and breaks of a labelled array (xarray), whose coordinates must be evenly spaced and rising."""
    dims, coords = getattr(values, "dims", None), getattr(values, "coords", None)
    if dims is None or coords is None:
        return None, None
    breaks = []
    for name, size in zip(dims, np.shape(values), strict=True):
        x = np.asarray(coords[name], float) if name in coords else np.arange(size, dtype=float)
        step = np.diff(x)
        if size < 2 or not np.allclose(step, step[0]) or not step[0] > 0.0:
            raise DataError(f"the coordinate '{name}' of the array must rise in equal steps.")
        breaks.append(np.append(x - 0.5 * step[0], x[-1] + 0.5 * step[0]))
    return tuple(map(str, dims)), tuple(breaks)
