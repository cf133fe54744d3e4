"""What can be predicted: each quantity on a scale without bounds, with its exact gradient in the parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from statmodels_x.core.quadrature import cube_root_nodes, cut_cube_root_nodes, legendre_nodes
from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.apgw import APGW
from statmodels_x.survival.inference.rows import Rows, distinct
from statmodels_x.survival.kernels.hazards import (
    cumulative_hazard,
    log_hazard,
    mean_time,
    restricted_mean,
)

Function = Callable[[Array], Array]

_NODES, _FEW_NODES = 96, 16
_NOBODY = np.array([60.0])  # exp(-60) of a restricted mean is below rounding
_FALLS = np.array([60.0, 8.0, 2.0, 0.25])


@dataclass(frozen=True)
class Quantity:
    """A prediction on its working scale, its gradient there, and how to leave that scale.

    Attributes
    ----------
    value : ndarray of shape (m,)
    jacobian : ndarray of shape (m, p)
    natural, slope : callable
        The natural value of a working value, and the size of its derivative.
    falls : bool
        Whether the natural scale runs against the working scale.
    edge : tuple of (ndarray of shape (m,), ndarray of shape (m, p)), optional
        A value that is positive where the quantity is finite, with its gradient: an interval that reaches 0 there
        has no upper end.
    """

    value: Array
    jacobian: Array
    natural: Function
    slope: Function
    falls: bool = False
    edge: tuple[Array, Array] | None = None

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
            slope = np.where(np.isnan(slope), 0.0, -slope if self.falls else slope)[:, None]
            natural = slope * self.jacobian
        return np.where((slope == 0.0) & ~np.isnan(self.jacobian), 0.0, natural)


def on_log(value: Array, jacobian: Array) -> Quantity:
    """Work on the logarithm of a positive quantity."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.log(value)
        relative = np.where(value[:, None] > 0.0, jacobian / value[:, None], 0.0)
    # beyond the range of floats the relative error has no number; of exp(-H) = 0 there is none
    relative[np.isinf(value)] = np.nan
    return Quantity(logarithm, relative, np.exp, np.exp)


def from_log(value: Array, jacobian: Array) -> Quantity:
    """Take a logarithm and its gradient as they are."""
    return Quantity(value, jacobian, np.exp, np.exp)


