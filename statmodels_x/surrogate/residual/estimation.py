"""Residual treatment effects after Parast, Cai and Tian: weighted samples in, Delta, Delta_S and Delta_T out.

Delta_S is the effect that would remain if the surrogate information at the landmark had the control's distribution in
both arms: the mean over control survivors of what the treated with the same information go on to. Delta_T is the same
with survival to the landmark as the only information. Everything is weighted by the inverse of censoring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.integrate import trapezoid

from statmodels_x.core.errors import ConvergenceError
from statmodels_x.core.rank import ColumnSums
from statmodels_x.core.scaling import ColumnMap
from statmodels_x.core.typing import Array
from statmodels_x.surrogate.fitting.stopping import Stopping
from statmodels_x.surrogate.sample import Trial

_BLOCK = 512
_NEWTON_STEPS = 50
_REACH = 3.0


@dataclass(frozen=True)
class Problem:
    """What is to be estimated and how.

    Attributes
    ----------
    arms : pair of Trial
        Control and treated, each sorted by time with deaths before censorings at ties. Their surrogate is the time of
        the event, infinite if not seen, or the marker at the landmark.
    at, landmark : float
    is_area : bool
        Restricted means instead of survival.
    is_marker : bool
        The surrogate is a marker measured at the landmark in all survivors, not an event by then.
    scale : {"log", "identity", "normal"}
        On which the surrogate is smoothed.
    smoother : {"kernel", "cox"}
    is_linear : bool
        Step functions are interpolated linearly, as the authors' software does.
    n_grid : int or None
        Intervals of the trapezoidal rule over (t0, t]; None integrates the step functions exactly.
    bandwidth : float or None
    """

    arms: tuple[Trial, Trial] = field(repr=False)
    at: float
    landmark: float
    is_area: bool
    is_marker: bool
    scale: str
    smoother: str
    is_linear: bool
    n_grid: int | None
    bandwidth: float | None

    def informed(self, arm: Trial) -> NDArray[np.bool_]:
        """Survivors of the landmark with surrogate information to smooth over."""
        seen = np.isfinite(arm.surrogate) if self.is_marker else arm.surrogate < self.landmark
        return (arm.time > self.landmark) & seen


@dataclass(frozen=True)
class Prepared:
    """A problem with all that stays the same between replicates.

    Attributes
    ----------
    problem : Problem
    times : list of (ndarray, ndarray)
        Distinct times of each arm, and the place of each subject's time among them.
    kernel : ndarray of shape (m0, m1)
        Control survivors by treated survivors with surrogate information.
    scaled : pair of ndarray
        Their surrogate values on the scale of smoothing.
    stopping : Stopping or None
        Weights for what is not known of the surrogate, for the subjects of the control and then of the treated arm.
    n_outside : int
        Control survivors whose surrogate value is further than three bandwidths from every treated one's.
    """

    problem: Problem
    times: list[tuple[Array, NDArray[np.int64]]] = field(repr=False)
    kernel: Array = field(repr=False)
    scaled: tuple[Array, Array] = field(repr=False)
    stopping: Stopping | None = field(repr=False)
    n_outside: int


def prepare(problem: Problem, stopping: Stopping | None = None) -> Prepared:
    """Scale the surrogate, choose the bandwidth, and evaluate the kernel."""
    times = [np.unique(arm.time, return_inverse=True) for arm in problem.arms]
    scaled, unit = _rescale([arm.surrogate[problem.informed(arm)] for arm in problem.arms], problem.scale)
    width = normal_reference(scaled[1]) * len(scaled[1]) ** -0.11
    if problem.bandwidth is not None:
        width = problem.bandwidth / unit
    kernel = np.zeros((0, 0))
    if problem.smoother == "kernel":
        kernel = stats.norm.pdf((scaled[1][None, :] - scaled[0][:, None]) / width)
    nearest = np.sort(scaled[1])
    place = np.searchsorted(nearest, scaled[0]).clip(1, len(nearest) - 1)
    gap = np.minimum(np.abs(scaled[0] - nearest[place - 1]), np.abs(scaled[0] - nearest[place]))
    n_outside = int(np.count_nonzero(gap > _REACH * width)) if problem.smoother == "kernel" else 0
    return Prepared(problem, times, kernel, scaled, stopping, n_outside)


def normal_reference(values: Array) -> float:
    """Scott's bandwidth, 1.06 min(sd, IQR/1.34) n^-1/5."""
    low, high = np.quantile(values, [0.25, 0.75])
    spread = min(np.std(values, ddof=1), (high - low) / 1.34) if high > low else np.std(values, ddof=1)
    return float(1.06 * spread * len(values) ** -0.2)


