"""Axes, bands and step curves; nothing of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


MARKS = ("o", "s", "^", "D", "v", "P", "X")
LIMITS = (0, (1, 2))
POPULATION: dict[str, Any] = {"linewidth": 1.2, "linestyle": (0, (1, 1.6))}
"""How the survival of a population is drawn, beside that of patients."""

_SHORT, _MOST_TICKS, _MOST_DECADES, _ROOM = 8.0, 6.5, 1e3, 0.1
_ROUND = (1.0, 2.0, 5.0, 3.0, 1.5, 7.0, 4.0, 6.0, 8.0, 9.0, 2.5, 1.2, 1.1, 9.5, 1.05)


def get_axes(ax: Any = None) -> Any:
    """Return the given axes, or the axes of a new figure.

    Parameters
    ----------
    ax : matplotlib Axes, optional
        Axes to draw on.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    return ax


def style(k: int) -> dict[str, Any]:
    """Colour and line style of the k-th curve.

    Parameters
    ----------
    k : int
        Number of the curve, from 0. After seven curves the styles repeat.

    Returns
    -------
    dict
        ``color`` and ``linestyle``, for ``ax.plot(x, y, **style(k))``.
    """
    return {"color": COLOURS[k % len(COLOURS)], "linestyle": DASHES[k % len(DASHES)]}


def _line_width(points: float) -> float:
    """Scale the width of a line with matplotlib's ``lines.linewidth``, 1.5 by default: small figures need thin ones."""
    from matplotlib import rcParams

    return points * (float(rcParams["lines.linewidth"]) / 1.5)


def curve(ax: Any, x: Array, y: Array, lower: Array, upper: Array, label: str | None, k: int) -> None:
    """Draw a curve with its confidence band.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    x, y : ndarray of shape (n,)
        Points of the curve.
    lower, upper : ndarray of shape (n,)
        Limits of the band. It is left out where a limit is not finite.
    label : str or None
        Text of the legend.
    k : int
        Number of the curve, which determines its style.
    """
    ax.plot(x, y, label=label, linewidth=_line_width(1.9), **style(k))
    known = np.isfinite(lower) & np.isfinite(upper)
    if known.any():
        ax.fill_between(
            x, lower, upper, where=known, color=COLOURS[k % len(COLOURS)], alpha=0.16, linewidth=0
        )


def step_curve(
    ax: Any,
    x: Array,
    y: Array,
    label: str | None,
    k: int,
    lower: Array | None = None,
    upper: Array | None = None,
    alone: bool = False,
) -> None:
    """Draw a step function, such as a Kaplan-Meier curve.

    The line is thinner than that of a fitted curve, and its limits are dotted and thinner still. Beside a
    fitted curve of the same colour it is solid, since dashed steps look like gaps in the data. A step function that
    stands ``alone`` has the line style of the k-th curve, so that several can be distinguished in greyscale.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    x, y : ndarray of shape (n,)
        Times of the steps, and the values from these times on (right-continuous).
    label : str or None
        Text of the legend.
    k : int
        Number of the curve, which determines its style.
    lower, upper : ndarray of shape (n,), optional
        Limits of an interval at the same times.
    alone : bool
        Whether no fitted curve stands beside it.
    """
    colour, width = COLOURS[k % len(COLOURS)], _line_width(1.6 if alone else 1.0)
    dashes = style(k)["linestyle"] if alone else "-"
    ax.step(
        x, y, where="post", linewidth=width, alpha=0.9, label=label, dash_capstyle="butt", color=colour,
        linestyle=dashes,
    )  # fmt: skip
    for limit in (lower, upper):
        if limit is not None:
            ax.step(
                x, limit, where="post", color=colour, linewidth=_line_width(0.5), alpha=0.75,
                linestyle=LIMITS,
            )  # fmt: skip


def censoring_marks(ax: Any, x: Array, y: Array, k: int) -> None:
    """Mark censored times on a curve with short vertical lines.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    x, y : ndarray of shape (n,)
        Censored times, and the height of the curve there.
    k : int
        Number of the curve, which determines the colour.
    """
    ax.plot(
        x, y, linestyle="none", marker="|", markersize=5, markeredgewidth=0.7, color=COLOURS[k % len(COLOURS)]
    )


