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
# On the left:
#
# - *Response* is the left side of the formula.
# - *Distribution* is the family of distributions. ``apgw``, the default, is the adapted power generalised Weibull
#   distribution, a flexible family with the Weibull and the log-logistic distribution among its members.
# - *Covariates on: ph* says that the covariates multiply the hazard (proportional hazards).
# - *Fixed* lists parameters that are not estimated. ``phi`` only sets the scale of time, so it is fixed at one over
#   the median event time. A note repeats it.
# - *Covariance* says where the standard errors come from: ``observed`` is the observed information of the likelihood,
#   the usual choice. The others are ``robust`` and ``cluster``.
# - *Converged* must be ``yes``. *Starts at best* says how many searches, from different starting values, ended at the
#   same maximum.
# - *Median, all rows* is the median of the mean survival curve of all patients, both arms together. Do not report it
#   as the median of an arm; ``predict(kind="median")`` gives that.
#
# On the right:
#
# - *Observations* and *Events* are counts of rows and of relapses or deaths. Precision depends on the number of
#   events. A rule of thumb asks for ten events per parameter or more.
# - *Dropped rows* are rows with a missing value in a column of the model. A note lists the columns.
# - *Log-likelihood*, *AIC* and *BIC* compare this model with others that are fitted to the same rows. They say
#   nothing by themselves.
# - *Longest follow-up* is the longest time in the data, with or without an event. It is **not** the median follow-up
#   that trial reports give. That one is the median of the Kaplan-Meier curve of the time to censoring ("reverse
#   Kaplan-Meier"):
print(f"median follow-up {fit.follow_up()['median_follow_up'].iloc[0]:.1f} years")

# %%
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
# of the mean time to a horizon, and of the median, averaged over the patients of the sample. The mean time to a
# horizon is the restricted mean survival time (RMST): the area under the survival curve up to the horizon.
# Categories are compared with their reference level, and numbers between their quartiles: *age: 11.01 - (-11.27)*
# compares patients at the upper quartile of age with patients at the lower one.
#
# The column *wider model* repeats the effects without the assumption of proportional hazards: the hazard ratio of the
# covariate may rise or fall with time. If the two columns disagree, the effect depends on that assumption.
#
# The summary takes the horizon from the data: the 90 % point of the observed times, rounded down, here 7.5 years.
# For a trial, name the horizon in the protocol, and ask for it:
effects = fit.effects(["arm"], at=5)
effects[["effect", "quantity", "estimate", "lower", "upper", "wide_estimate", "moves"]].round(3)

# %%
# The column ``moves`` marks disagreement. There is none here. The interval for a difference of medians is symmetric
# and often wide; :ref:`sphx_glr_gallery_tutorials_plot_1_first_survival_fit.py` explains why it may include 0
# although the interval of the hazard ratio excludes 1.
#
# The notes
# ---------
# The numbered notes at the end are part of the result. In this fit they name the reference levels, say that the
# fitted curve ends in a plateau, which is an extrapolation, and say that the accelerated failure time model
# (``scale="aft"``) fits about as well. Warnings of a fit appear as notes too; ``fit.warnings`` lists them.
for text in fit.warnings or ["no warnings"]:
    print(text)

# %%
# A fit that needs care
# ---------------------
# With few events the same model is unreliable, or has no usable maximum. The warnings then say so. Here are the
# first 30 patients. The maximum is regular, which only says that standard errors can be computed. The warning says
# that they are too small.
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)  # they are printed below
    small = smx.FlexibleSurvival("Surv(time, status) ~ arm + age + sex", data.head(30)).fit()
print(small.n_events, "events;", "regular:", small.is_regular)
for text in small.warnings:
    print("-", text)

# %%
# So a fit is good enough to report if ``is_regular`` is true *and* no warning speaks against it.
# :doc:`/guide/survival` explains the kinds of warnings.
#
# Next
# ----
# :ref:`sphx_glr_gallery_tutorials_plot_3_figure_for_a_paper.py`.

# sphinx_gallery_start_ignore
assert fit.converged
assert fit.is_regular
assert not effects["moves"].any()
# sphinx_gallery_end_ignore
