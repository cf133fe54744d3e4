"""Formulaic's evaluation of terms with our functions, our rule for levels and our limit on columns.

Imported where it is first needed: formulaic takes most of a second to load.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

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
    known = {**_FUNCTIONS, **functions}
    called = {name: known[name] for name in called_names(expression) if name in known}
    quoted: dict[str, str] = {}
    nodes = list(ast.walk(syntax_tree(expression, expression, quoted)))
    names = {quoted.get(node.id, node.id) for node in nodes if isinstance(node, ast.Name)}
    columns = {name: data[name] for name in names if name in data and name not in called}
    kinds, kind = _promoted(nodes, "C" in called)
    return LayeredMapping(called, {name: _as_type(column, kinds, kind) for name, column in columns.items()})


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
        n_columns = sum(math.prod(map(self._width, term.factors)) for term in spec.formula)
        if n_columns > MOST_COLUMNS:
            raise FormulaError(
                f"the terms {str(spec.formula)!r} make up to {n_columns} columns; {MOST_COLUMNS} are allowed. Merge "
                "levels, or take interactions out."
            )
        return super()._build_model_matrix(spec, drop_rows)

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
