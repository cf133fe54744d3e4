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
    limits,
    natural,
    observed,
    profile,
    residuals,
    units,
)
from statmodels_x.survival.inference.effects import effects_of
from statmodels_x.survival.inference.verbs import SurvivalPredictions
from statmodels_x.survival.plots.verbs import SurvivalPictures

_ALPHA = 0.05
_SHOWN = 50_000


@dataclass(frozen=True, eq=False, kw_only=True)
class FlexibleSurvivalResults(SurvivalPictures, SurvivalPredictions, LikelihoodResults):
    """Results of a :class:`FlexibleSurvival` model.

    The object holds the estimates and their covariance. Its methods return intervals, tests, predictions,
    diagnostics, tables and figures. It is returned by :meth:`FlexibleSurvival.fit` and cannot be changed.
    """

    def __repr__(self) -> str:
        own = self.outside
        n = f"{self.nobs}, {own.persons:,.10g} counted" if own and own.counts else f"{self.facts.used}"
        return f"FlexibleSurvivalResults({self.formula!r}, n={n}, llf={self.llf:.4f})"

    @cached_copy
    def natural_params(self) -> pd.DataFrame:
        """Estimates on the natural scale, with 95 % intervals.

        Intercepts are shown as phi, lambda, gamma, kappa or the cured fraction. The coefficient of a covariate is
        shown as a ratio, such as a hazard ratio. A coefficient whose exponential has no meaning of its own has the
        name ``"-"`` and no number.

        Returns
        -------
        DataFrame
            Indexed like ``params``, with the columns ``quantity``, ``estimate``, ``lower`` and ``upper``.
        """
        return natural.natural_scale(self)

    @cached_property
    def _usual_effects(self) -> Any:
        """What the summary shows by default; None where it would take long, or the data are gone."""
        if self.sample is None or self.facts.used > _SHOWN:
            return self.kept_effects
        return effects_of(self)

    def without_data(self) -> Self:
        """Return the same fit without any row of the data. Effects that were computed are kept."""
        kept = self.__dict__.get("_usual_effects", self.kept_effects)
        facts = replace(self.facts)  # with all that is computed when it is first asked for, from the rows
        return replace(super().without_data(), kept_effects=kept, facts=facts)

    def stored(self) -> Self:
        """Return what a file holds, including the effects of the summary, which need the rows."""
        self._usual_effects  # noqa: B018 - cached before the rows are left out
        return super().stored()

    def tidy(self, alpha: float = 0.05, per: Mapping[str, float] | None = None) -> pd.DataFrame:
        """One row per parameter, with the column names of R's broom.

        Parameters
        ----------
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.
        per : dict of str to float, optional
            Units of numeric covariates. ``{"age": 10}`` gives effects per ten years.

        Returns
        -------
        DataFrame
            The columns ``parameter``, ``term``, ``estimate``, ``std.error``, ``statistic``, ``p.value``,
            ``conf.low`` and ``conf.high``. With ``per`` there is also a column ``per``, the number by which each
            coefficient is multiplied.

        Raises
        ------
        DataError
            If ``per`` names something that is not a numeric covariate of the model.
        """
        return units.tidy(self, alpha, per)

    def summary(
        self,
        alpha: float = 0.05,
        effects: Sequence[str] | bool = True,
        per: Mapping[str, float] | None = None,
    ) -> Any:
        """Summary tables of the fit.

        The summary shows the model, the estimates on the working scale and on the natural scale, the effects of the
        covariates and the warnings of the fit.

        Parameters
        ----------
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.
        effects : sequence of str, or bool
            Covariates whose effects are shown (see :meth:`effects`). True shows up to three covariates, those with
            two to four levels first, if the fit has at most 50,000 rows. False shows none.
        per : dict of str to float, optional
            Units of numeric covariates. ``{"age": 10}`` gives coefficients, ratios and effects per ten years.

        Returns
        -------
        FitSummary
            Prints as text and shows as an HTML table in notebooks. ``as_text()``, ``as_html()``, ``as_latex()``,
            ``as_markdown()`` and ``as_csv()`` return the tables as strings.
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
        """One row with the main facts about the fit.

        The column names are those of R's broom where broom has them.

        Returns
        -------
        DataFrame
            The columns ``distribution``, ``scale``, ``nobs``, ``events``, ``df`` (number of parameters), ``logLik``,
            ``AIC``, ``AICc``, ``BIC``, ``converged``, ``regular`` (see :attr:`is_regular`), ``starts`` (searches
            that ended at this maximum, of all searches), ``ridge`` (by how much the highest rejected end of a search
            lies above this maximum; missing if there is none) and ``note`` (the kinds of the findings). A model with
            a background also has ``expected``, the number of deaths that the background predicts. A model with
            external counts or priors also has ``counted``, ``counted_events``, ``df_effective`` and
            ``logLik_penalised``.
        """
        return tables.glance(self)

    def wald_test_terms(self) -> pd.DataFrame:
        """Wald test of each term of each parameter.

        The null hypothesis is that all coefficients of the term are 0. Intercepts are not tested.

        Returns
        -------
        DataFrame
            Indexed by (parameter, term), with the columns ``statistic``, ``df`` and ``p.value``. The statistic is
            chi-squared. It is an F statistic if ``use_t`` is True (``cov_type="cluster"``).
        """
        return hypotheses.term_tests(self)

    def conf_int(self, alpha: float = 0.05, method: str = "wald") -> pd.DataFrame:
        """Confidence intervals for the parameters on the working scale.

        Parameters
        ----------
        alpha : float
            Significance level. The default gives 95 % confidence intervals.
        method : {"wald", "profile"}
            - ``"wald"``: the estimate plus and minus a quantile times the standard error. The quantile is that of
              the standard normal distribution, or of Student's t distribution if ``use_t`` is True
              (``cov_type="cluster"``).
            - ``"profile"``: all values that a likelihood-ratio test does not reject. A limit is infinite if the
              likelihood never falls far enough.

        Returns
        -------
        DataFrame of shape (p, 2)
            The columns ``lower`` and ``upper``.

        Raises
        ------
        DataError
            If a profile interval is asked of a fit that is not a regular maximum, has priors, or was saved without
            its data.
        """
        if check_choice("method", method, ("wald", "profile"), "conf_int()") == "wald":
            return super().conf_int(alpha)

        return profile.profile_conf_int(self, alpha)

    def profile_cure_fraction(self, newdata: Any = None, alpha: float = 0.05) -> pd.DataFrame:
        """Profile-likelihood intervals for the cured fraction of a model with a ``cure`` part.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates, one row for each interval. The default is the rows of the fit. One row is enough for
            ``cure="~ 1"``.
        alpha : float
            Significance level. The default gives 95 % confidence intervals.

        Returns
        -------
        DataFrame
            The columns ``row`` (index label of ``newdata``), ``estimate``, ``lower`` and ``upper``. A limit of 0 or
            1 means that the data do not bound the cured fraction on that side.

        Raises
        ------
        DataError
            If the model has no ``cure`` part, or the fit is not a regular maximum, has priors, or was saved without
            its data.
        """
        return profile.profile_cure_fraction(self, newdata, alpha)

    def lr_test(self, larger: SurvivalFitted) -> HypothesisTest:
        """Likelihood-ratio test of this model against a larger model.

        Parameters
        ----------
        larger : FlexibleSurvivalResults
            A fit to the same rows. This model must be nested in it.

        Returns
        -------
        HypothesisTest
            ``statistic`` (chi-squared), ``df`` and ``p.value``.

        Raises
        ------
        DataError
            If the models are not nested, were fitted to different rows or have priors, or if one of the fits is not
            a regular maximum.
        """
        return hypotheses.likelihood_ratio(self, larger)

    def score_test(self, larger: Any) -> HypothesisTest:
        """Score test (Rao's test) of this model against a larger model, which need not be fitted.

        Parameters
        ----------
        larger : FlexibleSurvival
            The larger model, for the same data. This model must be nested in it.

        Returns
        -------
        HypothesisTest
            ``statistic`` (chi-squared), ``df`` and ``p.value``. If the information of the larger model is not
            positive definite at this fit, the statistic is missing and an entry ``note`` says so.

        Raises
        ------
        DataError
            If the models are not nested, use different rows or have priors, or if this fit was saved without its
            data.
        """
        return hypotheses.score_test(self, larger.specification, larger.to_arrays())

    def scale_tests(self) -> pd.DataFrame:
        """Test proportional hazards and accelerated failure time within a model that has covariates on both scales.

        Returns
        -------
        DataFrame
            The rows ``"ph"`` (no covariate acts on log phi) and ``"aft"`` (no covariate acts on log lambda), with
            the columns ``statistic``, ``df``, ``p.value``, ``valid`` and ``note``. Near the Weibull the two scales
            cannot be distinguished. The tests then have no meaning: ``valid`` is False, and ``note`` gives the reason.

        Raises
        ------
        DataError
            If the model does not have covariates on both scales, such as ``other_scale="~ x"``.
        """
        return hypotheses.scale_tests(self)

    def sample_params(self, n: int, seed: int | np.random.Generator = 0) -> pd.DataFrame:
        """Draw coefficients from their estimated multivariate normal distribution.

        Parameters
        ----------
        n : int
            Number of draws.
        seed : int or numpy.random.Generator
            Seed of the draws.

        Returns
        -------
        DataFrame of shape (n, p)
            One row per draw, with the columns labelled like ``params``.

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
            The type of residual:

            - ``"quantile"``: normalised (randomised) quantile residuals, which are standard normal under the model.
              The part that censoring leaves open is drawn at random;
            - ``"cox-snell"``: the fitted cumulative hazard at each row's time;
            - ``"martingale"``: observed minus expected events;
            - ``"deviance"``: martingale residuals transformed to be more symmetric about 0;
            - ``"p_excess"``: the probability that the event is due to the excess hazard. It needs a model with a
              background, and is missing for rows without an event;
            - ``"score"``: the contribution of each row to the score, times its weight;
            - ``"dfbeta"``: the one-step change of each estimate when the row is added;
            - ``"dfbetas"``: the same change divided by the standard error.
        seed : int
            Seed of the draws of quantile residuals.

        Returns
        -------
        Series of shape (n,), or DataFrame of shape (n, p) for the last three kinds
            Indexed like the data of the fit.

        Raises
        ------
        DataError
            If the data are not at hand, or the kind does not suit them. Cox-Snell, martingale and deviance residuals
            need exact or right-censored times.
        """
        return residuals.residuals(self, kind, seed)

    def follow_up(self, by: str | None = None) -> pd.DataFrame:
        """Describe the end of follow-up, and test whether it is long enough to support a plateau.

        Parameters
        ----------
        by : str, optional
            A column of the model. The result has one row for each of its values.

        Returns
        -------
        DataFrame
            The columns ``n``, ``events``, ``last_event`` (time), ``last_time`` (longest follow-up),
            ``median_follow_up`` (the median of the Kaplan-Meier curve of the time to censoring),
            ``at_risk_after`` (subjects followed beyond the last event), ``kaplan_meier_end`` (the last value of the
            Kaplan-Meier curve), ``alpha`` (the statistic of Maller and Zhou) and ``sufficient`` (whether alpha is
            below 0.05). A large alpha means that events still occurred near the end of follow-up. An estimated cured
            fraction is then an extrapolation.

        Raises
        ------
        DataError
            If the model has a background, the data are not at hand, or the times are not exact or right-censored.

        References
        ----------
        Maller and Zhou (1996), Survival Analysis with Long-Term Survivors, Wiley.
        """
        return observed.follow_up(self, by)

    def net_survival(
        self, by: str | Sequence[str] | None = None, at: ArrayLike | None = None, alpha: float = 0.05
    ) -> pd.DataFrame:
        """Net survival of the rows of the fit by the nonparametric estimator of Pohar Perme.

        Compare it with the model's ``standardise("net_survival")``. An estimated factor on the background is used as
        if it were known.

        Parameters
        ----------
        by : str or sequence of str, optional
            Columns of the model. The result has a curve for each combination of their values.
        at : array_like, optional
            Times at which the curve is given. The default is every distinct time.
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.

        Returns
        -------
        DataFrame
            The same columns as :func:`net_survival`: the groups, ``time``, ``at_risk``, ``events``, ``estimate``,
            ``std_error``, ``lower`` and ``upper``.

        Raises
        ------
        DataError
            If the model has no background, or its background is a column of rates, which is known at the observed
            times only.

        Examples
        --------
        >>> import statmodels_x as smx
        >>> data = smx.datasets.load_melanoma()
        >>> rates = smx.Rates([2, 5], [0.01, 0.02, 0.03])
        >>> model = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data, background=rates)
        >>> fit = model.fit()
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
        """Compare predicted survival with the Kaplan-Meier estimate.

        Without ``at`` the mean fitted curve is compared with the Kaplan-Meier curve at every event time. With ``at``
        the comparison is made at one time, in groups of rows with similar predictions.

        Parameters
        ----------
        by : str, optional
            A column of the model. The comparison is made for each of its values.
        at : float, optional
            The time at which groups are compared. The default is every event time.
        groups : int
            Number of groups of about equal size, ordered by predicted survival at ``at``. It is used with ``at`` and
            without ``by``.
        newdata : DataFrame, optional
            Rows with the response and the covariates, such as those of another trial. The default is the rows of the
            fit. It needs ``at``.
        alpha : float
            Significance level of the Kaplan-Meier intervals, which are given with ``at``.

        Returns
        -------
        DataFrame
            Without ``at``: ``time``, ``kaplan_meier``, ``fitted`` with its limits ``lower`` and ``upper``, and
            ``difference``. With ``at``: ``group`` (or the column ``by``), ``n``, ``predicted``, ``events`` (until
            ``at``) and ``kaplan_meier`` with its limits ``lower`` and ``upper``. The Kaplan-Meier estimate is
            missing in a group that was not followed for so long.

        Raises
        ------
        DataError
            If the times are not exact or right-censored, or the data are not at hand.

        Examples
        --------
        >>> import statmodels_x as smx
        >>> data = smx.datasets.load_melanoma()
        >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
        >>> table = fit.calibration(by="treatment", at=5)
        >>> table[["n", "events", "predicted", "kaplan_meier"]].round(2)
             n  events  predicted  kaplan_meier
        0  140     103       0.26          0.26
        1  144      90       0.39          0.37
        """
        if at is not None:
            return calibration.in_groups(self, at, by, groups, newdata, alpha)
        if newdata is not None:
            raise DataError("calibration: `newdata` needs `at`, the time at which survival is compared.")
        return calibration.over_time(self, by)
