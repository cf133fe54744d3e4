"""Anything that can be computed from a fit, with an error by central differences in its coefficients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.multistate.fitted import MultiStateFitted
from statmodels_x.multistate.inference.scales import standard_error

_STEP = 1e-4


def derive(fit: MultiStateFitted, function: Callable[[Any], Any], alpha: float) -> pd.DataFrame:
    """Estimate, error and limits of a function of a fit; see :meth:`MultiStateResults.derive`."""
    critical = fit.reference.quantile(alpha)
    theta = fit.theta
    found = _named(function(fit))
    columns = []
    for k in range(len(theta)):
        step = np.zeros(len(theta))
        step[k] = _STEP
        up, down = (_named(function(fit.with_theta(theta + sign * step))).to_numpy() for sign in (1.0, -1.0))
        columns.append((up - down) / (2.0 * _STEP))
    gradient: Array = np.stack(columns, axis=1)
    error = standard_error(gradient, fit.theta_covariance)
    value = found.to_numpy()
    limits = {"lower": value - critical * error, "upper": value + critical * error}
    return pd.DataFrame({"estimate": value, "std_error": error, **limits}, index=found.index)


def _named(value: Any) -> pd.Series:
    try:
        found = pd.Series(value if isinstance(value, dict | pd.Series) else np.atleast_1d(value), dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"derive: the function returned {value!r}; it must return a number, or a dict of numbers."
        ) from error
    return found
