"""Verbs of a fitted multi-state model: thin methods over functions of its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.hypotheses import HypothesisTest
from statmodels_x.core.fits.results import LikelihoodResults
from statmodels_x.core.validation import check_count, check_number, check_seed
from statmodels_x.multistate import tables
from statmodels_x.multistate.fitted import MultiStateFitted


@dataclass(frozen=True, eq=False, kw_only=True)
class MultiStateResults(MultiStateFitted, LikelihoodResults):
    """Results of a :class:`MultiState` model.

    The object holds the estimates of all transitions and their joint covariance. Its methods return state
    probabilities, expected times in the states, simulated paths, tests, tables and figures. It is returned by
    :meth:`MultiState.fit` and cannot be changed.
    """

    def __repr__(self) -> str:
        formula, transitions = self.formula, len(self.transitions)
        return f"MultiStateResults({formula!r}, n={self.nobs}, transitions={transitions}, llf={self.llf:.4f})"

    def predict(
        self,
        newdata: Any = None,
        kind: str = "occupancy",
        at: ArrayLike | None = None,
        reference: Any = None,
        start: str | None = None,
        given: ArrayLike = 0.0,
        entered: ArrayLike | None = None,
        values: Mapping[str, float] | None = None,
        discount: float = 0.0,
        alpha: float = 0.05,
        method: str = "delta",
        n_draws: int = 1000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Predict state probabilities, times in states and other quantities, with standard errors and intervals.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates, one row per prediction. It is not needed if the model has no covariates.
        kind : str
            The quantity to predict. At the times ``at``:

            - ``"occupancy"``: the probability of being in each state;
            - ``"transition"``: the same, starting from each state that can be left;
            - ``"survival"``: the probability of not being in a final state;
            - ``"event_free"``: the probability of never having left the starting state;
            - ``"incidence"``: for each state, the probability of having entered it;
            - ``"stay"``: the expected time in each state up to the horizon ``at``;
            - ``"value"``: the expected times in the states, weighted by ``values`` and added up;
            - ``"hazard"``: the hazard of each transition, at times on its clock.

            Without ``at``:

            - ``"next_state"``: the probability that each state is the next one, with the quartiles and the mean of
              the time to it.

            Add ``_difference`` or ``_ratio`` to any kind but ``"transition"`` and ``"next_state"`` to compare with
            ``reference``.
        at : array_like of shape (k,), optional
            Times or horizons, counted from time 0.
        reference : DataFrame, optional
            The covariates to compare with: one row, or as many rows as ``newdata``.
        start : str, optional
            The state that subjects are known to be in at the time ``given``. The default is the first state.
        given : float or array_like of shape (m,)
            The time at which subjects are known to be in the state ``start``.
        entered : float or array_like of shape (m,), optional
            The time at which they entered that state. It is needed for a state beyond the first if its hazards have
            a reset clock or depend on ``entered``.
        values : dict of str to float, optional
            For ``"value"``: the value of a unit of time in each state, such as a quality-of-life weight. States that
            are not named count 0.
        discount : float
            For ``"stay"`` and ``"value"``: time at u counts as exp(-discount u).
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.
        method : {"delta", "simulation"}
            How intervals are computed. The delta method uses exact gradients on a scale that respects the bounds of
            the quantity. Simulation takes quantiles of the predictions under coefficients that are drawn from their
            estimated distribution.
        n_draws : int
            Number of draws for ``method="simulation"``.
        seed : int
            Seed of the draws.

        Returns
        -------
        DataFrame
            The columns ``row`` (index label of ``newdata``), ``time``, the labels of the kind (``state``, ``from``
            and ``to``, ``transition`` or ``quantity``), ``estimate``, ``std_error``, ``lower``, ``upper`` and
            ``extrapolated`` (whether the time lies beyond the longest follow-up). ``"next_state"`` has no ``time``
            and no ``extrapolated``.

        Raises
        ------
        DataError
            If a covariate is missing or has an unknown level, or an argument does not suit ``kind``.

        See Also
        --------
        standardise : Predictions averaged over the subjects.
        """
        from statmodels_x.multistate.inference.prediction import Options, predict

        options = Options(start, given, entered, discount, values, alpha, method, n_draws, seed)
        return predict(self, newdata, kind, at, reference, options)

    def standardise(
        self,
        kind: str = "occupancy",
        at: ArrayLike | None = None,
        by: str | None = None,
        levels: Sequence[Any] | None = None,
        over: Any = None,
        contrast: str | None = None,
        start: str | None = None,
        values: Mapping[str, float] | None = None,
        discount: float = 0.0,
        alpha: float = 0.05,
        method: str = "delta",
        n_draws: int = 1000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Average predictions over a population (g-formula).

        With ``by`` everybody is given each level of a covariate in turn, and the averages are compared.

        Parameters
        ----------
        kind : {"occupancy", "survival", "event_free", "incidence", "stay", "value"}
            The quantity that is averaged, as in :meth:`predict`.
        at : array_like
            Times or horizons.
        by : str, optional
            A covariate that is set to each of its ``levels`` for everybody. By default the subjects are taken as
            they are.
        levels : sequence, optional
            Values of ``by``. The default is the values seen in the fit.
        over : DataFrame, optional
            Covariates of the population. The default is the subjects of the fit, with their weights.
        contrast : {"difference", "ratio"}, optional
            Compare each level with the first.
        start, values, discount, alpha, method, n_draws, seed
            As in :meth:`predict`.

        Returns
        -------
        DataFrame
            The columns ``by``, ``time``, the labels of the kind, ``estimate``, ``std_error``, ``lower``, ``upper``
            and ``extrapolated``. The standard errors reflect the uncertainty of the coefficients. The population is
            taken as given.

        Raises
        ------
        DataError
            If ``by`` is not a covariate of the model, or an argument does not suit ``kind``.
        """
        from statmodels_x.multistate.inference.prediction import Options
        from statmodels_x.multistate.inference.standardisation import standardise

        options = Options(start, 0.0, None, discount, values, alpha, method, n_draws, seed)
        return standardise(self, kind, at, by, levels, over, contrast, options)

    def simulate(
        self,
        newdata: Any = None,
        n: int = 1000,
        until: float = np.inf,
        seed: int = 0,
        start: str | None = None,
        given: ArrayLike = 0.0,
        entered: ArrayLike | None = None,
    ) -> pd.DataFrame:
        """Simulate paths through the states.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates, one row for each set of paths.
        n : int
            Number of paths for each row. The k-th paths of all rows share their random numbers.
        until : float
            Time at which paths are cut off.
        seed : int
            Seed of the random numbers.
        start, given, entered
            As in :meth:`predict`.

        Returns
        -------
        DataFrame
            One row per stay, with the columns ``row``, ``path``, ``from``, ``to`` (missing if the state was not
            left), ``start`` and ``stop`` (infinite if the state is never left).

        Raises
        ------
        DataError
            If ``until`` is not after ``given``, or a covariate is missing or has an unknown level.
        """
        from statmodels_x.multistate.inference.intensities import intensities
        from statmodels_x.multistate.inference.prediction import Options, starting_point
        from statmodels_x.multistate.inference.simulation import simulate

        check_count("n", n, 1)
        rng = np.random.default_rng(check_seed(seed))
        until = check_number("until", until, low=0.0, high=np.inf, closed=True)
        hazards = intensities(self, newdata, with_gradient=False)
        origin = starting_point(self, "simulate", Options(start, given, entered), hazards.index)
        if np.any(origin.given >= until):
            raise DataError("simulate: `until` is not after `given`.")
        return simulate(hazards, origin, n, rng, float(until))

    def plot(
        self,
        kind: str = "occupancy",
        newdata: Any = None,
        at: ArrayLike | None = None,
        state: str | None = None,
        aalen_johansen: bool | None = None,
        alpha: float = 0.05,
        ax: Any = None,
    ) -> Any:
        """Plot state probabilities, other predictions with confidence bands, or a diagram of the states.

        Parameters
        ----------
        kind : {"occupancy", "incidence", "survival", "event_free", "stay", "hazard", "diagram"}
            The figure to draw:

            - ``"occupancy"``: stacked state probabilities, for one row of covariates;
            - ``"diagram"``: the states and transitions, with the observed number of transitions;
            - the other kinds: curves of :meth:`predict`, one for each row of ``newdata``. With one row there is a
              curve for each state or transition.
        newdata : DataFrame, optional
            Covariates. By default predictions are averaged over the subjects (see :meth:`standardise`), and the
            title says so. For ``"survival"``, ``"event_free"`` and with ``state`` there is then a curve for each
            level of the first covariate that has at most six values. ``"hazard"`` is drawn at the medians and most
            frequent values of the covariates. To save time at most 200 subjects (40 for ``"stay"``) are averaged
            over, chosen evenly along their covariates.
        at : array_like, optional
            Times. The default is a grid up to the end of follow-up.
        state : str, optional
            The state to draw for ``"incidence"`` and ``"stay"``, or the transition for ``"hazard"``. It is needed
            with several rows.
        aalen_johansen : bool, optional
            Whether to draw the nonparametric Aalen-Johansen estimate beside the curves. It is that of the subjects
            whose covariates equal the row of ``newdata``, or of all subjects beside an average. By default it is
            drawn if the data are at hand and it estimates the same quantity. It is not available for ``"stay"``,
            ``"hazard"`` and ``"diagram"``.
        alpha : float
            Significance level of the bands. The default gives 95 % confidence bands.
        ax : matplotlib Axes, optional
            Axes to draw on. The default is a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        DataError
            If an argument does not belong to the kind of figure, or the figure needs data that are not at hand.
        """
        from statmodels_x.multistate.plots import plot

        return plot(self, kind, newdata, at, state, aalen_johansen, alpha, ax)

    def summary(self, alpha: float = 0.05) -> Any:
        """Summary tables of the fit.

        The summary shows the numbers of subjects and events by transition, the coefficients of each transition, and
        the warnings of the fit.

        Parameters
        ----------
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.

        Returns
        -------
        FitSummary
            Prints as text and shows as an HTML table in notebooks.
        """
        return tables.summary_tables(self, alpha)

    def glance(self) -> pd.DataFrame:
        """One row with the main facts about the fit.

        Returns
        -------
        DataFrame
            The columns ``states``, ``transitions``, ``nobs`` (subjects), ``events``, ``df`` (number of parameters),
            ``logLik``, ``AIC``, ``AICc``, ``BIC``, ``converged``, ``regular`` and ``note`` (the kinds of the
            findings).
        """
        return tables.glance(self)

    def residuals(self, kind: str = "quantile", transition: str | None = None, seed: int = 0) -> pd.DataFrame:
        """Residuals of the rows at risk of each transition, from the fit of that transition.

        Parameters
        ----------
        kind : {"quantile", "cox-snell", "martingale", "deviance", "score", "dfbeta", "dfbetas"}
            The type of residual, as in :meth:`FlexibleSurvivalResults.residuals`.
        transition : str, optional
            One transition, ``"from -> to"``. The default is all transitions.
        seed : int
            Seed of the draws of quantile residuals.

        Returns
        -------
        DataFrame
            The columns ``transition``, ``id`` and ``residual``. The last three kinds have a column for each
            coefficient, which is 0 in rows of other transitions.

        Raises
        ------
        DataError
            If the fit was saved without its data, or the transition is unknown.
        """
        from statmodels_x.multistate.inference.transition_checks import residuals

        return residuals(self, kind, transition, seed)

    def follow_up(self, transition: str | None = None, by: str | None = None) -> pd.DataFrame:
        """Describe the end of follow-up of each transition, on its clock.

        Use it if a transition has a cured fraction, to see whether follow-up is long enough to support it.

        Parameters
        ----------
        transition : str, optional
            One transition, ``"from -> to"``. The default is all transitions.
        by : str, optional
            A covariate of the transitions. The result has one row for each of its values.

        Returns
        -------
        DataFrame
            The column ``transition``, and the columns of :meth:`FlexibleSurvivalResults.follow_up`. The Kaplan-Meier
            estimate treats other transitions as censoring. It is therefore not the probability of any state.

        Raises
        ------
        DataError
            If the fit was saved without its data, or ``by`` is given for a stacked fit.
        """
        from statmodels_x.multistate.inference.transition_checks import follow_up

        return follow_up(self, transition, by)

    def lr_test(self, larger: MultiStateFitted) -> HypothesisTest:
        """Likelihood-ratio test of this model against a larger model with the same clocks.

        Parameters
        ----------
        larger : MultiStateResults
            A fit to the same subjects. This model must be nested in it: either transition by transition, or as a
            stacked fit within separate fits, which tests whether transitions share effects. The latter needs the
            data of both fits.

        Returns
        -------
        HypothesisTest
            ``statistic`` (chi-squared), ``df`` and ``p.value``.

        Raises
        ------
        DataError
            If the models are not nested or a fit is not a regular maximum. The message names the transition.
        """
        from statmodels_x.multistate.inference.hypotheses import likelihood_ratio

        return likelihood_ratio(self, larger)

    def markov_test(self) -> pd.DataFrame:
        """Test whether the hazards of later states depend on the time at which the state was entered.

        The time of entry is added as a covariate to each transition out of a state beyond the first. The larger
        model is compared by a likelihood-ratio test.

        Returns
        -------
        DataFrame
            The columns ``transition``, ``clock``, ``effect`` (the coefficient of the time of entry), ``statistic``
            (chi-squared), ``df`` and ``p.value``.

        Raises
        ------
        DataError
            If there is no such transition, a transition is stacked or has the time of entry as a covariate already,
            or the fit was saved without its data.
        """
        from statmodels_x.multistate.inference.hypotheses import markov_test

        return markov_test(self)

    def derive(self, function: Callable[[Any], Any], alpha: float = 0.05) -> pd.DataFrame:
        """Compute any function of the fit, with a standard error by the delta method.

        Derivatives are central differences in the coefficients.

        Parameters
        ----------
        function : callable
            A function that takes a result like this one and returns a number or a dict of numbers. It is called
            twice for each coefficient.
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.

        Returns
        -------
        DataFrame
            One row for each number, with the columns ``estimate``, ``std_error``, ``lower`` and ``upper``.

        Raises
        ------
        DataError
            If the function does not return numbers.
        """
        from statmodels_x.multistate.inference.derived import derive

        return derive(self, function, alpha)

    def arm(self, newdata: Any = None) -> Any:
        """Return the distribution of the surrogate event and of death for one row of covariates.

        The model must be an illness-death model: start, surrogate event and death.

        Parameters
        ----------
        newdata : DataFrame, optional
            One row of covariates, those of a treatment arm.

        Returns
        -------
        FittedArm
            An arm for :class:`IllnessDeathTrial`, which computes the proportion of treatment effect explained (PTE).

        Raises
        ------
        DataError
            If the model is not an illness-death model, or there is more than one row.
        """
        from statmodels_x.multistate.inference.arm import arm
        from statmodels_x.multistate.inference.intensities import intensities

        return arm(intensities(self, newdata, with_gradient=False))
