"""Formula text is code: what is let through, what is refused, and that nothing refused was ever run."""

import builtins
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statmodels_x.core.data.formula import Part, Response, evaluate, right_side, split_formula, written_out
from statmodels_x.core.data.model_frame import build_frame
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError, FormulaError, StatmodelsXError

DATA = pd.DataFrame(
    {
        "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        "x": [1.0, 2.5, 3.0, 5.0, 4.0, 0.5, 2.0, 7.0],
        "z": [1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0],
        "g": list("abcabcab"),
        "time": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        "status": [1, 2, 1, 2, 1, 2, 1, 2],
        "ph.ecog": [0.0, 1.0, 2.0, 1.0, 0.0, 2.0, 1.0, 1.0],
        "wt loss (kg)": [1.0, 2.0, 0.0, 5.0, 4.0, 3.0, 7.0, 6.0],
    }
)


def terms(text: str) -> list[str]:
    return [str(term) for term in split_formula(text)[1].formula]


def run(text: str):
    """Split and build, as a model does."""
    response, part = split_formula(text)
    return build_frame(DATA, response, {"rate": part}, functions={"Surv": Surv})


def refusal(text) -> str:
    with pytest.raises(FormulaError) as caught:
        split_formula(text)
    return str(caught.value)


# ---- what is let through


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        ("x", ["1", "x"]),
        ("x + z", ["1", "x", "z"]),
        ("x * z", ["1", "x", "z", "x:z"]),
        ("(x + z)**2", ["1", "x", "z", "x:z"]),
        ("(x + z)^2", ["1", "x", "z", "x:z"]),
        ("x:z", ["1", "x:z"]),
        ("x / z", ["1", "x", "x:z"]),
        ("x*z - x:z", ["1", "x", "z"]),
        ("1", ["1"]),
        ("x - 1", ["x"]),
        ("x + 0", ["x"]),
        ("0 + x", ["x"]),
        ("-1 + x", ["x"]),
        ("ph.ecog + x", ["1", "ph.ecog", "x"]),
        ("`wt loss (kg)`", ["1", "wt loss (kg)"]),
        ("(x)", ["1", "x"]),
        ("x + x", ["1", "x"]),
    ],
)
def test_terms(side, expected):
    assert terms(f"y ~ {side}") == expected


@pytest.mark.parametrize(
    ("side", "columns"),
    [
        ("C(g)", 2),
        ("C(g, contr.sum)", 2),
        ("C(g, contr.helmert)", 2),
        ("C(g, contr.treatment)", 2),
        ("C(g, contr.treatment('b'))", 2),
        ("C(g, contr.treatment(base='b'))", 2),
        ("C(g, Treatment('b'))", 2),
        ("C(g, levels=['c', 'b', 'a'])", 2),
        ("g:x", 3),
        ("C(`ph.ecog`)", 2),
        ("bs(x, df=4)", 4),
        ("bs(x, df=4, degree=2)", 4),
        ("bs(x, knots=[2, 3])", 5),
        ("cs(x, df=4)", 4),
        ("cr(x, df=3)", 3),
        ("poly(x, 2)", 2),
        ("poly(x, degree=2, raw=True)", 2),
        ("center(x) + scale(z)", 2),
        ("log(x)", 1),
        ("np.log(x)", 1),
        ("np.log(`wt loss (kg)` + 1)", 1),
        ("log(`ph.ecog` + 1):x", 1),
        ("np.where(x > 3, 1, 0)", 1),
        ("np.maximum(x, z)", 1),
        ("I(x**2)", 1),
        ("I(10**-3 * x)", 1),
        ("I(-x / 2 + z % 3)", 1),
        ("{x + 1}", 1),
        ("{`wt loss (kg)` + 1}", 1),
        ("I((x > 2) & (z < 9))", 1),
        ("I((x > 2) | (z < 9))", 1),
        ("I(g == 'a')", 1),
        ("offset(log(x)) + z", 1),
        ("np.exp(-x) + np.sqrt(z)", 2),
    ],
)
def test_transforms_are_let_through_and_built(side, columns):
    names = run(f"y ~ {side}").designs["rate"].names
    assert names[0] == "Intercept"
    assert len(names) == 1 + columns