def within(value: Array, jacobian: Array, low: Array, width: Array) -> Quantity:
    """Work on the logit of where a value lies between low and low + width."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(width > 0.0, value / width, 0.0)
        inside = (share > 0.0) & (share < 1.0)
        relative = np.where(inside[:, None], jacobian / (width * share * (1.0 - share))[:, None], 0.0)
        position = np.log(share) - np.log1p(-np.minimum(share, 1.0))
    return Quantity(
        position, relative, lambda w: low + width * expit(w), lambda w: width * expit(w) * expit(-w)
    )


def on_cloglog(cumulative: Array, jacobian: Array) -> Quantity:
    """Work on the logarithm of a cumulative hazard; the natural value is exp(-H)."""
    inner = on_log(cumulative, jacobian)
    relative = np.where(np.isinf(cumulative)[:, None], 0.0, inner.jacobian)
    return Quantity(inner.value, relative, _survivors, lambda w: np.exp(w) * _survivors(w), True)


def _survivors(w: Array) -> Array:
    """Map the logarithm of a cumulative hazard to the survival probability."""
    return np.exp(-np.exp(w))


def since(times: Array, rows: Rows) -> tuple[Array, Array]:
    """H between the time already survived and later times; 0 before it."""
    value, grad = _cumulative(np.maximum(times, rows.given), rows)
    if not np.any(rows.given):
        return value, grad
    start, start_grad = _cumulative(rows.given, rows)
    with np.errstate(invalid="ignore"):  # nobody lives so long: no value
        return value - start, grad - start_grad


def _cumulative(times: Array, rows: Rows) -> tuple[Array, Array]:
    """H and its gradient, from 0 on."""
    if rows.waning is None:
        return cumulative_hazard(times, rows.eta, rows.cure, rows.family)
    waning, control = rows.waning, rows.waning.control
    early, early_grad = cumulative_hazard(np.minimum(times, waning.start), rows.eta, rows.cure, rows.family)
    ends = [np.maximum(times, waning.stop), np.full(len(times), waning.stop)]
    late, late_grad = (
        a - b
        for a, b in zip(
            *(cumulative_hazard(t, control.eta, rows.cure, rows.family) for t in ends), strict=True
        )
    )
    between, slopes = _while_waning(np.clip(times, waning.start, waning.stop), rows)
    return early + between + late, np.hstack([early_grad + slopes[:, :5], late_grad + slopes[:, 5:]])


def _while_waning(until: Array, rows: Rows) -> tuple[Array, Array]:
    """Integral of the hazard from the start of waning to times within, and its gradient.

    In the cube root of time: a hazard may be steep at the time 0 that lies before. The nodes are more where the stop is
    many times the start.
    """
    assert rows.waning is not None
    start, stop = rows.waning.start, rows.waning.stop
    k = _FEW_NODES * (1 + int(np.log2(stop / start) // 3.0)) if start > 0.0 else _NODES
    inner, weight = legendre_nodes(k)
    first = np.cbrt(start)
    span = (np.cbrt(until) - first)[:, None]
    place = first + span * inner
    log_h, slopes = log_rate((place**3).ravel(), rows.settled().repeat(k))
    rate = np.exp(log_h).reshape(place.shape) * 3.0 * place**2 * span * weight
    return rate.sum(axis=1), (rate[:, None, :] @ slopes.reshape(*place.shape, 10))[:, 0, :]


def log_rate(times: Array, rows: Rows) -> tuple[Array, Array]:
    """Log hazard and its gradient."""
    value, grad = log_hazard(times, rows.eta, rows.cure, rows.family)
    if rows.waning is None:
        return value, grad
    waning = rows.waning
    other, other_grad = log_hazard(times, waning.control.eta, rows.cure, rows.family)
    share = waning.share(times)
    if waning.frozen:
        return _frozen(times, rows, (value, grad), (other, other_grad), share)
    slopes = np.hstack([share[:, None] * grad, (1.0 - share)[:, None] * other_grad])
    return share * value + (1.0 - share) * other, slopes


def _frozen(
    times: Array, rows: Rows, own: tuple[Array, Array], other: tuple[Array, Array], share: Array
) -> tuple[Array, Array]:
    """Log hazard and its gradient where the log hazard ratio stays what it was when it began to wane, and shrinks."""
    assert rows.waning is not None
    start, early = np.full(len(times), rows.waning.start), times <= rows.waning.start
    first, second = (
        log_hazard(start, eta, rows.cure, rows.family) for eta in (rows.eta, rows.waning.control.eta)
    )
    value = np.where(early, own[0], other[0] + share * (first[0] - second[0]))
    mine = np.where(early[:, None], own[1], share[:, None] * first[1])
    theirs = np.where(early[:, None], 0.0, other[1] - share[:, None] * second[1])
    return value, np.hstack([mine, theirs])


def _survival(times: Array, rows: Rows) -> Quantity:
    value, grad = since(times, rows)
    return on_cloglog(value, rows.jacobian(grad))


def _cumulative_hazard(times: Array, rows: Rows) -> Quantity:
    value, grad = since(times, rows)
    return on_log(value, rows.jacobian(grad))


def _hazard(times: Array, rows: Rows) -> Quantity:
    value, grad = log_rate(times, rows)
    return from_log(value, rows.jacobian(grad))


def _density(times: Array, rows: Rows) -> Quantity:
    (log_h, log_h_grad), (h, h_grad) = (
        log_rate(times, rows),
        since(times, rows),
    )
    gone = (times < rows.given) | np.isinf(h)
    with np.errstate(invalid="ignore"):
        value = np.where(gone, -np.inf, log_h - h)
        return from_log(value, rows.jacobian(np.where(gone[:, None], 0.0, log_h_grad - h_grad)))


def as_odds(cumulative: Array, jacobian: Array) -> Quantity:
    """Odds of the event, (1 - S)/S = exp(H) - 1, on the log scale."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_odds = cumulative + np.log(-np.expm1(-cumulative))
        relative = np.where(cumulative[:, None] > 0.0, jacobian / -np.expm1(-cumulative)[:, None], 0.0)
    return from_log(log_odds, relative)


