"""Prices of jump sets, and what of a lifted solution is proposed at all."""

import numpy as np
import pytest

from statmodels_x import FreeDiscontinuity
from statmodels_x.discontinuity.fitting.estimation import independent_errors
from statmodels_x.discontinuity.fitting.record import lifted_problem
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.tuning.evidence import pairs, propose
from statmodels_x.discontinuity.tuning.proposals import PENALTIES, Penalty


def faces_of(lattice, cells):
    """Edges between some cells and the others."""
    inside = np.zeros(lattice.n_cells, bool)
    inside[cells] = True
    return inside[lattice.tail] != inside[lattice.head]


def test_an_open_surface_pays_for_its_rim():
    lattice = Lattice((5, 5, 5))
    rim = Penalty(part=0.0, end=1.0, edge=0.0, gate=0.0)
    face = np.zeros(lattice.n_edges, bool)
    face[lattice.edge_from[0, 62]] = True  # of the voxel in the middle
    assert rim.price(lattice, face) == 2.0 * 4
    patch = (lattice.axis == 0) & np.isin(lattice.tail, [62 + r + c for r in (-5, 0, 5) for c in (-1, 0, 1)])
    assert rim.price(lattice, patch) == 2.0 * 12
    assert rim.price(lattice, faces_of(lattice, [62])) == 0.0
    plane = (lattice.axis == 1) & (lattice.tail // 5 % 5 == 2)
    assert np.count_nonzero(plane) == 25
    assert rim.price(lattice, plane) == 0.0  # it runs to the margin


def test_a_closed_surface_pays_for_its_faces_and_its_region():
    volume, plane = Lattice((5, 5, 5)), Lattice((5, 5))
    balanced = PENALTIES["balanced"]
    assert balanced.price(plane, faces_of(plane, [12])) == pytest.approx(2 * 3.0 + 4 * 0.15)
    assert balanced.price(volume, faces_of(volume, [62])) == pytest.approx(2 * 3.0 + 6 * 0.15)


def test_single_voxels_are_not_proposed_but_pairs_are():
    values = np.random.default_rng(3).normal(size=(9, 9, 9))
    values[2, 2, 2] += 60.0
    values[6, 5:7, 6] += 60.0
    model = FreeDiscontinuity(values, noise=1.0)
    cells = model.sample.cells
    data = independent_errors(cells, model.specification)[0].observations(cells)
    lattice = cells.lattice
    found = np.zeros(lattice.n_edges, bool)
    for lam, nu in pairs(lattice, data):
        for cut in propose(lifted_problem(cells, model.specification, lam, nu)):
            _, label = lattice.segments(cut)
            assert np.bincount(label).min(initial=7) >= 7
            found |= cut
    voxel, pair = (np.ravel_multi_index(at, (9, 9, 9)) for at in ((2, 2, 2), (6, 5, 6)))
    assert not found[faces_of(lattice, [voxel])].all()
    assert found[faces_of(lattice, [pair, pair + 9])].all()
