"""
Which interaction do the data support?
======================================

Gause's (1934) counts of *Didinium* and *Paramecium* over 17 days: the classical cycle of predator and prey. Lotka-
Volterra, a prey that limits itself, predators that take time to handle prey, and matrix models: by sums of squares,
information criteria, tests, and forecasts.
"""

# %%
# The series
# ----------
import warnings

import matplotlib.pyplot as plt
import pandas as pd

import statmodels_x as smx
from statmodels_x.plotting import COLOURS, finish

data = pd.DataFrame(
    {
        "day": range(1, 18),
        "prey": [2.9, 7.6, 15.2, 25.1, 55.4, 27.1, 9.6, 2.4, 0.5, 1.3, 5.3, 15.2, 27.5, 18.2, 0, 0, 0],
        "predator": [0, 0, 0, 4.8, 6.9, 31, 27.9, 15.8, 11.7, 4.1, 0, 0, 3.1, 28.6, 37, 18.6, 9.3],
    }
)
formula = "prey + predator ~ day"


def flow(**limits):
    """Return the model in continuous time."""
    return smx.LotkaVolterra(formula, data, "predation", **limits)


models = {
    "Lotka-Volterra": flow(),
    "limited prey": flow(limited=True),
    "limited prey, saturating predation": flow(limited=True, saturating=True),
    "matrix, Leslie-Gower": smx.LeslieInteraction(formula, data, "predation", density="leslie-gower"),
    "matrix, saturating": smx.LeslieInteraction(formula, data, "predation", density="saturating"),
}

# %%
# Fits
# ----
# A fit is as good as its search. ``digits`` says how many digits of its parameters a course spends: above 5 it sits on
# an unstable equilibrium and leaves it when the last digits tell it to, which supports neither errors nor forecasts.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    fits = {name: model.fit(n_starts=15) for name, model in models.items()}
table = pd.DataFrame(
    {
        name: {
            "parameters": fit.df_model,
            "weighted squares": fit.wss,
            "R2 prey": fit.rsquared["prey"],
            "R2 predator": fit.rsquared["predator"],
            "AICc": fit.aicc,
            "digits spent": fit.digits,
            "kinds of starts at best": (fit.search["at_best"] > 0).sum(),
        }
        for name, fit in fits.items()
    }
).T
table.round(2)

# %%
# Limiting the prey takes a third of the squares away, saturation another fifth; each test is one-sided, for the limit
# cannot be below 0. Saturation without a limit gains nothing: its estimate is 0.
print(fits["Lotka-Volterra"].lr_test(fits["limited prey"]), "\n")
print(fits["limited prey"].lr_test(fits["limited prey, saturating predation"]))

# %%
best = fits["limited prey, saturating predation"]
print(best.summary())

# %%
fig, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for ax, name in zip(axes, ("Lotka-Volterra", "limited prey, saturating predation"), strict=True):
    fits[name].plot(ax=ax)
    ax.set_title(name)
plt.show()

# %%
# The period of the cycle is not that of small oscillations about the equilibrium, which theory speaks of:
best.invariants().loc[["small_oscillation_period", "period"]].round(2)

# %%
# Forecasts
# ---------
# From days 9, 10 and 11, five days ahead, against the last value carried forward. A species whose total falls to 0 in
# a matrix model has ended, and is forecast as 0.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    errors = smx.forecast_errors(models, [9, 10, 11], horizon=5, fit={"n_starts": 8})
errors[["rmse", "relative_rmse", "ended", "ended_wrongly", "missed"]].round(2)

# %%
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
shown = errors["relative_rmse"].drop("last value").unstack()
for k, species in enumerate(shown):
    ax.plot(shown[species], shown.index, "os"[k], color=COLOURS[k], label=species)
ax.axvline(1.0, color="0.4", linewidth=0.8)
ax.set_xscale("log")
finish(ax, "Root mean squared error over that of the last value", "")
plt.show()

# %%
# A good fit is no good forecast. Right of the line a model loses against carrying the last value forward: the table
# above says which do. Ten days, hardly more than one cycle, do not teach a model of eight or nine parameters what
# comes next.

# %%
# Check: the best sums of squares that an independent implementation found.
assert fits["Lotka-Volterra"].wss < 5.07
assert fits["limited prey"].wss < 3.44
assert best.wss < 2.78
assert fits["matrix, saturating"].wss < 3.15
