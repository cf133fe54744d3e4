r"""
A surface with a border: truth and fit
======================================

This page uses the simulation design of Gunsilius and Van Dijcke :cite:p:`gunsilius2023`: a surface that is the
distance from the centre of a square, raised outside of a disk. It fits the surface, and shows the border that is
found, the sizes along it, the tuning, and the certificate of the solver, each beside the truth.
"""

# %%
# The data
# --------
# There are 20,000 points. Errors have standard deviation 0.05. The step on the circle is 0.075, half of the standard
# deviation of the surface.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import binned_statistic_2d

import statmodels_x as smx

# sphinx_gallery_thumbnail_number = 2

STEP, RADIUS, SD = 0.0751, 0.25, 0.05


def truth(x, y):
    """Distance from the centre, raised outside of the disk."""
    r = np.hypot(x - 0.5, y - 0.5)
    return r + STEP * (r > RADIUS)


rng = np.random.default_rng(1)
x, y = rng.uniform(size=(2, 20_000))
data = pd.DataFrame({"x": x, "y": y, "z": truth(x, y) + SD * rng.normal(size=x.size)})
data.head()

# %%
# The fit
# -------
# The points are averaged over 31 x 31 cells (the default, about 20 points in each). The convex problem is solved for
# 27 pairs of weights. Each solution gives a candidate jump set, and the evidence selects one and prunes it.
fit = smx.FreeDiscontinuity("z ~ x + y", data).fit(n_jobs=2)
print(fit.summary())

# %%
# The step is less than two standard deviations of a single point, and the border is found nearly everywhere. It need
# not be closed: a cell that the circle crosses contains points of both sides, and the surface may pass through it.
# Then the two sides count as one region, as in the summary here. The sizes below do not depend on it.
fig, axes = plt.subplots(1, 3, figsize=(12.4, 4.1), layout="constrained", sharex=True, sharey=True)
centres = fit.domain.centres
expected = truth(*np.meshgrid(*centres, indexing="ij"))
limits = {"vmin": fit.surface.min(), "vmax": fit.surface.max()}
cells = binned_statistic_2d(data["x"], data["y"], data["z"], bins=fit.domain.breaks).statistic
for ax, values, title in ((axes[0], expected, "Truth"), (axes[1], cells, "Data: means of the cells")):
    ax.pcolormesh(*fit.domain.breaks, values.T, cmap="cividis", **limits)
    smx.plotting.finish(ax, "x", "y")
    ax.set_title(title)
fit.plot(ax=axes[2])
axes[2].set_title("Fit with its jumps")
angle = np.linspace(0, 2 * np.pi, 200)
for ax in axes:
    ax.plot(
        0.5 + RADIUS * np.cos(angle),
        0.5 + RADIUS * np.sin(angle),
        color="white",
        linewidth=0.9,
        linestyle="--",
    )
    ax.set_aspect("equal")
plt.show()

# %%
# Sizes along the border
# ----------------------
# For any place, the table gives the two limits of the surface at the nearest point of the (smoothed) border, without
# the cells that the border crosses.
around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
places = pd.DataFrame({"x": 0.5 + RADIUS * np.cos(around), "y": 0.5 + RADIUS * np.sin(around)})
sizes = fit.jump_sizes(places)
sizes.head().round(4)

# %%
# The sign gives the direction of the jump along the axis of the nearest edge, so a disk has both signs. The figure
# shows absolute sizes. The intervals treat the border as known. This matters at the gap: where no border was found,
# the surface is continuous and the sizes shrink towards 0, outside of their intervals. Sizes near the end of a border
# should not be used.
fig, ax = plt.subplots(figsize=(7.6, 4.0), layout="constrained")
size, half = sizes["size"].abs(), (sizes["upper"] - sizes["lower"]) / 2
ax.errorbar(
    np.degrees(around),
    size,
    yerr=half,
    fmt="o",
    markersize=4,
    color=smx.plotting.COLOURS[0],
    label="size, 95 % interval",
)
ax.axhline(STEP, color=smx.plotting.COLOURS[1], linestyle="--", linewidth=1.3, label="truth")
ax.set_ylim(bottom=0)
ax.set_xticks(range(0, 361, 45))
smx.plotting.finish(ax, "Angle from the centre (degrees)", "Size of the jump")
ax.legend(frameon=False, loc="lower right")
plt.show()

# %%
# ``fit.plot("jumps")`` draws the same along the edges of a border, one after the other. ``fit.jumps`` has them as a
# table:
fit.jumps.head().round(4)

# %%
# Tuning and certificate
# ----------------------
# Left: the gain of each candidate of the convex problem over the smooth surface, before pruning. With a small nu the
# candidates have false jumps, and with a large nu they miss parts of the border. Right: the convergence of the convex
# problem. The lower bound, which cannot exceed the minimum, has stopped rising, and the fixed-point residual has
# reached its tolerance.
fig, axes = plt.subplots(1, 2, figsize=(10.5, 4.1), layout="constrained")
fit.plot("tuning", ax=axes[0])
fit.plot("certificate", ax=axes[1])
plt.show()

# %%
# The errors of the fit
# ---------------------
# Cells at the true border without an edge of the fit are missed, and cells with an edge away from the true border are
# false. The table also has the errors of the surface, over all cells and away from the border.
radius = np.hypot(*np.meshgrid(*(c - 0.5 for c in centres), indexing="ij"))
far = np.abs(radius - RADIUS) > 2 / 31
lattice = fit.domain.lattice
touched = np.zeros(lattice.n_cells, bool)
touched[np.concatenate([lattice.tail[fit.estimate.cut], lattice.head[fit.estimate.cut]])] = True
pd.Series(
    {
        "cells with a jump more than two cells off the border": int(
            (touched.reshape(radius.shape) & far).sum()
        ),
        "root mean squared error of the surface": np.sqrt(np.mean((fit.surface - expected) ** 2)),
        "the same more than two cells off the border": np.sqrt(np.mean((fit.surface - expected)[far] ** 2)),
        "standard error of a cell mean": SD / np.sqrt(len(data) / radius.size),
    }
).round(4)

# %%
# What we learnt
# --------------
# - From scattered points, without starting values and without manual tuning, the fit finds the border of the disk and
#   no other jump.
# - Sizes at any place have intervals, which treat the border as known.
# - The certificate is part of the result; a fit that was stopped early says so.
#
# The page checks its own numbers:
error = np.sqrt(np.mean((fit.surface - expected)[far] ** 2))
assert fit.converged
assert not (touched.reshape(radius.shape) & far).any()
assert len(fit.boundaries) == 1
assert error < 0.5 * SD / np.sqrt(20)
assert np.abs(size.mean() - STEP) < 0.01
assert (np.abs(size - STEP) < half).mean() > 0.85
assert (np.diff(fit.estimate.certificate.history[:, 2][[0, -1]]) < 0).all()
