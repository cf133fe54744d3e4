"""State below verbs: what every fit is (`Fitted`, `Estimates`), and what every result can do with it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import Finding, texts, warn
from statmodels_x.core.fits import inference
from statmodels_x.core.fits.handing_out import cached_copy, handed_out
from statmodels_x.core.fits.hypotheses import HypothesisTest, constraint_matrix, wald_test
from statmodels_x.core.fits.reference import NORMAL, Reference
from statmodels_x.core.scaling import Inner
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_flag


@dataclass(frozen=True, eq=False, kw_only=True)
class Fitted:
    """The state of a fit: frozen values that functions of a room take, and no verb.

    Attributes
    ----------
    findings : tuple of Finding
        What the user should know about the fit: parameters that are not determined, results that are doubtful, and
        what to do about it.
    sample : object or None
        The data of the fit; None in a result that was saved without them.
    keep_data : bool
        Whether a saved or pickled result contains the data.
    """

    findings: tuple[Finding, ...] = field(repr=False, default=())
    sample: Any = field(repr=False, default=None)
    keep_data: bool = field(repr=False, default=False)

    def __post_init__(self) -> None:
        check_flag("keep_data", self.keep_data)  # "no" would be true, and the rows in the file

    @property
    def warnings(self) -> tuple[str, ...]:
        """The findings of the fit as sentences; empty if there are none."""
        return texts(self.findings)

    def without_data(self) -> Self:
        """Return the same fit without any row of the data. This is what is saved unless ``keep_data=True``."""
        return replace(self, sample=None)

    def stored(self) -> Self:
        """Return what a file holds: everything that a summary shows, and the data only with ``keep_data=True``."""
        return self if self.keep_data else self.without_data()

    def need_sample(self, purpose: str = "this") -> Any:
        """Return the data of the fit; raise a DataError if it was saved without them."""
        if self.sample is None:
            raise DataError(
                f"{purpose} needs the data of the fit, and this result was saved without them: fit with "
                "keep_data=True to take them along."
            )
        return self.sample

    def __getstate__(self) -> dict[str, Any]:
        kept = self if self.keep_data else self.without_data()
        return {entry.name: getattr(kept, entry.name) for entry in fields(self)}


@dataclass(frozen=True, eq=False, kw_only=True)
class Estimates(Fitted):
    """Estimates on the working scale with their covariance, reference distribution and likelihood.

    Attributes
    ----------
    coefficients : Series
        The estimates that :attr:`params` returns copies of; a MultiIndex (parameter, term).
    covariance : DataFrame
        Covariance matrix of the estimates, labelled like them. It is NaN where the data do not determine an
        estimate.
    reference : Reference
        Distribution of an estimate divided by its standard error: standard normal or Student's t. All p-values,
        intervals and Wald tests use it.
    llf : float
        Log-likelihood at the estimates.
    nobs : int
        Number of observations. With frequency weights it is the sum of the weights.
    converged : bool
        Whether the optimiser proved that it reached a maximum.
    inner : Inner, optional
        The fit in centred and scaled columns, where covariates are far from 0 or of 1. Internal.
    """

    coefficients: pd.Series = field(repr=False)
    covariance: pd.DataFrame = field(repr=False)
    reference: Reference = field(repr=False, default=NORMAL)
    llf: float
    nobs: int
    converged: bool
    inner: Inner | None = field(repr=False, default=None)

    @property
    def params(self) -> pd.Series:
        """Estimated coefficients on the working scale, labelled by parameter and term."""
        return handed_out(self.coefficients)

    @cached_copy
    def bse(self) -> pd.Series:
        """Standard errors of the estimates; NaN where the data do not determine an estimate."""
        covariance = self.covariance.to_numpy()
        errors = inference.standard_errors(covariance) if self.inner is None else self.inner.errors()
        return pd.Series(errors, self.coefficients.index, name="std_error")

    @property
    def theta(self) -> Array:
        """Coefficients of the columns that the fit computes with. Internal."""
        return handed_out(self.coefficients.to_numpy() if self.inner is None else self.inner.theta)

    @property
    def theta_covariance(self) -> Array:
        """Covariance of :attr:`theta`. Internal."""
        return handed_out(self.covariance.to_numpy() if self.inner is None else self.inner.covariance)

    @cached_copy
    def tvalues(self) -> pd.Series:
        """Estimates divided by their standard errors."""
        return (self.coefficients / self.bse).rename("statistic")

    @cached_copy
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the null hypothesis that a coefficient is 0 on the working scale."""
        values = self.reference.two_sided(self.tvalues.to_numpy())
        return pd.Series(values, self.coefficients.index, name="p_value")

    @property
    def use_t(self) -> bool:
        """Whether tests and intervals use Student's t distribution instead of the normal distribution.

        It is used where the variance of the errors is estimated, and for cluster-robust covariances with a
        small-sample correction.
        """
        return not self.reference.is_normal

    @property
    def df_model(self) -> int:
        """Number of estimated parameters."""
        return len(self.coefficients)

    @property
    def label(self) -> str:
        """The model in one line, for tables that compare fits."""
        return str(getattr(self, "formula", type(self).__name__))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Reasons not to rank this fit first, even if its AIC is the lowest; empty if there are none."""
        return ()

    def differs_from(self, other: Any) -> str:
        """Describe how the data of two fits differ; empty if no difference was found."""
        return "" if self.nobs == other.nobs else "nobs"

    @property
    def df_resid(self) -> int:
        """Number of observations minus number of estimated parameters."""
        return self.nobs - len(self.coefficients)

    @property
    def n_criterion(self) -> float:
        """Number of parameters that the information criteria count."""
        return self.df_model

    @property
    def aic(self) -> float:
        """Akaike's information criterion: -2 llf + 2 k, where k is ``n_criterion``."""
        return -2.0 * self.llf + 2.0 * self.n_criterion

    @property
    def bic(self) -> float:
        """Schwarz's information criterion: -2 llf + k log(nobs), where k is ``n_criterion``.

        The sample size is the number of observations, not of events.
        """
        return float(-2.0 * self.llf + np.log(self.nobs) * self.n_criterion)

    @property
    def aicc(self) -> float:
        """AIC with the small-sample correction; infinite if ``nobs`` is too small for the correction."""
        k = self.n_criterion
        room = self.nobs - k - 1
        return self.aic + 2.0 * k * (k + 1) / room if room > 0 else np.inf

    def cov_params(self) -> pd.DataFrame:
        """Return a copy of the covariance matrix of the estimates.

        Returns
        -------
        DataFrame of shape (p, p)
            Labelled like ``params``.

        Warns
        -----
        DataWarning
            If a variance is too large or too small to be represented as a number and is given as infinite or 0. This
            happens with covariates in extreme units, such as 1e160. Standard errors, intervals and tests are not
            affected.
        """
        beyond = (np.diag(self.covariance) == 0.0) | np.isinf(np.diag(self.covariance))
        beyond &= np.isfinite(self.bse.to_numpy())
        if beyond.any():
            name = self.coefficients.index[int(np.argmax(beyond))]
            warn(
                f"cov_params: the variance of {name} is beyond the range of numbers (its standard error, "
                f"{self.bse[name]:.3g}, is not); give the covariate in another unit.",
                DataWarning,
            )
        return handed_out(self.covariance)


