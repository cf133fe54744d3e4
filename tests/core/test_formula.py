"""Formula text is code: what is let through, what is refused, and that nothing refused was ever run."""

import numpy as np
import pytest
from formulas import DATA, refusal, run
from hypothesis import given, settings
from hypothesis import strategies as st

from statmodels_x.core.data.formula import Part, Response, evaluate, right_side, split_formula, written_out
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import FormulaError, StatmodelsXError


def terms(text: str) -> list[str]:
    return [str(term) for term in split_formula(text)[1].formula]


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


# ---- attacks


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
