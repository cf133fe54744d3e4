"""Distributions of the counts: log-likelihoods, scales and random counts, on arrays of observed and fitted totals."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from statmodels_x.core.typing import Array
from statmodels_x.population.specification import GAUSSIAN, LOGNORMAL, NEGATIVE_BINOMIAL, POISSON

_FLOOR = 1e-300


def log_likelihood(family: int, y: Array, mean: Array, weight: Array, dispersion: float) -> float:
    """Log-likelihood of the observed counts, with the error variance at its maximum for the continuous ones.

    Parameters
    ----------
    family : int
    y, mean, weight : ndarray of shape (n,)
        Observed counts, their fitted totals, and the weights of the Gaussian residuals: the standard deviation of
        a count is sigma over its weight.
    dispersion : float
        Of the negative binomial: variance mean + dispersion mean^2.
    """
    n = len(y)
    mu = np.maximum(mean, _FLOOR)
    if family == GAUSSIAN:
        variance = max(float(np.mean((weight * (y - mean)) ** 2)), _FLOOR)
        return float(-0.5 * n * (np.log(2.0 * np.pi * variance) + 1.0) + np.sum(np.log(weight)))
    if family == LOGNORMAL:
        variance = max(float(np.mean(np.log(y / mu) ** 2)), _FLOOR)
        return float(-0.5 * n * (np.log(2.0 * np.pi * variance) + 1.0) - np.sum(np.log(y)))
    if family == POISSON or dispersion <= 0.0:
        return float(np.sum(y * np.log(mu) - mu - gammaln(y + 1.0)))
    return _negative_binomial(y, mu, dispersion)


def _negative_binomial(y: Array, mu: Array, dispersion: float) -> float:
    size = 1.0 / dispersion
    terms = gammaln(y + size) - gammaln(size) - gammaln(y + 1.0) - size * np.log1p(dispersion * mu)
    return float(np.sum(terms + y * (np.log(dispersion * mu) - np.log1p(dispersion * mu))))


def scale_variance(family: int, residuals: Array, n_parameters: int) -> float:
    """Variance of a weighted residual over the degrees of freedom that are left; 1 for the discrete distributions."""
    if family in (POISSON, NEGATIVE_BINOMIAL):
        return 1.0
    room = len(residuals) - n_parameters
    return float(np.sum(residuals**2) / room) if room > 0 else np.nan


def best_dispersion(y: Array, mean: Array) -> float:
    """Dispersion of a negative binomial by maximum likelihood at given means; 0 if Poisson counts fit better."""
    mu = np.maximum(mean, _FLOOR)
    found = minimize_scalar(
        lambda log: -_negative_binomial(y, mu, float(np.exp(log))), bounds=(-14.0, 4.0), method="bounded",
        options={"xatol": 1e-8},
    )  # fmt: skip
    poisson = log_likelihood(POISSON, y, mean, np.ones(len(y)), 0.0)
    return float(np.exp(found.x)) if -found.fun > poisson else 0.0


def draw(family: int, mean: Array, sd: Array, dispersion: float, rng: np.random.Generator) -> Array:
    """Draw counts about fitted totals.

    Parameters
    ----------
    family : int
    mean : ndarray
    sd : ndarray
        Standard deviation: of a count for the Gaussian distribution, of its logarithm for the log-normal.
    dispersion : float
    rng : numpy.random.Generator
    """
    mu = np.maximum(mean, 0.0)
    if family == GAUSSIAN:
        return mean + sd * rng.normal(size=mean.shape)
    if family == LOGNORMAL:
        return mu * np.exp(sd * rng.normal(size=mean.shape))
    if family == POISSON or dispersion <= 0.0:
        return rng.poisson(mu).astype(float)
    return rng.poisson(mu * rng.gamma(1.0 / dispersion, dispersion, size=mean.shape)).astype(float)
