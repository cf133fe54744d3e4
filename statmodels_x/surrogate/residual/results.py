"""Results of a residual-effect fit: the state with thin verbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from statmodels_x.core.deprecation import settle
from statmodels_x.surrogate.residual.fitted import ResidualFitted
from statmodels_x.surrogate.residual.tables import residual_glance, residual_summary
from statmodels_x.surrogate.results import ProportionResults


@dataclass(frozen=True, eq=False, kw_only=True)
class ResidualResults(ResidualFitted, ProportionResults):
    """Results of :meth:`ResidualEffect.fit() <statmodels_x.ResidualEffect.fit>`.

    The estimated quantities are ``r_s``, ``delta``, ``delta_s``, ``delta_t``, ``r_t`` and ``incremental_value``.
    """

    def __repr__(self) -> str:
        return (
            f"ResidualResults(r_s={self.r_s:.4f}, at={self.at:g}, landmark={self.landmark:g}, n={self.nobs})"
        )

    @property
    def delta_s(self) -> float:
        r"""Residual effect :math:`\Delta_S` given the surrogate information at the landmark."""
        return float(self.params["delta_s"])

    @property
    def delta_t(self) -> float:
        r"""Residual effect :math:`\Delta_T` given survival to the landmark alone."""
        return float(self.params["delta_t"])

    def glance(self) -> pd.DataFrame:
        """Return one row about the fit.

        Returns
        -------
        DataFrame
            Columns ``at``, ``landmark``, ``effect``, ``method``, ``nobs``, ``deaths``, ``r.s``, ``delta``,
            ``defined`` and ``note`` (the first warning).
        """
        return residual_glance(self)

    def summary(self, alpha: float = 0.05, method: str = "fieller", kind: str | None = None) -> Any:
        """Return tables of the design, the estimates and the warnings.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.
        method : {"fieller", "normal", "quantile"}
            Kind of the intervals, as in :meth:`conf_int`.
        kind : str, optional
            Deprecated name of ``method``.

        Returns
        -------
        FitSummary
        """
        method = settle("method", method, "kind", kind)
        return residual_summary(self, self.tidy(alpha, method), alpha, method)
