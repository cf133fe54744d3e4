"""
4. From a fit to the sentence in a paper
========================================

A fit ends in a sentence. This tutorial writes that sentence for each family of models and says which sentences the
same fit does not support.

- **You will learn**: what may be written from a survival fit, a surrogate analysis, a multi-state model, a curve
  with a jump, and a population model, and what may not.
- **You need**: :ref:`sphx_glr_gallery_tutorials_plot_2_reading_a_summary.py`.
- **Time**: 15 minutes to read, 15 seconds to run.

Every sentence below is printed by the code above it, so that its numbers are those of the fit.
"""

# %%
# Survival
# --------
from textwrap import fill

import matplotlib.pyplot as plt
import pandas as pd

import statmodels_x as smx

melanoma = smx.datasets.load_melanoma()
melanoma["arm"] = pd.Categorical(
    melanoma["treatment"].map({0: "observation", 1: "interferon"}), ["observation", "interferon"]
)
fit = smx.FlexibleSurvival("Surv(time, status) ~ arm", melanoma).fit()
ratio = fit.natural_params.loc[("ph", "arm[T.interferon]")]
p = fit.wald_test_terms().loc[("ph", "arm"), "p.value"]
arms = pd.DataFrame({"arm": ["observation", "interferon"]})
five = fit.predict(arms, "survival", at=5)
gain = fit.predict(arms.iloc[[1]], "survival_difference", at=5, reference=arms.iloc[[0]]).iloc[0]
ax = fit.plot("survival", by="arm")
plt.show()

# %%
print(
    fill(
        f"We fitted a flexible parametric proportional hazards model to relapse-free survival of {fit.nobs} "
        f"patients with {fit.n_events} events. The hazard ratio of interferon compared with observation was "
        f"{ratio.estimate:.2f} (95 % CI {ratio.lower:.2f} to {ratio.upper:.2f}, Wald test p = {p:.3f}). Estimated "
        f"relapse-free survival at five years was {100 * five.estimate[0]:.0f} % under observation and "
        f"{100 * five.estimate[1]:.0f} % under interferon, a difference of {100 * gain.estimate:.0f} percentage "
        f"points (95 % CI {100 * gain.lower:.0f} to {100 * gain.upper:.0f})."
    )
)

# %%
# **Which model?** The difference of 13 percentage points rests on the model. The note of the summary about
# ``scale="aft"`` says so. The accelerated failure time model of the same data has as many parameters:
stretched = smx.FlexibleSurvival("Surv(time, status) ~ arm", melanoma, scale="aft").fit()
other = stretched.predict(arms.iloc[[1]], "survival_difference", at=5, reference=arms.iloc[[0]]).iloc[0]
observed = fit.calibration(by="arm").query("time <= 5").groupby("arm", observed=True)["kaplan_meier"].last()
print(
    fill(
        f"proportional hazards: AIC {fit.aic:.1f}, difference at five years {100 * gain.estimate:.0f} points "
        f"({100 * gain.lower:.0f} to {100 * gain.upper:.0f}); accelerated failure time: AIC {stretched.aic:.1f}, "
        f"{100 * other.estimate:.0f} points ({100 * other.lower:.0f} to {100 * other.upper:.0f}); Kaplan-Meier: "
        f"{100 * (observed['interferon'] - observed['observation']):.0f} points."
    )
)

# %%
# The accelerated model has the lower AIC, by 3. But with κ below 0 it gives both arms one plateau, so that the
# curves must come together, and the Kaplan-Meier curves stay apart (:doc:`/guide/survival`, *Choosing a model*). Its
# difference at five years follows from that restriction, and its interval of 1 to 8 points does not hold the 11
# points that the data show. So we report the proportional hazards model, and the other one beside it:
print(
    fill(
        f"An accelerated failure time model fitted slightly better (AIC {stretched.aic:.1f} compared with "
        f"{fit.aic:.1f}) and gave a difference of {100 * other.estimate:.0f} points (95 % CI "
        f"{100 * other.lower:.0f} to {100 * other.upper:.0f}); it assumes the same proportion "
        "without relapse in both arms in the long run."
    )
)

