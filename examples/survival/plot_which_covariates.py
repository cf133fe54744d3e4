"""
Variable selection: which covariates act on which parameter?
============================================================

In a trial of the North Central Cancer Treatment Group, 228 patients with advanced lung cancer were followed
:cite:p:`loprinzi1994`, and seven covariates were recorded. In a regression with two parameters each covariate may act
on the hazard, and on how the hazard changes over time. :func:`~statmodels_x.select` searches over these choices. This
page also shows what may be reported after the search.
"""

# %%
# One set of rows for all models
# ------------------------------
# Likelihoods can be compared only on the same rows. A row with a missing value in any candidate is therefore left out
# of every model. The unit of time is months, and it has no influence on the selection.
import warnings

import matplotlib.pyplot as plt

import statmodels_x as smx

warnings.simplefilter("ignore", smx.errors.DataWarning)  # of rows left out: the page looks at them

data = smx.datasets.load_lung().assign(time=lambda d: d["time"] / 30.4375)
everything = "age + sex + ph_ecog + ph_karno + pat_karno + meal_cal + wt_loss"
first = smx.select(f"Surv(time, status) ~ {everything}", data, power=f"~ {everything}", time_unit="months")
first.dropped

# %%
# The calories at meals alone cause 42 of the 60 missing rows. They are not selected. We therefore repeat the search
# without them, on 210 patients.
covariates = everything.replace(" + meal_cal", "")
choice = smx.select(f"Surv(time, status) ~ {covariates}", data, power=f"~ {covariates}", time_unit="months")
print(choice.summary())

# %%
# Both searches, forward from the empty model and backward from the full model, select the same terms: sex and the
# physician's ECOG score for the hazard, and the Karnofsky score for the power. The second-best set in the table,
# without the Karnofsky score, has a BIC only 1.3 higher, which is no clear difference.
#
# How stable is it?
# -----------------
# The search is repeated in subsamples of 80 % of the patients. Sex and ECOG are selected in nearly all of them, the
# Karnofsky score on the power in about half. These frequencies are not probabilities that a term is true. They show
# how much the selection depends on the sample.
stability = choice.stability(n=50, seed=1)
print(stability)

# %%
# The left panel shows the path of the smooth criterion. From left to right it approaches a penalty that counts whether
# a term is in the model. It is not the path of a lasso, because the penalty parameter is constant.
choice.plot(stability=stability)
plt.show()

# %%
# What may be said of the effects
# -------------------------------
# The selected fit is an ordinary fit with a mark: its summary shows no p-values, and tests of it give a warning.
# Standard errors and intervals treat the model as given, although it was selected because it fits these rows.
print(choice.best.summary(effects=False))

# %%
# Valid intervals come from patients who were not used in the selection. Half of the patients are used to select the
# model and the other half to estimate it. The price is that each half is smaller, so fewer terms may be selected.
split = smx.select(
    f"Surv(time, status) ~ {covariates}",
    data,
    power=f"~ {covariates}",
    keep={"ph": ["sex", "ph_ecog"]},
    time_unit="months",
    holdout=0.5,
    seed=3,
)
print(split.call)
split.holdout.tidy().round(3)

# %%
# Here sex and ECOG were kept in the model, as one does with the treatment of a trial. Terms that were fixed in advance
# are not selected. In the held-out patients both have similar effects as before. About the Karnofsky score on the
# power these patients give no information.
#
# The sentence for a paper
# ------------------------
# *Covariates were selected by BIC from twelve candidates (six covariates, each on the hazard and on the power of
# time; 210 patients, 148 deaths). Sex and the ECOG score were selected for the hazard (hazard ratios 0.55 for
# women and 1.89 a point), the physician's Karnofsky score for the power, without which BIC was only 1.3 higher;
# in 100 subsamples of 80 % the three were selected in 93, 93 and 47 %. These estimates are not adjusted for the
# selection. In 105 patients who took no part in it the hazard ratios were 0.51 (95 % interval 0.31 to 0.85) and
# 2.03 (1.42 to 2.89), and no effect on the power could be shown (coefficient 0.006, -0.008 to 0.019).*
