"""
Waning and discounting for a decision model
===========================================

Is a treatment worth its price? A decision model needs more than a trial observes: the years of life gained over a
lifetime, with discounting, an effect that may decrease over time, and the uncertainty of the result. This page takes
chemotherapy after surgery for colon cancer :cite:p:`moertel1990`. It computes these quantities from the fitted
survival model itself, without a separate decision model.

The prices are invented. Everything else comes from the trial and from a life table.
"""

# %%
# The model
# ---------
# The model describes deaths in the trial with the mortality of the United States as a background, so that survivors of
# the cancer have the mortality of the population. The year of randomisation is not in the data, and is set to the
# middle of 1986.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

colon = smx.datasets.load_colon()
trial = colon[colon["rx"] != "Lev"].assign(
    years=lambda d: d["time_death"] / 365.25,
    gender=lambda d: np.where(d["sex"] == 1, "male", "female"),
    randomised=1986.5,
)
table = smx.LifeTable(smx.datasets.load_us_mortality(), rate="rate", by="sex", extend="hold")
fit = smx.FlexibleSurvival(
    "Surv(years, status_death) ~ rx",
    trial,
    background=table.match(age="age", year="randomised", sex="gender"),
    time_unit="years",
).fit()
last = trial["years"].max()

# %%
# An effect that does not last
# ----------------------------
# Follow-up ended after nine years. With ``wane=(9, 15)`` the effect on the excess hazard lasts for nine years and then
# decreases to zero over six years. From year fifteen on, treated patients have the hazard of the controls. This shows
# how much of the gain depends on the years without data.
arms = ["Obs", "Lev+5FU"]
times = np.linspace(0.0, 30.0, 61)
fig, ax = plt.subplots(layout="constrained")
for k, (name, options) in enumerate(
    {"lasting effect": {}, "effect wanes from 9 to 15 years": {"wane": (9, 15)}}.items()
):
    gain = fit.standardise("survival", at=times[1:], by="rx", levels=arms, contrast="difference", **options)
    smx.plotting.curve(ax, times[1:], gain["estimate"], gain["lower"], gain["upper"], name, k)
ax.axhline(0.0, color="0.4", linewidth=0.8, linestyle=":")
ax.axvspan(0.0, last, color="0.93", zorder=0)
ax.annotate("follow-up", (0.3, -0.015), color="0.35")
ax.set(xlim=(0, 30), ylim=(-0.03, None))
smx.plotting.finish(ax, "Years since randomisation", "Gain in survival, all causes")
plt.show()

# %%
# Years gained
# ------------
# The difference in mean survival time within thirty years between treatment and control, averaged over the patients of
# the trial. With a discount rate of 3.5 % per year, a year that begins after t years counts 1.035\ :sup:`-t`. Each
# number has a confidence interval. Another horizon, discount rate or waning needs no new fit.
scenarios = {
    "lasting effect": {},
    "lasting, discounted": {"discount": 0.035},
    "waning from 9 to 15 years, discounted": {"discount": 0.035, "wane": (9, 15)},
    "lost at 9 years, discounted": {"discount": 0.035, "wane": (9, 9)},
}
rows = {}
for name, options in scenarios.items():
    found = fit.standardise("rmst", at=[30], by="rx", levels=arms, contrast="difference", **options)
    rows[name] = found[["estimate", "lower", "upper"]].iloc[0]
years = pd.DataFrame.from_dict(rows, orient="index")
years.round(2)

# %%
first, second, third, fourth = years["estimate"]
print(
    f"Over thirty years the treatment gains {first:.2f} years of life; discounted, {second:.2f}. If its effect is lost "
    f"between nine and fifteen years, {third:.2f} are left, and {fourth:.2f} if it is lost at nine."
)

# %%
# Discounting matters more than waning here, because the treatment acts on the excess hazard, and the excess hazard is
# already small when the effect begins to wane.
excess = fit.predict(pd.DataFrame({"rx": ["Obs"]}), kind="net_hazard", at=[2, 9, 15])["estimate"]
print(
    f"Untreated, the disease adds {1000 * excess[0]:.0f} deaths for 1,000 persons and year after two years, "
    f"{1000 * excess[1]:.0f} after nine and {1000 * excess[2]:.0f} after fifteen."
)

