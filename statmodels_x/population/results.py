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
    """A fitted :class:`LeslieInteraction` or :class:`LotkaVolterra`.

    Attributes
    ----------
    params : Series
        Estimates on their natural scale; a MultiIndex (parameter, term) such as ``("fecundity", "aurelia_1")``,
        ``("survival", "aurelia_1")`` (from class 1 to class 2), ``("coupling", "caudatum_on_aurelia")``,
        ``("crowding", "caudatum_on_aurelia")``, ``("initial", "aurelia")`` (the total at the first time) and
        ``("structure", "aurelia_1")`` (the share of class j in what the younger classes leave).
    covariance : DataFrame
        NaN for a parameter that is not determined; :attr:`reasons` says why.
    llf : float
        Log-likelihood.
    nobs : int
        Number of observed counts.
    converged : bool
        Whether the end of the search is stationary within the bounds.
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
        """Confidence intervals.

        Parameters
        ----------
        alpha : float
            Error rate: 0.05 gives 95 % intervals.
        method : {"wald", "profile"}
            Wald intervals keep within the bounds: on the log scale for initial totals, rates, the fecundity of a single
            class and what is clearly above 0, on the logit scale for survivals and shares; NaN where a parameter is not
            determined. Profile intervals hold every value at which the refitted model is not rejected, and end at a
            bound where the data do not.

        Returns
        -------
        DataFrame of shape (p, 2)
            Columns ``lower`` and ``upper``.
        """
        if check_choice("method", method, ("wald", "profile"), "conf_int()") == "profile":
            return profile.profile_conf_int(self, alpha)
        return profile.wald_intervals(self, alpha)

    def profile(
        self, parameter: tuple[str, str], values: ArrayLike | None = None, n: int = 21
    ) -> pd.DataFrame:
        """Profile of one parameter: the model refitted with it held at each of some values.

        Parameters
        ----------
        parameter : tuple of (str, str)
            A label of ``params``.
        values : array_like, optional
            By default ``n`` values between the limits of the search, closer to the estimate where it is well known.
        n : int

        Returns
        -------
        DataFrame
            ``value``, ``llf``, and ``deviance``: twice the fall of the log-likelihood, 3.84 at a 95 % limit.
        """
        return profile.profile_table(self, parameter, values, n)

    def invariants(self, alpha: float = 0.05, method: str = "wald") -> pd.DataFrame:
        """Quantities that do not depend on how the age classes are told apart.

        Parameters
        ----------
        alpha : float
        method : {"wald", "profile"}
            Limits by the delta method, or all values at which the model, refitted with the quantity held there, is not
            rejected. Profiles take seconds; where the data reject nothing on one side, the limit is the farthest
            value that the refits reached.

        Returns
        -------
        DataFrame
            One row per quantity, with ``estimate``, ``std_error``, ``lower``, ``upper`` and ``note`` (why there are no
            limits). Growth factors a step of each species alone; for linear competition the joint growth factor, the
            damping ratio and the winner's margin; for Leslie-Gower and Lotka-Volterra competition the carrying
            capacities K, the competition coefficients alpha, and the growth of each species when it is rare and the
            other at its capacity (a factor a step above 1, or a rate above 0, means that it can invade); equilibria
            and periods for predation.

        Raises
        ------
        ConvergenceError
            If a profile finds a better fit.
        """
        check_alpha(alpha)
        table = invariants.invariant_table(self, alpha)
        if check_choice("method", method, ("wald", "profile"), "invariants()") == "wald":
            return table
        return invariant_profile.profile_limits(self, table, alpha)

    def lr_test(self, larger: InteractionFitted) -> HypothesisTest:
        """Likelihood-ratio test of this model within one that leaves more parameters free.

        Parameters
        ----------
        larger : InteractionResults
            A fit of the same form to the same counts, in which parameters are free that bounds or
            ``initial="observed"`` hold here; or one of predation in continuous time with a limited prey or saturating
            predation besides, whose limit is 0 here: the test is one-sided then.

        Returns
        -------
        HypothesisTest
            ``statistic`` (twice the gain of the log-likelihood), ``df``, ``p.value``: by the chi-squared distribution,
            or where the error variance is estimated by the F distribution of the sums of squares, with ``df_denom``.

        Raises
        ------
        DataError
            If the models are not nested in this way. Fewer classes or a simpler coupling put parameters on their
            bounds, where neither distribution holds: compare those by AICc or by simulation.
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
            Number of refits.
        kind : {"parametric", "block"}
            Counts drawn from the fitted distribution; or fitted totals plus blocks of residuals in their order, which
            keeps what correlation they have over time.
        block : int, optional
            Length of a block; by default the cube root of the series' length, rounded up.
        n_starts : int
            Searches from around the estimate besides the one that starts there.
        seed, n_jobs, progress
            The numbers are the same whatever ``n_jobs``.

        Returns
        -------
        BootstrapResults
            With ``conf_int()``, ``invariants()`` and ``outcomes``.
        """
        return resampling.bootstrap(self, n, kind, block, n_starts, seed, n_jobs, progress)

    def simulate(self, n: int = 1, seed: int = 0) -> list[pd.DataFrame]:
        """Draw data sets from the fitted distribution, with the columns and the missing counts of the data.

        Parameters
        ----------
        n : int
        seed : int

        Returns
        -------
        list of DataFrame
            Gaussian counts below 0 are set to 0.
        """
        return resampling.simulate(self, check_count("n", n, 1), seed)

    # ---- residuals, and what follows from the estimates

    @cached_copy
    def fittedvalues(self) -> pd.DataFrame:
        """Fitted totals, one row per data row, one column per species; NaN where a culture lacks the species."""
        return diagnostics.fitted_totals(self)

    @property
    def resid(self) -> pd.DataFrame:
        """Observed minus fitted counts; NaN where nothing was observed."""
        return self.residuals()

    def residuals(self, kind: str = "response") -> pd.DataFrame:
        """Residuals, one row per data row and one column per species.

        Parameters
        ----------
        kind : {"response", "pearson", "deviance"}
            Observed minus fitted counts; the same over the standard deviation of a count about its total; signed
            square roots of the terms of the deviance, in standard deviations.

        Returns
        -------
        DataFrame
            NaN where nothing was observed.
        """
        return diagnostics.residuals(self, kind)

    @cached_copy
    def initial_classes(self) -> pd.DataFrame:
        """Fitted members of each age class at the first time: ``species``, ``class``, ``members`` (and ``culture``)."""
        return diagnostics.initial_classes(self)

    def system(self) -> Any:
        """Return the fitted matrices as a system of the theory.

        Returns
        -------
        Competition, PredatorPrey or ComplexPredatorPrey
            With its trajectories, closed forms, ``last_species_standing()`` or ``outcome()``.

        Raises
        ------
        DataError
            For Lotka-Volterra, which has no matrices.
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
        """Totals of the species with intervals.

        Parameters
        ----------
        newdata : DataFrame, optional
            Times (and cultures); by default the rows of the data.
        at : array_like, optional
            Times, for every culture; instead of ``newdata``.
        alpha : float
            Error rate of the intervals.
        interval : {"confidence", "prediction"}
            For the total, or for a new count.

        Returns
        -------
        DataFrame
            One row per row of the data, with its index; columns a MultiIndex (species, statistic) with the statistics
            ``estimate``, ``std_error`` (of the total), ``lower`` and ``upper``; NaN where a culture lacks the species.

        Raises
        ------
        DataError
            For times before the first, between the steps of a matrix model, or of an unknown culture.

        Warns
        -----
        DataWarning
            If a species has ended by a new time: its total fell to 0, and it has none from then on.
        """
        table, findings = prediction.predict(self, newdata, at, alpha, interval)
        announce(findings)
        return table

    def summary(self, alpha: float = 0.05) -> Any:
        """Tables of the model, the fit, the parameters and the invariants, and the warnings.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        return tables.summary_tables(self, alpha)

    def glance(self) -> pd.DataFrame:
        """One row of facts about the fit, with the column names of R's broom where it has them.

        Returns
        -------
        DataFrame
        """
        return tables.glance(self)

    def augment(self) -> pd.DataFrame:
        """One row per count, with R's broom column names.

        Returns
        -------
        DataFrame
            ``culture`` (if there are several), time, ``species``, ``count``, ``.fitted``, ``.se.fit``, ``.resid``.
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
        """Draw the fit.

        Parameters
        ----------
        kind : {"course", "phase", "residuals", "classes"}
            Counts and fitted totals over time with bands; one species against the other; weighted residuals over
            time; age classes over time.
        until : float, optional
            Last time drawn; by default that of the data. Beyond it the curve is a forecast.
        alpha : float
        interval : {"confidence", "prediction"}
        culture : optional
            Which culture to draw; needed where there are several.
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        return plots.plot(self, kind, until, alpha, interval, culture, ax)


def _moved(fit: InteractionFitted, name: str) -> Any:
    """Answer under a name of version 0.1."""
    warn(
        f"`{name}` is internal now: see `ranks`, `reasons` and glance(); the old name goes with the next version.",
        DeprecationWarning,
    )
    return getattr(fit.machinery, name)
