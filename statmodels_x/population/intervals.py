"""Wald intervals that keep within the bounds of the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from statmodels_x.core import inference

if TYPE_CHECKING:
    from statmodels_x.population.results import InteractionResults


def wald_intervals(fit: InteractionResults, alpha: float) -> pd.DataFrame:
    """Wald intervals by kind of parameter.

    What cannot be 0 in a living population (initial totals, rates, the fecundity of a single class) has its interval
    on the log scale. For what may be 0, or 1 at most, it is on the log or logit scale where the bound is out of reach,
    and else cut at the bound.
    """
    inference.normal_quantile(alpha)
    reach = fit.identification.quantile(alpha) * fit.bse.to_numpy()
    single = {
        j for j, key in enumerate(fit.layout.keys) if key[0] == "fecundity" and fit.form.ages[key[1]] == 1
    }
    rows = zip(fit.layout.names, fit.params.to_numpy(), reach, fit.layout.upper, strict=True)
    limits = []
    for j, ((block, _), value, width, upper) in enumerate(rows):
        if not np.isfinite(width):
            limits.append((np.nan, np.nan))
        elif block in ("survival", "structure"):
            limits.append(_unit(value, width))
        elif block in ("initial", "rate") or j in single:
            limits.append(_log(value, width, upper))
        else:
            limits.append(_log(value, width, upper) if width < value else (0.0, value + width))
    return pd.DataFrame(limits, fit.params.index, ["lower", "upper"])


def _log(value: float, reach: float, upper: float) -> tuple[float, float]:
    factor = np.exp(min(reach / value, 700.0))
    return value / factor, max(min(value * factor, upper), value)


def _unit(value: float, reach: float) -> tuple[float, float]:
    if reach >= min(value, 1.0 - value):
        return max(value - reach, 0.0), min(value + reach, 1.0)
    centre, spread = np.log(value / (1.0 - value)), reach / (value * (1.0 - value))
    low, high = 1.0 / (1.0 + np.exp(-(centre - spread))), 1.0 / (1.0 + np.exp(-(centre + spread)))
    return float(low), float(high)
