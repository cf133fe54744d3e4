"""Progression that was looked for during less time than survival: weights by the distribution of the stopping time.

A subject whose progression was looked for up to V says nothing of progression after V. At the landmark t0 the
surrogate information is known of those who progressed by then and were seen to (S <= t0, S <= V), and of those
without progression who were looked at up to t0 (V >= t0). Each stands for 1/P(V >= min(S, t0)) subjects; the others
count for survival, and not for the surrogate.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.surrogate.sample import Trial

_STEPS = 25


@dataclass(frozen=True)
class Stopping:
    """Who is known at the landmark, and in which order subjects stopped being looked at.

    Attributes
    ----------
    known : ndarray of bool, shape (n,)
    until : ndarray of shape (n,)
        Until when each was under observation for the surrogate: its event, the stop, or the end of follow-up.
    needed : ndarray of shape (n,)
        min(S, t0): how long one must be looked at to be known.
    stopped : ndarray of bool, shape (n,)
    arms : pair of ndarray
        Rows of each arm by ``until``, stops after all else at ties.
    design : ndarray of shape (n, k) or None
        Covariates of the stopping time, for a proportional-hazards model in each arm.
    """

    known: NDArray[np.bool_] = field(repr=False)
    until: Array = field(repr=False)
    needed: Array = field(repr=False)
    stopped: NDArray[np.bool_] = field(repr=False)
    arms: tuple[NDArray[np.int64], NDArray[np.int64]] = field(repr=False)
    design: Array | None = field(repr=False)

    def factors(self, weight: Array) -> Array:
        """Inverse probabilities of being known under subjects' weights; 0 where unknown."""
        factors = np.zeros(len(weight))
        for rows in self.arms:
            watched = self._watched(rows, weight[rows])
            known = self.known[rows]
            factors[rows[known]] = 1.0 / watched[known]
        return factors

    def _watched(self, rows: NDArray[np.int64], weight: Array) -> Array:
        """P(V >= min(S, t0)) of the rows of one arm, which stand in order of ``until``."""
        until, stopped = self.until[rows], self.stopped[rows]
        first = np.searchsorted(until, until, side="left")
        place = np.searchsorted(until, self.needed[rows], side="left")
        if self.design is None:
            risk = np.cumsum(weight[::-1])[::-1][first]
            # the product-limit estimate: stops at one time leave one after the other
            left = np.where(stopped, 1.0 - weight / (risk - _earlier_stops(weight * stopped, first)), 1.0)
            curve = np.concatenate([[1.0], np.cumprod(left)])
            return np.asarray(curve[place])
        z = self.design[rows]
        slopes = proportional_hazards(first, stopped, z, weight)
        relative = np.exp(z @ slopes)
        risk = np.cumsum((weight * relative)[::-1])[::-1][first]
        hazard = np.concatenate([[0.0], np.cumsum(np.where(stopped, weight / risk, 0.0))])
        return np.exp(-hazard[place] * relative)


def _earlier_stops(stops: Array, first: NDArray[np.int64]) -> Array:
    """Weight of the stops at the same time that stand before each row."""
    before = np.concatenate([[0.0], np.cumsum(stops)])
    return before[np.arange(len(stops))] - before[first]


def proportional_hazards(
    first: NDArray[np.int64], event: NDArray[np.bool_], design: Array, weight: Array
) -> Array:
    """Slopes of a weighted Cox model in Breslow's form; rows by time, ``first`` the first of each time.

    Covariates that tell stopping apart perfectly leave the slopes where Newton's method stops: far out, and finite.
    """
    slopes = np.zeros(design.shape[1])
    mass = weight * event
    for _ in range(_STEPS):
        relative = weight * np.exp(np.clip(design @ slopes, -30.0, 30.0))
        s0 = np.cumsum(relative[::-1])[::-1][first]
        s1 = np.cumsum((relative[:, None] * design)[::-1], axis=0)[::-1][first]
        outer = design[:, :, None] * design[:, None, :]
        s2 = np.cumsum((relative[:, None, None] * outer)[::-1], axis=0)[::-1][first]
        mean = s1 / s0[:, None]
        score = mass @ (design - mean)
        information = np.einsum(
            "i,ijk->jk", mass, s2 / s0[:, None, None] - mean[:, :, None] * mean[:, None, :]
        )
        step = np.linalg.lstsq(information, score, rcond=None)[0]
        step *= min(1.0, 3.0 / max(np.abs(step).max(), 1e-300))
        slopes = slopes + step
        if np.abs(step).max() < 1e-9:
            break
    return slopes


def plan_stopping(trial: Trial, landmark: float) -> Stopping | None:
    """Prepare the weights; None where everybody is known at the landmark."""
    if trial.watched is None:
        return None
    needed = np.minimum(trial.surrogate, landmark)
    known = trial.known(landmark)
    if known[trial.alive(landmark)].all():
        return None
    until = np.minimum(np.minimum(trial.watched, trial.surrogate), trial.time)
    stopped = (trial.watched < trial.surrogate) & (trial.watched < trial.time)
    order = np.lexsort((stopped, until))
    arms = tuple(order[trial.arm[order] == code] for code in (0, 1))
    return Stopping(known, until, needed, stopped, (arms[0], arms[1]), trial.stop_design)
