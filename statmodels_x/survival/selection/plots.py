"""Searches -> matplotlib axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from statmodels_x import plotting
from statmodels_x.core.errors import DataError
from statmodels_x.survival.selection.fitted import SelectionFitted
from statmodels_x.survival.selection.stability import SelectionStability

_SMALLEST = 1e-4


def plot_path(choice: SelectionFitted, ax: Any) -> Any:
    """Draw the size of each term along the smooth criterion; see :meth:`SelectionResults.plot`."""
    path = choice.frames["path"]
    if not len(path):
        raise DataError(
            'plot: no path was followed; draw kind="stability", or select with method="path" or "best".'
        )
    ax = plotting.get_axes(ax)
    table = choice.frames["candidates"].set_index(["parameter", "term"])
    number = 0
    for label, one in path.groupby(["parameter", "term"], sort=False):
        sizes = np.maximum(one["size"].to_numpy(), _SMALLEST)
        if table.loc[label, "selected"]:
            ax.plot(one["epsilon"], sizes, label=" ".join(label), linewidth=1.9, **plotting.style(number))
            number += 1
        else:
            ax.plot(one["epsilon"], sizes, color="0.75", linewidth=0.8, zorder=1)
    ax.plot([], [], color="0.75", linewidth=0.8, label="not selected")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.invert_xaxis()
    return plotting.finish(ax, "Epsilon of the smooth criterion", "Size of the term (sd)", None)


def plot_stability(found: SelectionStability, ax: Any) -> Any:
    """Draw how often each term is chosen."""
    ax = plotting.get_axes(ax)
    table = found.frequencies.sort_values("frequency", kind="stable")
    places = np.arange(len(table))
    for selected, colour in ((True, plotting.COLOURS[0]), (False, "0.75")):
        own = (table["selected"] == selected).to_numpy()
        label = "selected on all rows" if selected else "not selected"
        ax.barh(places[own], table["frequency"][own], color=colour, label=label)
    ax.set_yticks(places, [f"{row.parameter} {row.term}" for row in table.itertuples()])
    ax.set_xlim(0.0, 1.0)
    label = f"Selection frequency in {found.n} subsamples of {100 * found.fraction:g} % of the rows"
    return plotting.finish(ax, label, "")


def plot(choice: SelectionFitted, kind: str | None, found: SelectionStability | None, ax: Any) -> Any:
    """Draw one picture, or both side by side; see :meth:`SelectionResults.plot`."""
    if kind == "stability" and found is None:
        raise DataError('plot: kind="stability" draws what stability() returned; give it as stability=.')
    if kind == "path" and found is not None:
        raise DataError('plot: `stability` belongs to kind="stability", not to "path".')
    alone = kind == "stability" or (kind is None and not len(choice.frames["path"]))
    if found is not None and alone:
        return plot_stability(found, ax)
    if kind == "path" or found is None:
        return plot_path(choice, ax)
    if ax is not None:
        raise DataError('plot: two pictures need two axes; give kind="path" or kind="stability" with ax=.')
    import matplotlib.pyplot as plt

    _, both = plt.subplots(1, 2, figsize=(11.0, 4.4), layout="constrained")
    plot_path(choice, both[0])
    plot_stability(found, both[1])
    return both
