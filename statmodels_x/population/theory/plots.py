"""Paths, phase pictures and eigenvalues -> matplotlib axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x import plotting
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice


def plot_totals(totals: pd.DataFrame, extinct: dict[str, int], kind: str, log: bool, ax: Any) -> Any:
    """Draw totals; see :meth:`Trajectory.plot`."""
    check_choice("kind", kind, ("time", "phase"), "plot()")
    if not np.isfinite(totals.to_numpy()).all():
        raise DataError(
            "plot(): the totals are beyond what a picture can show; draw `log_totals`, or fewer steps."
        )
    ax = plotting.get_axes(ax)
    if kind == "phase":
        return _phase(totals, log, ax)
    for k, name in enumerate(totals):
        label = name if totals.shape[1] > 1 else None
        values = totals[name].where(totals[name] > 0.0) if log else totals[name]
        ax.plot(totals.index, values, label=label, linewidth=1.9, **plotting.style(k))
    for k, name in enumerate(totals):
        if name in extinct:
            spot = extinct[name]
            ax.plot(spot, 0.0, "x", color=plotting.COLOURS[k], markersize=8, markeredgewidth=2, clip_on=False)
    _scale(ax, log, totals.to_numpy(), "y")
    plotting.whole_ticks(ax.xaxis)
    return plotting.finish(ax, "Step", "Total number of individuals")


def _phase(totals: pd.DataFrame, log: bool, ax: Any) -> Any:
    if totals.shape[1] != 2:
        raise DataError('plot(): a phase picture needs two species; use kind="time".')
    values = totals.to_numpy()
    if log:
        values = np.where(values > 0.0, values, np.nan)
    ax.plot(values[:, 0], values[:, 1], "-", color=plotting.COLOURS[0], linewidth=1.2)
    ax.plot(values[:, 0], values[:, 1], ".", color=plotting.COLOURS[0], markersize=5)
    ax.plot(*values[0], "o", color=plotting.COLOURS[1], markersize=8, label="start")
    _scale(ax, log, values[:, 0], "x")
    _scale(ax, log, values[:, 1], "y")
    return plotting.finish(ax, f"Total of {totals.columns[0]}", f"Total of {totals.columns[1]}")


def _scale(ax: Any, log: bool, values: NDArray[np.float64], axis: str) -> None:
    if log:
        (ax.set_yscale if axis == "y" else ax.set_xscale)("log")
        plotting.plain_log_ticks(ax.yaxis if axis == "y" else ax.xaxis)
    elif np.nanmin(values) < 0.0:
        (ax.axhline if axis == "y" else ax.axvline)(0.0, color="0.4", linewidth=0.8)


def plot_eigenvalues(values: NDArray[np.complex128], ax: Any) -> Any:
    """Draw eigenvalues with the unit circle; the leading ones are filled."""
    ax = plotting.get_axes(ax)
    turn = np.linspace(0.0, 2.0 * np.pi, 200)
    ax.plot(
        np.cos(turn),
        np.sin(turn),
        color="0.5",
        linewidth=1.0,
        linestyle=plotting.DASHES[1],
        label="unit circle",
    )
    ax.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
    ax.axvline(0.0, color="0.8", linewidth=0.8, zorder=0)
    leads = np.abs(values) > np.abs(values).max() * (1.0 - 1e-9)
    ax.plot(
        values[leads].real, values[leads].imag, "o", color=plotting.COLOURS[1], markersize=8, label="leading"
    )
    if not leads.all():
        ax.plot(
            values[~leads].real, values[~leads].imag, "o", markerfacecolor="white", color=plotting.COLOURS[0],
            markersize=7, label="others",
        )  # fmt: skip
    ax.set_aspect("equal")
    reach = 1.15 * max(1.0, float(np.abs(values).max()))
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
    plotting.finish(ax, "Real part", "Imaginary part")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
