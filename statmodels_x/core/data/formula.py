"""Formula text -> terms: checked against the allow-list first, then parsed by formulaic."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from keyword import iskeyword
from typing import Any
from unicodedata import normalize

import numpy as np

from statmodels_x.core.data.limits import MOST_TERMS, count_terms
from statmodels_x.core.data.safety import column_names, offset_argument, reserved_column, reserved_hint
from statmodels_x.core.errors import DataError, FormulaError

_LONGEST = 20_000
_QUOTED = re.compile(r"\"(?:\\\"|[^\"])*\"|'(?:\\'|[^'])*'|`(?P<name>[^`]*)`")
_DOT = re.compile(r"(?<![\w.)\]`\"'])\.(?![\w.(`])")  # not that of a number, nor of np.log
_REMEMBERED = 256  # parsing a short formula takes longer than fitting a small data set


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

    def __reduce__(self) -> tuple[Any, ...]:
        # stored as text, which every version of formulaic can read
        return _right, (f"~ {self.text}", "formula")

    def _to_file(self) -> dict[str, Any]:
        return {"text": self.text}

    @classmethod
    def _from_file(cls, state: dict[str, Any], _: Any) -> Part:
        return right_side(f"~ {state['text']}", "file")


@dataclass(frozen=True, slots=True)
class Response:
    """The left-hand side: one expression for each response and the names that they use."""

    expressions: tuple[str, ...]
    variables: tuple[str, ...]

    def _to_file(self) -> dict[str, Any]:
        return {"expressions": self.expressions, "variables": self.variables}

    @classmethod
    def _from_file(cls, state: dict[str, Any], _: Any) -> Response:
        for expression in state["expressions"]:  # what will be evaluated is checked as a formula is
            column_names(expression, expression)
        return cls(tuple(map(str, state["expressions"])), tuple(map(str, state["variables"])))


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
    return _split(text)


@lru_cache(_REMEMBERED)
def _split(text: str) -> tuple[Response, Part]:
    if text.count("~") != 1 or not all(side.strip() for side in text.split("~")):
        raise FormulaError(f"formula {text!r}: write one '~' with a response before it and terms after it.")
    parsed = _parse(text)
    if not len(getattr(parsed, "lhs", ())):
        raise FormulaError(f"formula {text!r}: there is no response before '~'.")
    expressions: list[str] = []
    names: set[str] = set()
    for term in _simple_terms(parsed.lhs, text):
        if len(term.factors) != 1:
            raise FormulaError(f"formula {text!r}: the response {str(term)!r} must be a single expression.")
        names |= _factor_names(term.factors[0], text)
        expressions.append(evaluable(term.factors[0]))
    return Response(tuple(expressions), tuple(sorted(names))), _part(
        parsed.rhs, text.split("~")[1].strip(), text
    )


def written_out(text: str, columns: Iterable[Any], taken: Iterable[str] = ()) -> str:
    """Write ``.`` as the sum of all other columns: those that the response does not use and nothing else takes.

    Parameters
    ----------
    text : str
        A formula with both sides, or ``"~ terms"``; returned as it is where no ``.`` stands as a term.
    columns : iterable of str
        Names in the order of the frame.
    taken : iterable of str
        Columns that have a part of their own, such as weights.

    Raises
    ------
    FormulaError
        If no column is left.
    """
    left, tilde, right = text.partition("~")
    if not tilde or not _DOT.search(_QUOTED.sub(lambda found: "x" * len(found[0]), right)):
        return text
    used = set(taken) | set(split_formula(f"{left} ~ 1")[0].variables if left.strip() else ())
    others = [str(name) for name in columns if name not in used]
    if not others:
        raise FormulaError(f"formula {text!r}: '.' stands for all other columns, and there is none.")
    every = f"({' + '.join(map(quoted, others))})"
    places = _QUOTED.sub(lambda found: "x" * len(found[0]), right)
    parts, last = [], 0
    for found in _DOT.finditer(places):
        parts += [right[last : found.start()], every]
        last = found.end()
    return f"{left}{tilde}{''.join(parts)}{right[last:]}"


def right_side(text: str, argument: str) -> Part:
    """Parse the one-sided formula of a parameter, ``"~ terms"``.

    Raises
    ------
    FormulaError
        If there is a response, or the text cannot be read or is not allowed.
    """
    body = text.strip() if isinstance(text, str) else ""
    if not body.startswith("~") or body.count("~") != 1 or not body[1:].strip():
        raise FormulaError(f"`{argument}` is {text!r}; give a one-sided formula such as '~ 1' or '~ age'.")
    return _right(body, f"{argument}={text}")


@lru_cache(_REMEMBERED)
def _right(body: str, where: str) -> Part:
    return _part(_parse(body, where), body[1:].strip(), where)


def quoted(name: str) -> str:
    """Return the name of a column as one types it in a formula: in backquotes unless it is a plain word."""
    return name if name.isidentifier() and not iskeyword(name) else f"`{name}`"


def unquoted(expression: str) -> str:
    """Return the name of a column that stands alone in backquotes; anything else as it is."""
    inner = expression[1:-1]
    return inner if expression == f"`{inner}`" and "`" not in inner else expression


def written(factors: Iterable[Any]) -> str:
    """Return the factors of a term as one types them; ``str(term)`` has odd names without their backquotes."""
    texts = ((str(factor.expr), factor.eval_method.value == "lookup") for factor in factors)
    return ":".join(quoted(text) if looked_up else text for text, looked_up in texts)


def typed_term(part: Part, label: str) -> str:
    """Return the term of a part that tables call ``label``, as one types it."""
    return next((written(term.factors) for term in part.formula if str(term) == label), label)


def evaluable(factor: Any) -> str:
    """Return a factor of formulaic's as :func:`evaluate` takes it: a column that is looked up in backquotes."""
    return f"`{factor.expr}`" if factor.eval_method.value == "lookup" else str(factor.expr)


