"""The search: from the smallest model upwards, from the full one along the smooth criterion, and the lower end."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import ConvergenceError, IdentificationError
from statmodels_x.core.typing import Array
from statmodels_x.survival.fitting.estimation import estimate
from statmodels_x.survival.fitting.findings import Names
from statmodels_x.survival.fitting.starts import preliminary_weibull, with_limits
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, SurvivalRows
from statmodels_x.survival.selection.groups import Candidates
from statmodels_x.survival.selection.path import Path, follow
from statmodels_x.survival.selection.space import Space, Submodel
from statmodels_x.survival.selection.stepwise import descend

METHODS = ("best", "path", "stepwise")
EVENTS_FOR_PATH, EVENTS_FOR_CHOICE = 4, 5
"""Events for each candidate coefficient that the path needs, and for each that may be chosen."""

_SUBSAMPLE = 5_000
_SETTLED = 5
_ROUNDS = 3
_MODE = 1e-2


@dataclass(frozen=True)
class Question:
    """What is searched: the full model on its rows, and the rules.

    Attributes
    ----------
    rows : SurvivalRows
        The full model, with limits of search.
    candidates : Candidates
    names : Names
    scale : str
        The main scale.
    method : str
        One of ``METHODS``.
    lam : float or None
        The price of a coefficient; None for log n.
    by_events : bool
        Whether n counts events, and not observations.
    counted : bool
        Whether weights count observations.
    clusters : ndarray of shape (n,) or (0,)
        Codes of the clusters of rows in memory.
    """

    rows: SurvivalRows = field(repr=False)
    candidates: Candidates
    names: Names = field(repr=False)
    scale: str
    method: str
    lam: float | None
    by_events: bool = False
    counted: bool = True
    clusters: NDArray[np.intp] = field(repr=False, default_factory=lambda: np.zeros(0, np.intp))

    @property
    def has_modes(self) -> bool:
        """Whether the likelihood can have several maxima."""
        free = self.rows.free
        return (free[0] and free[1]) or self.rows.cure != 0

    def events(self) -> float:
        """Events, by their weights where these count."""
        return float(sum(count for _, count in self.rows.each(_counts, self.counted)))

    def price(self) -> float:
        """Return lam for these rows."""
        if self.lam is not None:
            return self.lam
        n = sum(count for count, _ in self.rows.each(_counts, self.counted))
        return math.log(self.events() if self.by_events else n)

    def space(self) -> Space:
        """Return the models, none of them fitted."""
        most = int(self.events() // EVENTS_FOR_CHOICE)
        return Space(self.rows, self.candidates, self.names, self.price(), most)

    def path_is_allowed(self) -> bool:
        """Whether there are events enough to start from the full model."""
        return self.candidates.n_penalised * EVENTS_FOR_PATH <= self.events()

    def among(self, rows: NDArray[np.intp]) -> Question:
        """Return the same question about some rows in memory."""
        clusters = self.clusters[rows] if len(self.clusters) else self.clusters
        return replace(self, rows=self.rows.take(rows), clusters=clusters)


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes
    ----------
    best : Submodel
    ends : dict of str to Submodel
        Where each way led, by ``"path"`` and ``"stepwise"``.
    path : Path or None
    null : Submodel
        The smallest model.
    """

    best: Submodel
    ends: dict[str, Submodel]
    path: Path | None
    null: Submodel


