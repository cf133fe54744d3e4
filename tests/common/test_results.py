"""What every result can do: tables, print, files; frozen, and without the user's rows."""

import copy
import pickle
import re
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import statmodels_x as smx

BROOM = ["term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high"]


def predicted(case, fit):
    return np.empty(0) if case.predict is None else case.predict(fit)


# ---- tables


def test_tidy(fit):
    table = fit.tidy()
    names = [name for name in table.columns if name in BROOM]
    assert names == [name for name in BROOM if name in names]
    assert {"term", "estimate", "std.error", "conf.low", "conf.high"} <= set(names)
    wide = fit.tidy(alpha=0.01)
    known = table["std.error"].notna()
    inside = (wide["conf.low"] <= table["conf.low"]) & (table["conf.high"] <= wide["conf.high"])
    assert inside[known & table["conf.low"].notna() & table["conf.high"].notna()].all()
    pd.testing.assert_series_equal(wide["estimate"], table["estimate"])


def test_glance(fit):
    table = fit.glance()
    assert len(table) == 1
    assert table["nobs"].iloc[0] == fit.nobs
    assert table.columns.is_unique


def test_summary(fit):
    shown = fit.summary()
    text = shown.as_text()
    assert str(fit) == text
    assert str(int(fit.nobs)) in text
    assert len({len(line) for line in text.splitlines() if set(line.strip()) == {"="}}) <= 2
    assert shown.as_html().count("<table") == shown.as_html().count("</table>") == 1
    assert shown.as_html().count("<tbody") == shown.as_html().count("</tbody>") > 1
    assert fit._repr_html_() == shown.as_html()
    latex = shown.as_latex()
    assert latex.startswith(r"\begin{table}")
    assert not re.search(r"(?<!\\)[_%#]", re.sub(r"\\begin{tabular}{[lr]*}", "", latex))
    assert shown.as_markdown().count("|") > 10
    assert "nobs" not in text
    assert fit.summary(alpha=0.5).as_text() != text or "[0.025" not in text


def test_repr(fit):
    shown = repr(fit)
    assert shown.startswith(type(fit).__name__)
    assert str(int(fit.nobs)) in shown
    assert "\n" not in shown
    assert len(shown) < 200


@pytest.mark.parametrize("alpha", [0.0, 1.0, "0.05", np.nan, None, [0.05]])
def test_error_rates_are_checked_everywhere(fit, alpha):
    calls = [fit.tidy, fit.summary, *([fit.conf_int] if hasattr(fit, "conf_int") else [])]
    for call in calls:
        with pytest.raises(smx.errors.DataError, match="alpha"):
            call(alpha=alpha)


# ---- files


@pytest.mark.parametrize("way", ["pickle", "file", "copy"])
def test_a_copy_says_the_same(case, fit, numbers, way, tmp_path):
    fit.summary()  # what it computes from rows goes along once it was asked for
    if way == "pickle":
        again = pickle.loads(pickle.dumps(fit))
    elif way == "file":
        again = smx.load(smx.save(fit, tmp_path / "fit.smx"))
    else:
        again = copy.deepcopy(fit)
    rtol = max(
        case.kept, 1e-12 if way == "copy" else 0.0
    )  # arrays that stand elsewhere in memory: last digits
    assert type(again) is type(fit)
    assert_array_equal(numbers(again), numbers(fit))
    assert again.summary().as_text() == fit.summary().as_text()
    assert repr(again) == repr(fit)
    assert again.warnings == fit.warnings
    pd.testing.assert_frame_equal(again.tidy(), fit.tidy(), check_exact=True)
    assert_allclose(predicted(case, again), predicted(case, fit), rtol=rtol, atol=1e-300)
    twice = pickle.loads(pickle.dumps(again))
    assert_array_equal(numbers(twice), numbers(fit))


def test_no_row_of_the_data_is_in_a_file(case, fit, tmp_path):
    arrays = list(arrays_of(smx.load(smx.save(fit, tmp_path / "fit.smx")).__getstate__()))
    assert len(arrays) > 2
    for name, values in telling(case.frame()).items():
        for array in arrays:
            assert np.isin(values, array).sum() <= 4, f"{name} stands in an array of shape {array.shape}"
    for array in arrays:
        assert fit.nobs not in array.shape, f"an array of shape {array.shape}: a value a row"


