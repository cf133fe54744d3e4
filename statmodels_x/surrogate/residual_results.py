"""Results of a residual-effect fit: thin methods over functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from statmodels_x.core.fits.tables import Block, number, summary
from statmodels_x.surrogate.proportions import ProportionResults
from statmodels_x.surrogate.sample import TrialFacts

NAMES = ("r_s", "delta", "delta_s", "delta_t", "r_t", "incremental_value")
_LABELS = {
    "r_s": "R_S",
    "delta": "delta",
    "delta_s": "residual effect",
    "delta_t": "residual, primary",
    "r_t": "R_T, primary only",
    "incremental_value": "incremental value",
}


@dataclass(frozen=True, eq=False)
class ResidualResults(ProportionResults):
    """A fitted :class:`~statmodels_x.ResidualEffect`.

    Attributes
    ----------
    names, inference
        See :class:`ProportionResults`: the quantities are ``r_s``, ``delta``, ``delta_s``, ``delta_t``, ``r_t``
        and ``incremental_value``.
    formula, surrogate, effect, kind, smoother : str
        What was asked.
    at, landmark : float
    facts : TrialFacts
        Counts of rows, arms, events and dropped rows.
    warnings : tuple of str
        What a reader must know.
    """

    formula: str
    surrogate: str
    at: float
    landmark: float
    effect: str
    kind: str
    smoother: str
    facts: TrialFacts = field(repr=False)
    warnings: tuple[str, ...] = field(repr=False)

    @property
    def r_s(self) -> float:
        """R_S = 1 - Delta_S/Delta (R_Q for restricted means)."""
        return float(self.params["r_s"])

    @property
    def delta(self) -> float:
        """Effect on the primary outcome."""
        return float(self.params["delta"])

    @property
    def delta_s(self) -> float:
        """Residual effect given the surrogate information."""
        return float(self.params["delta_s"])

    @property
    def delta_t(self) -> float:
        """Residual effect given survival to the landmark alone."""
        return float(self.params["delta_t"])

    @property
    def r_t(self) -> float:
        """R_T = 1 - Delta_T/Delta."""
        return float(self.params["r_t"])

    @property
    def incremental_value(self) -> float:
        """R_S - R_T, what the surrogate adds to survival."""
        return float(self.params["incremental_value"])

    @property
    def nobs(self) -> int:
        """Number of subjects used."""
        return self.facts.used

    def glance(self) -> pd.DataFrame:
        """One row about the fit.

        Returns
        -------
        DataFrame
            ``at``, ``landmark``, ``effect``, ``method``, ``nobs``, ``deaths``, ``r.s``, ``delta``, ``defined``,
            ``note``.
        """
        return pd.DataFrame(
            {
                "at": [self.at],
                "landmark": [self.landmark],
                "effect": [self.effect],
                "method": [self.smoother],
                "nobs": [self.nobs],
                "deaths": [sum(self.facts.deaths.values())],
                "r.s": [self.r_s],
                "delta": [self.delta],
                "defined": [self.is_defined],
                "note": [self.warnings[0] if self.warnings else ""],
            }
        )

    def summary(self, alpha: float = 0.05, kind: str = "fieller") -> Any:
        """Tables of the question, the estimates and the warnings.

        Parameters
        ----------
        alpha : float
        kind : {"fieller", "normal", "quantile"}

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        unit = f" {self.facts.time_unit}" if self.facts.time_unit else ""
        facts = [
            ("Outcome", self.formula.split("~")[0].strip()),
            ("Surrogate", f"{self.surrogate} ({self.kind})"),
            ("Effect", {"survival": "survival difference", "rmst": "restricted mean"}[self.effect]),
            ("Times t, t0", f"{self.at:g}, {self.landmark:g}{unit}"),
            ("Treated", self.facts.treated),
            ("Control", self.facts.control),
            ("Subjects", f"{self.facts.used} ({self.facts.rows - self.facts.used} dropped)"),
            ("Smoother", self.smoother),
        ]
        table = self.tidy(alpha, kind)
        cells = [
            [number(row[name]) for name in ("estimate", "std.error", "conf.low", "conf.high")]
            for _, row in table.iterrows()
        ]
        headings = ["estimate", "std err", f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"]
        block = Block(
            f"Estimates ({kind} intervals)", headings, [_LABELS[name] for name in self.names], cells
        )
        notes = [f"Warning: {text}" for text in self.warnings]
        return summary("Residual treatment effect", facts, [block], notes)
