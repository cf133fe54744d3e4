"""Formulas that would run code, or never end, are refused; what costs little is let through."""

import builtins
import time

import numpy as np
import pandas as pd
import pytest
from formulas import DATA, refusal, run

from statmodels_x.core.data.formula import evaluate, split_formula
from statmodels_x.core.data.model_frame import build_frame
from statmodels_x.core.errors import DataError, FormulaError, StatmodelsXError

DEEP = 20_000


@pytest.mark.parametrize(
    "side",
    [
        "I(x" + " + x" * DEEP + ")",
        "I(x" + "**x" * DEEP + ")",
        "I(" + "-" * DEEP + "x)",
        "I(" + "(" * DEEP + "x" + ")" * DEEP + ")",
        "I(" + "log(" * DEEP + "x" + ")" * DEEP + ")",
        "{" + "not " * DEEP + "x}",
    ],
    ids=["sum", "power", "sign", "parentheses", "calls", "braces"],
)
@pytest.mark.parametrize("place", ["term", "response"])
def test_very_deep_expressions_are_formula_errors(side, place):
    refusal(f"y ~ {side}" if place == "term" else f"{side} ~ x")


@pytest.mark.parametrize(
    "side", ["I(9**9**9**9)", "{2**2**99999 + x}", "I('a' * 10**10)", "I('%10000000000d' % 1)"]
)
def test_constants_that_would_exhaust_the_machine_are_refused_before_they_are_computed(side):
    refusal(f"y ~ {side}")


EXPENSIVE = [
    "((9**999)**999)**999 * x",
    "I(((9**999)**999)**999)",
    "I((I(9)**999)**999)",
    "I(((9 or 8)**999)**999)",
    "I((-9)**999)",
    "{9**400 + x}",
    "I(10**200 * 10**200 * x)",
    "I(1e400 * x)",
    "I(" + "9" * 400 + " * x)",
    "I(x**1001)",
    "I(x**(10 * 200))",
    "I(1 << 10**9)",
    "I([x] * 10**9)",
    "I((x, z) * 10**9)",
    "I((('a') or 2) * 10**9)",
    "I(I('a') * 10**9)",
    "bs(x, knots=[1] * 10**9)",
    "C(g, levels=['a'] * 10**9)",
    "(x + z + g + y)**8",
    "(x + z + g + y)**(8 + 1)",
    "x**99999999",
    "*".join("abcdefghijklmn"),
    ":".join("(a + b)" for _ in range(14)),
    "(" * 50 + "a + b" + ")**2" * 50,
    " + ".join(f"a{i}" for i in range(3000)),
    "bs(x, df=10**8)",
    "bs(x, df=100000000)",
    "bs(x, 5000)",
    "cr(x, df=1e9)",
    "cc(x, df=np.power(10, 8))",
    "bs(x, df=x)",
    "bs(x, df=5, degree=500)",
    "poly(x, 99999)",
    "poly(x, degree=51)",
]


@pytest.mark.parametrize("place", ["y ~ {}", "{} ~ x"])
@pytest.mark.parametrize("side", EXPENSIVE)
def test_what_would_cost_too_much_is_refused_before_it_is_built(side, place):
    start = time.perf_counter()
    refusal(place.replace("{}", side, 1))
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize(
    "side",
    [
        "(a + b + c + d + e + f)**3",
        "a*b*c*d*e*f",
        "I(10**20 * x)",
        "I(x**1000)",
        "I(2**3**2 * x)",
        "bs(x, df=1000)",
        "poly(x, 50)",
        "bs(x, df=None)",
        " + ".join(f"a{i}" for i in range(900)),
    ],
)
def test_what_costs_little_is_let_through(side):
    assert split_formula(f"y ~ {side}")


