"""The published algorithm for PTE as its authors' R code computes it, quirks included; for comparison only.

Written from the behaviour of ``R.opt.event`` in the R package SurrogateOutcome 1.2: censoring by the exponential of
a Nelson-Aalen estimate read off at the nearest censoring time, a normal kernel without boundary correction over a
grid from the smallest to the 95 % quantile of **all** surrogate times, Simpson's rule with its weights 2 and 4
exchanged, two halves, the mean of their two ratios; perturbed replicates outside [0, 1] dropped. A surrogate time
that was not seen is missing (NaN).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INTERVALS = 200


@dataclass(frozen=True)
class Half:
    """One half of the sample; ``weights`` at landmark and at t are of shape (B, n)."""

    weights: tuple[np.ndarray, np.ndarray]
    time: np.ndarray
    surrogate: np.ndarray
    arm: np.ndarray


def censoring_weights(time, died, arm, v, landmark, t):
    """Inverse probability weights at the landmark and at t, each of shape (B, n)."""
    nearest_landmark, nearest_t = np.argmin(np.abs(landmark - time)), np.argmin(np.abs(t - time))
    out = [np.zeros_like(v), np.zeros_like(v)]
    for k in (0, 1):
        inside = np.flatnonzero(arm == k)
        censored = inside[~died[inside]]
        censored = censored[np.argsort(time[censored], kind="stable")]
        at_risk = time[inside][None, :] >= time[censored][:, None]
        hazard = np.cumsum(v[:, censored] / (v[:, inside] @ at_risk.T), axis=1)
        curve = np.exp(-hazard)
        nearest = np.argmin(np.abs(time[:, None] - time[censored][None, :]), axis=1)
        own = curve[:, nearest]
        for weight, at, row in zip(out, (landmark, t), (nearest_landmark, nearest_t), strict=True):
            value = (time <= at) * died / own + (time > at) / own[:, [row]]
            weight[:, inside] = value[:, inside]
    return out


def simpson(values, step):
    """Composite rule with 2 on the inner odd and 4 on the inner even nodes, as in the authors' code."""
    return (
        values[..., 0]
        + values[..., -1]
        + 2.0 * values[..., 1:INTERVALS:2].sum(-1)
        + 4.0 * values[..., 2 : INTERVALS - 1 : 2].sum(-1)
    ) * (step / 3.0)


def masses(half, k, u, weight, kernel, landmark):
    """Density on the grid, mass without an event, and survival, for arm k at time u."""
    total = np.sum(weight * (half.arm == k), axis=1)
    alive = (half.arm == k) & (half.time > u)
    early = alive & (half.surrogate <= landmark)
    late = alive & ~(half.surrogate <= landmark)
    density = (weight[:, early] @ kernel[early]) / total[:, None]
    return density, weight[:, late].sum(1) / total, weight[:, alive].sum(1) / total


def learn(half, landmark, t):
    """Return the transformation on the grid of a half, g2, and the constant without the surrogate."""
    w0, w1 = half.weights
    known = half.surrogate[np.isfinite(half.surrogate) & (half.surrogate != 0.0)]
    grid = np.linspace(known.min(), np.quantile(known, 0.95), INTERVALS + 1)
    step = grid[1] - grid[0]
    n = len(half.time)
    width = 1.06 * np.std(half.surrogate[np.isfinite(half.surrogate)], ddof=1) * n**-0.2 / n**0.06
    values = np.where(np.isfinite(half.surrogate), half.surrogate, np.inf)
    kernel = np.exp(-0.5 * ((grid[None, :] - values[:, None]) / width) ** 2) / (width * np.sqrt(2 * np.pi))
    f0, p0, m0 = masses(half, 0, landmark, w0, kernel, landmark)
    f1, p1, m1 = masses(half, 1, landmark, w0, kernel, landmark)
    f1t, p1t, mu1 = masses(half, 1, t, w1, kernel, landmark)
    mu0 = masses(half, 0, t, w1, kernel, landmark)[2]
    denominator = simpson(f0**2 / f1, step) + p0**2 / p1
    lam = (mu0 - simpson(f0 * f1t / f1, step) - p0 * p1t / p1) / denominator
    lam_primary = (mu0 - m0 * mu1 / m1) / (m0**2 / m1)
    g1, g2 = (lam[:, None] * f0 + f1t) / f1, (lam * p0 + p1t) / p1
    return grid, g1, g2, (lam_primary * m0 + mu1) / m1


