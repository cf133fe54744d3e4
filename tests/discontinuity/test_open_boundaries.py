"""Boundaries that end inside a surface are named in the summary."""

from __future__ import annotations

import numpy as np
import pytest

import statmodels_x as smx
from statmodels_x.discontinuity.grid.jumps import open_segments
from statmodels_x.discontinuity.grid.lattice import Lattice

LATTICE = Lattice((8, 9))


def cut_between(*sides: np.ndarray) -> np.ndarray:
    """Cut the edges between cells that differ in any of some label arrays."""
    cut = np.zeros(LATTICE.n_edges, bool)
    for side in sides:
        label = side.ravel()
        cut |= label[LATTICE.tail] != label[LATTICE.head]
    return cut


ROW, COLUMN = np.indices(LATTICE.shape)
ACROSS = cut_between(ROW < 4)
BOX = cut_between((ROW > 2) & (ROW < 6) & (COLUMN > 2) & (COLUMN < 6))
PART = ACROSS & (np.indices(LATTICE.shape)[1].ravel()[LATTICE.tail] < 5)


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (np.zeros(LATTICE.n_edges, bool), []),
        (ACROSS, []),
        (BOX, []),
        (PART, [1]),
        (PART | cut_between((ROW == 6) & (COLUMN == 7)), [1]),
        (
            cut_between((ROW == 6) & (COLUMN > 1))
            | (cut_between(ROW < 2) & (COLUMN.ravel()[LATTICE.tail] < 2)),
            [2],
        ),
    ],
)
def test_which_segments_have_an_end(cut, expected):
    assert open_segments(LATTICE, cut) == expected


def test_volumes_are_left_alone():
    cube = Lattice((4, 4, 4))
    assert open_segments(cube, np.arange(cube.n_edges) == 5) == []


@pytest.mark.parametrize("whole", [True, False])
def test_the_summary_names_them(whole):
    x, y = np.indices((20, 20)) / 20.0
    values = np.sign(x - 0.52) * (1.0 if whole else np.maximum(0.6 - y, 0.0))
    noisy = values + 0.02 * np.random.default_rng(1).normal(size=values.shape)
    fit = smx.FreeDiscontinuity(noisy, lam=100, nu=0.2).fit(tune=None)
    assert len(fit.boundaries) == 1
    text = " ".join(fit.summary().as_text().split())
    assert ("Boundary 1 ends inside the surface" in text) != whole