def telling(frame):
    """Values of the columns that are no whole numbers, which counts of anything would hold too."""
    columns = {name: np.unique(frame[name]) for name in frame.select_dtypes("float")}
    return {name: values for name, values in columns.items() if (values != np.round(values)).sum() > 10}


def parts_of(value):
    """What a value is made of, one level down; pickled bytes are opened."""
    if isinstance(value, pd.Series | pd.DataFrame):
        return [value.to_numpy(), value.index.to_numpy()]
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, bytes):
        return [pickle.loads(value)] if value[:1] == b"\x80" else []
    return list(getattr(value, "__dict__", {}).values())


def as_array(value):
    """The value as numbers, if it is an array or a list of them."""
    if isinstance(value, pd.Index):
        value = value.to_numpy()
    if isinstance(value, list | tuple) and value and all(isinstance(entry, int | float) for entry in value):
        value = np.array(value, float)
    return value if isinstance(value, np.ndarray) and value.dtype.kind in "fiu" else None


def arrays_of(root):
    """Every array and list of numbers that can be reached from a value."""
    waiting, seen = [root], {}
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, str | int | float | bool | type(None) | type):
            continue
        seen[id(value)] = value  # kept alive, so that no id is used twice
        array = as_array(value)
        if array is not None:
            yield array
        elif isinstance(value, np.ndarray):
            waiting.append(list(value.ravel()))
        else:
            waiting += parts_of(value)


def test_the_data_go_along_when_asked_for(case):
    try:
        fit = case.run(keep_data=True)
    except TypeError:
        pytest.skip("has no keep_data")
    again = pickle.loads(pickle.dumps(fit))
    assert again.keep_data
    assert again.need_sample("this") is not None


# ---- frozen


def handed(fit):
    """Everything public that a result hands out without arguments."""
    for name in dir(type(fit)):
        if name.startswith("_") or name in ("sample",):
            continue
        member = getattr(type(fit), name, None)
        if callable(member) or name in ("plot",):
            continue
        try:
            value = getattr(fit, name)
        except (smx.errors.StatmodelsXError, DeprecationWarning):  # an old name is an error here
            continue
        yield name, value
    for name in getattr(type(fit), "__dataclass_fields__", {}):
        if name not in ("sample",):
            yield name, getattr(fit, name)


def spoil(value):
    """Edit in place what can be edited; say whether it could."""
    try:
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub" and value.size:
            value[...] = 77
        elif isinstance(value, pd.DataFrame | pd.Series) and value.size:
            for k in range(value.shape[1] if value.ndim == 2 else 0):
                value.isetitem(k, [77] * len(value))
            if value.ndim == 1:
                value.iloc[:] = 77
            value.index = pd.RangeIndex(len(value))
        elif (isinstance(value, dict) and value) or (isinstance(value, list) and value):
            value.clear()
        else:
            return False
    except (ValueError, TypeError):  # read-only
        return False
    return True


@pytest.mark.filterwarnings("ignore:Setting an item of incompatible dtype:FutureWarning")
def test_editing_what_was_handed_out_changes_nothing(case, numbers):
    fit = case.run()
    before, prediction, text = numbers(fit), predicted(case, fit), fit.summary().as_text()
    # fields of the state, which its properties and methods copy
    internal = {"coefficients", "covariance", "design_specs", "pieces"}
    spoilt = [name for name, value in handed(fit) if name not in internal and spoil(value)]
    for table in (fit.tidy(), fit.glance(), *([fit.cov_params()] if hasattr(fit, "cov_params") else [])):
        spoil(table)
    assert_array_equal(numbers(fit), before, err_msg=f"after editing {spoilt}")
    assert_array_equal(predicted(case, fit), prediction, err_msg=f"after editing {spoilt}")
    assert fit.summary().as_text() == text


def test_attributes_cannot_be_set(fit):
    for name in list(fit.__dataclass_fields__):
        with pytest.raises(FrozenInstanceError):
            setattr(fit, name, None)
    with pytest.raises(FrozenInstanceError):
        fit.anything = 1
