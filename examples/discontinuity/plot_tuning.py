r"""
Why not tune by prediction error alone
======================================

The energy has two weights, ``lam`` for the data and ``nu`` for jumps. The published rule chooses them by Stein's
unbiased estimate of the prediction error (SURE). This page applies it to two samples of the same surface. On one it
finds the border; on the other it cuts the surface to pieces. Evidence tuning, the default of the package, finds the
border in both. The page shows why.
"""

# %%
# Two samples of one surface
# --------------------------
# The disk of :doc:`plot_disk`, with 10,000 points on 22 x 22 cells. Only the errors and the places differ.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

STEP, RADIUS, SD = 0.0751, 0.25, 0.05


def sample(seed):
    """Points of the disk design."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(size=(10_000, 2)).T
    r = np.hypot(x - 0.5, y - 0.5)
    z = r + STEP * (r > RADIUS) + SD * rng.normal(size=r.size)
    return smx.FreeDiscontinuity("z ~ x + y", pd.DataFrame({"x": x, "y": y, "z": z}))


models = {"first sample": sample(1), "second sample": sample(4)}
rules = {"SURE": "sure", "evidence": "evidence"}
fits = {
    (name, rule): model.fit(tune=tune, n_jobs=2)
    for name, model in models.items()
    for rule, tune in rules.items()
}


def error(fit):
    """Root mean squared error of the surface at the centres of the cells."""
    r = np.hypot(*np.meshgrid(*(c - 0.5 for c in fit.domain.centres), indexing="ij"))
    return np.sqrt(np.mean((fit.surface - r - STEP * (r > RADIUS)) ** 2))


table = pd.DataFrame(
    {
        key: {
            "lam": round(fit.lam, 1),
            "nu": round(fit.nu, 3),
            "edges cut": len(fit.jumps),
            "regions": int(fit.segments().max()),
            "RMSE": round(error(fit), 4),
        }
        for key, fit in fits.items()
    }
).T
table

# %%
# The true border crosses about 40 edges of this grid.
fig, axes = plt.subplots(2, 2, figsize=(9, 7.6), layout="constrained", sharex=True, sharey=True)
for ax, ((name, rule), fit) in zip(axes.T.flat, fits.items(), strict=True):
    fit.plot(ax=ax)
    ax.set_title(f"{rule}, {name}: {len(fit.jumps)} edges")
    ax.set_aspect("equal")
    ax.label_outer()
plt.show()

# %%
# The criterion has two valleys
# -----------------------------
# SURE against nu, with one curve for each lam of the first grid (the search then continues from the best). With strong
# smoothing (small lam) only cuts can follow the data, and SURE decreases with nu. At lam = 484 the curve is nearly
# flat with two shallow minima: one at small nu, where hundreds of edges are cut and the surface is a staircase, and
# one at larger nu, where only the border is cut. Both predict about equally well, and the errors of the sample decide
# which is lower.
fig, axes = plt.subplots(1, 2, figsize=(10.5, 4.3), layout="constrained", sharey=True)
for ax, name in zip(axes, models, strict=True):
    fit = fits[name, "SURE"]
    fit.plot("tuning", ax=ax)
    ax.set_yscale("log")
    ax.set_title(f"{name}: {len(fit.jumps)} edges at the minimum")
    ax.legend(frameon=False, fontsize=8, loc="upper left")
plt.show()

# %%
# Even at the right minimum the surface is rough. With lam near 1,000 it is smoothed over :math:`1/(h\sqrt\lambda)`,
# less than one cell, because more smoothing would flatten the cone. A single pair of weights cannot both find the
# border and smooth between.
#
# Two tasks, two tools
# --------------------
# Evidence tuning uses the energy only to propose jump sets, at values of lam that smooth over several cells. Each jump
# set is then scored by the marginal likelihood of a second-order smoother, which does not penalise slopes. This
# smoother also gives the surface. The gains over the smooth surface without a jump:
fig, axes = plt.subplots(1, 2, figsize=(10.5, 4.3), layout="constrained", sharey=True)
for ax, name in zip(axes, models, strict=True):
    fits[name, "evidence"].plot("tuning", ax=ax)
    ax.axhline(0, color="0.5", linewidth=0.8)
    ax.set_title(name)
plt.show()

# %%
# What we learnt
# --------------
# - SURE estimates the prediction error well, but a good prediction does not need the right jumps. Its minimum may be a
#   staircase: it cuts 40 edges in one sample and more than 300 in the other.
# - With ``tune="sure"`` (or ``"cv"``) draw ``fit.plot("tuning")`` and count the edges before you believe in a jump.
# - The evidence finds the same border in both samples, and surfaces with a smaller error than either of SURE's.
#
# The page checks its own numbers:
edges, rmse = table["edges cut"], table["RMSE"]
assert 30 <= edges["first sample", "SURE"] <= 50
assert edges["second sample", "SURE"] > 250
assert 30 <= edges["first sample", "evidence"] <= 50
assert 30 <= edges["second sample", "evidence"] <= 50
assert rmse[:, "evidence"].max() < rmse[:, "SURE"].min()
