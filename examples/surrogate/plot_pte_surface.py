"""
PTE over all pairs of times, and the earliest sufficient landmark
=================================================================

Two times define the proportion explained: the landmark t0, at which the surrogate is read, and the time t of the
outcome. ``landmark_grid()`` estimates the PTE at all pairs of times, with bands that hold at all of them together.
This page applies it to simulated data with known values, and then to the colon cancer trial.
"""

# %%
# Estimate and truth
# ------------------
# An illness-death process: the treatment halves the rate of progression and lowers the rate of death a little, before
# progression and after it.
import matplotlib.pyplot as plt
import numpy as np

import statmodels_x as smx

# sphinx_gallery_thumbnail_number = 2

control = smx.IllnessDeath(progression=1.0, death=0.10, death_after=0.55)
treated = smx.IllnessDeath(progression=0.5, death=0.08, death_after=0.45)
process = smx.IllnessDeathTrial(control, treated, censoring=0.08)
frame = process.simulate(1500, seed=1)
fit = smx.SurrogatePTE(
    "Surv(time, status) ~ arm",
    "Surv(surrogate_time, surrogate_status)",
    frame,
    at=3,
    landmark=1,
    time_unit="years",
).fit(n_perturb=200)
grid = fit.landmark_grid(ats=np.arange(1.5, 4.01, 0.5), landmarks=[0.25, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4])
table = grid.frame()
table["truth"] = [
    process.true_values(at, landmark)["pte"]
    for at, landmark in zip(table["at"], table["landmark"], strict=True)
]
table.iloc[::7].round(3)

# %%
# The left panel shows the true values and the right panel the estimate from 1,500 patients per arm. The contours rise
# to the diagonal t0 = t, where the surrogate information contains the outcome and the PTE is 1. A landmark must not be
# later than the outcome. For each t, half of the effect is explained at a landmark between a quarter and two fifths of
# t.
fig, axes = plt.subplots(1, 2, figsize=(11, 4.4), sharey=True, layout="constrained")
wide = table.pivot(index="at", columns="landmark", values="truth")
levels = np.linspace(0, 1, 11)
shades = ["white" if level < 0.55 else "0.15" for level in levels]
axes[0].contourf(wide.columns, wide.index, wide, levels=levels, cmap="cividis", extend="both")
lines = axes[0].contour(wide.columns, wide.index, wide, levels=levels, colors=shades, linewidths=0.6)
axes[0].clabel(lines, fmt="%.1f", fontsize="x-small")
axes[0].set_title("Truth")
axes[0].set_xlabel("Landmark $t_0$ (years)")
axes[0].set_ylabel("Time $t$ of the outcome (years)")
axes[0].spines[["top", "right"]].set_visible(False)
grid.plot("surface", ax=axes[1])
axes[1].set_title("Estimate")
axes[1].set_ylabel("")
plt.show()

# %%
# Bands that hold everywhere
# --------------------------
# A simultaneous band covers the whole curve or surface with a probability of 95 %, so one may look at all landmarks
# and choose one. A pointwise interval (``method="fieller"``) is for a pair of times chosen in advance. Here the band
# covers the true values at all pairs.
free = table[table["landmark"] < table["at"]]  # on the diagonal estimate and truth are 1
inside = free["truth"].between(free["lower"], free["upper"])
print(f"{inside.sum()} of {len(free)} true values within the simultaneous bands")

# %%
# The colon cancer trial
# ----------------------
# Lev+5FU is compared with observation. The estimates increase quickly during the first eighteen months, when most
# recurrences occur.
colon = smx.datasets.load_colon()
colon = colon.assign(death=colon["time_death"] / 365.25, recur=colon["time_recur"] / 365.25)
trial = smx.SurrogatePTE(
    "Surv(death, status_death) ~ rx",
    "Surv(recur, status_recur)",
    colon,
    at=5,
    landmark=2,
    treated="Lev+5FU",
    control="Obs",
    time_unit="years",
).fit()
curves = trial.landmark_grid(ats=[5], landmarks=[0.5, 1, 1.5, 2, 2.5, 3, 4])
fig, ax = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
curves.plot("curves", ax=ax)
plt.show()

# %%
# The earliest landmark that is enough
# ------------------------------------
# ``earliest_landmark(.5)`` asks when half of the effect could have been seen. It gives two answers: by the estimate,
# and by a lower bound that holds for all landmarks together, so that choosing the earliest is valid. A claim needs the
# second. With six hundred patients it is one year later than the first.
curves.earliest_landmark(0.5)

# %%
# The same question to the simulated trial, for each time t. The truth for t = 3 stands below.
grid.earliest_landmark(0.5)

# %%
fine = np.linspace(0.1, 3, 59)
crossing = fine[np.argmax([process.true_values(3, t0)["pte"] >= 0.5 for t0 in fine])]
print(f"true PTE at t = 3 reaches .5 at the landmark {crossing:.2f} years")

# %%
# What we learnt
# --------------
# - One call gives the surface, its bands and the table; all pairs share their perturbations.
# - PTE is 1 on the diagonal by construction: a landmark near t is no surrogate.
# - The earliest sufficient landmark has a controlled error rate, and it is later than the estimate suggests.
#
# The page checks its own numbers:
assert inside.all()
diagonal = table[np.isclose(table["at"], table["landmark"])]
np.testing.assert_allclose(diagonal["estimate"], 1.0, atol=1e-9)
np.testing.assert_allclose(diagonal["truth"], 1.0, atol=1e-9)
known = free
assert float(np.sqrt(np.mean(((known["estimate"] - known["truth"]) / known["std_error"]) ** 2))) < 2
three = grid.earliest_landmark(0.5).set_index("at").loc[3.0]
assert three["by_confidence"] >= crossing
assert np.all(np.diff(curves.frame()["estimate"].iloc[:4]) > 0)
