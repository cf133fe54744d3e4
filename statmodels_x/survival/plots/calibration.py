"""Observed against predicted survival in groups of the predicted one."""

from __future__ import annotations

from typing import Any

import numpy as np

from statmodels_x import plotting
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.calibration import in_groups


def plot_calibration(
    fit: SurvivalFitted, at: Any, by: str | None, groups: int, newdata: Any, alpha: float, ax: Any
) -> Any:
    """Draw calibration at a horizon; see :meth:`FlexibleSurvivalResults.plot`."""
    table = in_groups(fit, at, by, groups, newdata, alpha)
    ax = plotting.get_axes(ax)
    x, y = table["predicted"].to_numpy(), table["kaplan_meier"].to_numpy()
    ax.plot([0.0, 1.0], [0.0, 1.0], color="0.4", linewidth=0.8, linestyle=":", label="equal")
    ax.vlines(x, table["lower"], table["upper"], color=plotting.COLOURS[0], linewidth=1.5)
    ax.plot(
        x, y, "o", color=plotting.COLOURS[0], markersize=6,
        label=f"Kaplan-Meier with {100 * (1 - alpha):g} % interval",
    )  # fmt: skip
    if by is not None:
        for level, place, height in zip(table[by], x, y, strict=True):
            ax.annotate(str(level), (place, height), (6, -10), textcoords="offset points", fontsize="small")
    ends = np.concatenate([x, table["lower"], table["upper"], y])
    low, high = np.nanmin(ends), np.nanmax(ends)
    margin = 0.08 * (high - low) + 0.02
    limits = (max(low - margin, -0.02), min(high + margin, 1.02))
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    unit = f" {fit.facts.time_unit}" if fit.facts.time_unit else ""
    where = f"survival at {float(at):g}{unit}"
    plotting.finish(ax, f"Predicted {where}, mean of the group", f"Observed {where}")
    plotting.legend_above(ax)
    return ax
