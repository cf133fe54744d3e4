"""The second-order smoother and its marginal likelihood, against dense normal distributions."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from statmodels_x.discontinuity.grid.domain import Cells, Domain, Scale
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.kernels.banded import Factor, lower_band
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel
from statmodels_x.discontinuity.smoothing.smoother import JumpSetModel, Observations, SecondDifferences

pytestmark = pytest.mark.search

SHAPES = [(9,), (5, 6), (3, 4, 3), (2, 5)]


def example(shape, seed=0, empty=True):
    rng = np.random.default_rng(seed)
    lattice = Lattice(shape)
    precision = rng.uniform(20.0, 80.0, lattice.n_cells)
    if empty:
        precision[rng.integers(0, lattice.n_cells, 2)] = 0.0
    cut = rng.random(lattice.n_edges) < 0.25
    return lattice, Observations(rng.random(lattice.n_cells), precision), cut


def prior_precision(lattice, cut, t):  # noqa: C901
    """K written out by loops over cells."""
    n = lattice.n_cells
    K = np.zeros((n, n))
    place = {cell: np.unravel_index(cell, lattice.shape) for cell in range(n)}
    at = {where: cell for cell, where in place.items()}
    edge = {(a, b): k for k, (a, b) in enumerate(zip(lattice.tail, lattice.head, strict=True))}

    def step(where, *axes):
        moved = list(where)
        for axis in axes:
            moved[axis] += 1
        return at.get(tuple(moved))

    def add(row, weight, *edges):
        if not any(cut[edge[pair]] for pair in edges):
            v = np.zeros(n)
            for cell, value in row:
                v[cell] += value
            K[:] += weight * np.outer(v, v)

    for cell, where in place.items():
        for a in range(lattice.n_axes):
            b = step(where, a)
            if b is not None:
                add([(cell, -1), (b, 1)], 1.0, (cell, b))
                c = step(where, a, a)
                if c is not None:
                    add([(cell, 1), (b, -2), (c, 1)], np.exp(t), (cell, b), (b, c))
            for other in range(a + 1, lattice.n_axes):
                p, q, r = step(where, a), step(where, other), step(where, a, other)
                if r is not None:
                    row = [(cell, 1), (p, -1), (q, -1), (r, 1)]
                    add(row, 2 * np.exp(t), (cell, p), (cell, q), (p, r), (q, r))
    _, label = lattice.regions(cut)
    return K + np.diag(1.0 / np.bincount(label)[label])


@pytest.mark.parametrize("shape", SHAPES)
def test_deviance_and_mean_are_those_of_the_normal_law(shape):
    lattice, data, cut = example(shape)
    model = JumpSetModel(SecondDifferences.of(lattice), data, cut)
    covariance = np.linalg.inv(prior_precision(lattice, cut, 1.3))
    seen = data.precision > 0
    noise = np.diag(1.0 / data.precision[seen])
    law = multivariate_normal(np.full(seen.sum(), 0.5), covariance[np.ix_(seen, seen)] + noise)
    found = model.smooth(1.3)
    assert found.deviance == pytest.approx(-2.0 * law.logpdf(data.f[seen]), rel=1e-9)
    gain = covariance[:, seen] @ np.linalg.inv(covariance[np.ix_(seen, seen)] + noise)
    np.testing.assert_allclose(found.surface, 0.5 + gain @ (data.f[seen] - 0.5), atol=1e-9)
    posterior = covariance - gain @ covariance[seen]
    np.testing.assert_allclose(model.precision_factor(1.3).inverse_diagonal(), np.diag(posterior), rtol=1e-8)


@pytest.mark.parametrize("shape", [(9,), (5, 6), (3, 4, 3)])
def test_correlated_errors_enter_with_their_covariance(shape):
    lattice, data, cut = example(shape, empty=False)
    rho = (0.6, 0.3, 0.5)[: len(shape)]
    domain = Domain(tuple("abc"[: len(shape)]), tuple(np.arange(m + 1.0) for m in shape))
    weight = data.precision
    cells = Cells(
        domain, data.f, weight, np.ones(lattice.n_cells, int), np.full(lattice.n_cells, np.nan), Scale(0, 1)
    )
    errors = ErrorModel(1.0, rho)
    correlated = errors.observations(cells)
    R = np.ones((1, 1))
    for r, m in zip(rho, shape, strict=True):
        R = np.kron(R, r ** np.abs(np.subtract.outer(np.arange(m), np.arange(m))))
    sd = 1.0 / np.sqrt(weight)
    covariance = np.linalg.inv(prior_precision(lattice, cut, 0.7)) + R * np.outer(sd, sd)
    law = multivariate_normal(np.full(lattice.n_cells, 0.5), covariance)
    found = JumpSetModel(SecondDifferences.of(lattice), correlated, cut).smooth(0.7)
    assert found.deviance == pytest.approx(-2.0 * law.logpdf(data.f), rel=1e-9)
    v = np.random.default_rng(0).random(lattice.n_cells)
    np.testing.assert_allclose(errors.correlate(v, shape), R @ v)
    draws = np.array([errors.draw(shape, np.random.default_rng(k)) for k in range(4000)])
    np.testing.assert_allclose(np.cov(draws.T), R, atol=0.1)


def test_the_search_finds_the_smoothing_precision():
    rng = np.random.default_rng(2)
    lattice = Lattice((12, 12))
    x = np.arange(12) / 12
    f = (0.5 + 0.3 * np.sin(4 * x[:, None]) * np.cos(3 * x)).ravel() + 0.03 * rng.normal(size=144)
    model = JumpSetModel(
        SecondDifferences.of(lattice),
        Observations(f, np.full(144, 1 / 0.03**2)),
        np.zeros(lattice.n_edges, bool),
    )
    best = model.smooth()
    grid = [model.deviance(t) for t in np.arange(best.log_precision - 6, best.log_precision + 6, 0.25)]
    assert best.deviance < min(grid) + 0.1


@pytest.mark.parametrize("around", [14.0, 18.0, 19.3, 20.5, 22.0])
def test_the_search_comes_down_from_a_plateau(around, monkeypatch):
    """Stiff surfaces are all alike: a search that begins among them must not stay there where a softer one is better.

    Rounding says there which way is down; here it says the wrong one, by far less than there is to gain.
    """
    lattice = Lattice((8, 9))
    i, j = np.indices(lattice.shape)
    rng = np.random.default_rng(4)
    f = 0.5 + 0.3 * np.sin(i * j / 8.0) + rng.normal(0.0, 0.1, lattice.shape)
    data = Observations(f.ravel(), np.full(f.size, 100.0))
    model = JumpSetModel(SecondDifferences.of(lattice), data, np.zeros(lattice.n_edges, bool))
    exact = model.deviance
    monkeypatch.setattr(JumpSetModel, "deviance", lambda self, t: exact(t) - 0.01 * max(t - 16.0, 0.0))
    assert abs(exact(20.5) - exact(19.0)) < 0.01
    usual, found = model.smooth(), model.smooth(around=around)
    assert exact(20.5) > usual.deviance + 5.0
    # the parabola is through other points, steps of 1.5 apart
    assert found.deviance == pytest.approx(usual.deviance, abs=1.0)
    assert found.log_precision == pytest.approx(usual.log_precision, abs=0.5)


def test_softening_is_a_weaker_penalty_on_the_cells_given():
    lattice = Lattice((6, 6))
    plain = SecondDifferences.of(lattice)
    none = np.zeros(lattice.n_edges, bool)
    zone = np.zeros(36, bool)
    zone[14] = True
    difference = (plain.penalty(none) - plain.softened(zone, 2.0).penalty(none)).toarray()
    touched = plain.rows.toarray()[:, 14] != 0
    rows = plain.rows.toarray()[touched]
    np.testing.assert_allclose(difference, (1 - np.exp(-2.0)) * rows.T @ rows, atol=1e-12)


def test_half_solve_draws_with_the_precision_matrix():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(6, 6))
    precision = a @ a.T + 6 * np.eye(6)
    import scipy.sparse as sp

    factor = Factor(lower_band(sp.csr_array(precision), 5))
    root = factor.half_solve(np.eye(6))
    np.testing.assert_allclose(root @ root.T, np.linalg.inv(precision), atol=1e-12)
    assert factor.logdet() == pytest.approx(np.linalg.slogdet(precision)[1])