def _odds(times: Array, rows: Rows) -> Quantity:
    value, grad = since(times, rows)
    return as_odds(value, rows.jacobian(grad))


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
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # all die at a moment: no slope there
        grad = -(grad - start_grad) / np.exp(np.log(safe) + log_h)[:, None]
    grad[~reached] = np.nan
    edge = reach_of(_cure_fraction(probabilities, rows), probabilities)
    with np.errstate(divide="ignore", invalid="ignore"):  # times below the range of numbers are 0
        return Quantity(np.log(times), rows.jacobian(grad), np.exp, np.exp, edge=edge)


def reach_of(cured: Quantity, probabilities: Array) -> tuple[Array, Array]:
    """Return by how much, on the scale of log H, a curve falls in the end below what a quantile asks for."""
    share, slope = cured.estimate, cured.natural_jacobian
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(-np.log(share)) - np.log(-np.log1p(-probabilities))
        relative = slope / (share * np.log(share))[:, None]
    return value, np.where(share[:, None] > 0.0, relative, 0.0)


def _median(_: Array, rows: Rows) -> Quantity:
    return _quantile(np.full(len(rows.index), 0.5), rows)


def cut_nodes_to(horizons: Array, rows: Rows, more: Array | None = None) -> tuple[Array, Array]:
    """Return times from ``given`` to a horizon and their weights, which are discounted to time 0.

    Gauss-Legendre in the cube root of time, cut where the hazard of a row jumps or bends, and where survival falls;
    where that is may be given.
    """
    horizons = np.maximum(horizons, rows.given)
    found = [_falls(rows) if more is None else more]
    if rows.background is not None:
        found.append(rows.background.breaks(float(horizons.max(initial=0.0))))
    if rows.waning is not None:
        found.append(np.tile([rows.waning.start, rows.waning.stop], (len(horizons), 1)))
    times, weights = cut_cube_root_nodes(rows.given, horizons, np.hstack(found), _NODES)
    return times, weights * np.exp(-rows.discount * times) if rows.discount else weights


def _falls(rows: Rows) -> Array:
    """Find the times between which survival falls, a short part of all for high powers; the control's, too."""
    own = nobody_after(rows, _FALLS)
    if rows.waning is None:
        return own
    return np.hstack([own, nobody_after(replace(rows.waning.control, given=rows.given), _FALLS)])


def discounted(start: Array, stop: Array, rate: float) -> Array:
    """Length of an interval of time, discounted to time 0."""
    if not rate:
        return stop - start
    return np.asarray((np.exp(-rate * start) - np.exp(-rate * stop)) / rate)


def bounds_of(horizons: Array, rows: Rows) -> tuple[Array, Array]:
    """Return what a restricted mean time is at least, the time already survived, and how much it can be more."""
    start = np.minimum(rows.given, horizons)
    zero = np.zeros(len(start))
    return discounted(zero, start, rows.discount), discounted(
        start, np.asarray(horizons, float), rows.discount
    )


def _rmst(horizons: Array, rows: Rows) -> Quantity:
    """E min(T, horizon), given T > ``given``."""
    if rows.waning is not None:
        value, slope = _waning_rmst(horizons, rows)
    else:
        value, slope = lived(horizons, rows)
    return within(value, rows.jacobian(slope), *bounds_of(horizons, rows))


def lived(horizons: Array, rows: Rows) -> tuple[Array, Array]:
    """Integral of S from ``given`` to a horizon with its gradient.

    Rows of the same predictors are integrated once.
    """
    eta, rule, horizons = rows.eta, cube_root_nodes(_NODES), np.asarray(horizons, float)
    how = (rows.cure, rows.matrices[3] is not None, rule, rows.family, rows.discount)
    first, which = distinct(np.column_stack([eta, rows.given, horizons]))
    last = horizons[first]
    if rows.family is None:
        last = np.minimum(last, nobody_after(rows.take(first))[:, 0])
    value, slope = restricted_mean(last, rows.given[first], eta[first], *how)
    return value[which], slope[which]


