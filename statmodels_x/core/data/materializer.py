"""Formulaic's evaluation of terms with our functions, our rule for levels and our limit on columns.

Imported where it is first needed: formulaic takes most of a second to load.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from formulaic.materializers import PandasMaterializer
from formulaic.materializers.types import FactorValues
from formulaic.transforms import TRANSFORMS, encode_contrasts
from formulaic.utils.layered_mapping import LayeredMapping
from formulaic.utils.stateful_transforms import stateful_eval
from interface_meta import override

from statmodels_x.core.data.columns import level_codes, levels_of, listed_levels, plain_column
from statmodels_x.core.data.limits import MOST_CATEGORIES, MOST_COLUMNS
from statmodels_x.core.data.safety import NUMPY_NAMES, called_names, syntax_tree
from statmodels_x.core.data.splines import b_spline, natural_spline
from statmodels_x.core.errors import DataError, FormulaError

_ARITHMETIC = ast.Add | ast.Sub | ast.Mult | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow | ast.USub
_LOGIC = ast.BitAnd | ast.BitOr | ast.BitXor | ast.Invert | ast.RShift


class UnseenLevelError(Exception):
    """A row whose category has no column; the factor it belongs to is added where it is known."""


def _power(base: Any, exponent: Any) -> Any:
    return np.power(base, exponent, dtype=float)  # whole numbers would wrap round


def _exp10(x: Any) -> Any:
    return np.power(10.0, x)


def _categories(data: Any, contrasts: Any = None, *, levels: Any = None, spans_intercept: bool = True) -> Any:
    """Mark data as categories, as formulaic's ``C``; every row must have one of the levels."""
    made = TRANSFORMS["C"](data, contrasts, levels=levels, spans_intercept=spans_intercept)

    def encoder(
        values: Any, reduced_rank: bool, drop_rows: list[int], encoder_state: dict[str, Any], model_spec: Any
    ) -> Any:
        coded = coded_levels(values, levels if levels is not None else encoder_state.get("categories"))
        return encode_contrasts(
            coded,
            contrasts=contrasts,
            levels=levels,
            reduced_rank=reduced_rank,
            _state=encoder_state,
            _spec=model_spec,
        )

    return FactorValues(made, encoder=encoder)


_FUNCTIONS = {
    **TRANSFORMS,
    "np": SimpleNamespace(**{**{name: getattr(np, name) for name in NUMPY_NAMES}, "power": _power}),
    "C": _categories,
    "bs": b_spline,
    "ns": natural_spline,
    "exp10": _exp10,
}


def coded_levels(values: Any, levels: Any) -> pd.Series:
    """Return values as a categorical of the given levels (None: of those they have).

    Raises
    ------
    UnseenLevelError
        If a row is missing or has no level; its text says which.
    """
    series = plain_column(pd.Series(getattr(values, "__wrapped__", values)).reset_index(drop=True))
    if levels is None:
        made = series if isinstance(series.dtype, pd.CategoricalDtype) else series.astype("category")
        codes, known = made.cat.codes.to_numpy(), levels_of(made)
    else:
        known = tuple(levels)
        codes = level_codes(series, known)
    if (codes < 0).any():
        value = series.iloc[int(np.argmax(codes < 0))]
        said = "a missing value" if pd.isna(value) else f"the level {value!r}"
        raise UnseenLevelError(f"{said}, which is none of its levels {listed_levels(known)}")
    if levels is None:
        return made
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(known)))


def environment(expression: str, data: Mapping[str, Any], functions: Mapping[str, Any]) -> LayeredMapping:
    """Return what an expression sees: the functions that it calls, then the columns.

    A column that bears the name of a function is so a column where it stands alone. Whole numbers and truth values
    that are computed with are floats: numpy's own would wrap round, and True + True would be True.
    """
    reading = _read(expression)
    called = {name: functions[name] if name in functions else _FUNCTIONS[name]
              for name in reading.called if name in functions or name in _FUNCTIONS}  # fmt: skip
    columns = {name: data[name] for name in reading.names if name in data and name not in called}
    if reading.kinds:
        columns = {name: _as_type(column, reading.kinds, reading.kind) for name, column in columns.items()}
    return LayeredMapping(called, columns)


class _Reading(NamedTuple):
    """What an expression calls and names, and which types of columns it needs as another type."""

    called: frozenset[str]
    names: frozenset[str]
    kinds: str
    kind: type


