"""The search on a line: its short cuts against whole passes, and what it finds, sets aside and leaves smooth."""

import time

import numpy as np
import pytest
from scipy.optimize import minimize

from statmodels_x.discontinuity.line.coarse import block_length, blocks_of
from statmodels_x.discontinuity.line.data import line_data, stray_points
from statmodels_x.discontinuity.line.evidence import (
    LEVEL_VARIANCE,
    Bend,
    Noise,
    Shape,
    Smoothing,
    deviance,
    repeats_deviance,
)
from statmodels_x.discontinuity.line.fit import fit_line
from statmodels_x.discontinuity.line.kernels import climb, filters
from statmodels_x.discontinuity.line.local import TwoFilters, WholeLine
from statmodels_x.discontinuity.line.parameters import fit_smoothing
from statmodels_x.discontinuity.line.posterior import FLAT
from statmodels_x.discontinuity.line.runs import with_runs
from statmodels_x.discontinuity.line.scoring import Rules


def sample(n=120):
    rng = np.random.default_rng(3)
    x = np.sort(rng.random(n))
    x = np.concatenate([x, x[:10]])
    y = np.sin(6.0 * x) + (x > 0.4) - (x > 0.7) + 0.1 * rng.normal(size=len(x))
    return line_data(x, y, rng.uniform(0.5, 2.0, len(x)))


@pytest.fixture(params=[0.0, 100.0], ids=["slope kept", "slope changes"])
def asked(request):
    line = sample()
    shape = Shape(np.isin(np.arange(line.n - 1), [40, 70, 90]), (Bend(10, 20, 0.7),), frozenset({5, 60}))
    smoothing = Smoothing(50.0, 0.01, 0.0, 1.0, request.param)
    return TwoFilters(line, shape, smoothing), WholeLine(line, shape, smoothing)


def test_past_and_future_meet_in_the_deviance_at_every_point(asked):
    short, whole = asked
    between = deviance(whole.line, whole.shape, whole.smoothing) - repeats_deviance(
        whole.line, whole.smoothing
    )
    for i in range(whole.line.n):
        met = short._past[i] + filters.merge(short._ahead[i], 0.0, 0.0, 0.0, short._behind[i])
        assert met == pytest.approx(between, abs=1e-8)


def test_short_cuts_say_what_whole_passes_say(asked):
    short, whole = asked
    for few, all_of_it in zip(short.changes(), whole.changes(), strict=True):
        np.testing.assert_allclose(few, all_of_it, atol=1e-8)
    bends = [Bend(60, 75, 0.3), Bend(0, 6, 2.0), Bend(85, 119, 0.01)]
    np.testing.assert_allclose(short.bent(bends), whole.bent(bends), atol=1e-8)
    gaps = np.arange(45, 85)
    few, all_of_it = short.moving(70, gaps), whole.moving(70, gaps)
    np.testing.assert_allclose(few - few[0], all_of_it - all_of_it[0], atol=1e-8)
    np.testing.assert_array_equal(short.moved(5).cuts, whole.moved(5).cuts)
    assert not np.array_equal(short.moved(5).cuts, short.shape.cuts)


def test_short_cuts_under_flat_sizes(asked):
    line, shape, smoothing = asked[0].line, asked[0].shape, asked[0].smoothing
    gaps = np.arange(45, 85)
    short = TwoFilters(line, shape, smoothing, FLAT).said_without(70, gaps)
    whole = WholeLine(line, shape, smoothing, FLAT).said_without(70, gaps)
    for few, all_of_it in zip(short, whole, strict=True):
        np.testing.assert_allclose(few, all_of_it, atol=1e-6)


