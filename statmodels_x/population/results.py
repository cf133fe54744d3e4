"""A fitted interaction: inference, prediction and tables, as thin methods over functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.fits.results import LikelihoodResults
from statmodels_x.core.validation import check_alpha, check_choice, check_count
from statmodels_x.population.alternatives import Alternatives
from statmodels_x.population.diagnostics import DiagnosticMethods
from statmodels_x.population.estimation import Estimate
from statmodels_x.population.form import Form, Layout
from statmodels_x.population.identification import Identification
from statmodels_x.population.problem import FAMILIES, POISSON, Problem
from statmodels_x.population.sample import Sample

if TYPE_CHECKING:
    from statmodels_x.population.bootstrap import BootstrapResults
    from statmodels_x.population.structural import StructuralRank


@dataclass(frozen=True, eq=False, kw_only=True)
class InteractionResults(DiagnosticMethods, LikelihoodResults):
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
    form : Form
        The model's form.
    sample : Sample
        The counts.
    layout : Layout
        Where the parameters stand in the recursion.
    problem : Problem
        The model on its data as arrays.
    estimate : Estimate
        How the optimum was found.
    identification : Identification
        What the data determine.
    alternatives : Alternatives
        Refits within the 95 % region that hold each parameter in turn: errors that they contradict are not given.
    structural : StructuralRank or None
        Exact rank of the model by itself; None where it has not been computed.
    settings : dict
        What the summary says of the model and the fit.
    """

    form: Form
    sample: Sample = field(repr=False)
    keep_data: bool = field(repr=False, default=True)
    layout: Layout = field(repr=False)
    problem: Problem = field(repr=False)
    estimate: Estimate = field(repr=False)
    identification: Identification = field(repr=False)
    alternatives: Alternatives = field(repr=False)
    structural: StructuralRank | None = field(repr=False)
    settings: dict[str, str] = field(repr=False)

    def __repr__(self) -> str:
        return f"InteractionResults({self.formula!r}, {self.settings['model']}, n={self.nobs}, wss={self.wss:.4g})"

    # ---- facts about the fit

    @property
    def formula(self) -> str:
        """The formula."""
        return self.sample.formula

    @property
    def species(self) -> tuple[str, str]:
        """Names of the two species."""
        return self.sample.species

    @property
    def family(self) -> str:
        """Law of the counts."""
        return FAMILIES[self.problem.family]

    @property
    def scale(self) -> float:
        """Estimated variance of a weighted residual; 1 for the discrete laws."""
        return self.identification.variance

    @property
    def dispersion(self) -> float:
        """Dispersion of a negative binomial: the variance is mean + dispersion * mean^2."""
        return self.problem.dispersion

    @cached_property
    def n_scale(self) -> int:
        """Parameters of the law besides those of the course: the error variance or the dispersion."""
        return 0 if self.problem.family == POISSON else 1

    @property
    def df_model(self) -> int:
        """Number of free parameters of the course (those held by bounds are not counted)."""
        return int(np.sum(np.array(self.layout.upper) > np.array(self.layout.lower)))

    @property
    def df_resid(self) -> int:
        """Observed counts minus the rank of the sensitivities."""
        return self.nobs - self.identification.rank

    @property
    def n_criterion(self) -> int:
        """Parameters that the criteria count; the error variance or dispersion is one, as in R."""
        return self.df_model + self.n_scale

    @property
    def reasons(self) -> pd.Series:
        """Why a parameter has no standard error; empty if all have one."""
        found = self.identification.reasons
        return pd.Series(list(found.values()), self.params.index[list(found)], name="reason", dtype=object)

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
            from statmodels_x.population.profile import profile_conf_int

            return profile_conf_int(self, alpha)
        from statmodels_x.population.intervals import wald_intervals

        return wald_intervals(self, alpha)

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
        from statmodels_x.population.profile import profile_table

        return profile_table(self, parameter, values, n)

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
            One row a quantity, with ``estimate``, ``std_error``, ``lower``, ``upper`` and ``note`` (why there are no
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
        from statmodels_x.population.invariants import invariant_table

        check_alpha(alpha)
        check_choice("method", method, ("wald", "profile"), "invariants()")
        table = invariant_table(
            self.layout,
            self.problem,
            self.estimate.theta,
            self.species,
            self.identification,
            self.alternatives,
            alpha,
        )
        if method == "wald":
            return table
        from statmodels_x.population.invariant_profile import profile_limits

        return profile_limits(self, table, alpha)

    def lr_test(self, larger: InteractionResults) -> pd.Series:
        """Likelihood-ratio test of this model within one that leaves more parameters free.

        Parameters
        ----------
        larger : InteractionResults
            A fit of the same form to the same counts, in which parameters are free that bounds or
            ``initial="observed"`` hold here.

        Returns
        -------
        Series
            ``statistic`` (chi-squared), ``df``, ``p.value``.

        Raises
        ------
        DataError
            If the models are not nested in this way. Fewer classes or a simpler coupling put parameters on their
            bounds, where the chi-squared law does not hold: compare those by AICc or by simulation.
        """
        from statmodels_x.population.hypotheses import likelihood_ratio

        return likelihood_ratio(self, larger)

    @cached_property
    def outcome(self) -> str | None:
        """Long-run outcome of competition at the estimates; None where the model has none."""
        from statmodels_x.population.invariants import invariants_of, outcome_of

        values = invariants_of(self.layout, self.problem, self.estimate.theta, self.species)
        return outcome_of(values, self.species)

    def bootstrap(
        self,
        n: int = 1000,
        kind: str = "parametric",
        block: int | None = None,
        n_starts: int = 1,
        seed: int = 0,
        n_jobs: int = 1,
        progress: bool = False,
    ) -> BootstrapResults:
        """Refit the model to data drawn from the fit.

        Parameters
        ----------
        n : int
            Number of refits.
        kind : {"parametric", "block"}
            Counts drawn from the fitted law; or fitted totals plus blocks of residuals in their order, which keeps
            what correlation they have over time.
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
        from statmodels_x.population.bootstrap import bootstrap

        return bootstrap(self, n, kind, block, n_starts, seed, n_jobs, progress)

    def simulate(self, n: int = 1, seed: int = 0) -> list[pd.DataFrame]:
        """Draw data sets from the fitted law, with the columns and the missing counts of the data.

        Parameters
        ----------
        n : int
        seed : int

        Returns
        -------
        list of DataFrame
            Gaussian counts below 0 are set to 0.
        """
        from statmodels_x.population.bootstrap import simulate

        return simulate(self, check_count("n", n, 1), seed)

    # ---- prediction, tables, pictures

    def predict(
        self,
        newdata: Any = None,
        at: ArrayLike | None = None,
        alpha: float = 0.05,
        interval: str = "confidence",
    ) -> pd.DataFrame:
        """Totals of both species with intervals.

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
            One row a row of the data, with its index; columns a MultiIndex (species, statistic) with the statistics
            ``estimate``, ``std_error`` (of the total), ``lower`` and ``upper``; NaN where a culture lacks the species.

        Raises
        ------
        DataError
            For times before the first, between the steps of a matrix model, or of an unknown culture.

        Warns
        -----
        DataWarning
            If a total at a new time is negative, as linear models end up.
        """
        from statmodels_x.population.prediction import predict

        return predict(self, newdata, at, alpha, interval)

    def summary(self, alpha: float = 0.05) -> Any:
        """Tables of the model, the fit, the parameters, the invariants, and what to beware of.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        from statmodels_x.population.tables import summary_tables

        return summary_tables(self, alpha)

    def glance(self) -> pd.DataFrame:
        """One row of facts about the fit, with the column names of R's broom where it has them.

        Returns
        -------
        DataFrame
        """
        from statmodels_x.population.tables import glance

        return glance(self)

    def augment(self) -> pd.DataFrame:
        """One row a count, with R's broom column names.

        Returns
        -------
        DataFrame
            ``culture`` (if there are several), time, ``species``, ``count``, ``.fitted``, ``.se.fit``, ``.resid``.
        """
        from statmodels_x.population.tables import augment

        return augment(self)

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
        from statmodels_x.population.fit_plots import plot

        return plot(self, kind, until, alpha, interval, culture, ax)
