"""Covariances from a score and an information matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.typing import Array

_DETERMINED = 1e-6  # share of a direction's information that other clusters hold, below which there is none


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


def corrected_sandwich(
    bread: Array, scores: Array, informations: Array, contrasts: Array
) -> tuple[Array, Array, Array]:
    """Sandwich with the correction CR2 for few clusters, and Satterthwaite's degrees of freedom.

    Parameters
    ----------
    bread : ndarray of shape (p, p)
        Inverse information.
    scores : ndarray of shape (G, p)
        Score of each cluster.
    informations : ndarray of shape (G, p, p)
        Information of each cluster; they add up to the inverse of ``bread``.
    contrasts : ndarray of shape (q, p)
        Linear forms whose degrees of freedom are wanted.

    Returns
    -------
    covariance : ndarray of shape (p, p)
    df : ndarray of shape (q,)
    lost : ndarray of bool, shape (q,)
        Forms that load on a direction which a single cluster determines: it has no error.

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28, 169-181.
    """
    p = len(bread)
    root = np.linalg.cholesky(bread)
    values, vectors = np.linalg.eigh(np.eye(p) - root.T @ informations @ root)
    # where observed informations are indefinite a value can be negative: that direction is left uncorrected at 0
    alone = np.abs(values) < _DETERMINED
    weights = np.where(values < _DETERMINED, 0.0, np.maximum(values, _DETERMINED) ** -0.5)
    half = vectors * weights[:, None, :]  # U f
    inner = np.einsum("gij,gkj,lk,gl->gi", half, vectors, root, scores)  # (I - L'IL)^(-1/2) L's
    moved = root @ inner.T
    covariance = moved @ moved.T
    # B_g = c' V A_g = c' L (I - L'IL)^(-1/2) L', for each contrast
    shapes = half @ vectors.transpose(0, 2, 1)
    b = np.einsum("qi,ij,gjk,lk->qgl", contrasts, root, shapes, root)
    own = np.einsum("qgi,gij,qgj->qg", b, informations, b)
    u = np.einsum("gij,qgj->qgi", informations, b)
    crossed = np.einsum("qgi,ij,qgj->qg", u, bread, u)
    product = np.einsum("ij,qgj,qgk->qik", bread, u, u)
    trace = (own - crossed).sum(axis=1)
    square = (
        (own**2).sum(axis=1) - 2.0 * (own * crossed).sum(axis=1) + np.einsum("qij,qji->q", product, product)
    )
    direction = np.einsum("qi,ij,gjk->qgk", contrasts, root, vectors)
    total = np.einsum("qi,ij,qj->q", contrasts, bread, contrasts)
    share = (direction**2 * alone[None]).sum(axis=2).max(axis=1) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        return covariance, trace**2 / square, share > _DETERMINED


def standard_errors(covariance: Array) -> Array:
    """Square roots of the diagonal; NaN where it is not positive."""
    variance = np.diag(covariance)
    return np.sqrt(np.where(variance > 0.0, variance, np.nan))
