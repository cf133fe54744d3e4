"""Predictive scores through scikit-survival, which is asked for only when it is used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import build_frame
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError, MissingPackageError
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.prediction import predict


def concordance(fit: SurvivalFitted, newdata: Any, at: float | None) -> float:
    """Harrell's index of the predicted risk; see :meth:`FlexibleSurvivalResults.concordance`."""
    metrics = _metrics()
    data, response = outcomes(fit, newdata)
    horizon = fit.facts.last_event if at is None else float(at)
    survival = predict(fit, data, "survival", horizon)["estimate"].to_numpy()
    return float(metrics.concordance_index_censored(response.code == 1, response.time, 1.0 - survival)[0])


def brier_score(fit: SurvivalFitted, newdata: Any, at: ArrayLike) -> pd.DataFrame:
    """Brier score weighted for censoring; see :meth:`FlexibleSurvivalResults.brier_score`."""
    metrics = _metrics()
    data, response = outcomes(fit, newdata)
    times = np.unique(np.atleast_1d(np.asarray(at, float)))
    low, high = float(response.time.min()), float(response.time.max())
    if not np.all((times >= low) & (times < high)):
        raise DataError(
            f"brier_score: `at` must lie within the follow-up of the data scored, {low:.4g} to {high:.4g}."
        )
    survival = predict(fit, data, "survival", times)["estimate"].to_numpy().reshape(len(data), -1)
    rows = _structured(response)  # whose censoring weighs them: another trial has another follow-up
    scored, values = metrics.brier_score(rows, rows, survival, times)
    return pd.DataFrame({"time": scored, "brier_score": values})


def _metrics() -> Any:
    try:
        from sksurv import metrics
    except ImportError as error:
        raise MissingPackageError(
            "concordance and Brier scores need the package scikit-survival: pip install scikit-survival (or "
            '"statmodels_x[scores]").'
        ) from error
    return metrics


def outcomes(fit: SurvivalFitted, newdata: Any) -> tuple[pd.DataFrame, Surv]:
    """Covariates and observed times: of the fit, or read from new data by the model's own formula."""
    if newdata is None:
        sample = fit.need_sample("a score")
        data, response = sample.frame.data, sample.response
    else:
        frame = build_frame(
            as_pandas(newdata), fit.specification.response, fit.specification.parts, {}, {"Surv": Surv}
        )
        data, response = frame.data, frame.response[0]
    if not response.is_right_censored or response.has_entry:
        raise DataError("scores need exact or right-censored times without late entry.")
    return data, response


def _structured(response: Surv) -> Any:
    return np.array(
        list(zip(response.code == 1, response.time, strict=True)), dtype=[("event", "?"), ("time", "<f8")]
    )
