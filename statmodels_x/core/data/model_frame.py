"""A formula's terms and a data frame -> responses and designs, with one joint decision on which rows are used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data import formula as _formula
from statmodels_x.core.data.columns import by_row, plain_column
from statmodels_x.core.data.design import Design, build_designs
from statmodels_x.core.data.formula import Part, Response
from statmodels_x.core.data.frames import check_columns
from statmodels_x.core.errors import DataError, FormulaError

_MANY_LEVELS = 10


@dataclass(frozen=True)
class ModelFrame:
    """Responses, design matrices and extra columns on the rows that have them all.

    Attributes
    ----------
    response : tuple
        The evaluated responses, in the order of the formula.
    designs : dict of str to Design
    columns : dict of str to ndarray
        Extra columns (weights, clusters) by the name of their argument.
    data : DataFrame
        The used columns on the used rows, with the user's index.
    n_rows : int
        Rows before any was dropped.
    dropped : dict of str to int
        For each column, the rows in which it was missing (a row can count under several columns).
    """

    response: tuple[Any, ...]
    designs: Mapping[str, Design]
    columns: Mapping[str, NDArray[Any]]
    data: pd.DataFrame = field(repr=False)
    n_rows: int
    dropped: Mapping[str, int]

    @property
    def n_dropped(self) -> int:
        """Number of rows that were left out."""
        return self.n_rows - len(self.data)

    def with_matrices(self, matrices: Mapping[str, NDArray[np.float64]]) -> ModelFrame:
        """Return the frame with equal design matrices that stand elsewhere in memory."""
        moved = {key: replace(design, matrix=matrices[key]) for key, design in self.designs.items()}
        return replace(self, designs=moved)

    def owned(self) -> ModelFrame:
        """Return the frame with columns of its own: as they stand in the design matrices where they do, else copies."""
        known = {
            name: design.matrix[:, place]
            for design in self.designs.values()
            for place, name in enumerate(design.spec.names)
        }
        columns = {name: _own_column(series, known.get(name)) for name, series in self.data.items()}
        data = pd.DataFrame(columns, index=self.data.index, copy=False)
        data.attrs = dict(self.data.attrs)
        return replace(self, data=data)

    def take(self, rows: NDArray[np.bool_], reason: str) -> ModelFrame:
        """Return the frame without the other rows, which are counted as dropped for a reason."""
        return replace(
            self,
            response=tuple(value[rows] for value in self.response),
            designs={key: design.take(rows) for key, design in self.designs.items()},
            columns={key: values[rows] for key, values in self.columns.items()},
            data=self.data[rows],
            dropped={**self.dropped, reason: int(np.count_nonzero(~rows))},
        )


def build_frame(
    data: pd.DataFrame,
    response: Response,
    parts: Mapping[str, Part],
    columns: Mapping[str, Any] | None = None,
    functions: Mapping[str, Any] | None = None,
    borrowed: bool = False,
) -> ModelFrame:
    """Evaluate the response, drop incomplete rows jointly, and build every design matrix.

    Parameters
    ----------
    data : DataFrame of shape (n, any)
    response : Response
        Evaluated on all rows: what a missing value means there is the response's own affair.
    parts : mapping of str to Part
        The terms of each design matrix.
    columns : mapping of str to (str, array_like or None), optional
        Extra columns by the name of their argument: a column of ``data`` or an array of its length.
    functions : mapping of str to callable, optional
        What the response may call, such as ``Surv``.
    borrowed : bool
        Whether ``data`` of the frame may be the caller's own columns, until ``owned`` is asked for.

    Returns
    -------
    ModelFrame

    Raises
    ------
    FormulaError, DataError
        With the name of the column, term or argument that cannot be used.
    """
    rows = read_rows(data, response, parts, columns or {}, functions or {})
    for name, series in rows.used.items():
        refuse_numbers_as_text(series, name)
    keep = rows.keep
    if not keep.any():
        raise DataError(f"data: no row is complete; missing values: {counts_text(rows.dropped)}.")

    # the frame that formulas see: kept rows, and no level that only dropped rows had
    everything = pd.DataFrame(
        {name: plain_column(_rows(series, keep)) for name, series in rows.used.items()}
        | {name: _rows(data[name], keep) for name in response.variables if name not in rows.used},
        index=data.index if keep.all() else data.index[keep],  # a range stays one, without its numbers
        copy=not borrowed,
    )
    for name in rows.used:
        refuse_single_level(name, everything[name])
    designs = build_designs(parts, everything)
    everything.attrs = dict(data.attrs)
    return ModelFrame(
        response=rows.kept_response(),
        designs=designs,
        columns=rows.kept_columns(),
        data=everything,
        n_rows=len(data),
        dropped=rows.dropped,
    )


@dataclass(frozen=True)
class Rows:
    """What a formula reads from a frame, before any matrix is built.

    Attributes
    ----------
    used : dict of str to Series
        Columns of the terms, all rows.
    extra : dict of str to (str, Series)
        Label and values of each extra column, all rows.
    response : list
        The evaluated responses, all rows.
    keep : ndarray of shape (n,)
        Which rows are complete.
    dropped : dict of str to int
        Missing values by column.
    """

    used: Mapping[str, pd.Series]
    extra: Mapping[str, tuple[str, pd.Series]]
    response: list[Any]
    keep: NDArray[np.bool_]
    dropped: Mapping[str, int]

    def kept_response(self) -> tuple[Any, ...]:
        """Return the responses of the complete rows."""
        return tuple(value[self.keep] for value in self.response)

    def kept_columns(self) -> dict[str, NDArray[Any]]:
        """Return the extra columns of the complete rows."""
        return {
            key: _plain_or_time(_rows(series, self.keep)).to_numpy()
            for key, (_, series) in self.extra.items()
        }


def read_rows(
    data: pd.DataFrame,
    response: Response,
    parts: Mapping[str, Part],
    columns: Mapping[str, Any],
    functions: Mapping[str, Any],
) -> Rows:
    """Read the columns of a formula, evaluate the response, and find the complete rows."""
    check_all_columns(data, response, parts)
    used = {
        name: plain_column(data[name]) for name in sorted({v for p in parts.values() for v in p.variables})
    }
    extra = {key: _extra_column(data, key, value) for key, value in columns.items() if value is not None}
    evaluated = _evaluate_response(data, response, functions)
    missing = {name: series.isna().to_numpy() for name, series in used.items()}
    missing |= {label: series.isna().to_numpy() for label, series in extra.values()}
    keep = ~np.logical_or.reduce([np.zeros(len(data), bool), *missing.values()])
    dropped = {name: int(rows.sum()) for name, rows in missing.items() if rows.any()}
    return Rows(used, extra, evaluated, keep, dropped)


def _own_column(series: pd.Series, known: NDArray[np.float64] | None) -> pd.Series:
    if known is not None and series.dtype == np.float64 and np.array_equal(series.to_numpy(), known):
        return pd.Series(known, index=series.index, name=series.name, copy=False)
    return series.copy()


def _rows(series: pd.Series, keep: NDArray[np.bool_]) -> pd.Series:
    return series if keep.all() else series[keep]


def counts_text(dropped: Mapping[str, int]) -> str:
    """List how many values each column misses."""
    return ", ".join(f"{name} ({count})" for name, count in dropped.items())


def check_all_columns(data: pd.DataFrame, response: Response, parts: Mapping[str, Part]) -> None:
    """Raise a DataError that names the first column that a formula uses and the frame lacks."""
    check_columns(data, response.variables, "formula")
    for key, part in parts.items():
        check_columns(data, part.variables, f"formula ({key} part)")


def refuse_numbers_as_text(series: pd.Series, name: str) -> None:
    """Refuse a numeric column that was read as text: each distinct number would become an effect."""
    if series.dtype != object:
        return
    n_values = series.nunique()
    if n_values <= _MANY_LEVELS or not any(isinstance(value, str) for value in series):
        return
    texts = series.dropna().astype(str)
    if pd.to_numeric(texts, errors="coerce").notna().all():
        raise DataError(
            f"formula: column {name!r} holds {n_values} different numbers as text; convert it with "
            "pandas.to_numeric, or to a categorical column if each number is a group."
        )


def refuse_single_level(name: Any, series: pd.Series) -> None:
    """Refuse a category without contrast: its term would vanish from the model without a word."""
    if (series.dtype == object or isinstance(series.dtype, pd.CategoricalDtype)) and series.nunique() == 1:
        raise DataError(
            f"formula: column {name!r} has the single level {series.iloc[0]!r} in the rows used; take it out."
        )


def _extra_column(data: pd.DataFrame, key: str, value: Any) -> tuple[str, pd.Series]:
    if isinstance(value, str):
        check_columns(data, [value], f"`{key}`")
        return value, _plain_or_time(data[value])
    return key, _plain_or_time(pd.Series(by_row(value, data.index, key), index=data.index, name=key))


def _plain_or_time(series: pd.Series) -> pd.Series:
    """Return a plain column; days are groups as good as any, and who needs numbers refuses them."""
    is_time = series.dtype.kind in "mM" or isinstance(series.dtype, pd.PeriodDtype)
    return series if is_time else plain_column(series)


def _evaluate_response(data: pd.DataFrame, response: Response, functions: Mapping[str, Any]) -> list[Any]:
    columns = {name: data[name] for name in response.variables}
    values = [_formula.evaluate(expression, columns, functions, {}) for expression in response.expressions]
    for expression, value in zip(response.expressions, values, strict=True):
        if not hasattr(value, "__len__") or len(value) != len(data):
            raise FormulaError(f"the response {expression!r} does not give one value for each row.")
    return [value.to_numpy() if isinstance(value, pd.Series) else value for value in values]
