"""Maximise a smooth function with exact derivatives, and say with proof whether that succeeded."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from statmodels_x.core.interruption import shielded
from statmodels_x.core.typing import Array

Objective = Callable[[Array], tuple[float, Array, Array]]
Status = Literal["converged", "flat", "saddle", "stalled", "iteration limit", "bad start"]

_RELATIVE_FLOOR = 1e-10
_SMALLEST_RADIUS = 1e-9
_LARGEST_RADIUS = 20.0


@dataclass(frozen=True)
class Optimum:
    """Where the optimiser stopped, with what is needed to judge it.

    Attributes
    ----------
    theta : ndarray of shape (p,)
    value : float
    gradient : ndarray of shape (p,)
    information : ndarray of shape (p, p)
        Negative second derivative.
    transform : ndarray of shape (p, p)
        theta = transform @ u, with u the coordinates in which the search was made.
    eigenvalues, eigenvectors : ndarray
        Of the information in the coordinates u, ascending.
    decrement : float
        Newton decrement g' |I|^-1 g / 2: by how much a quadratic model would still raise the value.
    iterations : int
    status : str
        ``"converged"``: decrement below the tolerance and information positive definite.
        ``"flat"``: decrement below the tolerance, but some direction carries no information.
        ``"saddle"``: decrement below the tolerance at a point that is no maximum.
        ``"stalled"``: no step raises the value, usually at a bound of the search.
    """

    theta: Array
    value: float
    gradient: Array = field(repr=False)
    information: Array = field(repr=False)
    transform: Array = field(repr=False)
    eigenvalues: Array = field(repr=False)
    eigenvectors: Array = field(repr=False)
    decrement: float
    iterations: int
    status: Status

    @property
    def converged(self) -> bool:
        """Whether a maximum has been proved."""
        return self.status == "converged"


@dataclass
class _Point:
    """One evaluation in the search coordinates.

    ``curvature`` holds the absolute eigenvalues, kept off zero: ascent also where the function is not concave.
    """

    u: Array
    value: float
    gradient: Array
    eigenvalues: Array
    eigenvectors: Array
    raw: tuple[Array, Array, Array]  # theta, its gradient, its Hessian

    def __post_init__(self) -> None:
        size = np.abs(self.eigenvalues)
        self.curvature = np.maximum(size, _RELATIVE_FLOOR * max(1.0, size.max(initial=0.0)))
        self.rotated_gradient = self.eigenvectors.T @ self.gradient
        self.decrement = float(0.5 * np.sum(self.rotated_gradient**2 / self.curvature))


@shielded()
def maximise(
    objective: Objective,
    start: Array,
    transform: Array | None = None,
    *,
    tol: float = 1e-10,
    max_iter: int = 200,
    radius: float = 1.0,
    known: Optimum | None = None,
) -> Optimum:
    """Newton's method with absolute eigenvalues inside a trust region.

    Parameters
    ----------
    objective : callable
        theta -> (value, gradient, Hessian); a value of -inf marks points outside the domain.
    start : ndarray of shape (p,)
    transform : ndarray of shape (p, p), optional
        theta = transform @ u; choose it so that a unit step of u is a moderate change. Identity by default.
    tol : float
        Newton decrement below which the search ends.
    max_iter : int
        Limit on the evaluations of the objective.
    radius : float
        First trust radius in u.
    known : Optimum, optional
        Where an earlier search of the same objective stopped, if that is the start: it is not evaluated again.

    Returns
    -------
    Optimum
    """
    matrix = np.eye(len(start)) if transform is None else transform
    u = np.linalg.solve(matrix, np.asarray(start, float))
    here = _evaluate(objective, matrix, u) if known is None else _as_found(known, matrix, u)
    if here is None:
        return _bad_start(matrix, np.asarray(start, float))
    status: Status = "iteration limit"
    count = 1
    while count < max_iter:
        if here.decrement < tol:
            status = _kind_of_stationary(here)
            break
        step = _trust_step(here, radius)
        gain = float(here.gradient @ step - 0.5 * np.sum(here.curvature * (here.eigenvectors.T @ step) ** 2))
        there = _evaluate(objective, matrix, here.u + step)
        count += 1
        agreement = _agreement(here, there, gain)
        if there is not None and agreement > 1e-4:
            if agreement > 0.75 and np.linalg.norm(step) > 0.8 * radius:
                radius = min(2.0 * radius, _LARGEST_RADIUS)
            here = there
        if agreement < 0.25:
            radius = 0.3 * min(radius, float(np.linalg.norm(step)))
        if radius < _SMALLEST_RADIUS:
            status = "stalled"
            break
    if status == "iteration limit" and here.decrement < tol:
        status = _kind_of_stationary(here)
    theta, gradient, hessian = here.raw
    return Optimum(
        theta, here.value, gradient, -hessian, matrix, here.eigenvalues, here.eigenvectors,
        here.decrement, count, status,
    )  # fmt: skip


def _evaluate(objective: Objective, matrix: Array, u: Array) -> _Point | None:
    theta = matrix @ u
    with np.errstate(over="ignore", invalid="ignore"):  # a point beyond the range of floats is refused below
        return _point(matrix, u, theta, *objective(theta))


def _as_found(known: Optimum, matrix: Array, u: Array) -> _Point | None:
    with np.errstate(over="ignore", invalid="ignore"):
        return _point(matrix, u, known.theta, known.value, known.gradient, -known.information)


def _point(
    matrix: Array, u: Array, theta: Array, value: float, gradient: Array, hessian: Array
) -> _Point | None:
    # one sum sees an infinite or missing entry anywhere
    if not math.isfinite(value + float(gradient.sum()) + float(hessian.sum())):
        return None
    information = -(matrix.T @ hessian @ matrix)
    values, vectors = np.linalg.eigh(0.5 * (information + information.T))
    return _Point(u, value, matrix.T @ gradient, values, vectors, (theta, gradient, hessian))


def _bad_start(matrix: Array, start: Array) -> Optimum:
    p = len(start)
    nan = np.full(p, np.nan)
    return Optimum(
        start, -np.inf, nan, np.full((p, p), np.nan), matrix, nan, np.eye(p), np.inf, 0, "bad start"
    )  # fmt: skip


def _agreement(here: _Point, there: _Point | None, gain: float) -> float:
    """Actual over predicted gain; 1 where both are lost in the rounding of the value."""
    if there is None:
        return -1.0
    rounding = 1e-11 * max(1.0, abs(here.value))
    if gain < rounding and there.value > here.value - 10.0 * rounding:
        return 1.0
    return (there.value - here.value) / max(gain, 1e-300)


def _trust_step(point: _Point, radius: float) -> Array:
    """Newton step, or the step on the trust radius: Hebden's iteration for the Levenberg parameter."""
    g, curvature = point.rotated_gradient, point.curvature
    size = max(1.0, float(np.abs(g).max(initial=0.0)))
    g, curvature = g / size, curvature / size  # the same step; norms of huge gradients stay finite
    shift = 0.0
    step = g / curvature
    for _ in range(30):
        length = float(np.sqrt(step @ step))
        if length <= 1.02 * radius:
            break
        slope = float(step @ (step / (curvature + shift)))
        shift += (length / radius - 1.0) * length**2 / slope
        step = g / (curvature + shift)
    return np.asarray(point.eigenvectors @ step)


def _kind_of_stationary(point: _Point) -> Status:
    values = point.eigenvalues
    largest = max(float(values.max(initial=0.0)), 1e-300)
    if not len(values) or values[0] > _RELATIVE_FLOOR * largest:
        return "converged"
    return "saddle" if values[0] < -1e-7 * largest else "flat"