# %%
# Draws for the decision
# ----------------------
# ``predict(draws=)`` returns predictions for coefficients drawn from their estimated distribution (probabilistic
# sensitivity analysis). The draws are the same in every call, so differences between strategies can be computed draw
# by draw. To save time, there are 200 draws, and only every thirtieth patient in order of sex and age is used. Their
# mean gain is nearly that of the whole trial.
cohort = trial.sort_values(["gender", "age"], kind="stable").iloc[15::30]
treated, control = cohort.assign(rx="Lev+5FU"), cohort.assign(rx="Obs")
drawn = {}
for name, options in {"lasting": {}, "waning": {"wane": (9, 15)}}.items():
    reference = {"reference": control} if options else {}
    lived = {}
    for arm, people in (("treated", treated), ("control", control)):
        own = {**options, **reference} if arm == "treated" else {}
        found = fit.predict(people, kind="rmst", at=[30], discount=0.035, draws=200, seed=1, **own)
        lived[arm] = found.groupby("draw")["value"].mean()
    drawn[name] = pd.DataFrame(lived)
drawn["waning"].describe().loc[["mean", "std"]].round(2)

# %%
# A table for the decision
# ------------------------
# The prices are invented: 25,000 for the treatment, and 1,000 for each (discounted) year of life afterwards. The
# probability that the treatment is cost-effective is the proportion of draws in which the gain in years, at 20,000
# each, is worth more than the costs.
course, yearly, worth = 25_000.0, 1_000.0, 20_000.0
rows = {}
for name, lived in drawn.items():
    gained = lived["treated"] - lived["control"]
    cost = course + yearly * gained
    rows[name] = {
        "years gained": gained.mean(),
        "2.5 %": gained.quantile(0.025),
        "97.5 %": gained.quantile(0.975),
        "extra cost": cost.mean(),
        "cost of a year": cost.mean() / gained.mean(),
        "worth it": (worth * gained > cost).mean(),
    }
decision = pd.DataFrame.from_dict(rows, orient="index")
decision.round(
    {"years gained": 2, "2.5 %": 2, "97.5 %": 2, "extra cost": 0, "cost of a year": 0, "worth it": 2}
)

# %%
# The cost-effectiveness acceptability curve shows this probability for other values of a year of life:
values = np.linspace(0.0, 60_000.0, 121)
fig, ax = plt.subplots(layout="constrained")
for k, (name, lived) in enumerate(drawn.items()):
    gained = (lived["treated"] - lived["control"]).to_numpy()
    share = [(value * gained > course + yearly * gained).mean() for value in values]
    ax.plot(values, share, label=name, **smx.plotting.style(k))
ax.set(xlim=(0, 60_000), ylim=(0, 1))
ax.xaxis.set_major_formatter("{x:,.0f}")
smx.plotting.finish(ax, "What a year of life is worth", "Probability that the treatment is worth its price")
plt.show()

# %%
# What may be written
# -------------------
lasting, waning = decision.loc["lasting"], decision.loc["waning"]
print(
    f"At 3.5 % a year the treatment gains {lasting['years gained']:.2f} discounted years of life "
    f"({lasting['2.5 %']:.2f} to {lasting['97.5 %']:.2f}) at {lasting['cost of a year']:,.0f} each; if the effect "
    f"wanes between nine and fifteen years, {waning['years gained']:.2f} at {waning['cost of a year']:,.0f} each. At "
    f"20,000 for a year of life it is worth its price with a probability of {lasting['worth it']:.2f}, and of "
    f"{waning['worth it']:.2f} if the effect wanes."
)

# %%
# These numbers include the uncertainty of the coefficients within one model. They do not include the uncertainty about
# the model itself: :doc:`/gallery/survival/plot_beyond_the_trial` compares four models.
