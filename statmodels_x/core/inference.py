"""Covariances, tests and intervals from a score and an information matrix."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from statmodels_x.core.errors import DataError, FormulaError

Array = NDArray[np.float64]


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
    covariance = usable @ (scores.T @ scores) @ usable
    covariance[lost, :] = np.nan
    covariance[:, lost] = np.nan
    return covariance


def standard_errors(covariance: Array) -> Array:
    """Square roots of the diagonal; NaN where it is not positive."""
    variance = np.diag(covariance)
    return np.sqrt(np.where(variance > 0.0, variance, np.nan))


def normal_quantile(alpha: float) -> float:
    """Two-sided critical value; DataError unless 0 < alpha < 1."""
    if isinstance(alpha, bool) or not isinstance(alpha, Real) or not 0.0 < float(alpha) < 1.0:
        raise DataError(
            f"`alpha` is {alpha!r}; give the error rate of the interval, between 0 and 1 (0.05: 95 %)."
        )
    return float(stats.norm.ppf(1.0 - alpha / 2.0))


def two_sided_p(statistic: Array) -> Array:
    """P-values of standard normal statistics."""
    return np.asarray(2.0 * stats.norm.sf(np.abs(statistic)))


def wald_test(params: pd.Series, covariance: pd.DataFrame, matrix: ArrayLike, value: ArrayLike = 0.0) -> Any:
    """Test linear hypotheses ``matrix @ params == value``.

    Returns
    -------
    statsmodels.stats.contrast.ContrastResults
        With ``statistic`` (chi-squared), ``df_denom`` (its degrees of freedom) and ``pvalue``; NaN if a
        parameter concerned has no standard error.
    """
    from statsmodels.stats.contrast import ContrastResults

    rows = np.atleast_2d(np.asarray(matrix, float))
    if rows.shape[1] != len(params):
        raise DataError(f"wald_test: the matrix has {rows.shape[1]} columns for {len(params)} parameters.")
    used = np.any(rows != 0.0, axis=0)
    reduced, cov = rows[:, used], covariance.to_numpy()[np.ix_(used, used)]
    difference = reduced @ params.to_numpy()[used] - np.broadcast_to(np.asarray(value, float), (len(rows),))
    df = int(np.linalg.matrix_rank(rows))
    if df < len(rows):
        raise DataError("wald_test: the hypotheses repeat each other; give linearly independent rows.")
    if np.isnan(cov).any():
        statistic = np.nan
    else:
        statistic = float(difference @ np.linalg.solve(reduced @ cov @ reduced.T, difference))
    return ContrastResults(
        statistic=statistic, df_denom=df, distribution="chi2", distargs=(df,), table=None, pvalue=None
    )


def constraint_matrix(text: str, names: Sequence[str]) -> tuple[Array, Array]:
    """Read ``"aft.treatment = 0, power.treatment = 0"`` as a matrix and a right-hand side.

    Raises
    ------
    FormulaError
        If the text cannot be read or names an unknown parameter.
    """
    from formulaic.errors import FormulaicError
    from formulaic.utils.constraints import LinearConstraints

    try:
        found = LinearConstraints.from_spec(text, variable_names=list(names))
    except (FormulaicError, ValueError, KeyError, SyntaxError) as error:
        raise FormulaError(
            f"wald_test: {text!r} cannot be read ({error}); write for example '{names[-1]} = 0', with names "
            f"among {', '.join(names)} (in backquotes where they hold brackets)."
        ) from error
    return np.asarray(found.constraint_matrix, float), np.asarray(found.constraint_values, float)
