"""A fitted interaction: the state and its verbs, thin methods over functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.findings import announce, warn
from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.fits.hypotheses import HypothesisTest
from statmodels_x.core.fits.results import LikelihoodResults
from statmodels_x.core.validation import check_alpha, check_choice, check_count
from statmodels_x.population import plots, tables
from statmodels_x.population.fitted import InteractionFitted
from statmodels_x.population.inference import bootstrap as resampling
from statmodels_x.population.inference import diagnostics, invariant_profile, invariants, prediction, profile


@dataclass(frozen=True, eq=False, kw_only=True)
class InteractionResults(InteractionFitted, LikelihoodResults):
    """Results of a fitted :class:`LeslieInteraction` or :class:`LotkaVolterra` model.

    The estimates in ``params`` are on their natural scale, with a MultiIndex (parameter, term). Examples of
    labels are ``("fecundity", "aurelia_1")``, ``("survival", "aurelia_1")`` (from class 1 to class 2),
    ``("coupling", "caudatum_on_aurelia")``, ``("crowding", "caudatum_on_aurelia")``, ``("initial", "aurelia")``
    (the total at the first time) and ``("structure", "aurelia_1")`` (the share of class 1 at the first time; the
    share of a later class is its share in what the younger classes leave). Standard errors are NaN for parameters
    that the data do not determine, and :attr:`reasons` says why.

    Attributes
    ----------
    llf : float
        Log-likelihood at the estimates.
    nobs : int
        Number of observed counts.
    converged : bool
        Whether the solution is stationary within the bounds.
    """

    def __repr__(self) -> str:
        model = self.machinery.settings["model"]
        return f"InteractionResults({self.formula!r}, {model}, n={self.nobs}, wss={self.wss:.4g})"

    identification = property(
        lambda self: _moved(self, "identification"), doc="Now :attr:`ranks`, :attr:`reasons`."
    )
    structural = property(lambda self: _moved(self, "structural"), doc="Now :attr:`ranks`.")
    estimate = property(lambda self: _moved(self, "estimate"), doc="Now in :meth:`glance`.")

    # ---- inference

    def conf_int(self, alpha: float = 0.05, method: str = "wald") -> pd.DataFrame:
        """Compute confidence intervals of the parameters.

        Parameters
        ----------
        alpha : float
            One minus the confidence level: 0.05 gives 95 % intervals.
        method : {"wald", "profile"}
            ``"wald"`` intervals keep within the bounds. They are computed on the log scale for initial totals,
            rates, the fecundity of a single class and whatever is clearly above 0, and on the logit scale for
            survival probabilities and shares. They are NaN where a parameter is not determined. ``"profile"``
            intervals contain every value at which the refitted model is not rejected, and end at a bound where
            the data set no limit.

        Returns
        -------
        DataFrame of shape (p, 2)
            Columns ``lower`` and ``upper``, indexed like ``params``.

        Raises
        ------
        ConvergenceError
            If a profile finds a better fit than the estimate.
        DataError
            If an argument is not allowed, or if a profile is asked of a result that was loaded without its data.
        """
        if check_choice("method", method, ("wald", "profile"), "conf_int()") == "profile":
            return profile.profile_conf_int(self, alpha)
        return profile.wald_intervals(self, alpha)

    def profile(
        self, parameter: tuple[str, str], values: ArrayLike | None = None, n: int = 21
    ) -> pd.DataFrame:
        """Compute the profile likelihood of one parameter.

        The model is refitted with the parameter held at each of several values.

        Parameters
        ----------
        parameter : tuple of (str, str)
            A label of ``params``.
        values : array_like, optional
            Values of the parameter, within its bounds. The default is ``n`` equidistant values over a range
            somewhat wider than the 95 % profile interval.
        n : int
            Number of values if ``values`` is not given, at least 3.

        Returns
        -------
        DataFrame
            Columns ``value``, ``llf`` and ``deviance``, which is twice the fall of the log-likelihood. It is 3.84
            at a 95 % limit (somewhat more where the error variance is estimated).

        Raises
        ------
        DataError
            If the parameter is unknown, if a value is outside the bounds, or if the result was loaded without its
            data.
        """
        return profile.profile_table(self, parameter, values, n)

    def invariants(self, alpha: float = 0.05, method: str = "wald") -> pd.DataFrame:
        """Estimate quantities that do not depend on how the age classes are told apart.

        For each species they include the growth factor per step of the species alone. For linear competition
        there are the joint growth factor, the damping ratio and the margin of the winner. For Leslie-Gower and
        Lotka-Volterra competition there are the carrying capacities K, the competition coefficients alpha, and
        the growth of each species when it is rare and the others are at their capacity. A species can invade if
        this factor per step is above 1 (or this rate is above 0). For predation there are equilibria and periods.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.
        method : {"wald", "profile"}
            ``"wald"`` computes the limits by the delta method. ``"profile"`` gives all values at which the model,
            refitted with the quantity held there, is not rejected. Profiles take seconds. Where the data reject
            nothing on one side, the limit is the farthest value that the refits reached.

        Returns
        -------
        DataFrame
            One row per quantity, with the columns ``estimate``, ``std_error``, ``lower``, ``upper`` and ``note``,
            which says why there are no limits.

        Raises
        ------
        ConvergenceError
            If a profile finds a better fit than the estimate.
        DataError
            If a profile is asked of a result that was loaded without its data.
        """
        check_alpha(alpha)
        table = invariants.invariant_table(self, alpha)
        if check_choice("method", method, ("wald", "profile"), "invariants()") == "wald":
            return table
        return invariant_profile.profile_limits(self, table, alpha)

    def lr_test(self, larger: InteractionFitted) -> HypothesisTest:
        """Compute the likelihood-ratio test of this model against one with more free parameters.

        Parameters
        ----------
        larger : InteractionResults
            A fit of a model of the same form to the same counts, in which parameters are free that are fixed here
            by bounds or by ``initial="observed"``. For predation in continuous time it may instead have a limited
            prey or saturating predation in addition. The parameter of that limit is 0 here, which is the edge of
            its range, and the test is one-sided.

        Returns
        -------
        HypothesisTest
            ``statistic`` is twice the difference of the log-likelihoods. The p-value is from the chi-squared
            distribution with ``df`` degrees of freedom. Where the error variance is estimated, it is from the F
            distribution of the sums of squares, with the denominator degrees of freedom ``df_denom``.

        Raises
        ------
        DataError
            If the models are not nested in this way, or if one of the results was loaded without its data. With
            fewer classes or a simpler coupling, parameters lie on the edge of their range, where neither
            distribution holds. Compare such models by AICc or by simulation.
        """
        return diagnostics.likelihood_ratio(self, larger)

    def bootstrap(
        self,
        n: int = 1000,
        kind: str = "parametric",
        block: int | None = None,
        n_starts: int = 1,
        seed: int = 0,
        n_jobs: int = 1,
        progress: bool = False,
    ) -> resampling.BootstrapResults:
        """Refit the model to data drawn from the fit.

        Parameters
        ----------
        n : int
            Number of refits, at least 2.
        kind : {"parametric", "block"}
            ``"parametric"`` draws counts from the fitted distribution. ``"block"`` adds blocks of consecutive
            residuals to the fitted totals, which keeps their correlation over time. It is for the Gaussian and
            the lognormal family.
        block : int, optional
            Length of a block. The default is the cube root of the length of the series, rounded up.
        n_starts : int
            Number of searches from random points near the estimate, besides the one that starts at it.
        seed : int
            Seed of the draws. The same seed gives the same numbers whatever ``n_jobs``.
        n_jobs : int
            Number of threads.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        BootstrapResults
            It has ``conf_int()``, ``invariants()`` and ``outcomes``.

        Raises
        ------
        DataError
            If an argument cannot be used, or if the result was loaded without its data.
        """
        return resampling.bootstrap(self, n, kind, block, n_starts, seed, n_jobs, progress)

    def simulate(self, n: int = 1, seed: int = 0) -> list[pd.DataFrame]:
        """Draw data sets from the fitted distribution.

        They have the columns of the data, and missing counts where the data have them.

        Parameters
        ----------
        n : int
            Number of data sets.
        seed : int
            Seed of the draws.

        Returns
        -------
        list of DataFrame
            Gaussian counts below 0 are set to 0.

        Raises
        ------
        DataError
            If the result was loaded without its data.
        """
        return resampling.simulate(self, check_count("n", n, 1), seed)

    # ---- residuals, and what follows from the estimates

    @cached_copy
    def fittedvalues(self) -> pd.DataFrame:
        """Fitted totals, with one row per data row and one column per species.

        They are NaN where a culture lacks the species.
        """
        return diagnostics.fitted_totals(self)

    @property
    def resid(self) -> pd.DataFrame:
        """Observed minus fitted counts; NaN where nothing was observed."""
        return self.residuals()

    def residuals(self, kind: str = "response") -> pd.DataFrame:
        """Return residuals with one row per data row and one column per species.

        Parameters
        ----------
        kind : {"response", "pearson", "deviance"}
            ``"response"`` is the observed minus the fitted count. ``"pearson"`` divides it by the standard
            deviation of a count about its total. ``"deviance"`` is the signed square root of the count's term of
            the deviance, in standard deviations.

        Returns
        -------
        DataFrame
            NaN where nothing was observed.

        Raises
        ------
        DataError
            If ``kind`` is not allowed, or if the result was loaded without its data.
        """
        return diagnostics.residuals(self, kind)

    @cached_copy
    def initial_classes(self) -> pd.DataFrame:
        """Fitted numbers in each age class at the first time.

        The columns are ``culture`` (if there are several), ``species``, ``class`` and ``members``.
        """
        return diagnostics.initial_classes(self)

    def system(self) -> Any:
        """Return the fitted matrices as a system, to study its long-run behaviour.

        Returns
        -------
        Competition, PredatorPrey, ComplexPredatorPrey or LeslieMatrix
            A system of two species has trajectories, closed forms and, for competition,
            ``last_species_standing()`` or ``outcome()``. The linear model of one species gives a
            :class:`LeslieMatrix`.

        Raises
        ------
        DataError
            If the form has no such system: Lotka-Volterra models, saturating predation, density dependence of one
            species, or more than two species.
        """
        return diagnostics.system_of(self)

    # ---- prediction, tables, pictures

    def predict(
        self,
        newdata: Any = None,
        at: ArrayLike | None = None,
        alpha: float = 0.05,
        interval: str = "confidence",
    ) -> pd.DataFrame:
        """Predict the totals of the species, with intervals.

        Parameters
        ----------
        newdata : DataFrame, optional
            Table with the times (and cultures). The default is the rows of the data.
        at : array_like, optional
            Times, for every culture. Give it instead of ``newdata``.
        alpha : float
            One minus the level of the intervals.
        interval : {"confidence", "prediction"}
            Whether the interval is for the total or for a new count.

        Returns
        -------
        DataFrame
            One row per row of ``newdata`` or of the data, with its index, or one row per time of ``at`` (and
            culture). The columns are a MultiIndex (species, statistic) with the statistics ``estimate``,
            ``std_error`` (of the total), ``lower`` and ``upper``. They are NaN where a culture lacks the species.

        Raises
        ------
        DataError
            If a time lies before the first one or between the steps of a matrix model, if a culture is unknown,
            or if the data are needed and the result was loaded without them.

        Warns
        -----
        DataWarning
            If a species has ended by a new time: its total fell to 0 and stays there.
        """
        table, findings = prediction.predict(self, newdata, at, alpha, interval)
        announce(findings)
        return table

    def summary(self, alpha: float = 0.05) -> Any:
        """Return tables of the model, the fit, the parameters and the invariants, with the warnings.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.

        Returns
        -------
        FitSummary
        """
        return tables.summary_tables(self, alpha)

    def glance(self) -> pd.DataFrame:
        """Return one row about the fit, with the column names of R's broom where it has them.

        Returns
        -------
        DataFrame
        """
        return tables.glance(self)

    def augment(self) -> pd.DataFrame:
        """Return one row per count, with the column names of R's broom.

        Returns
        -------
        DataFrame
            Columns ``culture`` (if there are several), the time, ``species``, ``count``, ``.fitted``, ``.se.fit``
            and ``.resid``.

        Raises
        ------
        DataError
            If the result was loaded without its data.
        """
        return tables.augment(self)

    def plot(
        self,
        kind: str = "course",
        until: float | None = None,
        alpha: float = 0.05,
        interval: str = "confidence",
        culture: Any = None,
        ax: Any = None,
    ) -> Any:
        """Plot the fit.

        Parameters
        ----------
        kind : {"course", "phase", "residuals", "classes"}
            ``"course"`` draws counts and fitted totals over time, with bands. ``"phase"`` draws one species
            against the other. ``"residuals"`` draws the Pearson residuals over time. ``"classes"`` draws the age
            classes over time.
        until : float, optional
            Last time to draw. The default is the last time of the data. Beyond it the curve is a forecast.
        alpha : float
            One minus the level of the bands.
        interval : {"confidence", "prediction"}
            Whether the bands are for the total or for a new count.
        culture : optional
            Which culture to draw. It is needed where there are several.
        ax : matplotlib Axes, optional
            Axes to draw on. A new figure is made by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        DataError
            If an argument is not allowed or does not belong to the kind, or if the result was loaded without its
            data.
        """
        return plots.plot(self, kind, until, alpha, interval, culture, ax)


def _moved(fit: InteractionFitted, name: str) -> Any:
    """Answer under a name of version 0.1."""
    warn(
        f"`{name}` is internal now: see `ranks`, `reasons` and glance(); the old name goes with the next version.",
        DeprecationWarning,
    )
    return getattr(fit.machinery, name)
