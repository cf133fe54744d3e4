"""
When the PTE misleads: arms that do not overlap
===============================================

A high PTE need not mean a good surrogate. If the treatment changes the surrogate so much that the two arms hardly
overlap, the PTE tends to 1, *whatever the surrogate has to do with survival*. This page simulates such trials and
shows the two numbers that reveal the problem: the imbalance c and R_S.
"""

# %%
# A useless surrogate
# -------------------
# The death rate is .45 per year in the controls and .25 in the treated, whether or not the surrogate event has
# happened. The surrogate therefore gives no information about survival. The treatment also delays the surrogate event,
# by a factor that we vary from 1 (no effect on it) to rates that differ fiftyfold. The effect on survival at t = 3 is
# the same throughout.
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

# sphinx_gallery_thumbnail_number = 2


def useless(factor):
    """Rates of the surrogate event of sqrt(factor) and 1/sqrt(factor); death does not depend on it."""
    rate = np.sqrt(factor)
    return smx.IllnessDeathTrial(
        smx.IllnessDeath(rate, 0.45, 0.45), smx.IllnessDeath(1 / rate, 0.25, 0.25), censoring=0.08
    )


factors = np.geomspace(1, 50, 30)
truth = pd.DataFrame([useless(factor).true_values(at=3, landmark=1) for factor in factors], index=factors)
truth.iloc[[0, 10, 20, 29]][["delta", "pte", "pte_primary", "r_s", "overlap"]].rename_axis("factor").round(3)

# %%
# The PTE increases from .27, which survival to the landmark explains by itself, to .97. R_S does not change. It asks
# how the treated would survive after the landmark if they had the surrogate events of the controls, and this makes no
# difference here.
fig, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
axes[0].plot(factors, truth["pte"], color="#0072B2", linewidth=2, label="PTE")
axes[0].plot(factors, truth["pte_primary"], color="#009E73", linestyle="--", label="PTE of survival alone")
axes[0].plot(factors, truth["r_s"], color="#D55E00", linestyle="-.", label="R_S")
axes[0].set_ylabel("Proportion explained (true values)")
axes[0].set_ylim(0, 1)
axes[1].plot(factors, truth["overlap"], color="#0072B2", linewidth=2)
axes[1].axhline(2, color="0.4", linewidth=0.9, linestyle=":")
axes[1].text(1.1, 2.15, "warning above 2", fontsize="small", color="0.3")
axes[1].set_yscale("log")
axes[1].set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
axes[1].minorticks_off()
axes[1].set_ylabel("Imbalance c (1: none)")
for ax in axes:
    ax.set_xscale("log")
    ax.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    ax.minorticks_off()
    ax.set_xlabel("Surrogate rate, control over treated")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].legend(frameon=False)
plt.show()

# %%
# Why
# ---
# With :math:`c = E_0[L]\,\mu_1(t_0)/\mu_0(t_0)^2`, which is 1 plus the chi-squared distance between the arms'
# surrogate distributions among survivors (:doc:`/theory/surrogate`),
#
# .. math:: 1 - \mathrm{PTE} = (1 - R_S)\,\frac{\mu_1(t_0)}{\mu_0(t_0)}\,\frac{1}{c}.
#
# The optimal g can use the surrogate to predict survival, but also to identify the arm. If the arms hardly overlap,
# the second is enough: g is large where only treated subjects are.
ratio = truth["early_treated"] / truth["early_control"]
gap = 1 - truth["pte"] - (1 - truth["r_s"]) * ratio / truth["overlap"]
print(f"largest difference between the two sides: {gap.abs().max():.1e}")

# %%
# What a trial shows
# ------------------
# Three simulated trials of 1,000 patients per arm, with the same effect and the same useless surrogate.
rows, fits = [], {}
for factor in (1, 3, 8):
    frame = useless(factor).simulate(1000, seed=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = smx.SurrogatePTE(
            "Surv(time, status) ~ arm",
            "Surv(surrogate_time, surrogate_status)",
            frame,
            at=3,
            landmark=1,
            time_unit="years",
        ).fit()
    low, high = fit.conf_int().loc["pte"]
    fits[factor] = fit
    rows.append(
        {"factor": factor, "PTE": fit.pte, "lower": low, "upper": high, "R_S": fit.r_s, "c": fit.overlap}
    )
pd.DataFrame(rows).set_index("factor").round(3)

# %%
# At a factor of 8 the result "79 %, interval 68 to 87 %" would be an accurate estimate of a misleading quantity (the
# true value is .75). The interval is narrow and covers the true value, but the quantity does not measure surrogacy.
# The summary warns:
print(fits[8].warnings[0])

# %%
# The transformations show the reason. A surrogate without predictive value should have a flat g, as on the left. On
# the right g is low where the controls have their events, and high where there is hardly any control (no event by the
# landmark): it identifies the arm.
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
for ax, factor in zip(axes, (1, 8), strict=True):
    fits[factor].plot(ax=ax)
    process, times = useless(factor), np.linspace(0.01, 1, 100)
    true_g = process.true_transformation(times, at=3, landmark=1)
    ax.plot(times, true_g, color="black", linewidth=1, linestyle=(0, (1, 2)), label="true g1(s)")
    ax.set_title(f"rates apart by a factor of {factor}")
axes[1].set_ylabel("")
axes[0].get_legend().remove()
axes[1].legend(frameon=False)
plt.show()

# %%
# What we learnt
# --------------
# - Look at c before the PTE. If it is near 1, the two measures agree up to the survival ratio at the landmark. If it
#   is above 2, the PTE depends more on the distance between the arms than on the surrogate.
# - Look also at R_S and at the PTE of survival alone. If the PTE is far above R_S and c is large, the PTE is
#   misleading.
# - A narrow interval does not help. It measures the precision of the PTE, not its meaning.
#
# The page checks its own numbers:
assert gap.abs().max() < 1e-10
assert np.ptp(truth["r_s"]) < 1e-10
assert np.ptp(truth["delta"]) < 1e-10
assert abs(truth["pte"].iloc[0] - truth["pte_primary"].iloc[0]) < 1e-10
assert truth["pte"].iloc[-1] > 0.95
for factor, fit in fits.items():
    true = useless(factor).true_values(at=3, landmark=1)
    for name in ("delta", "pte", "r_s"):
        assert abs(fit.params[name] - true[name]) < 3 * fit.bse[name], (factor, name)
assert not any("overlap" in note for note in fits[1].warnings)
assert fits[8].findings[0].kind == "weak_overlap"
