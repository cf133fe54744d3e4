"""What can be predicted: each quantity on a scale without bounds, with its exact gradient in the parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit

from statmodels_x.core.quadrature import cube_root_nodes
from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.apgw import APGW
from statmodels_x.survival.distributions.family import Family
from statmodels_x.survival.kernels.hazards import cumulative_hazard, log_hazard

Function = Callable[[Array], Array]

_NODES = 96
_MEAN_NODES = 400


@dataclass(frozen=True)
class Rows:
    """Covariate rows as the model sees them.

    Attributes
    ----------
    index : Index
        Labels of the rows.
    base : ndarray of shape (m, 5)
        Offsets and fixed values of the linear predictors.
    matrices : tuple of five (ndarray of shape (m, k) or None)
        The columns that multiply each parameter's coefficients; None where it is fixed.
    theta : ndarray of shape (p,)
        Coefficients.
    cure : int
        0 none, 1 mixture, 2 promotion time.
    given : ndarray of shape (m,)
        Time already survived; 0 for none.
    family : Family, optional
        A family that is not a case of the built-in one.
    """

    index: pd.Index
    base: Array
    matrices: tuple[Array | None, ...]
    theta: Array
    cure: int
    given: Array
    family: Family | None = None

    @property
    def eta(self) -> Array:
        """Linear predictors, shape (m, 5)."""
        eta, position = self.base.copy(), 0
        for j, matrix in enumerate(self.matrices):
            if matrix is not None:
                eta[:, j] += matrix @ self.theta[position : position + matrix.shape[1]]
                position += matrix.shape[1]
        return eta

    def at(self, theta: Array) -> Rows:
        """Return the same rows under other coefficients."""
        return replace(self, theta=theta)

    def repeat(self, k: int) -> Rows:
        """Return each row k times in turn."""
        return replace(
            self,
            index=self.index.repeat(k),
            base=np.repeat(self.base, k, axis=0),
            matrices=tuple(None if m is None else np.repeat(m, k, axis=0) for m in self.matrices),
            given=np.repeat(self.given, k),
        )

    def jacobian(self, grad: Array) -> Array:
        """Chain a gradient in the linear predictors (m, 5) to one in the coefficients (m, p)."""
        with np.errstate(invalid="ignore"):  # a gradient beyond the range of floats times a column of 0
            parts = [
                matrix * grad[:, j : j + 1] for j, matrix in enumerate(self.matrices) if matrix is not None
            ]
        return np.hstack(parts) if parts else np.zeros((len(grad), 0))


@dataclass(frozen=True)
class Quantity:
    """A prediction on its working scale, its gradient there, and how to leave that scale.

    Attributes
    ----------
    value : ndarray of shape (m,)
    jacobian : ndarray of shape (m, p)
    natural, slope : callable
        The natural value of a working value, and its derivative.
    falls : bool
        Whether the natural scale runs against the working scale.
    """

    value: Array
    jacobian: Array
    natural: Function
    slope: Function
    falls: bool = False

    @property
    def estimate(self) -> Array:
        """The natural value."""
        with np.errstate(over="ignore"):
            return self.natural(self.value)

    @property
    def natural_jacobian(self) -> Array:
        """Gradient of the natural value; 0 where the working value is at an infinite end."""
        with np.errstate(over="ignore", invalid="ignore"):
            slope = self.slope(self.value)  # 0 times infinity where the survival is 0: no slope there
            slope = np.where(np.isnan(slope), 0.0, slope)[:, None]
            natural = slope * self.jacobian
        return np.where((slope == 0.0) & ~np.isnan(self.jacobian), 0.0, natural)


def _log(value: Array, jacobian: Array) -> Quantity:
    """Work on the logarithm of a positive quantity."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.log(value)
        relative = np.where(value[:, None] > 0.0, jacobian / value[:, None], 0.0)
    # beyond the range of floats the relative error has no number; of exp(-H) = 0 there is none
    relative[np.isinf(value)] = np.nan
    return Quantity(logarithm, relative, np.exp, np.exp)


