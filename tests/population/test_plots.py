"""Pictures: axes, labels, and what they refuse to draw."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from statmodels_x import Competition, LeslieMatrix, PredatorPrey
from statmodels_x.core.errors import DataError

LYNX = PredatorPrey(1.1, 0.3, 0.2, 0.8)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_time():
    path = LYNX.trajectory([10], [5], 20)
    ax = path.plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Step", "Total number of individuals")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["prey", "predator"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), path.totals["prey"])
    assert {line.get_linestyle() for line in ax.lines[:2]} == {"-", "--"}


def test_removed_species_are_marked():
    ax = LYNX.trajectory([10], [5], 20, extinction="total").plot()
    marks = [line for line in ax.lines if line.get_marker() == "x"]
    assert [m.get_xdata()[0] for m in marks] == [8]


def test_log_scale_leaves_out_what_is_not_positive():
    ax = LYNX.trajectory([10], [5], 20).plot(log=True)
    assert ax.get_yscale() == "log"
    drawn = np.asarray(ax.lines[0].get_ydata())
    assert np.isnan(drawn).any()
    assert (drawn[~np.isnan(drawn)] > 0.0).all()


def test_phase():
    _, own = plt.subplots()
    ax = LYNX.trajectory([10], [5], 20).plot("phase", ax=own)
    assert ax is own
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Total of prey", "Total of predator")
    with pytest.raises(DataError, match="two species"):
        LeslieMatrix([1.0, 1.0], [0.5]).project([1, 1], 3).plot("phase")


def test_eigenvalues():
    ax = LYNX.plot_eigenvalues()
    assert ax.get_xlabel() == "Real part"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["unit circle", "leading"]


def test_refusals():
    path = Competition(2.0, 0.1, 0.1, 1.5).trajectory([1], [1], 3000)
    with pytest.raises(DataError, match="log_totals"):
        path.plot()
    with pytest.raises(DataError, match="`kind`"):
        LYNX.trajectory([1], [1], 3).plot("space")
