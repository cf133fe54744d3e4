"""State of a search: the fit that was chosen, what else was seen, and how it was searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pandas as pd

from statmodels_x.core.fits.handing_out import handed_out
from statmodels_x.core.fits.results import Fitted
from statmodels_x.survival.results import FlexibleSurvivalResults
from statmodels_x.survival.selection.chosen import SelectedSurvivalResults


@dataclass(frozen=True)
class SearchFacts:
    """How a search went.

    Attributes
    ----------
    criterion : str
        ``"BIC"``, ``"AIC"``, or the price of a coefficient.
    lam : float
        The price of a coefficient, in units of -2 log-likelihood.
    method : str
    found_by : tuple of str
        The ways that led to the chosen set.
    ends : dict of str to float
        The criterion at the end of each way.
    coefficients : int
        How many were candidates.
    n_models : int
        How many fits of models there were.
    n_rows, n_used : int
        Rows given, and rows searched.
    value : float
        The criterion of the chosen set in the search.
    """

    criterion: str
    lam: float
    method: str
    found_by: tuple[str, ...]
    ends: Mapping[str, float]
    coefficients: int
    n_models: int
    n_rows: int
    n_used: int
    value: float


@dataclass(frozen=True, eq=False, kw_only=True)
class SelectionFitted(Fitted):
    """The state of a search.

    Attributes
    ----------
    best : SelectedSurvivalResults
        The fit of the selected model to the rows that were searched.
    holdout : FlexibleSurvivalResults or None
        The fit of the selected model to the rows that were held out. Its intervals and p-values are valid, because
        these rows were not used in the search. It is None without ``holdout=``.
    arguments : dict of str to str
        What to type for the selected model. Internal.
    facts : SearchFacts
        How the search went. Internal.
    frames : dict of str to DataFrame
        Candidates, sets, path and dropped rows. Internal.
    """

    best: SelectedSurvivalResults
    holdout: FlexibleSurvivalResults | None = field(repr=False, default=None)
    arguments: Mapping[str, Any] = field(repr=False)
    facts: SearchFacts = field(repr=False)
    frames: Mapping[str, pd.DataFrame] = field(repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """The ten best sets of terms that the search saw.

        The columns are ``criterion``, ``delta`` (difference from the best set), ``logLik``, ``df``, and one column
        per parameter with its terms. A set with a ``delta`` below 2 cannot be distinguished from the best set.
        """
        return handed_out(self.frames["table"])

    @property
    def path(self) -> pd.DataFrame:
        """The path of the smooth criterion.

        The columns are ``epsilon``, ``parameter``, ``term`` and ``size``. Epsilon controls how closely the smooth
        criterion approximates the exact one; the price of a coefficient is constant along the path. The size of a
        term is the standard deviation of its contribution to the linear predictor. The table is empty if no path was
        followed.
        """
        return handed_out(self.frames["path"])

    @property
    def dropped(self) -> pd.DataFrame:
        """Rows lost to missing values.

        For each column with missing values: ``missing``, their number, and ``regained``, the number of rows that
        would be complete without this column.
        """
        return handed_out(self.frames["dropped"])

    @property
    def nobs(self) -> int:
        """Number of observations that were searched."""
        return self.best.nobs

    @property
    def formula(self) -> str:
        """The formula of the selected model."""
        return self.best.formula

    def without_data(self) -> Self:
        """Return the same without a row of the user's data."""
        held = None if self.holdout is None else self.holdout.without_data()
        return replace(self, sample=None, best=self.best.without_data(), holdout=held)

    def stored(self) -> Self:
        """Return what a file holds."""
        if self.keep_data:
            return self
        held = None if self.holdout is None else self.holdout.stored()
        return replace(self, sample=None, best=self.best.stored(), holdout=held)
