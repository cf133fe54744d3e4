"""Choose lam and nu of the weak string by Stein's unbiased risk estimate or by cross-validation.

Both tune prediction, not the jump set: expect more jumps than there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import Smoothing
from statmodels_x.discontinuity.line.string import (
    noise_cost,
    string_cuts,
    string_fit,
    string_predict,
)

_GAIN = (1.0, 400.0)
_SMALLEST_LAM = 10.0
_COARSE, _ROUNDS = 7, 3
_STEP = 0.3  # of the noise's standard deviation, in the divergence
_DRAWS = 3
_FOLDS = 10

Criterion = Callable[[float, float], float]


@dataclass(frozen=True, eq=False)
class Surface:
    """The tuning surface: criterion at each (lam, nu) tried, and the place of the best."""

    lam: Array
    nu: Array
    criterion: Array
    n_jumps: Array
    best: int


def sure(line: LineData, smoothing: Smoothing, seed: int) -> Criterion:
    """Risk of the string as an unbiased estimate, a function of lam and nu.

    With variances s_i^2 = s^2/w_i and W = sum w, the weighted risk sum w_i (u_i - truth_i)^2/W is estimated by

        sum w_i (y_i - u_i)^2/W - n s^2/W + 2 (s^2/W) sum_i du_i/dy_i.

    The divergence is the trace of the smoother for the jump set found, exactly, plus what the change of the
    jump set adds: finite differences along random directions, the same for every (lam, nu), less the same
    differences with the jump set held. Correlated noise enters through its covariance:
    sum_ij w_i Cov_ij du_i/dy_j, by finite differences alone.
    """
    from statmodels_x.discontinuity.line.kernels.recursions import exponential_product

    rng = np.random.default_rng(seed)
    total, variance = float(line.weight.sum()), smoothing.variance
    directions = rng.standard_normal((_DRAWS, line.n))
    eps = _STEP * float(np.sqrt(variance + smoothing.tau))
    white = smoothing.tau == 0.0
    noise_level = line.n * variance / total + smoothing.tau
    against = [
        line.weight
        / total
        * (variance / line.weight * b + smoothing.tau * exponential_product(b, line.dx, smoothing.reach))
        for b in directions
    ]

    def criterion(lam: float, nu: float) -> float:
        cuts = string_cuts(line, lam, nu)[0]
        u, leverage = string_fit(line, lam, cuts)
        covariance = float(leverage.sum()) * variance / total if white else 0.0
        for b, weighted in zip(directions, against, strict=True):
            moved = line.with_response(line.y + eps * b)
            change = string_fit(moved, lam, string_cuts(moved, lam, nu)[0])[0] - u
            if white:
                change = change - (string_fit(moved, lam, cuts)[0] - u)
            covariance += float(weighted @ change) / eps / _DRAWS
        return float(line.weight @ (line.y - u) ** 2) / total - noise_level + 2.0 * covariance

    return criterion


def cross_validation(line: LineData, seed: int) -> Criterion:
    """Weighted squared error of predicting each tenth of the points from the others, a function of lam and nu.

    Points are dealt to folds at random within consecutive runs of ten, so that no fold leaves a hole. The ends
    are always kept.
    """
    rng = np.random.default_rng(seed)
    fold = np.concatenate([rng.permutation(_FOLDS) for _ in range(line.n // _FOLDS + 1)])[: line.n]
    fold[[0, -1]] = -1
    parts = [(_subset(line, fold != k), fold == k) for k in range(_FOLDS) if np.any(fold == k)]
    weight = line.weight[fold >= 0].sum()

    def criterion(lam: float, nu: float) -> float:
        loss = 0.0
        for train, held in parts:
            cuts = string_cuts(train, lam, nu)[0]
            u = string_fit(train, lam, cuts)[0]
            error = line.y[held] - string_predict(train, u, cuts, line.x[held])
            loss += float(line.weight[held] @ error**2)
        return loss / float(weight)

    return criterion


def _subset(line: LineData, keep: Array) -> LineData:
    return LineData(
        line.x[keep],
        line.y[keep],
        line.weight[keep],
        0,
        0.0,
        line.x_start,
        line.x_range,
        line.y_start,
        line.y_range,
        np.arange(int(keep.sum())),
    )


def minimise(
    line: LineData, criterion: Criterion, variance: float, lam: float | None = None, nu: float | None = None
) -> Surface:
    """Search log lam and log nu on a grid that is refined around its best point; a value given stays fixed.

    The grid of nu is relative to lam: nu = gain lam variance/sum w, gain from 1 to 400.
    """
    longest = max(min(1e5, (line.n / 6.0) ** 2), 100.0)
    lam_axis = (np.log(_SMALLEST_LAM), np.log(longest)) if lam is None else (np.log(lam), np.log(lam))
    gain_axis = (np.log(_GAIN[0]), np.log(_GAIN[1]))
    rows: list[tuple[float, float, float]] = []

    def visit(lams: Array, gains: Array) -> None:
        for a in np.exp(np.unique(lams)):
            for g in np.exp(gains) if nu is None else [np.nan]:
                rows.append((a, noise_cost(line, a, variance, g) if nu is None else nu, g))
                values.append(criterion(*rows[-1][:2]))

    values: list[float] = []
    visit(np.linspace(lam_axis[0], lam_axis[1], _COARSE), np.linspace(gain_axis[0], gain_axis[1], _COARSE))
    width = np.array([lam_axis[1] - lam_axis[0], gain_axis[1] - gain_axis[0]]) / (_COARSE - 1)
    for _ in range(_ROUNDS - 1):
        width = width / 2.0
        a, _, g = rows[int(np.argmin(values))]
        visit(
            np.log(a) + width[0] * np.array([-1.0, 0.0, 1.0]),
            np.log(g) + width[1] * np.array([-1.0, 0.0, 1.0]),
        )
    table = np.array(rows)
    jumps = np.array([string_cuts(line, a, b)[0].sum() for a, b, _ in rows])
    return Surface(table[:, 0], table[:, 1], np.array(values), jumps, int(np.argmin(values)))
