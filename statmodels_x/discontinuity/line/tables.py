"""State of a curve -> the text of a fit, and its tables under broom's names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.tables import place, summary
from statmodels_x.discontinuity.line.fitted import CurveFitted, jump_table
from statmodels_x.discontinuity.tables import estimate_and_interval, notes, region_block, rows_of

_MOST_ROWS = 12


def summary_tables(fit: CurveFitted, alpha: float) -> Any:
    """Build the summary of a curve."""
    jumps = jump_table(fit, alpha)
    blocks = [block for block in (_jump_block(fit, jumps, alpha), region_block(fit.pieces)) if block]
    listed = notes(fit, fit.lam, {"jumps": jumps, "region_means": fit.pieces}, fit.noise_sd)
    n_outliers = len(fit.line.outliers)
    if n_outliers:
        listed.append(f"Set aside as outliers: {n_outliers} point{'s' if n_outliers > 1 else ''}.")
    return summary("Free discontinuity regression: a curve", _facts(fit), blocks, listed)


def _facts(fit: CurveFitted) -> list[tuple[str, str]]:
    source = "given" if fit.specification.noise == "known" else "likelihood"
    left = [
        ("Response", fit.facts.response),
        ("Curve over", fit.facts.domain.names[0]),
        ("Distinct values", str(int(fit.pieces["cells"].sum()))),
        ("Tuned by", fit.control.tune or "given"),
        ("Converged", "yes" if fit.converged else "NO"),
        ("Jumps", str(len(fit.line.jumps.size))),
    ]
    proposed = (
        [("lam, nu", f"{fit.lam:.4g}, {fit.nu:.4g}")] if np.isfinite(fit.lam) else []
    )  # "no jump" has none
    right = [
        *rows_of(fit),
        *proposed,
        ("Smallest jump", f"{fit.smallest_jump:.4g}"),
        ("Noise sd", f"{fit.noise_sd:.4g} ({source})"),
        ("R-squared", f"{fit.rsquared:.4f}"),
    ]
    return left + right


def _jump_block(fit: CurveFitted, jumps: pd.DataFrame, alpha: float) -> Block | None:
    if jumps.empty:
        return None
    level = f"{100 * (1 - alpha):g} % interval"
    shown = jumps.iloc[:_MOST_ROWS]
    where, low, high = (
        _places(fit, shown[name]) for name in (fit.facts.domain.names[0], "location_lower", "location_upper")
    )
    cells = [
        [
            where[k],
            f"{low[k]} to {high[k]}",
            *estimate_and_interval(row["size"], row["lower"], row["upper"]),
            f"{row['evidence']:.1f}",
        ]
        for k, (_, row) in enumerate(shown.iterrows())
    ]
    headings = ["place", "95 % interval", "size", level, "evidence"]
    return Block("Jumps", headings, [f"jump {k + 1}" for k in jumps.index[:_MOST_ROWS]], cells)


def _places(fit: CurveFitted, values: pd.Series) -> list[str]:
    step = fit.line.data.x_range / max(int(fit.pieces["cells"].sum()) - 1, 1)
    dates = fit.facts.dates
    return [place(one, step, 6) for one in values] if dates is None else dates.texts(values, step)


def tidy_jumps(fit: CurveFitted, alpha: float) -> pd.DataFrame:
    """One row per jump, under broom's names."""
    table = jump_table(fit, alpha)
    columns = {
        "term": [f"jump {k + 1}" for k in table.index],
        "estimate": table["size"],
        "std.error": table["std_error"],
        "conf.low": table["lower"],
        "conf.high": table["upper"],
    }
    return pd.concat(
        [pd.DataFrame(columns), table.drop(columns=["size", "std_error", "lower", "upper"])], axis=1
    )


def glance(fit: CurveFitted) -> pd.DataFrame:
    """One row that describes the fit."""
    row = {
        "nobs": fit.nobs,
        "lam": fit.lam,
        "nu": fit.nu,
        "smallest_jump": fit.smallest_jump,
        "jumps": len(fit.line.jumps.size),
        "bends": len(fit.line.bends),
        "outliers": len(fit.line.outliers),
        "sigma": fit.noise_sd,
        "r.squared": fit.rsquared,
        "converged": fit.converged,
    }
    return pd.DataFrame([row])
