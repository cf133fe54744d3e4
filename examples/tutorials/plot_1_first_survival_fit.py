"""
1. A first survival fit
=======================

In this tutorial you fit a survival model to a clinical trial, read the hazard ratio, draw the survival curves, and
predict survival at five years.

- **You will learn**: the four steps formula, ``fit()``, ``summary()`` and ``predict()``.
- **You need**: the package, and some Python. You need no other tutorial.
- **Time**: 5 minutes to read, a second to run. The first fit after installation takes up to half a minute longer,
  because the likelihood is compiled then and kept. It says so.
"""

# %%
# The data
# --------
# The trial E1684 compared interferon with observation in 284 patients whose melanoma had been removed
# :cite:p:`kirkwood1996`. There is one row per patient. The column ``time`` holds years until relapse, death, or the
# end of observation. The column ``status`` is 1 if the patient relapsed or died, and 0 if the time is censored. Your
# own data, read with ``pd.read_csv``, need two such columns, with any names. Covariates may be numbers, text or
# categories. Times must be above 0. If a patient had the event on the day of randomisation, add half a day: 0.5 in
# days, 0.5 / 365.25 in years.
#
# All models of this site assume *independent censoring*: a censored patient has the same prospects as the patients
# with the same covariates who are still followed. The data cannot show it. It is plausible here: 83 of the 88
# censored patients had been followed for more than four years.
import matplotlib.pyplot as plt
import pandas as pd

import statmodels_x as smx

data = smx.datasets.load_melanoma()
names = data["treatment"].map({0: "observation", 1: "interferon"})
data["arm"] = pd.Categorical(names, categories=["observation", "interferon"])
data[["time", "status", "arm"]].head()

# %%
# The first category, ``observation``, is the reference level: the effect is that of interferon compared with it. A
# column of text works, too, but then the reference is the first level in alphabetical order, here ``interferon``,
# and the hazard ratio would be that of observation. The notes of the summary name the reference level.
#
# The fit
# -------
# ``Surv(time, status)`` on the left of ``~`` is the response. The covariates stand on the right. ``time_unit`` is the
# unit of the column ``time``, as a word. It changes no number; summaries and axes write it. Without it nothing is
# written, except for the data sets of the package, which know their units.
model = smx.FlexibleSurvival("Surv(time, status) ~ arm", data, time_unit="years")
fit = model.fit()
fit

# %%
# The first thing to check is whether the estimates can be used. ``converged`` is true if the search ended at a
# maximum of the likelihood. ``is_regular`` is true if that is an interior maximum, from which standard errors can be
# computed. ``warnings`` lists what else may be wrong with them, such as too few events.
print(fit.converged, fit.is_regular, fit.warnings)

# %%
# Both are true and there are no warnings, so the hazard ratio below may be reported. The notes under the summary are
# about other things:
#
# - *phi* is a scale that is fixed at the median of the observed event times, 0.55 years. (*Median, all rows* at the
#   top of the summary is a different number. It takes censoring into account, and is the time by which half of all
#   patients have had the event.)
# - The fitted curve levels off above 0. Its end says little about a cured fraction; :doc:`/guide/cure` explains why.
# - A model of times instead of hazards, ``scale="aft"``, fits a little better. You do not have to change the model.
#   The hazard ratio answers the question that most trials ask. If no protocol fixed the model in advance, report the
#   result of the other one as well: its difference of survival is another one.
#   :ref:`Tutorial 4 <sphx_glr_gallery_tutorials_plot_4_sentence_for_a_paper.py>` compares the two.
#
# The distribution has parameters called *power* and *shape*. They describe how the hazard changes over time. This
# *power* has nothing to do with the power of a test. :ref:`sphx_glr_gallery_tutorials_plot_2_reading_a_summary.py`
# explains the rest of the summary.

# %%
# The survival curves
# -------------------
# ``by="arm"`` draws one curve per arm with its 95 % band. The thin steps are Kaplan-Meier estimates, which use the
# data alone. They are drawn where the arm is the only covariate. Compare the two before you read any number: here
# the model follows the data.
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
fit.plot("survival", by="arm", ax=ax)
ax.set_ylabel("Relapse-free survival")
plt.show()

# %%
# The hazard ratio
# ----------------
# ``natural_params`` lists the estimates with 95 % intervals, on the scale on which they are reported.
fit.natural_params.round(3)

# %%
# The row ``arm[T.interferon]`` has the hazard ratio of interferon compared with observation.
ratio = fit.natural_params.loc[("ph", "arm[T.interferon]")]
print(f"hazard ratio {ratio.estimate:.2f}, 95 % interval {ratio.lower:.2f} to {ratio.upper:.2f}")

# %%
# A hazard ratio below 1 means that relapse or death is less frequent, at any time, among patients under interferon
# who are still free of relapse. The model assumes that the ratio is the same at all times.
#
# Survival at five years
# ----------------------
# ``predict`` takes the covariates of the patients that you ask about. Each row of the result has an interval. The
# column ``extrapolated`` is true if the time is later than the longest follow-up in the data, 9.6 years. Such a
# prediction has no data behind it.
arms = pd.DataFrame({"arm": ["observation", "interferon"]}, index=["observation", "interferon"])
five = fit.predict(arms, kind="survival", at=5)
five.round(3)

# %%
for row in five.itertuples():
    print(f"{row.row}: {100 * row.estimate:.0f} % ({100 * row.lower:.0f} to {100 * row.upper:.0f} %)")

# %%
# The median is the time by which half of the patients have relapsed or died.
fit.predict(arms, kind="median").round(2)

# %%
# The median and the hazard ratio
# -------------------------------
# The summary also has a table of *effects*: the result as a difference of survival, of mean time, and of the
# median. The interval for the difference of the medians includes 0, although that of the hazard ratio excludes 1.
# In this model the medians are equal exactly if the hazard ratio is 1, so one of the two intervals is less
# accurate. It is that of the difference, because it is symmetric. The median under interferon may well be a year
# longer than estimated, but hardly a year shorter, as its interval above shows. Use the interval of the hazard
# ratio to decide whether there is an effect.
#
# Next
# ----
# :ref:`sphx_glr_gallery_tutorials_plot_2_reading_a_summary.py` explains every line of ``fit.summary()``, and
# :ref:`sphx_glr_gallery_tutorials_plot_3_figure_for_a_paper.py` draws a figure with numbers at risk.

# sphinx_gallery_start_ignore
assert fit.converged
assert fit.is_regular
assert not fit.warnings
assert ratio.upper < 1
# sphinx_gallery_end_ignore
