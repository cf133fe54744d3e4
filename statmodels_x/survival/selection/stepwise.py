"""Forward and backward steps with exact fits, ranked by score and Wald statistics."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.survival.selection.space import Chosen, Space, Submodel

_TRIED = 3
_BEYOND = 6
_LOWER = 1e-7  # by which a criterion must fall
_FLOOR = 1e-10


def descend(space: Space, first: Submodel) -> Submodel:
    """Add, drop and exchange groups while the criterion falls: the end is below every model one step away.

    Parameters
    ----------
    space : Space
    first : Submodel
        Where the search starts.
    """
    here = first
    while here.chosen not in space.settled:
        better = None
        for way in (_dropped, _added, _any_step, _exchanged, _beyond):
            better = better or way(space, here)
        if better is None:
            space.settled.add(here.chosen)
            break
        here = better
    return here


def neighbours(space: Space, here: Submodel) -> dict[int, Submodel]:
    """Fit every model that differs by one group (and what it takes along); what is too large is left out."""
    return {
        k: space.fit(chosen, here.theta)
        for k in space.free
        if (chosen := step(space, here.chosen, k)) is not None
    }


def step(space: Space, chosen: Chosen, k: int) -> Chosen | None:
    """Return the model with a group put in or out; None where that is not allowed."""
    candidates = space.candidates
    if k in chosen:
        return candidates.without_group(chosen, k) if candidates.can_leave(chosen, k) else None
    larger = candidates.with_group(chosen, k)
    return larger if candidates.size(larger) <= space.most else None


def _any_step(space: Space, here: Submodel) -> Submodel | None:
    return _lowest(neighbours(space, here).values(), here)


def _added(space: Space, here: Submodel) -> Submodel | None:
    """Fit the models that the score test thinks best of."""
    larger = _promising(space, here)
    return _lowest((space.fit(chosen, here.theta) for chosen in larger), here)


def _exchanged(space: Space, here: Submodel) -> Submodel | None:
    """Put other groups in the place of one: each alone may be worth less than both together cost."""
    for k in space.free:
        smaller = step(space, here.chosen, k) if k in here.chosen else None
        if smaller is None:
            continue
        without = space.fit(smaller, here.theta)
        tried = (chosen for chosen in _promising(space, without) if chosen != here.chosen)
        better = _lowest((space.fit(chosen, without.theta) for chosen in tried), here)
        if better is not None:
            return better
    return None


def _beyond(space: Space, here: Submodel) -> Submodel | None:
    """Add the best groups though they do not pay, and come back by dropping the worst: some pay only together."""
    there, seen = here, []
    for _ in range(_BEYOND):
        larger = _promising(space, there)
        if not larger:
            break
        there = space.fit(larger[0], there.theta)
        if there.problem:
            break
        seen.append(there)
    while seen and not there.problem and (smaller := _cheapest(space, there)):
        there = space.fit(smaller[0], there.theta)
        seen.append(there)
        if len(there.chosen) <= len(here.chosen):
            break
    return _lowest(seen, here)


def _promising(space: Space, here: Submodel) -> list[Chosen]:
    """Return the larger models that gain most by the score test, less what they cost."""
    out = [larger for k in space.free
           if k not in here.chosen and (larger := step(space, here.chosen, k)) is not None]  # fmt: skip
    if not out:
        return []
    _, score, information = space.derivatives(here.theta)
    inside = space.candidates.columns(here.chosen)
    test = ScoreTest(score, information, inside)
    gains = []
    for larger in out:
        new = np.setdiff1d(space.candidates.columns(larger), inside)
        gains.append((test.statistic(new) - space.lam * len(new), larger))
    return [larger for _, larger in sorted(gains, key=lambda one: -one[0])[:_TRIED]]


def _dropped(space: Space, here: Submodel) -> Submodel | None:
    """Fit the models without the groups of which the Wald test thinks least."""
    return _lowest((space.fit(smaller, here.theta) for smaller in _cheapest(space, here, space.lam)), here)


def _cheapest(space: Space, here: Submodel, most: float = np.inf) -> list[Chosen]:
    """Return the smaller models that lose least by the Wald test, less what they save."""
    out = [smaller for k in space.free
           if k in here.chosen and (smaller := step(space, here.chosen, k)) is not None]  # fmt: skip
    if not out:
        return []
    inside = space.candidates.columns(here.chosen)
    _, _, information = space.derivatives(here.theta)
    u = np.linalg.solve(space.transform, here.theta)
    covariance = np.linalg.pinv(information[np.ix_(inside, inside)], hermitian=True)
    losses = []
    for smaller in out:
        gone = np.flatnonzero(~np.isin(inside, space.candidates.columns(smaller)))
        part = covariance[np.ix_(gone, gone)]
        lost = float(u[inside[gone]] @ np.linalg.pinv(part, hermitian=True) @ u[inside[gone]])
        losses.append((lost - space.lam * len(gone), smaller))
    losses.sort(key=lambda one: one[0])
    return [smaller for loss, smaller in losses[:_TRIED] if loss < most]


class ScoreTest:
    """Rao's statistic of coefficients that a fit has at 0, with the observed information."""

    def __init__(self, score: Array, information: Array, inside: Array) -> None:
        self.score, self.information, self.inside = score, information, inside
        values, vectors = np.linalg.eigh(information[np.ix_(inside, inside)])
        kept = values > _FLOOR * max(values[-1], 1e-300)
        self.half = (vectors[:, kept] / np.sqrt(values[kept])).T @ information[inside]

    def statistic(self, new: Array) -> float:
        """Quadratic form of the score; directions without information count as 0."""
        half = self.half[:, new]
        values, vectors = np.linalg.eigh(self.information[np.ix_(new, new)] - half.T @ half)
        parts = vectors.T @ self.score[new]
        positive = values > _FLOOR * max(abs(values).max(), 1e-300)
        return float(np.sum(parts[positive] ** 2 / values[positive]))


def _lowest(fits: Iterable[Submodel], here: Submodel) -> Submodel | None:
    best = min(fits, key=lambda fit: fit.criterion, default=here)
    return best if best.criterion < here.criterion - _LOWER else None
