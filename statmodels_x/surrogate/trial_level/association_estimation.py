"""Kendall's tau of two times in an illness-death process with piecewise constant hazards.

The hazards are a (surrogate event), b (death before it) and c (death after it). The earlier time contains death: it is
progression-free survival. Of two subjects the first event, at x, has rate 2 (a + b) S0(x)^2 with
S0 = exp(-int (a + b)). If it is a death the pair is concordant; if it is a surrogate event it is so with probability
q(x), that this subject dies first: q' = (a + b + c) q - c - a/2, backward from (c + a/2)/(a + b + c).
P(concordant) = int 2 S0^2 (b + a q), and tau = 2 P - 1. Of pairs whose first death falls by h: r' = 2 c r - c (both
have had the event), q_c' = (a + b + c) q_c - c - a r, q_d' = (a + b + c) q_d - b - a r, all 0 at h;
tau_h = (C - D)/(C + D).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from statmodels_x.core.quadrature import legendre_nodes
from statmodels_x.core.typing import Array

_NODES = 10


@dataclass(frozen=True)
class Exposure:
    """Subjects of one arm cut into pieces of time.

    Attributes
    ----------
    breaks : ndarray of shape (k - 1,)
    before, after : ndarray of shape (n, k)
        Time at risk without and with the surrogate event in each piece.
    progressions, deaths_before, deaths_after : ndarray of int, shape (n,)
        Piece of the event; -1 for none.
    entry : ndarray of shape (n,)
        Time of the surrogate event, infinite if not seen.
    """

    breaks: Array
    before: Array = field(repr=False)
    after: Array = field(repr=False)
    progressions: NDArray[np.int64] = field(repr=False)
    deaths_before: NDArray[np.int64] = field(repr=False)
    deaths_after: NDArray[np.int64] = field(repr=False)
    entry: Array = field(repr=False)

    def hazards(self, weight: Array) -> tuple[Array, Array, Array]:
        """Events over time at risk under weights of shape (..., n), of shape (..., k); 0 where nobody is at risk."""
        k = self.before.shape[1]

        def rate(place: NDArray[np.int64], exposure: Array) -> Array:
            events = np.stack([weight @ (place == j) for j in range(k)], axis=-1)
            total = weight @ exposure
            return np.divide(events, total, out=np.zeros_like(total), where=total > 0.0)

        return (
            rate(self.progressions, self.before),
            rate(self.deaths_before, self.before),
            rate(self.deaths_after, self.after),
        )


def expose(
    time: Array, died: NDArray[np.bool_], surrogate: Array, watched: Array | None, breaks: Array
) -> Exposure:
    """Cut one arm into pieces."""
    edges = np.concatenate([[0.0], breaks, [np.inf]])
    seen = np.isfinite(surrogate)
    end = time if watched is None else np.minimum(time, watched)
    until = np.where(seen, surrogate, end)

    def spent(start: Array, stop: Array) -> Array:
        return np.maximum(np.minimum(stop[:, None], edges[1:]) - np.maximum(start[:, None], edges[:-1]), 0.0)

    piece_until = np.searchsorted(breaks, until, side="left")
    piece_end = np.searchsorted(breaks, time, side="left")
    dies_before = died & ~seen & (end >= time)
    return Exposure(
        breaks,
        spent(np.zeros(len(time)), until),
        spent(np.where(seen, surrogate, time), time),
        np.where(seen, piece_until, -1),
        np.where(dies_before, piece_end, -1),
        np.where(died & seen, piece_end, -1),
        np.where(seen, surrogate, np.inf),
    )


def kendall(breaks: Array, a: Array, b: Array, c: Array) -> Array:
    """Kendall's tau; hazards of shape (..., k), the last pieces going on for ever. NaN where nothing happens then."""
    lengths = np.diff(np.concatenate([[0.0], breaks]))
    first, total = a + b, a + b + c
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.where(total > 0.0, (c + 0.5 * a) / total, 0.0)
    q = rest[..., -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        concordant = (b[..., -1] + a[..., -1] * q) / first[..., -1]
    for k in range(len(lengths) - 1, -1, -1):
        ak, bk, fk, sk, rk, length = (
            a[..., k],
            b[..., k],
            first[..., k],
            total[..., k],
            rest[..., k],
            lengths[k],
        )
        even = _integral(-2.0 * fk, length)
        inside = 2.0 * (bk + ak * rk) * even
        inside += 2.0 * ak * (q - rk) * _integral(sk - 2.0 * fk, length, decay=sk)
        concordant = inside + np.exp(-2.0 * fk * length) * concordant
        q = rk + (q - rk) * np.exp(-sk * length)
    return np.asarray(2.0 * concordant - 1.0)


def _integral(rate: Array, length: Array | float, decay: Array | float = 0.0) -> Array:
    """Integrate exp(rate y - decay length) over y in (0, length), as one power that does not overflow."""
    with np.errstate(over="ignore"):  # rates of one piece beside the length of another
        reach = np.abs(rate) * length
        power = (np.maximum(rate, 0.0) - decay) * length
    small = reach < 1e-8
    safe = np.where(small, 1.0, reach)
    return np.asarray(np.exp(power) * length * np.where(small, 1.0 - 0.5 * reach, -np.expm1(-safe) / safe))


def kendall_within(breaks: Array, a: Array, b: Array, c: Array, horizon: float) -> Array:
    """Kendall's tau of pairs whose first death falls by the horizon."""
    edges = np.concatenate([[0.0], breaks[breaks < horizon], [horizon]])
    lengths = np.diff(edges)
    hazards = np.cumsum((a + b)[..., : len(lengths)] * lengths, axis=-1)
    zero = np.zeros((*a.shape[:-1], 1))
    state = (zero, zero, zero)
    up, down = np.zeros(a.shape[:-1]), np.zeros(a.shape[:-1])
    for k in range(len(lengths) - 1, -1, -1):
        rates = a[..., k, None], b[..., k, None], c[..., k, None]
        ak, bk, ck = rates
        left, weight = _graded(lengths[k], float(np.max(2.0 * (ak + bk + ck)) * lengths[k]))
        _, q_c, q_d = _before(left, *rates, state)
        alive = 2.0 * weight * np.exp(2.0 * ((ak + bk) * left - hazards[..., k, None]))
        up = up + np.sum(alive * (bk + ak * q_c), axis=-1)
        down = down + np.sum(alive * ak * q_d, axis=-1)
        state = _before(lengths[k : k + 1], *rates, state)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((up - down) / (up + down))


def _before(
    left: Array, a: Array, b: Array, c: Array, state: tuple[Array, Array, Array]
) -> tuple[Array, Array, Array]:
    """Return r, q_c and q_d where so much of a piece is left, given what they are at its end."""
    r, up, down = state
    total = a + b + c
    gone = np.exp(-total * left)
    even, apart = _integral(-total, left), a * (r - 0.5) * _integral(total - 2.0 * c, left, decay=total)
    return (
        0.5 + (r - 0.5) * np.exp(-2.0 * c * left),
        up * gone + (c + 0.5 * a) * even + apart,
        down * gone + (b + 0.5 * a) * even + apart,
    )


def _graded(length: float, fastest: float) -> tuple[Array, Array]:
    """Nodes and weights over (0, length), in panels that halve towards both ends until the fastest rate is slow."""
    halves = 4 + int(np.ceil(np.log2(min(max(fastest, 1.0), 1e300))))
    ends = np.concatenate([[0.0], 0.5 ** np.arange(halves, 0, -1.0)])
    nodes, weights = legendre_nodes(_NODES)
    width = np.diff(ends)[:, None]
    near, share = (ends[:-1, None] + width * nodes).ravel(), (width * weights).ravel()
    return length * np.concatenate([near, 1.0 - near]), length * np.concatenate([share, share])


def death_ratio(exposure: Exposure, weight: Array, b: Array) -> Array:
    """Deaths after the surrogate event over those that its absence would have led to expect: 1 if it means nothing."""
    observed = weight @ (exposure.deaths_after >= 0)
    expected = np.sum((weight @ exposure.after) * b, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(observed / expected)


def sojourn_test(exposure: Exposure, time: Array) -> tuple[float, float]:
    """Test that death after the surrogate event does not depend on the time since: statistic (normal) and ratio.

    In each piece of time deaths are split by whether the sojourn is longer than its median over deaths.
    """
    dead = exposure.deaths_after >= 0
    if np.count_nonzero(dead) < 10:
        return np.nan, np.nan
    cut = float(np.median((time - exposure.entry)[dead]))
    edges = np.concatenate([[0.0], exposure.breaks, [np.inf]])
    begin = np.where(np.isfinite(exposure.entry), exposure.entry + cut, np.inf)
    late = np.maximum(np.minimum(time[:, None], edges[1:]) - np.maximum(begin[:, None], edges[:-1]), 0.0).sum(
        axis=0
    )
    total = exposure.after.sum(axis=0)
    counts = np.bincount(exposure.deaths_after[dead], minlength=len(total)).astype(float)
    share = np.divide(late, total, out=np.zeros_like(total), where=total > 0.0)
    is_late = dead & (time > begin)
    observed, expected = float(np.count_nonzero(is_late)), float(counts @ share)
    variance = float(counts @ (share * (1.0 - share)))
    early_expected = counts.sum() - expected
    ratio = (observed / expected) / ((counts.sum() - observed) / early_expected) if expected > 0.0 else np.nan
    return (observed - expected) / np.sqrt(variance) if variance > 0.0 else np.nan, ratio


def two_sided(z: float) -> float:
    """P-value of the sojourn test."""
    return float(2.0 * stats.norm.sf(abs(z)))