def _rescale(values: list[Array], scale: str) -> tuple[tuple[Array, Array], float]:
    """Return the surrogate of both arms on the scale of smoothing, and the unit of a bandwidth there."""
    if scale == "log":
        return (np.log(values[0]), np.log(values[1])), 1.0
    near, unit = _near(values)
    if scale == "normal":
        pooled = np.concatenate(near)
        centre, spread = pooled.mean(), np.std(pooled, ddof=1)
        return tuple(stats.norm.cdf((own - centre) / spread) for own in near), 1.0
    return near, unit


def _near(values: Sequence[Array]) -> tuple[tuple[Array, Array], float]:
    """Return values of both arms near 0 and of moderate size, and their unit."""
    pooled = np.concatenate(values)
    columns = ColumnMap.of(ColumnSums.of(np.column_stack([np.ones(len(pooled)), pooled])))
    own, other = np.split((pooled - columns.centre[1]) / columns.scale[1], [len(values[0])])
    return (own, other), float(columns.scale[1])


def residual_effects(prepared: Prepared, weights: tuple[Array, Array]) -> tuple[Array, int]:
    """Estimate from one weighted sample, weights of (control, treated).

    Returns
    -------
    effects : ndarray of shape (3,)
        Delta, Delta_S and Delta_T.
    n_borrowed : int
        How many predictions had to be borrowed from the nearest neighbour.
    """
    problem = prepared.problem
    scores, at_landmark = [], []
    for k, arm in enumerate(problem.arms):
        curve = _Censoring(arm, weights[k], *prepared.times[k], problem.is_linear)
        scores.append(_scores(problem, arm, curve))
        at_landmark.append(curve.at(problem.landmark))
    means = [float(weights[k] @ scores[k] / weights[k].sum()) for k in (0, 1)]
    alive = [arm.time > problem.landmark for arm in problem.arms]
    known = [weights[k] * alive[k] for k in (0, 1)]
    late_mean = float(known[0] @ scores[0] / weights[0].sum())
    share = float(known[0].sum() / (weights[0].sum() * at_landmark[0]))
    forward = float(at_landmark[1] * (known[1] @ scores[1]) / known[1].sum())
    total = float(weights[0].sum() * at_landmark[0])
    standing = weights if prepared.stopping is None else _for_the_unknown(prepared.stopping, weights, alive)
    standardised, n_borrowed = _standardised(prepared, standing, scores[1], total, at_landmark[1])
    effects = np.array([means[1] - means[0], standardised - late_mean, share * forward - late_mean])
    return effects, n_borrowed


def _for_the_unknown(
    stopping: Stopping, weights: tuple[Array, Array], alive: list[NDArray[np.bool_]]
) -> tuple[Array, Array]:
    """Weights with which survivors of known surrogate stand for all survivors of their arm."""
    factors = np.split(stopping.factors(np.concatenate(weights)), [len(weights[0])])
    known = [weight * factor for weight, factor in zip(weights, factors, strict=True)]
    control, treated = (
        values * (weights[k][alive[k]].sum() / values[alive[k]].sum()) for k, values in enumerate(known)
    )
    return control, treated


