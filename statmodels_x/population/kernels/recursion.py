"""The recursion of a Leslie form with exact sensitivities: compiled functions, arrays in, arrays out.

``totals`` gives the course of all species with its derivatives, of a recursion or of a flow. Each compiled function's
``py_func`` is its plain Python twin.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.population.kernels.flow import flow
from statmodels_x.population.kernels.stable import stable_shares


@kernel
def initial_state(P, theta, c, w, J):
    """Age classes of all species at the first node of culture ``c``, and their derivatives."""
    p = len(theta)
    w[:] = 0.0
    J[:] = 0.0
    left_slope = np.zeros(p)
    most = P.ages.max()
    share, slope = np.zeros(most), np.zeros((most, p))
    for s in range(len(P.ages)):
        if not P.present[c, s]:
            continue
        o, k, q = P.ages[:s].sum(), P.ages[s], P.initial[c, s]
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
def divisors(density, exponential, theta, N, inverse):
    """Fill the factors of the density terms, 1/(1 + a N) or exp(-a N): one a species, and one more for predation.

    A negative total has no effect.
    """
    inverse[:] = 0.0
    for place in range(len(density)):
        q = density[place]
        s = place % len(N)
        if q >= 0 and N[s] > 0.0:
            inverse[place // len(N)] += theta[q] * N[s]
    for g in range(len(inverse)):
        inverse[g] = np.exp(-inverse[g]) if exponential else 1.0 / (1.0 + inverse[g])


@kernel
def advance(entries, signs, density, exponential, theta, w, N, inverse, out):
    """One step of the recursion, and the factors ``inverse`` of its density terms."""
    divisors(density, exponential, theta, N, inverse)
    out[:] = 0.0
    for e in range(len(signs)):
        out[entries[e, 0]] += signs[e] * inverse[entries[e, 3]] * theta[entries[e, 2]] * w[entries[e, 1]]


@kernel
def remove_ended(edges, may_end, w, N, gone):
    """Apply the rule of extinction: a species whose total is 0 or below after a step has no member from then on.

    ``edges`` says where the classes of each species begin; ``may_end`` for which the rule holds; ``gone`` which are
    gone already, and is updated.
    """
    for s in range(len(N)):
        gone[s] = gone[s] or (may_end[s] and N[s] <= 0.0)
        if gone[s]:
            N[s] = 0.0
            w[edges[s] : edges[s + 1]] = 0.0


@kernel
def _density_slope(density, theta, g, N, dN, slope):
    """Fill the derivative of density term ``g``; False if it is constant."""
    slope[:] = 0.0
    found = False
    for place in range(len(N) * g, min(len(N) * (g + 1), len(density))):
        q, s = density[place], place % len(N)
        if q >= 0 and N[s] > 0.0:
            found = True
            for j in range(len(slope)):
                slope[j] += theta[q] * dN[s, j]
            slope[q] += N[s]
    return found


@kernel
def _advance_slopes(entries, signs, density, exponential, theta, w, J, N, dN, inverse, by_group, slope, dout):
    """Fill the derivatives of the state after a step of ``advance``, which has filled ``inverse``."""
    p = len(theta)
    dout[:] = 0.0
    by_group[:] = 0.0
    for e in range(len(signs)):
        row, col, q, g = entries[e, 0], entries[e, 1], entries[e, 2], entries[e, 3]
        size = signs[e] * inverse[g]
        coefficient = size * theta[q]
        by_group[g, row] += coefficient * w[col]
        for j in range(p):
            dout[row, j] += coefficient * J[col, j]
        dout[row, q] += size * w[col]
    for g in range(len(inverse)):
        if _density_slope(density, theta, g, N, dN, slope):
            for row in range(len(dout)):
                factor = by_group[g, row] * (1.0 if exponential else inverse[g])
                if factor != 0.0:
                    for j in range(p):
                        dout[row, j] -= factor * slope[j]


@kernel
def capture_prey(first, capture, theta, N, dN, slope, out, dout, wanted):
    """Let predators take their share of the grown prey, exp(-attack) of which escapes, and breed on it.

    ``capture`` holds the parameters b, s and c of attack = b N_y / (1 + s N_x) and of c newborn predators for each prey
    taken. Nothing turns negative.
    """
    b, s, c = theta[capture[0]], theta[capture[1]], theta[capture[2]]
    crowd = 1.0 / (1.0 + s * max(N[0], 0.0))
    attack = b * max(N[1], 0.0) * crowd
    escape, grown = np.exp(-attack), 0.0
    for i in range(first):
        grown += out[i]
    eaten = grown * (1.0 - escape)
    if wanted:
        slope[:] = 0.0
        if N[1] > 0.0:
            slope += b * crowd * dN[1] - attack * crowd * s * dN[0]
            slope[capture[0]] += N[1] * crowd
            slope[capture[1]] -= attack * crowd * N[0]
        for q in range(len(theta)):
            rise = 0.0
            for i in range(first):
                rise += dout[i, q]
                dout[i, q] = escape * (dout[i, q] - out[i] * slope[q])
            dout[first, q] += c * (rise * (1.0 - escape) + grown * escape * slope[q])
        dout[first, capture[2]] += eaten
    for i in range(first):
        out[i] *= escape
    out[first] += c * eaten


@kernel
def _correct(edges, gain, place, seen, is_flow, w, J, N, dN, wanted):
    """Move the state a share ``gain`` of the way to the counts of its time, the classes in proportion.

    ``place`` is the parameter that the gain is, or -1.
    """
    for s in range(len(N)):
        if np.isnan(seen[s]) or not N[s] > 0.0:
            continue
        ratio = (1.0 - gain) + gain * seen[s] / N[s]
        if is_flow and not ratio > 0.0:
            continue
        size = N[s]
        for i in range(edges[s], edges[s + 1]):
            for q in range(J.shape[1] if wanted else 0):
                bend = -gain * seen[s] / size**2 * dN[s, q]
                if q == place:
                    bend += seen[s] / size - 1.0
                J[i, q] = J[i, q] + bend / ratio if is_flow else ratio * J[i, q] + w[i] * bend
            w[i] = w[i] + np.log(ratio) if is_flow else ratio * w[i]
        for q in range(J.shape[1] if wanted else 0):
            dN[s, q] *= 1.0 - gain
            if q == place:
                dN[s, q] += seen[s] - size
        N[s] = size * ratio


@kernel
def _record(edges, w, J, N, dN, state, is_flow, here):
    """Totals of a state and their derivatives (``dN`` may be empty); for a flow the state is the log density."""
    N[:] = 0.0
    dN[:] = 0.0
    for s in range(len(N)):
        for i in range(edges[s], edges[s + 1]):
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
def _row_of(row_node, row, after, n):
    """Go on to the first row that is not before node ``n``."""
    while row < after and row_node[row] < n:
        row += 1
    return row


@kernel
def _remove(edges, n, removal, here, w, J, N, dN, state, gone):
    """Remove what has ended by node ``n``, with its derivatives."""
    may_end = np.zeros(len(N), np.bool_)
    for s in range(len(N)):
        may_end[s] = here[s] and n >= removal[s]
    remove_ended(edges, may_end, w, N, gone)
    for s in range(len(N)):
        if gone[s]:
            state[edges[s] : edges[s + 1]] = 0.0
            J[edges[s] : edges[s + 1]] = 0.0
            if len(dN) > 0:
                dN[s] = 0.0


@kernel
def _to_logs(P, c, w, J, is_flow):
    for i in range(len(w) if is_flow else 0):
        if P.present[c, i]:
            J[i] /= w[i]
            w[i] = np.log(w[i])


@kernel
def totals(P, theta, c, states, N, dN):
    """Course of culture ``c``: fill states (nodes, m), totals (nodes, S) and their derivatives (nodes, S, p).

    Derivatives are skipped where ``dN`` has no rows. With a gain, totals are those foreseen from the counts before.
    """
    p, m, n_species, wanted = len(theta), P.ages.sum(), len(P.ages), len(dN) > 0
    edges = np.zeros(n_species + 1, np.int64)
    edges[1:] = np.cumsum(P.ages)
    w, out = np.zeros(m), np.zeros(m)
    J, dout = np.zeros((m, p)), np.zeros((m, p))
    inverse, by_group, slope = np.ones(n_species + 1), np.zeros((n_species + 1, m)), np.zeros(p)
    f, dS, stage, work = np.zeros((4, m)), np.zeros((4, m, p)), np.zeros(m), np.zeros((m, p))
    nothing = np.zeros((0, p))
    # taken out of the tuple once: to hand it on at every step would cost more than the step
    entries, signs, density, exponential, capture = P.entries, P.signs, P.density, P.exponential, P.capture
    rates = (P.rates, P.rate_signs, P.effects, P.effect_signs, P.handling)
    first, last, is_flow, here, substep = P.ages[0], P.nodes[c] - 1, P.kind == 1, P.present[c], P.substep
    durations = P.durations[P.node_start[c] :]
    # until its last positive count a species may not end: totals below 0 are penalised there
    removal, gone = P.removal[c], np.zeros(n_species, np.bool_)
    gain = theta[P.gain] if P.gain >= 0 else P.gain_value
    row, after, now, d_now = P.row_start[c], P.row_start[c + 1], np.zeros(n_species), np.zeros((n_species, p))
    captures, ends = capture[0] >= 0, not is_flow
    initial_state(P, theta, c, w, J)
    _to_logs(P, c, w, J, is_flow)
    for n in range(last + 1):
        _record(edges, w, J, N[n], dN[n] if wanted else nothing, states[n], is_flow, here)
        if ends and n > 0:
            _remove(edges, n, removal, here, w, J, N[n], dN[n] if wanted else nothing, states[n], gone)
        if n == last:
            break
        now[:] = N[n]
        if wanted:
            d_now[:] = dN[n]
        row = _row_of(P.row_node, row, after, n)
        if gain > 0.0 and row < after and P.row_node[row] == n:
            _correct(edges, gain, P.gain, P.counts[row], is_flow, w, J, now, d_now, wanted)
        if is_flow:
            flow(rates, theta, here, durations[n], substep, w, J, f, dS, stage, work, wanted)
            continue
        advance(entries, signs, density, exponential, theta, w, now, inverse, out)
        if wanted:
            _advance_slopes(
                entries, signs, density, exponential, theta, w, J, now, d_now, inverse, by_group, slope, dout
            )
        if captures:
            capture_prey(first, capture, theta, now, d_now, slope, out, dout, wanted)
        w, out = out, w
        J, dout = dout, J
