r"""
The Hamiltonian of a population
===============================

A Leslie step L can be written as :math:`L = e^{-iH}`, as if the population were a quantum system with the Hamiltonian
:math:`H = i\log L`. This page computes H for two age classes, interprets its eigenvalues, and checks its second form,
in creation and annihilation operators on Fock space. The formulas are derived in :doc:`/theory/population`.
"""

# %%
# Two age classes
# ---------------
# The logarithm of a 2 by 2 matrix is linear in the logarithms of its two eigenvalues. One of the eigenvalues of a
# Leslie matrix is always negative, so that H is complex. Since the population grows or declines, H is not Hermitian.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

population = smx.LeslieMatrix([0.6, 1.1], [0.5])
found = population.hamiltonian()
print("H =\n", found.matrix.round(4))
print("largest error of exp(-iH):", f"{found.residual:.0e}", "  Hermitian:", found.is_hermitian)

# %%
# The eigenvalues of H are :math:`-\theta_j + i\log r_j` for the modes :math:`r_j e^{i\theta_j}` of L. The imaginary
# part is the growth, and the real part is the angle of rotation per step. The second mode changes its sign at every
# step, which is a rotation by pi.
modes = pd.DataFrame(
    {
        "eigenvalue of L": population.eigenvalues.real,
        "growth factor": np.exp(found.energies.imag),
        "turn (radians)": -found.energies.real,
    }
)
modes.round(4)

# %%
# Between the steps
# -----------------
# The Hamiltonian also moves the population in continuous time. At whole steps the numbers are right. Between them
# they are complex, so that no real population follows this path.
start = np.array([10.0, 0.0])
times = np.linspace(0, 6, 241)
flow = np.array([found.evolve(start, t) for t in times])
steps = population.project(start, 6)
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
for k, age in enumerate(("young", "old")):
    ax.plot(times, flow[:, k].real, label=f"{age}, real part", **smx.plotting.style(k))
    ax.plot(
        times,
        flow[:, k].imag,
        label=f"{age}, imaginary part",
        linewidth=1.3,
        color=smx.plotting.COLOURS[k],
        linestyle=":",
    )
    ax.plot(steps.steps, steps.values[:, k], "os"[k], color=smx.plotting.COLOURS[k], markersize=5)
ax.axhline(0, color="0.6", linewidth=0.7)
smx.plotting.finish(ax, "Time (steps)", "Individuals (marks: the Leslie model)")
ax.set_ylim(-3, 16)
ax.legend(frameon=False, ncols=2, fontsize=9)
plt.show()

# %%
# Predator and prey as one oscillator
# -----------------------------------
# The complex predator-prey model with one class multiplies z = prey + i predators by :math:`r e^{i\theta}`. Its
# Hamiltonian is :math:`H = (-\theta + i\log r)\,a^\dagger a`, a harmonic oscillator with a gain. Its coherent state
# rotates and grows in phase space.
pair = smx.ComplexPredatorPrey(A=1.02, B=0.3)
oscillator = pair.hamiltonian()
turns = np.linspace(0, 20, 400)
z = np.array([oscillator.evolve([8.0 + 2.0j], t)[0] for t in turns])
whole = np.array([oscillator.evolve([8.0 + 2.0j], t)[0] for t in range(21)])
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
ax.plot(z.real, z.imag, color=smx.plotting.COLOURS[0], linewidth=1.3, label="exp(-iHt)")
ax.plot(whole.real, whole.imag, "o", color=smx.plotting.COLOURS[1], markersize=4, label="steps of the model")
ax.axhline(0, color="0.6", linewidth=0.7)
ax.axvline(0, color="0.6", linewidth=0.7)
ax.set_aspect("equal")
smx.plotting.finish(ax, "Prey", "Predators")
plt.show()

# %%
# On Fock space
# -------------
# With a pair of ladder operators for each age class, :math:`\hat G = \sum_{ij} (\log L)_{ij}\, a_i^\dagger a_j` moves
# particles between the classes, and :math:`e^{\hat G}` maps the coherent state of the numbers x to that of L x.
# :math:`\hat G` does not change the number of particles. The states with up to 24 particles therefore form a closed
# space of 325 dimensions, in which the identity can be checked without truncation error:
ladder = found.ladder(24)
errors = pd.Series(
    {f"{n} step(s)": ladder.check([0.7, 0.4], steps=n) for n in (1, 2, 3)}, name="relative error"
)
errors.map("{:.0e}".format)

# %%
# The figure shows the operator for up to three particles. It has a block for each number of particles, of sizes 1, 2,
# 3 and 4.
small = found.ladder(3)
size = np.abs(small.operator.toarray())
fig, ax = plt.subplots(figsize=(5.6, 4.6), layout="constrained")
drawn = ax.imshow(np.where(size > 0, size, np.nan), cmap="cividis_r", vmin=0)
fig.colorbar(drawn, ax=ax).set_label("Modulus of the entry")
names = ["|" + ",".join(map(str, state)) + "⟩" for state in small.basis]
ax.set_xticks(range(len(names)), names, rotation=90)
ax.set_yticks(range(len(names)), names)
smx.plotting.finish(ax, "from the state |young, old⟩", "to the state")
plt.show()

# %%
# What we learnt
# --------------
# - Every invertible Leslie step has a Hamiltonian. It is never Hermitian, and its eigenvalues are the growth and the
#   rotation of each mode.
# - Between whole steps its continuous motion is complex: a Leslie model is a model in discrete time.
# - The form in ladder operators agrees up to rounding error for any number of particles.
#
# The page checks its own numbers:
assert found.residual < 1e-12
assert not found.is_hermitian
assert np.allclose(flow[::40], steps.values, atol=1e-10)
assert np.abs(flow.imag).max() > 1
assert np.isclose(oscillator.matrix[0, 0], -np.angle(1.02 + 0.3j) + 1j * np.log(abs(1.02 + 0.3j)))
assert np.allclose(whole, (8 + 2j) * (1.02 + 0.3j) ** np.arange(21))
assert errors.max() < 1e-12
