"""What a formula may cost: numbers, terms and columns are counted before anything is computed or built."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Any

LARGEST_NUMBER = 1e300
LARGEST_POWER = 1000
LARGEST_DF = 1000
LARGEST_DEGREE = 50
MOST_TERMS = 1000
MOST_COLUMNS = 5000
MOST_CATEGORIES = 7  # in one interaction: formulaic looks at all their subsets
_MOST_PRODUCTS = 20_000  # of terms, while a power of a sum is written out

_DF = {"bs": ("df", 1), "cr": ("df", 1), "cs": ("df", 1), "cc": ("df", 1), "ns": ("df", 1)}
_DEGREE = {"bs": ("degree", 3), "poly": ("degree", 1)}


def number_fault(node: ast.AST) -> str | None:
    """Say which number of one node is too large to be computed; None if none is.

    Only Python's own whole numbers grow without bound, so only what has no column and no numpy function in it is
    bounded here; sizes are added up as floats, which cost nothing.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | complex):
        return "a number of more than 300 digits" if _size(node) > LARGEST_NUMBER else None
    if not isinstance(node, ast.BinOp):
        return None
    if any(_holds_sequence(side) for side in (node.left, node.right)):
        return "arithmetic with text or lists"
    if isinstance(node.op, ast.LShift):
        return "the operator '<<'"
    if isinstance(node.op, ast.Pow) and _size(node.right) > LARGEST_POWER:
        return f"a power above {LARGEST_POWER}"
    return "a number of more than 300 digits" if _size(node) > LARGEST_NUMBER else None


def _size(node: ast.AST) -> float:
    """Bound the absolute value of Python's whole numbers in an expression; 0 for columns and what numpy returns."""
    if isinstance(node, ast.Constant):
        return _magnitude(node.value)
    if isinstance(node, ast.UnaryOp):
        return _size(node.operand) + 1.0
    if isinstance(node, ast.BoolOp):
        return max(map(_size, node.values))
    if isinstance(node, ast.Call):  # I() and {} hand a number through; numpy's numbers have a fixed size
        through = isinstance(node.func, ast.Name) and node.func.id == "I" and len(node.args) == 1
        return _size(node.args[0]) if through else 0.0
    return _combined(node.op, _size(node.left), _size(node.right)) if isinstance(node, ast.BinOp) else 0.0


def _magnitude(value: Any) -> float:
    if not isinstance(value, int | float | complex):
        return 0.0
    try:
        return abs(complex(value))
    except OverflowError:
        return math.inf


def _combined(operator: ast.operator, left: float, right: float) -> float:
    if isinstance(operator, ast.Pow):
        return _power(left, right)
    if isinstance(operator, ast.Mult):
        return left * right
    return left if isinstance(operator, ast.Div | ast.FloorDiv | ast.RShift) else left + right


def _power(base: float, exponent: float) -> float:
    if base <= 1.0:
        return 1.0
    digits = exponent * math.log10(base)
    return math.inf if digits > math.log10(LARGEST_NUMBER) else 10.0**digits


def _holds_sequence(node: ast.AST) -> bool:
    """Whether an operand is, or hands through, text or a list: arithmetic could repeat it without end."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes)
    if isinstance(node, ast.Compare):
        return False
    return isinstance(node, ast.List | ast.Tuple) or any(map(_holds_sequence, ast.iter_child_nodes(node)))


def spline_fault(called: str, node: ast.Call) -> str | None:
    """Say what is too large about the columns that a transform is asked for; None if nothing is."""
    for table, most in ((_DF, LARGEST_DF), (_DEGREE, LARGEST_DEGREE)):
        if called not in table:
            continue
        name, place = table[called]
        given = [keyword.value for keyword in node.keywords if keyword.arg == name]
        given += node.args[place : place + 1]
        for value in given:
            number = _literal(value)
            if number is None:
                return f"a computed {name!r} of {called}()"
            if number > most:
                return f"{name}={number:g} above {most}"
    return None


def _literal(node: ast.expr) -> float | None:
    """Return the number that an argument writes out; None if it is computed (None counts as no number: 0)."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        node = node.operand
    if not isinstance(node, ast.Constant):
        return None
    return 0.0 if node.value is None else _magnitude(node.value)


def count_terms(parsed: Any) -> float:
    """Bound the terms of a parsed formula, and the products made on the way; inf beyond what is allowed.

    Parameters
    ----------
    parsed : formulaic.parser.types.ASTNode or Token
        Before it is expanded.
    """
    counted: dict[int, float] = {}
    todo = [(parsed, False)]
    while todo:  # no recursion: a sum of many terms is a deep tree
        node, ready = todo.pop()
        arguments = list(getattr(node, "args", ()))
        if not ready and arguments:
            todo.append((node, True))
            todo += [(argument, False) for argument in arguments]
        else:
            counted[id(node)] = _terms_of(node, arguments, [counted[id(a)] for a in arguments])
    return counted[id(parsed)]


def _terms_of(node: Any, arguments: Sequence[Any], sizes: list[float]) -> float:
    if not arguments:
        return 1.0
    symbol = node.operator.symbol
    if symbol in ("**", "^"):
        return _checked(_products(sizes[0], _exponent(arguments[1])))
    if symbol == "*" and len(sizes) == 2:
        return _checked(sizes[0] + sizes[1] + sizes[0] * sizes[1])
    if symbol == ":":
        return _checked(math.prod(sizes))
    return _checked(sum(sizes))


def _exponent(parsed: Any) -> float:
    """Return the largest number of an exponent, which formulaic takes a single one of."""
    largest, todo = 1.0, [parsed]
    while todo:
        node = todo.pop()
        todo += list(getattr(node, "args", ()))
        try:
            largest = max(largest, _magnitude(ast.literal_eval(str(getattr(node, "token", "1")))))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue  # no number: formulaic says so
    return largest


def _products(terms: float, exponent: float) -> float:
    if exponent > LARGEST_POWER:
        return math.inf
    return _power(terms, exponent) if terms > 1.0 else exponent


def _checked(count: float) -> float:
    return count if count <= _MOST_PRODUCTS else math.inf
