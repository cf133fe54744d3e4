"""Priors on coefficients and on survival at a time: penalised fits, honestly labelled."""

from __future__ import annotations

import math
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.stats import norm

import statmodels_x as smx
from statmodels_x.errors import DataError, DataWarning, IdentificationWarning
from statmodels_x.survival.kernels.likelihood import loglik

CURVES = {
    "sex": {"f": smx.Rates([2.0, 5.0], [0.01, 0.02, 0.04]), "m": smx.Rates([2.0, 5.0], [0.20, 0.15, 0.10])}
}
EFFECT = smx.Prior("ph.x", mean=0, sd=0.2)
ELDERS = smx.Prior.survival(at=3, median=0.3, interval=(0.2, 0.4), who={"x": 0, "sex": "f"})
NET = smx.Prior.survival(at=3, median=0.5, interval=(0.3, 0.7), who={"x": 1, "sex": "f"}, kind="net_survival")
PRIORS = [EFFECT, smx.Prior({"power.Intercept": 1.0, "ph.Intercept": -0.5}, 0.6, 0.4), ELDERS, NET]
MODELS = {
    "plain": {},
    "mixture": {"cure": "~ x"},
    "promotion": {"cure": "~ 1", "cure_kind": "promotion"},
    "lognormal": {"distribution": "lognormal", "scale": "aft"},
    "background": {"background": CURVES},
    "free factor": {"background": CURVES, "background_factor": "~ 1"},
}


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 300
    x, sex = rng.integers(0, 2, n), np.where(rng.random(n) < 0.5, "f", "m")
    time = (rng.standard_exponential(n) / (0.3 * np.exp(-0.5 * x))) ** (1.0 / 1.2)
    time = np.minimum(time, rng.standard_exponential(n) / np.where(sex == "m", 0.2, 0.02))
    end = rng.uniform(1.0, 8.0, n)
    return pd.DataFrame({"t": np.minimum(time, end), "d": (time < end) * 1, "x": x, "sex": sex})


def model(trial, prior=EFFECT, **options) -> smx.FlexibleSurvival:
    given = {"distribution": "weibull", "time_unit": "years"} | options
    return smx.FlexibleSurvival("Surv(t, d) ~ x", trial, prior=prior, **given)


def priors_for(options) -> list:
    return [smx.Prior("aft.x", 0, 0.2), ELDERS] if options.get("scale") == "aft" else PRIORS


@pytest.mark.parametrize("name", MODELS)
def test_derivatives_are_differences(trial, name):
    made = model(trial, priors_for(MODELS[name]), **MODELS[name])
    arrays = made.to_arrays()
    theta = 0.3 * np.random.default_rng(1).normal(size=arrays.n_parameters)
    value, score, hessian = loglik(theta, arrays)
    assert np.isfinite(value)
    steps = 1e-5 * np.eye(len(theta))
    up, down = ([loglik(theta + sign * step, arrays) for step in steps] for sign in (1.0, -1.0))
    slopes = [(a[0] - b[0]) / 2e-5 for a, b in zip(up, down, strict=True)]
    bends = [(a[1] - b[1]) / 2e-5 for a, b in zip(up, down, strict=True)]
    assert_allclose(score, slopes, rtol=1e-6, atol=1e-7 * np.abs(score).max())
    assert_allclose(hessian, bends, rtol=1e-6, atol=1e-7 * np.abs(hessian).max())


def test_the_mode_is_that_of_likelihood_times_densities(trial):
    """Weibull log-likelihood and normal densities written down once more, and maximised by another optimiser."""
    t, d, x = (trial[name].to_numpy(float) for name in "tdx")

    def minus(theta):
        level, slope, log_power = theta
        gamma = math.exp(log_power)
        eta = level + slope * x
        value = np.sum(d * (eta + log_power + (gamma - 1.0) * np.log(t)) - np.exp(eta) * t**gamma)
        value -= 0.5 * (slope / 0.2) ** 2
        total = math.exp(level) * 3.0**gamma
        return -(value - 0.5 * ((math.log(total) - ELDERS.mean) / ELDERS.sd) ** 2)

    fit = model(trial, [EFFECT, ELDERS]).fit()
    found = minimize(minus, fit.params.to_numpy() + 0.2, method="Nelder-Mead",
                     options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4_000})  # fmt: skip
    assert fit.llf_penalised == pytest.approx(-found.fun, abs=1e-8)
    assert_allclose(fit.params, found.x, atol=1e-6)
    assert fit.llf == pytest.approx(fit.llf_penalised - fit.llf_parts["prior"])
    parts = fit.llf_parts
    assert parts["trial"] == pytest.approx(fit.llf)
    assert parts["counts"] == parts["constant"] == 0.0


