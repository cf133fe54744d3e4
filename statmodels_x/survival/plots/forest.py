"""Forest plots: of coefficients, and of what they mean for survival and mean time."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import pandas as pd

from statmodels_x import plotting
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.tables import together
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.effects import effects_of
from statmodels_x.survival.inference.naming import NAMELESS
from statmodels_x.survival.inference.natural import level_terms, natural_scale, reference_level

_HEIGHT, _LEAST = 0.42, 2.0
_WIDTH = 34  # of a label, in characters
_APART = 0.16
_QUANTITIES = {"survival_effects": "survival at", "rmst_effects": "mean time to"}


def plot_forest(fit: SurvivalFitted, alpha: float, ax: Any) -> Any:
    """Draw ratios with intervals; see :meth:`FlexibleSurvivalResults.plot`."""
    table = natural_scale(fit, alpha)
    levels = [term in level_terms(fit, parameter) for parameter, term in table.index]
    table = table[
        [not level and name != NAMELESS for level, name in zip(levels, table["quantity"], strict=True)]
    ]
    table = table[~table["quantity"].str.startswith("difference")]
    if table.empty:
        raise DataError(
            "plot: no coefficient of this model is the logarithm of a ratio with a name; use predict() or "
            'kind="survival_effects".'
        )
    names, several = table["quantity"].unique(), table.index.get_level_values(0).nunique() > 1
    compared = [_compared(fit, part, term) for part, term in table.index]
    labels = [
        f"{text}\n{textwrap.fill(name, _WIDTH)}" if len(names) > 1 else f"{part}: {text}" if several else text
        for (part, _), text, name in zip(table.index, compared, table["quantity"], strict=True)
    ]
    lines = sum(1.0 + 0.3 * label.count("\n") for label in labels)
    ax = _axes(ax, lines)
    plotting.forest(ax, table)
    ax.set_xscale("log")
    plotting.plain_log_ticks(ax.xaxis)
    _write_numbers(ax, table)
    label = names[0].capitalize() if len(names) == 1 else "Ratio"
    return plotting.finish_forest(ax, labels, 1.0, f"{label} ({100 * (1 - alpha):g} % interval)")


def plot_effects(
    fit: SurvivalFitted, kind: str, variables: list[str] | None, at: float | None, alpha: float, ax: Any
) -> Any:
    """Draw effects beside those of the wider model; see :meth:`FlexibleSurvivalResults.plot`."""
    found = effects_of(fit, variables, at, alpha)
    net = "" if fit.specification.background is None else "net "
    quantity = net + _QUANTITIES[kind]
    table = found.table[found.table["quantity"].str.startswith(quantity)].reset_index(drop=True)
    if table.empty:
        raise DataError(
            "plot: this model has no covariate with few levels to compare; name those to compare in `variables`."
        )
    wide = table[["wide_estimate", "wide_lower", "wide_upper"]].set_axis(
        ["estimate", "lower", "upper"], axis=1
    )
    other = wide["estimate"].notna().any()
    ax = _axes(ax, len(table) * (1.6 if other else 1.0))
    plotting.forest(ax, table, 0, -_APART if other else 0.0, "this model" if other else None)
    if other:
        plotting.forest(ax, wide, 1, _APART, "wider model", open_marks=True)
    unit = fit.facts.time_unit
    if kind == "survival_effects":
        text = f"Difference of {net}survival at {found.horizon:g}" + (f" {unit}" if unit else "")
    else:
        text = f"Difference of {net}mean time to {found.horizon:g}" + (f" {unit}, in {unit}" if unit else "")
    plotting.finish_forest(ax, table["effect"].tolist(), 0.0, f"{text}, {100 * (1 - alpha):g} % interval")
    if other:
        plotting.legend_above(ax)
    return ax


def readable(term: str) -> str:
    """Write a term as a reader would: ``arm[T.interferon]`` is ``arm: interferon``."""
    plain = re.sub(r"\bC\((\w+)\)(?=\[)", r"\1", term)
    return re.sub(r"\[(?:T\.)?([^\]]*)\]", lambda found: f": {_level(found[1])}", plain)


def _level(text: str) -> str:
    """Write the level of a factor: the number 2.0 is 2."""
    return re.sub(r"^(-?\d+)\.0$", r"\1", text)


def _compared(fit: SurvivalFitted, parameter: str, term: str) -> str:
    """Write a term with the level that it is compared with: ``arm: interferon vs control``."""
    reference = reference_level(fit, parameter, term)
    return readable(term) + ("" if reference is None else f" vs {_level(reference)}")


def _axes(ax: Any, rows: float) -> Any:
    """Make axes that are as high as the rows need."""
    if ax is not None:
        return ax
    ax = plotting.get_axes()
    ax.figure.set_size_inches(7.2, _LEAST + _HEIGHT * rows)
    return ax


def _write_numbers(ax: Any, table: pd.DataFrame) -> None:
    """Write estimates and limits to the right of the rows."""
    for k, (_, row) in enumerate(table.iterrows()):
        half = 0.5 * (row["upper"] - row["lower"])
        estimate, lower, upper = together([row[name] for name in ("estimate", "lower", "upper")], half, 2)
        text = f"{estimate} ({lower} to {upper})"
        ax.annotate(
            text, (1.0, k), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            annotation_clip=False, fontsize="small",
        )  # fmt: skip
