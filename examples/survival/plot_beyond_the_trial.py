"""
Extrapolation beyond the trial, with and without background mortality
=====================================================================

Fluorouracil and levamisole after surgery for colon cancer :cite:p:`moertel1990` prolong survival. The trial followed
its patients for up to nine years. How many years are gained over a lifetime? The trial alone does not determine it:
models that fit about equally well give gains over forty years between 3.5 and 6.5 years, because each continues the
hazard in its own way. This page adds what is known from elsewhere: the mortality of the general population, from a
life table.
"""

# %%
# The trial and the life table
# ----------------------------
# The patients were randomised from 1984 to 1987. The year of each is not in the data: we assume the middle of 1986
# for all, which is wrong by two and a half years at most. The table holds ages 35 to 95 and the years 1984 to 1998;
# younger patients, and times after it, get the nearest cell.
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
rates = smx.datasets.load_us_mortality()
table = smx.LifeTable(rates, rate="rate", by="sex", extend="hold")
population = table.match(age="age", year="randomised", sex="gender")
table

# %%
# Four models
# -----------
# A Weibull; the default, with proportional hazards; the default with a cured fraction; and one in which the treatment
# changes the form of the hazard, too. Each is fitted twice: to deaths as such, and with the mortality of the
# population as a background, so that the model is one of the deaths that the disease adds. (With a cured fraction the
# search ends at a limit of the family, kappa = 0, and says so.)
models = {
    "Weibull": {"distribution": "weibull"},
    "proportional hazards": {},
    "cured fraction": {"cure": "~ rx"},
    "treatment on the power": {"power": "~ rx"},
}
formula = "Surv(years, status_death) ~ rx"
alone = {
    name: smx.FlexibleSurvival(formula, trial, time_unit="years", **options).fit()
    for name, options in models.items()
}
with_table = {
    name: smx.FlexibleSurvival(formula, trial, time_unit="years", background=population, **options).fit()
    for name, options in models.items()
}


# %%
# The log-likelihoods within a column differ by little, but for the Weibull's, and so do the gains within five years.
# The gains over forty years disagree where the trial stands alone. With the life table they come together, and become
# smaller: nobody gains years that the population does not have.
def gain(fit, horizon):
    """Difference of the mean time to a horizon, treated less observed, averaged over the patients of the trial."""
    found = fit.standardise("rmst", at=[horizon], by="rx", levels=["Obs", "Lev+5FU"], contrast="difference")
    return "{estimate:.2f} ({lower:.2f} to {upper:.2f})".format(**found.iloc[0])


rows = {}
for name in models:
    rows[name] = {
        ("trial alone", "log-likelihood"): round(alone[name].llf, 1),
        ("trial alone", "gain to 5"): gain(alone[name], 5),
        ("trial alone", "gain to 40"): gain(alone[name], 40),
        ("with the life table", "log-likelihood"): round(with_table[name].llf, 1),
        ("with the life table", "gain to 5"): gain(with_table[name], 5),
        ("with the life table", "gain to 40"): gain(with_table[name], 40),
    }
gains = pd.DataFrame.from_dict(rows, orient="index")
gains

# %%
# One picture
# -----------
# Mean survival of the treated arm over forty years. On the left nothing keeps the patients, 60 years old on average,
# from living to a hundred. On the right the curves cannot rise above the population's (dotted).
times = np.linspace(0.0, 40.0, 81)
styles = ["-", "--", "-.", (0, (1, 1))]
treated = trial.assign(rx="Lev+5FU")
fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharey=True, layout="constrained")
for ax, fits, title in zip(axes, (alone, with_table), ("Trial alone", "With the life table"), strict=True):
    for (name, fit), style in zip(fits.items(), styles, strict=True):
        curve = fit.standardise("survival", at=times, over=treated)
        ax.plot(curve["time"], curve["estimate"], linestyle=style, label=name)
    ax.axvspan(0.0, trial["years"].max(), color="0.92", zorder=0)
    ax.set(title=title, xlabel="Years since randomisation", xlim=(0, 40), ylim=(0, 1))
expected = with_table["proportional hazards"].standardise("expected_survival", at=times, over=treated)
axes[1].plot(expected["time"], expected["estimate"], color="black", linestyle=":", label="population")
axes[0].set_ylabel("Survival of the treated arm")
axes[0].annotate("follow-up", (0.3, 0.03), color="0.35")
axes[1].legend(frameon=False, loc="upper right")
plt.show()

# %%
# What the patients die of
# ------------------------
# For a man and a woman of 60 and of 75 years, treated: the probabilities of being alive, of having died of the
# disease and of other causes after ten years. The three add up to 1. Net survival is that of a world in which nobody
# dies of anything else: it is the same for all four, since age and sex act through the background alone.
people = pd.DataFrame(
    {"rx": "Lev+5FU", "age": [60, 60, 75, 75], "gender": ["male", "female"] * 2, "randomised": 1986.5}
)
fit = with_table["proportional hazards"]
kinds = ["survival", "crude_disease", "crude_other", "net_survival", "expected_survival"]
shares = pd.DataFrame(
    {kind: fit.predict(people, kind=kind, at=[10])["estimate"].to_numpy() for kind in kinds}
)
shares.set_axis([f"{row.gender}, {row.age}" for row in people.itertuples()]).round(3)

# %%
# What may be written
# -------------------
# The sentence, with its numbers from the fits above. The range is one of models, not an interval; each gain has an
# interval of its own, and they are wide.
values = [
    fit.standardise("rmst", at=[40], by="rx", levels=["Obs", "Lev+5FU"], contrast="difference")[
        "estimate"
    ].iloc[0]
    for fit in with_table.values()
]
events, expected = int(trial["status_death"].sum()), fit.glance()["expected"].iloc[0]
print(
    f"Of {len(trial)} patients {events} died, where the population's rates would have brought {expected:.0f} deaths. "
    f"With these rates as a background, four models of the excess hazard give mean gains of {min(values):.1f} to "
    f"{max(values):.1f} years over forty years."
)

# %%
# What it still rests on
# ----------------------
# On the models' continuation of the *excess* hazard; on a treatment effect that lasts; and on the table. With its
# rates halved, or half as high again, the gain of the default moves as below. The log-likelihoods do not choose
# between tables well: patients of trials are healthier than the population, which also makes lower rates look better.
for factor in (0.5, 1.0, 1.5):
    scaled = smx.LifeTable(rates.assign(rate=factor * rates["rate"]), rate="rate", by="sex", extend="hold")
    match = scaled.match(age="age", year="randomised", sex="gender")
    other = smx.FlexibleSurvival(formula, trial, time_unit="years", background=match).fit()
    print(f"rates times {factor}: log-likelihood {other.llf:.1f}, gain over forty years {gain(other, 40)}")