def test_errors_are_those_of_both_informations(trial):
    fit, plain = model(trial).fit(), smx.FlexibleSurvival("Surv(t, d) ~ x", trial, "weibull").fit()
    arrays = plain.sample.arrays
    _, _, hessian = loglik(fit.theta, arrays)
    prior = np.zeros((3, 3))
    prior[1, 1] = 1.0 / 0.2**2
    assert_allclose(fit.cov_params(), np.linalg.inv(prior - hessian), rtol=1e-8)
    effective = np.trace(np.linalg.solve(prior - hessian, -hessian))
    assert fit.n_criterion == pytest.approx(effective)
    assert 2.0 < effective < 3.0
    assert fit.aic == pytest.approx(-2.0 * fit.llf + 2.0 * effective)
    assert abs(fit.params["ph", "x"]) < abs(plain.params["ph", "x"])


def test_survival_prior_is_what_it_says():
    """Its median and the limits of its interval, on the scale of survival."""
    assert math.exp(-math.exp(ELDERS.mean)) == pytest.approx(0.3)
    low, high = (math.exp(-math.exp(ELDERS.mean + sign * norm.ppf(0.975) * ELDERS.sd)) for sign in (1, -1))
    assert "0.3, 95 % from " + f"{low:.3g} to {high:.3g}" in repr(ELDERS)
    wide = math.log(-math.log(0.2)) - math.log(-math.log(0.4))
    assert pytest.approx(wide) == 2.0 * norm.ppf(0.975) * ELDERS.sd
    half = smx.Prior.survival(at=8, median=0.3, interval=(0.2, 0.4), level=0.5)
    assert half.sd == pytest.approx(wide / (2.0 * norm.ppf(0.75)))


@pytest.mark.parametrize("name", ["plain", "background", "free factor"])
def test_a_sharp_survival_prior_is_met(trial, name):
    sharp = smx.Prior.survival(at=3, median=0.25, interval=(0.245, 0.255), who={"x": 0, "sex": "f"})
    net = smx.Prior.survival(
        at=3, median=0.5, interval=(0.49, 0.51), who={"x": 1, "sex": "f"}, kind="net_survival"
    )
    options = MODELS[name]
    who = pd.DataFrame({"x": [0], "sex": ["f"]})
    fit = model(trial, sharp, **options).fit()
    assert fit.predict(who, at=[3.0])["estimate"].iloc[0] == pytest.approx(0.25, abs=3e-3)
    fit = model(trial, net, **options).fit()
    kind = "survival" if name == "plain" else "net_survival"
    table = fit.predict(who.assign(x=1, sex="f"), kind=kind, at=[3.0])
    assert table["estimate"].iloc[0] == pytest.approx(0.5, abs=3e-3)


def test_columns_far_from_0_have_the_same_prior(trial):
    """A covariate such as a calendar year is centred inside; its coefficient's prior is that of the coefficient."""
    rng = np.random.default_rng(4)
    year = rng.uniform(0.0, 3.0, len(trial))
    near, far = trial.assign(z=year), trial.assign(z=year + 2_000.0)
    options = {"prior": smx.Prior("ph.z", 0.4, 0.1), "distribution": "weibull"}
    one, two = (smx.FlexibleSurvival("Surv(t, d) ~ x + z", data, **options).fit() for data in (near, far))
    assert two.inner is not None
    assert two.params["ph", "z"] == pytest.approx(one.params["ph", "z"], rel=1e-6)
    assert two.bse["ph", "z"] == pytest.approx(one.bse["ph", "z"], rel=1e-6)
    assert two.llf_penalised == pytest.approx(one.llf_penalised, rel=1e-9)


def test_the_summary_says_that_the_fit_is_penalised(trial):
    text = " ".join(str(model(trial, [EFFECT, ELDERS]).fit().summary()).split())
    for said in (
        "penalised information",
        "(penalised -",
        "Penalised by priors (ph.x: mean 0, sd 0.2; survival at 3 of x = 0, sex = 'f': 0.3, 95 % from",
        "mode of likelihood times priors",
        "of 3 that the data determine",
    ):
        assert said in text
    assert "2 priors" in model(trial, [EFFECT, ELDERS]).fit().label
    assert "score test" not in text


