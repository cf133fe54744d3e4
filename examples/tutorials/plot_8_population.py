"""
8. Two species: who wins, what cycles
=====================================

This tutorial fits models of two interacting species to counts, reads what the counts determine, and makes a
forecast.

- **You will learn**: to fit :class:`~statmodels_x.LeslieInteraction` and :class:`~statmodels_x.LotkaVolterra`, to
  read carrying capacities, and to check a forecast.
- **You need**: nothing from the other tutorials.
- **Time**: 10 minutes to read, 15 seconds to run.
"""

# %%
# Two competitors
# ---------------
# Gause grew two species of Paramecium in one culture :cite:p:`gause1934` and counted them each day. There is one
# row per day and one column per species.
import warnings

import matplotlib.pyplot as plt

import statmodels_x as smx

counts = smx.datasets.load_paramecium()
counts[["day", "aurelia_mixed", "caudatum_mixed"]].head()

# %%
# The formula names both species on the left and the time on the right. ``density="leslie-gower"`` lets crowding
# slow the growth of both.
model = smx.LeslieInteraction("aurelia_mixed + caudatum_mixed ~ day", counts, density="leslie-gower")
fit = model.fit(n_starts=12)
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
fit.plot(ax=ax)
plt.show()

# %%
# Lines are the fitted totals with 95 % bands, marks are the counts.
#
# What the counts determine
# -------------------------
# A model of this kind has more parameters than a series of totals can determine. ``invariants`` lists combinations
# that have a meaning of their own, with their intervals. ``K`` is a carrying capacity. ``alpha`` is the effect of
# one individual of a species on the other, in units of the effect on its own.
found = fit.invariants()
found[["estimate", "lower", "upper"]].round(2)

# %%
# A wide interval means that the counts do not say. Do not report such a quantity as a number. The summary counts
# how many directions are known to within half of their size:
print(f"{fit.ranks['known_to_half']} of {fit.df_model} directions are known to half")
print("outcome of the fitted model:", fit.outcome)

# %%
# The outcome is that of the best fit. ``bootstrap(...).outcomes`` shows how often refits agree with it; the gallery
# page on Paramecium does that.
#
# Predator and prey
# -----------------
# Pelts of hare and lynx :cite:p:`elton1942`. The prey stands first in the formula.
pelts = smx.datasets.load_hare_lynx()
cycle = smx.LotkaVolterra("hare + lynx ~ year", pelts, "predation")
lotka = cycle.fit(n_starts=4)
lotka.invariants()[["estimate", "lower", "upper"]].round(2)

# %%
# ``until`` draws a forecast beyond the last count.
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
lotka.plot(until=1935, ax=ax)
ax.set_ylabel("Pelts (thousands)")
plt.show()

# %%
# Is the forecast any good?
# -------------------------
# A good fit does not prove a good forecast. ``forecast_errors`` fits the counts up to 1911 and to 1915 and compares
# the next three years with what came. It does the same for a simple rival, the linear Leslie model.
linear = smx.LeslieInteraction("hare + lynx ~ year", pelts, "predation")
with warnings.catch_warnings():
    warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
    errors = smx.forecast_errors(
        {"Lotka-Volterra": cycle, "linear": linear}, [1911, 1915], horizon=3, fit={"n_starts": 4}
    )
errors[["rmse", "relative_rmse", "n"]].round(2)

# %%
# ``relative_rmse`` compares each model with repeating the last count. A value below 1 is better than that.
#
# What to keep in mind
# --------------------
# - Report intervals, and say which quantities the counts do not determine.
# - Two series that move together do not show that one species causes the course of the other.
# - A Lotka-Volterra model cycles for ever. That is an assumption, not a finding.
#
# Next
# ----
# The case studies below, such as :ref:`sphx_glr_gallery_population_plot_hare_and_lynx.py` and
# :ref:`sphx_glr_gallery_population_plot_paramecium.py`. :doc:`/guide/population` explains the options.

# sphinx_gallery_start_ignore
assert fit.converged
assert lotka.rsquared["hare"] > 0.9
assert errors.loc[("Lotka-Volterra", "hare"), "relative_rmse"] < 1
# sphinx_gallery_end_ignore
