"""
Coming from flexsurv, lifelines or rstpm2
=========================================

This page makes the same analyses in four packages. R code is shown as text. lifelines and this package are run, and
their numbers are compared. The maxima of the likelihoods agree to about 1e-4. The parameters differ by a sign, a
logarithm or a reciprocal, and this page says which.
"""

# %%
# Data
# ----
# The melanoma trial E1684: 284 patients, 196 relapses or deaths, time in years; treatment, sex and age (centred).
import warnings

import lifelines
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

data = smx.datasets.load_melanoma()
columns = data[["time", "status", "treatment", "sex", "age"]]
covariates = "treatment + sex + age"
formula = f"Surv(time, status) ~ {covariates}"
arms = pd.DataFrame({"treatment": [0, 1], "sex": 0, "age": 0.0}, index=["control", "interferon"])

# %%
# Weibull, with covariates on the shape too
# -----------------------------------------
# In R:
#
# .. code-block:: r
#
#    library(flexsurv)
#    flexsurvreg(Surv(time, status) ~ treatment + sex + age, data = d, dist = "weibull",
#                anc = list(shape = ~ treatment + sex + age))
#
# lifelines calls it ``ancillary``; here it is ``power="~ ..."``. The other packages model log *time*, and we model the
# *speed* of time. The main coefficients therefore have the opposite sign, and those of the shape have the same sign.
lifelines_weibull = lifelines.WeibullAFTFitter().fit(columns, "time", "status", ancillary=True)
weibull = smx.FlexibleSurvival(
    formula, data, distribution="weibull", power=f"~ {covariates}", scale="aft", other_scale=1.0
).fit()


def side_by_side(fit, peer, names, signs):
    """Coefficients and standard errors of a fit of ours beside those of lifelines, turned to our signs."""
    table = pd.DataFrame({"estimate": fit.params, "std_error": fit.bse})
    places = [(names[parameter], term) for parameter, term in table.index]
    sign = np.array([signs[parameter] for parameter, _ in table.index])
    table["lifelines"] = peer.params_.loc[places].to_numpy()
    table["lifelines, converted"] = sign * table["lifelines"]
    table["its std_error"] = peer.standard_errors_.loc[places].to_numpy()
    return table


weibull_table = side_by_side(
    weibull, lifelines_weibull, {"aft": "lambda_", "power": "rho_"}, {"aft": -1, "power": 1}
)
weibull_table.round(4)

# %%
# Four distributions
# ------------------
# Each distribution is one argument. ``survreg`` has the first three, and flexsurv all of them (``"weibull"``,
# ``"llogis"``, ``"lnorm"``, ``"gengamma"``). lifelines has a class for each.
fits = {
    name: smx.FlexibleSurvival(formula, data, distribution=name, scale="aft").fit()
    for name in ("weibull", "loglogistic", "lognormal", "gengamma")
}
with warnings.catch_warnings():
    # lifelines' search passes through values that overflow; the result is compared below
    warnings.simplefilter("ignore")
    peers = {
        "weibull": lifelines.WeibullAFTFitter().fit(columns, "time", "status"),
        "loglogistic": lifelines.LogLogisticAFTFitter().fit(columns, "time", "status"),
        "lognormal": lifelines.LogNormalAFTFitter().fit(columns, "time", "status"),
        "gengamma": lifelines.GeneralizedGammaRegressionFitter().fit(
            columns,
            "time",
            "status",
            regressors={"lambda_": "1", "mu_": covariates, "sigma_": "1"},
        ),
    }

# %%
# The table compares the log-likelihoods. The column of flexsurv was made with the R package, version 2.3.2 (R 4.2.2).
flexsurv = {"weibull": -410.7103, "loglogistic": -392.1101, "lognormal": -386.3150, "gengamma": -365.6435}
likelihoods = pd.DataFrame(
    {
        "ours": {name: fit.llf for name, fit in fits.items()},
        "lifelines": {name: float(peer.log_likelihood_) for name, peer in peers.items()},
        "flexsurv": flexsurv,
    }
)
likelihoods.round(4)

