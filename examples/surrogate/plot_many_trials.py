"""
Many trials: does an effect on progression predict an effect on survival?
=========================================================================

Fourteen comparisons of treatments of advanced melanoma with dacarbazine were published with two hazard ratios each,
for progression-free and for overall survival. If a further trial has a given hazard ratio on progression, which
hazard ratio on survival is to be expected? This page estimates the relation between the two effects and its
uncertainty. The numbers are published results of the named trials, read from a compilation and not checked against
each paper.
"""

# %%
# The table
# ---------
# One row per comparison. The last column is what the model needs and papers do not report: the correlation of the two
# *estimates* within a trial. It follows from how long patients live after progression. A process with the medians of
# this disease then (two months to progression, nine to death) gives a value to start from.
import matplotlib.pyplot as plt
import pandas as pd

import statmodels_x as smx

# sphinx_gallery_thumbnail_number = 2

trials = smx.datasets.load_melanoma_trials()
then = smx.IllnessDeath(3.2, 0.25, 1.3)
process = smx.IllnessDeathTrial(then, then, censoring=0.15)
within = round(process.effect_correlation(n=20_000), 2)
print(f"within-trial correlation of the process: {within}")
trials

# %%
# The fit
# -------
# We assume a correlation of .5, as analyses of such trials do, and the summary shows the results under other values.
model = smx.TrialLevelSurrogacy(
    "log(hr_os) ~ log(hr_pfs)",
    trials,
    limits=(("lower_os", "upper_os"), ("lower_pfs", "upper_pfs")),
    correlation=0.5,
    trial="trial",
)
fit = model.fit()
print(fit.summary())

# %%
# R2 between trials is .85, with an interval from .15 to 1. The point estimate suggests a strong surrogate, but
# fourteen trials cannot distinguish it from a weak one.
fig, axes = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
fit.plot("bubble", ax=axes[0])
fit.plot("sensitivity", ax=axes[1])
axes[0].set_title("Trials, line, and where a new trial's effect may lie", fontsize="medium")
axes[1].set_title("R2 by the within-trial correlation", fontsize="medium")
plt.show()

# %%
# A new trial
# -----------
# A hazard ratio of .6 on progression, estimated with a standard error of .12 on the log scale:
new = pd.DataFrame({"hr_pfs": [0.6]}, index=["new trial"])
prediction = fit.predict(new, std_error=0.12, exponentiate=True)
prediction.round(2)

# %%
# The prediction interval of the true hazard ratio of death includes 1. A benefit on survival is predicted only beyond
# the surrogate threshold effect:
threshold = fit.threshold_effect()
print(f"threshold: a hazard ratio of {threshold['ratio']:.2f} on progression")

# %%
# Does the result depend on one trial?
# ------------------------------------
# Each comparison is left out in turn, and its effect on survival is predicted from the others. All are inside their
# prediction intervals. But the relation depends on one of them: without the vemurafenib trial (Chapman) R2 is .42, and
# its interval extends from 0 to 1.
left_out = fit.leave_one_out()
ax = fit.plot("leave_one_out")
plt.show()
left_out.sort_values("r_squared")[["trial", "r_squared", "slope"]].head(3).round(3)

# %%
# Three of the comparisons come from one publication with three small cohorts. Left out together they change little.
together = smx.TrialLevelSurrogacy(
    "log(hr_os) ~ log(hr_pfs)",
    trials.assign(paper=trials["trial"].str.replace(r"ODay.", "ODay", regex=True)),
    limits=(("lower_os", "upper_os"), ("lower_pfs", "upper_pfs")),
    correlation=0.5,
    trial="trial",
    cluster="paper",
).fit()
by_paper = together.leave_one_out()
by_paper[by_paper["left_out"].str.contains("ODay")][["trial", "inside", "r_squared"]].round(3)

# %%
# In sentences for a paper
# ------------------------
# *Across 14 comparisons the treatment effects on progression-free and overall survival were correlated (R2 between
# trials .85, 95 % interval .15 to 1.00, at an assumed within-trial correlation of .5; .67 and .54 at .7 and .85). A
# hazard ratio below .51 on progression-free survival would predict a benefit on overall survival in a new trial. The
# result depended on one trial, without which R2 was .42 (interval 0 to 1). These trials do not establish
# progression-free survival as a surrogate, and do not rule it out.*
assert abs(fit.r_squared - 0.851) < 5e-4
assert abs(threshold["ratio"] - 0.508) < 2e-3
assert left_out["inside"].all()
assert left_out.loc[left_out["r_squared"].idxmin(), "trial"] == "Chapman"
assert prediction["upper"].iloc[0] > 1.0