def smallest_model(question: Question, seed: int = 0) -> tuple[Question, Array]:
    """Fit the model without candidates from every start, and set the limits of the search by it.

    Raises
    ------
    IdentificationError
        If it has no regular maximum: no search can start from it.
    """
    columns = question.candidates.columns(question.candidates.smallest)
    rows = question.rows.with_columns(columns)
    primary = 0 if question.scale == "aft" else 1
    names = Names(tuple(question.names.labels[k] for k in columns))
    try:
        found = estimate(rows, question.scale, names=names, seed=seed)
    except ConvergenceError as error:
        raise IdentificationError(
            f"select(): the model without candidates cannot be fitted: {error}"
        ) from error
    few = rows.take(np.arange(0, rows.n, max(1, rows.n // _SUBSAMPLE)))
    power = preliminary_weibull(few, primary)[0].power
    theta = np.zeros(question.rows.n_parameters)
    theta[columns] = found.optimum.theta
    return replace(question, rows=with_limits(question.rows, power)), theta


def search(question: Question, space: Space, start: Array, seed: int = 0) -> Found:
    """Search from the smallest model's coefficients.

    Raises
    ------
    IdentificationError
        If the smallest model is on a ridge that leads to no model.
    """
    null = space.fit(space.smallest, start)
    if null.problem:
        raise IdentificationError(
            f"select(): the model without candidates has no regular maximum ({null.problem}); fix the shape, or "
            "take another distribution."
        )
    ends, path = {}, None
    if question.method != "path":
        ends["stepwise"] = descend(space, null)
    if question.method != "stepwise":
        ends["path"], path = _along_path(question, space, null, seed)
    ways = list(ends)
    for _ in range(_ROUNDS):
        if not _settle(question, space, [ends[way] for way in ways], seed):
            break
        ends = {way: descend(space, space.fits[end.chosen]) for way, end in ends.items()}
    best = min(ends.values(), key=lambda end: (end.criterion, len(end.chosen)))
    return Found(best, ends, path, space.fits[space.smallest])


def _along_path(question: Question, space: Space, null: Submodel, seed: int) -> tuple[Submodel, Path]:
    """Follow the criterion from the full fit (from each mode of it), refit what stays, and polish."""
    starts = [space.fit(space.everything, null.theta)]
    if question.has_modes:
        found = estimate(question.rows, question.scale, names=question.names, seed=seed).optimum
        if abs(found.value - starts[0].value) > _MODE:
            starts.append(space.add(space.everything, found.theta, found.value))
    ends = []
    for full in starts:
        path = follow(space, full.theta, pinned=full.pinned)
        first = space.fit(path.chosen, path.theta)
        too_large = space.candidates.size(path.chosen) > space.most
        ends.append((descend(space, null if first.problem or too_large else first), path))
    return min(ends, key=lambda end: end[0].criterion)


def _settle(question: Question, space: Space, ends: list[Submodel], seed: int) -> bool:
    """Fit the ends (with several modes, the best sets) from every start; forget all fits where one was too low.

    No set may win by the lower mode of another, and what was fitted from a lower mode is fitted again.
    """
    best = {end.chosen: end for end in ends}
    if question.has_modes:
        ranked = sorted(space.fits.values(), key=lambda fit: fit.criterion)[:_SETTLED]
        best |= {fit.chosen: fit for fit in ranked}
    higher = {}
    for chosen, fit in best.items():
        columns = space.candidates.columns(chosen)
        try:
            rows = question.rows.with_columns(columns)
            found = estimate(rows, question.scale, start=fit.theta[columns], seed=seed).optimum
        except ConvergenceError:
            continue
        if found.value > fit.value + _MODE:
            theta = np.zeros_like(fit.theta)
            theta[columns] = found.theta
            higher[chosen] = space.fit(chosen, theta, again=True)
    moved = {chosen: fit for chosen, fit in higher.items() if fit.value > best[chosen].value + _MODE}
    if not moved:
        return False
    kept = {chosen: moved.get(chosen, fit) for chosen, fit in best.items()}
    kept[space.smallest] = space.fits[space.smallest]
    space.fits.clear()
    space.fits.update(kept)
    space.settled.clear()
    return True


def _counts(counted: bool, arrays: SurvivalArrays) -> tuple[float, float]:
    """Observations and events of a block."""
    seen = arrays.code != 0
    if counted and len(arrays.weight):
        return float(arrays.weight.sum()), float(arrays.weight[seen].sum())
    return float(arrays.n), float(np.count_nonzero(seen))
