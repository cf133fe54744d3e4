"""Families as values: a user's own against the compiled one, and the shipped ones against other software."""

import pickle
from decimal import Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from lifelines import GeneralizedGammaRegressionFitter, LogNormalAFTFitter
from numpy.testing import assert_allclose
from scipy import stats

import statmodels_x as smx
from statmodels_x.core.errors import DataError
from statmodels_x.survival.distributions.closed_forms import _stirling
from statmodels_x.survival.distributions.family import FAMILIES, Family

pytestmark = pytest.mark.search

VETERAN = smx.datasets.load_veteran()
MELANOMA = smx.datasets.load_melanoma()


def weibull_cumulative(z):
    return z


def weibull_log_hazard(z):
    return np.zeros_like(z)


def apgw_cumulative(z, kappa):
    k1 = kappa + 1.0
    return k1 / kappa * np.expm1(kappa * np.log1p(z / k1))


def apgw_log_hazard(z, kappa):
    return (kappa - 1.0) * np.log1p(z / (kappa + 1.0))


WEIBULL = Family("my Weibull", weibull_cumulative, weibull_log_hazard)
APGW = Family("my APGW", apgw_cumulative, apgw_log_hazard, (-0.45, 0.3), "log1p", (-0.999, 100.0))


def interval_data():
    data = VETERAN.copy()
    data["left"] = np.where(data["status"] == 1, np.floor(data["time"] / 30) * 30, data["time"])
    data["right"] = np.where(data["status"] == 1, data["left"] + 30, np.nan)
    data["entry"] = data["time"] * 0.3
    data["weight"] = 1.0 + np.arange(len(data)) % 3
    return data


