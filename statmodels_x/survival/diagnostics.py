"""The methods of a result that judge the fit: residuals, calibration, follow-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pandas as pd
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from statmodels_x.survival.results import FlexibleSurvivalResults


class DiagnosticMethods:
    """Mixed into :class:`FlexibleSurvivalResults`, to keep that module readable."""

    def residuals(self, kind: str = "quantile", seed: int = 0) -> pd.Series | pd.DataFrame:
        """Residuals of the rows of the fit.

        Parameters
        ----------
        kind : str
            ``"quantile"`` (normalised: standard normal under the model; what censoring leaves open is drawn
            with ``seed``), ``"cox-snell"``, ``"martingale"``, ``"deviance"``; ``"score"`` (weighted score of
            each row), ``"dfbeta"`` (one-step change of each estimate when the row is added), ``"dfbetas"``
            (the same over the standard errors).
        seed : int

        Returns
        -------
        Series of shape (n,), or DataFrame of shape (n, p) for the last three
            Indexed like the data of the fit.
        """
        from statmodels_x.survival.residuals import residuals

        return residuals(cast("FlexibleSurvivalResults", self), kind, seed)

    def follow_up(self, by: str | None = None) -> pd.DataFrame:
        """Describe the end of follow-up, and test whether it supports a plateau.

        Parameters
        ----------
        by : str, optional
            A column of the model: one row for each of its values.

        Returns
        -------
        DataFrame
            ``n``, ``events``, ``last_event``, ``last_time``, ``at_risk_after`` (subjects followed beyond the last
            event), ``kaplan_meier_end``, ``alpha`` and ``sufficient`` (alpha below 0.05). A large alpha says
            that events were still coming when follow-up ended: a cured fraction is then an extrapolation.

        References
        ----------
        Maller and Zhou (1996), Survival Analysis with Long-Term Survivors, Wiley.
        """
        from statmodels_x.survival.follow_up import follow_up

        return follow_up(cast("FlexibleSurvivalResults", self), by)

    def calibration(self, by: str | None = None) -> pd.DataFrame:
        """Compare Kaplan-Meier with the mean fitted curve at every event time.

        Parameters
        ----------
        by : str, optional
            A column of the model: one comparison for each of its values.

        Returns
        -------
        DataFrame
            ``time``, ``kaplan_meier``, ``fitted``, its ``lower`` and ``upper``, ``difference``.
        """
        from statmodels_x.survival.residuals import calibration

        return calibration(cast("FlexibleSurvivalResults", self), by)

    def concordance(self, newdata: Any = None, at: float | None = None) -> float:
        """Harrell's concordance index of the predicted risk, by scikit-survival.

        Parameters
        ----------
        newdata : DataFrame, optional
            Rows with the response and the covariates; those of the fit by default.
        at : float, optional
            Time at which the risk is compared, for models whose survival curves cross; the last event by
            default.

        Returns
        -------
        float
            0.5 for no information, 1 for a perfect order.

        Raises
        ------
        MissingPackageError
            If scikit-survival is not installed.
        """
        from statmodels_x.survival.scores import concordance

        return concordance(cast("FlexibleSurvivalResults", self), newdata, at)

    def brier_score(self, at: ArrayLike, newdata: Any = None) -> pd.DataFrame:
        """Brier score with inverse-probability-of-censoring weights, by scikit-survival.

        Parameters
        ----------
        at : array_like
            Times within the follow-up of the rows scored.
        newdata : DataFrame, optional
            Rows with the response and the covariates; those of the fit by default.

        Returns
        -------
        DataFrame
            ``time``, ``brier_score``.

        Raises
        ------
        MissingPackageError
            If scikit-survival is not installed.
        """
        from statmodels_x.survival.scores import brier_score

        return brier_score(cast("FlexibleSurvivalResults", self), newdata, at)

    def plot_residuals(
        self, kind: str = "quantile", against: str | None = None, seed: int = 0, ax: Any = None
    ) -> Any:
        """Draw residuals.

        Parameters
        ----------
        kind : {"quantile", "cox-snell", "martingale", "deviance"}
            Quantile residuals against normal quantiles, Cox-Snell residuals as a cumulative hazard against
            the diagonal, the others against time or a column.
        against : str, optional
            A column of the model, for martingale and deviance residuals.
        seed : int
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        from statmodels_x.survival.plots import plot_residuals

        return plot_residuals(cast("FlexibleSurvivalResults", self), kind, against, seed, ax)
