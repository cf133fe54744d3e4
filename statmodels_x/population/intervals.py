"""Wald intervals that keep within the bounds of the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from statmodels_x.core import inference

if TYPE_CHECKING:
    from statmodels_x.population.results import InteractionResults


def wald_intervals(fit: InteractionResults, alpha: float) -> pd.DataFrame:
    """Intervals on the log or logit scale where 0 (or 1) is out of reach, else cut at the bound."""
    inference.normal_quantile(alpha)
    reach = fit.identification.quantile(alpha) * fit.bse.to_numpy()
    unit = [block in ("survival", "structure") for block, _ in fit.layout.names]
    limits = [
        _unit(value, width) if inside else _positive(value, width)
        for value, width, inside in zip(fit.params.to_numpy(), reach, unit, strict=True)
    ]
    return pd.DataFrame(limits, fit.params.index, ["lower", "upper"])


def _positive(value: float, reach: float) -> tuple[float, float]:
    if not np.isfinite(reach):
        return np.nan, np.nan
    if reach >= value:
        return 0.0, value + reach
    factor = np.exp(reach / value)
    return value / factor, value * factor


def _unit(value: float, reach: float) -> tuple[float, float]:
    if not np.isfinite(reach):
        return np.nan, np.nan
    if reach >= min(value, 1.0 - value):
        return max(value - reach, 0.0), min(value + reach, 1.0)
    centre, spread = np.log(value / (1.0 - value)), reach / (value * (1.0 - value))
    low, high = 1.0 / (1.0 + np.exp(-(centre - spread))), 1.0 / (1.0 + np.exp(-(centre + spread)))
    return float(low), float(high)
