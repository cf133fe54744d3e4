"""Estimates -> inference, predictions and tables: thin methods over functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.data.design import DesignSpec
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits import inference
from statmodels_x.core.fits.results import LikelihoodResults
from statmodels_x.core.validation import check_choice
from statmodels_x.survival.diagnostics import DiagnosticMethods
from statmodels_x.survival.sample import SampleFacts
from statmodels_x.survival.specification import Specification

if TYPE_CHECKING:
    from statmodels_x.survival.estimation import Estimate
    from statmodels_x.survival.model import FlexibleSurvival


@dataclass(frozen=True, eq=False, kw_only=True)
class FlexibleSurvivalResults(DiagnosticMethods, LikelihoodResults):
    """A fitted :class:`FlexibleSurvival`.

    Attributes
    ----------
    specification : Specification
        The model.
    design_specs : dict of str to DesignSpec
        How to build each parameter's columns from new data.
    cov_type : str
        ``"observed"``, ``"robust"`` or ``"cluster"``.
    estimate : Estimate
        Where and how the maximum was found, with the evidence.
    facts : SampleFacts
        Counts of rows, events and dropped rows.
    """

    specification: Specification
    design_specs: Mapping[str, DesignSpec] = field(repr=False)
    cov_type: str
    estimate: Estimate = field(repr=False)
    facts: SampleFacts = field(repr=False)

    def __repr__(self) -> str:
        return f"FlexibleSurvivalResults({self.formula!r}, n={self.facts.used}, llf={self.llf:.4f})"

    @property
    def formula(self) -> str:
        """The formula of the main scale."""
        return self.specification.formula

    @property
    def is_regular(self) -> bool:
        """Whether the fit is a proved interior maximum, fit to take part in a ranking."""
        return self.estimate.is_regular

    @property
    def n_events(self) -> int:
        """Number of events, exact or within an interval; with frequency weights the sum of their weights."""
        return self.facts.events

    @cached_property
    def natural_params(self) -> pd.DataFrame:
        """Estimates on the natural scale: phi, lambda, gamma, kappa, and ratios for covariates.

        Returns
        -------
        DataFrame
            Indexed like ``params``, with ``quantity``, ``estimate``, ``lower`` and ``upper`` (95 %).
        """
        from statmodels_x.survival.tables import natural_scale

        return natural_scale(self)

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
            cured fraction), ``"cure_fraction"`` (0 without an error where the law has none), ``"link"`` (the
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
            fraction, log for the others), or quantiles over coefficients drawn from their estimated law.
        simultaneous : bool
            Whether the bands of each row hold at all its points at once.
        n_draws, seed : int
            For ``method="simulation"`` and for simultaneous bands.

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
        from statmodels_x.survival.prediction import Options, predict

        options = Options(alpha, method, n_draws, seed, simultaneous)
        return predict(self, newdata, kind, at, reference, given, options)

    def standardise(
        self,
        kind: str = "survival",
        at: ArrayLike | None = None,
        by: str | None = None,
        levels: Sequence[Any] | None = None,
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
        by : str, optional
            Covariate that is set to each of ``levels`` for everybody; none for the population as it is.
        levels : sequence, optional
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
        from statmodels_x.survival.prediction import Options, standardise

        options = Options(alpha, method, n_draws, seed, simultaneous)
        return standardise(self, kind, at, by, levels, over, weights, contrast, options)

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
        from statmodels_x.survival.plots import plot

        return plot(self, kind, by, newdata, at, reference, alpha, kaplan_meier, simultaneous, ax)

    def summary(self, alpha: float = 0.05) -> Any:
        """Tables of the model, the estimates on both scales, and the warnings.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals.

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        from statmodels_x.survival.tables import summary_tables

        return summary_tables(self, alpha)

    def glance(self) -> pd.DataFrame:
        """One row of facts about the fit, with the column names of R's broom where it has them.

        Returns
        -------
        DataFrame
            ``distribution``, ``scale``, ``nobs``, ``events``, ``df``, ``logLik``, ``AIC``, ``AICc``, ``BIC``,
            ``converged``, ``regular``, ``note``.
        """
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in self.estimate.findings))
        row = {
            "distribution": self.specification.distribution,
            "scale": "both" if self.specification.has_both_scales else self.specification.scale,
            "nobs": self.nobs,
            "events": self.n_events,
            "df": self.df_model,
            "logLik": self.llf,
            "AIC": self.aic,
            "AICc": self.aicc,
            "BIC": self.bic,
            "converged": self.converged,
            "regular": self.is_regular,
            "note": kinds,
        }
        return pd.DataFrame([row])

    def wald_test_terms(self) -> pd.DataFrame:
        """Test each term of each parameter: all its coefficients are 0.

        Returns
        -------
        DataFrame
            Indexed by (parameter, term): ``statistic`` (chi-squared), ``df``, ``p.value``.
        """
        rows = {}
        for parameter, spec in self.design_specs.items():
            first = self.params.index.get_loc(parameter)
            start = first.start if isinstance(first, slice) else int(np.flatnonzero(first)[0])
            for term, part in spec.model_spec.term_slices.items():
                if str(term) == "1":
                    continue
                matrix = np.eye(len(self.params))[start + part.start : start + part.stop]
                test = inference.wald_test(self.params, self.covariance, matrix)
                rows[parameter, str(term)] = (
                    float(test.statistic),
                    part.stop - part.start,
                    float(test.pvalue),
                )
        index = pd.MultiIndex.from_tuples(list(rows), names=["parameter", "term"]) if rows else None
        return pd.DataFrame(list(rows.values()), index=index, columns=["statistic", "df", "p.value"])

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
        from statmodels_x.survival.intervals import profile_conf_int

        return profile_conf_int(self, alpha)

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
        from statmodels_x.survival.intervals import profile_cure_fraction

        return profile_cure_fraction(self, newdata, alpha)

    def lr_test(self, larger: FlexibleSurvivalResults) -> pd.Series:
        """Likelihood-ratio test of this model within a larger one.

        Parameters
        ----------
        larger : FlexibleSurvivalResults
            A fit to the same rows in which this model is nested.

        Returns
        -------
        Series
            ``statistic`` (chi-squared), ``df``, ``p.value``.
        """
        from statmodels_x.survival.hypotheses import likelihood_ratio

        return likelihood_ratio(self, larger)

    def score_test(self, larger: FlexibleSurvival) -> pd.Series:
        """Score (Rao) test of this model within a larger one, which need not be fitted.

        Parameters
        ----------
        larger : FlexibleSurvival
            The larger model on the same data.

        Returns
        -------
        Series
            ``statistic`` (chi-squared), ``df``, ``p.value``.
        """
        from statmodels_x.survival.hypotheses import score_test

        return score_test(self, larger)

    def scale_tests(self) -> pd.DataFrame:
        """Test proportional hazards and accelerated time inside a model with covariates on both scales.

        Returns
        -------
        DataFrame
            Rows ``"ph"`` and ``"aft"``: ``statistic``, ``df``, ``p.value``, ``valid`` and ``note``. Near the
            Weibull the two scales are one and the tests mean nothing.
        """
        from statmodels_x.survival.hypotheses import scale_tests

        return scale_tests(self)

    def sample_params(self, n: int, seed: int | np.random.Generator = 0) -> pd.DataFrame:
        """Draw from the estimated normal law of the estimates.

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
        if self.bse.isna().any():
            raise DataError("sample_params: some parameters have no standard error; see `warnings`.")
        rng = np.random.default_rng(seed)
        draws = rng.multivariate_normal(
            self.params.to_numpy(), self.covariance.to_numpy(), size=n, method="eigh"
        )
        return pd.DataFrame(draws, columns=self.params.index)
