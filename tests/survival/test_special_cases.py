"""Special cases of the family against independent packages and independent formulas."""

import warnings

import numpy as np
import pandas as pd
import pytest
from lifelines import LogLogisticAFTFitter, WeibullAFTFitter
from numpy.testing import assert_allclose
from scipy import optimize, stats

from statmodels_x import FlexibleSurvival
from statmodels_x.datasets import load_lung, load_melanoma, load_veteran

pytestmark = pytest.mark.search

INF = np.inf
MONTH = 30.4375


@pytest.fixture(scope="module")
def veteran():
    data = load_veteran()
    return data.assign(
        time=data["time"] / MONTH,
        test=(data["treatment"] == "test") * 1.0,
        karno=data["karno"] / 10.0,
        adeno=(data["celltype"] == "adeno") * 1.0,
    )


@pytest.fixture(scope="module")
def censored(veteran):
    """The same patients as an interval-censored, left-censored and late-entry sample."""
    rng = np.random.default_rng(20)
    grid = 2.0
    left = np.floor(veteran["time"] / grid) * grid
    right = np.where(veteran["status"] == 1, left + grid, INF)
    left = np.where(veteran["status"] == 1, left, veteran["time"])
    exact = (rng.random(len(veteran)) < 0.3) & (veteran["status"] == 1)
    left, right = np.where(exact, veteran["time"], left), np.where(exact, veteran["time"], right)
    return veteran.assign(
        left=left,
        right=right,
        entry=np.where(rng.random(len(veteran)) < 0.5, 0.5 * veteran["time"], 0.0),
        seen=(rng.random(len(veteran)) < 0.7).astype(int),
    )


