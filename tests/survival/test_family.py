"""The APGW distribution against scipy, against numeric calculus, and against itself."""

import math
from decimal import Decimal, localcontext
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import integrate, special, stats

from statmodels_x import APGW
from statmodels_x.core.errors import DataError, StatmodelsXError

INF = math.inf
TIMES = np.array([1e-8, 1e-3, 0.1, 0.7, 1.0, 2.5, 8.0, 30.0, 1e3])

# one distribution in every branch: kappa < 0, = 0, in (0, 1), = 1, > 1, large, infinite
LAWS = {
    "near_minus_one": APGW(0.8, 1.5, 1.3, -0.97),
    "negative": APGW(0.5, 2.0, 1.4, -0.4),
    "burr": APGW(0.5, 2.0, 1.5, 0.0),
    "loglogistic": APGW(0.7, 1.0, 2.5, 0.0),
    "between": APGW(2.0, 0.3, 0.7, 0.35),
    "weibull": APGW(0.5, 1.3, 0.6, 1.0),
    "two": APGW(1.1, 0.8, 1.0, 2.0),
    "five": APGW(0.4, 0.5, 0.8, 5.0),
    "thousand": APGW(0.3, 0.9, 1.2, 1e3),
    "million": APGW(0.3, 0.9, 1.2, 1e6),
    "infinite": APGW(0.3, 0.9, 0.7, INF),
}
PROPER = {name: law for name, law in LAWS.items() if float(law.kappa) >= 0.0}
DEFECTIVE = {name: law for name, law in LAWS.items() if float(law.kappa) < 0.0}

laws = st.builds(
    APGW,
    phi=st.floats(1e-3, 1e3),
    lam=st.floats(0.02, 20.0),
    gamma=st.floats(0.2, 5.0),
    kappa=st.one_of(
        st.floats(-0.99, 4.0).filter(lambda kappa: kappa == 0.0 or abs(kappa) > 1e-100),
        st.sampled_from([-0.5, 0.0, 1e-12, -1e-12, 1.0, 2.0, 1e3, 1e6, INF]),
    ),
)


def params(mapping):
    return pytest.mark.parametrize("law", mapping.values(), ids=mapping.keys())


def textbook_cumulative_hazard(t, phi, lam, gamma, kappa):
    """The definition as it stands in the paper, in arithmetic with 160 digits."""
    with localcontext(prec=160):
        one, phi, lam, gamma = Decimal(1), Decimal(phi), Decimal(lam), Decimal(gamma)
        z = (phi * Decimal(t)) ** gamma
        if math.isinf(kappa):
            return lam * (z.exp() - one)
        if kappa == 0:
            return lam * (one + z).ln()
        k1 = Decimal(kappa) + one
        return lam * k1 / Decimal(kappa) * ((one + z / k1) ** Decimal(kappa) - one)


# ---- special cases that scipy has

SPECIAL = {
    "exponential": (APGW(0.4, 1.0, 1.0, 1.0), stats.expon(scale=2.5)),
    "exponential_two_scales": (APGW(0.4, 3.0, 1.0, 1.0), stats.expon(scale=2.5 / 3.0)),
    "weibull": (APGW(0.5, 1.0, 1.7, 1.0), stats.weibull_min(1.7, scale=2.0)),
    "weibull_two_scales": (APGW(0.5, 3.0, 1.7, 1.0), stats.weibull_min(1.7, scale=2.0 * 3.0 ** (-1 / 1.7))),
    "loglogistic": (APGW(0.5, 1.0, 1.7, 0.0), stats.fisk(1.7, scale=2.0)),
    "burr12": (APGW(0.5, 0.6, 1.7, 0.0), stats.burr12(1.7, 0.6, scale=2.0)),
    "gompertz": (APGW(0.5, 0.3, 1.0, INF), stats.gompertz(0.3, scale=2.0)),
}


