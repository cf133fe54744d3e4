"""
Lung cancer: scale, power and plateau
=====================================

What does a covariate do to the *size* of the hazard (the scale), what to its *course* over time (the power), and does
the curve end in a *plateau*? This page answers these questions for the Veterans' Administration trial: 137 men with
advanced lung cancer, 128 of whom died during follow-up :cite:p:`kalbfleisch2002`. The paper behind this family asked
them of other data (855 patients in Northern Ireland), which are not public.
"""

# %%
# Data
# ----
# Times are in days. The Karnofsky score says how well a patient manages daily life, from 10 to 100.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

data = smx.datasets.load_veteran()
data["celltype"] = pd.Categorical(data["celltype"], ["squamous", "smallcell", "adeno", "large"])
data[["time", "status", "treatment", "celltype", "karno"]].describe(include="all").round(1)

# %%
# The scale: one ratio for all times
# ----------------------------------
# One line fits the default: covariates multiply the hazard, and time is counted in medians of the events.
formula = "Surv(time, status) ~ treatment + celltype + karno"
main = smx.FlexibleSurvival(formula, data).fit()
print(main.summary())

# %%
# A Karnofsky score that is a point better goes with a hazard that is 3 % lower (a ratio of 0.969, 0.960 to 0.979).
# Adenocarcinoma and small-cell tumours are the worst. The test treatment does nothing that these data could show.
# The notes point further: score tests say that the cell type and the Karnofsky score may act on the power, too. The
# forest of the ratios:
ax = main.plot("forest")
ax.figure.set_layout_engine("constrained")
plt.show()

# %%
# The power: what acts early, and what late
# -----------------------------------------
# A score taken at entry should matter less the longer ago it was taken. With ``karno`` in the power the hazard ratio
# may move. The data want it: the likelihood-ratio test has p = 0.001.
worn = smx.FlexibleSurvival(formula, data, power="~ karno").fit()
main.lr_test(worn)

# %%
# The hazard ratio of a score of 80 against 40 is 0.1 at ten days and 0.6 at half a year, from when on its interval
# holds 1. The one ratio of the first model, 0.29, is right near day 40, too timid before and too bold after.
typical = data[["treatment", "celltype", "karno"]].head(1).assign(treatment="standard", celltype="squamous")
fitter, weaker = typical.assign(karno=80), typical.assign(karno=40)
days = np.linspace(10, 400, 300)
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
for k, (label, fit) in enumerate({"scale": main, "scale and power": worn}.items()):
    table = fit.predict(fitter, "hazard_ratio", at=days, reference=weaker)
    smx.plotting.curve(
        axes[0], days, *(table[c].to_numpy() for c in ("estimate", "lower", "upper")), label, k
    )
axes[0].axhline(1.0, color="0.4", linewidth=0.8, linestyle=":")
axes[0].set_yscale("log")
axes[0].set_ylim(0.02, 4)
smx.plotting.plain_log_ticks(axes[0].yaxis)
smx.plotting.finish(axes[0], "Time (days)", "Hazard ratio, Karnofsky 80 against 40", "karno in")
both = pd.concat([weaker, fitter]).set_index(pd.Index(["Karnofsky 40", "Karnofsky 80"]))
worn.plot("survival", newdata=both, at=np.linspace(0, 400, 200), ax=axes[1])
axes[1].set_title("Squamous tumour, standard treatment", fontsize="medium")
plt.show()

# %%
# What this means for patients, averaged over them: alive after a month and after a year, had all a score of 40 or of
# 80. The one ratio puts the gain of the first month at 25 points, where it is 33, and that of a year at 16, where it
# is 9.
stages = {}
for name, fit in {"scale": main, "scale and power": worn}.items():
    for at in (30, 365):
        alive = fit.standardise("survival", [at], by="karno", levels=[40, 80])["estimate"].to_numpy()
        stages[name, f"alive after {at} days"] = [*alive, alive[1] - alive[0]]
stages = pd.DataFrame(stages, index=["Karnofsky 40", "Karnofsky 80", "difference"]).T
stages.round(3)

# %%
# ``effects()`` gives that warning without being asked: it sets each effect beside that of the model with the power,
# and marks those that move.
main.effects(["karno"], at=30)[["effect", "quantity", "estimate", "wide_estimate", "moves"]].round(3)

