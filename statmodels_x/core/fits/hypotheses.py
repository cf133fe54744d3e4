"""Tests of linear hypotheses, and what every test of the package returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.core.fits.reference import NORMAL, Reference
from statmodels_x.core.scaling import Inner
from statmodels_x.core.typing import Array

if TYPE_CHECKING:
    from statsmodels.stats.contrast import ContrastResults


class HypothesisTest(pd.Series):
    """The result of a test.

    It is a Series with the entries ``statistic``, ``df`` and ``p.value``, and prints them with four significant
    digits. An F test also has ``df_denom``. Some tests add entries of their own.
    """

    _metadata: ClassVar[list[str]] = ["name", "contrast"]

    def __init__(self, *arguments: Any, contrast: ContrastResults | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.contrast = contrast
        """The same as statsmodels' ContrastResults, where it is a test of linear hypotheses; else None."""

    @property
    def pvalue(self) -> float:
        """The p-value, under the name that statsmodels uses."""
        return float(self["p.value"])

    def __repr__(self) -> str:
        width = max(len(str(label)) for label in self.index)
        lines = [f"{label!s:<{width}}  {_printed(str(label), value)}" for label, value in self.items()]
        return "\n".join(([str(self.name)] if self.name else []) + lines)

    __str__ = __repr__


def hypothesis_test(
    statistic: float, df: float, p_value: float, name: str | None = None, **more: Any
) -> HypothesisTest:
    """Put the result of a test together."""
    return HypothesisTest({"statistic": statistic, "df": df, "p.value": p_value, **more}, name=name)


def wald_test(
    params: pd.Series,
    covariance: pd.DataFrame,
    matrix: ArrayLike,
    value: ArrayLike = 0.0,
    reference: Reference = NORMAL,
    inner: Inner | None = None,
) -> HypothesisTest:
    """Test linear hypotheses ``matrix @ params == value``; with ``inner`` in the columns that the fit computed with.

    Returns
    -------
    HypothesisTest
        A chi-squared statistic; with Student's reference distribution an F, with ``df_denom``. NaN if a parameter
        concerned has no standard error.
    """
    from statsmodels.stats.contrast import ContrastResults

    rows, right = _numbers(matrix, "matrix"), _numbers(value, "value")
    if not len(rows) or rows.shape[1] != len(params):
        raise DataError(f"wald_test: the matrix has {rows.shape[1]} columns for {len(params)} parameters.")
    if right.size not in (1, len(rows)):
        raise DataError(f"wald_test: there are {right.size} values for {len(rows)} hypotheses.")
    rows, right = _of_size_one(rows, np.broadcast_to(right.ravel(), (len(rows),)))
    df = int(np.linalg.matrix_rank(rows))
    if df < len(rows):
        raise DataError("wald_test: the hypotheses repeat each other; give linearly independent rows.")
    reference = reference.among(np.any(rows != 0.0, axis=0))
    theta, spread = params.to_numpy(), covariance.to_numpy()
    if inner is not None:
        theta, spread = inner.theta, inner.covariance
        rows, right = _of_size_one(rows @ inner.columns.matrix, right)
    quadratic = _distance(rows, right, theta, spread)
    statistic, p_value = reference.joint(quadratic, df)
    if reference.is_normal:
        contrast = ContrastResults(
            statistic=statistic, df_denom=df, distribution="chi2", distargs=(df,), table=None, pvalue=None
        )
        found = hypothesis_test(statistic, df, p_value, "Wald test")
    else:
        contrast = ContrastResults(F=statistic, df_num=df, df_denom=reference.df)
        found = hypothesis_test(statistic, df, p_value, "Wald test", df_denom=reference.df)
    found.contrast = contrast
    return found


def _numbers(given: Any, name: str) -> Array:
    try:
        found = np.atleast_2d(np.asarray(given, float))
    except (TypeError, ValueError) as error:
        raise DataError(f"wald_test: the {name} {given!r} does not hold numbers ({error}).") from error
    if found.ndim > 2 or not np.isfinite(found).all():
        raise DataError(f"wald_test: give a {name} of finite numbers.")
    return found


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


def _of_size_one(rows: Array, right: Array) -> tuple[Array, Array]:
    """Return the same hypotheses with a largest weight of 1 each: units of parameters may be far apart."""
    size = np.abs(rows).max(axis=1)
    size = np.where((size > 0.0) & np.isfinite(size), size, 1.0)
    return rows / size[:, None], right / size


def _distance(rows: Array, right: Array, theta: Array, covariance: Array) -> float:
    used = np.any(rows != 0.0, axis=0)
    reduced, cov = rows[:, used], covariance[np.ix_(used, used)]
    if np.isnan(cov).any():
        return np.nan
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return _quadratic(reduced @ cov @ reduced.T, reduced @ theta[used] - right)


def _quadratic(spread: Array, difference: Array) -> float:
    """Return the quadratic form of the inverse; NaN where there is none in double precision."""
    size = np.sqrt(np.diag(spread))  # of each hypothesis in its own unit
    if not np.all((size > 0.0) & np.isfinite(size)):
        return np.nan
    try:
        return float(difference / size @ np.linalg.solve(spread / np.outer(size, size), difference / size))
    except np.linalg.LinAlgError:
        return np.nan


def _printed(label: str, value: Any) -> str:
    if isinstance(value, str | bool | np.bool_) or not np.isscalar(value):
        return str(value)
    number = float(value)  # type: ignore[arg-type]
    if label in ("p.value", "p_value") and number < 5e-5:
        return "<0.0001"
    return f"{number:g}" if number.is_integer() and abs(number) < 1e6 else f"{number:.4g}"
