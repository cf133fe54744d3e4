"""Formulas of vital rates -> derivatives of the growth rate, exact to rounding by a complex step."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.core.typing import Array

_STEP = 1e-30
_SAME = 1e-6
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt}
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip


def vital_rate_table(
    matrix: Array, slopes: Array, root: float, formulas: Any, values: Mapping[str, float]
) -> pd.DataFrame:
    """See :meth:`MatrixPopulation.vital_rates`."""
    where = "vital_rates()"
    texts = np.array(formulas, dtype=object)
    if texts.shape != matrix.shape:
        raise DataError(f"{where}: `formulas` has the shape {texts.shape}; the matrix has {matrix.shape}.")
    if not isinstance(values, Mapping) or not values:
        raise DataError(f"{where}: `values` must map names of rates to numbers.")
    trees = [_parsed(text) for text in texts.ravel()]
    rates = {str(name): complex(float(value)) for name, value in values.items()}
    made = np.array([_value(tree, rates) for tree in trees]).real.reshape(matrix.shape)
    off = np.abs(made - matrix) > _SAME * np.maximum(np.abs(matrix), 1.0)
    if off.any():
        i, j = (int(n) for n in np.argwhere(off)[0])
        raise DataError(
            f"{where}: the formula of entry [{i + 1}, {j + 1}] gives {made[i, j]:g}, the matrix has {matrix[i, j]:g}."
        )
    rows = []
    for name, value in rates.items():
        moved = rates | {name: value + 1j * _STEP}
        change = np.array([_value(tree, moved) for tree in trees]).imag.reshape(matrix.shape) / _STEP
        slope = float(np.sum(slopes * change))
        rows.append((value.real, slope, slope * value.real / root))
    return pd.DataFrame(
        rows, index=pd.Index(list(rates), name="rate"), columns=["value", "sensitivity", "elasticity"]
    )


def _parsed(text: Any) -> ast.expr:
    try:
        return ast.parse(str(text), mode="eval").body
    except SyntaxError as error:
        raise FormulaError(f"vital_rates(): {str(text)!r} cannot be read ({error.msg}).") from error


def _value(tree: ast.expr, rates: Mapping[str, complex]) -> complex:
    """Evaluate names, numbers and arithmetic, and nothing else."""
    if (
        isinstance(tree, ast.Constant)
        and isinstance(tree.value, int | float)
        and not isinstance(tree.value, bool)
    ):
        return complex(tree.value)
    if isinstance(tree, ast.Name):
        if tree.id not in rates:
            raise FormulaError(f"vital_rates(): `values` has no {tree.id!r}; it has {', '.join(rates)}.")
        return rates[tree.id]
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub | ast.UAdd):
        inner = _value(tree.operand, rates)
        return -inner if isinstance(tree.op, ast.USub) else inner
    if isinstance(tree, ast.BinOp) and type(tree.op) in _OPERATORS:
        return complex(_OPERATORS[type(tree.op)](_value(tree.left, rates), _value(tree.right, rates)))
    known = isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in _FUNCTIONS
    if known and isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and len(tree.args) == 1:
        return complex(_FUNCTIONS[tree.func.id](_value(tree.args[0], rates)))
    raise FormulaError(
        f"vital_rates(): {ast.unparse(tree)!r} is not allowed; use names, numbers, + - * / **, exp, log and sqrt."
    )