# %%
# The plateau: there is none
# --------------------------
# ``kappa`` says how the curve ends: below 0 it levels off, and a share of the patients would never die of the disease.
# Here it is 0.46, with an interval of 0.16 to 0.85: the curve goes down to 0. Nearly all patients were followed to
# their death, so follow-up would show a plateau if there was one, and a model with a cured fraction puts it at 0.
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", smx.core.errors.StatmodelsXWarning)  # it is read from the fit, below
    cured = smx.FlexibleSurvival(formula, data, power="~ karno", cure="~ 1").fit()
pd.DataFrame(
    {
        "kappa": worn.natural_params.loc["shape", ["estimate", "lower", "upper"]].iloc[0],
        "cured fraction": cured.predict(typical, "cure_fraction")[["estimate", "lower", "upper"]].iloc[0],
    }
).T.round(3)

# %%
print("\n".join(cured.warnings))

# %%
# The ladder for cell type
# ------------------------
# Which parameters need the cell type? With both scales the data no longer determine the shape, and the table says so:
# a fit that ran to a limit of the family is given as the limiting member, one whose parameters are hardly told apart
# is marked as weak, and one that a degenerate end of the likelihood overtakes (a "guarantee time", a Weibull that
# starts at the first death) has the height of that ridge beside it, and no rank above the others.
forms = {
    "Weibull, scale": {"distribution": "weibull"},
    "Weibull, scale + power": {"distribution": "weibull", "power": "~ celltype"},
    "ph": {},
    "ph + power": {"power": "~ celltype"},
    "aft": {"scale": "aft"},
    "aft + power": {"scale": "aft", "power": "~ celltype"},
    "both scales, ph": {"other_scale": "~ 1"},
    "both scales, aft": {"scale": "aft", "other_scale": "~ 1"},
    "both scales, ph + power": {"other_scale": "~ 1", "power": "~ celltype"},
}
fits = {}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", smx.core.errors.IdentificationWarning)  # the table has a column for it
    for name, form in forms.items():
        fits[name] = smx.FlexibleSurvival("Surv(time, status) ~ celltype", data, **form).fit()
ladder = smx.compare(*fits.values(), names=list(fits))
ladder[["logLik", "df", "AIC", "delta_AIC", "BIC", "note", "starts", "ridge"]].round(2)

# %%
# The Weibull with cell type in scale and power is as good as anything: the fourth parameter is not needed once the
# power may differ.
#
# The unit of time
# ----------------
# The default counts time in medians of the events: in days and in months it is one model, with one p-value. With
# ``other_scale=1.0``, the form of the paper, ``phi`` is 1 *per unit of time*, and the proportional form in days is
# another model than in months. Log-likelihoods below are all on the scale of days.
months = data.assign(time=data["time"] / 30.4375)
events = int(data["status"].sum())
unit = {}
for name, form in {"default": {}, "ph, phi = 1": {"other_scale": 1.0}}.items():
    for label, frame, shift in (("days", data, 0.0), ("months", months, -events * np.log(30.4375))):
        fit = smx.FlexibleSurvival(formula, frame, **form).fit()
        unit[name, label] = {"log-likelihood": fit.llf + shift, "p of karno": fit.pvalues["ph", "karno"]}
unit = pd.DataFrame(unit).T
unit

# %%
# What we learnt
# --------------
# - Performance status acts early and wears off: it belongs in the power as well as in the scale. One hazard ratio
#   understates what it does in the first month and overstates what it does after a year.
# - The curve goes down to 0: nothing in these data speaks of a plateau.
# - One scale and the power are enough here; with both scales the data no longer determine the shape.
#
# The page checks its own numbers:
assert np.isclose(main.llf, -715.7133, atol=1e-3)
assert np.isclose(worn.llf, -710.3636, atol=1e-3)
assert main.lr_test(worn)["p.value"] < 0.002
assert main.effects(["karno"], at=30).query("quantity == 'survival at 30'")["moves"].all()
assert np.allclose(stages["difference"], [0.250, 0.162, 0.326, 0.092], atol=2e-3)
assert (worn.natural_params.loc["shape", "lower"] > 0).all()
assert cured.predict(typical, "cure_fraction")["estimate"].iloc[0] < 0.01
assert np.isclose(fits["Weibull, scale + power"].aic, 1475.99, atol=1e-2)
assert ladder.index[0] == "Weibull, scale + power"
assert (ladder["note"] != "").sum() == 3
assert np.ptp(unit.loc["default", "log-likelihood"]) < 1e-5
assert np.isclose(*unit.loc["default", "p of karno"], rtol=1e-5)
assert np.ptp(unit.loc["ph, phi = 1", "log-likelihood"]) > 0.01
