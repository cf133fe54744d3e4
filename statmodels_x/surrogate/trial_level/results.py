"""The public results class of the trial level: the state with thin verbs over functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.data.columns import labelled
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.fits.hypotheses import HypothesisTest
from statmodels_x.core.fits.results import SummaryText, tidy_frame
from statmodels_x.core.resampling import percentile_limits
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import (
    check_alpha,
    check_choice,
    check_count,
    check_jobs,
    check_number,
    check_seed,
    numeric_array,
)
from statmodels_x.surrogate.trial_level import inference, tables
from statmodels_x.surrogate.trial_level.fitted import PARAMS, TrialLevelFitted
from statmodels_x.surrogate.trial_level.intervals import squared
from statmodels_x.surrogate.trial_level.reading import side_values

CORRELATIONS = (0.0, 0.5, 0.7, 0.85)


@dataclass(frozen=True, eq=False, kw_only=True)
class TrialLevelResults(TrialLevelFitted, SummaryText):
    """Results of :meth:`TrialLevelSurrogacy.fit() <statmodels_x.TrialLevelSurrogacy.fit>`.

    The parameters are ``mean_surrogate`` and ``mean_outcome`` (means of the true effects), ``sd_surrogate`` and
    ``sd_outcome`` (their standard deviations between trials), ``correlation``, and ``intercept``, ``slope`` and
    ``residual_sd`` of the regression line of the true outcome effect on the true surrogate effect.
    """

    def __repr__(self) -> str:
        return (
            f"TrialLevelResults(r_squared={self.r_squared:.4f}, trials={self.nobs}, method={self.method!r})"
        )

    def conf_int(
        self, alpha: float = 0.05, method: str = "profile", seed: int = 0, n: int = 500, n_jobs: int = 1
    ) -> pd.DataFrame:
        """Compute confidence intervals of the parameters and of R2.

        The mean effects, the intercept and the slope have Wald intervals. The standard deviations have none
        (NaN).

        Parameters
        ----------
        alpha : float
            One minus the confidence level.
        method : {"profile", "bootstrap"}
            Method for R2 and the correlation. ``"profile"`` inverts the profile of the likelihood that was
            maximised. If the within-trial correlation was given as a range, the interval is the widest over the
            range. ``"bootstrap"`` takes percentiles of R2 in data sets drawn from the fitted model, and gives no
            interval of the correlation.
        seed, n, n_jobs : int
            Seed, number of data sets (at least 20) and number of processes of the bootstrap.

        Returns
        -------
        DataFrame
            Columns ``lower`` and ``upper``, indexed by ``r_squared`` and the names of ``params``.

        Raises
        ------
        DataError
            If an argument is not allowed.
        """
        check_choice("method", method, ("profile", "bootstrap"), "conf_int()")
        reach = self.reference.quantile(check_alpha(alpha)) * self.bse
        table = pd.DataFrame({"lower": self.params - reach, "upper": self.params + reach})
        if method == "profile":
            rho = self.correlation_limits[0.05] if alpha == 0.05 else self.correlation_interval(alpha)
            r2 = squared(rho)
        else:
            draws = inference.bootstrap_r2(
                self, check_count("n", n, 20), check_seed(seed), check_jobs(n_jobs)
            )
            low, high = percentile_limits(draws[np.isfinite(draws)], alpha)
            rho, r2 = (np.nan, np.nan), (float(low), float(high))
        table.loc["correlation"] = rho
        return pd.concat([pd.DataFrame([r2], ["r_squared"], ["lower", "upper"]), table])

    def threshold_effect(self, alpha: float = 0.05, std_error: float = 0.0) -> pd.Series:
        """Compute the surrogate threshold effect.

        It is the smallest effect on the surrogate that predicts a benefit on the outcome.

        Parameters
        ----------
        alpha : float
            At the threshold, the limit of the 1 - alpha prediction interval for the outcome effect of a new trial
            is 0.
        std_error : float
            Standard error of the new trial's effect on the surrogate, if that effect is an estimate. The
            threshold is then further from 0. The default of 0 means that the effect is known.

        Returns
        -------
        Series
            ``estimate`` is the threshold (NaN if there is none), ``ratio`` its exponential where the surrogate
            effects are logarithms, ``reason`` says why there is none, and ``observed`` says whether it lies
            within the range of the trials' effects. The threshold is itself a limit and has no standard error;
            look at :meth:`sensitivity`.

        Raises
        ------
        DataError
            If an argument is not allowed.
        """
        std_error = check_number("std_error", std_error, low=0.0, high=np.inf, closed=True)
        value, reason = inference.threshold(self, self.mixture(), check_alpha(alpha), std_error)
        is_known = bool(np.isfinite(value))
        return pd.Series(
            {
                "estimate": value,
                "ratio": float(np.exp(value)) if self.table.is_log[0] else np.nan,
                "reason": reason,
                "observed": inference.is_observed(self, value) if is_known else False,
            },
            name="threshold effect",
        )

    def predict(
        self,
        newdata: Any = None,
        target: str = "effect",
        std_error: str | ArrayLike | None = None,
        outcome_std_error: str | ArrayLike | None = None,
        correlation: float | None = None,
        exponentiate: bool = False,
        alpha: float = 0.05,
    ) -> pd.DataFrame:
        """Predict the effect on the outcome in new trials from their effect on the surrogate.

        The surrogate effect is used as given. It is not shrunk towards the effects of the trials of the fit.

        Parameters
        ----------
        newdata : DataFrame, optional
            Table with the columns of the formula's right side, one row per new trial. The default is the trials
            of the fit.
        target : {"effect", "estimate"}
            Whether to predict the true effect on the outcome, or the estimate that the trial will give.
        std_error : float, str or array_like, optional
            Standard errors of the surrogate effects of the new trials: a number, a column of ``newdata``, or an
            array. By default the surrogate effects of new trials are taken as known, and the trials of the fit
            have their own standard errors.
        outcome_std_error : float, str or array_like, optional
            Standard errors of the outcome effects of the new trials. They are needed for ``target="estimate"``.
        correlation : float, optional
            Correlation of the two estimates within a new trial, for ``target="estimate"``. The default is the
            mean of the trials of the fit.
        exponentiate : bool
            Whether to return ratios. The outcome effects must then be logarithms.
        alpha : float
            One minus the level of the prediction intervals.

        Returns
        -------
        DataFrame
            One row per trial, with the columns ``surrogate`` (the effect that was given), ``estimate`` (the
            median), ``std_error``, ``lower`` and ``upper``. ``std_error`` is the standard deviation of the normal
            distribution with this interval. With ``exponentiate`` it remains that of the logarithm, and
            ``surrogate`` stays on the scale of the formula.

        Raises
        ------
        DataError
            If a column or an argument cannot be used, or if the trials do not differ in their effect on the
            surrogate.
        """
        check_choice("target", target, ("effect", "estimate"), "predict()")
        s, se_s, se_t, w, index = self._new_trials(newdata, target, std_error, outcome_std_error, correlation)
        table = inference.predictions(self, s, se_s, se_t, w, alpha)
        if exponentiate:
            if not self.table.is_log[1]:
                raise DataError("predict: `exponentiate` is for outcome effects that are logarithms.")
            columns = ["estimate", "lower", "upper"]
            table[columns] = np.exp(table[columns])
        table.insert(0, "surrogate", s)
        return table.set_index(index)

    def _new_trials(
        self, newdata: Any, target: str, std_error: Any, outcome_std_error: Any, correlation: float | None
    ) -> tuple[Array, Array, Array, Array, pd.Index]:
        own = self.effects
        if newdata is None:
            frame, s, index = pd.DataFrame(index=range(len(own))), own.s, pd.Index(own.labels, name="trial")
            std_error = own.se_s if std_error is None else std_error
            outcome_std_error = own.se_t if outcome_std_error is None else outcome_std_error
        else:
            frame = as_pandas(newdata)
            s, index = side_values(self.table.surrogate, frame, "newdata"), frame.index
        if target == "estimate" and outcome_std_error is None:
            raise DataError(
                'predict: target="estimate" needs `outcome_std_error`, the precision of the new trial.'
            )
        se_s = _given(frame, std_error, "std_error")
        se_t = (
            _given(frame, outcome_std_error, "outcome_std_error")
            if target == "estimate"
            else np.zeros(len(s))
        )
        w = np.full(len(s), float(own.w.mean()) if correlation is None else correlation)
        return s, se_s, se_t, w if target == "estimate" else np.zeros(len(s)), index

    def sensitivity(self, correlations: Sequence[float] | None = None, alpha: float = 0.05) -> pd.DataFrame:
        """Repeat the analysis under other within-trial correlations.

        Parameters
        ----------
        correlations : sequence of float, optional
            Within-trial correlations. The default is 0, 0.5, 0.7, 0.85 (with the sign of the one that was given)
            and the one that was given.
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame
            One row per correlation, with the columns ``correlation``, ``r_squared``, ``lower`` and ``upper`` (its
            profile interval), ``slope``, ``threshold`` and ``reason`` (why there is no threshold).

        Raises
        ------
        DataError
            If a correlation is not between -1 and 1.
        """
        if correlations is None:
            own = float(np.round(self.effects.w.mean(), 10))
            correlations = sorted({*(w if own >= 0.0 else 0.0 - w for w in CORRELATIONS), own})
        return inference.sensitivity(self, list(correlations), check_alpha(alpha))

    def leave_one_out(self, alpha: float = 0.05) -> pd.DataFrame:
        """Leave out each trial (or cluster of trials) in turn, and predict its outcome effect.

        The estimated outcome effect of the trial is predicted from its estimated surrogate effect and from the
        fit to the other trials.

        Parameters
        ----------
        alpha : float
            One minus the level of the prediction intervals.

        Returns
        -------
        DataFrame
            One row per trial. ``left_out`` is the trial or cluster that was left out. ``trial``, ``surrogate``
            and ``outcome`` are the trial and its two estimates. ``predicted``, ``error`` and ``z`` are the
            predicted outcome effect, the difference from it, and that difference as a normal score. ``inside``
            says whether the estimate lies in its prediction interval. ``r_squared`` and ``slope`` are those of
            the fit without the trial.

        Raises
        ------
        DataError
            If fewer than three trials remain.
        """
        if alpha == 0.05:
            return self._left_out
        return inference.leave_one_out(self, alpha)

    @cached_copy
    def _left_out(self) -> pd.DataFrame:
        return inference.leave_one_out(self, 0.05)

    def heterogeneity(self) -> HypothesisTest:
        """Test the hypothesis that the true effects are the same in all trials.

        Returns
        -------
        HypothesisTest
            Cochran's Q of both effects at once. ``I2.surrogate`` and ``I2.outcome`` are the shares of the
            variance of each estimated effect that lie between trials.
        """
        return inference.heterogeneity(self)

    def weighted_regression(self, weights: ArrayLike | None = None) -> pd.Series:
        """Regress the estimated outcome effects on the estimated surrogate effects by weighted least squares.

        Many papers report this regression, and this method is for comparison with them. It mixes the relation
        between trials with the estimation error and with the within-trial correlation, so its R2 is not the R2
        between trials.

        Parameters
        ----------
        weights : array_like of shape (n_trials,), optional
            Positive weights, such as numbers of patients. The default is the precision of the outcome estimates.
            A Series is matched by its labels, which must be the names of the trials.

        Returns
        -------
        Series
            ``intercept``, ``slope``, ``se_intercept``, ``se_slope``, ``r_squared_of_estimates`` and
            ``correlation_of_estimates``.

        Raises
        ------
        DataError
            If ``weights`` is not one positive number per trial.
        """
        labelled_weights = labelled(weights, pd.Index(self.effects.labels), "weights")
        values = (
            None if weights is None else numeric_array(labelled_weights, "weights", "weighted_regression()")
        )
        if values is not None and (values.shape != (self.nobs,) or not np.all(values > 0.0)):
            raise DataError(
                f"weighted_regression: `weights` must be {self.nobs} positive numbers, one a trial."
            )
        return inference.weighted_regression(self, values)

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return the estimates with one row per parameter (and R2) and the column names of R's broom.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.

        Returns
        -------
        DataFrame
            Columns ``term``, ``estimate``, ``std.error``, ``statistic``, ``p.value``, ``conf.low`` and
            ``conf.high``. Standard error, statistic and p-value are given for the mean effects, the intercept and
            the slope, and are NaN for the rest.
        """
        estimates = pd.concat([pd.Series({"r_squared": self.r_squared}), self.params])
        errors = self.bse.reindex(estimates.index)
        statistic = (estimates / errors).to_numpy()
        p_value = self.reference.two_sided(statistic)
        labels = pd.DataFrame({"term": ["r_squared", *PARAMS]})
        return tidy_frame(labels, estimates, errors, statistic, p_value, self.conf_int(alpha))

    def glance(self) -> pd.DataFrame:
        """Return one row about the fit.

        Returns
        -------
        DataFrame
            Columns ``nobs`` (number of trials), ``method``, ``r.squared``, ``conf.low`` and ``conf.high`` (its 95
            % profile interval), ``threshold``, ``logLik`` and ``note`` (the first warning).
        """
        low, high = self.conf_int().loc["r_squared"]
        return pd.DataFrame(
            {
                "nobs": [self.nobs],
                "method": [self.method],
                "r.squared": [self.r_squared],
                "conf.low": [low],
                "conf.high": [high],
                "threshold": [self.threshold_effect()["estimate"]],
                "logLik": [self.llf],
                "note": [self.warnings[0] if self.warnings else ""],
            }
        )

    def plot(self, kind: str = "bubble", ax: Any = None, alpha: float = 0.05) -> Any:
        """Plot the trials with the fitted line, or a diagnostic of the fit.

        Parameters
        ----------
        kind : {"bubble", "leave_one_out", "sensitivity", "profile"}
            ``"bubble"`` draws the trials (with areas by precision), the line, the prediction band for a new trial
            and the threshold. ``"leave_one_out"`` draws the prediction of each trial from the others.
            ``"sensitivity"`` draws R2 and its interval over the within-trial correlation. ``"profile"`` draws the
            profile likelihood of the correlation between trials.
        ax : matplotlib Axes, optional
            Axes to draw on. A new figure is made by default.
        alpha : float
            One minus the level of bands and intervals.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        DataError
            If an argument is not allowed.
        """
        from statmodels_x.surrogate.trial_level import plots

        draw = {
            "bubble": plots.plot_bubble,
            "leave_one_out": plots.plot_leave_one_out,
            "sensitivity": plots.plot_sensitivity,
            "profile": plots.plot_profile,
        }
        return draw[check_choice("kind", kind, tuple(draw), "plot()")](self, check_alpha(alpha), ax)

    def summary(self, alpha: float = 0.05) -> Any:
        """Return tables of R2 and the line, of the sensitivity analysis, and of the influence of single trials.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.

        Returns
        -------
        FitSummary
        """
        return tables.summary_tables(
            self,
            self.tidy(alpha),
            self.threshold_effect(alpha),
            self.sensitivity(alpha=alpha),
            self.leave_one_out(alpha),
            alpha,
        )


def _given(frame: pd.DataFrame, value: Any, name: str) -> Array:
    """Read standard errors given as a number, a column of the frame, or an array; 0 without."""
    if value is None:
        return np.zeros(len(frame))
    if isinstance(value, str):
        if value not in frame.columns:
            raise DataError(f"predict: there is no column {value!r} for `{name}`.")
        value = frame[value]
    values = (
        np.broadcast_to(np.asarray(value, float), (len(frame),))
        if np.ndim(value) == 0
        else np.asarray(value, float)
    )
    if values.shape != (len(frame),) or not np.all(np.isfinite(values) & (values >= 0.0)):
        raise DataError(f"predict: `{name}` must be finite numbers of 0 or more, one for each new trial.")
    return values
