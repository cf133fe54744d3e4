"""Formula text -> terms that are known to be safe: parsed by formulaic, let through an allow-list.

Formula text is code for formulaic, so nothing is evaluated before every factor has been walked as a syntax
tree and found to hold only names, numbers, operators and known transforms.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError, FormulaError

_TRANSFORMS = frozenset(
    (
        "C I bs cc center contr cr cs exp exp2 exp10 log log2 log10 poly scale standardize offset Surv "
        "Treatment Sum Helmert Diff Poly"
    ).split()
)  # fmt: skip
_NUMPY = frozenset(
    (
        "abs absolute arcsinh arctan cbrt clip cos exp exp2 expm1 fabs floor ceil log log10 log1p log2 maximum "
        "minimum power round sign sin sqrt square tan tanh where inf pi nan"
    ).split()
)  # fmt: skip
_CONTRASTS = frozenset(("treatment", "sum", "helmert", "diff", "poly", "SAS"))
_NODES = (
    ast.Expression, ast.Name, ast.Load, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare,
    ast.Call, ast.keyword, ast.List, ast.Tuple, ast.Attribute, ast.operator, ast.unaryop, ast.boolop,
    ast.cmpop,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """The terms of one design matrix and its offset.

    Attributes
    ----------
    text : str
        The right-hand side as the user wrote it.
    formula : formulaic.Formula
        Its terms without the offset.
    offset : str or None
        Expression of the offset, summed if there were several.
    variables : tuple of str
        Names that the terms and the offset use.
    """

    text: str
    formula: Any = field(repr=False)
    offset: str | None
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Response:
    """The left-hand side: one expression for each response and the names that they use."""

    expressions: tuple[str, ...]
    variables: tuple[str, ...]


def split_formula(text: str) -> tuple[Response, Part]:
    """Parse ``"response ~ terms"``.

    Parameters
    ----------
    text : str
        A formula with both sides.

    Returns
    -------
    response : Response
    part : Part

    Raises
    ------
    FormulaError
        If the text cannot be read, a side is missing, or an expression is not allowed.
    """
    if not isinstance(text, str):
        raise FormulaError(f"formula: give text such as 'Surv(time, status) ~ x', not {type(text).__name__}.")
    if text.count("~") != 1 or not all(side.strip() for side in text.split("~")):
        raise FormulaError(f"formula {text!r}: write one '~' with a response before it and terms after it.")
    parsed = _parse(text)
    expressions: list[str] = []
    names: set[str] = set()
    for term in _simple_terms(parsed.lhs, text):
        if len(term.factors) != 1:
            raise FormulaError(f"formula {text!r}: the response {str(term)!r} must be a single expression.")
        names |= _factor_names(term.factors[0], text)
        expression = str(term.factors[0].expr)
        is_plain = term.factors[0].eval_method.value != "lookup"
        expressions.append(expression if is_plain else f"`{expression}`")
    return Response(tuple(expressions), tuple(sorted(names))), _part(
        parsed.rhs, text.split("~")[1].strip(), text
    )


def right_side(text: str, argument: str) -> Part:
    """Parse the one-sided formula of a parameter, ``"~ terms"``.

    Raises
    ------
    FormulaError
        If there is a response, or the text cannot be read or is not allowed.
    """
    body = text.strip()
    if not body.startswith("~") or body.count("~") != 1 or not body[1:].strip():
        raise FormulaError(f"`{argument}` is {text!r}; give a one-sided formula such as '~ 1' or '~ age'.")
    return _part(_parse(body), body[1:].strip(), f"{argument}={text}")


def evaluate(expression: str, data: pd.DataFrame, functions: Mapping[str, Any], state: dict[str, Any]) -> Any:
    """Evaluate one checked expression on the columns of ``data``.

    Raises
    ------
    FormulaError
        If the evaluation fails; the message holds the expression.
    """
    from formulaic.transforms import TRANSFORMS
    from formulaic.utils.layered_mapping import LayeredMapping
    from formulaic.utils.stateful_transforms import stateful_eval

    columns = {str(name): data[name] for name in data.columns}
    environment = LayeredMapping(columns, dict(functions), TRANSFORMS)
    try:
        with np.errstate(all="ignore"):
            return stateful_eval(expression, environment, {}, state, None)
    except (DataError, FormulaError):
        raise
    except Exception as error:
        raise FormulaError(f"{expression!r} could not be evaluated: {error}") from error


def _parse(text: str) -> Any:
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        return Formula(text)
    except (FormulaicError, SyntaxError) as error:
        reason = re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]", "", str(error)).strip().splitlines()[0]
        raise FormulaError(f"formula {text!r} cannot be read: {reason}") from error


def _part(terms: Any, body: str, where: str) -> Part:
    from formulaic import Formula

    kept, offsets, names = [], [], set()
    for term in _simple_terms(terms, where):
        expressions = [str(factor.expr) for factor in term.factors]
        for factor in term.factors:
            names |= _factor_names(factor, where)
        calls = [expression for expression in expressions if expression.startswith("offset(")]
        if not calls:
            kept.append(term)
        elif len(expressions) == 1:
            offsets.append(calls[0][len("offset(") : -1])
        else:
            raise FormulaError(f"formula {where!r}: offset() cannot be part of an interaction.")
    offset = " + ".join(f"({text})" for text in offsets) or None
    return Part(body, Formula(kept), offset, tuple(sorted(names)))


def _simple_terms(terms: Any, where: str) -> list[Any]:
    from formulaic.formula import SimpleFormula

    if not isinstance(terms, SimpleFormula):
        raise FormulaError(f"formula {where!r}: '|' is not used here; each parameter has its own argument.")
    return list(terms)


def _factor_names(factor: Any, where: str) -> set[str]:
    if factor.eval_method.value == "lookup":  # a column name, looked up and never evaluated
        return {str(factor.expr)}
    return _checked_names(str(factor.expr), where)


def _checked_names(expression: str, where: str) -> set[str]:
    """Return the column names in an expression; refuse everything that is not arithmetic on columns."""
    quoted: dict[str, str] = {}

    def alias(match: re.Match[str]) -> str:
        quoted[f"_quoted_{len(quoted)}"] = match.group(1)
        return f"_quoted_{len(quoted) - 1}"

    try:
        tree = ast.parse(re.sub(r"`([^`]+)`", alias, expression), mode="eval")
    except SyntaxError:
        raise FormulaError(f"formula {where!r}: {expression!r} is not an expression.") from None
    functions: set[int] = set()
    for node in ast.walk(tree):
        _check_node(node, expression, where, functions)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions}
    return {quoted.get(name, name) for name in names} - {"True", "False", "None"}


def _check_node(node: ast.AST, expression: str, where: str, functions: set[int]) -> None:
    def refuse(what: str) -> FormulaError:
        allowed = ", ".join(sorted(_TRANSFORMS - {"Surv"}))
        return FormulaError(
            f"formula {where!r}: {what} in {expression!r} is not allowed. A formula may hold columns, "
            f"numbers, operators, np.<function> and the transforms {allowed}; compute anything else as a column first."
        )

    if not isinstance(node, _NODES):
        raise refuse(f"{type(node).__name__} syntax")
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name is not None and name not in _TRANSFORMS:
            raise refuse(f"the function {name!r}")
        functions.add(id(node.func))
    elif isinstance(node, ast.Attribute):
        base = node.value.id if isinstance(node.value, ast.Name) else ""
        if node.attr not in {"np": _NUMPY, "contr": _CONTRASTS}.get(base, ()):
            raise refuse(f"the attribute {base + '.' + node.attr!r}")
        functions.add(id(node.value))
    elif isinstance(node, ast.Name) and node.id.startswith("__"):
        raise refuse(f"the name {node.id!r}")