FORMS = {
    "right": ("Surv(time, status) ~ karno", {}),
    "entry": ("Surv(entry, time, status) ~ karno", {}),
    "interval": ('Surv(left, right, type="interval2") ~ karno', {}),
    "power": ("Surv(time, status) ~ karno", {"power": "~ celltype"}),
    "ph": ("Surv(time, status) ~ karno", {"scale": "ph"}),
    "weights": ("Surv(time, status) ~ karno", {"weights": "weight"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_weibull_of_ones_own_is_the_built_in_one(form):
    formula, options = FORMS[form]
    data = interval_data()
    own = smx.FlexibleSurvival(formula, data, distribution=WEIBULL, **{"other_scale": 1.0, **options}).fit()
    built_in = smx.FlexibleSurvival(
        formula, data, distribution="weibull", **{"other_scale": 1.0, **options}
    ).fit()
    assert own.converged
    assert own.llf == pytest.approx(built_in.llf, abs=1e-9)
    # a search ends where the Newton decrement is below 1e-10: within sqrt(2e-10) standard errors of the maximum
    apart = np.abs(own.params - built_in.params) / built_in.bse
    assert (apart < 2.0 * np.sqrt(2e-10)).all()
    assert_allclose(own.bse, built_in.bse, rtol=1e-6)


SHAPED = {
    "right": ("Surv(time, status) ~ treatment", {}),
    "shape": ("Surv(time, status) ~ treatment", {"shape": "~ treatment"}),
    "both": ("Surv(time, status) ~ treatment", {"other_scale": "~ 1"}),
    "robust": ("Surv(time, status) ~ treatment", {"cluster": "age"}),
}


@pytest.mark.parametrize("form", SHAPED)
def test_the_compiled_family_written_by_hand(form):
    formula, options = SHAPED[form]
    own = smx.FlexibleSurvival(formula, MELANOMA, distribution=APGW, **options).fit()
    built_in = smx.FlexibleSurvival(formula, MELANOMA, **options).fit()
    assert own.llf == pytest.approx(built_in.llf, abs=1e-8)
    assert_allclose(own.params, built_in.params, atol=2e-5 if form == "both" else 1e-6)
    assert_allclose(own.bse, built_in.bse, rtol=1e-5)


@pytest.mark.parametrize("cure_kind", ["mixture", "promotion"])
@pytest.mark.parametrize("form", ["right", "entry", "interval"])
def test_cure_with_a_family_of_ones_own(form, cure_kind):
    formula, _ = FORMS[form]
    options = {"cure": "~ 1", "cure_kind": cure_kind, "scale": "aft", "other_scale": 1.0}
    data = interval_data()
    own = smx.FlexibleSurvival(formula, data, distribution=WEIBULL, **options)
    built_in = smx.FlexibleSurvival(formula, data, distribution="weibull", **options)
    from statmodels_x.survival.kernels.likelihood import loglik, row_scores

    theta = np.array([-1.0, -0.03, 0.1, -0.8])
    for one, other, accuracy in zip(
        loglik(theta, own.to_arrays()), loglik(theta, built_in.to_arrays()), (1e-13, 1e-9, 1e-8), strict=True
    ):
        assert_allclose(one, other, rtol=accuracy, atol=accuracy * np.abs(other).max())
    ours, theirs = (row_scores(theta, model.to_arrays()) for model in (own, built_in))
    assert_allclose(ours, theirs, atol=1e-8 * np.abs(theirs).max())


KINDS = {
    "survival": [50.0, 400.0],
    "hazard": [50.0],
    "cumulative_hazard": [50.0],
    "density": [50.0],
    "odds": [50.0],
    "quantile": [0.1, 0.9],
    "median": None,
    "mean": None,
    "rmst": [200.0],
    "link": None,
}


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_of_a_family_of_ones_own(kind):
    newdata = pd.DataFrame({"karno": [40.0, 80.0]})
    own = smx.FlexibleSurvival(
        "Surv(time, status) ~ karno", VETERAN, distribution=WEIBULL, scale="aft", other_scale=1.0
    ).fit()
    built_in = smx.FlexibleSurvival(
        "Surv(time, status) ~ karno", VETERAN, distribution="weibull", scale="aft"
    ).fit()
    columns = ["estimate", "std_error", "lower", "upper"]
    ours, theirs = (fit.predict(newdata, kind=kind, at=KINDS[kind])[columns] for fit in (own, built_in))
    assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("kind", "at"), [("cure_fraction", None), ("mean", None), ("quantile", [0.5, 0.99])])
@pytest.mark.parametrize("given", [None, 2.0])
def test_the_plateau_of_a_family_of_ones_own(kind, at, given):
    newdata = pd.DataFrame({"treatment": [0, 1]})
    own, built_in = (
        smx.FlexibleSurvival("Surv(time, status) ~ treatment", MELANOMA, scale="ph", distribution=law).fit()
        for law in (APGW, "apgw")
    )
    # where a mean ends to be finite a family of one's own does not say, so that its limits are unknown
    columns = ["estimate", "std_error"] if kind == "mean" else ["estimate", "std_error", "lower", "upper"]
    ours, theirs = (fit.predict(newdata, kind, at, given=given)[columns] for fit in (own, built_in))
    assert_allclose(ours, theirs, rtol=2e-5)
    assert np.isinf(theirs["estimate"]).any() == (kind != "cure_fraction")


def test_a_falling_gompertz_of_ones_own_is_a_promotion_time_exponential():
    falling = Family(
        "falling Gompertz",
        lambda z: -np.expm1(-z),
        lambda z: -z,
        fixed={"scale": "ph", "other_scale": "~ 1", "power": 1.0},
    )
    own = smx.FlexibleSurvival("Surv(time, status) ~ treatment", MELANOMA, distribution=falling).fit()
    cure = smx.FlexibleSurvival(
        "Surv(time, status) ~ 1",
        MELANOMA,
        distribution="exponential",
        cure="~ treatment",
        cure_kind="promotion",
    ).fit()
    assert own.llf == pytest.approx(cure.llf, abs=1e-8)
    newdata = pd.DataFrame({"treatment": [0, 1]})
    columns = ["estimate", "std_error", "lower", "upper"]
    ours, theirs = (fit.predict(newdata, "cure_fraction")[columns] for fit in (own, cure))
    assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize(
    ("law", "shape"),
    [(APGW, -0.4), (Family("bounded", lambda z: z / (1 + z), lambda z: -2 * np.log1p(z)), "~ 1")],
)
def test_no_cure_beside_a_plateau(law, shape):
    with pytest.raises(DataError, match="has a cured fraction of its own"):
        smx.FlexibleSurvival("Surv(time, status) ~ 1", MELANOMA, distribution=law, shape=shape, cure="~ 1")


@pytest.mark.parametrize("law", ["lognormal", "gengamma"])
def test_a_proper_family_has_no_plateau(law):
    fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", MELANOMA, distribution=law).fit()
    found = fit.predict(pd.DataFrame({"treatment": [0]}), "cure_fraction")
    assert found["estimate"].iloc[0] == 0.0
    assert np.isnan(found["std_error"].iloc[0])


def test_the_lognormal_is_that_of_lifelines():
    fit = smx.FlexibleSurvival("Surv(time, status) ~ karno", VETERAN, distribution="lognormal").fit()
    peer = LogNormalAFTFitter().fit(VETERAN[["time", "status", "karno"]], "time", "status")
    assert fit.llf == pytest.approx(peer.log_likelihood_, abs=1e-6)
    location = peer.params_["mu_"]
    assert fit.params["aft"]["karno"] == pytest.approx(-location["karno"], abs=1e-5)
    assert fit.params["power"]["Intercept"] == pytest.approx(-peer.params_["sigma_"]["Intercept"], abs=1e-5)
    assert fit.bse["aft"]["karno"] == pytest.approx(peer.standard_errors_["mu_"]["karno"], rel=1e-4)
    # its distributions are scipy's
    mu, sigma = -fit.params["aft"] @ [1.0, 60.0], np.exp(-fit.params["power"].iloc[0])
    law = stats.lognorm(sigma, scale=np.exp(mu))
    newdata = pd.DataFrame({"karno": [60.0]})
    assert_allclose(
        fit.predict(newdata, kind="survival", at=[10, 100, 900])["estimate"], law.sf([10, 100, 900])
    )
    assert fit.predict(newdata, kind="mean")["estimate"].iloc[0] == pytest.approx(law.mean(), rel=1e-6)
    assert fit.predict(newdata, kind="quantile", at=[0.3])["estimate"].iloc[0] == pytest.approx(law.ppf(0.3))


@pytest.mark.filterwarnings("ignore")  # of lifelines' optimiser
def test_the_generalised_gamma_reaches_that_of_lifelines():
    fit = smx.FlexibleSurvival("Surv(time, status) ~ karno", VETERAN, distribution="gengamma").fit()
    peer = GeneralizedGammaRegressionFitter().fit(
        VETERAN[["time", "status", "karno"]],
        "time",
        "status",
        regressors={"mu_": "karno", "sigma_": "1", "lambda_": "1"},
    )
    assert fit.is_regular
    assert fit.llf == pytest.approx(peer.log_likelihood_, abs=1e-5)
    assert fit.params["shape"].iloc[0] == pytest.approx(peer.params_["lambda_"].iloc[0], abs=1e-3)


@pytest.mark.parametrize(("shape", "special"), [(1.0, "weibull"), (0.0, "lognormal")])
def test_special_cases_of_the_generalised_gamma(shape, special):
    formula = "Surv(time, status) ~ karno"
    fit = smx.FlexibleSurvival(formula, VETERAN, distribution="gengamma", shape=shape).fit()
    case = smx.FlexibleSurvival(formula, VETERAN, distribution=special, scale="aft").fit()
    assert fit.llf == pytest.approx(case.llf, abs=1e-8)
    assert_allclose(fit.params, case.params, atol=1e-6)


@pytest.mark.parametrize("q", [-1.5, -0.4, 0.03, 0.5, 1.7])
def test_the_generalised_gamma_is_scipys(q):
    # T^(q gamma) is gamma distributed up to scale: Q > 0 the generalised gamma, Q < 0 its reciprocal
    z = np.array([0.05, 0.4, 1.0, 2.5])
    family = FAMILIES["gengamma"]
    law = stats.gengamma(q**-2, q, scale=(q**2) ** (1 / q))
    shape = np.full(4, q)
    assert_allclose(family.cumulative_hazard(z, shape), -law.logsf(z), rtol=1e-9)
    assert_allclose(family.log_hazard(z, shape), law.logpdf(z) - law.logsf(z), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("a", ["0.0078125", "0.3", "1", "30.4", "100", "1000"])
def test_stirlings_remainder_keeps_its_digits(a):
    """Against 50 digits: Stirling's series at a + 60, and the recursion of the gamma function down to a."""
    with localcontext() as context:
        context.prec = 50
        value, x = Decimal(float(a)), Decimal(float(a)) + 60
        log_gamma = (x - Decimal("0.5")) * x.ln() - x
        for power, (above, below) in enumerate([(1, 12), (-1, 360), (1, 1260), (-1, 1680), (1, 1188)]):
            log_gamma += Decimal(above) / below / x ** (2 * power + 1)
        log_gamma -= sum(((value + k).ln() for k in range(60)), Decimal(0))
        expected = float(log_gamma - ((value - Decimal("0.5")) * value.ln() - value))
    assert _stirling(np.array([float(a)]))[0] == pytest.approx(expected, abs=3e-15)


def test_numerical_derivatives_of_a_baseline():
    from statmodels_x.survival.kernels.baseline import baseline_terms

    rng = np.random.default_rng(2)
    q, nu = rng.uniform(-4.0, 2.0, 50), np.log1p(rng.uniform(-0.8, 2.5, 50))
    exact = np.array([baseline_terms(a, b, True) for a, b in zip(q, nu, strict=True)])
    found = APGW.terms(q, nu)
    size = np.abs(exact) + np.abs(exact[:, [0] * 6 + [6] * 6])
    order = np.array([0, 1, 1, 2, 2, 2] * 2)
    assert np.all(np.abs(found - exact) <= size * np.array([1e-14, 1e-11, 5e-8])[order])


def test_a_fit_is_saved_with_its_family(tmp_path):
    fit = smx.FlexibleSurvival("Surv(time, status) ~ karno", VETERAN, distribution="gengamma").fit()
    smx.save(fit, tmp_path / "fit.smx")
    again = smx.load(tmp_path / "fit.smx")
    newdata = pd.DataFrame({"karno": [50.0]})
    pd.testing.assert_frame_equal(again.predict(newdata, kind="median"), fit.predict(newdata, kind="median"))
    assert pickle.loads(pickle.dumps(fit)).llf == fit.llf


def test_a_family_of_ones_own_is_given_to_load(tmp_path):
    family = Family("lambdas", lambda z: z, lambda z: np.zeros_like(z))
    fit = smx.FlexibleSurvival("Surv(time, status) ~ karno", VETERAN, distribution=family).fit()
    smx.save(fit, tmp_path / "fit.smx")
    newdata = pd.DataFrame({"karno": [50.0]})
    again = smx.load(tmp_path / "fit.smx", family=family)
    pd.testing.assert_frame_equal(again.predict(newdata, kind="median"), fit.predict(newdata, kind="median"))
    other = Family("lambdas", lambda z: z, lambda z: np.zeros_like(z), has_mean=False)
    for given in (None, other, APGW, "lambdas"):
        with pytest.raises(DataError, match=r"a family of your own, 'lambdas'.*load\(path, family="):
            smx.load(tmp_path / "fit.smx", family=given)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", weibull_cumulative, weibull_log_hazard), "`name`"),
        (("x", None, weibull_log_hazard), "`cumulative_hazard`"),
        (("x", weibull_cumulative, 3.0), "`log_hazard`"),
        (("x", weibull_cumulative, lambda z: np.log(z)), "not the logarithm of the derivative"),
        (("x", lambda z: -z, weibull_log_hazard), "positive and rise"),
        (("x", lambda z: np.log(z - 1.0), weibull_log_hazard), "not finite"),
        (("x", lambda z: 1.0, weibull_log_hazard), "returned the shape"),
        (("x", apgw_cumulative, apgw_log_hazard, (0.5,), "cube"), "shape_link"),
        (("x", apgw_cumulative, apgw_log_hazard, (0.5,), "log", (1.0, 2.0)), "shape_starts"),
        (("x", weibull_cumulative, weibull_log_hazard, (), "log", (0.1, 2.0), {"kappa": 1}), "no argument"),
    ],
)
def test_what_is_no_family(arguments, message):
    with pytest.raises(DataError, match=message):
        Family(*arguments)


def test_arguments_that_contradict_a_family():
    def model(**options):
        return smx.FlexibleSurvival("Surv(time, status) ~ karno", VETERAN, **options)

    with pytest.raises(DataError, match="has no shape"):
        model(distribution="lognormal", shape="~ karno")
    with pytest.raises(DataError, match="must lie from"):
        model(distribution="gengamma", shape=40.0)
    with pytest.raises(DataError, match="contradicts"):
        model(distribution="lognormal", scale="ph")
    with pytest.raises(DataError, match="distribution"):
        model(distribution="lognorm")


def test_a_shape_that_runs_away_is_named():
    # deaths at one time only: the generalised gamma becomes a step
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {"time": np.where(rng.uniform(size=80) < 0.9, 1.0 + 1e-3 * rng.uniform(size=80), 0.5)}
    )
    data["status"] = 1
    with pytest.warns(Warning, match="Not identified|Not converged|Weakly"):
        fit = smx.FlexibleSurvival("Surv(time, status) ~ 1", data, distribution="gengamma").fit()
    assert not fit.is_regular or fit.warnings


