"""
6. Is an early event a good surrogate?
======================================

A treatment delays recurrence. Does that explain why patients live longer? This tutorial estimates the proportion of
the treatment effect on survival that an earlier event explains (PTE).

- **You will learn**: to fit :class:`~statmodels_x.SurrogatePTE`, to read the proportion with its interval, and to
  see when there is no answer.
- **You need**: :ref:`sphx_glr_gallery_tutorials_plot_1_first_survival_fit.py`, and an idea of what a surrogate
  endpoint is.
- **Time**: 10 minutes to read, 5 seconds to run.
"""

# %%
# The data
# --------
# After surgery for colon cancer, patients received levamisole with fluorouracil (``Lev+5FU``) or observation
# (``Obs``) :cite:p:`moertel1990`. There is one row per patient, with two times: recurrence and death. A patient who
# died without a recurrence has ``status_recur`` 0.
import warnings

import matplotlib.pyplot as plt

import statmodels_x as smx

colon = smx.datasets.load_colon()
colon["death"] = colon["time_death"] / 365.25
colon["recurrence"] = colon["time_recur"] / 365.25
colon[["rx", "recurrence", "status_recur", "death", "status_death"]].head()

# %%
# The question
# ------------
# Two times make the question precise. ``at=5`` is the outcome: survival at five years. ``landmark=2`` is when the
# surrogate is read: is the patient dead, alive after a recurrence, or alive without one at two years?
question = {"landmark": 2, "at": 5, "time_unit": "years", "control": "Obs"}
model = smx.SurrogatePTE(
    "Surv(death, status_death) ~ rx",
    "Surv(recurrence, status_recur)",
    colon,
    treated="Lev+5FU",
    **question,
)
fit = model.fit(n_perturb=200)

# %%
# Look at the outcome first. There must be an effect before a part of it can be explained. The arrow is the
# difference of survival at five years.
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
fit.plot("survival", ax=ax)
plt.show()

# %%
# The answer
# ----------
print(fit.summary())

# %%
# Read the rows in this order.
#
# - *delta* is the effect on survival, as a difference of probabilities. Its interval must exclude 0.
# - *PTE* is the proportion explained by recurrence and survival up to two years. Read its interval with it: a
#   proportion of an uncertain effect is itself uncertain.
# - *PTE, primary only* is what survival up to two years explains alone, without recurrences. *incremental value* is
#   the difference of the two: what knowing the recurrences adds.
# - *Conditions*, third table: each is a reason why the true PTE lies between 0 and 1. *not clear* means that these
#   data do not tell whether it holds. That does not change the estimate; do not then write that the true PTE is at
#   most 1.
# - *imbalance* near 1 says that patients in both arms had recurrences at similar times, so that the comparison does
#   not rest on extrapolation.
low, high = fit.conf_int(method="fieller").loc["pte"]
print(f"PTE {fit.pte:.2f}, 95 % interval {low:.2f} to {high:.2f}")
print(f"survival to two years alone {fit.pte_primary:.2f}")

# %%
# A value above 1 within the interval is possible: after the landmark, the arms may differ in the other direction.
#
# The estimate of the PTE moves a little with ``n_perturb`` and ``seed``: it is corrected for bias, and the
# correction is computed from the perturbations. With the default of 500 perturbations it is 0.900 instead of 0.902.
# Report both arguments.
#
# A claim and its test
# --------------------
# Is it good enough? There is no accepted value of the PTE from which a surrogate is good enough. Name one in the
# protocol, and test it. Was more than half of the effect explained? ``share_test`` has the one-sided test of that in
# ``p.share``, and the two-sided test that there is an effect at all in ``p.effect``. A claim needs both, so
# ``p.value`` is the larger one.
test = fit.share_test(0.5)
print(test)

# %%
verdict = "shown" if test["p.value"] < 0.05 else "not shown"
print(
    f"That more than half of the effect was explained is {verdict} at the level of 5 % (p = {test['p.value']:.3f})."
)

# %%
# The two tests speak of one trial. That recurrence may stand for survival in *other* trials is not shown by them.

# %%
# No effect, no proportion
# ------------------------
# Levamisole alone did not change survival. The fit then gives no proportion and says why. A number would mean
# nothing.
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    alone = smx.SurrogatePTE(
        "Surv(death, status_death) ~ rx",
        "Surv(recurrence, status_recur)",
        colon,
        treated="Lev",
        **question,
    ).fit(n_perturb=200)
print(caught[-1].message)
print("PTE:", alone.pte)

# %%
# What one trial cannot say
# -------------------------
# The proportion holds for this treatment, this population and these two times. It does not show that delaying
# recurrence causes longer survival, or that another treatment's effect on survival follows from its effect on
# recurrence. For the last question you need several trials: see
# :ref:`sphx_glr_gallery_surrogate_plot_many_trials.py`.
#
# Next
# ----
# :ref:`sphx_glr_gallery_tutorials_plot_7_discontinuity.py`. The page
# :ref:`sphx_glr_gallery_surrogate_plot_colon_trial.py` is the full analysis; :doc:`/guide/surrogate` explains the
# options.

# sphinx_gallery_start_ignore
import numpy as np

assert test["p.value"] < 0.05
assert round(fit.pte, 3) == 0.902
assert 0.8 < fit.pte < 1.0
assert np.isnan(alone.pte)
# sphinx_gallery_end_ignore