@pytest.mark.parametrize(
    ("side", "names"),
    [
        ("log(x) + z", ("x", "z")),
        ("C(g, contr.sum)", ("g",)),
        ("np.log(x)", ("x",)),
        ("`wt loss (kg)` + ph.ecog", ("ph.ecog", "wt loss (kg)")),
        ("np.log(`wt loss (kg)`)", ("wt loss (kg)",)),
        ("offset(log(z))", ("z",)),
        ("C(g, Treatment('x'))", ("g",)),
        ("poly(x, degree=2, raw=True)", ("x",)),
        ("1", ()),
    ],
)
def test_variables_are_the_columns_and_nothing_else(side, names):
    assert split_formula(f"y ~ {side}")[1].variables == names


@pytest.mark.parametrize(
    ("side", "variables"),
    [
        ("Surv(time, status)", ("status", "time")),
        ("Surv(time, status == 2)", ("status", "time")),
        ("Surv(time / 365.25, status == 2)", ("status", "time")),
        ("Surv(x, z, type='interval2')", ("x", "z")),
        ("Surv(x, time, (status == 2) & (g == 'a'))", ("g", "status", "time", "x")),
        ("Surv(time, status == 2, entry=x)", ("status", "time", "x")),
        ("Surv(`wt loss (kg)`, `ph.ecog` > 1)", ("ph.ecog", "wt loss (kg)")),
        ("y", ("y",)),
        ("np.log(y)", ("y",)),
        ("{time / 365.25}", ("time",)),
    ],
)
def test_response(side, variables):
    response, _ = split_formula(f"{side} ~ x")
    assert len(response.expressions) == 1
    assert response.variables == variables


def test_response_is_evaluated():
    found = run("Surv(time / 365.25, status == 2) ~ x").response[0]
    np.testing.assert_allclose(found.time, DATA["time"] / 365.25)
    np.testing.assert_array_equal(found.code, [0, 1] * 4)


@pytest.mark.parametrize("name", ["ph.ecog", "wt loss (kg)"])
def test_response_with_an_odd_name_is_looked_up(name):
    np.testing.assert_array_equal(run(f"`{name}` ~ x").response[0], DATA[name])


def test_two_responses_keep_their_order():
    response, _ = split_formula("Surv(time, status == 2) + y ~ x")
    assert response.variables == ("status", "time", "y")
    found = run("Surv(time, status == 2) + y ~ x").response
    assert isinstance(found[0], Surv)
    np.testing.assert_array_equal(found[1], DATA["y"])


def test_text_is_kept_for_the_summary():
    assert split_formula("y ~  x + log(z) ")[1].text == "x + log(z)"
    assert right_side("~ x", "shape").text == "x"


# ---- offsets


def test_offsets_leave_the_terms_and_are_summed():
    part = split_formula("y ~ x + offset(log(z)) + offset(x)")[1]
    assert [str(term) for term in part.formula] == ["1", "x"]
    np.testing.assert_allclose(evaluate(part.offset, DATA, {}, {}), np.log(DATA["z"]) + DATA["x"])


def test_without_offset_there_is_none():
    assert split_formula("y ~ x")[1].offset is None


@pytest.mark.parametrize("side", ["offset(x):z", "x*offset(z)", "g:offset(x)"])
def test_offset_in_an_interaction_is_refused(side):
    assert "offset() cannot be part of an interaction" in refusal(f"y ~ {side}")


@pytest.mark.parametrize("side", ["offset(x) + log(z)", "offset(x) * 2", "offset(x) + offset(z)"])
def test_offset_within_braces_is_not_cut_in_pieces(side):
    """The whole expression is an offset or it is refused; its last character is not a closing parenthesis."""
    expected = eval(side, {"offset": np.asarray, "log": np.log}, {"x": DATA["x"], "z": DATA["z"]})
    try:
        offset = run(f"y ~ {{{side}}}").designs["rate"].offset
    except StatmodelsXError:
        return
    np.testing.assert_allclose(offset, expected)


@pytest.mark.parametrize("side", ["offset()", "offset(x, z)", "offset(*x)", "offset(data=x)", "offset('a')"])
def test_malformed_offset_is_an_error_of_the_package(side):
    with pytest.raises(StatmodelsXError):
        run(f"y ~ {side}")


# ---- one-sided formulas


def test_right_side():
    part = right_side(" ~ x + offset(z)", "shape")
    assert isinstance(part, Part)
    assert part.variables == ("x", "z")


@pytest.mark.parametrize("text", ["x", "y ~ x", "~", "", "~ x ~ z", " ~ ", 3, None, ["~ x"], b"~ x"])
def test_right_side_refuses_by_argument(text):
    with pytest.raises(FormulaError, match="`shape`"):
        right_side(text, "shape")