def data_handles(
    limits: str | None,
    censored: bool,
    name: str = "Kaplan-Meier (data)",
    population: str | None = None,
    band: str | None = None,
) -> list[Any]:
    """Create legend entries for the data in a figure: step functions, their limits, censoring marks, and a population.

    Parameters
    ----------
    limits : str, optional
        What the limits are, such as ``"95 % interval"``. None if no limits are drawn.
    censored : bool
        Whether censored times are marked.
    name : str
        What the step functions are. It is empty if there are none.
    population : str, optional
        What thin dotted curves are. None if there are none.
    band : str, optional
        What the shaded bands are. None if there are none.

    Returns
    -------
    list of matplotlib artists
        Entries for the argument ``more`` of :func:`finish` and :func:`legend_at_top`.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    found: list[Any] = [] if band is None else [Patch(color="0.25", alpha=0.16, linewidth=0, label=band)]
    if name:
        width = _line_width(1.0)
        found.append(Line2D([], [], color="0.25", linewidth=width, drawstyle="steps-post", label=name))
    if limits is not None:
        own, said = _line_width(0.6), f"its {limits}" if name else limits
        found.append(Line2D([], [], color="0.25", linewidth=own, linestyle=LIMITS, label=said))
    if censored:
        found.append(
            Line2D([], [], color="0.25", linestyle="none", marker="|", markersize=6, label="censored")
        )
    if population is not None:
        found.append(Line2D([], [], color="0.25", label=population, **POPULATION))
    return found


def numbers_at_risk(ax: Any, counts: Callable[[Array], list[Array]], labels: Sequence[str]) -> None:
    """Write the numbers at risk under the ticks of the time axis, one row for each curve.

    Parameters
    ----------
    ax : matplotlib Axes
        Its limits and the label of the time axis must be set before.
    counts : callable
        A function that takes the times of the ticks and returns the numbers of each row.
    labels : sequence of str
        Names of the rows. They are written in the colours of the curves.

    Examples
    --------
    >>> import numpy as np
    >>> from statmodels_x.plotting import get_axes, numbers_at_risk
    >>> ax = get_axes()
    >>> ax.set(xlim=(0, 4), xlabel="Years")  # doctest: +ELLIPSIS
    [...]
    >>> time = np.array([1.0, 2.5, 3.0])
    >>> numbers_at_risk(ax, lambda ticks: [(time >= ticks[:, None]).sum(axis=1)], ["all"])
    >>> [text.get_text() for text in ax.texts if text.get_text().isdigit()][:2]
    ['3', '3']
    """
    low, high = ax.get_xlim()
    ticks = np.array([tick for tick in ax.get_xticks() if low <= tick <= high])
    ax.set_xticks(ticks)
    ax.set_xlim(low, high)
    size = ax.xaxis.label.get_size()
    first = 12.0 + 2.75 * size  # below ticks and pads, which have a size of their own, numbers, and the label
    place = {"textcoords": "offset points", "annotation_clip": False, "fontsize": 0.85 * size}
    ax.annotate(
        "Number at risk", (0.0, 0.0), (0.0, -first), xycoords="axes fraction", ha="left", va="center", **place
    )
    for k, (label, row) in enumerate(zip(labels, counts(ticks), strict=True)):
        down = -first - 1.25 * size * (k + 1)
        colour = COLOURS[k % len(COLOURS)]
        for tick, count in zip(ticks, row, strict=True):
            ax.annotate(
                f"{count:.0f}", (tick, 0.0), (0.0, down), xycoords=("data", "axes fraction"), ha="center",
                va="center", **place,
            )  # fmt: skip
        ax.annotate(
            label, (0.0, 0.0), (-1.6 * size, down), xycoords="axes fraction", ha="right", va="center",
            color=colour, **place,
        )  # fmt: skip


def forest(
    ax: Any,
    table: Any,
    k: int = 0,
    offset: float = 0.0,
    label: str | None = None,
    open_marks: bool = False,
) -> None:
    """Draw a forest plot: estimates with intervals, one row for each, from top to bottom.

    Call :func:`finish_forest` afterwards to write the labels of the rows.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    table : DataFrame
        The columns ``estimate``, ``lower`` and ``upper``.
    k : int
        Number of the colour and the marker.
    offset : float
        Downward shift of the rows. It makes room for two estimates in a row.
    label : str, optional
        Text of the legend.
    open_marks : bool
        Whether the markers are open instead of filled.
    """
    colour, rows = COLOURS[k % len(COLOURS)], np.arange(len(table)) + offset
    low, high = table["lower"].to_numpy(float), table["upper"].to_numpy(float)
    ax.hlines(rows, low, high, color=colour, linewidth=1.5)
    ax.plot(
        table["estimate"], rows, MARKS[k % len(MARKS)], color=colour, markersize=6, label=label,
        markerfacecolor="white" if open_marks else colour,
    )  # fmt: skip


def finish_forest(ax: Any, labels: Sequence[str], neutral: float, xlabel: str) -> Any:
    """Finish a forest plot: write the labels of the rows, and draw the line of no effect.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    labels : sequence of str
        Labels of the rows, from top to bottom.
    neutral : float
        The value of no effect: 1 for ratios, 0 for differences.
    xlabel : str
        Label of the horizontal axis.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax.axvline(neutral, color="0.4", linewidth=0.8, linestyle=":", zorder=0)
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    finish(ax, xlabel, "")
    ax.spines["left"].set_visible(False)
    return ax


