"""The base of all states and verbs, on a made-up room; what is handed out; old names."""

import pickle
import re
import shutil
import subprocess
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.core.deprecation import old_name, settle
from statmodels_x.core.errors import DataError
from statmodels_x.core.findings import Finding
from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.handing_out import cached_copy, handed_out
from statmodels_x.core.fits.reference import Reference
from statmodels_x.core.fits.results import LikelihoodResults, SummaryText
from statmodels_x.core.fits.tables import number, p_value, statistic, summary
from statmodels_x.core.parallel import each

LABELS = pd.MultiIndex.from_tuples([("mean", "Intercept"), ("mean", "x")], names=["parameter", "term"])


@dataclass(frozen=True, eq=False, kw_only=True)
class Results(LikelihoodResults):
    formula: str = "y ~ x"
    made = 0

    @cached_copy
    def table(self):
        """A table that is costly to make."""
        type(self).made += 1
        return self.coefficients.to_frame("estimate")

    def glance(self):
        return pd.DataFrame(
            [
                {
                    "nobs": self.nobs,
                    "df": 2,
                    "logLik": self.llf,
                    "AIC": self.aic,
                    "AICc": self.aicc,
                    "BIC": self.bic,
                }
            ]
        )

    def lr_test(self, larger):
        raise DataError("not nested")

    def summary(self, alpha=0.05):
        return summary("Made up", [("n", str(self.nobs))], [], self.warnings)

    old = old_name("old", "llf")


@pytest.fixture
def fit():
    return Results(
        coefficients=pd.Series([1.0, -2.0], LABELS),
        covariance=pd.DataFrame([[0.25, 0.0], [0.0, -1.0]], LABELS, LABELS),
        reference=Reference(8.0),
        llf=-12.5,
        nobs=10,
        converged=True,
        findings=(Finding("weak", "Little is known."),),
        sample=np.arange(10.0),
    )


# ---- what is derived


def test_tables_of_estimates(fit):
    assert_allclose(fit.bse, [0.5, np.nan])
    assert_allclose(fit.tvalues, [2.0, np.nan])
    t = 2.306004  # of 8 degrees of freedom
    assert_allclose(fit.conf_int().iloc[0], [1.0 - t / 2, 1.0 + t / 2], rtol=1e-6)
    tidy = fit.tidy(alpha=0.5)
    assert list(tidy.columns) == ["parameter", "term", "estimate", "std.error", "statistic", "p.value", "conf.low",
                                  "conf.high"]  # fmt: skip
    assert_allclose(tidy[["conf.low", "conf.high"]], fit.conf_int(0.5))
    assert_allclose(tidy["p.value"], [fit.wald_test("mean.Intercept = 0")["p.value"], np.nan])
    assert fit.use_t


def test_criteria(fit):
    assert (fit.aic, fit.df_model, fit.df_resid) == (29.0, 2, 8)
    assert fit.bic == pytest.approx(25.0 + 2 * np.log(10))
    assert fit.aicc == pytest.approx(29.0 + 12 / 7)
    assert replace(fit, nobs=3).aicc == np.inf


def test_compare_refuses_what_has_no_likelihood(fit):
    class Bare(SummaryText):
        pass

    for other in (Bare(), 42, None, "fit"):
        with pytest.raises(
            DataError, match=rf"argument 2 is a {type(other).__name__}, which has no likelihood"
        ):
            smx.compare(fit, other)


def test_compare_shows_the_kinds_of_findings(fit):
    table = smx.compare(fit, replace(fit, llf=-10.0, findings=(), converged=False), names=["a", "b"])
    assert table["note"].to_dict() == {"a": "weak", "b": ""}
    assert table["regular"].to_dict() == {"a": True, "b": False}
    assert list(table.index) == ["a", "b"]  # what has not converged stands last


# ---- data stay at home


def test_a_pickle_leaves_the_data_behind(fit):
    again = pickle.loads(pickle.dumps(fit))
    assert again.sample is None
    assert again.warnings == ("Little is known.",)
    with pytest.raises(DataError, match=r"residuals needs the data.*keep_data=True"):
        again.need_sample("residuals")
    kept = pickle.loads(pickle.dumps(replace(fit, keep_data=True)))
    assert_allclose(kept.need_sample(), np.arange(10.0))
    assert fit.need_sample() is fit.sample


