"""Verbs of a fitted survival regression: thin methods over functions of its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.fits.hypotheses import HypothesisTest
from statmodels_x.core.fits.results import LikelihoodResults
from statmodels_x.core.validation import check_alpha, check_choice
from statmodels_x.survival import tables
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference import (
    calibration,
    hypotheses,
    intervals,
    limits,
    natural,
    observed,
    residuals,
    scores,
    units,
)
from statmodels_x.survival.inference.effects import effects_of
from statmodels_x.survival.inference.verbs import SurvivalPredictions
from statmodels_x.survival.plots.verbs import SurvivalPictures

_ALPHA = 0.05
_SHOWN = 50_000


@dataclass(frozen=True, eq=False, kw_only=True)
class FlexibleSurvivalResults(SurvivalPictures, SurvivalPredictions, LikelihoodResults):
    """Results of a :class:`FlexibleSurvival` model: estimates, tests, predictions and plots."""

    def __repr__(self) -> str:
        own = self.outside
        n = f"{self.nobs}, {own.persons:,.10g} counted" if own and own.counts else f"{self.facts.used}"
        return f"FlexibleSurvivalResults({self.formula!r}, n={n}, llf={self.llf:.4f})"

    @cached_copy
    def natural_params(self) -> pd.DataFrame:
        """Estimates on the natural scale: phi, lambda, gamma, kappa, and ratios for covariates.

        Returns
        -------
        DataFrame
            Indexed like ``params``, with ``quantity``, ``estimate``, ``lower`` and ``upper`` (95 %).
        """
        return natural.natural_scale(self)

    @cached_property
    def _usual_effects(self) -> Any:
        """What the summary shows by default; None where it would take long, or the data are gone."""
        if self.sample is None or self.facts.used > _SHOWN:
            return self.kept_effects
        return effects_of(self)

    def without_data(self) -> Self:
        """Return the same fit without a row of the user's data; effects go along once they are computed."""
        kept = self.__dict__.get("_usual_effects", self.kept_effects)
        facts = replace(self.facts)  # with all that is computed when it is first asked for, from the rows
        return replace(super().without_data(), kept_effects=kept, facts=facts)

    def stored(self) -> Self:
        """Return what a file holds, with the effects of the summary, which need the rows."""
        self._usual_effects  # noqa: B018 - cached before the rows are left out
        return super().stored()

    def tidy(self, alpha: float = 0.05, per: Mapping[str, float] | None = None) -> pd.DataFrame:
        """One row per parameter, with the column names of R's broom.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals.
        per : dict of str to float, optional
            Units of numeric covariates: ``{"age": 10}`` for effects of ten years.

        Returns
        -------
        DataFrame
            ``parameter``, ``term``, ``estimate``, ``std.error``, ``statistic``, ``p.value``, ``conf.low``,
            ``conf.high``; with ``per`` also ``per``, what each coefficient is multiplied with.
        """
        return units.tidy(self, alpha, per)

    def summary(
        self,
        alpha: float = 0.05,
        effects: Sequence[str] | bool = True,
        per: Mapping[str, float] | None = None,
    ) -> Any:
        """Tables of the model, the estimates on both scales, the effects, and the warnings.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals.
        effects : sequence of str, or bool
            Covariates whose effects are shown; True for the first three, those with two to four levels before
            numbers (up to 50,000 rows), False for none.
        per : dict of str to float, optional
            Units of numeric covariates: ``{"age": 10}`` for coefficients, ratios and effects of ten years.

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        check_alpha(alpha)
        is_usual = alpha == _ALPHA and not units.checked_units(self, per)
        if effects is False:
            shown = None
        elif effects is True and (self.sample is None or self.facts.used > _SHOWN):
            shown = self._usual_effects if is_usual else None
        elif effects is True and is_usual:
            shown = self._usual_effects
        else:
            shown = effects_of(self, None if effects is True else effects, None, alpha, per)
        return tables.summary_tables(self, alpha, shown, per)

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
        return limits.draw_coefficients(self, n, seed)

    def residuals(self, kind: str = "quantile", seed: int = 0) -> pd.Series | pd.DataFrame:
        """Residuals of the rows of the fit.

        Parameters
        ----------
        kind : str
            ``"quantile"`` (normalised: standard normal under the model; what censoring leaves open is drawn
            with ``seed``), ``"cox-snell"``, ``"martingale"``, ``"deviance"``; ``"p_excess"`` (with a background: the
            probability that the event is due to the excess, missing where there is none); ``"score"`` (weighted score
            of each row), ``"dfbeta"`` (one-step change of each estimate when the row is added), ``"dfbetas"``
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
        return observed.follow_up(self, by)

    def net_survival(
        self, by: str | Sequence[str] | None = None, at: ArrayLike | None = None, alpha: float = 0.05
    ) -> pd.DataFrame:
        """Net survival of the rows of the fit without a model of the excess, by Pohar Perme's estimator.

        What the data say beside ``standardise("net_survival")``. A factor on the background is taken as estimated.

        Parameters
        ----------
        by : str or sequence of str, optional
            Columns of the model: a curve for each combination of their values.
        at : array_like, optional
            Times of the table; every distinct time by default.
        alpha : float
            Error rate of the intervals.

        Returns
        -------
        DataFrame
            As of :func:`net_survival`: the groups, ``time``, ``at_risk``, ``events``, ``estimate``, ``std_error``,
            ``lower``, ``upper``.

        Raises
        ------
        DataError
            If the model has no background, or one that is known at the times of the rows alone.

        Examples
        --------
        >>> import statmodels_x as smx
        >>> data = smx.datasets.load_melanoma()
        >>> rates = smx.Rates([2, 5], [0.01, 0.02, 0.03])
        >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data, background=rates).fit()
        >>> fit.net_survival("treatment", at=[5]).round(3)
           treatment  time  at_risk  events  estimate  std_error  lower  upper
        0          0   5.0     29.0   103.0     0.282      0.040  0.213  0.373
        1          1   5.0     41.0    90.0     0.398      0.044  0.321  0.494
        """
        return observed.net_survival_of(self, by, at, alpha)

    def calibration(
        self,
        by: str | None = None,
        at: float | None = None,
        groups: int = 5,
        newdata: Any = None,
        alpha: float = 0.05,
    ) -> pd.DataFrame:
        """Compare Kaplan-Meier with the mean fitted curve, at every event time or at one in groups of predictions.

        Parameters
        ----------
        by : str, optional
            A column of the model: one comparison for each of its values.
        at : float, optional
            One time, at which groups are compared; every event time by default.
        groups : int
            With ``at`` and without ``by``: groups of about equal size of the predicted survival at that time.
        newdata : DataFrame, optional
            With ``at``: rows with the response and the covariates, such as those of another trial; those of the fit by
            default.
        alpha : float
            With ``at``: error rate of the Kaplan-Meier interval.

        Returns
        -------
        DataFrame
            ``time``, ``kaplan_meier``, ``fitted``, its ``lower`` and ``upper``, ``difference``; with ``at``:
            ``group``, ``n``, ``predicted``, ``events`` until then, ``kaplan_meier``, its ``lower`` and ``upper``
            (missing in a group that was not followed so long).

        Examples
        --------
        >>> import statmodels_x as smx
        >>> data = smx.datasets.load_melanoma()
        >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
        >>> fit.calibration(by="treatment", at=5)[["n", "events", "predicted", "kaplan_meier"]].round(2)
             n  events  predicted  kaplan_meier
        0  140     103       0.26          0.26
        1  144      90       0.39          0.37
        """
        if at is not None:
            return calibration.in_groups(self, at, by, groups, newdata, alpha)
        if newdata is not None:
            raise DataError("calibration: `newdata` needs `at`, the time at which survival is compared.")
        return calibration.over_time(self, by)

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

        The weights are of the censoring of the rows scored, which may be followed longer or shorter than those of the
        fit.

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
