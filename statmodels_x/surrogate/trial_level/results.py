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
    """A fitted :class:`~statmodels_x.TrialLevelSurrogacy`.

    ``params`` are ``mean_surrogate``, ``mean_outcome``, ``sd_surrogate``, ``sd_outcome``, ``correlation``,
    ``intercept``, ``slope`` and ``residual_sd``.
    """

    def __repr__(self) -> str:
        return (
            f"TrialLevelResults(r_squared={self.r_squared:.4f}, trials={self.nobs}, method={self.method!r})"
        )

    def conf_int(
        self, alpha: float = 0.05, method: str = "profile", seed: int = 0, n: int = 500, n_jobs: int = 1
    ) -> pd.DataFrame:
        """Intervals of the parameters and of R2.

        Parameters
        ----------
        alpha : float
        method : {"profile", "bootstrap"}
            Of R2 and the correlation: the profile of the restricted likelihood, or percentiles of R2 in data sets
            drawn from the fitted model (of the correlation then none). Means, intercept and slope have Wald intervals;
            standard deviations have none.
        seed, n, n_jobs : int
            Of the bootstrap.

        Returns
        -------
        DataFrame
            Indexed by ``r_squared`` and the names of ``params``; columns ``lower`` and ``upper``.
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
        """Surrogate threshold effect: the smallest effect on the surrogate that predicts a benefit on the outcome.

        Parameters
        ----------
        alpha : float
            The 1 - alpha/2 limit of the outcome effect of a new trial is 0 there.
        std_error : float
            Of the new trial's surrogate effect, if it is an estimate: the threshold is further out then.

        Returns
        -------
        Series
            ``estimate`` (NaN if there is none), ``ratio`` (its exponential, for logarithms), ``reason`` if there is
            none, ``observed`` (whether it lies among the trials' effects). It is itself a limit and has no standard
            error: look at :meth:`sensitivity`.
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
        """Effect on the outcome in new trials, given their effect on the surrogate.

        Parameters
        ----------
        newdata : DataFrame, optional
            With the columns of the formula's right side; the trials of the fit by default.
        target : {"effect", "estimate"}
            The true effect on the outcome, or the estimate that a trial will give.
        std_error : float, str or array_like, optional
            Of the new trials' surrogate effects, if they are estimates; without it they are taken as the true ones.
            A number, a column of ``newdata``, or an array. For the trials of the fit their own.
        outcome_std_error : float, str or array_like, optional
            For ``target="estimate"``.
        correlation : float, optional
            Of the two estimates of a new trial, for ``target="estimate"``; the mean of the fit's by default.
        exponentiate : bool
            Whether to return ratios, where the outcome effects are logarithms.
        alpha : float

        Returns
        -------
        DataFrame
            ``surrogate`` (the effect given), ``estimate`` (median), ``std_error`` (of the normal distribution with
            this interval; with ``exponentiate`` that of the logarithm), ``lower``, ``upper``. The surrogate effect is
            taken as it is, not shrunk towards those of the past.
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
        """Say what the answer would be under other within-trial correlations.

        Parameters
        ----------
        correlations : sequence of float, optional
            0, .5, .7, .85 and the one given by default.
        alpha : float

        Returns
        -------
        DataFrame
            ``correlation``, ``r_squared``, ``lower``, ``upper`` (profile), ``slope``, ``threshold``, ``reason``.
        """
        if correlations is None:
            own = float(np.round(self.effects.w.mean(), 10))
            correlations = sorted({*(w if own >= 0.0 else 0.0 - w for w in CORRELATIONS), own})
        return inference.sensitivity(self, list(correlations), check_alpha(alpha))

    def leave_one_out(self, alpha: float = 0.05) -> pd.DataFrame:
        """Leave each trial (or cluster) out, and predict its outcome estimate from its surrogate estimate.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        DataFrame
            ``left_out``, ``trial``, ``surrogate``, ``outcome``, ``predicted``, ``error``, ``z``, ``inside`` (of the
            prediction interval), ``r_squared`` and ``slope`` without it.
        """
        if alpha == 0.05:
            return self._left_out
        return inference.leave_one_out(self, alpha)

    @cached_copy
    def _left_out(self) -> pd.DataFrame:
        return inference.leave_one_out(self, 0.05)

    def heterogeneity(self) -> HypothesisTest:
        """Test that the trials do not differ: Q on both axes at once, with ``I2.surrogate`` and ``I2.outcome``."""
        return inference.heterogeneity(self)

    def weighted_regression(self, weights: ArrayLike | None = None) -> pd.Series:
        """Regress the outcome estimates on the surrogate estimates, to compare with papers that do.

        Parameters
        ----------
        weights : array_like, optional
            One a trial, such as numbers of patients; the precision of the outcome estimate by default. A Series goes by
            its labels, which must be the trials.

        Returns
        -------
        Series
            ``intercept``, ``slope``, their standard errors, ``r_squared_of_estimates`` and
            ``correlation_of_estimates``. They mix the relation between trials with estimation error and with the
            within-trial correlation, and are not R2 between trials.
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
        """One row per parameter and R2, with the column names of R's broom.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        DataFrame
            ``term``, ``estimate``, ``std.error``, ``statistic``, ``p.value`` (of means, intercept and slope),
            ``conf.low``, ``conf.high``.
        """
        estimates = pd.concat([pd.Series({"r_squared": self.r_squared}), self.params])
        errors = self.bse.reindex(estimates.index)
        statistic = (estimates / errors).to_numpy()
        p_value = self.reference.two_sided(statistic)
        labels = pd.DataFrame({"term": ["r_squared", *PARAMS]})
        return tidy_frame(labels, estimates, errors, statistic, p_value, self.conf_int(alpha))

    def glance(self) -> pd.DataFrame:
        """One row about the fit.

        Returns
        -------
        DataFrame
            ``nobs``, ``method``, ``r.squared``, ``conf.low``, ``conf.high``, ``threshold``, ``logLik``, ``note``.
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
        """Draw the result.

        Parameters
        ----------
        kind : {"bubble", "leave_one_out", "sensitivity", "profile"}
            The trials (areas by precision) with line, band of predictions for a new trial and threshold; predictions
            of each trial from the others; R2 and its interval over the within-trial correlation; the profile
            likelihood of the correlation between trials.
        ax : matplotlib Axes, optional
        alpha : float
            Error rate of bands and intervals.

        Returns
        -------
        matplotlib.axes.Axes
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
        """Tables of the trials, R2 and the line, sensitivity, and what single trials do.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals.

        Returns
        -------
        statsmodels.iolib.summary.Summary
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
