"""The allow-list for formula text: only arithmetic on columns and known transforms is let through.

Formula text is code for formulaic. What is checked here is the syntax tree of what formulaic would evaluate,
read by formulaic's own rule for quoted names, so that nothing else can be run.
"""

from __future__ import annotations

import ast
import re
from keyword import iskeyword

from statmodels_x.core.data.limits import number_fault, spline_fault
from statmodels_x.core.errors import FormulaError

_TRANSFORMS = frozenset(
    (
        "C I bs cc center contr cr cs exp exp2 exp10 log log2 log10 ns poly scale standardize offset Surv "
        "Treatment Sum Helmert Diff Poly"
    ).split()
)
NUMPY_NAMES = frozenset(
    (
        "abs absolute arcsinh arctan cbrt clip cos exp exp2 expm1 fabs floor ceil log log10 log1p log2 maximum "
        "minimum power round sign sin sqrt square tan tanh where inf pi nan"
    ).split()
)
_CONTRASTS = frozenset(("treatment", "sum", "helmert", "diff", "poly", "SAS"))
_ATTRIBUTES = {"np": NUMPY_NAMES, "contr": _CONTRASTS}
_POSITIONS = {
    "maximum": (2, 2),
    "minimum": (2, 2),
    "power": (2, 2),
    "where": (3, 3),
    "clip": (1, 3),
    "round": (1, 2),
}
_KEYWORDS = {"clip": {"a_min", "a_max", "min", "max"}, "round": {"decimals"}}
_CONSTANTS = frozenset(("inf", "pi", "nan"))
_WORDS = frozenset(("True", "False", "None"))
_OF_EXPRESSIONS = _WORDS | {"and", "or", "not", "in", "is"}
_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|`(?P<quoted>\w+)`|(?<![\w.])(?P<bare>[a-z]\w*)")
_NODES = (
    ast.Expression, ast.Name, ast.Load, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare,
    ast.Call, ast.keyword, ast.List, ast.Tuple, ast.Attribute, ast.operator, ast.unaryop, ast.boolop,
    ast.cmpop,
)  # fmt: skip


def syntax_tree(expression: str, where: str, quoted: dict[str, str] | None = None) -> ast.Expression:
    """Parse an expression as formulaic will, with backquoted names replaced; they are put into ``quoted``."""
    from formulaic.utils.code import sanitize_variable_names

    names: dict[str, str] = {} if quoted is None else quoted
    if (alone := reserved_column(expression)) is not None:
        names["_quoted"] = alone
        return ast.parse("_quoted", mode="eval")
    try:
        return ast.parse(sanitize_variable_names(expression, {}, names, template="_quoted_{}"), mode="eval")
    except SyntaxError:
        said = f"formula {where!r}: {expression!r} is not an expression"
        raise FormulaError(f"{said}{reserved_hint(expression)}.") from None


def reserved_column(expression: str) -> str | None:
    """Return the column of a quoted name alone that is a word of Python's, such as `yield`: formulaic reads none."""
    name = expression[1:-1] if expression[:1] == expression[-1:] == "`" else ""
    return name if iskeyword(name) and name not in _WORDS else None


def reserved_hint(text: str) -> str:
    """Say which word of Python's stands in text that cannot be read, and what to do; nothing if none does."""
    for found in _WORD.finditer(text):
        word = found["quoted"] or found["bare"] or ""
        if iskeyword(word) and (found["quoted"] or word not in _OF_EXPRESSIONS):
            return (
                f". {word!r} is a reserved word of Python: a column of this name can be a term or a response as it "
                f"is, but not a part of an expression; rename it, data.rename(columns={{{word!r}: {word + '_'!r}}})"
            )
    return ""


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
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    names = {quoted.get(node.id, node.id) for node in nodes if id(node) not in functions}
    _refuse_two_meanings(names, {node.id for node in nodes if id(node) in functions}, expression, where)
    return names


