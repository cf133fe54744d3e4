"""Verbs of a search: thin methods over functions of its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.results import SummaryText
from statmodels_x.core.validation import check_choice
from statmodels_x.survival.selection import plots, tables
from statmodels_x.survival.selection.fitted import SelectionFitted
from statmodels_x.survival.selection.stability import SelectionStability, search_again


@dataclass(frozen=True, eq=False, kw_only=True)
class SelectionResults(SelectionFitted, SummaryText):
    """Results of :func:`select`: the selected terms, their path, and the stability of the selection."""

    def __repr__(self) -> str:
        return (
            f"SelectionResults({self.facts.criterion}={self.facts.value:.3f}, n={self.nobs}, "
            f"{self.best.selection.selected} of {self.best.selection.candidates} selected)"
        )

    @property
    def call(self) -> str:
        """The chosen model as one types it; fit it to the rows that are complete in all candidates."""
        given = [repr(self.arguments["formula"]), "data"]
        given += [f"{key}={value!r}" for key, value in self.arguments.items() if key != "formula"]
        return f"FlexibleSurvival({', '.join(given)})"

    def summary(self, alpha: float = 0.05) -> Any:
        """Candidates, the best sets, the estimates, what complete rows cost, and what to beware of.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals.

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        return tables.summary_tables(self, alpha, self.call)

    def tidy(self) -> pd.DataFrame:
        """One row for each parameter and candidate.

        Returns
        -------
        DataFrame
            ``parameter``, ``term``, ``df`` (coefficients), ``selected``, ``kept``, and ``change``: of the criterion,
            if the term (and what stands on it) were put in or out. NaN where that is not allowed, infinite where the
            model so made has no regular maximum.
        """
        return self.frames["candidates"].copy()

    def glance(self) -> pd.DataFrame:
        """One row of facts about the search.

        Returns
        -------
        DataFrame
            ``nobs``, ``events``, ``candidates``, ``selected``, ``kept``, ``criterion``, ``value``, ``logLik``,
            ``df``, ``models``, ``method``, ``note``.
        """
        return tables.glance(self)

    def stability(
        self, n: int = 100, seed: int = 0, fraction: float = 0.8, n_jobs: int = 1
    ) -> SelectionStability:
        """Search again in random parts of the rows, and count how often each candidate is chosen.

        Parts are drawn without replacement: rows that a bootstrap draws twice act as new evidence, and let noise in.

        Parameters
        ----------
        n : int
            Number of parts.
        seed : int
        fraction : float
            Share of the rows (of the clusters, where there are some) in each.
        n_jobs : int
            Processes, through joblib. Models with two scales take seconds each.

        Returns
        -------
        SelectionStability
            With ``table``, the number of distinct sets, and the share of the chosen one.

        Raises
        ------
        DataError
            If the rows are gone, or in a Dask frame.
        """
        if self.sample is None and self.best.facts.partitions:
            raise DataError(
                "stability() needs rows in memory, and these are in a Dask frame: select on a sample of the rows, "
                "frame.sample(frac=...).compute()."
            )
        question, chosen, start = self.need_sample("stability()")
        return search_again(question, chosen, start, n, seed, fraction, n_jobs)

    def plot(
        self, kind: str | None = None, stability: SelectionStability | None = None, ax: Any = None
    ) -> Any:
        """Draw the path of the smooth criterion, or selection frequencies.

        Parameters
        ----------
        kind : {"path", "stability"}, optional
            By default the path where there is one, beside the frequencies if ``stability`` is given.
        stability : SelectionStability, optional
            What :meth:`stability` returned; needed for the frequencies.
        ax : matplotlib Axes, optional
            For a single picture.

        Returns
        -------
        matplotlib.axes.Axes, or an array of two
        """
        if kind is not None:
            check_choice("kind", kind, ("path", "stability"), "plot()")
        return plots.plot(self, kind, stability, ax)
