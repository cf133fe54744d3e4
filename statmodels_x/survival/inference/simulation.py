"""Times drawn from a fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.validation import check_count
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.all_cause import QUANTITIES
from statmodels_x.survival.inference.prediction import rows_for


def simulate(fit: SurvivalFitted, newdata: Any, n: int, given: Any, seed: Any) -> pd.DataFrame:
    """Draw times; see :meth:`FlexibleSurvivalResults.simulate`."""
    check_count("n", n, 1)
    rows = rows_for(fit, "quantile", newdata, given)
    wide = rows.repeat(n)
    probability = np.random.default_rng(seed).uniform(size=len(wide.index))
    times = QUANTITIES["quantile"](probability, wide).estimate
    return pd.DataFrame({"row": wide.index, "draw": np.tile(np.arange(n), len(rows.index)), "time": times})
