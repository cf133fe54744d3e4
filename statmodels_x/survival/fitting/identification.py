"""What the data cannot tell: ridges of the likelihood and weak directions, found and named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core import threads
from statmodels_x.core.findings import Finding
from statmodels_x.core.optimize import Optimum
from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.parameters import PARAMETERS
from statmodels_x.survival.fitting.findings import Names
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, SurvivalRows

_SHAPE_RIDGE = 7.0  # kappa above 1,000 or within 0.001 of -1
_WALL_MARGIN = 0.25
_SCALE_MARGIN = 15.0
_WEIBULL_GAP = 0.02  # log hazard within 2 % of a Weibull's at every observed time
_WEAK_ERROR = 1.5  # standard error of a direction on the log scale: an interval of a factor 19 either way
_CURE_RIDGE = 7.0  # a cured fraction within 0.001 of 0 or 1
_PROMOTION_RIDGE = 3.0  # exp(-exp(3)) is below 1e-8
_LIMIT_SHARE = 0.01
_NULL_RATIO = 1e-9
_NULL_SHARE = 1e-6
_NAMED = 6


def examine(optimum: Optimum, arrays: SurvivalRows, names: Names) -> tuple[Finding, ...]:
    """List what is not determined at a point where the search ended.

    Parameters
    ----------
    optimum : Optimum
    arrays : SurvivalRows
    names : Names

    Returns
    -------
    tuple of Finding
        Empty for a regular, well determined maximum.
    """
    if optimum.status == "bad start":
        return (names.finding("not_converged", "no start value gave a finite likelihood."),)
    findings = ridges(optimum, arrays, names)
    if findings:
        return tuple(findings)
    if optimum.status in ("stalled", "iteration limit", "saddle"):
        return (
            names.finding(
                "not_converged",
                f"the optimiser ended without a maximum ({optimum.status}, Newton decrement "
                f"{optimum.decrement:.1e}): raise max_iter, or simplify the model.",
            ),
        )
    return tuple(_weak_directions(optimum, names))


@dataclass(frozen=True)
class Reach:
    """How far the linear predictors of a sample go.

    Attributes
    ----------
    low, high : ndarray of shape (5,)
        Smallest and largest value of each.
    from_weibull : ndarray of shape (2,)
        Largest gap between the log hazard and a Weibull's, over the observed times: that of a shape near 1 or a
        small z, and that of the limit of large z (infinite where there is none).
    """

    low: Array
    high: Array
    from_weibull: Array

    @classmethod
    def of(cls, theta: Array, arrays: SurvivalRows) -> Reach:
        """Find it in one pass over the rows."""
        low, high, gaps = zip(*arrays.each(_reach, theta), strict=True)
        return cls(np.min(low, axis=0), np.max(high, axis=0), np.max(gaps, axis=0))


def _reach(theta: Array, arrays: SurvivalArrays) -> tuple[Array, Array, Array]:
    both = arrays.free[0] and arrays.free[1] and arrays.family is None
    if both:
        eta = arrays.linear_predictors(theta)
        return eta.min(axis=1), eta.max(axis=1), _gaps_from_weibull(arrays.log_time, eta)
    first = arrays.linear_predictors(theta, slice(0, 1))[:, 0]
    low, high = first.copy(), first.copy()
    for j in np.flatnonzero(~arrays.same).tolist():
        parts = [_predictor(j, theta, arrays, rows) for rows in threads.parts(arrays.n)]
        low[j], high[j] = min(eta.min() for eta in parts), max(eta.max() for eta in parts)
    return low, high, np.full(2, np.inf)


def _predictor(j: int, theta: Array, arrays: SurvivalArrays, rows: slice) -> Array:
    part, offset = arrays.slices[j], arrays.offsets[j]
    return np.asarray(
        arrays.matrix[rows, part] @ theta[part] + (offset if len(offset) == 1 else offset[rows])
    )


def ridges(optimum: Optimum, arrays: SurvivalRows, names: Names) -> list[Finding]:
    """Name the ridges on which a point lies."""
    reach = Reach.of(optimum.theta, arrays)
    found = _power_ridges(arrays, reach, names)
    if arrays.free[3] and arrays.family is not None:
        found += _own_shape_ridges(arrays, reach, names)
    elif arrays.free[3] and reach.high[3] > _SHAPE_RIDGE:
        some = reach.low[3] < _SHAPE_RIDGE
        found.append(
            names.finding(
                "kappa_inf",
                "the shape runs to its upper limit, kappa = infinity (Gompertz type)"
                + (" for some covariate values: take covariates out of `shape`." if some else
                   ": refit with shape=float('inf')."),
                names.of("shape"),
            )
        )  # fmt: skip
    if arrays.cure:
        found += _cure_ridges(arrays, reach, names)
    if arrays.free[3] and arrays.family is None and reach.low[3] < -_SHAPE_RIDGE:
        found.append(
            names.finding(
                "kappa_minus_one",
                "the shape runs to its lower limit, kappa = -1, where only combinations of the parameters are "
                "determined: fix the shape (for example shape=0), or use one scale.",
                names.of("shape"),
            )
        )
    if not found and reach.from_weibull.min() < _WEIBULL_GAP:
        found.append(
            names.finding(
                "weibull",
                "the fitted hazard is a Weibull's: with both scales only lambda * phi^gamma is determined, "
                'neither phi, lambda nor the shape alone. Refit as distribution="weibull", or with one scale.',
                names.of("aft", "ph", "shape"),
            )
        )
    return found or _scale_ridges(arrays, reach, names)


def _power_ridges(arrays: SurvivalRows, reach: Reach, names: Names) -> list[Finding]:
    """Name a power that runs to either end."""
    found = []
    if arrays.free[2] and reach.high[2] > arrays.high[2] - _WALL_MARGIN:
        found.append(
            names.finding(
                "guarantee",
                "the likelihood rises without end as the power grows: it describes a guarantee time, a Weibull "
                "that starts at the smallest observed time. Fix the power or the shape, or use one scale.",
                names.everything,
            )
        )
    if arrays.free[2] and reach.low[2] < arrays.low[2] + _WALL_MARGIN:
        message = "the power runs to 0: take covariates out of `power`."
        found.append(names.finding("power_zero", message, names.of("power")))
    return found


def _own_shape_ridges(arrays: SurvivalRows, reach: Reach, names: Names) -> list[Finding]:
    """Name a shape of a family of its own that runs to the end of its range."""
    margin = _LIMIT_SHARE * (arrays.high[3] - arrays.low[3])
    if reach.low[3] > arrays.low[3] + margin and reach.high[3] < arrays.high[3] - margin:
        return []
    message = (
        "the shape runs to the end of the family's range: fix the shape by a number, or take a family with "
        "fewer parameters."
    )
    return [names.finding("shape_limit", message, names.of("shape"))]


def _scale_ridges(arrays: SurvivalRows, reach: Reach, names: Names) -> list[Finding]:
    """Name a scale that runs away, as log phi does when late entry leaves only a hazard like 1/t to be seen."""
    found = []
    above, below = reach.high > arrays.high - _SCALE_MARGIN, reach.low < arrays.low + _SCALE_MARGIN
    for j, name in enumerate(("phi", "lambda")):
        if arrays.free[j] and (above[j] or below[j]):
            message = (
                f"log({name}) runs to its limit, so that no maximum exists: the hazard seen in these data falls "
                "(or rises) faster than this form allows. Take a more flexible distribution, or fix the power."
            )
            found.append(names.finding("scale_limit", message, names.of(PARAMETERS[j])))
    return found


def _cure_ridges(arrays: SurvivalRows, reach: Reach, names: Names) -> list[Finding]:
    """Name the ends at which a cure model is no cure model, or its uncured distribution no proper distribution."""
    found = []
    none, everyone = reach.low[4] < -_CURE_RIDGE, reach.high[4] > _CURE_RIDGE
    if arrays.cure == 2:
        none, everyone = reach.high[4] > _PROMOTION_RIDGE, reach.low[4] < -_CURE_RIDGE
    concerned = names.of("cure")
    where = " for some covariate values: take covariates out of `cure`" if len(concerned) > 1 else ""
    if none:
        message = f"the cured fraction runs to 0{where or ': leave `cure` out'}."
        found.append(names.finding("cure_zero", message, concerned))
    if everyone:
        found.append(names.finding("cure_one", f"the cured fraction runs to 1{where}.", concerned))
    if arrays.free[3] and reach.low[3] < 1e-4 and arrays.family is None:
        message = "the shape of the uncured runs to kappa = 0, the limit of proper distributions: refit with shape=0."
        found.append(names.finding("kappa_zero", message, names.of("shape")))
    return found


def _gaps_from_weibull(log_time: Array, eta: Array) -> Array:
    """Largest gap between the log hazard and a Weibull's; see :class:`Reach`."""
    tau, _, alpha, nu, _ = eta
    q = np.exp(alpha) * (log_time + tau)
    if np.isinf(nu).any():  # log hazard - Weibull log hazard is z itself
        return np.array([np.exp(min(q.max(), 50.0)), np.inf])
    far_left = np.abs(np.expm1(nu) - 1.0) * np.logaddexp(0.0, q - nu)  # (kappa - 1) log(1 + z/k1)
    if not np.all(np.expm1(nu) > 0.0):
        return np.array([far_left.max(), np.inf])
    # z/k1 large everywhere and kappa > 0: H ~ lambda k1^(1-kappa)/kappa z^kappa, again a Weibull
    far_right = np.abs(np.expm1(nu) - 1.0) * np.log1p(np.exp(np.minimum(nu - q, 50.0)))
    return np.array([far_left.max(), far_right.max()])


