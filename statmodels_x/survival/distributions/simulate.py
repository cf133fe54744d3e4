"""Draw survival data from the family with known truth, for studies of estimators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.apgw import APGW
from statmodels_x.survival.distributions.parameters import PARAMETERS

HAZARD_SHAPES: Mapping[str, tuple[float, float]] = {
    "constant": (1.0, 1.0),
    "increasing": (1.6, 1.2),
    "decreasing": (0.7, 0.8),
    "up-down": (1.8, 0.1),
    "down-up": (0.6, 3.0),
    "cure": (1.5, -0.4),
}
"""A gamma and a kappa for each shape of hazard; "cure" is an up-down hazard with a cured fraction."""


def simulate(
    covariates: pd.DataFrame,
    effects: Mapping[str, Mapping[str, float]],
    censoring: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw right-censored times.

    Parameters
    ----------
    covariates : DataFrame of shape (n, k)
        Numeric columns.
    effects : mapping of str to (mapping of str to float)
        For each parameter ("aft", "ph", "power", "shape") its coefficients by column, ``"Intercept"``
        included; a parameter left out is 0 on the log scale.
    censoring : float
        Share of times to be censored, from the sample's cured fraction up to below 1. Censoring times are
        uniform from 0 to a limit chosen to give that share in expectation.
    rng : numpy.random.Generator

    Returns
    -------
    DataFrame
        The covariates with ``time`` and ``status``.

    Raises
    ------
    DataError
        If the share cannot be had.
    """
    n = len(covariates)
    eta = [_linear(covariates, effects.get(parameter, {})) for parameter in PARAMETERS]
    distribution = APGW(np.exp(eta[0]), np.exp(eta[1]), np.exp(eta[2]), np.expm1(eta[3]))
    event = distribution.rvs(seed=rng)
    limit = _censoring_limit(distribution, censoring)
    censored = rng.uniform(0.0, 1.0, n) * limit if np.isfinite(limit) else np.full(n, np.inf)
    return covariates.assign(time=np.minimum(event, censored), status=(event <= censored).astype(int))


def _linear(covariates: pd.DataFrame, coefficients: Mapping[str, float]) -> Array:
    value = np.full(len(covariates), coefficients.get("Intercept", 0.0))
    for name, coefficient in coefficients.items():
        if name != "Intercept":
            value = value + coefficient * covariates[name].to_numpy(float)
    return value


def _censoring_limit(distribution: APGW, share: float) -> float:
    """Find L such that P(T > C) = share on average for C uniform on (0, L); the first 200 rows speak for all."""
    if share <= float(np.mean(distribution.cure_fraction())):
        if share == 0.0 and np.all(distribution.kappa >= 0.0):
            return np.inf
        raise DataError(f"simulate: censoring={share:g} is below the cured fraction.")
    few = APGW(
        *(
            np.broadcast_to(v, distribution.phi.shape)[:200]
            for v in (distribution.phi, distribution.lam, distribution.gamma, distribution.kappa)
        )
    )
    u = (np.arange(16)[:, None] + 0.5) / 16.0
    low, high = -30.0, 30.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        if float(np.mean(few.sf(np.exp(middle) * u))) > share:
            low = middle
        else:
            high = middle
    return float(np.exp(high))
