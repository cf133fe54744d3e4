r"""
An internet shutdown at a border (constructed data)
===================================================

On 26 September 2021 mobile internet was shut down in Rajasthan. Gunsilius and Van Dijcke :cite:p:`gunsilius2023` ask
what this did to visits of shops. They find the decrease as a jump of a surface at the border of the state. Their data
are not public. **The data of this page are simulated.** They have the layout of the paper (a map of 25 x 31 cells, a
decrease between 25 and 35 %). The outline of the state is a rough polygon, and all numbers are drawn by the script
below. This page shows the analysis with a known truth. It says nothing about India.
"""

# %%
# Simulated data
# --------------
# 15,500 places with the logarithm of their visits that day, relative to a usual one. It varies smoothly with place;
# inside the state it falls by 25 % in the east and 35 % in the west. The standard deviation of a place is 0.15.
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.path import Path
from scipy.stats import binned_statistic_2d

import statmodels_x as smx

# sphinx_gallery_thumbnail_number = 2

OUTLINE = np.array(
    [(69.5, 26.9), (70.6, 28.0), (72.4, 28.6), (73.6, 29.9), (75.0, 29.6), (76.3, 28.3), (77.6, 27.4), (77.5, 26.0),
     (76.6, 24.8), (75.0, 23.9), (73.6, 23.6), (72.2, 24.5), (70.8, 25.1)]
)  # fmt: skip


def effect(lon):
    """Change of log visits under the shutdown: a fall of 35 % in the west, 25 % in the east."""
    return np.log(1 - np.interp(lon, [69.5, 78.2], [0.35, 0.25]))


rng = np.random.default_rng(2021)
lon, lat = rng.uniform(68.4, 79.4, 15_500), rng.uniform(22.2, 31.0, 15_500)
usual = 0.15 * np.sin(0.5 * (lon - 70)) + 0.04 * (lat - 26.5)
inside = Path(OUTLINE).contains_points(np.column_stack([lon, lat]))
visits = usual + effect(lon) * inside + 0.15 * rng.normal(size=lon.size)
data = pd.DataFrame({"longitude": lon, "latitude": lat, "log_visits": visits})
print(f"{inside.sum()} of {len(data)} places lie inside")

# %%
# The border is found
# -------------------
# The analysis does not use the outline.
formula = "log_visits ~ longitude + latitude"
fit = smx.FreeDiscontinuity(formula, data, resolution=(31, 25)).fit(n_jobs=2)
print(fit.summary())

# %%
fig, axes = plt.subplots(1, 2, figsize=(11, 4.3), layout="constrained", sharex=True, sharey=True)
where = (data["longitude"], data["latitude"])
means = binned_statistic_2d(*where, data["log_visits"], bins=fit.domain.breaks).statistic
mesh = axes[0].pcolormesh(*fit.domain.breaks, means.T, cmap="cividis")
fig.colorbar(mesh, ax=axes[0], label="log visits")
smx.plotting.finish(axes[0], "Longitude (° E)", "Latitude (° N)")
axes[0].set_title("Means of the cells")
fit.plot(ax=axes[1])
smx.plotting.finish(axes[1], "Longitude (° E)", "Latitude (° N)")
axes[1].set_title("Surface with its jumps")
for ax in axes:
    ax.plot(*np.vstack([OUTLINE, OUTLINE[:1]]).T, color="white", linewidth=1.0, linestyle="--")
plt.show()

# %%
# The fall along the border
# -------------------------
# The sizes at the points of the border nearest to the outline, as a percentage: :math:`1 - e^{-|\text{size}|}`. The
# intervals include the uncertainty of the place of the border.
step = np.linspace(0, len(OUTLINE), 16, endpoint=False)
corner = np.vstack([OUTLINE, OUTLINE[:1]])
places = pd.DataFrame(
    {
        name: np.interp(step, np.arange(len(corner)), corner[:, k])
        for k, name in enumerate(("longitude", "latitude"))
    }
)
sizes = fit.jump_sizes(places)