def lifelines_fit(fitter, method, columns, **arguments):
    """A fit of lifelines with a tolerance under its default, and without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with np.errstate(all="ignore"):
            getattr(fitter, method)(columns, fit_options={"gtol": 1e-10}, **arguments)
    return fitter


# ---- exponential, Weibull and log-logistic accelerated failure times


def density_loglik(law, time, status, entry=None, weight=1.0):
    """Right-censored log-likelihood through a frozen scipy distribution with array parameters."""
    terms = np.where(status == 1, law.logpdf(time), law.logsf(time))
    return float(np.sum(weight * (terms - (0.0 if entry is None else law.logsf(entry)))))


def interval_loglik(law, left, right):
    with np.errstate(divide="ignore"):
        gap = np.log(law.sf(left) - law.sf(right))
        exact = law.logpdf(left)
    return float(np.sum(np.where(left == right, exact, gap)))


LIFELINES = {
    "weibull": (WeibullAFTFitter, "lambda_", "rho_", lambda s, c: stats.weibull_min(c, scale=s)),
    "loglogistic": (LogLogisticAFTFitter, "alpha_", "beta_", lambda s, c: stats.fisk(c, scale=s)),
}
both_laws = pytest.mark.parametrize("name", LIFELINES)


def designs(data, terms):
    return np.column_stack([np.ones(len(data)), *(data[term] for term in terms)])


def scipy_law(theta, data, terms, ancillary, name):
    """The scipy distribution at estimates of ours: scale 1/phi, shape gamma."""
    k = 1 + len(terms)
    scale = np.exp(-designs(data, terms) @ theta[:k])
    shape = np.exp(designs(data, ancillary) @ theta[k:])
    return LIFELINES[name][3](scale, shape)


def compare_with_lifelines(fit, fitter, name, data, terms, ancillary, direct):
    """Equal log-likelihood and estimates; the signs differ because lifelines models log(1/phi).

    ``direct`` is the log-likelihood under a scipy distribution. lifelines stops a little short of its
    maximum, so scipy takes its estimates the rest of the way before they are compared.
    """
    _, scale, shape, _ = LIFELINES[name]

    def loglik(theta):
        return direct(scipy_law(theta, data, terms, ancillary, name))

    labels = ["Intercept", *ancillary]
    theirs = fitter.params_
    start = np.concatenate([-theirs[scale][["Intercept", *terms]], theirs[shape][labels]])
    assert loglik(start) == pytest.approx(fitter.log_likelihood_, abs=1e-6)
    ours = np.concatenate([fit.params["aft"][["Intercept", *terms]], fit.params["power"][labels]])
    assert loglik(ours) == pytest.approx(fit.llf, abs=1e-8)

    refined = optimize.minimize(lambda theta: -loglik(theta), start, method="BFGS", options={"gtol": 1e-6})
    assert fit.llf >= fitter.log_likelihood_ - 1e-9
    assert fit.llf >= -refined.fun - 1e-9
    assert fit.llf == pytest.approx(-refined.fun, abs=1e-6)
    assert_allclose(ours, refined.x, atol=1e-4)
    assert_allclose(ours, start, atol=5e-3)
    errors = fitter.standard_errors_
    assert_allclose(fit.bse["aft"]["Intercept"], errors[scale]["Intercept"], rtol=5e-3)
    assert_allclose(fit.bse["power"]["Intercept"], errors[shape]["Intercept"], rtol=5e-3)


@both_laws
@pytest.mark.parametrize("ancillary", [[], ["test"], ["test", "karno"]])
def test_right_censored(veteran, name, ancillary):
    terms = ["test", "karno"]
    power = "~ " + " + ".join(["1", *ancillary])
    fit = FlexibleSurvival(
        "Surv(time, status) ~ test + karno",
        veteran,
        distribution=name,
        power=power,
        scale="aft",
        other_scale=1.0,
    ).fit()
    fitter = lifelines_fit(
        LIFELINES[name][0](),
        "fit",
        veteran[["time", "status", "test", "karno"]],
        duration_col="time",
        event_col="status",
        formula="test + karno",
        ancillary=" + ".join(ancillary) if ancillary else None,
    )

    def direct(law):
        return density_loglik(law, veteran["time"], veteran["status"])

    compare_with_lifelines(fit, fitter, name, veteran, terms, ancillary, direct)


@both_laws
def test_left_truncated(censored, name):
    fit = FlexibleSurvival(
        "Surv(entry, time, status) ~ test + karno", censored, distribution=name, scale="aft"
    ).fit()
    fitter = lifelines_fit(
        LIFELINES[name][0](),
        "fit",
        censored[["time", "status", "entry", "test", "karno"]],
        duration_col="time",
        event_col="status",
        entry_col="entry",
        formula="test + karno",
    )

    def direct(law):
        return density_loglik(law, censored["time"], censored["status"], censored["entry"])

    compare_with_lifelines(fit, fitter, name, censored, ["test", "karno"], [], direct)


@both_laws
def test_interval_censored(censored, name):
    fit = FlexibleSurvival(
        'Surv(left, right, type="interval2") ~ test + karno', censored, distribution=name, scale="aft"
    ).fit()
    fitter = lifelines_fit(
        LIFELINES[name][0](),
        "fit_interval_censoring",
        censored[["left", "right", "test", "karno"]],
        lower_bound_col="left",
        upper_bound_col="right",
        formula="test + karno",
    )

    def direct(law):
        return interval_loglik(law, censored["left"], censored["right"])

    compare_with_lifelines(fit, fitter, name, censored, ["test", "karno"], [], direct)


@both_laws
def test_left_censored(censored, name):
    fit = FlexibleSurvival(
        'Surv(time, seen, type="left") ~ test + karno', censored, distribution=name, scale="aft"
    ).fit()
    fitter = lifelines_fit(
        LIFELINES[name][0](),
        "fit_left_censoring",
        censored[["time", "seen", "test", "karno"]],
        duration_col="time",
        event_col="seen",
        formula="test + karno",
    )

    def direct(law):
        time = censored["time"]
        return float(np.where(censored["seen"] == 1, law.logpdf(time), law.logcdf(time)).sum())

    compare_with_lifelines(fit, fitter, name, censored, ["test", "karno"], [], direct)


@both_laws
def test_weighted(veteran, name):
    data = veteran.assign(w=np.random.default_rng(3).integers(1, 4, len(veteran)))
    fit = FlexibleSurvival(
        "Surv(time, status) ~ test", data, distribution=name, weights="w", scale="aft"
    ).fit()
    fitter = lifelines_fit(
        LIFELINES[name][0](),
        "fit",
        data[["time", "status", "test", "w"]],
        duration_col="time",
        event_col="status",
        weights_col="w",
        formula="test",
    )

    def direct(law):
        return density_loglik(law, data["time"], data["status"], weight=data["w"])

    compare_with_lifelines(fit, fitter, name, data, ["test"], [], direct)


def test_the_weibull_is_the_same_on_both_scales(veteran):
    aft = FlexibleSurvival(
        "Surv(time, status) ~ test + karno", veteran, distribution="weibull", scale="aft"
    ).fit()
    ph = FlexibleSurvival(
        "Surv(time, status) ~ test + karno", veteran, distribution="weibull", scale="ph"
    ).fit()
    assert ph.llf == pytest.approx(aft.llf, abs=1e-8)
    gamma = np.exp(aft.params["power", "Intercept"])
    assert_allclose(ph.params["ph"], gamma * aft.params["aft"], atol=1e-6)


@pytest.mark.parametrize("scale", ["aft", "ph"])
def test_exponential_is_a_poisson_regression(scale):
    import statsmodels.api as sm

    data = load_lung().assign(years=lambda d: d["time"] / 365.25, woman=lambda d: d["sex"] - 1.0)
    fit = FlexibleSurvival(
        "Surv(years, status) ~ woman + age", data, distribution="exponential", scale=scale
    ).fit()
    design = sm.add_constant(data[["woman", "age"]])
    glm = sm.GLM(data["status"], design, family=sm.families.Poisson(), offset=np.log(data["years"])).fit(
        tol=1e-14, maxiter=100
    )
    # the Poisson log-likelihood counts d log t - log d! besides
    assert fit.llf == pytest.approx(glm.llf - (data["status"] * np.log(data["years"])).sum(), abs=1e-8)
    assert_allclose(fit.params, glm.params, atol=1e-6)
    assert_allclose(fit.bse, glm.bse, rtol=1e-6)
    assert fit.df_model == 3


def test_exponential_without_covariates():
    data = load_melanoma()
    fit = FlexibleSurvival("Surv(time, status) ~ 1", data, distribution="exponential", scale="aft").fit()
    rate = data["status"].sum() / data["time"].sum()
    assert np.exp(fit.params.iloc[0]) == pytest.approx(rate, rel=1e-9)
    assert fit.bse.iloc[0] == pytest.approx(1.0 / np.sqrt(data["status"].sum()), rel=1e-8)
    assert fit.llf == pytest.approx(data["status"].sum() * (np.log(rate) - 1.0), abs=1e-9)


# ---- families that only scipy has


def best_of(objective, starts):
    """Minimum of a smooth function by two methods from several starts."""
    ends = []
    for start in starts:
        end = optimize.minimize(objective, start, method="Nelder-Mead", options={"maxiter": 4000})
        ends.append(optimize.minimize(objective, end.x, method="BFGS", options={"gtol": 1e-9}))
    return min(ends, key=lambda end: end.fun)


def compare_with_scipy(fit, law_of, data, starts):
    def objective(theta):
        with np.errstate(all="ignore"):
            value = -density_loglik(law_of(theta), data["time"], data["status"])
        return value if np.isfinite(value) else 1e10

    assert fit.llf == pytest.approx(-objective(fit.params.to_numpy()), abs=1e-8)
    best = best_of(objective, starts)
    assert fit.llf >= -best.fun - 1e-8
    assert fit.llf == pytest.approx(-best.fun, abs=1e-6)
    assert_allclose(fit.params, best.x, atol=2e-3)


def test_burr12():
    data = load_melanoma()
    fit = FlexibleSurvival("Surv(time, status) ~ treatment", data, distribution="burr12", scale="aft").fit()

    def law(theta):
        scale = np.exp(-theta[0] - theta[1] * data["treatment"])
        return stats.burr12(np.exp(theta[3]), np.exp(theta[2]), scale=scale)

    compare_with_scipy(fit, law, data, ([0.0, 0.0, 0.0, 0.0], [1.0, 0.0, -1.0, 0.5]))
    assert fit.specification.fixed["shape"] == 0.0


def test_burr12_with_covariates_on_the_other_scale():
    data = load_melanoma()
    fit = FlexibleSurvival(
        "Surv(time, status) ~ treatment", data, distribution="burr12", scale="ph", other_scale="~ 1"
    ).fit()

    def law(theta):
        lam = np.exp(theta[1] + theta[2] * data["treatment"])
        return stats.burr12(np.exp(theta[3]), lam, scale=np.exp(-theta[0]))

    compare_with_scipy(fit, law, data, ([2.0, -2.0, 0.0, 0.9], [1.0, -1.0, 0.0, 0.5]))


def test_gompertz(veteran):
    # a hazard that rises: the Gompertz with a free rate exists here
    rng = np.random.default_rng(8)
    x = rng.integers(0, 2, 300)
    event = stats.gompertz(0.2 * np.exp(0.5 * x), scale=2.0).rvs(random_state=rng)
    end = rng.uniform(1.0, 8.0, 300)
    data = pd.DataFrame({"time": np.minimum(event, end), "status": (event <= end) * 1, "x": x})
    fit = FlexibleSurvival("Surv(time, status) ~ x", data, distribution="gompertz").fit()
    assert fit.specification.scale == "ph"
    assert list(fit.params.index) == [("aft", "Intercept"), ("ph", "Intercept"), ("ph", "x")]

    def law(theta):
        return stats.gompertz(np.exp(theta[1] + theta[2] * data["x"]), scale=np.exp(-theta[0]))

    compare_with_scipy(fit, law, data, ([-0.5, -1.0, 0.0], [0.0, 0.0, 0.0]))


def test_log_logistic_is_the_burr_with_one_scale(veteran):
    fixed = FlexibleSurvival(
        "Surv(time, status) ~ karno", veteran, shape=0.0, scale="aft", other_scale=1.0
    ).fit()
    preset = FlexibleSurvival("Surv(time, status) ~ karno", veteran, distribution="loglogistic").fit()
    assert fixed.llf == preset.llf
    assert_allclose(fixed.params, preset.params)


@pytest.mark.parametrize(
    ("distribution", "options"),
    [
        ("exponential", {"power": 1.0, "shape": 1.0, "other_scale": 1.0}),
        ("weibull", {"shape": 1.0}),
        ("loglogistic", {"shape": 0.0, "scale": "aft", "other_scale": 1.0}),
        ("burr12", {"shape": 0.0, "other_scale": "~ 1"}),
        ("gompertz", {"shape": INF, "power": 1.0, "other_scale": "~ 1", "scale": "ph"}),
    ],
)
def test_presets_are_fixed_arguments(censored, distribution, options):
    def quietly(**kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return FlexibleSurvival("Surv(entry, time, status) ~ karno", censored, **kwargs).fit()

    preset, explicit = quietly(distribution=distribution), quietly(**options)
    agreeing = quietly(distribution=distribution, **options)
    assert preset.llf == explicit.llf == agreeing.llf
    assert preset.params.index.equals(explicit.params.index)


# ---- nested forms


@pytest.mark.parametrize("scale", ["aft", "ph"])
def test_a_larger_model_is_never_worse(scale):
    data = load_melanoma()

    def llf(**options):
        return FlexibleSurvival("Surv(time, status) ~ treatment", data, scale=scale, **options).fit().llf

    free, both = llf(), llf(other_scale="~ 1")
    for kappa in (-0.5, 0.0, 1.0, 3.0, INF):
        assert llf(shape=kappa) <= free + 1e-9
    assert llf(power=1.0) <= free + 1e-9
    assert free <= both + 1e-9
    assert free <= llf(power="~ treatment") + 1e-9
    assert free <= llf(shape="~ treatment") + 1e-9
    assert both <= llf(other_scale="~ treatment") + 1e-9


def test_the_free_shape_profile_peaks_at_the_estimate():
    data = load_melanoma()
    fit = FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
    kappa = float(np.expm1(fit.params["shape"].iloc[0]))

    def at(value):
        return FlexibleSurvival("Surv(time, status) ~ treatment", data, shape=value).fit()

    assert at(kappa).llf == pytest.approx(fit.llf, abs=1e-9)
    # the curvature of the profile is the standard error of nu
    nu, step = fit.params["shape"].iloc[0], 0.005
    sides = [at(float(np.expm1(nu + s))).llf for s in (-step, step)]
    curvature = (2.0 * fit.llf - sum(sides)) / step**2
    assert 1.0 / np.sqrt(curvature) == pytest.approx(float(fit.bse["shape"].iloc[0]), rel=1e-2)
