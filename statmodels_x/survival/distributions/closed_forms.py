"""Baselines with closed forms beside the built-in family: log-normal, and Prentice's generalised gamma.

Once H0 and the log density L of log z are known, every derivative in q = log z is: H_q = exp(L + H), H_qq = H_q (L_q +
H_q), H_q,nu = H_q (L_nu + H_nu). Only derivatives in the shape are taken numerically.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from statmodels_x.core.typing import Array

STEP = 2e-3  # of the numerical derivatives: five points balance the truncation against the rounding at it
FIRST = np.array([1.0, -8.0, 0.0, 8.0, -1.0]) / (12.0 * STEP)
SECOND = np.array([-1.0, 16.0, -30.0, 16.0, -1.0]) / (12.0 * STEP**2)
_NEAR_NORMAL = 1e-3  # shape of a generalised gamma below which its functions are interpolated
_LOG_ROOT = 0.5 * math.log(2.0 * math.pi)


def lognormal_cumulative(z: Array) -> Array:
    """H0 of a standard log-normal."""
    return -special.log_ndtr(-np.log(z))


def lognormal_log_hazard(z: Array) -> Array:
    """Logarithm of its slope in z."""
    w = np.log(z)
    return -0.5 * w * w - 0.5 * math.log(2.0 * math.pi) - special.log_ndtr(-w) - w


def gengamma_cumulative(z: Array, shape: Array) -> Array:
    """Prentice's generalised gamma, -log of an incomplete gamma function of Q^-2 exp(Q log z); lognormal at Q = 0.

    Next to Q = 0, where the incomplete gamma function loses its digits, a parabola through Q = 0 and the ends.
    """
    w, end = np.log(z), np.full_like(z, _NEAR_NORMAL)
    near = np.abs(shape) < _NEAR_NORMAL
    direct = _incomplete_gamma(w, np.where(near, end, shape))
    if not near.any():
        return direct
    low, middle, high = _incomplete_gamma(w, -end), lognormal_cumulative(z), _incomplete_gamma(w, end)
    x = shape / _NEAR_NORMAL
    parabola = middle + 0.5 * x * (high - low) + 0.5 * x * x * (high + low - 2.0 * middle)
    return np.where(near, parabola, direct)


def _incomplete_gamma(w: Array, shape: Array) -> Array:
    """Return -log of the share that is alive, by the smaller of the two incomplete gamma functions."""
    a = 1.0 / (shape * shape)
    u = a * np.exp(shape * w)
    rises = shape > 0.0
    dead = np.empty(np.shape(u))
    for side, function in ((rises, special.gammainc), (~rises, special.gammaincc)):
        if side.any():
            dead[side] = function(a[side], u[side])
    most = dead >= 0.5
    found = -np.log1p(-np.where(most, 0.0, dead))
    for side, function in ((rises & most, special.gammaincc), (~rises & most, special.gammainc)):
        if side.any():
            found[side] = -np.log(function(a[side], u[side]))
    return found


def gengamma_log_hazard(z: Array, shape: Array) -> Array:
    """Logarithm of the slope of H0 in z."""
    w = np.log(z)
    return _log_density(w, shape, _remainder(shape)) + gengamma_cumulative(z, shape) - w


def _log_density(w: Array, shape: Array, remainder: Array) -> Array:
    """Log density of w = log z: a (exp(x) - 1 - x) without cancellation, and what a rest of log Gamma(a) leaves."""
    square, x = shape * shape, shape * w
    a = 1.0 / np.maximum(square, _NEAR_NORMAL**2)
    series = w * w * (0.5 + x * (1 / 6 + x * (1 / 24 + x * (1 / 120 + x * (1 / 720 + x / 5040)))))
    bend = np.where((np.abs(x) < 1e-2) | (square < _NEAR_NORMAL**2), series, a * (np.expm1(x) - x))
    return -_LOG_ROOT - remainder - bend


def _remainder(shape: Array) -> Array:
    """Stirling's remainder of log Gamma(a), a = 1/shape^2."""
    square = shape * shape
    far = square / 12.0 - square**3 / 360.0
    return np.where(square < 1e-3, far, _stirling(1.0 / np.maximum(square, _NEAR_NORMAL**2)))


def _stirling(a: Array) -> Array:
    """Stirling's remainder of log Gamma(a), without the cancellation of log Gamma(a) less its approximation.

    That would leave an error of 1e-14 that all rows share, and numerical second derivatives multiply it by a million.
    """
    x = a + 10.0
    y = 1.0 / (x * x)
    value = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - y * 691 / 360360))))) / x
    for k in range(10):
        value += (a + k + 0.5) * np.log1p(1.0 / (a + k)) - 1.0
    return value


def lognormal_terms(q: Array, nu: Array) -> Array:
    """Terms of a family (n, 12), all in closed form."""
    h = -special.log_ndtr(-q)
    log_density = -0.5 * q * q - _LOG_ROOT
    h_q = np.exp(log_density + h)
    h_qq = h_q * (h_q - q)
    zero = np.zeros(len(q))
    hazard = (log_density + h - q, h_q - q - 1.0, zero, h_qq - 1.0, zero, zero)
    return np.ascontiguousarray(np.stack([h, h_q, zero, h_qq, zero, zero, *hazard]).T)


def gengamma_terms(q: Array, nu: Array) -> Array:
    """Terms of a family (n, 12); H0 and the density at five shapes give the derivatives in it."""
    steps = STEP * np.arange(-2, 3)[:, None]
    constant = len(nu) > 1 and bool((nu == nu[0]).all())
    shapes = (nu[:1] if constant else nu) + steps
    remainder, shapes = _remainder(shapes), np.broadcast_to(shapes, (5, len(q)))
    with np.errstate(all="ignore"):
        around = gengamma_cumulative(np.exp(np.broadcast_to(q, shapes.shape)), shapes)
        dense = _log_density(q, shapes, remainder)
        h, h_nu, h_nunu = around[2], FIRST @ around, SECOND @ around
        l_nu, l_nunu = FIRST @ dense, SECOND @ dense
        x = nu * q
        l_q, l_qq, l_qnu = -q * _growth(x), -np.exp(x), -q * q * _growth_slope(x)
        h_q = np.exp(dense[2] + h)
        h_qq, h_qnu = h_q * (l_q + h_q), h_q * (l_nu + h_nu)
        hazard = (
            dense[2] + h - q, l_q + h_q - 1.0, l_nu + h_nu, l_qq + h_qq, l_qnu + h_qnu, l_nunu + h_nunu,
        )  # fmt: skip
    return np.ascontiguousarray(np.stack([h, h_q, h_nu, h_qq, h_qnu, h_nunu, *hazard]).T)


def _growth(x: Array) -> Array:
    """(exp(x) - 1)/x."""
    small = np.abs(x) < 1e-2
    away = np.where(small, 1.0, x)
    return np.where(small, 1.0 + x * (0.5 + x * (1 / 6 + x * (1 / 24 + x / 120))), np.expm1(away) / away)


def _growth_slope(x: Array) -> Array:
    """Slope of (exp(x) - 1)/x: (x exp(x) - exp(x) + 1)/x^2."""
    small = np.abs(x) < 1e-2
    away = np.where(small, 1.0, x)
    series = 0.5 + x * (1 / 3 + x * (1 / 8 + x * (1 / 30 + x / 144)))
    return np.where(small, series, (away * np.exp(away) - np.expm1(away)) / away**2)
