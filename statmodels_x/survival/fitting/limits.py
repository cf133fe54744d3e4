"""Limits of the search on the log scale.

Beyond them the family is its own limit to the last digit that data could show, so that a search which arrives
here has found a ridge and not a maximum.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.family import Family

SCALE_LIMIT = 60.0
POWER_LOW, POWER_HIGH = -5.0, 4.0
SHAPE_LOW, SHAPE_HIGH = -9.0, 12.0
CURE_LIMIT = 12.0


def search_limits(
    middle: float, reach: float, power_start: float, cure: int, family: Family | None = None
) -> tuple[Array, Array]:
    """Lower and upper limits of the five linear predictors, shape (5,) each.

    Parameters
    ----------
    middle, reach : float
        Median of the log times, and the largest on either side of 0.
    power_start : float
        Log power of a preliminary Weibull.
    cure : int
    family : Family, optional
        One that is no case of the built-in family.
    """
    power_high = max(POWER_HIGH, power_start + 3.0)
    low = np.array(
        [-SCALE_LIMIT - middle, -SCALE_LIMIT, min(POWER_LOW, power_start - 3.0), SHAPE_LOW, -CURE_LIMIT]
    )
    high = np.array([SCALE_LIMIT - middle, SCALE_LIMIT, power_high, SHAPE_HIGH, CURE_LIMIT])
    if family is not None and family.has_shape:
        low[3], high[3] = (family.to_working(limit) for limit in family.shape_limits)
    elif cure:  # the uncured must follow a proper distribution
        low[3] = 0.0
    # without an estimated log phi, log lambda has to carry gamma log t
    reach *= np.exp(min(power_high, POWER_HIGH))
    low[1] -= reach
    high[1] += reach
    return low, high
