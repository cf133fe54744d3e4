"""What the data cannot tell: ridges of the likelihood and weak directions, found and named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.optimize import Optimum
from statmodels_x.core.typing import Array
from statmodels_x.survival.families import Family
from statmodels_x.survival.likelihood import PARAMETERS, SurvivalArrays, SurvivalRows

# Limits of the search on the log scale. Beyond them the family is its own limit to the last digit that data
# could show, so that a search which arrives here has found a ridge and not a maximum.
SCALE_LIMIT = 60.0
POWER_LOW, POWER_HIGH = -5.0, 4.0
SHAPE_LOW, SHAPE_HIGH = -9.0, 12.0
CURE_LIMIT = 12.0

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


@dataclass(frozen=True)
class Finding:
    """One thing that the data do not determine.

    Attributes
    ----------
    kind : str
        ``"weibull"``, ``"guarantee"``, ``"kappa_inf"``, ``"kappa_minus_one"``, ``"power_zero"``, ``"cure_zero"``,
        ``"cure_one"``, ``"kappa_zero"``, ``"scale_limit"``, ``"shape_limit"``, ``"null"``, ``"weak"``,
        ``"not_converged"``.
    parameters : tuple of int
        Positions in theta that are concerned.
    message : str
        What is not determined and the remedy.
    degenerate : bool
        Whether the fit is no regular maximum, and so must not win a ranking.
    """

    kind: str
    parameters: tuple[int, ...]
    message: str
    degenerate: bool


def search_limits(
    middle: float, reach: float, power_start: float, cure: int, family: Family | None = None
) -> tuple[Array, Array]:
    """Lower and upper limits of the five linear predictors, shape (5,) each.

    Parameters
    ----------
    middle, reach : float
        Median of the log times, and the largest on either side of 0.
    power_start : float
        Log power of a preliminary Weibull.
    cure : int
    family : Family, optional
        One that is no case of the built-in family.
    """
    power_high = max(POWER_HIGH, power_start + 3.0)
    low = np.array(
        [-SCALE_LIMIT - middle, -SCALE_LIMIT, min(POWER_LOW, power_start - 3.0), SHAPE_LOW, -CURE_LIMIT]
    )
    high = np.array([SCALE_LIMIT - middle, SCALE_LIMIT, power_high, SHAPE_HIGH, CURE_LIMIT])
    if family is not None and family.has_shape:
        low[3], high[3] = (family.to_working(limit) for limit in family.shape_limits)
    elif cure:  # the uncured must follow a proper law
        low[3] = 0.0
    # without an estimated log phi, log lambda has to carry gamma log t
    reach *= np.exp(min(power_high, POWER_HIGH))
    low[1] -= reach
    high[1] += reach
    return low, high


def examine(optimum: Optimum, arrays: SurvivalRows) -> tuple[Finding, ...]:
    """List what is not determined at a point where the search ended.

    Parameters
    ----------
    optimum : Optimum
    arrays : SurvivalRows

    Returns
    -------
    tuple of Finding
        Empty for a regular, well determined maximum.
    """
    if optimum.status == "bad start":
        return (Finding("not_converged", (), "no start value gave a finite likelihood.", True),)
    findings = list(ridges(optimum, arrays))
    if findings:
        return tuple(findings)
    if optimum.status in ("stalled", "iteration limit", "saddle"):
        return (
            Finding(
                "not_converged",
                (),
                f"the optimiser ended without a maximum ({optimum.status}, Newton decrement "
                f"{optimum.decrement:.1e}): raise max_iter, or simplify the model.",
                True,
            ),
        )
    return tuple(_weak_directions(optimum))


class Range(NamedTuple):
    """Smallest and largest of some values."""

    low: float
    high: float


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
    eta = arrays.linear_predictors(theta)
    both = arrays.free[0] and arrays.free[1] and arrays.family is None
    gaps = _gaps_from_weibull(arrays.log_time, eta) if both else np.full(2, np.inf)
    return eta.min(axis=1), eta.max(axis=1), gaps


def ridges(optimum: Optimum, arrays: SurvivalRows) -> list[Finding]:
    """Name the ridges on which a point lies."""
    theta, parts = optimum.theta, arrays.slices
    reach = Reach.of(theta, arrays)
    _, _, alpha, nu, c = (Range(low, high) for low, high in zip(reach.low, reach.high, strict=True))
    positions = [tuple(range(part.start, part.stop)) for part in parts]
    free = arrays.free
    found = []
    if free[2] and alpha.high > arrays.high[2] - _WALL_MARGIN:
        found.append(
            Finding(
                "guarantee",
                tuple(range(arrays.n_parameters)),
                "the likelihood rises without end as the power grows: it describes a guarantee time, a Weibull "
                "that starts at the smallest observed time. Fix the power or the shape, or use one scale.",
                True,
            )
        )
    if free[2] and alpha.low < arrays.low[2] + _WALL_MARGIN:
        found.append(
            Finding("power_zero", positions[2], "the power runs to 0: take covariates out of `power`.", True)
        )
    if free[3] and arrays.family is not None:
        found += _own_shape_ridges(arrays, nu, positions)
    elif free[3] and nu.high > _SHAPE_RIDGE:
        found.append(
            Finding(
                "kappa_inf",
                positions[3],
                "the shape runs to its upper limit, kappa = infinity (Gompertz type)"
                + (" for some covariate values: take covariates out of `shape`." if nu.low < _SHAPE_RIDGE else
                   ": refit with shape=float('inf')."),
                True,
            )
        )  # fmt: skip
    if arrays.cure:
        found += _cure_ridges(arrays, c, nu, positions)
    if free[3] and arrays.family is None and nu.low < -_SHAPE_RIDGE:
        found.append(
            Finding(
                "kappa_minus_one",
                positions[3],
                "the shape runs to its lower limit, kappa = -1, where only combinations of the parameters are "
                "determined: fix the shape (for example shape=0), or use one scale.",
                True,
            )
        )
    if not found and reach.from_weibull.min() < _WEIBULL_GAP:
        concerned = positions[0] + positions[1] + positions[3]
        found.append(
            Finding(
                "weibull",
                concerned,
                "the fitted hazard is a Weibull's: with both scales only lambda * phi^gamma is determined, "
                'neither phi, lambda nor the shape alone. Refit as distribution="weibull", or with one scale.',
                True,
            )
        )
    if not found:
        found += _scale_ridges(arrays, reach, positions)
    return found


def _own_shape_ridges(arrays: SurvivalRows, nu: Range, positions: list[tuple[int, ...]]) -> list[Finding]:
    """Name a shape of a family of its own that runs to the end of its range."""
    margin = _LIMIT_SHARE * (arrays.high[3] - arrays.low[3])
    if nu.low > arrays.low[3] + margin and nu.high < arrays.high[3] - margin:
        return []
    message = (
        "the shape runs to the end of the family's range: fix the shape by a number, or take a family with "
        "fewer parameters."
    )
    return [Finding("shape_limit", positions[3], message, True)]


def _scale_ridges(arrays: SurvivalRows, reach: Reach, positions: list[tuple[int, ...]]) -> list[Finding]:
    """Name a scale that runs away, as log phi does when late entry leaves only a hazard like 1/t to be seen."""
    found = []
    above, below = reach.high > arrays.high - _SCALE_MARGIN, reach.low < arrays.low + _SCALE_MARGIN
    for j, name in enumerate(("phi", "lambda")):
        if arrays.free[j] and (above[j] or below[j]):
            message = (
                f"log({name}) runs to its limit, so that no maximum exists: the hazard seen in these data falls "
                "(or rises) faster than this form allows. Take a more flexible distribution, or fix the power."
            )
            found.append(Finding("scale_limit", positions[j], message, True))
    return found


def _cure_ridges(
    arrays: SurvivalRows, c: Range, nu: Range, positions: list[tuple[int, ...]]
) -> list[Finding]:
    """Name the ends at which a cure model is no cure model, or its uncured law no proper law."""
    found = []
    none, everyone = (c.low < -_CURE_RIDGE, c.high > _CURE_RIDGE)
    if arrays.cure == 2:
        none, everyone = c.high > _PROMOTION_RIDGE, c.low < -_CURE_RIDGE
    where = " for some covariate values: take covariates out of `cure`" if len(positions[4]) > 1 else ""
    if none:
        message = f"the cured fraction runs to 0{where or ': leave `cure` out'}."
        found.append(Finding("cure_zero", positions[4], message, True))
    if everyone:
        found.append(Finding("cure_one", positions[4], f"the cured fraction runs to 1{where}.", True))
    if arrays.free[3] and nu.low < 1e-4 and arrays.family is None:
        message = "the shape of the uncured runs to kappa = 0, the limit of proper laws: refit with shape=0."
        found.append(Finding("kappa_zero", positions[3], message, True))
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


def _weak_directions(optimum: Optimum) -> list[Finding]:
    values, vectors = optimum.eigenvalues, optimum.transform @ optimum.eigenvectors
    null = values <= _NULL_RATIO * max(values.max(), 1e-300)
    found = []
    if null.any():
        concerned = tuple(int(k) for k in np.flatnonzero(_null_share(vectors, null) > _NULL_SHARE))
        found.append(
            Finding(
                "null",
                concerned,
                "only combinations of these parameters are determined by the data: fix one of them, or take "
                "terms out.",
                True,
            )
        )
    weak = ~null & (values < 1.0 / _WEAK_ERROR**2)
    if weak.any():
        variance = vectors**2 / np.where(null, np.inf, values)
        share = variance[:, weak].sum(axis=1) / np.maximum(variance.sum(axis=1), 1e-300)
        concerned = tuple(int(k) for k in np.flatnonzero(share > 0.5))
        error = 1.0 / np.sqrt(values[weak].min())
        found.append(
            Finding(
                "weak",
                concerned,
                f"the data say little about these parameters (a direction has standard error {error:.1f} on the "
                "log scale): Wald intervals are unreliable; a simpler model may say as much.",
                False,
            )
        )
    return found


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


def name_positions(
    positions: tuple[int, ...], arrays: SurvivalRows, names: dict[str, tuple[str, ...]]
) -> str:
    """Say which parameters a finding is about, such as ``aft Intercept, shape``."""
    texts = []
    for parameter, part in zip(PARAMETERS, arrays.slices, strict=True):
        inside = [k - part.start for k in positions if part.start <= k < part.stop]
        if inside and len(inside) == part.stop - part.start:
            texts.append(parameter)
        else:
            texts += [f"{parameter} {names[parameter][k]}" for k in inside]
    return ", ".join(texts)
