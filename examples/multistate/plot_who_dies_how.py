"""
Colon cancer: an illness-death model
====================================

If recurrence-free survival and overall survival are fitted separately, the two curves may cross, which is impossible.
A multi-state model of both cannot contradict itself. This page follows 929 patients :cite:p:`moertel1990,moertel1995`
from remission through recurrence to death, with one survival model for each transition, and asks what the treatment
changed.
"""

# %%
# Data
# ----
# The data have one row per patient, with a time and a status for each state. Some patients have a recurrence on the
# day on which they die or are last seen, which would be a stay of length zero. The package names these patients and
# does not drop them. We let the recurrence begin half a day earlier.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

# sphinx_gallery_thumbnail_number = 2

colon = smx.datasets.load_colon()
colon["recur"], colon["death"] = colon.time_recur / 365.25, colon.time_death / 365.25
events = {"recurrence": ("recur", "status_recur"), "dead": ("death", "status_death")}
data = smx.MultiStateData.from_wide(
    colon, events, start="remission", keep=["rx"], ties="half_unit", time_unit="years"
)
data

# %%
# A model of each step
# --------------------
# Each transition is a :class:`~statmodels_x.FlexibleSurvival` fit to the patients at risk of it. Few patients die
# without recurrence, so that transition has the simpler Weibull model. Is time after a recurrence measured from the
# recurrence (reset clock, semi-Markov) or from the operation (forward clock, Markov)? The log-likelihoods answer this.
few = {"remission -> dead": {"distribution": "weibull"}}
forward = smx.MultiState("~ rx", data, transitions=few, scale="ph").fit()
reset = smx.MultiState("~ rx", data, "reset", transitions=few, scale="ph").fit()
smx.compare(forward, reset, names=["time from the operation", "time from the recurrence"])

# %%
# With the reset clock and the time of recurrence as a further covariate, the hazard of death is lower after late
# recurrences.
fit = forward
test = reset.markov_test()
print(f"each year later: hazard times {np.exp(test.effect[0]):.2f}, p = {test['p.value'][0]:.1g}")

# %%
# Do all transitions have the same treatment effect? A stacked fit with one common effect is nested in the separate
# fits, so a likelihood ratio test is valid. Its small p-value says no.
weibull = {"distribution": "weibull", "scale": "ph"}
shared = smx.MultiState("~ transition + rx", data, stacked=True, power="~ transition", **weibull).fit()
shared.lr_test(smx.MultiState("~ rx", data, **weibull).fit())

# %%
# The hazard ratios show that levamisole with fluorouracil prevents recurrences. The hazard ratio of the transition
# from recurrence to death compares patients who had a recurrence in spite of the treatment with those who had one
# without it. A note in the summary says so.
print(fit.summary())

# %%
# Shares of the states
# --------------------
# The black step curves are the Aalen-Johansen estimate, which is nonparametric. The areas are the model.
arms = pd.DataFrame({"rx": ["Obs", "Lev+5FU"]})
fig, axes = plt.subplots(1, 3, figsize=(13, 4), width_ratios=[1, 1, 1.1], layout="constrained")
for ax, k in zip(axes, (0, 1), strict=False):
    fit.plot("occupancy", arms.iloc[[k]], at=np.linspace(0, 8, 120), ax=ax)
    ax.set_title(arms.rx[k])
axes[0].get_legend().remove()
fit.plot("diagram", ax=axes[2])
plt.show()

# %%
# What the treatment changed
# --------------------------
# Differences in the state occupancy probabilities and in the time spent in each state, with 95 % intervals.
treated, control = arms.iloc[[1]], arms.iloc[[0]]
shares = fit.predict(treated, "occupancy_difference", at=8, reference=control)
stays = fit.predict(treated, "stay_difference", at=8, reference=control)
pd.concat({"share at 8 years": shares, "years of 8": stays})[["state", "estimate", "lower", "upper"]].round(3)

# %%
# In words: patients under treatment spend less time in recurrence because fewer get there.
more, years = shares.set_index("state").estimate, stays.set_index("state").estimate
print(
    f"At eight years {100 * more.remission:.0f} in 100 more are in remission and {-100 * more.dead:.0f} in 100 fewer "
    f"are dead. Of eight years, the treated have {years.remission:.1f} more in remission and {-years.recurrence:.1f} "
    "fewer in recurrence."
)

# %%
# Separate fits of the two curves could cross. Here they cannot: their difference is the probability of being alive
# after a recurrence.
fig, ax = plt.subplots(figsize=(7, 4.4), layout="constrained")
times = np.linspace(0, 8, 100)
for k, (kind, label) in enumerate([("survival", "alive"), ("event_free", "alive in remission")]):
    table = fit.predict(control, kind, at=times)
    smx.plotting.curve(ax, times, table.estimate, table.lower, table.upper, label, k)
smx.plotting.finish(ax, "Years", "Share of the control arm")
plt.show()

# %%
# Check: the survival curve of the model against Kaplan-Meier at five years, in each arm.
for name in arms.rx:
    observed = data.aalen_johansen("rx").query("rx == @name and time <= 5").iloc[-1]
    model = fit.predict(arms[arms.rx == name], "survival", at=5).estimate.iloc[0]
    print(f"{name:8} model {model:.3f}, Aalen-Johansen {1 - observed.dead:.3f}")
    assert abs(model - (1 - observed.dead)) < 0.02
