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
# Each centre has its own level of risk. Within a centre patients are randomised; by chance and by local habit the
# arms are not balanced over centres.
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
# Without centres; with centres as strata, arms compared within each; with the centre as a cluster, which leaves the
# estimate and widens its error.
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
# One centre is too small: in an arm nobody was followed beyond three years, and the last patient seen was alive, so
# that survival there is not known. It is put together with the smallest of the others, and the warning counts and
# names it. Where everybody of an arm had died by then nothing is missing: survival is 0.
table = pd.DataFrame({name: fit.params[["delta", "pte", "r_s"]] for name, fit in fits.items()}).T
table["se(delta)"] = [fit.bse["delta"] for fit in fits.values()]
table.round(3)

# %%
# The crude effect is too small, since sicker patients were treated more often; the stratified one is near the truth.
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
# ``thin_strata="drop"`` leaves thin centres out: the answer is then one for the patients of the others, and the count
# stands in the summary.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    dropped = smx.SurrogatePTE(*columns, trial, at=3, landmark=1, strata="centre").fit(thin_strata="drop")
print(f"{dropped.nobs} of {len(trial)} patients left, delta {dropped.delta:.3f}, PTE {dropped.pte:.3f}")

# %%
# Not a meta-analysis
# -------------------
# Fifty centres are one trial. Their effects differ by chance, and two estimates from the same patients go up and down
# together. Regressed on each other they look like surrogacy between regions; a model that knows the estimation error
# says that nothing can be said: any R2 from 0 to 1.
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