@pytest.mark.parametrize(("law", "other"), SPECIAL.values(), ids=SPECIAL.keys())
def test_equals_scipy(law, other):
    t = np.array([1e-6, 0.01, 0.3, 1.0, 2.0, 5.0, 9.0])
    assert_allclose(law.cdf(t), other.cdf(t), rtol=1e-12)
    assert_allclose(law.sf(t), other.sf(t), rtol=1e-11)
    assert_allclose(law.logsf(t), other.logsf(t), rtol=1e-11)
    assert_allclose(law.pdf(t), other.pdf(t), rtol=1e-11)
    assert_allclose(law.logpdf(t), other.logpdf(t), rtol=1e-11, atol=1e-12)
    p = np.array([1e-9, 0.01, 0.3, 0.5, 0.9, 0.999])
    assert_allclose(law.ppf(p), other.ppf(p), rtol=1e-9)
    assert_allclose(law.isf(p), other.isf(p), rtol=1e-9)
    assert_allclose(law.median(), other.median(), rtol=1e-10)


@pytest.mark.parametrize("name", ["exponential", "exponential_two_scales", "weibull", "weibull_two_scales"])
def test_moments_equal_scipy(name):
    law, other = SPECIAL[name]
    assert_allclose([law.mean(), law.var(), law.std()], [other.mean(), other.var(), other.std()], rtol=1e-10)
    assert_allclose(law.moment(3.0), other.moment(3), rtol=1e-9)


def test_gompertz_mean_is_the_exponential_integral():
    # E T = exp(lam) E1(lam) / phi
    for lam in (0.01, 0.3, 2.0, 40.0):
        assert_allclose(APGW(0.5, lam, 1.0, INF).mean(), 2.0 * special.exp1(lam) * np.exp(lam), rtol=1e-10)


def test_linear_hazard():
    # kappa = 2, gamma = 1: h(t) = lam phi (1 + phi t / 3)
    t = np.linspace(0.1, 20.0, 7)
    assert_allclose(APGW(0.5, 1.2, 1.0, 2.0).hazard(t), 1.2 * 0.5 * (1.0 + 0.5 * t / 3.0), rtol=1e-13)


def test_relation_to_the_unadapted_law():
    # H_A(t) = (k1/kappa) H_N(t / k1^(1/gamma)), H_N(t) = (1 + t^gamma)^kappa - 1
    gamma, kappa = 1.6, 0.35
    u = TIMES / (kappa + 1.0) ** (1.0 / gamma)
    expected = (kappa + 1.0) / kappa * ((1.0 + u**gamma) ** kappa - 1.0)
    assert_allclose(APGW(1.0, 1.0, gamma, kappa).cumulative_hazard(TIMES[2:]), expected[2:], rtol=1e-11)


# ---- the definition, with 160 digits


@params(LAWS)
def test_cumulative_hazard_against_the_definition_in_long_arithmetic(law):
    values = [float(v) for v in (law.phi, law.lam, law.gamma, law.kappa)]
    times = [t for t in (1e-30, 1e-8, 0.01, 0.5, 1.0, 3.0, 20.0) if (values[0] * t) ** values[2] < 600.0]
    expected = [float(textbook_cumulative_hazard(t, *values)) for t in times]
    assert_allclose(law.cumulative_hazard(times), expected, rtol=5e-13)


# ---- identities between the functions


@params(LAWS)
def test_functions_agree_with_each_other(law):
    t = TIMES[:-1]
    h = law.cumulative_hazard(t)
    assert_allclose(law.logsf(t), -h)
    assert_allclose(law.sf(t), np.exp(-h))
    assert_allclose(law.cdf(t), -np.expm1(-h))
    assert_allclose(law.logpdf(t), law.log_hazard(t) - h)
    assert_allclose(law.pdf(t), law.hazard(t) * law.sf(t), rtol=1e-12)
    assert_allclose(np.exp(law.log_hazard(t)), law.hazard(t))