def test_columns_are_counted_before_they_are_built():
    n = 5000
    data = pd.DataFrame({"y": np.arange(n) * 1.0, "a": np.arange(n) % 200, "b": np.arange(n) // 25})
    start = time.perf_counter()
    for side, words in (("C(a) * C(b)", "40401 columns"), ("C(y * 2) + C(b) + C(y)", "columns")):
        response, part = split_formula(f"y ~ {side}")
        with pytest.raises(FormulaError, match=words):
            build_frame(data, response, {"rate": part})
    assert time.perf_counter() - start < 2.0


def test_an_interaction_of_many_categories_is_refused_in_time():
    data = pd.DataFrame({f"a{k}": np.arange(200) // (k + 1) % 2 for k in range(12)} | {"y": 1.0})
    response, part = split_formula("y ~ " + ":".join(f"C(a{k})" for k in range(12)))
    start = time.perf_counter()
    with pytest.raises(FormulaError, match="interaction of 12 categories"):
        build_frame(data, response, {"rate": part})
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize(
    "side",
    [
        "np.power(x, 2, z)",
        "np.maximum(x, z, x)",
        "np.minimum(x, z, x)",
        "np.clip(x, 0, 1, x)",
        "np.round(x, 2, x)",
        "np.where(x > 0)",
        "np.where(x > 0, x, z, x)",
        "np.power(x)",
        "np.exp(x, where=x > 2)",
        "np.exp(x, dtype=object)",
        "np.maximum(x, z, where=x > 2)",
        "np.power(x, 2, out=z)",
        "log(x, where=x > 2)",
        "exp10(x, z)",
        "np.pi(x)",
        "np.log()",
    ],
)
def test_functions_take_their_arguments_and_nothing_to_write_into(side):
    before = DATA.copy()
    with pytest.raises(FormulaError):
        run(f"y ~ {side}")
    pd.testing.assert_frame_equal(DATA, before)


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        ("exp10(x)", 10.0 ** DATA["x"]),
        ("np.power(x, 2)", DATA["x"] ** 2),
        ("np.power(status, 40)", DATA["status"].astype(float) ** 40),
        ("np.maximum(x, z)", np.maximum(DATA["x"], DATA["z"])),
        ("np.clip(x, 1, 3)", DATA["x"].clip(1, 3)),
        ("np.clip(x, a_min=1, a_max=3)", DATA["x"].clip(1, 3)),
        ("np.round(x, decimals=0)", DATA["x"].round()),
        ("np.where(x > 3, x, z)", np.where(DATA["x"] > 3, DATA["x"], DATA["z"])),
        ("I(status**70)", DATA["status"].astype(float) ** 70),
    ],
)
def test_functions_give_their_values(side, expected):
    np.testing.assert_allclose(run(f"y ~ {side}").designs["rate"].matrix[:, 1], expected)
    np.testing.assert_allclose(run(f"{side} ~ x").response[0], expected)


ATTACKS = [
    "canary()",
    "I(canary())",
    "{canary()}",
    "canary(x)",
    "x + {canary()}",
    "x:canary()",
    "log(canary())",
    "log(x) + I(log(log(canary())))",
    "__import__('os').getpid()",
    "I(__import__('os'))",
    "{__import__('builtins').canary()}",
    "I(__builtins__)",
    "I(__builtins__['canary']())",
    "eval('canary()')",
    "I(eval('canary()'))",
    "exec('canary()')",
    "compile('canary()', '', 'eval')",
    "open('/etc/hostname')",
    "I(open('/etc/hostname').read())",
    "print(canary())",
    "globals()",
    "vars()",
    "breakpoint()",
    "I(x.__class__)",
    "I(().__class__.__base__.__subclasses__())",
    "I(x.apply(canary))",
    "I(x.to_csv('stolen.csv'))",
    "{x.values}",
    "I(pd.read_pickle('evil'))",
    "I(lambda: canary())",
    "I((lambda: canary())())",
    "I([canary() for i in [1]])",
    "I([i for i in x])",
    "I({i for i in x})",
    "I({1: canary()})",
    "I((i for i in x))",
    "I((w := canary()))",
    "{w := canary()}",
    "I(f'{canary()}')",
    "I(f'{x}')",
    "I(x[0])",
    "x[0]",
    "I(x[canary()])",
    "I(x if canary() else z)",
    "{yield x}",
    "{await x}",
    "np.load('evil.npy')",
    "np.fromfile('evil')",
    "np.random.rand(8)",
    "np.linalg.inv(x)",
    "I(np.load)",
    "I(np.random.seed(0))",
    "I(np.__dict__)",
    "I(np.ctypeslib.canary)",
    "getattr(np, 'load')",
    "I(getattr(contr, 'sum'))",
    "C(g, getattr(contr, 'sum'))",
    "C(g, contr.custom)",
    "C(g, contr.treatment.__init__.__globals__)",
    "I(contr.__class__)",
    "C(g, levels=canary())",
    "C(g, canary())",
    "C(canary(), Treatment('b'))",
    "'{}'.format(x)",
    "I('{0.__class__}'.format(x))",
    "I(str.format('{}', x))",
    "I('{}'.format(canary()))",
    "offset(__import__('builtins').canary())",
    "offset(canary())",
    "offset(x.apply(canary))",
    "log(*x)",
    "log(*[canary()])",
    "bs(x, **{'df': 4})",
    "bs(x, **canary())",
    "log(**x)",
    "bs(x, df=canary())",
    "bs(x, df=eval('4'))",
    "poly(x, degree=canary())",
    "`canary()`(x)",
    "I(`canary`())",
    "I(`__import__`('os'))",
    "I(`x`.__class__)",
    "I(`x y`.apply(canary))",
    "log(x)(canary)",
    "C(g)(x)",
    "I((log, canary)[1]())",
    "(canary)(x)",
    "I(x); canary()",
    "I(x)\ncanary()",
    "hashed(x)",
    "Q('x')",
    "lag(x)",
    "np.exp(x, out=x)",
    "np.exp(x, z)",
    "log(x, z)",
    "I(ｃanary())",
    "np.ｌoad('evil.npy')",
    # what is a column name for one reader and a piece of text for the other
    "I('`' + canary() + '`')",
    "{x == '`' + canary() + '`'}",
    "I(x == '\\x60' + canary() + '\\x60')",
    'C(g, levels=["`", canary(), "`"])',
    "log(x, '`', canary(), '`')",
    "I('`') + I(canary()) + I('`')",
    "offset('`' + canary() + '`')",
    # calls on what a call returns: whoever looks up the method runs the call
    "canary().upper()",
    "I(canary().upper())",
    "{canary().upper()}",
    "I(canary()())",
    "I(__import__('builtins').canary().upper())",
    "log(x, canary().upper())",
]


@pytest.fixture
def canary(monkeypatch):
    """A function that every expression could reach if it were evaluated, and a list of its calls."""
    calls = []

    def sing(*arguments):
        calls.append(arguments)
        return "1"

    monkeypatch.setattr(builtins, "canary", sing, raising=False)
    return calls


def test_the_canary_sings_when_code_is_run(canary):
    eval("canary(1)", {})
    evaluate("canary() == 'x'", DATA, {}, {})
    assert canary == [(1,), ()]


@pytest.mark.parametrize("place", ["{} ~ x", "y ~ {}", "y ~ x + {}", "Surv(time, {}) ~ x"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused_and_nothing_is_run(attack, place, canary):
    text = place.replace("{}", attack, 1)
    with pytest.raises(FormulaError):
        split_formula(text)
    assert canary == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_does_not_run_when_a_model_is_built(attack, canary):
    before = DATA.copy()
    with pytest.raises(StatmodelsXError):
        run(f"y ~ {attack}")
    assert canary == []
    pd.testing.assert_frame_equal(DATA, before)


@pytest.mark.parametrize(
    "side",
    [
        "{offset(x) == ''} + offset('+\\x28canary()+') + {offset(z) == ''}",
        "{offset(x) + ''} + offset('+\\x28canary()+') + {offset(z) + ''}",
    ],
)
def test_text_does_not_become_code_when_offsets_are_put_together(side, canary):
    with pytest.raises(StatmodelsXError):
        run(f"y ~ {side}")
    assert canary == []


@pytest.mark.parametrize(
    "name",
    [
        "x.__class__",
        "np.random",
        "__builtins__",
        "contr.__class__",
        "`canary()`",
        "`__import__('os')`",
        "canary",
    ],
)
def test_a_bare_name_is_only_ever_a_column(name, canary):
    with pytest.raises(DataError, match="there is no column"):
        run(f"y ~ {name}")
    with pytest.raises(DataError, match="there is no column"):
        run(f"{name} ~ x")
    assert canary == []


@pytest.mark.parametrize("name", ["eval", "print", "np", "log", "canary"])
def test_a_bare_name_within_an_expression_is_only_ever_a_column(name, canary):
    with pytest.raises(DataError, match=f"no column '{name}'"):
        run(f"y ~ I({name})")
    assert canary == []


def test_refusal_names_the_culprit_and_the_way_out():
    text = refusal("y ~ x + hashed(z)")
    for word in ("'hashed'", "hashed(z)", "np.<function>", "poly", "compute anything else as a column first"):
        assert word in text
