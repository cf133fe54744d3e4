"""Probability of the treated arm given covariates, by logistic regression, and the weights from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import IdentificationError
from statmodels_x.core.scaling import near_columns
from statmodels_x.core.typing import Array

_STEPS = 40
_TOLERANCE = 1e-10
_MOST = 15.0


@dataclass(frozen=True)
class Propensity:
    """A fitted logistic model of the arm.

    Attributes
    ----------
    design : ndarray of shape (n, k)
        Columns near 0 and of moderate size.
    coefficients : ndarray of shape (k,)
        At the subjects' own weights: where every perturbed fit starts.
    trim : float
        Probabilities are held within [trim, 1 - trim].
    """

    design: Array = field(repr=False)
    coefficients: Array = field(repr=False)
    trim: float

    def take(self, rows: NDArray) -> Propensity:
        """Return the model with some rows."""
        return replace(self, design=self.design[rows])

    def weights(self, arm: NDArray[np.int64], drawn: Array) -> Array:
        """Weights of a perturbed sample: the drawn ones over the probability that they give to the arm."""
        fitted = logistic(self.design, arm, drawn, self.coefficients)
        return drawn * inverse_probability(self.design @ fitted, arm, self.trim)


def fit_propensity(design: Array, arm: NDArray[np.int64], trim: float) -> tuple[Propensity, Array]:
    """Fit the model; return it and the weights.

    Raises
    ------
    IdentificationError
        If covariates tell the arms apart.
    """
    design = near_columns(design)
    start = np.zeros(design.shape[1])
    coefficients = logistic(design, arm, np.ones(len(arm)), start)
    score = design @ coefficients
    if np.abs(score).max() > _MOST:
        raise IdentificationError(
            "propensity: the covariates tell the arms apart (a probability of 0 or 1): there is nobody to compare "
            "with; take out a covariate."
        )
    return Propensity(design, coefficients, trim), inverse_probability(score, arm, trim)


def inverse_probability(score: Array, arm: NDArray[np.int64], trim: float) -> Array:
    """One over the probability of the own arm, at the logit ``score``."""
    treated = np.clip(1.0 / (1.0 + np.exp(-score)), trim, 1.0 - trim)
    return np.asarray(np.where(arm == 1, 1.0 / treated, 1.0 / (1.0 - treated)))


def logistic(design: Array, arm: NDArray[np.int64], weight: Array, start: Array) -> Array:
    """Weighted logistic regression by Newton's method; the last step where it does not converge."""
    coefficients = start.copy()
    for _ in range(_STEPS):
        treated = 1.0 / (1.0 + np.exp(-np.clip(design @ coefficients, -_MOST * 2, _MOST * 2)))
        score = design.T @ (weight * (arm - treated))
        information = (design * (weight * treated * (1.0 - treated))[:, None]).T @ design
        step = np.linalg.lstsq(information, score, rcond=None)[0]
        step *= min(1.0, 5.0 / max(np.abs(step).max(), 1e-300))
        coefficients += step
        if np.abs(step).max() < _TOLERANCE:
            break
    return coefficients
