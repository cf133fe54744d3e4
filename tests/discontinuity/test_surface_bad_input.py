"""What cannot be used is refused by an error that names the thing and the remedy."""

import numpy as np
import pandas as pd
import pytest

from statmodels_x import FreeDiscontinuity
from statmodels_x.core.errors import DataError, DataWarning, FormulaError, StatmodelsXError

GIVEN = {"lam": 30.0, "nu": 0.05}


@pytest.fixture(scope="module")
def data(disk_data):
    return disk_data(600)


def refusal(call, *parts, kind=StatmodelsXError):
    with pytest.raises(kind) as caught:
        call()
    for part in parts:
        assert part in str(caught.value), f"{part!r} is not in {caught.value!s}"


def changed(data, column, value, row=3):
    new = data.copy()
    new[column] = new[column].astype(object if isinstance(value, str) else float)
    new.loc[row, column] = value
    return new


def image(m=10, seed=0):
    return np.random.default_rng(seed).normal(size=(m, m))


@pytest.mark.parametrize("column", ["y", "east"])
def test_missing_rows_are_dropped_and_counted(data, column):
    with pytest.warns(DataWarning, match=rf"1 of 600 rows were dropped.*{column} \(1\)"):
        model = FreeDiscontinuity("y ~ east + north", changed(data, column, np.nan))
    assert model.sample.n_used == 599
    assert f"{column} (1)" in str(model.fit().summary())


@pytest.mark.parametrize("column", ["y", "east"])
def test_infinite_values_are_refused(data, column):
    refusal(
        lambda: FreeDiscontinuity("y ~ east + north", changed(data, column, np.inf)), column, "position 3"
    )


def test_a_constant_response_is_refused(data):
    refusal(lambda: FreeDiscontinuity("y ~ east + north", data.assign(y=3.0)), "constant", "3")
    refusal(lambda: FreeDiscontinuity(np.full((6, 6), 2.0)), "constant")
    refusal(lambda: FreeDiscontinuity("y ~ east + north", data.assign(y=1e8)), "constant")


def test_a_constant_covariate_is_refused(data):
    refusal(
        lambda: FreeDiscontinuity("y ~ east + north", data.assign(north=1.0)), "'north'", "1 distinct value"
    )


def test_fewer_points_than_cells(data):
    refusal(
        lambda: FreeDiscontinuity("y ~ east + north", data, resolution=40),
        "600 points",
        "1600 cells",
        "`resolution`",
    )
    assert FreeDiscontinuity("y ~ east + north", data.head(80)).sample.cells.domain.shape == (4, 4)


def test_text_and_categories_are_refused(data):
    refusal(lambda: FreeDiscontinuity("y ~ east + side", data.assign(side="left")), "'side'")
    two = data.assign(side=np.where(data["east"] > 5, "left", "right"))
    refusal(lambda: FreeDiscontinuity("y ~ east + side", two), "'side'", "numeric covariate")
    refusal(lambda: FreeDiscontinuity("y ~ east + north", data.assign(y="a")), "'y'", "text")
    refusal(lambda: FreeDiscontinuity("y ~ east:north", data), "one numeric covariate")
    refusal(lambda: FreeDiscontinuity("y ~ 1", data), "no covariate")
    refusal(lambda: FreeDiscontinuity("y ~ east + offset(north)", data), "offset", kind=FormulaError)
    refusal(lambda: FreeDiscontinuity("y ~ east + nort", data), "nort", "'north'")
    refusal(lambda: FreeDiscontinuity("y + north ~ east", data), "one response")


def test_whole_numbers_make_a_grid_of_their_own(data):
    whole = data.assign(east=data["east"].round(), north=(2 * data["north"]).round())
    model = FreeDiscontinuity("y ~ east + north", whole)
    assert all(size <= known for size, known in zip(model.sample.cells.domain.shape, (11, 7), strict=True))
    assert np.isfinite(model.fit().surface).all()
    refusal(lambda: FreeDiscontinuity("y ~ east + north", whole, resolution=12), "'east'", "11 distinct")


@pytest.mark.parametrize("name", ["lam", "nu"])
@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, "a", True])
def test_weights_of_the_energy_must_be_positive(name, value):
    refusal(lambda: FreeDiscontinuity(image(), **{name: value}), f"`{name}`")


def test_four_dimensions_are_refused(data):
    refusal(lambda: FreeDiscontinuity(np.zeros((4, 4, 4, 4))), "4 covariates", "one to 3")
    four = data.assign(a=data["east"] ** 2, b=data["north"] ** 2)
    refusal(lambda: FreeDiscontinuity("y ~ east + north + a + b", four), "4 covariates")


def test_an_array_and_a_frame_do_not_go_together(data):
    refusal(lambda: FreeDiscontinuity(image(), data), "both given")
    refusal(lambda: FreeDiscontinuity("y ~ east + north"), "needs `data`")
    refusal(lambda: FreeDiscontinuity(image(), resolution=5), "`resolution`")
    refusal(lambda: FreeDiscontinuity(image(), weights="w"), "`weights`")


@pytest.mark.parametrize(
    ("values", "part"),
    [
        (np.array([["a", "b"]]), "not numbers"),
        (np.zeros((3, 9)), "at least 4"),
        (np.array(3.0), "at least 4"),
        (np.full((5, 5), np.nan), "elements with data"),
        (np.where(np.eye(5) == 1, np.inf, 0.0), "infinite"),
        (np.zeros((5, 5), complex), "complex"),
    ],
)
def test_arrays_that_cannot_be_used(values, part):
    refusal(lambda: FreeDiscontinuity(values), part, kind=DataError)