def plain_log_ticks(axis: Any) -> None:
    """Label a logarithmic axis with plain numbers instead of powers of ten.

    Ticks are at 1, 2 and 5 times the powers of ten. A short axis (up to a factor of 8) has more ticks, and an axis
    over more than three decades has ticks at the powers of ten only.

    Parameters
    ----------
    axis : matplotlib Axis
        ``ax.xaxis`` or ``ax.yaxis``, with its limits already set.
    """
    from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, StrMethodFormatter

    low, high = axis.get_view_interval()
    wide = high > _MOST_DECADES * low
    locator: Any = LogLocator(base=10.0, subs=(1.0,) if wide else (1.0, 2.0, 5.0))
    if high < _SHORT * low:
        locator = FixedLocator(_round_numbers(low, high))
        axis.set_minor_locator(FixedLocator([]))
    axis.set_major_locator(locator)
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def _round_numbers(low: float, high: float) -> list[float]:
    """Choose round numbers between two, the roundest first, that are not too near each other on a logarithmic scale."""
    gap, found = np.log(high / low) / _MOST_TICKS, list[float]()
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1.0)
    for digits in _ROUND:
        for number in digits * decades:
            if low <= number <= high and all(abs(np.log(number / other)) >= gap for other in found):
                found.append(float(f"{number:.6g}"))
    return sorted(found)


def whole_ticks(axis: Any) -> None:
    """Place the ticks of an axis at whole numbers.

    Parameters
    ----------
    axis : matplotlib Axis
        ``ax.xaxis`` or ``ax.yaxis``.
    """
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True))


def legend_at_top(ax: Any, columns: int = 3, title: str | None = None, more: Sequence[Any] = ()) -> None:
    """Make room at the top of the axes and place the legend there, for curves that leave no corner free.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    columns : int
        Number of columns of the legend.
    title : str, optional
        Title of the legend.
    more : sequence of matplotlib artists
        Further entries of the legend.
    """
    low, high = ax.get_ylim()
    share = _ROOM if title is None else 2.0 * _ROOM
    is_log = ax.get_yscale() == "log"
    ax.set_ylim(low, high * (high / low) ** share if is_log else high + share * (high - low))
    if is_log:
        plain_log_ticks(ax.yaxis)
    handles = [*ax.get_legend_handles_labels()[0], *more]
    ax.legend(handles=handles, loc="upper right", ncols=columns, title=title, frameon=False)


def legend_above(ax: Any, columns: int = 3) -> None:
    """Place the legend above the axes, where it covers no data.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    columns : int
        Number of columns of the legend.
    """
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, frameon=False)


def finish(
    ax: Any, xlabel: str, ylabel: str, legend_title: str | None = None, more: Sequence[Any] = ()
) -> Any:
    """Label the axes, add a legend if there is something to distinguish, and remove the top and right frame.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    xlabel, ylabel : str
        Labels of the axes.
    legend_title : str, optional
        Title of the legend.
    more : sequence of matplotlib artists
        Further entries of the legend.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    handles = [*ax.get_legend_handles_labels()[0], *more]
    if handles:
        ax.legend(handles=handles, title=legend_title, frameon=False)
    return ax
