"""
Relative survival and cure in a cancer registry
===============================================

A registry knows when its patients died, but rarely the cause of death. A life table gives the number of deaths that
would have been expected without the disease. From both together one can estimate net survival (survival if the cancer
were the only cause of death), the cured fraction, and the probabilities of death from the cancer and from other
causes.

The registry on this page is simulated, so that the estimates can be compared with the truth.
"""

# %%
# A registry
# ----------
# There are 4,000 patients, diagnosed from 1984 to 1993 at ages 40 to 84 and followed to the end of 1998. Half of the
# tumours were found early. At age 65 the cured fraction is 70 % for early and 30 % for late tumours, and ten more
# years of age reduce the odds of cure by a third. Patients who are not cured eventually die of the cancer, unless they
# die of other causes first, at the mortality rates of the United States.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

table = smx.LifeTable(smx.datasets.load_us_mortality(), rate="rate", by="sex", extend="hold")

rng = np.random.default_rng(1)
n = 4000
patients = pd.DataFrame(
    {
        "age": np.clip(rng.normal(68.0, 10.0, n), 40.0, 84.9),
        "sex": rng.choice(["female", "male"], n),
        "diagnosed": rng.uniform(1984.0, 1994.0, n),
        "tumour": rng.choice(["early", "late"], n),
    }
)
patients["decades"] = (patients["age"] - 65.0) / 10.0


def true_cure(tumour, age):
    """Probability of being cured."""
    odds = np.where(tumour == "early", 0.7 / 0.3, 0.3 / 0.7) * (2.0 / 3.0) ** ((age - 65.0) / 10.0)
    return odds / (1.0 + odds)


def true_net_survival(tumour, age, time):
    """Net survival of a mixture of cured and uncured patients."""
    cured = true_cure(tumour, age)
    return cured + (1.0 - cured) * np.exp(-((time / 2.5) ** 1.3))


cured = rng.random(n) < true_cure(patients["tumour"], patients["age"])
cancer = np.where(cured, np.inf, 2.5 * rng.standard_exponential(n) ** (1.0 / 1.3))

# times of death from other causes: where the integral of the rates along a life reaches an exponential number
grid = np.linspace(0.0, 15.0, 121)
who = patients.loc[patients.index.repeat(len(grid))]
integral = table.cumulative(who["age"], who["diagnosed"], 0.0, np.tile(grid, n), sex=who["sex"]).reshape(
    n, -1
)
other = np.array(
    [np.interp(a, h, grid, right=np.inf) for a, h in zip(rng.standard_exponential(n), integral, strict=True)]
)
end = 1999.0 - patients["diagnosed"]
patients["years"] = np.minimum(np.minimum(cancer, other), end)
patients["died"] = (patients["years"] < end).astype(int)
patients[["age", "sex", "diagnosed", "tumour", "years", "died"]].head().round(2)

# %%
# Net survival, without and with a model
# --------------------------------------
# ``smx.net_survival`` is the Pohar Perme estimator. It needs no model of the cancer, and is for net survival what the
# Kaplan-Meier estimator is for survival. The model is a mixture of cured and uncured patients with a Weibull excess
# hazard. Its mean over the patients of each group should follow the step curves.
matched = table.match(age="age", year="diagnosed", sex="sex")
steps = smx.net_survival("Surv(years, died) ~ tumour", patients, matched)
fit = smx.FlexibleSurvival(
    "Surv(years, died) ~ 1",
    patients,
    distribution="weibull",
    cure="~ tumour + decades",
    background=matched,
    time_unit="years",
).fit()

times = np.linspace(0.0, 15.0, 76)
fig, ax = plt.subplots(layout="constrained")
for k, tumour in enumerate(["early", "late"]):
    own = steps[steps["tumour"] == tumour]
    smx.plotting.step_curve(ax, own["time"], own["estimate"], None, k, own["lower"], own["upper"])
    group = patients[patients["tumour"] == tumour]
    model = fit.standardise("net_survival", at=times, over=group)
    smx.plotting.curve(ax, times, model["estimate"], model["lower"], model["upper"], f"{tumour}, model", k)
    truth = [true_net_survival(tumour, group["age"], t).mean() for t in times]
    ax.plot(times, truth, color="black", linewidth=1.0, linestyle=":", label="truth" if k else None)
ax.set(xlim=(0, 15), ylim=(0, 1.02))
handles = smx.plotting.data_handles("95 % interval", False, "Pohar Perme (data)")
smx.plotting.finish(ax, "Years since diagnosis", "Net survival", more=handles)
plt.show()

# %%
# At late times the step curves become irregular and their limits wide: after ten years few old patients are left, and
# each represents many of the same age who have died of other causes. The curve of the model remains smooth, because of
# its assumptions.
#
# Who is cured
# ------------
# The plateau of net survival is the cured fraction, because cured patients have the mortality of their population.
people = pd.DataFrame({"tumour": ["early", "late", "early"], "decades": [0.0, 0.0, 1.5]}).set_axis(
    ["early tumour, 65 years", "late tumour, 65 years", "early tumour, 80 years"]
)
fraction = fit.predict(people, kind="cure_fraction").set_index("row")[["estimate", "lower", "upper"]]
fraction["truth"] = true_cure(people["tumour"].to_numpy(), 65.0 + 10.0 * people["decades"].to_numpy())
fraction.round(3)

