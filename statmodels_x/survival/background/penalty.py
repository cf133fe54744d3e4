"""Priors as an addition to the log-likelihood, with exact derivatives: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, loglik

Derivatives = tuple[float, Array, Array]


@dataclass(frozen=True)
class Combination:
    """A normal prior of a combination of coefficients.

    Attributes
    ----------
    weights : ndarray of shape (p,)
        Of the coefficients.
    mean, sd : float
    """

    weights: Array = field(repr=False)
    mean: float
    sd: float

    def __call__(self, theta: Array) -> Derivatives:
        """Logarithm of its density, without the constant, with gradient and Hessian."""
        z = (self.weights @ theta - self.mean) / self.sd
        slope = self.weights / self.sd
        return -0.5 * float(z**2), -z * slope, -np.outer(slope, slope)

    def moved(self, kept: NDArray[np.intp], sources: Sequence[int | float], cure: int) -> Combination | None:
        """Return it for the coefficients at some positions; None where it needs others."""
        weights = self.weights[kept]
        lost = np.count_nonzero(weights) < np.count_nonzero(self.weights)
        return None if lost else replace(self, weights=weights)


@dataclass(frozen=True)
class Level:
    """A normal prior of the logarithm of the cumulative hazard of one row at one time.

    Attributes
    ----------
    row : SurvivalArrays
        The row, censored at the time: its log-likelihood is minus the cumulative hazard.
    mean, sd : float
    """

    row: SurvivalArrays = field(repr=False)
    mean: float
    sd: float

    def __call__(self, theta: Array) -> Derivatives:
        """Logarithm of its density, without the constant, with gradient and Hessian."""
        value, score, hessian = loglik(theta, self.row)
        total = -value
        if not (np.isfinite(total) and total > 0.0):
            return -np.inf, np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
        z, slope = (np.log(total) - self.mean) / self.sd, -score / total
        square = np.outer(slope, slope)
        bend = -square / self.sd**2 - z / self.sd * (-hessian / total - square)
        return -0.5 * float(z**2), -z / self.sd * slope, bend

    def moved(self, kept: NDArray[np.intp], sources: Sequence[int | float], cure: int) -> Level:
        """Return it under a model whose parameters come from those of this one."""
        if len(sources):
            return replace(self, row=self.row.rearranged(sources, cure))
        return replace(self, row=self.row.with_columns(kept))


@dataclass(frozen=True)
class Penalty:
    """The sum of some priors."""

    terms: tuple[Combination | Level, ...]

    def __call__(self, theta: Array) -> Derivatives:
        """Logarithm of their density, without constants, with gradient and Hessian."""
        value, gradient, hessian = zip(*(term(theta) for term in self.terms), strict=True)
        return float(sum(value)), np.sum(gradient, axis=0), np.sum(hessian, axis=0)

    def moved(
        self, kept: NDArray[np.intp], sources: Sequence[int | float] = (), cure: int = 0
    ) -> Penalty | None:
        """Return the priors under another model of the same sample.

        Parameters
        ----------
        kept : ndarray
            Positions of the coefficients that the other model has, in its order.
        sources, cure
            As in :meth:`SurvivalArrays.rearranged`; empty where only columns are left out.
        """
        moved = (term.moved(kept, sources, cure) for term in self.terms)
        terms = tuple(term for term in moved if term is not None)
        return Penalty(terms) if terms else None
