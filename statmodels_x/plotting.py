"""Axes, bands and step curves; nothing of a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from statmodels_x.core.typing import Array

# Okabe and Ito's colours, ordered by falling contrast in greyscale; the dashes tell the curves apart without
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (6, 2)),
    (0, (2, 1.5)),
    (0, (6, 2, 1.5, 2)),
    (0, (9, 3)),
    (0, (1, 1)),
    "-",
)


def get_axes(ax: Any = None) -> Any:
    """Return ``ax``, or the axes of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    return ax


def style(k: int) -> dict[str, Any]:
    """Colour and dashes of the k-th curve."""
    return {"color": COLOURS[k % len(COLOURS)], "linestyle": DASHES[k % len(DASHES)]}


def curve(ax: Any, x: Array, y: Array, lower: Array, upper: Array, label: str | None, k: int) -> None:
    """Draw a curve with its confidence band (skipped where it is not finite)."""
    ax.plot(x, y, label=label, linewidth=1.9, **style(k))
    known = np.isfinite(lower) & np.isfinite(upper)
    if known.any():
        ax.fill_between(
            x, lower, upper, where=known, color=COLOURS[k % len(COLOURS)], alpha=0.16, linewidth=0
        )


def step_curve(ax: Any, x: Array, y: Array, label: str | None, k: int) -> None:
    """Draw a right-continuous step function, thinner than a fitted curve."""
    ax.step(x, y, where="post", color=COLOURS[k % len(COLOURS)], linewidth=1.0, alpha=0.9, label=label)


def finish(ax: Any, xlabel: str, ylabel: str, legend_title: str | None = None) -> Any:
    """Label the axes, add a legend where there is something to tell apart, and thin the frame."""
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(title=legend_title, frameon=False)
    return ax
