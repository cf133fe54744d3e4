"""
Whales and tortoises: stages, elasticities, extinction
======================================================

Most published projection matrices have stages rather than ages. This page takes killer whales and desert tortoises,
as Caswell (2001) and Doak, Kareiva and Klepetka (1994) give them. It computes how fast they grow, on which rates this
depends, and how likely a small population is to die out by chance.
"""

# %%
# Two populations
# ---------------
# Births are given separately from survival, because R0, generation times and life expectancy depend on which entries
# are births.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

# sphinx_gallery_thumbnail_number = 2

U = np.array([[0, 0, 0, 0], [0.9775, 0.9111, 0, 0], [0, 0.0736, 0.9534, 0], [0, 0, 0.0452, 0.9804]])
F = np.zeros((4, 4))
F[0] = [0, 0.0043, 0.1132, 0]
whale = smx.MatrixPopulation(U, F, ["yearling", "juvenile", "mature", "post"])

stay = [0, 0.567, 0.567, 0.604, 0.560, 0.678, 0.851, 0.860]
move = [0.716, 0.149, 0.149, 0.235, 0.225, 0.249, 0.016]
U = np.diag(stay) + np.diag(move, -1)
F = np.zeros((8, 8))
F[0, 5:] = [1.3, 1.98, 2.57]
tortoise = smx.MatrixPopulation(
    U,
    F,
    ["yearling", "juvenile 1", "juvenile 2", "immature 1", "immature 2", "subadult", "adult 1", "adult 2"],
)
print(whale.summary())

# %%
# Generation times by three definitions. They differ by a third, and their order is different in a declining
# population.
pd.DataFrame(
    {
        name: {
            "growth rate": p.growth_rate,
            "R0": p.net_reproductive_rate,
            **{f"generation time ({d})": p.generation_time(d) for d in ("R0", "parents", "cohort")},
            "damping ratio": p.damping_ratio,
        }
        for name, p in (("whale", whale), ("tortoise", tortoise))
    }
).round(3)

# %%
# What growth depends on
# ----------------------
# For the tortoises nearly all elasticity is in the survival of adults, and almost none in eggs.
fig, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for ax, (name, p) in zip(axes, (("killer whale", whale), ("desert tortoise", tortoise)), strict=True):
    births = p.F.to_numpy() / np.where(p.matrix > 0, p.matrix, 1)
    parts = p.elasticities().to_numpy()
    ax.barh(
        p.stages,
        (parts * (1 - births)).sum(axis=0),
        color=smx.plotting.COLOURS[0],
        label="survival and growth",
    )
    left = (parts * (1 - births)).sum(axis=0)
    ax.barh(p.stages, (parts * births).sum(axis=0), left=left, color=smx.plotting.COLOURS[1], label="births")
    ax.invert_yaxis()
    smx.plotting.finish(ax, "Elasticity of the growth rate", "")
    ax.set_title(name)
plt.show()

# %%
# The elasticities with respect to the underlying vital rates need not sum to 1, because a whale that matures later
# still survives.
formulas = [
    ["0", "f2", "f3", "0"],
    ["s1", "s2*(1-g2)", "0", "0"],
    ["0", "s2*g2", "s3*(1-g3)", "0"],
    ["0", "0", "s3*g3", "s4"],
]
values = {"s1": 0.9775, "s2": 0.9847, "g2": 0.0736 / 0.9847, "s3": 0.9986, "g3": 0.0452 / 0.9986, "s4": 0.9804,
          "f2": 0.0043, "f3": 0.1132}  # fmt: skip
whale.vital_rates(formulas, values).round(3)

# %%
# Extinction by chance
# --------------------
# With demographic stochasticity alone, computed exactly: a small group of whales is safe for a century, but a few
# dozen tortoises are not, because their population declines.
starts = {"whale": (whale, [0, 2, 2, 0]), "tortoise": (tortoise, [0, 0, 5, 5, 3, 2, 2, 1])}
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for k, (name, (p, start)) in enumerate(starts.items()):
    risk = p.extinction_probability(start, 150)
    ax.plot(risk.index, risk, label=name, **smx.plotting.style(k))
smx.plotting.finish(ax, "Years", "Probability that nobody is left")
plt.show()

# %%
# Environmental stochasticity: four years of fecundity, drawn independently each year or with autocorrelation.
rows = {
    "low": [0.042, 0.069, 0.069],
    "medium low": [0.42, 0.69, 0.69],
    "medium high": [1.3, 1.98, 2.57],
    "high": [2.22, 3.38, 4.38],
}
years = []
for births in rows.values():
    F = np.zeros((8, 8))
    F[0, 5:] = births
    years.append(smx.MatrixPopulation(U, F, list(tortoise.stages)))
growth = smx.stochastic_growth(years, steps=20_000)
staying = smx.stochastic_growth(years, steps=20_000, transition=0.1 + 0.6 * np.eye(4))
print(
    f"drawn anew {growth.log_growth:.4f} ({growth.bse:.4f}), staying {staying.log_growth:.4f} ({staying.bse:.4f})"
)

risk = smx.quasi_extinction(years, [0, 0, 50, 50, 30, 20, 20, 10], steps=100, threshold=20, n=2000)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(risk.index, risk["probability"], **smx.plotting.style(0))
ax.fill_between(
    risk.index, risk["lower"], risk["upper"], color=smx.plotting.COLOURS[0], alpha=0.2, linewidth=0
)
smx.plotting.finish(ax, "Years", "Probability of a total below 20 so far")
plt.show()

# %%
# A stochastic life table response experiment: the contributions to the variance of the growth rate. The first-order
# approximation misses a third of it.
found = smx.MatrixPopulation.random_ltre(years)
print(f"first order {found.first_order:.5f}, variance {found.variance:.5f}")
found.contributions.round(6)

# %%
# Check: the numbers of R's popbio for the same matrices.
assert abs(whale.growth_rate - 1.025441326) < 1e-8
assert abs(tortoise.growth_rate - 0.9580592124) < 1e-8
assert abs(whale.generation_time("R0") - 27.85079093) < 1e-6
assert abs(found.first_order - 0.001053490029) < 1e-9
