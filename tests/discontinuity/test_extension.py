"""Loose ends of a jump set, the ways to go on, and what of them the evidence accepts."""

import numpy as np
import pytest

from statmodels_x import FreeDiscontinuity
from statmodels_x.discontinuity.fitting.estimation import independent_errors
from statmodels_x.discontinuity.grid.extension import Corners
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.tuning.proposals import PENALTIES, Proposal
from statmodels_x.discontinuity.tuning.scoring import Scorer


def column_edges(lattice, column, rows):
    """Edges between a column of cells and the next, in the given rows."""
    first = np.arange(lattice.n_cells).reshape(lattice.shape)[rows, column]
    return np.flatnonzero((lattice.axis == 1) & np.isin(lattice.tail, first))


def cut_of(lattice, edges):
    cut = np.zeros(lattice.n_edges, bool)
    cut[edges] = True
    return cut


def test_a_line_across_the_grid_has_no_loose_end():
    lattice = Lattice((5, 6))
    corners = Corners(lattice)
    whole = cut_of(lattice, column_edges(lattice, 2, slice(None)))
    assert lattice.loose_ends(whole).size == 0
    assert corners.steps(whole) == corners.joins(whole) == set()


def test_a_gap_is_joined_by_the_edges_that_are_missing():
    lattice = Lattice((7, 6))
    corners = Corners(lattice)
    for gap in (1, 2, 3):
        missing = column_edges(lattice, 2, slice(2, 2 + gap))
        cut = cut_of(lattice, np.setdiff1d(column_edges(lattice, 2, slice(None)), missing))
        assert lattice.loose_ends(cut).size == 2
        assert tuple(sorted(missing.tolist())) in corners.joins(cut)
        assert all(len(path) <= 3 and not cut[list(path)].any() for path in corners.joins(cut))
        for path in corners.joins(cut):  # each leaves fewer loose ends
            assert lattice.loose_ends(cut | cut_of(lattice, list(path))).size < 2


def test_an_end_goes_on_in_three_directions():
    lattice = Lattice((7, 6))
    cut = cut_of(lattice, column_edges(lattice, 2, slice(0, 3)))
    steps = Corners(lattice).steps(cut)
    assert len(steps) == 3
    assert (int(column_edges(lattice, 2, slice(3, 4))[0]),) in steps


@pytest.fixture(scope="module")
def step():
    rng = np.random.default_rng(0)
    image = 1.0 * (np.arange(12) > 5) + 0.2 * rng.normal(size=(14, 12))
    cells = FreeDiscontinuity(image).sample.cells
    spec = FreeDiscontinuity(image).specification
    return cells, Scorer(cells.lattice, independent_errors(cells, spec)[0].observations(cells))


def test_evidence_closes_and_lengthens_a_true_border(step):
    cells, scorer = step
    lattice, penalty = cells.lattice, PENALTIES["balanced"]
    true = cut_of(lattice, column_edges(lattice, 5, slice(None)))
    smooth = scorer.score(np.zeros(lattice.n_edges, bool))
    for kept in (np.r_[0:5, 8:14], np.r_[3:11]):
        part = cut_of(lattice, column_edges(lattice, 5, kept))
        found = scorer.extend(Proposal(1.0, 1.0, part, scorer.score(part)), smooth, penalty)
        np.testing.assert_array_equal(found.cut, true)
        assert found.cost(lattice, penalty) < Proposal(1.0, 1.0, part, scorer.score(part)).cost(
            lattice, penalty
        )


def test_what_has_no_evidence_of_its_own_is_not_lengthened(step):
    cells, scorer = step
    lattice = cells.lattice
    smooth = scorer.score(np.zeros(lattice.n_edges, bool))
    stray = cut_of(lattice, column_edges(lattice, 2, slice(3, 6)))
    proposal = Proposal(1.0, 1.0, stray, scorer.score(stray))
    assert scorer.extend(proposal, smooth, PENALTIES["balanced"]) is proposal


def test_a_winding_border_is_found_and_closed():
    """A star with the jump of eight standard deviations of a cell: two regions, and few edges missed."""
    x = (np.arange(26) + 0.5) / 26 - 0.5
    r, angle = np.hypot(x[:, None], x), np.arctan2(x[:, None], x)
    inside = r < 0.28 + 0.07 * np.cos(5 * angle)
    image = inside + 0.3 * np.outer(x, x) + 0.125 * np.random.default_rng(1).normal(size=r.shape)
    fit = FreeDiscontinuity(image, noise=0.125).fit(pixels="points")
    lattice = fit.domain.lattice
    true = inside.ravel()[lattice.tail] != inside.ravel()[lattice.head]
    assert (fit.estimate.cut & true).sum() > 0.9 * true.sum()
    assert (fit.estimate.cut & ~true).sum() < 0.1 * true.sum()
    means = fit.region_means
    assert len(means) == 2
    assert np.ptp(means["surface_mean"]) == pytest.approx(1.0, abs=0.1)


def test_a_plane_without_noise_to_speak_of_is_smoothed_without_failure():
    """The best smoothing precision of a plane is unbounded."""
    rows = np.arange(14.0)
    plane = np.add.outer(rows, 2.0 * rows) + 1e-3 * np.random.default_rng(0).normal(size=(14, 14))
    fit = FreeDiscontinuity(plane).fit(pixels="points")
    assert not fit.estimate.cut.any()
    np.testing.assert_allclose(fit.surface, plane, atol=5e-3)