# %%
# The conversions are as follows, for location mu, scale sigma and shape Q of log time as in flexsurv and lifelines:
#
# .. list-table::
#    :header-rows: 1
#
#    * - distribution
#      - theirs
#      - ours
#    * - Weibull
#      - flexsurv ``scale``, ``shape``; lifelines ``lambda_``, ``rho_``
#      - ``aft`` = −(b of log scale, ``lambda_``); ``power`` = log shape, ``rho_``
#    * - log-logistic
#      - flexsurv ``scale``, ``shape``; lifelines ``alpha_``, ``beta_``
#      - ``aft`` = −(b of log scale, ``alpha_``); ``power`` = log shape, ``beta_``
#    * - log-normal
#      - flexsurv ``meanlog``, ``sdlog``; lifelines ``mu_``, ``sigma_``
#      - ``aft`` = −(b of ``meanlog``, ``mu_``); ``power`` = −log ``sdlog``, −\ ``sigma_``
#    * - generalised gamma
#      - flexsurv ``mu``, ``sigma``, ``Q``; lifelines ``mu_``, ``sigma_``, ``lambda_``
#      - ``aft`` = −(b of ``mu``, ``mu_``); ``power`` = −log ``sigma``, −\ ``sigma_``; ``shape`` = ``Q``, ``lambda_``
#
# The next table is for the generalised gamma. Its Q is −1.8 here, which is a heavier tail than that of the log-normal
# (Q = 0), and far from the Weibull (Q = 1). (Note that ``regressors`` above is in alphabetical order. With ``mu_``
# first, lifelines 0.30.3 returns the same estimates, but attaches standard errors to the wrong names: .46 for
# treatment in place of .19.)
names = {"aft": "mu_", "power": "sigma_", "shape": "lambda_"}
gengamma_table = side_by_side(
    fits["gengamma"], peers["gengamma"], names, {"aft": -1, "power": -1, "shape": 1}
)
gengamma_table.round(4)

# %%
# All distributions here have the same parameters. ``aft`` is the log of a speed, so time ratios can be compared
# between distributions, including the four-parameter family at the end.
fits["apgw"] = smx.FlexibleSurvival(formula, data, scale="aft", other_scale=1.0).fit()
ratios = pd.DataFrame(
    {name: fit.natural_params.loc[("aft", "treatment")] for name, fit in fits.items()}
).T.drop(columns="quantity")
ratios["AIC"] = [fit.aic for fit in fits.values()]
ratios.astype(float).round(3)

# %%
# Predictions
# -----------
# In R:
#
# .. code-block:: r
#
#    summary(fit, newdata = arms, type = "survival", t = c(1, 5))
#    summary(fit, newdata = arms, type = "quantile", quantiles = 0.5)
#    summary(fit, newdata = arms, type = "rmst", t = 5)
#
# lifelines returns point estimates, and flexsurv intervals by simulation. Here intervals are by the delta method, or
# by simulation.
fit, peer = fits["lognormal"], peers["lognormal"]
fit.predict(arms, "survival", at=[1, 5])

# %%
both = pd.DataFrame(
    {
        "survival at 5": fit.predict(arms, "survival", at=[5])["estimate"].to_numpy(),
        "lifelines, survival at 5": peer.predict_survival_function(arms, times=[5]).iloc[0].to_numpy(),
        "median": fit.predict(arms, "median")["estimate"].to_numpy(),
        "lifelines, median": peer.predict_median(arms).to_numpy(),
    },
    index=arms.index,
)
both.round(4)

