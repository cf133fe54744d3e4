"""Trial-level fits -> matplotlib axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from statmodels_x import plotting
from statmodels_x.core.data.formula import unquoted
from statmodels_x.surrogate.trial_level.estimation import profile
from statmodels_x.surrogate.trial_level.fitted import TrialLevelFitted
from statmodels_x.surrogate.trial_level.inference import leave_one_out, predictions, sensitivity, threshold

_GREY = "0.4"
_LARGEST = 420.0


def _ratio_axis(ax: Any, name: str, is_log: bool) -> None:
    """Label an axis of logarithms with ratios."""
    if not is_log:
        return
    axis = getattr(ax, f"{name}axis")
    low, high = getattr(ax, f"get_{name}lim")()
    wanted = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0])
    inside = wanted[(np.log(wanted) >= low) & (np.log(wanted) <= high)]
    axis.set_ticks(np.log(inside), [f"{value:g}" for value in inside])


def _name(expression: str, is_log: bool) -> str:
    inner = unquoted(expression)
    return inner.removeprefix("np.").removeprefix("log(").removesuffix(")") if is_log else inner


def plot_bubble(fit: TrialLevelFitted, alpha: float, ax: Any = None) -> Any:
    """Draw trials, line, band of the outcome effect of a new trial, and the threshold effect."""
    ax = plotting.get_axes(ax)
    effects = fit.effects
    size = 1.0 / effects.se_t**2
    ax.axhline(0.0, color=_GREY, linewidth=0.8, linestyle=":")
    ax.axvline(0.0, color=_GREY, linewidth=0.8, linestyle=":")
    ax.scatter(effects.s, effects.t, s=_LARGEST * size / size.max(), facecolor=plotting.COLOURS[4], alpha=0.55,
               edgecolor=plotting.COLOURS[0], linewidth=0.9, label="trials, area by precision")  # fmt: skip
    if fit.optimum.theta[0] > 0.0:
        pad = 0.08 * np.ptp(effects.s)
        s = np.linspace(effects.s.min() - pad, effects.s.max() + pad, 41)
        none = np.zeros(len(s))
        band = predictions(fit, s, none, none, none, alpha)
        line = fit.params["intercept"] + fit.params["slope"] * s
        ax.plot(s, line, color=plotting.COLOURS[1], linewidth=1.8, label="line between trials")
        ax.fill_between(s, band["lower"], band["upper"], color=plotting.COLOURS[1], alpha=0.15, linewidth=0,
                        label="true effect in a new trial")  # fmt: skip
        value, _ = threshold(fit, fit.mixture(), alpha)
        if np.isfinite(value):
            ax.plot(
                [value],
                [0.0],
                "v",
                color=plotting.COLOURS[2],
                markersize=9,
                label="threshold effect",
                zorder=5,
            )
        _edge_names(ax, fit)
    surrogate, outcome = fit.table.is_log
    plotting.finish(
        ax,
        f"Effect on the surrogate, {_name(fit.table.surrogate, surrogate)}",
        f"Effect on the outcome, {_name(fit.table.outcome, outcome)}",
    )
    _ratio_axis(ax, "x", surrogate)
    _ratio_axis(ax, "y", outcome)
    return ax


def _edge_names(ax: Any, fit: TrialLevelFitted) -> None:
    effects = fit.effects
    for k in {
        int(np.argmin(effects.s)),
        int(np.argmax(effects.s)),
        int(np.argmin(effects.t)),
        int(np.argmax(effects.t)),
    }:
        ax.annotate(effects.labels[k], (effects.s[k], effects.t[k]), textcoords="offset points", xytext=(6, 5),
                    fontsize="x-small", color="0.25")  # fmt: skip


def plot_leave_one_out(fit: TrialLevelFitted, alpha: float, ax: Any = None) -> Any:
    """Draw each trial's outcome estimate beside its prediction from the others."""
    ax = plotting.get_axes(ax)
    table = leave_one_out(fit, alpha)
    rows = np.arange(len(table))
    reach = stats.norm.isf(alpha / 2.0) * np.abs(table["error"] / table["z"])
    ax.hlines(rows, table["predicted"] - reach, table["predicted"] + reach, color=plotting.COLOURS[1], alpha=0.5,
              linewidth=4, label="prediction from the others")  # fmt: skip
    inside = table["inside"].eq(True).to_numpy()
    for chosen, marker, label in ((inside, "o", "estimate"), (~inside, "X", "estimate outside")):
        if chosen.any():
            ax.plot(table["outcome"][chosen], rows[chosen], marker, color=plotting.COLOURS[0], label=label)
    ax.set_yticks(rows, table["trial"])
    ax.invert_yaxis()
    ax.axvline(0.0, color=_GREY, linewidth=0.8, linestyle=":")
    is_log = fit.table.is_log[1]
    plotting.finish(ax, f"Effect on the outcome, {_name(fit.table.outcome, is_log)}", "")
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3)  # rows fill the axes
    _ratio_axis(ax, "x", is_log)
    return ax


def plot_sensitivity(fit: TrialLevelFitted, alpha: float, ax: Any = None) -> Any:
    """Draw R2 and its interval over the within-trial correlation."""
    ax = plotting.get_axes(ax)
    sign = -1.0 if fit.effects.w.mean() < 0.0 else 1.0
    table = sensitivity(fit, [sign * w for w in (0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9)], alpha)
    x, y, low, high = (table[name].to_numpy() for name in ("correlation", "r_squared", "lower", "upper"))
    plotting.curve(ax, x, y, low, high, "R2 between trials", 0)
    ax.axvline(float(fit.effects.w.mean()), color=_GREY, linewidth=0.9, linestyle=":", label="as given")
    ax.set_ylim(-0.02, 1.02)
    return plotting.finish(ax, "Within-trial correlation of the two estimates", "R2 between trials")


def plot_profile(fit: TrialLevelFitted, alpha: float, ax: Any = None) -> Any:
    """Draw the profile of the likelihood over the correlation between trials, and where the interval cuts it."""
    ax = plotting.get_axes(ax)
    rho = np.linspace(-1.0, 1.0, 81)
    start = fit.optimum.theta
    values = np.array([profile(fit.criterion, float(value), start)[0] for value in rho]) - fit.optimum.value
    ax.plot(rho, values, color=plotting.COLOURS[0], linewidth=1.8, label="profile log-likelihood")
    cut = -0.5 * stats.chi2.isf(alpha, 1)
    ax.axhline(cut, color=_GREY, linewidth=0.9, linestyle=":", label=f"{1 - alpha:.4g} interval")
    ax.set_ylim(max(values.min(), 4.0 * cut), 0.15)
    return plotting.finish(ax, "Correlation between trials", "Log-likelihood below its maximum")