def _from_log(value: Array, jacobian: Array) -> Quantity:
    return Quantity(value, jacobian, np.exp, np.exp)


def _within(value: Array, jacobian: Array, low: Array, width: Array) -> Quantity:
    """Work on the logit of where a value lies between low and low + width."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(width > 0.0, value / width, 0.0)
        inside = (share > 0.0) & (share < 1.0)
        relative = np.where(inside[:, None], jacobian / (width * share * (1.0 - share))[:, None], 0.0)
        position = np.log(share) - np.log1p(-np.minimum(share, 1.0))
    return Quantity(
        position, relative, lambda w: low + width * expit(w), lambda w: width * expit(w) * expit(-w)
    )


def _cloglog(cumulative: Array, jacobian: Array) -> Quantity:
    """Work on the logarithm of a cumulative hazard; the natural value is exp(-H)."""
    inner = _log(cumulative, jacobian)
    relative = np.where(np.isinf(cumulative)[:, None], 0.0, inner.jacobian)
    return Quantity(inner.value, relative, _survivors, lambda w: np.exp(w) * _survivors(w), True)


def _survivors(w: Array) -> Array:
    """Map the logarithm of a cumulative hazard to the survival probability."""
    return np.exp(-np.exp(w))


def _since(times: Array, rows: Rows) -> tuple[Array, Array]:
    """H between the time already survived and later times; 0 before it."""
    value, grad = cumulative_hazard(np.maximum(times, rows.given), rows.eta, rows.cure, rows.family)
    if not np.any(rows.given):
        return value, grad
    start, start_grad = cumulative_hazard(rows.given, rows.eta, rows.cure, rows.family)
    return value - start, grad - start_grad


def _survival(times: Array, rows: Rows) -> Quantity:
    value, grad = _since(times, rows)
    return _cloglog(value, rows.jacobian(grad))


def _cumulative_hazard(times: Array, rows: Rows) -> Quantity:
    value, grad = _since(times, rows)
    return _log(value, rows.jacobian(grad))


def _hazard(times: Array, rows: Rows) -> Quantity:
    value, grad = log_hazard(times, rows.eta, rows.cure, rows.family)
    return _from_log(value, rows.jacobian(grad))


def _density(times: Array, rows: Rows) -> Quantity:
    (log_h, log_h_grad), (h, h_grad) = (
        log_hazard(times, rows.eta, rows.cure, rows.family),
        _since(times, rows),
    )
    gone = (times < rows.given) | np.isinf(h)
    with np.errstate(invalid="ignore"):
        value = np.where(gone, -np.inf, log_h - h)
        return _from_log(value, rows.jacobian(np.where(gone[:, None], 0.0, log_h_grad - h_grad)))


def _odds(times: Array, rows: Rows) -> Quantity:
    """Odds of the event, (1 - S)/S = exp(H) - 1."""
    value, grad = _since(times, rows)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_odds = value + np.log(-np.expm1(-value))
        relative = np.where(value[:, None] > 0.0, grad / -np.expm1(-value)[:, None], 0.0)
    return _from_log(log_odds, rows.jacobian(relative))


def time_at(cumulative: Array, rows: Rows) -> Array:
    """Time at which the population's H reaches a value; infinite if it never does."""
    eta = rows.eta
    tau, beta, alpha, nu, c = eta.T
    with np.errstate(divide="ignore", invalid="ignore"):
        if rows.cure == 1:  # dead of the uncured = (1 - S)(1 + exp(c))
            dead = -np.expm1(-cumulative) * (1.0 + np.exp(c))
            cumulative = np.where(dead < 1.0, -np.log1p(-np.minimum(dead, 1.0)), np.inf)
        elif rows.cure == 2:
            dead = cumulative * np.exp(-c)
            cumulative = np.where(dead < 1.0, -np.log1p(-np.minimum(dead, 1.0)), np.inf)
    if rows.family is not None:
        with np.errstate(over="ignore"):
            log_z = rows.family.log_z_at(cumulative * np.exp(-beta), nu)
            return np.exp(log_z * np.exp(-alpha) - tau)
    return APGW(np.exp(tau), np.exp(beta), np.exp(alpha), np.expm1(nu)).time_at(cumulative)