@params(LAWS)
def test_hazard_is_the_derivative_of_the_cumulative_hazard(law):
    for t in (0.01, 0.3, 1.0, 3.0, 9.0):
        step = 1e-3 * t
        ends = law.cumulative_hazard(t + step * np.array([-2.0, -1.0, 1.0, 2.0]))
        slope = (ends[0] - 8.0 * ends[1] + 8.0 * ends[2] - ends[3]) / (12.0 * step)
        assert_allclose(law.hazard(t), slope, rtol=1e-8)


@params(LAWS)
def test_density_integrates_to_one_minus_the_cure_fraction(law):
    def integrand(u):  # on the log scale, where every law has one peak
        return float(law.pdf(np.exp(u)) * np.exp(u))

    edges = (-250.0, -20.0, -3.0, 0.0, 3.0, 20.0, 600.0)
    total = sum(integrate.quad(integrand, a, b, limit=500)[0] for a, b in pairwise(edges))
    assert_allclose(total, 1.0 - float(law.cure_fraction()), rtol=1e-8)


@given(law=laws, p=st.floats(1e-12, 1.0 - 1e-9))
@settings(max_examples=300, deadline=None)
def test_cdf_undoes_ppf(law, p):
    assume(p < (1.0 - 1e-6) * (1.0 - float(law.cure_fraction())))
    t = float(law.ppf(p))
    assume(1e-290 < t < 1e290)
    # a relative error of eps in t moves the cdf by about t pdf(t) eps, at most
    slack = 1e-13 * (1.0 + float(law.pdf(t)) * t / p) * max(1.0, abs(float(law._log_z(t))))
    assert_allclose(law.cdf(t), p, rtol=max(1e-11, 50.0 * slack))


@given(law=laws, p=st.floats(1e-280, 1.0 - 1e-9))
@settings(max_examples=300, deadline=None)
def test_sf_undoes_isf(law, p):
    assume(p > (1.0 + 1e-6) * float(law.cure_fraction()))
    t = float(law.isf(p))
    assume(1e-290 < t < 1e290)
    slack = 1e-13 * (1.0 + float(law.hazard(t)) * t) * max(1.0, abs(float(law._log_z(t))))
    assert_allclose(law.sf(t), p, rtol=max(1e-11, 50.0 * slack))


@pytest.mark.parametrize("kappa", [1e-100, 1e-160, -1e-160, 1e-250, 5e-324])
def test_round_trip_where_kappa_is_next_to_zero(kappa):
    # scipy's inv_boxcox1p gives up below about 1e-154
    law = APGW(kappa=kappa)
    assert_allclose(law.ppf([0.1, 0.5, 0.9]), APGW(kappa=0.0).ppf([0.1, 0.5, 0.9]), rtol=1e-12)
    assert_allclose(law.cdf(law.ppf([0.1, 0.5, 0.9])), [0.1, 0.5, 0.9], rtol=1e-12)


@given(law=laws, t=st.floats(1e-3, 1e3))
@settings(max_examples=200, deadline=None)
def test_ppf_and_isf_undo_cdf_and_sf(law, t):
    h = float(law.cumulative_hazard(t))
    elasticity = float(law.hazard(t)) * t / h if h > 0.0 else 0.0
    assume(1e-12 < h < 600.0)
    assume(elasticity > 1e-3)  # on a plateau the time is not determined
    assert_allclose(law.isf(law.sf(t)), t, rtol=1e-9 * max(1.0, 1.0 / elasticity) / min(1.0, h))
    if h < 5.0:
        assert_allclose(law.ppf(law.cdf(t)), t, rtol=1e-9 * max(1.0, 1.0 / elasticity))


@given(law=laws, p=st.floats(1e-6, 1.0 - 1e-6), q=st.floats(1e-6, 1.0 - 1e-6))
@settings(max_examples=200, deadline=None)
def test_quantiles_are_ordered(law, p, q):
    low, high = sorted((p, q))
    assert law.ppf(low) <= law.ppf(high)
    assert law.isf(low) >= law.isf(high)


