"""Grids of times -> matplotlib axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from statmodels_x import plotting
from statmodels_x.core.errors import DataError
from statmodels_x.surrogate.fitting.proportions import RATIOS
from statmodels_x.surrogate.landmarks.fitted import GridFitted
from statmodels_x.surrogate.plots import with_unit

_LABELS = {
    "pte": "Proportion of treatment effect explained",
    "delta": "Effect on the primary outcome",
    "pte_primary": "PTE of survival to the landmark alone",
    "incremental_value": "Incremental value of the surrogate",
    "r_s": "R_S",
    "r_t": "R_T",
    "overlap": "Imbalance of the surrogate times (1: none)",
}
_GREY = "0.4"


def plot_curves(grid: GridFitted, table: pd.DataFrame, quantity: str, ax: Any = None) -> Any:
    """Draw a quantity over the landmark, a curve with its simultaneous band for each time t."""
    ax = plotting.get_axes(ax)
    drawn = 0
    for at, part in table.groupby("at", sort=True):
        if not np.isfinite(part["estimate"]).any():
            continue
        unit = f" {grid.facts.time_unit}" if grid.facts.time_unit else ""
        x, y, low, high = (part[name].to_numpy() for name in ("landmark", "estimate", "lower", "upper"))
        plotting.curve(ax, x, y, low, high, f"t = {at:g}{unit}", drawn)
        ax.plot(x, y, "o", markersize=3.5, color=plotting.COLOURS[drawn % len(plotting.COLOURS)])
        drawn += 1
    if not drawn:
        raise DataError(
            "plot: at none of these times does the effect differ from 0; there is no PTE to draw."
        )
    if quantity in RATIOS:
        for height in (0.0, 1.0):
            ax.axhline(height, color=_GREY, linewidth=0.8, linestyle=":")
        estimates = table["estimate"].to_numpy()
        low, high = np.nanmin(estimates), np.nanmax(estimates)
        ax.set_ylim(
            max(np.nanmin(table["lower"]), min(low, 0.0) - 0.75),
            min(np.nanmax(table["upper"]), max(high, 1.0) + 0.75),
        )
    ax.set_xlim(left=0.0)
    return plotting.finish(ax, with_unit("Landmark $t_0$", grid.facts.time_unit), _LABELS[quantity])


def plot_surface(grid: GridFitted, table: pd.DataFrame, quantity: str, ax: Any = None) -> Any:
    """Draw a quantity over both times as filled contours; blank where it is not defined."""
    wide = table.pivot_table(index="at", columns="landmark", values="estimate", dropna=False)
    if wide.shape[0] < 2 or wide.shape[1] < 2 or np.isfinite(wide.to_numpy()).sum() < 4:
        raise DataError("plot: a surface needs at least two times t and two landmarks with a defined value.")
    ax = plotting.get_axes(ax)
    heights = np.ma.masked_invalid(wide.to_numpy())
    levels = np.linspace(0.0, 1.0, 11) if quantity in RATIOS else 11
    filled = ax.contourf(wide.columns, wide.index, heights, levels=levels, cmap="cividis", extend="both")
    # lines and numbers that stand out from both the dark and the light end of the colours
    middle = filled.levels[len(filled.levels) // 2]
    shades = ["white" if level <= middle else "0.15" for level in filled.levels]
    lines = ax.contour(wide.columns, wide.index, heights, levels=filled.levels, colors=shades, linewidths=0.6)
    ax.clabel(lines, fmt="%.1f", fontsize="x-small")
    ax.plot(table["landmark"], table["at"], ".", color="white", markersize=2.5, alpha=0.8)
    ax.figure.colorbar(filled, ax=ax, label=_LABELS[quantity])
    unit = grid.facts.time_unit
    return plotting.finish(ax, with_unit("Landmark $t_0$", unit), with_unit("Time $t$ of the outcome", unit))
