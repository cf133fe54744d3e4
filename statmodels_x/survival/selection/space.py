"""The models of a search: each fitted once, by Newton's method from a neighbour, with its criterion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from statmodels_x.core.optimize import Optimum
from statmodels_x.core.typing import Array
from statmodels_x.survival.fitting.findings import Names
from statmodels_x.survival.fitting.identification import ridges
from statmodels_x.survival.fitting.starts import climb
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, SurvivalRows, loglik
from statmodels_x.survival.selection.groups import Candidates

Chosen = frozenset[int]

_TOL, _MAX_ITER = 1e-10, 100
_SINGULAR = 1e-9
_INSIDE = 1e-6
_PARAMETER_OF = {"kappa_inf": 3, "kappa_zero": 3, "kappa_minus_one": 3, "cure_zero": 4}
"""Ridges that lead to a member of the family if this parameter is a constant: no defect of a candidate then."""


@dataclass(frozen=True)
class Submodel:
    """A fitted model of the search.

    Attributes
    ----------
    chosen : frozenset of int
        Its groups.
    theta : ndarray of shape (p,)
        Coefficients of the full model: 0 for what is out.
    value : float
        Log-likelihood.
    criterion : float
        -2 log-likelihood + lam times its coefficients; infinite where it has no regular maximum.
    problem : str
        Why it has none; empty for a regular one.
    pinned : tuple of int
        Coefficients that stand at a limit of the family.
    """

    chosen: Chosen
    theta: Array = field(repr=False)
    value: float
    criterion: float
    problem: str = ""
    pinned: tuple[int, ...] = ()


@dataclass(frozen=True)
class Whitening:
    """Coordinates u with theta = transform @ u, in which a group's q is the sum of squares of its own.

    Attributes
    ----------
    transform : ndarray of shape (p, p)
        Centres each group's columns and makes their covariance the identity.
    unusable : frozenset of int
        Groups whose columns say nothing of their own in these rows.
    """

    transform: Array
    unusable: Chosen

    @classmethod
    def of(cls, rows: SurvivalRows, candidates: Candidates) -> Whitening:
        """Compute it from weighted sums over the rows."""
        weights, sums, products = (np.sum(part, axis=0) for part in zip(*rows.each(_moments), strict=True))
        mean = sums / weights
        covariance = products / weights - np.outer(mean, mean)
        transform, unusable = np.eye(len(mean)), set()
        for k, group in enumerate(candidates.groups):
            for intercept, own in group.blocks:
                columns = np.array(own)
                block = covariance[np.ix_(columns, columns)]
                size = np.sqrt(np.diag(block))
                if not _is_definite(block, size, np.sqrt(np.diag(products)[columns] / weights)):
                    unusable.add(k)
                    continue
                root = np.linalg.cholesky(block / np.outer(size, size)) * size[:, None]
                inverse = np.linalg.inv(root).T
                transform[np.ix_(columns, columns)] = inverse
                transform[intercept, columns] = -mean[columns] @ inverse
        return cls(transform, frozenset(unusable))


def _is_definite(block: Array, size: Array, reach: Array) -> bool:
    if not (size > 1e-7 * reach).all():
        return False
    values = np.linalg.eigvalsh(block / np.outer(size, size))
    return bool(values[0] > _SINGULAR)


def _ends_with_a_model(kind: str, rows: SurvivalRows) -> bool:
    if kind == "weibull":
        return True
    part = rows.slices[_PARAMETER_OF[kind]] if kind in _PARAMETER_OF else slice(0, 0)
    return part.stop - part.start == 1


def _place_of_limit(kinds: Sequence[str], rows: SurvivalRows) -> int | None:
    """Return where the coefficient stands that ran to a limit of the family, if it is a parameter's only one."""
    places = [
        _PARAMETER_OF[kind] for kind in kinds if kind in _PARAMETER_OF and _ends_with_a_model(kind, rows)
    ]
    return rows.slices[places[0]].start if len(places) == 1 and len(kinds) == 1 else None


def _limits(rows: SurvivalRows) -> tuple[Array, Array]:
    """Return limits for a start: constants stay inside those of the search, where every step would else fail."""
    low, high = np.full(rows.n_parameters, -np.inf), np.full(rows.n_parameters, np.inf)
    for j, part in enumerate(rows.slices):
        if part.stop - part.start == 1:
            low[part], high[part] = rows.low[j] + _INSIDE, rows.high[j] - _INSIDE
    return low, high