# %%
# Without the life table the same model attributes every death to the cancer, and warns that there is no plateau:
alone = smx.FlexibleSurvival(
    "Surv(years, died) ~ 1", patients, distribution="weibull", cure="~ tumour + decades", time_unit="years"
).fit()
wrong = alone.predict(people, kind="cure_fraction")["estimate"].to_numpy()
inside = (fraction["lower"] <= fraction["truth"]) & (fraction["truth"] <= fraction["upper"])
print(f"{inside.sum()} of {len(inside)} intervals of the model with the life table hold the truth.")
print(
    f"Without it the fraction of the cured with an early tumour at 80 is estimated as {wrong[2]:.2f}, and is "
    f"{fraction['truth'].iloc[2]:.2f}."
)

# %%
# What they die of
# ----------------
# Net survival describes a hypothetical world without other causes of death. In the real world patients die of both.
# The probabilities of death from the cancer, of death from other causes, and of being alive add up to 1. With the same
# tumour, an older patient is more likely to die of other causes.
persons = pd.DataFrame(
    {"tumour": "late", "age": [55.0, 80.0], "decades": [-1.0, 1.5], "sex": "male", "diagnosed": 1990.0}
)
fig, axes = plt.subplots(1, 2, figsize=(8.4, 4.0), sharey=True, layout="constrained")
at = np.linspace(0.1, 15.0, 50)
names = {"crude_disease": "died of the cancer", "crude_other": "died of other causes", "survival": "alive"}
for k, ax in enumerate(axes):
    shares = [fit.predict(persons.iloc[[k]], kind=kind, at=at)["estimate"] for kind in names]
    ax.stackplot(at, *shares, colors=["#D55E00", "#E69F00", "#DDDDDD"], labels=list(names.values()))
    ax.set(
        title=f"{persons['age'][k]:.0f} years old",
        xlim=(0.1, 15),
        ylim=(0, 1),
        xlabel="Years since diagnosis",
    )
axes[0].set_ylabel("Probability")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
plt.show()

# %%
# Comparing registries: weights of a standard population
# ------------------------------------------------------
# Registries with different age distributions are compared by age standardisation to a standard population. The weights
# below are those of the International Cancer Survival Standard for most cancers :cite:p:`corazziari2004`, with the two
# youngest groups combined. A group without a weight, or a weight without patients, would be an error.
patients["group"] = pd.cut(
    patients["age"],
    [0, 55, 65, 75, 120],
    right=False,
    labels=["below 55", "55 to 64", "65 to 74", "75 and above"],
).astype(str)
standard = {"group": {"below 55": 19, "55 to 64": 23, "65 to 74": 29, "75 and above": 29}}
rows = {}
for kind in ("net_survival", "relative_survival"):
    for name, weights in (("as they are", None), ("standard ages", standard)):
        found = fit.standardise(kind, at=[5, 10], over=patients, weights=weights)
        rows[kind, name] = found["estimate"].to_numpy()
found = smx.net_survival("Surv(years, died) ~ 1", patients, matched, at=[5, 10], weights=standard)
rows["Pohar Perme", "standard ages"] = found["estimate"].to_numpy()
averages = pd.DataFrame.from_dict(rows, orient="index", columns=["5 years", "10 years"])
averages.round(3)

# %%
# The *relative survival ratio* is the survival of the patients divided by that of their population. It is not the mean
# of their net survival: old patients disappear from both numerator and denominator, so after ten years the ratio
# reflects those who were young.
gap = (
    averages.loc[[("relative_survival", "as they are")]].to_numpy()
    - averages.loc[[("net_survival", "as they are")]].to_numpy()
)
print(
    f"The ratio lies above mean net survival by {gap[0, 0]:.3f} after five years and {gap[0, 1]:.3f} after ten."
)

# %%
# Assumptions
# -----------
# The results depend on the life table. Patients of a registry may differ from the population, for example by smoking,
# so that the rates of the table are too low or too high for them. If the rates are multiplied by 0.8 and 1.2, the
# cured fraction changes:
for factor in (0.8, 1.0, 1.2):
    rates = smx.datasets.load_us_mortality()
    scaled = smx.LifeTable(rates.assign(rate=factor * rates["rate"]), rate="rate", by="sex", extend="hold")
    moved = smx.FlexibleSurvival(
        "Surv(years, died) ~ 1",
        patients,
        distribution="weibull",
        cure="~ tumour + decades",
        background=scaled.match(age="age", year="diagnosed", sex="sex"),
        time_unit="years",
    ).fit()
    values = moved.predict(people, kind="cure_fraction")["estimate"]
    print(
        f"rates times {factor}: "
        + ", ".join(f"{name} {v:.2f}" for name, v in zip(people.index, values, strict=True))
    )
