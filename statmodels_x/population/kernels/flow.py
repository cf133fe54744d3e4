"""Lotka and Volterra's flow with its sensitivities: compiled functions on arrays."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel

_SAFETY = 2.0  # Runge-Kutta steps in the time that the fastest rate takes
_MOST_STEPS = 64.0


@kernel
def _rates(model, theta, here, u, S, f, dS, with_slopes):
    """Time derivatives of the log densities, and of their sensitivities."""
    rates, rate_signs, effects, effect_signs, handling = model
    f[:] = 0.0
    if with_slopes:
        dS[:] = 0.0
    for j in range(len(u)):
        if not here[j]:
            continue
        N = np.exp(u[j])
        f[j] += rate_signs[j] * theta[rates[j]]
        if with_slopes:
            dS[j, rates[j]] += rate_signs[j]
        for i in range(len(u)):
            a = effects[i, j]
            if a >= 0 and here[i]:
                h = handling if i != j else -1
                prey = np.exp(u[0]) if h >= 0 else 0.0
                _add_effect(i, j, a, effect_signs[i, j], h, theta, N, prey, S, f, dS, with_slopes)


@kernel
def _add_effect(i, j, a, sign, h, theta, N, prey, S, f, dS, with_slopes):
    """Effect of N individuals of species j on i, divided by 1 + h prey where predators take time to handle prey."""
    size, handling = theta[a], theta[h] if h >= 0 else 0.0
    crowd = 1.0 / (1.0 + handling * prey)
    effect = sign * size * N * crowd
    f[i] += effect
    if with_slopes:
        for q in range(dS.shape[1]):
            dS[i, q] += effect * (S[j, q] - handling * prey * crowd * S[0, q])
        dS[i, a] += sign * N * crowd
        if h >= 0:
            dS[i, h] -= effect * prey * crowd


@kernel
def _n_steps(model, theta, here, duration, substep, u):
    """Count the steps: fast rates need short ones, or the rule itself becomes unstable."""
    rates, _, effects, _, _ = model
    speed = 0.0
    for i in range(len(u)):
        own = theta[rates[i]]
        for j in range(len(u)):
            if effects[i, j] >= 0 and here[j]:
                own += theta[effects[i, j]] * np.exp(u[j])
        if here[i]:
            speed = max(speed, own)
    wanted = duration * max(1.0 / substep, _SAFETY * speed)
    return max(1, int(np.ceil(min(wanted, _MOST_STEPS) - 1e-9)))


@kernel
def flow(model, theta, here, duration, substep, u, S, f, dS, stage, work, with_slopes):
    """Integrate log densities ``u`` and sensitivities ``S`` over one interval by the classical Runge-Kutta rule.

    ``model`` holds the parameters' numbers and signs: rates, rate_signs, effects, effect_signs, handling; ``here`` says
    which species there are.
    """
    n, p = _n_steps(model, theta, here, duration, substep, u), len(theta) if with_slopes else 0
    h = duration / n
    for _ in range(n):
        for r in range(4):
            reach = 0.0 if r == 0 else (h if r == 3 else 0.5 * h)
            before = max(r - 1, 0)
            for i in range(len(u)):
                stage[i] = u[i] + reach * f[before, i]
                for q in range(p):
                    work[i, q] = S[i, q] + reach * dS[before, i, q]
            _rates(model, theta, here, stage, work, f[r], dS[r], with_slopes)
        for i in range(len(u)):
            u[i] += h / 6.0 * (f[0, i] + 2.0 * f[1, i] + 2.0 * f[2, i] + f[3, i])
            for q in range(p):
                S[i, q] += h / 6.0 * (dS[0, i, q] + 2.0 * dS[1, i, q] + 2.0 * dS[2, i, q] + dS[3, i, q])