def percent(table):
    """Falls in per cent from changes of the logarithm, whatever the direction in which the border was crossed."""
    size = table["size"].abs()
    half = (table["upper"] - table["lower"]) / 2
    return 100 * (1 - np.exp(-np.array([size, size - half, size + half])))


fall, low, high = percent(sizes)
true_fall = 100 * (1 - np.exp(effect(places["longitude"].to_numpy())))
pd.DataFrame({"longitude": sizes["longitude"], "latitude": sizes["latitude"], "fall (%)": fall, "lower": low,
              "upper": high, "true fall (%)": true_fall}).round(1)  # fmt: skip

# %%
# The whole outline was found, as one closed border within the cells. Nearly all of the intervals contain the true
# value.
#
# A second stage
# --------------
# The same data chose the border and measured the jump. In the second stage a random half of the places is used to
# find the border, and the other half to measure the jump, so that the choice of the border causes no bias. The
# intervals are wider. But half of the data may find less of the border, and a size near the end of a border shrinks
# towards 0.
halves = fit.second_stage(places, seed=1)
fig, ax = plt.subplots(figsize=(8.4, 4.2), layout="constrained")
for k, (name, one) in enumerate({"all data": sizes, "held-out half": halves}.items()):
    middle, below, above = percent(one)
    ax.errorbar(np.arange(len(places)) + 0.25 * k, middle, yerr=[middle - below, above - middle], fmt="os"[k],
                markersize=4, color=smx.plotting.COLOURS[k],
                label=f"{name}, 95 % interval given the border")  # fmt: skip
ax.plot(np.arange(len(places)), true_fall, color="0.3", linewidth=1.2, linestyle="--", label="truth")
ax.set_ylim(0, 80)
smx.plotting.finish(ax, "Place along the outline, clockwise from the west", "Fall of visits (%)")
ax.legend(frameon=False, loc="upper right", fontsize=9)
plt.show()

# %%
# The uncertainty of the border
# -----------------------------
# The bootstrap repeats the whole analysis: it draws surfaces from their posterior distribution, points about each, and
# repeats the search. *Stability* is the proportion of resamples that find each crossing again, or one beside it. A
# part of the border that the fit has missed has no stability, because the resamples have the jumps of the fit. To save
# time we use a window on the northern border with cells of the same size. (For a paper use 99 resamples or more. An
# interval needs 20 in which the jump at that place could be measured.)
window = data.query("68.4 < longitude < 73.4 and 25.7 < latitude < 30")
near = smx.FreeDiscontinuity(formula, window, resolution=(14, 12)).fit()
inside = places.query("69 < longitude < 73 and 26 < latitude < 29.5")
draws = near.bootstrap(20, at=inside, seed=1, n_jobs=2)
print(draws.jumps["stability"].describe().round(3).to_string())
draws.jump_sizes()[["longitude", "latitude", "size", "std_error", "lower", "upper", "found"]].round(3)

# %%
# Is there a jump at all?
# -----------------------
# The null data are drawn about surfaces without a jump. With 19 resamples the smallest possible p-value is 0.05.
test = near.test_no_jump(19, seed=1, n_jobs=2)
test.round(3)

# %%
# What we learnt
# --------------
# - The estimated border follows the outline of the state, which the analysis did not know. No edge is off it.
# - There are three kinds of intervals for the fall: given the border, from a held-out half, and from a bootstrap in
#   which the border is estimated again. None of them covers a part of the border that was missed.
# - The analysis does not show *why* the surface jumps there. The jump is an effect of the shutdown only if nothing
#   else changes at that border on that day.
#
# The page checks its own numbers:
dense = np.vstack([np.linspace(a, b, 50) for a, b in pairwise(corner)])
width = fit.domain.widths
edges = fit.jumps[["longitude", "latitude"]].to_numpy()
away = np.linalg.norm((edges[:, None] - dense) / width, axis=2).min(axis=1)
assert len(edges) > 60
assert (away < 1.5).all()
found = np.isfinite(fall)
assert found.sum() >= 14
assert np.abs(fall - true_fall)[found].max() < 6
assert ((low < true_fall) & (true_fall < high))[found].mean() > 0.8
assert draws.jumps["stability"].mean() > 0.9
assert test["p.value"] == 0.05
