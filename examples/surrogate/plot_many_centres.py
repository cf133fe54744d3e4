"""
A surrogate in a trial with many centres
========================================

A trial has a thousand patients in fifty centres of about twenty. Patients of one centre are alike, and sicker
patients come to some centres more than to others. This page estimates one proportion explained, compares the arms
within centres, and shows what is done with centres that are too small.
"""

# %%
# The trial
# ---------
# Each centre has its own level of risk. Within a centre patients are randomised, but by chance and by local practice
# the arms are not balanced over centres.
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

rng = np.random.default_rng(8)
parts, truths = [], []
for k in range(50):
    risk = float(np.exp(rng.normal(0.0, 0.5)))
    control = smx.IllnessDeath(1.0 * risk, 0.10 * risk, 0.55 * risk)
    treated = smx.IllnessDeath(0.5 * risk, 0.08 * risk, 0.45 * risk)
    process = smx.IllnessDeathTrial(control, treated, censoring=0.08)
    # centres of high risk enrol more patients into the treated arm
    size = int(rng.integers(12, 30))
    n_treated = int(np.clip(rng.binomial(size, 0.5 + 0.25 * np.tanh(np.log(risk))), 3, size - 3))
    parts.append(process.simulate((size - n_treated, n_treated), seed=k).assign(centre=f"centre {k + 1:02d}"))
    truths.append(size * process.true_values(at=3, landmark=1)["delta"])
trial = pd.concat(parts, ignore_index=True)
truth = sum(truths) / len(trial)
print(f"{len(trial)} patients in {trial['centre'].nunique()} centres; true effect at t = 3: {truth:.3f}")

# %%
# Three analyses
# --------------
# We compare an analysis without centres, one with centres as strata, where the arms are compared within each centre,
# and one with centres as clusters, which has the same estimate as the first and a larger standard error.
columns = "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)"
analyses = {"crude": {}, "stratified": {"strata": "centre"}, "clustered": {"cluster": "centre"}}
fits = {}
for name, options in analyses.items():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fits[name] = smx.SurrogatePTE(*columns, trial, at=3, landmark=1, time_unit="years", **options).fit()
    for warning in caught:
        print(f"{name}: {warning.message}")

# %%
# One centre is too small: in one of its arms nobody was followed beyond three years, and the last patient was alive,
# so survival there is not known. It is merged with the smallest of the other centres, and the warning names it. If all
# patients of an arm had died by then, nothing would be missing: survival would be 0.
table = pd.DataFrame({name: fit.params[["delta", "pte", "r_s"]] for name, fit in fits.items()}).T
table["se(delta)"] = [fit.bse["delta"] for fit in fits.values()]
table.round(3)

# %%
# The crude effect is too small, because sicker patients were treated more often. The stratified estimate is close to
# the true value.
fig, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for k, fit in enumerate(fits.values()):
    low, high = fit.conf_int().loc["delta"]
    ax.plot([low, high], [k, k], color="#0072B2", linewidth=2)
    ax.plot(fit.params["delta"], k, "o", color="#0072B2")
ax.axvline(truth, color="0.4", linestyle=":", label="truth")
ax.set_yticks(range(len(fits)), list(fits))
ax.set_xlabel("Effect on survival at three years")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()

# %%
# Left out instead of merged
# --------------------------
# ``thin_strata="drop"`` leaves small centres out. The result then refers to the patients of the other centres, and the
# summary reports how many were left out.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    dropped = smx.SurrogatePTE(*columns, trial, at=3, landmark=1, strata="centre").fit(thin_strata="drop")
print(f"{dropped.nobs} of {len(trial)} patients left, delta {dropped.delta:.3f}, PTE {dropped.pte:.3f}")

# %%
# Not a meta-analysis
# -------------------
# Fifty centres are still one trial. Their effects differ by chance, and the two estimates of a centre come from the
# same patients and are correlated. If one is regressed on the other, this looks like surrogacy. A model that accounts
# for the estimation error shows that the data give no information: R2 may be anything from 0 to 1.
pfs = trial.assign(event=((trial["surrogate_status"] == 1) | (trial["status"] == 1)).astype(int))
pfs["region"] = (pfs["centre"].str[-2:].astype(int) - 1) // 4
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    effects = smx.trial_effects("Surv(time, status) ~ arm", "Surv(surrogate_time, event)", pfs, "region")
    between = smx.TrialLevelSurrogacy(
        "effect_outcome ~ effect_surrogate",
        effects,
        std_error=("std_error_outcome", "std_error_surrogate"),
        correlation="correlation",
        trial="trial",
    ).fit()
print(f"regression of the estimates: R2 {between.weighted_regression()['r_squared_of_estimates']:.2f}")
print(f"between regions: {between!r}")
print(between.conf_int().loc["r_squared"].round(2).tolist())
for text in between.warnings:
    print(text)
assert abs(fits["stratified"].delta - truth) < abs(fits["crude"].delta - truth)