@pytest.mark.parametrize("kind", ["iid", "known"])
@pytest.mark.parametrize("start", [None, Smoothing(1e-3, 0.5, 0.0, 1.0, 0.0)])
def test_parameters_reach_the_maximum_from_afar(kind, start):
    line, noise = sample(), Noise(kind, 0.08)
    shape = Shape(np.isin(np.arange(line.n - 1), [47, 84]), (), frozenset({5}))
    found = fit_smoothing(line, shape, noise, 0.0, start)

    def value(z):
        variance = noise.sd**2 if kind == "known" else np.exp(z[1])
        return deviance(line, shape, Smoothing(np.exp(z[0]), variance, 0.0, 1.0, 0.0))

    best = min(
        minimize(value, [a, np.log(0.01)], method="Nelder-Mead", options={"fatol": 1e-9}).fun
        for a in (-2.0, 4.0, 8.0)
    )
    assert found.deviance == pytest.approx(best, abs=0.03)
    assert found.deviance == pytest.approx(deviance(line, shape, found), abs=1e-8)


def test_compiled_search_in_plain_python():
    line = sample(40)
    problem = (
        line.y, line.weight, np.zeros(line.n), line.dx, np.isin(np.arange(line.n - 1), [15]), np.zeros(line.n - 1),
        LEVEL_VARIANCE, 0.0, -1.0, float(line.within_df), line.within_ss, -30.0,
    )  # fmt: skip
    assert climb.value(2.0, -4.0, problem) == pytest.approx(
        climb.value.py_func(2.0, -4.0, problem), rel=1e-12
    )
    for fast, plain in (
        (climb.climb(2.0, -4.0, 0.02, problem), climb.climb.py_func(2.0, -4.0, 0.02, problem)),
        (climb.simplex(2.0, -4.0, 0.4, 1e-6, problem), climb.simplex.py_func(2.0, -4.0, 0.4, 1e-6, problem)),
    ):
        np.testing.assert_allclose(fast, plain, rtol=1e-6)


@pytest.mark.parametrize(("spread", "noise", "seed"), [(0.1, 0.05, 15), (0.2, 0.05, 9), (0.3, 0.05, 1)])
def test_a_soft_bend_does_not_take_the_place_of_a_pulse(spread, noise, seed):
    rng = np.random.default_rng([seed, int(100 * spread)])
    y = noise * rng.normal(size=150)
    y[60:66] += 1.0 + spread * rng.normal(size=6)
    fit = fit_line(np.arange(150.0), y, sensitivity="strict")
    assert set(fit.jumps.gap) >= {59, 65}
    assert fit.jumps.evidence.min() > 100.0
    assert all(bend.strength <= 10.0 for bend in fit.shape.bends)


@pytest.mark.parametrize("width", [5, 8])
def test_short_pulses_are_found(width):
    found = 0
    for seed in range(10):
        rng = np.random.default_rng([width, seed])
        x = np.arange(1000) / 1000.0
        y = np.sin(5.0 * x) + 0.12 * rng.normal(size=1000)
        first = int(rng.integers(50, 900))
        y[first : first + width] += 0.12 * np.sqrt(80.0 / width)
        gaps = fit_line(x, y).jumps.gap + 1
        found += all(np.abs(gaps - edge).min(initial=99) <= 2 for edge in (first, first + width))
    assert found >= 8


def test_runs_are_proposed_where_they_are_and_not_into_bends():
    rng = np.random.default_rng(0)
    y = 0.1 * rng.normal(size=400)
    y[100:107] += 1.0
    y[300:306] += 1.0
    line = line_data(np.arange(400.0), y)
    rules = Rules(Noise("iid"), 12.0, 12.0, 24.0, 5)
    smoothing = Smoothing(1e-6, (0.1 / line.y_range) ** 2, 0.0, 1.0, 0.0)
    none = np.zeros(399, bool)
    np.testing.assert_array_equal(
        np.flatnonzero(with_runs(line, Shape(none), smoothing, rules, 10).cuts), [99, 106, 299, 305]
    )
    bent = with_runs(line, Shape(none, (Bend(295, 310, 1.0),)), smoothing, rules, 10)
    np.testing.assert_array_equal(np.flatnonzero(bent.cuts), [99, 106])


