"""The verbs of results that predict: for rows, for populations, and between the values of a covariate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference import averaging, prediction, standardisation
from statmodels_x.survival.inference.effects import effects_of
from statmodels_x.survival.inference.limits import wane_of
from statmodels_x.survival.inference.prediction import simulate


class SurvivalPredictions(SurvivalFitted):
    """What a fit can predict."""

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
        average: Any = None,
        discount: float = 0.0,
        draws: int = 0,
        wane: tuple[float, float] | None = None,
        wane_from: str = "fitted",
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
            One row, or as many as ``newdata`` (paired by their labels where these are the same, else by position): what
            to compare with, and what an effect that wanes is lost to.
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
        average : bool or list of results, optional
            Average over families: with True over this model with its shape estimated and fixed at 1, 0 and infinity,
            else over the fits given. Weights by AIC stand in ``attrs["weights"]``; errors hold the spread between the
            families. For predictions beyond follow-up; never the default, as it is no maximum of a likelihood.
        discount : float
            Yearly rate at which time lived is discounted to time 0, for ``"rmst"`` and its kin: 0.035 makes a year that
            begins after t years count 1.035^-t. The model needs a ``time_unit``.
        draws : int
            Return the prediction under so many coefficients drawn from their estimated distribution, for decision
            models, instead of intervals: the same draws (``seed``) for all rows, times, kinds and calls.
        wane : (float, float), optional
            Two times: until when the effect that tells ``newdata`` from ``reference`` lasts, and when it is lost. In
            between, the log hazard goes linearly from the one to the other; with a background the effect on the excess
            wanes.
        wane_from : {"fitted", "frozen"}
            What is lost: the log hazard ratio as the model has it at each time, or that of the first time of ``wane``.
            With proportional hazards they are the same.

        Returns
        -------
        DataFrame
            With ``draws``: ``draw``, ``row``, ``time`` or ``probability``, ``value``. Else
            one row for each row of ``newdata`` and each value of ``at``: ``row`` (index label of ``newdata``),
            ``time`` or ``probability``, ``estimate``, ``std_error``, ``lower``, ``upper``; for times also
            ``extrapolated``: whether the time lies beyond the longest follow-up; for medians and quantiles ``note``,
            "not reached" where the curve falls so far only beyond the last event, or never. An upper limit is
            infinite where the interval of the parameters reaches values at which a mean or quantile is.

        Raises
        ------
        DataError
            If a covariate is missing or has an unseen level, or an argument does not suit ``kind``.
        """
        fits = self._average(average)
        options = prediction.Options(
            alpha,
            method,
            n_draws,
            seed,
            simultaneous,
            missing,
            fits,
            discount,
            draws,
            wane_of(wane, wane_from),
        )
        return prediction.predict(self, newdata, kind, at, reference, given, options)

    def standardise(
        self,
        kind: str = "survival",
        at: ArrayLike | None = None,
        by: str | Sequence[str] | None = None,
        levels: Sequence[Any] | Mapping[str, Sequence[Any]] | None = None,
        over: Any = None,
        weights: ArrayLike | Mapping[Any, Mapping[Any, float]] | None = None,
        contrast: str | None = None,
        alpha: float = 0.05,
        method: str = "delta",
        simultaneous: bool = False,
        n_draws: int = 2000,
        seed: int = 0,
        given: ArrayLike | None = None,
        average: Any = None,
        discount: float = 0.0,
        wane: tuple[float, float] | None = None,
        wane_from: str = "fitted",
    ) -> pd.DataFrame:
        """Average predictions over a population, with ``by`` set to each of its levels (g-formula).

        Parameters
        ----------
        kind : str
            Any kind of :meth:`predict` but ``"link"``. Survival, restricted and plain means and cured fractions are
            averaged; hazards, odds, medians and quantiles are those of the average survival curve.
            ``"hazard_ratio"`` is ``"hazard"`` with ``contrast="ratio"``, and so on. With a background also
            ``"relative_survival"``, the ratio of mean survival to mean expected survival, which is not mean
            ``"net_survival"``.
        at : array_like, optional
            Times, horizons or probabilities.
        by : str or sequence of str, optional
            Covariates that are set to each of their ``levels`` for everybody (of several, to each combination); none
            for the population as it is.
        levels : sequence, or mapping of str to sequence, optional
            Values of ``by``; by default those seen in the fit, or the quartiles of a number with many.
        over : DataFrame, optional
            The population; the training rows (with their weights) by default.
        weights : array_like or mapping, optional
            Weight of each row of the population; or the weights of a standard population, such as
            ``{"age group": {"15-44": 7, "45-54": 12, ...}}``: the column of groups, which every row must have one of,
            and each group's share. They are divided by their sum, with a warning where it is neither 1 nor 100, 1,000
            or the like.
        contrast : {"difference", "ratio"}, optional
            Compare each level with the first.
        alpha, method, simultaneous, n_draws, seed
            As in :meth:`predict`.
        given : float or array_like of shape (m,), optional
            Time that each person of the population has already survived.
        average : bool or list of results, optional
            Average over families, as in :meth:`predict`.
        discount : float
            As in :meth:`predict`.
        wane : (float, float), optional
            As in :meth:`predict`: each level's effect against the first of ``by`` is lost.
        wane_from : {"fitted", "frozen"}
            As in :meth:`predict`.

        Returns
        -------
        DataFrame
            ``by``, ``time``, ``estimate``, ``std_error``, ``lower``, ``upper``; for medians and quantiles also
            ``note``. The errors are those of the coefficients; the population is taken as given.

        Examples
        --------
        >>> import statmodels_x as smx
        >>> data = smx.datasets.load_veteran()
        >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment + karno", data).fit()
        >>> fit.standardise("median", by="treatment").round(1)[["treatment", "estimate", "lower", "upper"]]
          treatment  estimate  lower  upper
        0  standard      73.1   55.9   95.5
        1      test      62.6   47.6   82.3
        """
        options = prediction.Options(
            alpha,
            method,
            n_draws,
            seed,
            simultaneous,
            average=self._average(average),
            discount=discount,
            wane=wane_of(wane, wane_from),
        )
        return standardisation.standardise(
            self, kind, at, by, levels, over, weights, contrast, given, options
        )

    def simulate(
        self,
        newdata: Any = None,
        n: int = 1,
        given: ArrayLike | None = None,
        seed: Any = 0,
    ) -> pd.DataFrame:
        """Draw times of the event, uncensored, at the estimates: of all causes where the model has a background.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates; the training rows by default.
        n : int
            Times for each row.
        given : float or array_like of shape (m,), optional
            Time already survived.
        seed : int or numpy.random.Generator

        Returns
        -------
        DataFrame
            ``row``, ``draw``, ``time``: infinite for those who are cured.

        Examples
        --------
        >>> import statmodels_x as smx
        >>> data = smx.datasets.load_melanoma()
        >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
        >>> times = fit.simulate(data.head(2), n=1000)["time"]
        >>> len(times), bool((times > 0).all())
        (2000, True)
        """
        return simulate(self, newdata, n, given, seed)

    def effects(
        self,
        variables: Sequence[str] | None = None,
        at: float | None = None,
        alpha: float = 0.05,
        per: Mapping[str, float] | None = None,
        average: Any = None,
    ) -> pd.DataFrame:
        """Compare survival, mean time and medians between values of covariates, averaged over the rows of the fit.

        The levels of a factor are compared with its first, a number with many values between its quartiles or, with
        ``per``, each row with itself and a unit more.

        The columns ``wide_...`` have the numbers of a wider model: proportional hazards with the covariate on the
        power, too. (For a model with a cured fraction or a family of your own it is the same model with the covariate
        on the power, too.) If they differ by more than a standard error, ``moves`` is true, and the effect depends on
        the form of the model.

        Parameters
        ----------
        variables : sequence of str, optional
            Covariates; by default the first three, those with two to four levels before numbers.
        at : float, optional
            The horizon; by default the 90 % point of the observed times, rounded down.
        alpha : float
            Error rate of the intervals.
        per : dict of str to float, optional
            Units of numeric covariates, such as ``{"age": 10}``.
        average : bool or list of results, optional
            Average this model's numbers over families, as in :meth:`predict`.

        Returns
        -------
        DataFrame
            ``effect``, ``quantity``, ``estimate``, ``lower``, ``upper``, ``wide_estimate``, ``wide_lower``,
            ``wide_upper``, ``moves``, ``note``. A difference of medians of which one lies beyond the last event has no
            numbers and the note "not reached".

        Examples
        --------
        >>> import statmodels_x as smx
        >>> data = smx.datasets.load_veteran()
        >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment + karno", data).fit()
        >>> fit.effects(["karno"], per={"karno": 10}).iloc[:, :5].round(3)
               effect          quantity  estimate   lower   upper
        0  karno: +10   survival at 250     0.083   0.060   0.105
        1  karno: +10  mean time to 250    21.601  17.136  26.066
        2  karno: +10            median    27.443  16.416  38.470
        """
        return effects_of(self, variables, at, alpha, per, self._average(average)).table

    def _average(self, which: Any) -> averaging.Average:
        """Return the fits to average over; those of the families are fitted once."""
        if which is not True:
            return averaging.average_over(self, which)
        if "_families" not in self.__dict__:
            self.__dict__["_families"] = averaging.average_over(self, True)
        found: averaging.Average = self.__dict__["_families"]
        return found