def test_a_pickle_holds_fields_and_nothing_that_was_computed(fit):
    assert fit.table is not None
    assert set(fit.__getstate__()) == set(fit.__dataclass_fields__)


# ---- frozen


@pytest.mark.parametrize("name", ["params", "bse", "tvalues", "pvalues", "table"])
def test_editing_what_is_handed_out_changes_nothing(fit, name):
    before = getattr(fit, name).copy()
    got = getattr(fit, name)
    got.iloc[0] = 99.0
    got.index = got.index.rename(["a", "b"])
    got.index.name = "spoilt"
    again = getattr(fit, name)
    assert again.index.names == LABELS.names
    (pd.testing.assert_frame_equal if again.ndim == 2 else pd.testing.assert_series_equal)(again, before)


def test_editing_the_covariance_changes_nothing(fit):
    covariance = fit.cov_params()
    covariance.iloc[:] = 0.0
    assert_allclose(fit.bse, [0.5, np.nan])


def test_a_cached_copy_is_computed_once_and_documented(fit):
    before = Results.made
    assert fit.table is not fit.table
    assert Results.made == before + 1
    assert Results.table.__doc__ == "A table that is costly to make."


def test_what_is_handed_out():
    array = np.arange(3.0)
    with pytest.raises(ValueError, match="read-only"):
        handed_out(array)[0] = 1.0
    array[0] = 5.0  # the owner's stays its own
    given = {"a": 1}
    handed_out(given)["a"] = 2
    assert given == {"a": 1}
    frame = pd.DataFrame({"a": [1.0]}, index=pd.Index([0], name="row"))
    copy = handed_out(frame)
    copy.columns.name, copy.index.name = "spoilt", "spoilt"
    assert (frame.columns.name, frame.index.name) == (None, "row")
    assert handed_out("text") == "text"


# ---- old names


def test_old_names_work_and_say_the_new_one(fit):
    with pytest.warns(DeprecationWarning, match="`old` is now called `llf`") as caught:
        assert fit.old == -12.5
    assert caught[0].filename == __file__


def test_old_arguments():
    assert settle("n", 5, "n_boot", None) == 5
    with pytest.warns(DeprecationWarning, match="`n_boot` is now called `n`") as caught:
        assert settle("n", 5, "n_boot", 7) == 7
    assert caught[0].filename == __file__


# ---- what is printed


def test_names_are_escaped():
    name = "<b>a_1 & 50 %|*"
    shown = summary(name, [(name, name)], [Block(name, [name], [name], [[name]])], [name])
    assert "<b>" not in shown.as_html()
    assert "&lt;b&gt;a_1 &amp; 50 %" in shown._repr_html_()
    assert r"$<$b$>$a\_1 \& 50 \%$|$*" in shown.as_latex("tab:a")
    assert r"\label{tab:a}" in shown.as_latex("tab:a")
    assert r"\<b\>a\_1 & 50 %\|\*" in shown.as_markdown()
    assert shown.as_text().count(name) == 8
    assert str(shown) == repr(shown) == shown.as_text()
    assert name in shown.as_csv()


def test_blocks_are_as_wide_as_the_widest_and_notes_wrap():
    blocks = [Block("a", ["x"], ["one"], [["1"]]), Block("b", ["y"], ["a longer label"], [["2" * 90]])]
    lines = summary("t", [("n", "1"), ("m", "2")], blocks, ["word " * 40]).as_text().splitlines()
    rules = {len(line) for line in lines if set(line) in ({"="}, {"-"})}
    assert len(rules) == 1
    assert max(map(len, lines)) == max(rules)


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf"), (0.0, "0.0000"), (1e-5, "1.00e-05"), (2e7, "2.00e+07")],
)  # fmt: skip
def test_numbers(value, text):
    assert number(value) == text


def test_p_values():
    shown = [p_value(value) for value in (np.nan, 0.00004, 0.00006, 0.0123, 1.0)]
    assert shown == ["nan", "<0.0001", "0.0001", "0.0123", "1.0000"]


# ---- loops


def _square(x):
    return x * x


def test_each_keeps_the_order_and_can_be_left():
    assert list(each(_square, range(5), n_jobs=2)) == [0, 1, 4, 9, 16]
    assert list(each(_square, iter([2, 3]))) == [4, 9]
    assert list(each(_square, [])) == []
    loop = each(_square, range(100))
    assert next(loop) == 0
    loop.close()


