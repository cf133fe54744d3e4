"""The state-space likelihood, its smoother and its search, against dense matrices and simulation."""

from dataclasses import replace

import numpy as np
import pytest

from statmodels_x.discontinuity.line.data import line_data
from statmodels_x.discontinuity.line.evidence import (
    LEVEL_VARIANCE,
    Bend,
    Noise,
    Shape,
    Smoothing,
    bending,
    deviance,
    difference_variance,
    single_changes,
)
from statmodels_x.discontinuity.line.kernels import recursions as line_kernels
from statmodels_x.discontinuity.line.parameters import fit_smoothing, largest_gradient
from statmodels_x.discontinuity.line.posterior import FLAT, draw_curves, location_posteriors, posterior
from statmodels_x.discontinuity.line.scoring import Rules, allowed, neighbourhood
from statmodels_x.discontinuity.line.search import search


def sample(seed=0, n=14, ties=0):
    rng = np.random.default_rng(seed)
    x = rng.random(n)
    x = np.concatenate([x, x[:ties]])
    y = np.sin(5.0 * x) + 0.8 * (x > 0.5) + 0.1 * rng.standard_normal(len(x))
    return line_data(x, y, rng.uniform(0.5, 2.0, len(x)))


def curve_covariance(line, shape, smoothing, x, level=LEVEL_VARIANCE):
    """Prior covariance of the curve between points ``line.x`` extended by ``x``, written down directly."""
    points = np.concatenate([line.x, x])
    rate = shape.rate(line, smoothing.rate)
    cov = line_kernels.START_LEVEL + line_kernels.START_SLOPE * np.outer(points, points)
    for k in range(
        line.n - 1
    ):  # white noise in the second derivative over each gap: int (x - s)+ (x' - s)+ ds
        a, b = line.x[k], line.x[k + 1]
        knots, weights = np.polynomial.legendre.leggauss(8)
        s = 0.5 * (a + b) + 0.5 * (b - a) * knots
        for edge in np.sort(points[(points > a) & (points < b)]):  # split where the integrand has a kink
            pieces = [(a, edge), (edge, b)]
            s = np.concatenate([0.5 * (p + q) + 0.5 * (q - p) * knots for p, q in pieces])
            weights = np.concatenate([0.5 * (q - p) * weights[:8] for p, q in pieces])
            break
        else:
            weights = 0.5 * (b - a) * weights
        beyond = np.maximum(points[:, None] - s, 0.0)
        cov = cov + rate[k] * (beyond * weights) @ beyond.T
    for middle in line.middle[shape.cuts]:
        side = (points > middle).astype(float)
        ramp = side * (points - middle)
        cov = cov + level * np.outer(side, side) + smoothing.slope * np.outer(ramp, ramp)
    return cov


def data_covariance(line, shape, smoothing):
    lag = np.abs(line.x[:, None] - line.x)
    white = smoothing.variance / line.weight
    white[list(shape.outliers)] += LEVEL_VARIANCE
    return smoothing.tau * np.exp(-lag / smoothing.reach) + np.diag(white)


