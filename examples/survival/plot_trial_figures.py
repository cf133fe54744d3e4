"""
Figures of a trial, and the accuracy of predictions
===================================================

The report of a trial needs survival curves with numbers at risk, a forest plot of hazard ratios, effects in terms of
survival, and residuals. A model that is used for other patients must also be calibrated and must discriminate between
patients. This page makes these figures and measures for death after surgery for colon cancer
:cite:p:`moertel1990,moertel1995`.

Concordance and Brier scores come from scikit-survival: ``pip install "statmodels_x[scores]"``.
"""

# %%
# Data and model
# --------------
# The data are 888 patients without missing values. A random half is kept as a test set, because a model should be
# judged by patients who were not used to fit it.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

data = smx.datasets.load_colon()
data["years"] = data["time_death"] / 365.25
data["arm"] = pd.Categorical(data["rx"], ["Obs", "Lev", "Lev+5FU"])
data["log_nodes"] = np.log1p(data["nodes"])
covariates = ["arm", "age", "log_nodes", "extent", "obstruct", "adhere", "surg", "differ"]
data = data.dropna(subset=covariates)
chosen = np.random.default_rng(1).permutation(len(data)) < len(data) // 2
ours, others = data[chosen], data[~chosen]
formula = "Surv(years, status_death) ~ " + " + ".join(covariates)
trial = smx.FlexibleSurvival("Surv(years, status_death) ~ arm", data, time_unit="years").fit()
model = smx.FlexibleSurvival(formula, ours, time_unit="years").fit()
pd.DataFrame({"patients": [len(ours), len(others)]}, index=["for the fit", "kept aside"])

# %%
# Survival, with numbers at risk
# ------------------------------
# Bold curves with bands are the model, thin step curves with their limits are Kaplan-Meier, and short marks are
# censored patients. If two arms nearly coincide, draw only the two that are compared. ``at_risk=True`` adds the
# numbers at risk.
two = data[data["arm"] != "Lev"].assign(arm=lambda d: d["arm"].cat.remove_unused_categories())
pair = smx.FlexibleSurvival("Surv(years, status_death) ~ arm", two, power="~ arm", time_unit="years").fit()
fig, ax = plt.subplots(figsize=(7.5, 5.4), layout="constrained")
pair.plot("survival", by="arm", at_risk=True, ax=ax)
ax.get_legend().set_loc("lower left")
plt.show()

# %%
# A forest of ratios
# ------------------
# ``plot("forest")`` draws a forest plot of the hazard ratios with their 95 % intervals.
whole = smx.FlexibleSurvival(formula, data, time_unit="years").fit()
ax = whole.plot("forest")
plt.show()

# %%
# Effects in the units of the question
# ------------------------------------
# Differences in survival and in mean survival time, averaged over the patients. Each is shown beside that of a model
# in which the covariate may also change the shape of the hazard.
fig, axes = plt.subplots(1, 2, figsize=(10.5, 3.6), layout="constrained", sharey=True)
for ax, kind in zip(axes, ("survival_effects", "rmst_effects"), strict=True):
    whole.plot(kind, variables=["arm", "obstruct"], at=5, ax=ax)
axes[1].get_legend().remove()
plt.show()

# %%
# Residuals and influential rows
# ------------------------------
# Quantile residuals should lie on the line. ``dfbetas`` show by how many standard errors each patient changes the
# effect of a treatment. The largest are labelled by their index.
fig, axes = plt.subplots(1, 2, figsize=(10.5, 4.2), layout="constrained")
whole.plot_residuals("quantile", ax=axes[0])
whole.plot_residuals("dfbetas", term="ph.arm[T.Lev+5FU]", ax=axes[1])
plt.show()

# %%
# Calibration
# -----------
# In the test set, predicted five-year survival is compared with Kaplan-Meier in five groups of the prediction. On the
# dotted line the two are equal.
ax = model.plot("calibration", at=5, newdata=others)
plt.show()

# %%
calibrated = model.calibration(at=5, newdata=others)
calibrated.round(3)

# %%
# Concordance
# -----------
# The concordance is the probability that of two patients the one with the higher predicted risk dies first; 0.5 is
# chance. It is too optimistic in the patients used for the fit, but not in the test set.
treatment_only = smx.FlexibleSurvival("Surv(years, status_death) ~ arm", ours).fit()
concordance = pd.DataFrame(
    {
        "patients of the fit": [treatment_only.concordance(), model.concordance()],
        "others": [treatment_only.concordance(others), model.concordance(others)],
    },
    index=["treatment alone", "all covariates"],
)
concordance.round(3)

# %%
# Brier score
# -----------
# The Brier score is the mean squared difference between the outcome (1 if alive at the time, 0 if dead) and the
# predicted probability, weighted for censoring. Smaller is better. Compare it with that of a model without covariates.
nothing = smx.FlexibleSurvival("Surv(years, status_death) ~ 1", ours).fit()
years = np.arange(1, 8)
brier = pd.DataFrame(
    {
        name: fit.brier_score(years, others).set_index("time")["brier_score"]
        for name, fit in {
            "no covariate": nothing,
            "treatment alone": treatment_only,
            "all covariates": model,
        }.items()
    }
)
brier.round(3)

# %%
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
for k, name in enumerate(brier):
    ax.plot(brier.index, brier[name], marker="os^"[k], label=name, **smx.plotting.style(k))
ax.set_ylim(bottom=0.0)
smx.plotting.finish(ax, "Time (years)", "Brier score in other patients")
plt.show()

# %%
# What we learnt
# --------------
# - The treatment alone has a concordance close to chance, and yet it saves lives: concordance is about individual
#   patients, and the treatment effect is an average. With the number of nodes and the other covariates, the order is
#   right for nearly two of three pairs.
# - In the test set predicted and observed survival agree within the sampling error of Kaplan-Meier. The predictions
#   for the groups with the worst and the best prognosis are too extreme, as is usual for a model with ten coefficients
#   fitted to 444 patients.
# - The covariates reduce the Brier score at five years by 6 %. Most of the variation between patients is not
#   explained.
#
# The page checks its own numbers:
inside = calibrated["predicted"].between(calibrated["lower"], calibrated["upper"])
assert inside.sum() >= 4
assert 0.6 < concordance.loc["all covariates", "others"] < 0.72
assert concordance.loc["treatment alone", "others"] < 0.57
assert (brier["all covariates"] < brier["no covariate"]).all()
assert 0.05 < 1.0 - brier.loc[5, "all covariates"] / brier.loc[5, "no covariate"] < 0.08
