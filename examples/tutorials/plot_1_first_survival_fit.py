"""
1. A first survival fit
=======================

In this tutorial you fit a survival model to a clinical trial, read the hazard ratio, predict survival at five
years, and draw the survival curves.

- **You will learn**: the four steps formula, ``fit()``, ``summary()`` and ``predict()``.
- **You need**: the package, and some Python. You need no other tutorial.
- **Time**: 5 minutes to read, a second to run. The first fit on a machine takes some twenty seconds longer, because
  the likelihood is compiled then and kept.
"""

# %%
# The data
# --------
# The trial E1684 compared interferon with observation in 284 patients whose melanoma had been removed
# :cite:p:`kirkwood1996`. There is one row per patient. The column ``time`` holds years until relapse, death, or the
# end of observation. The column ``status`` is 1 if the patient relapsed or died, and 0 if the time is censored. Data
# of your own, from ``pd.read_csv``, need the same two columns, with any names.
import matplotlib.pyplot as plt
import pandas as pd

import statmodels_x as smx

data = smx.datasets.load_melanoma()
names = data["treatment"].map({0: "observation", 1: "interferon"})
data["arm"] = pd.Categorical(names, categories=["observation", "interferon"])
data[["time", "status", "arm"]].head()

# %%
# The first category, ``observation``, is the reference level: the effect is that of interferon compared with it.
#
# The fit
# -------
# ``Surv(time, status)`` on the left of ``~`` is the response. The covariates stand on the right.
model = smx.FlexibleSurvival("Surv(time, status) ~ arm", data)
fit = model.fit()
fit

# %%
# Two attributes say whether the estimates can be used. ``converged`` is true if the search ended at a maximum of
# the likelihood. ``is_regular`` is true if standard errors and intervals can be trusted there.
print(fit.converged, fit.is_regular)

# %%
# Both are true, so the hazard ratio below may be reported. The notes under the table are about other numbers: the
# second one warns of the cured fraction, which is the height of the curve after the last relapse, and the third one
# says that a model of times instead of hazards fits a little better.

# %%
# The survival curves
# -------------------
# ``by="arm"`` draws one curve per arm with its 95 % band. The thin steps are Kaplan-Meier estimates, which use the
# data alone. Compare the two before you read any number: here the model follows the data.
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
assert ratio.upper < 1
# sphinx_gallery_end_ignore