def _along_the_limit(rows: SurvivalRows, place: int, found: Optimum, transform: Array) -> tuple[float, Array]:
    """Maximise over all other coefficients where one stands at its limit: against a wall every step fails."""
    theta = np.clip(found.theta, *_limits(rows))
    j = next(j for j, part in enumerate(rows.slices) if part.start == place and part.stop > place)
    sources = tuple(float(theta[place]) if k == j else k for k in range(5))
    others = np.delete(np.arange(len(theta)), place)
    part = transform[np.ix_(others, others)]
    optimum = climb(rows.rearranged(sources, rows.cure), theta[others], part, _TOL, _MAX_ITER)
    if optimum.status == "bad start" or optimum.value < found.value:
        return found.value, found.theta
    theta[others] = optimum.theta
    return optimum.value, theta


def _moments(arrays: SurvivalArrays) -> tuple[float, Array, Array]:
    weight = arrays.weight if len(arrays.weight) else np.ones(arrays.n)
    weighted = arrays.matrix * weight[:, None]
    return float(weight.sum()), weighted.sum(axis=0), arrays.matrix.T @ weighted


class Space:
    """All models that some candidates make, on one sample.

    Parameters
    ----------
    rows : SurvivalRows
        The full model, with limits of search.
    candidates : Candidates
    names : Names
        Of its coefficients.
    lam : float
        The price of a coefficient, in units of -2 log-likelihood.
    most : int
        The most coefficients that may be chosen.
    """

    def __init__(
        self, rows: SurvivalRows, candidates: Candidates, names: Names, lam: float, most: int
    ) -> None:
        self.rows, self.candidates, self.names = rows, candidates, names
        self.lam, self.most = lam, most
        whitening = Whitening.of(rows, candidates)
        self.transform, unusable = whitening.transform, whitening.unusable
        self.free = tuple(k for k in candidates.free if not ({k} | candidates.groups[k].margins) & unusable)
        self.smallest = candidates.smallest - unusable
        self.everything = self.smallest | frozenset(self.free)
        self.fits: dict[Chosen, Submodel] = {}
        self.settled: set[Chosen] = set()  # models that no step improves
        self.n_fits = 0

    def fit(self, chosen: Chosen, start: Array, again: bool = False) -> Submodel:
        """Fit a model from the coefficients of another; a known one only ``again``, and the higher end counts."""
        known = self.fits.get(chosen)
        if known is not None and not again:
            return known
        self.n_fits += 1
        made = self._fit(chosen, start)
        if known is None or (made.criterion, -made.value) < (known.criterion, -known.value):
            self.fits[chosen] = made
        return self.fits[chosen]

    def add(
        self, chosen: Chosen, theta: Array, value: float, problem: str = "", pinned: tuple[int, ...] = ()
    ) -> Submodel:
        """Enter a model that was fitted elsewhere."""
        price = self.lam * len(self.candidates.columns(chosen))
        criterion = math.inf if problem or not math.isfinite(value) else -2.0 * value + price
        return Submodel(chosen, theta, value, criterion, problem, pinned)

    def _fit(self, chosen: Chosen, start: Array) -> Submodel:
        columns = self.candidates.columns(chosen)
        rows, names = self.rows.with_columns(columns), Names(tuple(self.names.labels[k] for k in columns))
        transform = self.transform[np.ix_(columns, columns)]
        own = np.clip(start[columns], *_limits(rows))
        optimum = climb(rows, own, transform, _TOL, _MAX_ITER)
        pinned: tuple[int, ...] = ()
        theta = np.zeros(len(self.transform))
        theta[columns] = optimum.theta
        if optimum.status == "bad start":
            return self.add(chosen, theta, -math.inf, "no finite likelihood")
        findings = ridges(optimum, rows, names)
        kinds = [finding.kind for finding in findings]
        value = optimum.value
        if not optimum.converged and (place := _place_of_limit(kinds, rows)) is not None:
            value, theta[columns] = _along_the_limit(rows, place, optimum, transform)
            pinned = (int(columns[place]),)
        elif optimum.status not in ("converged", "flat") and not kinds:
            kinds = [optimum.status]
        bad = [kind for kind in kinds if not _ends_with_a_model(kind, rows)]
        return self.add(chosen, theta, value, ", ".join(bad), pinned)

    def evaluate(self, theta: Array) -> tuple[float, Array, Array]:
        """Log-likelihood of the full model with its derivatives by theta."""
        value, score, hessian = zip(*self.rows.each(loglik, theta), strict=True)
        return sum(value), sum(score), sum(hessian)

    def derivatives(self, theta: Array) -> tuple[float, Array, Array]:
        """Log-likelihood, score and information in the whitened coordinates."""
        value, score, hessian = self.evaluate(theta)
        information = -(self.transform.T @ hessian @ self.transform)
        return value, self.transform.T @ score, 0.5 * (information + information.T)
