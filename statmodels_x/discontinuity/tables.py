"""State -> the text of a fit, and its tables under broom's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.model_frame import counts_text
from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.tables import number, place, summary, together
from statmodels_x.discontinuity.fitted import DiscontinuityFitted, SurfaceFitted
from statmodels_x.discontinuity.grid.jumps import open_segments
from statmodels_x.discontinuity.inference.uncertainty import (
    boundary_table,
    edge_table,
    normal_limits,
    r_squared,
    region_table,
)

_MOST_ROWS = 12
_CLEARLY = 6.0  # gain in deviance
_BADLY = 2.5  # standard errors
_COARSE = 0.45  # of a unit: noise below this does not blur its steps
_ONE_UNIT = 1.1  # of a unit: a size up to this is no more than one
_MOSTLY, _EXACT = 0.7, 0.01  # of the responses; of their range, up to which they have no noise to speak of
_OBSERVED = 0.9  # of a boundary's length
_ALIKE = 0.05  # correlation of neighbours, and three standard errors of it
_CANCELLED = 0.3  # of the mean absolute size: below, the sizes of a boundary have both signs
_NARROW = 0.2  # cells: below, a border's own wiggles look like a width
_UNITS = (
    "lam and nu refer to responses scaled to [0, 1] and to a domain whose longest side is 1; sizes, the smallest "
    "jump and the noise are in the response's units."
)


def summary_tables(fit: SurfaceFitted, alpha: float) -> Any:
    """Build the summary of a fitted surface."""
    blocks = [block for block in (_boundary_block(fit, alpha), region_block(region_table(fit))) if block]
    tables = {"boundaries": boundary_table(fit), "region_means": region_table(fit)}
    listed = notes(fit, fit.lam, tables, fit.noise_sd) + _unobserved(fit) + _both_signs(fit)
    listed += _end_notes(fit) + _search_notes(fit)
    return summary("Free discontinuity regression", _facts(fit), blocks, listed)


def _end_notes(fit: SurfaceFitted) -> list[str]:
    """Say which boundaries end inside the surface: it is one round an end, so that the sizes tend to nothing there."""
    open_ones = open_segments(fit.domain.lattice, fit.estimate.cut)
    if not open_ones:
        return []
    one = len(open_ones) == 1
    which = str(open_ones[0]) if one else f"{', '.join(map(str, open_ones[:-1]))} and {open_ones[-1]}"
    subject = f"Boundary {which} ends" if one else f"Boundaries {which} end"
    return [
        f"{subject} inside the surface. The border may go on where it is too weak to be told "
        "from a slope, and sizes near an end can be too small."
    ]


def _search_notes(fit: SurfaceFitted) -> list[str]:
    """Return what is certified, and what the search on the points did with them."""
    if fit.control.tune != "evidence":
        return []
    notes = [
        "lam, nu, Converged and Residual are those of a lifted problem that proposed jump sets; the surface is that of "
        "the smoother with most evidence, which has no such certificate."
    ]
    found = fit.estimate.placed
    n_set_aside = fit.estimate.n_set_aside if found is None else found.n_set_aside
    if n_set_aside:
        notes.append(f"Set aside as outliers: {n_set_aside} observation{'s' if n_set_aside > 1 else ''}.")
    if found is None:
        return notes
    if fit.facts.n_clusters:
        notes.append(
            f"Standard errors of sizes allow for {fit.facts.n_clusters} clusters; the border was found as if the "
            "errors were independent."
        )
    if found.shared:
        notes.append(
            "Rows at one place are taken to share an error, because means differ from place to place by more than the "
            "rows' spread: the noise is that of a place. A surface with detail between the places does the same."
        )
    if found.alike > max(_ALIKE, 3.0 / fit.nobs**0.5):
        notes.append(
            f"Residuals of neighbouring points are correlated ({found.alike:.2f}): the surface has detail finer than a "
            "cell, or the errors are not independent. Jumps can then be false and standard errors too small; try a "
            "finer `resolution`" + (', or noise="correlated".' if fit.facts.n_empty == 0 else ".")
        )
    low, high = (fit.noise_sd * factor**0.5 for factor in found.factor_range)
    if high > low:
        notes.append(f"The noise changes over the domain: its sd is {low:.4g} to {high:.4g}.")
    wide = [(label, width) for label, width, gain in found.transitions if width > _NARROW and gain > _CLEARLY]
    notes += [
        f"Part of boundary {label} is better described by a gradual step of sd {width:g} cells than by a sharp one."
        for label, width in wide
    ]
    notes += [
        f"The surface leaves out {one.n} point{'s' if one.n > 1 else ''} within {one.reach:g} cells of boundary "
        f"{one.segment}: by their residuals some of them lie on its other side, as where the border bends within a "
        "cell."
        for one in found.left_out
    ]
    notes += [
        f"Observations beside boundary {label} are further from the surface than the others (sd "
        f"{fit.noise_sd * near:.3g} and {fit.noise_sd * far:.3g}): the border bends within a cell, or is not sharp, or "
        "the noise is larger there. Sizes can then be too small by several standard errors; try a finer `resolution`."
        for label, near, far, z in found.misfits
        if z > _BADLY
    ]
    return notes


def _facts(fit: SurfaceFitted) -> list[tuple[str, str]]:
    found, facts = fit.estimate, fit.facts
    empty = f" ({facts.n_empty} empty)" if facts.n_empty else ""
    left = [
        ("Response", facts.response),
        ("Surface over", ", ".join(fit.domain.names)),
        ("Grid", " x ".join(map(str, fit.domain.shape)) + empty),
        ("Tuned by", fit.control.tune or "given"),
        ("Border", _border_text(fit)),
        ("Converged", "yes" if fit.converged else "NO"),
        ("Residual", f"{found.certificate.residual:.1e} ({found.certificate.n_iter} it.)"),
    ]
    right = [
        *rows_of(fit),
        ("lam", f"{fit.lam:.4g}"),
        ("nu", f"{fit.nu:.4g}"),
        ("Smallest jump", f"{fit.smallest_jump:.4g}"),
        ("Noise sd", f"{fit.noise_sd:.4g} ({found.noise_source})"),
        ("R-squared (cells)", f"{r_squared(fit):.4f}"),
    ]
    return left + right


def _border_text(fit: SurfaceFitted) -> str:
    found = fit.estimate.placed
    if found is None:
        return "within the voxels" if fit.estimate.sided else "along sides of cells"
    reading = getattr(found, "pixels", "")
    return f"within pixels ({reading})" if reading else "within the cells"


def rows_of(fit: DiscontinuityFitted) -> list[tuple[str, str]]:
    """Return the number of rows used and dropped."""
    return [("Observations", str(fit.nobs)), ("Dropped rows", str(fit.facts.n_rows - fit.nobs))]


def _boundary_block(fit: SurfaceFitted, alpha: float) -> Block | None:
    table = boundary_table(fit)
    if table.empty:
        return None
    lower, upper = normal_limits(table["mean_size"].to_numpy(), table["std_error"].to_numpy(), alpha)
    names = fit.domain.names
    level = f"{100 * (1 - alpha):g} % interval"
    mean = "mean |size|" if fit.estimate.placed is None else "mean size"
    headings = ["edges", "length", mean, level, *(f"{name} range" for name in names)]
    cells = [
        [
            f"{row['edges']:.0f}",
            number(row["length"]),
            *estimate_and_interval(row["mean_size"], low, high),
            *(
                " to ".join(place(row[f"{name}_{end}"], step, 5) for end in ("min", "max"))
                for name, step in zip(names, fit.domain.widths, strict=True)
            ),
        ]
        for (_, row), low, high in zip(table.iloc[:_MOST_ROWS].iterrows(), lower, upper, strict=False)
    ]
    labels = [f"boundary {k}" for k in table.index[:_MOST_ROWS]]
    return Block("Jump set", headings, labels, cells)


def estimate_and_interval(value: float, low: float, high: float) -> list[str]:
    """Write an estimate and its limits to three significant digits of the interval's half length."""
    shown, lower, upper = together([value, low, high], 0.5 * (high - low))
    return [shown, f"{lower} to {upper}"]


