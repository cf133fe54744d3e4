"""True values of PTE and its relatives for known distributions, by integration that holds at both ends."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from statmodels_x.core.quadrature import spread_over
from statmodels_x.core.typing import Array

NODES = 64
_NOTHING = 1e-200


class Arm(Protocol):
    """The distribution of surrogate event and death in one arm."""

    def density(self, s: Array, u: float) -> Array:
        """d/ds P(S <= s, T > u) for s <= u."""
        ...

    def survival(self, u: float) -> float:
        """P(T > u)."""
        ...

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw times of the surrogate event (infinite if death comes first) and of death."""
        ...


def true_values(
    arms: tuple[Arm, Arm], at: float, landmark: float, is_area: bool, breaks: Array
) -> dict[str, float]:
    """Compute true values for (control, treated).

    Parameters
    ----------
    arms : (Arm, Arm)
    at, landmark : float
    is_area : bool
        Whether the effect is the difference in restricted mean survival.
    breaks : ndarray
        Where hazards change.

    Returns
    -------
    dict of str to float
    """
    s, ds = spread_over(0.0, landmark, breaks, NODES)
    control, treated = arms
    early = [arm.survival(landmark) for arm in arms]
    f0, f1 = (arm.density(s, landmark) for arm in arms)
    p0, p1 = early[0] - ds @ f0, early[1] - ds @ f1
    target, f1t = _targets(arms, s, at, landmark, is_area, breaks)
    base = _area(treated, 0.0, landmark, breaks) - _area(control, 0.0, landmark, breaks) if is_area else 0.0
    p1t = target[1] - ds @ f1t
    forecast, ratio = _ratio(f1t, f1), _ratio(f0, f1)
    mean_forecast = ds @ (f0 * forecast) + p0 * p1t / p1
    mean_ratio = ds @ (f0 * ratio) + p0 * p0 / p1
    lam = (target[0] - mean_forecast) / mean_ratio
    delta = base + target[1] - target[0]
    primary = base + target[0] / early[0] * (early[1] - early[0])
    pte, pte_primary = 1.0 + lam * early[0] / delta, primary / delta
    values: dict[str, Any] = {
        "pte": pte,
        "delta": delta,
        "pte_primary": pte_primary,
        "incremental_value": pte - pte_primary,
        "r_s": 1.0 - (mean_forecast - target[0]) / delta,
        "r_t": 1.0 - (early[0] * target[1] / early[1] - target[0]) / delta,
        "overlap": mean_ratio * early[1] / early[0] ** 2,
        "g2": (p1t + lam * p0) / p1,
        "lam": lam,
        "mean_ratio": mean_ratio,
        "mean_forecast": mean_forecast,
        "early_treated": early[1],
        "early_control": early[0],
        "target_treated": target[1],
        "target_control": target[0],
    }
    return {name: float(value) for name, value in values.items()}


def _ratio(above: Array, below: Array) -> Array:
    """Divide densities; where both are too small to be told from 0, the ratio counts for nothing."""
    none = (below == 0.0) & (above < _NOTHING)
    with np.errstate(divide="ignore"):
        return np.where(none, 0.0, above / np.where(none, 1.0, below))


def true_transformation(arms: tuple[Arm, Arm], at: float, landmark: float, s: Array, breaks: Array) -> Array:
    """Compute the optimal g1 at surrogate times, for the difference in survival."""
    lam = true_values(arms, at, landmark, False, breaks)["lam"]
    control, treated = arms
    f1 = treated.density(s, landmark)
    return np.asarray((treated.density(s, at) + lam * control.density(s, landmark)) / f1)


def _targets(
    arms: tuple[Arm, Arm], s: Array, at: float, landmark: float, is_area: bool, breaks: Array
) -> tuple[list[float], Array]:
    """mu_a and f_1(s) at t, or their integrals over (t0, t]."""
    if not is_area:
        return [arm.survival(at) for arm in arms], arms[1].density(s, at)
    times, weights = spread_over(landmark, at, breaks, NODES)
    density = np.array([arms[1].density(s, float(u)) for u in times])
    return [_area(arm, landmark, at, breaks) for arm in arms], np.asarray(weights @ density)


def _area(arm: Arm, low: float, high: float, breaks: Array) -> float:
    times, weights = spread_over(low, high, breaks, NODES)
    return float(weights @ np.array([arm.survival(float(u)) for u in times]))