def test_right_side_has_the_same_allow_list():
    with pytest.raises(FormulaError, match="'eval'"):
        right_side("~ eval('1')", "shape")


# ---- what cannot be read


@pytest.mark.parametrize("text", ["", "y", "~", "~ x", "y ~", "y ~ x ~ z", " ~ "])
def test_both_sides_and_one_tilde(text):
    assert "one '~'" in refusal(text)


@pytest.mark.parametrize("value", [None, 3, ["y ~ x"], b"y ~ x", {"y": "x"}])
def test_not_text(value):
    assert type(value).__name__ in refusal(value)


@pytest.mark.parametrize(
    "side",
    [
        "x +",
        "(x",
        "x)",
        "`x",
        "{x",
        "x z",
        "x $ z",
        "'x'",
        "5",
        "I(1 if)",
        "I(01)",
        "I(x",
        "(x + z)**x",
        "I(x\0)",
        "x # z",
    ],
)
def test_unreadable_terms_show_the_formula(side):
    assert repr(f"y ~ {side}") in refusal(f"y ~ {side}")


@pytest.mark.parametrize("side", ["``", "{}", "()", "I(``)", "0", "-1", "1 - 1"])
def test_a_response_of_nothing_is_refused(side):
    with pytest.raises(FormulaError):
        split_formula(f"{side} ~ x")


@pytest.mark.parametrize("side", ["I(``)", "{ }", "I(\ud800)", "x + I(\udfff)"])
def test_broken_terms_are_formula_errors(side):
    refusal(f"y ~ {side}")


def test_several_parts_have_their_own_arguments():
    assert "its own argument" in refusal("y ~ x | z")


@pytest.mark.parametrize("text", ["y:x ~ z", "y*x ~ z"])
def test_response_must_be_single(text):
    assert "single expression" in refusal(text)


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


# ---- what would cost too much


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


# ---- functions of two and three arguments


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


# ---- attacks


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


WORDS = (
    "x z g y ph.ecog `wt (kg)` log( np. I( C( C(g bs(x offset( Surv( contr.sum 'a' canary() lambda: 1 0 2 3.5"
)
SIGNS = "~ + - * : / ** ( ) [ ] { } , ` ' \" | . == = \\ # % @ $ \n \0 é"
PIECES = st.sampled_from([" ", *WORDS.split(), *SIGNS.split(" ")])


@given(st.lists(PIECES, max_size=9).map("".join), st.booleans())
@settings(deadline=None, max_examples=300)
def test_any_text_is_split_or_is_a_formula_error(text, whole):
    formula = text if whole else f"y ~ {text}"
    try:
        response, part = split_formula(formula)
    except FormulaError:
        return
    assert isinstance(response, Response)
    assert len(response.expressions) >= 1
    assert all(name for name in (*response.variables, *part.variables))


# ---- all other columns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y ~ .", "y ~ (a + b + `c d` + np)"),
        ("y ~ . - a", "y ~ (a + b + `c d` + np) - a"),
        ("np.log(y) ~ np.log(a) + .", "np.log(y) ~ np.log(a) + (a + b + `c d` + np)"),
        ("y ~ .:a + 1.5 + .5", "y ~ (a + b + `c d` + np):a + 1.5 + .5"),
        ("y ~ a + `x . y`", "y ~ a + `x . y`"),
        ("y ~ (.)**2", "y ~ ((a + b + `c d` + np))**2"),
        ("~ .", "~ (y + a + b + `c d` + np)"),
        ("y ~ C(a, contr.treatment('.'))", "y ~ C(a, contr.treatment('.'))"),
        ("no tilde .", "no tilde ."),
    ],
)
def test_a_dot_is_all_other_columns(text, expected):
    assert written_out(text, ["y", "a", "b", "w", "c d", "np"], ["w"]) == expected


def test_a_dot_needs_another_column():
    with pytest.raises(FormulaError, match=r"'\.' stands for all other columns, and there is none"):
        written_out("y ~ .", ["y", "w"], ["w"])


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("factor(x)", r"Write C\(column\)"),
        ("as.factor(x)", r"Write C\(column\) for as.factor"),
        ("strata(x)", "There are no strata"),
        ("cluster(x)", "Give the column as cluster="),
        ("sqrt(x)", r"Write np.sqrt\(column\)"),
    ],
)
def test_what_r_users_write_is_named(written, hint):
    with pytest.raises(FormulaError, match=hint):
        split_formula(f"y ~ {written}")
