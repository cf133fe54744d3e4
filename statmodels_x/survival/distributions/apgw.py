"""The adapted power generalized Weibull distribution as a value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array

_TINY_KAPPA = 1e-100


@dataclass(frozen=True, eq=False, init=False)
class APGW:
    r"""Adapted power generalized Weibull distribution of a positive time.

    Its cumulative hazard is

    .. math::

        H(t) = \lambda \, \frac{\kappa + 1}{\kappa}
        \left\{\left(1 + \frac{(\phi t)^\gamma}{\kappa + 1}\right)^{\kappa} - 1\right\}.

    Parameters
    ----------
    phi : array_like
        Scale of time, positive. Covariates on phi accelerate time, and 1/phi has the unit of time.
    lam : array_like
        Scale of the hazard, positive. It multiplies the hazard.
    gamma : array_like
        Power, positive. It determines the shape of the hazard near time 0.
    kappa : array_like
        Shape, above -1. The value 1 gives the Weibull, 0 the Burr XII (the log-logistic with ``lam=1``), and
        infinity the Gompertz type. Below 0 the distribution has a cured fraction: survival does not fall to 0.

    Raises
    ------
    DataError
        If a parameter lies outside its range.

    Notes
    -----
    The parameters are broadcast against each other and against the argument of every method. Both tails are computed
    without loss of precision by cancellation.

    References
    ----------
    Burke, Jones and Noufaily (2020), A flexible parametric modelling framework for survival analysis, Journal of the
    Royal Statistical Society C 69, 429-457.

    Examples
    --------
    >>> distribution = APGW(phi=0.5, lam=1.0, gamma=1.5, kappa=1.0)
    >>> round(float(distribution.sf(2.0)), 6)
    0.367879
    >>> distribution.hazard_shape()
    'increasing'
    """

    phi: Array
    lam: Array
    gamma: Array
    kappa: Array

    def __init__(
        self, phi: ArrayLike = 1.0, lam: ArrayLike = 1.0, gamma: ArrayLike = 1.0, kappa: ArrayLike = 1.0
    ) -> None:
        given = {"phi": phi, "lam": lam, "gamma": gamma, "kappa": kappa}
        for name, value in given.items():
            try:
                values = np.asarray(value, dtype=float)
            except (TypeError, ValueError) as error:
                raise DataError(f"APGW: `{name}` must be a number or an array of numbers.") from error
            inside = values > -1.0 if name == "kappa" else (values > 0.0) & np.isfinite(values)
            if not np.all(inside):
                raise DataError(
                    f"APGW: `{name}` must be {'above -1' if name == 'kappa' else 'positive and finite'}."
                )
            if (
                name == "kappa"
            ):  # next to 0 the special functions lose their way, and 0 is the same distribution
                values = np.where(np.abs(values) < _TINY_KAPPA, 0.0, values)
            object.__setattr__(self, name, values)

    def _log_z(self, t: ArrayLike) -> Array:
        times = np.asarray(t, float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.gamma * (np.log(np.maximum(times, 0.0)) + np.log(self.phi)))

    def cumulative_hazard(self, t: ArrayLike) -> Array:
        """Cumulative hazard H(t).

        Parameters
        ----------
        t : array_like
            Times.

        Returns
        -------
        ndarray
            0 for t <= 0.
        """
        log_z = self._log_z(t)
        with np.errstate(over="ignore", invalid="ignore"):
            bounded = np.where(np.isinf(self.kappa), 0.0, self.kappa)
            k1 = bounded + 1.0
            finite = k1 * special.boxcox1p(np.exp(log_z - np.log(k1)), bounded)
            baseline = np.where(np.isinf(self.kappa), np.expm1(np.exp(log_z)), finite)
            # at t = infinity a defective distribution stops at its plateau
            plateau = k1 / np.where(bounded < 0.0, -bounded, np.nan)
            baseline = np.where((log_z == np.inf) & (bounded < 0.0), plateau, baseline)
        return np.asarray(self.lam * baseline)

    def log_hazard(self, t: ArrayLike) -> Array:
        """Logarithm of the hazard.

        Parameters
        ----------
        t : array_like
            Times above 0.

        Returns
        -------
        ndarray
            NaN for t <= 0.
        """
        times, log_z = np.asarray(t, float), self._log_z(t)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            bounded = np.where(np.isinf(self.kappa), 0.0, self.kappa)
            bend = (bounded - 1.0) * np.logaddexp(0.0, log_z - np.log(bounded + 1.0))
            bend = np.where(np.isinf(self.kappa), np.exp(log_z), bend)
            value = np.log(self.lam) + np.log(self.gamma) + log_z - np.log(times) + bend
        return np.asarray(np.where(times > 0.0, value, np.nan))

    def hazard(self, t: ArrayLike) -> Array:
        """Hazard rate per unit of time.

        Parameters
        ----------
        t : array_like
            Times above 0.

        Returns
        -------
        ndarray
        """
        with np.errstate(over="ignore"):
            return np.exp(self.log_hazard(t))

    def logsf(self, t: ArrayLike) -> Array:
        """Logarithm of the survival function.

        Parameters
        ----------
        t : array_like
            Times.

        Returns
        -------
        ndarray
        """
        return -self.cumulative_hazard(t)

    def sf(self, t: ArrayLike) -> Array:
        """Survival function P(T > t).

        Parameters
        ----------
        t : array_like
            Times.

        Returns
        -------
        ndarray
        """
        return np.exp(self.logsf(t))

    def cdf(self, t: ArrayLike) -> Array:
        """Distribution function P(T <= t). It is accurate in the left tail.

        Parameters
        ----------
        t : array_like
            Times.

        Returns
        -------
        ndarray
        """
        return -np.expm1(self.logsf(t))

    def logpdf(self, t: ArrayLike) -> Array:
        """Logarithm of the density.

        Parameters
        ----------
        t : array_like
            Times.

        Returns
        -------
        ndarray
            Minus infinity for t < 0.
        """
        times = np.asarray(t, float)
        with np.errstate(invalid="ignore"):
            value = self.log_hazard(times) - self.cumulative_hazard(times)
        return np.asarray(np.where((times < 0.0) | (times == np.inf), -np.inf, value))

    def pdf(self, t: ArrayLike) -> Array:
        """Density per unit of time.

        Parameters
        ----------
        t : array_like
            Times above 0.

        Returns
        -------
        ndarray
        """
        with np.errstate(over="ignore"):
            return np.exp(self.logpdf(t))

    def ppf(self, p: ArrayLike) -> Array:
        """Quantile function: the time by which a fraction p has had the event.

        Parameters
        ----------
        p : array_like
            Probabilities from 0 to 1.

        Returns
        -------
        ndarray
            Infinite for probabilities above 1 minus the cured fraction.

        Raises
        ------
        DataError
            If a probability lies outside 0 and 1.
        """
        probability = _probability(p)
        with np.errstate(divide="ignore"):
            return self.time_at(-np.log1p(-probability))

    def isf(self, p: ArrayLike) -> Array:
        """Inverse survival function: the time at which survival has fallen to p.

        Parameters
        ----------
        p : array_like
            Probabilities from 0 to 1.

        Returns
        -------
        ndarray
            Infinite for probabilities below the cured fraction.

        Raises
        ------
        DataError
            If a probability lies outside 0 and 1.
        """
        probability = _probability(p)
        with np.errstate(divide="ignore"):
            return self.time_at(-np.log(probability))

    def time_at(self, cumulative: Array) -> Array:
        """Time at which the cumulative hazard reaches a value.

        Parameters
        ----------
        cumulative : ndarray
            Values of the cumulative hazard.

        Returns
        -------
        ndarray
            Infinite for a value that the cumulative hazard never reaches.
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            bounded = np.where(np.isinf(self.kappa), 0.0, self.kappa)
            k1 = bounded + 1.0
            scaled = cumulative / self.lam
            z = k1 * special.inv_boxcox1p(scaled / k1, bounded)
            z = np.where(np.isinf(self.kappa), np.log1p(scaled), z)
            never = 1.0 + bounded * scaled / k1 <= 0.0
            z = np.where(never | np.isinf(cumulative), np.inf, z)
            return np.asarray(np.where(z == 0.0, 0.0, z ** (1.0 / self.gamma) / self.phi))

    def moment(self, order: float) -> Array:
        """Raw moment E(T^order).

        Parameters
        ----------
        order : float
            Order of the moment, positive.

        Returns
        -------
        ndarray
            Infinite if the moment does not exist.
        """
        return np.vectorize(_moment, otypes=[float])(order, self.phi, self.lam, self.gamma, self.kappa)[()]

    def mean(self) -> Array:
        """Mean time.

        Returns
        -------
        ndarray
            Infinite with a cured fraction, and for ``kappa=0`` if gamma * lam <= 1.
        """
        return self.moment(1.0)

    def var(self) -> Array:
        """Variance.

        Returns
        -------
        ndarray
            Infinite or NaN if the mean or the second moment does not exist.
        """
        first, second = self.moment(1.0), self.moment(2.0)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(np.isinf(first), np.nan, second - first**2))[()]

    def std(self) -> Array:
        """Return the standard deviation, which is the square root of :meth:`var`.

        Returns
        -------
        ndarray
        """
        return np.sqrt(self.var())

    def median(self) -> Array:
        """Median time.

        Returns
        -------
        ndarray
            Infinite if more than half are cured.
        """
        return self.ppf(0.5)

    def cure_fraction(self) -> Array:
        """Cured fraction: the probability that the event never happens.

        Returns
        -------
        ndarray
            exp{lam (kappa + 1)/kappa} for kappa < 0, and 0 otherwise.
        """
        kappa = np.asarray(self.kappa)
        below = np.where(kappa < 0.0, kappa, -1.0)
        return np.asarray(np.where(kappa < 0.0, np.exp(self.lam * (below + 1.0) / below), 0.0 * self.lam))

    def hazard_shape(self) -> Any:
        """Describe how the hazard changes over time.

        Returns
        -------
        str or ndarray of str
            ``"constant"``, ``"increasing"``, ``"decreasing"``, ``"up-down"`` or ``"down-up"``.
        """
        gamma, kappa, *_ = np.broadcast_arrays(self.gamma, self.kappa, self.phi, self.lam)
        product = kappa * gamma
        shape = np.select(
            [
                (gamma == 1.0) & (kappa == 1.0),
                (gamma >= 1.0) & (product >= 1.0),
                (gamma <= 1.0) & (product <= 1.0),
                (gamma > 1.0) & (product < 1.0),
            ],
            ["constant", "increasing", "decreasing", "up-down"],
            default="down-up",
        )
        return str(shape) if shape.ndim == 0 else shape

    def turning_point(self) -> Array:
        """Time at which an up-down or down-up hazard turns.

        Returns
        -------
        ndarray
            NaN if the hazard has another shape.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(
                np.isinf(self.kappa),
                (1.0 - self.gamma) / self.gamma,
                (self.kappa + 1.0) * (self.gamma - 1.0) / (1.0 - self.kappa * self.gamma),
            )
            time = np.where((z > 0.0) & (z < np.inf), np.abs(z) ** (1.0 / self.gamma) / self.phi, np.nan)
            return np.asarray(time + 0.0 * self.lam)

    def rvs(
        self, size: int | tuple[int, ...] | None = None, seed: int | np.random.Generator | None = None
    ) -> Array:
        """Draw random times.

        Parameters
        ----------
        size : int or tuple of int, optional
            Shape of the result. The default is the shape of the parameters.
        seed : int or numpy.random.Generator, optional
            Seed of the draws.

        Returns
        -------
        ndarray
            The time of a cured subject is infinite.
        """
        rng = np.random.default_rng(seed)
        shape = np.broadcast_shapes(*(np.shape(v) for v in (self.phi, self.lam, self.gamma, self.kappa)))
        return self.time_at(rng.standard_exponential(shape if size is None else size))


def _probability(p: ArrayLike) -> Array:
    values = np.asarray(p, float)
    if np.any((values < 0.0) | (values > 1.0)):
        raise DataError("APGW: a probability lies outside 0 and 1.")
    return values


def _moment(order: float, phi: float, lam: float, gamma: float, kappa: float) -> float:
    r = order / gamma
    if kappa < 0.0 or (kappa == 0.0 and r >= lam):
        return np.inf
    if kappa == 0.0:
        return float(lam * special.beta(lam - r, 1.0 + r) / phi**order)
    if kappa == 1.0:
        return float(special.gamma(1.0 + r) * lam**-r / phi**order)
    from scipy.integrate import quad

    # T is a function of a standard exponential e; on the log scale u = log e the integrand has one peak
    def integrand(u: float) -> float:
        return math.exp(order * _log_time(math.exp(u), phi, lam, gamma, kappa) - math.exp(u) + u)

    growth = 1.0 + r / min(kappa, 1.0)
    edges = (-700.0, -30.0, 0.0, math.log(growth) + 1.0, math.log(800.0 + 30.0 * growth))
    parts = [quad(integrand, a, b, epsabs=0.0, epsrel=1e-11, limit=400)[0] for a, b in pairwise(edges)]
    return float(sum(parts))


def _log_time(cumulative: float, phi: float, lam: float, gamma: float, kappa: float) -> float:
    """Logarithm of the time at which H reaches a value, for kappa > 0."""
    y = cumulative / lam
    if math.isinf(kappa):
        log_z = math.log(math.log1p(y))
    else:
        v = math.log1p(kappa * y / (kappa + 1.0)) / kappa
        log_z = math.log(kappa + 1.0) + v + math.log(-math.expm1(-v))
    return log_z / gamma - math.log(phi)
