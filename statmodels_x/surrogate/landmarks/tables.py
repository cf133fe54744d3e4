"""The text of a grid of times."""

from __future__ import annotations

from typing import Any

from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.tables import number, summary
from statmodels_x.surrogate.landmarks.estimation import grid_frame
from statmodels_x.surrogate.landmarks.fitted import GridFitted


def grid_summary(grid: GridFitted, alpha: float) -> Any:
    """Build the table of PTE over a grid with simultaneous bands."""
    table = grid_frame(grid, "pte", alpha, "simultaneous")
    primary = grid_frame(grid, "pte_primary", alpha, "simultaneous")["estimate"]
    r_s = grid_frame(grid, "r_s", alpha, "simultaneous")["estimate"]
    cells = [
        [number(v) for v in (row["delta"], row["estimate"], row["std_error"], row["lower"], row["upper"])]
        + [number(primary[k]), number(r_s[k]), number(row["overlap"], 2)]
        for k, row in table.iterrows()
    ]
    unit = f" in {grid.facts.time_unit}" if grid.facts.time_unit else ""
    labels = [f"t = {at:g}, t0 = {landmark:g}" for at, landmark in grid.pairs]
    limits = [f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"]
    headings = ["delta", "PTE", "std err", *limits, "primary", "R_S", "imbal."]
    notes = ["The bands hold at all pairs of times at once."]
    if not table["is_defined"].all():
        notes.append("nan: the effect at t cannot be told from 0, so that there is no effect to explain.")
    notes += [f"t = {r['at']:g}, t0 = {r['landmark']:g}: {r['reason']}" for _, r in grid.refusals.iterrows()]
    facts = [
        ("Treated", grid.facts.treated),
        ("Control", grid.facts.control),
        ("Subjects", str(grid.facts.used)),
        ("Times", f"t and t0{unit}"),
        ("Method", grid.question.settings.method),
        ("Effect", grid.question.effect),
    ]
    return summary("PTE over landmarks", facts, [Block("", headings, labels, cells)], notes)
