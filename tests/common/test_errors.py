"""Bad input is an error of the package that says what is wrong, and nothing leaks through the warning filters."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.errors import StatmodelsXError, StatmodelsXWarning


def to(column, value):
    return lambda frame, name: frame.assign(**{name: column(frame[name], value)})


BAD = {
    "no rows": lambda frame, name: frame.iloc[:0],
    "one row": lambda frame, name: frame.iloc[:1],
    "two equal rows": lambda frame, name: frame.iloc[[0, 0]],
    "column missing": lambda frame, name: frame.drop(columns=name),
    "column twice": lambda frame, name: pd.concat([frame, frame[[name]]], axis=1),
    "all missing": lambda frame, name: frame.assign(**{name: np.nan}),
    "text": lambda frame, name: frame.assign(**{name: "a"}),
    "text among numbers": lambda frame, name: frame.assign(**{name: [*frame[name][1:].tolist(), "3,5"]}),
    "infinite": lambda frame, name: frame.assign(
        **{name: np.where(np.arange(len(frame)) == 3, np.inf, frame[name])}
    ),
    "minus infinite": lambda frame, name: frame.assign(
        **{name: np.where(np.arange(len(frame)) == 3, -np.inf, frame[name])}
    ),
    "dates": lambda frame, name: frame.assign(**{name: pd.date_range("2020-01-01", periods=len(frame))}),
    "durations": lambda frame, name: frame.assign(**{name: pd.to_timedelta(np.arange(len(frame)), "D")}),
    "complex": lambda frame, name: frame.assign(**{name: frame[name] + 1j}),
    "lists": lambda frame, name: frame.assign(**{name: [[1.0, 2.0]] * len(frame)}),
}
NOT_FRAMES = [None, 7, "frame", object(), [1, 2, 3], np.zeros(3), pd.Series([1.0, 2.0])]


@pytest.mark.parametrize("kind", BAD)
def test_bad_columns(case, kind):
    if (case.name, kind) == ("curve", "dates"):
        pytest.skip("a curve over dates is fitted")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        with pytest.raises(StatmodelsXError) as caught:
            case.model(BAD[kind](case.frame(), case.needs)).fit(**case.fit)
    assert len(str(caught.value)) > 15


@pytest.mark.parametrize("kind", ["column missing", "all missing", "text", "dates", "infinite"])
def test_the_message_names_the_column(case, kind):
    if (case.name, kind) == ("curve", "dates"):
        pytest.skip("a curve over dates is fitted")
    if kind == "all missing" and case.needs in ("a", "x1"):
        pytest.skip("a species of which nothing was seen is said by what is lost with it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        with pytest.raises(StatmodelsXError, match=rf"\b{case.needs}\b"):
            case.model(BAD[kind](case.frame(), case.needs)).fit(**case.fit)


@pytest.mark.parametrize("place", range(len(NOT_FRAMES)))
def test_what_is_no_frame(case, place):
    with pytest.raises(StatmodelsXError):
        case.model(NOT_FRAMES[place])


FORMULAS = ["", "~", "y", "y ~", "~ ~ ~", "y ~ x ~ z", "y ~ nothing", "y ~ __import__('os')", "y ~ x.mean()", "y ~ (x",
            "y ~ x +* z", "\x00", "y ~ lambda: 0", 3, None, ["y ~ x"]]  # fmt: skip
MODELS = {
    "survival": lambda text, data: smx.FlexibleSurvival(text, data),
    "surrogate": lambda text, data: smx.SurrogatePTE(text, "Surv(y, z)", data, at=1.0, landmark=0.5),
    "surface": lambda text, data: smx.FreeDiscontinuity(text, data),
    "leslie": lambda text, data: smx.LeslieInteraction(text, data),
    "lotka-volterra": lambda text, data: smx.LotkaVolterra(text, data),
    "multi-state": lambda text, data: smx.MultiState(
        text, smx.MultiStateData.competing(data.assign(t=data["x"], e=[0, 1] * 10), "t", "e")
    ),
}


@pytest.mark.parametrize("room", MODELS)
@pytest.mark.parametrize("text", FORMULAS, ids=repr)
def test_formulas_that_are_none(room, text):
    data = pd.DataFrame(np.random.default_rng(0).uniform(1.0, 2.0, (20, 3)), columns=list("xyz"))
    with pytest.raises(StatmodelsXError):
        MODELS[room](text, data)


def test_options_of_fit_are_checked(case):
    model = case.model(case.frame())
    if case.random:
        for name, values in {"n_jobs": ("many", 0, 1.5), "seed": ("a", -1, 0.5)}.items():
            for value in values:
                with pytest.raises(StatmodelsXError, match=f"`{name}`"):
                    model.fit(**case.fit, **{name: value})
    with pytest.raises(TypeError, match="nonsense"):
        model.fit(nonsense=1)


@pytest.mark.filterwarnings("ignore::statmodels_x.errors.StatmodelsXWarning")
def test_no_foreign_warning(case):  # every other warning is an error
    frame = case.frame()
    fit = case.model(frame).fit(**case.fit)
    fit.summary().as_html()
    fit.tidy(), fit.glance()
    if case.predict is not None:
        case.predict(fit)
    case.model(case.spoil(frame)).fit(**case.fit)


@pytest.mark.filterwarnings("ignore::statmodels_x.errors.StatmodelsXWarning")
def test_the_filters_are_left_as_they_were(case):
    usual = np.geterr()
    case.model(case.frame()).fit(
        **case.fit
    ).summary()  # what is imported on the way may set filters of its own
    before = list(warnings.filters)
    case.model(case.frame()).fit(**case.fit).summary()
    assert warnings.filters == before
    assert np.geterr() == usual


def test_warnings_name_the_line_of_the_user(case):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        case.model(case.spoil(case.frame())).fit(**case.fit)
    ours = [entry for entry in caught if issubclass(entry.category, StatmodelsXWarning)]
    here = {__file__, case.model.__code__.co_filename}  # the fit, or the model's own line
    assert {entry.filename for entry in ours} <= here


def test_fits_print_nothing(case, capfd):
    fit = case.run()
    fit.tidy()
    assert capfd.readouterr() == ("", "")


def test_the_package_imports_nothing_heavy():
    heavy = ("numba", "statsmodels", "matplotlib", "formulaic", "scipy.stats", "lifelines", "cvxpy", "pandas")
    code = f"import sys, statmodels_x; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
