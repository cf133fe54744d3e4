"""Pictures of the cards of the start page, to be read at the size of a card: ``python docs/cards.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import statmodels_x as smx

FOLDER = Path(__file__).parent / "_static" / "cards"
LOOK = {
    "font.size": 15, "axes.linewidth": 1.2, "lines.linewidth": 2.4, "axes.spines.top": False,
    "axes.spines.right": False,
}  # fmt: skip


def survival(ax: Any) -> None:
    """Draw the two arms of the melanoma trial over Kaplan-Meier steps."""
    data = smx.datasets.load_melanoma()
    fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data, time_unit="years").fit()
    fit.plot("survival", by="treatment", censored=False, ax=ax)
    _plain(ax, "Years", "Without relapse")


def surrogate(ax: Any) -> None:
    """Draw survival of the two arms of the colon cancer trial with the effect that is to be explained."""
    colon = smx.datasets.load_colon()
    colon["death"], colon["recurrence"] = colon["time_death"] / 365.25, colon["time_recur"] / 365.25
    fit = smx.SurrogatePTE(
        "Surv(death, status_death) ~ rx", "Surv(recurrence, status_recur)", colon, treated="Lev+5FU",
        control="Obs", landmark=2, at=5, time_unit="years",
    ).fit(n_perturb=100)  # fmt: skip
    fit.plot("survival", ax=ax)
    _plain(ax, "Years", "Survival")


def multistate(ax: Any) -> None:
    """Draw the shares of patients in each state."""
    colon = smx.datasets.load_colon()
    colon["death"], colon["recurrence"] = colon["time_death"] / 365.25, colon["time_recur"] / 365.25
    steps = {"recurrence": ("recurrence", "status_recur"), "dead": ("death", "status_death")}
    states = smx.MultiStateData.from_wide(
        colon, steps, start="remission", keep=["rx"], ties="half_unit", time_unit="years"
    )
    fit = smx.MultiState("~ rx", states, distribution="weibull", scale="ph").fit()
    fit.plot("occupancy", newdata=pd.DataFrame({"rx": ["Lev+5FU"]}), aalen_johansen=False, ax=ax)
    _plain(ax, "Years", "Share of patients")
    ax.set_title("")
    for height, name, colour in ((0.3, "in remission", "white"), (0.9, "dead", "black")):
        ax.text(4.0, height, name, color=colour, ha="center", va="center", fontsize=17)


def discontinuity(ax: Any) -> None:
    """Draw a surface that jumps at the edge of a disk, estimated from noisy points."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-1, 1, (2, 4000))
    inside = x**2 + y**2 < 0.36
    data = pd.DataFrame({"x": x, "y": y, "z": 1.0 * inside + 0.4 * x + rng.normal(0, 0.35, 4000)})
    fit = smx.FreeDiscontinuity("z ~ x + y", data).fit()
    fit.plot(ax=ax)
    ax.set_aspect("equal")
    for other in ax.figure.axes[1:]:  # the bar of colours
        other.remove()
    _plain(ax, "", "")
    ax.set_title("")


def _plain(ax: Any, xlabel: str, ylabel: str) -> None:
    """Leave few ticks, no legend, and two words."""
    if ax.get_legend() is not None:
        ax.get_legend().remove()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.locator_params(nbins=3)


def main() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    for draw in (survival, surrogate, multistate, discontinuity):
        with plt.rc_context(LOOK):
            fig, ax = plt.subplots(figsize=(5.4, 3.6), layout="constrained")
            draw(ax)
            fig.savefig(FOLDER / f"{draw.__name__}.png", dpi=100)
            plt.close(fig)
        print(draw.__name__)


if __name__ == "__main__":
    main()
