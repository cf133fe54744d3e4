"""The likelihood of a sample in plain Python, on complex numbers too, and derivatives by steps."""

import numpy as np
from decimal_likelihood import (
    EXACT,
    LEFT,
    MIXTURE,
    PROMOTION,
    RIGHT,
)
from scipy.special import expit, log_expit

from statmodels_x import APGW


def plain_loglik(theta, arrays, response):
    """The log-likelihood as a textbook writes it, through the distribution."""
    tau, beta, alpha, nu, c = arrays.linear_predictors(theta)
    law = APGW(np.exp(tau), np.exp(beta), np.exp(alpha), np.expm1(nu))

    def logsf(t):
        if arrays.cure == MIXTURE:
            return np.log(expit(c) + expit(-c) * law.sf(t))
        return -np.exp(c) * law.cdf(t) if arrays.cure == PROMOTION else law.logsf(t)

    with np.errstate(divide="ignore", invalid="ignore"):
        # log{S(l) - S(u)} of the uncured, where S may be below the smallest float
        log_mass = law.logsf(response.lower) + np.log(
            -np.expm1(law.logsf(response.upper) - law.logsf(response.lower))
        )
        density = law.logpdf(response.lower)
        if arrays.cure == MIXTURE:
            log_mass, density = log_mass + log_expit(-c), density + log_expit(-c)
        if arrays.cure == PROMOTION:
            events = c + log_mass  # log theta {F(u) - F(l)}
            log_mass = np.where(events < -30.0, events, np.log(-np.expm1(-np.exp(events))))
            log_mass = log_mass + logsf(response.lower)
            density = density + c + logsf(response.lower)
        terms = np.select(
            [response.code == EXACT, response.code == RIGHT], [density, logsf(response.lower)], log_mass
        )
    terms = terms - logsf(response.entry)
    weight = arrays.weight if len(arrays.weight) else np.ones(arrays.n)
    return np.sum(terms[weight > 0.0] * weight[weight > 0.0])


def log1p(w):
    return np.log1p(w.real) + 1j * w.imag / (1.0 + w.real)


def expm1(w):
    return np.expm1(w.real) + 1j * w.imag * np.exp(w.real)


def complex_loglik(theta, arrays, response):
    """The same for complex theta with an infinitesimal imaginary part."""
    eta = np.broadcast_to(arrays.offsets, (5, arrays.n)).astype(complex)
    for j, part in enumerate(arrays.slices):
        eta[j] += arrays.matrix[:, part] @ theta[part]
    tau, beta, alpha, nu, c = eta
    infinite = np.isinf(nu.real)
    nu = np.where(infinite, 0.0, nu)
    kappa = expm1(nu)

    def log_z(t):
        return np.exp(alpha) * (np.log(t) + tau)

    def cumulative(t):
        t = np.where((t > 0.0) & np.isfinite(t), t, 1.0)  # rows that are not used
        z = np.exp(log_z(t))
        length = log1p(z * np.exp(-nu))
        x = kappa * length
        series = 1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0))))
        with np.errstate(all="ignore"):  # both sides of the choice are computed
            ratio = np.where(np.abs(x) < 1e-3, series, expm1(x) / x)
            base = np.where(infinite, expm1(z), np.exp(nu) * length * ratio)
        return np.exp(beta) * base

    def log_hazard(t):
        t = np.where(t > 0.0, t, 1.0)
        q = log_z(t)
        bend = np.where(infinite, np.exp(q), (kappa - 1.0) * log1p(np.exp(q - nu)))
        return beta + alpha + q - np.log(t) + bend

    def log_alive(h):
        """Log survival of the population where the uncured have the cumulative hazard h."""
        if arrays.cure == MIXTURE:
            return log1p(expm1(-h) / (1.0 + np.exp(c)))
        return np.exp(c) * expm1(-h) if arrays.cure == PROMOTION else -h

    low = np.where(response.lower > 0.0, cumulative(response.lower), 0.0)
    gap = np.where(response.code >= LEFT, cumulative(response.upper) - low, 1.0 + 0j)
    density, mass = log_hazard(response.lower) - low, -low + np.log(-expm1(-gap))
    if arrays.cure == MIXTURE:
        density, mass = density - np.log(1.0 + np.exp(c)), mass - np.log(1.0 + np.exp(c))
    elif arrays.cure == PROMOTION:
        density = density + c + log_alive(low)
        with np.errstate(divide="ignore", invalid="ignore"):  # both sides of the choice are computed
            mass = np.where((c + mass).real < -30.0, c + mass, np.log(-expm1(-np.exp(c + mass))))
        mass = mass + log_alive(low)
    terms = np.select(
        [response.code == EXACT, response.code == RIGHT], [density, log_alive(low)], default=mass
    )
    terms = terms - np.where(response.entry > 0.0, log_alive(cumulative(response.entry)), 0.0)
    return np.sum(terms * (arrays.weight if len(arrays.weight) else 1.0))


def complex_step_gradient(theta, arrays, response):
    steps = 1e-30j * np.eye(len(theta))
    return np.array([complex_loglik(theta + step, arrays, response).imag / 1e-30 for step in steps])


def central(function, theta, step=1e-3):
    """Derivative of a function of theta along each axis, with an error of order step^4."""
    rows = []
    for k in range(len(theta)):
        e = np.zeros(len(theta))
        e[k] = step
        rows.append(
            (
                function(theta - 2 * e)
                - 8.0 * function(theta - e)
                + 8.0 * function(theta + e)
                - function(theta + 2 * e)
            )
            / (12.0 * step)
        )
    return np.array(rows)
