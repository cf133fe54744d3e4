"""
Predator and prey: why linear models fail
=========================================

A linear model of predator and prey oscillates, but it oscillates *through zero*: the number of prey becomes negative,
mostly within one turn. This page shows why, how often, and what density dependence changes.
"""

# %%
# One class each: a turn and a gain
# ---------------------------------
# With equal rates the pair is one complex number, z = prey + i predators, and a step multiplies it by
# :math:`r e^{i\theta}`. From a start with prey alone the prey are gone after :math:`\pi/(2\theta)` steps.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

# sphinx_gallery_thumbnail_number = 3

turning = smx.ComplexPredatorPrey(A=1.02, B=0.3)
free = turning.trajectory([100], [0], 24)
removed = turning.trajectory([100], [0], 24, extinction="total")
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained", width_ratios=[1.3, 1])
for k, name in enumerate(free.names):
    axes[0].plot(removed.totals[name], label=name, linewidth=2, **smx.plotting.style(k))
    axes[0].plot(
        free.totals[name], linewidth=0.9, color=smx.plotting.COLOURS[k], linestyle=smx.plotting.DASHES[5]
    )
axes[0].plot(
    [],
    [],
    linewidth=0.9,
    color="0.3",
    linestyle=smx.plotting.DASHES[5],
    label="the linear rule, without removal",
)
axes[0].axhline(0, color="0.4", linewidth=0.8)
end = removed.extinct["prey"]
axes[0].plot(end, 0, "x", color=smx.plotting.COLOURS[0], markersize=9, markeredgewidth=2)
axes[0].annotate("prey die out", (end, 0), (end + 2.5, 60), arrowprops={"arrowstyle": "-", "color": "0.4"})
smx.plotting.finish(axes[0], "Step", "Number of individuals")
axes[0].legend(frameon=False, loc="upper left")
free.plot("phase", ax=axes[1])
axes[1].set_title("The linear rule in the plane of both", fontsize=11)
plt.show()

# %%
# Eigenvalues of a model with ages
# --------------------------------
# Hares with three age classes, lynx with two; adult lynx take hares of all ages and breed on them.
hare = smx.LeslieMatrix([0.4, 1.1, 0.8], [0.6, 0.5])
lynx = smx.LeslieMatrix([0.1, 0.3], [0.6, 0.7], plus_group=True)
takes = [[0.0, 0.30], [0.0, 0.20], [0.0, 0.10]]
feeds = [[0.05, 0.10, 0.10], [0.0, 0.0, 0.0]]
pair = smx.PredatorPrey(hare, takes, feeds, lynx, names=("hare", "lynx"))
growth = pair.growth_factor()
pd.Series(
    {
        "growth rate, hares alone": hare.growth_rate,
        "growth rate, lynx alone": lynx.growth_rate,
        "growth factor, modulus": abs(growth.exact),
        "steps of a turn": pair.oscillation_period,
        "first-order approximation": growth.first_order,
        "is it valid?": growth.valid,
    }
)

# %%
# The leading eigenvalue is complex. The approximation by the growth of the hares alone is then not valid, and
# ``growth.reason`` says so. With a complex leading pair *every* trajectory with a component in it oscillates, and a
# total that oscillates about zero is negative half of the time.
fig, axes = plt.subplots(1, 2, figsize=(10.5, 4.2), layout="constrained", width_ratios=[1, 1.1])
pair.plot_eigenvalues(ax=axes[0])
path = pair.trajectory([40, 20, 10], [5, 5], 45, extinction="total")
path.plot(ax=axes[1])
axes[1].set_title("Hares die out, then lynx fade away", fontsize=11)
plt.show()

# %%
# How often?
# ----------
# For a thousand random pairs with three classes each, the leading eigenvalue is mostly complex, and nearly all of
# these lose a species within sixty steps. With a real leading eigenvalue both species may grow for ever, which is not
# realistic either.
rng = np.random.default_rng(4)
rows = []
for _ in range(1000):
    A, D = (smx.LeslieMatrix(rng.uniform(0.2, 1.5, 3), rng.uniform(0.3, 0.95, 2)) for _ in range(2))
    B, C = rng.uniform(0, 0.3, (2, 3, 3))
    system = smx.PredatorPrey(A, B, C, D)
    gone = system.trajectory([5, 5, 5], [1, 1, 1], 60, extinction="total").extinct
    first = min(gone, key=gone.get) if gone else "none"
    rows.append({"eigenvalue": "complex" if system.eigenvalues[0].imag else "real", "first to die": first})
