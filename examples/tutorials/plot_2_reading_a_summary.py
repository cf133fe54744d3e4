"""
2. Reading a survival summary
=============================

The summary of a fit has five parts. This tutorial goes through them from top to bottom.

- **You will learn**: what each line of ``fit.summary()`` says, which lines to report, and which lines are warnings.
- **You need**: :ref:`sphx_glr_gallery_tutorials_plot_1_first_survival_fit.py`.
- **Time**: 10 minutes to read, two seconds to run.
"""

# %%
# A fit with three covariates
# ---------------------------
# We take the melanoma trial again and add age and sex. Age is centred in these data: it is given as years above the
# mean age of the patients.
import matplotlib.pyplot as plt
import pandas as pd

import statmodels_x as smx

data = smx.datasets.load_melanoma()
data["arm"] = pd.Categorical(
    data["treatment"].map({0: "observation", 1: "interferon"}), ["observation", "interferon"]
)
data["sex"] = data["sex"].map({0: "male", 1: "female"})
fit = smx.FlexibleSurvival("Surv(time, status) ~ arm + age + sex", data).fit()
fit.plot("forest")
plt.show()

# %%
# The forest plot is the short answer: one hazard ratio per covariate, with its 95 % interval. The dotted line at 1
# is no effect. The summary is the long answer.
print(fit.summary())

# %%
# The head
# --------
# *Observations* and *Events* are counts of rows and of relapses or deaths. Precision depends on the number of
# events. A rule of thumb asks for ten events per parameter or more.
#
# *Distribution: apgw* is the name of the flexible distribution that the package uses by default (the adapted power
# generalised Weibull). *Covariates on: ph* says that the covariates multiply the hazard (proportional hazards).
# *Fixed: phi* is a scale that is set to the median of the observed event times, so that the results do not depend on
# the unit of time. *Covariance: observed* says how the standard errors were computed: from the observed information,
# the usual way.
#
# *Converged* must be ``yes``. *Starts at best* says how many searches, from different starting values, ended at the
# best maximum. *Follow-up* is the longest time in the data. *Median* is the time by which half of the patients have
# had the event, with its interval.
#
# *Log-likelihood*, *AIC* and *BIC* compare this model with others that are fitted to the same rows. A single value
# has no meaning.
head = {"observations": fit.nobs, "events": fit.n_events, "AIC": round(fit.aic, 1), "BIC": round(fit.bic, 1)}
print(head)

# %%
# The coefficients
# ----------------
# Each block is one parameter of the distribution. The first block, ``ph``, has the covariates. Its coefficients are
# logarithms of hazard ratios. ``std err`` is the standard error, ``z`` is the coefficient divided by it, and
# ``P>|z|`` is the p-value of the test that the coefficient is 0.
#
# ``power`` and ``shape`` describe how the hazard changes over time. You seldom report them. ``power`` is the name of
# a parameter here, and not the power of a test.
#
# The natural scale
# -----------------
# This block shows the same estimates as hazard ratios. It is the one to report. ``tidy()`` returns the coefficients
# as a data frame, for a table of your own.
fit.tidy().query("parameter == 'ph'").round(3)

# %%
# A hazard ratio belongs to a unit of its covariate. For age the unit is one year, and the ratio is close to 1.
# ``per={"age": 10}`` gives the ratio for ten years.
decades = fit.tidy(per={"age": 10}).query("term == 'age'")
decades[["term", "per", "estimate", "conf.low", "conf.high", "p.value"]].round(3)

# %%
# The effects
# -----------
# A hazard ratio does not say how many patients benefit. The block *Effects* does. It gives differences of survival,
# of the mean time to a horizon, and of the median, averaged over the patients of the sample. The horizon is a time to
# which about a tenth of the patients were followed; here it is 7.5 years. *Wider model* repeats the effects under a
# model in which the covariate may also change the form of the hazard. If the two columns disagree, the effect depends
# on the assumption of proportional hazards.
effects = fit.effects(["arm"])
effects[["effect", "quantity", "estimate", "lower", "upper", "wide_estimate", "moves"]].round(3)

# %%
# The column ``moves`` marks disagreement. There is none here. The interval for a difference of medians is symmetric
# and often wide; :ref:`sphx_glr_gallery_tutorials_plot_1_first_survival_fit.py` explains why it may include 0
# although the interval of the hazard ratio excludes 1.
#
# The notes
# ---------
# The numbered notes at the end are part of the result. In this fit one of them says that the fitted curve ends in a
# plateau, and that the plateau is an extrapolation. Warnings of a fit appear as notes too; ``fit.warnings`` lists
# them.
for text in fit.warnings or ["no warnings"]:
    print(text)

# %%
# A fit that needs care
# ---------------------
# With few events the same model is unreliable, or has no usable maximum. The notes then say so. Here are the first
# 30 patients.
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)  # they are printed below
    small = smx.FlexibleSurvival("Surv(time, status) ~ arm + age + sex", data.head(30)).fit()
print(small.n_events, "events;", "regular:", small.is_regular)
for text in small.warnings:
    print("-", text)

# %%
# Do not report the standard errors of a fit whose ``is_regular`` is false. :doc:`/guide/survival` explains the
# kinds of warnings.
#
# Next
# ----
# :ref:`sphx_glr_gallery_tutorials_plot_3_figure_for_a_paper.py`.

# sphinx_gallery_start_ignore
assert fit.converged
assert fit.is_regular
assert not effects["moves"].any()
# sphinx_gallery_end_ignore
