"""The state of a fitted interaction: what was estimated, frozen; everything that inference, tables and plots read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from statmodels_x.core.findings import Finding, announce
from statmodels_x.core.fits.handing_out import cached_copy, handed_out
from statmodels_x.core.fits.results import Estimates
from statmodels_x.population.course.build import check_weights
from statmodels_x.population.course.courses import fitted_rows
from statmodels_x.population.course.families import log_likelihood
from statmodels_x.population.course.invariants import invariants_of, outcome_at
from statmodels_x.population.course.problem import row_culture
from statmodels_x.population.fitting.assembly import Machinery, fit_form
from statmodels_x.population.fitting.old_files import state_of_old
from statmodels_x.population.sample import Sample
from statmodels_x.population.specification import FAMILIES, POISSON, Options


@dataclass(frozen=True, eq=False, kw_only=True)
class InteractionFitted(Estimates):
    """What was estimated.

    Attributes
    ----------
    machinery : Machinery
        Internal: arrays, layout and evidence of the search, for the functions of this package alone.
    """

    machinery: Machinery = field(repr=False)

    @classmethod
    def fit(
        cls,
        model: Any,
        options: Options,
        settings: dict[str, str],
        ridge: tuple[Mapping[Any, float], float] | None = None,
    ) -> Self:
        """Fit a model (its form, sample, family and weights), and say what there is to say."""
        sample, family = model.sample, model.family
        weights = check_weights(model.weights, family, sample)
        machinery, findings = fit_form(model.form, sample, family, weights, options, settings, ridge)
        found = cls.of(machinery, findings, sample, options.keep_data)
        announce(findings)
        return found

    @classmethod
    def of(
        cls, machinery: Machinery, findings: tuple[Finding, ...], sample: Sample, keep_data: bool = False
    ) -> Self:
        """Label what was found."""
        problem, theta = machinery.problem, machinery.estimate.theta
        index = pd.MultiIndex.from_tuples(machinery.layout.names, names=["parameter", "term"])
        mean, _ = fitted_rows(problem, theta)
        seen = ~np.isnan(problem.counts) & ~np.isnan(mean)
        weight = problem.weights[row_culture(problem)][seen]
        llf = log_likelihood(problem.family, problem.counts[seen], mean[seen], weight, problem.dispersion)
        return cls(
            coefficients=pd.Series(theta, index, name="estimate"),
            covariance=pd.DataFrame(machinery.identification.covariance, index, index),
            reference=machinery.identification.reference,
            llf=llf,
            nobs=int(seen.sum()),
            converged=machinery.estimate.converged,
            findings=findings,
            sample=sample,
            keep_data=keep_data,
            machinery=machinery,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state if "machinery" in state else state_of_old(state))

    def without_data(self) -> Self:
        """Return the same fit without a count or a time of the data."""
        return replace(self, sample=None, machinery=self.machinery.without_rows())

    # ---- facts about the fit

    @property
    def formula(self) -> str:
        """The formula of the model."""
        return self.machinery.facts.formula

    @property
    def species(self) -> tuple[str, ...]:
        """Names of the species, in the order of the formula."""
        return self.machinery.facts.species

    @property
    def family(self) -> str:
        """Distribution of the counts about the totals."""
        return FAMILIES[self.machinery.problem.family]

    @property
    def scale(self) -> float:
        """Estimated variance of a weighted residual; 1 for the discrete distributions."""
        return self.machinery.identification.variance

    @property
    def dispersion(self) -> float:
        """Dispersion of the negative binomial family: the variance is mean + dispersion * mean^2."""
        return self.machinery.problem.dispersion

    @property
    def df_model(self) -> int:
        """Number of free parameters of the course; those that bounds fix are not counted."""
        layout = self.machinery.layout
        return int(np.sum(np.array(layout.upper) > np.array(layout.lower)))

    @property
    def df_resid(self) -> int:
        """Number of observed counts minus the rank of the sensitivities of the totals."""
        return self.nobs - self.machinery.identification.rank

    @property
    def n_criterion(self) -> int:
        """Number of parameters that the information criteria count.

        The error variance or the dispersion counts as one, as in R.
        """
        return self.df_model + (self.machinery.problem.family != POISSON)

    @property
    def reasons(self) -> pd.Series:
        """Why a parameter has no standard error; empty if all have one."""
        found = self.machinery.identification.reasons
        texts = [reason.text for reason in found.values()]
        return pd.Series(texts, self.coefficients.index[list(found)], name="reason", dtype=object)

    @cached_copy
    def ranks(self) -> pd.Series:
        """How many parameters the model has, and how many of them the data determine.

        ``parameters`` is their number. ``structural`` is the number of combinations that exact totals would
        determine (NaN where it was not computed). ``local`` is the rank of the sensitivities of the totals.
        ``known_to_half`` is the number of directions that are known to half of their size or better.
        """
        found, exact = self.machinery.identification, self.machinery.structural
        values = {
            "parameters": len(self.coefficients),
            "structural": np.nan if exact is None else exact.rank,
            "local": found.rank,
            "known_to_half": found.practical_rank,
        }
        return pd.Series(values, name="rank")

    @property
    def search(self) -> pd.DataFrame:
        """What each kind of starting point led to.

        For each kind there are the number of searches, the lowest sum of squares that they reached (in squared
        residuals of the family), and how many of them ended at the estimate, that is, within half a unit of its
        log-likelihood.
        """
        return self.machinery.estimate.table()

    @property
    def ends(self) -> pd.DataFrame:
        """Distinct end points of the searches, the estimate first.

        There is one row per end point that is at most ten units of log-likelihood below the estimate. The columns
        are ``llf`` (relative to the estimate), ``digits`` (digits of the parameters on which its course depends;
        above 5 it is a needle), ``kinds`` (which searches reached it), and the invariants.
        """
        return handed_out(self.machinery.ends if self.machinery.ends is not None else pd.DataFrame())

    @property
    def digits(self) -> float:
        """Number of digits of the parameters on which the fitted course depends.

        Above 5 the solution is called a needle, and no prediction can be based on it.
        """
        return self.machinery.estimate.digits

    @property
    def wss(self) -> float:
        """Weighted sum of squares, in which each residual is divided by the mean of its series.

        It is the same quantity for all families.
        """
        return self.machinery.diagnostics.wss

    @property
    def rsquared(self) -> pd.Series:
        """Share of the variance of each series that the fit explains, one entry per species (and culture)."""
        return handed_out(self.machinery.diagnostics.rsquared)

    @property
    def rsquared_pooled(self) -> float:
        """Share of the variance of all counts together that the fit explains.

        It is too optimistic, because differences between the species count as explained.
        """
        return self.machinery.diagnostics.rsquared_pooled

    @property
    def lowest_total(self) -> dict[str, Any]:
        """Smallest fitted total at any step: ``species``, ``culture``, ``time`` and ``total``.

        Steps without a count are included.
        """
        return handed_out(self.machinery.diagnostics.lowest_total)

    @property
    def negative_classes(self) -> pd.DataFrame:
        """Lowest value of each age class that becomes negative in the fitted course.

        The columns are ``species``, ``class``, ``culture``, ``time`` and ``value``.
        """
        return handed_out(self.machinery.diagnostics.negative_classes)

    @property
    def autocorrelation(self) -> pd.Series:
        """Lag-one autocorrelation of the residuals of each series, over pairs of neighbouring times."""
        return handed_out(self.machinery.diagnostics.autocorrelation)

    @property
    def outcome(self) -> str | None:
        """Long-run outcome of competition at the estimates; None where the model has none."""
        m, theta = self.machinery, self.machinery.estimate.theta
        values = invariants_of(m.layout, m.problem, theta, self.species)
        return outcome_at(m.layout, theta, values, self.species)
