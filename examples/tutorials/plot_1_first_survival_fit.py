"""
1. A first survival fit
=======================

In this tutorial you fit a survival model to a clinical trial, read the hazard ratio, predict survival at five
years, and draw the survival curves.

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
# end of observation. The column ``status`` is 1 if the patient relapsed or died, and 0 if the time is censored. Data
# of your own, from ``pd.read_csv``, need the same two columns, with any names. Times must be above 0. If a patient
# had the event on the day of randomisation, add half a day to that time: 0.5 in days, 0.5 / 365.25 in years.
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
# Three attributes say whether the estimates can be used. ``converged`` is true if the search ended at a maximum of
# the likelihood. ``is_regular`` is true if that is an interior maximum, from which standard errors can be computed.
# ``warnings`` lists what else may be wrong with them, such as too few events.
print(fit.converged, fit.is_regular, fit.warnings)

# %%
# Both are true and there are no warnings, so the hazard ratio below may be reported as that of this model. The notes
# under the table are about other numbers. One warns of the cured fraction, which is the height of the curve after
# the last relapse. The last one says that a model of times instead of hazards (``scale="aft"``) has a slightly
# higher likelihood. Its effects differ from those of this model. :ref:`Tutorial 4
# <sphx_glr_gallery_tutorials_plot_4_sentence_for_a_paper.py>` compares the two and says which to report.

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
# The row ``arm[T.interferon]`` holds the hazard ratio of interferon compared with observation.
ratio = fit.natural_params.loc[("ph", "arm[T.interferon]")]
print(f"hazard ratio {ratio.estimate:.2f}, 95 % interval {ratio.lower:.2f} to {ratio.upper:.2f}")

# %%
# A hazard ratio below 1 means that relapse or death is less frequent, at any time, among patients under interferon
# who are still free of relapse. The model assumes that the ratio is the same at all times.
#
# Survival at five years
# ----------------------
# ``predict`` takes the covariates of the patients that you ask about. Each row of the result has an interval.
arms = pd.DataFrame({"arm": ["observation", "interferon"]}, index=["observation", "interferon"])
five = fit.predict(arms, kind="survival", at=5)
five.round(3)

# %%
for row in five.itertuples():
    print(f"{row.row}: {100 * row.estimate:.0f} % ({100 * row.lower:.0f} to {100 * row.upper:.0f} %)")

# %%
# The median is the time at which half of the patients have relapsed or died.
fit.predict(arms, kind="median").round(2)

# %%
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