# %%
# In a trial the model is named in the protocol, before the data are seen. Then report that one first, whatever its
# AIC.
#
# **With covariates.** The hazard ratio is then that at equal covariates, the differences are means over the patients
# of the trial, and the paper says how many patients were left out for missing values.
adjusted = smx.FlexibleSurvival("Surv(time, status) ~ arm + age + sex", melanoma).fit()
own = adjusted.natural_params.loc[("ph", "arm[T.interferon]")]
mean = adjusted.effects(["arm"], at=5).iloc[0]
print(
    fill(
        f"Adjusted for age and sex, the hazard ratio was {own.estimate:.2f} (95 % CI {own.lower:.2f} to "
        f"{own.upper:.2f}), and standardised relapse-free survival at five years was {100 * mean.estimate:.0f} "
        f"percentage points higher under interferon (95 % CI {100 * mean.lower:.0f} to {100 * mean.upper:.0f}). "
        f"{len(melanoma) - adjusted.nobs} of {len(melanoma)} patients were left out for missing covariates."
    )
)

# %%
# Do **not** write:
#
# - *Thirteen percentage points*, without the model. Another model with the same number of parameters says four.
# - *Interferon reduces the risk of relapse by 30 %.* A hazard ratio is a ratio of rates among patients who are
#   still free of relapse. It is not a ratio of risks. Write the difference of survival.
# - *Hazards were proportional.* The model assumes it. A large p-value of a test for a changing hazard ratio does
#   not show it.
# - *A quarter of the patients are cured.* The plateau of the curve lies beyond the data. :doc:`/guide/cure` says
#   when a cured fraction may be reported.
#
# Every one of these sentences assumes independent censoring: that censored patients have the same prospects as those
# who are still followed. Say in the paper why that is plausible.
#
# Surrogates
# ----------
# How much of the treatment effect on five-year survival is explained by recurrence within two years? See tutorial
# :ref:`6 <sphx_glr_gallery_tutorials_plot_6_surrogate.py>`.
colon = smx.datasets.load_colon()
colon["death"], colon["recurrence"] = colon["time_death"] / 365.25, colon["time_recur"] / 365.25
surrogate = smx.SurrogatePTE(
    "Surv(death, status_death) ~ rx",
    "Surv(recurrence, status_recur)",
    colon,
    treated="Lev+5FU",
    control="Obs",
    landmark=2,
    at=5,
    time_unit="years",
).fit(n_perturb=200)
low, high = surrogate.conf_int(method="fieller").loc["pte"]
print(
    fill(
        f"Survival at five years was {100 * surrogate.delta:.0f} percentage points higher under treatment (standard "
        f"error {100 * surrogate.bse['delta']:.0f} points). Recurrence and survival up to two years explained "
        f"{surrogate.pte:.2f} of this effect (95 % interval by Fieller's method {low:.2f} to {high:.2f}; 200 "
        f"perturbations)."
    )
)

# %%
# Do **not** write:
#
# - *Recurrence is a good enough surrogate.* There is no accepted value from which it is. If the protocol names one,
#   test it with ``share_test``.
# - *Recurrence is a valid surrogate.* One trial can show how much of its own effect was explained. It cannot show
#   that the effect of another treatment will be.
# - *Preventing recurrence prolongs survival.* The proportion is a matter of prediction, not of cause.
# - The proportion without its interval. Here the interval is wide because the effect itself is uncertain.
#
# Several states
# --------------
# Patients may die with or without recurrence. One model for each step gives the share of patients in each state.
steps = {"recurrence": ("recurrence", "status_recur"), "dead": ("death", "status_death")}
states = smx.MultiStateData.from_wide(
    colon, steps, start="remission", keep=["rx"], ties="half_unit", time_unit="years"
)
course = smx.MultiState("~ rx", states, distribution="weibull", scale="ph").fit()
groups = pd.DataFrame({"rx": ["Obs", "Lev+5FU"]})
years = course.predict(groups.iloc[[1]], "stay_difference", at=8, reference=groups.iloc[[0]]).set_index(
    "state"
)
years[["estimate", "lower", "upper"]].round(2)

