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
    """Results of :func:`select`: the selected model, the search, and the stability of the selection."""

    def __repr__(self) -> str:
        return (
            f"SelectionResults({self.facts.criterion}={self.facts.value:.3f}, n={self.nobs}, "
            f"{self.best.selection.selected} of {self.best.selection.candidates} selected)"
        )

    @property
    def call(self) -> str:
        """The selected model as a line of code.

        Fit it to the rows that are complete in all candidates to get the same estimates.
        """
        given = [repr(self.arguments["formula"]), "data"]
        given += [f"{key}={value!r}" for key, value in self.arguments.items() if key != "formula"]
        return f"FlexibleSurvival({', '.join(given)})"

    def summary(self, alpha: float = 0.05) -> Any:
        """Summary tables of the search.

        The summary shows the candidates, the best sets of terms, the estimates, the rows lost to missing values and
        notes on the interpretation.

        Parameters
        ----------
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.

        Returns
        -------
        FitSummary
            Prints as text and shows as an HTML table in notebooks.
        """
        return tables.summary_tables(self, alpha, self.call)

    def tidy(self) -> pd.DataFrame:
        """One row for each parameter and candidate.

        Returns
        -------
        DataFrame
            The columns ``parameter``, ``term``, ``df`` (number of coefficients), ``selected``, ``kept`` and
            ``change``. The change is that of the criterion if the term, with the terms that depend on it, were added
            or removed. It is missing if this is not allowed, and infinite if the resulting model has no regular
            maximum.
        """
        return self.frames["candidates"].copy()

    def glance(self) -> pd.DataFrame:
        """One row with the main facts about the search.

        Returns
        -------
        DataFrame
            The columns ``nobs``, ``events``, ``candidates``, ``selected``, ``kept``, ``criterion`` (its name),
            ``value`` (of the criterion), ``logLik``, ``df`` (number of parameters), ``models`` (number of fits
            made), ``method`` and ``note`` (the kinds of the findings).
        """
        return tables.glance(self)

    def stability(
        self, n: int = 100, seed: int = 0, fraction: float = 0.8, n_jobs: int = 1
    ) -> SelectionStability:
        """Repeat the search on random subsamples, and count how often each candidate is selected.

        Subsamples are drawn without replacement. In a bootstrap sample repeated rows would look like additional
        evidence, and too many terms would be selected.

        Parameters
        ----------
        n : int
            Number of subsamples.
        seed : int
            Seed of the subsamples.
        fraction : float
            Share of the rows in each subsample (of the clusters, if there are any).
        n_jobs : int
            Number of parallel processes (joblib). A search of models with two scales can take seconds.

        Returns
        -------
        SelectionStability
            ``table`` holds the selection frequencies, ``n_sets`` the number of distinct sets, and ``share`` how
            often the set of all rows was selected.

        Raises
        ------
        DataError
            If the result was saved without its data, or the rows are in a Dask frame.
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
        """Plot the path of the smooth criterion, or the selection frequencies.

        Parameters
        ----------
        kind : {"path", "stability"}, optional
            The default is the path, with the frequencies beside it if ``stability`` is given. If no path was
            followed the default is the frequencies.
        stability : SelectionStability, optional
            The result of :meth:`stability`, which is needed for the frequencies.
        ax : matplotlib Axes, optional
            Axes to draw on, for a single plot. The default is a new figure.

        Returns
        -------
        matplotlib.axes.Axes, or an array of two

        Raises
        ------
        DataError
            If no path was followed and no frequencies are given, or ``ax`` is given for two plots.
        """
        if kind is not None:
            check_choice("kind", kind, ("path", "stability"), "plot()")
        return plots.plot(self, kind, stability, ax)
