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
    """Results of a :class:`MultiState` model: estimates, predictions, simulation and plots."""

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
        """Predict with standard errors and intervals.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates, one course for each row; not needed without covariates.
        kind : str
            At the times ``at``: ``"occupancy"`` (the share of every state), ``"transition"`` (the same from every
            state that can be left), ``"survival"`` (not in a final state), ``"event_free"`` (still in the state of
            the start), ``"incidence"`` (ever entered, by state), ``"stay"`` (expected time in each state up to a
            horizon), ``"value"`` (the stays weighted by ``values``), ``"hazard"`` (of each transition, on its
            clock). Without ``at``: ``"next_state"`` (probability that each state is the next, with the quartiles
            and the mean of the time to it). With ``_difference`` or ``_ratio`` added to one of these but
            ``"transition"`` and ``"next_state"``: against ``reference``.
        at : array_like of shape (k,), optional
            Times or horizons, counted from time 0.
        reference : DataFrame, optional
            One row, or as many as ``newdata``: what to compare with.
        start : str, optional
            The state in which subjects are known to be; the first by default.
        given : float or array_like of shape (m,)
            Time at which they are known to be there.
        entered : float or array_like of shape (m,), optional
            When they entered it: needed from a state beyond the first with a reset clock.
        values : dict of str to float, optional
            For ``"value"``: the worth of a unit of time in each state, such as quality weights; others count 0.
        discount : float
            For ``"stay"`` and ``"value"``: time u counts exp(-discount u).
        alpha : float
            Error rate of the intervals.
        method : {"delta", "simulation"}
            Delta method with exact gradients on a scale that respects the bounds, or quantiles over coefficients
            drawn from their estimated distribution.
        n_draws, seed : int
            For ``method="simulation"``.

        Returns
        -------
        DataFrame
            ``row`` (index label of ``newdata``), ``time``, the labels of the kind (``state``, ``from`` and ``to``,
            ``transition``, ``quantity``), ``estimate``, ``std_error``, ``lower``, ``upper``, and ``extrapolated``:
            whether the time lies beyond the longest follow-up.

        Raises
        ------
        DataError
            If a covariate is missing or has an unseen level, or an argument does not suit ``kind``.
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
        """Average predictions over subjects, with ``by`` set to each of its levels (g-formula).

        Parameters
        ----------
        kind : {"occupancy", "survival", "event_free", "incidence", "stay", "value"}
        at : array_like
            Times or horizons.
        by : str, optional
            A covariate that is set to each of its ``levels`` for everybody; none for the subjects as they are.
        levels : sequence, optional
            Values of ``by``; by default those seen in the fit.
        over : DataFrame, optional
            Covariates of the population; the subjects of the fit (with their weights) by default.
        contrast : {"difference", "ratio"}, optional
            Compare each level with the first.
        start, values, discount, alpha, method, n_draws, seed
            As in :meth:`predict`.

        Returns
        -------
        DataFrame
            ``by``, ``time``, the labels of the kind, ``estimate``, ``std_error``, ``lower``, ``upper``,
            ``extrapolated``. The errors are those of the coefficients; the population is taken as given.
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
        """Draw paths through the states.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates.
        n : int
            Paths for each row; the k-th paths of all rows share their random numbers.
        until : float
            Time at which paths are cut.
        seed : int
        start, given, entered
            As in :meth:`predict`.

        Returns
        -------
        DataFrame
            One row per stay: ``row``, ``path``, ``from``, ``to`` (missing where the state was not left), ``start`` and
            ``stop`` (infinite where it never is).
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
        """Draw state probabilities, curves with bands, or a diagram of the states with their counts.

        Parameters
        ----------
        kind : {"occupancy", "incidence", "survival", "event_free", "stay", "hazard", "diagram"}
            ``"occupancy"``: the shares of the states, stacked, for one row of covariates; ``"diagram"``: states and
            transitions with the numbers seen; the others: curves of :meth:`predict`, one for each row, and for each
            state or transition if there is one row.
        newdata : DataFrame, optional
            Covariates. By default predictions are averaged over the subjects (:meth:`standardise`), for
            ``"survival"``, ``"event_free"`` and where ``state`` is given with a curve for each level of the first
            covariate that has at most six; ``"hazard"`` is drawn at the medians and most frequent values. The title
            names what is averaged or held, and over how many subjects: 200 in the order of their covariates (40 for
            ``"stay"``) stand for more.
        at : array_like, optional
            Times; a grid to the end of follow-up by default.
        state : str, optional
            For ``"incidence"`` and ``"stay"`` (a state) and ``"hazard"`` (a transition): the one to draw; needed
            with several rows.
        aalen_johansen : bool, optional
            Whether to draw what the data say without a model, for those whose covariates equal the row's, or for all
            beside an average; by default where the data are at hand and all covariates have few values. For all kinds
            but ``"stay"``, ``"hazard"`` and ``"diagram"``.
        alpha : float
            Error rate of the bands.
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        from statmodels_x.multistate.plots import plot

        return plot(self, kind, newdata, at, state, aalen_johansen, alpha, ax)

    def summary(self, alpha: float = 0.05) -> Any:
        """Tables of the transitions and their coefficients, and the warnings.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals.

        Returns
        -------
        FitSummary
        """
        return tables.summary_tables(self, alpha)

    def glance(self) -> pd.DataFrame:
        """One row of facts about the fit.

        Returns
        -------
        DataFrame
            ``states``, ``transitions``, ``nobs`` (subjects), ``events``, ``df``, ``logLik``, ``AIC``, ``AICc``,
            ``BIC``, ``converged``, ``regular``, ``note``.
        """
        return tables.glance(self)

    def residuals(self, kind: str = "quantile", transition: str | None = None, seed: int = 0) -> pd.DataFrame:
        """Residuals of the rows at risk of each transition, through its own fit.

        Parameters
        ----------
        kind : str
            As in :meth:`FlexibleSurvivalResults.residuals`: ``"quantile"`` (standard normal under the model),
            ``"cox-snell"``, ``"martingale"``, ``"deviance"``; ``"score"``, ``"dfbeta"``, ``"dfbetas"``.
        transition : str, optional
            One transition, ``"from -> to"``; all without.
        seed : int
            Of what censoring leaves open in quantile residuals.

        Returns
        -------
        DataFrame
            ``transition``, ``id``, and ``residual``, or a column for each coefficient for the last three kinds (0 where
            a transition has it not).
        """
        from statmodels_x.multistate.inference.transition_checks import residuals

        return residuals(self, kind, transition, seed)

    def follow_up(self, transition: str | None = None, by: str | None = None) -> pd.DataFrame:
        """Describe the end of follow-up of each transition, on its clock; needed where a fit has a cured fraction.

        Parameters
        ----------
        transition : str, optional
            One transition; all without.
        by : str, optional
            A covariate of the transitions: one row for each of its values.

        Returns
        -------
        DataFrame
            ``transition``, and the columns of :meth:`FlexibleSurvivalResults.follow_up`. The Kaplan-Meier estimate
            among them takes other transitions for censoring, and is the share of no state.
        """
        from statmodels_x.multistate.inference.transition_checks import follow_up

        return follow_up(self, transition, by)

    def lr_test(self, larger: MultiStateFitted) -> HypothesisTest:
        """Likelihood-ratio test of this model within a larger one with the same clocks.

        Parameters
        ----------
        larger : MultiStateResults
            A fit to the same subjects of which this one is a case: transition by transition, or a stacked fit within
            separate ones (do transitions share effects?), which needs the data of both.

        Returns
        -------
        HypothesisTest
            ``statistic`` (chi-squared), ``df``, ``p.value``.

        Raises
        ------
        DataError
            If the models are not nested; the transition and the part of its model are named.
        """
        from statmodels_x.multistate.inference.hypotheses import likelihood_ratio

        return likelihood_ratio(self, larger)

    def markov_test(self) -> pd.DataFrame:
        """Test whether hazards out of later states depend on when the state was entered.

        Returns
        -------
        DataFrame
            ``transition``, ``clock``, ``effect`` (coefficient of the time of entry added to the transition's
            formula), and its likelihood-ratio test: ``statistic``, ``df``, ``p.value``.
        """
        from statmodels_x.multistate.inference.hypotheses import markov_test

        return markov_test(self)

    def derive(self, function: Callable[[Any], Any], alpha: float = 0.05) -> pd.DataFrame:
        """Compute anything from the fit, with an error by the delta method.

        Parameters
        ----------
        function : callable
            Takes a result like this one and returns a number, or a dict of numbers; it is called twice for each
            coefficient.
        alpha : float
            Error rate of the intervals.

        Returns
        -------
        DataFrame
            ``estimate``, ``std_error``, ``lower``, ``upper``; a row for each number.
        """
        from statmodels_x.multistate.inference.derived import derive

        return derive(self, function, alpha)

    def arm(self, newdata: Any = None) -> Any:
        """Return an illness-death model's distribution of surrogate event and death for one row of covariates.

        Parameters
        ----------
        newdata : DataFrame, optional
            One row of covariates: those of the arm.

        Returns
        -------
        FittedArm
            To make an :class:`IllnessDeathTrial` of, which computes the model's PTE.
        """
        from statmodels_x.multistate.inference.arm import arm
        from statmodels_x.multistate.inference.intensities import intensities

        return arm(intensities(self, newdata, with_gradient=False))
