"""True values by a second route, and estimates that find them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from statmodels_x.core.errors import DataError
from statmodels_x.surrogate.fitting.perturbation import (
    Settings,
    build_plan,
    perturb,
    point_estimate,
    sort_for,
)
from statmodels_x.surrogate.fitting.proportions import infer
from statmodels_x.surrogate.planning.simulate import (
    PROCESSES,
    IllnessDeath,
    IllnessDeathTrial,
    Rates,
    fit_illness_death,
)
from statmodels_x.surrogate.planning.truth import true_transformation

TABLE = {
    "A illness-death": {"delta": 0.1785, "pte": 0.5734, "r_s": 0.5242, "pte_primary": 0.1892},
    "B strong surrogate": {"delta": 0.1500, "pte": 0.9092, "r_s": 0.8820},
    "C latent Weibull": {"delta": 0.1609, "pte": 0.6103, "r_s": 0.6353},
    "D weak surrogate": {"delta": 0.3139, "pte": 0.2334, "r_s": 0.3903},
}


@pytest.mark.parametrize("name", TABLE)
def test_published_true_values(name):
    setting = PROCESSES[name]
    truth = setting.process.true_values(setting.at, setting.landmark)
    for quantity, value in TABLE[name].items():
        assert truth[quantity] == pytest.approx(value, abs=5e-5)


def test_closed_forms_of_the_reference(reference):
    keys = {
        "pte": "pte", "delta": "delta", "r_s": "R_S", "lam": "lam", "mean_ratio": "EL", "mean_forecast": "EM",
        "target_treated": "mu1", "target_control": "mu0", "early_treated": "m1", "early_control": "m0",
        "pte_primary": "pte_ind", "r_t": "R_T", "g2": "g2",
    }  # fmt: skip
    names = ["A illness-death", "B strong surrogate", "C latent Weibull", "D weak surrogate"]
    for name, check in zip(names, reference["truth_check"].values(), strict=True):
        setting = PROCESSES[name]
        truth = setting.process.true_values(setting.at, setting.landmark)
        for ours, theirs in keys.items():
            assert truth[ours] == pytest.approx(check["truth"][theirs], abs=1e-7), (name, ours)


def markov(progression, death, after):
    """P(S <= s, T > u) and P(T > u) of a Markov process with constant rates, in closed form."""

    def density(s, u):
        return progression * np.exp(-(progression + death) * s - after * (u - s))

    def survival(u):
        leave = progression + death
        gone = progression / (leave - after) * (np.exp(-after * u) - np.exp(-leave * u))
        return np.exp(-leave * u) + gone

    return density, survival


@pytest.mark.parametrize("effect", ["survival", "rmst"])
@pytest.mark.parametrize("name", ["A illness-death", "D weak surrogate", "E useless surrogate"])
def test_markov_by_adaptive_quadrature(name, effect):
    """Everything again from closed forms and an adaptive rule."""
    setting = PROCESSES[name]
    t, t0 = setting.at, setting.landmark
    distributions = (setting.process.control, setting.process.treated)
    (f0, m0), (f1, m1) = (
        markov(distribution.progression, distribution.death, distribution.death_after)
        for distribution in distributions
    )

    def integral(function, low, high):
        return quad(function, low, high, epsabs=1e-12, epsrel=1e-12)[0]

    p = [m(t0) - integral(lambda s, f=f: f(s, t0), 0, t0) for f, m in ((f0, m0), (f1, m1))]
    if effect == "survival":
        target, base = [m0(t), m1(t)], 0.0

        def f1t(s):
            return f1(s, t)
    else:
        target = [integral(m, t0, t) for m in (m0, m1)]
        base = integral(m1, 0, t0) - integral(m0, 0, t0)

        def f1t(s):
            return integral(lambda u: f1(s, u), t0, t)

    p1t = target[1] - integral(f1t, 0, t0)
    mean_ratio = integral(lambda s: f0(s, t0) ** 2 / f1(s, t0), 0, t0) + p[0] ** 2 / p[1]
    mean_forecast = integral(lambda s: f0(s, t0) * f1t(s) / f1(s, t0), 0, t0) + p[0] * p1t / p[1]
    lam = (target[0] - mean_forecast) / mean_ratio
    delta = base + target[1] - target[0]
    truth = setting.process.true_values(t, t0, effect)

    def g1(s):
        return (f1t(s) + lam * f0(s, t0)) / f1(s, t0)

    g2 = (p1t + lam * p[0]) / p[1]
    by_definition = base + sum(
        sign * (integral(lambda s, f=f: g1(s) * f(s, t0), 0, t0) + g2 * mass)
        for sign, f, mass in ((-1, f0, p[0]), (1, f1, p[1]))
    )
    assert truth["delta"] == pytest.approx(delta, abs=1e-10)
    assert truth["pte"] == pytest.approx(by_definition / delta, abs=1e-9)
    assert truth["r_s"] == pytest.approx(1 - (mean_forecast - target[0]) / delta, abs=1e-9)
    assert truth["g2"] == pytest.approx(g2, abs=1e-10)


def test_true_g_is_optimal():
    """No g with the same control mean predicts survival of the treated better; perturbations of it do worse."""
    setting = PROCESSES["A illness-death"]
    law0, law1 = setting.process.control, setting.process.treated
    edges = np.linspace(0.0, 1.0, 401)
    s = 0.5 * (edges[1:] + edges[:-1])
    f0, f1, f1t = (
        distribution.density(s, u) / 400 for distribution, u in ((law0, 1.0), (law1, 1.0), (law1, 3.0))
    )
    p0, p1 = law0.survival(1.0) - f0.sum(), law1.survival(1.0) - f1.sum()
    p1t = law1.survival(3.0) - f1t.sum()
    truth = setting.process.true_values(3.0, 1.0)
    g = np.append(true_transformation((law0, law1), 3.0, 1.0, s, np.zeros(0)), truth["g2"])
    mass0, mass1, mass1t = np.append(f0, p0), np.append(f1, p1), np.append(f1t, p1t)

    def loss(values):
        return -2.0 * mass1t @ values + mass1 @ values**2

    assert mass0 @ g == pytest.approx(truth["target_control"], abs=1e-6)
    rng = np.random.default_rng(1)
    for _ in range(20):
        move = rng.normal(size=len(g))
        move -= mass0 * (mass0 @ move) / (mass0 @ mass0)  # keeps the control mean
        assert loss(g + 0.01 * move) > loss(g)


@pytest.mark.parametrize("name", PROCESSES)
def test_bounds_and_identity(name):
    """(1 - PTE) E_0[L] = (1 - R_S) mu_0(t0), and the overlap is at least 1."""
    setting = PROCESSES[name]
    truth = setting.process.true_values(setting.at, setting.landmark)
    left = (1 - truth["pte"]) * truth["mean_ratio"]
    assert left == pytest.approx((1 - truth["r_s"]) * truth["early_control"], abs=1e-10)
    assert truth["overlap"] >= 1.0
    assert 0.0 <= truth["pte"] <= 1.0


def test_limits_of_the_landmark():
    process = PROCESSES["A illness-death"].process
    assert process.true_values(3, 3)["pte"] == pytest.approx(1.0, abs=1e-12)
    assert process.true_values(3, 3, "rmst")["pte"] == pytest.approx(1.0, abs=1e-12)
    assert process.true_values(3, 1e-4)["pte"] == pytest.approx(0.0, abs=1e-3)


def test_pte_of_a_useless_surrogate_grows_with_separation():
    """The weakness: S independent of T, R_S does not move, PTE does, and the overlap tells."""
    found = []
    for mean0, mean1 in ((1.0, 1.0), (0.3, 5.0)):
        distributions = [IllnessDeath(1 / m, d, d) for m, d in ((mean0, 0.45), (mean1, 0.25))]
        found.append(IllnessDeathTrial(*distributions).true_values(3, 1))
    assert found[0]["r_s"] == pytest.approx(found[1]["r_s"], abs=1e-10)
    assert found[0]["r_s"] == pytest.approx(found[0]["r_t"], abs=1e-10)
    assert found[0]["overlap"] == pytest.approx(1.0, abs=1e-10)
    assert found[1]["pte"] > 0.9 > 0.3 > found[0]["pte"]
    assert found[1]["overlap"] > 8.0


@pytest.mark.parametrize("name", PROCESSES)
def test_simulated_margins(name):
    """Survival and early surrogate events of simulated trials without censoring, within 4 standard errors."""
    setting = PROCESSES[name]
    process = IllnessDeathTrial(setting.process.control, setting.process.treated, 1e-9)
    n, t, t0 = 40_000, setting.at, setting.landmark
    trial = process.draw(n, np.random.default_rng(5))
    s, ds = np.polynomial.legendre.leggauss(40)
    s, ds = 0.5 * t0 * (s + 1.0), 0.5 * t0 * ds
    for arm, distribution in ((0, process.control), (1, process.treated)):
        rows = trial.arm == arm
        for u in (t0, t):
            known = [distribution.survival(u), ds @ distribution.density(s, u)]
            seen = [
                np.mean(trial.time[rows] > u),
                np.mean((trial.surrogate <= t0)[rows] & (trial.time[rows] > u)),
            ]
            for value, share in zip(seen, known, strict=True):
                assert abs(value - share) < 4.0 * np.sqrt(share * (1 - share) / n)


@pytest.mark.parametrize("name", PROCESSES)
@pytest.mark.parametrize("is_area", [False, True])
def test_large_samples_find_the_truth(name, is_area):
    """At 60,000 an arm, within 4 standard errors and a thousandth."""
    setting = PROCESSES[name]
    trial = setting.process.draw(60_000, np.random.default_rng(8))
    truth = setting.process.true_values(setting.at, setting.landmark, "rmst" if is_area else "survival")
    settings = Settings("crossfit", n_splits=1)
    plan = build_plan(sort_for(trial, settings), settings, setting.at, setting.landmark, is_area)
    found = infer(point_estimate(plan), perturb([plan], 40, 0)[0], True)
    for quantity in ("pte", "delta", "pte_primary", "r_s", "r_t", "overlap"):
        value, error = found.estimate(quantity)[0], found.standard_error(quantity)
        assert abs(value - truth[quantity]) < 4.0 * error + 1e-3, quantity


def test_piecewise_rates_by_hand():
    rates = Rates(np.array([1.0, 2.5]), np.array([0.5, 0.0, 2.0]))
    assert_allclose(rates.cumulative([0.5, 1.0, 2.0, 3.0]), [0.25, 0.5, 0.5, 1.5])
    assert_allclose(rates.invert(np.array([0.25, 0.6, 1.5])), [0.5, 2.55, 3.0])
    stops = Rates(np.array([1.0]), np.array([0.5, 0.0]))
    assert np.isinf(stops.invert(np.array([0.7]))).all()


def test_piecewise_truth_by_brute_force():
    """Hazards that jump: true values against a fine midpoint rule that knows nothing of the jumps."""
    steps = Rates(np.array([0.4, 1.7]), np.array([1.5, 0.4, 0.8]))
    later = Rates(np.array([0.9]), np.array([0.3, 0.7]))
    process = IllnessDeathTrial(IllnessDeath(steps, 0.1, later), IllnessDeath(0.5, later, 0.4), 0.1)
    assert process.breaks.tolist() == [0.4, 0.9, 1.7]
    truth, m = process.true_values(3, 1), 60_000

    def midpoints(low, high):
        return low + (high - low) * (np.arange(m) + 0.5) / m, (high - low) / m

    values = {}
    for name, distribution in (("control", process.control), ("treated", process.treated)):
        s, ds = midpoints(0.0, 3.0)
        free = [np.exp(-sum(rates.cumulative(u) for rates in distribution.hazards[:2])) for u in (1.0, 3.0)]
        values[name] = [
            float(free[0] + ds * distribution.density(s[s < 1.0], 1.0).sum()),
            float(free[1] + ds * distribution.density(s, 3.0).sum()),
        ]
    assert truth["early_control"] == pytest.approx(values["control"][0], abs=1e-5)
    assert truth["target_treated"] == pytest.approx(values["treated"][1], abs=1e-5)
    s, ds = midpoints(0.0, 1.0)
    f0, f1 = process.control.density(s, 1.0), process.treated.density(s, 1.0)
    p0, p1 = values["control"][0] - ds * f0.sum(), values["treated"][0] - ds * f1.sum()
    assert truth["mean_ratio"] == pytest.approx(ds * (f0**2 / f1).sum() + p0**2 / p1, abs=1e-5)


def test_fitted_process_recovers_its_rates():
    process = IllnessDeathTrial(IllnessDeath(1.0, 0.2, 0.6), IllnessDeath(0.5, 0.1, 0.4), 0.1)
    fitted = fit_illness_death(process.draw(40_000, np.random.default_rng(1)), n_pieces=2)
    for arm, distribution in ((fitted.control, process.control), (fitted.treated, process.treated)):
        for name in ("progression", "death", "death_after"):
            assert_allclose(getattr(arm, name).values, getattr(distribution, name), rtol=0.08)
    truth, found = process.true_values(3, 1), fitted.true_values(3, 1)
    assert found["pte"] == pytest.approx(truth["pte"], abs=0.03)


@pytest.mark.parametrize("rates", [-1.0, np.inf, "often", None])
def test_bad_rates_are_named(rates):
    with pytest.raises(DataError, match="progression"):
        IllnessDeathTrial(IllnessDeath(rates, 0.1, 0.1), IllnessDeath(1, 0.1, 0.1), 0.1).simulate(10)


def test_endless_follow_up_is_refused():
    endless = IllnessDeath(Rates(np.array([1.0]), np.array([1.0, 0.0])), 0.0, 0.0)
    with pytest.raises(DataError, match="censoring"):
        IllnessDeathTrial(endless, endless).simulate(50)


class WeibullSteps:
    """Weibull hazards of every step, their clock since the start or, after the surrogate event, since it."""

    def __init__(self, ill, dead, after, resets):
        self.ill, self.dead, self.after, self.resets = ill, dead, after, resets

    def density(self, s, u):
        (a, p), (b, q), (c, r) = self.ill, self.dead, self.after
        late = c * (u - s) ** r if self.resets else c * (u**r - s**r)
        return a * p * s ** (p - 1) * np.exp(-a * s**p - b * s**q - late)

    def survival(self, u):
        (a, p), (b, q), _ = self.ill, self.dead, self.after
        return np.exp(-a * u**p - b * u**q) + over_both_ends(lambda s: self.density(s, u), u)


def over_both_ends(function, end):
    """Integrate from 0 by the double exponential rule, whose nodes stand off the ends by 1e-12 of a clock's power."""
    x = np.linspace(-3.6, 3.6, 1201)
    inner = np.pi / 2 * np.sinh(x)
    s = end / (1.0 + np.exp(-2.0 * inner))
    slope = end * np.pi / 4 * np.cosh(x) / np.cosh(inner) ** 2
    inside = (s > 0.0) & (s < end)
    return (x[1] - x[0]) * np.sum(function(s[inside]) * slope[inside])


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("powers", [(0.4, 0.5, 0.6), (0.75, 0.6, 0.5), (1.3, 0.9, 0.7)])
def test_truth_of_steep_hazards(powers, resets):
    """Hazards that are infinite at 0 of their clock, by another rule."""
    p, q, r = powers
    arms = [WeibullSteps((a, p), (b, q), (c, r), resets) for a, b, c in ((1.0, 0.2, 0.6), (0.5, 0.15, 0.5))]
    truth = IllnessDeathTrial(*arms).true_values(at=3, landmark=1)
    control, treated = arms
    alive = [arm.survival(1.0) for arm in arms]
    without = [
        m - over_both_ends(lambda s, a=a: a.density(s, 1.0), 1.0) for m, a in zip(alive, arms, strict=True)
    ]
    later = treated.survival(3.0) - over_both_ends(lambda s: treated.density(s, 3.0), 1.0)

    def forecast(s):
        return control.density(s, 1.0) * treated.density(s, 3.0) / treated.density(s, 1.0)

    def ratio(s):
        return control.density(s, 1.0) ** 2 / treated.density(s, 1.0)

    mean_forecast = over_both_ends(forecast, 1.0) + without[0] * later / without[1]
    mean_ratio = over_both_ends(ratio, 1.0) + without[0] ** 2 / without[1]
    lam = (control.survival(3.0) - mean_forecast) / mean_ratio
    pte = 1.0 + lam * alive[0] / (treated.survival(3.0) - control.survival(3.0))
    assert truth["pte"] == pytest.approx(pte, abs=2e-8)
    assert truth["mean_ratio"] == pytest.approx(mean_ratio, abs=2e-9)


def test_the_optimal_transformation_is_that_of_constant_hazards():
    control, treated = IllnessDeath(1.0, 0.10, 0.55), IllnessDeath(0.5, 0.08, 0.45)
    process = IllnessDeathTrial(control, treated, censoring=0.08)
    s = np.array([0.2, 0.9])

    def density(progression, death, after, u):
        return progression * np.exp(-(progression + death) * s - after * (u - s))

    lam = process.true_values(at=3, landmark=1)["lam"]
    above = density(0.5, 0.08, 0.45, 3.0) + lam * density(1.0, 0.10, 0.55, 1.0)
    assert_allclose(
        process.true_transformation(s, at=3, landmark=1), above / density(0.5, 0.08, 0.45, 1.0), rtol=1e-12
    )


@pytest.mark.parametrize("times", [[-0.1], [0.5, 1.2], [np.nan]])
def test_the_transformation_is_refused_beyond_the_landmark(times):
    process = IllnessDeathTrial(IllnessDeath(1.0, 0.1, 0.5), IllnessDeath(0.5, 0.1, 0.5))
    with pytest.raises(DataError, match="between 0 and the landmark"):
        process.true_transformation(times, at=3, landmark=1)
