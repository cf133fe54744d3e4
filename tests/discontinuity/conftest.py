"""Fixtures that the discontinuity tests share."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx

matplotlib.use("Agg")


def _disk_data(n=4000, jump=0.15, seed=0, sd=0.05):
    """Scattered points over two covariates of different units; the surface rises by ``jump`` outside a disk."""
    rng = np.random.default_rng(seed)
    x = rng.random((n, 2))
    r = np.hypot(x[:, 0] - 0.5, x[:, 1] - 0.5)
    y = r + jump * (r >= 0.25) + sd * rng.standard_normal(n)
    return pd.DataFrame({"east": 10.0 * x[:, 0], "north": 3.0 * x[:, 1] + 5.0, "y": 100.0 * y})


@pytest.fixture(scope="session")
def disk_data():
    return _disk_data


@pytest.fixture(scope="session")
def disk():
    return _disk_data()


@pytest.fixture(scope="session")
def disk_fit(disk):
    return smx.FreeDiscontinuity("y ~ east + north", disk).fit()