def _quantile(probabilities: Array, rows: Rows) -> Quantity:
    """Log time, with the gradient from H(t) = constant: d log t = -dH/(t h)."""
    start, start_grad = cumulative_hazard(rows.given, rows.eta, rows.cure, rows.family)
    times = time_at(start - np.log1p(-probabilities), rows)
    reached = np.isfinite(times)
    safe = np.where(reached, times, 1.0)
    _, grad = cumulative_hazard(safe, rows.eta, rows.cure, rows.family)
    log_h, _ = log_hazard(safe, rows.eta, rows.cure, rows.family)
    grad = -(grad - start_grad) / np.exp(np.log(safe) + log_h)[:, None]
    grad[~reached] = np.nan
    return _from_log(np.log(times), rows.jacobian(grad))


def _median(_: Array, rows: Rows) -> Quantity:
    return _quantile(np.full(len(rows.index), 0.5), rows)


def _rmst(horizons: Array, rows: Rows) -> Quantity:
    """E min(T, horizon), given T > ``given``: Gauss-Legendre in the cube root of time since then."""
    nodes, weight = cube_root_nodes(_NODES)
    span = np.maximum(horizons - rows.given, 0.0)
    times = rows.given[:, None] + span[:, None] * nodes
    weights = span[:, None] * weight
    wide = rows.repeat(_NODES)
    value, grad = _since(times.ravel(), wide)
    alive = np.exp(-value).reshape(times.shape) * weights
    finite = np.where(
        alive[:, :, None] > 0.0, grad.reshape(*times.shape, 5), 0.0
    )  # nobody left: exp(-H) H is 0
    slope = -(alive[:, :, None] * finite).sum(axis=1)
    return _within(alive.sum(axis=1), rows.jacobian(slope), np.minimum(rows.given, horizons), span)


def _mean(_: Array, rows: Rows) -> Quantity:
    """E T as an integral over a standard exponential e on the log scale: T = t(e), dt = -dH/h."""
    eta = rows.eta
    gamma, kappa = np.exp(eta[:, 2]), np.expm1(eta[:, 3])
    r, lam = 1.0 / gamma, np.exp(eta[:, 1])
    exists = (kappa > 0.0) | ((kappa == 0.0) & (r < lam))
    if rows.family is not None:
        kappa = np.ones(len(r))
        exists = ~rows.family.plateau(eta[:, 3])[0] & rows.family.has_mean
    exists &= rows.cure == 0
    with np.errstate(divide="ignore"):
        growth = np.where(
            kappa > 0.0, 30.0 * (1.0 + r / np.minimum(kappa, 1.0)), 40.0 / np.maximum(1.0 - r / lam, 1e-3)
        )
    top = np.log(800.0 + growth)
    u = np.linspace(0.0, 1.0, _MEAN_NODES)
    points = -60.0 + (top + 60.0)[:, None] * u
    weights = np.exp(points - np.exp(points)) * ((top + 60.0) / (_MEAN_NODES - 1))[:, None]
    wide = rows.repeat(_MEAN_NODES)
    start, start_grad = cumulative_hazard(wide.given, wide.eta, wide.cure, wide.family)
    ok = np.repeat(exists, _MEAN_NODES)
    # a heavy tail passes the range of floats where its weight has left it long before
    times = np.where(ok, time_at(start + np.exp(points).ravel(), wide), 1.0)
    times = np.clip(times, 1e-300, 1e300)
    _, grad = cumulative_hazard(times, wide.eta, wide.cure, wide.family)
    log_h, _ = log_hazard(times, wide.eta, wide.cure, wide.family)
    with np.errstate(over="ignore", invalid="ignore"):
        change = -(grad - start_grad) * np.exp(-log_h)[:, None]
        slope = (weights[:, :, None] * change.reshape(*points.shape, 5)).sum(axis=1)
        value = (weights * times.reshape(points.shape)).sum(axis=1)
    slope[~exists] = np.nan
    unknown = rows.family is not None and not rows.family.has_mean
    return _log(np.where(exists, value, np.nan if unknown else np.inf), rows.jacobian(slope))


