"""
Quality-adjusted time
=====================

A year in remission is worth more than a year with a recurrence. To compare treatments, the time in each state is
weighted by its quality and discounted. This page computes quality-adjusted time from a multi-state model, with
standard errors.
"""

# %%
# We take the colon cancer trial :cite:p:`moertel1990`, and weights of 0.85 for a year in remission and 0.6 for one with
# a recurrence (made up for the example; take yours from a study of the quality of life).
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

colon = smx.datasets.load_colon()
colon["recur"], colon["death"] = colon.time_recur / 365.25, colon.time_death / 365.25
events = {"recurrence": ("recur", "status_recur"), "dead": ("death", "status_death")}
data = smx.MultiStateData.from_wide(
    colon, events, start="remission", keep=["rx"], ties="half_unit", time_unit="years"
)
few = {"remission -> dead": {"distribution": "weibull"}}
fit = smx.MultiState("~ rx", data, transitions=few, scale="ph").fit()
arms = pd.DataFrame({"rx": ["Obs", "Lev", "Lev+5FU"]}, index=["Obs", "Lev", "Lev+5FU"])

# %%
# Time in each state
# ------------------
# The table gives the expected time in each state within the first eight years. The times sum to eight.
stays = fit.predict(arms, "stay", at=8)
stays.pivot(index="row", columns="state", values="estimate").loc[arms.index].round(3)

# %%
# Quality-adjusted years
# ----------------------
# The times are weighted by state and discounted at 3 % per year.
worth = {"remission": 0.85, "recurrence": 0.6}
years = fit.predict(arms, "value", at=8, values=worth, discount=0.03)
years[["row", "estimate", "std_error", "lower", "upper"]].round(3)

# %%
# This is the gain compared with observation, with its interval:
gain = fit.predict(
    arms.iloc[1:], "value_difference", at=8, reference=arms.iloc[[0]], values=worth, discount=0.03
)
gain[["row", "estimate", "std_error", "lower", "upper"]].round(3)

# %%
for row in gain.itertuples():
    said = "a gain" if row.lower > 0 else "nothing that these data could show"
    print(
        f"{row.row}: {row.estimate:.2f} quality-adjusted years ({row.lower:.2f} to {row.upper:.2f}), {said}"
    )

# %%
# With fluorouracil the gain grows with the horizon.
horizons = np.linspace(0.25, 8, 32)
fig, ax = plt.subplots(figsize=(7, 4.4), layout="constrained")
for k, name in enumerate(arms.index[1:]):
    table = fit.predict(
        arms.loc[[name]],
        "value_difference",
        at=horizons,
        reference=arms.iloc[[0]],
        values=worth,
        discount=0.03,
    )
    smx.plotting.curve(ax, horizons, table.estimate, table.lower, table.upper, name, k)
ax.axhline(0, color="0.4", linewidth=0.8, linestyle=":")
smx.plotting.finish(ax, "Horizon (years)", "Quality-adjusted years gained over observation")
plt.show()

# %%
# How much do the weights matter?
# -------------------------------
# The figure shows the gain for different weights of a year with a recurrence. Treated patients spend less time in
# that state, so the gain decreases as its weight increases. The lower limit of the gain stays above 0.
worths = np.linspace(0, 0.85, 12)
tables = [
    fit.predict(
        arms.loc[["Lev+5FU"]], "value_difference", at=8, reference=arms.iloc[[0]],
        values={"remission": 0.85, "recurrence": w}, discount=0.03,
    ) for w in worths
]  # fmt: skip
table = pd.concat(tables)
fig, ax = plt.subplots(figsize=(7, 4.4), layout="constrained")
smx.plotting.curve(ax, worths, table.estimate, table.lower, table.upper, None, 0)
ax.set_ylim(bottom=0)
smx.plotting.finish(ax, "Worth of a year with a recurrence", "Quality-adjusted years gained in 8")
plt.show()

# %%
# Uncertainty for a decision model
# --------------------------------
# Quantiles over coefficients drawn from their estimated distribution agree with the delta method.
drawn = fit.predict(arms, "value", at=8, values=worth, discount=0.03, method="simulation", n_draws=200)
pd.concat({"delta": years, "draws": drawn}, axis=1).loc[
    :, (slice(None), ["std_error", "lower", "upper"])
].round(3)

# %%
# Check: the weighted stays, undiscounted, are the value.
assert table.lower.min() > 0
assert gain.lower.loc[gain.row == "Lev+5FU"].item() > 0
plain = fit.predict(arms, "value", at=8, values=worth).set_index("row").estimate
wide = stays.pivot(index="row", columns="state", values="estimate")
assert np.allclose(plain, (0.85 * wide["remission"] + 0.6 * wide["recurrence"]).loc[plain.index])
