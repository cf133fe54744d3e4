"""Fits to several imputed data sets, pooled by Rubin's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.handing_out import handed_out
from statmodels_x.core.fits.hypotheses import HypothesisTest, constraint_matrix, hypothesis_test
from statmodels_x.core.fits.reference import Reference
from statmodels_x.core.fits.results import Fitted, SummaryText, coefficient_table, wald_limits
from statmodels_x.core.fits.tables import FitSummary, number, p_value, statistic, summary, together
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha

_LARGE_SAMPLE = 1e9


@dataclass(frozen=True, eq=False, kw_only=True)
class PooledResults(Fitted, SummaryText):
    """Estimates pooled over imputed data sets.

    Attributes
    ----------
    coefficients : Series
        The estimates that :attr:`params` returns copies of.
    within, between : DataFrame
        The mean of the covariances of the fits, and the covariance of their estimates.
    reference : Reference
        Student's t distribution with the degrees of freedom of each parameter.
    n_fits : int
        Number of imputed data sets.
    model : str
        The model in one line.
    """

    coefficients: pd.Series = field(repr=False)
    within: pd.DataFrame = field(repr=False)
    between: pd.DataFrame = field(repr=False)
    reference: Reference = field(repr=False)
    n_fits: int
    model: str

    @property
    def params(self) -> pd.Series:
        """Pooled estimates."""
        return handed_out(self.coefficients)

    def cov_params(self) -> pd.DataFrame:
        """Return the total covariance W + (1 + 1/m) B, within and between the imputed data sets.

        Returns
        -------
        DataFrame of shape (p, p)
            Labelled like ``params``.
        """
        return self.within + (1.0 + 1.0 / self.n_fits) * self.between

    @property
    def bse(self) -> pd.Series:
        """Standard errors, which include the uncertainty of the imputation."""
        variance = np.diag(self.cov_params().to_numpy())
        return pd.Series(np.sqrt(variance), self.coefficients.index, name="std_error")

    @property
    def tvalues(self) -> pd.Series:
        """Estimates divided by their standard errors."""
        return (self.coefficients / self.bse).rename("statistic")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values from Student's t distribution."""
        values = self.reference.two_sided(self.tvalues.to_numpy())
        return pd.Series(values, self.coefficients.index, name="p_value")

    @property
    def df(self) -> pd.Series:
        """Degrees of freedom of each parameter, by the formula of Barnard and Rubin."""
        return pd.Series(self.reference.each, self.coefficients.index, name="df")

    @property
    def missing_information(self) -> pd.Series:
        """Fraction of missing information: the share of each parameter's information lost to the missing values."""
        share = _increase(np.diag(self.within), np.diag(self.between), self.n_fits)
        df = np.array(self.reference.each)
        values = (share + 2.0 / (df + 3.0)) / (share + 1.0)
        return pd.Series(values, self.coefficients.index, name="missing_information")

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Confidence intervals from Student's t distribution.

        Parameters
        ----------
        alpha : float
            Significance level. The default gives 95 % confidence intervals.

        Returns
        -------
        DataFrame of shape (p, 2)
            The columns ``lower`` and ``upper``.
        """
        return wald_limits(self, alpha)  # type: ignore[arg-type]

    def wald_test(self, hypothesis: Any, value: Any = 0.0) -> HypothesisTest:
        """Test linear hypotheses jointly, with the statistic D1 of Li, Raghunathan and Rubin.

        Parameters
        ----------
        hypothesis : str or array_like of shape (q, p)
            Text or a matrix, as for the fits themselves.
        value : array_like of shape (q,)
            Right-hand side of the hypotheses if a matrix is given.

        Returns
        -------
        HypothesisTest
            An F statistic with ``df``, ``df_denom`` and ``p.value``.

        References
        ----------
        Li, Raghunathan and Rubin (1991), Journal of the American Statistical Association 86, 1065-1073.
        """
        if isinstance(hypothesis, str):
            names = [_name(label) for label in self.coefficients.index]
            hypothesis, value = constraint_matrix(hypothesis, names)
        rows = np.atleast_2d(np.asarray(hypothesis, float))
        k, m = len(rows), self.n_fits
        gap = rows @ self.coefficients.to_numpy() - np.broadcast_to(np.asarray(value, float), (k,))
        within, between = (rows @ part.to_numpy() @ rows.T for part in (self.within, self.between))
        increase = (1.0 + 1.0 / m) * float(np.trace(np.linalg.solve(within, between))) / k
        statistic = float(gap @ np.linalg.solve(within, gap)) / (k * (1.0 + increase))
        df = _df_of_joint_test(k, m, increase)
        p = Reference(df).joint(statistic * k, k)[1]
        return hypothesis_test(statistic, k, p, "Wald test (pooled)", df_denom=df)

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """One row per parameter, with the column names of R's broom.

        Parameters
        ----------
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.

        Returns
        -------
        DataFrame
            The columns of ``tidy()`` of the fits, and ``df`` and ``missing_information``.
        """
        table = coefficient_table(self, alpha)  # type: ignore[arg-type]
        return table.assign(df=self.df.to_numpy(), missing_information=self.missing_information.to_numpy())

    def summary(self, alpha: float = 0.05) -> FitSummary:
        """Return the table of the pooled estimates.

        Parameters
        ----------
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.

        Returns
        -------
        FitSummary
            Prints as text and shows as an HTML table in notebooks.
        """
        level = f"{100 * (1 - check_alpha(alpha)):g} %"
        table = self.tidy(alpha)
        columns = [
            "estimate",
            "std.error",
            "statistic",
            "p.value",
            "conf.low",
            "conf.high",
            "df",
            "missing_information",
        ]
        cells = []
        for b, se, t, p, lower, upper, df, missing in table[columns].to_numpy():
            value, error, low, high = together([b, se, lower, upper], se)
            cells.append(
                [value, error, statistic(t), p_value(p), low, high, number(df, 1), number(missing, 3)]
            )
        heads = ["coef", "std err", "t", "P>|t|", f"[{level}", "limits]", "df", "missing"]
        block = Block("Pooled estimates", heads, [_name(label) for label in self.coefficients.index], cells)
        notes = ["'missing' is the share of a parameter's information that the missing values took."]
        return summary(
            "Fits to imputed data, pooled by Rubin's rules",
            [("Model", self.model), ("Imputations", str(self.n_fits))],
            [block],
            notes,
        )


def pool(fits: Sequence[Any]) -> PooledResults:
    """Pool fits of one model to several imputed data sets by Rubin's rules.

    Parameters
    ----------
    fits : sequence of results
        At least two fits with the same parameters. They can be of any model of this package whose results have
        ``params`` and ``cov_params()``.

    Returns
    -------
    PooledResults
        The pooled results, with ``params``, ``bse``, ``tvalues``, ``pvalues``, ``df``, ``missing_information``,
        ``cov_params()``, ``conf_int()``, ``wald_test()``, ``tidy()`` and ``summary()``.

    Raises
    ------
    DataError
        If there are fewer than two fits, their parameters differ, or one of them has no covariance.

    Notes
    -----
    The total covariance is W + (1 + 1/m) B. W is the mean of the covariances of the m fits, and B is the covariance
    of their estimates. The degrees of freedom are those of Barnard and Rubin (1999), Biometrika 86, 948-955.

    Examples
    --------
    >>> import numpy as np
    >>> import statmodels_x as smx
    >>> data = smx.datasets.load_melanoma()
    >>> rng = np.random.default_rng(0)
    >>> fits = []
    >>> for _ in range(5):
    ...     imputed = data.assign(dose=rng.normal(size=len(data)))
    ...     model = smx.FlexibleSurvival("Surv(time, status) ~ treatment + dose", imputed)
    ...     fits.append(model.fit())
    >>> pooled = smx.pool(fits)
    >>> missing = pooled.missing_information["ph"]
    >>> bool(missing["dose"] > missing["treatment"])
    True
    """
    found = list(fits)
    if len(found) < 2:
        raise DataError(
            f"pool: {len(found)} fit given; Rubin's rules need the fits to at least two imputed data sets."
        )
    for place, fit in enumerate(found, 1):
        if not (hasattr(fit, "params") and hasattr(fit, "cov_params")):
            raise DataError(f"pool: argument {place} is a {type(fit).__name__}, which has no `cov_params()`.")
        if not fit.params.index.equals(found[0].params.index):
            raise DataError(
                f"pool: fit {place} has other parameters than the first; fit one model to all imputed data sets "
                "(give factors their levels as a categorical column)."
            )
    index = found[0].params.index
    estimates = np.array([fit.params.to_numpy(float) for fit in found])
    within = np.mean([np.asarray(fit.cov_params(), float) for fit in found], axis=0)
    if np.isnan(within).any():
        names = ", ".join(_name(label) for label in index[np.isnan(np.diag(within))])
        raise DataError(f"pool: {names or 'some parameters'} have no standard error in one of the fits.")
    between = np.atleast_2d(np.cov(estimates.T))
    complete = min(float(getattr(fit, "df_resid", np.inf)) for fit in found)
    df = _degrees(np.diag(within), np.diag(between), len(found), complete)
    return PooledResults(
        coefficients=pd.Series(estimates.mean(axis=0), index, name="estimate"),
        within=pd.DataFrame(within, index, index),
        between=pd.DataFrame(between, index, index),
        reference=Reference(each=tuple(df.tolist())),
        n_fits=len(found),
        model=str(getattr(found[0], "label", type(found[0]).__name__)),
    )


def _name(label: Any) -> str:
    return ".".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _increase(within: Array, between: Array, m: int) -> Array:
    """Relative increase of the variance by the missing values."""
    return np.asarray((1.0 + 1.0 / m) * between / within)


def _degrees(within: Array, between: Array, m: int, complete: float) -> Array:
    """Degrees of freedom after Barnard and Rubin, given those of complete data."""
    share = _increase(within, between, m)
    share = share / (1.0 + share)  # of the total variance
    with np.errstate(divide="ignore"):
        many = np.minimum((m - 1.0) / share**2, _LARGE_SAMPLE)
    if not np.isfinite(complete):
        return np.asarray(many)
    observed = (complete + 1.0) / (complete + 3.0) * complete * (1.0 - share)
    return np.asarray(1.0 / (1.0 / many + 1.0 / observed))


def _df_of_joint_test(k: int, m: int, increase: float) -> float:
    total = k * (m - 1.0)
    if increase <= 0.0:
        return _LARGE_SAMPLE
    if total > 4.0:
        return float(4.0 + (total - 4.0) * (1.0 + (1.0 - 2.0 / total) / increase) ** 2)
    return float(total * (1.0 + 1.0 / k) * (1.0 + 1.0 / increase) ** 2 / 2.0)
