"""Predictions of a model with a background: all-cause, net, and the probabilities of the two ways to die.

The model is one of the excess hazard h_e. With the background b the hazard is h_e + b, and survival S_e S_b, where S_e
is net survival. A row with a background is predicted all-cause under the plain names; net quantities have their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.survival.inference import quantities as plain
from statmodels_x.survival.inference.quantities import Quantity
from statmodels_x.survival.inference.rows import Rows

Predict = Callable[[Array, Rows], Quantity]

NET = {"net_survival": "survival", "net_hazard": "hazard", "net_rmst": "rmst"}
"""Net quantities, and what they are of the excess hazard alone."""

_FURTHEST = 2.0**40
_HALVINGS = 80
_NOBODY = 45.0  # H of all causes at which nobody is left: exp(-45) is below rounding
_EXCESS_CUTS = _NOBODY * 0.5 ** np.arange(37.0)  # down to 1e-9, where the disease has hardly begun
_BACKGROUND_CUTS = np.array([0.5, 2.0, 6.0, 16.0])
_BLOCK = 500  # rows integrated at once


def _wider(grad: Array, column: Array | float, rows: Rows) -> Array:
    """Add the derivative in the logarithm of a factor on the background, where there is one."""
    return np.column_stack([grad, np.broadcast_to(column, len(grad))]) if rows.has_factor else grad


def _background(times: Array, rows: Rows) -> Array:
    """Integral of the background between the time already survived and later times."""
    if rows.background is None:
        return np.zeros(len(times))
    integral = rows.background.cumulative(rows.given, np.maximum(times, rows.given))
    return np.asarray(np.exp(rows.log_factor) * integral)


def _total(times: Array, rows: Rows) -> tuple[Array, Array]:
    """H of all causes between the time already survived and later times, and its gradient."""
    value, grad = plain.since(times, rows)
    other = _background(times, rows)
    return value + other, _wider(grad, other, rows)


def _log_total(times: Array, rows: Rows) -> tuple[Array, Array]:
    """Logarithm of the hazard of all causes, and its gradient."""
    value, grad = plain.log_rate(times, rows)
    if rows.background is None:
        return value, grad
    with np.errstate(divide="ignore"):
        other = np.log(rows.background.rate(times)) + rows.log_factor
    share = np.where(np.isneginf(other), 1.0, expit(value - other))
    return np.logaddexp(value, other), _wider(share[:, None] * grad, 1.0 - share, rows)


def _survival(times: Array, rows: Rows) -> Quantity:
    value, grad = _total(times, rows)
    return plain.on_cloglog(value, rows.jacobian(grad))


def _cumulative_hazard(times: Array, rows: Rows) -> Quantity:
    value, grad = _total(times, rows)
    return plain.on_log(value, rows.jacobian(grad))


def _hazard(times: Array, rows: Rows) -> Quantity:
    value, grad = _log_total(times, rows)
    return plain.from_log(value, rows.jacobian(grad))


def _density(times: Array, rows: Rows) -> Quantity:
    (log_h, log_h_grad), (h, h_grad) = _log_total(times, rows), _total(times, rows)
    gone = times < rows.given
    value = np.where(gone, -np.inf, log_h - h)
    return plain.from_log(value, rows.jacobian(np.where(gone[:, None], 0.0, log_h_grad - h_grad)))


def _odds(times: Array, rows: Rows) -> Quantity:
    value, grad = _total(times, rows)
    return plain.as_odds(value, rows.jacobian(grad))


def _quantile(probabilities: Array, rows: Rows) -> Quantity:
    """Log time at which H of all causes reaches -log(1 - p), by bisection; its gradient is that of the root."""
    target = -np.log1p(-probabilities)
    low, high = rows.given.copy(), rows.given + 1.0
    for _ in range(40):
        short = (_total(high, rows)[0] < target) & (high < _FURTHEST)
        if not short.any():
            break
        low, high = np.where(short, high, low), np.where(short, rows.given + 2.0 * (high - rows.given), high)
    reached = _total(high, rows)[0] >= target
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        below = _total(middle, rows)[0] < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    times = np.where(reached, high, np.inf)
    safe = np.where(reached, high, 1.0)
    log_h, (_, grad) = _log_total(safe, rows)[0], _total(safe, rows)
    grad = -grad / np.exp(np.log(safe) + log_h)[:, None]
    grad[~reached] = np.nan
    return plain.from_log(np.log(times), rows.jacobian(grad))


def _median(_: Array, rows: Rows) -> Quantity:
    return _quantile(np.full(len(rows.index), 0.5), rows)


@dataclass(frozen=True)
class _Alive:
    """Quadrature between the time already survived and a horizon: m rows, k nodes.

    Attributes
    ----------
    alone : ndarray of shape (m, k)
        Weights of the nodes times survival under the background alone.
    alive : ndarray of shape (m, k)
        Weights times survival.
    dead : ndarray of shape (m, k)
        The difference of the two, which the disease takes.
    slopes : ndarray of shape (m, k, 5 or 10)
        Gradient of H of the excess hazard, 0 where nobody is left.
    other : ndarray of shape (m, k)
        H of the background, which is the gradient in the logarithm of a factor on it.
    times : ndarray of shape (m, k)
    rows : Rows
        Of the m k nodes.
    """

    alone: Array
    alive: Array
    dead: Array
    slopes: Array
    other: Array
    times: Array
    rows: Rows

    def sloped(self, of: Array) -> Array:
        """Sum the gradient of H of the excess hazard with weights."""
        return np.asarray((of[:, None, :] @ self.slopes)[:, 0, :])


def _alive(horizons: Array, rows: Rows, more: Array | None = None) -> _Alive:
    """Lay nodes that are cut where the background jumps and where survival falls, with S there."""
    times, weights = plain.cut_nodes_to(horizons, rows, more)
    wide = rows.settled().repeat(times.shape[1])
    excess, grad = plain.since(times.ravel(), wide)
    other, excess = _between(times, rows, wide), excess.reshape(times.shape)
    alone = weights * np.exp(-other)
    alive, dead = alone * np.exp(-excess), alone * -np.expm1(-excess)
    left = (alive > 0.0)[:, :, None]  # nobody left: exp(-H) H is 0
    slopes = np.where(left, grad.reshape(*times.shape, -1), 0.0)
    return _Alive(alone, alive, dead, slopes, other, times, wide)


def _between(times: Array, rows: Rows, wide: Rows) -> Array:
    """Integral of the background to each of the nodes of all rows, summed up from one to the next."""
    if wide.background is None:
        return np.zeros(times.shape)
    before = np.column_stack([rows.given, times[:, :-1]])
    steps = wide.background.cumulative(before.ravel(), times.ravel()).reshape(times.shape)
    return np.asarray(np.exp(rows.log_factor) * steps.cumsum(axis=1))


def _in_blocks(
    of: Callable[[Array, Rows], tuple[Array, Array]],
) -> Callable[[Array, Rows], tuple[Array, Array]]:
    """Return the same integral, some rows at a time: nodes of all rows at once are large."""

    def integral(horizons: Array, rows: Rows) -> tuple[Array, Array]:
        horizons = np.asarray(horizons, float)
        starts = range(0, max(len(horizons), 1), _BLOCK)
        found = [of(horizons[k : k + _BLOCK], rows.take(slice(k, k + _BLOCK))) for k in starts]
        return np.concatenate([value for value, _ in found]), np.concatenate([slope for _, slope in found])

    return integral


@_in_blocks
def _lived(horizons: Array, rows: Rows) -> tuple[Array, Array]:
    """Mean time lived from the time already survived to a horizon, and its gradient."""
    return _sum_alive(_alive(horizons, rows), rows)


def _sum_alive(at: _Alive, rows: Rows) -> tuple[Array, Array]:
    slope = _wider(-at.sloped(at.alive), -(at.alive * at.other).sum(axis=1), rows)
    return at.alive.sum(axis=1), slope


def _rmst(horizons: Array, rows: Rows) -> Quantity:
    value, slope = _lived(horizons, rows)
    return plain.within(value, rows.jacobian(slope), *plain.bounds_of(horizons, rows))


@_in_blocks
def _lost(horizons: Array, rows: Rows) -> tuple[Array, Array]:
    at = _alive(horizons, rows)
    slope = _wider(at.sloped(at.alive), -(at.dead * at.other).sum(axis=1), rows)
    return at.dead.sum(axis=1), slope


def _life_years_lost(horizons: Array, rows: Rows) -> Quantity:
    """Mean time lost to the disease before a horizon: the population's restricted mean less the model's."""
    value, slope = _lost(horizons, rows)
    _, span = plain.bounds_of(horizons, rows)
    return plain.within(value, rows.jacobian(slope), np.zeros(len(span)), span)


@_in_blocks
def _crude(horizons: Array, rows: Rows) -> tuple[Array, Array]:
    """Probability of dying of the disease before a horizon in the presence of other causes, and its gradient.

    By parts: who would have died of the disease by the horizon and lives that long otherwise, and who would have died
    of it before the other causes came. A hazard of the disease that starts from infinity is not integrated.
    """
    at = _alive(horizons, rows)
    rate = np.exp(rows.log_factor) * at.rows.background.rate(at.times.ravel()).reshape(at.times.shape)
    excess, grad = plain.since(horizons, rows)
    other = _background(horizons, rows)
    alone = np.exp(-other)
    value, before = alone * -np.expm1(-excess), at.dead * rate
    alive = alone * np.exp(-excess)
    slope = np.where(alive[:, None] > 0.0, alive[:, None] * grad, 0.0) + at.sloped(at.alive * rate)
    late = (before * (1.0 - at.other)).sum(axis=1) - other * value
    return value + before.sum(axis=1), _wider(slope, late, rows)


def _crude_disease(horizons: Array, rows: Rows) -> Quantity:
    value, slope = _crude(horizons, rows)
    return plain.within(value, rows.jacobian(slope), np.zeros(len(value)), np.ones(len(value)))


def _crude_other(horizons: Array, rows: Rows) -> Quantity:
    """Leave what survival and the disease leave of 1: the three add up."""
    value, slope = _crude(horizons, rows)
    total, grad = _total(horizons, rows)
    alive = np.exp(-total)
    left = np.maximum(-np.expm1(-total) - value, 0.0)
    jacobian = rows.jacobian(alive[:, None] * grad - slope)
    return plain.within(left, jacobian, np.zeros(len(value)), np.ones(len(value)))


def _expected_survival(times: Array, rows: Rows) -> Quantity:
    """Survival under the background alone, which has no error but that of a factor on it."""
    value = _background(times, rows)
    return plain.on_cloglog(value, rows.jacobian(_wider(np.zeros((len(times), 5)), value, rows)))


def _mean(_: Array, rows: Rows) -> Quantity:
    """E T: all that is lived until nobody is left, under the last rate of the background after its table ends."""
    end = np.maximum(rows.background.end(), rows.given)
    if np.any(rows.background.rate(end) <= 0.0):
        raise DataError(
            'predict: kind="mean" needs a background whose last rate is above 0; use kind="rmst".'
        )
    value, slope = _lived_in_all(end, rows)
    return plain.on_log(value + rows.given, rows.jacobian(slope))


@_in_blocks
def _lived_in_all(end: Array, rows: Rows) -> tuple[Array, Array]:
    """Mean time lived, cut where the background jumps and wherever the disease or the last rate has halved those left.

    A disease that kills in days, and a background that kills in decades, are then integrated alike.
    """
    rate = np.exp(rows.log_factor) * rows.background.rate(end)
    of_excess = plain.nobody_after(rows, _EXCESS_CUTS)
    of_background = end[:, None] + _BACKGROUND_CUTS / rate[:, None]
    last = np.minimum(of_excess[:, 0], end + _NOBODY / rate)
    return _sum_alive(_alive(last, rows, np.hstack([of_excess, of_background])), rows)


def _net(kind: str) -> Predict:
    """Return a quantity of the excess hazard alone."""
    of = plain.QUANTITIES[kind]
    return lambda times, rows: of(times, replace(rows, background=None))


def _by_background(kind: str, all_cause: Predict) -> Predict:
    """Return the all-cause quantity where there is a background, else the plain one."""
    of = plain.QUANTITIES[kind]

    def predict(times: Array, rows: Rows) -> Quantity:
        is_plain = rows.background is None and (rows.waning is None or kind not in ("quantile", "median"))
        return of(times, rows) if is_plain else all_cause(times, rows)

    return predict


_ALL_CAUSE: Mapping[str, Predict] = {
    "survival": _survival,
    "cumulative_hazard": _cumulative_hazard,
    "hazard": _hazard,
    "density": _density,
    "odds": _odds,
    "quantile": _quantile,
    "median": _median,
    "rmst": _rmst,
    "mean": _mean,
}
_OF_BACKGROUND: Mapping[str, Predict] = {
    "crude_disease": _crude_disease,
    "crude_other": _crude_other,
    "life_years_lost": _life_years_lost,
    "expected_survival": _expected_survival,
}
BACKGROUND_KINDS = (*NET, *_OF_BACKGROUND)
"""Kinds that a fit without a background does not have."""

NEEDS_PATHS = (*_ALL_CAUSE, *_OF_BACKGROUND)
"""Kinds that need the background as a function of time."""

QUANTITIES: Mapping[str, Predict] = {
    **plain.QUANTITIES,
    **{kind: _by_background(kind, of) for kind, of in _ALL_CAUSE.items()},
    **{kind: _net(base) for kind, base in NET.items()},
    **_OF_BACKGROUND,
}
