"""PTE among trials in which it is shown at all: an estimate that allows for the effect's having to differ from 0.

A proportion is shown where the effect differs from 0. Trials in which it does by luck have too large an effect, and too
small a proportion. Given the effect D with standard error s, |D| > c s, the median-unbiased m solves
P_m(|D*| <= |D| given |D*| > c s) = 1/2; the explained part N follows it by its regression on D, b = cov(N, D)/s^2, and
the proportion is {N - b (D - m)}/m.
"""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.surrogate.fitting.proportions import DELTA_LEVEL, Inference


def effect_given_shown(z: float) -> float:
    """Median-unbiased size of an effect in standard errors, given that its estimate z differs from 0; 0 at the edge."""
    cut = NORMAL.quantile(DELTA_LEVEL)

    def excess(m: float) -> float:
        beyond = stats.norm.sf(z - m) + stats.norm.cdf(-z - m)
        return float(beyond / (stats.norm.sf(cut - m) + stats.norm.cdf(-cut - m)) - 0.5)

    return 0.0 if excess(0.0) >= 0.0 else float(brentq(excess, 0.0, z + 10.0))


def proportion_given_shown(found: Inference, name: str = "pte") -> float:
    """Proportion that allows for the selection; NaN where the effect is not shown, or hardly is."""
    if not found.is_defined:
        return np.nan
    delta, error = found.delta[0], found.delta_error
    z = abs(delta) / error
    size = effect_given_shown(z)
    if size < 0.5:
        # the effect may be next to nothing: no proportion of it can be said
        return np.nan
    less = delta * (1.0 - size / z)
    covariance = found.covariance(name)
    top = found.numerators[name][0] - covariance[0, 1] / covariance[1, 1] * less
    return float(top / (delta - less))
