"""The text of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from statmodels_x.core.fits.tables import Block, number, summary

if TYPE_CHECKING:
    from statmodels_x.discontinuity.results import FreeDiscontinuityResults

_MOST_ROWS = 12


def summary_tables(fit: FreeDiscontinuityResults) -> Any:
    """Build the summary of a fit."""
    blocks = [block for block in (_boundary_block(fit), _region_block(fit)) if block is not None]
    return summary("Free discontinuity regression", _facts(fit), blocks, _notes(fit))


def _facts(fit: FreeDiscontinuityResults) -> list[tuple[str, str]]:
    found, cells = fit.estimate, fit.sample.cells
    empty = int(np.count_nonzero(~cells.filled))
    left = [
        ("Response", fit.sample.response),
        ("Surface over", ", ".join(fit.domain.names)),
        ("Grid", " x ".join(map(str, fit.domain.shape)) + (f" ({empty} empty)" if empty else "")),
        ("Tuned by", fit.control.tune or "given"),
        ("Jump length", "isotropic" if fit.specification.isotropic else "anisotropic"),
        ("Converged", "yes" if fit.converged else "NO"),
        ("Residual", _residual_text(fit)),
    ]
    right = [
        ("Observations", str(fit.nobs)),
        ("Dropped rows", str(fit.sample.n_rows - fit.nobs)),
        ("lam", f"{fit.lam:.4g}"),
        ("nu", f"{fit.nu:.4g}"),
        ("Smallest jump", f"{fit.smallest_jump:.4g}"),
        ("Noise sd", f"{fit.noise_sd:.4g} ({found.noise_source})"),
        ("R-squared (cells)", f"{fit.rsquared:.4f}"),
    ]
    return left + right


def _residual_text(fit: FreeDiscontinuityResults) -> str:
    found = fit.estimate.certificate
    return f"{found.residual:.1e} ({found.n_iter} it.)" if found.n_iter else "exact solver"


def _boundary_block(fit: FreeDiscontinuityResults) -> Block | None:
    table = fit.boundaries
    if table.empty:
        return None
    names = fit.domain.names
    headings = ["edges", "length", "mean |size|", "max |size|", *(f"{name} range" for name in names)]
    cells = [
        [
            f"{row['edges']:.0f}",
            number(row["length"]),
            number(row["mean_size"]),
            number(row["largest_size"]),
            *(f"{row[f'{name}_min']:.5g} to {row[f'{name}_max']:.5g}" for name in names),
        ]
        for _, row in table.iloc[:_MOST_ROWS].iterrows()
    ]
    labels = [f"boundary {k}" for k in table.index[:_MOST_ROWS]]
    return Block("Jump set", headings, labels, cells)


def _region_block(fit: FreeDiscontinuityResults) -> Block:
    table = fit.region_means.iloc[:_MOST_ROWS]
    cells = [
        [f"{row['cells']:.0f}", f"{row['points']:.0f}", number(row["surface_mean"]), number(row["data_mean"])]
        for _, row in table.iterrows()
    ]
    labels = [f"region {k}" for k in table.index]
    return Block("Regions", ["cells", "points", "mean surface", "mean data"], labels, cells)


def _notes(fit: FreeDiscontinuityResults) -> list[str]:
    notes = [f"Warning: {text}" for text in fit.warnings]
    notes.append(
        "lam and nu refer to responses scaled to [0, 1] and to a domain whose longest side is 1; sizes, the smallest "
        "jump and the noise are in the response's units."
    )
    if not fit.estimate.cut.any():
        notes.append("No jump was found.")
    for name, table in (("boundaries", fit.boundaries), ("region_means", fit.region_means)):
        if len(table) > _MOST_ROWS:
            notes.append(f"{len(table) - _MOST_ROWS} more rows in `{name}`.")
    if fit.sample.dropped:
        listed = ", ".join(f"{name} ({count})" for name, count in fit.sample.dropped.items())
        notes.append(f"Left out: {listed}.")
    return notes
