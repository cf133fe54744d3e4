"""
5. Choosing and reporting a model without cheating
==================================================

If you fit many models to the same patients and report the best, its p-values and intervals are too good. This
tutorial shows how to choose a model, how to check the choice on patients that took no part in it, and what to
report.

- **You will learn**: :func:`~statmodels_x.ladder` for the form of the hazard, :func:`~statmodels_x.select` for
  covariates, and a check on held-out patients.
- **You need**: :ref:`sphx_glr_gallery_tutorials_plot_2_reading_a_summary.py`.
- **Time**: 15 minutes to read, 15 seconds to run.
"""

# %%
# Decide first
# ------------
# Some things are decided before the data are seen: the outcome, the treatment, and the effect to be reported. They
# are not candidates of a search. Here we study survival of 137 men with lung cancer :cite:p:`kalbfleisch1980`, with
# the treatment fixed.
import warnings
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np

import statmodels_x as smx

data = smx.datasets.load_veteran()
data[["time", "status", "treatment", "celltype", "karno", "diagtime", "age", "prior"]].head()

# %%
# Keep patients aside
# -------------------
# Half of the patients, drawn at random, are put away until the choice is made.
chosen = np.random.default_rng(7).permutation(len(data)) < len(data) // 2
ours, others = data[chosen], data[~chosen]
print(len(ours), "patients for the search,", len(others), "kept aside")

# %%
# The form of the hazard
# ----------------------
# ``ladder`` fits the usual models in one call and sorts them by AIC. Read it as a comparison: models within two
# units of the best are not told apart by these data.
steps = smx.ladder("Surv(time, status) ~ treatment + karno", ours)
table = steps[["logLik", "df", "AIC", "delta_AIC", "regular", "note"]]
table.head(8).round(2)

# %%
close = table[(table["delta_AIC"] < 2) & table["regular"]]
fig, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
shown = table[table["regular"]].head(12).iloc[::-1]
ax.plot(shown["delta_AIC"], range(len(shown)), "o", color=smx.plotting.COLOURS[0])
ax.axvline(2, color="0.4", linewidth=0.8, linestyle=":")
ax.set_yticks(range(len(shown)), shown.index)
smx.plotting.finish(ax, "AIC above the best model (dotted: two units)", "")
plt.show()

# %%
print(f"{len(close)} models lie within two units of AIC: " + "; ".join(close.index))

# %%
# Report how many models were compared, and the ones that are close to the best.
#
# The covariates
# --------------
# ``select`` searches over subsets by BIC. ``keep`` holds the treatment in the model. The chosen model is marked:
# its summary gives no p-values, because the same patients chose it.
candidates = "treatment + celltype + karno + diagtime + age + prior"
choice = smx.select(f"Surv(time, status) ~ {candidates}", ours, keep={"ph": "treatment"})
print(choice.call)
choice.table[["delta", "df", "ph"]].head(4).round(2)

# %%
# The table lists the next best sets. How much does the choice depend on single patients? ``stability`` repeats the
# search in parts of 80 % of the patients.
found = choice.stability(n=30, seed=1)
found.table.query("frequency > 0").round(2)

# %%
# The check
# ---------
# Now the model is fixed. Fit it to the patients that were kept aside. Its intervals and p-values there are those of
# an ordinary fit, because these patients had no part in the choice.
formula = choice.best.formula
print(formula)
checked = smx.FlexibleSurvival(formula, others).fit()
print(checked.summary(effects=False))

# %%
# Does it predict? Survival at 100 days, predicted by the model of the first half, against Kaplan-Meier in the
# second half, in three groups of the prediction. Points on the dotted line are well calibrated.
ax = choice.best.plot("calibration", at=100, newdata=others, groups=3)
plt.show()

# %%
# The sentence
# ------------
karno = checked.tidy().query("parameter == 'ph' and term == 'karno'").iloc[0]
ratio, lower, upper = (np.exp(10 * karno[name]) for name in ("estimate", "conf.low", "conf.high"))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", smx.errors.SelectionWarning)  # it says what this page says
    first = choice.best.params["ph", "karno"]
print(
    fill(
        f"Covariates were chosen from six candidates by BIC in a random half of the patients ({len(ours)}), with "
        f"treatment kept in the model; {formula.split('~')[1].strip()} was chosen. In the other half "
        f"({len(others)}) the hazard ratio of ten points of the Karnofsky score was {ratio:.2f} (95 % CI "
        f"{lower:.2f} to {upper:.2f}); in the half that was searched it was {np.exp(10 * first):.2f}."
    )
)

# %%
# Do **not** write:
#
# - the p-value of a selected covariate from the fit that selected it;
# - *age had no effect*, because age was not selected;
# - the best of several models without saying how many were tried.
#
# Splitting costs precision: each half has half of the events. ``select(..., holdout=0.5)`` does the split and the
# second fit in one call. If you cannot afford it, decide on the model before you see the data.
#
# Next
# ----
# :ref:`sphx_glr_gallery_tutorials_plot_6_surrogate.py`. The gallery pages
# :ref:`sphx_glr_gallery_survival_plot_choosing_a_baseline.py` and
# :ref:`sphx_glr_gallery_survival_plot_which_covariates.py` go further.

# sphinx_gallery_start_ignore
assert "karno" in formula
assert upper < 1
# sphinx_gallery_end_ignore
