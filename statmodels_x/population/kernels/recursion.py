"""The recursion of a Leslie form with exact sensitivities: compiled functions, arrays in, arrays out.

``totals`` gives the course of both species with its derivatives, of a recursion or of a flow. Each compiled function's
``py_func`` is its plain Python twin.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.population.kernels.flow import flow
from statmodels_x.population.kernels.stable import stable_shares


@kernel
def initial_state(P, theta, c, w, J):
    """Age classes of both species at the first node of culture ``c``, and their derivatives."""
    p = len(theta)
    w[:] = 0.0
    J[:] = 0.0
    left_slope = np.zeros(p)
    share, slope = np.zeros(max(P.ages[0], P.ages[1])), np.zeros((max(P.ages[0], P.ages[1]), p))
    for s in range(2):
        if not P.present[c, s]:
            continue
        o, k, q = (0 if s == 0 else P.ages[0]), P.ages[s], P.initial[c, s]
        total = P.initial_value[c, s] if q < 0 else theta[q]
        if P.structure == 1:
            stable_shares(P, theta, s, share[:k], slope[:k])
        else:
            left = 1.0
            left_slope[:] = 0.0
            for j in range(k):
                u = P.shares[c, s, j] if j < k - 1 else -2
                value = 1.0 if j == k - 1 else (P.share_value[c, s, j] if u < 0 else theta[u])
                share[j] = left * value
                slope[j] = left_slope * value
                left_slope *= 1.0 - value
                if u >= 0:
                    slope[j, u] += left
                    left_slope[u] -= left
                left *= 1.0 - value
        for j in range(k):
            w[o + j] = total * share[j]
            J[o + j] = total * slope[j]
            if q >= 0:
                J[o + j, q] += share[j]


@kernel
def divisors(density, theta, N, inverse):
    """Reciprocals of the three density terms; a negative total has no effect."""
    inverse[:] = 1.0
    for place in range(5):
        q = density[place]
        s = place % 2
        if q >= 0 and N[s] > 0.0:
            inverse[place // 2] += theta[q] * N[s]
    for g in range(3):
        inverse[g] = 1.0 / inverse[g]


@kernel
def advance(entries, signs, density, theta, w, N, inverse, out):
    """One step of the recursion without derivatives."""
    divisors(density, theta, N, inverse)
    out[:] = 0.0
    for e in range(len(signs)):
        out[entries[e, 0]] += signs[e] * inverse[entries[e, 3]] * theta[entries[e, 2]] * w[entries[e, 1]]


@kernel
def remove_ended(first, may_end, w, N, gone):
    """Apply the rule of extinction: a species whose total is 0 or below after a step has no member from then on.

    ``may_end`` says for which species the rule holds; ``gone`` which are gone already, and is updated.
    """
    for s in range(2):
        gone[s] = gone[s] or (may_end[s] and N[s] <= 0.0)
        if gone[s]:
            N[s] = 0.0
            w[first * s : (first if s == 0 else len(w))] = 0.0


@kernel
def _density_slope(density, theta, g, N, dN, slope):
    """Fill the derivative of density term ``g``; False if it is constant."""
    slope[:] = 0.0
    found = False
    for place in range(2 * g, min(2 * g + 2, 5)):
        q, s = density[place], place % 2
        if q >= 0 and N[s] > 0.0:
            found = True
            for j in range(len(slope)):
                slope[j] += theta[q] * dN[s, j]
            slope[q] += N[s]
    return found


@kernel
def _advance_both(entries, signs, density, theta, w, J, N, dN, inverse, by_group, slope, out, dout):
    """One step of the recursion with the derivatives of the state."""
    p = len(theta)
    divisors(density, theta, N, inverse)
    out[:] = 0.0
    dout[:] = 0.0
    by_group[:] = 0.0
    for e in range(len(signs)):
        row, col, q, g = entries[e, 0], entries[e, 1], entries[e, 2], entries[e, 3]
        size = signs[e] * inverse[g]
        coefficient = size * theta[q]
        out[row] += coefficient * w[col]
        by_group[g, row] += coefficient * w[col]
        for j in range(p):
            dout[row, j] += coefficient * J[col, j]
        dout[row, q] += size * w[col]
    for g in range(3):
        if _density_slope(density, theta, g, N, dN, slope):
            for row in range(len(out)):
                factor = by_group[g, row] * inverse[g]
                if factor != 0.0:
                    for j in range(p):
                        dout[row, j] -= factor * slope[j]


@kernel
def _record(first, w, J, N, dN, state, is_flow, here):
    """Totals of a state and their derivatives (``dN`` may be empty); for a flow the state is the log density."""
    N[:] = 0.0
    dN[:] = 0.0
    for i in range(len(w)):
        s = 0 if i < first else 1
        size = w[i]
        if is_flow:
            size = np.exp(w[i]) if here[i] else 0.0
        state[i] = size
        N[s] += size
        if len(dN) > 0:
            factor = size if is_flow else 1.0
            for q in range(J.shape[1]):
                dN[s, q] += factor * J[i, q]


@kernel
def _remove(first, may_end, w, J, N, dN, state, gone):
    """Remove what has ended, with its derivatives."""
    remove_ended(first, may_end, w, N, gone)
    for i in range(len(w)):
        s = 0 if i < first else 1
        if gone[s]:
            state[i] = 0.0
            J[i] = 0.0
            if len(dN) > 0:
                dN[s] = 0.0


@kernel
def _to_logs(P, c, w, J):
    for i in range(2):
        if P.present[c, i]:
            J[i] /= w[i]
            w[i] = np.log(w[i])


@kernel
def totals(P, theta, c, states, N, dN):
    """Course of culture ``c``: fill states (nodes, m), totals (nodes, 2) and their derivatives (nodes, 2, p).

    Derivatives are skipped where ``dN`` has no rows.
    """
    p, m, wanted = len(theta), P.ages[0] + P.ages[1], len(dN) > 0
    w, out = np.zeros(m), np.zeros(m)
    J, dout = np.zeros((m, p)), np.zeros((m, p))
    inverse, by_group, slope = np.ones(3), np.zeros((3, m)), np.zeros(p)
    f, dS, stage, work = np.zeros((4, 2)), np.zeros((4, 2, p)), np.zeros(2), np.zeros((2, p))
    nothing = np.zeros((0, p))
    # taken out of the tuple once: to hand it on at every step would cost more than the step
    entries, signs, density = P.entries, P.signs, P.density
    rates = (P.rates, P.rate_signs, P.effects, P.effect_signs)
    first, last, is_flow, here, substep = P.ages[0], P.nodes[c] - 1, P.kind == 1, P.present[c], P.substep
    durations = P.durations[P.node_start[c] :]
    # until its last positive count a species may not end: totals below 0 are penalised there
    removal, may_end, gone = P.removal[c], np.zeros(2, np.bool_), np.zeros(2, np.bool_)
    initial_state(P, theta, c, w, J)
    if is_flow:
        _to_logs(P, c, w, J)
    for n in range(last + 1):
        _record(first, w, J, N[n], dN[n] if wanted else nothing, states[n], is_flow, here)
        if n > 0 and not is_flow:
            for s in range(2):
                may_end[s] = here[s] and n >= removal[s]
            _remove(first, may_end, w, J, N[n], dN[n] if wanted else nothing, states[n], gone)
        if n == last:
            break
        if is_flow:
            flow(rates, theta, here, durations[n], substep, w, J, f, dS, stage, work, wanted)
        elif wanted:
            _advance_both(
                entries, signs, density, theta, w, J, N[n], dN[n], inverse, by_group, slope, out, dout
            )
            w, out = out, w
            J, dout = dout, J
        else:
            advance(entries, signs, density, theta, w, N[n], inverse, out)
            w, out = out, w
