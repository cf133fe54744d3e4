"""What shifts the level beside a surface, and what shares errors: columns on the rows used, and their effects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from scipy.sparse.linalg import lsqr

from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import numeric_array, rows_text
from statmodels_x.discontinuity.fitted import SurfaceFitted
from statmodels_x.discontinuity.grid.domain import Points


@dataclass(frozen=True, eq=False)
class Extras:
    """What shifts the level and what shares errors, one row per observation used."""

    covariates: Array = field(repr=False)
    names: tuple[str, ...]
    groups: tuple[NDArray[np.intp], ...] = field(repr=False)
    cluster: NDArray[np.intp] | None = field(repr=False)


def level_of(fit: SurfaceFitted, points: Points, extras: Extras, rows: NDArray[np.bool_]) -> Array:
    """Return what covariates and groups add to the points, by least squares beside an effect of each cell."""
    if not extras.names and not extras.groups:
        return np.zeros(int(rows.sum()))
    root = np.sqrt(points.weight[rows])
    centred = extras.covariates[rows] - extras.covariates[rows].mean(0)
    shifts = hstack([csr_matrix(centred), *(_dummies(codes[rows]) for codes in extras.groups)]).tocsr()
    design = hstack([shifts, _dummies(fit.domain.cell_of(points.x[rows]))]).tocsr()
    weighted = design.multiply(root[:, None]).tocsr()
    size = np.sqrt(np.asarray(weighted.multiply(weighted).sum(0)).ravel())
    size[size == 0.0] = 1.0
    y = points.y[rows]
    scaled = weighted.multiply(1.0 / size).tocsr()
    solution = lsqr(scaled, root * (y - y.mean()), atol=1e-8, btol=1e-8)[0] / size
    level = shifts @ solution[: shifts.shape[1]]
    return np.asarray(level - level.mean())


def _dummies(codes: NDArray[Any]) -> csr_matrix:
    _, code = np.unique(codes, return_inverse=True)
    return csr_matrix((np.ones(len(code)), (np.arange(len(code)), code)))


def read_extras(fit: SurfaceFitted, data: Any, covariates: Any, absorb: Any, cluster: Any) -> Extras:
    """Read the columns that the arguments of ``border_effect`` name or hold, on the rows used."""
    n = len(fit.need_sample("border_effect()").points.y)
    names, columns = [], []
    for name, values in _columns(fit, data, covariates, "covariates"):
        found = numeric_array(values, name, "border_effect()")
        bad = ~np.isfinite(found)
        if bad.any():
            raise DataError(
                f"border_effect(): the covariate '{name}' is missing or not finite in {rows_text(bad)} of the rows "
                "used; fit to rows that have it."
            )
        names.append(name)
        columns.append(found)
    groups = tuple(_codes(name, values) for name, values in _columns(fit, data, absorb, "absorb"))
    clusters = [_codes(name, values) for name, values in _columns(fit, data, cluster, "cluster")]
    if len(clusters) > 1:
        raise DataError(
            "border_effect(): `cluster` is one column; errors shared in two ways are not supported."
        )
    matrix = np.column_stack(columns) if columns else np.zeros((n, 0))
    own = fit.need_sample("border_effect()").cluster
    return Extras(matrix, tuple(names), groups, clusters[0] if clusters else own)


def read_sides(fit: SurfaceFitted, data: Any, border: Any) -> NDArray[np.bool_]:
    """Read the side of each row used: True for the larger of two values."""
    ((name, values),) = _columns(fit, data, border, "border")
    codes = _codes(name, values)
    if codes.max() != 1:
        raise DataError(
            f"border_effect(): the column of sides '{name}' has {codes.max() + 1} different values in the rows used; "
            "give two, such as 0 and 1, or the vertices of a line."
        )
    return np.asarray(pd.Series(np.asarray(values)).rank(method="dense").to_numpy() == 2.0)


def _codes(name: str, values: Any) -> NDArray[np.intp]:
    codes, _ = pd.factorize(pd.Series(np.asarray(values)))
    if (codes < 0).any():
        raise DataError(
            f"border_effect(): '{name}' is missing in {rows_text(codes < 0)} of the rows used; fit to rows "
            "that have it."
        )
    return np.asarray(codes)


def _columns(fit: SurfaceFitted, data: Any, given: Any, argument: str) -> list[tuple[str, Any]]:
    """Return the columns of an argument on the rows used: names in ``data``, a frame, or an array of rows."""
    if given is None:
        return []
    if isinstance(given, str) or (isinstance(given, list | tuple) and all(isinstance(k, str) for k in given)):
        if data is None:
            raise DataError(
                f"border_effect(): `{argument}` names columns; give the frame of the fit as `data`."
            )
        wanted = [given] if isinstance(given, str) else list(given)
        table = as_pandas(data)
        check_columns(table, wanted, f"`{argument}`")
        table = table[wanted]
    elif hasattr(given, "columns") or isinstance(given, dict):
        table = as_pandas(given)
    else:
        array = np.asarray(given)
        if array.ndim not in (1, 2):
            raise DataError(
                f"border_effect(): `{argument}` is {given!r}; give names of columns, a frame, or an array with a row "
                "for each row of the fit."
            )
        array = array[:, None] if array.ndim == 1 else array
        label = getattr(given, "name", None) or argument
        table = pd.DataFrame(
            {label if array.shape[1] == 1 else f"{argument}[{k}]": array[:, k] for k in range(array.shape[1])}
        )
    sample = fit.need_sample("border_effect()")
    if len(table) == sample.n_rows and sample.rows is not None:
        table = table.iloc[sample.rows]
    elif len(table) != len(sample.points.y):
        raise DataError(
            f"border_effect(): `{argument}` has {len(table)} rows, and the fit was given {sample.n_rows}; give the "
            "same rows in the same order."
        )
    return [(str(name), table[name].to_numpy()) for name in table.columns]
