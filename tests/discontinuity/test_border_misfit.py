"""Points beside a border that fit worse than others: a square whose corners lie within the cells of a coarse grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx

TEXT = "the border bends within a cell"


def fitted(inside, resolution, seed=0, step=0.25):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(size=(2, 3000))
    z = 0.3 * x + step * inside(x, y) + 0.05 * rng.normal(size=3000)
    return smx.FreeDiscontinuity(
        "z ~ x + y", pd.DataFrame({"x": x, "y": y, "z": z}), resolution=resolution
    ).fit()


def square(x, y):
    u, v = (x - 0.5) * 0.94 + (y - 0.5) * 0.34, (y - 0.5) * 0.94 - (x - 0.5) * 0.34
    return (np.abs(u) < 0.25) & (np.abs(v) < 0.25)


def line(x, y):
    return y > 0.3 + 0.3 * x


def told(fit):
    return " ".join(fit.summary().as_text().split())


def test_corners_within_cells_are_told_and_a_finer_grid_mends_them():
    coarse, fine = fitted(square, 8), fitted(square, 18)
    assert TEXT in told(coarse)
    segment, beside, elsewhere, z = coarse.estimate.placed.misfits[0]
    assert segment == 1
    assert beside > 1.05 * elsewhere
    assert z > 2.5
    assert fine.estimate.placed.misfits[0][1] < beside
    largest = fine.boundaries.iloc[0]
    assert abs(largest["mean_size"] - 0.25) < 4.0 * largest["std_error"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_straight_line_is_not(seed):
    fit = fitted(line, 10, seed)
    assert len(fit.jumps)
    assert TEXT not in told(fit)


def test_nothing_is_told_without_noise_or_border():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(size=(2, 1500))
    data = pd.DataFrame({"x": x, "y": y, "z": 0.3 * x + line(x, y)})
    assert smx.FreeDiscontinuity("z ~ x + y", data).fit().estimate.placed.misfits == ()
    assert fitted(line, 10, step=0.0).estimate.placed.misfits == ()
