"""A formula's terms and a data frame -> named matrices, with one joint decision on which rows are used."""

from __future__ import annotations

import pickle
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core import formula as _formula
from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.core.formula import Part, Response
from statmodels_x.core.frames import check_columns, plain_column
from statmodels_x.core.validation import rows_text

_MANY_LEVELS = 10


def formulaic_version() -> str:
    """Return the version of formulaic that is installed."""
    return version("formulaic")


@dataclass(frozen=True)
class DesignSpec:
    """What is needed to build the same columns from new data; no data inside.

    Attributes
    ----------
    part : Part
        The terms.
    model_spec : formulaic.ModelSpec
        Their encoding, with the state of splines, polynomials and centring.
    names : tuple of str
        Column names.
    levels : dict of str to tuple
        Known values of each categorical column.
    offset_state : dict
        State of the transforms within the offset.
    """

    part: Part
    model_spec: Any = field(repr=False)
    names: tuple[str, ...]
    levels: Mapping[str, tuple[Any, ...]]
    offset_state: dict[str, Any] = field(repr=False)

    def __getstate__(self) -> dict[str, Any]:
        # the encoding goes as bytes of its own: a result then outlives a formulaic that cannot read them
        state = dict(self.__dict__)
        packed = state.pop("_packed", None)
        if packed is None:
            packed = (formulaic_version(), pickle.dumps(state.pop("model_spec"), protocol=5))
        state.pop("model_spec", None)
        return {**state, "_packed": packed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __getattr__(self, name: str) -> Any:
        if name != "model_spec" or "_packed" not in self.__dict__:
            raise AttributeError(name)
        version, packed = self.__dict__["_packed"]
        try:
            model_spec = pickle.loads(packed)
        except Exception as error:
            raise DataError(
                f"the terms {self.part.text!r} were stored by formulaic {version}, which formulaic "
                f"{formulaic_version()} cannot read ({error}): install that version, or fit again. Estimates, "
                "tables and tests do not need it."
            ) from error
        self.__dict__["model_spec"] = model_spec
        return model_spec

    def rebuild(self, data: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Build the matrix and the offset for new rows.

        Parameters
        ----------
        data : DataFrame of shape (m, any)
            Must hold the columns that the terms use.

        Returns
        -------
        matrix : ndarray of shape (m, k)
        offset : ndarray of shape (m,)

        Raises
        ------
        DataError
            If a column is missing, holds missing values, or has a level that was not seen in the fit.
        """
        check_columns(data, self.part.variables, "newdata")
        used = pd.DataFrame(
            {name: plain_column(data[name]) for name in self.part.variables}, index=data.index
        )
        for name in used.columns:
            empty = used[name].isna().to_numpy()
            if empty.any():
                raise DataError(
                    f"newdata: column {name!r} is missing in {rows_text(empty)}; a prediction needs every "
                    "covariate: drop or fill these rows."
                )
        for name, known in self.levels.items():
            _check_levels(used[name], known)
        return self.build(used)

    def build(self, used: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Build the matrix and the offset from columns that are known to be complete and of known levels."""
        if self.part.text == "1":
            return np.ones((len(used), 1)), _no_offset(len(used))
        matrix, _ = _materialise_with_spec(self.model_spec, used, self.part)
        return matrix, _offset(self.part, used, self.offset_state)


@dataclass(frozen=True)
class Design:
    """A design matrix with its names, offset and the means to rebuild it."""

    matrix: NDArray[np.float64] = field(repr=False)
    offset: NDArray[np.float64] = field(repr=False)
    spec: DesignSpec

    def take(self, rows: NDArray[np.bool_]) -> Design:
        """Return the design of some rows."""
        return replace(self, matrix=self.matrix[rows], offset=self.offset[rows])

    @property
    def names(self) -> tuple[str, ...]:
        """Column names."""
        return self.spec.names


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
        {name: plain_column(_rows(series, keep)) for name, series in rows.used.items()},
        index=data.index[keep],
    )
    for series in everything.items():
        refuse_single_level(*series)
    for name in response.variables:
        if name not in everything.columns:
            everything[name] = _rows(data[name], keep)
    designs = _build_designs(parts, everything)
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
        return {key: series.to_numpy()[self.keep] for key, (_, series) in self.extra.items()}


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
    try:
        n_values = series.nunique()
    except TypeError:
        held = type(series.dropna().iloc[0]).__name__
        raise DataError(f"formula: column {name!r} holds {held} objects, which are no covariate.") from None
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
        return value, plain_column(data[value])
    try:
        fits = np.shape(value) == (len(data),)
    except ValueError:
        fits = False
    if not fits:
        raise DataError(f"`{key}` must name a column or be an array of {len(data)} values, one for each row.")
    return key, pd.Series(np.asarray(value), index=data.index)


def _evaluate_response(data: pd.DataFrame, response: Response, functions: Mapping[str, Any]) -> list[Any]:
    columns = data[list(response.variables)]
    values = [_formula.evaluate(expression, columns, functions, {}) for expression in response.expressions]
    for expression, value in zip(response.expressions, values, strict=True):
        if not hasattr(value, "__len__") or len(value) != len(data):
            raise FormulaError(f"the response {expression!r} does not give one value for each row.")
    return [value.to_numpy() if isinstance(value, pd.Series) else value for value in values]


def _build_designs(parts: Mapping[str, Part], data: pd.DataFrame) -> dict[str, Design]:
    """Build the design of each part, and that of equal parts once."""
    built: dict[str, Design] = {}
    for part in parts.values():
        if part.text not in built:
            built[part.text] = _build_design(part, data)
    return {key: built[part.text] for key, part in parts.items()}


def _build_design(part: Part, data: pd.DataFrame) -> Design:
    if part.text == "1":
        return Design(np.ones((len(data), 1)), _no_offset(len(data)), _intercept())
    return _materialised_design(part, data)


@lru_cache(1)
def _intercept() -> DesignSpec:
    """Return the specification of an intercept alone, which no data can change."""
    part = _formula.right_side("~ 1", "formula")
    return _materialised_design(part, pd.DataFrame(index=[0])).spec


def _no_offset(n: int) -> NDArray[np.float64]:
    return np.broadcast_to(0.0, (n,))


def _materialised_design(part: Part, data: pd.DataFrame) -> Design:
    built, model_spec = _materialise_with_spec(_blank(part), data, part)
    state: dict[str, Any] = {}
    offset = _offset(part, data, state)
    return Design(built, offset, _design_spec(part, model_spec, data, state))


def design_spec(part: Part, examples: pd.DataFrame) -> DesignSpec:
    """Learn the columns of a design from rows that show every level; their own values are not checked.

    Only for terms whose transforms keep no state: that of a spline would be the state of these rows.
    """
    if part.text == "1":
        return _intercept()
    _, model_spec = _model_matrix(_blank(part), examples, part)
    return _design_spec(part, model_spec, examples, {})


def _blank(part: Part) -> Any:
    from formulaic import ModelSpec

    return ModelSpec.from_spec(part.formula, ensure_full_rank=True, output="numpy", na_action="ignore")


def _design_spec(part: Part, model_spec: Any, data: pd.DataFrame, state: dict[str, Any]) -> DesignSpec:
    names = tuple(str(name) for name in model_spec.column_names)
    for term in model_spec.structure:
        if not term.columns:
            raise DataError(
                f"formula: the term {str(term.term)!r} has a single level in the rows used; take it out."
            )
    return DesignSpec(part, model_spec, names, _known_levels(part, data), state)


def _materialise_with_spec(spec: Any, data: pd.DataFrame, part: Part) -> tuple[NDArray[np.float64], Any]:
    matrix, model_spec = _model_matrix(spec, data, part)
    for name, column in zip(model_spec.column_names, matrix.T, strict=True):
        bad = ~np.isfinite(column)
        if bad.any():
            raise DataError(
                f"the term {name!r} is not a finite number in {rows_text(bad)}; check the column's values or "
                "the transform's domain."
            )
    return matrix, model_spec


def _model_matrix(spec: Any, data: pd.DataFrame, part: Part) -> tuple[NDArray[np.float64], Any]:
    from formulaic.errors import FormulaicError

    columns = data if len(data.columns) else data.assign(_rows=0.0)
    try:
        with _warnings_as_errors(), np.errstate(all="ignore"):
            built = spec.get_model_matrix(columns, context={})
        if np.asarray(built).dtype.kind == "c":
            raise TypeError("complex numbers")
    except (FormulaicError, Warning, ValueError, TypeError, LookupError, NameError, RecursionError) as error:
        raise FormulaError(f"the terms {part.text!r} could not be built: {error}") from error
    matrix = np.asarray(built, dtype=float).reshape(len(data), len(built.model_spec.column_names))
    return matrix, built.model_spec


@contextmanager
def _warnings_as_errors() -> Iterator[None]:
    """Turn warnings into errors; in the main thread only, because the filters belong to all threads at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def _offset(part: Part, data: pd.DataFrame, state: dict[str, Any]) -> NDArray[np.float64]:
    if part.offset is None:
        return _no_offset(len(data))
    evaluated = _formula.evaluate(part.offset, data, {}, state)
    try:
        values = np.broadcast_to(np.asarray(evaluated, dtype=float), (len(data),)).copy()
    except (TypeError, ValueError) as error:
        raise FormulaError(f"the offset {part.offset} is not one number for each row: {error}") from error
    bad = ~np.isfinite(values)
    if bad.any():
        raise DataError(f"the offset {part.offset} is not a finite number in {rows_text(bad)}.")
    return values


def _known_levels(part: Part, data: pd.DataFrame) -> dict[str, tuple[Any, ...]]:
    """Record the values of columns that enter as categories, bare or as ``C(name)``."""
    wrapped = {str(factor.expr) for term in part.formula for factor in term.factors}
    known = {}
    for name in part.variables:
        series = data[name]
        as_category = any(text.startswith((f"C({name},", f"C({name})")) for text in wrapped)
        if as_category or isinstance(series.dtype, pd.CategoricalDtype) or series.dtype == object:
            known[name] = tuple(pd.unique(series.dropna()).tolist())
    return known


def _check_levels(series: pd.Series, known: tuple[Any, ...]) -> None:
    unseen = [value for value in pd.unique(series).tolist() if value not in known]
    if unseen:
        raise DataError(
            f"newdata: column {series.name!r} has the level {unseen[0]!r}, which the fit did not see; "
            f"the known levels are {', '.join(map(repr, known))}."
        )
