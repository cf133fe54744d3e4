"""Lotka and Volterra's flow with its sensitivities: compiled functions on arrays."""

from __future__ import annotations

import numpy as np
from numba import njit

_SAFETY = 2.0  # Runge-Kutta steps in the time that the fastest rate takes
_MOST_STEPS = 64.0
_JIT = {"cache": True, "nogil": True, "error_model": "numpy"}


@njit(**_JIT)
def _rates(P, theta, c, u, S, f, dS, with_slopes):
    """Time derivatives of the log densities, and of their sensitivities."""
    f[:] = 0.0
    dS[:] = 0.0
    for i in range(2):
        if not P.present[c, i]:
            continue
        f[i] = P.rate_signs[i] * theta[P.rates[i]]
        dS[i, P.rates[i]] += P.rate_signs[i]
        for j in range(2):
            a = P.effects[i, j]
            if a >= 0 and P.present[c, j]:
                _add_effect(i, j, a, P.effect_signs[i, j], theta[a], np.exp(u[j]), S, f, dS, with_slopes)


@njit(**_JIT)
def _add_effect(i, j, a, sign, size, N, S, f, dS, with_slopes):
    effect = sign * size * N
    f[i] += effect
    if with_slopes:
        for q in range(dS.shape[1]):
            dS[i, q] += effect * S[j, q]
        dS[i, a] += sign * N


@njit(**_JIT)
def _n_steps(P, theta, c, duration, u):
    """Count the steps: fast rates need short ones, or the rule itself becomes unstable."""
    speed = 0.0
    for i in range(2):
        own = theta[P.rates[i]]
        for j in range(2):
            if P.effects[i, j] >= 0 and P.present[c, j]:
                own += theta[P.effects[i, j]] * np.exp(u[j])
        if P.present[c, i]:
            speed = max(speed, own)
    wanted = duration * max(1.0 / P.substep, _SAFETY * speed)
    return max(1, int(np.ceil(min(wanted, _MOST_STEPS) - 1e-9)))


@njit(**_JIT)
def flow(P, theta, c, duration, u, S, f, dS, stage, work, with_slopes):
    """Integrate log densities ``u`` and sensitivities ``S`` over one interval by the classical Runge-Kutta rule."""
    n, p = _n_steps(P, theta, c, duration, u), len(theta)
    h = duration / n
    for _ in range(n):
        for r in range(4):
            reach = 0.0 if r == 0 else (h if r == 3 else 0.5 * h)
            before = max(r - 1, 0)
            for i in range(2):
                stage[i] = u[i] + reach * f[before, i]
                for q in range(p if with_slopes else 0):
                    work[i, q] = S[i, q] + reach * dS[before, i, q]
            _rates(P, theta, c, stage, work, f[r], dS[r], with_slopes)
        for i in range(2):
            u[i] += h / 6.0 * (f[0, i] + 2.0 * f[1, i] + 2.0 * f[2, i] + f[3, i])
            for q in range(p if with_slopes else 0):
                S[i, q] += h / 6.0 * (dS[0, i, q] + 2.0 * dS[1, i, q] + 2.0 * dS[2, i, q] + dS[3, i, q])
