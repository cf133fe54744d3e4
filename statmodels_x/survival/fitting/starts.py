"""Start values: a ladder of nested models, simplest first, then seeded random points.

A Weibull, the same covariates with a free shape, one scale before two, one parameter's covariates before all
of them. Every larger model so starts at the optimum of a smaller one, and cannot end below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from statmodels_x.core.optimize import Optimum, maximise
from statmodels_x.core.typing import Array
from statmodels_x.survival.fitting.limits import search_limits
from statmodels_x.survival.kernels.likelihood import Designs, SurvivalArrays, SurvivalRows, loglik

Rows = TypeVar("Rows", bound=SurvivalRows)

_KAPPAS = (-0.5, 0.0, 1.0)
_KAPPAS_BOTH = (-0.7, -0.3, 0.0, 0.4, 2.5)
_RIDGE_SHIFTS = (-8.0, -2.0, 2.0, 8.0)
_LATE_KAPPA = 0.1
_RANDOM_SD = (1.5, 1.5, 0.75, 1.2, 1.0)
_CURED = (0.15, 0.4, 0.7)
_FLAT = (1.0, 3.0)
_FLATTEST = -2.5
_SLOPE_SD = 0.5
_SOME = 10_000
SAME_MODE = 1e-2
_SAME_PLACE = 1.0
ROUGH_TOL = 1e-4
ROUGH_ITER = 60


@dataclass(frozen=True)
class Weibull:
    """A preliminary fit: coefficients of the main scale and the log power."""

    primary: int
    coefficients: Array
    power: float


def orthogonal_transform(arrays: SurvivalRows) -> Array:
    """Return T with theta = T u, where a unit of u moves its linear predictor by 1 in mean square."""
    transform = np.eye(arrays.n_parameters)
    gram = sum(arrays.each(_gram)) / arrays.n
    for part in arrays.slices:
        if part.stop > part.start:
            block = gram[part, part]
            size = np.sqrt(np.diag(block))
            upper = np.linalg.cholesky(block / np.outer(size, size)).T * size
            transform[part, part] = np.linalg.inv(upper)
    return transform


def _gram(arrays: SurvivalArrays) -> Array:
    return np.asarray(arrays.matrix.T @ arrays.matrix)


def climb(
    arrays: SurvivalRows,
    start: Array,
    transform: Array,
    tol: float,
    max_iter: int,
    known: Optimum | None = None,
) -> Optimum:
    """Search for a maximum of the log-likelihood from one start; ``known`` is what was found there."""

    def objective(theta: Array) -> tuple[float, Array, Array]:
        found = arrays.each(loglik, theta)
        if len(found) == 1:
            return found[0]
        value, score, hessian = zip(*found, strict=True)
        return sum(value), sum(score), sum(hessian)

    return maximise(objective, start, transform, tol=tol, max_iter=max_iter, known=known)


def rough_climbs(arrays: SurvivalRows, starts: Iterator[Array]) -> list[Optimum]:
    """Search from each start, with a tolerance that tells modes apart but wastes nothing on ridges."""
    transform = orthogonal_transform(arrays)
    return [climb(arrays, start, transform, ROUGH_TOL, ROUGH_ITER) for start in starts]


def distinct_best(found: list[Optimum], most: int | None = None) -> list[Optimum]:
    """Return the highest ends that differ, in descending order.

    A maximum and the end of a ridge at the same height are different ends.
    """
    kept: list[Optimum] = []
    for optimum in sorted((o for o in found if o.status != "bad start"), key=lambda o: -o.value):
        if not any(_same_end(optimum, other) for other in kept):
            kept.append(optimum)
    return kept[:most]


def _same_end(one: Optimum, other: Optimum) -> bool:
    if abs(one.value - other.value) > SAME_MODE or one.converged != other.converged:
        return False
    apart = np.linalg.solve(one.transform, one.theta - other.theta)
    return not one.converged or float(np.sqrt(apart @ apart)) < _SAME_PLACE


def preliminary_weibull(arrays: SurvivalArrays, primary: int) -> tuple[Weibull, SurvivalArrays]:
    """Fit a Weibull with the main regression; return it and the sample with limits of search set by it.

    Parameters
    ----------
    arrays : SurvivalArrays
    primary : int
        0 if log phi carries the main regression, 1 if log lambda does.
    """
    middle = float(np.median(_log_ends(arrays)))
    main = arrays.designs[primary]
    designs: list[Array | None] = [None, None, np.ones((arrays.n, 1)), None, None]
    designs[primary] = main
    offsets: list[float | Array] = [0.0, 0.0, 0.0, math.log(2.0), 0.0]
    offsets[primary] = arrays.offsets[primary] if arrays.offsets.shape[1] > 1 else 0.0
    # times around 1, so that log phi and log lambda start at the same value
    centred = replace(
        arrays.with_model(tuple(designs), tuple(offsets)),
        log_lower=arrays.log_lower - middle,
        log_upper=arrays.log_upper - middle,
        log_entry=arrays.log_entry - middle,
        low=np.array([-1e3, -1e3, _FLATTEST, 0.0, 0.0]),
        high=np.full(5, 1e3),
        cure=0,
        family=None,
    )
    start = np.zeros(centred.n_parameters)
    start[centred.slices[primary]] = constant_coefficients(main, _log_rate(centred))
    optimum = climb(centred, start, orthogonal_transform(centred), ROUGH_TOL, ROUGH_ITER)
    # with late entry a falling hazard can have no Weibull maximum; the exponential always has one
    theta = optimum.theta if optimum.status in ("converged", "flat") else start
    power = float(theta[centred.slices[2]][0])
    shift = -middle if primary == 0 else -math.exp(power) * middle
    if not arrays.free[1 - primary]:
        shift += _taken_up(float(arrays.offsets[1 - primary].mean()), primary, power)
    coefficients = theta[centred.slices[primary]] + constant_coefficients(main, shift)
    return Weibull(primary, coefficients, power), with_limits(arrays, power)


def _taken_up(fixed: float, primary: int, power: float) -> float:
    """Return what the main scale's intercept takes up where the other scale is fixed away from 1 (logarithms)."""
    return -math.exp(-power) * fixed if primary == 0 else -math.exp(power) * fixed