# ---- tails


@params(LAWS)
def test_left_tail_keeps_its_digits(law):
    # H(t) -> lam (phi t)^gamma
    t = np.array([1e-60, 1e-40, 1e-25])
    expected = law.lam * (law.phi * t) ** law.gamma
    assert_allclose(law.cumulative_hazard(t), expected, rtol=1e-9)
    assert_allclose(law.cdf(t), expected, rtol=1e-9)
    assert np.all(law.cdf(t) > 0.0)


@params(PROPER)
def test_right_tail_keeps_its_digits(law):
    for p in (1e-20, 1e-100, 1e-300):
        assert_allclose(np.log(law.sf(law.isf(p))), np.log(p), rtol=1e-12)


@params(LAWS)
def test_ends_of_the_line(law):
    cured = float(law.cure_fraction())
    assert law.cumulative_hazard(0.0) == 0.0
    assert law.cdf([-1.0, 0.0]).tolist() == [0.0, 0.0]
    assert law.sf([-1.0, 0.0]).tolist() == [1.0, 1.0]
    assert_allclose(law.sf(INF), cured, rtol=1e-12)
    assert_allclose(law.cdf(INF), 1.0 - cured, rtol=1e-12)
    assert law.ppf(0.0) == 0.0
    assert law.isf(1.0) == 0.0
    assert law.ppf(1.0) == INF
    assert law.isf(0.0) == INF
    assert law.logpdf(-1.0) == -INF
    assert law.pdf(-1.0) == 0.0
    assert np.isnan(law.hazard(0.0))
    assert np.isnan(law.hazard(-1.0))
    assert np.isnan(law.sf(np.nan))


@params(LAWS)
def test_density_vanishes_at_infinity(law):
    assert law.pdf(INF) == 0.0


@params(LAWS)
def test_huge_times_overflow_to_limits_without_warnings(law):
    t = np.array([1e5, 1e100, 1e300])
    assert_allclose(law.sf(t)[-1], law.cure_fraction(), atol=1e-12)
    assert np.all(law.sf(t) >= 0.0)
    assert np.all(law.cdf(t) <= 1.0)
    assert not np.isnan(law.cumulative_hazard(t)).any()


# ---- continuity in kappa


@pytest.mark.parametrize("kappa", [1e-15, -1e-15, 1e-12, -1e-12, 1e-9, -1e-9])
def test_kappa_to_zero(kappa):
    near, limit = APGW(0.5, 1.3, 1.7, kappa), APGW(0.5, 1.3, 1.7, 0.0)
    t = TIMES[:-1]
    gap = max(1e-13, 200.0 * abs(kappa))
    assert_allclose(near.cumulative_hazard(t), limit.cumulative_hazard(t), rtol=gap)
    assert_allclose(near.log_hazard(t), limit.log_hazard(t), rtol=gap, atol=gap)
    p = np.array([0.01, 0.5, 0.99])
    assert_allclose(near.ppf(p), limit.ppf(p), rtol=gap)


@pytest.mark.parametrize("kappa", [1e8, 1e12, 1e15])
def test_kappa_to_infinity(kappa):
    near, limit = APGW(0.5, 0.3, 0.9, kappa), APGW(0.5, 0.3, 0.9, INF)
    t = np.array([1e-8, 0.01, 1.0, 3.0, 8.0])
    gap = max(1e-12, 200.0 / kappa)
    assert_allclose(near.cumulative_hazard(t), limit.cumulative_hazard(t), rtol=gap)
    assert_allclose(near.log_hazard(t), limit.log_hazard(t), rtol=gap, atol=gap)
    p = np.array([0.01, 0.5, 0.99])
    assert_allclose(near.ppf(p), limit.ppf(p), rtol=gap)
    assert_allclose(near.mean(), limit.mean(), rtol=gap)


