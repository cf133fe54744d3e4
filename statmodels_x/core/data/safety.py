"""The allow-list for formula text: only arithmetic on columns and known transforms is let through.

Formula text is code for formulaic. What is checked here is the syntax tree of what formulaic would evaluate,
read by formulaic's own rule for quoted names, so that nothing else can be run.
"""

from __future__ import annotations

import ast

from statmodels_x.core.errors import FormulaError

_TRANSFORMS = frozenset(
    (
        "C I bs cc center contr cr cs exp exp2 exp10 log log2 log10 poly scale standardize offset Surv "
        "Treatment Sum Helmert Diff Poly"
    ).split()
)
_NUMPY = frozenset(
    (
        "abs absolute arcsinh arctan cbrt clip cos exp exp2 expm1 fabs floor ceil log log10 log1p log2 maximum "
        "minimum power round sign sin sqrt square tan tanh where inf pi nan"
    ).split()
)
_CONTRASTS = frozenset(("treatment", "sum", "helmert", "diff", "poly", "SAS"))
_ATTRIBUTES = {"np": _NUMPY, "contr": _CONTRASTS}
_ONE_ARGUMENT = (_NUMPY | {"exp10"}) - {"clip", "maximum", "minimum", "power", "round", "where"}
_LARGEST_POWER = 1000
_NODES = (
    ast.Expression, ast.Name, ast.Load, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare,
    ast.Call, ast.keyword, ast.List, ast.Tuple, ast.Attribute, ast.operator, ast.unaryop, ast.boolop,
    ast.cmpop,
)  # fmt: skip


def syntax_tree(expression: str, where: str, quoted: dict[str, str] | None = None) -> ast.Expression:
    """Parse an expression as formulaic will, with backquoted names replaced; they are put into ``quoted``."""
    from formulaic.utils.code import sanitize_variable_names

    names: dict[str, str] = {} if quoted is None else quoted
    try:
        return ast.parse(sanitize_variable_names(expression, {}, names, template="_quoted_{}"), mode="eval")
    except SyntaxError:
        raise FormulaError(f"formula {where!r}: {expression!r} is not an expression.") from None


def column_names(expression: str, where: str) -> set[str]:
    """Return the columns that an expression uses; refuse everything that is not arithmetic on columns.

    Raises
    ------
    FormulaError
        Naming what is not allowed, and what is.
    """
    quoted: dict[str, str] = {}
    tree = syntax_tree(expression, where, quoted)
    functions: set[int] = set()
    for node in ast.walk(tree):
        fault = _fault(node)
        if fault:
            raise _refusal(fault, expression, where)
        if isinstance(node, ast.Call):
            functions.add(id(node.func))
        elif isinstance(node, ast.Attribute):
            functions.add(id(node.value))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions}
    return {quoted.get(name, name) for name in names} - {"True", "False", "None"}


def called_names(expression: str) -> set[str]:
    """Return the names of the functions that a checked expression calls."""
    calls = (node for node in ast.walk(syntax_tree(expression, expression)) if isinstance(node, ast.Call))
    return {node.func.id for node in calls if isinstance(node.func, ast.Name)}


def offset_argument(expression: str, where: str) -> str:
    """Return what stands inside ``offset(...)``, which must be the whole expression."""
    call = syntax_tree(expression, where).body
    whole = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "offset"
    if not isinstance(call, ast.Call) or not whole or len(call.args) != 1 or call.keywords:
        raise FormulaError(
            f"formula {where!r}: write offset() with one expression inside and nothing around it."
        )
    return expression[len("offset(") : -1]


def _refusal(fault: str, expression: str, where: str) -> FormulaError:
    allowed = ", ".join(sorted(_TRANSFORMS - {"Surv"}))
    return FormulaError(
        f"formula {where!r}: {fault} in {expression!r} is not allowed. A formula may hold columns, numbers, "
        f"operators, np.<function> and the transforms {allowed}; compute anything else as a column first."
    )


def _fault(node: ast.AST) -> str | None:
    """Say what is not allowed about a node; None if nothing is."""
    if not isinstance(node, _NODES):
        return f"{type(node).__name__} syntax"
    if isinstance(node, ast.Call):
        return _call_fault(node)
    if isinstance(node, ast.Attribute):
        base = node.value.id if isinstance(node.value, ast.Name) else ""
        return None if node.attr in _ATTRIBUTES.get(base, ()) else f"the attribute {base + '.' + node.attr!r}"
    if isinstance(node, ast.keyword):
        return {None: "a keyword '**'", "out": "the keyword 'out'"}.get(node.arg)
    if isinstance(node, ast.Constant):
        return "a backquote within text" if isinstance(node.value, str) and "`" in node.value else None
    if isinstance(node, ast.BinOp):
        return _operator_fault(node)
    if isinstance(node, ast.Name) and node.id.startswith("__"):
        return f"the name {node.id!r}"
    return None


def _call_fault(node: ast.Call) -> str | None:
    if isinstance(node.func, ast.Name):
        called = node.func.id
        if called not in _TRANSFORMS:
            return f"the function {called!r}"
    elif isinstance(node.func, ast.Attribute):
        called = node.func.attr  # the attribute itself is checked as a node of its own
    else:
        return "a call of a result"
    if called in _ONE_ARGUMENT and len(node.args) > 1:  # a ufunc would write into its second argument
        return f"a second argument of {called!r}"
    return None


def _operator_fault(node: ast.BinOp) -> str | None:
    """Refuse what would take for ever before any column is read."""
    sides = (node.left, node.right)
    if any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in sides):
        return "arithmetic with text"
    if isinstance(node.op, ast.LShift) or (isinstance(node.op, ast.Pow) and _is_tower(node.right)):
        return "a power of constant powers"
    return None


def _is_tower(exponent: ast.expr) -> bool:
    parts = list(ast.walk(exponent))
    if any(isinstance(part, ast.Name) for part in parts):
        return False
    constants = [part.value for part in parts if isinstance(part, ast.Constant)]
    large = any(abs(value) > _LARGEST_POWER for value in constants if isinstance(value, int | float))
    return large or any(isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow) for part in parts)
