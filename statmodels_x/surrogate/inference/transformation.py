"""The estimated transformation g with bands."""

from __future__ import annotations

import numpy as np
import pandas as pd

from statmodels_x.core.validation import check_alpha, check_flag
from statmodels_x.surrogate.fitted import SurrogateFitted
from statmodels_x.surrogate.fitting.proportions import column
from statmodels_x.surrogate.fitting.spread import mad_scale
from statmodels_x.surrogate.inference.intervals import simultaneous_factor


def transformation_bands(fit: SurrogateFitted, alpha: float, simultaneous: bool) -> pd.DataFrame:
    """One row for each surrogate time with g1, and a last row with g2."""
    check_alpha(alpha)
    point, many, times = fit.sums.point, fit.sums.replicates, fit.sums.points
    estimate = np.append(point.g1[0], column(point.values[0], "g2"))
    replicates = np.column_stack([many.g1, column(many.values, "g2")])
    error = np.array([mad_scale(values) for values in replicates.T])
    z = fit.reference.quantile(alpha)
    if check_flag("simultaneous", simultaneous):
        z = simultaneous_factor(estimate, replicates, error, alpha)
    return pd.DataFrame(
        {
            "stratum": ["event"] * len(times) + ["no event"],
            "surrogate_time": np.append(times, np.nan),
            "estimate": estimate,
            "std_error": error,
            "lower": estimate - z * error,
            "upper": estimate + z * error,
        }
    )
