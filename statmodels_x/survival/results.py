"""Verbs of a fitted survival regression: thin methods over functions of its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.fits.hypotheses import HypothesisTest
from statmodels_x.core.fits.results import LikelihoodResults
from statmodels_x.core.validation import check_alpha, check_choice
from statmodels_x.survival import plots, tables
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference import (
    follow_up,
    hypotheses,
    intervals,
    natural,
    prediction,
    residuals,
    scores,
    standardisation,
)
from statmodels_x.survival.inference.effects import effects_of

_ALPHA = 0.05
_SHOWN = 50_000


@dataclass(frozen=True, eq=False, kw_only=True)
class FlexibleSurvivalResults(SurvivalFitted, LikelihoodResults):
    """A fitted :class:`FlexibleSurvival`: what is known of it (:class:`SurvivalFitted`), and what it can do."""

    def __repr__(self) -> str:
        return f"FlexibleSurvivalResults({self.formula!r}, n={self.facts.used}, llf={self.llf:.4f})"

    @cached_copy
    def natural_params(self) -> pd.DataFrame:
        """Estimates on the natural scale: phi, lambda, gamma, kappa, and ratios for covariates.

        Returns
        -------
        DataFrame
            Indexed like ``params``, with ``quantity``, ``estimate``, ``lower`` and ``upper`` (95 %).
        """
        return natural.natural_scale(self)

    def predict(
        self,
        newdata: Any = None,
        kind: str = "survival",
        at: ArrayLike | None = None,
        reference: Any = None,
        alpha: float = 0.05,
        given: ArrayLike | None = None,
        method: str = "delta",
        simultaneous: bool = False,
        n_draws: int = 2000,
        seed: int = 0,
        missing: str = "error",
    ) -> pd.DataFrame:
        """Predict with standard errors and intervals.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates; the training rows by default.
        kind : str
            At the times ``at``: ``"survival"``, ``"cumulative_hazard"``, ``"hazard"``, ``"density"``,
            ``"odds"`` (of the event, (1 - S)/S), ``"rmst"`` (mean time lived up to a horizon). At the
            probabilities ``at``: ``"quantile"``. Without ``at``: ``"median"``, ``"mean"`` (infinite with a
            cured fraction), ``"cure_fraction"`` (0 without an error where the distribution has none), ``"link"`` (the
            linear predictors). With ``_difference`` or
            ``_ratio`` added (``"hazard_ratio"``, ``"survival_difference"``, ``"quantile_ratio"``, ...): against
            ``reference``.
        at : array_like of shape (k,), optional
            Times in the unit of the data, or probabilities.
        reference : DataFrame, optional
            One row, or as many as ``newdata``: what to compare with.
        alpha : float
            Error rate of the intervals.
        given : float or array_like of shape (m,), optional
            Time already survived: every prediction is conditional on it (times still count from 0).
        method : {"delta", "simulation"}
            Delta method on a scale that respects the bounds (log cumulative hazard for survival and cure
            fraction, log for the others), or quantiles over coefficients drawn from their estimated distribution.
        simultaneous : bool
            Whether the bands of each row hold at all its points at once.
        n_draws, seed : int
            For ``method="simulation"`` and for simultaneous bands.
        missing : {"error", "nan"}
            Whether a new row that misses a covariate is an error, or a prediction of NaN.

        Returns
        -------
        DataFrame
            One row for each row of ``newdata`` and each value of ``at``: ``row`` (index label of ``newdata``),
            ``time`` or ``probability``, ``estimate``, ``std_error``, ``lower``, ``upper``; for times also
            ``extrapolated``: whether the time lies beyond the longest follow-up.

        Raises
        ------
        DataError
            If a covariate is missing or has an unseen level, or an argument does not suit ``kind``.
        """
        options = prediction.Options(alpha, method, n_draws, seed, simultaneous, missing)
        return prediction.predict(self, newdata, kind, at, reference, given, options)

    def standardise(
        self,
        kind: str = "survival",
        at: ArrayLike | None = None,
        by: str | Sequence[str] | None = None,
        levels: Sequence[Any] | Mapping[str, Sequence[Any]] | None = None,
        over: Any = None,
        weights: ArrayLike | None = None,
        contrast: str | None = None,
        alpha: float = 0.05,
        method: str = "delta",
        simultaneous: bool = False,
        n_draws: int = 2000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Average predictions over a population, with ``by`` set to each of its levels (g-formula).

        Parameters
        ----------
        kind : {"survival", "rmst", "cure_fraction"}
        at : array_like, optional
            Times or horizons.
        by : str or sequence of str, optional
            Covariates that are set to each of their ``levels`` for everybody (of several, to each combination); none
            for the population as it is.
        levels : sequence, or mapping of str to sequence, optional
            Values of ``by``; by default those seen in the fit, or the quartiles of a number with many.
        over : DataFrame, optional
            The population; the training rows (with their weights) by default.
        weights : array_like, optional
            Weight of each row of the population.
        contrast : {"difference", "ratio"}, optional
            Compare each level with the first.
        alpha, method, simultaneous, n_draws, seed
            As in :meth:`predict`.

        Returns
        -------
        DataFrame
            ``by``, ``time``, ``estimate``, ``std_error``, ``lower``, ``upper``. The errors are those of the
            coefficients; the population is taken as given.
        """
        options = prediction.Options(alpha, method, n_draws, seed, simultaneous)
        return standardisation.standardise(self, kind, at, by, levels, over, weights, contrast, options)

    def plot(
        self,
        kind: str = "survival",
        by: str | None = None,
        newdata: Any = None,
        at: ArrayLike | None = None,
        reference: Any = None,
        alpha: float = 0.05,
        kaplan_meier: bool | None = None,
        simultaneous: bool = False,
        ax: Any = None,
    ) -> Any:
        """Draw predicted curves with bands.

        Parameters
        ----------
        kind : str
            A kind of :meth:`predict` over times, ``"quantile"``, or a difference or ratio of these.
        by : str, optional
            Covariate with a curve for each value; the others are held at their mean or most frequent level,
            which the legend says.
        newdata : DataFrame, optional
            Covariates, a curve for each row; instead of ``by``.
        at : array_like, optional
            Times; a fine grid to the end of follow-up by default.
        reference : DataFrame, optional
            For differences and ratios; the first curve's covariates by default.
        alpha : float
            Error rate of the bands.
        kaplan_meier : bool, optional
            Whether to draw Kaplan-Meier curves under survival or cumulative hazard; by default where ``by``
            names the only covariate, or there is none, and the data are at hand.
        simultaneous : bool
            Whether a band holds over the whole curve at once.
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        return plots.plot(self, kind, by, newdata, at, reference, alpha, kaplan_meier, simultaneous, ax)

    def effects(
        self, variables: Sequence[str] | None = None, at: float | None = None, alpha: float = 0.05
    ) -> pd.DataFrame:
        """Compare survival and mean time between the levels of covariates, averaged over the rows of the fit.

        Beside this model's numbers stand those of a proportional hazards model in which the covariate acts on the
        power, too: where they differ by more than a standard error, ``moves``, the effect rests on the form of the
        model.

        Parameters
        ----------
        variables : sequence of str, optional
            Covariates; by default the first three with two to four levels.
        at : float, optional
            The horizon; by default the 90 % point of the observed times, rounded down.
        alpha : float
            Error rate of the intervals.

        Returns
        -------
        DataFrame
            ``effect``, ``quantity``, ``estimate``, ``lower``, ``upper``, ``wide_estimate``, ``wide_lower``,
            ``wide_upper``, ``moves``.
        """
        return effects_of(self, variables, at, alpha).table

    @cached_property
    def _usual_effects(self) -> Any:
        """What the summary shows by default; None where it would take long, or the data are gone."""
        if self.sample is None or self.facts.used > _SHOWN:
            return self.kept_effects
        return effects_of(self)

    def without_data(self) -> Self:
        """Return the same fit without a row of the user's data; effects go along once they are computed."""
        kept = self.__dict__.get("_usual_effects", self.kept_effects)
        return replace(super().without_data(), kept_effects=kept)

    def stored(self) -> Self:
        """Return what a file holds, with the effects of the summary, which need the rows."""
        self._usual_effects  # noqa: B018 - cached before the rows are left out
        return super().stored()

    def summary(self, alpha: float = 0.05, effects: Sequence[str] | bool = True) -> Any:
        """Tables of the model, the estimates on both scales, the effects, and the warnings.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals.
        effects : sequence of str, or bool
            Covariates whose effects are shown; True for the first three with two to four levels (up to 50,000
            rows), False for none.

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        usual = check_alpha(alpha) == _ALPHA
        shown = None
        if effects is True and (usual or self.sample is None or self.facts.used > _SHOWN):
            shown = self._usual_effects if usual else None
        elif effects is not False:
            shown = effects_of(self, None if effects is True else effects, None, alpha)
        return tables.summary_tables(self, alpha, shown)

    def glance(self) -> pd.DataFrame:
        """One row of facts about the fit, with the column names of R's broom where it has them.

        Returns
        -------
        DataFrame
            ``distribution``, ``scale``, ``nobs``, ``events``, ``df``, ``logLik``, ``AIC``, ``AICc``, ``BIC``,
            ``converged``, ``regular``, ``note``.
        """
        return tables.glance(self)

    def wald_test_terms(self) -> pd.DataFrame:
        """Test each term of each parameter: all its coefficients are 0.

        Returns
        -------
        DataFrame
            Indexed by (parameter, term): ``statistic`` (chi-squared), ``df``, ``p.value``.
        """
        return hypotheses.term_tests(self)

    def conf_int(self, alpha: float = 0.05, method: str = "wald") -> pd.DataFrame:
        """Confidence intervals on the working scale.

        Parameters
        ----------
        alpha : float
            Error rate: 0.05 gives 95 % intervals.
        method : {"wald", "profile"}
            Estimate plus and minus normal quantiles of the standard error, or all values that a
            likelihood-ratio test does not reject (infinite where the likelihood never falls that far).

        Returns
        -------
        DataFrame of shape (p, 2)
            Columns ``lower`` and ``upper``.

        Raises
        ------
        DataError
            For profile intervals of a fit that is no regular maximum, or that has lost its data.
        """
        if check_choice("method", method, ("wald", "profile"), "conf_int()") == "wald":
            return super().conf_int(alpha)

        return intervals.profile_conf_int(self, alpha)

    def profile_cure_fraction(self, newdata: Any = None, alpha: float = 0.05) -> pd.DataFrame:
        """Profile-likelihood intervals for the cured fraction of a model with a ``cure`` part.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates; a single row is enough for ``cure="~ 1"``.
        alpha : float

        Returns
        -------
        DataFrame
            ``row``, ``estimate``, ``lower``, ``upper``; a bound of 0 or 1 is one that the data do not give.
        """
        return intervals.profile_cure_fraction(self, newdata, alpha)

    def lr_test(self, larger: SurvivalFitted) -> HypothesisTest:
        """Likelihood-ratio test of this model within a larger one.

        Parameters
        ----------
        larger : FlexibleSurvivalResults
            A fit to the same rows in which this model is nested.

        Returns
        -------
        HypothesisTest
            ``statistic`` (chi-squared), ``df``, ``p.value``.
        """
        return hypotheses.likelihood_ratio(self, larger)

    def score_test(self, larger: Any) -> HypothesisTest:
        """Score (Rao) test of this model within a larger one, which need not be fitted.

        Parameters
        ----------
        larger : FlexibleSurvival
            The larger model on the same data.

        Returns
        -------
        HypothesisTest
            ``statistic`` (chi-squared), ``df``, ``p.value``.
        """
        return hypotheses.score_test(self, larger.specification, larger.to_arrays())

    def scale_tests(self) -> pd.DataFrame:
        """Test proportional hazards and accelerated time inside a model with covariates on both scales.

        Returns
        -------
        DataFrame
            Rows ``"ph"`` and ``"aft"``: ``statistic``, ``df``, ``p.value``, ``valid`` and ``note``. Near the
            Weibull the two scales are one and the tests mean nothing.
        """
        return hypotheses.scale_tests(self)

    def sample_params(self, n: int, seed: int | np.random.Generator = 0) -> pd.DataFrame:
        """Draw from the estimated normal distribution of the estimates.

        Parameters
        ----------
        n : int
        seed : int or numpy.random.Generator

        Returns
        -------
        DataFrame of shape (n, p)

        Raises
        ------
        DataError
            If a standard error is missing.
        """
        return prediction.draw_coefficients(self, n, seed)

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
        return residuals.residuals(self, kind, seed)

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
        return follow_up.follow_up(self, by)

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
        return residuals.calibration(self, by)

    def concordance(self, newdata: Any = None, at: float | None = None) -> float:
        """Harrell's concordance index of the predicted risk, by scikit-survival, which must be installed.

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
        """
        return scores.concordance(self, newdata, at)

    def brier_score(self, at: ArrayLike, newdata: Any = None) -> pd.DataFrame:
        """Brier score weighted for censoring, by scikit-survival, which must be installed.

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
        """
        return scores.brier_score(self, newdata, at)

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
        return plots.plot_residuals(self, kind, against, seed, ax)
