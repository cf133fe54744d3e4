"""Rivals of a jump in a volume: folds and ramps without a jump are not cut, and jumps beside them are found."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from statmodels_x import FreeDiscontinuity
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.smoothing.smoother import JumpSetModel, Observations, SecondDifferences
from statmodels_x.discontinuity.tuning.rivals import signed_distance

M, SD = 10, 0.1


def fold(x):
    return np.abs(x[:, 0] + 0.4 * x[:, 1] - 0.7)


SMOOTH = {
    "sharp fold": lambda x: 1.5 * fold(x),
    "steep fold": lambda x: 6.0 * fold(x),
    "rounded fold": lambda x: 1.5 * np.sqrt(fold(x) ** 2 + 0.05**2),
    "roof": lambda x: 3.0 * np.abs(x[:, :2] - 0.5).max(1),
    "folded sphere": lambda x: 3.0 * np.abs(np.linalg.norm(x - 0.5, axis=1) - 0.3),
    "narrow bump": lambda x: 0.5 * np.exp(-((x - 0.5) ** 2).sum(1) / (2.0 * 0.1**2)),
}


def sample(surface, seed, n=2 * M**3):
    rng = np.random.default_rng([seed, n])
    x = rng.uniform(size=(n, 3))
    return pd.DataFrame(x, columns=list("abc")).assign(y=surface(x) + SD * rng.normal(size=n))


def cells(lattice):
    return np.column_stack(np.unravel_index(np.arange(lattice.n_cells), lattice.shape)).astype(float)


@pytest.mark.search
@pytest.mark.parametrize("name", SMOOTH)
def test_a_surface_without_a_jump_is_not_cut(name):
    fit = FreeDiscontinuity("y ~ a + b + c", sample(SMOOTH[name], 3), resolution=M).fit()
    assert fit.jumps.empty
    assert fit.segments().max() == 1


@pytest.mark.search
def test_a_fold_of_an_array_is_not_cut():
    lattice = Lattice((M, M, M))
    x = (cells(lattice) + 0.5) / M
    noise = SD / np.sqrt(2.0) * np.random.default_rng(4).normal(size=M**3)
    fit = FreeDiscontinuity((SMOOTH["sharp fold"](x) + noise).reshape(M, M, M)).fit()
    assert fit.jumps.empty


@pytest.mark.search
@pytest.mark.parametrize("k", [5.0, 20.0])
def test_a_jump_across_a_fold_is_found_and_the_fold_is_not(k):
    size = k * SD / np.sqrt(2.0)
    data = sample(lambda x: 1.5 * np.abs(x[:, 0] - 0.5) + size * (x[:, 1] > 0.5), 5)
    fit = FreeDiscontinuity("y ~ a + b + c", data, resolution=M).fit()
    assert fit.segments().max() == 2
    assert len(fit.boundaries) == 1
    row = fit.boundaries.iloc[0]
    assert abs(row["mean_size"] - size) < 3.0 * row["std_error"]
    assert fit.jumps["b"].between(0.5 - 1.0 / M, 0.5 + 1.0 / M).all()


def test_the_distance_from_a_staircase_is_that_from_its_plane():
    lattice, normal = Lattice((12, 12, 12)), np.array([1.0, 0.4, -0.2]) / np.linalg.norm([1.0, 0.4, -0.2])
    true = (cells(lattice) - 5.5) @ normal
    part = np.flatnonzero((true[lattice.tail] > 0.0) != (true[lattice.head] > 0.0))
    upper = np.where(true[lattice.head[part]] > 0.0, 1.0, -1.0)
    got = signed_distance(lattice, part, upper)
    inside = (np.abs(cells(lattice) - 5.5) < 4.0).all(1)
    assert np.abs(got - true)[inside].max() < 0.6
    assert np.median(np.abs(got - true)) < 0.2
    np.testing.assert_allclose(signed_distance(lattice, part, -upper), -got)


def test_the_deviance_with_regressors_is_the_least_over_their_coefficients():
    rng, lattice = np.random.default_rng(0), Lattice((4, 5, 4))
    f, *added = rng.normal(size=(3, lattice.n_cells))
    cut = np.zeros(lattice.n_edges, bool)
    cut[:3] = True
    differences, precision = SecondDifferences.of(lattice), rng.uniform(1.0, 3.0, lattice.n_cells)

    def deviance(b):
        moved = f - sum(one * column for one, column in zip(b, added, strict=False))
        return JumpSetModel(differences, Observations(moved, precision), cut).deviance(1.0)

    model = JumpSetModel(differences, Observations(f, precision), cut)
    got = model.with_regressors([added[0][:, None], np.column_stack(added)], 1.0)
    least = [minimize(deviance, np.zeros(k), method="BFGS").fun for k in (1, 2)]
    np.testing.assert_allclose(got, least, atol=1e-6)
