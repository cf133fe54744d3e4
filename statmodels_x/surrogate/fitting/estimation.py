"""Binned sums -> the optimal transformation g, Delta, PTE and their relatives, for many replicates at once.

Masses are probabilities: ``control[j]`` = P(S_0 in bin j, T_0 > t0), ``treated[j]`` the same in the treated,
``target[j]`` = P(S_1 in bin j, T_1 > t) (or its integral over (t0, t] for restricted means); the last entry of
each is the mass without an event by t0, which is never smoothed. With M = target/treated, L = control/treated,

    g = M + lam L,    lam = (mu_0 - E_0[M])/E_0[L],

and, because the control mass appears in L alone, E_1[g] = mu_1 + lam mu_0(t0).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.surrogate.fitting.smoothing import Smoother

_FLOOR = 1e-8

QUANTITIES = (
    "delta",  # effect on the primary outcome
    "explained",  # the part of it that g explains
    "primary",  # the part that survival to the landmark alone explains
    "residual",  # Delta_S: effect left at the control's distribution of the surrogate information
    "residual_primary",  # Delta_T: the same with survival to the landmark alone
    "mean_ratio",  # E_0[L]
    "mean_forecast",  # E_0[M]
    "constraint",  # E_0[g], which should be mu_0
    "early_treated",  # mu_1(t0)
    "early_control",  # mu_0(t0)
    "target_treated",  # mu_1(t), or the integral of mu_1 over (t0, t]
    "target_control",
    "g2",  # g where there was no event by t0
)


@dataclass(frozen=True)
class Batch:
    """Estimates of many replicates.

    Attributes
    ----------
    values : ndarray of shape (B, len(QUANTITIES))
    g1 : ndarray of shape (B, m)
        The transformation at the points of the smoother, from the whole sample.
    split_ratio : ndarray of shape (B,)
        Mean over halves of explained/delta (the published estimator); NaN unless there are halves.
    """

    values: Array = field(repr=False)
    g1: Array = field(repr=False)
    split_ratio: Array = field(repr=False)


@dataclass(frozen=True)
class Targets:
    """Margins of one part, each of shape (B,): survival at t0, what is predicted at t, and the effect so far."""

    early: tuple[Array, Array]
    target: tuple[Array, Array]
    base: Array

    @property
    def delta(self) -> Array:
        """Effect on the primary outcome."""
        return self.base + self.target[1] - self.target[0]


@dataclass(frozen=True)
class Transformation:
    """M, L and lam for an array of training samples; the last entry of M and L is "no event by t0"."""

    forecast: Array
    ratio: Array
    lam: Array

    @property
    def g(self) -> Array:
        """The optimal transformation."""
        return self.forecast + self.lam[..., None] * self.ratio


def targets(margins: Array, is_area: bool) -> Targets:
    """Read the margins of shape (B, 2, 4) of one part."""
    control, treated = margins[:, 0], margins[:, 1]
    column = 3 if is_area else 1
    base = treated[:, 2] - control[:, 2] if is_area else np.zeros(len(margins))
    return Targets((control[:, 0], treated[:, 0]), (control[:, column], treated[:, column]), base)


def learn(smoother: Smoother, masses: Array, target_control: Array) -> Transformation:
    """Estimate the transformation from masses of shape (3, ..., m + 1): control, treated, target."""
    spread = np.concatenate([smoother.smooth(masses[..., :-1]), masses[..., -1:]], axis=-1)
    control, treated, target = spread
    # where the treated have no mass the ratio is not determined; the floor keeps it finite, and the overlap
    # tells
    treated = np.maximum(treated, _FLOOR * treated.max(axis=-1, keepdims=True))
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # an arm without any mass: NaN, which the fit refuses
        forecast, ratio = target / treated, control / treated
        mean_forecast = np.sum(masses[0] * forecast, axis=-1)
        mean_ratio = np.sum(masses[0] * ratio, axis=-1)
        return Transformation(forecast, ratio, (target_control - mean_forecast) / mean_ratio)


def estimate_full(smoother: Smoother, sums: Array, margins: Array, is_area: bool) -> Batch:
    """Learn and evaluate on the same sample.

    Parameters
    ----------
    smoother : Smoother
    sums : ndarray of shape (B, 3, R, K, m + 1)
        Splits and folds are added up.
    margins : ndarray of shape (B, 1, 2, 4)
    is_area : bool
    """
    masses = np.moveaxis(sums[:, :, 0].sum(axis=2), 1, 0)
    known = targets(margins[:, 0], is_area)
    found = learn(smoother, masses, known.target[0])
    return _collect(
        known,
        explained=known.delta + found.lam * known.early[0],
        mean_forecast=np.sum(masses[0] * found.forecast, axis=-1),
        mean_ratio=np.sum(masses[0] * found.ratio, axis=-1),
        constraint=np.sum(masses[0] * found.g, axis=-1),
        g=found.g,
    )


def estimate_crossfit(smoother: Smoother, sums: Array, margins: Array, is_area: bool) -> Batch:
    """Learn on all folds but one, evaluate on that one; add the folds up, average over splits.

    The censoring scalars (Kaplan-Meier) come from the whole sample throughout; each training sample's masses are
    scaled up to them.
    """
    known = targets(margins[:, 0], is_area)
    held = np.moveaxis(sums, 1, 0)  # (3, B, R, K, m + 1)
    total = held.sum(axis=3, keepdims=True)
    train = total - held
    kept = train.sum(axis=-1, keepdims=True)
    # a restricted mean from t0 = t to t has no mass at all
    scale = np.divide(total.sum(axis=-1, keepdims=True), kept, out=np.ones_like(kept), where=kept > 0.0)
    found = learn(smoother, train * scale, known.target[0][:, None, None])
    g = found.g

    def mean_of(row: int, values: Array) -> Array:
        return np.asarray(np.einsum("brkm,brkm->br", held[row], values).mean(axis=1))

    control = mean_of(0, g)
    whole = learn(smoother, total[:, :, 0, 0], known.target[0])
    return _collect(
        known,
        explained=known.base + mean_of(1, g) - control,
        mean_forecast=mean_of(0, found.forecast),
        mean_ratio=mean_of(0, found.ratio),
        constraint=control,
        g=whole.g,
    )


def estimate_split(smoother: Smoother, sums: Array, margins: Array, is_area: bool) -> Batch:
    """Learn on each half of the sample and evaluate on the other, censoring included; average the two ratios."""
    halves = [targets(margins[:, k], is_area) for k in (0, 1)]
    masses = np.moveaxis(sums[:, :, 0], 1, 0)  # (3, B, 2, m + 1)
    found = [learn(smoother, masses[:, :, k], halves[k].target[0]) for k in (0, 1)]
    parts = []
    for k, other in ((0, 1), (1, 0)):
        held, g = masses[:, :, k], found[other].g
        control = np.sum(held[0] * g, axis=-1)
        parts.append(
            _collect(
                halves[k],
                explained=halves[k].base + np.sum(held[1] * g, axis=-1) - control,
                mean_forecast=np.sum(held[0] * found[other].forecast, axis=-1),
                mean_ratio=np.sum(held[0] * found[other].ratio, axis=-1),
                constraint=control,
                g=g,
            )
        )
    ratios = [part.values[:, 1] / part.values[:, 0] for part in parts]
    return Batch(
        0.5 * (parts[0].values + parts[1].values),
        0.5 * (parts[0].g1 + parts[1].g1),
        0.5 * (ratios[0] + ratios[1]),
    )


ESTIMATORS = {"crossfit": estimate_crossfit, "full": estimate_full, "split": estimate_split}


def _collect(
    known: Targets, *, explained: Array, mean_forecast: Array, mean_ratio: Array, constraint: Array, g: Array
) -> Batch:
    (early_control, early_treated), (target_control, target_treated) = known.early, known.target
    values = {
        "delta": known.delta,
        "explained": explained,
        "primary": known.base + target_control / early_control * (early_treated - early_control),
        "residual": mean_forecast - target_control,
        "residual_primary": early_control * (target_treated / early_treated) - target_control,
        "mean_ratio": mean_ratio,
        "mean_forecast": mean_forecast,
        "constraint": constraint,
        "early_treated": early_treated,
        "early_control": early_control,
        "target_treated": target_treated,
        "target_control": target_control,
        "g2": g[..., -1],
    }
    stacked = np.stack([values[name] for name in QUANTITIES], axis=-1)
    return Batch(stacked, g[..., :-1], np.full(len(stacked), np.nan))
