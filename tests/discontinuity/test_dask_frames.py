"""Rows in the partitions of a Dask frame: the same cells, the same borders, nothing but averages kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import DataError, DataWarning

dd = pytest.importorskip("dask.dataframe")


def disk(n: int, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(size=(2, n))
    inside = (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.08
    return pd.DataFrame({"x": x, "y": y, "z": np.sin(3 * x) + 0.6 * inside + 0.2 * rng.normal(size=n)})


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return disk(6000)


@pytest.fixture(scope="module")
def both(rows):
    return [
        smx.FreeDiscontinuity("z ~ x + y", data, resolution=12)
        for data in (rows, dd.from_pandas(rows, npartitions=5))
    ]


def test_cells_are_those_of_the_rows(both):
    memory, dask = (model.sample.cells for model in both)
    np.testing.assert_array_equal(dask.count, memory.count)
    np.testing.assert_allclose(dask.mean, memory.mean, rtol=1e-12)
    np.testing.assert_allclose(dask.weight, memory.weight, rtol=1e-12)
    # the slope is followed between averages only, which leaves its share within a part of a cell to the spread
    np.testing.assert_allclose(dask.variance, memory.variance, rtol=0.02)


def test_sums_of_squares_do_not_cancel(rows):
    far = rows.assign(z=rows["z"] + 1e6, x=rows["x"] + 1e4)
    memory = smx.FreeDiscontinuity("z ~ x + y", far, resolution=12).sample
    dask = smx.FreeDiscontinuity("z ~ x + y", dd.from_pandas(far, npartitions=5), resolution=12).sample
    np.testing.assert_allclose(dask.cells.variance, memory.cells.variance, rtol=0.02)
    total = dask.points.weight @ dask.points.x / dask.points.weight.sum()
    np.testing.assert_allclose(total, far[["x", "y"]].mean(), rtol=1e-12)


def test_weights_are_summed(rows):
    rng = np.random.default_rng(1)
    weighted = rows.assign(w=rng.uniform(0.5, 2.0, len(rows)))
    weighted.loc[5, "w"] = 0.0
    memory = smx.FreeDiscontinuity("z ~ x + y", weighted, resolution=12, weights="w").sample
    dask = smx.FreeDiscontinuity(
        "z ~ x + y", dd.from_pandas(weighted, npartitions=3), resolution=12, weights="w"
    ).sample
    np.testing.assert_allclose(dask.cells.mean, memory.cells.mean, rtol=1e-12)
    np.testing.assert_allclose(dask.cells.weight, memory.cells.weight, rtol=1e-12)
    assert dask.dropped == memory.dropped == {"weight of 0": 1}


def test_the_partitions_do_not_matter(rows):
    one, many = (
        smx.FreeDiscontinuity("z ~ x + y", dd.from_pandas(rows, npartitions=k), resolution=12).sample.points
        for k in (1, 9)
    )
    np.testing.assert_allclose(one.x, many.x, rtol=1e-12)
    np.testing.assert_allclose(one.y, many.y, rtol=1e-12, atol=1e-12)


def test_the_same_border(both):
    memory, dask = (model.fit() for model in both)
    assert dask.nobs == memory.nobs == 6000
    for fit in (memory, dask):
        assert len(fit.boundaries) == 1
        border = fit.boundaries.iloc[0]
        assert abs(border["mean_size"] - 0.6) < 2.5 * border["std_error"]
        assert abs(border["length"] / (2.0 * np.pi * 0.08**0.5) - 1.0) < 0.05
    assert abs(dask.noise_sd / memory.noise_sd - 1.0) < 0.03
    places = np.random.default_rng(2).uniform(0.02, 0.98, (500, 2))
    places = places[np.abs(np.hypot(*(places - 0.5).T) - 0.08**0.5) > 0.03]
    gap = np.asarray(dask.predict(places)) - np.asarray(memory.predict(places))
    assert np.sqrt(np.mean(gap**2)) < 0.02
    for refused in (dask.bootstrap, dask.test_no_jump):
        with pytest.raises(DataError, match="draws rows again"):
            refused(n=19)


def test_missing_values_are_counted_over_all_partitions(rows):
    holed = rows.copy()
    holed.loc[[3, 5000], "z"] = np.nan
    holed.loc[[7, 8], "x"] = np.nan
    with pytest.warns(DataWarning, match="4 of 6000 rows were dropped"):
        model = smx.FreeDiscontinuity("z ~ x + y", dd.from_pandas(holed, npartitions=4), resolution=12)
    assert dict(model.sample.dropped) == {"x": 2, "z": 2}
    assert model.sample.n_used == 5996


def test_a_curve_is_read_too():
    rng = np.random.default_rng(4)
    x = rng.uniform(size=4000)
    frame = pd.DataFrame({"x": x, "y": (x > 0.6) + 0.2 * rng.normal(size=4000)})
    fit = smx.FreeDiscontinuity("y ~ x", dd.from_pandas(frame, npartitions=4)).fit()
    assert len(fit.jumps) == 1
    assert abs(fit.jumps["x"].iloc[0] - 0.6) < 0.01


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.assign(x=np.inf), "the term 'x' is not a finite number"),
        (lambda d: d.assign(z=1.0), "the response is constant"),
        (lambda d: d.assign(x=1.0), "'x' has 1 distinct value"),
        (lambda d: d.assign(x=pd.Timestamp("2020-01-01")), "'x' holds dates"),
    ],
)
def test_bad_columns_are_named(rows, change, message):
    with pytest.raises(DataError, match=message):
        smx.FreeDiscontinuity("z ~ x + y", dd.from_pandas(change(rows), npartitions=3), resolution=12)


def test_weights_have_to_be_a_column(rows):
    with pytest.raises(DataError, match="`weights` must name a column of a Dask frame"):
        smx.FreeDiscontinuity("z ~ x + y", dd.from_pandas(rows, npartitions=3), weights=np.ones(6000))
