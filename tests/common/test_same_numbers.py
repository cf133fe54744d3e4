"""What must not change the numbers does not: order, index, types and kind of the frame, threads, seeds, processes."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import statmodels_x as smx


def same(fit, other, numbers, rtol=0.0):
    ours, theirs = numbers(fit), numbers(other)
    if rtol:
        assert_allclose(theirs, ours, rtol=rtol, atol=rtol * np.nanmedian(np.abs(ours[np.isfinite(ours)])))
    else:
        assert_array_equal(theirs, ours)


def test_twice(case, fit, numbers):
    same(fit, case.run(), numbers)
    model = case.model(case.frame())
    one_model = replace(case, model=lambda _: model)
    same(one_model.run(), one_model.run(), numbers)  # the first fit leaves the model as it was


def test_the_frame_is_left_as_it_was(case):
    frame = case.frame()
    frame.index = pd.Index([f"row {k}" for k in range(len(frame))], name="row")
    before, columns, index = frame.copy(deep=True), frame.columns, frame.index
    fit = case.run(frame)
    fit.summary()
    if case.predict is not None:
        case.predict(fit)
    pd.testing.assert_frame_equal(frame, before, check_exact=True)
    assert frame.columns is columns
    assert frame.index is index
    assert frame.attrs == before.attrs


def test_order_of_rows(case, fit, numbers):
    shuffled = case.frame().sample(frac=1.0, random_state=1)
    if np.isnan(case.rtol):
        with pytest.raises(smx.errors.DataError, match="must increase"):
            case.run(shuffled)
    else:
        same(fit, case.run(shuffled), main, case.rtol)


def main(fit):
    """Estimates alone: standard errors of resampling depend on which row has which random weight."""
    return fit.tidy()["estimate"].to_numpy(float)


def test_order_of_columns_and_more_of_them(case, fit, numbers):
    frame = case.frame()
    shuffled = frame[frame.columns[::-1]].assign(unused=[object()] * len(frame), empty=np.nan)
    same(fit, case.run(shuffled), numbers)


INDEXES = {
    "reversed": lambda n: pd.RangeIndex(n - 1, -1, -1),
    "names": lambda n: pd.Index([f"p{k * 7 % n}" for k in range(n)]),
    "repeated": lambda n: pd.Index([0] * n),
    "dates": lambda n: pd.date_range("2020-01-31", periods=n),
    "levels": lambda n: pd.MultiIndex.from_arrays([np.arange(n) % 3, np.arange(n)]),
    "missing": lambda n: pd.Index([np.nan, *range(n - 1)]),
}


@pytest.mark.parametrize("kind", INDEXES)
def test_index(case, fit, numbers, kind):
    frame = case.frame()
    same(fit, case.run(frame.set_axis(INDEXES[kind](len(frame)))), numbers)


def single(frame):
    return frame.astype(dict.fromkeys(frame.select_dtypes("float").columns, "float32"))


def categories(frame):
    return frame.astype(
        {name: "category" for name in frame if not pd.api.types.is_numeric_dtype(frame[name])}
    )


def read_only(frame):
    columns = {}
    for name in frame:
        columns[name] = frame[name].to_numpy(copy=True)
        columns[name].flags.writeable = False
    return pd.DataFrame(columns, copy=False)


FRAMES = {
    "float32": single,
    "nullable": lambda frame: frame.convert_dtypes(),
    "arrow types": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "categories": categories,
    "objects": lambda frame: frame.astype(object),
    "polars": polars.from_pandas,
    "arrow": pyarrow.Table.from_pandas,
    "mapping": lambda frame: {name: frame[name].tolist() for name in frame},
    "read-only": read_only,
}


@pytest.mark.parametrize("kind", FRAMES)
def test_types(case, fit, numbers, kind):
    same(fit, case.run(FRAMES[kind](case.frame())), numbers)


def test_missing_observations_are_dropped_and_counted(case, fit, numbers):
    frame = case.spoil(case.frame())
    spoilt = case.run(frame)
    if len(frame) > len(case.frame()):  # rows were added, and the others are as before
        assert spoilt.nobs == fit.nobs
        assert_allclose(main(spoilt), main(fit), rtol=1e-6, atol=1e-8)
        assert case.lost == 3
        assert re.search(r"dropped[^\n]*\b3\b|\b3\b[^\n]*dropped", spoilt.summary().as_text().lower())
    else:
        assert spoilt.nobs < fit.nobs


@pytest.mark.filterwarnings("ignore::statmodels_x.errors.StatmodelsXWarning")
def test_threads(case, fit, numbers):
    with ThreadPoolExecutor(3) as pool:
        fits = list(pool.map(lambda _: quiet(case), range(3)))
    for other in fits:
        same(fit, other, numbers)


def quiet(case):
    # not run(): its warning filter is not for threads
    return case.model(case.frame()).fit(**case.fit)


def test_seed_and_processes(case, fit, numbers):
    if not case.random:
        pytest.skip("draws no random numbers")
    same(fit, case.run(seed=0), numbers)
    same(fit, case.run(seed=0, n_jobs=2), numbers)
    assert np.isfinite(main(case.run(seed=11))).any()