def _unobserved(fit: SurfaceFitted) -> list[str]:
    """Name the boundaries of which a part lies where there are no data."""
    notes = []
    shares = boundary_table(fit).get("observed", pd.Series(dtype=float))  # old files have none
    for label, share in shares.items():
        if share < _OBSERVED:
            rest = "its mean size is that of the rest" if share > 0.0 else "its size is extrapolated"
            notes.append(
                f"{100.0 * (1.0 - share):.0f} % of the length of boundary {label} has no observations near it on both "
                f"sides; {rest}."
            )
    return notes


def _both_signs(fit: SurfaceFitted) -> list[str]:
    """Name the boundaries whose sizes change sign along them, so that they all but cancel in the mean."""
    if fit.estimate.placed is None or not fit.estimate.cut.any():
        return []
    notes, jumps = [], edge_table(fit)
    for label, mean in boundary_table(fit)["mean_size"].items():
        own = jumps[jumps["segment"] == label]
        typical = float(np.average(own["size"].abs(), weights=own["length"]))
        if mean < _CANCELLED * typical:
            notes.append(
                f"The sizes along boundary {label} have both signs: {typical:.3g} on average without their sign, "
                f"{mean:.3g} with it. It is no step of one size; see `jumps`."
            )
    return notes


def region_block(table: pd.DataFrame) -> Block:
    """Return the regions of a surface, or the pieces of a curve."""
    cells = [
        [f"{row['cells']:.0f}", f"{row['points']:.0f}", number(row["surface_mean"]), number(row["data_mean"])]
        for _, row in table.iloc[:_MOST_ROWS].iterrows()
    ]
    labels = [f"region {k}" for k in table.index[:_MOST_ROWS]]
    return Block("Regions", ["cells", "points", "mean surface", "mean data"], labels, cells)


