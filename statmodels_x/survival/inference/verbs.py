"""The verbs of results that predict: for rows, for populations, and between the values of a covariate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference import averaging, prediction, scores, standardisation
from statmodels_x.survival.inference.effects import effects_of
from statmodels_x.survival.inference.limits import wane_of
from statmodels_x.survival.inference.prediction import simulate


class SurvivalPredictions(SurvivalFitted):
    """What a fit can predict, and how good its predictions are."""

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
        """Predict survival, hazards, mean times and other quantities, with standard errors and intervals.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates, one row per prediction. The default is the rows of the fit.
        kind : str
            The quantity to predict. At the times ``at``:

            - ``"survival"``, ``"cumulative_hazard"``, ``"hazard"``, ``"density"``;
            - ``"odds"``: the odds of the event, (1 - S)/S;
            - ``"rmst"``: the restricted mean survival time up to the horizon ``at``.

            At the probabilities ``at``:

            - ``"quantile"``: the time by which that share has had the event.

            Without ``at``:

            - ``"median"``;
            - ``"mean"``: infinite with a cured fraction;
            - ``"cure_fraction"``: 0 without an error if the distribution has no plateau;
            - ``"link"``: the linear predictors.

            In a model with a background the cured fraction and the linear predictors belong to the excess hazard,
            and the other kinds above are for death from all causes. Such a model has further kinds:
            ``"net_survival"``, ``"net_hazard"``, ``"net_rmst"``, ``"crude_disease"``, ``"crude_other"``,
            ``"life_years_lost"`` and ``"expected_survival"`` (:doc:`/guide/background`).

            Add ``_difference`` or ``_ratio`` to compare with ``reference``: ``"hazard_ratio"``,
            ``"survival_difference"``, ``"quantile_ratio"`` and so on.
        at : array_like of shape (k,), optional
            Times in the unit of the data, or probabilities.
        reference : DataFrame, optional
            The covariates to compare with: one row, or as many rows as ``newdata``. Several rows are paired with
            those of ``newdata`` by their index labels if these are the same, and otherwise by their order. With
            ``wane`` it is what the effect is lost to.
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.
        given : float or array_like of shape (m,), optional
            Time already survived. All predictions are then conditional on it. Times still count from 0.
        method : {"delta", "simulation"}
            How intervals are computed. The delta method works on a scale that respects the bounds of the quantity
            (log cumulative hazard for survival and the cured fraction, log for most others). Simulation takes
            quantiles of the predictions under coefficients that are drawn from their estimated distribution.
        simultaneous : bool
            Whether the band of each row covers the curve at all its points at once. It needs ``method="delta"``.
        n_draws : int
            Number of draws for ``method="simulation"`` and for simultaneous bands.
        seed : int
            Seed of the draws.
        missing : {"error", "nan"}
            What happens to a row of ``newdata`` with a missing covariate: an error, or predictions of NaN.
        average : bool or list of results, optional
            Average the predictions over models by their Akaike weights. True averages over this model with its shape
            estimated and with its shape fixed at 1, 0 and infinity. A list gives the fits to average over. The
            weights are in ``attrs["weights"]`` of the result. Standard errors include the spread between the models.
            Averaging is meant for predictions beyond the follow-up.
        discount : float
            Yearly discount rate for ``"rmst"``, ``"net_rmst"`` and ``"life_years_lost"``. With 0.035 a year that
            begins after t years counts as 1.035^-t years. The model needs a ``time_unit``.
        draws : int
            If positive, return the prediction under this number of coefficient draws instead of intervals, for use
            in decision models. The same ``seed`` gives the same draws for all rows, times, kinds and calls.
        wane : (float, float), optional
            Two times for a treatment effect that wanes. The effect that distinguishes ``newdata`` from ``reference``
            is complete until the first time and lost at the second. Between them the log hazard changes linearly
            from one to the other. In a model with a background the effect on the excess hazard wanes.
        wane_from : {"fitted", "frozen"}
            The effect that wanes: the log hazard ratio of the model at each time, or the log hazard ratio at the
            first time of ``wane``. They are the same under proportional hazards.

        Returns
        -------
        DataFrame
            One row for each row of ``newdata`` and each value of ``at``. The columns are ``row`` (index label of
            ``newdata``), ``time`` or ``probability``, ``estimate``, ``std_error``, ``lower`` and ``upper``. Some
            kinds have further columns:

            - ``extrapolated``: whether the time lies beyond the longest follow-up;
            - ``background_held``: whether the time lies outside the life table, whose first or last cell is then used;
            - ``note`` (medians and quantiles): "not reached" if the curve does not fall so far before the last
              event.

            The upper limit of a mean or quantile is infinite if the confidence region of the parameters contains
            values for which the quantity is infinite. With ``draws`` the columns are ``draw``, ``row``, ``time`` or
            ``probability``, and ``value``.

        Raises
        ------
        DataError
            If a covariate is missing or has an unknown level, or an argument does not suit ``kind``.

        Warns
        -----
        DataWarning
            If ``wane`` begins before the last event of the data.

        See Also
        --------
        standardise : Predictions averaged over a population.
        plot : Figures of predictions.
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
        """Average predictions over a population (g-formula).

        With ``by`` everybody in the population is given each level of a covariate in turn, and the averages are
        compared.

        Parameters
        ----------
        kind : str
            Any kind of :meth:`predict` except ``"link"``. Survival, restricted means, means and cured fractions are
            averaged over the population. Hazards, odds, medians and quantiles are those of the average survival
            curve. ``"hazard_ratio"`` means ``"hazard"`` with ``contrast="ratio"``, and so on. A model with a
            background also has ``"relative_survival"``, the ratio of mean survival to mean expected survival. It
            differs from the mean of ``"net_survival"``.
        at : array_like, optional
            Times, horizons or probabilities.
        by : str or sequence of str, optional
            Covariates that are set to each of their ``levels`` for everybody. Several covariates are set to each
            combination of their levels. By default the population is taken as it is.
        levels : sequence, or mapping of str to sequence, optional
            Values of ``by``. The default is the values seen in the fit, or the quartiles of a numeric covariate with
            many values.
        over : DataFrame, optional
            Covariates of the population. The default is the rows of the fit, with their weights.
        weights : array_like or mapping, optional
            The weight of each row of the population. A mapping such as ``{"age group": {"15-44": 7, "45-54": 12,
            ...}}`` gives the weights of a standard population: it names a column of groups and the share of each
            group. Every row must belong to one of the groups.
        contrast : {"difference", "ratio"}, optional
            Compare each level with the first.
        alpha, method, simultaneous, n_draws, seed
            As in :meth:`predict`.
        given : float or array_like of shape (m,), optional
            Time that each person of the population has already survived.
        average : bool or list of results, optional
            Average over models, as in :meth:`predict`.
        discount : float
            Yearly discount rate, as in :meth:`predict`.
        wane : (float, float), optional
            As in :meth:`predict`. The effect of each level against the first level of ``by`` is lost.
        wane_from : {"fitted", "frozen"}
            As in :meth:`predict`.

        Returns
        -------
        DataFrame
            The columns ``by``, ``time`` or ``probability``, ``estimate``, ``std_error``, ``lower`` and ``upper``.
            Medians and quantiles also have ``note``. The standard errors reflect the uncertainty of the
            coefficients. The population is taken as given.

        Raises
        ------
        DataError
            If ``by`` is not a covariate of the model, a group has no weight, or an argument does not suit ``kind``.

        Warns
        -----
        DataWarning
            If the weights of a standard population do not sum to 1, 100, 1,000 or another power of ten. They are
            always divided by their sum.

        Examples
        --------
        >>> import statmodels_x as smx
        >>> data = smx.datasets.load_veteran()
        >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment + karno", data).fit()
        >>> medians = fit.standardise("median", by="treatment")
        >>> medians[["treatment", "estimate", "lower", "upper"]].round(1)
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
        """Draw event times from the fitted distribution.

        The times are not censored, and the parameters are held at their estimates. For a model with a background
        they are times of death from any cause.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates. The default is the rows of the fit.
        n : int
            Number of times drawn for each row.
        given : float or array_like of shape (m,), optional
            Time already survived.
        seed : int or numpy.random.Generator
            Seed of the draws.

        Returns
        -------
        DataFrame
            The columns ``row`` (index label of ``newdata``), ``draw`` and ``time``. The time of a cured subject is
            infinite.

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
        """Effects of covariates on survival, mean time and the median, averaged over the rows of the fit.

        Each level of a factor is compared with the first level. A numeric covariate with many values is compared
        between its quartiles. A covariate named in ``per`` is compared between each row and the same row with that
        number of units more. With more than 2,000 rows the average is over 2,000 of them, spread evenly over the
        data. In a model with a background the effects are on net survival.

        The columns ``wide_*`` give the same effects under a wider model, in which the covariate also acts on the
        power. The wider model of the built-in family is the proportional hazards model with its shape estimated. A
        cure model or another distribution keeps its form. If the two models differ by more than one standard error,
        ``moves`` is True: the effect then depends on the form of the model.

        Parameters
        ----------
        variables : sequence of str, optional
            Covariates. The default is up to three covariates: those with two to four levels first, and then numeric
            ones.
        at : float, optional
            The horizon for survival and mean time. The default is the 90 % quantile of the observed times, rounded
            down to a round number.
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.
        per : dict of str to float, optional
            Units of numeric covariates, such as ``{"age": 10}``.
        average : bool or list of results, optional
            Average the effects of this model over models, as in :meth:`predict`.

        Returns
        -------
        DataFrame
            The columns ``effect``, ``quantity``, ``estimate``, ``lower``, ``upper``, ``wide_estimate``,
            ``wide_lower``, ``wide_upper``, ``moves`` and ``note``. If one of two medians lies beyond the last event,
            their difference is missing and the note is "not reached".

        Raises
        ------
        DataError
            If a name is not a covariate of the model, or the fit was saved without its data.

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

    def concordance(self, newdata: Any = None, at: float | None = None) -> float:
        """Harrell's concordance index of the predicted risk.

        It is computed by the package scikit-survival, which must be installed.

        Parameters
        ----------
        newdata : DataFrame, optional
            Rows with the response and the covariates. The default is the rows of the fit.
        at : float, optional
            The time at which predicted survival is compared. The choice matters if the survival curves cross. The
            default is the last event time of the fit.

        Returns
        -------
        float
            0.5 if the predictions carry no information, and 1 if they order the events perfectly.

        Raises
        ------
        DataError
            If the times are not exact or right-censored, or there is late entry.
        MissingPackageError
            If scikit-survival is not installed.
        """
        return scores.concordance(self, newdata, at)

    def brier_score(self, at: ArrayLike, newdata: Any = None) -> pd.DataFrame:
        """Brier score of predicted survival, weighted for censoring.

        It is computed by the package scikit-survival, which must be installed. The weights are estimated from the
        censoring of the rows that are scored, because they may be followed for a longer or shorter time than those
        of the fit.

        Parameters
        ----------
        at : array_like
            Times within the follow-up of the rows that are scored.
        newdata : DataFrame, optional
            Rows with the response and the covariates. The default is the rows of the fit.

        Returns
        -------
        DataFrame
            The columns ``time`` and ``brier_score``. Lower scores are better.

        Raises
        ------
        DataError
            If a time lies outside the follow-up, the times are not exact or right-censored, or there is late entry.
        MissingPackageError
            If scikit-survival is not installed.
        """
        return scores.brier_score(self, newdata, at)

    def _average(self, which: Any) -> averaging.Average:
        """Return the fits to average over; those of the families are fitted once."""
        if which is not True:
            return averaging.average_over(self, which)
        if "_families" not in self.__dict__:
            self.__dict__["_families"] = averaging.average_over(self, True)
        found: averaging.Average = self.__dict__["_families"]
        return found
