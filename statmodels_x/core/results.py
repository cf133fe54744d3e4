"""The small base of every results object that has a likelihood."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core import inference


class SummaryText:
    """Shows ``summary()`` where the object is printed or displayed in a notebook."""

    def summary(self) -> Any:
        """Return the summary tables."""
        raise NotImplementedError  # the one method that each family writes for itself

    def __str__(self) -> str:
        return str(self.summary().as_text())

    def _repr_html_(self) -> str:
        return str(self.summary().as_html())


@dataclass(frozen=True, eq=False)
class LikelihoodResults(SummaryText):
    """Estimates on the working scale with their covariance.

    Attributes
    ----------
    params : Series
        Estimates; a MultiIndex (parameter, term).
    covariance : DataFrame
        Their covariance matrix, labelled like ``params``.
    llf : float
        Log-likelihood at the estimates.
    nobs : int
        Number of observations; with frequency weights their sum.
    converged : bool
        Whether the optimiser proved a maximum.
    """

    params: pd.Series
    covariance: pd.DataFrame = field(repr=False)
    llf: float
    nobs: int
    converged: bool

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors; NaN where the data do not determine one."""
        return pd.Series(
            inference.standard_errors(self.covariance.to_numpy()), self.params.index, name="std_error"
        )

    @cached_property
    def tvalues(self) -> pd.Series:
        """Estimates over their standard errors (asymptotically standard normal)."""
        return (self.params / self.bse).rename("statistic")

    @cached_property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the hypothesis that each parameter is 0 on the working scale."""
        return pd.Series(inference.two_sided_p(self.tvalues.to_numpy()), self.params.index, name="p_value")

    @property
    def df_model(self) -> int:
        """Number of estimated parameters."""
        return len(self.params)

    @property
    def df_resid(self) -> int:
        """Observations minus estimated parameters."""
        return self.nobs - len(self.params)

    @property
    def aic(self) -> float:
        """Akaike's information criterion, -2 llf + 2 df_model."""
        return -2.0 * self.llf + 2.0 * self.df_model

    @property
    def bic(self) -> float:
        """Schwarz's information criterion with ``nobs`` (rows, not events) as the sample size."""
        return float(-2.0 * self.llf + np.log(self.nobs) * self.df_model)

    @property
    def aicc(self) -> float:
        """AIC with the small-sample correction; infinite when nobs <= df_model + 1."""
        room = self.nobs - self.df_model - 1
        return self.aic + 2.0 * self.df_model * (self.df_model + 1) / room if room > 0 else np.inf

    def cov_params(self) -> pd.DataFrame:
        """Return a copy of the covariance matrix of the estimates."""
        return self.covariance.copy()

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Wald confidence intervals on the working scale.

        Parameters
        ----------
        alpha : float
            Error rate: 0.05 gives 95 % intervals.

        Returns
        -------
        DataFrame of shape (p, 2)
            Columns ``lower`` and ``upper``.
        """
        reach = inference.normal_quantile(alpha) * self.bse
        return pd.DataFrame({"lower": self.params - reach, "upper": self.params + reach})

    def wald_test(self, hypothesis: Any, value: Any = 0.0) -> Any:
        """Test linear hypotheses about the parameters.

        Parameters
        ----------
        hypothesis : str or array_like of shape (q, p)
            Text such as ``"aft.treatment = 0, power.treatment = 0"`` (parameter and term joined by a dot, in
            backquotes where a term holds brackets), or a matrix.
        value : array_like of shape (q,)
            Right-hand side for a matrix.

        Returns
        -------
        statsmodels.stats.contrast.ContrastResults
        """
        if isinstance(hypothesis, str):
            names = [".".join(map(str, label)) for label in self.params.index]
            hypothesis, value = inference.constraint_matrix(hypothesis, names)
        return inference.wald_test(self.params, self.covariance, hypothesis, value)

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """One row a parameter, with the column names of R's broom.

        Returns
        -------
        DataFrame
            ``parameter``, ``term``, ``estimate``, ``std.error``, ``statistic``, ``p.value``, ``conf.low``,
            ``conf.high``.
        """
        limits = self.conf_int(alpha)
        labels = self.params.index.to_frame(index=False)
        return labels.assign(
            **{
                "estimate": self.params.to_numpy(),
                "std.error": self.bse.to_numpy(),
                "statistic": self.tvalues.to_numpy(),
                "p.value": self.pvalues.to_numpy(),
                "conf.low": limits["lower"].to_numpy(),
                "conf.high": limits["upper"].to_numpy(),
            }
        )
