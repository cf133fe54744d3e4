"""Intervals of proportions: Fieller's, normal, quantiles of the replicates; and bands over several."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.resampling import percentile_limits
from statmodels_x.core.typing import Array
from statmodels_x.surrogate.fitted import ProportionFitted
from statmodels_x.surrogate.fitting.proportions import Inference


def interval(found: Inference, name: str, alpha: float, method: str) -> tuple[float, float]:
    """Lower and upper limit of a quantity; infinite or NaN where a proportion cannot be told from 0."""
    value, replicates = found.estimate(name)
    if method == "fieller" and name in found.numerators:
        return fieller(
            found.numerators[name][0], found.delta[0], found.covariance(name), NORMAL.quantile(alpha)
        )
    if not np.isfinite(value):
        return np.nan, np.nan
    if method == "quantile":
        low, high = percentile_limits(replicates, alpha)
        return float(low), float(high)
    reach = NORMAL.quantile(alpha) * found.standard_error(name)
    return value - reach, value + reach


def statistics(fit: ProportionFitted, method: str) -> Array:
    """Statistics that belong to a kind of interval: both say the same of 0."""
    if method == "quantile":
        return np.full(len(fit.names), np.nan)
    if method == "fieller":
        return fit.tvalues.to_numpy()
    null = np.array([float(name == "overlap") for name in fit.names])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((fit.params.to_numpy() - null) / fit.bse.to_numpy())


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
    return max(float(np.quantile(largest, 1.0 - alpha)), NORMAL.quantile(alpha))


def one_sided_factor(replicates: Array, errors: Array, alpha: float) -> float:
    """Quantile of the largest standardised excess over the columns: the reach of simultaneous lower bounds."""
    used = np.isfinite(errors) & (errors > 0.0)
    if not used.any():
        return np.nan
    centred = replicates[:, used] - np.median(replicates[:, used], axis=0)
    largest = np.max(centred / errors[used], axis=1)
    return max(float(np.quantile(largest, 1.0 - alpha)), NORMAL.quantile(2.0 * alpha))
