"""Fixtures that the discontinuity tests share."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.discontinuity.border.fit import find_border
from statmodels_x.discontinuity.border.model import PRICES, Border
from statmodels_x.discontinuity.border.points import net_of, point_data
from statmodels_x.discontinuity.grid.domain import Points, bin_points, point_domain
from statmodels_x.discontinuity.kernels import border as kernels

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


def _border_sample(f, n=2000, m=10, sd=0.1, seed=0):
    """Points of a surface over the unit square as the search for borders sees them."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(n, 2))
    points = Points(x, f(*x.T) + sd * rng.normal(size=n), np.ones(n))
    domain = point_domain(x, ("a", "b"), (m, m))
    return point_data(points, domain, bin_points(points, domain).scale)


def _straight_border(lattice, line):
    """Border of a polyline in cells."""
    cut, share = kernels.draw_line(net_of(lattice), np.array(line, float), lattice.n_edges)
    return Border(cut, share)


def _circle_border(lattice, radius=3.1, centre=4.7):
    angle = np.linspace(0.0, 2.0 * np.pi, 60)
    return _straight_border(lattice, centre + radius * np.column_stack([np.cos(angle), np.sin(angle)]))


@pytest.fixture(scope="session")
def border_sample():
    return _border_sample


@pytest.fixture(scope="session")
def straight_border():
    return _straight_border


@pytest.fixture(scope="session")
def circle_border():
    return _circle_border


@pytest.fixture(scope="session")
def step():
    """A step of 0.5 across a slanted line on a plane."""
    return _border_sample(lambda a, b: 0.5 * (b > 0.3 + 0.35 * a) + 0.3 * a)


@pytest.fixture(scope="session")
def found_border(step):
    return find_border(step, PRICES["balanced"])
