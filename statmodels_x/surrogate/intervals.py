"""Ratios of two estimates: bias, standard error and intervals from perturbed replicates."""

from __future__ import annotations

import numpy as np
from scipy import stats

from statmodels_x.core.typing import Array

MAD_TO_SD = float(1.0 / stats.norm.ppf(0.75))
_FAR = 6.0
_ROUNDING = 1e-12


def mad_scale(replicates: Array) -> float:
    """Spread by the median absolute deviation, a standard deviation under normality; 0 if it is mere rounding."""
    middle = np.median(replicates)
    scale = float(MAD_TO_SD * np.median(np.abs(replicates - middle)))
    return scale if scale > _ROUNDING * max(1.0, abs(float(middle))) else 0.0


def robust_covariance(*columns: Array) -> Array:
    """Covariance of replicates after pulling in what lies further than 6 MAD scales from the median.

    Where the treated have few early events, single replicates run off; they tell that the tail is heavy, not
    how wide the middle is.
    """
    pulled = []
    for column in columns:
        centre, reach = np.median(column), _FAR * mad_scale(column)
        pulled.append(np.clip(column, centre - reach, centre + reach) if reach > 0.0 else column)
    return np.atleast_2d(np.cov(np.stack(pulled)))


def beale_ratio(numerator: Array, denominator: Array, covariance: Array) -> Array:
    """Ratio with its bias of order 1/n taken out: (N D + cov(N, D))/(D^2 + var(D)).

    References
    ----------
    Beale (1962), Industrielle Organisation 31, 27-28; Tin (1965), Journal of the American Statistical
    Association 60, 294-307.
    """
    return np.asarray((numerator * denominator + covariance[0, 1]) / (denominator**2 + covariance[1, 1]))


def fieller(numerator: float, denominator: float, covariance: Array, z: float) -> tuple[float, float]:
    """Fieller's interval of a ratio; (-inf, inf) where the denominator cannot be told from 0.

    It holds the r for which (N - r D)^2 <= z^2 var(N - r D).
    """
    a = denominator**2 - z * z * covariance[1, 1]
    b = numerator * denominator - z * z * covariance[0, 1]
    c = numerator**2 - z * z * covariance[0, 0]
    if a <= 0.0:
        return -np.inf, np.inf
    half = np.sqrt(max(b * b - a * c, 0.0))
    return float((b - half) / a), float((b + half) / a)


def quantile_interval(replicates: Array, alpha: float) -> tuple[float, float]:
    """Quantiles of the replicates."""
    low, high = np.quantile(replicates, [alpha / 2.0, 1.0 - alpha / 2.0])
    return float(low), float(high)


def simultaneous_factor(estimates: Array, replicates: Array, errors: Array, alpha: float) -> float:
    """Quantile of the largest absolute standardised deviation over the columns: the half-width of a band.

    Parameters
    ----------
    estimates, errors : ndarray of shape (k,)
        Columns with errors of 0 or NaN are left out.
    replicates : ndarray of shape (B, k)
    alpha : float
    """
    used = np.isfinite(errors) & (errors > 0.0) & np.isfinite(estimates)
    if not used.any():
        return np.nan
    # centred at their own median: a perturbed smoother is off-centre by its bias, which is not its spread
    centred = replicates[:, used] - np.median(replicates[:, used], axis=0)
    largest = np.max(np.abs(centred) / errors[used], axis=1)
    return max(float(np.quantile(largest, 1.0 - alpha)), float(stats.norm.ppf(1.0 - alpha / 2.0)))


def one_sided_factor(replicates: Array, errors: Array, alpha: float) -> float:
    """Quantile of the largest standardised excess over the columns: the reach of simultaneous lower bounds."""
    used = np.isfinite(errors) & (errors > 0.0)
    if not used.any():
        return np.nan
    centred = replicates[:, used] - np.median(replicates[:, used], axis=0)
    largest = np.max(centred / errors[used], axis=1)
    return max(float(np.quantile(largest, 1.0 - alpha)), float(stats.norm.ppf(1.0 - alpha)))