def test_kappa_to_one_is_the_weibull():
    t = TIMES[:-1]
    near, limit = APGW(0.5, 1.3, 1.7, 1.0 + 1e-10), APGW(0.5, 1.3, 1.7, 1.0)
    assert_allclose(near.cumulative_hazard(t), limit.cumulative_hazard(t), rtol=1e-7)


# ---- moments


@pytest.mark.parametrize("name", ["between", "two", "five", "thousand", "million", "infinite", "weibull"])
@pytest.mark.parametrize("order", [0.5, 1.0, 2.0, 3.0])
def test_moments_against_quadrature_of_the_survival_function(name, order):
    law = LAWS[name]

    def integrand(u):  # E T^r = integral of r t^(r-1) S(t), with t = e^u
        return order * np.exp(order * u) * float(law.sf(np.exp(u)))

    top = float(np.log(law.isf(1e-250)))
    edges = np.linspace(-60.0, top, 12)
    total = sum(integrate.quad(integrand, a, b, limit=500)[0] for a, b in pairwise(edges))
    assert_allclose(law.moment(order), total, rtol=1e-7)


@given(lam=st.floats(0.3, 8.0), gamma=st.floats(0.3, 6.0), order=st.floats(0.1, 4.0))
@settings(max_examples=100, deadline=None)
def test_moments_of_the_burr(lam, gamma, order):
    assume(abs(order - gamma * lam) > 1e-6 * gamma * lam)
    law = APGW(0.5, lam, gamma, 0.0)
    if order >= gamma * lam:
        assert law.moment(order) == INF
    else:
        expected = 2.0**order * lam * special.beta(lam - order / gamma, 1.0 + order / gamma)
        assert_allclose(law.moment(order), expected, rtol=1e-9)


@params(DEFECTIVE)
def test_a_defective_law_has_no_moments(law):
    assert law.mean() == INF
    assert law.moment(0.1) == INF
    assert np.isnan(law.var())


def test_variance_is_the_second_central_moment():
    law = LAWS["two"]
    assert_allclose(law.var(), law.moment(2.0) - law.mean() ** 2)
    assert_allclose(law.std() ** 2, law.var())


def test_moments_where_some_exist():
    # kappa = 0: E T^r is finite iff r < gamma lam
    assert APGW(1.0, 1.0, 1.0, 0.0).mean() == INF
    assert np.isnan(APGW(1.0, 1.0, 1.0, 0.0).var())
    law = APGW(1.0, 1.0, 1.5, 0.0)
    assert np.isfinite(law.mean())
    assert law.var() == INF
    assert law.std() == INF


# ---- defective distributions


@params(DEFECTIVE)
def test_cure_fraction(law):
    lam, kappa = float(law.lam), float(law.kappa)
    cured = math.exp(lam * (kappa + 1.0) / kappa)
    assert_allclose(law.cure_fraction(), cured, rtol=1e-13)
    # far out the survival function has reached it; no earlier
    far = float(law.isf(cured * (1.0 + 1e-9)))
    assert np.isfinite(far)
    assert law.sf(far) > cured
    assert law.isf(cured * (1.0 - 1e-9)) == INF
    assert law.ppf(1.0 - cured * (1.0 - 1e-9)) == INF
    assert np.isfinite(law.ppf(1.0 - cured * (1.0 + 1e-7)))


@params(PROPER)
def test_a_proper_distribution_has_no_cure_fraction(law):
    assert law.cure_fraction() == 0.0


def test_a_defective_law_is_a_promotion_time_cure_model():
    # S(t) = exp(-theta F(t)) with theta = lam k1/|kappa| and F(t) = 1 - (1 + z/k1)^kappa
    law = LAWS["negative"]
    k1, kappa = float(law.kappa) + 1.0, float(law.kappa)
    t = TIMES[2:]
    z = (float(law.phi) * t) ** float(law.gamma)
    promotion = np.exp(-float(law.lam) * k1 / abs(kappa) * (1.0 - (1.0 + z / k1) ** kappa))
    assert_allclose(law.sf(t), promotion, rtol=1e-12)