# ---- tables for other packages


def test_one_html_table_whose_rows_have_the_same_columns():
    blocks = [
        Block("wide", list("abcde"), ["one"], [list("12345")]),
        Block("narrow", ["x", "y"], ["a rather long label"], [["1", "2 (3 to 4)"]]),
    ]
    page = summary("t", [("n", "1"), ("m", "2"), ("k", "3")], blocks, ["a <note>"]).as_html()
    assert page.count("<table") == 1
    assert "a &lt;note&gt;" in page
    for row in re.findall(r"<tr.*?</tr>", page):
        cells = re.findall(r'<t[hd](?: colspan="(\d+)")?>', row)
        assert sum(int(span or 1) for span in cells) == 6, row


def test_latex_has_real_minus_signs_and_no_label_that_a_line_break_would_swallow():
    block = Block("b", ["x"], ["[T.a]"], [["-0.5 (-1 to .5)"]])
    text = summary("t", [], [block], []).as_latex()
    assert r"{[T.a]} & $-$0.5 ($-$1 to .5) \\" in text
    assert text.count(r"\toprule") == text.count(r"\bottomrule")


def test_latex_aligns_blocks_with_the_same_headings_and_leaves_out_empty_columns():
    same = [Block(title, ["x", "y"], ["a"], [["1", "2"]]) for title in ("one", "a title that is quite long")]
    other = Block("three", ["x", "z", ""], ["a"], [["1", "2", ""]])
    text = summary("t", [("k", "v"), ("l", "w"), ("m", "u")], [*same, other], []).as_latex()
    assert text.count(r"\begin{tabular}") == 3
    assert text.count(" & x & y") == 1
    assert r"\begin{tabular}{lrr}" in text
    assert r"\begin{tabular}{lrrr}" not in text
    assert r"k & v & m & u \\" in text
    assert r"l & w &  &  \\" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles_and_fits_the_page(tmp_path):
    data = smx.datasets.load_melanoma().assign(
        a_b=lambda d: d["treatment"].map({0: "no & none", 1: "50%~#$^"})
    )
    fit = smx.FlexibleSurvival("Surv(time, status) ~ a_b + age", data, power="~ a_b").fit()
    start = "\\documentclass{article}\n\\usepackage{booktabs}\n\\usepackage[margin=2cm]{geometry}\n\\begin{document}\n"
    (tmp_path / "t.tex").write_text(
        start + fit.summary().as_latex() + "\n\\end{document}\n", encoding="utf-8"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "t.tex"]
    log = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace").stdout
    assert "\n!" not in log
    assert "Overfull" not in log
    assert "Float too large" not in log


def test_a_view_for_maketables_holds_numbers_alone():
    data = smx.datasets.load_melanoma()
    fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
    view = smx.table_view(fit)
    table = view.__maketables_coef_table__
    assert table.loc["ph treatment", "b"] == fit.params["ph", "treatment"]
    assert table.loc["ph treatment", "p"] == fit.pvalues["ph", "treatment"]
    assert view.__maketables_depvar__ == "Surv(time, status)"
    assert view.__maketables_stat__("N") == 284
    assert view.__maketables_stat__("r2") is None
    with pytest.raises(smx.errors.DataError, match="no tidy"):
        smx.table_view(3)


def test_maketables_takes_the_view():
    maketables = pytest.importorskip("maketables", reason="maketables is not installed")
    fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", smx.datasets.load_melanoma()).fit()
    assert "treatment" in str(maketables.ETable([smx.table_view(fit)]).make(type="tex"))


def test_great_tables():
    fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", smx.datasets.load_melanoma()).fit()
    try:
        import great_tables  # noqa: F401
    except ImportError:
        with pytest.raises(smx.errors.MissingPackageError, match="pip install great_tables"):
            fit.summary().as_great_table()
    else:
        assert "treatment" in fit.summary().as_great_table().as_raw_html()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00711, "0.01"),
        (-0.001, "0.00"),
        (-2.526, "-2.53"),
        (0.0, "0.00"),
        (31.5, "31.50"),
        (4e7, "4.00e+07"),
    ],
)
def test_statistics_have_two_digits(value, text):
    assert statistic(value) == text


def test_statistics_that_are_no_numbers():
    assert [statistic(value) for value in (np.nan, np.inf, -np.inf)] == ["nan", "inf", "-inf"]
