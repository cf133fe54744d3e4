r"""
The Nile in 1898: one jump in a series
======================================

The annual flow of the Nile at Aswan, 1871 to 1970 :cite:p:`cobb1978`, is the best-known example of a change point.
With one covariate the problem is solved exactly, on the observations themselves. Where is the jump, how large is it,
how certain is it, and does the answer depend on the settings?
"""

# %%
# The fit
# -------
# The data come with statsmodels. No option is needed.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from statsmodels.datasets import nile

import statmodels_x as smx

data = nile.load_pandas().data
model = smx.FreeDiscontinuity("volume ~ year", data)
fit = model.fit()
print(fit.summary())

# %%
# The flow fell between 1898 and 1899. ``location_lower`` and ``location_upper`` hold the place, and ``lower`` and
# ``upper`` the size, with its place not taken as known:
fit.jumps[
    ["year", "location_lower", "location_upper", "from", "to", "size", "std_error", "lower", "upper"]
].round(1)

# %%
# The size is that of the curve at the jump, not the difference of the means before and after, which is 248: the flow
# rose a little on either side, and the same slope goes on across the jump.
fig, ax = plt.subplots(figsize=(7.6, 4.2), layout="constrained")
fit.plot(ax=ax)
smx.plotting.finish(ax, "Year", "Annual flow (10⁸ m³)")
ax.legend(frameon=False, loc="upper right", ncols=3)
plt.show()

# %%
# Does it depend on the setting?
# ------------------------------
# Under the three settings a jump must gain 2, 1 or 0.5 times log n in -2 log likelihood. Here it gains far more. The
# settings differ in the smallest jump that would just be reported at a known place, which is reported in the units of
# the data.
settings = ("strict", "balanced", "sensitive")
fits = {name: model.fit(sensitivity=name) for name in settings}
pd.DataFrame(
    {
        name: {
            "jumps": len(one.jumps),
            "year": one.jumps["year"].iloc[0],
            "size": round(one.jumps["size"].iloc[0], 1),
            "evidence": round(one.jumps["evidence"].iloc[0], 1),
            "smallest jump": round(one.smallest_jump, 1),
        }
        for name, one in fits.items()
    }
)

# %%
# In a time series, correlated errors are the usual alternative to a jump. With ``noise="correlated"`` white noise and
# noise with an exponential covariance are estimated together with the jump. The jump remains, with a larger standard
# error.
correlated = smx.FreeDiscontinuity("volume ~ year", data, noise="correlated").fit()
both = pd.concat({"independent": fit.jumps, "correlated": correlated.jumps}).droplevel(1)
both[["year", "size", "std_error", "lower", "upper", "evidence"]].round(1)

# %%
# Tuned by SURE
# -------------
# With ``tune="sure"`` the two weights of the energy are chosen by Stein's unbiased risk estimate of the prediction
# error. It finds the same jump in these data, but its curve differs: it minimises the energy of first differences,
# with a single weight for finding the jump and for smoothing. The right panel shows the criterion.
sure = model.fit(tune="sure")
fig, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
axes[0].plot(data["year"], data["volume"], ".", markersize=3, color="0.65")
for k, (name, one) in enumerate({"evidence": fit, "SURE": sure}.items()):
    for piece, years in ((one.curve[:28], data["year"][:28]), (one.curve[28:], data["year"][28:])):
        axes[0].plot(years, piece, label=name if years.iloc[0] < 1898 else None, **smx.plotting.style(k))
smx.plotting.finish(axes[0], "Year", "Annual flow (10⁸ m³)")
axes[0].legend(frameon=False)
sure.plot("tuning", ax=axes[1])
plt.show()

# %%
# Bootstrap, and a test
# ---------------------
# The bootstrap repeats the whole fit on new errors about the curve. It reports the proportion of resamples with this
# jump, and the distribution of its size. The test of no jump uses data simulated from the best curve without a jump.
again = fit.bootstrap(99, seed=1)
test = fit.test_no_jump(99, seed=1)
print(f"found again in {again.stability[0]:.0%} of the resamples, within {again.tolerance:.0f} years")
low, high = again.conf_int().iloc[0]
print(f"size {fit.jumps['size'].iloc[0]:.0f}, 95 % of the resampled sizes {low:.0f} to {high:.0f}")
print(f"no jump: p = {test['p.value']:.2f} (the smallest that 99 resamples can give)")

# %%
# How many jumps each resample had:
fig, ax = plt.subplots(figsize=(7.6, 3.4), layout="constrained")
count = pd.Series(again.n_jumps).value_counts().sort_index()
ax.bar(count.index, count.to_numpy(), width=0.6, color=smx.plotting.COLOURS[0])
ax.set_xticks(range(int(count.index.max()) + 1))
smx.plotting.finish(ax, "Jumps found in a resample", "Resamples")
plt.show()

# %%
# What we learnt
# --------------
# - The flow fell by 284 (95 % interval 189 to 370) after 1898, and the year is known to within two.
# - All settings, correlated errors, and SURE agree on it.
# - The fit finds one jump in 100 points. Of smooth curves *without* a jump, three to ten in a hundred of this length
#   are reported to have one: see :doc:`/guide/discontinuity`.
#
# The page checks its own numbers:
jump = fit.jumps.iloc[0]
assert len(fit.jumps) == 1
assert jump["year"] == 1898.5
assert np.isclose(jump["size"], -283.6, atol=0.5)
assert np.isclose(jump["std_error"], 45.2, atol=0.5)
before, after = data["volume"][data["year"] < 1898.5], data["volume"][data["year"] > 1898.5]
assert np.isclose(after.mean() - before.mean(), -247.8, atol=0.1)  # the plain difference of means
assert all(one.jumps["year"].tolist() == [1898.5] for one in (*fits.values(), correlated, sure))
assert correlated.jumps["std_error"].iloc[0] > jump["std_error"]
assert again.stability[0] > 0.8
assert test["p.value"] == 0.01