def wald_limits(fit: Estimates, alpha: float = 0.05) -> pd.DataFrame:
    """Wald confidence intervals; see :meth:`LikelihoodResults.conf_int`."""
    reach = fit.reference.quantile(alpha) * fit.bse
    return pd.DataFrame({"lower": fit.coefficients - reach, "upper": fit.coefficients + reach})


def coefficient_table(
    fit: Estimates, alpha: float = 0.05, limits: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row per parameter; see :meth:`LikelihoodResults.tidy`. By default with Wald limits."""
    labels = fit.coefficients.index.to_frame(index=False)
    found = wald_limits(fit, alpha) if limits is None else limits
    return tidy_frame(labels, fit.coefficients, fit.bse, fit.tvalues, fit.pvalues, found)


def tidy_frame(
    labels: pd.DataFrame, estimate: Any, std_error: Any, statistic: Any, p_value: Any, limits: pd.DataFrame
) -> pd.DataFrame:
    """Columns of labels, and beside them what was estimated, under broom's names; rows by position."""
    columns = {"estimate": estimate, "std.error": std_error, "statistic": statistic, "p.value": p_value}
    columns |= {"conf.low": limits["lower"], "conf.high": limits["upper"]}
    return labels.assign(**{name: np.asarray(values) for name, values in columns.items()})


class SummaryText:
    """Shows ``summary()`` where the object is printed or displayed in a notebook."""

    def summary(self) -> Any:
        """Return the summary tables."""
        raise NotImplementedError  # the one method that each family writes for itself

    def __str__(self) -> str:
        return str(self.summary().as_text())

    def _repr_html_(self) -> str:
        return str(self.summary().as_html())


class LikelihoodResults(Estimates, SummaryText):
    """Methods that every result with a likelihood has."""

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Wald confidence intervals for the parameters on the working scale.

        Parameters
        ----------
        alpha : float
            Significance level. The default gives 95 % confidence intervals.

        Returns
        -------
        DataFrame of shape (p, 2)
            The columns ``lower`` and ``upper``.
        """
        return wald_limits(self, alpha)

    def wald_test(self, hypothesis: Any, value: Any = 0.0) -> HypothesisTest:
        """Wald test of linear hypotheses about the parameters.

        Parameters
        ----------
        hypothesis : str or array_like of shape (q, p)
            Text such as ``"aft.treatment = 0, power.treatment = 0"``, or a matrix with one row per hypothesis. In
            the text the parameter and the term are joined by a dot. A name that contains brackets is put in
            backquotes.
        value : array_like of shape (q,)
            Right-hand side of the hypotheses if a matrix is given.

        Returns
        -------
        HypothesisTest
            A Series with ``statistic``, ``df`` and ``p.value``. The statistic is chi-squared. It is an F statistic,
            with ``df_denom``, if :attr:`use_t` is True. The attribute ``contrast`` is a ContrastResults of
            statsmodels.

        Raises
        ------
        FormulaError
            If the text cannot be read or names an unknown parameter.
        DataError
            If the matrix has the wrong shape, or its rows are linearly dependent.
        """
        if isinstance(hypothesis, str):
            names = [".".join(map(str, label)) for label in self.coefficients.index]
            hypothesis, value = constraint_matrix(hypothesis, names)
        return wald_test(self.coefficients, self.covariance, hypothesis, value, self.reference, self.inner)

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """One row per parameter, with the column names of R's broom.

        Parameters
        ----------
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.

        Returns
        -------
        DataFrame
            The labels of ``params`` (``parameter`` and ``term``, for multi-state models also ``transition``), and
            the columns ``estimate``, ``std.error``, ``statistic``, ``p.value``, ``conf.low`` and ``conf.high``.
        """
        return coefficient_table(self, alpha, self.conf_int(alpha))  # a room may have limits of its own