# %%
# The figure compares the curves of this package (lines) and of lifelines (marks) under the four distributions, for
# men of mean age, with the Kaplan-Meier curve of each arm.
fig, axes = plt.subplots(1, 2, figsize=(10, 4.3), sharey=True, layout="constrained")
times, marks = np.linspace(0.01, 9.6, 200), np.linspace(0.3, 9.3, 10)
steps = (
    smx.FlexibleSurvival("Surv(time, status) ~ treatment", data, scale="aft", other_scale=1.0)
    .fit()
    .calibration("treatment")
)
distributions = ["weibull", "loglogistic", "lognormal", "gengamma"]
for ax, (row, title) in zip(axes, enumerate(arms.index), strict=True):
    km = steps[steps["treatment"] == row]
    ax.step(
        np.r_[0, km["time"]],
        np.r_[1, km["kaplan_meier"]],
        where="post",
        color="0.6",
        lw=1,
        label="Kaplan-Meier",
    )
    for k, distribution in enumerate(distributions):
        curve = fits[distribution].predict(arms.iloc[[row]], "survival", times)["estimate"]
        theirs = peers[distribution].predict_survival_function(arms.iloc[[row]], times=marks).iloc[:, 0]
        ax.plot(
            times, curve, color=smx.plotting.COLOURS[k], linestyle=smx.plotting.DASHES[k], label=distribution
        )
        ax.plot(marks, theirs, "o^sD"[k], color=smx.plotting.COLOURS[k], markersize=4.5)
    ax.plot([], [], "o", color="0.3", markersize=4.5, label="marks: lifelines")
    ax.set(title=title, ylim=(0, 1.02), xlim=(0, 9.7))
    smx.plotting.finish(ax, "Time (years)", "Relapse-free survival")
axes[1].set_ylabel("")
axes[1].get_legend().remove()
plt.show()

# %%
# Proportional hazards, and effects that change with time
# -------------------------------------------------------
# Users of rstpm2 model the log cumulative hazard by splines of log time, and let an effect vary with time by ``tvc``:
#
# .. code-block:: r
#
#    library(rstpm2)
#    fit <- stpm2(Surv(time, status) ~ treatment, data = d, df = 3, tvc = list(treatment = 2))
#    predict(fit, newdata = data.frame(treatment = 0), var = "treatment", type = "hr", grid = TRUE)
#    predict(fit, newdata = d, type = "meansurv", grid = TRUE)
#
# This package has no splines; the four-parameter family takes their place. ``scale="ph"`` gives proportional hazards,
# and ``power="~ treatment"`` lets the hazard ratio change over time. ``reference`` gives the patients to compare with
# (``newdata`` in rstpm2).
ph = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data, scale="ph", other_scale=1.0).fit()
moving = smx.FlexibleSurvival(
    "Surv(time, status) ~ treatment", data, scale="ph", power="~ treatment", other_scale=1.0
).fit()
treated, control = arms.loc[["interferon"], ["treatment"]], arms.loc[["control"], ["treatment"]]
moving.predict(treated, "hazard_ratio", at=[0.5, 1, 3, 5], reference=control)

# %%
# ``meansurv`` of rstpm2 and ``standsurv`` of flexsurv are called ``standardise`` here:
adjusted = smx.FlexibleSurvival(formula, data, scale="ph", other_scale=1.0).fit()
adjusted.standardise("survival", at=[5], by="treatment")

# %%
# For comparison with a spline: flexsurv's ``flexsurvspline`` with two knots and the three covariates, seven
# parameters in all, reports a log-likelihood of −365.8173 (AIC 745.6). The generalised gamma, with six parameters,
# and the four-parameter family with both scales, with seven, are slightly higher:
two_scales = smx.FlexibleSurvival(formula, data, other_scale="~ 1", scale="aft").fit()
shown = smx.compare(fits["gengamma"], two_scales, adjusted, names=["gengamma", "both scales", "ph"])
shown[["logLik", "df", "AIC", "delta_AIC", "regular"]].round(2)

# %%
# Cure
# ----
# In R:
#
# .. code-block:: r
#
#    library(flexsurvcure)
#    flexsurvcure(Surv(time, status) ~ treatment, data = d, dist = "lnorm", mixture = TRUE)
#    flexsurvcure(Surv(time, status) ~ treatment, data = d, dist = "gengamma", mixture = FALSE, link = "loglog")
#
# The formula of flexsurvcure refers to the cured fraction, which is the argument ``cure`` here. lifelines'
# ``MixtureCureFitter`` takes no covariates.
cured = {}
for distribution in ("weibull", "loglogistic", "lognormal", "gengamma"):
    for kind in ("mixture", "promotion"):
        with warnings.catch_warnings():
            # every cure model of this trial warns that follow-up does not support a plateau: see the cure page
            warnings.simplefilter("ignore", smx.errors.FollowUpWarning)
            cured[distribution, kind] = smx.FlexibleSurvival(
                "Surv(time, status) ~ 1",
                data,
                distribution=distribution,
                cure="~ treatment",
                cure_kind=kind,
                scale="aft",
            ).fit()