def _refuse_two_meanings(names: set[str], functions: set[str], expression: str, where: str) -> None:
    """Refuse a column whose name is also that of a function, or of a word of Python's, in the same expression."""
    both = sorted(names & functions)
    words = sorted(f"`{word}`" for word in _WORDS if f"`{word}`" in expression)
    if both or words:
        raise FormulaError(
            f"formula {where!r}: {(both or words)[0]} in {expression!r} is the name of a column and has a meaning "
            "of its own there; rename the column."
        )


def called_names(expression: str) -> set[str]:
    """Return the names of the functions that a checked expression calls, ``np`` for those of numpy."""
    names = set()
    for node in ast.walk(syntax_tree(expression, expression)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names.add(node.func.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names.add(node.value.id)
    return names


def grouped_column(expression: str) -> str | None:
    """Return the column that an expression makes categories of, ``C(column, ...)``; None if it is anything else."""
    quoted: dict[str, str] = {}
    call = syntax_tree(expression, expression, quoted).body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "C":
        return None
    data = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "data")]
    return quoted.get(data[0].id, data[0].id) if data and isinstance(data[0], ast.Name) else None


def offset_argument(expression: str, where: str) -> str:
    """Return what stands inside ``offset(...)``, which must be the whole expression."""
    call = syntax_tree(expression, where).body
    whole = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "offset"
    if not isinstance(call, ast.Call) or not whole or len(call.args) != 1 or call.keywords:
        raise FormulaError(
            f"formula {where!r}: write offset() with one expression inside and nothing around it."
        )
    return expression[len("offset(") : -1]


_OF_R = {
    "factor": "Write C(column).",
    "relevel": 'Write C(column, Treatment("reference")).',
    "strata": 'There are no strata; survival models take covariates on further parameters, as power="~ column".',
    "cluster": "Give the column as cluster=, if the model takes one.",
    "frailty": "There are no random effects; cluster=, where a model takes it, gives robust errors.",
    "pspline": "Write bs(column, df=4) or cr(column, df=4).",
    "rcs": "Write cr(column, df=4).",
    "tt": 'There are no time-dependent effects of this kind; power="~ column" lets hazard ratios change over time.',
    "sqrt": "Write np.sqrt(column).",
    "abs": "Write np.abs(column).",
}


def _refusal(fault: str, expression: str, where: str) -> FormulaError:
    allowed = ", ".join(sorted(_TRANSFORMS - {"Surv"}))
    hint = next((f"{text} " for name, text in _OF_R.items() if fault.endswith(repr(name))), "")
    return FormulaError(
        f"formula {where!r}: {fault} in {expression!r} is not allowed. {hint}A formula may hold columns, "
        f"numbers, operators, np.<function> and the transforms {allowed}; compute anything else as a column first."
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
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return "a backquote within text" if "`" in node.value else None
    if isinstance(node, ast.Name):
        return f"the name {node.id!r}" if node.id.startswith("__") else None
    return number_fault(node)


def _call_fault(node: ast.Call) -> str | None:
    if isinstance(node.func, ast.Name):
        called = node.func.id
        if called not in _TRANSFORMS:
            return f"the function {called!r}"
    elif isinstance(node.func, ast.Attribute):
        called = node.func.attr  # the attribute itself is checked as a node of its own
    else:
        return "a call of a result"
    if called in NUMPY_NAMES or called == "exp10":
        return _numpy_fault(called, node)
    return spline_fault(called, node)


def _numpy_fault(called: str, node: ast.Call) -> str | None:
    """Refuse what is no plain function of its arguments: a ufunc writes into further ones."""
    if called in _CONSTANTS:
        return f"a call of {called!r}"
    least, most = _POSITIONS.get(called, (1, 1))
    if not least <= len(node.args) <= most:
        takes = f"{least}" if least == most else f"{least} to {most}"
        return f"{called}() of {len(node.args)} arguments (it takes {takes})"
    odd = [k.arg for k in node.keywords if k.arg is not None and k.arg not in _KEYWORDS.get(called, ())]
    return f"the argument {odd[0]!r} of {called}()" if odd else None