SHAPES = {
    "no jump": lambda n: Shape(np.zeros(n - 1, bool)),
    "jumps": lambda n: Shape(np.isin(np.arange(n - 1), [3, 8])),
    "jump and bend": lambda n: Shape(np.isin(np.arange(n - 1), [3]), (Bend(6, 10, 0.7),)),
    "jump and outliers": lambda n: Shape(np.isin(np.arange(n - 1), [3]), (), frozenset({1, 9})),
}
SETTINGS = {
    "iid, slope kept": Smoothing(5.0, 0.01, 0.0, 1.0, 0.0),
    "iid, slope changed": Smoothing(5.0, 0.01, 0.0, 1.0, 100.0),
    "correlated": Smoothing(2.0, 0.01, 0.02, 0.1, 100.0),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("smoothing", SETTINGS)
def test_likelihood_equals_the_dense_normal_density(shape, smoothing):
    line, smoothing = sample(), SETTINGS[smoothing]
    shape = SHAPES[shape](line.n)
    cov = curve_covariance(line, shape, smoothing, np.empty(0)) + data_covariance(line, shape, smoothing)
    e = line.y - 0.5
    dense = np.linalg.slogdet(2.0 * np.pi * cov)[1] + e @ np.linalg.solve(cov, e)
    assert deviance(line, shape, smoothing) == pytest.approx(dense, rel=1e-9)


def test_ties_enter_the_likelihood_as_separate_rows():
    rng = np.random.default_rng(1)
    x = np.array([0.0, 0.1, 0.1, 0.4, 0.7, 0.7, 0.7, 1.0])
    y, w = rng.random(8), rng.uniform(0.5, 2.0, 8)
    line = line_data(x, y, w)
    smoothing = Smoothing(3.0, 0.02, 0.0, 1.0, 0.0)
    shape = Shape(np.array([False, True, False, False]))
    points = curve_covariance(line, shape, smoothing, np.empty(0))
    cov = points[np.ix_(line.row, line.row)] + np.diag(0.02 / w)
    e = (y - y.min()) / np.ptp(y) - 0.5
    dense = np.linalg.slogdet(2.0 * np.pi * cov)[1] + e @ np.linalg.solve(cov, e)
    # averaging the rows of a point changes the density by a constant, the Jacobian
    constant = np.log(w).sum() - np.log(line.weight).sum()
    assert deviance(line, shape, smoothing) == pytest.approx(dense + constant, rel=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("smoothing", SETTINGS)
def test_posterior_equals_dense_conditioning(shape, smoothing):
    line, smoothing = sample(), SETTINGS[smoothing]
    shape = SHAPES[shape](line.n)
    new = np.array([0.03, 0.5, 0.77])
    joint = curve_covariance(line, shape, smoothing, new, level=FLAT)
    observed = joint[: line.n, : line.n] + data_covariance(line, shape, smoothing)
    gain = np.linalg.solve(observed, joint[: line.n]).T
    mean = 0.5 + gain @ (line.y - 0.5)
    sd = np.sqrt(np.diag(joint - gain @ joint[: line.n]))
    found = posterior(line, shape, smoothing, np.concatenate([line.x, new]))
    np.testing.assert_allclose(found.mean, mean, atol=1e-8)
    np.testing.assert_allclose(found.sd, sd, atol=1e-8)


@pytest.mark.parametrize("smoothing", SETTINGS)
def test_jump_size_equals_dense_conditioning(smoothing):
    line, smoothing = sample(), SETTINGS[smoothing]
    shape = SHAPES["jumps"](line.n)
    observed = curve_covariance(line, shape, smoothing, np.empty(0), level=FLAT) + data_covariance(
        line, shape, smoothing
    )
    found = posterior(line, shape, smoothing, np.empty(0))
    for k, middle in enumerate(line.middle[shape.cuts]):
        with_size = FLAT * (line.x > middle)  # covariance of the size with the data
        size = with_size @ np.linalg.solve(observed, line.y - 0.5)
        sd = np.sqrt(FLAT - with_size @ np.linalg.solve(observed, with_size))
        assert found.after[k] - found.before[k] == pytest.approx(size, abs=1e-7)
        assert found.size_sd[k] == pytest.approx(sd, abs=1e-7)


@pytest.mark.parametrize("smoothing", SETTINGS)
def test_single_changes_equal_refits(smoothing):
    line, smoothing = sample(), SETTINGS[smoothing]
    shape = replace(SHAPES["jump and bend"](line.n), outliers=frozenset({9}))
    base = deviance(line, shape, smoothing)
    change, outlying = single_changes(line, shape, smoothing)
    for gap in range(line.n - 1):
        cuts = shape.cuts.copy()
        cuts[gap] = ~cuts[gap]
        refit = deviance(line, replace(shape, cuts=cuts), smoothing)
        assert change[gap] == pytest.approx(refit - base, abs=1e-6)
    for point in range(line.n):
        refit = deviance(line, replace(shape, outliers=shape.outliers ^ {point}), smoothing)
        assert outlying[point] == pytest.approx(refit - base, abs=1e-6)


@pytest.mark.parametrize("smoothing", SETTINGS)
def test_bending_is_the_derivative_in_the_rate_of_one_gap(smoothing):
    line, smoothing = sample(), SETTINGS[smoothing]
    shape = SHAPES["jump and bend"](line.n)
    found = bending(line, shape, smoothing)
    for gap in (0, 3, 7, line.n - 2):
        values = []
        for sign in (1.0, -1.0):
            strength = sign * 1e-3 * line.dx[gap] ** 3 / 3.0
            more = Shape(shape.cuts, (*shape.bends, Bend(gap, gap + 1, strength)))
            values.append(deviance(line, more, smoothing))
        assert found[gap] == pytest.approx(-(values[0] - values[1]) / 2e-3, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("smoothing", SETTINGS)
def test_location_posterior_equals_refits(smoothing):
    line, smoothing = sample(), SETTINGS[smoothing]
    shape = SHAPES["jumps"](line.n)
    where = location_posteriors(line, shape, smoothing)[1]
    log_p, sizes, errors = [], [], []
    for gap in where.gaps:
        moved = Shape(np.isin(np.arange(line.n - 1), [3, gap]))
        log_p.append(-0.5 * deviance(line, moved, smoothing) + np.log(line.dx[gap]))
        found = posterior(line, moved, smoothing, np.empty(0))
        sizes.append(found.after[1] - found.before[1])
        errors.append(found.size_sd[1])
    p = np.exp(np.array(log_p) - max(log_p))
    np.testing.assert_allclose(where.probability, p / p.sum(), atol=1e-7)
    np.testing.assert_allclose(where.size, sizes, atol=1e-7)
    np.testing.assert_allclose(where.size_sd, errors, atol=1e-7)
    assert where.gaps.min() > 3
    assert where.probability.sum() == pytest.approx(1.0)
    low, high = where.size_interval(0.1)
    rng = np.random.default_rng(0)
    pick = rng.choice(len(p), 200_000, p=where.probability)
    draws = where.size[pick] + where.size_sd[pick] * rng.standard_normal(200_000)
    assert np.mean((draws > low) & (draws < high)) == pytest.approx(0.9, abs=0.005)


def test_drawn_curves_have_the_posterior_moments():
    line, smoothing = sample(), SETTINGS["correlated"]
    shape = SHAPES["jump and bend"](line.n)
    at = np.linspace(0.0, 1.0, 9)
    found = posterior(line, shape, smoothing, at)
    draws = draw_curves(line, shape, smoothing, at, 4000, 0, locations=False)
    np.testing.assert_allclose((draws.mean(axis=0) - found.mean) / found.sd, 0.0, atol=4.0 / np.sqrt(4000))
    np.testing.assert_allclose(draws.std(axis=0) / found.sd, 1.0, atol=0.06)


def test_drawn_locations_have_their_probabilities():
    line, smoothing = sample(), SETTINGS["iid, slope kept"]
    shape = Shape(np.isin(np.arange(line.n - 1), [6]))
    where = location_posteriors(line, shape, smoothing)[0]
    side = np.repeat(line.middle[where.gaps], 2) + np.tile([-1e-9, 1e-9], len(where.gaps))
    draws = draw_curves(line, shape, smoothing, side, 2000, 0, locations=True)
    jumped = np.abs(draws[:, 1::2] - draws[:, ::2]) > 1e-4
    assert np.all(jumped.sum(axis=1) == 1)
    np.testing.assert_allclose(jumped.mean(axis=0), where.probability, atol=0.045)
    chosen = where.location_set(line, 0.2)
    held = where.probability[np.isin(where.gaps, chosen)].sum()
    assert held >= 0.8


def test_kernels_in_plain_python_give_the_same():
    line, s = sample(), SETTINGS["correlated"]
    shape = SHAPES["jump and bend"](line.n)
    arguments = (
        line.y,
        s.variance / line.weight,
        line.dx,
        shape.cuts,
        shape.rate(line, s.rate),
        s.tau,
        s.reach,
        0.3,
        9.0,
    )
    assert line_kernels.minus_two_loglik(*arguments) == pytest.approx(deviance_plain(arguments), rel=1e-13)
    for one, other in zip(
        line_kernels.smooth(*arguments), line_kernels.smooth.py_func(*arguments), strict=True
    ):
        np.testing.assert_allclose(one[1:], other[1:], rtol=1e-8, atol=1e-10)


def deviance_plain(arguments):
    return line_kernels.minus_two_loglik.py_func(*arguments)


def test_parameters_are_at_the_maximum():
    rng = np.random.default_rng(2)
    x = np.sort(rng.random(300))
    line = line_data(x, np.sin(8.0 * x) + 0.1 * rng.standard_normal(300))
    none = Shape(np.zeros(299, bool))
    for noise in (Noise("iid"), Noise("known", 0.05), Noise("correlated")):
        found = fit_smoothing(line, none, noise, 0.0, tol=1e-8)
        assert largest_gradient(line, none, noise, found) < 0.02
        for factor in (0.8, 1.25):
            other = Smoothing(found.rate * factor, found.variance, found.tau, found.reach, 0.0)
            assert deviance(line, none, other) >= found.deviance


def test_noise_variance_from_differences():
    rng = np.random.default_rng(3)
    x = np.sort(rng.random(4000))
    w = rng.uniform(0.5, 2.0, 4000)
    y = np.sin(10.0 * x) + 2.0 * (x > 0.3) + 0.1 * rng.standard_normal(4000) / np.sqrt(w)
    line = line_data(x, y, w)
    assert line.y_range * np.sqrt(difference_variance(line)) == pytest.approx(0.1, rel=0.05)


def test_where_jumps_may_go():
    cuts = np.zeros(29, bool)
    cuts[9] = True
    free = np.flatnonzero(allowed(cuts, 5))
    np.testing.assert_array_equal(free, [4, *range(14, 25)])
    assert not allowed(cuts, 5)[9]
    cuts[20] = True
    np.testing.assert_array_equal(np.flatnonzero(neighbourhood(cuts, 9, 5)), range(4, 16))


def test_search_finds_what_enumeration_finds():
    """Single changes reach the best of all sets of at most two jumps."""
    rng = np.random.default_rng(4)
    x = np.linspace(0.0, 1.0, 40)
    y = np.sin(3.0 * x) + 1.0 * (x > 0.3) - 1.5 * (x > 0.62) + 0.1 * rng.standard_normal(40)
    line = line_data(x, y)
    rules = Rules(Noise("iid"), np.log(40), np.log(40), 2.0 * np.log(40), 5)
    none = np.zeros(39, bool)
    winner = search(line, [none], (0.0,), rules).winner
    pairs = [[]] + [[a] for a in range(4, 35)] + [[a, b] for a in range(4, 30) for b in range(a + 5, 35)]
    # fixed parameters: those of the winner; the refit can only favour it further
    values = [
        deviance(line, Shape(np.isin(np.arange(39), pair)), winner.smoothing) + rules.cost * len(pair)
        for pair in pairs
    ]
    best = pairs[int(np.argmin(values))]
    np.testing.assert_array_equal(np.flatnonzero(winner.shape.cuts), best)
    assert winner.score <= min(values) + 1e-6
    assert len(best) == 2


def test_a_steep_smooth_curve_is_bent_not_cut():
    rng = np.random.default_rng(5)
    x = np.sort(rng.random(300))
    line = line_data(x, np.tanh((x - 0.5) / 0.03) + 0.1 * rng.standard_normal(300))
    cost = np.log(300)
    cut = np.zeros(299, bool)
    cut[np.searchsorted(line.x, 0.5) - 1] = True
    found = search(line, [np.zeros(299, bool), cut], (0.0,), Rules(Noise("iid"), cost, cost, 2.0 * cost, 5))
    assert not found.winner.shape.cuts.any()
    assert len(found.winner.shape.bends) == 1
    assert found.no_jump.score == found.winner.score
    # without bends jumps would be bought: this is what they are for
    unbent = search(line, [np.zeros(299, bool), cut], (0.0,), Rules(Noise("iid"), cost, 1e6, 2.0 * cost, 5))
    assert unbent.winner.shape.cuts.any()
    assert found.winner.score < unbent.winner.score - 20.0
