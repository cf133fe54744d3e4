"""Replicates of the estimate under random weights, streamed: memory does not grow with their number.

Every subject's weight is multiplied by an exponential variable of mean 1, which enters every step (Kaplan-Meier,
masses, g and its evaluation). Each replicate is reduced at once to binned sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import IdentificationError
from statmodels_x.core.parallel import each
from statmodels_x.core.typing import Array
from statmodels_x.surrogate.fitting.estimation import ESTIMATORS, Batch
from statmodels_x.surrogate.fitting.smoothing import Smoother, build_smoother
from statmodels_x.surrogate.fitting.sorting import SortedTrial, sort_trial
from statmodels_x.surrogate.fitting.stopping import Stopping, plan_stopping
from statmodels_x.surrogate.sample import Trial
from statmodels_x.surrogate.specification import Settings

_CHUNK = 25
_SPLITS, _WEIGHTS = 0, 1


class Layout(NamedTuple):
    """All of a sample but its weights, as the kernels take it: how subjects stand in groups, bins and folds.

    Attributes
    ----------
    time, died : ndarray of shape (n,)
    groups : ndarray of shape (G, 7)
    bins : ndarray of shape (n,)
        Left of the two bins between which the surrogate time lies; -1: no event by the landmark.
    fractions : ndarray of shape (n,)
        Share of the right bin.
    folds : ndarray of shape (n, R)
    n_folds, n_points : int
        Numbers of folds and of bins.
    landmark, at : float
    is_area : bool
        Whether the outcome is the restricted mean up to ``at``.
    """

    time: Array
    died: NDArray[np.bool_]
    groups: NDArray[np.int64]
    bins: NDArray[np.int64]
    fractions: Array
    folds: NDArray[np.uint8]
    n_folds: int
    n_points: int
    landmark: float
    at: float
    is_area: bool


@dataclass(frozen=True)
class Plan:
    """One pair of times and all that stays the same between replicates.

    Attributes
    ----------
    method : {"crossfit", "full", "split"}
    sample : SortedTrial
    smoother : Smoother
    layout : Layout
    stopping : Stopping or None
        Weights for what is not known of the surrogate; None where all is known.
    """

    method: str
    sample: SortedTrial = field(repr=False)
    smoother: Smoother = field(repr=False)
    layout: Layout = field(repr=False)
    stopping: Stopping | None = field(repr=False, default=None)


def sort_for(trial: Trial, settings: Settings) -> SortedTrial:
    """Sort a trial for a method: the split estimator sorts within random halves of each arm and stratum."""
    if settings.method != "split":
        return sort_trial(trial)
    groups = trial.arm * (trial.stratum.max() + 1) + trial.stratum
    rng = np.random.default_rng(np.random.SeedSequence(settings.seed, spawn_key=(_SPLITS,)))
    halves = balanced_folds(groups, trial.cluster, 2, rng)
    _check_folds(halves, groups, 2, trial.cluster)
    return sort_trial(trial, halves)


def build_plan(sample: SortedTrial, settings: Settings, at: float, landmark: float, is_area: bool) -> Plan:
    """Place the subjects in bins and folds."""
    trial = sample.trial
    smoother = build_smoother(sample, landmark, settings.bandwidth)
    early = trial.early(landmark)
    bins, fractions = np.full(len(trial), -1, np.int64), np.zeros(len(trial))
    bins[early], fractions[early] = smoother.locate(trial.surrogate[early])
    if settings.method == "split":
        folds, n_folds = sample.part.astype(np.uint8)[:, None], 2
    elif settings.method == "full":
        folds, n_folds = np.zeros((len(trial), 1), np.uint8), 1
    else:
        folds, n_folds = _folds(sample, early, settings), settings.n_folds
    groups, n_points = sample.groups(at, landmark), len(smoother.points)
    layout = Layout(
        trial.time, trial.died, groups, bins, fractions, folds, n_folds, n_points, landmark, at, is_area
    )
    return Plan(settings.method, sample, smoother, layout, plan_stopping(trial, landmark))


def _folds(sample: SortedTrial, early: NDArray[np.bool_], settings: Settings) -> NDArray[np.uint8]:
    """Random folds, balanced within arm, stratum, and early event or not."""
    trial = sample.trial
    groups = 2 * (trial.arm * sample.n_strata + trial.stratum) + early
    streams = [
        np.random.SeedSequence(settings.seed, spawn_key=(_SPLITS, r)) for r in range(settings.n_splits)
    ]
    columns = [
        balanced_folds(groups, trial.cluster, settings.n_folds, np.random.default_rng(stream))
        for stream in streams
    ]
    for folds in columns:
        _check_folds(folds, np.where(early, trial.arm, -1), settings.n_folds, trial.cluster)
    return np.ascontiguousarray(np.column_stack(columns).astype(np.uint8))


def _check_folds(
    folds: NDArray[np.int64], needed: NDArray[np.int64], n_folds: int, cluster: NDArray[np.int64] | None
) -> None:
    """Refuse folds that hold all that is needed of a group (negative: of none), as large clusters can make them."""
    wanted = set(np.unique(needed[needed >= 0]).tolist())
    if all(wanted <= set(np.unique(needed[folds != k]).tolist()) for k in range(n_folds)):
        return
    what = "subjects" if cluster is None else f"clusters ({int(cluster.max()) + 1})"
    raise IdentificationError(
        f"there are too few {what} for {n_folds} parts: with one of them left out, an arm (or stratum) is empty or has "
        'no early event. Use method="full", fewer folds, or smaller clusters.'
    )


def balanced_folds(
    groups: NDArray[np.int64], cluster: NDArray[np.int64] | None, n_folds: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Assign rows to folds of equal size within each group, or whole clusters to folds."""
    if cluster is not None:
        return np.asarray(rng.permutation(cluster.max() + 1) % n_folds)[cluster]
    folds = np.empty(len(groups), np.int64)
    shuffled = rng.permutation(len(groups))
    order = shuffled[np.argsort(groups[shuffled], kind="stable")]
    # dealt out along the groups without a fresh start in each, so that small groups do not all fill fold 0
    folds[order] = (np.arange(len(groups)) + rng.integers(n_folds)) % n_folds
    return folds


