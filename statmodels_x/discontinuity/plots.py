"""Results -> matplotlib axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core import plotting
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice

if TYPE_CHECKING:
    from statmodels_x.discontinuity.results import FreeDiscontinuityResults

Array = NDArray[np.float64]

_COLOUR_MAP = "cividis"  # told apart in greyscale and by colour-blind readers
_EDGE = "#D62728"


def plot(fit: FreeDiscontinuityResults, kind: str, ax: Any, **options: Any) -> Any:
    """Draw a fit; see :meth:`FreeDiscontinuityResults.plot`."""
    drawers: dict[str, Any] = {"surface": _surface, "jumps": _jumps, "certificate": _certificate}
    check_choice("kind", kind, tuple(drawers), "plot()")
    return drawers[kind](fit, ax, **options)


def _surface(fit: FreeDiscontinuityResults, ax: Any, axis: int | str = 0, at: float | None = None) -> Any:
    d = len(fit.domain.shape)
    if d == 1:
        return _curve(fit, ax)
    if d == 2:
        return _image(fit, ax, fit.surface, fit.estimate.cut, (0, 1), "")
    number = fit.domain.names.index(axis) if axis in fit.domain.names else axis
    if number not in (0, 1, 2):
        raise DataError(f"plot: `axis` is {axis!r}; give one of {fit.domain.names}.")
    centres = fit.domain.centres[int(number)]
    k = len(centres) // 2 if at is None else int(np.abs(centres - at).argmin())
    kept = [a for a in range(3) if a != number]
    title = f"{fit.domain.names[int(number)]} = {centres[k]:.3g}"
    return _image(
        fit, ax, np.take(fit.surface, k, int(number)), fit.estimate.cut, kept, title, (int(number), k)
    )


def _image(
    fit: FreeDiscontinuityResults, ax: Any, values: Array, cut: Any, axes: Any, title: str, level: Any = None
) -> Any:
    """Draw a map of the surface; the first covariate runs to the right, except in an image, whose rows run down."""
    from matplotlib.collections import LineCollection

    ax = plotting.get_axes(ax)
    rows_down = fit.domain.names == ("row", "column")
    across, up = (axes[1], axes[0]) if rows_down else (axes[0], axes[1])
    shown = values if rows_down else values.T
    breaks = fit.domain.breaks
    mesh = ax.pcolormesh(breaks[across], breaks[up], shown, cmap=_COLOUR_MAP, rasterized=True)
    ax.figure.colorbar(mesh, ax=ax, label=fit.sample.response if fit.sample.design else "value")
    lines = [np.column_stack([line[:, across], line[:, up]]) for line in _edge_lines(fit, cut, axes, level)]
    ax.add_collection(LineCollection(lines, colors="white", linewidths=3.2, capstyle="round"))
    ax.add_collection(LineCollection(lines, colors=_EDGE, linewidths=1.7, capstyle="round"))
    if rows_down:
        ax.invert_yaxis()
        ax.set_aspect("equal")
    if title:
        ax.set_title(title)
    return plotting.finish(ax, fit.domain.names[across], fit.domain.names[up])


def _edge_lines(fit: FreeDiscontinuityResults, cut: Any, axes: Any, level: Any) -> list[Array]:
    """Find the ends of the cut edges within a plane."""
    lattice = fit.domain.lattice
    edges = np.flatnonzero(cut & np.isin(lattice.axis, axes))
    if level is not None:
        place = np.array(np.unravel_index(lattice.tail[edges], fit.domain.shape))[level[0]]
        edges = edges[place == level[1]]
    middle, widths = fit.domain.edge_midpoints()[edges], fit.domain.widths
    lines = []
    for edge, point in zip(edges, middle, strict=True):
        along = next(a for a in axes if a != lattice.axis[edge])
        half = np.zeros(len(widths))
        half[along] = 0.5 * widths[along]
        lines.append(np.stack([point - half, point + half]))
    return lines


def _curve(fit: FreeDiscontinuityResults, ax: Any) -> Any:
    ax = plotting.get_axes(ax)
    cells = fit.sample.cells
    x = fit.domain.centres[0]
    if fit.sample.points is not None:
        ax.plot(fit.sample.points.x[:, 0], fit.sample.points.y, ".", markersize=3, color="0.7", label="data")
    else:
        ax.plot(x[cells.filled], cells.mean[cells.filled], ".", markersize=3, color="0.7", label="data")
    start = 0
    for end in [*(np.flatnonzero(fit.estimate.cut) + 1), len(x)]:
        ax.plot(
            x[start:end], fit.surface[start:end], color=plotting.COLOURS[0], linewidth=1.9,
            label="surface" if start == 0 else None,
        )  # fmt: skip
        start = end
    for k, place in enumerate(fit.jumps[fit.domain.names[0]]):
        ax.axvline(place, color=_EDGE, linewidth=1.0, linestyle=":", label="jump" if k == 0 else None)
    return plotting.finish(ax, fit.domain.names[0], fit.sample.response)


def _jumps(fit: FreeDiscontinuityResults, ax: Any, boundary: int = 1) -> Any:
    """Absolute sizes along a boundary, in order along its course."""
    table = fit.jumps[fit.jumps["segment"] == boundary]
    if table.empty:
        raise DataError(f"plot: there is no boundary {boundary}; the fit has {len(fit.boundaries)}.")
    ax = plotting.get_axes(ax)
    order, distance = _walk(table, fit)
    ax.plot(distance, table["size"].abs().to_numpy()[order], "o", markersize=4, color=plotting.COLOURS[0])
    ax.axhline(fit.smallest_jump, color="0.4", linewidth=0.9, linestyle=":", label="smallest that counts")
    ax.set_ylim(bottom=0.0)
    return plotting.finish(ax, "Distance along the boundary (cells)", f"|jump| of {fit.sample.response}")


def _walk(table: Any, fit: FreeDiscontinuityResults) -> tuple[NDArray[np.intp], Array]:
    """Order the edges along the boundary: from an end (or the first), always on to the nearest that is left."""
    points = table[list(fit.domain.names)].to_numpy() / fit.domain.widths
    left = list(range(1, len(points)))
    order, distance = [0], [0.0]
    while left:
        gaps = np.linalg.norm(points[left] - points[order[-1]], axis=1)
        nearest = int(gaps.argmin())
        distance.append(distance[-1] + float(gaps[nearest]))
        order.append(left.pop(nearest))
    return np.array(order), np.array(distance)


def _certificate(fit: FreeDiscontinuityResults, ax: Any) -> Any:
    history = fit.estimate.certificate.history
    ax = plotting.get_axes(ax)
    last = history[-1, 1]
    gap = np.abs(last - history[:-1, 1]) / abs(last)
    ax.plot(history[:, 0], history[:, 2], label="fixed-point residual", **plotting.style(0))
    ax.plot(
        history[:-1, 0], np.maximum(gap, 1e-16), label="lower bound below its last value", **plotting.style(1)
    )
    ax.axhline(fit.control.tol, color="0.4", linewidth=0.9, linestyle=":", label="tolerance")
    ax.set_yscale("log")
    return plotting.finish(ax, "Iteration", "Relative size")
