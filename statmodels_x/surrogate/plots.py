"""Results -> matplotlib axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from statmodels_x import plotting
from statmodels_x.core.product_limit import at_times, product_limit, product_limit_interval
from statmodels_x.core.validation import check_alpha
from statmodels_x.surrogate.fitted import SurrogateFitted
from statmodels_x.surrogate.fitting.proportions import column
from statmodels_x.surrogate.inference.transformation import transformation_bands
from statmodels_x.surrogate.sample import Trial

_GREY = "0.4"
ARM_COLOURS = {0: 0, 1: 1}
"""The control and the treated arm have these colours in every picture, as in survival; curves of g have others."""
_G1, _G2 = 6, 2


def with_unit(label: str, unit: str | None) -> str:
    """Return an axis label with its unit."""
    return f"{label} ({unit})" if unit else label


def plot_transformation(
    fit: SurrogateFitted, alpha: float = 0.05, simultaneous: bool = False, ax: Any = None
) -> Any:
    """Draw the estimated g with its bands, g2 at the right, and a rug of the surrogate times by arm."""
    check_alpha(alpha)
    table = transformation_bands(fit, alpha, simultaneous)
    event, late = table[table["stratum"] == "event"], table.iloc[-1]
    ax = plotting.get_axes(ax)
    times = event["surrogate_time"].to_numpy()
    estimate, lower, upper = (event[name].to_numpy() for name in ("estimate", "lower", "upper"))
    if len(times) > 12:
        plotting.curve(ax, times, estimate, lower, upper, "event by the landmark, $g_1(s)$", _G1)
    else:
        spread = np.abs(np.vstack([estimate - lower, upper - estimate]))
        ax.errorbar(times, estimate, spread, fmt="o", capsize=3, label="event by the landmark, $g_1(s)$",
                    color=plotting.COLOURS[_G1])  # fmt: skip
    end = fit.question.landmark
    place = end * 1.08
    reach = [[late["estimate"] - late["lower"]], [late["upper"] - late["estimate"]]]
    ax.errorbar([place], [late["estimate"]], reach, fmt="s", capsize=4, label="no event by then, $g_2$",
                color=plotting.COLOURS[_G2])  # fmt: skip
    ax.axvline(end, color=_GREY, linewidth=0.8, linestyle=":")
    # what bands of a few far-off subjects would do to the axis
    inside = np.append(estimate, [late["lower"], late["upper"], 0.0, 1.0])
    low, high = min(inside.min(), np.quantile(lower, 0.1)), max(inside.max(), np.quantile(upper, 0.9))
    ax.set_ylim(max(low, -0.5) - 0.04, min(high, 1.5) + 0.04)
    _rug(ax, fit)
    ax.set_xlim(0.0, end * 1.14)
    for height in (0.0, 1.0) if fit.question.effect == "survival" else ():
        ax.axhline(height, color=_GREY, linewidth=0.6, linestyle=":")
    outcome = "survival beyond t" if fit.question.effect == "survival" else "time lived from landmark to t"
    # no prediction of one patient, and so not held within 0 and 1: its mean in the control arm is the outcome's
    name = f"Transformation g\n(mean in control: {outcome})"
    return plotting.finish(ax, with_unit("Time of the surrogate event", fit.facts.time_unit), name)


def _rug(ax: Any, fit: SurrogateFitted) -> None:
    if fit.sample is None:
        return
    trial = fit.sample
    early = trial.early(fit.question.landmark)
    rows = ((fit.facts.control, 0.02, "lower row"), (fit.facts.treated, 0.055, "upper row"))
    for arm, (label, y, row) in enumerate(rows):
        times = trial.surrogate[early & (trial.arm == arm)]
        ax.plot(times, np.full(len(times), y), "|", transform=ax.get_xaxis_transform(), clip_on=False,
                markersize=7, markeredgewidth=0.8, color=plotting.COLOURS[ARM_COLOURS[arm]], alpha=0.8,
                label=f"surrogate events, {label} ({row})")  # fmt: skip


def plot_survival(fit: SurrogateFitted, alpha: float = 0.05, ax: Any = None) -> Any:
    """Draw Kaplan-Meier curves by arm with the landmark and the effect at t.

    Strata are averaged as in the estimate; bands are drawn where there are neither strata nor weights.
    """
    check_alpha(alpha)
    trial, asked = fit.need_sample('plot("survival")'), fit.question
    ax = plotting.get_axes(ax)
    for arm, label in ((0, fit.facts.control), (1, fit.facts.treated)):
        k = ARM_COLOURS[arm]
        times, survival, band = _survival_curve(trial, arm, alpha)
        ax.step(
            times, survival, where="post", linewidth=1.7, label=f"{label} (Kaplan-Meier)", **plotting.style(k)
        )
        if band is not None:
            ax.fill_between(times, *band.T, step="post", color=plotting.COLOURS[k], alpha=0.14, linewidth=0)
    ax.axvline(asked.landmark, color=_GREY, linewidth=0.9, linestyle=":")
    ax.text(asked.landmark, 1.01, "landmark", ha="center", va="bottom", fontsize="small", color=_GREY,
            transform=ax.get_xaxis_transform())  # fmt: skip
    if asked.effect == "survival":
        _mark_effect(ax, fit)
    else:
        ax.axvline(asked.at, color=_GREY, linewidth=0.9)
    ax.set_ylim(0.0, 1.0)
    ax.set_xlim(left=0.0)
    return plotting.finish(ax, with_unit("Time", fit.facts.time_unit), "Survival probability")


def _survival_curve(trial: Trial, arm: int, alpha: float) -> tuple[Any, Any, Any]:
    """Return times, survival averaged over strata, and a band where it is plain Kaplan-Meier."""
    inside = trial.arm == arm
    is_plain = trial.stratum.max() == 0 and np.ptp(trial.weight[inside]) == 0.0
    times = np.unique(np.concatenate([[0.0], trial.time[inside]]))
    survival = np.zeros(len(times))
    for stratum in range(trial.stratum.max() + 1):
        rows, share = inside & (trial.stratum == stratum), trial.weight[trial.stratum == stratum].sum()
        curve = product_limit(trial.time[rows], trial.died[rows], trial.weight[rows])
        survival += share / trial.weight.sum() * at_times(curve, times)
    if not is_plain:
        return times, survival, None
    starts = product_limit(trial.time[inside], trial.died[inside])[0]
    limits = product_limit_interval(trial.time[inside], trial.died[inside], alpha=alpha)
    return times, survival, np.column_stack([at_times((starts, limit), times) for limit in limits])


def _mark_effect(ax: Any, fit: SurrogateFitted) -> None:
    values = fit.sums.point.values[0]
    low, high = (float(column(values, name)) for name in ("target_control", "target_treated"))
    at = fit.question.at
    ax.annotate(
        "",
        (at, low),
        (at, high),
        arrowprops={"arrowstyle": "<->", "color": "0.2", "shrinkA": 0, "shrinkB": 0},
    )
    text = f" $\\Delta$ = {fit.inference.delta[0]:.3f}"
    ax.annotate(text, (at, max(low, high)), textcoords="offset points", xytext=(2, 10), fontsize="small")