# of flexsurvcure 1.3.3; the fractions of two models were not kept
flexsurvcure = {
    ("weibull", "mixture"): (-379.2262, 0.2408, 0.3561),
    ("weibull", "promotion"): (-375.3632, 0.2299, 0.3559),
    ("loglogistic", "mixture"): (-370.8153, 0.2094, 0.3311),
    ("loglogistic", "promotion"): (-370.3686, np.nan, np.nan),
    ("lognormal", "mixture"): (-367.0154, 0.2206, 0.3403),
    ("lognormal", "promotion"): (-365.8471, np.nan, np.nan),
    ("gengamma", "mixture"): (-364.9780, 0.1599, 0.2901),
    ("gengamma", "promotion"): (-364.3850, 0.1337, 0.2455),
}
rows = []
for key, fit in cured.items():
    fraction = fit.predict(arms[["treatment"]], "cure_fraction")["estimate"].to_numpy()
    rows.append((*key, fit.llf, *fraction, *flexsurvcure[key]))
heads = ["logLik", "control", "interferon"]
cure_table = pd.DataFrame(
    rows,
    columns=pd.MultiIndex.from_tuples(
        [
            ("", "distribution"),
            ("", "kind"),
            *[(who, head) for who in ("ours", "flexsurvcure") for head in heads],
        ]
    ),
)
cure_table.round(4)

# %%
# What has no counterpart
# -----------------------
# - Splines (``flexsurvspline``, ``stpm2``), the gamma and the generalised F distribution are not available. A
#   distribution that is missing can be written as a :class:`~statmodels_x.Family`, with all predictions, all kinds of
#   censoring and cure.
# - A decreasing Gompertz hazard can be written in this way; :doc:`/guide/families` shows how. The built-in
#   ``"gompertz"`` increases.
# - Frailty (random effects) is not available. Competing risks and multi-state models are
#   :class:`~statmodels_x.MultiState` (:doc:`/guide/multistate`), and relative survival is the argument ``background``
#   (:doc:`/guide/background`).
#
# What we learnt
# --------------
# - Where the packages have the same model, the maximum of the likelihood is the same. The main coefficients have the
#   opposite sign.
# - All packages report the log-likelihood of the times themselves, so AIC can be compared between packages.
# - Their ancillary parameters are our ``power``, ``shape`` and ``cure``, each with a formula of its own.
#
# The page checks its own numbers:
assert np.isclose(weibull.llf, lifelines_weibull.log_likelihood_, atol=1e-4)
for table, accuracy in ((weibull_table, 2e-4), (gengamma_table, 2e-3)):
    assert np.abs(table["estimate"] - table["lifelines, converted"]).max() < accuracy
    assert np.allclose(table["std_error"], table["its std_error"], rtol=5e-3)
assert np.abs(likelihoods["ours"] - likelihoods["lifelines"]).max() < 2e-4
assert (likelihoods["ours"] > likelihoods["lifelines"] - 1e-6).all()
assert np.abs(likelihoods["ours"] - likelihoods["flexsurv"]).max() < 1e-4
for name in ("loglogistic", "lognormal"):
    main = {"loglogistic": "alpha_", "lognormal": "mu_"}[name]
    assert np.allclose(
        fits[name].params["aft"], -peers[name].params_[main][fits[name].params["aft"].index], atol=2e-3
    )
assert np.allclose(both["survival at 5"], both["lifelines, survival at 5"], atol=1e-4)
assert np.allclose(both["median"], both["lifelines, median"], rtol=1e-3)
assert (cure_table["ours"] - cure_table["flexsurvcure"]).abs().max().max() < 1.1e-4
assert min(two_scales.llf, fits["gengamma"].llf) > -365.8173
