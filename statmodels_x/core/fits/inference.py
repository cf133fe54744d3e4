"""Covariances from a score and an information matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.typing import Array


def sandwich(bread: Array, scores: Array, groups: NDArray[Any] | None = None) -> Array:
    """Robust covariance: inverse information around the spread of the scores.

    Parameters
    ----------
    bread : ndarray of shape (p, p)
        Inverse information; NaN rows stay NaN.
    scores : ndarray of shape (n, p)
        Weighted score of each row.
    groups : ndarray of shape (n,), optional
        Scores are summed within groups before they are squared. No small-sample factor is applied, as in
        R's ``survival``.

    Returns
    -------
    ndarray of shape (p, p)

    References
    ----------
    Lin and Wei (1989), Journal of the American Statistical Association 84, 1074-1078.
    """
    if groups is not None:
        codes, _ = pd.factorize(groups)
        summed = np.zeros((codes.max() + 1, scores.shape[1]))
        np.add.at(summed, codes, scores)
        scores = summed
    lost = np.isnan(np.diag(bread))
    usable = np.where(np.isnan(bread), 0.0, bread)
    with np.errstate(over="ignore", invalid="ignore"):  # scores beyond the range of numbers: no covariance
        covariance = usable @ (scores.T @ scores) @ usable
    covariance[~np.isfinite(covariance)] = np.nan
    covariance[lost, :] = np.nan
    covariance[:, lost] = np.nan
    return covariance


def standard_errors(covariance: Array) -> Array:
    """Square roots of the diagonal; NaN where it is not positive."""
    variance = np.diag(covariance)
    return np.sqrt(np.where(variance > 0.0, variance, np.nan))
