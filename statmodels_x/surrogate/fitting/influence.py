"""Effects of two arms as averages of subjects' influence values, so that two effects have a covariance.

No model of how two times depend on each other is needed: cov = sum of products of the influence values of a subject.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array

EFFECTS = ("log_hr", "rmst", "survival")
_PIECES = 20
_STEPS = 50

Bools = NDArray[np.bool_]


def effect(kind: str, time: Array, event: Bools, arm: NDArray[np.int64], at: float) -> tuple[float, Array]:
    """Estimate an effect of the treated (arm 1) against the control, and its influence values.

    Parameters
    ----------
    kind : {"log_hr", "rmst", "survival"}
        Log hazard ratio, with a baseline hazard that is constant between quantiles of the events; difference in
        restricted means up to ``at``, or in survival at ``at``.
    time, event, arm : ndarray of shape (n,)
    at : float
        Not used by ``"log_hr"``.

    Returns
    -------
    value : float
    influence : ndarray of shape (n,)
    """
    if kind == "log_hr":
        return log_hazard_ratio(time, event, arm)
    influence, values = np.empty(len(time)), []
    for code in (0, 1):
        rows = arm == code
        value, own = arm_outcome(time[rows], event[rows], at, kind == "rmst")
        values.append(value)
        influence[rows] = own if code else -own
    return values[1] - values[0], influence


def arm_outcome(time: Array, event: Bools, at: float, is_area: bool) -> tuple[float, Array]:
    """Kaplan-Meier survival at a time, or its area up to then, with influence values."""
    deaths = np.unique(time[event & (time <= at)])
    risk = np.array([np.count_nonzero(time >= u) for u in deaths], float)
    died = np.array([np.count_nonzero(event & (time == u)) for u in deaths], float)
    survival = np.cumprod(1.0 - died / risk)
    if is_area:
        edges = np.concatenate([[0.0], deaths, [at]])
        pieces = np.concatenate([[1.0], survival]) * np.diff(edges)
        value = float(pieces.sum())
        rest = np.cumsum(pieces[::-1])[::-1][1:]
    else:
        value = float(survival[-1]) if len(survival) else 1.0
        rest = np.full(len(deaths), value)
    # -sum over deaths u by min(x, at) of (rest/Y) (dN - d/Y)
    compensator = np.concatenate([[0.0], np.cumsum(rest * died / risk**2)])
    place = np.searchsorted(deaths, np.minimum(time, at), side="right")
    own = np.zeros(len(time))
    inside = event & (time <= at)
    own[inside] = (rest / risk)[np.searchsorted(deaths, time[inside])]
    return value, compensator[place] - own


def log_hazard_ratio(
    time: Array, event: Bools, arm: NDArray[np.int64], n_pieces: int = _PIECES
) -> tuple[float, Array]:
    """Log hazard ratio under proportional hazards with a piecewise constant baseline."""
    breaks = np.unique(np.quantile(time[event], np.arange(1, n_pieces) / n_pieces))
    edges = np.concatenate([[0.0], breaks, [np.inf]])
    exposure = np.clip(time[:, None] - edges[:-1], 0.0, np.diff(edges))
    piece = np.searchsorted(breaks, time, side="left")
    events = np.bincount(piece[event], minlength=len(edges) - 1).astype(float)
    by_arm = np.array([exposure[arm == code].sum(axis=0) for code in (0, 1)])
    used = (events > 0.0) & (by_arm.sum(axis=0) > 0.0)
    slope = 0.0
    for _ in range(_STEPS):
        share = np.where(used, by_arm[1] * np.exp(slope), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(used, share / (share + by_arm[0]), 0.0)
        score = float(np.sum(event * (arm - mean[piece])))
        information = float(np.sum(events * mean * (1.0 - mean)))
        step = float(np.clip(score / information, -1.0, 1.0)) if information > 0.0 else np.nan
        slope += step
        if not abs(step) > 1e-12:
            break
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(used, events / (by_arm[0] + by_arm[1] * np.exp(slope)), 0.0)
    relative = np.exp(slope * arm)
    influence = event * (arm - mean[piece]) - relative * (
        arm * (exposure @ hazard) - exposure @ (hazard * mean)
    )
    return slope, influence / information