def _weak_directions(optimum: Optimum, names: Names) -> list[Finding]:
    values, vectors = optimum.eigenvalues, optimum.transform @ optimum.eigenvectors
    null = values <= _NULL_RATIO * max(values.max(), 1e-300)
    found = []
    if null.any():
        message = (
            "only combinations of these parameters are determined by the data: fix one of them, or take "
            "terms out."
        )
        found.append(names.finding("null", message, names.at(_null_share(vectors, null) > _NULL_SHARE)))
    weak = ~null & (values < 1.0 / _WEAK_ERROR**2)
    if weak.any():
        variance = vectors**2 / np.where(null, np.inf, values)
        share = variance[:, weak].sum(axis=1) / np.maximum(variance.sum(axis=1), 1e-300)
        error = 1.0 / np.sqrt(values[weak].min())
        concerned = names.at(share > 0.5)
        message = (
            f"the data say little about these parameters (a direction has standard error {error:.1f} on the "
            f"log scale): their Wald intervals are unreliable; {_untouched(names, concerned)}"
        )
        found.append(names.finding("weak", message, concerned))
    return found


def _untouched(names: Names, weak: tuple[tuple[str, str], ...]) -> str:
    """Say what a weak direction does not touch."""
    if all(term == "Intercept" for _, term in weak):
        return "coefficients of covariates, and survival within follow-up, are not affected."
    others = [label for label in names.everything if label not in weak and label[1] != "Intercept"]
    text = "a simpler model may say as much."
    if not others:
        return f"survival within follow-up is determined; {text}"
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    listed = ", ".join(f"{parameter} {term}" for parameter, term in others[:_NAMED])
    return f"{listed}{more}, and survival within follow-up, are not affected; {text}"


def _null_share(vectors: Array, null: NDArray[np.bool_]) -> Array:
    return (vectors[:, null] ** 2).sum(axis=1) / np.maximum((vectors**2).sum(axis=1), 1e-300)


def identified_covariance(optimum: Optimum) -> Array:
    """Inverse information; NaN for parameters that load on directions without information.

    Returns
    -------
    ndarray of shape (p, p)
    """
    p = len(optimum.theta)
    values = optimum.eigenvalues
    if optimum.status not in ("converged", "flat") or not np.isfinite(values).all():
        return np.full((p, p), np.nan)
    vectors = optimum.transform @ optimum.eigenvectors
    null = values <= _NULL_RATIO * max(values.max(), 1e-300)
    kept = vectors[:, ~null]
    covariance = kept @ (kept / values[~null]).T
    lost = _null_share(vectors, null) > _NULL_SHARE
    covariance[lost, :] = np.nan
    covariance[:, lost] = np.nan
    return covariance
