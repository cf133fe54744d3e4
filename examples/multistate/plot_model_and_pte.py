"""
PTE from an illness-death model
===============================

How much of a treatment's effect on survival is explained by an earlier event? :class:`~statmodels_x.SurrogatePTE`
answers without a model of the two times :cite:p:`wang2025`. A fitted illness-death model gives an answer, too: the
distributions of both times in the two arms follow from its hazards. If the model is right, its answer is more
precise. This page compares the two.
"""

# %%
# A trial with known truth
# ------------------------
# Progression, death before progression and death after it have constant hazards in each arm, so the PTE at t = 3 with
# landmark 1 is known. We simulate 1,000 subjects per arm.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

process = smx.IllnessDeathTrial(
    smx.IllnessDeath(1.0, 0.10, 0.55), smx.IllnessDeath(0.5, 0.08, 0.45), censoring=0.08
)
truth = process.true_values(at=3, landmark=1)["pte"]
trial = process.simulate(n=1000, seed=3)
data = smx.MultiStateData.from_trial(trial)
print(f"PTE {truth:.4f}")
data

# %%
# Two estimates
# -------------
# Each arm of the fitted model defines a joint distribution of progression and death, whose PTE
# :class:`~statmodels_x.IllnessDeathTrial` computes. ``derive`` adds the standard error by the delta method.
arms = pd.DataFrame({"arm": [0, 1]})


def pte(fit):
    """PTE of a fitted model."""
    model = smx.IllnessDeathTrial(fit.arm(arms.iloc[[0]]), fit.arm(arms.iloc[[1]]))
    return model.true_values(at=3, landmark=1)["pte"]


fit = smx.MultiState("~ arm", data, distribution="weibull", scale="ph").fit()
by_model = fit.derive(lambda one: {"pte": pte(one)})
free = smx.SurrogatePTE(
    "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)", trial, at=3, landmark=1,
    treated=1, control=0,
).fit(n_perturb=200)  # fmt: skip
limits = free.conf_int(method="normal").loc["pte"]
table = pd.DataFrame(
    {
        "model": by_model.loc["pte"],
        "model-free": [free.pte, free.bse["pte"], limits["lower"], limits["upper"]],
    }
).T
table.round(3)

# %%
# The difference of the two estimates is due to the assumptions of the model. Its standard error is at most the sum of
# the two standard errors. If the estimates are further apart, the model is doubtful.
difference = table.loc["model", "estimate"] - table.loc["model-free", "estimate"]
print(f"difference {difference:.3f}, truth {truth:.3f}")

# %%
# Where the model is wrong
# ------------------------
# A model can describe only what its hazards allow. In the next data the prognosis is worse after an early progression
# than after a late one. A Markov model cannot describe this, because its hazard after progression depends only on the
# time since the start and is the same for all who have progressed. A model with a reset clock and the time of entry as
# a covariate can.
rng = np.random.default_rng(5)
n = 1500
arm = np.repeat([0, 1], n)
progression = rng.exponential(np.where(arm == 1, 1.7, 1.0))
death = progression + rng.exponential(0.4 + 1.6 * np.minimum(progression, 2.0))
end = rng.uniform(2.5, 6.0, 2 * n)
late = pd.DataFrame(
    {
        "arm": arm, "time": np.minimum(death, end), "status": (death <= end).astype(int),
        "surrogate_time": np.minimum(progression, end), "surrogate_status": (progression <= end).astype(int),
    }
)  # fmt: skip
stays = smx.MultiStateData.from_trial(late, transitions=["event_free -> progressed", "progressed -> dead"])
stays.counts()

# %%
options = {"distribution": "weibull", "scale": "ph"}
markov = smx.MultiState("~ arm", stays, **options).fit()
entered = {"progressed -> dead": {"formula": "~ arm + entered", "clock": "reset"}}
semi = smx.MultiState("~ arm", stays, transitions=entered, **options).fit()
smx.compare(markov, semi, names=["Markov", "reset clock and time of entry"])[["df", "AIC", "delta_AIC"]]

# %%
# Survival after an early and after a late progression by the two models. The Markov model mixes the hazards of
# patients with a late progression and of those with an early progression who are still alive.
fig, ax = plt.subplots(figsize=(7, 4.4), layout="constrained")
for k, (name, one) in enumerate({"Markov": markov, "reset clock and time of entry": semi}.items()):
    for entry, width in ((0.2, 1.2), (2.0, 2.4)):
        times = entry + np.linspace(0.0, 3.0, 60)
        curve = one.predict(
            arms.iloc[[0]], "event_free", at=times, start="progressed", given=entry, entered=entry
        )
        label = f"{name}, progression at {entry:g}"
        ax.plot(times - entry, curve.estimate, label=label, **{**smx.plotting.style(k), "linewidth": width})
smx.plotting.finish(ax, "Time since the progression", "Alive (control arm)")
plt.show()

# %%
# Check: both estimates of PTE lie within two of their standard errors of the truth.
assert (abs(table["estimate"] - truth) < 2 * table["std_error"]).all()
