"""Spread of perturbed replicates, and ratios freed of their bias."""

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
