"""What a fit does to its data: fitted totals, residuals, shares of variance, and where to look twice."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from statmodels_x.core.typing import Array
from statmodels_x.population.estimation import Estimate, fitted_rows

if TYPE_CHECKING:
    from statmodels_x.population.problem import Problem
    from statmodels_x.population.results import InteractionResults
    from statmodels_x.population.sample import Sample


class DiagnosticMethods:
    """Diagnostic attributes of :class:`~statmodels_x.population.results.InteractionResults`."""

    sample: Sample
    problem: Problem
    estimate: Estimate
    species: Any

    @cached_property
    def fittedvalues(self) -> pd.DataFrame:
        """Fitted totals, one row a data row, one column a species; NaN where a culture lacks the species."""
        return pd.DataFrame(self._in_user_order(self._mean), self.sample.index, list(self.species))

    @cached_property
    def resid(self) -> pd.DataFrame:
        """Observed minus fitted counts; NaN where nothing was observed."""
        return pd.DataFrame(self.sample.counts, self.sample.index, list(self.species)) - self.fittedvalues

    @cached_property
    def _mean(self) -> Array:
        return fitted_rows(self.problem, self.estimate.theta)[0]

    def _in_user_order(self, rows: Array) -> Array:
        from statmodels_x.population.assembly import row_order

        out = np.empty_like(rows)
        out[row_order(self.sample)] = rows
        return out

    @cached_property
    def wss(self) -> float:
        """Weighted sum of squares: of residuals over the mean of their series, whatever the family."""
        return float(np.nansum((self.resid.to_numpy() / self.sample.means[self.sample.culture]) ** 2))

    @cached_property
    def rsquared(self) -> pd.Series:
        """Share of each series' variance that the fit explains, one entry a species (and culture)."""
        values, labels = [], []
        for c, s in zip(*np.nonzero(self.sample.present), strict=True):
            rows = self.sample.culture == c
            y, r = self.sample.counts[rows, s], self.resid.to_numpy()[rows, s]
            with np.errstate(divide="ignore"):
                values.append(1.0 - np.nansum(r**2) / np.nansum((y - np.nanmean(y)) ** 2))
            labels.append((self.sample.cultures[c], self.species[s]))
        if self.sample.culture_name is None:
            return pd.Series(values, [name for _, name in labels], name="rsquared")
        index = pd.MultiIndex.from_tuples(labels, names=[self.sample.culture_name, "species"])
        return pd.Series(values, index, name="rsquared")

    @cached_property
    def rsquared_pooled(self) -> float:
        """Share of the variance of all counts together; differences between the species flatter it."""
        y, r = self.sample.counts, self.resid.to_numpy()
        seen = ~np.isnan(r)
        return float(1.0 - np.sum(r[seen] ** 2) / np.sum((y[seen] - y[seen].mean()) ** 2))

    @cached_property
    def lowest_total(self) -> dict[str, Any]:
        """Smallest fitted total at any step, observed or not: ``species``, ``culture``, ``time`` and ``total``."""
        from statmodels_x.population.extremes import lowest

        return lowest(cast("InteractionResults", self))

    @cached_property
    def negative_classes(self) -> pd.DataFrame:
        """Lowest value of each class that turns negative: ``species``, ``class``, ``culture``, ``time``, ``value``."""
        from statmodels_x.population.extremes import negative_classes

        return negative_classes(cast("InteractionResults", self))

    @cached_property
    def autocorrelation(self) -> pd.Series:
        """Lag-one correlation of the residuals of each series at neighbouring steps."""
        from statmodels_x.population.extremes import autocorrelation

        return autocorrelation(cast("InteractionResults", self))

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
        from statmodels_x.population.theory import system_of

        return system_of(cast("InteractionResults", self))

    @cached_property
    def initial_classes(self) -> pd.DataFrame:
        """Fitted members of each age class at the first time: ``species``, ``class``, ``members`` (and ``culture``)."""
        from statmodels_x.population.theory import initial_classes

        return initial_classes(cast("InteractionResults", self))
