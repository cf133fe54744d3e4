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
            f"The model was chosen by {self.criterion} among {self.candidates} candidates on these rows: errors, "
            "intervals and p-values are not adjusted for the search."
        )
        remedy = "Intervals of a fit to other rows are valid: select(..., holdout=0.5)."
        return Finding("after_selection", text, remedy, category=None)


@dataclass(frozen=True, eq=False, kw_only=True)
class SelectedSurvivalResults(FlexibleSurvivalResults):
    """A fitted :class:`FlexibleSurvival` that :func:`select` chose.

    Attributes
    ----------
    selection : AfterSelection
        What it was chosen from.
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
        """The model in one line, and that it was chosen."""
        return f"{super().label}; {self.selection.label}"

    def summary(
        self,
        alpha: float = 0.05,
        effects: Sequence[str] | bool = True,
        per: Mapping[str, float] | None = None,
        show_p: bool = False,
    ) -> Any:
        """Tables of the model, the estimates on both scales, the effects, and the warnings.

        Parameters
        ----------
        alpha, effects, per
            As in :meth:`FlexibleSurvivalResults.summary`.
        show_p : bool
            Whether to print test statistics and p-values, which do not know of the search: those of chosen terms are
            too small.

        Returns
        -------
        statsmodels.iolib.summary.Summary
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
            Error rate of the intervals.
        per : dict of str to float, optional
            Units of numeric covariates.
        show_p : bool
            Whether ``statistic`` and ``p.value`` stand among them.

        Returns
        -------
        DataFrame
        """
        table = super().tidy(alpha, per)
        return table if check_flag("show_p", show_p) else table.drop(columns=["statistic", "p.value"])

    def glance(self) -> pd.DataFrame:
        """One row of facts about the fit, with ``criterion``, ``candidates`` and ``selected``."""
        own = self.selection
        return (
            super().glance().assign(criterion=own.criterion, candidates=own.candidates, selected=own.selected)
        )

    def lr_test(self, larger: SurvivalFitted) -> HypothesisTest:
        """Likelihood-ratio test of this model within a larger one; warns that it does not know of the search."""
        self._warn("lr_test")
        return super().lr_test(larger)

    def wald_test_terms(self) -> pd.DataFrame:
        """Test each term of each parameter; warns that the tests do not know of the search."""
        self._warn("wald_test_terms")
        return super().wald_test_terms()

    def wald_test(self, hypothesis: Any, value: Any = 0.0) -> HypothesisTest:
        """Test linear hypotheses; warns that the test does not know of the search."""
        self._warn("wald_test")
        return super().wald_test(hypothesis, value)

    def score_test(self, larger: Any) -> HypothesisTest:
        """Score test within a larger model; warns that it does not know of the search."""
        self._warn("score_test")
        return super().score_test(larger)

    def scale_tests(self) -> pd.DataFrame:
        """Test proportional hazards and accelerated time; warns that the tests do not know of the search."""
        self._warn("scale_tests")
        return super().scale_tests()

    def _warn(self, test: str) -> None:
        warn(
            f"{test}(): the model was chosen on these rows ({self.selection.criterion}, "
            f"{self.selection.candidates} candidates), and the test does not know of the search: its p-values are too "
            "small for what was chosen. Test on other rows: select(..., holdout=0.5).",
            SelectionWarning,
        )


def _without_tests(block: Block) -> Block:
    """Return a table without the columns of tests."""
    if not any(heading.startswith("P>|") for heading in block.headings):
        return block
    kept = [k for k, heading in enumerate(block.headings) if heading not in _WITH_P]
    cells = [[row[k] for k in kept] for row in block.cells]
    return replace(block, headings=[block.headings[k] for k in kept], cells=cells)
