"""The chosen model as one types it, and its fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.survival.model import FlexibleSurvival
from statmodels_x.survival.results import FlexibleSurvivalResults
from statmodels_x.survival.selection import tables
from statmodels_x.survival.selection.chosen import AfterSelection, SelectedSurvivalResults
from statmodels_x.survival.selection.groups import Candidates, formula_text
from statmodels_x.survival.selection.rules import Rules
from statmodels_x.survival.selection.search import Found
from statmodels_x.survival.specification import ANCHOR, SCALE, Specification

DEFAULTS: dict[str, Any] = {
    "distribution": "apgw",
    "scale": SCALE,
    "other_scale": ANCHOR,
    "power": "~ 1",
    "shape": "~ 1",
    "cure": None,
    "cure_kind": "mixture",
    "background": None,
}


@dataclass(frozen=True)
class ChosenModel:
    """The chosen model, to be fitted as any other."""

    specification: Specification
    given: Mapping[str, Any]
    candidates: Candidates
    found: Found
    rules: Rules

    @property
    def chosen(self) -> frozenset[int]:
        """Its groups."""
        return self.found.best.chosen

    def arguments(self) -> dict[str, Any]:
        """Return what to type for it: formulas with the chosen terms, and the options that are no default."""
        model = self.specification
        texts = {
            name: formula_text(part, tables.terms_of(self.candidates, self.chosen, name))
            for name, part in model.parts.items()
        }
        left = model.formula.partition("~")[0].strip()
        other = "ph" if model.scale == "aft" else "aft"
        places = {other: "other_scale", "power": "power", "shape": "shape", "cure": "cure"}
        typed: dict[str, Any] = dict(self.given)
        for name, text in texts.items():
            argument = places.get(name, "")
            if str(typed.get(argument, "")).startswith("~"):
                typed[argument] = f"~ {text}"
        changed = {key: value for key, value in typed.items() if not _is_default(key, value)}
        return {"formula": f"{left} ~ {texts[model.scale]}"} | changed

    def mark(self) -> AfterSelection:
        """Say what it was chosen from."""
        free = set(self.candidates.free)
        return AfterSelection(
            self.rules.criterion, len(free), len(free & self.chosen), len(self.candidates.smallest)
        )

    def fits(
        self, sample: Any, parts: tuple[Any, Any], time_unit: str | None, keep_data: bool
    ) -> tuple[SelectedSurvivalResults, FlexibleSurvivalResults | None]:
        """Fit it to the rows that were searched, and to those held out."""
        theta = self.found.best.theta
        outer = theta if sample.columns is None else sample.columns.outer(theta)
        start = outer[self.candidates.columns(self.chosen)]
        best = _fitted(self.arguments(), parts[0], time_unit, keep_data, start)
        dropped = parts[0].dropped["missing"].to_dict()
        if parts[1] is None and dropped:
            n_rows = best.facts.rows + parts[0].n_rows - parts[0].n_used
            best = replace(best, facts=replace(best.facts, rows=n_rows, dropped=dropped))
        held = None if parts[1] is None else self._held_out(parts[1], time_unit, keep_data)
        return SelectedSurvivalResults.after(best, self.mark()), held

    def _held_out(self, rows: Any, time_unit: str | None, keep_data: bool) -> FlexibleSurvivalResults:
        try:
            return _fitted(self.arguments(), rows, time_unit, keep_data, None)
        except DataError as error:
            raise DataError(
                f"select(): the chosen model cannot be fitted to the rows held out ({error}); hold more rows out, "
                "or merge rare levels."
            ) from error


def _is_default(argument: str, value: Any) -> bool:
    default = DEFAULTS[argument]
    return type(value) is type(default) and value == default


def _fitted(
    arguments: Mapping[str, Any], rows: Any, time_unit: str | None, keep_data: bool, start: Array | None
) -> FlexibleSurvivalResults:
    own = {**arguments, **rows.columns}
    formula = own.pop("formula")
    model = FlexibleSurvival(formula, rows.frame, time_unit=time_unit, **own)
    return model.fit(start=start, keep_data=keep_data)
