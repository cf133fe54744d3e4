"""State -> matplotlib axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x import plotting
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_count
from statmodels_x.discontinuity.fitted import DiscontinuityFitted, SurfaceFitted
from statmodels_x.discontinuity.inference import placed
from statmodels_x.discontinuity.inference.uncertainty import (
    boundary_table,
    cell_values,
    edge_table,
    natural_surface,
    normal_limits,
    surface_std_error,
)

Drawer = tuple[Callable[..., Any], tuple[str, ...]]
Piece = tuple[Array, Array, Array, Array]

_COLOUR_MAP = "cividis"  # told apart in greyscale and by colour-blind readers
EDGE = "#D62728"
_MOST_IN_LEGEND = 5


def plot(fit: SurfaceFitted, kind: str, ax: Any, **options: Any) -> Any:
    """Draw a fitted surface; see ``SurfaceResults.plot``."""
    surface: dict[int, Drawer] = {1: (_band, ("alpha",)), 2: (_image, ()), 3: (_slice, ("axis", "at"))}
    drawers: dict[str, Drawer] = {
        "surface": surface[len(fit.domain.shape)],
        "slices": (_slices, ("axis", "n")),
        "jumps": (_jumps, ("boundary", "alpha")),
        "tuning": (_tuning, ()),
        "certificate": (_certificate, ()),
    }
    return draw(drawers, fit, kind, ax, options)


def draw(drawers: dict[str, Drawer], fit: Any, kind: str, ax: Any, options: dict[str, Any]) -> Any:
    """Call the drawer of a kind with the options that were given; an error names one that it does not have."""
    check_choice("kind", kind, tuple(drawers), "plot()")
    drawer, known = drawers[kind]
    given = {name: value for name, value in options.items() if value is not None}
    stray = [name for name in given if name not in known]
    if stray:
        has = f"it takes {', '.join(known)}" if known else "it takes none"
        raise DataError(f'plot(): `{stray[0]}` is no option of "{kind}" for this fit; {has}.')
    return drawer(fit, ax, **given)


def _slice(fit: SurfaceFitted, ax: Any, axis: int | str = 0, at: float | None = None) -> Any:
    number = _axis_number(fit, axis)
    centres = fit.domain.centres[number]
    k = len(centres) // 2 if at is None else int(np.abs(centres - at).argmin())
    return _image(fit, ax, number, k)


def _axis_number(fit: SurfaceFitted, axis: int | str) -> int:
    number = fit.domain.names.index(axis) if axis in fit.domain.names else axis
    if number not in (0, 1, 2):
        raise DataError(f"plot: `axis` is {axis!r}; give one of {fit.domain.names}.")
    return int(number)


def _image(
    fit: SurfaceFitted, ax: Any, normal: int = -1, k: int = 0, limits: tuple[float, float] | None = None
) -> Any:
    """Draw a map of the surface; the first covariate runs to the right, except in an image, whose rows run down."""
    from matplotlib.collections import LineCollection

    ax = plotting.get_axes(ax)
    names, breaks = fit.domain.names, fit.domain.breaks
    surface = cell_values(fit).reshape(fit.domain.shape)
    values = surface if normal < 0 else np.take(surface, k, normal)
    axes = tuple(a for a in range(surface.ndim) if a != normal)
    rows_down = names == ("row", "column")
    across, up = axes[::-1] if rows_down else axes
    low, high = (None, None) if limits is None else limits
    mesh = ax.pcolormesh(
        breaks[across], breaks[up], values if rows_down else values.T, cmap=_COLOUR_MAP, rasterized=True,
        vmin=low, vmax=high,
    )  # fmt: skip
    if limits is None:
        ax.figure.colorbar(mesh, ax=ax, label=_response(fit))
    whole = placed.drawn_pieces(fit) if placed.is_placed(fit) else _edge_lines(fit, axes, normal, k)
    lines = [np.column_stack([line[:, across], line[:, up]]) for line in whole]
    ax.add_collection(LineCollection(lines, colors="white", linewidths=3.2, capstyle="round"))
    ax.add_collection(LineCollection(lines, colors=EDGE, linewidths=1.7, capstyle="round"))
    if rows_down:
        ax.invert_yaxis()
        ax.set_aspect("equal")
    if normal >= 0:
        ax.set_title(f"{names[normal]} = {fit.domain.centres[normal][k]:.3g}")
    return plotting.finish(ax, names[across], names[up])


def _response(fit: SurfaceFitted) -> str:
    return fit.facts.response if fit.facts.design else "value"


def _edge_lines(fit: SurfaceFitted, axes: tuple[int, ...], normal: int, k: int) -> list[Array]:
    """Find the ends of the cut edges within a plane."""
    lattice = fit.domain.lattice
    edges = np.flatnonzero(fit.estimate.cut & np.isin(lattice.axis, axes))
    if normal >= 0:
        place = np.array(np.unravel_index(lattice.tail[edges], fit.domain.shape))[normal]
        edges = edges[place == k]
    middle, widths = fit.domain.edge_midpoints()[edges], fit.domain.widths
    lines = []
    for edge, point in zip(edges, middle, strict=True):
        along = next(a for a in axes if a != lattice.axis[edge])
        half = np.zeros(len(widths))
        half[along] = 0.5 * widths[along]
        lines.append(np.stack([point - half, point + half]))
    return lines


def _band(fit: SurfaceFitted, ax: Any, alpha: float = 0.05) -> Any:
    """Draw a surface over one covariate with its band, and the data if they are there."""
    x, y = fit.domain.centres[0], natural_surface(fit)
    lower, upper = normal_limits(y, surface_std_error(fit), alpha)
    pieces = np.split(np.arange(len(x)), np.flatnonzero(fit.estimate.cut) + 1)
    return pieces_plot(ax, fit, [(x[k], y[k], lower[k], upper[k]) for k in pieces], edge_table(fit), alpha)


def pieces_plot(ax: Any, fit: DiscontinuityFitted, pieces: list[Piece], jumps: Any, alpha: float) -> Any:
    """Draw the pieces of a curve (x, y, lower, upper) with the jumps between them."""
    ax = plotting.get_axes(ax)
    name = fit.facts.domain.names[0]
    if fit.sample is not None:
        x, y, _ = fit.sample.observed()
        ax.plot(fit.facts.dated(x[:, 0]), y, ".", markersize=3, color="0.7", label="data")
    for k, piece in enumerate(pieces):
        plotting.curve(ax, *piece, f"curve, {100 * (1 - alpha):g} % band" if k == 0 else None, 0)
    for k, place in enumerate(jumps[name]):
        ax.axvline(place, color=EDGE, linewidth=1.0, linestyle=":", label="jump" if k == 0 else None)
    return plotting.finish(ax, name, fit.facts.response)


def _slices(fit: SurfaceFitted, ax: Any, axis: int | str = 0, n: int = 4) -> Any:
    """Several slices through a volume, side by side on one scale; returns an array of Axes."""
    if len(fit.domain.shape) != 3:
        raise DataError('plot: "slices" is for three covariates; use "surface".')
    if ax is not None:
        raise DataError(
            'plot: "slices" makes its own figure; for one slice use "surface" with `axis` and `at`.'
        )
    import matplotlib.pyplot as plt

    check_count("n", n, 2)
    number = _axis_number(fit, axis)
    places = np.round(np.linspace(0, fit.domain.shape[number] - 1, n + 2)[1:-1]).astype(int)
    figure, axes = plt.subplots(1, n, figsize=(3.1 * n, 3.3), layout="constrained", sharex=True, sharey=True)
    surface = natural_surface(fit)
    limits = float(surface.min()), float(surface.max())
    for one, place in zip(axes, places, strict=True):
        _image(fit, one, number, int(place), limits)
        one.label_outer()
    figure.colorbar(axes[0].collections[0], ax=axes, label=_response(fit))
    return axes


def _jumps(fit: SurfaceFitted, ax: Any, boundary: int = 1, alpha: float = 0.05) -> Any:
    """Sizes along a boundary, in order along its course, with intervals given the boundary."""
    jumps = edge_table(fit)
    table = jumps[jumps["segment"] == boundary]
    if table.empty:
        raise DataError(f"plot: there is no boundary {boundary}; the fit has {len(boundary_table(fit))}.")
    order, distance = _walk(table, fit)
    sizes = table.iloc[order]
    where = "Position along the boundary (cells)" if len(fit.domain.names) > 1 else "Jump"
    return sizes_plot(ax, distance, sizes["size"], sizes["std_error"], alpha, where, fit.facts.response)


def sizes_plot(
    ax: Any, at: Any, size: Any, std_error: Any, alpha: float, where: str, response: str
) -> Any:  # fmt: skip
    """Draw absolute sizes with their intervals."""
    ax = plotting.get_axes(ax)
    ax.errorbar(
        at, np.abs(size), yerr=NORMAL.quantile(alpha) * std_error, fmt="o", markersize=4, linewidth=1.0,
        color=plotting.COLOURS[0], label=f"size and {100 * (1 - alpha):g} % interval given the boundary",
    )  # fmt: skip
    ax.set_ylim(bottom=0.0)
    plotting.finish(ax, where, f"|jump| of {response}")
    plotting.legend_at_top(ax)
    return ax


def _tuning(fit: SurfaceFitted, ax: Any) -> Any:
    """Draw the criterion over nu, one curve for each lam of the grid, and the chosen pair."""
    table, name = tuning_table(fit)
    is_without = fit.control.tune == "evidence" and not fit.estimate.cut.any()
    return tuning_plot(ax, table, name, None if is_without else (fit.estimate.lam, fit.estimate.nu))


def tuning_plot(ax: Any, table: Any, name: str, chosen: tuple[float, float] | None) -> Any:
    """Draw a criterion: ``table`` has ``lam``, ``nu`` and ``value``; nothing is chosen if none pays its price."""
    from matplotlib import colormaps

    ax = plotting.get_axes(ax)
    tried = table.groupby("lam")["nu"].transform("size")
    kept = 2 * tried > tried.max()  # refinements would only clutter, but for those of the chosen curve
    if chosen is not None:
        kept |= table["lam"] == chosen[0]
    grid = table[kept].sort_values("nu").groupby("lam")
    shades = colormaps[_COLOUR_MAP](np.linspace(0.0, 0.85, grid.ngroups))
    for k, ((own, rows), shade) in enumerate(zip(grid, shades, strict=True)):
        look = {**plotting.style(k), "color": shade}
        ax.plot(rows["nu"], rows["value"], marker="o", markersize=3, label=f"lam = {own:.3g}", **look)
    if chosen is None:
        ax.axhline(
            0.0, color=EDGE, linewidth=1.2, linestyle=":", label="chosen: no jump (none pays its price)"
        )
    else:
        lam, nu = chosen
        best = table[(table["lam"] == lam) & (table["nu"] == nu)]
        ax.plot(
            best["nu"], best["value"], "o", markersize=11, color=EDGE, fillstyle="none", markeredgewidth=1.6,
            label=f"chosen: lam = {lam:.3g}, nu = {nu:.3g}",
        )  # fmt: skip
    _log_axis(ax, table["nu"])
    plotting.finish(ax, "nu", name)
    if grid.ngroups > _MOST_IN_LEGEND:  # too many to leave the curves free
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    return ax


def _log_axis(ax: Any, values: Any) -> None:
    """Scale the horizontal axis by logarithms, with plain labels that do not run into one another."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    ax.set_xscale("log")
    ratio = values.max() / values.min()
    subs = (1.0, 2.0, 5.0) if ratio < 100.0 else (1.0, 3.0) if ratio < 1e4 else (1.0,)
    ax.xaxis.set_major_locator(LogLocator(subs=subs))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_locator(NullLocator())


def tuning_table(fit: SurfaceFitted) -> tuple[Any, str]:
    """Return the pairs that were tried with their criterion, and its name."""
    tuning = fit.estimate.tuning
    if tuning is None:
        raise DataError("plot: nothing was tuned; lam and nu were given.")
    if "gain" in tuning.table:
        return tuning.table.rename(columns={"gain": "value"}), "Gain in deviance over no jump"
    name = {"sure": "SURE (scaled units)", "cv": "Cross-validated squared error (scaled units)"}
    return tuning.table, name[str(fit.control.tune)]


def _walk(table: Any, fit: SurfaceFitted) -> tuple[NDArray[np.intp], Array]:
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


def _certificate(fit: SurfaceFitted, ax: Any) -> Any:
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