draws = pd.DataFrame(rows)
table = pd.crosstab(draws["eigenvalue"], draws["first to die"])
table

# %%
# Density dependence
# ------------------
# The Leslie-Gower model divides each part of a step by 1 + a N. Which limit helps? A limit on the *prey* alone makes
# things worse: there are fewer prey for the same predators, and they become extinct earlier. A limit on the gain of
# the *predators* (``saturation``) allows both to coexist at an equilibrium.
rates = {"A": 1.6, "B": 0.5, "C": 0.5, "D": 0.7}
members = {
    "linear": smx.PredatorPrey(**rates),
    "prey limited": smx.PredatorPrey(**rates, density=(0.005, 0)),
    "prey and predators limited": smx.PredatorPrey(**rates, density=(0.005, 0), saturation=0.05),
}
paths = {name: m.trajectory([20], [10], 40, extinction="total") for name, m in members.items()}
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
for k, (name, p) in enumerate(paths.items()):
    ax.plot(p.totals["prey"], label=name, linewidth=2, **smx.plotting.style(k))
    if "prey" in p.extinct:
        ax.plot(p.extinct["prey"], 0, "x", color=smx.plotting.COLOURS[k], markersize=9, markeredgewidth=2)
smx.plotting.finish(ax, "Step", "Number of prey (cross: extinction)")
ax.set_ylim(-4, 105)
plt.show()

# %%
# What it does not do
# -------------------
# It has no sustained cycles. In all these models a predator takes a fixed number of prey, however few there are. In
# the classical Lotka-Volterra model it takes a fixed *proportion* of them (encounters are proportional to prey times
# predators), which keeps the prey above zero and the cycle going.
from scipy.integrate import solve_ivp


def lotka_volterra(t, n):
    """Rates of change of prey n[0] and predators n[1]."""
    return [n[0] * (0.55 - 0.028 * n[1]), n[1] * (-0.84 + 0.026 * n[0])]


cycle = solve_ivp(lotka_volterra, (0, 30), [30.0, 4.0], t_eval=np.linspace(0, 30, 600), rtol=1e-8).y
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
for k, (name, p) in enumerate(paths.items()):
    ax.plot(
        p.totals["prey"], p.totals["predator"], label=name, marker=".", linewidth=1.2, **smx.plotting.style(k)
    )
ax.plot(*cycle, label="Lotka-Volterra", color=smx.plotting.COLOURS[6], linestyle=smx.plotting.DASHES[3])
smx.plotting.finish(ax, "Number of prey", "Number of predators")
ax.set_ylim(-4, 145)
plt.show()

# %%
# What we learnt
# --------------
# - In a linear predator-prey model with a complex leading eigenvalue the numbers become negative. Decide what happens
#   then (``extinction="total"`` removes the species) before you plot anything.
# - A real leading eigenvalue means growth or decay together, at one rate for ever.
# - A limit on the gain of the predators makes an equilibrium possible, and a limit on the prey alone does not. For
#   sustained cycles a model needs losses proportional to both numbers.
#
# The page checks its own numbers:
quarter = np.pi / 2 / np.angle(1.02 + 0.3j)
assert end == free.first_step_below_zero("prey") == int(np.ceil(quarter)) == 6
assert not growth.valid
assert pair.eigenvalues[0].imag > 0
assert list(path.extinct) == ["hare"]
turning_share = table.loc["complex"].sum() / 1000
assert abs(turning_share - 0.92) < 0.04
assert table.loc["complex", "none"] < 0.1 * table.loc["complex"].sum()
assert paths["prey limited"].extinct["prey"] < paths["linear"].extinct["prey"]
lives = paths["prey and predators limited"]
assert not lives.extinct
assert np.allclose(
    members["prey and predators limited"].step(*lives.values[-1][:, None]),
    lives.values[-1][:, None],
    rtol=1e-3,
)
assert abs(cycle[0, -300:].max() / cycle[0, :300].max() - 1) < 1e-3