# %%
row = years.loc["remission"]
print(
    fill(
        f"Over eight years, treated patients spent {row.estimate:.1f} years more in remission than controls (95 % "
        f"CI {row.lower:.1f} to {row.upper:.1f})."
    )
)

# %%
# Do **not** write:
#
# - *After a recurrence, treatment no longer helped.* The hazard ratio of the step from recurrence to death compares
#   those who recurred under treatment with those who recurred without it. These groups were not made by chance.
# - *One minus the Kaplan-Meier curve of recurrence is the risk of recurrence.* Death competes. Report the incidence
#   from ``predict(kind="incidence")``.
#
# A jump
# ------
from statsmodels.datasets import nile

flow = nile.load_pandas().data
curve = smx.FreeDiscontinuity("volume ~ year", flow).fit()
jump = curve.jumps.iloc[0]
print(
    fill(
        f"The annual flow of the Nile fell between {jump.year - 0.5:.0f} and {jump.year + 0.5:.0f} (95 % interval "
        f"of the place {jump.location_lower:.0f} to {jump.location_upper:.0f}) by {-jump['size']:.0f} x 10^8 cubic "
        f"metres (95 % interval {-jump.upper:.0f} to {-jump.lower:.0f})."
    )
)

# %%
# Do **not** write:
#
# - *The dam caused the fall.* The model finds a jump and its place, but not its cause.
# - *There was exactly one jump.* Smaller jumps can be missed: the fit reports none below ``smallest_jump`` at a
#   given place.
# - A p-value of the jump from its size and standard error. The jump was found in these data. Use
#   ``test_no_jump()``.
print(f"smallest jump that would be reported: {curve.smallest_jump:.0f}")

# %%
# A population
# ------------
pelts = smx.datasets.load_hare_lynx()
cycle = smx.LotkaVolterra("hare + lynx ~ year", pelts, "predation").fit(n_starts=4)
period = cycle.invariants().loc["small_oscillation_period"]
print(
    fill(
        f"Under the Lotka-Volterra model the period of small oscillations was {period.estimate:.1f} years (95 % "
        f"interval {period.lower:.1f} to {period.upper:.1f}); the model explained "
        f"{100 * cycle.rsquared['hare']:.0f} % of the variance of the hare pelts and "
        f"{100 * cycle.rsquared['lynx']:.0f} % of that of the lynx pelts."
    )
)

# %%
# Do **not** write:
#
# - *Lynx cause the cycle of the hares.* A fit to two series does not show a cause.
# - *The populations will go on cycling.* A lasting cycle is a property of these equations, whatever the data.
# - The estimate of a matrix entry that the counts do not determine. The summary says how many combinations they
#   determine (*Structural rank*, *Known to half*).
#
# Next
# ----
# :ref:`sphx_glr_gallery_tutorials_plot_5_choosing_a_model.py`.

# sphinx_gallery_start_ignore
assert round(ratio.estimate, 2) == 0.70
assert 0 < gain.lower < gain.upper
assert round(100 * gain.estimate) == 13
assert [round(100 * other[name]) for name in ("estimate", "lower", "upper")] == [4, 1, 8]
assert round(fit.aic - stretched.aic) == 3
assert round(100 * (observed["interferon"] - observed["observation"])) == 11
assert 0.5 < low < surrogate.pte < high
assert jump.year == 1898.5
# sphinx_gallery_end_ignore
