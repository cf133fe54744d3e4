"""Profile-likelihood intervals of a fit, labelled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from statmodels_x.core.errors import DataError
from statmodels_x.survival.distributions.parameters import PARAMETERS
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.prediction import covariate_rows
from statmodels_x.survival.inference.profile import Profile, profile_interval


def profile_conf_int(fit: SurvivalFitted, alpha: float) -> pd.DataFrame:
    """Profile every coefficient in turn."""
    arrays = fit.need_sample("a profile interval").arrays
    _check_regular(fit)
    errors = fit.bse.to_numpy()
    directions = np.eye(arrays.n_parameters) if fit.inner is None else fit.inner.columns.matrix
    limits = []
    p = arrays.n_parameters
    factor = [slice(p - 1, p)] if arrays.has_factor else []
    for j, part in enumerate([*arrays.slices, *factor]):
        for k in range(part.start, part.stop):
            direction = directions[k, part]
            unit = float(np.abs(direction).max())  # of a coefficient, where its column has another unit
            profile = Profile(arrays, fit.theta, fit.llf, j, direction / unit)
            low, high = profile_interval(profile, errors[k] / unit, alpha)
            limits.append((low * unit, high * unit))
    return pd.DataFrame(limits, index=fit.coefficients.index, columns=["lower", "upper"])


def profile_cure_fraction(fit: SurvivalFitted, newdata: Any, alpha: float) -> pd.DataFrame:
    """Profile the cure predictor at each covariate row and map it to the cured fraction."""
    kind = fit.specification.cure_kind
    if kind == "none":
        raise DataError(
            "profile_cure_fraction: the model has no `cure` part; see conf_int(method='profile')."
        )
    arrays = fit.need_sample("a profile interval").arrays
    _check_regular(fit)
    rows = covariate_rows(fit, newdata)
    j = PARAMETERS.index("cure")
    matrix, theta = rows.matrices[j], fit.theta
    covariance = fit.theta_covariance[arrays.slices[j], arrays.slices[j]]
    found = []
    for x, offset in zip(np.asarray(matrix), rows.base[:, j], strict=True):
        profile = Profile(arrays, theta, fit.llf, j, x)
        low, high = profile_interval(profile, float(np.sqrt(x @ covariance @ x)), alpha)
        found.append([profile.estimate + offset, low + offset, high + offset])
    values = np.array(found)
    with np.errstate(over="ignore"):
        fractions = expit(values) if kind == "mixture" else np.exp(-np.exp(values[:, [0, 2, 1]]))
    frame = pd.DataFrame(fractions, columns=["estimate", "lower", "upper"])
    frame.insert(0, "row", rows.index)
    return frame


def _check_regular(fit: SurvivalFitted) -> None:
    if fit.specification.prior:
        raise DataError(
            "profile intervals invert likelihood-ratio tests, which a penalised fit does not have; take "
            'conf_int(method="wald"), or fit without `prior`.'
        )
    if not fit.is_regular:
        raise DataError("profile intervals need a regular maximum; see `warnings` for what this fit lacks.")