class _Censoring:
    """Kaplan-Meier curve of censoring in a weighted arm."""

    def __init__(
        self, arm: Trial, weight: Array, grid: Array, position: NDArray[np.int64], is_linear: bool
    ) -> None:
        every = np.bincount(position, weight, len(grid))
        ended = np.bincount(position, weight * ~arm.died, len(grid))
        risk = np.cumsum(every[::-1])[::-1]
        # deaths precede censorings at ties; the authors' software has them at risk still
        risk = risk if is_linear else risk - (every - ended)
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.where(ended > 0.0, 1.0 - ended / risk, 1.0)
        self.curve = np.cumprod(np.clip(steps, 0.0, 1.0))
        self.grid, self.position, self.is_linear = grid, position, is_linear

    def at(self, time: float) -> float:
        """Share not yet censored at a time."""
        if self.is_linear:
            return float(np.interp(time, self.grid, self.curve))
        k = int(np.searchsorted(self.grid, time, side="right"))
        return float(self.curve[k - 1]) if k else 1.0

    def own(self) -> Array:
        """Share not yet censored just before each subject's time (at it, if interpolated)."""
        curve = self.curve if self.is_linear else np.concatenate([[1.0], self.curve[:-1]])
        return np.asarray(curve[self.position])


def _scores(problem: Problem, arm: Trial, curve: _Censoring) -> Array:
    """Each subject's outcome over the probability of having been seen: its mean is the outcome's."""
    late = arm.alive(problem.at)
    outcome = problem.at if problem.is_area else 1.0
    scores = np.where(late, outcome / curve.at(problem.at), 0.0)
    if problem.is_area:
        seen = ~late & arm.died
        scores[seen] = arm.time[seen] / curve.own()[seen]
    return scores


def _standardised(
    prepared: Prepared, weights: tuple[Array, Array], score: Array, total: float, treated_at_landmark: float
) -> tuple[float, int]:
    """Mean over control survivors of what the treated with their surrogate information go on to."""
    problem = prepared.problem
    control, treated = problem.arms
    informed = problem.informed(control)
    predicted, n_borrowed = _predict(prepared, weights[1][problem.informed(treated)])
    value = float(weights[0][informed] @ predicted / total)
    if problem.is_marker:
        # survivors whose marker was not measured are taken to be like the others
        alive = control.time > problem.landmark
        return value * float(weights[0][alive].sum() / weights[0][informed].sum()), n_borrowed
    rest = [np.minimum(arm.time, arm.surrogate) > problem.landmark for arm in problem.arms]
    mass = weights[1][rest[1]]
    forward = (
        float(treated_at_landmark * (mass @ score[rest[1]]) / mass.sum()) if mass.sum() > 0.0 else np.nan
    )
    share = float(weights[0][rest[0]].sum() / total)
    return value + (share * forward if share > 0.0 else 0.0), n_borrowed


def _predict(prepared: Prepared, weight: Array) -> tuple[Array, int]:
    """Outcome of the treated at the control survivors' surrogate values."""
    problem = prepared.problem
    arm = problem.arms[1]
    rows = problem.informed(arm)
    time, died = arm.time[rows], arm.died[rows]
    if problem.smoother == "cox":
        return _predict_cox(prepared, time, died, weight), 0
    first = np.searchsorted(time, time, side="left")
    blocks = [
        _outcome(problem, time, _cumulative(prepared.kernel[k : k + _BLOCK], weight, died, first))
        for k in range(0, len(prepared.kernel), _BLOCK)
    ]
    return _borrow(np.concatenate(blocks), prepared.scaled[0])


def _cumulative(kernel: Array, weight: Array, died: NDArray[np.bool_], first: NDArray[np.int64]) -> Array:
    """Cumulative hazards, kernel-weighted, one row per control survivor; NaN where no weight reaches."""
    weighted = kernel * weight
    risk = np.cumsum(weighted[:, ::-1], axis=1)[:, ::-1][:, first]
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(died, weighted / risk, 0.0)
    return np.asarray(np.cumsum(steps, axis=1))


def _outcome(problem: Problem, time: Array, cumulative: Array) -> Array:
    """Survival at t, or its integral from 0, given cumulative hazards at the treated times."""
    padded = np.concatenate([np.zeros((len(cumulative), 1)), cumulative], axis=1)
    if not problem.is_area:
        return np.asarray(np.exp(-padded[:, np.searchsorted(time, problem.at, side="right")]))
    if problem.n_grid is not None:
        grid = np.linspace(problem.landmark, problem.at, problem.n_grid + 1)
        heights = np.exp(-padded[:, np.searchsorted(time, grid, side="right")])
        return problem.landmark + trapezoid(heights, grid, axis=1)
    inside = np.clip(time, problem.landmark, problem.at)
    edges = np.concatenate([[problem.landmark], inside, [problem.at]])
    return np.asarray(problem.landmark + np.exp(-padded) @ np.diff(edges))