def reduce_weights(plan: Plan, weight: Array) -> tuple[Array, Array]:
    """Reduce one weighted sample: its margins of shape (parts, 2, 4) and sums of shape (3, R, K, m + 1)."""
    from statmodels_x.surrogate.kernels.reduction import reduce_sample

    known = weight if plan.stopping is None else weight * plan.stopping.factors(weight)
    margins, sums = reduce_sample(weight, known, plan.layout)
    return margins, sums


def point_estimate(plan: Plan) -> Batch:
    """Estimate from the sample as it is: a batch of one."""
    margins, sums = reduce_weights(plan, plan.sample.trial.weight)
    return ESTIMATORS[plan.method](plan.smoother, sums[None], margins[None], plan.layout.is_area)


def perturb(
    plans: Sequence[Plan], n_perturb: int, seed: int, n_jobs: int = 1, progress: bool = False
) -> list[Batch]:
    """Replicate the estimates of plans on one sample under common random weights.

    Parameters
    ----------
    plans : sequence of Plan
        All on the same sorted sample.
    n_perturb : int
    seed : int
        Replicate b draws from its own stream, whatever ``n_jobs``.
    n_jobs : int
        Threads, through joblib.
    progress : bool

    Returns
    -------
    list of Batch
        One for each plan.
    """
    pieces = [range(k, min(k + _CHUNK, n_perturb)) for k in range(0, n_perturb, _CHUNK)]
    task = partial(_chunk, plans, seed=seed)
    chunks = list(each(task, pieces, n_jobs=n_jobs, progress=progress, prefer="threads"))
    return [_join([chunk[k] for chunk in chunks]) for k in range(len(plans))]


def _chunk(plans: Sequence[Plan], replicates: range, seed: int) -> list[Batch]:
    trial = plans[0].sample.trial
    weight, draw = np.empty(len(trial)), _draw if trial.propensity is None else _draw_propensity
    reduced: list[list[Any]] = [[] for _ in plans]
    for b in replicates:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_WEIGHTS, b)))
        draw(trial, rng, weight)
        for found, plan in zip(reduced, plans, strict=True):
            found.append(reduce_weights(plan, weight))
    batches = []
    for found, plan in zip(reduced, plans, strict=True):
        margins, sums = (np.stack(part) for part in zip(*found, strict=True))
        batches.append(ESTIMATORS[plan.method](plan.smoother, sums, margins, plan.layout.is_area))
    return batches


def _draw(trial: Trial, rng: np.random.Generator, weight: Array) -> None:
    """Fill ``weight`` with the subjects' weights times exponential variables, one a cluster if there are any."""
    if trial.cluster is None:
        rng.standard_exponential(out=weight)
        weight *= trial.weight
    else:
        np.multiply(
            rng.standard_exponential(trial.cluster.max() + 1)[trial.cluster], trial.weight, out=weight
        )


def _draw_propensity(trial: Trial, rng: np.random.Generator, weight: Array) -> None:
    """Fill ``weight`` with exponential variables over the probabilities that they themselves give to the arms."""
    assert trial.propensity is not None
    n = len(trial) if trial.cluster is None else trial.cluster.max() + 1
    drawn = rng.standard_exponential(n)
    weight[:] = trial.propensity.weights(trial.arm, drawn if trial.cluster is None else drawn[trial.cluster])


def _join(batches: Sequence[Batch]) -> Batch:
    names = ("values", "g1", "split_ratio")
    return Batch(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in names))
