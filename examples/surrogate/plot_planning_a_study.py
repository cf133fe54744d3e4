"""
Planning a study: sample size for a surrogate
=============================================

A trial that is large enough to show an effect on survival is often far too small to estimate how much of it a
surrogate explains. ``surrogate_power()`` simulates trials from a process with known values, analyses each, and
counts. The process is given by planned rates, or fitted to an earlier trial.
"""

# %%
# From planned rates
# ------------------
# A rate is log 2 over a median. We plan for progression after a median of 8 months under control and 14 under
# treatment, death without progression at 5 % a year, and a median of 15 and 17 months from progression to death.
# One patient in ten is lost each year.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx


def rate(median_in_months):
    """Events per year."""
    return np.log(2) / (median_in_months / 12)


control = smx.IllnessDeath(progression=rate(8), death=0.05, death_after=rate(15))
treated = smx.IllnessDeath(progression=rate(14), death=0.05, death_after=rate(17))
plan = smx.IllnessDeathTrial(control, treated, censoring=0.10)
truth = plan.true_values(at=3, landmark=1)
{name: round(truth[name], 3) for name in ("delta", "pte", "pte_primary", "r_s", "overlap")}

# %%
# Size
# ----
# Progression by one year explains .58 of an effect of 14 points on three-year survival. Could a trial show that it
# explains at least .4?
sizes = smx.surrogate_power(
    plan, n=[150, 300, 600, 1200], at=3, landmark=1, at_least=0.4, n_repeats=100, n_perturb=100, seed=1
)
sizes.round(3)

# %%
# ``defined`` is the power of the test of the treatment effect itself: with 300 per arm it is 90 %. ``power`` is the
# proportion of all trials in which the lower limit of the PTE exceeds .4: with four times as many patients it is still
# below 80 %. The bias in small trials is a selection bias, because those that find an effect have mostly overestimated
# it. ``refused`` is the number of trials with too few events to analyse.
fig, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
axes[0].plot(sizes["n_per_arm"], sizes["defined"], "o-", color="#0072B2", label="effect differs from 0")
axes[0].errorbar(sizes["n_per_arm"], sizes["power"], 1.96 * sizes["power_mc_se"], fmt="s--", color="#D55E00",
                 capsize=3, label="PTE at least .4")  # fmt: skip
axes[0].set_ylim(0, 1.05)
axes[0].set_ylabel("Share of simulated trials")
axes[0].legend(frameon=False)
axes[1].plot(sizes["n_per_arm"], sizes["median_width"], "o-", color="#0072B2")
axes[1].set_ylim(bottom=0)
axes[1].set_ylabel("Median width of the 95 % interval of PTE")
for ax in axes:
    ax.set_xscale("log")
    ax.set_xticks(sizes["n_per_arm"], [f"{n}" for n in sizes["n_per_arm"]])
    ax.minorticks_off()
    ax.set_xlabel("Patients per arm")
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# When to look
# ------------
# With a later landmark the PTE is larger, so that more can be claimed, but the result comes later. With 600 per arm:
rows = []
for landmark in (0.5, 1.0, 2.0):
    one = smx.surrogate_power(
        plan, n=600, at=3, landmark=landmark, at_least=0.4, n_repeats=60, n_perturb=100, seed=2
    )
    rows.append(one.assign(landmark=landmark))
looks = pd.concat(rows).set_index("landmark")
looks[["pte", "empirical_se", "mean_se", "median_width", "power", "power_mc_se"]].round(3)

# %%
# From a trial that has been done
# -------------------------------
# ``fit.fitted_process()`` fits piecewise constant rates to both arms, and ``fit.power()`` simulates larger trials
# from it: what would a second colon trial need?
colon = smx.datasets.load_colon()
colon = colon.assign(death=colon["time_death"] / 365.25, recur=colon["time_recur"] / 365.25)
fit = smx.SurrogatePTE(
    "Surv(death, status_death) ~ rx",
    "Surv(recur, status_recur)",
    colon,
    at=5,
    landmark=2,
    treated="Lev+5FU",
    control="Obs",
    time_unit="years",
).fit()
process = fit.fitted_process()
fitted = process.true_values(at=5, landmark=2)
again = fit.power([300, 900], at_least=0.5, n_repeats=50, n_perturb=100, seed=3)
again[["n_per_arm", "pte", "defined", "median_width", "power", "power_mc_se"]].round(3)

# %%
# What we learnt
# --------------
# - Choose the sample size for the surrogate question and not for the treatment effect: the number of patients is
#   several times larger.
# - The true values are computed exactly. Only the precision is simulated, and the table gives its Monte Carlo error.
# - A fitted process treats the estimates of the trial as true. Vary it before a protocol depends on it.
#
# The page checks its own numbers. The process fitted to the colon trial (of first-order Markov type, unlike the
# estimate) agrees with the estimate within its error:
for name in ("pte", "delta", "r_s"):
    assert abs(fitted[name] - fit.params[name]) < fit.bse[name], name
assert np.all(np.diff(sizes["median_width"]) < 0)
assert sizes["power"].iloc[-1] > sizes["power"].iloc[0]
larger = sizes[sizes["n_per_arm"] >= 300]
assert np.all(np.abs(larger["coverage"] - 0.95) < 0.06)
assert np.all(np.diff(looks["pte"]) > 0)