# ---- outliers


@pytest.mark.parametrize("count", [1, 3, 15])
@pytest.mark.parametrize("size", [1.0, 50.0, 1e6, -1e9])
def test_outliers_of_any_size_are_set_aside_and_the_jump_is_found(count, size):
    rng = np.random.default_rng([count, 7])
    t = np.arange(300.0)
    v = 1.0 * (t > 149.5) + 0.1 * rng.normal(size=300)
    where = rng.choice(np.r_[10:140, 160:290], count, replace=False)
    v[where] += size
    fit = fit_line(t, v)
    np.testing.assert_array_equal(fit.jumps.gap, [149])
    np.testing.assert_array_equal(fit.outliers, np.sort(where))
    assert fit.sigma == pytest.approx(0.1, rel=0.15)
    assert fit.jumps.size[0] == pytest.approx(1.0, abs=0.1)


def test_up_to_four_neighbours_are_strays_and_five_are_a_run():
    rng = np.random.default_rng(1)
    for count, stray in ((1, True), (4, True), (5, False)):
        y = 0.1 * rng.normal(size=200)
        y[90 : 90 + count] += 5.0
        line = line_data(np.arange(200.0), y)
        assert np.array_equal(stray_points(line)[0], np.arange(90, 90 + count)) == stray


def test_heavy_tails_make_no_jumps():
    false = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        false += len(fit_line(np.arange(300.0), rng.standard_t(3, 300)).jumps.gap)
    assert false <= 2


# ---- long lines


def long_line(n, seed=0):
    rng = np.random.default_rng(seed)
    x = np.arange(n) / n
    y = np.sin(5.0 * x) + 0.12 * rng.normal(size=n)
    places = np.sort(rng.choice(np.arange(1, n // 50), 12, replace=False)) * 50
    for place in places:
        y[place:] += rng.choice([-1.0, 1.0]) * rng.uniform(0.4, 1.0)
    return x, y, places


def test_blocks_keep_means_and_weights():
    rng = np.random.default_rng(0)
    line = line_data(rng.random(9001), rng.random(9001), rng.uniform(0.5, 2.0, 9001))
    length = block_length(line, Rules(Noise("iid"), 9.0, 9.0, 18.0, 5))
    blocks = blocks_of(line, length)
    assert length == 3
    assert blocks.n == 3001
    assert blocks.weight.sum() == pytest.approx(line.weight.sum())
    assert blocks.weight @ blocks.y == pytest.approx(line.weight @ line.y)
    assert block_length(line, Rules(Noise("correlated"), 9.0, 9.0, 18.0, 5)) == 1


def test_blocks_find_the_jumps_of_a_search_among_points(monkeypatch):
    from statmodels_x.discontinuity.line import coarse

    x, y, places = long_line(7000)
    y[3333:3340] += 1.5  # a pulse that blocks of two smear
    by_blocks = fit_line(x, y)
    monkeypatch.setattr(coarse, "_FEW_POINTS", 10_000)
    among_points = fit_line(x, y)
    np.testing.assert_array_equal(by_blocks.jumps.gap, among_points.jumps.gap)
    assert by_blocks.score == pytest.approx(among_points.score, abs=0.05)
    assert np.isin([3332, 3339], by_blocks.jumps.gap).all()
    assert len(by_blocks.jumps.gap) == len(places) + 2


def test_a_long_line_is_no_long_wait():
    x, y, places = long_line(30_000)
    fit_line(x[:7000], y[:7000])  # compile
    begun = time.process_time()
    fit = fit_line(x, y)
    assert time.process_time() - begun < 15.0  # 1.5 s; 300 s before the search was local
    assert len(fit.jumps.gap) == len(places)
    assert np.abs(fit.jumps.gap + 1 - places).max() <= 3
