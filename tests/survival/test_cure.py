"""Cure models: mixture and promotion time, from the formula to the predictions."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, optimize, stats
from scipy.special import expit, log_expit

from statmodels_x import APGW, FlexibleSurvival
from statmodels_x.core.errors import DataError, IdentificationWarning
from statmodels_x.datasets import load_melanoma

pytestmark = pytest.mark.search

INF = np.inf
ARMS = pd.DataFrame({"treatment": [0, 1]})
ARM = {"cure": "~ treatment"}
REFERENCE = {
    "mixture_weibull": ({"scale": "aft", "distribution": "weibull", **ARM}, -379.2262, (0.2408, 0.3561)),
    "promotion_weibull": (
        {"scale": "aft", "distribution": "weibull", "cure_kind": "promotion", **ARM}, -375.3632, (0.2299, 0.3559)
    ),
    "mixture_loglogistic": ({"distribution": "loglogistic", **ARM}, -370.8153, (0.2094, 0.3311)),
    "promotion_loglogistic": (
        {"distribution": "loglogistic", "cure_kind": "promotion", **ARM}, -370.3686, None
    ),
}  # fmt: skip
reference_models = pytest.mark.parametrize("name", REFERENCE)
kinds = pytest.mark.parametrize("kind", ["mixture", "promotion"])
SIMPLE = "Surv(time, status) ~ 1"


@pytest.fixture(scope="module")
def data():
    frame = load_melanoma()
    frame.attrs = {}
    return frame


@pytest.fixture(scope="module")
def fits(data):
    return {name: FlexibleSurvival(SIMPLE, data, **REFERENCE[name][0]).fit() for name in REFERENCE}


def fit(data, formula=SIMPLE, **options):
    # two searches end within the same decrement of the maximum, not at the same point: make it small
    return FlexibleSurvival(formula, data, **{"scale": "aft", **options}).fit(tol=1e-15)


def fraction_of(kind, c):
    return expit(c) if kind == "mixture" else np.exp(-np.exp(c))


def population(found, params, x):
    """Survival function of the population and cured fraction at a treatment, from the labelled parameters."""
    level = {"aft": 0.0, "ph": 0.0, "power": 0.0, "shape": 0.0, "cure": 0.0, **found.specification.fixed}
    for (part, term), value in params.items():
        level[part] += value * (1.0 if term == "Intercept" else x)
    law = APGW(*np.exp([level["aft"], level["ph"], level["power"]]), np.expm1(level["shape"]))
    kind, c = found.specification.cure_kind, level["cure"]
    if kind == "mixture":
        return lambda t: expit(c) + expit(-c) * law.sf(t), expit(c)
    return lambda t: np.exp(-np.exp(c) * law.cdf(t)), np.exp(-np.exp(c))


def hand_loglik(theta, kind, frame, distribution="weibull"):
    """Right-censored times after late entry, treatment in the cure part: as a textbook writes it."""
    tau, alpha, c0, c1 = theta
    law = APGW(np.exp(tau), 1.0, np.exp(alpha), 1.0 if distribution == "weibull" else 0.0)
    c = c0 + c1 * frame["treatment"].to_numpy()

    def logsf(t):
        if kind == "mixture":
            return np.log(expit(c) + expit(-c) * law.sf(t))
        return -np.exp(c) * law.cdf(t)

    time, event = frame["time"].to_numpy(), frame["status"].to_numpy() == 1
    density = law.logpdf(time) + (log_expit(-c) if kind == "mixture" else c + logsf(time))
    start = logsf(frame["entry"].to_numpy()) if "entry" in frame else 0.0
    return np.sum(np.where(event, density, logsf(time)) - start)


# ---- known fits


@reference_models
def test_reference_fits(fits, name):
    _, llf, fractions = REFERENCE[name]
    found = fits[name]
    assert found.is_regular
    assert {finding.kind for finding in found.findings} <= {"follow_up"}
    assert found.llf == pytest.approx(llf, abs=1e-3)
    if fractions:
        table = found.predict(ARMS, kind="cure_fraction")
        assert_allclose(table["estimate"], fractions, atol=1e-4)


def test_reference_coefficients(fits):
    found = fits["mixture_weibull"]
    assert found.params["cure", "treatment"] == pytest.approx(0.5558, abs=1e-4)
    assert found.bse["cure", "treatment"] == pytest.approx(0.2691, abs=1e-4)
    assert [*found.params.index] == [("aft", "Intercept"), ("power", "Intercept"), ("cure", "Intercept"),
                                     ("cure", "treatment")]  # fmt: skip


@kinds
@pytest.mark.parametrize("distribution", ["weibull", "loglogistic"])
@pytest.mark.parametrize("late", [False, True])
def test_against_a_likelihood_written_by_hand(data, kind, distribution, late):
    # some of those who live half a year are seen from then on only
    late_rows = (data["time"] > 0.5) & (np.arange(len(data)) % 3 == 0)
    frame = data.assign(entry=np.where(late_rows, 0.5, 0.0)) if late else data
    formula = "Surv(entry, time, status) ~ 1" if late else SIMPLE
    found = fit(frame, formula, distribution=distribution, cure_kind=kind, **ARM)
    at_estimates = hand_loglik(found.params.to_numpy(), kind, frame, distribution)
    assert found.llf == pytest.approx(at_estimates, abs=1e-8)
    best = optimize.minimize(
        lambda theta: -hand_loglik(theta, kind, frame, distribution), [-0.5, 0.2, -0.5, 0.3], method="BFGS"
    )
    assert found.llf == pytest.approx(-best.fun, abs=1e-5)
    assert_allclose(found.params, best.x, atol=2e-3)


@kinds
def test_standard_errors_by_differences(data, kind):
    found = fit(data, distribution="weibull", cure_kind=kind, **ARM)
    theta = found.params.to_numpy()
    step = 1e-3 * np.eye(4)

    def value(a, b):
        return hand_loglik(theta + a + b, kind, data)

    hessian = [
        [
            (value(a, b) - value(a, -b) - value(-a, b) + value(-a, -b)) / 4e-6 for b in step
        ] for a in step
    ]  # fmt: skip
    assert_allclose(found.covariance, np.linalg.inv(-np.array(hessian)), rtol=1e-4, atol=1e-6)


@kinds
def test_intervals_and_left_censored_times(data, kind):
    # every event known to a year, and the early ones only by their end
    year = np.ceil(data["time"])
    event = data["status"] == 1
    frame = data.assign(left=np.where(event, year - 1.0, data["time"]), right=np.where(event, year, INF))
    formula = 'Surv(left, right, type="interval2") ~ 1'
    found = fit(frame, formula, distribution="weibull", cure_kind=kind, **ARM)
    curves = [population(found, found.params, x)[0] for x in (0, 1)]
    arm = data["treatment"].to_numpy()

    def alive(t):
        return np.where(arm == 1, curves[1](t), curves[0](t))

    expected = np.where(event, alive(frame["left"]) - alive(year), alive(data["time"]))
    assert found.llf == pytest.approx(np.log(expected).sum(), abs=1e-8)
    exact = fit(data, distribution="weibull", cure_kind=kind, **ARM)
    assert np.all(np.abs(found.params["cure"] - exact.params["cure"]) < exact.bse["cure"])


# ---- how a cure model relates to the family itself


def test_the_defective_law_is_a_promotion_time():
    # kappa < 0: H is bounded by theta = lambda (kappa + 1)/(-kappa), and H = theta F for a proper F
    phi, gamma, kappa = 0.7, 1.4, -0.35
    law = APGW(phi, 1.0, gamma, kappa)
    theta = (kappa + 1.0) / -kappa
    times = np.geomspace(1e-3, 1e4, 60)
    share = law.cumulative_hazard(times) / theta
    assert np.all(np.diff(share) >= 0.0)
    assert share[-1] < 1.0
    # F is a Burr XII with the same power: 1 - F = (1 + z/(kappa + 1))^kappa
    burr = APGW(phi * (kappa + 1.0) ** (-1.0 / gamma), -kappa, gamma, 0.0)
    assert_allclose(share, burr.cdf(times), rtol=1e-10)
    assert law.cure_fraction() == pytest.approx(np.exp(-theta))


def test_a_defective_fit_is_a_promotion_fit_in_distribution(data):
    # kappa < 0 with one scale has three numbers; the promotion Burr XII with both scales has one more
    defective = fit(data, "Surv(time, status) ~ 1", other_scale=1.0)
    assert defective.params["shape", "Intercept"] < 0.0
    kappa = np.expm1(defective.params["shape", "Intercept"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        promotion = fit(data, distribution="burr12", cure="~ 1", cure_kind="promotion")
    assert promotion.llf >= defective.llf - 1e-6
    times = np.array([0.5, 2.0, 6.0])
    theta = (kappa + 1.0) / -kappa
    gamma = np.exp(defective.params["power", "Intercept"])
    phi = np.exp(defective.params["aft", "Intercept"])
    burr = APGW(phi * (kappa + 1.0) ** (-1.0 / gamma), -kappa, gamma, 0.0)
    table = defective.predict(at=times)
    assert_allclose(table["estimate"], np.exp(-theta * burr.cdf(times)), rtol=1e-9)
    fraction = defective.predict(kind="cure_fraction")["estimate"].iloc[0]
    assert fraction == pytest.approx(np.exp(-theta), rel=1e-9)


@kinds
def test_a_kappa_below_zero_is_refused(data, kind):
    with pytest.raises(DataError, match="proper distribution for the uncured"):
        FlexibleSurvival(SIMPLE, data, shape=-0.3, cure="~ 1", cure_kind=kind)


@kinds
def test_an_estimated_shape_stays_at_zero_or_above(data, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        found = FlexibleSurvival(SIMPLE, data, cure_kind=kind, **ARM).fit()
    loglogistic = fit(data, distribution="loglogistic", cure_kind=kind, **ARM)
    weibull = fit(data, distribution="weibull", cure_kind=kind, **ARM)
    assert found.llf >= max(loglogistic.llf, weibull.llf) - 0.2  # the search stops short of the limit
    if "shape" in found.params:
        assert found.params["shape", "Intercept"] >= 1e-4
    else:  # it ran to 0, and the log-logistic was fitted in its place
        assert found.limit.value == "kappa = 0"
        fixed = fit(data, scale="ph", shape=0.0, cure_kind=kind, **ARM)
        assert found.llf == pytest.approx(fixed.llf, abs=1e-6)
        assert found.df_model == fixed.df_model


def test_arguments(data):
    with pytest.raises(DataError, match="`cure` is 3"):
        FlexibleSurvival(SIMPLE, data, cure=3)
    with pytest.raises(DataError, match="cure_kind"):
        FlexibleSurvival(SIMPLE, data, cure="~ 1", cure_kind="both")
    with pytest.raises(DataError, match="'sex2'"):
        FlexibleSurvival(SIMPLE, data, cure="~ sex2")
    with pytest.raises(DataError, match="no `cure` part"):
        fit(data, distribution="weibull").profile_cure_fraction()


# ---- what the data cannot tell


def simulated(kind, n, seed, fractions=(0.25, 0.45), end=8.0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, n)
    law = APGW(np.exp(-0.4 + 0.5 * x), 1.0, 1.5, 1.0)
    p = np.where(x == 1, fractions[1], fractions[0])
    if kind == "mixture":
        event = np.where(rng.random(n) < p, INF, law.rvs(seed=rng))
    else:  # theta F(T) = e where a standard exponential e stays below theta
        theta = -np.log(np.maximum(p, 1e-300))
        share = rng.standard_exponential(n) / theta
        event = np.where(share < 1.0, law.ppf(np.minimum(share, 1.0)), INF)
    censored = rng.uniform(0.6, 1.0, n) * end
    return pd.DataFrame({"time": np.minimum(event, censored), "status": (event <= censored) * 1, "x": x})


@kinds
def test_no_cured_fraction_in_the_data(kind):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"time": APGW(1.0, 1.0, 1.8, 1.0).rvs(400, seed=rng), "status": 1})
    with pytest.warns(IdentificationWarning, match="the model with no cured fraction"):
        found = FlexibleSurvival(SIMPLE, frame, distribution="weibull", cure="~ 1", cure_kind=kind).fit()
    assert found.limit.kind == "cure_zero"
    assert found.is_regular
    plain = fit(frame, distribution="weibull")
    assert found.llf == pytest.approx(plain.llf, abs=1e-6)
    assert found.df_model == plain.df_model
    with pytest.raises(DataError, match="no `cure` part"):
        found.profile_cure_fraction()


@kinds
def test_one_group_without_cured(kind):
    frame = simulated(kind, 700, 2)
    others = frame["x"] == 0
    times = APGW(0.7, 1.0, 1.5, 1.0).rvs(others.sum(), seed=1)
    frame.loc[others, ["time", "status"]] = np.column_stack([times, np.ones(others.sum())])
    with pytest.warns(IdentificationWarning, match="for some covariate values"):
        found = FlexibleSurvival(
            "Surv(time, status) ~ x", frame, distribution="weibull", cure="~ x", cure_kind=kind
        ).fit()
    assert [finding.kind for finding in found.estimate.findings] == ["cure_zero"]


@kinds
def test_everybody_is_cured(kind):
    with pytest.raises(DataError, match="no event"):
        FlexibleSurvival(SIMPLE, simulated(kind, 50, 1).assign(status=0), cure="~ 1", cure_kind=kind)


@kinds
def test_a_group_in_which_everybody_is_cured(kind):
    frame = simulated(kind, 300, 6)
    frame.loc[frame["x"] == 1, "status"] = 0
    with pytest.raises(DataError, match="the cure part: no event"):
        FlexibleSurvival(SIMPLE, frame, distribution="weibull", cure="~ x", cure_kind=kind)


# ---- cured fractions


@reference_models
def test_intervals_of_cured_fractions(fits, name):
    table = fits[name].predict(ARMS, kind="cure_fraction")
    for wide in (0.05, 1e-12):
        table = fits[name].predict(ARMS, kind="cure_fraction", alpha=wide)
        assert np.all(table["lower"] > 0.0)
        assert np.all(table["upper"] < 1.0)
        assert np.all((table["lower"] < table["estimate"]) & (table["estimate"] < table["upper"]))
    # made on the scale of the linear predictor
    link = fits[name].predict(ARMS, kind="link")
    link = link[link["parameter"] == "cure"]
    kind = fits[name].specification.cure_kind
    limits = fraction_of(kind, link[["lower", "upper"]].to_numpy())
    table = fits[name].predict(ARMS, kind="cure_fraction")
    assert_allclose(table[["lower", "upper"]], np.sort(limits, axis=1), rtol=1e-10)
    assert_allclose(table["estimate"], fraction_of(kind, link["estimate"].to_numpy()), rtol=1e-12)


@reference_models
def test_cured_fractions_on_the_natural_scale(fits, name):
    table = fits[name].natural_params
    kind = fits[name].specification.cure_kind
    fraction = fits[name].predict(ARMS, kind="cure_fraction").iloc[0]
    row = table.loc[("cure", "Intercept")]
    assert row["quantity"] == "cured fraction"
    assert_allclose(row[["estimate", "lower", "upper"]].astype(float),
                    fraction[["estimate", "lower", "upper"]].astype(float), rtol=1e-9)  # fmt: skip
    ratio = table.loc[("cure", "treatment")]
    assert ratio["quantity"] == ("odds ratio of cure" if kind == "mixture" else "hazard ratio")
    assert ratio["estimate"] == pytest.approx(np.exp(fits[name].params["cure", "treatment"]))
    text = str(fits[name].summary())
    assert ("cure: logit(cured fraction)" if kind == "mixture" else "cure: log(theta)") in text


@kinds
def test_profiles_of_the_cured_fraction(data, kind):
    found = fit(data, distribution="weibull", cure_kind=kind, **ARM)
    table = found.profile_cure_fraction(ARMS)
    assert list(table.columns) == ["row", "estimate", "lower", "upper"]
    assert_allclose(table["estimate"], found.predict(ARMS, kind="cure_fraction")["estimate"], rtol=1e-10)
    drop = stats.chi2.ppf(0.95, 1) / 2.0

    def profile(p, x):
        """Best log-likelihood with the cured fraction of one arm held at p."""
        c = np.log(p / (1.0 - p)) if kind == "mixture" else np.log(-np.log(p))

        def loss(free):
            tau, alpha, slope = free
            return -hand_loglik([tau, alpha, c - slope * x, slope], kind, data)

        first = found.params.to_numpy()[[0, 1, 3]]
        return -optimize.minimize(loss, first, method="BFGS", options={"gtol": 1e-6}).fun

    for x in (0, 1):
        row = table.iloc[x]
        for bound in ("lower", "upper"):
            assert 0.0 < row[bound] < 1.0
            assert profile(row[bound], x) == pytest.approx(found.llf - drop, abs=1e-4)
    narrow = found.profile_cure_fraction(ARMS.head(1), alpha=0.5).iloc[0]
    assert table["lower"][0] < narrow["lower"] < narrow["upper"] < table["upper"][0]


@kinds
def test_profile_of_one_fraction_is_the_profile_of_its_intercept(data, kind):
    found = fit(data, distribution="weibull", cure="~ 1", cure_kind=kind)
    row = found.profile_cure_fraction().iloc[0]
    limits = found.conf_int(method="profile").loc[("cure", "Intercept")]
    assert_allclose(row[["lower", "upper"]].astype(float), np.sort(fraction_of(kind, limits)), rtol=1e-4)


# ---- predictions


TIMES = np.array([0.3, 1.0, 4.0, 30.0])


@reference_models
def test_predictions_of_every_kind(fits, name):
    found = fits[name]
    curves = [population(found, found.params, x) for x in (0, 1)]

    def table(kind, at=None, **options):
        return found.predict(ARMS, kind=kind, at=at, **options)["estimate"].to_numpy().reshape(2, -1)

    alive = np.array([survival(TIMES) for survival, _ in curves])
    assert_allclose(table("survival", TIMES), alive, rtol=1e-10)
    assert_allclose(table("cumulative_hazard", TIMES), -np.log(alive), rtol=1e-9)
    assert_allclose(table("odds", TIMES), (1.0 - alive) / alive, rtol=1e-9)
    step = 1e-5 * TIMES
    slope = np.array([(s(TIMES - step) - s(TIMES + step)) / (2.0 * step) for s, _ in curves])
    # far out a difference of survivals near the plateau has few digits
    assert_allclose(table("density", TIMES)[:, :3], slope[:, :3], rtol=1e-6)
    assert_allclose(table("hazard", TIMES)[:, :3], (slope / alive)[:, :3], rtol=1e-6)
    areas = [[integrate.quad(s, 0.0, end, limit=200)[0] for end in TIMES] for s, _ in curves]
    assert_allclose(table("rmst", TIMES), areas, rtol=1e-7)
    assert np.all(np.isinf(table("mean")))
    for x, (survival, p) in enumerate(curves):
        reach = 1.0 - p
        levels = np.array([0.2, 0.5, reach - 1e-3, reach + 1e-9, 0.95])
        quantiles = found.predict(ARMS.iloc[[x]], kind="quantile", at=levels)
        assert np.isfinite(quantiles["estimate"]).tolist() == [True, True, True, False, False]
        assert_allclose(survival(quantiles["estimate"][:3]), 1.0 - levels[:3], rtol=1e-9)
        assert quantiles["estimate"][3] == INF
        assert quantiles["std_error"].isna().tolist() == [False, False, False, True, True]
    assert_allclose(table("median"), table("quantile", 0.5))


@kinds
def test_far_beyond_the_data_survival_is_the_cured_fraction(fits, kind):
    found = fits[f"{kind}_weibull"]
    table = found.predict(ARMS, at=[1e6, 1e12])
    fraction = found.predict(ARMS, kind="cure_fraction")
    assert_allclose(table["estimate"], np.repeat(fraction["estimate"], 2), rtol=1e-9)
    assert_allclose(table["std_error"], np.repeat(fraction["std_error"], 2), rtol=1e-6)
    assert table["extrapolated"].all()
    for what in ("hazard", "density"):
        gone = found.predict(ARMS, kind=what, at=[1e6])
        assert_allclose(gone["estimate"], 0.0, atol=1e-300)


@kinds
def test_the_gompertz_uncured_far_beyond_the_data(data, kind):
    # their H is infinite there, that of the population is not
    found = fit(data, scale="aft", power=1.0, shape=INF, cure_kind=kind, **ARM)
    assert found.is_regular
    table = found.predict(ARMS, at=[1.0, 50.0, 1e4])
    assert not table.isna().any().any()
    fraction = found.predict(ARMS, kind="cure_fraction")
    assert_allclose(table["estimate"][[2, 5]], fraction["estimate"], rtol=1e-9)
    assert_allclose(table["std_error"][[2, 5]], fraction["std_error"], rtol=1e-6)


@reference_models
def test_standardised_cured_fractions(fits, data, name):
    found = fits[name]
    rows = found.predict(ARMS, kind="cure_fraction")["estimate"].to_numpy()
    table = found.standardise("cure_fraction", by="treatment")
    assert_allclose(table["estimate"], rows, rtol=1e-10)
    gap = found.standardise("cure_fraction", by="treatment", contrast="difference")
    assert gap["estimate"].iloc[0] == pytest.approx(rows[1] - rows[0], rel=1e-10)
    overall = found.standardise("cure_fraction")["estimate"].iloc[0]
    assert overall == pytest.approx(rows[data["treatment"]].mean(), rel=1e-10)


# ---- recovery and invariance


@kinds
def test_the_truth_is_recovered(kind):
    frame = simulated(kind, 3000, 20)
    found = FlexibleSurvival(
        "Surv(time, status) ~ x", frame, distribution="weibull", cure="~ x", cure_kind=kind, scale="aft"
    ).fit()
    assert found.is_regular
    fractions = np.array([0.25, 0.45])
    c = np.log(fractions / (1.0 - fractions)) if kind == "mixture" else np.log(-np.log(fractions))
    truth = np.array([-0.4, 0.5, np.log(1.5), c[0], c[1] - c[0]])
    assert np.all(np.abs(found.params - truth) < 4.0 * found.bse)
    assert np.all(found.bse < 0.3)
