"""Whether follow-up was long enough to speak of a plateau."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.columns import in_order
from statmodels_x.core.data.surv import EXACT, Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import is_among
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.residuals import kaplan_meier_curve
from statmodels_x.survival.reading.facts import PLATEAU_LEVEL, plateau_alpha


def follow_up(fit: SurvivalFitted, by: str | None) -> pd.DataFrame:
    """Describe the end of follow-up; see :meth:`FlexibleSurvivalResults.follow_up`."""
    if fit.specification.background is not None:
        raise DataError(
            "follow_up: with a background deaths go on beyond a net plateau, which counts of them cannot judge; see "
            'the net cure fraction under longer and shorter follow-up, and at predict(kind="crude_other").'
        )
    sample = fit.need_sample("follow_up")
    response, data, weight = sample.response, sample.frame.data, sample.own.weight
    if not response.is_right_censored:
        raise DataError("follow_up: needs exact or right-censored times.")
    if by is None:
        return pd.DataFrame([_describe(response, weight)])
    if not is_among(by, data.columns):
        raise DataError(f"follow_up: `by` is {by!r}, which is no column of this model.")
    rows = {}
    for level in in_order(data[by].unique().tolist()):
        inside = (data[by] == level).to_numpy()
        rows[level] = _describe(response[inside], weight[inside] if len(weight) else weight)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(by)


def _describe(response: Surv, weight: NDArray[np.float64]) -> dict[str, float | bool]:
    counts = weight if len(weight) else np.ones(len(response))
    event, time = response.code == EXACT, response.time
    last_event = float(time[event].max()) if event.any() else np.nan
    alpha = plateau_alpha(response, weight)
    _, survival = kaplan_meier_curve(response, weight if len(weight) else None)
    return {
        "n": float(counts.sum()),
        "events": float(counts[event].sum()),
        "last_event": last_event,
        "last_time": float(time.max()),
        "at_risk_after": float(counts[time > last_event].sum()),
        "kaplan_meier_end": float(survival[-1]),
        "alpha": alpha,
        "sufficient": bool(alpha < PLATEAU_LEVEL),
    }
