r"""
An image and a volume
=====================

The elements of an array are already on a grid. This page removes the noise from a small photograph without blurring
its edges. A missing pixel is filled from its own side of the edge. Then it finds a block in a noisy volume, and a step
among scattered points in a volume.
"""

# %%
# A photograph
# ------------
# The picture is a part of the portrait of Grace Hopper (US Navy, public domain) that comes with matplotlib, reduced
# to 40 x 40 blocks of pixels. Noise of a known standard deviation is added, and a stripe is removed.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import cbook
from scipy.ndimage import gaussian_filter

import statmodels_x as smx

# sphinx_gallery_thumbnail_number = 2

SD = 0.08
with cbook.get_sample_data("grace_hopper.jpg") as file:
    portrait = plt.imread(file, format="jpg")[290:530, 170:410].mean(axis=2) / 255
clean = portrait.reshape(40, 6, 40, 6).mean(axis=(1, 3))
rng = np.random.default_rng(3)
noisy = clean + SD * rng.normal(size=clean.shape)
seen = noisy.copy()
seen[10:12, 8:16] = np.nan

# %%
# An estimate of the noise from the finest differences would include fine texture. The known standard deviation is
# therefore given. The fit finds the most pronounced edges:
fit = smx.FreeDiscontinuity(seen, noise=SD).fit(n_jobs=2)
print(fit)


def rmse(values, where=slice(None)):
    """Root mean squared error against the original."""
    return float(np.sqrt(np.mean((values - clean)[where] ** 2)))


# %%
# A Gaussian filter is shown beside it. It sees the stripe, and its width is the best one for the original, which no
# user knows.
blurred = min((gaussian_filter(noisy, width) for width in np.arange(0.3, 1.5, 0.1)), key=rmse)

# %%
fig, axes = plt.subplots(1, 4, figsize=(12.6, 3.5), layout="constrained", sharex=True, sharey=True)
grey = plt.get_cmap("gray").with_extremes(bad="#D55E00")  # what is missing
pictures = {
    "Original": clean,
    "Noise, a stripe missing": seen,
    "Gaussian filter, best width": blurred,
    "Fit": fit.surface,
}
for ax, (title, values) in zip(axes, pictures.items(), strict=True):
    ax.imshow(values, cmap=grey, vmin=0, vmax=1)
    ax.set_title(title, fontsize=10)
    ax.set_axis_off()
plt.show()

# %%
# The red lines in the next figure are the border. Each pixel is a mean of 6 x 6 pixels of the original, and the fit
# takes this into account: a pixel that the border crosses is a weighted mean of both sides, and the weight shows where
# the border runs within it. The missing stripe is filled from the region that it is connected to. This works well
# where the picture is smooth. Where the stripe hides the end of an edge, the data have no information. Most of the
# collar and of the tie is found. Some lines end inside the picture: there the edge is too weak to be distinguished
# from a slope.
fig, ax = plt.subplots(figsize=(5.4, 4.6), layout="constrained")
fit.plot(ax=ax)
plt.show()

# %%
# The root mean squared errors are those of the whole picture, and of the missing stripe alone:
hidden = np.isnan(seen)
for name, values in (("noise", noisy), ("Gaussian filter, best width", blurred), ("fit", fit.surface)):
    print(f"{name:28} {rmse(values):.3f}")
print(f"fit, in the missing stripe alone: {rmse(fit.surface, hidden):.3f}")

# %%
# A volume
# --------
# The volume has 9 x 9 x 9 voxels. A block in one corner is denser by one. There is noise of standard deviation 0.15
# and a gentle gradient. Nothing is given but the array.
place = np.indices((9, 9, 9))
inside = (place[0] >= 3) & (place[1] >= 4) & (place[2] < 5)
truth = 1.0 * inside + 0.03 * place[0]
volume = truth + 0.15 * rng.normal(size=truth.shape)
body = smx.FreeDiscontinuity(volume).fit()
print(body.boundaries.iloc[:, :4].round(2).to_string())
print(body.region_means.round(2).to_string())

# %%
# The border consists of faces between voxels, and ``length`` is its area. These are slices through the fitted volume.
# The first lies outside the block:
axes = body.plot("slices", axis=0, n=4)
plt.show()

# %%
# One slice beside the data and the truth, with the axes of the slices above:
fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.4), layout="compressed", sharey=True)
for ax, values, title in zip(axes, (volume, body.surface, truth), ("Data", "Fit", "Truth"), strict=True):
    picture = ax.imshow(values[5].T, cmap="cividis", vmin=-0.3, vmax=1.6, origin="lower")
    smx.plotting.finish(ax, "axis_1", "axis_2" if ax is axes[0] else "")
    ax.set_title(f"{title}, axis_0 = 5")
fig.colorbar(picture, ax=axes, label="value")
plt.show()

# %%
# Points in a volume
# ------------------
# Measurements at scattered places are put into voxels, too. But the border is not bound to the faces of the voxels:
# each point is compared with the surface on its own side. Here the response jumps by one at b = 0.53, three tenths of
# the way through a layer of voxels. There are two points in a voxel on average.
x = rng.uniform(size=(2000, 3))
points = pd.DataFrame(x, columns=["a", "b", "c"])
points["y"] = 0.3 * points["a"] + 1.0 * (points["b"] > 0.53) + 0.2 * rng.normal(size=2000)
scattered = smx.FreeDiscontinuity("y ~ a + b + c", points, resolution=10).fit()
print(scattered.boundaries.iloc[:, :4].round(2).to_string())
print(scattered.jump_sizes([[0.3, 0.5, 0.3], [0.7, 0.5, 0.7]]).round(2).to_string())

# %%
# ``predict()`` takes the side of the border on which a place lies, also within a voxel, and ``jump_sizes()`` measures
# the jump there. The faces of voxels, which ``jumps`` lists, are at 0.50, and ``length`` is their area.
b = np.linspace(0.3, 0.75, 200)
line = scattered.predict(pd.DataFrame({"a": 0.5, "b": b, "c": 0.5}))
fig, ax = plt.subplots(figsize=(6.2, 3.6), layout="constrained")
near = points[(points["a"] - 0.5).abs() < 0.2]
ax.plot(near["b"], near["y"], ".", color="0.75", markersize=3, label="points with a within 0.2 of 0.5")
ax.plot(b, line["estimate"], color="#0072B2", label="fit at a = c = 0.5")
ax.fill_between(b, line["lower"], line["upper"], color="#0072B2", alpha=0.25, linewidth=0)
ax.axvline(0.53, color="#D55E00", linestyle="--", linewidth=1, label="true border")
ax.set_xlim(b[0], b[-1])
smx.plotting.finish(ax, "b", "y")
ax.legend(frameon=False, fontsize=8, loc="upper left")
plt.show()

# %%
# What we learnt
# --------------
# - Images and volumes need no formula, and missing elements need no special treatment.
# - In an array a voxel is on one side of the border as a whole. Scattered points place the border within the voxels.
#
# The page checks its own numbers:
assert fit.converged
assert "within pixels (averages)" in str(fit.summary())
assert rmse(fit.surface) < 0.7 * rmse(noisy)
assert rmse(fit.surface) < 0.92 * min(rmse(gaussian_filter(noisy, width)) for width in (0.6, 0.8, 1.0))
assert len(body.boundaries) == 1
assert ((body.segments() == 2) == inside).mean() > 0.97
assert len(scattered.boundaries) == 1
steps = line["estimate"].diff().to_numpy()
assert abs(b[np.nanargmax(steps)] - 0.53) < 0.02
