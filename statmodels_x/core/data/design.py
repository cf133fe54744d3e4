"""Terms and complete rows -> a named matrix, and the means to build the same columns from new rows."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data import formula as _formula
from statmodels_x.core.data import stored
from statmodels_x.core.data.columns import as_in_fit, column_kind, levels_of, plain_column
from statmodels_x.core.data.formula import Part
from statmodels_x.core.data.frames import check_columns
from statmodels_x.core.data.safety import grouped_column
from statmodels_x.core.errors import DataError, DataWarning, FormulaError
from statmodels_x.core.findings import warn
from statmodels_x.core.validation import rows_text


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
    kinds : dict of str to str
        How each column entered: ordered, category, text, bool or number.
    """

    part: Part
    model_spec: Any = field(repr=False)
    names: tuple[str, ...]
    levels: Mapping[str, tuple[Any, ...]]
    offset_state: dict[str, Any] = field(repr=False)
    kinds: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        # the encoding goes as bytes of its own: a result then outlives a formulaic that cannot read them
        state = dict(self.__dict__)
        packed = state.pop("_packed", None)
        if packed is None:
            state.pop("_plain", None)
            packed = (formulaic_version(), pickle.dumps(self.model_spec, protocol=5))
        state.pop("model_spec", None)
        return {**state, "_packed": packed}

    def _to_file(self) -> dict[str, Any]:
        kept = {name: self.__dict__[name] for name in self.__dataclass_fields__ if name != "model_spec"}
        plain = self.__dict__.get("_plain") or (formulaic_version(), stored.plain_spec(self.model_spec))
        return {**kept, "_plain": plain}

    @classmethod
    def _from_file(cls, state: dict[str, Any], _: Any) -> DesignSpec:
        made = object.__new__(cls)
        names = (*(name for name in cls.__dataclass_fields__ if name != "model_spec"), "_plain")
        made.__dict__.update({name: state[name] for name in names})
        return made

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({"kinds": {}, **state})  # files of version 0.1 have no kinds

    def __getattr__(self, name: str) -> Any:
        if name != "model_spec" or not {"_packed", "_plain"} & set(self.__dict__):
            raise AttributeError(name)
        version, packed = self.__dict__.get("_plain") or self.__dict__["_packed"]
        try:
            model_spec = (
                pickle.loads(packed) if isinstance(packed, bytes) else stored.model_spec(self.part, packed)
            )
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
        used = pd.DataFrame({name: _new_column(data[name]) for name in self.part.variables}, index=data.index)
        for name in used.columns:
            empty = used[name].isna().to_numpy()
            if empty.any():
                raise DataError(
                    f"newdata: column {name!r} is missing in {rows_text(empty)}; a prediction needs every "
                    "covariate: drop or fill these rows."
                )
        as_then = {
            name: as_in_fit(used[name], self.kinds.get(name), self.levels.get(name)) for name in used.columns
        }
        return self.build(pd.DataFrame(as_then, index=data.index))

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

    def take(self, rows: NDArray[np.bool_ | np.intp]) -> Design:
        """Return the design of some rows."""
        return replace(self, matrix=self.matrix[rows], offset=self.offset[rows])

    @property
    def names(self) -> tuple[str, ...]:
        """Column names."""
        return self.spec.names


def build_designs(parts: Mapping[str, Part], data: pd.DataFrame) -> dict[str, Design]:
    """Build the design of each part, and that of equal parts once."""
    built: dict[str, Design] = {}
    for part in parts.values():
        if part.text not in built:
            built[part.text] = _build_design(part, data)
    return {key: built[part.text] for key, part in parts.items()}


def _build_design(part: Part, data: pd.DataFrame) -> Design:
    if part.text == "1":
        # one number, whatever the length: who needs a column of its own copies it
        return Design(np.broadcast_to(1.0, (len(data), 1)), _no_offset(len(data)), _intercept())
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
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        said = "; the constant term has this name" if twice == "Intercept" else ""
        raise FormulaError(
            f"formula: two columns of {part.text!r} are called {twice!r}{said}. Rename a column."
        )
    kinds = {name: column_kind(data[name]) for name in part.variables}
    return DesignSpec(part, model_spec, names, _known_levels(part, data, kinds), state, kinds)


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

    from statmodels_x.core.data.materializer import Materializer
    from statmodels_x.core.data.splines import listening

    columns = data if len(data.columns) else data.assign(_rows=0.0)
    try:
        with np.errstate(all="ignore"), listening() as words:
            built = Materializer(columns).get_model_matrix(spec)
        if np.asarray(built).dtype.kind == "c":
            raise TypeError("complex numbers")
    except (DataError, FormulaError):
        raise
    except (
        FormulaicError,
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        NameError,
        RecursionError,
    ) as error:
        raise FormulaError(f"the terms {part.text!r} could not be built: {error}") from error
    for text in words:
        warn(text, DataWarning)
    matrix = np.asarray(built, dtype=float).reshape(len(data), len(built.model_spec.column_names))
    return matrix, built.model_spec


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


def _known_levels(part: Part, data: pd.DataFrame, kinds: Mapping[str, str]) -> dict[str, tuple[Any, ...]]:
    """Record the values of columns that enter as categories, bare or as ``C(name)``."""
    expressions = [
        str(f.expr) for term in part.formula for f in term.factors if f.eval_method.value == "python"
    ]
    grouped = {grouped_column(expression) for expression in expressions}
    return {
        name: levels_of(data[name])
        for name in part.variables
        if name in grouped or kinds[name] in ("ordered", "category", "text")
    }


def _new_column(series: pd.Series) -> pd.Series:
    try:
        return plain_column(series)
    except DataError as error:
        raise DataError(f"newdata: {error}") from None