@lru_cache(256)
def _read(expression: str) -> _Reading:
    quoted: dict[str, str] = {}
    nodes = list(ast.walk(syntax_tree(expression, expression, quoted)))
    names = frozenset(quoted.get(node.id, node.id) for node in nodes if isinstance(node, ast.Name))
    called = frozenset(called_names(expression))
    return _Reading(called, names, *_promoted(nodes, "C" in called))


def _promoted(nodes: Sequence[ast.AST], grouped: bool) -> tuple[str, type]:
    """Say which types of columns are computed with in an expression, and as what they should be."""
    operators = [getattr(node, "op", node) for node in nodes]
    calls = {
        getattr(node.func, "attr", getattr(node.func, "id", ""))
        for node in nodes
        if isinstance(node, ast.Call)
    }
    if not any(isinstance(node, _ARITHMETIC) for node in operators) and not calls & {"square", "poly"}:
        return "", float
    logical = any(isinstance(node, _LOGIC) for node in operators)
    if grouped:  # whole numbers name the levels
        return ("" if logical else "b"), int
    return ("iu" if logical else "biu"), float


def _as_type(column: Any, kinds: str, kind: type) -> Any:
    return (
        column.astype(kind) if getattr(getattr(column, "dtype", None), "kind", "O") in (*kinds,) else column
    )


class Materializer(PandasMaterializer):
    """Evaluates and encodes the factors of a design; what formulaic only warns of is an error."""

    @override
    def _evaluate(self, expr: str, metadata: Any, spec: Any) -> Any:
        variables: set[Any] = set()
        seen = environment(expr, self.data, {})
        return stateful_eval(
            expr, seen, {expr: metadata}, spec.transform_state, spec, variables=variables
        ), variables

    @override
    def _encode_categorical(
        self,
        values: Any,
        metadata: Any,
        encoder_state: dict[str, Any],
        spec: Any,
        drop_rows: Sequence[int],
        reduced_rank: bool = False,
    ) -> Any:
        coded = coded_levels(values, encoder_state.get("categories"))
        return super()._encode_categorical(coded, metadata, encoder_state, spec, drop_rows, reduced_rank)

    @override
    def _encode_evaled_factor(
        self, factor: Any, spec: Any, drop_rows: Sequence[int], reduced_rank: bool = False
    ) -> Any:
        try:
            return super()._encode_evaled_factor(factor, spec, drop_rows, reduced_rank)
        except UnseenLevelError as error:
            raise DataError(f"the term {str(factor.expr)!r} has {error}.") from None

    @override
    def _build_model_matrix(self, spec: Any, drop_rows: Sequence[int]) -> Any:
        for term in spec.formula:
            kinds = [self.factor_cache[factor.expr].metadata.kind.value for factor in term.factors]
            if kinds.count("categorical") > MOST_CATEGORIES:
                raise FormulaError(
                    f"the term {str(term)!r} is an interaction of {kinds.count('categorical')} categories; "
                    f"{MOST_CATEGORIES} are allowed. Make one column of some of them."
                )
        for bound in (self._at_most, self._width):  # a cheap bound first
            n_columns = sum(math.prod(map(bound, term.factors)) for term in spec.formula)
            if n_columns <= MOST_COLUMNS:
                break
        else:
            raise FormulaError(
                f"the terms {str(spec.formula)!r} make up to {n_columns} columns; {MOST_COLUMNS} are allowed. Merge "
                "levels, or take interactions out."
            )
        return super()._build_model_matrix(spec, drop_rows)

    def _at_most(self, factor: Any) -> int:
        """Bound the columns of a factor without a look at its values."""
        evaluated = self.factor_cache[factor.expr]
        values = evaluated.values.__wrapped__
        is_category = evaluated.metadata.kind.value == "categorical" and np.ndim(values) == 1
        return self.nrows if is_category else self._width(factor)

    def _width(self, factor: Any) -> int:
        """Bound the columns of a factor that is evaluated and not yet encoded."""
        evaluated = self.factor_cache[factor.expr]
        values = getattr(evaluated.values, "__wrapped__", evaluated.values)
        if isinstance(values, Mapping):
            return max(1, len(values))
        if np.ndim(values) == 2:
            return int(np.shape(values)[1])
        if evaluated.metadata.kind.value != "categorical":
            return 1
        series = values if isinstance(values, pd.Series) else pd.Series(values)
        return max(1, int(series.nunique()))