def test_median_may_not_exist():
    assert APGW(1.0, 0.1, 1.0, -0.5).median() == INF


# ---- arrays


def test_broadcasting():
    law = APGW(phi=[[0.5], [1.0]], lam=[1.0, 2.0, 3.0], gamma=1.5, kappa=[[-0.5], [INF]])
    t = np.array([1.0, 2.0, 3.0])
    for name in ("cumulative_hazard", "hazard", "log_hazard", "sf", "logsf", "cdf", "pdf", "logpdf"):
        found = getattr(law, name)(t)
        assert found.shape == (2, 3)
        for i, (phi, kappa) in enumerate(((0.5, -0.5), (1.0, INF))):
            for j, lam in enumerate((1.0, 2.0, 3.0)):
                single = getattr(APGW(phi, lam, 1.5, kappa), name)(t[j])
                assert_allclose(found[i, j], single, rtol=1e-14)
    for name in ("mean", "var", "std", "median", "cure_fraction", "turning_point", "hazard_shape"):
        assert getattr(law, name)().shape == (2, 3), name
    assert law.ppf(np.full((4, 1, 1), 0.2)).shape == (4, 2, 3)
    assert law.sf(np.ones((5, 1, 1))).shape == (5, 2, 3)


def test_scalars_in_scalars_out():
    law = LAWS["two"]
    for value in (law.sf(1.0), law.ppf(0.5), law.mean(), law.var(), law.median(), law.cure_fraction()):
        assert np.ndim(value) == 0
    assert isinstance(law.hazard_shape(), str)


def test_random_draws_are_seeded():
    law = LAWS["between"]
    assert_allclose(law.rvs(5, seed=3), law.rvs(5, seed=3), rtol=0)
    assert_allclose(law.rvs(5, seed=3), law.rvs(5, seed=np.random.default_rng(3)), rtol=0)
    assert not np.allclose(law.rvs(5, seed=3), law.rvs(5, seed=4))
    assert law.rvs((3, 2), seed=1).shape == (3, 2)
    assert APGW(phi=np.ones(4)).rvs(seed=1).shape == (4,)
    assert np.ndim(law.rvs(seed=1)) == 0


@params(LAWS)
def test_random_draws_follow_the_distribution(law):
    draws = law.rvs(4000, seed=11)
    cured = float(law.cure_fraction())
    n_cured = int(np.isinf(draws).sum())
    assert stats.binomtest(n_cured, 4000, cured).pvalue > 1e-4 if cured else n_cured == 0
    inside = draws[np.isfinite(draws)]
    assert stats.kstest(law.cdf(inside) / (1.0 - cured), "uniform").pvalue > 1e-3


# ---- what it refuses


@pytest.mark.parametrize("name", ["phi", "lam", "gamma"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, INF, [1.0, 0.0]])
def test_positive_parameters(name, value):
    with pytest.raises(DataError, match=f"`{name}` must be positive and finite"):
        APGW(**{name: value})


@pytest.mark.parametrize("value", [-1.0, -2.0, np.nan, -INF, [0.0, -1.0]])
def test_kappa_above_minus_one(value):
    with pytest.raises(DataError, match="`kappa` must be above -1"):
        APGW(kappa=value)


@pytest.mark.parametrize("name", ["phi", "lam", "gamma", "kappa"])
@pytest.mark.parametrize("value", ["a", [1.0, "b"], None])
def test_parameters_are_numbers(name, value):
    with pytest.raises(StatmodelsXError, match=f"`{name}`"):
        APGW(**{name: value})


@pytest.mark.parametrize("p", [-0.1, 1.1, [0.5, 2.0]])
@pytest.mark.parametrize("method", ["ppf", "isf"])
def test_probabilities(method, p):
    with pytest.raises(DataError, match="probability"):
        getattr(APGW(), method)(p)


def test_a_law_cannot_be_changed():
    with pytest.raises(AttributeError):
        APGW().phi = 2.0
