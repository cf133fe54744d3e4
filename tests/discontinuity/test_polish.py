"""The descent on the unlifted energy, against exact dynamic programming and brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.lifted.polish import (
    edge_energy,
    join_empty,
    polish,
    polish_best,
    smooth,
)
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem, solve
from statmodels_x.discontinuity.line.kernels.recursions import cut_string


def random_problem(seed, shape=(9, 8), empty=0.1, levels=16):
    rng = np.random.default_rng(seed)
    f = np.clip(
        0.3 + 0.4 * (rng.random(int(np.prod(shape))) > 0.5) + 0.1 * rng.normal(size=int(np.prod(shape))), 0, 1
    )
    weight = rng.uniform(0.2, 2.0, f.size) * (rng.random(f.size) > empty)
    return LiftedProblem(
        Lattice(shape), f, weight / weight.mean(), rng.uniform(5, 500), rng.uniform(1e-3, 0.2), levels, True
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from([(9, 8), (30,), (4, 5, 4)]))
def test_the_energy_never_rises(seed, shape):
    p = random_problem(seed, shape)
    start = np.random.default_rng(seed).random(p.lattice.n_cells)
    found = polish(p, start)
    assert np.isfinite(found.surface).all()
    assert (np.diff(found.history) <= 0.0).all()
    assert found.energy <= edge_energy(p, start) + 1e-12
    assert found.energy == pytest.approx(edge_energy(p, found.surface), rel=1e-12)


def test_annealing_never_raises_the_energy_and_often_lowers_it():
    gains = []
    for seed in range(12):
        p = random_problem(seed, (12, 12))
        start = solve(p, 1e-4, 2000).surface
        plain, best = polish(p, start), polish_best(p, start)
        assert best.energy <= plain.energy
        assert best.energy == pytest.approx(edge_energy(p, best.surface), rel=1e-12)
        gains.append(1.0 - best.energy / plain.energy)
    assert max(gains) > 0.01


def test_smoothing_solves_the_normal_equations():
    p = random_problem(1, empty=0.0)
    cut = np.random.default_rng(0).random(p.lattice.n_edges) < 0.2
    u = smooth(p, cut)
    d = p.lattice.differences(u) * ~cut / p.lattice.spacing**2
    gradient = p.lam * p.weight * (u - p.f) + p.lattice.incidence.T @ d
    np.testing.assert_allclose(gradient, 0.0, atol=1e-8 * p.lam)


def test_the_iteration_and_the_factorisation_agree(monkeypatch):
    from statmodels_x.discontinuity.kernels import banded

    p = random_problem(2)
    cut = np.random.default_rng(0).random(p.lattice.n_edges) < 0.2
    direct = smooth(p, join_empty(p.lattice, cut, p.weight > 0))
    monkeypatch.setattr(banded, "is_cheap", lambda n, bandwidth: False)
    np.testing.assert_allclose(smooth(p, join_empty(p.lattice, cut, p.weight > 0)), direct, atol=1e-6)


def test_on_a_line_the_lifted_start_ends_at_the_exact_minimum():
    """The exact weak string by dynamic programming: never beaten, and reached from the lifted solution."""
    reached = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x = (np.arange(40) + 0.5) / 40
        f = 0.2 + 0.3 * x + 0.3 * (x > 0.4) - 0.2 * (x > 0.75) + 0.02 * rng.normal(size=40)
        p = LiftedProblem(Lattice((40,)), f, np.ones(40), 100.0, 0.05, 32, True)
        h = p.lattice.spacing
        cuts, least = cut_string(f, np.full(40, p.lam), np.full(39, 1.0 / h**2), p.nu / h, f.min(), f.max())
        found = polish(p, solve(p, 1e-5, 20000).surface)
        assert found.energy >= least * h - 1e-10
        reached += np.array_equal(found.cut, cuts.astype(bool))
    assert reached == 8


def test_energy_counts_both_edges_of_a_corner():
    p = LiftedProblem(Lattice((2, 2)), np.zeros(4), np.ones(4), 1.0, 0.1, 8, True)
    u = np.array([0.0, 1.0, 1.0, 1.0])
    h = 0.5
    assert edge_energy(p, u) == pytest.approx((3.0 + 2 * p.nu / h) * h**2)


def test_a_region_without_data_joins_a_neighbour():
    lattice = Lattice((3, 4))
    inside = np.zeros((3, 4), bool)
    inside[1, 1:3] = True
    flat = inside.ravel()
    cut = flat[lattice.tail] != flat[lattice.head]
    joined = join_empty(lattice, cut, ~flat)
    count, _ = lattice.regions(joined)
    assert count == 1
    assert not joined.any()


def test_the_lifted_value_falls_to_the_exact_one_as_labels_are_added():
    x = (np.arange(40) + 0.5) / 40
    f = 0.2 + 0.3 * x + 0.3 * (x > 0.4) - 0.2 * (x > 0.75) + 0.02 * np.random.default_rng(0).normal(size=40)
    lattice = Lattice((40,))
    h = lattice.spacing
    _, least = cut_string(f, np.full(40, 100.0), np.full(39, 1.0 / h**2), 0.05 / h, f.min(), f.max())
    over = []
    for levels in (16, 32, 64, 128):
        p = LiftedProblem(lattice, f, np.ones(40), 100.0, 0.05, levels, True)
        over.append(solve(p, 1e-5, 30000).lower_bound / least - 1.0)
    assert (np.diff(over) < 0.0).all()
    assert 0.0 < over[-1] < 0.5 * over[1]