def nobody_after(rows: Rows, levels: Array = _NOBODY) -> Array:
    """Return times at which H since the time already survived reaches levels, a column each; by default nobody is left.

    Nodes beyond it would be lost to those where survival falls, which may be steep.
    """
    start = np.zeros(len(rows.given))
    if np.any(rows.given):
        start, _ = cumulative_hazard(rows.given, rows.eta, rows.cure, rows.family)
    few = rows.settled()
    return np.column_stack([np.maximum(time_at(start + level, few), rows.given) for level in levels])


def _waning_rmst(horizons: Array, rows: Rows) -> tuple[Array, Array]:
    times, weights = cut_nodes_to(horizons, rows)
    wide = rows.repeat(times.shape[1])
    value, grad = since(times.ravel(), wide)
    alive = np.exp(-value).reshape(times.shape) * weights
    finite = np.where(
        alive[:, :, None] > 0.0, grad.reshape(*times.shape, -1), 0.0
    )  # nobody left: exp(-H) H is 0
    return alive.sum(axis=1), -(alive[:, :, None] * finite).sum(axis=1)


def _mean(_: Array, rows: Rows) -> Quantity:
    """E T; the scale of time, phi, leaves the integral of those who are just born."""
    eta = rows.eta
    r, lam, kappa = np.exp(-eta[:, 2]), np.exp(eta[:, 1]), np.expm1(eta[:, 3])
    exists = (kappa > 0.0) | ((kappa == 0.0) & (r < lam))
    if rows.family is not None:
        exists = ~rows.family.plateau(eta[:, 3])[0] & rows.family.has_mean
    exists &= rows.cure == 0
    phi = np.zeros(len(eta)) if np.any(rows.given) else eta[:, 0]
    reduced = eta - np.column_stack([phi, np.zeros((len(eta), 4))])
    first, which = distinct(np.column_stack([reduced, rows.given]))
    value, slope = mean_time(
        rows.given[first], reduced[first], exists[first], rows.matrices[3] is not None, rows.family
    )
    with np.errstate(over="ignore"):
        unit = np.exp(-phi)
    value, slope = value[which] * unit, slope[which] * unit[:, None]
    unknown = rows.family is not None and not rows.family.has_mean
    found = on_log(np.where(exists, value, np.nan if unknown else np.inf), rows.jacobian(slope))
    return found if unknown else replace(found, edge=edge_of_mean(rows))


def edge_of_mean(rows: Rows) -> tuple[Array, Array] | None:
    """Return what is positive where a mean is finite: log(kappa + 1), for a Burr XII log gamma + log lambda."""
    eta = rows.eta
    grad = np.zeros(eta.shape)
    if rows.cure:
        return np.full(len(eta), -np.inf), rows.jacobian(grad)
    if rows.family is not None:
        return None
    heavy = rows.matrices[3] is None and not np.any(eta[:, 3])
    grad[:, [1, 2] if heavy else [3]] = 1.0
    return eta[:, 1] + eta[:, 2] if heavy else eta[:, 3], rows.jacobian(grad)


def _cured_since(plateau: Array, grad: Array, rows: Rows) -> Quantity:
    """Probability of being cured given survival so far, p/S(given), with -log p and its gradient."""
    start, start_grad = cumulative_hazard(rows.given, rows.eta, rows.cure, rows.family)
    with np.errstate(invalid="ignore"):
        return on_cloglog(plateau - start, rows.jacobian(grad - start_grad))


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


def identity(w: Array) -> Array:
    """Return a value as it is: the way back from a scale that is the natural one."""
    return w


def difference(first: Quantity, second: Quantity) -> Quantity:
    """Difference of natural values."""
    with np.errstate(invalid="ignore"):  # infinite quantiles have no difference
        value = first.estimate - second.estimate
        jacobian = first.natural_jacobian - second.natural_jacobian
    return Quantity(value, jacobian, identity, np.ones_like)


def ratio(first: Quantity, second: Quantity) -> Quantity:
    """Ratio of natural values, on the log scale."""
    parts = [on_log(quantity.estimate, quantity.natural_jacobian) for quantity in (first, second)]
    with np.errstate(invalid="ignore"):
        return from_log(parts[0].value - parts[1].value, parts[0].jacobian - parts[1].jacobian)