def test_what_the_prior_alone_determines_is_named(trial):
    weak = smx.Prior("ph.x", mean=0.1, sd=0.001)
    with pytest.warns(IdentificationWarning, match=r"Determined by the prior: ph x: less than 5%"):
        fit = model(trial, weak).fit()
    assert fit.params["ph", "x"] == pytest.approx(0.1, abs=1e-3)
    assert fit.is_regular
    vague = model(trial, smx.Prior("ph.x", mean=0, sd=100)).fit()
    assert not [finding for finding in vague.findings if finding.kind == "by_prior"]
    plain = smx.FlexibleSurvival("Surv(t, d) ~ x", trial, "weibull").fit()
    assert_allclose(vague.params, plain.params, atol=1e-4)
    assert vague.n_criterion == pytest.approx(3.0, abs=1e-4)


def test_priors_that_the_data_contradict_are_named(trial):
    far = [smx.Prior("ph.x", 3, 0.2), smx.Prior("power.Intercept", 0.2, 0.5)]
    with pytest.warns(
        DataWarning, match=r"contradict the prior ph.x: mean 3, sd 0.2: the estimate is \d+\.\d of"
    ):
        fit = model(trial, far).fit()
    assert [finding.kind for finding in fit.findings].count("prior_contradicted") == 1
    with pytest.warns(DataWarning, match="contradict the prior"):
        both = model(trial, [smx.Prior("ph.x", -2, 0.1), smx.Prior("ph.x", 2, 0.1)]).fit()
    assert [finding.kind for finding in both.findings].count("prior_contradicted") == 2


def test_only_what_the_prior_holds_is_said_to_be_the_priors(trial):
    """Far from the data, too: the power is the data's."""
    with pytest.warns(IdentificationWarning, match=r"Determined by the prior: ph: "):
        model(trial, smx.Prior("ph.x", 30, 0.01)).fit()


