"""
7. Where does a curve or a surface jump?
========================================

Some responses change smoothly except at a few places, where they jump. This tutorial finds such places, with their
sizes, without naming them beforehand.

- **You will learn**: to fit :class:`~statmodels_x.FreeDiscontinuity` to a curve and to a surface, to read the table
  of jumps, and to test for a jump.
- **You need**: nothing from the other tutorials.
- **Time**: 10 minutes to read, 15 seconds to run.
"""

# %%
# A curve
# -------
# The annual flow of the Nile at Aswan, 1871 to 1970 :cite:p:`cobb1978`, comes with statsmodels.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from statsmodels.datasets import nile

import statmodels_x as smx

flow = nile.load_pandas().data
fit = smx.FreeDiscontinuity("volume ~ year", flow).fit()
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
fit.plot(ax=ax)
ax.set(xlabel="Year", ylabel="Annual flow (10⁸ m³)")
plt.show()

# %%
# The model found one jump. The dotted line is its place. The table gives the place with its 95 % interval, and the
# size with its interval. A negative size is a fall.
fit.jumps[["year", "location_lower", "location_upper", "size", "lower", "upper"]].round(1)

# %%
jump = fit.jumps.iloc[0]
print(
    f"The flow fell by {-jump['size']:.0f} (95 % interval {-jump.upper:.0f} to {-jump.lower:.0f}) between "
    f"{jump.year - 0.5:.0f} and {jump.year + 0.5:.0f}."
)

# %%
# Could it be chance?
# -------------------
# ``test_no_jump`` draws data without a jump, repeats the whole search on each, and counts how often the evidence is
# as large as here. With 99 draws the smallest possible p-value is 0.01.
print(fit.test_no_jump(99, seed=1))

# %%
# Is the place stable? ``bootstrap`` repeats the fit on resampled errors. ``stability`` is the share of resamples
# that find the jump again.
again = fit.bootstrap(99, seed=1)
print(f"found again in {100 * again.stability[0]:.0f} % of the resamples")

# %%
# Smaller jumps may have been missed. The fit gives the smallest size that it would report at a given place:
print(f"smallest jump: {fit.smallest_jump:.0f}")

# %%
# A surface
# ---------
# With two covariates the jumps form a border. Here prices of flats in a town are simulated. They fall to the
# north, and they are 40 higher beyond a straight line, which stands for the border of a school district.
rng = np.random.default_rng(8)
flats = pd.DataFrame({"east": rng.uniform(0, 10, 4000), "north": rng.uniform(0, 10, 4000)})
beyond = flats["north"] > 3 + 0.4 * flats["east"]
flats["price"] = 200 + 4 * flats["east"] - 3 * flats["north"] + 40 * beyond + 15 * rng.normal(size=4000)
surface = smx.FreeDiscontinuity("price ~ east + north", flats).fit()
fig, ax = plt.subplots(figsize=(6.0, 4.6), layout="constrained")
surface.plot(ax=ax)
ax.plot([0, 10], [3, 7], color="black", linewidth=0.9, linestyle="--", label="true border")
ax.legend(loc="lower right")
plt.show()

# %%
# The red line is the border that was found. ``tidy`` gives its mean size, with an interval that does not include the
# uncertainty of the border.
border = surface.tidy()
border.round(2)

# %%
size = border.iloc[0]
print(f"step across the border {abs(size['estimate']):.1f}; the truth is 40")

# %%
# What to keep in mind
# --------------------
# - The model finds where a response jumps. It does not say why.
# - A steep slope is not a jump, but with few points the two look alike. Try another ``resolution``.
# - Errors of neighbours in time or in space may be correlated. ``noise="correlated"`` allows for it.
#
# Next
# ----
# :ref:`sphx_glr_gallery_tutorials_plot_8_population.py`. The page
# :ref:`sphx_glr_gallery_discontinuity_plot_nile.py` goes further; :doc:`/guide/discontinuity` explains the options.

# sphinx_gallery_start_ignore
assert len(fit.jumps) == 1
assert jump.year == 1898.5
assert 37 < abs(size["estimate"]) < 43
# sphinx_gallery_end_ignore
