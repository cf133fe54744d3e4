"""The models of a search: each fitted once, by Newton's method from a neighbour, with its criterion."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.survival.fitting.findings import Names
from statmodels_x.survival.fitting.identification import ridges
from statmodels_x.survival.fitting.starts import climb
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, SurvivalRows, loglik
from statmodels_x.survival.selection.groups import Candidates

Chosen = frozenset[int]

_TOL, _MAX_ITER = 1e-10, 100
_SINGULAR = 1e-9
_ENDS_WITH_A_MODEL = {"weibull", "kappa_inf", "kappa_zero", "kappa_minus_one", "cure_zero"}
"""Ridges that lead to a member of the family, whose likelihood is that of the ridge: no defect of a candidate."""


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
    """

    chosen: Chosen
    theta: Array = field(repr=False)
    value: float
    criterion: float
    problem: str = ""


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

    def fit(self, chosen: Chosen, start: Array, again: bool = False) -> Submodel:
        """Fit a model from the coefficients of another; a known one only ``again``, and the higher end counts."""
        known = self.fits.get(chosen)
        if known is not None and not again:
            return known
        made = self._fit(chosen, start)
        if known is None or (made.criterion, -made.value) < (known.criterion, -known.value):
            self.fits[chosen] = made
        return self.fits[chosen]

    def add(self, chosen: Chosen, theta: Array, value: float, problem: str = "") -> Submodel:
        """Enter a model that was fitted elsewhere."""
        price = self.lam * len(self.candidates.columns(chosen))
        criterion = math.inf if problem or not math.isfinite(value) else -2.0 * value + price
        return Submodel(chosen, theta, value, criterion, problem)

    def _fit(self, chosen: Chosen, start: Array) -> Submodel:
        columns = self.candidates.columns(chosen)
        rows = self.rows.with_columns(columns)
        optimum = climb(rows, start[columns], self.transform[np.ix_(columns, columns)], _TOL, _MAX_ITER)
        names = Names(tuple(self.names.labels[k] for k in columns))
        theta = np.zeros(len(self.transform))
        theta[columns] = optimum.theta
        if optimum.status == "bad start":
            return self.add(chosen, theta, -math.inf, "no finite likelihood")
        kinds = [finding.kind for finding in ridges(optimum, rows, names)]
        problem = ", ".join(kind for kind in kinds if kind not in _ENDS_WITH_A_MODEL)
        if not kinds and optimum.status not in ("converged", "flat"):
            problem = optimum.status
        return self.add(chosen, theta, optimum.value, problem)

    def evaluate(self, theta: Array) -> tuple[float, Array, Array]:
        """Log-likelihood of the full model with its derivatives by theta."""
        value, score, hessian = zip(*self.rows.each(loglik, theta), strict=True)
        return sum(value), sum(score), sum(hessian)

    def derivatives(self, theta: Array) -> tuple[float, Array, Array]:
        """Log-likelihood, score and information in the whitened coordinates."""
        value, score, hessian = self.evaluate(theta)
        information = -(self.transform.T @ hessian @ self.transform)
        return value, self.transform.T @ score, 0.5 * (information + information.T)
