"""The fit of a chosen model: an ordinary one that says what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import pandas as pd

from statmodels_x.core.errors import SelectionWarning
from statmodels_x.core.findings import Finding, warn
from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.hypotheses import HypothesisTest
from statmodels_x.core.validation import check_flag
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.results import FlexibleSurvivalResults

_WITH_P = ("z", "t", "P>|z|", "P>|t|")


@dataclass(frozen=True)
class AfterSelection:
    """What a fit was chosen from.

    Attributes
    ----------
    criterion : str
        ``"BIC"``, ``"AIC"``, or the price of a coefficient.
    candidates, selected : int
        Groups that could be chosen, and that were.
    kept : int
        Groups that were in every model.
    """

    criterion: str
    candidates: int
    selected: int
    kept: int = 0

    @property
    def label(self) -> str:
        """``after selection (BIC, 20 candidates)``."""
        return f"after selection ({self.criterion}, {self.candidates} candidates)"

    def finding(self) -> Finding:
        """Say that nothing is adjusted for the search."""
        text = (
            f"The model was selected by {self.criterion} among {self.candidates} candidates on these rows. Standard "
            "errors, intervals and p-values are not adjusted for the selection."
        )
        remedy = "Intervals of a fit to other rows are valid: select(..., holdout=0.5)."
        return Finding("after_selection", text, remedy, category=None)


@dataclass(frozen=True, eq=False, kw_only=True)
class SelectedSurvivalResults(FlexibleSurvivalResults):
    """Results of the :class:`FlexibleSurvival` model that :func:`select` selected.

    It has all methods of :class:`FlexibleSurvivalResults`. Its tables leave out p-values, and its tests warn,
    because they do not account for the selection.

    Attributes
    ----------
    selection : AfterSelection
        The criterion, and the numbers of candidates, of selected and of kept terms.
    """

    selection: AfterSelection

    @classmethod
    def after(cls, fit: FlexibleSurvivalResults, selection: AfterSelection) -> Self:
        """Mark a fit as chosen."""
        state = {entry.name: getattr(fit, entry.name) for entry in fields(fit)}
        return cls(**{**state, "findings": (*fit.findings, selection.finding())}, selection=selection)

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, {self.selection.label})".replace(
            "FlexibleSurvivalResults", type(self).__name__
        )

    @property
    def label(self) -> str:
        """The model in one line, with the criterion and the number of candidates."""
        return f"{super().label}; {self.selection.label}"

    def summary(
        self,
        alpha: float = 0.05,
        effects: Sequence[str] | bool = True,
        per: Mapping[str, float] | None = None,
        show_p: bool = False,
    ) -> Any:
        """Summary tables of the fit.

        Parameters
        ----------
        alpha, effects, per
            As in :meth:`FlexibleSurvivalResults.summary`.
        show_p : bool
            Whether to print test statistics and p-values. They do not account for the selection, and those of
            selected terms are too small.

        Returns
        -------
        FitSummary
            Prints as text and shows as an HTML table in notebooks.
        """
        shown = super().summary(alpha, effects, per)
        title = f"{shown.title}, {self.selection.label}"
        if check_flag("show_p", show_p):
            return replace(shown, title=title)
        blocks = [_without_tests(block) for block in shown.blocks if block.title != "Joint tests"]
        notes = [note for note in shown.notes if "score test" not in note]
        return replace(shown, title=title, blocks=blocks, notes=notes)

    def tidy(
        self, alpha: float = 0.05, per: Mapping[str, float] | None = None, show_p: bool = False
    ) -> pd.DataFrame:
        """One row per parameter, with the column names of R's broom.

        Parameters
        ----------
        alpha : float
            Significance level of the intervals. The default gives 95 % confidence intervals.
        per : dict of str to float, optional
            Units of numeric covariates, as in :meth:`FlexibleSurvivalResults.tidy`.
        show_p : bool
            Whether the table contains ``statistic`` and ``p.value``, which do not account for the selection.

        Returns
        -------
        DataFrame
            The columns of :meth:`FlexibleSurvivalResults.tidy`, without ``statistic`` and ``p.value`` by default.
        """
        table = super().tidy(alpha, per)
        return table if check_flag("show_p", show_p) else table.drop(columns=["statistic", "p.value"])

    def glance(self) -> pd.DataFrame:
        """One row with the main facts about the fit.

        Returns
        -------
        DataFrame
            The columns of :meth:`FlexibleSurvivalResults.glance`, and ``criterion``, ``candidates`` and
            ``selected``.
        """
        own = self.selection
        return (
            super().glance().assign(criterion=own.criterion, candidates=own.candidates, selected=own.selected)
        )

    def lr_test(self, larger: SurvivalFitted) -> HypothesisTest:
        """Likelihood-ratio test of this model against a larger model.

        Parameters
        ----------
        larger : FlexibleSurvivalResults
            As in :meth:`FlexibleSurvivalResults.lr_test`.

        Returns
        -------
        HypothesisTest
            ``statistic`` (chi-squared), ``df`` and ``p.value``.

        Warns
        -----
        SelectionWarning
            Always, because the test does not account for the selection.
        """
        self._warn("lr_test")
        return super().lr_test(larger)

    def wald_test_terms(self) -> pd.DataFrame:
        """Wald test of each term of each parameter.

        Returns
        -------
        DataFrame
            As in :meth:`FlexibleSurvivalResults.wald_test_terms`.

        Warns
        -----
        SelectionWarning
            Always, because the tests do not account for the selection.
        """
        self._warn("wald_test_terms")
        return super().wald_test_terms()

    def wald_test(self, hypothesis: Any, value: Any = 0.0) -> HypothesisTest:
        """Wald test of linear hypotheses about the parameters.

        Parameters
        ----------
        hypothesis, value
            As in :meth:`FlexibleSurvivalResults.wald_test`.

        Returns
        -------
        HypothesisTest
            ``statistic``, ``df`` and ``p.value``.

        Warns
        -----
        SelectionWarning
            Always, because the test does not account for the selection.
        """
        self._warn("wald_test")
        return super().wald_test(hypothesis, value)

    def score_test(self, larger: Any) -> HypothesisTest:
        """Score test of this model against a larger model.

        Parameters
        ----------
        larger : FlexibleSurvival
            As in :meth:`FlexibleSurvivalResults.score_test`.

        Returns
        -------
        HypothesisTest
            ``statistic`` (chi-squared), ``df`` and ``p.value``.

        Warns
        -----
        SelectionWarning
            Always, because the test does not account for the selection.
        """
        self._warn("score_test")
        return super().score_test(larger)

    def scale_tests(self) -> pd.DataFrame:
        """Test proportional hazards and accelerated failure time within a model that has covariates on both scales.

        Returns
        -------
        DataFrame
            As in :meth:`FlexibleSurvivalResults.scale_tests`.

        Warns
        -----
        SelectionWarning
            Always, because the tests do not account for the selection.
        """
        self._warn("scale_tests")
        return super().scale_tests()

    def _warn(self, test: str) -> None:
        warn(
            f"{test}(): the model was selected on these rows ({self.selection.criterion}, "
            f"{self.selection.candidates} candidates), and the test does not account for the selection: p-values of "
            "selected terms are too small. Test on other rows: select(..., holdout=0.5).",
            SelectionWarning,
        )


def _without_tests(block: Block) -> Block:
    """Return a table without the columns of tests."""
    if not any(heading.startswith("P>|") for heading in block.headings):
        return block
    kept = [k for k, heading in enumerate(block.headings) if heading not in _WITH_P]
    cells = [[row[k] for k in kept] for row in block.cells]
    return replace(block, headings=[block.headings[k] for k in kept], cells=cells)
