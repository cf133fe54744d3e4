"""Coverage of 95 % intervals under known truth, one picture a family, from the tables of ``benchmarks/results``."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from statmodels_x import plotting

RESULTS = Path("../../benchmarks/results")  # the directive runs this file in its own folder


def _rows(groups: list[tuple[str, list[tuple[str, np.ndarray]]]], low: float = 0.85) -> None:
    """Draw a row for each setting, a mark for each coverage, and the range of chance around .95."""
    kinds = list(dict.fromkeys(kind for _, found in groups for kind, _ in found))
    _, ax = plt.subplots(figsize=(7.6, 0.9 + 0.36 * len(groups)), layout="constrained")
    ax.axvline(0.95, color="0.4", linewidth=0.9, linestyle=":")
    seen: set[str] = set()
    for row, (_, found) in enumerate(groups):
        for kind, values in found:
            k = kinds.index(kind)
            shift = 0.3 * (k - (len(kinds) - 1) / 2)
            ax.plot(
                np.clip(values, low, None), np.full(len(values), row + shift), plotting.MARKS[k], markersize=4.5,
                color=plotting.COLOURS[k], alpha=0.75, linestyle="none", label=None if kind in seen else kind,
            )  # fmt: skip
            seen.add(kind)
    ax.set_yticks(range(len(groups)), [name for name, _ in groups])
    ax.set_ylim(len(groups) - 0.4, -0.6)
    ax.set_xlim(low - 0.005, 1.005)
    if low > 0.0 and any((values < low).any() for _, found in groups for _, values in found):
        ax.set_xticks([low, 0.9, 0.95, 1.0], [f"{low:g} or less", "0.9", "0.95", "1"])
    plotting.finish(ax, "Coverage of 95 % intervals", "")
    if len(kinds) > 1:
        plotting.legend_above(ax, len(kinds))
    ax.tick_params(axis="y", length=0)


def survival() -> None:
    """Show coefficients of six forms of model, at two sizes."""
    table = pd.read_csv(RESULTS / "survival_coverage.csv")
    _rows(
        [
            (str(name), [(f"n = {n}", part["coverage"].to_numpy()) for n, part in rows.groupby("n")])
            for name, rows in table.groupby("scenario", sort=False)
        ]
    )


def surrogate() -> None:
    """Show the proportion explained in six processes, by ours and by the published algorithm."""
    table = pd.read_csv(RESULTS / "surrogate_simulation.csv")
    shown = {
        "crossfit": ("here (Fieller)", "coverage_fieller"),
        "published": ("published (quantile)", "coverage_quantile"),
    }
    _rows(
        [
            (
                str(process),
                [
                    (label, rows.loc[rows["method"] == method, column].to_numpy())
                    for method, (label, column) in shown.items()
                ],
            )
            for process, rows in table.groupby("process", sort=False)
        ]
    )


def multistate() -> None:
    """Show shares of states and times in them, in three processes."""
    table = pd.read_csv(RESULTS / "multistate_coverage.csv")
    _rows(
        [
            (str(name), [(f"n = {n}", part["coverage"].to_numpy()) for n, part in rows.groupby("n")])
            for name, rows in table.groupby("process", sort=False)
        ]
    )


def discontinuity() -> None:
    """Show sizes of jumps by three methods, and bands with independent and serially correlated errors."""
    table = pd.read_csv(RESULTS / "discontinuity_coverage.csv")
    sizes = table[table["study"] == "intervals"]
    bands = table[(table["study"] == "correlated") & table["band"].notna()]
    groups = [
        (f"{row['setting']}, {row['kind']}", [("size of the jump", np.array([row["covered"]]))])
        for _, row in sizes.iterrows()
    ]
    groups += [
        (f"{row['setting']}, {row['kind']}", [("band of the surface", np.array([row["band"]]))])
        for _, row in bands.iterrows()
    ]
    _rows(groups, low=0.55)


def population() -> None:
    """Show parameters and invariants of all forms of model."""
    table = pd.read_csv(RESULTS / "population_coverage.csv")
    _rows(
        [
            (
                str(name),
                [
                    (kind, rows[f"{column}_coverage"].dropna().to_numpy())
                    for kind, column in (("Wald", "wald"), ("bootstrap", "boot"), ("profile", "profile"))
                ],
            )
            for name, rows in table.groupby("scenario", sort=False)
        ],
        low=0.8,
    )