def test_few_events_are_enough_for_what_priors_hold(trial):
    few = trial.sort_values("t").head(4)
    priors = [
        smx.Prior("ph.Intercept", -1, 0.3),
        smx.Prior("ph.x", 0, 0.2),
        smx.Prior("power.Intercept", 0.2, 0.1),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = model(few, priors).fit()
    assert not [finding for finding in fit.findings if finding.kind in ("overfitted", "few_events")]


def test_an_arm_without_events_has_an_estimate_with_a_prior(trial):
    none = trial.assign(d=np.where(trial["x"] == 1, 0, trial["d"]))
    fit = model(none, smx.Prior("ph.x", 0, 2)).fit()
    assert -6.0 < fit.params["ph", "x"] < -2.0
    assert np.isfinite(fit.bse["ph", "x"])


def test_likelihood_ratios_are_refused(trial):
    fit, plain = model(trial).fit(), smx.FlexibleSurvival("Surv(t, d) ~ x", trial, "weibull").fit()
    larger = model(trial, power="~ x")
    for call in (
        lambda: fit.lr_test(larger.fit()),
        lambda: plain.lr_test(fit),
        lambda: fit.score_test(larger),
        lambda: fit.conf_int(method="profile"),
        lambda: fit.predict(trial.head(1), at=[1.0], average=True),
        lambda: fit.predict(trial.head(1), at=[1.0], average=[fit, fit]),
    ):
        with pytest.raises(DataError, match="penalised"):
            call()
    for one, two in ((fit, plain), (fit, model(trial, smx.Prior("ph.x", 0, 0.3)).fit())):
        with pytest.raises(DataError, match="their priors"):
            smx.compare(one, two)
    table = smx.compare(fit, larger.fit())
    assert table["LR"].isna().all()
    cured = model(trial, smx.Prior("cure.Intercept", -1, 1), cure="~ 1").fit()
    with pytest.raises(DataError, match="penalised"):
        cured.profile_cure_fraction()


@pytest.mark.parametrize("cov_type", ["robust", "cluster"])
def test_sandwiches_are_refused(trial, cov_type):
    with pytest.raises(DataError, match="sandwich"):
        model(trial, cluster=np.arange(len(trial)) // 2).fit(cov_type)


def test_no_sandwich_is_the_default_either(trial):
    made = model(trial, weights=np.linspace(0.5, 1.5, len(trial)))
    with pytest.raises(DataError, match='cov_type="observed"'):
        made.fit()
    assert made.fit("observed").cov_type == "observed"


def test_bad_priors_are_named(trial):
    for build, says in (
        (lambda: smx.Prior("ph.x", 0, 0), "`sd` is 0"),
        (lambda: smx.Prior("ph.x", 0, -1), "`sd` is -1"),
        (lambda: smx.Prior("ph.x", math.nan, 1), "`mean` is nan"),
        (lambda: smx.Prior("ph.x", 0, math.inf), "`sd` is inf"),
        (lambda: smx.Prior(3, 0, 1), "`coefficient` is 3"),
        (lambda: smx.Prior({"ph.x": 0}, 0, 1), "every weight is 0"),
        (lambda: smx.Prior({"ph.x": "a"}, 0, 1), "the weight of ph.x"),
        (lambda: smx.Prior.survival(8, 0.5, (0.6, 0.7)), "`median` is 0.5, which is not within"),
        (lambda: smx.Prior.survival(8, 0.5, (0.0, 0.7)), "`interval` is 0"),
        (lambda: smx.Prior.survival(8, 0.5, 0.2), "interval"),
        (lambda: smx.Prior.survival(0, 0.5, (0.4, 0.7)), "`at` is 0"),
        (lambda: smx.Prior.survival(8, 0.5, (0.4, 0.7), who="x"), "`who` is 'x'"),
        (lambda: smx.Prior.survival(8, 0.5, (0.4, 0.7), kind="hazard"), "`kind` is 'hazard'"),
        (lambda: model(trial, "ph.x"), "`prior` holds a str"),
        (lambda: model(trial, 3), "`prior` is 3"),
        (lambda: model(trial, smx.Prior("ph.y", 0, 1)), r"no coefficient 'ph.y'; it has ph.Intercept, ph.x"),
        (lambda: model(trial, smx.Prior.survival(8, 0.5, (0.4, 0.7))), r"`prior`: `who` .* has no 'x'"),
        (lambda: model(trial, smx.Prior.survival(8, 0.5, (0.4, 0.7), who={"x": 1}), background=CURVES),
         r"`prior`: `who` .* has no 'sex'"),
        (lambda: model(trial.assign(b=0.01), smx.Prior.survival(8, 0.5, (0.4, 0.7), who={"x": 1}), background="b"),
         "known at the times of the fit alone"),
        (lambda: smx.ladder("Surv(t, d) ~ x", trial, prior=EFFECT), r"ladder\(\): `prior` is of a coefficient"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=says):
            build()


def test_dask_frames_are_refused_by_name(trial):
    frame = pytest.importorskip("dask.dataframe").from_pandas(trial, npartitions=2)
    with pytest.raises(DataError, match="`prior` needs rows in memory"):
        model(frame)


@pytest.mark.parametrize("keep", [False, True])
def test_files_and_pickles(trial, tmp_path, keep):
    fit = model(trial, PRIORS, **MODELS["free factor"]).fit(keep_data=keep)
    smx.save(fit, tmp_path / "fit.smx")
    for one in (smx.load(tmp_path / "fit.smx"), pickle.loads(pickle.dumps(fit))):
        assert one.llf_penalised == fit.llf_penalised
        assert one.n_criterion == fit.n_criterion
        assert one.specification.prior == fit.specification.prior
        assert str(one.summary(effects=False)) == str(fit.summary(effects=False))
        assert not fit.differs_from(one)
        if keep:
            assert loglik(one.theta, one.sample.arrays)[0] == pytest.approx(fit.llf_penalised, rel=1e-12)


def test_with_counts(trial):
    """Trial, counts and priors add up to what was maximised; more counts leave less to the prior."""
    registry = pd.DataFrame({"from": [4.0], "to": [8.0], "n": [60.0], "r": [20.0]})

    def fitted(times):
        frame = registry.assign(n=60.0 * times, r=20.0 * times)
        given = smx.ExternalCounts(frame, start="from", stop="to", alive="r", at_risk="n", at={"x": 0})
        return model(trial, [EFFECT, smx.Prior("power.Intercept", 0, 0.05)], external=given).fit()

    few, many = fitted(1), fitted(100)
    parts = few.llf_parts
    assert parts[["trial", "counts", "prior"]].sum() == pytest.approx(few.llf_penalised, rel=1e-12)
    assert few.n_criterion < many.n_criterion < 3.0


def test_survival_priors_in_a_ladder(trial):
    table = smx.ladder("Surv(t, d) ~ x", trial, prior=smx.Prior.survival(8, 0.3, (0.2, 0.4), who={"x": 0}))
    assert len(table) > 20
    assert table["LR"].isna().all()