def _borrow(values: Array, places: Array) -> tuple[Array, int]:
    """Fill predictions out of reach of the kernel with the nearest one."""
    lost = np.isnan(values)
    if not lost.any() or lost.all():
        return values, int(lost.sum())
    known = np.flatnonzero(~lost)
    nearest = known[np.argmin(np.abs(places[lost][:, None] - places[known][None, :]), axis=1)]
    values = values.copy()
    values[lost] = values[nearest]
    return values, int(lost.sum())


def _predict_cox(prepared: Prepared, time: Array, died: NDArray[np.bool_], weight: Array) -> Array:
    """Outcome by a proportional-hazards model of the surrogate in the treated, time since the landmark."""
    problem = prepared.problem
    (new, surrogate), _ = _near([arm.surrogate[problem.informed(arm)] for arm in problem.arms])
    centre = surrogate.mean()
    slope = cox_slope(time, died, surrogate - centre, weight)
    relative = np.exp(slope * (surrogate - centre))
    first = np.searchsorted(time, time, side="left")
    risk = np.cumsum((weight * relative)[::-1])[::-1][first]
    baseline = np.cumsum(np.where(died, weight / risk, 0.0))
    ratio = np.exp(slope * (new - centre))[:, None]
    if not problem.is_linear:
        return _outcome(problem, time, ratio * baseline)
    last = np.flatnonzero(np.append(np.diff(time) > 0.0, True))

    def curve(at: Array) -> Array:
        return np.exp(-ratio * np.interp(at, time[last], baseline[last]))

    if not problem.is_area:
        return np.asarray(curve(np.array([problem.at]))[:, 0])
    grid = np.linspace(problem.landmark, problem.at, (problem.n_grid or 400) + 1)
    return np.asarray(problem.landmark + trapezoid(curve(grid), grid, axis=1))


def cox_slope(time: Array, died: NDArray[np.bool_], covariate: Array, weight: Array) -> float:
    """Slope of one covariate in a weighted Cox model (Breslow's form at ties); times must be sorted.

    Raises
    ------
    ConvergenceError
        If Newton's method does not converge.
    """
    first = np.searchsorted(time, time, side="left")
    spread = np.std(covariate) or 1.0
    z, slope = covariate / spread, 0.0
    for _ in range(_NEWTON_STEPS):
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            relative = weight * np.exp(slope * z)
            s0, s1, s2 = (np.cumsum((relative * z**k)[::-1])[::-1][first] for k in (0, 1, 2))
            score = np.sum(weight[died] * (z - s1 / s0)[died])
            information = np.sum(weight[died] * (s2 / s0 - (s1 / s0) ** 2)[died])
        step = np.clip(score / information, -1.0, 1.0) if information > 0.0 else np.nan
        slope += step
        if abs(step) < 1e-11:
            return float(slope / spread)
    raise ConvergenceError(
        "ResidualEffect: the proportional-hazards model of the surrogate in the treated has no maximum that was found "
        '(are its deaths ordered by the surrogate?); use smoother="kernel".'
    )


def perturb_residual(
    prepared: Prepared, weights: tuple[Array, Array], n_perturb: int, seed: int, n_jobs: int, progress: bool
) -> Array:
    """Replicate the estimates under exponential weights.

    Returns
    -------
    ndarray of shape (B, 3)
        Delta, Delta_S and Delta_T.
    """
    from functools import partial

    from statmodels_x.core.resampling import replicate

    task = partial(_perturbed, prepared=prepared, weights=weights)
    return np.array(replicate(task, n_perturb, seed=seed, n_jobs=n_jobs, progress=progress))


def _perturbed(rng: np.random.Generator, prepared: Prepared, weights: tuple[Array, Array]) -> Array:
    drawn = tuple(weight * rng.standard_exponential(len(weight)) for weight in weights)
    return residual_effects(prepared, (drawn[0], drawn[1]))[0]