def _cured_since(plateau: Array, grad: Array, rows: Rows) -> Quantity:
    """Probability of being cured given survival so far, p/S(given), with -log p and its gradient."""
    start, start_grad = cumulative_hazard(rows.given, rows.eta, rows.cure, rows.family)
    return _cloglog(plateau - start, rows.jacobian(grad - start_grad))


def _cure_fraction(_: Array, rows: Rows) -> Quantity:
    """Logit of p (mixture), log of -log p = c (promotion), or log of -log p at the plateau of a defective distribution.

    The last is beta + nu - log(-kappa) where kappa < 0; p is 0 and has no error where the distribution is proper.
    """
    eta = rows.eta
    _, beta, _, nu, c = eta.T
    grad = np.zeros(eta.shape)
    if rows.cure:
        grad[:, 4] = 1.0
        if rows.cure == 1:
            if np.any(rows.given):
                return _cured_since(np.logaddexp(0.0, -c), -expit(-c)[:, None] * grad, rows)
            return Quantity(c, rows.jacobian(grad), expit, lambda w: expit(w) * expit(-w))
        value = c
    else:
        if rows.family is None:
            kappa = np.expm1(nu)
            cured = kappa < 0.0
            below = np.where(cured, kappa, -1.0)
            log_h0 = nu - np.log(-below)
            slope = -1.0 / below  # 1 - (kappa + 1)/kappa
        else:
            cured, log_h0, slope = rows.family.plateau(nu)
        grad[:, 1] = 1.0
        grad[:, 3] = slope
        grad[~cured] = np.nan
        value = np.where(cured, beta + log_h0, np.inf)
    if np.any(rows.given):
        plateau = np.exp(value)
        return _cured_since(plateau, np.where(np.isinf(plateau), 0.0, plateau)[:, None] * grad, rows)
    return Quantity(value, rows.jacobian(grad), _survivors, lambda w: np.exp(w) * _survivors(w), True)


QUANTITIES: Mapping[str, Callable[[Array, Rows], Quantity]] = {
    "survival": _survival,
    "cumulative_hazard": _cumulative_hazard,
    "hazard": _hazard,
    "density": _density,
    "odds": _odds,
    "quantile": _quantile,
    "median": _median,
    "rmst": _rmst,
    "mean": _mean,
    "cure_fraction": _cure_fraction,
}


def difference(first: Quantity, second: Quantity) -> Quantity:
    """Difference of natural values."""

    def identity(w: Array) -> Array:
        return w

    with np.errstate(invalid="ignore"):  # infinite quantiles have no difference
        value = first.estimate - second.estimate
        jacobian = first.natural_jacobian - second.natural_jacobian
    return Quantity(value, jacobian, identity, np.ones_like)


def ratio(first: Quantity, second: Quantity) -> Quantity:
    """Ratio of natural values, on the log scale."""
    parts = [_log(quantity.estimate, quantity.natural_jacobian) for quantity in (first, second)]
    with np.errstate(invalid="ignore"):
        return _from_log(parts[0].value - parts[1].value, parts[0].jacobian - parts[1].jacobian)


def average(quantity: Quantity, weights: Array, kind: str, points: Array) -> Quantity:
    """Weighted mean of natural values over rows, on a scale that suits the kind.

    Parameters
    ----------
    quantity : Quantity
        m rows of k points each, row by row.
    weights : ndarray of shape (m,)
    kind : str
    points : ndarray of shape (k,)
        Times or horizons.
    """
    share = weights / weights.sum()
    value = share @ quantity.estimate.reshape(len(weights), -1)
    p = quantity.jacobian.shape[1]
    jacobian = np.einsum("i,ikp->kp", share, quantity.natural_jacobian.reshape(len(weights), -1, p))
    if kind in ("survival", "cure_fraction"):
        with np.errstate(divide="ignore", invalid="ignore"):
            return _cloglog(-np.log(value), np.where(value[:, None] > 0.0, -jacobian / value[:, None], 0.0))
    return _within(value, jacobian, np.zeros(len(value)), points)
