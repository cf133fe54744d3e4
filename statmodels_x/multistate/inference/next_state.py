"""Which state comes next, ever, and after what time: integrals over the whole stay, in log time."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.multistate.inference.intensities import Intensities, Stay
from statmodels_x.multistate.inference.paths import From, Values
from statmodels_x.multistate.inference.scales import Scaled

_NODES = 4000
_LOG_SURVIVAL = 28.0  # beyond exp(-28) = 1e-12 nobody is left
_FARTHEST = 60.0  # logarithms of time before and after the unit of time
QUARTILES = {"q25": 0.25, "median": 0.5, "q75": 0.75}


def next_state(hazards: Intensities, origin: From, unit: float) -> list[tuple[dict[str, str], Scaled]]:
    """Probability of each next state, and quartiles and mean of the time from ``given`` until it.

    Parameters
    ----------
    hazards : Intensities
    origin : From
    unit : float
        A time of the size of the data's, from which the search of the end starts.
    """
    m = len(hazards.index)
    parts = [_one_row(hazards, origin, i, unit) for i in range(m)]
    found = []
    for k, (labels, first) in enumerate(parts[0]):
        values = Values(
            np.concatenate([part[k][1].values.value for part in parts]),
            None
            if first.values.gradient is None
            else np.concatenate([g for part in parts if (g := part[k][1].values.gradient) is not None]),
        )
        found.append((labels, Scaled(values, first.scale)))
    return found


def _one_row(hazards: Intensities, origin: From, i: int, unit: float) -> list[tuple[dict[str, str], Scaled]]:
    low, high = _range(hazards, origin, i, unit)
    log_time = np.linspace(low, high, _NODES)
    time, step = np.exp(log_time), log_time[1] - log_time[0]
    found = []
    for to in hazards.graph.out_of(origin.state):
        log, slope = hazards.blank(_NODES)
        stay = _stay(origin, i, time)
        hazards.add_survival(origin.state, stay, log, slope)
        hazards.add_log_hazard((origin.state, to), stay, log, slope)
        flow = np.exp(log + log_time)
        weights = step * np.r_[0.5, np.ones(_NODES - 2), 0.5]
        ever = Values(np.array([weights @ flow]), None if slope is None else ((weights * flow) @ slope)[None])
        found.append(({"state": to, "quantity": "probability"}, Scaled(ever, "logit")))
        found += _times(to, time, log_time, flow, slope, ever, weights)
    return found


def _stay(origin: From, i: int, time: Array) -> Stay:
    n = len(time)
    entered, begin = np.full(n, origin.entered[i]), np.full(n, origin.given[i])
    return Stay(np.full(n, i), entered, begin, begin + time, begin - entered + time)


def _range(hazards: Intensities, origin: From, i: int, unit: float) -> tuple[float, float]:
    """Logarithms of the times between which nearly everything happens."""
    grid = np.log(unit) + np.linspace(-_FARTHEST, _FARTHEST, 1201)
    log, _ = hazards.blank(len(grid))
    with np.errstate(over="ignore"):
        hazards.add_survival(origin.state, _stay(origin, i, np.exp(grid)), log, None)
    gone = -log
    low = grid[np.searchsorted(gone, 1e-14)] if gone[-1] > 1e-14 else grid[0]
    high = grid[min(np.searchsorted(gone, _LOG_SURVIVAL), len(grid) - 1)]
    return float(low), float(high)


def _times(
    to: str, time: Array, log_time: Array, flow: Array, slope: Array | None, ever: Values, weights: Array
) -> list[tuple[dict[str, str], Scaled]]:
    from scipy.interpolate import CubicSpline

    step = log_time[1] - log_time[0]
    spline = CubicSpline(log_time, flow).antiderivative()
    by_then = spline(log_time)
    whole = float(ever.value[0])
    found = []
    for name, share in QUARTILES.items():
        at = float(np.interp(share * by_then[-1], by_then, log_time))
        for _ in range(4):
            density = max(float(np.interp(at, log_time, flow)), 1e-300)
            at = float(
                np.clip(at - (float(spline(at)) - share * by_then[-1]) / density, log_time[0], log_time[-1])
            )
        gradient = None
        if slope is not None and ever.gradient is not None:
            # F(q) = share * P: the quartile moves by what of F does not follow P, over the density
            before = np.clip((at - log_time) / step + 0.5, 0.0, 1.0) * step
            change = (before * flow) @ slope - share * ever.gradient[0]
            gradient = (-np.exp(at) * change / np.interp(at, log_time, flow))[None]
        found.append(
            ({"state": to, "quantity": name}, Scaled(Values(np.array([np.exp(at)]), gradient), "log"))
        )
    return [
        *found,
        ({"state": to, "quantity": "mean"}, Scaled(_mean(time, log_time, flow, slope, ever, whole), "log")),
    ]


def _mean(
    time: Array, log_time: Array, flow: Array, slope: Array | None, ever: Values, whole: float
) -> Values:
    """Mean time; infinite, without an error, where the tail is too heavy."""
    weights = (log_time[1] - log_time[0]) * np.r_[0.5, np.ones(len(time) - 2), 0.5]
    moment = time * flow
    with np.errstate(divide="ignore", invalid="ignore"):
        fall = (np.log(moment[-1]) - np.log(moment[-50])) / (log_time[-1] - log_time[-50])
    if np.isfinite(fall) and fall > -0.05 and moment[-1] > 1e-9 * moment.max():
        blank = None if slope is None else np.full((1, slope.shape[1]), np.nan)
        return Values(np.array([np.inf]), blank)
    tail = moment[-1] / -fall if np.isfinite(fall) and fall < 0.0 else 0.0
    total = weights @ moment + tail
    gradient = None
    if slope is not None and ever.gradient is not None:
        gradient = ((weights * moment) @ slope / whole - total / whole**2 * ever.gradient[0])[None]
    return Values(np.array([total / whole]), gradient)
