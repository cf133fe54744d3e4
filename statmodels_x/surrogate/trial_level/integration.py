"""Predictions for a new trial, integrated over what the trials leave open of the between-trial parameters.

Weights exp(l_R) on a grid of the two standard deviations and the correlation, flat in each: a Bayesian answer with flat
priors, without sampling. At a grid point the true effect of a new trial on the outcome, given its effect s on the
surrogate, is normal with mean m_T + beta (s - m_S) and variance psi^2 + (-beta, 1) C (-beta, 1)'.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.optimize import brentq
from scipy.special import ndtr

from statmodels_x.core.typing import Array
from statmodels_x.surrogate.trial_level.estimation import Criterion, Optimum

NODES = (24, 40)
_FALL = 7.0
_COARSE = 24
_LEAST = 1e-9


@dataclass(frozen=True)
class Mixture:
    """Weighted grid points.

    Attributes
    ----------
    weight, slope, residual, mean_s, mean_t : ndarray of shape (k,)
        Weights add up to 1.
    var_s, var_st, var_t : ndarray of shape (k,)
        Covariance of the means.
    """

    weight: Array = field(repr=False)
    slope: Array = field(repr=False)
    residual: Array = field(repr=False)
    mean_s: Array = field(repr=False)
    mean_t: Array = field(repr=False)
    var_s: Array = field(repr=False)
    var_st: Array = field(repr=False)
    var_t: Array = field(repr=False)

    def normals(self, s: float, noise: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> tuple[Array, Array]:
        """Means and standard deviations of the outcome effect at a surrogate effect.

        Parameters
        ----------
        s : float
        noise : (float, float, float)
            Standard errors of the surrogate effect and of the outcome effect, if these are estimates, and their
            correlation.
        """
        se_s, se_t, w = noise
        slope = self.slope
        mean = self.mean_t + slope * (s - self.mean_s)
        line = slope**2 * self.var_s - 2.0 * slope * self.var_st + self.var_t
        added = slope**2 * se_s**2 + se_t**2 - 2.0 * slope * w * se_s * se_t
        return mean, np.sqrt(np.maximum(self.residual + line + added, 1e-300))

    def below(self, value: float, s: float, noise: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> float:
        """Probability that the effect on the outcome is below a value."""
        mean, sd = self.normals(s, noise)
        return float(self.weight @ ndtr((value - mean) / sd))

    def quantile(self, share: float, s: float, noise: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> float:
        """Value below which the effect on the outcome is with a probability."""
        mean, sd = self.normals(s, noise)
        low, high = float(np.min(mean - 9.0 * sd)), float(np.max(mean + 9.0 * sd))
        return float(
            brentq(lambda value: self.weight @ ndtr((value - mean) / sd) - share, low, high, xtol=1e-10)
        )


def integrate(criterion: Criterion, optimum: Optimum) -> Mixture:
    """Build the grid for one set of trials."""
    if not criterion.is_restricted:
        criterion = replace(criterion, is_restricted=True)
    windows = _windows(criterion, optimum)
    n_sd, n_rho = NODES
    nodes, weights = leggauss(n_sd)
    axes, spans = [], []
    for low, high in windows:
        axes.append(low + 0.5 * (high - low) * (nodes + 1.0))
        spans.append(0.5 * (high - low) * weights)
    u, w = leggauss(n_rho)
    axes.append(np.sin(0.5 * np.pi * u))
    spans.append(w * 0.5 * np.pi * np.cos(0.5 * np.pi * u))
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    measure = np.einsum("i,j,k->ijk", *spans).ravel()
    found = criterion.many(points)
    weight = measure * np.exp(found[:, 0] - found[:, 0].max())
    weight /= weight.sum()
    kept = weight > _LEAST
    return _mixture(weight[kept], points[kept], found[kept])


def averaged(mixtures: list[tuple[float, Mixture]]) -> Mixture:
    """Join mixtures with weights that add up to 1."""
    names = list(Mixture.__dataclass_fields__)
    parts = [replace(mixture, weight=share * mixture.weight) for share, mixture in mixtures]
    return Mixture(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def evidence(criterion: Criterion, optimum: Optimum) -> float:
    """Log of the largest restricted likelihood, the weight of a within-trial correlation among several."""
    return optimum.value + criterion.constant


def _mixture(weight: Array, points: Array, found: Array) -> Mixture:
    x, y, rho = points.T
    return Mixture(
        weight / weight.sum(),
        rho * y / x,
        (1.0 - rho**2) * y**2,
        *(found[:, k].copy() for k in (4, 5, 6, 7, 8)),
    )


def _windows(criterion: Criterion, optimum: Optimum) -> list[tuple[float, float]]:
    """Range of each standard deviation in which the likelihood, at its best over the rest, has not fallen by 7."""
    top = np.maximum(optimum.theta[:2], 0.3 * criterion.scale[:2])
    rho = np.sin(0.5 * np.pi * np.linspace(-1.0, 1.0, 13))
    reach = 4.0
    for _ in range(6):
        axes = [np.linspace(1e-4, reach, _COARSE) * top[k] for k in (0, 1)]
        points = np.stack(np.meshgrid(*axes, rho, indexing="ij"), axis=-1)
        values = criterion.many(points.reshape(-1, 3))[:, 0].reshape(points.shape[:-1])
        if max(values[-1].max(), values[:, -1].max()) < optimum.value - _FALL:
            break
        reach *= 2.0
    windows = []
    for k, best in enumerate((values.max(axis=(1, 2)), values.max(axis=(0, 2)))):
        inside = np.flatnonzero(best > max(optimum.value, values.max()) - _FALL)
        low, high = max(inside[0] - 1, 0), min(inside[-1] + 1, _COARSE - 1)
        windows.append((0.0 if low == 0 else float(axes[k][low]), float(axes[k][high])))
    return windows