def evaluate(
    expression: str, data: Mapping[str, Any], functions: Mapping[str, Any], state: dict[str, Any]
) -> Any:
    """Evaluate one checked expression on the columns of ``data``.

    Raises
    ------
    FormulaError
        If the evaluation fails; the message holds the expression.
    """
    from formulaic.utils.stateful_transforms import stateful_eval

    from statmodels_x.core.data.materializer import environment

    alone = reserved_column(expression)
    if alone is not None and alone in data:
        return data[alone]
    try:
        with np.errstate(all="ignore"):
            return stateful_eval(expression, environment(expression, data, functions), {}, state, None)
    except (DataError, FormulaError):
        raise
    except Exception as error:
        raise FormulaError(f"{expression!r} could not be evaluated: {error}") from error


def _parse(text: str, where: str | None = None) -> Any:
    from formulaic import Formula
    from formulaic.errors import FormulaicError
    from formulaic.parser.algos.sanitize_tokens import sanitize_tokens
    from formulaic.parser.algos.tokenize import tokenize
    from formulaic.parser.types import Token

    if len(text) > _LONGEST:
        raise FormulaError(f"the formula has {len(text)} characters; {_LONGEST} are allowed.")
    where, text = where or text, _QUOTED.sub(_plain_name, text)
    try:
        # before Formula(): for the response it evaluates the function part of every call while it parses
        for token in sanitize_tokens(tokenize(text)):
            if token.kind is Token.Kind.PYTHON:
                column_names(token.token, text)
        _refuse_too_many(text, where)
        return Formula(text)
    except FormulaError:
        raise
    # formulaic itself stumbles over some texts, such as a bracket closed by another kind
    except (
        FormulaicError,
        SyntaxError,
        ValueError,
        IndexError,
        AttributeError,
        RecursionError,
        MemoryError,
    ) as error:
        message = re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]", "", str(error)).strip()
        reason = message.splitlines()[0] if message else "it is nested too deeply"
        if "as.factor(" in text:
            reason += ". Write C(column) for as.factor(column)"
        elif isinstance(error, SyntaxError):
            reason += reserved_hint(text)
        raise FormulaError(f"formula {where!r} cannot be read: {reason}") from error


def _plain_name(found: re.Match[str]) -> str:
    """Take needless quotes from a name: formulaic would put them around every part of the text that is like it."""
    name = found["name"] or ""
    if name.strip() == "1":
        raise FormulaError("formula: a column named `1` cannot be told from the constant term; rename it.")
    plain = name.isidentifier() and not iskeyword(name) and not name.startswith("__")
    return name if plain and normalize("NFKC", name) == name else found[0]


def _refuse_too_many(text: str, where: str) -> None:
    """Count the terms before they are written out: a power or product of sums can have any number."""
    from formulaic.parser import DefaultFormulaParser

    n_terms = count_terms(DefaultFormulaParser().parse(text, target="ast"))
    if n_terms > MOST_TERMS:
        said = f"it has up to {n_terms:.0f} terms" if math.isfinite(n_terms) else "it has far too many terms"
        raise FormulaError(
            f"formula {where!r}: written out, {said}; {MOST_TERMS} are allowed. Name the "
            "interactions that you need, or use a power such as (a + b + c)**2."
        )


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
            offsets.append(offset_argument(calls[0], where))
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
    return column_names(str(factor.expr), where)