def with_limits(arrays: Rows, power: float) -> Rows:
    """Set the limits of the search around the power of a preliminary Weibull."""
    middle, reach = zip(*arrays.each(_middle_and_reach), strict=True)
    low, high = search_limits(float(np.median(middle)), max(reach), power, arrays.cure, arrays.family)
    return arrays.with_limits(low, high)


def _middle_and_reach(arrays: SurvivalArrays) -> tuple[float, float]:
    """Median of the log times, and the largest on either side of 0."""
    log_time = arrays.log_time
    # the limits lie 60 around the median: that of some rows will do
    return float(np.median(log_time[:: max(1, arrays.n // _SOME)])), float(np.abs(log_time).max(initial=0.0))


def _log_rate(arrays: SurvivalArrays) -> float:
    weight = arrays.weight if len(arrays.weight) else np.ones(arrays.n)
    events = float(np.sum((arrays.code != 0) * weight))
    return math.log(max(events, 0.5) / float(np.sum(np.exp(np.minimum(arrays.log_time, 50.0)) * weight)))


def constant_coefficients(design: Array | None, value: float | Array) -> Array:
    """Coefficients whose linear predictor is as close as possible to a constant, or to given values."""
    if design is None:
        return np.zeros(0)
    target = np.broadcast_to(np.asarray(value, float), (len(design),))
    return np.asarray(np.linalg.lstsq(design.T @ design, design.T @ target, rcond=None)[0])


def ladder(arrays: SurvivalArrays, weibull: Weibull) -> Iterator[Array]:
    """Yield start values from the Weibull and from nested models, simplest first."""
    primary = weibull.primary
    if arrays.cure:
        yield from _cure_starts(arrays, weibull)
    for kappa in _shapes(arrays, _KAPPAS):
        yield weibull_start(arrays, weibull, kappa)
    if arrays.free[2] and arrays.free[3] and arrays.family is None:
        yield _late_start(arrays, weibull)
    if arrays.free[1 - primary]:
        yield from _from_one_scale(arrays, weibull)
        for kappa in _shapes(arrays, _KAPPAS_BOTH):
            for shift in _RIDGE_SHIFTS:
                yield _slide(arrays, weibull_start(arrays, weibull, kappa), shift, weibull.power)
    yield from _flat_starts(arrays)
    sizes = np.diff(arrays.starts)
    extra = [j for j in range(5) if j != primary and sizes[j] > 1]
    if extra:
        yield from _from_fewer_covariates(arrays, weibull, extra)


def _log_ends(arrays: SurvivalArrays) -> Array:
    """All finite logarithms of times: left ends, right ends, entries."""
    ends = np.concatenate([arrays.log_lower, arrays.log_upper, arrays.log_entry])
    return ends[np.isfinite(ends)]


def _flat_starts(arrays: SurvivalArrays) -> Iterator[Array]:
    """Yield starts whose power is so small that every z is moderate, and every term of a proper baseline finite.

    Only where a Weibull is no guide: with intervals, which can be wide, under a family of its own.
    """
    if arrays.family is None or not len(arrays.log_upper) or not arrays.free[2]:
        return
    ends, designs, parts = _log_ends(arrays), arrays.designs, arrays.slices
    middle = float(np.median(ends)) if arrays.free[0] else -float(np.median(arrays.offsets[0]))
    reach = max(float(np.abs(ends - middle).max()), 1e-8)
    for size in _FLAT:
        theta = np.zeros(arrays.n_parameters)
        theta[parts[0]] = constant_coefficients(designs[0], -middle)
        theta[parts[2]] = constant_coefficients(designs[2], math.log(size / reach))
        theta[parts[3]] = constant_coefficients(designs[3], _working_shape(arrays, 0.0))
        yield theta


def random_starts(
    arrays: SurvivalArrays, weibull: Weibull, found: list[Optimum], n: int, rng: np.random.Generator
) -> Iterator[Array]:
    """Yield perturbations of the Weibull, and every fourth time of the best end found so far."""
    centre = weibull_start(arrays, weibull, 0.0)
    ends = distinct_best(found, 1)
    best = ends[0].theta if ends else centre
    for k in range(n):
        yield _perturbed(arrays, best if k % 4 == 3 else centre, rng)


def _shapes(arrays: SurvivalArrays, kappas: tuple[float, ...]) -> tuple[float, ...]:
    """Start values of kappa that the model allows."""
    if not arrays.free[3]:
        return (0.0,)
    if arrays.family is not None:
        return arrays.family.shape_starts
    return tuple(kappa for kappa in kappas if math.log1p(kappa) >= arrays.low[3])


def _cure_starts(arrays: SurvivalArrays, weibull: Weibull) -> Iterator[Array]:
    """Yield starts with several cured fractions, the uncured distribution taken from the events alone."""
    seen = np.flatnonzero(arrays.code != 0)
    events = preliminary_weibull(arrays.take(seen), weibull.primary)[0] if len(seen) > 2 else weibull
    for fraction in _CURED:
        for kappa in _shapes(arrays, _KAPPAS):
            yield weibull_start(arrays, events, kappa, fraction)


def weibull_start(arrays: SurvivalArrays, weibull: Weibull, kappa: float, cured: float = 0.2) -> Array:
    """Start at the preliminary Weibull's scale and power with another shape, and a cured fraction."""
    theta = np.zeros(arrays.n_parameters)
    designs, parts = arrays.designs, arrays.slices
    theta[parts[weibull.primary]] = weibull.coefficients
    theta[parts[2]] = constant_coefficients(designs[2], weibull.power)
    theta[parts[3]] = constant_coefficients(designs[3], _working_shape(arrays, kappa))
    level = math.log(cured / (1.0 - cured)) if arrays.cure == 1 else math.log(-math.log(cured))
    theta[parts[4]] = constant_coefficients(designs[4], level)
    return theta


def _working_shape(arrays: SurvivalArrays, kappa: float) -> float:
    if arrays.family is None:
        return math.log1p(kappa)
    starts = arrays.family.shape_starts
    return arrays.family.to_working(kappa if kappa in starts else starts[0]) if starts else 0.0


def _late_start(arrays: SurvivalArrays, weibull: Weibull) -> Array:
    """Start at the Weibull of large z, H ~ (lambda/kappa) z^kappa with a small kappa: a hazard that sets in late."""
    gain = math.log(_LATE_KAPPA)
    shift = gain * math.exp(-weibull.power) if weibull.primary == 0 else gain
    moved = weibull.coefficients + constant_coefficients(arrays.designs[weibull.primary], shift)
    return weibull_start(arrays, Weibull(weibull.primary, moved, weibull.power - gain), _LATE_KAPPA)


def _slide(arrays: SurvivalArrays, theta: Array, shift: float, power: float) -> Array:
    """Move along the Weibull ridge: log phi up, log lambda down."""
    designs, parts = arrays.designs, arrays.slices
    theta[parts[0]] += constant_coefficients(designs[0], shift)
    theta[parts[1]] -= constant_coefficients(designs[1], math.exp(power) * shift)
    return theta


def _from_one_scale(arrays: SurvivalArrays, weibull: Weibull) -> Iterator[Array]:
    """Yield the optima of the two models with one scale: phi at the middle of the events, or lambda at 1."""
    seen = arrays.log_time[arrays.code != 0]
    middle = float(np.median(seen if len(seen) else arrays.log_time))
    for kept in (weibull.primary, 1 - weibull.primary):
        fixed = -middle if kept == 1 else 0.0
        designs, offsets = list(arrays.designs), list(arrays.offsets)
        designs[1 - kept], offsets[1 - kept] = None, fixed
        smaller = arrays.with_model(tuple(designs), tuple(_scalar_or_array(o) for o in offsets))
        alone = _on_scale(arrays, weibull, kept)
        moved = constant_coefficients(arrays.designs[kept], _taken_up(fixed, kept, weibull.power))
        start = Weibull(kept, alone.coefficients + moved, weibull.power)
        found = rough_climbs(smaller, ladder(smaller, start))
        for optimum in distinct_best(found, 1):
            yield embed(optimum.theta, smaller, arrays)


def _on_scale(arrays: SurvivalArrays, weibull: Weibull, scale: int) -> Weibull:
    """Express the same Weibull on the other scale: log lambda = gamma log phi."""
    if scale == weibull.primary:
        return weibull
    factor = math.exp(weibull.power if scale == 1 else -weibull.power)
    values = factor * (arrays.designs[weibull.primary] @ weibull.coefficients)  # type: ignore[operator]
    return Weibull(scale, constant_coefficients(arrays.designs[scale], values), weibull.power)


def _from_fewer_covariates(arrays: SurvivalArrays, weibull: Weibull, extra: list[int]) -> Iterator[Array]:
    """Yield optima with covariates in the main scale only, then with those of one other parameter added."""
    ones = np.ones((arrays.n, 1))
    full = arrays.designs
    base = _with_designs(arrays, tuple(ones if j in extra else full[j] for j in range(5)))
    seeds = distinct_best(rough_climbs(base, ladder(base, weibull)), 3)
    for optimum in seeds:
        yield embed(optimum.theta, base, arrays)
    if len(extra) < 2:
        return
    for added in extra:
        middle = _with_designs(
            arrays, tuple(full[j] if j == added else d for j, d in enumerate(base.designs))
        )
        found = rough_climbs(middle, (embed(optimum.theta, base, middle) for optimum in seeds))
        for optimum in distinct_best(found, 2):
            yield embed(optimum.theta, middle, arrays)


def _with_designs(arrays: SurvivalArrays, designs: Designs) -> SurvivalArrays:
    return arrays.with_model(designs, tuple(_scalar_or_array(offset) for offset in arrays.offsets))


def _scalar_or_array(offset: float | Array) -> float | Array:
    return float(offset[0]) if isinstance(offset, np.ndarray) and len(offset) == 1 else offset


def embed(theta: Array, smaller: SurvivalArrays, arrays: SurvivalArrays) -> Array:
    """Coefficients of the larger model that reproduce the smaller model's linear predictors."""
    full = np.zeros(arrays.n_parameters)
    for small, large, from_, to in zip(
        smaller.designs, arrays.designs, smaller.slices, arrays.slices, strict=True
    ):
        if small is not None and large is not None:
            full[to] = constant_coefficients(large, small @ theta[from_])
    if arrays.has_factor:
        full[-1] = theta[-1]
    return full


def _perturbed(arrays: SurvivalArrays, centre: Array, rng: np.random.Generator) -> Array:
    theta = centre.copy()
    for design, part, sd in zip(arrays.designs, arrays.slices, _RANDOM_SD, strict=True):
        if design is None:
            continue
        theta[part] += constant_coefficients(design, sd * rng.standard_normal())
        spread = design.std(axis=0)
        slopes = _SLOPE_SD * sd * rng.standard_normal(len(spread))
        theta[part] += np.where(spread > 1e-9, slopes / np.maximum(spread, 1e-9), 0.0)
    return np.asarray(theta)