def test_weights_that_cannot_be_used(data):
    refusal(
        lambda: FreeDiscontinuity("y ~ east + north", data, weights=-np.ones(600)), "`weights`", "negative"
    )
    refusal(lambda: FreeDiscontinuity("y ~ east + north", data, weights=np.ones(5)), "`weights`")
    refusal(lambda: FreeDiscontinuity(image(), weights=np.ones((3, 3))), "`weights`", "shape")
    refusal(lambda: FreeDiscontinuity("y ~ east + north", data, weights=np.zeros(600)), "positive weight")


def test_options_that_cannot_be_used(data):
    model = FreeDiscontinuity(image())
    refusal(lambda: FreeDiscontinuity(image(), levels=2), "`levels`")
    refusal(lambda: FreeDiscontinuity(image(), jump_length="round"), "`jump_length`")
    refusal(lambda: FreeDiscontinuity(image(), noise="red"), "`noise`")
    refusal(lambda: FreeDiscontinuity(image(), noise=0.0), "`noise`")
    refusal(lambda: FreeDiscontinuity("y ~ east + north", data, resolution=2), "`resolution`")
    refusal(
        lambda: FreeDiscontinuity("y ~ east + north", data, resolution=(8, 8, 8)), "`resolution`", "3 numbers"
    )
    refusal(lambda: model.fit(tune="guess"), "`tune`")
    refusal(lambda: model.fit(tune=None), "lam=")
    refusal(lambda: model.fit(solver="magic"), "`solver`")
    refusal(lambda: model.fit(solver="exact"), "one covariate")
    refusal(lambda: model.fit(tol=0), "`tol`")
    refusal(lambda: model.fit(max_iter=0), "`max_iter`")
    refusal(lambda: model.fit(n_jobs=0), "`n_jobs`")
    refusal(lambda: model.fit(seed=-1), "`seed`")
    refusal(lambda: model.fit(sensitivity="mild"), "`sensitivity`")
    big = FreeDiscontinuity(image(60), **GIVEN)
    refusal(lambda: big.fit(solver="cvxpy"), "small problems")


def test_a_noise_of_zero_is_named():
    step = np.zeros((10, 10))
    step[5:] = 1.0
    refusal(lambda: FreeDiscontinuity(step).fit(), "noise", "lam and nu")
    fit = FreeDiscontinuity(step, **GIVEN).fit()
    np.testing.assert_allclose(fit.surface, step, atol=1e-6)
    assert np.isnan(fit.noise_sd)
    assert np.isnan(fit.surface_std_error).all()
    assert fit.predict()["std_error"].isna().all()
    refusal(lambda: fit.jump_sizes([[4.5, 4]]), "noise")
    refusal(lambda: fit.bootstrap(20), "noise")
    assert "unknown" in str(fit.summary())


def test_duplicated_points_do_no_harm(data):
    twice = pd.concat([data, data])
    fit = FreeDiscontinuity("y ~ east + north", twice, **GIVEN, resolution=5).fit()
    plain = FreeDiscontinuity("y ~ east + north", data, **GIVEN, resolution=5).fit()
    np.testing.assert_allclose(fit.surface, plain.surface, rtol=1e-5)


def test_questions_that_a_fit_cannot_answer(data):
    fit = FreeDiscontinuity("y ~ east + north", data, resolution=6, **GIVEN).fit()
    refusal(lambda: fit.plot("shape"), "`kind`")
    refusal(lambda: fit.plot("slices"), "three covariates")
    refusal(lambda: fit.plot("tuning"), "nothing was tuned")
    refusal(lambda: fit.plot("jumps", boundary=99), "no boundary 99")
    refusal(lambda: fit.test_no_jump(), "evidence")
    refusal(lambda: fit.bootstrap(3), "at least 19")
    refusal(lambda: fit.predict(pd.DataFrame({"east": [1.0]})), "north")
    refusal(lambda: fit.predict(np.zeros((2, 3))), "newdata")
    array = FreeDiscontinuity(image(), **GIVEN).fit()
    refusal(lambda: array.second_stage([[1, 1]]), "scattered")
    refusal(lambda: array.predict(pd.DataFrame({"row": [1.0]})), "column")


@pytest.mark.parametrize("margin", [np.s_[:1], np.s_[:, -1:], np.s_[4:6]])
def test_an_empty_margin_takes_its_values_from_the_neighbours(margin):
    values = image(10) * 0.05 + 0.2 * np.arange(10)
    values[margin] = np.nan
    model = FreeDiscontinuity(values, **GIVEN)
    assert model.sample.n_used == np.isfinite(values).sum()
    fit = model.fit()
    assert np.isfinite(fit.surface).all()
    assert f"{np.isnan(values).sum()}" in str(fit.summary())
    assert not fit.estimate.cut[np.isin(fit.domain.lattice.tail, np.flatnonzero(np.isnan(values)))].all()


def test_a_margin_without_points_is_a_gap_not_an_error(data):
    gap = data[(data["east"] < 3.0) | (data["east"] > 6.0)]
    fit = FreeDiscontinuity("y ~ east + north", gap, resolution=6, **GIVEN).fit()
    assert np.isfinite(fit.surface).all()
    assert (fit.sample.cells.count == 0).any()