def notes(
    fit: DiscontinuityFitted, lam: float, tables: dict[str, pd.DataFrame], noise_sd: float
) -> list[str]:
    """Return the notes below a summary: findings, units, what is not shown and what was left out."""
    lines = [f"Warning: {text}" for text in fit.warnings]
    if math.isfinite(lam):
        lines.append(_UNITS)
    if next(iter(tables.values())).empty:
        lines.append("No jump was found.")
    for name, table in tables.items():
        if len(table) > _MOST_ROWS:
            lines.append(f"{len(table) - _MOST_ROWS} more rows in `{name}`.")
    if fit.facts.dropped:
        lines.append(f"Left out: {counts_text(fit.facts.dropped)}.")
    return lines + _recorded(fit, next(iter(tables.values())), noise_sd)


def _recorded(fit: DiscontinuityFitted, found: pd.DataFrame, noise_sd: float) -> list[str]:
    """Say what jumps can be where responses are recorded in coarse units, or most of them are alike."""
    lines, unit, alike = [], fit.facts.rounded, fit.facts.alike
    sizes = found["mean_size" if "mean_size" in found else "size"].abs()
    if noise_sd < _COARSE * unit and (sizes < _ONE_UNIT * unit).any():
        lines.append(
            f"The responses are multiples of {unit:g}, and the noise's sd is less than half of that: a slope recorded "
            f"so has steps. Jumps of {unit:g} and less can be its."
        )
    if alike >= _MOSTLY and len(sizes) and noise_sd > _EXACT * fit.facts.scale.range:
        lines.append(
            f"{100.0 * alike:.0f} % of the responses are alike, so that errors are far from normal: a few others side "
            "by side can look like a jump, and intervals are rough. Means or counts of more rows are nearer to normal."
        )
    return lines


def tidy_boundaries(fit: SurfaceFitted, alpha: float) -> pd.DataFrame:
    """One row per boundary, under broom's names."""
    table = boundary_table(fit)
    lower, upper = normal_limits(table["mean_size"].to_numpy(), table["std_error"].to_numpy(), alpha)
    table = table.rename(columns={"mean_size": "estimate", "std_error": "std.error"})
    table = table.assign(**{"conf.low": lower, "conf.high": upper})
    table.insert(0, "term", [f"boundary {k}" for k in table.index])
    first = ["term", "estimate", "std.error", "conf.low", "conf.high"]
    return table[[*first, *table.columns.difference(first, sort=False)]].reset_index(drop=True)


def glance(fit: SurfaceFitted) -> pd.DataFrame:
    """One row that describes the fit."""
    found = fit.estimate.certificate
    row = {
        "nobs": fit.nobs,
        "cells": fit.domain.lattice.n_cells,
        "lam": fit.lam,
        "nu": fit.nu,
        "smallest_jump": fit.smallest_jump,
        "jump_edges": int(fit.estimate.cut.sum()),
        "boundaries": len(boundary_table(fit)),
        "regions": len(region_table(fit)),
        "sigma": fit.noise_sd,
        "r.squared": r_squared(fit),
        "energy": found.energy,
        "lower_bound": found.lower_bound,
        "residual": found.residual,
        "iterations": found.n_iter,
        "converged": fit.converged,
    }
    return pd.DataFrame([row])