def evaluate(half, learned, landmark, t):
    """Delta, Delta of g and Delta of the primary-only transformation on a half."""
    grid, g1, g2, constant = learned
    w0, w1 = half.weights
    values = np.where(np.isfinite(half.surrogate), half.surrogate, np.inf)
    early = (half.time > landmark) & (half.surrogate <= landmark)
    late = (half.time > landmark) & ~(half.surrogate <= landmark)
    nearest = np.argmin(np.abs(values[early][:, None] - grid[None, :]), axis=1)
    found = []
    for k in (0, 1):
        inside = half.arm == k
        total0, total1 = (np.sum(w * inside, axis=1) for w in (w0, w1))
        explained = np.sum(w0[:, early] * inside[early] * g1[:, nearest], axis=1)
        explained = (explained + g2 * np.sum(w0[:, late] * inside[late], axis=1)) / total0
        alive = np.sum(w0 * (inside & (half.time > landmark)), axis=1) / total0
        found.append((np.sum(w1 * (inside & (half.time > t)), axis=1) / total1, explained, constant * alive))
    return tuple(treated - control for control, treated in zip(*found, strict=True))


def published_pte(time, died, surrogate, arm, landmark, t, first_half, v=None):
    """PTE, PTE of the primary information alone, mean g1 and mean g2.

    Parameters
    ----------
    time, surrogate : arrays of shape (n,)
        ``surrogate`` is NaN where the event was not seen.
    died, first_half : bool arrays of shape (n,)
    arm : array of shape (n,)
    landmark, t : float
    v : array of shape (B, n), optional
        Perturbations; ones by default.

    Returns
    -------
    tuple of arrays of length B
    """
    v = np.ones((1, len(time))) if v is None else v
    halves = []
    for rows in (first_half, ~first_half):
        w0, w1 = censoring_weights(time[rows], died[rows], arm[rows], v[:, rows], landmark, t)
        part = v[:, rows]
        halves.append(Half((w0 * part, w1 * part), time[rows], surrogate[rows], arm[rows]))
    learned = [learn(half, landmark, t) for half in halves]
    ratios, primaries = [], []
    for half, taught in ((halves[1], learned[0]), (halves[0], learned[1])):
        delta, explained, primary = evaluate(half, taught, landmark, t)
        ratios.append(explained / delta)
        primaries.append(primary / delta)
    g1, g2 = (0.5 * (learned[0][k] + learned[1][k]) for k in (1, 2))
    return 0.5 * sum(ratios), 0.5 * sum(primaries), g1, g2


def published_inference(time, died, surrogate, arm, landmark, t, rng, n_perturb):
    """Estimate with a random half-split, its standard error and quantile interval; NaN where all are dropped."""
    n = len(time)
    first_half = np.zeros(n, bool)
    first_half[rng.permutation(n)[: n // 2]] = True
    estimate = published_pte(time, died, surrogate, arm, landmark, t, first_half)[0][0]
    v = rng.standard_exponential((n_perturb, n))
    replicates = published_pte(time, died, surrogate, arm, landmark, t, first_half, v)[0]
    kept = replicates[(replicates >= 0.0) & (replicates <= 1.0)]
    if len(kept) < 2:
        return estimate, np.nan, (np.nan, np.nan)
    return estimate, float(np.std(kept, ddof=1)), tuple(np.quantile(kept, [0.025, 0.975]))