NESTED = {
    ("weibull", "gengamma"): True,
    ("lognormal", "gengamma"): True,
    ("loglogistic", "gengamma"): False,
    ("weibull", "apgw"): True,
    ("lognormal", "apgw"): False,
    ("gengamma", "both"): False,
    ("own Weibull", "apgw"): False,
    ("own Weibull", "own, power"): True,
    ("own APGW", "own APGW, both"): True,
    ("own APGW", "both"): False,
}


@pytest.fixture(scope="module")
def families():
    forms = {
        **{
            name: {"distribution": name, "scale": "aft"}
            for name in ("weibull", "lognormal", "loglogistic", "gengamma", "apgw")
        },
        "both": {"scale": "aft", "other_scale": "~ 1"},
        "own Weibull": {"distribution": WEIBULL},
        "own, power": {"distribution": WEIBULL, "power": "~ treatment"},
        "own APGW": {"distribution": APGW},
        "own APGW, both": {"distribution": APGW, "other_scale": "~ 1"},
    }
    formula = "Surv(time, status) ~ treatment"
    return {name: smx.FlexibleSurvival(formula, MELANOMA, **form).fit() for name, form in forms.items()}


@pytest.mark.parametrize(("small", "large"), NESTED)
def test_one_baseline_is_not_nested_in_another(families, small, large):
    if NESTED[small, large]:
        test = families[small].lr_test(families[large])
        assert test["statistic"] == pytest.approx(2.0 * (families[large].llf - families[small].llf))
    else:
        with pytest.raises(DataError, match="not nested"):
            families[small].lr_test(families[large])


def test_a_score_test_stays_within_a_baseline(families):
    own = smx.FlexibleSurvival("Surv(time, status) ~ treatment", MELANOMA, distribution=APGW)
    with pytest.raises(DataError, match="another baseline"):
        families["lognormal"].score_test(own)
